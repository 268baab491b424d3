"""Stage 2: the head of each page: the arrangement of its parts in rows, its height, and the greatest height allowed.

Characters of the approved fonts are one em or half an em wide, so heights are computed from the texts without layout.
They are upper bounds of what the layout takes. They decide how the parts are arranged and whether an edition is
refused; the layout measures the exact height, and sets the page margin by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.paper import (
    A4,
    HEAD_PT,
    LEGEND_TOP,
    LINE_HEIGHT,
    MASTHEAD_TOP,
    ROW_TOP,
    TITLE_LINE_HEIGHT,
    TITLE_PT,
    TOP,
    TYPE_PT,
    Sheet,
    em,
)
from pipeline.text import MAY_NOT_END, may_break, set_apart, width_in_ems

# The em and the height of a line of the title, of the rest of the masthead and of the context, in millimetres.
_TITLE_EM, _TITLE_LINE = em(TITLE_PT), em(TITLE_PT * TITLE_LINE_HEIGHT)
_EM, _LINE = em(HEAD_PT), em(HEAD_PT * LINE_HEIGHT)
_CONTEXT_EM, _CONTEXT_LINE = em(TYPE_PT), em(TYPE_PT * 1.2)
# Between the masthead and the table, in addition to the line of context ("… (続き)").
_BELOW = 1.1
# The block of meanings: its frame, padding and bottom margin in millimetres; the space beside its text in ems.
_AROUND_MEANINGS = 4.2
_BESIDE_MEANINGS = 2.6

# The note of a legend without meanings: where they are printed.
MEANINGS_ARE_THERE = "(意味は1ページ)"

# The label of several legends together.
LEGEND = "凡例："

# The boxes around 案 and 資料番号: their padding plus the gap at their left, and the height of a line of them.
_MARK = 6.5
_MARK_LINE = 5.0
# The least gap between two parts in one row.
_GAP = 4.0
# The most lines of a legend that may share a row with the date and the office.
_LINES_BESIDE = 2
# The longest label, in ems, that hangs to the left of its legend's entries; a longer one has lines of its own.
_LONG_LABEL = 30

_PAUSES = "、。，．・：；？！ 　)）」』】〉》〕］"


@dataclass(frozen=True, slots=True)
class Legend:
    """The symbols of one or several editions with their meanings, a `label` before them and a `note` after them."""

    label: str
    entries: Mapping[str, str]
    note: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The entries and the note, each kept in one line where it fits."""
        entries = (set_apart(symbol) + meaning for symbol, meaning in self.entries.items())
        return (*entries, *((self.note,) if self.note else ()))

    @property
    def hangs(self) -> bool:
        """Whether the label hangs: all lines of entries are indented by its width."""
        return width_in_ems(self.label) <= _LONG_LABEL

    def lines(self, room: float) -> int:
        """An upper bound of the number of lines in a width of `room` ems."""
        label = width_in_ems(self.label)
        count = 1
        if not self.hangs:
            count += _lines(label, room)
        else:
            room -= label
        used = 0.0
        for text in self.texts:
            # 1.5 em: a space and the margin before the next entry.
            width = width_in_ems(text) + 1.5
            if used and used + width > room:
                count, used = count + 1, 0.0
            if width > room:
                count += _lines(width, room) - 1
            used += width
        return count

    def height_of_block(self, width: float) -> float:
        """An upper bound of its height as a block `width` wide, in which each meaning begins a new line; millimetres."""
        room = width / _EM - _BESIDE_MEANINGS - width_in_ems(self.label)
        return _AROUND_MEANINGS + _LINE * sum(_lines(width_in_ems(text) + 0.5, room) for text in self.texts)

    def without_meanings(self) -> "Legend":
        """Its short form, for pages without the meanings."""
        return Legend(self.label, dict.fromkeys(self.entries, ""), MEANINGS_ARE_THERE)


def short_legends(legends: Sequence[Legend]) -> tuple[Legend, ...]:
    """One legend for pages without the meanings: every symbol once."""
    if not legends:
        return ()
    symbols = {symbol: "" for legend in legends for symbol in legend.entries}
    return (Legend(legends[0].label if len(legends) == 1 else LEGEND, symbols).without_meanings(),)


