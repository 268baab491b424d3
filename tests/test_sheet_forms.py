"""Workbooks for the departments by the form of a list: each column by its kind, out and back."""

import datetime
import threading
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font

from pipeline.cli.command import main
from pipeline.documents.data import open_data
from pipeline.model.edition import read_edition
from pipeline.model.form import BLANK
from pipeline.model.validation import validate
from pipeline.office import replies
from pipeline.office.replies import Replies, read_replies
from pipeline.office.returns import apply_returns, messages, read_returns
from pipeline.office.sheets import make_sheets
from pipeline.office.workbook_format import FACTS, FORMER, HEAD_ROW, HIDDEN, Asked, Field, SentForm, fields
from pipeline.proof.data import prove_data
from pipeline.source.tree import parse_source, plain, read_source
from pipeline.years.draft import next_edition

from .made_up import FormMaker
from .test_returns import Book, rewrite, said
from .test_sheets import rows, save, sheet_of

pytestmark = pytest.mark.usefixtures("project")

# Made up: a column of each kind, a number of its own for each item, and lists written in both ways.
SOURCE = """\
表題: 指標の一覧
段: [{名称: 柱, 番号: 算用数字}]
項目: {名称: 指標, 番号: 自由}
欄:
  受持: {種類: 課}
  基準: {種類: 数}
  実績: {種類: 数, 年度: [R4, R5]}
  割合: {種類: 数, 単位: '%', 年度: [R5]}
  評価: {種類: 記号, 凡例: {A: 達成, B: 未達}, 集計: 主}
  外部: {種類: 記号, 凡例: {○: 良, ×: 否}}
  方向: {種類: 語, 語: [続ける, やめる]}
  期日: {種類: 日付}
  備考: {種類: 文字}
  説明: {種類: 文章, 段落: 下}
見出し: {評価: 自己評価, 実績: 実績値}
注: {1: 速報値。}
柱:
  - 名称: 柱一
    指標:
      - NO: 1
        番号: 1-1
        名称: 指標一
        受持: 甲課
        単位: 件
        基準: 10
        実績: [32, 40]   # 速報
        割合: [1.5]
        評価: A
        外部: ○
        方向: 続ける
        期日: 2024-03-31
      - NO: 2
        番号: 1-2
        名称: 指標二
        受持: 甲課、乙課
        基準: なし
        実績:
          - 1,000   # 前
          - 未記入   # 今
        割合: [未記入]
        評価: 未記入
        外部: 未記入
        方向: 未記入
        説明: 前の文。
"""
PATH = Path("source/test.yaml")
KO = "out/test/sheets/甲課.xlsx"
# Columns of the answer sheet, and the rows of the items.
ACTUAL, RATE, GRADE, OUTSIDE, DIRECTION, DAY, NOTE, TEXT = range(8, 16)
FIRST, SECOND = HEAD_ROW + 1, HEAD_ROW + 2


@pytest.fixture
def sent() -> Book:
    """The workbook of 甲課, as it went out."""
    make_sheets(save("test", SOURCE))
    return Book.of(KO)


def cell(book: Book, row: int, column: int) -> Cell:
    found = book.answers.cell(row, column)
    assert isinstance(found, Cell)
    return found


def changes(*files: Path) -> list[tuple[int, str, str]]:
    returns = read_returns(files)
    assert messages(returns) == []
    return [(change.number, change.key, change.new) for change in returns.changes]


def test_each_column_is_filled_in_or_given_by_its_kind(sent: Book) -> None:
    groups, heads, first, second = rows(Path(KO))[HEAD_ROW - 2 :]
    assert heads == [
        *("NO", "柱", "番号", "指標"),
        *("基準", "実績値\nR4", "単位"),
        *("実績値\nR5", "割合(%)\nR5", "自己評価", "外部", "方向", "期日", "備考", "説明"),
    ]
    assert [group for group in groups if group] == ["項目", "参考", "記入欄"]
    assert first == [
        *("1", "1 柱一", "1-1", "指標一", "10", "32", "件"),
        *("40", "1.5", "A", "○", "続ける", "令和6年3月31日", "", ""),
    ]
    assert second[3:9] == ["指標二\n(乙課と共同)", "なし", "1,000", "", BLANK, BLANK]
    unlocked = {one.column for row in sent.answers.iter_rows() for one in row if not one.protection.locked}
    assert unlocked == {*range(ACTUAL, TEXT + 1)}


