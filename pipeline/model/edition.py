"""Stage 2: pydantic models of an edition, named as in the glossary (docs/glossary.md).

The aliases are the keys of the YAML file. `make schema` writes a JSON Schema of these models, with which editors
complete and check the keys. `rules` checks what depends on more than one value.
"""

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from pipeline.source.characters import long_gap
from pipeline.source.limits import (
    MAX_HEAD,
    MAX_HEADING,
    MAX_LABEL,
    MAX_LINES,
    MAX_MEANING,
    MAX_NAME,
    MAX_TEXT,
    MAX_TITLE,
    MAX_WORD,
    MAX_WORDS,
)

from .columns import COLUMNS, Column
from .dates import NoDateError, read_date

# The value of a status or a treatment that is not yet decided. It is allowed, and makes the edition a draft (案).
BLANK = "未記入"

# Accepted spellings of a flag. The first three of each are those of a YAML boolean.
_YES = ("true", "True", "TRUE", "はい")
_NO = ("false", "False", "FALSE", "いいえ")

TreatmentKind = Literal["継続", "終了"]


def _text(value: object) -> object:
    if value == "":
        raise PydanticCustomError("E204", "空です。値を書いてください。")
    if isinstance(value, str) and not value.strip():
        raise PydanticCustomError("E204", "空白だけです。値を書いてください。")
    return value


def _name(value: str) -> str:
    if (lines := value.count("\n") + 1) > MAX_LINES:
        raise PydanticCustomError("E213", f"{lines:,}行あります。{MAX_LINES}行までにしてください。")
    return value


def _prose(value: str) -> str:
    if gap := long_gap(value):
        raise PydanticCustomError("E214", "{gap}", {"gap": gap})
    return value


def _number(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch("[1-9][0-9]{0,8}", value):
        raise PydanticCustomError(
            "E205", "番号として読めません。1から999999999までの整数を、頭に0を付けず、半角の数字で書いてください。"
        )
    return int(value)


def _flag(value: object) -> object:
    if isinstance(value, str) and value in _YES + _NO:
        return value in _YES
    raise PydanticCustomError("E206", "true か false ではありません。")


def _date(value: object) -> object:
    try:
        return read_date(value if isinstance(value, str) else "")
    except NoDateError as error:
        raise PydanticCustomError("E207", "{why}", {"why": str(error)}) from None


def _edition_id(value: object) -> object:
    if not isinstance(value, str) or not is_edition_id(value):
        raise PydanticCustomError(
            "E209",
            "版の名前ではありません。前版のファイル名から「.yaml」を除いたもの(半角の英小文字、数字、「-」)を書いてください。",
        )
    return value


def _kind(value: object) -> object:
    if value not in ("継続", "終了"):
        raise PydanticCustomError("E211", "「継続」(次の版に続く)か「終了」(続かない)で書いてください。")
    return value


def _place_of_meanings(value: object) -> object:
    if value not in ("各ページ", "一ページ目"):
        raise PydanticCustomError(
            "E212", "「各ページ」(意味をどのページにも印刷する)か「一ページ目」(一ページ目だけ)で書いてください。"
        )
    return value


def is_edition_id(text: str) -> bool:
    """Whether `text` can be an edition's id: 1 to 64 lower-case letters, digits and hyphens, no hyphen first."""
    return bool(re.fullmatch("[a-z0-9][a-z0-9-]{0,63}", text))


# An editor parses `年度: 2012` as a number and `検証内容:` as null; the pipeline reads both as text.
_scalar_schema = {"type": ["string", "number", "boolean"]}
_optional_schema = {"type": ["string", "number", "boolean", "null"]}
_edition_id_schema = {"type": ["string", "integer"], "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}
_flag_schema = {"enum": [True, False, *_YES, *_NO]}
_day_schema = {
    "type": "string",
    "pattern": "^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"
    "|(明治|大正|昭和|平成|令和)?([0-9]{1,4}|元)年[0-9]{1,2}月[0-9]{1,2}日)$",
}


def _up_to(length: int, schema: dict[str, list[str]] = _scalar_schema) -> WithJsonSchema:
    return WithJsonSchema({**schema, "maxLength": length})


# Required values. `rules` checks that a `Listed` value (a status or a treatment) is on the edition's list of `Word`s.
Title = Annotated[str, Field(max_length=MAX_TITLE), BeforeValidator(_text), _up_to(MAX_TITLE)]
Name = Annotated[str, Field(max_length=MAX_NAME), BeforeValidator(_text), AfterValidator(_name), _up_to(MAX_NAME)]
Heading = Annotated[
    str, Field(max_length=MAX_HEADING), BeforeValidator(_text), AfterValidator(_name), _up_to(MAX_HEADING)
]
Head = Annotated[str, Field(max_length=MAX_HEAD), BeforeValidator(_text), _up_to(MAX_HEAD)]
Word = Annotated[str, Field(max_length=MAX_WORD), BeforeValidator(_text), _up_to(MAX_WORD)]
Meaning = Annotated[str, Field(max_length=MAX_MEANING), BeforeValidator(_text), _up_to(MAX_MEANING)]
Listed = Annotated[str, BeforeValidator(_text), WithJsonSchema(_scalar_schema)]
# Optional values, and values that are not text.
Label = Annotated[str, Field(max_length=MAX_LABEL), _up_to(MAX_LABEL, _optional_schema)]
Successor = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(_name), _up_to(MAX_NAME, _optional_schema)]
Prose = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_prose), _up_to(MAX_TEXT, _optional_schema)]
Number = Annotated[int, Field(ge=1), BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema(_flag_schema)]
Day = Annotated[datetime.date, BeforeValidator(_date), WithJsonSchema(_day_schema)]
EditionId = Annotated[str, BeforeValidator(_edition_id), WithJsonSchema(_edition_id_schema)]
WrittenTreatmentKind = Annotated[TreatmentKind, BeforeValidator(_kind)]
LegendPlace = Annotated[Literal["各ページ", "一ページ目"], BeforeValidator(_place_of_meanings)]

