"""Lineages: each item through a chain of editions, with its names, NOs, beginning and end.

`comparison` links the items of neighbouring editions; this module joins these links.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from pipeline.model.edition import Edition, Item
from pipeline.model.form import without_note_marks

from .comparison import Entry, compare
from .matching import Placed, goes_on, place_items
from .pairing import merge
from .similarity import fold

EventKind = Literal[
    "new",
    "merged",
    "split",
    "split_from",
    "merged_into",
    "split_into",
    "guess",
    "ended",
    "abolished",
    "announced",
    "vanished",
]

# An edition's id, and the edition.
Named = tuple[str, Edition]


@dataclass(frozen=True, slots=True)
class Event:
    """An event in an item's history; `at` is the position, from 0, of the edition in which it shows.

    `numbers` are the NOs of the other items involved. For `merged` and `split_from` they are its origins in the edition
    before; for `split`, `split_into` and `merged_into` they are its successors in this edition. `announced` means that
    the last edition names a 統合先, `abolished` that this edition gives the reason (廃止).
    """

    at: int
    kind: EventKind
    numbers: tuple[int, ...] = ()
    guess: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """An item through the editions: its place in each (None where it is absent), and its events in order of time."""

    items: tuple[Placed | None, ...]
    events: tuple[Event, ...]

    @property
    def last(self) -> int:
        """The position of the newest edition that contains it."""
        return max(at for at, placed in enumerate(self.items) if placed)

    @property
    def newest(self) -> Placed:
        """The item in the newest edition that contains it."""
        placed = self.items[self.last]
        assert placed is not None
        return placed

    @property
    def former_names(self) -> tuple[tuple[int, str], ...]:
        """Its former names, oldest first, each with the position of the newest edition that used it."""
        return self._former(lambda item: item.name)

    @property
    def former_labels(self) -> tuple[tuple[int, str], ...]:
        """Its former numbers of its own, in the same way."""
        return self._former(lambda item: item.label)

    def _former(self, said: Callable[[Item], str]) -> tuple[tuple[int, str], ...]:
        texts: dict[str, tuple[int, str]] = {}
        for at, placed in enumerate(self.items):
            if placed and (text := said(placed.item)):
                texts[_folded(text)] = at, text
        texts.pop(_folded(said(self.newest.item)), None)
        return tuple(sorted(texts.values()))


def _folded(text: str) -> str:
    """`text` as far as it tells names apart: a note is no part of a name."""
    return fold(without_note_marks(text))


@dataclass(frozen=True, slots=True)
class GroupHeading:
    """A heading above items: its number and name in the newest edition that has it (`last`, a position from 0)."""

    number: str
    name: str
    last: int


@dataclass(frozen=True, slots=True)
class Group:
    """The lineages directly below a heading, and the groups below it. The heading of the whole list is None."""

    heading: GroupHeading | None
    lineages: tuple[Lineage, ...]
    groups: tuple["Group", ...]

    @property
    def all(self) -> Iterator[Lineage]:
        """Every lineage below the heading, in order."""
        yield from self.lineages
        for group in self.groups:
            yield from group.all


def chains(previous: Mapping[str, str | None]) -> tuple[tuple[str, ...], ...]:
    """The chains of editions, oldest first, from the 前版 of each edition (`previous`, by id).

    There is one chain for each edition that no other names as its 前版; branches share their beginning. A circle, which
    validation reports as an error, is returned as a chain too.
    """
    ends = [edition for edition in previous if edition not in previous.values()]
    found = [chain(previous, end) for end in sorted(ends)]
    reached = {edition for one in found for edition in one}
    for edition in sorted(previous):
        if edition not in reached:
            found.append(chain(previous, edition))
            reached |= {*found[-1]}
    return tuple(found)


def chain(previous: Mapping[str, str | None], last: str) -> tuple[str, ...]:
    """The chain that ends with `last`, oldest first, back to the first edition whose 前版 is missing."""
    links: list[str] = []
    edition: str | None = last
    while edition is not None and edition in previous and edition not in links:
        links.append(edition)
        edition = previous[edition]
    return tuple(reversed(links))


def lineages(editions: Sequence[Named]) -> tuple[Lineage, ...]:
    """The lineages of `editions` (oldest first). Every item of every edition is in exactly one."""
    return tuple(Lineage(tuple(row.items), tuple(row.events)) for row in _Lineages(editions).all)


# The folded names of a heading and of those above it, the outermost first.
_Place = tuple[str, ...]


def grouped(editions: Sequence[Named], found: Sequence[Lineage]) -> Group:
    """`found` grouped by the headings where each lineage was last, in the order of the newest edition.

    Headings and items that it no longer has follow what preceded them in the newest edition with them. A heading without
    lineages is left out.
    """
    of = {(at, placed.number): row for row, one in enumerate(found) for at, placed in enumerate(one.items) if placed}
    headings: dict[_Place, GroupHeading] = {}
    below: dict[_Place, list[_Place]] = defaultdict(list)
    rows: dict[_Place, list[int]] = defaultdict(list)
    for at in reversed(range(len(editions))):
        edition = editions[at][1]
        children: dict[_Place, list[_Place]] = defaultdict(list)
        for path in edition.outline():
            place = tuple(fold(heading.section.name) for heading in path)
            headings.setdefault(place, GroupHeading(path[-1].number, path[-1].section.name, at))
            children[place[:-1]].append(place)
        for above, places in children.items():
            merge(below[above], places)
        inside: dict[_Place, list[int]] = defaultdict(list)
        for placed in place_items(edition):
            row = of[at, placed.number]
            if found[row].newest.place == placed.place:
                inside[placed.place].append(row)
        for place, some in inside.items():
            merge(rows[place], some)

    def group(place: _Place) -> Group:
        groups = (group(child) for child in below[place])
        return Group(
            headings.get(place),
            tuple(found[row] for row in rows[place]),
            tuple(one for one in groups if one.lineages or one.groups),
        )

    return group(())


# Building the lineages


@dataclass(slots=True)
class _GrowingLineage:
    """A lineage under construction."""

    items: list[Placed | None]
    events: list[Event] = field(default_factory=list)


class _Lineages:
    def __init__(self, editions: Sequence[Named]) -> None:
        self._editions = editions
        self._of: dict[tuple[int, int], _GrowingLineage] = {}
        self.all: list[_GrowingLineage] = []
        for placed in place_items(editions[0][1]):
            self._begin(0, placed)
        for at, ((from_id, old), (to_id, new)) in enumerate(pairwise(editions), 1):
            for entry in compare(old, new, from_id, to_id, with_candidates=False).entries:
                self._follow(at, entry)
        self._end()

    def _begin(self, at: int, placed: Placed) -> _GrowingLineage:
        row = _GrowingLineage([None] * len(self._editions))
        self.all.append(row)
        self._put(at, placed, row)
        return row

    def _put(self, at: int, placed: Placed, row: _GrowingLineage) -> None:
        row.items[at] = placed
        self._of[at, placed.number] = row

    def _follow(self, at: int, entry: Entry) -> None:
        """Extend the lineages by one comparison's `entry`, from edition `at - 1` to edition `at`."""
        to, back, guesses = _links(entry)
        going_on = dict(_going_on(entry, to, back))
        for placed in entry.old:
            row = self._of[at - 1, placed.number]
            following = to[placed.number]
            if not following:
                if entry.reason:
                    row.events.append(Event(at, "abolished"))
                else:
                    vanished = "vanished" in entry.kinds
                    row.events.append(Event(at, "vanished") if vanished else Event(at - 1, "ended"))
            elif placed.number in going_on:
                pass
            elif any(len(back[number]) > 1 for number in following):
                row.events.append(Event(at, "merged_into", following, placed.number in guesses["old"]))
            else:
                row.events.append(Event(at, "split_into", following, placed.number in guesses["old"]))
        heirs = {new: old for old, new in going_on.items()}
        for placed in entry.new:
            guess = placed.number in guesses["new"]
            if placed.number in heirs:
                self._go_on(at, placed, heirs[placed.number], (to, back), guess)
                continue
            row = self._begin(at, placed)
            origins = back[placed.number]
            kind: EventKind = "merged" if len(origins) > 1 else "split_from" if origins else "new"
            row.events.append(Event(at, kind, origins, guess))

    def _go_on(self, at: int, placed: Placed, old: int, links: tuple["_Numbers", "_Numbers"], guess: bool) -> None:
        row = self._of[at - 1, old]
        self._put(at, placed, row)
        to, back = links
        joined = tuple(number for number in back[placed.number] if number != old)
        parted = tuple(number for number in to[old] if number != placed.number)
        if joined:
            row.events.append(Event(at, "merged", joined, guess))
        if parted:
            row.events.append(Event(at, "split", parted, guess))
        if guess and not joined and not parted:
            row.events.append(Event(at, "guess", (old,), guess))

    def _end(self) -> None:
        """Add what the last edition says of the future of its items: `announced` or `ended`."""
        at = len(self._editions) - 1
        edition = self._editions[at][1]
        for placed in place_items(edition):
            row = self._of[at, placed.number]
            if placed.item.merged_into:
                row.events.append(Event(at, "announced"))
            elif not goes_on(edition, placed.item):
                row.events.append(Event(at, "ended"))


