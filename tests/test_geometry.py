"""What nobody could read on paper must not get past the proof, whatever the text of the file says.

Each kind of fault is made in a report that passes: by a careless hand in the stylesheets, by a source that the layout
has no room for, or in the content of the finished pages. Poppler, which nobody here wrote, says where texts lie too.
"""

import io
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pypdf
import pytest
from pypdf.generic import (
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report as report_on
from pipeline.errors import ProofError
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import validate
from pipeline.proof.content import EVERYWHERE, Area, Box, Font, Painted, Text, read_page
from pipeline.proof.geometry import Rules, faults
from pipeline.proof.limits import excess, excesses
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source
from pipeline.text import break_label

from .conftest import HEALTHY, Made
from .test_proof import Victim, findings

# Of several lines, with every kind of character that stands above, below or on another.
LINES = "か゚き゚く゚と゚ト゚ x²とCO² 「ル」(ただし、g・j・p・qを除く。)ÅÇ|" * 6


@pytest.fixture(scope="module")
def report(make: Callable[[str], Made]) -> Made:
    return make("現在日: 2013-03-31\n" + HEALTHY.replace("終わった。", "終わった。" * 20))


def painted(data: bytes, number: int = 0) -> Painted:
    fonts: dict[str, Font] = {}

    def font_of(font: pypdf.generic.DictionaryObject) -> Font:
        return fonts.setdefault(str(font.get_object()["/BaseFont"]), Font(font.get_object()))  # type: ignore[index]

    return read_page(pypdf.PdfReader(io.BytesIO(data)).pages[number], font_of)


def box(made: Made, text: str) -> tuple[float, float, float, float]:
    return next(found.box for found in painted(made.pdf).texts if text in found.text)


def changed(made: Made, change: Callable[[str], str]) -> bytes:
    victim = Victim(made.pdf)
    victim.content(0, change)
    return victim.save()


def rewritten(made: Made, text: str, rewrite: Callable[[re.Match[str]], str]) -> bytes:
    """The file with what shows the first text that begins so, from BT to ET, written anew. Groups 1 and 2 are its place."""
    index = next(index for index, found in enumerate(painted(made.pdf).texts) if found.text.startswith(text))

    def change(content: str) -> str:
        shows = re.compile(r"BT\s+1 0 0 -1 (\S+) (\S+) Tm\s+/\S+ \S+ Tf\s+\[<.*?ET", re.DOTALL)
        show = list(shows.finditer(content))[index]
        return content[: show.start()] + rewrite(show) + content[show.end() :]

    return changed(made, change)


def moved(made: Made, text: str, across: float = 0, up: float = 0) -> bytes:
    """The file with `text` at another place on its page, in points."""

    def rewrite(show: re.Match[str]) -> str:
        place = f"{float(show[1]) + across / 0.75:.3f} {float(show[2]) - up / 0.75:.3f}"
        return show[0].replace(f"{show[1]} {show[2]}", place, 1)

    return rewritten(made, text, rewrite)


def painted_over(made: Made, paint: str) -> bytes:
    """The file with `paint`, a mark without meaning in points from the foot of the page, last on its first page."""
    return changed(made, lambda text: f"{text}\nq 1 0 0 -1 0 595.275591 cm /Artifact BMC {paint} EMC Q\n")


def refuses(data: bytes, made: Made, fault: str) -> None:
    with pytest.raises(ProofError) as caught:
        prove(data, made.document)
    assert f"1ページ: {fault}" in str(caught.value).splitlines()


# What is right


def test_every_kind_of_document_passes(every_document: dict[str, Document], every_pdf: dict[str, bytes]) -> None:
    for name, document in every_document.items():
        prove(every_pdf[name], document)


def test_characters_that_stand_close_or_on_each_other_pass(make: Callable[[str], Made]) -> None:
    made = make(HEALTHY.replace("終わった。", f'"{LINES}"').replace("項目一", f'"{LINES[:60]}"'))
    prove(made.pdf, made.document)


def test_words_and_leaders_that_no_line_holds_stay_in_their_cells(font_cache: Path) -> None:
    """Also where a piece of one is marked as changed, so that it begins behind another."""
    long = ("A" * 120, "ー" * 90, "_" * 90, "…" * 80, "www.city.example.lg.jp/kyodo-suishin/" * 3)
    editions = []
    for name, previous, more in (("h24", "", "旧"), ("h25", "前版: h24\n", "新x")):
        items = [
            f"          - {{NO: {number}, 名称: '{word}{more}', 実施状況: ◎, 今後の取扱い: 継続, 検証内容: '{more}{word}z'}}"
            for number, word in enumerate(long, 1)
        ]
        text = previous + HEALTHY.split("          - NO: 1\n")[0] + "\n".join(items) + "\n"
        editions.append(validate(parse_source(Path(f"source/{name}.yaml"), text.encode())))
    old, new = editions
    for document in (report_on(new), comparison(old, new), errata(old, new), history((old, new))):
        prove(write_pdf(document, font_cache), document)


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("text", ["ー" * 7, "W" * 5 + "。", "状況(〜〜〜)あ", "(((あ)))", "1/2/3年"])
def test_a_head_of_any_characters_is_divided_without_loss(text: str, width: int) -> None:
    lines = break_label(text, width)
    assert "".join(lines) == text
    assert all(lines)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_poppler_finds_each_text_where_the_proof_does(original: Made, tmp_path: Path) -> None:
    """Its boxes are those of the bodies of the characters, so the ink lies inside."""
    path = tmp_path / "original.pdf"
    path.write_bytes(original.pdf)
    command = ["pdftotext", "-bbox", "-l", "1", str(path), "-"]
    words = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    number = r'"([\d.]+)"'
    pattern = re.compile(rf"<word xMin={number} yMin={number} xMax={number} yMax={number}>(.*?)</word>")
    found = [(*map(float, word[:4]), word[4]) for word in pattern.findall(words)]
    height = pypdf.PdfReader(path).pages[0].mediabox.height
    compared = 0
    for text in painted(original.pdf).texts:
        bodies = [body for *body, word in found if word == text.text]
        if bodies and len(text.text) > 3:  # shorter ones it joins to what stands beside them
            left, foot, right, top = text.box
            compared += 1
            assert any(
                a - 0.5 < left < right < c + 0.5 and b - 0.5 < height - top < height - foot < d + 0.5
                for a, b, c, d in bodies
            )
    assert compared > 40


def test_a_text_is_where_it_is_however_many_pieces_show_it(report: Made) -> None:
    def divide(show: re.Match[str]) -> str:
        return re.sub(r"\[<(.{4})(.+?)>\]\s*TJ", r"[<\1>] TJ [<\2>] TJ", show[0])

    there = next(
        found.box for found in painted(rewritten(report, "検討する。", divide)).texts if found.text == "検討する。"
    )
    assert there == pytest.approx(box(report, "検討する。"), abs=0.01)


# Texts on each other


def test_a_text_on_another_does_not_pass(report: Made) -> None:
    title, day = box(report, "試験一覧"), box(report, "平成25年3月31日現在")
    data = moved(report, "平成25年3月31日現在", title[0] - day[0], title[1] - day[1])
    refuses(data, report, "「試験一覧」と「平成25年3月31日現在」が重なっています。")
    with pytest.raises(ProofError, match="検査で、印刷すると読めないところがPDFにありました。"):
        prove(data, report.document)


def test_the_same_text_twice_at_one_place_does_not_pass(report: Made) -> None:
    def change(text: str) -> str:
        title = re.search(r"BT\s+1 0 0 -1 .*?ET", text, re.DOTALL)
        assert title is not None
        return f"{text}\nq 0.75 0 0 0.75 0 0 cm /Artifact BMC {title[0]} EMC Q\n"

    refuses(changed(report, change), report, "「試験一覧」と「試験一覧」が重なっています。")


def test_lines_that_are_too_close_do_not_pass(make: Callable[[str], Made], restyle: Callable[[str, str], None]) -> None:
    restyle("line-height: var(--paper-line-height)", "line-height: 0.8")
    made = make(HEALTHY.replace("終わった。", "終わった。" * 20))
    with pytest.raises(ProofError, match=r"1ページ: 「(終わった。)+.*」と「.*」が重なっています。"):
        prove(made.pdf, made.document)


# Texts that leave their place


def test_a_text_outside_the_paper_does_not_pass(report: Made) -> None:
    refuses(moved(report, "項目一", up=-600), report, "「項目一」が用紙の外に出ています。")


@pytest.mark.parametrize(
    ("across", "up"), [(-110, 0), (0, 108), (0, -459), (680, 0)], ids=["left", "top", "foot", "right"]
)
def test_a_text_where_paper_is_bound_or_not_printed_does_not_pass(report: Made, across: float, up: float) -> None:
    data = moved(report, "項目一", across, up)
    refuses(data, report, "「項目一」が、とじしろか、印刷できない用紙の端に掛かっています。")


def test_a_page_without_room_for_binding_does_not_pass(
    make: Callable[[str], Made], restyle: Callable[[str, str], None]
) -> None:
    restyle("var(--paper-bottom) var(--paper-left);", "var(--paper-bottom) 10mm;")
    made = make(HEALTHY)
    with pytest.raises(ProofError, match="「推進」が、とじしろか、"):
        prove(made.pdf, made.document)


def test_a_page_that_is_turned_or_cropped_does_not_pass(report: Made) -> None:
    for key, value in (("/Rotate", NumberObject(90)), ("/CropBox", pypdf.generic.RectangleObject((0, 0, 400, 400)))):
        victim = Victim(report.pdf)
        victim.writer.pages[0][NameObject(key)] = value
        refuses(victim.save(), report, "用紙の向き、見える範囲、単位のどれかが変えられています。")


def test_a_text_that_runs_into_the_next_cell_does_not_pass(report: Made) -> None:
    left, _, right, _ = box(report, "完了")
    refuses(moved(report, "完了", right - left), report, "「完了」が罫線に掛かり、欄からはみ出しています。")


def test_a_cell_that_a_rule_divides_does_not_pass(report: Made) -> None:
    """Though no line of it is crossed."""
    lines = [found for found in painted(report.pdf).texts if "わった。" in found.text]
    left, right = min(line.box[0] for line in lines), max(line.box[2] for line in lines)
    between = (lines[0].box[1] + lines[1].box[3]) / 2
    data = painted_over(report, f"{left} {between} {right - left} 0.3 re f")
    whole = "".join(line.text for line in lines)
    refuses(data, report, f"「{whole[:29]}…」が一つの欄に収まらず、罫線をまたいでいます。")


def test_two_lines_are_enough_to_be_divided_and_one_is_only_crossed(report: Made) -> None:
    lines = [(found.text, found.box) for found in painted(report.pdf).texts]
    upper = next(place for said, place in lines if said == "推進")
    lower = next(place for said, place in lines if said == "方針")
    between = (upper[1] + lower[3]) / 2
    data = painted_over(report, f"{upper[0] - 1} {between} {upper[2] - upper[0] + 2} 0.3 re f")
    assert findings(data, report.document) == ["1ページ: 「推進方針」が一つの欄に収まらず、罫線をまたいでいます。"]
    left, foot, right, top = box(report, "項目一")
    data = painted_over(report, f"{left - 1} {(foot + top) / 2} {right - left + 2} 0.3 re f")
    assert findings(data, report.document) == ["1ページ: 「項目一」が罫線に掛かり、欄からはみ出しています。"]


def test_a_masthead_without_room_does_not_pass(
    make: Callable[[str], Made], restyle: Callable[[str, str], None]
) -> None:
    """The date and the legend lie on the table, which is painted over them."""
    restyle("margin-top: var(--paper-legend-top);", "margin-top: 8mm;")
    made = make(HEALTHY)
    with pytest.raises(ProofError, match="「実施済」が、上に描かれたもので隠れています。"):
        prove(made.pdf, made.document)


# Texts that are covered, cut or not to be seen


def test_a_text_below_something_does_not_pass(report: Made) -> None:
    left, foot, right, top = box(report, "項目一")
    hidden = "「項目一」が、上に描かれたもので隠れています。"
    half = f"{left} {foot} {(right - left) / 2} {top - foot}"
    refuses(painted_over(report, f"1 g {half} re f"), report, hidden)
    path = f"{left} {foot} m {right} {foot} l {right} {top} l {left} {top} l h"
    refuses(painted_over(report, f"1 1 1 rg {path} f*"), report, hidden)
    across = f"8 w {left} {(foot + top) / 2} m {right} {(foot + top) / 2} l"
    refuses(painted_over(report, f"{across} s"), report, hidden)
    second_in_path = f"0 0 m 1 0 l {left} {foot - 60} {(right - left) / 2} {top - foot + 60} re f"
    refuses(painted_over(report, f"1 g {second_in_path}"), report, hidden)
    curve = f"{left} {foot} m {left} {top} {right} {top} {right} {foot} c f"
    refuses(painted_over(report, f"1 g {curve}"), report, hidden)
    refuses(painted_over(report, f"8 w {left} {(foot + top) / 2} m {right} {(foot + top) / 2} l S"), report, hidden)


def test_a_picture_on_a_text_does_not_pass(report: Made) -> None:
    left, foot, right, top = box(report, "項目一")
    picture = DecodedStreamObject()
    picture.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(1),
            NameObject("/Height"): NumberObject(1),
            NameObject("/BitsPerComponent"): NumberObject(8),
            NameObject("/ColorSpace"): NameObject("/DeviceGray"),
        }
    )
    picture.set_data(b"\xff")
    victim = Victim(painted_over(report, f"{right - left} 0 0 {top - foot} {left} {foot} cm /cover Do"))
    resources = victim.writer.pages[0]["/Resources"].get_object()
    things = DictionaryObject({NameObject("/cover"): victim.writer._add_object(picture)})
    resources[NameObject("/XObject")] = things  # type: ignore[index]
    refuses(victim.save(), report, "「項目一」が、上に描かれたもので隠れています。")