# The limit of a dict's keys, which pydantic leaves out of the JSON Schema.
_KEYS: JsonDict = {"propertyNames": {"maxLength": MAX_WORD}}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, data: Any) -> Any:
        """Drop optional keys with an empty or blank value (`検証内容:`), which mean the same as no key."""
        if not isinstance(data, dict):
            return data
        optional = {field.alias for field in cls.model_fields.values() if not field.is_required()}
        return {
            key: value
            for key, value in data.items()
            if key not in optional or not isinstance(value, str) or value.strip()
        }


class Item(_Part):
    """推進項目: one numbered row."""

    number: Number = Field(alias="NO", description="項目の番号。版の中で一つだけ")
    name: Name = Field(alias="名称")
    status: Listed = Field(alias="実施状況", description="凡例の記号のどれか。決まっていなければ 未記入")
    treatment: Listed = Field(
        alias="今後の取扱い", description="「今後の取扱い」の語のどれか。決まっていなければ 未記入"
    )
    findings: Prose = Field("", alias="検証内容", description="文章。空でもよい")
    department: Label = Field("", alias="担当課", description="この項目を受け持つ課")
    merged_into: Successor = Field("", alias="統合先", description="次の版でこの項目を引き継ぐ項目の名称")
    previous_numbers: tuple[Number, ...] = Field(
        (), alias="前版NO", description="前版のどのNOを引き継ぐか(例 [11, 12])"
    )

    def text(self, column: Column) -> str:
        """The text of the cell of `column`. A level has no cell."""
        return str(getattr(self, column.field))


class Repeat(_Part):
    """再掲: a row that repeats an item of another measure."""

    number: Number = Field(alias="再掲", description="再び掲げる項目のNO")


def _row_kind(value: object) -> str:
    return "repeat" if isinstance(value, (dict, Repeat)) and (isinstance(value, Repeat) or "再掲" in value) else "item"


ItemOrRepeat = Annotated[
    Annotated[Item, Tag("item")] | Annotated[Repeat, Tag("repeat")],
    Discriminator(_row_kind),
]


class Measure(_Part):
    """推進施策: level 2."""

    name: Heading = Field(alias="名称")
    page_break: Flag = Field(False, alias="改ページ", description="true なら、ここから新しいページにする")
    rows: tuple[ItemOrRepeat, ...] = Field((), alias="推進項目")

    @property
    def items(self) -> tuple[Item, ...]:
        """The rows that are items, without repeats."""
        return tuple(row for row in self.rows if isinstance(row, Item))


