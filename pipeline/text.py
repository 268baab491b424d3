"""Measures text in ems, shortens it, breaks it into lines and joins its lines."""

import unicodedata
from functools import lru_cache

# Room for a meaning in a narrow column's head, in ems (such columns are two or three ems wide).
_BRIEF = 12

_MAY_NOT_BEGIN = "、。，．・：；？！ー々〜～…‥)）」』】〉》〕］}｝ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
MAY_NOT_END = "(（「『【〈《〔［{｛"


def width_in_ems(text: str) -> int:
    """The width of `text` in ems, rounded up."""
    return -(-width_in_halves(text) // 2)


def width_in_halves(text: str) -> int:
    """The width of `text` in half ems: full-width characters count 2, half-width 1, combining and invisible 0."""
    return sum(map(_halves, text))


@lru_cache(maxsize=2**13)
def _halves(character: str) -> int:
    if is_inseparable(character):
        return 0
    return 1 if unicodedata.east_asian_width(character) in ("Na", "H") else 2


def brief(meaning: str) -> str:
    """`meaning` for the head of a narrow column, truncated with "…" if it is long; the legend prints it whole."""
    if width_in_ems(meaning) <= _BRIEF:
        return meaning
    width = end = 0
    while width + _halves(meaning[end]) <= 2 * (_BRIEF - 1):
        width += _halves(meaning[end])
        end += 1
    while is_inseparable(meaning[end]):
        end += 1
    return meaning[:end] + "…"


def is_inseparable(character: str) -> bool:
    """Whether `character` belongs to the one before it: combining marks, variation selectors, format characters."""
    return unicodedata.category(character) in ("Mn", "Cf")


def flat(text: str) -> str:
    """`text` without line breaks, for titles, running heads and bookmarks."""
    return "".join(text.split("\n"))


def set_apart(symbol: str) -> str:
    """`symbol` as it stands before its meaning. A letter or a word has a space behind it: it would read as part of it."""
    return symbol + " " * symbol.isalnum()


def may_break(text: str, at: int) -> bool:
    """Whether a line may end before the character at index `at`: by 禁則処理, and not within a word of Latin letters."""
    before, after = text[at - 1], text[at]
    if is_inseparable(after):
        return False
    return after not in _MAY_NOT_BEGIN and before not in MAY_NOT_END and not (_is_latin(before) and _is_latin(after))


def break_label(text: str, width: int) -> tuple[str, ...]:
    """`text` in even lines of at most `width` ems, broken before a kanji that follows kana if possible.

    Examples: 今後の方向 in 3 ems gives 今後の / 方向, 基本目標 in 2 ems 基本 / 目標.
    """
    count = -(-width_in_ems(text) // width)
    if count <= 1:
        return (text,)
    lines, rest = [], text
    for remaining in range(count, 1, -1):
        places = [at for at in range(1, len(rest)) if not is_inseparable(rest[at])]
        if not places:
            break
        ideal = len(rest) / remaining
        cuts = [at for at in places if may_break(rest, at)] or places
        cut = min(cuts, key=lambda at: abs(at - ideal) + (not _starts_word(rest, at)) / 2)
        lines.append(rest[:cut])
        rest = rest[cut:]
    return (*lines, rest)


def _starts_word(text: str, at: int) -> bool:
    def is_kana(character: str) -> bool:
        return "ぁ" <= character <= "ゖ"

    return is_kana(text[at - 1]) and not is_kana(text[at])


def _is_latin(character: str) -> bool:
    return character.isascii() and not character.isspace()
