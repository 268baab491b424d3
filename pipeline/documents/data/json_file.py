"""Writes and reads data.json: the whole edition under the identifiers of the glossary.

The file follows the form. In the default form a section's list and an item's values have the names of the glossary
(`form.LISTS`, `Column.attribute`). In another form the sections are `sections`, an item's values stand in `values` by the
names of the columns, and `form` describes levels and columns. What few editions have (notes, marks, …) is only there in
those.
"""

import datetime
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from pipeline.model.dates import NoDateError, japanese_date, read_date, western_year
from pipeline.model.edition import Change, Edition, Heading, Item, Publication, Repeat, class_name, read_edition
from pipeline.model.form import (
    KINDS,
    LISTS,
    SHORT_DONE,
    SHORT_WORDS,
    Column,
    Form,
    ItemNumbering,
    Numbering,
    form_of,
    spec_of,
)
from pipeline.model.local_code import prefecture
from pipeline.model.schema import json_schema
from pipeline.model.values import TreatmentKind, amount


def json_text(data: object) -> bytes:
    """`data` as UTF-8 JSON, indented, without ASCII escapes."""
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


# The values of an item


def parts_of(column: Column) -> dict[str, tuple[Any, str]]:
    """The parts of a value in `column`, one cell, by name: type and description.

    `text` is what the paper prints; the others are derived from it, but for the unit.
    """
    undecided = "未記入のこともある"
    match column.kind:
        case "symbol":
            return {
                "text": (str, f"{column.key}の記号。{undecided}"),
                "meaning": (str, "記号の意味。未記入なら未記入"),
            }
        case "term" if column.decides:
            goes_on = "次の版に続く(継続)か続かない(終了)か。未記入ならnull"
            return {"text": (str, f"{column.key}の語。{undecided}"), "kind": (TreatmentKind | None, goes_on)}
        case "term":
            return {"text": (str, f"{column.key}の語。{undecided}")}
        case "figure":
            return {
                "text": (str, f"{column.key}。紙面のとおり。{undecided}"),
                "value": (int | float | None, "数。なければnull"),
                "unit": (str, "単位。なければ空"),
            }
        case "date":
            return {
                "text": (str, f"{column.key}。紙面のとおり。なければ空"),
                "date": (datetime.date | None, "西暦の日付(2013-03-31 の形)。なければnull"),
            }
    return {"text": (str, f"{column.key}。なければ空")}


def values_of(item: Item, column: Column) -> tuple[dict[str, Any], ...]:
    """The parts of the values of `item` in `column`, which has the edition's words: of a series, those of each year."""
    return tuple(_value(item, column, text) for text in item.texts(column))


def _value(item: Item, column: Column, text: str) -> dict[str, Any]:
    words = column.words or {}
    match column.kind:
        case "symbol":
            return {"text": text, "meaning": words.get(text, text)}
        case "term" if column.decides:
            return {"text": text, "kind": words.get(text)}
        case "figure":
            number = amount(text)
            whole = number is None or "." not in text
            value = None if number is None else int(number) if whole else float(number)
            return {"text": text, "value": value, "unit": item.unit_of(column)}
        case "date":
            return {"text": text, "date": iso_date(text)}
    return {"text": text}


def iso_date(text: str) -> str | None:
    """The day that a cell says, as 2013-03-31; None of an empty cell, 「-」, なし and 未記入."""
    try:
        return read_date(text).isoformat()
    except NoDateError:
        return None


def flat_name(column: Column, part: str) -> str:
    """The name of a part of a value in an item of the default columns: status, status_meaning."""
    return column.attribute if part == "text" else f"{column.attribute}_{part}"


# The models, of which the JSON Schema is made


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LevelForm(_Part):
    """A level of a form."""

    key: str = Field(description="名称")
    head: str = Field(description="紙面での見出し")
    numbering: Numbering = Field(description="見出しの番号の付け方")


class ItemForm(_Part):
    """The items of a form."""

    key: str = Field(description="名称")
    head: str = Field(description="紙面での見出し")
    numbering: ItemNumbering = Field(description="紙面での番号")


class WordForm(_Part):
    """A symbol or a term of a column."""

    word: str = Field(description="記号か語")
    meaning: str = Field(
        description="記号の意味。行方の欄の語では、次の版に続く(継続)か続かない(終了)か。ほかの語では空"
    )


