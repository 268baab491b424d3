"""A NO stands in one line in every document, however many figures it has."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .conftest import HEALTHY


def edition(numbers: tuple[int, ...], word: str, name: str) -> Validated:
    text = HEALTHY.replace("終わった。", word)
    for old, number in zip((3, 2, 1), reversed(numbers), strict=True):
        text = text.replace(f"NO: {old}\n", f"NO: {number}\n").replace(f"再掲: {old}\n", f"再掲: {number}\n")
    return validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))


def renamed(one: Validated, name: str) -> Validated:
    return replace(one, source=replace(one.source, edition=name))


DOCUMENTS: dict[str, Callable[[Validated, Validated], Document]] = {
    "report": lambda _, new: report(new),
    "comparison": lambda old, new: comparison(old, new, show_all=True),
    "errata": errata,
    "history": lambda old, new: history([renamed(old, f"year-{at}") for at in range(9)] + [new]),
}


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("figures", [4, 9])
def test_a_number_stands_in_one_line(document: str, figures: int, font_cache: Path) -> None:
    numbers = (11, 10 ** (figures - 1) + 7, int("9" * figures))
    made = DOCUMENTS[document](edition(numbers, "まだ。", "old"), edition(numbers, "済んだ。", "new"))
    pdf = write_pdf(made, font_cache)
    prove(pdf, made)
    read = "".join(sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(pdf))
    for number in numbers[:1] if document == "errata" else numbers:
        assert str(number) in read
