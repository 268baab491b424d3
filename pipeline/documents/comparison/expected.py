"""The expected text of a 新旧対照表: every item of either edition stands in exactly one entry or is counted as unchanged.

`years` matches the items and pairs the columns; what changed in them is derived here a second time, from the items
themselves.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import groupby, zip_longest

from pipeline.documents import expected as common
from pipeline.documents.document import CHANGED, DELETED, Block, Cell, Expected, Paragraph, Row, Table
from pipeline.documents.expected import CONTINUED, LEGEND_COLON, legend, require
from pipeline.documents.expected_marks import marked
from pipeline.model.edition import Edition, Item, Repeat
from pipeline.model.form import Column
from pipeline.model.side_widths import SideWidths
from pipeline.model.validation import Validated
from pipeline.model.values import amount
from pipeline.text import break_label, brief, flat
from pipeline.years.comparison import Comparison, Entry, compare
from pipeline.years.matching import Placed, goes_on
from pipeline.years.pairing import common_levels
from pipeline.years.similarity import fold

ENDED, VANISHED, ADDED = "終了", "記載なし", "(新設)"
COUNTS_IN_A_ROW = 12
# The characters of a line of a label beside an item.
LABEL_EMS = 4

# A text with its marked words.
Said = tuple[str, tuple[str, ...]]
NO_TEXT: Said = ("", ())


def expect(old: Validated, new: Validated, show_all: bool) -> Expected:
    """The expected text of the 新旧対照表. Raises `ProofError` if an item stands in no entry or in two."""
    comparison = compare(old.edition, new.edition, old.source.edition, new.source.edition)
    two = _Two(comparison)
    entries = [_judged(two, entry) for entry in comparison.entries]
    sides = SideWidths(old.edition, new.edition)
    blocks = _blocks(two, entries, show_all, sides.fit)
    title = f"{flat(new.edition.title)} 新旧対照表"
    number = new.edition.document_number.comparison
    return common.expect(new.edition, number, *blocks, title=title, page_size=sides.sheet.points)


class _Two:
    """Two editions: the columns that both have, and those that only one has, as (old, new) with heads and words."""

    def __init__(self, comparison: Comparison) -> None:
        self.old, self.new = comparison.old, comparison.new
        self.pairs = [(pair.old, pair.new) for pair in comparison.columns]
        self.common = [(old, new) for old, new in self.pairs if old and new]
        self.levels = common_levels(self.old.form, self.new.form)
        self.years = [flat(edition.fiscal_year) for edition in (self.old, self.new)]
        has_two_years = len({*self.years, ""}) == 3
        self.called = tuple(self.years) if has_two_years else ("旧", "新")
        # Only the later edition knows what it abolished of the one before.
        is_after = self.new.previous == comparison.from_id != comparison.to_id
        self.abolished = {
            number: flat(one.reason)
            for one in (self.new.abolitions if is_after else ())
            for number in one.previous_numbers
        }

    def partner(self, column: Column, is_new: bool) -> Column | None:
        """The column of the other edition."""
        sides = [(old, new) if is_new else (new, old) for old, new in self.common]
        return next((other for other, one in sides if one.key == column.key), None)


# An entry, its kinds of change, and the (old, new) columns that changed.
Judged = tuple[Entry, tuple[str, ...], list[tuple[Column, Column]]]


def _blocks(two: _Two, entries: list[Judged], show_all: bool, are_beside: bool) -> Iterator[Block]:
    yield Paragraph("H2", "変更点の概要")
    yield from (Paragraph("P", sentence) for sentence in _sentences(two))
    yield from _counts(two, entries)
    if main := next(((old, new) for old, new in two.common if old.is_main and new.is_main), None):
        yield Paragraph("H3", f"{_called_by(main[1])}の推移(行: {two.called[0]}、列: {two.called[1]})")
        yield _moves(two, main, entries)
    heads, listed = _listed_heads(two), tuple(_listed(two, entries))
    if listed:
        yield Paragraph("H3", _listed_title(listed))
        yield Table((tuple(Cell(head, scope="Column", id=f"listed-{at}") for at, head in enumerate(heads, 1)),), listed)
    shown = [judged for judged in entries if show_all or judged[1] != ("continued",)]
    body = _Body(two, are_beside)
    rows = tuple(body.rows(shown))
    _check_complete(two, body, [entry for entry, kinds, _ in entries if not show_all and kinds == ("continued",)])
    if rows:
        yield Paragraph("H2", "新旧対照表")
        yield Paragraph("P", _note(two, len(entries) - len(shown), any(one.guess for one, *_ in entries), are_beside))
        if marks := two.old.marks | two.new.marks:
            yield Paragraph("P", " ".join(f"【{mark}】{said}" for mark, said in marks.items()))
        yield Table(_heads(two, are_beside), rows)
        yield from _notes(two)
    texts = list(_texts(two.old, two.new))
    if texts:
        yield Paragraph("H2", f"{_kinds_of(texts)}の変更")
        yield Paragraph("P", "左が新、右が旧です。下線部分は、変更部分です。")
        yield _table_of_texts(texts, [text for _, text in _called_sides(two)])


# The name of a text beside the list, its old and its new text.
Beside = tuple[str, str, str]


def _texts(old: Edition, new: Edition) -> Iterator[Beside]:
    """The texts beside the list that differ visibly."""
    sides = [{"前文": one.preface, "後文": one.postface} for one in (old, new)]
    for side, one in zip(sides, (old, new), strict=True):
        side |= {f"注{number}": text for number, text in one.notes.items()}
    for name in dict.fromkeys((*sides[1], *sides[0])):
        before, after = (side.get(name, "") for side in sides)
        if fold(before) != fold(after):
            yield name, before, after


def _kinds_of(texts: list[Beside]) -> str:
    return "、".join(kind for kind in ("前文", "後文", "注") if any(name.startswith(kind) for name, *_ in texts))


def _table_of_texts(texts: list[Beside], heads: list[str]) -> Table:
    rows = []
    for at, (name, before, after) in enumerate(texts, 1):
        old, new = marked(before, after)
        cells = [Cell(name, ("text-kind",), "Row", id=f"text-{at}")]
        for side, (text, words), said, without in (("new", new, CHANGED, "(削る)"), ("old", old, DELETED, ADDED)):
            ids = (f"text-{side}", f"text-{at}")
            cells.append(Cell(text, ids, marked=words, said=said) if text else Cell(without, ids))
        rows.append(Row(tuple(cells)))
    named = zip(("text-kind", "text-new", "text-old"), ("区分", *heads), strict=True)
    return Table((tuple(Cell(text, scope="Column", id=id) for id, text in named),), tuple(rows))


def _check_complete(two: _Two, body: "_Body", left_out: list[Entry]) -> None:
    """Raise `ProofError` unless every item of either edition stands in one row or among the unchanged ones."""
    for side, edition in (("new", two.new), ("old", two.old)):
        hidden = [placed.number for entry in left_out for placed in getattr(entry, side)]
        require(
            sorted(body.stands[side] + hidden) == sorted(edition.items), "比較にない項目か、二度ある項目があります。"
        )


def _judged(two: _Two, entry: Entry) -> Judged:
    """`entry` with its kinds of change and the columns that changed."""
    if not entry.old:
        return entry, ("new",), []
    if not entry.new:
        ended = [placed.number in two.abolished or not goes_on(two.old, placed.item) for placed in entry.old]
        return entry, ("ended",) if ended[0] else ("vanished",), []

    def both(value: Callable[[Placed, int], Hashable]) -> tuple[set[Hashable], set[Hashable]]:
        return {value(placed, 0) for placed in entry.old}, {value(placed, 1) for placed in entry.new}

    changed = []
    for old, new in two.common:
        before = {_compared(old, new, old, placed.item) for placed in entry.old}
        after = {_compared(old, new, new, placed.item) for placed in entry.new}
        if before != after:
            changed.append((old, new))
    kinds = ["column"] * bool(changed)
    nothing_left = {
        "renamed": both(lambda placed, _: fold(placed.item.name)),
        "marks": both(lambda placed, _: tuple(sorted(fold(one) for one in placed.item.marks))),
        "moved": both(lambda placed, side: tuple(fold(placed.headings[at[side]].section.name) for at in two.levels)),
    }
    kinds += [kind for kind, (old_side, new_side) in nothing_left.items() if old_side.isdisjoint(new_side)]
    kinds += ["merged"] * (len(entry.old) > 1) + ["split"] * (len(entry.new) > 1)
    return entry, tuple(kinds) or ("continued",), changed


def _compared(old: Column, new: Column, column: Column, item: Item) -> Hashable:
    """What `item` says in `column`, which is `old` or `new`, as it is compared with the other one."""
    if old.kind != new.kind or column.kind not in ("symbol", "figure"):
        return fold(item.text(column))
    if column.kind == "symbol":
        return fold((column.words or {}).get(item.text(column), item.text(column)))
    values = _by_year(column, item)
    years = [year for year in values if year in _years(old) and year in _years(new)]
    return frozenset((year, _number(item, column, values[year])) for year in years)


def _years(column: Column) -> list[str]:
    """The folded heads of a series; an empty one of single figures."""
    return [*map(fold, column.years)] or [""]


def _by_year(column: Column, item: Item) -> dict[str, str]:
    return dict(zip(_years(column), item.texts(column), strict=True))


def _number(item: Item, column: Column, text: str) -> Hashable:
    value = amount(text)
    return fold(text) if value is None else (value, fold(item.unit_of(column)))


# Overview


def _sentences(two: _Two) -> Iterator[str]:
    old, new = two.old, two.new
    rows = [row for edition in (old, new) for _, row in edition.rows()]
    said = f"{two.called[0]}の{len(old.items)}項目は、{two.called[1]}では{len(new.items)}項目となりました"
    yield said + ("(再掲を除く。)。" if any(isinstance(row, Repeat) for row in rows) else "。")
    for before, after in two.common:
        head = _called_by(after)
        if before.kind == after.kind == "symbol" and before.words != after.words:
            yield (
                flat(legend(f"旧の{_called_by(before)}{LEGEND_COLON}", before.words or {}))
                + f"。{head}の比較は、記号の意味ごとに行っています。"
            )
        if before.years != after.years:
            shared = [flat(year) for year in after.years if fold(year) in map(fold, before.years)]
            if shared:
                yield f"{head}は、新旧の両方にある年度({'、'.join(shared)})で比べています。"
            else:
                yield f"{head}は、新旧の両方にある年度がないので、比べていません。"
    only_new = [after for before, after in two.pairs if after and not before]
    only_old = [before for before, after in two.pairs if before and not after]
    for label, alone in (("新", only_new), ("旧", only_old)):
        if alone:
            names = "」「".join(map(_called_by, alone))
            yield f"欄「{names}」は、{label}だけにあります。変更には数えていません。"
    if {len(two.levels)} != {len(old.form.levels), len(new.form.levels)}:
        heads = [column.head for column in new.columns if column.kind == "level"]
        if two.levels:
            names = "」「".join(flat(heads[at]) for _, at in two.levels)
            yield f"見出しの段が新旧で異なります。移動は、共通の段「{names}」で比べています。"
        else:
            yield "見出しの段が新旧で異なります。移動は比べていません。"
    if texts := list(_texts(old, new)):
        yield f"{_kinds_of(texts)}にも変更があります。末尾に示します。"


def _counts(two: _Two, entries: list[Judged]) -> Iterator[Table]:
    kinds = Counter(kind for _, found, _ in entries for kind in found)
    columns = Counter(new.key for *_, changed in entries for _, new in changed)
    counts = [("変更なし", kinds["continued"])]
    counts += [(f"{_called_by(new)}の変更", columns[new.key]) for _, new in two.common]
    counts += [("名称の変更", kinds["renamed"])]
    counts += [("印の変更", kinds["marks"])] * bool(two.old.marks or two.new.marks)
    counts += [("移動", kinds["moved"])] * bool(two.levels)
    counts += [("統合", kinds["merged"]), ("分割", kinds["split"]), ("新設", kinds["new"])]
    counts += [(ENDED, kinds["ended"])] * bool(two.old.deciding or kinds["ended"])
    counts += [(VANISHED, kinds["vanished"])] * bool(kinds["vanished"])
    number = math.ceil(len(counts) / COUNTS_IN_A_ROW)
    size = (len(counts) + number - 1) // number
    named = [(f"count-{at}", *one) for at, one in enumerate(counts, 1)]
    for at in range(number):
        more = f"-{at + 1}" if at else ""
        band = named[at * size : (at + 1) * size]
        heads = (
            Cell("区分", scope="Column", id=f"count-kind{more}"),
            *(Cell(label, scope="Column", id=name) for name, label, _ in band),
        )
        row = (
            Cell("項目数", (f"count-kind{more}",), "Row", id=f"count{more}"),
            *(Cell(str(count), (name, f"count{more}")) for name, _, count in band),
        )
        yield Table((heads,), (Row(row),))


def _moves(two: _Two, main: tuple[Column, Column], entries: list[Judged]) -> Table:
    """The table of statuses: rows are old meanings, columns new ones, with columns for ended and missing items.

    Below are the sums of either edition and what lies between them: new items, and items that were merged or split.
    """
    old, new = (
        list(
            dict.fromkeys([*map(flat, _meanings(column)), *(_meaning(column, item) for item in edition.items.values())])
        )
        for column, edition in ((main[0], two.old), (main[1], two.new))
    )
    moves: Counter[tuple[str, str]] = Counter()
    left: dict[str, Counter[str]] = {ENDED: Counter(), VANISHED: Counter()}
    for entry, kinds, _ in entries:
        following = {before.number: after for before, after in entry.pairs}
        for one in entry.old:
            meaning = _meaning(main[0], one.item)
            if after := following.get(one.number):
                moves[meaning, _meaning(main[1], after.item)] += 1
            else:
                left[VANISHED if "vanished" in kinds else ENDED][meaning] += 1
    gone = [label for label, counts in left.items() if counts]
    now = Counter(_meaning(main[1], item) for item in two.new.items.values())
    added = Counter(_meaning(main[1], one.item) for entry, *_ in entries if not entry.old for one in entry.new)
    lines = [
        (brief(meaning), [*(moves[meaning, to] for to in new), *(left[label][meaning] for label in gone)])
        for meaning in old
    ]
    came = [sum(moves[meaning, to] for meaning in old) for to in new]
    went = [left[label].total() for label in gone]
    require(
        sum(came) + sum(went) == len(two.old.items) and now.total() == len(two.new.items),
        f"{flat(main[1].head)}の推移の合計が、項目の数と合いません。",
    )
    blank: list[int | None] = [None] * len(gone)
    changed = [now[to] - before - added[to] for to, before in zip(new, came, strict=True)]
    is_one = not (gone or added or any(changed))
    # Each line with its numbers, and whether a zero is printed.
    body: list[tuple[str, list[int | None], bool]] = [(head, [*counts], False) for head, counts in lines]
    body.append(("計" if is_one else f"{two.called[0]}の計", [*came, *went], True))
    body += [("新設", [*(added[to] for to in new), *blank], False)] * bool(added)
    body += [("統合・分割による増減", [*changed, *blank], False)] * any(changed)
    if not is_one:
        body.append((f"{two.called[1]}の計", [*(now[to] for to in new), *blank], True))
    heads = [*map(brief, new), *gone, "計"]
    return Table(
        (
            (
                Cell("旧＼新", scope="Column", id="from"),
                *(Cell(head, scope="Column", id=f"to-{at}") for at, head in enumerate(heads, 1)),
            ),
        ),
        tuple(
            Row(
                (
                    Cell(head, ("from",), "Row", id=f"from-{at}"),
                    *_counted(at, [(count, has_zeros) for count in counts]),
                )
            )
            for at, (head, counts, has_zeros) in enumerate(body, 1)
        ),
    )


def _counted(at: int, counts: list[tuple[int | None, bool]]) -> Iterator[Cell]:
    """The cells of row `at` of the statuses, each with whether a zero is printed, and their sum."""
    total = sum(count or 0 for count, _ in counts)
    for within, (count, has_zero) in enumerate([*counts, (total, True)], 1):
        text = "" if count is None or not (count or has_zero) else str(count)
        said = f"{-count}減" if count is not None and count < 0 else ""
        yield Cell(text.replace("-", "△"), (f"to-{within}", f"from-{at}"), alternate=said)


def _meanings(column: Column) -> list[str]:
    words = column.words or {}
    return [*words.values()] if column.kind == "symbol" else [*words]


def _meaning(column: Column, item: Item) -> str:
    text = item.text(column)
    return flat((column.words or {}).get(text, text)) if column.kind == "symbol" else flat(text)


def _numbers(edition: Edition) -> list[Column]:
    """The column of NOs or of the items' own numbers; none if none is printed."""
    return [column for column in edition.columns if column.kind == "number"]


