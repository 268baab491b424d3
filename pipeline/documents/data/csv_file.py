"""Writes and reads data.csv (a row for each item and repeat), data-series.csv and data.schema.json (their columns)."""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import count
from typing import Any

from pipeline.model.dates import japanese_date, western_year
from pipeline.model.edition import Edition, Heading, Item, Repeat
from pipeline.model.form import BLANK, Column, Form
from pipeline.model.values import amount
from pipeline.text import flat

from .json_file import (
    checked,
    data_schema,
    edition_of,
    flat_name,
    form_in,
    list_of,
    values_of,
)

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
    """A row of the list with the headings above it."""

    position: int
    headings: tuple[Heading, ...]
    row: Item | Repeat

    @property
    def item(self) -> Item | None:
        """The item; None for a repeat, whose values stand in the item's own row."""
        return self.row if isinstance(self.row, Item) else None


ITEM, REPEAT = "項目", "再掲"

# What a cell is written from. A number is written as it is, since no spreadsheet takes a number for a formula.
_Value = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class _Field:
    """A column of the CSV: head, Table Schema, and the value of a row."""

    name: str
    title: str
    description: str
    value: Callable[[_CsvRow], _Value]
    type: str = "string"
    constraints: Mapping[str, Any] | None = None


# Added to the description of columns that are empty for repeats.
_ONLY_ITEMS = "再掲の行は空(その項目の行にある)"
_REQUIRED: Mapping[str, Any] = {"required": True}
_COUNTED: Mapping[str, Any] = {"required": True, "minimum": 1}

# The heads of the columns that do not depend on the form, and those of an item's several values of a kind.
_OF_ALL = (
    *("行", "版", "表題", "自治体", "一覧の担当課", "年度", "年度_西暦", "現在日", "現在日_西暦", "案", "前版"),
    *("行の種類", "NO", "統合先"),
)
_SEVERAL = re.compile("(印|前版NO)_[0-9]+")


@lru_cache(maxsize=16)
def heads(form: Form) -> Mapping[tuple[str, str], str]:
    """The heads of the columns that follow the `form`, by the name of its column and the part of its value.

    They are made of the keys. One that is taken already gets a number: 年度_2.
    """
    taken = {*_OF_ALL}
    found: dict[tuple[str, str], str] = {}
    for column in form.columns:
        for part, ending in _endings(column).items():
            head, number = f"{column.key}{ending}", 1
            while head in taken or _SEVERAL.fullmatch(head):
                number += 1
                head = f"{column.key}{ending}_{number}"
            taken.add(head)
            found[column.name, part] = head
    return found


def _endings(column: Column) -> Mapping[str, str]:
    """What follows the key of `column` in the head, by part. A series has a file of its own."""
    match column.kind:
        case "level" if column.numbering == "自由":
            return {"position": "_番号", "label": "_表示番号", "name": ""}
        case "level":
            return {"position": "_番号", "name": ""}
        case "number":
            return {"label": ""} if column.field == "own_label" else {}
        case "name":
            return {"name": ""}
        case "symbol":
            return {"text": "_記号", "meaning": "_意味"}
        case "term" if column.decides:
            return {"text": "", "kind": "_区分"}
        case "figure":
            return {} if column.years else {"value": "", "unit": "_単位", "text": "_表記"}
        case "date":
            return {"text": "", "date": "_西暦"}
    return {"text": ""}


def _fields(edition: Edition, name: str) -> tuple[_Field, ...]:
    return (
        *_edition_fields(edition, name),
        *_place_fields(edition),
        *_item_fields(edition),
        *_previous_fields(edition),
    )


def _edition_fields(edition: Edition, name: str) -> Iterator[_Field]:
    """Columns of the edition, equal in every row."""
    day, year = edition.as_of, western_year(edition.fiscal_year)
    absent = "示されていなければ空"
    yield _Field("行", "行の番号", "紙面での行の順。1から", _position, "integer", {**_COUNTED, "unique": True})
    yield _Field("版", "版の名前", "どの年の一覧かを示す名前", lambda _: name, constraints=_REQUIRED)
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


