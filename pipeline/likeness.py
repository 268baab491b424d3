"""When two texts say the same, and how close they are when they do not."""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nlargest
from itertools import pairwise

Grams = frozenset[str]

# Texts are compared by their beginnings: a cell may hold 20,000 characters, and closeness is clear long before.
_ENOUGH = 1_000

# So much weight in common makes the closeness of two pieces of prose count in full. Prose of an office repeats
# itself (「引き続き実施していく。」), and a short text that is the same proves little.
_EVIDENCE = 25.0

# Below this, two things are strangers. Measured on the original: its renamed items reach 0.7, while of its strangers
# only neighbours like 「市民活動支援センター機能の検討」 and 「市民活動支援センターの機能充実」 come near.
_CLOSE = 0.5

# How many of the most telling pairs of characters look for candidates, how many things a pair may point to before it
# tells nothing, and how many candidates are weighed: they keep a search among 1,000 from being a million comparisons.
_TELLING = 24
_COMMON = 40
_CANDIDATES = 12


def fold(text: str) -> str:
    """`text` without what is no difference on paper: width and white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def grams(text: str) -> Grams:
    """The pairs of neighbouring characters in `text`; of a single character, itself."""
    folded = fold(text[:_ENOUGH])
    return frozenset(map("".join, pairwise(folded))) or frozenset(folded)


class Weights:
    """How much each pair of characters tells: the rarer in `texts`, the more."""

    def __init__(self, texts: Iterable[Grams]) -> None:
        texts = list(texts)
        self._count = Counter(gram for text in texts for gram in text)
        self._total = len(texts)

    def of(self, gram: str) -> float:
        return math.log1p(self._total / max(1, self._count[gram]))

    def rarest(self, text: Grams, count: int) -> list[str]:
        """The pairs that tell most of `text`, at most `count`."""
        return sorted(text, key=lambda gram: (self._count[gram], gram))[:count]

    def closeness(self, one: Grams, other: Grams) -> float:
        """How much of two names is the same: from 0 to 1, whichever comes first."""
        return self._share(one, other)[0]

    def proof(self, one: Grams, other: Grams) -> float:
        """The same for prose, less where little or only common phrases are shared."""
        share, weight = self._share(one, other)
        return share * min(1.0, weight / _EVIDENCE)

    def _share(self, one: Grams, other: Grams) -> tuple[float, float]:
        # fsum is exact, so that the order of a set, which is chance, cannot show in the last digit.
        common = math.fsum(map(self.of, one & other))
        if not common:
            return 0.0, 0.0
        return 2 * common / (math.fsum(map(self.of, one)) + math.fsum(map(self.of, other))), common


@dataclass(frozen=True, slots=True)
class Described:
    """What a thing is recognised by: the names that it has or will have, and prose about it."""

    names: tuple[Grams, ...]
    prose: Grams


class Finder:
    """Finds, among `candidates`, what something described is perhaps the same as."""

    def __init__(self, candidates: Iterable[Described], others: Iterable[Described]) -> None:
        self._candidates = tuple(candidates)
        everything = (*self._candidates, *others)
        self._names = Weights(name for described in everything for name in described.names)
        self._prose = Weights(described.prose for described in everything)
        self._index: dict[tuple[str, str], list[int]] = defaultdict(list)
        for position, candidate in enumerate(self._candidates):
            for clue in {("name", gram) for name in candidate.names for gram in name}:
                self._index[clue].append(position)
            for gram in candidate.prose:
                self._index["prose", gram].append(position)

    def find(self, wanted: Described) -> Iterator[tuple[float, int]]:
        """The closeness and the position of each candidate that is close to `wanted`."""
        for position in self._worth_weighing(wanted):
            score = self._closeness(wanted, self._candidates[position])
            if score >= _CLOSE:
                yield score, position

    def _worth_weighing(self, wanted: Described) -> list[int]:
        shared: dict[int, float] = defaultdict(float)
        for clue in self._clues(wanted):
            found = self._index.get(clue, ())
            if len(found) <= _COMMON:
                for position in found:
                    shared[position] += 1 / len(found)
        return nlargest(_CANDIDATES, shared, key=lambda position: (shared[position], -position))

    def _clues(self, wanted: Described) -> Iterator[tuple[str, str]]:
        for name in wanted.names:
            for gram in self._names.rarest(name, _TELLING):
                yield "name", gram
        for gram in self._prose.rarest(wanted.prose, _TELLING):
            yield "prose", gram

    def _closeness(self, one: Described, other: Described) -> float:
        name = max(self._names.closeness(mine, its) for mine in one.names for its in other.names)
        prose = self._prose.proof(one.prose, other.prose)
        # Two witnesses: what one leaves open, the other may close.
        return 1 - (1 - name) * (1 - prose)


def closeness(one: str, other: str) -> float:
    """How much of two texts is the same, every pair of characters counting alike: from 0 to 1."""
    first, second = grams(one), grams(other)
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else float(first == second)
