"""data.schema.json: the definitions of the open data, and what belongs to no row of the CSV files.

Its `fields` are those of data.csv (a Table Schema of Frictionless Data), `tables` those of the files beside it, `json` is
the JSON Schema of data.json. `edition` is data.json without its rows. Licence, contact and dates stand at its top.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.documents.licences import licence
from pipeline.model.edition import Edition

from .cells import table_schema
from .csv_file import definitions
from .json_file import data_schema
from .long_tables import LONG_TABLES, names_of

SCHEMA = "data.schema.json"


def schema_file(edition: Edition, file: Mapping[str, Any]) -> dict[str, Any]:
    """The content of data.schema.json; `file` is that of data.json."""
    order = f"、{'と'.join(level.key for level in edition.form.levels)}の順" if edition.form.levels else ""
    tables = {
        name: {"description": LONG_TABLES[name].description, **table_schema(LONG_TABLES[name].definitions)}
        for name in names_of(edition)
    }
    explained = f"「tables」は、{'、'.join(tables)} の欄の定義です。" if tables else ""
    return {
        "title": f"{edition.title}のオープンデータ",
        "description": (
            "data.csv の欄の定義です(Frictionless Data の Table Schema)。「name」は欄の名前、「physicalName」はその英数字の名前、"
            "「unit」は数の単位です。文字コードはUTF-8(BOM付き)、行の終わりはCRLFです。"
            "一件のデータは一行にあります。文の中の改行は、文章と文字の欄では空白に変え、ほかの欄では除いています。"
            "前後の空白は除き、続く空白は一つにしています。元のままの文は data.json にあります。"
            "計算式と取り違えられる値(=、+、-、@、タブで始まる値)と「'」で始まる値は、先頭に「'」を付けています。"
            "先頭の「'」を一つ除くと元の値に戻ります。空の値は、値がないことを表し、0とは違います。"
            f"「edition」は、行に属さないもの(凡例、欄の見出し{order}など)です。{explained}"
            "「json」は、data.json の定義(JSON Schema)です。"
        ),
        **about(edition),
        "encoding": "utf-8",
        "byteOrderMark": True,
        **table_schema(definitions(edition, file["edition"])),
        **({"tables": tables} if tables else {}),
        "edition": _without_rows(file),
        "json": data_schema(edition),
    }


def about(edition: Edition) -> dict[str, Any]:
    """Who publishes the data, on which terms, and when they changed, so far as the edition says."""
    said = edition.publication
    terms = licence(said.licence)
    terms_of_use = {"name": terms.id, "title": terms.title, "path": terms.url}
    found = {
        "publisher": " ".join(filter(None, (edition.municipality, edition.department))),
        "contact": said.contact,
        "licenses": [{key: text for key, text in terms_of_use.items() if text}] if said.licence else [],
        "modified": edition.updated and edition.updated.isoformat(),
        "updateFrequency": said.frequency,
        "changes": [{"date": change.day.isoformat(), "text": change.text} for change in said.changes],
        "remarks": said.remarks,
    }
    return {key: value for key, value in found.items() if value}


def _without_rows(part: Any) -> Any:
    """The part of data.json, without its rows."""
    if isinstance(part, list):
        return [_without_rows(one) for one in part]
    if isinstance(part, dict):
        return {key: _without_rows(value) for key, value in part.items() if key != "rows"}
    return part
