"""The machine fails, or somebody interferes: out/ and source/ hold whole files, and the message says what to do."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from pipeline import command
from pipeline.office.form import ANSWERS

from .conftest import HEALTHY, ROOT

SOURCE = Path("source/test.yaml")
LATER = HEALTHY.replace("終わった", "終えた")


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


def test_killed_at_any_moment_a_report_leaves_whole_files_and_the_next_run_is_right(edition: Path, warm: Warm) -> None:
    """At twenty moments over all stages, and before and after each call that writes, renames or removes a file."""
    old = contents("out")
    shutil.copytree("out", "kept", ignore=shutil.ignore_patterns(".fonts"))
    edition.write_text(LATER, "utf-8")
    _, events = warm.run("report")
    new = contents("out")
    assert {*old.values()}.isdisjoint(new.values())
    calls = [event for event in events if event[0] == "call"]
    assert [name for _, name, _ in calls].count("replace") == 3  # PDF, page, record
    stages = {name: seconds for kind, name, seconds in events if kind == "stage"}
    assert [*stages] == ["読込", "検証", "紙面", "組版", "検査", "書出"]

    chance = random.Random(4)
    moments: list[dict[str, object]] = [{"call": number} for number in range(len(calls))]
    moments += [{"call": number + 0.5} for number, call in enumerate(calls) if call[1] == "replace"]
    for stage in [*stages, *stages, *stages, "組版", "書出"]:
        moments.append({"stage": stage, "seconds": chance.random() * stages[stage]})
    survived = 0
    seen: set[tuple[object, ...]] = set()
    for moment in moments:
        for folder in ("test", ".build"):
            shutil.rmtree(f"out/{folder}")
            shutil.copytree(f"kept/{folder}", f"out/{folder}")
        code, _ = warm.run("report", **moment)
        survived += code == 0  # the last stage may end before the clock rings
        assert code in ((-9,) if "call" in moment else (-14, 0)), moment
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
    assert survived < 4
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
    for number in range(2 * len(calls)):
        edition.write_text(HEALTHY, "utf-8")
        assert warm.run(*arguments, call=number / 2)[0] == -9
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
    for number in range(2 * len(calls)):
        draft.unlink()
        assert warm.run(*arguments, call=number / 2)[0] == -9
        was_there.add(draft.exists())
        # What is there is never overwritten, as ever.
        expected = 2 if draft.exists() else 0
        assert warm.run(*arguments)[0] == expected
        assert draft.read_bytes() == new
        assert leftovers() == []
    assert was_there == {False, True}
    assert edition.read_text("utf-8") == HEALTHY
