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
from pipeline.proof.content import Font, Painted, read_page
from pipeline.proof.limits import excess
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source
from pipeline.text import break_label

from .conftest import HEALTHY, Made
from .test_proof import Victim

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


# The limits of PDF/A


def test_states_that_are_nested_too_deep_do_not_pass(report: Made) -> None:
    data = painted_over(report, "q " * 27 + "Q " * 27)
    prove(data, report.document)
    data = painted_over(report, "q " * 28 + "Q " * 28)
    refuses(data, report, "PDF/A-3の限度(28段)を超える入れ子があります(29段)。")


@pytest.mark.parametrize(
    ("most", "more", "what"),
    [
        (b"(" + b"a\\)" * 16_383 + b"\\051)", b"(" + b"a" * 32_768 + b")", "文字列"),
        (b"(" + b"a" * 32_767 + b")", b"(" + b"(" + b"a" * 32_766 + b"))", "文字列"),
        (b"<" + b"0a" * 32_767 + b">", b"<" + b"0a" * 32_768 + b">", "文字列"),
        (b"/" + b"a" * 126 + b"#20", b"/" + b"a" * 128, "名前"),
        (b"/" + b"a" * 127, b"/" + b"a" * 127 + b"#20", "名前"),
        (b"2099999999 -1 0000000015 00000 n", b"2200000000", "大きすぎる数"),
        (b"-" + b"9" * 38 + b".5", b"9" * 39 + b".5", "大きすぎる数"),
    ],
    ids=["escaped string", "plain string", "hexadecimal string", "escaped name", "plain name", "integer", "real"],
)
def test_the_limits_of_objects(most: bytes, more: bytes, what: str) -> None:
    around = b"1 0 obj <</A %s /B [(1234567890123) <0123456789> /x9999999999]>> endobj"
    assert list(excess(around % most)) == []
    (message,) = excess(around % more)
    assert f"{what})があります" in message


def test_a_file_beyond_the_limits_does_not_pass(report: Made) -> None:
    victim = Victim(report.pdf)
    victim.catalog[NameObject("/Long")] = TextStringObject("長" * 20_000)
    with pytest.raises(ProofError, match="PDF/A-3の限度を超えるもの\\(32,767バイトを超える文字列\\)があります。"):
        prove(victim.save(), report.document)
