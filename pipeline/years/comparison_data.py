"""comparison.json: a comparison as data for other programs; the keys are identifiers of the glossary."""

import json
from collections import Counter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.model.schema import json_schema
from pipeline.model.values import TreatmentKind

from .comparison import LABELS, ChangeKind, Comparison, Entry
from .matching import By, Placed

NAME = "comparison.schema.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class SideData(_Part):
    """An item in one of the two editions."""

    number: int = Field(description="NO", ge=1)
    name: str = Field(description="推進項目の名称")
    policy: str = Field(description="推進方針の名称")
    measure: str = Field(description="推進施策の名称")
    status: str = Field(description="実施状況の記号。未記入のこともある")
    status_meaning: str = Field(description="その版の凡例での記号の意味")
    treatment: str = Field(description="今後の取扱いの語。未記入のこともある")
    findings: str = Field(description="検証内容")
    department: str = Field(description="担当課。なければ空")


class LinkData(_Part):
    """A link from an old item to the new one that continues it, and the evidence."""

    old: int = Field(description="FROMのNO", ge=1)
    new: int = Field(description="TOのNO", ge=1)
    by: By = Field(description="対応の根拠: 前版NO、統合先、名称、似た名称や文章")
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
    treatment: str | None = Field(
        description="FROMでの今後の取扱い。いくつかあれば「、」でつなぐ。新設ならnull。endedが完了か廃止かはこれで分かる"
    )
    guess: bool = Field(description="trueなら対応の一部が推定。advice の前版NOを書けば確かになる")
    links: list[LinkData]
    advice: list[AdviceData]
    old_items: list[SideData]
    new_items: list[SideData]


class LegendsData(_Part):
    """The legends of both editions, which may differ."""

    from_: dict[str, str] = Field(alias="from", description="FROMの凡例。記号: 意味")
    to: dict[str, str] = Field(description="TOの凡例。記号: 意味")


class TreatmentsData(_Part):
    """The treatments of both editions, which may differ."""

    from_: dict[str, TreatmentKind] = Field(alias="from", description="FROMの今後の取扱い。語: 継続か終了")
    to: dict[str, TreatmentKind] = Field(description="TOの今後の取扱い。語: 継続か終了")


class ComparisonFile(_Part):
    """The whole file. Every NO of either edition is in exactly one entry of `items`."""

    version: Literal[1] = Field(1, description="この形式の版")
    from_: str = Field(alias="from", description="比べる元の版の名前")
    to: str = Field(description="比べる先の版の名前")
    legend: LegendsData
    treatments: TreatmentsData
    items: list[EntryData]


def comparison_json(comparison: Comparison) -> str:
    """The text of comparison.json."""
    old, new = comparison.old, comparison.new
    file = ComparisonFile.model_validate(
        {
            "from": comparison.from_id,
            "to": comparison.to_id,
            "legend": {"from": old.legend, "to": new.legend},
            "treatments": {"from": old.treatments, "to": new.treatments},
            "items": [_explained(entry) for entry in comparison.entries],
        }
    )
    return json.dumps(file.model_dump(), ensure_ascii=False, indent=2) + "\n"


def comparison_schema() -> str:
    """The content of docs/comparison.schema.json, the JSON Schema of comparison.json."""
    schema = json_schema(ComparisonFile, "二つの版の比較", "serialization")
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _explained(entry: Entry) -> EntryData:
    return EntryData(
        old=[placed.number for placed in entry.old],
        new=[placed.number for placed in entry.new],
        kinds=list(entry.kinds),
        treatment=entry.treatment,
        guess=entry.guess,
        links=[LinkData(old=link.old, new=link.new, by=link.by, guess=link.guess) for link in entry.links],
        advice=[
            AdviceData(number=advice.number, previous_numbers=list(advice.previous_numbers)) for advice in entry.advice
        ],
        old_items=[_side(placed) for placed in entry.old],
        new_items=[_side(placed) for placed in entry.new],
    )


def _side(placed: Placed) -> SideData:
    item = placed.item
    return SideData(
        number=item.number,
        name=item.name,
        policy=placed.policy,
        measure=placed.measure,
        status=item.status,
        status_meaning=placed.meaning,
        treatment=item.treatment,
        findings=item.findings,
        department=item.department,
    )


def summarize(text: str) -> tuple[list[tuple[bool, str]], int]:
    """Lines for a terminal, as (is a warning, line), and the number of vanished items, from comparison.json's text."""
    file = ComparisonFile.model_validate_json(text)
    counts = Counter(kind for entry in file.items for kind in entry.kinds)
    counted = "、".join(f"{label}{counts[kind]}" for kind, label in LABELS.items() if counts[kind])
    lines = [(False, f"{file.from_} → {file.to}: {counted}")]
    for entry in file.items:
        if "vanished" in entry.kinds:
            for side in entry.old_items:
                lines.append(
                    (True, f"  要確認: 旧NO {side.number}「{side.name}」({side.treatment})が、新しい版にありません。")
                )
        for advice in entry.advice:
            names = "、".join(f"旧NO {side.number}「{side.name}」" for side in entry.old_items)
            lines.append(
                (
                    False,
                    f"  推定: 新NO {advice.number} は {names} の続きとみなしました。"
                    f"正しければ「前版NO: {advice.previous_numbers}」と書いてください。",
                )
            )
    return lines, counts["vanished"]
