"""Many editions at once: the same files and the same words as one after the other, and an end that leaves nothing behind."""

import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.cli import actions, command
from pipeline.cli.output import print_problems
from pipeline.errors import LackError, PipelineError, Problem, ProofError, SourceError, UsageError

from .conftest import DONE, HEALTHY, ROOT
from .test_delivery import digests
from .warm import Ended, WarmProcess, warm_process

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def editions(project: Path) -> list[str]:
    """Of four editions, the second has a warning and the third an error."""
    texts = {
        "a": HEALTHY,
        "b": HEALTHY.replace("今後の取扱い: 継続\n            検証", "今後の取扱い: 完了\n            検証") + DONE,
        "c": HEALTHY.replace("実施状況: ×", "実施状況: ✕"),
        "d": HEALTHY.replace("終わった", "終えた"),
    }
    for name, text in texts.items():
        (project / f"source/{name}.yaml").write_text(text, "utf-8")
    return [*texts]


def room_for(processes: int) -> str:
    """Code for a process that can fork so many others and no more."""
    return f"""
import os
fork, room = os.fork, iter(range({processes}))
def forked():
    if next(room, None) is None:
        raise BlockingIOError
    return fork()
os.fork = forked
"""


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmProcess]:
    with warm_process(tmp_path_factory.mktemp("warm")) as process:
        yield process


Run = Callable[..., Ended]


@pytest.fixture
def run(warm: WarmProcess) -> Run:
    """A run of the command in a process of its own, after `code`. Of several editions, the first thing is to import."""

    def made(*arguments: str, code: str = "") -> Ended:
        return without_progress(warm.run(program(arguments, code)))

    return made


