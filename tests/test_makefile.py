"""The Makefile and setup.sh: what they pass on, when they set up, what they say where they must not install.

Nothing is installed and nothing fetched: the programs that would are replaced by scripts that write down how
they were called.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import HEALTHY, ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
LOCKS = ("requirements.lock", "requirements-sign.lock", "requirements-test.lock", "requirements-bench.lock")
STAMPS = ("ready", "ready-sign", "ready-lint", "ready-bench")

# All that setup.sh may use beside Python, apt-get and sudo; a bare Debian has them.
TOOLS = ("cat", "cmp", "cp", "dirname", "echo", "env", "grep", "mkdir", "rm", "sh", "touch")

WRITES_DOWN = '#!/bin/sh\nprintf "<%s>" "${0##*/}" "$@" >>"$CALLS"; echo >>"$CALLS"\n'

# Python as setup.sh sees it: tells its path, what is missing, and makes an environment of itself.
PYTHON = (
    WRITES_DOWN
    + """\
case "$*" in
    *version_info*) echo "$0" ;;
    "-E -B - "*) cat "$MISSING" ;;
    "-m venv --clear .venv") rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    "-m pip install"*) sleep "${PIP_TAKES:-0}"; exit "${PIP_ENDS_IN:-0}" ;;
    *fcntl*) exec "$REAL_PYTHON" "$@" ;;
