"""The expected text of a 新旧対照表: every item of either edition stands in exactly one row or is counted as unchanged.

`years` matches the items; what changed in them is derived here a second time, from the items themselves.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from itertools import groupby, zip_longest

from pipeline.documents import expected as common
from pipeline.documents.document import CHANGED, DELETED, Block, Cell, Expected, Paragraph, Row, Table
from pipeline.documents.expected import CONTINUED, LEGEND_COLON, legend, marked, require
from pipeline.model.edition import Edition, measure_number, policy_number
from pipeline.model.form import Column, item_columns
from pipeline.model.validation import Validated
from pipeline.text import brief, flat
from pipeline.years.comparison import Comparison, Entry, compare
from pipeline.years.matching import Placed, goes_on
from pipeline.years.similarity import fold

ENDED, VANISHED, ADDED = "終了", "記載なし", "(新設)"

# A text with its marked words.
Said = tuple[str, tuple[str, ...]]
NO_TEXT: Said = ("", ())


def expect(old: Validated, new: Validated, show_all: bool) -> Expected:
    """The expected text of the 新旧対照表. Raises `ProofError` if an item stands in no row or in two."""
    comparison = compare(old.edition, new.edition, old.source.edition, new.source.edition)
    entries = [(entry, _kinds(comparison.old, entry)) for entry in comparison.entries]
    names = [flat(one.edition.fiscal_year) or one.source.edition for one in (old, new)]
    title = f"{flat(new.edition.title)} 新旧対照表"
    return common.expect(new.edition, *_blocks(comparison, entries, names, show_all), title=title)


Judged = tuple[Entry, tuple[str, ...]]


def _blocks(comparison: Comparison, entries: list[Judged], names: list[str], show_all: bool) -> Iterator[Block]:
    yield Paragraph("H2", "前版からの変更点")
    yield from (Paragraph("P", sentence) for sentence in _sentences(comparison))
    yield _counts(comparison.new, entries)
    yield Paragraph("H3", "実施状況の移り変わり(左の列が旧、上の行が新。旧の項目の数)")
    yield _moves(comparison, entries)
    if listed := tuple(_listed(entries)):
        yield Paragraph("H3", "名前で見る変更")
        heads = ("区分", "新NO", "新の項目", "旧NO", "旧の項目", "備考")
        yield Table((tuple(Cell(head, scope="Column", id=f"listed-{at}") for at, head in enumerate(heads, 1)),), listed)
    shown = [(entry, kinds) for entry, kinds in entries if show_all or kinds != ("continued",)]
    rows = tuple(_rows(comparison, shown))
    _check_complete(comparison, rows, [entry for entry, kinds in entries if not show_all and kinds == ("continued",)])
    if rows:
        yield Paragraph("H2", "新旧対照表")
        yield Paragraph("P", _note(len(entries) - len(shown), any(entry.guess for entry, _ in entries)))
        yield Table(_heads(comparison.new, names), rows)


def _check_complete(comparison: Comparison, rows: tuple[Row, ...], left_out: list[Entry]) -> None:
    """Raise `ProofError` unless every NO of either edition stands in one row or among the unchanged ones."""
    for column, side, edition in ((1, "new", comparison.new), (1 + len(item_columns()), "old", comparison.old)):
        shown = [int(row.cells[column].text) for row in rows if not row.is_heading and row.cells[column].text]
        hidden = [placed.number for entry in left_out for placed in getattr(entry, side)]
        require(sorted(shown + hidden) == sorted(edition.items), "比較にない項目か、二度ある項目があります。")


def _kinds(edition: Edition, entry: Entry) -> tuple[str, ...]:
    """The kinds of change of `entry`; `edition` is the old one."""
    if not entry.old:
        return ("new",)
    if not entry.new:
        return ("vanished",) if goes_on(edition, entry.old[0].item) else ("ended",)

    def both(value: Callable[[Placed], Hashable]) -> tuple[set[Hashable], set[Hashable]]:
        return {*map(value, entry.old)}, {*map(value, entry.new)}

    differ = {
        "status_changed": both(lambda placed: fold(placed.meaning)),
        "treatment_changed": both(lambda placed: fold(placed.item.treatment)),
        "text_changed": both(lambda placed: fold(placed.item.findings)),
    }
    nothing_left = {
        "renamed": both(lambda placed: fold(placed.item.name)),
        "moved": both(lambda placed: placed.place),
    }
    kinds = [kind for kind, (old, new) in differ.items() if old != new]
    kinds += [kind for kind, (old, new) in nothing_left.items() if old.isdisjoint(new)]
    kinds += ["merged"] * (len(entry.old) > 1) + ["split"] * (len(entry.new) > 1)
    return tuple(kinds) or ("continued",)


# Overview


def _sentences(comparison: Comparison) -> Iterator[str]:
    old, new = comparison.old, comparison.new
    yield (
        f"旧(版 {comparison.from_id})の{len(old.items)}項目は、新(版 {comparison.to_id})では{len(new.items)}項目です。"
        "再掲は数えていません。"
    )
    if old.legend != new.legend:
        yield (
            legend(f"旧の{old.headings.status}{LEGEND_COLON}", old.legend)
            + "。実施状況は、記号ではなく意味で比べています。"
        )
    for entry in comparison.entries:
        for advice in entry.advice if entry.guess else ():
            yield f"推定の確定: 新のNO {advice.number}に「{advice.line}」と書いてください。"


def _counts(edition: Edition, entries: list[Judged]) -> Table:
    headings = edition.headings
    labels = {
        "continued": "変更なし",
        "status_changed": f"{headings.status}の変更",
        "treatment_changed": f"{headings.treatment}の変更",
        "text_changed": f"{headings.findings}の変更",
        "renamed": "名称の変更",
        "moved": "移動",
        "merged": "統合",
        "split": "分割",
        "new": "新設",
        "ended": ENDED,
        "vanished": VANISHED,
    }
    counts = Counter(kind for _, kinds in entries for kind in kinds)
    columns = [(f"count-{at}", label, counts[kind]) for at, (kind, label) in enumerate(labels.items(), 1)]
    return Table(
        (
            (
                Cell("区分", scope="Column", id="count-kind"),
                *(Cell(label, scope="Column", id=name) for name, label, _ in columns),
            ),
        ),
        (
            Row(
                (
                    Cell("項目数", ("count-kind",), "Row", id="count"),
                    *(Cell(str(count), (name, "count")) for name, _, count in columns),
                )
            ),
        ),
    )


def _moves(comparison: Comparison, entries: list[Judged]) -> Table:
    """The table of statuses: rows are old meanings, columns new ones, with columns for ended and missing items."""
    sides = [
        dict.fromkeys([*map(flat, edition.legend.values()), *(flat(placed.meaning) for placed in items)])
        for edition, items in (
            (comparison.old, [placed for entry, _ in entries for placed in entry.old]),
            (comparison.new, [placed for entry, _ in entries for placed in entry.new]),
        )
    ]
    # Pairs of label and whether it is a meaning, because a legend may contain the label 終了 too.
    rows = [*((meaning, True) for meaning in sides[0]), (ADDED, False)]
    columns = [*((meaning, True) for meaning in sides[1]), (ENDED, False), (VANISHED, False)]
    moves: Counter[tuple[tuple[str, bool], tuple[str, bool]]] = Counter()
    for entry, kinds in entries:
        following = {before.number: (flat(after.meaning), True) for before, after in entry.pairs}
        gone = VANISHED if "vanished" in kinds else ENDED, False
        moves.update(((flat(before.meaning), True), following.get(before.number, gone)) for before in entry.old)
        moves.update(((ADDED, False), (flat(after.meaning), True)) for after in (() if entry.old else entry.new))
    added = sum(len(entry.new) for entry, _ in entries if not entry.old)
    require(
        sum(moves[row, column] for row in rows for column in columns) == len(comparison.old.items) + added,
        "実施状況の移り変わりの合計が、項目の数と合いません。",
    )
    if not added:
        rows.pop()
    return Table(
        (
            (
                Cell("旧＼新", scope="Column", id="from"),
                *(Cell(brief(column), scope="Column", id=f"to-{at}") for at, (column, _) in enumerate(columns, 1)),
            ),
        ),
        tuple(
            Row(
                (
                    Cell(brief(row[0]), ("from",), "Row", id=f"from-{at}"),
                    *(
                        Cell(str(moves[row, column] or ""), (f"to-{within}", f"from-{at}"))
                        for within, column in enumerate(columns, 1)
                    ),
                )
            )
            for at, row in enumerate(rows, 1)
        ),
    )


def _listed(entries: list[Judged]) -> Iterator[Row]:
    count = 0
    for kind, label in (
        ("vanished", "記載なし(要確認)"),
        ("new", "新設"),
        ("merged", "統合"),
        ("split", "分割"),
        ("renamed", "名称の変更"),
        ("moved", "移動"),
        ("ended", "終了"),
    ):
        for entry, kinds in entries:
            # Merged and split items have other names anyway.
            if kind not in kinds or (kind == "renamed" and {"merged", "split"} & {*kinds}):
                continue
            for at, (new, old) in enumerate(zip_longest(entry.new, entry.old)):
                texts = ["" if at else label]
                for placed in (new, old):
                    texts += [str(placed.number), flat(placed.item.name)] if placed else ["", ""]
                texts.append("、".join(_remarks(kind, entry, old)))
                count += 1
                yield _listed_row(texts, 2 if new else 4, f"listed-row-{count}")


def _listed_row(texts: list[str], head: int, id: str) -> Row:
    """A row whose cell at `head` (the new name, or the old one) is its header cell."""
    return Row(
        tuple(
            Cell(text, (f"listed-{at + 1}",), "Row", id=id) if at == head else Cell(text, (f"listed-{at + 1}", id))
            for at, text in enumerate(texts)
        )
    )


def _remarks(kind: str, entry: Entry, old: Placed | None) -> Iterator[str]:
    if entry.guess:
        yield "推定"
    if old and kind in ("ended", "vanished"):
        yield f"旧の取扱い: {old.item.treatment}"
    if old and kind == "moved":
        yield f"旧 {_position(old)}から"


def _position(placed: Placed) -> str:
    return policy_number(placed.policy_position) + measure_number(placed.measure_position)


# Item by item


def _note(left_out: int, has_guesses: bool) -> str:
    note = "左が新、右が旧です。新の下線と旧の取消線は、変わった語句です。"
    if left_out:
        note += f"変更のない{left_out}項目は省いています。"
    if has_guesses:
        note += "「推定」は、名称と文章の近さから同じ項目とみなしたもので、確かめが必要です。"
    return note


def _heads(edition: Edition, names: list[str]) -> tuple[tuple[Cell, ...], ...]:
    return (
        (
            Cell("区分", scope="Column", id="head-kinds"),
            Cell(f"新({names[1]})", scope="Column", id="head-new"),
            Cell(f"旧({names[0]})", scope="Column", id="head-old"),
        ),
        tuple(
            Cell(column.head, (f"head-{side}",), "Column", id=f"head-{side}-{column.name}")
            for side in ("new", "old")
            for column in item_columns(edition.columns)
        ),
    )


def _rows(comparison: Comparison, shown: list[Judged]) -> Iterator[Row]:
    headings = _HeadingLabels(comparison.new)
    count = measures = 0
    by_policy = groupby(shown, lambda judged: _stands(judged[0]).place[0])
    for policies, (_, inside) in enumerate(by_policy, 1):
        policy_id = f"policy-{policies}"
        for within, (_, group) in enumerate(groupby(inside, lambda judged: _stands(judged[0]).place)):
            entries = list(group)
            first = _stands(entries[0][0])
            policy, measure = headings.policy(first), headings.measure(first)
            if not within:
                yield Row((Cell(policy, ("head-kinds",), "Column", id=policy_id, heading=3),), "", True)
            measures += 1
            measure_id = f"measure-{measures}"
            yield Row(
                (Cell(measure, ("head-kinds", policy_id), "Column", id=measure_id, heading=4),),
                policy + CONTINUED,
                True,
            )
            for entry, kinds in entries:
                count += 1
                for at, (new, old) in enumerate(zip_longest(entry.new, entry.old)):
                    name = f"entry-{count}-{at + 1}" if at else f"entry-{count}"
                    labels = "" if at else "\n".join(_labels(comparison.new, entry, kinds))
                    sides = _sides(entry, kinds, new, old)
                    cells = _cells(labels, sides, (name, measure_id, policy_id), new is not None)
                    yield Row(tuple(cells), f"{policy}{measure}{CONTINUED}")


def _stands(entry: Entry) -> Placed:
    return (entry.new or entry.old)[0]


class _HeadingLabels:
    """Headings above the rows, numbered as in the new edition; those of the old edition alone are marked (旧)."""

    def __init__(self, new: Edition) -> None:
        self._policies: dict[str, str] = {}
        self._measures: dict[tuple[str, ...], str] = {}
        for position, policy in enumerate(new.policies, 1):
            above = fold(policy.name)
            self._policies.setdefault(above, f"{policy_number(position)} {flat(policy.name)}")
            for within, measure in enumerate(policy.measures, 1):
                label = f"{measure_number(within)} {flat(measure.name)}"
                self._measures.setdefault((above, fold(measure.name)), label)

    def policy(self, placed: Placed) -> str:
        old = f"(旧) {policy_number(placed.policy_position)} {flat(placed.policy)}"
        return self._policies.get(placed.place[0], old)

    def measure(self, placed: Placed) -> str:
        old = f"(旧) {measure_number(placed.measure_position)} {flat(placed.measure)}"
        return self._measures.get(placed.place, old)


def _labels(edition: Edition, entry: Entry, kinds: tuple[str, ...]) -> Iterator[str]:
    labels = {
        "continued": "変更なし",
        "status_changed": flat(edition.headings.status),
        "treatment_changed": "取扱い",
        "text_changed": flat(edition.headings.findings),
        "renamed": "名称",
        "moved": "移動",
        "merged": "統合",
        "split": "分割",
        "new": "新設",
        "ended": f"終了\n({'、'.join(dict.fromkeys(placed.item.treatment for placed in entry.old))})",
        "vanished": "要確認",
    }
    yield from map(labels.__getitem__, kinds)
    if entry.guess:
        yield "推定"


# One side of a row: for each column the text with its marked words, and a symbol's meaning.
ExpectedSide = tuple[tuple[Said, str], ...]


def _sides(
    entry: Entry, kinds: tuple[str, ...], new: Placed | None, old: Placed | None
) -> tuple[ExpectedSide, ExpectedSide]:
    """The new side (left) and the old one (right)."""
    if new and old:
        pairs = [_pair(column, old, new, "moved" in kinds) for column in item_columns()]
        return tuple(pair[1] for pair in pairs), tuple(pair[0] for pair in pairs)
    if new:
        why = f"(旧NO {entry.old[0].number}から分割)" if entry.old else ADDED
        return _alone(new, not entry.old), _empty(why)
    assert old is not None
    why = f"(新NO {entry.new[0].number}に統合)" if entry.new else "(記載なし)" if "vanished" in kinds else "(削る)"
    return _empty(why), _alone(old, not entry.new)


def _pair(column: Column, old: Placed, new: Placed, is_moved: bool) -> tuple[tuple[Said, str], tuple[Said, str]]:
    """The cell of `column` on the old side and on the new one."""
    texts = old.item.text(column), new.item.text(column)
    if column.kind in ("name", "prose"):
        before, after = marked(*texts)
        if column.kind == "name" and is_moved:
            before = f"{before[0]}\n[旧 {_position(old)}]", before[1]
        return (before, ""), (after, "")
    # Symbols are compared by meaning: another symbol for the same meaning is no change.
    sides = (old.meaning, new.meaning) if column.kind == "symbol" else texts
    differ = column.kind != "number" and fold(sides[0]) != fold(sides[1])
    return (
        (_whole(texts[0], differ), _meaning(column, old)),
        (_whole(texts[1], differ), _meaning(column, new)),
    )


def _meaning(column: Column, placed: Placed) -> str:
    return flat(placed.meaning) if column.kind == "symbol" and placed.meaning != placed.item.text(column) else ""


def _alone(placed: Placed, is_marked: bool) -> ExpectedSide:
    return tuple(
        (_whole(placed.item.text(column), is_marked and column.kind == "name"), _meaning(column, placed))
        for column in item_columns()
    )


def _empty(why: str) -> ExpectedSide:
    return tuple(((why, ()) if column.kind == "name" else NO_TEXT, "") for column in item_columns())


def _whole(text: str, is_marked: bool) -> Said:
    return text, (text,) if is_marked else ()


def _cells(
    labels: str, sides: tuple[ExpectedSide, ExpectedSide], ids: tuple[str, str, str], headed_by_new: bool
) -> Iterator[Cell]:
    yield Cell(labels, ("head-kinds", *ids))
    for name, side in zip(("new", "old"), sides, strict=True):
        said = CHANGED if name == "new" else DELETED
        for column, ((text, words), meaning) in zip(item_columns(), side, strict=True):
            heads = (f"head-{name}", f"head-{name}-{column.name}")
            if column.kind == "name" and headed_by_new == (name == "new"):
                yield Cell(text, (*heads, *ids[1:]), "Row", id=ids[0], marked=words, said=said)
            else:
                yield Cell(text, (*heads, *ids), alternate=meaning, marked=words, said=said)
