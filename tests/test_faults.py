"""The machine fails, or somebody interferes: out/ and source/ hold whole files, and the message says what to do."""

import fcntl
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import IO, Any

import pytest
from openpyxl import load_workbook

from pipeline.cli import actions, command
from pipeline.delivery.files import _temporary_file, create_file, replace_file, replace_files
from pipeline.documents.comparison import comparison
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.fonts import FOLDERS
from pipeline.model.validation import validate
from pipeline.office.workbook_format import ANSWERS
from pipeline.source.tree import parse_source, read_source

from .conftest import HEALTHY, ROOT

SOURCE = Path("source/test.yaml")
LATER = HEALTHY.replace("終わった", "終えた")

FAULTS = int(os.environ.get("FAULTS", "1"))


@pytest.fixture
def edition(project: Path) -> Path:
    (project / SOURCE).write_text(HEALTHY, "utf-8")
    return project / SOURCE


def run(*arguments: str) -> int:
    return command.main(arguments)


def contents(*folders: str) -> dict[str, str]:
    """What a reader finds in `folders`, by digest: no caches, locks and records, which are the program's own."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and not {".fonts", ".build"} & {*path.parts} and path.suffix != ".new"
    }


def leftovers() -> list[Path]:
    return sorted(path for path in Path().rglob(".*.new"))


# Killed at any moment


class Warm:
    """A process that has made a report, and forks runs in the current folder that are killed on order."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.killing"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *arguments: str, **how: object) -> tuple[int, list[list[Any]]]:
        """The exit code (below 0: killed), and the stages and calls that it came through."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(json.dumps({"folder": str(Path.cwd()), "arguments": arguments, **how}) + "\n")
        stdin.flush()
        line = next(line for line in stdout if line.startswith("ANSWER "))
        answer = json.loads(line.removeprefix("ANSWER "))
        return answer["code"], answer["events"]

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def warm_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    folder = tmp_path_factory.mktemp("warm")
    (folder / "source").mkdir()
    (folder / SOURCE).write_text(HEALTHY, "utf-8")
    process = Warm(folder)
    try:
        yield process
    finally:
        process.end()


@pytest.fixture
def warm(edition: Path, warm_process: Warm) -> Warm:  # noqa: ARG001 it is what the report is of
    assert warm_process.run("report")[0] == 0
    return warm_process


def between(calls: list[list[Any]]) -> list[float]:
    """Before each of the calls, and after the last (`Warm.run`)."""
    return [*range(len(calls)), len(calls) - 0.5]


def test_killed_at_any_moment_a_report_leaves_whole_files_and_the_next_run_is_right(edition: Path, warm: Warm) -> None:
    """At a moment of each stage, and between any two calls that write, rename or remove a file."""
    old = contents("out")
    shutil.copytree("out", "kept", ignore=shutil.ignore_patterns(".fonts"))
    edition.write_text(LATER, "utf-8")
    _, events = warm.run("report")
    new = contents("out")
    assert {*old.values()}.isdisjoint(new.values())
    calls = [event for event in events if event[0] == "call"]
    assert [name for _, name, _ in calls].count("replace") == 3  # PDF, page, record
    stages = {name: seconds for kind, name, seconds in events if kind == "stage"}
    assert [*stages] == ["読み込み", "点検", "紙面", "PDF作成", "検査", "書き出し"]

    chance = random.Random(4)
    moments: list[dict[str, Any]] = [{"call": number} for number in between(calls)]
    for stage in [*stages] * FAULTS:
        moments.append({"stage": stage, "seconds": chance.random() * stages[stage]})
    planned, killed = len(moments), 0
    seen: set[tuple[object, ...]] = set()
    for moment in moments:
        for folder in ("test", ".build"):
            shutil.rmtree(f"out/{folder}")
            shutil.copytree(f"kept/{folder}", f"out/{folder}")
        code, _ = warm.run("report", **moment)
        assert code in ((-9,) if "call" in moment else (-14, 0)), moment
        if code == 0:  # the run was over before the clock rang
            moments.append({**moment, "seconds": moment["seconds"] / 2})
        killed += code != 0
        found = contents("out")
        assert found.keys() == old.keys()
        assert all(digest in (old[name], new[name]) for name, digest in found.items()), moment
        assert edition.read_text("utf-8") == LATER
        state = (*found.values(), len(leftovers()), Path("out/.build/test-report.json").read_bytes())
        if state not in seen:  # what comes next depends on nothing else
            seen.add(state)
            assert warm.run("report")[0] == 0
            assert contents("out") == new, moment
            assert leftovers() == []
            assert warm.run("report")[1] == []  # up to date, and recorded so
    assert killed == planned
    assert len(seen) > 3  # old, new, between


def test_killed_again_and_again_runs_leave_no_heap_of_files(edition: Path, warm: Warm) -> None:
    edition.write_text(LATER, "utf-8")
    _, events = warm.run("report")
    first = [event[1] for event in events if event[0] == "call"].index("replace")
    edition.write_text(HEALTHY, "utf-8")
    for _ in range(4):
        assert warm.run("report", call=first)[0] == -9
        assert len(leftovers()) == 3
    assert warm.run("report")[0] == 0
    assert leftovers() == []


def returned(folder: Path) -> Path:
    """The workbook of the edition's one department, with an answer."""
    (path,) = Path("out/test/sheets").iterdir()
    book = load_workbook(path)
    book[ANSWERS]["F6"] = "○"
    book[ANSWERS]["G6"] = "継続"
    book.save(folder / path.name)
    return folder / path.name


