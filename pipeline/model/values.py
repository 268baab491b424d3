"""Stage 2: the types of the values of a source. Each has its limit, its errors and its JSON Schema."""

import datetime
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from pipeline.paper import SHEETS
from pipeline.source.characters import long_gap
from pipeline.source.limits import (
    MAX_HEAD,
    MAX_HEADING,
    MAX_LABEL,
    MAX_LINES,
    MAX_MEANING,
    MAX_NAME,
    MAX_TERM,
    MAX_TEXT,
    MAX_TITLE,
    MAX_UNIT,
    MAX_WORD,
)

from .dates import NoDateError, japanese_date, read_date
from .edition_id import EDITION_ID, is_edition_id
from .form import BLANK, FIGURE, NO_FIGURES, YES, is_figure, split_figure
from .local_code import fault_of

# The warning on a value that is 未記入, which has to be filled in.
BLANK_CODE = "W507"

# Spellings of a flag that is not set. The first three are those of a YAML boolean.
_NO = ("false", "False", "FALSE", "いいえ")

# Whether what has a term goes on into the next edition.
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
            "E205", "番号として読めません。1から999999999までの整数を、先頭に0を付けず、半角の数字で書いてください。"
        )
    return int(value)


def _flag(value: object) -> object:
    if isinstance(value, str) and value in YES + _NO:
        return value in YES
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


def _local_code(value: object) -> object:
    if fault := fault_of(value if isinstance(value, str) else ""):
        raise PydanticCustomError("E219", "{why}", {"why": fault})
    return value


def treatment_kind(value: object) -> object:
    """The value of a `TreatmentKind`, if it is one of its words."""
    if value not in ("継続", "終了"):
        raise PydanticCustomError("E211", "「継続」(次の版に続く)か「終了」(続かない)で書いてください。")
    return value


def _place_of_meanings(value: object) -> object:
    if value not in ("各ページ", "一ページ目"):
        raise PydanticCustomError(
            "E212", "「各ページ」(意味をどのページにも印刷する)か「一ページ目」(一ページ目だけ)で書いてください。"
        )
    return value


def one_of(words: Sequence[str], value: object) -> object:
    """`value`, if it is one of `words`; otherwise an error that names them."""
    if value not in words:
        *others, last = (f"「{word}」" for word in words)
        listed = "、".join(others) + ("か" if others else "") + last
        raise PydanticCustomError("E218", "使えません。{words}と書いてください。", {"words": listed})
    return value


