"""Open data: an edition as data.csv, data.json and data.schema.json, from which the same edition can be made again.

data.json holds everything of the model. data.csv holds a row for each item and each repeat, one value a cell and
nothing left out because it is the same as above; data.schema.json describes its columns (a Table Schema of
Frictionless Data) and keeps under `edition` what belongs to no row: the legend, the column heads, the order of
policies and measures even where they are empty. With it, the CSV too gives the whole edition back.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from pipeline.delivery.delivery import OUT, Record
from pipeline.errors import Problem, ProofError
from pipeline.library import Library
from pipeline.line import DATA, Step
from pipeline.model.dates import japanese_date, western_year
from pipeline.model.edition import (
    BLANK,
    Edition,
    Headings,
    Item,
    Measure,
    Policy,
    Repeat,
    TreatmentKind,
    measure_number,
    policy_number,
)
from pipeline.model.schema import json_schema
from pipeline.model.validation import Validated
from pipeline.text import flat

CSV, JSON = DATA
SCHEMA = "data.schema.json"

_BOM = "\ufeff"


class Published(NamedTuple):
    """Open data in out/: its files, the number of rows of the CSV, and the warnings of the source."""

    paths: tuple[Path, ...]
    rows: int
    warnings: tuple[Problem, ...]


def make_data(path: Path, step: Step, library: Library | None = None) -> Published | None:
    """Make the open data of the edition at `path`; None if it is up to date. Raises `PipelineError`."""
    library = library or Library()
    folder = OUT / path.stem
    record = Record(f"{path.stem}-data", str(path))
    if record.is_current(library.fingerprint):
        return None
    with record.locked():
        if record.was_replaced():
            # Another run made it while we waited, perhaps of newer files than we have read.
            library.forget()
            if record.is_current(library.fingerprint):
                return None
        with step("読込"):
            library.source(path)
        with step("検証"):
            validated = library.validated(path)
        with step("作成"):
            files = open_data(validated)
        with step("検査"):
            rows = prove_data(files, validated)
        with step("書出"):
            record.deliver(library.inputs(path), {folder / name: data for name, data in files.items()})
    return Published(tuple(folder / name for name in files), rows, validated.warnings)


def open_data(validated: Validated) -> dict[str, bytes]:
    """The three files by their names."""
    edition, name = validated.edition, validated.source.edition
    file = _file(edition, name)
    return {
        CSV: _csv(edition, name).encode(),
        JSON: _json(file.model_dump(mode="json", by_alias=True)),
        SCHEMA: _json(_schema(edition, file)),
    }


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


# data.json, in the words of the glossary


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HeadingsData(_Part):
    """The column heads of the paper."""

    policy: str
    measure: str
    number: str
    item: str
    status: str
    treatment: str
    findings: str


class LegendData(_Part):
    """A symbol and its meaning."""

    symbol: str = Field(description="実施状況の記号")
    meaning: str = Field(description="記号の意味")


class TreatmentData(_Part):
    """A term and whether what has it goes on."""

    term: str = Field(description="今後の取扱いの語")
    kind: TreatmentKind = Field(description="次の版に続く(継続)か続かない(終了)か")


class ItemData(_Part):
    """An item."""

    kind: Literal["item"] = "item"
    number: int = Field(description="NO", ge=1)
    name: str = Field(description="推進項目の名称")
    status: str = Field(description="実施状況の記号。未記入のこともある")
    status_meaning: str = Field(description="記号の意味。未記入なら未記入")
    treatment: str = Field(description="今後の取扱いの語。未記入のこともある")
    treatment_kind: TreatmentKind | None = Field(description="次の版に続く(継続)か続かない(終了)か。未記入ならnull")
    findings: str = Field(description="検証内容。なければ空")
    department: str = Field(description="担当課。一覧の担当課と別に示されていなければ空")
    merged_into: str = Field(description="統合先。次の版でこの項目を引き継ぐ項目の名称。なければ空")
    previous_numbers: tuple[int, ...] = Field(description="前版NO。引き継いだ前版の項目の番号")


class RepeatData(_Part):
    """A row that shows an item of another measure once more."""

    kind: Literal["repeat"] = "repeat"
    number: int = Field(description="再び掲げる項目のNO", ge=1)
    name: str = Field(description="その項目の名称")


class MeasureData(_Part):
    """A measure."""

    position: int = Field(description="推進方針の中での順番。1から", ge=1)
    label: str = Field(description="紙面での番号")
    name: str = Field(description="推進施策の名称")
    page_break: bool = Field(description="trueなら紙面ではここから新しいページ")
    rows: tuple[Annotated[ItemData | RepeatData, Field(discriminator="kind")], ...] = Field(
        description="推進項目と再掲。紙面の順"
    )


class PolicyData(_Part):
    """A policy."""

    position: int = Field(description="順番。1から", ge=1)
    label: str = Field(description="紙面での番号")
    name: str = Field(description="推進方針の名称")
    page_break: bool = Field(description="trueなら紙面ではここから新しいページ")
    measures: tuple[MeasureData, ...] = Field(description="推進施策。紙面の順")


class DataFile(_Part):
    """The whole file."""

    version: Literal[1] = Field(1, description="この形式の版")
    edition: str = Field(description="版の名前")
    title: str = Field(description="表題")
    municipality: str = Field(description="自治体。なければ空")
    fiscal_year: str = Field(description="年度(和暦など、紙面のとおり)。なければ空")
    fiscal_year_western: int | None = Field(description="年度(西暦)。一つの年に定まらなければnull")
    as_of: str | None = Field(description="現在日(西暦。2013-03-31 の形)。なければnull")
    as_of_japanese: str | None = Field(description="現在日(和暦)。なければnull")
    department: str = Field(description="一覧の担当課。なければ空")
    document_number: str = Field(description="資料番号。なければ空")
    draft: bool = Field(description="元のデータで案とされているか")
    is_draft: bool = Field(description="紙面に「案」とあるか。未記入があれば案になる")
    previous: str | None = Field(description="前版の名前。なければnull")
    headings: HeadingsData = Field(description="紙面の欄の見出し")
    legend: tuple[LegendData, ...] = Field(description="凡例。紙面の順")
    treatments: tuple[TreatmentData, ...] = Field(description="今後の取扱いの語。紙面の順")
    policies: tuple[PolicyData, ...] = Field(description="推進方針。紙面の順")


class _MeasureFrame(MeasureData):
    rows: tuple[()] = ()  # they stand in data.csv


class _PolicyFrame(PolicyData):
    measures: tuple[_MeasureFrame, ...]


class _Frame(DataFile):
    """What data.schema.json holds of an edition: all but its rows."""

    policies: tuple[_PolicyFrame, ...]


class _SchemaFile(BaseModel):
    """The part of data.schema.json that is read back."""

    edition: _Frame


def data_schema() -> dict[str, Any]:
    """The JSON Schema of data.json."""
    return json_schema(DataFile, "実施状況一覧のオープンデータ", "serialization")


def _file(edition: Edition, name: str) -> DataFile:
    return DataFile(
        edition=name,
        title=edition.title,
        municipality=edition.municipality,
        fiscal_year=edition.fiscal_year,
        fiscal_year_western=western_year(edition.fiscal_year),
        as_of=edition.as_of.isoformat() if edition.as_of else None,
        as_of_japanese=japanese_date(edition.as_of) if edition.as_of else None,
        department=edition.department,
        document_number=edition.document_number,
        draft=edition.draft,
        is_draft=edition.is_draft,
        previous=edition.previous,
        headings=HeadingsData(**{name: getattr(edition.headings, name) for name in HeadingsData.model_fields}),
        legend=tuple(LegendData(symbol=symbol, meaning=meaning) for symbol, meaning in edition.legend.items()),
        treatments=tuple(TreatmentData(term=term, kind=kind) for term, kind in edition.treatments.items()),
        policies=tuple(_policy(edition, policy, position) for position, policy in enumerate(edition.policies, 1)),
    )


def _policy(edition: Edition, policy: Policy, position: int) -> PolicyData:
    return PolicyData(
        position=position,
        label=policy_number(position),
        name=policy.name,
        page_break=policy.page_break,
        measures=tuple(
            MeasureData(
                position=within,
                label=measure_number(within),
                name=measure.name,
                page_break=measure.page_break,
                rows=tuple(_row(edition, row) for row in measure.rows),
            )
            for within, measure in enumerate(policy.measures, 1)
        ),
    )


def _row(edition: Edition, row: Item | Repeat) -> ItemData | RepeatData:
    if isinstance(row, Repeat):
        return RepeatData(number=row.number, name=edition.items[row.number].name)
    return ItemData(
        number=row.number,
        name=row.name,
        status=row.status,
        status_meaning=edition.legend.get(row.status, row.status),
        treatment=row.treatment,
        treatment_kind=edition.treatments.get(row.treatment),
        findings=row.findings,
        department=row.department,
        merged_into=row.merged_into,
        previous_numbers=row.previous_numbers,
    )


def edition_from_json(data: bytes) -> Edition:
    """The edition in `data`, the content of data.json. Raises `ValueError` for what is no such file."""
    return _edition(DataFile.model_validate_json(data))


def _edition(file: DataFile) -> Edition:
    """The edition of `file`, by way of what the source would say: so it is checked like any other."""
    return Edition.model_validate(
        _said(Edition, file)
        | {
            "見出し": _said(Headings, file.headings),
            "凡例": {entry.symbol: entry.meaning for entry in file.legend},
            "今後の取扱い": {entry.term: entry.kind for entry in file.treatments},
            "推進方針": [
                _said(Policy, policy)
                | {
                    "推進施策": [
                        _said(Measure, measure)
                        | {
                            "推進項目": [
                                _said(Item if isinstance(row, ItemData) else Repeat, row) for row in measure.rows
                            ]
                        }
                        for measure in policy.measures
                    ]
                }
                for policy in file.policies
            ],
        }
    )


def _said(kind: type[BaseModel], part: BaseModel) -> dict[str, Any]:
    """What of `part` a source would say of its `kind`: text by the keys of the source. What has parts is left out."""
    said: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        value = getattr(part, name, None)
        if isinstance(value, bool):
            said[str(field.alias)] = str(value).lower()
        elif isinstance(value, int | str):
            said[str(field.alias)] = str(value)
        elif isinstance(value, tuple) and all(isinstance(one, int) for one in value):
            said[str(field.alias)] = list(map(str, value))
    return said


# data.csv

# What a spreadsheet would reckon with instead of showing it, white space before it or not.
_FORMULA = re.compile(r"\s*[=+\-@]|[\t\r\n]")


def escaped(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula: with ' before it if need be. A lone 「-」 is none."""
    return f"'{text}" if text.startswith("'") or (_FORMULA.match(text) and text != "-") else text


