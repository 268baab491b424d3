"""Open data: an edition as data.csv, data.json and data.schema.json, from which the edition can be restored.

data.json holds the whole model. data.csv has a row for each item and each repeat; each cell holds one value, repeated in
every row. Figures by year stand in data-series.csv, a row each, so that a new year adds rows and no column.
data.schema.json describes the columns (a Table Schema of Frictionless Data) and keeps under `edition` what belongs to no
row: legend, column heads, and the order of the headings, including empty ones. CSV and schema together restore the
edition too.
"""

from pipeline.model.validation import Validated

from .csv_file import csv_text, series_text, table_schema
from .json_file import data_file, json_text

CSV, SERIES, JSON, SCHEMA = "data.csv", "data-series.csv", "data.json", "data.schema.json"


def open_data(validated: Validated) -> dict[str, bytes]:
    """The files by name: three, and `SERIES` if the form has figures by year."""
    edition, name = validated.edition, validated.source.edition
    file = data_file(edition, name)
    series = {SERIES: series_text(edition, name).encode()} if edition.form.has_series else {}
    return {
        CSV: csv_text(edition, name).encode(),
        **series,
        JSON: json_text(file),
        SCHEMA: json_text(table_schema(edition, file)),
    }
