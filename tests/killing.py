"""A program for test_faults: warm, it forks runs of a command that are killed at a given moment.

A cold run takes two seconds, a fork of a warm one a fraction of that. It reads a JSON object a line, and answers each
with one: {"folder": …, "arguments": […]} alone runs the command there to its end; "call" is how many calls of what writes, renames
and removes files are let through (a half stands for a kill after the call rather than before); "stage" and "seconds"
kill so long after that stage has begun.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.cli import actions, command
from pipeline.line import warm_up

CALLS = ("replace", "rename", "link", "fsync", "unlink")


def main() -> None:
    warm_up()
    # Read the orders without a buffer, which a fork would share.
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        read, write = os.pipe()
        sys.stdout.flush()
        if (child := os.fork()) == 0:
            os.close(read)
            os._exit(run(order, write))
        os.close(write)
        with open(read, encoding="utf-8") as told:
            events = [json.loads(event) for event in told]
        _, status = os.waitpid(child, 0)
        print("ANSWER " + json.dumps({"code": os.waitstatus_to_exitcode(status), "events": events}), flush=True)


def run(order: dict[str, Any], write: int) -> int:
    def tell(*event: object) -> None:
        os.write(write, (json.dumps(event) + "\n").encode())

    count = 0

    def counted(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal count
            if order.get("call") == count:
                os.kill(os.getpid(), signal.SIGKILL)
            result = original(*given, **named)
            tell("call", name, str(given[-1]))
            if order.get("call") == count + 0.5:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            return result

        return call

    for name in CALLS:
        setattr(os, name, counted(name, getattr(os, name)))

    @contextmanager
    def step(name: str) -> Iterator[None]:
        if order.get("stage") == name:
            # Its default action ends the process as abruptly as SIGKILL, at a moment that no parent could keep.
            signal.setitimer(signal.ITIMER_REAL, max(order["seconds"], 1e-6))
        begin = time.perf_counter()
        yield
        tell("stage", name, time.perf_counter() - begin)

    actions._step = step
    os.chdir(order["folder"])
    os.dup2(os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
    os.dup2(1, 2)
    code = command.main(order["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()
