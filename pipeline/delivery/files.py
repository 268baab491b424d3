"""Writing files so that a reader sees the old content or the new one, whole, and nothing between.

Several people may work in one folder: a new file has the mode that the umask leaves it, and one that is replaced keeps
its own.
"""

import contextlib
import fcntl
import os
import pwd
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import LackError

# Files that are open at one time; many systems allow a process 256. No document has more than a few.
_AT_ONCE = 100


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` beside `path`, then rename: whatever happens on the way, `path` stays as it was or is whole."""
    replace_files({path: data})


def replace_files(contents: Mapping[Path, bytes]) -> None:
    """Replace each file by its new content, in this order.

    The renames come when all is written: a disk that fills on the way leaves every file as it was.
    """
    everything = [*contents.items()]
    for start in range(0, len(everything), _AT_ONCE):
        with contextlib.ExitStack() as written:
            some = [(written.enter_context(_beside(path, data)), path) for path, data in everything[start:][:_AT_ONCE]]
            for name, path in some:
                if path.exists():
                    os.chmod(name, path.stat().st_mode & 0o777)
                os.replace(name, path)


def create_file(path: Path, data: bytes) -> bool:
    """Write `data` as the new file `path`, whole or not at all; False if there is one already, which is left alone."""
    with _beside(path, data) as name:
        try:
            # A hard link, unlike a rename, never replaces what is there.
            os.link(name, path)
        except FileExistsError:
            return False
    return True


@contextlib.contextmanager
def permitted(path: Path) -> Iterator[None]:
    """Do what writes `path`. Raises `LackError`, with what to type, where the folder or file does not permit it."""
    try:
        yield
    except PermissionError:
        raise LackError(_explain_refusal(path)) from None


def _explain_refusal(path: Path) -> str:
    """Whose folder or file keeps this user from writing `path`, and the command that mends it."""
    blocking = next((folder for folder in path.parents if folder.exists()), Path())
    if path.exists() and os.access(blocking, os.W_OK | os.X_OK):
        blocking = path
    owner = blocking.stat().st_uid
    # The folders above it that are the same user's hold more that this run would meet.
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
def _beside(path: Path, data: bytes) -> Iterator[str]:
    """The name of a new file beside `path` that holds `data`; it is gone at the end, if it still has that name.

    It is locked as long as its writer lives. So those that killed writers left can be told, and cleared away.
    """
    with permitted(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    begin, end = f".{path.name}.", ".new"
    for entry in list(os.scandir(path.parent)):
        if entry.name.startswith(begin) and entry.name.endswith(end):
            _clear(entry.path)
    while True:
        name = str(path.parent / f"{begin}{os.urandom(6).hex()}{end}")
        with _named(path), permitted(path):
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        with open(descriptor, "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not os.fstat(descriptor).st_nlink:
                    continue  # another writer took it for left, before it was locked
                with _named(path):
                    file.write(data)
                    file.flush()
                    os.fsync(descriptor)
                yield name
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(name)
        return


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let an error name `path`, which its reader knows, and no file that is gone when they read of it."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def _clear(name: str) -> None:
    """Remove a file that a killed writer left; one that is still being written is locked."""
    with contextlib.suppress(OSError):  # another user's cannot be opened: it stays
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(name)
        finally:
            os.close(descriptor)
