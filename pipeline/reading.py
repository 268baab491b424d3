"""Safe reading of any path: the one reader of sources, workbooks, keys, PDFs and records.

Whatever a path leads to (a pipe, a device, a huge file), reading neither blocks nor exceeds its memory limit. It ends
with the content or an `UnreadableError`.
"""

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import NamedTuple

# Modification time in nanoseconds, and SHA-256 of the content in hexadecimal.
Fingerprint = list[int | str]

# The size limit of files that have none of their own; none of our documents or records comes near it.
MOST_BYTES = 512 * 1024 * 1024

# O_NONBLOCK: opening a named pipe would wait for a writer. O_NOCTTY: a terminal must not become the controlling one.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

_REASONS = {
    errno.ENOENT: "ファイルがありません。名前と場所を確かめてください。",
    errno.ENOTDIR: "ファイルがありません。名前と場所を確かめてください。",
    errno.EACCES: "読む権限がありません。ファイルのアクセス権を確かめてください。",
    errno.EPERM: "読む権限がありません。ファイルのアクセス権を確かめてください。",
    errno.ELOOP: "リンクが循環しています。元のファイルを指定してください。",
    errno.ENAMETOOLONG: "ファイルの名前が長すぎます。短い名前に改めてください。",
    errno.EAGAIN: "ほかのプログラムが使っています。閉じてから、もう一度実行してください。",
    errno.EIO: "読み取りに失敗しました。ディスクか共有フォルダーの故障でないか確かめてください。",
}
# Errors of opening a socket, or a device without a driver.
_NO_FILES = (errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP)


class UnreadableError(Exception):
    """A path could not be read. The message is Japanese and says why, without the path.

    `is_missing`: the path does not exist. `is_no_file`: it is not a regular file, or a dangling link.
    `is_too_large`: the file exceeds the size limit.
    """

    def __init__(
        self, message: str, *, is_missing: bool = False, is_no_file: bool = False, is_too_large: bool = False
    ) -> None:
        self.is_missing, self.is_no_file, self.is_too_large = is_missing, is_no_file, is_too_large
        super().__init__(message)


class Content(NamedTuple):
    """The bytes of a file and its modification time in nanoseconds, both read from one file descriptor."""

    data: bytes
    mtime_ns: int

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def fingerprint(self) -> Fingerprint:
        """The fingerprint, by which a later run sees whether the file has changed."""
        return [self.mtime_ns, self.digest]


def read_file(path: Path | str, most: int = MOST_BYTES) -> Content:
    """Read the regular file at `path`, which may have at most `most` bytes. Raises `UnreadableError`."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    try:
        before = os.fstat(descriptor)
        if stat.S_ISDIR(before.st_mode):
            raise UnreadableError("フォルダーです。ファイルを指定してください。", is_no_file=True)
        if not stat.S_ISREG(before.st_mode):
            raise _no_file()
        # Read up to one byte more than allowed: st_size is unreliable for a growing file, and 0 for files below /proc.
        data = bytearray()
        while piece := os.read(descriptor, min(1 << 20, most + 1 - len(data))):
            data += piece
        after = os.fstat(descriptor)
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(descriptor)
    if len(data) > most:
        raise UnreadableError(f"大きすぎます。{_size(most)}までにしてください。", is_too_large=True)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableError("読んでいる間に書き換えられました。もう一度実行してください。")
    return Content(bytes(data), after.st_mtime_ns)


def fingerprint(path: Path | str) -> Fingerprint | None:
    """The fingerprint of the file at `path`; None if it cannot be read."""
    try:
        return read_file(path).fingerprint
    except UnreadableError:
        return None


def digest_of(path: Path | str) -> str:
    """The SHA-256 of the file at `path` in hexadecimal; empty, which equals no digest, if it cannot be read."""
    try:
        return read_file(path).digest
    except UnreadableError:
        return ""


def _unreadable(path: Path | str, error: OSError | ValueError) -> UnreadableError:
    """The `UnreadableError` for `error`; a ValueError means a path that no file can have (with a NUL, say)."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _NO_FILES:
        return _no_file()
    if number == errno.ENOENT and Path(path).is_symlink():
        return UnreadableError(
            "リンク先のファイルがありません。リンクを削除するか、作り直してください。", is_no_file=True
        )
    reason = _REASONS.get(number or 0, f"読めません({getattr(error, 'strerror', None) or error})。")
    is_missing = number in (errno.ENOENT, errno.ENOTDIR)
    return UnreadableError(reason, is_missing=is_missing, is_no_file=number == errno.ELOOP)


def _no_file() -> UnreadableError:
    return UnreadableError("普通のファイルではありません(装置など)。ファイルを指定してください。", is_no_file=True)


def _size(most: int) -> str:
    mega = 1024 * 1024
    return f"{most // mega}メガバイト" if most >= mega else f"{most:,}バイト"
