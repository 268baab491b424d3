"""The page of the summary (集計表): counts, a chart and the change since the edition before, on one page if possible.

Every column of symbols or terms is counted, by section of the outermost level, if one of them is the main one (集計: 主).
The chart shows the main one. Without a main column there are only the numbers of items.

Repeats are excluded from every total and counted apart. Editions are compared by meaning, because their symbols may
differ.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.documents.document import Carried
from pipeline.documents.html import (
    LEGEND_COLON,
    Masthead,
    arranged,
    document_title,
    page_head,
    percent,
    permille,
    plain,
    render,
)
from pipeline.model.dates import western_year
from pipeline.model.edition import Edition, Heading, Item
from pipeline.model.form import BLANK, Column, without_note_marks
from pipeline.model.page_head import Legend
from pipeline.paper import A4, BOTTOM, LINE_HEIGHT, PX, RULE, TOP, TYPE_PT, Widths, em
from pipeline.text import break_label, brief, flat, set_apart, width_in_ems
from pipeline.years.pairing import paired_columns
from pipeline.years.similarity import fold

from .chart import EM, FILLS, UNFILLED, BarData, Chart, Drawing

TITLE = "集計表"
TOTAL = "計(再掲を除く)"
WHOLE = "全体"
# In place of a number that does not exist: unknown to the other edition's legend, or a share of nothing.
NOTHING = "-"
# The minus sign of office tables, in columns of differences only.
MINUS = "△"

# The comparison stands beside the chart up to so many lines (the second: further lines of long names), else below.
_LINES_BESIDE = 14
_MORE_LINES_BESIDE = 8
# With more columns the padding around numbers is smaller.
_NARROW = 12
# How wide the column of the sections' names is at least, in millimetres; and how wide it may be beside how many columns.
# In the widest the longest name of the original stands in one line.
_LEAST_NAME = 60
_NAMES = ((80, 18), (92, 14), (104, 12))
# The most columns of numbers in a table, unless one counted column alone has more: with more, 100.0 has no room.
_MOST_COLUMNS = 22
# The width of a column in a table that counts nothing but items.
_ITEMS_ALONE = 26


@dataclass(frozen=True, slots=True)
class Count:
    """Numbers of items, of repeats, and of each symbol and term, by the names of their columns."""

    items: int
    repeats: int
    words: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class CountColumn:
    """A column of counts: the counted symbol or term (`key`), the printed symbol and label.

    `is_long`: the meaning stands in the block on page 1, and nowhere else in full.
    """

    id: str
    key: str
    symbol: str
    label: str
    is_long: bool = False

    @property
    def called(self) -> str:
        """What a sentence calls it."""
        return self.symbol if self.is_long else self.label

    @property
    def entry(self) -> str:
        """Its entry in the key of the chart. A letter or a word is set apart from its meaning."""
        return self.symbol if self.is_long else set_apart(self.symbol) + self.label


@dataclass(frozen=True, slots=True)
class CountGroup:
    """The columns of counts of one column of the list."""

    column: Column
    columns: tuple[CountColumn, ...]

    @property
    def name(self) -> str:
        """Its identifier."""
        return self.column.name

    @property
    def head(self) -> str:
        """What stands above its columns."""
        return plain(self.column.head)


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of an edition: of the whole, and of each section of the outermost level below its heading."""

    edition: Edition
    groups: tuple[CountGroup, ...]
    whole: Count
    sections: tuple[tuple[Heading, Count], ...]

    @property
    def main(self) -> CountGroup | None:
        """The group of the column that the chart shows."""
        return next((group for group in self.groups if group.column.is_main), None)


# A counted column of both editions: the old one and the new one.
Pair = tuple[Column, Column]