def _listed_heads(two: _Two) -> list[str]:
    heads = ["区分"]
    for label, edition in (("新", two.new), ("旧", two.old)):
        heads += [f"{label}{flat(column.head)}" for column in _numbers(edition)]
        heads.append(f"{label}の項目")
    return [*heads, "備考"]


def _listed_title(rows: tuple[Row, ...]) -> str:
    """The heading, after the kinds of change in the first column."""
    kinds = [*dict.fromkeys(row.cells[0].text for row in rows if row.cells[0].text)]
    if kinds[0] != VANISHED:
        return f"{'・'.join(kinds)}した項目"
    return f"{'・'.join(kinds[1:])}した項目、記載のない項目" if kinds[1:] else "記載のない項目"


def _listed(two: _Two, entries: list[Judged]) -> Iterator[Row]:
    count = 0
    for kind, label in (
        ("vanished", VANISHED),
        ("new", "新設"),
        ("merged", "統合"),
        ("split", "分割"),
        ("renamed", "名称変更"),
        ("moved", "移動"),
        ("ended", "終了"),
    ):
        for entry, kinds, _ in entries:
            # Merged and split items have other names anyway.
            if kind not in kinds or (kind == "renamed" and {"merged", "split"} & {*kinds}):
                continue
            for at, (new, old) in enumerate(zip_longest(entry.new, entry.old)):
                texts = ["" if at else label]
                heads = []
                for placed, edition in ((new, two.new), (old, two.old)):
                    texts += [placed.item.text(column) if placed else "" for column in _numbers(edition)]
                    heads += [len(texts)] * bool(placed)
                    texts.append(flat(placed.item.name) if placed else "")
                texts.append("、".join(_remarks(two, kind, entry, old)))
                count += 1
                yield _listed_row(texts, heads[0], f"listed-row-{count}")


