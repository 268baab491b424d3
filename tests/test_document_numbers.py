"""Each document prints its own number (資料番号) at the top right."""

from pathlib import Path

import pytest

from pipeline.documents.comparison import comparison
from pipeline.documents.data import open_data
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.data import prove_data
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .conftest import HEALTHY

NUMBERS = {"一覧": "甲1", "集計表": "乙2", "新旧対照表": "丙3", "経過": "丁4", "正誤表": "戊5"}


def documents(number: str) -> dict[str, Document]:
    """Every kind of document on an edition with this 資料番号."""
    old, new = (edition(f"{number}\n{text}") for text in (HEALTHY, HEALTHY.replace("終わった。", "終えた。")))
    return {
        "一覧": report(new),
        "集計表": summary(new, None),
        "新旧対照表": comparison(old, new),
        "経過": history((new,)),
        "正誤表": errata(old, new),
    }


def edition(text: str) -> Validated:
    return validate(parse_source(Path("source/test.yaml"), text.encode()))


def printed(document: Document) -> set[str]:
    """The numbers in the masthead."""
    return {paragraph.text for paragraph in document.expected.masthead} & {*NUMBERS.values(), "資料1"}


def test_each_document_prints_its_own_number(font_cache: Path) -> None:
    listed = ", ".join(f"{name}: {number}" for name, number in NUMBERS.items())
    for name, document in documents(f"資料番号: {{{listed}}}").items():
        assert printed(document) == {NUMBERS[name]}
        prove(write_pdf(document, font_cache), document)  # the pages show what is expected


def test_the_open_data_have_the_number_of_the_list() -> None:
    validated = edition(f"資料番号: {{一覧: 甲1, 経過: 丁4}}\n{HEALTHY}")
    files = open_data(validated)
    prove_data(files, validated)
    assert b'"document_number": "\xe7\x94\xb21"' in files["data.json"]


@pytest.mark.parametrize(
    ("number", "expected"), [("資料番号: 資料1", {"資料1"}), ("資料番号: {資料目録: 資料1}", set())], ids=str
)
def test_one_number_is_that_of_every_document_and_one_without_a_number_prints_none(
    number: str, expected: set[str]
) -> None:
    for document in documents(number).values():
        assert printed(document) == expected
        assert bool(expected) == ('class="document-number"' in document.html)
