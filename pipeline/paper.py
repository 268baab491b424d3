"""The measures of the paper: the single place of each number that both Python and a stylesheet use.

Python needs them before layout: to arrange the head of a page, to draw charts, to compute what fits into a line.
Stylesheets use `var(--paper-NAME)` with the NAMEs of `MEASURES`. `filled` replaces these when the sheet is inlined,
because browsers and WeasyPrint do not support custom properties in `@page`. `Widths.rules` turns the widths of columns
into CSS rules. Numbers are millimetres, or points if a name ends in `_PT`; an em is the width of a kanji.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

PT = 25.4 / 72
PX = 25.4 / 96


@dataclass(frozen=True, slots=True)
class Sheet:
    """A size of paper, upright or landscape."""

    name: str  # as in CSS
    width: float
    height: float

    @property
    def points(self) -> tuple[float, float]:
        """Width and height in points, the unit of a PDF's page boxes."""
        return round(self.width / PT, 2), round(self.height / PT, 2)

    @property
    def content_width(self) -> float:
        """The width between the margins."""
        return self.width - LEFT - RIGHT

    @property
    def lines(self) -> int:
        """The number of lines of a row that fit on a page below the column heads."""
        return int((self.height - TOP - BOTTOM - COLUMN_HEADS) / (TYPE_PT * LINE_HEIGHT * PT))


A4 = Sheet("A4 landscape", 297, 210)
A4_UPRIGHT = Sheet("A4 portrait", 210, 297)
A3 = Sheet("A3 landscape", 420, 297)
# By their names in the source (用紙).
SHEETS = {"A4横": A4, "A4縦": A4_UPRIGHT, "A3横": A3}

# The margins. The sheets are stapled or bound at the left. The top holds a title, a legend and a line of context.
TOP, RIGHT, BOTTOM, LEFT = 22.0, 10.0, 11.0, 20.0

# Type. 8.5pt is the largest in which the original's longest page (NO 19 to 35) stays one page.
TYPE_PT = 8.5
# The longest page has 37 lines in 25 rows, which fit into the 177 mm below the masthead.
LINE_HEIGHT = 1.27
TITLE_PT, TITLE_LINE_HEIGHT = 14.0, 1.2
# Type size of the masthead except its title, and of the block of meanings.
HEAD_PT = 9.0

# Space above the masthead, above a legend, and above a part of the masthead that is alone in its row.
MASTHEAD_TOP, LEGEND_TOP, ROW_TOP = 6.5, 0.8, 0.6

# Tables: the width of the thin rules, and the padding at each side of a cell's text.
RULE = 0.3 * PT
CELL_SIDE = 1.2
# The most height of a page that column heads and rules take.
COLUMN_HEADS = 12.0

# The width of a column that takes the remaining width.
REST = 0.0


def em(size: float) -> float:
    """The width in millimetres of a kanji in type of `size` points, rounded up to 0.001: never too narrow."""
    return math.ceil(size * PT * 1000 - 1e-6) / 1000


@dataclass(frozen=True, slots=True)
class Widths:
    """The widths of a table's columns by the class of their `col`; columns of `REST` share the remaining width."""

    columns: tuple[tuple[str, float], ...]
    total: float = A4.content_width

    def of(self, name: str) -> float:
        """The width of the column `name`."""
        if width := dict(self.columns)[name]:
            return width
        taken = sum(width for _, width in self.columns)
        return (self.total - taken) / sum(width == REST for _, width in self.columns)

    def ems(self, name: str, side: float = 0.0) -> int:
        """The number of kanji that fit into a line of the column `name`, with a padding of `side` at each side."""
        return int((self.of(name) - RULE - 2 * side) / (TYPE_PT * PT))

    def figures(self, name: str) -> int:
        """The number of digits, each half an em wide, that fit into a line of the column `name`."""
        return int(2 * (self.of(name) - RULE - 2 * CELL_SIDE) / (TYPE_PT * PT))

    def rules(self, table: str) -> str:
        """The CSS rules that give the columns of the `table`, a selector, their widths."""
        return "".join(
            f"{table} col.{name} {{ width: {width:g}mm; }}\n" for name, width in dict(self.columns).items() if width
        )


