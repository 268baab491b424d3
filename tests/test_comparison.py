"""Nothing in two editions goes unexplained, and nothing fools the matching. All editions here are made up."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.edition import Edition, read_edition
from pipeline.model.form import BLANK
from pipeline.source.tree import plain, read_source
from pipeline.years.comparison import compare
from pipeline.years.comparison_data import ComparisonFile, comparison_json, comparison_schema, summarize
from pipeline.years.matching import place_items

from .editions import Row, explained, followed, made_up, numbers, said, summary

ROOT = Path(__file__).resolve().parent.parent

PARK = "公園の清掃を自治会に委ね、年に四回、参加者の数と集めたごみの量を記録している。"
BUS = "地域の足となる小型バスの試験運行を終え、利用者の声を運行計画に反映させた。"
LIBRARY = "図書館の閲覧席を増やし、開館の時間を夜八時まで延ばして勤め帰りの人に応えている。"


def test_an_edition_is_a_continuation_of_itself_whatever_it_announces() -> None:
    original = read_edition(plain(read_source(ROOT / "source/original.yaml").root))
    for to_id in ("original", "copy"):
        comparison = compare(original, original, "original", to_id)
        assert [numbers(entry) for entry in comparison.entries] == [((n,), (n,)) for n in original.items]
        assert {entry.kinds for entry in comparison.entries} == {("continued",)}
        assert not comparison.guesses
        assert not comparison.changes


def test_new_numbers_are_no_change() -> None:
    old = made_up(Row(1, "公園"), Row(2, "バス"), Row(3, "図書館"))
    new = made_up(Row(1, "図書館"), Row(7, "公園"), Row(8, "バス"), previous="old")
    assert summary(followed(old, new)) == {
        ((3,), (1,)): {"continued"},
        ((1,), (7,)): {"continued"},
        ((2,), (8,)): {"continued"},
    }


def test_swapped_names_follow_what_is_declared() -> None:
    old = made_up(Row(1, "公園", findings=PARK), Row(2, "バス", findings=BUS))
    new = made_up(
        Row(1, "バス", findings=PARK, previous=(1,)), Row(2, "公園", findings=BUS, previous=(2,)), previous="old"
    )
    assert summary(followed(old, new)) == {((1,), (1,)): {"renamed"}, ((2,), (2,)): {"renamed"}}


def test_previous_numbers_that_speak_of_another_edition_are_not_believed() -> None:
    old = made_up(Row(1, "公園"), Row(2, "バス"))
    new = made_up(Row(1, "バス", previous=(1,)), Row(2, "公園", previous=(2,)), previous="between")
    assert summary(compare(old, new, "old", "new")) == {((2,), (1,)): {"continued"}, ((1,), (2,)): {"continued"}}


def test_a_rename_with_a_move_is_a_guess_and_says_which_line_confirms_it() -> None:
    old = made_up(Row(4, "公園の清掃", findings=PARK), Row(5, "小型バスの運行", findings=BUS, measure="施策二"))
    new = made_up(
        Row(1, "小型バスの運行", findings=BUS, measure="施策二"),
        Row(2, "緑地の美化", findings=PARK, measure="施策三", policy="方針二"),
        previous="old",
    )
    comparison = followed(old, new)
    assert summary(comparison) == {((5,), (1,)): {"continued"}, ((4,), (2,)): {"renamed", "moved"}}
    (guess,) = comparison.guesses
    assert [(advice.number, advice.line) for advice in guess.advice] == [(2, "前版NO: [4]")]


def test_a_confirmed_guess_is_the_same_without_being_one() -> None:
    old = made_up(Row(4, "公園の清掃", findings=PARK))
    new = made_up(Row(2, "緑地の美化", findings=PARK, previous=(4,)), previous="old")
    comparison = followed(old, new)
    assert summary(comparison) == {((4,), (2,)): {"renamed"}}
    assert not comparison.guesses
    assert not comparison.entries[0].advice


@pytest.mark.parametrize(("before", "after", "by_text"), [(50, 50, True), (41, 61, False)])
def test_many_items_of_one_name_are_told_apart_by_their_text_up_to_a_limit(
    before: int, after: int, by_text: bool
) -> None:
    """2,500 pairs are compared; of more, the items are paired as they are printed."""
    texts = [f"{chr(ord('一') + 7 * at)}{chr(ord('亜') + 5 * at)}の会" for at in range(after)]
    old = made_up(*(Row(at, "公園", findings=text) for at, text in enumerate(texts[:before], 1)))
    new = made_up(*(Row(at, "公園", findings=f"{text}。") for at, text in enumerate(texts[::-1], 1)), previous="old")
    pairs = [(entry.old[0].item, entry.new[0].item) for entry in followed(old, new).entries if entry.old and entry.new]
    assert len(pairs) == before
    assert all(f"{said(one, '検証内容')}。" == said(other, "検証内容") for one, other in pairs) is by_text


def test_a_guess_between_editions_that_do_not_follow_each_other_has_no_line_to_write() -> None:
    old = made_up(Row(4, "公園の清掃", findings=PARK))
    for previous, new_id in (("between", "new"), ("before", "old")):
        new = made_up(Row(2, "緑地の美化", findings=PARK), previous=previous)
        (guess,) = compare(old, new, "old", new_id).guesses
        assert not guess.advice


def test_a_close_name_is_enough_for_a_guess_and_a_common_phrase_is_not() -> None:
    old = made_up(
        Row(1, "市民活動団体の実態調査の実施", findings="引き続き実施していく。"),
        Row(2, "防災の学習", findings="引き続き実施していく。"),
        Row(3, "図書の貸出", findings="引き続き実施していく。"),
    )
    new = made_up(
        Row(1, "市民活動団体実態調査", findings="引き続き実施していく。"),
        Row(2, "水辺の整備", findings="引き続き実施していく。"),
        previous="old",
    )
    assert summary(followed(old, new)) == {
        ((1,), (1,)): {"renamed"},
        ((2,), ()): {"vanished"},
        ((3,), ()): {"vanished"},
        ((), (2,)): {"new"},
    }


def test_a_name_that_is_less_close_is_a_guess_where_nothing_else_comes_near() -> None:
    old = made_up(
        Row(1, "子育て広場の利用率", findings="前年度を上回った。"),
        Row(2, "人口1万人当たり図書貸出冊数", findings="横ばいである。"),
        Row(3, "申請書の書類名等を省略しないこと", findings="窓口で周知した。"),
        Row(4, "放課後教室の開設数", findings="12教室を開設した。"),
        Row(5, "防犯灯の設置", findings="計画どおり設置した。"),
    )
    new = made_up(
        Row(1, "防犯灯の設置", findings="計画どおり設置した。"),
        Row(2, "子育て広場を利用する保護者の割合", findings="調査の対象を広げた。"),
        Row(3, "図書貸出冊数(隔年調査)", findings="横ばいである。"),
        Row(4, "申請における書類名等の省略の禁止", findings="様式を改めた。"),
        Row(5, "通学路の見守り", findings="新たに始めた。"),
        Row(6, "学童保育の待機児童数", findings="減少した。"),
        previous="old",
    )
    comparison = followed(old, new)
    links = {(numbers(entry), entry.guess) for entry in comparison.entries}
    assert links == {
        (((5,), (1,)), False),
        (((1,), (2,)), True),
        (((2,), (3,)), True),
        (((3,), (4,)), True),
        (((4,), ()), False),
        (((), (5,)), False),
        (((), (6,)), False),
    }


def test_of_two_candidates_that_are_equally_near_none_is_guessed() -> None:
    old = made_up(Row(1, "広場の利用率"))
    new = made_up(Row(1, "広場の芝生の管理"), Row(2, "広場の樹木の管理"), previous="old")
    assert summary(followed(old, new))[((1,), ())] == {"vanished"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("4月～6月に実施した。", "4月〜6月に実施した。"),
        ("第1—3条による。", "第1―3条による。"),
        ("気温－5度で中止した。", "気温−5度で中止した。"),
        ("A‖Bとした。", "A∥Bとした。"),
        ("ＡＢＣ１２３ｶﾞ", "ABC123ガ"),
        ("清掃 した。", "清掃\nした。"),
    ],
)
def test_what_nobody_can_see_is_no_change(one: str, other: str) -> None:
    old, new = made_up(Row(1, "公園", findings=one)), made_up(Row(1, "公園", findings=other), previous="old")
    assert summary(followed(old, new)) == {((1,), (1,)): {"continued"}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("対象は15か所である。", "対象は①5か所である。"),
        ("面積は102である。", "面積は10²である。"),
        ("(株)組合に委託した。", "㈱組合に委託した。"),
        ("第III期", "第Ⅲ期"),
        ("塚本", "\ufa10本"),
    ],
)
def test_what_can_be_seen_is_a_change(one: str, other: str) -> None:
    old, new = made_up(Row(1, "公園", findings=one)), made_up(Row(1, "公園", findings=other), previous="old")
    assert summary(followed(old, new)) == {((1,), (1,)): {"text_changed"}}


def test_one_name_in_two_measures_stays_in_its_measure() -> None:
    old = made_up(Row(1, "研修", findings=PARK), Row(2, "研修", measure="施策二", findings=BUS))
    new = made_up(Row(1, "研修", measure="施策二", findings=PARK), Row(2, "研修", findings=BUS), previous="old")
    comparison = followed(old, new)
    assert summary(comparison) == {((2,), (1,)): {"text_changed"}, ((1,), (2,)): {"text_changed"}}
    assert not comparison.guesses


def test_one_name_in_two_measures_that_are_gone_goes_by_its_text() -> None:
    old = made_up(Row(1, "研修", findings=PARK), Row(2, "研修", measure="施策二", findings=BUS))
    moved = made_up(
        Row(1, "研修", measure="施策三", findings=BUS),
        Row(2, "研修", measure="施策四", findings=PARK),
        previous="old",
    )
    comparison = followed(old, moved)
    assert summary(comparison) == {((2,), (1,)): {"moved"}, ((1,), (2,)): {"moved"}}
    assert not comparison.guesses
    rewritten = made_up(
        Row(1, "研修", measure="施策三", findings=BUS + "来年も続ける。"),
        Row(2, "研修", measure="施策四", findings=PARK + "来年も続ける。"),
        previous="old",
    )
    comparison = followed(old, rewritten)
    assert set(summary(comparison)) == {((2,), (1,)), ((1,), (2,))}
    assert len(comparison.guesses) == 2


def test_one_of_two_of_a_name_that_is_lost_is_not_hidden_by_the_other() -> None:
    old = made_up(Row(1, "研修"), Row(2, "研修", measure="施策二"))
    new = made_up(Row(1, "研修", measure="施策二"), previous="old")
    assert summary(followed(old, new)) == {((2,), (1,)): {"continued"}, ((1,), ()): {"vanished"}}


def test_of_two_of_a_name_the_one_that_ended_is_the_one_that_is_gone() -> None:
    old = made_up(Row(1, "研修", treatment="完了"), Row(2, "研修", measure="施策二"))
    new = made_up(Row(1, "研修", measure="施策三"), previous="old")
    comparison = followed(old, new)
    assert summary(comparison) == {((2,), (1,)): {"moved"}, ((1,), ()): {"ended"}}
    assert comparison.guesses


def test_two_empty_cells_do_not_say_the_same() -> None:
    old = made_up(Row(1, "研修"), Row(2, "研修", measure="施策二"))
    new = made_up(Row(1, "研修", measure="施策三"), Row(2, "研修", measure="施策四"), previous="old")
    assert len(followed(old, new).guesses) == 2


def test_several_become_one_by_what_the_old_edition_announced() -> None:
    old = made_up(
        Row(1, "公園", merged_into="まちの緑"),
        Row(2, "花壇", merged_into="まちの緑", status="△"),
        Row(3, "街路樹", merged_into="まちの緑", treatment="完了", status="◎"),
    )
    new = made_up(Row(1, "まちの緑"))
    assert summary(compare(old, new, "old", "new")) == {
        ((1, 2, 3), (1,)): {"merged", "renamed", "status_changed", "treatment_changed"}
    }


def test_what_joins_an_existing_item_stands_in_its_entry_though_it_is_completed() -> None:
    old = made_up(Row(1, "センター"), Row(2, "派遣", treatment="完了", status="◎", merged_into="センター"))
    comparison = compare(old, made_up(Row(1, "センター")), "old", "new")
    assert summary(comparison) == {((1, 2), (1,)): {"merged", "status_changed", "treatment_changed"}}
    assert comparison.treatment(comparison.entries[0]) == "継続、完了"
    assert not comparison.guesses


def test_what_was_merged_into_an_item_follows_it_through_its_new_name() -> None:
    old = made_up(Row(1, "センター"), Row(2, "派遣", merged_into="センター"), Row(3, "紹介", merged_into="派遣"))
    new = made_up(Row(1, "プラザ", previous=(1,)), previous="old")
    comparison = followed(old, new)
    assert summary(comparison) == {((1, 2, 3), (1,)): {"merged", "renamed"}}
    assert not comparison.guesses


def test_what_was_merged_into_a_renamed_item_is_not_guessed_to_be_another() -> None:
    old = made_up(Row(1, "センター"), Row(2, "人材の派遣や紹介", merged_into="センター"))
    new = made_up(Row(1, "プラザ", previous=(1,)), Row(2, "人材の派遣や紹介の研究"), previous="old")
    assert summary(followed(old, new)) == {((1, 2), (1,)): {"merged", "renamed"}, ((), (2,)): {"new"}}


def test_those_that_share_a_successor_stay_together_when_its_name_was_changed() -> None:
    old = made_up(
        Row(1, "広報紙", merged_into="市の情報を伝える媒体の充実"),
        Row(2, "掲示板", merged_into="市の情報を伝える媒体の充実"),
    )
    comparison = followed(old, made_up(Row(1, "市の情報を伝える媒体の整備"), previous="old"))
    assert summary(comparison) == {((1, 2), (1,)): {"merged", "renamed"}}
    assert comparison.entries[0].guess
    assert comparison.entries[0].advice[0].line == "前版NO: [1, 2]"


def test_a_merger_that_was_announced_and_not_carried_out_hides_nothing() -> None:
    old = made_up(Row(1, "公園", merged_into="緑地"), Row(2, "緑地"))
    again = made_up(Row(1, "公園", merged_into="緑地"), Row(2, "緑地"), previous="old")
    assert summary(followed(old, again)) == {((1,), (1,)): {"continued"}, ((2,), (2,)): {"continued"}}
    given_up = made_up(Row(1, "公園"), Row(2, "緑地"), previous="old")
    assert summary(followed(old, given_up)) == {((1, 2), (1, 2)): {"merged", "split"}}


def test_one_becomes_several() -> None:
    old = made_up(Row(1, "広報"))
    new = made_up(Row(1, "広報", previous=(1,)), Row(2, "広聴", previous=(1,)), previous="old")
    assert summary(followed(old, new)) == {((1,), (1, 2)): {"split"}}


def test_what_splits_and_merges_at_once_is_one_entry() -> None:
    old = made_up(Row(1, "広報"), Row(2, "広聴"), Row(3, "統計"))
    new = made_up(
        Row(1, "広報", previous=(1, 2)), Row(2, "広聴", previous=(2,)), Row(3, "統計", previous=(3,)), previous="old"
    )
    assert summary(followed(old, new)) == {((1, 2), (1, 2)): {"merged", "split"}, ((3,), (3,)): {"continued"}}


def test_an_item_forgotten_in_the_lineage_of_its_namesake_is_asked_about() -> None:
    old = made_up(Row(1, "センター"), Row(2, "派遣"))
    comparison = followed(old, made_up(Row(1, "センター", previous=(2,)), previous="old"))
    assert summary(comparison) == {((1, 2), (1,)): {"merged"}}
    assert comparison.guesses
    assert comparison.entries[0].advice[0].line == "前版NO: [1, 2]"


def test_a_status_is_compared_by_its_meaning() -> None:
    old = made_up(Row(1, "公園", status="○"), Row(2, "バス", status="△"))
    letters = {"A": "実施済", "B": "継続推進", "○": "一部実施"}
    new = made_up(Row(1, "公園", status="B"), Row(2, "バス", status="○"), legend=letters, previous="old")
    assert summary(followed(old, new)) == {((1,), (1,)): {"continued"}, ((2,), (2,)): {"continued"}}
    worse = made_up(Row(1, "公園", status="○"), Row(2, "バス", status="○"), legend=letters, previous="old")
    assert summary(followed(old, worse))[(1,), (1,)] == {"status_changed"}


def test_each_difference_has_its_own_kind() -> None:
    old = Row(1, "公園", findings="見直す。")
    for kind, new in {
        "status_changed": replace(old, status="△"),
        "treatment_changed": replace(old, treatment="廃止"),
        "text_changed": replace(old, findings="見直した。"),
        "renamed": replace(old, name="広場", previous=(1,)),
        "moved": replace(old, measure="施策二"),
    }.items():
        assert summary(followed(made_up(old), made_up(new, previous="old"))) == {((1,), (1,)): {kind}}
    elsewhere = replace(old, policy="方針二")
    assert summary(followed(made_up(old), made_up(elsewhere, previous="old"))) == {((1,), (1,)): {"moved"}}


def test_an_inserted_measure_moves_nothing() -> None:
    old = made_up(Row(1, "公園"), Row(2, "バス", measure="施策二"))
    new = made_up(
        Row(1, "新しい取組", policy="方針新"),
        Row(2, "公園"),
        Row(3, "別の取組", measure="施策新"),
        Row(4, "バス", measure="施策二"),
        previous="old",
    )
    assert set().union(*summary(followed(old, new)).values()) == {"new", "continued"}


def test_width_and_white_space_are_no_change() -> None:
    old = made_up(Row(1, "ガイド(第1版)", measure="施策 A", findings="PRを行う。\n次も行う。"))
    new = made_up(Row(1, "ｶﾞｲﾄﾞ（第１版）", measure="施策Ａ", findings="ＰＲを 行う。次も行う。"), previous="old")
    assert summary(followed(old, new)) == {((1,), (1,)): {"continued"}}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (Row(1, "公園", treatment="完了", status="◎"), "ended"),
        (Row(1, "公園", treatment="廃止", status="×"), "ended"),
        (Row(1, "公園", treatment="継続"), "vanished"),
        (Row(1, "公園", treatment=BLANK), "vanished"),
        (Row(1, "公園", treatment="完了", status="◎", merged_into="どこにもない"), "vanished"),
    ],
    ids=["completed", "abolished", "continued", "undecided", "merged into nothing"],
)
def test_what_is_gone_ended_or_vanished_by_its_old_treatment(row: Row, kind: str) -> None:
    comparison = followed(made_up(row), made_up(Row(1, "図書館", findings=LIBRARY), previous="old"))
    assert summary(comparison) == {((1,), ()): {kind}, ((), (1,)): {"new"}}
    assert [comparison.treatment(entry) for entry in comparison.entries] == [row.treatment, ""]
    assert bool(comparison.vanished) == (kind == "vanished")


def test_what_ended_is_not_guessed_to_go_on() -> None:
    old = made_up(Row(1, "地域づくり交付金の創設", treatment="完了", status="◎"))
    new = made_up(Row(1, "地域づくり交付金の充実"), previous="old")
    assert summary(followed(old, new)) == {((1,), ()): {"ended"}, ((), (1,)): {"new"}}


def test_an_edition_without_items_is_compared_too() -> None:
    empty, one = made_up(), made_up(Row(1, "公園"))
    assert summary(compare(empty, empty, "old", "new")) == {}
    assert summary(compare(one, empty, "old", "new")) == {((1,), ()): {"vanished"}}
    assert summary(compare(empty, one, "old", "new")) == {((), (1,)): {"new"}}


def test_what_is_gone_stands_where_it_stood() -> None:
    old = made_up(
        Row(1, "ア", treatment="廃止", policy="方針〇"),
        Row(2, "イ", treatment="廃止"),
        Row(3, "ウ"),
        Row(4, "エ", treatment="廃止"),
        Row(5, "オ"),
        Row(6, "カ", measure="施策二"),
    )
    new = made_up(Row(1, "ウ"), Row(2, "新"), Row(3, "オ"), Row(4, "カ", measure="施策二"), previous="old")
    entries = followed(old, new).entries
    assert [(*entry.old, *entry.new)[0].item.name for entry in entries] == ["ア", "イ", "ウ", "エ", "新", "オ", "カ"]


def test_a_long_list_is_explained_whole_even_if_every_item_has_to_be_guessed() -> None:
    def rows(word: str, first: int) -> list[Row]:
        return [
            Row(n, f"{word}{n}号の整備", measure=f"施策{n // 20}", findings=f"{PARK}{n}回目。{BUS}" * 2)
            for n in range(first, first + 400)
        ]

    for word, first in (("公園", 1), ("緑地", 1), ("公園", 5_000)):
        old, new = made_up(*rows("公園", 1)), made_up(*rows(word, first), previous="old")
        assert explained(followed(old, new).entries) == (sorted(old.items), sorted(new.items))


def test_what_was_abolished_ended_with_the_reason_and_is_no_longer_matched() -> None:
    """Not even by 統合先 or by likeness, and of two of one name the other one goes on."""
    old = made_up(
        Row(1, "公園の清掃", findings=PARK),
        Row(2, "バス", merged_into="交通"),
        Row(3, "研修"),
        Row(4, "研修", measure="施策二"),
    )
    new = made_up(
        Row(1, "緑地の美化", findings=PARK),
        Row(2, "交通"),
        Row(3, "研修"),
        previous="old",
        abolished=[{"前版NO": ["1", "2"], "理由": "縮小"}, {"前版NO": "3", "理由": "施策二に移す"}],
    )
    comparison = followed(old, new)
    assert summary(comparison) == {
        ((1,), ()): {"ended"},
        ((2,), ()): {"ended"},
        ((3,), ()): {"ended"},
        ((4,), (3,)): {"moved"},
        ((), (1,)): {"new"},
        ((), (2,)): {"new"},
    }
    data = json.loads(comparison_json(comparison))
    assert [item.get("reason") for item in data["items"] if item["kinds"] == ["ended"]] == [
        "縮小",
        "縮小",
        "施策二に移す",
    ]
    assert summarize(comparison_json(comparison)) == ([(False, "old → new: 移動1、新設2、終了3")], 0)
    # Another edition's NOs are not this one's.
    assert not compare(old, new, "another", "new").of("ended")


def test_the_data_for_other_programs_say_all_that_design_promises() -> None:
    old = made_up(Row(1, "公園の清掃", findings=PARK), Row(2, "バス", treatment="廃止"))
    new = made_up(Row(1, "緑地の美化", findings=PARK, status="△"), previous="old")
    data = json.loads(comparison_json(followed(old, new)))
    assert (data["from"], data["to"]) == ("old", "new")
    assert data["legend"]["from"] == {"◎": "実施済", "○": "継続推進", "△": "一部実施", "×": "検討中"}
    renamed, ended = data["items"]
    assert {key: renamed[key] for key in ("old", "new", "kinds", "treatment", "guess", "advice")} == {
        "old": [1],
        "new": [1],
        "kinds": ["status_changed", "renamed"],
        "treatment": "継続",
        "guess": True,
        "advice": [{"number": 1, "previous_numbers": [1]}],
    }
    assert (ended["old"], ended["new"], ended["kinds"], ended["treatment"]) == ([2], [], ["ended"], "廃止")
    assert renamed["new_items"][0]["status_meaning"] == "一部実施"
    ComparisonFile.model_validate(data)


def test_texts_beside_the_list_that_changed_are_told() -> None:
    old = made_up(Row(1, "公園"), 前文="毎年 まとめる。", 注={"1": "市の調べ", "2": "見込み"})
    new = made_up(Row(1, "公園"), 前文="毎年\nまとめる。", 後文="別冊に載せる。", 注={"1": "市が調べた", "3": "確定値"})
    said = comparison_json(compare(old, new, "old", "new"))
    assert json.loads(said)["texts"] == [
        {"kind": "postface", "number": "", "old": "", "new": "別冊に載せる。"},
        {"kind": "note", "number": "1", "old": "市の調べ", "new": "市が調べた"},
        {"kind": "note", "number": "3", "old": "", "new": "確定値"},
        {"kind": "note", "number": "2", "old": "見込み", "new": ""},
    ]
    assert summarize(said)[0] == [(False, "old → new: 変更なし1、後文の変更1、注の変更3")]


def test_the_schema_that_is_kept_is_the_schema_of_the_code() -> None:
    assert (ROOT / "docs/comparison.schema.json").read_text() == comparison_schema()


names = st.sampled_from(["公園", "公 園", "緑地の美化", "緑地の美化活動", "バス", "図書館の開館", "研修"])


@st.composite
def editions(draw: st.DrawFn, previous: str = "", lineage: int = 0) -> Edition:
    """A small edition that may hold any trap; `lineage` is the highest NO that a 前版NO may name."""
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    places = [
        (f"方針{i // 2}", f"施策{draw(st.integers(0, 2))}{i}") for i, size in enumerate(sizes) for _ in range(size)
    ]
    order = draw(st.permutations(range(1, len(places) + 1)))
    rows = [
        Row(
            number,
            draw(names),
            measure,
            policy,
            draw(st.sampled_from([*"◎○△×", BLANK])),
            draw(st.sampled_from(["完了", "継続", "継続", "廃止", BLANK])),
            draw(st.sampled_from(["", PARK, BUS, LIBRARY, PARK + BUS])),
            draw(st.one_of(st.just(""), st.just(""), names)),
            tuple(draw(st.lists(st.integers(1, lineage), max_size=3, unique=True))) if lineage else (),
        )
        for number, (policy, measure) in zip(order, places, strict=True)
    ]
    return made_up(*rows, previous=previous)


@given(editions(), st.sampled_from(["same", "copy"]))
def test_any_edition_is_a_continuation_of_itself(edition: Edition, to_id: str) -> None:
    comparison = compare(edition, edition, "same", to_id)
    assert {numbers(entry) for entry in comparison.entries} == {((n,), (n,)) for n in edition.items}
    assert {entry.kinds for entry in comparison.entries} <= {("continued",)}


@given(editions(), editions("old", 9), st.sampled_from(["old", "between"]))
def test_any_number_of_either_edition_is_explained_once(old: Edition, new: Edition, from_id: str) -> None:
    comparison = compare(old, new, from_id, "new")
    assert explained(comparison.entries) == (sorted(old.items), sorted(new.items))
    for entry in comparison.entries:
        assert len(set(entry.kinds)) == len(entry.kinds) >= 1
        assert entry.kinds == ("continued",) or "continued" not in entry.kinds
    ComparisonFile.model_validate_json(comparison_json(comparison))


MIRRORED = {"merged": "split", "split": "merged", "new": "gone", "ended": "gone", "vanished": "gone"}


@given(editions(), editions("old", 9))
def test_the_way_back_mirrors_the_way_there(old: Edition, new: Edition) -> None:
    there, back = compare(old, new, "old", "new"), compare(new, old, "new", "old")
    mirrored = {
        numbers(entry): {"new" if MIRRORED.get(kind) == "gone" and not entry.new else kind for kind in entry.kinds}
        for entry in there.entries
    }
    for entry in back.entries:
        former, latter = numbers(entry)
        expected = mirrored.pop((latter, former))
        if former and latter:
            assert {MIRRORED.get(kind, kind) for kind in entry.kinds} == expected
        else:
            assert {MIRRORED[kind] for kind in entry.kinds} <= {"gone"}
    assert not mirrored


@given(editions(), editions("old"))
def test_a_guess_that_is_confirmed_is_no_guess(old: Edition, new: Edition) -> None:
    comparison = followed(old, new)
    advised = {advice.number: advice.previous_numbers for entry in comparison.entries for advice in entry.advice}
    for entry in comparison.guesses:
        assert entry.advice
    rows = []
    for placed in place_items(new):
        policy, measure = (heading.section.name for heading in placed.headings)
        status, treatment, findings = (placed.item.text(column) for column in new.own)
        previous = advised.get(placed.number, ())
        merged_into = placed.item.merged_into
        rows.append(
            Row(placed.number, placed.item.name, measure, policy, status, treatment, findings, merged_into, previous)
        )
    confirmed = followed(old, made_up(*rows, previous="old"))
    for entry in confirmed.entries:
        assert not any(link.guess for link in entry.links if link.new in advised)
