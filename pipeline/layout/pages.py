"""Part of stage 4: HTML becomes pages that are ready to be written, in one piece or, where a table is long, in parts."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from pipeline.plain import is_plain

from .engine import SVG, Engine, draw, read
from .glyphs import Font
from .margins import head_room
from .tags import Leaf

if TYPE_CHECKING:
    from .fast.chunks import Parts
    from .fast.page_cache import PageCache

# Draws a page, of which the number from 0 is given, on a stream of such a scale, and tells what its content is.
_Draw = Callable[[int, Any, Any, float], Sequence[Leaf]]


class Pages:
    """Pages that are ready to be written, of the HTML below `root`.

    `leaves` holds the content of each page that has been written.
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
        """The fonts; when the pages have been written, with what was shown of each."""
        fonts: dict[int, Font] = self._document.fonts
        return fonts.values()

    def write_pdf(self, **options: Any) -> bytes:
        """The PDF, as WeasyPrint's `Document.write_pdf` makes it."""
        data: bytes = self._document.write_pdf(**options)
        return data


class _Page:
    """What WeasyPrint takes for a page of its own: it is drawn our way, and forgets its boxes then."""

    def __init__(self, page: Any, number: int, draw_page: _Draw, leaves: list[Sequence[Leaf]]) -> None:
        vars(self).update(vars(page))
        self.links: list[Any] = []  # tags.py makes them, with the elements that hold them
        self._page = page
        self._number, self._draw, self._leaves = number, draw_page, leaves

    def paint(self, stream: Any, scale: float = 1) -> None:
        self._leaves.append(self._draw(self._number, self._page, stream, scale))
        # WeasyPrint's own tags, which it makes of the boxes, would be taken down again (tags.py).
        self._page_box: Any = self._page._page_box.copy_with_children([])
        self._page = None


def lay_out(text: str, jobs: int = 1, kept: "PageCache | None" = None) -> Pages:
    """The HTML `text` as pages, laid out by as many as `jobs` processes; the pages are the same whatever their number.

    What is `kept` of the last time is not laid out again where it would be the same; then one process is enough.
    Raises `TemplateError` where the HTML is not well-formed.
    """
    root = read(text)
    if not is_plain() and (table := _longest_table(root)) is not None:
        from .fast.chunks import MustStayWholeError, Parts

        with suppress(MustStayWholeError):
            return _in_parts(Parts(root, table, kept), jobs)
    return _in_one_piece(root)


def _longest_table(root: Element) -> Element | None:
    """The table with the most rows; None where pictures are, which cannot be drawn by themselves."""
    if root.find(f".//{SVG}svg") is not None or root.find(".//img") is not None:
        return None
    tables = root.iterfind(".//main//table/tbody/tr/../..")
    return max(tables, key=lambda table: len(table.findall("tbody/tr")), default=None)


def _in_one_piece(root: Element) -> Pages:
    places = {element: place for place, element in enumerate(root.iter())}
    engine = Engine(root)
    repeated = [element for element in root.iterfind("body/*") if element.tag != "main"]
    lines = (row.get("data-context", "") for row in root.iter("tr"))
    room = head_room(engine, root, repeated, lines)
    document = engine.lay_out_with_heads(root, room)
    seen: set[Element] = set()

    def draw_page(_: int, page: Any, stream: Any, scale: float) -> Sequence[Leaf]:
        return draw(page, stream, scale, places, seen)

    return Pages(document, root, draw_page)


def _in_parts(parts: "Parts", jobs: int) -> Pages:
    drawn = parts.drawn(jobs)
    numbers, pieces = parts.bound(drawn)

    def draw_page(number: int, page: Any, stream: Any, scale: float) -> Sequence[Leaf]:
        leaves: list[Leaf] = []
        for piece in pieces[number]:
            stream.stream.append(piece.content)
            leaves += piece.leaves
            for name, state in piece.states.items():
                stream._resources["ExtGState"].setdefault(name, state)
        return [*leaves, *draw(page, stream, scale, parts.places, set())]

    return Pages(numbers, parts.root, draw_page)
