"""What laying out does in its own way to be quick is the same to the reader as WeasyPrint's way."""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pypdfium2
import pytest
import tinyhtml5
from PIL import Image, ImageChops, ImageFilter

from pipeline.documents.comparison import comparison
from pipeline.documents.data import downloads, open_data
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.errors import TemplateError
from pipeline.layout.engine import LOGGER, listening, unheard
from pipeline.layout.fast import table_rules
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import validate
from pipeline.source.tree import parse_source

from .conftest import HEALTHY, Made


def documents() -> dict[str, Document]:
    old, new = (
        validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))
        for name, text in (("old", HEALTHY), ("new", HEALTHY.replace("項目一", "項目&<二>")))
    )
    return {
        "report": report(new, downloads(open_data(new))),
        "comparison": comparison(old, new, True),
        "errata": errata(old, new),
        "summary": summary(new, old),
    }


def elements(root: Any) -> list[tuple[str, dict[str, str], str]]:
    """Each element with its text; of the root and the scripts the white space and comments around do not count."""
    return [
        (element.tag.rpartition("}")[2], dict(element.attrib), (element.text or "").strip("\n"))
        for element in root.iter()
        if isinstance(element.tag, str) and element.tag != "script"
    ]


@pytest.mark.parametrize("name", documents())
def test_the_html_is_the_same_to_a_strict_reader_and_to_one_that_forgives(name: str) -> None:
    text = documents()[name].html
    assert elements(ElementTree.fromstring(text)) == elements(tinyhtml5.parse(text, namespace_html_elements=False))


def test_html_that_is_not_closed_is_named_with_its_line(healthy: Made, font_cache: Path) -> None:
    document = healthy.document
    broken = Document(document.html.replace("</main>", ""), document.expected, document.carried)
    with pytest.raises(TemplateError, match=r"閉じていません.*</body>"):
        write_pdf(broken, font_cache)


def test_progress_is_silent_only_while_what_is_laid_out_makes_no_pages() -> None:
    progress = logging.getLogger("weasyprint.progress")
    with suppress(ValueError), unheard():
        assert progress.disabled
        raise ValueError
    assert not progress.disabled


def test_warnings_are_heard_and_no_more_than_these() -> None:
    with listening() as heard:
        LOGGER.info("step")
        LOGGER.warning("no %s", "font")
        LOGGER.error("broken")
    LOGGER.warning("later")
    assert heard == ["no font", "broken"]


def pages(pdf: bytes) -> list[Image.Image]:
    return [page.render(scale=4, grayscale=True).to_pil() for page in pypdfium2.PdfDocument(pdf)]


def test_long_rules_are_where_the_borders_of_cells_were(
    make: Callable[[str], Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    def inked(page: Image.Image) -> Image.Image:
        return page.point(lambda value: 0 if value < 230 else 255)

    def alone(one: Image.Image, other: Image.Image) -> int:
        """How many dark pixels of `one` have none near them in `other`: readers differ in how fine a fine line is."""
        near = inked(other).filter(ImageFilter.MinFilter(5))
        return ImageChops.subtract(near, inked(one)).histogram()[255]

    ours = make(HEALTHY)
    monkeypatch.setattr(table_rules, "take_rules", lambda _: [])
    theirs = make(HEALTHY)
    assert len(ours.pdf) < len(theirs.pdf)
    for one, other in zip(pages(ours.pdf), pages(theirs.pdf), strict=True):
        assert alone(one, other) < 10
        assert alone(other, one) < 10


def test_one_rule_stands_below_the_head_whatever_row_begins_the_page(original: Made) -> None:
    """A policy, which has a rule as heavy as the head's above it, begins the first page and the third."""
    for page in pypdfium2.PdfDocument(original.pdf):
        picture = page.render(scale=8, grayscale=True).to_pil().point(lambda value: value < 128)
        # In the first column, left of all words.
        left = next(at for at in range(picture.width) if picture.getpixel((at, picture.height // 2))) + 12
        column = "".join("#" if picture.getpixel((left, at)) else " " for at in range(picture.height))
        rules = sorted(map(len, column.split()))
        assert rules[-1] <= 0.8 * 8 + 2
        assert len(rules) >= 3
