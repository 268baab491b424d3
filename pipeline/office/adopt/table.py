"""Stage 2: the table in a grid: its head of one or more rows, its columns, its rows, and the lines above and below it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.model.dates import western_year, with_era
from pipeline.model.form import FIGURE
from pipeline.years.similarity import fold

from .account import Account
from .grid import Area, Cell, Grid

# The rows among which the head is looked for, and the most rows that it has.
_MOST_ABOVE = 300
_MAX_HEAD = 4
# A symbol of a legend.
SYMBOL = re.compile("[◎○〇◯●△▲▽▼×✕✖☆★□■◇◆◉－―‐-]|[A-ZＡ-Ｚ]")
# A symbol with its meaning behind it, in one cell: A＝できた.
_LEGEND_ENTRY = re.compile(rf"(?:{SYMBOL.pattern})\s*[=＝:：]")
# What stands in the heads of lists of this kind.
_HEAD_WORD = re.compile(
    "^(NO|番号|項番|通番|整理番号|単位)$|名$|名称|項目|事業|取組|取り組み|施策|方針|目標|指標|計画|担当|所管|主管|部署|課名|状況|評価|達成|"
    "進捗|内容|結果|成果|検証|方向|取扱|備考|実績|現状|期限|時期|区分|分類|理由|課題|効果|予算|年度|判定"
)
# How much a cell looks like a head if it has one of these words.
_HAS_HEAD_WORD = 3
_NOT_A_HEAD = re.compile("[。、※]|^[(（]?単位|現在|^資料|ページ|^別紙")
_NOTE = re.compile(r"^[(（【\[]?(※|＊|\*|注\s?[0-9０-９]*[)）:：.．\s]|注意|備考[:：]|出典|資料[:：])|^注[0-9０-９]")
_PAGE = re.compile(
    r"^([-－‐―]\s*[0-9]{1,3}\s*[-－‐―]|[(]?[0-9]{1,3}\s*/\s*[0-9]{1,3}[)]?|[0-9]{1,3}\s*(ページ|頁)|P\.?\s*[0-9]{1,3})$"
)
_TOTAL = re.compile("^(合計|総計|小計|計|総合計)([:：(（].*)?$")

REPEATED_HEAD = "表の見出しの繰り返し(各ページに自動で印刷されます)"
LIKE_HEAD = "見出しに似た行(別の表の見出しなら、RANGE で表を一つずつ指定してください)"
REPEATED_LINE = "表題や凡例などの繰り返し(各ページに自動で印刷されます)"
PAGE_NUMBER = "ページ番号(自動で印刷されます)"
OF_PAGES = (REPEATED_HEAD, REPEATED_LINE, PAGE_NUMBER)
TOTAL = "合計の行(項目ではないため)"


@dataclass
class SheetColumn:
    """A column of the table: its number in the sheet, and its head in one line, with the head above it if it shares one.

    `group` is that head, `year` the head below it if it is a year.
    """

    index: int
    head: str
    group: str = ""
    year: str = ""
    cells: list[Cell] = field(default_factory=list)


@dataclass
class Table:
    """The table: its columns, its rows of cells in order, and the lines of text above and below it."""

    columns: list[SheetColumn]
    rows: list[list[Cell]]
    above: list[list[Cell]]
    below: list[list[Cell]]

    def column(self, index: int) -> SheetColumn:
        """The column with this number in the sheet."""
        return next(column for column in self.columns if column.index == index)


def in_line(text: str) -> str:
    """A head or a name in one line: a line break between Japanese characters is no space."""
    return re.sub(r"(?<=[!-~])\n(?=[!-~])", " ", text).replace("\n", "")


def is_year(text: str) -> bool:
    """Whether `text` is a year, as in the head of a series: R3, 令和3年度, 2021, H30末."""
    plain = re.sub(
        "(実績|見込み?|末|値|目標|計画|決算|予算|[(].*[)])$", "", unicodedata.normalize("NFKC", in_line(text)).strip()
    )
    plain = with_era(plain)
    year = western_year(plain) or western_year(f"{plain}年度")
    return year is not None and 1950 <= year <= 2100


def find_table(grid: Grid) -> Table | None:
    """The table of `grid`; None if there is no row that could be its head."""
    rows = grid.rows()
    best = max([*rows][:_MOST_ABOVE], key=lambda row: (_score(rows[row]), -row), default=0)
    if not best or _score(rows[best]) < 2:
        return None
    first, last = _extent(grid, rows, best)
    columns = _columns(grid, rows, first, last)
    body = [row for number, row in rows.items() if number > last]
    above = [row for number, row in rows.items() if number < first]
    return Table(columns, body, above, []) if body else None


def _score(cells: Sequence[Cell]) -> int:
    """How much a row looks like the head of a table."""
    if len(cells) < 2:
        return 0
    repeated = len(cells) - len({fold(cell.text) for cell in cells})
    return sum(map(_score_of, cells)) - repeated


def _score_of(cell: Cell) -> int:
    """How much a cell looks like a head."""
    text = unicodedata.normalize("NFKC", in_line(cell.text)).strip()
    if FIGURE.fullmatch(text) and not is_year(text):
        return -2
    if len(text) > 30 or _NOT_A_HEAD.search(text):
        return -3
    return _HAS_HEAD_WORD if len(text) <= 15 and _HEAD_WORD.search(text.upper()) else 1


def _extent(grid: Grid, rows: dict[int, list[Cell]], row: int) -> tuple[int, int]:
    """The first and the last row of the head that `row` belongs to."""
    first = last = row
    for _ in range(_MAX_HEAD):
        across = [
            area for area in grid.merged if area[0] <= last and area[2] >= first and area[2] - area[0] < _MAX_HEAD
        ]
        first, last = min([first, *(area[0] for area in across)]), max([last, *(area[2] for area in across)])
    if last == first and _is_second_row(rows.get(last + 1, []), rows[last]):
        last += 1
    elif last == first and first - 1 in rows and _is_upper_row(rows[first - 1], rows[first]):
        first -= 1
    return first, last


def _is_second_row(cells: Sequence[Cell], above: Sequence[Cell]) -> bool:
    """Whether `cells` are the second row of the head, below one that has a head for several columns."""
    taken = {cell.column for cell in above}
    is_below = all(cell.column >= min(taken) for cell in cells)
    # Below a head of its own, a cell is of the second row only if that head goes on over the column beside it.
    fresh = [cell for cell in cells if cell.column not in taken]
    alone = [cell for cell in cells if cell.column in taken and cell.column + 1 not in {one.column for one in fresh}]
    return (
        bool(fresh)
        and is_below
        and not alone
        and all(is_year(cell.text) or _score_of(cell) == _HAS_HEAD_WORD for cell in cells)
    )


def _is_upper_row(cells: Sequence[Cell], below: Sequence[Cell]) -> bool:
    """Whether `cells` are heads over several years in the row `below` them."""
    years = {cell.column for cell in below if is_year(cell.text)}
    own = {cell.column for cell in below}
    return all(
        len(cell.text) <= 15 and cell.column in own and (cell.column in years or cell.column == min(own))
        for cell in cells
    ) and any(cell.column in years for cell in cells)


def _columns(grid: Grid, rows: dict[int, list[Cell]], first: int, last: int) -> list[SheetColumn]:
    heads = [cell for row in range(first, last + 1) for cell in rows.get(row, [])]
    by_column: dict[int, list[Cell]] = {}
    for cell in heads:
        _, left, _, right = grid.span(cell)
        if left == right and cell.row < last:
            right = _reach(cell, heads)
        for column in range(left, right + 1):
            by_column.setdefault(column, []).append(cell)
    columns = []
    for index in sorted(by_column):
        cells = sorted(by_column[index], key=lambda cell: cell.row)
        texts = [*dict.fromkeys(in_line(cell.text) for cell in cells)]
        shared = sum(cells[0] in others for others in by_column.values()) > 1
        if len(texts) == 1 and shared and cells[0].column != index:
            continue  # a head that is merged over columns without heads of their own
        middle = f"({'・'.join(texts[1:-1])})" if len(texts) > 2 else ""
        group = f"{texts[0]}{middle}" if shared and len(texts) > 1 else ""
        head = texts[0] if len(texts) == 1 else f"{texts[0]}({'・'.join(texts[1:])})"
        year = texts[-1] if len(texts) > 1 and is_year(texts[-1]) else ""
        columns.append(SheetColumn(index, head, group, year, cells))
    return columns


def _reach(cell: Cell, heads: Sequence[Cell]) -> int:
    """The last column over which the head in `cell` goes, if it is not merged: up to the next head in its row."""
    below = {other.column for other in heads if other.row == cell.row + 1}
    own = {other.column for other in heads if other.row == cell.row}
    column = cell.column
    while cell.column in below and column + 1 in below and column + 1 not in own:
        column += 1
    return column


def sort_lines(grid: Grid, table: Table, account: Account) -> Table:
    """`table` without what is repeated on each page, page numbers and totals; its notes are among the lines `below`."""
    heads = _head_rows(table)
    lines = {fold(cell.text) for row in table.above for cell in row}
    rows: list[list[Cell]] = []
    below: list[list[Cell]] = []
    was_head = False
    for cells in table.rows:
        texts = {(cell.column, fold(cell.text)) for cell in cells}
        is_head = any(texts <= head and (len(texts) > 1 or was_head) for head in heads)
        was_head = is_head
        if is_head:
            account.leave(cells, REPEATED_HEAD)
        elif any(len(texts & head) >= max(2, len(head) / 2) for head in heads):
            account.leave(cells, LIKE_HEAD)
        elif all(fold(cell.text) in lines for cell in cells):
            account.leave(cells, REPEATED_LINE)
        elif len(cells) == 1 and _PAGE.match(unicodedata.normalize("NFKC", cells[0].text)):
            account.leave(cells, PAGE_NUMBER)
        elif _NOTE.match(cells[0].text) and _is_line(grid, cells, table):
            below.append(cells)
            lines.update(fold(cell.text) for cell in cells)
        elif any(_TOTAL.match(cell.text) for cell in cells[:2]):
            account.leave(cells, TOTAL)
        else:
            rows.append(cells)
    end = max((index for index, cells in enumerate(rows) if len(cells) > 1 and not _is_legend(cells)), default=-1) + 1
    # Texts in rows of their own below the items.
    below_items = {_columns_of(grid, cell) for cell, *others in rows[:end] if not others and "。" in cell.text}
    while 0 < end < len(rows) and _goes_on(grid, rows[end], rows[end - 1], table, below_items):
        end += 1
    return Table(table.columns, rows[:end], table.above, below + rows[end:])


def _goes_on(
    grid: Grid, cells: Sequence[Cell], above: Sequence[Cell], table: Table, below_items: set[tuple[int, int]]
) -> bool:
    """Whether a row of one cell right below the last row is of the table, and no line of text below it."""
    cell = cells[0]
    if _width(grid.span(cell)) > 1:
        is_of_table = len(above) > 1 and _columns_of(grid, cell) in below_items
    else:
        is_of_table = cell.column > table.columns[0].index or (len(cell.text) <= 40 and "。" not in cell.text)
    return is_of_table and len(cells) == 1 and cell.row == above[0].row + 1


def _columns_of(grid: Grid, cell: Cell) -> tuple[int, int]:
    """The first and the last column of a cell, or of what is merged with it."""
    _, first, _, last = grid.span(cell)
    return first, last


def _is_legend(cells: Sequence[Cell]) -> bool:
    """Whether a row is of a legend: a symbol and its meaning in two cells, or A＝できた in each cell."""
    if all(_LEGEND_ENTRY.match(cell.text) for cell in cells):
        return True
    has_head = len(cells) == 3 and bool(re.match("[【(（]?(凡例|記号)", cells[0].text))
    return (len(cells) == 2 or has_head) and bool(SYMBOL.fullmatch(cells[-2].text))


def _is_line(grid: Grid, cells: Sequence[Cell], table: Table) -> bool:
    """Whether `cells` are a line of text across the table: one cell, or a mark and its text."""
    first = cells[0]
    is_mark = len(first.text) <= 4 or _width(grid.span(first)) > 1 or first.column < table.columns[0].index
    return len(cells) == 1 or (len(cells) == 2 and is_mark)


def _width(area: Area) -> int:
    return area[3] - area[1] + 1


def _head_rows(table: Table) -> list[set[tuple[int, str]]]:
    """Each row of the head as its columns and texts."""
    found: dict[int, set[tuple[int, str]]] = {}
    for cell in _unique(cell for column in table.columns for cell in column.cells):
        found.setdefault(cell.row, set()).add((cell.column, fold(cell.text)))
    return [*found.values()]


def _unique(cells: Iterable[Cell]) -> list[Cell]:
    return [*dict.fromkeys(cells)]
