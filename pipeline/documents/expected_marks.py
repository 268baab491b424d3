"""The marked words of two texts, as a PDF must show them. Apart from expected.py: only comparison and errata need it."""

from pipeline.years.similarity import fold
from pipeline.years.text_diff import mark

from .expected import require


def marked(old: str, new: str) -> tuple[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]]:
    """Both texts, each with its changed words.

    Raises `ProofError` unless the pieces join to the text and the unmarked pieces of both are equal.
    """
    pieces = mark(old, new)
    for text, side in zip((old, new), pieces, strict=True):
        require("".join(piece.text for piece in side) == text, f"「{text}」が、下線の有無で分けると別の文になります。")
    same = [fold("".join(piece.text for piece in side if not piece.changed)) for side in pieces]
    require(same[0] == same[1], f"「{old}」と「{new}」の、下線のない部分が同じではありません。")
    words = [tuple(piece.text for piece in side if piece.changed) for side in pieces]
    return (old, words[0]), (new, words[1])
