"""Runs of code, each in a process forked from one that has imported the engine: that takes longer than most runs."""

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Ended(NamedTuple):
    """What a run left: its exit code (below 0: the signal that ended it), and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class WarmProcess:
    """A process that has imported the engine, and has laid out nothing. It works in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._is_running = False
        self._said = folder / "stdout", folder / "stderr"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", *map(str, self._said)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def start(self, code: str) -> int:
        """Begin to run `code` in the current folder. Gives the id of its process, which leads a session of its own."""
        if self._is_running:  # a test has failed, and nobody asked how its run ended
            self.wait()
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"folder": str(Path.cwd()), "code": code}) + "\n")
        self._process.stdin.flush()
        self._is_running = True
        return self._answer()

    def wait(self) -> Ended:
        """Wait for the run to end; after a minute it is ended."""
        code = self._answer()
        self._is_running = False
        return Ended(code, *(path.read_text("utf-8") for path in self._said))

    def _answer(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())

    def run(self, code: str) -> Ended:
        """Run `code` in the current folder, and wait for its end."""
        self.start(code)
        return self.wait()

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def warm_process(folder: Path) -> Iterator[WarmProcess]:
    """A `WarmProcess` that works in `folder`, ended after the block."""
    process = WarmProcess(folder)
    try:
        yield process
    finally:
        process.end()


def main() -> None:
    """Fork a run for each JSON object on standard input. Prints the id of its process, and then its exit code."""
    from pipeline.line import warm_up

    warm_up()
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if not child:
            # It ends as a program does, and not at once: it waits for its own threads and processes.
            _run(**json.loads(line))
            return
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _run(folder: str, code: str) -> None:
    gc.freeze()  # what is imported is not looked through again
    signal.alarm(60)
    os.setsid()
    os.chdir(folder)
    for descriptor, path in enumerate(sys.argv[1:], 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
    exec(code, {"__name__": "__main__"})


if __name__ == "__main__":
    main()
