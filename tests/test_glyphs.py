"""Texts that look alike come back from the paper as they were typed, whoever reads it."""

import io
import os
from collections import defaultdict
from itertools import chain, cycle
from pathlib import Path

import pypdf
import pypdfium2
import pytest

from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.report import report
from pipeline.fonts import coverage
from pipeline.layout import glyphs
from pipeline.layout.fast import chunks
from pipeline.layout.fast.page_cache import PageCache
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .conformance import violations
from .conftest import HEALTHY

FAULTS = int(os.environ.get("FAULTS", "1"))

# A kanji and its default form by a selector, twice; a compatibility ideograph by two kinds of selector; a combining
# tilde and a spacing one; superscripts and a fraction; two kanji for which the font has one picture; kana of Ainu.
ALIKE = "葛飾区と葛󠄁飾区、元󠄀データ、侮︀と侮󠄁と侮、q̃と˜、²と1⁄2、𩿎と𩿗、か゚とガ行、ɑ́とά"


def edition(text: str, name: str = "test") -> Validated:
    return validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))


def read_back(pdf: bytes) -> list[str]:
    """The text as two readers see it that nobody here wrote, without white space."""
    by_pypdf = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    by_pdfium = "".join(sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(pdf))
    return ["".join(text.split()) for text in (by_pypdf, by_pdfium)]


def proved(document: Document, font_cache: Path, pdf: bytes = b"") -> bytes:
    pdf = pdf or write_pdf(document, font_cache)
    prove(pdf, document)
    assert violations(pdf) == []
    return pdf


def test_texts_that_share_a_glyph_come_back_as_typed(font_cache: Path) -> None:
    text = HEALTHY.replace("終わった。", ALIKE).replace("施策二", f"施策{ALIKE}").replace("試験一覧", f"一覧{ALIKE}")
    pdf = proved(report(edition(text)), font_cache)
    for read in read_back(pdf):
        # In the title, in the heading and in the cell.
        assert read.count(ALIKE) == 3
        # What we write ourselves.
        assert read.count("元データ") == 1
        assert read.count("元󠄀データ") == 3


def test_every_variation_that_the_fonts_have_stands_beside_the_plain_character(font_cache: Path) -> None:
    sequences = sorted(coverage().sequences)
    assert len(sequences) > 10_000
    sequences = sequences[:: 1 if FAULTS > 1 else 8]
    of_plain = defaultdict(list)
    for sequence in sequences:
        of_plain[sequence[0]].append(sequence)
    words = ["".join([plain, *with_selectors, plain]) for plain, with_selectors in of_plain.items()]
    texts = ["".join(words[at : at + 2400]) for at in range(0, len(words), 2400)]
    items = "".join(
        f"          - {{NO: {number}, 名称: 異体字{number}, 実施状況: ○, 今後の取扱い: 継続, 検証内容: {text}}}\n"
        for number, text in enumerate(texts, 4)
    )
    pdf = proved(report(edition(HEALTHY + items)), font_cache)
    # The proof has seen each in its cell; all of another reader's come to as many.
    read = read_back(pdf)[0]
    for sequence in sequences:
        assert read.count(sequence) == 1


def test_a_selector_of_last_year_leaves_this_years_text_alone(font_cache: Path) -> None:
    old = edition(HEALTHY.replace("終わった。", "原󠄀田氏の協力を得た。"), "old")
    new = edition(HEALTHY.replace("終わった。", "原田氏の協力を得た。"), "new")
    for document in (comparison(old, new, True), comparison(new, old, True), errata(old, new)):
        for read in read_back(proved(document, font_cache)):
            assert read.count("原󠄀田氏の協力を得た。") == read.count("原田氏の協力を得た。") == 1


