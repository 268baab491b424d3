"""Any form that is sound is printed and proved, whatever its levels, columns, words and contents."""

from pathlib import Path

import pytest

from pipeline.documents.report import report
from pipeline.errors import SourceError
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .made_up import FormMaker


def edition(seed: int) -> Validated | None:
    """The edition of that seed; None if its columns do not fit on its paper, or its head not on the page."""
    source = parse_source(Path("source/made-up.yaml"), FormMaker(seed).edition().encode())
    try:
        return validate(source)
    except SourceError as error:
        if {problem.code for problem in error.problems if problem.is_error} <= {"E413", "E418"}:
            return None
        raise


@pytest.mark.parametrize("seed", range(12))
def test_a_report_of_any_form_passes_its_proof(seed: int, font_cache: Path) -> None:
    if validated := edition(seed):
        document = report(validated)
        assert prove(write_pdf(document, font_cache), document) >= 1
