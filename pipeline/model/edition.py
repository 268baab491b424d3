"""Stage 2: pydantic models of an edition, named as in the glossary (docs/glossary.md).

The aliases are the keys of the YAML file. They depend on the form of the list (`form`): `edition_model` makes the models
of a form. `make schema` writes a JSON Schema of them, with which editors complete and check the keys. `rules` checks
what depends on more than one value.
"""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    create_model,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from pipeline.source.limits import MAX_LABEL, MAX_WORDS
from pipeline.text import flat

from .form import BLANK, SHORT_DONE, SHORT_WORDS, Column, Form, form_of, is_own, number_of
from .values import (
    KEYS,
    LABEL_SCHEMA,
    NUMBER_SCHEMA,
    Day,
    EditionId,
    Figure,
    Flag,
    Head,
    HeadingName,
    Label,
    LegendPlace,
    Line,
    Listed,
    LocalCode,
    Meaning,
    Name,
    Number,
    Part,
    Prose,
    SheetName,
    Successor,
    Title,
    Unit,
    WarningCode,
    Word,
    WrittenDay,
    WrittenTreatmentKind,
    series_of,
)


class Item(Part):
    """項目: a row with its NO. Each form has a subclass with a field for each column."""

    number: Number = Field(alias="NO", description="項目の番号。版の中で一つだけ")
    name: Name = Field(alias="名称")
    marks: tuple[Listed, ...] = Field((), alias="印", description="「印」のどれか。名称の前に【】に入れて印刷する")
    department: Label = Field("", alias="担当課", description="この項目を受け持つ課")
    merged_into: Successor = Field("", alias="統合先", description="次の版でこの項目を引き継ぐ項目の名称")
    previous_numbers: tuple[Number, ...] = Field(
        (), alias="前版NO", description="前版のどのNOを引き継ぐか(例 [11, 12])"
    )

    @property
    def label(self) -> str:
        """Its own number, in a form that prints one in place of the NO."""
        return getattr(self, "own_label", "")

    def texts(self, column: Column) -> tuple[str, ...]:
        """The texts of the cells of `column`: one, or one for each year of a series. A level has no cell."""
        value = getattr(self, column.field)
        return value if isinstance(value, tuple) else (str(value),)

    def text(self, column: Column) -> str:
        """The text of `column`; of a series, its values with a space between."""
        return " ".join(self.texts(column))

    def unit_of(self, column: Column) -> str:
        """The unit of the figures in `column`."""
        return column.unit or getattr(self, "own_unit", "") if column.kind == "figure" else ""


class Repeat(Part):
    """再掲: a row that repeats an item below another heading."""

    number: Number = Field(alias="再掲", description="再び掲げる項目のNO")


def _row_kind(value: object) -> str:
    return "repeat" if isinstance(value, (dict, Repeat)) and (isinstance(value, Repeat) or "再掲" in value) else "item"


class Section(Part):
    """A heading of a level, and what is below it. Each level of a form has a subclass."""

    name: HeadingName = Field(alias="名称")
    page_break: Flag = Field(False, alias="改ページ", description="true なら、ここから新しいページにする")
    department: Label = Field(
        "", alias="担当課", description="下の項目のうち、担当課のないものを受け持つ課。印刷しない"
    )
    children: tuple["Section | Item | Repeat", ...] = ()

    @property
    def label(self) -> str:
        """Its own number, in a level that has such."""
        return getattr(self, "own_label", "")

    @property
    def sections(self) -> tuple["Section", ...]:
        """The sections of the next level."""
        return _sections(self.children)

    @property
    def rows(self) -> tuple[Item | Repeat, ...]:
        """The rows directly below it."""
        return _rows(self.children)

    @property
    def items(self) -> tuple[Item, ...]:
        """The rows that are items, without repeats."""
        return tuple(row for row in self.rows if isinstance(row, Item))


def _sections(children: tuple[Section | Item | Repeat, ...]) -> tuple[Section, ...]:
    return tuple(child for child in children if isinstance(child, Section))


def _rows(children: tuple[Section | Item | Repeat, ...]) -> tuple[Item | Repeat, ...]:
    return tuple(child for child in children if not isinstance(child, Section))