def _listed_row(texts: list[str], head: int, id: str) -> Row:
    """A row whose cell at `head` (the new name, or the old one) is its header cell."""
    return Row(
        tuple(
            Cell(text, (f"listed-{at + 1}",), "Row", id=id) if at == head else Cell(text, (f"listed-{at + 1}", id))
            for at, text in enumerate(texts)
        )
    )


def _remarks(two: _Two, kind: str, entry: Entry, old: Placed | None) -> Iterator[str]:
    if entry.guess:
        yield "推定"
    if old and old.number in two.abolished:
        yield f"廃止: {two.abolished[old.number]}"
    elif old and kind in ("ended", "vanished") and (deciding := two.old.deciding):
        yield f"旧の{flat(deciding.head)}: {old.item.text(deciding)}"
    if old and kind == "moved":
        yield f"旧 {old.position}から"


# Item by item


def _note(two: _Two, left_out: int, has_guesses: bool, are_beside: bool) -> str:
    note = "左が新、右が旧です。" if are_beside else "左が新、右が旧で、項目ごとに、変わった欄だけを示しています。"
    note += "下線部分は、変更部分です。"
    if any(old.kind == new.kind == "figure" for old, new in two.common):
        note += "数の後の( )は、旧からの増減です。"
    if left_out:
        note += f"変更のない{left_out}項目は省いています。"
    if has_guesses:
        note += "「推定」は、名称、記載内容、位置などから、同じ項目とみなしたものです。"
    return note


