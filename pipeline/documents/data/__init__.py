"""Open data: an edition as data.csv, data.json and data.schema.json, from which the same edition can be made again.

data.json holds everything of the model. data.csv holds a row for each item and each repeat, one value a cell and
nothing left out because it is the same as above; data.schema.json describes its columns (a Table Schema of
Frictionless Data) and keeps under `edition` what belongs to no row: the legend, the column heads, the order of
policies and measures even where they are empty. With it, the CSV too gives the whole edition back.
"""

from pipeline.model.validation import Validated

from .csv_file import csv_text, table_schema
from .json_file import data_file, json_text

CSV, JSON, SCHEMA = "data.csv", "data.json", "data.schema.json"


def open_data(validated: Validated) -> dict[str, bytes]:
    """The three files by their names."""
    edition, name = validated.edition, validated.source.edition
    file = data_file(edition, name)
    return {
        CSV: csv_text(edition, name).encode(),
        JSON: json_text(file.model_dump(mode="json", by_alias=True)),
        SCHEMA: json_text(table_schema(edition, file)),
    }
