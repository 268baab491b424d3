"""What the PDF of a report must say: every row of the edition in its order, with its column heads and headings."""

from collections.abc import Iterator

from pipeline.documents import expected as common
from pipeline.documents.document import Cell, Expected, Row, Table
from pipeline.documents.expected import CONTINUED
from pipeline.model.edition import BLANK, Edition, Item, measure_number, policy_number
from pipeline.text import flat

COLUMNS = ("policy", "measure", "number", "item", "status", "treatment", "findings")


def expect(edition: Edition) -> Expected:
    """What the report on `edition` must say."""
    heads = tuple(Cell(getattr(edition.headings, name), (), "Column", id=f"head-{name}") for name in COLUMNS)
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
    name, measure, policy = ids
    status, treatment, findings = item.status, item.treatment, item.findings
    if repeated:
        status = treatment = findings = "-"
    meaning = "" if repeated or status == BLANK else flat(edition.legend[status])
    return Row(
        (
            Cell(str(item.number), ("head-number", name, measure, policy)),
            Cell(item.name + ("【再掲】" if repeated else ""), ("head-item", measure, policy), "Row", id=name),
            Cell(status, ("head-status", name, measure, policy), alternate=meaning),
            Cell(treatment, ("head-treatment", name, measure, policy)),
            Cell(findings, ("head-findings", name, measure, policy)),
        ),
        context,
        False,
    )
