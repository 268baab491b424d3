"""Writes the workbook of a list: the sheet that looks like the paper, a guide to editing it, and the hidden source."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil
from typing import Any

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.documents.document import DIGEST_LENGTH
from pipeline.documents.html import masthead
from pipeline.documents.report.page import REPEATED, head_rows
from pipeline.documents.spreadsheet import (
    ALIGNED,
    FONT,
    HIGHEST_ROW,
    LINE_HEIGHT,
    MAX_CELL,
    RIGHT,
    WRAPPED,
    fit_to_width,
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
from pipeline.errors import PipelineError
from pipeline.model.column_widths import ColumnWidths, Printed
from pipeline.model.form import BLANK
from pipeline.model.validation import Validated
from pipeline.paper import A3, BOTTOM, LEFT, MASTHEAD_TOP, TITLE_PT, TYPE_PT
from pipeline.paper import RIGHT as RIGHT_MARGIN
from pipeline.text import flat, width_in_halves

from .rows import FACTS, FORM, GUIDE, HIDDEN, KEYS, LIST, MORE, Row, document_number, packed, rows

# The sheet is larger than the paper, in the same proportions, so that it is legible on a screen; prints fit the width.
_SIZE = 10.0
_SCALE = _SIZE / TYPE_PT
_INCH = 25.4
# Pixels: a digit of the default font, the unit of column widths; a half-width character; what a cell keeps free.
_DIGIT, _HALF, _FREE = 7, _SIZE / 2 * 96 / 72, 5
# A title is one size for all sheets; other lines above and below the list have the size of the list.
_TITLE = round(TITLE_PT * _SCALE)
_TITLE_LINE = 1.3 * _TITLE
# The rows above the list stay in view if they are no higher, in points.
_MOST_FROZEN = 190
# The height in points of the parts of a row that is too high for one.
_PART = 10 * LINE_HEIGHT
_MOST_BREAKS = 1_000  # Excel has at most 1,023 in a sheet
_MOST_HEADER = 150  # characters of the title in the header of a page; a header has 255 with its codes

_RULE, _FRAME = Side("thin"), Side("medium")
_SHADES = {"head": "DADADA", 0: "E4E4E4", 1: "EEEEEE"}  # as in styles/report.css


class BookError(PipelineError):
    """A text fits into no cell of a workbook; the message names it."""


def workbook(validated: Validated) -> bytes:
    """The workbook of the edition in `validated`. Raises `BookError`."""
    return _Book(validated).data()


class _Book:
    def __init__(self, validated: Validated) -> None:
        self._edition = validated.edition
        self._source = validated.source
        self._widths = ColumnWidths(self._edition)
        self._columns = self._widths.columns
        self._at = {one.id: index for index, one in enumerate(self._columns, 2)}  # column 1 holds the keys
        self._last = len(self._columns) + 1
        self._pixels = [_SCALE * self._widths.widths.of(one.id) * 96 / _INCH for one in self._columns]
        self._styles: dict[tuple[object, ...], StyleArray] = {}
        self._fixed: set[int] = set()  # rows that Excel cannot fit to their texts, because of merged cells
        self._book = new_book()

    def data(self) -> bytes:
        book = self._book
        sheet = book.active
        assert isinstance(sheet, Worksheet)
        sheet.title = LIST
        guide, hidden = book.create_sheet(GUIDE), book.create_sheet(HIDDEN)
        first, last = self._write_rows(sheet)
        self._write_hidden(hidden)
        self._write_guide(guide)
        self._set_up(sheet, first, last)
        book.properties.title = flat(self._edition.title)
        book.properties.creator = flat(self._edition.municipality)
        numbers = [
            f"{get_column_letter(self._at[one.id])}{first}:{get_column_letter(self._at[one.id])}{last}"
            for one in self._columns
            if one.column.kind in ("figure", "number")
        ]
        return saved(book, lambda row: row >= first and row not in self._fixed, " ".join(numbers))

    # The list

    def _write_rows(self, sheet: Worksheet) -> tuple[int, int]:
        """Write all rows; return the first and the last row of the list below its heads."""
        write_row(sheet, 1, 1, (KEYS, *(one.id for one in self._columns)))
        sheet.row_dimensions[1].hidden = True
        sheet.column_dimensions["A"].hidden = True
        for index, pixels in enumerate(self._pixels, 2):
            sheet.column_dimensions[get_column_letter(index)].width = pixels / _DIGIT
        at, first, last = 2, 0, 0
        self._heads: list[int] = []
        self._once: list[int] = []
        everything = [*rows(self._edition, self._widths)]
        in_list = [row for row in everything if row.kind not in ("top", "head", "bottom")]
        for row in everything:
            self._check(row)
            if row.kind == "head":
                self._heads.append(at)
            if row.is_once:
                self._once.append(at)
            if row.page_break and row is not in_list[0] and len(sheet.row_breaks.brk) < _MOST_BREAKS:
                sheet.row_breaks.append(Break(id=at - 1))
            if in_list and row is in_list[0]:
                first = at
            after = self._write_row(sheet, at, row, is_last=bool(in_list) and row is in_list[-1])
            if in_list and row is in_list[-1]:
                last = after - 1
            at = after
        self._merge_heads(sheet)
        return first, last

    def _check(self, row: Row) -> None:
        for text in row.cells.values():
            if units(text) > MAX_CELL:
                raise BookError(f"{row.key}の記載が、表計算ソフトの一つのセルに入りません。短くしてください。")

    def _write_row(self, sheet: Worksheet, at: int, row: Row, is_last: bool) -> int:
        """Write `row` into the sheet's row `at`, and those below it that its height needs; return the row after it."""
        is_table = row.kind in ("item", "repeat", "head")
        begins = sorted(self._at[name] for name in row.cells)
        if is_table:
            areas = [(column, column) for column in range(2, self._last + 1)]
        else:
            areas = [(begin, end - 1) for begin, end in pairwise((*begins, self._last + 1))]
        height = self._height(row, areas)
        # A row higher than Excel allows is several, of which a page can hold some.
        parts = ceil(height / _PART) if height > HIGHEST_ROW else 1
        for part in range(parts):
            write(sheet, at + part, 1, MORE if part else row.key)
            sheet.row_dimensions[at + part].height = round(height / parts, 2)
        for name, text in row.cells.items():
            said = self._columns[self._at[name] - 2].column
            is_number = said.kind == "number" and said.field == "number" and text.isdecimal()
            write(sheet, at, self._at[name], int(text) if is_number and is_table else text)
        if row.kind not in ("top", "bottom"):
            for part in range(parts):
                for column in range(2, self._last + 1):
                    is_end = is_last and part == parts - 1
                    self._set_style(sheet, at + part, column, row, part == 0, is_end)
        for begin, end in areas:
            if end > begin or parts > 1:
                self._merge(sheet, at, begin, at + parts - 1, end)
            if row.kind in ("top", "bottom"):
                self._set_line_style(sheet, at, begin, row)
        if not is_table or parts > 1:
            self._fixed |= {*range(at, at + parts)}
        return at + parts

    def _merge(self, sheet: Worksheet, top: int, left: int, bottom: int, right: int) -> None:
        """Merge cells, which keep their borders: openpyxl would draw those of the first alone."""
        kept = {
            (row, column): sheet.cell(row, column)._style  # type: ignore[union-attr]
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        }
        sheet.merge_cells(start_row=top, end_row=bottom, start_column=left, end_column=right)
        for (row, column), style in kept.items():
            sheet.cell(row, column)._style = style  # type: ignore[union-attr]

    def _merge_heads(self, sheet: Worksheet) -> None:
        for at, heads in zip(self._heads, head_rows(self._widths), strict=True):
            for head in heads:
                begin = self._at[
                    next(one.id for one in self._columns if head.id in (f"head-{one.id}", f"head-{one.column.name}"))
                ]
                if head.span > 1 or head.rows > 1:
                    self._merge(sheet, at, begin, at + head.rows - 1, begin + head.span - 1)

    def _height(self, row: Row, areas: Sequence[tuple[int, int]]) -> float:
        """The height in points that the texts of a row need."""
        if row.key == "表題":
            return _TITLE_LINE * self._lines(next(iter(row.cells.values())), areas[0], _TITLE / _SIZE)
        ends = dict(areas)
        spans = {name: (self._at[name], ends[self._at[name]]) for name in row.cells}
        return LINE_HEIGHT * max(self._lines(text, spans[name]) for name, text in row.cells.items()) + 3

    def _lines(self, text: str, area: tuple[int, int], size: float = 1.0) -> int:
        """About how many lines a text takes in the columns of `area`, in type of this size."""
        room = int((sum(self._pixels[area[0] - 2 : area[1] - 1]) - _FREE) / (_HALF * size))
        widths = (width_in_halves(line) for line in text.split("\n"))
        # A line may end two characters early: some may not begin or end a line.
        return sum(1 if width <= room else ceil(width / max(2, room - 2)) for width in widths)

    # Looks

    def _set_style(self, sheet: Worksheet, at: int, column: int, row: Row, is_top: bool, is_end: bool) -> None:
        one = self._columns[column - 2]
        is_indent = (
            one.column.kind == "level"
            and row.kind != "head"
            and not (row.kind == "heading" and column >= 2 + row.depth)
        )
        is_blank_number = row.kind == "below" and one.column.kind in ("level", "number")
        key = (row.kind, row.depth, column, is_indent or is_blank_number, is_top, is_end)
        if key not in self._styles:
            cell: Any = sheet.cell(at, column)
            is_heading = row.kind in ("head", "heading") and not is_indent
            cell.font = Font(name=FONT, size=_SIZE, bold=is_heading)
            if is_heading:
                shade = _SHADES["head" if row.kind == "head" else min(row.depth, 1)]
                cell.fill = PatternFill("solid", fgColor=shade)
            over = row.kind == "head" or (row.kind == "heading" and not row.depth)
            top = None if is_indent or is_blank_number or not is_top else _FRAME if over else _RULE
            cell.border = Border(
                left=_FRAME if column == 2 else _RULE,
                right=_FRAME if column == self._last else _RULE,
                top=top,
                bottom=_FRAME if is_end or row.kind == "head" else top and _RULE,  # closes the table at a page's foot
            )
            cell.alignment = self._alignment(one, row)
            if row.kind in ("item", "repeat") and not (one.column.kind == "number" and one.column.field == "number"):
                cell.number_format = "@"  # text: a program must not turn what is typed into dates or formulas
            self._styles[key] = cell._style
        else:
            sheet.cell(at, column)._style = self._styles[key]  # type: ignore[union-attr]

    def _alignment(self, one: Printed, row: Row) -> Alignment:
        if row.kind == "head":
            return Alignment(horizontal="center", vertical="center", wrap_text=True)
        if row.kind == "heading":
            return Alignment(vertical="center", wrap_text=True)
        if row.kind == "below":
            return WRAPPED
        if row.kind == "repeat" and one.column.kind not in ("number", "name"):
            return ALIGNED.get(one.column.kind, WRAPPED)
        return RIGHT if one.column.kind == "number" else ALIGNED.get(one.column.kind, WRAPPED)

    def _set_line_style(self, sheet: Worksheet, at: int, column: int, row: Row) -> None:
        """The style of a text above or below the list."""
        cell: Any = sheet.cell(at, column)
        is_title = row.key == "表題"
        cell.font = Font(name=FONT, size=_TITLE if is_title else _SIZE, bold=is_title)
        at_right = column > 2 or row.key in ("資料番号", "現在日")
        side = "center" if is_title else "right" if at_right else "left"
        cell.alignment = Alignment(horizontal=side, vertical="center" if is_title else "top", wrap_text=True)

    # The page, and the view on a screen

    def _set_up(self, sheet: Worksheet, first: int, last: int) -> None:
        paper = self._edition.form.sheet
        end = get_column_letter(self._last)
        frozen = sum(sheet.row_dimensions[row].height or 0 for row in range(2, first))
        if frozen <= _MOST_FROZEN:
            sheet.freeze_panes = f"A{first}"
        sheet.auto_filter.ref = f"B{self._heads[-1]}:{end}{last}"
        sheet.sheet_view.showGridLines = False
        sheet.page_setup.orientation = "landscape" if paper.width > paper.height else "portrait"
        sheet.page_setup.paperSize = 8 if paper is A3 else 9
        fit_to_width(sheet)
        top = max(self._once, default=1) + 1  # what stands on page 1 alone is not repeated
        sheet.print_title_rows = f"{top}:{self._heads[-1]}"
        margins = sheet.page_margins
        margins.left, margins.right = LEFT / _INCH, RIGHT_MARGIN / _INCH
        margins.top = (MASTHEAD_TOP + (5 if self._once else 0)) / _INCH
        margins.bottom = (BOTTOM + 3) / _INCH
        margins.header = margins.footer = MASTHEAD_TOP / _INCH
        footer: Any = sheet.oddFooter
        footer.center.text = "&P / &N"
        footer.right.text = f"元データ {self._source.digest[:DIGEST_LENGTH]}"
        if self._once:
            self._set_header(sheet)
        body = range(first, last + 1)
        for index, one in enumerate(self._columns, 2):
            if words := self._words(one):
                cells = f"{get_column_letter(index)}{body[0]}:{get_column_letter(index)}{body[-1]}"
                listed = list_range(HIDDEN, self._lists[one.id], len(words))
                offer(sheet, cells, one.column.head, listed, is_strict=False)

    def _set_header(self, sheet: Worksheet) -> None:
        """The title on the later pages, where the first rows of the sheet are not repeated."""
        head = masthead(self._edition, self._edition.document_number.report, sheet=self._edition.form.sheet).first
        sheet.HeaderFooter.differentFirst = True
        header: Any = sheet.oddHeader
        texts = (
            (header.left, head.fiscal_year, 30),
            (header.center, flat(head.title), _MOST_HEADER),
            (header.right, document_number(head), 30),
        )
        for part, text, most in texts:
            part.text = _for_header(text, most) or None
        first: Any = sheet.firstFooter
        footer: Any = sheet.oddFooter
        first.center.text, first.right.text = footer.center.text, footer.right.text

    @property
    def _lists(self) -> Mapping[str, int]:
        """The column in the hidden sheet of each column's words, by its id."""
        return {one.id: at for at, one in enumerate(filter(self._words, self._columns), 4)}

    def _words(self, one: Printed) -> list[str]:
        return [*one.column.words, BLANK] if one.column.words else []

    # The hidden sheet

    def _write_hidden(self, sheet: Worksheet) -> None:
        facts = (FORM, self._source.edition, self._source.digest)
        for row, fact in enumerate(zip(FACTS, facts, strict=True), 1):
            write_row(sheet, row, 1, fact)
        for row, piece in enumerate(packed(self._source.data), len(FACTS) + 1):
            write(sheet, row, 2, piece)
        for one in self._columns:
            for row, word in enumerate(self._words(one), 1):
                write(sheet, row, self._lists[one.id], word)
        sheet.sheet_state = "veryHidden"
        protect(sheet)

    # The guide

    def _write_guide(self, sheet: Worksheet) -> None:
        sheet.column_dimensions["A"].width = 6
        sheet.column_dimensions["B"].width = 100
        write_steps(sheet, f"シート「{LIST}」の直し方", self._steps(), 96)
        fit_to_width(sheet)
        sheet.page_setup.paperSize = 9

    def _steps(self) -> Iterator[str]:
        edition = self._edition
        name, levels = edition.item_column.head, [level.head for level in edition.levels]
        number = edition.form.prints_no
        yield "どの欄も、直したい所をそのまま書き換えてください。記号と語は、欄を選ぶと右に出る▼からも選べます。"
        yield (
            f"{flat(name)}を加えるときは、加える所に行を挿入して記入します。似た行をコピーして挿入してもかまいません。"
            + ("NOは空のままにしてください。空いている番号を付けます。" if number else "")
        )
        yield "移すときは、行の全体を切り取って移す先に挿入します。削除するときは、行の全体を削除します。"
        if levels:
            heads = "、".join(map(flat, levels))
            yield (
                f"見出し({heads})を加えるときは、同じ段の見出しの行をコピーして挿入し、書き換えます。"
                "番号が並び順で決まる段では、番号は付け直されるので、直さなくてかまいません。"
            )
        yield f"ほかの所の{flat(name)}をもう一度載せるときは、行を挿入し、名称の後に「{REPEATED}」と書きます。ほかの欄は空でかまいません。"
        if edition.marks:
            listed = "、".join(f"【{mark}】" for mark in edition.marks)
            yield f"印({listed})は、名称の前に書きます。"
        for column in edition.columns:
            if column.is_below:
                yield f"{flat(column.head)}は、{flat(name)}の下の行に「{flat(column.head)} …」と書きます。"
        yield "列の幅や行の高さの変更、絞り込みは自由に行えます。並べ替えと、列の追加や削除はしないでください。"
        yield "表題、凡例、欄の見出しなど、表の外の記載を直しても取り込みません。元データを直してください。"
        yield "直し終えたら、Excelブック(.xlsx)のまま保存し、make import FILES=ファイル で取り込みます。"


def _for_header(text: str, most: int) -> str:
    """`text` for the header of a page, cut to so many characters; "&" begins a code there, so it is doubled."""
    doubled = text.replace("&", "&&")
    while len(doubled) > most:
        text = text.removesuffix("…")[:-1] + "…"
        doubled = text.replace("&", "&&")
    return doubled
