"""Reads the workbooks returned by the departments: the changes to the source, conflicts, and errors in the files.

For each answer there is a three-way comparison of the value sent out, the value returned and the value in the source
now. Only values that a department changed count. If the source changed as well, it is a conflict for a person to decide.
Answers that are sound are taken though others are not.
"""

import json
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.errors import Problem, SourceError, printable, printable_lines
from pipeline.library import Library
from pipeline.model.edition import Edition
from pipeline.model.edition_id import is_edition_id
from pipeline.model.form import Column
from pipeline.source.characters import visible
from pipeline.source.tree import Source

from .answers import clean, read_answer, written
from .changes import change_sources
from .editing import Place, edit, positions
from .folder import is_of_mac
from .identity import Identity, identify, identity
from .replies import Replies, Taken, add_replies, read_replies
from .workbook import SEND_AGAIN, Book, Sheet, WorkbookError, column_number, read_workbook
from .workbook_format import (
    ANSWERS,
    FACTS,
    FIRST_NOTE,
    FORMER,
    GUIDE,
    HEAD_ROW,
    HIDDEN,
    ID_COLUMN,
    IDENTITY,
    NOTE_COLUMN,
    NOTE_HEADS,
    NOTES,
    Asked,
    Field,
    SentForm,
    by_department,
    fields,
)

# How conflicts with the source are settled: by the reply, or by leaving the source as it is.
Settle = Literal["reply", "source"]

MAX_FINDINGS = 200  # errors reported of one file: nobody reads more, and suggesting fixes takes time
MAX_MARKS = 20  # notices of one file on comments, and on text boxes


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or a notice on a returned file: the place and a message. Row 0 means the whole file.

    `department` is the one that the file is of; empty if the file could not be read.
    """

    file: str
    row: int
    key: str
    message: str
    department: str = ""

    def __str__(self) -> str:
        place = " ".join(filter(None, (self.file, f"{self.row}行" if self.row else "", self.key)))
        return printable(f"{place}: {self.message}")


@dataclass(frozen=True, slots=True)
class Change:
    """A changed value to write into the source: shown as `new`, and written at `place` of the item as `text`."""

    number: int
    name: str
    key: str
    old: str
    new: str
    place: Place = field(default="", compare=False)
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value, or an item if `key` is empty, on which only a person can decide; `number` is 0 for a heading.

    `sides` are the differing values, each after its origin; `department` those that answered.
    """

    number: int
    name: str
    key: str
    reason: str
    sides: tuple[tuple[str, str], ...]
    department: str = ""

    def __str__(self) -> str:
        sides = "".join(f"\n  {who}: {shown(text)}" for who, text in self.sides)
        of = f"の{self.key}" if self.key else ""
        number = f"NO {self.number}" if self.number else ""
        return printable_lines(f"{number}「{visible(self.name)}」{of}: {self.reason}") + sides


@dataclass(frozen=True, slots=True)
class Returns:
    """The result of reading the files. `edited` is the source with the changes, if there are any.

    `replies` is what to remember once the changes are written.
    """

    source: Source | None
    edited: Source | None
    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]
    findings: tuple[Finding, ...]
    notices: tuple[Finding, ...]
    unanswered: tuple[str, ...]
    warnings: tuple[Problem, ...]
    replies: Replies

    @property
    def is_clean(self) -> bool:
        """Whether there are neither errors nor conflicts: everything was taken."""
        return not self.findings and not self.conflicts


def read_returns(files: Sequence[Path], library: Library | None = None, settle: Settle | None = None) -> Returns:
    """Read `files` and determine the changes to the edition of `library` that they answer.

    `settle` says what becomes of an answer where the source changed as well; without it, that is a conflict.
    Errors in `files` are part of the result. Raises `SourceError` if the edition has errors, `EditError` if its file
    cannot be edited safely.
    """
    reader = _ReplyReader(library or Library(), settle)
    for path, label in labelled(files):
        reader.read(path, label)
    return reader.returns()