def unescaped(cell: str) -> str:
    """The text of which `escaped` made `cell`."""
    return cell.removeprefix("'")


@dataclass(frozen=True, slots=True)
class _CsvRow:
    """A row of the list with all that stands around it."""

    position: int
    name: str
    edition: Edition
    policy: tuple[int, Policy]
    measure: tuple[int, Measure]
    row: Item | Repeat

    @property
    def item(self) -> Item | None:
        """The item that the row holds; None for a repeat, which is read where the item stands."""
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
    """A column: its head, what it is in a Table Schema, and what stands in it."""

    name: str
    title: str
    description: str
    value: Callable[[_CsvRow], str | int | None]
    type: str = "string"
    constraints: Mapping[str, Any] | None = None


# What stands in the cells of a repeat where the item has something.
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
    """What is the same in every row, and stands in every row."""
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
    """Where a row stands and what it holds."""
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


def _item_fields(edition: Edition) -> Iterator[_Field]:
    """What only an item has."""
    items = edition.items.values()
    # What is still to be filled in is a value only where it occurs.
    no_status = [BLANK] if any(item.status == BLANK for item in items) else []
    no_treatment = [BLANK] if any(item.treatment == BLANK for item in items) else []
    status, treatment, findings = map(
        flat, (edition.headings.status, edition.headings.treatment, edition.headings.findings)
    )

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

    yield of_item(
        "実施状況_記号",
        f"{status}の記号",
        "凡例の記号",
        lambda item: item.status,
        [*edition.legend, *no_status],
    )
    yield of_item(
        "実施状況_意味",
        f"{status}の記号の意味",
        "凡例での意味",
        lambda item: edition.legend.get(item.status, BLANK),
        [*edition.legend.values(), *no_status],
    )
    yield of_item(
        "今後の取扱い",
        treatment,
        "語",
        lambda item: item.treatment,
        [*edition.treatments, *no_treatment],
    )
    yield of_item(
        "今後の取扱い_区分",
        f"{treatment}の区分",
        "次の版に続く(継続)か続かない(終了)か",
        lambda item: edition.treatments.get(item.treatment, BLANK),
        ["継続", "終了", *no_treatment],
    )
    yield of_item("検証内容", findings, "文章。なければ空", lambda item: item.findings)
    yield of_item("担当課", "項目の担当課", "一覧の担当課と別に示されていなければ空", lambda item: item.department)
    yield of_item("統合先", "統合先", "次の版でこの項目を引き継ぐ項目の名称。なければ空", lambda item: item.merged_into)


