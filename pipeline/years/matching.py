"""Matching: which item of one edition is continued by which item of another.

The evidence, strongest first: declared lineage (前版NO in the later edition, 統合先 in the earlier one), equal names,
similarity of name and text, and the only pair that is left below a heading. The last two give links marked as guesses.
NOs are no evidence: each edition counts anew.

Mergers and splits are never guessed: measured on eight pairs of real lists, 17 of 19 such guesses were wrong. An item
that is gone has candidates instead.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pipeline.model.edition import Edition, Heading, Item
from pipeline.model.form import BLANK, Column

from .pairing import common_levels, paired_columns
from .similarity import (
    CLOSE,
    FAINT,
    LEAD,
    NEAR,
    Described,
    Finder,
    Grams,
    Weighing,
    cached_fold,
    closeness,
    fold,
    grams,
)

By = Literal["previous_numbers", "merged_into", "name", "likeness", "heading"]
Direction = Literal["forward", "unknown", "same"]

# The most pairs of items of one name that are compared by text; beyond, they are paired in printed order.
_MAX_PAIRS = 2_500

# The most candidates of an item that is gone, and the least likeness of one, to which is added that it stands below the
# same heading. What continues another item counts less: the item that is gone could only have been merged into it.
_MAX_CANDIDATES = 3
_LIKELY = 0.1
_SAME_HEADING = 0.2
_TAKEN = -0.35


@dataclass(frozen=True, slots=True)
class Placed:
    """An item with the headings above it, the outermost first, and what its main symbol or term (集計: 主) means."""

    item: Item
    headings: tuple[Heading, ...]
    meaning: str

    @property
    def number(self) -> int:
        """The item's NO."""
        return self.item.number

    @property
    def place(self) -> tuple[str, ...]:
        """The folded names of the headings, which identify them across editions."""
        return tuple(cached_fold(heading.section.name) for heading in self.headings)

    @property
    def position(self) -> str:
        """The numbers of the headings, as Ⅰ(1); where headings have numbers of their own or none, the innermost one."""
        return position(self.headings)


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """The item `old` is continued by the item `new`: the evidence, and whether it is only a guess."""

    old: int
    new: int
    by: By
    guess: bool


def position(headings: Sequence[Heading]) -> str:
    """Where something below `headings` stands: their numbers, as Ⅰ(1) or 2-1.

    Numbers of their own say little one after the other, and some headings have none: then it is the innermost heading.
    """
    if any(heading.level.numbering in ("自由", "なし") for heading in headings):
        return headings[-1].title
    numbers = ""
    for heading in headings:
        between = "-" if numbers and numbers[-1].isdecimal() and heading.number[0].isdecimal() else ""
        numbers += between + heading.number
    return numbers


# A similarity from 0 to 1, and the old and the new item that have it.
_Pair = tuple[float, Placed, Placed]


def place_items(edition: Edition) -> tuple[Placed, ...]:
    """Every item of `edition`, in printed order."""
    main = edition.main
    return tuple(
        Placed(row, headings, meaning_of(main, row) if main else "")
        for headings, row in edition.rows()
        if isinstance(row, Item)
    )


def meaning_of(column: Column, item: Item) -> str:
    """The meaning of a symbol in `column`; of a term, and of a symbol without a meaning (未記入), the text itself."""
    text = item.text(column)
    return (column.words or {}).get(text, text) if column.kind == "symbol" else text


def goes_on(edition: Edition, item: Item) -> bool:
    """Whether `item` must be in the next edition. It must while that is undecided, so that it is not lost."""
    deciding = edition.deciding
    if deciding is None or item.merged_into:
        return True
    term = item.text(deciding)
    return term == BLANK or (deciding.words or {}).get(term) == "継続"


@dataclass(frozen=True, slots=True)
class Matched:
    """The links between two editions, sorted, and candidates for the items without one.

    `candidates`: by the NO of an item of one edition, up to three NOs of the other, the likeliest first.
    """

    links: tuple[Link, ...]
    candidates: Mapping[int, tuple[int, ...]]


def match(old: Edition, new: Edition, direction: Direction, of: Literal["old", "new"] | None = "old") -> Matched:
    """The links from items of `old` to items of `new`, and the candidates for the items `of` one of them, if asked for.

    `direction`: "forward" if `new` names `old` as its 前版, "same" for two states of one edition, else "unknown".
    """
    matching = _Matching(old, new, direction)
    links = matching.links()
    return Matched(links, matching.candidates(of) if of else {})


