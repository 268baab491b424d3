"""Extracts the YAML sources embedded in one of our PDFs, so that a delivered PDF can stand in for its source file.

The PDF is untrusted input. pypdf only reads it, and the source is parsed like any other. A PDF whose source, metadata
and footers do not agree was altered after it was made, and is refused.
"""

import hashlib
import io
import logging
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from types import FrameType
from typing import Any, Final, NamedTuple, TypeVar

_T = TypeVar("_T")

NAME: Final = "source.yaml"

# Number of pages whose footers are compared with the source's digest. Every page carries it, so a sample is enough.
_PAGES = 20
# More sources than any history of ours has.
_MOST_FILES = 400
# CPU time limit for reading, in seconds. Twenty full pages take about two.
_SECONDS = 6
# Seconds between the signals that stop pypdf once the limit has passed.
_SIGNAL_INTERVAL = 0.05


class NotOursError(Exception):
    """The PDF holds no source, or one that cannot be read."""


class AlteredError(Exception):
    """The PDF was not made from the source embedded in it."""


class File(NamedTuple):
    """A source in a PDF: its name as an attachment, its bytes, and its edition's id."""

    name: str
    data: bytes
    edition: str

    @property
    def digest(self) -> str:
        """The SHA-256 in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


class Contents(NamedTuple):
    """What a PDF of ours says of itself.

    `files` are its sources, in the order of its metadata. `digests` are those that the metadata say. `footers` are the
    texts of its first pages without white space.
    """

    title: str
    files: tuple[File, ...]
    digests: tuple[str, ...]
    footers: tuple[str, ...]

    def has(self, label: str) -> bool:
        """Whether the sources are those of the metadata and, by `label`, those that each page names at its foot."""
        # The foot of a page says 元データ; what was printed first says 原データ.
        return tuple(file.digest for file in self.files) == self.digests and all(
            f"データ{label}" in footer for footer in self.footers
        )


class TooLongError(BaseException):
    """Reading took more CPU time than any PDF of ours needs. A BaseException, so that pypdf cannot swallow it."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise `TooLongError` once the block has used `seconds` of CPU time; a few bytes can keep pypdf busy for hours.

    There is no limit outside the main thread, which alone receives signals. That concerns only the preview's thread,
    and only a PDF named .yaml.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_: int, frame: FrameType | None) -> None:
        # Raise only in pypdf's own frames: an exception in a callback of the garbage collector, say, is discarded.
        if frame and frame.f_globals.get("__name__", "").startswith("pypdf"):
            raise TooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _SIGNAL_INTERVAL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def take_source(data: bytes) -> tuple[bytes, str]:
    """The source's bytes and its edition's id from the PDF `data`. Raises `NotOursError` or `AlteredError`."""
    contents = look_into(data)
    found = [file for file in contents.files if file.name == NAME]
    if len(found) != 1:
        raise NotOursError
    if not contents._replace(files=tuple(found)).has(found[0].digest[:8]):
        raise AlteredError
    return found[0].data, found[0].edition


def look_into(data: bytes) -> Contents:
    """What the PDF `data` says of itself, unverified. Raises `NotOursError` if it is none of ours."""
    contents = read_guarded(lambda: _look_into(data))
    if contents is None or not contents.files or not contents.footers:
        raise NotOursError
    return contents


def _look_into(data: bytes) -> Contents:
    import pypdf  # late, since the import is slow and only PDFs need it

    reader = pypdf.PdfReader(io.BytesIO(data))
    catalog: Any = reader.trailer["/Root"]
    xmp = catalog["/Metadata"].get_data().decode("utf-8", "replace")
    digests = tuple(re.findall(r"[>\s]sha256:([0-9a-f]{64})(?=[<\s])", xmp))
    files = {file.name: file for file in islice(_files(reader, catalog), _MOST_FILES)}
    title = str(reader.metadata.title or "") if reader.metadata else ""
    footers = tuple(re.sub(r"\s", "", page.extract_text()) for page in islice(reader.pages, _PAGES))
    order = {digest: at for at, digest in enumerate(digests)}
    return Contents(title, tuple(sorted(files.values(), key=lambda file: order.get(file.digest, -1))), digests, footers)


def read_guarded(read: Callable[[], _T], seconds: float | None = None) -> _T | None:
    """`read()`, which has pypdf read an untrusted PDF; None if it fails, or takes more than so many seconds."""
    log = logging.getLogger("pypdf")
    level = log.level
    log.setLevel(logging.CRITICAL)  # its English warnings on damaged files add nothing to our message
    try:
        with cpu_limit(_SECONDS if seconds is None else seconds):
            return read()
    except MemoryError:
        raise  # a fault of this machine, not of the file
    except (Exception, TooLongError):  # a hostile PDF can make pypdf raise anything
        return None
    finally:
        log.setLevel(level)


def _files(reader: Any, catalog: Any) -> Iterator[File]:
    """The sources in a PDF; WeasyPrint lists each of them twice."""
    for file in map(_resolve, catalog["/AF"]):
        name = str(file["/UF"])
        (source,) = reader.attachments[name]
        (edition,) = re.findall(r"\(版 ([a-z0-9-]+)\)", str(file["/Desc"]))
        yield File(name, source, edition)


def _resolve(item: Any) -> Any:
    return item.get_object()
