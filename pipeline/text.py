"""What is asked of any text: how wide it is, and how it reads in one line."""

import unicodedata
from functools import lru_cache


def width_in_ems(text: str) -> int:
    """The width of `text` in ems, rounded up."""
    return -(-width_in_halves(text) // 2)


def width_in_halves(text: str) -> int:
    """How wide `text` is set, in halves of an em: most characters are one em wide or half of one, marks on others and what is invisible none."""
    return sum(map(_halves, text))


@lru_cache(maxsize=2**13)
def _halves(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Cf"):
        return 0
    return 1 if unicodedata.east_asian_width(character) in ("Na", "H") else 2


def flat(text: str) -> str:
    """`text` in one line, for places that know no line breaks: titles, running lines, bookmarks."""
    return "".join(text.split("\n"))
