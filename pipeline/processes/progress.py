"""How far long work has come: one line that is rewritten in place on a terminal, and now and then a line elsewhere."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.text import width_in_halves

# The stage in which pages are laid out, of which WeasyPrint logs each.
LAYOUT = "組版"

# Where the pages are counted: WeasyPrint's log, and before it our own, of how many there will be.
LOGS = ("weasyprint.progress", "pipeline.processes.progress")

# Where lines stay, so many seconds lie between them: short work says nothing but its results.
_BETWEEN_LINES = 10.0
# On a terminal, more would only cost time.
_BETWEEN_REDRAWS = 0.1

# Too early, an estimate only jumps about.
_SECONDS_BEFORE_ESTIMATE = 1.0

# After the last page is laid out, the PDF is drawn, written and proved: so much of the time that the pages took
# (measured on 1,200 rows).
_AFTER_PAGES = 1.8

_PAGE = re.compile(r"Step 5 .* Page (\d+)")


def expect_pages(number: int) -> None:
    """Say, before the pages of a document are laid out, how many there are likely to be."""
    import logging  # here: a run that finds everything up to date has nothing to log

    logging.getLogger(LOGS[1]).info("%d", number)


def begin_pages(done: int) -> None:
    """Say that so many pages are `done`; WeasyPrint counts the next ones from 1."""
    import logging

    logging.getLogger(LOGS[1]).info("+%d", done)


class Progress:
    """What a run says of itself on standard error until its results are there.

    `write`, `is_terminal`, `clock` and `columns` are for tests.
    """

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
        """So many of the editions, of which there are several, are made."""
        if total != self._total:
            self._begin = self._clock()
        self._done, self._total = done, total

    def tell(self) -> None:
        """Say how far the work has come, if it is time to."""
        now = self._clock()
        if self._is_terminal():
            if now - self._drawn >= _BETWEEN_REDRAWS:
                # One column less: a full line makes some terminals begin the next.
                self._write("\r\033[K" + _fitted(f"  {self._line(now)}", self._columns() - 1))
                self._is_shown, self._drawn = True, now
        elif now - self._said >= _BETWEEN_LINES:
            self._write(self._line(now) + "\n")
            self._said = now

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """While a stage is at work. On a terminal, a document that is made alone leaves how long each stage took."""
        begin = self._clock()
        self._stage, self._page, self._before = name, 0, 0
        self.tell()
        try:
            with self._listening() if name == LAYOUT else _nothing():
                yield
        finally:
            self._stage = ""
            self.clear()
        if self._total < 2 and self._is_terminal():
            self._write(f"  {name} {self._clock() - begin:6.2f}秒\n")

    def clear(self) -> None:
        """Take the line away: what is printed next would stand behind it."""
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
        """The seconds that are left, as far as they can be told: of all editions, or of the one document."""
        end = self._end
        if self._total > 1:
            end = _end(self._begin, now, self._done, self._total)
        return None if end is None or end <= now else end - now

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Hear which page is laid out."""
        import logging

        class PageCounter(logging.Handler):
            def emit(_, record: logging.LogRecord) -> None:  # noqa: N805
                self._hear(record.getMessage())

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

    def _hear(self, message: str) -> None:
        if message.isdecimal():
            self._pages = int(message)
        elif message.startswith("+"):
            self._before = int(message)
            self._begin_page(self._before + 1)
        elif found := _PAGE.match(message):
            self._begin_page(self._before + int(found[1]))
        self.tell()

    def _begin_page(self, page: int) -> None:
        if page <= self._before + 1 and page < self._page:
            # Laid out once more: now it is known how many pages there are.
            self._pages = max(self._pages, self._page)
        now = self._clock()
        if page == 1:
            self._first_page = now
        self._page = page
        # It has only begun.
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
    """As much of `text` as goes into so many columns, of which a Japanese character takes two."""
    width = 0
    for index, character in enumerate(text):
        width += width_in_halves(character)
        if width > columns:
            return text[:index]
    return text


def _end(begin: float, now: float, done: int, whole: float) -> float | None:
    """When all will be done of which so much was done from `begin` to `now`; None if it is too early to tell."""
    if done < 1 or now - begin < _SECONDS_BEFORE_ESTIMATE:
        return None
    return begin + (now - begin) / done * whole


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"残り約{max(1, round(seconds))}秒"
    return f"残り約{round(seconds / 60)}分"