def test_a_text_that_is_cut_off_does_not_pass(make: Callable[[str], Made], restyle: Callable[[str, str], None]) -> None:
    restyle(".masthead h1 {", ".masthead h1 { height: 3mm; overflow: hidden;")
    made = make(HEALTHY)
    with pytest.raises(ProofError, match="1ページ: 「試験一覧」が途中で切れています。"):
        prove(made.pdf, made.document)


@pytest.mark.parametrize("state", ["3 Tr", "1 g", "1 1 1 rg", "0 0 0 0 k", "/clear gs"])
def test_a_text_without_visible_ink_does_not_pass(report: Made, state: str) -> None:
    data = changed(report, lambda text: re.sub(r"(?=BT\s+1 0 0 -1)", f"{state} ", text, count=1))
    victim = Victim(data)
    states = victim.writer.pages[0]["/Resources"]["/ExtGState"]  # type: ignore[index]
    states[NameObject("/clear")] = DictionaryObject({NameObject("/ca"): FloatObject(0)})
    refuses(victim.save(), report, "「試験一覧」が見えません(下地と同じ色か、透明です)。")


def test_light_text_on_a_dark_ground_passes_and_dark_text_does_not(report: Made) -> None:
    left, foot, right, top = box(report, "項目一")

    def on_black(ink: str) -> bytes:
        ground = (
            f"{(left - 2) / 0.75} {(595.276 - top - 2) / 0.75} {(right - left + 4) / 0.75} {(top - foot + 4) / 0.75}"
        )
        return rewritten(report, "項目一", lambda show: f"q {ground} re f {ink} {show[0]} Q")

    prove(on_black("1 g"), report.document)
    refuses(on_black("0.1 g"), report, "「項目一」が見えません(下地と同じ色か、透明です)。")


