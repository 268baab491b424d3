"""The clerk's page of a council's set of papers (配布前の確認), which is not handed out."""

from collections.abc import Sequence

from pipeline.documents.document import Document, ListedPaper, carried_by_set
from pipeline.model.validation import Validated
from pipeline.years.comparison import Comparison, compare
from pipeline.years.readiness import LastIssue

from . import expected, page


def checklist(
    editions: Sequence[Validated], papers: Sequence[ListedPaper], last_issue: LastIssue | None = None
) -> Document:
    """What to look at before handing out the `papers` on the last of `editions`, a chain along 前版, oldest first.

    `last_issue` is the last issue of that edition; None if there is none.
    """
    carried = carried_by_set(editions)
    html = page.page(editions[-1], compared_with_previous(editions), papers, last_issue, carried)
    return Document(html, expected.expect(editions, papers, last_issue), carried)


def compared_with_previous(editions: Sequence[Validated]) -> Comparison | None:
    """The comparison of the last of `editions` with the one before it; None if it is the only one."""
    if len(editions) < 2:
        return None
    old, new = editions[-2:]
    return compare(old.edition, new.edition, old.source.edition, new.source.edition)