def test_killed_at_any_moment_an_import_leaves_the_source_old_or_new(edition: Path, warm: Warm) -> None:
    assert run("sheets") == 0
    file = returned(Path())
    arguments = ("import", str(file), "--apply")
    code, events = warm.run(*arguments)
    assert code == 0
    new = edition.read_text("utf-8")
    assert new != HEALTHY
    calls = [event for event in events if event[0] == "call"]
    assert ["call", "replace", str(edition)] in calls
    found = set()
    for number in between(calls):
        edition.write_text(HEALTHY, "utf-8")
        assert warm.run(*arguments, call=number)[0] == -9
        assert [path.name for path in edition.parent.glob("*.yaml")] == ["test.yaml"]
        found.add(edition.read_text("utf-8"))
        assert warm.run(*arguments)[0] == 0
        assert edition.read_text("utf-8") == new
    assert found == {HEALTHY, new}
    edition.write_text(HEALTHY, "utf-8")
    assert warm.run(*arguments)[0] == 0
    assert leftovers() == []


def test_killed_at_any_moment_the_next_edition_is_whole_or_not_there(edition: Path, warm: Warm) -> None:
    arguments = ("next", "--from", "test", "--to", "later")
    draft = Path("source/later.yaml")
    code, events = warm.run(*arguments)
    assert code == 0
    new = draft.read_bytes()
    calls = [event for event in events if event[0] == "call"]
    assert "link" in [name for _, name, _ in calls]
    was_there = set()
    for number in between(calls):
        draft.unlink()
        assert warm.run(*arguments, call=number)[0] == -9
        was_there.add(draft.exists())
        # What is there is never overwritten, as ever.
        expected = 2 if draft.exists() else 0
        assert warm.run(*arguments)[0] == expected
        assert draft.read_bytes() == new
        assert leftovers() == []
    assert was_there == {False, True}
    assert edition.read_text("utf-8") == HEALTHY


def test_killed_at_any_moment_an_issue_is_whole_or_not_there(edition: Path, warm: Warm) -> None:
    issued = edition.parent / "issued"
    code, events = warm.run("issue", "test")
    assert code == 0
    whole = contents("source")
    calls = [event for event in events if event[0] == "call"]
    assert [name for _, name, _ in calls if name != "fsync"] == ["rename", "replace"]
    seen = set()
    # Of the files that are written one after the other, one is enough.
    moments = [number for number, call in enumerate(calls) if call[1] != "fsync" or number == 1]
    for moment in [*moments, *(number + 0.5 for number in moments)]:
        shutil.rmtree(issued)
        assert warm.run("issue", "test", call=moment)[0] == -9
        kept, register = (issued / "test/1").exists(), (issued / "register.csv").exists()
        seen.add((kept, register))
        assert not kept or contents("source/issued/test/1").items() <= whole.items()
        assert warm.run("issue", "test")[0] == 0
        assert contents("source") == whole
        assert leftovers() == []
    assert seen == {(False, False), (True, False), (True, True)}


# Written by two at once


def test_replacing_a_file_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    replace_file(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_a_disk_that_fills_at_the_last_of_several_files_leaves_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / name for name in "abc"]
    replace_files(dict.fromkeys(paths, b"old"))
    left = iter([None, None])

    def fill(_: int) -> None:
        if next(left, 0) == 0:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(OSError, match="No space"):
        replace_files(dict.fromkeys(paths, b"new"))
    assert [path.read_bytes() for path in paths] == [b"old"] * 3
    assert sorted(tmp_path.iterdir()) == paths


