"""The comparison of two editions (新旧対照表)."""

from pipeline.documents.document import Carried, CarriedFile, Document
from pipeline.model.validation import Validated
from pipeline.years.comparison import compare
from pipeline.years.comparison_data import comparison_json

from . import expected, page


def comparison(old: Validated, new: Validated, show_all: bool = False) -> Document:
    """The 新旧対照表 of two editions with comparison.json; unchanged items are listed only if `show_all`."""
    compared = compare(old.edition, new.edition, old.source.edition, new.source.edition)
    carried = Carried(
        (
            CarriedFile("source-old.yaml", old.source.data, old.source.edition),
            CarriedFile("source-new.yaml", new.source.data, new.source.edition),
        ),
        new.edition.as_of,
    )
    html = page.page(compared, carried, show_all)
    beside = ((".json", comparison_json(compared).encode()),)
    return Document(html, expected.expect(old, new, show_all), carried, beside)
