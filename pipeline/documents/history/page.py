"""The page of the 経過: every item over a chain of editions, old → new, and the shares of the statuses by year.

Statuses are counted by meaning, because symbols may change their meaning from year to year.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
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
    render,
)
from pipeline.documents.summary.chart import FILLS, UNFILLED
from pipeline.model.edition import Edition, measure_number, policy_number
from pipeline.model.form import BLANK
from pipeline.model.page_head import Legend
from pipeline.model.validation import Validated
from pipeline.paper import (
    A3,
    A4,
    EDITION_LONG_NUMBER,
    EDITION_NARROW,
    EDITION_WIDE,
    PX,
    SHARES_BAR,
    SHARES_TOTAL,
    SHARES_YEAR,
    Sheet,
    Widths,
)
from pipeline.text import break_label, brief, flat, width_in_ems
from pipeline.years.lineage import Event, GroupHeading, Lineage, PolicyGroup, grouped, lineages
from pipeline.years.matching import place_items
from pipeline.years.similarity import fold

FORMER = "旧: "
GONE = "なし"
GUESS = "推定"
NOTHING = "-"
REMARKS = "備考"
SHARES = "割合(全体の幅が100%)"
TOTAL = "計"
YEAR = "年度"

# Editions that fit on A4 and on A3. Of more, the oldest are left out, with a note.
MOST_ON_A4 = 10
MOST = 20

# In ems. A longer 年度 is no column head; the edition's id is used instead.
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
    """The column head of an edition."""

    id: str
    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class YearCell:
    """An item in one edition: NO and status; in the first edition without it, what became of it (`note`)."""

    number: str = ""
    symbol: str = ""
    meaning: str = ""
    note: str = ""
    reading: str = ""


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """The heading of a policy or measure. `label` is its name, with its number if the newest edition has it."""

    level: str
    id: str
    label: str
    headers: str
    context: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """The row of a lineage. `headers` holds the ids of its measure and policy."""

    id: str
    name: str
    cells: tuple[YearCell, ...]
    remarks: str
    headers: str
    context: str


@dataclass(frozen=True, slots=True)
class Segment:
    fill: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """A column of the shares: a meaning, with its symbol if that never changed, and its fill in the bars."""

    id: str
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


def page(editions: Sequence[Validated], carried: Carried) -> str:
    """The HTML of the history of `editions`, a chain along 前版, oldest first."""
    left_out, editions = len(editions[:-MOST]), editions[-MOST:]
    newest = editions[-1].edition
    named = tuple((validated.source.edition, validated.edition) for validated in editions)
    found = lineages(named)
    groups = grouped(named, found)
    labels = _labels(editions)
    title = f"{flat(newest.title)} {flat(newest.headings.item)}の経過"
    sheet = A4 if len(editions) <= MOST_ON_A4 else A3
    head = _masthead(editions, labels, title, sheet)
    has_long_numbers = any(number >= _LONG_NUMBER for one in editions for number in one.edition.items)
    edition_width = _edition_width(len(editions), sheet)
    if edition_width == EDITION_NARROW and has_long_numbers:
        edition_width = EDITION_LONG_NUMBER
    notes = tuple(_notes(editions, labels))
    key = tuple(_key(editions, labels, found, left_out))
    return render(
        "history.html",
        edition=newest,
        title=_document_title(title, head),
        masthead=head,
        carried=carried,
        sheet=sheet,
        is_wide=edition_width == EDITION_WIDE,
        has_long_numbers=has_long_numbers,
        widths=Widths((("edition", edition_width),)),
        share_widths=Widths((("year", SHARES_YEAR), ("total", SHARES_TOTAL), ("bar", SHARES_BAR[sheet]))),
        shares_heading=_shares_heading(newest),
        year_head=_year_head(editions),
        total=TOTAL,
        shares=tuple(_share_tables(editions, labels, _BAR_WIDTH[sheet])),
        bar=(_BAR_WIDTH[sheet], _BAR_HEIGHT),
        bar_head=SHARES,
        notes=notes,
        items_heading=_items_heading(newest),
        key=key,
        columns=tuple(
            EditionColumn(f"head-edition-{at}", label, _head_lines(label)) for at, label in enumerate(labels, 1)
        ),
        item_head=flat(newest.headings.item),
        remarks_head=REMARKS,
        sections=tuple(_sections(editions, labels, groups)),
    )


# Labels, masthead and notes


def _labels(editions: Sequence[Validated]) -> tuple[str, ...]:
    """The label of each edition: its 年度 if that is unique and short, otherwise its id."""
    years = [flat(validated.edition.fiscal_year) for validated in editions]
    return tuple(
        year if year and years.count(year) == 1 and width_in_ems(year) <= _LABEL else validated.source.edition
        for year, validated in zip(years, editions, strict=True)
    )


def _head_lines(label: str) -> tuple[str, ...]:
    """`label` in lines of a column head: 平成 / 24年度."""
    year = re.fullmatch(r"(\D+?)([元\d]+年度?)", label)
    return (year[1], year[2]) if year else break_label(label, _HEAD_WIDTH)


def _masthead(editions: Sequence[Validated], labels: Sequence[str], title: str, sheet: Sheet) -> Masthead:
    """The masthead of the newest edition, with the range of years and every different legend.

    Several legends that take too many lines are printed on page 1 only.
    """
    newest = editions[-1].edition
    groups: list[tuple[Edition, list[str]]] = []
    for validated, label in zip(editions, labels, strict=True):
        same = (
            names for edition, names in groups if list(edition.legend.items()) == list(validated.edition.legend.items())
        )
        names = next(same, None)
        if names is None:
            groups.append((validated.edition, [label]))
        else:
            names.append(label)
    head = replace(
        page_head(newest, title),
        sheet=sheet,
        fiscal_year=labels[0] if len(labels) == 1 else f"{labels[0]}〜{labels[-1]}",
        draft=DRAFT if any(validated.edition.is_draft for validated in editions) else "",
    )
    if len(groups) > 1:
        # Old → new, like the columns.
        head = replace(
            head,
            legends=tuple(
                Legend(f"{flat(edition.headings.status)}({_range(names, labels)}){LEGEND_COLON}", edition.legend)
                for edition, names in groups
            ),
        )
    lines = sum(
        -(-width_in_ems(legend.label + " ".join(legend.texts)) // _LEGEND_LINE)
        for legend in head.legends
        if len(groups) > 1
    )
    return arranged(head, newest.has_meanings_on_first_page or lines > _MOST_LEGEND_LINES)


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


def _year_head(editions: Sequence[Validated]) -> str:
    return _unit(editions, _labels(editions))


def _shares_heading(edition: Edition) -> str:
    return f"{flat(edition.headings.status)}の割合"


def _items_heading(edition: Edition) -> str:
    return f"{flat(edition.headings.item)}ごとの経過"


def _notes(editions: Sequence[Validated], labels: Sequence[str]) -> Iterator[str]:
    """The note on how shares are counted and rounded."""
    unit = _unit(editions, labels)
    note = "再掲は数えていません。割合は小数第2位を四捨五入したものです。"
    odd = [
        f"{label}は{percent(sum(tenths))}%"
        for validated, label in zip(editions, labels, strict=True)
        if (counts := Counter(_meanings(validated.edition)))
        and sum(tenths := [permille(count, counts.total()) for count in counts.values()]) != 1000
    ]
    if odd:
        note += f"このため、内訳の合計が100%にならない{unit}があります({'、'.join(odd)})。"
    legends = [list(validated.edition.legend.items()) for validated in editions]
    tables = list(_share_tables(editions, labels, 0))
    if any(legend != legends[-1] for legend in legends):
        note += "凡例が変わっているため、記号ではなく意味で数えています。"
    if len(tables) > 1:
        note += "凡例が大きく変わったところで表を分けており、模様は表ごとに違うものを示します。"
    elif any(NOTHING in row.cells for row in tables[0].rows):
        note += f"「{NOTHING}」は、その{unit}の凡例にないものです。"
    yield note


def _key(
    editions: Sequence[Validated], labels: Sequence[str], found: Sequence[Lineage], left_out: int
) -> Iterator[str]:
    """The key to the table; explains only what occurs in it."""
    newest = editions[-1].edition
    number, unit = flat(newest.headings.number), _unit(editions, labels)
    kinds = {event.kind for lineage in found for event in lineage.events}
    said = [f"{number}と{flat(newest.headings.status)}"]
    if {"merged_into", "split_into"} & kinds:
        said.append(f"「→」は統合や分割で移った先の{number}")
    ended = [
        flat(placed.item.treatment)
        for lineage in found
        for event in lineage.events
        if event.kind == "ended" and event.at < len(editions) - 1 and (placed := lineage.items[event.at])
    ]
    if ended:
        said.append(f"{''.join(f'「{term}」' for term in dict.fromkeys(ended))}は前の{unit}で終わった項目")
    if "vanished" in kinds:
        said.append(f"「{GONE}」は続くはずなのに記載がない項目(要確認)")
    sentence = f"各{unit}の欄は、{'、'.join(said)}です。"
    if any(lineage.former_names for lineage in found):
        sentence += f"「旧」は以前の名称と、その名称だった最後の{unit}です。"
    if any(event.guess for lineage in found for event in lineage.events):
        sentence += f"「{GUESS}」は、名称と文章の近さから同じ項目とみなしたもので、確かめが必要です。"
    if left_out:
        sentence += f"これより前の{left_out}版は省いています。"
    yield sentence


# The shares: one table if there are as many fills as meanings, otherwise one for each legend


def _meanings(edition: Edition) -> list[str]:
    return [fold(placed.meaning) for placed in place_items(edition)]


def _spans(editions: Sequence[Validated]) -> list[tuple[int, int]]:
    """(start, stop) of the editions in each table of shares; one table unless there are more meanings than fills."""
    everything = 0, len(editions)
    if len({*_keys(editions)} - {BLANK}) <= len(FILLS):
        return [everything]
    legends = [{*map(fold, validated.edition.legend.values())} for validated in editions]
    starts = [at for at in range(len(editions)) if not at or legends[at] != legends[at - 1]]
    return list(pairwise([*starts, len(editions)]))


def _share_tables(editions: Sequence[Validated], labels: Sequence[str], width: int) -> Iterator[ShareTable]:
    for number, (start, stop) in enumerate(_spans(editions), 1):
        statuses = _statuses(editions[start:stop], number)
        rows = _share_rows(editions[start:stop], labels[start:stop], statuses, width)
        yield ShareTable(
            f"share-{number}", statuses, tuple(replace(row, id=f"year-{start + at}") for at, row in enumerate(rows, 1))
        )


def _statuses(editions: Sequence[Validated], table: int) -> tuple[StatusColumn, ...]:
    """The columns: meanings in the order of the newest legend, then older ones, newest first, then 未記入."""
    names: dict[str, str] = {}
    symbols: dict[str, set[str]] = {}
    for validated in reversed(editions):
        for symbol, meaning in validated.edition.legend.items():
            names.setdefault(fold(meaning), flat(meaning))
            symbols.setdefault(fold(meaning), set()).add(symbol)
    if any(BLANK in _meanings(validated.edition) for validated in editions):
        names.setdefault(BLANK, BLANK)
    return tuple(
        StatusColumn(
            f"status-{table}-{position}",
            brief(name) if len(symbols.get(key, ())) != 1 else f"{flat(*symbols[key])}{brief(name)}",
            UNFILLED if key == BLANK else FILLS[(position - 1) % len(FILLS)],
        )
        for position, (key, name) in enumerate(names.items(), 1)
    )


def _keys(editions: Sequence[Validated]) -> list[str]:
    """The folded meaning that each column of the shares counts."""
    legends = (fold(meaning) for validated in reversed(editions) for meaning in validated.edition.legend.values())
    blank = [BLANK] if any(BLANK in _meanings(validated.edition) for validated in editions) else []
    return list(dict.fromkeys([*legends, *blank]))


def _share_rows(
    editions: Sequence[Validated], labels: Sequence[str], statuses: Sequence[StatusColumn], width: int
) -> Iterator[ShareRow]:
    keys = _keys(editions)
    for validated, label in zip(editions, labels, strict=True):
        counts = Counter(_meanings(validated.edition))
        known = {*map(fold, validated.edition.legend.values()), *counts}
        total = counts.total()
        cells = tuple(_share(counts[key], total) if key in known else NOTHING for key in keys)
        segments: list[Segment] = []
        before = 0
        for key, status in zip(keys, statuses, strict=True):
            if counts[key]:
                x = width * before / total
                segments.append(Segment(status.fill, round(x, 2), round(width * counts[key] / total, 2)))
            before += counts[key]
        yield ShareRow("", label, (*cells, str(total)), tuple(segments))


def _share(count: int, total: int) -> str:
    return f"{count} ({percent(permille(count, total))}%)" if total else NOTHING


# The items


def _sections(
    editions: Sequence[Validated],
    labels: Sequence[str],
    groups: Sequence[PolicyGroup],
) -> Iterator[tuple[HeadingRow | ItemRow, ...]]:
    """The body of the table, policy by policy."""
    position = 0
    for policy_at, group in enumerate(groups, 1):
        policy_id = f"policy-{policy_at}"
        policy = _policy_label(group.heading, labels)
        rows: list[HeadingRow | ItemRow] = [HeadingRow("policy", policy_id, policy, "", "")]
        for measure_at, inside in enumerate(group.measures, 1):
            measure_id = f"measure-{policy_at}-{measure_at}"
            measure = _measure_label(inside.heading, labels)
            rows.append(HeadingRow("measure", measure_id, measure, policy_id, policy + CONTINUED))
            for lineage in inside.lineages:
                position += 1
                name = "\n".join(_names(lineage, labels))
                remarks = "\n".join(_remarks(lineage, editions, labels))
                rows.append(
                    ItemRow(
                        id=f"item-{position}",
                        name=name,
                        cells=tuple(_cell(lineage, at, editions) for at in range(len(editions))),
                        remarks=remarks,
                        headers=f"{measure_id} {policy_id}",
                        context=f"{policy} {measure}{CONTINUED}",
                    )
                )
        yield tuple(rows)


def _policy_label(heading: GroupHeading, labels: Sequence[str]) -> str:
    return _heading_label(heading, policy_number(heading.position) if heading.position else "", labels)


def _measure_label(heading: GroupHeading, labels: Sequence[str]) -> str:
    return _heading_label(heading, measure_number(heading.position) if heading.position else "", labels)


def _heading_label(heading: GroupHeading, number: str, labels: Sequence[str]) -> str:
    # A number of an older edition could be mistaken for one of the newest.
    return f"{number} {flat(heading.name)}" if number else f"{flat(heading.name)}({labels[heading.last]}まで)"


def _names(lineage: Lineage, labels: Sequence[str]) -> Iterator[str]:
    """The name, then former names, newest first."""
    yield flat(lineage.newest.item.name)
    for at, name in reversed(lineage.former_names):
        yield f"{FORMER}{flat(name)}({labels[at]})"


def _cell(lineage: Lineage, at: int, editions: Sequence[Validated]) -> YearCell:
    placed = lineage.items[at]
    if placed:
        status = placed.item.status
        return YearCell(str(placed.number), status, "" if status == BLANK else flat(placed.meaning))
    if at == lineage.last + 1:
        number = flat(editions[-1].edition.headings.number)
        for event in lineage.events:
            if event.kind in ("merged_into", "split_into"):
                numbers = _numbers(event.numbers)
                what = "統合" if event.kind == "merged_into" else "分割"
                return YearCell(note=f"→{numbers}", reading=f"{number} {numbers}に{what}")
            if event.kind == "ended":
                return YearCell(note=flat(lineage.newest.item.treatment))
            if event.kind == "vanished":
                return YearCell(note=GONE)
    return YearCell()


def _numbers(numbers: Sequence[int]) -> str:
    return "・".join(map(str, numbers))


def _remarks(lineage: Lineage, editions: Sequence[Validated], labels: Sequence[str]) -> Iterator[str]:
    for event in lineage.events:
        guess = f"({GUESS})" if event.guess and event.kind != "guess" else ""
        yield f"{labels[event.at]} {_remark(lineage, event, editions, labels)}{guess}"


def _remark(lineage: Lineage, event: Event, editions: Sequence[Validated], labels: Sequence[str]) -> str:
    edition = editions[event.at].edition
    number = flat(editions[-1].edition.headings.number)
    numbers = f"{number} {_numbers(event.numbers)}"
    here = "・".join(
        f"{number} {one}「{flat(edition.items[one].name)}」" for one in event.numbers if one in edition.items
    )
    before = labels[event.at - 1] if event.at else ""
    last = lineage.newest.item
    return {
        "new": "新設",
        "merged": f"{before}の{numbers}を統合",
        "split": f"{here}を分割",
        "split_from": f"{before}の{numbers}から分割",
        "merged_into": f"{here}に統合",
        "split_into": f"{here}に分割",
        "guess": f"{before}の{numbers}と同じ項目と{GUESS}",
        "ended": flat(last.treatment),
        "announced": f"{flat(last.treatment)}、「{flat(last.merged_into)}」に統合予定",
        "vanished": f"記載なし({before}は「{flat(last.treatment)}」)",
    }[event.kind]


def _edition_width(editions: int, sheet: Sheet) -> float:
    """The width of an edition's column in millimetres: wide if that leaves half of the table for names and remarks."""
    return EDITION_WIDE if EDITION_WIDE * editions <= sheet.content_width / 2 else EDITION_NARROW
