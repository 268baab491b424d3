"""The page of the summary (集計表): counts, a chart and the change since the edition before, on one page if possible.

Repeats are excluded from every total and counted apart. Editions are compared by meaning, because their symbols may
differ.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.documents.document import Carried
from pipeline.documents.html import document_title, masthead, percent, permille, render
from pipeline.model.edition import Edition, Item, policy_number
from pipeline.model.form import BLANK
from pipeline.paper import A4, BOTTOM, LINE_HEIGHT, PX, RULE, TOP, TYPE_PT, Widths, em
from pipeline.text import break_label, brief, flat, width_in_ems
from pipeline.years.similarity import fold

from .chart import EM, FILLS, UNFILLED, BarData, Chart, draw

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
# How wide the column of the policies' names may be, in millimetres, and beside how many columns. In the widest the
# longest name of the original stands in one line.
_NAMES = ((60, 30), (80, 18), (92, 14), (104, 12))


@dataclass(frozen=True, slots=True)
class Count:
    """Numbers of items, of repeats, and of each status and treatment."""

    items: int
    repeats: int
    statuses: Mapping[str, int]
    treatments: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of the whole and of each policy by position."""

    whole: Count
    policies: tuple[Count, ...]

    def of(self, which: int | str) -> Count:
        """The count of the policy at the position `which` (from 0), or of the whole."""
        return self.policies[which] if isinstance(which, int) else self.whole


@dataclass(frozen=True, slots=True)
class CountColumn:
    """A column of counts: the counted symbol or term (`key`), the printed symbol and label."""

    id: str
    key: str
    symbol: str
    label: str


@dataclass(frozen=True, slots=True)
class CountRow:
    """A row: head and numbers as printed."""

    id: str
    head: str
    cells: tuple[str, ...]


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
    tally = _tally(edition)
    differences = tuple(_differences(old, edition)) if old else ()
    title = f"{flat(edition.title)} {TITLE}"
    head = masthead(edition, title)
    room = _PAGE_HEIGHT - (head.first.height - TOP) - head.height_of_block
    spacing, is_divided, charts = _fitted(edition, old, tally, differences, room)
    return render(
        "summary.html",
        edition=edition,
        title=document_title(edition, title),
        masthead=head,
        carried=carried,
        lead=_lead(edition, old, tally.of(WHOLE)),
        heading=_table_heading(edition),
        statuses=status_columns(edition),
        treatments=treatment_columns(edition),
        has_repeats=bool(_repeats(edition)),
        lines=tuple(_lines(edition, tally)),
        foot=tuple(_foot(edition, tally)),
        spacing=spacing.properties,
        is_divided=is_divided,
        widths=Widths((("name", _names(edition, spacing.em)),)),
        difference_widths={name: Widths((("name", width),)) for name, width in _DIFFERENCE_NAMES.items()},
        pair={"chart": _CHART_BESIDE, "change": A4.content_width - _CHART_BESIDE - 7},
        is_narrow=_column_count(edition) > _NARROW,
        head_lines=_head_lines(edition, spacing.em),
        chart_heading=_chart_heading(edition),
        fills=tuple(zip(_fills(edition), status_columns(edition), strict=True)),
        charts=charts,
        change_heading=_change_heading(old) if old else "",
        differences=differences,
        is_beside=_is_beside(differences),
        notes=_notes(edition, old),
    )


def _is_beside(differences: Sequence[ChangeRow]) -> bool:
    return 0 < len(differences) <= _LINES_BESIDE and _wrapped(differences) <= _MORE_LINES_BESIDE


