"""Whether two texts are the same in print, and how similar they are, measured by shared character bigrams."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from heapq import nlargest
from itertools import pairwise

Grams = frozenset[str]

# Characters of a text that are compared. A cell may hold 20,000; the beginning is enough.
_MAX_LENGTH = 1_000

# The weight of shared bigrams from which the similarity of two prose texts counts in full; below, proportionally less.
# Office prose repeats phrases (「引き続き実施していく。」), and equal short texts prove little.
_EVIDENCE = 25_000

# Two items are taken for the same if their similarity is at least CLOSE. Measured on the original list: renamed items
# reach 0.7; of different items only ones like 「市民活動支援センター機能の検討」 and 「市民活動支援センターの機能充実」
# come near.
# From NEAR on, two items are taken for the same if no other candidate comes within LEAD of them. Measured on eight
# pairs of real lists without 前版NO (805 and 951 items): 183 right and 3 wrong links, against 151 and 2 with CLOSE alone.
# From FAINT on, they are if they are the only two that are left below a heading.
CLOSE = 0.5
NEAR = 0.25
LEAD = 0.15
FAINT = 0.05

# Bounds of the search, which keep it from comparing each of 1,000 items with each: the rarest bigrams of a text that
# are looked up, the most candidates of a bigram before it is ignored as common, and the candidates that are compared.
_RAREST = 24
_COMMON = 40
_CANDIDATES = 8


# Characters of JIS X 0208 that systems encode in two ways: wave dash, em dash, minus, parallel.
_TWINS = str.maketrans("\u301c\u2014\u2212\u2225", "~\u2015-\u2016")
_CLUSTER = re.compile("(?s:.)[\u3099\u309a\u0300-\u036f]+")
# What `fold` changes besides white space: most texts have none of it.
_FOLDED = re.compile("[\uff01-\uffee\u301c\u2014\u2212\u2225\u3099\u309a\u0300-\u036f]")


def fold(text: str) -> str:
    """`text` without differences that do not show on paper: white space, width, and alternative encodings.

    Visible differences stay: ① and 1, ² and 2, ㈱ and (株), Ⅲ and III, variant forms of a kanji.
    """
    compact = "".join(text.split())
    if not _FOLDED.search(compact):
        return compact
    narrow = "".join(map(_of_one_width, compact))
    # Apply NFC only to a base with combining marks: on other text it would replace compatibility ideographs.
    composed = _CLUSTER.sub(lambda cluster: unicodedata.normalize("NFC", cluster[0]), narrow)
    return composed.translate(_TWINS)


# The characters of a text, and the names of headings, come again and again.
cached_fold = lru_cache(4_096)(fold)


@cache
def _of_one_width(character: str) -> str:
    """`character` in its normal width by Unicode's decomposition (Ａ → A, ｶ → カ)."""
    kind, _, code = unicodedata.decomposition(character).partition(" ")
    return chr(int(code, 16)) if kind in ("<wide>", "<narrow>") else character


def grams(text: str) -> Grams:
    """The set of character bigrams of `text` after NFKC; a single character gives itself."""
    folded = unicodedata.normalize("NFKC", fold(text[:_MAX_LENGTH]))
    return frozenset(map("".join, pairwise(folded))) or frozenset(folded)


class Weights:
    """Weights of the bigrams in `texts`: the rarer, the heavier."""

    def __init__(self, texts: Iterable[Grams]) -> None:
        texts = list(texts)
        counts = Counter(gram for text in texts for gram in text)
        # Integers: a sum of floats would depend on the iteration order of the set, which varies between runs.
        self._weights = {gram: round(1_000 * math.log1p(len(texts) / count)) for gram, count in counts.items()}
        self._sums: dict[Grams, int] = {}

    def rarest(self, text: Grams, count: int) -> list[str]:
        """The `count` heaviest bigrams of `text`."""
        return sorted(text, key=lambda gram: (-self._weights[gram], gram))[:count]

    def closeness(self, one: Grams, other: Grams) -> float:
        """The weighted Dice coefficient of two sets of bigrams: from 0 to 1, symmetric."""
        common = self._sum(one & other)
        return 2 * common / (self._cached_sum(one) + self._cached_sum(other)) if common else 0.0

    def prose_closeness(self, one: Grams, other: Grams) -> float:
        """`closeness` for prose, reduced if little, or only common phrases, are shared (see `_EVIDENCE`)."""
        return self.closeness(one, other) * min(1.0, self._sum(one & other) / _EVIDENCE)

    def _sum(self, text: Grams) -> int:
        return sum(map(self._weights.__getitem__, text))

    def _cached_sum(self, text: Grams) -> int:
        if text not in self._sums:
            self._sums[text] = self._sum(text)
        return self._sums[text]


@dataclass(frozen=True, slots=True)
class Described:
    """The bigrams of an item: of each name that it has or will have, and of its prose."""

    names: tuple[Grams, ...]
    prose: Grams


class Weighing:
    """The weights of the bigrams of names and of prose in `everything`, and the closeness of two items by them."""

    def __init__(self, everything: Sequence[Described]) -> None:
        self.names = Weights(name for described in everything for name in described.names)
        self.prose = Weights(described.prose for described in everything)

    def closeness(self, one: Described, other: Described) -> float:
        """The closeness of two items: from 0 to 1, symmetric."""
        name = max(self.names.closeness(mine, its) for mine in one.names for its in other.names)
        prose = self.prose.prose_closeness(one.prose, other.prose)
        # Combine as independent evidence: 1 minus the product of the doubts.
        return 1 - (1 - name) * (1 - prose)


class Finder:
    """Finds the items among `candidates` that are similar to a given one."""

    def __init__(self, candidates: Sequence[Described], weighing: Weighing) -> None:
        self._candidates = candidates
        self._weighing = weighing
        self._index: dict[tuple[str, str], list[int]] = defaultdict(list)
        for position, candidate in enumerate(self._candidates):
            for clue in {("name", gram) for name in candidate.names for gram in name}:
                self._index[clue].append(position)
            for gram in candidate.prose:
                self._index["prose", gram].append(position)

    def find(self, wanted: Described) -> Iterator[tuple[float, int]]:
        """Yield (closeness, position) of the candidates that share the most of the rarest bigrams with `wanted`."""
        for position in self._worth_comparing(wanted):
            yield self._weighing.closeness(wanted, self._candidates[position]), position

    def _worth_comparing(self, wanted: Described) -> list[int]:
        shared: dict[int, float] = defaultdict(float)
        for clue in self._clues(wanted):
            found = self._index.get(clue, ())
            if len(found) <= _COMMON:
                for position in found:
                    shared[position] += 1 / len(found)
        return nlargest(_CANDIDATES, shared, key=lambda position: (shared[position], -position))

    def _clues(self, wanted: Described) -> Iterator[tuple[str, str]]:
        for name in wanted.names:
            for gram in self._weighing.names.rarest(name, _RAREST):
                yield "name", gram
        for gram in self._weighing.prose.rarest(wanted.prose, _RAREST):
            yield "prose", gram


def closeness(one: Grams, other: Grams) -> float:
    """The unweighted Dice coefficient of two sets of bigrams: from 0 to 1; 1 if both are empty."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else float(one == other)
