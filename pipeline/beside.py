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

from .errors import PipelineError


def may_fork() -> bool:
    """Whether a fork of this process is as good as the process: on Linux, while it has one thread."""
    # On macOS the system's own libraries, which find the fonts there, do not survive a fork.
    return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1


class Beside:
    """A process, forked from this one as it is now, that does `work` when it is asked to; before that, it may `prepare`.

    What `work` is given and what it returns can be pickled. What is logged there in `logs` is logged here too. The
    process ends with this one: with nobody to hear of a step that it logs, or of what it found, it goes no further.
    """

    def __init__(
        self, work: Callable[..., Any], prepare: Callable[[], None] | None = None, logs: Sequence[str] = ()
    ) -> None:
        self._work = work
        self._pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_serve, args=(theirs, self._pipe, work, prepare, logs))
        self._process.start()
        theirs.close()
        # Else this process would end by waiting for the other, which waits to be asked.
        atexit.register(self._pipe.close)

    def ask(self, *arguments: Any) -> Callable[[], Any]:
        """Have `work` done with `arguments`; what is returned waits for it and gives what it returned.

        Or raises the `PipelineError` that it raised. What else keeps it from being done there is met here, in a try
        of our own.
        """
        with contextlib.suppress(OSError):  # it has ended
            self._pipe.send(arguments)
        return partial(self._answer, arguments)

    def end(self) -> None:
        """Wait for the end of the process, which has nothing more to do."""
        self._pipe.close()
        self._process.join()

    def _answer(self, arguments: Sequence[Any]) -> Any:
        try:
            while isinstance(said := self._pipe.recv(), logging.LogRecord):
                logging.getLogger(said.name).handle(said)
        except (EOFError, OSError):
            return self._work(*arguments)
        except BaseException:
            self._process.kill()
            raise
        error, result = said
        if error:
            raise error
        return result


def _serve(
    pipe: Connection,
    other_end: Connection,
    work: Callable[..., Any],
    prepare: Callable[[], None] | None,
    logs: Sequence[str],
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    other_end.close()  # or it would never see that nobody is there any more
    if logs:
        tell = logging.Handler()
        tell.emit = pipe.send  # type: ignore[assignment, method-assign]
        for name in logs:
            logging.getLogger(name).addHandler(tell)
            logging.getLogger(name).setLevel(logging.INFO)
    else:
        logging.disable(logging.INFO)
    try:
        if prepare:
            prepare()
        while True:
            arguments = pipe.recv()
            try:
                answer: tuple[PipelineError | None, Any] = (None, work(*arguments))
            except PipelineError as error:
                answer = (error, None)
            pipe.send(answer)
    finally:
        os._exit(0)
