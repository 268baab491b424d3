"""Worker processes: many documents at a time, or the chunks of one document."""

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

# Seconds between calls of `waiting` while no document is finished.
_WAITING_INTERVAL = 1.0

# Exceptions of a pool that cannot start a process, or its own thread.
_START_ERRORS = (OSError, RuntimeError)

_R = TypeVar("_R")


class Result(NamedTuple):
    """What a worker printed while making a document, as (is on stderr, text), and the error that ended it, if any."""

    printed: tuple[tuple[bool, str], ...]
    error: PipelineError | None

    def print(self) -> None:
        """Print everything on the stream where it belongs. Raises the error, if there is one."""
        for is_stderr, text in self.printed:
            print(text, end="", file=sys.stderr if is_stderr else sys.stdout)
        if self.error:
            raise self.error


def make_all(
    paths: Sequence[Path],
    make: Callable[[Path], None],
    warm_up: Callable[[], None],
    jobs: int,
    waiting: Callable[[int], None],
) -> Generator[Result, None, None]:
    """Call `make` for each of `paths` in `jobs` processes, and yield the results in the order of `paths`.

    Each worker calls `warm_up` first. Both functions must be picklable. `waiting` is called about once a second with the
    number of finished paths. Raises `BrokenProcessPool` if a process cannot be started or is killed, and any
    exception of `make` that is not a `PipelineError`.
    """
    context = multiprocessing.get_context("fork" if may_fork() else "spawn")
    if context.get_start_method() == "fork":
        warm_up()
    futures: list[Future[Result]] = []
    with ProcessPoolExecutor(min(jobs, len(paths)), context, _begin, (warm_up,)) as pool:
        try:
            try:
                futures += [pool.submit(_make, make, path) for path in paths]
            except _START_ERRORS as error:
                _kill_idle_children()
                raise BrokenProcessPool(str(error)) from error
            for each in futures:
                while not each.done():
                    _wait(futures)
                    waiting(sum(future.done() for future in futures))
                yield each.result()
        finally:
            # After an error or an interruption, do not wait for the remaining work.
            if not all(future.done() for future in futures):
                _end_children(signal.SIGINT)


@contextlib.contextmanager
def forked(work: Callable[..., _R], jobs: int) -> Iterator[Callable[..., "Future[_R]"] | None]:
    """A function that submits calls of `work` to `jobs` processes forked from this one; None if it cannot fork.

    Arguments and results of `work` must be picklable; `work` itself is inherited by the fork. `Future.result` raises
    `BrokenProcessPool` if a process is killed.
    """
    if jobs < 2 or not may_fork():
        yield None
        return
    with _shut_down(ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _begin_with, (work,))) as pool:
        try:
            pool.submit(_nothing)  # the first call forks all workers
        except _START_ERRORS:
            _kill_idle_children()
            yield None
        else:
            yield partial(pool.submit, _do)


def _kill_idle_children() -> None:
    """Kill the idle workers of a pool that could not start all of them.

    The pool forgets them, and Python would wait for them at exit.
    """
    _end_children(signal.SIGKILL)


def _end_children(how: int) -> None:
    for process in multiprocessing.active_children():
        assert process.pid  # it has been started
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, how)


_work: Callable[..., Any]


def _begin_with(work: Callable[..., Any]) -> None:
    global _work
    _work = work
    # Only the parent listens to the log records of progress.
    logging.disable(logging.INFO)
    _begin(_nothing)


def _nothing() -> None: ...


def _do(*arguments: Any) -> Any:
    return _work(*arguments)


@contextlib.contextmanager
def _shut_down(pool: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    """Shut `pool` down after the block."""
    try:
        yield pool
    except BaseException:
        # Do not wait for the remaining work.
        _end_children(signal.SIGINT)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _wait(futures: Sequence[Future[Result]]) -> None:
    wait([future for future in futures if not future.done()], _WAITING_INTERVAL, FIRST_COMPLETED)


def _begin(warm_up: Callable[[], None]) -> None:
    """Initialize a worker: it ends at SIGINT, or when the parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warm_up()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def _make(make: Callable[[Path], None], path: Path) -> Result:
    printed: list[tuple[bool, str]] = []
    error = None
    # During work, SIGINT raises KeyboardInterrupt, so that temporary files are removed; while idle, it ends the worker.
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
    return Result(tuple(printed), error)


class _Recorder(io.StringIO):
    """Appends what is written to it to `printed`, with whether it stands for stderr."""

    def __init__(self, printed: list[tuple[bool, str]], is_stderr: bool) -> None:
        super().__init__()
        self._printed, self._is_stderr = printed, is_stderr

    def write(self, text: str) -> int:
        """Record `text`."""
        self._printed.append((self._is_stderr, text))
        return len(text)
