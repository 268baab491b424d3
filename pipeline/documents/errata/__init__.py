"""The errata (正誤表): corrections between a distributed build of an edition and the current one."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from pipeline.documents.comparison import expected as comparison_expected
from pipeline.documents.document import Carried, CarriedFile, Document, Expected, Printed
from pipeline.documents.history import expected as history_expected
from pipeline.documents.report import report
from pipeline.documents.summary import expected as summary_expected
from pipeline.documents.summary import summary
from pipeline.errors import UsageError
from pipeline.model.edition import Edition
from pipeline.model.validation import Validated
from pipeline.text import flat

from . import expected, page
from .distributed import NO_PAGES, Distributed


def errata(
    old: Validated,
    new: Validated,
    read: Callable[[str, Callable[[], Document]], Printed] = lambda *_: NO_PAGES,
    before: Sequence[Validated] = (),
    papers: Sequence[str] = (),
) -> Document:
    """The 正誤表 from the distributed `old` to the corrected `new`. Raises `NothingToDoError` if they say the same.

    `read` says where a paper says what: it gets the kind, and how to make that paper of `old`. `before` are the editions before, the oldest first, and
    `papers` the kinds of papers that were distributed with the list.
    """
    carried = Carried(
        (
            CarriedFile("source-old.yaml", old.source.data, old.source.edition),
            CarriedFile("source-new.yaml", new.source.data, new.source.edition),
        ),
        new.edition.corrected_on or new.edition.as_of,
    )
    last = before[-1] if before else None
    distributed = Distributed(
        old.edition,
        last.edition if last else None,
        frozenset(papers),
        frozenset(_changed(old, new, before, papers)),
        cache(lambda: read("report", lambda: report(old))),
        cache(lambda: read("summary", lambda: summary(old, last))),
    )
    html = page.page(distributed, new.edition, carried)
    return Document(html, expected.expect(distributed, new.edition), carried)


def _changed(old: Validated, new: Validated, before: Sequence[Validated], papers: Sequence[str]) -> Iterator[str]:
    """The kinds of `papers` that say something else but are not corrected one by one."""
    last = before[-1] if before else None

    def differ(say: Callable[[Validated], Expected]) -> bool:
        return say(old) != say(new)

    if "summary" in papers:
        sums = [summary_expected.expect(one.edition, last.edition if last else None) for one in (old, new)]
        # Its figures are corrected; only other changes, as of its title, need a new one.
        if sums[0] != sums[1] and sums[0].blocks == sums[1].blocks:
            yield "summary"
    if "comparison" in papers and last and differ(lambda one: comparison_expected.expect(last, one, False)):
        yield "comparison"
    if "history" in papers and differ(lambda one: history_expected.expect((*before, one))):
        yield "history"


def check_kinship(old: Edition, new: Edition) -> None:
    """Raises `UsageError` if another list was given by mistake: neither the title nor the name of an item is the same."""
    names = ({flat(item.name) for item in edition.items.values()} for edition in (old, new))
    if old.title != new.title and old.items and new.items and set.isdisjoint(*names):
        raise UsageError(
            f"FROM の「{flat(old.title)}」と TO の「{flat(new.title)}」に、同じ名称の項目が一つもありません。"
            "FROM に配布した資料、TO にそれを直した版を指定してください。"
        )


def check_same_edition(old: Validated, new: Validated) -> None:
    """Raises `UsageError` if `old` and `new` are two editions, of which one follows the other or of different years."""
    ids = old.source.edition, new.source.edition
    years = old.edition.fiscal_year, new.edition.fiscal_year
    are_neighbours = old.edition.previous == ids[1] or new.edition.previous == ids[0]
    if ids[0] != ids[1] and (are_neighbours or (all(years) and years[0] != years[1])):
        raise UsageError(
            f"FROM の版「{ids[0]}」と TO の版「{ids[1]}」は、別の年の版です。正誤表は、一つの版の、配布した資料と直した元データから作ります。\n"
            f"前の年と比べるときは: make diff FROM={ids[0]} TO={ids[1]}"
        )
