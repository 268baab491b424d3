"""Any form that is sound makes every document, whatever its levels, columns, words and contents.

And no document speaks the words of the default form: they are data of that form alone.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.documents.checklist import checklist
from pipeline.documents.comparison import comparison
from pipeline.documents.council import council
from pipeline.documents.data import open_data
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.errors import NothingToDoError, SourceError
from pipeline.layout.pdf import write_pdf
from pipeline.model.form import DEFAULT
from pipeline.model.schema import edition_schema
from pipeline.model.validation import Validated, validate
from pipeline.office.sheets import workbooks
from pipeline.proof.data import prove_data
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source
from pipeline.years.draft import next_edition

from .conftest import A_SET
from .made_up import FormMaker

# The words of the default form, and what they are made of.
WORDS = {
    *(level["名称"] for level in DEFAULT["段"]),
    DEFAULT["項目"]["名称"],
    *DEFAULT["欄"],
    *("方針", "施策", "実施", "取扱", "検証"),
}


def editions(seed: int) -> tuple[Validated, Validated] | None:
    """The two editions of that seed; None if their columns do not fit on their paper, or their head not on the page."""
    try:
        old, new = (
            validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))
            for name, text in zip(("made-up", "later"), FormMaker(seed).years(), strict=True)
        )
    except SourceError as error:
        if {problem.code for problem in error.problems if problem.is_error} <= {"E413", "E418"}:
            return None
        raise
    return old, new


def documents(old: Validated, new: Validated) -> Iterator[Document]:
    """A document of each kind."""
    yield report(new)
    yield summary(new, old)
    yield comparison(old, new)
    yield history((old, new))
    yield council((old, new), A_SET)
    yield checklist((old, new), A_SET)
    try:
        yield errata(old, new)
    except NothingToDoError:
        return


@pytest.mark.parametrize("seed", range(8))
def test_a_report_of_any_form_passes_its_proof(seed: int, font_cache: Path) -> None:
    if found := editions(seed):
        document = report(found[0])
        assert prove(write_pdf(document, font_cache), document) >= 1


@pytest.mark.parametrize("seed", range(100, 102))
def test_every_document_of_any_form_passes_its_proof(seed: int, font_cache: Path) -> None:
    found = editions(seed)
    assert found, "choose a seed of which the columns fit"
    for document in documents(*found):
        assert prove(write_pdf(document, font_cache), document) >= 1


@pytest.mark.parametrize("seed", range(200, 204))
def test_no_word_of_the_default_form_is_in_any_output(seed: int) -> None:
    found = editions(seed)
    assert found, "choose a seed of which the columns fit"
    old, new = found
    said = {
        f"{number} {document.expected.title}": re.sub(
            r"<style.*?</style>|<script.*?</script>", "", document.html, flags=re.DOTALL
        )
        for number, document in enumerate(documents(old, new))
    }
    said |= {f"beside {at}": data.decode() for one in documents(old, new) for at, data in one.beside}
    said |= {name: data.decode() for name, data in open_data(new).items()}
    said["draft"] = next_edition(new.edition, "later")
    said["schema"] = edition_schema(new.edition.form)
    for name, data in workbooks(new, old.edition).items():
        sheets = load_workbook(io.BytesIO(data)).worksheets
        said[name] = "\n".join(
            str(cell.value) for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.value
        )
    for name, text in said.items():
        assert {word for word in WORDS if word in text} == set(), name


@pytest.mark.parametrize("seed", range(8))
def test_the_open_data_of_any_form_give_the_edition_back(seed: int) -> None:
    for validated in editions(seed) or ():
        prove_data(open_data(validated), validated)


@pytest.mark.parametrize("seed", range(8))
def test_the_draft_that_follows_an_edition_of_any_form_is_only_unfinished(seed: int) -> None:
    if found := editions(seed):
        validated = found[0]
        text = next_edition(validated.edition, "made-up", "following")
        following = validate(parse_source(Path("source/following.yaml"), text.encode()))
        known = {"W507", *(warning.code for warning in validated.warnings)}
        assert {warning.code for warning in following.warnings} <= known