def run_cold(*arguments: str, code: str = "") -> Ended:
    """A run that imports all by itself."""
    made = subprocess.run(
        [sys.executable, "-c", program(arguments, code)],
        env=ENVIRONMENT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    return without_progress(Ended(made.returncode, made.stdout, made.stderr))


def program(arguments: tuple[str, ...], code: str) -> str:
    return f"import sys; from pipeline.cli import command\n{code}\nsys.exit(command.main({arguments!r}))"


def without_progress(made: Ended) -> Ended:
    """On a slow machine a run of several editions says how far it has come."""
    return made._replace(stderr=re.sub(r"^\d/\d版.*\n", "", made.stderr, flags=re.MULTILINE))


def test_two_processes_forked_or_not_make_the_same_files_and_say_the_same_in_the_same_order(
    editions: list[str], run: Run
) -> None:
    one = run("report", "--jobs", "1")
    files = digests(Path("out"))
    shutil.rmtree("out")
    two = run_cold("report", "--jobs", "2")
    assert digests(Path("out")) == files
    assert len(files) == 6
    assert (two.returncode, two.stdout, two.stderr) == (one.returncode, one.stdout, one.stderr)
    assert one.returncode == 1
    assert [line.split("/")[1] for line in two.stdout.splitlines()] == ["a", "b", "d"]
    assert "W506" in two.stderr
    assert "E402" in two.stderr
    shutil.rmtree("out")
    spawned = run_cold(
        "report", "--jobs", "2", code="from pipeline.processes import pool; pool.may_fork = lambda: False"
    )
    assert digests(Path("out")) == files
    assert (spawned.returncode, spawned.stdout, spawned.stderr) == (one.returncode, one.stdout, one.stderr)
    assert editions


def test_no_pool_is_started_for_one_edition_or_none(editions: list[str]) -> None:
    os.unlink("source/c.yaml")
    assert command.main(["report"]) == 0
    told = "import atexit; atexit.register(lambda: print('pipeline.processes.pool' in sys.modules, 'pipeline.processes.helper_process' in sys.modules))"
    for changed, expected in ([], "False False"), (["a"], "False True"), (["a", "d"], "True True"):
        for name in changed:
            os.utime(f"source/{name}.yaml")
        said = run_cold("report", "--jobs", "2", code=told).stdout.splitlines()
        assert said[-1] == expected
        assert [line.split("/")[1] for line in said[:-1] if "変わっていません" not in line] == changed
    assert editions


def test_a_bug_keeps_its_traceback(editions: list[str], run: Run) -> None:
    made = run("report", "--jobs", "2", code="from pipeline.proof import proof\nproof.prove = lambda *_: 1 / 0")
    assert made.returncode == 1
    assert "ZeroDivisionError" in made.stderr
    assert "in _make\n" in made.stderr
    assert not list(Path("out").glob("[a-d]/*"))
    assert editions


def test_a_disk_that_is_full_is_explained_as_ever(editions: list[str], run: Run) -> None:
    code = "import os\ndef full(*_): raise OSError(28, 'No space left on device')\nos.fsync = full"
    made = run("report", "--jobs", "2", code=code)
    assert made.returncode == 3
    assert "空き容量がありません" in made.stderr
    assert "Traceback" not in made.stderr
    assert editions


def test_a_process_that_the_machine_ends_is_explained(editions: list[str], run: Run) -> None:
    code = "import os\nfrom pipeline.proof import proof\nproof.prove = lambda *_: os.kill(os.getpid(), 9)"
    made = run("report", "--jobs", "2", code=code)
    assert made.returncode == 3
    assert "途中で強制的に終了されました" in made.stderr
    assert "JOBS=1" in made.stderr
    assert "Traceback" not in made.stderr
    assert not list(Path("out").glob("[a-d]/*"))
    assert editions


@pytest.mark.parametrize("processes", [0, 1])
def test_where_the_machine_has_no_room_for_processes_that_is_explained(
    processes: int, editions: list[str], run: Run
) -> None:
    made = run("report", "--jobs", "2", code=room_for(processes))
    assert made.returncode == 3
    assert "一つを始められなかったか" in made.stderr
    assert "JOBS=1" in made.stderr
    assert "Traceback" not in made.stderr
    assert not list(Path("out").glob("[a-d]/*"))
    assert editions


@pytest.fixture
def endless(editions: list[str], warm: WarmProcess) -> Iterator[int]:
    """The id of a run whose two processes, once they have begun their proof, will not end by themselves; in a session of its own."""
    code = (
        "import os, time; from pathlib import Path; from pipeline.cli import command; from pipeline.proof import proof\n"
        "def prove(*_):\n    Path('begun', str(os.getpid())).touch()\n    time.sleep(600)\n"
        "proof.prove = prove\nraise SystemExit(command.main(['report', '--jobs', '2']))"
    )
    os.mkdir("begun")
    process = warm.start(code)
    assert editions
    until(lambda: len(os.listdir("begun")) == 2)
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


def until(happened: object) -> None:
    end = time.monotonic() + 60
    assert callable(happened)
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_gone(process: str) -> bool:
    """A process that has ended counts as gone though nobody has asked for its exit code yet."""
    try:
        return Path("/proc", process, "stat").read_text().rsplit(") ", 1)[1][0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at in /proc")


@needs_proc
@pytest.mark.parametrize("kill", [os.killpg, os.kill], ids=["by Ctrl-C", "alone"])
def test_an_interrupted_run_ends_all_at_once_and_leaves_out_as_it_was(
    kill: Callable[[int, int], None], endless: int, warm: WarmProcess
) -> None:
    kill(endless, signal.SIGINT)
    ended = warm.wait()
    assert ended.returncode == 130
    assert ended.stderr == "中止しました。作成したと表示した資料のほかは、前のままです。\n"
    assert all(map(is_gone, os.listdir("begun")))
    assert not list(Path("out").glob("[a-d]/*"))


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_a_run_that_is_killed(how: signal.Signals, endless: int, warm: WarmProcess) -> None:
    os.kill(endless, how)
    assert warm.wait().returncode != 0
    until(lambda: all(map(is_gone, os.listdir("begun"))))


def test_the_processes_that_share_a_document_answer_and_none_is_left(project: Path, warm: WarmProcess) -> None:
    answer = """
import logging, multiprocessing, os
from pipeline.processes.pool import forked
def work(number):
    return number ** 2, os.getpid() != ours, logging.getLogger().isEnabledFor(logging.INFO)
ours = os.getpid()
with forked(work, 1) as submit:
    print(submit)
with forked(work, 2) as submit:
    print([future.result() for future in [submit(number) for number in (3, 4, 5)]])
print(multiprocessing.active_children())
"""
    assert warm.run(answer) == (0, "None\n[(9, True, False), (16, True, False), (25, True, False)]\n[]\n", "")
    fail = """
import multiprocessing, time
from pipeline.processes.pool import forked
try:
    with forked(time.sleep, 2) as submit:
        for _ in range(4):
            submit(50)
        raise ZeroDivisionError
except ZeroDivisionError:
    print(multiprocessing.active_children())
"""
    assert warm.run(fail) == (0, "[]\n", "")
    assert project.exists()


@pytest.mark.parametrize("given", ["1", "060", str(actions.MOST_JOBS)])
def test_a_number_of_processes_up_to_the_most_is_taken(given: str) -> None:
    assert actions._jobs(given) == int(given)


def test_up_to_two_hundred_problems_are_listed_and_the_others_counted(capsys: pytest.CaptureFixture[str]) -> None:
    for count, last in ((200, "E402: 誤り"), (201, "ほか1件"), (1_200, "ほか1,000件")):
        print_problems([Problem("a.yaml", 1, 2, "E402", "誤り")] * count)
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == min(count, 201)
        assert lines[-1].endswith(last)


@pytest.mark.parametrize("given", ["0", "-1", "abc", "", "1.5", "\uff12", "61", "9" * 5000])
def test_a_number_of_processes_that_cannot_be_is_refused(
    given: str, editions: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for target in ("report", "summary"):
        assert command.main([target, f"--jobs={given}"]) == 2
        assert f"同時に作る数「{given}」は使えません。1から60までの数" in capsys.readouterr().err
    assert not Path("out").exists()
    assert editions


@pytest.mark.parametrize(
    "error",
    [
        SourceError([Problem("a.yaml", 1, 2, "E402", "誤り"), Problem("a.yaml", 0, 0, "W501", "警告")]),
        UsageError("x"),
        LackError("y"),
        ProofError("z"),
    ],
)
def test_errors_are_the_same_in_another_process(error: PipelineError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.__dict__) == (type(error), str(error), error.__dict__)
