"""The web pages in a browser that nobody here wrote: filtered and searched, by keyboard, on a phone, without scripts, printed."""

import base64
import ctypes
import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.model.validation import Validated, validate
from pipeline.source.tree import parse_source

from .conftest import HEALTHY, ROOT, Made
from .editions import said
from .test_comparison_forms import NEW, OLD, validated

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def reason_for_no_browser() -> str:
    """Why the tests cannot use Chromium; empty if they can."""
    if CHROMIUM is None or CHROMIUM.startswith("/snap/"):  # a snap cannot read the tests' folders
        return "no Chromium on this machine (make test installs it on Debian)"
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libatomic.so.1")
        except OSError:
            return "no libatomic on this machine, which Playwright needs (make test installs it on Debian)"
    return ""


NO_BROWSER = reason_for_no_browser()

# Root may not use Chromium's sandbox; the rest keeps it from calling home and from waiting for what is not there.
OPTIONS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Chromium keeps settings and caches in its user's home folder.
BROWSER_HOME: dict[str, str | float | bool] = {**os.environ, "HOME": tempfile.gettempdir()}

pytestmark = pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)

DESKTOP, PHONE = 1280, 320

# WCAG 2.2 AA with all that came before it, and what axe's makers hold to be good practice.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS, env=BROWSER_HOME)
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def complaints() -> list[str]:
    """What the browser says on its console, and the addresses that a page asks for besides its own."""
    return []


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """A tab for the first page of each test: a new one costs more than most tests."""
    return browser.new_context().new_page()


@pytest.fixture
def open_page(browser: Browser, tab: Page, tmp_path: Path, complaints: list[str]) -> Iterator[Open]:
    """Open HTML in the browser. Any complaint fails the test."""
    path = tmp_path / "report.html"
    opened: list[Page] = []
    listeners: dict[Any, Callable[[Any], None]] = {
        "console": lambda message: complaints.append(message.text),
        "pageerror": lambda error: complaints.append(str(error)),
        "request": lambda request: complaints.extend({request.url.split("#")[0]} - {path.as_uri()}),
    }

    def open_text(text: str, fragment: str = "", width: int = DESKTOP, **context: Any) -> Page:
        path.write_text(text, "utf-8")
        page = tab if not opened and not context else browser.new_context(**context).new_page()
        opened.append(page)
        for event, listener in listeners.items():
            page.on(event, listener)
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(path.as_uri() + fragment)
        return page

    yield open_text
    for page in opened:
        if page is tab:
            for event, listener in listeners.items():
                page.remove_listener(event, listener)
        else:
            page.context.close()
    assert complaints == []


def numbers(page: Page) -> list[int]:
    """NO of each row that is in sight; of repeats, which have none of their own, with a minus."""
    return page.evaluate(  # type: ignore[no-any-return]
        """[...document.querySelectorAll(".report tr.item")].filter((row) => row.checkVisibility())
           .map((row) => Number(row.cells[2].textContent) * (row.matches(".repeat") ? -1 : 1))"""
    )


def headings(page: Page) -> list[str]:
    """The headings of policies and measures that are in sight."""
    return [" ".join(text.split()) for text in page.locator(".report [scope=rowgroup]:visible").all_inner_texts()]