class Policy(_Part):
    """推進方針: level 1."""

    name: Heading = Field(alias="名称")
    page_break: Flag = Field(False, alias="改ページ", description="true なら、ここから新しいページにする")
    measures: tuple[Measure, ...] = Field((), alias="推進施策")


if TYPE_CHECKING:

    class Headings(_Part):
        """見出し: the column heads, by the name of the column."""

        def __getattr__(self, name: str) -> str: ...

else:
    Headings = create_model(
        "Headings",
        __base__=_Part,
        __module__=__name__,
        __doc__="見出し: the column heads. Defaults are the terms of the glossary.",
        **{column.name: (Head, Field(column.head, alias=column.key)) for column in COLUMNS},
    )


class Edition(_Part):
    """版: one year's list."""

    title: Title = Field(alias="表題")
    municipality: Label = Field("", alias="自治体", description="PDFの作成者にもなる")
    fiscal_year: Label = Field("", alias="年度", description="書いたとおりに印刷する")
    as_of: Day | None = Field(None, alias="現在日", description="例 2013-03-31。「平成25年3月31日現在」と印刷する")
    department: Label = Field("", alias="担当課")
    document_number: Label = Field("", alias="資料番号", description="各ページの右上に印刷する")
    draft: Flag = Field(False, alias="案", description="true なら「案」と印刷する")
    previous: EditionId | None = Field(
        None, alias="前版", description="前の版の名前(ファイル名から .yaml を除いたもの)"
    )
    headings: Headings = Field(default_factory=Headings, alias="見出し")
    legend: dict[Word, Meaning] = Field(
        alias="凡例",
        min_length=1,
        max_length=MAX_WORDS,
        description="記号: 意味。書いた順に印刷する",
        json_schema_extra=_KEYS,
    )
    legend_place: LegendPlace = Field(
        "各ページ",
        alias="凡例の場所",
        description="一ページ目 なら、記号の意味は一ページ目だけに印刷し、ほかのページには記号だけを印刷する",
    )
    treatments: dict[Word, WrittenTreatmentKind] = Field(
        alias="今後の取扱い",
        min_length=1,
        max_length=MAX_WORDS,
        description="語: 継続(次の版に続く)か 終了(続かない)",
        json_schema_extra=_KEYS,
    )
    policies: tuple[Policy, ...] = Field(alias="推進方針", min_length=1)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns under the heads of this edition, in printed order."""
        return tuple(replace(column, head=getattr(self.headings, column.name)) for column in COLUMNS)

    def words(self, column: Column) -> Mapping[str, str]:
        """The symbols or terms allowed in `column`, each with its meaning or 継続/終了; empty for other kinds."""
        match column.kind:
            case "symbol":
                return self.legend
            case "term":
                return self.treatments
        return {}

    @property
    def rows(self) -> Iterator[tuple[Policy, Measure, Item | Repeat]]:
        """Yield every row in printed order, with its policy and measure."""
        for policy in self.policies:
            for measure in policy.measures:
                for row in measure.rows:
                    yield policy, measure, row

    @cached_property
    def items(self) -> dict[int, Item]:
        """The items by NO, in printed order, without repeats."""
        return {row.number: row for _, _, row in self.rows if isinstance(row, Item)}

    @property
    def has_meanings_on_first_page(self) -> bool:
        """Whether the meanings of the symbols are printed on page 1 only."""
        return self.legend_place == "一ページ目"

    @property
    def is_draft(self) -> bool:
        """Whether 案 is printed: the edition says so, or a status or a treatment is 未記入."""
        return self.draft or any(BLANK in (item.status, item.treatment) for item in self.items.values())


def policy_number(position: int) -> str:
    """The number of the policy at `position` (from 1): Ⅰ, Ⅱ, … Ⅻ, ⅩⅢ, …

    From 40 on it is decimal, since the fonts lack the Roman numeral 50.
    """
    if position <= 12:
        return chr(0x2160 + position - 1)
    tens, ones = divmod(position, 10)
    return "Ⅹ" * tens + (policy_number(ones) if ones else "") if position < 40 else str(position)


def measure_number(position: int) -> str:
    """The number of the measure at `position` (from 1) within its policy: (1), (2), …"""
    return f"({position})"
