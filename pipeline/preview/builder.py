"""Builds the pages of an edition in a background thread, with the layout engine and its page cache kept in memory."""

import hashlib
import io
import logging
import threading
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
from pipeline.line import compose
from pipeline.papers import report_of
from pipeline.proof.proof import prove
from pipeline.reading import fingerprint


class Phase(Enum):
    """The state of the latest change."""

    BUILDING = "building"
    CURRENT = "current"
    REFUSED = "refused"  # the source, a template or a style has errors
    FAILED = "failed"  # the program has a bug


@dataclass(frozen=True, slots=True)
class ProvedPages:
    """Proved pages: the document, its PDF, the (width, height) of each page in points, and the time."""

    document: Document
    pdf: bytes
    sizes: tuple[tuple[float, float], ...]
    made: datetime


@dataclass(frozen=True, slots=True)
class State:
    """What the preview shows of an edition: the last proved pages, if any, and the present problems.

    `message` is an error that is not a problem of the source.
    """

    phase: Phase = Phase.BUILDING
    problems: tuple[Problem, ...] = ()
    message: str = ""
    pages: ProvedPages | None = None


class Builder(threading.Thread):
    """A thread that builds the pages of one edition at a time. A newer change of the same edition aborts the build.

    `changed` is called with an edition's id when its state has changed, from any thread.
    """

    def __init__(self, changed: Callable[[str], None]) -> None:
        super().__init__(name="builder", daemon=True)
        self._changed = changed
        self._states: dict[str, State] = {}
        self._page_cache = new_page_cache()
        # The digests of all watched files, by edition: when its last build began, and for builds that wait.
        self._begun: dict[str, str] = {}
        self._waiting: dict[str, str] = {}
        self._at_work = ""
        self._is_overtaken = self._has_given_up = self._is_stopped = False
        self._condition = threading.Condition()

    def state(self, edition: str) -> State:
        """The present state of `edition`."""
        return self._states.get(edition, State())

    def ask(self, edition: str) -> None:
        """Request a build of `edition`, unless the files are unchanged since the last one began."""
        found = _content()
        with self._condition:
            if found == self._waiting.get(edition, self._begun.get(edition)):
                return
            self._waiting[edition] = found
            self._is_overtaken = self._is_overtaken or edition == self._at_work
            self._condition.notify()
            # Show BUILDING at once (see `_show`). A refused state stays until the next build has ended.
            if self.state(edition).phase == Phase.CURRENT:
                self._show(edition, self.state(edition))

    def stop(self) -> None:
        """Abort the present build and end the thread."""
        with self._condition:
            self._is_stopped = self._is_overtaken = True
            self._condition.notify()

    def run(self) -> None:
        """Build until stopped."""
        with _calling_at_each_page(self._give_up_if_overtaken):
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
        """Build `edition`; returns its new state, with the pages or the reason why there are none."""
        # Keep showing the old pages until there are new ones.
        before = State(pages=self.state(edition).pages)
        try:
            path, library = SOURCE / f"{edition}.yaml", Library()
            validated = library.validated(path)
            state = replace(before, problems=_sorted(validated.warnings))
            document = compose(report_of(path, ()), library)
            # Nothing to lay out: another edition was saved, say, or a change was undone.
            if before.pages and before.pages.document == document:
                return replace(state, phase=Phase.CURRENT)
            self._show(edition, state)
            pdf = write_pdf(document, OUT / ".fonts", kept=self._page_cache)
            self._give_up_if_overtaken()
            prove(pdf, document)
            pages = ProvedPages(document, pdf, _sizes(pdf), datetime.now())
            return replace(state, phase=Phase.CURRENT, pages=pages)
        except SourceError as error:
            return replace(before, phase=Phase.REFUSED, problems=_sorted(error.problems))
        except PipelineError as error:
            return replace(before, phase=Phase.REFUSED, message=str(error))
        except _Overtaken:
            raise
        except Exception:
            # A bug: print its traceback on the terminal, and go on with the next change.
            traceback.print_exc()
            return replace(before, phase=Phase.FAILED)

    def _show(self, edition: str, state: State) -> None:
        with self._condition:
            # The files have changed again, so this state is not current.
            if edition in self._waiting and state.phase == Phase.CURRENT:
                state = replace(state, phase=Phase.BUILDING)
            self._states[edition] = state
        self._changed(edition)

    def _give_up_if_overtaken(self) -> None:
        # Never abort two builds in a row, so that somebody who saves all the time sees results, too.
        if self._is_stopped or (self._is_overtaken and not self._has_given_up):
            raise _Overtaken


class _Overtaken(Exception):  # noqa: N818 no error
    """The present build was overtaken by a newer change, or the builder was stopped."""


@contextmanager
def _calling_at_each_page(callback: Callable[[], None]) -> Iterator[None]:
    """Call `callback` at each progress record that WeasyPrint logs, which is about once a page."""

    class Steps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002
            callback()

    logger = logging.getLogger("weasyprint.progress")
    logger.setLevel(logging.INFO)
    logger.addHandler(steps := Steps())
    try:
        yield
    finally:
        logger.removeHandler(steps)
        logger.setLevel(logging.NOTSET)


def watched() -> Iterator[Path]:
    """The files to watch: templates, styles and all sources, since an edit may change which one is whose 前版."""
    yield from html.TEMPLATES.glob("*.*")
    yield from html.STYLES.glob("*.css")
    yield from SOURCE.glob("*.yaml")


def _content() -> str:
    """A digest of all watched files. An unreadable file counts as empty; the build will report it.

    Modification times count too: a file read half-written may end up with its former content, and must be read again.
    """
    content = hashlib.sha256()
    for path in sorted(watched()):
        content.update(f"{path} {fingerprint(path)}\n".encode())
    return content.hexdigest()


def _sorted(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Sorted by path first, so that problems of an earlier edition are apart from this one's."""
    return tuple(sorted(problems))


# Pictures of pages. PDFium is not thread-safe.
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
    # Use the fastest compression, since the picture stays on this machine.
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
