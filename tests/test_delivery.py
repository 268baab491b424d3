"""Whatever happens on the way, out/ holds whole documents that passed their proof; and nothing is made twice."""

import builtins
import errno
import functools
import hashlib
import io
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import actions, command
from pipeline.delivery.delivery import Delivery, Record, all_records, deliver, withdraw
from pipeline.delivery.files import permitted
from pipeline.delivery.issues import issue_at
from pipeline.documents import html
from pipeline.documents.report import page
from pipeline.errors import LackError
from pipeline.reading import fingerprint

from .conftest import HEALTHY, ROOT


@pytest.fixture
def edition(project: Path) -> Path:
    path = project / "source/test.yaml"
    path.write_text(HEALTHY, "utf-8")
    return path


def run(*arguments: str) -> int:
    return command.main(arguments)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".fonts" not in path.parts and ".build" not in path.parts
    }


def test_a_report_leaves_two_files_and_says_how_many_pages(edition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report") == 0
    assert capsys.readouterr().out == "out/test/report.pdf: 1ページ、警告0件\n"
    assert [*digests(Path("out"))] == ["test/report.html", "test/report.pdf"]
    assert edition.read_text("utf-8") == HEALTHY


def test_a_second_run_does_nothing(edition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("report")
    before = Path("out/test/report.pdf").stat().st_mtime_ns
    assert run("report") == 0
    assert Path("out/test/report.pdf").stat().st_mtime_ns == before
    assert "変わっていません" in capsys.readouterr().out
    assert edition.exists()


def test_an_edition_that_was_touched_or_changed_is_made_anew(edition: Path) -> None:
    run("report")
    first = Path("out/test/report.pdf").stat().st_mtime_ns
    os.utime(edition)
    run("report")
    second = Path("out/test/report.pdf").stat().st_mtime_ns
    assert second > first
    edition.write_text(HEALTHY.replace("終わった", "終えた"), "utf-8")
    run("report")
    assert Path("out/test/report.pdf").stat().st_mtime_ns > second


def test_only_the_changed_edition_is_made_anew(edition: Path) -> None:
    shutil.copy(edition, "source/other.yaml")
    run("report")
    other = Path("out/other/report.pdf").stat().st_mtime_ns
    edition.write_text(HEALTHY.replace("終わった", "終えた"), "utf-8")
    run("report")
    assert Path("out/other/report.pdf").stat().st_mtime_ns == other


def test_an_edition_depends_on_the_one_before_it(edition: Path) -> None:
    Path("source/next.yaml").write_text("前版: test\n" + HEALTHY, "utf-8")
    run("report", "next")
    first = Path("out/next/report.pdf").stat().st_mtime_ns
    os.utime(edition)
    run("report", "next")
    assert Path("out/next/report.pdf").stat().st_mtime_ns > first


def test_every_document_depends_on_program_templates_styles_and_packages(tmp_path: Path) -> None:
    for folder in ("pipeline", "templates", "styles"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from pipeline.delivery.delivery import *; print(program_fingerprint())"

    def mark() -> str:
        return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd="/").stdout

    marks = [mark(), mark()]
    assert marks[0] == marks[1]
    for name in ("pipeline/documents/html.py", "templates/parts.html", "styles/print.css", "requirements.lock"):
        os.utime(tmp_path / name, ns=(1, 1))
        marks.append(mark())
    assert len({*marks}) == 5


def test_a_document_that_somebody_changed_is_made_anew(edition: Path) -> None:
    run("report")
    good = digests(Path("out"))
    Path("out/test/report.pdf").write_bytes(b"spoilt")
    run("report")
    assert digests(Path("out")) == good
    assert edition.exists()


def test_a_broken_source_leaves_the_old_report(edition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("report")
    good = digests(Path("out"))
    edition.write_text(HEALTHY.replace("実施状況: ×", "実施状況: ✕"), "utf-8")
    assert run("report") == 1
    assert digests(Path("out")) == good
    assert "source/test.yaml:28:19: E402" in capsys.readouterr().err


def test_a_failed_proof_delivers_nothing_and_says_where(
    edition: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("report")
    good = digests(Path("out"))
    edition.write_text(HEALTHY.replace("項目一", "別の項目"), "utf-8")
    rows = page._item_row
    monkeypatch.setattr(page, "_item_row", lambda *given: _lose_findings(rows(*given)))
    assert run("report") == 4
    assert digests(Path("out")) == good
    assert "3行目「別の項目」: 「終わった。」が「」となっています。" in capsys.readouterr().err


def _lose_findings(row: page.ItemRow) -> page.ItemRow:
    import dataclasses

    *others, findings = row.cells
    return dataclasses.replace(row, cells=(*others, dataclasses.replace(findings, lines=())))


@pytest.mark.parametrize("broken", ["border-spacing: none;", "border-spacing 0;", "border-spacing: 0; }}"])
def test_a_broken_style_fails_the_build_and_is_named_with_its_line(
    broken: str, edition: Path, restyle: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    line = (ROOT / "styles/report.css").read_text("utf-8").split("border-spacing: 0;")[0].count("\n") + 1
    next_line = "\n  table-layout: fixed;"  # in report.css alone
    restyle(f"border-spacing: 0;{next_line}", broken + next_line)
    for _ in range(2):  # in one process, too
        assert run("report") == 4
        (said,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("styles/"))
        assert said.startswith("styles/report.css: ")
        assert f" at {line}:" in said or "Invalid or unsupported selector" in said  # of which the engine gives no line
    assert not Path("out/test").exists()
    assert edition.exists()


def test_a_style_that_names_an_unknown_measure_fails_the_build(
    edition: Path, restyle: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    restyle("var(--paper-type)", "var(--paper-typ)")
    assert run("report") == 70
    assert "styles/print.css: var(--paper-typ) は pipeline/paper.py にない寸法です" in capsys.readouterr().err
    assert not Path("out/test").exists()
    assert edition.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x.png",
        "https://example.org/x.png",
        "ftp://example.org/x.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
    ],
)
def test_the_engine_fetches_nothing_and_says_what_was_asked_for(
    url: str, edition: Path, restyle: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    restyle("border-spacing: 0;", f"border-spacing: 0; background: url({url});")
    assert run("report") == 4
    assert url in capsys.readouterr().err
    assert not Path("out/test").exists()
    assert edition.exists()


def test_one_edition_with_errors_does_not_keep_the_others_from_being_made(edition: Path) -> None:
    Path("source/broken.yaml").write_text("表題: x\n", "utf-8")
    assert run("report") == 1
    assert Path("out/test/report.pdf").exists()
    assert not Path("out/broken").exists()
    assert edition.exists()


def test_two_builds_have_the_same_bytes(tmp_path: Path) -> None:
    """In other folders, locales, time zones, with other hash seeds, and at another time."""
    found: set[tuple[tuple[str, str], ...]] = set()
    for name, changes in {
        "a": {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "1"},
        "別 b": {
            "LC_ALL": "ja_JP.UTF-8",
            "LANG": "ja_JP.UTF-8",
            "FC_LANG": "ja",
            "TZ": "Asia/Tokyo",
            "PYTHONHASHSEED": "2",
        },
    }.items():
        if found:
            time.sleep(1.1)
        folder = tmp_path / name
        (folder / "source").mkdir(parents=True)
        shutil.copy(ROOT / "source/original.yaml", folder / "source")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **changes}
        subprocess.run(
            [sys.executable, "-m", "pipeline", "report"],
            check=True,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        found.add(tuple(digests(folder / "out").items()))
    assert len(found) == 1


def test_nothing_to_do_imports_nothing_heavy(edition: Path) -> None:
    run("report")
    code = "import sys; from pipeline.cli.command import main; main(['make', 'report']); print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KYODO_TYPED": ""}
    said = subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment, capture_output=True, text=True
    ).stdout
    assert "変わっていません" in said
    assert not {"weasyprint", "pydantic", "yaml", "jinja2", "pypdf", "argparse"} & {*said.split()}
    assert edition.exists()


def test_stages_are_timed_on_a_terminal_only(
    edition: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("report")
    assert capsys.readouterr().err == ""
    os.utime(edition)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    run("report")
    # What came before on a line was erased.
    left = [line.rsplit("\r\033[K", 1)[-1] for line in capsys.readouterr().err.rstrip("\n").split("\n")]
    assert [line.split()[0] for line in left] == [
        "読み込み",
        "点検",
        "紙面",
        "PDF作成",
        "検査",
        "書き出し",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["reprot"], "「report」ではありませんか"),
        (["report", "--fast"], "使い方が違います"),
        (["report", "nope"], "版「nope」は source/ にありません。今ある版: test\n"),
        (["report", "旧版"], "source/旧版.yaml: 版の名前に使えない文字があります。ファイル名(.yaml の前)を、半角の"),
        (["diff", "--from", "source/旧版.yaml", "--to", "test"], "source/旧版.yaml: ファイル名(.yaml の前)を、半角の"),
        (["report", "../test"], "版「../test」は source/ にありません"),
        (["check", "TEST"], "版「TEST」は source/ にありません"),
        (["check", ""], "版「」は source/ にありません"),
    ],
)
def test_wrong_usage_is_explained(
    edition: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("source/旧版.yaml").write_bytes(edition.read_bytes())
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err
    assert edition.exists()


def test_every_terminal_gets_utf_8_and_what_is_no_text_of_a_name_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose locale is not Japanese."""

    def full(_: object) -> int:
        raise OSError(errno.ENOSPC, "full", "表\udcff.yaml")

    monkeypatch.setattr(actions, "run", full)
    screens = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, screen in screens.items():
        monkeypatch.setattr(sys, name, io.TextIOWrapper(screen, "ascii", write_through=True))
    assert run("check") == 3
    assert run() == 0
    assert screens["stderr"].getvalue().decode().startswith("表\\udcff.yaml: 空き容量がありません。")
    assert "使い方: make コマンド" in screens["stdout"].getvalue().decode()


def test_an_owner_who_has_no_name_is_named_by_number(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(LackError, match=rf"\(source の所有者: {os.geteuid()}\)"), permitted(Path("source/test.yaml")):
        raise PermissionError
    assert project.exists()


def test_help_is_printed_without_a_target(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"], ["report", "-h"]):
        assert run(*arguments) == 0
        assert "使い方: make コマンド" in capsys.readouterr().out


def test_a_missing_font_is_named_with_the_command_that_installs_it(
    edition: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline import fonts

    monkeypatch.setattr(fonts, "FOLDERS", ("/nowhere",))
    fonts.font_files.cache_clear()
    try:
        assert run("report") == 3
    finally:
        fonts.font_files.cache_clear()
    error = capsys.readouterr().err
    assert "BIZUDGothic-Regular.ttf" in error
    assert "apt-get install fonts-morisawa-bizud-gothic" in error
    assert edition.exists()


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("{% if x %}", 3),
        ("{{ nobody.passed }}", 3),
        ("{{ masthead.titel }}", 3),
        ("{{ masthead.title + 1 }}", 3),
        ("{{ 1 / 0 }}", 3),
        ('{{ style("nowhere.css") }}', 3),
        ('{% include "nowhere.html" %}', 3),
        ("{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}", 4),
    ],
    ids=["open", "unknown", "typo", "type", "arithmetic", "no such style", "no such template", "endless"],
)
def test_a_broken_template_is_named_with_its_line(
    broken: str, line: int, edition: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "templates", "templates")
    Path("templates/report.html").write_text(f"<!doctype html>\n<html>\n{broken}", "utf-8")
    monkeypatch.setattr(html, "TEMPLATES", Path("templates").resolve())
    monkeypatch.setattr(html, "_environment", functools.cache(html._environment.__wrapped__))
    assert run("report") == 70
    assert f"templates/report.html:{line}: ひな形に誤りがあります" in capsys.readouterr().err
    assert not Path("out/test").exists()
    assert edition.exists()


def test_a_missing_pango_is_named_with_the_command_that_installs_it(
    edition: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(name: str, *given: object, **named: object) -> object:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return imported(name, *given, **named)

    imported: Callable[..., object] = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", refused)
    assert run("report") == 3
    assert "PDFを作る部品(Pango)がありません" in capsys.readouterr().err
    assert edition.exists()


def test_the_fonts_are_cut_down_without_the_systems_harfbuzz(edition: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("report")
    good = digests(Path("out"))
    os.utime(edition)
    monkeypatch.setattr("weasyprint.text.ffi.harfbuzz_subset", None)
    monkeypatch.setattr("weasyprint.pdf.fonts.harfbuzz_subset", None)
    assert run("report") == 0
    assert digests(Path("out")) == good


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b"3", b'{"kind": "report"}', b'{"inputs": 3, "outputs": []}', b"\xff"]
)
@pytest.mark.usefixtures("project")
def test_a_record_that_is_missing_or_damaged_says_nothing(content: bytes | None) -> None:
    path = Path("out/.build/x.json")
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    record = Record("x")
    assert not record.is_current()
    assert (record.outputs, record.inputs, record.extent) == ({}, {}, "")
    assert Record.delivered("x") is None
    assert [*all_records()] == []
    withdraw(record)
    assert not path.exists()


@pytest.mark.parametrize(
    ("change", "is_current", "has_same_inputs"),
    [
        ("nothing", True, True),
        ("the time of the input", False, True),
        ("the input", False, False),
        ("no input", False, False),
        ("the output", False, True),
        ("no output", False, True),
        ("the kind", False, True),
        ("the sources", False, True),
        ("the options", False, True),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_paper_is_up_to_date_while_nothing_that_it_depends_on_has_changed(
    change: str, is_current: bool, has_same_inputs: bool
) -> None:
    source, paper = Path("source/a.yaml"), Path("out/a/report.pdf")
    source.write_text("a", "utf-8")
    record = Record("x", "report", ["source/a.yaml"], "all")
    with record.locked():
        deliver([Delivery(record, {str(source): fingerprint(source)}, {paper: b"paper"}, "3ページ")])
    delivered = Record.delivered("x")
    assert delivered
    assert (delivered.kind, delivered.sources, delivered.options) == ("report", ("source/a.yaml",), "all")
    assert (delivered.extent, [*delivered.outputs], [*delivered.inputs]) == ("3ページ", [paper], [str(source)])
    now = Record("x", "report", ["source/a.yaml"], "all")
    match change:
        case "the time of the input":
            os.utime(source, ns=(1, 1))
        case "the input":
            source.write_text("b", "utf-8")
        case "no input":
            source.unlink()
        case "the output":
            paper.write_bytes(b"another")
        case "no output":
            paper.unlink()
        case "the kind":
            now.kind = "summary"
        case "the sources":
            now.sources = ("source/b.yaml",)
        case "the options":
            now.options = ""
    assert now.is_current() == is_current
    assert now.has_same_inputs() == has_same_inputs
    assert not now.was_replaced()
    with now.locked():
        deliver([Delivery(Record("x", "report", [], ""), {}, {Path("out/a/other.pdf"): b"other"})])
    assert now.was_replaced()
    # What somebody has changed stays.
    assert paper.exists() == (change == "the output")


@pytest.mark.parametrize(
    ("path", "issue"),
    [
        ("source/issued/h24/1/report.pdf", ("h24", 1)),
        ("source/issued/h24/12/sheets/a.xlsx", ("h24", 12)),
        ("source/issued/h24/1", None),
        ("source/issued/h24/0/report.pdf", None),
        ("source/issued/h24/1.new/report.pdf", None),
        ("source/h24/1/report.pdf", None),
        ("report.pdf", None),
    ],
)
def test_a_file_in_the_folder_of_an_issue_is_known(path: str, issue: tuple[str, int] | None) -> None:
    assert issue_at(Path(path)) == issue
