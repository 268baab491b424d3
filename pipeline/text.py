"""What is asked of any text: how wide it is, and how it reads in one line."""

import unicodedata
from functools import lru_cache

# A head of a column has room for so many ems of a meaning (narrow columns are two or three wide).
_BRIEF = 12


def width_in_ems(text: str) -> int:
    """The width of `text` in ems, rounded up."""
    return -(-width_in_halves(text) // 2)


def width_in_halves(text: str) -> int:
    """How wide `text` is set, in halves of an em: most characters are one em wide or half of one, marks on others and what is invisible none."""
    return sum(map(_halves, text))


@lru_cache(maxsize=2**13)
def _halves(character: str) -> int:
    if is_inseparable(character):
        return 0
    return 1 if unicodedata.east_asian_width(character) in ("Na", "H") else 2


def brief(meaning: str) -> str:
    """`meaning` as it stands at the head of a narrow column: of a long one the beginning. The legend has the whole."""
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
    """Whether `character` belongs to the one before it: a mark on a letter, a variation selector, what is invisible."""
    return unicodedata.category(character) in ("Mn", "Cf")


def flat(text: str) -> str:
    """`text` in one line, for places that know no line breaks: titles, running lines, bookmarks."""
    return "".join(text.split("\n"))
