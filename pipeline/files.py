"""Writing files so that a reader sees the old content or the new one, whole, and nothing between."""

import contextlib
import os
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` beside `path`, then rename: whatever happens on the way, `path` stays as it was or is whole."""
    import tempfile  # here: a run that finds everything up to date writes nothing

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def create_file(path: Path, data: bytes) -> bool:
    """Write `data` as the new file `path`, whole or not at all; False if there is one already, which is left alone."""
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        # A hard link, unlike a rename, never replaces what is there.
        os.link(name, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(name)
    return True