@dataclass(frozen=True, slots=True)
class CountRow:
    """A row: head and numbers as printed."""

    id: str
    head: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountTable:
    """A table of counts: one holds every counted column, or as many as there is room for. `prefix` begins its ids.

    `names` is the width of the column of names in millimetres, `head_lines` the heads of the columns by id.
    """

    prefix: str
    groups: tuple[CountGroup, ...]
    names: int
    lines: tuple[CountRow, ...]
    foot: tuple[CountRow, ...]
    heading: str
    head_lines: Mapping[str, tuple[str, ...]]
    is_narrow: bool


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A row of the comparison: numbers, change and shares. `reading` is the change for screen readers."""

    id: str
    head: str
    old: str
    new: str
    change: str
    reading: str
    old_share: str
    new_share: str


@dataclass(frozen=True, slots=True)
class Spacing:
    """The vertical spacing of the page. Sizes of type are points, distances millimetres, `pitch` ems.

    `lead` and `table` are the type of the first sentences and of the tables. `above` is the margin above a heading, `row`
    and `difference` the padding above and below a row of the counts and of the comparison, `note` the margin above a note,
    `beside` the padding at the right of a number. `pitch` is the least distance from bar to bar.
    """

    lead: float
    table: float
    above: float
    row: float
    difference: float
    note: float
    beside: float
    pitch: float

    @property
    def properties(self) -> dict[str, str]:
        """The values as custom properties for styles/summary.css."""
        distances = ("above", "row", "difference", "note", "beside")
        return {
            "lead-type": f"{self.lead:g}pt",
            "table-type": f"{self.table:g}pt",
            **{name: f"{getattr(self, name):g}mm" for name in distances},
        }

    @property
    def em(self) -> float:
        """The em of the tables, in millimetres."""
        return em(self.table)

    # Heights in millimetres, rounded up: the page is never reckoned too low.

    @property
    def lead_line(self) -> float:
        """A line of the first sentences."""
        return _up(em(self.lead * 1.4))

    @property
    def heading(self) -> float:
        """A heading with what is above and below it."""
        return _up(self.above + em(10.5 * 1.4) + 0.8)

    @property
    def head_line(self) -> float:
        """A line of the column heads."""
        return _up(em(self.table * 1.3))

    @property
    def row_height(self) -> float:
        """A row of the counts."""
        return _up(2 * self.row + RULE + em(self.table * LINE_HEIGHT))

    @property
    def difference_height(self) -> float:
        """A row of the comparison with the edition before, exact: it has many rows, and room to spare as a whole."""
        return 2 * self.difference + RULE + em(self.table * LINE_HEIGHT)

    @property
    def note_line(self) -> float:
        """A line of a note with what is above it."""
        return _up(self.note + em(TYPE_PT * LINE_HEIGHT))


def _up(height: float) -> float:
    """`height` rounded up to a tenth of a millimetre, with 0.05mm to spare."""
    return math.ceil((height + 0.05) * 10) / 10


# From widest to closest; the first that fits everything on one page is used.
_SPACINGS = (
    Spacing(10, 9, 4, 1, 0.6, 1, 5, 2.6),
    Spacing(10, 9, 3, 0.7, 0.45, 1, 4, 2.1),
    Spacing(9.5, 9, 2.5, 0.4, 0.3, 0.6, 4, 1.9),
    Spacing(9, 8.5, 2, 0.2, 0.2, 0.4, 3, 1.5),
    Spacing(9, 8.5, 1.6, 0.1, 0.05, 0.3, 3, 1.5),
)
# The height between the margins, less what rounding takes.
_PAGE_HEIGHT = A4.height - TOP - BOTTOM - 0.5
_NOTE_LINE = 84
_LARGEST_PITCH = 3.2
# A key of the chart in one line with its margin, and the margin below the chart.
_AROUND_CHART = 6
_KEY_LINE = 3.9
# The names in the comparison with the edition before: beside the chart and alone, in millimetres. How many ems of one
# stand in a line beside the chart, between paddings of 1.6mm; and how high each further line is.
_DIFFERENCE_NAMES = {"pair": 36.0, "single": 80.0}
_DIFFERENCE_NAME = int((_DIFFERENCE_NAMES["pair"] - 2 * 1.6) / em(9))
_TABLE_LINE = 4.1


def page(edition: Edition, old: Edition | None, carried: Carried) -> str:
    """The HTML of the summary of `edition`, with the change since `old` where there is one."""
    new, differences, lead, notes = _contents(edition, old)
    title = f"{flat(edition.title)} {TITLE}"
    head = _masthead(new, title)
    room = _PAGE_HEIGHT - (head.first.height - TOP) - head.height_of_block
    spacing, is_divided, charts = _fitted(new, lead, notes, differences, room)
    tables = tuple(_tables(new, spacing.em))
    return render(
        "summary.html",
        edition=edition,
        title=document_title(edition, title),
        masthead=head,
        carried=carried,
        lead=lead,
        section_id=_section_id(edition),
        section_head=_section_head(edition),
        hangs=_hangs(edition),
        has_repeats=bool(new.whole.repeats),
        tables=tables,
        whole_width=None if new.groups else sum(one.names for one in tables) + _ITEMS_ALONE * _columns_of_items(new),
        spacing=spacing.properties,
        is_divided=is_divided,
        widths=[Widths((("name", table.names),)) for table in tables],
        difference_widths={name: Widths((("name", width),)) for name, width in _DIFFERENCE_NAMES.items()},
        pair={"chart": _CHART_BESIDE, "change": A4.content_width - _CHART_BESIDE - 7},
        chart_heading=_chart_heading(edition, new.main) if new.main else "",
        fills=tuple(_fills(new.main)) if new.main else (),
        charts=charts,
        change_heading=_change_heading(old, edition) if old else "",
        times=_times(old, edition) if old else (),
        differences=differences,
        is_beside=_is_beside(differences),
        notes=notes,
    )


class _Contents(NamedTuple):
    """What a summary says besides its head and the chart."""

    tally: Tally
    differences: tuple[ChangeRow, ...]
    lead: tuple[str, ...]
    notes: tuple[str, ...]


def _contents(edition: Edition, old: Edition | None) -> _Contents:
    new = _tally(edition, _counted(edition))
    pairs = _compared(old, new) if old else []
    before = _tally(old, [column for column, _ in pairs]) if old else None
    differences = tuple(_differences(before, new, pairs)) if before else ()
    return _Contents(new, differences, _lead(new, before), _notes(new, before, pairs, differences))


def _masthead(tally: Tally, title: str) -> Masthead:
    """The masthead with the legends of what is counted."""
    legends = tuple(
        Legend(
            group.head + LEGEND_COLON,
            {symbol: without_note_marks(said) for symbol, said in (group.column.words or {}).items()},
        )
        for group in tally.groups
        if group.column.kind == "symbol"
    )
    edition = tally.edition
    head = page_head(edition, edition.document_number.summary, title)
    return arranged(replace(head, legends=legends), edition.has_meanings_on_first_page)


def _is_beside(differences: Sequence[ChangeRow]) -> bool:
    return 0 < len(differences) <= _LINES_BESIDE and _wrapped(differences) <= _MORE_LINES_BESIDE


def _wrapped(differences: Sequence[ChangeRow]) -> int:
    """The number of further lines of the names of `differences` beside the chart."""
    return sum(-(-width_in_ems(line.head) // _DIFFERENCE_NAME) - 1 for line in differences)


def _fitted(
    tally: Tally, lead: Sequence[str], notes: Sequence[str], differences: Sequence[ChangeRow], room: float
) -> tuple[Spacing, bool, tuple[Chart, ...]]:
    """(spacing, whether the chart begins page 2, charts): the widest spacing that fits on `room` millimetres.

    The charts are as high as the spacing leaves room for.
    """
    width = _BESIDE if _is_beside(differences) else _ALONE
    main = tally.main
    drawings = _drawings(_data(tally, main), _readings(tally, main), width) if main else ()
    for spacing in _SPACINGS:
        rest = room - _height(tally, lead, notes, spacing)
        if not main:
            if rest >= 0:
                return spacing, False, ()
            continue
        comparison = spacing.difference_height * (len(differences) + 2) + 1
        if _is_beside(differences):
            comparison += _wrapped(differences) * _TABLE_LINE
        if _is_beside(differences) and comparison > rest:
            continue
        if differences and not _is_beside(differences):
            rest -= comparison + spacing.heading
        steps = range(round(_LARGEST_PITCH * 20), round(spacing.pitch * 20) - 1, -1)
        for pitch in (EM * step / 20 for step in steps):
            height = sum(drawing.height(pitch) * PX + _AROUND_CHART for drawing in drawings)
            if height + _more_of_key(main, width) <= rest:
                return spacing, False, tuple(drawing.chart(pitch) for drawing in drawings)
    return _SPACINGS[1], True, tuple(drawing.chart(EM * _SPACINGS[1].pitch) for drawing in drawings)


def _more_of_key(main: CountGroup, width: float) -> float:
    """The additional height, in millimetres, of a key of several lines."""
    used, lines = 0.0, 1
    for column in main.columns:
        # Swatch, space and margin.
        entry = width_in_ems(column.entry) + 4.2
        if used and used + entry > width / EM:
            used, lines = 0.0, lines + 1
        used += entry
    return (lines - 1) * _KEY_LINE


def _height(tally: Tally, sentences: Sequence[str], notes: Sequence[str], spacing: Spacing) -> float:
    """The height, in millimetres, of all but the chart and the comparison beside it."""
    lines = sum(-(-width_in_ems(sentence) * em(spacing.lead) // A4.content_width) for sentence in sentences)
    lead = lines * spacing.lead_line
    tables = 0.0
    for groups in _grouped(tally):
        names = _names(tally, groups, spacing.em)
        heads = _head_lines(tally, groups, names, spacing.em)
        symbols = any(column.symbol for group in groups for column in group.columns)
        head = 1 + symbols + max(map(len, heads.values()), default=0)
        in_line = (names - 3) // spacing.em - 2
        rows = sum(-(-width_in_ems(heading.section.name) // in_line) for heading, _ in tally.sections) + 2
        tables += spacing.heading + head * spacing.head_line + 3.5 + rows * spacing.row_height
    lines_of_notes = sum(-(-width_in_ems(note) // _NOTE_LINE) for note in notes)
    return lead + tables + spacing.heading + lines_of_notes * spacing.note_line


def _grouped(tally: Tally) -> Iterator[tuple[CountGroup, ...]]:
    """The groups of each table of counts: as many side by side as there is room for."""
    table: list[CountGroup] = []
    for group in tally.groups:
        if table and _column_count(tally, (*table, group)) > _MOST_COLUMNS:
            yield tuple(table)
            table = []
        table.append(group)
    yield tuple(table)


def _columns_of_items(tally: Tally) -> int:
    """The number of columns that count items and repeats."""
    return 2 if tally.whole.repeats else 1


def _column_count(tally: Tally, groups: Sequence[CountGroup]) -> int:
    return _columns_of_items(tally) + sum(len(group.columns) for group in groups)


def _names(tally: Tally, groups: Sequence[CountGroup], kanji: float) -> int:
    """The width of the names' column in millimetres: the longest name fits in one line if the numbers leave room."""
    columns = _column_count(tally, groups)
    fitting = [_LEAST_NAME, *(width for width, most in _NAMES if columns <= most)]
    hangs = _hangs(tally.edition)
    # Two ems for a section's number that hangs, 3mm of padding.
    longest = max(
        (width_in_ems(one.section.name) + (2 if hangs else width_in_ems(one.number) + 1) for one, _ in tally.sections),
        default=0,
    )
    return next((width for width in fitting if longest * kanji + 3 <= width), fitting[-1])


