"""The approved fonts, BIZ UDGothic and BIZ UDPGothic: where they are, and which characters they have.

No other font may be used. For a character that these lack, the layout would silently fall back to another font, with
glyph forms of another country perhaps; so such a character is refused before layout.
"""

import os
from dataclasses import dataclass
from functools import cache
from html import escape  # not xml.sax.saxutils.escape, which imports urllib
from pathlib import Path

from .delivery.files import permitted, replace_file
from .errors import LackError
from .reading import UnreadableError, read_file

FAMILIES = ("BIZ UDGothic", "BIZ UDPGothic")
FILES = (
    "BIZUDGothic-Regular.ttf",
    "BIZUDGothic-Bold.ttf",
    "BIZUDPGothic-Regular.ttf",
    "BIZUDPGothic-Bold.ttf",
)

# Font folders of Debian and Ubuntu, of a user without administrator's rights, of Homebrew and of macOS.
FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
)


# Configuration of fontconfig, which Pango uses: the folders of the approved fonts, a cache of our own, and a filter,
# since the folders may hold other fonts. Accepted patterns take precedence; the two rejected ones cover every font.
_FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
{folders}
<cachedir>{cache}</cachedir>
<selectfont>
<acceptfont>
{families}
</acceptfont>
<rejectfont>
<pattern><patelt name="scalable"><bool>true</bool></patelt></pattern>
<pattern><patelt name="scalable"><bool>false</bool></patelt></pattern>
</rejectfont>
</selectfont>
</fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The characters of a font, and its sequences of a character and a variation selector."""

    characters: frozenset[str]
    sequences: frozenset[str]


@cache
def font_files() -> dict[str, Path]:
    """The path of each of `FILES`. Raises `LackError` if one is missing."""
    found: dict[str, Path] = {}
    for folder in map(os.path.expanduser, FOLDERS):
        for place, _, names in os.walk(folder):
            for name in names:
                if name in FILES:
                    found.setdefault(name, Path(place, name))
        if len(found) == len(FILES):
            return found
    missing = "、".join(name for name in FILES if name not in found)
    raise LackError(
        f"資料に使う書体(BIZ UDゴシック)がありません: {missing}\n"
        "次のコマンドで入れてください: sudo apt-get install fonts-morisawa-bizud-gothic"
        "(macOSでは brew install --cask font-biz-udgothic font-biz-udpgothic)"
    )


@cache
def coverage() -> Coverage:
    """The coverage of the first approved font; all four have the same (tested)."""
    return read_coverage(font_files()[FILES[0]])


def confine_layout(folder: Path) -> None:
    """Configure fontconfig so that the layout engine finds only the approved fonts, and fix the locale.

    The locale can affect the names of fonts. Writes the configuration and the cache below `folder`. Must be called
    before WeasyPrint is imported. Raises `LackError`.
    """
    folder = folder.absolute()  # fontconfig does not resolve a relative path from the working directory
    with permitted(folder / "fonts.conf"):
        folder.mkdir(parents=True, exist_ok=True)
    configuration = _FONTCONFIG.format(
        folders="\n".join(
            f"<dir>{escape(str(path))}</dir>" for path in sorted({p.parent for p in font_files().values()})
        ),
        cache=escape(str(folder)),
        families="\n".join(
            f'<pattern><patelt name="family"><string>{family}</string></patelt></pattern>' for family in FAMILIES
        ),
    )
    path = folder / "fonts.conf"
    written = configuration.encode()
    try:
        is_there = read_file(path).data == written
    except UnreadableError:
        is_there = False
    if not is_there:
        replace_file(path, written)
    os.environ["FONTCONFIG_FILE"] = str(path)
    os.environ["LC_ALL"] = "C.UTF-8"
    os.environ.pop("FC_LANG", None)


def read_coverage(path: Path) -> Coverage:
    """The coverage of the font at `path`, from its `cmap` table; subtables of format 14 list variation sequences."""
    from fontTools.ttLib import TTFont  # late: the import takes 0.1 s, and most runs need no coverage

    with TTFont(path, lazy=True) as font:
        # Set placeholder glyph names: reading the real ones, which are not needed, takes four fifths of the time.
        font.setGlyphOrder([str(index) for index in range(font["maxp"].numGlyphs)])
        cmap = font["cmap"]
        sequences = frozenset(
            chr(base) + chr(selector)
            for table in cmap.tables
            if table.format == 14
            for selector, pairs in table.uvsDict.items()
            for base, _ in pairs
        )
        return Coverage(frozenset(map(chr, cmap.getBestCmap())), sequences)
