"""The issues: the sets of papers that were handed out, each kept whole in source/issued/<edition>/<number>/.

An issue is a folder with the papers, the sources that they were made of, and `issue.csv`, which lists them with their
digests. `source/issued/register.csv` has the lines of all issues. A folder gets its name when it is complete, and the
register is written after that: so an issue is there whole or not at all, and a register that lacks lines, or that is
lost, is completed from the folders.
"""

import contextlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import PipelineError, UsageError
from pipeline.reading import UnreadableError, digest_of, read_file

from .delivery import SOURCE
from .files import errors_naming, permitted, replace_file

ISSUED = SOURCE / "issued"
REGISTER = ISSUED / "register.csv"
# The list in the folder of an issue.
LIST = "issue.csv"

# By RFC 4180, and with the mark by which Excel knows UTF-8, as in data.csv.
_BOM, _LINE_END = "\ufeff", "\r\n"
# Patterns as texts: a run with nothing to do imports this module and needs none of them compiled.
_NAME = rf"(?:{ISSUED}/)?([a-z0-9][a-z0-9-]*)/([0-9]+|last)"
_NUMBER = "[1-9][0-9]{0,5}"
_DAY = r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})"
# The name of a folder that is being written, which ends so. Who finds one under the lock knows that its writer is dead.
_UNFINISHED = ".new"


class RegisterError(PipelineError):
    """The register, or the list of an issue, cannot be read or written; the message says what to do."""


class DamagedIssueError(PipelineError):
    """A file of an issue was altered or removed; the message says which."""


class Entry(NamedTuple):
    """A file of an issue: a line of the register. All are texts, as they stand in the CSV file.

    `day` is the date of issue (2026-11-28). `pages` is empty for what has no pages. `sources` are the digests of the
    sources that the file was made of, separated by spaces. `draft` is 案 or empty.
    """

    edition: str
    number: str
    day: str
    document: str
    document_number: str
    file: str
    pages: str
    digest: str
    sources: str
    draft: str

    @property
    def issue(self) -> str:
        """The name of its issue: h24/1."""
        return f"{self.edition}/{self.number}"


HEADS = ("版", "発行番号", "発行日", "資料", "資料番号", "ファイル", "ページ数", "SHA-256", "元データのSHA-256", "案")


class Issue(NamedTuple):
    """An issue and its files."""

    edition: str
    number: int
    entries: tuple[Entry, ...]

    @property
    def name(self) -> str:
        """How commands call it: h24/1."""
        return f"{self.edition}/{self.number}"

    @property
    def folder(self) -> Path:
        """Its folder."""
        return ISSUED / self.edition / str(self.number)

    @property
    def day(self) -> str:
        """The date of issue; empty if its list is damaged."""
        return self.entries[0].day if self.entries else ""

    @property
    def source(self) -> Entry | None:
        """The file of its edition's source."""
        return next((entry for entry in self.entries if entry.file == f"{self.edition}.yaml"), None)


def issues(edition: str) -> tuple[Issue, ...]:
    """The issues of `edition`, oldest first. One with a damaged list has no entries."""
    return tuple(_issue(edition, number) for number in _numbers(edition))


def all_issues() -> tuple[Issue, ...]:
    """The issues of all editions."""
    return tuple(issue for edition in _names_in(ISSUED) for issue in issues(edition))


def last_issue(edition: str) -> Issue | None:
    """The last issue of `edition`; None if there is none."""
    numbers = _numbers(edition)
    return _issue(edition, numbers[-1]) if numbers else None


def needed_last_issue(edition: str) -> Issue:
    """The last issue of `edition`. Raises `UsageError` if there is none."""
    if found := last_issue(edition):
        return found
    raise UsageError(
        f"{edition} は、まだ発行していません。配布したPDFがあれば、FROM=report.pdf のように指定してください。"
        f"次からは、配布するときに発行してください: make issue EDITION={edition}"
    )


def issue_named(text: str) -> Issue | None:
    """The issue that people call h24/1, h24/last or source/issued/h24/1; None if `text` is no such name.

    Raises `UsageError` if there is no such issue.
    """
    name = re.fullmatch(_NAME, os.path.normpath(text))
    if not name:
        return None
    last = needed_last_issue(name[1])
    if name[2] == "last":
        return last
    there = issues(name[1])
    found = next((issue for issue in there if str(issue.number) == name[2]), None)
    if found is None:
        listed = "、".join(f"{issue.name}({issue.day})" for issue in there)
        raise UsageError(f"発行「{name[1]}/{name[2]}」はありません。今ある発行: {listed}")
    return found


def source_of(issue: Issue) -> Path:
    """The file of an issue that tells its source: the one kept with it, or, if that was altered, the report.

    Raises `DamagedIssueError`.
    """
    names = (f"{issue.edition}.yaml", "report.pdf")
    for entry in sorted(
        (entry for entry in issue.entries if entry.file in names), key=lambda one: names.index(one.file)
    ):
        if digest_of(issue.folder / entry.file) == entry.digest:
            return issue.folder / entry.file
    raise DamagedIssueError(
        f"{issue.folder}/ の {names[0]} と {names[1]} が、発行した後で書き換えられたか、なくなっています。"
        "控えがあれば戻してください。どれが変わったかを調べるには: make verify"
    )


