"""Open data keep the 行政データにおける機械可読性に関するルール; docs/open-data.md says how each of its thirty rules is kept."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from pipeline.documents.data import open_data
from pipeline.documents.data.csv_file import definitions
from pipeline.model.edition import Edition
from pipeline.model.form import BLANK
from pipeline.model.local_code import with_check_digit
from pipeline.model.validation import Validated
from pipeline.model.values import amount

from .conftest import FORMS, HEALTHY, ROOT
from .test_open_data import FIGURES, TRAPS, checked

PUBLISHED = (
    "団体コード: 352039\n現在日: 2013-03-31\n年度: 平成24年度\n"
    "公開: {ライセンス: CC BY 4.0, 問い合わせ先: 試験課, 更新履歴: [{日付: 2013-06-10, 内容: 訂正}]}\n" + HEALTHY
)
SOURCES = {
    **{path.stem: path.read_text("utf-8") for path in FORMS},
    "original": (ROOT / "source/original.yaml").read_text("utf-8"),
    "published": PUBLISHED,
    "traps": TRAPS,
    "figures": FIGURES,
}


@dataclass(frozen=True)
class Data:
    """The published files of an edition, as somebody else reads them."""

    edition: Edition
    files: dict[str, bytes]
    schema: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "schema", json.loads(self.files["data.schema.json"]))

    def tables(self) -> Iterator[tuple[list[str], list[list[str]], list[dict[str, Any]]]]:
        """Each CSV: its heads, its rows, and their definitions."""
        for name in self.files:
            if name.endswith(".csv"):
                yield *self.table(name), self.fields(name)

    def table(self, name: str) -> tuple[list[str], list[list[str]]]:
        heads, *rows = csv.reader(io.StringIO(self.files[name].decode("utf-8-sig"), newline=""))
        return heads, rows

    def fields(self, name: str) -> list[dict[str, Any]]:
        table = self.schema if name == "data.csv" else self.schema["tables"][name]
        return list(table["fields"])

    def columns(self) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Each column of the CSV files: its definition, and its cells."""
        for _, rows, fields in self.tables():
            for position, one in enumerate(fields):
                yield one, [row[position] for row in rows]

    def rows(self) -> list[dict[str, str]]:
        """The rows of data.csv."""
        heads, rows = self.table("data.csv")
        return [dict(zip(heads, row, strict=True)) for row in rows]


TYPES = {
    "integer": "[0-9]+",
    "number": r"-?[0-9]+(\.[0-9]+)?",
    "year": "[0-9]{4}",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "boolean": "true|false",
}


def is_readable(data: Data) -> bool:
    """L1-01: CSV or JSON."""
    for name, content in data.files.items():
        assert name.endswith((".csv", ".json"))
        content.decode("utf-8-sig")
        if name.endswith(".json"):
            json.loads(content)
    return True


def has_one_table(data: Data) -> bool:
    """L1-02: the heads stand in a file once."""
    return all(heads not in rows for heads, rows, _ in data.tables())


def is_undivided(data: Data) -> bool:
    """L1-03: no blank row and no column without a name."""
    return all(all(heads) and all(any(row) for row in rows) for heads, rows, _ in data.tables())


def has_nothing_beside(data: Data) -> bool:
    """L1-04: nothing stands outside of the table."""
    return all(len(row) == len(heads) for heads, rows, _ in data.tables() for row in rows)


def has_names(data: Data) -> bool:
    """L1-05: a name for each column, the one that its definition has."""
    return all(heads == [one["name"] for one in fields] for heads, _, fields in data.tables())


def is_not_laid_out(data: Data) -> bool:
    """L1-06: no white space that only lays out."""
    return all(
        cell == cell.strip() and not re.search(r"\s\s|\n", cell) for _, cells in data.columns() for cell in cells
    )


def has_one_value_a_cell(data: Data) -> bool:
    """L1-07: a cell that is no text holds one value."""
    return all(
        not cell or re.fullmatch(TYPES[one["type"]], cell)
        for one, cells in data.columns()
        if one["type"] in TYPES
        for cell in cells
    )


def has_plain_characters(data: Data) -> bool:
    """L1-08: names of columns and fixed words have no platform-dependent characters."""
    for one, _ in data.columns():
        one["name"].encode("shift_jis")
    return {row["行の種類"] for row in data.rows()} <= {"項目", "再掲"}


def tells_zero_from_nothing(data: Data) -> bool:
    """L1-09: a missing figure is empty, zero is 0."""
    figures = [column for column in data.edition.own if column.kind == "figure" and not column.years]
    return all(
        (row[column.key] == "") == (amount(data.edition.items[int(row["NO"])].text(column)) is None)
        for row in data.rows()
        if row["行の種類"] == "項目"
        for column in figures
    )


def has_one_line_a_record(data: Data) -> bool:
    """L1-14: as many lines as records."""
    return all(
        len(data.files[name].decode().splitlines()) == len(data.table(name)[1]) + 1
        for name in data.files
        if name.endswith(".csv")
    )