class ColumnForm(_Part):
    """A column of a form."""

    key: str = Field(description="名称")
    head: str = Field(description="紙面での見出し")
    kind: Literal[*KINDS.values()] = Field(  # type: ignore[valid-type]
        description=f"種類。{'、'.join(f'{kind} {word}' for word, kind in KINDS.items())}"
    )
    unit: str = Field(description="全ての項目に共通の単位。なければ空")
    years: tuple[str, ...] = Field(description="年度ごとの数なら、その年度")
    words: tuple[WordForm, ...] = Field(description="記号か語。紙面の順")
    done: tuple[str, ...] = Field(description="項目が済んだことを表す記号か語")
    is_main: bool = Field(description="集計表の図と経過で数える欄か")
    decides: bool = Field(description="次の版に続くかどうかを決める欄か")
    is_below: bool = Field(description="紙面で、項目の下に幅いっぱいに印刷するか")


class FormData(_Part):
    """The form of a list."""

    levels: tuple[LevelForm, ...] | None = Field(description="段。外側から。標準の段ならnull")
    item: ItemForm | None = Field(description="項目。標準の項目ならnull")
    columns: tuple[ColumnForm, ...] | None = Field(description="欄。紙面の順。標準の欄ならnull")


class MarkData(_Part):
    """A mark and its meaning."""

    mark: str = Field(description="印")
    meaning: str = Field(description="印の意味")


class NoteData(_Part):
    """A note below the list."""

    number: str = Field(description="※の番号")
    text: str = Field(description="文章")


class ChangeData(_Part):
    """A change of the published data."""

    day: datetime.date = Field(description="日付(2013-06-10 の形)")
    text: str = Field(description="改めたこと")


class PublicationData(_Part):
    """What the edition says of the published data."""

    licence: str = Field(description="利用の条件。なければ空")
    contact: str = Field(description="問い合わせ先。なければ空")
    updated: datetime.date | None = Field(description="元データに書かれた更新日。なければnull")
    frequency: str = Field(description="更新頻度。なければ空")
    changes: tuple[ChangeData, ...] = Field(description="更新履歴")
    remarks: str = Field(description="留意事項。なければ空")


class _Row(_Part):
    pass


class _Item(_Row):
    """An item."""

    kind: Literal["item"] = "item"
    number: int = Field(description="NO", ge=1)


class RepeatData(_Row):
    """A row that shows an item below another heading once more."""

    kind: Literal["repeat"] = "repeat"
    number: int = Field(description="再び掲げる項目のNO", ge=1)
    name: str = Field(description="その項目の名称")


class _File(_Part):
    """The whole file: what does not depend on the form."""

    version: Literal[1] = Field(1, description="この形式の版")
    edition: str = Field(description="版の名前")
    title: str = Field(description="表題")
    municipality: str = Field(description="自治体。なければ空")
    fiscal_year: str = Field(description="年度(和暦など、紙面のとおり)。なければ空")
    fiscal_year_western: int | None = Field(description="年度(西暦)。一つの年に定まらなければnull")
    as_of: str | None = Field(description="現在日(西暦。2013-03-31 の形)。なければnull")
    as_of_japanese: str | None = Field(description="現在日(和暦)。なければnull")
    department: str = Field(description="一覧の担当課。なければ空")
    document_number: str = Field(description="一覧の資料番号。なければ空")
    draft: bool = Field(description="元データで案とされているか")
    is_draft: bool = Field(description="紙面に「案」とあるか。未記入があれば案になる")
    previous: str | None = Field(description="前版の名前。なければnull")
    updated: datetime.date | None = Field(description="最終更新日。示されていなければ、現在日。それもなければnull")


