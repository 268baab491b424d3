"""The next edition's draft carries over what goes on, loses nothing and invents nothing. All editions but the original are made up."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.cli.command import main
from pipeline.library import Library
from pipeline.model.column_widths import ColumnWidths
from pipeline.model.dates import names_year, next_year
from pipeline.model.edition import Edition, Item, Repeat, read_edition
from pipeline.model.form import BLANK
from pipeline.model.validation import Validated, validate
from pipeline.source.tree import parse_source, plain, read_source
from pipeline.source.writing import entry, scalar
from pipeline.years.comparison import compare
from pipeline.years.draft import next_edition, successors

from .conftest import FORMS
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


def words_of(edition: Edition) -> list[list[tuple[str, str]]]:
    """The symbols and terms of each column, in their order."""
    return [[*(column.words or {}).items()] for column in edition.columns]


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
        assert [item.text(column) for column in loaded.edition.form.own] == [BLANK, BLANK, ""]
        assert item.merged_into == ""


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
    assert [measure.name for policy in draft.sections for measure in policy.sections] == ["施策一", "施策二"]


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
    assert [(policy.name, [measure.name for measure in policy.sections]) for policy in draft.sections] == [
        ("方針一", ["施策二"])
    ]
    assert "# 推進施策「施策一」は" in text
    assert "# 推進方針「方針二」は" in text


def test_a_measure_that_only_repeats_is_kept() -> None:
    draft = drafted(
        Row(1, "バス"), Row(2, "公園", measure="施策二", treatment="完了"), Row(measure="施策二", repeats=1)
    )
    assert [measure.name for measure in draft.sections[0].sections] == ["施策一", "施策二"]


def test_a_draft_of_an_edition_of_which_nothing_goes_on_is_still_an_edition() -> None:
    assert carried(drafted(Row(1, "公園", treatment="完了"))) == []
    assert drafted(Row(1, "公園", treatment="完了")).sections[0].name == "方針一"


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
    assert (draft.fiscal_year, draft.as_of, draft.document_number.of_all, draft.draft) == ("", None, "", False)
    assert draft.columns == edition.columns  # with their heads and words
    assert words_of(draft) == words_of(edition)
    assert draft.items[1].department == "緑政課、道路課"
    assert "# 年度:   # 前版では 平成24年度" in next_edition(edition, "old")


def test_the_numbers_of_the_documents_are_left_to_fill_in_each_by_itself() -> None:
    text = next_edition(made_up(Row(1, "公園"), 資料番号={"一覧": "資料1-1", "経過": "資料1-4"}), "old")
    assert "\n# 資料番号:\n#   一覧:   # 前版では 資料1-1\n#   経過:   # 前版では 資料1-4\n前版: old\n" in text
    filled_in = (
        text.replace("# 資料番号:", "資料番号:").replace("#   一覧:", "  一覧: 資料2").replace("#   経過:", "  経過:")
    )
    assert read(filled_in).document_number.by_document["一覧"] == "資料2"
    assert "\n# 資料番号:   # 前版では 資料1\n" in next_edition(made_up(Row(1, "公園"), 資料番号="資料1"), "old")


def test_how_the_data_are_published_is_kept_and_its_days_are_not() -> None:
    said = {
        **{"ライセンス": "CC BY 4.0", "問い合わせ先": "協働課", "更新日": "2013-06-01", "更新頻度": "年1回"},
        **{"更新履歴": [{"日付": "2013-06-10", "内容": "訂正"}], "留意事項": "一行目\n二行目"},
    }
    edition = made_up(Row(1, "公園"), 団体コード="011002", 公開=said)
    text = next_edition(edition, "old")
    assert "\n団体コード: '011002'\n" in text
    assert "\n公開:\n  # 更新日:   # 前版では 2013-06-01\n  ライセンス: CC BY 4.0\n" in text
    draft = read(text)
    assert draft.local_code == "011002"
    assert draft.publication == edition.publication.model_copy(update={"updated": None, "changes": ()})


def test_the_office_that_asks_is_kept_and_its_day_left_to_fill_in() -> None:
    edition = made_up(Row(1, "公園"), 照会={"期限": "2013-05-31", "提出先": "協働課", "内線": "123"})
    text = next_edition(edition, "old")
    assert "\n照会:\n  # 期限:   # 前版では 2013-05-31\n  提出先: 協働課\n  内線: '123'\n" in text
    inquiry = read(text).inquiry
    assert (inquiry.due, inquiry.to, inquiry.extension) == (None, "協働課", "123")
    assert "\n# 照会:\n  # 期限:" in next_edition(made_up(Row(1, "公園"), 照会={"期限": "2013-05-31"}), "old")


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
    assert draft.sections[0].sections[0].name == text == draft.sections[0].name
    assert words_of(draft) == words_of(edition)


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
    assert new.edition.sections[0].sections[0].name == "施策\n一"
    assert new.edition.items[1].department == "甲課\n乙係"


# Other forms

FORM = """\
表題: 指標の一覧
年度: 令和5年度
用紙: A3横
印: {新規: 新しい事業, 重点: 重点の事業}
前文: 令和5年度の一覧です。
後文: |
  終わりに

   字下げ