def _previous_fields(edition: Edition) -> Iterator[_Field]:
    """A column for each of the 前版NO, since a cell holds one value; at least one."""
    most = max((len(item.previous_numbers) for item in edition.items.values()), default=0)
    for position in range(1, max(most, 1) + 1):

        def value(line: _CsvRow, index: int = position - 1) -> int | None:
            numbers = line.item.previous_numbers if line.item else ()
            return numbers[index] if index < len(numbers) else None

        description = f"この項目が引き継いだ前版のNOの{position}番目。なければ空。{_ONLY_ITEMS}"
        yield _Field(f"前版NO_{position}", f"前版NO({position})", description, value, "integer", {"minimum": 1})


def _csv(edition: Edition, name: str) -> str:
    fields = _fields(edition)
    target = io.StringIO()
    # Line ends as RFC 4180 has them; with the mark in front Excel knows the encoding.
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(field.name for field in fields)
    for line in _lines(edition, name):
        writer.writerow(_cell(field.value(line)) for field in fields)
    return _BOM + target.getvalue()


def _cell(value: str | int | None) -> str:
    return escaped(value) if isinstance(value, str) else "" if value is None else str(value)


# What is read back from data.csv.
_COLUMNS = {
    *("行", "行の種類", "版", "表題", "自治体", "一覧の担当課", "年度", "現在日_西暦", "前版", "案"),
    *("推進方針_番号", "推進方針", "推進施策_番号", "推進施策", "NO", "推進項目"),
    *("実施状況_記号", "実施状況_意味", "今後の取扱い", "今後の取扱い_区分", "検証内容", "担当課", "統合先"),
}