def says(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_have_text(text)


# Filter and search


def test_it_begins_with_the_whole_list(original: Made, open_page: Open) -> None:
    page = open_page(original.html)
    says(page, "全47項目を表示(ほかに再掲5行)")
    assert len(numbers(page)) == 52
    labels = page.locator(".filter fieldset label").all_inner_texts()
    assert [label.replace("\n", " ") for label in labels] == [
        "◎ 実施済 8項目",
        "○ 継続推進 33項目",
        "△ 一部実施 2項目",
        "× 検討中 4項目",
        "完了 8項目",
        "継続 35項目",
        "廃止 4項目",
    ]


def test_a_status_shows_its_items_and_the_headings_above_them(original: Made, open_page: Open) -> None:
    page = open_page(original.html)
    page.get_by_label("△ 一部実施").check()
    items = original.validated.edition.items.values()
    partly = [item.number for item in items if said(item, "実施状況") == "△"]
    assert numbers(page) == partly == [2, 13]
    assert headings(page) == [
        "Ⅰ 参加しやすく、活動しやすい環境づくりを進めます",
        "(1) 活動(交流)拠点機能の充実",
        "(3) 資金確保支援機能の充実",
    ]
    assert page.get_by_role("navigation").get_by_role("link").count() == 1
    says(page, "47項目中2項目を表示")
    page.get_by_label("× 検討中").check()
    assert numbers(page) == [item.number for item in items if said(item, "実施状況") in "△×"]
    says(page, "47項目中6項目を表示")


# What is sought, and the NOs that are found.
SEARCHES = {
    "協働PR": [24],
    "協働ＰＲ": [24],
    "ｷｮｳﾄﾞｳ": [],
    "ﾘｰﾌﾚｯﾄ pr": [24],
    "リーフレット　ＰＲ": [24],
    "プレゼンテーション": [24],  # in 検証内容
    "市報 圧倒的": [19],  # one word in the name, one in 検証内容
    "お気軽講座": [21, -21],
}


def test_search_finds_in_names_and_findings_whatever_the_width(original: Made, open_page: Open) -> None:
    page = open_page(original.html)
    for sought, found in SEARCHES.items():
        page.get_by_role("searchbox").fill(sought)
        items = len([number for number in found if number > 0])
        repeats = f"(ほかに再掲{len(found) - items}行)" if len(found) > items else ""
        none = "" if found else "。条件に合う項目はありません。"
        says(page, f"47項目中{items}項目を表示{repeats}{none}")
        assert (sought, numbers(page)) == (sought, found)
        expect(page.locator(".report")).to_be_visible(visible=bool(found))


def test_search_sees_through_line_breaks_and_variants(open_page: Open) -> None:
    text = HEALTHY.replace("終わった。", '"国\\n交省の塚\U000e0100で〜10－2"').replace(
        "名称: 項目二", "名称: 項目\uff12"
    )
    page = open_page(report(validate(parse_source(Path("source/test.yaml"), text.encode()))).html)
    for sought in ("国交省", "塚", "で～10", "10-2", "10－2"):
        page.get_by_role("searchbox").fill(sought)
        assert (sought, numbers(page)) == (sought, [1])
    page.get_by_role("searchbox").fill("項目2")
    assert numbers(page) == [2]


def test_words_and_statuses_are_both_asked_for_and_cleared_together(original: Made, open_page: Open) -> None:
    page = open_page(original.html)
    page.get_by_role("searchbox").fill("講座")
    found = numbers(page)
    page.get_by_label("○ 継続推進").check()
    assert numbers(page) == [number for number in found if number > 0] != found
    page.get_by_role("button", name="絞り込みを解除").click()
    says(page, "全47項目を表示(ほかに再掲5行)")
    assert len(numbers(page)) == 52
    assert page.evaluate("location.hash") == ""
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.get_by_label("○ 継続推進")).not_to_be_checked()


def test_kana_on_their_way_to_kanji_are_not_sought(original: Made, open_page: Open) -> None:
    page = open_page(original.html)
    page.get_by_role("searchbox").focus()
    ime = page.context.new_cdp_session(page)
    ime.send("Input.imeSetComposition", {"text": "しほう", "selectionStart": 3, "selectionEnd": 3})
    expect(page.get_by_role("searchbox")).to_have_value("しほう")
    assert len(numbers(page)) == 52
    ime.send("Input.insertText", {"text": "市報"})
    expect(page.get_by_role("searchbox")).to_have_value("市報")
    assert 19 in numbers(page)
    assert len(numbers(page)) < 10


def test_what_is_still_to_be_filled_in_can_be_asked_for(open_page: Open) -> None:
    text = HEALTHY.replace("実施状況: ×", "実施状況: 未記入")
    page = open_page(report(validate(parse_source(Path("source/test.yaml"), text.encode()))).html)
    page.get_by_label("未記入").check()
    assert numbers(page) == [3]


# The address


def test_a_link_shows_what_its_sender_saw(original: Made, open_page: Open) -> None:
    sender = open_page(original.html)
    sender.get_by_label("◎ 実施済").check()
    sender.get_by_label("× 検討中").check()
    sender.get_by_role("searchbox").fill("地域 づくり")
    seen, fragment = numbers(sender), sender.evaluate("location.hash")
    assert 0 < len(seen) < 12
    receiver = open_page(original.html, fragment)
    assert numbers(receiver) == seen
    expect(receiver.get_by_label("◎ 実施済")).to_be_checked()
    expect(receiver.get_by_role("searchbox")).to_have_value("地域 づくり")
    # As a person types it into the address of a page that is open already.
    receiver.evaluate("location.hash = 'status=△'")
    says(receiver, "47項目中2項目を表示")
    receiver.evaluate("location.hash = 'status=◯'")  # no symbol of this legend
    says(receiver, "全47項目を表示(ほかに再掲5行)")


