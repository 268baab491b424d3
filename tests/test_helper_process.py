"""A process beside ours: it answers, what goes wrong there shows itself here, and nothing of it stays behind."""

import gc
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pipeline.cli.command import main
from pipeline.processes.gc_pause import gc_paused
from pipeline.processes.helper_process import start_helper_process

from .conftest import HEALTHY, ROOT
from .test_delivery import digests
from .test_pool import room_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked here")

# Of three pages, as the original is: the second begins where it is told to.
LONG = HEALTHY.replace("- 名称: 施策二\n", "- 名称: 施策二\n        改ページ: true\n")

BEGIN = """
import logging, os, sys, time
from pipeline.processes.helper_process import HelperProcess
from pipeline.errors import UsageError
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of `code` in a process of its own, which has one thread. Nothing of it may be left."""
    with started(code, *arguments) as process:
        out, err = process.communicate(timeout=30)
        assert is_gone(process.pid)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@contextmanager
def started(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN + code, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        # What should not be there any more is not to hang the tests.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def is_gone(group: int) -> bool:
    """Whether, within ten seconds, all processes of `group` have ended.

    In a container whose first process does not ask for the exit codes of orphans, they stay in the table of processes.
    """
    for _ in range(200):
        if group not in groups_at_work():
            return True
        time.sleep(0.05)
    return False


def groups_at_work() -> Iterator[int]:
    """The group of each process that has not ended."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, group = path.read_text("utf-8", "replace").rsplit(") ", 1)[1].split()[:3]
            if state != "Z":
                yield int(group)


def test_what_is_asked_for_is_done_elsewhere_and_answered_in_order() -> None:
    made = run("""
beside = HelperProcess(lambda number: (number, os.getpid() != here))
here = 0
waiting = [beside.ask(number) for number in range(3)]
print([wait() for wait in waiting])
beside.end()
""")
    assert (made.stdout, made.stderr) == ("[(0, True), (1, True), (2, True)]\n", "")


def test_it_gets_ready_before_it_is_asked() -> None:
    made = run("""
ready = []
beside = HelperProcess(lambda: ready, lambda: ready.append(1))
print(beside.ask()(), ready)
""")
    assert (made.stdout, made.stderr) == ("[1] []\n", "")


def test_what_is_logged_there_is_heard_here() -> None:
    made = run("""
def work():
    logging.getLogger("steps").info("Page %d", 7)
    logging.getLogger("others").info("Page 8")
class Heard(logging.Handler):
    def emit(self, record):
        print(os.getpid() == here, record.getMessage())
here = os.getpid()
beside = HelperProcess(work, logs=["steps"])
logging.getLogger("steps").addHandler(Heard())
beside.ask()()
""")
    assert (made.stdout, made.stderr) == ("True Page 7\n", "")


def test_an_error_in_what_was_given_is_raised_here() -> None:
    made = run("""
def work(name):
    raise UsageError(f"{name}は使えません。")
beside = HelperProcess(work)
for name in "甲", "乙":
    try:
        beside.ask(name)()
    except UsageError as error:
        print(error)
""")
    assert (made.stdout, made.stderr) == ("甲は使えません。\n乙は使えません。\n", "")


def test_a_bug_keeps_its_traceback() -> None:
    made = run("""
def work():
    return 1 / 0
HelperProcess(work).ask()()
""")
    assert made.returncode == 1
    assert "in work\n" in made.stderr
    assert made.stderr.count("Traceback") == 1


@pytest.mark.parametrize("when", ["os.kill(os.getpid(), 9)", "None", "time.sleep(0.2) or os.kill(os.getpid(), 9)"])
def test_what_the_machine_ends_is_done_here(when: str) -> None:
    made = run(f"""
def work():
    if os.getpid() != here:
        {when}
    return os.getpid() == here
here = os.getpid()
beside = HelperProcess(work, lambda: {"None" if when != "None" else "os.kill(os.getpid(), 9)"})
print([beside.ask()(), beside.ask()()])
""")
    assert (made.stdout, made.stderr) == ("[True, True]\n", "")


AT_WORK = """
def work():
    for number in range(1000):
        time.sleep(0.01)
        logging.getLogger("steps").info("%d", number)
beside = HelperProcess(work, logs=["steps"])
print("ready", flush=True)
"""


@pytest.mark.parametrize("code", [AT_WORK + "beside.ask()()", AT_WORK + "time.sleep(30)"], ids=["at work", "idle"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_us(code: str, how: signal.Signals) -> None:
    with started(code) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(how)
        process.communicate(timeout=10)
        assert is_gone(process.pid)


def test_none_is_forked_from_a_process_with_threads_or_where_that_does_not_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        assert start_helper_process(print) is None
    finally:
        ended.set()
        thread.join()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert start_helper_process(print) is None


# A report, cold


def report(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    return run(f"{code}\nfrom pipeline.cli.command import main\nsys.exit(main(sys.argv[1:]))", "report", *arguments)


# In two halves, in one piece, and where the other process cannot be had.
@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (HEALTHY, [""]),
        (
            LONG,
            [
                "",
                "from pipeline.processes import helper_process\nhelper_process.may_fork = lambda: False",
                "from pipeline.layout import pdf\npdf.warm_up = lambda *_: os._exit(1)",
                room_for(0),
            ],
        ),
    ],
    ids=["in one", "in two"],
)
def test_with_one_process_or_more_a_report_is_the_same(
    text: str, codes: list[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "source/test.yaml").write_text(text, "utf-8")
    assert main(["report"]) == 0
    files, said = digests(Path("out")), capsys.readouterr()
    for code in codes:
        shutil.rmtree("out")
        two = report("--jobs", "2", code=code)
        assert digests(Path("out")) == files
        assert (two.returncode, two.stdout, two.stderr) == (0, *said)


def test_a_source_with_errors_is_answered_as_ever(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "source/test.yaml").write_text(HEALTHY.replace("NO: 2", "NO: 1"), "utf-8")
    assert main(["report"]) == 1
    two = report("--jobs", "2")
    assert (two.returncode, two.stdout, two.stderr) == (1, *capsys.readouterr())
    assert "source/test.yaml:20:" in two.stderr


def test_one_run_makes_a_document_again_and_others_need_not_wait_for_its_end(project: Path) -> None:
    """The process beside holds no lock: it is there from before the first one on."""
    (project / "source/test.yaml").write_text(HEALTHY, "utf-8")
    made = run("""
import subprocess
from pipeline.cli.command import main
for _ in range(2):
    assert main(["report", "--jobs", "2"]) == 0
    os.utime("source/test.yaml")
subprocess.run([sys.executable, "-m", "pipeline", "report"], check=True, timeout=20)
""")
    assert made.stderr == ""
    assert made.stdout.count("1ページ") == 3


def test_ctrl_c_ends_both_at_once(project: Path) -> None:
    text = HEALTHY.replace("検討する。", "検討する。" * 1500)
    (project / "source/test.yaml").write_text(text, "utf-8")
    code = """
from pipeline import line
from pipeline.cli import command
laid_out = line.expect_pages
def expect_pages(number):
    print("laying out", flush=True)
    laid_out(number)
line.expect_pages = expect_pages
sys.exit(command.main(["report", "--jobs", "2"]))
"""
    with started(code) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (130, "中止しました。作成したと表示した資料のほかは、前のままです。\n")
        assert is_gone(process.pid)
    assert not Path("out/test").exists()


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_garbage_collector_rests_during_heavy_work_and_is_left_as_it_was(was_enabled: bool) -> None:
    before = gc.isenabled()
    (gc.enable if was_enabled else gc.disable)()
    try:
        with gc_paused():
            assert not gc.isenabled()
        assert gc.isenabled() == was_enabled
    finally:
        (gc.enable if before else gc.disable)()
