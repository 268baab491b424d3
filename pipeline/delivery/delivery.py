"""Stage 6: proved documents go to out/, each whole, and are left alone while nothing that made them changes."""

import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pipeline.errors import LackError
from pipeline.reading import Fingerprint, UnreadableError, fingerprint, read_file

from .files import permitted, replace_files

SOURCE = Path("source")
OUT = Path("out")
ROOT = Path(__file__).resolve().parents[2]


class Record:
    """What a document was made of and what came out, kept in out/.build/ beside a lock for its makers.

    A document is up to date while each of its inputs has the time and content that it had, and each output
    the content. Times count so that `touch` makes a document anew, as everybody expects of make. `options`
    says in what other way the document was asked for.
    """

    def __init__(self, name: str, options: str = "") -> None:
        self._options = options
        self._found = b""
        self._path = OUT / ".build" / f"{name}.json"
        self._lock = OUT / ".build" / f"{name}.lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait for another run that makes the same document."""
        check_out()
        with permitted(self._lock):
            self._lock.parent.mkdir(parents=True, exist_ok=True)
            descriptor = _open_lock(self._lock)
        with open(descriptor, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def is_current(self, mark_of: Callable[[Path], Fingerprint | None] = fingerprint) -> bool:
        """Whether the document is up to date; `mark_of` gives the fingerprint of an input as it is now.

        Reads the record and its files; imports nothing heavy.
        """
        self._found = self._read()
        try:
            record = json.loads(self._found)
            same_program = (record["program"], record["options"]) == (program_fingerprint(), self._options)
            inputs, outputs = record["inputs"], record["outputs"]
            return (
                same_program
                and all(mark is not None and mark_of(Path(path)) == mark for path, mark in inputs.items())
                and all(read_file(Path(path)).digest == digest for path, digest in outputs.items())
            )
        except (UnreadableError, ValueError, KeyError, TypeError, AttributeError):
            return False  # no record, or none that can be read, or no output: make the document

    def was_replaced(self) -> bool:
        """Whether another run has delivered since `is_current` looked."""
        return self._read() != self._found

    def _read(self) -> bytes:
        """The record as it is written; nothing if there is none that can be read."""
        try:
            return read_file(self._path).data
        except UnreadableError:
            return b""

    @property
    def outputs(self) -> dict[Path, str]:
        """What was delivered last, each with its digest; nothing if there is no record, or none that can be read."""
        try:
            return {Path(path): digest for path, digest in json.loads(self._read())["outputs"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            return {}

    def deliver(self, inputs: Mapping[str, Fingerprint | None], outputs: dict[Path, bytes]) -> None:
        """Write `outputs`, which have passed their proof, and note what they were made of."""
        check_out(*outputs)
        record = {
            "program": program_fingerprint(),
            "options": self._options,
            "inputs": inputs,
            "outputs": {str(path): _digest(data) for path, data in outputs.items()},
        }
        written = json.dumps(record, ensure_ascii=False, indent=1).encode()
        # The record last: whoever is stopped on the way leaves documents that are none of its own.
        replace_files({**outputs, self._path: written})


def _open_lock(path: Path) -> int:
    """A descriptor of the lock at `path`, which is made if need be, with the mode that the umask leaves it."""
    flags = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC  # a link there would open a file elsewhere
    try:
        return os.open(path, os.O_RDWR | flags, 0o666)
    except PermissionError:
        # To lock another user's file it is enough to read it. Not so on a file server: hence the other way first.
        return os.open(path, os.O_RDONLY | flags, 0o666)


@cache
def program_fingerprint() -> str:
    """What all documents depend on: code, templates, styles, the locked packages and this Python.

    As they were at first: what changes while a run is at work is noticed by the next one.
    """
    content = hashlib.sha256(sys.version.encode())
    for path in sorted(_program_files()):
        content.update(f"{path.relative_to(ROOT)} {fingerprint(path)}\n".encode())
    return content.hexdigest()


def _program_files() -> Iterable[Path]:
    yield from (ROOT / "pipeline").rglob("*.py")
    yield from (ROOT / "templates").glob("*.*")
    yield from (ROOT / "styles").glob("*.css")
    yield ROOT / "requirements.lock"


def check_out(*paths: Path) -> None:
    """Refuse an out/ that leads elsewhere: the project writes in its own folder only. Raises `LackError`.

    So are the folders in it that hold `paths`. A file that is a link is none of these: it is replaced itself.
    """
    folders = {folder for path in paths for folder in path.parents if folder.is_relative_to(OUT)}
    for path in sorted({OUT, OUT / ".build", OUT / ".fonts"} | folders):
        if path.is_symlink():
            raise LackError(f"{path} がほかの場所へのリンクになっています。リンクを外してください: rm {path}")
        if path.exists() and not path.is_dir():
            raise LackError(f"{path} がフォルダではありません。別の場所に移してください: mv {path} {path}.bak")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
