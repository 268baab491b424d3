"""Writes and reads data.csv (a row for each item and repeat) and data.schema.json (its columns)."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model.dates import japanese_date, western_year
from pipeline.model.edition import Edition, Item, Measure, Policy, Repeat
from pipeline.model.form import BLANK, Column, answered, item_columns, levels
from pipeline.text import flat

from .json_file import DataFile, ItemData, MeasureData, PolicyData, RepeatData, SchemaFile, data_schema, edition_of

BOM = "\ufeff"


# What a spreadsheet would evaluate as a formula, with or without leading white space (CSV injection).
_FORMULA = re.compile(r"\s*[=+\-@]|[\t\r\n]")


def escaped(text: str) -> str:
    """`text` as a cell that no spreadsheet evaluates: prefixed with ' if needed. A lone 「-」 is no formula."""
    return f"'{text}" if text.startswith("'") or (_FORMULA.match(text) and text != "-") else text


def unescaped(cell: str) -> str:
    """The inverse of `escaped`."""
    return cell.removeprefix("'")


@dataclass(frozen=True, slots=True)
class _CsvRow:
    """A row of the list with its edition, policy and measure."""

    position: int
    name: str
    edition: Edition
    policy: tuple[int, Policy]
    measure: tuple[int, Measure]
    row: Item | Repeat

    @property
    def item(self) -> Item | None:
        """The item; None for a repeat, whose values stand in the item's own row."""
        return self.row if isinstance(self.row, Item) else None


def _lines(edition: Edition, name: str) -> Iterator[_CsvRow]:
    position = 0
    for policy in enumerate(edition.policies, 1):
        for measure in enumerate(policy[1].measures, 1):
            for row in measure[1].rows:
                position += 1
                yield _CsvRow(position, name, edition, policy, measure, row)


ITEM, REPEAT = "項目", "再掲"


@dataclass(frozen=True, slots=True)
class _Field:
    """A column of the CSV: head, Table Schema, and the value of a row."""

    name: str
    title: str
    description: str
    value: Callable[[_CsvRow], str | int | None]
    type: str = "string"
    constraints: Mapping[str, Any] | None = None


# Added to the description of columns that are empty for repeats.
_ONLY_ITEMS = "再掲の行は空(その項目の行にある)"
_REQUIRED: Mapping[str, Any] = {"required": True}
_COUNTED: Mapping[str, Any] = {"required": True, "minimum": 1}


def _fields(edition: Edition) -> tuple[_Field, ...]:
    return (
        *_edition_fields(edition),
        *_place_fields(edition),
        *_item_fields(edition),
        *_previous_fields(edition),
    )


def _edition_fields(edition: Edition) -> Iterator[_Field]:
    """Columns of the edition, equal in every row."""
    day, year = edition.as_of, western_year(edition.fiscal_year)
    absent = "示されていなければ空"
    yield _Field("行", "行の番号", "紙面での行の順。1から", _position, "integer", {**_COUNTED, "unique": True})
    yield _Field("版", "版の名前", "どの年の一覧かを示す名前", _edition_name, constraints=_REQUIRED)
    yield _Field("表題", "表題", "一覧の表題", lambda _: edition.title, constraints=_REQUIRED)
    yield _Field("自治体", "自治体", absent, lambda _: edition.municipality)
    yield _Field("一覧の担当課", "一覧の担当課", f"一覧を受け持つ課。{absent}", lambda _: edition.department)
    yield _Field("年度", "年度(和暦)", f"紙面のとおり。{absent}", lambda _: edition.fiscal_year)
    yield _Field("年度_西暦", "年度(西暦)", "4月に始まる年。一つの年に定まらなければ空", lambda _: year, "year")
    yield _Field("現在日", "現在日(和暦)", f"いつの状況か。{absent}", lambda _: japanese_date(day) if day else None)
    yield _Field(
        "現在日_西暦", "現在日(西暦)", f"2013-03-31 の形。{absent}", lambda _: day.isoformat() if day else None, "date"
    )
    draft = "true" if edition.is_draft else "false"
    yield _Field("案", "案", "確定前の一覧なら true", lambda _: draft, "boolean", _REQUIRED)
    yield _Field("前版", "前版の名前", "前の年の一覧を示す名前。なければ空", lambda _: edition.previous)


def _position(line: _CsvRow) -> int:
    return line.position


def _edition_name(line: _CsvRow) -> str:
    return line.name


