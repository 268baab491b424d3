"""Workbooks in which the departments fill in their answers, one for each 担当課.

Each has a hidden sheet with the edition, its digest, the department and the values sent out. With these, `returns`
distinguishes changes by a department from later changes in the source.
"""

import datetime
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.delivery.delivery import OUT, Delivery, Record, check_out, deliver
from pipeline.documents.document import DIGEST_LENGTH
from pipeline.documents.spreadsheet import (
    ALIGNED,
    CENTRED,
    FONT,
    LINE_HEIGHT,
    MAX_CELL,
    RIGHT,
    THIN,
    WRAPPED,
    fit_to_width,
    height,
    highlight_blanks,
    list_range,
    new_book,
    offer,
    protect,
    saved,
    units,
    write,
    write_row,
    write_steps,
)
from pipeline.errors import PipelineError, Problem
from pipeline.library import Library
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition, Item
from pipeline.model.form import BLANK, Column
from pipeline.model.validation import Validated
from pipeline.reading import digest_of
from pipeline.source.limits import MAX_NAME, MAX_TEXT
from pipeline.text import width_in_halves
from pipeline.years.matching import Placed

from .workbook_format import (
    ANSWERS,
    FACTS,
    FIRST_NOTE,
    FORM,
    GUIDE,
    HEAD_ROW,
    HIDDEN,
    IDENTITY,
    NOTE_COLUMN,
    NOTE_HEADS,
    NOTES,
    SentForm,
    asked,
    by_department,
    departments,
    fields,
)

_ANSWER_FILL = PatternFill("solid", fgColor="FFF5B0")
_HEAD_FILL = PatternFill("solid", fgColor="E4E4E4")
_THICK = Side("medium")
# Widths in characters of a column by its kind. A column of prose to fill in is wider (see `_answers`).
_WIDTHS: dict[str, float] = {"symbol": 10, "term": 13, "figure": 12, "date": 18, "text": 20, "prose": 36}
# The widths of all columns together, in characters, with which a page of A4 is printed in 8 points. Beyond, texts get
# narrower, down to the least, and then the page is A3.
_A4_WIDTH = 190
_LEAST = {"prose": 26, "text": 12}


class SheetsError(PipelineError):
    """A workbook cannot be made, or would overwrite answers; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """The workbooks made, those removed because their department has no items now, and the edition's warnings."""

    paths: tuple[Path, ...]
    removed: tuple[Path, ...]
    warnings: tuple[Problem, ...]


def make_sheets(path: Path, library: Library | None = None) -> Sheets:
    """Make the workbooks of the edition at `path` in out/<edition>/sheets/. Raises `PipelineError`.

    A workbook there that was changed since its delivery may hold answers: then `SheetsError` is raised and nothing is
    written.
    """
    library = library or Library()
    validated, before = library.validated(path), library.before(library.validated(path))
    folder = OUT / validated.source.edition / "sheets"
    record = Record(f"{validated.source.edition}-sheets")
    made = {folder / name: data for name, data in workbooks(validated, before.edition if before else None).items()}
    with record.locked():
        former = {path: digest for path, digest in record.outputs.items() if path.parent == folder}
        check_out(*made, *former)
        for path in sorted({*made, *former}):
            if path.exists() and digest_of(path) not in (
                former.get(path),
                hashlib.sha256(made.get(path, b"")).hexdigest(),
            ):
                raise SheetsError(
                    f"{path} は、作った後に書き換えられています。回答なら、消えないように別の場所へ移してから、"
                    "もう一度実行してください(何も書き出していません)。"
                )
        removed = [path for path in sorted(former) if path not in made and path.exists()]
        deliver([Delivery(record, {}, made)])  # it removes those of the last delivery that are no more
    return Sheets(tuple(made), tuple(removed), validated.warnings)


def workbooks(validated: Validated, previous: Edition | None) -> dict[str, bytes]:
    """The workbooks by file name. The same arguments give the same bytes."""
    names: dict[str, bytes] = {}
    for department, items in by_department(validated.edition).items():
        name = _file_name(department, names)
        names[name] = _Reply(validated, previous, department, items).data()
    return names


