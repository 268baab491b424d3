"""Extracts the YAML source embedded in one of our PDFs, so that a delivered PDF can stand in for its source file.

The PDF is untrusted input. pypdf only reads it, and the source is parsed like any other. A PDF whose source, metadata
and footers do not agree was altered after it was made, and is refused.
"""

import hashlib
import io
import logging
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from types import FrameType
from typing import Any, Final

NAME: Final = "source.yaml"

# Number of pages whose footers are compared with the source's digest. Every page carries it, so a sample is enough.
_PAGES = 20
# CPU time limit for reading, in seconds. Twenty full pages take about two.
_SECONDS = 6
# Seconds between the signals that stop pypdf once the limit has passed.
_SIGNAL_INTERVAL = 0.05


class NotOursError(Exception):
    """The PDF holds no source, or one that cannot be read."""


class AlteredError(Exception):
    """The PDF was not made from the source embedded in it."""


class _TooLong(BaseException):
    """Reading took more CPU time than any PDF of ours needs. A BaseException, so that pypdf cannot swallow it."""


@contextmanager
def _cpu_limit(seconds: float) -> Iterator[None]:
    """Raise `_TooLong` once the block has used `seconds` of CPU time; a few bytes can keep pypdf busy for hours.

    There is no limit outside the main thread, which alone receives signals. That concerns only the preview's thread,
    and only a PDF named .yaml.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_: int, frame: FrameType | None) -> None:
        # Raise only in pypdf's own frames: an exception in a callback of the garbage collector, say, is discarded.
        if frame and frame.f_globals.get("__name__", "").startswith("pypdf"):
            raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _SIGNAL_INTERVAL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def take_source(data: bytes) -> tuple[bytes, str]:
    """The source's bytes and its edition's id from the PDF `data`. Raises `NotOursError` or `AlteredError`."""
    import pypdf  # late, since the import is slow and only PDFs need it

    log = logging.getLogger("pypdf")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)  # its English warnings on damaged files add nothing to our message
    try:
        with _cpu_limit(_SECONDS):
            reader = pypdf.PdfReader(io.BytesIO(data))
            catalog: Any = reader.trailer["/Root"]
            (source,) = reader.attachments[NAME]
            file = next(file for file in map(_resolve, catalog["/AF"]) if file["/UF"] == NAME)
            (edition,) = re.findall(r"\(版 ([a-z0-9-]+)\)", str(file["/Desc"]))
            xmp = catalog["/Metadata"].get_data().decode("utf-8", "replace")
            footers = [re.sub(r"\s", "", page.extract_text()) for page in islice(reader.pages, _PAGES)]
    except MemoryError:
        raise  # a fault of this machine, not of the file
    except (Exception, _TooLong) as error:  # a hostile PDF can make pypdf raise anything
        raise NotOursError from error
    finally:
        log.setLevel(level)
    digest = hashlib.sha256(source).hexdigest()
    # The foot of a page says 元データ; what was printed first says 原データ.
    if f">sha256:{digest}<" not in xmp or not all(f"データ{digest[:8]}" in footer for footer in footers):
        raise AlteredError
    return source, edition


def _resolve(item: Any) -> Any:
    return item.get_object()
