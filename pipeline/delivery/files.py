"""Atomic writing of files: a reader sees the whole old content or the whole new one.

Several people may share a folder, so a new file gets its mode from the umask, and a replaced one keeps its mode.
"""

import contextlib
import fcntl
import os
import pwd
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import LackError

# The most files that are open at a time. Many systems allow a process 256; a document has only a few.
_MAX_OPEN = 100


def replace_file(path: Path, data: bytes) -> None:
    """Replace `path` by a file with `data`, atomically."""
    replace_files({path: data})


def replace_files(contents: Mapping[Path, bytes]) -> None:
    """Replace each file by its new content, in this order. Raises `LackError` or `OSError`.

    All are written to temporary files before the first is renamed, so that a full disk leaves every file as it was.
    """
    everything = [*contents.items()]
    for start in range(0, len(everything), _MAX_OPEN):
        batch = everything[start : start + _MAX_OPEN]
        with contextlib.ExitStack() as stack:
            written = [(stack.enter_context(_temporary_file(path, data)), path) for path, data in batch]
            for name, path in written:
                if path.exists():
                    os.chmod(name, path.stat().st_mode & 0o777)
                os.replace(name, path)


def create_file(path: Path, data: bytes) -> bool:
    """Create the file `path` with `data`, atomically; False, with nothing changed, if it exists already."""
    with _temporary_file(path, data) as name:
        try:
            # os.link, unlike os.replace, fails if the path exists.
            os.link(name, path)
        except FileExistsError:
            return False
    return True


@contextlib.contextmanager
def permitted(path: Path) -> Iterator[None]:
    """Turn a `PermissionError` of the block, which writes `path`, into a `LackError` that says what to type."""
    try:
        yield
    except PermissionError:
        raise LackError(_explain_refusal(path)) from None


def _explain_refusal(path: Path) -> str:
    """The message on a missing permission to write `path`: the folder or file in the way, its owner, and the fix."""
    blocking = next((folder for folder in path.parents if folder.exists()), Path())
    if path.exists() and os.access(blocking, os.W_OK | os.X_OK):
        blocking = path
    owner = blocking.stat().st_uid
    # Go up to the topmost folder of the same owner: its other contents would be refused next.
    while not blocking.is_absolute() and blocking.parent != Path() and blocking.parent.stat().st_uid == owner:
        blocking = blocking.parent
    name, quoted = _user_name(owner), shlex.quote(str(blocking))
    if owner == os.geteuid():
        mend = f"次のコマンドで書き込めるようにしてから、もう一度実行してください: chmod -R u+w {quoted}"
    elif owner == 0:
        mend = (
            f'管理者が次のコマンドで書き込めるようにしてください: sudo chown -R "{_user_name(os.geteuid())}" {quoted}'
        )
    else:
        mend = f"所有者({name})が次のコマンドで書き込めるようにしてください: chmod -R g+w {quoted}"
    return f"{path}: 書き込む権限がありません({blocking} の所有者: {name})。{mend}"


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


@contextlib.contextmanager
def _temporary_file(path: Path, data: bytes) -> Iterator[str]:
    """The name of a temporary file in the folder of `path` that holds `data`; it is removed at the end if not renamed.

    The file is locked while its writer lives, so that files which killed writers left behind are recognized and removed.
    """
    with permitted(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    begin, end = f".{path.name}.", ".new"
    for entry in list(os.scandir(path.parent)):
        if entry.name.startswith(begin) and entry.name.endswith(end):
            _remove_leftover(entry.path)
    while True:
        name = str(path.parent / f"{begin}{os.urandom(6).hex()}{end}")
        with errors_naming(path), permitted(path):
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        with open(descriptor, "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not os.fstat(descriptor).st_nlink:
                    continue  # another writer removed it as a leftover before it was locked
                with errors_naming(path):
                    file.write(data)
                    file.flush()
                    os.fsync(descriptor)
                yield name
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(name)
        return


@contextlib.contextmanager
def errors_naming(path: Path) -> Iterator[None]:
    """Make an `OSError` of the block name `path` instead of the temporary one, which staff do not know."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def _remove_leftover(name: str) -> None:
    """Remove a temporary file that a killed writer left; one that is still being written is locked and stays."""
    with contextlib.suppress(OSError):  # locked, or another user's
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(name)
        finally:
            os.close(descriptor)
