"""Which item of the list now is the one that a workbook asked about: what proves it, and what proves nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.model.edition import Edition
from pipeline.model.validation import validate
from pipeline.office.identity import Identity, identify
from pipeline.office.workbook_format import Asked, asked, fields
from pipeline.source.tree import parse_source
from pipeline.years.matching import place_items

HEAD = """\
表題: 試験一覧
担当課: 甲課
凡例: {◎: 実施済, ○: 継続推進}
今後の取扱い: {完了: 終了, 継続: 継続}
推進方針:
  - 名称: 方針
    推進施策:
"""


class Row(NamedTuple):
    """An item: its NO, its name, what was found, the heading above it, its 前版NO, and its symbol."""

    number: int
    name: str
    findings: str = ""
    measure: str = "施策一"
    former: int = 0
    symbol: str = "○"


def edition(items: Sequence[Row]) -> Edition:
    lines = [HEAD]
    for measure in dict.fromkeys(item.measure for item in items):
        lines += [f"      - 名称: {measure}\n        推進項目:\n"]
        for item in items:
            if item.measure == measure:
                former = f", 前版NO: [{item.former}]" if item.former else ""
                lines.append(
                    f"          - {{NO: {item.number}, 名称: {item.name}, 実施状況: {item.symbol}, 今後の取扱い: 継続, "
                    f"検証内容: '{item.findings}'{former}}}\n"
                )
    return validate(parse_source(Path("test.yaml"), "".join(lines).encode())).edition


def sent(items: Sequence[Row], is_former_format: bool = False) -> list[Asked]:
    """The items as they were asked about; the former format of the workbooks knew no headings and no 前版NO."""
    then = edition(items)
    found = [asked(placed, fields(then)) for placed in place_items(then)]
    return [Asked(one.number, one.name, one.answers) for one in found] if is_former_format else found


KEPT = Row(7, "広報")
ROADS, BRIDGES = "道路の改修", "橋の点検"
LONG, LONGER = "市民窓口の待ち時間の短縮", "市民窓口の待ち時間の大幅な短縮"

# The items then and now, and the NO now of each one then; 0 if that is not certain.
CASES: dict[str, tuple[Sequence[Row], Sequence[Row], Sequence[int]]] = {
    "nothing changed": ([Row(1, ROADS), Row(2, BRIDGES)], [Row(1, ROADS), Row(2, BRIDGES)], [1, 2]),
    "others came before them": (
        [Row(1, ROADS), Row(2, BRIDGES)],
        [Row(1, "新規"), Row(2, ROADS), Row(3, BRIDGES)],
        [2, 3],
    ),
    "NOs were swapped": ([Row(1, ROADS), Row(2, BRIDGES)], [Row(1, BRIDGES), Row(2, ROADS)], [2, 1]),
    "the name in full width": ([Row(1, "ICT活用")], [Row(2, "ＩＣＴ活用")], [2]),
    "moved below another heading": ([Row(1, ROADS)], [Row(1, ROADS, measure="施策二")], [1]),
    "moved and renumbered": ([Row(1, ROADS), KEPT], [KEPT, Row(9, ROADS, measure="施策二")], [9, 7]),
    "of one name, swapped": (
        [Row(1, ROADS), Row(2, ROADS, measure="施策二")],
        [Row(2, ROADS), Row(1, ROADS, measure="施策二")],
        [2, 1],
    ),
    "of one name, one of them moved": (
        [Row(1, ROADS), Row(2, ROADS, measure="施策二")],
        [Row(1, ROADS), Row(2, ROADS, measure="施策三")],
        [1, 2],
    ),
    "of one name, renumbered": (
        [Row(1, ROADS), Row(2, ROADS, measure="施策二")],
        [Row(3, ROADS), Row(4, ROADS, measure="施策二")],
        [3, 4],
    ),
    "of one name below one heading": ([Row(1, ROADS), Row(2, ROADS)], [Row(1, ROADS), Row(2, ROADS)], [1, 2]),
    "of one name, one of them moved and the other removed": (
        [Row(1, ROADS), Row(2, ROADS, measure="施策二")],
        [Row(1, ROADS, measure="施策三")],
        [1, 0],
    ),
    "of one name, both moved": (
        [Row(1, ROADS), Row(2, ROADS, measure="施策二")],
        [Row(1, ROADS, measure="施策三"), Row(2, ROADS, measure="施策四")],
        [0, 0],
    ),
    "renamed, with its 前版NO": ([Row(1, ROADS, former=5)], [Row(3, BRIDGES, measure="施策二", former=5)], [3]),
    "renamed, without a 前版NO": ([Row(1, ROADS)], [Row(3, BRIDGES, measure="施策二")], [0]),
    "two with one 前版NO": ([Row(1, ROADS, former=5)], [Row(3, "甲", former=5), Row(4, "乙", former=5)], [0]),
    "removed": ([Row(1, ROADS), KEPT], [KEPT], [0, 7]),
    "replaced": ([Row(1, ROADS), KEPT], [Row(1, BRIDGES), KEPT], [0, 7]),
    "renamed a little": ([Row(1, LONG), KEPT], [Row(1, LONGER), KEPT], [1, 7]),
    "renamed a little, and nothing else is certain": ([Row(1, LONG)], [Row(1, LONGER)], [1]),
    "renamed a little, beside one like it": (
        [Row(1, f"{LONG}一"), Row(2, f"{LONG}二"), KEPT],
        [Row(1, f"{LONG}三"), Row(2, f"{LONG}四"), KEPT],
        [1, 2, 7],
    ),
    "renamed a little, beside one like it, where NOs changed": (
        [Row(1, f"{LONG}一"), Row(2, f"{LONG}二"), KEPT],
        [Row(1, f"{LONG}三"), Row(2, f"{LONG}四"), KEPT._replace(number=8)],
        [0, 0, 8],
    ),
    "renamed a little and renumbered": ([Row(1, LONG), Row(2, ROADS), KEPT], [Row(5, LONGER), KEPT], [5, 0, 7]),
    "renamed a little and renumbered, before another": (
        [Row(1, LONG), KEPT],
        [Row(5, LONGER), Row(6, BRIDGES), KEPT],
        [5, 7],
    ),
    "renamed a little, where another is as near": (
        [Row(1, LONG), KEPT],
        [Row(5, f"{LONG}一"), Row(6, f"{LONG}二"), KEPT],
        [0, 7],
    ),
    "renamed a little, where another was as near": (
        [Row(1, f"{LONG}一"), Row(2, f"{LONG}二"), KEPT],
        [Row(5, LONG), KEPT],
        [0, 0, 7],
    ),
    "renamed a little and moved": ([Row(1, LONG), KEPT], [Row(1, LONGER, measure="施策二"), KEPT], [0, 7]),
    "renamed, with its text": ([Row(1, ROADS, "終えた。"), KEPT], [Row(1, BRIDGES, "終えた。"), KEPT], [1, 7]),
    "renamed, with another text": ([Row(1, ROADS, "終えた。"), KEPT], [Row(1, BRIDGES, "始めた。"), KEPT], [0, 7]),
    "renamed, with another symbol": (
        [Row(1, ROADS, "終えた。"), KEPT],
        [Row(1, BRIDGES, "終えた。", symbol="◎"), KEPT],
        [0, 7],
    ),
    "renamed, with its text, where NOs changed": (
        [Row(1, ROADS, "終えた。"), KEPT],
        [Row(1, BRIDGES, "終えた。"), KEPT._replace(number=8)],
        [0, 8],
    ),
    "renamed and moved, with its text": (
        [Row(1, ROADS, "終えた。"), KEPT],
        [Row(1, BRIDGES, "終えた。", measure="施策二"), KEPT],
        [0, 7],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_item_is_known_by_its_no_name_headings_and_texts_together(case: str) -> None:
    then, now, expected = CASES[case]
    found = identify(sent(then), edition(now))
    wanted = {Identity(item.number, item.name): number for item, number in zip(then, expected, strict=True)}
    assert found == {who: number for who, number in wanted.items() if number}


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ([Row(1, ROADS)], [Row(1, ROADS, measure="施策二")], 1),
        ([Row(1, ROADS)], [Row(1, ROADS), Row(2, ROADS, measure="施策二")], 1),
        ([Row(1, ROADS)], [Row(2, ROADS), Row(3, ROADS, measure="施策二")], 0),
        ([Row(1, LONG), KEPT], [Row(1, LONGER, measure="施策二"), KEPT], 1),
        ([Row(1, LONG), KEPT], [Row(2, LONGER), KEPT], 0),
    ],
)
def test_a_workbook_of_the_former_format_names_no_headings(
    then: Sequence[Row], now: Sequence[Row], expected: int
) -> None:
    found = identify(sent(then, is_former_format=True), edition(now))
    assert found.get(Identity(then[0].number, then[0].name), 0) == expected


FLAT = """\
表題: 試験一覧
担当課: 甲課
段: []
項目: {名称: 指標, 番号: NO}
欄:
  実績値: {種類: 数, 年度: [令和4年度, 令和5年度]}
  課題: {種類: 文章}
