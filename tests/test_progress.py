"""Long work says how far it has come: in one line on a terminal, now and then elsewhere, and short work nothing."""

import logging
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.processes.progress import LAYOUT, Progress, expect_pages

from .conftest import HEALTHY, ROOT

ENGINE = logging.getLogger("weasyprint.progress")


class Screen:
    """Records what a `Progress` prints, with a clock that the test sets."""

    def __init__(self, is_terminal: bool, columns: int = 80) -> None:
        self.now = 0.0
        self.text = ""
        self.progress = Progress(self._write, lambda: is_terminal, lambda: self.now, lambda: columns)

    def _write(self, text: str) -> None:
        self.text += text

    @property
    def shown(self) -> str:
        """The text on the last line of the terminal."""
        return self.text.rsplit("\n", 1)[-1].rsplit("\r\033[K", 1)[-1]

    def lay_out(self, page: int, seconds: float) -> None:
        """Advance the clock by `seconds`, and log that the engine begins a page."""
        self.now += seconds
        ENGINE.info("Step 5 - Creating layout - Page %d", page)


@contextmanager
def layout(screen: Screen, pages: int) -> Iterator[None]:
    with screen.progress.stage(LAYOUT):
        expect_pages(pages)
        yield


def test_a_terminal_shows_stage_pages_and_the_time_left_in_one_line() -> None:
    screen = Screen(is_terminal=True)
    with screen.progress.stage("読み込み"):
        assert screen.shown == "  読み込み"
        screen.now += 0.25
    assert screen.text.endswith("\r\033[K  読み込み   0.25秒\n")
    with layout(screen, 50):
        screen.lay_out(1, 1)
        assert screen.shown == "  PDF作成 1/約50ページ"
        for page in range(2, 12):
            screen.lay_out(page, 0.5)
        # Ten pages in five seconds; after the last come the PDF and its proof.
        assert screen.shown == "  PDF作成 11/約50ページ 残り約1分"
        before = screen.text
        screen.lay_out(12, 0.01)
        assert screen.text == before  # nobody reads so fast
        assert "\n" not in screen.text.split("0.25秒\n")[1]
    assert re.fullmatch(r".*\r\x1b\[K  PDF作成 +\d+\.\d\d秒\n", screen.text, re.DOTALL)
    assert screen.shown == ""


def test_the_time_left_runs_down_through_the_stages_after_the_pages() -> None:
    screen = Screen(is_terminal=True)
    with layout(screen, 10):
        for page in range(1, 11):
            screen.lay_out(page, 1)
        assert screen.shown == "  PDF作成 10/約10ページ 残り約19秒"
        screen.now += 9
    with screen.progress.stage("検査"):
        assert screen.shown == "  検査 残り約10秒"
        screen.now += 20
        screen.progress.update()
        assert screen.shown == "  検査"  # it takes longer than was thought


def test_when_pages_are_laid_out_again_it_is_known_how_many_there_are() -> None:
    screen = Screen(is_terminal=True)
    with layout(screen, 2):
        for page in range(1, 5):
            screen.lay_out(page, 1)
        assert screen.shown.startswith("  PDF作成 4/約4ページ")
        screen.lay_out(1, 1)
        assert screen.shown == "  PDF作成 1/約4ページ"


def test_many_editions_are_counted_and_leave_no_line_for_each_stage() -> None:
    screen = Screen(is_terminal=True)
    screen.progress.editions(0, 200)
    with screen.progress.stage("読み込み"):
        assert screen.shown == "  0/200版 読み込み"
    screen.now += 30
    screen.progress.editions(50, 200)
    screen.progress.update()
    assert screen.shown == "  50/200版 残り約2分"
    screen.progress.clear()
    assert screen.shown == ""
    assert "\n" not in screen.text


def test_a_narrow_terminal_is_not_overrun() -> None:
    screen = Screen(is_terminal=True, columns=10)
    with layout(screen, 50):
        screen.lay_out(1, 1)
        assert screen.shown == "  PDF作成"  # of ten columns these take nine