def _notes(two: _Two) -> Iterator[Paragraph]:
    for number, text in two.new.notes.items():
        yield Paragraph("Note", f"※{number} {text}")
    for number, text in two.old.notes.items():
        if number not in two.new.notes or fold(two.new.notes[number]) != fold(text):
            yield Paragraph("Note", f"(旧) ※{number} {text}")


def _called_sides(two: _Two) -> Iterator[tuple[str, str]]:
    """The name of each side and its head, with its year."""
    for label, year, side in (("新", two.years[1], "new"), ("旧", two.years[0], "old")):
        yield side, f"{label}({year})" if year else label


def _heads(two: _Two, are_beside: bool) -> tuple[tuple[Cell, ...], ...]:
    kinds = Cell("区分", scope="Column", id="head-kinds")
    sides = tuple(Cell(text, scope="Column", id=f"head-{side}") for side, text in _called_sides(two))
    if not are_beside:
        return ((kinds, Cell("欄", scope="Column", id="head-column"), *sides),)
    return (
        (kinds, *sides),
        tuple(
            Cell(_head(column), (f"head-{side}",), "Column", id=f"head-{side}-{column.name}")
            for side, edition in (("new", two.new), ("old", two.old))
            for column in _columns(edition)
        ),
    )


def _called_by(column: Column) -> str:
    """The head of a column without the marks of notes, which stand below the table only."""
    return re.sub("※[0-9]+", "", flat(column.head))