def issue_at(path: Path) -> tuple[str, int] | None:
    """The edition and the number of the issue that has the file at `path`; None if it is not in an issue."""
    parts = path.parts[len(ISSUED.parts) :]
    if path.is_relative_to(ISSUED) and len(parts) > 2 and re.fullmatch(_NUMBER, parts[1]):
        return parts[0], int(parts[1])
    return None


def register() -> tuple[Entry, ...]:
    """The lines of the register; empty if there is none. Raises `RegisterError`."""
    text = _text(REGISTER)
    return tuple(_entries(text, REGISTER)) if text else ()


def next_number(edition: str) -> int:
    """The number of the next issue of `edition`: one that neither a folder nor the register has had."""
    listed = [int(entry.number) for entry in register() if entry.edition == edition]
    return max([0, *_numbers(edition), *listed]) + 1


def keep(issue: Issue, files: Mapping[str, bytes]) -> None:
    """Write the folder of `issue` with `files` by name, then its lines in the register. The lock must be held.

    Raises `RegisterError` if the register cannot be read, and `LackError` or `OSError`; then there is no such issue.
    """
    register()  # raise before anything is written
    folder = issue.folder
    unfinished = folder.with_name(f".{folder.name}.{os.urandom(6).hex()}{_UNFINISHED}")
    with permitted(folder), errors_naming(folder):
        try:
            unfinished.mkdir(parents=True)
            for name, data in {**files, LIST: _csv(issue.entries)}.items():
                _write(unfinished / name, data)
            # Unlike a file, a folder that is not empty cannot be replaced.
            unfinished.rename(folder)
            try:
                complete_register()
            except BaseException:
                folder.rename(unfinished)
                raise
        finally:
            _remove(unfinished)
            for empty in (folder.parent, ISSUED):
                with contextlib.suppress(OSError):
                    empty.rmdir()


def complete_register() -> tuple[str, ...]:
    """Append to the register the lines of issues that it lacks; returns the names of these issues. The lock must be held.

    What stands in it stays as it is, including further columns. Raises `RegisterError` if it cannot be read.
    """
    text = _text(REGISTER)
    listed = {entry.issue for entry in (_entries(text, REGISTER) if text else ())}
    lacking = [issue for issue in all_issues() if issue.entries and issue.name not in listed]
    if lacking:
        entries = [entry for issue in lacking for entry in issue.entries]
        replace_file(REGISTER, f"{_BOM}{text}{_lines(text, entries)}".encode() if text else _csv(entries))
    return tuple(issue.name for issue in lacking)


def remove_unfinished() -> None:
    """Remove what a killed run has left half written. The lock must be held."""
    for folder in ISSUED.glob(f"*/.*{_UNFINISHED}"):
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove `folder` with what is in it, as far as it can be removed."""
    import shutil  # here: a run with nothing to do does without it

    shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    """Write a file that is read only: programs that save remarks into a PDF would alter what was handed out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _issue(edition: str, number: int) -> Issue:
    path = ISSUED / edition / str(number) / LIST
    try:
        entries = tuple(_entries(_text(path) or "", path))
    except RegisterError:
        entries = ()
    is_its_own = all((entry.edition, entry.number) == (edition, str(number)) for entry in entries)
    return Issue(edition, number, entries if is_its_own else ())


def _numbers(edition: str) -> list[int]:
    return sorted(int(name) for name in _names_in(ISSUED / edition) if re.fullmatch(_NUMBER, name))


def _names_in(folder: Path) -> list[str]:
    """The names of the folders in `folder` that are not hidden."""
    with contextlib.suppress(OSError):
        return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return []


# CSV


def _text(path: Path) -> str | None:
    """The text of a CSV file; None if there is none. Raises `RegisterError`."""
    try:
        return read_file(path).data.decode().removeprefix(_BOM)
    except UnreadableError as error:
        if error.is_missing:
            return None
        raise RegisterError(f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise _damaged(path, "文字コードがUTF-8ではありません") from None


def _entries(text: str, path: Path) -> Iterator[Entry]:
    """The lines of a CSV file, which may have further columns, and dates as Excel writes them. Raises `RegisterError`."""
    import csv  # here: a run with nothing to do does without it

    try:
        heads, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        columns = [heads.index(head) for head in HEADS]
        for row in filter(any, rows):
            entry = Entry(*(row[column] for column in columns))
            if not re.fullmatch(_NUMBER, entry.number):
                raise ValueError
            day = re.fullmatch(_DAY, entry.day)
            yield entry._replace(day=f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}") if day else entry
    except (ValueError, IndexError, csv.Error):
        raise _damaged(path, "見出しか行が書き換えられています") from None


def _damaged(path: Path, why: str) -> RegisterError:
    return RegisterError(
        f"{path} を読み取れません({why})。別の名前に変えてください。"
        f"次に make issue を実行したときに、{ISSUED}/ に保存してある発行の記録から作り直します。"
    )


def _csv(entries: Iterable[Entry]) -> bytes:
    text = ",".join(HEADS) + _LINE_END
    return f"{_BOM}{text}{_lines(text, entries)}".encode()


def _lines(text: str, entries: Iterable[Entry]) -> str:
    """The lines of `entries` to append to the CSV file `text`, in its columns."""
    import csv

    target = io.StringIO()
    if not text.endswith("\n"):
        target.write(_LINE_END)
    heads = next(csv.reader(io.StringIO(text, newline="")))
    writer = csv.DictWriter(target, heads, lineterminator=_LINE_END)
    writer.writerows(dict(zip(HEADS, entry, strict=True)) for entry in entries)
    return target.getvalue()