def quotes_commas(data: Data) -> bool:
    """L1-15: read by the rules of RFC 4180 and written again it is the same."""
    for name, content in data.files.items():
        if name.endswith(".csv"):
            again = io.StringIO()
            heads, rows = data.table(name)
            csv.writer(again).writerows([heads, *rows])
            if again.getvalue() != content.decode("utf-8-sig"):
                return False
    return True


def has_numbers_in_figures(data: Data) -> bool:
    """L2-01 and L3-03: a column of numbers has nothing but plain digits."""
    return all(
        not cell or re.fullmatch(TYPES["number"], cell)
        for one, cells in data.columns()
        if one["type"] in ("number", "integer")
        for cell in cells
    )


def leaves_nothing_out(data: Data) -> bool:
    """L2-02: edition and headings stand in every row."""
    same = ("版", "表題", "自治体", "一覧の担当課", "年度", "年度_西暦", "現在日", "現在日_西暦")
    rows = data.rows()
    return all(len({row[name] for row in rows}) <= 1 for name in same) and all(
        row[level.key] and row[f"{level.key}_番号"] for row in rows for level in data.edition.levels
    )


def has_unique_names(data: Data) -> bool:
    """L2-03: each column has a name of its own, in one row of heads."""
    return all(len({*heads}) == len(heads) and "\n" not in "".join(heads) for heads, _, _ in data.tables())


def has_listed_words(data: Data) -> bool:
    """L2-04 and L2-05: symbols and terms are those of the definition, and nothing else stands beside them."""
    named = {one["name"]: (one, cells) for one, cells in data.columns()}
    for column in data.edition.own:
        if column.kind in ("symbol", "term"):
            one, cells = named[f"{column.key}_記号" if column.kind == "symbol" else column.key]
            if not {*cells} - {""} <= {*one["constraints"]["enum"]}:
                return False
    return True


def begins_with_heads(data: Data) -> bool:
    """L3-01: heads in the first line, data from the second."""
    return all(
        heads[0] == "行" and [row[0] for row in rows] == [*map(str, range(1, len(rows) + 1))]
        for heads, rows, _ in data.tables()
    )


def has_codes(data: Data) -> bool:
    """L3-02: the meaning of each symbol stands in the definition."""
    named = {one["name"]: one for one, _ in data.columns()}
    return all(
        [one["label"] for one in named[f"{column.key}_記号"]["categories"]] == [*(column.words or {}).values()]
        for column in data.edition.own
        if column.kind == "symbol"
    )


def explains_signs(data: Data) -> bool:
    """L3-03: what stands in place of a number is explained, and stands in a column of its own."""
    return has_numbers_in_figures(data) and all(
        "「-」と「なし」は、数がないことを表す" in one["description"]
        for one, _ in data.columns()
        if one["name"].endswith("表記")
    )


def has_units(data: Data) -> bool:
    """L3-04: a column of units goes with each figure, and the unit of all stands in the definition."""
    units = {column.key: column.unit for column in data.edition.own}
    for heads, _, fields in data.tables():
        for one in fields:
            if one["type"] == "number":
                if one.get("unit", "") != units.get(one["name"], ""):
                    return False
                if not {"単位", f"{one['name']}_単位"} & {*heads}:
                    return False
    return True


def has_western_times(data: Data) -> bool:
    """L3-05: a date and a year in Japanese has a Western one beside it."""
    for heads, rows, _ in data.tables():
        dates = [at for at, (name, beside) in enumerate(pairwise(heads)) if beside == f"{name}_西暦" and name != "年度"]
        if any(bool(row[at]) != bool(row[at + 1]) and row[at] not in ("-", BLANK) for row in rows for at in dates):
            return False
    western = [f"{column.key}_西暦" for column in data.edition.own if column.kind == "date"]
    return {"現在日_西暦", "年度_西暦", *western} <= {
        one["name"] for one, _ in data.columns()
    } and has_one_value_a_cell(data)


def names_its_place(data: Data) -> bool:
    """L3-06: the code of the municipality and its name."""
    return all(
        row["全国地方公共団体コード"] == data.edition.local_code
        and bool(row["都道府県名"]) == bool(data.edition.local_code)
        and (
            not data.edition.local_code
            or with_check_digit(row["全国地方公共団体コード"][:5]) == data.edition.local_code
        )
        for row in data.rows()
    )


def keeps_its_columns(data: Data) -> bool:
    """L3-07: the columns are the same whatever the items say."""
    fewer = data.edition.model_copy(update={"children": data.edition.children[:1], "marks": {}, "previous": None})
    return data.table("data.csv")[0] == [one.name for one in definitions(fewer, "another")]


def is_defined(data: Data) -> bool:
    """L3-08: each column is defined, also by a name in Latin letters; encoding, licence, contact and date are told."""
    for _, _, fields in data.tables():
        latin = [one["physicalName"] for one in fields]
        if len({*latin}) != len(latin) or not all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in latin):
            return False
        if not all(one["title"] and one["description"] and one["type"] for one in fields):
            return False
    said, schema = data.edition.publication, data.schema
    return (
        (schema["encoding"], schema["byteOrderMark"]) == ("utf-8", True)
        and all(content.startswith(b"\xef\xbb\xbf") for name, content in data.files.items() if name.endswith(".csv"))
        and [one["title"] for one in schema.get("licenses", [])] == [*filter(None, [said.licence])]
        and schema.get("contact", "") == said.contact
        and schema.get("modified", "") == str(data.edition.updated or "")
        and len(schema.get("changes", [])) == len(said.changes)
    )


