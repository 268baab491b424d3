"""Stage 5: the rows of the table become headings, items and repeats, in order."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.model.form import BLANK, NO_FIGURES
from pipeline.office.workbook import MAX_ROW
from pipeline.years.similarity import fold

from .account import Account
from .fields import DASHES, DITTO, Field, Layout, figure_in, number_before, symbol_in
from .grid import Cell, Grid, ranges
from .numbering import Numbered, is_number, split
from .table import Table, in_line

_REPEAT = re.compile(
    r"\s*[（(【\[［〔<＜《〈]\s*再\s?掲[^（）()【】\[\]［］〔〕<>＜＞《》〈〉]{0,20}[）)】\]］〕>＞》〉]\s*"
    r"|[\s*＊※・]+再\s?掲$|^再\s?掲[\s:：・]+"
)
_REPEAT_ALONE = re.compile(r"[（(【\[［〔<＜*＊※\s]*再\s?掲.{0,20}$")
_EMPTY = re.compile("^([-－―—‐–ー−〃″]+|同上|再掲|上記のとおり|なし)$")
# The number of a column, which no sheet has, for texts in rows below the items.
BELOW = -1
_MARK = re.compile("^【([^【】]{1,12})】|【([^【】]{1,12})】$")
_AGAIN = re.compile(r"\s*[（(【]?(続き|つづき|再掲?)[）)】]\s*$")


REPEATED_VALUE = "再掲の行の「-」や、元の項目と同じ記載(自動で印刷されます)"
OTHER_VALUE = "再掲の行にあり、元の項目と違う記載(必要なら、元の項目に書き足してください)"

# What a level is known by: the column of the sheet, and the style of the numbers if the column has other text too.
Level = tuple[int, str]


@dataclass(frozen=True)
class HeadingRow:
    """A heading: its level, its number and name, and its cell."""

    level: Level
    numbered: Numbered
    cell: Cell


@dataclass
class ItemRow:
    """An item, or a repeat if `target` is set: its number as typed, its name, and its cells by column of the sheet."""

    name: str
    name_cell: Cell
    label: str = ""
    label_cell: Cell | None = None
    cells: dict[int, list[Cell]] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    is_marked_repeat: bool = False
    target: "ItemRow | None" = None
    number: int = 0

    def text(self, column: int) -> str:
        """The text in a column; that of rows which continue it follows in a new line."""
        return "\n".join(cell.text for cell in self.cells.get(column, ()))


@dataclass
class Rows:
    """The headings, items and repeats in order, and the levels, the outermost first."""

    found: list[HeadingRow | ItemRow]
    levels: list[Level]

    @property
    def items(self) -> list[ItemRow]:
        """The items and repeats."""
        return [one for one in self.found if isinstance(one, ItemRow)]


def read_rows(grid: Grid, table: Table, layout: Layout, account: Account) -> Rows:
    """The headings and items of the rows of `table`, in order. Repeats know the items that they repeat."""
    reader = _RowReader(grid, table, layout, account)
    for cells in table.rows:
        reader.read(cells)
    reader.find_texts_below()
    reader.find_repeats()
    reader.find_marks()
    return Rows(reader.found, reader.order())


class _RowReader:
    def __init__(self, grid: Grid, table: Table, layout: Layout, account: Account) -> None:
        self._grid, self._layout, self._account = grid, layout, account
        self.found: list[HeadingRow | ItemRow] = []
        self._levels = {column.index for column in layout.levels}
        self._number = layout.number.index if layout.number else 0
        name = layout.name
        self._name_end = max([name.index, *(grid.span(cell)[3] for cell in name.cells[-1:])])
        self._shown = {BELOW, *(index for one in layout.fields for index in one.columns)}
        self._shown |= {layout.unit.index} if layout.unit else set()
        self._prose = {index for one in layout.fields if one.kind in ("文章", "文字", "課") for index in one.columns}
        self._merged = _merged_below(grid, table, {index for one in layout.fields for index in one.columns})
        styles = Counter(
            _style(cell) for row in table.rows if len(row) > 2 for cell in row if cell.column == self._number
        )
        self._style = max(styles, key=lambda style: styles[style], default="")
        lengths = sorted(len(row) for row in table.rows if len(row) > 1)
        self._is_full = len(lengths) > len(table.rows) / 4 and lengths[len(lengths) // 2] > 2
        # The levels in the order in which they first appear, and the open heading of each.
        self._appeared: dict[Level, int] = {}
        self._open: dict[Level, str] = {}
        self._last: ItemRow | None = None
        # The cells that are read in a way to be told of.
        self._continued: list[Cell] = []
        self._split: list[Cell] = []
        self._broken: list[Cell] = []
        self._shared: list[Cell] = []
        self._same: list[Cell] = []

    @property
    def _items(self) -> list[ItemRow]:
        return [one for one in self.found if isinstance(one, ItemRow)]

    def order(self) -> list[Level]:
        """The levels, the outermost first: by column, and within a column by appearance."""
        return sorted(self._appeared, key=lambda level: (level[0], self._appeared[level]))

    def read(self, cells: Sequence[Cell]) -> None:
        by_column = {cell.column: cell for cell in cells}
        name = by_column.get(self._layout.name.index)
        heading = self._lone_heading(cells, name)
        if heading and "。" in heading.text and not split(heading.text).style:
            if self._last:
                self._last.cells.setdefault(BELOW, []).append(heading)
            else:
                self._account.leave(cells, "表の途中の文章(必要なら、「前文」や「注」に書いてください)")
            return
        if heading:
            self._add_heading(heading)
            return
        number = by_column.get(self._number)
        if number and name and len(cells) == 2 and self._is_full and _style(number) not in ("", self._style):
            self._add_heading(name, number)
            return
        numbers = {
            level: by_column[number]
            for level, number in self._layout.level_numbers.items()
            if number in by_column and level in by_column
        }
        rest = [
            cell
            for cell in cells
            if cell.column not in self._levels and cell is not name and cell not in numbers.values()
        ]
        for cell in cells:
            if cell.column in self._levels:
                self._add_heading(cell, numbers.get(cell.column))
        if name:
            self._add_item(name, rest)
        elif rest:
            self._continue(rest)

    def _lone_heading(self, cells: Sequence[Cell], name: Cell | None) -> Cell | None:
        """The cell of a row that is a heading across the table."""
        cell, *others = cells
        if others:
            return None
        _, left, _, right = self._grid.span(cell)
        if cell.column in self._levels or (left <= self._layout.name.index and right > self._name_end):
            return cell
        first = self._number or self._layout.name.index
        if cell.column < first or (cell.column == self._number and not is_number(cell.text)):
            return cell
        # Where most rows have several cells, a name alone is a heading.
        return cell if cell is name and self._is_full and not _REPEAT.search(cell.text) else None

    def _add_heading(self, cell: Cell, number: Cell | None = None) -> None:
        numbered = split(in_line(cell.text))
        if number:
            numbered = Numbered(_style(number), in_line(number.text), in_line(cell.text))
            self._account.take([number], f"見出し「{numbered.rest}」の番号")
        level = (cell.column, "" if cell.column in self._levels else numbered.word or numbered.style or "なし")
        said = fold(_AGAIN.sub("", in_line(cell.text)))
        if self._open.get(level) == said:
            self._account.take([cell], "見出し(同じ見出しの続き)")
            return
        self._appeared.setdefault(level, len(self._appeared))
        here = level[0], self._appeared[level]
        # A heading ends those of the levels below it.
        self._open = {one: text for one, text in self._open.items() if (one[0], self._appeared[one]) < here}
        self._open[level] = said
        self.found.append(HeadingRow(level, numbered, cell))
        self._last = None
        self._account.take([cell], f"見出し「{numbered.rest}」")

    def _add_item(self, name: Cell, rest: Sequence[Cell]) -> None:
        item = ItemRow(in_line(name.text), name)
        if "\n" in name.text:
            self._broken.append(name)
        row = rest[0].row if rest else name.row
        for column, cell in self._merged.get(row, {}).items():
            if all(one.column != column for one in rest):
                item.cells[column] = [cell]
                self._shared.append(cell)
        for cell in rest:
            if DITTO.match(cell.text) and self._last and cell.column in self._last.cells:
                item.cells[cell.column] = self._last.cells[cell.column]
                self._account.take([cell], f"項目「{item.name}」")
                self._same.append(cell)
                continue
            if cell.column == self._number:
                item.label, item.label_cell = in_line(cell.text), cell
                if re.fullmatch("[０-９]+", item.label):  # a NO in full width
                    item.label = unicodedata.normalize("NFKC", item.label)
            else:
                item.cells.setdefault(cell.column, []).append(cell)
        item.is_marked_repeat = bool(_REPEAT.search(item.name)) or any(_REPEAT_ALONE.match(cell.text) for cell in rest)
        if item.is_marked_repeat:
            item.name = _REPEAT.sub("", item.name).strip() or item.name
        self.found.append(item)
        self._last = item

    def _continue(self, cells: Sequence[Cell]) -> None:
        """Read a row without a name: it continues the texts of the item above it, or is another row of that item."""
        last = self._last
        if not last:
            self._account.leave(cells, "項目の名称がない行")
            return
        if all(cell.column in self._prose for cell in cells):
            for cell in cells:
                last.cells.setdefault(cell.column, []).append(cell)
            self._continued += cells
            return
        if all(cell.column not in last.cells and cell.column != self._number for cell in cells):
            for cell in cells:
                last.cells[cell.column] = [cell]
            self._continued += cells
            return
        self._split.append(cells[0])
        self._add_item(last.name_cell, cells)

    def find_texts_below(self) -> None:
        """Make a column of the texts that stand in rows of their own below the items."""
        texts = [cells for item in self._items if (cells := item.cells.get(BELOW))]
        if not texts:
            return
        found = [re.match(r"[（(【]?([^\s:：）)】]{2,12})[）)】]?[:：\s]", cells[0].text) for cells in texts]
        heads = {one[1] if one else "" for one in found}
        head = heads.pop() if len(heads) == 1 else ""
        self._layout.fields.append(Field(head or "説明", "文章", [BELOW], texts[0][0], is_below=True))
        named = ranges([cell.place for cells in texts for cell in cells])
        self._account.decide(
            f"項目の下の行の文章({named})は、「{head or '説明'}」という欄とし、項目の下に印刷します(段落: 下)。"
        )

    def find_repeats(self) -> None:
        """Find the items that repeats refer to: by mark, or by the number and name of another item."""
        groups: dict[tuple[str, str], list[ItemRow]] = {}
        for item in self._items:
            groups.setdefault((fold(item.name), item.label), []).append(item)
        # Of rows with one name and one number, the one that says something is the item.
        mains: dict[tuple[str, str], ItemRow] = {}
        for key, group in groups.items():
            own = [item for item in group if not item.is_marked_repeat]
            if own:
                mains[key] = next((item for item in own if self._says_something(item)), own[0])
        by_name: dict[str, ItemRow] = {}
        by_label: dict[str, ItemRow] = {}
        for (name, label), main in mains.items():
            by_name.setdefault(name, main)
            by_label.setdefault(label, main)
        lost, unmarked = [], []
        for key, group in groups.items():
            for item in group:
                same = mains.get(key)
                if item.is_marked_repeat:
                    item.target = same or by_label.get(self._named_number(item)) or by_name.get(key[0])
                    if not item.target and item.label:
                        item.target = by_label.get(item.label)
                    if not item.target:
                        lost.append(item)
                elif same and same is not item and item.label and self._says_nothing_else(item, same):
                    item.target = same
                    unmarked.append(item)
        for item in lost:
            item.is_marked_repeat = False
            item.name = in_line(item.name_cell.text)
            self._account.decide(
                f"{item.name_cell.name}「{item.name}」は再掲とありますが、元の項目が見つからないので、項目としました。"
                "元の項目があるときは、この項目を「再掲: NO」に置き換えてください。"
            )
        if unmarked:
            self._account.decide(
                f"{'、'.join(item.name_cell.name for item in unmarked)} は、番号と名称が同じ項目がほかにあり、記載がないか同じなので、再掲としました。"
                "別の項目のときは、「再掲」の行を項目に書き直してください。"
            )

    def _named_number(self, item: ItemRow) -> str:
        """The number in a mark: 再掲(NO 30)."""
        for text in (item.name_cell.text, *(cell.text for cells in item.cells.values() for cell in cells)):
            if found := re.search(r"再\s?掲[^0-9]{0,6}([0-9]{1,4}(?:-[0-9]{1,3})*)", text):
                return found[1]
        return "?"

    def _says_something(self, item: ItemRow) -> bool:
        return any(not _EMPTY.match(item.text(column)) for column in item.cells)

    def _says_nothing_else(self, item: ItemRow, other: ItemRow) -> bool:
        """Whether the cells of `item` are empty, dashes, or those of `other`, which says something."""
        return self._says_something(other) and all(
            _EMPTY.match(item.text(column)) or fold(item.text(column)) == fold(other.text(column))
            for column in item.cells
        )

    def find_marks(self) -> None:
        """Take the marks in 【】 from the names, and account for the cells of items and repeats."""
        marks: dict[str, list[str]] = {}
        for item in self._items:
            if not item.target:
                while (found := _MARK.search(item.name)) and len(found[0]) < len(item.name):
                    mark = found[1] or found[2]
                    if _REPEAT.search(found[0]):
                        break
                    item.marks.append(mark)
                    marks.setdefault(mark, []).append(item.name_cell.name)
                    item.name = (item.name[: found.start()] + item.name[found.end() :]).strip()
            self._account_for(item)
        for mark, cells in marks.items():
            self._account.decide(
                f"{'、'.join(cells)} の【{mark}】を「印」とし、名称の前に印刷します。意味は表から分からないので、「印」の「{mark}: {mark}」を、意味に改めてください。名称の一部なら、「印」を除いて名称に書き足してください。"
            )
        for told, said in (
            (
                self._broken,
                "名称の中の改行は、除きました。改行して印刷するときは、元データの名称に改行を入れてください",
            ),
            (self._shared, "縦に結合されたセルの記載は、結合された行のどの項目にも入れました"),
            (self._same, "「同上」や「〃」は、上の行の記載に置き換えました"),
        ):
            if told:
                self._account.decide(f"{said}({ranges([*dict.fromkeys(cell.place for cell in told)])})。")
        if self._continued:
            self._account.decide(
                f"名称のない行({ranges([cell.place for cell in self._continued])})は、すぐ上の項目の続きとしました。"
            )
        if self._split:
            self._account.decide(
                f"一つの項目に行がいくつもあるところ({ranges([cell.place for cell in self._split])}の行)は、行ごとに、同じ名称の項目としました。"
            )

    def _account_for(self, item: ItemRow) -> None:
        where = f"項目「{item.name}」"
        if not item.target:
            self._account.take([item.name_cell, *([item.label_cell] if item.label_cell else [])], where)
            for column, cells in item.cells.items():
                if column in self._shown:
                    self._account.take(cells, where)
                else:
                    self._account.leave(cells, "見出しのない列にあるもの(必要なら、その項目に書き足してください)")
            return
        is_same_name = fold(item.name) == fold(item.target.name)
        self._account.take([item.label_cell] if item.label_cell else [], f"再掲「{item.target.name}」")
        if is_same_name:
            self._account.take([item.name_cell], f"再掲「{item.target.name}」")
        else:
            self._account.leave([item.name_cell], OTHER_VALUE)
        for column, cells in item.cells.items():
            text = item.text(column)
            if _EMPTY.match(text) or _REPEAT_ALONE.match(text) or fold(text) == fold(item.target.text(column)):
                self._account.leave(cells, REPEATED_VALUE)
            else:
                self._account.leave(cells, OTHER_VALUE)


def _style(number: Cell) -> str:
    return split(f"{number.text} -").style


def _merged_below(grid: Grid, table: Table, columns: set[int]) -> dict[int, dict[int, Cell]]:
    """For each row, the cells of these columns that are merged into it from above, by column."""
    found: dict[int, dict[int, Cell]] = {}
    rows = {row[0].row for row in table.rows}
    count = 0
    for first, column, last, _ in grid.merged:
        cell = grid.cells.get((first, column))
        if not cell or column not in columns or first not in rows:
            continue
        for row in range(first + 1, min(last, max(rows)) + 1):
            count += 1
            if count > MAX_ROW:
                return found
            found.setdefault(row, {})[column] = cell
    return found


def number_items(items: Sequence[ItemRow], has_number: bool, account: Account) -> str:
    """Give each item its NO, and return the numbering of the form: NO, 自由 or なし."""
    own = [item for item in items if not item.target]
    if not has_number and number_before([item.name for item in own]):
        for item in own:
            _, item.label, item.name = split(item.name)
        account.decide("名称の前の番号を、項目の番号(番号: 自由)としました。")
        has_number = True
    labels = [item.label for item in own]
    given = [label for label in labels if label]
    is_no = has_number and given and all(re.fullmatch("[1-9][0-9]{0,8}", label) for label in given)
    if is_no and len(set(given)) == len(given):
        blank = [item for item in own if not item.label]
        number = max(map(int, given))
        for item in own:
            if not item.label:
                number += 1
            item.number = int(item.label) if item.label else number
        if blank:
            account.decide(
                f"番号のない項目({'、'.join(item.name_cell.name for item in blank)})には、最後のNOの次から番号を付けました。"
            )
        return "NO"
    for position, item in enumerate(own, 1):
        item.number = position
    if has_number and given:
        account.decide("番号が、通しの整数(NO)ではないので、表のとおりに印刷し(番号: 自由)、NOは上から順に付けました。")
        return "自由"
    account.decide(
        "番号の列がないので、番号は印刷せず(番号: なし)、NOは上から順に付けました。印刷するときは「番号: NO」とします。"
    )
    return "なし"


class ValueReader:
    """Reads the values of an item's cells by the kinds of its fields, and counts what is left to fill in."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._blank: dict[str, int] = {}
        self._dashes: dict[str, list[Cell]] = {}
        self._read_as: dict[tuple[str, str, str], int] = {}

    def value(self, item: ItemRow, one: Field) -> str | list[str]:
        """The value of `one` of the fields of `item`."""
        if one.kind == "数":
            figures = [self._figure(item, column, one) for column in one.columns]
            return figures if one.years else figures[0]
        text = item.text(one.column)
        if one.kind in ("記号", "語"):
            return self._word(item, text, one)
        return in_line(text) if one.kind == "日付" else text

    def _figure(self, item: ItemRow, column: int, one: Field) -> str:
        text = item.text(column)
        found = figure_in(text) if text else None
        if not text:
            self._blank[one.head] = self._blank.get(one.head, 0) + 1
            return BLANK
        if not found:
            return text
        if found[0] != text and found[0] not in NO_FIGURES and found[0] + found[1] != text.replace(" ", ""):
            self._note(one.head, text, found[0])
        return found[0]

    def _word(self, item: ItemRow, text: str, one: Field) -> str:
        plain = in_line(text).strip()
        if not plain or (DASHES.fullmatch(plain) and plain not in one.words):
            if plain:
                self._dashes.setdefault(one.head, []).extend(item.cells[one.column])
            else:
                self._blank[one.head] = self._blank.get(one.head, 0) + 1
            return BLANK
        word = symbol_in(plain, one.words) if one.kind == "記号" else plain
        if word != plain:
            self._note(one.head, plain, word)
        return word

    def _note(self, head: str, typed: str, read: str) -> None:
        self._read_as[head, typed, read] = self._read_as.get((head, typed, read), 0) + 1

    def close(self) -> None:
        """Say what was read as something else, and what is left to fill in."""
        for (head, typed, read), count in [*self._read_as.items()][:20]:
            self._account.decide(f"「{head}」の「{typed}」{count}個は、「{read}」と読みました。")
        for head, count in self._blank.items():
            self._account.decide(
                f"「{head}」の空のセル{count}個は、「{BLANK}」としました。決まった記載に改めてください。"
            )
        for head, cells in self._dashes.items():
            self._account.return_to_left(cells, f"「{head}」の記載として使えない「{cells[0].text}」")
            self._account.decide(
                f"「{head}」の「{cells[0].text}」({ranges([cell.place for cell in cells])})は、使える記載ではないので「{BLANK}」としました。"
            )
