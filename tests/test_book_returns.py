"""The way back of the list as a workbook (make import): what was edited in it comes into the source, and nothing else."""

import copy
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.cli.command import main
from pipeline.documents.book import book
from pipeline.documents.book.rows import HIDDEN, LIST
from pipeline.documents.book.rows import rows as book_rows
from pipeline.errors import SourceError
from pipeline.library import Library
from pipeline.model.column_widths import ColumnWidths
from pipeline.model.edition import Edition
from pipeline.model.validation import validate
from pipeline.office.book_returns import apply_list_return, messages_of_list, read_list_return
from pipeline.office.book_rows import tree_of
from pipeline.source.tree import parse_source, plain

from .conftest import FORMS, HEALTHY
from .golden import returns as by_chance
from .golden.digests import check_text
from .made_up import FormMaker, text_of

PATH, LISTED = Path("source/test.yaml"), Path("out/test/list.xlsx")
# The columns of the sheet, from 0: the keys, the levels, and those of an item.
KEY, POLICY, MEASURE, NUMBER, NAME, STATUS, TREATMENT, FINDINGS = range(8)

SOURCE = HEALTHY.replace("            検証内容: 終わった。", "            検証内容: 終わった。  # 確認済み").replace(
    "          - NO: 2", "          # 二つ目の項目\n          - NO: 2"
)


class Listed:
    """The rows of a list workbook, to edit: a row is the list of its texts, with its key first."""

    def __init__(self, path: Path = LISTED) -> None:
        self._path = path
        self.book = load_workbook(path)
        self.rows = [["" if cell is None else str(cell) for cell in row] for row in self.sheet.values]

    @property
    def sheet(self) -> Worksheet:
        found = self.book[LIST]
        assert isinstance(found, Worksheet)
        return found

    def at(self, key: str) -> int:
        return next(at for at, row in enumerate(self.rows) if row[KEY] == key)

    def __getitem__(self, key: str) -> list[str]:
        return self.rows[self.at(key)]

    def add(self, at: int, **cells: str) -> None:
        """Insert a row without a key."""
        columns = {"policy": POLICY, "measure": MEASURE, "no": NUMBER, "name": NAME, "status": STATUS}
        columns |= {"treatment": TREATMENT, "findings": FINDINGS}
        row = [""] * len(self.rows[0])
        for name, text in cells.items():
            row[columns[name]] = text
        self.rows.insert(at, row)

    def move(self, key: str, to: int) -> None:
        row = self.rows.pop(self.at(key))
        self.rows.insert(to, row)

    def save(self, name: str = "back.xlsx") -> Path:
        sheet = self.sheet
        for merged in [*sheet.merged_cells.ranges]:
            sheet.unmerge_cells(str(merged))
        sheet.delete_rows(1, sheet.max_row)
        for at, row in enumerate(self.rows, 1):
            for column, text in enumerate(row, 1):
                if text:
                    cell: Any = sheet.cell(at, column)
                    cell.value, cell.data_type = text, "s"
        self.book.save(name)
        return Path(name)


@pytest.fixture
def listed(project: Path) -> Listed:  # noqa: ARG001 it is the current folder
    PATH.write_text(SOURCE, "utf-8")
    assert main(["book", "test"]) == 0
    return Listed()


def take(listed: Listed, *options: str) -> int:
    return main(["import", str(listed.save()), *options])


def edition() -> Edition:
    return Library().validated(PATH).edition


def names() -> list[str]:
    """The list as it stands in the source: headings, items with their NOs, repeats."""
    found = []
    for headings, row in edition().lines():
        if row is None:
            found.append(headings[-1].section.name)
        else:
            found.append(f"{row.number} {getattr(row, 'name', '再掲')}")
    return found


@pytest.mark.parametrize(
    "name", [name for name in by_chance.TEXTS if "replies" not in name and name != "sent_workbooks"]
)
def test_edits_by_chance_become_what_they_became(name: str, request: pytest.FixtureRequest) -> None:
    check_text("returns", name, by_chance.TEXTS[name](), request)


USUAL = ["方針一", "施策一", "1 項目一", "2 項目二", "施策二", "3 項目三", "1 再掲"]


