"""The workbooks that go out: complete, protected, the same bytes each time, and by Excel's rules."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.cli.command import main
from pipeline.model.form import BLANK
from pipeline.model.validation import validate
from pipeline.office.sheets import SheetsError, make_sheets
from pipeline.office.workbook_format import ANSWERS, GUIDE, HEAD_ROW, HIDDEN
from pipeline.source.tree import parse_source, read_source

from .conftest import HEALTHY, ROOT

FIRST = HEAD_ROW + 1

pytestmark = pytest.mark.usefixtures("project")

# HEALTHY, a year later, for two departments and one item of both.
NEXT = """\
表題: 試験一覧
年度: 平成25年度
担当課: 協働推進課
前版: old
凡例: {◎: 実施済, ○: 継続推進, ×: 中止}
今後の取扱い: {完了: 終了, 継続: 継続}
推進方針:
  - 名称: 方針一
    推進施策:
      - 名称: 施策一
        推進項目:
          - {NO: 1, 名称: 項目二と三, 実施状況: 未記入, 今後の取扱い: 未記入, 前版NO: [2, 3]}
          - {NO: 2, 名称: 新しい項目, 実施状況: 未記入, 今後の取扱い: 未記入, 担当課: 社会教育課}
          - {NO: 3, 名称: 項目一, 実施状況: ○, 今後の取扱い: 継続, 検証内容: "=1+1", 担当課: 協働推進課、社会教育課, 前版NO: [1]}
