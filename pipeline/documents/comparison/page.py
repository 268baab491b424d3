"""The page of the 新旧対照表: an overview of the changes between two editions, then every changed item.

New stands on the left and old on the right, and changed words are underlined on both sides, as in 新旧対照表 of laws.
Where the columns of two sides do not fit beside each other, each changed column of an item has a row of its own
(model/side_widths.py).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest

from pipeline.documents.document import CHANGED, DELETED, Carried
from pipeline.documents.html import CONTINUED, LEGEND_COLON, document_title, masthead, number_column, plain, render
from pipeline.model.column_widths import figure_parts, head_lines
from pipeline.model.edition import Edition, Repeat
from pipeline.model.form import Column
from pipeline.model.side_widths import FIGURES_OF_NUMBERS, SideWidths, columns_of_side
from pipeline.paper import A4, CELL_SIDE, COMPARISON_LISTED, COMPARISON_ROWS, TYPE_PT, Widths, em
from pipeline.text import break_label, brief, flat, width_in_ems
from pipeline.years.comparison import LABELS, TEXT_LABELS, ChangeKind, Comparison, Entry, figure, says
from pipeline.years.matching import Placed, meaning_of
from pipeline.years.pairing import ColumnPair, common_levels, common_years
from pipeline.years.similarity import fold
from pipeline.years.text_diff import Marked, Piece, common_start, mark

TITLE = "新旧対照表"
NEW, OLD = "新", "旧"
ADDED, REMOVED, MISSING = "(新設)", "(削る)", "(記載なし)"
NEW_ITEMS, ENDED, VANISHED, TOTAL = "新設", "終了", "記載なし", "計"
ABOLISHED = "廃止"
# The minus sign of office tables.
MINUS = "△"
GUESS = "推定"

# The kinds of change whose items the overview lists by name; those that need attention come first.
_LISTED_KINDS: tuple[tuple[ChangeKind, str], ...] = (
    ("vanished", VANISHED),
    ("new", NEW_ITEMS),
    ("merged", "統合"),
    ("split", "分割"),
    ("renamed", "名称変更"),
    ("moved", "移動"),
    ("ended", ENDED),
)

# Labels of the kinds beside an item.
_SHORT: Mapping[ChangeKind, str] = {
    "continued": "変更なし",
    "renamed": "名称",
    "marks_changed": "印",
    "moved": "移動",
    "merged": "統合",
    "split": "分割",
    "new": NEW_ITEMS,
    "ended": ENDED,
    "vanished": VANISHED,
}

# The ems of a line of a value in a row of its own, and the most lines of an item whose rows stay on one page.
_VALUE_EMS = Widths(COMPARISON_ROWS).ems("value", CELL_SIDE)
_LINES_OF_AN_ITEM = 8

# Lines of sentences and tables that fit on the overview's A4 page.
_LINES_OF_A_PAGE = 24
# The most counts in a row of the overview, and the lines that each further row takes.
_COUNTS_IN_A_ROW, _LINES_OF_COUNTS = 12, 4

# The width of what heads a row of counts, in millimetres (.counts .head).
_COUNTS_HEAD = 13

# The ems of a line of a label beside an item.
_LABEL_EMS = Widths(COMPARISON_ROWS).ems("kinds", 0.3)

# The ems of a line of a name in the list by name, and the digits of a NO.
_LISTED = ("kind", "number", "item", "number", "item", "remark")
_LISTED_WIDTHS = Widths(tuple((name, COMPARISON_LISTED[name]) for name in _LISTED))
_LISTED_ITEM, _LISTED_FIGURES = _LISTED_WIDTHS.ems("item", CELL_SIDE), _LISTED_WIDTHS.figures("number")


@dataclass(frozen=True, slots=True)
class SideCell:
    """A cell of one side: its text as pieces, each changed or not, and a symbol's meaning."""

    column: Column
    pieces: Marked
    meaning: str = ""


