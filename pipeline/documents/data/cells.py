"""The cells of the CSV files: one record one line, numbers as numbers, and nothing that a spreadsheet evaluates."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

BOM = "\ufeff"

# What a cell is written from. A number is written as it is, since no spreadsheet takes a number for a formula.
Value = str | int | Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A column of a CSV: its head in Japanese, its name in Latin letters, and what the schema says of it.

    `between` stands between the lines of a text: in a name nothing, in prose a space. `categories` are codes with their
    meanings.
    """

    name: str
    latin: str
    title: str = ""
    description: str
    type: str = "string"
    constraints: Mapping[str, Any] | None = None
    unit: str = ""
    categories: Mapping[str, str] | None = None
    between: str = ""

    def described(self) -> dict[str, Any]:
        """The field as Table Schema has it; `physicalName` and `unit` are our own."""
        described: dict[str, Any] = {
            "name": self.name,
            "physicalName": self.latin,
            "type": self.type,
            "title": self.title or self.name,
            "description": self.description,
        }
        if self.unit:
            described["unit"] = self.unit
        if self.type == "boolean":
            described |= {"trueValues": ["true"], "falseValues": ["false"]}
        if self.constraints:
            described["constraints"] = dict(self.constraints)
        if self.categories:
            described["categories"] = [
                {"value": text_cell(code), "label": meaning} for code, meaning in self.categories.items()
            ]
        return described


def table_schema(definitions: Iterable[Definition]) -> dict[str, Any]:
    """The Table Schema of a CSV of ours, of which the first column counts the rows."""
    return {
        "fields": [definition.described() for definition in definitions],
        "missingValues": [""],
        "primaryKey": ["行"],
    }


_GAP = re.compile(r"\s{2,}")


def one_line(text: str, between: str = "") -> str:
    """`text` in one line, with `between` between its lines, and without white space that only lays it out."""
    return between.join(filter(None, (_GAP.sub(" ", line.strip()) for line in text.split("\n"))))


# What a spreadsheet would evaluate as a formula, with or without leading white space (CSV injection).
_FORMULA = re.compile(r"\s*[=+\-@]|[\t\r\n]")


def escaped(text: str) -> str:
    """`text` as a cell that no spreadsheet evaluates: prefixed with ' if needed. A lone 「-」 is no formula."""
    return f"'{text}" if text.startswith("'") or (_FORMULA.match(text) and text != "-") else text


def unescaped(cell: str) -> str:
    """The inverse of `escaped`."""
    return cell.removeprefix("'")


def text_cell(text: str, between: str = "") -> str:
    """`text` as a cell."""
    return escaped(one_line(text, between))


def figure_cell(number: Decimal | None) -> str:
    """A number as a cell: digits with a point and a sign, as they were typed, and nothing else."""
    return "" if number is None else f"{number:f}"


def csv_text(definitions: Sequence[Definition], rows: Iterable[Iterable[Value]]) -> str:
    """The text of a CSV of `rows`, which have a value for each of `definitions`."""
    target = io.StringIO()
    # CRLF by RFC 4180; the byte order mark tells Excel that the encoding is UTF-8.
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([definition.name for definition in definitions])
    betweens = [definition.between for definition in definitions]
    for row in rows:
        writer.writerow(map(_cell, row, betweens))
    return BOM + target.getvalue()


def _cell(value: Value, between: str) -> str:
    if isinstance(value, str):
        return text_cell(value, between)
    if isinstance(value, Decimal):
        return figure_cell(value)
    return "" if value is None else str(value)


def read_rows(data: bytes, needed: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a CSV of ours as {head: unescaped text}. Raises `ValueError` if one of the heads `needed` is missing."""
    text = data.decode("utf-8-sig")
    try:
        heads, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from error
    if missing := {*needed} - {*heads}:
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    return [dict(zip(heads, map(unescaped, row), strict=True)) for row in rows]