def _place_fields(edition: Edition) -> Iterator[_Field]:
    """Columns of the place of a row, its kind, NO and name."""
    named = heads(edition.form)
    levels = edition.levels
    for depth, level in enumerate(levels):
        yield from _level_fields(level, depth, levels[depth - 1].key if depth else "", named)
    another = f"ほかの{levels[-1].key}の項目をもう一度掲げた行" if levels else "項目をもう一度掲げた行"
    yield _Field(
        "行の種類",
        "行の種類",
        f"「再掲」は、{another}。項目の数には入れない",
        lambda line: ITEM if line.item else REPEAT,
        constraints={"required": True, "enum": [ITEM, REPEAT]},
    )
    number, name = edition.number_column, edition.item_column
    yield _Field(
        "NO",
        flat(number.head) if number and number.field == "number" else "項目の番号(NO)",
        "項目の番号。再掲の行では、再び掲げる項目の番号",
        lambda line: line.row.number,
        "integer",
        _COUNTED,
    )
    if number and number.field == "own_label":
        yield _Field(
            named[number.name, "label"],
            flat(number.head),
            "紙面での番号。再掲の行では、再び掲げる項目の番号。なければ空",
            lambda line: edition.items[line.row.number].label,
        )
    yield _Field(
        named[name.name, "name"],
        flat(name.head),
        "名称。再掲の行では、再び掲げる項目の名称",
        lambda line: edition.items[line.row.number].name,
        constraints=_REQUIRED,
    )


# How the position of a section is printed, by 番号 of its level.
_PRINTED = {
    "ローマ数字": "紙面ではⅠ、Ⅱ、Ⅲの形",
    "括弧": "紙面では(1)、(2)の形",
    "算用数字": "紙面でも同じ",
    "自由": "紙面での番号は「{label}」にある",
    "なし": "紙面にはない",
}


def _level_fields(level: Column, depth: int, above: str, named: Mapping[tuple[str, str], str]) -> Iterator[_Field]:
    label = named.get((level.name, "label"), "")
    yield _Field(
        named[level.name, "position"],
        f"{flat(level.head)}の番号",
        f"{f'{above}ごとに' if above else ''}1から。{_PRINTED[level.numbering].format(label=label)}",
        lambda line: line.headings[depth].positions[-1],
        "integer",
        _COUNTED,
    )
    if label:
        yield _Field(label, f"{flat(level.head)}の紙面での番号", "なければ空", lambda line: line.headings[depth].number)
    yield _Field(
        named[level.name, "name"],
        flat(level.head),
        "名称",
        lambda line: line.headings[depth].section.name,
        constraints=_REQUIRED,
    )


def _item_fields(edition: Edition) -> Iterator[_Field]:
    """Columns that only items fill."""
    if edition.marks:
        meanings = "、".join(f"{mark} {meaning}" for mark, meaning in edition.marks.items())
        yield from _several(edition, "印", lambda item: item.marks, f"印({meanings})の{{}}番目。なければ空")
    named = heads(edition.form)
    for column in edition.own:
        for part in _endings(column):
            yield _value_field(edition, column, part, named[column.name, part])
    if not edition.form.has_departments:
        yield _of_item("担当課", "項目の担当課", "一覧の担当課と別に示されていなければ空", lambda item: item.department)
    yield _of_item(
        "統合先", "統合先", "次の版でこの項目を引き継ぐ項目の名称。なければ空", lambda item: item.merged_into
    )


