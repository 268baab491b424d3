"""Each item followed through a chain of editions: what it was called, what its NO was, how it began and ended.

What two neighbouring editions have in common is found by `comparison`; here its findings are strung together.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, TypeVar

from pipeline.model.edition import Edition

from .comparison import Entry, compare
from .matching import Placed, goes_on, place_items
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
    "announced",
    "vanished",
]

# An edition with its id.
Named = tuple[str, Edition]


@dataclass(frozen=True, slots=True)
class Event:
    """What became of an item, and in which edition (its position in the chain, from 0) that shows.

    `numbers` are the other items concerned: of `merged` and `split_from` those of the edition before, that it comes
    from; of `split`, `split_into` and `merged_into` those of this edition, that it went to. `announced` says that
    the last edition names a 統合先.
    """

    at: int
    kind: EventKind
    numbers: tuple[int, ...] = ()
    guess: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """An item through the editions: where it stands in each, or None; and its events in order of time."""

    items: tuple[Placed | None, ...]
    events: tuple[Event, ...]

    @property
    def last(self) -> int:
        """The newest edition that has it."""
        return max(at for at, placed in enumerate(self.items) if placed)

    @property
    def newest(self) -> Placed:
        placed = self.items[self.last]
        assert placed is not None
        return placed

    @property
    def former_names(self) -> tuple[tuple[int, str], ...]:
        """The names that it had, the oldest first, each with the newest edition in which it was called so."""
        names: dict[str, tuple[int, str]] = {}
        for at, placed in enumerate(self.items):
            if placed:
                names[fold(placed.item.name)] = at, placed.item.name
        names.pop(fold(self.newest.item.name), None)
        return tuple(sorted(names.values()))


@dataclass(frozen=True, slots=True)
class GroupHeading:
    """A policy or a measure as the newest edition that has it calls it; its number, or 0 if that is not the last of all."""

    name: str
    position: int
    last: int


@dataclass(frozen=True, slots=True)
class MeasureGroup:
    heading: GroupHeading
    lineages: tuple[Lineage, ...]


@dataclass(frozen=True, slots=True)
class PolicyGroup:
    heading: GroupHeading
    measures: tuple[MeasureGroup, ...]


def chains(previous: Mapping[str, str | None]) -> tuple[tuple[str, ...], ...]:
    """The chains of editions, each the oldest first, from what each edition names as its 前版.

    One for each edition that no other names; those that branched off share their beginning. A circle, which is an
    error of its sources, is told as a chain too.
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
    """The chain that ends with `last`, the oldest first, as far as its editions are there."""
    links: list[str] = []
    edition: str | None = last
    while edition is not None and edition in previous and edition not in links:
        links.append(edition)
        edition = previous[edition]
    return tuple(reversed(links))


def lineages(editions: Sequence[Named]) -> tuple[Lineage, ...]:
    """Every item of every edition in exactly one lineage; the oldest edition first."""
    return tuple(Lineage(tuple(row.items), tuple(row.events)) for row in _Lineages(editions).all)


def grouped(editions: Sequence[Named], found: Sequence[Lineage]) -> tuple[PolicyGroup, ...]:
    """`found` by policy and measure of the newest edition that each was in, in the order of the newest edition.

    What that no longer has stands behind what preceded it where it was last.
    """
    of = {(at, placed.number): row for row, one in enumerate(found) for at, placed in enumerate(one.items) if placed}
    headings: dict[tuple[str, ...], GroupHeading] = {}
    policies: list[str] = []
    measures: dict[str, list[str]] = defaultdict(list)
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at in reversed(range(len(editions))):
        _, edition = editions[at]
        is_last = at == len(editions) - 1
        _weave(policies, (fold(policy.name) for policy in edition.policies))
        for position, policy in enumerate(edition.policies, 1):
            above = fold(policy.name)
            headings.setdefault((above,), GroupHeading(policy.name, position * is_last, at))
            _weave(measures[above], (fold(measure.name) for measure in policy.measures))
            for within, measure in enumerate(policy.measures, 1):
                place = above, fold(measure.name)
                headings.setdefault(place, GroupHeading(measure.name, within * is_last, at))
                stood = (of[at, item.number] for item in measure.items)
                _weave(rows[place], (row for row in stood if found[row].newest.place == place))
    groups = {
        policy: tuple(
            MeasureGroup(headings[policy, measure], tuple(found[row] for row in rows[policy, measure]))
            for measure in measures[policy]
            if rows[policy, measure]
        )
        for policy in policies
    }
    return tuple(PolicyGroup(headings[policy,], inside) for policy, inside in groups.items() if inside)


_T = TypeVar("_T")


def _weave(order: list[_T], more: Iterable[_T]) -> None:
    """Put into `order` what of `more` it lacks, each behind what precedes it there."""
    places = {one: at for at, one in enumerate(order)}
    after: dict[int, list[_T]] = defaultdict(list)
    behind = -1
    for one in dict.fromkeys(more):
        if one in places:
            behind = places[one]
        else:
            after[behind].append(one)
    order[:] = after[-1] + [one for at, kept in enumerate(order) for one in (kept, *after[at])]


# Following the items from edition to edition


@dataclass(slots=True)
class _GrowingLineage:
    """A lineage while it grows."""

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
            for entry in compare(old, new, from_id, to_id).entries:
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
        """Carry the items of `entry` from the edition before `at` to that at `at`."""
        to, back, guesses = _links(entry)
        going_on = dict(_going_on(entry, to, back))
        for placed in entry.old:
            row = self._of[at - 1, placed.number]
            following = to[placed.number]
            if not following:
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
        """What the last edition itself says of what is to come."""
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
    """For each NO of either side those it is linked with on the other, in printed order; and those linked by a guess."""
    pairs = {(link.old, link.new) for link in entry.links}
    to = {old.number: tuple(n.number for n in entry.new if (old.number, n.number) in pairs) for old in entry.old}
    back = {new.number: tuple(o.number for o in entry.old if (o.number, new.number) in pairs) for new in entry.new}
    guessed = [link for link in entry.links if link.guess]
    return to, back, {"old": {link.old for link in guessed}, "new": {link.new for link in guessed}}


def _going_on(entry: Entry, to: _Numbers, back: _Numbers) -> Iterator[tuple[int, int]]:
    """Which old item is the same as which new one: each is so with one at most.

    Of a merger or a split it is the one whose name goes on, if any; else all end, and what comes of them is new.
    """
    taken: set[int] = set()
    pairs = list(entry.pairs)
    # One name twice: better the one that stays in its place.
    for old, new in sorted(pairs, key=lambda pair: pair[0].place != pair[1].place):
        same = fold(old.item.name) == fold(new.item.name)
        alone = len(to[old.number]) == 1 == len(back[new.number])
        if (same or alone) and old.number not in taken and -new.number not in taken:
            taken |= {old.number, -new.number}
            yield old.number, new.number
