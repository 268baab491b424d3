"""Editions made up for the tests: no city ever printed them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pipeline.model.edition import Edition
from pipeline.years.comparison import Comparison, Entry

LEGEND = {"◎": "実施済", "○": "継続推進", "△": "一部実施", "×": "検討中"}
TREATMENTS = {"完了": "終了", "継続": "継続", "廃止": "終了"}


@dataclass(frozen=True)
class Row:
    """An item, or (with `repeats`) a repeat, and where it stands."""

    number: int = 0
    name: str = ""
    measure: str = "施策一"
    policy: str = "方針一"
    status: str = "○"
    treatment: str = "継続"
    findings: str = ""
    merged_into: str = ""
    previous: tuple[int, ...] = ()
    department: str = ""
    repeats: int = 0

    def data(self) -> dict[str, Any]:
        if self.repeats:
            return {"再掲": str(self.repeats)}
        return {
            "NO": str(self.number),
            "名称": self.name,
            "実施状況": self.status,
            "今後の取扱い": self.treatment,
            "検証内容": self.findings,
            "統合先": self.merged_into,
            "前版NO": [str(number) for number in self.previous],
            "担当課": self.department,
        }


def made_up(*rows: Row, previous: str = "", legend: dict[str, str] = LEGEND, **more: Any) -> Edition:
    """An edition of `rows`; neighbours of one policy and measure stand together."""
    policies = [
        {
            "名称": policy,
            "推進施策": [
                {"名称": measure, "推進項目": [row.data() for row in members]}
                for measure, members in groupby(inside, lambda row: row.measure)
            ],
        }
        for policy, inside in groupby(rows, lambda row: row.policy)
    ]
    head = {"表題": "作りものの一覧", "前版": previous, "凡例": legend, "今後の取扱い": TREATMENTS}
    return Edition.model_validate({**head, **more, "推進方針": policies or [{"名称": "方針一"}]})


def summary(comparison: Comparison) -> dict[tuple[tuple[int, ...], tuple[int, ...]], set[str]]:
    """What became of which NOs."""
    return {numbers(entry): set(entry.kinds) for entry in comparison.entries}


def numbers(entry: Entry) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(placed.number for placed in entry.old), tuple(placed.number for placed in entry.new)


def explained(entries: Iterable[Entry]) -> tuple[list[int], list[int]]:
    """Every NO that the entries speak of, as often as they do."""
    entries = list(entries)
    return (
        sorted(placed.number for entry in entries for placed in entry.old),
        sorted(placed.number for entry in entries for placed in entry.new),
    )
