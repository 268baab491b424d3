"""Many documents at once: a pool of processes, each with the engine warm, whose results come back in order."""

import contextlib
import io
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pipeline.errors import PipelineError

from .helper_process import may_fork

# How often whoever waits is told that time goes on, in seconds.
_TICK = 1.0

# What a pool raises when it cannot begin a process, or its own thread.
_NO_ROOM = (OSError, RuntimeError)

# Those that could be begun: the pool forgets them, and Python would wait for them at its end. They do nothing yet.
_AT_ONCE = signal.SIGKILL

_R = TypeVar("_R")


class Made(NamedTuple):
    """What was printed while a document was made, each piece with whether it is a message, and why it was not made."""

    printed: tuple[tuple[bool, str], ...]
    error: PipelineError | None

    def print(self) -> None:
        """Print it all where it belongs. Raises what kept the document from being made."""
        for is_message, text in self.printed:
            print(text, end="", file=sys.stderr if is_message else sys.stdout)
        if self.error:
            raise self.error


def make_all(
    paths: Sequence[Path],
    make: Callable[[Path], None],
    warm_up: Callable[[], None],
    jobs: int,
    waiting: Callable[[int], None],
) -> Generator[Made, None, None]:
    """What `make` does with each of `paths`, in their order, `jobs` at a time. Both functions can be pickled.

    `waiting` is called now and then with the number of paths that are done. Raises `BrokenProcessPool` if the
    machine has no room for the processes or ends one, and whatever else `make` raised, with its traceback.
    """
    context = multiprocessing.get_context("fork" if may_fork() else "spawn")
    if context.get_start_method() == "fork":
        warm_up()
    pool = ProcessPoolExecutor(min(jobs, len(paths)), context, _begin, (warm_up,))
    made: list[Future[Made]] = []
    try:
        try:
            made += [pool.submit(_make, make, path) for path in paths]
        except _NO_ROOM as error:
            _end_children(_AT_ONCE)
            raise BrokenProcessPool(str(error)) from error
        for each in made:
            while not each.done():
                _wait(made)
                waiting(sum(future.done() for future in made))
            yield each.result()
    finally:
        # Whoever comes here before everything is done will not wait for what is under way.
        if not all(future.done() for future in made):
            _end_children(signal.SIGINT)
        pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def forked(work: Callable[..., _R], jobs: int) -> Iterator[Callable[..., "Future[_R]"] | None]:
    """A way to have `work` done by `jobs` processes forked from this one as it is now; None if that cannot be.

    What is given to `work`, and what it returns, can be pickled; `work` itself goes with the fork. `Future.result`
    raises `BrokenProcessPool` if the machine ends one of the processes.
    """
    if jobs < 2 or not may_fork():
        yield None
        return
    with _ended(ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _begin_with, (work,))) as pool:
        try:
            pool.submit(_nothing)  # now they are there
        except _NO_ROOM:
            _end_children(_AT_ONCE)
            yield None
        else:
            yield partial(pool.submit, _do)


def _end_children(how: int) -> None:
    for process in multiprocessing.active_children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid or 0, how)


_work: Callable[..., Any]


def _begin_with(work: Callable[..., Any]) -> None:
    global _work
    _work = work
    # Whoever follows how far the work has come is in the parent.
    logging.disable(logging.INFO)
    _begin(_nothing)


def _nothing() -> None: ...


def _do(*arguments: Any) -> Any:
    return _work(*arguments)


@contextlib.contextmanager
def _ended(pool: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    """`pool`, of which nothing is left in the end, whatever may still be under way."""
    try:
        yield pool
    except BaseException:
        # Whoever comes here before everything is done will not wait for what is under way.
        _end_children(signal.SIGINT)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _wait(made: Sequence[Future[Made]]) -> None:
    wait([future for future in made if not future.done()], _TICK, FIRST_COMPLETED)


def _begin(warm_up: Callable[[], None]) -> None:
    """In a new process: end when it is told to, or when nobody is there any more that waits for it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warm_up()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def _make(make: Callable[[Path], None], path: Path) -> Made:
    printed: list[tuple[bool, str]] = []
    error = None
    # While it makes a document, a process that is told to end clears up first; while it waits, it has nothing to clear.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with (
            contextlib.redirect_stdout(_Recorder(printed, False)),
            contextlib.redirect_stderr(_Recorder(printed, True)),
        ):
            make(path)
    except PipelineError as caught:
        error = caught
    except KeyboardInterrupt:
        os._exit(130)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return Made(tuple(printed), error)


class _Recorder(io.StringIO):
    """Keeps what is written to it in `printed`."""

    def __init__(self, printed: list[tuple[bool, str]], is_message: bool) -> None:
        super().__init__()
        self._printed, self._is_message = printed, is_message

    def write(self, text: str) -> int:
        self._printed.append((self._is_message, text))
        return len(text)