# What the title of a value adds to the column's head, and its description, by kind of column and part.
_EXPLAINED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("symbol", "text"): ("の記号", "凡例の記号"),
    ("symbol", "meaning"): ("の記号の意味", "凡例での意味"),
    ("term", "text"): ("", "語"),
    ("term", "kind"): ("の区分", "次の版に続く(継続)か続かない(終了)か"),
    ("figure", "value"): ("", "数。なければ空"),
    ("figure", "unit"): ("の単位", "単位。なければ空"),
    ("figure", "text"): ("の表記", "紙面での表記。数と同じなら空"),
    ("date", "text"): ("", "紙面のとおり。なければ空"),
    ("date", "date"): ("(西暦)", "2013-03-31 の形。なければ空"),
    ("department", "text"): ("", "受け持つ課。なければ空"),
    ("text", "text"): ("", "短い文字。なければ空"),
    ("prose", "text"): ("", "文章。なければ空"),
}
_TYPES = {"value": "number", "date": "date"}


def _value_field(edition: Edition, column: Column, part: str, name: str) -> _Field:
    """A column of one part of the values in `column`."""
    words = column.words or {}
    # The schema allows 未記入 only if it occurs.
    blank = [BLANK] if words and any(item.text(column) == BLANK for item in edition.items.values()) else []
    allowed = {"text": [*words], "meaning": [*words.values()], "kind": ["継続", "終了"]}.get(part, []) if words else []
    ending, description = _EXPLAINED[column.kind, part]
    return _of_item(
        name,
        flat(column.head) + ending,
        description,
        lambda item: cells_of(values_of(item, column)[0])[part],
        [*allowed, *blank],
        _TYPES.get(part, "string"),
    )


def _of_item(
    name: str,
    title: str,
    description: str,
    value: Callable[[Item], _Value],
    allowed: Iterable[str] = (),
    type_: str = "string",
) -> _Field:
    """A column that is empty for repeats."""
    constraints = {"enum": list(dict.fromkeys(map(escaped, allowed)))} if allowed else None
    return _Field(
        name,
        title,
        f"{description}。{_ONLY_ITEMS}",
        lambda line: value(line.item) if line.item else None,
        type_,
        constraints,
    )


def cells_of(value: Mapping[str, Any]) -> dict[str, _Value]:
    """The parts of a value (`values_of`) as cells: of a figure, the text only where it differs from the number."""
    cells: dict[str, _Value] = {**value}
    if "kind" in cells:
        cells["kind"] = cells["kind"] or BLANK
    if "value" in cells:
        cells["value"] = number = amount(value["text"])
        cells["text"] = "" if _cell(number) == value["text"] else value["text"]
    return cells


def _previous_fields(edition: Edition) -> Iterator[_Field]:
    yield from _several(
        edition, "前版NO", lambda item: item.previous_numbers, "この項目が引き継いだ前版のNOの{}番目。なければ空"
    )


def _several(
    edition: Edition, name: str, values: Callable[[Item], Sequence[str | int]], description: str
) -> Iterator[_Field]:
    """A column for each of the `values` that items have, at least one: a cell holds one value."""
    most = max((len(values(item)) for item in edition.items.values()), default=0)
    for position in range(1, max(most, 1) + 1):

        def value(line: _CsvRow, index: int = position - 1) -> _Value:
            found = values(line.item) if line.item else ()
            return found[index] if index < len(found) else None

        yield _Field(
            f"{name}_{position}",
            f"{name}({position})",
            f"{description.format(position)}。{_ONLY_ITEMS}",
            value,
            *(("integer", {"minimum": 1}) if name == "前版NO" else ()),
        )


def csv_text(edition: Edition, name: str) -> str:
    """The text of data.csv; `name` is the edition's id."""
    fields = _fields(edition, name)
    lines = (_CsvRow(position, headings, row) for position, (headings, row) in enumerate(edition.rows(), 1))
    return _text([field.name for field in fields], ([field.value(line) for field in fields] for line in lines))


def _text(names: Iterable[str], rows: Iterable[Iterable[_Value]]) -> str:
    target = io.StringIO()
    # CRLF by RFC 4180; the byte order mark tells Excel that the encoding is UTF-8.
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow(map(_cell, row))
    return BOM + target.getvalue()


