"""The line, from source to out/: it reads like a table of contents."""

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .delivery.delivery import OUT, Record
from .errors import PipelineError, Problem, UsageError
from .library import Library
from .processes.progress import LAYOUT, expect_pages

if TYPE_CHECKING:  # a document that is up to date is found so without importing what makes documents
    from .documents.document import Document
    from .model.validation import Validated
    from .processes.helper_process import HelperProcess

    Compose = Callable[[tuple[Validated, ...]], Document]
    BeginPdf = Callable[[Document], Callable[[], bytes]]

# Open data, as it is published beside the report's page.
DATA = ("data.csv", "data.json")

# On the original's pages, headings among them: by this it is told how far the layout has come.
_ROWS_A_PAGE = 25

# Wraps a stage and may say how long it took.
Step = Callable[[str], AbstractContextManager[None]]


class Delivered(NamedTuple):
    """A document in out/: its PDF, the number of its pages, and the warnings of its sources."""

    path: Path
    pages: int
    warnings: tuple[Problem, ...]


def make_report(path: Path, step: Step, jobs: int = 1, library: Library | None = None) -> Delivered | None:
    """Make the report on the edition at `path`, with `jobs` processes; None if it is up to date. Raises `PipelineError`.

    Its page leads to the open data that stands beside it, if any does.
    """
    data = _published(path)

    def compose(editions: "tuple[Validated, ...]") -> "Document":
        from .documents.report import report

        (validated,) = editions
        return report(validated, data)

    return make(OUT / path.stem / "report", (path,), compose, step, " ".join(data), jobs, library)


def is_report_current(path: Path, library: Library) -> bool:
    """Whether `make_report` would find nothing to do."""
    record = _record(OUT / path.stem / "report", (path,), " ".join(_published(path)))
    return record.is_current(library.fingerprint)


def _published(path: Path) -> list[str]:
    return [name for name in DATA if (OUT / path.stem / name).exists()]


def make_summary(path: Path, step: Step, jobs: int = 1, library: Library | None = None) -> Delivered | None:
    """Make the summary of the edition at `path`; None if it is up to date. Raises `PipelineError`."""
    library = library or Library()

    def compose(editions: "tuple[Validated, ...]") -> "Document":
        from .documents.summary import summary

        (validated,) = editions
        # The one before is among the inputs of whatever is made of this edition.
        return summary(validated, library.before(validated))

    return make(OUT / path.stem / "summary", (path,), compose, step, jobs=jobs, library=library)


def is_summary_current(path: Path, library: Library) -> bool:
    """Whether `make_summary` would find nothing to do."""
    return _record(OUT / path.stem / "summary", (path,)).is_current(library.fingerprint)


def make_comparison(
    old: Path, new: Path, step: Step, show_all: bool = False, jobs: int = 1, library: Library | None = None
) -> tuple[Path, Delivered | None]:
    """Make the 新旧対照表 of two editions, each a YAML file or a PDF of ours, and comparison.json beside it.

    The path of comparison.json, and what was made, or None if it is up to date. Raises `PipelineError`.
    """

    def compose(editions: "tuple[Validated, ...]") -> "Document":
        from .documents.comparison import comparison

        earlier, later = editions
        return comparison(earlier, later, show_all)

    library = library or Library()
    target = _between(old, new, library) / "comparison"
    made = make(target, (old, new), compose, step, "ALL" if show_all else "", jobs, library)
    return target.with_suffix(".json"), made


def make_errata(old: Path, new: Path, step: Step, library: Library | None = None) -> Delivered | None:
    """Make the 正誤表 from the distributed `old` to the corrected `new`; None if it is up to date."""

    def compose(editions: "tuple[Validated, ...]") -> "Document":
        from .documents.errata import errata

        wrong, right = editions
        return errata(wrong, right)

    library = library or Library()
    return make(_between(old, new, library) / "errata", (old, new), compose, step, library=library)