def test_lists_offer_words_and_cells_of_figures_and_dates_say_what_they_take(sent: Book) -> None:
    hidden = sheet_of(sent.book, HIDDEN)
    said = {}
    for rule in sent.answers.data_validations.dataValidation:
        column = str(rule.sqref).rstrip("0123456789").split(":")[0].rstrip("0123456789")
        said[column] = rule.prompt or [
            one[0].value for one in hidden[(rule.formula1 or "").split("!")[1].replace("$", "")]
        ]
    assert said["J"] == ["A", "B", BLANK]
    assert said["K"] == ["○", "×", BLANK]
    assert said["L"] == ["続ける", "やめる", BLANK]
    assert "数だけを半角で" in said["H"]
    assert "令和6年3月31日" in said["M"]
    assert [*said] == ["H", "I", "J", "K", "L", "M"]
    guide = "".join(map("".join, rows(Path(KO), "記入要領")))
    for words in (
        "(実績値、割合、自己評価、外部、方向、期日、備考、説明)に記入してください。",
        "自己評価と外部と方向は、",
        "実績値と割合には、数だけを",
    ):
        assert words in guide
    assert "凡例(自己評価): A 達成 B 未達 凡例(外部): ○ 良 × 否" in str(sent.answers["B3"].value)


def test_a_figure_in_a_column_of_texts_bears_no_mark_of_excel(sent: Book) -> None:  # noqa: ARG001
    with zipfile.ZipFile(KO) as file:
        assert b'<ignoredError sqref="E6:E7 F6:F7 H6:H7 I6:I7" numberStoredAsText="1"/>' in file.read(
            "xl/worksheets/sheet1.xml"
        )


def test_answers_of_each_kind_go_into_their_places_and_every_other_byte_stays(sent: Book) -> None:
    sent.write(FIRST, ACTUAL, "1,041").write(FIRST, GRADE, "B").write(FIRST, NOTE, "確定").write(
        FIRST, TEXT, "一行\n二行"
    )
    cell(sent, FIRST, DAY).value = datetime.date(2025, 4, 1)
    cell(sent, FIRST, DAY).number_format = "yyyy/m/d"
    cell(sent, SECOND, ACTUAL).value = 990.5
    sent.write(SECOND, DAY, "令和元年5月1日").write(SECOND, DIRECTION, "やめる").write(SECOND, TEXT, "")
    returns = read_returns([sent.save()])
    assert messages(returns) == []
    assert [(one.number, one.key, one.old, one.new) for one in returns.changes[:4]] == [
        (1, "実績(R5)", "40", "1,041"),
        (1, "評価", "A", "B"),
        (1, "期日", "令和6年3月31日", "令和7年4月1日"),
        (1, "備考", "", "確定"),
    ]
    assert apply_returns(returns)
    expected = (
        SOURCE.replace("[32, 40]", '[32, "1,041"]')
        .replace("評価: A\n", "評価: B\n", 1)
        .replace(
            "期日: 2024-03-31\n",
            "期日: 2025-04-01\n        備考: 確定\n        説明: |\n          一行\n          二行\n",
        )
        .replace("未記入   # 今", "990.5   # 今")
        .replace("方向: 未記入\n", "方向: やめる\n        期日: 2019-05-01\n")
        .replace("説明: 前の文。", "説明:")
    )
    assert PATH.read_text("utf-8") == expected
    assert main(["check", "test"]) == 0


def test_an_untouched_workbook_changes_nothing(sent: Book) -> None:
    assert changes(sent.save()) == []


@pytest.mark.parametrize(
    ("column", "text", "new", "note"),
    [
        (ACTUAL, "１２", "12", "実績(R5): 「１２」を「12」と読みました。"),
        (ACTUAL, "▲３．５", "▲3.5", "「▲３．５」を「▲3.5」と読みました。"),
        (ACTUAL, "ー", "-", "を「-」と読みました。"),
        (GRADE, "ｂ", "B", "評価: 「ｂ」(U+FF42)を「B」と読みました。"),
        (OUTSIDE, "✕", "×", "外部: 「✕」(U+2715)を「×」(U+00D7)と読みました。"),
    ],
)
def test_what_can_only_mean_one_thing_is_read_and_said(sent: Book, column: int, text: str, new: str, note: str) -> None:
    returns = read_returns([sent.write(FIRST, column, text).save()])
    assert returns.is_clean
    assert [change.new for change in returns.changes] == [new]
    (line,) = messages(returns)
    assert line.startswith("甲課.xlsx 6行 ")
    assert note in line


