"""A helper process that prepares itself (imports the layout engine) while this process prepares its work."""

import atexit
import contextlib
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from pipeline.errors import PipelineError


def may_fork() -> bool:
    """Whether a fork of this process can work: on Linux, while it has a single thread."""
    # On macOS the system libraries that find fonts do not work after a fork.
    return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1


def start_helper_process(
    work: Callable[..., Any], prepare: Callable[[], None] | None = None, logs: Sequence[str] = ()
) -> "HelperProcess | None":
    """A new `HelperProcess`; None if this process may not fork, or the system cannot start another process."""
    if not may_fork():
        return None
    with contextlib.suppress(OSError):
        return HelperProcess(work, prepare, logs)
    return None


class HelperProcess:
    """A process forked from this one that calls `prepare` once, and then `work` for each `ask`.

    Arguments and results of `work` must be picklable. Records of the loggers named in `logs` are handled in this process
    too. The helper ends when this process does: its next send or receive on a pipe fails.
    """

    def __init__(
        self, work: Callable[..., Any], prepare: Callable[[], None] | None = None, logs: Sequence[str] = ()
    ) -> None:
        self._work = work
        orders, self._orders = multiprocessing.Pipe(duplex=False)
        self._answers, answers = multiprocessing.Pipe(duplex=False)
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_serve, args=(self, orders, answers, prepare, logs))
        self._process.start()
        orders.close()
        answers.close()
        # At exit, multiprocessing waits for the helper, which waits for orders: close its pipe first.
        atexit.register(self._orders.close)

    def ask(self, *arguments: Any) -> Callable[[], Any]:
        """Call `work(*arguments)` in the helper; returns a function that waits for the result.

        That function raises the `PipelineError` that `work` raised. If the helper fails in another way, it calls `work`
        in this process, where a bug shows its traceback.
        """
        with contextlib.suppress(OSError):  # the helper has ended; _answer sees it too
            self._orders.send(arguments)
        return partial(self._answer, arguments)

    def end(self) -> None:
        """Tell the helper to end, and wait until it has."""
        self._orders.close()
        self._process.join()
        self._answers.close()

    def _answer(self, arguments: Sequence[Any]) -> Any:
        answer: Any = None
        try:
            while isinstance(answer := self._answers.recv(), logging.LogRecord):
                logging.getLogger(answer.name).handle(answer)
        except (EOFError, OSError):
            answer = None  # the helper has ended
        except BaseException:
            self._process.kill()
            raise
        if answer is None:
            return self._work(*arguments)
        error, result = answer
        if error:
            raise error
        return result


def _serve(
    helper: HelperProcess,
    orders: Connection,
    answers: Connection,
    prepare: Callable[[], None] | None,
    logs: Sequence[str],
) -> None:
    """The helper's main loop: receive arguments, send back log records and (error, result), until EOF."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Close the parent's pipe ends here, or recv() never sees EOF.
    helper._orders.close()
    helper._answers.close()
    if logs:
        forward = logging.Handler()
        forward.emit = answers.send  # type: ignore[assignment, method-assign]
        for name in logs:
            logging.getLogger(name).addHandler(forward)
            logging.getLogger(name).setLevel(logging.INFO)
    else:
        logging.disable(logging.INFO)
    try:
        if prepare:
            prepare()
        while True:
            arguments = orders.recv()
            try:
                answer: tuple[PipelineError | None, Any] = (None, helper._work(*arguments))
            except PipelineError as error:
                answer = (error, None)
            answers.send(answer)
    finally:
        os._exit(0)
