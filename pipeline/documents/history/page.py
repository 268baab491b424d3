"""The page of the 経過: every item over a chain of editions, old → new, and the shares of the statuses by year.

The status of an item is its symbol or term in the main column (集計: 主). Statuses are counted by meaning, because
symbols may change their meaning from year to year. Below an item, a line for each column of figures tells its figures.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.documents.document import Carried
from pipeline.documents.html import (
    CONTINUED,
    DRAFT,
    LEGEND_COLON,
    Masthead,
    arranged,
    page_head,
    percent,
    permille,
    plain,
    render,
)
from pipeline.documents.summary.chart import FILLS, UNFILLED
from pipeline.model.edition import Edition, Item
from pipeline.model.form import BLANK, without_note_marks
from pipeline.model.page_head import Legend
from pipeline.model.validation import Validated
from pipeline.paper import (
    A3,
    A4,
    EDITION_LONG_NUMBER,
    EDITION_NARROW,
    EDITION_WIDE,
    PX,
    RULE,
    SHARES_BAR,
    SHARES_TOTAL,
    SHARES_YEAR,
    TYPE_PT,
    Sheet,
    Widths,
    em,
)
from pipeline.text import break_label, brief, flat, set_apart, width_in_ems, width_in_halves
from pipeline.years.figures import FigureLine, Figures
from pipeline.years.lineage import Event, Group, GroupHeading, Lineage, grouped, lineages
from pipeline.years.matching import meaning_of
from pipeline.years.similarity import fold

FORMER, FORMER_NUMBER = "旧: ", "旧番号: "
# An edition that does not list the item.
ABSENT, ABSENT_READING = "−", "記載なし"
GUESS = "推定"
NOTHING = "-"
REMARKS = "備考"
SHARES = "割合(全体の幅が100%)"
TOTAL = "計"
YEAR = "年度"
# In the year of a list that prints no NO and counts no statuses, an item is present.
PRESENT, PRESENT_READING = "○", "記載あり"
MOVED: Mapping[str, str] = {"merged_into": "統合", "split_into": "分割"}

# Years that fit on A4 and on A3. Of more, the oldest are left out, with a note. With figures or long terms, so many half
# ems of the table are theirs; each column has its text and two half ems more.
MOST_ON_A4 = 10
MOST = 20
_ROOM_ON_A4, _ROOM = 111, 193
# Terms of few editions have lines of so many ems at the most. Before them is the room of a NO, in half ems.
_WIDE_TERM = 8
_NO_ROOM = 5

# In ems. A longer 年度 is no column head; the edition's place in the chain is used instead.
_LABEL = 20
_HEAD_WIDTH = 4

# From this NO on (eight figures) a narrow column is EDITION_LONG_NUMBER wide.
_LONG_NUMBER = 10_000_000

# If several legends take more lines than this (a line holds _LEGEND_LINE ems), they are printed on page 1 only.
_MOST_LEGEND_LINES = 4
_LEGEND_LINE = 80

# The bars in pixels; 10 pixels narrower than their column.
_BAR_WIDTH = {sheet: int(width / PX) - 10 for sheet, width in SHARES_BAR.items()}
_BAR_HEIGHT = 12


@dataclass(frozen=True, slots=True)
class EditionColumn:
    """The column head of an edition, or of a year that only a series of figures has."""

    id: str
    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class YearCell:
    """An item in one edition: NO and status; where it is absent, where it went or a dash (`note`).

    The status is a symbol, or a term in lines (`term`).
    """

    number: str = ""
    symbol: str = ""
    meaning: str = ""
    note: str = ""
    reading: str = ""
    term: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """The heading of a section. `label` is its name, with its number if the newest edition has it."""

    depth: int
    id: str
    label: str
    headers: str
    context: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """The row of a lineage. `headers` holds the ids of the headings above it, the innermost first."""

    id: str
    name: str
    cells: tuple[YearCell, ...]
    remarks: str
    headers: str
    context: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    """The figures of an item in one column, below its row. `headers` holds the ids of the item and its headings."""

    id: str
    label: str
    figures: tuple[str, ...]
    headers: str
    context: str


@dataclass(frozen=True, slots=True)
class Segment:
    fill: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """A column of the shares: a folded meaning (`key`), with its symbol if that never changed, and its fill in the bars."""

    id: str
    key: str
    label: str
    fill: str


@dataclass(frozen=True, slots=True)
class ShareRow:
    """The counts and shares of an edition."""

    id: str
    label: str
    cells: tuple[str, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class ShareTable:
    """The shares of consecutive editions with comparable legends."""

    id: str
    statuses: tuple[StatusColumn, ...]
    rows: tuple[ShareRow, ...]


def shown(editions: Sequence[Validated]) -> Sequence[Validated]:
    """The editions that have a column: all, or as many of the newest as there is room for."""
    newest = editions[-MOST:]
    return newest[-_most(_halves(newest), _ROOM, MOST) :]


def page(editions: Sequence[Validated], carried: Carried) -> str:
    """The HTML of the history of `editions`, a chain along 前版, oldest first."""
    chain, editions = editions, shown(editions)
    left_out = len(chain) - len(editions)
    newest = editions[-1].edition
    named = tuple((validated.source.edition, validated.edition) for validated in editions)
    found = lineages(named)
    labels = _labels(editions, left_out)
    title = f"{flat(newest.title)} {plain(newest.item_column.head)}の経過"
    table = _Table(editions, labels)
    sheet = table.sheet
    head = _masthead(editions, labels, title, sheet)
    main, unit = _newest_main_head(editions), _unit(editions, labels)
    shares = tuple(_share_tables(editions, labels, _BAR_WIDTH[sheet])) if main else ()
    key = tuple(_key(editions, labels, found, left_out, table.years_left_out))
    return render(
        "history.html",
        edition=newest,
        title=_document_title(title, head),
        masthead=head,
        carried=carried,
        sheet=sheet,
        width_class=table.width_class,
        widths=Widths((("edition", table.year_width),)),
        share_widths=Widths((("year", SHARES_YEAR), ("total", SHARES_TOTAL), ("bar", SHARES_BAR[sheet]))),
        shares_heading=f"{main}の割合",
        year_head=unit,
        total=TOTAL,
        shares=shares,
        bar=(_BAR_WIDTH[sheet], _BAR_HEIGHT),
        bar_head=SHARES,
        notes=tuple(_notes(editions, labels, shares)),
        items_heading=_items_heading(newest),
        key=key,
        columns=tuple(
            EditionColumn(f"head-edition-{at}", label, _head_lines(label)) for at, label in enumerate(table.heads, 1)
        ),
        item_head=plain(newest.item_column.head),
        remarks_head=REMARKS,
        sections=tuple(_sections(editions, labels, grouped(named, found), table)),
    )


class _Table:
    """The columns of the table of items: the editions, and the years of series, as many as there is room for."""

    def __init__(self, editions: Sequence[Validated], labels: Sequence[str]) -> None:
        self.figures = Figures([validated.edition for validated in editions], labels)
        self._halves = _halves(editions)
        self._no_room = _no_room(editions)
        # The position of each column, among the years and among the editions.
        years = [*enumerate(year.edition for year in self.figures.years)]
        without = [at for at, edition in years if edition is None]
        self.years_left_out = max(0, len(years) - _most(self._halves, _ROOM, MOST))
        hidden = {*without[: self.years_left_out]}
        self.columns = [(at, edition) for at, edition in years if at not in hidden]
        self.heads = [self.figures.years[at].label for at, _ in self.columns]
        count = len(self.columns)
        self.sheet = A4 if count <= _most(self._halves, _ROOM_ON_A4, MOST_ON_A4) else A3
        self._has_long_numbers = any(
            number >= _LONG_NUMBER for one in editions if one.edition.form.prints_no for number in one.edition.items
        )
        self._is_wide = EDITION_WIDE * count <= self.sheet.content_width / 2
        self._terms = {width for one in editions for width in _term_widths(one.edition)}

    @property
    def year_width(self) -> float:
        """The width of a year's column in millimetres: wide if that leaves half of the table for names and remarks."""
        usual = EDITION_WIDE if self._is_wide else EDITION_LONG_NUMBER if self._has_long_numbers else EDITION_NARROW
        needed = [usual, (self._halves + 2) / 2 * em(TYPE_PT)]
        whole_terms = (min(_WIDE_TERM, max(self._terms, default=0)) + 1 + self._no_room / 2) * em(TYPE_PT)
        if whole_terms * len(self.columns) <= self.sheet.content_width / 2:
            needed.append(whole_terms)
        return round(max(needed), 1)

    @property
    def width_class(self) -> str:
        """The class of the table for the width of these columns on a screen."""
        if self._halves:
            return "roomy"
        return "wide" if self._is_wide else "long-numbers" if self._has_long_numbers else ""

    @property
    def term_ems(self) -> int:
        """The ems of a line of a term."""
        return int((self.year_width - RULE) / em(TYPE_PT) - self._no_room / 2)


