"""Lists of other plans, in forms of their own: the samples in tests/forms/."""

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
import yaml

from pipeline import line
from pipeline.cli.command import main
from pipeline.model.dates import japanese_date, read_date
from pipeline.proof.proof import prove

from .conformance import violations
from .conftest import ROOT, Made

FORMS = ROOT / "tests/forms"
# One year of each kind of list. The next year of two of them is there to be compared.
KINDS = ("numbers-r5", "flat", "levels", "grades", "words-r5", "legend", "departments")
# The keys of an item, or of a heading, whose values are not printed as they stand in the source.
NOT_PRINTED = ("前版NO", "印", "統合先", "再掲")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The reports of all kinds of lists, made, proved and delivered by the command, as staff make them."""
    folder = tmp_path_factory.mktemp("forms")
    (folder / "source").mkdir()
    for kind in KINDS:
        shutil.copy(FORMS / f"{kind}.yaml", folder / "source")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(line, "_helper_engine", lambda _: None)
        assert main(["report"]) == 0
        yield folder / "out"


def pages(path: Path) -> list[str]:
    """The text of each page, without white space."""
    return ["".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(path.read_bytes())).pages]


def source(kind: str) -> dict[str, Any]:
    """The sample as YAML reads it, every scalar as text."""
    data: dict[str, Any] = yaml.load((FORMS / f"{kind}.yaml").read_text("utf-8"), yaml.BaseLoader)
    return data


def outermost(data: dict[str, Any]) -> str:
    """The key of the list itself: the outermost level, or the items."""
    return str(data["段"][0]["名称"] if data["段"] else data["項目"]["名称"])


def texts(value: Any, data: dict[str, Any]) -> Iterator[str]:
    """Every text in the list itself as it must be printed."""
    if isinstance(value, str):
        yield "".join(value.split())
    elif isinstance(value, dict):
        for key, one in value.items():
            if data["欄"].get(key, {}).get("種類") == "日付":
                yield japanese_date(read_date(one))
            elif key not in NOT_PRINTED and not (key == "NO" and data["項目"].get("番号") == "自由"):
                yield from texts(one, data)
        yield from (f"【{mark}】" for mark in value.get("印", ()))
    else:
        for one in value:
            yield from texts(one, data)


def test_the_samples_have_neither_errors_nor_warnings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(FORMS, project / "source", dirs_exist_ok=True)
    assert main(["check", "--strict"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_prints_every_text_of_its_list(kind: str, out: Path) -> None:
    data, read = source(kind), "".join(pages(out / kind / "report.pdf"))
    wanted = [*texts(data[outermost(data)], data), *texts([data.get("前文", ""), data.get("後文", "")], data)]
    wanted += texts(list(data.get("注", {}).values()), data)
    for column in data["欄"].values():
        wanted += texts(list(column["凡例"].values()) if "凡例" in column else [], data)
    assert len(wanted) > 50
    assert [text for text in wanted if text not in read] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_has_its_column_heads_on_every_page(kind: str, out: Path) -> None:
    data = source(kind)
    heads = {data["項目"]["名称"]} | {key for key, column in data["欄"].items() if column.get("段落") != "下"}
    heads |= {year for column in data["欄"].values() for year in column.get("年度", ())}
    for number, read in enumerate(pages(out / kind / "report.pdf"), 1):
        for head in heads:
            assert "".join(data.get("見出し", {}).get(head, head).split()) in read, (number, head)


def test_the_sheet_of_paper_is_the_one_that_the_list_names(out: Path) -> None:
    for kind in KINDS:
        boxes = [page.mediabox for page in pypdf.PdfReader(out / kind / "report.pdf").pages]
        sheets = {tuple(round(float(side) / 72 * 25.4) for side in box[2:]) for box in boxes}
        assert sheets == {{"A4縦": (210, 297), "A3横": (420, 297)}.get(source(kind).get("用紙", ""), (297, 210))}


def test_words_are_whole_and_a_year_stands_apart_where_the_paper_has_room(out: Path) -> None:
    lines = {
        kind: pypdf.PdfReader(out / kind / "report.pdf").pages[0].extract_text() for kind in ("words-r5", "numbers-r5")
    }
    for word in ("概ね計画通りに進んでいる", "高齢福祉課"):
        assert word in lines["words-r5"]
    for word in ("子育て支援課", "基準値 (令和元年度)", "達成率※1 (%)", "1,042件"):
        assert word in lines["numbers-r5"]


def test_the_departments_of_an_item_are_below_each_other(out: Path) -> None:
    assert (
        "消防総務課、\n水道工務課、\n危機管理課"
        in pypdf.PdfReader(out / "departments/report.pdf").pages[0].extract_text()
    )


def test_the_meanings_of_marks_are_above_the_table(out: Path) -> None:
    first, *others = pages(out / "legend/report.pdf")
    assert first.index("【重点】観光振興ビジョンで重点プロジェクトに位置付けた取組") < first.index(
        "令和5年度の取組と成果"
    )
    assert not any("位置付けた取組" in other for other in others)


def test_a_symbol_that_is_a_letter_stands_apart_from_its_meaning(out: Path) -> None:
    assert "B 概ね達成した" in pypdf.PdfReader(out / "grades/report.pdf").pages[0].extract_text()


@pytest.mark.parametrize("items", range(31, 36))
def test_no_page_holds_the_notes_without_a_row(items: int, make: Callable[[str], Made]) -> None:
    rows = "".join(f"  - {{NO: {number}, 名称: 項目{number}※1, 状況: 順調}}\n" for number in range(1, items + 1))
    made = make(
        "表題: 試験\n段: []\n項目: {名称: 取組}\n欄: {状況: {種類: 語, 語: [順調]}}\n"
        f"前文: 前。\n後文: 後。\n注: {{1: 注の文。}}\n取組:\n{rows}"
    )
    last = pypdf.PdfReader(io.BytesIO(made.pdf)).pages[-1].extract_text()
    assert "順調" in last
    assert "注の文。" in last


def test_a_line_break_in_a_short_cell_is_one_on_paper_and_divides_it_for_screen_readers(
    make: Callable[[str], Made],
) -> None:
    made = make(
        "表題: 試験\n段: []\n項目: {名称: 取組}\n欄: {所管課: {種類: 課}, 対象: {種類: 文字}}\n取組:\n"
        '  - {NO: 1, 名称: 声かけ, 所管課: "財政課、総務課\\n各施設所管課", 対象: "子ども\\n・保護者"}\n'
    )
    assert prove(made.pdf, made.document) == 1
    text = pypdf.PdfReader(io.BytesIO(made.pdf)).pages[0].extract_text()
    assert "財政課、\n総務課\n各施設所管課" in text


@pytest.mark.parametrize("kind", ["numbers-r5", "legend"])
def test_a_report_in_another_form_meets_both_standards(kind: str, out: Path) -> None:
    assert violations((out / kind / "report.pdf").read_bytes()) == []
