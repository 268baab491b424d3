"""The report (一覧): the list of one edition."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.documents.document import Carried, CarriedFile, Document
from pipeline.model.validation import Validated

from . import expected, page

if TYPE_CHECKING:  # it has models, which take time to make
    from pipeline.documents.data import Download


def report(validated: Validated, data: "Sequence[Download]" = ()) -> Document:
    """The report on one edition; `data` are the files of open data beside its web page."""
    edition, source = validated.edition, validated.source
    carried = Carried((CarriedFile("source.yaml", source.data, source.edition),), edition.as_of)
    return Document(page.page(edition, carried, data), expected.expect(edition), carried)
