"""Part of stage 4: each text that a glyph stands for has a number of its own, so that it comes back as it was typed.

A font draws some texts with one glyph: a kanji alone and with the selector of its default form, ˜ and U+0303,
² and the 2 of 1⁄2. WeasyPrint shows glyphs by their numbers and notes for each number the text that came first
(ToUnicode): by it the other texts would be copied, searched and read aloud. Here a glyph that stands for another
text is shown under another number, above those of the font, and the file says which glyph that is (CIDToGIDMap:
ISO 32000-1, 9.7.4.2). Where no glyph stands for two texts, the bytes are those of WeasyPrint.
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
    """A font of WeasyPrint's; `to_unicode` and `widths` tell of each number what it stands for, and how wide it is.

    `others` holds the number of each glyph and text where the glyph's own number stands for another text.
    """

    to_unicode: dict[int, str]
    widths: dict[int, int]
    others: dict[tuple[int, str], int]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.forget()

    def forget(self) -> None:
        """Begin anew, as if nothing had been shown."""
        self.to_unicode, self.widths, self.others = {}, {}, {}

    @property
    def glyphs(self) -> dict[int, int]:
        """The glyph of each number that is no glyph's own."""
        return {number: glyph for (glyph, _), number in self.others.items()}

    @property
    def shown(self) -> "Shown":
        """What was shown since it last forgot."""
        return Shown(self.to_unicode, self.widths, self.glyphs)

    def number(self, glyph: int, text: str) -> int:
        """The number under which `glyph` is shown for `text`."""
        if self.to_unicode.setdefault(glyph, text) == text:
            return glyph
        number = self.others.setdefault((glyph, text), self.glyph_count + len(self.others))
        self.to_unicode[number] = text
        return number

    def take_in(self, shown: "Shown") -> dict[int, int]:
        """Add what was shown elsewhere; of each number that is another one here, this one."""
        others = {}
        for number, text in shown.to_unicode.items():
            here = self.number(shown.glyphs.get(number, number), text)
            self.widths[here] = shown.widths[number]
            if here != number:
                others[number] = here
        return others


class Shown(NamedTuple):
    """What a page shows of a font, as plain data: see `Font`."""

    to_unicode: Mapping[int, str]
    widths: Mapping[int, int]
    glyphs: Mapping[int, int]


def use() -> None:
    """Have WeasyPrint number glyphs in this way."""
    weasyprint.draw.text.draw_first_line = _draw_first_line


def _draw_first_line(stream: Any, textbox: Any, text_overflow: str, block_ellipsis: str, matrix: Any) -> list[Any]:
    """WeasyPrint's function of this name, but for the numbers, and for what our fonts and papers lack: pictures, ellipses."""
    assert text_overflow != "ellipsis"
    assert block_ellipsis == "none"
    layout = textbox.pango_layout
    if not textbox.text.strip() or textbox.style["font_size"] < 1e-6:
        return []
    pango.pango_layout_set_single_paragraph_mode(layout.layout, True)
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
            if pango.pango_version() < 14802:  # https://gitlab.gnome.org/GNOME/pango/-/issues/530
                size = textbox.style["font_size"]
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
                LOGGER.warning('No font has "%s" (U+%04X)', chr(missing), missing)  # which ends the build
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
            # How much further or nearer the next glyph stands than this one is wide.
            if kerning := font.widths[number] + offset - width * 1000 * FROM_UNITS / size:
                shown += f">{int(kerning)}<"
        shown = shown[:-1] if shown[-1] == "<" else shown + ">"
    stream.show_text(shown)
    return []


def _texts(encoded: bytes, clusters: list[int]) -> Iterable[str]:
    """Which part of a run's text, in UTF-8, each of its glyphs stands for. `clusters` holds where the part of each begins.

    Glyphs of one part, as a letter and the mark above it, stand for a character each.
    """
    text = encoded.decode()
    if len({*clusters}) == len(clusters) == len(text):
        return text
    texts: list[str] = []
    parts = [(begin, len(list(same))) for begin, same in groupby(clusters)]
    for (begin, count), (end, _) in pairwise([*parts, (len(encoded), 0)]):
        part = encoded[begin:end].decode()
        # A selector belongs to the character before it, which comes first.
        first = max(len(part) - count + 1, 1)
        texts += [part[:first], *part[first:], *[""] * (count - len(part))]
    return texts


def renumber(content: bytes, numbers: Mapping[str, Mapping[int, int]]) -> bytes:
    """The `content` of a page with other numbers: of each font, by its name there, the new one of each that changes."""
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


# A font is set, or glyphs of it are shown, which stand in `<` and `>`.
_FONT_OR_TEXT = re.compile(rb"/(?P<font>\S+) [\d.]+ Tf\b|\[[^\]]*\] TJ\b")
_HEXADECIMAL = re.compile(rb"(?<=<)[0-9a-f]+(?=>)")


def map_numbers(fonts: Iterable[Font], pdf: pydyf.PDF) -> None:
    """Say in `pdf` which glyphs the numbers are that are no glyph's own."""
    for font in fonts:
        if not font.others:
            continue
        glyphs = [*range(font.glyph_count), *font.glyphs.values()]
        stream = pydyf.Stream([b"".join(glyph.to_bytes(2) for glyph in glyphs)], compress=True)
        pdf.add_object(stream)
        for item in pdf.objects:
            if isinstance(item, dict) and item.get("BaseFont") == font.name and "CIDToGIDMap" in item:
                item["CIDToGIDMap"] = stream.reference
