"""Stage 2: the columns of the list as they are printed, and their widths, by kind and contents.

Characters of the approved fonts are one em or half an em wide, so widths follow from the texts without layout. Levels,
numbers, symbols, terms, figures, departments, dates and short texts get the width that they need; names and prose share
the rest. The same edition has the same widths on every build.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, islice

from pipeline.paper import (
    CELL_SIDE,
    LEVEL,
    NAME,
    NAME_LEAST,
    NUMBER,
    PROSE_LEAST,
    REST,
    RULE,
    SHEETS,
    SYMBOL,
    TERM,
    TYPE_PT,
    Sheet,
    Widths,
    em,
    width_of_figures,
)
from pipeline.text import break_label, flat, width_in_ems, width_in_halves

from .edition import Edition, Item
from .form import BLANK, FIGURE, Column

_EM = em(TYPE_PT)

# The most ems of a line in a column of departments, of short texts; the least of any of them, and of terms. Symbols,
# terms and dates are short by themselves.
_MOST = {"department": 8, "text": 12}
_LEAST = 4
# The most lines of a term, if that makes it no wider than the most ems.
_LINES = 3
# The most ems that such a column, or one of figures for its head, may grow to where the paper has room.
_WIDEST = {"term": 13, "department": 12, "text": 20, "figure": 9}
# The most items by which widths are compared. Of a longer list every nth item is taken.
_COMPARED = 400


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed column: a column, or a year of a series. `id` names it in documents, `head` is the last row of its head."""

    id: str
    column: Column
    head: str
    year: int = 0


def printed(edition: Edition) -> tuple[Printed, ...]:
    """The printed columns of `edition` from left to right, without those below the items."""
    return tuple(one for column in edition.columns if not column.is_below for one in _printed(column))


def _printed(column: Column) -> Iterator[Printed]:
    if not column.years:
        yield Printed(column.name, column, column.head)
    for year, head in enumerate(column.years):
        yield Printed(f"{column.name}-{year + 1}", column, head, year)


def figure_parts(item: Item, column: Column, year: int = 0) -> tuple[str, str]:
    """The text of a cell as printed, and the unit behind it.

    There is none if the head has it, and none behind what is no number, like なし.
    """
    text = item.texts(column)[year]
    return text, item.unit_of(column) if not column.unit and FIGURE.fullmatch(text) else ""


@dataclass(frozen=True, slots=True)
class FigureRoom:
    """The room that the figures of a printed column take, in half ems: digits, fraction with its point, unit.

    Figures of different units have nothing to align by: the longest with its unit is `whole`.
    """

    whole: int
    fraction: int
    unit: int

    def beside(self, text: str, unit: str) -> tuple[int, int]:
        """The space in half ems that `text` needs behind it and behind its `unit`, so that the points are aligned."""
        if not self.fraction and not self.unit:
            return 0, 0
        _, point, fraction = text.partition(".")
        return self.fraction - len(point + fraction), self.unit - width_in_halves(unit)


