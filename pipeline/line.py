"""The line, from source to out/: the order of its stages, and the kinds of papers that go through it.

Papers of one edition must not disagree. So `make` makes what was asked for together with whatever else stands in out/
of the same editions; all of it is delivered, or nothing.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .delivery.delivery import OUT, Delivery, Record, deliver, records
from .errors import PipelineError, Problem, SourceError, UsageError
from .library import Library
from .processes.progress import LAYOUT, expect_pages

if TYPE_CHECKING:  # a paper that is up to date is found so without importing what makes papers
    from .documents.document import Document
    from .processes.helper_process import HelperProcess

    BeginPdf = Callable[[Document], Callable[[], bytes]]

# Open data that is published beside the report's page, which links to it.
DATA = ("data.csv", "data.json")

# Rows on a page of the original, headings among them: the progress line estimates the number of pages by it.
_ROWS_A_PAGE = 25

# Wraps a stage and may say how long it took.
Step = Callable[[str], AbstractContextManager[None]]


class Paper(NamedTuple):
    """Something that is made of editions and stands in out/.

    `kind` is a key of `_COMPOSE`, or "data"; `target` is its path without a suffix; `options` says in what other way
    than usual it is asked for.
    """

    kind: str
    target: Path
    sources: tuple[Path, ...]
    options: str = ""

    @property
    def path(self) -> Path:
        """The file by which the paper is named."""
        return self.target.with_suffix(".csv" if self.kind == "data" else ".pdf")

    @property
    def record(self) -> Record:
        """Its record. The same paper may be asked for from other files: an edition, or its PDF of last year."""
        name = "-".join(self.target.relative_to(OUT).parts)
        return Record(name, self.kind, tuple(map(str, self.sources)), self.options)


class Delivered(NamedTuple):
    """A paper in out/: its files, the number of its pages (of open data: rows), the warnings of its sources."""

    paper: Paper
    paths: tuple[Path, ...]
    size: int
    warnings: tuple[Problem, ...]

    @property
    def path(self) -> Path:
        """Its first file: the PDF, or data.csv."""
        return self.paths[0]


class Outcome(NamedTuple):
    """What came of `make`.

    `asked`: for each paper that was asked for what was delivered, or None if it was up to date. `others`: what else was
    delivered. `left`: papers that stay as they were, older than their source, and why.
    """

    asked: tuple[Delivered | None, ...]
    others: tuple[Delivered, ...]
    left: tuple[tuple[Paper, SourceError], ...]


# The papers


def report_of(path: Path, data: Sequence[str] | None = None) -> Paper:
    """The report on the edition at `path`. Its page links to `data`, by default to what stands beside it."""
    folder = OUT / path.stem
    links = [name for name in DATA if (folder / name).exists()] if data is None else data
    return Paper("report", folder / "report", (path,), " ".join(links))


def summary_of(path: Path) -> Paper:
    """The summary of the edition at `path`."""
    return Paper("summary", OUT / path.stem / "summary", (path,))


def data_of(path: Path) -> Paper:
    """The open data of the edition at `path`."""
    return Paper("data", OUT / path.stem / "data", (path,))


def comparison_of(old: Path, new: Path, library: Library, show_all: bool = False) -> Paper:
    """The comparison of two editions, each a YAML file or a PDF of ours. Raises `PipelineError`."""
    return Paper("comparison", _between(old, new, library) / "comparison", (old, new), "ALL" if show_all else "")


def errata_of(old: Path, new: Path, library: Library) -> Paper:
    """The corrections from the distributed `old` to the corrected `new`. Raises `PipelineError`."""
    return Paper("errata", _between(old, new, library) / "errata", (old, new))


def history_of(paths: Sequence[Path], last: str | None, library: Library) -> Paper:
    """The history of the one chain that the editions at `paths` form, or of the chain that ends with `last`.

    Raises `PipelineError`; where there are several chains and none is named, `UsageError`.
    """
    from .years.lineage import chain, chains

    at = {path.stem: path for path in paths}
    previous = {edition: library.source(path).root.text("前版") for edition, path in at.items()}
    if last is None:
        found = chains(previous)
        if len(found) > 1:
            listed = "\n".join(f"  {' → '.join(one)}" for one in found)
            raise UsageError(
                f"版のつながりが{len(found)}つあります。\n{listed}\n"
                f"どの版までの経過かを指定してください。例: make history EDITION={max(found, key=len)[-1]}"
            )
        last = found[0][-1]
    elif last not in at:
        raise UsageError(f"版「{last}」は source/ にありません。ある版: {'、'.join(sorted(at))}")
    return Paper("history", OUT / "history", tuple(at[edition] for edition in chain(previous, last)))


def _between(old: Path, new: Path, library: Library) -> Path:
    """The folder of what is made of two editions. Raises `UsageError` for a file whose name is no edition's."""
    from .model.edition import is_edition_id

    names = [library.source(path).edition if path.suffix == ".pdf" else path.stem for path in (old, new)]
    for name, path in zip(names, (old, new), strict=True):
        if not is_edition_id(name):
            raise UsageError(f"{path}: ファイル名(.yaml の前)を、半角の英小文字、数字、「-」に改めてください。")
    return OUT / "-".join(names)


