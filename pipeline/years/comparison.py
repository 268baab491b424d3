"""The comparison of two editions: every item of either is in exactly one entry.

Pages, JSON and terminal output of a comparison are all made from this data.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipeline.model.edition import Edition, Item
from pipeline.model.form import Column
from pipeline.model.values import amount

from .matching import Direction, Link, Matched, Placed, goes_on, match, meaning_of, place_items
from .pairing import ColumnPair, common_levels, common_years, merge, paired_columns
from .similarity import fold

ChangeKind = Literal[
    "continued",
    "status_changed",
    "treatment_changed",
    "text_changed",
    "column_changed",
    "renamed",
    "marks_changed",
    "moved",
    "merged",
    "split",
    "new",
    "ended",
    "vanished",
]

# The kinds of change of the default columns, by the names of the columns. A change of any other is "column_changed".
COLUMN_KINDS: Mapping[str, ChangeKind] = {
    "status": "status_changed",
    "treatment": "treatment_changed",
    "findings": "text_changed",
}

# Labels of the kinds that are no change of a column, used with counts.
LABELS: Mapping[ChangeKind, str] = {
    "continued": "変更なし",
    "renamed": "名称の変更",
    "marks_changed": "印の変更",
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
    """A group of linked items, and the kinds of change. `old` and `new` are in printed order.

    `columns` are the keys of the columns that changed, in printed order. `reason` is why the new edition abolished the old
    item (廃止); empty if it did not. `candidates`, of an entry that vanished, are up to three new items that may continue
    it, the likeliest first; they are in entries of their own.
    """

    old: tuple[Placed, ...]
    new: tuple[Placed, ...]
    kinds: tuple[ChangeKind, ...]
    columns: tuple[str, ...]
    links: tuple[Link, ...]
    advice: tuple[Advice, ...]
    reason: str = ""
    candidates: tuple[Placed, ...] = ()

    @property
    def guess(self) -> bool:
        """Whether any link is a guess."""
        return any(link.guess for link in self.links)

    @property
    def pairs(self) -> Iterator[tuple[Placed, Placed]]:
        """Each linked pair of an old and a new item."""
        old, new = ({placed.number: placed for placed in side} for side in (self.old, self.new))
        for link in self.links:
            yield old[link.old], new[link.new]


TextKind = Literal["preface", "postface", "note"]

TEXT_LABELS: Mapping[TextKind, str] = {"preface": "前文", "postface": "後文", "note": "注"}


@dataclass(frozen=True, slots=True)
class TextChange:
    """A text beside the list that differs: the 前文, the 後文 or the 注 of that `number`; empty where it is missing."""

    kind: TextKind
    number: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two editions, with every item of either in exactly one entry; entries are ordered by heading.

    `columns` are the columns of both after the items' names, `texts` the texts beside the list that differ.
    """

    from_id: str
    to_id: str
    old: Edition
    new: Edition
    columns: tuple[ColumnPair, ...]
    entries: tuple[Entry, ...]
    texts: tuple[TextChange, ...] = ()

    def of(self, kind: ChangeKind) -> tuple[Entry, ...]:
        """The entries of this kind of change."""
        return tuple(entry for entry in self.entries if kind in entry.kinds)

    def treatment(self, entry: Entry) -> str:
        """The distinct terms of the old items that say whether they go on, joined by 「、」; empty if there are none."""
        deciding = self.old.deciding
        return "、".join(dict.fromkeys(placed.item.text(deciding) for placed in entry.old)) if deciding else ""

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


def compare(old: Edition, new: Edition, from_id: str, to_id: str, with_candidates: bool = True) -> Comparison:
    """Compare `old` with `new`; either may be the later edition. Without `with_candidates` no entry has any: they take time.

    The ids tell whether 前版NO refer to the other edition: `new` may name `from_id` as its 前版, or `old` may name
    `to_id`.
    """
    if old.previous == to_id != from_id:
        # `old` is the later edition: match forward in time, then reverse the links.
        matched = match(new, old, "forward", of="new" if with_candidates else None)
        links = [Link(link.new, link.old, link.by, link.guess) for link in matched.links]
        can_advise = False
        abolished = {}
    else:
        direction = _direction(new, from_id, to_id)
        matched = match(old, new, direction, of="old" if with_candidates else None)
        links = list(matched.links)
        can_advise = from_id != to_id and new.previous in (from_id, None)
        abolished = new.abolished if direction == "forward" else {}
    columns = paired_columns(old, new)
    differences = _Differences(old, new, columns, abolished)
    before, after = place_items(old), place_items(new)
    by_number = {placed.number: placed for placed in after}
    entries = [
        _entry(differences, *group, can_advise, _candidates(group, matched, by_number))
        for group in _groups(before, after, links)
    ]
    return Comparison(
        from_id, to_id, old, new, columns, tuple(_in_order(before, after, entries)), tuple(_texts(old, new))
    )