@pytest.mark.parametrize(
    ("column", "text"),
    [(ACTUAL, "1" * 12), (NOTE, "一\n二\n三\n四\n五"), (NOTE, "長" * 500), (TEXT, "長" * 20_000)],
)
def test_an_answer_may_be_as_long_as_its_limit(sent: Book, column: int, text: str) -> None:
    returns = read_returns([sent.write(FIRST, column, text).save()])
    assert said(returns) == []
    assert [change.new for change in returns.changes] == [text]


@pytest.mark.parametrize(
    ("column", "text", "message"),
    [
        (
            ACTUAL,
            "12件",
            "実績(R5): 「12件」は、数だけではありません。「12」と書いてください(単位「件」は、別の所に書いてあります)。",
        ),
        (RATE, "約3割", "割合(R5): 「約3割」は、数ではありません。"),
        (RATE, "１２％", "「12」と書いてください(単位「%」は"),
        (ACTUAL, "1" * 13, "長すぎます。数だけを、12字まで"),
        (GRADE, "C", "評価: 「C」は凡例にありません。"),
        (DIRECTION, "続けない", "方向: 「続けない」は「方向」の語にありません。「続ける」ではありませんか。"),
        (DAY, "4月1日", "期日: 「4月1日」は、日付として読めません。"),
        (DAY, "令和7年2月30日", "暦にない日付です。"),
        (NOTE, "一\n二\n三\n四\n五\n六", "備考: 6行あります。5行までに"),
        (NOTE, "長" * 501, "備考: 長すぎます。500字まで"),
        (TEXT, "詳しくは※2のとおり。", "説明: "),
    ],
)
def test_a_wrong_answer_says_what_to_write_and_keeps_no_other_out(
    sent: Book, column: int, text: str, message: str
) -> None:
    returns = read_returns([sent.write(FIRST, column, text).write(SECOND, DIRECTION, "続ける").save()])
    (line,) = said(returns)
    assert line.startswith("甲課.xlsx 6行 ")
    assert message in line
    assert [(change.number, change.new) for change in returns.changes] == [(2, "続ける")]
    assert apply_returns(returns)
    assert main(["check", "test"]) == 0


@pytest.mark.parametrize(
    ("column", "value", "number_format", "message"),
    [
        (ACTUAL, 0.784, "0.0%", "%の付いた数(0.784)が入っています"),
        (ACTUAL, datetime.date(2024, 1, 2), "m月d日", "日付か数などの値(2024-01-02)が入っています"),
        (NOTE, datetime.date(2024, 1, 2), '[$-411]ggge"年"m"月"d"日"', "値(2024-01-02)が入っています"),
        (DAY, 45382, "General", "日付か数などの値(45382)"),
        (GRADE, True, "General", "日付か数などの値(1)"),
    ],
)
def test_a_value_of_another_kind_is_refused(
    sent: Book, column: int, value: object, number_format: str, message: str
) -> None:
    one = cell(sent, FIRST, column)
    one.value = value  # type: ignore[assignment]
    one.number_format = number_format
    (line,) = said(read_returns([sent.save()]))
    assert message in line


def test_a_flat_list_without_numbers_goes_out_and_comes_back() -> None:
    flat = "表題: 事業\n段: []\n項目: {名称: 事業名, 番号: なし}\n欄:\n  内容: {種類: 文章}\n事業名:\n  - {NO: 1, 名称: 甲}\n  - {NO: 2, 名称: 乙, 内容: 文}\n"
    (path,) = make_sheets(save("test", flat)).paths
    assert rows(path)[HEAD_ROW - 1 :] == [["NO", "事業名", "内容"], ["1", "甲", ""], ["2", "乙", "文"]]
    returns = read_returns([Book.of(str(path)).write(FIRST, 3, "新, しい").write(SECOND, 3, "").save()])
    assert apply_returns(returns)
    assert PATH.read_text("utf-8") == flat.replace("名称: 甲}", '名称: 甲, 内容: "新, しい"}').replace(
        "内容: 文}", "内容: ''}"
    )


