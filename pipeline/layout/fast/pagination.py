"""Part of stage 4: where the pages of a long table are likely to begin, told without laying it out.

What it says decides only what is laid out side by side (pages.py), never what a page looks like: a page that begins
elsewhere than was foreseen is found by the layout itself, and costs time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

from weasyprint.formatting_structure import boxes
from weasyprint.text.line_break import get_log_attrs

from pipeline.layout import line_breaks
from pipeline.text import width_in_halves


@dataclass(frozen=True, slots=True)
class _RowKind:
    """Rows that are laid out alike.

    Of each cell the width for text in halves of its font's size, and the height of a line; `around` is what stands
    above and below the lines. Heights in pixels.
    """

    cells: tuple[tuple[int, float], ...]
    around: float
    stays: bool
    begins_page: bool
    may_be_divided: bool

    @property
    def beginning(self) -> float:
        """The height of two lines: a row that is divided does not begin where there is less room (row_breaks.py)."""
        return self.around + 2 * max(line for _, line in self.cells)


@dataclass(frozen=True, slots=True)
class PageRoom:
    """What a table was measured to be on a sample of its rows: the room for rows on a page, and the kinds of rows.

    Heights in pixels; `first` is the room on the page on which the table begins.
    """

    room: float
    first: float
    kinds: dict[object, _RowKind]

    def kind(self, row: Element) -> _RowKind:
        return self.kinds[kind_of(row)]


def kind_of(row: Element) -> object:
    """What tells rows apart that the stylesheets may treat differently."""
    return row.get("class"), tuple((cell.tag, cell.get("class"), cell.get("colspan")) for cell in row)


def measure(pages: Sequence[Any], table: Element) -> PageRoom:
    """What can be learned from `pages`, on which a sample of `table` with a row of each kind is laid out."""
    kinds: dict[object, _RowKind] = {}
    room = first = 0.0
    for page in pages:
        for found in page.descendants():
            if not isinstance(found, boxes.TableBox) or found.element is not table:
                continue
            head = sum(group.height for group in found.children if group.is_header)
            foot = page.content_box_y() + page.height - found.border_bottom_width
            room = foot - page.content_box_y() - found.border_top_width - head
            first = first or foot - found.content_box_y() - head
            for group in found.children:
                if not group.is_header:
                    kinds |= {kind_of(row.element): _measured(row) for row in group.children}
    return PageRoom(room, first, kinds)


def _measured(row: Any) -> _RowKind:
    return _RowKind(
        tuple(
            (
                # A hair more, as what is exactly as wide as the cell fits.
                int(cell.width / cell.style["font_size"] * 2 + 0.01),
                next((line.height for line in cell.descendants() if isinstance(line, boxes.LineBox)), 0.0),
            )
            for cell in row.children
        ),
        # In all cells but the highest, WeasyPrint's padding fills the row.
        min(cell.border_height() - cell.height for cell in row.children),
        stays(row),
        row.style["break_before"] == "page",
        row.style["break_inside"] != "avoid",
    )


def stays(row: Any) -> bool:
    """Whether `row`, a box, stays with the next one."""
    return bool(row.style["break_after"] == "avoid")


def height(row: Element, sheet: PageRoom) -> float:
    """How high `row` is likely to be, in pixels."""
    kind = sheet.kind(row)
    texts = map(line_breaks.laid_out, row)
    return kind.around + max(lines(text, halves) * line for text, (halves, line) in zip(texts, kind.cells, strict=True))


def starts(rows: Sequence[Element], heights: Sequence[float], sheet: PageRoom, begin: int) -> Iterator[int]:
    """The rows with which pages are likely to begin after the one that begins with row `begin`."""
    room = sheet.room if begin else sheet.first
    first = begin  # of this page
    for index in range(begin, len(rows)):
        kind = sheet.kind(rows[index])
        # What is taller than a page is divided, whatever the styles say (engine.py).
        may_be_divided = kind.may_be_divided or heights[index] > sheet.room
        if index > first and kind.begins_page:
            yield index
            first, room = index, sheet.room
        elif heights[index] > room + 0.01 and index > first:
            if may_be_divided and room + 0.01 >= kind.beginning:
                # It begins here and goes on at the head of the next page, which no page begins with.
                room += sheet.room
            else:
                start = index
                while start > first + 1 and sheet.kind(rows[start - 1]).stays:
                    start -= 1
                yield start
                first, room = start, sheet.room - sum(heights[start:index])
        room -= heights[index]
        while room < 0 and may_be_divided:
            room += sheet.room


@lru_cache(maxsize=4096)
def lines(text: str, halves: int) -> int:
    """In how many lines `text` is likely to be set, so many halves of an em wide; none if it is empty."""
    if not text:
        return 0
    return sum(_lines(paragraph, halves) for paragraph in text.split("\n"))


def _lines(paragraph: str, halves: int) -> int:
    if width_in_halves(paragraph) <= halves:
        return 1
    attributes = get_log_attrs(paragraph, "ja")
    breaks = [0, *(i for i in range(1, len(paragraph)) if attributes[i].is_line_break), len(paragraph)]
    count, filled = 1, 0
    for begin, end in pairwise(breaks):
        piece = width_in_halves(paragraph[begin:end])
        trailing = len(paragraph[begin:end]) - len(paragraph[begin:end].rstrip())
        if filled + piece - trailing <= halves:
            filled += piece
            continue
        if filled:
            count += 1
        # What cannot be broken and is wider than a line is broken anywhere.
        more, filled = divmod(max(piece - 1, 0), halves)
        count, filled = count + more, filled + 1
    return count
