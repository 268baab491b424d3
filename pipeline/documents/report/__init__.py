"""The report (一覧): the list of one edition."""

from collections.abc import Sequence

from pipeline.documents.document import Carried, CarriedFile, Document
from pipeline.model.validation import Validated

from . import expected, page


def report(validated: Validated, data: Sequence[str] = ()) -> Document:
    """The report on one edition; `data` names the open data files beside its web page."""
    edition, source = validated.edition, validated.source
    carried = Carried((CarriedFile("source.yaml", source.data, source.edition),), edition.as_of)
    return Document(page.page(edition, carried, data), expected.expect(edition), carried)
