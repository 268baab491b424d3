"""The comparison of two editions: every item of either is in exactly one entry.

Pages, JSON and terminal output of a comparison are all made from this data.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.model.edition import Edition

from .matching import Direction, Link, Placed, goes_on, match, place_items
from .similarity import fold

ChangeKind = Literal[
    "continued",
    "status_changed",
    "treatment_changed",
    "text_changed",
    "renamed",
    "moved",
    "merged",
    "split",
    "new",
    "ended",
    "vanished",
]


# Labels of the kinds, used with counts.
LABELS: dict[ChangeKind, str] = {
    "continued": "変更なし",
    "status_changed": "実施状況の変更",
    "treatment_changed": "取扱いの変更",
    "text_changed": "検証内容の変更",
    "renamed": "名称の変更",
    "moved": "移動",
    "merged": "統合",
    "split": "分割",
    "new": "新設",
    "ended": "終了",
    "vanished": "記載なし",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """The 前版NO to write for item `number` of the later edition, so that a guessed link is declared."""

    number: int
    previous_numbers: tuple[int, ...]

    @property
    def line(self) -> str:
        """The line of YAML."""
        return f"前版NO: [{', '.join(map(str, self.previous_numbers))}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """A group of linked items, and the kinds of change. `old` and `new` are in printed order."""

    old: tuple[Placed, ...]
    new: tuple[Placed, ...]
    kinds: tuple[ChangeKind, ...]
    links: tuple[Link, ...]
    advice: tuple[Advice, ...]

    @property
    def guess(self) -> bool:
        """Whether any link is a guess."""
        return any(link.guess for link in self.links)

    @property
    def treatment(self) -> str | None:
        """The distinct treatments of the old items, joined by 「、」; None if there are no old items."""
        return "、".join(dict.fromkeys(placed.item.treatment for placed in self.old)) or None

    @property
    def pairs(self) -> Iterator[tuple[Placed, Placed]]:
        """Each linked pair of an old and a new item."""
        old, new = ({placed.number: placed for placed in side} for side in (self.old, self.new))
        for link in self.links:
            yield old[link.old], new[link.new]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two editions, with every item of either in exactly one entry; entries are ordered by policy and measure."""

    from_id: str
    to_id: str
    old: Edition
    new: Edition
    entries: tuple[Entry, ...]

    def of(self, kind: ChangeKind) -> tuple[Entry, ...]:
        """The entries of this kind of change."""
        return tuple(entry for entry in self.entries if kind in entry.kinds)

    @property
    def vanished(self) -> tuple[Entry, ...]:
        """Entries of items that should have continued but are missing from the new edition."""
        return self.of("vanished")

    @property
    def guesses(self) -> tuple[Entry, ...]:
        """The entries with a guessed link."""
        return tuple(entry for entry in self.entries if entry.guess)

    @property
    def changes(self) -> tuple[Entry, ...]:
        """The entries in which anything changed."""
        return tuple(entry for entry in self.entries if entry.kinds != ("continued",))


def compare(old: Edition, new: Edition, from_id: str, to_id: str) -> Comparison:
    """Compare `old` with `new`; either may be the later edition.

    The ids tell whether 前版NO refer to the other edition: `new` may name `from_id` as its 前版, or `old` may name
    `to_id`.
    """
    if old.previous == to_id != from_id:
        # `old` is the later edition: match forward in time, then reverse the links.
        links = [Link(link.new, link.old, link.by, link.guess) for link in match(new, old, "forward")]
        can_advise = False
    else:
        links = list(match(old, new, _direction(new, from_id, to_id)))
        can_advise = from_id != to_id and new.previous in (from_id, None)
    entries = [_entry(old, *group, can_advise) for group in _groups(place_items(old), place_items(new), links)]
    return Comparison(from_id, to_id, old, new, tuple(_in_order(old, new, entries)))


def _direction(new: Edition, from_id: str, to_id: str) -> Direction:
    if from_id == to_id:
        return "same"
    return "forward" if new.previous == from_id else "unknown"


_Linked = tuple[tuple[Placed, ...], tuple[Placed, ...], tuple[Link, ...]]


def _groups(old: tuple[Placed, ...], new: tuple[Placed, ...], links: Iterable[Link]) -> Iterator[_Linked]:
    """The connected components of the graph of links; an item without a link is a component by itself."""
    around: dict[tuple[str, int], list[Link]] = defaultdict(list)
    for link in links:
        around["old", link.old].append(link)
        around["new", link.new].append(link)
    items = {("new", placed.number): placed for placed in new} | {("old", placed.number): placed for placed in old}
    order = {member: position for position, member in enumerate(items)}
    seen: set[tuple[str, int]] = set()
    for start in items:
        if start in seen:
            continue
        members, used = _component(start, around)
        seen |= members
        inside = sorted(members, key=lambda member: order[member])
        yield (
            tuple(items[member] for member in inside if member[0] == "old"),
            tuple(items[member] for member in inside if member[0] == "new"),
            tuple(sorted(used)),
        )