def _place_fields(edition: Edition) -> Iterator[_Field]:
    """Columns of the place of a row, its kind, NO and name."""
    policy, measure, item = map(flat, (edition.headings.policy, edition.headings.measure, edition.headings.item))
    yield _Field(
        "推進方針_番号",
        f"{policy}の番号",
        "1から。紙面ではⅠ、Ⅱ、Ⅲの形",
        lambda line: line.policy[0],
        "integer",
        _COUNTED,
    )
    yield _Field("推進方針", policy, "名称", lambda line: line.policy[1].name, constraints=_REQUIRED)
    yield _Field(
        "推進施策_番号",
        f"{measure}の番号",
        "推進方針ごとに1から。紙面では(1)、(2)の形",
        lambda line: line.measure[0],
        "integer",
        _COUNTED,
    )
    yield _Field("推進施策", measure, "名称", lambda line: line.measure[1].name, constraints=_REQUIRED)
    yield _Field(
        "行の種類",
        "行の種類",
        "「再掲」は、ほかの推進施策の項目をもう一度掲げた行。項目の数には入れない",
        lambda line: ITEM if line.item else REPEAT,
        constraints={"required": True, "enum": [ITEM, REPEAT]},
    )
    yield _Field(
        "NO",
        flat(edition.headings.number),
        "項目の番号。再掲の行では、再び掲げる項目の番号",
        lambda line: line.row.number,
        "integer",
        _COUNTED,
    )
    yield _Field(
        "推進項目",
        item,
        "名称。再掲の行では、再び掲げる項目の名称",
        lambda line: edition.items[line.row.number].name,
        constraints=_REQUIRED,
    )


def heads(column: Column) -> dict[str, str]:
    """The CSV heads of an answered `column` by field of data.json: its text, and the meaning or 区分 derived from it."""
    match column.kind:
        case "symbol":
            return {column.name: f"{column.key}_記号", f"{column.name}_meaning": f"{column.key}_意味"}
        case "term":
            return {column.name: column.key, f"{column.name}_kind": f"{column.key}_区分"}
    return {column.name: column.key}


# Descriptions of these columns by kind, in the same order.
_DESCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "symbol": ("凡例の記号", "凡例での意味"),
    "term": ("語", "次の版に続く(継続)か続かない(終了)か"),
    "prose": ("文章。なければ空",),
}


def _item_fields(edition: Edition) -> Iterator[_Field]:
    """Columns that only items fill."""

    def of_item(
        name: str, title: str, description: str, value: Callable[[Item], str], allowed: Iterable[str] = ()
    ) -> _Field:
        constraints = {"enum": list(dict.fromkeys(map(escaped, allowed)))} if allowed else None
        return _Field(
            name,
            title,
            f"{description}。{_ONLY_ITEMS}",
            lambda line: value(line.item) if line.item else None,
            constraints=constraints,
        )

    for column in answered(edition.columns):
        words = edition.words(column)
        # The schema allows 未記入 only if it occurs.
        blank = [BLANK] if words and any(item.text(column) == BLANK for item in edition.items.values()) else []
        titles = {"symbol": ("の記号", "の記号の意味"), "term": ("", "の区分")}.get(column.kind, ("",))
        values: Mapping[str, tuple[Iterable[str], ...]] = {
            "symbol": ([*words, *blank], [*words.values(), *blank]),
            "term": ([*words, *blank], ["継続", "終了", *blank]),
        }
        fields = zip(
            heads(column).values(),
            titles,
            _DESCRIPTIONS[column.kind],
            (_text_of(column), _meaning_of(edition, column)),
            values.get(column.kind, ((),)),
            strict=False,
        )
        for name, title, description, value, allowed in fields:
            yield of_item(name, flat(column.head) + title, description, value, allowed)
    yield of_item("担当課", "項目の担当課", "一覧の担当課と別に示されていなければ空", lambda item: item.department)
    yield of_item("統合先", "統合先", "次の版でこの項目を引き継ぐ項目の名称。なければ空", lambda item: item.merged_into)


def _text_of(column: Column) -> Callable[[Item], str]:
    return lambda item: item.text(column)


def _meaning_of(edition: Edition, column: Column) -> Callable[[Item], str]:
    """The meaning of a symbol or whether a term goes on; 未記入 where there is none."""
    return lambda item: edition.words(column).get(item.text(column), BLANK)


def _previous_fields(edition: Edition) -> Iterator[_Field]:
    """A column for each 前版NO of an item, at least one: a cell holds one value."""
    most = max((len(item.previous_numbers) for item in edition.items.values()), default=0)
    for position in range(1, max(most, 1) + 1):

        def value(line: _CsvRow, index: int = position - 1) -> int | None:
            numbers = line.item.previous_numbers if line.item else ()
            return numbers[index] if index < len(numbers) else None

        description = f"この項目が引き継いだ前版のNOの{position}番目。なければ空。{_ONLY_ITEMS}"
        yield _Field(f"前版NO_{position}", f"前版NO({position})", description, value, "integer", {"minimum": 1})


