"""Stage 1: a sheet of a workbook, or a CSV file, becomes a grid of cells with their texts as they are shown."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.office.workbook import (
    MAX_BYTES,
    MAX_COLUMN,
    MAX_ROW,
    Book,
    Sheet,
    Value,
    WorkbookError,
    column_number,
    read_workbook,
)
from pipeline.reading import UnreadableError, read_file

# The most cells of a CSV file. A list of 5,200 items has 40,000.
MAX_CELLS = 300_000

Place = tuple[int, int]  # row and column, from 1
Area = tuple[int, int, int, int]  # first row and column, last row and column


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with text."""

    row: int
    column: int
    text: str

    @property
    def place(self) -> Place:
        return self.row, self.column

    @property
    def name(self) -> str:
        """Its name in Excel: B7."""
        return place_name(self.place)


@dataclass
class Grid:
    """The cells of a sheet that are not empty, its merged ranges, and what is to be known of single cells."""

    name: str
    cells: dict[Place, Cell] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    formulas: list[Place] = field(default_factory=list)
    struck: list[Place] = field(default_factory=list)
    errors: list[Place] = field(default_factory=list)
    hidden: list[Place] = field(default_factory=list)
    # Formulas whose results the workbook does not hold.
    unknown: list[Place] = field(default_factory=list)

    def __len__(self) -> int:
        """The number of cells that are not empty."""
        return len(self.cells) + len(self.unknown)

    def rows(self) -> dict[int, list[Cell]]:
        """The cells of each row that has some, from left to right."""
        found: dict[int, list[Cell]] = {}
        for place in sorted(self.cells):
            found.setdefault(place[0], []).append(self.cells[place])
        return found

    def span(self, cell: Cell) -> Area:
        """The merged range that begins with `cell`, or the cell alone."""
        return self._spans.get(cell.place, (*cell.place, *cell.place))

    def __post_init__(self) -> None:
        self._spans = {(area[0], area[1]): area for area in self.merged}


@dataclass
class Foreign:
    """A file that somebody else made: its grids, and what lies beside the cells."""

    grids: list[Grid]
    beside: list[str]


def read_foreign(path: Path) -> Foreign:
    """The grids in the workbook or CSV file at `path`, without those that are empty. Raises `WorkbookError`."""
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return Foreign([_read_csv(path)], [])
    try:
        book = read_workbook(path, None, is_foreign=True)
    except WorkbookError as error:
        again = (
            "一覧の表を表計算ソフトにコピーし、「Excel ブック(.xlsx)」として保存してから、もう一度実行してください。"
        )
        raise WorkbookError(error.what + (again if error.advice else "")) from None
    return foreign_of(book)


def foreign_of(book: Book) -> Foreign:
    """The grids of the sheets in `book`, without those that are empty."""
    grids = [_grid_of(name, sheet) for name, sheet in book.sheets.items()]
    return Foreign([grid for grid in grids if len(grid)], [*_beside(book)])


def _beside(book: Book) -> Iterator[str]:
    """Say what lies beside the cells, and is not taken."""
    for name, sheet in book.sheets.items():
        if sheet.is_hidden and sheet.cells:
            yield f"シート「{name}」は、非表示です。"
    for cell, text in book.comments:
        yield f"{cell} のコメント「{' '.join(text.split())}」"
    for text in book.boxes:
        if text.strip():
            yield f"図形の中の文字「{' '.join(text.split())}」"
    if book.pictures:
        yield f"画像 {book.pictures}個"


def _grid_of(name: str, sheet: Sheet) -> Grid:
    grid = Grid(name, merged=[area for area in map(area_of, sheet.merged) if area])
    hidden_columns = _columns_in(sheet.hidden_columns)
    for row, values in sheet.cells.items():
        for column, value in values.items():
            text = _tidy(shown(value))
            place = row, column
            if not text:
                if value.is_formula:
                    grid.unknown.append(place)
                continue
            grid.cells[place] = Cell(row, column, text)
            if value.is_formula:
                grid.formulas.append(place)
            if value.is_struck:
                grid.struck.append(place)
            if value.kind == "error":
                grid.errors.append(place)
            if row in sheet.hidden_rows or column in hidden_columns:
                grid.hidden.append(place)
    return grid


def _columns_in(ranges: Iterable[tuple[int, int]]) -> set[int]:
    """The columns in `ranges`, each from, to. A hostile file may have thousands of ranges, each over all columns."""
    columns: set[int] = set()
    reached = 0
    for first, last in sorted(ranges):
        columns.update(range(max(first, reached), min(last, MAX_COLUMN) + 1))
        reached = max(reached, last)
    return columns