def test_last_year_stands_beside_and_a_year_that_the_series_shows_is_not_repeated() -> None:
    save("old", SOURCE)
    new = SOURCE.replace("表題: 指標の一覧", "表題: 指標の一覧\n年度: 令和6年度\n前版: old").replace(
        "[R4, R5]", "[R5, R6]"
    )
    new = (
        new.replace("[R5]}", "[R6]}")
        .replace("番号: 1-1\n", "番号: 1-1\n        前版NO: [1]\n")
        .replace("{A: 達成,", "{A: 完了,")
    )
    make_sheets(save("test", new))
    heads, first, _ = rows(Path(KO))[HEAD_ROW - 1 :]
    last_year = dict(zip(heads[7:16], first[7:16], strict=True))
    assert last_year == {
        **{"前年度番号": "1-1", "割合\nR5": "1.5", "自己評価": "A(達成)", "外部": "○", "方向": "続ける"},
        **{"期日": "令和6年3月31日", "備考": "", "説明": "", "実績値\nR6": "40"},
    }


def test_a_column_that_is_no_longer_filled_in_is_said_and_the_others_are_taken(sent: Book) -> None:
    path = sent.write(FIRST, ACTUAL, "41").write(FIRST, GRADE, "B").save()
    save(
        "test",
        SOURCE.replace("年度: [R4, R5]", "年度: [R4, R5, R6]")
        .replace("[32, 40]", "[32, 40, 50]")
        .replace("# 今", "# 今\n          - 3"),
    )
    returns = read_returns([path])
    assert said(returns) == [
        "甲課.xlsx 実績(R5): 送った後で、記入する欄ではなくなりました。1件の回答は取り込みません。"
    ]
    assert [change.key for change in returns.changes] == ["評価"]


# The source moves on while the workbooks are away


def moved(source: str) -> str:
    """`source` with an item inserted first, so that every NO is another, and 指標一 renamed."""
    source = (
        source.replace("NO: 2\n", "NO: 3\n").replace("NO: 1\n", "NO: 2\n").replace("名称: 指標一", "名称: 指標一(改)")
    )
    new = "      - {NO: 1, 番号: 1-0, 名称: 新規, 受持: 丙課, 基準: 1, 実績: [1, 1], 割合: [1], 評価: A, 外部: ○, 方向: やめる}\n"
    return source.replace("    指標:\n", f"    指標:\n{new}")


def test_an_inserted_and_a_renamed_item_cost_no_conflict(sent: Book) -> None:
    path = sent.write(FIRST, GRADE, "B").write(SECOND, GRADE, "A").save()
    later = moved(SOURCE)
    save("test", later)
    returns = read_returns([path])
    assert messages(returns) == [
        "甲課.xlsx 6行: 送った後で、名称が「指標一」から「指標一(改)」に変わりました(NO 2)。同じ項目として取り込みます。"
    ]
    assert [(one.number, one.name, one.new) for one in returns.changes] == [(2, "指標一(改)", "B"), (3, "指標二", "A")]
    assert apply_returns(returns)
    assert PATH.read_text("utf-8") == later.replace("評価: A\n", "評価: B\n", 1).replace("評価: 未記入", "評価: A")


def test_an_item_that_kept_its_texts_is_known_under_any_name(sent: Book) -> None:
    path = sent.write(FIRST, GRADE, "B").write(SECOND, GRADE, "A").save()
    for later, names in (
        (SOURCE.replace("名称: 指標二", "名称: 河川敷の清掃"), ["指標一", "河川敷の清掃"]),
        # Neither the name nor the texts are those that were sent.
        (SOURCE.replace("名称: 指標二", "名称: 河川敷の清掃").replace("前の文", "次の文"), ["指標一"]),
    ):
        save("test", later)
        assert [one.name for one in read_returns([path]).changes] == names


