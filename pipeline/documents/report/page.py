"""The page of the report (一覧): the list of one edition in the layout of the original."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.documents.document import Carried
from pipeline.documents.html import CONTINUED, break_label, document_title, masthead, number_column, render
from pipeline.model.columns import COLUMNS, Column, item_columns, levels
from pipeline.model.dates import japanese_date
from pipeline.model.edition import BLANK, Edition, Item, measure_number, policy_number
from pipeline.paper import A4, CELL_SIDE, REPORT, Widths
from pipeline.text import flat, width_in_ems

# The mark of a repeat, and the content of its other cells.
REPEATED = "【再掲】"
NOTHING = "-"

_LEVELS = levels()
_WIDTHS = Widths(tuple((column.name, REPORT[column.kind]) for column in COLUMNS))

# The columns whose text can be taller than a page: (column, ems in a line).
_LONG = tuple((column, _WIDTHS.ems(column.name, CELL_SIDE)) for column in COLUMNS if column.kind in ("name", "prose"))


@dataclass(frozen=True, slots=True)
class ColumnHead:
    name: str
    id: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """The heading of a level; `depth` counts levels from 0.

    `context` is the line of context (「… (続き)」) of a page that begins with this row.
    """

    depth: int
    id: str
    number: str
    name: str
    headers: str
    context: str
    page_break: bool

    @property
    def level(self) -> str:
        """The name of its level."""
        return _LEVELS[self.depth].name

    @property
    def indents(self) -> tuple[str, ...]:
        """The levels above it, whose columns it leaves empty."""
        return tuple(level.name for level in _LEVELS[: self.depth])

    @property
    def span(self) -> int:
        """The number of columns that it spans."""
        return len(COLUMNS) - self.depth


@dataclass(frozen=True, slots=True)
class ItemCell:
    """A cell of an item as printed, with the meaning of a symbol."""

    column: Column
    text: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """The row of an item or of a repeat. `headers` holds the ids of its measure and policy.

    `mark` stands behind the name of a repeat and links to the row of item `number`. `height` is "tall" if the row is
    certainly taller than a page.
    """

    id: str
    number: int
    mark: str
    cells: tuple[ItemCell, ...]
    headers: tuple[str, str]
    context: str
    repeated: bool
    height: str


@dataclass(frozen=True, slots=True)
class Section:
    """A policy: its heading and the rows below it."""

    heading: HeadingRow
    rows: tuple[HeadingRow | ItemRow, ...]


def page(edition: Edition, carried: Carried, data: Sequence[str] = ()) -> str:
    """The HTML of the report on `edition`; `data` names the open data files beside it."""
    return render(
        "report.html",
        edition=edition,
        title=document_title(edition),
        masthead=masthead(edition),
        columns=columns(edition),
        levels=tuple(level.name for level in _LEVELS),
        widths=_WIDTHS,
        number_column=number_column(edition.items, _WIDTHS.figures("number")),
        sections=tuple(sections(edition)),
        carried=carried,
        data=data,
        about=tuple(_about(edition)),
    )


# Values for the template


def _about(edition: Edition) -> Iterator[tuple[str, str]]:
    """Date and office for the web page, if the edition names them: (label, text)."""
    if edition.as_of:
        yield "更新日", japanese_date(edition.as_of)
    if edition.department:
        yield "担当", " ".join(filter(None, (edition.municipality, edition.department)))


def columns(edition: Edition) -> tuple[ColumnHead, ...]:
    """The column heads, broken into lines that fit their columns."""
    return tuple(
        ColumnHead(column.name, f"head-{column.name}", break_label(flat(column.head), _WIDTHS.ems(column.name)))
        for column in edition.columns
    )


def sections(edition: Edition) -> Iterator[Section]:
    """The body of the list, by policy."""
    position = 0
    for policy_position, policy in enumerate(edition.policies, 1):
        policy_id = f"policy-{policy_position}"
        number = policy_number(policy_position)
        here = f"{number} {flat(policy.name)}"
        heading = HeadingRow(0, policy_id, number, policy.name, "head-policy", "", policy.page_break)
        rows: list[HeadingRow | ItemRow] = []
        for measure_position, measure in enumerate(policy.measures, 1):
            measure_id = f"measure-{policy_position}-{measure_position}"
            label = measure_number(measure_position)
            rows.append(
                HeadingRow(
                    1,
                    measure_id,
                    label,
                    measure.name,
                    f"head-measure {policy_id}",
                    here + CONTINUED,
                    measure.page_break,
                )
            )
            context = f"{here} {label} {flat(measure.name)}{CONTINUED}"
            for row in measure.rows:
                position += 1
                item = edition.items[row.number]
                rows.append(_cells(edition, item, item is not row, position, (measure_id, policy_id), context))
        yield Section(heading, tuple(rows))


def _cells(
    edition: Edition, item: Item, repeated: bool, position: int, headers: tuple[str, str], context: str
) -> ItemRow:
    return ItemRow(
        id=f"row-{position}" if repeated else f"no-{item.number}",
        number=item.number,
        mark=REPEATED if repeated else "",
        cells=tuple(_cell(edition, item, column, repeated) for column in item_columns(edition.columns)),
        headers=headers,
        context=context,
        repeated=repeated,
        height="" if repeated else _height(item),
    )


def _cell(edition: Edition, item: Item, column: Column, repeated: bool) -> ItemCell:
    if repeated and column.is_answered:
        return ItemCell(column, NOTHING)
    text = item.text(column)
    return ItemCell(column, text, edition.legend[text] if column.kind == "symbol" and text != BLANK else "")


def _height(item: Item) -> str:
    """ "tall" if `item` is certainly taller than a page, so that the layout divides its row at once; otherwise "".

    Rows near a page's height are found by the layout, which then lays out once more (layout/engine.py).
    """
    lines = max(
        sum(-(-width_in_ems(part) // width) or 1 for part in item.text(column).split("\n")) for column, width in _LONG
    )
    return "tall" if lines > A4.lines else ""
