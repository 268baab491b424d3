"""Stage 2: the head of each page: in which lines its parts stand, how high it becomes, and how high it may be.

The approved fonts have two widths of characters, one em and half of one, so that this can be reckoned without laying
anything out. What is reckoned here is never less than the layout takes: it decides how the parts are arranged and
whether an edition is refused. The exact height, for which the page makes room, is measured by the layout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pipeline.text import is_inseparable, width_in_ems

# Millimetres, as in styles/print.css and styles/paper.css: of an A4 page in landscape, which is as wide between its margins.
PAGE_HEIGHT = 210.0
WIDTH = 267.0
_TOP = 6.5
_TITLE_EM = 4.94
_TITLE_LINE = 5.93
_EM = 3.175
_LINE = 4.04
_ABOVE_LEGEND = 0.8
_ABOVE_ALONE = 0.6
_CONTEXT_EM = 3.0
_CONTEXT_LINE = 3.6
# Between the masthead and the table, besides the line that says where a page goes on.
_BELOW = 1.1
# What every page has: room for a title, a legend and a line of context.
ROOM = 22.0
# A higher head would leave too little to the list; and so would a higher block of meanings on the first page.
MOST_HEIGHT = PAGE_HEIGHT / 4
MOST_HEIGHT_OF_MEANINGS = PAGE_HEIGHT / 2

# Of the block of meanings: its frame, its padding and what is below it; at the left and right of its text, in ems.
_AROUND_MEANINGS = 4.2
_BESIDE_MEANINGS = 2.6

# What a legend without meanings says of them.
MEANINGS_ARE_THERE = "(意味は1ページ)"

# A box around 案 and 資料番号: its padding, and its distance from what stands at its left.
_MARK = 6.5
_MARK_LINE = 5.0
# The least between two parts that stand in one line.
_GAP = 4.0
# A legend of so many lines may stand beside the date and the office.
_LINES_BESIDE = 2
# The label of a legend stands to the left of its entries unless it is longer than this, in ems.
_LONG_LABEL = 30

_MAY_NOT_BEGIN = "、。，．・：；？！ー々〜～…‥)）」』】〉》〕］}｝ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
_MAY_NOT_END = "(（「『【〈《〔［{｛"
_PAUSES = "、。，．・：；？！ 　)）」』】〉》〕］"


@dataclass(frozen=True, slots=True)
class Legend:
    """The symbols of an edition, or of several, with their meanings; `label` goes before them and `note` behind."""

    label: str
    entries: Mapping[str, str]
    note: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Its parts, each of which stands in one line where that is possible."""
        return (*(symbol + meaning for symbol, meaning in self.entries.items()), *((self.note,) if self.note else ()))

    @property
    def hangs(self) -> bool:
        """Whether its lines all begin behind the label."""
        return width_in_ems(self.label) <= _LONG_LABEL

    def lines(self, room: float) -> int:
        """How many lines it takes at most in `room` ems."""
        label = width_in_ems(self.label)
        count = 1
        if not self.hangs:
            count += _lines(label, room)
        else:
            room -= label
        used = 0.0
        for text in self.texts:
            # A space and the margin before the next entry.
            width = width_in_ems(text) + 1.5
            if used and used + width > room:
                count, used = count + 1, 0.0
            if width > room:
                count += _lines(width, room) - 1
            used += width
        return count

    @property
    def height_of_block(self) -> float:
        """How high it is at most, in millimetres, as a block of its own in which each meaning begins a line."""
        room = WIDTH / _EM - _BESIDE_MEANINGS - width_in_ems(self.label)
        return _AROUND_MEANINGS + _LINE * sum(_lines(width_in_ems(text) + 0.5, room) for text in self.texts)

    def without_meanings(self) -> "Legend":
        """Its short form, for pages on which the meanings do not stand."""
        return Legend(self.label, dict.fromkeys(self.entries, ""), MEANINGS_ARE_THERE)


