"""Stage 5 for open data: reads the files back and compares them with the model before they are delivered."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

from pipeline.documents.data import CSV, JSON, SCHEMA
from pipeline.documents.data.cells import BOM
from pipeline.documents.data.csv_file import REPEAT, edition_from_csv, heads, read_csv
from pipeline.documents.data.json_file import edition_of, read_json
from pipeline.documents.data.long_tables import LONG_TABLES, MARKS, PREVIOUS, SERIES, read_long
from pipeline.errors import ProofError
from pipeline.model.dates import NoDateError, head_year, read_date
from pipeline.model.edition import DocumentNumbers, Edition, Heading, Inquiry, Item, Repeat, Section
from pipeline.model.form import BLANK, Column
from pipeline.model.local_code import PREFECTURES
from pipeline.model.validation import Validated
from pipeline.model.values import amount

# A number, which a spreadsheet does not take for a formula.
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def prove_data(files: Mapping[str, bytes], validated: Validated) -> int:
    """Prove that `files` (by name) say what the model says. Returns the number of CSV rows. Raises `ProofError`."""
    try:
        read = _read_back(files, validated.edition)
    except ValueError as error:
        # Only the reading is inside `try`: an exception in our own checks is a bug, not a broken file.
        raise ProofError(f"検査で、オープンデータが読めませんでした({type(error).__name__}: {error})。") from error
    findings = list(_findings(files, read, validated))
    if findings:
        raise ProofError("検査で、オープンデータが元データと一致しませんでした。\n" + "\n".join(findings[:30]))
    return len(read.rows)


class _ReadBack(NamedTuple):
    """data.json, the rows of data.csv and of the tables beside it, the schema, and the edition made again from each."""

    file: dict[str, Any]
    rows: list[dict[str, str]]
    tables: dict[str, list[dict[str, str]]]
    schema: dict[str, Any]
    editions: dict[str, Edition]


def _read_back(files: Mapping[str, bytes], edition: Edition) -> _ReadBack:
    """Parse the files. Raises `ValueError` if one does not have our format."""
    if unknown := files.keys() - {CSV, *LONG_TABLES, JSON, SCHEMA}:
        raise ValueError(", ".join(sorted(unknown)))
    file = read_json(files[JSON])
    return _ReadBack(
        file,
        read_csv(files[CSV], edition.form),
        read_long(files, files.keys() & LONG_TABLES.keys()),
        json.loads(files[SCHEMA]),
        {JSON: edition_of(file), CSV: edition_from_csv(files, files[SCHEMA])},
    )


def _published(children: tuple[Section | Item | Repeat, ...]) -> tuple[Section | Item | Repeat, ...]:
    """`children` without the 担当課 of headings, which say whom to ask."""
    return tuple(
        child.model_copy(update={"department": "", "children": _published(child.children)})
        if isinstance(child, Section)
        else child
        for child in children
    )


def _findings(files: Mapping[str, bytes], read: _ReadBack, validated: Validated) -> Iterator[str]:
    """Yield a message for each difference between the files and the model."""
    edition = validated.edition
    # 照会 is between the offices of a city, 確認済 is for those who write the source, 廃止 tells of the edition before,
    # and 訂正日 is for the errata; none is published. Of the numbers of the documents, that of the list is.
    left_out: dict[str, object] = {"inquiry": Inquiry(), "acknowledged": (), "abolitions": (), "corrected_on": None}
    left_out["document_number"] = DocumentNumbers.same(edition.document_number.report)
    published = edition.model_copy(update={**left_out, "children": _published(edition.children)})
    for name, found in read.editions.items():
        # The CSV has each text in one line; `_check_cells` says which.
        is_same = _squeezed(found) == _squeezed(published) if name == CSV else found == published
        if not is_same:
            yield f"{name}: 元データに戻すと、違うものになります。"
        # The order is printed, and dicts compare equal in any order.
        if _orders(found) != _orders(edition):
            yield f"{name}: 記号、語、印か注の順が違います。"
    if read.file["edition"] != validated.source.edition:
        yield f"{JSON}: 版の名前が違います。"
    yield from _check_cells(read, validated)
    yield from _check_tables(read, validated)
    yield from _check_about(read, edition)
    for name in (CSV, *read.tables):
        yield from _check_format(name, files[name])


def _squeezed(value: object) -> object:
    """`value`, a model or a part of one, without the white space in its texts."""
    if isinstance(value, BaseModel):
        return {name: _squeezed(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return [(_squeezed(key), _squeezed(part)) for key, part in value.items()]
    if isinstance(value, tuple):
        return [*map(_squeezed, value)]
    return "".join(value.split()) if isinstance(value, str) else value


def _line(text: str, column: Column | None = None) -> str:
    """`text` as it stands in one line of a CSV: lines of a text are divided by a space, those of a name are not."""
    lines = [re.sub(r"\s\s+", " ", line.strip()) for line in text.split("\n")]
    return (" " if column and column.kind in ("prose", "text") else "").join(line for line in lines if line)


def _orders(edition: Edition) -> list[list[str]]:
    """What is printed in the order of the source."""
    words = [[*(column.words or {})] for column in edition.columns]
    return [*words, [*edition.marks], [*edition.notes]]


def _check_format(name: str, data: bytes) -> Iterator[str]:
    """Check the bytes of the CSV `name`: its encoding, a line for each row, and that no cell is a formula."""
    if not data.startswith(BOM.encode()):
        yield f"{name}: BOMがありません。"
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    for number, row in enumerate(rows, 1):
        for cell in row:
            is_formula = cell[:1] in {*"\t\r\n"} or cell.strip()[:1] in {*"=+-@"}
            if is_formula and cell != "-" and not _NUMBER.fullmatch(cell):
                yield f"{name}: {number}行目に、計算式と取り違えられる値「{cell[:20]}」があります。"
    if data.count(b"\r\n") != len(rows):
        yield f"{name}: 行の終わりがCRLFではありません。"
    if {data.count(b"\n"), data.count(b"\r")} != {len(rows)}:
        yield f"{name}: 値の中に改行があります。"


def _check_cells(read: _ReadBack, validated: Validated) -> Iterator[str]:
    """Check each row of the files, and above all what is derived: meanings, names, numbers, western dates."""
    edition = validated.edition
    lines = list(edition.rows())
    repeats = [isinstance(row, Repeat) for _, row in lines]
    if [row["行の種類"] == REPEAT for row in read.rows] != repeats:
        yield f"{CSV}: 再掲の行が違います。"
        return
    everywhere = {
        "版": validated.source.edition,
        "表題": _line(edition.title),
        "全国地方公共団体コード": edition.local_code,
        "都道府県名": PREFECTURES[int(edition.local_code[:2]) - 1] if edition.local_code else "",
        "自治体": _line(edition.municipality),
        "一覧の担当課": _line(edition.department),
        "年度": _line(edition.fiscal_year),
        "現在日_西暦": str(edition.as_of or ""),
        "前版": edition.previous or "",
        "案": "true" if edition.is_draft else "false",
    }
    by_name = {column.name: column for column in edition.columns}
    places = [(by_name[name], part, head) for (name, part), head in heads(edition.form).items()]
    for number, (row, (headings, part)) in enumerate(zip(read.rows, lines, strict=True), 1):
        whole = everywhere | {"行": str(number), "NO": str(part.number)} | _cells(edition, places, headings, part)
        for name, wanted in whole.items():
            if row[name] != wanted:
                yield f"{CSV}: {number}行目の{name}が「{wanted}」ではなく「{row[name]}」です。"
    headings_of_json = [(section["position"], section["label"]) for section in _sections(read.file)]
    if headings_of_json != [(line[-1].positions[-1], line[-1].number) for line in edition.outline()]:
        yield f"{JSON}: 見出しの番号が違います。"
    rows_of_json = [*_rows(read.file)]
    if [row["kind"] == "repeat" for row in rows_of_json] != repeats:
        yield f"{JSON}: 行が違います。"
        return
    own = edition.own
    for said, (_, part) in zip(rows_of_json, lines, strict=True):
        if isinstance(part, Item):
            wanted_values = [value for column in own for value in _values(part, column)]
            if _values_in(said, edition) != wanted_values:
                yield f"{JSON}: NO {part.number}の値(意味、区分、数、日付)が違います。"
        elif said["name"] != edition.items[part.number].name:
            yield f"{JSON}: 再掲のNO {part.number}の名称が違います。"


def _check_tables(read: _ReadBack, validated: Validated) -> Iterator[str]:
    """Check the tables of what an item has several of."""
    edition, edition_id = validated.edition, validated.source.edition
    items = [*edition.items.values()]
    wanted = {
        SERIES: [row for item in items for row in _series(edition, item)],
        PREVIOUS: [(item, [str(edition.previous), str(number)]) for item in items for number in item.previous_numbers],
        MARKS: [(item, [_line(mark), _line(edition.marks[mark])]) for item in items for mark in item.marks],
    }
    there = {SERIES: edition.form.has_series, PREVIOUS: edition.previous is not None, MARKS: bool(edition.marks)}
    for name, rows in wanted.items():
        if (name in read.tables) != there[name]:
            yield f"{name}: {'ありません' if there[name] else 'ないはずのものです'}。"
        elif there[name] and [[*row.values()] for row in read.tables[name]] != [
            [str(position), edition_id, str(item.number), _line(item.name), *cells]
            for position, (item, cells) in enumerate(rows, 1)
        ]:
            yield f"{name}: {LONG_TABLES[name].label}が違います。"


def _check_about(read: _ReadBack, edition: Edition) -> Iterator[str]:
    """Check what the definitions say of licence, contact and date."""
    said, schema = edition.publication, read.schema
    wanted = {
        "licenses": [said.licence] if said.licence else None,
        "contact": said.contact or None,
        "modified": str(edition.updated) if edition.updated else None,
    }
    found = {
        "licenses": [one["title"] for one in schema["licenses"]] if "licenses" in schema else None,
        "contact": schema.get("contact"),
        "modified": schema.get("modified"),
    }
    for key, value in wanted.items():
        if found[key] != value:
            yield f"{SCHEMA}: 「{key}」が元データと違います。"
    if read.file["updated"] != wanted["modified"]:
        yield f"{JSON}: 最終更新日が元データと違います。"


def _cells(
    edition: Edition, places: Sequence[tuple[Column, str, str]], headings: Sequence[Heading], row: Item | Repeat
) -> dict[str, str]:
    """The cells of a row of data.csv that depend on the form, by head; `places` are column, part of the value and head."""
    item, above = edition.items[row.number], {heading.level.name: heading for heading in headings}
    cells: dict[str, str] = {}
    values: dict[str, Mapping[str, Any]] = {}
    for column, part, head in places:
        if column.kind == "level":
            heading = above[column.name]
            named = {"label": heading.number, "name": heading.section.name}
            cells[head] = _line(named[part]) if part in named else str(heading.positions[-1])
        elif column.kind in ("number", "name"):
            cells[head] = _line(item.name if part == "name" else item.label)
        elif isinstance(row, Repeat):
            cells[head] = ""
        else:
            if column.name not in values:
                values[column.name] = _values(item, column)[0]
            cells[head] = _line(_cell(values[column.name], part), column)
    return cells


def _cell(value: Mapping[str, Any], part: str) -> str:
    """A part of a value as a cell of a CSV."""
    number = amount(value["text"]) if "value" in value else None
    if part == "value":
        return "" if number is None else f"{number:f}"
    if part == "text" and number is not None and f"{number:f}" == value["text"]:
        return ""
    return value[part] if value[part] is not None else BLANK if part == "kind" else ""


def _series(edition: Edition, item: Item) -> Iterator[tuple[Item, list[str]]]:
    """The rows of an item in data-series.csv, from the name of the column on."""
    for column in edition.own:
        for year, value in zip(column.years, _values(item, column), strict=False):
            figure = [_line(_cell(value, part)) for part in ("value", "text", "unit")]
            yield item, [_line(column.key), _line(year), str(head_year(year) or ""), *figure]


def _rows(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The rows in data.json, in order."""
    for one in (part, *_sections(part)):
        yield from one.get("rows", ())