class _EditionSide:
    """One edition's items with lookups by NO and by folded name, and the links found so far by NO.

    `levels` are the positions of the levels, and `written` the columns of texts, that the other edition has too.
    """

    def __init__(self, edition: Edition, levels: Sequence[int], written: Sequence[Column]) -> None:
        self.edition = edition
        self.items = place_items(edition)
        self.order = {placed.number: order for order, placed in enumerate(self.items)}
        self.names = {placed.number: fold(placed.item.name) for placed in self.items}
        self.places = {placed.number: tuple(placed.place[at] for at in levels) for placed in self.items}
        # Every heading of the levels in common, as the folded names from the outermost to itself.
        self.headings = {place[: depth + 1] for place in self.places.values() for depth in range(len(place))}
        self.written = written
        self.texts = {placed.number: tuple(map(fold, self.written_in(placed.item))) for placed in self.items}
        self.targets = {placed.number: fold(placed.item.merged_into) for placed in self.items}
        self.by_name: dict[str, list[Placed]] = defaultdict(list)
        for placed in self.items:
            self.by_name[self.names[placed.number]].append(placed)
        self.linked: dict[int, list[Link]] = defaultdict(list)

    def written_in(self, item: Item) -> tuple[str, ...]:
        """The texts and the prose of `item`."""
        return tuple(item.text(column) for column in self.written)

    @cached_property
    def described(self) -> Mapping[int, Described]:
        """The bigrams by which each item is recognized: of its name, its 統合先, its texts and its prose."""
        return {placed.number: self._describe(placed) for placed in self.items}

    def _describe(self, placed: Placed) -> Described:
        names = [name for name in (placed.item.name, placed.item.merged_into) if name]
        return Described(tuple(map(grams, names)), self.grams_of(placed))

    def grams_of(self, placed: Placed) -> Grams:
        """The bigrams of the texts and the prose of an item."""
        return frozenset[str]().union(*map(grams, self.written_in(placed.item)))

    def named(self, name: str) -> list[Placed]:
        return self.by_name.get(name, [])

    def only_linked_by(self, number: int, by: By) -> bool:
        """Whether the item has no link by other evidence than `by`."""
        return all(link.by == by for link in self.linked.get(number, ()))


@dataclass(frozen=True, slots=True)
class _Sense:
    """A key by which items of one name are the same item; None if it is no evidence for an item.

    `is_certain`: pairing several items with equal keys is no guess, since it does not matter which is which.
    """

    key: Callable[[_EditionSide, Placed], Hashable]
    is_certain: bool = False


def _same_everything(side: _EditionSide, placed: Placed) -> Hashable:
    return side.names[placed.number], side.places[placed.number], side.texts[placed.number]


def _same_place(outermost: int) -> Callable[[_EditionSide, Placed], Hashable]:
    """The key of the name and the headings from the level `outermost` (from 0) inwards."""
    return lambda side, placed: (side.names[placed.number], side.places[placed.number][outermost:])


def _same_texts(side: _EditionSide, placed: Placed) -> Hashable:
    # Empty texts are no evidence.
    texts = side.texts[placed.number]
    return (side.names[placed.number], texts) if any(texts) else None


def _same_name(side: _EditionSide, placed: Placed) -> Hashable:
    return side.names[placed.number]


def _senses(levels: int) -> tuple[_Sense, ...]:
    """The keys from the strictest to the loosest, for editions that have that many levels in common."""
    return (
        _Sense(_same_everything, is_certain=True),
        *(_Sense(_same_place(outermost)) for outermost in range(levels)),
        _Sense(_same_texts, is_certain=True),
        _Sense(_same_name),
    )


