"""What comes back from the departments: exactly the changed answers go into the YAML, and nothing that is wrong does."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.model.form import BLANK
from pipeline.model.validation import validate
from pipeline.office.changes import ChangeStoppedError, undo
from pipeline.office.returns import (
    Change,
    Finding,
    Returns,
    apply_returns,
    describe,
    messages,
    read_returns,
)
from pipeline.office.sheets import make_sheets
from pipeline.office.workbook_format import ANSWERS, HIDDEN
from pipeline.source.characters import compose
from pipeline.source.tree import parse_source, read_source

from .conftest import DONE
from .golden import returns as by_chance
from .golden.digests import check_text

pytestmark = pytest.mark.usefixtures("project")

# Made up: two departments, one item of both, and many ways to write a value.
SOURCE = """\
表題: 試験一覧   # 題
担当課: 甲課
凡例: {◎: 実施済, ○: 継続推進, ×: 検討中}
今後の取扱い: {完了: 終了, 継続: 継続}

推進方針:
  - 名称: 方針一
    推進施策:
      - 名称: 施策一
        推進項目:
          - NO: 1
            名称: 項目一
            実施状況: 未記入   # これから
            今後の取扱い: 未記入
            検証内容:   # ここに書く
          - NO: 2
            名称: 項目二
            実施状況: "○"
            今後の取扱い: 継続
            検証内容: |
              前の文。
              二行目。

            # 乙課へ
          - NO: 3
            名称: 項目三
            実施状況: ○
            今後の取扱い: 継続
            担当課: 乙課
          - {NO: 4, 名称: 項目四, 実施状況: ○, 今後の取扱い: 継続, 検証内容: 共同で, 担当課: 甲課、乙課}
