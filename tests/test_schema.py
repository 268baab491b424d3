"""The schema for editors says what the model says."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pipeline.model.schema import NAME, edition_schema, schema_of
from pipeline.source.tree import read_source

from .conftest import FORMS, HEALTHY, ROOT

SCHEMA = json.loads(edition_schema())
# What an editor makes of a type; a truth value is no number to it.
TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
    "array": list,
    "object": dict,
}
NOTES = {"$schema", "$defs", "title", "description", "default", "format"}


def faults(value: Any, schema: dict[str, Any], at: str = "") -> list[str]:
    """Where `value` is not what `schema` asks for: as much of JSON Schema as ours uses, and an error for the rest."""
    found = []
    for word, rule in schema.items():
        match word:
            case "$ref":
                found += faults(value, SCHEMA["$defs"][rule.removeprefix("#/$defs/")], at)
            case "type":
                found += (
                    [] if any(is_type(value, name) for name in ([rule] if isinstance(rule, str) else rule)) else [at]
                )
            case "oneOf" | "anyOf":
                fitting = sum(not faults(value, option, at) for option in rule)
                found += [] if fitting == 1 or (fitting and word == "anyOf") else [at]
            case "properties" if isinstance(value, dict):
                found += [
                    fault for key in rule.keys() & value for fault in faults(value[key], rule[key], f"{at}/{key}")
                ]
            case "additionalProperties" if isinstance(value, dict):
                others = value.keys() - schema.get("properties", {}).keys()
                found += [fault for key in others for fault in faults_of_other(value[key], rule, f"{at}/{key}")]
            case "required" if isinstance(value, dict):
                found += [f"{at}/{key}" for key in rule if key not in value]
            case "items" if isinstance(value, list):
                found += [fault for index, part in enumerate(value) for fault in faults(part, rule, f"{at}/{index}")]
            case "minItems" | "minProperties" if isinstance(value, (list, dict)):
                found += [] if len(value) >= rule else [at]
            case "maxProperties" if isinstance(value, dict):
                found += [] if len(value) <= rule else [at]
            case "maxLength" if isinstance(value, str):
                found += [] if len(value) <= rule else [at]
            case "propertyNames" if isinstance(value, dict):
                found += [f"{at}/{key}" for key in value if faults(key, rule)]
            case "minimum" if is_type(value, "number"):
                found += [] if value >= rule else [at]
            case "pattern" if isinstance(value, str):
                found += [] if re.search(rule, value) else [at]
            case "enum":
                found += [] if value in rule else [at]
            case _:
                known = {"properties", "additionalProperties", "required", "items", "minItems", "minProperties"}
                known |= {"minimum", "pattern", "maxLength", "maxProperties", "propertyNames"}
                assert word in NOTES | known, f"this test does not know {word}"
    return found


def faults_of_other(value: Any, rule: Any, at: str) -> list[str]:
    return [at] if rule is False else faults(value, rule, at)


def is_type(value: Any, name: str) -> bool:
    return isinstance(value, bool) if name == "boolean" else isinstance(value, TYPES[name]) and value is not True


class EditorsLoader(yaml.SafeLoader):
    """Types as editors do, by the core schema of YAML 1.2: NO is a word, a date is text, 12:30 is no number."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 as PyYAML has it


for tag, pattern, first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    EditorsLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), list(first))


def read(text: str) -> Any:
    return yaml.load(text, EditorsLoader)


def test_the_schema_in_the_source_folder_is_fresh() -> None:
    assert (ROOT / "source" / NAME).read_text("utf-8") == edition_schema(), "make schema"


def test_the_original_fits_the_schema_as_an_editor_reads_it() -> None:
    original = read((ROOT / "source/original.yaml").read_text("utf-8"))
    first = original["推進方針"][0]["推進施策"][0]["推進項目"][0]
    assert first["NO"] == 1
    assert faults(original, SCHEMA) == []


