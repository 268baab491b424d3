"""What was distributed: the edition in its wrong state, where its papers say what, and which papers there are."""

from collections.abc import Callable, Set
from dataclasses import dataclass

from pipeline.documents.document import Printed
from pipeline.model.edition import Edition

NO_PAGES = Printed({}, ())


@dataclass(frozen=True, slots=True)
class Distributed:
    """A set of papers on `edition`, which stands in its wrong state; `before` is its 前版.

    `papers` are the kinds of papers that there are beside the list, `replaced` those of them that are not corrected one by
    one but replaced. `report` and `summary` say where these papers say what.
    """

    edition: Edition
    before: Edition | None = None
    papers: Set[str] = frozenset()
    replaced: Set[str] = frozenset()
    report: Callable[[], Printed] = lambda: NO_PAGES
    summary: Callable[[], Printed] = lambda: NO_PAGES
