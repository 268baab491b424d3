"""A process beside this one, which gets ready for its work while we get the work ready."""

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
    """Whether a fork of this process is as good as the process: on Linux, while it has one thread."""
    # On macOS the system's own libraries, which find the fonts there, do not survive a fork.
    return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1


def start_helper_process(
    work: Callable[..., Any], prepare: Callable[[], None] | None = None, logs: Sequence[str] = ()
) -> "HelperProcess | None":
    """A `HelperProcess`; None where this process may not fork, or the machine has no room for another one."""
    if not may_fork():
        return None
    with contextlib.suppress(OSError):
        return HelperProcess(work, prepare, logs)
    return None


class HelperProcess:
    """A process, forked from this one as it is now, that does `work` when it is asked to; before that, it may `prepare`.

    What `work` is given and what it returns can be pickled. What is logged there in `logs` is logged here too. The
    process ends with this one: with nobody to hear of a step that it logs, or of what it found, it goes no further.
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
        # Else this process would end by waiting for the other, which waits to be asked.
        atexit.register(self._orders.close)

    def ask(self, *arguments: Any) -> Callable[[], Any]:
        """Have `work` done with `arguments`; what is returned waits for it and gives what it returned.

        Or raises the `PipelineError` that it raised. What else keeps it from being done there is met here, in a try
        of our own.
        """
        with contextlib.suppress(OSError):  # it has ended
            self._orders.send(arguments)
        return partial(self._answer, arguments)

    def end(self) -> None:
        """Wait for the end of the process, which has nothing more to do."""
        self._orders.close()
        self._process.join()
        self._answers.close()

    def _answer(self, arguments: Sequence[Any]) -> Any:
        said: Any = None
        try:
            while isinstance(said := self._answers.recv(), logging.LogRecord):
                logging.getLogger(said.name).handle(said)
        except (EOFError, OSError):
            said = None  # it has ended
        except BaseException:
            self._process.kill()
            raise
        if said is None:
            return self._work(*arguments)
        error, result = said
        if error:
            raise error
        return result


def _serve(
    beside: HelperProcess,
    orders: Connection,
    answers: Connection,
    prepare: Callable[[], None] | None,
    logs: Sequence[str],
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The other ends, or it would never see that nobody is there any more.
    beside._orders.close()
    beside._answers.close()
    if logs:
        tell = logging.Handler()
        tell.emit = answers.send  # type: ignore[assignment, method-assign]
        for name in logs:
            logging.getLogger(name).addHandler(tell)
            logging.getLogger(name).setLevel(logging.INFO)
    else:
        logging.disable(logging.INFO)
    try:
        if prepare:
            prepare()
        while True:
            arguments = orders.recv()
            try:
                answer: tuple[PipelineError | None, Any] = (None, beside._work(*arguments))
            except PipelineError as error:
                answer = (error, None)
            answers.send(answer)
    finally:
        os._exit(0)
