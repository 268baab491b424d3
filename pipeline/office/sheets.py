"""Workbooks in which the departments fill in their answers, one for each 担当課.

Each has a hidden sheet with the edition, its digest, the department and the values sent out. With these, `returns`
distinguishes changes by a department from later changes in the source.
"""

import hashlib
import io
import json
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.utils.indexed_list import IndexedList
from openpyxl.workbook.protection import WorkbookProtection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from pipeline.delivery.delivery import OUT, Delivery, Record, check_out, deliver
from pipeline.documents.document import DIGEST_LENGTH
from pipeline.errors import PipelineError, Problem
from pipeline.library import Library
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition, Item, measure_number, policy_number
from pipeline.model.form import BLANK, Column, answered
from pipeline.model.validation import Validated
from pipeline.reading import UnreadableError, read_file
from pipeline.source.limits import MAX_TEXT
from pipeline.text import width_in_halves
from pipeline.years.matching import Placed

from .workbook_format import (
    ANSWERS,
    FACTS,
    FIRST_ASKED,
    FORM,
    GUIDE,
    HEAD_ROW,
    HIDDEN,
    KEYS,
    NAME_COLUMN,
    Asked,
    Form,
    by_department,
    departments,
)

_FIRST_SHEET = "xl/worksheets/sheet1.xml"
_LINE_HEIGHT, _HIGHEST_ROW = 13, 409  # in points: a line of 10pt text, and Excel's limit of a row
MAX_CELL = 32_767  # UTF-16 code units in a cell, Excel's limit

_FONT = "BIZ UDGothic"  # part of Windows since version 10, and approved for the reports
_ANSWER_FILL = PatternFill("solid", fgColor="FFF9D9")
_HEAD_FILL = PatternFill("solid", fgColor="E4E4E4")
_BLANK_FILL = PatternFill("solid", bgColor="FFE0B2")
_THIN, _THICK = Side("thin", color="808080"), Side("medium", color="000000")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_CENTRED = Alignment(horizontal="center", vertical="top", wrap_text=True)
# Widths in characters, and alignments, of a column by its kind. A column of prose to fill in is wider (see `_answers`).
_WIDTHS: dict[str, float] = {"symbol": 10, "term": 13, "prose": 36}
_ALIGNED = {"symbol": _CENTRED, "term": _CENTRED, "prose": _WRAPPED}


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
            if path.exists() and _digest(path) not in (
                former.get(path),
                hashlib.sha256(made.get(path, b"")).hexdigest(),
            ):
                raise SheetsError(
                    f"{path} は、作った後に書き換えられています。回答なら、消えないように別の場所へ移してから、"
                    "もう一度実行してください(何も書き出していません)。"
                )
        deliver([Delivery(record, {}, made)])
        removed = [path for path in sorted(former) if path not in made and path.exists()]
        for path in removed:
            path.unlink()
    return Sheets(tuple(made), tuple(removed), validated.warnings)


def workbooks(validated: Validated, previous: Edition | None) -> dict[str, bytes]:
    """The workbooks by file name. The same arguments give the same bytes."""
    names: dict[str, bytes] = {}
    for department, items in by_department(validated.edition).items():
        name = _file_name(department, names)
        names[name] = _Reply(validated, previous, department, items).data()
    return names


def _digest(path: Path) -> str:
    """The SHA-256 of the file at `path` in hexadecimal; empty, which equals no digest, if it cannot be read."""
    try:
        return read_file(path).digest
    except UnreadableError:
        return ""


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


@dataclass(frozen=True, slots=True)
class _SheetColumn:
    """A column of the answer sheet: its head, its width in characters, its cells from top to bottom."""

    head: str
    width: float
    cells: tuple[str | int, ...]
    alignment: Alignment = _WRAPPED