def _extras(form: Form) -> dict[str, tuple[Any, Any]]:
    """The fields that the file has only where the edition does."""
    done = {
        f"{column.attribute}_done": (tuple[str, ...], Field(description=f"{column.key}のうち、済んだことを表すもの"))
        for column in form.own
        if not form.has_own_columns and column.key in SHORT_DONE
    }
    return {
        "local_code": (str, Field(description="全国地方公共団体コード。検査数字までの6桁")),
        "prefecture": (str, Field(description="都道府県名。全国地方公共団体コードから導いたもの")),
        "publication": (PublicationData, Field(description="公開するデータについて")),
        "form": (FormData, Field(description="様式(段と欄)")),
        "sheet_name": (str, Field(description="用紙")),
        "legend_place": (str, Field(description="紙面で、記号の意味をどのページに印刷するか")),
        "preface": (str, Field(description="前文")),
        "postface": (str, Field(description="後文")),
        "marks": (tuple[MarkData, ...], Field(description="印。紙面の順")),
        "notes": (tuple[NoteData, ...], Field(description="注。紙面の順")),
        **done,
    }


@lru_cache(maxsize=16)
def file_model(form: Form, extras: frozenset[str], with_rows: bool = True) -> Any:
    """The model of data.json for a `form`, with those of its `_extras` that the edition has.

    Without its rows it is the `edition` of data.schema.json.
    """
    item: Any = _item_model(form, "marks" in extras)
    row: Any = Annotated[item | RepeatData, Field(discriminator="kind")]
    children = (tuple[row, ...], Field(description=f"{form.item.key}と再掲。紙面の順"))
    child: dict[str, Any] = {"rows": children if with_rows else (tuple[()], ())}
    for level, above in reversed([*zip(form.levels, (None, *form.levels), strict=False)]):
        within = f"{above.key}の中での順番" if above else "順番"
        fields = {
            "position": (int, Field(description=f"{within}。1から", ge=1)),
            "label": (str, Field(description="紙面での番号")),
            "name": (str, Field(description=f"{level.key}の名称")),
            "page_break": (bool, Field(description="trueなら紙面ではここから新しいページ")),
        }
        section: Any = _model(f"{class_name(level)}Data", _Part, fields | child)
        child = {list_of(level): (tuple[section, ...], Field(description=f"{level.key}。紙面の順"))}
    headed = (column.attribute for column in form.columns if _is_headed(form, column))
    heads = _model("HeadingsData", _Part, dict.fromkeys(headed, (str, ...)))
    fields = {name: field for name, field in _extras(form).items() if name in extras}
    fields["headings"] = (heads, Field(description="紙面の欄の見出し"))
    return _model("DataFile", _File, fields | _word_lists(form) | child)


def _model(name: str, base: type[BaseModel], fields: dict[str, Any]) -> Any:
    """A model with these fields after those of `base`: type and `Field` by name."""
    return create_model(name, __base__=base, **fields)


def list_of(level: Column) -> str:
    """The name of a list of sections of `level`."""
    return LISTS.get(level.name, "sections")


def _is_headed(form: Form, column: Column) -> bool:
    """Whether the head of `column` stands in `headings`; the others stand in `form`."""
    return {"level": "段", "number": "", "name": "項目"}.get(column.kind, "欄") not in form.written


def _word_lists(form: Form) -> dict[str, Any]:
    """The fields of the words of the default columns: 凡例 and its like."""
    fields: dict[str, Any] = {}
    for column in form.own if not form.has_own_columns else ():
        if name := LISTS.get(column.name):
            key = SHORT_WORDS[column.key]
            word, says = _WORD_PARTS[column.kind]
            explained = {
                "symbol": (f"{column.key}の記号", "記号の意味", key),
                "term": (f"{column.key}の語", "次の版に続く(継続)か続かない(終了)か", f"{key}の語"),
            }[column.kind]
            kind = str if column.kind == "symbol" else TreatmentKind
            parts = {word: (str, Field(description=explained[0])), says: (kind, Field(description=explained[1]))}
            model = _model(f"{name.removesuffix('s').capitalize()}Data", _Part, parts)
            fields[name] = (tuple[model, ...], Field(description=f"{explained[2]}。紙面の順"))  # type: ignore[valid-type]
    return fields


# The names of a word and of what it says, by kind of column.
_WORD_PARTS = {"symbol": ("symbol", "meaning"), "term": ("term", "kind")}


