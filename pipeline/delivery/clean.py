"""Removes from out/ what the project made and can make again, and nothing else."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline.reading import UnreadableError, read_file

from .delivery import OUT, check_out

# Folders of our own: records of deliveries, and caches; in the project's folder, the caches of developers' tools.
_OURS = (OUT / ".build", OUT / ".fonts", *map(Path, (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")))


def clean() -> tuple[Path, ...]:
    """Remove from out/ every file that is as it was delivered; return the files that stay.

    A filled-in workbook, a signed PDF and whatever somebody put there cannot be made again, and stay. Raises `LackError`
    if out/ leads elsewhere.
    """
    check_out()
    for path, digest in dict(_delivered()).items():
        if _digest(path) == digest:
            path.unlink()
    for ours in _OURS:
        shutil.rmtree(ours, ignore_errors=True)
    for folder, _, _ in os.walk(OUT, topdown=False):
        if Path(folder) != OUT and not os.listdir(folder):
            Path(folder).rmdir()
    return tuple(sorted(path for path in OUT.rglob("*") if path.name != ".gitkeep" and not path.is_dir()))


def _delivered() -> Iterator[tuple[Path, str]]:
    """Every delivered file in out/ with its digest, by the records, those of workbooks among them."""
    for record in (OUT / ".build").glob("*.json"):
        try:
            outputs = json.loads(read_file(record).data)["outputs"]
            yield from ((Path(path), str(digest)) for path, digest in outputs.items() if _is_inside(Path(path)))
        except (UnreadableError, ValueError, KeyError, TypeError, AttributeError):
            continue  # a damaged record: its files stay


def _is_inside(path: Path) -> bool:
    return OUT in path.parents and ".." not in path.parts and not any(one.is_symlink() for one in path.parents)


def _digest(path: Path) -> str:
    """The SHA-256 of the file at `path` in hexadecimal; empty, which equals no digest, if it is a link or unreadable."""
    try:
        return "" if path.is_symlink() else read_file(path).digest
    except UnreadableError:
        return ""