def test_elsewhere_a_line_is_written_every_ten_seconds_and_none_before() -> None:
    screen = Screen(is_terminal=False)
    with screen.progress.stage("読み込み"):
        screen.now += 1
    with layout(screen, 60):
        for page in range(1, 10):
            screen.lay_out(page, 1)
        assert screen.text == "PDF作成 9/約60ページ 残り約3分\n"
        for page in range(10, 20):
            screen.lay_out(page, 1)
    assert [line.split()[1] for line in screen.text.splitlines()] == ["9/約60ページ", "19/約60ページ"]
    assert "\033" not in screen.text
    assert "\r" not in screen.text


def test_a_failed_stage_leaves_no_line_and_no_listener() -> None:
    screen = Screen(is_terminal=True)
    before = [*ENGINE.handlers], ENGINE.level

    def fail() -> None:
        with layout(screen, 3):
            screen.lay_out(1, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert screen.shown == ""
    assert ([*ENGINE.handlers], ENGINE.level) == before


@pytest.mark.parametrize(
    ("pages_left", "left"),
    [(1, "残り約1秒"), (50, "残り約50秒"), (59, "残り約59秒"), (60, "残り約1分"), (89, "残り約1分"), (91, "残り約2分")],
)
def test_the_time_left_is_in_seconds_below_a_minute_and_in_minutes_above(pages_left: int, left: str) -> None:
    screen = Screen(is_terminal=True)
    screen.progress.editions(0, 10 + pages_left)
    screen.now = 10
    screen.progress.editions(10, 10 + pages_left)
    screen.progress.update()
    assert screen.shown == f"  10/{10 + pages_left}版 {left}"


def test_there_is_no_estimate_in_the_first_second_or_before_anything_is_done() -> None:
    screen = Screen(is_terminal=True)
    screen.progress.editions(0, 9)
    for now, done, shown in (
        (5.0, 0, "  0/9版"),
        (0.99, 3, "  3/9版"),
        (1.0, 3, "  3/9版 残り約2秒"),
        (9.0, 9, "  9/9版"),
    ):
        screen.now = now
        screen.progress.editions(done, 9)
        screen.progress._drawn = -1
        screen.progress.update()
        assert screen.shown == shown


@pytest.mark.parametrize(
    ("columns", "shown"), [(9, "  PDF作"), (10, "  PDF作成"), (11, "  PDF作成"), (12, "  PDF作成 1")]
)
def test_a_line_ends_a_column_before_the_edge(columns: int, shown: str) -> None:
    screen = Screen(is_terminal=True, columns=columns)
    with layout(screen, 50):
        screen.lay_out(1, 1)
        assert screen.shown.rstrip() == shown


@pytest.fixture
def editions(project: Path) -> Path:
    for name in "ab":
        (project / f"source/{name}.yaml").write_text(HEALTHY, "utf-8")
    return project


EACH_PAGE = (
    "from pipeline.processes import progress; progress._BETWEEN_REDRAWS = 0; from pipeline.cli.command import main"
)


def run_on_a_terminal(*arguments: str) -> str:
    """What the terminal gets of a run whose standard error is one."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        # However quickly a page follows another, it is screen of.
        [sys.executable, "-c", f"{EACH_PAGE}; main({arguments!r})"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=its,
    ) as process:
        os.close(its)
        said = b""
        try:
            while piece := os.read(ours, 4096):
                said += piece
        except OSError:
            pass  # so Linux says that nobody writes any more
        os.close(ours)
    assert process.returncode == 0
    return said.decode()


def test_a_real_terminal_is_left_with_the_times_of_one_or_nothing_of_many(editions: Path) -> None:
    one = run_on_a_terminal("report", "a")
    assert "\r\033[K  PDF作成 1/約1ページ" in one
    left = [line.rsplit("\033[K", 1)[-1].split() for line in one.splitlines() if line.endswith("秒")]
    assert [line[0] for line in left] == ["読み込み", "点検", "紙面", "PDF作成", "検査", "書き出し"]
    for jobs in ("1", "2"):
        shutil.rmtree("out")
        many = run_on_a_terminal("report", "--jobs", jobs)
        assert many.startswith("\r\033[K  0/2版")
        assert many.endswith("\r\033[K")
        assert "\n" not in many
    assert editions.exists()
