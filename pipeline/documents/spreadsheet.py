"""What all workbooks of ours share: fonts, cells that hold texts only, row heights, lists, and reproducible bytes."""

import io
import math
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.utils.indexed_list import IndexedList
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from pipeline.model.form import BLANK
from pipeline.text import width_in_halves

FONT = "BIZ UDGothic"  # part of Windows since version 10, and approved for the reports
LINE_HEIGHT, HIGHEST_ROW = 13, 409  # in points: a line of 10pt text, and Excel's limit of a row
MAX_CELL = 32_767  # UTF-16 code units in a cell, Excel's limit

_BLANK_FILL = PatternFill("solid", bgColor="FFE0B2")
THIN = Side("thin", color="808080")
WRAPPED = Alignment(vertical="top", wrap_text=True)
CENTRED = Alignment(horizontal="center", vertical="top", wrap_text=True)
RIGHT = Alignment(horizontal="right", vertical="top", wrap_text=True)
# Alignments of a column by its kind.
ALIGNED = {"symbol": CENTRED, "term": CENTRED, "figure": RIGHT, "date": CENTRED}

_FIRST_SHEET = "xl/worksheets/sheet1.xml"


def new_book() -> Workbook:
    """An empty workbook with our default font, which is also the unit of column widths."""
    book = Workbook()
    font = Font(name=FONT, size=10)
    # Cells without a style use the first font of the workbook. The named style finds its font's place when it gets it.
    book._fonts = IndexedList([font])  # type: ignore[attr-defined]
    book._named_styles["Normal"].font = font  # type: ignore[attr-defined]
    return book


def write_row(sheet: Worksheet, row: int, column: int, values: Iterable[str | int]) -> None:
    """Write `values` into the cells of a row from `column` on."""
    for offset, value in enumerate(values):
        write(sheet, row, column + offset, value)


def write(sheet: Worksheet, row: int, column: int, value: str | int) -> Cell:
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


def protect(sheet: Worksheet) -> None:
    """Protect `sheet` against accidental changes: without a password; sorting, filtering and resizing stay allowed."""
    sheet.protection.sheet = True
    for allowed in ("formatRows", "formatColumns", "sort", "autoFilter"):
        setattr(sheet.protection, allowed, False)  # the attribute means "locked", so False allows it


def fit_to_width(sheet: Worksheet) -> None:
    """Print the sheet as wide as a page."""
    assert sheet.sheet_properties.pageSetUpPr is not None
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0


def list_range(sheet: str, column: int, count: int) -> str:
    """The range of `count` words in a column of `sheet`: an inline list would allow 255 characters and no commas."""
    letter = get_column_letter(column)
    return f"'{sheet}'!${letter}$1:${letter}${count}"


def offer(sheet: Worksheet, cells: str, title: str, listed: str, *, is_strict: bool = True) -> None:
    """Add a drop-down list of the words in the range `listed`; any other word is refused, or warned of."""
    rule = DataValidation(
        type="list",
        formula1=listed,
        allow_blank=True,
        showErrorMessage=True,
        errorStyle=None if is_strict else "warning",
    )
    rule.errorTitle = title.replace("\n", " ")  # Excel allows 32 characters, a source 30
    rule.error = "一覧にありません。欄の右の▼から選んでください。"
    rule.add(cells)
    sheet.add_data_validation(rule)
    highlight_blanks(sheet, cells)


def highlight_blanks(sheet: Worksheet, cells: str) -> None:
    """Show 未記入 in colour, and bold, since prints are monochrome."""
    look = DifferentialStyle(font=Font(bold=True), fill=_BLANK_FILL)
    still_open = Rule(type="cellIs", operator="equal", formula=[f'"{BLANK}"'], dxf=look)
    sheet.conditional_formatting.add(cells, still_open)


def height(cells: Iterable[tuple[str | int, float]]) -> float:
    """The height of a row in points for texts in columns of these widths (characters); Excel does not compute it."""
    lines = max(
        sum(max(1, math.ceil(width_in_halves(line) / (width - 2))) for line in str(text).split("\n"))
        for text, width in cells
    )
    return min(lines * LINE_HEIGHT + 3, HIGHEST_ROW)


def write_steps(sheet: Worksheet, title: str, steps: Iterable[str], width: float) -> int:
    """Write instructions, numbered below their title, of which `width` characters fit on a line; return the last row."""
    write(sheet, 1, 1, title).font = Font(name=FONT, size=14, bold=True)
    for row, step in enumerate(steps, 2):
        write(sheet, row, 1, row - 1).alignment = CENTRED
        write(sheet, row, 2, step).alignment = WRAPPED
        sheet.row_dimensions[row].height = height([(step, width)])
    return row


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units, in which Excel counts."""
    return len(text.encode("utf-16-le")) // 2


def saved(book: Workbook, grows: Callable[[int], bool], numbers_as_text: str = "") -> bytes:
    """The file's bytes, without timestamps, and with changes to its first sheet that openpyxl does not offer.

    Excel adapts the heights of the rows that `grows` names, and warns of no number that is text in `numbers_as_text`
    (ranges, with a space between).
    """
    written = io.BytesIO()
    ExcelWriter(book, _Package(written, grows, numbers_as_text)).save()
    return written.getvalue()


class _Package(zipfile.ZipFile):
    """A zip file with fixed timestamps, for reproducible bytes; zip could not store a clock before 1980 anyway."""

    def __init__(self, file: IO[bytes], grows: Callable[[int], bool], numbers_as_text: str) -> None:
        super().__init__(file, "w", zipfile.ZIP_DEFLATED)
        self._grows = grows
        self._numbers_as_text = numbers_as_text.encode()

    def _row(self, tag: re.Match[bytes]) -> bytes:
        """A row's XML tag; one that grows loses `customHeight`."""
        row = re.search(rb' r="(\d+)"', tag[0])
        return tag[0].replace(b' customHeight="1"', b"") if row and self._grows(int(row[1])) else tag[0]

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        name = str(zinfo_or_arcname)
        data = data.encode() if isinstance(data, str) else data
        if name == "docProps/core.xml":
            data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", data)
        if name == _FIRST_SHEET:
            data = re.sub(rb"<row [^>]*>", self._row, data)
            if self._numbers_as_text:
                ignored = b'<ignoredErrors><ignoredError sqref="%b" numberStoredAsText="1"/></ignoredErrors>'
                # It stands behind the footer and the breaks between pages.
                behind = b"</rowBreaks>" if b"</rowBreaks>" in data else b"</headerFooter>"
                data = data.replace(behind, behind + ignored % self._numbers_as_text)
        entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        super().writestr(entry, data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        self.writestr(arcname, Path(filename).read_bytes())
