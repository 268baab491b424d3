"""Part of stage 4: a glyph that stands for several texts gets a character code (CID) for each of them.

Some texts share a glyph: a kanji with and without the variation selector of its default form, ˜ and U+0303, ² and the
2 of 1⁄2. WeasyPrint uses glyph numbers as codes, and a ToUnicode map has one text for each code: the one that came
first. Copying, searching and reading aloud would give that text for all of them. Here the second text gets another
code, above the glyph numbers of the font, and a CIDToGIDMap leads from the code to the glyph (ISO 32000-1, 9.7.4.2).
Without shared glyphs the bytes are WeasyPrint's.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby, pairwise
from typing import Any, NamedTuple

import pydyf
import weasyprint.draw.text
import weasyprint.pdf.fonts
from weasyprint.logger import LOGGER
from weasyprint.text.ffi import FROM_UNITS, ffi, pango


class Font(weasyprint.pdf.fonts.Font):  # type: ignore[misc]
    """WeasyPrint's font, with codes for texts.

    `to_unicode` and `widths` give the text and the width (thousandths of the font size) of each code. `others` gives
    the code of (glyph, text) where the glyph's own number is taken by another text.
    """

    to_unicode: dict[int, str]
    widths: dict[int, int]
    others: dict[tuple[int, str], int]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.forget()

    def forget(self) -> None:
        """Forget all codes that were given out."""
        self.to_unicode, self.widths, self.others = {}, {}, {}

    @property
    def glyphs(self) -> dict[int, int]:
        """The glyph of each code above the glyph numbers."""
        return {number: glyph for (glyph, _), number in self.others.items()}

    @property
    def shown(self) -> "Shown":
        """The codes that were given out since `forget`, as plain data."""
        return Shown(self.to_unicode, self.widths, self.glyphs)

    def number(self, glyph: int, text: str) -> int:
        """The code for `glyph` where it stands for `text`; a new one if needed."""
        if self.to_unicode.setdefault(glyph, text) == text:
            return glyph
        number = self.others.setdefault((glyph, text), self.glyph_count + len(self.others))
        self.to_unicode[number] = text
        return number

    def take_in(self, shown: "Shown") -> dict[int, int]:
        """Add the codes of a page that was drawn alone. Returns old code -> new code for those that differ here."""
        others = {}
        for number, text in shown.to_unicode.items():
            here = self.number(shown.glyphs.get(number, number), text)
            self.widths[here] = shown.widths[number]
            if here != number:
                others[number] = here
        return others


class Shown(NamedTuple):
    """The codes that a page uses of a font, as plain data: see `Font`."""

    to_unicode: Mapping[int, str]
    widths: Mapping[int, int]
    glyphs: Mapping[int, int]


def use() -> None:
    """Patch WeasyPrint's text drawing."""
    weasyprint.draw.text.draw_first_line = _draw_first_line


