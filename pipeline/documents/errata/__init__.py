"""The errata (正誤表): corrections between a distributed build of an edition and the current one."""

from pipeline.documents.document import Carried, CarriedFile, Document
from pipeline.model.validation import Validated

from . import expected, page


def errata(old: Validated, new: Validated) -> Document:
    """The 正誤表 from the distributed `old` to the corrected `new`. Raises `NothingToDoError` if they say the same."""
    carried = Carried(
        (
            CarriedFile("source-old.yaml", old.source.data, old.source.edition),
            CarriedFile("source-new.yaml", new.source.data, new.source.edition),
        ),
        new.edition.as_of,
    )
    html = page.page(old.edition, new.edition, carried)
    return Document(html, expected.expect(old.edition, new.edition), carried)
