"""The errata (正誤表): corrections between a distributed build of an edition and the current one."""

from pipeline.documents.document import Carried, CarriedFile, Document
from pipeline.errors import UsageError
from pipeline.model.edition import Edition
from pipeline.model.validation import Validated
from pipeline.text import flat

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


def check_kinship(old: Edition, new: Edition) -> None:
    """Raises `UsageError` if another list was given by mistake: neither the title nor the name of an item is the same."""
    names = ({flat(item.name) for item in edition.items.values()} for edition in (old, new))
    if old.title != new.title and old.items and new.items and set.isdisjoint(*names):
        raise UsageError(
            f"FROM の「{flat(old.title)}」と TO の「{flat(new.title)}」に、同じ名称の項目が一つもありません。"
            "FROM に配布した資料、TO にそれを直した版を指定してください。"
        )