def _head(column: Column) -> str:
    return f"{column.head}({column.unit})" if column.unit else column.head


def _columns(edition: Edition) -> list[Column]:
    return [column for column in edition.columns if column.kind != "level"]


def _stands(entry: Entry) -> Placed:
    return (entry.new or entry.old)[0]


# One side of a row: for each column the text with its marked words, and a symbol's meaning.
ExpectedSide = list[tuple[Column, Said, str]]


class _Body:
    """The rows of the table; `stands` collects the NOs that stand in a row, by side."""

    def __init__(self, two: _Two, are_beside: bool) -> None:
        self._two = two
        self._are_beside = are_beside
        self.stands: dict[str, list[int]] = {"new": [], "old": []}
        # The headings of the new edition, by the folded names; of equal names the first.
        self._titles: dict[tuple[str, ...], str] = {}
        for above in two.new.outline():
            self._titles.setdefault(tuple(fold(one.section.name) for one in above), above[-1].title)

    def rows(self, shown: list[Judged]) -> Iterator[Row]:
        """The rows of the entries, below their headings."""
        counts: Counter[str] = Counter()
        count = 0
        before: tuple[str, ...] = ()
        above: list[tuple[str, str]] = []  # the id and the title of each heading
        for place, group in groupby(shown, lambda judged: _stands(judged[0]).place):
            entries = list(group)
            headings = _stands(entries[0][0]).headings
            depth = next((at for at in range(len(place)) if place[: at + 1] != before[: at + 1]), len(place))
            above = above[:depth]
            for at in range(depth, len(place)):
                name = headings[at].level.name
                counts[name] += 1
                # Headings of the old edition alone are marked (旧).
                title = self._titles.get(place[: at + 1]) or f"(旧) {headings[at].title}"
                ids = ("head-kinds", *(id for id, _ in above[::-1]))
                cell = Cell(title, ids, "Column", id=f"{name}-{counts[name]}", heading=at + 3)
                yield Row((cell,), _continued(above), True)
                above.append((cell.id, title))
            before = place
            for judged in entries:
                count += 1
                yield from self._entry(judged, f"entry-{count}", above)

    def _entry(self, judged: Judged, name: str, above: list[tuple[str, str]]) -> Iterator[Row]:
        entry, *_ = judged
        groups = tuple(id for id, _ in above[::-1])
        for at, (new, old) in enumerate(zip_longest(entry.new, entry.old)):
            own = f"{name}-{at + 1}" if at else name
            self.stands["new"] += [new.number] if new else []
            self.stands["old"] += [old.number] if old else []
            labels = "" if at else "\n".join(self._labels(judged))
            sides = _sides(self._two, judged, new, old)
            if self._are_beside:
                yield Row(tuple(_cells(labels, sides, (own, *groups), new is not None)), _continued(above))
                continue
            rows = list(self._column_rows(sides, new, old, (own, *groups)))
            cells = _name_cells(self._two, labels, sides, (own, *groups), new is not None)
            yield Row(tuple(cells), _continued(above), bool(rows))
            yield from rows

    def _labels(self, judged: Judged) -> Iterator[str]:
        entry, kinds, changed = judged
        labels = {
            "continued": "変更なし",
            "renamed": "名称",
            "marks": "印",
            "moved": "移動",
            "merged": "統合",
            "split": "分割",
            "new": "新設",
            "ended": "終了",
            "vanished": VANISHED,
        }
        if self._are_beside:
            yield from (line for _, new in changed for line in break_label(_called_by(new), LABEL_EMS))
        elif kinds == ("column",):
            yield "変更"
        deciding = self._two.old.deciding
        for kind in kinds:
            if kind == "ended" and entry.old[0].number in self._two.abolished:
                yield "終了\n(廃止)"
            elif kind == "ended" and deciding:
                terms = dict.fromkeys(placed.item.text(deciding) for placed in entry.old)
                yield f"終了\n({'、'.join(terms)})"
            elif kind in labels:
                yield labels[kind]
        if entry.guess:
            yield "推定"

    def _column_rows(
        self,
        sides: tuple[ExpectedSide, ExpectedSide],
        new: Placed | None,
        old: Placed | None,
        ids: tuple[str, ...],
    ) -> Iterator[Row]:
        """A row for each column that differs between `old` and `new`, or that the only one of them has a text in."""
        two = self._two
        placed, edition = (new, two.new) if new else (old, two.old)
        assert placed is not None
        number = "".join(placed.item.text(column) for column in _numbers(edition))
        count = 0
        for before, after in two.pairs:
            column = after or before
            assert column is not None
            left, right = (
                next(((said, meaning) for one, said, meaning in side if mine and one.key == mine.key), (NO_TEXT, ""))
                for side, mine in zip(sides, (after, before), strict=True)
            )
            if new and old:
                if not (before and after):
                    continue
                if _compared(before, after, before, old.item) == _compared(before, after, after, new.item):
                    continue
            elif not (left[0][0] or right[0][0]):
                continue
            count += 1
            id = f"{ids[0]}-column-{count}"
            head = _head(column)
            if before and after and fold(before.head) != fold(after.head):
                head += f"\n(旧 {_head(before)})"
            cells = (
                Cell("", ("head-kinds", id, *ids)),
                Cell(head, ("head-column", *ids), "Row", id=id),
                *(
                    Cell(text, (f"head-{side}", id, *ids), alternate=meaning, marked=words, said=said)
                    for side, said, ((text, words), meaning) in (("new", CHANGED, left), ("old", DELETED, right))
                ),
            )
            yield Row(cells, f"{number} {placed.item.name}{CONTINUED}")


