"""When two texts say the same, and how close they are when they do not."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from itertools import pairwise

Grams = frozenset[str]

# Texts are compared by their beginnings: a cell may hold 20,000 characters, and closeness is clear long before.
_ENOUGH = 1_000

# So much weight in common makes the closeness of two pieces of prose count in full. Prose of an office repeats
# itself (「引き続き実施していく。」), and a short text that is the same proves little.
_EVIDENCE = 25_000

# From CLOSE on two things are taken for the same. Measured on the original: its renamed items reach 0.7, while of its
# strangers only neighbours like 「市民活動支援センター機能の検討」 and 「市民活動支援センターの機能充実」 come near.
# From NEAR on they are if no other candidate comes within LEAD. Measured on eight pairs of real lists without 前版NO
# (805 and 951 items): 183 right and 3 wrong, where CLOSE alone finds 151 with 2 wrong.
CLOSE = 0.5
NEAR = 0.25
LEAD = 0.15

# How many of the most telling pairs of characters look for candidates, how many things a pair may point to before it
# tells nothing, and how many candidates are weighed: they keep a search among 1,000 from being a million comparisons.
_TELLING = 24
_COMMON = 40
_CANDIDATES = 8


# Two encodings of one character of JIS X 0208, by which systems differ: wave dash, em dash, minus, parallel.
_TWINS = str.maketrans("\u301c\u2014\u2212\u2225", "~\u2015-\u2016")
_CLUSTER = re.compile("(?s:.)[\u3099\u309a\u0300-\u036f]+")


def fold(text: str) -> str:
    """`text` without what nobody can see on paper: white space, width, and which of two encodings a character has.

    Whatever can be seen stays different: ① and 1, ² and 2, ㈱ and (株), Ⅲ and III, and forms of one kanji.
    """
    narrow = "".join(map(_of_one_width, "".join(text.split())))
    # NFC as a whole would replace compatibility ideographs; a base with its marks has none.
    composed = _CLUSTER.sub(lambda cluster: unicodedata.normalize("NFC", cluster[0]), narrow)
    return composed.translate(_TWINS)


@cache
def _of_one_width(character: str) -> str:
    """`character` in the one of its two widths that Unicode holds for the plain one (Ａ → A, ｶ → カ)."""
    kind, _, code = unicodedata.decomposition(character).partition(" ")
    return chr(int(code, 16)) if kind in ("<wide>", "<narrow>") else character


def grams(text: str) -> Grams:
    """The pairs of neighbouring characters in `text`; of a single character, itself. Forms of a character are alike."""
    folded = unicodedata.normalize("NFKC", fold(text[:_ENOUGH]))
    return frozenset(map("".join, pairwise(folded))) or frozenset(folded)


class Weights:
    """How much each pair of characters in `texts` tells: the rarer, the more."""

    def __init__(self, texts: Iterable[Grams]) -> None:
        texts = list(texts)
        counts = Counter(gram for text in texts for gram in text)
        # In whole numbers: the sum of others would depend on the order of a set, which is chance.
        self._weights = {gram: round(1_000 * math.log1p(len(texts) / count)) for gram, count in counts.items()}
        self._sums: dict[Grams, int] = {}

    def rarest(self, text: Grams, count: int) -> list[str]:
        """The pairs that tell most of `text`, at most `count`."""
        return sorted(text, key=lambda gram: (-self._weights[gram], gram))[:count]

    def closeness(self, one: Grams, other: Grams) -> float:
        """How much of two names is the same: from 0 to 1, whichever comes first."""
        common = self._sum(one & other)
        return 2 * common / (self._kept_sum(one) + self._kept_sum(other)) if common else 0.0

    def proof(self, one: Grams, other: Grams) -> float:
        """The same for prose, less where little or only common phrases are shared."""
        return self.closeness(one, other) * min(1.0, self._sum(one & other) / _EVIDENCE)

    def _sum(self, text: Grams) -> int:
        return sum(map(self._weights.__getitem__, text))

    def _kept_sum(self, text: Grams) -> int:
        if text not in self._sums:
            self._sums[text] = self._sum(text)
        return self._sums[text]


@dataclass(frozen=True, slots=True)
class Described:
    """What a thing is recognised by: the names that it has or will have, and prose about it."""

    names: tuple[Grams, ...]
    prose: Grams


class Finder:
    """Finds, among `candidates`, what something described is perhaps the same as; `everything` holds both."""

    def __init__(self, candidates: Sequence[Described], everything: Sequence[Described]) -> None:
        self._candidates = candidates
        self._names = Weights(name for described in everything for name in described.names)
        self._prose = Weights(described.prose for described in everything)
        self._index: dict[tuple[str, str], list[int]] = defaultdict(list)
        for position, candidate in enumerate(self._candidates):
            for clue in {("name", gram) for name in candidate.names for gram in name}:
                self._index[clue].append(position)
            for gram in candidate.prose:
                self._index["prose", gram].append(position)

    def find(self, wanted: Described) -> Iterator[tuple[float, int]]:
        """The closeness and the position of each candidate that is near to `wanted`."""
        for position in self._worth_weighing(wanted):
            score = self._closeness(wanted, self._candidates[position])
            if score >= NEAR:
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


def closeness(one: Grams, other: Grams) -> float:
    """How much of two texts is the same, every pair of characters counting alike: from 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else float(one == other)