def test_in_a_long_table_each_page_has_its_own_spelling(font_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages are drawn apart, and each shows first what another shows second."""
    from .test_chunks import edition as of_items

    monkeypatch.setattr(chunks, "_ROWS_OF_ONE_CHUNK", 20)
    monkeypatch.setattr(chunks, "_PAGES_OF_A_CHUNK", 2)
    spellings = [["葛飾区" * 99, "原󠄀田" * 99], ["葛󠄁飾区" * 99, "原田" * 99]]
    document = report(of_items(24, cycle([*spellings[0] * 4, *spellings[1] * 4])))
    pdf = proved(document, font_cache)
    for read in read_back(pdf):
        assert [read.count(text) for text in chain.from_iterable(spellings)] == [8, 8, 4, 4]
    kept = PageCache()
    assert write_pdf(document, font_cache, kept=kept) == pdf
    assert write_pdf(document, font_cache, kept=kept) == pdf


KANJI, SELECTED, VOICED = "葛", "葛\U000e0101", "\u309a"


@pytest.mark.parametrize(
    ("text", "clusters", "texts"),
    [
        ("あい", [0, 3], ["あ", "い"]), ("aあ", [0, 1], ["a", "あ"]), ("", [], []),
        # A letter and its mark, each with a glyph; a character with its selector, which have one.
        (f"か{VOICED}", [0, 0], ["か", VOICED]), (SELECTED, [0], [SELECTED]), (f"{SELECTED}{VOICED}", [0, 0], [SELECTED, VOICED]),
        (f"あ{SELECTED}い", [0, 3, 10], ["あ", SELECTED, "い"]), (f"か{VOICED}き", [0, 0, 6], ["か", VOICED, "き"]),
        # One glyph for two characters, and two or three for one.
        ("fiあ", [0, 2], ["fi", "あ"]), ("ｱあ", [0, 0, 3], ["ｱ", "", "あ"]), ("あ", [0, 0, 0], ["あ", "", ""]),
    ],
)  # fmt: skip
def test_which_text_each_glyph_stands_for(text: str, clusters: list[int], texts: list[str]) -> None:
    assert [*glyphs._texts(text.encode(), clusters)] == texts


def font(count: int) -> glyphs.Font:
    """A font with so many glyphs."""
    made = glyphs.Font.__new__(glyphs.Font)
    made.glyph_count = count
    made.forget()
    return made


def test_a_glyph_has_a_code_for_each_text() -> None:
    one = font(100)
    asked = [(5, "a"), (6, "b"), (5, "a"), (5, "b"), (6, "b"), (5, "c"), (6, "a"), (5, "b"), (5, "a")]
    assert [one.number(glyph, text) for glyph, text in asked] == [5, 6, 5, 100, 6, 101, 102, 100, 5]
    assert one.glyphs == {100: 5, 101: 5, 102: 6}
    assert one.shown.to_unicode == {5: "a", 6: "b", 100: "b", 101: "c", 102: "a"}
    one.forget()
    assert one.shown == ({}, {}, {})
    assert one.number(5, "c") == 5


def test_the_codes_of_a_page_are_brought_in_line_with_those_before() -> None:
    whole, page = font(100), font(100)
    for glyph, text in ((5, "a"), (5, "b"), (7, "x")):
        page.widths[page.number(glyph, text)] = 500 + glyph
    for glyph, text in ((5, "b"), (5, "c"), (8, "y")):
        whole.widths[whole.number(glyph, text)] = 900
    assert whole.take_in(page.shown) == {5: 101, 100: 5}
    assert whole.to_unicode == {5: "b", 100: "c", 8: "y", 101: "a", 7: "x"}
    assert (whole.widths[101], whole.widths[5], whole.widths[7]) == (505, 505, 507)
    assert whole.take_in(page.shown) == {5: 101, 100: 5}


@pytest.mark.parametrize(
    ("content", "renumbered"),
    [
        ("/a 9 Tf [<00010002>] TJ", "/a 9 Tf [<0001000c>] TJ"), ("/a 9.5 Tf [<0002>-3 <000200ff>] TJ", "/a 9.5 Tf [<000c>-3 <000c1234>] TJ"),
        # Only in the texts of that font.
        ("/b 9 Tf [<0002>] TJ", "/b 9 Tf [<0002>] TJ"), ("[<0002>] TJ", "[<0002>] TJ"),
        ("/a 9 Tf [<0002>] TJ /b 9 Tf [<0002>] TJ /a 8 Tf [<0002>] TJ", "/a 9 Tf [<000c>] TJ /b 9 Tf [<0002>] TJ /a 8 Tf [<000c>] TJ"),
        ("/a 9 Tf /P <</Alt <0002>>> BDC [<0001>] TJ", "/a 9 Tf /P <</Alt <0002>>> BDC [<0001>] TJ"), ("/c 9 Tf [<0002>] TJ", "/c 9 Tf [<0003>] TJ"),
    ],
)  # fmt: skip
def test_the_codes_of_a_drawn_page_are_replaced(content: str, renumbered: str) -> None:
    numbers = {"a": {2: 12, 0xFF: 0x1234}, "c": {2: 3}}
    assert glyphs.renumber(content.encode(), numbers) == renumbered.encode()