@dataclass(frozen=True, slots=True)
class Heading:
    """A section of an edition in its place: its level, its position (from 1) and those of the sections above it."""

    level: Column
    section: Section
    positions: tuple[int, ...]

    @property
    def id(self) -> str:
        """Its id in documents."""
        return f"{self.level.name}-{'-'.join(map(str, self.positions))}"

    @property
    def number(self) -> str:
        """Its number as printed; empty if the level has none."""
        return number_of(self.level, self.positions[-1], self.section.label)

    @property
    def begins_page(self) -> bool:
        """Whether a new page begins with it (改ページ). A first section takes the headings above it along."""
        return (len(self.positions) == 1 or self.positions[-1] > 1) and _asks_for_page(self.section)

    @property
    def title(self) -> str:
        """Its number and name in one line."""
        return " ".join(filter(None, (flat(self.number), flat(self.section.name))))


def _asks_for_page(section: Section) -> bool:
    first = section.sections[:1]
    return section.page_break or any(map(_asks_for_page, first))


class Inquiry(Part):
    """照会: what the workbooks for the departments say about their return."""

    due: Day | None = Field(None, alias="期限", description="例 2013-05-31")
    to: Label = Field("", alias="提出先", description="なければ、版の担当課")
    contact: Label = Field("", alias="担当", description="問い合わせ先の氏名か係")
    extension: Label = Field("", alias="内線")


def _several(value: object) -> object:
    """One value as a list of one."""
    return [value] if isinstance(value, str) else value


class Abolition(Part):
    """廃止: items of the edition before that deliberately have no successor in this one."""

    previous_numbers: Annotated[
        tuple[Number, ...],
        Field(min_length=1),
        BeforeValidator(_several),
        WithJsonSchema({"anyOf": [NUMBER_SCHEMA, {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}]}),
    ] = Field(alias="前版NO", description="前版のどのNOを廃止したか(例 12、[12, 13])")
    reason: Meaning = Field(alias="理由", description="新旧対照表と経過に印刷する")


class Acknowledgement(Part):
    """確認済: a warning that somebody has looked at."""

    code: WarningCode = Field(alias="警告", description="警告の番号(例 W502)")
    number: Number | None = Field(None, alias="NO", description="項目のNO。項目の警告でなければ書かない")
    reason: Meaning = Field(alias="理由", description="そのままでよい理由。「配布前の確認」に載せる")


class DocumentNumbers(Part):
    """資料番号: the number of each kind of document; a source may give one text for all."""

    report: Label = Field("", alias="一覧")
    summary: Label = Field("", alias="集計表")
    comparison: Label = Field("", alias="新旧対照表")
    history: Label = Field("", alias="経過")
    errata: Label = Field("", alias="正誤表")
    council: Label = Field("", alias="資料目録")

    @classmethod
    def same(cls, number: str) -> "DocumentNumbers":
        """One number for all documents."""
        return cls.model_validate({field.alias: number for field in cls.model_fields.values()})

    @property
    def by_document(self) -> dict[str, str]:
        """The numbers by the document's name in the source."""
        return {str(field.alias): getattr(self, name) for name, field in type(self).model_fields.items()}

    @property
    def of_all(self) -> str | None:
        """The number that all documents have; None if they differ."""
        first, *others = self.by_document.values()
        return first if all(other == first for other in others) else None


def _document_numbers(value: object, read: ValidatorFunctionWrapHandler) -> DocumentNumbers:
    if isinstance(value, str):
        if len(value) > MAX_LABEL:
            raise PydanticKnownError("string_too_long", {"max_length": MAX_LABEL})
        return DocumentNumbers.same(value)
    if not isinstance(value, Mapping | DocumentNumbers):
        raise PydanticCustomError(
            "E203",
            "使えません。「資料1」のように一つ書くか、資料ごとに {一覧: 資料1-1, 集計表: 資料1-2} と書いてください。",
        )
    numbers: DocumentNumbers = read(value)
    return numbers


_DOCUMENT_NUMBERS_SCHEMA = {
    "anyOf": [
        LABEL_SCHEMA,
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {str(field.alias): LABEL_SCHEMA for field in DocumentNumbers.model_fields.values()},
        },
    ]
}


class Change(Part):
    """One of 更新履歴: what changed in the published data on a day."""

    day: Day = Field(alias="日付", description="例 2013-06-10")
    text: Name = Field(alias="内容", description="何を改めたか")


