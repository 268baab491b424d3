"""The list as a workbook (make book): what stands in its cells, how it prints, and when it is made."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.cli.command import main
from pipeline.documents import spreadsheet
from pipeline.documents.book import book, sheet
from pipeline.documents.book.rows import HIDDEN, LIST
from pipeline.errors import ProofError
from pipeline.library import Library
from pipeline.model.validation import Validated, validate
from pipeline.proof.book import _findings, prove_book
from pipeline.source.tree import parse_source

from .conftest import FORMS, HEALTHY, ROOT
from .made_up import FormMaker
from .test_open_data import FIGURES, FLAT

PATH = Path("source/test.yaml")


# What the proof tells if the workbook was made of another file.
SOURCE = "元データ: 控えが違います。"


def validated(text: str) -> Validated:
    return validate(parse_source(PATH, text.encode()))


def opened(data: bytes, folder: Path, name: str = LIST) -> Worksheet:
    path = folder / "opened.xlsx"
    path.write_bytes(data)
    found = load_workbook(path)[name]
    assert isinstance(found, Worksheet)
    return found


def texts(found: Worksheet) -> list[list[str]]:
    """The texts of every row behind its key, without the empty cells."""
    return [[str(cell) for cell in row if cell is not None] for row in found.values]


def parts(line: Any) -> list[str | None]:
    """The texts of a page header or footer."""
    return [line.left.text, line.center.text, line.right.text]


def test_the_rows_are_those_of_the_paper_each_behind_its_key(tmp_path: Path) -> None:
    assert texts(opened(book(validated(HEALTHY)), tmp_path)) == [
        ["行", "policy", "measure", "number", "item", "status", "treatment", "findings"],
        ["表題", "試験一覧"],
        ["凡例 1", "実施状況：◎実施済　○継続推進　×検討中"],
        ["見出し 1", "推進\n方針", "推進\n施策", "NO", "推進項目", "実施\n状況", "今後の\n取扱い", "検証内容"],
        ["段 1", "Ⅰ 方針一"],
        ["段 1.1", "(1) 施策一"],
        ["項目 1", "1", "項目一", "◎", "完了", "終わった。"],
        ["項目 2", "2", "項目二", "○", "継続"],
        ["段 1.2", "(2) 施策二"],
        ["項目 3", "3", "項目三", "×", "継続", "検討する。"],
        ["再掲 1-1", "1", "項目一【再掲】", "-", "-", "-"],
    ]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_every_cell_is_as_the_model_says_whatever_the_form(path: Path) -> None:
    edition = Library(path.parent).validated(path)
    data = book(edition)
    assert prove_book(data, edition) >= len(edition.edition.items)
    assert book(edition) == data  # the same to the byte


@pytest.mark.parametrize("seed", range(4))
def test_so_it_is_with_a_form_that_is_made_up(seed: int) -> None:
    edition = validated(FormMaker(seed).edition())
    assert prove_book(book(edition), edition)


def test_a_year_may_be_part_of_a_head_before_it() -> None:
    text = next(path for path in FORMS if path.stem == "numbers-r6").read_text("utf-8")
    text = text.replace("前版: numbers-r5\n", "").replace("目標値(令和7年度)", "目標値(令和6年度)", 1)
    text = re.sub(" *前版NO: .*\n", "", text.replace("基準値(令和元年度)", "基準値(令和3年度)", 1))
    edition = validated(text)
    assert prove_book(book(edition), edition)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("項目一【再掲】", "項目一", "項目一"),
        ("◎", "○", "◎"),
        ("試験一覧", "試験の一覧", "表の上: 「試験一覧」がありません。"),
        ("検証内容", "検証", "見出し: 「検証内容」がありません。"),
        ("検討する。", "", "検討する。"),
    ],
)
def test_a_workbook_that_says_something_else_is_not_delivered(
    old: str, new: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sheet,
        "write",
        lambda at, row, column, value: spreadsheet.write(at, row, column, new if value == old else value),
    )
    edition = validated(HEALTHY)
    with pytest.raises(ProofError, match="元データと一致しませんでした") as error:
        prove_book(sheet.workbook(edition), edition)
    assert told in str(error.value)


def as_read(data: bytes) -> list[list[str]]:
    """The rows of the list as the proof reads them."""
    sheet = load_workbook(io.BytesIO(data), read_only=True)[LIST]
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.values]


@pytest.mark.parametrize("text", [HEALTHY, FIGURES, FLAT], ids=["healthy", "figures", "flat"])
def test_whichever_cell_is_changed_the_proof_sees_it(text: str) -> None:
    edition = validated(text)
    rows = as_read(book(edition))
    assert [*_findings(rows, edition.edition)] == []
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            # The hidden column has the keys of the rows.
            for other in {cell + "字", ""} - {cell} if column else ():
                changed = [*rows[:at], [*row[:column], other, *row[column + 1 :]], *rows[at + 1 :]]
                assert [*_findings(changed, edition.edition)], (at, column, cell, other)
        if any(row[1:]):
            assert [*_findings(rows[:at] + rows[at + 1 :], edition.edition)], (at, row)
            assert [*_findings([*rows[:at], row, row, *rows[at + 1 :]], edition.edition)], (at, row)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (HEALTHY.replace("項目三", "項目参"), ["['', '', '3', '項目参', '×', '継続', '検討する。'] ← ['', '', '3', '項目三', '×', '継続', '検討する。']", SOURCE]),
        (HEALTHY + "#\n", [SOURCE]),
        (HEALTHY.replace("          - 再掲: 1\n", ""), ["行の数: 6 ← 7", SOURCE]),
        (HEALTHY.replace("実施済", "済"), ["表の上: 「実施状況：◎実施済○継続推進×検討中」がありません。", "表の上: 「実施状況：◎済○継続推進×検討中」が余分です。", SOURCE]),
        (HEALTHY + "後文: 後\n", ["表の下: 「後」が余分です。", SOURCE]),
        (HEALTHY + "見出し: {NO: 番号}\n", ["見出し: 「NO」がありません。", "見出し: 「番号」が余分です。", SOURCE]),
    ],
    ids=["item", "source", "row", "above", "below", "head"],
)  # fmt: skip
def test_what_the_proof_tells_of_a_workbook(wrong: str, told: list[str]) -> None:
    with pytest.raises(ProofError) as error:
        prove_book(book(validated(wrong)), validated(HEALTHY))
    assert str(error.value).splitlines()[1:] == told


def test_of_many_findings_thirty_are_told() -> None:
    row = "          - {{NO: {}, 名称: {}, 実施状況: ○, 今後の取扱い: 継続}}\n"
    one, other = (HEALTHY + "".join(row.format(at, name) for at in range(4, 44)) for name in ("甲", "乙"))
    with pytest.raises(ProofError) as error:
        prove_book(book(validated(one)), validated(other))
    assert len(str(error.value).splitlines()) == 31


def test_what_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    edition = validated(HEALTHY.replace("検証内容: 検討する。", "検証内容: '=1+1'").replace("項目二", "'@A1'"))
    found = opened(book(edition), tmp_path)
    cells = {cell.value: cell.data_type for row in found.iter_rows() for cell in row if cell.value}
    assert cells["=1+1"] == cells["@A1"] == "s"
    assert prove_book(book(edition), edition)


def test_it_prints_like_the_paper(tmp_path: Path) -> None:
    text = HEALTHY.replace("      - 名称: 施策二", "      - 名称: 施策二\n        改ページ: true")
    edition = validated(f"資料番号: 資料1\n年度: 令和5年度\n現在日: 2024-03-31\n{text}")
    found = opened(book(edition), tmp_path)
    assert (found.page_setup.orientation, found.page_setup.paperSize) == ("landscape", 9)
    assert (found.page_setup.fitToWidth, found.page_setup.fitToHeight) == (1, 0)
    keys = [row[0].value for row in found.iter_rows()]
    heads = keys.index("見出し 1") + 1
    assert found.print_title_rows == f"$2:${heads}"  # title, legend and heads on every page
    assert [one.id for one in found.row_breaks.brk] == [keys.index("段 1.2")]
    assert found.freeze_panes == f"A{heads + 1}"
    assert found.auto_filter.ref == f"B{heads}:H{len(keys)}"
    assert (found.row_dimensions[1].hidden, found.column_dimensions["A"].hidden) == (True, True)
    assert parts(found.oddFooter) == [None, "&P / &N", f"元データ {edition.source.digest[:8]}"]
    assert ["年度、資料番号", "令和5年度", "資料1"] in texts(found)
    assert ["凡例 1、現在日", "実施状況：◎実施済　○継続推進　×検討中", "令和6年3月31日現在"] in texts(found)


def test_what_stands_on_the_first_page_alone_is_not_repeated(tmp_path: Path) -> None:
    found = opened(book(validated("前文: 前の文。\n資料番号: 資料1\n" + HEALTHY)), tmp_path)
    keys = [row[0].value for row in found.iter_rows()]
    assert found.print_title_rows == f"${keys.index('凡例 1') + 1}:${keys.index('見出し 1') + 1}"
    assert found.HeaderFooter.differentFirst
    assert parts(found.oddHeader) == [None, "試験一覧", "資料1"]
    assert parts(found.firstHeader) == [None, None, None]


def test_a_long_title_is_cut_in_the_header_of_the_later_pages(tmp_path: Path) -> None:
    text = HEALTHY.replace("表題: 試験一覧", f"表題: {'表&題' * 60}")
    found = opened(book(validated(f"前文: 前の文。\n{text}")), tmp_path)
    said = parts(found.oddHeader)[1] or ""
    assert said.startswith("表&&題表&&題")
    assert said.endswith("…")
    assert len(said) <= 150


def test_widths_are_in_proportion_to_the_paper(tmp_path: Path) -> None:
    found = opened(book(validated(HEALTHY)), tmp_path)
    widths = [found.column_dimensions[letter].width for letter in "BCDE"]
    assert [round(width / widths[0], 2) for width in widths] == [1, 1, 1.12, 9]


def test_a_text_that_is_too_high_for_a_row_takes_several(tmp_path: Path) -> None:
    long = "長い文章を書きます。" * 300
    edition = validated(HEALTHY.replace("終わった。", long))
    found = opened(book(edition), tmp_path)
    keys = [row[0].value for row in found.iter_rows()]
    at = keys.index("項目 1") + 1
    parts = keys.count("続き") + 1
    assert keys[at : at + parts - 1] == ["続き"] * (parts - 1)
    assert f"H{at}:H{at + parts - 1}" in {str(one) for one in found.merged_cells.ranges}
    assert all((found.row_dimensions[row].height or 0) <= 409 for row in range(1, len(keys) + 1))
    lines = -(-len(long) // 49)
    assert sum(found.row_dimensions[row].height or 0 for row in range(at, at + parts)) >= 12.5 * lines
    assert prove_book(book(edition), edition)


def test_lists_offer_the_words_of_the_form(tmp_path: Path) -> None:
    data = book(validated(HEALTHY))
    found, hidden = opened(data, tmp_path), opened(data, tmp_path, HIDDEN)
    said = {}
    for rule in found.data_validations.dataValidation:
        column = (rule.formula1 or "").split("$")[1]
        words = [row[column_index_from_string(column) - 1] for row in hidden.values]
        said[str(rule.sqref)[0]] = [word for word in words if word]
    assert said == {"F": ["◎", "○", "×", "未記入"], "G": ["完了", "継続", "未記入"]}
    assert hidden.sheet_state == "veryHidden"


# Its place among the other papers


@pytest.fixture
def source(project: Path) -> Path:
    path = project / PATH
    path.write_text(HEALTHY, "utf-8")
    return path


def test_it_is_made_again_with_the_other_papers_of_its_edition(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["book", "test"]) == main(["data", "test"]) == 0
    made = Path("out/test/list.xlsx").read_bytes()
    source.write_text(HEALTHY.replace("終わった。", "済んだ。"), "utf-8")
    assert main(["check", "test"]) == 0
    assert "out/test/list.xlsx は、元データより古くなっています。" in capsys.readouterr().err
    assert main(["data", "test"]) == 0
    assert "out/test/list.xlsx: 7行" in capsys.readouterr().out
    assert Path("out/test/list.xlsx").read_bytes() != made
    assert main(["book", "test"]) == 0
    assert "out/test/list.xlsx: 変わっていません。" in capsys.readouterr().out


def test_one_that_was_edited_is_never_overwritten(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["book", "test"]) == main(["data", "test"]) == 0
    path = Path("out/test/list.xlsx")
    path.write_bytes(b"edited")
    assert main(["data", "test"]) == 0  # nothing disagrees yet
    source.write_text(HEALTHY.replace("終わった。", "済んだ。"), "utf-8")
    capsys.readouterr()
    assert main(["data", "test"]) == 1
    told = capsys.readouterr().err
    assert "out/test/list.xlsx は、作り直せないため古いままです。配布しないでください。" in told
    assert "out/test/list.xlsx は、作った後に書き換えられています。" in told
    assert main(["book", "test"]) == 1
    assert main(["clean"]) == 0
    assert "out/test/list.xlsx は残しました" in capsys.readouterr().out
    assert main(["book", "test"]) == 1
    assert path.read_bytes() == b"edited"


def test_the_list_of_the_original_has_73_rows() -> None:
    edition = Library(ROOT / "source").validated(ROOT / "source/original.yaml")
    assert prove_book(book(edition), edition) == 73