def _file_name(department: str, taken: Iterable[str]) -> str:
    """A file name for `department` that Windows, macOS and Linux accept, and that is not `taken` in whatever case."""
    safe = re.sub(r'[\\/:*?"<>|\s\x00-\x1f]+', "_", department).strip("._~$") or "_"
    # Windows reserves the names of devices, with any suffix.
    if re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)", safe):
        safe = f"_{safe}"
    # File systems allow 255 bytes; leave some for the name of the temporary file.
    safe = safe.encode()[:180].decode(errors="ignore")
    lower = {name.lower() for name in taken}
    names = (f"{safe}{f' ({count})' if count > 1 else ''}.xlsx" for count in range(1, 10_000))
    return next(name for name in names if name.lower() not in lower)


# A workbook


# The groups of columns: what says which item it is, values that are given, and what is to be filled in.
_ITEM, _GIVEN, _OPEN = "項目", "参考", "記入欄"


@dataclass(frozen=True, slots=True)
class _SheetColumn:
    """A column of the answer sheet: its head and the one above its group, its width in characters, its cells.

    `kind` is that of the list's column whose values it shows; `column` is the one that is filled in here, if any.
    """

    group: str
    head: str
    width: float
    cells: tuple[str | int, ...]
    alignment: Alignment = WRAPPED
    kind: str = ""
    column: Column | None = None

    @property
    def room(self) -> float:
        """The characters by which it may be narrowed."""
        return self.width - _LEAST[self.kind] if self.kind in _LEAST else 0

    @property
    def words(self) -> list[str]:
        """The words of its drop-down list; empty if it has none."""
        return [*self.column.words, BLANK] if self.column and self.column.words else []


