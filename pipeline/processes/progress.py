"""Progress of long work on stderr: one line that is rewritten in place on a terminal, or occasional lines elsewhere."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.text import width_in_halves

# The name of the layout stage, in which pages are counted.
LAYOUT = "PDF作成"

# Loggers whose records count pages: WeasyPrint's, one record a page, and ours, with the expected and finished pages.
LOGS = ("weasyprint.progress", "pipeline.processes.progress")

# Seconds between progress lines when stderr is not a terminal. Short work prints none.
_BETWEEN_LINES = 10.0
# Seconds between redraws on a terminal, since drawing takes time.
_BETWEEN_REDRAWS = 0.1

# Seconds before the first estimate; an earlier one would be unsteady.
_SECONDS_BEFORE_ESTIMATE = 1.0

# Time to draw, write and prove the PDF after layout, as a multiple of the layout's time (measured on 1,200 rows).
_AFTER_PAGES = 1.8

_PAGE = re.compile(r"Step 5 .* Page (\d+)")


def expect_pages(number: int) -> None:
    """Log, before the layout of a document, its expected `number` of pages."""
    import logging  # late: a run that finds everything up to date logs nothing

    logging.getLogger(LOGS[1]).info("%d", number)


def begin_pages(done: int) -> None:
    """Log that `done` pages are finished; WeasyPrint will count the following ones from 1."""
    import logging

    logging.getLogger(LOGS[1]).info("+%d", done)


class Progress:
    """The progress of a run, printed on stderr. The arguments replace terminal and clock in tests."""

    def __init__(
        self,
        write: Callable[[str], object] | None = None,
        is_terminal: Callable[[], bool] | None = None,
        clock: Callable[[], float] = time.perf_counter,
        columns: Callable[[], int] | None = None,
    ) -> None:
        self._write = write or _write
        self._is_terminal = is_terminal or (lambda: sys.stderr.isatty())
        self._clock = clock
        self._columns = columns or _columns
        self._begin = self._said = clock()
        self._drawn = -_BETWEEN_REDRAWS
        self._is_shown = False
        self._done = self._total = 0
        self._stage = ""
        self._page = self._pages = self._before = 0
        self._first_page = 0.0
        self._end: float | None = None

    def editions(self, done: int, total: int) -> None:
        """Set the number of editions that are `done`, of `total`."""
        if total != self._total:
            self._begin = self._clock()
        self._done, self._total = done, total

    def update(self) -> None:
        """Print the progress line if its interval has passed."""
        now = self._clock()
        if self._is_terminal():
            if now - self._drawn >= _BETWEEN_REDRAWS:
                # One column less than the terminal has: a full line makes some terminals wrap.
                self._write("\r\033[K" + _fitted(f"  {self._line(now)}", self._columns() - 1))
                self._is_shown, self._drawn = True, now
        elif now - self._said >= _BETWEEN_LINES:
            self._write(self._line(now) + "\n")
            self._said = now

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Wrap a stage. On a terminal, if there is a single edition, print afterwards how long it took."""
        begin = self._clock()
        self._stage, self._page, self._before = name, 0, 0
        self.update()
        try:
            with self._counting_pages() if name == LAYOUT else _nothing():
                yield
        finally:
            self._stage = ""
            self.clear()
        if self._total < 2 and self._is_terminal():
            self._write(f"  {name} {self._clock() - begin:6.2f}秒\n")

    def clear(self) -> None:
        """Erase the progress line, so that other output can be printed in its place."""
        if self._is_shown:
            self._write("\r\033[K")
            self._is_shown = False
            self._drawn = self._clock() - _BETWEEN_REDRAWS

    def _line(self, now: float) -> str:
        parts = []
        if self._total > 1:
            parts.append(f"{self._done}/{self._total}版")
        if self._stage:
            parts.append(self._stage)
        if self._stage and self._page:
            whole = max(self._page, self._pages)
            parts.append(f"{self._page}/約{whole}ページ")
        remaining = self._remaining(now)
        if remaining is not None:
            parts.append(_duration(remaining))
        return " ".join(parts)

    def _remaining(self, now: float) -> float | None:
        """Estimated remaining seconds, of all editions or of the only document; None without an estimate."""
        end = self._end
        if self._total > 1:
            end = _end(self._begin, now, self._done, self._total)
        return None if end is None or end <= now else end - now

    @contextmanager
    def _counting_pages(self) -> Iterator[None]:
        """Follow, during the block, the log records that count pages."""
        import logging

        class PageCounter(logging.Handler):
            def emit(_, record: logging.LogRecord) -> None:  # noqa: N805
                self._on_log(record.getMessage())

        handler, loggers = PageCounter(), [logging.getLogger(name) for name in LOGS]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.removeHandler(handler)
                logger.setLevel(level)

    def _on_log(self, message: str) -> None:
        if message.isdecimal():
            self._pages = int(message)
        elif message.startswith("+"):
            self._before = int(message)
            self._begin_page(self._before + 1)
        elif found := _PAGE.match(message):
            self._begin_page(self._before + int(found[1]))
        self.update()

    def _begin_page(self, page: int) -> None:
        if page <= self._before + 1 and page < self._page:
            # A repeated layout of the same document: the first one has shown the number of pages.
            self._pages = max(self._pages, self._page)
        now = self._clock()
        if page == 1:
            self._first_page = now
        self._page = page
        # This page has only begun, so one less is done.
        self._end = _end(self._first_page, now, page - 1, max(page, self._pages) * (1 + _AFTER_PAGES))


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _write(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _fitted(text: str, columns: int) -> str:
    """`text` truncated to `columns` of the terminal; a full-width character takes two."""
    width = 0
    for index, character in enumerate(text):
        width += width_in_halves(character)
        if width > columns:
            return text[:index]
    return text


def _end(begin: float, now: float, done: int, whole: float) -> float | None:
    """The estimated time of the end, if `done` of `whole` took from `begin` to `now`; None if it is too early."""
    if done < 1 or now - begin < _SECONDS_BEFORE_ESTIMATE:
        return None
    return begin + (now - begin) / done * whole


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"残り約{max(1, round(seconds))}秒"
    return f"残り約{round(seconds / 60)}分"
