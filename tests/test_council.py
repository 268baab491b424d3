"""議会用一式: all papers on an edition are of one state, and its cover and the clerk's page agree with them."""

import hashlib
import os
import shutil
from datetime import date
from pathlib import Path

import pypdf
import pytest

from pipeline.cli import actions, command
from pipeline.errors import ProofError
from pipeline.proof import proof

from .conftest import HEALTHY

TEST, LATER = Path("source/test.yaml"), Path("source/later.yaml")
# 項目二 is called otherwise, 項目三 is in it no more, and a NO is left out.
LATER_TEXT = (
    HEALTHY.replace("自治体", "前版: test\n資料番号: {一覧: 資料1-1, 経過: 資料1-4}\n自治体")
    .replace("名称: 項目二", "名称: 項目の二\n            検証内容: 続けた。")
    .replace("NO: 3\n            名称: 項目三", "NO: 9\n            名称: 別の事業")
    .replace("検討する。", "新しく始める。")
)


def run(typed: str) -> int:
    return command.main(typed.split())


def said(path: str) -> str:
    """What the PDF says, without white space."""
    pages = pypdf.PdfReader(f"out/{path}").pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(Path("out").glob("[!.]*/*.*"))}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with two editions, and the set on the later one."""
    folder = tmp_path_factory.mktemp("set")
    (folder / "source").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        TEST.write_text(HEALTHY, "utf-8")
        LATER.write_text(LATER_TEXT, "utf-8")
        assert run("council") == 0
    return folder


@pytest.fixture
def folder(project: Path, made: Path) -> Path:
    """A copy of `made`, with the same times, which is the current folder."""
    for name in ("source", "out"):
        shutil.copytree(made / name, project / name, dirs_exist_ok=True)
    return project


@pytest.mark.usefixtures("folder")
def test_the_clerks_page_says_what_to_look_at_and_what_to_write() -> None:
    page = said("later/checklist.pdf")
    for words in (
        "事務局の確認用です。この資料は配布しないでください。",
        "まだ配布できません。理由:要確認の項目が1件あります。",
        "警告1件、推定1件",
        "29行W501NO9「別の事業」の前で、NO3から8までが抜けています。",
        "NO2「項目の二」NO2「項目二」NO2に「前版NO:[2]」",
        "NO3「項目三」継続NO9「別の事業」引き継いだ項目に「前版NO:[3]」。廃止したのなら、初めに「廃止:[{前版NO:3,理由:…}]」",
        "資料1-4試験一覧推進項目の経過later/history.pdfA4横11枚1枚",
        "最後の発行からの変更まだ発行していません。",
    ):
        assert words in page, page
    for paper in ("later/report", "later/summary", "test-later/comparison", "later/history", "later/council"):
        assert "前版NO" not in said(f"{paper}.pdf")


def test_a_long_file_name_goes_on_in_a_new_line_behind_its_folder(project: Path) -> None:
    former, latter = "plan-of-heisei-24", "plan-of-heisei-25"
    (project / f"source/{former}.yaml").write_text(HEALTHY, "utf-8")
    (project / f"source/{latter}.yaml").write_text(LATER_TEXT.replace("前版: test", f"前版: {former}"), "utf-8")
    assert run("council") == 0
    text = "".join(page.extract_text() for page in pypdf.PdfReader(f"out/{latter}/checklist.pdf").pages)
    assert [line.strip() for line in text.splitlines() if "comparison.pdf" in line] == ["comparison.pdf"]


@pytest.mark.usefixtures("folder")
def test_editions_of_no_year_are_called_as_in_the_history_and_no_year_is_made_up() -> None:
    later, test = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (LATER, TEST))
    assert f"版SHA-256第2版{later}第1版{test}" in said("later/council.pdf")
    assert "第1版〜第2版" in said("later/history.pdf")
    page = said("later/checklist.pdf")
    assert "新しい版にない前の版の項目" in page
    assert "年度" not in page


@pytest.mark.parametrize("typed", ["report later", "history"])
def test_whatever_command_makes_one_paper_makes_the_whole_set(folder: Path, typed: str) -> None:
    before = contents()
    LATER.write_text(LATER_TEXT.replace("実施状況: ○", "実施状況: ×"), "utf-8")
    assert run(typed) == 0
    after = contents()
    unchanged = {path for path in before if before[path] == after[path]}
    # They say nothing of the symbol.
    assert unchanged == {"out/later/data.schema.json", "out/later/data-previous.csv"}
    assert folder.exists()


def test_a_longer_paper_is_longer_on_the_cover_too(folder: Path) -> None:
    LATER.write_text(LATER_TEXT.replace("続けた。", "続けた。" * 700), "utf-8")
    assert run("summary later") == 0
    pages = len(pypdf.PdfReader("out/later/report.pdf").pages)
    assert pages > 1
    assert f"資料1-1試験一覧{pages}A4横" in said("later/council.pdf")
    assert f"資料1-1試験一覧later/report.pdfA4横{pages}{pages}枚{-(-pages // 2)}枚" in said("later/checklist.pdf")
    assert folder.exists()


@pytest.mark.usefixtures("folder")
def test_a_paper_of_the_set_that_fails_leaves_the_whole_set(monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents()
    LATER.write_text(LATER_TEXT.replace("実施状況: ○", "実施状況: ×"), "utf-8")
    prove = proof.prove

    def fail_for_the_cover(pdf: bytes, document: object) -> int:
        if "資料目録" in document.expected.title:  # type: ignore[attr-defined]
            raise ProofError("検査で不合格")
        return prove(pdf, document)  # type: ignore[arg-type]

    monkeypatch.setattr(proof, "prove", fail_for_the_cover)
    assert run("report later") == 4
    assert contents() == before


@pytest.mark.usefixtures("folder")
def test_a_paper_of_the_set_that_is_gone_comes_back_with_any_other() -> None:
    before = contents()
    Path("out/later/summary.pdf").unlink()
    os.utime(LATER)  # the others are made again, too, with the same bytes
    assert run("data later") == 0
    assert contents() == before


@pytest.mark.usefixtures("folder")
def test_sets_of_several_editions_do_not_overwrite_each_other() -> None:
    Path("source/last.yaml").write_text(LATER_TEXT.replace("前版: test", "前版: later"), "utf-8")
    Path("source/other.yaml").write_text(HEALTHY, "utf-8")
    before = contents()
    assert run("council") == 0  # the last edition of each of two chains
    after = contents()
    assert {path for path in before if before[path] != after[path]} == set()
    assert {"out/last/council.pdf", "out/last/history.pdf", "out/other/council.pdf"} <= after.keys()
    assert not {"out/other/history.pdf", "out/history.pdf"} & after.keys()
    assert len(pypdf.PdfReader("out/last/history.pdf").attachments) == 3


@pytest.mark.usefixtures("folder")
def test_an_edition_that_loses_its_previous_one_has_a_cover_without_the_comparison() -> None:
    LATER.write_text(LATER_TEXT.replace("前版: test\n", ""), "utf-8")
    assert run("report later") == 0
    assert "新旧対照表" not in said("later/council.pdf") + said("later/checklist.pdf")


@pytest.mark.usefixtures("folder")
def test_a_comparison_with_all_items_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff --all") == 0
    everything = contents()
    capsys.readouterr()
    assert run("council") == 0
    assert "作り" not in capsys.readouterr().err
    assert contents() == everything


@pytest.mark.usefixtures("folder")
def test_the_clerks_page_says_what_changed_after_the_last_issue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "_today", lambda: date(2013, 5, 1))
    assert run("issue later") == 0
    assert run("report later") == 0
    assert "最後の発行(later/1、平成25年5月1日)の後、元データは変わっていません。" in said("later/checklist.pdf")
    LATER.write_text(
        LATER_TEXT.replace("名称: 別の事業", "名称: 別の新しい事業").replace("続けた", "続けている"), "utf-8"
    )
    assert run("report later") == 0
    page = said("later/checklist.pdf")
    assert "(later/1、平成25年5月1日)の後、2項目が変わりました。詳しくはmakeerrataEDITION=later" in page
    assert "NO2「項目の二」検証内容NO9「別の新しい事業」名称" in page
    Path("source/issued/later/1/later.yaml").chmod(0o644)
    Path("source/issued/later/1/later.yaml").write_text("altered", "utf-8")
    Path("source/issued/later/1/report.pdf").unlink()
    LATER.write_text(LATER_TEXT.replace("続けた", "続けていく"), "utf-8")
    assert run("report later") == 0
    assert "の元データを読み取れないため、変わったところを示せません。" in said("later/checklist.pdf")


@pytest.mark.usefixtures("folder")
def test_where_the_previous_edition_has_errors_the_set_is_named_as_old(capsys: pytest.CaptureFixture[str]) -> None:
    TEST.write_text(HEALTHY.replace("実施状況: ×", "実施状況: ✕"), "utf-8")
    LATER.write_text(LATER_TEXT.replace("続けた", "続けている"), "utf-8")
    before = contents()
    assert run("report later") == 1
    told = capsys.readouterr().err
    assert "out/later/council.pdf は、作り直せないため古いままです。配布しないでください。" in told
    assert told.count("E402") == 1
    after = contents()
    assert before["out/later/report.pdf"] != after["out/later/report.pdf"]
    assert before["out/later/council.pdf"] == after["out/later/council.pdf"]
    assert run("council") == 1
    assert contents() == after
    assert "later: まだ配布できません(元データに誤りが1件あります)。" in capsys.readouterr().out
