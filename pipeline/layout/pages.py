"""Part of stage 4: HTML becomes pages ready to be written, with a table in chunks (fast/chunks.py) or in one piece."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from pipeline.plain import is_plain

from .engine import SVG, Engine, draw, read, tables
from .glyphs import Font
from .last_page import Attempt, with_full_last_page
from .margins import head_room
from .tags import Leaf

if TYPE_CHECKING:
    from .fast.chunks import ChunkedTable
    from .fast.page_cache import DrawnPage, PageCache

# (page index from 0, page, stream, scale) -> the tagged content of the page.
_Draw = Callable[[int, Any, Any, float], Sequence[Leaf]]


class Pages:
    """Laid-out pages of the HTML below `root`, which are painted when the PDF is written.

    `leaves` gets the tagged content of each page as it is painted.
    """

    def __init__(self, document: Any, root: Element, draw_page: _Draw) -> None:
        self.root = root
        self.leaves: list[Sequence[Leaf]] = []
        self._document = document
        document.pages = [_Page(page, number, draw_page, self.leaves) for number, page in enumerate(document.pages)]

    def __len__(self) -> int:
        return len(self._document.pages)

    @property
    def fonts(self) -> Iterable[Font]:
        """The fonts of the document. They know their glyphs once the pages are painted."""
        fonts: dict[int, Font] = self._document.fonts
        return fonts.values()

    def write_pdf(self, **options: Any) -> bytes:
        """The PDF; `options` are those of WeasyPrint's `Document.write_pdf`."""
        data: bytes = self._document.write_pdf(**options)
        return data


class _Page:
    """Stands in for a page of WeasyPrint's. `paint` calls our drawing function, then frees the boxes."""

    def __init__(self, page: Any, number: int, draw_page: _Draw, leaves: list[Sequence[Leaf]]) -> None:
        vars(self).update(vars(page))
        self.links: list[Any] = []  # tags.py makes the annotations, together with their Link elements
        self._page = page
        self._number, self._draw, self._leaves = number, draw_page, leaves

    def paint(self, stream: Any, scale: float = 1) -> None:
        self._leaves.append(self._draw(self._number, self._page, stream, scale))
        # WeasyPrint builds its tags from the boxes after painting. tags.py would only remove them again.
        self._page_box: Any = self._page._page_box.copy_with_children([])
        self._page = None


def lay_out(text: str, jobs: int = 1, kept: "PageCache | None" = None) -> Pages:
    """Lay out the HTML `text`. The pages are the same for any number of processes.

    `jobs` is the most processes to use. Pages that are in the cache `kept` are not laid out again; with a cache, one
    process does the work. Raises `TemplateError` if the HTML is not well-formed.
    """
    root = read(text)
    table = _longest_table(root)
    if not is_plain() and table is not None:
        from .fast.chunks import ChunkedTable, MustStayWholeError

        def in_chunks() -> "Attempt[tuple[ChunkedTable, list[DrawnPage]]]":
            chunked = ChunkedTable(root, table, kept)
            drawn = chunked.drawn(jobs)
            return Attempt(tuple(page.start for page in drawn), (chunked, drawn))

        with suppress(MustStayWholeError):
            return _in_chunks(*with_full_last_page(table, in_chunks))
    return _in_one_piece(root, table)


def _longest_table(root: Element) -> Element | None:
    """The table with the most rows; None if the document has pictures, which cannot be drawn page by page."""
    if root.find(f".//{SVG}svg") is not None or root.find(".//img") is not None:
        return None
    tables = root.iterfind(".//main//table/tbody/tr/../..")
    return max(tables, key=lambda table: len(table.findall("tbody/tr")), default=None)


def _in_one_piece(root: Element, table: Element | None) -> Pages:
    places = {element: place for place, element in enumerate(root.iter())}
    engine = Engine(root)
    repeated = [element for element in root.iterfind("body/*") if element.tag != "main"]
    lines = (row.get("data-context", "") for row in root.iter("tr"))
    room = head_room(engine, root, repeated, lines)

    def lay_out_once() -> Attempt[Any]:
        document = engine.lay_out_with_heads(root, room)
        return Attempt(tuple(_starts(document.pages, table)), document)

    document = lay_out_once().pages if table is None else with_full_last_page(table, lay_out_once)
    seen: set[Element] = set()

    def draw_page(_: int, page: Any, stream: Any, scale: float) -> Sequence[Leaf]:
        return draw(page, stream, scale, places, seen)

    return Pages(document, root, draw_page)


def _starts(pages: Iterable[Any], table: Element | None) -> Iterator[int | None]:
    """The index of the row of `table` that begins each page; None if there is none, or it began on the page before."""
    rows = [row for body in table.iterfind("tbody") for row in body] if table is not None else []
    numbers = {row: number for number, row in enumerate(rows)}
    before: set[int] = set()
    for page in pages:
        groups = (group for box in tables(page._page_box) if box.element is table for group in box.children)
        here = [numbers[row.element] for group in groups for row in group.children if row.element in numbers]
        yield here[0] if here and here[0] not in before else None
        before = {*here}


def _in_chunks(table: "ChunkedTable", drawn: "list[DrawnPage]") -> Pages:
    numbers, pieces = table.bound(drawn)

    def draw_page(number: int, page: Any, stream: Any, scale: float) -> Sequence[Leaf]:
        leaves: list[Leaf] = []
        for piece in pieces[number]:
            stream.stream.append(piece.content)
            leaves += piece.leaves
            for name, state in piece.states.items():
                stream._resources["ExtGState"].setdefault(name, state)
        return [*leaves, *draw(page, stream, scale, table.places, set())]

    return Pages(numbers, table.root, draw_page)
