"""One folder, several people: the modes of what is made, locks, and what a run of root leaves to the others."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import HEALTHY, ROOT

# A run is what `main` does in a fork; the process itself has made documents before, so that no other user has to read
# our Python.
PEOPLE = """
import os, shutil, sys
from pathlib import Path
from pipeline.cli.command import main
from pipeline.processes import helper_process

helper_process.may_fork = lambda: False  # another process would import what this one needs

def run(user, umask, *arguments):
    sys.stderr.flush(), sys.stdout.flush()
    child = os.fork()
    if not child:
        os.umask(umask)
        if user:
            os.setgroups([])
            os.setgid(54321)
            os.setuid(user)
        os._exit(main(arguments))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

assert main(["report"]) == 0
"""


@pytest.fixture
def shared(project: Path) -> Iterator[Path]:
    """A folder that other users too may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    for place in (project, folder / "group", folder / "open"):
        (place / "source").mkdir(parents=True, exist_ok=True)
        (place / "source/test.yaml").write_text(HEALTHY, "utf-8")
    yield folder
    shutil.rmtree(folder)


def people(code: str, shared: Path) -> list[str]:
    """What runs of several people say on standard error."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PEOPLE + code, str(shared)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stderr.splitlines()


def test_what_is_made_has_the_mode_that_the_umask_leaves_it(shared: Path) -> None:
    before = {*Path().rglob("*")}
    commands = '(["report"], ["data"], ["sheets"], ["schema"], ["next", "--from", "test", "--to", "later"])'
    assert (
        people(f"os.remove('out/test/report.html')\nfor each in {commands}: assert run(0, 0o002, *each) == 0", shared)
        == []
    )
    made = {*Path().rglob("*")} - before
    ours = {"report.html", "data.csv", "edition.schema.json", "later.yaml", "sheets"}
    assert ours <= {path.name for path in made}
    assert {path.name: path.stat().st_mode & 0o777 for path in made if path.name in ours} == dict.fromkeys(
        ours, 0o664
    ) | {"sheets": 0o775}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several people")
@pytest.mark.skipif(
    not all(folder.stat().st_mode & 0o001 for folder in (ROOT, *ROOT.parents)),
    reason="the others may not enter the folder of the templates",  # as in root's home folder
)
def test_people_of_one_group_work_in_turn_and_others_are_told_what_mends_it(shared: Path) -> None:
    os.chown(shared / "group", 0, 54321)
    (shared / "group").chmod(0o2775)
    (shared / "open").chmod(0o777)
    said = people(
        """
os.chdir(f"{sys.argv[1]}/group")
for user in (54001, 54002, 54001):
    os.utime("source/test.yaml")
    assert run(user, 0o002, "report") == 0
    assert Path("out/test/report.pdf").stat().st_uid == user

os.chdir(f"{sys.argv[1]}/open")
for first in (0, 54002):
    shutil.rmtree("out", ignore_errors=True)
    os.utime("source/test.yaml")
    assert run(first, 0o022, "report") == 0
    os.utime("source/test.yaml")
    assert run(54001, 0o022, "report") == 3
""",
        shared,
    )
    assert {path.stat().st_gid for path in (shared / "group/out").rglob("*")} == {54321}
    root, other = said
    assert "(out の所有者: root)" in root
    assert root.endswith(': sudo chown -R "54001" out')
    assert "(out の所有者: 54002)" in other
    assert other.endswith(": chmod -R g+w out")
