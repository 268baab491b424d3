"""The tables of what an item has several of, a row each: figures by year, NOs of the 前版, marks.

A new year, or an item with more of them, adds rows and no column. The table of the lineage is there if the edition names a
前版, that of the marks if it has 印, that of the figures if the form has a series: not by what the items say.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from pipeline.model.dates import head_year
from pipeline.model.edition import Edition, Item
from pipeline.model.values import amount

from .cells import Definition, Value, csv_text, figure_cell, read_rows

SERIES, PREVIOUS, MARKS = "data-series.csv", "data-previous.csv", "data-marks.csv"


class LongTable(NamedTuple):
    """One of the tables: what the schema says of it, how the web page calls it, and its columns."""

    description: str
    label: str
    definitions: tuple[Definition, ...]


_COUNTED = {"required": True, "minimum": 1}
_REQUIRED = {"required": True}
_FIRST = (
    Definition(
        name="行",
        latin="row",
        title="行の番号",
        description="1から",
        type="integer",
        constraints={**_COUNTED, "unique": True},
    ),
    Definition(
        name="版",
        latin="edition",
        title="版の名前",
        description="どの年の一覧かを示す名前",
        constraints=_REQUIRED,
    ),
    Definition(
        name="NO", latin="number", description="項目の番号。data.csv の NO と同じ", type="integer", constraints=_COUNTED
    ),
    Definition(name="項目", latin="item", description="項目の名称", constraints=_REQUIRED),
)

LONG_TABLES: Mapping[str, LongTable] = {
    SERIES: LongTable(
        "年度ごとの数。項目と年度の組が一行",
        "年度ごとの数",
        (
            *_FIRST,
            Definition(name="欄", latin="column", description="欄の名称", constraints=_REQUIRED),
            Definition(name="年度", latin="fiscal_year", description="紙面のとおり", constraints=_REQUIRED),
            Definition(
                name="年度_西暦",
                latin="fiscal_year_western",
                title="年度(西暦)",
                description="4月に始まる年。一つの年に定まらなければ空",
                type="year",
            ),
            Definition(name="値", latin="value", description="数。なければ空。単位は「単位」の列にある", type="number"),
            Definition(
                name="表記",
                latin="text",
                description="紙面での表記。数と同じなら空。「-」と「なし」は、数がないことを表す",
            ),
            Definition(name="単位", latin="unit", description="なければ空"),
        ),
    ),
    PREVIOUS: LongTable(
        "項目が引き継いだ前版の項目。項目と前版のNOの組が一行",
        "前版の項目との対応",
        (
            *_FIRST,
            Definition(
                name="前版",
                latin="previous",
                title="前版の名前",
                description="前の年の一覧を示す名前",
                constraints=_REQUIRED,
            ),
            Definition(
                name="前版NO",
                latin="previous_number",
                title="前版でのNO",
                description="引き継いだ前版の項目のNO",
                type="integer",
                constraints=_COUNTED,
            ),
        ),
    ),
    MARKS: LongTable(
        "項目に付いた印。項目と印の組が一行",
        "項目の印",
        (
            *_FIRST,
            Definition(name="印", latin="mark", description="名称の前の【】の中にある語", constraints=_REQUIRED),
            Definition(name="意味", latin="meaning", title="印の意味", description="印の意味", constraints=_REQUIRED),
        ),
    ),
}


def names_of(edition: Edition) -> list[str]:
    """The names of those of the tables that `edition` has."""
    there = {SERIES: edition.form.has_series, PREVIOUS: edition.previous is not None, MARKS: bool(edition.marks)}
    return [name for name, is_there in there.items() if is_there]


def long_text(edition: Edition, edition_id: str, name: str) -> str:
    """The text of the table `name`."""
    rows = (
        (position, edition_id, item.number, item.name, *cells)
        for position, (item, cells) in enumerate(_ROWS[name](edition), 1)
    )
    return csv_text(LONG_TABLES[name].definitions, rows)


_Rows = Iterator[tuple[Item, tuple[Value, ...]]]


def _series(edition: Edition) -> _Rows:
    for item in edition.items.values():
        for column in edition.own:
            for year, text in zip(column.years, item.texts(column), strict=False):
                figure = (*figure_cells(text), item.unit_of(column))
                yield item, (column.key, year, head_year(year), *figure)


def figure_cells(text: str) -> tuple[Decimal | None, str]:
    """A figure as typed, as two cells: the number, and the text where it is another one."""
    number = amount(text)
    return number, "" if figure_cell(number) == text else text


def _previous(edition: Edition) -> _Rows:
    return ((item, (edition.previous, number)) for item in edition.items.values() for number in item.previous_numbers)


def _marks(edition: Edition) -> _Rows:
    return ((item, (mark, edition.marks.get(mark, ""))) for item in edition.items.values() for mark in item.marks)


_ROWS = {SERIES: _series, PREVIOUS: _previous, MARKS: _marks}


def read_long(files: Mapping[str, bytes], names: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """The rows of the tables `names` in `files`, like `read_rows`. Raises `ValueError`, also if a table is missing."""
    found = {}
    for name in names:
        if name not in files:
            raise ValueError(f"no {name}")
        found[name] = read_rows(files[name], (definition.name for definition in LONG_TABLES[name].definitions))
    return found
