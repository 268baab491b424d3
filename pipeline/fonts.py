"""The approved fonts: BIZ UDGothic and BIZ UDPGothic, and which characters they have.

Nothing else may print: a character that these fonts lack would come silently from another one, of
another country's forms, so it is refused before a page is laid out.
"""

import os
from dataclasses import dataclass
from functools import cache
from html import escape  # that of xml.sax brings in the whole of urllib
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

# Where Debian, Ubuntu, a user without administrator's rights, Homebrew and macOS keep fonts.
FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
)


# For fontconfig, which Pango asks for fonts: the folders of the approved fonts and no other, a cache of its
# own, and of these folders (which may be shared) only the approved families. A pattern that is accepted
# goes before those that are rejected; between them the two rejected ones are all the fonts there are.
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
    """What a font can print: single characters, and sequences of a character and a variation selector."""

    characters: frozenset[str]
    sequences: frozenset[str]


@cache
def font_files() -> dict[str, Path]:
    """Where each of `FILES` is. Raises `LackError` when one is nowhere."""
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
        f"帳票の書体(BIZ UDゴシック)がありません: {missing}\n"
        "次のコマンドで入れてください: sudo apt-get install fonts-morisawa-bizud-gothic"
        "(macOSでは brew install --cask font-biz-udgothic font-biz-udpgothic)"
    )


@cache
def coverage() -> Coverage:
    """What every approved font can print: all four have the same characters (a test compares them)."""
    return read_coverage(font_files()[FILES[0]])


def confine_layout(folder: Path) -> None:
    """Let the layout engine see the approved fonts only, in the one locale that its font names may depend on.

    Writes fontconfig's configuration and cache below `folder`. Must come before WeasyPrint is imported.
    """
    folder = folder.absolute()  # fontconfig looks for a relative path elsewhere
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
    """What the font at `path` can print, from its `cmap`; format 14 lists the variation sequences."""
    from fontTools.ttLib import TTFont  # here: a tenth of a second that most messages do not need

    with TTFont(path, lazy=True) as font:
        # Glyph names are of no interest; without this, looking them up takes four fifths of the time.
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