def apply_returns(returns: Returns) -> bool:
    """Write the changes into the source; False if there are none. Raises `ChangeStoppedError`."""
    if returns.source is None:
        return False
    if returns.edited is not None:
        change_sources("import", {returns.source.path: (returns.source.data, returns.edited.data)})
    add_replies(returns.source.path, returns.replies)
    return returns.edited is not None


def describe(returns: Returns) -> str:
    """The text printed for the changes, followed by the departments that have not answered."""
    lines: list[str] = []
    last = 0
    for change in returns.changes:
        if change.number != last:
            lines.append(f"NO {change.number}「{change.name}」")
            last = change.number
        lines += [f"  {line}" for line in from_to(change.key, change.old, change.new)]
    if returns.source is None:
        return "読み取れたファイルがありません。"
    items = len({change.number for change in returns.changes})
    lines.append(f"変更{len(returns.changes)}件({items}項目)" if returns.changes else "変更はありません。")
    if returns.unanswered:
        lines += ["", "回答のない担当課:", *(f"  {line}" for line in returns.unanswered)]
    return "\n".join(lines)


def messages(returns: Returns) -> list[str]:
    """What is not taken, by department, each with the reason; then notices on files, warnings on the edited source."""
    refused: dict[str, list[str]] = defaultdict(list)
    for finding in returns.findings:
        refused[finding.department].append(str(finding))
    for conflict in returns.conflicts:
        refused[conflict.department].append(f"食い違い: {conflict}")
    lines: list[str] = []
    for department, found in refused.items():
        if department:
            lines.append(printable(f"{department}の回答のうち、次の{len(found)}件は取り込みません。"))
        else:
            lines.append(f"次の{len(found)}件のファイルは、取り込みません。")
        lines += found
    return [*lines, *map(str, returns.notices), *map(str, returns.warnings)]