def _read_csv(data: bytes) -> list[dict[str, str]]:
    """The rows by their heads, as they were before they were made safe. Raises `ValueError` if a column lacks."""
    text = data.decode("utf-8-sig")
    try:
        heads, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from error
    if missing := _COLUMNS - {*heads}:
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    return [dict(zip(heads, map(unescaped, row), strict=True)) for row in rows]


def edition_from_csv(data: bytes, schema: bytes) -> Edition:
    """The edition in `data`, the content of data.csv, and `schema`, that of data.schema.json. Raises `ValueError`.

    What belongs to a row is read from the CSV alone; the schema gives what belongs to none.
    """
    frame = _SchemaFile.model_validate_json(schema).edition
    places = {
        (policy.position, measure.position): (policy.name, measure.name)
        for policy in frame.policies
        for measure in policy.measures
    }
    rows: dict[tuple[int, int], list[ItemData | RepeatData]] = {place: [] for place in places}
    for number, row in enumerate(_read_csv(data), 1):
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
    return _edition(DataFile(**frame.model_dump(exclude={"policies"}), policies=tuple(policies)))


def _read_row(row: Mapping[str, str]) -> ItemData | RepeatData:
    if row["行の種類"] == REPEAT:
        return RepeatData(number=int(row["NO"]), name=row["推進項目"])
    kind = row["今後の取扱い_区分"]
    return ItemData.model_validate(
        {
            "number": int(row["NO"]),
            "name": row["推進項目"],
            "status": row["実施状況_記号"],
            "status_meaning": row["実施状況_意味"],
            "treatment": row["今後の取扱い"],
            "treatment_kind": None if kind == BLANK else kind,
            "findings": row["検証内容"],
            "department": row["担当課"],
            "merged_into": row["統合先"],
            "previous_numbers": tuple(
                int(value) for name, value in row.items() if name.startswith("前版NO_") and value
            ),
        }
    )


# data.schema.json


def _schema(edition: Edition, file: DataFile) -> dict[str, Any]:
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


# Proof: read back and held against the model, before anybody gets it


def prove_data(files: Mapping[str, bytes], validated: Validated) -> int:
    """Prove that `files` say what the model says; the number of rows of the CSV. Raises `ProofError`."""
    try:
        read = _read_back(files)
    except ValueError as error:
        # Only what reads the files may fail so: a mistake in our own checks is no broken file.
        raise ProofError(f"検査で、オープンデータが読めませんでした({type(error).__name__}: {error})。") from error
    findings = list(_findings(files, read, validated))
    if findings:
        raise ProofError("検査で、オープンデータが元のデータと一致しませんでした。\n" + "\n".join(findings[:30]))
    return len(read.rows)