"""
PATH = Path("source/test.yaml")
KO, OTSU = "out/test/sheets/甲課.xlsx", "out/test/sheets/乙課.xlsx"
STATUS, TREATMENT, FINDINGS = 6, 7, 8  # columns
ROW = {1: 6, 2: 7, 4: 8}  # of the NOs in 甲課's workbook; in 乙課's NO 3 and NO 4 stand in rows 6 and 7


@pytest.fixture(autouse=True)
def sent(project: Path) -> None:  # noqa: ARG001 it is where the files are
    PATH.write_text(SOURCE, "utf-8")
    make_sheets(PATH)


@dataclass
class Book:
    """A workbook that went out, opened as a department would."""

    book: Workbook

    @classmethod
    def of(cls, path: str) -> "Book":
        return cls(load_workbook(path))

    @property
    def answers(self) -> Worksheet:
        sheet = self.book[ANSWERS]
        assert isinstance(sheet, Worksheet)
        return sheet

    def write(self, row: int, column: int, text: str) -> "Book":
        cell = self.answers.cell(row, column)
        cell.value = text or None
        if text:
            cell.data_type = "s"
        return self

    def save(self, name: str = "甲課.xlsx") -> Path:
        path = Path("back") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.book.save(path)
        return path


def said(returns: Returns) -> list[str]:
    return [str(finding) for finding in returns.findings]


def applied(*files: Path) -> str:
    """The source after the answers in `files`."""
    returns = read_returns(files)
    assert messages(returns) == []
    assert apply_returns(returns)
    return PATH.read_text("utf-8")


def test_undo_takes_back_what_was_imported() -> None:
    assert applied(Book.of(KO).write(ROW[1], STATUS, "◎").save()) != SOURCE
    undo(PATH)
    assert PATH.read_text("utf-8") == SOURCE


# What an honest file does


@pytest.mark.parametrize("name", ["replies", "many_replies", "sent_workbooks"])
def test_answers_by_chance_become_what_they_became(name: str, request: pytest.FixtureRequest) -> None:
    check_text("returns", name, by_chance.TEXTS[name](), request)


def test_an_untouched_workbook_changes_nothing() -> None:
    returns = read_returns([Path(KO), Path(OTSU)])
    assert returns.is_clean
    assert not returns.changes
    assert not apply_returns(returns)
    assert PATH.read_text("utf-8") == SOURCE


def test_answers_change_their_values_and_every_other_byte_stays() -> None:
    book = Book.of(KO).write(ROW[1], STATUS, "◎").write(ROW[1], TREATMENT, "完了").write(ROW[1], FINDINGS, "終わった。")
    book.write(ROW[2], FINDINGS, "新しい文。\n二行目。").write(ROW[4], STATUS, "×")
    expected = SOURCE.replace(
        "未記入   # これから\n            今後の取扱い: 未記入", "◎   # これから\n            今後の取扱い: 完了"
    )
    expected = expected.replace("検証内容:   # ここ", "検証内容: 終わった。   # ここ").replace("前の文", "新しい文")
    assert applied(book.save()) == expected.replace("項目四, 実施状況: ○", '項目四, 実施状況: "×"')


def test_nothing_is_written_before_it_is_asked_for() -> None:
    returns = read_returns([Book.of(KO).write(ROW[1], STATUS, "◎").save()])
    assert returns.changes == (Change(1, "項目一", "実施状況", BLANK, "◎"),)
    assert PATH.read_text("utf-8") == SOURCE


def test_the_diff_names_each_item_and_key_and_who_has_not_answered() -> None:
    book = Book.of(KO).write(ROW[1], STATUS, "◎").write(ROW[2], FINDINGS, "一行だけ。")
    untouched = Path("back") / "乙課.xlsx"
    untouched.parent.mkdir()
    shutil.copy(OTSU, untouched)
    assert describe(read_returns([book.save(), untouched])) == (
        "NO 1「項目一」\n  実施状況: 未記入 → ◎\n"
        "NO 2「項目二」\n  検証内容:\n    旧 前の文。\n       二行目。\n    新 一行だけ。\n"
        "変更2件(2項目)\n\n"
        "回答のない担当課:\n  乙課: 提出されましたが、記入の変更がありません(2項目)。"
    )
    assert describe(read_returns([untouched])) == (
        "変更はありません。\n\n回答のない担当課:\n"
        "  甲課: まだ提出されていません(3項目)。\n  乙課: 提出されましたが、記入の変更がありません(2項目)。"
    )


def _answered_before() -> list[Path]:
    applied(Book.of(KO).write(ROW[1], STATUS, "◎").save())
    return []


def _unreadable() -> list[Path]:
    path = Path("甲課(回答).pdf")
    path.write_bytes(b"%PDF-1.7")
    return [path]


@pytest.mark.parametrize(
    ("of_ko", "expected"),
    [
        (list, ["甲課: まだ提出されていません(3項目)。"]),
        (_answered_before, []),
        (_unreadable, ["甲課: 甲課(回答).pdf を取り込めません(3項目)。"]),
        (lambda: [Path(KO)], ["甲課: 提出されましたが、記入の変更がありません(3項目)。"]),
        (lambda: [Path(KO), Book.of(KO).write(ROW[1], STATUS, "◎").save("二.xlsx")], []),
        (lambda: [Book.of(KO).write(ROW[1], STATUS, "済み").save()], []),
        (lambda: [*_answered_before(), Path(KO)], ["甲課: 提出されましたが、記入の変更がありません(3項目)。"]),
        (lambda: [*_answered_before(), *_unreadable()], ["甲課: 甲課(回答).pdf を取り込めません(3項目)。"]),
    ],
    ids=[
        "nothing",
        "before",
        "unreadable",
        "untouched",
        "two files",
        "refused",
        "before, untouched",
        "before, unreadable",
    ],
)
def test_a_department_that_has_not_answered_is_named_with_the_reason(
    of_ko: Callable[[], list[Path]], expected: list[str]
) -> None:
    files = [*of_ko(), Book.of(OTSU).write(6, STATUS, "×").save("乙課.xlsx")]
    assert [*read_returns(files).unanswered] == expected


def test_the_same_answers_again_change_nothing() -> None:
    path = Book.of(KO).write(ROW[1], STATUS, "◎").save()
    applied(path)
    again = read_returns([path])
    assert again.is_clean
    assert not again.changes


def test_an_emptied_status_is_again_unanswered() -> None:
    returns = read_returns([Book.of(KO).write(ROW[2], STATUS, "").write(ROW[2], FINDINGS, " 　").save()])
    assert [(change.key, change.old, change.new) for change in returns.changes] == [
        ("実施状況", "○", BLANK),
        ("検証内容", "前の文。\n二行目。", ""),
    ]


def test_what_looks_wrong_afterwards_is_warned_of() -> None:
    PATH.write_text(SOURCE + DONE, "utf-8")
    returns = read_returns([Book.of(KO).write(ROW[2], STATUS, "◎").save()])
    assert returns.is_clean
    assert [warning.code for warning in returns.warnings] == ["W505"]


@pytest.mark.parametrize("name", ["甲課 回答(最終).xlsx", "甲課のコピー.XLSX", "a b　c.xlsx"])
def test_a_file_may_have_any_name(name: str) -> None:
    assert read_returns([Book.of(KO).write(ROW[1], STATUS, "◎").save(name)]).changes


def test_rows_may_come_back_sorted_filtered_or_hidden() -> None:
    book = Book.of(KO).write(ROW[1], STATUS, "◎")
    sheet = book.answers
    moved = [[sheet.cell(row, column).value for column in range(1, 9)] for row in (8, 6, 7)]
    for row, values in enumerate(moved, 6):
        for column, value in enumerate(values, 1):
            sheet.cell(row, column).value = value
    sheet.row_dimensions[7].hidden = True
    sheet.auto_filter.add_filter_column(3, ["2"])
    returns = read_returns([book.save()])
    assert messages(returns) == []
    assert returns.changes == (Change(1, "項目一", "実施状況", BLANK, "◎"),)


def test_furigana_rich_text_and_escapes_are_read_as_excel_shows_them() -> None:
    book = Book.of(KO).write(ROW[1], FINDINGS, "SHARED")
    path = book.save()
    rich = '<r><t>東京</t></r><r><rPr><b/></rPr><t xml:space="preserve">都_x000D_\n_x005F_x0041_</t></r>'
    share(path, f'<sst><si><t>a</t></si><si>{rich}<rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si></sst>'.encode())
    assert [change.new for change in read_returns([path]).changes] == ["東京都\n_x0041_"]


def test_numbers_are_read_as_the_symbols_they_are() -> None:
    PATH.write_text(SOURCE.replace("×: 検討中", "1: 検討中"), "utf-8")
    make_sheets(PATH)
    book = Book.of(KO)
    book.answers.cell(ROW[1], STATUS).value = 1
    assert [change.new for change in read_returns([book.save()]).changes] == ["1"]


# Both sides


def test_a_value_that_changed_in_the_source_meanwhile_is_a_conflict_and_the_others_are_taken() -> None:
    path = Book.of(KO).write(ROW[2], STATUS, "◎").write(ROW[1], STATUS, "◎").save()
    later = SOURCE.replace('"○"', "×")
    PATH.write_text(later, "utf-8")
    returns = read_returns([path])
    assert not returns.is_clean
    assert [str(conflict) for conflict in returns.conflicts] == [
        "NO 2「項目二」の実施状況: 送った後で、元データも変わりました。\n"
        "  送ったとき: ○\n  今の元データ: ×\n  甲課.xlsx 7行: ◎"
    ]
    assert apply_returns(returns)
    assert PATH.read_text("utf-8") == later.replace("未記入   #", "◎   #")


def test_a_value_that_both_sides_changed_alike_is_none() -> None:
    path = Book.of(KO).write(ROW[2], STATUS, "◎").write(ROW[1], FINDINGS, "書いた。").save()
    later = SOURCE.replace('"○"', "◎")
    PATH.write_text(later, "utf-8")
    assert applied(path) == later.replace("検証内容:   #", "検証内容: 書いた。   #")


def test_what_the_department_left_alone_keeps_the_source_s_new_value() -> None:
    path = Book.of(KO).write(ROW[1], STATUS, "◎").save()
    later = SOURCE.replace("前の文", "別の文").replace("項目三", "項目三(改)")
    PATH.write_text(later, "utf-8")
    assert applied(path) == later.replace("未記入   #", "◎   #")


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (SOURCE.replace("名称: 項目一", "名称: 別の項目"), "NO 1は「別の項目」になりました"),
        (SOURCE.replace("NO: 1\n", "NO: 9\n").replace("項目一", "別の項目"), "この項目が版からなくなりました"),
    ],
)
def test_an_answer_to_an_item_that_is_another_now_is_a_conflict(later: str, reason: str) -> None:
    path = Book.of(KO).write(ROW[1], STATUS, "◎").save()
    PATH.write_text(later, "utf-8")
    (conflict,) = read_returns([path]).conflicts
    assert reason in str(conflict)


def test_two_departments_that_answer_one_item_differently_are_a_conflict() -> None:
    files = [Book.of(KO).write(ROW[4], STATUS, "◎").save(), Book.of(OTSU).write(7, STATUS, "×").save("乙課.xlsx")]
    (conflict,) = read_returns(files).conflicts
    assert str(conflict) == (
        "NO 4「項目四」の実施状況: 回答が互いに違います。\n  今の元データ: ○\n  甲課.xlsx 8行: ◎\n  乙課.xlsx 7行: ×"
    )


def test_two_departments_may_agree_or_one_may_leave_the_answer_to_the_other() -> None:
    ko = Book.of(KO).write(ROW[4], STATUS, "◎").write(ROW[4], FINDINGS, "甲の文").save()
    otsu = Book.of(OTSU).write(7, STATUS, "◎").save("乙課.xlsx")
    returns = read_returns([ko, otsu])
    assert returns.is_clean
    assert [change.new for change in returns.changes] == ["◎", "甲の文"]


def test_two_files_of_one_department_are_told_apart_by_their_folders() -> None:
    first = Book.of(KO).write(ROW[1], STATUS, "◎").save()
    second = Path("other") / "甲課.xlsx"
    second.parent.mkdir()
    shutil.move(Book.of(KO).write(ROW[1], STATUS, "×").save("x.xlsx"), second)
    (conflict,) = read_returns([first, second, first]).conflicts
    assert [who for who, _ in conflict.sides] == ["今の元データ", "back/甲課.xlsx 6行", "other/甲課.xlsx 6行"]


def test_a_source_that_is_saved_while_answers_are_read_is_left_alone() -> None:
    returns = read_returns([Book.of(KO).write(ROW[1], STATUS, "◎").save()])
    PATH.write_text(SOURCE + "# 後から\n", "utf-8")
    with pytest.raises(ChangeStoppedError):
        apply_returns(returns)
    assert PATH.read_text("utf-8") == SOURCE + "# 後から\n"


# Wrong answers


@pytest.mark.parametrize(
    ("column", "text", "message"),
    [
        (STATUS, "●", "実施状況: 「●」(U+25CF)は凡例にありません。「○」(U+25CB)ではありませんか。"),
        (STATUS, "済み", "実施状況: 「済み」は凡例にありません。使えるのは「◎」、「○」、「×」、「未記入」です。"),
        (STATUS, "◎ ○", "実施状況: 「◎ ○」は凡例にありません。"),
        (
            TREATMENT,
            "継続する",
            "今後の取扱い: 「継続する」は「今後の取扱い」の語にありません。「継続」ではありませんか。",
        ),
        (FINDINGS, "外字\ue000", "検証内容: 「�」"),
        (FINDINGS, "タブ\tの後", "検証内容: 文字(U+0009)は、制御文字です。"),
        (FINDINGS, "見え\u200bない", "検証内容: 文字(U+200B)は、見えない文字です。"),
        (FINDINGS, "始め" + "\n" * 90 + "終わり", "検証内容: 空行が89行続いています(「始め」の後)。10行までに"),
        (FINDINGS, "長" * 20_001, "検証内容: 長すぎます。20,000字までにしてください。"),
    ],
)
def test_a_wrong_answer_is_named_with_file_row_and_fix(column: int, text: str, message: str) -> None:
    returns = read_returns([Book.of(KO).write(ROW[1], column, text).save()])
    (line,) = said(returns)
    assert line.startswith(f"甲課.xlsx 6行 {message}") or (text == "外字\ue000" and "外字です" in line)
    assert not returns.changes
    assert not apply_returns(returns)


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("=1+1", "f", "数式が入っています"),
        ("#N/A", "e", "エラー値(#N/A)が入っています"),
        (True, "b", "日付か数などの値(1)"),
        (41364, "n", "日付か数などの値(41364)"),
    ],
)
def test_what_is_no_text_is_refused(value: object, kind: str, message: str) -> None:
    book = Book.of(KO)
    cell = book.answers.cell(ROW[1], FINDINGS)
    cell.value = value  # type: ignore[assignment]
    cell.data_type = kind
    (line,) = said(read_returns([book.save()]))
    assert line.startswith("甲課.xlsx 6行 検証内容: ")
    assert message in line


def test_a_wrong_answer_keeps_no_other_from_being_written_and_is_listed_by_department() -> None:
    ko = Book.of(KO).write(ROW[1], STATUS, "◎").write(ROW[2], STATUS, "済み").write(ROW[2], FINDINGS, "書いた。").save()
    otsu = Book.of(OTSU).write(6, STATUS, "×").save("乙課.xlsx")
    Path("back/丙課.pdf").write_bytes(b"%PDF-1.7")
    returns = read_returns([ko, otsu, Path("back/丙課.pdf")])
    assert messages(returns) == [
        "次の1件のファイルは、取り込みません。",
        "丙課.pdf: PDFです。照会票(.xlsx)ではないので、読み取れません。お送りした照会票に記入し直すよう、担当課に依頼してください。",
        "甲課の回答のうち、次の1件は取り込みません。",
        "甲課.xlsx 7行 実施状況: 「済み」は凡例にありません。使えるのは「◎」、「○」、「×」、「未記入」です。",
    ]
    assert apply_returns(returns)
    expected = SOURCE.replace("未記入   #", "◎   #").replace("前の文。\n              二行目。", "書いた。")
    expected = expected.replace(
        "実施状況: ○\n            今後の取扱い: 継続\n            担当課: 乙課",
        "実施状況: ×\n            今後の取扱い: 継続\n            担当課: 乙課",
    )
    assert PATH.read_text("utf-8") == expected


Damage = Callable[[Book], object]


def _misnumber(book: Book) -> None:
    book.answers["D6"] = 7


def _rename(book: Book) -> None:
    book.answers["E6"] = "別の名称"


def _shift(book: Book) -> None:
    book.answers["A6"], book.answers["A7"] = 2, 1


def _copy_row(book: Book) -> None:
    for column in range(1, 9):
        book.answers.cell(9, column).value = book.answers.cell(6, column).value


def _tamper(book: Book) -> None:
    book.book[HIDDEN]["E11"] = "◎"


@pytest.mark.parametrize(
    ("damage", "message", "is_taken"),
    [
        (_misnumber, "甲課.xlsx 6行 NO: NO 1の行のNOが書き換えられているか、行がずれています。", True),
        (
            _rename,
            "甲課.xlsx 6行 名称: NO 1の名称が書き換えられているか、行がずれています。「項目一」に戻してください。",
            True,
        ),
        (_shift, "甲課.xlsx 6行 NO: NO 2の行のNOが書き換えられているか", True),
        (_copy_row, "甲課.xlsx 9行 NO: NO 1の行が二つあります。", True),
        (lambda book: book.write(9, STATUS, "◎"), "甲課.xlsx 9行 NO: 追加・複写された行のようです。", True),
        (lambda book: book.answers.delete_rows(7), "甲課.xlsx: NO 2の行がありません。", True),
        (
            lambda book: book.answers.insert_rows(2),
            "甲課.xlsx 5行: 見出し「NO」が、送ったときの所にありません。",
            False,
        ),
        (lambda book: book.answers.delete_cols(7), "甲課.xlsx 5行: 見出し「今後の取扱い」が、", False),
        (lambda book: book.answers.merge_cells("F6:F7"), "甲課.xlsx 6行: 結合されたセルがあります。", False),
        (_tamper, "甲課.xlsx: シート「照合用」(非表示)が書き換えられています。", False),
        (lambda book: book.book.remove(book.book[HIDDEN]), "甲課.xlsx: シート「照合用」(非表示)がありません。", False),
        (lambda book: book.book.remove(book.book[ANSWERS]), "甲課.xlsx: シート「回答」がありません。", False),
    ],
)
def test_a_damaged_sheet_is_an_error_at_its_place(damage: Damage, message: str, is_taken: bool) -> None:
    book = Book.of(KO).write(ROW[1], STATUS, "◎").write(ROW[4], STATUS, "◎")
    damage(book)
    returns = read_returns([book.save()])
    assert said(returns)[0].startswith(message)
    # What stands in sound rows is taken, unless nothing in the file is certain.
    is_first_sound = damage not in (_misnumber, _rename, _shift, _copy_row)
    numbers = [*([1] if is_first_sound else []), 4] if is_taken else []
    assert [change.number for change in returns.changes] == numbers
    assert apply_returns(returns) == is_taken


def test_a_note_beside_the_table_is_reported_and_does_no_harm() -> None:
    returns = read_returns([Book.of(KO).write(ROW[1], STATUS, "◎").write(6, 10, "確認中").save()])
    assert messages(returns) == ["甲課.xlsx 6行: 欄の外に「確認中」とあります。取り込みません。"]
    assert returns.is_clean


def test_workbooks_of_two_editions_are_not_mixed() -> None:
    other = Path("source/other.yaml")
    other.write_text(SOURCE, "utf-8")
    (path, *_) = make_sheets(other).paths
    returns = read_returns([Path(KO), Path(OTSU), path])
    assert said(returns) == [
        f"{path}: 版「other」への回答です。ほかは版「test」です。版ごとに分けて取り込んでください。"
    ]
    other.unlink()
    assert said(read_returns([path])) == ["甲課.xlsx: 版「other」への回答ですが、その版は source/ にありません。"]


# Files that are no workbooks, or worse

_SHEET = "xl/worksheets/sheet1.xml"


def rewrite(path: Path, parts: dict[str, Callable[[bytes], bytes]], more: dict[str, bytes] | None = None) -> None:
    """Change `parts` of the package at `path`, and add `more`."""
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    assert {*parts} <= {*content}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in content.items():
            changed = parts[name](data) if name in parts else data
            assert name not in parts or changed != data
            file.writestr(name, changed)
        for name, data in (more or {}).items():
            file.writestr(name, data)


def test_rows_and_cells_that_do_not_say_their_place_follow_the_ones_before() -> None:
    """Some programs leave it out."""
    path = Book.of(KO).write(ROW[2], STATUS, "☆").save("甲課.xlsx")
    rewrite(path, {_SHEET: lambda data: re.sub(rb' r="[A-Z]*[678]"', b"", data)})
    (line,) = said(read_returns([path]))
    assert f" {ROW[2]}行" in line


def share(path: Path, strings: bytes) -> None:
    """Let the answer SHARED stand apart, as Excel and LibreOffice do, as the second of `strings`."""
    relationship = (
        b'<Relationship Id="rId99" Target="sharedStrings.xml" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>'
    )
    rewrite(
        path,
        {
            _SHEET: lambda data: re.sub(rb't="inlineStr"><is><t>SHARED</t></is>', b't="s"><v>1</v>', data),
            "xl/_rels/workbook.xml.rels": lambda data: data.replace(b"</Relationships>", relationship),
        },
        {"xl/sharedStrings.xml": strings},
    )


def packed(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return file.getvalue()


_OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("甲課.xls", _OLE, "古い形式(.xls)です"),
        ("甲課.xlsx", _OLE, "古い形式(.xls)です"),
        ("甲課.xlsx", _OLE + "EncryptedPackage".encode("utf-16-le"), "パスワードが付いています"),
        ("甲課.xlsx", b"<html><table></table></html>", "HTMLかXMLです"),
        ("甲課.xlsx", "\ufeffNO,名称\n1,項目".encode(), "CSV"),
        ("甲課.xlsx", b"", "空のファイルです"),
        ("甲課.xlsx", b"PK\x03\x04" + bytes(100), "壊れています"),
        ("甲課.ods", packed({"mimetype": b"x", "content.xml": b"<a/>"}), "OpenDocument"),
        ("甲課.docx", packed({"word/document.xml": b"<a/>"}), "Excelブックではありません"),
        ("甲課.xlsx", packed({"xl/workbook.xml": b"<a"}), "壊れています"),
        ("甲課.xlsx", packed({"xl/workbook.xml": b"<a/>"}), "壊れています"),
        ("甲課.xlsx", bytes(11 * 1024 * 1024), "大きすぎます。10メガバイトまでにしてください。画像などを除いて"),
        ("甲課.xlsx", packed({f"a{number}": b"" for number in range(2001)}), "中の部品が多すぎます"),
        ("甲課.xlsx", packed({f"a{number}": b"" for number in range(2000)}), "Excelブックではありません"),
    ],
)
def test_a_file_that_is_no_workbook_is_told_what_it_is(name: str, data: bytes, message: str) -> None:
    path = Path(name)
    path.write_bytes(data)
    (line,) = said(read_returns([path]))
    assert line.startswith(f"{name}: ")
    assert message in line


def test_missing_files_folders_and_pipes_are_named_at_once() -> None:
    Path("d.xlsx").mkdir()
    os.mkfifo("p.xlsx")
    lines = said(read_returns([Path("no.xlsx"), Path("d.xlsx"), Path("p.xlsx"), Path("x" * 300)]))
    assert [
        "ファイルがありません" in lines[0],
        "フォルダーです" in lines[1],
        "普通のファイルではありません" in lines[2],
    ] == [True] * 3
    assert "名前が長すぎます" in lines[3]


_DTD = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "yyyy">]>'


def _head(data: bytes) -> bytes:
    return data[: data.index(b"<sheetData>") + len(b"<sheetData>")]


def _tail(data: bytes) -> bytes:
    return data[data.index(b"</sheetData>") :]


def _filled(rows: Callable[[], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: data[: data.index(b"</sheetData>")] + rows() + _tail(data)


HOSTILE: dict[str, tuple[dict[str, Callable[[bytes], bytes]], dict[str, bytes], str]] = {
    "macros": ({}, {"xl/vbaProject.bin": b"x"}, "マクロが入っています"),
    "links to other workbooks": ({}, {"xl/externalLinks/externalLink1.xml": b"<a/>"}, "ほかのブックへのリンク"),
    "an external entity": ({_SHEET: lambda data: _DTD + data[data.index(b"<worksheet") :]}, {}, "DTD"),
    "a million cells in a row": (
        {_SHEET: _filled(lambda: b'<row r="9">' + b"<c><v>1</v></c>" * 1_000_000 + b"</row>")},
        {},
        "列が多すぎます",
    ),
    "a cell far to the right": (
        {_SHEET: _filled(lambda: b'<row r="9"><c r="ZZZZ9"><v>1</v></c></row>')},
        {},
        "列が多すぎます",
    ),
    "a cell nowhere": ({_SHEET: _filled(lambda: b'<row r="9"><c r="1A"><v>1</v></c></row>')}, {}, "壊れています"),
    "a bomb": ({_SHEET: _filled(lambda: b" " * 100_000_000)}, {}, "展開すると大きすぎます"),
    "a bomb in one cell": (
        {_SHEET: _filled(lambda: b'<row r="9"><c r="A9" t="str"><v>' + b"a" * 25_000_000 + b"</v></c></row>")},
        {},
        "壊れています",
    ),
    "an endless tag": (
        {_SHEET: _filled(lambda: b"<row " + b" ".join(b'a%d=""' % number for number in range(1_500_000)) + b"/>")},
        {},
        "壊れています",
    ),
    "deep nesting": ({_SHEET: _filled(lambda: b"<a>" * 700_000)}, {}, "セルの数が多すぎます"),
    "cells merged everywhere": (
        {_SHEET: lambda data: re.sub(rb'<mergeCell ref="B3[^/]*/>', b'<mergeCell ref="A1:XFD1048576"/>', data)},
        {},
        "結合されたセルがあります",
    ),
    "a string that is not there": (
        {_SHEET: _filled(lambda: b'<row r="9"><c r="A9" t="s"><v>999999</v></c></row>')},
        {},
        "壊れています",
    ),
    "two parts of one name": ({}, {"XL/workbook.xml": b"<a/>"}, "壊れています"),
    "an edition outside": ({}, {}, "シート「照合用」(非表示)が書き換えられています"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused(name: str) -> None:
    parts, more, message = HOSTILE[name]
    book = Book.of(KO)
    if name == "an edition outside":
        book.book[HIDDEN]["B2"] = "../../etc/passwd"
    path = book.save()
    rewrite(path, parts, more)
    (line,) = said(read_returns([path]))
    assert line.startswith("甲課.xlsx")
    assert message in line


@pytest.mark.parametrize(
    ("strings", "message"),
    [
        (_DTD + b"<sst><si><t>a</t></si><si><t>&x;</t></si></sst>", "DTD"),
        (b"<sst><si/></sst>", "壊れています"),
        (b"<sst><si/><si>", "壊れています"),
        (b"\xff\xfe<", "壊れています"),
    ],
    ids=["an external entity", "one too few", "cut off", "no XML"],
)
def test_hostile_strings_are_refused_too(strings: bytes, message: str) -> None:
    path = Book.of(KO).write(ROW[1], FINDINGS, "SHARED").save()
    share(path, strings)
    (line,) = said(read_returns([path]))
    assert message in line


def test_a_macro_workbook_is_refused_by_its_name() -> None:
    path = Path("甲課.xlsm")
    shutil.copy(KO, path)
    assert "マクロ" in said(read_returns([path]))[0]


@pytest.mark.parametrize("size", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_workbook_is_refused(size: float) -> None:
    data = Path(KO).read_bytes()
    path = Path("甲課.xlsx")
    path.write_bytes(data[: int(len(data) * size)])
    assert "壊れています" in said(read_returns([path]))[0]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_damaged_bytes_never_end_in_a_traceback(place: int, junk: bytes) -> None:
    data = bytearray(Path(KO).read_bytes())
    place %= len(data)
    data[place : place + len(junk)] = junk
    path = Path("甲課.xlsx")
    path.write_bytes(data)
    assert all(isinstance(finding, Finding) for finding in read_returns([path]).findings)


# Other programs


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_may_save_the_workbook_again() -> None:
    book = Book.of(KO).write(ROW[1], STATUS, "◎").write(ROW[1], FINDINGS, "一行\n\n  =三行 𠮟る「塚」")
    book.write(ROW[2], FINDINGS, "")
    files = [book.save(), Path("back/乙課.xlsx")]
    shutil.copy(OTSU, files[1])
    profile = Path("profile").resolve().as_uri()
    command = [
        "soffice",
        f"-env:UserInstallation={profile}",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    subprocess.run([*command, "--outdir", "saved", *map(str, files)], check=True, capture_output=True, timeout=120)
    saved = [Path("saved") / file.name for file in files]
    assert all(path.read_bytes() != file.read_bytes() for path, file in zip(saved, files, strict=True))
    returns = read_returns(saved)
    assert messages(returns) == []
    assert returns.changes == read_returns(files).changes
    assert len(returns.changes) == 3
    assert load_workbook(saved[0])[HIDDEN].sheet_state != "visible"


# Everything


_ANSWER = st.text(st.sampled_from("あ漢Ａa1 　\n:#-?'\"\\|>[]{},&*!%@`~=+_x0041𠮟塚か\u3099"), max_size=12)
_VALUES = {STATUS: st.sampled_from("◎○×"), TREATMENT: st.sampled_from(["完了", "継続"]), FINDINGS: _ANSWER}
_KEYS = {STATUS: "実施状況", TREATMENT: "今後の取扱い", FINDINGS: "検証内容"}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_answers_come_back_as_exactly_those_changes_and_no_other_line_differs(data: st.DataObject) -> None:
    PATH.write_text(SOURCE, "utf-8")
    book = Book.of(KO)
    before = validate(read_source(PATH)).edition
    expected = before.model_dump()
    for number, column in data.draw(st.sets(st.tuples(st.sampled_from(sorted(ROW)), st.sampled_from(sorted(_KEYS))))):
        text = data.draw(_VALUES[column])
        book.write(ROW[number], column, text.replace("_", "_x005F_"))
        _find(expected, number)[_KEYS[column]] = compose(text).strip(" \t\r\n") if text.strip() else ""
    returns = read_returns([book.save()])
    assert returns.is_clean
    apply_returns(returns)
    after = PATH.read_text("utf-8")
    assert validate(parse_source(PATH, after.encode())).edition.model_dump() == expected
    assert validate(read_source(PATH)).edition.items[3] == before.items[3]
    touched = {(change.number, change.key) for change in returns.changes}
    assert _untouched_lines(after, touched) == _untouched_lines(SOURCE, touched)


def _find(content: object, number: int) -> dict[str, str]:
    """The item with this NO in a dumped edition."""
    if isinstance(content, dict):
        if content.get("NO") == number:
            return content
        content = list(content.values())
    for part in content if isinstance(content, (list, tuple)) else ():
        if found := _find(part, number):
            return found
    return {}


def _untouched_lines(text: str, touched: set[tuple[int, str]]) -> list[str]:
    """The lines that hold nothing of `touched` (in SOURCE's own layout)."""
    lines: list[str] = []
    number, is_touched = 0, False
    for line in text.split("\n"):
        if "NO: " in line:
            number = int(line.split("NO: ")[1].split(",")[0])
        if line.strip() and len(line) - len(line.lstrip()) <= 12:
            is_touched = any(number == one and f"{key}:" in line for one, key in touched)
        if not is_touched or line == "            # 乙課へ":
            lines.append(line)
    return [line for line in lines if line.strip()]