def _continued(above: list[tuple[str, str]]) -> str:
    return "".join(title for _, title in above) + CONTINUED if above else ""


def _sides(two: _Two, judged: Judged, new: Placed | None, old: Placed | None) -> tuple[ExpectedSide, ExpectedSide]:
    """The new side (left) and the old one (right)."""
    entry, kinds, _ = judged
    if new and old:
        left = [_text(two, column, new, old, is_new=True) for column in _columns(two.new)]
        right = [_text(two, column, old, new, is_new=False) for column in _columns(two.old)]
        if "moved" in kinds:
            right = [
                (column, (f"{said[0]}\n[旧 {old.position}]", said[1]), meaning)
                if column.kind == "name"
                else (column, said, meaning)
                for column, said, meaning in right
            ]
        return left, right
    if new:
        why = f"(旧{_called(two.old, entry.old[0])}から分割)" if entry.old else ADDED
        return _alone(two.new, new, not entry.old), _empty(two.old, why)
    assert old is not None
    why = f"(新{_called(two.new, entry.new[0])}に統合)" if entry.new else ""
    why = why or ("(記載なし)" if "vanished" in kinds else "(削る)")
    if not entry.new and old.number in two.abolished:
        why += f"\n廃止の理由: {two.abolished[old.number]}"
    return _empty(two.new, why), _alone(two.old, old, not entry.new)


