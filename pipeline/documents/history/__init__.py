"""The history (経過): every item over all editions."""

from collections.abc import Sequence

from pipeline.documents.document import Carried, CarriedFile, Document
from pipeline.model.validation import Validated

from . import expected, page


def history(editions: Sequence[Validated]) -> Document:
    """The history of `editions`, which follow each other along 前版, the oldest first."""
    shown = page.shown(editions)
    carried = Carried(
        tuple(CarriedFile(f"source-{one.source.edition}.yaml", one.source.data, one.source.edition) for one in shown),
        editions[-1].edition.as_of,
    )
    return Document(page.page(editions, carried), expected.expect(editions), carried)
