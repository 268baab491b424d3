"""Which running lines are laid out to see how much room the page head needs, and that nobody hears of it."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.layout.margins import _LEAST, _MOST, _highest
from pipeline.layout.pdf import write_pdf
from pipeline.processes.progress import LOGS

from .conftest import HEALTHY, Made

# Of kanji: one that surely fits a line, one that may not, one that may just fit, one that surely does not.
FITS, MAY, JUST, DOES_NOT = "字" * _LEAST, "字" * (_LEAST + 1), "字" * _MOST, "字" * (_MOST + 1)


@pytest.mark.parametrize(
    ("lines", "highest"),
    [
        ([], []), ([""], []), ([FITS, "短い"], []), ([MAY], [MAY]), ([MAY, FITS, ""], [MAY]), ([MAY, MAY], [MAY]),
        # Two lines at least: what may have two is no higher.
        ([DOES_NOT, MAY], [DOES_NOT]), ([DOES_NOT, JUST, FITS], [DOES_NOT]),
        # One line, maybe: whatever may have two is tried, too, in the order of the texts.
        ([JUST, MAY], [JUST, MAY]), ([MAY, JUST], [JUST, MAY]), ([FITS, JUST], [JUST]),
        (["丙" * _MOST, "乙" * _MOST, "甲" * _MOST], ["甲" * _MOST, "丙" * _MOST, "乙" * _MOST]),
        (["字" * (2 * _MOST), "甲" * (2 * _LEAST), "乙" * (2 * _LEAST + 1)], ["字" * (2 * _MOST), "乙" * (2 * _LEAST + 1)]),
        (["字" * (2 * _MOST + 1), "乙" * (2 * _LEAST + 1)], ["字" * (2 * _MOST + 1)]),
        # Letters are half as wide.
        (["ab" * _LEAST], []), (["ab" * _LEAST + "a"], ["ab" * _LEAST + "a"]),
    ],
)  # fmt: skip
def test_which_running_lines_may_be_the_highest(lines: list[str], highest: list[str]) -> None:
    assert _highest(lines) == highest


def test_what_may_fit_and_what_may_not_are_far_enough_apart() -> None:
    """Kinsoku takes up to five kanji from a line."""
    assert _MOST - _LEAST >= 5


def test_layouts_of_margins_alone_are_not_counted_as_pages(
    make: Callable[[str], Made], font_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What counts pages hears of those of the document, also of the next one."""
    made = make(f"年度: {'年' * 100}\n{HEALTHY}")
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.INFO, LOGS[0]):
            write_pdf(made.document, font_cache)
        assert [record.getMessage() for record in caplog.records if "Page" in record.getMessage()] == [
            "Step 5 - Creating layout - Page 1"
        ]
