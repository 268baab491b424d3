"""The plain way (PLAIN=1), without layout/fast/, says the same as the usual one: texts, tags and pages."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest

from pipeline import plain
from pipeline.cli.command import main
from pipeline.documents.document import Document
from pipeline.layout.fast import chunks
from pipeline.layout.pdf import new_page_cache, write_pdf
from pipeline.proof.content import Font, read_page

from .conftest import HEALTHY, Made
from .test_pool import ENVIRONMENT


@pytest.fixture(autouse=True)
def _usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAIN", "0")  # comes back after a test that switches it on


def both_ways(document: Document, font_cache: Path, usual: bytes | None = None) -> tuple[bytes, bytes]:
    usual = usual or write_pdf(document, font_cache)
    plain.switch_on()
    return usual, write_pdf(document, font_cache)


def on_pages(pdf: bytes) -> list[list[tuple[str, bool, list[float]]]]:
    """Of each page all texts, each with whether it is an artifact, and its place to a hundredth of a point."""
    pages = []
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        fonts: dict[str, Font] = {}

        def font_of(font: Any, fonts: dict[str, Font] = fonts) -> Font:
            font = font.get_object()
            return fonts.setdefault(font["/BaseFont"], Font(font))

        painted = read_page(page, font_of)
        assert not painted.faults
        pages.append(
            sorted((text.text, text.mcid is None, [round(at, 2) for at in text.box]) for text in painted.texts)
        )
    return pages


def tags(pdf: bytes) -> list[object]:
    """The structure tree, depth first: each element with all of its entries but those that are numbers in the file."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    pages = {page.indirect_reference: number for number, page in enumerate(reader.pages)}

    def walk(item: Any) -> Iterator[object]:
        for key, value in sorted(item.items()):
            if key == "/Pg":
                yield pages[item.raw_get(key)]
            elif key not in ("/P", "/K"):
                yield key, repr(value)
        for kid in item.get("/K", ()):
            kid = kid.get_object()
            if isinstance(kid, dict) and kid.get("/Type") not in ("/MCR", "/OBJR"):
                yield [*walk(kid)]
            else:
                yield "content"

    root: Any = reader.trailer["/Root"]
    return [*walk(root["/StructTreeRoot"]["/K"][0].get_object())]


@pytest.mark.parametrize("name", ["original", "comparison"])
def test_the_plain_way_gives_the_same_texts_tags_and_pages(
    name: str,
    original: Made,
    every_document: dict[str, Document],
    font_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[int] = []
    chunk = chunks.ChunkedTable._chunk

    def noted(self: Any, begin: int, reach: int) -> Any:
        begun.append(begin)
        return chunk(self, begin, reach)

    monkeypatch.setattr(chunks.ChunkedTable, "_chunk", noted)
    monkeypatch.setattr(chunks, "_ROWS_OF_ONE_CHUNK", 20)
    monkeypatch.setattr(chunks, "_PAGES_OF_A_CHUNK", 2)
    if name == "original":
        usual, plainly = both_ways(original.document, font_cache, original.pdf)
    else:
        usual, plainly = both_ways(every_document["comparison"], font_cache)
        assert len(begun) > 1
    assert on_pages(usual) == on_pages(plainly)
    assert tags(usual) == tags(plainly)


def test_plainly_nothing_is_imported_that_is_there_for_speed(project: Path) -> None:
    (project / "source/test.yaml").write_text(HEALTHY, "utf-8")
    code = (
        "import sys; from pipeline.cli.command import main; assert main(['report', '--plain']) == 0; "
        "print([name for name in sys.modules if name.startswith('pipeline.layout.fast')])"
    )
    told = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
    assert told.stdout.endswith("[]\n")
    # What was made plainly is up to date for the plain way alone.
    plain_pdf = Path("out/test/report.pdf").read_bytes()
    assert main(["report"]) == 0
    assert Path("out/test/report.pdf").read_bytes() != plain_pdf


def test_make_takes_the_switch_for_every_command(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "source/test.yaml").write_text(HEALTHY, "utf-8")
    monkeypatch.setenv("KYODO_TYPED", "PLAIN")
    monkeypatch.setenv("PLAIN", "1")
    assert main(["make", "check"]) == 0
    assert new_page_cache() is None
    monkeypatch.setenv("PLAIN", "yes")
    assert main(["make", "check"]) == 2
    assert "PLAIN には 1 を指定してください" in capsys.readouterr().err
