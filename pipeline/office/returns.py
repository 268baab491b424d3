"""Reads the workbooks returned by the departments: the changes to the source, conflicts, and errors in the files.

For each answer there is a three-way comparison of the value sent out, the value returned and the value in the source
now. Only values that a department changed count. If the source changed as well, it is a conflict for a person to decide.
"""

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.delivery.delivery import Record
from pipeline.delivery.files import replace_file
from pipeline.errors import PipelineError, Problem, printable, printable_lines
from pipeline.fonts import coverage
from pipeline.library import Library
from pipeline.model.edition import Edition
from pipeline.model.form import BLANK, answered
from pipeline.model.values import is_edition_id
from pipeline.model.words import not_listed
from pipeline.reading import UnreadableError, read_file
from pipeline.source.characters import compose, defects, is_everyday, long_gap, named, visible
from pipeline.source.limits import MAX_TEXT
from pipeline.source.tree import Source

from .editing import edit
from .workbook import Sheet, Value, WorkbookError, column_number, read_workbook
from .workbook_format import (
    ANSWERS,
    FACTS,
    FIRST_ASKED,
    FORM,
    HEAD_ROW,
    HIDDEN,
    ID_COLUMN,
    KEYS,
    KINDS,
    NAME_COLUMN,
    NUMBER_COLUMN,
    Asked,
    Form,
    by_department,
)

MAX_FINDINGS = 200  # errors reported of one file: nobody reads more, and suggesting fixes takes time

_SEND_AGAIN = "送った照会票に書き直してください。"


class ImportStoppedError(PipelineError):
    """The source was changed during the import; nothing was written."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or a notice on a returned file: the place and a message. Row 0 means the whole file."""

    file: str
    row: int
    key: str
    message: str

    def __str__(self) -> str:
        place = " ".join(filter(None, (self.file, f"{self.row}行" if self.row else "", self.key)))
        return printable(f"{place}: {self.message}")


@dataclass(frozen=True, slots=True)
class Change:
    """A changed value to write into the source."""

    number: int
    name: str
    key: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value on which only a person can decide; `sides` are the differing values, each after its origin."""

    number: int
    name: str
    key: str
    reason: str
    sides: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        sides = "".join(f"\n  {who}: {_shown(text)}" for who, text in self.sides)
        return printable_lines(f"NO {self.number}「{visible(self.name)}」の{self.key}: {self.reason}") + sides


@dataclass(frozen=True, slots=True)
class Returns:
    """The result of reading the files. `edited` is the source with the changes, if there are any and all is clean."""

    source: Source | None
    edited: Source | None
    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]
    findings: tuple[Finding, ...]
    notices: tuple[Finding, ...]
    unanswered: tuple[str, ...]
    warnings: tuple[Problem, ...]

    @property
    def is_clean(self) -> bool:
        """Whether there are neither errors nor conflicts."""
        return not self.findings and not self.conflicts


def read_returns(files: Sequence[Path], library: Library | None = None) -> Returns:
    """Read `files` and determine the changes to the edition of `library` that they answer.

    Errors in `files` are part of the result. Raises `SourceError` if the edition has errors, or would have after the
    changes; `EditError` if its file cannot be edited safely.
    """
    reader = _ReplyReader(library or Library())
    for path, label in _labelled(files):
        reader.read(path, label)
    return reader.returns()


def apply_returns(returns: Returns) -> bool:
    """Write the changes into the source; False if there are none, or any error. Raises `ImportStoppedError`."""
    if not returns.is_clean or returns.source is None or returns.edited is None:
        return False
    path = returns.source.path.resolve()  # replace the file, not a link to it
    with Record(f"{returns.source.edition}-import").locked():
        try:
            is_same = read_file(path).data == returns.source.data
        except UnreadableError:
            is_same = False
        if not is_same:
            raise ImportStoppedError(
                f"{returns.source.path} が、取り込みの間に書き換えられました。何も書き込んでいません。もう一度実行してください。"
            )
        replace_file(path, returns.edited.data)
    return True


def describe(returns: Returns) -> str:
    """The text printed for the changes, followed by the departments that have not answered."""
    lines: list[str] = []
    last = 0
    for change in returns.changes:
        if change.number != last:
            lines.append(f"NO {change.number}「{change.name}」")
            last = change.number
        if "\n" in change.old + change.new or len(change.old + change.new) > 60:
            lines += [f"  {change.key}:", f"    旧 {_shown(change.old)}", f"    新 {_shown(change.new)}"]
        else:
            lines.append(f"  {change.key}: {_shown(change.old)} → {_shown(change.new)}")
    if returns.source is None:
        return "読み取れたファイルがありません。"
    items = len({change.number for change in returns.changes})
    lines.append(f"変更{len(returns.changes)}件({items}項目)" if returns.changes else "変更はありません。")
    if returns.unanswered:
        lines += ["", "回答のない担当課:", *(f"  {line}" for line in returns.unanswered)]
    return "\n".join(lines)


def messages(returns: Returns) -> list[str]:
    """Messages: errors in files, conflicts, notices on files, warnings on the edited source."""
    found = [*map(str, returns.findings), *(f"食い違い: {conflict}" for conflict in returns.conflicts)]
    return [*found, *map(str, returns.notices), *map(str, returns.warnings)]


def _labelled(files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each file once, with a label: its name, or its whole path if two files have the same name."""
    once: dict[str, Path] = {}
    for path in files:
        once.setdefault(os.path.realpath(path), path)  # unlike Path.resolve, accepts a circular link
    names = Counter(path.name for path in once.values())
    for path in once.values():
        yield path, path.name if names[path.name] == 1 else str(path)


