"""The summary (集計表): counts of an edition with a chart."""

from pipeline.documents.document import Carried, CarriedFile, Document
from pipeline.model.validation import Validated

from . import expected, page


def summary(validated: Validated, previous: Validated | None) -> Document:
    """The summary of one edition, with the change since `previous` if there is one."""
    edition, old = validated.edition, previous.edition if previous else None
    # Neither of two attachments may be named source.yaml, which identifies a PDF as that of one edition.
    named = {"source-old.yaml": previous, "source-new.yaml": validated} if previous else {"source.yaml": validated}
    carried = Carried(
        tuple(CarriedFile(name, one.source.data, one.source.edition) for name, one in named.items()), edition.as_of
    )
    return Document(page.page(edition, old, carried), expected.expect(edition, old), carried)
