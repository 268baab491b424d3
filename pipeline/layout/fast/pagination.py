"""Part of stage 4: predicts the page breaks of a long table without laying it out.

The prediction only decides how the table is cut into chunks (chunks.py), never what a page looks like. A wrong one is
noticed by the layout and costs time.
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
    """Measures of rows that have the same styles. Heights in pixels.

    `cells` has for each cell the width for text, in halves of an em, and the height of a line. `around` is padding and
    borders above and below the lines. `stays`: no page break after the row.
    """

    cells: tuple[tuple[int, float], ...]
    around: float
    stays: bool
    begins_page: bool
    may_be_divided: bool

    @property
    def beginning(self) -> float:
        """The least room in which a split row begins: two lines (row_breaks.py)."""
        return self.around + 2 * max(line for _, line in self.cells)


@dataclass(frozen=True, slots=True)
class PageRoom:
    """The room for rows on a page, and the kinds of rows, measured on a sample. Heights in pixels.

    `first` is the room on the page on which the table begins.
    """

    room: float
    first: float
    kinds: dict[object, _RowKind]

    def kind(self, row: Element) -> _RowKind:
        """The measures of rows like `row`. Raises `KeyError` if the sample had none."""
        return self.kinds[kind_of(row)]


def kind_of(row: Element) -> object:
    """A key that is the same for rows to which the same styles apply."""
    return row.get("class"), tuple((cell.tag, cell.get("class"), cell.get("colspan")) for cell in row)


def measure(pages: Sequence[Any], table: Element) -> PageRoom:
    """Measure a sample: `pages` are the boxes of pages with one row of each kind of `table`."""
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
                # The small addition lets text fit that is exactly as wide as the cell.
                int(cell.width / cell.style["font_size"] * 2 + 0.01),
                next((line.height for line in cell.descendants() if isinstance(line, boxes.LineBox)), 0.0),
            )
            for cell in row.children
        ),
        # The least, because WeasyPrint pads the lower cells of a row to its height.
        min(cell.border_height() - cell.height for cell in row.children),
        stays(row),
        row.style["break_before"] == "page",
        row.style["break_inside"] != "avoid",
    )


def stays(row: Any) -> bool:
    """Whether no page break may follow the row box `row`."""
    return bool(row.style["break_after"] == "avoid")


def height(row: Element, page_room: PageRoom) -> float:
    """The predicted height of `row`, in pixels."""
    kind = page_room.kind(row)
    texts = map(line_breaks.laid_out, row)
    return kind.around + max(lines(text, halves) * line for text, (halves, line) in zip(texts, kind.cells, strict=True))


def starts(rows: Sequence[Element], heights: Sequence[float], page_room: PageRoom, begin: int) -> Iterator[int]:
    """The indexes of the rows that are predicted to begin pages, after the page that begins with row `begin`."""
    room = page_room.room if begin else page_room.first
    first = begin  # the first row of the current page
    for index in range(begin, len(rows)):
        kind = page_room.kind(rows[index])
        # A row taller than a page is split, whatever the styles say (engine.py).
        may_be_divided = kind.may_be_divided or heights[index] > page_room.room
        if index > first and kind.begins_page:
            yield index
            first, room = index, page_room.room
        elif heights[index] > room + 0.01 and index > first:
            if may_be_divided and room + 0.01 >= kind.beginning:
                # The row is split: no page begins with it.
                room += page_room.room
            else:
                start = index
                while start > first + 1 and page_room.kind(rows[start - 1]).stays:
                    start -= 1
                yield start
                first, room = start, page_room.room - sum(heights[start:index])
        room -= heights[index]
        while room < 0 and may_be_divided:
            room += page_room.room


@lru_cache(maxsize=4096)
def lines(text: str, halves: int) -> int:
    """The predicted number of lines of `text` in a cell whose width is `halves` of an em; 0 if it is empty."""
    if not text:
        return 0
    return sum(_lines(paragraph, halves) for paragraph in text.split("\n"))


def _lines(paragraph: str, halves: int) -> int:
    """The same for text without line ends."""
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
        # A word wider than the line is broken anywhere.
        more, filled = divmod(max(piece - 1, 0), halves)
        count, filled = count + more, filled + 1
    return count