@pytest.mark.parametrize("path", FORMS[::3], ids=lambda path: path.stem)
@pytest.mark.usefixtures("project")
def test_an_untouched_workbook_is_no_change_whatever_the_form(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for one in FORMS:
        shutil.copy(one, "source")
    assert main(["book", path.stem]) == 0
    before = Path(f"source/{path.name}").read_bytes()
    capsys.readouterr()
    assert main(["import", "--apply", f"out/{path.stem}/list.xlsx"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == (f"list.xlsx(版 {path.stem} の一覧):\n変更はありません。\n", "")
    assert Path(f"source/{path.name}").read_bytes() == before


def test_edited_cells_are_shown_and_written_where_they_stand(
    listed: Listed, capsys: pytest.CaptureFixture[str]
) -> None:
    listed["項目 1"][STATUS] = "〇"
    listed["項目 2"][NAME] = "二番目の項目"
    listed["段 1.2"][MEASURE] = "(2) 施策の二"
    capsys.readouterr()
    assert take(listed) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "back.xlsx(版 test の一覧):",
        "変わる記載:",
        "  NO 1「項目一」",
        "    実施状況: ◎ → ○",
        "  NO 2「項目二」",
        "    名称: 項目二 → 二番目の項目",
        "  (2) 「施策二」",
        "    名称: 施策二 → 施策の二",
        "まだ書き込んでいません。この内容でよければ、APPLY=1 を付けて、もう一度実行してください。",
    ]
    assert said.err == "back.xlsx 7行 実施状況: 「〇」(U+3007)を「○」(U+25CB)と読みました。\n"
    assert PATH.read_text("utf-8") == SOURCE
    assert take(listed, "--apply") == 0
    wanted = (
        SOURCE.replace("実施状況: ◎", "実施状況: ○").replace("項目二", "二番目の項目").replace("施策二", "施策の二")
    )
    assert PATH.read_text("utf-8") == wanted
    assert main(["undo", "test"]) == 0
    assert PATH.read_text("utf-8") == SOURCE


def test_a_new_row_gets_the_next_free_no(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    listed.add(listed.at("項目 2"), name="新しい項目", status="○", treatment="継続", findings="一行\n二行: #")
    assert take(listed, "--apply") == 0
    assert "  NO 4「新しい項目」(空いている番号を付けました)" in capsys.readouterr().out
    assert names() == ["方針一", "施策一", "1 項目一", "4 新しい項目", "2 項目二", "施策二", "3 項目三", "1 再掲"]
    text = PATH.read_text("utf-8")
    new = """\
          - NO: 4
            名称: 新しい項目
            実施状況: ○
            今後の取扱い: 継続
            検証内容: |
              一行
              二行: #
"""
    assert text.replace(new, "") == SOURCE  # every other line stays, with its comments


def test_a_new_row_gets_no_no_that_another_has_or_gets(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    listed["項目 2"][NUMBER] = "9"
    listed.add(listed.at("項目 3"), name="新しい項目", no="9", status="○", treatment="継続")
    listed.add(listed.at("項目 3"), name="次の項目", no="2", status="○", treatment="継続")
    listed.add(listed.at("項目 3"), name="別の項目", no="５", status="○", treatment="継続")
    assert take(listed, "--apply") == 0
    told = capsys.readouterr().err
    assert "NO 9は、既に使われています。空いている番号を付けます。" in told
    assert "NO 2は、既に使われています。空いている番号を付けます。" in told
    assert "NO 5は" not in told
    assert names()[2:] == [
        *("1 項目一", "9 項目二", "施策二", "10 新しい項目", "11 次の項目", "5 別の項目", "3 項目三", "1 再掲")
    ]


def test_a_copied_row_is_a_new_item(listed: Listed) -> None:
    at = listed.at("項目 2")
    copy = [*listed.rows[at]]
    copy[NAME] = "写した項目"
    listed.rows.insert(at, copy)  # above the one of which it is a copy
    assert take(listed, "--apply") == 0
    assert names()[2:5] == ["1 項目一", "4 写した項目", "2 項目二"]


def test_a_deleted_row_is_said_loudly(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    del listed.rows[listed.at("項目 2")]
    assert take(listed, "--apply") == 0
    said = capsys.readouterr()
    assert "NO 2「項目二」の行がありません。1項目を元データから削除します。" in said.err
    assert "削除する項目(1件):\n  NO 2「項目二」" in said.out
    assert names() == ["方針一", "施策一", "1 項目一", "施策二", "3 項目三", "1 再掲"]


def test_items_headings_and_repeats_are_moved_added_and_removed(
    listed: Listed, capsys: pytest.CaptureFixture[str]
) -> None:
    listed.move("項目 2", listed.at("項目 3") + 1)
    del listed.rows[listed.at("再掲 1-1")]
    listed.add(len(listed.rows), measure="(3) 新しい施策")
    listed.add(len(listed.rows), no="2", name="項目二【再掲】", status="-", treatment="-", findings="-")
    listed.add(len(listed.rows), policy="Ⅱ 新しい方針")
    listed.add(len(listed.rows), measure="空の施策")
    assert take(listed, "--apply") == 0
    said = capsys.readouterr().out
    assert "移す項目と見出し(1件):\n  NO 2「項目二」: 「施策一」から「施策二」へ" in said
    assert "削除する再掲(1件):\n  NO 1「項目一」の再掲" in said
    assert names() == [
        *("方針一", "施策一", "1 項目一", "施策二", "3 項目三", "2 項目二"),
        *("新しい施策", "2 再掲", "新しい方針", "空の施策"),
    ]
    assert "          # 二つ目の項目\n          - NO: 2\n" in PATH.read_text("utf-8")  # the comment goes along


def test_a_repeat_of_one_of_two_items_of_a_name_goes_by_the_no_that_was_typed(listed: Listed) -> None:
    listed.add(listed.at("段 1.2"), no="9", name="項目二", status="○", treatment="継続")
    listed.add(len(listed.rows), no="9", name="項目二【再掲】", status="-", treatment="-", findings="-")
    assert take(listed, "--apply") == 0
    assert names() == ["方針一", "施策一", "1 項目一", "2 項目二", "9 項目二", "施策二", "3 項目三", "1 再掲", "9 再掲"]


def test_a_heading_is_deleted_with_everything_below_it(listed: Listed) -> None:
    listed.add(listed.at("段 1"), policy="Ⅰ 新しい方針")
    listed.add(listed.at("段 1"), measure="(1) 新しい施策")
    listed.add(listed.at("段 1"), name="新しい項目", status="○", treatment="継続")
    del listed.rows[listed.at("段 1") :]
    assert take(listed, "--apply") == 0
    assert names() == ["新しい方針", "新しい施策", "4 新しい項目"]


def test_what_the_workbook_does_not_show_stays_with_its_item(listed: Listed) -> None:
    PATH.write_text(
        "前版: before\n"
        + SOURCE.replace("名称: 項目二", "名称: 項目二\n            統合先: 次\n            前版NO: [1]"),
        "utf-8",
    )
    Path("source/before.yaml").write_text(HEALTHY, "utf-8")
    assert main(["book", "test"]) == 0
    listed = Listed()
    listed["項目 2"][NAME] = "改めた項目"
    listed.move("項目 2", listed.at("項目 3"))
    assert take(listed, "--apply") == 0
    item = edition().items[2]
    assert (item.name, item.merged_into, item.previous_numbers) == ("改めた項目", "次", (1,))


def test_figures_come_with_or_without_their_unit(project: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001
    shutil.copy(next(path for path in FORMS if path.stem == "numbers-r5"), PATH)
    assert main(["book", "test"]) == 0
    listed = Listed()
    columns = {name: at for at, name in enumerate(listed.rows[0])}
    base, goal = columns["column-2"], columns["column-4"]
    listed["項目 1"][base], listed["項目 1"][goal] = "72.5", "86.0％"  # of 71.2% and 85.0%
    listed["項目 4"][base], listed["項目 4"][goal] = "１,０４３件", "800人"
    new = [*listed["項目 2"]]
    new[0], new[columns["item"]], new[base] = "", "新しい指標", "10か所"
    for at in range(base + 1, goal + 1):
        new[at] = "-"
    listed.rows.insert(listed.at("項目 3"), new)
    assert take(listed, "--apply") == 1
    told = capsys.readouterr().err
    assert "単位: 数の単位がそろっていません(人、件)。一つの項目の単位は一つです。" in told
    assert "を「1,043」と読みました。" in told
    items, column = edition().items, {one.key: one for one in edition().own}
    figures = {
        number: (items[number].text(column["基準値"]), items[number].unit_of(column["基準値"])) for number in (1, 4, 29)
    }
    assert figures == {1: ("72.5", "%"), 4: ("1,043", "件"), 29: ("10", "か所")}
    assert items[1].text(column["目標値"]) == "86.0"


def test_texts_below_items_are_rows_of_their_own(project: Path) -> None:  # noqa: ARG001
    shutil.copy(next(path for path in FORMS if path.stem == "words-r5"), PATH)
    assert main(["book", "test"]) == 0
    listed = Listed()
    name = listed.rows[0].index("item")
    key = "取組の内容と課題"
    listed[f"下 2 {key}"][name] = f"{key} 書き直した。"
    del listed.rows[listed.at(f"下 3 {key}")]
    for at, text in enumerate(("新しい取組", f"{key} 新しい文。"), listed.at("項目 4")):
        listed.rows.insert(at, [text if column == name else "" for column in range(len(listed.rows[0]))])
    assert take(listed, "--apply") == 0
    column = next(one for one in edition().own if one.is_below)
    texts = {number: edition().items[number].text(column) for number in (2, 3, 15)}
    assert texts == {2: "書き直した。", 3: "", 15: "新しい文。"}


def test_a_changed_no_goes_to_the_repeats_and_to_what_was_looked_at_too(listed: Listed) -> None:
    PATH.write_text(
        "確認済: [{警告: W502, NO: 1, 理由: 加えた順}]\n" + SOURCE.replace("NO: 1\n", "NO: 5\n", 1), "utf-8"
    )
    PATH.write_text(PATH.read_text("utf-8").replace("再掲: 1", "再掲: 5").replace("NO: 1,", "NO: 2,"), "utf-8")
    assert main(["book", "test"]) == 0
    listed = Listed()
    listed["項目 5"][NUMBER] = "7"
    listed["項目 2"][NUMBER] = "6"
    assert take(listed, "--apply") == 0
    assert PATH.read_text("utf-8").startswith("確認済: [{警告: W502, NO: 6, 理由: 加えた順}]\n")
    assert names() == ["方針一", "施策一", "7 項目一", "6 項目二", "施策二", "3 項目三", "7 再掲"]


def test_rows_without_keys_are_known_by_name(listed: Listed) -> None:
    for row in listed.rows[listed.at("段 1") :]:
        row[KEY] = ""
    listed["凡例 1"][KEY] = "凡例 1"
    at = next(at for at, row in enumerate(listed.rows) if row[NAME] == "項目三")
    listed.rows[at][FINDINGS] = "検討した。"
    assert take(listed, "--apply") == 0
    assert PATH.read_text("utf-8") == SOURCE.replace("検討する。", "検討した。")


def test_sorted_rows_keep_their_places(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    first = listed.at("段 1")
    listed["項目 3"][STATUS] = "○"
    body = sorted(listed.rows[first:], key=lambda row: (not row[NUMBER], row[STATUS], row[NAME]))
    listed.rows[first:] = body
    assert take(listed, "--apply") == 0
    assert "行が並べ替えられています。" in capsys.readouterr().err
    assert PATH.read_text("utf-8") == SOURCE.replace("実施状況: ×", "実施状況: ○")


def test_a_column_that_somebody_inserted_is_named(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    for row in listed.rows:
        row.insert(STATUS, "")
    listed["見出し 1"][STATUS] = "メモ"
    listed["項目 1"][STATUS] = "要確認"
    listed["項目 1"][STATUS + 1] = "○"
    assert take(listed, "--apply") == 0
    assert (
        "back.xlsx 4行 F列: 一覧にない列に、「メモ」など2個の記載があります。取り込みません。"
        in capsys.readouterr().err
    )
    assert PATH.read_text("utf-8") == SOURCE.replace("実施状況: ◎", "実施状況: ○")


def test_what_is_edited_around_the_list_is_named(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    listed["表題"][POLICY] = "試験の一覧"
    listed["凡例 1"][POLICY] += "　△一部実施"
    listed["見出し 1"][STATUS] = "状況"
    assert take(listed, "--apply") == 0
    told = capsys.readouterr().err
    assert "表題: 「試験の一覧」と書き換えられています。取り込みません。元データの「表題」を直してください。" in told
    assert "凡例: 「" in told
    assert "見出し: 「状況」と書き換えられています。" in told
    assert PATH.read_text("utf-8") == SOURCE


def test_comments_added_sheets_and_struck_text_are_named(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    path = listed.save()
    book = load_workbook(path)
    book.create_sheet("相談")
    cell: Any = book[LIST].cell(listed.at("項目 1") + 1, NAME + 1)
    cell.comment, cell.font = Comment("確かめて", "係"), Font(strike=True)
    book.save(path)
    assert main(["import", str(path)]) == 0
    told = capsys.readouterr().err
    assert "コメント「確かめて」" in told
    assert "シート「相談」が加えられています。" in told
    assert "名称: 取り消し線が付いています。" in told or "推進項目: 取り消し線が付いています。" in told


@pytest.mark.parametrize(
    ("column", "text", "told"),
    [
        (STATUS, "済", "実施状況: 「済」は凡例にありません。"),
        (NUMBER, "三", "NO: 「三」は、番号として読めません。"),
        (NUMBER, "2", "NO: NO 2は、ほかの項目が使っています。変えません。"),
        (NAME, "長" * 501, "推進項目: 長すぎます。"),
        (NAME, "", "推進項目: 名称がありません。"),
        (NAME, "【再掲】", "元の項目が見つかりません。"),
    ],
)
def test_a_wrong_cell_is_an_error_and_the_others_are_taken(
    column: int, text: str, told: str, listed: Listed, capsys: pytest.CaptureFixture[str]
) -> None:
    listed["項目 3"][column] = text
    listed["項目 1"][STATUS] = "○"
    assert take(listed, "--apply") == 1
    assert told in capsys.readouterr().err
    assert PATH.read_text("utf-8") == SOURCE.replace("実施状況: ◎", "実施状況: ○")


@pytest.mark.parametrize(
    ("key", "column", "text", "told"),
    [
        ("段 1.2", MEASURE, "長" * 201, "長すぎます。"),
        ("再掲 1-1", NUMBER, "3", "の名称とNO 3が、別の項目を指しています。"),
        ("再掲 1-1", NAME, "項目九【再掲】", "の"),
    ],
)
def test_a_wrong_heading_or_repeat_stays_as_it_was(
    key: str, column: int, text: str, told: str, listed: Listed, capsys: pytest.CaptureFixture[str]
) -> None:
    listed[key][column] = text
    listed["項目 1"][STATUS] = "○"
    assert take(listed, "--apply") == 1
    assert told in capsys.readouterr().err
    assert PATH.read_text("utf-8") == SOURCE.replace("実施状況: ◎", "実施状況: ○")


def test_nothing_is_taken_without_the_column_of_a_level(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    for row in listed.rows:
        del row[MEASURE]
    assert take(listed, "--apply") == 1
    assert "列「推進施策」がありません。" in capsys.readouterr().err
    assert PATH.read_text("utf-8") == SOURCE


def test_what_would_leave_an_error_is_not_written(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    later = HEALTHY.replace("名称: 項目三", "名称: 項目三\n            前版NO: [3]")
    Path("source/later.yaml").write_text(f"前版: test\n{later}", "utf-8")
    del listed.rows[listed.at("項目 3")]
    assert take(listed, "--apply") == 1
    told = capsys.readouterr().err
    assert "source/later.yaml:" in told
    assert "前版NO" in told
    assert "何も書き込んでいません。" in told
    Path("source/later.yaml").unlink()
    del listed.rows[listed.at("項目 1")]  # its repeat stays
    assert take(listed, "--apply") == 1
    assert "再掲: 元の項目「項目一」の行がありません。" in capsys.readouterr().err
    assert PATH.read_text("utf-8") == SOURCE


def test_an_item_above_every_heading_of_its_level_stops_it(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    listed.move("項目 3", listed.at("段 1") + 1)
    assert take(listed, "--apply") == 1
    assert "「項目三」の上に、見出し「推進施策」がありません。" in capsys.readouterr().err
    assert PATH.read_text("utf-8") == SOURCE


# The source changed as well


def test_changes_of_both_sides_are_merged(listed: Listed) -> None:
    added = "      - 名称: 施策三\n        推進項目:\n          - {NO: 8, 名称: 加えた項目, 実施状況: ○, 今後の取扱い: 継続}\n"
    moved = SOURCE.replace("検討する。", "検討中である。").replace("NO: 2\n", "NO: 9\n") + added
    PATH.write_text(moved, "utf-8")
    listed["項目 1"][STATUS] = "○"
    listed.add(listed.at("段 1.2"), name="新しい項目")
    listed.move("項目 3", listed.at("項目 1"))
    assert take(listed, "--apply") == 0
    assert names() == [
        *("方針一", "施策一", "3 項目三", "1 項目一", "9 項目二", "10 新しい項目", "施策二", "1 再掲"),
        *("施策三", "8 加えた項目"),
    ]
    assert (edition().items[3].text(edition().own[2]), edition().items[1].text(edition().own[0])) == (
        "検討中である。",
        "○",
    )


def test_a_cell_that_both_changed_is_a_conflict(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    PATH.write_text(SOURCE.replace("検討する。", "検討中である。"), "utf-8")
    listed["項目 3"][FINDINGS] = "検討を終えた。"
    listed["項目 1"][STATUS] = "○"
    assert take(listed) == 1
    told = capsys.readouterr().err
    assert "食い違い: NO 3「項目三」の検証内容: 作った後で、元データも変わりました。" in told
    assert all(text in told for text in ("検討する。", "検討中である。", "検討を終えた。"))
    assert take(listed, "--apply", "--conflicts", "source") == 0
    assert edition().items[3].text(edition().own[2]) == "検討中である。"
    assert edition().items[1].text(edition().own[0]) == "○"
    assert take(listed, "--apply", "--conflicts", "reply") == 0
    assert edition().items[3].text(edition().own[2]) == "検討を終えた。"


def test_an_item_that_one_side_deleted_and_the_other_edited_is_a_conflict(
    listed: Listed, capsys: pytest.CaptureFixture[str]
) -> None:
    PATH.write_text(SOURCE.replace("検討する。", "検討中である。"), "utf-8")
    del listed.rows[listed.at("項目 3")]
    assert take(listed, "--apply") == 1
    assert "このブックでは行が削除されていますが、作った後で、元データの記載が変わりました。" in capsys.readouterr().err
    assert "3 項目三" in names()
    gone = SOURCE[: SOURCE.index("          - NO: 3")] + "          - 再掲: 1\n"
    PATH.write_text(gone, "utf-8")
    other = Listed()
    other["項目 3"][STATUS] = "○"
    assert take(other, "--apply") == 1
    told = capsys.readouterr().err
    assert "食い違い: NO 3「項目三」: このブックを作った後で、元データからなくなりました。" in told
    assert PATH.read_text("utf-8") == gone


def test_what_was_put_below_a_heading_that_the_source_has_no_more_is_a_conflict(
    listed: Listed, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = SOURCE[: SOURCE.index("      - 名称: 施策二")]
    PATH.write_text(gone, "utf-8")
    listed.add(len(listed.rows), name="新しい項目", status="○", treatment="継続")
    listed.move("項目 2", len(listed.rows))
    assert take(listed, "--apply") == 1
    told = capsys.readouterr().err
    assert told.count("見出しが元データからなくなりました。その下に移すことも加えることもできません。") == 2
    assert [line for line in told.splitlines() if "新しい項目" in line or "項目二" in line]
    assert "項目三" not in "".join(line for line in told.splitlines() if "その下に移す" in line)
    assert PATH.read_text("utf-8") == gone
    assert names() == ["方針一", "施策一", "1 項目一", "2 項目二"]


# Which files are lists


def test_a_folder_may_hold_replies_and_lists(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sheets", "test"]) == 0
    Path("back").mkdir()
    shutil.copy("out/test/sheets/担当課なし.xlsx", "back")
    listed["項目 1"][STATUS] = "○"
    listed.save("back/list.xlsx")
    capsys.readouterr()
    assert main(["import", "back"]) == 0
    said = capsys.readouterr().out
    assert "担当課なし: 提出されましたが、記入の変更がありません" in said
    assert "list.xlsx(版 test の一覧):\n変わる記載:\n  NO 1「項目一」\n    実施状況: ◎ → ○" in said


def test_a_workbook_without_its_hidden_sheet_is_told_what_to_do(
    listed: Listed, capsys: pytest.CaptureFixture[str]
) -> None:
    del listed.book[HIDDEN]
    assert take(listed) == 1
    assert "make adopt で元データを作れます。" in capsys.readouterr().err


def test_a_workbook_may_be_taken_twice(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    listed.move("項目 2", listed.at("項目 3") + 1)
    listed.add(listed.at("項目 1"), name="新しい項目", status="○", treatment="継続")
    listed.add(len(listed.rows), measure="(3) 新しい施策")
    listed.add(len(listed.rows), name="新しい項目【再掲】", status="-", treatment="-", findings="-")
    assert take(listed, "--apply") == 0
    taken = PATH.read_text("utf-8")
    capsys.readouterr()
    assert main(["import", "back.xlsx", "--apply"]) == 0
    assert "変更はありません。" in capsys.readouterr().out
    assert PATH.read_text("utf-8") == taken
    # What was added is edited again on either side, and something more is added.
    listed.add(listed.at("項目 3"), name="後から加えた項目", status="×", treatment="継続")
    PATH.write_text(
        taken.replace("名称: 新しい項目\n            実施状況: ○", "名称: 新しい項目\n            実施状況: ×"), "utf-8"
    )
    assert take(listed, "--apply") == 1
    said = capsys.readouterr()
    assert (
        "食い違い: NO 4「新しい項目」の実施状況: このブックで加えた行が、元データにもあり、記載が違います。" in said.err
    )
    assert "NO 5「後から加えた項目」" in said.out
    assert take(listed, "--apply", "--conflicts", "reply") == 0
    assert edition().items[4].text(edition().own[0]) == "○"


def test_once_taken_it_may_be_made_again_where_it_stands(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    listed["項目 1"][STATUS] = "○"
    listed.save(str(LISTED))
    assert main(["book", "test"]) == 1
    assert main(["import", str(LISTED), "--apply"]) == 0
    assert main(["book", "test"]) == 0
    assert Listed()["項目 1"][STATUS] == "○"
    capsys.readouterr()
    assert main(["import", str(LISTED)]) == 0
    assert "変更はありません。" in capsys.readouterr().out


def test_a_workbook_with_macros_is_named_with_what_to_do(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(listed.save(), "back.xlsm")
    assert main(["import", "back.xlsm"]) == 1
    assert "back.xlsm: マクロを含められる形式か、読めない形式(.xlsm)です。" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "text"), [(1, "kyodo-book-9"), (2, "../elsewhere"), (3, "0" * 64), (4, "!"), (4, "eJzT0yMAAGTvBe8=")]
)
def test_a_hidden_sheet_that_was_changed_is_an_error(
    row: int, text: str, listed: Listed, capsys: pytest.CaptureFixture[str]
) -> None:
    cell: Any = listed.book[HIDDEN].cell(row, 2)
    cell.value = text
    assert take(listed, "--apply") == 1
    assert (
        "make book で作り直してください。" in (told := capsys.readouterr().err)
        or "その版は source/ にありません" in told
    )
    assert PATH.read_text("utf-8") == SOURCE


# Other programs, and everything


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_may_save_the_workbook_again(listed: Listed, capsys: pytest.CaptureFixture[str]) -> None:
    listed.add(listed.at("項目 2"), name="新しい項目", status="○", treatment="継続", findings="=1+1\n二行")
    listed["項目 3"][FINDINGS] = "一行\n\n  三行"
    listed.save("list.xlsx")
    assert main(["import", "list.xlsx"]) == 0
    expected = capsys.readouterr().out
    command = ["soffice", f"-env:UserInstallation={Path('profile').resolve().as_uri()}", "--headless", "--convert-to"]
    subprocess.run(
        [*command, "xlsx:Calc MS Excel 2007 XML", "--outdir", "saved", "list.xlsx"],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert main(["import", "saved/list.xlsx"]) == 0
    assert capsys.readouterr().out == expected


class _Desk:
    """Edits a source as plain data, and its workbook in the same way, by chance."""

    def __init__(self, text: str, seed: int) -> None:
        PATH.write_text(text, "utf-8")
        self._base = Library().validated(PATH)
        form = self._base.edition.form
        self._chance, self._maker = random.Random(seed), FormMaker(seed + 1)
        self._keys = [*(level.key for level in form.levels), form.item.key]
        self.data: dict[str, Any] = dict(cast(Any, plain(self._base.source.root)))
        # What stands in the list, by the identity of its data: the key of its row, none of what is new.
        self._row_keys: dict[int, str] = {}
        self._all: list[Any] = []
        self._name(self.data[self._keys[0]], iter(tree_of(self._base).by_key))
        for _ in range(self._chance.randint(1, 7)):
            self._edit()
        self._number()

    def _name(self, parts: Any, keys: Iterator[str], depth: int = 0) -> None:
        for part in parts:
            self._row_keys[id(part)] = next(keys)
            self._all.append(part)
            if depth < len(self._keys) - 1:
                part[self._keys[depth + 1]] = part.get(self._keys[depth + 1]) or []
                self._name(part[self._keys[depth + 1]], keys, depth + 1)

    def _lists(self, parts: list[Any], depth: int = 0) -> Iterator[tuple[int, list[Any]]]:
        yield depth, parts
        if depth < len(self._keys) - 1:
            for part in parts:
                yield from self._lists(part[self._keys[depth + 1]], depth + 1)

    def _everything(self) -> list[tuple[int, list[Any]]]:
        return [*self._lists(self.data[self._keys[0]])]

    def _items(self) -> list[Any]:
        last = len(self._keys) - 1
        return [part for depth, parts in self._everything() if depth == last for part in parts if "NO" in part]

    def _edit(self) -> None:
        depth, parts = self._chance.choice(self._everything())
        is_last = depth == len(self._keys) - 1
        at = self._chance.randint(0, len(parts))
        match self._chance.choice(("move", "remove", "rename", "add", "repeat", "shuffle")):
            case "move" if parts:
                part = parts.pop(self._chance.randrange(len(parts)))
                others = [one for there, one in self._everything() if there == depth]
                self._chance.choice(others).insert(at, part)
            case "remove" if parts and not (is_last and len(self._items()) < 2):
                gone = parts[self._chance.randrange(len(parts))]
                if not is_last and (gone[self._keys[depth + 1]] or len(parts) < 2):
                    return
                parts.remove(gone)
                for _, there in self._everything():
                    there[:] = [one for one in there if "NO" not in gone or one.get("再掲") != gone["NO"]]
            case "rename":
                self._chance.choice(self._items())["名称"] = self._maker.word(3, 9)
            case "add" if is_last:
                hidden = ("前版NO", "統合先", "NO", *(() if self._base.edition.form.has_departments else ("担当課",)))
                new = copy.deepcopy(self._chance.choice(self._items()))
                new = {key: value for key, value in new.items() if key not in hidden}
                self._add(parts, at, {"NO": "new", **new, "名称": self._maker.word(3, 9)})
            case "add":
                number = {"番号": "9-1"} if self._base.edition.form.levels[depth].numbering == "自由" else {}
                self._add(parts, at, {"名称": self._maker.word(3, 9), **number, self._keys[depth + 1]: []})
            case "repeat" if is_last:
                item = self._chance.choice(self._items())
                if item["NO"] != "new":
                    self._add(parts, at, {"再掲": item["NO"]})
            case "shuffle":
                self._chance.shuffle(parts)

    def _add(self, parts: list[Any], at: int, new: dict[str, Any]) -> None:
        self._all.append(new)  # kept, so that its identity stays its own
        parts.insert(at, new)

    def _number(self) -> None:
        next_number = max(self._base.edition.items) + 1
        for item in self._items():
            if item["NO"] == "new":
                item["NO"] = str(next_number)
                next_number += 1

    def rows(self, wanted: Edition, listed: Listed) -> list[list[str]]:
        """The rows of the workbook as they are after the edits: those of `wanted`, with the keys that were sent."""
        columns = {name: at for at, name in enumerate(listed.rows[0])}
        order = iter(self._in_order(self.data[self._keys[0]]))
        number = wanted.form.number
        found, key = [], ""
        for row in book_rows(wanted, ColumnWidths(wanted)):
            if row.kind in ("top", "head", "bottom"):
                continue
            cells = dict(row.cells)
            if row.kind == "below":
                whose = key.replace("項目", "下") + " " + row.key.split(" ", 2)[2] if key else ""
                key_of_row = whose if any(one[KEY] == whose for one in listed.rows) else ""
            else:
                key_of_row = key = self._row_keys.get(id(next(order)), "")
            if row.kind == "item" and not key and number and number.field == "number":
                cells[number.name] = ""
            line = [""] * len(columns)
            line[KEY] = key_of_row
            for name, text in cells.items():
                line[columns[name]] = text
            found.append(line)
        return found

    def _in_order(self, parts: list[Any], depth: int = 0) -> Iterator[Any]:
        for part in parts:
            yield part
            if depth < len(self._keys) - 1:
                yield from self._in_order(part[self._keys[depth + 1]], depth + 1)


def _edited(text: str, seed: int) -> tuple[_Desk, Edition]:
    """Edits by chance, and what comes of them, without errors (a repeat may come to stand beside its item)."""
    while True:
        desk = _Desk(text, seed)
        try:
            return desk, validate(parse_source(PATH, text_of(desk.data).encode())).edition
        except SourceError:
            seed += 100


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.usefixtures("project")
def test_any_edits_come_back_as_exactly_those(seed: int) -> None:
    text = FormMaker(seed).edition() if seed % 2 else FORMS[seed // 2].read_text("utf-8")
    text = re.sub("^前版: .*\n| *前版NO: .*\n", "", text, flags=re.MULTILINE)
    desk, wanted = _edited(text, seed)
    Path("sent.xlsx").write_bytes(book(Library().validated(PATH)))
    listed = Listed(Path("sent.xlsx"))
    in_list = [at for at, row in enumerate(listed.rows) if re.match("(段|項目|再掲|下|続き)( |$)", row[KEY])]
    listed.rows[in_list[0] : in_list[-1] + 1] = desk.rows(wanted, listed)
    returned = read_list_return(listed.save(), "back.xlsx", Library())
    assert returned.is_clean, messages_of_list(returned)
    apply_list_return(returned)
    after = Library().validated(PATH)
    assert after.edition.model_dump() == wanted.model_dump()
    Path("again.xlsx").write_bytes(book(after))
    again = read_list_return(Path("again.xlsx"), "again.xlsx", Library())
    assert (again.lines, again.edited, messages_of_list(again)) == ((), None, [])
    returned = read_list_return(Path("back.xlsx"), "back.xlsx", Library())
    assert (returned.lines, returned.edited, messages_of_list(returned)) == ((), None, [])