def _warning_code(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch("W[0-9]{3}", value):
        raise PydanticCustomError("E218", "使えません。警告の番号(例 W502)を書いてください。")
    if value == BLANK_CODE:
        raise PydanticCustomError("E218", "使えません。未記入は、確認済にできません。値を書いてください。")
    return value


def _figure(value: object) -> object:
    if not isinstance(value, str) or is_figure(value):
        return value
    figure, unit = split_figure(unicodedata.normalize("NFKC", value))
    unit = unit.strip()
    if figure and unit and not re.search("[0-9]", unit):
        raise PydanticCustomError(
            "E216",
            "数ではありません。「{number}」と書き、単位は「単位: {unit}」と書いてください。",
            {"number": figure, "unit": unit},
        )
    if figure and not unit:
        raise PydanticCustomError("E216", "半角の数字で「{number}」と書いてください。", {"number": figure})
    raise PydanticCustomError(
        "E216", "数ではありません。半角の数字(例 1,250、38.2、▲3)か、数がなければ「-」か「なし」と書いてください。"
    )


def _written_date(value: str) -> str:
    """A day in a cell, as it is printed."""
    if value in ("", BLANK, *NO_FIGURES):
        return value
    day = _date(value)
    assert isinstance(day, datetime.date)
    return japanese_date(day)


def _series(years: int, values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) != years:
        is_split = len(values) > years and any(re.fullmatch(r"[0-9]{3}(\.[0-9]+)?", value) for value in values[1:])
        split = "「,」のある数は、'1,250' のように引用符で囲んでください。" if is_split else ""
        raise PydanticCustomError(
            "E217",
            "値が{count}個あります。「年度」の数と同じ{years}個を、[32, 40] のように書いてください。{split}",
            {"count": len(values), "years": years, "split": split},
        )
    return values


# An editor parses `年度: 2012` as a number and `資料番号:` as null; the pipeline reads both as text.
_scalar_schema = {"type": ["string", "number", "boolean"]}
_optional_schema = {"type": ["string", "number", "boolean", "null"]}
_edition_id_schema = {"type": ["string", "integer"], "pattern": f"^{EDITION_ID}$"}
_local_code_schema = {"type": ["string", "integer", "null"], "pattern": "^[0-9]{6}$"}
_figure_schema = {"type": ["string", "number"], "pattern": f"^({FIGURE.pattern}|{'|'.join(NO_FIGURES)}|{BLANK})$"}
_flag_schema = {"enum": [True, False, *YES, *_NO]}
_day_schema = {
    "type": "string",
    "pattern": "^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"
    "|(明治|大正|昭和|平成|令和)?([0-9]{1,4}|元)年[0-9]{1,2}月[0-9]{1,2}日)$",
}


def _up_to(length: int, schema: dict[str, list[str]] = _scalar_schema) -> WithJsonSchema:
    return WithJsonSchema({**schema, "maxLength": length})


# Required values. `rules` checks that a `Listed` value (a symbol, a term or a mark) is on the edition's list of `Word`s.
Title = Annotated[str, Field(max_length=MAX_TITLE), BeforeValidator(_text), _up_to(MAX_TITLE)]
Name = Annotated[str, Field(max_length=MAX_NAME), BeforeValidator(_text), AfterValidator(_name), _up_to(MAX_NAME)]
HeadingName = Annotated[
    str, Field(max_length=MAX_HEADING), BeforeValidator(_text), AfterValidator(_name), _up_to(MAX_HEADING)
]
Head = Annotated[str, Field(max_length=MAX_HEAD), BeforeValidator(_text), _up_to(MAX_HEAD)]
Word = Annotated[str, Field(max_length=MAX_WORD), BeforeValidator(_text), _up_to(MAX_WORD)]
Term = Annotated[str, Field(max_length=MAX_TERM), BeforeValidator(_text), _up_to(MAX_TERM)]
Meaning = Annotated[str, Field(max_length=MAX_MEANING), BeforeValidator(_text), _up_to(MAX_MEANING)]
Listed = Annotated[str, BeforeValidator(_text), WithJsonSchema(_scalar_schema)]
Figure = Annotated[
    str,
    Field(max_length=MAX_WORD),
    BeforeValidator(_text),
    BeforeValidator(_figure),
    WithJsonSchema({**_figure_schema, "maxLength": MAX_WORD}),
]
# Optional values, and values that are not text.
LABEL_SCHEMA: dict[str, Any] = {**_optional_schema, "maxLength": MAX_LABEL}
Label = Annotated[str, Field(max_length=MAX_LABEL), WithJsonSchema(LABEL_SCHEMA)]
Successor = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(_name), _up_to(MAX_NAME, _optional_schema)]
Unit = Annotated[str, Field(max_length=MAX_UNIT), _up_to(MAX_UNIT, _optional_schema)]
Line = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(_name), _up_to(MAX_NAME, _optional_schema)]
WrittenDay = Annotated[
    str,
    Field(max_length=MAX_LABEL),
    AfterValidator(_written_date),
    WithJsonSchema({"anyOf": [_day_schema, {"enum": [None, BLANK, *NO_FIGURES]}]}),
]
Prose = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_prose), _up_to(MAX_TEXT, _optional_schema)]
NUMBER_SCHEMA: JsonDict = {"type": "integer", "minimum": 1}
Number = Annotated[int, Field(ge=1), BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema(_flag_schema)]
Day = Annotated[datetime.date, BeforeValidator(_date), WithJsonSchema(_day_schema)]
WarningCode = Annotated[
    str, BeforeValidator(_warning_code), WithJsonSchema({"type": "string", "pattern": "^W[0-9]{3}$"})
]
EditionId = Annotated[str, BeforeValidator(_edition_id), WithJsonSchema(_edition_id_schema)]
LocalCode = Annotated[str, BeforeValidator(_local_code), WithJsonSchema(_local_code_schema)]
WrittenTreatmentKind = Annotated[TreatmentKind, BeforeValidator(treatment_kind)]
SheetName = Annotated[Literal["A4横", "A4縦", "A3横"], BeforeValidator(partial(one_of, [*SHEETS]))]
LegendPlace = Annotated[Literal["各ページ", "一ページ目"], BeforeValidator(_place_of_meanings)]

# The limit of a dict's keys, which pydantic leaves out of the JSON Schema.
KEYS: JsonDict = {"propertyNames": {"maxLength": MAX_WORD}}


class Part(BaseModel):
    """A mapping of a source. The aliases of its fields are the keys."""

    # Deferred: the base classes never validate, and a model within another needs no validator of its own.
    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, data: Any) -> Any:
        """Drop optional keys with an empty or blank value (`資料番号:`), which mean the same as no key."""
        if not isinstance(data, dict):
            return data
        optional = {field.alias for field in cls.model_fields.values() if not field.is_required()}
        return {
            key: value
            for key, value in data.items()
            if key not in optional or not isinstance(value, str) or value.strip()
        }


def series_of(years: int) -> Any:
    """The type of a series of `years` figures."""
    lengths: JsonDict = {"minItems": years, "maxItems": years}
    return Annotated[tuple[Figure, ...], AfterValidator(partial(_series, years)), Field(json_schema_extra=lengths)]


def amount(text: str) -> Decimal | None:
    """The number that a figure says; None of 「-」, なし and 未記入."""
    if not FIGURE.fullmatch(text):
        return None
    return Decimal(re.sub("^[-−▲△]", "-", text.replace(",", "").lstrip("+")))