class _Reply:
    """The workbook of one department."""

    def __init__(
        self, validated: Validated, previous: Edition | None, department: str, items: Sequence[Placed]
    ) -> None:
        self._edition = validated.edition
        self._previous = previous
        self._department = department
        self._items = items
        self._fields = fields(self._edition)
        self._asked = tuple(asked(placed, self._fields) for placed in items)
        context = [*self._context()]
        name_column = len(context)
        number_column = name_column - 1 if self._edition.form.prints_no else 0
        self._columns = _fitted([*context, *self._given(), *self._last_year(), *self._answers()])
        self._frozen_columns = name_column
        heads = tuple(column.head for column in self._columns)
        source = validated.source
        self._form = SentForm(
            *(source.edition, source.digest, department, heads, tuple(self._fields)),
            *(number_column, name_column, self._asked),
        )

    def data(self) -> bytes:
        book = new_book()
        answers = book.active
        assert isinstance(answers, Worksheet)
        answers.title = ANSWERS
        hidden = book.create_sheet(HIDDEN)
        guide = book.create_sheet(GUIDE, 1)
        notes = book.create_sheet(NOTES, 2)
        self._write_hidden(hidden)
        self._write_answers(answers)
        self._write_guide(guide)
        self._write_notes(notes)
        book.security = WorkbookProtection(lockStructure=True)
        book.properties.title = self._edition.title
        book.properties.creator = self._edition.municipality
        figures = [
            f"{get_column_letter(index)}{HEAD_ROW + 1}:{get_column_letter(index)}{HEAD_ROW + len(self._items)}"
            for index, one in enumerate(self._columns, 1)
            if one.kind == "figure"
        ]
        return saved(book, lambda row: row > HEAD_ROW, " ".join(figures))

    # The hidden sheet

    def _write_hidden(self, sheet: Worksheet) -> None:
        form = self._form
        facts = FACTS[FORM]
        for row, pair in enumerate(zip(facts, form.facts, strict=True), 1):
            write_row(sheet, row, 1, pair)
        write_row(sheet, len(facts) + 1, 1, (*IDENTITY[FORM], *(field.label for field in form.fields)))
        for row, one in enumerate(form.asked, len(facts) + 2):
            write_row(sheet, row, 1, map(str, one.row(FORM)))
        for column, words in self._lists.items():
            for row, word in enumerate(words, 1):
                write(sheet, row, column, word)
        sheet.sheet_state = "veryHidden"
        protect(sheet)

    @property
    def _lists(self) -> dict[int, list[str]]:
        """The words of each drop-down list, by its column in the hidden sheet, right of the table and an empty one."""
        return dict(enumerate(filter(None, (column.words for column in self._columns)), self._first_list))

    @property
    def _first_list(self) -> int:
        return len(IDENTITY[FORM]) + len(self._fields) + 2

    # The answers

    def _write_answers(self, sheet: Worksheet) -> None:
        columns = self._columns
        first_answer = len(columns) - len(self._fields) + 1
        last_row = HEAD_ROW + len(self._items)
        self._write_masthead(sheet, len(columns), sum(column.width for column in columns[1:]))
        for index, column in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(index)].width = column.width
            _head(write(sheet, HEAD_ROW, index, column.head))
            cells = [write(sheet, row, index, text) for row, text in enumerate(column.cells, HEAD_ROW + 1)]
            cells[0].alignment = column.alignment
            cells[0].border = _frame(index == first_answer, index == len(columns))
            if column.column:
                cells[0].fill = _ANSWER_FILL
                cells[0].protection = Protection(locked=False)
                cells[0].number_format = "@"  # text: Excel must not turn input into dates or formulas
            for cell in cells[1:]:
                # Copy the whole style: setting its parts takes a millisecond a cell.
                cell._style = copy(cells[0]._style)  # type: ignore[attr-defined]
        sheet.column_dimensions["A"].hidden = True
        sheet.row_dimensions[HEAD_ROW].height = height((column.head, column.width) for column in columns)
        for index, row in enumerate(range(HEAD_ROW + 1, last_row + 1)):
            sheet.row_dimensions[row].height = height((column.cells[index], column.width) for column in columns)
        self._write_groups(sheet)
        lists = iter(self._lists)
        for index, column in enumerate(columns, 1):
            letter = get_column_letter(index)
            cells_of_column = f"{letter}{HEAD_ROW + 1}:{letter}{last_row}"
            if column.words:
                offer(sheet, cells_of_column, column.head, list_range(HIDDEN, next(lists), len(column.words)))
            elif column.column and (prompt := _PROMPTS.get(column.column.kind)):
                _prompt(sheet, cells_of_column, column, prompt)
        sheet.freeze_panes = f"{get_column_letter(self._frozen_columns + 1)}{HEAD_ROW + 1}"
        sheet.auto_filter.ref = f"B{HEAD_ROW}:{get_column_letter(len(columns))}{last_row}"
        sheet.sheet_view.zoomScale = 90
        self._set_up_page(sheet)
        if sum(column.width for column in columns[1:]) > _A4_WIDTH:
            sheet.page_setup.paperSize = 8  # A3
        sheet.print_title_rows = f"{HEAD_ROW - 1}:{HEAD_ROW}"
        protect(sheet)

    def _context(self) -> Iterator[_SheetColumn]:
        """The columns that say which item it is: the hidden NO, the headings, the printed number, and last the name."""
        wide = 1.0 if self._previous else 1.4
        items = self._items
        yield _SheetColumn("", "NO", 6, tuple(placed.number for placed in items))
        for depth, level in enumerate(self._edition.levels):
            headings = (placed.headings[depth] for placed in items)
            texts = tuple(" ".join(filter(None, (one.number, one.section.name))) for one in headings)
            yield _SheetColumn(_ITEM, level.head, (15 if depth else 14) * wide, texts)
        if number := self._edition.number_column:
            is_own = number.field != "number"
            numbers = tuple(placed.item.text(number) if is_own else placed.number for placed in items)
            yield _SheetColumn(_ITEM, number.head, 10 if is_own else 6, numbers, CENTRED)
        yield _SheetColumn(_ITEM, self._edition.item_column.head, 22 * wide, tuple(map(self._named, items)))

    def _named(self, placed: Placed) -> str:
        others = [name for name in departments(self._edition, placed) if name != self._department]
        return placed.item.name + (f"\n({'、'.join(others)}と共同)" if others else "")

    def _given(self) -> Iterator[_SheetColumn]:
        """The figures that are given: base and target values, the earlier years of a series, and the items' units."""
        figures = [column for column in self._edition.columns if column.kind == "figure"]
        items = [placed.item for placed in self._items]
        for column in figures:
            heads = [_of_year(_with_unit(column), year) for year in column.years[:-1]]
            for position, head in enumerate(heads if column.years else [_with_unit(column)]):
                cells = tuple(item.texts(column)[position] for item in items)
                yield _SheetColumn(_GIVEN, head, _width_of_figures(head, cells), cells, RIGHT, "figure")
        own = [column for column in figures if not column.unit]
        units = tuple(next(filter(None, map(item.unit_of, own)), "") for item in items)
        if any(units):
            yield _SheetColumn(_GIVEN, "単位", 8, units, CENTRED)

    def _last_year(self) -> Iterator[_SheetColumn]:
        if self._previous is None:
            return
        previous = self._previous
        group = f"前年度({previous.fiscal_year})" if previous.fiscal_year else "前年度"
        former = [[previous.items[number] for number in placed.item.previous_numbers] for placed in self._items]
        number = self._edition.number_column
        numbers = tuple("\n".join(map(_number_of, items)) for items in former)
        yield _SheetColumn(group, f"前年度{number.head if number else 'NO'}", 7, numbers, CENTRED)
        then = {column.key: column for column in previous.columns}
        for column in self._fields.values():
            before = then.get(column.key)
            # A year of a series that this edition shows too stands among the given values.
            if before is None or (before.years and before.years[-1] in column.years):
                continue
            # The texts of several items that became one stand in the order of their NOs, without them: they are copied.
            texts = (
                "\n".join(filter(None, (self._former_text(item, before, placed.item, column) for item in items)))
                for items, placed in zip(former, self._items, strict=True)
            )
            head = _of_year(column.head, before.years[-1]) if before.years else column.head
            aligned = ALIGNED.get(column.kind, WRAPPED)
            yield _SheetColumn(group, head, _WIDTHS[column.kind], tuple(map(_cut, texts)), aligned, column.kind)

    def _former_text(self, item: Item, before: Column, successor: Item, column: Column) -> str:
        """The text in the previous edition; with the symbol's meaning, or the unit, if that is another in this edition."""
        text = item.texts(before)[-1]
        if column.kind == "symbol" and before.kind == "symbol":
            meaning = (before.words or {}).get(text, "")
            return text if (column.words or {}).get(text, "") == meaning else f"{text}({meaning})"
        unit = item.unit_of(before)
        return text if unit == successor.unit_of(column) else f"{text}({unit})"

    def _answers(self) -> Iterator[_SheetColumn]:
        for one in self._asked:
            for field, text in one.answers.items():
                if units(text) > MAX_CELL:
                    raise SheetsError(
                        f"NO {one.number}「{one.name}」の{field.label}が、表計算ソフトの一つのセルに入りません。短くしてください。"
                    )
        for field, column in self._fields.items():
            width = _WIDTHS[column.kind]
            if column.kind == "prose":
                width += 6 if self._previous else 24
            if column.kind in ("symbol", "term"):
                width = max(width, *(min(width_in_halves(word) + 2, 20) for word in column.words or ("",)))
            head = _of_year(_with_unit(column), field.year) if field.year else _with_unit(column)
            texts = tuple(one.answers[field] for one in self._asked)
            yield _SheetColumn(_OPEN, head, width, texts, ALIGNED.get(column.kind, WRAPPED), column.kind, column)

    def _write_masthead(self, sheet: Worksheet, columns: int, width: float) -> None:
        edition = self._edition
        write(sheet, 1, 2, f"{edition.title} 照会票").font = Font(name=FONT, size=14, bold=True)
        sheet.row_dimensions[1].height = 22
        dated = f"{japanese_date(edition.as_of)}現在" if edition.as_of else ""
        parts = (edition.municipality, edition.fiscal_year, dated, f"担当課: {self._department}")
        write(sheet, 2, 2, " ".join(filter(None, (*parts, *self._due()))))
        symbols = [column for column in self._fields.values() if column.kind == "symbol" and column.words]
        text = ""
        for column in symbols:
            legend = " ".join(f"{symbol} {meaning}" for symbol, meaning in (column.words or {}).items())
            text += f"凡例{f'({column.head})' if len(symbols) > 1 else ''}: {legend} "
        text += f"書き方は、シート「{GUIDE}」を御覧ください。"
        write(sheet, 3, 2, text).alignment = WRAPPED
        sheet.merge_cells(start_row=3, end_row=3, start_column=2, end_column=columns)
        sheet.row_dimensions[3].height = height([(text, width)])  # Excel does not fit a row to a merged cell

    def _due(self) -> Iterator[str]:
        """When and to whom the workbook is returned."""
        inquiry = self._edition.inquiry
        if inquiry.due:
            yield f"提出期限: {_weekday(inquiry.due)}"
        for label, text in (("提出先", inquiry.to), ("担当", inquiry.contact), ("内線", inquiry.extension)):
            if text:
                yield f"{label}: {text}"

    def _write_groups(self, sheet: Worksheet) -> None:
        row, first = HEAD_ROW - 1, 1
        for group, members in groupby(self._columns, key=lambda column: column.group):
            last = first + len(list(members)) - 1
            if group:
                for column in range(first, last + 1):
                    _head(write(sheet, row, column, ""))
                write(sheet, row, first, group)
                if last > first:
                    sheet.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)
            first = last + 1

    # The sheet of instructions

    def _write_guide(self, sheet: Worksheet) -> None:
        sheet.column_dimensions["A"].width = 14
        sheet.column_dimensions["B"].width = 88
        row = write_steps(sheet, GUIDE, self._steps(), 88) + 2
        for column in self._fields.values():
            if column.kind == "symbol":
                title, words = f"凡例({column.head})", dict(column.words or {})
            elif column.decides:
                title, words = (
                    column.head,
                    {term: _fate(term, kind, column) for term, kind in (column.words or {}).items()},
                )
            else:
                continue
            write(sheet, row, 1, title).font = Font(name=FONT, size=10, bold=True)
            for line, pair in enumerate(words.items(), row + 1):
                for position, text in enumerate(pair, 1):
                    cell = write(sheet, line, position, text)
                    cell.alignment = CENTRED if position == 1 else WRAPPED
                    cell.border = Border(THIN, THIN, THIN, THIN)
            row += len(words) + 2
        self._set_up_page(sheet)
        protect(sheet)

    def _steps(self) -> Iterator[str]:
        def heads(*kinds: str) -> str:
            return "と".join(column.head for column in self._fields.values() if column.kind in kinds)

        everything = "、".join(column.head for column in self._fields.values())
        yield f"シート「{ANSWERS}」の色の付いた欄({everything})に記入してください。ほかの欄は保護してあります。"
        if chosen := heads("symbol", "term"):
            yield f"{chosen}は、欄を選ぶと右に出る▼から選んでください。まだ決まらないものは「{BLANK}」のままにしてください。"
        if figures := heads("figure"):
            yield f"{figures}には、{_PROMPTS['figure']}"
        if dates := heads("date"):
            yield f"{dates}には、{_PROMPTS['date']}"
        if texts := heads("text"):
            yield f"{texts}には、短い文字を記入してください。{MAX_NAME:,}字までです。"
        if prose := heads("prose"):
            yield f"{prose}は、そのまま一覧に掲載します。{MAX_TEXT:,}字までです。改行は Alt キーを押しながら Enter です。"
        yield "行の高さ・列の幅の変更、絞り込み(フィルター)は自由に行えます。行・列の追加や削除はしないでください。"
        yield f"名称等に誤りがある場合や、新規に追加したい項目、御意見がある場合は、シート「{NOTES}」に記入してください。"
        inquiry = self._edition.inquiry
        by = f"、{_weekday(inquiry.due)}までに" if inquiry.due else ""
        whom = inquiry.to or self._edition.department
        contact = "、".join(
            filter(
                None, (inquiry.contact and f"担当 {inquiry.contact}", inquiry.extension and f"内線 {inquiry.extension}")
            )
        )
        to = f"{'' if by else '、'}{whom}{f'({contact})' if contact else ''}へ" if whom else ""
        yield f"記入後は、Excelブック(.xlsx)のまま保存し{by}{to}提出してください。ファイル名は変えてもかまいません。"

    # The sheet of notes

    def _write_notes(self, sheet: Worksheet) -> None:
        sheet.column_dimensions["A"].width = 24
        sheet.column_dimensions["B"].width = 88
        write(sheet, 1, 1, NOTES).font = Font(name=FONT, size=14, bold=True)
        write(
            sheet,
            2,
            1,
            "一覧には掲載しません。なければ、空のままにしてください。新規の項目は、名称と内容を記入してください。",
        )
        for row, head in enumerate(NOTE_HEADS, FIRST_NOTE):
            _head(write(sheet, row, 1, head))
            cell = write(sheet, row, NOTE_COLUMN, "")
            cell.alignment, cell.fill, cell.number_format = WRAPPED, _ANSWER_FILL, "@"
            cell.border = Border(THIN, THIN, THIN, THIN)
            cell.protection = Protection(locked=False)
            sheet.row_dimensions[row].height = LINE_HEIGHT * (10 if row == FIRST_NOTE else 4)
        self._set_up_page(sheet)
        protect(sheet)

    def _set_up_page(self, sheet: Worksheet) -> None:
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9  # A4
        fit_to_width(sheet)
        margins = sheet.page_margins
        margins.left, margins.right, margins.top, margins.bottom = (
            0.6,
            0.4,
            0.5,
            0.6,
        )  # inches; prints are bound at the left
        margins.header = margins.footer = 0.3
        # "&" begins a field code, so it is doubled. All three parts together may have 255 characters.
        footer: Any = sheet.oddFooter
        footer.left.text = self._department.replace("&", "&&")[:100]
        footer.center.text = "&P / &N"
        footer.right.text = f"{self._form.edition} {self._form.digest[:DIGEST_LENGTH]}"


