"""Part of stage 4: locked packages subset fonts and compress streams, so that every system writes the same bytes.

WeasyPrint subsets fonts with the system's HarfBuzz, and pydyf compresses with the zlib that Python was built with. Both
write different bytes on Debian 12, Debian 13 and Ubuntu 24.04. uharfbuzz and deflate bring their own libraries.
"""

from collections.abc import Iterable

import deflate
import pydyf
import uharfbuzz
import weasyprint.pdf.stream
from uharfbuzz import SubsetFlags, SubsetInput, SubsetInputSets

from . import glyphs

# libdeflate's levels go to 12. Level 10 takes four times as long, for files that are two percent smaller.
_LEVEL = 9

# Tables that a font in a PDF does not need: the list is WeasyPrint's.
_TABLES = ("BASE", "DSIG", "EBDT", "EBLC", "EBSC", "GPOS", "GSUB", "JSTF", "LTSH", "PCLT", "SVG ")


class _Font(glyphs.Font):
    file_content: bytes

    def subset(self, to_unicode: Iterable[int], hinting: bool) -> None:  # noqa: ARG002 hints do not matter in print
        """Reduce the font to the glyphs in `to_unicode`. Glyph numbers stay the same; overrides WeasyPrint's method."""
        asked = SubsetInput()
        # Codes above the font's glyph numbers (glyphs.py): their glyphs are in `to_unicode` by number too.
        asked.glyph_set.update(number for number in to_unicode if number < self.glyph_count)
        asked.sets(SubsetInputSets.DROP_TABLE_TAG).update(int.from_bytes(tag.encode(), "big") for tag in _TABLES)
        asked.flags = SubsetFlags.RETAIN_GIDS | SubsetFlags.NO_HINTING | SubsetFlags.DESUBROUTINIZE
        self.file_content = uharfbuzz.subset(uharfbuzz.Face(self.file_content, self.index), asked).blob.data


class _Compressor:
    """Stands in for the module `zlib` in pydyf, and for its compressor objects."""

    def compressobj(self, level: int) -> "_Compressor":  # noqa: ARG002 zlib's signature
        return self

    def compress(self, data: bytes) -> bytes:
        return bytes(deflate.zlib_compress(data, _LEVEL))

    def flush(self) -> bytes:
        return b""


def use() -> None:
    """Patch WeasyPrint and pydyf."""
    glyphs.use()
    weasyprint.pdf.stream.Font = _Font
    pydyf.zlib = _Compressor()