@dataclass(frozen=True)
class PageHead:
    """What stands at the head of a page; `context` is the longest line that says where one goes on.

    `width` is that between the margins, in millimetres. Of several legends, all but the first have lines of their own.
    """

    title: str
    fiscal_year: str = ""
    draft: str = ""
    document_number: str = ""
    legends: tuple[Legend, ...] = ()
    issued: str = ""
    context: str = ""
    width: float = WIDTH

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Its parts from left to right in each row: "year", "title", "marks", "legend", "issued"."""
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
        """What the stylesheets call the arrangement of the parts: year, title and marks; legend, date and office."""
        first = (
            "" if len(self.rows[0]) == 3 else "title-below" if ("year", "marks") in self.rows else "below-each-other"
        )
        return first, "issued-above" if ("issued",) in self.rows else ""

    @cached_property
    def title_lines(self) -> tuple[str, ...]:
        """The title in lines that are about as long as each other and begin where one would pause."""
        title = " ".join(self.title.split("\n"))
        return balanced(title, int(self.width / _TITLE_EM)) if self.heights["表題"] <= MOST_HEIGHT else (title,)

    @property
    def legend_lines(self) -> tuple[int, ...]:
        """How many lines each of the legends takes at most."""
        beside = width_in_ems(self.issued) + 1 if ("legend", "issued") in self.rows and self.issued else 0
        room = self.width / _EM
        return tuple(legend.lines(room - (0 if at else beside)) for at, legend in enumerate(self.legends))

    @property
    def context_lines(self) -> int:
        return max(1, _lines(width_in_ems(self.context), self.width / _CONTEXT_EM))

    @property
    def heights(self) -> Mapping[str, float]:
        """How high each part is at most, in millimetres, by its key in the source."""
        room = self.width / _EM
        alone = {row[0] for row in self.rows if len(row) == 1}
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
            "凡例": sum(self.legend_lines) * _LINE + len(self.legends) * _ABOVE_LEGEND,
            "名称": self.context_lines * _CONTEXT_LINE,
        }

    @property
    def height(self) -> float:
        """The room that it needs above the table, in millimetres; not less than what the layout takes."""
        alone = sum(len(row) == 1 for row in self.rows)
        return max(ROOM, _TOP + _BELOW + sum(self.heights.values()) + _ABOVE_ALONE * alone)

    def most(self, part: str) -> int:
        """How many ems `part`, a key of `heights`, may have for the head not to be too high, if the others stay."""
        line, em = {"表題": (_TITLE_LINE, _TITLE_EM), "名称": (_CONTEXT_LINE, _CONTEXT_EM)}.get(part, (_LINE, _EM))
        room = MOST_HEIGHT - (self.height - self.heights[part])
        return int(max(1, room // line) * (self.width // em - 2))

    @property
    def is_plain(self) -> bool:
        """Whether each part surely stands in the one line for which every page has room."""
        return self.rows in (_PLAIN, _PLAIN[:1], (_PLAIN[0], ("issued",))) and sum(self.legend_lines) <= 1

    @property
    def _marks_width(self) -> float:
        return sum(width_in_ems(mark) * _EM + _MARK for mark in (self.draft, self.document_number) if mark)

    @property
    def _is_issued_beside(self) -> bool:
        """Whether date and office stand at the right of the legend: if that costs no line and leaves it not too narrow."""
        if not self.issued:
            return True
        room = self.width / _EM
        rest = room - width_in_ems(self.issued) - 1
        if rest <= 0:
            return False
        beside, alone = self.legends[0].lines(rest), self.legends[0].lines(room)
        return beside <= min(_LINES_BESIDE, alone + 1)


_PLAIN = (("year", "title", "marks"), ("legend", "issued"))


def _lines(width: float, room: float) -> int:
    """How many lines a text of such a width takes at most: what may not begin a line takes the character before along."""
    return 1 if width <= room else int(-(-width // max(1, room - 2)))


def balanced(text: str, width: int) -> tuple[str, ...]:
    """`text` in as few lines of at most `width` ems as can be, about as long as each other.

    They end where one would pause, if there is such a place nearby, and never where Japanese does not break a line.
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
        count = max(count - 1, -(-width_in_ems(text) // width))
    return (*lines, text)


def may_break(text: str, at: int) -> bool:
    """Whether a line may end before the character at `at`, by the rules of Japanese and within no word of Latin letters."""
    before, after = text[at - 1], text[at]
    if is_inseparable(after):
        return False
    return after not in _MAY_NOT_BEGIN and before not in _MAY_NOT_END and not (_is_latin(before) and _is_latin(after))


def _cost(text: str, at: int) -> int:
    """How many ems from the middle a line may rather end than between these two characters."""
    before, after = text[at - 1], text[at]
    if "ぁ" <= after <= "ゖ":
        return 8
    if before in _PAUSES or after in _MAY_NOT_END:
        return 0
    return 1 if "ぁ" <= before <= "ゖ" else 8


def _is_latin(character: str) -> bool:
    return character.isascii() and not character.isspace()
