"""A diff of two texts by words and phrases, as a person would underline changes in a 新旧対照表."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from .similarity import fold

# The least share of equal text within changed sentences; below it they are marked whole, since scattered equal words
# like 「の」 and 「する」 make a diff hard to read.
_COMMON = 0.35

# The longest equal stretch, in characters, between two changes that is marked together with them.
_ISLAND = 2

# The most pairs of equal words that are considered (a cell may hold 20,000 characters); beyond, all is marked changed.
_MAX_COMPARISONS = 400_000

# A character with its modifiers: combining marks, variation selectors, half-width voicing marks (ｶﾞ).
_CLUSTER = re.compile("(?s:.)[\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef\u0300-\u036f]*")
_SENTENCE = re.compile("[^。！？!?\n]*[。！？!?\n]+|[^。！？!?\n]+")
_ENDS_SENTENCE = re.compile("[。！？!?]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of one text, and whether it differs from the other text."""

    text: str
    changed: bool


Marked = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """A word (a run of one script) or a sentence; `key` is the folded text by which it is compared."""

    text: str
    key: str


# A stretch of both texts: whether it changed, the old runs, the new runs (either side may be empty).
_Stretch = tuple[bool, Sequence[_Run], Sequence[_Run]]


def mark(old: str, new: str) -> tuple[Marked, Marked]:
    """Split `old` and `new` into marked pieces; the pieces of each, joined, are the text again."""
    stretches = list(_stretches(old, new))
    return (
        _pieces((one, changed) for changed, one, _ in stretches),
        _pieces((other, changed) for changed, _, other in stretches),
    )


def _stretches(old: str, new: str) -> Iterator[_Stretch]:
    if fold(old) == fold(new):
        yield False, [_Run(old, "")], [_Run(new, "")]
        return
    # Align whole sentences first, so that common words do not align unrelated sentences.
    for changed, before, after in _diff(_sentences(old), _sentences(new)):
        if changed:
            yield from _within(before, after)
        else:
            yield False, before, after


def _within(old: Sequence[_Run], new: Sequence[_Run]) -> Iterator[_Stretch]:
    """Changed sentences, compared by words; marked whole if they share less than `_COMMON`."""
    words = [list(_words("".join(sentence.text for sentence in side))) for side in (old, new)]
    stretches = list(_swallow(_diff(*words)))
    common = sum(_length(one) for changed, one, _ in stretches if not changed)
    if 2 * common < _COMMON * (_length(words[0]) + _length(words[1])):
        yield True, words[0], words[1]
    else:
        yield from stretches


def _diff(old: Sequence[_Run], new: Sequence[_Run]) -> Iterator[_Stretch]:
    """The diff of two sequences by key. The common start and end are split off first, since difflib is quadratic."""
    before, after = [token.key for token in old], [token.key for token in new]
    start = common_start(before, after)
    end = common_start(before[start:][::-1], after[start:][::-1])
    stop, halt = len(before) - end, len(after) - end
    yield False, old[:start], new[:start]
    for tag, i, j, k, m in _opcodes(before[start:stop], after[start:halt]):
        yield tag != "equal", old[start + i : start + j], new[start + k : start + m]
    yield False, old[stop:], new[halt:]


def common_start(one: Sequence[str], other: Sequence[str]) -> int:
    """How many elements of both are the same from the first on."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _opcodes(old: list[str], new: list[str]) -> Iterable[tuple[str, int, int, int, int]]:
    counts = Counter(new)
    if sum(counts[key] for key in old) > _MAX_COMPARISONS:
        return [("replace", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _swallow(stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """`stretches` with small equal ones between two changes marked too, and neighbours of the same mark joined."""
    given = [stretch for stretch in stretches if stretch[1] or stretch[2]]
    judged = [
        (changed or (0 < i < len(given) - 1 and given[i - 1][0] and given[i + 1][0] and _is_small(old)), old, new)
        for i, (changed, old, new) in enumerate(given)
    ]
    for changed, group in groupby(judged, lambda stretch: stretch[0]):
        together = list(group)
        yield changed, [t for _, old, _ in together for t in old], [t for _, _, new in together for t in new]


def _is_small(island: Sequence[_Run]) -> bool:
    text = "".join(token.key for token in island)
    return len(text) <= _ISLAND and not _ENDS_SENTENCE.search(text)


def _sentences(text: str) -> list[_Run]:
    return [_Run(sentence, fold(sentence)) for sentence in _SENTENCE.findall(text)]


def _words(text: str) -> Iterator[_Run]:
    """`text` in runs of one script. White space belongs to the run before it, but not to its key."""
    run, key, script = "", "", ""
    for cluster in _CLUSTER.findall(text):
        folded = fold(cluster)
        here = _script(folded[0]) if folded else script
        # Each punctuation mark is a run of its own, so that a bracket can be equal while its content differs.
        if key and folded and (here != script or here == "other"):
            yield _Run(run, key)
            run, key = "", ""
        run, key, script = run + cluster, key + folded, here
    if run:
        yield _Run(run, key)


def _script(character: str) -> str:
    if character in "々〆〇":
        return "kanji"
    if character == "ー":
        return "katakana"
    name = unicodedata.name(character, "")
    if name.startswith("CJK"):
        return "kanji"
    if name.startswith("HIRAGANA"):
        return "hiragana"
    if name.startswith("KATAKANA") and character != "・":
        return "katakana"
    if character.isdecimal():
        return "digit"
    return "latin" if character.isalpha() else "other"


def _length(tokens: Iterable[_Run]) -> int:
    return sum(len(token.key) for token in tokens)


def _pieces(stretches: Iterable[tuple[Sequence[_Run], bool]]) -> Marked:
    """One text of `stretches` as pieces: neighbours of the same mark are joined, empty ones left out."""
    texts = (("".join(token.text for token in tokens), changed) for tokens, changed in stretches)
    return tuple(
        Piece("".join(text for text, _ in group), changed)
        for changed, group in groupby(((text, changed) for text, changed in texts if text), lambda pair: pair[1])
    )
