"""What changed between two editions: every item of either has one explanation, and none is left out.

Whatever is shown of a comparison (pages, JSON, the terminal) is made from the data here.
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


# How the kinds are called where they are counted.
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
    """The line that turns a guess into a statement: 前版NO of the item `number` in the later edition."""

    number: int
    previous_numbers: tuple[int, ...]

    @property
    def line(self) -> str:
        return f"前版NO: [{', '.join(map(str, self.previous_numbers))}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """Items that belong together, and what became of them. `old` and `new` stand in printed order."""

    old: tuple[Placed, ...]
    new: tuple[Placed, ...]
    kinds: tuple[ChangeKind, ...]
    links: tuple[Link, ...]
    advice: tuple[Advice, ...]

    @property
    def guess(self) -> bool:
        return any(link.guess for link in self.links)

    @property
    def treatment(self) -> str | None:
        """The old treatment; of several items, each that occurs; None for what is new."""
        return "、".join(dict.fromkeys(placed.item.treatment for placed in self.old)) or None

    @property
    def pairs(self) -> Iterator[tuple[Placed, Placed]]:
        """Each old item with each new one that it goes on in."""
        old, new = ({placed.number: placed for placed in side} for side in (self.old, self.new))
        for link in self.links:
            yield old[link.old], new[link.new]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two editions and every item of either in exactly one entry, grouped by policy and measure."""

    from_id: str
    to_id: str
    old: Edition
    new: Edition
    entries: tuple[Entry, ...]

    def of(self, kind: ChangeKind) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if kind in entry.kinds)

    @property
    def vanished(self) -> tuple[Entry, ...]:
        """What was to be continued and is not there."""
        return self.of("vanished")

    @property
    def guesses(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.guess)

    @property
    def changes(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.kinds != ("continued",))


def compare(old: Edition, new: Edition, from_id: str, to_id: str) -> Comparison:
    """What changed from `old` to `new`, in either order of time.

    Whether 前版NO speak of the other edition, the ids tell: `new` may name `old` as its 前版, or `old` `new`.
    """
    if old.previous == to_id != from_id:
        # From the later edition back to the earlier: the same matching, read backwards.
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
    """The items that links hold together: each item stands in one group, if only by itself."""
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
        members, held = _held_together(start, around)
        seen |= members
        inside = sorted(members, key=lambda member: order[member])
        yield (
            tuple(items[member] for member in inside if member[0] == "old"),
            tuple(items[member] for member in inside if member[0] == "new"),
            tuple(sorted(held)),
        )


def _held_together(
    start: tuple[str, int], around: dict[tuple[str, int], list[Link]]
) -> tuple[set[tuple[str, int]], set[Link]]:
    members, held, waiting = {start}, set[Link](), [start]
    while waiting:
        for link in around.get(waiting.pop(), ()):
            held.add(link)
            fresh = {("old", link.old), ("new", link.new)} - members
            members |= fresh
            waiting += fresh
    return members, held


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
    """Of several items, any that has no counterpart is a change."""
    return lambda old, new: set(map(value, old)) != set(map(value, new))


def _disjoint(value: Callable[[Placed], Hashable]) -> Differ:
    """What is merged loses a name or a place by that alone; it is a change of its own only if nothing of it is left."""
    return lambda old, new: not set(map(value, old)) & set(map(value, new))


_DIFFERENCES: tuple[tuple[ChangeKind, Differ], ...] = (
    # By the meaning: another edition may have other symbols for the same, or the same symbols for something else.
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
    """By policy and measure of the new edition; what it does not have stands where it stood in the old one."""
    places = _woven(
        list(dict.fromkeys(placed.place for placed in place_items(new))),
        list(dict.fromkeys(placed.place for placed in place_items(old))),
    )
    by_place: dict[Hashable, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_place[(entry.new or entry.old)[0].place].append(entry)
    order = {placed.number: order for order, placed in enumerate(place_items(old))}
    for place in places:
        kept = [entry for entry in by_place[place] if entry.new]
        gone = sorted(
            (entry for entry in by_place[place] if not entry.new), key=lambda entry: order[entry.old[0].number]
        )
        yield from _insert(kept, gone, order)


def _woven(first: list[tuple[str, str]], second: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """`first`, with what only `second` has put in after what precedes it there."""
    known = set(first)
    after: dict[tuple[str, str] | None, list[tuple[str, str]]] = defaultdict(list)
    anchor = None
    for place in second:
        if place in known:
            anchor = place
        else:
            after[anchor].append(place)
    return after[None] + [one for place in first for one in (place, *after[place])]


def _insert(kept: list[Entry], gone: list[Entry], order: dict[int, int]) -> Iterator[Entry]:
    """`kept`, each followed by those of `gone` that stood behind it."""
    before = sorted((order[placed.number], position) for position, entry in enumerate(kept) for placed in entry.old)
    after: dict[int, list[Entry]] = defaultdict(list)
    for entry in gone:
        preceding = bisect(before, (order[entry.old[0].number], 0))
        after[before[preceding - 1][1] if preceding else -1].append(entry)
    yield from after[-1]
    for position, entry in enumerate(kept):
        yield entry
        yield from after[position]