def test_a_place_that_a_link_leads_to_is_in_sight(original: Made, open_page: Open) -> None:
    page = open_page(original.html)
    page.get_by_role("link", name="Ⅳ").click()
    expect(page.locator("#policy-4")).to_be_in_viewport()
    head = page.locator(".report thead").bounding_box()
    place = page.locator("#policy-4").bounding_box()
    assert head is not None
    assert place is not None
    assert place["y"] >= head["y"] + head["height"]
    page.get_by_label("◎ 実施済").check()
    page.evaluate("location.hash = 'no-13'")  # △
    expect(page.locator("#no-13")).to_be_in_viewport()
    assert len(numbers(page)) == 52


# By keyboard, and for those who do not see the page


def test_the_keyboard_is_enough(original: Made, open_page: Open) -> None:
    page = open_page(original.html)

    def focused() -> str:
        return str(
            page.evaluate(
                "(({ value, textContent, type }) => type === 'search' ? type : (value || textContent).trim())"
                "(document.activeElement)"
            )
        )

    order = []
    for _ in range(12):
        page.keyboard.press("Tab")
        order.append(focused())
    assert order[:2] == ["一覧へ進む", "PDF版(A4、印刷用)"]
    assert order[2:11] == ["◎", "○", "△", "×", "完了", "継続", "廃止", "search", "絞り込みを解除"]
    assert order[11].startswith("Ⅰ")
    for key in ("Shift+Tab", "Shift+Tab"):
        page.keyboard.press(key)
    page.keyboard.type("PR")
    page.keyboard.press("Enter")
    assert numbers(page) == [24]
    for key in (*["Shift+Tab"] * 5, "Space"):
        page.keyboard.press(key)
    assert focused() == "△"
    assert numbers(page) == []
    for key in (*["Tab"] * 6, "Enter"):
        page.keyboard.press(key)
    assert len(numbers(page)) == 52
    assert focused() == "絞り込みを解除"


def test_the_first_link_leads_past_everything_to_the_list(original: Made, open_page: Open) -> None:
    page = open_page(original.html)
    skip = page.get_by_role("link", name="一覧へ進む")
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box is not None
    assert box["height"] >= 24
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="一覧", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("navigation").get_by_role("link").first).to_be_focused()


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_it_stays_a_table_for_those_who_hear_it(original: Made, open_page: Open, width: int) -> None:
    page = open_page(original.html, width=width)
    assert page.get_by_role("heading", level=1).count() == 1
    table = page.get_by_role("table", name="山口市協働推進プラン実行計画実施状況一覧")
    assert table.get_by_role("row").count() == 1 + 5 + 16 + 52
    assert table.get_by_role("columnheader").count() == 7
    assert table.get_by_role("rowheader").count() == 5 + 16 + 52
    assert table.get_by_role("img", name="継続推進").count() == 33


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_axe_finds_nothing_in_what_a_filter_leaves(original: Made, open_page: Open, width: int) -> None:
    page = open_page(original.html, "#status=◎&search=センター", width)
    assert breaches(page) == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_screen_readers_are_told_what_changed_and_where_headings_are(open_page: Open, width: int) -> None:
    old, new = (
        validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))
        for name, text in (("old", HEALTHY), ("new", HEALTHY.replace("検討する。", "検討した。")))
    )
    page = open_page(comparison(old, new).html, width=width)
    nodes = {
        node["nodeId"]: node for node in page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    }

    def heard(node: dict[str, Any]) -> str:
        if node["role"]["value"] == "StaticText":
            return str(node["name"]["value"])
        return "".join(heard(nodes[kid]) for kid in node["childIds"] if kid in nodes)

    told = heard(next(iter(nodes.values())))
    assert "検討変更：「した」。" in told
    assert "検討削除：「する」。" in told
    assert "変更：" not in page.locator("main").inner_text()
    # As in the PDF (test_tags.py).
    expect(page.get_by_role("heading", level=3, name="Ⅰ 方針一")).to_have_count(1)
    expect(page.get_by_role("heading", level=4, name="(2) 施策二")).to_have_count(1)