def _item_model(form: Form, with_marks: bool) -> Any:
    fields: dict[str, Any] = {"name": (str, Field(description=f"{form.item.key}の名称"))}
    if form.item_numbering == "自由":
        fields["label"] = (str, Field(description="紙面での番号。なければ空"))
    if with_marks:
        fields["marks"] = (tuple[str, ...], Field(description="印"))
    if form.has_own_columns:
        values = {column.field: (_value_model(column), Field(alias=column.key)) for column in form.own}
        fields["values"] = (
            _model("ValuesData", _Part, values),
            Field(description="欄の値。欄の名称ごと"),
        )
    else:
        fields |= {
            flat_name(column, part): (kind, Field(description=description))
            for column in form.own
            for part, (kind, description) in parts_of(column).items()
        }
    if not form.has_departments:
        fields["department"] = (str, Field(description="担当課。一覧の担当課と別に示されていなければ空"))
    fields["merged_into"] = (str, Field(description="統合先。次の版でこの項目を引き継ぐ項目の名称。なければ空"))
    fields["previous_numbers"] = (tuple[int, ...], Field(description="前版NO。引き継いだ前版の項目の番号"))
    return _model("ItemData", _Item, fields)


def _value_model(column: Column) -> Any:
    parts: dict[str, Any] = {
        part: (kind, Field(description=description)) for part, (kind, description) in parts_of(column).items()
    }
    name = f"{class_name(column)}Data"
    if not column.years:
        return _model(name, _Part, parts)
    year: Any = Literal[column.years]
    model: Any = _model(name, _Part, {"year": (year, Field(description="年度"))} | parts)
    return tuple[model, ...]


def data_schema(edition: Edition) -> dict[str, Any]:
    """The JSON Schema of the data.json of `edition`."""
    model = file_model(edition.form, frozenset(_extra_values(edition)))
    # The default form's list is called by what it is counted by: 実施状況一覧.
    main = "" if edition.form.has_own_columns or not edition.main else edition.main.key
    return json_schema(model, f"{main}一覧のオープンデータ")


# Writing


def data_file(edition: Edition, name: str) -> dict[str, Any]:
    """The content of data.json; `name` is the edition's id."""
    return {
        "version": 1,
        "edition": name,
        "title": edition.title,
        "municipality": edition.municipality,
        "fiscal_year": edition.fiscal_year,
        "fiscal_year_western": western_year(edition.fiscal_year),
        "as_of": edition.as_of.isoformat() if edition.as_of else None,
        "as_of_japanese": japanese_date(edition.as_of) if edition.as_of else None,
        "department": edition.department,
        "document_number": edition.document_number.report,
        "draft": edition.draft,
        "is_draft": edition.is_draft,
        "previous": edition.previous,
        "updated": edition.updated and edition.updated.isoformat(),
        **_extra_values(edition),
        "headings": {one.attribute: one.head for one in edition.columns if _is_headed(edition.form, one)},
        **{
            LISTS[column.name]: [
                dict(zip(_WORD_PARTS[column.kind], pair, strict=True)) for pair in (column.words or {}).items()
            ]
            for column in edition.columns
            if not edition.form.has_own_columns and column.kind in _WORD_PARTS
        },
        **_Writer(edition).children(),
    }


def _extra_values(edition: Edition) -> dict[str, Any]:
    """The values of those `_extras` that the edition has."""
    values = {
        "local_code": edition.local_code,
        "prefecture": prefecture(edition.local_code),
        "publication": _publication_data(edition.publication),
        "form": _form_data(edition) if edition.form.written else None,
        "sheet_name": edition.sheet_name,
        "legend_place": edition.legend_place,
        "preface": edition.preface,
        "postface": edition.postface,
        "marks": [{"mark": mark, "meaning": meaning} for mark, meaning in edition.marks.items()],
        "notes": [{"number": number, "text": text} for number, text in edition.notes.items()],
    } | {f"{column.attribute}_done": [*column.done] for column in edition.form.own}
    usual = {name: Edition.model_fields[name].default for name in ("sheet_name", "legend_place")}
    return {name: values[name] for name in _extras(edition.form) if values[name] and values[name] != usual.get(name)}


def _publication_data(said: Publication) -> dict[str, Any] | None:
    if said == Publication():
        return None
    return said.model_dump(mode="json", by_alias=False)


