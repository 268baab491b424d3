"""The head of a page has room for whatever stands in it."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pypdfium2
import pytest

from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.html import page_head
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.errors import SourceError
from pipeline.layout.engine import Engine, read
from pipeline.layout.fast.page_cache import PageCache
from pipeline.layout.margins import head_room
from pipeline.layout.pdf import write_pdf
from pipeline.model.edition import Edition
from pipeline.model.page_head import balanced
from pipeline.model.validation import Validated, validate
from pipeline.paper import A4, TOP
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source
from pipeline.years.draft import next_edition

from .conftest import HEALTHY, Made

# More than a page of each item.
PAGES = HEALTHY.replace("終わった。", "終わった。" * 350).replace("検討する。", "検討する。" * 350)

LONG = {
    "legend": {"実施済": "年度当初に定めた計画を上回って実施した", "継続推進": "年度当初に定めた計画のとおりに実施したので、今後も継続する",
               "検討中": "諸般の事情により、まだ実施していない"},
    "title": {"試験一覧": "第二次試験市協働推進プラン(令和5年度から令和9年度まで)に基づく実行計画の実施状況及び今後の取扱い一覧"},
    "names": {"方針一": "市民一人ひとりが主役となり、多様な主体が支え合いながら安心して暮らすことのできる地域づくりを進めます",
              "名称: 施策": "名称: 各種団体、市民活動団体、事業者及び行政の連携を深める仕組みづくりと人材の育成 その"},
    "year": {"自治体:": "年度: 令和6年度から令和8年度まで(令和7年度の中間見直しを含む。)\n現在日: 2025-03-31\n自治体:"},
    "number": {"自治体:": "資料番号: 第3回協働推進委員会 資料1-2(令和7年3月31日に差し替えたもの)\n案: true\n自治体:"},
    "office": {"自治体:": "現在日: 2025-03-31\n担当課: 総合政策部地域協働推進局協働推進課(市民活動支援センター統括担当)\n自治体:"},
    "too much for a line": {"自治体:": f"資料番号: {'資料' * 50}\n年度: {'年度' * 50}\n担当課: {'部課' * 50}\n自治体:"},
}  # fmt: skip
TOGETHER = (
    "資料番号: 第3回協働推進委員会 資料1-2\n案: true\n年度: 令和6年度から令和8年度まで(令和7年度の中間見直しを含む。)\n"
)
LONG["everything"] = LONG["legend"] | LONG["title"] | LONG["names"] | {"自治体:": TOGETHER + LONG["office"]["自治体:"]}

KINDS: dict[str, Callable[[Validated, Validated], Document]] = {
    "report": lambda _, new: report(new),
    "summary": lambda old, new: summary(new, old),
    "comparison": comparison,
    "errata": errata,
    "history": lambda old, new: history((old, new)),
}


def changed(text: str, case: str) -> str:
    for old, new in LONG[case].items():
        text = text.replace(old, new)
    return text


def on_first_page(text: str) -> str:
    return text.replace("凡例:", "凡例の場所: 一ページ目\n凡例:")


def checked(text: str, edition: str = "h25") -> Validated:
    return validate(parse_source(Path(f"source/{edition}.yaml"), text.encode()))


def pair(text: str) -> tuple[Validated, Validated]:
    """An edition and the one before it, in which a symbol and its legend were others."""
    old = text.replace("実施状況: ○", "実施状況: ×").replace("計画", "目標").replace("終わった", "済んだ", 3)
    return checked(old, "h24"), checked(text)


def overlapping(pdf: bytes) -> list[str]:
    """The texts that lie on others, on all pages of `pdf`."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        boxes = [text.get_rect(index) for index in range(text.count_rects())]
        for at, (left, foot, right, top) in enumerate(boxes):
            for other in boxes[at + 1 :]:
                if min(right, other[2]) - max(left, other[0]) > 1 and min(top, other[3]) - max(foot, other[1]) > 1:
                    found.append(text.get_text_bounded(left, foot, right, top))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("has_meanings_on_first_page", [False, True])
def test_in_no_document_does_the_head_lie_on_anything(
    kind: str, has_meanings_on_first_page: bool, font_cache: Path
) -> None:
    text = changed(PAGES, "everything")
    document = KINDS[kind](*pair(on_first_page(text) if has_meanings_on_first_page else text))
    pdf = write_pdf(document, font_cache)
    assert prove(pdf, document) >= 1
    assert overlapping(pdf) == []


@pytest.mark.parametrize("case", LONG)
def test_whatever_is_long_has_its_room(case: str, make: Callable[[str], Made]) -> None:
    made = make(changed(PAGES, case))
    assert prove(made.pdf, made.document) > 1
    assert overlapping(made.pdf) == []


@cache
def measured(text: str) -> float:
    """The room above the table, in millimetres, that the layout measured."""
    root = read(report(checked(text)).html)
    repeated = [element for element in root.iterfind("body/*") if element.tag != "main"]
    style = head_room(Engine(root), root, repeated, [row.get("data-context", "") for row in root.iter("tr")])
    found = re.search(r"margin-top: ([\d.]+)mm", style)
    return float(found[1]) if found else TOP


