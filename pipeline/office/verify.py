"""Tells of files, and of the digests printed on paper, whether they were issued (`make verify`).

The answer goes by the bytes: a file is one that was issued if it has its digest. Of a PDF that is not, its own source
tells more: whether it was made anew from what was issued, altered after it was made, or never issued.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.delivery.delivery import SOURCE, all_records
from pipeline.delivery.issues import ISSUED, LIST, REGISTER, Entry, Issue, RegisterError, all_issues, register
from pipeline.documents.data.cells import unescaped
from pipeline.documents.document import label_of
from pipeline.errors import UsageError
from pipeline.library import editions_in
from pipeline.reading import UnreadableError, digest_of, read_file
from pipeline.source.embedded import Contents, NotOursError, TooLongError, cpu_limit, look_into

# What differs between a PDF and the document that its sources make; empty: nothing; None: it cannot be told.
ProveAgain = Callable[[bytes, str, Sequence[tuple[str, bytes]]], str | None]

MAX_FILES = 1_000
# CPU time for the proof of one PDF, in seconds. A page takes some hundredths.
_SECONDS = 8
# How many of the differences that a proof finds are shown.
_SHOWN = 3
# The end of a PDF, or of one of its revisions. A signature adds a revision.
_END_OF_PDF = re.compile(rb"%%EOF\r?\n?")
_MOST_REVISIONS = 1_000
# What the foot of a page says of its sources, as `label_of` writes it; → may be typed as -> or left out.
_LABEL = re.compile(r"([0-9a-f]{8})(?:(?:→|->|,)?([0-9a-f]{8})|\(([0-9]+)版?\))?")
_LABEL_OF_PAGE = re.compile(r'class="digest"[^>]*>元データ ([^<]*)<')


class Verdict(NamedTuple):
    """What is said of a file or a digest: a sentence, and more lines. `is_issued` if it was issued and is unaltered."""

    subject: str
    says: str
    details: tuple[str, ...] = ()
    is_issued: bool = False

    def __str__(self) -> str:
        return "\n".join([f"{self.subject}: {self.says}", *(f"  {detail}" for detail in self.details)])


class Issues:
    """All that was issued, by the lists of the issues and the lines of the register, and what is in out/ and source/ now."""

    def __init__(self, lines: Iterable[Entry]) -> None:
        listed = [entry for issue in all_issues() for entry in issue.entries]
        self.entries: tuple[Entry, ...] = tuple(dict.fromkeys([*lines, *listed]))
        self._by_digest: dict[str, list[Entry]] = {}
        for entry in self.entries:
            self._by_digest.setdefault(entry.digest, []).append(entry)
        self.delivered = {digest: path for record in all_records() for path, digest in record.outputs.items()}
        self.sources = {digest_of(path): path for path in editions_in(SOURCE)}

    def of(self, digest: str) -> list[Entry]:
        """The issued files with this SHA-256."""
        return self._by_digest.get(digest, [])

    def labelled(self, label: str, endings: tuple[str, ...], name: str = "") -> list[Entry]:
        """The issued files with one of these endings whose pages name their sources so at the foot.

        Those called `name`, if there are any.
        """
        found = [entry for entry in self.entries if entry.file.endswith(endings) and _label(entry) == label]
        return [entry for entry in found if Path(entry.file).name == name] or found


# The files whose prints name their sources at the foot.
_PRINTED = (".pdf", ".xlsx")


def _label(entry: Entry) -> str:
    return label_of(entry.sources.split())


# The issues themselves


def check_issues() -> list[Verdict]:
    """Compare what is in source/issued/ with its lists and the register."""
    issues = all_issues()
    found = [_checked(issue) for issue in issues]
    try:
        lines = register()
    except RegisterError as error:
        return [*found, _unreadable_register(error)]
    has_line = {(line.issue, line.file) for line in lines}
    kept = {entry for issue in issues for entry in issue.entries}
    names = {issue.name for issue in issues}
    problems = [
        f"{entry.issue} の {entry.file} の行がありません。"
        for entry in sorted(kept)
        if (entry.issue, entry.file) not in has_line
    ]
    files = {(entry.issue, entry.file) for entry in kept}
    for line in lines:
        if line not in kept:
            if (line.issue, line.file) in files:
                problems.append(f"{line.issue} の {line.file} の行が、発行したときの記録({LIST})と違います。")
            elif line.issue in names:
                problems.append(f"{line.issue} の {line.file} の行は、発行したときの記録({LIST})にありません。")
    gone = sorted({line.issue for line in lines} - names)
    problems += [f"{name} のフォルダーが、{ISSUED}/ にありません。" for name in gone]
    if problems:
        found.append(Verdict(str(REGISTER), "発行したときの記録と違います。", tuple(problems)))
    elif lines:
        found.append(Verdict(str(REGISTER), f"{len(lines)}行、発行したときの記録のとおりです。", is_issued=True))
    return found


def _unreadable_register(error: RegisterError) -> Verdict:
    return Verdict(str(REGISTER), "読み取れません。", (str(error),))


def _checked(issue: Issue) -> Verdict:
    """Whether the files of an issue are there, as its list says."""
    if not issue.entries:
        return Verdict(str(issue.folder), f"記録({LIST})が読み取れません。")
    problems = []
    for entry in issue.entries:
        digest = digest_of(issue.folder / entry.file)
        if digest != entry.digest:
            has = "は、発行した後で書き換えられています。" if digest else "がないか、読めません。"
            problems.append(f"{entry.file} {has}")
    listed = {LIST, *(entry.file for entry in issue.entries)}
    there = (path for path in sorted(issue.folder.rglob("*")) if not path.is_dir())
    added = [name for path in there if (name := str(path.relative_to(issue.folder))) not in listed]
    notes = [f"{name} は、発行した後に置かれたファイルです。" for name in added]
    when = f"{issue.day} 発行、{len(issue.entries)}ファイル。"
    says = "発行したときと違います。" if problems else "発行したときのままです。"
    return Verdict(str(issue.folder), when + says, (*problems, *notes), not problems)


# Files and digests


def verify(given: Sequence[str], prove_again: ProveAgain) -> Iterator[Verdict]:
    """What is said of each file, of each file in a folder, and of each digest as printed at the foot of a page.

    A register that cannot be read is told first. Raises `UsageError` if there is no such file.
    """
    subjects = [*_subjects(given)]
    lines: tuple[Entry, ...] = ()
    try:
        lines = register()
    except RegisterError as error:
        yield _unreadable_register(error)  # the lists of the issues say the same
    issues = Issues(lines)
    for subject in subjects:
        yield _of_file(subject, issues, prove_again) if isinstance(subject, Path) else _of_label(subject, issues)


def _subjects(given: Sequence[str]) -> Iterator[Path | str]:
    for text in given:
        path = Path(text)
        label = "".join(unicodedata.normalize("NFKC", text).lower().removeprefix("元データ").split())
        if path.is_dir():
            files = [*_below(path)]
            if not files:
                raise UsageError(f"{path} に、ファイルがありません。")
            yield from files
        elif path.exists() or path.is_symlink():
            yield path
        elif _LABEL.fullmatch(label):
            yield label
        else:
            raise UsageError(
                f"「{text}」というファイルはありません。紙面の右下の「元データ」を調べるときは、"
                "その英数字8文字を指定してください。例: make verify FILES=1a2b3c4d"
            )


def _below(folder: Path) -> Iterator[Path]:
    """The files in `folder` and below, except hidden ones and the lists of issues."""
    count = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent) / name
            if not name.startswith(".") and name not in (LIST, REGISTER.name):
                count += 1
                if count > MAX_FILES:
                    raise UsageError(f"{folder} に、ファイルが{MAX_FILES:,}より多くあります。")
                yield path


def _of_label(label: str, issues: Issues) -> Verdict:
    """What is said of a digest that is printed at the foot of a page."""
    match = _LABEL.fullmatch(label)
    assert match
    wanted = "→".join(filter(None, match.groups()[:2])) + (f"({match[3]}版)" if match[3] else "")
    exact = issues.labelled(wanted, _PRINTED)
    # Eight digits may be those of one of two sources, or of a chain without the number of editions behind it.
    found = exact or [
        entry for entry in issues.entries if entry.file.endswith(_PRINTED) and wanted in re.split("[→(]", _label(entry))
    ]
    if found:
        note = "紙面が発行したものと同じかどうかは、source/issued/ のファイルと見比べてください。"
        return Verdict(wanted, "発行した資料に印刷した表示です。", (*_lines(found), note), is_issued=True)
    for digest, path in issues.sources.items():
        if digest.startswith(wanted):
            return Verdict(wanted, f"発行していません。今の {path} の表示です。")
    return Verdict(wanted, "この表示の資料は、発行していません。")


def _of_file(path: Path, issues: Issues, prove_again: ProveAgain) -> Verdict:
    try:
        data = read_file(path).data
    except UnreadableError as error:
        return Verdict(str(path), f"読めません。{error}")
    digest = hashlib.sha256(data).hexdigest()
    if found := issues.of(digest):
        return Verdict(str(path), "発行したファイルです。発行したときのままです。", _lines(found), is_issued=True)
    if digest in issues.delivered:
        return Verdict(str(path), f"発行していません。{issues.delivered[digest]} として作ったままのファイルです。")
    if data.startswith(b"%PDF-"):
        return _of_pdf(path, data, issues, prove_again)
    label = _LABEL_OF_PAGE.search(data.decode("utf-8", "replace"))
    if label and (made := issues.labelled(label[1], (".html",), path.name)):
        return Verdict(
            str(path),
            "発行したウェブページと元データは同じですが、発行したファイルではありません(作り直されたか、書き換えられています)。",
            _lines(made),
        )
    alike = [entry for entry in issues.entries if Path(entry.file).name == path.name]
    hint = ("同じ名前で発行したファイルは、次のとおりです。", *_lines(alike)) if alike else ()
    return Verdict(str(path), "発行したどのファイルとも一致しません。", hint)


def _of_pdf(path: Path, data: bytes, issues: Issues, prove_again: ProveAgain) -> Verdict:
    if revision := _issued_revision(data, issues):
        length, found = revision
        if _is_signed(data, data[:length], prove_again):
            return Verdict(str(path), "発行したPDFに、電子署名を付けたものです。", _lines(found), is_issued=True)
        says = "発行したPDFに、後から書き足されています(注釈、署名など)。"
        note = "電子署名だけを付けたものかどうかは、make setup-sign の後で確かめられます。"
        return Verdict(str(path), says, (*_lines(found), *(() if _can_tell_signatures() else (note,))))
    try:
        contents = look_into(data)
    except NotOursError:
        return Verdict(str(path), "この仕組みで作ったPDFではないか、中の元データが取り除かれています。")
    label = label_of(contents.digests)
    if not contents.has(label):
        return Verdict(
            str(path),
            "作られた後で書き換えられています。",
            ("中の元データと、紙面の右下の「元データ」の表示か、PDFに記録した値が一致しません。",),
        )
    made = issues.labelled(label, (".pdf",), path.name)
    details = _lines(made) if made else ()
    if made:
        says = (
            "発行したPDFと元データは同じですが、発行したファイルではありません(作り直されたか、書き換えられています)。"
        )
    elif contents.files[-1].digest in issues.sources:
        says = f"発行していません。今の {issues.sources[contents.files[-1].digest]} から作ったPDFです。"
    else:
        says = "発行していません。今とは違う元データから作ったPDFです。"
    return Verdict(str(path), says, (*details, *_proved(data, contents, prove_again)))


def _proved(data: bytes, contents: Contents, prove_again: ProveAgain) -> Iterator[str]:
    """Whether the pages of a PDF say what its own sources say."""
    differences = _differences(data, contents, prove_again)
    if differences is None:
        yield "紙面の文字が中の元データのとおりかどうかは、確かめられませんでした。"
    elif not differences:
        yield "紙面の文字は、中の元データのとおりです。"
    else:
        yield "紙面の文字が、中の元データと一致しません。書き換えられたか、前のプログラムで作ったものです。"
        _, *lines = differences.split("\n")
        yield from (f"  {line}" for line in lines[:_SHOWN])
        if len(lines) > _SHOWN:
            yield "  …"


def _issued_revision(data: bytes, issues: Issues) -> tuple[int, list[Entry]] | None:
    """The length of an issued PDF with which `data` begins, and its entries."""
    digest, begin = hashlib.sha256(), 0
    for number, end in enumerate(_END_OF_PDF.finditer(data)):
        if number == _MOST_REVISIONS:
            break
        for length in dict.fromkeys((end.start() + len(b"%%EOF"), end.end())):
            digest.update(data[begin:length])
            begin = length
            if found := issues.of(digest.hexdigest()):
                return length, found
    return None


def _can_tell_signatures() -> bool:
    try:
        import pyhanko.sign  # noqa: F401
    except ImportError:
        return False
    return True


def _is_signed(data: bytes, pdf: bytes, prove_again: ProveAgain) -> bool:
    """Whether `data` is the issued `pdf` with a valid signature over the whole file, and with the same pages."""
    if not _can_tell_signatures():
        return False
    from .signature import is_signed

    if not is_signed(data, pdf):
        return False
    try:
        # Anybody's signature would be valid for pages that were replaced in the revision that has it.
        found = [_differences(one, look_into(one), prove_again) for one in (pdf, data)]
    except NotOursError:
        return False
    return found[0] is not None and found[0] == found[1]


def _differences(data: bytes, contents: Contents, prove_again: ProveAgain) -> str | None:
    try:
        with cpu_limit(_SECONDS):
            return prove_again(data, contents.title, [(file.edition, file.data) for file in contents.files])
    except TooLongError:
        return None


def _lines(entries: Iterable[Entry]) -> tuple[str, ...]:
    """A line for each issued file: issue, date, document, file, pages."""
    lines = []
    for entry in entries:
        document = " ".join(filter(None, (unescaped(entry.document_number), entry.document)))
        pages = f"、{entry.pages}ページ" if entry.pages else ""
        draft = "、案" if entry.draft else ""
        lines.append(f"{entry.issue}({entry.day} 発行): {document}({entry.file}{pages}{draft})")
    return tuple(dict.fromkeys(lines))