def _cell(value: _Value) -> str:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)


# data-series.csv

# Its columns: head, Table Schema's type, and description.
_SERIES = (
    ("行", "integer", "行の番号。1から"),
    ("版", "string", "どの年の一覧かを示す名前"),
    ("NO", "integer", "項目の番号。data.csv の NO と同じ"),
    ("項目", "string", "項目の名称"),
    ("欄", "string", "欄の名称"),
    ("年度", "string", "紙面のとおり"),
    ("年度_西暦", "year", "4月に始まる年。一つの年に定まらなければ空"),
    ("値", "number", "数。なければ空"),
    ("表記", "string", "紙面での表記。数と同じなら空"),
    ("単位", "string", "単位。なければ空"),
)
_SERIES_HEADS = [head for head, _, _ in _SERIES]


def series_text(edition: Edition, name: str) -> str:
    """The text of data-series.csv: a row for each item, series and year."""
    rows = (
        (name, item.number, item.name, column.key, year, western_year(year), *figure)
        for item in edition.items.values()
        for column in edition.own
        for year, figure in zip(column.years, _figures(item, column), strict=False)
    )
    return _text(_SERIES_HEADS, ((position, *row) for position, row in enumerate(rows, 1)))


def _figures(item: Item, column: Column) -> Iterator[tuple[_Value, ...]]:
    for value in values_of(item, column):
        cells = cells_of(value)
        yield tuple(cells[part] for part in ("value", "text", "unit"))


# Reading


def read_csv(data: bytes, form: Form) -> list[dict[str, str]]:
    """The rows of data.csv as {head: unescaped text}. Raises `ValueError` if a column is missing."""
    department = [] if form.has_departments else ["担当課"]
    return _read(data, [*_OF_ALL, *heads(form).values(), *department])


def read_series(data: bytes) -> list[dict[str, str]]:
    """The rows of data-series.csv, like `read_csv`."""
    return _read(data, _SERIES_HEADS)


def _read(data: bytes, needed: Iterable[str]) -> list[dict[str, str]]:
    text = data.decode("utf-8-sig")
    try:
        heads, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from error
    if missing := {*needed} - {*heads}:
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    return [dict(zip(heads, map(unescaped, row), strict=True)) for row in rows]


def edition_from_csv(data: bytes, schema: bytes, series: bytes = b"") -> Edition:
    """The edition in the contents of data.csv, data.schema.json and, if there is one, data-series.csv.

    Rows are read from the CSV alone; the schema supplies what belongs to no row. Raises `ValueError` if they are
    malformed.
    """
    read = json.loads(schema)
    frame = checked(read.get("edition") if isinstance(read, dict) else None, with_rows=False)
    form = form_in(frame)
    reader = _Reader(form, series)
    places = {place: (names, section) for place, names, section in _places(form, frame, ())}
    named = heads(form)
    for number, row in enumerate(read_csv(data, form), 1):
        place = tuple(int(row[named[level.name, "position"]]) for level in form.levels)
        names, section = places.get(place, (None, {}))
        if names != tuple(row[named[level.name, "name"]] for level in form.levels):
            raise ValueError(f"row {number}: not below a heading of this edition")
        section["rows"].append(reader.row(row))
    return edition_of(frame)


def _places(
    form: Form, part: dict[str, Any], place: tuple[int, ...], names: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[int, ...], tuple[str, ...], dict[str, Any]]]:
    """The parts of a frame that have rows, which are empty now: positions and names of the headings, and the part."""
    if len(place) == len(form.levels):
        part["rows"] = []
        yield place, names, part
        return
    for section in part[list_of(form.levels[len(place)])]:
        yield from _places(form, section, (*place, section["position"]), (*names, section["name"]))


