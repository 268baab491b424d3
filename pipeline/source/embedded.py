"""The source inside a PDF of ours: the printed year's paper is enough to compare with.

Such a PDF may come from anywhere. What it holds is only read, by pypdf, and parsed like any other source; a
PDF whose source, metadata and footers do not belong together was changed after it was made, and is refused.
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

# The footers of so many pages are compared with the source; a changed source would be in all of them.
_PAGES = 20
# Of the processor's time. Twenty full pages of ours take two.
_SECONDS = 6
# So often it is tried again to stop.
_TICK = 0.05


class NotOursError(Exception):
    """The PDF holds no source, or one that cannot be read."""


class AlteredError(Exception):
    """The source in the PDF is not the one that it was made of."""


class _TooLong(BaseException):
    """Reading has taken more time of the processor than any PDF of ours needs."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise `_TooLong` when what is done takes so much time of the processor; a few bytes can keep pypdf busy for hours.

    Only the main thread hears of time. The preview, which has another, reads no PDF unless somebody names it .yaml.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_: int, frame: FrameType | None) -> None:
        # Only out of pypdf's own code: raised in a callback of the garbage collector, say, it would be lost.
        if frame and frame.f_globals.get("__name__", "").startswith("pypdf"):
            raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _TICK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def take_source(data: bytes) -> tuple[bytes, str]:
    """The bytes of the source in the PDF `data`, and the id of its edition. Raises `NotOursError` or `AlteredError`."""
    import pypdf  # here: only a PDF needs it

    log = logging.getLogger("pypdf")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)  # what it says of a damaged file is English, and is no more than ours
    try:
        with _limited(_SECONDS):
            reader = pypdf.PdfReader(io.BytesIO(data))
            catalog: Any = reader.trailer["/Root"]
            (source,) = reader.attachments[NAME]
            file = next(file for file in map(_resolve, catalog["/AF"]) if file["/UF"] == NAME)
            (edition,) = re.findall(r"\(版 ([a-z0-9-]+)\)", str(file["/Desc"]))
            xmp = catalog["/Metadata"].get_data().decode("utf-8", "replace")
            footers = [re.sub(r"\s", "", page.extract_text()) for page in islice(reader.pages, _PAGES)]
    except MemoryError:
        raise  # that is this machine's, not the file's
    except (
        Exception,
        _TooLong,
    ) as error:  # a hostile PDF can make pypdf raise anything; none of it concerns the reader
        raise NotOursError from error
    finally:
        log.setLevel(level)
    digest = hashlib.sha256(source).hexdigest()
    if f">sha256:{digest}<" not in xmp or not all(f"原データ{digest[:8]}" in footer for footer in footers):
        raise AlteredError
    return source, edition


def _resolve(item: Any) -> Any:
    return item.get_object()