class _Reply:
    """The workbook of one department."""

    def __init__(
        self, validated: Validated, previous: Edition | None, department: str, items: Sequence[Placed]
    ) -> None:
        self._edition = validated.edition
        self._previous = previous
        self._department = department
        self._items = items
        asked = tuple(
            Asked(item.number, item.name, tuple(item.text(column) for column in answered()))
            for item in (placed.item for placed in items)
        )
        self._asked = asked
        self._columns = [*self._context(), *self._last_year(), *self._answers()]
        heads = tuple(column.head for column in self._columns)
        self._form = Form(validated.source.edition, validated.source.digest, department, heads, asked)

    def data(self) -> bytes:
        book = Workbook()
        _set_default_font(book)
        answers = book.active
        assert isinstance(answers, Worksheet)
        answers.title = ANSWERS
        hidden = book.create_sheet(HIDDEN)
        guide = book.create_sheet(GUIDE, 1)
        self._write_hidden(hidden)
        self._write_answers(answers)
        self._write_guide(guide)
        book.security = WorkbookProtection(lockStructure=True)
        book.properties.title = self._edition.title
        book.properties.creator = self._edition.municipality
        return _reproducible(book)

    # The hidden sheet

    def _write_hidden(self, sheet: Worksheet) -> None:
        form = self._form
        heads = json.dumps(form.heads, ensure_ascii=False)
        facts = (FORM, form.edition, form.digest, form.department, heads, form.checksum)
        for row, pair in enumerate(zip(FACTS, facts, strict=True), 1):
            _write_row(sheet, row, 1, pair)
        _write_row(sheet, FIRST_ASKED - 1, 1, ("NO", "名称", *KEYS))
        for row, one in enumerate(form.asked, FIRST_ASKED):
            _write_row(sheet, row, 1, map(str, one.row))
        for column, words in self._lists.items():
            for row, word in enumerate(words, 1):
                _write(sheet, row, column, word)
        sheet.sheet_state = "veryHidden"
        _protect(sheet)

    @property
    def _lists(self) -> dict[int, list[str]]:
        """The words of each drop-down list, by its column in the hidden sheet, right of the table and an empty one."""
        lists = ([*words, BLANK] for column in answered() if (words := self._edition.words(column)))
        return dict(enumerate(lists, len(KEYS) + 4))

    # The answers

    def _write_answers(self, sheet: Worksheet) -> None:
        columns = self._columns
        first_answer = len(columns) - len(KEYS) + 1
        last_row = HEAD_ROW + len(self._items)
        self._write_masthead(sheet, len(columns), sum(column.width for column in columns[1:]))
        for index, column in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(index)].width = column.width
            _head(_write(sheet, HEAD_ROW, index, column.head))
            cells = [_write(sheet, row, index, text) for row, text in enumerate(column.cells, HEAD_ROW + 1)]
            cells[0].alignment = column.alignment
            cells[0].border = _frame(index == first_answer, index == len(columns))
            if index >= first_answer:
                cells[0].fill = _ANSWER_FILL
                cells[0].protection = Protection(locked=False)
                cells[0].number_format = "@"  # text: Excel must not turn input into dates or formulas
            for cell in cells[1:]:
                # Copy the whole style: setting its parts takes a millisecond a cell.
                cell._style = copy(cells[0]._style)  # type: ignore[attr-defined]
        sheet.column_dimensions["A"].hidden = True
        sheet.row_dimensions[HEAD_ROW].height = _height((column.head, column.width) for column in columns)
        for index, row in enumerate(range(HEAD_ROW + 1, last_row + 1)):
            sheet.row_dimensions[row].height = _height((column.cells[index], column.width) for column in columns)
        self._write_groups(sheet, first_answer)
        lists = iter(self._lists.items())
        for index, answer in enumerate(answered(self._edition.columns), first_answer):
            if self._edition.words(answer):
                self._offer(sheet, index, last_row, answer.head, *next(lists))
        sheet.freeze_panes = f"{get_column_letter(NAME_COLUMN + 1)}{HEAD_ROW + 1}"
        sheet.auto_filter.ref = f"B{HEAD_ROW}:{get_column_letter(len(columns))}{last_row}"
        sheet.sheet_view.zoomScale = 90
        self._set_up_page(sheet)
        sheet.print_title_rows = f"{HEAD_ROW - 1}:{HEAD_ROW}"
        _protect(sheet)

    def _context(self) -> Iterator[_SheetColumn]:
        wide = 1.0 if self._previous else 1.4
        heads = self._edition.headings
        items = self._items
        yield _SheetColumn("NO", 6, tuple(placed.number for placed in items))
        policies = tuple(f"{policy_number(placed.policy_position)} {placed.policy}" for placed in items)
        yield _SheetColumn(heads.policy, 14 * wide, policies)
        measures = tuple(f"{measure_number(placed.measure_position)} {placed.measure}" for placed in items)
        yield _SheetColumn(heads.measure, 15 * wide, measures)
        yield _SheetColumn(heads.number, 6, tuple(placed.number for placed in items), _CENTRED)
        yield _SheetColumn(heads.item, 22 * wide, tuple(map(self._named, items)))

    def _named(self, placed: Placed) -> str:
        others = [name for name in departments(self._edition, placed.item.department) if name != self._department]
        return placed.item.name + (f"\n({'、'.join(others)}と共同)" if others else "")

    def _last_year(self) -> Iterator[_SheetColumn]:
        if self._previous is None:
            return
        previous = self._previous
        former = [[previous.items[number] for number in placed.item.previous_numbers] for placed in self._items]
        heads = self._edition.headings

        numbers = tuple("\n".join(str(item.number) for item in items) for items in former)
        yield _SheetColumn(f"前版{heads.number}", 7, numbers, _CENTRED)
        for column in answered(self._edition.columns):
            # If several items became one, prefix each text with its NO.
            texts = (
                "\n".join(
                    f"{item.number}: {text}" if len(items) > 1 else text
                    for item in items
                    for text in [self._former_text(previous, item, column)]
                )
                for items in former
            )
            yield _SheetColumn(column.head, _WIDTHS[column.kind], tuple(map(_cut, texts)), _ALIGNED[column.kind])

    def _former_text(self, previous: Edition, item: Item, column: Column) -> str:
        """The text in the previous edition; a symbol with its meaning if it has another one in this edition."""
        text = item.text(column)
        if column.kind != "symbol":
            return text
        meaning = previous.legend.get(text, "")
        return text if self._edition.legend.get(text, "") == meaning else f"{text}({meaning})"

    def _answers(self) -> Iterator[_SheetColumn]:
        for one in self._asked:
            for key, text in one.answers.items():
                if _units(text) > MAX_CELL:
                    raise SheetsError(
                        f"NO {one.number}「{one.name}」の{key}が、表計算ソフトの一つのセルに入りません。短くしてください。"
                    )
        for column in answered(self._edition.columns):
            width = _WIDTHS[column.kind]
            if column.kind == "prose":
                width += 6 if self._previous else 24
            texts = tuple(one.answers[column.key] for one in self._asked)
            yield _SheetColumn(column.head, width, texts, _ALIGNED[column.kind])

    def _write_masthead(self, sheet: Worksheet, columns: int, width: float) -> None:
        edition = self._edition
        _write(sheet, 1, 2, f"{edition.title} 照会票").font = Font(name=_FONT, size=14, bold=True)
        sheet.row_dimensions[1].height = 22
        dated = f"{japanese_date(edition.as_of)}現在" if edition.as_of else ""
        parts = (edition.municipality, edition.fiscal_year, dated, f"担当課: {self._department}")
        _write(sheet, 2, 2, " ".join(filter(None, parts)))
        legend = " ".join(f"{symbol} {meaning}" for symbol, meaning in edition.legend.items())
        text = f"凡例: {legend} 書き方は、シート「{GUIDE}」を見てください。"
        _write(sheet, 3, 2, text).alignment = _WRAPPED
        sheet.merge_cells(start_row=3, end_row=3, start_column=2, end_column=columns)
        sheet.row_dimensions[3].height = _height([(text, width)])  # Excel does not fit a row to a merged cell

    def _write_groups(self, sheet: Worksheet, first_answer: int) -> None:
        row = HEAD_ROW - 1
        year = self._previous.fiscal_year if self._previous else ""
        groups = (
            (2, NAME_COLUMN - 1, "項目"),
            (NAME_COLUMN + 1, first_answer - NAME_COLUMN - 1, f"前版({year})" if year else "前版"),
            (first_answer, len(KEYS), "記入欄"),
        )
        for first, count, text in groups:
            if not count:
                continue
            for column in range(first, first + count):
                _head(_write(sheet, row, column, ""))
            _write(sheet, row, first, text)
            sheet.merge_cells(start_row=row, end_row=row, start_column=first, end_column=first + count - 1)

    def _offer(
        self, sheet: Worksheet, column: int, last_row: int, head: str, list_column: int, words: Sequence[str]
    ) -> None:
        """Add a drop-down list of the words in the hidden sheet: an inline list allows 255 characters and no commas."""
        letter = get_column_letter(list_column)
        rule = DataValidation(
            type="list",
            formula1=f"'{HIDDEN}'!${letter}$1:${letter}${len(words)}",
            allow_blank=True,
            showErrorMessage=True,
        )
        rule.errorTitle = head[:30]
        rule.error = "一覧にありません。欄の右の▼から選んでください。"
        cells = f"{get_column_letter(column)}{HEAD_ROW + 1}:{get_column_letter(column)}{last_row}"
        rule.add(cells)
        sheet.add_data_validation(rule)
        # Bold as well as coloured, since prints are monochrome.
        look = DifferentialStyle(font=Font(bold=True), fill=_BLANK_FILL)
        still_open = Rule(type="cellIs", operator="equal", formula=[f'"{BLANK}"'], dxf=look)
        sheet.conditional_formatting.add(cells, still_open)

    # The sheet of instructions

    def _write_guide(self, sheet: Worksheet) -> None:
        edition, heads = self._edition, self._edition.headings
        sheet.column_dimensions["A"].width = 14
        sheet.column_dimensions["B"].width = 88
        _write(sheet, 1, 1, GUIDE).font = Font(name=_FONT, size=14, bold=True)
        steps = (
            f"記入するのは、シート「{ANSWERS}」の黄色い欄({heads.status}、{heads.treatment}、{heads.findings})だけです。ほかの欄は保護してあります。",
            f"{heads.status}と{heads.treatment}は、欄を選ぶと右に出る▼から選んでください。まだ決まらないものは「{BLANK}」のままにしてください。",
            f"{heads.findings}は、書いたとおりに印刷されます。{MAX_TEXT:,}字までです。改行は Alt キーを押しながら Enter です。",
            "行の高さと列の幅は変えられ、絞り込みもできます。行や列を加えたり消したりしないでください。",
            "名称などの誤りに気づいたら、ここでは直さずに知らせてください。",
            f"終わったら、.xlsx のまま保存して{f'、{edition.department}へ' if edition.department else ''}返してください。ファイル名は変えてもかまいません。",
        )
        for number, step in enumerate(steps, 1):
            _write(sheet, 1 + number, 1, number).alignment = _CENTRED
            _write(sheet, 1 + number, 2, step).alignment = _WRAPPED
            sheet.row_dimensions[1 + number].height = _height([(step, 88)])
        kinds = {"継続": "次の版に続く", "終了": "次の版に続かない"}
        terms = {term: kinds[kind] for term, kind in edition.treatments.items()}
        row = len(steps) + 3
        for title, words in ((f"凡例({heads.status})", edition.legend), (heads.treatment, terms)):
            _write(sheet, row, 1, title).font = Font(name=_FONT, size=10, bold=True)
            for line, pair in enumerate(words.items(), row + 1):
                for column, text in enumerate(pair, 1):
                    cell = _write(sheet, line, column, text)
                    cell.alignment = _CENTRED if column == 1 else _WRAPPED
                    cell.border = Border(_THIN, _THIN, _THIN, _THIN)
            row += len(words) + 2
        self._set_up_page(sheet)
        _protect(sheet)

    def _set_up_page(self, sheet: Worksheet) -> None:
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9  # A4
        assert sheet.sheet_properties.pageSetUpPr is not None
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
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