class Publication(Part):
    """公開: what the web page and the open data say of themselves. Nothing of it is printed."""

    licence: Label = Field("", alias="ライセンス", description="利用の条件(例 CC BY 4.0)")
    contact: Label = Field("", alias="問い合わせ先", description="なければ、自治体と担当課")
    updated: Day | None = Field(None, alias="更新日", description="データを改めた日(例 2013-06-10)")
    frequency: Label = Field("", alias="更新頻度", description="例 年1回")
    changes: tuple[Change, ...] = Field((), alias="更新履歴", description="公開した後で改めたこと")
    remarks: Prose = Field("", alias="留意事項", description="データを使う人に伝えること")


class Edition(Part):
    """版: one year's list. Each form has a subclass (`edition_model`)."""

    form: ClassVar[Form]

    title: Title = Field(alias="表題")
    municipality: Label = Field("", alias="自治体", description="PDFの作成者にもなる")
    local_code: LocalCode = Field(
        "", alias="団体コード", description="全国地方公共団体コード(検査数字までの6桁。例 352039)。印刷しない"
    )
    fiscal_year: Label = Field("", alias="年度", description="書いたとおりに印刷する")
    as_of: Day | None = Field(None, alias="現在日", description="例 2013-03-31。「平成25年3月31日現在」と印刷する")
    corrected_on: Day | None = Field(
        None, alias="訂正日", description="例 2013-06-10。正誤表に、訂正した日として印刷する"
    )
    department: Label = Field("", alias="担当課")
    document_number: Annotated[
        DocumentNumbers, WrapValidator(_document_numbers), WithJsonSchema(_DOCUMENT_NUMBERS_SCHEMA)
    ] = Field(
        default_factory=DocumentNumbers,
        alias="資料番号",
        description="各ページの右上に印刷する。資料ごとに書くこともできる(例 {一覧: 資料1-1, 集計表: 資料1-2})",
    )
    draft: Flag = Field(False, alias="案", description="true なら「案」と印刷する")
    previous: EditionId | None = Field(
        None, alias="前版", description="前の版の名前(ファイル名から .yaml を除いたもの)"
    )
    abolitions: tuple[Abolition, ...] = Field(
        (), alias="廃止", description="前版の項目のうち、続くはずだったが廃止したもの(例 [{前版NO: 12, 理由: …}])"
    )
    acknowledged: tuple[Acknowledgement, ...] = Field(
        (), alias="確認済", description="確かめた警告(例 [{警告: W502, NO: 49, 理由: …}])"
    )
    legend_place: LegendPlace = Field(
        "各ページ",
        alias="凡例の場所",
        description="一ページ目 なら、記号の意味は一ページ目だけに印刷し、ほかのページには記号だけを印刷する",
    )
    inquiry: Inquiry = Field(default_factory=Inquiry, alias="照会", description="照会票に印刷する期限と提出先")
    publication: Publication = Field(
        default_factory=Publication, alias="公開", description="ウェブページとオープンデータに載せること。印刷しない"
    )
    sheet_name: SheetName = Field("A4横", alias="用紙")
    preface: Prose = Field("", alias="前文", description="一ページ目の表の上に印刷する文章")
    postface: Prose = Field("", alias="後文", description="表の下に印刷する文章")
    marks: dict[Word, Meaning] = Field(
        {},
        alias="印",
        max_length=MAX_WORDS,
        description="印: 意味。項目の名称の前に【】に入れて印刷する",
        json_schema_extra=KEYS,
    )
    notes: dict[Word, Prose] = Field(
        {}, alias="注", description="番号: 文章。表の下に印刷する。文の中の ※1 が指す", json_schema_extra=KEYS
    )
    # Each form has a field for each column's head, of which the alias is the column's key.
    heads: Part
    children: tuple[Section | Item | Repeat, ...] = ()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns in printed order, with the heads and the words of this edition."""
        return tuple(
            replace(column, head=getattr(self.heads, column.attribute), words=self._words(column))
            for column in self.form.columns
        )

    def _words(self, column: Column) -> Mapping[str, str]:
        if column.kind not in ("symbol", "term"):
            return {}
        words: Mapping[str, str]
        if self.form.has_own_columns:
            words = getattr(self, "own_columns", {})[column.key].words
        else:
            words = getattr(self, f"words_{column.attribute}")
        return words

    def _said(self, column: Column | None) -> Column | None:
        """A column of the form, with the head and the words of this edition."""
        return self.columns[self.form.columns.index(column)] if column else None

    @cached_property
    def own(self) -> tuple[Column, ...]:
        """The columns that the form itself names (欄), with the heads and the words of this edition."""
        return tuple(column for column in self.columns if is_own(column))

    @cached_property
    def levels(self) -> tuple[Column, ...]:
        """The levels, the outermost first, with the heads of this edition."""
        return tuple(column for column in self.columns if column.kind == "level")

    @property
    def main(self) -> Column | None:
        """The column by which items are counted (集計: 主)."""
        return self._said(self.form.main)

    @property
    def deciding(self) -> Column | None:
        """The column that says whether an item goes on (行方); if there is none, every item does."""
        return self._said(self.form.deciding)

    @property
    def number_column(self) -> Column | None:
        """The column of NO or of the items' own numbers; None if none is printed."""
        return self._said(self.form.number)

    @property
    def item_column(self) -> Column:
        """The column of the items' names."""
        return next(column for column in self.columns if column.kind == "name")

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections of the outermost level."""
        return _sections(self.children)

    def outline(self) -> Iterator[tuple[Heading, ...]]:
        """Yield every heading in printed order, after those above it, the outermost first."""
        return self._outline(self.sections, ())

    def _outline(self, sections: tuple[Section, ...], above: tuple[Heading, ...]) -> Iterator[tuple[Heading, ...]]:
        for position, section in enumerate(sections, 1):
            positions = (*above[-1].positions, position) if above else (position,)
            here = (*above, Heading(self.form.levels[len(above)], section, positions))
            yield here
            yield from self._outline(section.sections, here)

    def lines(self) -> Iterator[tuple[tuple[Heading, ...], Item | Repeat | None]]:
        """Yield every line of the list in printed order: the headings above it, and the row.

        The row is None for the line of the last of the headings itself.
        """
        for row in _rows(self.children):
            yield (), row
        for headings in self.outline():
            yield headings, None
            for row in headings[-1].section.rows:
                yield headings, row

    def rows(self) -> Iterator[tuple[tuple[Heading, ...], Item | Repeat]]:
        """Yield every row in printed order, with the headings above it, the outermost first."""
        return ((headings, row) for headings, row in self.lines() if row is not None)

    @cached_property
    def items(self) -> dict[int, Item]:
        """The items by NO, in printed order, without repeats."""
        return {row.number: row for _, row in self.rows() if isinstance(row, Item)}

    @cached_property
    def abolished(self) -> dict[int, str]:
        """The reason for each NO of the edition before that was abolished (廃止)."""
        return {number: one.reason for one in self.abolitions for number in one.previous_numbers}

    @property
    def updated(self) -> datetime.date | None:
        """The day on which the published data last changed, so far as the edition says; else the day it is as of."""
        said = [self.publication.updated, *(change.day for change in self.publication.changes)]
        return max(filter(None, said), default=self.as_of)

    @property
    def has_meanings_on_first_page(self) -> bool:
        """Whether the meanings of the symbols are printed on page 1 only."""
        return self.legend_place == "一ページ目"

    @property
    def is_draft(self) -> bool:
        """Whether 案 is printed: the edition says so, or a value is 未記入."""
        return self.draft or any(
            BLANK in item.texts(column) for item in self.items.values() for column in self.form.own
        )


def read_edition(data: object) -> Edition:
    """The edition in a source, as plain data. Raises pydantic's `ValidationError`."""
    return edition_model(form_of(data if isinstance(data, Mapping) else {})).model_validate(data)


