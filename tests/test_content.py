"""What a content stream of a page paints, and where: by ISO 32000-1, with every operator that the proof understands.

The streams are written here by hand, so that they have also what our own pages never do. Any file can be given to the
commands that read PDFs, and a new WeasyPrint may write other operators.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
)

from pipeline.proof.content import UNMARKED, Font, Painted, Piece, read_page

# Code -> text, advance, and the box of the ink, in thousandths of the type size. Code 4 has neither text nor glyph.
LETTERS = {
    1: ("あ", 1000, (100, -200, 800, 700)),
    2: ("い", 500, (50, 0, 400, 300)),
    3: (" ", 250, None),
}
# The glyph of each code, where the font has the glyphs in another order: code 1 shows what stands third in the font.
TURNED = (0, 3, 2, 1)


def outlines(order: Sequence[int], padding: int = 4, body: int = 1000) -> bytes:
    """A TrueType font with the outlines of the letters, in the `order` of their codes; boxes in units of `body`."""
    names = [".notdef", *(f"code{code}" for code in order)]
    glyphs, empty = {}, TTGlyphPen(None)
    glyphs[".notdef"] = empty.glyph()
    for code in order:
        pen = TTGlyphPen(None)
        if ink := LETTERS[code][2]:
            left, foot, right, top = (side * body // 1000 for side in ink)
            pen.moveTo((left, foot))
            for corner in ((left, top), (right, top), (right, foot)):
                pen.lineTo(corner)
            pen.closePath()
        glyphs[f"code{code}"] = pen.glyph()
    builder = FontBuilder(body)
    builder.setupGlyphOrder(names)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(names, (body, 0)))
    builder.setupHorizontalHeader()
    builder.setupMaxp()
    builder.font["glyf"].padding = padding
    target = io.BytesIO()
    builder.save(target)
    return target.getvalue()


def stream(data: bytes, **entries: Any) -> DecodedStreamObject:
    made = DecodedStreamObject()
    made.set_data(data)
    made.update({NameObject(f"/{name}"): value for name, value in entries.items()})
    return made


def font(program: bytes | None, glyphs: Sequence[int] = ()) -> DictionaryObject:
    lines = "\n".join(f"<{code:04x}> <{text.encode('utf-16-be').hex()}>" for code, (text, _, _) in LETTERS.items())
    descriptor = DictionaryObject()
    if program:
        descriptor[NameObject("/FontFile2")] = stream(program, Length1=NumberObject(len(program)))
    # Of codes 1 and 2 each width, of 3 a range; code 4 has the default.
    widths = ArrayObject(
        [
            NumberObject(1),
            ArrayObject([NumberObject(1000), NumberObject(500)]),
            NumberObject(3), NumberObject(3), NumberObject(250),
        ]
    )  # fmt: skip
    mapping = stream(b"".join(glyph.to_bytes(2, "big") for glyph in glyphs)) if glyphs else NameObject("/Identity")
    descendant = DictionaryObject(
        {
            NameObject("/FontDescriptor"): descriptor,
            NameObject("/CIDToGIDMap"): mapping,
            NameObject("/W"): widths,
        }
    )
    lines += f"\n<00af> <{'𩸽'.encode('utf-16-be').hex()}>"
    return DictionaryObject(
        {NameObject("/ToUnicode"): stream(lines.encode()), NameObject("/DescendantFonts"): ArrayObject([descendant])}
    )


@pytest.fixture(scope="module", name="resources")
def resources_of_pages() -> DictionaryObject:
    return made_resources()


def made_resources() -> DictionaryObject:
    """Graphics states, fonts, a picture and forms, by name."""
    state: dict[str, dict[str, float]] = {
        "half": {"ca": 0.5, "CA": 0.5}, "faint": {"ca": 0.29}, "clear": {"ca": 0}, "unclear": {"ca": 1},
        "clearline": {"CA": 0}, "shown": {"ca": 0.3},
    }  # fmt: skip
    states = {
        NameObject(f"/{name}"): DictionaryObject({NameObject(f"/{key}"): FloatObject(of) for key, of in values.items()})
        for name, values in state.items()
    }
    states[NameObject("/mask")] = DictionaryObject({NameObject("/SMask"): DictionaryObject()})
    states[NameObject("/nomask")] = DictionaryObject({NameObject("/SMask"): NameObject("/None")})
    fonts = DictionaryObject({NameObject("/F"): font(outlines((1, 2, 3))), NameObject("/E"): font(None)})
    box = ArrayObject([NumberObject(number) for number in (1, 2, 11, 22)])
    matrix = ArrayObject([NumberObject(number) for number in (2, 0, 0, 3, 100, 200)])
    form = NameObject("/Form")
    things = {
        "image": stream(b"", Subtype=NameObject("/Image")),
        "form": stream(b"1 g 0 0 50 50 re f BT /F 1 Tf 3 4 Td <0001> Tj ET", Subtype=form, BBox=box),
        "moved": stream(b"0 0 50 50 re f", Subtype=form, BBox=box, Matrix=matrix),
        "own": stream(b"/a gs 0 0 50 50 re f", Subtype=form, BBox=box, Resources=DictionaryObject(
            {NameObject("/ExtGState"): DictionaryObject({NameObject("/a"): states[NameObject("/clear")]})}
        )),
        "left": stream(b"q", Subtype=form, BBox=box),
    }  # fmt: skip
    return DictionaryObject(
        {
            NameObject("/ExtGState"): DictionaryObject(states),
            NameObject("/Font"): fonts,
            NameObject("/XObject"): DictionaryObject({NameObject(f"/{name}"): thing for name, thing in things.items()}),
        }
    )


class Page(dict[str, Any]):
    """A page with this content, as far as the reader looks at it."""

    def __init__(self, content: str | None, resources: Mapping[str, Any]) -> None:
        super().__init__({"/Resources": resources})
        self.content = content

    def get_contents(self) -> Any:
        return None if self.content is None else stream(self.content.encode("latin-1"))


def painted(content: str, resources: Any) -> Painted:
    fonts: dict[int, Font] = {}
    return read_page(Page(content, resources), lambda one: fonts.setdefault(id(one), Font(one)))


def rounded(box: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(side, 3) for side in box)


AT = "BT /F 10 Tf 1 0 0 1 100 200 Tm"  # where the ink of あ is 101 198 108 207
# The same in the order in which WeasyPrint writes it.
QUICK = "BT 1 0 0 1 100 200 Tm /F 10 Tf [<0001>] TJ ET"
THERE = (101, 198, 108, 207)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (f"{AT} <0001> Tj ET", [("あ", THERE)]),
        (QUICK, [("あ", THERE)]),
        (f"{AT} [<0001>] TJ ET", [("あ", THERE)]),
        (f"{AT} [<00010002>] TJ ET", [("あい", (101, 198, 114, 207))]),
        (f"{AT} [<0002><0001>] TJ ET", [("いあ", (100.5, 198, 113, 207))]),
        (f"{AT} [<0001>-500<0002>] TJ ET", [("あい", (101, 198, 119, 207))]),
        (f"{AT} [<0001> 500 <0002>] TJ ET", [("あい", (101, 198, 109, 207))]),
        (f"{AT} [<0001> 9.5 <0002>] TJ ET", [("あい", (101, 198, 113.905, 207))]),
        (f"{AT} [-100<0001>] TJ ET", [("あ", (102, 198, 109, 207))]),
        (f"{AT} [<0001>0<0002>] TJ ET", [("あい", (101, 198, 114, 207))]),
        (f"{AT} <0003000100030002> Tj ET", [(" あ い", (103.5, 198, 119, 207))]),
        (f"{AT} <00020003> Tj ET", [("い ", (100.5, 200, 104, 203))]),
        (f"{AT} <0003> Tj ET", []),
        (f"{AT} [] TJ ET", []),
        (f"{AT} 2 Tc <00010002> Tj ET", [("あい", (101, 198, 116, 207))]),
        (f"{AT} 2 Tc <0001> Tj <0002> Tj ET", [("あい", (101, 198, 116, 207))]),
        (f"{AT} <0001> Tj 2 Tc <00010002> Tj 0 Tc <0002> Tj ET", [("ああいい", (101, 198, 133, 207))]),
        (f"{AT} 50 Tz <0001> Tj ET", [("あ", (100.5, 198, 104, 207))]),
        (f"{AT} 50 Tz <0001> Tj <0002> Tj ET", [("あい", (100.5, 198, 107, 207))]),
        (f"{AT} 3 Ts <0001> Tj ET", [("あ", (101, 201, 108, 210))]),
        (f"{AT} <0001> Tj <0002> Tj ET", [("あい", (101, 198, 114, 207))]),
        (f"{AT} [<0001>-500] TJ <0002> Tj ET", [("あい", (101, 198, 119, 207))]),
        ("BT /F 10 Tf 100 200 Td <0001> Tj ET", [("あ", THERE)]),
        ("BT /F 10 Tf 100 200 Td 5 -20 Td <0002> Tj ET", [("い", (105.5, 180, 109, 183))]),
        # From the beginning of the line, not from the end of what was shown.
        (f"{AT} <0001> Tj 0 -20 Td <0002> Tj ET", [("あ", THERE), ("い", (100.5, 180, 104, 183))]),
        (f"{AT} 2 0 0 2 100 200 Tm 5 0 Td <0002> Tj ET", [("い", (111, 200, 118, 206))]),
        # A text object begins at the corner again; the type stays.
        (f"{AT} <0001> Tj ET BT <0002> Tj ET", [("あ", THERE), ("い", (0.5, 0, 4, 3))]),
        (f"{AT} <0001> Tj 0 -2 Td <0002> Tj ET", [("あい", (100.5, 198, 108, 207))]),
        (f"{AT} <0002> Tj 0 3 Td <0002> Tj ET", [("い", (100.5, 200, 104, 203)), ("い", (100.5, 203, 104, 206))]),
        ("BT /F 10 Tf 0 1 -1 0 100 200 Tm <0001> Tj ET", [("あ", (93, 201, 102, 208))]),
        ("BT /F 10 Tf 0 1 -1 0 100 200 Tm 3 Ts <0001> Tj ET", [("あ", (90, 201, 99, 208))]),
        ("BT /F 10 Tf 0 1 -1 0 100 200 Tm 50 Tz <0001> Tj ET", [("あ", (93, 200.5, 102, 204))]),
        ("BT /F 10 Tf 1 0 0 -1 100 200 Tm <0001> Tj ET", [("あ", (101, 193, 108, 202))]),
        ("BT /F 10 Tf 1 0 0 -1 100 200 Tm 3 Ts <0001> Tj ET", [("あ", (101, 190, 108, 199))]),
        ("BT /F 10 Tf -1 0 0 1 100 200 Tm <0001> Tj ET", [("あ", (92, 198, 99, 207))]),
        ("BT /F 1 Tf -1 0 0 -1 100 200 Tm <0001> Tj ET", [("あ", (99.2, 199.3, 99.9, 200.2))]),
        ("2 0 0 3 10 20 cm BT /F 10 Tf 1 0 0 1 100 200 Tm <0001> Tj ET", [("あ", (212, 614, 226, 641))]),
        ("2 0 0 3 10 20 cm BT /F 10 Tf 1 0 0 1 100 200 Tm 1 Ts <0001> Tj ET", [("あ", (212, 617, 226, 644))]),
        ("1 0 0 1 10 20 cm 2 0 0 2 0 0 cm BT /F 1 Tf 3 4 Td <0002> Tj ET", [("い", (16.1, 28, 16.8, 28.6))]),
        ("0 1 -1 0 0 0 cm BT /F 10 Tf 100 200 Td <0001> Tj ET", [("あ", (-207, 101, -198, 108))]),
        ("1 0 1 1 0 0 cm BT /F 10 Tf 100 200 Td <0001> Tj ET", [("あ", (299, 198, 315, 207))]),
        ("1 2 0 1 0 0 cm BT /F 10 Tf 100 200 Td <0001> Tj ET", [("あ", (101, 400, 108, 423))]),
        ("BT 2 3 4 5 100 200 Tm /F 10 Tf [<0001>] TJ ET", [("あ", (94, 193, 144, 259))]),
        ("BT /F 10 Tf 1 0 1 1 100 200 Tm <0001> Tj ET", [("あ", (99, 198, 115, 207))]),
        ("BT /F 10 Tf 1 2 0 1 100 200 Tm <0001> Tj ET", [("あ", (101, 200, 108, 223))]),
        # Without outlines: the face of a kanji, and of a narrow character.
        ("BT /E 10 Tf 100 200 Td <0001> Tj ET", [("あ", (100.6, 199.4, 109.4, 208.2))]),
        ("BT /E 10 Tf 100 200 Td <0002> Tj ET", [("い", (100.6, 199.4, 104.4, 208.2))]),
        ("BT /E 10 Tf 100 200 Td <0003> Tj ET", []),
        ("BT /E 10 Tf 100 200 Td <0004> Tj ET", [("�", (100.6, 199.4, 109.4, 208.2))]),
        ("/form Do", [("あ", (3.1, 3.8, 3.8, 4.7))]),
        ("1 0 0 1 10 20 cm /form Do", [("あ", (13.1, 23.8, 13.8, 24.7))]),
    ],
)  # fmt: skip
def test_where_the_ink_of_a_text_is(content: str, wanted: list[tuple[str, Any]], resources: Any) -> None:
    found = painted(content, resources)
    assert found.faults == []
    assert [(text.text, rounded(text.box)) for text in found.texts] == [(text, rounded(box)) for text, box in wanted]


@pytest.mark.parametrize("padding", [0, 4], ids=["long offsets", "short offsets"])
@pytest.mark.parametrize(("order", "glyphs"), [((1, 2, 3), ()), ((3, 2, 1), TURNED)], ids=["codes", "a map of codes"])
@pytest.mark.parametrize("body", [1000, 2000])
def test_the_ink_is_that_of_the_embedded_outlines(
    padding: int, order: tuple[int, ...], glyphs: tuple[int, ...], body: int
) -> None:
    program = outlines(order, padding, body)
    assert TTFont(io.BytesIO(program))["head"].indexToLocFormat == (padding == 0)
    read = Font(font(program, glyphs))
    assert read.characters[0xAF] == "𩸽"
    for code, (text, advance, ink) in LETTERS.items():
        assert read.characters[code] == text
        assert read.advance[code] == advance / 1000
        if ink:
            assert (read.left[code], read.foot[code], read.right[code], read.top[code]) == tuple(
                side / 1000 for side in ink
            )
        else:
            assert read.left[code] > read.right[code]


BLACK, WHITE = 0.0, 1.0
# The lines of a corner, 4 points thick, and the line that closes it.
CORNER, CLOSED = [((8, 18, 52, 22), BLACK), ((48, 18, 52, 62), BLACK)], ((8, 18, 52, 62), BLACK)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("10 20 30 40 re f", [((10, 20, 40, 60), BLACK)]),
        ("10 20 30 40 re F", [((10, 20, 40, 60), BLACK)]),
        ("10 20 -30 -40 re f", [((-20, -20, 10, 20), BLACK)]),
        ("2 0 0 3 5 6 cm 10 20 30 40 re f", [((25, 66, 85, 186), BLACK)]),
        ("-1 0 0 -1 5 6 cm 10 20 30 40 re f", [((-35, -54, -5, -14), BLACK)]),
        ("0 1 -1 0 5 6 cm 10 20 30 40 re f", [((-55, 16, -15, 46), BLACK)]),
        ("1 0 1 1 0 0 cm 10 20 30 40 re f", [((30, 20, 100, 60), BLACK)]),
        ("1 1 0 1 0 0 cm 10 20 30 40 re f", [((10, 30, 40, 100), BLACK)]),
        ("10 20 30 40 re 1 2 3 4 re f", [((10, 20, 40, 60), BLACK), ((1, 2, 4, 6), BLACK)]),
        ("10 20 m 40 20 l 40 60 l h f", [((10, 20, 40, 60), BLACK)]),
        ("10 20 m 40 20 l 1 2 3 4 re f", [((10, 20, 40, 20), BLACK), ((1, 2, 4, 6), BLACK)][1:]),
        ("10 20 m 10 70 90 70 90 20 c f", [((10, 20, 90, 70), BLACK)]),
        ("10 20 m 10 70 90 20 v f", [((10, 20, 90, 70), BLACK)]),
        ("10 20 m 10 70 90 20 y f", [((10, 20, 90, 70), BLACK)]),
        ("10 20 30 40 re n", []),
        ("10 20 30 40 re n 1 2 3 4 re f", [((1, 2, 4, 6), BLACK)]),
        # A frame: its four sides.
        (
            "0 0 100 80 re 10 20 50 30 re f*",
            [((0, 0, 10, 80), 0), ((60, 0, 100, 80), 0), ((0, 0, 100, 20), 0), ((0, 50, 100, 80), 0)],
        ),
        (
            "10 20 50 30 re 0 0 100 80 re f*",
            [((0, 0, 10, 80), 0), ((60, 0, 100, 80), 0), ((0, 0, 100, 20), 0), ((0, 50, 100, 80), 0)],
        ),
        ("0 0 100 80 re 10 20 50 30 re f", [((0, 0, 100, 80), BLACK), ((10, 20, 60, 50), BLACK)]),
        ("0 0 10 10 re 5 5 10 10 re f*", [((0, 0, 10, 10), BLACK), ((5, 5, 15, 15), BLACK)]),
        ("0 0 10 10 re f*", [((0, 0, 10, 10), BLACK)]),
        ("4 w 10 20 m 50 20 l S", [((8, 18, 52, 22), BLACK)]),
        ("10 20 m 50 20 l S", [((9.5, 19.5, 50.5, 20.5), BLACK)]),
        ("4 w 10 20 m 10 60 l S", [((8, 18, 12, 62), BLACK)]),
        ("4 w 50 20 m 10 20 l S", [((8, 18, 52, 22), BLACK)]),
        ("4 w 10 60 m 10 20 l S", [((8, 18, 12, 62), BLACK)]),
        ("4 w 10 20 m 50 60 l S", [((8, 18, 52, 62), BLACK)]),
        # Thin lines across are no rules of a table, and their boxes would cover what they do not.
        ("1 w 10 20 m 50 60 l S", []),
        ("1.5 w 10 20 m 50 60 l S", []),
        ("1.6 w 10 20 m 50 60 l S", [((9.2, 19.2, 50.8, 60.8), BLACK)]),
        ("2 0 0 3 0 0 cm 4 w 10 20 m 50 20 l S", [((14, 54, 106, 66), BLACK)]),
        ("4 w 10 20 30 40 re b", [
            ((10, 20, 40, 60), 0), ((8, 18, 42, 22), 0), ((38, 18, 42, 62), 0), ((8, 58, 42, 62), 0), ((8, 18, 12, 62), 0),
        ]),
        *((f"1 g 0 G 4 w 10 20 m 50 20 l 50 60 l {operator}", [((10, 20, 50, 60), WHITE), *CORNER]) for operator in ("B", "B*")),
        *((f"1 g 0 G 4 w 10 20 m 50 20 l 50 60 l {operator}", [((10, 20, 50, 60), WHITE), *CORNER, CLOSED]) for operator in ("b", "b*")),
        ("4 w 10 20 m 50 20 l 50 60 l S", CORNER), ("4 w 10 20 m 50 20 l 50 60 l s", [*CORNER, CLOSED]),
        ("4 w 10 20 m 50 20 l 50 60 l h S", [*CORNER, CLOSED]),
        # Only what is left of a path that is closed already.
        ("10 20 m 50 20 l 10 60 m 50 60 l s", [((9.5, 19.5, 50.5, 20.5), BLACK), *[((9.5, 59.5, 50.5, 60.5), BLACK)] * 2]),
        # A path ends with its painting, and so does its being a clip.
        ("0 0 m 50 0 l 50 50 l W n 10 10 m 15 10 l 15 15 l f 0 0 40 40 re f", [((10, 10, 15, 15), BLACK), ((0, 0, 40, 40), BLACK)]),
        # The clipping path takes effect with the next painting.
        ("0 0 20 30 re W n 10 20 30 40 re f", [((10, 20, 20, 30), BLACK)]),
        ("0 0 20 30 re W* n 10 20 30 40 re f", [((10, 20, 20, 30), BLACK)]),
        ("0 0 m 20 0 l 20 30 l h W n 10 20 30 40 re f", [((10, 20, 20, 30), BLACK)]),
        ("0 0 20 30 re W f 10 20 30 40 re f", [((0, 0, 20, 30), BLACK), ((10, 20, 20, 30), BLACK)]),
        ("0 0 20 30 re W n 0 0 15 90 re W n 10 20 30 40 re f", [((10, 20, 15, 30), BLACK)]),
        ("0 0 20 30 re W n 20 0 5 5 re f", []),
        ("0 0 20 30 re W n 0 30 5 5 re f", []),
        ("0 0 20 30 re 5 5 90 2 re W n 0 0 100 100 re f", [((0, 0, 95, 30), BLACK)]),
        ("0 0 20 30 re W n sh", None),
        ("0 0 20 30 re W n /x sh", [((0, 0, 20, 30), None)]),
        ("30 0 0 40 10 20 cm /image Do", [((10, 20, 40, 60), None)]),
        ("/clear gs 30 0 0 40 10 20 cm /image Do", []),
        ("/clear gs 10 20 30 40 re f", []),
        ("/clear gs /unclear gs 10 20 30 40 re f", [((10, 20, 40, 60), BLACK)]),
        ("/clear gs /nomask gs 10 20 30 40 re f", []),
        ("/half gs 10 20 30 40 re f", [((10, 20, 40, 60), BLACK)]),
        ("/clear gs 4 w 10 20 m 50 20 l S", [((8, 18, 52, 22), BLACK)]),
        ("/clearline gs 4 w 10 20 m 50 20 l S", []),
        ("/clearline gs 10 20 30 40 re f", [((10, 20, 40, 60), BLACK)]),
        ("/form Do 5 5 30 30 re f", [((1, 2, 11, 22), WHITE), ((5, 5, 35, 35), BLACK)]),
        ("1 g /moved Do", [((102, 206, 122, 266), WHITE)]),
        ("1 0 0 1 10 20 cm /moved Do", [((112, 226, 132, 286), BLACK)]),
        ("/own Do 10 20 30 40 re f", [((10, 20, 40, 60), BLACK)]),
        ("/half gs /own Do /half gs 10 20 30 40 re f", [((10, 20, 40, 60), BLACK)]),
        ("0 J 0 j 1 M [] 0 d /x ri 1 i /x MP /x /y DP BX EX 0 Tw 1 TL 10 20 30 40 re f", [((10, 20, 40, 60), BLACK)]),
    ],
)  # fmt: skip
def test_where_areas_are_painted(content: str, wanted: list[Any] | None, resources: Any) -> None:
    found = painted(content, resources)
    if wanted is None:
        assert found.faults
        return
    assert found.faults == []
    assert [(rounded(area.box), area.shade) for area in found.areas] == wanted
    orders = [area.order for area in found.areas]
    assert orders == sorted({*orders})


@pytest.mark.parametrize(
    ("color", "luminance"),
    [
        ("0 g", 0), ("1 g", 1), ("0.5 g", 0.214), ("0.04 g", 0.0031), ("0.2 g", 0.0331),
        ("1 0 0 rg", 0.2126), ("0 1 0 rg", 0.7152), ("0 0 1 rg", 0.0722), ("0.2 0.4 0.6 rg", 0.1251),
        ("0 0 0 0 k", 1), ("0 0 0 1 k", 0), ("0 0 0 0.5 k", 0.214), ("1 0 0 0 k", 0.7874), ("0 0.6 1 0.5 k", 0.0692),
        ("/x cs", None), ("/x cs 1 sc", None), ("/x cs /y scn", None), ("1 scn", None),
    ],
)  # fmt: skip
def test_the_luminance_of_colors(color: str, luminance: float | None, resources: Any) -> None:
    """Of fillings and of strokes; each leaves the other as it is."""
    strokes = " ".join(word if word.startswith("/") else word.upper() for word in color.split())
    for of_fill, of_line, content in ((luminance, 0.0, color), (0.0, luminance, strokes)):
        area, line = painted(f"{content} 0 0 9 9 re f 0 0 m 9 0 l S", resources).areas
        assert area.shade == (None if of_fill is None else pytest.approx(of_fill, abs=1e-4))
        assert line.shade == (None if of_line is None else pytest.approx(of_line, abs=1e-4))
        (text,) = painted(f"{content} {QUICK}", resources).texts
        assert text.shade == area.shade


STATES = (
    "2 0 0 3 10 20 cm", "0 0 9 9 re W n", "1 g", "1 G", "/clear gs", "/clearline gs", "5 w", "/E 7 Tf", "2 Tc",
    "3 Ts", "3 Tr", "50 Tz",
)  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_what_a_graphics_state_holds_ends_with_it(state: str, resources: Any) -> None:
    """ISO 32000-1, 8.4.2: all of it, and nothing else."""
    after = "/F 10 Tf {} BT 100 200 Td <00010002> Tj ET 0 0 90 90 re f 0 0 m 90 0 l S"
    bare = painted(after.format(""), resources)
    within = painted(after.format(state), resources)
    restored = painted(after.format(f"q {state} Q"), resources)
    assert (restored.texts, restored.areas) == (bare.texts, bare.areas)
    assert (within.texts, within.areas) != (bare.texts, bare.areas)
    assert (bare.depth, restored.depth) == (0, 1)


def test_the_deepest_nesting_counts(resources: Any) -> None:
    assert painted("q q q Q Q q Q Q", resources).depth == 3
    assert painted("q /form Do Q", resources).depth == 2


@pytest.mark.parametrize(
    ("content", "is_shown"),
    [
        (QUICK, True), (f"2 Tr {QUICK}", True), (f"3 Tr {QUICK}", False), (f"7 Tr {QUICK}", False),
        (QUICK.replace("/F 10", "/F 0"), False), (f"1 Tc {QUICK.replace('/F 10', '/F 0')}", False), (f"/faint gs {QUICK}", False), (f"/shown gs {QUICK}", True), (f"/clearline gs {QUICK}", True),
    ],
)  # fmt: skip
def test_which_texts_leave_ink(content: str, is_shown: bool, resources: Any) -> None:
    (text,) = painted(content, resources).texts
    assert text.is_shown is is_shown


def test_a_text_knows_its_clip(resources: Any) -> None:
    content = f"q 0 0 500 300 re W n {QUICK} Q {QUICK}"
    clipped, free = painted(content, resources).texts
    assert clipped.clip == (0, 0, 500, 300)
    assert free.clip[0] < -1e9
    assert clipped.order < free.order


SHOW = "BT 1 0 0 1 100 200 Tm /F 10 Tf [<000{}>] TJ ET"
A, B = SHOW.format(1), SHOW.format(2)


@pytest.mark.parametrize(
    ("content", "pieces", "owners"),
    [
        (f"/P <</MCID 3>> BDC {A} EMC", [Piece(3, "あ")], [3]),
        (f"/P <</MCID 3>> BDC {A} {B} EMC", [Piece(3, "あい")], [3, 3]),
        (f"/P <</MCID 12 /Alt <0a>>> BDC {A} EMC", [Piece(12, "あ")], [12]),
        (f"/Artifact BMC {A} EMC {B}", [Piece(None, "あ"), Piece(UNMARKED, "い")], [None, UNMARKED]),
        (f"/Artifact <</Type /Pagination>> BDC {A} EMC", [Piece(None, "あ")], [None]),
        (A, [Piece(UNMARKED, "あ")], [UNMARKED]),
        ("BT /F 10 Tf <0003> Tj ET", [], []),
        (f"/P <</MCID 0>> BDC /Artifact BMC {B} EMC {A} EMC", [Piece(None, "い"), Piece(0, "あ")], [None, 0]),
        (f"/P <</MCID 0>> BDC {A} /Artifact BMC {B} EMC {A} EMC", [Piece(None, "い"), Piece(0, "ああ")], [0, None, 0]),
        ("/P <</MCID 0>> BDC EMC", [Piece(0, "")], []),
        (f"/P <</MCID 0>> BDC /x <</MCID 1>> BDC {A} EMC EMC", [Piece(1, "あ"), Piece(0, "")], [1]),
    ],
)  # fmt: skip
def test_the_text_of_marked_content(
    content: str, pieces: list[Piece], owners: list[int | None], resources: Any
) -> None:
    found = painted(content, resources)
    assert found.faults == []
    assert found.pieces == pieces
    assert [text.mcid for text in found.texts] == owners
    marked = content.replace(A, "0 0 9 9 re f").replace(B, "0 0 9 9 re f")
    assert [area.mcid for area in painted(marked, resources).areas] == owners


UNREADABLE = "読めない描画の指示「{}」があります。"
UNPAIRED = "描画の初めと終わりが対になっていません。"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("q", UNPAIRED), ("/Artifact BMC", UNPAIRED), ("/left Do", UNPAIRED),
        ("Q", UNREADABLE.format("Q")), ("EMC", UNREADABLE.format("EMC")),
        ("/mask gs", UNREADABLE.format("SMask")), ("/none gs", UNREADABLE.format("/none gs")),
        ("/none Do", UNREADABLE.format("/none Do")), ("1 0 BI", UNREADABLE.format("1 0 BI")),
        ("1 2 l", UNREADABLE.format("1 2 l")), ("1 0 0 1 5 cm", UNREADABLE.format("1 0 0 1 5 cm")),
        ("5 w 1 2 3 4 5 6 7 8 9 10 11 cm", UNREADABLE.format("1 2 3 4 5 6 7 8 9 10")),
        ("1 2 m 3 l f", UNREADABLE.format("3 l")), ("h", UNREADABLE.format("h")), ("x g", UNREADABLE.format("x")),
        ("BT <0001> Tj ET", UNREADABLE.format("<0001> Tj")), ("/none 1 Tf", UNREADABLE.format("/none 1 Tf")),
        (QUICK.replace("/F", "/none"), UNREADABLE.format(QUICK[:20])), (QUICK.replace("0001", "0004"), UNREADABLE.format(QUICK[:20])),
        ("{}", UNREADABLE.format("{}")), ("(a", UNREADABLE.format("(a")), ("<< /a", UNREADABLE.format("<<")),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said(content: str, fault: str, resources: Any) -> None:
    assert fault in painted(content, resources).faults


@pytest.mark.parametrize(("length", "is_within"), [(32_766, True), (32_768, False)])
def test_the_longest_string_of_a_page(length: int, is_within: bool, resources: Any) -> None:
    """32767 bytes (ISO 19005-3, 6.1.13), also where others stand in the same array; a character has two."""
    string = "0002" * (length // 2)
    for shown in (f"[<{string}>]", f"[<0001><{string}>]"):
        faults = painted(f"BT 1 0 0 1 0 0 Tm /F 1 Tf {shown} TJ ET", resources).faults
        assert faults == ([] if is_within else ["PDF/A-3の限度(32,767バイト)を超える文字列があります。"])
    half = "0002" * (length // 4)
    assert painted(f"BT 1 0 0 1 0 0 Tm /F 1 Tf [<{half}><{half}><0001>] TJ ET", resources).faults == []


def test_a_page_without_content_paints_nothing() -> None:
    assert read_page(Page(None, {}), Font) == Painted()
