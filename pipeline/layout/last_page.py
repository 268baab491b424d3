"""Keeps the last page of a table from holding a row or two: drawn together, or given rows of the page before.

Only tables that ask for it (`data-joins`) are laid out again, and only short ones: so it costs nothing elsewhere. The
layout is a matter of rows and pages alone, so it is the same however the pages are made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar
from xml.etree.ElementTree import Element

from .engine import DIVIDED

_T = TypeVar("_T")

# The attribute of a table that asks for it, and the class of one whose rows are drawn together.
_JOINS, _CLOSE, _BREAK = "data-joins", "close", "page-break"
# Up to so many pages.
_MOST_PAGES = 8
# Up to so many items a last page is short. It then gets so many.
_SHORT, _ENOUGH = 2, 5


@dataclass(frozen=True, slots=True)
class Attempt(Generic[_T]):
    """A layout: the index of the row that begins each page (None if a page begins with no row or inside one)."""

    starts: tuple[int | None, ...]
    pages: _T


def with_full_last_page(table: Element, lay_out: Callable[[], Attempt[_T]]) -> _T:
    """The pages that `lay_out` makes, if need be of a `table` that is drawn together or has another page break."""
    first = lay_out()
    rows = [row for body in table.iterfind("tbody") for row in body]
    if table.get(_JOINS) is None or not _is_short(first, rows):
        return first.pages
    for change in _changes(table, rows, first):
        for row in rows:
            row.attrib.pop(DIVIDED, None)
        classes = change.get("class", "")
        change.set("class", f"{classes} {_CLOSE if change is table else _BREAK}")
        try:
            other = lay_out()
        except BaseException:
            change.set("class", classes)
            raise
        if len(other.starts) < len(first.starts) or (
            len(other.starts) == len(first.starts) and not _is_short(other, rows)
        ):
            return other.pages
        change.set("class", classes)
    return first.pages


def _changes(table: Element, rows: list[Element], first: Attempt[_T]) -> Iterator[Element]:
    """What to change, one after the other: the table, which is drawn together, or the row that begins the last page."""
    yield table
    items = [at for at, row in enumerate(rows) if _is_item(row)]
    begins, before = items[-_ENOUGH] if len(items) > _ENOUGH else 0, first.starts[-2] or 0
    # Headings, and rows that stay with the next one, go along.
    while begins > before + 1 and _stays(rows[begins - 1]):
        begins -= 1
    if begins > before:
        yield rows[begins]


def _is_short(attempt: Attempt[_T], rows: list[Element]) -> bool:
    start = attempt.starts[-1]
    if start is None or not 1 < len(attempt.starts) <= _MOST_PAGES:
        return False
    return sum(map(_is_item, rows[start:])) <= _SHORT


def _is_item(row: Element) -> bool:
    return "item" in _classes(row)


def _stays(row: Element) -> bool:
    return not _is_item(row) or "stays" in _classes(row)


def _classes(row: Element) -> list[str]:
    return row.get("class", "").split()