def _hangs(edition: Edition) -> bool:
    """Whether further lines of a section's name are indented behind its number."""
    return bool(edition.levels) and edition.levels[0].numbering in ("ローマ数字", "括弧", "算用数字")


def _head_lines(tally: Tally, groups: Sequence[CountGroup], names: int, kanji: float) -> dict[str, tuple[str, ...]]:
    """The heads of the columns of numbers, broken into lines that fit, by id."""
    width = (A4.content_width - names) / _column_count(tally, groups)
    columns = (column for group in groups for column in group.columns)
    return {column.id: break_label(brief(column.label), max(2, int((width - 1) / kanji))) for column in columns}


# Counting


def _tally(edition: Edition, columns: Sequence[Column]) -> Tally:
    """The counts of the symbols and terms of `columns`."""
    headings = {path[0].id: path[0] for path in edition.outline() if len(path) == 1}
    items: dict[str, list[Item]] = defaultdict(list)
    repeats: Counter[str] = Counter()
    for path, row in edition.rows():
        place = path[0].id if path else ""
        if isinstance(row, Item):
            items[place].append(row)
        else:
            repeats[place] += 1
    return Tally(
        edition,
        tuple(CountGroup(column, count_columns(edition, column)) for column in columns),
        _count([*edition.items.values()], repeats.total(), columns),
        tuple((heading, _count(items[id], repeats[id], columns)) for id, heading in headings.items()),
    )


