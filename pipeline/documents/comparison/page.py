"""新旧対照表: what changed between two editions, in short at first and item by item after it.

New stands on the left and old on the right, as in the tables by which laws are amended; what differs is
underlined on the left and struck out on the right, so that a black and white copy shows it too.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.documents.document import Block, Carried, CarriedFile, Cell, Document, Expected, Paragraph, Row, Table
from pipeline.documents.html import (
    CONTINUED,
    LEGEND_COLON,
    break_label,
    document_title,
    flat,
    masthead,
    render,
    width_in_ems,
)
from pipeline.model.edition import Edition, measure_number, policy_number
from pipeline.model.validation import Validated
from pipeline.years.comparison import LABELS, Comparison, Entry, Kind, compare
from pipeline.years.comparison_data import comparison_json
from pipeline.years.matching import Placed, place_items
from pipeline.years.similarity import fold
from pipeline.years.text_diff import Marked, Piece, mark

TITLE = "新旧対照表"
OVERVIEW = "前版からの変更点"
NEW, OLD = "新", "旧"
ADDED, REMOVED, MISSING = "(新設)", "(削る)", "(記載なし)"
GUESS = "推定"

# What is listed by name at first, in this order; first what somebody has to look after.
_LISTED: tuple[tuple[Kind, str], ...] = (
    ("vanished", "記載なし(要確認)"),
    ("new", "新設"),
    ("merged", "統合"),
    ("split", "分割"),
    ("renamed", "名称の変更"),
    ("moved", "移動"),
    ("ended", "終了"),
)

FIELDS = ("number", "item", "status", "treatment", "findings")

# On an A4 page: so many lines of sentences and tables make an overview that fills its page, and a name in it has so
# many ems a line.
_LINES_OF_A_PAGE = 24
_NAME_WIDTH = 27


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a row: the marked words of each field; the meaning of the status."""

    number: str
    name: Marked
    status: Marked
    meaning: str
    treatment: Marked
    findings: Marked


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the 新旧対照表: an item, new and old, and in what they differ."""

    id: str
    kinds: tuple[str, ...]
    new: Side
    old: Side
    headed_by_new: bool
    headers: tuple[str, ...]
    context: str


@dataclass(frozen=True, slots=True)
class Group:
    """A policy or a measure as the heading above its rows."""

    level: str
    id: str
    name: str
    context: str


@dataclass(frozen=True, slots=True)
class Overview:
    """A sentence or two, how many items became what, which status became which, and who by name."""

    sentences: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    statuses: tuple[str, ...]
    matrix: tuple[tuple[str, tuple[int, ...]], ...]
    listed: tuple[tuple[str, str, str, str, str, str], ...]

    @property
    def fits_on_a_page(self) -> bool:
        """Whether it most likely does: then that is a page by itself, a summary to hand out."""
        lines = len(self.sentences) + len(self.matrix)
        lines += sum(max(-(-width_in_ems(text) // _NAME_WIDTH) for text in row) for row in self.listed)
        return lines <= _LINES_OF_A_PAGE


def contrast(old: Validated, new: Validated, show_all: bool = False) -> Document:
    """The 新旧対照表 of two editions, with comparison.json beside it; unchanged items too if `show_all`."""
    comparison = compare(old.edition, new.edition, old.source.edition, new.source.edition)
    carried = Carried(
        (
            CarriedFile("source-old.yaml", old.source.data, old.source.edition),
            CarriedFile("source-new.yaml", new.source.data, new.source.edition),
        ),
        new.edition.as_of,
    )
    title = f"{flat(new.edition.title)} {TITLE}"
    head = masthead(new.edition, title)
    overview = _overview(comparison)
    lines = tuple(_body(comparison, show_all))
    html = render(
        "contrast.html",
        edition=new.edition,
        title=document_title(new.edition, title),
        masthead=head,
        carried=carried,
        overview=overview,
        lines=lines,
        sides=((NEW, "new", _label(new)), (OLD, "old", _label(old))),
        heads=tuple((field, _head_lines(new.edition, field)) for field in FIELDS),
        note=_note(comparison, show_all),
    )
    expected = Expected(
        title=document_title(new.edition, title),
        author=flat(new.edition.municipality),
        masthead=head.paragraphs(),
        blocks=tuple(_blocks(comparison, overview, lines, (old, new), show_all)),
    )
    return Document(html, expected, carried, ((".json", comparison_json(comparison).encode()),))


def _label(validated: Validated) -> str:
    """What a side is called: its year, or the id of its edition."""
    return flat(validated.edition.fiscal_year) or validated.source.edition


def _head_lines(edition: Edition, field: str) -> tuple[str, ...]:
    widths = {"number": 2, "item": 11, "status": 2, "treatment": 3, "findings": 17}
    return break_label(flat(getattr(edition.headings, field)), widths[field])


def _note(comparison: Comparison, show_all: bool) -> str:
    unchanged = len(comparison.entries) - len(comparison.changes)
    note = "左が新、右が旧です。新の下線と旧の取消線は、変わった語句です。"
    if unchanged and not show_all:
        note += f"変更のない{unchanged}項目は省いています。"
    if comparison.guesses:
        note += f"「{GUESS}」は、名称と文章の近さから同じ項目とみなしたもので、確かめが必要です。"
    return note


# In short


def _overview(comparison: Comparison) -> Overview:
    old, new = comparison.old, comparison.new
    meanings_old = _meanings(old, [placed for entry in comparison.entries for placed in entry.old])
    meanings_new = _meanings(new, [placed for entry in comparison.entries for placed in entry.new])
    moves = Counter(_moves(comparison))
    columns = (*meanings_new, "終了", "記載なし")
    rows = [(meaning, tuple(moves[meaning, column] for column in columns)) for meaning in meanings_old]
    rows.append((ADDED, tuple(moves[ADDED, column] for column in columns)))
    return Overview(
        sentences=tuple(_sentences(comparison)),
        counts=tuple(_counts(comparison)),
        statuses=columns,
        matrix=tuple((name, counts) for name, counts in rows if name != ADDED or any(counts)),
        listed=tuple(
            row
            for kind, name in _LISTED
            for entry in comparison.of(kind)
            # What is merged or split is called by another name as a matter of course.
            if not (kind == "renamed" and {"merged", "split"} & {*entry.kinds})
            for row in _listed(kind, name, entry)
        ),
    )


def _meanings(edition: Edition, placed: list[Placed]) -> list[str]:
    """The meanings of the legend in its order, then others that occur (未記入)."""
    return list(dict.fromkeys([*map(flat, edition.legend.values()), *(flat(one.meaning) for one in placed)]))


def _moves(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """For every old item what its status became, and for every new one without predecessors what it is."""
    for entry in comparison.entries:
        partners = {before.number: after for before, after in entry.pairs}
        for before in entry.old:
            after = partners.get(before.number)
            gone = "記載なし" if "vanished" in entry.kinds else "終了"
            yield flat(before.meaning), flat(after.meaning) if after else gone
        if not entry.old:
            for after in entry.new:
                yield ADDED, flat(after.meaning)


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
    labels: dict[Kind, str] = {
        **LABELS,
        "status_changed": f"{flat(headings.status)}の変更",
        "treatment_changed": f"{flat(headings.treatment)}の変更",
        "text_changed": f"{flat(headings.findings)}の変更",
    }
    for kind, label in labels.items():
        yield label, len(comparison.of(kind))


def _listed(kind: Kind, label: str, entry: Entry) -> Iterator[tuple[str, str, str, str, str, str]]:
    """The lines of `entry` in the list by name: kind, NO and name of new and old, and a remark."""
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


def _body(comparison: Comparison, show_all: bool) -> Iterator[Group | Line]:
    policy = measure = ""
    place: tuple[str, str] | None = None
    policies = measures = 0
    places = {placed.place for placed in place_items(comparison.new)}
    for count, entry in enumerate(comparison.entries if show_all else comparison.changes, 1):
        stands = (entry.new or entry.old)[0]
        # What only the old edition has says so, for the numbers of the two may differ.
        mark_old = "" if entry.new or stands.place in places else f"({OLD}) "
        if place is None or stands.place[0] != place[0]:
            policies += 1
            policy = f"{mark_old}{policy_number(stands.policy_position)} {flat(stands.policy)}"
            yield Group("policy", f"policy-{policies}", policy, "")
            place = None
        if stands.place != place:
            measures += 1
            measure = f"{mark_old}{measure_number(stands.measure_position)} {flat(stands.measure)}"
            yield Group("measure", f"measure-{measures}", measure, policy + CONTINUED)
        place = stands.place
        yield from _lines(
            entry, f"entry-{count}", comparison, (f"measure-{measures}", f"policy-{policies}"), policy, measure
        )


def _lines(
    entry: Entry, id: str, comparison: Comparison, headers: tuple[str, str], policy: str, measure: str
) -> Iterator[Line]:
    kinds = tuple(_labels(entry, comparison))
    for index in range(max(len(entry.new), len(entry.old))):
        new = entry.new[index] if index < len(entry.new) else None
        old = entry.old[index] if index < len(entry.old) else None
        left, right = _sides(entry, new, old)
        yield Line(
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
    labels: dict[Kind, str] = {
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


def _sides(entry: Entry, new: Placed | None, old: Placed | None) -> tuple[Side, Side]:
    if new and old:
        moved = f"\n[旧 {_numbered(old)}]" if "moved" in entry.kinds else ""
        pairs = {
            "name": mark(old.item.name, new.item.name),
            # A status is compared by its meaning; where that is the same, another symbol is no change.
            "status": _whole(old.item.status, new.item.status, fold(old.meaning) != fold(new.meaning)),
            "treatment": _whole(
                old.item.treatment, new.item.treatment, fold(old.item.treatment) != fold(new.item.treatment)
            ),
            "findings": mark(old.item.findings, new.item.findings),
        }
        return _side(new, {key: pair[1] for key, pair in pairs.items()}), _side(
            old, {key: pair[0] for key, pair in pairs.items()}, moved
        )
    one = new or old
    assert one is not None
    # Alone on its side: of a merger, a split, or because the other edition has no such item.
    changed = len(entry.new) == 0 or len(entry.old) == 0
    whole = {
        "name": _all(one.item.name, changed),
        "status": _all(one.item.status, False),
        "treatment": _all(one.item.treatment, False),
        "findings": _all(one.item.findings, False),
    }
    if new:
        other = ADDED if not entry.old else f"(旧NO {entry.old[0].number}から分割)"
        return _side(new, whole), _empty(other)
    if entry.new:
        return _empty(f"(新NO {entry.new[0].number}に統合)"), _side(one, whole)
    return _empty(MISSING if "vanished" in entry.kinds else REMOVED), _side(one, whole)


def _side(placed: Placed, marked: dict[str, Marked], note: str = "") -> Side:
    name = marked["name"] + ((Piece(note, False),) if note else ())
    meaning = flat(placed.meaning) if placed.meaning != placed.item.status else ""
    return Side(str(placed.number), name, marked["status"], meaning, marked["treatment"], marked["findings"])


def _empty(name: str) -> Side:
    return Side("", (Piece(name, False),), (), "", (), ())


def _whole(old: str, new: str, changed: bool) -> tuple[Marked, Marked]:
    return _all(old, changed), _all(new, changed)


def _all(text: str, changed: bool) -> Marked:
    return (Piece(text, changed),) if text else ()


# What the proof must find


def _blocks(
    comparison: Comparison,
    overview: Overview,
    lines: tuple[Group | Line, ...],
    sides: tuple[Validated, Validated],
    show_all: bool,
) -> Iterator[Block]:
    yield Paragraph("H2", OVERVIEW)
    yield from (Paragraph("P", sentence) for sentence in overview.sentences)
    yield Table(
        (tuple(Cell(label, scope="Column", id=f"count-{at}") for at, (label, _) in enumerate(overview.counts, 1)),),
        (Row(tuple(Cell(str(count), (f"count-{at}",)) for at, (_, count) in enumerate(overview.counts, 1))),),
    )
    yield Paragraph("H3", "実施状況の移り変わり(左の列が旧、上の行が新。旧の項目の数)")
    names = [f"to-{at}" for at in range(1, len(overview.statuses) + 1)]
    yield Table(
        (
            (
                Cell("旧＼新", scope="Column", id="from"),
                *(Cell(status, scope="Column", id=name) for status, name in zip(overview.statuses, names, strict=True)),
            ),
        ),
        tuple(
            Row(
                (
                    Cell(label, ("from",), "Row", id=f"from-{at}"),
                    *(Cell(_count(count), (name, f"from-{at}")) for count, name in zip(counts, names, strict=True)),
                )
            )
            for at, (label, counts) in enumerate(overview.matrix, 1)
        ),
    )
    if overview.listed:
        yield Paragraph("H3", "名前で見る変更")
        names = [f"listed-{at}" for at in range(1, 7)]
        heads = ("区分", "新NO", "新の項目", "旧NO", "旧の項目", "備考")
        yield Table(
            (tuple(Cell(head, scope="Column", id=name) for head, name in zip(heads, names, strict=True)),),
            tuple(
                Row(tuple(Cell(text, (name,)) for text, name in zip(row, names, strict=True)))
                for row in overview.listed
            ),
        )
    if lines:
        yield Paragraph("H2", TITLE)
        yield Paragraph("P", _note(comparison, show_all))
        yield Table(tuple(_heads(comparison, *sides)), tuple(map(_row, lines)))


def _count(count: int) -> str:
    return str(count) if count else ""


def _heads(comparison: Comparison, old: Validated, new: Validated) -> Iterator[tuple[Cell, ...]]:
    yield (
        Cell("区分", scope="Column", id="head-kinds"),
        Cell(f"{NEW}({_label(new)})", scope="Column", id="head-new"),
        Cell(f"{OLD}({_label(old)})", scope="Column", id="head-old"),
    )
    headings = comparison.new.headings
    yield tuple(
        Cell(flat(getattr(headings, field)), (f"head-{side}",), "Column", id=f"head-{side}-{field}")
        for side in ("new", "old")
        for field in FIELDS
    )


def _row(line: Group | Line) -> Row:
    if isinstance(line, Group):
        return Row((Cell(line.name, ("head-kinds",), "Column", id=line.id),), line.context, True)
    cells = [Cell("\n".join(line.kinds), ("head-kinds", line.id, *line.headers))]
    for name, side, heads in (("new", line.new, line.headed_by_new), ("old", line.old, not line.headed_by_new)):
        groups = (f"head-{name}", f"head-{name}-{{}}", line.id, *line.headers)
        values: tuple[tuple[str, Marked, str], ...] = (
            ("number", (Piece(side.number, False),), ""),
            ("item", side.name, ""),
            ("status", side.status, side.meaning),
            ("treatment", side.treatment, ""),
            ("findings", side.findings, ""),
        )
        for field, pieces, meaning in values:
            headers = tuple(group.format(field) for group in groups)
            is_head = heads and field == "item"
            cells.append(
                Cell(
                    "".join(piece.text for piece in pieces),
                    tuple(header for header in headers if header != line.id) if is_head else headers,
                    "Row" if is_head else "",
                    meaning,
                    line.id if is_head else "",
                    tuple(piece.text for piece in pieces if piece.changed),
                )
            )
    return Row(tuple(cells), line.context)
