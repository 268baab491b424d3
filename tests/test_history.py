"""Each item through the years, on one sheet. All editions here are made up."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pypdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents.document import A3_LANDSCAPE, A4_LANDSCAPE, Carried, CarriedFile, Document, Paragraph
from pipeline.documents.history import history
from pipeline.documents.history.page import MOST
from pipeline.documents.html import STYLES, TEMPLATES
from pipeline.errors import ProofError, SourceError, UsageError
from pipeline.layout.pdf import write_pdf
from pipeline.library import Library
from pipeline.line import Delivered, make
from pipeline.model.edition import Edition
from pipeline.model.validation import validate
from pipeline.papers import history_of
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source
from pipeline.years.draft import next_edition
from pipeline.years.lineage import Event, GroupHeading, Lineage, chains, grouped, lineages

from .conformance import violations
from .conftest import HEALTHY
from .editions import Row, made_up, other_form

NAMES = "abcdefghijklmnopqrstuvwxyz"


def named(*editions: Edition) -> list[tuple[str, Edition]]:
    """`editions` as a chain a, b, c …"""
    return [(NAMES[at], edition) for at, edition in enumerate(editions)]


def followed(*editions: list[Row]) -> list[tuple[str, Edition]]:
    """A chain of editions of these rows, each the 前版 of the next."""
    return named(*(made_up(*rows, previous=NAMES[at - 1] if at else "") for at, rows in enumerate(editions)))


def by_name(chain: list[tuple[str, Edition]]) -> dict[str, Lineage]:
    return {lineage.newest.item.name: lineage for lineage in lineages(chain)}


def numbers(lineage: Lineage) -> tuple[int | None, ...]:
    return tuple(placed.number if placed else None for placed in lineage.items)


# Following the items


def test_a_renamed_item_stays_one_with_all_its_names() -> None:
    found = by_name(
        followed(
            [Row(1, "公園の清掃"), Row(2, "図書館")],
            [Row(1, "図書館"), Row(2, "まちの緑化", previous=(1,))],
            [Row(1, "花と緑のまち", previous=(2,)), Row(2, "図書館")],
        )
    )
    assert set(found) == {"花と緑のまち", "図書館"}
    assert numbers(found["花と緑のまち"]) == (1, 2, 1)
    assert found["花と緑のまち"].former_names == ((0, "公園の清掃"), (1, "まちの緑化"))
    assert not found["図書館"].former_names


def test_a_name_taken_up_again_is_not_a_former_one() -> None:
    found = by_name(followed([Row(1, "甲")], [Row(1, "乙", previous=(1,))], [Row(1, "甲", previous=(1,))]))
    assert found["甲"].former_names == ((1, "乙"),)


def test_what_is_merged_under_a_new_name_ends_and_a_new_item_begins() -> None:
    found = by_name(
        followed(
            [Row(1, "公園", merged_into="まちの緑"), Row(2, "花壇", merged_into="まちの緑"), Row(3, "図書館")],
            [Row(1, "図書館"), Row(2, "まちの緑", previous=(1, 2))],
        )
    )
    assert found["公園"].events == (Event(1, "merged_into", (2,)),)
    assert found["花壇"].events == (Event(1, "merged_into", (2,)),)
    assert found["まちの緑"].events == (Event(1, "merged", (1, 2)),)
    assert numbers(found["まちの緑"]) == (None, 2)


def test_what_takes_another_in_under_its_own_name_goes_on() -> None:
    found = by_name(
        followed(
            [Row(1, "公園"), Row(2, "花壇", treatment="完了", merged_into="公園")], [Row(1, "公園", previous=(1, 2))]
        )
    )
    assert numbers(found["公園"]) == (1, 1)
    assert found["公園"].events == (Event(1, "merged", (2,)),)
    assert found["花壇"].events == (Event(1, "merged_into", (1,)),)


def test_what_is_split_goes_on_under_its_name_if_that_is_kept() -> None:
    kept = by_name(followed([Row(1, "公園")], [Row(1, "公園", previous=(1,)), Row(2, "花壇", previous=(1,))]))
    assert numbers(kept["公園"]) == (1, 1)
    assert kept["公園"].events == (Event(1, "split", (2,)),)
    assert kept["花壇"].events == (Event(1, "split_from", (1,)),)
    lost = by_name(followed([Row(1, "公園")], [Row(1, "緑地", previous=(1,)), Row(2, "花壇", previous=(1,))]))
    assert lost["公園"].events == (Event(1, "split_into", (1, 2)),)
    assert {lost[name].events for name in ("緑地", "花壇")} == {(Event(1, "split_from", (1,)),)}


def test_what_ended_is_told_from_what_vanished() -> None:
    found = by_name(
        followed(
            [Row(1, "公園", treatment="廃止"), Row(2, "図書館の夜間開館"), Row(3, "バス")],
            [Row(1, "バス", treatment="完了")],
        )
    )
    assert found["公園"].events == (Event(0, "ended"),)
    assert found["図書館の夜間開館"].events == (Event(1, "vanished"),)
    assert found["バス"].events == (Event(1, "ended"),)


def test_what_was_abolished_says_so_in_the_year_that_lacks_it() -> None:
    chain = followed([Row(1, "公園"), Row(2, "バス")])
    chain += [("b", made_up(Row(1, "バス"), previous="a", abolished=[{"前版NO": "1", "理由": "縮小"}]))]
    assert by_name(chain)["公園"].events == (Event(1, "abolished"),)


def test_what_begins_on_the_way_is_new_and_what_was_there_from_the_first_is_not() -> None:
    found = by_name(followed([Row(1, "公園")], [Row(1, "公園"), Row(2, "バス")], [Row(1, "バス"), Row(2, "公園")]))
    assert found["バス"].events == (Event(1, "new"),)
    assert numbers(found["バス"]) == (None, 2, 1)
    assert found["公園"].events == ()


def test_one_name_in_two_measures_is_two_items() -> None:
    rows = [Row(1, "研修"), Row(2, "研修", measure="施策二")]
    found = lineages(followed(rows, [replace(rows[0], treatment="完了"), rows[1]], [Row(1, "研修", measure="施策二")]))
    assert [numbers(lineage) for lineage in found] == [(1, 1, None), (2, 2, 1)]


def test_a_guess_is_called_a_guess() -> None:
    prose = "地域の足となる小型バスの試験運行を終え、利用者の声を運行計画に反映させた。"
    found = by_name(followed([Row(1, "小型バスの運行", findings=prose)], [Row(1, "地域の交通", findings=prose)]))
    assert found["地域の交通"].events == (Event(1, "guess", (1,), True),)


def test_what_the_last_edition_announces_is_told() -> None:
    found = by_name(followed([Row(1, "公園", treatment="完了", merged_into="まちの緑"), Row(2, "バス")]))
    assert found["公園"].events == (Event(0, "announced"),)
    assert found["バス"].events == ()


editions = st.lists(
    st.lists(
        st.builds(
            Row,
            name=st.sampled_from(["公園", "花壇", "バス", "図書館", "研修"]),
            measure=st.sampled_from(["施策一", "施策二"]),
            policy=st.sampled_from(["方針一", "方針二"]),
            treatment=st.sampled_from(["継続", "完了"]),
            merged_into=st.sampled_from(["", "", "まちの緑", "バス"]),
        ),
        max_size=6,
    ),
    min_size=1,
    max_size=4,
)


@given(editions)
def test_every_item_of_every_edition_stands_in_one_row_and_every_row_in_one_place(rows: list[list[Row]]) -> None:
    chain = followed(*([replace(row, number=number) for number, row in enumerate(one, 1)] for one in rows))
    found = lineages(chain)
    for at, (_, edition) in enumerate(chain):
        assert sorted(number for one in found if (number := numbers(one)[at])) == sorted(edition.items)
    assert sorted(map(id, grouped(chain, found).all)) == sorted(map(id, found))
    for lineage in found:
        there = [at for at, number in enumerate(numbers(lineage)) if number]
        assert there == list(range(there[0], there[-1] + 1))
        # Every beginning and every end has its reason.
        assert bool(there[0]) == any(
            e.at == there[0] and e.kind in ("new", "merged", "split_from") for e in lineage.events
        )
        if there[-1] < len(chain) - 1:
            assert sum(e.kind in ("ended", "vanished", "merged_into", "split_into") for e in lineage.events) == 1


def test_of_two_that_bear_one_name_the_one_that_stays_in_its_place_goes_on() -> None:
    rows = [Row(1, "研修", policy="方針一"), Row(2, "研修", policy="方針二")]
    found = lineages(followed(rows, [Row(1, "研修", policy="方針二", previous=(1, 2))]))
    assert [numbers(lineage) for lineage in found] == [(1, None), (2, 1)]


def test_a_policy_that_is_no_more_says_until_when_it_was() -> None:
    chain = followed(
        [Row(1, "公園", treatment="廃止"), Row(2, "バス", policy="方針二")], [Row(1, "バス", policy="方針二")]
    )
    told = [policy.heading for policy in grouped(chain, lineages(chain)).groups]
    assert told == [GroupHeading("Ⅰ", "方針一", 0), GroupHeading("Ⅰ", "方針二", 1)]


def test_what_ended_stands_where_it_stood() -> None:
    chain = followed(
        [Row(1, "公園"), Row(2, "花壇", treatment="完了"), Row(3, "バス"), Row(4, "橋", "施策二", treatment="廃止")],
        [Row(1, "公園"), Row(2, "並木"), Row(3, "バス"), Row(4, "道", "施策三")],
    )
    (policy,) = grouped(chain, lineages(chain)).groups
    told = [(inside.heading, [one.newest.item.name for one in inside.lineages]) for inside in policy.groups]
    assert told == [
        (GroupHeading("(1)", "施策一", 1), ["公園", "花壇", "並木", "バス"]),
        (GroupHeading("(2)", "施策二", 0), ["橋"]),
        (GroupHeading("(2)", "施策三", 1), ["道"]),
    ]


def test_what_moved_stands_where_it_is_now() -> None:
    chain = followed([Row(1, "公園"), Row(2, "バス")], [Row(1, "バス"), Row(2, "公園", policy="方針二")])
    told = [[one.newest.item.name for one in policy.all] for policy in grouped(chain, lineages(chain)).groups]
    assert told == [["バス"], ["公園"]]


@pytest.mark.parametrize(
    ("previous", "expected"),
    [
        ({"a": None}, [("a",)]),
        ({"c": "b", "a": None, "b": "a"}, [("a", "b", "c")]),
        ({"a": None, "b": "a", "c": "a"}, [("a", "b"), ("a", "c")]),
        ({"a": None, "b": None}, [("a",), ("b",)]),
        ({"a": "gone", "b": "a"}, [("a", "b")]),
        ({"a": "b", "b": "a", "c": None}, [("c",), ("b", "a")]),
    ],
    ids=["alone", "one chain", "a branch", "strangers", "a broken beginning", "a circle"],
)
def test_editions_form_chains(previous: dict[str, str | None], expected: list[tuple[str, ...]]) -> None:
    assert list(chains(previous)) == expected


# The sheet


def year(at: int) -> str:
    return f"平成{24 + at}年度"


Change = Callable[[int, str], str]


def chain_of(count: int, folder: Path, change: Change = lambda _, text: text) -> list[Path]:
    """Made-up editions y1, y2 …, each drafted from the one before, filled in, and changed by `change`.

    項目一 ends in the first, 項目二 and 項目三 go on.
    """
    text = f"年度: {year(0)}\n現在日: 2013-03-31\n" + HEALTHY
    paths: list[Path] = []
    for at in range(count):
        if at:
            edition = validate(parse_source(paths[-1], paths[-1].read_bytes())).edition
            text = next_edition(edition, paths[-1].stem)
            text = re.sub("# 年度:.*", f"年度: {year(at)}", text)
            text = text.replace("実施状況: 未記入", "実施状況: ○").replace("取扱い: 未記入", "取扱い: 継続")
        paths.append(folder / f"y{at + 1}.yaml")
        paths[-1].write_text(change(at, text), "utf-8")
    return paths


@dataclass(frozen=True)
class Sheet:
    """A history that was laid out, proved and validated."""

    document: Document
    pdf: bytes

    @property
    def pages(self) -> list[str]:
        return ["".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(io.BytesIO(self.pdf)).pages]


@pytest.fixture(scope="module")
def sheet(font_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Sheet]:
    """The history of `count` editions, held to everything that an official PDF promises."""

    def made(count: int, change: Change = lambda _, text: text) -> Sheet:
        paths = chain_of(count, tmp_path_factory.mktemp("source"), change)
        document = history(tuple(validate(parse_source(path, path.read_bytes())) for path in paths))
        pdf = write_pdf(document, font_cache)
        prove(pdf, document)
        assert violations(pdf) == []
        return Sheet(document, pdf)

    return made


def eventful(at: int, text: str) -> str:
    """Ten years in which everything happens to somebody."""
    if at == 1:
        text += "          - {NO: 3, 名称: 新しい項目, 実施状況: ×, 今後の取扱い: 継続}\n"
    if at == 2:
        text = text.replace("名称: 項目二", "名称: 項目二の後継").replace("実施状況: ○", "実施状況: ◎", 1)
    if at == 4:
        text = text.replace("今後の取扱い: 継続\n", "今後の取扱い: 継続\n            統合先: 一つの項目\n")
    if at == 6:
        text += "          - {NO: 2, 名称: 消える項目, 実施状況: △, 今後の取扱い: 継続}\n"
        text = text.replace("  ○: 継続推進", "  ○: 継続推進\n  △: 一部実施")
    if at == 7:
        text = re.sub(r"          - NO: 2\n.*", "", text, flags=re.DOTALL)
    return text


@pytest.fixture(scope="module")
def ten(sheet: Callable[..., Sheet]) -> Sheet:
    return sheet(10, eventful)


def row_of(document: Document, name: str) -> tuple[str, ...]:
    """The cells of the row of that name, as the proof found them in the PDF."""
    *_, table = document.expected.tables
    return next(tuple(cell.text for cell in row.cells) for row in table.rows if row.cells[0].text.startswith(name))


def test_ten_editions_fit_on_a4(ten: Sheet) -> None:
    assert ten.document.expected.page_size == A4_LANDSCAPE
    for text in ten.pages:
        assert "推進項目" + "".join(f"平成{24 + at}年度" for at in range(10)) + "備考" in text


def test_more_than_ten_are_printed_on_a3(sheet: Callable[..., Sheet]) -> None:
    assert sheet(11).document.expected.page_size == A3_LANDSCAPE


def test_beyond_twenty_the_oldest_are_left_out_and_that_is_said(sheet: Callable[..., Sheet]) -> None:
    made = sheet(MOST + 2)
    assert "これより前の2版は省いています。" in made.pages[0]
    assert made.document.carried.files[0].name == "source-y3.yaml"


def test_title_legend_and_years_stand_on_every_page(sheet: Callable[..., Sheet]) -> None:
    more = "".join(
        f"          - {{NO: {number}, 名称: 項目{number}, 実施状況: ○, 今後の取扱い: 継続}}\n"
        for number in range(4, 60)
    )
    made = sheet(3, lambda _, text: text.replace("          - 再掲: 1\n", more))
    assert len(made.pages) > 1
    for text in made.pages:
        assert "試験一覧推進項目の経過" in text
        assert "平成24年度〜平成26年度" in text
        assert "実施状況：◎実施済○継続推進×検討中" in text
        assert "推進項目平成24年度平成25年度平成26年度備考" in text
    assert "Ⅰ方針一(2)施策二(続き)" in made.pages[1]


def test_no_type_is_smaller_than_eight_and_a_half_points(ten: Sheet) -> None:
    sizes = {
        round(float(size) * 0.75, 1)
        for sheet in pypdf.PdfReader(io.BytesIO(ten.pdf)).pages
        for size in re.findall(rb" ([\d.]+) Tf", sheet.get_contents().get_data())  # type: ignore[union-attr]
    }
    assert min(sizes) == 8.5


def test_a_row_tells_the_whole_story_of_its_item(ten: Sheet) -> None:
    assert row_of(ten.document, "項目一") == (
        "項目一", "1 ◎", "−", "−", "−", "−", "−", "−", "−", "−", "−", "平成24年度 完了",
    )  # fmt: skip
    assert row_of(ten.document, "項目二の後継") == (
        "項目二の後継\n旧: 項目二(平成25年度)", "2 ○", "1 ○", "1 ◎", "1 ○", "1 ○", "→1", "−", "−", "−", "−",
        "平成29年度 NO 1「一つの項目」に統合",
    )  # fmt: skip
    assert row_of(ten.document, "新しい項目") == (
        "新しい項目", "−", "3 ×", "3 ○", "3 ○", "3 ○", "→1", "−", "−", "−", "−",
        "平成25年度 新設\n平成29年度 NO 1「一つの項目」に統合",
    )  # fmt: skip
    assert row_of(ten.document, "一つの項目") == (
        "一つの項目", "−", "−", "−", "−", "−", "1 ○", "1 ○", "1 ○", "1 ○", "1 ○", "平成29年度 平成28年度のNO 1・2・3を統合",
    )  # fmt: skip
    assert row_of(ten.document, "消える項目") == (
        "消える項目", "−", "−", "−", "−", "−", "−", "2 △", "−", "−", "−",
        "平成30年度 新設\n平成31年度 記載なし(平成30年度は「継続」)",
    )  # fmt: skip


def test_the_key_explains_what_occurs_and_nothing_else(ten: Sheet, sheet: Callable[..., Sheet]) -> None:
    assert (
        "各年度の欄は、NOと実施状況、「→」は統合や分割で移った先のNO、「−」はその年度に記載のない項目です。"
        "「旧」は以前の名称と、その名称だった最後の年度です。"
    ) in ten.pages[0]
    assert "各年度の欄は、NOと実施状況です。" in sheet(1).pages[0]


def test_each_legend_stands_on_the_page_with_its_years(ten: Sheet) -> None:
    for text in ten.pages:
        assert "実施状況(平成24年度〜平成29年度)：◎実施済○継続推進×検討中" in text
        assert "実施状況(平成30年度〜平成33年度)：◎実施済○継続推進△一部実施×検討中" in text


def test_statuses_are_counted_by_meaning_when_the_symbols_change(sheet: Callable[..., Sheet]) -> None:
    def changed(at: int, text: str) -> str:
        if at == 1:
            # ◎ is now what ○ was, and the other way round.
            text = text.replace("  ◎: 実施済\n  ○: 継続推進", "  ○: 実施済\n  ◎: 継続推進")
        return text

    made = sheet(2, changed)
    shares, _ = made.document.expected.tables
    assert [cell.text for cell in shares.heads[0]][1:4] == ["実施済", "継続推進", "×検討中"]
    assert [[cell.text for cell in row.cells[:5]] for row in shares.rows] == [
        ["平成24年度", "1(33.3%)", "1(33.3%)", "1(33.3%)", "3"],
        ["平成25年度", "2(100.0%)", "0(0.0%)", "0(0.0%)", "2"],
    ]
    assert "記号ではなく意味で数えています" in made.pages[0]


def test_shares_say_how_they_are_rounded_and_when_they_do_not_add_up(ten: Sheet, sheet: Callable[..., Sheet]) -> None:
    assert "再掲は数えていません。割合は小数第2位を四捨五入したものです。" in ten.pages[0]
    assert "内訳の合計が100%にならない年度があります(平成24年度は99.9%" in ten.pages[0]
    assert (
        "100%にならない"
        not in sheet(
            2, lambda _, text: text.replace("実施状況: ×", "実施状況: ◎").replace("実施状況: ○", "実施状況: ◎")
        ).pages[0]
    )


def test_a_half_is_rounded_upwards(sheet: Callable[..., Sheet]) -> None:
    more = "".join(f"          - {{NO: {n}, 名称: 項目{n}, 実施状況: ○, 今後の取扱い: 継続}}\n" for n in range(4, 17))
    shares, _ = sheet(1, lambda _, text: text.replace("          - 再掲: 1\n", more)).document.expected.tables
    assert [cell.text for cell in shares.rows[0].cells[1:5]] == ["1(6.3%)", "14(87.5%)", "1(6.3%)", "16"]


def test_legends_that_have_little_in_common_are_told_in_tables_of_their_own(sheet: Callable[..., Sheet]) -> None:
    def changed(at: int, text: str) -> str:
        if at > 1:
            legend = "凡例:\n  A: 達成\n  B: 順調\n  C: 遅延\n  D: 停滞\n  E: 未着手\n今後の"
            text = re.sub("凡例:.*?今後の", legend, text, flags=re.DOTALL).replace("実施状況: ○", "実施状況: B")
        return text

    made = sheet(4, changed)
    first, second, _ = made.document.expected.tables
    assert [cell.text for cell in first.heads[0]][1:-1] == ["◎実施済", "○継続推進", "×検討中"]
    assert [cell.text for cell in second.heads[0]][1:-1] == ["A達成", "B順調", "C遅延", "D停滞", "E未着手"]
    assert [row.cells[0].text for row in (*first.rows, *second.rows)] == [f"平成{24 + at}年度" for at in range(4)]
    assert "模様は表ごとに違うものを示します" in made.pages[0]
    assert "凡例にないもの" not in made.pages[0]


def test_the_bars_are_as_long_as_their_numbers(ten: Sheet) -> None:
    bars = re.findall('<td class="bar".*?</td>', ten.document.html, re.DOTALL)
    widths = [[float(width) for width in re.findall(r'y="0" width="([\d.]+)" height="12"', bar)] for bar in bars]
    assert len(widths) == 10
    assert all(sum(bar) == pytest.approx(356, abs=0.1) for bar in widths)
    assert widths[0] == pytest.approx([356 / 3] * 3, abs=0.1)


def test_an_edition_without_items_has_no_shares(sheet: Callable[..., Sheet]) -> None:
    made = sheet(2, lambda at, text: re.sub("    推進施策:.*", "", text, flags=re.DOTALL) if at else text)
    shares, _ = made.document.expected.tables
    assert [cell.text for cell in shares.rows[1].cells] == ["平成25年度", "-", "-", "-", "0"]


def test_what_is_not_filled_in_is_counted_apart_and_makes_a_draft(sheet: Callable[..., Sheet]) -> None:
    made = sheet(2, lambda at, text: text.replace("実施状況: ○", "実施状況: 未記入") if at else text)
    shares, _ = made.document.expected.tables
    assert [cell.text for cell in shares.heads[0]][4] == "未記入"
    assert [row.cells[4].text for row in shares.rows] == ["0(0.0%)", "2(100.0%)"]
    assert "凡例にないもの" not in str(made.document.expected)
    assert Paragraph("P", "案") in made.document.expected.masthead


@pytest.mark.parametrize(("count", "words"), [(2, "2 未記入"), (10, "未記入")])
def test_what_is_not_filled_in_is_not_broken(count: int, words: str, sheet: Callable[..., Sheet]) -> None:
    """Of few editions it stands beside the NO, of many below."""
    made = sheet(count, lambda at, text: text.replace("実施状況: ○", "実施状況: 未記入") if at else text)
    text = pypdfium2.PdfDocument(made.pdf)[0].get_textpage()
    search = text.search(words)
    found = list(iter(search.get_next, None))
    assert len(found) >= count - 1
    for index, length in found:
        begin, end = text.get_charbox(index), text.get_charbox(index + length - 1)
        assert abs(begin[1] - end[1]) < 3


def test_editions_are_counted_where_years_do_not_tell_them_apart(sheet: Callable[..., Sheet]) -> None:
    made = sheet(2, lambda _, text: text.replace("年度: 平成25年度", "年度: 平成24年度"))
    assert "推進項目第1版第2版備考" in made.pages[0]
    assert "各版の欄は" in made.pages[0]


@pytest.mark.parametrize("item", ["項目二", "項目三"])
@pytest.mark.parametrize("length", [80, 165])
def test_names_of_any_length_lose_no_head(item: str, length: int, sheet: Callable[..., Sheet]) -> None:
    def changed(at: int, text: str) -> str:
        return text.replace(f"名称: {item}", f"名称: {item}{item * length}") if at == 2 else text

    assert len(sheet(3, changed).pages) >= 1


def test_legends_have_the_room_that_they_need(sheet: Callable[..., Sheet]) -> None:
    def changed(at: int, text: str) -> str:
        return re.sub("  ×: .*", f"  ×: {at + 1}年目の検討中", text)

    made = sheet(6, changed)
    text = pypdfium2.PdfDocument(made.pdf)[0].get_textpage()

    def box(words: str) -> tuple[float, float, float, float]:
        index, _ = text.search(words).get_next()
        return tuple(text.get_charbox(index))

    lowest = box("実施状況(平成29年度)")[1]
    assert lowest > box("実施状況の割合")[3]
    # Nor is much more left below them than below one.
    assert lowest - box("実施状況の割合")[3] < 30


def test_it_carries_every_source_and_names_them_by_one_digest(ten: Sheet) -> None:
    attached = pypdf.PdfReader(io.BytesIO(ten.pdf)).attachments
    assert sorted(attached) == sorted(f"source-y{at}.yaml" for at in range(1, 11))
    assert re.search(r"元データ[0-9a-f]{8}\(10版\)", ten.pages[0])


@pytest.mark.parametrize(
    ("names", "label"),
    [("a", "ca978112"), ("ab", "ca978112→3e23e816"), ("abc", "8530ebdc(3版)"), ("abcd", "43d76651(4版)")],
)
def test_one_source_or_two_are_named_by_their_digests_and_more_by_one(names: str, label: str) -> None:
    """By what sha256sum says of files that hold these letters, and of its list of them without their names."""
    files = tuple(CarriedFile(f"{name}.yaml", name.encode(), name) for name in names)
    assert Carried(files, None).label == label


# Other forms


def history_of_texts(*texts: str) -> Document:
    """The history of these editions, e0, e1 …, each the 前版 of the next."""
    sources = [parse_source(Path(f"source/e{at}.yaml"), text.encode()) for at, text in enumerate(texts)]
    return history(tuple(map(validate, sources)))


def rows_of(document: Document) -> list[tuple[str, ...]]:
    """The cells of every row of the table of items."""
    *_, table = document.expected.tables
    rows = [*table.heads, *(row.cells for row in table.rows)]
    return [tuple(cell.text for cell in row) for row in rows]


@pytest.fixture(scope="module")
def figures(font_cache: Path) -> Sheet:
    """Two years of a list of figures, terms and free numbers. An item is gone, one has another number and unit."""
    old = other_form(5).replace("1-ウ, 名称: 林の手入れ", "1-エ, 単位: 本, 名称: 林の手入れ")
    old += "          - {NO: 5, 番号: 2-イ, 名称: 盆踊り, 出来※1: 遅い, 点数: A, 実績: [2, 2], 目標: 3}\n"
    document = history_of_texts(old, other_form(6, "e0"))
    pdf = write_pdf(document, font_cache)
    prove(pdf, document)
    assert violations(pdf) == []
    return Sheet(document, pdf)


def test_figures_stand_below_their_item_in_one_line_over_all_years(figures: Sheet) -> None:
    """The newest edition says 令和4年度 and 令和6年度, the one before 令和3年度 and 令和5年度."""
    assert rows_of(figures.document) == [
        ("仕事", "令和3年度", "令和4年度", "令和5年度", "令和6年度", "備考"),
        ("第1 水と緑",),
        ("川",),
        ("1-ア 川の掃除", "", "", " 並み", " 並み", ""),
        ("実績(件)", "5", "5", "1,234.5", "1,234.5", ""),
        ("目標(回)", "", "", "8", "8", ""),
        ("1-イ 橋の点検", "", "", " 遅い", " 遅い", ""),
        ("実績(人)", "-", "-", "▲3", "▲3", ""),
        ("目標(回)", "", "", "なし", "なし", ""),
        ("林",),
        ("1-ウ 林の手入れ\n旧番号: 1-エ(令和5年度)", "", "", " 並み", " 並み", ""),
        ("実績", "1本", "1", "2本", "2", ""),
        ("目標(回)", "", "", "3", "3", ""),
        ("第2 祭り",),
        ("夏",),
        ("2-ア 花火", "", "", " とても早い", " とても早い", ""),
        ("実績", "未記入", "未記入", "2", "2", ""),
        ("目標(回)", "", "", "3", "3", ""),
        ("2-イ 盆踊り", "", "", " 遅い", "−", "令和6年度 記載なし"),
        ("実績", "2", "", "2", "", ""),
        ("目標(回)", "", "", "3", "", ""),
    ]


def test_figures_make_no_large_file(figures: Sheet) -> None:
    """Dotted lines, each dot of which is a shape, made files of megabytes."""
    assert len(figures.pdf) < 100_000


def test_it_speaks_the_words_of_the_form(figures: Sheet) -> None:
    (text,) = figures.pages
    assert "出来の割合" in text
    assert "各年度の欄は、出来、「−」はその年度に記載のない項目です。「旧番号」は" in text
    # Grades that are not told need no legend, and notes are printed in the list alone.
    assert "点数" not in text
    assert "※" not in text


PLAIN_FORM = """\
表題: 別の一覧
年度: 令和{year}年度
{more}
段: []
項目: {{名称: 本, 番号: {numbering}}}
欄: {{種: {{種類: 文字}}}}
本:
"""


def flat_list(year: int, *items: str, numbering: str = "なし") -> str:
    more = "" if year == 5 else f"前版: e{year - 6}"
    return PLAIN_FORM.format(year=year, more=more, numbering=numbering) + "".join(
        f"  - {{NO: {number}, {item}}}\n" for number, item in enumerate(items, 1)
    )


def test_what_is_neither_counted_nor_numbered_is_present_or_not(font_cache: Path) -> None:
    document = history_of_texts(
        flat_list(5, "名称: 甲, 統合先: 丙", "名称: 乙, 統合先: 丙", "名称: 丁"),
        flat_list(6, "名称: 丙", "名称: 丁, 統合先: 戊"),
    )
    assert rows_of(document)[1:] == [
        ("甲", "○", "統合", "令和6年度 「丙」に統合"),
        ("乙", "○", "統合", "令和6年度 「丙」に統合"),
        ("丙", "−", "○", "令和6年度 令和5年度の「甲」・「乙」を統合"),
        ("丁", "○", "○", "令和6年度 「戊」に統合予定"),
    ]
    assert (
        "各年度の欄は、「○」は一覧に載っている項目、「統合」はほかの項目に移った項目、"
        "「−」はその年度に記載のない項目です。"
    ) in document.html
    assert '<span class="symbol" role="img" aria-label="記載あり">○</span>' in document.html
    assert '<h2 id="shares">' not in document.html
    pdf = write_pdf(document, font_cache)
    assert prove(pdf, document) == 1
    assert violations(pdf) == []


def test_without_a_main_column_the_year_holds_the_number(font_cache: Path) -> None:
    document = history_of_texts(
        flat_list(5, "名称: 甲", "名称: 乙", numbering="NO"), flat_list(6, "名称: 乙", numbering="NO")
    )
    assert rows_of(document)[1:] == [("甲", "1", "−", "令和6年度 記載なし"), ("乙", "2", "1", "")]
    assert prove(write_pdf(document, font_cache), document) == 1


def long_terms(year: int) -> str:
    text = flat_list(year, "名称: 甲, 進: 概ね計画通りに進んでいる", numbering="NO")
    return text.replace("欄: {", "欄: {進: {種類: 語, 語: [概ね計画通りに進んでいる], 集計: 主}, ")


@pytest.mark.parametrize(
    ("count", "size", "left_out"), [(6, A4_LANDSCAPE, 0), (7, A3_LANDSCAPE, 0), (13, A3_LANDSCAPE, 2)]
)
def test_long_terms_leave_room_for_fewer_years(
    count: int, size: tuple[float, float], left_out: int, font_cache: Path
) -> None:
    document = history_of_texts(*(long_terms(year) for year in range(5, 5 + count)))
    assert document.expected.page_size == size
    assert ("これより前の2版は省いています。" in document.html) == bool(left_out)
    assert len(document.carried.files) == count - left_out
    assert prove(write_pdf(document, font_cache), document) == 1


def test_years_of_series_that_have_no_room_are_left_out_and_that_is_said(font_cache: Path) -> None:
    def series(year: int, years: range) -> str:
        heads, values = ", ".join(f"令和{one}年度" for one in years), ", ".join("'123,456,789'" for _ in years)
        text = flat_list(year, f"名称: 甲, 数: [{values}]")
        return text.replace("欄: {", f"欄: {{数: {{種類: 数, 年度: [{heads}]}}, ")

    document = history_of_texts(series(5, range(1, 10)), series(6, range(10, 20)))
    _, _, figures = rows_of(document)
    assert figures == ("数", *["123,456,789"] * 14, "")
    assert "これより前の5年分の数値は省いています。" in document.html
    assert document.expected.page_size == A3_LANDSCAPE
    assert prove(write_pdf(document, font_cache), document) == 1


def test_levels_of_any_depth_are_told(font_cache: Path) -> None:
    """The section that an older edition had one level deeper stands where it stood."""

    def levels(year: int, *names: str, item: str) -> str:
        text = flat_list(year, "名称: 甲, 種: 大", "名称: 乙, 種: 小").replace(
            "段: []", f"段: [{', '.join(f'{{名称: {name}, 番号: 算用数字}}' for name in names)}]"
        )
        head, body = text.split("本:\n")
        for depth, (name, below) in enumerate(pairwise((*names, "本"))):
            head += f"{'    ' * depth}{name}:\n{'    ' * depth}  - 名称: {name}一\n"
            last = below
        indent = "    " * len(names)
        return (
            head + f"{indent}{last}:\n" + "".join(f"{indent}{line}\n" for line in body.replace("乙", item).splitlines())
        )

    document = history_of_texts(levels(5, "柱", "梁", "床", "壁", item="丁"), levels(6, "柱", "梁", "床", item="乙"))
    assert rows_of(document)[1:] == [
        ("1 柱一",), ("1 梁一",), ("1 床一",), ("甲", "○", "○", ""), ("乙", "−", "○", "令和6年度 新設"),
        ("壁一(令和5年度まで)",), ("丁", "○", "−", "令和6年度 記載なし"),
    ]  # fmt: skip
    assert re.findall('<tr class="heading depth-([0-9])', document.html) == ["0", "1", "2", "3"]
    pdf = write_pdf(document, font_cache)
    assert prove(pdf, document) == 1
    assert violations(pdf) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('aria-label="実施済">◎<', 'aria-label="実施済">○<'),
        ('aria-label="実施済">◎<', 'aria-label="検討中">◎<'),
        ('<span class="number">3</span>', '<span class="number">4</span>'),
        ("→1<", "→2<"),
        (">−</span>", ">1</span>"),
        ('aria-label="記載なし">−<', 'aria-label="記載あり">−<'),
        ("1 (33.3%)", "2 (33.3%)"),
        ("旧: 項目二(平成25年度)", "旧: 項目二(平成26年度)"),
        ("平成25年度 新設", "平成26年度 新設"),
        ('headers="head-edition-2 item-1', 'headers="head-edition-3 item-1'),
    ],
)
def test_the_proof_sees(old: str, new: str, ten: Sheet, font_cache: Path) -> None:
    assert old in ten.document.html
    damaged = replace(ten.document, html=ten.document.html.replace(old, new, 1))
    with pytest.raises(ProofError):
        prove(write_pdf(damaged, font_cache), ten.document)


def test_template_and_style_share_their_class_names() -> None:
    style = re.sub(r"/\*.*?\*/|[^{}]*(?=;)", "", (STYLES / "history.css").read_text("utf-8"), flags=re.DOTALL)
    template = (TEMPLATES / "history.html").read_text("utf-8") + (TEMPLATES / "parts.html").read_text("utf-8")
    written = {name for text in re.findall('class="([^"]*)"', template) for name in re.findall("[a-z][a-z-]+", text)}
    assert {*re.findall(r"\.([a-z][a-z-]+)", style)} <= written
    # Every rule is for this document only.
    selectors = re.findall(r"([^{}@]+)\{", re.sub("@[^{]*{", "", style))
    assert all(part.strip().startswith(".history") for selector in selectors for part in selector.split(","))


# The command's work


@contextmanager
def silent(_: str) -> Iterator[None]:
    yield


@pytest.fixture
def sources(project: Path) -> list[Path]:
    chain_of(3, project / "source")
    return sorted(Path("source").glob("*.yaml"))


def test_the_history_of_the_one_chain_is_delivered_and_left_alone(sources: list[Path], project: Path) -> None:
    made = delivered(sources, None)
    assert made is not None
    assert made.path == Path("out/history.pdf")
    assert made.size == 1
    assert (project / "out/history.html").exists()
    assert delivered(sources, None) is None
    later = Path("source/y4.yaml")
    later.write_text(next_edition(edition_at(sources[-1]), "y3"), "utf-8")
    assert delivered([*sources, later], None) is not None


def delivered(paths: list[Path], last: str | None) -> Delivered | None:
    library = Library()
    (one,) = make([history_of(paths, last, library)], silent, library).asked
    return one


def edition_at(path: Path) -> Edition:
    return validate(parse_source(path, path.read_bytes())).edition


def test_of_several_chains_one_must_be_named(sources: list[Path]) -> None:
    Path("source/other.yaml").write_text(HEALTHY, "utf-8")
    everything = [*sources, Path("source/other.yaml")]
    with pytest.raises(UsageError, match=r"2通りあります.*\n  other\n  y1 → y2 → y3\n.*EDITION=y3"):
        delivered(everything, None)
    made = delivered(everything, "y2")
    assert made is not None
    assert [*pypdf.PdfReader(made.path).attachments] == ["source-y1.yaml", "source-y2.yaml"]
    with pytest.raises(UsageError, match="版「y9」は source/ にありません"):
        delivered(everything, "y9")


def test_a_circle_of_editions_is_an_error_with_its_place(sources: list[Path]) -> None:
    sources[0].write_text("前版: y3\n" + sources[0].read_text("utf-8"), "utf-8")
    with pytest.raises(SourceError, match=r"y\d.yaml:\d+:\d+: E407"):
        delivered(sources, None)