ItemSide = tuple[SideCell, ...]


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A row below an item: one of its columns, new and old. One that `stays` is on the page of the next one."""

    id: str
    head: str
    new: SideCell
    old: SideCell
    stays: bool = False


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item, new and old, with the labels of its changes.

    The cells of a side are all columns, or the name alone where the columns have `rows` of their own. `headers` holds the
    ids of the headings above it, the innermost first. `context` is the line of context of a page that begins with it,
    `context_of_rows` that of a page that begins with one of its rows.
    """

    id: str
    kinds: tuple[str, ...]
    new: ItemSide
    old: ItemSide
    headed_by_new: bool
    headers: tuple[str, ...]
    context: str
    rows: tuple[ColumnRow, ...] = ()
    context_of_rows: str = ""


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """The heading of a section; `depth` counts levels from 0. `headers` holds the ids of the headings above it."""

    depth: int
    id: str
    name: str
    headers: tuple[str, ...]
    context: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A row of numbers, each as printed and, where that says less to a listener, as read."""

    head: str
    cells: tuple[tuple[str, str], ...]
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """How items moved between the symbols or terms by which they are counted: old ones are rows, new ones columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """The items by name, under a `title`.

    `columns` are the class and the head of each column, `heads` the column that heads each row.
    """

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]
    heads: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The overview: sentences, counts by kind of change (in lines) in one or more rows, the matrix, and items by name."""

    sentences: tuple[str, ...]
    counts: tuple[tuple[tuple[tuple[str, ...], int], ...], ...]
    matrix: Matrix | None
    listed: Listed

    @property
    def fits_on_a_page(self) -> bool:
        """Whether it probably fits on one page, which then can be handed out alone."""
        lines = len(self.sentences) + (len(self.matrix.rows) if self.matrix else 0)
        lines += _LINES_OF_COUNTS * (len(self.counts) - 1)
        lines += sum(max(-(-width_in_ems(text) // _LISTED_ITEM) for text in row) for row in self.listed.rows)
        return lines <= _LINES_OF_A_PAGE


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text beside the list that changed (前文, 後文, 注), new and old."""

    head: str
    new: Marked
    old: Marked


def page(comparison: Comparison, carried: Carried, show_all: bool = False) -> str:
    """The HTML of the 新旧対照表; unchanged items are listed only if `show_all`."""
    old, new = comparison.old, comparison.new
    title = f"{flat(new.title)} {TITLE}"
    sides = SideWidths(old, new)
    widths = sides.widths if sides.fit else Widths(COMPARISON_ROWS, sides.sheet.content_width)
    return render(
        "comparison.html",
        edition=new,
        title=document_title(new, title),
        masthead=masthead(new, new.document_number.comparison, title, sides.sheet),
        sheet=sides.sheet,
        carried=carried,
        overview=_overview(comparison),
        lines=tuple(_body(comparison, show_all, sides.fit)),
        sides=(
            (NEW, "new", _label(NEW, new), _heads(new, "new", sides)),
            (OLD, "old", _label(OLD, old), _heads(old, "old", sides)),
        ),
        are_beside=sides.fit,
        item_head=flat(new.item_column.head),
        widths=widths,
        listed_widths=Widths(tuple(COMPARISON_LISTED.items())),
        note=_note(comparison, show_all, sides.fit),
        marks={**old.marks, **new.marks},
        notes=tuple(_notes(comparison)),
        texts=tuple(_texts(comparison)),
        texts_title=f"{_texts_called(comparison)}の変更",
        changed=CHANGED,
        deleted=DELETED,
    )


def _label(side: str, edition: Edition) -> str:
    """The head of a side, with its year."""
    return f"{side}({flat(edition.fiscal_year)})" if edition.fiscal_year else side


def _sides_called(comparison: Comparison) -> tuple[str, str]:
    """What sentences call the old and the new edition: their years if these tell them apart."""
    years = flat(comparison.old.fiscal_year), flat(comparison.new.fiscal_year)
    return years if all(years) and years[0] != years[1] else (OLD, NEW)


