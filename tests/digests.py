"""Digests of what is made, kept in a file: a change that nobody meant is noticed."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest


def check(path: Path, now: Mapping[str, bytes], request: pytest.FixtureRequest, begin: str = "") -> None:
    """Compare what is made `now`, by name, with the digests that the file at `path` has of the names that `begin` so.

    With `--renew-pictures` these digests are written anew first.
    """
    lines = (line.split("  ", 1) for line in path.read_text("utf-8").splitlines())
    kept = {name: digest for digest, name in lines}
    found = {name: hashlib.sha256(data).hexdigest()[:16] for name, data in now.items()}
    if request.config.getoption("--renew-pictures"):
        kept = {name: digest for name, digest in kept.items() if not name.startswith(begin)} | found
        path.write_text("".join(f"{digest}  {name}\n" for name, digest in kept.items()), "utf-8")
    then = {name: digest for name, digest in kept.items() if name.startswith(begin)}
    changed = sorted(name for name in {*found, *then} if found.get(name) != then.get(name))
    assert not changed, "changed; the head of the file of this test says what to do"
