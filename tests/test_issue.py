"""What is handed out is kept whole, under a number, and nothing replaces it."""

import csv
import errno
import hashlib
import io
import itertools
import os
import re
import shutil
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Never

import pytest

from pipeline.cli import actions, command
from pipeline.delivery import issues
from pipeline.delivery.delivery import Record, records

from .conftest import HEALTHY

LATER = HEALTHY.replace("表題: 試験一覧", "表題: 試験一覧\n前版: test\n資料番号: {一覧: 資料1-1, 新旧対照表: 資料1-3}")
CHANGED = LATER.replace("実施状況: ○", "実施状況: ×")
SOURCE, REGISTER = Path("source/later.yaml"), Path("source/issued/register.csv")
FIRST, SECOND = Path("source/issued/later/1"), Path("source/issued/later/2")


def run(*arguments: str) -> int:
    return command.main(arguments)


def issue(*arguments: str) -> int:
    return run("issue", "later", *arguments)


def register(path: Path = REGISTER) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def files(folder: Path = FIRST) -> list[str]:
    """The names of what was kept, without the list of it."""
    return sorted({path.name for path in folder.iterdir()} - {issues.LIST})


def contents(folder: Path = Path("source/issued")) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with two editions, some papers of them, and an edition whose name begins like another."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "source").mkdir()
    for name, text in (("test", HEALTHY), ("later", LATER), ("later-2", HEALTHY)):
        (folder / f"source/{name}.yaml").write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command_line in (["report", "later", "later-2", "--jobs", "1"], ["data", "later"], ["diff", "later"]):
            assert run(*command_line) == 0
    return folder


