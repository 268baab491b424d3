"""The report on the original: what a councillor with the printout, and the man beside him with the paper of old, would see."""

import io
import re
from collections.abc import Callable
from typing import get_args

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.model.edition import Item
from pipeline.model.form import Kind, form_of, roman
from pipeline.proof.proof import prove
from pipeline.source.limits import MAX_WORD
from pipeline.text import break_label

from .conftest import HEALTHY, ROOT, Made


def pages(made: Made) -> list[str]:
    reader = pypdf.PdfReader(io.BytesIO(made.pdf))
    return ["".join(page.extract_text().split()) for page in reader.pages]


def paper() -> list[tuple[str, ...]]:
    """The rows of the original as it was published: (heading,) or (NO, name, status, treatment, findings)."""
    rows: list[tuple[str, ...]] = []
    for line in (ROOT / "tests/original.txt").read_text("utf-8").splitlines():
        if line.startswith("<b>"):
            rows.append((re.sub("</?b>", "", line).strip().split(" ", 1)[1],))
        elif line.startswith("\t\t"):
            rows.append(tuple(line.split("\t")[2:7]))
    return rows


def test_the_source_is_the_paper_word_for_word(original: Made) -> None:
    ours: list[tuple[str, ...]] = []
    edition = original.validated.edition
    for headings, row in edition.lines():
        if row is None:
            ours.append((headings[-1].section.name,))
            continue
        item = edition.items[row.number]
        if isinstance(row, Item):
            ours.append((str(item.number), item.name, *(item.text(column) for column in edition.form.own)))
        else:
            ours.append((str(item.number), item.name + "【再掲】", "-", "-", "-"))
    # The one repeat that the paper does not mark: docs/original.md.
    theirs = [
        (no, name + "【再掲】", "-", "-", "-")
        if (no, status) == ("16", "-")
        else (no, name, status, treatment, findings)
        for no, name, status, treatment, findings in (row for row in paper() if len(row) == 5)
    ]
    assert [row for row in ours if len(row) == 5] == theirs
    assert [row for row in ours if len(row) == 1] == [row for row in paper() if len(row) == 1]
    assert len(edition.items) == 47


def test_it_ends_its_three_pages_where_the_paper_did(original: Made) -> None:
    first, second, third = pages(original)
    assert "18市民活動の意識調査の実施" in first
    assert "19市報の充実・活用" not in first
    assert "35人材派遣・紹介のコーディネート" in second
    assert "36審議会等" not in second
    assert "47地域活動や市民活動に対する職員参加の促進" in third


def test_title_legend_and_column_heads_stand_on_every_page(original: Made) -> None:
    for page in pages(original):
        assert "山口市協働推進プラン実行計画実施状況一覧" in page
        assert "実施状況：◎実施済○継続推進△一部実施×検討中" in page
        assert "推進方針推進施策NO推進項目実施状況今後の取扱い検証内容" in page


def test_no_type_is_smaller_than_eight_and_a_half_points(original: Made) -> None:
    reader = pypdf.PdfReader(io.BytesIO(original.pdf))
    # WeasyPrint scales its pixels by 0.75 to points.
    sizes = {
        round(float(size) * 0.75, 1)
        for page in reader.pages
        for size in re.findall(rb" ([\d.]+) Tf", page.get_contents().get_data())  # type: ignore[union-attr]
    }
    assert min(sizes) == 8.5
    assert max(sizes) == 14


def test_a_page_says_in_which_policy_and_measure_it_begins(original: Made, make: Callable[[str], Made]) -> None:
    first, second, third = pages(original)
    assert "(続き)" not in first
    assert "Ⅱ情報の共有化により、活動の活性化を図ります(続き)" in second
    assert "(続き)" not in third  # it begins with Ⅳ
    long = make(HEALTHY.replace("終わった。", "終わった。" * 1500))
    assert "Ⅰ方針一(1)施策一(続き)" in pages(long)[1]


def test_what_an_edition_says_of_itself_is_printed(make: Callable[[str], Made]) -> None:
    (page,) = pages(make("年度: 平成24年度\n現在日: 2013-03-31\n担当課: 試験課\n資料番号: 資料9\n案: true\n" + HEALTHY))
    for text in ("平成24年度", "平成25年3月31日現在", "試験市試験課", "資料9", "案資料9"):
        assert text in page


def test_a_draft_with_blanks_is_printed_as_a_draft(make: Callable[[str], Made]) -> None:
    made = make(HEALTHY.replace("実施状況: ×", "実施状況: 未記入"))
    assert made.validated.edition.is_draft
    assert "案" in pages(made)[0]
    assert prove(made.pdf, made.document) == 1


def test_a_row_of_8000_characters_keeps_the_heads_on_each_of_its_pages(make: Callable[[str], Made]) -> None:
    made = make(HEALTHY.replace("終わった。", "市民活動は、続く。" * 900))
    assert prove(made.pdf, made.document) == len(pages(made)) > 3


@pytest.mark.parametrize(
    ("item", "lines"),
    [*(("終わった。", lines) for lines in range(36, 48)), *(("検討する。", lines) for lines in range(36, 48, 3))],
)
def test_a_row_near_the_height_of_a_page_loses_no_head(item: str, lines: int, make: Callable[[str], Made]) -> None:
    made = make(HEALTHY.replace(item, "市" * 48 * lines))
    assert prove(made.pdf, made.document) in (1, 2, 3)


def test_a_row_no_taller_than_a_page_is_not_divided(make: Callable[[str], Made]) -> None:
    """A row of 30 lines after a page that is half full goes to the next page, whole."""
    filler = "".join(
        f"          - {{NO: {number}, 名称: 埋め草, 実施状況: ○, 今後の取扱い: 継続, 検証内容: {'市' * 48 * 5}}}\n"
        for number in range(10, 14)
    )
    made = make(HEALTHY.replace("          - 再掲: 1\n", filler).replace("検討する。", "検" * 48 * 30))
    assert sum("検" * 20 in page for page in pages(made)) == 1


