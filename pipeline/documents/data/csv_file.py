"""Writes and reads data.csv: a row for each item and repeat."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pipeline.model.dates import japanese_date, western_year
from pipeline.model.edition import Edition, Heading, Item, Repeat
from pipeline.model.form import BLANK, Column, Form
from pipeline.model.local_code import prefecture
from pipeline.text import flat

from .cells import Definition, Value, csv_text, one_line, read_rows, text_cell
from .json_file import checked, edition_of, flat_name, form_in, list_of, values_of
from .long_tables import MARKS, PREVIOUS, SERIES, figure_cells, read_long

CSV = "data.csv"


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


@dataclass(frozen=True, slots=True)
class _Field:
    """A column of the CSV: its definition, and the value of a row."""

    definition: Definition
    value: Callable[[_CsvRow], Value]


def _field(
    name: str,
    latin: str,
    title: str,
    description: str,
    value: Callable[[_CsvRow], Value],
    type_: str = "string",
    constraints: Mapping[str, Any] | None = None,
    **more: Any,
) -> _Field:
    definition = Definition(
        name=name, latin=latin, title=title, description=description, type=type_, constraints=constraints, **more
    )
    return _Field(definition, value)


# Added to the description of columns that are empty for repeats.
_ONLY_ITEMS = "再掲の行は空(その項目の行にある)"
_REQUIRED: Mapping[str, Any] = {"required": True}
_COUNTED: Mapping[str, Any] = {"required": True, "minimum": 1}

# The heads of the columns that do not depend on the form.
_OF_ALL = (
    *("行", "版", "表題", "全国地方公共団体コード", "都道府県名", "自治体", "一覧の担当課", "年度", "年度_西暦"),
    *("現在日", "現在日_西暦", "案", "前版", "行の種類", "NO", "統合先"),
)


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
            while head in taken:
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


def definitions(edition: Edition, name: str) -> tuple[Definition, ...]:
    """The columns of data.csv; `name` is the edition's id. They depend on the form of `edition`, not on its items."""
    return tuple(field.definition for field in _fields(edition, name))


def _fields(edition: Edition, name: str) -> tuple[_Field, ...]:
    return (*_edition_fields(edition, name), *_place_fields(edition), *_item_fields(edition))


def _edition_fields(edition: Edition, name: str) -> Iterator[_Field]:
    """Columns of the edition, equal in every row."""
    day, year, code = edition.as_of, western_year(edition.fiscal_year), edition.local_code
    absent = "示されていなければ空"
    counted = {**_COUNTED, "unique": True}
    yield _field("行", "row", "行の番号", "紙面での行の順。1から", _position, "integer", counted)
    yield _field("版", "edition", "版の名前", "どの年の一覧かを示す名前", lambda _: name, constraints=_REQUIRED)
    yield _field("表題", "title", "表題", "一覧の表題", lambda _: edition.title, constraints=_REQUIRED)
    yield _field(
        "全国地方公共団体コード",
        "local_code",
        "全国地方公共団体コード",
        f"検査数字までの6桁。初めの5桁は標準地域コード。{absent}",
        lambda _: code,
        constraints={"pattern": "[0-9]{6}"},
    )
    yield _field(
        "都道府県名",
        "prefecture",
        "都道府県名",
        "全国地方公共団体コードから導いたもの。コードがなければ空",
        lambda _: prefecture(code),
    )
    yield _field("自治体", "municipality", "自治体", f"自治体の名称。{absent}", lambda _: edition.municipality)
    yield _field(
        "一覧の担当課",
        "list_department",
        "一覧の担当課",
        f"一覧を受け持つ課。{absent}",
        lambda _: edition.department,
    )
    yield _field("年度", "fiscal_year", "年度(和暦)", f"紙面のとおり。{absent}", lambda _: edition.fiscal_year)
    yield _field(
        "年度_西暦",
        "fiscal_year_western",
        "年度(西暦)",
        "4月に始まる年。一つの年に定まらなければ空",
        lambda _: year,
        "year",
    )
    yield _field(
        "現在日",
        "as_of_japanese",
        "現在日(和暦)",
        f"いつの状況か。{absent}",
        lambda _: japanese_date(day) if day else None,
    )
    yield _field(
        "現在日_西暦",
        "as_of",
        "現在日(西暦)",
        f"2013-03-31 の形。{absent}",
        lambda _: day.isoformat() if day else None,
        "date",
    )
    draft = "true" if edition.is_draft else "false"
    yield _field("案", "is_draft", "案", "確定前の一覧なら true", lambda _: draft, "boolean", _REQUIRED)
    yield _field("前版", "previous", "前版の名前", "前の年の一覧を示す名前。なければ空", lambda _: edition.previous)