指標:
  - {NO: 7, 名称: 広報, 実績値: [3, 4], 課題: ''}
  - {NO: 1, 名称: 市民窓口の待ち時間の短縮, 実績値: [1, 2], 課題: 人手}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("名称: 市民窓口の待ち時間の短縮", "名称: 道路", 1),
        # Only the last year of a series was sent.
        ("名称: 市民窓口の待ち時間の短縮, 実績値: [1, 2]", "名称: 道路, 実績値: [1, 3]", 0),
        ("名称: 市民窓口の待ち時間の短縮, 実績値: [1, 2]", "名称: 道路, 実績値: [0, 2]", 1),
        # Where no heading stands above the items, a like name alone is no proof.
        ("NO: 1, 名称: 市民窓口の待ち時間の短縮", "NO: 2, 名称: 市民窓口の待ち時間の大幅な短縮", 0),
    ],
)
def test_an_item_of_a_list_without_headings_is_known_by_its_no_and_texts(old: str, new: str, expected: int) -> None:
    then, now = (
        validate(parse_source(Path("test.yaml"), text.encode())).edition for text in (FLAT, FLAT.replace(old, new))
    )
    found = identify([asked(placed, fields(then)) for placed in place_items(then)], now)
    assert found.get(Identity(1, LONG), 0) == expected
