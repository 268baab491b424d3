"""What is made of editions of many forms is what it was: a digest of each page, data file, draft and workbook is kept.

What is reckoned by chance is kept in the same way, and what is made of sizes in a row.
"""

import sys

import pytest
from fontTools.ttLib import TTFont

from pipeline.documents.document import Document
from pipeline.fonts import font_files

from .golden.digests import check, check_text
from .golden.otherwise import doubts
from .golden.reckoned import TEXTS as BY_CHANCE
from .golden.sizes import TEXTS as SIZES
from .golden.snapshots import snapshots


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_remembered() -> None:
    """As in a run that begins: what a test before had made, and was kept, is made again."""
    for name in [name for name in sys.modules if name.startswith("pipeline.")]:
        for value in [*vars(sys.modules[name]).values()]:
            if forget := getattr(value, "cache_clear", None):
                forget()


def test_what_is_made_is_what_it_was(request: pytest.FixtureRequest) -> None:
    check("snapshots", {name: text.encode() for name, text in snapshots()}, request)


@pytest.mark.parametrize("name", BY_CHANCE)
def test_what_is_reckoned_by_chance_is_what_it_was(name: str, request: pytest.FixtureRequest) -> None:
    check_text("reckoned", name, BY_CHANCE[name](), request)


@pytest.mark.parametrize("kind", SIZES)
def test_what_is_made_of_each_size_is_what_it_was(kind: str, request: pytest.FixtureRequest) -> None:
    check_text("sizes", kind, SIZES[kind](), request)


def test_a_pdf_of_each_kind_is_to_the_byte_what_it_was(
    every_pdf: dict[str, bytes], request: pytest.FixtureRequest
) -> None:
    """With the fonts of Debian 12 and Ubuntu 24.04; others draw some glyphs otherwise."""
    with TTFont(next(iter(font_files().values()))) as font:
        if (version := font["name"].getDebugName(5)) != "Version 1.05":
            pytest.skip(f"digests are kept for version 1.05 of the fonts, not for {version}")
    check("pdfs", every_pdf, request)


def test_what_the_proof_says_is_what_it_was(
    every_document: dict[str, Document], every_pdf: dict[str, bytes], request: pytest.FixtureRequest
) -> None:
    said = doubts(every_document, every_pdf, range(2))
    check("reckoned", {name: text.encode() for name, text in said}, request, begin="doubts-")
