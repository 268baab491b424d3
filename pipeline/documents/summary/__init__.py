"""The counts of an edition with their chart (集計表)."""

from pipeline.documents.document import Carried, CarriedFile, Document
from pipeline.model.validation import Validated

from . import expected, page


def summary(validated: Validated, previous: Validated | None) -> Document:
    """The summary of one edition, ready to be laid out; with the change since `previous` where there is one."""
    edition, old = validated.edition, previous.edition if previous else None
    # Of two files neither has the name by which a PDF stands for its edition.
    named = {"source-old.yaml": previous, "source-new.yaml": validated} if previous else {"source.yaml": validated}
    carried = Carried(
        tuple(CarriedFile(name, one.source.data, one.source.edition) for name, one in named.items()), edition.as_of
    )
    return Document(page.page(edition, old, carried), expected.expect(edition, old), carried)