def is_long(data: Data) -> bool:
    """L3-09: a new year, a second mark and a second NO of the 前版 are rows and no columns."""
    years = {year for column in data.edition.own for year in column.years}
    several = re.compile("(印|前版NO)_[0-9]+")
    return all(not years & {*heads} and not any(map(several.fullmatch, heads)) for heads, _, _ in data.tables())


RULES: dict[str, Callable[[Data], bool]] = {
    "L1-01": is_readable,
    "L1-02": has_one_table,
    "L1-03": is_undivided,
    "L1-04": has_nothing_beside,
    "L1-05": has_names,
    "L1-06": is_not_laid_out,
    "L1-07": has_one_value_a_cell,
    "L1-08": has_plain_characters,
    "L1-09": tells_zero_from_nothing,
    "L1-14": has_one_line_a_record,
    "L1-15": quotes_commas,
    "L2-01": has_numbers_in_figures,
    "L2-02": leaves_nothing_out,
    "L2-03": has_unique_names,
    "L2-04": has_listed_words,
    "L2-05": has_listed_words,
    "L3-01": begins_with_heads,
    "L3-02": has_codes,
    "L3-03": explains_signs,
    "L3-04": has_units,
    "L3-05": has_western_times,
    "L3-06": names_its_place,
    "L3-07": keeps_its_columns,
    "L3-08": is_defined,
    "L3-09": is_long,
}


def data_of(validated: Validated) -> Data:
    return Data(validated.edition, open_data(validated))


@pytest.mark.parametrize("name", SOURCES)
def test_the_data_keep_every_rule(name: str) -> None:
    data = data_of(checked(SOURCES[name]))
    assert [rule for rule, holds in RULES.items() if not holds(data)] == []


# For each rule, what would break it.
BROKEN = {
    "L1-02": ("data.csv", "\r\n2,", "\r\n{heads}\r\n2,"),
    "L1-03": ("data.csv", "\r\n2,", "\r\n{nothing}\r\n2,"),
    "L1-04": ("data.csv", "\r\n2,", ",覚え書き\r\n2,"),
    "L1-05": ("data.csv", ",基準,", ",値,"),
    "L1-06": ("data.csv", ",分野一,", ",分　　野,"),
    "L1-07": ("data-previous.csv", ",before,3\r\n", ",before,3;1\r\n"),
    "L1-08": ("data.csv", ",項目,", ",㈱,"),
    "L1-09": ("data.csv", ",,%,-,", ",0,%,-,"),
    "L1-14": ("data.csv", ",分野一,", ',"分\n野",'),
    "L1-15": ("data.csv", ",分野一,", ",分'野\","),
    "L2-01": ("data.csv", ",-1250.50,", ",▲1250.50,"),
    "L2-02": ("data.csv", ",柱一,", ",,"),
    "L2-03": ("data.csv", ",年度_2,", ",年度,"),
    "L2-04": ("data.csv", ",速い,", ",速い方,"),
    "L2-05": ("data.csv", ",速い,", ",その他(遅め),"),
    "L3-01": ("data.csv", "\r\n1,", "\r\n一覧,"),
    "L3-02": ("data.schema.json", '"label": "良い"', '"label": "可"'),
    "L3-03": ("data.schema.json", "「-」と「なし」は、数がないことを表す", ""),
    "L3-04": ("data.csv", ",基準_単位,", ",基準_備考,"),
    "L3-05": ("data.csv", ",2024-03-05,", ",R6.3.5,"),
    "L3-06": ("data.csv", ",011002,", ",011000,"),
    "L3-07": ("data.csv", ",統合先", ",統合先,備考"),
    "L3-08": ("data.schema.json", '"physicalName": "row"', '"physicalName": "行"'),
    "L3-09": ("data.csv", ",基準,", ",令和4年度,"),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_would_find_what_breaks_it(rule: str) -> None:
    data = data_of(checked("団体コード: 011002\n" + FIGURES))
    name, old, new = BROKEN[rule]
    text = data.files[name].decode()
    heads = text.lstrip("\ufeff").partition("\r\n")[0]
    new = new.replace("{heads}", heads).replace("{nothing}", "," * heads.count(","))
    assert old in text
    broken = replace(data, files={**data.files, name: text.replace(old, new, 1).encode()})
    assert not RULES[rule](broken)


def test_how_each_rule_is_kept_is_told() -> None:
    told = dict(
        re.findall(
            r"^\| (L[1-3]-[0-9]{2}) \| [^|]+ \| ([^|]+) \|$", (ROOT / "docs/open-data.md").read_text("utf-8"), re.M
        )
    )
    assert len(told) == 30
    applying = {rule for rule, how in told.items() if not how.startswith("該当なし。")}
    assert applying == {*RULES}
    # A file of another format is not made at all.
    assert {*RULES} - {*BROKEN} == {"L1-01"}