def _count(items: Sequence[Item], repeats: int, columns: Sequence[Column]) -> Count:
    words = {column.name: Counter(item.text(column) for item in items) for column in columns}
    return Count(len(items), repeats, words)


def share(part: int, whole: int) -> str:
    """`part` of `whole` in per cent; 「-」 of nothing."""
    return percent(permille(part, whole)) if whole else NOTHING


def change(old: int, new: int) -> str:
    """The difference from `old` to `new`, with △ for minus."""
    return f"{MINUS if new < old else ''}{abs(new - old)}"


# Columns and sentences


def _counted(edition: Edition) -> list[Column]:
    """The counted columns of the list: those of symbols and terms, if one of them is the main one."""
    return [column for column in edition.columns if column.kind in ("symbol", "term")] if edition.main else []


def count_columns(edition: Edition, column: Column) -> tuple[CountColumn, ...]:
    """A column of counts for each symbol or term of `column`, and one for 未記入 if it occurs."""
    words = column.words or {}
    columns = [
        CountColumn(f"{column.name}-{position}", word, word, plain(meaning), edition.has_meanings_on_first_page)
        if column.kind == "symbol"
        else CountColumn(f"{column.name}-{position}", word, "", word)
        for position, (word, meaning) in enumerate(words.items(), 1)
    ]
    if BLANK not in words and any(item.text(column) == BLANK for item in edition.items.values()):
        columns.append(CountColumn(f"{column.name}-blank", BLANK, "", BLANK))
    return tuple(columns)


