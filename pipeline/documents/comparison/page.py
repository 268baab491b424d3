"""The page of the 新旧対照表: an overview of the changes between two editions, then every changed item.

New stands on the left and old on the right, as in 新旧対照表 of laws. Changed words are underlined on the left and struck
out on the right, so that a monochrome copy shows them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.documents.document import CHANGED, DELETED, Carried
from pipeline.documents.html import CONTINUED, LEGEND_COLON, document_title, masthead, number_column, render
from pipeline.model.edition import Edition, measure_number, policy_number
from pipeline.model.form import Column, item_columns
from pipeline.paper import CELL_SIDE, COMPARISON, COMPARISON_LISTED, Widths
from pipeline.text import break_label, brief, flat, width_in_ems
from pipeline.years.comparison import LABELS, ChangeKind, Comparison, Entry
from pipeline.years.matching import Placed
from pipeline.years.similarity import fold
from pipeline.years.text_diff import Marked, Piece, mark

TITLE = "新旧対照表"
OVERVIEW = "前版からの変更点"
NEW, OLD = "新", "旧"
ADDED, REMOVED, MISSING = "(新設)", "(削る)", "(記載なし)"
GUESS = "推定"

# The kinds of change whose items the overview lists by name; those that need attention come first.
_LISTED: tuple[tuple[ChangeKind, str], ...] = (
    ("vanished", "記載なし(要確認)"),
    ("new", "新設"),
    ("merged", "統合"),
    ("split", "分割"),
    ("renamed", "名称の変更"),
    ("moved", "移動"),
    ("ended", "終了"),
)

# Lines of sentences and tables that fit on the overview's A4 page.
_LINES_OF_A_PAGE = 24

_SIDE = tuple((column.name, COMPARISON[column.kind]) for column in item_columns())
_WIDTHS = Widths((("kinds", COMPARISON["kinds"]), *_SIDE, *_SIDE))
_LISTED_ITEM = COMPARISON_LISTED.ems("item", CELL_SIDE)


@dataclass(frozen=True, slots=True)
class SideCell:
    """A cell of one side: its text as pieces, each changed or not, and a symbol's meaning."""

    column: Column
    pieces: Marked
    meaning: str = ""