def _wrapped(differences: Sequence[ChangeRow]) -> int:
    """The number of further lines of the names of `differences` beside the chart."""
    return sum(-(-width_in_ems(line.head) // _DIFFERENCE_NAME) - 1 for line in differences)


def _fitted(
    edition: Edition, old: Edition | None, tally: Tally, differences: Sequence[ChangeRow], room: float
) -> tuple[Spacing, bool, tuple[Chart, ...]]:
    """(spacing, whether the chart begins page 2, charts): the widest spacing that fits on `room` millimetres.

    The charts are as high as the spacing leaves room for.
    """
    width = _BESIDE if _is_beside(differences) else _ALONE
    for spacing in _SPACINGS:
        rest = room - _height(edition, old, spacing)
        comparison = spacing.difference_height * (len(differences) + 2) + 1
        if _is_beside(differences):
            comparison += _wrapped(differences) * _TABLE_LINE
        if _is_beside(differences) and comparison > rest:
            continue
        if differences and not _is_beside(differences):
            rest -= comparison + spacing.heading
        steps = range(round(_LARGEST_PITCH * 20), round(spacing.pitch * 20) - 1, -1)
        for pitch in (EM * step / 20 for step in steps):
            charts = _charts(edition, tally, width, pitch)
            if sum(chart.height * PX + _AROUND_CHART for chart in charts) + _more_of_key(edition, width) <= rest:
                return spacing, False, charts
    return _SPACINGS[1], True, _charts(edition, tally, width, EM * _SPACINGS[1].pitch)


def _more_of_key(edition: Edition, width: float) -> float:
    """The additional height, in millimetres, of a key of several lines."""
    used, lines = 0.0, 1
    for column in status_columns(edition):
        # Swatch, space and margin.
        entry = width_in_ems(column.symbol + column.label) + 4.2
        if used and used + entry > width / EM:
            used, lines = 0.0, lines + 1
        used += entry
    return (lines - 1) * _KEY_LINE


def _height(edition: Edition, old: Edition | None, spacing: Spacing) -> float:
    """The height, in millimetres, of all but the chart and the comparison beside it."""
    count = _tally(edition).whole
    lead = (
        sum(
            -(-width_in_ems(sentence) * em(spacing.lead) // A4.content_width) for sentence in _lead(edition, old, count)
        )
        * spacing.lead_line
    )
    symbols = any(column.symbol for column in status_columns(edition))
    head = 1 + symbols + max(map(len, _head_lines(edition, spacing.em).values()))
    in_line = (_names(edition, spacing.em) - 3) // spacing.em - 2
    rows = sum(-(-width_in_ems(policy.name) // in_line) for policy in edition.policies) + 2
    notes = sum(-(-width_in_ems(note) // _NOTE_LINE) for note in _notes(edition, old))
    return (
        lead
        + 2 * spacing.heading
        + head * spacing.head_line
        + 3.5
        + rows * spacing.row_height
        + notes * spacing.note_line
    )


def _column_count(edition: Edition) -> int:
    return len([*_numbers(edition, _tally(edition).whole)])


def _names(edition: Edition, kanji: float) -> int:
    """The width of the policies' column in millimetres: the longest name fits in one line if the numbers leave room."""
    columns = _column_count(edition)
    fitting = [width for width, most in _NAMES if columns <= most] or [_NAMES[0][0]]
    # Two ems for the policy's number, 3mm of padding.
    longest = max(width_in_ems(policy.name) for policy in edition.policies) + 2
    return next((width for width in fitting if longest * kanji + 3 <= width), fitting[-1])


def _head_lines(edition: Edition, kanji: float) -> dict[str, tuple[str, ...]]:
    """The heads of the columns of numbers, broken into lines that fit, by id."""
    width = (A4.content_width - _names(edition, kanji)) / _column_count(edition)
    both = (*status_columns(edition), *treatment_columns(edition))
    return {column.id: break_label(brief(column.label), max(2, int((width - 1) / kanji))) for column in both}


# Counting


def _tally(edition: Edition) -> Tally:
    policies = []
    for policy in edition.policies:
        items = [item for measure in policy.measures for item in measure.items]
        rows = sum(len(measure.rows) for measure in policy.measures)
        policies.append(_count(items, rows - len(items)))
    items = list(edition.items.values())
    return Tally(_count(items, sum(count.repeats for count in policies)), tuple(policies))


def _count(items: Sequence[Item], repeats: int) -> Count:
    statuses, treatments = Counter(item.status for item in items), Counter(item.treatment for item in items)
    return Count(len(items), repeats, statuses, treatments)


def share(part: int, whole: int) -> str:
    """`part` of `whole` in per cent; 「-」 of nothing."""
    return percent(permille(part, whole)) if whole else NOTHING


def change(old: int, new: int) -> str:
    """The difference from `old` to `new`, with △ for minus."""
    return f"{MINUS if new < old else ''}{abs(new - old)}"


# Columns and sentences


def status_columns(edition: Edition) -> tuple[CountColumn, ...]:
    """A column for each symbol of the legend, and one for 未記入 if it occurs."""
    columns = [
        CountColumn(f"status-{position}", symbol, symbol, flat(meaning))
        for position, (symbol, meaning) in enumerate(edition.legend.items(), 1)
    ]
    if BLANK not in edition.legend and any(item.status == BLANK for item in edition.items.values()):
        columns.append(CountColumn("status-blank", BLANK, "", BLANK))
    return tuple(columns)


def treatment_columns(edition: Edition) -> tuple[CountColumn, ...]:
    """A column for each term of 今後の取扱い, and one for 未記入 if it occurs."""
    columns = [
        CountColumn(f"treatment-{position}", term, "", term) for position, term in enumerate(edition.treatments, 1)
    ]
    if BLANK not in edition.treatments and any(item.treatment == BLANK for item in edition.items.values()):
        columns.append(CountColumn("treatment-blank", BLANK, "", BLANK))
    return tuple(columns)


def _repeats(edition: Edition) -> int:
    return sum(not isinstance(row, Item) for _, row in edition.rows())


def _size(edition: Edition) -> str:
    """The size of a list in words: 実質47項目(再掲5を除く)."""
    repeats = _repeats(edition)
    return f"実質{len(edition.items)}項目(再掲{repeats}を除く)" if repeats else f"全{len(edition.items)}項目"


def _year(edition: Edition) -> str:
    return f"前版({flat(edition.fiscal_year)})" if edition.fiscal_year else "前版"


def _table_heading(edition: Edition) -> str:
    headings = edition.headings
    return f"{flat(headings.policy)}別の{flat(headings.status)}と{flat(headings.treatment)}(項目数)"


def _chart_heading(edition: Edition) -> str:
    return f"{flat(edition.headings.policy)}別の{flat(edition.headings.status)}の構成比(帯の中の数字は項目数)"


def _change_heading(old: Edition) -> str:
    return f"{_year(old)}との比較"


def _lead(edition: Edition, old: Edition | None, count: Count) -> tuple[str, ...]:
    if not count.items:
        return ("項目は、まだありません。",)
    sentences = [
        f"{_size(edition)}の{flat(edition.headings.status)}は、{_listed(status_columns(edition), count.statuses, count.items)}です。",
        f"{flat(edition.headings.treatment)}は、{_listed(treatment_columns(edition), count.treatments, count.items)}です。",
    ]
    if old:
        difference = count.items - len(old.items)
        moved = (
            f"{abs(difference)}項目{'増えました' if difference > 0 else '減りました'}" if difference else "同じ数です"
        )
        sentences.append(f"{_year(old)}の{_size(old)}{'に比べて' if difference else 'と'}、{moved}。")
    return tuple(sentences)


def _listed(columns: Sequence[CountColumn], counts: Mapping[str, int], whole: int) -> str:
    numbers = ((column.label, counts.get(column.key, 0)) for column in columns)
    return "、".join(f"「{label}」{number}({share(number, whole)}%)" for label, number in numbers)


def _notes(edition: Edition, old: Edition | None) -> tuple[str, ...]:
    notes = []
    if _repeats(edition) or (old and _repeats(old)):
        notes.append(
            "項目数は、再掲を除いた実質の数です。再掲は、ほかの施策の項目を再び掲げた行の数で、計に含みません。"
        )
    notes.append("構成比は、小数第2位を四捨五入しています。" + _uneven(edition, old))
    if old:
        note = "増減の「△」は、減を表します。前版とは、記号ではなく意味で比べています。"
        if any(NOTHING in (line.old, line.new) for line in _differences(old, edition)):
            note += f"「{NOTHING}」は、その版の{flat(edition.headings.status)}や{flat(edition.headings.treatment)}にないものです。"
        notes.append(note)
    return tuple(f"注{number} {note}" for number, note in enumerate(notes, 1))


def _uneven(edition: Edition, old: Edition | None) -> str:
    """A sentence on shares that do not add up to 100%; empty if all do."""
    found = []
    for name, one in (("", edition), ("前版の", old)):
        if one is None or not one.items:
            continue
        count = _count(list(one.items.values()), 0)
        for label, counts in ((one.headings.status, count.statuses), (one.headings.treatment, count.treatments)):
            tenths = sum(permille(number, count.items) for number in counts.values())
            if tenths != 1_000:
                found.append(f"{name}{flat(label)}は{percent(tenths)}%")
    return f"このため、合計が100%になりません({'、'.join(found)})。" if found else ""


# Values for the template


def _numbers(edition: Edition, count: Count) -> Iterator[int]:
    yield count.items
    if _repeats(edition):
        yield count.repeats
    yield from (count.statuses.get(column.key, 0) for column in status_columns(edition))
    yield from (count.treatments.get(column.key, 0) for column in treatment_columns(edition))


def _lines(edition: Edition, tally: Tally) -> Iterator[CountRow]:
    for position, policy in enumerate(edition.policies, 1):
        numbers = tuple(map(str, _numbers(edition, tally.of(position - 1))))
        name = f"{policy_number(position)} {policy.name}"
        yield CountRow(f"policy-{position}", name, numbers)


def _foot(edition: Edition, tally: Tally) -> Iterator[CountRow]:
    yield CountRow("total", TOTAL, tuple(map(str, _numbers(edition, tally.whole))))
    shares = [share(number, tally.whole.items) for number in _numbers(edition, tally.whole)]
    if _repeats(edition):
        shares[1] = NOTHING
    yield CountRow("share", "構成比(%)", tuple(shares))


def _differences(old: Edition, new: Edition) -> Iterator[ChangeRow]:
    """Rows for all items, then for each status and treatment of either edition; equal meanings share a row."""
    before, after = _tally(old).whole, _tally(new).whole
    wholes = before.items, after.items
    yield _difference("whole", TOTAL, wholes, wholes)
    for name, sides in (
        (
            "status",
            (_by_meaning(status_columns(old), before.statuses), _by_meaning(status_columns(new), after.statuses)),
        ),
        (
            "treatment",
            (
                _by_meaning(treatment_columns(old), before.treatments),
                _by_meaning(treatment_columns(new), after.treatments),
            ),
        ),
    ):
        yield ChangeRow(f"difference-{name}", flat(getattr(new.headings, name)), "", "", "", "", "", "")
        for position, meaning in enumerate(dict.fromkeys([*sides[1], *sides[0]]), 1):
            head = (sides[1].get(meaning) or sides[0][meaning]).head
            numbers = _number(sides[0], meaning), _number(sides[1], meaning)
            yield _difference(f"{name}-{position}", head, numbers, wholes)


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


def _by_meaning(columns: Sequence[CountColumn], counts: Mapping[str, int]) -> dict[str, _MeaningCount]:
    meanings: dict[str, _MeaningCount] = {}
    for column in columns:
        key, number = fold(column.label), counts.get(column.key, 0)
        if known := meanings.get(key):
            symbols = "・".join(filter(None, (known.symbols, column.symbol)))
            meanings[key] = _MeaningCount(symbols, known.label, known.number + number)
        else:
            meanings[key] = _MeaningCount(column.symbol, column.label, number)
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


# The chart

# The width of the chart beside the comparison in millimetres; alone and beside it in pixels.
_CHART_BESIDE = 160.0
_ALONE, _BESIDE = int(A4.content_width / PX) - 1, int(_CHART_BESIDE / PX)
# The most bars of a picture; a picture is never divided between pages.
_BARS = 24


def _fills(edition: Edition) -> tuple[str, ...]:
    return tuple(
        UNFILLED if column.key == BLANK else FILLS[position % len(FILLS)]
        for position, column in enumerate(status_columns(edition))
    )


def _data(edition: Edition, tally: Tally) -> list[BarData]:
    """The bars: all items, then each policy."""
    labels = (WHOLE, *(policy_number(position) for position in range(1, len(tally.policies) + 1)))
    keys = [*zip(_fills(edition), status_columns(edition), strict=True)]
    return [
        BarData(
            label, f"{count.items}項目", tuple((fill, n) for fill, one in keys if (n := count.statuses.get(one.key, 0)))
        )
        for label, count in zip(labels, (tally.whole, *tally.policies), strict=True)
    ]


def _charts(edition: Edition, tally: Tally, width: int, pitch: float) -> tuple[Chart, ...]:
    data, readings = _data(edition, tally), _readings(edition, tally)
    return tuple(
        draw(data[first : first + _BARS], width, pitch, "".join(readings[first : first + _BARS]))
        for first in range(0, len(data), _BARS)
    )


def _readings(edition: Edition, tally: Tally) -> list[str]:
    """The alternative text of the chart: a sentence for each bar."""
    columns = status_columns(edition)
    first = f"{flat(edition.headings.policy)}別の{flat(edition.headings.status)}の帯グラフ。"
    names = [WHOLE, *(f"{policy_number(n)} {flat(policy.name)}" for n, policy in enumerate(edition.policies, 1))]
    sentences = []
    for name, count in zip(names, (tally.whole, *tally.policies), strict=True):
        parts = [f"「{column.label}」{n}項目" for column in columns if (n := count.statuses.get(column.key, 0))]
        sentences.append(f"{name}({count.items}項目)は{'、'.join(parts) or '項目なし'}。")
    return [first + sentences[0], *sentences[1:]]
