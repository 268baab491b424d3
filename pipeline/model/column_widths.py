"""Stage 2: the columns of the list as they are printed, and their widths, by kind and contents.

Characters of the approved fonts are one em or half an em wide, so widths follow from the texts without layout. Levels,
numbers, symbols, terms, figures, departments, dates and short texts get the width that they need; names and prose share
the rest. The same edition has the same widths on every build.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

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

from .edition import Edition
from .form import BLANK, FIGURE, Column

_EM = em(TYPE_PT)

# The most ems of a line in a column of terms, of departments, of short texts; the least of any of them.
_MOST = {"symbol": 6, "term": 8, "department": 8, "text": 12, "date": 9}
_LEAST = 4
# The most lines of a term, if that makes it no wider than the most ems.
_LINES = 3


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


def figure_parts(text: str, unit: str) -> tuple[str, str]:
    """(text, unit) of a figure as printed: what is no number, like なし, has no unit."""
    return text, unit if FIGURE.fullmatch(text) else ""


@dataclass(frozen=True, slots=True)
class FigureRoom:
    """The room that the figures of a printed column take, in half ems: digits, fraction with its point, unit."""

    whole: int
    fraction: int
    unit: int

    def beside(self, text: str, unit: str) -> tuple[int, int]:
        """The space in half ems that `text` needs behind it and behind its `unit`, so that the points are aligned."""
        _, point, fraction = text.partition(".")
        return self.fraction - len(point + fraction), self.unit - width_in_halves(unit)


class ColumnWidths:
    """The widths of the report's columns on a sheet of paper."""

    def __init__(self, edition: Edition, sheet: Sheet | None = None, below: Sequence[str] = ()) -> None:
        self._edition = edition
        self._sheet = sheet or edition.form.sheet
        self.columns = tuple(one for one in printed(edition) if one.column.key not in below)
        self.figures = {one.id: self._figure_room(one) for one in self.columns if one.column.kind == "figure"}

    @cached_property
    def widths(self) -> Widths:
        """The width of each printed column, by id. The last of names and prose takes the rest."""
        fixed = {one.id: self._width(one) for one in self.columns if not _is_flexible(one.column)}
        rest = self._sheet.content_width - sum(fixed.values())
        flexible = [one for one in self.columns if _is_flexible(one.column)]
        shares = dict(zip((one.id for one in flexible), self._shares(flexible, rest), strict=True))
        return Widths(
            tuple((one.id, fixed.get(one.id, shares.get(one.id, REST))) for one in self.columns),
            self._sheet.content_width,
        )

    @property
    def missing(self) -> float:
        """How many millimetres the columns are wider than the sheet at the least; 0 if they fit."""
        least = sum(_least(one.column) if _is_flexible(one.column) else self._width(one) for one in self.columns)
        return max(0.0, least - self._sheet.content_width)

    @property
    def below(self) -> int:
        """The ems of a line of a text below its item, which begins at the name."""
        left = sum(self._width(one) for one in self.columns if one.column.kind in ("level", "number"))
        return int((self._sheet.content_width - left - 2 * CELL_SIDE - RULE) / _EM)

    def lines(self, column: Column, text: str) -> tuple[str, ...]:
        """The text of a cell in lines that end at sensible places; in one where the column wraps it by itself."""
        one = next(one for one in self.columns if one.column is column)
        if column.kind not in ("symbol", "term", "department", "text", "date"):
            return (text,)
        room = self._ems(one)
        return tuple(
            line for part in _parts(column, text) for line in (break_label(part, room) if room > 1 else (part,))
        )

    def head_lines(self, one: Printed, text: str) -> tuple[str, ...]:
        """The head of a printed column in lines that fit."""
        return break_label(flat(text), max(1, self.widths.ems(one.id)))

    def _ems(self, one: Printed) -> int:
        return self.widths.ems(one.id, 0 if one.column.kind in ("symbol", "term") else CELL_SIDE)

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
                return max(cells, 3 * _EM + RULE, self._head_ems(one) * _EM + RULE)
        return self._ems_needed(one) * _EM + 2 * CELL_SIDE + RULE

    def _number_width(self, one: Printed) -> float:
        if one.column.field == "number":
            figures = max((len(str(number)) for number in self._edition.items), default=1)
            return NUMBER if figures <= Widths((("number", NUMBER),)).figures("number") else width_of_figures(figures)
        halves = max(map(width_in_halves, self._texts(one)), default=0)
        return max(NUMBER, halves / 2 * _EM + 2 * CELL_SIDE + RULE)

    def _ems_needed(self, one: Printed) -> int:
        """The ems of a line: as few as let every text stand in at most three lines, or in one if it is short."""
        most = _MOST[one.column.kind]
        words = one.column.words or {}
        texts = {*self._texts(one), *words, *([BLANK] if one.column.kind in ("symbol", "term") else [])}
        parts = {part for text in texts for part in _parts(one.column, text)}
        least = 3 if one.column.kind == "symbol" else _LEAST
        if one.column.kind in ("date", "text"):
            return max(least, min(most, max(map(width_in_ems, parts), default=0)))
        return next(
            (room for room in range(least, most) if all(len(break_label(part, room)) <= _LINES for part in parts)), most
        )

    def _head_ems(self, one: Printed) -> int:
        """The ems in which the head takes at most three lines."""
        return next(room for room in range(3, 100) if len(break_label(flat(one.head), room)) <= 3)

    def _figure_room(self, one: Printed) -> FigureRoom:
        whole = fraction = unit = 0
        for item in self._edition.items.values():
            text, own = figure_parts(item.texts(one.column)[one.year], item.unit_of(one.column))
            before, point, after = text.partition(".")
            whole = max(whole, width_in_halves(before))
            fraction = max(fraction, len(point + after))
            if not one.column.unit:  # a unit of the column stands in its head
                unit = max(unit, width_in_halves(own))
        return FigureRoom(whole, fraction, unit)

    def _shares(self, flexible: Sequence[Printed], rest: float) -> Iterator[float]:
        """The widths of names and prose, all but the last, which takes the rest."""
        prose = len(flexible) - 1
        name = max(NAME_LEAST, min(NAME, rest * {0: 1, 1: 0.34, 2: 0.28}.get(prose, 0.22)))
        weights = [max(1, sum(map(len, self._texts(one)))) ** 0.5 for one in flexible if one.column.kind == "prose"]
        left, spare = rest - name, sum(weights) or 1
        lengths = iter(weights)
        for one in flexible:
            if one is flexible[-1]:
                yield REST
            elif one.column.kind == "name":
                yield round(name, 1)
            else:
                most = left - PROSE_LEAST * (prose - 1)
                yield round(min(most, max(PROSE_LEAST, left * next(lengths) / spare)), 1)


def _is_flexible(column: Column) -> bool:
    return column.kind in ("name", "prose")


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