def _shown(text: str) -> str:
    """`text` for the terminal, its second and further lines indented."""
    return printable_lines(text).replace("\n", "\n       ") or "(空)"


# One file


@dataclass(frozen=True, slots=True)
class _Answer:
    """One item of a file: the values sent out and the values returned."""

    file: str
    row: int
    asked: Asked
    answers: dict[str, str]

    def changed(self, key: str) -> bool:
        """Whether the department changed this value."""
        return self.answers[key] != self.asked.answers[key]


@dataclass(slots=True)
class _File:
    """A returned workbook that could be opened: its hidden data, its answers by NO, and what was found."""

    label: str
    form: Form
    sheet: Sheet
    findings: list[Finding] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)
    answers: dict[int, _Answer] = field(default_factory=dict)
    _by_id: dict[str, Asked] = field(init=False)

    def __post_init__(self) -> None:
        self._by_id = {str(asked.number): asked for asked in self.form.asked}

    def read(self, edition: Edition) -> None:
        """Read the answer sheet into `answers`, `findings` and `notices`."""
        try:
            self._check_heads()
            self._check_merged()
            for row in sorted(row for row in self.sheet.cells if row > HEAD_ROW):
                if len(self.findings) >= MAX_FINDINGS:
                    raise WorkbookError("誤りが多いので、途中までを示しました。")
                self._read_row(row, edition)
        except WorkbookError as error:
            self.add(error.row, "", str(error))
            return
        missing = [asked.number for asked in self.form.asked if asked.number not in self.answers]
        if missing and not self.findings:  # after other errors, missing rows are a consequence
            shown = "、".join(map(str, missing[:12])) + ("など" if len(missing) > 12 else "")
            self.add(0, "", f"NO {shown}の行がありません。{_SEND_AGAIN}")

    def add(self, row: int, key: str, message: str) -> None:
        """Add an error."""
        self.findings.append(Finding(self.label, row, key, message))

    @property
    def _first_answer(self) -> int:
        return len(self.form.heads) - len(KEYS) + 1

    def _check_heads(self) -> None:
        for column, head in enumerate(self.form.heads, 1):
            if _clean(self.sheet.text(HEAD_ROW, column)) != _clean(head):
                raise WorkbookError(
                    f"見出し「{visible(head)}」が、送ったときの所にありません。行や列を加えたり消したりしていないか確かめ、"
                    f"{_SEND_AGAIN}",
                    HEAD_ROW,
                )

    def _check_merged(self) -> None:
        for reference in self.sheet.merged:
            corners = re.fullmatch("([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})", reference)
            if corners is None or (
                int(corners[4]) > HEAD_ROW
                and column_number(corners[1]) <= len(self.form.heads)
                and column_number(corners[3]) >= ID_COLUMN
            ):
                row = max(int(corners[2]), HEAD_ROW + 1) if corners else 0
                raise WorkbookError("結合されたセルがあります。結合を解除して、それぞれの欄に記入してください。", row)

    def _read_row(self, row: int, edition: Edition) -> None:
        cells = self.sheet.cells[row]
        heads = self.form.heads
        beyond = [column for column in cells if column > len(heads)]
        if beyond:
            text = visible(cells[min(beyond)].text)
            self.notices.append(Finding(self.label, row, "", f"欄の外に「{text}」とあります。取り込みません。"))
        if all(column > len(heads) for column in cells):
            return
        asked = self._asked(row)
        if asked is None:
            return
        answers: dict[str, str] = {}
        for column, key in enumerate(KEYS, self._first_answer):
            try:
                answer = _read_answer(cells.get(column), key)
                if answer != asked.answers[key]:
                    _check_answer(answer, key, edition)
                answers[key] = answer
            except WorkbookError as error:
                self.add(row, key, str(error))
                answers[key] = asked.answers[key]
        self.answers[asked.number] = _Answer(self.label, row, asked, answers)

    def _asked(self, row: int) -> Asked | None:
        """The item in `row`; None, with an error added, if it is uncertain."""
        asked = self._by_id.get(self.sheet.text(row, ID_COLUMN).strip())
        if asked is None:
            self.add(row, "NO", f"どの項目の行か分かりません。行を加えたり、写したりしていませんか。{_SEND_AGAIN}")
        elif asked.number in self.answers:
            self.add(row, "NO", f"NO {asked.number}の行が二つあります。一つにしてください。")
        elif self.sheet.text(row, NUMBER_COLUMN).strip() != str(asked.number):
            self.add(row, "NO", f"NO {asked.number}の行のNOが書き換えられているか、行がずれています。{_SEND_AGAIN}")
        elif not f"{_clean(self.sheet.text(row, NAME_COLUMN))}\n(".startswith(f"{_clean(asked.name)}\n("):
            message = f"NO {asked.number}の名称が書き換えられているか、行がずれています。「{visible(asked.name)}」に戻してください。"
            self.add(row, "名称", message)
        else:
            return asked
        return None


