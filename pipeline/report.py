"""The line, from source to out/: one edition becomes report.pdf and report.html."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from .delivery import OUT, Fingerprint, Record, fingerprint
from .errors import Problem

Step = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A document in out/: its PDF, the number of its pages, and the warnings of its source."""

    path: Path
    pages: int
    warnings: tuple[Problem, ...]


def make_report(source_path: Path, step: Step) -> Delivered | None:
    """Make the report on one edition; None if it is up to date. Raises `PipelineError`."""
    record = Record(source_path.stem)
    if record.is_current():
        return None
    with record.locked():
        # Another run may have made it while we waited.
        return None if record.is_current() else _make(source_path, record, step)


def _make(source_path: Path, record: Record, step: Step) -> Delivered:
    from .html import render_report
    from .pdf import Carried, write_pdf
    from .proof import prove_report
    from .source import read_source
    from .validation import validate

    folder = OUT / source_path.stem
    inputs = {str(path): fingerprint(path) for path in (source_path,)}
    with step("読込"):
        source = read_source(source_path)
    inputs |= _lineage(source_path, source.root.text("前版"))
    with step("検証"):
        validated = validate(source)
    with step("紙面"):
        html = render_report(validated)
    with step("組版"):
        carried = Carried(source.data, source.digest, validated.edition.as_of)
        pdf = write_pdf(html, carried, OUT / ".fonts")
    with step("検査"):
        pages = prove_report(pdf, validated, carried)
    with step("書出"):
        record.deliver(inputs, {folder / "report.pdf": pdf, folder / "report.html": html.encode()})
    return Delivered(folder / "report.pdf", pages, validated.warnings)


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