def _size(tally: Tally) -> str:
    """The size of a list in words: 実質47項目(再掲5を除く)."""
    items, repeats = tally.whole.items, tally.whole.repeats
    return f"実質{items}項目(再掲{repeats}を除く)" if repeats else f"全{items}項目"


def _times(old: Edition, new: Edition) -> tuple[str, str]:
    """What the two editions are called beside each other: as fiscal years only if `new` is of the year after `old`."""
    before, after = (western_year(one.fiscal_year) for one in (old, new))
    if before and after == before + 1 and all(flat(one.fiscal_year).endswith("年度") for one in (old, new)):
        return "前年度", "今年度"
    return "前回", "今回"


def _before(old: Edition, new: Edition) -> str:
    """The edition before in sentences: 前年度(平成24年度)."""
    said = _times(old, new)[0]
    return f"{said}({flat(old.fiscal_year)})" if old.fiscal_year else said


def _section_id(edition: Edition) -> str:
    return f"head-{edition.levels[0].name}" if edition.levels else "head-section"


def _section_head(edition: Edition) -> str:
    """The head of the column of names: what the outermost level is called."""
    return plain(edition.levels[0].head) if edition.levels else "区分"


def _by_section(edition: Edition) -> str:
    return f"{_section_head(edition)}別の" if edition.levels else ""


def _table_heading(edition: Edition, groups: Sequence[CountGroup]) -> str:
    if not groups:
        return f"{_by_section(edition)}項目数"
    *heads, last = (group.head for group in groups)
    return f"{_by_section(edition)}{'、'.join(heads)}{'と' if heads else ''}{last}(項目数)"


def _chart_heading(edition: Edition, main: CountGroup) -> str:
    return f"{_by_section(edition)}{main.head}の構成比(帯の中の数字は項目数)"


def _change_heading(old: Edition, new: Edition) -> str:
    return f"{_before(old, new)}との比較"


