"""An answer written into the YAML changes that value and no other byte, however the file is written."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.office import editing
from pipeline.office.editing import EditError, edit
from pipeline.source.tree import parse_source

from .conftest import HEALTHY
from .golden import edits as by_chance
from .golden.digests import check_text

ITEM = """\
表題: 試験
凡例: {◎: 実施済, ○: 継続推進}   # 凡例
今後の取扱い: {完了: 終了, 継続: 継続}
推進方針:
- 名称: 方針一
  推進施策:
  - 名称: 施策一
    推進項目:
"""
REST = """\
      # 次の項目
    - NO: 2   # 二番
      名称: 項目二
      実施状況: ○
      今後の取扱い: 継続
"""


def written(item: str, answers: dict[str, str], rest: str = REST) -> str:
    """`item` (NO 1) as it stands in the file after `answers`; all else must be as before."""
    source = parse_source(Path("test.yaml"), (ITEM + item + rest).encode())
    text = edit(source, {1: answers}).data.decode()
    assert text.startswith(ITEM)
    assert text.endswith(rest)
    return text.removeprefix(ITEM).removesuffix(rest)


HEAD = """\
    - NO: 1
      名称: 項目一
      実施状況: ○
      今後の取扱い: 継続
"""


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        pytest.param("      検証内容: 古い\n", "新しい", "      検証内容: 新しい\n", id="a plain value"),
        pytest.param("      検証内容: 古い   # 注\n", "新", "      検証内容: 新   # 注\n", id="the comment stays"),
        pytest.param("      検証内容:\n", "新", "      検証内容: 新\n", id="an empty value"),
        pytest.param("      検証内容:   # 注\n", "新", "      検証内容: 新   # 注\n", id="empty before a comment"),
        pytest.param("      検証内容: 古い\n", "", "      検証内容:\n", id="emptied"),
        pytest.param("      検証内容: 古い # 注\n", "", "      検証内容: # 注\n", id="emptied before a comment"),
        pytest.param("      検証内容: '古''い'\n", "a'b", "      検証内容: 'a''b'\n", id="the single quotes stay"),
        pytest.param('      検証内容: "古い"\n', 'a"b', '      検証内容: "a\\"b"\n', id="so do the double"),
        pytest.param(
            '      検証内容: "古\\n い"  # 注\n',
            'a"b\nc',
            '      検証内容: |  # 注\n        a"b\n        c\n',
            id="lines need no quotes",
        ),
        pytest.param(
            "      検証内容: 'x\n        y'\n",
            "a\nb",
            "      検証内容: |\n        a\n        b\n",
            id="lines in the place of quoted lines",
        ),
        pytest.param("      検証内容: 古い\n", "a: b #c", "      検証内容: 'a: b #c'\n", id="quoted where it must be"),
        pytest.param("      検証内容: 古い\n", "- x", "      検証内容: '- x'\n", id="no list by accident"),
        pytest.param("      検証内容: 古い\n", "=1+1", "      検証内容: =1+1\n", id="an equals sign is text"),
        pytest.param("      検証内容: 古い\n", "2013", "      検証内容: '2013'\n", id="no number by accident"),
        pytest.param(
            "      検証内容: 古い  # 注\n",
            "一行目\n\n 三行目",
            "      検証内容: |  # 注\n        一行目\n\n         三行目\n",
            id="lines become a block",
        ),
        pytest.param(
            "      検証内容: |  # 注\n         一\n\n         二\n\n\n     # 低い注\n",
            "新\n二\n\n三",
            "      検証内容: |  # 注\n         新\n         二\n\n         三\n\n\n     # 低い注\n",
            id="a block keeps its indentation and the blank lines behind it",
        ),
        pytest.param(
            "      検証内容: >-\n        一\n        二\n", "新", "      検証内容: |\n        新\n", id="a folded block"
        ),
        pytest.param("      検証内容: |2+\n          一\n", "新", "      検証内容: |\n        新\n", id="|2"),
        pytest.param("      検証内容: |  # 注\n        一\n\n", "", "      検証内容:  # 注\n\n", id="a block emptied"),
        pytest.param("      検証内容: |\n", "新", "      検証内容: |\n        新\n", id="an empty block"),
        pytest.param(
            "      検証内容: 一\n        二  # 注\n", "新", "      検証内容: 新  # 注\n", id="plain over lines"
        ),
        pytest.param(
            "      検証内容:\n        一\n        二\n", "新", "      検証内容:\n        新\n", id="on the next line"
        ),
        pytest.param("      検証内容:  # 注\n        一\n", "", "      検証内容:  # 注\n", id="emptied there"),
        pytest.param("", "新", "      検証内容: 新\n", id="absent"),
        pytest.param("", "a\nb", "      検証内容: |\n        a\n        b\n", id="absent, lines"),
        pytest.param("", "", "", id="absent and empty"),
        pytest.param(
            "      担当課: 甲課\n", "新", "      検証内容: 新\n      担当課: 甲課\n", id="absent before others"
        ),
        pytest.param('      "検証内容" : 古い\n', "新", '      "検証内容" : 新\n', id="a quoted key"),
    ],
)
def test_findings_are_written_as_a_careful_hand_would(before: str, new: str, after: str) -> None:
    assert written(HEAD + before, {"検証内容": new}) == HEAD + after


FLOW = "    - {NO: 1, 名称: 項目一, 実施状況: ○, 今後の取扱い: 継続%s}\n"


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        pytest.param("", "新, い", ', 検証内容: "新, い"', id="absent"),
        pytest.param(", 検証内容: 古い", "新]", ', 検証内容: "新]"', id="plain"),
        pytest.param(", 検証内容: '古,い'", "新,", ", 検証内容: '新,'", id="quoted"),
        pytest.param(", 検証内容: ", "新", ', 検証内容: "新"', id="empty"),
        pytest.param(", 検証内容: , 担当課: 甲", "新", ', 検証内容: "新", 担当課: 甲', id="empty in between"),
        pytest.param(", 検証内容: 古い", "", ", 検証内容: ''", id="emptied"),
        pytest.param(", 検証内容: 古い", "a\nb", ', 検証内容: "a\\nb"', id="lines"),
    ],
)
def test_an_item_in_braces_stays_in_braces(before: str, new: str, after: str) -> None:
    assert written(FLOW % before, {"検証内容": new}) == FLOW % after


def test_several_answers_of_one_item_are_written_at_once() -> None:
    item = HEAD.replace("継続\n", "継続   # 方針どおり\n")
    after = written(item, {"実施状況": "◎", "今後の取扱い": "完了", "検証内容": "一\n二"})
    assert after == (
        "    - NO: 1\n      名称: 項目一\n      実施状況: ◎\n      今後の取扱い: 完了   # 方針どおり\n"
        "      検証内容: |\n        一\n        二\n"
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_stay_as_they_are(end: str, mark: str) -> None:
    text = (mark + ITEM + HEAD + REST).replace("\n", end)
    edited = edit(parse_source(Path("test.yaml"), text.encode()), {1: {"検証内容": "一\n二"}}).data.decode()
    inserted = "      検証内容: |\n        一\n        二\n".replace("\n", end)
    assert edited == text.replace(f"今後の取扱い: 継続{end}", f"今後の取扱い: 継続{end}{inserted}", 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("継続", "継続\n      検証内容: 新", id="absent"),
        pytest.param("継続\n      検証内容: 古い", "継続\n      検証内容: 新", id="plain"),
        pytest.param("継続\n      検証内容: |\n        古い", "継続\n      検証内容: |\n        新", id="a block"),
    ],
)
def test_a_file_that_ends_without_a_line_end_stays_so(before: str, after: str) -> None:
    start = (ITEM + HEAD).removesuffix("継続\n")
    edited = edit(parse_source(Path("test.yaml"), (start + before).encode()), {1: {"検証内容": "新"}}).data.decode()
    assert edited == start + after


def test_characters_beyond_the_basic_plane_do_not_shift_what_stands_behind_them() -> None:
    item = "    - {NO: 1, 名称: 𠮷𠮷𠮷, 実施状況: ○, 今後の取扱い: 継続}\n"
    assert written(item, {"実施状況": "◎"}) == item.replace("○", '"◎"')


def test_what_would_not_read_back_is_refused_and_the_lines_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "_quoted", lambda text, *_: text)
    with pytest.raises(EditError, match="NO 1「項目一」、13行目"):
        written(HEAD + "      検証内容: 古い\n", {"検証内容": "a: b"})
    with pytest.raises(EditError, match="NO 1「項目一」、13行目"):
        written(HEAD + "      検証内容: 古い\n", {"検証内容": "a #b"})


_STYLES = ("検証内容: 古い  # 注", "検証内容:  # 注", "検証内容: '古い'", '検証内容: "古い"', "検証内容: |  # 注\n      古\n\n      い\n", "# なし")  # fmt: skip
_TEXT = st.text(st.sampled_from("あ漢Ａa1 　\n:#-?'\"\\|>[]{},&*!%@`~=+_𠮷塚"), max_size=12).map(
    lambda text: text.strip(" \n")
)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_answers_read_back_as_themselves_and_no_comment_or_other_value_is_touched(data: st.DataObject) -> None:
    styles = data.draw(st.lists(st.sampled_from(_STYLES), min_size=1, max_size=4))
    items = (
        "".join(
            f"    - NO: {number}  # 番号\n      名称: 項目{number}\n      実施状況: ○  # 状況\n      今後の取扱い: 継続\n"
            f"      {style}\n      担当課: 甲課  # 末尾\n"
            for number, style in enumerate(styles, 1)
        )
        .replace("\n      古", "\n        古")
        .replace("\n      い", "\n        い")
    )
    before = ITEM + items
    answers = data.draw(st.dictionaries(st.integers(1, len(styles)), _TEXT, min_size=1))
    source = parse_source(Path("test.yaml"), before.encode())
    after = edit(source, {number: {"検証内容": text} for number, text in answers.items()}).data.decode()
    expected = yaml.load(before, yaml.BaseLoader)
    for item in expected["推進方針"][0]["推進施策"][0]["推進項目"]:
        number = int(item["NO"])
        if number in answers and (answers[number] or "検証内容" in item):
            item["検証内容"] = answers[number]
    read = yaml.load(after, yaml.BaseLoader)
    for content in (read, expected):
        for item in content["推進方針"][0]["推進施策"][0]["推進項目"]:
            if "検証内容" in item:
                item["検証内容"] = item["検証内容"].strip()
    assert read == expected
    kept = [line for line in before.split("\n") if "検証内容" not in line and line.strip() not in ("古", "い", "")]
    left = iter(after.split("\n"))
    assert all(any(line == other for other in left) for line in kept)
    assert after.count("# 注") == before.count("# 注")


def test_the_shared_example_changes_in_one_line() -> None:
    source = parse_source(Path("test.yaml"), HEALTHY.encode())
    edited = edit(source, {2: {"実施状況": "◎"}}).data.decode()
    pairs = list(zip(HEALTHY.split("\n"), edited.split("\n"), strict=True))
    assert [pair for pair in pairs if pair[0] != pair[1]] == [("            実施状況: ○", "            実施状況: ◎")]


@pytest.mark.parametrize("name", by_chance.TEXTS)
def test_sources_by_chance_become_what_they_became(name: str, request: pytest.FixtureRequest) -> None:
    check_text("edits", name, by_chance.TEXTS[name](), request)
