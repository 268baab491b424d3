"""Stage 6: proved documents go to out/, each whole, and are left alone while nothing that made them changes."""

import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import LackError
from pipeline.plain import is_plain
from pipeline.reading import Fingerprint, UnreadableError, fingerprint, read_file

from .files import permitted, replace_files

SOURCE = Path("source")
OUT = Path("out")
ROOT = Path(__file__).resolve().parents[2]


class Record:
    """What a paper was made of and what came out, kept in out/.build/ beside a lock for its makers.

    A paper is up to date while each of its inputs has the time and content that it had, and each output the content.
    Times count so that `touch` makes a paper anew, as everybody expects of make. `kind`, `sources` and `options` say
    what was asked for, so that it can be asked for again.
    """

    def __init__(self, name: str, kind: str = "", sources: Sequence[str] = (), options: str = "") -> None:
        self.name = name
        self.kind, self.sources, self.options = kind, tuple(sources), options
        self._found = b""
        self.path = OUT / ".build" / f"{name}.json"
        self._lock = OUT / ".build" / f"{name}.lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait for another run that makes the same paper."""
        check_out()
        with permitted(self._lock):
            self._lock.parent.mkdir(parents=True, exist_ok=True)
            descriptor = _open_lock(self._lock)
        with open(descriptor, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def is_current(self, mark_of: Callable[[Path], Fingerprint | None] = fingerprint) -> bool:
        """Whether the paper is up to date; `mark_of` gives the fingerprint of an input as it is now.

        Reads the record and its files; imports nothing heavy.
        """
        self._found = self._read()
        record = self._loaded()
        try:
            return (
                (record["program"], record["kind"], record["options"], record["plain"])
                == (program_fingerprint(), self.kind, self.options, is_plain())
                and tuple(record["sources"]) == self.sources
                and self.has_same_inputs(mark_of)
                and all(read_file(Path(path)).digest == digest for path, digest in record["outputs"].items())
            )
        except (UnreadableError, KeyError, TypeError, AttributeError):
            return False  # no record, or none that can be read, or no output: make the paper

    def has_same_inputs(self, mark_of: Callable[[Path], Fingerprint | None] = fingerprint) -> bool:
        """Whether each input is as it was when the paper was delivered."""
        return all(mark is not None and mark_of(Path(path)) == mark for path, mark in self.inputs.items())

    def was_replaced(self) -> bool:
        """Whether another run has delivered since `is_current` looked."""
        return self._read() != self._found

    @property
    def outputs(self) -> dict[Path, str]:
        """What was delivered last, each with its digest; nothing if there is no record, or none that can be read."""
        outputs = self._loaded().get("outputs")
        return {Path(path): digest for path, digest in outputs.items()} if isinstance(outputs, dict) else {}

    @property
    def inputs(self) -> dict[str, Fingerprint | None]:
        """The files that the paper was made of, with their fingerprints then; nothing without a record."""
        inputs = self._loaded().get("inputs")
        return inputs if isinstance(inputs, dict) else {}

    def entry(self, inputs: Mapping[str, object], outputs: Mapping[Path, bytes]) -> bytes:
        """The record of a delivery."""
        record = {
            "program": program_fingerprint(),
            "kind": self.kind,
            "sources": self.sources,
            "options": self.options,
            "plain": is_plain(),
            "inputs": inputs,
            "outputs": {str(path): _digest(data) for path, data in outputs.items()},
        }
        return json.dumps(record, ensure_ascii=False, indent=1).encode()

    def _read(self) -> bytes:
        """The record as it is written; nothing if there is none that can be read."""
        try:
            return read_file(self.path).data
        except UnreadableError:
            return b""

    def _loaded(self) -> dict[str, Any]:
        try:
            record = json.loads(self._read())
        except ValueError:
            return {}
        return record if isinstance(record, dict) else {}


class Delivery(NamedTuple):
    """Files that have passed their proof, with the fingerprints of what they were made of."""

    record: Record
    inputs: Mapping[str, object]
    outputs: Mapping[Path, bytes]


def deliver(deliveries: Sequence[Delivery]) -> None:
    """Write all outputs, then the records: a full disk on the way leaves every file as it was."""
    check_out(*(path for delivery in deliveries for path in delivery.outputs))
    outputs = {path: data for delivery in deliveries for path, data in delivery.outputs.items()}
    # The records last: after an interruption the outputs do not match them and are made again.
    entries = {delivery.record.path: delivery.record.entry(*delivery[1:]) for delivery in deliveries}
    replace_files({**outputs, **entries})


def records() -> Iterator[Record]:
    """The records of papers of which every file stands in out/."""
    for path in sorted((OUT / ".build").glob("*.json")):
        try:
            found = json.loads(read_file(path).data)
            record = Record(path.stem, found["kind"], found["sources"], found["options"])
        except (UnreadableError, ValueError, KeyError, TypeError):
            continue  # none of ours, or of an older version
        if record.kind and record.outputs and all(output.exists() for output in record.outputs):
            yield record


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