def test_what_the_format_allows_fits_the_schema() -> None:
    text = HEALTHY.replace(
        "自治体: 試験市",
        "年度: 2012\n現在日: 2013-03-31\n案: true\n前版: 2011\n見出し: {推進方針: 目標}\n担当課:",
    )
    text = text.replace(
        "検証内容: 終わった。", "検証内容:\n            前版NO: [11, 12]\n            統合先: 新しい項目"
    )
    text = text.replace("名称: 施策一", "名称: 12\n        改ページ: true")
    assert faults(read(text), SCHEMA) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("自治体", "自治休", "/自治休"),
        ("名称: 方針一", "名前: 方針一", "/推進方針/0/名前"),
        ("終わった。", "終わった。\n            備考: あ", "/推進方針/0/推進施策/0/推進項目/0"),
        ("再掲: 1", "再掲: 1\n            名称: あ", "/推進方針/0/推進施策/1/推進項目/1"),
        ("NO: 2", "NO: 二", "/推進方針/0/推進施策/0/推進項目/1"),
        ("NO: 2", "NO: 0", "/推進方針/0/推進施策/0/推進項目/1"),
        ("完了: 終了", "完了: 済", "/今後の取扱い/完了"),
        ("表題: 試験一覧\n", "", "/表題"),
        ("  ◎: 実施済\n  ○: 継続推進\n  ×: 検討中\n", "  {}\n", "/凡例"),
        ("自治体: 試験市", "前版: H23年度", "/前版"),
        ("自治体: 試験市", "案: ある", "/案"),
        ("自治体: 試験市", f"自治体: {'市' * 101}", "/自治体"),
        ("試験一覧", "表" * 201, "/表題"),
        ("終わった。", "あ" * 20_001, "/推進方針/0/推進施策/0/推進項目/0"),
        ("  ◎: 実施済", f"  {'◎' * 13}: 実施済", f"/凡例/{'◎' * 13}"),
        ("自治体: 試験市", "現在日: 平成25年3月", "/現在日"),
        ("自治体: 試験市", "資料番号: {一覧表: 資料1}", "/資料番号"),
        ("自治体: 試験市", f"資料番号: {'資' * 101}", "/資料番号"),
    ],
)
def test_the_schema_refuses_what_the_model_refuses(old: str, new: str, place: str) -> None:
    assert HEALTHY.count(old) == 1
    assert place in faults(read(HEALTHY.replace(old, new)), SCHEMA)


@pytest.mark.parametrize(
    "written",
    [
        "案: はい",
        "案: True",
        "案: いいえ",
        "現在日: 2013/3/31",
        "現在日: 平成25年3月31日",
        "資料番号: 1",
        "資料番号: {一覧: 資料1, 経過: }",
    ],
)
def test_what_may_be_written_in_several_ways_fits_the_schema(written: str) -> None:
    assert faults(read(HEALTHY.replace("自治体: 試験市", written)), SCHEMA) == []


def test_the_schema_speaks_japanese() -> None:
    def titles(part: Any) -> list[str]:
        if isinstance(part, list):
            return [title for inner in part for title in titles(inner)]
        if not isinstance(part, dict):
            return []
        own = [part["title"]] if isinstance(part.get("title"), str) else []
        return own + [title for inner in part.values() for title in titles(inner)]

    assert titles(SCHEMA) == ["版(一覧)", "見出し", "推進項目", "推進施策", "推進方針", "再掲"]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_each_sample_fits_the_schema_of_its_form(path: Path) -> None:
    assert not faults_of(path, read(path.read_text("utf-8")))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("departments", "状況: 遅", "状況: 早"),
        ("departments", "今後の扱い: 拡大", "今後の扱い: 拡張"),
        ("departments", "着手日: 2021-04-01", "着手日: 四月"),
        ("departments", "関係課: 教育施設課", "担当課: 教育施設課"),
        ("numbers-r5", "基準値: 71.2", "基準値: 71.2%"),
        ("numbers-r5", "[73.8, 75.1, 78.4]", "[73.8, 75.1]"),
        ("numbers-r5", "種類: 数, 単位", "種類: 数字, 単位"),
        ("legend", "印: [重点]", "印: [最重点]"),
        ("levels", "進捗状況: 順調", "進捗の状況: 順調"),
        ("flat", "用紙: A4縦", "用紙: B5"),
    ],
)
def test_the_schema_of_a_sample_refuses_a_wrong_value(name: str, old: str, new: str) -> None:
    path = ROOT / "tests/forms" / f"{name}.yaml"
    text = path.read_text("utf-8")
    assert old in text
    assert len(faults_of(path, read(text.replace(old, new, 1)))) == 1


def faults_of(path: Path, edition: Any) -> list[str]:
    """What is wrong with `edition` by the schema of the sample at `path`, by the rules of JSON Schema itself."""
    schema = json.loads(schema_of(read_source(path)))
    jsonschema.Draft202012Validator.check_schema(schema)
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(edition)]
