"""Part of stage 4: what makes the bytes of fonts and streams, of the locked packages wherever the system has its own.

WeasyPrint cuts fonts down with the system's HarfBuzz, and pydyf compresses with the zlib that Python was built with:
between Debian 12, Debian 13 and Ubuntu 24.04 both write different bytes for the same page. Ours come with their
packages, so that a file is the same on every system.
"""

from collections.abc import Iterable

import deflate
import pydyf
import uharfbuzz
import weasyprint.pdf.stream
from uharfbuzz import SubsetFlags, SubsetInput, SubsetInputSets

from . import glyphs

# The slowest level that is still quick: the next ones take four times as long for two hundredths less.
_LEVEL = 9

# What a font in a PDF has no use for, as WeasyPrint has it.
_TABLES = ("BASE", "DSIG", "EBDT", "EBLC", "EBSC", "GPOS", "GSUB", "JSTF", "LTSH", "PCLT", "SVG ")


class _Font(glyphs.Font):
    file_content: bytes

    def subset(self, to_unicode: Iterable[int], hinting: bool) -> None:  # noqa: ARG002 of no use in print
        """Keep the glyphs `to_unicode`, with their numbers, and none above the last of them."""
        asked = SubsetInput()
        # Where a number is no glyph's own, its glyph has been shown under its own number too.
        asked.glyph_set.update(number for number in to_unicode if number < self.glyph_count)
        asked.sets(SubsetInputSets.DROP_TABLE_TAG).update(int.from_bytes(tag.encode(), "big") for tag in _TABLES)
        asked.flags = SubsetFlags.RETAIN_GIDS | SubsetFlags.NO_HINTING | SubsetFlags.DESUBROUTINIZE
        self.file_content = uharfbuzz.subset(uharfbuzz.Face(self.file_content, self.index), asked).blob.data


class _Compressor:
    """What pydyf takes for zlib and for a compressor of its."""

    def compressobj(self, level: int) -> "_Compressor":  # noqa: ARG002 it is zlib's
        return self

    def compress(self, data: bytes) -> bytes:
        return bytes(deflate.zlib_compress(data, _LEVEL))

    def flush(self) -> bytes:
        return b""


def use() -> None:
    """Have WeasyPrint and pydyf use these."""
    glyphs.use()
    weasyprint.pdf.stream.Font = _Font
    pydyf.zlib = _Compressor()