def _form_data(edition: Edition) -> dict[str, Any]:
    form = edition.form

    def of(column: Column, **more: Any) -> dict[str, Any]:
        return {"key": column.key, "head": column.head, **more}

    levels = [of(one, numbering=one.numbering) for one in edition.levels]
    columns = [
        of(
            one,
            kind=one.kind,
            unit=one.unit,
            years=[*one.years],
            words=[{"word": word, "meaning": meaning} for word, meaning in (one.words or {}).items()],
            done=[*one.done],
            is_main=one.is_main,
            decides=one.decides,
            is_below=one.is_below,
        )
        for one in edition.own
    ]
    return {
        "levels": levels if "段" in form.written else None,
        "item": of(edition.item_column, numbering=form.item_numbering) if "項目" in form.written else None,
        "columns": columns if form.has_own_columns else None,
    }


class _Writer:
    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._own = edition.own
        self._sections: dict[tuple[int, ...], list[Heading]] = {}
        for path in edition.outline():
            self._sections.setdefault(path[-1].positions[:-1], []).append(path[-1])

    def children(self, above: Heading | None = None) -> dict[str, Any]:
        """The list of what is directly below a heading, or below none."""
        levels = self._edition.form.levels
        positions = above.positions if above else ()
        if len(positions) == len(levels):
            return {"rows": [self._row(row) for row in (above.section if above else self._edition).children]}
        return {
            list_of(levels[len(positions)]): [
                {
                    "position": heading.positions[-1],
                    "label": heading.number,
                    "name": heading.section.name,
                    "page_break": heading.section.page_break,
                    **self.children(heading),
                }
                for heading in self._sections.get(positions, ())
            ]
        }

    def _row(self, row: Any) -> dict[str, Any]:
        if isinstance(row, Repeat):
            return {"kind": "repeat", "number": row.number, "name": self._edition.items[row.number].name}
        assert isinstance(row, Item)
        form = self._edition.form
        return {
            "kind": "item",
            "number": row.number,
            "name": row.name,
            **({"label": row.label} if form.item_numbering == "自由" else {}),
            **({"marks": [*row.marks]} if self._edition.marks else {}),
            **self._values(row),
            **({} if form.has_departments else {"department": row.department}),
            "merged_into": row.merged_into,
            "previous_numbers": [*row.previous_numbers],
        }

    def _values(self, item: Item) -> dict[str, Any]:
        if not self._edition.form.has_own_columns:
            return {
                flat_name(column, part): value
                for column in self._own
                for part, value in values_of(item, column)[0].items()
            }
        return {
            "values": {
                column.key: [
                    {"year": year, **parts} for year, parts in zip(column.years, values_of(item, column), strict=True)
                ]
                if column.years
                else values_of(item, column)[0]
                for column in self._own
            }
        }


# Reading


def edition_from_json(data: bytes) -> Edition:
    """The edition in the content of data.json. Raises `ValueError` if it is malformed."""
    return edition_of(read_json(data))


def read_json(data: bytes) -> dict[str, Any]:
    """The content of data.json, of which every value is of its type. Raises `ValueError` if it is malformed."""
    return checked(json.loads(data))


def checked(file: Any, with_rows: bool = True) -> dict[str, Any]:
    """`file`, the content of data.json (without rows: as in data.schema.json). Raises `ValueError` if it is malformed."""
    if not isinstance(file, dict):
        raise ValueError("no object")
    form = form_in(file)
    model = file_model(form, frozenset(file.keys() & _extras(form).keys()), with_rows)
    model.model_validate(file)
    return file


def form_in(file: Mapping[str, Any]) -> Form:
    """The form of the edition in `file`. Raises `ValueError` if it is malformed."""
    return form_of(_form_source(file))


def _form_source(file: Mapping[str, Any]) -> dict[str, Any]:
    """What `file` says of the form, under the keys of a source."""
    source: dict[str, Any] = {"用紙": str(file["sheet_name"])} if "sheet_name" in file else {}
    form = FormData.model_validate(file.get("form", dict.fromkeys(FormData.model_fields)))
    if form.levels is not None:
        source["段"] = [{"名称": level.key, "番号": level.numbering} for level in form.levels]
    if form.item is not None:
        source["項目"] = {"名称": form.item.key, "番号": form.item.numbering}
    if form.columns is not None:
        source["欄"] = _each_once((column.key, _column_source(column)) for column in form.columns)
    return source | {
        key: file[name]
        for column in form_of({}).own
        if (name := f"{column.attribute}_done") in file and (key := SHORT_DONE[column.key])
    }


