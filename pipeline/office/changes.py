"""Writes changes of sources, and takes them back: each change keeps what was there in source/.undo/.

A step is a folder `source/.undo/<number>/` with the former content of each file and a record: the command, and for each
file the digest after the change. The last 50 steps are kept.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pipeline.delivery.delivery import SOURCE, Record
from pipeline.delivery.files import permitted, replace_file, replace_files
from pipeline.errors import PipelineError
from pipeline.reading import UnreadableError, read_file

_MOST_STEPS = 50
_RECORD = "step.json"


class ChangeStoppedError(PipelineError):
    """A source is not as the command read it, or not as it left it; nothing was written. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A step that was taken back: the command that had made it, and the files that are again as before."""

    command: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    folder: Path
    command: str
    # By the name of each file in source/: the digest after the change.
    digests: Mapping[str, str]

    def former(self, name: str) -> bytes:
        return read_file(self.folder / name).data


def locked_sources() -> AbstractContextManager[None]:
    """Hold the lock of what commands write in source/, after waiting for any other run that holds it."""
    return Record("sources").locked()


def change_sources(command: str, changes: Mapping[Path, tuple[bytes, bytes]]) -> None:
    """Write (former content, new content) of each source, and keep the former.

    `command` is the name of the command for messages. Raises `ChangeStoppedError`, with nothing written, if a file does
    not have its former content any more.
    """
    with locked_sources():
        for path, (former, _) in changes.items():
            if _content(path) != former:
                raise ChangeStoppedError(
                    f"{path} が、読み込んだ後に書き換えられました。何も書き込んでいません。もう一度実行してください。"
                )
            with permitted(path):  # said of the source, not of the folder that keeps what was there
                if not os.access(path.resolve().parent, os.W_OK):
                    raise PermissionError
        # A source elsewhere, to which a link in source/ leads, is replaced at its own place and kept in source/.undo/.
        _keep(command, changes)
        replace_files({path.resolve(): new for path, (_, new) in changes.items()})


def undo(path: Path) -> Undone:
    """Take back the last change that a command made to the source at `path`, and to the others that it changed with it.

    Raises `ChangeStoppedError` if there is none, or if a file was changed by hand since.
    """
    with locked_sources():
        for step in reversed(_steps(path.parent)):
            if path.name not in step.digests:
                continue
            paths = {name: path.parent / name for name in step.digests}
            now = {name: hashlib.sha256(_content(one) or b"").hexdigest() for name, one in paths.items()}
            if all(now[name] == hashlib.sha256(step.former(name)).hexdigest() for name in paths):
                shutil.rmtree(step.folder)  # the change was interrupted, or is taken back already
                continue
            for name, one in paths.items():
                if now[name] != step.digests[name]:
                    raise ChangeStoppedError(
                        f"{one} は、make {step.command} の後で書き換えられているため、戻していません。"
                        f"make {step.command} の前の内容は {step.folder / name} にあります。"
                    )
            replace_files({one.resolve(): step.former(name) for name, one in paths.items()})
            shutil.rmtree(step.folder)
            return Undone(step.command, tuple(paths.values()))
    raise ChangeStoppedError(f"{path} には、コマンドによる書き換えの記録がありません。何も書き換えていません。")


def _keep(command: str, changes: Mapping[Path, tuple[bytes, bytes]]) -> None:
    steps = _steps(SOURCE)
    number = max((int(step.folder.name) for step in steps), default=0) + 1
    for step in steps[: len(steps) + 1 - _MOST_STEPS]:
        shutil.rmtree(step.folder)
    folder = SOURCE / ".undo" / f"{number:06}"
    for path, (former, _) in changes.items():
        replace_file(folder / path.name, former)
    digests = {path.name: hashlib.sha256(new).hexdigest() for path, (_, new) in changes.items()}
    # The record last: a step without one is no step.
    replace_file(folder / _RECORD, json.dumps({"command": command, "files": digests}, ensure_ascii=False).encode())


def _steps(source: Path) -> list[_Step]:
    """The steps that are kept beside the sources in the folder `source`, oldest first."""
    found = []
    for folder in sorted((source / ".undo").glob("[0-9]*")):
        try:
            record = json.loads(read_file(folder / _RECORD).data)
            found.append(_Step(folder, str(record["command"]), dict(record["files"])))
        except (UnreadableError, ValueError, KeyError, TypeError):
            continue
    return found


def _content(path: Path) -> bytes | None:
    try:
        return read_file(path).data
    except UnreadableError:
        return None
