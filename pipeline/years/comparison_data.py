"""comparison.json: a comparison as data for other programs; the keys are identifiers of the glossary."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model.edition import Edition
from pipeline.model.form import Kind, form_of
from pipeline.model.schema import json_schema
from pipeline.model.values import TreatmentKind

from .comparison import COLUMN_KINDS, LABELS, TEXT_LABELS, ChangeKind, Comparison, Entry, TextKind
from .matching import By, Placed

NAME = "comparison.schema.json"

# In the descriptions below: what a file has only if neither edition has a form of its own, and only if one has.
_DEFAULT = "段、項目、欄を指定しない版だけにある"
_OWN = "段、項目、欄を指定する版だけにある"
# The keys of the default form by the identifiers of its levels and columns.
_KEYS = {column.name: column.key for column in form_of({}).columns}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class PlaceData(_Part):
    """A heading above an item."""

    level: str = Field(description="段の名称")
    number: str = Field(description="見出しの番号。なければ空")
    name: str = Field(description="見出しの名称")


class SideData(_Part):
    """An item in one of the two editions. Values that do not fit its form are left out."""

    number: int = Field(description="NO", ge=1)
    name: str = Field(description="項目の名称")
    policy: str = Field("", description=f"{_KEYS['policy']}の名称。{_DEFAULT}")
    measure: str = Field("", description=f"{_KEYS['measure']}の名称。{_DEFAULT}")
    status: str = Field("", description=f"{_KEYS['status']}の記号。未記入のこともある。{_DEFAULT}")
    status_meaning: str = Field("", description=f"その版の凡例での記号の意味。{_DEFAULT}")
    treatment: str = Field("", description=f"{_KEYS['treatment']}の語。未記入のこともある。{_DEFAULT}")
    findings: str = Field("", description=f"{_KEYS['findings']}。{_DEFAULT}")
    department: str = Field(description="担当課。なければ空")
    marks: list[str] = Field([], description="印。版に印がなければ省く")
    label: str = Field("", description=f"NOの代わりに印刷する番号。なければ空。{_OWN}")
    headings: list[PlaceData] = Field([], description=f"上の見出し。外側から。{_OWN}")
    values: dict[str, str | list[str]] = Field(
        {}, description=f"欄の名称: 値。年度を並べる欄では、年度の順の値の並び。{_OWN}"
    )
    unit: str = Field("", description=f"この項目の数の単位。なければ空。{_OWN}")


class LinkData(_Part):
    """A link from an old item to the new one that continues it, and the evidence."""

    old: int = Field(description="FROMのNO", ge=1)
    new: int = Field(description="TOのNO", ge=1)
    by: By = Field(description="対応の根拠: 前版NO、統合先、名称、似た名称や文章、同じ見出しの下に残った一組")
    guess: bool = Field(description="trueなら推定")


class AdviceData(_Part):
    """The 前版NO to write into the later edition, so that a guessed link is declared."""

    number: int = Field(description="TOのNO", ge=1)
    previous_numbers: list[int] = Field(description="その項目に書く前版NO")


class EntryData(_Part):
    """A group of linked items, and the kinds of change."""

    old: list[int] = Field(description="FROMのNO。新設なら空")
    new: list[int] = Field(description="TOのNO。なくなっていれば空")
    kinds: list[ChangeKind] = Field(description="何が変わったか。continuedは単独", min_length=1)
    columns: list[str] = Field([], description=f"値の変わった欄の名称。{_OWN}")
    treatment: str | None = Field(
        description=(
            "FROMでの、次の版に続くかどうかを表す語。いくつかあれば「、」でつなぐ。"
            "新設か、その欄がなければnull。endedが完了か廃止かはこれで分かる"
        )
    )
    reason: str = Field("", description="TOが廃止と書いた項目の、廃止の理由。廃止でなければ省く")
    guess: bool = Field(description="trueなら対応の一部が推定。advice の前版NOを書けば確かになる")
    candidates: list[int] = Field(
        [], description="vanishedだけにある。続きかもしれないTOのNO。近い順に3つまで", max_length=3
    )
    links: list[LinkData]
    advice: list[AdviceData]
    old_items: list[SideData]
    new_items: list[SideData]


class LegendsData(_Part):
    """The legends of both editions, which may differ."""

    from_: dict[str, str] = Field(alias="from", description="FROMの凡例。記号: 意味")
    to: dict[str, str] = Field(description="TOの凡例。記号: 意味")


class TreatmentsData(_Part):
    """The terms of both editions that say whether an item goes on; they may differ."""

    from_: dict[str, TreatmentKind] = Field(alias="from", description=f"FROMの{_KEYS['treatment']}。語: 継続か終了")
    to: dict[str, TreatmentKind] = Field(description=f"TOの{_KEYS['treatment']}。語: 継続か終了")


class ColumnData(_Part):
    """A column of one edition."""

    key: str = Field(description="欄の名称")
    kind: Kind = Field(
        description="種類。symbol 記号、term 語、figure 数、department 課、text 文字、date 日付、prose 文章"
    )
    head: str = Field(description="印刷する見出し")
    words: dict[str, str] = Field({}, description="記号: 意味。語: 継続か終了か空")
    unit: str = Field("", description="全ての項目に共通の単位。なければ空")
    years: list[str] = Field([], description="並べる年度")


class ColumnsData(_Part):
    """The columns of both editions, in printed order."""

    from_: list[ColumnData] = Field(alias="from", description="FROMの欄")
    to: list[ColumnData] = Field(description="TOの欄")


class TextData(_Part):
    """A text beside the list that differs."""

    kind: TextKind = Field(description="preface 前文、postface 後文、note 注")
    number: str = Field("", description="注の番号。ほかは空")
    old: str = Field(description="FROMの文章。なければ空")
    new: str = Field(description="TOの文章。なければ空")


class ComparisonFile(_Part):
    """The whole file. Every NO of either edition is in exactly one entry of `items`."""

    version: Literal[1] = Field(1, description="この形式の版")
    from_: str = Field(alias="from", description="比べる元の版の名前")
    to: str = Field(description="比べる先の版の名前")
    legend: LegendsData | None = Field(None, description=f"凡例。{_DEFAULT}")
    treatments: TreatmentsData | None = Field(None, description=f"{_KEYS['treatment']}。{_DEFAULT}")
    columns: ColumnsData | None = Field(None, description=f"両方の版の欄。{_OWN}")
    texts: list[TextData] = Field([], description="変わった前文、後文、注。なければ省く")
    items: list[EntryData]


def comparison_json(comparison: Comparison) -> str:
    """The text of comparison.json.

    If neither edition has a form of its own, it has the keys that it had before forms: readers of that time know no others.
    """
    old, new = comparison.old, comparison.new
    data: dict[str, Any] = {"version": 1, "from": comparison.from_id, "to": comparison.to_id}
    if _is_default(old, new):
        for key, columns in (("legend", (old.main, new.main)), ("treatments", (old.deciding, new.deciding))):
            data[key] = {side: column and column.words for side, column in zip(("from", "to"), columns, strict=True)}
    else:
        data["columns"] = {"from": [*_columns(old)], "to": [*_columns(new)]}
    if comparison.texts:
        data["texts"] = [
            {"kind": text.kind, "number": text.number, "old": text.old, "new": text.new} for text in comparison.texts
        ]
    data["items"] = [_explained(comparison, entry) for entry in comparison.entries]
    file = ComparisonFile.model_validate(data)
    return json.dumps(file.model_dump(exclude_unset=True), ensure_ascii=False, indent=2) + "\n"


def _is_default(*editions: Edition) -> bool:
    """Whether none of `editions` has a form of its own."""
    return not any(edition.form.written for edition in editions)


def _columns(edition: Edition) -> Iterator[dict[str, Any]]:
    for column in edition.own:
        found = {"key": column.key, "kind": column.kind, "head": column.head}
        more = {"words": dict(column.words or {}), "unit": column.unit, "years": list(column.years)}
        yield found | {key: value for key, value in more.items() if value}


def comparison_schema() -> str:
    """The content of docs/comparison.schema.json, the JSON Schema of comparison.json."""
    schema = json_schema(ComparisonFile, "二つの版の比較")
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _explained(comparison: Comparison, entry: Entry) -> dict[str, Any]:
    is_default = _is_default(comparison.old, comparison.new)
    return {
        "old": [placed.number for placed in entry.old],
        "new": [placed.number for placed in entry.new],
        "kinds": list(entry.kinds),
        **({} if is_default else {"columns": list(entry.columns)}),
        "treatment": comparison.treatment(entry) or None,
        **({"reason": entry.reason} if entry.reason else {}),
        "guess": entry.guess,
        **({"candidates": [placed.number for placed in entry.candidates]} if "vanished" in entry.kinds else {}),
        "links": [{"old": link.old, "new": link.new, "by": link.by, "guess": link.guess} for link in entry.links],
        "advice": [
            {"number": advice.number, "previous_numbers": list(advice.previous_numbers)} for advice in entry.advice
        ],
        "old_items": [_side(comparison.old, placed) for placed in entry.old],
        "new_items": [_side(comparison.new, placed) for placed in entry.new],
    }


def _side(edition: Edition, placed: Placed) -> dict[str, Any]:
    item = placed.item
    if _is_default(edition):
        found: dict[str, Any] = {"number": item.number, "name": item.name}
        found |= {heading.level.name: heading.section.name for heading in placed.headings}
        for column in edition.own:
            found[column.name] = item.text(column)
            if column is edition.main:
                found[f"{column.name}_meaning"] = placed.meaning
        found["department"] = item.department
    else:
        found = {
            "number": item.number,
            "label": item.label,
            "name": item.name,
            "headings": [
                {"level": heading.level.key, "number": heading.number, "name": heading.section.name}
                for heading in placed.headings
            ],
            "values": {
                column.key: list(item.texts(column)) if column.years else item.text(column) for column in edition.own
            },
            "unit": getattr(item, "own_unit", ""),
            "department": item.department,
        }
    if edition.marks:
        found["marks"] = list(item.marks)
    return found


def summarize(text: str) -> tuple[list[tuple[bool, str]], int]:
    """Lines for a terminal, as (is a warning, line), and the number of vanished items, from comparison.json's text."""
    file = ComparisonFile.model_validate_json(text)
    counts = Counter(kind for entry in file.items for kind in entry.kinds)
    keys = [column.key for column in (*file.columns.to, *file.columns.from_)] if file.columns else [*_KEYS.values()]
    changes = Counter(key for entry in file.items for key in _changed_columns(entry))
    found = [(label, counts[kind]) for kind, label in LABELS.items()]
    found[1:1] = [(f"{key}の変更", changes[key]) for key in dict.fromkeys(keys)]
    texts = Counter(text.kind for text in file.texts)
    found += [(f"{label}の変更", texts[kind]) for kind, label in TEXT_LABELS.items()]
    counted = "、".join(f"{label}{count}" for label, count in found if count)
    lines = [(False, f"{file.from_} → {file.to}: {counted}")]
    names = {side.number: side.name for entry in file.items for side in entry.new_items}
    for entry in file.items:
        if "vanished" in entry.kinds:
            term = f"({entry.treatment})" if entry.treatment else ""
            for side in entry.old_items:
                lines.append(
                    (
                        True,
                        f"  要確認: 旧NO {side.number}「{side.name}」{term}が、新しい版にありません。廃止したのなら、新しい版の初めに"
                        f"「廃止: [{{前版NO: {side.number}, 理由: …}}]」と書いてください。",
                    )
                )
            if entry.candidates:
                likely = "、".join(f"新NO {number}「{names[number]}」" for number in entry.candidates)
                lines.append((False, f"    続きかもしれない項目: {likely}"))
        for advice in entry.advice:
            origins = "、".join(f"旧NO {side.number}「{side.name}」" for side in entry.old_items)
            lines.append(
                (
                    False,
                    f"  推定: 新NO {advice.number} は {origins} の続きとみなしました。"
                    f"正しければ「前版NO: {advice.previous_numbers}」と書いてください。",
                )
            )
    return lines, counts["vanished"]


def _changed_columns(entry: EntryData) -> Iterator[str]:
    """The keys of the columns that changed; in a file of the default form the kinds say which."""
    yield from entry.columns
    for name, kind in () if entry.columns else COLUMN_KINDS.items():
        if kind in entry.kinds:
            yield _KEYS[name]
