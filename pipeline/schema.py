"""A JSON Schema of the source format, made from the model, for editors that complete and check the keys."""

import json

from .model import Edition

NAME = "edition.schema.json"


def edition_schema() -> str:
    """The schema as the text of source/edition.schema.json."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "版(推進計画の実施状況一覧)",
        **Edition.model_json_schema(by_alias=True),
    }
    # The docstrings of the models speak to programmers.
    for definition in schema.get("$defs", {}).values():
        definition.pop("description", None)
    schema.pop("description", None)
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