def _called(edition: Edition, placed: Placed) -> str:
    has_number = any(column.key == "NO" for column in _numbers(edition))
    return f"NO {placed.number}" if has_number else f"「{flat(placed.item.name)}」"


def _text(two: _Two, column: Column, placed: Placed, other: Placed, is_new: bool) -> tuple[Column, Said, str]:
    """The cell of `column` of `placed` beside `other`, its partner in the other edition."""
    item = placed.item
    meaning = _alternate(column, item)
    if column.kind == "name":
        theirs = [fold(one) for one in other.item.marks]
        marks = [f"【{one}】" for one in item.marks]
        words = [f"【{one}】" for one in item.marks if fold(one) not in theirs]
        name = _pair_of_texts(item.name, other.item.name, is_new)
        return column, ("".join(marks) + name[0], (*words, *name[1])), ""
    partner = two.partner(column, is_new)
    if partner is None or column.kind == "number":
        return column, (_plain(column, item), ()), meaning
    if {column.kind, partner.kind} <= {"text", "prose"}:
        return column, _pair_of_texts(item.text(column), other.item.text(partner), is_new), meaning
    if column.kind == partner.kind == "figure":
        return column, _figures(column, item, partner, other.item, is_new), meaning
    old, new = (partner, column) if is_new else (column, partner)
    differ = _compared(old, new, column, item) != _compared(old, new, partner, other.item)
    return column, _whole(item.text(column), differ), meaning