def _texts(old: Edition, new: Edition) -> Iterator[TextChange]:
    """The texts beside the list that differ visibly, in printed order: notes of the new edition, then those it lacks."""
    found = [
        TextChange("preface", "", old.preface, new.preface),
        TextChange("postface", "", old.postface, new.postface),
        *(
            TextChange("note", number, old.notes.get(number, ""), new.notes.get(number, ""))
            for number in {**new.notes, **old.notes}
        ),
    ]
    yield from (text for text in found if fold(text.old) != fold(text.new))


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
    differences: "_Differences",
    old: tuple[Placed, ...],
    new: tuple[Placed, ...],
    links: tuple[Link, ...],
    can_advise: bool,
    candidates: tuple[Placed, ...],
) -> Entry:
    columns = tuple(differences.columns(old, new)) if old and new else ()
    kinds = differences.kinds(old, new, columns)
    keys = tuple(pair.column.key for pair in columns)
    reason = "" if new else differences.abolished.get(old[0].number, "")
    return Entry(old, new, kinds, keys, links, tuple(_advice(links)) if can_advise else (), reason, candidates)


def _candidates(group: _Linked, matched: Matched, by_number: Mapping[int, Placed]) -> tuple[Placed, ...]:
    """The new items that may continue the old one of `group`, which has none."""
    old, new, _ = group
    return () if new else tuple(by_number[number] for number in matched.candidates.get(old[0].number, ()))


def kind_of(pair: ColumnPair) -> ChangeKind:
    """The kind of a change of this column."""
    if pair.both and pair.both[0].name == pair.both[1].name:
        return COLUMN_KINDS.get(pair.column.name, "column_changed")
    return "column_changed"


class _Differences:
    """What differs between items of two editions. `abolished` are the old items that the new one abolished, by NO."""

    def __init__(
        self, old: Edition, new: Edition, columns: tuple[ColumnPair, ...], abolished: Mapping[int, str]
    ) -> None:
        self.abolished = abolished
        self._old = old
        self._columns = columns
        self._levels = common_levels(old.form, new.form)

    def columns(self, old: tuple[Placed, ...], new: tuple[Placed, ...]) -> Iterator[ColumnPair]:
        """The columns that both editions have and that differ; in a merger or split, any unmatched value differs."""
        for pair in self._columns:
            if pair.both:
                before, after = (
                    {says(pair, placed.item, side) for placed in items} for side, items in enumerate((old, new))
                )
                if before != after:
                    yield pair

    def kinds(
        self, old: tuple[Placed, ...], new: tuple[Placed, ...], columns: tuple[ColumnPair, ...]
    ) -> tuple[ChangeKind, ...]:
        if not old:
            return ("new",)
        if not new:
            is_lost = goes_on(self._old, old[0].item) and old[0].number not in self.abolished
            return ("vanished",) if is_lost else ("ended",)
        kinds = list(dict.fromkeys(map(kind_of, columns)))
        # In a merger or split some names and places are lost anyway, which is no change.
        if _disjoint(old, new, lambda placed, _: fold(placed.item.name)):
            kinds.append("renamed")
        if _disjoint(old, new, lambda placed, _: frozenset(map(fold, placed.item.marks))):
            kinds.append("marks_changed")
        if _disjoint(old, new, lambda placed, side: tuple(placed.place[pair[side]] for pair in self._levels)):
            kinds.append("moved")
        if len(old) > 1:
            kinds.append("merged")
        if len(new) > 1:
            kinds.append("split")
        return tuple(kinds) or ("continued",)


def _disjoint(old: tuple[Placed, ...], new: tuple[Placed, ...], value: Callable[[Placed, int], Hashable]) -> bool:
    """Whether the two sides share no `value` of an item and its side (0 old, 1 new)."""
    return {value(placed, 0) for placed in old}.isdisjoint(value(placed, 1) for placed in new)


def says(pair: ColumnPair, item: Item, side: int) -> Hashable:
    """What `item` of the old edition (`side` 0) or the new one (1) says in the columns of `pair`, for comparison.

    Symbols count by their meanings, since a symbol may mean something else in another edition; figures by their amounts
    and units, those of a series for the years that both have; everything else by its visible text.
    """
    assert pair.both
    column = pair.both[side]
    if pair.both[0].kind != pair.both[1].kind:
        return fold(item.text(column))
    match column.kind:
        case "symbol":
            return fold(meaning_of(column, item))
        case "figure":
            return tuple(figure(column, item, years[side]) for years in common_years(*pair.both))
    return fold(item.text(column))


def figure(column: Column, item: Item, year: int = 0) -> tuple[Decimal | str, str]:
    """The amount (of what is no number, the text) and the unit of a figure, for comparison."""
    text = item.texts(column)[year]
    number = amount(text)
    return (fold(text), "") if number is None else (number, fold(item.unit_of(column)))


def _advice(links: tuple[Link, ...]) -> Iterator[Advice]:
    for number in sorted({link.new for link in links if link.guess}):
        yield Advice(number, tuple(link.old for link in links if link.new == number))


def _in_order(old: tuple[Placed, ...], new: tuple[Placed, ...], entries: list[Entry]) -> Iterator[Entry]:
    """`entries` in the new edition's order; those without new items come after what preceded them in the old one."""
    places = list(dict.fromkeys(placed.place for placed in new))
    merge(places, (placed.place for placed in old))
    by_place: dict[Hashable, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_place[(entry.new or entry.old)[0].place].append(entry)
    order = {placed.number: order for order, placed in enumerate(old)}
    for place in places:
        present = [entry for entry in by_place[place] if entry.new]
        gone = sorted(
            (entry for entry in by_place[place] if not entry.new), key=lambda entry: order[entry.old[0].number]
        )
        yield from _insert(present, gone, order)


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
