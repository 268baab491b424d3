"""Part of stage 4: drawn pages, which are plain data, and those of the last time, for whoever makes a document again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.layout.glyphs import Shown
from pipeline.layout.tags import Leaf


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """A page of a long table without its margins, or what stands in the margins, laid out and drawn.

    `states` holds the graphics states that `content` names; `fonts` what it shows of each font, by
    WeasyPrint's key, with numbers that hold for this page alone (glyphs.py). It begins with row `start` of the table, and the next page with row `next`; None where
    that is within a row. Where it ends is decided by so many rows of the next page.
    """

    content: bytes
    states: Mapping[str, Any]
    fonts: tuple[tuple[int, Shown], ...]
    leaves: tuple[Leaf, ...]
    bookmarks: tuple[Any, ...]
    start: int | None = None
    next: int | None = None
    decisive: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A page, the rows that decided what it looks like, whether it was the first or the last, and where its rows were.

    `place` counts the elements of the HTML up to its first row.
    """

    page: DrawnPage
    rows: Sequence[bytes]
    is_first: bool
    is_last: bool
    place: int


class PageCache:
    """The pages of a long table as they were last time. Rows are known by digests of all that may decide a page.

    `longest` is the most rows that decided a page; 0 where nothing is kept.
    """

    def __init__(self) -> None:
        self.longest = 0
        self._pages: dict[bytes, list[_Kept]] = {}

    def find(self, rows: Sequence[bytes], places: Sequence[int], front: int) -> DrawnPage | None:
        """The page that begins with the row `front` of `rows`, if there was one like it.

        `places` counts the elements of the HTML up to each row.
        """
        for kept in self._pages.get(rows[front], ()):
            end = front + len(kept.rows)
            if rows[front:end] == kept.rows and kept.is_first == (front == 0) and kept.is_last == (end == len(rows)):
                return _moved(kept, front, places[front] - kept.place)
        return None

    def keep(self, rows: Sequence[bytes], places: Sequence[int], pages: Sequence[DrawnPage]) -> None:
        """Keep `pages` for the next time, and no others."""
        self._pages = defaultdict(list)
        self.longest = 0
        for page in pages:
            if page.start is None or page.next is None:
                continue
            end = page.next + page.decisive
            kept = _Kept(page, rows[page.start : end], page.start == 0, end == len(rows), places[page.start])
            self._pages[rows[page.start]].append(kept)
            self.longest = max(self.longest, len(kept.rows))


def _moved(kept: _Kept, front: int, by: int) -> DrawnPage:
    """The page as it is when its first row is row `front`, with so many more elements before it."""
    page = kept.page
    assert page.start is not None
    assert page.next is not None
    return replace(
        page,
        start=front,
        next=page.next + front - page.start,
        # Only the first page, which does not move, has content that stands before its rows.
        leaves=tuple(replace(leaf, element=leaf.element + by) for leaf in page.leaves) if by else page.leaves,
    )
