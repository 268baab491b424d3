"""How well items of two editions find each other, and what the guesses never do."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.edition import Edition
from pipeline.years.comparison import Comparison

from .editions import Row, followed, made_up, summary
from .plan_sample import TRUTH, plan


def candidates(comparison: Comparison) -> dict[int, tuple[int, ...]]:
    """The NOs of the candidates of each item that is gone."""
    return {entry.old[0].number: tuple(one.number for one in entry.candidates) for entry in comparison.vanished}


def test_of_a_plan_without_previous_numbers_two_thirds_are_found_and_none_wrongly() -> None:
    comparison = followed(*plan())
    links = {(link.old, link.new) for entry in comparison.entries for link in entry.links}
    assert not links - TRUTH
    assert len(links) >= 19
    # Mergers, splits and wholly new wordings are not guessed. Their successors are the first candidates.
    asked = candidates(comparison)
    for old in {old for old, _ in TRUTH - links} - {old for old, _ in links}:
        assert (old, asked[old][0]) in TRUTH
    assert asked.keys() - {old for old, _ in TRUTH} == {25, 27}
    # A split is not guessed: its second part is new.
    assert {(entry.new[0].number) for entry in comparison.of("new")} >= {9}


def test_a_small_plan_is_found_or_first_among_the_candidates() -> None:
    old = made_up(
        Row(1, "夜間窓口の開設", findings="毎週水曜日に開設した。"),
        Row(2, "空き家の所在の調査", findings="市内全域を調べた。"),
        Row(3, "街路樹の植替え", findings="32本を植え替えた。"),
    )
    new = made_up(
        Row(1, "老朽化した空き家に関する所有者への助言", findings="15件を助言した。"),
        Row(2, "電線の地中化", findings="駅前で着手した。"),
        Row(3, "水曜日の延長窓口", findings="毎週開設した。"),
        previous="old",
    )
    comparison = followed(old, new)
    links = {(link.old, link.new) for entry in comparison.entries for link in entry.links}
    assert links <= {(1, 3), (2, 1)}
    for one, other in {(1, 3), (2, 1)} - links:
        assert candidates(comparison)[one][0] == other


def test_the_only_two_that_are_left_below_a_heading_are_a_guess_if_they_are_alike_at_all() -> None:
    old = made_up(
        Row(1, "女性のための電話相談", findings="毎週開設した。"),
        Row(2, "街路樹の植替え", measure="施策二"),
        Row(3, "公園の清掃", measure="施策三"),
    )
    rows = (
        Row(1, "DV等に関する相談体制の整備", findings="相談員を配置した。"),
        Row(2, "電線の地中化", measure="施策二"),
        Row(3, "公園の清掃", measure="施策三"),
    )
    guessed = followed(old, made_up(*rows, previous="old"))
    assert [(entry.links[0].by, entry.guess) for entry in guessed.entries if entry.links] == [
        ("heading", True),
        ("name", False),
    ]
    # What has nothing in common is only a candidate.
    assert summary(guessed)[((2,), ())] == {"vanished"}
    assert candidates(guessed) == {2: (2,)}
    # Where 前版NO are written, an item without is new.
    declared = made_up(*rows[:2], Row(3, "公園の清掃", measure="施策三", previous=(3,)), previous="old")
    assert candidates(followed(old, declared)) == {1: (1,), 2: (2,)}
    # Two that are left are not one.
    more = made_up(*rows, Row(4, "DVの予防の啓発"), previous="old")
    assert set(candidates(followed(old, more))) == {1, 2}


def test_a_heading_that_only_one_edition_has_counts_as_the_one_above_it() -> None:
    old = made_up(Row(1, "女性のための電話相談", measure="相談する"), Row(2, "公園の清掃"))
    new = made_up(Row(1, "DV等に関する相談体制の整備", measure="支え合う"), Row(2, "公園の清掃"), previous="old")
    assert [entry.links[0].by for entry in followed(old, new).guesses] == ["heading"]


def test_a_merger_is_not_guessed_and_a_candidate_may_continue_another_item() -> None:
    old = made_up(
        Row(1, "放課後教室の開設", findings="12教室を開設した。"),
        Row(2, "放課後教室の開設に関する相談の受付", findings="電話で受け付けた。"),
    )
    new = made_up(Row(1, "放課後教室の開設", findings="14教室を開設した。"), previous="old")
    comparison = followed(old, new)
    assert summary(comparison) == {((1,), (1,)): {"text_changed"}, ((2,), ()): {"vanished"}}
    assert candidates(comparison) == {2: (1,)}


def test_only_what_should_have_gone_on_has_candidates() -> None:
    old = made_up(Row(1, "公園の清掃", treatment="完了"), Row(2, "図書の貸出"))
    new = made_up(Row(1, "公園の清掃と花壇の管理"), Row(2, "図書の貸出"), previous="old")
    assert [entry.candidates for entry in followed(old, new).entries] == [()] * 3


WORDS = st.sampled_from(["公園", "緑地", "広場", "清掃", "美化", "管理", "の", "と", "利用率", "整備"])
NAMES = st.lists(WORDS, min_size=1, max_size=4).map("".join)


@st.composite
def plans(draw: st.DrawFn, previous: str = "") -> Edition:
    names = draw(st.lists(st.tuples(NAMES, st.integers(1, 3)), max_size=7))
    rows = [
        Row(at, name, f"施策{place}", findings=draw(st.sampled_from(["", "公園を清掃した。", "利用率は上がった。"])))
        for at, (name, place) in enumerate(sorted(names, key=lambda pair: pair[1]), 1)
    ]
    return made_up(*rows, previous=previous)


@settings(max_examples=50)
@given(plans(), plans("old"))
def test_a_name_wins_over_a_guess_and_a_candidate_stands_in_its_own_entry(old: Edition, new: Edition) -> None:
    comparison = followed(old, new)
    assert comparison == followed(old, new)
    partners = {link.old: link.new for entry in comparison.entries for link in entry.links}
    # Without 前版NO and 統合先, one item continues one.
    assert len(partners) == len(set(partners.values())) == sum(len(entry.links) for entry in comparison.entries)
    names = [{one.name for one in edition.items.values()} for edition in (old, new)]
    for entry in comparison.entries:
        assert not entry.candidates or entry.kinds == ("vanished",)
        found = [one.number for one in entry.candidates]
        assert len({*found}) == len(found) <= 3
        assert {*found} <= {*new.items}
    for name in names[0] & names[1]:
        # As many items of a name as both have continue each other.
        both = [sum(one.name == name for one in edition.items.values()) for edition in (old, new)]
        linked = sum(old.items[a].name == new.items[b].name == name for a, b in partners.items())
        assert linked == min(both)
