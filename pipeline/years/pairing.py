"""What editions have in common, whatever their forms: their columns, their levels, the years of a series, an order.

Columns belong together by their keys, which are words of the plan. Names like column-3 count the columns of one form and
say nothing about another.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.model.edition import Edition
from pipeline.model.form import Column, Form

from .similarity import fold

# A year in the key of a column, which is another one in each edition: 令和5年度の実績.
_YEAR = re.compile("(明治|大正|昭和|平成|令和)?([0-9]+|元)年度?")


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """A column of two editions, with the heads and words of each; one is None if only the other edition has it."""

    old: Column | None
    new: Column | None

    @property
    def column(self) -> Column:
        """The column of the new edition, or else of the old one."""
        column = self.new or self.old
        assert column is not None
        return column

    @property
    def both(self) -> tuple[Column, Column] | None:
        """The column of the old edition and that of the new one, if both have it."""
        return (self.old, self.new) if self.old and self.new else None


def paired_columns(old: Edition, new: Edition) -> tuple[ColumnPair, ...]:
    """Every column of `old` and `new` after the items' names, in the order of `new`.

    A column that only `old` has follows the column that it follows there.
    """
    before, after = old.own, new.own
    partners = _partners(before, after)
    pairs = [ColumnPair(partners.get(column.key), column) for column in after]
    paired = {pair.old.key: pair for pair in pairs if pair.old}
    at = 0
    for column in before:
        if column.key in paired:
            at = pairs.index(paired[column.key]) + 1
        else:
            pairs.insert(at, ColumnPair(column, None))
            at += 1
    return tuple(pairs)


def _partners(old: Sequence[Column], new: Sequence[Column]) -> dict[str, Column]:
    """The old column of each new one, by the key of the new one: by key, then by key without a year."""
    found: dict[str, Column] = {}
    for key in (_key, _key_without_year):
        free = [column for column in old if column not in found.values()]
        waiting = [column for column in new if column.key not in found]
        counts = Counter(map(key, free)), Counter(map(key, waiting))
        by_key = {key(column): column for column in free}
        for column in waiting:
            if counts[0][key(column)] == 1 == counts[1][key(column)]:
                found[column.key] = by_key[key(column)]
    return found


def _key(column: Column) -> str:
    return fold(column.key)


def _key_without_year(column: Column) -> str:
    return _YEAR.sub("年度", fold(column.key))


def common_levels(old: Form, new: Form) -> tuple[tuple[int, int], ...]:
    """The positions (from 0) of the levels that both forms have, in the old one and in the new one.

    Levels belong together by their keys. Where a level was only renamed, those in the same place belong together.
    """
    before, after = ([fold(level.key) for level in form.levels] for form in (old, new))
    if len(before) == len(after) and all(
        one == other or (one not in after and other not in before) for one, other in zip(before, after, strict=True)
    ):
        return tuple((at, at) for at in range(len(before)))
    pairs: list[tuple[int, int]] = []
    for at, key in enumerate(before):
        if key in after and (not pairs or after.index(key) > pairs[-1][1]):
            pairs.append((at, after.index(key)))
    return tuple(pairs)


def common_years(old: Column, new: Column) -> tuple[tuple[int, int], ...]:
    """The positions (from 0) of the years that both series have, paired by their heads; (0, 0) of single figures."""
    if not old.years and not new.years:
        return ((0, 0),)
    at = {fold(year): position for position, year in enumerate(old.years)}
    return tuple((at[fold(year)], position) for position, year in enumerate(new.years) if fold(year) in at)


def all_years(old: Column, new: Column) -> Iterator[tuple[int | None, int | None]]:
    """The positions (from 0) of every year of either series, in the old one and in the new one; None where it is missing.

    Years belong together by their heads. Where a head was only corrected, those in the same place belong together.
    """
    before, after = ([*map(fold, column.years)] or [""] for column in (old, new))
    for at, year in enumerate(after):
        if year in before:
            yield before.index(year), at
        elif at < len(before) and before[at] not in after:
            yield at, at
        else:
            yield None, at
    for at, year in enumerate(before):
        if year not in after and not (at < len(after) and after[at] not in before):
            yield at, None


_T = TypeVar("_T")


def merge(order: list[_T], more: Iterable[_T]) -> None:
    """Insert into `order` what it lacks of `more`, each element after the common one that precedes it in `more`."""
    places = {one: at for at, one in enumerate(order)}
    after: dict[int, list[_T]] = defaultdict(list)
    anchor = -1
    for one in dict.fromkeys(more):
        if one in places:
            anchor = places[one]
        else:
            after[anchor].append(one)
    order[:] = after[-1] + [each for at, one in enumerate(order) for each in (one, *after[at])]