def _sections(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The headings in data.json, in order."""
    for value in part.values():
        if isinstance(value, list):
            for section in value:
                if isinstance(section, dict) and "position" in section:
                    yield section
                    yield from _sections(section)


def _values(item: Item, column: Column) -> list[dict[str, Any]]:
    """What the values of `item` in `column` say, by part: of a series, each year's."""
    found = []
    for text in item.texts(column):
        value: dict[str, Any] = {"text": text}
        if column.kind == "symbol":
            value["meaning"] = BLANK if text == BLANK else (column.words or {})[text]
        elif column.decides:
            value["kind"] = None if text == BLANK else (column.words or {})[text]
        elif column.kind == "figure":
            number = amount(text)
            value |= {"value": None if number is None else float(number), "unit": item.unit_of(column)}
        elif column.kind == "date":
            value["date"] = _day(text)
        found.append(value)
    return found


def _day(text: str) -> str | None:
    try:
        return str(read_date(text))
    except NoDateError:
        return None


def _values_in(row: Mapping[str, Any], edition: Edition) -> list[dict[str, Any]]:
    """The values of an item in data.json, by part."""
    if edition.form.has_own_columns:
        values = [row["values"][column.key] for column in edition.form.own]
        return [
            {part: said for part, said in one.items() if part != "year"}
            for value in values
            for one in (value if isinstance(value, list) else [value])
        ]
    found = []
    for column in edition.form.own:
        whole = column.attribute
        parts = {name.removeprefix(f"{whole}_"): said for name, said in row.items() if name.startswith(f"{whole}_")}
        found.append({"text": row[whole], **parts})
    return found
