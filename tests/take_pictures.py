"""The pictures of README and the manual, taken of what the manual's own commands make (`make pictures`).

`docs/pictures/sources.sha256` holds a digest of what each picture shows. tests/test_manual.py compares it with what the
commands make now, so that an old picture is noticed. Needs Chromium and LibreOffice; a picture that cannot be taken
stays as it is, with its old digest.
"""

import hashlib
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from pipeline.documents.document import Document
from pipeline.documents.report import report
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import validate
from pipeline.source.tree import read_source

from .conftest import ROOT
from .story import MANUAL, edit, live
from .test_web import BROWSER_HOME, CHROMIUM, NO_BROWSER, OPTIONS

FOLDER = ROOT / "docs/pictures"
DIGESTS = FOLDER / "sources.sha256"
FORMS = ROOT / "tests/forms"

WIDTH = 900  # pixels of a page's picture, unless it says another number
GREYS, COLOURS = 16, 64  # in a picture of a page, and of a screen

# What differs from machine to machine: the size of a PDF depends on the version of the fonts.
_CHANGEABLE = re.compile(r"[\d.,]+ ?(?:KB|MB|バイト)")


@dataclass(frozen=True)
class Picture:
    """A picture of something made. Paths are relative to the scratch project.

    `after` is the command of the manual that makes it. `sources` are the files that change when the picture would:
    of a paper its web page, since a PDF differs with the version of the fonts.
    """

    after: str
    sources: tuple[str, ...]

    def digest(self) -> str:
        """Of the sources as they are now, in the current folder."""
        return _digest(*map(_content, self.sources))

    def take(self) -> Image.Image | None:
        """The picture; None if this machine lacks the program for it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Paper(Picture):
    """A page of a PDF, or its upper part of `height` pixels."""

    pdf: str
    page: int = 1
    height: int | None = None

    def take(self) -> Image.Image | None:
        picture = _page(Path(self.pdf).read_bytes(), self.page)
        return picture.crop((0, 0, picture.width, self.height or picture.height))


@dataclass(frozen=True)
class Workbook(Picture):
    """The first page of a workbook as LibreOffice prints it."""

    def take(self) -> Image.Image | None:
        if (office := shutil.which("soffice")) is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            command = [office, f"-env:UserInstallation=file://{folder}/home", "--headless", "--convert-to", "pdf"]
            subprocess.run([*command, "--outdir", folder, self.sources[0]], check=True, capture_output=True)
            (pdf,) = Path(folder).glob("*.pdf")
            return _page(pdf.read_bytes(), colours=COLOURS)


@dataclass(frozen=True)
class WebPage(Picture):
    """A web page in which one value of a filter is chosen."""

    chosen: str

    def take(self) -> Image.Image | None:
        if NO_BROWSER:
            return None
        with _browser_page(1200, 700) as page:
            page.goto(Path(self.sources[0]).resolve().as_uri())
            page.get_by_label(self.chosen).check()
            return _seen(page)


@dataclass(frozen=True)
class Preview(Picture):
    """The preview of an edition, when a mistake has just been made in its source."""

    edition: Path
    mistake: tuple[str, str]

    def take(self) -> Image.Image | None:
        if NO_BROWSER:
            return None
        right = self.edition.read_text("utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "pipeline", "preview", "--in", str(self.edition.parents[1].resolve())]
        server = subprocess.Popen([*command, "--port", str(port), self.edition.stem], cwd=ROOT, stdout=subprocess.PIPE)
        assert server.stdout
        try:
            server.stdout.readline()
            with _browser_page(1280, 800) as page:
                page.goto(f"http://127.0.0.1:{port}/")
                expect(page.get_by_role("status")).to_have_text("最新です", timeout=60_000)
                expect(page.locator(".sheet img")).not_to_have_count(0)
                edit(self.edition, self.mistake)
                expect(page.locator(".problems li").first).to_be_visible(timeout=60_000)
                expect(page.get_by_role("status")).to_contain_text("誤り", timeout=60_000)
                # The same time on every picture.
                page.evaluate(
                    r"""() => { const made = document.querySelector(".made");
                                made.textContent = made.textContent.replace(/[\d:]{8}/, "10:00:00"); }"""
                )
                return _seen(page)
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()
            self.edition.write_text(right, "utf-8")


PICTURES: dict[str, Picture] = {
    "report-1.png": Paper("make report", ("out/original/report.html",), "out/original/report.pdf"),
    "sheet.png": Workbook("make sheets EDITION=h25", ("out/h25/sheets/協働推進課.xlsx",)),
    "council.png": Paper("make council EDITION=h25", ("out/h25/council.html",), "out/h25/council.pdf", height=345),
    "checklist.png": Paper(
        "make council EDITION=h25", ("out/h25/checklist.html",), "out/h25/checklist.pdf", height=420
    ),
    "errata.png": Paper(
        "make errata EDITION=h25",
        ("out/h25/errata.html",),
        "out/h25/errata.pdf",
        height=390,
    ),
    "summary.png": Paper("make demo", ("demo/out/r6/summary.html",), "demo/out/r6/summary.pdf"),
    "comparison.png": Paper("make demo", ("demo/out/r5-r6/comparison.html",), "demo/out/r5-r6/comparison.pdf", 2),
    "web.png": WebPage("make demo", ("demo/out/r6/report.html",), "○ 継続推進"),
    "preview.png": Preview(
        "make demo",
        (
            *(str(ROOT / "templates" / name) for name in ("preview.html", "preview.js")),
            str(ROOT / "styles/preview.css"),
            "demo/out/r6/report.html",
        ),
        Path("demo/source/r6.yaml"),
        ("実施状況: ○", "実施状況: 〇"),
    ),
}


@dataclass(frozen=True)
class Form:
    """The upper part of the report on one of tests/forms/, `width` by `height` pixels."""

    name: str
    height: int
    width: int = WIDTH

    def take(self) -> Image.Image:
        page = _page(write_pdf(self.document(), ROOT / "out/.fonts"), width=self.width)
        return page.crop((0, 0, page.width, self.height))

    def document(self) -> Document:
        return report(validate(read_source(FORMS / f"{self.name}.yaml")))

    def digest(self) -> str:
        return _digest(self.document().html.encode())


FORM_PICTURES = {
    "form-departments.png": Form("departments", 330),
    "form-flat.png": Form("flat", 420, 720),
    "form-grades.png": Form("grades", 380, 1200),
    "form-legend.png": Form("legend", 330),
    "form-levels.png": Form("levels", 330),
    "form-numbers.png": Form("numbers-r5", 345),
    "form-words.png": Form("words-r5", 310),
}


def _content(name: str) -> bytes:
    """The file's bytes; of a workbook those of its parts, since another zlib compresses them in another way."""
    if not name.endswith(".xlsx"):
        return Path(name).read_bytes()
    with zipfile.ZipFile(name) as book:
        return b"".join(book.read(part) for part in sorted(book.namelist()))