def _column_source(said: ColumnForm) -> dict[str, Any]:
    """One of 欄; its flag is text, like every value of a source."""
    words = _each_once((one.word, one.meaning) for one in said.words)
    column = Column(
        "", said.key, said.kind, said.head, words=words, **said.model_dump(exclude={"key", "kind", "head", "words"})
    )
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in spec_of(column).items()}


_T = TypeVar("_T")


def _each_once(entries: Iterable[tuple[str, _T]]) -> dict[str, _T]:
    """The `entries` by their first part. Raises `ValueError` if two share it: a dict would drop one in silence."""
    found: dict[str, _T] = {}
    for key, value in entries:
        if key in found:
            raise ValueError(f"「{key}」が二つあります")
        found[key] = value
    return found


def edition_of(file: Mapping[str, Any]) -> Edition:
    """The edition in `file`, rebuilt as source text, so that the model validates it."""
    source = _form_source(file)
    form = form_of(source)
    heads = {column.key: file["headings"][column.attribute] for column in form.columns if _is_headed(form, column)}
    for spec in ("levels", "item", "columns"):
        part = file.get("form", {}).get(spec) or []
        heads |= {one["key"]: one["head"] for one in (part if isinstance(part, list) else [part])}
    words = {}
    if not form.has_own_columns:
        for column in form.own:
            if name := LISTS.get(column.name):
                word, says = _WORD_PARTS[column.kind]
                words[SHORT_WORDS[column.key]] = _each_once((one[word], one[says]) for one in file[name])
    return read_edition(
        _said(Edition, file)
        | source
        | {
            "見出し": heads,
            "公開": _publication_source(file.get("publication", {})),
            **words,
            "印": _each_once((one["mark"], one["meaning"]) for one in file.get("marks", ())),
            "注": _each_once((one["number"], one["text"]) for one in file.get("notes", ())),
            **_children(form, file, 0),
        }
    )


def _publication_source(said: Mapping[str, Any]) -> dict[str, Any]:
    return _said(Publication, said) | {"更新履歴": [_said(Change, change) for change in said.get("changes", ())]}


def _children(form: Form, part: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """What is below a section, or the whole file, at `depth`."""
    if depth == len(form.levels):
        return {form.item.key: [_row_source(form, row) for row in part["rows"]]}
    level = form.levels[depth]
    return {
        level.key: [
            {
                "名称": section["name"],
                "改ページ": str(section["page_break"]).lower(),
                **({"番号": section["label"]} if level.numbering == "自由" else {}),
                **_children(form, section, depth + 1),
            }
            for section in part[list_of(level)]
        ]
    }


def _row_source(form: Form, row: Mapping[str, Any]) -> dict[str, Any]:
    if row["kind"] == "repeat":
        return _said(Repeat, row)
    values = {column: _cells(form, row, column) for column in form.own}
    units = {
        cell["unit"]
        for column, cells in values.items()
        for cell in cells
        if column.kind == "figure" and not column.unit
    }
    return _said(Item, row) | {
        **({"番号": row["label"]} if form.item_numbering == "自由" else {}),
        **({"単位": units.pop()} if len(units) == 1 else {}),
        **{
            column.key: [cell["text"] for cell in cells] if column.years else cells[0]["text"]
            for column, cells in values.items()
        },
    }


def _cells(form: Form, row: Mapping[str, Any], column: Column) -> list[Mapping[str, Any]]:
    """The parts of the values of an item in `column`."""
    if not form.has_own_columns:
        return [{"text": row[flat_name(column, "text")]}]
    value = row["values"][column.key]
    return value if column.years else [value]


def _said(kind: type[BaseModel], part: Mapping[str, Any]) -> dict[str, Any]:
    """The scalars of `part`, and its lists of them, as text under the source's keys of `kind`."""
    said: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        value = part.get(name)
        if isinstance(value, bool):
            said[str(field.alias)] = str(value).lower()
        elif isinstance(value, int | str):
            said[str(field.alias)] = str(value)
        elif isinstance(value, list) and all(isinstance(one, int | str) for one in value):
            said[str(field.alias)] = list(map(str, value))
    return said
