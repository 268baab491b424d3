"""The summary: added up once more from the text of the source, and held against what stands on the finished page."""

import io
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import ArrayObject, FloatObject, NameObject, TextStringObject

from pipeline import line
from pipeline.documents.document import Document
from pipeline.documents.summary import page as module
from pipeline.documents.summary import summary
from pipeline.documents.summary.chart import BarData, Drawing
from pipeline.documents.summary.page import change, share
from pipeline.errors import ProofError
from pipeline.layout.pages import lay_out
from pipeline.layout.pdf import write_pdf
from pipeline.library import Library
from pipeline.model.validation import Validated, validate
from pipeline.papers import summary_of
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .conformance import violations
from .conftest import HEALTHY, ROOT
from .editions import other_form
from .test_proof import Victim, findings

ORIGINAL = (ROOT / "source/original.yaml").read_text("utf-8")
PLAIN = (("◎", "実施済"), ("○", "継続推進"), ("△", "一部実施"), ("×", "検討中"))
WORDY = (("A", "計画どおり実施した"), ("B", "おおむね実施した"), ("C", "一部を実施した"), ("D", "実施していない"))
SHORT = ("完了: 終了", "継続: 継続", "廃止: 終了")
LONG = ("拡充して継続: 継続", "現状のまま継続: 継続", "見直して継続: 継続", "完了: 終了", "廃止: 終了")