# What is typed into a cell, by the kind of its column.
_PROMPTS = {
    "figure": "数だけを半角で記入してください(例 1,250、38.2、▲3)。単位は書きません。"
    f"数がなければ「-」か「なし」とし、まだ決まらないものは「{BLANK}」のままにしてください。",
    "date": "日付を記入してください(例 2024/3/31、令和6年3月31日)。"
    f"日付がなければ空のままに、まだ決まらないものは「{BLANK}」としてください。",
}


def _prompt(sheet: Worksheet, cells: str, column: _SheetColumn, text: str) -> None:
    """Show `text` beside a selected cell. Excel itself cannot check the cells, since their content is text."""
    rule = DataValidation(allow_blank=True, showInputMessage=True)
    rule.promptTitle = column.head.replace("\n", " ")[:30]
    rule.prompt = text
    rule.add(cells)
    sheet.add_data_validation(rule)
    highlight_blanks(sheet, cells)


def _fitted(columns: list[_SheetColumn]) -> list[_SheetColumn]:
    """`columns` with texts as narrow as they must be, down to `_LEAST`, for a page of A4."""
    excess = sum(column.width for column in columns[1:]) - _A4_WIDTH
    room = sum(column.room for column in columns)
    if excess <= 0 or not room:
        return columns
    share = min(1, excess / room)
    return [replace(column, width=column.width - share * column.room) for column in columns]