class _Reader:
    def __init__(self, form: Form, series: bytes) -> None:
        self._form = form
        self._heads = heads(form)
        self._series: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for row in read_series(series) if form.has_series else ():
            self._series[row["NO"], row["欄"]].append(row)

    def row(self, row: Mapping[str, str]) -> dict[str, Any]:
        """A row as it is in data.json, without what is derived."""
        form, number = self._form, int(row["NO"])
        if row["行の種類"] == REPEAT:
            return {"kind": "repeat", "number": number}
        values: dict[str, Any]
        if form.has_own_columns:
            values = {"values": {column.key: self._value(column, row) for column in form.own}}
        else:
            values = {flat_name(column, "text"): self._value(column, row)["text"] for column in form.own}
        read = {
            "kind": "item",
            "number": number,
            "name": row[self._heads[form.item.name, "name"]],
            "marks": self._several(row, "印"),
            **values,
            "merged_into": row["統合先"],
            "previous_numbers": list(map(int, self._several(row, "前版NO"))),
        }
        if not form.has_departments:
            read["department"] = row["担当課"]
        if form.number and form.item_numbering == "自由":
            read["label"] = row[self._heads[form.number.name, "label"]]
        return read

    def _several(self, row: Mapping[str, str], name: str) -> list[str]:
        """The values in the columns of several values that are called `name`."""
        found: list[str] = []
        for position in count(1):
            if (head := f"{name}_{position}") not in row:
                return found
            if row[head]:
                found.append(row[head])
        return found

    def _value(self, column: Column, row: Mapping[str, str]) -> Any:
        """The parts of a value that are not derived."""
        if column.years:
            rows = self._series[row["NO"], column.key]
            if [one["年度"] for one in rows] != [*column.years]:
                raise ValueError(f"NO {row['NO']}: not the years of {column.key}")
            return [{"text": one["表記"] or one["値"], "unit": one["単位"]} for one in rows]
        text = row[self._heads[column.name, "text"]]
        if column.kind == "figure":
            value, unit = (row[self._heads[column.name, part]] for part in ("value", "unit"))
            return {"text": text or value, "unit": unit}
        return {"text": text}


# data.schema.json


def table_schema(edition: Edition, file: Mapping[str, Any]) -> dict[str, Any]:
    """The content of data.schema.json: the columns, what belongs to no row (from `file`), and the schema of data.json."""
    order = f"、{'と'.join(level.key for level in edition.form.levels)}の順" if edition.form.levels else ""
    series, explained = {}, ""
    if edition.form.has_series:
        fields = [{"name": head, "type": kind, "title": head, "description": says} for head, kind, says in _SERIES]
        series = {"series": {"fields": fields, "missingValues": [""], "primaryKey": ["行"]}}
        explained = "「series」は、data-series.csv(年度ごとの数)の欄の説明です。"
    return {
        "title": f"{edition.title}のオープンデータ",
        "description": (
            "data.csv の欄の説明です(Frictionless Data の Table Schema)。文字コードはUTF-8(BOM付き)。"
            "計算式と取り違えられる値(=、+、-、@、タブ、改行で始まる値)と「'」で始まる値は、先頭に「'」を付けています。"
            "先頭の「'」を一つ除くと元の値に戻ります。"
            f"「edition」は、行に属さないもの(凡例、欄の見出し{order}など)です。{explained}"
            "「json」は、data.json の説明(JSON Schema)です。"
        ),
        "fields": list(map(_described, _fields(edition, file["edition"]))),
        "missingValues": [""],
        "primaryKey": ["行"],
        **series,
        "edition": _without_rows(file),
        "json": data_schema(edition),
    }


def _without_rows(part: Any) -> Any:
    """The part of data.json, without its rows."""
    if isinstance(part, list):
        return [_without_rows(one) for one in part]
    if isinstance(part, dict):
        return {key: _without_rows(value) for key, value in part.items() if key != "rows"}
    return part


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