def _position(line: _CsvRow) -> int:
    return line.position


def _place_fields(edition: Edition) -> Iterator[_Field]:
    """Columns of the place of a row, its kind, NO and name."""
    named = heads(edition.form)
    levels = edition.levels
    for depth, level in enumerate(levels):
        yield from _level_fields(level, depth, levels[depth - 1].key if depth else "", named)
    another = f"ほかの{levels[-1].key}の項目をもう一度掲げた行" if levels else "項目をもう一度掲げた行"
    yield _field(
        "行の種類",
        "row_kind",
        "行の種類",
        f"「再掲」は、{another}。項目の数には入れない",
        lambda line: ITEM if line.item else REPEAT,
        constraints={"required": True, "enum": [ITEM, REPEAT]},
    )
    number, name = edition.number_column, edition.item_column
    yield _field(
        "NO",
        "number",
        flat(number.head) if number and number.field == "number" else "項目の番号(NO)",
        "項目の番号。再掲の行では、再び掲げる項目の番号",
        lambda line: line.row.number,
        "integer",
        _COUNTED,
    )
    if number and number.field == "own_label":
        yield _field(
            named[number.name, "label"],
            "number_label",
            flat(number.head),
            "紙面での番号。再掲の行では、再び掲げる項目の番号。なければ空",
            lambda line: edition.items[line.row.number].label,
        )
    yield _field(
        named[name.name, "name"],
        name.attribute,
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
    yield _field(
        named[level.name, "position"],
        f"{level.attribute}_position",
        f"{flat(level.head)}の番号",
        f"{f'{above}ごとに' if above else ''}1から。{_PRINTED[level.numbering].format(label=label)}",
        lambda line: line.headings[depth].positions[-1],
        "integer",
        _COUNTED,
    )
    if label:
        yield _field(
            label,
            f"{level.attribute}_label",
            f"{flat(level.head)}の紙面での番号",
            "なければ空",
            lambda line: line.headings[depth].number,
        )
    yield _field(
        named[level.name, "name"],
        level.attribute,
        flat(level.head),
        "名称",
        lambda line: line.headings[depth].section.name,
        constraints=_REQUIRED,
    )


def _item_fields(edition: Edition) -> Iterator[_Field]:
    """Columns that only items fill."""
    named = heads(edition.form)
    for column in edition.own:
        for part in _endings(column):
            yield _value_field(edition, column, part, named[column.name, part])
    if not edition.form.has_departments:
        absent = "一覧の担当課と別に示されていなければ空"
        yield _of_item("担当課", "department", "項目の担当課", absent, lambda item: item.department)
    successor = "次の版でこの項目を引き継ぐ項目の名称。なければ空"
    yield _of_item("統合先", "merged_into", "統合先", successor, lambda item: item.merged_into)


# What the title of a value adds to the column's head, and its description, by kind of column and part.
_EXPLAINED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("symbol", "text"): ("の記号", "凡例の記号"),
    ("symbol", "meaning"): ("の記号の意味", "凡例での意味"),
    ("term", "text"): ("", "語"),
    ("term", "kind"): ("の区分", "次の版に続く(継続)か続かない(終了)か"),
    ("figure", "value"): ("", "数。なければ空。単位は、次の列にある"),
    ("figure", "unit"): ("の単位", "単位。なければ空"),
    ("figure", "text"): ("の表記", "紙面での表記。数と同じなら空。「-」と「なし」は、数がないことを表す"),
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
    main = "value" if column.kind == "figure" else "text"
    enum = list(dict.fromkeys(map(text_cell, (*allowed, *blank))))
    return _of_item(
        name,
        column.attribute if part == main else f"{column.attribute}_{part}",
        flat(column.head) + ending,
        description,
        lambda item: cells_of(values_of(item, column)[0])[part],
        type_=_TYPES.get(part, "string"),
        constraints={"enum": enum} if allowed else None,
        unit=column.unit if part == "value" else "",
        categories=words if (column.kind, part) == ("symbol", "text") else None,
        between=" " if column.kind in ("prose", "text") else "",
    )


def _of_item(
    name: str, latin: str, title: str, description: str, value: Callable[[Item], Value], **more: Any
) -> _Field:
    """A column that is empty for repeats."""
    described = f"{description}。{_ONLY_ITEMS}"
    return _field(name, latin, title, described, lambda line: value(line.item) if line.item else None, **more)


def cells_of(value: Mapping[str, Any]) -> dict[str, Value]:
    """The parts of a value (`values_of`) as cells: of a figure, the text only where it differs from the number."""
    cells: dict[str, Value] = {**value}
    if "kind" in cells:
        cells["kind"] = cells["kind"] or BLANK
    if "value" in cells:
        cells["value"], cells["text"] = figure_cells(value["text"])
    return cells


def data_text(edition: Edition, name: str) -> str:
    """The text of data.csv; `name` is the edition's id."""
    fields = _fields(edition, name)
    lines = (_CsvRow(position, headings, row) for position, (headings, row) in enumerate(edition.rows(), 1))
    return csv_text([field.definition for field in fields], ([field.value(line) for field in fields] for line in lines))


# Reading


def read_csv(data: bytes, form: Form) -> list[dict[str, str]]:
    """The rows of data.csv as {head: unescaped text}. Raises `ValueError` if a column is missing."""
    department = [] if form.has_departments else ["担当課"]
    return read_rows(data, [*_OF_ALL, *heads(form).values(), *department])


def edition_from_csv(files: Mapping[str, bytes], schema: bytes) -> Edition:
    """The edition in `files` (data.csv and the tables beside it, by name) and the content of data.schema.json.

    Rows are read from the CSV files alone, in which each text stands in one line; the schema supplies what belongs to no
    row. Raises `ValueError` if they are malformed.
    """
    read = json.loads(schema)
    frame = checked(read.get("edition") if isinstance(read, dict) else None, with_rows=False)
    form = form_in(frame)
    there = {SERIES: form.has_series, PREVIOUS: frame["previous"] is not None, MARKS: bool(frame.get("marks"))}
    reader = _Reader(form, read_long(files, (name for name, is_there in there.items() if is_there)))
    places = {place: (names, section) for place, names, section in _places(form, frame, ())}
    named = heads(form)
    for number, row in enumerate(read_csv(files[CSV], form), 1):
        place = tuple(int(row[named[level.name, "position"]]) for level in form.levels)
        names, section = places.get(place, ((), {}))
        if not section or (*map(one_line, names),) != tuple(row[named[level.name, "name"]] for level in form.levels):
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
    def __init__(self, form: Form, tables: Mapping[str, Iterable[Mapping[str, str]]]) -> None:
        self._form = form
        self._heads = heads(form)
        # The rows of each table, by NO.
        self._rows: dict[tuple[str, str], list[Mapping[str, str]]] = defaultdict(list)
        for name, rows in tables.items():
            for row in rows:
                self._rows[name, row["NO"]].append(row)

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
            "marks": [one["印"] for one in self._rows[MARKS, row["NO"]]],
            **values,
            "merged_into": row["統合先"],
            "previous_numbers": [int(one["前版NO"]) for one in self._rows[PREVIOUS, row["NO"]]],
        }
        if not form.has_departments:
            read["department"] = row["担当課"]
        if form.number and form.item_numbering == "自由":
            read["label"] = row[self._heads[form.number.name, "label"]]
        return read

    def _value(self, column: Column, row: Mapping[str, str]) -> Any:
        """The parts of a value that are not derived."""
        if column.years:
            rows = [one for one in self._rows[SERIES, row["NO"]] if one["欄"] == one_line(column.key)]
            if [one["年度"] for one in rows] != [*map(one_line, column.years)]:
                raise ValueError(f"NO {row['NO']}: not the years of {column.key}")
            return [{"text": one["表記"] or one["値"], "unit": one["単位"]} for one in rows]
        text = row[self._heads[column.name, "text"]]
        if column.kind == "figure":
            value, unit = (row[self._heads[column.name, part]] for part in ("value", "unit"))
            return {"text": text or value, "unit": unit}
        return {"text": text}
