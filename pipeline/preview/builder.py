"""The engine, kept warm: makes the pages of an edition anew whenever it is asked to, in a thread of its own."""

import hashlib
import io
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pypdfium2

from pipeline.delivery.delivery import OUT, SOURCE
from pipeline.documents import html
from pipeline.documents.document import Document
from pipeline.errors import PipelineError, Problem, SourceError
from pipeline.layout.pdf import new_page_cache, write_pdf
from pipeline.library import Library
from pipeline.line import compose, report_of
from pipeline.proof.proof import prove
from pipeline.reading import fingerprint


class Phase(Enum):
    """What has become of the latest change."""

    BUILDING = "building"
    CURRENT = "current"
    REFUSED = "refused"  # the source, a template or a style has errors
    FAILED = "failed"  # the program has


@dataclass(frozen=True, slots=True)
class ProvedPages:
    """Pages that have passed their proof: the PDF, the size of each in points, when they were made and how long it took."""

    document: Document
    pdf: bytes
    sizes: tuple[tuple[float, float], ...]
    made: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class State:
    """What there is to show of an edition: the last good pages, if there ever were any, and what is wrong now.

    `message` says what is wrong where that is not a matter of a line of the source.
    """

    phase: Phase = Phase.BUILDING
    problems: tuple[Problem, ...] = ()
    message: str = ""
    pages: ProvedPages | None = None


class Builder(threading.Thread):
    """Makes the pages of one edition at a time. The newest change wins: what it overtakes is given up.

    `changed` is called, from whatever thread, with the edition that has a new state.
    """

    def __init__(self, changed: Callable[[str], None]) -> None:
        super().__init__(name="builder", daemon=True)
        self._changed = changed
        self._states: dict[str, State] = {}
        self._kept = new_page_cache()
        # Of each edition what its files held when its pages were last begun.
        self._begun: dict[str, str] = {}
        self._waiting: dict[str, str] = {}
        self._at_work = ""
        self._is_overtaken = self._has_given_up = self._is_stopped = False
        self._condition = threading.Condition()

    def state(self, edition: str) -> State:
        return self._states.get(edition, State())

    def ask(self, edition: str) -> None:
        """Have the pages of `edition` made, unless they are of what its files hold now."""
        found = _content()
        with self._condition:
            if found == self._waiting.get(edition, self._begun.get(edition)):
                return
            self._waiting[edition] = found
            self._is_overtaken = self._is_overtaken or edition == self._at_work
            self._condition.notify()
            # From now on; what was refused stays so until it is known to be mended.
            if self.state(edition).phase == Phase.CURRENT:
                self._show(edition, self.state(edition))

    def stop(self) -> None:
        with self._condition:
            self._is_stopped = self._is_overtaken = True
            self._condition.notify()

    def run(self) -> None:
        with _hearing(self._give_up_if_overtaken):
            self._work()

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._is_stopped)
                if self._is_stopped:
                    return
                self._at_work = next(iter(self._waiting))
                self._begun[self._at_work] = self._waiting.pop(self._at_work)
                self._is_overtaken = False
            try:
                self._show(self._at_work, self._made(self._at_work))
                self._has_given_up = False
            except _Overtaken:
                self._has_given_up = True
            with self._condition:
                self._at_work = ""

    def _made(self, edition: str) -> State:
        """The state of `edition` after its pages were made, or why they were not."""
        begin = time.perf_counter()
        # Until there are new pages, the old ones stay.
        before = State(pages=self.state(edition).pages)
        try:
            path, library = SOURCE / f"{edition}.yaml", Library()
            validated = library.validated(path)
            state = replace(before, problems=_sorted(validated.warnings))
            document = compose(report_of(path, ()), library)
            # Most often another edition was saved, or a mistake taken back.
            if before.pages and before.pages.document == document:
                return replace(state, phase=Phase.CURRENT)
            self._show(edition, state)
            pdf = write_pdf(document, OUT / ".fonts", kept=self._kept)
            self._give_up_if_overtaken()
            prove(pdf, document)
            pages = ProvedPages(document, pdf, _sizes(pdf), datetime.now(), time.perf_counter() - begin)
            return replace(state, phase=Phase.CURRENT, pages=pages)
        except SourceError as error:
            return replace(before, phase=Phase.REFUSED, problems=_sorted(error.problems))
        except PipelineError as error:
            return replace(before, phase=Phase.REFUSED, message=str(error))
        except _Overtaken:
            raise
        except Exception:
            # A bug. The terminal has its traceback; the next change is another chance.
            traceback.print_exc()
            return replace(before, phase=Phase.FAILED)

    def _show(self, edition: str, state: State) -> None:
        with self._condition:
            # The files have changed again.
            if edition in self._waiting and state.phase == Phase.CURRENT:
                state = replace(state, phase=Phase.BUILDING)
            self._states[edition] = state
        self._changed(edition)

    def _give_up_if_overtaken(self) -> None:
        # Never twice running: whoever saves without a pause is to see something too.
        if self._is_stopped or (self._is_overtaken and not self._has_given_up):
            raise _Overtaken


class _Overtaken(Exception):  # noqa: N818 no error
    """What is being made is of no interest any more."""


@contextmanager
def _hearing(heard: Callable[[], None]) -> Iterator[None]:
    """Call `heard` at each step of the layout that WeasyPrint logs, which is once a page."""

    class Steps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002
            heard()

    logger = logging.getLogger("weasyprint.progress")
    logger.setLevel(logging.INFO)
    logger.addHandler(steps := Steps())
    try:
        yield
    finally:
        logger.removeHandler(steps)
        logger.setLevel(logging.NOTSET)


def watched() -> Iterator[Path]:
    """The files of which pages are made. Of the sources all: which of them go before which may just be changing."""
    yield from html.TEMPLATES.glob("*.*")
    yield from html.STYLES.glob("*.css")
    yield from SOURCE.glob("*.yaml")


def _content() -> str:
    """A digest of all that is watched. What cannot be read counts as empty: what makes the pages will complain.

    The times count too: a file may be read while an editor writes it, half, and hold at last what it held before.
    """
    content = hashlib.sha256()
    for path in sorted(watched()):
        content.update(f"{path} {fingerprint(path)}\n".encode())
    return content.hexdigest()


def _sorted(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """By place, code and message: the errors of an earlier edition stand apart from this one's."""
    return tuple(sorted(problems))


# Pictures. PDFium is not to be called from two threads at once.
_PDFIUM = threading.Lock()


def _sizes(pdf: bytes) -> tuple[tuple[float, float], ...]:
    with _PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            return tuple(document.get_page_size(index) for index in range(len(document)))
        finally:
            document.close()


def picture(pages: ProvedPages, number: int, width: int) -> bytes:
    """Page `number` of `pages` as a PNG, `width` pixels wide."""
    with _PDFIUM:
        document = pypdfium2.PdfDocument(pages.pdf)
        try:
            image: Any = document[number - 1].render(scale=width / pages.sizes[number - 1][0]).to_pil()
        finally:
            document.close()
    file = io.BytesIO()
    # It travels no further than this machine: the fastest compression will do.
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