# Stage 3, by kind. What a document is made of besides its own editions is among the inputs of these.


def _report(paper: Paper, library: Library) -> "Document":
    from .documents.report import report

    return report(library.validated(paper.sources[0]), paper.options.split())


def _summary(paper: Paper, library: Library) -> "Document":
    from .documents.summary import summary

    validated = library.validated(paper.sources[0])
    return summary(validated, library.before(validated))


def _comparison(paper: Paper, library: Library) -> "Document":
    from .documents.comparison import comparison

    old, new = map(library.validated, paper.sources)
    return comparison(old, new, show_all=bool(paper.options))


def _errata(paper: Paper, library: Library) -> "Document":
    from .documents.errata import errata

    wrong, right = map(library.validated, paper.sources)
    return errata(wrong, right)


def _history(paper: Paper, library: Library) -> "Document":
    from .documents.history import history

    return history(tuple(map(library.validated, paper.sources)))


_COMPOSE: dict[str, Callable[[Paper, Library], "Document"]] = {
    "report": _report,
    "summary": _summary,
    "comparison": _comparison,
    "errata": _errata,
    "history": _history,
}


def compose(paper: Paper, library: Library) -> "Document":
    """Stages 1 to 3: the document that `paper` is. Raises `PipelineError`."""
    return _COMPOSE[paper.kind](paper, library)


# What there is to make


def is_current(paper: Paper, library: Library) -> bool:
    """Whether `make` would find nothing to do for `paper`."""
    return all(one.record.is_current(library.fingerprint) for one in (paper, *_companions([paper])))


def outdated(path: Path, library: Library) -> Iterator[Paper]:
    """The papers in out/ that are older than the edition at `path`, which they were made of."""
    for record in records():
        if str(path) in record.inputs and not record.has_same_inputs(library.fingerprint):
            yield _paper(record)


def _companions(papers: Sequence[Paper]) -> list[Paper]:
    """The papers that stand in out/ and would say something else than `papers` if they stayed as they are."""
    sources = {str(path) for paper in papers for path in paper.sources}
    asked = {paper.target for paper in papers}
    found = []
    for record in records():
        # A report and open data show nothing of the edition before theirs.
        read = record.sources if record.kind in ("report", "data") else record.inputs
        paper = _paper(record)
        if sources & {*read} and paper.target not in asked:
            data = [*DATA] if data_of(paper.sources[0]).target in asked else None
            found.append(report_of(paper.sources[0], data) if paper.kind == "report" else paper)
    return found


def _paper(record: Record) -> Paper:
    """The paper that `record` is of."""
    target = next(iter(record.outputs)).with_suffix("")
    return Paper(record.kind, target, tuple(map(Path, record.sources)), record.options)


# Making it


