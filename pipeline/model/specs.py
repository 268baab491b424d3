"""Stage 2: pydantic models of the form in a source: levels (段), items (項目) and columns (欄)."""

from functools import partial
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from pipeline.source.limits import MAX_WORDS

from .form import KINDS, MAX_COLUMNS, MAX_LEVELS, MAX_YEARS, ItemNumbering, Numbering
from .values import KEYS, Flag, Head, Meaning, Part, Term, Unit, Word, one_of, treatment_kind


def _one_of(*words: str) -> Any:
    """A check of a literal of `words`, with an error in Japanese."""
    return BeforeValidator(partial(one_of, words))


class LevelSpec(Part):
    """段: a kind of heading above the items."""

    name: Head = Field(alias="名称")
    numbering: Annotated[Numbering, _one_of(*get_args(Numbering))] = Field(
        "なし", alias="番号", description="見出しの番号の付け方"
    )


class ItemSpec(Part):
    """項目: the rows."""

    name: Head = Field(alias="名称")
    numbering: Annotated[ItemNumbering, _one_of(*get_args(ItemNumbering))] = Field(
        "NO", alias="番号", description="印刷する番号"
    )


_Words = Annotated[dict[Word, Meaning], Field(min_length=1, max_length=MAX_WORDS, json_schema_extra=KEYS)]
_Main = Annotated[Literal["主"], _one_of("主")]


def _with_kinds(value: object) -> object:
    """A list of terms as a mapping without kinds."""
    return dict.fromkeys(value, "") if isinstance(value, list) and all(isinstance(one, str) for one in value) else value


def _term_kind(value: object) -> object:
    return value if value == "" else treatment_kind(value)


class SymbolSpec(Part):
    """種類: 記号."""

    kind: Literal["記号"] = Field(alias="種類")
    words: _Words = Field(alias="凡例", description="記号: 意味。書いた順に印刷する")
    main: _Main | None = Field(None, alias="集計", description="主 なら、集計表の図と経過はこの欄で数える")
    done: tuple[Word, ...] = Field((), alias="完了の記号", description="項目が済んだことを表す記号")


class TermSpec(Part):
    """種類: 語."""

    kind: Literal["語"] = Field(alias="種類")
    words: Annotated[
        dict[Term, Annotated[Literal["継続", "終了", ""], BeforeValidator(_term_kind)]],
        Field(min_length=1, max_length=MAX_WORDS),
        BeforeValidator(_with_kinds),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1},
                    {"type": "object", "additionalProperties": {"enum": ["継続", "終了"]}, "minProperties": 1},
                ]
            }
        ),
    ] = Field(alias="語", description="使う語。行方の欄では、語: 継続(次の版に続く)か 終了(続かない)")
    main: _Main | None = Field(None, alias="集計", description="主 なら、集計表の図と経過はこの欄で数える")
    decides: Flag = Field(False, alias="行方", description="true なら、この語で次の版に続くかどうかが決まる")
    done: tuple[Term, ...] = Field((), alias="完了の語", description="項目が済んだことを表す語")


class FigureSpec(Part):
    """種類: 数."""

    kind: Literal["数"] = Field(alias="種類")
    unit: Unit = Field("", alias="単位", description="全ての項目に共通の単位")
    years: tuple[Head, ...] = Field(
        (), alias="年度", min_length=1, max_length=MAX_YEARS, description="年度ごとに並べる値の、欄の見出し"
    )


class DepartmentSpec(Part):
    """種類: 課."""

    kind: Literal["課"] = Field(alias="種類")


class TextSpec(Part):
    """種類: 文字."""

    kind: Literal["文字"] = Field(alias="種類")


class DateSpec(Part):
    """種類: 日付."""

    kind: Literal["日付"] = Field(alias="種類")


class ProseSpec(Part):
    """種類: 文章."""

    kind: Literal["文章"] = Field(alias="種類")
    below: Annotated[Literal["下"], _one_of("下")] | None = Field(
        None, alias="段落", description="下 なら、項目の行の下に幅いっぱいに印刷する"
    )


def _kind_of_column(value: object) -> str | None:
    kind = value.get("種類") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if isinstance(kind, str) and kind in KINDS else None


ColumnSpec = Annotated[
    Annotated[SymbolSpec, Tag("記号")]
    | Annotated[TermSpec, Tag("語")]
    | Annotated[FigureSpec, Tag("数")]
    | Annotated[DepartmentSpec, Tag("課")]
    | Annotated[TextSpec, Tag("文字")]
    | Annotated[DateSpec, Tag("日付")]
    | Annotated[ProseSpec, Tag("文章")],
    # The message is made with its place (validation.py).
    Discriminator(_kind_of_column, custom_error_type="E218", custom_error_message="種類"),
]

# The models by 種類.
SPECS: dict[str, type[Part]] = {one.__metadata__[0].tag: one.__origin__ for one in get_args(get_args(ColumnSpec)[0])}

Columns = Annotated[dict[Head, ColumnSpec], Field(min_length=1, max_length=MAX_COLUMNS)]
Levels = Annotated[tuple[LevelSpec, ...], Field(max_length=MAX_LEVELS)]


class FormSource(BaseModel):
    """The part of a source that says its form. It is validated first, because the rest depends on it."""

    model_config = ConfigDict(frozen=True)

    levels: Levels | None = Field(None, alias="段")
    item: ItemSpec | None = Field(None, alias="項目")
    columns: Columns | None = Field(None, alias="欄")