def labelled(files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each file once, with a label: its name, or its whole path if two files have the same name."""
    once: dict[str, Path] = {}
    for path in files:
        once.setdefault(os.path.realpath(path), path)  # unlike Path.resolve, accepts a circular link
    names = Counter(path.name for path in once.values())
    for path in once.values():
        yield path, path.name if names[path.name] == 1 else str(path)


def from_to(key: str, old: str, new: str) -> Iterator[str]:
    """What changes at `key`, for the terminal: on one line, or if that is too long, the old and the new one on theirs."""
    if "\n" in old + new or len(old + new) > 60:
        yield from (f"{key}:", f"  旧 {shown(old)}", f"  新 {shown(new)}")
    else:
        yield f"{key}: {shown(old)} → {shown(new)}"


def shown(text: str) -> str:
    """`text` for the terminal, its second and further lines indented."""
    return printable_lines(text).replace("\n", "\n       ") or "(空)"


# One file


@dataclass(frozen=True, slots=True)
class _Answer:
    """One item of a file: the values sent out and the values returned."""

    file: str
    row: int
    department: str
    asked: Asked
    answers: Mapping[Field, str]

    def changed(self, one: Field) -> bool:
        """Whether the department changed this value."""
        return one in self.answers and self.answers[one] != self.asked.answers[one]

    @property
    def changes(self) -> list[Field]:
        """What the department changed."""
        return [one for one in self.answers if self.changed(one)]

    def side(self, one: Field, with_key: bool = False) -> tuple[str, str]:
        """The value returned, after its origin."""
        return f"{self.file} {self.row}行" + (f" {one.label}" if with_key else ""), self.answers[one]


@dataclass(slots=True)
class _File:
    """A returned workbook that could be opened: its hidden data, its answers by NO, and what was found."""

    label: str
    form: SentForm
    sheet: Sheet
    findings: list[Finding] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)
    answers: dict[int, _Answer] = field(default_factory=dict)
    _by_id: dict[str, Asked] = field(init=False)
    _refused: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._by_id = {str(asked.number): asked for asked in self.form.asked}

    def read(self, edition: Edition) -> None:
        """Read the answer sheet into `answers`, `findings` and `notices`."""
        columns = fields(edition)
        try:
            self._check_heads()
            self._check_merged()
            for row in sorted(row for row in self.sheet.cells if row > HEAD_ROW):
                if len(self.findings) >= MAX_FINDINGS:
                    raise WorkbookError("誤りが多いので、途中までを示しました。このファイルの回答は取り込みません。")
                self._read_row(row, edition, columns)
        except WorkbookError as error:
            self.add(error.row, "", str(error))
            self.answers.clear()
            return
        for one in self.form.fields:
            changed = sum(answer.changed(one) for answer in self.answers.values())
            if changed and one not in columns:
                self.add(0, one.label, f"送った後で、記入する欄ではなくなりました。{changed}件の回答は取り込みません。")
        missing = [one.number for one in self.form.asked if one.number not in self._refused | self.answers.keys()]
        if missing:
            shown = "、".join(map(str, missing[:12])) + ("など" if len(missing) > 12 else "")
            self.add(
                0,
                "",
                f"NO {shown}の行がありません。削除されたようです。元データの項目はそのままです。"
                "一覧から除くのかどうか、担当課に確かめてください。",
            )

    def add(self, row: int, key: str, message: str) -> None:
        """Add an error."""
        self.findings.append(Finding(self.label, row, key, message, self.form.department))

    def notice(self, row: int, key: str, message: str) -> None:
        """Add a notice."""
        self.notices.append(Finding(self.label, row, key, message, self.form.department))

    @property
    def _first_answer(self) -> int:
        return len(self.form.heads) - len(self.form.fields) + 1

    def _check_heads(self) -> None:
        for column, head in enumerate(self.form.heads, 1):
            if clean(self.sheet.text(HEAD_ROW, column)) != clean(head):
                raise WorkbookError(
                    f"見出し「{visible(head)}」が、送ったときの所にありません。行や列を加えたり消したりしていないか確かめ、"
                    f"{SEND_AGAIN}",
                    HEAD_ROW,
                )

    def _check_merged(self) -> None:
        for reference in self.sheet.merged:
            corners = re.fullmatch("([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})", reference)
            if corners is None or (int(corners[4]) > HEAD_ROW and column_number(corners[1]) <= len(self.form.heads)):
                row = max(int(corners[2]), HEAD_ROW + 1) if corners else 0
                raise WorkbookError("結合されたセルがあります。結合を解除して、それぞれの欄に記入してください。", row)

    def _read_row(self, row: int, edition: Edition, columns: Mapping[Field, Column]) -> None:
        cells = self.sheet.cells[row]
        heads = self.form.heads
        beyond = [column for column in cells if column > len(heads)]
        if beyond:
            text = visible(cells[min(beyond)].text)
            self.notice(row, "", f"欄の外に「{text}」とあります。取り込みません。")
        if all(column > len(heads) for column in cells):
            return
        asked = self._asked(row)
        if asked is None:
            return
        for position in sorted(cells):
            if position < self._first_answer and cells[position].is_struck:
                message = "取り消し線が付いています。元データの項目はそのままです。担当課に確かめてください。"
                self.notice(row, heads[position - 1].replace("\n", ""), message)
                break
        item = edition.items.get(asked.number)
        answers: dict[Field, str] = {}
        for position, one in enumerate(self.form.fields, self._first_answer):
            value, column, sent = cells.get(position), columns.get(one), asked.answers[one]
            try:
                if column is None:  # no longer filled in; `read` says so
                    answers[one] = clean(value.text) if value else ""
                    continue
                unit = item.unit_of(column) if item and item.name == asked.name else column.unit
                answer = read_answer(value, column, unit, sent)
            except WorkbookError as error:
                self.add(row, one.label, str(error))
                continue
            answers[one] = answer.text
            if answer.note and answer.text != sent:
                self.notice(row, one.label, answer.note)
        self.answers[asked.number] = _Answer(self.label, row, self.form.department, asked, answers)

    def _asked(self, row: int) -> Asked | None:
        """The item in `row`; None, with an error added, if it is uncertain."""
        asked = self._by_id.get(self.sheet.text(row, ID_COLUMN).strip())
        if asked is None:
            self.add(row, "NO", f"追加・複写された行のようです。どの項目の行か分かりません。{SEND_AGAIN}")
            return None
        number, name_column = self.form.number_column, self.form.name_column
        if asked.number in self._refused | self.answers.keys():
            self.answers.pop(asked.number, None)
            self.add(row, "NO", f"NO {asked.number}の行が二つあります。一つにしてください。")
        elif number and self.sheet.text(row, number).strip() != str(asked.number):
            self.add(row, "NO", f"NO {asked.number}の行のNOが書き換えられているか、行がずれています。{SEND_AGAIN}")
        elif not f"{clean(self.sheet.text(row, name_column))}\n(".startswith(f"{clean(asked.name)}\n("):
            message = f"NO {asked.number}の名称が書き換えられているか、行がずれています。「{visible(asked.name)}」に戻してください。"
            self.add(row, "名称", message)
        else:
            return asked
        self._refused.add(asked.number)
        return None


def _read_form(sheet: Sheet | None) -> SentForm:
    """The data of the hidden sheet. Raises `WorkbookError` if the sheet was changed or is missing."""
    if sheet is None:
        raise WorkbookError(
            f"シート「{HIDDEN}」(非表示)がありません。この仕組みで作った照会票ではないか、作り直されています。{SEND_AGAIN}"
        )
    version = sheet.text(1, 2)
    if version not in FACTS:
        raise WorkbookError(f"照会票の様式({visible(version)})が違います。make sheets で作り直して、{SEND_AGAIN}")
    facts = {name: sheet.text(row, 2) for row, name in enumerate(FACTS[version], 1)}
    try:
        form = _parse_form(sheet, version, facts)
    except (ValueError, TypeError, RecursionError):
        form = None
    if form is None or form.checksum != facts["照合"]:
        raise WorkbookError(f"シート「{HIDDEN}」(非表示)が書き換えられています。{SEND_AGAIN}")
    return form


def _parse_form(sheet: Sheet, version: str, facts: Mapping[str, str]) -> SentForm:
    """The data of the hidden sheet, unchecked. Raises `ValueError` or `TypeError` where they are of another kind."""
    identity_columns, head_row = len(IDENTITY[version]), len(facts) + 1
    if version == FORMER:
        heads_of_answers = sorted(column for column in sheet.cells.get(head_row, {}) if column > identity_columns)
        sent = tuple(Field(sheet.text(head_row, column)) for column in heads_of_answers)
        number_column, name_column = 4, 5
    else:
        sent = tuple(Field(*map(str, one)) for one in json.loads(facts["記入欄"]))
        number_column, name_column = map(int, json.loads(facts["列"]))
    asked = []
    for row in sorted(row for row in sheet.cells if row > head_row and sheet.text(row, 1)):
        texts = [sheet.text(row, column) for column in range(1, identity_columns + len(sent) + 1)]
        number, name, *more = texts[:identity_columns]
        answers = dict(zip(sent, map(clean, texts[identity_columns:]), strict=True))
        asked.append(Asked(int(number), clean(name), answers, *map(clean, more)))
    heads = tuple(map(str, json.loads(facts["見出し"])))
    facts_of_source = facts["版"], facts["元データ"], facts["担当課"]
    return SentForm(*facts_of_source, heads, sent, number_column, name_column, tuple(asked), version)


def marks(label: str, department: str, book: Book, ours: Sequence[str] = (GUIDE,)) -> Iterator[Finding]:
    """Notices of what is in a workbook beside its answers, which is not imported: first what was meant to be read."""
    if sheet := book.sheets.get(NOTES):
        for row, head in enumerate(NOTE_HEADS, FIRST_NOTE):
            if text := clean(sheet.text(row, NOTE_COLUMN)):
                yield Finding(label, 0, head, f"「{printable(text)}」", department)
    for name in book.others[:MAX_MARKS]:
        if name not in ours:
            yield Finding(label, 0, "", f"シート「{visible(name)}」が加えられています。取り込みません。", department)
    for cell, text in book.comments[:MAX_MARKS]:
        said = visible(clean(text).replace("\n", " "))
        yield Finding(label, 0, printable(cell), f"コメント「{said}」が付いています。取り込みません。", department)
    for text in book.boxes[:MAX_MARKS]:
        said = visible(clean(text).replace("\n", " "))
        yield Finding(label, 0, "", f"図形かテキストボックス「{said}」があります。取り込みません。", department)
    if book.pictures:
        yield Finding(label, 0, "", f"画像が{book.pictures}個あります。取り込みません。", department)


# All files


class _ReplyReader:
    def __init__(self, library: Library, settle: Settle | None) -> None:
        self._library = library
        self._settle = settle
        self._former = Replies()
        self._files: list[_File] = []
        self._findings: list[Finding] = []
        self._notices: list[Finding] = []
        self._origins: dict[int, set[Identity]] = defaultdict(set)  # the items asked about, by their present NO

    def read(self, path: Path, label: str) -> None:
        if is_of_mac(path):
            message = "macOSの管理用のファイルです。回答ではないので、読んでいません。"
            self._notices.append(Finding(label, 0, "", message))
            return
        try:
            book = read_workbook(path, (HIDDEN, ANSWERS, NOTES))
        except WorkbookError as error:
            self._findings.append(Finding(label, error.row, "", str(error)))
            return
        self.take(label, book)

    def take(self, label: str, book: Book) -> None:
        """Take the answers of a workbook that was read."""
        department = ""
        try:
            form = _read_form(book.sheets.get(HIDDEN))
            department = form.department
            if ANSWERS not in book.sheets:
                raise WorkbookError(f"シート「{ANSWERS}」がありません。{SEND_AGAIN}")
            if not is_edition_id(form.edition) or not self._library.path(form.edition).exists():
                raise WorkbookError(
                    f"版「{visible(form.edition)}」への回答ですが、その版は {self._library.folder}/ にありません。"
                )
            self._files.append(_File(label, form, book.sheets[ANSWERS]))
            self._notices += marks(label, department, book)
        except WorkbookError as error:
            self._findings.append(Finding(label, error.row, "", str(error), department))

    def returns(self) -> Returns:
        if not self._files:
            return Returns(None, None, (), (), tuple(self._findings), tuple(self._notices), (), (), Replies())
        name = Counter(file.form.edition for file in self._files).most_common(1)[0][0]
        for file in self._files:
            if file.form.edition != name:
                file.add(
                    0,
                    "",
                    f"版「{file.form.edition}」への回答です。ほかは版「{name}」です。版ごとに分けて取り込んでください。",
                )
                self._findings += file.findings
        self._files = [file for file in self._files if file.form.edition == name]
        before = self._library.validated(self._library.path(name))
        self._former = read_replies(before.source.path)
        for file in self._files:
            file.read(before.edition)
            self._findings += file.findings
            self._notices += file.notices
        changes, conflicts = self._weigh(before.edition)
        edited, after = self._edit(before.source, changes)
        known = {(warning.code, warning.message) for warning in before.warnings}
        warnings = [warning for warning in after if (warning.code, warning.message) not in known]
        return Returns(
            before.source,
            edited,
            tuple(changes),
            tuple(conflicts),
            tuple(self._findings),
            tuple(self._notices),
            tuple(self._unanswered(before.edition)),
            tuple(warnings),
            self._replies(changes),
        )

    def _replies(self, changes: Sequence[Change]) -> Replies:
        """What to remember of the files: the departments, and the answers that were taken."""
        texts = {(change.number, change.key): change.new for change in changes}
        numbers = {who: number for number, origins in self._origins.items() for who in origins}
        answers = {
            Taken(answer.department, answer.asked.name, one): answer.answers[one]
            for file in self._files
            for answer in file.answers.values()
            for one in answer.changes
            if texts.get((numbers.get(identity(answer.asked), 0), one.label)) == answer.answers[one]
        }
        return Replies(frozenset(file.form.department for file in self._files if file.answers), answers)

    def _edit(self, source: Source, changes: list[Change]) -> tuple[Source | None, tuple[Problem, ...]]:
        """The source with `changes`, and its warnings. Changes that the source would not accept are taken out."""
        while changes:
            edited = edit(source, _by_number(changes))
            try:
                return edited, self._library.validate(edited).warnings
            except SourceError as error:
                refused = _blamed(edited, changes, error)
                if not refused:
                    raise
                for change, message in refused:
                    changes.remove(change)
                    self._refuse(change, message)
        return None, ()

    def _refuse(self, change: Change, message: str) -> None:
        """Add an error on each answer that gave `change`."""
        for file in self._files:
            for answer in file.answers.values():
                for one in answer.changes:
                    if one.label == change.key and identity(answer.asked) in self._origins[change.number]:
                        self._findings.append(Finding(file.label, answer.row, change.key, message, answer.department))

    def _weigh(self, edition: Edition) -> tuple[list[Change], list[Conflict]]:
        """The changes and the conflicts of all files, in the edition's order."""
        everything = [answer for file in self._files for answer in file.answers.values() if answer.changes]
        now = identify((answer.asked for file in self._files for answer in file.answers.values()), edition)
        by_number: dict[int, list[_Answer]] = defaultdict(list)
        lost: dict[Identity, list[_Answer]] = defaultdict(list)
        for answer in everything:
            who = identity(answer.asked)
            if who in now:
                self._origins[now[who]].add(who)
                by_number[now[who]].append(answer)
            else:
                lost[who].append(answer)
        columns = fields(edition)
        changes: list[Change] = []
        conflicts: list[Conflict] = []
        for number, item in edition.items.items():
            answers = by_number.get(number, [])
            for name in dict.fromkeys(answer.asked.name for answer in answers if answer.asked.name != item.name):
                self._notices.append(_renamed(number, name, item.name, answers[0]))
            for one, column in columns.items():
                if given := [answer for answer in answers if answer.changed(one)]:
                    found = self._weigh_one(edition, number, one, column, given)
                    if isinstance(found, Change):
                        changes.append(found)
                    elif isinstance(found, Conflict):
                        conflicts.append(found)
        gone = [_lost(edition, who, who.number in now.values(), answers) for who, answers in lost.items()]
        if self._settle == "source":
            for answer in (one for answers in lost.values() for one in answers):
                message = f"NO {answer.asked.number}「{visible(answer.asked.name)}」は、今の一覧で確かめられないので、取り込みません。"
                self._notices.append(Finding(answer.file, answer.row, "", message, answer.department))
            gone = []
        return changes, conflicts + gone

    def _weigh_one(
        self, edition: Edition, number: int, one: Field, column: Column, answers: Sequence[_Answer]
    ) -> Change | Conflict | None:
        """The change or conflict for a value that one or more departments changed; None if the source keeps its own."""
        item = edition.items[number]
        now = item.texts(column)[-1]
        returned = tuple(answer.side(one) for answer in answers)

        def conflict(reason: str, *sides: tuple[str, str]) -> Conflict:
            return Conflict(number, item.name, one.label, reason, (*sides, *returned), _departments(answers))

        new = returned[0][1]
        if len({text for _, text in returned}) > 1:
            found = conflict("回答が互いに違います。", ("今の元データ", now))
        elif new == now:
            return None
        elif self._settle != "reply" and all(now not in self._known(answer, one) for answer in answers):
            sent = answers[0].asked.answers[one]
            found = conflict("送った後で、元データも変わりました。", ("送ったとき", sent), ("今の元データ", now))
        else:
            place = (column.key, len(column.years) - 1) if column.years else column.key
            return Change(number, item.name, one.label, now, new, place, written(new, column))
        if self._settle != "source":
            return found
        message = f"NO {number}「{visible(item.name)}」は、元データのままにします({visible(now) or '空'})。"
        self._notices += [Finding(who.file, who.row, one.label, message, who.department) for who in answers]
        return None

    def _known(self, answer: _Answer, one: Field) -> tuple[str | None, ...]:
        """The values that a department has seen or given: what was sent to it, and what was taken of its last reply."""
        taken = Taken(answer.department, answer.asked.name, one)
        return answer.asked.answers[one], self._former.answers.get(taken)

    def _unanswered(self, edition: Edition) -> Iterator[str]:
        for department, items in by_department(edition).items():
            files = [file for file in self._files if file.form.department == department]
            answers = [answer for file in files for answer in file.answers.values()]
            refused = [finding for finding in self._findings if _is_of(finding, department)]
            if not files and refused:
                yield f"{department}: {refused[0].file} を取り込めません({len(items)}項目)。"
            elif not files and department not in self._former.departments:
                yield f"{department}: まだ提出されていません({len(items)}項目)。"
            elif files and not refused and not any(answer.changes for answer in answers):
                yield f"{department}: 提出されましたが、記入の変更がありません({len(items)}項目)。"


def _is_of(finding: Finding, department: str) -> bool:
    """Whether the file is of `department`: by its content, or, if that cannot be read, by its name."""
    name = unicodedata.normalize("NFC", Path(finding.file).stem)  # macOS decomposes names
    return finding.department == department or (not finding.department and department in name)


def _renamed(number: int, then: str, now: str, answer: _Answer) -> Finding:
    message = f"送った後で、名称が「{visible(then)}」から「{visible(now)}」に変わりました(NO {number})。同じ項目として取り込みます。"
    return Finding(answer.file, answer.row, "", message, answer.department)


def _lost(edition: Edition, who: Identity, is_taken: bool, answers: Sequence[_Answer]) -> Conflict:
    """The conflict for answers to an item that is gone, or that may be the one which has its NO now."""
    item = edition.items.get(who.number)
    reason = "送った後で、この項目が版からなくなりました。"
    if item and not is_taken:
        reason = f"送った後で、NO {who.number}は「{visible(item.name)}」になりました。この回答がどの項目のものか、確かめてください。"
    sides = tuple(answer.side(one, with_key=True) for answer in answers for one in answer.changes)
    return Conflict(who.number, who.name, "", reason, sides, _departments(answers))


def _departments(answers: Iterable[_Answer]) -> str:
    return "、".join(dict.fromkeys(answer.department for answer in answers))


def _by_number(changes: Iterable[Change]) -> dict[int, dict[Place, str]]:
    answers: dict[int, dict[Place, str]] = defaultdict(dict)
    for change in changes:
        answers[change.number][change.place] = change.text
    return answers


def _blamed(edited: Source, changes: Sequence[Change], error: SourceError) -> list[tuple[Change, str]]:
    """The changes to which the errors of the edited source belong, each with its first message."""
    at = positions(edited)
    blamed: dict[int, tuple[Change, str]] = {}
    for problem in error.problems:
        before = [
            (at[change.number, change.place], index)
            for index, change in enumerate(changes)
            if at.get((change.number, change.place), (problem.line + 1, 0)) <= (problem.line, problem.column)
        ]
        if problem.is_error and before:
            (line, _), index = max(before)
            if problem.line <= line + changes[index].text.count("\n") + 1:
                blamed.setdefault(index, (changes[index], problem.message))
    return [*blamed.values()]
