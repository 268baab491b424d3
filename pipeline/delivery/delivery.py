"""Stage 6: writes proved documents to out/ atomically, and records their inputs to skip rebuilding unchanged ones."""

import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
    """The record of a paper in out/.build/: fingerprints of its inputs, digests of its outputs; with a lock file.

    A paper is up to date while every input has its recorded time and content, and every output its recorded content.
    The time counts so that `touch` causes a rebuild, as people expect of make. `kind`, `sources` and `options` are the
    request, so that the paper can be rebuilt.
    """

    def __init__(self, name: str, kind: str = "", sources: Sequence[str] = (), options: str = "") -> None:
        self.name = name
        self.kind, self.sources, self.options = kind, tuple(sources), options
        self._found: bytes | None = None
        self._entry: dict[str, Any] = {}
        self.path = OUT / ".build" / f"{name}.json"
        self._lock = OUT / ".build" / f"{name}.lock"

    @classmethod
    def delivered(cls, name: str) -> "Record | None":
        """The record of this name in out/.build/; None if it is missing, damaged, not ours, or of an older version."""
        record = cls(name)
        found = record._latest()
        try:
            record.kind, record.sources, record.options = found["kind"], tuple(found["sources"]), found["options"]
        except (KeyError, TypeError):
            return None
        return record

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the paper's lock, after waiting for any other run that holds it. Raises `LackError`."""
        check_out()
        with permitted(self._lock):
            self._lock.parent.mkdir(parents=True, exist_ok=True)
            descriptor = _open_lock(self._lock)
        with open(descriptor, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def is_current(self, mark_of: Callable[[Path], Fingerprint | None] = fingerprint) -> bool:
        """Whether the paper is up to date. `mark_of` returns the present fingerprint of an input."""
        record = self._latest()
        try:
            return (
                (record["program"], record["kind"], record["options"], record["plain"])
                == (program_fingerprint(), self.kind, self.options, is_plain())
                and tuple(record["sources"]) == self.sources
                and _are_unchanged(_dict_in(record, "inputs"), mark_of)
                and all(read_file(Path(path)).digest == digest for path, digest in record["outputs"].items())
            )
        except (UnreadableError, KeyError, TypeError, AttributeError):
            return False  # a missing or damaged record, or a missing output: rebuild

    def has_same_inputs(self, mark_of: Callable[[Path], Fingerprint | None] = fingerprint) -> bool:
        """Whether every input has the content that it had at the delivery, whatever its time."""
        marks = ((mark, mark_of(Path(path))) for path, mark in self.inputs.items())
        return all(isinstance(mark, list) and now is not None and mark[1:] == now[1:] for mark, now in marks)

    def was_replaced(self) -> bool:
        """Whether another run has delivered since the record was read."""
        return self._read() != self._found

    @property
    def outputs(self) -> dict[Path, str]:
        """The digests of the delivered files by path; empty without a readable record."""
        return {Path(path): digest for path, digest in _dict_in(self._recorded, "outputs").items()}

    @property
    def extent(self) -> str:
        """How long the delivered paper is (`Delivery.extent`); empty without a readable record."""
        return str(self._recorded.get("extent", ""))

    @property
    def inputs(self) -> dict[str, Fingerprint | None]:
        """The fingerprints, at the delivery, of the paper's input files; empty without a readable record."""
        return _dict_in(self._recorded, "inputs")

    def entry(self, inputs: Mapping[str, object], outputs: Mapping[Path, bytes], extent: str) -> bytes:
        """The JSON content of the record for a delivery."""
        record = {
            "program": program_fingerprint(),
            "kind": self.kind,
            "sources": self.sources,
            "options": self.options,
            "plain": is_plain(),
            "extent": extent,
            "inputs": inputs,
            "outputs": {str(path): _digest(data) for path, data in outputs.items()},
        }
        return _written(record)

    @property
    def _recorded(self) -> dict[str, Any]:
        """The content of the record, which is read once."""
        return self._latest() if self._found is None else self._entry

    def _latest(self) -> dict[str, Any]:
        """The present content of the record; empty if it cannot be read or is damaged."""
        self._found = self._read()
        self._entry = _parsed(self._found)
        return self._entry

    def _read(self) -> bytes:
        """The content of the record's file; empty if it cannot be read."""
        try:
            return read_file(self.path).data
        except UnreadableError:
            return b""


def _written(record: Mapping[str, object]) -> bytes:
    """The content of a record's file."""
    return json.dumps(record, indent=1).encode()


def _parsed(content: bytes) -> dict[str, Any]:
    """The record in `content`; empty if it is damaged."""
    try:
        record = json.loads(content)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _dict_in(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The dictionary at `key` of a record; empty if there is none."""
    found = record.get(key)
    return found if isinstance(found, dict) else {}


def _are_unchanged(inputs: Mapping[str, Fingerprint | None], mark_of: Callable[[Path], Fingerprint | None]) -> bool:
    """Whether each input has the fingerprint that the record holds."""
    return all(mark is not None and mark_of(Path(path)) == mark for path, mark in inputs.items())


class Delivery(NamedTuple):
    """Files that passed their proof, and the fingerprints of their inputs.

    `extent` says how long a document is, for the papers that list it; empty for others.
    """

    record: Record
    inputs: Mapping[str, object]
    outputs: Mapping[Path, bytes]
    extent: str = ""


def deliver(deliveries: Sequence[Delivery]) -> None:
    """Write all outputs, then the records. If the disk fills up meanwhile, all files stay as they were.

    A file that the last delivery of the same paper had and this one lacks is removed, unless somebody has changed it.
    """
    check_out(*(path for delivery in deliveries for path in delivery.outputs))
    outputs = {path: data for delivery in deliveries for path, data in delivery.outputs.items()}
    # Write the records last: after an interruption the outputs do not match them and are rebuilt.
    entries = {delivery.record.path: delivery.record.entry(*delivery[1:]) for delivery in deliveries}
    left = [one for delivery in deliveries for one in delivery.record.outputs.items() if one[0] not in outputs]
    replace_files({**outputs, **entries})
    folders = {path.parent for path in outputs}
    for path, digest in left:
        if path.parent in folders:
            _remove(path, digest)


def withdraw(record: Record) -> None:
    """Remove the files of a paper that would be empty now, unless somebody has changed them, and its record."""
    check_out(*record.outputs)
    for path, digest in record.outputs.items():
        _remove(path, digest)
    record.path.unlink(missing_ok=True)


def _remove(path: Path, digest: str) -> None:
    """Remove the file at `path` if it still has the content with this digest."""
    with suppress(UnreadableError):
        if read_file(path).digest == digest:
            path.unlink()


def take_as_delivered(path: Path) -> None:
    """Record a file in out/ as it is now: what somebody wrote into it is kept elsewhere, and it may be made again."""
    for record in records():
        with record.locked():
            entry = record._latest()
            outputs = _dict_in(entry, "outputs")
            for name in outputs:
                if Path(name).resolve() == path.resolve():
                    outputs[name] = read_file(path).digest
                    replace_files({record.path: _written(entry)})


def records() -> Iterator[Record]:
    """The records of all papers whose files exist in out/."""
    return (record for record in all_records() if record.kind and all(map(Path.exists, record.outputs)))


def all_records() -> Iterator[Record]:
    """The records of all that was delivered, also of what somebody has removed since, in the order of their names."""
    for path in sorted((OUT / ".build").glob("*.json")):
        record = Record.delivered(path.stem)
        if record and record.outputs:
            yield record


def _open_lock(path: Path) -> int:
    """A file descriptor of the lock file at `path`, which is created if needed, with the umask's mode."""
    flags = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC  # O_NOFOLLOW: a link could point outside out/
    try:
        return os.open(path, os.O_RDWR | flags, 0o666)
    except PermissionError:
        # Locking another user's file locally needs read access only. On a file server it needs write access, so that
        # is tried first.
        return os.open(path, os.O_RDONLY | flags)


@cache
def program_fingerprint() -> str:
    """A digest of what all documents depend on: code, templates, styles, the lock file and the Python version.

    Computed once a run: the next run notices changes made meanwhile.
    """
    content = hashlib.sha256(sys.version.encode())
    for path in sorted(_program_files()):
        with suppress(UnreadableError):  # removed since it was listed
            file = read_file(path)
            content.update(f"\n{path.removeprefix(str(ROOT))} {file.mtime_ns} {len(file.data)}\n".encode())
            content.update(file.data)
    return content.hexdigest()


def _program_files() -> Iterator[str]:
    # os.scandir instead of Path.rglob: this is a tenth of a run with nothing to do.
    folders = [str(ROOT / "pipeline")]
    for folder in folders:
        for entry in os.scandir(folder):
            if entry.name.endswith(".py"):
                yield entry.path
            elif entry.name != "__pycache__" and entry.is_dir():
                folders.append(entry.path)
    yield from (entry.path for entry in os.scandir(ROOT / "templates") if "." in entry.name)
    yield from (entry.path for entry in os.scandir(ROOT / "styles") if entry.name.endswith(".css"))
    yield str(ROOT / "requirements.lock")


def check_out(*paths: Path) -> None:
    """Refuse an out/, or a folder in it that contains one of `paths`, that is a link or not a folder.

    Otherwise files outside the project could be overwritten. Links in place of files do no harm: replacing a file
    replaces the link itself. Raises `LackError`.
    """
    folders = {folder for path in paths for folder in path.parents if folder.is_relative_to(OUT)}
    for path in sorted({OUT, OUT / ".build", OUT / ".fonts"} | folders):
        if path.is_symlink():
            raise LackError(f"{path} がほかの場所へのリンクになっています。リンクを外してください: rm {path}")
        if path.exists() and not path.is_dir():
            raise LackError(f"{path} がフォルダーではありません。別の場所に移してください: mv {path} {path}.bak")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