def test_what_is_not_understood_does_not_pass(report: Made) -> None:
    refuses(painted_over(report, "1 0 BI"), report, "読めない描画の指示「1 0 BI」があります。")


# How much of each is too much


MILLIMETRE = 72 / 25.4
# A sheet of A4, upright, whose corner is not that of the coordinates.
SHEET = (100.0, 200.0, 100 + 210 * MILLIMETRE, 200 + 297 * MILLIMETRE)
PLACE = (300.0, 400.0, 360.0, 410.0)
OUTSIDE = "「甲」が用紙の外に出ています。"
AT_THE_EDGE = "「甲」が、とじしろか、印刷できない用紙の端に掛かっています。"
CUT = "「甲」が途中で切れています。"
COVERED = "「甲」が、上に描かれたもので隠れています。"
CROSSED = "「甲」が罫線に掛かり、欄からはみ出しています。"
FAINT = "「甲」が見えません(下地と同じ色か、透明です)。"
OVERLAPS = "「甲」と「乙」が重なっています。"


def text(
    box: Box = PLACE, text: str = "甲", shade: float | None = 0.0, is_shown: bool = True, clip: Box = EVERYWHERE
) -> Text:
    return Text(box, 0, 0, text, shade, is_shown, clip)


def area(box: Box, shade: float | None = 1.0, mcid: int | None = None) -> Area:
    return Area(box, 0, mcid, shade)