def _read_form(sheet: Sheet | None) -> Form:
    """The data of the hidden sheet. Raises `WorkbookError` if the sheet was changed or is missing."""
    if sheet is None:
        raise WorkbookError(
            f"シート「{HIDDEN}」(非表示)がありません。この仕組みで作った照会票ではないか、作り直されています。{_SEND_AGAIN}"
        )
    facts = [sheet.text(row, 2) for row in range(1, len(FACTS) + 1)]
    if facts[0] != FORM:
        raise WorkbookError(f"照会票の様式({visible(facts[0])})が違います。make sheets で作り直して、{_SEND_AGAIN}")
    try:
        heads = json.loads(facts[4])
        rows = [
            [sheet.text(row, column) for column in range(1, len(KEYS) + 3)]
            for row in sorted(sheet.cells)
            if row >= FIRST_ASKED
        ]
        asked = tuple(Asked(int(row[0]), _clean(row[1]), tuple(map(_clean, row[2:]))) for row in rows if row[0])
        form = Form(facts[1], facts[2], facts[3], tuple(map(str, heads)), asked)
    except (ValueError, TypeError, RecursionError):
        form = None
    if form is None or form.checksum != facts[5]:
        raise WorkbookError(f"シート「{HIDDEN}」(非表示)が書き換えられています。{_SEND_AGAIN}")
    return form


def _clean(text: str) -> str:
    """`text` normalized as the source parser does it."""
    return compose(text.replace("\r\n", "\n").replace("\r", "\n")).strip(" \t\r\n")


def _read_answer(value: Value | None, key: str) -> str:
    """The normalized answer in a cell. Raises `WorkbookError` if it is not text."""
    kind = value.kind if value else "text"
    text = value.text if value else ""
    if kind == "formula":
        raise WorkbookError("数式が入っています。数式を消し、文字で入力してください。")
    if kind == "error":
        raise WorkbookError(f"エラー値({visible(text)})が入っています。消して、文字で入力してください。")
    if kind == "truth" or (kind == "number" and KINDS[key] == "prose"):
        raise WorkbookError(
            f"文字ではなく、日付か数などの値({visible(text)})が入っています。セルの書式を「文字列」にして、入力し直してください。"
        )
    if len(text) > MAX_TEXT:
        raise WorkbookError(f"長すぎます。{MAX_TEXT:,}字までにしてください。")
    text = _clean(text)
    if KINDS[key] == "prose":
        return text if text.strip() else ""
    return text or BLANK


def _check_answer(answer: str, key: str, edition: Edition) -> None:
    """Raises `WorkbookError` if the source would not accept `answer`."""
    words = next(edition.words(column) for column in answered() if column.key == key)
    if words:
        if answer not in words and answer != BLANK:
            of = "凡例" if KINDS[key] == "symbol" else f"「{key}」の語"
            raise WorkbookError(not_listed(answer, [*words, BLANK], of))
        return
    if gap := long_gap(answer):
        raise WorkbookError(gap)
    if not is_everyday(answer):
        for characters, _, sentence in defects(answer, coverage()):
            raise WorkbookError(f"{named(characters)}{sentence}")


# All files


