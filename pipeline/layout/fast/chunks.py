"""Part of stage 4: a document with a long table, laid out part by part, side by side where that is possible.

What a page of a long table looks like depends on nothing but its rows: so its pages can be laid out anywhere, if only
it is known with which row one begins. That is foreseen (pagination.py), and what was foreseen wrongly is laid out
again. A page that was drawn is plain data, which can leave its process. Only its number, and what stands in the
margins of all pages alike, is drawn for itself.
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

    # Has rows of the table laid out: from which row on, before which they end.
    _Ask = Callable[[int, int], Future[tuple[list[DrawnPage], list[str]]]]

# While other processes are at work, it is said so often, in seconds, how far they have come.
_TICK = 1.0

# WeasyPrint lays out in pixels, PDF counts points.
_POINTS = 0.75

# More pages in a part need more memory at once; of fewer, each bears more of what it costs to begin a part.
_PAGES_OF_A_PART = 8
# A table of so few rows makes one part: to foresee its pages would take longer than is won.
_ROWS_OF_ONE_PART = 120

# To lay out the margins of two pages takes as long as so many rows.
_ROWS_OF_EDGES = 16

# What stands in the margins of every page is laid out once, and the numbers by themselves when all pages are known.
# Only the running line above the table, which goes by its first row, belongs to a part.
_NO_EDGES = "@page { @top-left { content: none !important } @bottom-right { content: none !important } }"
_NO_NUMBER = "@page { @bottom-center { content: none !important } }"


class MustStayWholeError(Exception):
    """A page holds what cannot be drawn by itself: a pattern, a font that nearly no row has."""


class Parts:
    """A document whose long table is laid out part by part, each as if there were no other rows."""

    def __init__(self, root: Element, table: Element, kept: PageCache | None = None) -> None:
        self.root = root
        self._engine = Engine(root)
        self._kept = kept
        self.places = {element: place for place, element in enumerate(root.iter())}
        self._table = table
        self._bodies = {body: list(body) for body in table.iterfind("tbody")}
        self._rows = [row for rows in self._bodies.values() for row in rows]
        self._numbers = {row: number for number, row in enumerate(self._rows)}
        self._parents = {child: parent for parent in root.iter() for child in parent}
        self._main = table
        while self._main.tag != "main":
            self._main = self._parents[self._main]
        self._fonts: dict[int, Font] = {}
        # Of several parts, those that were met before the parts were laid out, wherever that was.
        self._met: set[int] = set()
        self._pages_of_a_part = _PAGES_OF_A_PART
        self._sheet: pagination.PageRoom | None = None

    @cached_property
    def _edges(self) -> list[DrawnPage]:
        seen: set[Element] = set()
        document = lay_out_margins(self._engine, self.root, self._repeated, [""] * 2, _NO_NUMBER + self._room)
        return [self._draw_alone(page, seen) for page in document.pages]

    @property
    def _repeated(self) -> list[Element]:
        """What stands in the margins of every page."""
        body = self.root.find("body")
        assert body is not None
        return [element for element in body if element is not self._main]

    @cached_property
    def _room(self) -> str:
        """The style by which all pages have room for their head: it goes by all rows, whichever of them are laid out."""
        lines = (row.get("data-context", "") for row in self._rows)
        return head_room(self._engine, self.root, self._repeated, lines)

    @cached_property
    def _up_to_table(self) -> set[Element]:
        """What a later part repeats has been content before: all but what follows the table, as another table's head."""
        last = max(map(self.places.__getitem__, self._table.iter()))
        return {element for element, place in self.places.items() if place <= last}

    def edge(self, number: int) -> DrawnPage:
        """What stands in the margins of a page besides its number: of the first it is content, then it is repeated."""
        return self._edges[number > 0]

    def drawn(self, jobs: int) -> list[DrawnPage]:
        """All pages but for their margins, laid out by as many as `jobs` processes. Raises `MustStayWholeError`."""
        with self._helpers(jobs) as ask:
            if self._is_long:
                self._foresee()
            return self._laid_out_by(ask, jobs)

    @property
    def _is_long(self) -> bool:
        return len(self._rows) > _ROWS_OF_ONE_PART

    @contextmanager
    def _helpers(self, jobs: int) -> Iterator["_Ask | None"]:
        """A way to have parts of a long table laid out by `jobs` processes, if that can be had.

        They are forked before this one lays out anything: Pango then begins a thread, which does not go along.
        """
        if jobs < 2 or self._kept or not self._is_long:
            yield None
            return
        from pipeline.processes.pool import forked  # here: short documents do without

        with forked(self._part_elsewhere, jobs) as ask:
            yield ask

    def _laid_out_by(self, ask: "_Ask | None", jobs: int) -> list[DrawnPage]:
        """All pages."""
        if self._kept:
            return self._chain_with_kept(self._kept)
        if ask:
            from concurrent.futures.process import BrokenProcessPool

            # If the machine ends one of the processes, it is most likely for want of memory: one alone needs less.
            with (
                suppress(BrokenProcessPool),
                closing(_Ahead(self._plan, ask, jobs)) as it,
            ):
                return self._chain(it.pages)
        elif (
            jobs > 1
            and not self._is_long
            and (middle := self._break_near_the_middle())
            and (beside := start_helper_process(self._part_elsewhere))
        ):
            return self._in_two(beside, middle)
        return self._chain(lambda front: self._part(*next(self._plan(front))))

    def _chain(self, pages_from: Callable[[int], list[DrawnPage]]) -> list[DrawnPage]:
        """All pages, of which `pages_from` tells those that begin with a row and some that follow."""
        pages: list[DrawnPage] = []
        while (front := pages[-1].next if pages else 0) != len(self._rows):
            assert front is not None
            progress.begin_pages(len(pages))
            pages += pages_from(front)
        return pages

    def _in_two(self, beside: HelperProcess, middle: int) -> list[DrawnPage]:
        """All pages; those from row `middle` on, with which one begins, are laid out by the process `beside` this one."""
        try:
            end = len(self._rows)
            rest = beside.ask(middle, end)
            pages = self._part(0, middle + 1)
            more, complaints = rest()
        finally:
            beside.end()
        if pages[-1].next == middle and self._has_met(more):
            for complaint in complaints:
                LOGGER.warning("%s", complaint)
            return [*pages, *more]
        return self._part(0, end)

    def _break_near_the_middle(self) -> int | None:
        """The row, marked to begin a page, up to which there is about as much to lay out as from it on, if there is one."""
        rows = enumerate(self._rows)
        breaks = [number for number, row in rows if number and "page-break" in row.get("class", "").split()]
        return min(breaks, key=lambda number: abs(2 * number + _ROWS_OF_EDGES - len(self._rows)), default=None)

    def _has_met(self, pages: Sequence[DrawnPage]) -> bool:
        """Whether all fonts of `pages`, which were not drawn here or not now, are at hand."""
        return all(key in self._fonts for page in pages for key, *_ in page.fonts)

    def _chain_with_kept(self, kept: PageCache) -> list[DrawnPage]:
        """All pages; those that are as they were are not laid out again, and the others one by one, to come upon them."""
        with self._with({body: [] for body in self._bodies}, before=True, after=True):
            rest = ElementTree.tostring(self.root)
        rest += f" {self._room} ".encode()
        rows = [hashlib.sha256(rest + ElementTree.tostring(row)).digest() for row in self._rows]
        places = [self.places[row] for row in self._rows]

        def pages_from(front: int) -> list[DrawnPage]:
            page = kept.find(rows, places, front)
            if page and self._has_met([page]):
                return [page]
            begin, reach = next(self._plan(front))
            return self._part(begin, min(reach, begin + kept.longest + 2) if kept.longest else reach)

        pages = self._chain(pages_from)
        kept.keep(rows, places, pages)
        return pages

    def bound(self, drawn: Sequence[DrawnPage]) -> tuple[Any, list[tuple[DrawnPage, DrawnPage]]]:
        """A document of nothing but the numbers of the pages, with the bookmarks and fonts of what is `drawn` on them.

        Also what stands on each page, in its margins and between them, with the numbers that glyphs have in the document.
        """
        document = lay_out_margins(self._engine, self.root, [], [""] * len(drawn), _NO_EDGES + self._room)
        document.fonts = self._fonts
        for font in self._fonts.values():
            font.forget()
        for page, content in zip(document.pages, drawn, strict=True):
            page.bookmarks = list(content.bookmarks)
        edges = map(self.edge, range(len(drawn)))
        return document, [(self._joined(edge), self._joined(page)) for edge, page in zip(edges, drawn, strict=True)]

    def _joined(self, page: DrawnPage) -> DrawnPage:
        """`page`, of which the fonts of the document take in what it shows, with the numbers that its glyphs have there."""
        numbers = {}
        for key, shown in page.fonts:
            if self._met and key not in self._met:
                raise MustStayWholeError
            font = self._fonts[key]
            if changed := font.take_in(shown):
                numbers[font.hash] = changed
        return replace(page, content=renumber(page.content, numbers)) if numbers else page

    # Where the parts begin and end

    def _foresee(self) -> None:
        """Measure the table, and meet its fonts, on a sample of its rows."""
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
            document = self._engine.lay_out(self.root, _NO_EDGES + _NO_NUMBER + room)
        self._sheet = pagination.measure([page._page_box for page in document.pages], self._table)
        for page in document.pages:
            self._draw_alone(page, set())
        self.edge(0)
        self._met = set(self._fonts)
        self._heights = [pagination.height(row, self._sheet) for row in self._rows]
        pages = 1 + sum(1 for _ in pagination.starts(self._rows, self._heights, self._sheet, 0))
        progress.expect_pages(pages)
        self._pages_of_a_part = -(-pages // max(2, round(pages / _PAGES_OF_A_PART)))

    def _plan(self, begin: int) -> Iterator[tuple[int, int]]:
        """The parts from row `begin` on: with which row each begins, and before which the rows end that decide it."""
        end = len(self._rows)
        if not self._sheet:
            yield begin, end
            return
        starts = [begin, *pagination.starts(self._rows, self._heights, self._sheet, begin), end]
        for first in range(0, len(starts) - 1, self._pages_of_a_part):
            # A little more than a page less would not be worth a part.
            last = first + self._pages_of_a_part
            following = starts[last] if last < len(starts) else end
            # The row that has no room, and those that stay with it, make a page end.
            reach = next((row + 1 for row in range(following, end) if not self._sheet.kind(self._rows[row]).stays), end)
            yield starts[first], max(reach, min(starts[first] + 2, end))

    # A part

    def _part_elsewhere(self, begin: int, reach: int) -> tuple[list[DrawnPage], list[str]]:
        """`_part` in another process, and what WeasyPrint complained of there."""
        with listening() as complaints:
            return self._part(begin, reach), complaints

    def _part(self, begin: int, reach: int) -> list[DrawnPage]:
        """The pages of the rows from `begin` on that are decided by the rows before `reach`; at least one."""
        end = len(self._rows)
        while True:
            with gc_paused():
                pages = self._laid_out(begin, reach)
            # Boxes refer to each other; a part that stayed until the collector comes by itself would be one too many.
            gc.collect(0)
            if pages:
                return pages
            reach = min(end, reach + reach - begin)

    def _laid_out(self, begin: int, reach: int) -> list[DrawnPage]:
        numbers = self._numbers
        bodies = {body: [row for row in rows if begin <= numbers[row] < reach] for body, rows in self._bodies.items()}
        is_last = reach == len(self._rows)
        style = _NO_EDGES + _NO_NUMBER + self._room
        with self._with(bodies, before=not begin, after=is_last):
            pages = self._engine.lay_out_with_heads(self.root, style).pages
        starts = [begin, *map(self._start, pages, pages[1:])]
        # Of the next page, the rows that stay with the one that had no room, and that one.
        decisive = [*map(self._decisive, pages[1:]), 0]
        # How the last page ends is decided by rows that are not there.
        while pages and not is_last:
            pages.pop()
            if starts[len(pages)] is not None:
                break
        following = [*starts[1:], len(self._rows)]
        seen = set(self._up_to_table) if begin else set[Element]()
        return [
            replace(
                self._draw_alone(page, seen, 0 if begin or index else len(self.edge(0).leaves)),
                start=start,
                next=next_start,
                decisive=more,
            )
            for index, (page, start, next_start, more) in enumerate(
                zip(pages, starts, following, decisive, strict=False)
            )
        ]

    def _with(self, bodies: Mapping[Element, list[Element]], before: bool, after: bool) -> AbstractContextManager[None]:
        """The tree with such rows alone, and with what stands `before` and `after` the table."""
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
        """The row with which the page `following` begins; None if it goes on with what `page` began, or has no rows."""
        row = next((row.element for row in self._rows_on(following)), None)
        if row is None or any(other.element is row for other in self._rows_on(page)):
            return None
        return self._numbers[row]

    def _decisive(self, page: Any) -> int:
        return 1 + sum(1 for _ in takewhile(pagination.stays, self._rows_on(page)))

    def _rows_on(self, page: Any) -> Iterator[Any]:
        """The boxes of the table's rows on `page`."""
        for table in tables(page._page_box):
            if table.element is self._table:
                for group in table.children:
                    yield from (row for row in group.children if row.element in self._numbers)

    def _draw_alone(self, page: Any, seen: set[Element], first_leaf: int = 0) -> DrawnPage:
        """Draw `page` by itself; its content is numbered from `first_leaf` on."""
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
    """Parts that other processes lay out before they are asked for, as far as it is foreseen where they begin."""

    def __init__(
        self,
        plan: Callable[[int], Iterator[tuple[int, int]]],
        ask: Callable[[int, int], "Future[tuple[list[DrawnPage], list[str]]]"],
        processes: int,
    ) -> None:
        self._plan, self._ask = plan, ask
        # One more than can be at work, so that nobody waits to be asked.
        self._most = processes + 1
        self._asked: dict[int, Future[tuple[list[DrawnPage], list[str]]]] = {}
        self._done = 0

    def close(self) -> None:
        """Give up what has not been begun."""
        for future in self._asked.values():
            future.cancel()

    def pages(self, front: int) -> list[DrawnPage]:
        """The pages of the part that begins with row `front`."""
        planned = dict(islice(self._plan(front), self._most))
        # What was foreseen wrongly is not begun any more.
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
    """The tree in which elements have such `children` alone."""
    whole = {element: list(element) for element in children}
    for element, kept in children.items():
        element[:] = kept
    try:
        yield
    finally:
        for element, all_children in whole.items():
            element[:] = all_children