def other(box: Box, said: str = "乙") -> Text:
    return text(box, said)


def judged(*things: Text | Area) -> list[str]:
    """What is wrong with a page on which these things are painted, one after the other."""
    ordered = [thing._replace(order=order) for order, thing in enumerate(things, 1)]
    texts = [thing for thing in ordered if isinstance(thing, Text)]
    return [*faults(Painted(texts=texts, areas=[thing for thing in ordered if isinstance(thing, Area)]), SHEET)]


def from_edges(left: float = 100, foot: float = 100, right: float = 100, top: float = 100) -> Box:
    """A box at these distances from the edges of the sheet, in millimetres."""
    one, two, three, four = (distance * MILLIMETRE for distance in (left, foot, right, top))
    return SHEET[0] + one, SHEET[1] + two, SHEET[2] - three, SHEET[3] - four


@pytest.mark.parametrize(
    ("box", "found"),
    [
        (from_edges(left=20), []), (from_edges(left=19.8), [AT_THE_EDGE]),
        (from_edges(foot=5), []), (from_edges(foot=4.8), [AT_THE_EDGE]),
        (from_edges(right=5), []), (from_edges(right=4.8), [AT_THE_EDGE]),
        (from_edges(top=5), []), (from_edges(top=4.8), [AT_THE_EDGE]),
        (from_edges(left=0), [AT_THE_EDGE]), (from_edges(left=-0.2), [OUTSIDE]),
        (from_edges(foot=0), [AT_THE_EDGE]), (from_edges(foot=-0.2), [OUTSIDE]),
        (from_edges(right=0), [AT_THE_EDGE]), (from_edges(right=-0.2), [OUTSIDE]),
        (from_edges(top=0), [AT_THE_EDGE]), (from_edges(top=-0.2), [OUTSIDE]),
    ],
)  # fmt: skip
def test_how_near_to_the_edge_of_the_sheet_a_text_may_be(box: Box, found: list[str]) -> None:
    """20 mm where sheets are bound, 5 mm elsewhere, in points of 1/72 inch."""
    assert judged(text(box)) == found