def _heads(edition: Edition, side: str, sides: SideWidths) -> tuple[tuple[Column, str, tuple[str, ...]], ...]:
    """The columns of a side: each with the class of its `col` and the lines of its head."""
    if not sides.fit:
        return ()
    numbers = number_column((number for _, one in sides.sides for number in one.items), FIGURES_OF_NUMBERS)
    found = []
    for column in columns_of_side(edition):
        name = f"{side}-{column.name}"
        kind = numbers if column.field == "number" else column.kind
        found.append((column, f"{name} {kind}", head_lines(_head(column), sides.widths.ems(name))))
    return tuple(found)


def _called_by(column: Column) -> str:
    """What a column is called outside its table, away from the notes."""
    return plain(column.head)


def _head(column: Column) -> str:
    return flat(column.head) + (f"({column.unit})" if column.unit else "")


def _note(comparison: Comparison, show_all: bool, are_beside: bool) -> str:
    unchanged = len(comparison.entries) - len(comparison.changes)
    note = "左が新、右が旧です。" if are_beside else "左が新、右が旧で、項目ごとに、変わった欄だけを示しています。"
    note += "下線部分は、変更部分です。"
    if any(pair.both and pair.both[0].kind == pair.both[1].kind == "figure" for pair in comparison.columns):
        note += "数の後の( )は、旧からの増減です。"
    if unchanged and not show_all:
        note += f"変更のない{unchanged}項目は省いています。"
    if comparison.guesses:
        note += f"「{GUESS}」は、名称、記載内容、位置などから、同じ項目とみなしたものです。"
    return note


