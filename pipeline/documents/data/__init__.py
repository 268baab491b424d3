"""Open data: an edition as data.csv, data.json and data.schema.json, from which the edition can be restored.

The files keep the 行政データにおける機械可読性に関するルール (docs/open-data.md). data.json holds the whole model. data.csv
has a row for each item and each repeat; each cell holds one value, repeated in every row, in one line. What an item has
several of stands in tables beside it, a row each (`long_tables`). data.schema.json defines the columns and keeps under
`edition` what belongs to no row: legend, column heads, and the order of the headings, including empty ones. The CSV files
and the schema together restore the edition too, but for the line breaks within a text.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pipeline.model.validation import Validated

from .csv_file import CSV, data_text
from .definitions import SCHEMA, schema_file
from .json_file import data_file, json_text
from .long_tables import LONG_TABLES, long_text, names_of

__all__ = ["CSV", "JSON", "LONG_TABLES", "SCHEMA", "Download", "downloads", "open_data"]

JSON = "data.json"


class Download(NamedTuple):
    """A file of open data as a web page offers it."""

    name: str
    label: str
    format: str
    size: int


def downloads(files: Mapping[str, bytes]) -> tuple[Download, ...]:
    """What a web page says of the `files`, in their order."""
    labels = {CSV: "データ", JSON: "データ", SCHEMA: "データの定義"} | {
        name: table.label for name, table in LONG_TABLES.items()
    }
    return tuple(
        Download(name, labels[name], name.rpartition(".")[2].upper(), len(content)) for name, content in files.items()
    )


def open_data(validated: Validated) -> dict[str, bytes]:
    """The files by name: data.csv, the tables that the edition has, data.json and data.schema.json."""
    edition, name = validated.edition, validated.source.edition
    file = data_file(edition, name)
    return {
        CSV: data_text(edition, name).encode(),
        **{table: long_text(edition, name, table).encode() for table in names_of(edition)},
        JSON: json_text(file),
        SCHEMA: json_text(schema_file(edition, file)),
    }