class _ReadBack(NamedTuple):
    """What the files say: data.json, the rows of data.csv, and the edition that either holds."""

    file: DataFile
    rows: list[dict[str, str]]
    editions: dict[str, Edition]


def _read_back(files: Mapping[str, bytes]) -> _ReadBack:
    """Raises `ValueError` for files that are none of ours."""
    editions = {JSON: edition_from_json(files[JSON]), CSV: edition_from_csv(files[CSV], files[SCHEMA])}
    return _ReadBack(DataFile.model_validate_json(files[JSON]), _read_csv(files[CSV]), editions)


def _findings(files: Mapping[str, bytes], read: _ReadBack, validated: Validated) -> Iterator[str]:
    edition = validated.edition
    for name, found in read.editions.items():
        if found != edition:
            yield f"{name}: 元のデータに戻すと、違うものになります。"
        # Equal dicts may differ in order, which is the printed one.
        for one, other in ((found.legend, edition.legend), (found.treatments, edition.treatments)):
            if [*one] != [*other]:
                yield f"{name}: 凡例か今後の取扱いの順が違います。"
    if read.file.edition != validated.source.edition:
        yield f"{JSON}: 版の名前が違います。"
    yield from _check_cells(read, validated)
    if not files[CSV].startswith(_BOM.encode()):
        yield f"{CSV}: BOMがありません。"
    rows = list(csv.reader(io.StringIO(files[CSV].decode("utf-8-sig"), newline="")))
    for number, row in enumerate(rows, 1):
        for cell in row:
            if cell != "-" and (cell[:1] in {*"\t\r\n"} or cell.strip()[:1] in {*"=+-@"}):
                yield f"{CSV}: {number}行目に、計算式と取り違えられる値「{cell[:20]}」があります。"
    # A line end within a cell is a lone \n; each row ends in \r\n.
    if files[CSV].count(b"\r\n") != len(rows):
        yield f"{CSV}: 行の終わりがCRLFではありません。"


def _check_cells(read: _ReadBack, validated: Validated) -> Iterator[str]:
    """What is derived and stands beside what it is derived from, row by row, in both files."""
    edition = validated.edition
    rows = read.rows
    repeats = [isinstance(row, Repeat) for _, _, row in edition.rows]
    if [row["行の種類"] == REPEAT for row in rows] != repeats:
        yield f"{CSV}: 再掲の行が違います。"
        return
    everywhere = {
        "版": validated.source.edition,
        "表題": edition.title,
        "自治体": edition.municipality,
        "一覧の担当課": edition.department,
        "年度": edition.fiscal_year,
        "現在日_西暦": str(edition.as_of or ""),
        "前版": edition.previous or "",
        "案": "true" if edition.is_draft else "false",
    }
    for number, (row, (_, _, part)) in enumerate(zip(rows, edition.rows, strict=True), 1):
        whole = everywhere | {
            "行": str(number),
            "NO": str(part.number),
            "推進項目": edition.items[part.number].name,
        }
        if isinstance(part, Item):
            whole["実施状況_意味"] = BLANK if part.status == BLANK else edition.legend[part.status]
            whole["今後の取扱い_区分"] = BLANK if part.treatment == BLANK else edition.treatments[part.treatment]
        else:
            whole |= dict.fromkeys(
                ("実施状況_記号", "実施状況_意味", "今後の取扱い", "今後の取扱い_区分", "検証内容"), ""
            )
        for name, wanted in whole.items():
            if row[name] != wanted:
                yield f"{CSV}: {number}行目の{name}が「{wanted}」ではなく「{row[name]}」です。"
    rows_of_json = [row for policy in read.file.policies for measure in policy.measures for row in measure.rows]
    if [isinstance(one, RepeatData) for one in rows_of_json] != repeats:
        yield f"{JSON}: 行が違います。"
        return
    for one, (_, _, part) in zip(rows_of_json, edition.rows, strict=True):
        if isinstance(one, ItemData) and isinstance(part, Item):
            meaning, kind = edition.legend.get(part.status, BLANK), edition.treatments.get(part.treatment)
            if (one.status_meaning, one.treatment_kind) != (meaning, kind):
                yield f"{JSON}: NO {part.number}の意味か区分が違います。"
        elif one.name != edition.items[part.number].name:
            yield f"{JSON}: 再掲のNO {part.number}の名称が違います。"