def width_of_figures(count: int) -> float:
    """The width of a column for numbers of `count` digits."""
    return 3 + 1.5 * count


# The widths of the report's columns, by kind (model/column_widths.py): the least of numbers, symbols and terms, which
# grow with their contents; the most and the least of names, and the least of prose, which share the rest. On the
# original's sheet a line has 23 kanji in a name and 48 in prose. With this division, no last line of the original has
# only one or two characters, and most names fit in one line.
LEVEL, NUMBER, SYMBOL, TERM = 8.0, 9.0, 10.5, 13.0
NAME, NAME_LEAST, PROSE_LEAST = 72.0, 34.0, 34.0

# The comparison (新旧対照表): the column of changes, and the least of the columns of each side, by kind. Prose that would
# be narrower than the last, 15 kanji a line, is hard to read: then each changed column has a row of its own
# (model/side_widths.py).
COMPARISON = {"kinds": 15.5, "number": 8.0, "name": 37.0, "symbol": 9.5, "term": 10.5}
COMPARISON_PROSE_LEAST = 50.0
# The columns of those rows: the changes of the item, the column, its new and its old value.
COMPARISON_ROWS = (("kinds", 15.5), ("column", 32.0), ("value", REST), ("value", REST))
# Its list of changes by name (新設・統合・名称変更・終了した項目).
COMPARISON_LISTED = {"kind": 30.0, "number": 12.0, "label": 24.0, "item": REST, "remark": 44.0}

# The errata (正誤表).
ERRATA = Widths((("page", 15.0), ("number", 11.0), ("name", 45.0), ("place", 32.0), ("text", REST), ("text", REST)))
# Without the column of NOs, where the paper prints no NO: items have numbers of their own before their names.
ERRATA_BY_NAME = Widths((("page", 15.0), ("name", 56.0), *ERRATA.columns[3:]))

# The history (経過): the columns of the table of shares (year, total, bar), and the column of an edition in the list of
# items. A narrow one fits 未記入 below a NO, or a symbol and a NO of three digits; a wide one fits 未記入 next to a NO.
SHARES_YEAR, SHARES_TOTAL = 24.0, 11.0
SHARES_BAR = {A4: 97.0, A3: 197.0}
EDITION_NARROW, EDITION_LONG_NUMBER, EDITION_WIDE = 13.5, 14.5, 17.0

MEASURES: Mapping[str, str] = {
    "top": f"{TOP:g}mm",
    "right": f"{RIGHT:g}mm",
    "bottom": f"{BOTTOM:g}mm",
    "left": f"{LEFT:g}mm",
    "type": f"{TYPE_PT:g}pt",
    "line-height": f"{LINE_HEIGHT:g}",
    "title-type": f"{TITLE_PT:g}pt",
    "title-line-height": f"{TITLE_LINE_HEIGHT:g}",
    "head-type": f"{HEAD_PT:g}pt",
    "masthead-top": f"{MASTHEAD_TOP:g}mm",
    "legend-top": f"{LEGEND_TOP:g}mm",
    "row-top": f"{ROW_TOP:g}mm",
    "cell-side": f"{CELL_SIDE:g}mm",
}


def filled(style: str) -> str:
    """`style` with each `var(--paper-NAME)` replaced by its measure. Raises `LookupError` for an unknown name."""

    def measure(name: re.Match[str]) -> str:
        if name[1] not in MEASURES:
            raise LookupError(f"var(--paper-{name[1]}) は pipeline/paper.py にない寸法です")
        return MEASURES[name[1]]

    return re.sub(r"var\(--paper-([a-z-]+)\)", measure, style)
