"""The expected text of a summary, counted a second time, row by row."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipeline.documents import expected as common
from pipeline.documents.document import Block, Cell, Expected, Paragraph, Row, Table
from pipeline.documents.expected import percent, require
from pipeline.model.edition import Edition, Item, Repeat, policy_number
from pipeline.model.form import BLANK
from pipeline.text import brief, flat
from pipeline.years.similarity import fold

TOTAL, WHOLE, SHARE = "計(再掲を除く)", "全体", "構成比(%)"
NOTHING = "-"

# The most bars of a picture; a picture is never divided between pages.
BARS_OF_A_PICTURE = 24


@dataclass(frozen=True, slots=True)
class _CountColumn:
    """A counted symbol or term: key, suffix of its ids, symbol and label as printed."""

    key: str
    id: str
    symbol: str
    label: str


class _Counted:
    """Counts of rows."""

    def __init__(self, rows: Iterable[Item | Repeat]) -> None:
        self.items = self.repeats = 0
        self.of: dict[str, Counter[str]] = {"status": Counter(), "treatment": Counter()}
        for row in rows:
            if isinstance(row, Repeat):
                self.repeats += 1
                continue
            self.items += 1
            self.of["status"][row.status] += 1
            self.of["treatment"][row.treatment] += 1


class _Sums:
    """The counts of an edition, as a whole and by policy, and their columns."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.policies = [
            _Counted(row for measure in policy.measures for row in measure.rows) for policy in edition.policies
        ]
        self.whole = _Counted(row for _, row in edition.rows())
        self.columns = {
            "status": self._columns("status", [(one, one, flat(said)) for one, said in edition.legend.items()]),
            "treatment": self._columns("treatment", [(term, "", term) for term in edition.treatments]),
        }
        for parts, total in (
            ([one.items for one in self.policies], len(edition.items)),
            ([one.repeats for one in self.policies], self.whole.repeats),
            *(
                ([self.whole.of[group][column.key] for column in columns], len(edition.items))
                for group, columns in self.columns.items()
            ),
        ):
            require(sum(parts) == total, "内訳の合計が、計と合いません。")

    def _columns(self, group: str, known: list[tuple[str, str, str]]) -> list[_CountColumn]:
        columns = [
            _CountColumn(key, f"{group}-{at}", symbol, label) for at, (key, symbol, label) in enumerate(known, 1)
        ]
        if self.whole.of[group][BLANK] and BLANK not in {column.key for column in columns}:
            columns.append(_CountColumn(BLANK, f"{group}-blank", "", BLANK))
        return columns


def expect(edition: Edition, old: Edition | None) -> Expected:
    """The expected text of the summary of `edition`, with the change since `old` if there is one.

    Raises `ProofError` if the counts do not add up.
    """
    blocks = _blocks(_Sums(edition), _Sums(old) if old else None)
    return common.expect(edition, *blocks, title=f"{flat(edition.title)} 集計表")


def _blocks(new: _Sums, old: _Sums | None) -> Iterator[Block]:
    headings = new.edition.headings
    yield from (Paragraph("P", sentence) for sentence in _lead(new, old))
    yield Paragraph("H2", f"{headings.policy}別の{headings.status}と{headings.treatment}(項目数)")
    yield Table(_heads(new), tuple(_rows(new)))
    yield Paragraph("H2", f"{headings.policy}別の{headings.status}の構成比(帯の中の数字は項目数)")
    yield Paragraph("P", "".join(column.symbol + column.label for column in new.columns["status"]))
    yield from _pictures(new)
    if old:
        yield Paragraph("H2", f"{_year(old)}との比較")
        yield Table(_CHANGE_HEADS, tuple(_changes(old, new)))
    for number, note in enumerate(_notes(new, old), 1):
        yield Paragraph("Note", f"注{number} {note}")


# Sentences


def _lead(new: _Sums, old: _Sums | None) -> Iterator[str]:
    whole, headings = new.whole, new.edition.headings
    if not whole.items:
        yield "項目は、まだありません。"
        return
    for group, head, before in (
        ("status", headings.status, f"{_size(new)}の"),
        ("treatment", headings.treatment, ""),
    ):
        parts = [
            f"「{column.label}」{whole.of[group][column.key]}({_share(whole.of[group][column.key], whole.items)}%)"
            for column in new.columns[group]
        ]
        yield f"{before}{head}は、{'、'.join(parts)}です。"
    if old:
        more = whole.items - old.whole.items
        if more:
            yield f"{_year(old)}の{_size(old)}に比べて、{abs(more)}項目{'増えました' if more > 0 else '減りました'}。"
        else:
            yield f"{_year(old)}の{_size(old)}と、同じ数です。"


def _size(sums: _Sums) -> str:
    items, repeats = sums.whole.items, sums.whole.repeats
    return f"実質{items}項目(再掲{repeats}を除く)" if repeats else f"全{items}項目"


def _year(sums: _Sums) -> str:
    return f"前版({sums.edition.fiscal_year})" if sums.edition.fiscal_year else "前版"


def _notes(new: _Sums, old: _Sums | None) -> Iterator[str]:
    if new.whole.repeats or (old and old.whole.repeats):
        yield "項目数は、再掲を除いた実質の数です。再掲は、ほかの施策の項目を再び掲げた行の数で、計に含みません。"
    uneven = [
        f"{name}{getattr(one.edition.headings, group)}は{total}%"
        for name, one in (("", new), ("前版の", old))
        if one and one.whole.items
        for group, counts in one.whole.of.items()
        if (total := sum(percent(count, one.whole.items) for count in counts.values())) != 100
    ]
    because = f"このため、合計が100%になりません({'、'.join(uneven)})。" if uneven else ""
    yield "構成比は、小数第2位を四捨五入しています。" + because
    if old:
        note = "増減の「△」は、減を表します。前版とは、記号ではなく意味で比べています。"
        groups = [({*_meanings(old, group)}, {*_meanings(new, group)}) for group in ("status", "treatment")]
        if any((before ^ after) - {BLANK} for before, after in groups):
            headings = new.edition.headings
            note += f"「{NOTHING}」は、その版の{headings.status}や{headings.treatment}にないものです。"
        yield note