ItemSide = tuple[SideCell, ...]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A row: an item, new and old, with the labels of its changes."""

    id: str
    kinds: tuple[str, ...]
    new: ItemSide
    old: ItemSide
    headed_by_new: bool
    headers: tuple[str, ...]
    context: str


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """The heading of a policy or measure. `headers` holds the ids of the headings above it."""

    level: str
    id: str
    name: str
    headers: tuple[str, ...]
    context: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The overview: sentences, counts by kind of change, the table of statuses, and items by name."""

    number_column: str
    sentences: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    statuses: tuple[str, ...]
    matrix: tuple[tuple[str, tuple[int, ...]], ...]
    listed: tuple[tuple[str, str, str, str, str, str], ...]

    @property
    def fits_on_a_page(self) -> bool:
        """Whether it probably fits on one page, which then can be handed out alone."""
        lines = len(self.sentences) + len(self.matrix)
        lines += sum(max(-(-width_in_ems(text) // _LISTED_ITEM) for text in row) for row in self.listed)
        return lines <= _LINES_OF_A_PAGE


def page(comparison: Comparison, carried: Carried, show_all: bool = False) -> str:
    """The HTML of the 新旧対照表; unchanged items are listed only if `show_all`."""
    old, new = comparison.old, comparison.new
    title = f"{flat(new.title)} {TITLE}"
    return render(
        "comparison.html",
        edition=new,
        title=document_title(new, title),
        masthead=masthead(new, title),
        carried=carried,
        overview=_overview(comparison),
        lines=tuple(_body(comparison, show_all)),
        sides=((NEW, "new", _label(new, comparison.to_id)), (OLD, "old", _label(old, comparison.from_id))),
        heads=tuple(
            (column.name, break_label(flat(column.head), _WIDTHS.ems(column.name)))
            for column in item_columns(new.columns)
        ),
        widths=_WIDTHS,
        listed_widths=COMPARISON_LISTED,
        note=_note(comparison, show_all),
        changed=CHANGED,
        deleted=DELETED,
        number_column=number_column([*old.items, *new.items], _WIDTHS.figures("number")),
    )


def _label(edition: Edition, id: str) -> str:
    """The label of a side: its year, or else the edition's id."""
    return flat(edition.fiscal_year) or id


def _note(comparison: Comparison, show_all: bool) -> str:
    unchanged = len(comparison.entries) - len(comparison.changes)
    note = "左が新、右が旧です。新の下線と旧の取消線は、変わった語句です。"
    if unchanged and not show_all:
        note += f"変更のない{unchanged}項目は省いています。"
    if comparison.guesses:
        note += f"「{GUESS}」は、名称と文章の近さから同じ項目とみなしたもので、確かめが必要です。"
    return note


# Overview


def _overview(comparison: Comparison) -> Overview:
    old, new = comparison.old, comparison.new
    meanings_old = _meanings(old, [placed for entry in comparison.entries for placed in entry.old])
    meanings_new = _meanings(new, [placed for entry in comparison.entries for placed in entry.new])
    moves = Counter(_moves(comparison))
    # Pairs, because a legend may contain the label 終了 too.
    columns = [*((meaning, "") for meaning in meanings_new), ("", "終了"), ("", "記載なし")]
    rows = [(meaning or ADDED, tuple(moves[meaning, column] for column in columns)) for meaning in (*meanings_old, "")]
    return Overview(
        number_column=number_column([*old.items, *new.items], COMPARISON_LISTED.figures("number")),
        sentences=tuple(_sentences(comparison)),
        counts=tuple(_counts(comparison)),
        statuses=tuple(brief(meaning) or gone for meaning, gone in columns),
        matrix=tuple((brief(name), counts) for name, counts in (rows if any(rows[-1][1]) else rows[:-1])),
        listed=tuple(
            row
            for kind, name in _LISTED
            for entry in comparison.of(kind)
            # Merged and split items have other names anyway.
            if not (kind == "renamed" and {"merged", "split"} & {*entry.kinds})
            for row in _listed(kind, name, entry)
        ),
    )


def _meanings(edition: Edition, placed: list[Placed]) -> list[str]:
    """The meanings in the order of the legend, then others that occur (未記入)."""
    return list(dict.fromkeys([*map(flat, edition.legend.values()), *(flat(one.meaning) for one in placed)]))


def _moves(comparison: Comparison) -> Iterator[tuple[str, tuple[str, str]]]:
    """(old meaning, (new meaning, label)) for every old item, and for every new item without predecessor.

    The old meaning of a new item is empty. If there is no new meaning, the label names the column: 終了 or 記載なし.
    """
    for entry in comparison.entries:
        partners = {before.number: after for before, after in entry.pairs}
        for before in entry.old:
            after = partners.get(before.number)
            gone = "記載なし" if "vanished" in entry.kinds else "終了"
            yield flat(before.meaning), (flat(after.meaning), "") if after else ("", gone)
        if not entry.old:
            for after in entry.new:
                yield "", (flat(after.meaning), "")


def _sentences(comparison: Comparison) -> Iterator[str]:
    old = sum(len(entry.old) for entry in comparison.entries)
    new = sum(len(entry.new) for entry in comparison.entries)
    yield f"旧(版 {comparison.from_id})の{old}項目は、新(版 {comparison.to_id})では{new}項目です。再掲は数えていません。"
    if comparison.old.legend != comparison.new.legend:
        legend = " ".join(f"{symbol}{meaning}" for symbol, meaning in comparison.old.legend.items())
        yield f"旧の{flat(comparison.old.headings.status)}{LEGEND_COLON}{flat(legend)}。実施状況は、記号ではなく意味で比べています。"
    for entry in comparison.guesses:
        for advice in entry.advice:
            yield f"{GUESS}の確定: 新のNO {advice.number}に「{advice.line}」と書いてください。"


def _counts(comparison: Comparison) -> Iterator[tuple[str, int]]:
    headings = comparison.new.headings
    labels: dict[ChangeKind, str] = {
        **LABELS,
        "status_changed": f"{flat(headings.status)}の変更",
        "treatment_changed": f"{flat(headings.treatment)}の変更",
        "text_changed": f"{flat(headings.findings)}の変更",
    }
    for kind, label in labels.items():
        yield label, len(comparison.of(kind))


def _listed(kind: ChangeKind, label: str, entry: Entry) -> Iterator[tuple[str, str, str, str, str, str]]:
    """The lines of `entry` in the list by name: kind, new NO and name, old NO and name, remark."""
    for index in range(max(len(entry.new), len(entry.old))):
        new = entry.new[index] if index < len(entry.new) else None
        old = entry.old[index] if index < len(entry.old) else None
        remarks = [GUESS] if entry.guess else []
        if kind in ("ended", "vanished") and old:
            remarks.append(f"旧の取扱い: {old.item.treatment}")
        if kind == "moved" and old:
            remarks.append(f"旧 {_numbered(old)}から")
        yield (
            label if index == 0 else "",
            str(new.number) if new else "",
            flat(new.item.name) if new else "",
            str(old.number) if old else "",
            flat(old.item.name) if old else "",
            "、".join(remarks),
        )


def _numbered(placed: Placed) -> str:
    return policy_number(placed.policy_position) + measure_number(placed.measure_position)


# Item by item


def _body(comparison: Comparison, show_all: bool) -> Iterator[HeadingRow | ItemRow]:
    policy = measure = ""
    place: tuple[str, ...] | None = None
    policies = measures = 0
    headings = _headings(comparison.new)
    for count, entry in enumerate(comparison.entries if show_all else comparison.changes, 1):
        stands = (entry.new or entry.old)[0]
        # A heading of the old edition alone is marked (旧): the same number may mean another one in the new edition.
        if place is None or stands.place[0] != place[0]:
            policies += 1
            old = f"({OLD}) {policy_number(stands.policy_position)} {flat(stands.policy)}"
            policy = headings.get(stands.place[:1], old)
            yield HeadingRow("policy", f"policy-{policies}", policy, ("head-kinds",), "")
            place = None
        if stands.place != place:
            measures += 1
            old = f"({OLD}) {measure_number(stands.measure_position)} {flat(stands.measure)}"
            measure = headings.get(stands.place, old)
            above = ("head-kinds", f"policy-{policies}")
            yield HeadingRow("measure", f"measure-{measures}", measure, above, policy + CONTINUED)
        place = stands.place
        yield from _lines(
            entry, f"entry-{count}", comparison, (f"measure-{measures}", f"policy-{policies}"), policy, measure
        )


def _headings(edition: Edition) -> dict[tuple[str, ...], str]:
    """The numbered headings of `edition` by folded name; of equal names the first."""
    found: dict[tuple[str, ...], str] = {}
    for position, policy in enumerate(edition.policies, 1):
        above = fold(policy.name)
        found.setdefault((above,), f"{policy_number(position)} {flat(policy.name)}")
        for within, measure in enumerate(policy.measures, 1):
            found.setdefault((above, fold(measure.name)), f"{measure_number(within)} {flat(measure.name)}")
    return found


def _lines(
    entry: Entry, id: str, comparison: Comparison, headers: tuple[str, str], policy: str, measure: str
) -> Iterator[ItemRow]:
    kinds = tuple(_labels(entry, comparison))
    for index in range(max(len(entry.new), len(entry.old))):
        new = entry.new[index] if index < len(entry.new) else None
        old = entry.old[index] if index < len(entry.old) else None
        left, right = _sides(comparison.new, entry, new, old)
        yield ItemRow(
            id if index == 0 else f"{id}-{index + 1}",
            kinds if index == 0 else (),
            left,
            right,
            new is not None,
            headers,
            f"{policy} {measure}{CONTINUED}",
        )


def _labels(entry: Entry, comparison: Comparison) -> Iterator[str]:
    headings = comparison.new.headings
    labels: dict[ChangeKind, str] = {
        "continued": "変更なし",
        "status_changed": flat(headings.status),
        "treatment_changed": "取扱い",
        "text_changed": flat(headings.findings),
        "renamed": "名称",
        "moved": "移動",
        "merged": "統合",
        "split": "分割",
        "new": "新設",
        "ended": f"終了\n({entry.treatment})",
        "vanished": "要確認",
    }
    yield from (labels[kind] for kind in entry.kinds)
    if entry.guess:
        yield GUESS


def _sides(edition: Edition, entry: Entry, new: Placed | None, old: Placed | None) -> tuple[ItemSide, ItemSide]:
    """The cells of the new side (left) and of the old one (right), under the heads of `edition`."""
    columns = item_columns(edition.columns)
    if new and old:
        moved = f"\n[旧 {_numbered(old)}]" if "moved" in entry.kinds else ""
        before, after = zip(*(_marked(column, old, new) for column in columns), strict=True)
        return _side(columns, new, after), _side(columns, old, before, moved)
    one = new or old
    assert one is not None
    # One side is empty: a merger, a split, a new or an ended item.
    changed = len(entry.new) == 0 or len(entry.old) == 0
    whole = [_all(one.item.text(column), changed and column.kind == "name") for column in columns]
    if new:
        other = ADDED if not entry.old else f"(旧NO {entry.old[0].number}から分割)"
        return _side(columns, new, whole), _empty(columns, other)
    if entry.new:
        return _empty(columns, f"(新NO {entry.new[0].number}に統合)"), _side(columns, one, whole)
    return _empty(columns, MISSING if "vanished" in entry.kinds else REMOVED), _side(columns, one, whole)


def _marked(column: Column, old: Placed, new: Placed) -> tuple[Marked, Marked]:
    """The old and the new text of `column`, marked: words of names and prose, otherwise the whole."""
    before, after = old.item.text(column), new.item.text(column)
    match column.kind:
        case "name" | "prose":
            return mark(before, after)
        case "symbol":
            # Symbols are compared by their meanings: another symbol for the same meaning is no change.
            return _whole(before, after, fold(old.meaning) != fold(new.meaning))
        case "term":
            return _whole(before, after, fold(before) != fold(after))
    return _whole(before, after, False)


def _side(columns: Sequence[Column], placed: Placed, texts: Sequence[Marked], note: str = "") -> ItemSide:
    """The cells of `placed`; `note` stands below its name."""
    meaning = flat(placed.meaning) if placed.meaning != placed.item.status else ""
    below = (Piece(note, False),) if note else ()
    return tuple(
        SideCell(
            column,
            text + below if column.kind == "name" else text,
            meaning if column.kind == "symbol" else "",
        )
        for column, text in zip(columns, texts, strict=True)
    )


def _empty(columns: Sequence[Column], why: str) -> ItemSide:
    """The cells of an empty side; `why` stands in place of the name."""
    return tuple(SideCell(column, _all(why, False) if column.kind == "name" else ()) for column in columns)


def _whole(old: str, new: str, changed: bool) -> tuple[Marked, Marked]:
    return _all(old, changed), _all(new, changed)


def _all(text: str, changed: bool) -> Marked:
    return (Piece(text, changed),) if text else ()