def test_items_of_like_names_that_were_inserted_before_and_renamed_are_not_mistaken_for_each_other() -> None:
    like = SOURCE.replace("名称: 指標一", "名称: 公園の整備(東地区)").replace(
        "名称: 指標二", "名称: 公園の整備(西地区)"
    )
    make_sheets(save("test", like))
    path = Book.of(KO).write(FIRST, GRADE, "B").write(SECOND, GRADE, "A").save()
    save("test", moved(like).replace("公園の整備", "公園を整備"))
    returns = read_returns([path])
    assert [(one.name, one.new) for one in returns.changes] == [
        ("公園を整備(東地区)", "B"),
        ("公園を整備(西地区)", "A"),
    ]
    # With names that are nearer to each other, a person decides.
    near = SOURCE.replace("名称: 指標一", "名称: 市民が集う公園の整備と管理に関する事業1").replace(
        "名称: 指標二", "名称: 市民が集う公園の整備と管理に関する事業2"
    )
    make_sheets(save("test", near))
    path = Book.of(KO).write(FIRST, GRADE, "B").write(SECOND, GRADE, "A").save()
    save("test", moved(near).replace("市民が集う", "みんなの"))
    returns = read_returns([path])
    assert not returns.changes
    assert [conflict.name for conflict in returns.conflicts] == [
        "市民が集う公園の整備と管理に関する事業1",
        "市民が集う公園の整備と管理に関する事業2",
    ]


def test_an_item_that_is_gone_is_one_conflict_and_keeps_no_other_out(sent: Book) -> None:
    path = sent.write(FIRST, GRADE, "B").write(FIRST, NOTE, "注").write(SECOND, GRADE, "A").save()
    first, second = SOURCE.index("      - NO: 1"), SOURCE.index("      - NO: 2")
    save("test", SOURCE[:first] + SOURCE[second:].replace("NO: 2", "NO: 1"))
    returns = read_returns([path])
    assert messages(returns) == [
        "甲課の回答のうち、次の1件は取り込みません。",
        "食い違い: NO 1「指標一」: 送った後で、この項目が版からなくなりました。\n  甲課.xlsx 6行 評価: B\n  甲課.xlsx 6行 備考: 注",
    ]
    assert [(one.number, one.name) for one in returns.changes] == [(1, "指標二")]


def test_items_of_one_name_are_told_apart_by_their_headings() -> None:
    twice = SOURCE.replace("名称: 指標二", "名称: 指標一").replace(
        "      - NO: 2", "  - 名称: 柱二\n    指標:\n      - NO: 2"
    )
    make_sheets(save("test", twice))
    path = Book.of(KO).write(FIRST, GRADE, "B").write(SECOND, DIRECTION, "やめる").save()
    save("test", twice.replace("NO: 2\n", "NO: 3\n").replace("NO: 1\n", "NO: 2\n"))
    assert changes(path) == [(2, "評価", "B"), (3, "方向", "やめる")]


def test_a_renumbered_item_whose_number_another_has_now_is_not_mistaken_for_it(sent: Book) -> None:
    path = sent.write(FIRST, GRADE, "B").save()
    swapped = SOURCE.replace("NO: 1\n", "NO: x\n").replace("NO: 2\n", "NO: 1\n").replace("NO: x\n", "NO: 2\n")
    save("test", swapped)
    assert [(one.number, one.name) for one in read_returns([path]).changes] == [(2, "指標一")]


# What lies on top of the cells, and what else comes back


def test_struck_text_is_an_error_where_an_answer_stands_and_a_notice_elsewhere(sent: Book) -> None:
    struck = TextBlock(InlineFont(strike=True), "古い。")
    cell(sent, FIRST, TEXT).value = CellRichText(struck, "新しい。")
    cell(sent, SECOND, TEXT).font = Font(strike=True)
    cell(sent, SECOND, 4).font = Font(strike=True)
    cell(sent, FIRST, NOTE).value = CellRichText(TextBlock(InlineFont(strike=False, b=True), "太字"))
    returns = read_returns([sent.save()])
    fix = "取り消し線の付いた文字があります。消す文字は削除し、残す文字は取り消し線を外してください。"
    assert said(returns) == [f"甲課.xlsx 6行 説明: {fix}", f"甲課.xlsx 7行 説明: {fix}"]
    assert [str(one) for one in returns.notices] == [
        "甲課.xlsx 7行 指標: 取り消し線が付いています。元データの項目はそのままです。担当課に確かめてください。"
    ]
    assert [(one.key, one.new) for one in returns.changes] == [("備考", "太字")]


DRAWING = "<xdr:wsDr xmlns:xdr='x' xmlns:a='a'><xdr:sp><a:p><a:r><a:t>文字の箱</a:t></a:r></a:p></xdr:sp><xdr:pic/></xdr:wsDr>"
THREAD = "<ThreadedComments><threadedComment ref='J6'><text>確かめて</text></threadedComment></ThreadedComments>"