def _share(part: int, whole: int) -> str:
    """The share in per cent with one decimal; 「-」 of nothing."""
    return str(percent(part, whole)) if whole else NOTHING


# The table


def _heads(sums: _Sums) -> tuple[tuple[Cell, ...], ...]:
    headings = sums.edition.headings
    first = [Cell(headings.policy, (), "Column", id="head-policy"), Cell("項目数", (), "Column", id="head-items")]
    if sums.whole.repeats:
        first.append(Cell("再掲(外数)", (), "Column", id="head-repeats"))
    second = []
    for group, columns in sums.columns.items():
        first.append(Cell(getattr(headings, group), (), "Column", id=f"head-{group}"))
        second += [
            Cell(column.symbol + brief(column.label), (f"head-{group}",), "Column", id=f"head-{column.id}")
            for column in columns
        ]
    return tuple(first), tuple(second)


def _rows(sums: _Sums) -> Iterator[Row]:
    for position, (policy, counted) in enumerate(zip(sums.edition.policies, sums.policies, strict=True), 1):
        yield _row(sums, f"policy-{position}", policy_number(position) + policy.name, counted, str)
    yield _row(sums, "total", TOTAL, sums.whole, str)
    yield _row(sums, "share", SHARE, sums.whole, lambda number: _share(number, sums.whole.items))


def _row(sums: _Sums, name: str, head: str, counted: _Counted, show: Callable[[int], str]) -> Row:
    cells = [Cell(head, ("head-policy",), "Row", id=name), Cell(show(counted.items), ("head-items", name))]
    if sums.whole.repeats:
        # Repeats are no part of the total and have no share.
        cells.append(Cell(NOTHING if head == SHARE else show(counted.repeats), ("head-repeats", name)))
    for group, columns in sums.columns.items():
        for column in columns:
            number = show(counted.of[group][column.key])
            cells.append(Cell(number, (f"head-{column.id}", f"head-{group}", name)))
    return Row(tuple(cells))


# The chart


def _pictures(sums: _Sums) -> Iterator[Paragraph]:
    headings, counts = sums.edition.headings, [sums.whole, *sums.policies]
    numbers = [policy_number(position) for position in range(1, len(counts))]
    texts, readings = [], []
    names = [f"{number} {policy.name}" for number, policy in zip(numbers, sums.edition.policies, strict=True)]
    for label, name, counted in zip([WHOLE, *numbers], [WHOLE, *names], counts, strict=True):
        shown = [(column.label, counted.of["status"][column.key]) for column in sums.columns["status"]]
        shown = [(meaning, number) for meaning, number in shown if number]
        texts.append(f"{label}{counted.items}項目" + "".join(str(number) for _, number in shown))
        parts = "、".join(f"「{meaning}」{number}項目" for meaning, number in shown)
        readings.append(f"{name}({counted.items}項目)は{parts or '項目なし'}。")
    readings[0] = f"{headings.policy}別の{headings.status}の帯グラフ。{readings[0]}"
    for first in range(0, len(counts), BARS_OF_A_PICTURE):
        some = slice(first, first + BARS_OF_A_PICTURE)
        axis = "".join(f"{part}%" for part in range(0, 101, 20))
        yield Paragraph("Figure", "".join(texts[some]) + axis, flat("".join(readings[some])))


# The comparison with the edition before

_CHANGE_HEADS = (
    (
        Cell("区分", (), "Column", id="change-kind"),
        Cell("項目数", (), "Column", id="change-number"),
        Cell(SHARE, (), "Column", id="change-share"),
    ),
    (
        Cell("前版", ("change-number",), "Column", id="change-old"),
        Cell("今回", ("change-number",), "Column", id="change-new"),
        Cell("増減", ("change-number",), "Column", id="change-difference"),
        Cell("前版", ("change-share",), "Column", id="change-old-share"),
        Cell("今回", ("change-share",), "Column", id="change-new-share"),
    ),
)


def _changes(old: _Sums, new: _Sums) -> Iterator[Row]:
    wholes = old.whole.items, new.whole.items
    yield _change("whole", TOTAL, wholes, wholes, ())
    for group in ("status", "treatment"):
        head = f"difference-{group}"
        title = flat(getattr(new.edition.headings, group))
        yield Row((Cell(title, ("change-kind",), "Column", id=head),), is_heading=True)
        before, after = _meanings(old, group), _meanings(new, group)
        for position, meaning in enumerate(dict.fromkeys([*after, *before]), 1):
            symbols, label, _ = after.get(meaning) or before[meaning]
            # Every edition knows 未記入.
            missing = 0 if meaning == BLANK else None
            was, now = (side[meaning][2] if meaning in side else missing for side in (before, after))
            yield _change(f"{group}-{position}", f"{symbols} {label}", (was, now), wholes, (head,))


def _meanings(sums: _Sums, group: str) -> dict[str, tuple[str, str, int]]:
    """By folded meaning: symbols, label and count."""
    meanings: dict[str, tuple[str, str, int]] = {}
    for column in sums.columns[group]:
        symbols, label, number = meanings.get(fold(column.label), ("", column.label, 0))
        symbols = "・".join(filter(None, (symbols, column.symbol)))
        meanings[fold(column.label)] = symbols, label, number + sums.whole.of[group][column.key]
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
