"""Measures text in ems, shortens it, and joins its lines."""

import unicodedata
from functools import lru_cache

# Room for a meaning in a narrow column's head, in ems (such columns are two or three ems wide).
_BRIEF = 12


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
