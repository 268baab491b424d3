"""Interprets a page's content stream in one pass: its marked text, and the place of everything that it paints.

Places are boxes in points from the left and the foot of the page. The box of a text is the box of its ink, from the
outlines in the embedded font; spaces have none. The reader does not depend on how a page was made: an operator that it
does not know becomes a message in `Painted.faults`. Rules: ISO 32000-1, 8 and 9.
"""

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple

from .limits import STRING

# Left, foot, right, top.
Box = tuple[float, float, float, float]

# The six numbers of a PDF matrix: x' = a x + c y + e, y' = b x + d y + f.
Matrix = tuple[float, float, float, float, float, float]

# Marked-content id of content that is not marked at all. Artifacts have None.
UNMARKED = -1

EVERYWHERE: Box = (-inf, -inf, inf, inf)
_NOTHING: Box = (inf, inf, -inf, -inf)
_IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


class Piece(NamedTuple):
    """A marked-content sequence: its id (None for an artifact, or `UNMARKED`) and its text without white space."""

    mcid: int | None
    text: str


class Text(NamedTuple):
    """Text of one text-showing operator, with the box of its ink.

    `order` is the position in the painting order of the page. `shade` is the luminance, 0 (black) to 1; None for
    patterns and other color spaces. `clip` is the box of the clipping path.
    """

    box: Box
    order: int
    mcid: int | None
    text: str
    shade: float | None
    is_shown: bool
    clip: Box


class Area(NamedTuple):
    """A filled area, a picture, or a stroked line as an area of the line's width."""

    box: Box
    order: int
    mcid: int | None
    shade: float | None


@dataclass(slots=True)
class Painted:
    """What a page paints. Pieces are in the order of their ends, texts and areas in painting order.

    `depth` is the deepest nesting of graphics states; `faults` are messages about what could not be read.
    """

    pieces: list[Piece] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    depth: int = 0
    faults: list[str] = field(default_factory=list)


class _Measures(dict[int, float]):
    """One measure for each code of a font. `measure` computes all measures of a code at the first access."""

    def __init__(self, measure: Callable[[int], None]) -> None:
        self._measure = measure

    def __missing__(self, glyph: int) -> float:
        self._measure(glyph)
        return self[glyph]


class _Characters(dict[int, str]):
    """Code -> text; U+FFFD for a code without text."""

    def __missing__(self, glyph: int) -> str:
        return "�"


class Font:
    """A font of a PDF in the form that WeasyPrint writes: two-byte codes, and a ToUnicode map with one code a line.

    Measures are by code, in fractions of the font size: `advance`, and the sides of the ink. For outlines that are not
    TrueType, the ink is estimated as the ideographic character face (88 percent of the em).
    """

    def __init__(self, font: Any) -> None:
        lines = font["/ToUnicode"].get_data().decode("ascii")
        self.characters = _Characters(
            (int(glyph, 16), bytes.fromhex(characters).decode("utf-16-be"))
            for glyph, characters in re.findall(r"<([0-9a-f]{4})> <([0-9a-f]+)>", lines)
        )
        (descendant,) = (one.get_object() for one in font["/DescendantFonts"])
        descriptor = descendant["/FontDescriptor"].get_object()
        outlines = descriptor.get("/FontFile2")
        self._outlines = _Outlines(outlines.get_object().get_data()) if outlines else None
        # CIDToGIDMap: codes above the glyph numbers lead to the glyph whose outline they show (layout/glyphs.py).
        numbers = descendant["/CIDToGIDMap"].get_object()
        data = numbers.get_data() if hasattr(numbers, "get_data") else b""
        self._glyphs: Sequence[int] = struct.unpack(f">{len(data) // 2}H", data)
        self._widths = _widths(descendant.get("/W", ()))
        self._width = descendant.get("/DW", 1000)
        self.advance, self.left, self.foot, self.right, self.top = (_Measures(self._measure) for _ in range(5))
        # Cache of measured TJ arrays: heads and symbols are repeated on every page.
        self.runs: dict[str, tuple[str, float, float, float, float, float]] = {}

    def _measure(self, glyph: int) -> None:
        advance = self.advance[glyph] = float(self._widths.get(glyph, self._width)) / 1000
        if self._outlines is not None:
            box = self._outlines.ink(self._glyphs[glyph] if self._glyphs else glyph)
        elif self.characters[glyph].strip():
            box = 0.06, -0.06, advance - 0.06, 0.82
        else:
            box = _NOTHING
        self.left[glyph], self.foot[glyph], self.right[glyph], self.top[glyph] = box


