"""Which item of an edition now is the one that a workbook asked about.

After the workbooks went out, items may have been inserted, renumbered, moved, renamed or removed. NO, name, headings
and 前版NO together say which is which; none of them alone is enough.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from pipeline.model.edition import Edition
from pipeline.years.matching import Placed, place_items
from pipeline.years.similarity import CLOSE, LEAD, closeness, fold, grams

from .workbook_format import Asked, Field, fields, lineage, place

# The most pairs of names below the same headings that are compared.
_MAX_PAIRS = 100_000

_T = TypeVar("_T")


class Identity(NamedTuple):
    """An item that was asked about: its NO, and its name."""

    number: int
    name: str


def identity(asked: Asked) -> Identity:
    """The identity of an item that was asked about."""
    return Identity(asked.number, asked.name)


def identify(everything: Iterable[Asked], edition: Edition) -> dict[Identity, int]:
    """The NOs that the items have now. An item that is gone, or of which that is not certain, is left out."""
    return _Identities({identity(asked): asked for asked in everything}, edition).found


class _Identities:
    def __init__(self, asked: dict[Identity, Asked], edition: Edition) -> None:
        self.found: dict[Identity, int] = {}
        self._columns = fields(edition)
        self._open = dict(asked)
        self._left = {placed.number: placed for placed in place_items(edition)}
        names = {placed.number: fold(placed.item.name) for placed in self._left.values()}
        folded = {key: fold(key.name) for key in asked}
        count = Counter(names.values())
        self._link(
            lambda one: (one.number, folded[identity(one)], one.place),
            lambda placed: (placed.number, names[placed.number], place(placed)),
        )
        # Several items of one name are told apart by their headings.
        self._link(
            lambda one: (
                (one.number, folded[identity(one)]) if count[folded[identity(one)]] == 1 or not one.place else None
            ),
            lambda placed: (placed.number, names[placed.number]),
        )
        self._link(lambda one: (folded[identity(one)], one.place), lambda placed: (names[placed.number], place(placed)))
        self._link(lambda one: folded[identity(one)], lambda placed: names[placed.number])
        self._link(lambda one: one.lineage, lineage)
        # A NO proves something only while the items that are certain have kept theirs.
        if self.found and all(number == who.number for who, number in self.found.items()):
            for one in [*self._open.values()]:
                if (placed := self._left.get(one.number)) and self._is_renamed(one, placed):
                    self._add(one, placed.number)
        self._link_likely()

    def _link(self, of_asked: Callable[[Asked], Hashable], of_placed: Callable[[Placed], Hashable]) -> None:
        """Link each item to the one with an equal key, if no other on either side has it; empty keys prove nothing."""
        asked, left = _by_key(self._open.values(), of_asked), _by_key(self._left.values(), of_placed)
        for key, ones in asked.items():
            match ones, left.get(key, []):
                case [one], [other] if key:
                    self._add(one, other.number)

    def _add(self, one: Asked, number: int) -> None:
        self.found[identity(one)] = number
        del self._left[number], self._open[identity(one)]

    def _is_renamed(self, one: Asked, placed: Placed) -> bool:
        """Whether the item with the same NO kept its headings, and its name nearly, or its texts wholly."""
        return one.place in ("", place(placed)) and (
            closeness(grams(one.name), grams(placed.item.name)) >= CLOSE or self._has_same_texts(one, placed)
        )

    def _has_same_texts(self, one: Asked, placed: Placed) -> bool:
        """Whether the item still has the texts that were sent, among them prose: symbols and terms prove nothing."""
        return all(self._text(field, placed) == text for field, text in one.answers.items()) and any(
            text and field in self._columns and self._columns[field].kind == "prose"
            for field, text in one.answers.items()
        )

    def _text(self, field: Field, placed: Placed) -> str | None:
        column = self._columns.get(field)
        return placed.item.texts(column)[-1] if column else None

    def _link_likely(self) -> None:
        """Link items below the same headings whose names are close, if no other on either side comes near."""
        left = _by_key(self._left.values(), place)
        for where, ones in _by_key(self._open.values(), lambda one: one.place).items():
            others = left.get(where, []) if where else []
            if not 0 < len(ones) * len(others) <= _MAX_PAIRS:
                continue
            theirs = [grams(placed.item.name) for placed in others]
            scores = [[closeness(mine, its) for its in theirs] for mine in (grams(one.name) for one in ones)]
            for one, row in zip(ones, scores, strict=True):
                best = max(range(len(others)), key=row.__getitem__)
                if _stands_out(row) and _stands_out([each[best] for each in scores], row[best]):
                    self._add(one, others[best].number)


def _stands_out(scores: Sequence[float], score: float | None = None) -> bool:
    """Whether `score`, or else the highest, is close, and no other score comes near it."""
    first, *rest = sorted(scores, reverse=True)
    return first >= CLOSE and score in (None, first) and all(first - other >= LEAD for other in rest)


def _by_key(ones: Iterable[_T], key: Callable[[_T], Hashable]) -> dict[Hashable, list[_T]]:
    found: dict[Hashable, list[_T]] = defaultdict(list)
    for one in ones:
        found[key(one)].append(one)
    return found