def test_comments_text_boxes_pictures_and_added_sheets_are_said(sent: Book) -> None:
    sent.book.security = None
    sent.book.create_sheet("別紙")
    sent.answers["J6"].comment = Comment("[Threaded comment]", "甲")
    sent.answers["O7"].comment = Comment("検討中に\n改めて", "甲")
    path = sent.save()
    rewrite(
        path,
        {},
        {"xl/drawings/drawing9.xml": DRAWING.encode(), "xl/threadedComments/threadedComment1.xml": THREAD.encode()},
    )
    returns = read_returns([path])
    assert returns.is_clean
    assert messages(returns) == [
        "甲課.xlsx: シート「別紙」が加えられています。取り込みません。",
        "甲課.xlsx J6: コメント「確かめて」が付いています。取り込みません。",
        "甲課.xlsx O7: コメント「検討中に 改めて」が付いています。取り込みません。",
        "甲課.xlsx: 図形かテキストボックス「文字の箱」があります。取り込みません。",
        "甲課.xlsx: 画像が1個あります。取り込みません。",
    ]


def test_a_folder_is_read_whole_and_what_cannot_be_read_is_named(
    sent: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    sent.write(FIRST, GRADE, "B").save("福祉/甲課.XLSX")
    for name, data in {
        "乙課.xls": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
        "._甲課.XLSX": b"\0\5\x16\7",
        "~$甲課.xlsx": b"x",
    }.items():
        Path("back", name).write_bytes(data)
    Path("back/.DS_Store").write_bytes(b"x")
    Path("back/生活課.xlsx:Zone.Identifier").write_text("[ZoneTransfer]")  # what WSL has beside each file of an e-mail
    assert main(["import", "back", "--apply"]) == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "次の1件のファイルは、取り込みません。",
        "乙課.xls: 古い形式(.xls)です。表計算ソフトで開き、「Excel ブック(.xlsx)」として保存し直してください。",
        "._甲課.XLSX: macOSの管理用のファイルです。回答ではないので、読んでいません。",
        "取り込まないものが1件あります(上のとおり)。",
    ]
    assert "  乙課: 乙課.xls を取り込めません(1項目)。" in out
    assert "source/test.yaml に書き込みました。" in out
    assert PATH.read_text("utf-8") == SOURCE.replace("評価: A\n", "評価: B\n", 1)


def test_a_department_whose_answer_is_refused_is_not_called_unchanged(sent: Book) -> None:
    assert read_returns([sent.write(FIRST, GRADE, "C").save()]).unanswered == ("乙課: まだ提出されていません(1項目)。",)


def test_a_workbook_of_the_former_format_is_still_read() -> None:
    from .test_returns import SOURCE as DEFAULT

    make_sheets(save("test", DEFAULT))
    path = Book.of(KO).write(FIRST, 6, "◎").save()
    book = load_workbook(path)
    hidden = sheet_of(book, HIDDEN)
    sent = [[str(one or "") for one in row] for row in hidden.iter_rows(min_row=10, max_col=7, values_only=True)]
    facts = {str(hidden.cell(row, 1).value): str(hidden.cell(row, 2).value) for row in range(1, 9)}
    fields = tuple(Field(str(hidden.cell(9, column).value)) for column in range(5, 8))
    asked = tuple(Asked(int(row[0]), row[1], dict(zip(fields, row[4:], strict=True))) for row in sent)
    heads = tuple(str(one.value) for one in sheet_of(book, "回答")[HEAD_ROW])
    form = SentForm("test", facts["元データ"], "甲課", heads, fields, 4, 5, asked, FORMER)
    hidden.delete_rows(1, 20)
    values = (FORMER, "test", form.digest, "甲課", facts["見出し"], form.checksum)
    for row, pair in enumerate(zip(FACTS[FORMER], values, strict=True), 1):
        hidden.cell(row, 1).value, hidden.cell(row, 2).value = pair
    for row, line in enumerate(
        [["NO", "名称", *(one.key for one in fields)], *([r[0], r[1], *r[4:]] for r in sent)], 7
    ):
        for column, text in enumerate(line, 1):
            hidden.cell(row, column).value = text or None
    book.save(path)
    assert changes(path) == [(1, "実施状況", "◎")]


# Any form