# Of each block of text that is in sight, goes on in another line and has more than eight characters in one: how many
# fit in a line.
WIDTHS = """[...document.querySelectorAll("p, li, td, tbody th")]
  .filter((block) => block.checkVisibility({ visibilityProperty: true }) && block.clientWidth > 1)
  .filter((block) => block.textContent.split("\\n").some((line) => line.trim().length > 8))
  .filter((block) => block.clientHeight > 2 * parseFloat(getComputedStyle(block).lineHeight))
  .map((block) => {
    const { fontSize, paddingLeft, paddingRight } = getComputedStyle(block);
    const width = block.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    return [width / parseFloat(fontSize), block.textContent.slice(0, 20)];
  })"""


@pytest.mark.parametrize("name", ["report", "comparison", "errata", "history", "summary", "council", "checklist"])
def test_every_document_is_readable_on_every_screen(
    every_document: dict[str, Document], open_page: Open, name: str
) -> None:
    assert_readable(open_page(every_document[name].html))


def test_a_comparison_with_a_row_for_each_column_is_readable_on_every_screen(open_page: Open) -> None:
    page = open_page(comparison(validated(OLD, "old"), validated(NEW, "new")).html)
    assert_readable(page)
    assert page.locator("th.name[data-head=新]").count() > 0


def test_a_comparison_of_texts_beside_the_list_is_readable_on_every_screen(open_page: Open) -> None:
    """What is announced of a change stands in no one's way, also in a table that scrolls."""
    page = open_page(comparison(sample("numbers-r5"), sample("numbers-r6")).html)
    assert page.locator(".texts ins").count() > 0
    assert_readable(page)


def assert_readable(page: Page) -> None:
    for width in (DESKTOP, 800, PHONE):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        widths = page.evaluate(WIDTHS)
        # Of the cover of a set, only a phone divides a line.
        assert widths or width != PHONE
        assert [(width, *block) for block in widths if block[0] < 8] == []
        # Between the two, only a comparison has a layout of its own.
        if width in (DESKTOP, PHONE) or page.locator(".comparison").count():
            assert breaches(page) == []


# Each character of the list with the one before it, where a line ends between them.
LINE_BEGINNINGS = """[...document.querySelectorAll(".report td, .report th, p")].flatMap((block) => {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  const found = [], range = document.createRange();
  let above = null;
  while (walker.nextNode()) {
    for (let at = 0; at < walker.currentNode.length; at++) {
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + 1);
      const { top, height } = range.getBoundingClientRect();
      if (height && above !== null && top > above + height / 2) found.push(range.toString());
      if (height) above = top;
    }
  }
  return found;
})"""


def test_no_line_begins_with_what_may_not_begin_one(every_document: dict[str, Document], open_page: Open) -> None:
    text = every_document["report"].html.replace("提供(", "ーっゃ～々ァ提供(")
    page = open_page(text)
    begun = set()
    for width in (1280, 1100, 500, 340, 320):
        page.set_viewport_size({"width": width, "height": 800})
        begun |= {*page.evaluate(LINE_BEGINNINGS)}
    assert len(begun) > 20
    assert begun & {*"～〜ーっゃァ々、。」)）・"} == set()


def test_with_the_colours_of_the_system_the_chart_can_be_read(
    every_document: dict[str, Document], open_page: Open
) -> None:
    """Windows high contrast: white on black, and no colour of ours but those of pictures."""
    for name, picture, ground in (("summary", ".bars", 0.3), ("history", ".bar svg", 0.1)):
        page = open_page(every_document[name].html, forced_colors="active", color_scheme="dark")
        shot = Image.open(io.BytesIO(page.locator(picture).first.screenshot())).convert("L")
        # Its ground is white: so its rules and words, which are black, show.
        assert shot.histogram()[255] > ground * shot.width * shot.height
        assert shot.getextrema() == (0, 255)
    for text in page.locator("h1, .report td").all()[:5]:
        assert text.evaluate("(element) => getComputedStyle(element).color") == "rgb(255, 255, 255)"


def test_a_background_stands_beside_the_colours(every_document: dict[str, Document], open_page: Open) -> None:
    """Whoever has set the browser to other colours has both of ours or none."""
    for name in ("report", "summary"):
        page = open_page(every_document[name].html)
        style = page.evaluate(
            "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.documentElement))"
        )
        assert style == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


def test_a_repeat_leads_to_its_item(original: Made, open_page: Open) -> None:
    page = open_page(original.html)
    page.get_by_label("× 検討中").check()
    page.get_by_role("button", name="絞り込みを解除").click()
    repeats = page.get_by_role("link", name=re.compile("^【再掲】NO"))
    assert repeats.count() == 5
    row = page.locator("tr.repeat").first
    number = row.locator(".number").inner_text()
    repeats.first.click()
    place = page.locator(f"#no-{number}")
    expect(place).to_be_in_viewport()
    assert place.inner_text() == row.locator(".name").inner_text().removesuffix("【再掲】")
    plain, marked = (
        page.locator(f"#no-{one}").evaluate("(element) => getComputedStyle(element).backgroundColor")
        for one in (1, number)
    )
    assert plain != marked