def _widths(array: Any) -> dict[int, float]:
    """Code -> width in thousandths, from the array /W: `first [width …]` or `first last width`."""
    widths: dict[int, float] = {}
    items = iter(array)
    for first in items:
        second = next(items)
        if isinstance(second, list):
            widths.update(enumerate(second, int(first)))
        else:
            widths.update(dict.fromkeys(range(int(first), int(second) + 1), next(items)))
    return widths


class _Outlines:
    """The bounding boxes of a TrueType font's glyphs, from the tables head, loca and glyf."""

    def __init__(self, data: bytes) -> None:
        (count,) = struct.unpack_from(">H", data, 4)
        records = (struct.unpack_from(">4s4xII", data, 12 + 16 * index) for index in range(count))
        offsets = {tag: (offset, length) for tag, offset, length in records}
        head = offsets[b"head"][0]
        (self._body,) = struct.unpack_from(">H", data, head + 18)
        (is_long,) = struct.unpack_from(">h", data, head + 50)
        begin, length = offsets[b"loca"]
        self._data = data
        self._glyf = offsets[b"glyf"][0]
        self._loca: Sequence[int] = struct.unpack_from(
            f">{length // (4 if is_long else 2)}{'I' if is_long else 'H'}", data, begin
        )
        self._unit = 1 if is_long else 2

    def ink(self, glyph: int) -> Box:
        """The box of `glyph` in fractions of the em; an empty box for a glyph without outline."""
        begin, end = self._loca[glyph : glyph + 2]
        if begin == end:
            return _NOTHING
        left, foot, right, top = struct.unpack_from(">4h", self._data, self._glyf + begin * self._unit + 2)
        return left / self._body, foot / self._body, right / self._body, top / self._body


# The most frequent sequences of operators are one token each, for speed; everything else is one token a word. Every
# character except white space belongs to a token.
_NUMBER = r"(-?[\d.]+)"
_MATRIX = r"\s+".join([_NUMBER] * 6)
_TOKENS = re.compile(
    rf"(?P<text>BT\s+{_MATRIX}\s+Tm\s+/(\S+)\s+{_NUMBER}\s+Tf\s+\[([^\]]*)\]\s*TJ\s+ET\b)"
    r"|(?P<mark>/\w+\s+(?:<<(?:[^<>]|<[0-9A-Fa-f]*>)*>>\s+BDC|BMC)\b)"
    r"|(?P<end>EMC\b)"
    rf"|(?P<rectangle>{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s+re\s+(f|W\s+n)\b(?!\*))"
    r"|(?P<push>q\b)|(?P<pop>Q\b)"
    r"|(?P<operand>-?[\d.]+(?=[\s\]])|/[^\s/<>\[\]()]*|\[[^\]]*\]|<[0-9A-Fa-f]*>|<<(?:[^<>]|<[0-9A-Fa-f]*>)*>>|\((?:[^\\()]|\\.)*\))"
    r"|(?P<operator>[A-Za-z'\"][A-Za-z0-9*]*)"
    r"|(?P<unknown>\S+)",
    re.DOTALL,
)
_GLYPHS = re.compile("<([0-9A-Fa-f]*)>")
_SHIFTED = re.compile(r"(?:^|>)[^<]*[1-9]")
_MCID = re.compile(r"/MCID (\d+)")
_SHOWN = re.compile(rf"<([0-9A-Fa-f]*)>|{_NUMBER}")

# Operators without influence on place, color or text.
_INDIFFERENT = {"J", "j", "M", "d", "ri", "i", "MP", "DP", "BX", "EX", "Tw", "TL"}

# What operators raise whose operands are wrong, or name what the file lacks.
_NOT_UNDERSTOOD = (KeyError, TypeError, ValueError, IndexError)

# An area that is at most this wide (points) is a line. Text with less opacity is invisible.
THIN = 1.5
_FAINT = 0.3


def read_page(page: Any, font_of: Callable[[Any], Font]) -> Painted:
    """What `page`, a page of pypdf's, paints. `font_of` turns a font resource into a `Font`."""
    reader = _Reader(font_of)
    contents = page.get_contents()
    if contents is not None:
        reader.read(contents.get_data().decode("latin-1"), page["/Resources"])
    return reader.finish()


