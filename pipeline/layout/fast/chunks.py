"""Part of stage 4: lays out a document with a long table in chunks of rows, with several processes where possible.

A page of a long table depends only on its own rows and the first rows of the next page. So any row that begins a page
can begin a chunk, in any process. Page breaks are predicted (pagination.py); a chunk whose prediction was wrong is laid
out again. A drawn page is plain data and can be sent between processes. Page numbers and the other margins are drawn
separately, once the number of pages is known.
"""

import gc
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pydyf
from weasyprint.pdf.stream import Stream

from pipeline.layout.engine import LOGGER, Engine, draw, listening, tables, unheard
from pipeline.layout.glyphs import Font, renumber
from pipeline.layout.margins import head_room, lay_out_margins
from pipeline.processes import progress
from pipeline.processes.gc_pause import gc_paused
from pipeline.processes.helper_process import HelperProcess, start_helper_process

from . import pagination
from .page_cache import DrawnPage, PageCache

if TYPE_CHECKING:
    from concurrent.futures import Future

    # (first row, row before which they end) -> a future of the pages and of WeasyPrint's warnings.
    _Ask = Callable[[int, int], Future[tuple[list[DrawnPage], list[str]]]]

# Seconds between progress messages while other processes work.
_TICK = 1.0

# Points a CSS pixel.
_POINTS = 0.75

# Larger chunks need more memory; smaller ones spend more time on their constant costs.
_PAGES_OF_A_CHUNK = 8
# Up to this many rows, a table is one chunk: the prediction would cost more than it saves.
_ROWS_OF_ONE_CHUNK = 120

# The layout of two pages' margins costs as much as this many rows.
_ROWS_OF_MARGINS = 16

# The margins that all pages share are laid out once, and the page numbers when all pages are known. A chunk draws only
# the running line above the table, which depends on the first row of the page.
_NO_SHARED_MARGINS = "@page { @top-left { content: none !important } @bottom-right { content: none !important } }"
_NO_NUMBER = "@page { @bottom-center { content: none !important } }"


class MustStayWholeError(Exception):
    """A page cannot be drawn alone: it has a picture or a pattern, or a font that no row of the sample had."""