def grown(box: Box, left: float = 0, foot: float = 0, right: float = 0, top: float = 0) -> Box:
    return box[0] - left, box[1] - foot, box[2] + right, box[3] + top


SIDES = [{side: 1} for side in ("left", "foot", "right", "top")]


@pytest.mark.parametrize("side", SIDES)
def test_what_only_touches_does_no_harm_and_what_goes_further_does(side: dict[str, float]) -> None:
    """Numbers in a file have few digits: a third of a point is not seen."""
    (name,) = side
    little, much = {name: 0.3}, {name: 0.4}
    # What a text would be if it lay behind this side of its place.
    beyond = {
        "left": (240.0, 400.0, 300.0, 410.0), "foot": (300.0, 390.0, 360.0, 400.0),
        "right": (360.0, 400.0, 420.0, 410.0), "top": (300.0, 410.0, 360.0, 420.0),
    }[name]  # fmt: skip
    towards = {"left": "right", "right": "left", "foot": "top", "top": "foot"}[name]
    for reach, wrong in ((0.3, False), (0.4, True)):
        box = grown(beyond, **{towards: reach})
        assert judged(text(), other(box)) == [OVERLAPS] * wrong
        assert judged(text(), area(box)) == [COVERED] * wrong
        clip = grown(PLACE, **{name: -reach})
        assert judged(text(clip=clip)) == [CUT] * wrong
        # A rule a point thick, from end to end of that side; its middle counts.
        rule = {
            "left": (299.5 + reach, 380.0, 300.5 + reach, 430.0), "foot": (280.0, 399.5 + reach, 380.0, 400.5 + reach),
            "right": (359.5 - reach, 380.0, 360.5 - reach, 430.0), "top": (280.0, 409.5 - reach, 380.0, 410.5 - reach),
        }[name]  # fmt: skip
        assert judged(area(rule), text()) == [CROSSED] * wrong
    # A dark ground that is smaller than a white text by so much leaves it on paper.
    assert judged(area(grown(PLACE, **{name: -little[name]}), 0.0), text(shade=1.0)) == []
    assert judged(area(grown(PLACE, **{name: -much[name]}), 0.0), text(shade=1.0)) == [FAINT]


