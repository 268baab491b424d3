"""The files in a folder of returned workbooks: every file in it and below is read, or is named with what to do."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.errors import UsageError

MAX_FILES = 1_000

# Files that office programs and systems leave in folders. They hold no answers.
_LEFT_BY_SYSTEMS = {".ds_store", "thumbs.db", "desktop.ini"}
_LOCKS = ("~$", ".~lock.")
# Windows notes beside a file where it was downloaded from: a file of its own, once the Explorer has copied it to WSL.
_NOTE_OF_WINDOWS = ":zone.identifier"
# macOS keeps properties of a file beside it, in one of its name behind these characters.
_OF_MACS = "._"


def returned_files(paths: Sequence[Path]) -> list[Path]:
    """Each path of a file, and, sorted, all files in and below each path of a folder. Raises `UsageError`."""
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        for file in _below(path):
            files.append(file)
            if len(files) > MAX_FILES:
                raise UsageError(
                    f"FILES のフォルダーに、ファイルが{MAX_FILES:,}より多くあります。提出された照会票だけを入れたフォルダーを指定してください。"
                )
    return files


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            is_left = name.lower() in _LEFT_BY_SYSTEMS or name.lower().endswith(_NOTE_OF_WINDOWS)
            if not is_left and not name.startswith(_LOCKS):
                yield Path(parent) / name


def is_of_mac(path: Path) -> bool:
    """Whether a file holds no answers, but what macOS notes of the file beside it."""
    return path.name.startswith(_OF_MACS)