def test_the_page_says_of_which_day_and_whose_it_is(
    every_document: dict[str, Document], original: Made, open_page: Open
) -> None:
    page = open_page(every_document["report"].html)
    assert page.locator(".about").inner_text().split() == [
        "更新日",
        "平成26年3月31日",
        "問い合わせ先",
        "試験市",
        "地域生活部協働推進課市民活動推進係",
    ]
    # No day and no office is made up.
    assert "更新日" not in original.html
    assert 'class="about' not in original.html


def breaches(page: Page) -> list[tuple[str, str]]:
    page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("(options) => axe.run(document, options)", RULES)["violations"]
    return [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_whatever_is_pressed_is_24_pixels_high_and_wide(original: Made, open_page: Open, width: int) -> None:
    page = open_page(original.html, width=width)
    targets = page.locator("a:not(.skip), label:has([type=checkbox]), [type=search], button").all()
    assert len(targets) == 1 + 5 + 5 + 4 + 3 + 1 + 1
    for target in targets:
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24, target.inner_text()


@pytest.mark.parametrize("has_scripts", [True, False])
def test_nothing_has_to_be_scrolled_sideways(original: Made, open_page: Open, has_scripts: bool) -> None:
    page = open_page(original.html, java_script_enabled=has_scripts)
    for width in (320, 500, 768, 1280):  # 1280 pixels at 400 % are 320
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


# Without scripts, without a network, on paper


# Each short cell with the number of its lines.
SHORT_CELLS = """[...document.querySelectorAll(".item :is(.number, .term, .figure, .date, .department)")]
  .filter((cell) => cell.textContent)
  .map((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return [cell.textContent, new Set([...range.getClientRects()].map((box) => Math.round(box.top / 8))).size];
  })"""


def sample(kind: str, old: str = "", new: str = "") -> Validated:
    """The edition in tests/forms/, with `new` for `old` in its text."""
    text = (ROOT / f"tests/forms/{kind}.yaml").read_text("utf-8").replace(old, new)
    return validate(parse_source(Path(f"source/{kind}.yaml"), text.encode()))


# On paper, the departments of "flat" have two lines.
@pytest.mark.parametrize(
    ("kind", "widths"),
    [
        ("numbers-r5", (DESKTOP, 1000, 390)),
        ("words-r5", (DESKTOP, 1000, 390)),
        ("departments", (DESKTOP, 1000, 390)),
        ("levels", (DESKTOP, 1000, PHONE)),
        ("flat", (PHONE,)),
    ],
)
def test_a_list_of_another_form_is_whole_at_every_width(kind: str, widths: tuple[int, ...], open_page: Open) -> None:
    page = open_page(report(sample(kind)).html)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # In a table and in blocks, words have no more lines than they need: one for each department.
        cells = page.evaluate(SHORT_CELLS)
        assert cells
        assert [(width, text) for text, lines in cells if lines > text.count("、") + 1] == []


def test_the_name_of_an_item_has_a_line_of_its_own_in_the_errata_on_a_phone(open_page: Open) -> None:
    wrong = sample("departments", "名称: 業務継続計画の見直し", "名称: 業務の継続の計画の見直し")
    page = open_page(errata(wrong, sample("departments")).html, width=PHONE)
    box = page.locator("td.name").bounding_box()
    assert box is not None
    assert box["width"] > 0.8 * PHONE


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_term_begins_beside_its_number_in_the_history(open_page: Open, width: int) -> None:
    page = open_page(history((sample("words-r5"), sample("words-r6"))).html, width=width)
    lines = page.locator("td.numbered").evaluate_all(
        """(cells) => cells.map((cell) => [".number", ".term"].map((name) => {
             const { top, bottom } = cell.querySelector(name).getClientRects()[0];
             return (top + bottom) / 2;
           }))"""
    )
    assert lines
    assert [pair for pair in lines if abs(pair[0] - pair[1]) > 8] == []


def test_without_scripts_it_is_the_plain_list(original: Made, open_page: Open) -> None:
    page = open_page(original.html, "#status=△", java_script_enabled=False)
    expect(page.get_by_role("search")).to_be_hidden()
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.locator(".report tr.item:visible")).to_have_count(52)
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(5)