def _lead(new: Tally, old: Tally | None) -> tuple[str, ...]:
    count = new.whole
    if not count.items:
        return ("項目は、まだありません。",)
    sentences = [
        f"{'' if position else f'{_size(new)}の'}{group.head}は、"
        f"{_listed(group.columns, count.words[group.name], count.items)}です。"
        for position, group in enumerate(new.groups)
    ]
    if not sentences:
        sentences = [f"{_size(new)}です。記号や語による集計は行っていないため、項目数だけを示します。"]
    if old:
        difference = count.items - old.whole.items
        moved = (
            f"{abs(difference)}項目{'増えました' if difference > 0 else '減りました'}" if difference else "同じ数です"
        )
        sentences.append(
            f"{_before(old.edition, new.edition)}の{_size(old)}{'に比べて' if difference else 'と'}、{moved}。"
        )
    return tuple(sentences)


def _listed(columns: Sequence[CountColumn], counts: Mapping[str, int], whole: int) -> str:
    numbers = ((column.called, counts.get(column.key, 0)) for column in columns)
    return "、".join(f"「{label}」{number}項目({share(number, whole)}%)" for label, number in numbers)


def _notes(new: Tally, old: Tally | None, pairs: Sequence[Pair], differences: Sequence[ChangeRow]) -> tuple[str, ...]:
    notes = []
    if new.whole.repeats or (old and old.whole.repeats):
        notes.append(
            f"項目数は、再掲を除いた実質の数です。再掲は、ほかの{_innermost(new.edition)}の項目を再び掲げた行の数で、計に含みません。"
        )
    if new.main:
        notes.append("構成比は、小数第2位を四捨五入しています。" + _uneven(new, old))
    if old and new.main:
        notes += _notes_on_comparison(new, old, pairs, differences)
    return tuple(f"注{number} {note}" for number, note in enumerate(notes, 1))


def _innermost(edition: Edition) -> str:
    """What the sections are called in which the items stand."""
    return plain(edition.levels[-1].head) if edition.levels else _section_head(edition)


def _notes_on_comparison(
    new: Tally, old: Tally, pairs: Sequence[Pair], differences: Sequence[ChangeRow]
) -> Iterator[str]:
    before = _times(old.edition, new.edition)[0]
    heads = [plain(after.head) for _, after in pairs]
    if pairs:
        note = "増減の「△」は、減を表します。"
        if any(column.kind == "symbol" for pair in pairs for column in pair):
            note += f"{before}との比較は、記号の意味{_example(new)}ごとに行っています。"
        if any(NOTHING in (line.old, line.new) for line in differences):
            note += f"「{NOTHING}」は、その{_time_unit(before)}の{'や'.join(heads)}にないものです。"
        yield note
    if missing := [group.head for group in new.groups if group.head not in heads]:
        yield f"{'、'.join(missing)}は、{before}の一覧にない欄のため、比較していません。"


def _example(new: Tally) -> str:
    """The first meaning of a symbol, as an example in brackets."""
    labels = (group.columns[0].label for group in new.groups if group.column.kind == "symbol" and group.columns)
    return next((f"({brief(label)}など)" for label in labels), "")


def _time_unit(before: str) -> str:
    return "年度" if before == "前年度" else "回"


def _uneven(new: Tally, old: Tally | None) -> str:
    """A sentence on shares that do not add up to 100%; empty if all do."""
    found = []
    for name, tally in (("", new), (f"{_times(old.edition, new.edition)[0]}の", old)) if old else (("", new),):
        count = tally.whole
        for group in tally.groups if count.items else ():
            tenths = sum(permille(number, count.items) for number in count.words[group.name].values())
            if tenths != 1_000:
                found.append(f"{name}{group.head}は{percent(tenths)}%")
    return f"このため、合計が100%になりません({'、'.join(found)})。" if found else ""


# Values for the template


def _tables(tally: Tally, kanji: float) -> Iterator[CountTable]:
    for number, groups in enumerate(_grouped(tally), 1):
        prefix = f"table-{number}-" if number > 1 else ""
        names = _names(tally, groups, kanji)
        yield CountTable(
            prefix,
            groups,
            names,
            tuple(_lines(tally, groups)),
            tuple(_foot(tally, groups)),
            _table_heading(tally.edition, groups),
            _head_lines(tally, groups, names, kanji),
            _column_count(tally, groups) > _NARROW,
        )


