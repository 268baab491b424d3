"""The pages of the original as pictures, and its file to the byte: what no assertion names, an eye would see.

`pytest tests/test_pictures.py --renew-pictures` renews tests/pictures/ after a change of the layout that was
meant; look at them before they are committed. A failure leaves the page as it is now and the differences in
the folder that the message names.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from PIL import Image, ImageChops

from pipeline.documents.report import report
from pipeline.fonts import font_files
from pipeline.layout.pdf import write_pdf
from pipeline.model import column_widths
from pipeline.model.validation import validate
from pipeline.paper import em
from pipeline.source.tree import read_source

from .conftest import ROOT, Made

PICTURES = ROOT / "tests/pictures"
# Of the original's PDF, by the version of the fonts.
# The builds of BIZ UDPGothic of which a digest is kept: 1.05 of Debian 12 and Ubuntu 24.04, 1.051 of Debian 13. Debian
# testing builds 1.051 with other tools, which changes the bytes of the fonts, and of the file that holds them.
BUILDS = {"8d4fd9568ad662d9", "5cc4d9e2a2fd5005"}
DIGESTS = PICTURES / "report.sha256"
DPI = 72

# Pixels that differ by more than a quarter of the way from black to white, on a page of half a million:
# another version of the fonts' hinting moves none so far, a changed character about ten, a moved rule hundreds.
DIFFERENCE = 64
ALLOWED = 4


def pictures(made: Made) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(made.pdf)
    return [page.render(scale=DPI / 72, grayscale=True).to_pil() for page in document]


def differing(one: Image.Image, other: Image.Image) -> int:
    """How many pixels of two pictures differ visibly; all of them when the sizes do."""
    if one.size != other.size:
        return one.size[0] * one.size[1]
    return sum(ImageChops.difference(one, other).histogram()[DIFFERENCE:])


def test_the_pages_look_as_they_did(original: Made, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    now = pictures(original)
    if request.config.getoption("--renew-pictures"):
        PICTURES.mkdir(exist_ok=True)
        for number, picture in enumerate(now, 1):
            picture.save(PICTURES / f"page-{number}.png", optimize=True)
    for number, picture in enumerate(now, 1):
        with Image.open(PICTURES / f"page-{number}.png") as kept:
            count = differing(picture, kept)
            if count > ALLOWED:
                picture.save(tmp_path / f"page-{number}.png")
                ImageChops.difference(picture, kept).save(tmp_path / f"difference-{number}.png")
        assert count <= ALLOWED, f"page {number} differs in {count} pixels: see {tmp_path}"
    assert len(now) == len([*PICTURES.glob("page-*.png")])


def test_the_file_is_to_the_byte_what_it_is_on_every_system(font_cache: Path, request: pytest.FixtureRequest) -> None:
    """Where it fails alone, on a system of which nobody has seen it, its Pango lays out something otherwise."""
    pdf = write_pdf(report(validate(read_source(ROOT / "source/original.yaml"))), font_cache)
    digest = hashlib.sha256(pdf).hexdigest()
    build = hashlib.sha256(font_files()["BIZUDPGothic-Regular.ttf"].read_bytes()).hexdigest()[:16]
    if build not in BUILDS:
        pytest.skip(f"these fonts were built otherwise ({build}): what they make was never noted")
    with TTFont(next(iter(font_files().values()))) as font:
        fonts = font["name"].getDebugName(5)  # between 1.05 and 1.051, some proportional glyphs were drawn anew
    kept = dict(line.split("  ")[::-1] for line in DIGESTS.read_text("ascii").splitlines())
    if request.config.getoption("--renew-pictures"):
        kept[fonts] = digest
        DIGESTS.write_text("".join(f"{kept[name]}  {name}\n" for name in sorted(kept)), "ascii")
    assert kept[fonts] == digest


def test_one_changed_character_is_seen(original: Made, make: Callable[[str], Made]) -> None:
    changed = make(
        (ROOT / "source/original.yaml").read_text("utf-8").replace("地域交流センターの設置", "地域交流センターの設直")
    )
    assert differing(pictures(original)[0], pictures(changed)[0]) > ALLOWED


def test_a_rule_moved_by_a_third_of_a_millimetre_is_seen(
    original: Made, make: Callable[[str], Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(column_widths, "SYMBOL", 10.8)
    moved = make((ROOT / "source/original.yaml").read_text("utf-8"))
    assert differing(pictures(original)[0], pictures(moved)[0]) > 100


def test_a_kanji_is_as_wide_as_its_type_to_a_micrometre_and_never_narrower() -> None:
    assert [em(size) for size in (72, 9, 8.5, 10)] == [25.4, 3.175, 2.999, 3.528]
