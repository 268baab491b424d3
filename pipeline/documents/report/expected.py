"""The expected text of a report: every row of the edition in order, with column heads and headings."""

from collections.abc import Iterator

from pipeline.documents import expected as common
from pipeline.documents.document import Cell, Expected, Row, Table
from pipeline.documents.expected import CONTINUED
from pipeline.model.columns import item_columns
from pipeline.model.edition import BLANK, Edition, Item, measure_number, policy_number
from pipeline.text import flat


def expect(edition: Edition) -> Expected:
    """The expected text of the report on `edition`."""
    heads = tuple(Cell(column.head, (), "Column", id=f"head-{column.name}") for column in edition.columns)
    return common.expect(edition, Table((heads,), tuple(_rows(edition))))


def _rows(edition: Edition) -> Iterator[Row]:
    position = 0
    for policy_position, policy in enumerate(edition.policies, 1):
        policy_id = f"policy-{policy_position}"
        policy_label = f"{policy_number(policy_position)} {policy.name}"
        yield Row((Cell(policy_label, ("head-policy",), "Column", id=policy_id, heading=2),), "", True)
        for measure_position, measure in enumerate(policy.measures, 1):
            measure_id = f"measure-{policy_position}-{measure_position}"
            measure_label = f"{measure_number(measure_position)} {measure.name}"
            yield Row(
                (Cell(measure_label, ("head-measure", policy_id), "Column", id=measure_id, heading=3),),
                policy_label + CONTINUED,
                True,
            )
            for row in measure.rows:
                position += 1
                item = edition.items[row.number]
                yield _row(
                    edition,
                    item,
                    item is not row,
                    (f"row-{position}" if item is not row else f"no-{item.number}", measure_id, policy_id),
                    f"{policy_label}{measure_label}{CONTINUED}",
                )


def _row(edition: Edition, item: Item, repeated: bool, ids: tuple[str, str, str], context: str) -> Row:
    name, *groups = ids
    cells = []
    for column in item_columns():
        head, text = f"head-{column.name}", item.text(column)
        if column.kind == "name":
            cells.append(Cell(text + ("【再掲】" if repeated else ""), (head, *groups), "Row", id=name))
        elif repeated and column.is_answered:
            cells.append(Cell("-", (head, *ids)))
        else:
            has_meaning = column.kind == "symbol" and text != BLANK
            cells.append(Cell(text, (head, *ids), alternate=flat(edition.legend[text]) if has_meaning else ""))
    return Row(tuple(cells), context, False)