def test_no_script_but_ours_runs(original: Made, open_page: Open, complaints: list[str]) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", original.html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in original.html, "write this hash of report.js into report.html"
    assert not re.search(r"<[^>]* on[a-z]+=", original.html)
    page = open_page(original.html.replace("</main>", "</main><script>document.title = 'foreign'</script>"))
    assert page.title() == "山口市協働推進プラン実行計画実施状況一覧"
    (refused,) = complaints
    assert "Content Security Policy" in refused
    complaints.clear()


@pytest.mark.parametrize(
    ("fragment", "shown", "width"),
    [("", 52, DESKTOP), ("#status=△", 2, PHONE), ("#search=nothing", 0, DESKTOP)],
)
def test_printed_from_a_browser_it_is_the_same_three_pages(
    original: Made, open_page: Open, fragment: str, shown: int, width: int
) -> None:
    page = open_page(original.html, fragment, width)
    assert len(numbers(page)) == shown
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    pages = ["".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(io.BytesIO(printed)).pages]
    assert len(pages) == 3
    for text in pages:
        assert "山口市協働推進プラン実行計画実施状況一覧" in text
        assert "◎実施済○継続推進△一部実施×検討中" in text
        for head in ("NO", "推進項目", "実施状況", "今後の取扱い", "検証内容"):
            assert head in text
        for control in ("絞り込み", "表示", "一覧へ進む", "PDF版"):
            assert control not in text
    assert "18市民活動の意識調査の実施" in pages[0]
    assert "35人材派遣・紹介のコーディネート" in pages[1]
    whole = "".join(pages)
    for item in original.validated.edition.items.values():
        assert f"{item.number}{''.join(item.name.split())}" in whole
        assert "".join(said(item, "検証内容").split()) in whole
    assert whole.count("【再掲】") == 5


def overlaps(pdf: bytes) -> list[tuple[int, str, str]]:
    """Characters that lie on each other, or beyond the edge of their page: the page, and the two."""
    found = []
    for number, page in enumerate(pypdfium2.PdfDocument(pdf), 1):
        text = page.get_textpage()
        placed = [
            (*text.get_charbox(at), character)
            for at in range(text.count_chars())
            if (character := text.get_text_range(at, 1)).strip()
        ]
        width, height = page.get_size()
        near: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for left, foot, right, top, character in placed:
            if not (0 <= left < right <= width and 0 <= foot < top <= height):
                found.append((number, character, ""))
            for place in product(
                range(int(left // 12), int(right // 12) + 1), range(int(foot // 12), int(top // 12) + 1)
            ):
                for other in near[place]:
                    # Half a point: the ink of neighbours may touch.
                    if min(right, other[2]) - max(left, other[0]) > 0.5 < min(top, other[3]) - max(foot, other[1]):
                        found.append((number, other[4], character))
                near[place].append((left, foot, right, top, character))
    return found


@pytest.mark.parametrize("name", ["report", "comparison", "errata", "history", "summary"])
def test_printed_from_a_browser_nothing_lies_on_anything(
    every_document: dict[str, Document], open_page: Open, name: str
) -> None:
    page = open_page(every_document[name].html)
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert overlaps(printed) == []
    sheets = ["".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(io.BytesIO(printed)).pages]
    assert len(sheets) > 1 or name == "summary"
    for number, text in enumerate(sheets, 1):
        head, *_ = text.split("元データ")
        for text_of_sheet in (
            "計画に基づく実行計画実施状況一覧",
            "平成25年度(平成25年4月",
            "案資料1-2",
            "△一部を実施したもの",
            # The errata have the day of the correction, if any.
            "試験市" if name == "errata" else "平成26年3月31日現在",
        ):
            assert text_of_sheet in head, (number, text_of_sheet)
        assert f"{number}/{len(sheets)}" in text


def test_the_controls_and_their_style_share_their_class_names() -> None:
    style = (ROOT / "styles/controls.css").read_text("utf-8")
    styled = {*re.findall(r"\.([a-z][a-z-]+)", re.sub(r"/\*.*?\*/|[^{}]*;", "", style, flags=re.DOTALL))}
    written = "".join(
        (ROOT / "templates" / name).read_text("utf-8") for name in ("report.html", "report.js", "parts.html")
    )
    assert styled
    assert {name for name in styled if not re.search(rf"[\" .]{name}[\" {{]", written)} == set()
