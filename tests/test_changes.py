"""Commands that change sources, the way back, and what `make clean` leaves alone."""

import shutil
from pathlib import Path

import pytest

from pipeline.cli.command import main

from .conftest import HEALTHY

# NO 7, 2 and 5 in printed order, and a repeat of 7.
UNORDERED = (
    HEALTHY.replace("- NO: 1\n", "- NO: 7\n")
    .replace("- NO: 3\n", '- NO: "5"  # 後から\n')
    .replace("再掲: 1", "再掲: 7")
).replace("検討する。", "NO 7と合わせて検討する。")
LATER = "前版: test\n廃止: [{前版NO: 2, 理由: 縮小}]\n" + HEALTHY.replace(
    "名称: 項目一", "名称: 項目一\n            前版NO: [7, 5]"
).replace("名称: 項目二", "名称: 新しい項目")


@pytest.fixture
def unordered(project: Path) -> Path:
    (project / "source/later.yaml").write_text(LATER, "utf-8")
    path = project / "source/test.yaml"
    path.write_text(UNORDERED, "utf-8")
    return path


def renumbered(text: str) -> str:
    return text.replace("- NO: 7\n", "- NO: 1\n").replace('"5"  #', '"3"  #').replace("再掲: 7", "再掲: 1")


def test_renumber_shows_what_changes_and_writes_nothing(unordered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["renumber", "test"]) == 0
    said = capsys.readouterr()
    assert "7 → 1「項目一」" in said.out
    assert "2 → 2「項目二」(変わりません)" in said.out
    assert "APPLY=1" in said.out
    assert "NO 5の文の中の「NO 7」は書き換えません" in said.err
    assert unordered.read_text("utf-8") == UNORDERED


def test_repeats_and_later_editions_follow_the_new_numbers(unordered: Path) -> None:
    assert main(["renumber", "test", "--apply"]) == 0
    assert unordered.read_text("utf-8") == renumbered(UNORDERED)
    later = unordered.with_name("later.yaml")
    assert later.read_text("utf-8") == LATER.replace("[7, 5]", "[1, 3]")
    assert main(["check", "test", "later"]) == 0
    assert main(["renumber", "test", "--apply"]) == 0  # nothing more to do
    assert later.read_text("utf-8") == LATER.replace("[7, 5]", "[1, 3]")


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_renumber_changes_nothing_but_numbers(unordered: Path, end: str) -> None:
    written = ("\ufeff" + UNORDERED.replace("\n", end)).encode()
    unordered.write_bytes(written)
    assert main(["renumber", "test", "--apply"]) == 0
    assert unordered.read_bytes() == ("\ufeff" + renumbered(UNORDERED).replace("\n", end)).encode()


def test_undo_takes_back_a_whole_step_and_then_the_one_before(
    unordered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = unordered.with_name("later.yaml")
    assert main(["renumber", "test", "--apply"]) == 0
    unordered.write_text(renumbered(UNORDERED).replace("- NO: 1\n", "- NO: 9\n").replace("再掲: 1", "再掲: 9"), "utf-8")
    by_hand = unordered.read_text("utf-8")
    assert main(["renumber", "test", "--apply"]) == 0
    assert main(["undo", "test"]) == 0
    assert unordered.read_text("utf-8") == by_hand
    assert "source/test.yaml を、make renumber の前に戻しました。" in capsys.readouterr().out
    assert main(["undo", "test"]) == 1
    said = capsys.readouterr().err
    assert "make renumber の後で書き換えられているため、戻していません" in said
    kept = said.split("make renumber の前の内容は ")[1].split(" にあります")[0]
    assert Path(kept).read_text("utf-8") == UNORDERED
    unordered.write_text(renumbered(UNORDERED), "utf-8")
    assert main(["undo", "later"]) == 0
    assert unordered.read_text("utf-8") == UNORDERED
    assert later.read_text("utf-8") == LATER
    assert main(["undo", "test"]) == 1
    assert "書き換えの記録がありません" in capsys.readouterr().err


def test_renumber_stops_at_an_edition_that_cannot_be_read(unordered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unordered.with_name("broken.yaml").write_text("表題: [", "utf-8")
    assert main(["renumber", "test", "--apply"]) == 1
    assert "source/broken.yaml が読めないため" in capsys.readouterr().err
    assert unordered.read_text("utf-8") == UNORDERED


def test_clean_removes_what_can_be_made_again_and_names_the_rest(
    unordered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sheets", "test"]) == 0
    assert main(["summary", "test"]) == 0
    out = Path("out")
    (filled,) = out.glob("test/sheets/*.xlsx")
    filled.write_bytes(filled.read_bytes() + b"answers")
    (out / "test/report-signed.pdf").write_bytes(b"signed")
    capsys.readouterr()
    assert main(["clean"]) == 0
    assert sorted(path for path in out.rglob("*") if path.is_file()) == [out / "test/report-signed.pdf", filled]
    assert capsys.readouterr().out.count("は残しました") == 2
    filled.unlink()
    shutil.rmtree(out / "test")
    assert main(["clean"]) == 0
    assert not any(out.iterdir())
    assert unordered.exists()


def test_clean_touches_nothing_where_out_leads_elsewhere(unordered: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    Path("out").symlink_to(elsewhere)
    assert main(["clean"]) == 3
    assert (elsewhere / "kept").exists()
    assert unordered.exists()
