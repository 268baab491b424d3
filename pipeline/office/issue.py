"""Issues the papers of an edition (`make issue`): keeps what is handed out, as it stands in out/.

Nothing is made here: what is kept are the files that people have seen and printed. So whatever is not of the present
source, was altered since it was made, or is a draft, is refused with the command that mends it.
"""

import datetime
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.delivery.delivery import OUT, Record, all_records, check_out
from pipeline.delivery.issues import (
    REGISTER,
    Entry,
    Issue,
    complete_register,
    issue_at,
    keep,
    last_issue,
    next_number,
    remove_unfinished,
    source_of,
)
from pipeline.documents.data.cells import escaped, unescaped
from pipeline.errors import NothingToDoError, PipelineError
from pipeline.library import Library
from pipeline.model.edition import DocumentNumbers, Edition
from pipeline.reading import UnreadableError, read_file

from .changes import locked_sources

# The names of kinds of papers that have no 資料番号.
_NAMES = {"data": "オープンデータ", "book": "一覧(Excel)"}
# The clerk's page is for those who hand out, not to be handed out.
_NOT_HANDED_OUT = "checklist"
_SOURCE = "元データ"
# The order of papers in the register.
_ORDER = ("council", *(kind for kind in DocumentNumbers.model_fields if kind != "council"))


class NotIssuableError(PipelineError):
    """Some paper cannot be issued as it stands; the message says which, and what to do. Nothing was kept."""


class _Paper(NamedTuple):
    """A paper in out/: its record, the content of its files, its number of pages, and the digests of its sources."""

    record: Record
    files: Mapping[Path, bytes]
    pages: str
    sources: str


def repair() -> tuple[str, ...]:
    """Mend what an interrupted run has left, and a register that lacks issues; returns the names of these issues.

    Raises `RegisterError` if the register cannot be read.
    """
    with locked_sources():
        remove_unfinished()
        return complete_register()


def issue(
    path: Path, library: Library, day: datetime.date, allows_draft: bool = False
) -> tuple[Issue, tuple[Path, ...]]:
    """Issue the papers of the edition at `path` in out/, on `day`; also returns the errata that are left out.

    Raises `NotIssuableError`, `SourceError`, `RegisterError`, and `NothingToDoError` if all of them were issued last.
    """
    check_out()
    with locked_sources(), ExitStack() as locks:
        for record in sorted(all_records(), key=lambda record: record.name):  # in the order in which `make` locks them
            locks.enter_context(record.locked())
        library.forget()  # another run may have changed sources and papers while we waited
        edition = library.validated(path).edition
        last = last_issue(path.stem)
        records = _set_of(path, edition, last, library)
        found = [_read(record, library) for record in records]
        problems = [problem for _, some in found for problem in some]
        if refusals := [*_refusals(records, problems, path, edition, allows_draft)]:
            raise NotIssuableError("\n".join([*refusals, "何も発行していません。"]))
        papers = [_paper(record, files, library) for record, (files, _) in zip(records, found, strict=True)]
        files, entries = _kept(papers, path, edition, day, library)
        if last and _has_all(last, entries):
            raise NothingToDoError(f"{last.name}({last.day} 発行)から変わったものはありません。発行していません。")
        new = Issue(path.stem, int(entries[0].number), entries)
        keep(new, files)
        return new, tuple(_left_out(path, records))


def describe(issue: Issue, left_out: Sequence[Path] = ()) -> str:
    """What was issued, for people: a line for each paper, with its 資料番号, its files and its pages.

    `left_out` are errata in out/ that were not issued.
    """
    draft = "、案" if issue.entries[0].draft else ""
    lines = [f"{issue.folder}/ に保存し、{REGISTER} に記録しました({issue.name}、{issue.day} 発行{draft})。"]
    papers: dict[str, list[str]] = {}
    for entry in issue.entries:
        pages = f"({entry.pages}ページ)" if entry.pages else ""
        name = " ".join(filter(None, (unescaped(entry.document_number), entry.document)))
        papers.setdefault(name, []).append(entry.file + pages)
    lines += [f"  {name}: {'、'.join(files)}" for name, files in papers.items()]
    lines += [f"{path} は、前回の発行に対する正誤表ではないため、今回は発行していません。" for path in left_out]
    return "\n".join(lines)


def _set_of(path: Path, edition: Edition, last: Issue | None, library: Library) -> list[Record]:
    """The records of the papers that are issued, in the order of the register.

    A paper that stands in out/ twice is issued once: the history of a chain, that of the council's set in its folder.
    """
    found: dict[tuple[str, tuple[str, ...]], Record] = {}
    for record in all_records():
        key = (record.kind, record.sources)
        is_its_own = any(output.parent == OUT / path.stem for output in record.outputs)
        if (key not in found or is_its_own) and _belongs(record, path, edition, last, library):
            found[key] = record
    return sorted(
        found.values(), key=lambda record: _ORDER.index(record.kind) if record.kind in _ORDER else len(_ORDER)
    )


def _left_out(path: Path, issued: Sequence[Record]) -> Iterator[Path]:
    """The errata on the edition at `path` in out/ that are not among those `issued`: they do not correct the last issue."""
    sources = {record.sources for record in issued if record.kind == "errata"}
    for record in all_records():
        if record.kind == "errata" and record.sources[-1:] == (str(path),) and record.sources not in sources:
            yield from [output for output in record.outputs if output.exists()][:1]


