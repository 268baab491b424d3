"""Writes and reads data.json: the whole edition under the identifiers of the glossary."""

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from pipeline.model.dates import japanese_date, western_year
from pipeline.model.edition import (
    Edition,
    Item,
    Measure,
    Policy,
    Repeat,
    _heads_model,
    _item_model,
    measure_number,
    policy_number,
    read_edition,
)
from pipeline.model.form import COLUMNS, form_of
from pipeline.model.schema import json_schema
from pipeline.model.values import TreatmentKind

_FORM = form_of({})  # TEMPORARY


def json_text(data: object) -> bytes:
    """`data` as UTF-8 JSON, indented, without ASCII escapes."""
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


if TYPE_CHECKING:

    class HeadingsData(_Part):
        """The column heads of the paper, by the name of the column."""

else:
    HeadingsData = create_model(
        "HeadingsData",
        __base__=_Part,
        __module__=__name__,
        __doc__="The column heads of the paper.",
        **dict.fromkeys((column.name for column in COLUMNS), str),
    )


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
    draft: bool = Field(description="元データで案とされているか")
    is_draft: bool = Field(description="紙面に「案」とあるか。未記入があれば案になる")
    previous: str | None = Field(description="前版の名前。なければnull")
    headings: HeadingsData = Field(description="紙面の欄の見出し")
    legend: tuple[LegendData, ...] = Field(description="凡例。紙面の順")
    treatments: tuple[TreatmentData, ...] = Field(description="今後の取扱いの語。紙面の順")
    policies: tuple[PolicyData, ...] = Field(description="推進方針。紙面の順")


class _MeasureFrame(MeasureData):
    rows: tuple[()] = ()  # the rows are in data.csv


class _PolicyFrame(PolicyData):
    measures: tuple[_MeasureFrame, ...]


class _Frame(DataFile):
    """What data.schema.json holds of an edition: all but its rows."""

    policies: tuple[_PolicyFrame, ...]


class SchemaFile(BaseModel):
    """The part of data.schema.json that is read back."""

    edition: _Frame


def data_schema() -> dict[str, Any]:
    """The JSON Schema of data.json."""
    return json_schema(DataFile, "実施状況一覧のオープンデータ", "serialization")


def data_file(edition: Edition, name: str) -> DataFile:
    """The content of data.json; `name` is the edition's id."""
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
        headings=HeadingsData.model_validate({column.name: column.head for column in edition.columns}),
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
    """The edition in the content of data.json. Raises `ValueError` if it is malformed."""
    return edition_of(DataFile.model_validate_json(data))


def edition_of(file: DataFile) -> Edition:
    """The edition in `file`, rebuilt as source text, so that the model validates it."""
    return read_edition(
        _said(Edition, file)
        | {
            "見出し": _said(_heads_model(_FORM), file.headings),
            "凡例": {entry.symbol: entry.meaning for entry in file.legend},
            "今後の取扱い": {entry.term: entry.kind for entry in file.treatments},
            "推進方針": [
                _said(Policy, policy)
                | {
                    "推進施策": [
                        _said(Measure, measure)
                        | {
                            "推進項目": [
                                _said(_item_model(_FORM) if isinstance(row, ItemData) else Repeat, row)
                                for row in measure.rows
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
    """The scalar fields of `part` as text under the source's keys of `kind`; nested parts are left out."""
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
