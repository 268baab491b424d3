"""The cover of a council's set of papers (資料目録)."""

from collections.abc import Sequence

from pipeline.documents.document import Document, ListedPaper, carried_by_set
from pipeline.model.validation import Validated

from . import expected, page


def council(editions: Sequence[Validated], papers: Sequence[ListedPaper]) -> Document:
    """The 資料目録 of the `papers` on the last of `editions`, a chain along 前版, oldest first."""
    carried = carried_by_set(editions)
    return Document(page.page(editions, papers, carried), expected.expect(editions, papers), carried)
