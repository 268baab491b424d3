"""Open data: an edition as data.csv, data.json and data.schema.json, from which the edition can be restored.

data.json holds the whole model. data.csv has a row for each item and each repeat; each cell holds one value, repeated in
every row. data.schema.json describes its columns (a Table Schema of Frictionless Data) and keeps under `edition` what
belongs to no row: legend, column heads, and the order of policies and measures, including empty ones. CSV and schema
together restore the edition too.
"""

from pipeline.model.validation import Validated

from .csv_file import csv_text, table_schema
from .json_file import data_file, json_text

CSV, JSON, SCHEMA = "data.csv", "data.json", "data.schema.json"


def open_data(validated: Validated) -> dict[str, bytes]:
    """The three files by name."""
    edition, name = validated.edition, validated.source.edition
    file = data_file(edition, name)
    return {
        CSV: csv_text(edition, name).encode(),
        JSON: json_text(file.model_dump(mode="json", by_alias=True)),
        SCHEMA: json_text(table_schema(edition, file)),
    }