def _digest(*contents: bytes) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(
            _CHANGEABLE.sub("", content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        )
    return digest.hexdigest()


def _page(pdf: bytes, number: int = 1, width: int = WIDTH, colours: int = GREYS) -> Image.Image:
    page = pypdfium2.PdfDocument(pdf)[number - 1]
    # A number of pixels with a fraction is rounded up.
    picture = page.render(scale=(width - 0.5) / page.get_width(), grayscale=colours == GREYS).to_pil()
    quantized: Image.Image = picture.convert("RGB").quantize(colours)
    return quantized


@contextmanager
def _browser_page(width: int, height: int) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS, env=BROWSER_HOME)
        yield browser.new_context(viewport={"width": width, "height": height}).new_page()
        browser.close()


def _seen(page: Page) -> Image.Image:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    height = picture.height * WIDTH // picture.width
    return picture.resize((WIDTH, height), Image.Resampling.LANCZOS).quantize(COLOURS)


def kept_digests() -> dict[str, str]:
    """The digest of what each picture shows, by the name of its file."""
    lines = (line.split("  ") for line in DIGESTS.read_text("utf-8").splitlines()) if DIGESTS.exists() else ()
    return {name: digest for digest, name in lines}


def main() -> None:
    """Take all pictures, and write the digests of what they show."""
    digests = kept_digests()

    def keep(name: str, picture: Image.Image | None, digest: str) -> None:
        if picture is None:
            print(f"docs/pictures/{name}: Chromium か LibreOffice がないため、前のままです。")
            return
        picture.save(FOLDER / name, optimize=True)
        digests[name] = digest

    for name, form in FORM_PICTURES.items():
        keep(name, form.take(), form.digest())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        wanted = dict(PICTURES)
        for ended in live(MANUAL.read_text("utf-8")):
            for name in [name for name, picture in wanted.items() if picture.after == ended.typed]:
                picture = wanted.pop(name)
                keep(name, picture.take(), picture.digest())
            if not wanted:
                break
        os.chdir(ROOT)
    lines = (f"{digests[name]}  {name}\n" for name in sorted(digests) if name in PICTURES | FORM_PICTURES)
    DIGESTS.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