@dataclass(frozen=True)
class Made:
    document: Document
    pdf: bytes

    @property
    def pages(self) -> list[str]:
        return ["".join(one.extract_text().split()) for one in pypdf.PdfReader(io.BytesIO(self.pdf)).pages]

    @property
    def rows(self) -> list[list[str]]:
        """The cells of every row with a head, as the web page has them."""
        rows = re.findall(r"<tr.*?>(.*?)</tr>", self.document.html, re.DOTALL)
        return [
            [text_of(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
            for row in rows
            if 'scope="row"' in row
        ]

    def row(self, head: str) -> list[str]:
        (found,) = [row[1:] for row in self.rows if row[0] == head]
        return found


Make = Callable[..., Made]


def text_of(markup: str) -> str:
    return "".join(unescape(re.sub(r"<[^>]*>", "", markup)).split())


def checked(text: str, name: str = "new") -> Validated:
    return validate(parse_source(Path(f"source/{name}.yaml"), text.encode(), name))


@pytest.fixture(scope="module")
def make(font_cache: Path) -> Make:
    def made(text: str, previous: str = "") -> Made:
        document = summary(checked(text), checked(previous, "old") if previous else None)
        return Made(document, write_pdf(document, font_cache))

    return made


@pytest.fixture(scope="module")
def original(make: Make) -> Made:
    return make(ORIGINAL)


def made_up(
    policies: int, legend: tuple[tuple[str, str], ...] = PLAIN, terms: tuple[str, ...] = SHORT, step: int = 1
) -> str:
    """An edition of so many policies; `step` deals the statuses out in another way."""
    lines = ["表題: 協働推進計画実施状況一覧", "年度: 令和6年度", "現在日: 2025-03-31", "担当課: 市民協働課", "凡例:"]
    lines += [f"  {symbol}: {meaning}" for symbol, meaning in legend]
    lines += ["今後の取扱い:", *(f"  {term}" for term in terms), "推進方針:"]
    number = 0
    for position in range(policies):
        name = "市民と行政が互いに補い合うまちづくりを進めます"[position % 3 :]
        lines += [f"  - 名称: {name}", "    推進施策:", "      - 名称: 施策", "        推進項目:"]
        for _ in range(3 + position * 7 % 17):
            number += 1
            status, term = legend[number * step % 7 % len(legend)][0], terms[number * step % len(terms)].split(":")[0]
            lines.append(f"          - {{NO: {number}, 名称: 項目{number}, 実施状況: {status}, 今後の取扱い: {term}}}")
        if position:
            lines += ["      - 名称: 再", "        推進項目: [{再掲: 1}]"]
    return "\n".join(lines)


def graded(*words: int, main: bool = True) -> str:
    """A list of one level without numbers, with a column of so many terms for each of `words`."""
    lines = ["表題: 評価の一覧", "段: [{名称: 柱}]", "項目: {名称: 仕事, 番号: なし}", "欄:"]
    for at, count in enumerate(words):
        terms = ", ".join(f"第{at + 1}の{n}段階" for n in range(count))
        lines.append(f"  評価{at + 1}: {{種類: 語, 語: [{terms}]{', 集計: 主' if main and not at else ''}}}")
    lines += ["柱: ", *(line for at in range(2) for line in (f"  - 名称: 柱その{at}", "    仕事:"))]
    for section in range(2):
        for item in range(3):
            said = ", ".join(f"評価{at + 1}: 第{at + 1}の{item % count}段階" for at, count in enumerate(words))
            number = 3 * section + item + 1
            lines.insert(
                lines.index(f"  - 名称: 柱その{section}") + 2 + item,
                f"      - {{NO: {number}, 名称: 仕{number}, {said}}}",
            )
    return "\n".join(lines)


FLAT = "表題: 一覧\n段: []\n項目: {名称: 本}\n欄: {評: {種類: 記号, 凡例: {○: 良}}}\n本: [{NO: 1, 名称: 一, 評: ○}]"

# What it says


def test_the_numbers_are_those_of_the_yaml_text(original: Made) -> None:
    """Counted by the words of the file, policy by policy, with nothing of the pipeline's."""
    texts = re.split(r"^  - 名称: ", ORIGINAL.split("\n推進方針:\n")[1], flags=re.MULTILINE)[1:]
    expected = []
    for text in texts:
        expected.append(
            [len(re.findall(r"- NO: ", text)), len(re.findall(r"- 再掲: ", text))]
            + [len(re.findall(f"実施状況: {symbol}", text)) for symbol in "◎○△×"]
            + [len(re.findall(f"今後の取扱い: {term}", text)) for term in ("完了", "継続", "廃止")]
        )
    heads = [f"{roman}{''.join(text.splitlines()[0].split())}" for roman, text in zip("ⅠⅡⅢⅣⅤ", texts, strict=True)]
    totals = [sum(column) for column in zip(*expected, strict=True)]
    assert totals == [47, 5, 8, 33, 2, 4, 8, 35, 4]
    (text,) = original.pages
    for head, numbers in zip([*heads, "計(再掲を除く)"], [*expected, totals], strict=True):
        assert original.row(head) == [*map(str, numbers)]
        assert head + "".join(map(str, numbers)) in text


def test_totals_leave_repeats_out_and_say_so(original: Made, make: Make) -> None:
    (text,) = original.pages
    assert "実質47項目(再掲5を除く)の実施状況は、「実施済」8項目(17.0%)、「継続推進」33項目(70.2%)" in text
    assert "再掲は、ほかの推進施策の項目を再び掲げた行の数で、計に含みません" in text
    without = make(HEALTHY.replace("          - 再掲: 1\n", ""))
    assert "全3項目の実施状況は" in without.pages[0]
    assert "再掲(外数)" not in without.pages[0]


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(1, 3, "33.3"), (2, 3, "66.7"), (1, 2000, "0.1"), (1, 2001, "0.0"), (47, 47, "100.0"), (0, 5, "0.0"), (0, 0, "-"), (1, 16, "6.3")],
)  # fmt: skip
def test_shares_are_rounded_half_up_to_one_decimal(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == shown


def test_shares_that_do_not_add_up_say_so(original: Made, make: Make) -> None:
    # 17.0 + 70.2 + 4.3 + 8.5 = 100.0
    assert "このため" not in original.pages[0]
    thirds = make(HEALTHY)
    assert thirds.row("構成比(%)") == ["100.0", "-", "33.3", "33.3", "33.3", "33.3", "66.7"]
    assert "このため、合計が100%になりません(実施状況は99.9%)。" in thirds.pages[0]


def test_what_is_not_filled_in_has_a_column_and_the_paper_is_a_draft(make: Make) -> None:
    made = make(
        HEALTHY.replace("実施状況: ×", "実施状況: 未記入").replace("今後の取扱い: 完了", "今後の取扱い: 未記入")
    )
    assert made.row("計(再掲を除く)") == ["3", "1", "1", "1", "0", "1", "0", "2", "1"]
    assert '<p class="draft">案</p>' in made.document.html
    assert prove(made.pdf, made.document) == 1


OLD = (
    HEALTHY.replace("◎", "A")
    .replace("○", "◎")
    .replace("×: 検討中", "×: 未着手")
    .replace("A: 実施済", "A: 実 施 済")
    .replace("          - 再掲: 1\n", "")
    .replace(
        "          - NO: 2\n", "          - {NO: 9, 名称: 項目九, 実施状況: ×, 今後の取扱い: 継続}\n          - NO: 2\n"
    )
)


def test_the_change_goes_by_meaning_and_not_by_symbol(make: Make) -> None:
    """◎ meant last year what ○ means now, and A what ◎ means now."""
    made = make(
        "年度: 令和6年度\n" + HEALTHY.replace("今後の取扱い: 完了", "今後の取扱い: 継続"), "年度: 令和5年度\n" + OLD
    )
    (text,) = made.pages
    assert made.row("◎実施済") == ["1", "1", "0", "25.0", "33.3"]
    assert made.row("○継続推進") == ["1", "1", "0", "25.0", "33.3"]
    assert made.row("×検討中") == ["-", "1", "1", "-", "33.3"]
    assert made.row("×未着手") == ["2", "-", "△2", "50.0", "-"]
    assert made.row("完了") == ["1", "0", "△1", "25.0", "0.0"]
    assert made.row("継続") == ["3", "3", "0", "75.0", "100.0"]
    assert "前年度(令和5年度)の全4項目に比べて、1項目減りました。" in text
    assert "前年度との比較は、記号の意味(実施済など)ごとに行っています。" in text
    assert "「-」は、その年度の実施状況や今後の取扱いにないものです。" in text
    assert prove(made.pdf, made.document) == 1
    # A screen reader hears how many fewer, not a triangle.
    assert '<span role="img" aria-label="2減">△2</span>' in made.document.html


def test_symbols_of_one_meaning_are_one_line_of_the_comparison(make: Make) -> None:
    two = HEALTHY.replace("  ◎: 実施済\n", "  ◎: 実施済\n  ●: 実施済\n").replace("実施状況: ×", "実施状況: ●")
    made = make(two, HEALTHY)
    assert made.row("◎・●実施済") == ["1", "2", "1", "33.3", "66.7"]
    assert prove(made.pdf, made.document) == 1


def test_without_an_edition_before_nothing_is_compared(original: Made) -> None:
    for word in ("前年度", "前回", "今回", "増減"):
        assert word not in original.pages[0]


def test_a_cell_of_numbers_holds_no_symbol_but_the_triangle_of_a_decrease(make: Make) -> None:
    made = make("年度: 令和6年度\n" + HEALTHY, OLD)
    cells = re.findall(r'<td[^>]*headers="([^"]*)"[^>]*>(.*?)</td>', made.document.html)
    assert len(cells) > 40
    for headers, markup in cells:
        pattern = "△?[0-9]+" if headers.startswith("change-difference") else "[0-9]+|[0-9]+[.][0-9]|-"
        assert re.fullmatch(pattern, text_of(markup)), (headers, markup)


def test_a_triangle_means_fewer() -> None:
    assert (change(5, 3), change(3, 5), change(4, 4)) == ("△2", "2", "0")


# Other forms


def test_every_column_of_symbols_or_terms_is_counted_by_the_outermost_level(make: Make) -> None:
    made = make(other_form(6))
    assert made.row("第1水と緑") == ["3", "0", "2", "1", "2", "1"]
    assert made.row("第2祭り") == ["1", "1", "0", "0", "0", "1"]
    assert made.row("構成比(%)") == ["100.0", "25.0", "50.0", "25.0", "50.0", "50.0"]
    (text,) = made.pages
    assert (
        "全4項目の出来は、「とても早い」1項目(25.0%)、「並み」2項目(50.0%)、「遅い」1項目(25.0%)です。点数は、「良い」"
        in text
    )
    assert "柱別の出来と点数(項目数)" in text
    assert "柱別の出来の構成比" in text
    # Notes are printed in the list alone.
    assert "※" not in made.document.html
    (reading,) = re.findall(r'role="img" aria-label="([^"]*)"', made.document.html)
    assert "第1 水と緑(3項目)は「並み」2項目、「遅い」1項目。" in reading


def test_columns_that_do_not_fit_side_by_side_stand_in_tables_below_each_other(make: Make) -> None:
    made = make(*EDITIONS["many columns"])
    heads = re.findall(
        '<th id="head-column-[0-9]" class="begins" scope="colgroup" colspan="([0-9]+)">', made.document.html
    )
    assert heads == ["8", "9", "9", "18"]
    assert re.findall('<h2 id="[^"]*counts">(.*)</h2>', made.document.html) == [
        "柱別の評価1と評価2(項目数)",
        "柱別の評価3(項目数)",
        "柱別の評価4(項目数)",
    ]
    assert [row[1] for row in made.rows if row[0] == "柱その0"] == ["3", "3", "3"]
    ids = re.findall(' id="([^"]*)"', made.document.html)
    assert len(ids) == len({*ids})


@pytest.mark.parametrize("text", [FLAT, graded(3, 4, main=False)], ids=["flat", "a level"])
def test_without_a_main_column_there_are_only_the_numbers_of_items(text: str, make: Make) -> None:
    made = make(text, text)
    (page,) = made.pages
    count = "1" if text == FLAT else "6"
    assert f"全{count}項目です。記号や語による集計は行っていないため、項目数だけを示します。" in page
    assert f"前回の全{count}項目と、同じ数です。" in page
    assert made.rows == [*([] if text == FLAT else [["柱その0", "3"], ["柱その1", "3"]]), ["計(再掲を除く)", count]]
    for word in ("構成比", "良", "段階", "増減"):
        assert word not in page
    assert "<svg" not in made.document.html


def test_only_columns_that_both_editions_have_are_compared(make: Make) -> None:
    """評価 of last year is 評価 of this year even if its name holds the year."""
    old = graded(3).replace("評価1", "令和5年度評価")
    new = graded(3, 2).replace("評価1", "令和6年度評価").replace("第1の2段階", "第1の9段階")
    made = make(new, old)
    assert made.row("第1の0段階") == ["2", "2", "0", "33.3", "33.3"]
    assert made.row("第1の9段階") == ["-", "2", "2", "-", "33.3"]
    (page,) = made.pages
    assert "評価2は、前回の一覧にない欄のため、比較していません。" in page
    assert "増減の「△」は、減を表します。「-」は、その回の令和6年度評価にないものです。" in page
    assert prove(made.pdf, made.document) == 1


def test_meanings_that_stand_in_a_block_are_not_said_again(make: Make) -> None:
    made = make("凡例の場所: 一ページ目\n" + HEALTHY.replace("検討中", "まだ検討している途中であるもの"), HEALTHY)
    (page,) = made.pages
    assert "実施状況は、「◎」1項目(33.3%)、「○」1項目(33.3%)、「×」1項目(33.3%)です。" in page
    assert page.count("まだ検討している途中であるもの") == 1
    assert made.row("×まだ検討している途中で…") == ["-", "1", "1", "-", "33.3"]
    assert prove(made.pdf, made.document) == 1


# The chart


def test_the_bars_are_as_long_as_their_numbers_say(original: Made) -> None:
    """The pieces of the first bar, all items: 8, 33, 2 and 4 of 47 of the way from 0% to 100%."""
    chart = original.document.html.split('role="img"')[1].split("</svg>")[0]
    rects = [
        [*map(float, re.findall(r' (?:x|y|width)="([\d.]+)"', rect))]
        for rect in re.findall(r"<rect [^>]*height[^>]*stroke=[^>]*>", chart)
    ]
    top = min(y for _, y, _ in rects)
    first = [(x, width) for x, y, width in rects if y == top]
    start, end = first[0][0], first[-1][0] + first[-1][1]
    for number, (_, width) in zip((8, 33, 2, 4), first, strict=True):
        assert width == pytest.approx((end - start) * number / 47, abs=0.2)


def test_it_says_in_sentences_what_it_shows(original: Made) -> None:
    (reading,) = re.findall(r'role="img" aria-label="([^"]*)"', original.document.html)
    assert reading.startswith(
        "推進方針別の実施状況の帯グラフ。全体(47項目)は「実施済」8項目、「継続推進」33項目、「一部実施」2項目、「検討中」4項目。"
    )
    assert "Ⅲ 人づくりを通じて、協働の意識醸成を図ります(4項目)は「継続推進」4項目。" in reading


def test_every_piece_has_its_own_number_however_small() -> None:
    """In its piece, or below it, and none on another."""
    counts = (900, 1, 1, 12, 1, 1)
    chart = Drawing([BarData("全体", "916項目", tuple(("light", count) for count in counts))], 600, "").chart(30)
    (bar,) = chart.bars
    assert [piece.number.text for piece in bar.pieces] == [*map(str, counts)]
    below = [piece.number for piece in bar.pieces if piece.number.is_below]
    assert len(below) == 5
    for left, right in pairwise(below):
        assert left.x + left.width < right.x
    assert below[-1].x + below[-1].width <= 600
    inside = bar.pieces[0]
    assert inside.x < inside.number.x
    assert inside.number.x + inside.number.width < inside.x + inside.width


@pytest.mark.parametrize(
    ("counts", "middles", "gaps"),
    [
        ((400, 1, 400), [339.7], []),
        ((400, 1, 400, 1, 400), [260.4, 419.0], [152.9]),
        ((400, 1, 1, 400), [339.4, 355.1], [10.0]),  # the second makes room for the first
        ((900, 1, 1, 1), [560.8, 576.5, 592.2], [10.0, 10.0]),  # the edge pushes the last back, and that the others
    ],
)
def test_a_number_below_its_piece_moves_only_as_far_as_others_and_the_edge_make_it(
    counts: tuple[int, ...], middles: list[float], gaps: list[float]
) -> None:
    (bar,) = Drawing([BarData("全体", "", tuple(("light", count) for count in counts))], 600, "").chart(30).bars
    below = [piece.number for piece in bar.pieces if piece.number.is_below]
    assert [number.middle for number in below] == pytest.approx(middles, abs=0.11)
    assert [right.x - left.x - left.width for left, right in pairwise(below)] == pytest.approx(gaps, abs=0.11)


def test_what_fills_the_bars_is_told_apart_without_colour(make: Make) -> None:
    legend = tuple((str(position), f"状態{position}") for position in range(7))
    made = make(made_up(3, legend))
    fills = re.findall(r'<rect x="0.5"[^>]*fill="([^"]*)"', made.document.html)
    assert len({re.sub(r"key-\d+", "", fill) for fill in fills}) == 7
    # Nothing drawn has a hue: red, green and blue are the same.
    for red, green, blue in re.findall(
        "#([0-9a-f]{1,2})([0-9a-f]{1,2})([0-9a-f]{1,2})\\b", made.document.html.split("<body")[1]
    ):
        assert red == green == blue


# The page


@pytest.mark.parametrize(
    ("legend", "terms", "with_previous"), [(PLAIN, SHORT, False), (WORDY, LONG, True)], ids=["plain", "wordy"]
)
@pytest.mark.parametrize("policies", [1, 4, 6, 8, 10])
def test_up_to_ten_policies_stand_on_one_page(
    policies: int, legend: tuple[tuple[str, str], ...], terms: tuple[str, ...], with_previous: bool, font_cache: Path
) -> None:
    from pipeline.fonts import confine_layout

    confine_layout(font_cache)
    old = checked(made_up(policies, legend, terms, step=3), "old") if with_previous else None
    document = summary(checked(made_up(policies, legend, terms)), old)
    assert len(lay_out(document.html)) == 1


EDITIONS = {
    "original": (ORIGINAL, ""),
    "other legend, eight policies": (made_up(8, WORDY, LONG), made_up(7, PLAIN, SHORT)),
    "ten policies": (made_up(10), made_up(10, step=3)),
    "blanks": (HEALTHY.replace("実施状況: ×", "実施状況: 未記入"), HEALTHY),
    "blanks before": (HEALTHY, HEALTHY.replace("今後の取扱い: 継続", "今後の取扱い: 未記入")),
    "no items": (HEALTHY.split("推進方針:")[0] + "推進方針: [{名称: 方針一}, {名称: 方針二, 推進施策: [{名称: 施策}]}]", HEALTHY),
    "no items before": (HEALTHY, HEALTHY.split("推進方針:")[0] + "推進方針: [{名称: 方針一}]"),
    "forty policies": (made_up(40), ""),
    "many symbols": (made_up(3, tuple((f"記{n}", f"状態その{n}" * 3) for n in range(15))), made_up(3)),
    "the longest name that is allowed": (HEALTHY.replace("名称: 方針一", f"名称: {'市' * 200}"), ""),
    "names in lines, with variants": (HEALTHY.replace("名称: 方針一", 'name').replace("name", '名称: "辻\U000e0101と\\n葛\U000e0100<b>&\\"の方針"'), HEALTHY),
    "a heading of one's own": ("見出し: {推進方針: 政策の柱, 実施状況: 評価}\n" + HEALTHY, ""),
    "another form": (other_form(6), other_form(5)),
    "many columns": (graded(8, 9, 9, 18), graded(8, 9)),
    "a flat list that is not counted": (FLAT, FLAT),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITIONS)
def test_every_edition_keeps_all_promises_of_the_official_pdf(name: str, make: Make) -> None:
    made = make(*EDITIONS[name])
    assert prove(made.pdf, made.document) == len(made.pages)
    assert violations(made.pdf) == []


@pytest.mark.parametrize("name", ["original", "ten policies"])
def test_no_type_is_smaller_than_eight_and_a_half_points(name: str, make: Make) -> None:
    made = make(*EDITIONS[name])
    (sheet,) = pypdf.PdfReader(io.BytesIO(made.pdf)).pages
    sizes = {round(float(size) * 0.75, 1) for size in re.findall(rb" ([\d.]+) Tf", sheet.get_contents().get_data())}  # type: ignore[union-attr]
    assert min(sizes) == 8.5
    # The picture is drawn as large as it is, and its type with it.
    pictures = re.findall(
        r'<svg[^>]*width="([\d.]+)" height="([\d.]+)" viewBox="0 0 ([\d.]+) ([\d.]+)"', made.document.html
    )
    assert pictures
    assert all(size[:2] == size[2:] for size in pictures)


def test_the_same_source_gives_the_same_bytes(make: Make, original: Made) -> None:
    assert make(ORIGINAL).pdf == original.pdf


def test_it_carries_both_sources(make: Make) -> None:
    made = make(HEALTHY, OLD)
    attachments = pypdf.PdfReader(io.BytesIO(made.pdf)).attachments
    assert {name: data for name, (data,) in attachments.items()} == {
        "source-old.yaml": OLD.encode(),
        "source-new.yaml": HEALTHY.encode(),
    }


def test_a_number_is_never_broken(make: Make) -> None:
    made = make(*EDITIONS["many symbols"])
    lines = pypdf.PdfReader(io.BytesIO(made.pdf)).pages[0].extract_text().split()
    assert (lines.count("13.3"), lines.count("16.7")) == (5, 2)
    assert lines.count("100.0") == 1


# The proof


def reading_lost(victim: Victim) -> None:
    del next(victim.elements("Figure"))["/Alt"]


def reading_wrong(victim: Victim) -> None:
    figure = next(victim.elements("Figure"))
    figure[NameObject("/Alt")] = TextStringObject(str(figure["/Alt"]).replace("33", "34"))


def place_lost(victim: Victim) -> None:
    del next(victim.elements("Figure"))["/A"]


def place_off_the_page(victim: Victim) -> None:
    box = next(victim.elements("Figure"))["/A"]["/BBox"]
    next(victim.elements("Figure"))["/A"][NameObject("/BBox")] = ArrayObject([*box[:3], type(box[3])(1_000)])


def figure_turned_paragraph(victim: Victim) -> None:
    next(victim.elements("Figure"))[NameObject("/S")] = NameObject("/P")


def group_of_columns_lost(victim: Victim) -> None:
    del next(victim.elements("TD"))["/A"]["/Headers"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (reading_lost, ["図の読みが「{}」ではなく「」です。"]),
        (reading_wrong, ["図の読みが「{}」ではなく「{wrong}」です。"]),
        (place_lost, ["図「{}」の場所(BBox)が、ページの中にありません。"]),
        (place_off_the_page, ["図「{}」の場所(BBox)が、ページの中にありません。"]),
        (figure_turned_paragraph, ["文書の部分がFigureではなくPです(「全体47項目83324Ⅰ16項目682Ⅱ」)。"]),
    ],
)
def test_damage_does_not_get_past_the_proof(damage: Callable[[Victim], None], told: list[str], original: Made) -> None:
    victim = Victim(original.pdf)
    said = str(next(victim.elements("Figure"))["/Alt"])
    damage(victim)
    assert findings(victim.save(), original.document) == [
        one.format(said, wrong=said.replace("33", "34")) for one in told
    ]