def make(papers: Sequence[Paper], step: Step, jobs: int = 1, library: Library | None = None) -> Outcome:
    """Make `papers`, and what else stands in out/ of their editions, unless they are up to date.

    `jobs` processes may lay out a document. The editions come from `library`, by default from one of its own. What else
    stands there is left as it is where another edition that it needs has errors. Raises `PipelineError`: then nothing
    was delivered.
    """
    library = library or Library()
    everything = [*papers, *_companions(papers)]
    kept = [(paper, paper.record) for paper in everything]
    stale = [paper for paper, record in kept if not record.is_current(library.fingerprint)]
    if not stale:
        return Outcome((None,) * len(papers), (), ())
    begin_pdf = _engine(jobs)  # before the locks: a process that is forked under one would keep it
    with ExitStack() as locks:
        for _, record in sorted(
            kept, key=lambda one: one[1].name
        ):  # in one order, or two runs would wait for each other
            locks.enter_context(record.locked())
        if any(record.was_replaced() for _, record in kept):
            # Another run made something while we waited, perhaps of newer files than we have read.
            library.forget()
            stale = [paper for paper, record in kept if not record.is_current(library.fingerprint)]
        made, left = [], []
        for paper, record in kept:
            if paper not in stale:
                continue
            try:
                made.append((_made(paper, step, begin_pdf, library), record))
            except SourceError as error:
                if paper in papers:
                    raise
                left.append((paper, error))
        with step("書出"):
            deliver([Delivery(record, one.inputs, one.files) for one, record in made])
    delivered = {one.paper: Delivered(one.paper, (*one.files,), one.size, one.warnings) for one, _ in made}
    return Outcome(
        tuple(delivered.get(paper) for paper in papers),
        tuple(one for paper, one in delivered.items() if paper not in papers),
        tuple(left),
    )


class _Made(NamedTuple):
    """A paper that passed its proof, with the fingerprints of the files that it was made of."""

    paper: Paper
    inputs: Mapping[str, object]
    files: dict[Path, bytes]
    size: int
    warnings: tuple[Problem, ...]


def _made(paper: Paper, step: Step, begin_pdf: "BeginPdf", library: Library) -> _Made:
    """Stages 1 to 5."""
    with step("読込"):
        for path in paper.sources:
            library.source(path)
    with step("検証"):
        editions = [*map(library.validated, paper.sources)]
    if paper.kind == "data":
        files, size = _made_data(paper, step, library)
    else:
        files, size = _made_document(paper, step, begin_pdf, library)
    return _Made(
        paper,
        {name: mark for path in paper.sources for name, mark in library.inputs(path).items()},
        files,
        size,
        tuple(warning for edition in editions for warning in edition.warnings),
    )


def _made_document(paper: Paper, step: Step, begin_pdf: "BeginPdf", library: Library) -> tuple[dict[Path, bytes], int]:
    with step("紙面"):
        document = compose(paper, library)
    with step(LAYOUT):
        expect_pages(-(-sum(len(table.rows) for table in document.expected.tables) // _ROWS_A_PAGE))
        written = begin_pdf(document)
        from .proof.proof import prove  # here: meanwhile

        pdf = written()
    with step("検査"):
        pages = prove(pdf, document)
    files = {".pdf": pdf, ".html": document.html.encode(), **dict(document.beside)}
    return {paper.target.with_suffix(suffix): content for suffix, content in files.items()}, pages


def _made_data(paper: Paper, step: Step, library: Library) -> tuple[dict[Path, bytes], int]:
    from .documents.data import open_data
    from .proof.data import prove_data

    validated = library.validated(paper.sources[0])
    with step("作成"):
        files = open_data(validated)
    with step("検査"):
        rows = prove_data(files, validated)
    return {paper.target.parent / name: data for name, data in files.items()}, rows


def warm_up() -> None:
    """Import what makes documents and read the fonts, so that the processes forked from this one need not.

    What is missing is of no account here: whoever makes a document will say so.
    """
    from .documents import comparison, errata, history, report, summary  # noqa: F401
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
