"""A diff of two texts by words and phrases, as a person would underline changes in a 新旧対照表.

Sentences that changed are aligned by likeness first, so that one that is half alike is not compared with another. Words are
runs of one script; kanji and their okurigana are one word (`okurigana`). A morphological analyzer would know more, but its
dictionary takes tens of megabytes, and here only the borders of marks depend on it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import groupby, pairwise, zip_longest

from .similarity import cached_fold, fold

# The least share of equal text within changed sentences; below it they are marked whole, since scattered equal words
# like 「の」 and 「する」 make a diff hard to read.
_COMMON = 0.35

# The longest equal stretch, in characters, between two changes that is marked together with them.
_ISLAND = 2

# The most pairs of equal words that are considered (a cell may hold 20,000 characters); beyond, all is marked changed.
_MAX_COMPARISONS = 400_000

# The most pairs of changed sentences that are aligned by likeness; beyond, all are compared as one.
_MAX_ALIGNED = 400

# A character with its modifiers: combining marks, variation selectors, half-width voicing marks (ｶﾞ).
_CLUSTER = re.compile("(?s:.)[\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef\u0300-\u036f]*")
_SENTENCE = re.compile("[^。！？!?\n]*[。！？!?\n]+|[^。！？!?\n]+")
_ENDS_SENTENCE = re.compile("[。！？!?]")

# What hiragana after kanji are. A wrong guess makes a mark a little longer or shorter, no more.
# Particles and words that begin after a kanji; what looks like one but is okurigana (上がる, 分からない, 積もる, 増やす) is
# excepted.
_NEXT_WORD = (
    "[あおのはひふへほゆよをとでにだ]|が(?![らりるれろっ])|から(?![なずれ])|も(?![らりるれろっ])|や(?![かさしすせそ])"
    "|まで|また|まち|など|なら(?!な)|こ[とのれこ]|そ[のれこし]|ど[のうこ]|ごと|ごみ|くだ|くら|ぐら|きめ|きち|きれい"
    "|た[めちびだ]|う[ちえ]|い[つずわ]|つ[いどな]|ばか|さん|ずつ|み[んなど]|めざ|わ[かが]"
)
# Several kanji are mostly a noun, followed by する, な or か.
_AFTER_NOUN = re.compile(f"{_NEXT_WORD}|[しすせさなず]|か(?![さしすせそ])")
_AFTER_KANJI = re.compile(_NEXT_WORD)
# Verbs and adjectives that look like such nouns: 見直す, 打合せ, 比較的少ない.
_NO_NOUN = re.compile(
    "(?:見[直通出渡]|目指|取[消寄戻下壊]|打[合出]|問合|組合|引[渡出戻]|呼[出戻]|[持洗掘]出|繰[返越]|後押|[手立]直|掘起|先延|裏返|少|異)$"
)
# Words that end with what looks like a particle.
_WHOLE = re.compile("(?<=[特更共既常主単])に|(?<=最)も|(?<=子)ども")
# を is always a word of its own.
_OBJECT = re.compile("を")
# Where a word with okurigana ends: before a particle, or a noun that follows a verb.
_WORD_ENDS = re.compile(
    "[をのにはへ]|が(?!ら)|(?<![んい])で|と|も|や(?!す|か)|から(?![なずれ])|(?<=[るうくすつむぶぐたい])よう|まで|など|ため|こと|べき|ほか"
)


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
    # Find the sentences that are the same first, so that common words do not align unrelated sentences.
    for changed, before, after in _diff(_sentences(old), _sentences(new)):
        if changed:
            for one, other in _aligned(before, after):
                yield from _within(one, other)
        else:
            yield False, before, after


# Sentences of the old and the new text that are compared with each other; either may be empty.
_Group = tuple[Sequence[_Run], Sequence[_Run]]
# How many of each an aligned group has: one sentence may become two, or two may become one.
_SIZES = ((1, 1), (1, 2), (2, 1))


def _aligned(old: Sequence[_Run], new: Sequence[_Run]) -> Iterator[_Group]:
    """Changed sentences in groups of those that are alike, in order; sentences like none stand alone."""
    if len(old) * len(new) > _MAX_ALIGNED:
        yield old, new
        return
    at = 0, 0
    for i, j, size in _alignment([*map(_grams, old)], [*map(_grams, new)]):
        yield from _alone(old[at[0] : i], new[at[1] : j])
        at = i + size[0], j + size[1]
        yield old[i : at[0]], new[j : at[1]]
    yield from _alone(old[at[0] :], new[at[1] :])


def _alone(old: Sequence[_Run], new: Sequence[_Run]) -> Iterator[_Group]:
    # Sentences that are like none are still compared, as one: the two texts may share little but the last words.
    if old or new:
        yield old, new


def _alignment(old: list[Counter[str]], new: list[Counter[str]]) -> list[tuple[int, int, tuple[int, int]]]:
    """The groups as (first old sentence, first new one, how many of each), in order, that have the most text in common.

    What counts is the text in common beyond `_COMMON`. So sentences that share less are not aligned, and a second sentence
    joins a group only if it shares enough itself.
    """
    # Of each sentence, and of each two that follow each other, by their number.
    befores, afters = ({1: side, 2: [a + b for a, b in pairwise(side)]} for side in (old, new))
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {}
    for i in reversed(range(len(old) + 1)):
        for j in reversed(range(len(new) + 1)):
            ways = [(best[after][0], after) for after in ((i + 1, j), (i, j + 1)) if after in best]
            for down, right in _SIZES:
                after = i + down, j + right
                if after in best:
                    one, other = befores[down][i], afters[right][j]
                    surplus = 2 * (one & other).total() - _COMMON * (one.total() + other.total())
                    if surplus > 0:
                        ways.append((best[after][0] + surplus, after))
            best[i, j] = max(ways, key=lambda way: way[0], default=(0.0, (i, j)))
    found = []
    at = 0, 0
    while best[at][1] != at:
        after = best[at][1]
        if (size := (after[0] - at[0], after[1] - at[1])) in _SIZES:
            found.append((*at, size))
        at = after
    return found


def _grams(sentence: _Run) -> Counter[str]:
    """How often each pair of characters occurs in a sentence."""
    return Counter(map("".join, pairwise(sentence.key)))


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
    """`text` in words: runs of one script, kanji with their okurigana.

    White space belongs to the word before it, but not to its key.
    """
    kanji: _Run | None = None
    for script, run in _runs(text):
        if script == "hiragana":
            length = okurigana(kanji.key, run.key) if kanji else 0
            objects = (edge for one in _OBJECT.finditer(run.key, length) for edge in one.span())
            ending, *words = _cut(run, (0, length, *objects))
            if kanji:
                *before, last = _cut(kanji, (0, stem(kanji.key))) if length else (kanji,)
                yield from (word for word in before if word.key)
                yield _Run(last.text + ending.text, last.key + ending.key)
            yield from (word for word in words if word.key)
            kanji = None
            continue
        if kanji:
            yield kanji
        kanji = run if script == "kanji" else None
        if not kanji:
            yield run
    if kanji:
        yield kanji


def stem(kanji: str) -> int:
    """Where the word begins that has okurigana: 毎年調(べた) are two words, 取扱(い) is one."""
    compound = _NO_NOUN.search(kanji)
    return 0 if len(kanji) < 3 else compound.start() if compound else len(kanji) - 1


def _cut(run: _Run, edges: Iterable[int]) -> Iterator[_Run]:
    """The parts of `run` between the `edges`, positions in its key in ascending order, to its end."""
    clusters = _CLUSTER.findall(run.text)
    at = position = 0
    for edge, stop in pairwise((*edges, len(run.key))):
        begin = at
        while at < len(clusters) and (position < stop or (position > edge and not cached_fold(clusters[at]))):
            position += len(cached_fold(clusters[at]))
            at += 1
        text = "".join(clusters[begin:at])
        yield _Run(text, run.key[edge:stop])


def okurigana(kanji: str, hiragana: str) -> int:
    """How many of the `hiragana` after a run of `kanji` belong to the same word."""
    if whole := _WHOLE.match(kanji[-1] + hiragana, 1):
        return len(whole[0])
    is_noun = len(kanji) > 1 and not _NO_NOUN.search(kanji)
    if (_AFTER_NOUN if is_noun else _AFTER_KANJI).match(hiragana):
        return 0
    end = _WORD_ENDS.search(hiragana, 1)
    return end.start() if end else len(hiragana)


def _runs(text: str) -> Iterator[tuple[str, _Run]]:
    """The runs of one script, each with the script."""
    run, key, script = "", "", ""
    clusters = _CLUSTER.findall(text)
    for cluster, following in zip_longest(clusters, clusters[1:], fillvalue=""):
        folded = cached_fold(cluster)
        here = _script(folded[0]) if folded else script
        if script == "digit" and folded in (",", ".") and cached_fold(following).isdecimal():
            here = script
        # Each punctuation mark is a run of its own, so that a bracket can be equal while its content differs.
        if key and folded and (here != script or here == "other"):
            yield script, _Run(run, key)
            run, key = "", ""
        run, key, script = run + cluster, key + folded, here
    if run:
        yield script, _Run(run, key)


@cache
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