@lru_cache(maxsize=64)
def edition_model(form: Form, with_all_keys: bool = False) -> type[Edition]:
    """The model of editions of this `form`.

    The keys of the form itself (段, 項目, 欄) are left out where a source has none, since their models take time to make;
    `with_all_keys` has them.
    """
    child: Any = Annotated[
        Annotated[_item_model(form), Tag("item")] | Annotated[Repeat, Tag("repeat")], Discriminator(_row_kind)
    ]
    key = form.item.key
    for level in reversed(form.levels):
        child, key = _section_model(level, child, key), level.key
    heads = _heads_model(form)
    fields: dict[str, Any] = {
        "heads": (heads, Field(default_factory=heads, alias="見出し")),
        "children": (tuple[child, ...], Field(alias=key, min_length=1)),
    }
    if not form.has_own_columns:
        fields |= _short_words(form)
    if form.written or with_all_keys:
        fields |= _form_fields(form, with_all_keys)
    model = create_model("Edition", __base__=Edition, __module__=__name__, __doc__=Edition.__doc__, **fields)
    model.form = form
    return model


def _item_model(form: Form) -> type[Item]:
    fields: dict[str, Any] = {}
    if form.item_numbering == "自由":
        fields["own_label"] = (Label, Field("", alias="番号", description="NOの代わりに印刷する番号"))
    if any(column.kind == "figure" and not column.unit for column in form.own):
        fields["own_unit"] = (Unit, Field("", alias="単位", description="この項目の数の単位"))
    for column in form.own:
        kind, default, description = _value(column)
        fields[column.field] = (kind, Field(default, alias=column.key, description=description))
    return create_model("Item", __base__=Item, __module__=__name__, __doc__=Item.__doc__, **fields)