注: {1: 一つ目, 2: '二つ目: #2'}
段: [{名称: 柱, 番号: 自由}]
項目: {名称: 指標, 番号: 自由}
欄:
  所管: {種類: 課}
  目標: {種類: 数}
  率: {種類: 数, 単位: '%'}
  実績: {種類: 数, 年度: [令和4年度, 令和5年度]}
  見込: {種類: 数, 年度: [令和5年度, 最終年度]}
  対象: {種類: 文字}
  期限: {種類: 日付}
  評価: {種類: 記号, 凡例: {A: '良い, とても', '-': 悪い}, 集計: 主, 完了の記号: [A]}
  今後: {種類: 語, 語: {続ける: 継続, 'No': 終了}, 行方: true, 完了の語: ['No']}
  令和5年度の内容: {種類: 文章, 段落: 下}
見出し: {柱: 政策の柱, 目標: 目標(令和7年度)}
柱:
  - 番号: 1-1
    名称: 柱一
    指標:
      - {NO: 1, 番号: 1-1-1, 名称: 道, 印: [重点, 新規], 単位: 件, 所管: 甲課, 目標: '1,250', 率: ▲3.5, 実績: ['1,284', なし], 見込: [1, 2], 対象: 令和5年度の生徒, 期限: 2024-03-05, 評価: A, 今後: 続ける, 令和5年度の内容: '直した。※2'}
      - {NO: 2, 名称: 橋, 目標: '-', 率: 5, 実績: [-3, 4], 見込: [1, 2], 対象: 全市民, 評価: '-', 今後: 続ける, 統合先: 水路}
      - {NO: 3, 名称: 川, 所管: 乙課, 単位: 件, 目標: 7, 率: 5, 実績: [-3, 5], 見込: [1, 2], 評価: A, 今後: 'No', 統合先: 水路, 印: [新規]}
      - {NO: 4, 名称: 坂, 目標: 7, 率: 5, 実績: [3, 5], 見込: [1, 2], 対象: '※1', 評価: A, 今後: 'No'}
  - 名称: 柱二
    指標: [再掲: 1, 再掲: 4]
"""

DRAFTED = """\
柱:

  - 番号: 1-1
    名称: 柱一
    指標:
      - NO: 1
        番号: 1-1-1
        名称: 道
        印: [重点, 新規]
        所管: 甲課
        単位: 件
        目標: '1,250'
        率: ▲3.5
        実績: ['1,284', なし, 未記入]
        見込: [1, 2]
        # 年度が書かれています。前版のままなので、確かめてください。
        対象: 令和5年度の生徒
        期限: 令和6年3月5日
        # 前版では A
        評価: 未記入
        # 前版では 続ける
        今後: 未記入
        # 前版では 直した。※2
        令和5年度の内容:
        前版NO: [1]
      - NO: 2
        名称: 水路
        印: [新規]
        # 前版NO 2 の名称は「橋」です。
        # 前版NO 3 の名称は「川」です。
        所管: 乙課
        # 前版NO 2 では -
        # 前版NO 3 では 7
        目標: 未記入
        率: 5
        # 前版NO 2 では -3 4
        # 前版NO 3 では -3 5
        実績: [未記入, 未記入, 未記入]
        見込: [1, 2]
        # 前版NO 2 では 全市民
        対象:
        # 前版NO 2 では -
        # 前版NO 3 では A
        評価: 未記入
        # 前版NO 2 では 続ける
        # 前版NO 3 では No
        今後: 未記入
        令和5年度の内容:
        前版NO: [2, 3]

  - 名称: 柱二
    指標:
      - 再掲: 1