def _draw_first_line(stream: Any, textbox: Any, text_overflow: str, block_ellipsis: str, matrix: Any) -> list[Any]:
    """A version of WeasyPrint's function with our codes.

    It leaves out what no document has, bitmap fonts, ellipses and type of no size, and Pango before 1.48.2.
    """
    assert text_overflow != "ellipsis"
    assert block_ellipsis == "none"
    layout = textbox.pango_layout
    if not textbox.text.strip():
        return []
    line, _ = layout.get_first_line()
    stream.set_text_matrix(*matrix.values)
    encoded = layout.text.encode()
    previous, shown = None, ""
    run = line.runs[0]
    while run != ffi.NULL:
        item, glyphs, count = run.data.item, run.data.glyphs.glyphs, run.data.glyphs.num_glyphs
        clusters = ffi.unpack(run.data.glyphs.log_clusters, count)
        run = run.next
        if item.analysis.font != previous:
            previous = item.analysis.font
            font, size = stream.add_font(previous)
            if shown:
                stream.show_text(shown)
                shown = ""
            stream.set_font_size(font.hash, size)
        shown += "<"
        texts = _texts(encoded[item.offset : item.offset + item.length], clusters)
        for info, text in zip(glyphs[0:count], texts, strict=True):
            glyph, width = info.glyph, info.geometry.width
            if glyph == pango.PANGO_GLYPH_EMPTY:
                shown += f">{-width / size}<"
                continue
            if glyph & pango.PANGO_GLYPH_UNKNOWN_FLAG:
                missing = glyph - pango.PANGO_GLYPH_UNKNOWN_FLAG
                LOGGER.warning('No font has "%s" (U+%04X)', chr(missing), missing)  # a warning fails the build
                glyph = 0
            number = font.number(glyph, text)
            if number not in font.widths:
                pango.pango_font_get_glyph_extents(previous, glyph, stream.ink_rect, stream.logical_rect)
                font.widths[number] = round(stream.logical_rect.width * 1000 * FROM_UNITS / size)
            offset, rise = info.geometry.x_offset / size, info.geometry.y_offset / 1000
            if rise:
                shown = shown[:-1] if shown[-1] == "<" else shown + ">"
                if shown:
                    stream.show_text(shown)
                stream.set_text_rise(-rise)
                stream.show_text(f"{-offset if offset else ''}<{number:04x}>")
                stream.set_text_rise(0)
                shown = "<"
            else:
                shown += f">{-offset}<{number:04x}" if offset else f"{number:04x}"
            # The difference between advance and width, which is the number that TJ subtracts.
            if kerning := font.widths[number] + offset - width * 1000 * FROM_UNITS / size:
                shown += f">{int(kerning)}<"
        shown = shown[:-1] if shown[-1] == "<" else shown + ">"
    stream.show_text(shown)
    return []


def _texts(encoded: bytes, clusters: list[int]) -> Iterable[str]:
    """The text that each glyph of a run stands for.

    `encoded` is the run's text in UTF-8; `clusters` has the byte offset at which each glyph's cluster begins. The
    glyphs of one cluster, such as a letter and the mark above it, get a character each.
    """
    text = encoded.decode()
    if len({*clusters}) == len(clusters) == len(text):
        return text
    texts: list[str] = []
    parts = [(begin, len(list(same))) for begin, same in groupby(clusters)]
    for (begin, count), (end, _) in pairwise([*parts, (len(encoded), 0)]):
        part = encoded[begin:end].decode()
        # A variation selector stays with its base character, the first of the cluster.
        first = max(len(part) - count + 1, 1)
        texts += [part[:first], *part[first:], *[""] * (count - len(part))]
    return texts


def renumber(content: bytes, numbers: Mapping[str, Mapping[int, int]]) -> bytes:
    """The content stream of a page with codes replaced: font name -> old code -> new code."""
    font: Mapping[int, int] = {}

    def token(match: re.Match[bytes]) -> bytes:
        nonlocal font
        if match["font"]:
            font = numbers.get(match["font"].decode("ascii"), {})
            return match[0]
        return _HEXADECIMAL.sub(run, match[0]) if font else match[0]

    def run(match: re.Match[bytes]) -> bytes:
        shown = (int(match[0][at : at + 4], 16) for at in range(0, len(match[0]), 4))
        return b"".join(b"%04x" % font.get(number, number) for number in shown)

    return _FONT_OR_TEXT.sub(token, content)


# The operators Tf and TJ. The codes are the hexadecimal strings in TJ's array.
_FONT_OR_TEXT = re.compile(rb"/(?P<font>\S+) [\d.]+ Tf\b|\[[^\]]*\] TJ\b")
_HEXADECIMAL = re.compile(rb"(?<=<)[0-9a-f]+(?=>)")


def map_numbers(fonts: Iterable[Font], pdf: pydyf.PDF) -> None:
    """Write a CIDToGIDMap for each font that has codes above its glyph numbers."""
    for font in fonts:
        if not font.others:
            continue
        glyphs = [*range(font.glyph_count), *font.glyphs.values()]
        stream = pydyf.Stream([b"".join(glyph.to_bytes(2) for glyph in glyphs)], compress=True)
        pdf.add_object(stream)
        for item in pdf.objects:
            if isinstance(item, dict) and item.get("BaseFont") == font.name and "CIDToGIDMap" in item:
                item["CIDToGIDMap"] = stream.reference