def _numbers(tally: Tally, count: Count, groups: Sequence[CountGroup]) -> Iterator[int]:
    yield count.items
    if tally.whole.repeats:
        yield count.repeats
    for group in groups:
        yield from (count.words[group.name].get(column.key, 0) for column in group.columns)


def _lines(tally: Tally, groups: Sequence[CountGroup]) -> Iterator[CountRow]:
    for heading, count in tally.sections:
        numbers = tuple(map(str, _numbers(tally, count, groups)))
        name = " ".join(filter(None, (heading.number, without_note_marks(heading.section.name))))
        yield CountRow(heading.id, name, numbers)


def _foot(tally: Tally, groups: Sequence[CountGroup]) -> Iterator[CountRow]:
    numbers = tuple(_numbers(tally, tally.whole, groups))
    yield CountRow("total", TOTAL, tuple(map(str, numbers)))
    if groups:
        shares = [share(number, tally.whole.items) for number in numbers]
        if tally.whole.repeats:
            shares[1] = NOTHING
        yield CountRow("share", "構成比(%)", tuple(shares))


def _compared(old: Edition, new: Tally) -> list[Pair]:
    """The counted columns that both editions have."""
    counted = [group.column.key for group in new.groups]
    pairs = (pair.both for pair in paired_columns(old, new.edition))
    return [pair for pair in pairs if pair and pair[0].kind in ("symbol", "term") and pair[1].key in counted]


def _differences(old: Tally, new: Tally, pairs: Sequence[Pair]) -> Iterator[ChangeRow]:
    """Rows for all items, then for each symbol and term of either edition; equal meanings share a row."""
    if not pairs:
        return
    wholes = old.whole.items, new.whole.items
    yield _difference("whole", TOTAL, wholes, wholes)
    groups = {group.name: group for group in new.groups}
    for before, (_, after) in zip(old.groups, pairs, strict=True):
        sides = _by_meaning(old, before), _by_meaning(new, groups[after.name])
        yield ChangeRow(f"difference-{after.name}", plain(after.head), "", "", "", "", "", "")
        for position, meaning in enumerate(dict.fromkeys([*sides[1], *sides[0]]), 1):
            head = (sides[1].get(meaning) or sides[0][meaning]).head
            numbers = _number(sides[0], meaning), _number(sides[1], meaning)
            yield _difference(f"{after.name}-{position}", head, numbers, wholes)


@dataclass(frozen=True, slots=True)
class _MeaningCount:
    """A meaning: its symbols, its label and the number of items."""

    symbols: str
    label: str
    number: int

    @property
    def head(self) -> str:
        """The head of its row."""
        return f"{self.symbols} {self.label}".strip()


def _by_meaning(tally: Tally, group: CountGroup) -> dict[str, _MeaningCount]:
    counts = tally.whole.words[group.name]
    meanings: dict[str, _MeaningCount] = {}
    for column in group.columns:
        key, number = fold(column.label), counts.get(column.key, 0)
        if known := meanings.get(key):
            symbols = "・".join(filter(None, (known.symbols, column.symbol)))
            meanings[key] = _MeaningCount(symbols, known.label, known.number + number)
        else:
            label = brief(column.label) if column.is_long else column.label
            meanings[key] = _MeaningCount(column.symbol, label, number)
    return meanings


def _number(side: Mapping[str, _MeaningCount], meaning: str) -> int | None:
    """The number of items of that meaning; None if the edition does not know it. Every edition knows 未記入."""
    if meaning in side:
        return side[meaning].number
    return 0 if meaning == BLANK else None


def _difference(name: str, head: str, numbers: tuple[int | None, int | None], wholes: tuple[int, int]) -> ChangeRow:
    old, new = (number or 0 for number in numbers)
    printed = [NOTHING if number is None else str(number) for number in numbers]
    shares = [
        NOTHING if number is None else share(number, whole) for number, whole in zip(numbers, wholes, strict=True)
    ]
    reading = f"{old - new}減" if new < old else ""
    return ChangeRow(
        f"difference-{name}", head, printed[0], printed[1], change(old, new), reading, shares[0], shares[1]
    )