def _any_answer(kind: str, words: tuple[str, ...], maker: FormMaker) -> str:
    match kind:
        case "symbol" | "term":
            return maker.chance.choice(words)
        case "figure":
            return maker.figure()
        case "date":
            return "令和12年1月2日"
        case "text":
            return maker.word()
    return maker.chance.choice(["", maker.sentence()])


@pytest.mark.parametrize("seed", range(4))
def test_any_answers_to_any_form_come_back_as_exactly_those_changes(seed: int) -> None:
    path = save("test", FormMaker(seed).edition())
    before = validate(read_source(path)).edition
    columns = fields(before)
    sheets = make_sheets(path).paths
    assert not columns or changes(*sheets) == []
    expected = {
        (number, one): item.texts(column)[-1]
        for number, item in before.items.items()
        for one, column in columns.items()
    }
    maker = FormMaker(seed + 1_000)
    for file in sheets:
        book = Book.of(str(file))
        first = book.answers.max_column - len(columns) + 1
        for row in range(FIRST, book.answers.max_row + 1):
            number = int(str(book.answers.cell(row, 1).value))
            for at, (one, column) in enumerate(columns.items(), first):
                # An item of two departments is answered by the first alone.
                is_open = (book.answers.cell(row, at).value or "") == expected[number, one]
                if is_open and maker.chance.random() < 0.5:
                    text = _any_answer(column.kind, tuple(column.words or ()), maker)
                    book.write(row, at, text)
                    expected[number, one] = text.strip()
        book.book.save(file)
    returns = read_returns(sheets)
    assert returns.is_clean
    apply_returns(returns)
    after = validate(read_source(path)).edition
    for number, item in after.items.items():
        for one, column in columns.items():
            assert item.texts(column)[-1] == expected[number, one]
            assert item.texts(column)[:-1] == before.items[number].texts(column)[:-1]


# What the departments are told, and tell


def test_when_and_to_whom_it_is_returned_stands_on_the_sheet_and_in_the_guide() -> None:
    asked = "照会: {期限: 2024-05-31, 提出先: 企画課, 担当: 政策係, 内線: 2345}\n"
    make_sheets(save("test", asked + SOURCE))
    assert str(Book.of(KO).answers["B2"].value).endswith(
        "提出期限: 令和6年5月31日(金) 提出先: 企画課 担当: 政策係 内線: 2345"
    )
    guide = [row[1] for row in rows(Path(KO), "記入要領")]
    due = "記入後は、Excelブック(.xlsx)のまま保存し、令和6年5月31日(金)までに企画課(担当 政策係、内線 2345)へ提出してください。"
    assert any(line.startswith(due) for line in guide)
    make_sheets(save("test", "照会: {提出先: 企画課}\n" + SOURCE))
    assert any("保存し、企画課へ提出してください。" in row[1] for row in rows(Path(KO), "記入要領"))


def test_a_heading_says_whom_to_ask_about_the_items_below_it() -> None:
    text = "表題: 一覧\n担当課: 企画課\n段: [{名称: 柱}, {名称: 施策}]\n欄: {説明: {種類: 文章}}\n項目: {名称: 取組}\n柱:\n"
    text += "  - {名称: 柱一, 担当課: 甲課, 施策: [{名称: 施策一, 担当課: 乙課、丙課, 取組: [{NO: 1, 名称: 一}, {NO: 2, 名称: 二, 担当課: 丁課}]},"
    text += " {名称: 施策二, 取組: [{NO: 3, 名称: 三, 説明: 未記入}]}]}\n  - {名称: 柱二, 施策: [{名称: 施策三, 取組: [{NO: 4, 名称: 四}]}]}\n"
    path = save("test", text)
    asked = {one.stem: [int(row[0]) for row in rows(one)[HEAD_ROW:]] for one in make_sheets(path).paths}
    assert asked == {"乙課": [1], "丙課": [1], "丁課": [2], "甲課": [3], "企画課": [4]}
    validated = validate(read_source(path))
    assert [warning.department for warning in validated.warnings] == ["甲課"]
    prove_data(open_data(validated), validated)
    draft = read_edition(plain(parse_source(path, next_edition(validated.edition, "test").encode()).root))
    assert [[one.department for one in (top, *top.sections)] for top in draft.sections] == [
        ["甲課", "乙課、丙課", ""],
        ["", ""],
    ]


