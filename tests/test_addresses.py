"""Addresses that people wrote are links, on paper and on the page, and come back whole; ～ begins no line."""

import io
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import page
import pypdf
import pypdfium2
import pytest

from pipeline.documents.addresses import find_addresses
from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.report import report
from pipeline.errors import ProofError
from pipeline.layout import line_breaks, tags
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .conftest import HEALTHY, Made


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("詳しくはhttps://example.jp/a/b.htmlを参照。", ["https://example.jp/a/b.html"]),
        ("(https://example.jp/a)。", ["https://example.jp/a"]),
        ("「http://example.jp/?a=1&b=2」、", ["http://example.jp/?a=1&b=2"]),
        ("https://example.jp/a_(b). https://example.jp/c, https://example.jp!",
         ["https://example.jp/a_(b)", "https://example.jp/c", "https://example.jp"]),
        ("https://example.jp:8080/#x、", ["https://example.jp:8080/#x"]),
        ("kyodo@city.example.lg.jpまで。", ["mailto:kyodo@city.example.lg.jp"]),
        ("https://localhost/ https:// http://あ.jp ftp://example.jp a@b @example.jp", []),
    ],
)  # fmt: skip
def test_an_address_ends_where_its_sentence_goes_on(text: str, targets: list[str]) -> None:
    found = list(find_addresses(text))
    assert [one.target for one in found] == targets
    assert [text[one.begin : one.end] for one in found] == [target.removeprefix("mailto:") for target in targets]


ADDRESS = "https://www.city.example.lg.jp/a-b-c/plan--2025-x.html?a=1&b=2-3"


def edition(findings: str, name: str = "項目一", stem: str = "test") -> Validated:
    lines = "".join(f"\n              {line}" for line in findings.split("\n"))
    text = HEALTHY.replace("検証内容: 終わった。", f"検証内容: |-{lines}").replace("名称: 項目一", f'名称: "{name}"')
    return validate(parse_source(Path(f"source/{stem}.yaml"), text.encode()))


def links(pdf: bytes) -> list[str]:
    """Where the annotations lead, in the order of the pages."""
    return [
        annotation["/A"]["/URI"]
        for sheet in pypdf.PdfReader(io.BytesIO(pdf)).pages
        for annotation in (one.get_object() for one in sheet.get("/Annots", ()))
    ]


def test_a_link_on_paper_leads_and_is_heard(font_cache: Path) -> None:
    document = report(edition(f"平成～年、市の「{ADDRESS}」に\n・一つ～、kyodo@example.jp。\n・二つ", ADDRESS))
    pdf = write_pdf(document, font_cache)
    prove(pdf, document)
    assert {*links(pdf)} == {ADDRESS, "mailto:kyodo@example.jp"}
    notes = [note for sheet in pypdf.PdfReader(io.BytesIO(pdf)).pages for note in sheet.get("/Annots", ())]
    assert {tuple(note.get_object()["/Border"]) for note in notes} == {(0, 0, 0)}  # no frame is printed around it
    for profile in (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1):
        assert page.validate_pdf_bytes(pdf, profile=profile).failures == []


def test_an_address_of_which_a_part_changed_leads_to_the_whole(font_cache: Path) -> None:
    old, new = (edition(f"市の{ADDRESS}{word}を見る。", stem=word) for word in ("/old", "/new"))
    for document in (comparison(old, new), errata(old, new)):
        pdf = write_pdf(document, font_cache)
        prove(pdf, document)
        assert {*links(pdf)} == {f"{ADDRESS}/old", f"{ADDRESS}/new"}


@pytest.mark.parametrize(
    "fault",
    [
        lambda annotation: annotation.update({"A": "<</S /URI/URI (https://example.jp/)>>"}),
        lambda annotation: annotation.pop("Contents"),
        lambda annotation: annotation.update({"StructParent": 0}),
        lambda annotation: annotation.update({"Rect": annotation["Rect"][:2] * 2}),
    ],
)
def test_a_link_that_is_none_is_seen(
    fault: Callable[[Any], Any], font_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotate = tags._annotate

    def broken(pdf: Any, *arguments: Any) -> str:
        reference = annotate(pdf, *arguments)
        fault(pdf.objects[int(reference.split()[0])])
        return reference

    monkeypatch.setattr(tags, "_annotate", broken)
    document = report(edition(f"市の「{ADDRESS}」。"))
    with pytest.raises(ProofError, match="リンク"):
        prove(write_pdf(document, font_cache), document)


# Lines


@pytest.fixture(scope="module")
def shifted(font_cache: Path) -> tuple[Document, bytes]:
    """A comparison in the narrow columns of which addresses and ～ stand at each place of a line; its PDF."""
    items = "".join(
        f'          - {{NO: {at + 10}, 名称: "{"名" * at}10:00～12:00", 実施状況: ○, 今後の取扱い: 継続,'
        f' 検証内容: "{"検" * at}({ADDRESS}) {"午" * (at + 1)}～{"後" * at}）～。"}}\n'
        for at in range(20)
    )
    texts = (HEALTHY.replace("      - 名称: 施策二", items + "      - 名称: 施策二"), HEALTHY)
    new, old = (
        validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))
        for name, text in zip(("new", "old"), texts, strict=True)
    )
    document = comparison(old, new)
    return document, write_pdf(document, font_cache)


def test_an_address_over_several_lines_is_copied_whole(shifted: tuple[Document, bytes]) -> None:
    """Whoever copies text takes a hyphen at the end of a line for one that was put there (pdfium, poppler do)."""
    document, pdf = shifted
    prove(pdf, document)
    copied = "".join("".join(sheet.get_textpage().get_text_range().split()) for sheet in pypdfium2.PdfDocument(pdf))
    assert copied.count(ADDRESS) == 20
    assert not {*copied} & {line_breaks.BREAK, line_breaks.NO_BREAK, "\ufffe", "\x02", "\xad"}


def begins_a_line(pdf: bytes, sought: str) -> int:
    """How often the character `sought` has none before it on its line."""
    count = 0
    for sheet in pypdfium2.PdfDocument(pdf):
        text = sheet.get_textpage()
        rows: dict[int, list[tuple[float, float, str]]] = defaultdict(list)
        for at in range(text.count_chars()):
            left, foot, right, top = text.get_charbox(at, loose=True)
            rows[round((foot + top) / 2)].append((left, right, text.get_text_range(at, 1)))
        for middle, row in rows.items():
            for left, _, character in row:
                if character == sought:
                    near = [*row, *rows.get(middle - 1, ()), *rows.get(middle + 1, ())]
                    count += not any(
                        left - 2 < right <= left + 1 for other, right, one in near if one.strip() and other < left
                    )
    return count


def test_a_wave_dash_of_windows_begins_no_line(shifted: tuple[Document, bytes], font_cache: Path) -> None:
    _, pdf = shifted
    assert begins_a_line(pdf, "～") == 0
    assert begins_a_line(pdf, "検") > 0
    # Right up to the edge: nothing was moved further than it had to be.
    long = report(edition("検" * 47 + "～" + "証" * 30))
    assert begins_a_line(write_pdf(long, font_cache), "～") == 0


def test_what_ends_lines_is_not_in_what_people_get(shifted: tuple[Document, bytes], healthy: Made) -> None:
    document, _ = shifted
    for made in (document.html, healthy.html):
        assert not {*made} & {line_breaks.BREAK, line_breaks.NO_BREAK}