def test_a_long_word_stays_in_its_cell(make: Callable[[str], Made]) -> None:
    word = "A" * 200
    made = make(HEALTHY.replace("名称: 項目二", f"名称: {word}"))
    assert word in pages(made)[0]
    lines = [
        line.split()[0]
        for line in pypdf.PdfReader(io.BytesIO(made.pdf)).pages[0].extract_text().splitlines()
        if "AAAA" in line
    ]
    # 23 ems of half-width letters a line.
    assert max(line.count("A") for line in lines) <= 46


def test_kinsoku_is_kept(original: Made) -> None:
    reader = pypdf.PdfReader(io.BytesIO(original.pdf))
    for page in reader.pages:
        for line in page.extract_text().splitlines():
            assert not re.match("[、。」)・ー]", line), line


def test_the_html_asks_for_nothing_and_says_what_symbols_mean(original: Made) -> None:
    links = re.findall(r"\b(?:src|href)=\"([^\"]*)\"", original.html)
    assert [link for link in links if not re.fullmatch(r"#[a-z0-9-]+|[a-z]+\.pdf", link)] == []
    assert "url(" not in original.html
    assert "@import" not in original.html
    assert original.html.count('aria-label="継続推進">○</span>') == 33


def test_templates_and_styles_share_their_class_names() -> None:
    style = "".join((ROOT / "styles" / name).read_text("utf-8") for name in ("report.css", "screen.css", "print.css"))
    style += (ROOT / "styles/paper.css").read_text("utf-8") + (ROOT / "styles/browser.css").read_text("utf-8")
    styled = {*re.findall(r"\.([a-z][a-z-]+)", re.sub(r"/\*.*?\*/|[^{}]*(?=;)", "", style, flags=re.DOTALL))}
    templates = "".join(path.read_text("utf-8") for path in (ROOT / "templates").glob("*.html"))
    written = {name for text in re.findall(r'class="([^"]*)"', templates) for name in re.findall("[a-z][a-z-]+", text)}
    # Columns and their kinds, the texts around the table; the height of an item, the width of a column of numbers, the
    # arrangement of a masthead, the ties of `markup.py`.
    written |= {column.name for column in form_of({}).columns} | {*get_args(Kind), "preface", "postface"}
    written |= {"tall", "figures-", "title-below", "below-each-other", "issued-above", "tied"}
    assert styled - {"css"} <= written, styled - written


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("今後の取扱い", 3, ("今後の", "取扱い")),
        ("推進方針", 2, ("推進", "方針")),
        ("実施状況", 2, ("実施", "状況")),
        ("NO", 2, ("NO",)),
        ("検証内容", 48, ("検証内容",)),
        ("評価のしかた", 4, ("評価の", "しかた")),
        ("実施の状況", 3, ("実施の", "状況")),
        ("政策の柱となる方向", 5, ("政策の柱", "となる方向")),
    ],
)
def test_column_heads_break_at_sensible_places(text: str, width: int, lines: tuple[str, ...]) -> None:
    assert "".join(break_label(text, width)) == text
    assert break_label(text, width) == lines


def test_policies_are_numbered_in_roman() -> None:
    assert [roman(position) for position in (1, 4, 9, 12, 13, 20, 39, 40)] == [
        "Ⅰ", "Ⅳ", "Ⅸ", "Ⅻ", "ⅩⅢ", "ⅩⅩ", "ⅩⅩⅩⅨ", "40",
    ]  # fmt: skip


# The characters of JIS X 0208, by row and cell.
jis = [
    character
    for row in range(0xA1, 0xF5)
    for cell in range(0xA1, 0xFF)
    if len(character := bytes((row, cell)).decode("euc_jp", "ignore")) == 1 and character.isprintable()
]

# Anything that may stand in a cell: the characters of daily use, punctuation that kinsoku moves, line breaks.
texts = st.text(
    st.one_of(
        st.sampled_from("市民活動協働推進、。「」()・ー〜…—-◎○△×ABCxyz0123456789 !?<>&{}%#'\"\\/"),
        st.sampled_from(jis),
    ),
    min_size=1,
    max_size=200,
).filter(lambda text: text.strip())
# What may stand in a heading, or as a symbol.
names = texts.map(lambda text: text.replace("\n", " "))
symbols = names.map(lambda text: text.strip()[:MAX_WORD].strip())


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(names, min_size=1, max_size=6), findings=texts, legend=st.lists(symbols, min_size=1, max_size=3))
def test_the_text_of_any_valid_edition_comes_back_from_its_pdf(
    make: Callable[[str], Made], names: list[str], findings: str, legend: list[str]
) -> None:
    import yaml

    edition = {
        "表題": names[0],
        "凡例": {symbol: f"意味{index}" for index, symbol in enumerate(dict.fromkeys(legend))},
        "今後の取扱い": {"継続": "継続"},
        "推進方針": [
            {
                "名称": name,
                "推進施策": [
                    {
                        "名称": name,
                        "推進項目": [
                            {
                                "NO": str(number),
                                "名称": name,
                                "実施状況": legend[0],
                                "今後の取扱い": "継続",
                                "検証内容": findings,
                            }
                        ],
                    }
                ],
            }
            for number, name in enumerate(names, 1)
        ],
    }
    made = make(yaml.safe_dump(edition, allow_unicode=True))
    assert prove(made.pdf, made.document) >= 1


def test_the_paper_is_kept_with_the_tests() -> None:
    assert len(paper()) == 5 + 16 + 47 + 5