# Lengths of title, year, number, office and meaning that come close to what fits beside each other.
LENGTHS = [
    (6, 20, 14, 95, 120), (24, 26, 8, 30, 30), (34, 8, 8, 70, 8), (40, 23, 31, 20, 80), (53, 2, 2, 2, 2),
    (69, 40, 30, 52, 46), (79, 56, 16, 33, 0), (88, 25, 49, 76, 5), (0, 76, 86, 86, 16), (45, 98, 51, 4, 140),
    (23, 79, 25, 30, 193), (45, 67, 32, 96, 27), (111, 21, 37, 80, 50), (54, 0, 70, 0, 0), (30, 0, 0, 60, 44),
]  # fmt: skip


def _with_number(text: str) -> tuple[Edition, str]:
    edition = checked(text).edition
    return edition, edition.document_number.report


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_what_is_reckoned_is_enough_and_hardly_too_much(lengths: tuple[int, ...]) -> None:
    title, year, number, office, meaning = ("（題名、年度）" * 30)[: lengths[0] + 1], *lengths[1:]
    text = HEALTHY.replace("試験一覧", title).replace("実施済", "実施済、" * (meaning // 4 + 1))
    for key, length in (("年度", year), ("資料番号", number), ("担当課", office)):
        text = text.replace("自治体:", f"{key}: {'第一' * (length // 2 + 1)}\n自治体:", 1)
    reckoned = page_head(*_with_number(text)).height
    assert measured(text) <= reckoned + 0.1
    assert reckoned - measured(text) < 9


def test_the_head_takes_a_quarter_of_the_page_at_most() -> None:
    def with_meanings(count: int) -> str:
        return HEALTHY.replace("検討中", "\n".join(["検討中", *(f"  記{at}: {'意味' * 100}" for at in range(count))]))

    assert 35 < measured(with_meanings(2)) <= A4.height / 4
    with pytest.raises(SourceError, match="E413: 「凡例」が長すぎます"):
        checked(with_meanings(4))


def test_a_plain_head_has_the_room_that_it_always_had() -> None:
    assert page_head(*_with_number(HEALTHY)).is_plain
    assert measured(HEALTHY) == TOP


@pytest.mark.parametrize("jobs", [1, 2])
def test_pages_are_the_same_however_they_are_laid_out(jobs: int, font_cache: Path) -> None:
    before = PAGES.replace("名称: 施策二", "名称: 施策二\n        改ページ: true")
    after = changed(before, "names")
    fresh = write_pdf(report(checked(after)), font_cache)
    kept = PageCache()
    write_pdf(report(checked(before)), font_cache, kept=kept)
    assert write_pdf(report(checked(after)), font_cache, kept=kept) == fresh
    assert write_pdf(report(checked(after)), font_cache, jobs=jobs) == fresh


def test_meanings_stand_on_the_first_page_alone(make: Callable[[str], Made]) -> None:
    made = make(on_first_page(PAGES))
    first, *others = (page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made.pdf))
    assert prove(made.pdf, made.document) == 1 + len(others) > 2
    assert all(meaning in first for meaning in ("実施済", "継続推進", "検討中"))
    for page in others:
        assert "実施状況：◎ ○ × (意味は1ページ)" in re.sub(r"\s+", " ", page)
        assert "継続推進" not in page
    assert "(意味は1ページ)" not in first


def test_many_legends_of_a_history_stand_on_the_first_page_alone(font_cache: Path) -> None:
    editions = [checked(HEALTHY.replace("検討中", f"検討中({year}年目)"), f"y{year}") for year in range(1, 7)]
    document = history(editions)
    pdf = pypdfium2.PdfDocument(write_pdf(document, font_cache))
    assert "検討中(3年目)" in pdf[0].get_textpage().get_text_range()
    assert [paragraph.text for paragraph in document.expected.repeated][-1] == "凡例：◎ ○ × (意味は1ページ)"


def test_where_the_meanings_stand_is_kept_by_the_next_edition_and_no_correction() -> None:
    edition = checked(on_first_page(HEALTHY)).edition
    assert "凡例の場所: 一ページ目" in next_edition(edition, "h25").splitlines()
    text = HEALTHY.replace("終わった", "済んだ")
    document = errata(checked(HEALTHY), checked(on_first_page(text)))
    assert "凡例の場所" not in document.html
    assert "全部で1か所" in document.html


def test_a_long_title_is_broken_where_one_would_pause() -> None:
    title = "第二次山口市協働推進プラン(令和5年度から令和9年度まで)に基づく実行計画の実施状況及び今後の取扱い一覧(案)"
    assert balanced(title, 50) == (
        "第二次山口市協働推進プラン(令和5年度から令和9年度まで)に",
        "基づく実行計画の実施状況及び今後の取扱い一覧(案)",
    )
    assert balanced("短い表題", 54) == ("短い表題",)
    assert balanced("A" * 60, 20) == ("A" * 60,)
    assert all(
        line[0] not in "、。)ー" for width in range(2, 30) for line in balanced("あ、い。う)えー" * 9, width)[1:]
    )