def _set_default_font(book: Workbook) -> None:
    """Set the default font, which is also the unit of column widths."""
    font = Font(name=_FONT, size=10)
    book._named_styles["Normal"].font = font  # type: ignore[attr-defined]
    # Cells without a style use the first font of the workbook, not that of the named style.
    book._fonts = IndexedList([font])  # type: ignore[attr-defined]


def _write_row(sheet: Worksheet, row: int, column: int, values: Iterable[str | int]) -> None:
    for offset, value in enumerate(values):
        _write(sheet, row, column + offset, value)


def _write(sheet: Worksheet, row: int, column: int, value: str | int) -> Cell:
    """Write `value` into a cell and return the cell; text that begins with "=" stays text."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    if isinstance(value, int):
        cell.value = value
    elif value:
        # OOXML escapes characters that XML cannot hold as _x0007_, so text that looks like an escape is escaped itself.
        cell.value = re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", value)
        cell.data_type = "s"
    return cell


def _head(cell: Cell) -> None:
    cell.font = Font(name=_FONT, size=10, bold=True)
    cell.fill = _HEAD_FILL
    cell.border = Border(_THIN, _THIN, _THIN, _THIN)
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def _frame(at_left: bool, at_right: bool) -> Border:
    """The border of a cell; thick lines frame the answer columns, so that they are not marked by colour alone."""
    return Border(_THICK if at_left else _THIN, _THICK if at_right else _THIN, _THIN, _THIN)


def _protect(sheet: Worksheet) -> None:
    """Protect `sheet` against accidental changes: without a password; sorting, filtering and resizing stay allowed."""
    sheet.protection.sheet = True
    for allowed in ("formatRows", "formatColumns", "sort", "autoFilter"):
        setattr(sheet.protection, allowed, False)  # the attribute means "locked", so False allows it


def _height(cells: Iterable[tuple[str | int, float]]) -> float:
    """The height of a row in points for texts in columns of these widths (characters); Excel does not compute it."""
    lines = max(
        sum(max(1, math.ceil(width_in_halves(line) / (width - 1))) for line in str(text).split("\n"))
        for text, width in cells
    )
    return min(lines * _LINE_HEIGHT + 3, _HIGHEST_ROW)


def _cut(text: str) -> str:
    """`text` truncated, with a note, to what a cell can hold."""
    if _units(text) <= MAX_CELL:
        return text
    note = "…(長いので、ここまで)"
    return text.encode("utf-16-le")[: 2 * (MAX_CELL - len(note))].decode("utf-16-le", "ignore") + note


def _units(text: str) -> int:
    """The length of `text` in UTF-16 code units, in which Excel counts."""
    return len(text.encode("utf-16-le")) // 2


def _let_grow(tag: re.Match[bytes]) -> bytes:
    """A row's XML tag; an item's row loses `customHeight`, so that Excel adapts its height to the answer."""
    row = re.search(rb' r="(\d+)"', tag[0])
    is_item = row is not None and int(row[1]) > HEAD_ROW
    return tag[0].replace(b' customHeight="1"', b"") if is_item else tag[0]


def _reproducible(book: Workbook) -> bytes:
    """The file's bytes, without timestamps, and with a change that openpyxl does not offer (`_let_grow`)."""
    written = io.BytesIO()
    ExcelWriter(book, _Package(written, "w", zipfile.ZIP_DEFLATED)).save()
    return written.getvalue()


class _Package(zipfile.ZipFile):
    """A zip file with fixed timestamps, for reproducible bytes; zip could not store a clock before 1980 anyway."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        name = str(zinfo_or_arcname)
        data = data.encode() if isinstance(data, str) else data
        if name == "docProps/core.xml":
            data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", data)
        if name == _FIRST_SHEET:
            data = re.sub(rb"<row [^>]*>", _let_grow, data)
        entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        super().writestr(entry, data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        self.writestr(arcname, Path(filename).read_bytes())
