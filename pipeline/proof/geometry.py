"""Judges from the places of texts and marks whether a page can be read. Nothing here depends on how the page was made.

A text must be inside the printable area without the binding edge, and inside its table cell. It must not be covered or
clipped, must contrast with its background, and must not overlap another text.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from math import inf

from .content import EVERYWHERE, THIN, Area, Box, Painted, Text, meet

_MILLIMETRE = 72 / 25.4

# Sheets are stapled or bound at the left. Printers cannot print the outermost 5 mm.
_BINDING = 20 * _MILLIMETRE
_EDGE = 5 * _MILLIMETRE

# Points. Boxes that overlap by less only touch: numbers in the file have few digits, and glyph outlines are rounded.
_NEAR = 0.35

# WCAG contrast ratio below which nobody sees a text. The stylesheets ask for far more.
_CONTRAST = 1.5

_PAPER = 1.0  # luminance


def faults(painted: Painted, paper: Box) -> Iterator[str]:
    """Yield a message for each text on the page that cannot be read. `paper` is the page's box, in points."""
    left, foot, right, top = paper
    printable = left + _BINDING, foot + _EDGE, right - _EDGE, top - _EDGE
    rules = Rules(painted.areas)
    areas = [area for area in painted.areas if not _is_thin(area.box)]
    darkest = min([_PAPER, *(area.shade for area in areas if area.shade is not None)])
    for text in painted.texts:
        box = text.box
        if not _holds(printable, box):
            is_outside = not _holds(paper, box)
            place = "用紙の外に出て" if is_outside else "、とじしろか、印刷できない用紙の端に掛かって"
            yield f"「{shortened(text.text)}」が{place}います。"
        if text.clip is not EVERYWHERE and not _holds(text.clip, box):
            yield f"「{shortened(text.text)}」が途中で切れています。"
        if any(_meet(area.box, box) for area in _after(text, areas)):
            yield f"「{shortened(text.text)}」が、上に描かれたもので隠れています。"
        if rules.cross(box):
            yield f"「{shortened(text.text)}」が罫線に掛かり、欄からはみ出しています。"
        # A text that is dark enough for the darkest area is so for every other one.
        if not text.is_shown or (
            text.shade is not None and _ratio(darkest, text.shade) < _CONTRAST and _contrast(text, areas) < _CONTRAST
        ):
            yield f"「{shortened(text.text)}」が見えません(下地と同じ色か、透明です)。"
    for one, other in _overlapping(painted.texts):
        yield f"「{shortened(one.text)}」と「{shortened(other.text)}」が重なっています。"


def _after(text: Text, areas: Sequence[Area]) -> Iterator[Area]:
    """Those of the `areas` that are painted after `text`."""
    return takewhile(lambda area: area.order > text.order, reversed(areas))


class Rules:
    """The rules of a page: thin areas that are artifacts. Underlines belong to marked content, and are none."""

    def __init__(self, areas: Iterable[Area]) -> None:
        upright: list[tuple[float, float, float]] = []
        level: list[tuple[float, float, float]] = []
        for (left, foot, right, top), _, mcid, _ in areas:
            if mcid is not None and mcid >= 0:
                continue
            if right - left <= THIN and top - foot > THIN:
                upright.append(((left + right) / 2, foot, top))
            elif top - foot <= THIN and right - left > THIN:
                level.append(((foot + top) / 2, left, right))
        self._upright, self._level = sorted(upright), sorted(level)
        self._across = [rule[0] for rule in self._upright]
        self._up = [rule[0] for rule in self._level]

    def cross(self, box: Box) -> bool:
        """Whether a rule enters `box` or goes through it."""
        return any(self._inside(box))

    def divide(self, box: Box) -> bool:
        """Whether a rule crosses `box` from side to side. The outlines of a picture inside the box do not."""
        return any(first <= low + _NEAR and last >= high - _NEAR for first, last, low, high in self._inside(box))

    def _inside(self, box: Box) -> Iterator[tuple[float, float, float, float]]:
        """(begin, end of the rule; the two sides of `box` in the same direction) for each rule that enters `box`."""
        left, foot, right, top = box
        for rules, places, begin, end, low, high in (
            (self._upright, self._across, left, right, foot, top),
            (self._level, self._up, foot, top, left, right),
        ):
            for index in range(bisect_right(places, begin + _NEAR), bisect_left(places, end - _NEAR)):
                _, first, last = rules[index]
                if first < high - _NEAR and last > low + _NEAR:
                    yield first, last, low, high


def _overlapping(texts: Iterable[Text]) -> Iterator[tuple[Text, Text]]:
    """Pairs of overlapping texts, in painting order each. Sweeps the page from the foot upwards."""
    open_: list[Text] = []
    for text in sorted(texts, key=lambda text: text.box[1]):
        left, foot, right, _ = text.box
        foot += _NEAR
        left += _NEAR
        right -= _NEAR
        open_ = [other for other in open_ if other.box[3] > foot]
        for other in open_:
            if other.box[0] < right and other.box[2] > left and not (_is_mark(text) or _is_mark(other)):
                yield (other, text) if other.order < text.order else (text, other)
        open_.append(text)


def _is_mark(text: Text) -> bool:
    """Whether `text` is only combining marks, such as a voicing mark, which are meant to overlap a letter."""
    return all(unicodedata.category(character).startswith("M") for character in text.text)


def _contrast(text: Text, areas: Sequence[Area]) -> float:
    """WCAG contrast ratio (1 to 21) of `text` and the topmost area below it; infinite where a color is not known."""
    below: float | None = _PAPER
    for area in areas:
        if area.order < text.order and _holds(area.box, text.box):
            below = area.shade
    if below is None or text.shade is None:
        return inf
    dark, light = sorted((below, text.shade))
    return _ratio(light, dark)


def _ratio(light: float, dark: float) -> float:
    return (light + 0.05) / (dark + 0.05)


def _is_thin(box: Box) -> bool:
    return box[2] - box[0] <= THIN or box[3] - box[1] <= THIN


def _holds(outer: Box, inner: Box) -> bool:
    return (
        outer[0] - _NEAR <= inner[0]
        and outer[1] - _NEAR <= inner[1]
        and outer[2] + _NEAR >= inner[2]
        and outer[3] + _NEAR >= inner[3]
    )


def _meet(one: Box, other: Box) -> bool:
    left, foot, right, top = meet(one, other)
    return right - left > _NEAR and top - foot > _NEAR


def shortened(text: str) -> str:
    """`text` for a message: at most 30 characters."""
    return text if len(text) <= 30 else f"{text[:29]}…"