class ChunkedTable:
    """A document with a long table. For each chunk, the HTML tree is reduced to the rows of that chunk."""

    def __init__(self, root: Element, table: Element, kept: PageCache | None = None) -> None:
        self.root = root
        self._engine = Engine(root)
        self._kept = kept
        self.places = {element: place for place, element in enumerate(root.iter())}
        self._table = table
        self._bodies = {body: list(body) for body in table.iterfind("tbody")}
        self._rows = [row for rows in self._bodies.values() for row in rows]
        # Of all tables: the rows of the longest one may have no running line.
        self._running_lines = [row.get("data-context", "") for row in root.iter("tr")]
        self._numbers = {row: number for number, row in enumerate(self._rows)}
        self._parents = {child: parent for parent in root.iter() for child in parent}
        self._main = table
        while self._main.tag != "main":
            self._main = self._parents[self._main]
        self._fonts: dict[int, Font] = {}
        # With several chunks: the fonts of the sample. All processes know these; others make a document stay whole.
        self._sample_fonts: set[int] = set()
        self._pages_of_a_chunk = _PAGES_OF_A_CHUNK
        self._page_room: pagination.PageRoom | None = None

    @cached_property
    def _shared_margins(self) -> list[DrawnPage]:
        """The margins of the first page and of all others, without the page number."""
        seen: set[Element] = set()
        document = lay_out_margins(self._engine, self.root, self._repeated, [""] * 2, _NO_NUMBER + self._room)
        return [self._draw_alone(page, seen) for page in document.pages]

    @property
    def _repeated(self) -> list[Element]:
        """The elements that stand in the margins of every page."""
        body = self.root.find("body")
        assert body is not None
        return [element for element in body if element is not self._main]

    @cached_property
    def _room(self) -> str:
        """The CSS that gives all pages room for their head. It depends on all rows, so every chunk uses the same."""
        return head_room(self._engine, self.root, self._repeated, self._running_lines)

    @cached_property
    def _up_to_table(self) -> set[Element]:
        """The elements that are repetitions in every chunk but the first: all up to the end of the table."""
        last = max(map(self.places.__getitem__, self._table.iter()))
        return {element for element, place in self.places.items() if place <= last}

    def margins(self, number: int) -> DrawnPage:
        """The margins of page `number` (from 0), without the page number. They are content on the first page only."""
        return self._shared_margins[number > 0]

    def drawn(self, jobs: int) -> list[DrawnPage]:
        """All pages without their margins, laid out by at most `jobs` processes. Raises `MustStayWholeError`."""
        with self._helpers(jobs) as ask:
            if self._is_long:
                self._measure_sample()
            return self._laid_out_by(ask, jobs)

    @property
    def _is_long(self) -> bool:
        return len(self._rows) > _ROWS_OF_ONE_CHUNK

    @contextmanager
    def _helpers(self, jobs: int) -> Iterator["_Ask | None"]:
        """Fork `jobs` processes for the chunks of a long table. Gives the function that asks them, or None.

        They are forked before this process lays out anything: Pango starts a thread then, and threads do not survive
        a fork.
        """
        if jobs < 2 or self._kept or not self._is_long:
            yield None
            return
        from pipeline.processes.pool import forked  # here: short documents do not need it

        with forked(self._chunk_elsewhere, jobs) as ask:
            yield ask

    def _laid_out_by(self, ask: "_Ask | None", jobs: int) -> list[DrawnPage]:
        """All pages without their margins: from the cache, by the processes of `ask`, in two halves, or one by one."""
        if self._kept:
            return self._chain_with_kept(self._kept)
        if ask:
            from concurrent.futures.process import BrokenProcessPool

            # The system kills a process if memory runs out. Then this process goes on alone, which needs less.
            with (
                suppress(BrokenProcessPool),
                closing(_Ahead(self._plan, ask, jobs)) as it,
            ):
                return self._chain(it.pages)
        elif (
            jobs > 1
            and not self._is_long
            and (middle := self._break_near_the_middle())
            and (helper := start_helper_process(self._chunk_elsewhere))
        ):
            return self._in_two(helper, middle)
        return self._chain(lambda front: self._chunk(*next(self._plan(front))))

    def _chain(self, pages_from: Callable[[int], list[DrawnPage]]) -> list[DrawnPage]:
        """All pages. `pages_from` gives the page that begins with a row, and some of the following ones."""
        pages: list[DrawnPage] = []
        while (front := pages[-1].next if pages else 0) != len(self._rows):
            assert front is not None
            progress.begin_pages(len(pages))
            pages += pages_from(front)
        return pages

    def _in_two(self, helper: HelperProcess, middle: int) -> list[DrawnPage]:
        """All pages. `helper` lays out those from row `middle` on; they are used if a page begins with that row."""
        try:
            end = len(self._rows)
            rest = helper.ask(middle, end)
            pages = self._chunk(0, middle + 1)
            more, complaints = rest()
        finally:
            helper.end()
        if pages[-1].next == middle and self._has_fonts_of(more):
            for complaint in complaints:
                LOGGER.warning("%s", complaint)
            return [*pages, *more]
        return self._chunk(0, end)

    def _break_near_the_middle(self) -> int | None:
        """The row with a forced page break that divides the layout work best; None if there is no such row."""
        rows = enumerate(self._rows)
        breaks = [number for number, row in rows if number and "page-break" in row.get("class", "").split()]
        return min(breaks, key=lambda number: abs(2 * number + _ROWS_OF_MARGINS - len(self._rows)), default=None)

    def _has_fonts_of(self, pages: Sequence[DrawnPage]) -> bool:
        """Whether this process knows all fonts of `pages`, which another process or an earlier build has drawn."""
        return all(key in self._fonts for page in pages for key, *_ in page.fonts)

    def _chain_with_kept(self, kept: PageCache) -> list[DrawnPage]:
        """All pages, from the cache where possible. Others are laid out one at a time, until a cached page follows."""
        with self._with({body: [] for body in self._bodies}, before=True, after=True):
            rest = ElementTree.tostring(self.root)
        rest += f" {self._room} ".encode()
        rows = [hashlib.sha256(rest + ElementTree.tostring(row)).digest() for row in self._rows]
        places = [self.places[row] for row in self._rows]

        def pages_from(front: int) -> list[DrawnPage]:
            page = kept.find(rows, places, front)
            if page and self._has_fonts_of([page]):
                return [page]
            begin, reach = next(self._plan(front))
            return self._chunk(begin, min(reach, begin + kept.longest + 2) if kept.longest else reach)

        pages = self._chain(pages_from)
        kept.keep(rows, places, pages)
        return pages

    def bound(self, drawn: Sequence[DrawnPage]) -> tuple[Any, list[tuple[DrawnPage, DrawnPage]]]:
        """WeasyPrint's document of empty pages with page numbers, and the drawn margins and content of each page.

        The document has the fonts and the bookmarks of the `drawn` pages. The codes of glyphs in the drawn pages are
        replaced by those that are valid for the whole document.
        """
        document = lay_out_margins(self._engine, self.root, [], [""] * len(drawn), _NO_SHARED_MARGINS + self._room)
        document.fonts = self._fonts
        for font in self._fonts.values():
            font.forget()
        for page, content in zip(document.pages, drawn, strict=True):
            page.bookmarks = list(content.bookmarks)
        margins = map(self.margins, range(len(drawn)))
        return document, [
            (self._joined(margin), self._joined(page)) for margin, page in zip(margins, drawn, strict=True)
        ]

    def _joined(self, page: DrawnPage) -> DrawnPage:
        """`page` with the codes of the document. Adds the codes of the page to the fonts of the document."""
        numbers = {}
        for key, shown in page.fonts:
            if self._sample_fonts and key not in self._sample_fonts:
                raise MustStayWholeError
            font = self._fonts[key]
            if changed := font.take_in(shown):
                numbers[font.hash] = changed
        return replace(page, content=renumber(page.content, numbers)) if numbers else page

    # Where chunks begin and end

    def _measure_sample(self) -> None:
        """Lay out a sample with one row of each kind: measure the table and load its fonts."""
        kinds: set[object] = set()
        bodies = {
            body: [
                row
                for row in rows
                if (kind := pagination.kind_of(row)) not in kinds and not kinds.add(kind)  # type: ignore[func-returns-value]
            ]
            for body, rows in self._bodies.items()
        }
        room = self._room
        with unheard(), self._with(bodies, before=True, after=False):
            document = self._engine.lay_out(self.root, _NO_SHARED_MARGINS + _NO_NUMBER + room)
        self._page_room = pagination.measure([page._page_box for page in document.pages], self._table)
        for page in document.pages:
            self._draw_alone(page, set())
        self.margins(0)
        self._sample_fonts = set(self._fonts)
        self._heights = [pagination.height(row, self._page_room) for row in self._rows]
        pages = 1 + sum(1 for _ in pagination.starts(self._rows, self._heights, self._page_room, 0))
        progress.expect_pages(pages)
        self._pages_of_a_chunk = -(-pages // max(2, round(pages / _PAGES_OF_A_CHUNK)))

    def _plan(self, begin: int) -> Iterator[tuple[int, int]]:
        """The predicted chunks from row `begin` on: (first row, end of the rows on which the chunk depends)."""
        end = len(self._rows)
        if not self._page_room:
            yield begin, end
            return
        starts = [begin, *pagination.starts(self._rows, self._heights, self._page_room, begin), end]
        for first in range(0, len(starts) - 1, self._pages_of_a_chunk):
            # The last chunk may be smaller than the others.
            last = first + self._pages_of_a_chunk
            following = starts[last] if last < len(starts) else end
            # A page ends because the next row has no room, together with the heading rows before it.
            reach = next(
                (row + 1 for row in range(following, end) if not self._page_room.kind(self._rows[row]).stays), end
            )
            yield starts[first], max(reach, min(starts[first] + 2, end))

    # One chunk

    def _chunk_elsewhere(self, begin: int, reach: int) -> tuple[list[DrawnPage], list[str]]:
        """`_chunk` for another process: the pages, and WeasyPrint's warnings."""
        with listening() as complaints:
            return self._chunk(begin, reach), complaints

    def _chunk(self, begin: int, reach: int) -> list[DrawnPage]:
        """The pages from row `begin` on that depend only on rows before `reach`. `reach` grows until there is one."""
        end = len(self._rows)
        while True:
            with gc_paused():
                pages = self._laid_out(begin, reach)
            # Boxes refer to each other: without a collection, the boxes of two chunks would be in memory at once.
            gc.collect(0)
            if pages:
                return pages
            reach = min(end, reach + reach - begin)

    def _laid_out(self, begin: int, reach: int) -> list[DrawnPage]:
        """The pages from row `begin` on that depend only on rows before `reach`; maybe none."""
        numbers = self._numbers
        bodies = {body: [row for row in rows if begin <= numbers[row] < reach] for body, rows in self._bodies.items()}
        is_last = reach == len(self._rows)
        style = _NO_SHARED_MARGINS + _NO_NUMBER + self._room
        with self._with(bodies, before=not begin, after=is_last):
            pages = self._engine.lay_out_with_heads(self.root, style).pages
        starts = [begin, *map(self._start, pages, pages[1:])]
        # How many rows of the next page decide where a page ends: the row without room, and heading rows before it.
        decisive = [*map(self._decisive, pages[1:]), 0]
        # The end of the last page depends on rows that were not laid out. So does a page that ends inside a row.
        while pages and not is_last:
            pages.pop()
            if starts[len(pages)] is not None:
                break
        following = [*starts[1:], len(self._rows)]
        seen = set(self._up_to_table) if begin else set[Element]()
        return [
            replace(
                self._draw_alone(page, seen, 0 if begin or index else len(self.margins(0).leaves)),
                start=start,
                next=next_start,
                decisive=more,
            )
            for index, (page, start, next_start, more) in enumerate(
                zip(pages, starts, following, decisive, strict=False)
            )
        ]

    def _with(self, bodies: Mapping[Element, list[Element]], before: bool, after: bool) -> AbstractContextManager[None]:
        """Reduce the tree to the rows in `bodies`, with or without what stands `before` and `after` the table."""
        children: dict[Element, list[Element]] = dict(bodies)
        children[self._table] = [part for part in self._table if part not in bodies or bodies[part]]
        children[self._parents[self._main]] = [self._main]
        element = self._table
        while element is not self._main:
            inner, element = element, self._parents[element]
            at = list(element).index(inner)
            children[element] = [*(element[:at] if before else []), inner, *(element[at + 1 :] if after else [])]
        return _pruned(children)

    def _start(self, page: Any, following: Any) -> int | None:
        """The index of the row that begins the page `following`; None if that row began on `page`, or there is none."""
        row = next((row.element for row in self._rows_on(following)), None)
        if row is None or any(other.element is row for other in self._rows_on(page)):
            return None
        return self._numbers[row]

    def _decisive(self, page: Any) -> int:
        """The number of rows on `page` that decide where the page before it ends."""
        return 1 + sum(1 for _ in takewhile(pagination.stays, self._rows_on(page)))

    def _rows_on(self, page: Any) -> Iterator[Any]:
        """The boxes of the table's rows on `page`."""
        for table in tables(page._page_box):
            if table.element is self._table:
                for group in table.children:
                    yield from (row for row in group.children if row.element in self._numbers)

    def _draw_alone(self, page: Any, seen: set[Element], first_leaf: int = 0) -> DrawnPage:
        """Draw `page` as plain data, with marked-content ids from `first_leaf` on. Raises `MustStayWholeError`."""
        for font in self._fonts.values():
            font.forget()
        names = ("ExtGState", "XObject", "Pattern", "Shading")
        resources = pydyf.Dictionary({name: pydyf.Dictionary() for name in names} | {"ColorSpace": None})
        stream = Stream(self._fonts, (0, 0, page.width, page.height), resources, {}, {}, {}, None)
        leaves = draw(page, stream, _POINTS, self.places, seen, first_leaf)
        if any(resources[name] for name in names[1:]):
            raise MustStayWholeError
        return DrawnPage(
            pydyf.Array(stream.stream).data[1:-1],
            dict(resources["ExtGState"]),
            tuple((key, font.shown) for key, font in self._fonts.items() if font.widths),
            tuple(leaves),
            tuple(page.bookmarks),
        )


class _Ahead:
    """Chunks that other processes lay out ahead of time, as far as page breaks are predicted."""

    def __init__(
        self,
        plan: Callable[[int], Iterator[tuple[int, int]]],
        ask: Callable[[int, int], "Future[tuple[list[DrawnPage], list[str]]]"],
        processes: int,
    ) -> None:
        self._plan, self._ask = plan, ask
        # One more than there are processes, so that none is idle.
        self._most = processes + 1
        self._asked: dict[int, Future[tuple[list[DrawnPage], list[str]]]] = {}
        self._done = 0

    def close(self) -> None:
        """Cancel the chunks that no process has begun."""
        for future in self._asked.values():
            future.cancel()

    def pages(self, front: int) -> list[DrawnPage]:
        """The pages of the chunk that begins with row `front`."""
        planned = dict(islice(self._plan(front), self._most))
        # Cancel chunks that were predicted wrongly.
        self._asked = {
            begin: future for begin, future in self._asked.items() if begin in planned or not future.cancel()
        }
        for begin, reach in planned.items():
            if begin not in self._asked:
                self._asked[begin] = self._ask(begin, reach)
        future = self._asked.pop(front)
        while not future.done():
            progress.begin_pages(self._done)
            with suppress(TimeoutError):
                future.result(_TICK)
        pages, complaints = future.result()
        for complaint in complaints:
            LOGGER.warning("%s", complaint)
        self._done += len(pages)
        return pages


@contextmanager
def _pruned(children: Mapping[Element, Sequence[Element]]) -> Iterator[None]:
    """Give elements other `children` for the time of a layout."""
    whole = {element: list(element) for element in children}
    for element, kept in children.items():
        element[:] = kept
    try:
        yield
    finally:
        for element, all_children in whole.items():
            element[:] = all_children
