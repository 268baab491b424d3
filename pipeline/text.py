"""What is asked of any text: how wide it is, and how it reads in one line."""

import unicodedata


def width_in_ems(text: str) -> int:
    """The width of `text` in ems, rounded up: a character is one em wide or half of one."""
    halves = sum(1 if unicodedata.east_asian_width(character) in ("Na", "H") else 2 for character in text)
    return -(-halves // 2)


def flat(text: str) -> str:
    """`text` in one line, for places that know no line breaks: titles, running lines, bookmarks."""
    return "".join(text.split("\n"))
