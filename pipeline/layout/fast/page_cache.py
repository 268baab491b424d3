"""Part of stage 4: pages drawn as plain data, and a cache of them for the preview."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.layout.glyphs import Shown
from pipeline.layout.tags import Leaf


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """A drawn page of a long table without its margins, or the drawn margins of a page.

    `content` is the content stream. `states` has the graphics states that it names, and `fonts` the codes that it uses
    of each font (WeasyPrint's key), which are valid for this page alone (glyphs.py). The page begins with row `start`
    of the table and the next one with row `next`; None if the page break is inside a row. The first `decisive` rows of
    the next page decide where this page ends.
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
    """A cached page with the digests of the rows that it depends on.

    `place` is the index of its first row among the elements of the HTML.
    """

    page: DrawnPage
    rows: Sequence[bytes]
    is_first: bool
    is_last: bool
    place: int


class PageCache:
    """The pages of the last build. A row's digest covers everything that a page may depend on besides other rows.

    `longest` is the largest number of rows that a cached page depends on; None if the cache is empty.
    """

    def __init__(self) -> None:
        self.longest: int | None = None
        self._pages: dict[bytes, list[_Kept]] = {}

    def find(self, rows: Sequence[bytes], places: Sequence[int], front: int) -> DrawnPage | None:
        """The cached page for the rows from index `front` on, or None.

        `rows` has the digests of all rows, `places` the index of each row among the elements of the HTML.
        """
        for kept in self._pages.get(rows[front], ()):
            end = front + len(kept.rows)
            if rows[front:end] == kept.rows and kept.is_first == (front == 0) and kept.is_last == (end == len(rows)):
                return _moved(kept, front, places[front] - kept.place)
        return None

    def keep(self, rows: Sequence[bytes], places: Sequence[int], pages: Sequence[DrawnPage]) -> None:
        """Replace the content of the cache by `pages`."""
        self._pages = defaultdict(list)
        for page in pages:
            if page.start is None or page.next is None:
                continue
            end = page.next + page.decisive
            kept = _Kept(page, rows[page.start : end], page.start == 0, end == len(rows), places[page.start])
            self._pages[rows[page.start]].append(kept)
        self.longest = max((len(kept.rows) for some in self._pages.values() for kept in some), default=None)


def _moved(kept: _Kept, front: int, by: int) -> DrawnPage:
    """The cached page with its first row at index `front`; `by` is how many more HTML elements are before it."""
    page = kept.page
    assert page.start is not None
    assert page.next is not None
    return replace(
        page,
        start=front,
        next=page.next + front - page.start,
        # Elements before the rows are content of the first page only, which does not move.
        leaves=tuple(replace(leaf, element=leaf.element + by) for leaf in page.leaves) if by else page.leaves,
    )
