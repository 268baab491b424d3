"""The expected text of a report: every row of the edition in order, with column heads and headings."""

from collections.abc import Iterator

from pipeline.documents import expected as common
from pipeline.documents.document import Block, Cell, Expected, Paragraph, Row, Table
from pipeline.documents.expected import CONTINUED
from pipeline.model.edition import Edition, Heading, Item
from pipeline.model.form import BLANK, NO_FIGURES, Column
from pipeline.text import flat


def expect(edition: Edition) -> Expected:
    """The expected text of the report on `edition`."""
    return common.expect(
        edition, edition.document_number.report, *_blocks(edition), page_size=edition.form.sheet.points
    )


def _blocks(edition: Edition) -> Iterator[Block]:
    yield from _paragraphs("P", edition.preface)
    if edition.marks:
        yield Paragraph("P", " ".join(f"【{mark}】{meaning}" for mark, meaning in edition.marks.items()))
    yield Table(tuple(_heads(edition)), tuple(_rows(edition)))
    yield from _paragraphs("P", edition.postface)
    yield from (Paragraph("Note", f"※{number} {text}") for number, text in edition.notes.items())


def _paragraphs(kind: str, text: str) -> Iterator[Paragraph]:
    return (Paragraph(kind, line) for line in text.split("\n") if line.strip())


def _heads(edition: Edition) -> Iterator[tuple[Cell, ...]]:
    columns = [column for column in edition.columns if not column.is_below]
    yield tuple(
        Cell(column.head + (f"({column.unit})" if column.unit else ""), (), "Column", id=f"head-{column.name}")
        for column in columns
    )
    series = [column for column in columns if column.years]
    if series:
        yield tuple(
            Cell(year, (f"head-{column.name}",), "Column", id=f"head-{column.name}-{at}")
            for column in series
            for at, year in enumerate(column.years, 1)
        )


def _rows(edition: Edition) -> Iterator[Row]:
    counted = 0
    for headings, row in edition.lines():
        context = "".join(_title(one) for one in headings) + CONTINUED if headings else ""
        ids = tuple(one.id for one in headings)[::-1]
        if row is None:
            *above, here = headings
            outer = "".join(map(_title, above)) + CONTINUED if above else ""
            cell = Cell(
                _title(here),
                (f"head-{here.level.name}", *ids[1:]),
                "Column",
                id=here.id,
                heading=len(headings) + 1,
            )
            yield Row((cell,), outer, True)
            continue
        counted += 1
        item = edition.items[row.number]
        name = f"row-{counted}" if item is not row else f"no-{item.number}"
        yield Row(tuple(_cells(edition, item, item is not row, (name, *ids))), context, False)
        if item is row:
            yield from _below(edition, item, (name, *ids), context)


def _title(heading: Heading) -> str:
    return " ".join(filter(None, (heading.number, heading.section.name)))


def _cells(edition: Edition, item: Item, repeated: bool, ids: tuple[str, ...]) -> Iterator[Cell]:
    name, *groups = ids
    for column in edition.columns:
        if column.is_below or column.kind == "level":
            continue
        head = f"head-{column.name}"
        if column.kind == "name":
            text = "".join(f"【{mark}】" for mark in item.marks) + item.name + ("【再掲】" if repeated else "")
            yield Cell(text, (head, *groups), "Row", id=name)
        elif column.years:
            for at, text in enumerate(item.texts(column), 1):
                yield Cell("-" if repeated else _figure(item, column, text), (f"{head}-{at}", head, *ids))
        elif repeated and column.kind != "number":
            yield Cell("-", (head, *ids))
        else:
            text = item.text(column)
            said = (column.words or {}).get(text, "") if column.kind == "symbol" and text != BLANK else ""
            yield Cell(_figure(item, column, text), (head, *ids), alternate=flat(said))


def _figure(item: Item, column: Column, text: str) -> str:
    """`text` with its unit, unless the unit stands in the head or the text is no number."""
    is_number = column.kind == "figure" and text not in (BLANK, *NO_FIGURES)
    return text + item.unit_of(column) if is_number and not column.unit else text


def _below(edition: Edition, item: Item, ids: tuple[str, ...], context: str) -> Iterator[Row]:
    for column in edition.columns:
        if column.is_below and item.text(column):
            yield Row((Cell(f"{column.head} {item.text(column)}", ids),), context, False)