class _Reader:
    """Interprets content streams, with the graphics state, the text state and the current path."""

    def __init__(self, font_of: Callable[[Any], Font]) -> None:
        self._font_of = font_of
        self._painted = Painted()
        self._order = 0
        self._resources: Any = {}
        self._fonts: dict[str, Font] = {}
        self._states: dict[str, tuple[float | None, float | None]] = {}
        # Open marked-content sequences: the id outside, and the text before.
        self._open: list[tuple[int | None, str]] = []
        self._mcid: int | None = UNMARKED
        self._text: list[str] = []
        # The graphics state, and the stack of q.
        self._matrix = _IDENTITY
        self._clip = EVERYWHERE
        self._shade: float | None = 0.0
        self._stroke_shade: float | None = 0.0
        self._opacity = self._stroke_opacity = 1.0
        self._width = 1.0
        self._font: Font | None = None
        self._size = self._spacing = self._rise = self._mode = 0.0
        self._stretch = 1.0
        self._stack: list[tuple[Any, ...]] = []
        # State of the current text object and path.
        self._text_matrix = self._line_matrix = _IDENTITY
        self._path: list[list[tuple[float, float]]] = []
        self._clips = False
        self._begun = 0

    def finish(self) -> Painted:
        """What was painted, after the last stream."""
        if text := bare("".join(self._text)):
            self._painted.pieces.append(Piece(UNMARKED, text))
        if self._open or self._stack:
            self._painted.faults.append("描画の初めと終わりが対になっていません。")
        return self._painted

    def read(self, stream: str, resources: Any) -> None:
        """Interpret `stream`, a page's or a form's."""
        outer = self._resources, self._fonts, self._states
        self._resources, self._fonts, self._states = resources, {}, {}
        operands: list[str] = []
        for token in _TOKENS.finditer(stream):
            kind = token.lastgroup
            if kind == "text":
                *matrix, name, size, shown = token.group(2, 3, 4, 5, 6, 7, 8, 9, 10)
                try:
                    self._text_matrix = tuple(map(float, matrix))  # type: ignore[assignment]
                    self._choose(name, size)
                    self._show(shown)
                except _NOT_UNDERSTOOD:
                    self._doubt(token[0])
            elif kind == "mark":
                mark = token[0]
                mcid = _MCID.search(mark)
                self._open.append((self._mcid, "".join(self._text)))
                self._mcid = int(mcid[1]) if mcid else None
                self._text = []
            elif kind == "end":
                self._end_mark()
            elif kind == "rectangle" and not self._path:
                left, foot, width, height, use = token.group(14, 15, 16, 17, 18)
                box = self._box(float(left), float(foot), float(width), float(height))
                if use == "f":
                    self._paint(box, self._shade, self._opacity)
                else:
                    self._clip = meet(self._clip, box)
            elif kind == "push":
                self._push()
            elif kind == "pop":
                self._pop()
            elif kind == "operand":
                operands.append(token[0])
            elif kind == "rectangle":
                self._operate("re", list(token.group(14, 15, 16, 17)))
                for operator in token[18].split():
                    self._operate(operator, [])
            elif kind == "operator":
                self._operate(token[0], operands)
                operands = []
            else:
                self._doubt(token[0])
        self._resources, self._fonts, self._states = outer

    def _doubt(self, what: str) -> None:
        self._painted.faults.append(f"読めない描画の指示「{what[:20]}」があります。")

    # Marked content and graphics state

    def _end_mark(self) -> None:
        if not self._open:
            self._doubt("EMC")
            return
        mcid, before = self._open.pop()
        self._painted.pieces.append(Piece(self._mcid, bare("".join(self._text))))
        self._mcid, self._text = mcid, [before]

    def _push(self) -> None:
        self._stack.append(
            (
                self._matrix, self._clip, self._shade, self._stroke_shade, self._opacity, self._stroke_opacity,
                self._width, self._font, self._size, self._spacing, self._rise, self._mode, self._stretch,
            )
        )  # fmt: skip
        self._painted.depth = max(self._painted.depth, len(self._stack))

    def _pop(self) -> None:
        if not self._stack:
            self._doubt("Q")
            return
        (
            self._matrix, self._clip, self._shade, self._stroke_shade, self._opacity, self._stroke_opacity,
            self._width, self._font, self._size, self._spacing, self._rise, self._mode, self._stretch,
        ) = self._stack.pop()  # fmt: skip

    def _set_state(self, name: str) -> None:
        if name not in self._states:
            state = self._resources["/ExtGState"][name].get_object()
            self._states[name] = state.get("/ca"), state.get("/CA")
            if state.get("/SMask", "/None") != "/None":
                self._doubt("SMask")
        opacity, stroke_opacity = self._states[name]
        if opacity is not None:
            self._opacity = opacity
        if stroke_opacity is not None:
            self._stroke_opacity = stroke_opacity

    # Operators outside the frequent sequences

    def _operate(self, operator: str, operands: list[str]) -> None:
        try:
            if operator in _PAINTING:
                self._paint_path(operator)
            elif operator not in _INDIFFERENT:
                _OPERATORS[operator](self, *operands)
        except _NOT_UNDERSTOOD:
            self._doubt(" ".join([*operands, operator]))

    def _set_shade(self, *color: str) -> None:
        self._shade = _luminance(*map(float, color))

    def _set_stroke_shade(self, *color: str) -> None:
        self._stroke_shade = _luminance(*map(float, color))

    def _set_other_color(self, *_: str) -> None:
        self._shade = None

    def _set_other_stroke_color(self, *_: str) -> None:
        self._stroke_shade = None

    def _set_matrix(self, *matrix: str) -> None:
        self._matrix = _joined(_matrix(matrix), self._matrix)

    def _draw(self, name: str) -> None:
        thing = self._resources["/XObject"][name].get_object()
        if thing["/Subtype"] != "/Form":
            self._paint(self._box(0, 0, 1, 1), None, self._opacity)
            return
        self._push()
        self._matrix = _joined(_matrix(thing.get("/Matrix", _IDENTITY)), self._matrix)
        left, foot, right, top = map(float, thing["/BBox"])
        self._clip = meet(self._clip, self._box(left, foot, right - left, top - foot))
        self.read(thing.get_data().decode("latin-1"), thing.get("/Resources", self._resources))
        self._pop()

    # Paths

    def _box(self, left: float, foot: float, width: float, height: float) -> Box:
        """The box on the page of a rectangle in current user space."""
        a, b, c, d, e, f = self._matrix
        if b == c == 0:
            left, foot, width, height = a * left + e, d * foot + f, a * width, d * height
            if width < 0:
                left, width = left + width, -width
            if height < 0:
                foot, height = foot + height, -height
            return left, foot, left + width, foot + height
        right, top = left + width, foot + height
        return _around(
            _moved(self._matrix, *point) for point in ((left, foot), (right, foot), (right, top), (left, top))
        )

    def _begin(self, x: str, y: str) -> None:
        self._path.append([_moved(self._matrix, float(x), float(y))])

    def _go_on(self, *points: str) -> None:
        values = list(map(float, points))
        self._path[-1] += [_moved(self._matrix, x, y) for x, y in zip(values[::2], values[1::2], strict=True)]

    def _close(self) -> None:
        points = self._path[-1]
        if points[-1] != points[0]:
            points.append(points[0])

    def _rectangle(self, *sides: str) -> None:
        left, foot, right, top = self._box(*map(float, sides))
        self._path.append([(left, foot), (right, foot), (right, top), (left, top), (left, foot)])

    def _keep_inside(self) -> None:
        self._clips = True

    def _paint_path(self, operator: str) -> None:
        if operator in _CLOSING:
            self._close()
        boxes = [_around(points) for points in self._path]
        if operator in _FILLING:
            areas = boxes
            if operator.endswith("*") and len(boxes) == 2 and meet(*boxes) in boxes:
                outer, inner = sorted(boxes)  # the outer one begins further left
                areas = _frame(outer, inner)
            for box in areas:
                self._paint(box, self._shade, self._opacity)
        if operator in _STROKING:
            reach = self._width * max(map(abs, self._matrix[:4])) / 2
            for points in self._path:
                for (x, y), (to_x, to_y) in pairwise(points):
                    if x == to_x or y == to_y or reach > THIN / 2:
                        box = _around(
                            [
                                (x - reach, y - reach),
                                (to_x + reach, to_y + reach),
                                (to_x - reach, to_y - reach),
                                (x + reach, y + reach),
                            ]
                        )
                        self._paint(box, self._stroke_shade, self._stroke_opacity)
        if self._clips and boxes:
            self._clip = meet(self._clip, _around(point for points in self._path for point in points))
        self._path, self._clips = [], False

    def _shade_all(self, _: str) -> None:
        self._paint(self._clip, None, self._opacity)

    def _paint(self, box: Box, shade: float | None, opacity: float) -> None:
        self._order += 1
        box = meet(self._clip, box)
        if opacity and box[0] < box[2] and box[1] < box[3]:
            self._painted.areas.append(Area(box, self._order, self._mcid, shade))

    # Text

    def _begin_text(self) -> None:
        self._text_matrix = self._line_matrix = _IDENTITY
        self._begun = len(self._painted.texts)

    def _end_text(self) -> None:
        """Join texts of the text object that stand in one line: in pictures each glyph is shown alone."""
        texts = self._painted.texts[self._begun :]
        if len(texts) > 1 and max(text.box[1] for text in texts) < min(text.box[3] for text in texts):
            whole = join(text.box for text in texts)
            self._painted.texts[self._begun :] = [
                texts[0]._replace(box=whole, text="".join(text.text for text in texts))
            ]

    def _choose(self, name: str, size: str) -> None:
        if name not in self._fonts:
            self._fonts[name] = self._font_of(self._resources["/Font"][f"/{name.lstrip('/')}"])
        self._font, self._size = self._fonts[name], float(size)

    def _set_text_matrix(self, *matrix: str) -> None:
        self._text_matrix = self._line_matrix = _matrix(matrix)

    def _move(self, x: str, y: str) -> None:
        self._text_matrix = self._line_matrix = _joined((1, 0, 0, 1, float(x), float(y)), self._line_matrix)

    def _set_mode(self, mode: str) -> None:
        self._mode = float(mode)

    def _set_spacing(self, spacing: str) -> None:
        self._spacing = float(spacing)

    def _set_stretch(self, stretch: str) -> None:
        self._stretch = float(stretch) / 100

    def _set_rise(self, rise: str) -> None:
        self._rise = float(rise)

    def _set_width(self, width: str) -> None:
        self._width = float(width)

    def _show(self, shown: str) -> float:
        """Show the content of a TJ array, such as `<0102>-20<0304>`. Returns the advance in text space."""
        font, size = self._font, self._size
        if font is None:
            raise ValueError("no font")
        measured = None if self._spacing else font.runs.get(shown)
        if measured is None:
            measured = self._measure(font, shown)
            if not self._spacing:
                font.runs[shown] = measured
        text, left, low, right, high, advance = measured
        self._text.append(text)
        self._order += 1
        x, y, across, up = self._stretch * size, size, self._text_matrix, self._matrix
        if high > low:
            a, b, c, d, e, f = across
            p, q, r, s, t, u = up
            if not (b or c or q or r):
                e, f = e * p + t, (f + self._rise * d) * s + u
                wide, tall = x * a * p, y * d * s
                sides, ends = (e + left * wide, e + right * wide), (f + low * tall, f + high * tall)
                box = min(sides), min(ends), max(sides), max(ends)
            else:
                whole = _joined((x, 0, 0, y, 0, self._rise), _joined(across, up))
                box = _around(
                    _moved(whole, *point) for point in ((left, low), (right, low), (right, high), (left, high))
                )
            self._painted.texts.append(
                Text(
                    box,
                    self._order,
                    self._mcid,
                    text,
                    self._shade,
                    bool(self._size) and self._mode < 3 and self._opacity >= _FAINT,
                    self._clip,
                )
            )
        return advance * x

    def _show_and_move(self, shown: str) -> None:
        matrix = self._text_matrix
        self._text_matrix = _joined((1, 0, 0, 1, self._show(shown), 0), matrix)

    def _measure(self, font: Font, shown: str) -> tuple[str, float, float, float, float, float]:
        """Text, left, foot, right, top of the ink, and advance of a TJ array, for font size 1."""
        runs = _GLYPHS.findall(shown)
        if len(shown) > 2 * STRING and any(len(run) > 2 * STRING for run in runs):
            self._painted.faults.append(f"PDF/A-3の限度({STRING:,}バイト)を超える文字列があります。")
        glyphs = _glyphs("".join(runs))
        if not glyphs:
            return "", inf, inf, -inf, -inf, 0.0
        text = "".join(map(font.characters.__getitem__, glyphs))
        low, high = min(map(font.foot.__getitem__, glyphs)), max(map(font.top.__getitem__, glyphs))
        advance = sum(map(font.advance.__getitem__, glyphs))
        left, right = font.left[glyphs[0]], advance - font.advance[glyphs[-1]] + font.right[glyphs[-1]]
        if self._spacing or left == inf or right == -inf or _SHIFTED.search(shown):
            left, right, advance = self._spread(font, shown)
        return text, left, low, right, high, advance

    def _spread(self, font: Font, shown: str) -> tuple[float, float, float]:
        """Left and right of the ink and the advance of a TJ array that shifts glyphs."""
        left, right, at = inf, -inf, 0.0
        spacing = self._spacing / self._size if self._size else 0.0
        for run, shift in _SHOWN.findall(shown):
            for glyph in _glyphs(run):
                left, right = min(left, at + font.left[glyph]), max(right, at + font.right[glyph])
                at += font.advance[glyph] + spacing
            if shift:
                at -= float(shift) / 1000
        return left, right, at