def test_a_group_of_columns_that_is_lost_does_not_get_past_the_proof(original: Made) -> None:
    victim = Victim(original.pdf)
    group_of_columns_lost(victim)
    (told,) = findings(victim.save(), original.document)
    assert told.endswith("ではなくなしです。")


@pytest.mark.parametrize(
    ("box", "is_inside"),
    [
        ((0, 0, 841.88, 595.27), True), ((-0.1, 0, 9, 9), False), ((0, -0.1, 9, 9), False), ((0, 0, 842, 9), False),
        ((0, 0, 9, 595.4), False), ((9, 0, 9, 9), False), ((0, 9, 9, 9), False), ((9, 0, 8, 9), False), ((0, 9, 9, 8), False),
        ((1, 2, 3), False), ((1, 2, 3, 4, 5), False),
    ],
)  # fmt: skip
def test_a_picture_is_on_its_page(box: tuple[float, ...], is_inside: bool, original: Made) -> None:
    victim = Victim(original.pdf)
    next(victim.elements("Figure"))["/A"][NameObject("/BBox")] = ArrayObject(map(FloatObject, box))
    if is_inside:
        prove(victim.save(), original.document)
    else:
        (told,) = findings(victim.save(), original.document)
        assert "の場所(BBox)が、" in told


def off_by_one(counted: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(items: Any, *more: Any) -> Any:
        return counted([*items][:-1] if len([*items]) == 3 else items, *more)

    return wrong


def test_a_miscount_on_the_page_does_not_get_past_the_proof(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page shows and what the proof expects are counted in two ways."""
    monkeypatch.setattr(module, "_count", off_by_one(module._count))
    made = make(HEALTHY)
    with pytest.raises(ProofError, match="「3」が「2」となっています"):
        prove(made.pdf, made.document)


def test_a_number_painted_wrong_in_the_chart_does_not_get_past_the_proof(original: Made, font_cache: Path) -> None:
    html = original.document.html
    assert html.count(">33</text>") == 1
    wrong = Document(html.replace(">33</text>", ">34</text>"), original.document.expected, original.document.carried)
    with pytest.raises(ProofError, match="段落「全体47項目8"):
        prove(write_pdf(wrong, font_cache), original.document)


# Delivery


def silent(_: str) -> AbstractContextManager[None]:
    return nullcontext()


def test_it_is_delivered_and_made_anew_when_the_edition_before_changes(project: Path) -> None:
    del project
    Path("source/old.yaml").write_text(OLD, "utf-8")
    Path("source/new.yaml").write_text("前版: old\n" + HEALTHY, "utf-8")
    (delivered,) = line.make([summary_of(Path("source/new.yaml"))], silent, Library()).asked
    assert delivered is not None
    assert delivered.path == Path("out/new/summary.pdf")
    assert delivered.path.with_suffix(".html").exists()
    assert line.make([summary_of(Path("source/new.yaml"))], silent, Library()).asked == (None,)
    os.utime("source/old.yaml")
    assert line.make([summary_of(Path("source/new.yaml"))], silent, Library()).asked != (None,)