@pytest.fixture
def papers(project: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `made` in the current folder, on a certain day."""
    for name in ("source", "out"):
        shutil.copytree(made / name, project / name, dirs_exist_ok=True)
    monkeypatch.setattr(actions, "_today", lambda: date(2013, 5, 31))
    return project


@pytest.mark.usefixtures("papers")
def test_an_issue_keeps_every_paper_of_the_edition_as_it_stands_with_its_sources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert issue() == 0
    data = Record("later-data").outputs
    assert capsys.readouterr().out.splitlines() == [
        "source/issued/later/1/ に保存し、source/issued/register.csv に記録しました(later/1、2013-05-31 発行)。",
        "  資料1-1 一覧: report.pdf(1ページ)、report.html",
        "  資料1-3 新旧対照表: comparison.pdf(1ページ)、comparison.html、comparison.json",
        f"  オープンデータ: {'、'.join(path.name for path in data)}",
        "  元データ: later.yaml、test.yaml",
    ]
    kept = {path.name: path.read_bytes() for path in FIRST.iterdir()}
    for name, content in kept.items():
        places = [*Path("out/later").glob(name), *Path("out/test-later").glob(name), *Path("source").glob(name)]
        assert [place.read_bytes() for place in places] == ([] if name == issues.LIST else [content])
    mask = os.umask(0)
    os.umask(mask)
    assert {stat.S_IMODE(path.stat().st_mode) for path in FIRST.iterdir()} == {0o444 & ~mask}


@pytest.mark.usefixtures("papers")
def test_the_register_says_what_was_issued_when_and_of_which_source() -> None:
    assert issue() == 0
    assert REGISTER.read_bytes().startswith(b"\xef\xbb\xbf")  # by which Excel knows UTF-8
    assert REGISTER.read_bytes().count(b"\r\n") == REGISTER.read_bytes().count(b"\n") == 1 + len(files())
    old, new = (hashlib.sha256(text.encode()).hexdigest() for text in (HEALTHY, LATER))
    lines = register()
    assert [line["ファイル"] for line in lines][:2] == ["report.pdf", "report.html"]
    assert lines[2] == {
        "版": "later",
        "発行番号": "1",
        "発行日": "2013-05-31",
        "資料": "新旧対照表",
        "資料番号": "資料1-3",
        "ファイル": "comparison.pdf",
        "ページ数": "1",
        "SHA-256": hashlib.sha256(Path("out/test-later/comparison.pdf").read_bytes()).hexdigest(),
        "元データのSHA-256": f"{old} {new}",
        "案": "",
    }
    assert {line["元データのSHA-256"] for line in lines if line["資料"] in ("一覧", "オープンデータ")} == {new}
    assert register(FIRST / issues.LIST) == lines


@pytest.mark.usefixtures("papers")
def test_a_number_that_looks_like_a_formula_is_none_in_the_register(capsys: pytest.CaptureFixture[str]) -> None:
    SOURCE.write_text(LATER.replace("資料1-1", "=1+1"), "utf-8")
    assert run("report", "later") == 0
    capsys.readouterr()
    assert issue() == 0
    assert "  =1+1 一覧: " in capsys.readouterr().out
    assert register()[0]["資料番号"] == "'=1+1"


@pytest.mark.usefixtures("papers")
def test_what_was_issued_last_is_not_issued_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert issue() == 0
    before = contents()
    capsys.readouterr()
    assert issue() == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "later/1(2013-05-31 発行)から変わったものはありません。発行していません。\n"
    assert contents() == before


@pytest.mark.usefixtures("papers")
def test_a_second_issue_stands_beside_the_first() -> None:
    assert issue() == 0
    before = contents()
    SOURCE.write_text(CHANGED, "utf-8")
    assert run("report", "later") == 0
    assert issue() == 0
    after = contents()
    assert {path: data for path, data in after.items() if path in before} == {
        **before,
        str(REGISTER): after[str(REGISTER)],
    }
    assert after[str(REGISTER)].startswith(before[str(REGISTER)])
    assert [line["発行番号"] for line in register()] == ["1"] * len(files()) + ["2"] * len(files(SECOND))
    assert (SECOND / "later.yaml").read_text("utf-8") == CHANGED


@pytest.mark.usefixtures("papers")
def test_what_is_older_than_the_source_is_refused_by_name_with_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    SOURCE.write_text(CHANGED, "utf-8")
    assert issue() == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "out/later/report.pdf は、元データより古くなっています。",
        "out/test-later/comparison.pdf は、元データより古くなっています。",
        "out/later/data.csv は、元データより古くなっています。",
        "次のコマンドで作り直し、内容を確かめてから発行してください: make report EDITION=later",
        "何も発行していません。",
    ]
    assert not Path("source/issued").exists()
    os.utime(SOURCE)
    SOURCE.write_text(LATER, "utf-8")  # as it was, with another time
    assert issue() == 0


@pytest.mark.usefixtures("papers")
def test_what_somebody_altered_or_removed_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("out/later/data.csv").write_bytes(b"other")
    Path("out/later/report.html").unlink()
    assert issue() == 1
    said = capsys.readouterr().err
    assert "out/later/data.csv は、作った後で書き換えられています。" in said
    assert "out/later/report.html を読めません。ファイルがありません。" in said
    assert not Path("source/issued").exists()
    assert run("report", "later") == 0
    assert issue() == 0


@pytest.mark.usefixtures("papers")
def test_an_edition_without_a_report_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("issue", "test") == 1
    said = capsys.readouterr().err
    assert "out/test/report.pdf がありません。" in said
    assert "make report EDITION=test" in said


@pytest.mark.usefixtures("papers")
def test_a_draft_is_issued_only_if_asked_and_the_register_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    SOURCE.write_text(LATER.replace("実施状況: ○", "実施状況: 未記入"), "utf-8")
    assert run("report", "later") == 0
    capsys.readouterr()
    assert issue() == 1
    assert "make issue EDITION=later DRAFT=1" in capsys.readouterr().err
    assert not Path("source/issued").exists()
    assert issue("--draft") == 0
    assert "2013-05-31 発行、案)" in capsys.readouterr().out
    assert {line["案"] for line in register()} == {"案"}


@pytest.mark.usefixtures("papers")
def test_a_comparison_with_another_edition_than_the_one_before_is_not_part_of_the_set() -> None:
    assert run("diff", "--from", "later-2", "--to", "later") == 0
    assert issue() == 0
    assert [line["ファイル"] for line in register() if line["資料"] == "新旧対照表"] == [
        "comparison.pdf",
        "comparison.html",
        "comparison.json",
    ]
    assert hashlib.sha256(Path("out/test-later/comparison.pdf").read_bytes()).hexdigest() in REGISTER.read_text("utf-8")


@pytest.mark.usefixtures("papers")
def test_of_a_council_s_set_the_clerk_s_page_is_not_issued_and_one_history_is_enough() -> None:
    assert run("history", "later") == 0
    assert run("council", "later") == 0
    assert {path.name for path in Path("out/later").iterdir()} >= {"council.pdf", "history.pdf", "checklist.pdf"}
    assert issue() == 0
    assert {path.suffix for path in FIRST.rglob("*")} == {".pdf", ".html", ".json", ".csv", ".xlsx", ".yaml"}
    assert [name for name in files() if name.startswith(("check", "hist", "coun"))] == [
        *("council.html", "council.pdf", "history.html", "history.pdf"),
    ]
    assert register()[0]["資料"] == "資料目録"


@pytest.mark.usefixtures("papers")
def test_what_is_issued_is_no_edition_and_stays_whatever_command_comes(capsys: pytest.CaptureFixture[str]) -> None:
    assert issue() == 0
    before = contents()
    capsys.readouterr()
    assert run("check") == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if "誤り" in line] == [
        f"source/{name}.yaml" for name in ("later-2", "later", "test")
    ]
    assert run("clean") == 0
    assert not Path("out/later").exists()
    assert contents() == before


@pytest.mark.usefixtures("papers")
def test_an_edition_whose_name_begins_like_another_has_its_own_numbers() -> None:
    assert issue() == 0
    assert run("issue", "later-2") == 0
    assert sorted(map(str, Path("source/issued").glob("*/*"))) == ["source/issued/later-2/1", "source/issued/later/1"]
    assert {line["版"] for line in register(Path("source/issued/later-2/1") / issues.LIST)} == {"later-2"}


# What was issued, in other commands


@pytest.fixture
def mended(papers: Path) -> Path:
    """The edition was issued; then a mistake in its source was put right."""
    assert issue() == 0
    SOURCE.write_text(CHANGED, "utf-8")
    return papers


@pytest.mark.usefixtures("mended")
def test_the_errata_of_an_edition_correct_its_last_issue(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run("errata", "later") == 0
    assert capsys.readouterr().out.startswith("out/later/errata.pdf: 1ページ")
    (errata,) = (record for record in records() if record.kind == "errata")
    assert errata.sources == ("source/issued/later/1/later.yaml", "source/later.yaml")
    # They are part of the next issue; the one after that corrects what was issued with them.
    assert issue() == 0
    assert {"errata.pdf", "errata.html"} <= {*files(SECOND)}
    assert issue() == 0
    assert [path.name for path in FIRST.parent.iterdir() if path.name not in "12"] == []
    assert run("errata", "later") == 0
    assert "二つの版に違いはありません。" in capsys.readouterr().err
    SOURCE.write_text(CHANGED.replace("終わった", "終えた"), "utf-8")
    assert run("report", "later") == 0
    assert issue() == 0
    assert "errata.pdf" not in files(FIRST.with_name("3"))


@pytest.mark.usefixtures("mended")
def test_errata_of_a_paper_that_was_replaced_since_are_not_part_of_the_next_issue(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = shutil.copy(FIRST / "report.pdf", "handed-out.pdf")
    assert run("errata", "later", "--from", first) == 0
    assert issue() == 0
    assert "errata.pdf" in files(SECOND)
    assert "今回は発行していません" not in capsys.readouterr().out
    SOURCE.write_text(CHANGED.replace("終わった", "終えた"), "utf-8")
    assert run("errata", "later", "--from", first) == 0
    assert issue() == 0
    assert "errata.pdf" not in files(FIRST.with_name("3"))
    left = "out/later/errata.pdf は、前回の発行に対する正誤表ではないため、今回は発行していません。"
    assert left in capsys.readouterr().out


@pytest.mark.usefixtures("mended")
def test_errata_that_have_nothing_to_correct_any_more_go(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("errata", "later") == 0
    SOURCE.write_text(LATER, "utf-8")
    capsys.readouterr()
    assert run("report", "later") == 0
    assert "out/later/errata.pdf: 載せる内容がなくなったため、削除しました。" in capsys.readouterr().out
    assert sorted(path.name for path in Path("out/later").glob("errata*")) == []
    assert issue() == 0


@pytest.mark.parametrize("name", ["later/last", "./source/issued/later/1/"])
@pytest.mark.usefixtures("mended")
def test_a_comparison_with_an_issue_has_a_folder_of_its_own_and_no_file_name_on_paper(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run("diff", "--from", name, "--to", "later") == 0
    said = capsys.readouterr().out
    assert "out/later.1_later/comparison.pdf: " in said
    assert "実施状況の変更1" in said
    page = Path("out/later.1_later/comparison.html").read_text("utf-8")
    assert not re.search(r"later[./]1|source/", re.sub(r"<style.*?</style>|<[^>]*>", "", page, flags=re.DOTALL))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["diff", "--from", "later/2", "--to", "later"],
            "発行「later/2」はありません。今ある発行: later/1(2013-05-31)",
        ),
        (["diff", "--from", "later/0", "--to", "later"], "発行「later/0」はありません。"),
        (["diff", "--from", "later-2/1", "--to", "later"], "later-2 は、まだ発行していません。"),
        (["errata", "later-2"], "次からは、配布するときに発行してください: make issue EDITION=later-2"),
        (["errata"], "EDITION(直した版)を指定してください。"),
        (["errata", "later", "--to", "later"], "EDITION と TO は、一緒には指定できません。"),
        (["errata", "--from", "later"], "EDITION(直した版)を指定してください。"),
        (["report", "later/1"], "版「later/1」は source/ にありません。"),
    ],
)
@pytest.mark.usefixtures("mended")
def test_a_wrong_name_of_an_issue_is_answered_with_those_that_there_are(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("mended")
def test_an_issue_whose_source_was_altered_is_told_by_its_report_and_without_that_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (FIRST / "later.yaml").unlink()
    assert run("errata", "later") == 0
    (FIRST / "report.pdf").unlink()
    assert run("errata", "later") == 1
    assert "source/issued/later/1/ の later.yaml と report.pdf が" in capsys.readouterr().err


@pytest.mark.usefixtures("papers")
def test_check_tells_the_last_issue_and_whether_the_source_has_changed_since(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("check", "later") == 0
    assert "発行" not in capsys.readouterr().out
    assert issue() == 0
    told = "source/later.yaml: 最後の発行は later/1(2013-05-31)です。元データは、その後{}。\n"
    capsys.readouterr()
    assert run("check", "later") == 0
    assert capsys.readouterr().out.endswith(told.format("変わっていません"))
    SOURCE.write_text(CHANGED, "utf-8")
    assert run("check", "later") == 0
    assert capsys.readouterr().out.endswith(told.format("変わっています"))


# Two at once


@pytest.mark.usefixtures("papers")
def test_of_two_at_once_one_issues_and_the_other_finds_nothing_to_do() -> None:
    waiting, going = os.pipe()
    children = []
    for _ in range(2):
        children.append(os.fork())
        if not children[-1]:
            os.close(going)
            os.read(waiting, 1)
            os._exit(issue())
    os.close(going)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
    assert [path.name for path in FIRST.parent.iterdir()] == ["1"]
    assert len(register()) == len(files())


# Damages


@pytest.mark.parametrize("file", [1, 10])
@pytest.mark.usefixtures("papers")
def test_a_full_disk_leaves_no_half_set(
    file: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = itertools.count(1)

    def fsync(_: int) -> None:
        if next(written) == file:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        assert issue() == 3
    assert "source/issued/later/1: 空き容量がありません。" in capsys.readouterr().err
    assert not Path("source/issued").exists()
    assert issue() == 0


@pytest.mark.usefixtures("papers")
def test_without_room_for_the_register_nothing_is_issued(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Never:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(issues, "replace_file", full)
        assert issue() == 3
    assert not Path("source/issued").exists()


@pytest.mark.usefixtures("papers")
def test_a_lost_register_is_made_anew_from_what_the_issues_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert issue() == 0
    assert run("issue", "later-2") == 0
    before = REGISTER.read_bytes()
    REGISTER.unlink()
    capsys.readouterr()
    assert issue() == 0
    said = capsys.readouterr().err
    assert "source/issued/register.csv に、欠けていた later/1 の記録を書き足しました。" in said
    assert "変わったものはありません" in said
    assert sorted(REGISTER.read_bytes().splitlines()) == sorted(before.splitlines())


@pytest.mark.usefixtures("papers")
def test_what_an_office_adds_to_the_register_stays() -> None:
    """A column of remarks, dates as Excel writes them, and no line end behind the last line."""
    assert issue() == 0
    first, *lines = REGISTER.read_bytes().decode().split("\r\n")[:-1]
    noted = "\r\n".join([f"{first},備考", *(f"{line},議会に配布".replace("2013-05-31", "2013/5/31") for line in lines)])
    REGISTER.write_text(noted, "utf-8", newline="")
    assert run("issue", "later-2") == 0
    assert REGISTER.read_bytes().startswith(noted.encode() + b"\r\nlater-2,1,")
    assert [line["備考"] for line in register()] == ["議会に配布"] * len(files()) + [""] * 3
    assert [line["版"] for line in register()] == ["later"] * len(files()) + ["later-2"] * 3


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(lambda data: data.decode("utf-8-sig").encode("cp932"), id="saved in another encoding"),
        pytest.param(lambda data: data.replace("ファイル".encode(), "ファイル名".encode()), id="another head"),
        pytest.param(lambda data: data.replace(b",1,", b",one,"), id="a number that is none"),
        pytest.param(lambda data: data + b"later,1\r\n", id="a line that lacks cells"),
    ],
)
@pytest.mark.usefixtures("papers")
def test_a_damaged_register_is_refused_and_moved_away_made_anew(
    damaged: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    assert issue() == 0
    good = REGISTER.read_bytes()
    REGISTER.write_bytes(damaged(good))
    before = contents()
    capsys.readouterr()
    assert run("issue", "later-2") == 1
    said = capsys.readouterr().err
    assert "source/issued/register.csv を読み取れません" in said
    assert "別の名前に変えてください。次に make issue を実行したときに" in said
    assert contents() == before
    REGISTER.rename("source/issued/register-old.csv")
    assert run("issue", "later-2") == 0
    assert REGISTER.read_bytes().startswith(good)


@pytest.mark.usefixtures("papers")
def test_the_number_of_an_issue_that_somebody_removed_is_not_used_again() -> None:
    assert issue() == 0
    shutil.rmtree(FIRST)
    assert issue() == 0
    assert [path.name for path in FIRST.parent.iterdir()] == ["2"]


@pytest.mark.usefixtures("papers")
def test_a_file_in_the_place_of_the_folder_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("source/issued").write_bytes(b"")
    assert issue() == 3
    assert "source/issued" in capsys.readouterr().err


@pytest.mark.usefixtures("papers")
def test_a_folder_that_must_not_be_written_is_named_with_the_fix(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mkdir = Path.mkdir

    def refused(path: Path, *given: Any, **named: Any) -> None:
        if path.suffix == ".new":
            raise PermissionError(errno.EACCES, "denied")
        mkdir(path, *given, **named)

    monkeypatch.setattr(Path, "mkdir", refused)
    assert issue() == 3
    assert "source/issued/later/1: 書き込む権限がありません(source の所有者: " in capsys.readouterr().err