def test_more_files_than_a_process_may_open_are_replaced(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        replace_files({tmp_path / f"{number}": b"" for number in range(300)})
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert len([*tmp_path.iterdir()]) == 300


def test_what_another_run_is_writing_is_not_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with _temporary_file(path, b"one") as name:
        assert create_file(path, b"two")
        replace_file(path, b"three")
        assert Path(name).read_bytes() == b"one"
    assert path.read_bytes() == b"three"
    assert [*tmp_path.iterdir()] == [path]


def test_what_is_cleared_away_before_its_writer_could_lock_it_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    lock = fcntl.flock

    def late(file: IO[bytes], operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        replace_file(path, b"other")
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    replace_file(path, b"own")
    assert path.read_bytes() == b"own"
    assert [*tmp_path.iterdir()] == [path]


def test_only_what_killed_writers_of_the_same_file_left_is_cleared_away(tmp_path: Path) -> None:
    kept = [".b.x.new", ".a.x", "a.x.new", ".ab.x.new"]
    for name in [*kept, ".a.x.new", ".a.y.new"]:
        (tmp_path / name).write_bytes(b"left")
    (tmp_path / ".a.d.new").mkdir()
    (tmp_path / ".a.l.new").symlink_to(kept[0])
    replace_file(tmp_path / "a", b"new")
    assert {path.name for path in tmp_path.iterdir()} == {"a", ".a.d.new", ".a.l.new", *kept}


def test_two_runs_at_once_are_safe(edition: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command_line = [sys.executable, "-m", "pipeline", "report"]
    runs = [subprocess.Popen(command_line, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(run.communicate()[0] for run in runs)
    assert [run.returncode for run in runs] == [0, 0]
    # The second one waited, and found the work done.
    assert said == ["out/test/report.pdf: 1ページ、警告0件\n", "out/test/report.pdf: 変わっていません。\n"]
    assert edition.exists()


# A disk that is full, an out/ that is none


def test_a_disk_that_fills_before_the_content_is_on_it_leaves_the_old_report_and_says_so(
    edition: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("report")
    good = contents("out")
    edition.write_text(LATER, "utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run("report") == 3
    assert contents("out") == good
    assert "空き容量がありません" in capsys.readouterr().err


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """A small disk at `folder`, while the test runs."""
    folder.mkdir(exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"no file system may be mounted here: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="no mount here")
def test_a_disk_that_fills_at_any_file_leaves_every_file_as_it_was(
    edition: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mounted(Path("out")):
        assert run("report") == 0
        assert run("data") == 0
        good = contents("out")
        pdf, html = (Path(f"out/test/report.{suffix}").stat().st_size for suffix in ("pdf", "html"))
        edition.write_text(LATER, "utf-8")
        for room in (0, pdf // 2, pdf + 8192, pdf + html // 2, pdf + html + 4096):
            full = os.statvfs("out")
            Path("out/filler").write_bytes(bytes(full.f_bavail * full.f_frsize - room // 4096 * 4096))
            capsys.readouterr()
            assert run("report") == 3
            assert "空き容量がありません" in capsys.readouterr().err
            Path("out/filler").unlink()
            assert contents("out") == good
            assert leftovers() == []
        assert run("report") == 0
        assert contents("out") != good


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """`folder` and what is in it cannot be written; root, whom no mode stops, needs a file system that says so."""
    if os.geteuid():
        folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
        try:
            for path in folders:
                path.chmod(0o555)
            yield
        finally:
            for path in folders:
                path.chmod(0o755)
        return
    if subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_an_out_that_cannot_be_written_is_said_and_read_on(edition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report") == 0
    good = contents("out")
    with read_only(Path("out")):
        capsys.readouterr()
        assert run("report") == 0
        assert "変わっていません" in capsys.readouterr().out
        edition.write_text(LATER, "utf-8")
        for target in ("report", "data", "sheets", "summary"):
            assert run(target) == 3
            (line,) = capsys.readouterr().err.splitlines()
            assert line.startswith("out/")
            assert "書き込" in line
    assert contents("out") == good


def test_a_source_that_cannot_be_written_is_said(edition: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sheets") == 0
    file = returned(Path())
    with read_only(Path("source")):
        capsys.readouterr()
        assert run("import", str(file), "--apply") == 3
        assert run("next", "--from", "test", "--to", "later") == 3
        said = capsys.readouterr().err.splitlines()
    assert [line.split(": 書き込")[0].rsplit("/")[-1] for line in said] == ["test.yaml", "later.yaml"]
    assert edition.read_text("utf-8") == HEALTHY
    assert [*edition.parent.iterdir()] == [edition]


def _link(path: str) -> Callable[[Path], None]:
    def prepare(elsewhere: Path) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).symlink_to(elsewhere)

    return prepare


def _file(path: str) -> Callable[[Path], None]:
    def prepare(_: Path) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("", "utf-8")

    return prepare


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (_link("out"), "out がほかの場所へのリンクになっています"),
        (lambda _: Path("out").symlink_to("nowhere"), "out がほかの場所へのリンクになっています"),
        (_file("out"), "out がフォルダーではありません"),
        (_link("out/test"), "out/test がほかの場所へのリンクになっています"),
        (_link("out/.build"), "out/.build がほかの場所へのリンクになっています"),
        (_link("out/.fonts"), "out/.fonts がほかの場所へのリンクになっています"),
        (_file("out/test"), "out/test がフォルダーではありません"),
        (_file("out/.build"), "out/.build がフォルダーではありません"),
        (lambda there: _link("out/.build/test-report.lock")(there / "file"), "out/.build/test-report.lock: ほかの場所"),
        (lambda _: Path("out/test/report.pdf").mkdir(parents=True), "out/test/report.pdf: ファイルではなくフォルダー"),
        (lambda _: Path("out/.build/test-report.lock").mkdir(parents=True), "ファイルではなくフォルダーです"),
    ],
)
def test_an_out_that_is_none_is_refused_and_nothing_is_written_elsewhere(
    prepare: Callable[[Path], None],
    said: str,
    edition: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "file").write_text("mine", "utf-8")
    prepare(elsewhere)
    assert run("report") == 3
    assert said in capsys.readouterr().err
    assert [path.name for path in elsewhere.iterdir()] == ["file"]
    assert (elsewhere / "file").read_text("utf-8") == "mine"
    assert leftovers() == []
    assert edition.exists()


def test_a_document_that_is_a_link_is_replaced_itself(edition: Path, tmp_path: Path) -> None:
    assert run("report") == 0
    elsewhere = tmp_path / "elsewhere.pdf"
    elsewhere.write_text("mine", "utf-8")
    for name in ("test/report.pdf", ".build/test-report.json"):
        Path("out", name).unlink()
        Path("out", name).symlink_to(elsewhere)
    assert run("report") == 0
    assert elsewhere.read_text("utf-8") == "mine"
    assert Path("out/test/report.pdf").read_bytes().startswith(b"%PDF-")
    assert not Path("out/test/report.pdf").is_symlink()
    assert edition.exists()


# A source that changes meanwhile


STAGES = ["読み込み", "点検", "紙面", "PDF作成", "検査", "書き出し"]
AFTER_READING = STAGES[1::2]


def at_stage(monkeypatch: pytest.MonkeyPatch, stage: str, act: Callable[[], object]) -> None:
    """Let `act` happen once, when that stage begins."""
    left = [stage]

    @contextmanager
    def step(name: str) -> Iterator[None]:
        if name in left:
            left.remove(name)
            act()
        yield

    monkeypatch.setattr(actions, "_step", step)


@pytest.mark.parametrize("stage", AFTER_READING)
def test_a_source_that_changes_meanwhile_gives_one_state_of_it_and_is_made_anew(
    stage: str, edition: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_stage(monkeypatch, stage, lambda: edition.write_text(LATER, "utf-8"))
    assert run("report") == 0
    page = Path("out/test/report.html").read_text("utf-8")
    assert "終えた" not in page
    assert "終わった" in page
    carried = read_source(Path("out/test/report.pdf"))
    assert carried.data.decode() == HEALTHY
    capsys.readouterr()
    assert run("report") == 0
    assert "ページ" in capsys.readouterr().out
    assert "終えた" in Path("out/test/report.html").read_text("utf-8")
    assert run("report") == 0
    assert "変わっていません" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["summary", "diff"])
def test_an_edition_before_that_changes_meanwhile_is_noticed_by_the_next_run(
    target: str, edition: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("source/next.yaml").write_text(f"前版: test\n{HEALTHY}", "utf-8")
    at_stage(monkeypatch, "紙面", lambda: edition.write_text(HEALTHY.replace("項目三", "別の項目"), "utf-8"))
    assert run(target, "next") == 0
    capsys.readouterr()
    assert run(target, "next") == 0
    assert "ページ" in capsys.readouterr().out


def test_a_source_that_changes_while_it_is_read_is_not_taken_for_one(
    edition: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = os.fstat

    def late(descriptor: int) -> os.stat_result:
        found = state(descriptor)
        monkeypatch.setattr(os, "fstat", state)
        edition.write_text(LATER[: len(LATER) // 2], "utf-8")
        return found

    monkeypatch.setattr(os, "fstat", late)
    assert run("check") == 1
    assert "E101: 読んでいる間に書き換えられました。" in capsys.readouterr().err


# Too little memory


@pytest.mark.parametrize("stage", STAGES)
def test_memory_that_ends_in_any_stage_is_said(
    stage: str, edition: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise MemoryError

    at_stage(monkeypatch, stage, fail)
    assert run("report") == 3
    assert "メモリーが足りません" in capsys.readouterr().err
    assert contents("out") == {}
    assert edition.exists()


def cold(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of its own, after `code`."""
    program = f"import sys\n{code}\nfrom pipeline.cli.command import main\nsys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        # -B: a module that is loaded here first would be written beside its source, which is not the command's doing.
        [sys.executable, "-B", "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.mark.parametrize("limit", [80, 160, 300] if FAULTS == 1 else range(80, 310, 10))
def test_too_little_memory_is_said_and_delivers_nothing(limit: int, edition: Path) -> None:
    """In megabytes. Where Pango itself would find out, it would end the process without a word."""
    ran = cold(f"import resource\nresource.setrlimit(resource.RLIMIT_AS, ({limit << 20}, {limit << 20}))", "report")
    assert (ran.returncode, ran.stdout) == (3, ""), ran.stderr
    (said,) = ran.stderr.splitlines()
    assert "メモリーが足り" in said
    assert contents("out") == {}
    assert edition.exists()


# A clock far off


FAR_OFF = """
import datetime, time
NOW = {now}.0
real = datetime.datetime
class Kind(type):
    def __instancecheck__(cls, value):
        return isinstance(value, real)
class Late(real, metaclass=Kind):
    @classmethod
    def now(cls, tz=None):
        return real.fromtimestamp(NOW, tz)
    today = utcnow = now
datetime.datetime = Late
time.time, time.time_ns = lambda: NOW, lambda: int(NOW) * 10**9
for name in ("localtime", "gmtime"):
    def fixed(seconds=None, original=getattr(time, name)):
        return original(NOW if seconds is None else seconds)
    setattr(time, name, fixed)
"""


def test_a_clock_that_is_far_off_changes_no_byte(edition: Path, tmp_path: Path) -> None:
    assert [run(target) for target in ("data", "sheets", "report")] == [0, 0, 0]
    good = contents("out")
    assert {name.rsplit(".")[-1] for name in good} == {"pdf", "html", "csv", "json", "xlsx"}
    # 1975 and 2191: before and after what a zip can say.
    for name, now in (("past", 150_000_000), ("future", 7_000_000_000)):
        folder = tmp_path / name
        (folder / "source").mkdir(parents=True)
        shutil.copy(edition, folder / "source")
        os.utime(folder / SOURCE, (now, now))
        os.chdir(folder)
        before = "from pipeline.cli.command import main as first\nfirst(['data'])\nfirst(['sheets'])"
        ran = cold(FAR_OFF.format(now=now) + before, "report")
        assert (ran.returncode, ran.stderr) == (0, "")
        assert contents("out") == good
        assert run("report") == 0
        assert contents("out") == good


# No network, and nothing outside the project


EVERYTHING = [
    ["report", "--jobs", "1"],
    ["check"],
    ["data"],
    ["summary", "--jobs", "1"],
    ["history"],
    ["diff"],
    ["diff", "--from", "out/test/report.pdf", "--to", "later"],
    ["errata", "--from", "wrong.yaml", "--to", "test"],
    ["sheets", "test"],
    ["next", "--from", "later", "--to", "last"],
]

WATCH = """
import json, os, sys
STARTS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"}
READS = {"open", "os.listdir", "os.scandir"}
WRITES = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate", "os.utime"}
seen = set()
def looks_for_library():
    frame = sys._getframe(2)
    while frame and frame.f_globals.get("__name__") != "ctypes.util":
        frame = frame.f_back
    return bool(frame)
def hook(event, given):
    if event.split(".")[0] in ("socket", "urllib", "http", "ftplib", "smtplib", "webbrowser"):
        seen.add((event, ""))
    elif event in STARTS | READS | WRITES and not looks_for_library():  # which asks ldconfig, and a compiler
        if event in STARTS:
            seen.add((event, ""))
            return
        writes = event in WRITES or (event == "open" and isinstance(given[2], int) and bool(given[2] & 3))
        for path in given[:2] if event in ("os.rename", "os.link") else given[:1]:
            if isinstance(path, (str, bytes, os.PathLike)):
                seen.add(("write" if writes else "read", os.path.realpath(os.fsdecode(path))))
sys.addaudithook(hook)
from pipeline.processes import helper_process
from pipeline.cli.command import main as run
helper_process.may_fork = lambda: False  # another process would have a hook that nobody asks
for arguments in json.loads(sys.argv.pop(1)):
    assert run(arguments) == 0, arguments
print("SEEN " + json.dumps(sorted(seen)))
sys.argv[1:] = ["check"]
"""


def test_no_command_opens_a_socket_or_a_file_that_is_none_of_its_own(edition: Path) -> None:
    Path("source/later.yaml").write_text(f"前版: test\n{HEALTHY}", "utf-8")
    Path("wrong.yaml").write_text(HEALTHY.replace("終わった", "終えた"), "utf-8")
    ran = cold(WATCH, json.dumps(EVERYTHING))
    assert ran.returncode == 0, ran.stderr[-3000:]
    seen = {(event, path) for event, path in json.loads(ran.stdout.split("SEEN ")[-1].split("\n")[0])}
    assert {event for event, _ in seen} == {"read", "write"}
    own = str(Path.cwd().resolve())
    # openpyxl writes each sheet to a temporary file first, which only its owner can read.
    temporary = os.path.realpath(tempfile.gettempdir())
    written = {path for event, path in seen if event == "write" and not path.startswith((own, "/dev/null"))}
    assert {os.path.dirname(path) for path in written - {temporary}} <= {temporary}
    assert not any(os.path.exists(path) for path in written - {temporary})
    machine = {"/usr", "/lib", "/etc", "/proc", "/sys", "/dev", "/opt", "/Library", "/System"}
    folders = [str(ROOT), sys.prefix, sys.base_prefix, *map(os.path.expanduser, FOLDERS)]
    machine |= {os.path.realpath(folder) for folder in folders}
    strange = {path for _, path in seen if not path.startswith((own, *machine))} - written
    assert strange <= {os.path.realpath(folder) for folder in ("/", "~/.local/share")}
    assert edition.read_text("utf-8") == HEALTHY


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare here")
def test_a_machine_without_any_network_makes_the_same_report(edition: Path) -> None:
    assert run("report") == 0
    good = contents("out")
    shutil.rmtree("out")
    alone = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("no namespace may be made here")
    program = "import socket, sys; print([name for _, name in socket.if_nameindex()]); from pipeline.cli.command import main; sys.exit(main(['report']))"
    ran = subprocess.run(
        [*alone, sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[0] == "['lo']"
    assert contents("out") == good
    assert edition.exists()


# What is typed is text


class Tags(HTMLParser):
    """The elements of a page with the names of their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


MARKUP = """\"'><script>a(1)</script><img src=x onerror=y>{{ 7*7 }}{% raw %}</style></td>&lt;${1}javascript:"""


def test_markup_in_a_source_is_text_in_every_document(edition: Path) -> None:
    said = {}
    harmless = "a" * len(MARKUP)  # as wide
    for words in (harmless, MARKUP):
        text = HEALTHY
        for old in ("試験一覧", "試験市", "実施済", "方針一", "施策一", "項目一", "終わった。"):
            text = text.replace(f" {old}\n", f" '{old}{words.replace(chr(39), chr(39) * 2)}'\n")
        edition.write_text(text, "utf-8")
        before, after = (
            validate(parse_source(Path(f"source/{name}.yaml"), changed.encode()))
            for name, changed in (
                ("test", text),
                ("next", f"前版: test\n{text}".replace("実施状況: ○", "実施状況: ×")),
            )
        )
        documents = [
            report(before),
            summary(after, before),
            comparison(before, after),
            history((before, after)),
            errata(before, after),
        ]
        said[words] = [Tags(document.html) for document in documents]
    assert [page.tags for page in said[MARKUP]] == [page.tags for page in said[harmless]]
    assert ["項目一" + MARKUP in page.words for page in said[MARKUP]] == [True, False, False, True, False]
    assert all("{{ 7*7 }}" in page.words for page in said[MARKUP])
    # The proof, too, finds the text in the PDF.
    assert run("report") == 0
