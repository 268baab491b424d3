"""The next edition's draft carries over what goes on, loses nothing and invents nothing. All editions but the original are made up."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.model.edition import Edition, Item, Repeat, read_edition
from pipeline.model.form import BLANK
from pipeline.model.validation import Validated, validate
from pipeline.source.tree import parse_source, plain, read_source
from pipeline.years.comparison import compare
from pipeline.years.draft import next_edition, scalar, successors

from .editions import Row, explained, made_up, numbers

ROOT = Path(__file__).resolve().parent.parent


def read(text: str, path: Path = Path("new.yaml")) -> Edition:
    """The edition in a draft, without the edition before it."""
    return read_edition(plain(parse_source(path, text.encode()).root))


def drafted(*rows: Row) -> Edition:
    return read(next_edition(made_up(*rows), "old"))


def carried(edition: Edition) -> list[tuple[str, tuple[int, ...]]]:
    """The items of a draft in their order, and where each comes from; their NOs are checked on the way."""
    assert list(edition.items) == list(range(1, len(edition.items) + 1))
    return [(item.name, item.previous_numbers) for item in edition.items.values()]


def repeats(edition: Edition) -> list[str]:
    return [edition.items[row.number].name for _, row in edition.rows() if isinstance(row, Repeat)]


@pytest.fixture
def original() -> Validated:
    return validate(read_source(ROOT / "source/original.yaml"))


def test_the_original_is_followed_by_thirty_two_items_and_four_repeats(original: Validated) -> None:
    draft = read(next_edition(original.edition, "original"))
    assert len(draft.items) == 32
    assert repeats(draft) == [
        "人材や団体情報の集約、データベース化",
        "市民活動交流事業補助金の見直し",
        "協働ラウンドテーブル(情報交換・交流・協議の場)の開催",
        "お気軽講座の充実",
    ]
    merged = [entry for entry in carried(draft) if len(entry[1]) > 1]
    assert merged == [
        ("社会貢献活動に関する各種助成、補助金制度の情報提供", (11, 12)),
        ("市民活動支援センターの機能充実", (34, 35)),
        ("協働によるまちづくりの検証・評価の実施", (40, 41)),
        ("全庁的な協働推進体制の強化(会議体の活用)", (42, 44)),
    ]
    assert carried(draft)[1:4] == [
        ("自治会等自治振興交付金の創設・活用", (3,)),
        ("地域づくり交付金の充実", (4,)),
        ("コミュニティ活動保険の創設・活用", (6,)),
    ]


def test_a_draft_loads_beside_its_previous_edition_and_is_only_unfinished(project: Path, original: Validated) -> None:
    (project / "source/original.yaml").write_bytes(original.source.data)
    path = project / "source/next.yaml"
    path.write_text(next_edition(original.edition, "original"))
    loaded = validate(read_source(path))
    assert {problem.code for problem in loaded.warnings} == {"W507"}
    assert loaded.edition.is_draft
    assert loaded.edition.previous == "original"
    for item in loaded.edition.items.values():
        assert (item.status, item.treatment, item.findings, item.merged_into) == (BLANK, BLANK, "", "")


def test_what_goes_on_is_carried_and_what_ended_is_left_out() -> None:
    draft = drafted(
        Row(1, "公園", treatment="完了"),
        Row(2, "バス"),
        Row(3, "図書館", treatment="廃止"),
        Row(4, "研修", treatment=BLANK),
    )
    assert carried(draft) == [("バス", (2,)), ("研修", (4,))]


def test_what_shares_a_successor_becomes_one_at_the_first_place() -> None:
    draft = drafted(
        Row(1, "公園", merged_into="緑地", treatment="完了"),
        Row(2, "バス"),
        Row(3, "花壇", merged_into="緑 地", measure="施策二"),
        Row(4, "研修", measure="施策二"),
    )
    assert carried(draft) == [("緑地", (1, 3)), ("バス", (2,)), ("研修", (4,))]
    assert [measure.name for policy in draft.policies for measure in policy.measures] == ["施策一", "施策二"]


@pytest.mark.parametrize("treatment", ["継続", "完了"])
def test_what_is_merged_into_an_existing_item_joins_it_at_its_place(treatment: str) -> None:
    draft = drafted(
        Row(1, "派遣", merged_into="センター"),
        Row(2, "バス"),
        Row(3, "センター", treatment=treatment, measure="施策二"),
    )
    assert carried(draft) == [("バス", (2,)), ("センター", (1, 3))]


def test_a_chain_of_mergers_ends_where_its_last_link_ends() -> None:
    into_new = drafted(Row(1, "紹介", merged_into="派遣"), Row(2, "バス"), Row(3, "派遣", merged_into="プラザ"))
    assert carried(into_new) == [("プラザ", (1, 3)), ("バス", (2,))]
    into_old = drafted(Row(1, "紹介", merged_into="派遣"), Row(2, "派遣", merged_into="バス"), Row(3, "バス"))
    assert carried(into_old) == [("バス", (1, 2, 3))]


def test_two_that_are_merged_into_each_other_become_the_first() -> None:
    assert carried(drafted(Row(1, "公園", merged_into="花壇"), Row(2, "花壇", merged_into="公園"))) == [
        ("公園", (1, 2))
    ]


def test_one_name_in_two_measures_stays_two_and_is_joined_in_its_own_measure() -> None:
    draft = drafted(
        Row(1, "研修"),
        Row(2, "研修", measure="施策二"),
        Row(3, "講座", measure="施策二", merged_into="研修"),
    )
    assert carried(draft) == [("研修", (1,)), ("研修", (2, 3))]


def test_of_two_of_a_name_what_is_merged_joins_the_one_that_goes_on() -> None:
    draft = drafted(
        Row(1, "研修", treatment="完了"),
        Row(2, "研修", measure="施策二"),
        Row(3, "講座", measure="施策三", merged_into="研修"),
    )
    assert carried(draft) == [("研修", (2, 3))]


def test_repeats_of_what_goes_on_stay_and_follow_their_item() -> None:
    draft = drafted(
        Row(1, "公園", treatment="完了"),
        Row(2, "バス"),
        Row(3, "花壇", merged_into="緑地"),
        Row(4, "街路樹", merged_into="緑地"),
        Row(5, "研修", measure="施策二"),
        Row(measure="施策二", repeats=1),
        Row(measure="施策二", repeats=4),
        Row(measure="施策二", repeats=2),
    )
    assert repeats(draft) == ["緑地", "バス"]


def test_a_repeat_that_would_say_nothing_new_is_left_out() -> None:
    draft = drafted(
        Row(1, "公園", merged_into="緑地"),
        Row(2, "花壇", merged_into="緑地", measure="施策二"),
        Row(measure="施策一の二", repeats=2),
        Row(measure="施策一の二", repeats=1),
        Row(3, "研修", measure="施策一の三"),
    )
    assert repeats(draft) == ["緑地"]
    home = made_up(Row(1, "公園", merged_into="緑地"), Row(repeats=2), Row(2, "花壇", "施策二", merged_into="緑地"))
    assert repeats(read(next_edition(home, "old"))) == []


def test_a_measure_or_policy_of_which_nothing_goes_on_is_left_out_and_named() -> None:
    text = next_edition(
        made_up(
            Row(1, "公園", treatment="完了"),
            Row(2, "バス", measure="施策二"),
            Row(3, "研修", measure="施策三", policy="方針二", treatment="廃止"),
        ),
        "old",
    )
    draft = read(text)
    assert [(policy.name, [measure.name for measure in policy.measures]) for policy in draft.policies] == [
        ("方針一", ["施策二"])
    ]
    assert "# 推進施策「施策一」は" in text
    assert "# 推進方針「方針二」は" in text


def test_a_measure_that_only_repeats_is_kept() -> None:
    draft = drafted(
        Row(1, "バス"), Row(2, "公園", measure="施策二", treatment="完了"), Row(measure="施策二", repeats=1)
    )
    assert [measure.name for measure in draft.policies[0].measures] == ["施策一", "施策二"]


def test_a_draft_of_an_edition_of_which_nothing_goes_on_is_still_an_edition() -> None:
    assert carried(drafted(Row(1, "公園", treatment="完了"))) == []
    assert drafted(Row(1, "公園", treatment="完了")).policies[0].name == "方針一"


def test_last_years_words_stand_beside_each_item() -> None:
    long = "引き続き、検討していく必要がある。" * 20
    text = next_edition(
        made_up(
            Row(3, "公園", status="△", findings="見直した。\n# 次も見直す。"),
            Row(4, "花壇", merged_into="緑地", findings=long),
            Row(5, "バス"),
        ),
        "old",
    )
    assert "            # 前版NO 3 △ 継続: 見直した。\n            # # 次も見直す。\n            検証内容:\n" in text
    assert "# 前版NO 4 ○ 継続(名称「花壇」): 引き続き" in text
    assert "# 前版NO 5 ○ 継続: (検証内容なし)" in text
    assert max(map(len, text.splitlines())) < 90
    comments = "".join(line.strip("# ") for line in text.splitlines() if line.lstrip().startswith("#"))
    assert long in comments


def test_what_belongs_to_one_year_is_left_to_fill_in_and_the_rest_is_kept() -> None:
    of_one_year: dict[str, Any] = {"年度": "平成24年度", "現在日": "2013-03-31", "資料番号": "資料1", "案": "true"}
    of_every_year: dict[str, Any] = {"自治体": "作りもの市", "担当課": "協働課"}
    edition = made_up(
        Row(1, "公園", department="緑政課"),
        Row(2, "花壇", merged_into="公園", department="道路課"),
        見出し={"推進施策": "取組: #1"},
        **of_one_year,
        **of_every_year,
    )
    draft = read(next_edition(edition, "old"))
    assert (draft.title, draft.municipality, draft.department) == (edition.title, "作りもの市", "協働課")
    assert (draft.fiscal_year, draft.as_of, draft.document_number, draft.draft) == ("", None, "", False)
    assert draft.headings == edition.headings
    assert (draft.legend, draft.treatments) == (edition.legend, edition.treatments)
    assert list(draft.legend) == list(edition.legend)
    assert draft.items[1].department == "緑政課、道路課"
    assert "# 年度:   # 前版では 平成24年度" in next_edition(edition, "old")


HOSTILE = [
    "- x: #y",
    "a: b",
    "#",
    "? x",
    "!tag",
    "&a",
    "*a",
    "'",
    '"',
    "{}",
    "[1]",
    "|",
    ">",
    "%",
    "@",
    "`",
    "---",
    "...",
]
HOSTILE += [
    "null",
    "true",
    "0x1F",
    "2013-03-31",
    "12:30",
    "=",
    "~",
    "<<",
    "一\n二",
    "塚\ufa10",
    "葛\U000e0100",
    "　全角　",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_survives_the_way_into_yaml(text: str) -> None:
    edition = made_up(Row(1, text, measure=text, policy=text, department=text), legend={text[:20]: text})
    draft = read(next_edition(edition, "old"))
    assert draft.items[1].name == text
    assert draft.items[1].department == text
    assert draft.policies[0].measures[0].name == text == draft.policies[0].name
    assert draft.legend == edition.legend


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]), min_size=1, max_size=30))
def test_a_scalar_reads_back_as_it_was(text: str) -> None:
    written = scalar(text)
    assert "\n" not in written
    assert yaml.safe_load(f"- {written}\n") == [text]
    assert yaml.safe_load(f"{written}: 1\n") == {text: 1}


names = st.sampled_from(["公園", "公 園", "緑地の美化", "緑地の美化活動", "バス", "図書館の開館", "研修", "- x: #y"])


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    """An edition that `validate` takes, with all that a draft has to carry out."""
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    places = [(f"方針{i // 2}", f"施策{i}") for i, size in enumerate(sizes) for _ in range(size)]
    order = draw(st.permutations(range(1, len(places) + 1)))
    rows = []
    for number, (policy, measure) in zip(order, places, strict=True):
        name, target = draw(names), draw(st.one_of(st.just(""), names))
        treatment = draw(st.sampled_from(["完了", "継続", "廃止", BLANK]))
        rows.append(
            Row(
                number,
                name,
                measure,
                policy,
                "△",
                treatment,
                draw(st.text("市民の。\n", max_size=5)),
                target if target != name else "",
            )
        )
        others = [other for other, place in zip(order, places, strict=True) if place != (policy, measure)]
        if draw(st.booleans()) and others:
            rows.append(Row(measure=measure, policy=policy, repeats=draw(st.sampled_from(others))))
    return made_up(*rows)


@given(editions())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_draft_that_is_filled_in_explains_everything_without_a_guess(tmp_path: Path, old: Edition) -> None:
    (tmp_path / "old.yaml").write_text(as_yaml(old))
    path = tmp_path / "new.yaml"
    path.write_text(next_edition(old, "old"))
    new = validate(read_source(path)).edition
    comparison = compare(old, filled_in(new), "old", "new")
    assert explained(comparison.entries) == (sorted(old.items), sorted(new.items))
    assert not comparison.guesses
    assert not comparison.vanished
    assert not comparison.of("new")
    assert not comparison.of("split")
    assert {numbers(entry) for entry in comparison.entries if entry.new} == {
        (tuple(item.number for item in successor.predecessors), (successor.number,)) for successor in successors(old)
    }


def filled_in(edition: Edition) -> Edition:
    """The draft with every status and treatment filled in."""
    data = edition.model_dump(mode="json")
    for policy in data["推進方針"]:
        for measure in policy["推進施策"]:
            for row in measure["推進項目"]:
                if "NO" in row:
                    row |= {"NO": str(row["NO"]), "実施状況": "○", "今後の取扱い": "継続"}
                    row["前版NO"] = [str(number) for number in row["前版NO"]]
                else:
                    row["再掲"] = str(row["再掲"])
            measure["改ページ"] = "false"
        policy["改ページ"] = "false"
    return read_edition({**data, "案": "false", "現在日": ""})


def as_yaml(edition: Edition) -> str:
    """An edition as a file; only its NOs are asked for when the one after it is validated."""
    rows = [f"- NO: {row.number}" for _, row in edition.rows() if isinstance(row, Item)]
    return "推進方針:\n  - 推進施策:\n      - 推進項目:\n" + "".join(f"          {row}\n" for row in rows)


def test_names_of_several_lines_are_drafted_as_people_write_them() -> None:
    """As a block, not with an escape in quotes, of which the reader warns."""
    edition = made_up(Row(1, "公園の\n整備", measure="施策\n一", policy="方針\n一", department="甲課\n乙係"))
    text = next_edition(edition.model_copy(update={"title": "一覧\n(案)"}), "h24")
    assert "          - NO: 1\n            名称: |\n              公園の\n              整備\n" in text
    new = validate(parse_source(Path("h25.yaml"), text.encode()))
    assert {warning.code for warning in new.warnings} == {"W507"}
    assert new.edition.title == "一覧\n(案)"
    assert new.edition.items[1].name == "公園の\n整備"
    assert new.edition.policies[0].measures[0].name == "施策\n一"
    assert new.edition.items[1].department == "甲課\n乙係"
