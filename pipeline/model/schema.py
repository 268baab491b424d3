"""A JSON Schema of the source format, made from the model, for editors that complete and check the keys."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from .edition import Edition

NAME = "edition.schema.json"

# What an editor calls the parts; pydantic would name them after the classes.
_TITLES = {"Headings": "見出し", "Policy": "推進方針", "Measure": "推進施策", "Item": "推進項目", "Repeat": "再掲"}


def edition_schema() -> str:
    """The schema as the text of source/edition.schema.json."""
    schema = json_schema(Edition, "版(推進計画の実施状況一覧)", "validation")
    for name, title in _TITLES.items():
        schema["$defs"][name] = {"title": title, **schema["$defs"][name]}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def json_schema(model: type[BaseModel], title: str, mode: JsonSchemaMode) -> dict[str, Any]:
    """The JSON Schema of `model`, by its aliases, as read ("validation") or written ("serialization")."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **_without_noise(model.model_json_schema(by_alias=True, mode=mode)),
    }


def _without_noise(model: Any) -> Any:
    """`model` without the titles that only repeat keys or classes and the docstrings, which speak to programmers."""
    if isinstance(model, list):
        return [_without_noise(part) for part in model]
    if not isinstance(model, dict):
        return model
    of_object = {"title", "description"} if model.get("type") == "object" and "properties" in model else {"title"}
    # What stands in these is a name of the format's, not a word of JSON Schema's.
    return {
        key: {name: _without_noise(part) for name, part in value.items()}
        if key in ("properties", "$defs")
        else _without_noise(value)
        for key, value in model.items()
        if key not in of_object
    }
