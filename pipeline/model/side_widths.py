"""Stage 2: the widths of the columns of two editions side by side, for the comparison.

The columns that need a certain width get it, the same for a column that both editions have; prose shares the rest. Where
that leaves too little for prose, or where an edition has figures of several years, two sides do not fit. Then the
comparison has a row for each changed column instead.
"""

from functools import cached_property

from pipeline.paper import (
    A3,
    A4,
    CELL_SIDE,
    COMPARISON,
    COMPARISON_PROSE_LEAST,
    REST,
    RULE,
    TYPE_PT,
    Sheet,
    Widths,
    em,
    width_of_figures,
)
from pipeline.text import width_in_ems

from .column_widths import ColumnWidths
from .edition import Edition
from .form import Column

# The digits of a NO for which the narrow column has room.
FIGURES_OF_NUMBERS = Widths((("number", COMPARISON["number"]),)).figures("number")


class SideWidths:
    """The widths of the columns of `new`, on the left, and of `old`, by side and name: new-item, old-item."""

    def __init__(self, old: Edition, new: Edition) -> None:
        self.sides = (("new", new), ("old", old))
        self.sheet: Sheet = A3 if new.form.sheet is A3 else A4

    @cached_property
    def widths(self) -> Widths:
        """The width of the column of changes and of each column of both sides."""
        needed = [self._needed(edition) for _, edition in self.sides]
        columns = [("kinds", COMPARISON["kinds"])]
        for side, edition in self.sides:
            for column in columns_of_side(edition):
                widths = [found[column.key] for found in needed if column.key in found]
                columns.append((f"{side}-{column.name}", REST if REST in widths else max(widths)))
        return Widths(tuple(columns), self.sheet.content_width)

    @property
    def fit(self) -> bool:
        """Whether both sides fit beside each other and can be read."""
        if any(column.years for _, edition in self.sides for column in edition.columns):
            return False
        rest = [name for name, width in self.widths.columns if width == REST]
        return all(self.widths.of(name) >= COMPARISON_PROSE_LEAST for name in rest[:1])

    def _needed(self, edition: Edition) -> dict[str, float]:
        """The width that each column of `edition` needs, by key; `REST` of those that take the rest."""
        printed = ColumnWidths(edition, self.sheet)
        columns = columns_of_side(edition)
        has_prose = any(column.kind == "prose" for column in columns)
        return {column.key: self._width(edition, column, printed, has_prose) for column in columns}

    def _width(self, edition: Edition, column: Column, printed: ColumnWidths, has_prose: bool) -> float:
        if column.kind == "prose" or (column.kind == "name" and not has_prose):
            return REST
        if column.kind == "name":
            return COMPARISON["name"]
        if column.field == "number":
            figures = max((len(str(number)) for _, one in self.sides for number in one.items), default=1)
            return COMPARISON["number"] if figures <= FIGURES_OF_NUMBERS else width_of_figures(figures)
        width = printed.needed(column.name)
        if column.kind == "figure":
            # Below the new figure stands the difference: (△1,250).
            room = printed.figures[column.name]
            return max(width, (room.whole + room.fraction + 4) / 2 * em(TYPE_PT) + 2 * CELL_SIDE + RULE)
        if column.kind not in ("symbol", "term"):
            return width
        # Narrower than in the report if every word stands in one line there too.
        narrow = COMPARISON[column.kind]
        words = {*(column.words or {}), *(item.text(column) for item in edition.items.values())}
        ems = max(map(width_in_ems, words))
        return narrow if ems <= Widths((("one", narrow),)).ems("one") else width


def columns_of_side(edition: Edition) -> tuple[Column, ...]:
    """The columns of one side: all but the levels."""
    return tuple(column for column in edition.columns if column.kind != "level")
