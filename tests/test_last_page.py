"""No last page holds a row or two: rows are drawn together, or some of the page before go along."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from weasyprint.formatting_structure import boxes

from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.fonts import confine_layout
from pipeline.layout import last_page
from pipeline.layout.last_page import Attempt, with_full_last_page
from pipeline.layout.pages import _starts, lay_out
from pipeline.model.validation import Validated, validate
from pipeline.source.tree import parse_source

from .conftest import HEALTHY


def compared(count: int) -> Document:
    """The comparison of two years in which so many items have other texts."""

    def edition(name: str, text: str) -> Validated:
        rows = "".join(
            f"          - {{NO: {number}, 名称: 項目{number}, 実施状況: ○, 今後の取扱い: 継続, 検証内容: {text * 2}}}\n"
            for number in range(10, 10 + count)
        )
        source = HEALTHY.replace("          - NO: 3\n", rows + "          - NO: 3\n")
        return validate(parse_source(Path(f"source/{name}.yaml"), source.encode()))

    return comparison(
        edition("test", "前の年の文章であり、ある程度の長さを持つ。"),
        edition("later", "次の年の別の文言で、少し違う。"),
    )


@pytest.mark.parametrize(("count", "pages"), [(12, 2), (13, 3), (25, 3)])
def test_a_row_or_two_too_many_for_a_page_are_drawn_together_with_the_others(
    count: int, pages: int, font_cache: Path
) -> None:
    confine_layout(font_cache)
    assert len(lay_out(compared(count).html)) == pages


def table(count: int) -> Element:
    """A heading after every third item."""
    rows = "".join(f'<tr class="{"heading" if number % 4 == 0 else "item"}" id="{number}"/>' for number in range(count))
    return ElementTree.fromstring(f'<table data-joins=""><tbody>{rows}</tbody></table>')


def laid_out(element: Element, page: int, closer: int) -> tuple[list[int], list[str]]:
    """The rows that begin a page of `page` rows (drawn together: of `closer` ones), and the breaks that were made."""

    def lay() -> Attempt[list[int]]:
        starts = [0]
        most = closer if "close" in element.get("class", "") else page
        for number, row in enumerate(element.iter("tr")):
            if number - starts[-1] == most or "page-break" in row.get("class", ""):
                starts.append(number)
        return Attempt(tuple(starts), starts)

    starts = with_full_last_page(element, lay)
    return starts, [row.get("id", "") for row in element.iter("tr") if "page-break" in row.get("class", "")]


def test_where_there_is_no_room_the_last_items_of_the_page_before_go_along() -> None:
    assert laid_out(table(42), 20, 22) == ([0, 22], [])
    # Five items, and the heading above the first of them, have a page of their own.
    assert laid_out(table(42), 20, 20) == ([0, 20, 35], ["35"])
    assert laid_out(table(42), 40, 40) == ([0, 35], ["35"])


def test_a_last_page_with_enough_is_left_alone() -> None:
    assert laid_out(table(46), 20, 30) == ([0, 20, 40], [])
    long = table(20 * last_page._MOST_PAGES + 2)
    assert laid_out(long, 20, 30)[0][-1] == 160
    silent = table(42)
    del silent.attrib["data-joins"]
    assert laid_out(silent, 20, 30)[0] == [0, 20, 40]


@pytest.mark.parametrize(
    ("rows", "page", "closer", "starts"),
    [
        # Two items on the last page are too few, three are enough.
        (23, 20, 30, [0]), (24, 20, 30, [0, 20]), (44, 20, 30, [0, 20, 40]),
        # Drawn together, the last page is as short: five items go there, and the heading above them.
        (43, 20, 21, [0, 20, 36]), (43, 20, 20, [0, 20, 36]), (42, 20, 20, [0, 20, 35]),
        # The page before keeps a row at least.
        (8, 7, 7, [0, 2]), (7, 6, 6, [0, 6]), (8, 5, 5, [0, 5]), (3, 2, 2, [0, 2]),
        # One page is the last one, too, and is left alone.
        (3, 20, 20, [0]), (20, 20, 20, [0]),
    ],
)  # fmt: skip
def test_where_the_last_page_begins(rows: int, page: int, closer: int, starts: list[int]) -> None:
    assert laid_out(table(rows), page, closer)[0] == starts


@pytest.mark.parametrize(("pages", "is_mended"), [(2, True), (8, True), (9, False)])
def test_only_short_tables_are_laid_out_again(pages: int, is_mended: bool) -> None:
    starts, breaks = laid_out(table(20 * (pages - 1) + 2), 20, 20)
    assert len(starts) == pages
    assert (breaks != []) is is_mended


class Box:
    """As much of a box of WeasyPrint's as tells which rows are on a page."""

    def __init__(self, element: Element | None = None, children: Iterable[Any] = ()) -> None:
        self.element, self.children = element, [*children]


class TableBox(Box, boxes.TableBox):  # type: ignore[misc]
    """A table."""


@pytest.mark.parametrize(
    ("pages", "starts"),
    [
        (["01", "23"], [0, 2]), (["012"], [0]),
        # A row that goes over the page begins none; so does a page without a row, after which it may go on.
        (["01", "12", "3"], [0, None, 3]), (["0", "0", "01", "1"], [0, None, None, None]), (["", "01", "", "2"], [None, 0, None, 2]),
        ([], []),
    ],
)  # fmt: skip
def test_which_row_begins_each_page(pages: list[str], starts: list[int | None]) -> None:
    element = table(4)
    rows, another = [*element.iter("tr")], table(4)

    def page(numbers: str) -> Any:
        head = Box(children=[Box(Element("tr"))])
        here = TableBox(element, [head, Box(children=[Box(rows[int(number)]) for number in numbers])])
        other = TableBox(another, [Box(children=[Box(row) for row in another.iter("tr")])])
        made = Box()
        made._page_box = Box(children=[other, Box(children=[here])])  # type: ignore[attr-defined]
        return made

    assert [*_starts(map(page, pages), element)] == starts
    assert [*_starts(map(page, pages), None)] == [None for _ in pages]