@dataclass(frozen=True)
class PageHead:
    """The texts at the head of a page, and their arrangement.

    `context` is the longest line that a page continuing a section shows. Only the first of several legends can share its
    row with date and office (`issued`).
    """

    title: str
    fiscal_year: str = ""
    draft: str = ""
    document_number: str = ""
    legends: tuple[Legend, ...] = ()
    issued: str = ""
    context: str = ""
    sheet: Sheet = A4

    @property
    def width(self) -> float:
        """The width between the margins, in millimetres."""
        return self.sheet.content_width

    @property
    def most_height(self) -> float:
        """The greatest height of a head, in millimetres: the rest of the page is the list's."""
        return self.sheet.height / 4

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The parts of each row from left to right: "year", "title", "marks", "legend", "issued"."""
        year, marks = width_in_ems(self.fiscal_year) * _EM, self._marks_width
        title = width_in_ems(self.title) * _TITLE_EM
        rows: list[tuple[str, ...]]
        if title + 2 * (max(year, marks) + _GAP) <= self.width:
            rows = [("year", "title", "marks")]
        elif not year and not marks:
            rows = [("title",)]
        elif year + marks + _GAP <= self.width:
            rows = [("year", "marks"), ("title",)]
        else:
            rows = [*([("marks",)] if marks else []), *([("year",)] if year else []), ("title",)]
        if not self.legends:
            rows += [("issued",)] if self.issued else []
        elif self._is_issued_beside:
            rows.append(("legend", "issued"))
        else:
            rows += [("issued",), ("legend",)]
        return tuple(rows)

    @property
    def arrangement(self) -> tuple[str, str]:
        """Two CSS classes: the arrangement of year, title and marks, and that of legend, date and office."""
        first = (
            "" if len(self.rows[0]) == 3 else "title-below" if ("year", "marks") in self.rows else "below-each-other"
        )
        return first, "issued-above" if ("issued",) in self.rows else ""

    @cached_property
    def title_lines(self) -> tuple[str, ...]:
        """The title in balanced lines (see `balanced`), or in one if the head is too high anyway."""
        title = " ".join(self.title.split("\n"))
        return balanced(title, int(self.width / _TITLE_EM)) if self.heights["表題"] <= self.most_height else (title,)

    @property
    def legend_lines(self) -> tuple[int, ...]:
        """An upper bound of the number of lines of each legend."""
        beside = width_in_ems(self.issued) + 1 if ("legend", "issued") in self.rows and self.issued else 0
        room = self.width / _EM
        return tuple(legend.lines(room - (0 if at else beside)) for at, legend in enumerate(self.legends))

    @property
    def context_lines(self) -> int:
        """An upper bound of the number of lines of the context; at least 1."""
        return _lines(width_in_ems(self.context), self.width / _CONTEXT_EM)

    @property
    def heights(self) -> Mapping[str, float]:
        """An upper bound of each part's height in millimetres, by its key in the source."""
        room = self.width / _EM
        alone = {part for part, *others in self.rows if not others}
        beside = ("year", "marks") in self.rows
        return {
            "表題": _lines(width_in_ems(self.title), self.width // _TITLE_EM) * _TITLE_LINE,
            "年度": _lines(width_in_ems(self.fiscal_year), room) * _LINE if "year" in alone else 0.0,
            "資料番号": _LINE
            if beside
            else _lines(self._marks_width / _EM, room) * _MARK_LINE
            if "marks" in alone
            else 0.0,
            "担当課": _lines(width_in_ems(self.issued), room) * _LINE if "issued" in alone else 0.0,
            "凡例": sum(self.legend_lines) * _LINE + len(self.legends) * LEGEND_TOP,
            "名称": self.context_lines * _CONTEXT_LINE,
        }

    @property
    def height(self) -> float:
        """An upper bound, in millimetres, of the height from the page's upper edge to the table."""
        alone = sum(len(row) == 1 for row in self.rows)
        return max(TOP, MASTHEAD_TOP + _BELOW + sum(self.heights.values()) + ROW_TOP * alone)

    def most(self, part: str) -> int:
        """The most ems that `part` (a key of `heights`) may have in an otherwise unchanged head."""
        line, em = {"表題": (_TITLE_LINE, _TITLE_EM), "名称": (_CONTEXT_LINE, _CONTEXT_EM)}.get(part, (_LINE, _EM))
        room = self.most_height - (self.height - self.heights[part])
        return int(max(1, room // line) * (self.width // em - 2))

    @property
    def is_plain(self) -> bool:
        """Whether the head surely fits in `ROOM`: each part in one line, in the usual arrangement."""
        return self.rows in (_PLAIN, _PLAIN[:1], (_PLAIN[0], ("issued",))) and sum(self.legend_lines) <= 1

    @property
    def _marks_width(self) -> float:
        return sum(width_in_ems(mark) * _EM + _MARK for mark in (self.draft, self.document_number) if mark)

    @property
    def _is_issued_beside(self) -> bool:
        """Whether date and office share the legend's row: if the legend has few lines beside them."""
        if not self.issued:
            return True
        legend, *_ = self.legends
        return legend.lines(self.width / _EM - width_in_ems(self.issued) - 1) <= _LINES_BESIDE


_PLAIN = (("year", "title", "marks"), ("legend", "issued"))


def _lines(width: float, room: float) -> int:
    """An upper bound of the lines of a text `width` ems wide in a width of `room` ems.

    2 em of each line may stay empty: a character that may not begin a line takes the one before it along.
    """
    return 1 if width <= room else int(-(-width // max(1, room - 2)))


def balanced(text: str, width: int) -> tuple[str, ...]:
    """`text` in as few lines of at most `width` ems as possible, of about equal length.

    Lines end at a pause if there is one nearby, and only where `may_break` allows it.
    """
    count = -(-width_in_ems(text) // width)
    lines: list[str] = []
    while count > 1:
        ideal = width_in_ems(text) / count
        ends = [at for at in range(1, len(text)) if may_break(text, at) and width_in_ems(text[:at]) <= width]
        if not ends:
            break
        end = min(ends, key=lambda at: abs(width_in_ems(text[:at]) - ideal) + _cost(text, at))
        lines.append(text[:end].rstrip())
        text = text[end:].lstrip()
        count = -(-width_in_ems(text) // width)
    return (*lines, text)


def _cost(text: str, at: int) -> int:
    """The penalty of a line break before the character at index `at`, in ems of distance from the ideal line end."""
    before, after = text[at - 1], text[at]
    if "ぁ" <= after <= "ゖ":
        return 8
    if before in _PAUSES or after in MAY_NOT_END:
        return 0
    return 1 if "ぁ" <= before <= "ゖ" else 8
