"""The geometry, in CSS pixels, of a 100% stacked bar chart with its numbers as text.

It is legible without colour: greys and patterns that survive a copier, rules between pieces, and the number in each piece,
or below it if the piece is too small.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.text import width_in_halves

# CSS pixels (1/96 inch); the type has the size of the page's, 8.5pt.
EM = 8.5 / 0.75
_LABELS = 9 * EM  # more if a label needs it
_RIGHT = 2 * EM
_AXIS = 1.6 * EM
_BELOW = 1.35 * EM
_BAR = 0.7  # of the distance from one bar to the next
_MARGIN = 5  # around a number in its piece
_GAP = 8  # between a label and its bar

# In the order of the legend. White is for 未記入.
FILLS = ("dark", "light", "hatched", "dotted", "grey", "striped", "crossed")
UNFILLED = "white"


@dataclass(frozen=True, slots=True)
class BarData:
    """The data of a bar: pieces as (fill, count), without zero counts."""

    label: str
    total: str
    pieces: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PieceLabel:
    """The number of a piece: start, width and middle; below the bar if it does not fit inside."""

    text: str
    x: float
    width: float
    middle: float
    is_below: bool


@dataclass(frozen=True, slots=True)
class BarPiece:
    """A piece of a bar: fill, start, width."""

    fill: str
    x: float
    width: float
    number: PieceLabel


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: label, total, top edge, baseline of its text, pieces."""

    label: str
    total: str
    total_x: float
    y: float
    text_y: float
    pieces: tuple[BarPiece, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick of the axis, and the start of its text."""

    x: float
    text_x: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: stacked bars above an axis. `reading` is its alternative text."""

    width: int
    height: float
    bar_height: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    axis_y: float
    reading: str


class Drawing:
    """A chart whose distance from one bar to the next is still open: `width` pixels of bars of `data`."""

    def __init__(self, data: Sequence[BarData], width: int, reading: str) -> None:
        self._data, self._width, self._reading = data, width, reading
        self._labels = max([_LABELS, *(wide(one.label) + wide(one.total) + EM + _GAP for one in data)])
        scale = width - self._labels - _RIGHT
        self._pieces = [_pieces(one, self._labels, scale) for one in data]
        self._have_numbers_below = [any(piece.number.is_below for piece in pieces) for pieces in self._pieces]
        self._ticks = tuple(_tick(self._labels, scale, part) for part in range(0, 101, 20))

    def _tops(self, pitch: float) -> tuple[list[float], float]:
        """The top edges of the bars, and the place of the axis."""
        y, tops = 1.0, []
        for has_numbers_below in self._have_numbers_below:
            tops.append(y)
            y += max(pitch, pitch * _BAR + _BELOW) if has_numbers_below else pitch
        return tops, y - (pitch - pitch * _BAR) / 2

    def height(self, pitch: float) -> float:
        """The height of the chart with `pitch` pixels from one bar to the next."""
        return round(self._tops(pitch)[1] + _AXIS, 1)

    def chart(self, pitch: float) -> Chart:
        """The chart with `pitch` pixels from one bar to the next."""
        bar_height = pitch * _BAR
        tops, axis = self._tops(pitch)
        bars = tuple(
            Bar(
                one.label,
                one.total,
                round(self._labels - _GAP - wide(one.total), 1),
                round(y, 1),
                round(y + bar_height / 2 + 0.36 * EM, 1),
                pieces,
            )
            for one, pieces, y in zip(self._data, self._pieces, tops, strict=True)
        )
        return Chart(
            self._width, self.height(pitch), round(bar_height, 1), bars, self._ticks, round(axis, 1), self._reading
        )


def wide(text: str) -> float:
    """The width of `text`. Texts are anchored at their start: the proof misreads the place of others in WeasyPrint's SVG."""
    return width_in_halves(text) / 2 * EM


def _tick(start: float, scale: float, part: int) -> Tick:
    x, text = start + scale * part / 100, f"{part}%"
    return Tick(round(x, 1), round(x - wide(text) / 2, 1), text)


def _pieces(data: BarData, start: float, scale: float) -> tuple[BarPiece, ...]:
    whole = sum(number for _, number in data.pieces)
    # Rounded from the running sum, so that no gap opens between pieces.
    ends = [sum(number for _, number in data.pieces[:count]) for count in range(len(data.pieces) + 1)]
    edges = [round(start + scale * end / (whole or 1), 1) for end in ends]
    numbers = _numbers([str(number) for _, number in data.pieces], edges, start + scale + _RIGHT)
    return tuple(
        BarPiece(fill, edges[index], round(edges[index + 1] - edges[index], 1), numbers[index])
        for index, (fill, _) in enumerate(data.pieces)
    )


def _numbers(texts: Sequence[str], edges: Sequence[float], end: float) -> list[PieceLabel]:
    middles = [(left + right) / 2 for left, right in pairwise(edges)]
    rooms = [wide(text) + 2 * _MARGIN for text in texts]
    below = [index for index, room in enumerate(rooms) if room > edges[index + 1] - edges[index]]
    for index, middle in zip(below, _side_by_side([(middles[i], rooms[i]) for i in below], end), strict=True):
        middles[index] = middle
    return [
        PieceLabel(text, round(middle - wide(text) / 2, 1), round(wide(text), 1), round(middle, 1), index in below)
        for index, (text, middle) in enumerate(zip(texts, middles, strict=True))
    ]


def _side_by_side(wanted: Sequence[tuple[float, float]], end: float) -> list[float]:
    """The middles of texts of the given widths, each as near to its wanted place as its predecessors and `end` allow."""
    places, edge = [], 0.0
    for middle, width in wanted:
        edge = max(middle + width / 2, edge + width)
        places.append(edge - width / 2)
    for index in reversed(range(len(places))):
        half = wanted[index][1] / 2
        places[index] = min(places[index], end - half)
        end = places[index] - half
    return places