def _belongs(record: Record, path: Path, edition: Edition, last: Issue | None, library: Library) -> bool:
    """Whether a paper is one of the set of the edition at `path`: its own, or one whose newest edition it is.

    A comparison is, if it is with the 前版; an errata, unless it corrects an earlier issue than the last one.
    """
    if not record.kind or record.kind == _NOT_HANDED_OUT or record.sources[-1:] != (str(path),):
        return False
    if not any(output.is_relative_to(OUT) and output.exists() for output in record.outputs):
        return False
    first = Path(record.sources[0])
    if record.kind == "errata":
        corrected = issue_at(first)
        if corrected is None and last:
            return _is_of(first, last, library)
        return not last or corrected == (last.edition, last.number)
    if record.kind == "comparison":
        try:
            other = library.source(first).edition
        except PipelineError:
            return True  # what cannot be read is stale, and reported
        return other != path.stem and edition.previous in (None, other)
    return True


def _is_of(paper: Path, issue: Issue, library: Library) -> bool:
    """Whether a paper or a source says what `issue` does; one that cannot be read is stale, and reported."""
    try:
        return library.source(paper).digest == library.source(source_of(issue)).digest
    except PipelineError:
        return True


def _refusals(
    records: Sequence[Record], problems: Sequence[str], path: Path, edition: Edition, allows_draft: bool
) -> Iterator[str]:
    """Why the papers cannot be issued as they stand, each with what to do."""
    there = any(record.kind == "report" for record in records)
    if problems or not there:
        yield from ([] if there else [f"{OUT / path.stem / 'report.pdf'} がありません。"])
        yield from problems
        yield f"次のコマンドで作り直し、内容を確かめてから発行してください: make report EDITION={path.stem}"
    if edition.is_draft and not allows_draft:
        yield (
            f"{path} は「案」です(「案」の指定か、未記入の欄があります)。"
            f"案のまま発行するときは、DRAFT=1 を付けてください: make issue EDITION={path.stem} DRAFT=1"
        )


def _read(record: Record, library: Library) -> tuple[dict[Path, bytes], list[str]]:
    """The content of a paper's files, and why it cannot be issued as it stands."""
    if not record.has_same_inputs(library.fingerprint):
        return {}, [f"{next(iter(record.outputs))} は、元データより古くなっています。"]
    files, problems = {}, []
    for path, digest in record.outputs.items():
        try:
            files[path] = read_file(path).data
            if hashlib.sha256(files[path]).hexdigest() != digest:
                edited = f"make import FILES={path} で取り込むか、別の場所へ移してください。"
                problems.append(f"{path} は、作った後で書き換えられています。{edited if record.kind == 'book' else ''}")
        except UnreadableError as error:
            problems.append(f"{path} を読めません。{error}")
    return files, problems


def _paper(record: Record, files: Mapping[Path, bytes], library: Library) -> _Paper:
    for path, data in files.items():
        if path.suffix == ".pdf":
            return _Paper(record, files, *_in_pdf(data))
    return _Paper(record, files, "", " ".join(library.source(Path(source)).digest for source in record.sources))


def _kept(
    papers: Sequence[_Paper], path: Path, edition: Edition, day: datetime.date, library: Library
) -> tuple[dict[str, bytes], tuple[Entry, ...]]:
    """The files of the new issue by name, and their lines in the register: the papers, then the sources."""
    common = (path.stem, str(next_number(path.stem)), day.isoformat())
    draft = "案" if edition.is_draft else ""
    files: dict[str, bytes] = {}
    entries = []
    shared = {name for name, count in Counter(one.name for paper in papers for one in paper.files).items() if count > 1}
    for paper in papers:
        document, number = _document(paper.record, edition)
        for one, data in paper.files.items():
            # Papers of the same name, such as comparisons with two editions, stand in the folders that they have in out/.
            name = str(one.relative_to(OUT)) if one.name in shared else one.name
            files[name] = data
            pages = paper.pages if one.suffix == ".pdf" else ""
            digest = hashlib.sha256(data).hexdigest()
            entries.append(Entry(*common, document, number, name, pages, digest, paper.sources, draft))
    # The newest edition's source first: of two states of one edition, the present one is kept under its name.
    for source in dict.fromkeys([str(path), *(source for paper in papers for source in paper.record.sources)]):
        found = library.source(Path(source))
        name = f"{found.edition}.yaml"
        if name not in files:
            files[name] = found.data
            entries.append(Entry(*common, _SOURCE, "", name, "", found.digest, found.digest, draft))
    return files, tuple(entries)


def _document(record: Record, edition: Edition) -> tuple[str, str]:
    """The name of a paper, and its 資料番号."""
    field = DocumentNumbers.model_fields.get(record.kind)
    if field:
        return str(field.alias), escaped(getattr(edition.document_number, record.kind))
    return _NAMES.get(record.kind, next(iter(record.outputs)).name), ""


def _in_pdf(pdf: bytes) -> tuple[str, str]:
    """The number of pages of a PDF of ours, and the digests in its metadata: of every source that it carries."""
    from pypdf import PdfReader  # late, since the import is slow

    reader = PdfReader(io.BytesIO(pdf))
    catalog: Any = reader.trailer["/Root"]
    digests = re.findall("sha256:([0-9a-f]{64})", catalog["/Metadata"].get_data().decode())
    return str(len(reader.pages)), " ".join(digests)


def _has_all(last: Issue, entries: Sequence[Entry]) -> bool:
    """Whether every file of a new issue is in the last one, byte for byte."""
    return {(one.file, one.digest) for one in entries} <= {(one.file, one.digest) for one in last.entries}