def csv_text(edition: Edition, name: str) -> str:
    """The text of data.csv; `name` is the edition's id."""
    fields = _fields(edition)
    target = io.StringIO()
    # CRLF by RFC 4180; the byte order mark tells Excel that the encoding is UTF-8.
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(field.name for field in fields)
    for line in _lines(edition, name):
        writer.writerow(_cell(field.value(line)) for field in fields)
    return BOM + target.getvalue()


def _cell(value: str | int | None) -> str:
    return escaped(value) if isinstance(value, str) else "" if value is None else str(value)


# The columns that are read back.
_COLUMNS = {
    *("行", "行の種類", "版", "表題", "自治体", "一覧の担当課", "年度", "現在日_西暦", "前版", "案"),
    *(head for level in levels() for head in (f"{level.key}_番号", level.key)),
    *(column.key for column in item_columns() if not column.is_answered),
    *(head for column in answered() for head in heads(column).values()),
    *("担当課", "統合先"),
}


def read_csv(data: bytes) -> list[dict[str, str]]:
    """The rows as {head: unescaped text}. Raises `ValueError` if a column is missing."""
    text = data.decode("utf-8-sig")
    try:
        heads, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from error
    if missing := _COLUMNS - {*heads}:
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    return [dict(zip(heads, map(unescaped, row), strict=True)) for row in rows]


def edition_from_csv(data: bytes, schema: bytes) -> Edition:
    """The edition in the contents of data.csv and data.schema.json. Raises `ValueError` if they are malformed.

    Rows are read from the CSV alone; the schema supplies what belongs to no row.
    """
    frame = SchemaFile.model_validate_json(schema).edition
    places = {
        (policy.position, measure.position): (policy.name, measure.name)
        for policy in frame.policies
        for measure in policy.measures
    }
    rows: dict[tuple[int, int], list[ItemData | RepeatData]] = {place: [] for place in places}
    for number, row in enumerate(read_csv(data), 1):
        place = int(row["推進方針_番号"]), int(row["推進施策_番号"])
        if places.get(place) != (row["推進方針"], row["推進施策"]):
            raise ValueError(f"row {number}: not a measure of this edition")
        rows[place].append(_read_row(row))
    policies = [
        PolicyData(
            **policy.model_dump(exclude={"measures"}),
            measures=tuple(
                MeasureData(**measure.model_dump(exclude={"rows"}), rows=tuple(rows[policy.position, measure.position]))
                for measure in policy.measures
            ),
        )
        for policy in frame.policies
    ]
    return edition_of(DataFile(**frame.model_dump(exclude={"policies"}), policies=tuple(policies)))


def _read_row(row: Mapping[str, str]) -> ItemData | RepeatData:
    if row["行の種類"] == REPEAT:
        return RepeatData(number=int(row["NO"]), name=row["推進項目"])
    said = {field: row[head] for column in answered() for field, head in heads(column).items()}
    # The 区分 of 未記入 is 未記入 in the CSV and null in JSON.
    kinds = {field: None for field, text in said.items() if field.endswith("_kind") and text == BLANK}
    return ItemData.model_validate(
        {
            "number": int(row["NO"]),
            "name": row["推進項目"],
            **said,
            **kinds,
            "department": row["担当課"],
            "merged_into": row["統合先"],
            "previous_numbers": tuple(
                int(value) for name, value in row.items() if name.startswith("前版NO_") and value
            ),
        }
    )


# data.schema.json


def table_schema(edition: Edition, file: DataFile) -> dict[str, Any]:
    """The content of data.schema.json: the columns, what belongs to no row (from `file`), and the schema of data.json."""
    frame = file.model_dump(mode="json")
    for policy in frame["policies"]:
        for measure in policy["measures"]:
            del measure["rows"]
    return {
        "title": f"{edition.title}のオープンデータ",
        "description": (
            "data.csv の欄の説明です(Frictionless Data の Table Schema)。文字コードはUTF-8(BOM付き)。"
            "計算式と取り違えられる値(=、+、-、@、タブ、改行で始まる値)と「'」で始まる値は、先頭に「'」を付けています。"
            "先頭の「'」を一つ除くと元の値に戻ります。"
            "「edition」は、行に属さないもの(凡例、欄の見出し、方針と施策の順など)です。"
            "「json」は、data.json の説明(JSON Schema)です。"
        ),
        "fields": list(map(_described, _fields(edition))),
        "missingValues": [""],
        "primaryKey": ["行"],
        "edition": frame,
        "json": data_schema(),
    }


def _described(field: _Field) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": field.name,
        "type": field.type,
        "title": field.title,
        "description": field.description,
    }
    if field.type == "boolean":
        described |= {"trueValues": ["true"], "falseValues": ["false"]}
    if field.constraints:
        described["constraints"] = dict(field.constraints)
    return described