def _between(old: Path, new: Path, library: Library) -> Path:
    """The folder of what is made of two editions. Raises `UsageError` for a file whose name is no edition's."""
    from .model.edition import is_edition_id

    names = [library.source(path).edition if path.suffix == ".pdf" else path.stem for path in (old, new)]
    for name, path in zip(names, (old, new), strict=True):
        if not is_edition_id(name):
            raise UsageError(f"{path}: ファイル名(.yaml の前)を、半角の英小文字、数字、「-」に改めてください。")
    return OUT / "-".join(names)


def make(
    target: Path,
    sources: tuple[Path, ...],
    compose: "Compose",
    step: Step,
    options: str = "",
    jobs: int = 1,
    library: Library | None = None,
) -> Delivered | None:
    """Make `target`.pdf and .html, and what else the document has, of the editions at `sources`; None if up to date.

    `options` names in what other way than usual the document is asked for; `jobs` processes may lay it out.
    The editions come from `library`, by default from one of its own. Raises `PipelineError`.
    """
    library = library or Library()
    record = _record(target, sources, options)
    if record.is_current(library.fingerprint):
        return None
    begin_pdf = _engine(jobs)  # before the lock: a process that is forked under it would keep it
    with record.locked():
        if record.was_replaced():
            # Another run made it while we waited, perhaps of newer files than we have read.
            library.forget()
            if record.is_current(library.fingerprint):
                return None
        return _make(record, target, sources, compose, step, begin_pdf, library)


def _record(target: Path, sources: tuple[Path, ...], options: str = "") -> Record:
    # The same document may be asked for from other files: an edition, or its PDF of last year.
    return Record("-".join(target.relative_to(OUT).parts), " ".join([*map(str, sources), options]))


def warm_up() -> None:
    """Import what makes documents and read the fonts, so that the processes forked from this one need not.

    What is missing is of no account here: whoever makes a document will say so.
    """

    from .fonts import coverage
    from .layout import pdf
    from .model import validation  # noqa: F401
    from .proof import proof  # noqa: F401
    from .source import tree  # noqa: F401

    with suppress(PipelineError, OSError):
        coverage()
    pdf.warm_up(OUT / ".fonts")


def _engine(jobs: int) -> "BeginPdf":
    """What begins to write the PDF of a document, with `jobs` processes, and returns what waits for it.

    The engine takes as long to get ready as a document: unless it is ready here, they do so side by side.
    """
    from .layout.pdf import write_pdf

    if jobs > 1 and "weasyprint" not in sys.modules and (engine := _helper_engine(os.getpid())):
        return lambda document: engine.ask(document, OUT / ".fonts", jobs)
    return lambda document: partial(write_pdf, document, OUT / ".fonts", jobs)


@cache
def _helper_engine(_: int) -> "HelperProcess | None":
    """The engine of the process with that number: one that is forked from it has none yet."""
    from .layout.pdf import warm_up, write_pdf
    from .processes.helper_process import start_helper_process
    from .processes.progress import LOGS

    return start_helper_process(write_pdf, partial(warm_up, OUT / ".fonts"), LOGS)


def _make(
    record: Record,
    target: Path,
    sources: tuple[Path, ...],
    compose: "Compose",
    step: Step,
    begin_pdf: "BeginPdf",
    library: Library,
) -> Delivered:
    with step("読込"):
        for path in sources:
            library.source(path)
    with step("検証"):
        editions = tuple(map(library.validated, sources))
    with step("紙面"):
        document = compose(editions)
    with step(LAYOUT):
        expect_pages(-(-sum(len(table.rows) for table in document.expected.tables) // _ROWS_A_PAGE))
        written = begin_pdf(document)
        from .proof.proof import prove  # here: meanwhile

        pdf = written()
    with step("検査"):
        pages = prove(pdf, document)
    with step("書出"):
        files = {".pdf": pdf, ".html": document.html.encode(), **dict(document.beside)}
        inputs = {name: mark for path in sources for name, mark in library.inputs(path).items()}
        record.deliver(inputs, {target.with_suffix(suffix): content for suffix, content in files.items()})
    warnings = tuple(warning for edition in editions for warning in edition.warnings)
    return Delivered(target.with_suffix(".pdf"), pages, warnings)