"""


def in_other_form(text: str) -> Edition:
    return validate(parse_source(Path("old.yaml"), text.encode())).edition


def test_each_kind_of_column_is_carried_in_its_own_way() -> None:
    text = next_edition(in_other_form(FORM), "old", "new")
    assert text.startswith("# yaml-language-server: $schema=new.schema.json\n")
    assert text.endswith("\n" + DRAFTED)
    assert "# 「未記入」を凡例の記号、「今後」の語、「実績」の数に改め、「令和5年度の内容」を書いてください。" in text
    assert "  # 「令和6年度」を加えました。\n  実績: {種類: 数, 年度: [令和4年度, 令和5年度, 令和6年度]}\n" in text
    assert "見出し「最終年度」の次の年度が分からないため、年度を加えていません。" in text


def test_the_form_is_written_as_it_was() -> None:
    old = in_other_form(FORM)
    draft = read(next_edition(old, "old"))
    columns = [column for column in old.columns if column.key != "実績"]
    assert [column for column in draft.columns if column.key != "実績"] == columns
    assert words_of(draft) == words_of(old)
    assert (draft.marks, draft.preface, draft.postface) == (old.marks, old.preface, old.postface)
    assert (draft.sheet_name, draft.form.item_numbering) == ("A3横", "自由")


def test_a_note_to_which_nothing_refers_any_more_becomes_a_comment() -> None:
    text = next_edition(in_other_form(FORM), "old")
    assert read(text).notes == {}
    assert (
        "\n# 注:\n  # ※1 は、下書きのどこにもありません。書き足したら、次の # を除いてください。\n  # 1: 一つ目\n"
        in text
    )
    kept = next_edition(in_other_form(FORM.replace("名称: 道", "名称: 道※2")), "old")
    assert read(kept).notes == {"2": "二つ目: #2"}
    assert "  # 1: 一つ目\n" in kept


def test_without_room_for_another_year_a_series_is_left_as_it_is() -> None:
    def source(years: int) -> bytes:
        heads = ", ".join(f"令和{year}年度" for year in range(1, years + 1))
        values = ", ".join(["'12,345,678'"] * years)
        return (
            f"表題: 広い一覧\n用紙: A4縦\n段: []\n項目: {{名称: 指標}}\n欄: {{実績: {{種類: 数, 年度: [{heads}]}}}}\n"
            f"指標: [{{NO: 1, 名称: 道, 実績: [{values}]}}]\n"
        ).encode()

    def fits(years: int) -> bool:
        return not ColumnWidths(read(source(years).decode())).missing

    most = max(filter(fits, range(1, 11)))
    assert most < 10
    old = validate(parse_source(Path("old.yaml"), source(most))).edition
    text = next_edition(old, "old")
    assert f"用紙の幅に入らないため、「令和{most + 1}年度」を加えていません。" in text
    assert validate(parse_source(Path("new.yaml"), text.encode())).edition.columns == old.columns
    shorter = read(next_edition(read(source(most - 1).decode()), "old"))
    assert [len(column.years) for column in shorter.form.own] == [most]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_the_draft_of_each_sample_is_only_unfinished(path: Path, project: Path) -> None:
    for sample in FORMS:
        shutil.copy(sample, project / "source")
    assert main(["next", "--from", path.stem, "--to", "next"]) == 0
    old, new = (Library().validated(Path(f"source/{name}.yaml")) for name in (path.stem, "next"))
    assert {problem.code for problem in new.warnings} <= {"W507"}
    if old.edition.deciding is None:
        assert [item.name for item in new.edition.items.values()] == [item.name for item in old.edition.items.values()]
    assert [column.key for column in new.edition.columns] == [column.key for column in old.edition.columns]


@pytest.mark.parametrize(
    ("head", "following"),
    [
        ("令和5年度", "令和6年度"),
        ("令和元年度", "令和2年度"),
        ("平成30年度", "令和元年度"),
        ("平成31年度", "令和2年度"),
        ("令和９年度", "令和１０年度"),
        ("令和5年", "令和6年"),
        ("R5", "R6"),
        ("Ｒ５", "Ｒ６"),
        ("H30", "R1"),
        ("R5年度実績", "R6年度実績"),
        ("2023", "2024"),
        ("2023年度", "2024年度"),
        ("令和7年度(目標)", None),
        ("目標", None),
        ("令和3～5年度", None),
        ("第2期", None),
        ("R0", None),
        ("12", None),
    ],
)
def test_the_year_after_a_year_is_found_where_there_is_one(head: str, following: str | None) -> None:
    assert next_year(head) == following


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("令和5年4月1日現在", True),
        ("R5末", True),
        ("2023年調べ", True),
        ("暦年", False),
        ("2023人", False),
        ("FR5", False),
    ],
)
def test_a_text_that_names_a_year_is_known(text: str, named: bool) -> None:
    assert names_year(text) == named


@pytest.mark.parametrize(
    "value", [["1,284", "-", "▲3"], {"a, b": "c: d", "NO": "[1]"}, "一\n二", " 一\n 二", True, "字" * 80]
)
def test_what_is_written_as_an_entry_is_read_back(value: Any) -> None:
    text = "\n".join(entry("  ", "'鍵'", value))
    read_back = yaml.load(f"根:\n{text}\n", yaml.BaseLoader)["根"]["鍵"]
    assert (read_back.removesuffix("\n") if isinstance(read_back, str) else read_back) == (
        "true" if value is True else value
    )


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("字", ["  鍵: 字"]),
        ("1.5", ["  鍵: '1.5'"]),
        ("一\n二", ["  鍵: |", "    一", "    二"]),
        (" 一\n\n二", ["  鍵: |2", "     一", "", "    二"]),
        (True, ["  鍵: true"]),
        (["1", "-", "a b", "1,200"], ["  鍵: [1, '-', a b, '1,200']"]),
        ([True, "一\n二"], ['  鍵: [true, "一\\n二"]']),
        (["字" * 60, "い"], [f"  鍵: [{'字' * 60}, い]"]),  # 70 characters
        (["字" * 61, "い"], ["  鍵:", f"    - {'字' * 61}", "    - い"]),
        ({"ア": {"番号": "NO"}}, ["  鍵: {ア: {番号: NO}}"]),
        ({"ア": ["字" * 55], "イ": "い"}, ["  鍵:", f"    ア: [{'字' * 55}]", "    イ: い"]),
    ],
)
def test_an_entry_stands_on_one_line_while_it_fits(value: Any, lines: list[str]) -> None:
    assert [*entry("  ", "鍵", value)] == lines
