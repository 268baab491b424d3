"""report.html in a browser that nobody here wrote: on the screen, on a phone, and printed."""

import io
import shutil
import subprocess
from pathlib import Path

import pypdf
import pytest

from .conftest import Made

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# Root may not use Chromium's sandbox; the rest keeps it from calling home and from waiting for what is not there.
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars"
).split()

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (make test installs it on Debian)"
)


def chromium(page: Path, *arguments: str) -> str:
    command = [str(CHROMIUM), *OPTIONS, f"--user-data-dir={page.parent / 'profile'}", *arguments, page.as_uri()]
    return subprocess.run(command, check=True, capture_output=True, timeout=90, text=True).stdout


@pytest.fixture
def page(original: Made, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(original.html, "utf-8")
    return path


def test_printed_from_a_browser_it_is_the_same_three_pages(page: Path) -> None:
    target = page.with_suffix(".pdf")
    chromium(page, "--no-pdf-header-footer", f"--print-to-pdf={target}")
    pages = ["".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(io.BytesIO(target.read_bytes())).pages]
    assert len(pages) == 3
    for text in pages:
        assert "山口市協働推進プラン実行計画実施状況一覧" in text
        assert "◎実施済○継続推進△一部実施×検討中" in text
        for head in ("NO", "推進項目", "実施状況", "今後の取扱い", "検証内容"):
            assert head in text
    assert "18市民活動の意識調査の実施" in pages[0]
    assert "35人材派遣・紹介のコーディネート" in pages[1]


@pytest.mark.parametrize("width", [320, 500, 1280])
def test_nothing_has_to_be_scrolled_sideways(page: Path, width: int) -> None:
    # The title tells: a headless Chromium without a driver has no other voice.
    script = "<script>document.title = document.documentElement.scrollWidth + ' ' + innerWidth</script></body>"
    page.write_text(page.read_text("utf-8").replace("</body>", script), "utf-8")
    # A window of Chromium is at least 500 pixels wide; a frame is as narrow as it is told to be.
    frame = page.with_name("frame.html")
    frame.write_text(
        f"<iframe src='{page.name}' width={width} height=900 style='border:0'></iframe>"
        "<script>onload = () => document.title = frames[0].document.title</script>",
        "utf-8",
    )
    said = chromium(frame, "--allow-file-access-from-files", "--window-size=1400,1000", "--dump-dom")
    scroll, inner = said.split("<title>")[1].split("</title>")[0].split()
    assert int(inner) == width
    assert int(scroll) <= width