esac
"""
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A project folder on a machine whose programs are all in one folder, most of them scripts of ours."""

    folder: Path
    programs: Path
    calls: Path
    missing: Path

    def has(self, name: str, script: str) -> None:
        path = self.programs / name
        path.unlink(missing_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env={
                "PATH": str(self.programs),
                "CALLS": str(self.calls),
                "MISSING": str(self.missing),
                "REAL_PYTHON": sys.executable,
                "HOME": str(self.folder),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def called(self, name: str) -> list[str]:
        """How `name` was called, each argument in brackets."""
        lines = self.calls.read_text("utf-8").splitlines() if self.calls.exists() else []
        return [line for line in lines if line.startswith(f"<{name}>")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A Linux with apt-get and a user without any right, where nothing is missing and .venv is not made."""
    folder, programs = tmp_path / "my project", tmp_path / "bin"
    for path in (folder, folder / "source", programs):
        path.mkdir()
    for name in ("Makefile", "setup.sh", *LOCKS):
        shutil.copy(ROOT / name, folder)
    (folder / "source/healthy.yaml").write_text(HEALTHY, "utf-8")
    for tool in (*TOOLS, "awk", "find", "make", "sleep"):
        place = shutil.which(tool)
        assert place, f"{tool} is needed for this test"
        (programs / tool).symlink_to(place)
    made = Machine(folder, programs, tmp_path / "calls", tmp_path / "missing")
    made.missing.touch()
    made.has("python3", PYTHON)
    made.has("apt-get", WRITES_DOWN + 'case $1 in install) : >"$MISSING" ;; esac\n')
    made.has("id", "#!/bin/sh\necho 1000\n")
    made.has("uname", "#!/bin/sh\necho Linux\n")
    return made


@pytest.fixture
def ready(machine: Machine) -> Machine:
    """The same, set up, with the real command behind `.venv/bin/python`, which still writes down its calls."""
    python = machine.folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(WRITES_DOWN + f'exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    os.utime(python, (0, 0))
    (machine.folder / "pipeline").symlink_to(ROOT / "pipeline")
    for lock, stamp in zip(LOCKS, STAMPS, strict=True):
        (machine.folder / ".venv" / stamp).write_bytes((ROOT / lock).read_bytes())
    (machine.folder / ".venv/ready-test").touch()
    return machine


# The Makefile


def targets() -> dict[str, str]:
    """Each target that the staff are told of, and its recipe."""
    rule = re.compile(r"^([a-z-]+):[^\n]*##[^\n]*\n((?:\t[^\n]*\n)*)", re.MULTILINE)
    return {match[1]: match[2] for match in rule.finditer(MAKEFILE)}


def test_make_alone_lists_every_target_that_has_a_comment(machine: Machine) -> None:
    told = machine.run("make")
    assert told.returncode == 0
    assert re.findall(r"^  make ([a-z-]+) +\S", told.stdout, re.MULTILINE) == list(targets())
    assert len(targets()) == MAKEFILE.count(" ## ")


def test_no_target_is_mistaken_for_a_file() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert sorted(phony[1].split()) == sorted(["help", *targets()])


def test_the_makefile_and_the_command_know_the_same_commands() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "pipeline", "--help"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    commands = set(re.findall(r"^  ([a-z]+)  ?", told.stdout, re.MULTILINE))
    called = {name: re.findall(r"\$\(RUN\) ([a-z]+)", recipe) for name, recipe in targets().items()}
    assert commands
    assert {name: names for name, names in called.items() if names} == {name: [name] for name in commands}


@pytest.mark.parametrize(
    "edition",
    [
        "healthy; touch pwned",
        "$(touch pwned)",
        "$(shell touch pwned)",
        "$$(touch pwned)",
        "`touch pwned`",
        '"; touch pwned; "',
        "'; touch pwned; '",
        "two words",
        "令和七年度",
        "--help",
        "$HOME",
        "a#b",
        "*",
    ],
)
def test_an_edition_reaches_the_command_as_it_was_typed(ready: Machine, edition: str) -> None:
    for given in ({"EDITION": edition}, {}):
        made = ready.run("make", "report", *([] if given else [f"EDITION={edition}"]), **given)
        assert made.returncode == 2
        assert f"版「{edition}」は source/ にありません。ある版: healthy" in made.stderr
        assert ready.called("python")[-1] == f"<python><-E><-m><pipeline><report><--><{edition}>"
    assert not (ready.folder / "pwned").exists()


def test_check_takes_an_edition_and_strict(ready: Machine) -> None:
    for given, passed in {
        (): "",
        ("STRICT=1",): "<--strict>",
        ("STRICT=0",): "",
        ("EDITION=healthy",): "<--><healthy>",
        ("EDITION=healthy", "STRICT=1"): "<--strict><--><healthy>",
    }.items():
        made = ready.run("make", "check", *given)
        assert (made.returncode, made.stderr) == (0, "")
        assert made.stdout == "source/healthy.yaml: 誤り0件、警告0件\n"
        assert ready.called("python")[-1] == f"<python><-E><-m><pipeline><check>{passed}"


def test_a_machine_that_is_ready_is_not_set_up_again(ready: Machine) -> None:
    (ready.folder / "setup.sh").write_text("exit 9\n")
    os.utime(ready.folder / "setup.sh", (0, 0))
    for target in ("check", "sign", "test", "lint"):
        assert "setup.sh" not in ready.run("make", "-n", target).stdout


def test_on_a_fresh_clone_every_target_that_needs_python_sets_it_up_first(machine: Machine) -> None:
    needing = [name for name, recipe in targets().items() if "$(RUN)" in recipe or "$(PYTHON)" in recipe]
    assert {"report", "test", "lint"} <= set(needing)
    for name in needing:
        assert machine.run("make", "-n", name).stdout.startswith("sh setup.sh\n"), name


@pytest.mark.parametrize("newer", ["requirements.lock", "setup.sh", ".venv/bin/python"])
def test_what_is_newer_than_the_environment_sets_it_up_again(ready: Machine, newer: str) -> None:
    later = time.time() + 5
    os.utime(ready.folder / newer, (later, later))
    assert "sh setup.sh\n" in ready.run("make", "-n", "report").stdout


def test_a_python_that_has_gone_sets_the_environment_up_again(ready: Machine) -> None:
    (ready.folder / ".venv/bin/python").unlink()
    (ready.folder / ".venv/bin/python").symlink_to("/gone/python3")
    assert "sh setup.sh\n" in ready.run("make", "-n", "report").stdout


def test_clean_empties_out_and_leaves_what_an_out_that_leads_elsewhere_holds(ready: Machine) -> None:
    elsewhere = ready.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    out = ready.folder / "out"
    (out / ".build").mkdir(parents=True)
    (out / ".gitkeep").touch()
    (out / "a b").touch()
    assert ready.run("make", "clean").returncode == 0
    assert [path.name for path in out.iterdir()] == [".gitkeep"]
    shutil.rmtree(out)
    out.symlink_to(elsewhere)
    assert ready.run("make", "clean").returncode == 0
    assert (elsewhere / "kept").exists()


# setup.sh

APT = (
    "apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300"
    " libpango-1.0-0 fonts-morisawa-bizud-gothic"
)


@pytest.fixture
def lacking(machine: Machine) -> Machine:
    machine.missing.write_text("libpango-1.0-0 fonts-morisawa-bizud-gothic\n")
    return machine


def test_without_the_right_it_ends_in_3_with_the_exact_command(lacking: Machine) -> None:
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert f"\n    su - -c '{APT}'\n" in ended.stderr
    assert "管理者が次のコマンドで入れてください" in ended.stderr
    assert "入れましたが" not in ended.stderr
    assert ended.stdout == ""
    assert not lacking.called("apt-get")
    assert not (lacking.folder / ".venv").exists()


def test_make_ends_there_too(lacking: Machine) -> None:
    ended = lacking.run("make", "report")
    assert ended.returncode == 2
    assert APT in ended.stderr
    assert "Error 3" in ended.stderr
    assert not lacking.called("python")


def test_a_sudo_that_asks_for_a_password_is_not_called_without_a_terminal(lacking: Machine) -> None:
    lacking.has("sudo", WRITES_DOWN + "exit 1\n")
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert f"\n    sudo sh -c '{APT}'\n" in ended.stderr
    assert lacking.called("sudo") == ["<sudo><-n><true>"]


@pytest.mark.parametrize("with_sudo", [False, True], ids=["root", "sudo"])
def test_with_the_right_it_says_what_it_installs_and_installs_it(lacking: Machine, with_sudo: bool) -> None:
    if with_sudo:
        lacking.has("sudo", '#!/bin/sh\n[ "$1" = -n ] || exec "$@"\n')
    else:
        lacking.has("id", "#!/bin/sh\necho 0\n")
    lacking.has("apt-get", WRITES_DOWN + 'echo "(apt-get $1)" >&2; [ "$1" = update ] || : >"$MISSING"\n')
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 0, ended.stderr
    assert lacking.called("apt-get") == [
        "<apt-get><update>",
        "<apt-get><install><-y><--no-install-recommends><-o><DPkg::Lock::Timeout=300>"
        "<libpango-1.0-0><fonts-morisawa-bizud-gothic>",
    ]
    said = ended.stderr.splitlines()
    assert said[0] == "帳票を作るために足りないもの: libpango-1.0-0 fonts-morisawa-bizud-gothic"
    assert said[1].endswith(f"{'sudo ' if with_sudo else ''}sh -c '{APT}'")
    assert said[2:4] == ["(apt-get update)", "(apt-get install)"]
    assert [line.split()[0] for line in said[4:]] == ["Pythonの環境を", "requirements.lock"]


def test_an_installation_that_fails_ends_in_3_with_the_command(lacking: Machine) -> None:
    lacking.has("id", "#!/bin/sh\necho 0\n")
    lacking.has("apt-get", "#!/bin/sh\nexit 100\n")
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert (
        f"入れられませんでした。ネットワークと権限を確かめて、次のコマンドで入れてください。\n\n    sh -c '{APT}'\n"
        in ended.stderr
    )
    assert not (lacking.folder / ".venv").exists()


def test_an_installation_that_does_not_help_ends_in_3(lacking: Machine) -> None:
    lacking.has("id", "#!/bin/sh\necho 0\n")
    lacking.has("apt-get", "#!/bin/sh\n")
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert "\n入れましたが、まだ使えません: libpango-1.0-0 fonts-morisawa-bizud-gothic\n" in ended.stderr
    assert "\n    apt-get install --reinstall libpango-1.0-0 fonts-morisawa-bizud-gothic\n" in ended.stderr
    assert not (lacking.folder / ".venv").exists()


def test_macos_is_told_the_commands_of_homebrew(machine: Machine) -> None:
    machine.has("uname", "#!/bin/sh\necho Darwin\n")
    machine.missing.write_text("pango font-biz-udgothic font-biz-udpgothic\n")
    ended = machine.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert [line.strip() for line in ended.stderr.splitlines() if line.startswith("    ")] == [
        "brew install pango",
        "brew install --cask font-biz-udgothic",
        "brew install --cask font-biz-udpgothic",
    ]
    assert not machine.called("apt-get")


def test_another_linux_is_told_what_is_missing(lacking: Machine) -> None:
    (lacking.programs / "apt-get").unlink()
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert "libpango-1.0-0 fonts-morisawa-bizud-gothic" in ended.stderr
    assert "apt-get がありません" in ended.stderr


def test_an_old_python_is_named_with_what_mends_it(machine: Machine) -> None:
    machine.has("python3", '#!/bin/sh\n[ "$1" = --version ] || exit 1\necho Python 3.9.2\n')
    ended = machine.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert "Python 3.11以上が必要です。ここにあるのは: Python 3.9.2" in ended.stderr
    assert "sudo apt-get install python3 python3-venv" in ended.stderr
    assert "brew install python" in ended.stderr


def test_packages_are_installed_with_their_hashes_and_once(machine: Machine) -> None:
    assert machine.run("sh", "setup.sh").returncode == 0
    (installed,) = [call for call in machine.called("python") if "<pip>" in call]
    assert installed.endswith("<--require-hashes><--only-binary><:all:><-r><requirements.lock>")
    assert machine.run("sh", "setup.sh").stderr == ""
    for stage in ("sign", "lint", "bench"):
        assert machine.run("sh", "setup.sh", stage).returncode == 0
        assert machine.run("sh", "setup.sh", stage).stderr == ""
    assert [call.rsplit("<")[-1] for call in machine.called("python") if "<pip>" in call] == [
        f"{lock}>" for lock in LOCKS
    ]


def test_a_lock_that_has_changed_makes_the_environment_anew(machine: Machine) -> None:
    assert machine.run("sh", "setup.sh").returncode == 0
    with open(machine.folder / "requirements.lock", "a") as lock:
        lock.write("# changed\n")
    assert "Pythonの環境を .venv に作ります" in machine.run("sh", "setup.sh").stderr


def test_packages_that_cannot_be_had_end_in_3_and_are_asked_for_again(machine: Machine) -> None:
    ended = machine.run("sh", "setup.sh", PIP_ENDS_IN="1")
    assert ended.returncode == 3
    assert "ネットワーク" in ended.stderr.splitlines()[-1]
    assert not (machine.folder / ".venv/ready").exists()
    assert machine.run("sh", "setup.sh").returncode == 0
    assert (machine.folder / ".venv/ready").exists()


@pytest.mark.parametrize("stage", ["report", "lint"])
def test_a_setup_that_was_broken_off_is_begun_anew(machine: Machine, stage: str) -> None:
    assert machine.run("sh", "setup.sh", "lint").returncode == 0
    (machine.folder / ".venv/unfinished").touch()
    assert "Pythonの環境を .venv に作ります" in machine.run("sh", "setup.sh", stage).stderr
    assert not (machine.folder / ".venv/unfinished").exists()
    assert (machine.folder / ".venv/ready-lint").exists() == (stage == "lint")


def test_two_at_once_take_turns_and_the_second_finds_it_done(machine: Machine) -> None:
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda _: machine.run("sh", "setup.sh", PIP_TAKES="0.3"), range(2)))
    assert [each.returncode for each in ended] == [0, 0]
    assert sorted(len(each.stderr.splitlines()) for each in ended) == [0, 2]
    assert len([call for call in machine.called("python") if "<pip>" in call]) == 1


def test_an_environment_that_leads_elsewhere_is_not_emptied(machine: Machine) -> None:
    (machine.folder / "elsewhere").mkdir()
    (machine.folder / ".venv").symlink_to("elsewhere")
    ended = machine.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert "rm .venv" in ended.stderr


def test_programs_that_tests_would_like_stop_nobody(machine: Machine) -> None:
    ended = machine.run("sh", "setup.sh", "test")
    assert ended.returncode == 0
    assert "poppler-utils qpdf" in ended.stderr
    assert "これらを使う試験は行いません。" in ended.stderr
    assert not machine.called("apt-get")
    assert (machine.folder / ".venv/ready-test").exists()


def test_what_is_missing_is_seen_by_trying_it(ready: Machine) -> None:
    """With the real Python: on this machine nothing is missing; without the fonts, their package is."""
    environment = {"PYTHON": sys.executable}
    silent = ready.run("sh", "setup.sh", **environment)
    assert (silent.returncode, silent.stderr) == (0, "")
    (ready.folder / "pipeline").unlink()
    (ready.folder / "pipeline").mkdir()
    (ready.folder / "pipeline/fonts.py").write_text("def font_files(): raise Exception\n")
    ended = ready.run("sh", "setup.sh", **environment)
    assert ended.returncode == 3
    assert ended.stderr.splitlines()[0] == "帳票を作るために足りないもの: fonts-morisawa-bizud-gothic"


def test_fonts_can_be_looked_for_before_any_package_is_installed() -> None:
    """setup.sh asks pipeline.fonts, on a Python that has nothing but its own library."""
    code = "import sys, pipeline.fonts; print([name for name in sys.modules if name.partition('.')[0] in %r])"
    packages = ("pydantic", "yaml", "fontTools", "weasyprint", "jinja2", "pypdf")
    told = subprocess.run(
        [sys.executable, "-S", "-c", code % (packages,)], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert (told.stdout, told.stderr) == ("[]\n", "")


# The locks


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_gives_hashes_and_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert not re.search(r"://|--(?!hash=sha256:)|file:|#", text)
    requirements = text.replace("\\\n", "").splitlines()
    assert all(re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line) for line in requirements)


def test_the_locks_hold_what_the_project_asks_for_and_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    report, sign, lint, bench = (
        dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE)) for lock in LOCKS
    )
    assert set(project["project"]["dependencies"]) <= report.keys()
    assert set(project["project"]["optional-dependencies"]["sign"]) <= sign.keys()
    assert set(project["dependency-groups"]["test"]) <= lint.keys()
    assert set(project["dependency-groups"]["bench"]) <= bench.keys()
    assert report.items() <= sign.items() <= lint.items()
    # What is measured is what is made: no other versions beside the peers.
    assert report.items() <= bench.items()