@pytest.mark.parametrize(
    ("rule", "crosses", "divides"),
    [
        ((329.0, 380.0, 330.5, 430.0), True, True),
        # Wider than a rule: an area, below the text.
        ((329.0, 380.0, 330.6, 430.0), False, False),
        ((280.0, 404.0, 380.0, 405.5), True, True), ((280.0, 404.0, 380.0, 405.6), False, False),
        # A point is none.
        ((329.0, 404.0, 330.0, 405.0), False, False), ((329.0, 404.0, 330.0, 405.5), False, False),
        ((329.0, 404.0, 330.5, 405.5), False, False),
        # From side to side, and not quite.
        ((330.0, 400.3, 330.5, 409.7), True, True),
        ((330.0, 400.4, 330.5, 430.0), True, False), ((330.0, 380.0, 330.5, 409.6), True, False),
        ((300.3, 405.0, 359.7, 405.5), True, True),
        ((300.4, 405.0, 380.0, 405.5), True, False), ((280.0, 405.0, 359.6, 405.5), True, False),
        # Only its end enters.
        ((330.0, 380.0, 330.5, 400.3), False, False), ((330.0, 380.0, 330.5, 400.4), True, False),
        ((330.0, 409.7, 330.5, 430.0), False, False), ((330.0, 409.6, 330.5, 430.0), True, False),
        ((280.0, 405.0, 300.3, 405.5), False, False), ((280.0, 405.0, 300.4, 405.5), True, False),
        ((359.7, 405.0, 380.0, 405.5), False, False), ((359.6, 405.0, 380.0, 405.5), True, False),
    ],
)  # fmt: skip
def test_which_rules_cross_a_text_and_divide_a_cell(rule: Box, crosses: bool, divides: bool) -> None:
    found = judged(area(rule), text())
    assert found == [CROSSED] * crosses
    rules = Rules([area(rule), area((0, 0, 1, 90)), area((0, 0, 90, 1)), area((900, 0, 901, 90))])
    assert (rules.cross(PLACE), rules.divide(PLACE)) == (crosses, divides)