def _component(
    start: tuple[str, int], around: dict[tuple[str, int], list[Link]]
) -> tuple[set[tuple[str, int]], set[Link]]:
    """The component of `start`: its items, as (side, NO), and its links."""
    members, used, waiting = {start}, set[Link](), [start]
    while waiting:
        for link in around.get(waiting.pop(), ()):
            used.add(link)
            fresh = {("old", link.old), ("new", link.new)} - members
            members |= fresh
            waiting += fresh
    return members, used


def _entry(
    edition: Edition, old: tuple[Placed, ...], new: tuple[Placed, ...], links: tuple[Link, ...], can_advise: bool
) -> Entry:
    return Entry(old, new, _kinds(edition, old, new), links, tuple(_advice(links)) if can_advise else ())


def _kinds(edition: Edition, old: tuple[Placed, ...], new: tuple[Placed, ...]) -> tuple[ChangeKind, ...]:
    if not old:
        return ("new",)
    if not new:
        return ("vanished",) if goes_on(edition, old[0].item) else ("ended",)
    kinds: list[ChangeKind] = [kind for kind, differ in _DIFFERENCES if differ(old, new)]
    if len(old) > 1:
        kinds.append("merged")
    if len(new) > 1:
        kinds.append("split")
    return tuple(kinds) or ("continued",)


Differ = Callable[[tuple[Placed, ...], tuple[Placed, ...]], bool]


def _unequal(value: Callable[[Placed], Hashable]) -> Differ:
    """The values of both sides differ as sets: in a merger or split, any unmatched value is a change."""
    return lambda old, new: set(map(value, old)) != set(map(value, new))


def _disjoint(value: Callable[[Placed], Hashable]) -> Differ:
    """The two sides share no value: in a merger or split some names and places are lost anyway, which is no change."""
    return lambda old, new: not set(map(value, old)) & set(map(value, new))


_DIFFERENCES: tuple[tuple[ChangeKind, Differ], ...] = (
    # Compare meanings: the same symbol may mean something else in another edition, and vice versa.
    ("status_changed", _unequal(lambda placed: fold(placed.meaning))),
    ("treatment_changed", _unequal(lambda placed: fold(placed.item.treatment))),
    ("text_changed", _unequal(lambda placed: fold(placed.item.findings))),
    ("renamed", _disjoint(lambda placed: fold(placed.item.name))),
    ("moved", _disjoint(lambda placed: placed.place)),
)


def _advice(links: tuple[Link, ...]) -> Iterator[Advice]:
    for number in sorted({link.new for link in links if link.guess}):
        yield Advice(number, tuple(link.old for link in links if link.new == number))


def _in_order(old: Edition, new: Edition, entries: list[Entry]) -> Iterator[Entry]:
    """`entries` in the new edition's order; those without new items come after what preceded them in the old one."""
    places = _merged(
        list(dict.fromkeys(placed.place for placed in place_items(new))),
        list(dict.fromkeys(placed.place for placed in place_items(old))),
    )
    by_place: dict[Hashable, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_place[(entry.new or entry.old)[0].place].append(entry)
    order = {placed.number: order for order, placed in enumerate(place_items(old))}
    for place in places:
        present = [entry for entry in by_place[place] if entry.new]
        gone = sorted(
            (entry for entry in by_place[place] if not entry.new), key=lambda entry: order[entry.old[0].number]
        )
        yield from _insert(present, gone, order)


def _merged(first: list[tuple[str, ...]], second: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """`first`, with each place that only `second` has inserted after the common place that precedes it in `second`."""
    known = set(first)
    after: dict[tuple[str, ...] | None, list[tuple[str, ...]]] = defaultdict(list)
    anchor = None
    for place in second:
        if place in known:
            anchor = place
        else:
            after[anchor].append(place)
    return after[None] + [one for place in first for one in (place, *after[place])]


def _insert(present: list[Entry], gone: list[Entry], order: dict[int, int]) -> Iterator[Entry]:
    """`present`, each entry followed by those of `gone` that came after its old items in the old `order` (by NO)."""
    before = sorted((order[placed.number], position) for position, entry in enumerate(present) for placed in entry.old)
    after: dict[int, list[Entry]] = defaultdict(list)
    for entry in gone:
        preceding = bisect(before, (order[entry.old[0].number], 0))
        after[before[preceding - 1][1] if preceding else -1].append(entry)
    yield from after[-1]
    for position, entry in enumerate(present):
        yield entry
        yield from after[position]