# The operators that paint a path, and end it.
_PAINTING = {"n", "f", "F", "f*", "B", "B*", "b", "b*", "S", "s"}
_FILLING = {"f", "F", "f*", "B", "B*", "b", "b*"}
_STROKING = {"B", "B*", "b", "b*", "S", "s"}
_CLOSING = {"b", "b*", "s"}

_OPERATORS: dict[str, Callable[..., None]] = {
    "q": _Reader._push, "Q": _Reader._pop, "cm": _Reader._set_matrix, "gs": _Reader._set_state, "w": _Reader._set_width,
    "g": _Reader._set_shade, "rg": _Reader._set_shade, "k": _Reader._set_shade,
    "G": _Reader._set_stroke_shade, "RG": _Reader._set_stroke_shade, "K": _Reader._set_stroke_shade,
    "cs": _Reader._set_other_color, "sc": _Reader._set_other_color, "scn": _Reader._set_other_color,
    "CS": _Reader._set_other_stroke_color, "SC": _Reader._set_other_stroke_color, "SCN": _Reader._set_other_stroke_color,
    "m": _Reader._begin, "l": _Reader._go_on, "c": _Reader._go_on, "v": _Reader._go_on, "y": _Reader._go_on,
    "h": _Reader._close, "re": _Reader._rectangle, "W": _Reader._keep_inside, "W*": _Reader._keep_inside,
    "sh": _Reader._shade_all, "Do": _Reader._draw,
    "BT": _Reader._begin_text, "ET": _Reader._end_text, "Tf": _Reader._choose, "Tm": _Reader._set_text_matrix, "Td": _Reader._move,
    "Tr": _Reader._set_mode, "Tc": _Reader._set_spacing, "Tz": _Reader._set_stretch, "Ts": _Reader._set_rise,
    "Tj": _Reader._show_and_move, "TJ": _Reader._show_and_move,
}  # fmt: skip