@pytest.mark.parametrize(("mcid", "is_rule"), [(None, True), (-1, True), (0, False), (7, False)])
def test_an_underline_is_no_rule(mcid: int | None, is_rule: bool) -> None:
    assert judged(area((280, 404, 380, 405), mcid=mcid), text()) == [CROSSED] * is_rule
    assert judged(area((330, 380, 331, 430), mcid=mcid), text()) == [CROSSED] * is_rule


THIN_LINES = [(280.0, 404.0, 380.0, 405.5), (329.0, 380.0, 330.5, 430.0)]


def test_what_covers_a_text_is_painted_after_it() -> None:
    assert judged(area(PLACE), text()) == []
    assert judged(text(), area(PLACE)) == [COVERED]
    assert judged(area(PLACE), text(), area((0, 0, 9, 9))) == []
    assert judged(text(), area(PLACE), other((500, 600, 520, 610)), area((0, 0, 9, 9))) == [COVERED]
    # A picture covers what is below it, whatever it shows.
    assert judged(text(), area(PLACE, None)) == [COVERED]
    for line in THIN_LINES:  # which strikes the text through
        assert judged(text(), area(line, mcid=0)) == []


@pytest.mark.parametrize(
    ("grounds", "shade", "is_seen"),
    [
        # The contrast by WCAG: 1.05 / (shade + 0.05) on paper, and so on. 1.5 is the least.
        ([], 0.0, True), ([], 0.64, True), ([], 0.66, False), ([], 1.0, False), ([], None, True),
        ([0.0], 0.02, False), ([0.0], 0.03, True), ([0.0], 1.0, True), ([0.0], None, True), ([0.0], 0.0, False),
        ([0.6], 0.38, True), ([0.6], 0.39, False), ([0.6], 0.91, False), ([0.6], 0.94, True),
        ([0.5], 0.3, True), ([0.5], 0.33, False),
        # The topmost one below the text counts; a pattern is not judged.
        ([0.0, 1.0], 1.0, False), ([0.0, 1.0], 0.0, True), ([1.0, 0.0], 1.0, True), ([0.0, None], 0.0, True),
        ([None], 1.0, True), ([None, 0.0], 0.0, False),
    ],
)  # fmt: skip
def test_which_contrast_can_be_seen(grounds: list[float | None], shade: float | None, is_seen: bool) -> None:
    below = [area((290, 390, 370, 420), ground) for ground in grounds]
    assert judged(*below, text(shade=shade)) == [FAINT] * (not is_seen)
    # What is beside it, or thin, is no ground.
    beside = [area((500, 600, 520, 610), 0.5), area((290, 404, 370, 405), 0.0, 1)]
    assert judged(*below, *beside, text(shade=shade)) == [FAINT] * (not is_seen)
    assert judged(text(is_shown=False)) == [FAINT]


@pytest.mark.parametrize(
    ("texts", "pairs"),
    [
        (["甲", "乙"], [("甲", "乙")]),
        (["甲", "\u3099"], []), (["\u3099", "甲"], []), (["甲", "か\u3099"], [("甲", "か\u3099")]),
        (["甲", "乙", "丙"], [("甲", "乙"), ("甲", "丙"), ("乙", "丙")]),
    ],
)  # fmt: skip
def test_each_pair_of_texts_on_each_other_is_told_once(texts: list[str], pairs: list[tuple[str, str]]) -> None:
    """The one that is painted first comes first, whichever begins further down."""
    for step in (-2, 2):
        found = judged(*(other(grown(PLACE, foot=step * at), said) for at, said in enumerate(texts)))
        assert sorted(found) == sorted(f"「{one}」と「{two}」が重なっています。" for one, two in pairs)


@pytest.mark.parametrize(("length", "told"), [(30, "字" * 30), (31, "字" * 29 + "…")])
def test_a_long_text_is_told_shortened(length: int, told: str) -> None:
    assert judged(text(from_edges(left=-1), "字" * length)) == [f"「{told}」が用紙の外に出ています。"]


