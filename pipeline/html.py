"""Stage 3: an edition as one self-contained HTML document, the same on screen, in print and for WeasyPrint.

Python decides here what stands in each cell; the templates only arrange it.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from .dates import japanese_date
from .model import BLANK, Edition, Item, measure_number, policy_number
from .validation import Validated

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
STYLES = ROOT / "styles"

# What every paper prints, whatever the edition.
REPEATED = "【再掲】"
NOTHING = "-"
DRAFT = "案"
CONTINUED = "(続き)"
LEGEND_COLON = "："
DIGEST_LENGTH = 8

COLUMNS = ("policy", "measure", "number", "item", "status", "treatment", "findings")

# How many characters of the column heads fit in a line; styles/report.css sets the widths.
_HEAD_WIDTHS = {"policy": 2, "measure": 2, "number": 2, "item": 23, "status": 2, "treatment": 3, "findings": 48}

# A page holds 43 lines of a row under the column heads, 38 and more with heading rows above it: lines of the
# 48 characters of 検証内容 or the 23 of 推進項目 (styles/print.css). A row with more must be divided; one
# with a number between may have to be, which only the layout can tell (pdf.lay_out).
_LINES_OF_A_PAGE = 43
_LINES_UNDER_HEADINGS = 37
_FINDINGS_LINE = 48
_NAME_LINE = 23


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    id: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
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
class Cells:
    """A row of an item, or of a repeat of one, as printed. `headers` holds the ids of its measure and policy."""

    id: str
    name_id: str
    number: int
    name: str
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

    heading: Heading
    rows: tuple[Heading | Cells, ...]


def render_report(validated: Validated) -> str:
    """The report on `validated` as HTML. Raises jinja2's errors, which name the template and its line."""
    edition = validated.edition
    return (
        _environment()
        .get_template("report.html")
        .render(
            edition=edition,
            columns=columns(edition),
            sections=tuple(sections(edition)),
            legend=edition.legend,
            legend_colon=LEGEND_COLON,
            as_of=japanese_as_of(edition),
            issuer=issuer(edition),
            draft=DRAFT if edition.is_draft else "",
            digest=validated.source.digest[:DIGEST_LENGTH],
            summary=f"{flat(edition.title)}。{len(edition.items)}項目。",
            created=edition.as_of.isoformat() if edition.as_of else "",
        )
    )


def columns(edition: Edition) -> tuple[Column, ...]:
    """The column heads, broken into lines where they fit their columns best."""
    return tuple(
        Column(name, f"head-{name}", break_label(flat(getattr(edition.headings, name)), _HEAD_WIDTHS[name]))
        for name in COLUMNS
    )


def sections(edition: Edition) -> Iterator[Section]:
    """The body of the list, policy by policy."""
    position = 0
    for policy_position, policy in enumerate(edition.policies, 1):
        policy_id = f"policy-{policy_position}"
        number = policy_number(policy_position)
        here = f"{number} {flat(policy.name)}"
        heading = Heading("policy", policy_id, number, policy.name, "head-policy", "", "", policy.page_break)
        rows: list[Heading | Cells] = []
        for measure_position, measure in enumerate(policy.measures, 1):
            measure_id = f"measure-{policy_position}-{measure_position}"
            label = measure_number(measure_position)
            rows.append(
                Heading(
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
) -> Cells:
    return Cells(
        id=f"row-{position}" if repeated else f"no-{item.number}",
        name_id=f"name-{position}",
        number=item.number,
        name=item.name + (REPEATED if repeated else ""),
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
    """Whether `item` is taller than a page: "tall" if it is, "maybe-tall" if it may be with headings above it."""
    texts = ((item.findings, _FINDINGS_LINE), (item.name, _NAME_LINE))
    # Kinsoku makes lines shorter by a character or two.
    fewest, most = (
        max(sum(-(-_width(part) // (width - less)) or 1 for part in text.split("\n")) for text, width in texts)
        for less in (0, 2)
    )
    if fewest > _LINES_OF_A_PAGE:
        return "tall"
    return "maybe-tall" if most > _LINES_UNDER_HEADINGS else ""


def _width(text: str) -> int:
    """The width of `text` in ems, rounded up: a character is one em wide or half of one."""
    halves = sum(1 if unicodedata.east_asian_width(character) in ("Na", "H") else 2 for character in text)
    return -(-halves // 2)


def japanese_as_of(edition: Edition) -> str:
    return f"{japanese_date(edition.as_of)}現在" if edition.as_of else ""


def issuer(edition: Edition) -> str:
    """Who answers for the list: the office with its city; nothing where no office is named, as on the original."""
    return " ".join(filter(None, (edition.municipality, edition.department))) if edition.department else ""


def flat(text: str) -> str:
    """`text` in one line, for places that know no line breaks: titles, running lines, bookmarks."""
    return "".join(text.split("\n"))


def break_label(text: str, width: int) -> tuple[str, ...]:
    """`text` in lines of at most `width` ems, as even as can be, broken before a kanji that follows kana where possible.

    今後の取扱い in three ems is 今後の / 取扱い; 推進方針 in two is 推進 / 方針.
    """
    count = -(-_width(text) // width)
    if count <= 1:
        return (text,)
    lines, rest = [], text
    for remaining in range(count, 1, -1):
        ideal = len(rest) / remaining
        cut = min(range(1, len(rest)), key=lambda at: abs(at - ideal) + (not _starts_word(rest, at)) / 2)
        lines.append(rest[:cut])
        rest = rest[cut:]
    return (*lines, rest)


def _starts_word(text: str, at: int) -> bool:
    def is_kana(character: str) -> bool:
        return "ぁ" <= character <= "ゖ"

    return is_kana(text[at - 1]) and not is_kana(text[at])


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["style"] = _style
    environment.filters["flat"] = flat
    return environment


def _style(name: str) -> Markup:
    """The stylesheet `name`, to be inlined: the document asks for no other file."""
    return Markup((STYLES / name).read_text("utf-8"))
