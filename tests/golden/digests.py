"""Compares what is made with the digests that are kept of it."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def check(kind: str, now: Mapping[str, bytes], request: pytest.FixtureRequest, begin: str = "") -> None:
    """Compare what is made `now`, by name, with the digests that are kept of this kind, of the names that `begin` so.

    With `--renew-pictures` these digests are written anew first, with `--texts` what is made is written into a folder.
    """
    if folder := request.config.getoption("--texts"):
        for name, data in now.items():
            written = Path(folder, kind, name)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_bytes(data)
    path = FOLDER / f"{kind}.sha256"
    lines = (line.split("  ", 1) for line in path.read_text("utf-8").splitlines())
    kept = {name: digest for digest, name in lines}
    found = {name: hashlib.sha256(data).hexdigest()[:16] for name, data in now.items()}
    if request.config.getoption("--renew-pictures"):
        kept = {name: digest for name, digest in kept.items() if not name.startswith(begin)} | found
        path.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(kept.items())), "utf-8")
    then = {name: digest for name, digest in kept.items() if name.startswith(begin)}
    changed = sorted(name for name in {*found, *then} if found.get(name) != then.get(name))
    assert not changed, f"changed: {', '.join(changed)}. CONTRIBUTING.md says under Snapshots what to do"


def check_text(kind: str, name: str, lines: Iterable[str], request: pytest.FixtureRequest) -> None:
    """`check` of one text, given in `lines`."""
    file = f"{name}.txt"
    check(kind, {file: "\n".join(lines).encode()}, request, file)