# The limits of PDF/A


def test_states_that_are_nested_too_deep_do_not_pass(report: Made) -> None:
    data = painted_over(report, "q " * 27 + "Q " * 27)
    prove(data, report.document)
    data = painted_over(report, "q " * 28 + "Q " * 28)
    refuses(data, report, "PDF/A-3の限度(28段)を超える入れ子があります(29段)。")


@pytest.mark.parametrize(
    ("most", "more", "what"),
    [
        (b"(" + b"a\\)" * 16_383 + b"\\051)", b"(" + b"a" * 32_768 + b")", "32,767バイトを超える文字列"),
        (b"(" + b"a" * 32_767 + b")", b"(" + b"(" + b"a" * 32_766 + b"))", "32,767バイトを超える文字列"),
        (b"<" + b"0a" * 32_767 + b">", b"<" + b"0a" * 32_768 + b">", "32,767バイトを超える文字列"),
        (b"/" + b"a" * 126 + b"#20", b"/" + b"a" * 128, "127バイトを超える名前"),
        (b"/" + b"a" * 127, b"/" + b"a" * 127 + b"#20", "127バイトを超える名前"),
        (b"2099999999 -1 0000000015 00000 n", b"2200000000", "大きすぎる数"),
        (b"-" + b"9" * 38 + b".5", b"9" * 39 + b".5", "大きすぎる数"),
    ],
    ids=["escaped string", "plain string", "hexadecimal string", "escaped name", "plain name", "integer", "real"],
)
def test_the_limits_of_objects(most: bytes, more: bytes, what: str) -> None:
    around = b"1 0 obj <</A %s /B [(1234567890123) <0123456789> /x9999999999]>> endobj"
    assert list(excess(around % most)) == []
    (message,) = excess(around % more)
    assert message == f"PDF/A-3の限度を超えるもの({what})があります。"


def test_the_number_of_objects() -> None:
    """ISO 19005-3, 6.1.13: 8388607, in the file and packed in streams."""
    for plain, packed, found in ((8_388_607, 0, []), (8_388_600, 7, []), (8_388_600, 8, ["8,388,608"])):
        reader: Any = SimpleNamespace(
            xref={0: range(3), 1: range(plain - 3)}, xref_objStm={number: (9, number) for number in range(packed)}
        )
        reader.get_object = lambda _: DecodedStreamObject()
        messages = [*excesses(b"", reader)]
        assert messages == [
            f"PDF/A-3の限度(8,388,607個)を超える数のオブジェクトがあります({count}個)。" for count in found
        ]


LONG = b"(" + b"a" * 32_768 + b")"


@pytest.mark.parametrize(
    ("data", "is_beyond"),
    [
        (b"1 0 obj <<>> stream " + LONG + b" endstream endobj", False),
        (b"1 0 obj <<>> stream x endstream " + LONG + b" endobj", True),
        (LONG + b" stream x endstream", True),
        (b"stream x endstream stream " + LONG + b" endstream", False),
        (b"stream x endstream " + LONG + b" stream x endstream", True),
        (b"stream " + LONG, False),  # which pypdf refuses
        (b"%PDF-1.7stream " + LONG, False),
    ],
    ids=["inside", "behind", "before", "inside the second", "between", "without an end", "after eight bytes"],
)
def test_what_is_inside_streams_is_no_object(data: bytes, is_beyond: bool) -> None:
    reader: Any = SimpleNamespace(xref={}, xref_objStm={})
    assert bool([*excesses(data, reader)]) is is_beyond


def test_a_file_beyond_the_limits_does_not_pass(report: Made) -> None:
    victim = Victim(report.pdf)
    victim.catalog[NameObject("/Long")] = TextStringObject("長" * 20_000)
    with pytest.raises(ProofError, match="PDF/A-3の限度を超えるもの\\(32,767バイトを超える文字列\\)があります。"):
        prove(victim.save(), report.document)