def _read_csv(path: Path) -> Grid:
    try:
        data = read_file(path, MAX_BYTES).data
    except UnreadableError as error:
        raise WorkbookError(str(error)) from None
    text = _decoded(data)
    if "\0" in text:
        raise WorkbookError("CSVではありません(文字でないデータが入っています)。")
    grid = Grid(path.stem)
    # The first line may be a title, without either.
    delimiter = "\t" if text.count("\t") > text.count(",") else ","
    try:
        for row, values in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            for column, value in enumerate(values, 1):
                if tidy := _tidy(value):
                    grid.cells[row, column] = Cell(row, column, tidy)
            if row > MAX_ROW or len(values) > MAX_COLUMN or len(grid.cells) > MAX_CELLS:
                raise WorkbookError("行かセルの数が多すぎます。一覧のある部分だけを保存し直してください。")
    except csv.Error:
        raise WorkbookError(
            'CSVとして読めません(引用符「"」が閉じていないなど)。表計算ソフトで開いて保存し直してください。'
        ) from None
    if not grid.cells:
        raise WorkbookError("空のファイルです。")
    return grid


def _decoded(data: bytes) -> str:
    """The text of a CSV file in UTF-8, or in cp932, as Excel for Windows saves it."""
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WorkbookError(
        "文字コードが UTF-8 でも Shift_JIS(cp932)でもありません。「CSV UTF-8」として保存し直してください。"
    )


def _tidy(text: str) -> str:
    """`text` without white space around it, at the ends of its lines, and with plain line breaks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


_NUMBER = re.compile(r"[#0?][#0?,]*(\.[#0?]+)?,*")


def shown(value: Value) -> str:
    """The text that Excel shows in a cell."""
    if value.kind == "truth":
        return "TRUE" if value.text == "1" else "FALSE"
    if value.kind not in ("number", "percent"):
        return value.text
    try:
        number = Decimal(value.text)
    except InvalidOperation:
        return value.text
    return _formatted(number, value.number_format) or value.text


def _formatted(number: Decimal, code: str) -> str | None:
    """`number` in a number format; None if the format says nothing of its digits."""
    sections = code.split(";")
    section = sections[0]
    sign = "-" if number < 0 else ""
    if number < 0 and len(sections) > 1:
        section, sign = sections[1], ""
    elif number == 0 and len(sections) > 2:
        section = sections[2]
    # Colours and conditions, room for a character, and what fills the cell are no text.
    section = re.sub(r"\[[^\]]*\]|_.|\*.", "", section)
    plain = re.sub(r'"[^"]*"|\\.', lambda found: "\x00" * len(found[0]), section)
    digits = _NUMBER.search(plain)
    if not digits or "E" in plain or "/" in plain or re.search("General", plain):
        return None
    pattern = digits[0].rstrip(",")
    thousands = len(digits[0]) - len(pattern)
    amount = abs(number) * (100 if "%" in plain else 1) / (1000**thousands)
    before_point, _, decimals = pattern.partition(".")
    amount = amount.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP) if amount < Decimal(10) ** 20 else amount
    # A 0 is a digit in any case; with separators, 0,000 has a width of five.
    width = len(before_point[before_point.find("0") :]) if "0" in before_point else 1
    text = format(amount, f"0{width + len(decimals) + bool(decimals)}{',' if ',' in pattern else ''}f")
    whole, _, fraction = text.partition(".")
    needed = decimals.rfind("0") + 1
    fraction = fraction[:needed] + fraction[needed:].rstrip("0")
    text = f"{whole}.{fraction}" if fraction else whole
    before, after = (
        re.sub(r'"([^"]*)"|\\(.)', lambda found: found[1] or found[2] or "", part)
        for part in (section[: digits.start()], section[digits.end() :])
    )
    return f"{before.strip()}{sign if amount else ''}{text}{after.strip()}"


def column_letters(number: int) -> str:
    """The letters of a column: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def place_name(place: Place) -> str:
    """The name of a cell in Excel: B7."""
    return f"{column_letters(place[1])}{place[0]}"


def area_of(reference: str) -> Area | None:
    """The range that A3:G84 means, or None."""
    corners = [re.fullmatch(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})", corner) for corner in reference.split(":")]
    found = [(int(corner[2]), column_number(corner[1])) for corner in corners if corner]
    if len(found) < len(corners) or len(found) > 2:
        return None
    rows, columns = [row for row, _ in found], [column for _, column in found]
    return min(rows), min(columns), max(rows), max(columns)


def wanted_area(text: str) -> Area:
    """The range that RANGE means. Raises `UsageError`."""
    area = area_of(text.strip().upper())
    if not area or area[:2] == area[2:]:
        raise UsageError(
            f"RANGE の「{text}」は、セルの範囲として読めません。左上と右下のセルで指定してください。例: RANGE=A3:G84"
        )
    return area


def grid_named(grids: Sequence[Grid], name: str) -> Grid:
    """The grid of the sheet called `name`. Raises `UsageError`."""
    found = next((grid for grid in grids if grid.name == name), None)
    if not found:
        there = "、".join(f"「{grid.name}」" for grid in grids)
        raise UsageError(f"シート「{name}」はありません(空のシートは除く)。ファイルにあるシート: {there or 'なし'}")
    return found


def ranges(places: Sequence[Place] | Mapping[Place, object]) -> str:
    """The names of cells, with neighbours in a row joined: A1、B3〜D3."""
    runs: list[list[str]] = []
    last = None
    for row, column in sorted(places):
        if last == (row, column - 1):
            runs[-1][1:] = [place_name((row, column))]
        else:
            runs.append([place_name((row, column))])
        last = row, column
    return "、".join(map("〜".join, runs))