# What is said, place by place: the errata correct a summary by it


@dataclass(frozen=True, slots=True)
class Said:
    """What a place of a summary says: its id (empty if it has none), what it is called, and its texts by their labels.

    `key` is the same for this place in another build of the summary.
    """

    key: tuple[str, ...]
    id: str
    place: str
    texts: Mapping[str, str]


def said(edition: Edition, old: Edition | None) -> Iterator[Said]:
    """What the summary of `edition` says in sentences and tables, place by place."""
    new, differences, lead, notes = _contents(edition, old)
    for at, sentence in enumerate(lead, 1):
        yield Said(("lead", str(at)), "", f"本文({at}文目)", {"": sentence})
    for table in _tables(new, em(TYPE_PT)):
        heads = ["項目数", *["再掲(外数)"] * bool(new.whole.repeats)]
        heads += [one.symbol + brief(one.label) for group in table.groups for one in group.columns]
        for row in (*table.lines, *table.foot):
            # Two columns may count the same word.
            texts = {"": row.head}
            for head, text in zip(heads, row.cells, strict=True):
                texts[head] = f"{texts[head]}、{text}" if head in texts else text
            yield Said((table.prefix, row.id), table.prefix + row.id, row.head, texts)
    if old:
        times, heading = _times(old, edition), _change_heading(old, edition)
        for line in differences:
            if line.change:
                texts = dict(zip(("", *times, "増減"), (line.head, line.old, line.new, line.change), strict=True))
                texts |= {f"{times[0]}の構成比": line.old_share, f"{times[1]}の構成比": line.new_share}
                yield Said(("change", line.id), line.id, f"{heading} {line.head}", texts)
    for at, note in enumerate(notes, 1):
        yield Said(("note", str(at)), f"note-{at}", f"注{at}", {"": note})


# The chart

# The width of the chart beside the comparison in millimetres; alone and beside it in pixels.
_CHART_BESIDE = 160.0
_ALONE, _BESIDE = int(A4.content_width / PX) - 1, int(_CHART_BESIDE / PX)
# The most bars of a picture; a picture is never divided between pages.
_BARS = 24


def _fills(main: CountGroup) -> Iterator[tuple[str, CountColumn]]:
    """The columns of the chart, each with its fill."""
    for position, column in enumerate(main.columns):
        yield UNFILLED if column.key == BLANK else FILLS[position % len(FILLS)], column


def _data(tally: Tally, main: CountGroup) -> list[BarData]:
    """The bars: all items, then each section."""
    labels = (flat(one.number) or brief(plain(one.section.name)) for one, _ in tally.sections)
    fills = tuple(_fills(main))
    return [
        BarData(
            brief(label),
            f"{count.items}項目",
            tuple((fill, n) for fill, one in fills if (n := count.words[main.name].get(one.key, 0))),
        )
        for label, count in zip((WHOLE, *labels), _counts(tally), strict=True)
    ]


def _counts(tally: Tally) -> tuple[Count, ...]:
    return (tally.whole, *(count for _, count in tally.sections))


def _readings(tally: Tally, main: CountGroup) -> list[str]:
    """The alternative text of the chart: a sentence for each bar."""
    first = f"{_by_section(tally.edition)}{main.head}の帯グラフ。"
    names = (plain(heading.title) for heading, _ in tally.sections)
    sentences = []
    for name, count in zip((WHOLE, *names), _counts(tally), strict=True):
        parts = [f"「{one.label}」{n}項目" for one in main.columns if (n := count.words[main.name].get(one.key, 0))]
        sentences.append(f"{name}({count.items}項目)は{'、'.join(parts) or '項目なし'}。")
    return [first + sentences[0], *sentences[1:]]


def _drawings(data: Sequence[BarData], readings: Sequence[str], width: int) -> tuple[Drawing, ...]:
    return tuple(
        Drawing(data[first : first + _BARS], width, "".join(readings[first : first + _BARS]))
        for first in range(0, len(data), _BARS)
    )
