"""The report: the list of one edition, as the paper has always looked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.documents.document import Carried
from pipeline.documents.html import CONTINUED, break_label, document_title, masthead, number_column, render
from pipeline.model.dates import japanese_date
from pipeline.model.edition import BLANK, Edition, Item, measure_number, policy_number
from pipeline.text import flat, width_in_ems

# What every report prints, whatever the edition.
REPEATED = "【再掲】"
NOTHING = "-"

COLUMNS = ("policy", "measure", "number", "item", "status", "treatment", "findings")

# How many characters of the column heads fit in a line; styles/report.css sets the widths.
_HEAD_WIDTHS = {"policy": 2, "measure": 2, "number": 2, "item": 23, "status": 2, "treatment": 3, "findings": 48}

# A page holds 43 lines of a row under the column heads: lines of the 48 characters of 検証内容 or the 23 of 推進項目
# (styles/print.css). A row that surely has more is said to be divided; of others the layout finds it out, which takes
# a second one (engine.py).
_LINES_OF_A_PAGE = 43
_FINDINGS_LINE = 48
_NAME_LINE = 23
_NUMBER_FIGURES = 4


@dataclass(frozen=True, slots=True)
class ColumnHead:
    name: str
    id: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """A row that runs across: a policy or a measure.

    `policy` is the id of the policy that a measure stands in; `context` the line that a page says when it begins here.
    """

    level: str
    id: str
    number: str
    name: str
    headers: str
    policy: str
    context: str
    page_break: bool


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A row of an item, or of a repeat of one, as printed. `headers` holds the ids of its measure and policy.

    `mark` stands behind the name of a repeat.
    """

    id: str
    number: int
    name: str
    mark: str
    status: str
    meaning: str
    treatment: str
    findings: str
    headers: tuple[str, str]
    context: str
    repeated: bool
    height: str


@dataclass(frozen=True, slots=True)
class Section:
    """A policy: its heading and all the rows below it."""

    heading: HeadingRow
    rows: tuple[HeadingRow | ItemRow, ...]


def page(edition: Edition, carried: Carried, data: Sequence[str] = ()) -> str:
    """The HTML of the report on `edition`; `data` names the open data that will stand beside it."""
    return render(
        "report.html",
        edition=edition,
        title=document_title(edition),
        masthead=masthead(edition),
        columns=columns(edition),
        number_column=number_column(edition.items, _NUMBER_FIGURES),
        sections=tuple(sections(edition)),
        carried=carried,
        data=data,
        about=tuple(_about(edition)),
    )


# What the template arranges


def _about(edition: Edition) -> Iterator[tuple[str, str]]:
    """What a page on a city's site says of itself: its day and its office, where the edition names them."""
    if edition.as_of:
        yield "更新日", japanese_date(edition.as_of)
    if edition.department:
        yield "担当", " ".join(filter(None, (edition.municipality, edition.department)))


def columns(edition: Edition) -> tuple[ColumnHead, ...]:
    """The column heads, broken into lines where they fit their columns best."""
    return tuple(
        ColumnHead(name, f"head-{name}", break_label(flat(getattr(edition.headings, name)), _HEAD_WIDTHS[name]))
        for name in COLUMNS
    )


def sections(edition: Edition) -> Iterator[Section]:
    """The body of the list, policy by policy."""
    position = 0
    for policy_position, policy in enumerate(edition.policies, 1):
        policy_id = f"policy-{policy_position}"
        number = policy_number(policy_position)
        here = f"{number} {flat(policy.name)}"
        heading = HeadingRow("policy", policy_id, number, policy.name, "head-policy", "", "", policy.page_break)
        rows: list[HeadingRow | ItemRow] = []
        for measure_position, measure in enumerate(policy.measures, 1):
            measure_id = f"measure-{policy_position}-{measure_position}"
            label = measure_number(measure_position)
            rows.append(
                HeadingRow(
                    "measure",
                    measure_id,
                    label,
                    measure.name,
                    f"head-measure {policy_id}",
                    policy_id,
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
        name=item.name,
        mark=REPEATED if repeated else "",
        status=NOTHING if repeated else item.status,
        meaning="" if repeated or item.status == BLANK else edition.legend[item.status],
        treatment=NOTHING if repeated else item.treatment,
        findings=NOTHING if repeated else item.findings,
        headers=headers,
        context=context,
        repeated=repeated,
        height="" if repeated else _height(item),
    )


def _height(item: Item) -> str:
    """Whether `item` is taller than a page: "tall" if it surely is."""
    texts = ((item.findings, _FINDINGS_LINE), (item.name, _NAME_LINE))
    lines = max(sum(-(-width_in_ems(part) // width) or 1 for part in text.split("\n")) for text, width in texts)
    return "tall" if lines > _LINES_OF_A_PAGE else ""