class _Matching:
    def __init__(self, old: Edition, new: Edition, direction: Direction) -> None:
        levels = common_levels(old.form, new.form)
        written = [
            pair.both
            for pair in paired_columns(old, new)
            if pair.both and all(column.kind in ("prose", "text") for column in pair.both)
        ]
        self._old = _EditionSide(old, [at for at, _ in levels], [column for column, _ in written])
        self._new = _EditionSide(new, [at for _, at in levels], [column for _, column in written])
        self._senses = _senses(len(levels))
        self._direction = direction
        # What the later edition declares as abolished (廃止) is continued by nothing.
        self._abolished = new.abolished if direction == "forward" else {}
        self._links: list[Link] = []

    def links(self) -> tuple[Link, ...]:
        if self._direction == "forward":
            self._link_previous_numbers()
        if self._direction != "same":
            self._link_merged_into()
        self._link_names()
        self._link_followers()
        self._link_likeness()
        self._link_followers()
        self._link_names_taken()
        self._link_only_pairs()
        self._link_followers()
        return tuple(sorted(self._links))

    def _link(self, old: Placed, new: Placed, by: By, guess: bool = False) -> None:
        link = Link(old.number, new.number, by, guess)
        self._links.append(link)
        self._old.linked[old.number].append(link)
        self._new.linked[new.number].append(link)

    def _free(self, side: _EditionSide) -> list[Placed]:
        """The items of `side` that have no link yet and may have one."""
        closed = self._abolished if side is self._old else {}
        return [placed for placed in side.items if placed.number not in side.linked and placed.number not in closed]

    def _link_previous_numbers(self) -> None:
        for new in self._new.items:
            for number in dict.fromkeys(new.item.previous_numbers):
                if number in self._old.order:
                    self._link(self._old.items[self._old.order[number]], new, "previous_numbers")

    def _link_merged_into(self) -> None:
        """Link by 統合先 only items without a 前版NO link: 統合先 is an announcement, 前版NO says what really happened."""
        for old in self._free(self._old):
            target = self._old.targets[old.number]
            candidates = self._new.named(target) if target else []
            if candidates and not self._is_still_announced(old):
                self._link(old, self._nearest(self._old, old, self._new, candidates), "merged_into")

    def _is_still_announced(self, old: Placed) -> bool:
        """Whether the later edition still has the item with the same 統合先: the merger has not happened yet."""
        twins = self._new.named(self._old.names[old.number])
        return any(self._new.targets[twin.number] == self._old.targets[old.number] for twin in twins)

    def _nearest(self, side: _EditionSide, placed: Placed, others: _EditionSide, candidates: list[Placed]) -> Placed:
        """The candidate below the same headings, of which the inner ones count more; else the first.

        `placed` is on `side`, the candidates are among the `others`.
        """
        place = side.places[placed.number]

        def distance(candidate: Placed) -> tuple[bool, ...]:
            other = others.places[candidate.number]
            return tuple(here != there for here, there in zip(reversed(place), reversed(other), strict=True))

        return min(candidates, key=distance)

    def _link_names(self) -> None:
        # An item into which others were merged may also continue one of its own name. An item with a 前版NO link may not.
        new = [placed for placed in self._new.items if self._new.only_linked_by(placed.number, "merged_into")]
        self._link_equal_names(self._free(self._old), new)
        # An item that was to be merged but still exists under its own name is not new.
        old = [
            placed
            for placed in self._old.items
            if placed.number in self._old.linked and self._old.only_linked_by(placed.number, "merged_into")
        ]
        self._link_equal_names(old, self._free(self._new))

    def _link_equal_names(self, old: list[Placed], new: list[Placed]) -> None:
        """Link items of equal names. A name may occur below several headings, so the strictest key pairs first."""
        for sense in self._senses:
            groups: dict[Hashable, tuple[list[Placed], list[Placed]]] = defaultdict(lambda: ([], []))
            for placed in old:
                groups[sense.key(self._old, placed)][0].append(placed)
            for placed in new:
                groups[sense.key(self._new, placed)][1].append(placed)
            groups.pop(None, None)
            pairs = [pair for group in groups.values() for pair in self._paired(*group, sense)]
            old = _without(old, (one for one, _ in pairs))
            new = _without(new, (other for _, other in pairs))

    def _paired(self, old: list[Placed], new: list[Placed], sense: "_Sense") -> list[tuple[Placed, Placed]]:
        guess = (len(old) > 1 or len(new) > 1) and not sense.is_certain
        if len(old) > len(new):
            # Some old items remain unpaired; let these be items that ended.
            old = sorted(old, key=lambda placed: not goes_on(self._old.edition, placed.item))
        pairs = list(self._by_text(old, new))
        for one, other in pairs:
            self._link(one, other, "name", guess)
        return pairs

    def _by_text(self, old: list[Placed], new: list[Placed]) -> Iterable[tuple[Placed, Placed]]:
        """Pair items of one name greedily by the closeness of their texts; beyond `_MAX_PAIRS`, in printed order."""
        if len(old) == 1 == len(new) or len(old) * len(new) > _MAX_PAIRS:
            return zip(old, new, strict=False)
        before, after = [*map(self._old.grams_of, old)], [*map(self._new.grams_of, new)]
        scored = sorted(
            (-closeness(one, other), abs(i - j), i + j, i, j)
            for i, one in enumerate(before)
            for j, other in enumerate(after)
        )
        pairs: dict[int, int] = {}
        for *_, i, j in scored:
            if i not in pairs and j not in pairs.values():
                pairs[i] = j
        return [(old[i], new[j]) for i, j in pairs.items()]

    def _link_followers(self) -> None:
        """Link items whose 統合先 was itself renamed or merged: they follow that item."""
        if self._direction == "same":
            return
        partners: dict[str, list[int]] = defaultdict(list)
        for placed in self._old.items:
            if self._old.targets[placed.number]:
                partners[self._old.targets[placed.number]].append(placed.number)
        waiting = [placed for placed in self._free(self._old) if self._old.targets[placed.number]]
        # An item may depend on another that is waiting. Each round settles at least one; otherwise it is the last.
        while waiting:
            settled = [placed for placed in waiting if self._follow(placed, partners)]
            if not settled:
                return
            waiting = [placed for placed in waiting if placed.number not in self._old.linked]

    def _follow(self, old: Placed, partners: dict[str, list[int]]) -> bool:
        target = self._old.targets[old.number]
        heads = [placed for placed in self._old.named(target) if placed.number in self._old.linked]
        if heads:
            head = self._nearest(self._old, old, self._old, heads)
            links, guess = self._old.linked[head.number], any(link.guess for link in self._old.linked[head.number])
        else:
            # No item has that name: follow another item with the same 統合先, as a guess.
            links = next((self._old.linked[n] for n in partners[target] if n in self._old.linked), [])
            guess = True
        for number in dict.fromkeys(link.new for link in links):
            self._link(old, self._new.items[self._new.order[number]], "merged_into", guess)
        return bool(links)

    def _link_likeness(self) -> None:
        old, new = self._waiting(self._old), self._free(self._new)
        if not old or not new:
            return
        pairs = sorted(self._near_pairs(old, new), key=self._rank)
        for score, one, other in pairs:
            if score >= CLOSE and self._are_free(one, other):
                self._link(one, other, "likeness", True)
        while led := list(self._leading(pairs)):
            for one, other in led:
                self._link(one, other, "likeness", True)

    def _waiting(self, side: _EditionSide) -> list[Placed]:
        """The items without a link that should go on.

        Those that ended need no successor, and new items on the same subject often resemble them.
        """
        free = self._free(side)
        return free if self._direction == "same" else [one for one in free if goes_on(side.edition, one.item)]

    def _are_free(self, old: Placed, new: Placed) -> bool:
        return old.number not in self._old.linked and new.number not in self._new.linked

    def _leading(self, pairs: list[_Pair]) -> Iterator[tuple[Placed, Placed]]:
        """The unlinked pairs, closest first, that exceed every other unlinked pair of either item by `LEAD`.

        No two of them have an item in common. When they are linked, others may lead.
        """
        free = [pair for pair in pairs if self._are_free(*pair[1:])]
        # The pairs are sorted: the first two scores of an item are its highest.
        old_scores, new_scores = defaultdict[int, list[float]](list), defaultdict[int, list[float]](list)
        for score, old, new in free:
            for scores in (old_scores[old.number], new_scores[new.number]):
                if len(scores) < 2:
                    scores.append(score)
        for score, old, new in free:
            if score < NEAR:
                return
            sides = ((*old_scores[old.number], 0.0), (*new_scores[new.number], 0.0))
            if all(score == scores[0] and score - scores[1] >= LEAD for scores in sides):
                yield old, new

    def _rank(self, pair: _Pair) -> tuple[float, int, int]:
        """The sort key: the closest pair first; among equals, the one with the smallest change of position."""
        score, old, new = pair
        before, after = self._old.order[old.number], self._new.order[new.number]
        return -score, abs(before - after), before + after

    @cached_property
    def _weighing(self) -> Weighing:
        """The weights of the bigrams: from all items of both editions, not only from those left to match."""
        return Weighing((*self._old.described.values(), *self._new.described.values()))

    def _near_pairs(self, old: list[Placed], new: list[Placed]) -> Iterator[_Pair]:
        finder = Finder([self._new.described[placed.number] for placed in new], self._weighing)
        for one in old:
            for score, position in finder.find(self._old.described[one.number]):
                yield score, one, new[position]

    def _link_only_pairs(self) -> None:
        """Link the only items that are left below a heading, one in each edition.

        Only where the later edition has no 前版NO: where others have one, an item without is probably new. And only if the
        pair is alike at all: one item may well be gone and another new.
        """
        if self._direction == "same" or any(placed.item.previous_numbers for placed in self._new.items):
            return
        old, new = (self._by_heading(side, other) for side, other in self._both_ways)
        for place, (one, *more) in old.items():
            if not place or more or len(new.get(place, ())) != 1 or not goes_on(self._old.edition, one.item):
                continue
            (other,) = new[place]
            if self._weighing.closeness(self._old.described[one.number], self._new.described[other.number]) >= FAINT:
                self._link(one, other, "heading", True)

    @property
    def _both_ways(self) -> tuple[tuple[_EditionSide, _EditionSide], tuple[_EditionSide, _EditionSide]]:
        return (self._old, self._new), (self._new, self._old)

    def _by_heading(self, side: _EditionSide, other: _EditionSide) -> Mapping[tuple[str, ...], list[Placed]]:
        """The items without a link by the innermost heading above them that both editions have."""
        found: dict[tuple[str, ...], list[Placed]] = defaultdict(list)
        for placed in self._free(side):
            found[self._heading(side, placed, other)].append(placed)
        return found

    def _heading(self, side: _EditionSide, placed: Placed, other: _EditionSide) -> tuple[str, ...]:
        place = side.places[placed.number]
        return next((place[:depth] for depth in range(len(place), 0, -1) if place[:depth] in other.headings), ())

    def candidates(self, of: Literal["old", "new"]) -> Mapping[int, tuple[int, ...]]:
        """For each item without a link that should go on: items of the other edition, the likeliest first."""
        side, other = self._both_ways[of == "new"]
        waiting = self._waiting(side)
        if not waiting or not other.items:
            return {}
        finder = Finder([other.described[placed.number] for placed in other.items], self._weighing)
        left = self._by_heading(other, side)
        return {placed.number: tuple(self._candidates(side, placed, other, finder, left)) for placed in waiting}

    def _candidates(
        self,
        side: _EditionSide,
        placed: Placed,
        other: _EditionSide,
        finder: Finder,
        left: Mapping[tuple[str, ...], list[Placed]],
    ) -> Iterator[int]:
        heading = self._heading(side, placed, other)
        scores = {other.items[at].number: score for score, at in finder.find(side.described[placed.number])}
        for one in left.get(heading, ()) if heading else ():
            scores[one.number] = scores.get(one.number, 0.0)
        for number in scores:
            if heading and other.places[number][: len(heading)] == heading:
                scores[number] += _SAME_HEADING
            if number in other.linked:
                scores[number] += _TAKEN
        likely = [number for number in scores if scores[number] >= _LIKELY]
        yield from sorted(likely, key=lambda number: (-scores[number], other.order[number]))[:_MAX_CANDIDATES]

    def _link_names_taken(self) -> None:
        """Guess a link by name to an item whose 前版NO name only others: perhaps this one was forgotten there."""
        for old in self._free(self._old):
            twins = self._taken(self._new, self._old.names[old.number])
            if twins and (self._direction == "same" or goes_on(self._old.edition, old.item)):
                self._link(old, self._nearest(self._old, old, self._new, twins), "name", True)
        for new in self._free(self._new):
            twins = self._taken(self._old, self._new.names[new.number])
            if twins:
                self._link(self._nearest(self._new, new, self._old, twins), new, "name", True)

    def _taken(self, side: _EditionSide, name: str) -> list[Placed]:
        """The items of that name on `side` that 前版NO link only with items of other names."""
        return [placed for placed in side.named(name) if self._is_taken(side, placed.number, name)]

    def _is_taken(self, side: _EditionSide, number: int, name: str) -> bool:
        links = side.linked.get(number, [])
        partners = {self._old.names[link.old] if side is self._new else self._new.names[link.new] for link in links}
        return bool(links) and name not in partners and all(link.by == "previous_numbers" for link in links)


def _without(items: list[Placed], taken: Iterable[Placed]) -> list[Placed]:
    numbers = {placed.number for placed in taken}
    return [placed for placed in items if placed.number not in numbers]
