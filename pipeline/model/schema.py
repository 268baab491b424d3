"""A JSON Schema of the source format, generated from the model; editors complete and check keys with it."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel

from pipeline.source.tree import Source

from .edition import class_name, edition_model
from .form import BLANK, Form, form_of
from .validation import checked_form
from .words import listed, words_of

NAME = "edition.schema.json"


def edition_schema(form: Form | None = None, words: Mapping[str, Collection[str]] | None = None) -> str:
    """The JSON Schema of the editions of a `form`, by default of the default form: source/edition.schema.json.

    `words` are the symbols and terms that an item's values may be, by key.
    """
    form = form or form_of({})
    schema = json_schema(edition_model(form, with_all_keys=True), "版(一覧)")
    titles = {"Headings": "見出し", "Item": form.item.key, "Repeat": "再掲"}
    titles |= {class_name(level): level.key for level in form.levels}
    for name, title in titles.items():
        schema["$defs"][name] = {"title": title, **schema["$defs"][name]}
    values = schema["$defs"]["Item"]["properties"]
    for key, allowed in (words or {}).items():
        values[key].get("items", values[key]).update(enum=[one for word in allowed for one in _as_read(word)])
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _as_read(word: str) -> list[str | int]:
    """What an editor may read `word` as: 5 is a number to it."""
    return [word, int(word)] if word.isascii() and word.isdecimal() and str(int(word)) == word else [word]


def schema_of(source: Source) -> str:
    """The JSON Schema of one edition, with the form, the words and the marks in `source`.

    Raises `SourceError` if the form has errors. The rest may have some, since it is being written.
    """
    form = checked_form(source)
    words = {column.key: [*words_of(source.root, form, column), BLANK] for column in form.own}
    lists = {key: allowed for key, allowed in words.items() if len(allowed) > 1}
    return edition_schema(form, lists | {"印": [*listed(source.root, "印")]})


def schema_name(form: Form, edition_id: str) -> str:
    """The file in source/ with the JSON Schema of an edition: its own if it has a form of its own."""
    return f"{edition_id}.schema.json" if form.written else NAME


def json_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The JSON Schema of `model`, by alias."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **_without_noise(model.model_json_schema(by_alias=True)),
    }


def _without_noise(model: Any) -> Any:
    """The JSON Schema `model` without pydantic's titles, which repeat keys and class names, and without docstrings."""
    if isinstance(model, list):
        return [_without_noise(part) for part in model]
    if not isinstance(model, dict):
        return model
    of_object = {"title", "description"} if model.get("type") == "object" and "properties" in model else {"title"}
    # The keys below "properties" and "$defs" are names, not keywords of JSON Schema: keep them all.
    return {
        key: {name: _without_noise(part) for name, part in value.items()}
        if key in ("properties", "$defs")
        else _without_noise(value)
        for key, value in model.items()
        if key not in of_object
    }