class ColumnWidths:
    """The widths of the report's columns on a sheet of paper."""

    def __init__(self, edition: Edition, sheet: Sheet | None = None, below: Sequence[str] = ()) -> None:
        self._edition = edition
        self._sheet = sheet or edition.form.sheet
        self.columns = tuple(one for one in printed(edition) if one.column.key not in below)
        self.figures = {one.id: self._figure_room(one) for one in self.columns if one.column.kind == "figure"}
        self._extents: dict[str, list[list[int]]] = {}

    @cached_property
    def widths(self) -> Widths:
        """The width of each printed column, by id. The last of names and prose takes the rest."""
        fixed = {one.id: self._width(one) for one in self.columns if not _is_flexible(one.column)}
        for one in self.columns:
            if widths := self._wider(one, fixed):
                # Of widths that make the list equally long, the widest: its words are whole.
                fixed[one.id] = min(widths, key=lambda width: (self._lines_of_list({**fixed, one.id: width}), -width))
        return self._divided(fixed)

    def _divided(self, fixed: Mapping[str, float]) -> Widths:
        """The widths of all columns if all but names and prose are `fixed`."""
        rest = self._sheet.content_width - sum(fixed.values())
        shares = dict(zip((one.id for one in self._flexible), self._shares(self._flexible, rest), strict=True))
        return Widths(
            tuple((one.id, fixed.get(one.id, shares.get(one.id, REST))) for one in self.columns),
            self._sheet.content_width,
        )

    @cached_property
    def _longest_name(self) -> int:
        """The ems of the longest name with its marks."""
        items = self._edition.items.values()
        return max(
            (width_in_ems("".join(f"【{mark}】" for mark in item.marks) + flat(item.name)) for item in items), default=0
        )

    @cached_property
    def _flexible(self) -> tuple[Printed, ...]:
        return tuple(one for one in self.columns if _is_flexible(one.column))

    def _wider(self, one: Printed, fixed: Mapping[str, float]) -> list[float]:
        """The width of `one` in `fixed`, and those up to which its texts and its head profit; empty if there are none."""
        if one.column.kind not in _WIDEST or not self._edition.form.has_own_columns:
            return []
        longest = max(map(width_in_ems, _head_parts(one.head)), default=0)
        if one.column.kind != "figure":
            longest = max(longest, *(part for parts in self._parts_of(one) for part in parts), 0)
        least = fixed[one.id]
        spare = self._sheet.content_width - sum(fixed.values()) - sum(_least(each.column) for each in self._flexible)
        rooms = range(_LEAST, min(longest, _WIDEST[one.column.kind]) + 1)
        widths = [room * _EM + 2 * CELL_SIDE + RULE for room in rooms]
        return [least, *(width for width in widths if least < width <= least + spare)]

    def _lines_of_list(self, fixed: Mapping[str, float]) -> int:
        """About how many lines the list has with these widths: what the widths of its columns are judged by."""
        widths = self._divided(fixed)
        rooms = [
            (self._parts_of(one), widths.ems(one.id, _side(one.column)))
            for one in self.columns
            if one.column.kind in ("name", "prose", "term", "department", "text")
        ]
        cells = ([sum(-(-part // room) for part in parts) for parts in items] for items, room in rooms)
        heads = max(len(head_lines(one.head, widths.ems(one.id))) for one in self.columns)
        rows: Iterator[tuple[int, ...]] = zip(*cells, strict=True)
        return sum(map(max, rows)) + heads

    def _parts_of(self, one: Printed) -> list[list[int]]:
        """The ems of the lines as typed of the cells in `one`, item by item."""
        if one.id not in self._extents:
            every = -(-len(self._edition.items) // _COMPARED)
            texts = islice(self._texts(one), 0, None, every)
            cells = (_parts(one.column, text) for text in texts)
            self._extents[one.id] = [[max(1, width_in_ems(part)) for part in parts] for parts in cells]
        return self._extents[one.id]

    @property
    def missing(self) -> float:
        """How many millimetres the columns are wider than the sheet at the least; 0 if they fit."""
        least = sum(_least(one.column) if _is_flexible(one.column) else self._width(one) for one in self.columns)
        return max(0.0, least - self._sheet.content_width)

    @cached_property
    def below(self) -> int:
        """The ems of a line of a text below its item, which begins at the name."""
        left = sum(self._width(one) for one in self.columns if one.column.kind in ("level", "number"))
        return int((self._sheet.content_width - left - 2 * CELL_SIDE - RULE) / _EM)

    @cached_property
    def ems(self) -> Mapping[str, int]:
        """The ems of a line in a cell of each printed column, by id."""
        return {one.id: self.widths.ems(one.id, _side(one.column)) for one in self.columns}

    def lines(self, one: Printed, text: str) -> tuple[str, ...]:
        """The text of a cell in lines that end at sensible places; in one where the column wraps it by itself.

        A line that ends in a line break ends where the source has one: the tags make a paragraph of it.
        """
        if one.column.kind not in ("symbol", "term", "department", "text", "date"):
            return (text,)
        room = self.ems[one.id]
        lines: list[str] = []
        for typed in text.split("\n"):
            if lines:
                lines[-1] += "\n"
            for part in _parts(one.column, typed):
                lines += break_label(part, room) if room > 1 else (part,)
        return tuple(lines)

    def head_lines(self, one: Printed, text: str) -> tuple[str, ...]:
        """The head of a printed column in lines that fit."""
        return head_lines(text, max(1, self.widths.ems(one.id)))

    def needed(self, name: str) -> float:
        """The least width of the printed column `name`, which is not one of names or prose."""
        return self._width(next(one for one in self.columns if one.id == name))

    def _texts(self, one: Printed) -> Iterator[str]:
        for item in self._edition.items.values():
            yield item.texts(one.column)[one.year]

    def _width(self, one: Printed) -> float:
        match one.column.kind:
            case "level":
                return LEVEL
            case "number":
                return self._number_width(one)
            case "symbol":
                return max(SYMBOL, self._ems_needed(one) * _EM + RULE)
            case "term":
                return max(TERM, self._ems_needed(one) * _EM + RULE)
            case "figure":
                room = self.figures[one.id]
                cells = (room.whole + room.fraction + room.unit) / 2 * _EM + 2 * CELL_SIDE + RULE
                return max(cells, self._head_ems(one) * _EM + RULE)
        return self._ems_needed(one) * _EM + 2 * CELL_SIDE + RULE

    def _number_width(self, one: Printed) -> float:
        if one.column.field == "number":
            figures = max((len(str(number)) for number in self._edition.items), default=1)
            return NUMBER if figures <= Widths((("number", NUMBER),)).figures("number") else width_of_figures(figures)
        halves = max(map(width_in_halves, self._texts(one)), default=0)
        return max(NUMBER, halves / 2 * _EM + 2 * CELL_SIDE + RULE)

    def _ems_needed(self, one: Printed) -> int:
        """The ems of a line: as few as let every text stand in at most three lines, or in one if it is short."""
        words = one.column.words or {}
        texts = {*self._texts(one), *words, *([BLANK] if one.column.kind in ("symbol", "term") else [])}
        parts = {part for text in texts for part in _parts(one.column, text)}
        least = 3 if one.column.kind == "symbol" else _LEAST
        if one.column.kind == "date":
            return max([least, *map(width_in_ems, parts)])
        return next(
            room
            for room in count(least)
            if room == _MOST.get(one.column.kind) or all(len(break_label(part, room)) <= _LINES for part in parts)
        )

    def _head_ems(self, one: Printed) -> int:
        """The ems in which the head takes at most three lines."""
        return next(room for room in count(3) if len(head_lines(one.head, room)) <= 3)

    def _figure_room(self, one: Printed) -> FigureRoom:
        whole = fraction = unit = 0
        cells = [figure_parts(item, one.column, one.year) for item in self._edition.items.values()]
        if len({own for text, own in cells if FIGURE.fullmatch(text)}) > 1:
            return FigureRoom(max(width_in_halves(text + own) for text, own in cells), 0, 0)
        for text, own in cells:
            before, point, after = text.partition(".")
            whole = max(whole, width_in_halves(before))
            fraction = max(fraction, len(point + after))
            unit = max(unit, width_in_halves(own))
        return FigureRoom(whole, fraction, unit)

    def _shares(self, flexible: Sequence[Printed], rest: float) -> Iterator[float]:
        """The widths of names and prose, all but the last, which takes the rest."""
        prose = len(flexible) - 1
        most = NAME
        if self._edition.form.has_own_columns:
            most = min(most, self._longest_name * _EM + 2 * CELL_SIDE + RULE)
        name = max(NAME_LEAST, min(most, rest * {0: 1, 1: 0.34, 2: 0.28}.get(prose, 0.22)))
        weights = [max(1, sum(map(len, self._texts(one)))) ** 0.5 for one in flexible if one.column.kind == "prose"]
        left, spare = rest - name, sum(weights)
        lengths = iter(weights)
        for one in flexible:
            if one is flexible[-1]:
                yield REST
            elif one.column.kind == "name":
                yield round(name, 1)
            else:
                most = left - PROSE_LEAST * (prose - 1)
                yield round(min(most, max(PROSE_LEAST, left * next(lengths) / spare)), 1)


def _head_parts(head: str) -> tuple[str, ...]:
    """A head before and from its bracket: 目標値(令和7年度) as 目標値 and (令和7年度)."""
    text = flat(head)
    at = min((text.find(bracket) for bracket in "(（" if bracket in text[1:]), default=0)
    return (text[:at], text[at:]) if at > 0 else (text,)


def head_lines(head: str, width: int) -> tuple[str, ...]:
    """A head in lines of `width` ems, a bracket in a line of its own where both parts fit."""
    parts = _head_parts(head)
    if width_in_ems(flat(head)) > width >= max(map(width_in_ems, parts)):
        return parts
    return break_label(flat(head), width)


def _is_flexible(column: Column) -> bool:
    return column.kind in ("name", "prose")


def _side(column: Column) -> float:
    """The padding at each side of a cell's text: words have none (styles/print.css)."""
    return 0 if column.kind in ("symbol", "term") else CELL_SIDE


def _least(column: Column) -> float:
    return NAME_LEAST if column.kind == "name" else PROSE_LEAST


def _parts(column: Column, text: str) -> list[str]:
    """The parts of a text that each begin a line: the departments of an item, the lines of any other."""
    if column.kind == "department":
        text = text.replace("、", "、\n")
    return text.split("\n")


def fitting(edition: Edition) -> str:
    """What would let the columns of `edition` fit on paper, as advice; empty if nothing would."""
    sheets = [name for name, sheet in SHEETS.items() if not ColumnWidths(edition, sheet).missing]
    prose = [column.key for column in edition.columns if column.kind == "prose" and not column.is_below]
    below = next((key for key in prose if not ColumnWidths(edition, None, (key,)).missing), "")
    advice = [f"「用紙: {sheets[0]}」にする" if sheets else "", f"欄「{below}」に「段落: 下」と書く" if below else ""]
    return "か、".join(filter(None, advice))