def _notes(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """(id, text) of the notes (注) of the new edition, then of those of the old one that say something else."""
    for number, text in comparison.new.notes.items():
        yield f"note-{number}", f"※{number} {text}"
    for number, text in comparison.old.notes.items():
        if fold(comparison.new.notes.get(number, "")) != fold(text):
            yield f"old-note-{number}", f"({OLD}) ※{number} {text}"


def _texts(comparison: Comparison) -> Iterator[TextRow]:
    for text in comparison.texts:
        old, new = mark(text.old, text.new)
        yield TextRow(TEXT_LABELS[text.kind] + text.number, new or _all(REMOVED, False), old or _all(ADDED, False))


def _texts_called(comparison: Comparison) -> str:
    """The kinds of texts beside the list that changed: 前文、注."""
    return "、".join(dict.fromkeys(TEXT_LABELS[text.kind] for text in comparison.texts))


# Overview


def _overview(comparison: Comparison) -> Overview:
    counts = tuple(_counts(comparison))
    rows = -(-len(counts) // _COUNTS_IN_A_ROW)
    length = -(-len(counts) // rows)
    ems = int(((A4.content_width - _COUNTS_HEAD) / length - 1) / em(TYPE_PT))
    return Overview(
        sentences=tuple(_sentences(comparison)),
        counts=tuple(
            tuple((break_label(label, ems), count) for label, count in counts[at : at + length])
            for at in range(0, len(counts), length)
        ),
        matrix=_matrix(comparison),
        listed=_listed(comparison),
    )


def _main(comparison: Comparison) -> ColumnPair | None:
    """The column by which both editions count their items."""
    return next((pair for pair in comparison.columns if pair.both and all(one.is_main for one in pair.both)), None)


def _matrix(comparison: Comparison) -> Matrix | None:
    pair = _main(comparison)
    if not pair or not pair.both:
        return None
    meanings_old = _meanings(pair.both[0], [placed for entry in comparison.entries for placed in entry.old])
    new = [placed for entry in comparison.entries for placed in entry.new]
    meanings_new = _meanings(pair.both[1], new)
    moves = Counter(_moves(comparison))
    # Pairs, because a legend may contain the label 終了 too.
    stays: list[tuple[str, str]] = [(meaning, "") for meaning in meanings_new]
    kinds: tuple[tuple[ChangeKind, str], ...] = (("ended", ENDED), ("vanished", VANISHED))
    gone = [("", label) for kind, label in kinds if comparison.of(kind)]
    counts = {meaning: [moves[meaning, column] for column in (*stays, *gone)] for meaning in (*meanings_old, "")}
    added = counts.pop("")
    sums = [sum(column) for column in zip(*counts.values(), strict=True)]
    now = Counter(flat(placed.meaning) for placed in new)
    # Items that were merged count several times above, items that were split once.
    joined = [now[meaning] - sums[at] - added[at] for at, meaning in enumerate(meanings_new)]
    called = _sides_called(comparison)
    rows = [MatrixRow(brief(meaning), _numbers(some, 0)) for meaning, some in counts.items()]
    rows.append(MatrixRow(f"{called[0]}の{TOTAL}", _numbers(sums, 0, zero="0"), True))
    if any(added):
        rows.append(MatrixRow(NEW_ITEMS, _numbers(added[: len(stays)], len(gone))))
    if any(joined):
        rows.append(MatrixRow("統合・分割による増減", _numbers(joined, len(gone))))
    if gone or any(added) or any(joined):
        rows.append(
            MatrixRow(f"{called[1]}の{TOTAL}", _numbers([now[one] for one in meanings_new], len(gone), zero="0"), True)
        )
    else:
        rows[-1] = replace(rows[-1], head=TOTAL)
    return Matrix(
        f"{_called_by(pair.both[1])}の推移(行: {called[0]}、列: {called[1]})",
        (*(brief(meaning) or label for meaning, label in (*stays, *gone)), TOTAL),
        tuple(rows),
    )


def _numbers(counts: Sequence[int], empty: int, zero: str = "") -> tuple[tuple[str, str], ...]:
    """The cells of a row of the matrix: `counts`, as many `empty` ones, and the sum. `zero` stands for 0."""
    return (*(_signed(count, zero) for count in counts), *[("", "")] * empty, _signed(sum(counts), "0"))


def _signed(count: int, zero: str) -> tuple[str, str]:
    """`count` as printed and as read."""
    if count < 0:
        return f"{MINUS}{-count}", f"{-count}減"
    return str(count) if count else zero, ""


def _meanings(column: Column, placed: list[Placed]) -> list[str]:
    """The meanings of the symbols, or the terms, in the order of the list, then others that occur (未記入)."""
    words = column.words or {}
    listed = words.values() if column.kind == "symbol" else words
    return list(dict.fromkeys([*map(flat, listed), *(flat(one.meaning) for one in placed)]))


def _moves(comparison: Comparison) -> Iterator[tuple[str, tuple[str, str]]]:
    """(old meaning, (new meaning, label)) for every old item, and for every new item without predecessor.

    The old meaning of a new item is empty. If there is no new meaning, the label names the column: 終了 or 記載なし.
    """
    for entry in comparison.entries:
        partners = {before.number: after for before, after in entry.pairs}
        for before in entry.old:
            after = partners.get(before.number)
            gone = VANISHED if "vanished" in entry.kinds else ENDED
            yield flat(before.meaning), (flat(after.meaning), "") if after else ("", gone)
        if not entry.old:
            for after in entry.new:
                yield "", (flat(after.meaning), "")


def _sentences(comparison: Comparison) -> Iterator[str]:
    old = sum(len(entry.old) for entry in comparison.entries)
    new = sum(len(entry.new) for entry in comparison.entries)
    before, after = _sides_called(comparison)
    has_repeats = any(isinstance(row, Repeat) for one in (comparison.old, comparison.new) for _, row in one.rows())
    without = "(再掲を除く。)" if has_repeats else ""
    yield f"{before}の{old}項目は、{after}では{new}項目となりました{without}。"
    yield from _sentences_on_the_form(comparison)
    if comparison.texts:
        yield f"{_texts_called(comparison)}にも変更があります。末尾に示します。"


def _sentences_on_the_form(comparison: Comparison) -> Iterator[str]:
    """What the forms of both editions do not have in common, and how such columns are compared."""
    for before, after in (pair.both for pair in comparison.columns if pair.both):
        if before.kind == after.kind == "symbol" and before.words != after.words:
            legend = " ".join(f"{symbol}{meaning}" for symbol, meaning in (before.words or {}).items())
            yield (
                f"旧の{_called_by(before)}{LEGEND_COLON}{flat(legend)}。"
                f"{_called_by(after)}の比較は、記号の意味ごとに行っています。"
            )
        if before.years != after.years:
            both = "、".join(flat(after.years[year]) for _, year in common_years(before, after))
            where = f"新旧の両方にある年度({both})" if both else "新旧の両方にある年度がないので、"
            yield f"{_called_by(after)}は、{where}{'で比べています' if both else '比べていません'}。"
    for label, alone in (
        (NEW, [pair.new for pair in comparison.columns if pair.new and not pair.old]),
        (OLD, [pair.old for pair in comparison.columns if pair.old and not pair.new]),
    ):
        if alone:
            names = "".join(f"「{_called_by(column)}」" for column in alone)
            yield f"欄{names}は、{label}だけにあります。変更には数えていません。"
    forms = comparison.old.form, comparison.new.form
    levels = common_levels(*forms)
    if len(levels) != max(len(form.levels) for form in forms):
        names = "".join(f"「{flat(comparison.new.levels[at].head)}」" for _, at in levels)
        how = f"、共通の段{names}で比べています" if names else "比べていません"
        yield f"見出しの段が新旧で異なります。移動は{how}。"


def _counts(comparison: Comparison) -> Iterator[tuple[str, int]]:
    """The labels of the kinds of change, each with the number of entries; those that cannot occur are left out."""
    leave_out: set[ChangeKind] = set()
    if not (comparison.old.marks or comparison.new.marks):
        leave_out.add("marks_changed")
    if not common_levels(comparison.old.form, comparison.new.form):
        leave_out.add("moved")
    if not comparison.old.deciding and not comparison.of("ended"):
        leave_out.add("ended")
    if not comparison.vanished:
        leave_out.add("vanished")
    for kind, label in LABELS.items():
        if kind not in leave_out:
            yield label, len(comparison.of(kind))
        if kind == "continued":
            for pair in comparison.columns:
                if pair.both:
                    count = sum(pair.column.key in entry.columns for entry in comparison.entries)
                    yield f"{_called_by(pair.column)}の変更", count


def _listed(comparison: Comparison) -> Listed:
    """The lines of the list by name: kind, new number and name, old number and name, remark."""
    lines = [
        line
        for kind, label in _LISTED_KINDS
        for entry in comparison.of(kind)
        # Merged and split items have other names anyway.
        if not (kind == "renamed" and {"merged", "split"} & {*entry.kinds})
        for line in _listed_lines(comparison, kind, label, entry)
    ]
    sides = ((NEW, comparison.new), (OLD, comparison.old))
    columns = [("kind", "区分")]
    for label, edition in sides:
        if number := edition.number_column:
            columns.append((_listed_number(sides), f"{label}{flat(number.head)}"))
        columns.append(("item", f"{label}の項目"))
    columns.append(("remark", "備考"))
    names = [at for at, (name, _) in enumerate(columns) if name == "item"]
    heads = tuple(names[0] if line[names[0]] else names[1] for line in lines)
    return Listed(_listed_title([line[0] for line in lines]), tuple(columns), tuple(lines), heads)


def _listed_title(labels: Sequence[str]) -> str:
    """What is listed: 新設・統合した項目、記載のない項目."""
    did = "・".join(label for label in dict.fromkeys(labels) if label not in ("", VANISHED))
    return "、".join([f"{did}した項目"] * bool(did) + ["記載のない項目"] * (VANISHED in labels))


def _listed_number(sides: Sequence[tuple[str, Edition]]) -> str:
    """The class of the columns of numbers."""
    editions = [edition for _, edition in sides]
    if any(edition.form.item_numbering == "自由" for edition in editions):
        return "label"
    return number_column((number for edition in editions for number in edition.items), _LISTED_FIGURES)


def _listed_lines(comparison: Comparison, kind: ChangeKind, label: str, entry: Entry) -> Iterator[tuple[str, ...]]:
    deciding = comparison.old.deciding
    for index, (new, old) in enumerate(zip_longest(entry.new, entry.old)):
        remarks = [GUESS] if entry.guess else []
        if entry.reason:
            remarks.append(f"{ABOLISHED}: {flat(entry.reason)}")
        elif kind in ("ended", "vanished") and old and deciding:
            remarks.append(f"旧の{flat(deciding.head)}: {old.item.text(deciding)}")
        if kind == "moved" and old:
            remarks.append(f"旧 {old.position}から")
        line = [label if index == 0 else ""]
        for placed, edition in ((new, comparison.new), (old, comparison.old)):
            if edition.form.number:
                line.append(_printed_number(edition, placed) if placed else "")
            line.append(flat(placed.item.name) if placed else "")
        yield (*line, "、".join(remarks))


def _printed_number(edition: Edition, placed: Placed) -> str:
    return placed.item.text(edition.form.number) if edition.form.number else ""


# Item by item


def _body(comparison: Comparison, show_all: bool, are_beside: bool) -> Iterator[HeadingRow | ItemRow]:
    titles = _titles(comparison.new)
    place: tuple[str, ...] = ()
    above: list[HeadingRow] = []
    counts: Counter[str] = Counter()
    for count, entry in enumerate(comparison.entries if show_all else comparison.changes, 1):
        stands = (entry.new or entry.old)[0]
        same = common_start(place, stands.place)
        above = above[:same]
        for depth, heading in enumerate(stands.headings[same:], same):
            counts[heading.level.name] += 1
            above.append(
                HeadingRow(
                    depth,
                    f"{heading.level.name}-{counts[heading.level.name]}",
                    # A heading of the old edition alone is marked (旧): its number may be another one's in the new.
                    titles.get(stands.place[: depth + 1], f"({OLD}) {heading.title}"),
                    ("head-kinds", *(one.id for one in reversed(above))),
                    _context(one.name for one in above),
                )
            )
            yield above[-1]
        place = stands.place
        yield from _lines(comparison, entry, f"entry-{count}", above, are_beside)


def _context(names: Iterator[str]) -> str:
    joined = " ".join(names)
    return joined + CONTINUED if joined else ""


def _titles(edition: Edition) -> dict[tuple[str, ...], str]:
    """The headings of `edition` with their numbers, by the folded names; of equal names the first."""
    found: dict[tuple[str, ...], str] = {}
    for headings in edition.outline():
        found.setdefault(tuple(fold(one.section.name) for one in headings), headings[-1].title)
    return found


def _lines(
    comparison: Comparison, entry: Entry, id: str, above: Sequence[HeadingRow], are_beside: bool
) -> Iterator[ItemRow]:
    kinds = tuple(_labels(comparison, entry, are_beside))
    for index, (new, old) in enumerate(zip_longest(entry.new, entry.old)):
        left, right = _sides(comparison, entry, new, old)
        row = ItemRow(
            id if index == 0 else f"{id}-{index + 1}",
            kinds if index == 0 else (),
            left,
            right,
            new is not None,
            tuple(one.id for one in reversed(above)),
            _context(one.name for one in above),
        )
        yield row if are_beside else _in_rows(comparison, row, new, old)


def _labels(comparison: Comparison, entry: Entry, are_beside: bool) -> Iterator[str]:
    if are_beside:
        for pair in comparison.columns:
            if pair.column.key in entry.columns:
                yield "\n".join(break_label(_called_by(pair.column), _LABEL_EMS))
    others = [kind for kind in entry.kinds if kind in _SHORT]
    for kind in others:
        how = ABOLISHED if entry.reason else comparison.treatment(entry)
        yield f"{_SHORT[kind]}\n({how})" if kind == "ended" else _SHORT[kind]
    if not are_beside and not others:
        yield "変更"
    if entry.guess:
        yield GUESS


def _in_rows(comparison: Comparison, row: ItemRow, new: Placed | None, old: Placed | None) -> ItemRow:
    """`row` with its name alone on each side, and a row for each changed column, or for each of an item without partner."""
    rows: list[ColumnRow] = []
    for pair in comparison.columns:
        left = next((cell for cell in row.new if pair.new and cell.column.key == pair.new.key), None)
        right = next((cell for cell in row.old if pair.old and cell.column.key == pair.old.key), None)
        if new and old:
            if not pair.both or says(pair, old.item, 0) == says(pair, new.item, 1):
                continue
        elif not any(cell and cell.pieces for cell in (left, right)):
            continue
        empty = SideCell(pair.column, ())
        head = _head(pair.column)
        if pair.both and fold(pair.both[0].head) != fold(pair.both[1].head):
            head += f"\n({OLD} {_head(pair.both[0])})"
        rows.append(ColumnRow(f"{row.id}-column-{len(rows) + 1}", head, left or empty, right or empty))
    placed, edition = (new, comparison.new) if new else (old, comparison.old)
    assert placed is not None
    context = " ".join(filter(None, (_printed_number(edition, placed), flat(placed.item.name)))) + CONTINUED
    return replace(
        row,
        new=(_with_number(row.new),),
        old=(_with_number(row.old),),
        rows=_kept_together(rows),
        context_of_rows=context,
    )


def _kept_together(rows: Sequence[ColumnRow]) -> tuple[ColumnRow, ...]:
    """`rows`; if they are few lines, they stay together."""
    lines = sum(max(map(_lines_of, (row.new, row.old))) for row in rows)
    if lines > _LINES_OF_AN_ITEM:
        return tuple(rows)
    return (*(replace(row, stays=True) for row in rows[:-1]), *rows[-1:])


def _lines_of(cell: SideCell) -> int:
    text = "".join(piece.text for piece in cell.pieces)
    return sum(max(1, -(-width_in_ems(line) // _VALUE_EMS)) for line in text.split("\n"))


def _with_number(side: ItemSide) -> SideCell:
    """The cell of the name, after the item's number."""
    name = next(cell for cell in side if cell.column.kind == "name")
    number = "".join(piece.text for cell in side if cell.column.kind == "number" for piece in cell.pieces)
    return replace(name, pieces=(Piece(f"{number} ", False), *name.pieces)) if number else name


def _sides(comparison: Comparison, entry: Entry, new: Placed | None, old: Placed | None) -> tuple[ItemSide, ItemSide]:
    """The cells of the new side (left) and of the old one (right), each with the columns of its edition."""
    left, right = columns_of_side(comparison.new), columns_of_side(comparison.old)
    if new and old:
        before, after = _marked_names(old, new, "moved" in entry.kinds)
        marked_old: dict[str, Marked] = {}
        marked_new: dict[str, Marked] = {}
        for pair in comparison.columns:
            if pair.both:
                marked_old[pair.both[0].key], marked_new[pair.both[1].key] = _marked(pair, old, new)
        return (
            tuple(_cell(column, new, after, marked_new.get(column.key)) for column in left),
            tuple(_cell(column, old, before, marked_old.get(column.key)) for column in right),
        )
    # One side is empty: a merger, a split, a new or an ended item.
    changed = len(entry.new) == 0 or len(entry.old) == 0
    if new:
        why = f"(旧{_called(comparison.old, entry.old[0])}から分割)" if entry.old else ADDED
        return tuple(_cell(column, new, _all(_name(new), changed)) for column in left), _empty(right, why)
    assert old is not None
    why = MISSING if "vanished" in entry.kinds else REMOVED
    if entry.reason:
        why += f"\n{ABOLISHED}の理由: {flat(entry.reason)}"
    if entry.new:
        why = f"(新{_called(comparison.new, entry.new[0])}に統合)"
    return _empty(left, why), tuple(_cell(column, old, _all(_name(old), changed)) for column in right)


def _called(edition: Edition, placed: Placed) -> str:
    """An item in a remark: by its NO if that is printed, otherwise by its name."""
    return f"NO {placed.number}" if edition.form.prints_no else f"「{flat(placed.item.name)}」"


def _name(placed: Placed) -> str:
    return "".join(f"【{one}】" for one in placed.item.marks) + placed.item.name


def _marked_names(old: Placed, new: Placed, is_moved: bool) -> tuple[Marked, Marked]:
    """The old and the new name, after the marks (印), of which those are marked that the other side does not have."""
    before, after = mark(old.item.name, new.item.name)
    if is_moved:
        before = (*before, Piece(f"\n[旧 {old.position}]", False))
    return (*_own_marks(old, new), *before), (*_own_marks(new, old), *after)


def _own_marks(placed: Placed, other: Placed) -> Marked:
    others = set(map(fold, other.item.marks))
    return tuple(Piece(f"【{one}】", fold(one) not in others) for one in placed.item.marks)


def _marked(pair: ColumnPair, old: Placed, new: Placed) -> tuple[Marked, Marked]:
    """The old and the new text of a column, marked: words of texts and prose, otherwise the whole."""
    assert pair.both
    before, after = pair.both
    if all(column.kind in ("text", "prose") for column in pair.both):
        return mark(old.item.text(before), new.item.text(after))
    if before.kind == after.kind == "figure":
        return _marked_figures(before, after, old, new)
    differ = says(pair, old.item, 0) != says(pair, new.item, 1)
    return _all(old.item.text(before), differ), _all(new.item.text(after), differ)


def _marked_figures(before: Column, after: Column, old: Placed, new: Placed) -> tuple[Marked, Marked]:
    """The figures of a column; those of a series for the years that differ, one a line."""
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    is_series = bool(before.years and after.years)
    for year_before, year_after in common_years(before, after):
        differ = figure(before, old.item, year_before) != figure(after, new.item, year_after)
        if is_series and not differ:
            continue
        for side, column, placed, year in (
            (sides[0], before, old, year_before),
            (sides[1], after, new, year_after),
        ):
            side.append(Piece(_year(column, year, bool(side)), False))
            side.append(Piece(_said(column, placed, year), differ))
        if change := _change(figure(before, old.item, year_before), figure(after, new.item, year_after)):
            sides[1].append(Piece(f" ({change})", False))
    return _joined(sides[0]), _joined(sides[1])


def _joined(pieces: Sequence[Piece]) -> Marked:
    return tuple(piece for piece in pieces if piece.text)


def _year(column: Column, year: int, is_further: bool) -> str:
    """What stands before the figure of a year: its head, in a line of its own."""
    return ("\n" if is_further else "") + (f"{flat(column.years[year])} " if column.years else "")


def _said(column: Column, placed: Placed, year: int) -> str:
    """The text of a cell; a figure with the unit of its item. A unit of the column stands in the head."""
    return "".join(figure_parts(placed.item, column, year))


def _change(old: tuple[Decimal | str, str], new: tuple[Decimal | str, str]) -> str:
    """How much a figure rose (+8) or fell (△3); empty if it did not, or if both are not numbers of one unit."""
    (before, unit_before), (after, unit_after) = old, new
    if isinstance(before, str) or isinstance(after, str) or unit_before != unit_after or before == after:
        return ""
    return f"{'+' if after > before else '△'}{abs(after - before):,f}"


def _cell(column: Column, placed: Placed, name: Marked, marked: Marked | None = None) -> SideCell:
    """The cell of `column`: the `name` as given, other texts as `marked`, or without marks if the other side has none."""
    if column.kind == "name":
        return SideCell(column, name)
    if marked is None:
        years = range(max(1, len(column.years)))
        marked = _all("".join(_year(column, year, year > 0) + _said(column, placed, year) for year in years), False)
    meaning = meaning_of(column, placed.item) if column.kind == "symbol" else ""
    return SideCell(column, marked, "" if meaning == placed.item.text(column) else flat(meaning))


def _empty(columns: Sequence[Column], why: str) -> ItemSide:
    """The cells of an empty side; `why` stands in place of the name."""
    return tuple(SideCell(column, _all(why, False) if column.kind == "name" else ()) for column in columns)


def _all(text: str, changed: bool) -> Marked:
    return (Piece(text, changed),) if text else ()
