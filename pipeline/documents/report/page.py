"""The page of the report (一覧): the list of one edition in the layout of the original."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.documents.document import Carried
from pipeline.documents.html import CONTINUED, SIZE_OF_PDF, document_title, masthead, office, render, size_of_file
from pipeline.documents.licences import licence
from pipeline.model.column_widths import ColumnWidths, Printed, figure_parts
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition, Heading, Item
from pipeline.model.form import BLANK, Column
from pipeline.paper import TYPE_PT, em
from pipeline.text import flat, width_in_ems

if TYPE_CHECKING:  # it has models, which take time to make
    from pipeline.documents.data import Download

# The mark of a repeat, and the content of its other cells.
REPEATED = "【再掲】"
NOTHING = "-"

# The width in rem up to which a web page shows items in blocks.
_NARROW = 52


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """A head: of a printed column, or above the heads of a series (`span` columns). `rows` of them in height."""

    id: str
    kind: str
    lines: tuple[str, ...]
    span: int = 1
    rows: int = 1
    headers: str = ""


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """The heading of a section; `depth` counts levels from 0, `span` the columns that it spans.

    `context` is the line of context (「… (続き)」) of a page that begins with this row.
    """

    depth: int
    id: str
    number: str
    name: str
    headers: str
    context: str
    page_break: bool
    span: int


@dataclass(frozen=True, slots=True)
class ItemCell:
    """A cell of an item as printed, in lines, with the meaning of a symbol.

    `unit` stands behind a figure; `beside` is the space behind figure and unit, in half ems, that aligns the points.
    """

    id: str
    column: Column
    head: str
    lines: tuple[str, ...]
    meaning: str = ""
    unit: str = ""
    beside: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class BelowCell:
    """A text printed below its item over the full width, after its `head`; `span` is the number of columns."""

    kind: str
    head: str
    text: str
    span: int
    is_tall: bool


@dataclass(frozen=True, slots=True)
class ItemRow:
    """The row of an item or of a repeat. `headers` holds the ids of the headings above it, the innermost first.

    `marks` stand before its name. `mark` stands behind the name of a repeat and links to the row of item `number`.
    `height` is "tall" if the row is certainly taller than a page.
    """

    id: str
    number: int
    marks: str
    mark: str
    cells: tuple[ItemCell, ...]
    below: tuple[BelowCell, ...]
    headers: tuple[str, ...]
    context: str
    repeated: bool
    height: str


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of a section of the outermost level, or of the whole list."""

    heading: HeadingRow | None
    rows: tuple[HeadingRow | ItemRow, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of the web page: a column and its values, each with its label and the number of items."""

    name: str
    head: str
    choices: tuple[tuple[str, str, int], ...]


def page(edition: Edition, carried: Carried, data: "Sequence[Download]" = ()) -> str:
    """The HTML of the report on `edition`; `data` are the files of open data beside it."""
    widths = ColumnWidths(edition)
    return render(
        "report.html",
        edition=edition,
        title=document_title(edition),
        masthead=masthead(edition, edition.document_number.report, sheet=edition.form.sheet),
        sheet=edition.form.sheet,
        columns=widths.columns,
        head_rows=head_rows(widths),
        levels=edition.form.levels,
        number_head=flat(number.head) if (number := edition.number_column) else "NO",
        widths=widths.widths,
        narrow=narrow(widths, edition.form.has_own_columns),
        groups=tuple(groups(edition, widths)),
        carried=carried,
        data=tuple(_links(data)),
        size_of_pdf=SIZE_OF_PDF,
        about=tuple(_about(edition)),
        filters=tuple(_filters(edition)),
        searched=_searched(edition),
    )


# Values for the template


# Media types of the formats of open data.
_TYPES = {"CSV": "text/csv", "JSON": "application/json"}


def _links(data: "Sequence[Download]") -> Iterator[tuple[str, str, str]]:
    """The open data beside the page: file names with their media types and labels."""
    for one in data:
        yield one.name, _TYPES[one.format], f"{one.label}({one.format}、{size_of_file(one.size)})"


def _about(edition: Edition) -> Iterator[tuple[str, str, str]]:
    """When the data changed, whom to ask, and the licence, if the edition says so: (label, text, address)."""
    if edition.updated:
        yield "更新日", japanese_date(edition.updated), ""
    said = edition.publication
    if contact := said.contact or office(edition):
        yield "問い合わせ先", contact, ""
    if said.licence:
        terms = licence(said.licence)
        yield "ライセンス", terms.title, terms.url


def _filters(edition: Edition) -> Iterator[Filter]:
    """A filter for each column of symbols or terms."""
    for column in edition.columns:
        if words := column.words:
            counts = Counter(item.text(column) for item in edition.items.values())
            labels = {word: f"{word} {said}" if column.kind == "symbol" else word for word, said in words.items()}
            if BLANK in counts:
                labels[BLANK] = BLANK
            choices = tuple((word, label, counts[word]) for word, label in labels.items())
            yield Filter(column.name, column.head, choices)


def _searched(edition: Edition) -> str:
    """The heads of the columns that are searched."""
    kinds = ("name", "prose", "text", "department")
    return "・".join(flat(column.head) for column in edition.columns if column.kind in kinds)


def narrow(widths: ColumnWidths, has_own_columns: bool) -> int:
    """The width in rem up to which the web page shows items in blocks, since a table would not fit (styles/screen.css)."""
    if not has_own_columns:
        return _NARROW
    least = {"level": 2.6, "name": 11.0, "prose": 14.0}
    cells = (least.get(one.column.kind) or widths.widths.of(one.id) / em(TYPE_PT) for one in widths.columns)
    return max(_NARROW, math.ceil(sum(cells)) + 2)


def head_rows(widths: ColumnWidths) -> tuple[tuple[ColumnHead, ...], ...]:
    """The column heads in one row, or in two if there is a series by year."""
    rows = 2 if any(one.column.years for one in widths.columns) else 1
    upper: list[ColumnHead] = []
    lower: list[ColumnHead] = []
    for one in widths.columns:
        if not one.column.years:
            lines = (*widths.head_lines(one, one.column.head), *_unit_line(one.column))
            upper.append(ColumnHead(f"head-{one.id}", one.column.kind, lines, rows=rows))
            continue
        above = f"head-{one.column.name}"
        if not one.year:
            line = flat(one.column.head) + "".join(_unit_line(one.column))
            upper.append(ColumnHead(above, one.column.kind, (line,), span=len(one.column.years)))
        lower.append(ColumnHead(f"head-{one.id}", one.column.kind, widths.head_lines(one, one.head), headers=above))
    return (tuple(upper), tuple(lower)) if lower else (tuple(upper),)


def _unit_line(column: Column) -> tuple[str, ...]:
    return (f"({column.unit})",) if column.unit else ()


def groups(edition: Edition, widths: ColumnWidths) -> Iterator[Group]:
    """The body of the list: a group for each section of the outermost level; of a list without levels, one for all."""
    heading: HeadingRow | None = None
    rows: list[HeadingRow | ItemRow] = []
    above: tuple[tuple[str, ...], str] = (), ""
    position = 0
    for headings, row in edition.lines():
        if row is not None:
            position += 1
            item = edition.items[row.number]
            rows.append(_item_row(edition, widths, item, item is not row, position, *above))
            continue
        above = tuple(one.id for one in reversed(headings)), _context(headings)
        if len(headings) > 1:
            rows.append(_heading_row(headings, len(widths.columns)))
        else:
            if heading:
                yield Group(heading, tuple(rows))
            heading, rows = _heading_row(headings, len(widths.columns)), []
    yield Group(heading, tuple(rows))


def _heading_row(headings: tuple[Heading, ...], columns: int) -> HeadingRow:
    *above, here = headings
    return HeadingRow(
        len(above),
        here.id,
        here.number,
        here.section.name,
        " ".join((f"head-{here.level.name}", *(one.id for one in reversed(above)))),
        _context(above),
        here.begins_page,
        columns - len(above),
    )


def _context(headings: Sequence[Heading]) -> str:
    return " ".join(one.title for one in headings) + CONTINUED if headings else ""


def _item_row(
    edition: Edition,
    widths: ColumnWidths,
    item: Item,
    repeated: bool,
    position: int,
    headers: tuple[str, ...],
    context: str,
) -> ItemRow:
    return ItemRow(
        id=f"row-{position}" if repeated else f"no-{item.number}",
        number=item.number,
        marks="".join(f"【{mark}】" for mark in item.marks),
        mark=REPEATED if repeated else "",
        cells=tuple(_cell(item, one, widths, repeated) for one in widths.columns if one.column.kind != "level"),
        below=() if repeated else tuple(_below(edition, item, widths)),
        headers=headers,
        context=context,
        repeated=repeated,
        height="" if repeated else _height(edition, item, widths),
    )


def _cell(item: Item, one: Printed, widths: ColumnWidths, repeated: bool) -> ItemCell:
    column = one.column
    head = " ".join(filter(None, (column.head, one.head if column.years else ""))) + "".join(_unit_line(column))
    if repeated and column.kind not in ("number", "name"):
        return ItemCell(one.id, column, head, (NOTHING,))
    text = item.texts(column)[one.year]
    if column.kind != "figure":
        return ItemCell(
            one.id,
            column,
            head,
            widths.lines(one, text),
            (column.words or {}).get(text, "") if column.kind == "symbol" else "",
        )
    text, unit = figure_parts(item, column, one.year)
    return ItemCell(one.id, column, head, (text,), unit=unit, beside=widths.figures[one.id].beside(text, unit))


def _below(edition: Edition, item: Item, widths: ColumnWidths) -> Iterator[BelowCell]:
    span = sum(one.column.kind not in ("level", "number") for one in widths.columns)
    for column in edition.columns:
        if column.is_below and (text := item.text(column)):
            lines = _lines(f"{column.head} {text}", widths.below)
            yield BelowCell(column.kind, column.head, text, span, lines > edition.form.sheet.lines)


def _height(edition: Edition, item: Item, widths: ColumnWidths) -> str:
    """ "tall" if `item` is certainly taller than a page, so that the layout divides its row at once; otherwise "".

    Rows near a page's height are found by the layout, which then lays out once more (layout/engine.py).
    """
    lines = max(
        _lines(item.text(one.column), widths.ems[one.id])
        for one in widths.columns
        if one.column.kind in ("name", "prose")
    )
    return "tall" if lines > edition.form.sheet.lines else ""


def _lines(text: str, width: int) -> int:
    return sum(-(-width_in_ems(part) // width) or 1 for part in text.split("\n"))