def _value(column: Column) -> tuple[Any, Any, str]:
    """(type, default, description) of the values of `column`."""
    undecided = f"決まっていなければ {BLANK}"
    match column.kind:
        case "symbol":
            return Listed, ..., f"凡例の記号のどれか。{undecided}"
        case "term":
            return Listed, ..., f"「{column.key}」の語のどれか。{undecided}"
        case "figure" if column.years:
            return (
                series_of(len(column.years)),
                ...,
                f"年度ごとの数の並び(例 [32, 40])。なければ - か なし。{undecided}",
            )
        case "figure":
            return Figure, ..., f"数。なければ - か なし。{undecided}"
        case "department":
            return Label, "", "この項目を受け持つ課"
        case "date":
            return WrittenDay, "", f"日付(例 2013-03-31)。{undecided}"
        case "prose":
            return Prose, "", "文章。空でもよい"
    return Line, "", "短い文字。空でもよい"


def _section_model(level: Column, child: Any, key: str) -> type[Section]:
    fields: dict[str, Any] = {"children": (tuple[child, ...], Field((), alias=key))}
    if level.numbering == "自由":
        fields["own_label"] = (Label, Field("", alias="番号", description="見出しの番号"))
    return create_model(class_name(level), __base__=Section, __module__=__name__, __doc__=Section.__doc__, **fields)


def class_name(level: Column) -> str:
    """The name of the model of a level's sections, and of its JSON Schema: Policy, Level3."""
    return level.name.capitalize().replace("-", "")


def _heads_model(form: Form) -> type[Part]:
    heads: dict[str, Any] = {column.attribute: (Head, Field(column.key, alias=column.key)) for column in form.columns}
    return create_model("Headings", __base__=Part, __module__=__name__, __doc__="見出し: the column heads.", **heads)


def _short_words(form: Form) -> dict[str, Any]:
    """The fields of the default columns' words, and of what is done."""
    fields: dict[str, Any] = {}
    for column in form.own:
        words: Any = dict[Word, Meaning] if column.kind == "symbol" else dict[Word, WrittenTreatmentKind]
        says = (
            "記号: 意味。書いた順に印刷する" if column.kind == "symbol" else "語: 継続(次の版に続く)か 終了(続かない)"
        )
        if key := SHORT_WORDS.get(column.key):
            fields[f"words_{column.attribute}"] = (
                words,
                Field(alias=key, min_length=1, max_length=MAX_WORDS, description=says, json_schema_extra=KEYS),
            )
            fields[f"done_{column.attribute}"] = (
                tuple[Word, ...],
                Field((), alias=SHORT_DONE[column.key], description="項目が済んだことを表すもの"),
            )
    return fields


def _form_fields(form: Form, with_all_keys: bool) -> dict[str, Any]:
    from .specs import FormSource  # here: most sources have no form of their own

    fields: dict[str, Any] = {}
    for name, field in FormSource.model_fields.items():
        if field.alias in form.written or (with_all_keys and not (field.alias == "欄" and not form.has_own_columns)):
            fields[f"own_{name}"] = (field.annotation, field)
    return fields