"""


def save(name: str, text: str) -> Path:
    path = Path(f"source/{name}.yaml")
    path.write_text(text, "utf-8")
    return path


def sheet_of(book: Workbook, name: str) -> Worksheet:
    sheet = book[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def opened(path: Path) -> Workbook:
    return load_workbook(path)


@pytest.fixture
def made() -> dict[str, Path]:
    """The workbooks of NEXT by department."""
    save("old", HEALTHY)
    sheets = make_sheets(save("next", NEXT))
    assert all(path.parent == Path("out/next/sheets") for path in sheets.paths)
    return {path.stem: path for path in sheets.paths}


def rows(path: Path, name: str = ANSWERS) -> list[list[str]]:
    sheet = sheet_of(opened(path), name)
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_each_department_gets_its_items_and_shared_ones_go_to_each(made: dict[str, Path]) -> None:
    asked = {department: [row[3] for row in rows(path)[HEAD_ROW:]] for department, path in made.items()}
    assert asked == {"協働推進課": ["1", "3"], "社会教育課": ["2", "3"]}


def test_last_year_stands_beside_this_year(made: dict[str, Path]) -> None:
    head, first, third = rows(made["協働推進課"])[HEAD_ROW - 1 :]
    assert head == [
        *("NO", "推進方針", "推進施策", "NO", "推進項目"),
        *("前年度NO", "実施状況", "今後の取扱い", "検証内容"),
        *("実施状況", "今後の取扱い", "検証内容"),
    ]
    merged = ["2\n3", "○\n×(検討中)", "継続\n継続", "検討する。"]
    assert first == ["1", "Ⅰ 方針一", "(1) 施策一", "1", "項目二と三", *merged, BLANK, BLANK, ""]
    shared = "項目一\n(社会教育課と共同)"
    last_year = ["1", "◎", "完了", "終わった。"]
    assert third == ["3", "Ⅰ 方針一", "(1) 施策一", "3", shared, *last_year, "○", "継続", "=1+1"]


def test_an_edition_without_departments_is_one_workbook_without_last_year() -> None:
    (path,) = make_sheets(save("test", HEALTHY)).paths
    assert path == Path("out/test/sheets/担当課なし.xlsx")
    assert rows(path)[HEAD_ROW - 1] == [
        *("NO", "推進方針", "推進施策", "NO", "推進項目"),
        *("実施状況", "今後の取扱い", "検証内容"),
    ]
    assert [row[3] for row in rows(path)[HEAD_ROW:]] == ["1", "2", "3"]  # no repeats


def test_heads_legend_and_terms_are_the_edition_s_own() -> None:
    text = (
        HEALTHY.replace("凡例:\n", "見出し: {実施状況: 進捗, 推進方針: 柱}\n凡例:\n")
        .replace("◎", "A")
        .replace("完了", "済み")
    )
    (path,) = make_sheets(save("test", text)).paths
    book = opened(path)
    assert rows(path)[HEAD_ROW - 1][1] == "柱"
    hidden = sheet_of(book, HIDDEN)
    assert [hidden.cell(row, 9).value for row in range(1, 5)] == ["A", "○", "×", BLANK]
    assert [hidden.cell(row, 10).value for row in range(1, 4)] == ["済み", "継続", BLANK]
    assert "A 実施済" in str(sheet_of(book, ANSWERS)["B3"].value)
    guide = "".join(map("".join, rows(path, GUIDE)))
    assert "進捗" in guide
    assert "A実施済○継続推進×検討中" in guide


def test_only_the_answers_are_unlocked_and_the_lists_offer_the_edition_s_words(made: dict[str, Path]) -> None:
    book = opened(made["協働推進課"])
    sheet = sheet_of(book, ANSWERS)
    unlocked = {cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
    assert unlocked == {f"{column}{row}" for column in "JKL" for row in (FIRST, FIRST + 1)}
    assert {cell: sheet[cell].number_format for cell in unlocked} == dict.fromkeys(unlocked, "@")
    protection = sheet.protection
    assert protection.sheet
    assert not protection.password
    assert [protection.formatRows, protection.sort, protection.autoFilter] == [False] * 3  # not forbidden
    assert book.security
    assert book.security.lockStructure
    rules = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert rules == {
        f"J{FIRST}:J{FIRST + 1}": f"'{HIDDEN}'!$I$1:$I$4",
        f"K{FIRST}:K{FIRST + 1}": f"'{HIDDEN}'!$J$1:$J$3",
    }


def test_ids_and_what_went_out_are_hidden(made: dict[str, Path]) -> None:
    book = opened(made["社会教育課"])
    assert book.sheetnames == [ANSWERS, GUIDE, "連絡", HIDDEN]
    assert sheet_of(book, HIDDEN).sheet_state == "veryHidden"
    assert sheet_of(book, ANSWERS).column_dimensions["A"].hidden
    values = [[cell for cell in row if cell] for row in rows(made["社会教育課"], HIDDEN)]
    assert [row[1] for row in values[1:4]] == ["next", read_source(Path("source/next.yaml")).digest, "社会教育課"]
    where = "方針一\n施策一"
    assert values[9:] == [["2", "新しい項目", where, BLANK, BLANK], ["3", "項目一", "1", where, "○", "継続", "=1+1"]]


def test_pages_are_a4_landscape_with_heads_and_numbers(made: dict[str, Path]) -> None:
    sheet = sheet_of(opened(made["協働推進課"]), ANSWERS)
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == f"${HEAD_ROW - 1}:${HEAD_ROW}"
    assert sheet.oddFooter
    assert sheet.oddFooter.center
    assert sheet.oddFooter.center.text == "&P / &N"
    assert sheet.freeze_panes == f"F{FIRST}"


def test_the_same_source_gives_the_same_bytes_at_any_time() -> None:
    path = save("test", HEALTHY)
    (made,) = make_sheets(path).paths
    data = made.read_bytes()
    with zipfile.ZipFile(made) as file:
        assert {entry.date_time[0] for entry in file.infolist()} == {2000}
        assert b"2000-01-01T00:00:00Z" in file.read("docProps/core.xml")
        assert not re.search(rb"20[12]\d-", file.read("docProps/core.xml"))
    made.unlink()
    make_sheets(path)
    assert made.read_bytes() == data


def test_text_that_looks_like_a_formula_stays_text(made: dict[str, Path]) -> None:
    cell = sheet_of(opened(made["協働推進課"]), ANSWERS)[f"L{FIRST + 1}"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    with zipfile.ZipFile(made["協働推進課"]) as file:
        assert b"<f>" not in file.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("department", "name"),
    [
        ("A/B\\C:D*E?F", "A_B_C_D_E_F"),
        ("../../etc", "etc"),
        ("...", "_"),
        ("CON", "_CON"),
        ("~$課", "課"),
        ("地域 振興", "地域_振興"),
        ("課" * 100, "課" * 60),
        ("第1" + "課" * 98, "第1" + "課" * 58),
    ],
)
def test_a_file_is_named_after_its_department_where_every_system_accepts_it(department: str, name: str) -> None:
    text = HEALTHY.replace("自治体:", f"担当課: '{department}'\n自治体:")
    (path,) = make_sheets(save("test", text)).paths
    assert path == Path(f"out/test/sheets/{name}.xlsx")


def test_departments_whose_names_come_out_alike_keep_a_file_each() -> None:
    text = HEALTHY.replace("検証内容: 終わった。", "担当課: a/b").replace("検証内容: 検討する。", "担当課: A?B")
    paths = make_sheets(save("test", text)).paths
    assert [path.name for path in paths] == ["a_b.xlsx", "担当課なし.xlsx", "A_B (2).xlsx"]


def test_a_department_that_is_no_more_loses_its_workbook_and_nothing_else_goes(made: dict[str, Path]) -> None:
    other = Path("out/next/sheets/メモ.xlsx")
    other.write_bytes(b"note")
    sheets = make_sheets(save("next", NEXT.replace("社会教育課", "協働推進課")))
    assert sheets.removed == (made["社会教育課"],)
    assert sorted(path.name for path in other.parent.iterdir()) == ["メモ.xlsx", "協働推進課.xlsx"]


@pytest.mark.parametrize("text", [NEXT + "\n", NEXT.replace("社会教育課", "協働推進課")])
def test_a_workbook_that_holds_answers_is_neither_replaced_nor_removed(made: dict[str, Path], text: str) -> None:
    path = made["社会教育課"]
    path.write_bytes(b"answers")
    before = made["協働推進課"].read_bytes()
    save("next", text)
    with pytest.raises(SheetsError, match="回答なら"):
        make_sheets(Path("source/next.yaml"))
    assert path.read_bytes() == b"answers"
    assert made["協働推進課"].read_bytes() == before


def test_making_them_again_replaces_what_nobody_touched(made: dict[str, Path]) -> None:
    before = made["協働推進課"].read_bytes()
    make_sheets(save("next", NEXT.replace("表題: 試験一覧", "表題: 別の一覧")))
    assert made["協働推進課"].read_bytes() != before


def test_the_longest_texts_fit_into_cells_and_what_does_not_is_said() -> None:
    text = HEALTHY.replace("終わった。", "長" * 20_000)
    (path,) = make_sheets(save("old", text)).paths
    assert rows(path)[HEAD_ROW][7] == "長" * 20_000
    several = NEXT.replace("[2, 3]", "[1, 2, 3]").replace('検証内容: "=1+1"', "検証内容: " + "長" * 20_000)
    make_sheets(save("next", several))
    save("test", HEALTHY.replace("終わった。", "𠮟" * 20_000))
    with pytest.raises(SheetsError, match="NO 1「項目一」の検証内容"):
        make_sheets(Path("source/test.yaml"))


def test_a_long_legend_stays_within_excel_s_rules() -> None:
    legend = "".join(f"  とても長い名の記号{number:03}: 意味{number}\n" for number in range(17))
    (path,) = make_sheets(
        save("test", ("凡例の場所: 一ページ目\n" + HEALTHY).replace("  ×: 検討中\n", f"  ×: 検討中\n{legend}"))
    ).paths
    sheet = sheet_of(opened(path), ANSWERS)
    for rule in sheet.data_validations.dataValidation:
        assert len(rule.formula1 or "") <= 255
        assert len(rule.error or "") <= 255
        assert len(rule.errorTitle or "") <= 32
    assert (sheet.row_dimensions[3].height or 0) <= 409


def test_rows_grow_with_an_answer_because_their_height_is_not_set_by_hand(made: dict[str, Path]) -> None:
    with zipfile.ZipFile(made["協働推進課"]) as file:
        tags = re.findall(rb'<row r="(\d+)"[^>]*>', file.read("xl/worksheets/sheet1.xml"))
        fixed = re.findall(rb'<row r="(\d+)"[^>]*customHeight', file.read("xl/worksheets/sheet1.xml"))
        heights = re.findall(rb'<row r="(\d+)"[^>]* ht="', file.read("xl/worksheets/sheet1.xml"))
    assert {b"6", b"7"} <= {*tags} & {*heights}
    assert not {b"6", b"7"} & {*fixed}
    assert {b"3", str(HEAD_ROW).encode()} <= {*fixed}


def test_long_texts_wrap_and_begin_at_the_top_of_their_row(made: dict[str, Path]) -> None:
    book = opened(made["協働推進課"])
    answers, guide = sheet_of(book, ANSWERS), sheet_of(book, GUIDE)
    texts = [cell for row in answers.iter_rows(min_row=HEAD_ROW, min_col=2) for cell in row]
    assert all(cell.font.bold for cell in texts[: len(answers[HEAD_ROW]) - 1])
    assert all(cell.alignment.wrap_text for cell in (answers["B3"], *texts, *guide["B"][1:7]))
    assert {cell.alignment.vertical for cell in texts[len(answers[HEAD_ROW]) - 1 :]} == {"top"}


def test_the_words_to_choose_from_are_explained_in_a_ruled_table(made: dict[str, Path]) -> None:
    guide = sheet_of(opened(made["協働推進課"]), GUIDE)
    ruled = [
        cell.value for row in guide.iter_rows() for cell in row if cell.border.left.style and cell.border.top.style
    ]
    fates = ["完了", "翌年度の一覧に載せない", "継続", "翌年度の一覧に載せる"]
    assert ruled == ["◎", "実施済", "○", "継続推進", "×", "中止", *fates]


def test_every_cell_is_set_in_the_approved_font(made: dict[str, Path]) -> None:
    book = opened(made["協働推進課"])
    fonts = {cell.font.name for name in (ANSWERS, GUIDE) for row in sheet_of(book, name).iter_rows() for cell in row}
    assert fonts == {"BIZ UDGothic"}
    # The widths of columns count digits of this one.
    assert (book._named_styles["Normal"].font.name, book._named_styles["Normal"].font.sz) == ("BIZ UDGothic", 10)  # type: ignore[attr-defined]
    # The unit of column widths, and the font of the footer.
    with zipfile.ZipFile(made["協働推進課"]) as file:
        styles = file.read("xl/styles.xml")
    assert re.search(rb'<cellStyleXfs count="1"><xf [^>]*fontId="0"', styles)
    assert re.search(rb'<fonts count="\d+"><font><name val="BIZ UDGothic"/><sz val="10"/></font>', styles)


def test_the_original_has_every_item() -> None:
    path = save("original", (ROOT / "source/original.yaml").read_text("utf-8"))
    (made,) = make_sheets(path).paths
    edition = validate(parse_source(path, path.read_bytes())).edition
    answers = [(row[4], row[5], row[6], row[7]) for row in rows(made)[HEAD_ROW:]]
    assert answers == [
        (item.name, *(item.text(column) for column in edition.form.own)) for item in edition.items.values()
    ]
    assert zipfile.ZipFile(io.BytesIO(made.read_bytes())).testzip() is None


def test_a_folder_that_is_a_link_is_told_before_what_it_leads_to(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "source/test.yaml").write_text(HEALTHY, "utf-8")
    assert main(["sheets"]) == 0
    folder = Path("out/test/sheets")
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes() + b"\0")
    folder.rename("elsewhere")
    folder.symlink_to(Path("elsewhere").absolute())
    assert main(["sheets"]) == 3
    assert "out/test/sheets がほかの場所へのリンクになっています。" in capsys.readouterr().err