class _ReplyReader:
    def __init__(self, library: Library) -> None:
        self._library = library
        self._files: list[_File] = []
        self._findings: list[Finding] = []

    def read(self, path: Path, label: str) -> None:
        try:
            sheets = read_workbook(path, (HIDDEN, ANSWERS))
            form = _read_form(sheets.get(HIDDEN))
            if ANSWERS not in sheets:
                raise WorkbookError(f"シート「{ANSWERS}」がありません。{_SEND_AGAIN}")
            if not is_edition_id(form.edition) or not self._library.path(form.edition).exists():
                raise WorkbookError(
                    f"版「{visible(form.edition)}」への回答ですが、その版は {self._library.folder}/ にありません。"
                )
            self._files.append(_File(label, form, sheets[ANSWERS]))
        except WorkbookError as error:
            self._findings.append(Finding(label, error.row, "", str(error)))

    def returns(self) -> Returns:
        if not self._files:
            return Returns(None, None, (), (), tuple(self._findings), (), (), ())
        name = Counter(file.form.edition for file in self._files).most_common(1)[0][0]
        for file in self._files:
            if file.form.edition != name:
                message = (
                    f"版「{file.form.edition}」への回答です。ほかは版「{name}」です。版ごとに分けて取り込んでください。"
                )
                self._findings.append(Finding(file.label, 0, "", message))
        self._files = [file for file in self._files if file.form.edition == name]
        before = self._library.validated(self._library.path(name))
        source = before.source
        for file in self._files:
            file.read(before.edition)
            self._findings += file.findings
        changes, conflicts = self._weigh(before.edition)
        edited: Source | None = None
        warnings: tuple[Problem, ...] = ()
        if changes and not conflicts and not self._findings:
            edited = edit(source, _by_number(changes))
            known = {(warning.code, warning.message) for warning in before.warnings}
            after = self._library.validate(edited).warnings
            warnings = tuple(warning for warning in after if (warning.code, warning.message) not in known)
        return Returns(
            source,
            edited,
            tuple(changes),
            tuple(conflicts),
            tuple(self._findings),
            tuple(notice for file in self._files for notice in file.notices),
            tuple(self._unanswered(before.edition)),
            warnings,
        )

    def _weigh(self, edition: Edition) -> tuple[list[Change], list[Conflict]]:
        """The changes and the conflicts of all files, in the edition's order."""
        by_number: dict[int, list[_Answer]] = defaultdict(list)
        for file in self._files:
            for number, answer in file.answers.items():
                by_number[number].append(answer)
        order = {number: place for place, number in enumerate(edition.items)}
        changes: list[Change] = []
        conflicts: list[Conflict] = []
        for number in sorted(by_number, key=lambda number: (order.get(number, len(order)), number)):
            for key in KEYS:
                answers = [answer for answer in by_number[number] if answer.changed(key)]
                if answers:
                    found = _weigh_one(edition, number, key, answers)
                    if isinstance(found, Change):
                        changes.append(found)
                    elif isinstance(found, Conflict):
                        conflicts.append(found)
        return changes, conflicts

    def _unanswered(self, edition: Edition) -> Iterator[str]:
        for department, items in by_department(edition).items():
            files = [file for file in self._files if file.form.department == department]
            answers = [answer for file in files for answer in file.answers.values()]
            if not files:
                yield f"{department}: 返ってきていません({len(items)}項目)。"
            elif not any(answer.changed(key) for answer in answers for key in KEYS):
                yield f"{department}: 返ってきましたが、何も変わっていません({len(items)}項目)。"


def _weigh_one(edition: Edition, number: int, key: str, answers: Sequence[_Answer]) -> Change | Conflict | None:
    """The change or conflict for a value that one or more departments changed; None if the source has it already."""
    asked = answers[0].asked
    returned = tuple((f"{answer.file} {answer.row}行", answer.answers[key]) for answer in answers)
    item = edition.items.get(number)
    if item is None:
        return Conflict(number, asked.name, key, "送った後で、この項目が版からなくなりました。", returned)
    strangers = [answer for answer in answers if answer.asked.name != item.name]
    if strangers:
        reason = f"送った後で、名称が「{visible(strangers[0].asked.name)}」から「{visible(item.name)}」に変わりました。"
        return Conflict(number, item.name, key, f"{reason}同じ項目か確かめてください。", returned)
    now = {column.key: item.text(column) for column in answered()}[key]
    if len({text for _, text in returned}) > 1:
        return Conflict(number, item.name, key, "回答が互いに違います。", (("今の元データ", now), *returned))
    new = returned[0][1]
    if new == now:
        return None
    if all(answer.asked.answers[key] != now for answer in answers):
        sides = (("送ったとき", asked.answers[key]), ("今の元データ", now), *returned)
        return Conflict(number, item.name, key, "送った後で、元データも変わりました。", sides)
    return Change(number, item.name, key, now, new)


def _by_number(changes: Sequence[Change]) -> dict[int, dict[str, str]]:
    answers: dict[int, dict[str, str]] = defaultdict(dict)
    for change in changes:
        answers[change.number][change.key] = change.new
    return answers
