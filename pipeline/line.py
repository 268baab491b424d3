"""The line, from source to out/: it reads like a table of contents."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .delivery import OUT, Fingerprint, Record, fingerprint
from .errors import Problem

if TYPE_CHECKING:  # a document that is up to date is found so without importing what makes documents
    from .document import Document
    from .validation import Validated

    Compose = Callable[[tuple[Validated, ...]], Document]

# Wraps a stage and may say how long it took.
Step = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A document in out/: its PDF, the number of its pages, and the warnings of its sources."""

    path: Path
    pages: int
    warnings: tuple[Problem, ...]


def make_report(path: Path, step: Step) -> Delivered | None:
    """Make the report on the edition at `path`; None if it is up to date. Raises `PipelineError`."""

    def compose(editions: "tuple[Validated, ...]") -> "Document":
        from .report import report

        return report(*editions)

    return make(OUT / path.stem / "report", (path,), compose, step)


def make(
    target: Path, sources: tuple[Path, ...], compose: "Compose", step: Step, options: str = ""
) -> Delivered | None:
    """Make `target`.pdf and .html, and what else the document has, of the editions at `sources`; None if up to date.

    `options` names in what other way than usual the document is asked for. Raises `PipelineError`.
    """
    record = Record("-".join(target.relative_to(OUT).parts), options)
    if record.is_current():
        return None
    with record.locked():
        # Another run may have made it while we waited.
        return None if record.is_current() else _make(record, target, sources, compose, step)


def _make(record: Record, target: Path, sources: tuple[Path, ...], compose: "Compose", step: Step) -> Delivered:
    from .pdf import write_pdf
    from .proof import prove
    from .source import read_source
    from .validation import validate

    inputs = {str(path): fingerprint(path) for path in sources}
    with step("読込"):
        read = [read_source(path) for path in sources]
    for source in read:
        inputs |= _lineage(source.path, source.root.text("前版"))
    with step("検証"):
        editions = tuple(map(validate, read))
    with step("紙面"):
        document = compose(editions)
    with step("組版"):
        pdf = write_pdf(document, OUT / ".fonts")
    with step("検査"):
        pages = prove(pdf, document)
    with step("書出"):
        files = {".pdf": pdf, ".html": document.html.encode(), **dict(document.beside)}
        record.deliver(inputs, {target.with_suffix(suffix): content for suffix, content in files.items()})
    warnings = tuple(warning for edition in editions for warning in edition.warnings)
    return Delivered(target.with_suffix(".pdf"), pages, warnings)


def _lineage(source_path: Path, previous: str | None) -> dict[str, Fingerprint]:
    """The editions before this one, by which it is checked too."""
    from .model import is_edition_id
    from .source import read_source

    inputs: dict[str, Fingerprint] = {}
    while previous and is_edition_id(previous):
        path = source_path.parent / f"{previous}.yaml"
        if str(path) in inputs:
            break
        inputs[str(path)] = fingerprint(path)
        if not path.exists():
            break
        previous = read_source(path).root.text("前版")
    return inputs
