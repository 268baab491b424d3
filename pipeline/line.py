"""The pipeline from source to out/: the order of its stages.

Papers of one edition must agree. So `make` also rebuilds the other papers in out/ that were made from the same
editions, and delivers all of them or none.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .delivery.delivery import OUT, Delivery, Record, deliver, records, withdraw
from .delivery.issues import issue_at, last_issue, source_of
from .errors import LackError, NothingToDoError, PipelineError, Problem, ProofError, SourceError
from .library import Library
from .papers import LISTS, Paper, companions, extents_of, with_extents
from .processes.progress import LAYOUT, expect_pages
from .reading import Content, UnreadableError, digest_of, read_file
from .source.limits import MAX_BYTES

if TYPE_CHECKING:  # imported late at run time, so that finding everything up to date is fast
    from .documents.document import Document, ListedPaper, Printed
    from .model.validation import Validated
    from .processes.helper_process import HelperProcess
    from .years.readiness import LastIssue

    BeginPdf = Callable[[Document], Callable[[], bytes]]

# Rows on a page of the original list, headings included; the progress line estimates the number of pages with it.
_ROWS_A_PAGE = 25

# CPU seconds for finding out on which pages of a distributed PDF its items stand.
_SECONDS_FOR_PLACES = 3

# A context manager around each stage, given its name; it may print progress.
Step = Callable[[str], AbstractContextManager[None]]


class Delivered(NamedTuple):
    """A delivered paper: its files, its number of pages (of data and workbooks: rows), the warnings of its sources."""

    paper: Paper
    paths: tuple[Path, ...]
    size: int
    warnings: tuple[Problem, ...]

    @property
    def path(self) -> Path:
        """Its main file: the PDF, data.csv, or the workbook."""
        return self.paths[0]


class EditedError(PipelineError):
    """A workbook in out/ was edited after its delivery, and is not overwritten; the message says what to do."""


class Outcome(NamedTuple):
    """The result of `make`.

    `asked`: the delivery of each requested paper, or None if it was up to date. `others`: other papers that were rebuilt
    with them. `left`: other papers that were not rebuilt and are now outdated, with the reason.
    """

    asked: tuple[Delivered | None, ...]
    others: tuple[Delivered, ...]
    left: tuple[tuple[Paper, PipelineError], ...]
    removed: tuple[Paper, ...] = ()


# Stage 3, by kind. These functions may read only the paper's sources and their chains of 前版, which its record lists.


def _report(paper: Paper, library: Library) -> "Document":
    from .documents.report import report

    validated = library.validated(*paper.sources)
    if not paper.options:
        return report(validated)
    from .documents.data import downloads, open_data

    return report(validated, downloads(open_data(validated)))


def _summary(paper: Paper, library: Library) -> "Document":
    from .documents.summary import summary

    validated = library.validated(*paper.sources)
    return summary(validated, library.before(validated))


def _comparison(paper: Paper, library: Library) -> "Document":
    from .documents.comparison import comparison

    old, new = map(library.validated, paper.sources)
    return comparison(old, new, show_all=bool(paper.options))


def _errata(paper: Paper, library: Library, begin_pdf: "BeginPdf") -> "Document":
    from .documents.errata import check_kinship, check_same_edition, errata
    from .proof.places import printed
    from .source.embedded import read_guarded

    wrong, right = map(library.validated, paper.sources)
    check_kinship(wrong.edition, right.edition)
    check_same_edition(wrong, right)
    papers = paper.options.split()
    before: list[Validated] = []
    one = library.before(right) if papers and right.source.path.parent == library.folder else None
    while one:
        before.insert(0, one)
        one = library.before(one)

    def read(kind: str, compose: Callable[[], "Document"]) -> "Printed":
        """Where the paper says what: the list in the PDF that was distributed, else in one that is laid out anew."""
        pdf, _ = paper.sources
        if issue_at(pdf):
            # The source is kept beside the paper that was made of it.
            pdf = pdf.with_name("report.pdf")
        if kind == "report" and pdf.suffix == ".pdf":
            with suppress(UnreadableError):
                distributed = read_file(pdf, MAX_BYTES).data
                if found := read_guarded(lambda: printed(distributed), _SECONDS_FOR_PLACES):
                    return found
        return printed(begin_pdf(compose())())

    return errata(wrong, right, read, before, papers)


def _history(paper: Paper, library: Library) -> "Document":
    from .documents.history import history

    return history(tuple(map(library.validated, paper.sources)))


def _council(paper: Paper, library: Library) -> "Document":
    from .documents.council import council

    return council([*map(library.validated, paper.sources)], _listed(paper))


def _checklist(paper: Paper, library: Library) -> "Document":
    from .documents.checklist import checklist

    return checklist([*map(library.validated, paper.sources)], _listed(paper), _last_issue(paper, library))


def _last_issue(paper: Paper, library: Library) -> "LastIssue | None":
    """The last issue of the newest edition of `paper`; None if there is none."""
    from datetime import date

    from .years.readiness import LastIssue

    last = last_issue(paper.sources[-1].stem)
    if not last:
        return None
    day = None
    with suppress(ValueError):  # whoever keeps the register may have written it otherwise
        day = date.fromisoformat(last.day)
    try:
        return LastIssue(last.name, day, library.validated(source_of(last)))
    except PipelineError:
        return LastIssue(last.name, day, None)


def _listed(paper: Paper) -> "list[ListedPaper]":
    """The papers that `paper` lists, with their extents."""
    from .documents.document import ListedPaper

    return [
        ListedPaper(one.kind, str(one.path.relative_to(OUT)), int(pages or 0), sheet)
        for one, (pages, _, sheet) in zip(
            paper.lists, (extent.partition(" ") for extent in extents_of(paper)), strict=True
        )
    ]


_COMPOSE: dict[str, Callable[[Paper, Library], "Document"]] = {
    "report": _report,
    "summary": _summary,
    "comparison": _comparison,
    "history": _history,
    "council": _council,
    "checklist": _checklist,
}


def compose(paper: Paper, library: Library, begin_pdf: "BeginPdf | None" = None) -> "Document":
    """Stages 1 to 3: the document of `paper`. Raises `PipelineError`.

    The errata need `begin_pdf`: they say on which pages the distributed papers are wrong.
    """
    if paper.kind == "errata":
        assert begin_pdf
        return _errata(paper, library, begin_pdf)
    return _COMPOSE[paper.kind](paper, library)


def proved_again(pdf: bytes, title: str, sources: Sequence[tuple[str, bytes]]) -> str | None:
    """What differs between a PDF of ours and the document that its own `sources` make; empty if nothing does.

    `sources` are edition and bytes of each, in the order in which it carries them, `title` is the one in its metadata.
    None if this cannot be told: no kind of paper has the title, or a source has errors by today's rules. Raises
    `LackError`.
    """
    from .model.edition import DocumentNumbers
    from .proof.proof import prove

    paths = tuple(Path(str(at)) / f"{edition}.yaml" for at, (edition, _) in enumerate(sources))
    library = _SourcesOfPdf({path: data for path, (_, data) in zip(paths, sources, strict=True)})
    found: str | None = None
    for kind in (kind for kind in _COMPOSE if kind not in LISTS):
        if kind != "report" and str(DocumentNumbers.model_fields[kind].alias) not in title:
            continue
        of_one = kind in ("report", "summary")
        for options in ("", "ALL") if kind == "comparison" else ("",):
            try:
                document = compose(Paper(kind, OUT / kind, paths[-1:] if of_one else paths, options), library)
            except LackError:
                raise
            except (PipelineError, ValueError):
                continue  # not of so many sources, or with errors
            if document.expected.title != title or len(document.carried.files) != len(sources):
                continue
            try:
                prove(pdf, document)
            except ProofError as error:
                found = found or str(error)
            else:
                return ""
    return found


class _SourcesOfPdf(Library):
    """The sources that a PDF carries, by path."""

    def __init__(self, contents: Mapping[Path, bytes]) -> None:
        super().__init__(Path("pdf"))
        self._given = contents

    def path(self, edition: str) -> Path:
        """The path of the edition with this id."""
        return next((path for path in self._given if path.stem == edition), self.folder / f"{edition}.yaml")

    def _content(self, path: Path) -> Content | UnreadableError:
        return Content(self._given[path], 0) if path in self._given else UnreadableError("")


# Making and delivering


def make(papers: Sequence[Paper], step: Step, library: Library, jobs: int = 1) -> Outcome:
    """Make `papers`, and rebuild the other papers in out/ of their editions, unless they are up to date.

    `library` gives the editions; `jobs` is the number of processes that lay out a document. Another paper is left as it
    is if some other edition that it needs has errors, or if it is a workbook that somebody edited. Raises
    `PipelineError`; then nothing was delivered.
    """
    asked = [paper.target for paper in papers]
    everything = [*papers, *companions(papers, records(), library)]
    # Those that list others come last: they say how long the others are.
    everything = [with_extents(paper) for paper in sorted(everything, key=lambda paper: bool(paper.lists))]
    with_records = [(paper, paper.record) for paper in everything]

    def stale() -> set[Path]:
        return {paper.target for paper, record in with_records if not record.is_current(library.fingerprint)}

    to_make = stale()
    if not to_make:
        return Outcome((None,) * len(papers), (), ())
    begin_pdf = _engine(jobs)  # before locking: a forked process would inherit the locks and hold them
    with ExitStack() as locks:
        # Lock in a fixed order; otherwise two runs could deadlock.
        for _, record in sorted(with_records, key=lambda one: one[1].name):
            locks.enter_context(record.locked())
        if any(record.was_replaced() for _, record in with_records):
            # Another run delivered while we waited for the locks, perhaps from newer files than we have read.
            library.forget()
            to_make = stale()
        made: dict[Path, tuple[_Made, Record]] = {}
        left: dict[Path, tuple[Paper, PipelineError]] = {}
        removed: list[tuple[Paper, Record]] = []
        for paper, record in with_records:
            if paper.target in to_make and _is_edited(paper, record):
                if paper.target in asked:
                    raise _edited(paper.path)
                if not record.has_same_inputs(library.fingerprint):
                    left[paper.target] = (paper, _edited(paper.path))
                continue
            try:
                if paper.lists:
                    paper = _after(paper, {target: one.extent for target, (one, _) in made.items()}, left)
                    record.options = paper.options
                    if record.is_current(library.fingerprint):
                        continue
                elif paper.target not in to_make:
                    continue
                made[paper.target] = (_made(paper, step, begin_pdf, library), record)
            except SourceError as error:
                if paper.target in asked:
                    raise
                left[paper.target] = (paper, error)
            except NothingToDoError:
                if paper.target in asked:
                    raise
                removed.append((paper, record))
        with step("書き出し"):
            deliver([Delivery(record, one.inputs, one.files, one.extent) for one, record in made.values()])
            for _, record in removed:
                withdraw(record)
    delivered = {
        target: Delivered(one.paper, (*one.files,), one.size, one.warnings) for target, (one, _) in made.items()
    }
    return Outcome(
        tuple(delivered.get(target) for target in asked),
        tuple(one for target, one in delivered.items() if target not in asked),
        tuple(left.values()),
        tuple(paper for paper, _ in removed),
    )


def _after(paper: Paper, made: Mapping[Path, str], left: Mapping[Path, tuple[Paper, PipelineError]]) -> Paper:
    """`paper` with the extents of the papers that it lists. Raises the `SourceError` of one that could not be made."""
    for one in paper.lists:
        # An edited workbook is no paper to hand out: the others are made without it.
        if one.target in left and isinstance(left[one.target][1], SourceError):
            raise left[one.target][1]
    return with_extents(paper, made)


class _Made(NamedTuple):
    """A paper that passed its proof, with the fingerprints of its inputs, and how long it is."""

    paper: Paper
    inputs: Mapping[str, object]
    files: dict[Path, bytes]
    size: int
    extent: str
    warnings: tuple[Problem, ...]


def _made(paper: Paper, step: Step, begin_pdf: "BeginPdf", library: Library) -> _Made:
    """Stages 1 to 5 for `paper`."""
    with step("読み込み"):
        for path in paper.sources:
            library.source(path)
    with step("点検"):
        editions = [*map(library.validated, paper.sources)]
    # What errata correct was handed out: it stays as it is.
    warned = editions[-1:] if paper.kind == "errata" else editions
    extent = ""
    if paper.kind == "data":
        files, size = _made_data(paper, step, library)
    elif paper.kind == "book":
        files, size = _made_book(paper, step, library)
    else:
        files, size, sheet = _made_document(paper, step, begin_pdf, library)
        extent = f"{size} {sheet}"
    return _Made(
        paper,
        {name: mark for path in paper.sources for name, mark in library.inputs(path).items()},
        files,
        size,
        extent,
        tuple(warning for edition in warned for warning in edition.warnings),
    )


def _made_document(
    paper: Paper, step: Step, begin_pdf: "BeginPdf", library: Library
) -> tuple[dict[Path, bytes], int, str]:
    """Stages 3 to 5 for a document: its files, its number of pages, and the name of their size (用紙)."""
    with step("紙面"):
        document = compose(paper, library, begin_pdf)
    with step(LAYOUT):
        expect_pages(-(-sum(len(table.rows) for table in document.expected.tables) // _ROWS_A_PAGE))
        wait_for_pdf = begin_pdf(document)
        from .documents.html import with_size_of_pdf  # imported while another process lays out the document
        from .proof.proof import prove

        pdf = wait_for_pdf()
    with step("検査"):
        pages = prove(pdf, document)
    files = {".pdf": pdf, ".html": with_size_of_pdf(document.html, len(pdf)).encode(), **dict(document.beside)}
    return {paper.target.with_suffix(suffix): content for suffix, content in files.items()}, pages, _sheet(document)


def _sheet(document: "Document") -> str:
    from .paper import SHEETS  # here, like the next: a run with nothing to do does without it

    return next(name for name, sheet in SHEETS.items() if sheet.points == document.expected.page_size)


def _made_data(paper: Paper, step: Step, library: Library) -> tuple[dict[Path, bytes], int]:
    """Make and prove open data: its files, and its number of rows."""
    from .documents.data import open_data
    from .proof.data import prove_data

    validated = library.validated(*paper.sources)
    with step("作成"):
        files = open_data(validated)
    with step("検査"):
        rows = prove_data(files, validated)
    return {paper.target.parent / name: data for name, data in files.items()}, rows


def _made_book(paper: Paper, step: Step, library: Library) -> tuple[dict[Path, bytes], int]:
    """Make and prove the workbook of a list: its file, and its number of rows."""
    from .documents.book import book
    from .proof.book import prove_book

    validated = library.validated(*paper.sources)
    with step("作成"):
        data = book(validated)
    with step("検査"):
        rows = prove_book(data, validated)
    return {paper.path: data}, rows


def _is_edited(paper: Paper, record: Record) -> bool:
    """Whether the paper is a workbook in which somebody may have written since its delivery."""
    if paper.kind != "book" or not paper.path.exists():
        return False
    return digest_of(paper.path) != record.outputs.get(paper.path)


def _edited(path: Path) -> EditedError:
    return EditedError(
        f"{path} は、作った後に書き換えられています。make import FILES={path} APPLY=1 で取り込むか、"
        "消えないように別の場所へ移してから、もう一度実行してください。"
    )


def warm_up() -> None:
    """Import the modules that make documents, and read the fonts, before workers are forked from this process.

    Errors, such as a missing font, are ignored here: making a document reports them.
    """
    from .documents import checklist, comparison, council, errata, history, report, summary  # noqa: F401
    from .fonts import coverage
    from .layout import pdf
    from .model import validation  # noqa: F401
    from .proof import proof  # noqa: F401
    from .source import tree  # noqa: F401

    with suppress(PipelineError, OSError):
        coverage()
    pdf.warm_up(OUT / ".fonts")


def _engine(jobs: int) -> "BeginPdf":
    """A function that starts writing a document's PDF, with `jobs` processes, and returns a function that waits for it.

    Importing the engine takes as long as stages 1 to 3. So, unless it is already imported here, a helper process imports
    it at the same time.
    """
    from .layout.pdf import write_pdf

    if jobs > 1 and "weasyprint" not in sys.modules and (engine := _helper_engine(os.getpid())):
        return lambda document: engine.ask(document, OUT / ".fonts", jobs)
    return lambda document: partial(write_pdf, document, OUT / ".fonts", jobs)


@cache
def _helper_engine(_: int) -> "HelperProcess | None":
    """The helper process of the process with this id, which is the cache key: a forked worker must start its own."""
    from .layout.pdf import warm_up, write_pdf
    from .processes.helper_process import start_helper_process
    from .processes.progress import LOGS

    return start_helper_process(write_pdf, partial(warm_up, OUT / ".fonts"), LOGS)
