"""Removes from out/ what the project made and can make again, and nothing else."""

import os
import shutil
from pathlib import Path

from pipeline.reading import digest_of

from .delivery import OUT, Record, check_out

# Folders of our own: records of deliveries, and caches; in the project's folder, the caches of developers' tools.
_OURS = (OUT / ".build", OUT / ".fonts", *map(Path, (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")))


def clean() -> tuple[Path, ...]:
    """Remove from out/ every file that is as it was delivered; return the files that stay.

    A filled-in workbook, a signed PDF and whatever somebody put there cannot be made again, and stay. Raises `LackError`
    if out/ leads elsewhere.
    """
    check_out()
    for path, digest in _delivered().items():
        if not path.is_symlink() and digest_of(path) == digest:
            path.unlink()
    for ours in _OURS:
        shutil.rmtree(ours, ignore_errors=True)
    for folder, _, _ in os.walk(OUT, topdown=False):
        if Path(folder) != OUT and not os.listdir(folder):
            Path(folder).rmdir()
    return tuple(sorted(path for path in OUT.rglob("*") if path.name != ".gitkeep" and not path.is_dir()))


def _delivered() -> dict[Path, str]:
    """Every delivered file in out/ with its digest, by the records; the files of a damaged record stay."""
    names = (path.stem for path in (OUT / ".build").glob("*.json"))
    return {path: digest for name in names for path, digest in Record(name).outputs.items() if _is_inside(path)}


def _is_inside(path: Path) -> bool:
    return OUT in path.parents and ".." not in path.parts and not any(one.is_symlink() for one in path.parents)
