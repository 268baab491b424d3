"""The expected text of a summary, counted a second time, row by row."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.documents import expected as common
from pipeline.documents.document import Block, Cell, Expected, Paragraph, Row, Table
from pipeline.documents.expected import LEGEND_COLON, percent, plain, require
from pipeline.model.dates import western_year
from pipeline.model.edition import Edition, Heading, Item, Repeat
from pipeline.model.form import BLANK, Column, without_note_marks
from pipeline.text import brief, flat
from pipeline.years.pairing import paired_columns
from pipeline.years.similarity import fold

TOTAL, WHOLE, SHARE = "計(再掲を除く)", "全体", "構成比(%)"
NOTHING = "-"

# The most bars of a picture; a picture is never divided between pages.
BARS_OF_A_PICTURE = 24
# The most columns of numbers in a table with several counted columns.
COLUMNS_OF_A_TABLE = 22


@dataclass(frozen=True, slots=True)
class _CountColumn:
    """A counted symbol or term: key, suffix of its ids, symbol and label as printed."""

    key: str
    id: str
    symbol: str
    label: str


class _Counted:
    """Counts of rows by the keys of the counted columns."""

    def __init__(self, columns: Iterable[Column], rows: Iterable[Item | Repeat]) -> None:
        self.items = self.repeats = 0
        self.of: dict[str, Counter[str]] = {column.key: Counter() for column in columns}
        for row in rows:
            if isinstance(row, Repeat):
                self.repeats += 1
                continue
            self.items += 1
            for column in columns:
                self.of[column.key][row.text(column)] += 1


class _Sums:
    """The counts of an edition, as a whole and by section of the outermost level, and their columns.

    Of an edition before, those of `columns`; else those of every column of symbols or terms, if one is the main one.
    """

    def __init__(self, edition: Edition, columns: list[Column] | None = None) -> None:
        self.edition = edition
        if columns is None:
            columns = _counted(edition)
        self.counted = columns
        self.headings = [path[-1] for path in edition.outline() if len(path) == 1]
        below: dict[tuple[int, ...], list[Item | Repeat]] = {heading.positions: [] for heading in self.headings}
        for path, row in edition.rows() if below else ():
            below[path[0].positions].append(row)
        self.sections = [_Counted(columns, rows) for rows in below.values()]
        self.whole = _Counted(columns, (row for _, row in edition.rows()))
        self.columns = {column.key: self._columns(column) for column in columns}
        for parts, total in (
            ([one.items for one in self.sections], len(edition.items)),
            ([one.repeats for one in self.sections], self.whole.repeats),
        ):
            require(not edition.form.levels or sum(parts) == total, "内訳の合計が、計と合いません。")
        for key, known in self.columns.items():
            parts = [self.whole.of[key][one.key] for one in known]
            require(sum(parts) == len(edition.items), "内訳の合計が、計と合いません。")

    def _columns(self, column: Column) -> list[_CountColumn]:
        is_symbol = column.kind == "symbol"
        columns = [
            _CountColumn(word, f"{column.name}-{at}", word if is_symbol else "", plain(said) if is_symbol else word)
            for at, (word, said) in enumerate((column.words or {}).items(), 1)
        ]
        if self.whole.of[column.key][BLANK] and BLANK not in {one.key for one in columns}:
            columns.append(_CountColumn(BLANK, f"{column.name}-blank", "", BLANK))
        return columns

    @property
    def section(self) -> str:
        """What the sections of the outermost level are called."""
        heads = [plain(column.head) for column in self.edition.columns if column.kind == "level"]
        return heads[0] if heads else ""

    @property
    def by_section(self) -> str:
        return f"{self.section}別の" if self.section else ""

    @property
    def tables(self) -> list[list[Column]]:
        """The counted columns of each table of counts."""
        tables: list[list[Column]] = [[]]
        used = first = 2 if self.whole.repeats else 1
        for column in self.counted:
            width = len(self.columns[column.key])
            if tables[-1] and used + width > COLUMNS_OF_A_TABLE:
                tables.append([])
                used = first
            tables[-1].append(column)
            used += width
        return tables


def _counted(edition: Edition) -> list[Column]:
    return [one for one in edition.columns if one.kind in ("symbol", "term")] if edition.main else []


def expect(edition: Edition, old: Edition | None) -> Expected:
    """The expected text of the summary of `edition`, with the change since `old` if there is one.

    Raises `ProofError` if the counts do not add up.
    """
    legends = tuple(
        (
            plain(column.head) + LEGEND_COLON,
            {word: without_note_marks(said) for word, said in (column.words or {}).items()},
        )
        for column in _counted(edition)
        if column.kind == "symbol"
    )
    return common.expect(
        edition,
        edition.document_number.summary,
        *blocks(edition, old),
        title=f"{flat(edition.title)} 集計表",
        legends=legends,
    )


def blocks(edition: Edition, old: Edition | None) -> tuple[Block, ...]:
    """What stands below the masthead and the block of meanings."""
    new = _Sums(edition)
    pairs = _compared(old, new) if old else []
    return tuple(_blocks(new, _Sums(old, [before for before, _ in pairs]) if old else None, pairs))


# The columns that are compared, each the old and the new one.
_Pairs = Sequence[tuple[Column, Column]]


def _compared(old: Edition, new: _Sums) -> _Pairs:
    both = [pair.both for pair in paired_columns(old, new.edition) if pair.both]
    return [pair for pair in both if pair[0].kind in ("symbol", "term") and pair[1] in new.counted]


def _blocks(new: _Sums, old: _Sums | None, pairs: _Pairs) -> Iterator[Block]:
    main = new.edition.main
    yield from (Paragraph("P", sentence) for sentence in _lead(new, old))
    for number, columns in enumerate(new.tables, 1):
        *heads, last = [plain(column.head) for column in columns] or [""]
        said = f"{'、'.join(heads)}と{last}(項目数)" if heads else f"{last}(項目数)" if last else "項目数"
        yield Paragraph("H2", new.by_section + said)
        prefix = f"table-{number}-" if number > 1 else ""
        yield Table(_heads(new, columns, prefix), tuple(_rows(new, columns, prefix)))
    if main:
        yield Paragraph("H2", f"{new.by_section}{plain(main.head)}の構成比(帯の中の数字は項目数)")
        entries = (one.symbol if _is_long(new, one) else one.symbol + one.label for one in new.columns[main.key])
        yield Paragraph("P", "".join(entries))
        yield from _pictures(new, main)
    if old and pairs:
        yield Paragraph("H2", f"{_year(old, new)}との比較")
        yield Table(_change_heads(old, new), tuple(_changes(old, new, pairs)))
    for number, note in enumerate(_notes(new, old, pairs), 1):
        yield Paragraph("Note", f"注{number} {note}")


# Sentences


def _lead(new: _Sums, old: _Sums | None) -> Iterator[str]:
    whole = new.whole
    if not whole.items:
        yield "項目は、まだありません。"
        return
    if not new.counted:
        yield f"{_size(new)}です。記号や語による集計は行っていないため、項目数だけを示します。"
    before = f"{_size(new)}の"
    for column in new.counted:
        counts = whole.of[column.key]
        parts = [
            f"「{one.symbol if _is_long(new, one) else one.label}」{counts[one.key]}項目({_share(counts[one.key], whole.items)}%)"
            for one in new.columns[column.key]
        ]
        yield f"{before}{plain(column.head)}は、{'、'.join(parts)}です。"
        before = ""
    if old:
        more = whole.items - old.whole.items
        if more:
            yield f"{_year(old, new)}の{_size(old)}に比べて、{abs(more)}項目{'増えました' if more > 0 else '減りました'}。"
        else:
            yield f"{_year(old, new)}の{_size(old)}と、同じ数です。"


def _is_long(sums: _Sums, one: _CountColumn) -> bool:
    """Whether the meaning stands in the block on page 1, and nowhere else in full."""
    return bool(one.symbol) and sums.edition.has_meanings_on_first_page


def _size(sums: _Sums) -> str:
    items, repeats = sums.whole.items, sums.whole.repeats
    return f"実質{items}項目(再掲{repeats}を除く)" if repeats else f"全{items}項目"


def _is_year_before(old: _Sums, new: _Sums) -> bool:
    """Whether the two are of neighbouring fiscal years."""
    years = [flat(sums.edition.fiscal_year) for sums in (old, new)]
    before, after = map(western_year, years)
    return before is not None and after == before + 1 and all(year.endswith("年度") for year in years)


def _before(old: _Sums, new: _Sums) -> str:
    return "前年度" if _is_year_before(old, new) else "前回"


def _year(old: _Sums, new: _Sums) -> str:
    return _before(old, new) + (f"({flat(old.edition.fiscal_year)})" if old.edition.fiscal_year else "")


def _notes(new: _Sums, old: _Sums | None, pairs: _Pairs) -> Iterator[str]:
    if new.whole.repeats or (old and old.whole.repeats):
        levels = [plain(column.head) for column in new.edition.columns if column.kind == "level"]
        innermost = levels[-1] if levels else "区分"
        yield f"項目数は、再掲を除いた実質の数です。再掲は、ほかの{innermost}の項目を再び掲げた行の数で、計に含みません。"
    if not new.counted:
        return
    uneven = [
        f"{name}{plain(column.head)}は{total}%"
        for name, one in (("", new), (f"{_before(old, new)}の" if old else "", old))
        if one and one.whole.items
        for column in one.counted
        if (total := sum(percent(count, one.whole.items) for count in one.whole.of[column.key].values())) != 100
    ]
    because = f"このため、合計が100%になりません({'、'.join(uneven)})。" if uneven else ""
    yield "構成比は、小数第2位を四捨五入しています。" + because
    if not old:
        return
    if pairs:
        note = "増減の「△」は、減を表します。"
        if {"symbol"} & {column.kind for pair in pairs for column in pair}:
            meanings = [new.columns[one.key][0].label for one in new.counted if one.kind == "symbol" and one.words]
            example = f"({brief(meanings[0])}など)" if meanings else ""
            note += f"{_before(old, new)}との比較は、記号の意味{example}ごとに行っています。"
        both = [({*_meanings(old, before)}, {*_meanings(new, after)}) for before, after in pairs]
        if any((before ^ after) - {BLANK} for before, after in both):
            unit = "年度" if _is_year_before(old, new) else "回"
            note += f"「{NOTHING}」は、その{unit}の{'や'.join(plain(after.head) for _, after in pairs)}にないものです。"
        yield note
    new_ones = [plain(column.head) for column in new.counted if column not in [after for _, after in pairs]]
    if new_ones:
        yield f"{'、'.join(new_ones)}は、{_before(old, new)}の一覧にない欄のため、比較していません。"


def _share(part: int, whole: int) -> str:
    """The share in per cent with one decimal; 「-」 of nothing."""
    return str(percent(part, whole)) if whole else NOTHING


# The table


def _first(sums: _Sums) -> str:
    levels = sums.edition.form.levels
    return f"head-{levels[0].name}" if levels else "head-section"


def _heads(sums: _Sums, columns: Sequence[Column], prefix: str) -> tuple[tuple[Cell, ...], ...]:
    first = [
        Cell(sums.section or "区分", (), "Column", id=prefix + _first(sums)),
        Cell("項目数", (), "Column", id=f"{prefix}head-items"),
    ]
    if sums.whole.repeats:
        first.append(Cell("再掲(外数)", (), "Column", id=f"{prefix}head-repeats"))
    second = []
    for column in columns:
        first.append(Cell(plain(column.head), (), "Column", id=f"head-{column.name}"))
        second += [
            Cell(one.symbol + brief(one.label), (f"head-{column.name}",), "Column", id=f"head-{one.id}")
            for one in sums.columns[column.key]
        ]
    return (tuple(first), tuple(second)) if second else (tuple(first),)


def _rows(sums: _Sums, columns: Sequence[Column], prefix: str) -> Iterator[Row]:
    for heading, counted in zip(sums.headings, sums.sections, strict=True):
        yield _row(sums, columns, prefix, heading.id, _title(heading), counted, str)
    yield _row(sums, columns, prefix, "total", TOTAL, sums.whole, str)
    if columns:
        yield _row(sums, columns, prefix, "share", SHARE, sums.whole, lambda number: _share(number, sums.whole.items))


def _title(heading: Heading) -> str:
    return f"{heading.number} {without_note_marks(heading.section.name)}".strip()


def _row(
    sums: _Sums,
    columns: Sequence[Column],
    prefix: str,
    name: str,
    head: str,
    counted: _Counted,
    show: Callable[[int], str],
) -> Row:
    row = prefix + name
    cells = [
        Cell(head, (prefix + _first(sums),), "Row", id=row),
        Cell(show(counted.items), (f"{prefix}head-items", row)),
    ]
    if sums.whole.repeats:
        # Repeats are no part of the total and have no share.
        cells.append(Cell(NOTHING if head == SHARE else show(counted.repeats), (f"{prefix}head-repeats", row)))
    for column in columns:
        for one in sums.columns[column.key]:
            number = show(counted.of[column.key][one.key])
            cells.append(Cell(number, (f"head-{one.id}", f"head-{column.name}", row)))
    return Row(tuple(cells))


# The chart


def _pictures(sums: _Sums, main: Column) -> Iterator[Paragraph]:
    counts = [sums.whole, *sums.sections]
    labels = [brief(flat(one.number) or brief(plain(one.section.name))) for one in sums.headings]
    texts, readings = [], []
    names = [flat(_title(heading)) for heading in sums.headings]
    for label, name, counted in zip([WHOLE, *labels], [WHOLE, *names], counts, strict=True):
        shown = [(one.label, counted.of[main.key][one.key]) for one in sums.columns[main.key]]
        shown = [(meaning, number) for meaning, number in shown if number]
        texts.append(f"{label}{counted.items}項目" + "".join(str(number) for _, number in shown))
        parts = "、".join(f"「{meaning}」{number}項目" for meaning, number in shown)
        readings.append(f"{name}({counted.items}項目)は{parts or '項目なし'}。")
    readings[0] = f"{sums.by_section}{plain(main.head)}の帯グラフ。{readings[0]}"
    for first in range(0, len(counts), BARS_OF_A_PICTURE):
        some = slice(first, first + BARS_OF_A_PICTURE)
        axis = "".join(f"{part}%" for part in range(0, 101, 20))
        yield Paragraph("Figure", "".join(texts[some]) + axis, flat("".join(readings[some])))


# The comparison with the edition before


def _change_heads(old: _Sums, new: _Sums) -> tuple[tuple[Cell, ...], ...]:
    before, now = ("前年度", "今年度") if _is_year_before(old, new) else ("前回", "今回")
    return (
        (
            Cell("区分", (), "Column", id="change-kind"),
            Cell("項目数", (), "Column", id="change-number"),
            Cell(SHARE, (), "Column", id="change-share"),
        ),
        (
            Cell(before, ("change-number",), "Column", id="change-old"),
            Cell(now, ("change-number",), "Column", id="change-new"),
            Cell("増減", ("change-number",), "Column", id="change-difference"),
            Cell(before, ("change-share",), "Column", id="change-old-share"),
            Cell(now, ("change-share",), "Column", id="change-new-share"),
        ),
    )


def _changes(old: _Sums, new: _Sums, pairs: _Pairs) -> Iterator[Row]:
    wholes = old.whole.items, new.whole.items
    yield _change("whole", TOTAL, wholes, wholes, ())
    for before, after in pairs:
        head = f"difference-{after.name}"
        yield Row((Cell(plain(after.head), ("change-kind",), "Column", id=head),), is_heading=True)
        sides = _meanings(old, before), _meanings(new, after)
        for position, meaning in enumerate(dict.fromkeys([*sides[1], *sides[0]]), 1):
            symbols, label, _ = sides[1].get(meaning) or sides[0][meaning]
            side = new if meaning in sides[1] else old
            if symbols and side.edition.has_meanings_on_first_page:
                label = brief(label)
            # Every edition knows 未記入.
            missing = 0 if meaning == BLANK else None
            was, now = (side[meaning][2] if meaning in side else missing for side in sides)
            yield _change(f"{after.name}-{position}", f"{symbols} {label}", (was, now), wholes, (head,))


def _meanings(sums: _Sums, column: Column) -> dict[str, tuple[str, str, int]]:
    """By folded meaning: symbols, label and count."""
    meanings: dict[str, tuple[str, str, int]] = {}
    for one in sums.columns[column.key]:
        symbols, label, number = meanings.get(fold(one.label), ("", one.label, 0))
        symbols = "・".join(filter(None, (symbols, one.symbol)))
        meanings[fold(one.label)] = symbols, label, number + sums.whole.of[column.key][one.key]
    return meanings


def _change(
    name: str, head: str, numbers: tuple[int | None, int | None], wholes: tuple[int, int], groups: tuple[str, ...]
) -> Row:
    row = f"difference-{name}"
    old, new = numbers
    difference = (new or 0) - (old or 0)
    texts = {
        "change-old": NOTHING if old is None else str(old),
        "change-new": NOTHING if new is None else str(new),
        "change-difference": f"△{-difference}" if difference < 0 else str(difference),
        "change-old-share": NOTHING if old is None else _share(old, wholes[0]),
        "change-new-share": NOTHING if new is None else _share(new, wholes[1]),
    }
    cells = [Cell(head, ("change-kind", *groups), "Row", id=row)]
    for column, text in texts.items():
        group = "change-share" if column.endswith("share") else "change-number"
        alternate = f"{-difference}減" if column == "change-difference" and difference < 0 else ""
        cells.append(Cell(text, (column, group, row, *groups), alternate=alternate))
    return Row(tuple(cells))
