"""Headings and rows of a source are moved, removed and added as lines: what stays keeps its comments and its layout."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.model.rules import children_of, form_of_tree
from pipeline.office import rearranging
from pipeline.office.editing import EditError, edit_parts, spot, spots
from pipeline.office.rearranging import Wanted, rearrange
from pipeline.source.tree import Mapping, Source, parse_source, plain

from .conftest import FORMS, HEALTHY, ROOT

HEAD = "表題: 一覧\n段: [{名称: 柱}]\n項目: {名称: 項目}\n欄: {備考: {種類: 文字}}\n"


def source_of(text: str) -> Source:
    return parse_source(Path("source/test.yaml"), text.encode())


def wanted(source: Source) -> list[Wanted]:
    """The list as it is."""
    keys = form_of_tree(source.root).list_keys

    def below(node: Mapping, depth: int) -> Iterator[Wanted]:
        for child in children_of(node, keys[depth]):
            yield Wanted(spot(child), {}, [*below(child, depth + 1)] if depth + 1 < len(keys) else [])

    return [*below(source.root, 0)]


def text_of(source: Source) -> str:
    return source.data.decode()


@pytest.mark.parametrize("path", [ROOT / "source/original.yaml", *FORMS], ids=lambda path: path.stem)
def test_a_list_that_stays_keeps_every_byte(path: Path) -> None:
    source = source_of(path.read_text("utf-8"))
    assert rearrange(source, wanted(source)).data == source.data


def test_comments_go_with_what_stands_below_them() -> None:
    source = source_of(
        f"{HEAD}柱:\n"
        "  # 一の柱\n  - 名称: 一   # 名\n    項目:\n"
        "      # 甲の上\n      - NO: 1\n        名称: 甲\n          # 甲の下\n\n      # 乙の上\n      - {NO: 2, 名称: 乙}  # 乙\n"
        "  - 名称: 二\n    項目:\n      - NO: 3\n        名称: 丙\n    # 二の終わり\n# 終わり\n後文: 以上。\n"
    )
    first, second = wanted(source)
    second.children.append(first.children.pop(0))
    assert text_of(rearrange(source, [second, first])) == (
        f"{HEAD}柱:\n"
        "  - 名称: 二\n    項目:\n      - NO: 3\n        名称: 丙\n"
        "      # 甲の上\n      - NO: 1\n        名称: 甲\n          # 甲の下\n    # 二の終わり\n"
        "  # 一の柱\n  - 名称: 一   # 名\n    項目:\n\n      # 乙の上\n      - {NO: 2, 名称: 乙}  # 乙\n"
        "# 終わり\n後文: 以上。\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "柱:\n- 名称: 一\n  項目:\n  - NO: 1\n    名称: 甲\n- 名称: 二\n  項目: []\n",
        "柱:\n  -\n    名称: 一\n    項目:\n      -\n        NO: 1\n        名称: 甲\n  - 名称: 二\n    項目:\n",
        "柱:\n  - {名称: 一, 項目: [{NO: 1, 名称: 甲}]}\n  - {名称: 二}\n",
        "柱: [{名称: 一, 項目: [{NO: 1, 名称: 甲}]}, {名称: 二}]\n",
        "柱:\n  - 項目:\n      - NO: 1\n        名称: 甲\n    名称: 一\n  - 名称: 二\n    # 項目はまだない\n",
        "柱:\r\n  - 名称: 一\r\n    項目: [{NO: 1, 名称: 甲}]\r\n  - 名称: 二",
    ],
    ids=["not indented", "dashes alone", "braces", "all in brackets", "name last", "windows"],
)
def test_it_works_whatever_the_layout(body: str) -> None:
    source = source_of(f"{HEAD}{body}")
    first, second = wanted(source)
    second.children += [*first.children, Wanted(None, {"NO": "2", "名称": "乙: 丙", "備考": "一"})]
    first.children.clear()
    edited = plain(rearrange(source, [second, first]).root)
    assert isinstance(edited, dict)
    items = [{"NO": "1", "名称": "甲"}, {"NO": "2", "名称": "乙: 丙", "備考": "一"}]
    assert edited["柱"] == [{"名称": "二", "項目": items}, {"名称": "一", "項目": ""}]


def test_an_item_among_headings_that_the_file_writes_deeper_is_indented_like_them() -> None:
    source = source_of(
        f"{HEAD}柱:\n- 名称: 一\n  項目:\n  - NO: 1\n    名称: 甲\n- 名称: 二\n  項目:\n      - NO: 2\n        名称: |\n          乙\n"
    )
    first, second = wanted(source)
    first.children += second.children
    second.children = []
    assert "  - NO: 1\n    名称: 甲\n  - NO: 2\n    名称: |\n      乙\n" in text_of(rearrange(source, [first, second]))


def test_what_would_not_read_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(HEALTHY)
    (policy,) = wanted(source)
    policy.children[0].children.append(Wanted(None, {"NO": "4", "名称": "項目四"}))
    monkeypatch.setattr(rearranging, "_key", lambda key: f"{key}x")
    with pytest.raises(EditError, match="何も書き込んでいません"):
        rearrange(source, [policy])


def test_marks_are_written_in_one_line_where_they_stand() -> None:
    text = HEALTHY.replace("名称: 項目一", "名称: 項目一\n            印:\n              - 重点\n              - 新規")
    source = source_of(f"印: {{重点: あ, 新規: い}}\n{text}")
    places = spots(source)
    edited = edit_parts(source, {places[0]: {"印": ("新規",)}, places[1]: {"印": ("重点",)}})
    assert "            印: [新規]\n            実施状況: ◎" in text_of(edited)
    assert "            名称: 項目二\n            印: [重点]\n            実施状況: ○" in text_of(edited)