def _most(halves: int, room: int, most: int) -> int:
    """The number of years of `halves` half ems for which a sheet has room: `room` half ems, or `most` narrow columns."""
    return min(most, room // (halves + 2))


def _halves(editions: Sequence[Validated]) -> int:
    """The half ems that the widest figure of `editions` takes, or a line of the longest term; 0 without either."""
    figures = (
        width_in_halves(text + item.unit_of(column))
        for validated in editions
        for column in validated.edition.columns
        if column.kind == "figure"
        for item in validated.edition.items.values()
        for text in item.texts(column)
    )
    # In about three lines.
    terms = (
        2 * min(width, -(-width // 3) + 1) + _no_room(editions)
        for validated in editions
        for width in _term_widths(validated.edition)
    )
    return max((*figures, *terms), default=0)


def _no_room(editions: Sequence[Validated]) -> int:
    return _NO_ROOM if editions[-1].edition.form.prints_no else 0


def _term_widths(edition: Edition) -> Iterator[int]:
    main = edition.main
    if main and main.kind == "term":
        yield from map(width_in_ems, (*(main.words or {}), BLANK))


def _words(edition: Edition) -> Mapping[str, str]:
    """The symbols of the main column with their meanings; terms mean themselves."""
    main = edition.main
    words = (main.words or {}) if main else {}
    return {
        word: word if main and main.kind == "term" else without_note_marks(meaning) for word, meaning in words.items()
    }


def _has_legend(edition: Edition) -> bool:
    return edition.main is not None and edition.main.kind == "symbol"


def _number_head(edition: Edition) -> str:
    return flat(edition.number_column.head) if edition.number_column else ""


# Labels, masthead and notes


def _labels(editions: Sequence[Validated], left_out: int) -> tuple[str, ...]:
    """The label of each edition: its 年度 if that is unique and short, otherwise 第1版 for the first of the chain."""
    years = [flat(validated.edition.fiscal_year) for validated in editions]
    return tuple(
        year if year and years.count(year) == 1 and width_in_ems(year) <= _LABEL else f"第{at}版"
        for at, year in enumerate(years, left_out + 1)
    )


def _head_lines(label: str) -> tuple[str, ...]:
    """`label` in lines of a column head: 平成 / 24年度."""
    year = re.fullmatch(r"(\D+?)([元\d]+年度?)", label)
    return (year[1], year[2]) if year else break_label(label, _HEAD_WIDTH)


def _masthead(editions: Sequence[Validated], labels: Sequence[str], title: str, sheet: Sheet) -> Masthead:
    """The masthead of the newest edition, with the range of years and every different legend of the main columns.

    Several legends that take too many lines are printed on page 1 only.
    """
    newest = editions[-1].edition
    groups: list[tuple[list[Edition], list[str]]] = []
    for validated, label in zip(editions, labels, strict=True):
        if not _has_legend(validated.edition):
            continue
        entries = list(_words(validated.edition).items())
        same = next((group for group in groups if list(_words(group[0][0]).items()) == entries), None)
        if same is None:
            groups.append(([validated.edition], [label]))
        else:
            same[0].append(validated.edition)
            same[1].append(label)
    head = replace(
        page_head(newest, newest.document_number.history, title),
        sheet=sheet,
        fiscal_year=labels[0] if len(labels) == 1 else f"{labels[0]}〜{labels[-1]}",
        draft=DRAFT if any(validated.edition.is_draft for validated in editions) else "",
        # Old → new, like the columns. One legend for all needs no years.
        legends=tuple(
            Legend(f"{_main_head(same[0])}({_range(names, labels)}){LEGEND_COLON}", _words(same[0]))
            if len(groups) > 1
            else Legend(f"{_main_head(same[-1])}{LEGEND_COLON}", _words(same[-1]))
            for same, names in groups
        ),
    )
    lines = sum(
        -(-width_in_ems(legend.label + " ".join(legend.texts)) // _LEGEND_LINE)
        for legend in head.legends
        if len(groups) > 1
    )
    return arranged(head, newest.has_meanings_on_first_page or lines > _MOST_LEGEND_LINES)


def _main_head(edition: Edition) -> str:
    return plain(edition.main.head) if edition.main else ""


def _range(names: Sequence[str], labels: Sequence[str]) -> str:
    """`names` with consecutive ones as ranges: 平成24年度〜平成26年度、平成28年度."""
    runs: list[list[str]] = []
    for name in names:
        if runs and labels.index(name) == labels.index(runs[-1][-1]) + 1:
            runs[-1].append(name)
        else:
            runs.append([name])
    return "、".join(run[0] if len(run) == 1 else f"{run[0]}〜{run[-1]}" for run in runs)


def _document_title(title: str, head: Masthead) -> str:
    return f"{title}({head.first.fiscal_year})"


def _unit(editions: Sequence[Validated], labels: Sequence[str]) -> str:
    """The word for an edition in sentences: 年度 if all labels are years, otherwise 版."""
    years = tuple(flat(validated.edition.fiscal_year) for validated in editions)
    return YEAR if tuple(labels) == years else "版"


def _newest_main_head(editions: Sequence[Validated]) -> str:
    """What the newest edition that counts its items calls what it counts; empty if none does."""
    return next(filter(None, (_main_head(validated.edition) for validated in reversed(editions))), "")


def _items_heading(edition: Edition) -> str:
    return f"{plain(edition.item_column.head)}ごとの経過"


def _notes(editions: Sequence[Validated], labels: Sequence[str], tables: Sequence[ShareTable]) -> Iterator[str]:
    """The note on how shares are counted and rounded."""
    if not tables:
        return
    unit = _unit(editions, labels)
    note = "再掲は数えていません。割合は小数第2位を四捨五入したものです。"
    odd = [
        f"{label}は{percent(sum(tenths))}%"
        for validated, label in zip(editions, labels, strict=True)
        if (counts := _counts(validated.edition))
        and sum(tenths := [permille(count, counts.total()) for count in counts.values()]) != 1000
    ]
    if odd:
        note += f"このため、内訳の合計が100%にならない{unit}があります({'、'.join(odd)})。"
    legends = [list(_words(validated.edition).items()) for validated in editions if _has_legend(validated.edition)]
    word = "凡例" if len(legends) == len(editions) else "区分"
    if len({*map(tuple, legends)}) > 1:
        note += "凡例が変わっているため、記号ではなく意味で数えています。"
    if len(tables) > 1:
        note += f"{word}が大きく変わったところで表を分けており、模様は表ごとに違うものを示します。"
    elif any(NOTHING in row.cells for row in tables[0].rows):
        note += f"「{NOTHING}」は、その{unit}の{word}にないものです。"
    yield note


def _key(
    editions: Sequence[Validated], labels: Sequence[str], found: Sequence[Lineage], left_out: int, years_left_out: int
) -> Iterator[str]:
    """The key to the table; explains only what occurs in it."""
    newest = editions[-1].edition
    number, unit, main = _number_head(newest), _unit(editions, labels), _newest_main_head(editions)
    kinds = {event.kind for lineage in found for event in lineage.events}
    said = ["と".join(filter(None, (number if newest.form.prints_no else "", main)))]
    if not said[0]:
        said = [f"「{PRESENT}」は一覧に載っている項目"]
    if {"merged_into", "split_into"} & kinds:
        if newest.form.prints_no:
            said.append(f"「→」は統合や分割で移った先の{number}")
        else:
            words = [MOVED[kind] for kind in MOVED if kind in kinds]
            said.append(f"{''.join(f'「{word}」' for word in words)}はほかの項目に移った項目")
    if any(not placed and not _move(one, at) for one in found for at, placed in enumerate(one.items)):
        said.append(f"「{ABSENT}」はその{unit}に記載のない項目")
    sentence = f"各{unit}の欄は、{'、'.join(said)}です。"
    if any(lineage.former_names for lineage in found):
        sentence += f"「旧」は以前の名称と、その名称だった最後の{unit}です。"
    if any(lineage.former_labels for lineage in found):
        sentence += f"「旧番号」は以前の番号と、その番号だった最後の{unit}です。"
    if any(event.guess for lineage in found for event in lineage.events):
        sentence += f"「{GUESS}」は、名称、記載内容、位置などから、同じ項目とみなしたものです。"
    if left_out:
        sentence += f"これより前の{left_out}版は省いています。"
    if years_left_out:
        sentence += f"これより前の{years_left_out}年分の数値は省いています。"
    yield sentence


# The shares: one table if there are as many fills as meanings, otherwise one for each legend


def _counts(edition: Edition) -> Counter[str]:
    """The number of items of each folded meaning; empty if the edition does not count its items."""
    main = edition.main
    return Counter(fold(meaning_of(main, item)) for item in edition.items.values()) if main else Counter()


def _spans(editions: Sequence[Validated]) -> list[tuple[int, int]]:
    """(start, stop) of the editions in each table of shares; one table unless there are more meanings than fills."""
    legends = [{*map(fold, _words(validated.edition).values())} for validated in editions]
    if len(set[str]().union(*legends) - {BLANK}) <= len(FILLS):
        return [(0, len(editions))]
    starts = [at for at in range(len(editions)) if not at or legends[at] != legends[at - 1]]
    return list(pairwise([*starts, len(editions)]))


def _share_tables(editions: Sequence[Validated], labels: Sequence[str], width: int) -> Iterator[ShareTable]:
    counts = [_counts(validated.edition) for validated in editions]
    for number, (start, stop) in enumerate(_spans(editions), 1):
        statuses = _statuses(editions[start:stop], number, any(BLANK in some for some in counts[start:stop]))
        rows = (
            _share_row(f"year-{at + 1}", labels[at], editions[at].edition, counts[at], statuses, width)
            for at in range(start, stop)
        )
        yield ShareTable(f"share-{number}", statuses, tuple(rows))


def _statuses(editions: Sequence[Validated], table: int, has_blank: bool) -> tuple[StatusColumn, ...]:
    """The columns: meanings in the order of the newest legend, then older ones, newest first, then 未記入."""
    names: dict[str, str] = {}
    symbols: dict[str, set[str]] = {}
    for validated in reversed(editions):
        for symbol, meaning in _words(validated.edition).items():
            names.setdefault(fold(meaning), flat(meaning))
            if _has_legend(validated.edition):
                symbols.setdefault(fold(meaning), set()).add(symbol)
    if has_blank:
        names.setdefault(BLANK, BLANK)
    return tuple(
        StatusColumn(
            f"status-{table}-{position}",
            key,
            _symbol(symbols.get(key, set())) + brief(name),
            UNFILLED if key == BLANK else FILLS[(position - 1) % len(FILLS)],
        )
        for position, (key, name) in enumerate(names.items(), 1)
    )


def _symbol(symbols: set[str]) -> str:
    """The symbol if there is only one; a letter or a word is set apart from its meaning."""
    return flat("".join(map(set_apart, symbols))) if len(symbols) == 1 else ""


def _share_row(
    id: str, label: str, edition: Edition, counts: Counter[str], statuses: Sequence[StatusColumn], width: int
) -> ShareRow:
    known = {*map(fold, _words(edition).values()), *counts, BLANK}  # 未記入 is in no legend
    total = len(edition.items)
    cells = (_share(counts[status.key], total) if status.key in known else NOTHING for status in statuses)
    segments: list[Segment] = []
    before = 0
    for status in statuses:
        if count := counts[status.key]:
            segments.append(Segment(status.fill, round(width * before / total, 2), round(width * count / total, 2)))
        before += count
    return ShareRow(id, label, (*cells, str(total)), tuple(segments))


def _share(count: int, total: int) -> str:
    return f"{count} ({percent(permille(count, total))}%)" if total else NOTHING


# The items


def _sections(
    editions: Sequence[Validated], labels: Sequence[str], everything: Group, table: _Table
) -> Iterator[tuple[HeadingRow | ItemRow | FigureRow, ...]]:
    """The body of the table: the rows of each section of the outermost level; of a list without levels, all."""
    rows = _Rows(editions, labels, table)
    if everything.lineages:
        yield tuple(rows.items(everything.lineages, ()))
    for position, group in enumerate(everything.groups, 1):
        yield tuple(rows.group(group, (), (position,)))


class _Rows:
    """The rows of the table in printed order."""

    def __init__(self, editions: Sequence[Validated], labels: Sequence[str], table: _Table) -> None:
        self._editions, self._labels, self._table = editions, labels, table
        self._levels = [level.name for level in editions[-1].edition.form.levels]
        self._position = 0

    def group(
        self, group: Group, above: tuple[HeadingRow, ...], positions: tuple[int, ...]
    ) -> Iterator[HeadingRow | ItemRow | FigureRow]:
        """The rows of `group`: its heading below those `above`, then its items, then the groups in it."""
        assert group.heading
        depth = len(above)
        # An older edition may have had more levels.
        level = self._levels[depth] if depth < len(self._levels) else f"level-{depth + 1}"
        here = HeadingRow(
            depth,
            f"{level}-{'-'.join(map(str, positions))}",
            _heading_label(group.heading, self._labels),
            _ids(above),
            _context(above),
        )
        yield here
        yield from self.items(group.lineages, (*above, here))
        for position, inside in enumerate(group.groups, 1):
            yield from self.group(inside, (*above, here), (*positions, position))

    def items(self, found: Sequence[Lineage], above: tuple[HeadingRow, ...]) -> Iterator[ItemRow | FigureRow]:
        """The rows of lineages and of their figures."""
        for lineage in found:
            self._position += 1
            name = "\n".join(_names(lineage, self._labels))
            remarks = "\n".join(_remarks(lineage, self._editions, self._labels))
            row = ItemRow(
                id=f"item-{self._position}",
                name=name,
                cells=tuple(
                    YearCell() if at is None else _cell(lineage, at, self._editions, self._table.term_ems)
                    for _, at in self._table.columns
                ),
                remarks=remarks,
                headers=_ids(above),
                context=_context(above),
            )
            yield row
            for number, line in enumerate(self._table.figures.lines(lineage), 1):
                yield FigureRow(
                    f"{row.id}-{number}",
                    _figure_label(line),
                    tuple(line.texts[at] for at, _ in self._table.columns),
                    " ".join(filter(None, (row.id, row.headers))),
                    row.context,
                )


def _ids(above: Sequence[HeadingRow]) -> str:
    return " ".join(row.id for row in reversed(above))


def _context(above: Sequence[HeadingRow]) -> str:
    return " ".join(row.label for row in above) + CONTINUED if above else ""


def _heading_label(heading: GroupHeading, labels: Sequence[str]) -> str:
    # A number of an older edition could be mistaken for one of the newest.
    if heading.last == len(labels) - 1:
        return " ".join(filter(None, (flat(heading.number), plain(heading.name))))
    return f"{plain(heading.name)}({labels[heading.last]}まで)"


def _names(lineage: Lineage, labels: Sequence[str]) -> Iterator[str]:
    """The name with the number of its own, then former names and numbers, newest first."""
    yield " ".join(filter(None, (flat(lineage.newest.item.label), plain(lineage.newest.item.name))))
    for at, name in reversed(lineage.former_names):
        yield f"{FORMER}{plain(name)}({labels[at]})"
    for at, label in reversed(lineage.former_labels):
        yield f"{FORMER_NUMBER}{flat(label)}({labels[at]})"


def _figure_label(line: FigureLine) -> str:
    return plain(line.head) + (f"({line.unit})" if line.unit else "")


def _cell(lineage: Lineage, at: int, editions: Sequence[Validated], term_ems: int) -> YearCell:
    placed, newest = lineage.items[at], editions[-1].edition
    if placed:
        number = str(placed.number) if newest.form.prints_no else ""
        main = editions[at].edition.main
        if main is None:
            return YearCell(number) if number else YearCell(symbol=PRESENT, meaning=PRESENT_READING)
        status = placed.item.text(main)
        if main.kind == "term" and status != BLANK:
            return YearCell(number, term=break_label(status, term_ems))
        return YearCell(number, status, "" if status == BLANK else plain(placed.meaning))
    move = _move(lineage, at)
    if move is None:
        return YearCell(note=ABSENT, reading=ABSENT_READING)
    what = MOVED[move.kind]
    if not newest.form.prints_no:
        return YearCell(note=what, reading=f"{_named(editions[at].edition, move.numbers)}に{what}")
    numbers = _numbers(move.numbers)
    return YearCell(note=f"→{numbers}", reading=f"{_number_head(newest)} {numbers}に{what}")


def _move(lineage: Lineage, at: int) -> Event | None:
    """The event that tells where an item went, in the first edition without it."""
    return next((event for event in lineage.events if event.kind in MOVED), None) if at == lineage.last + 1 else None


def _term(lineage: Lineage, editions: Sequence[Validated]) -> str:
    """What its last edition says of its future; empty if that has no column that says it."""
    deciding = editions[lineage.last].edition.deciding
    return lineage.newest.item.text(deciding) if deciding else ""


def _numbers(numbers: Sequence[int]) -> str:
    return "・".join(map(str, numbers))


def _named(edition: Edition, numbers: Sequence[int], number_head: str = "") -> str:
    """The items of these NOs by name, with their NOs if `number_head` says so, otherwise with numbers of their own."""

    def named(item: Item) -> str:
        return (f"{number_head} {item.number}" if number_head else flat(item.label)) + f"「{plain(item.name)}」"

    return "・".join(named(edition.items[number]) for number in numbers if number in edition.items)


def _remarks(lineage: Lineage, editions: Sequence[Validated], labels: Sequence[str]) -> Iterator[str]:
    for event in lineage.events:
        guess = f"({GUESS})" if event.guess and event.kind != "guess" else ""
        yield f"{labels[event.at]} {_remark(lineage, event, editions, labels)}{guess}"


def _remark(lineage: Lineage, event: Event, editions: Sequence[Validated], labels: Sequence[str]) -> str:
    newest = editions[-1].edition
    number = _number_head(newest) if newest.form.prints_no else ""
    here = _named(editions[event.at].edition, event.numbers, number)
    before = labels[event.at - 1] if event.at else ""
    there = before + "の"
    if number:
        there += f"{number} {_numbers(event.numbers)}"
    elif event.at:
        there += _named(editions[event.at - 1].edition, event.numbers)
    last, term = lineage.newest.item, flat(_term(lineage, editions))
    return {
        "new": "新設",
        "merged": f"{there}を統合",
        "split": f"{here}を分割",
        "split_from": f"{there}から分割",
        "merged_into": f"{here}に統合",
        "split_into": f"{here}に分割",
        "guess": f"{there}と同じ項目と{GUESS}",
        "ended": term,
        "abolished": f"廃止({flat(editions[event.at].edition.abolished.get(last.number, ''))})",
        "announced": f"{f'{term}、' if term else ''}「{plain(last.merged_into)}」に統合予定",
        "vanished": "記載なし" + (f"({before}は「{term}」)" if term else ""),
    }[event.kind]