def meet(one: Box, other: Box) -> Box:
    """The intersection of two boxes. If it is empty, left >= right or foot >= top."""
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def join(boxes: Iterable[Box]) -> Box:
    """The union of `boxes`, of which there is at least one."""
    lefts, feet, rights, tops = zip(*boxes, strict=True)
    return min(lefts), min(feet), max(rights), max(tops)


def _frame(outer: Box, inner: Box) -> list[Box]:
    """`outer` without `inner`, as four boxes."""
    left, foot, right, top = outer
    return [
        (left, foot, inner[0], top),
        (inner[2], foot, right, top),
        (left, foot, right, inner[1]),
        (left, inner[3], right, top),
    ]


def _around(points: Iterable[tuple[float, float]]) -> Box:
    across, up = zip(*points, strict=True)
    return min(across), min(up), max(across), max(up)


def _matrix(operands: Iterable[Any]) -> Matrix:
    a, b, c, d, e, f = map(float, operands)
    return a, b, c, d, e, f


def _joined(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _moved(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _glyphs(run: str) -> tuple[int, ...]:
    return struct.unpack(f">{len(run) // 4}H", bytes.fromhex(run))


@cache
def _luminance(*color: float) -> float:
    """Relative luminance (WCAG) of a grey, RGB or CMYK color."""
    if len(color) == 4:
        color = tuple((1 - part) * (1 - color[3]) for part in color[:3])
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (color * 3)[:3]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def bare(text: str) -> str:
    """`text` without white space. Line ends depend on the layout, and are not compared."""
    return "".join(text.split())