_Numbers = Mapping[int, tuple[int, ...]]


def _links(entry: Entry) -> tuple[_Numbers, _Numbers, Mapping[str, set[int]]]:
    """The links of `entry`: new NOs by old NO, old NOs by new NO (in printed order), and the NOs linked by a guess."""
    pairs = {(link.old, link.new) for link in entry.links}
    to = {old.number: tuple(n.number for n in entry.new if (old.number, n.number) in pairs) for old in entry.old}
    back = {new.number: tuple(o.number for o in entry.old if (o.number, new.number) in pairs) for new in entry.new}
    guessed = [link for link in entry.links if link.guess]
    return to, back, {"old": {link.old for link in guessed}, "new": {link.new for link in guessed}}


def _going_on(entry: Entry, to: _Numbers, back: _Numbers) -> Iterator[tuple[int, int]]:
    """The pairs (old NO, new NO) that share a lineage, at most one for each item.

    In a merger or a split that is the pair of the same name, if any; otherwise the old lineages end and new ones begin.
    """
    taken: set[int] = set()
    pairs = list(entry.pairs)
    # If a name occurs twice, prefer the pair below the same headings.
    for old, new in sorted(pairs, key=lambda pair: pair[0].place != pair[1].place):
        same = fold(old.item.name) == fold(new.item.name)
        alone = len(to[old.number]) == 1 == len(back[new.number])
        if (same or alone) and old.number not in taken and -new.number not in taken:
            taken |= {old.number, -new.number}
            yield old.number, new.number