def test_terms_say_what_becomes_of_an_item() -> None:
    deciding = "語: {続ける: 継続, 済ませる: 終了, やめる: 終了}, 行方: true, 完了の語: [済ませる]}"
    make_sheets(save("test", SOURCE.replace("語: [続ける, やめる]}", deciding)))
    guide = dict(row[:2] for row in rows(Path(KO), "記入要領"))
    assert guide["続ける"] == "翌年度の一覧に載せる"
    assert guide["済ませる"] == "取組が完了したため、翌年度の一覧に載せない"
    assert guide["やめる"] == "完了せずに終えるため、翌年度の一覧に載せない"


def test_notes_and_proposals_come_back_as_messages(sent: Book) -> None:
    notes = sheet_of(sent.book, "連絡")
    assert {one.coordinate for row in notes.iter_rows() for one in row if not one.protection.locked} == {
        "B3",
        "B4",
        "B5",
        "B6",
    }
    notes["B3"], notes["B5"] = "指標一の\n名称を改めたい。", "新しい指標"
    returns = read_returns([sent.save()])
    assert returns.is_clean
    assert messages(returns) == [
        "甲課.xlsx 意見・連絡事項: 「指標一の 名称を改めたい。」",
        "甲課.xlsx 新規に追加したい項目: 「新しい指標」",
    ]


# Several imports


def test_a_second_reply_of_a_department_is_a_change_of_its_first_and_not_a_conflict(sent: Book) -> None:
    first = sent.write(SECOND, GRADE, "B").save()
    assert apply_returns(read_returns([first]))
    sent.write(SECOND, GRADE, "A").save()
    assert changes(first) == [(2, "評価", "A")]
    # Another department's answer is not the first's to change.
    # In its workbook no item has a unit, so that its cells stand one column to the left.
    other = Book.of("out/test/sheets/乙課.xlsx").write(FIRST, GRADE - 1, "A").save("乙課.xlsx")
    (conflict,) = read_returns([other]).conflicts
    assert conflict.reason == "送った後で、元データも変わりました。"


def test_conflicts_are_settled_for_the_files_named(sent: Book) -> None:
    path = sent.write(FIRST, GRADE, "B").save()
    save("test", SOURCE.replace("評価: A\n", "評価: 未記入\n", 1))
    assert not read_returns([path]).changes
    assert [change.new for change in read_returns([path], settle="reply").changes] == ["B"]
    kept = read_returns([path], settle="source")
    assert (kept.changes, kept.is_clean) == ((), True)
    assert messages(kept) == ["甲課.xlsx 6行 評価: NO 1「指標一」は、元データのままにします(未記入)。"]


def test_status_says_who_has_answered_over_all_imports_and_what_is_still_open(
    sent: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    sent.write(SECOND, ACTUAL, "1").write(SECOND, RATE, "2").write(SECOND, GRADE, "A").write(
        SECOND, OUTSIDE, "○"
    ).save()
    assert main(["import", "back", "--apply"]) == 0
    capsys.readouterr()
    assert main(["status", "test"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[:5] == [
        "source/test.yaml: 2項目、未記入1か所",
        "回答のない担当課:",
        "  乙課: 1項目、未記入1か所",
        "回答のあった担当課:",
        "  甲課: 2項目、未記入1か所",
    ]
    assert "NO 2の方向が、まだ「未記入」です。お手数ですが、決まりましたらお知らせください。" in lines
    untouched = Book.of("out/test/sheets/乙課.xlsx").save("乙課.xlsx")
    assert not apply_returns(read_returns([untouched]))
    assert main(["status", "test"]) == 0
    assert "回答のない担当課:" not in capsys.readouterr().out
    Path("source/.replies/test.json").write_text("[]", "utf-8")
    assert main(["status", "test"]) == 0
    assert "回答のあった担当課:" not in capsys.readouterr().out


def test_imports_at_the_same_time_are_both_remembered(sent: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_returns([sent.save()])
    second = read_returns([Book.of("out/test/sheets/乙課.xlsx").save("乙課.xlsx")])
    other = threading.Thread(target=apply_returns, args=(second,))

    def read_before_the_other_writes(source: Path) -> Replies:
        found = read_replies(source)
        if not other.ident:
            other.start()
            other.join(0.2)  # it waits for this import; if it did not, it would have written by now
        return found

    monkeypatch.setattr(replies, "read_replies", read_before_the_other_writes)
    apply_returns(first)
    other.join()
    assert read_replies(Path("source/test.yaml")).departments == {"甲課", "乙課"}
