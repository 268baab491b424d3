"""Reading a file that may be anything: one careful reader for sources, workbooks, keys, PDFs and records.

Whatever a path leads to, reading ends at once and in bounded memory: with the content, or with what is wrong.
"""

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

# The time of the last change in ns, and the SHA-256 of the content in hexadecimal.
Fingerprint = list[int | str]

# No document, font list or record of ours comes near this; a bound for files that have none of their own.
MOST_BYTES = 512 * 1024 * 1024

# O_NONBLOCK: opening a named pipe would wait for a writer for ever. O_NOCTTY: a terminal must not become ours.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

_REASONS = {
    errno.ENOENT: "ファイルがありません。名前と場所を確かめてください。",
    errno.ENOTDIR: "ファイルがありません。名前と場所を確かめてください。",
    errno.EACCES: "読む権限がありません。ファイルのアクセス権を確かめてください。",
    errno.EPERM: "読む権限がありません。ファイルのアクセス権を確かめてください。",
    errno.ELOOP: "リンクが循環しています。もとのファイルを指定してください。",
    errno.ENAMETOOLONG: "ファイルの名前が長すぎます。",
    errno.EAGAIN: "ほかのプログラムが使っています。閉じてから、もう一度実行してください。",
    errno.EIO: "読み取りに失敗しました。ディスクか共有フォルダの故障でないか確かめてください。",
}
# What opening a socket, or a device without a driver, ends in.
_NO_FILES = (errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP)


class UnreadableError(Exception):
    """No content could be read from a path. The message is Japanese and says why, without the path.

    `is_missing`: nothing is there. `is_no_file`: something else than a file is there, or a link to nothing.
    `is_too_large`: the file has more bytes than were allowed.
    """

    def __init__(
        self, message: str, *, is_missing: bool = False, is_no_file: bool = False, is_too_large: bool = False
    ) -> None:
        self.is_missing, self.is_no_file, self.is_too_large = is_missing, is_no_file, is_too_large
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file, and the time of its last change in ns; both come from the same open file."""

    data: bytes
    mtime_ns: int

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def fingerprint(self) -> Fingerprint:
        """By this it is told later whether the file is still the same."""
        return [self.mtime_ns, self.digest]


def read_file(path: Path, most: int = MOST_BYTES) -> Content:
    """The content of the regular file at `path`, of at most `most` bytes. Raises `UnreadableError`."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    try:
        before = os.fstat(descriptor)
        if stat.S_ISDIR(before.st_mode):
            raise UnreadableError("フォルダです。ファイルを指定してください。", is_no_file=True)
        if not stat.S_ISREG(before.st_mode):
            raise _no_file()
        # One byte more than is allowed: the size alone says nothing of a file that grows, or of one below /proc.
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


def fingerprint(path: Path) -> Fingerprint | None:
    """The fingerprint of the file at `path`; None of what cannot be read."""
    try:
        return read_file(path).fingerprint
    except UnreadableError:
        return None


def _unreadable(path: Path, error: OSError | ValueError) -> UnreadableError:
    """What to say of `error`; a ValueError is for a name that no file can have."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _NO_FILES:
        return _no_file()
    if number == errno.ENOENT and path.is_symlink():
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