def _fate(term: str, kind: str, column: Column) -> str:
    """What becomes of an item with this term of the column that decides."""
    if kind == "継続":
        return "翌年度の一覧に載せる"
    why = "" if not column.done else "取組が完了したため、" if term in column.done else "完了せずに終えるため、"
    return f"{why}翌年度の一覧に載せない"


def _weekday(day: datetime.date) -> str:
    return f"{japanese_date(day)}({'月火水木金土日'[day.weekday()]})"


def _with_unit(column: Column) -> str:
    head = f"{column.head}({column.unit})" if column.unit else column.head
    # A head like 基準値(令和元年度) is wider than the figures below it.
    is_wide = column.kind == "figure" and width_in_halves(head) > _WIDTHS["figure"]
    return re.sub("(?<=.)(?=[(（])", "\n", head, count=1) if is_wide else head


def _width_of_figures(head: str, cells: Iterable[str]) -> float:
    """The width of a column of figures that are given: as wide as its head and they need, within reason."""
    widest = max(width_in_halves(line) for text in (head, *cells) for line in text.split("\n"))
    return min(max(widest + 1.5, 7), 14)


def _of_year(head: str, year: str) -> str:
    return f"{head}\n{year}"


def _number_of(item: Item) -> str:
    """The number by which people know an item: its own, or its NO."""
    return item.label or str(item.number)


def _head(cell: Cell) -> None:
    cell.font = Font(name=FONT, size=10, bold=True)
    cell.fill = _HEAD_FILL
    cell.border = Border(THIN, THIN, THIN, THIN)
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def _frame(at_left: bool, at_right: bool) -> Border:
    """The border of a cell; thick lines frame the answer columns, so that they are not marked by colour alone."""
    return Border(_THICK if at_left else THIN, _THICK if at_right else THIN, THIN, THIN)


def _cut(text: str) -> str:
    """`text` truncated, with a note, to what a cell can hold."""
    if units(text) <= MAX_CELL:
        return text
    note = "…(長いので、ここまで)"
    return text.encode("utf-16-le")[: 2 * (MAX_CELL - len(note))].decode("utf-16-le", "ignore") + note