def _pair_of_texts(mine: str, its: str, is_new: bool) -> Said:
    return marked(its, mine)[1] if is_new else marked(mine, its)[0]


def _figures(column: Column, item: Item, partner: Column, other: Item, is_new: bool) -> Said:
    """The figures of `item` beside those of `other`, of a series the years that differ; the new ones with the change."""
    text, words = "", list[str]()
    theirs = _by_year(partner, other)
    for head, (year, mine) in zip(column.years or ("",), _by_year(column, item).items(), strict=True):
        if year not in theirs:
            continue
        differ = _number(item, column, mine) != _number(other, partner, theirs[year])
        if column.years and not differ:
            continue
        said = mine + _unit(column, item, mine)
        text += ("\n" if text else "") + head + said
        if differ:
            words.append(said)
            text += _risen(theirs[year], mine, item.unit_of(column), other.unit_of(partner)) if is_new else ""
    return text, tuple(words)


def _risen(old: str, new: str, unit: str, unit_before: str) -> str:
    before, after = amount(old), amount(new)
    if before is None or after is None or fold(unit) != fold(unit_before):
        return ""
    change: Decimal = after - before
    return f"({'△' if change < 0 else '+'}{abs(change):,f})" if change else ""


def _unit(column: Column, item: Item, text: str) -> str:
    """The unit behind a figure, unless it stands in the head."""
    return item.unit_of(column) if column.kind == "figure" and not column.unit and amount(text) is not None else ""


def _plain(column: Column, item: Item) -> str:
    texts = zip(column.years or ("",), item.texts(column), strict=True)
    return "\n".join(head + text + _unit(column, item, text) for head, text in texts)


def _alternate(column: Column, item: Item) -> str:
    said = (column.words or {}).get(item.text(column), "") if column.kind == "symbol" else ""
    return flat(said) if said != item.text(column) else ""


def _alone(edition: Edition, placed: Placed, is_marked: bool) -> ExpectedSide:
    name = "".join(f"【{one}】" for one in placed.item.marks) + placed.item.name
    return [
        (column, _whole(name, is_marked), "")
        if column.kind == "name"
        else (column, (_plain(column, placed.item), ()), _alternate(column, placed.item))
        for column in _columns(edition)
    ]


def _empty(edition: Edition, why: str) -> ExpectedSide:
    return [(column, (why, ()) if column.kind == "name" else NO_TEXT, "") for column in _columns(edition)]


def _whole(text: str, is_marked: bool) -> Said:
    return text, (text,) if is_marked else ()


def _cells(
    labels: str, sides: tuple[ExpectedSide, ExpectedSide], ids: tuple[str, ...], headed_by_new: bool
) -> Iterator[Cell]:
    """The cells of a row with all columns of both sides."""
    yield Cell(labels, ("head-kinds", *ids))
    for name, side in zip(("new", "old"), sides, strict=True):
        said = CHANGED if name == "new" else DELETED
        for column, (text, words), meaning in side:
            heads = (f"head-{name}", f"head-{name}-{column.name}")
            cell = Cell(text, (*heads, *ids), alternate=meaning, marked=words, said=said)
            if column.kind == "name" and headed_by_new == (name == "new"):
                cell = replace(cell, headers=(*heads, *ids[1:]), scope="Row", id=ids[0])
            yield cell


def _name_cells(
    two: _Two, labels: str, sides: tuple[ExpectedSide, ExpectedSide], ids: tuple[str, ...], headed_by_new: bool
) -> Iterator[Cell]:
    """The cells of the row of an item whose columns have rows of their own."""
    yield Cell(labels, ("head-kinds", *ids))
    yield Cell(flat(two.new.item_column.head), ("head-column", *ids))
    for name, side in zip(("new", "old"), sides, strict=True):
        number = "".join(said[0] for column, said, _ in side if column.kind == "number")
        text, words = next(said for column, said, _ in side if column.kind == "name")
        said = CHANGED if name == "new" else DELETED
        cell = Cell(f"{number} {text}", (f"head-{name}", *ids), marked=words, said=said)
        if headed_by_new == (name == "new"):
            cell = replace(cell, headers=(f"head-{name}", *ids[1:]), scope="Row", id=ids[0])
        yield cell
