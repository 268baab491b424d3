"""Figures (数) over a chain of editions: what each column of figures says of an item, by year.

A figure of one edition belongs to the year of that edition. A series brings years of its own, which may lie before the
first edition; where several editions tell the figure of one year, the newest is right.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.model.dates import western_year
from pipeline.model.edition import Edition, Item
from pipeline.model.form import FIGURE, Column

from .lineage import Lineage
from .pairing import merge, paired_columns
from .similarity import fold


@dataclass(frozen=True, slots=True)
class Year:
    """A year, and the position (from 0) of its edition, if the chain has one."""

    label: str
    edition: int | None


@dataclass(frozen=True, slots=True)
class FigureLine:
    """The figures of an item in one column: the head and unit in the newest edition with it, and the texts by year.

    A text whose unit is another one has it behind it.
    """

    head: str
    unit: str
    texts: tuple[str, ...]


class Figures:
    """The figures of `editions`, oldest first, of which each has a label: its year."""

    def __init__(self, editions: Sequence[Edition], labels: Sequence[str]) -> None:
        self._keys: list[Hashable] = []
        for label in labels:
            # Two editions of one year have a column each.
            self._keys.append(key if (key := _key(label)) not in self._keys else label)
        # Each column of figures by the positions of the editions that have it.
        self._columns = [*_columns(editions)]
        order = [*self._keys]
        series = [column.years for columns in self._columns for _, column in sorted(columns.items(), reverse=True)]
        for years in series:
            merge(order, map(_key, years))
        names = dict(zip(self._keys, labels, strict=True))
        for year in (year for years in series for year in years):
            names.setdefault(_key(year), year)
        in_order = sorted(key for key in order if isinstance(key, int))
        if len(in_order) == len(order) and [key for key in in_order if key in self._keys] == self._keys:
            order = [*in_order]
        self._order = order
        self.years = tuple(Year(names[key], self._keys.index(key) if key in self._keys else None) for key in order)

    def lines(self, lineage: Lineage) -> Iterator[FigureLine]:
        """A line for each column that says anything of the item; its texts are in the order of `years`."""
        for columns in self._columns:
            told: dict[Hashable, tuple[str, str]] = {}
            newest: tuple[str, str] | None = None
            for at, column in sorted(columns.items(), reverse=True):
                if placed := lineage.items[at]:
                    unit = placed.item.unit_of(column)
                    newest = newest or (column.head, unit)
                    for key, text in self._told(at, column, placed.item):
                        told.setdefault(key, (text, unit))
            if newest:
                texts = (told.get(key, ("", "")) for key in self._order)
                yield FigureLine(*newest, tuple(_text(text, unit, newest[1]) for text, unit in texts))

    def _told(self, at: int, column: Column, item: Item) -> Iterator[tuple[Hashable, str]]:
        years = map(_key, column.years) if column.years else [self._keys[at]]
        return zip(years, item.texts(column), strict=True)


def _key(label: str) -> Hashable:
    """By what a year is the same in other words: 令和5年度, 令和5年 and 2023年度."""
    return western_year(label) or fold(label)


def _text(text: str, own: str, unit: str) -> str:
    return text + own if own != unit and FIGURE.fullmatch(text) else text


def _columns(editions: Sequence[Edition]) -> Iterator[Mapping[int, Column]]:
    """Each column of figures in the order of the newest edition, then those that only older editions have."""
    last = len(editions) - 1
    found = [{last: column} for column in editions[last].columns if column.kind == "figure"]
    for at in range(last, 0, -1):
        for pair in paired_columns(editions[at - 1], editions[at]):
            if not pair.old or pair.old.kind != "figure":
                continue
            known = next((one for one in found if one.get(at) == pair.new), None)
            if known is None:
                found.append({at - 1: pair.old})
            else:
                known[at - 1] = pair.old
    return iter(found)
