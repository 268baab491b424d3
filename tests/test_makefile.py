"""The Makefile and setup.sh: what they pass on, when they set up, what they say where they must not install.

Nothing is installed and nothing fetched: the programs that would are replaced by scripts that write down how
they were called.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import venv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.cli import table
from pipeline.cli.table import BY_NAME

from .conftest import HEALTHY, ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
LOCKS = ("requirements.lock", "requirements-sign.lock", "requirements-test.lock", "requirements-bench.lock")
OS_RELEASE = "\n" + Path("/etc/os-release").read_text("utf-8") if Path("/etc/os-release").exists() else ""
STAMPS = ("ready", "ready-sign", "ready-lint", "ready-bench")

# All that setup.sh may use beside Python, apt-get and sudo; a bare Debian has them.
TOOLS = (
    *("cat", "chmod", "cmp", "cp", "dirname", "echo", "env", "grep", "ls", "mkdir", "mktemp", "mv", "rm", "sh"),
    *("sha256sum", "tail", "tar", "touch", "tr"),
)

WRITES_DOWN = '#!/bin/sh\nprintf "<%s>" "${0##*/}" "$@" >>"$CALLS"; echo >>"$CALLS"\n'

# Python as setup.sh sees it: tells its path, what is missing, and makes an environment of itself. What setup.sh has it
# do besides, with a program on standard input, the real one does if REAL is set.
PYTHON = (
    WRITES_DOWN
    + """\
case "$*" in
    *version_info*) echo "$0" ;;
    "-E -B - Linux "* | "-E -B - Darwin "*) cat >/dev/null; cat "$MISSING" ;;
    "-E -m venv .venv.new") mkdir -p .venv.new/bin; cp "$0" .venv.new/bin/python ;;
    "-E -m pip install"*)
        env >"$CALLS.pip"
        [ -z "${PIP_TAKES:-}" ] || sleep "$PIP_TAKES"
        [ -z "${PIP_SAYS:-}" ] || { printf '%s\n' "$PIP_SAYS" >&2; exit 1; } ;;
    "-E -B - "*) exec "$REAL_PYTHON" "$@" ;;
    "-E -B -") if [ -n "${REAL:-}" ]; then exec "$REAL_PYTHON" "$@"; else cat >/dev/null; fi ;;
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
    (machine.folder / ".venv/packages").touch()
    return machine


# The Makefile


def targets() -> list[str]:
    """The targets that `make` alone lists."""
    return re.findall(r"^([a-z-]+):[^\n]* ## ", MAKEFILE, re.MULTILINE)


def test_make_alone_lists_every_target_that_has_a_comment(machine: Machine) -> None:
    told = machine.run("make")
    assert told.returncode == 0
    assert re.findall(r"^  make ([a-z-]+) +\S", told.stdout, re.MULTILINE) == targets()
    staff, developers = told.stdout.split("開発者用")
    assert {*re.findall(r"^  make ([a-z-]+)", staff, re.MULTILINE)} == BY_NAME.keys()
    assert "make test" in developers


def test_no_target_is_mistaken_for_a_file() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert sorted(phony[1].split()) == sorted({"help", *targets()} - BY_NAME.keys())
    assert "\n.PHONY: $(COMMANDS) " in MAKEFILE


@pytest.mark.parametrize("name", table.GENERATED)
def test_the_generated_parts_are_as_the_table_of_commands_has_them(name: str) -> None:
    part, comment = table.GENERATED[name]
    text = (ROOT / name).read_text("utf-8")
    assert table.generated(text, part(), comment) == text, "make generate"


def test_a_command_that_fails_ends_in_a_line_that_points_at_the_answer(ready: Machine) -> None:
    """GNU make's own last line names the target whose recipe failed."""
    ended = ready.run("make", "check", "EDITION=nowhere")
    assert ended.returncode == 2
    *answer, last = ended.stderr.splitlines()
    assert answer == ["版「nowhere」は source/ にありません。今ある版: healthy"]
    assert "check（上の説明を御覧ください）" in last


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (
            ["errata"],
            [
                "EDITION(直した版)を指定してください。最後の発行と比べます。ほかの資料と比べるときは、FROM(配布した資料)も指定してください。",
                "例: make errata EDITION=h25",
            ],
        ),
        (["issue"], ["EDITION(版)を指定してください。", "使い方: make issue EDITION=版 [DRAFT=1]"]),
        (
            ["sign", "EDITION=healthy"],
            ["KEY(鍵.p12)を指定してください。", "使い方: make sign EDITION=版 KEY=鍵.p12 [PASSPHRASE_FILE=ファイル]"],
        ),
        (
            ["import"],
            [
                "FILES(ファイルかフォルダー)を指定してください。",
                "使い方: make import FILES=ファイルかフォルダー [APPLY=1] [CONFLICTS=reply か source]",
            ],
        ),
        (
            ["check", "edition=healthy"],
            [
                "make check に edition は使えません。大文字で EDITION と書いてください。",
                "使い方: make check [EDITION=版] [STRICT=1]",
            ],
        ),
        (
            ["report", "EDITON=healthy"],
            [
                "make report に EDITON は使えません。EDITION ではありませんか。",
                "使い方: make report [EDITION=版] [JOBS=同時に作る数]",
            ],
        ),
        (
            ["check", "STRICT=はい"],
            ["STRICT には 1 を指定してください(指定された値: はい)。", "使い方: make check [EDITION=版] [STRICT=1]"],
        ),
    ],
    ids=" ".join,
)
def test_what_is_missing_or_unknown_is_answered_in_the_words_of_make(
    ready: Machine, typed: list[str], answer: list[str]
) -> None:
    ended = ready.run("make", *typed)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[:-1] == answer
    assert ended.stdout == ""


def test_a_command_that_there_is_not_is_answered_in_japanese(ready: Machine) -> None:
    ended = ready.run("make", "reprot")
    assert ended.returncode == 2
    assert "「reprot」というコマンドはありません。" in ended.stderr.splitlines()[-1]


def test_a_variable_of_the_environment_is_none_that_was_typed(ready: Machine) -> None:
    made = ready.run("make", "check", EDITION="nowhere", STRICT="1")
    assert (made.returncode, made.stdout) == (0, "source/healthy.yaml: 誤り0件、警告0件\n")


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
    made = ready.run("make", "report", f"EDITION={edition}")
    assert made.returncode == 2
    assert f"版「{edition}」は source/ にありません。今ある版: healthy" in made.stderr
    assert not (ready.folder / "pwned").exists()


def test_check_takes_an_edition_and_strict(ready: Machine) -> None:
    for given in ((), ("STRICT=1",), ("STRICT=0",), ("EDITION=healthy",), ("EDITION=healthy", "STRICT=1")):
        made = ready.run("make", "check", *given)
        assert (made.returncode, made.stderr) == (0, "")
        assert made.stdout == "source/healthy.yaml: 誤り0件、警告0件\n"


def test_a_machine_that_is_ready_is_not_set_up_again(ready: Machine) -> None:
    (ready.folder / "setup.sh").write_text("exit 9\n")
    os.utime(ready.folder / "setup.sh", (0, 0))
    for target in ("check", "sign", "test", "lint"):
        assert "setup.sh" not in ready.run("make", "-n", target).stdout


def test_on_a_fresh_clone_every_target_that_needs_python_sets_it_up_first(machine: Machine) -> None:
    for name in (*BY_NAME, "test", "faults", "mutants", "bench", "generate", "lint", "lock"):
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
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 0, ended.stderr
    assert lacking.called("apt-get") == [
        "<apt-get><update>",
        "<apt-get><install><-y><--no-install-recommends><libpango-1.0-0><fonts-morisawa-bizud-gothic>",
    ]
    said = ended.stderr.splitlines()
    assert said[0] == "資料を作るために足りないもの: libpango-1.0-0 fonts-morisawa-bizud-gothic"
    assert said[1].endswith(f"{'sudo ' if with_sudo else ''}sh -c '{APT}'")
    assert [line.split()[0] for line in said[2:]] == ["Pythonの環境を", "requirements.lock"]


def test_an_installation_that_fails_ends_in_3_with_the_command(lacking: Machine) -> None:
    lacking.has("id", "#!/bin/sh\necho 0\n")
    lacking.has("apt-get", "#!/bin/sh\nexit 100\n")
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert "\n入れられませんでした。\n" in ended.stderr
    assert f"\n\n    sh -c '{APT}'\n" in ended.stderr
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
    assert "<-r><requirements.lock>" in installed
    assert installed.endswith("<--require-hashes><--only-binary><:all:>")
    assert machine.run("sh", "setup.sh").stderr == ""
    for stage in ("sign", "lint", "bench"):
        assert machine.run("sh", "setup.sh", stage).returncode == 0
        assert machine.run("sh", "setup.sh", stage).stderr == ""
    calls = [call for call in machine.called("python") if "<pip>" in call]
    assert [re.findall("<-r><([^>]+)>", call) for call in calls] == [[lock] for lock in LOCKS]


def test_a_lock_that_has_changed_makes_the_environment_anew(machine: Machine) -> None:
    assert machine.run("sh", "setup.sh").returncode == 0
    with open(machine.folder / "requirements.lock", "a") as lock:
        lock.write("# changed\n")
    assert "Pythonの環境を .venv に作ります" in machine.run("sh", "setup.sh").stderr


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("stage", ["report", "lint"])
def test_packages_that_cannot_be_had_leave_the_environment_as_it_was(machine: Machine, stage: str) -> None:
    lock = machine.folder / {"report": "requirements.lock", "lint": "requirements-test.lock"}[stage]
    assert machine.run("sh", "setup.sh", "lint").returncode == 0
    before, content = tree(machine.folder / ".venv"), lock.read_bytes()
    lock.write_bytes(content + b"# changed\n")
    ended = machine.run("sh", "setup.sh", stage, PIP_SAYS="ERROR: none")
    assert ended.returncode == 3
    assert "前の環境は .venv にそのまま残っています。" in ended.stderr
    assert tree(machine.folder / ".venv") == before
    assert not (machine.folder / ".venv.new").exists()
    # With the old lock it is used; with the new one and a network, it is replaced.
    lock.write_bytes(content)
    assert machine.run("sh", "setup.sh", stage, PIP_SAYS="ERROR: none").returncode == 0
    lock.write_bytes(content + b"# changed\n")
    assert machine.run("sh", "setup.sh", stage).returncode == 0
    assert tree(machine.folder / ".venv") != before
    assert {path.name for path in machine.folder.glob(".venv*")} == {".venv"}


@pytest.mark.parametrize("left", [".venv.new", ".venv.old"])
def test_a_setup_that_was_broken_off_is_begun_anew(machine: Machine, left: str) -> None:
    """Killed while it installed, or between the two renames: what there was is whole."""
    assert machine.run("sh", "setup.sh").returncode == 0
    before = tree(machine.folder / ".venv")
    if left == ".venv.new":
        (machine.folder / left / "bin").mkdir(parents=True)
    else:
        (machine.folder / ".venv").rename(machine.folder / left)
    assert machine.run("sh", "setup.sh", PIP_SAYS="ERROR: none").returncode == 0
    assert tree(machine.folder / ".venv") == before
    assert machine.run("sh", "setup.sh", "lint").returncode == 0
    assert {path.name for path in machine.folder.glob(".venv*")} == {".venv"}


@pytest.mark.parametrize("lost", ["folder", "file", "part of a file"])
def test_a_package_that_was_removed_or_changed_by_hand_is_put_back(machine: Machine, lost: str) -> None:
    environment = machine.folder / ".venv"
    venv.create(environment, symlinks=True)
    shutil.copy(machine.folder / "requirements.lock", environment / "ready")
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "some").mkdir()
    (packages / "some/part.py").write_text("pass\n")
    (packages / "some-1.dist-info").mkdir()
    (packages / "some-1.dist-info/RECORD").write_text("some/part.py,sha256=x,5\n../../../bin/some,sha256=y,9\n")
    (environment / "packages").write_text("some-1.dist-info")
    silent = machine.run("sh", "setup.sh")
    assert (silent.returncode, silent.stderr) == (0, "")
    assert "setup.sh" not in machine.run("make", "-n", "report").stdout
    if lost == "folder":
        os.utime(environment / "ready", (0, 0))
        os.utime(machine.folder / "requirements.lock", (0, 0))
        shutil.rmtree(packages / "some-1.dist-info")
        assert "sh setup.sh" in machine.run("make", "-n", "report").stdout
    elif lost == "file":
        (packages / "some/part.py").unlink()
    else:
        (packages / "some/part.py").write_text("")
    assert "Pythonの環境を .venv に作ります" in machine.run("sh", "setup.sh").stderr


CAUSES = {
    "NewConnectionError: [Errno -3] Temporary failure in name resolution": "ネットワークにつながりません",
    "W: Failed to fetch x  Could not connect to x:80\nE: Unable to locate package y": "ネットワークにつながりません",
    "ProxyError('Cannot connect to proxy.')": "ネットワークにつながりません",
    "SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "証明書",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.": "ハッシュ",
    "E: Failed to fetch x  Hash Sum mismatch": "ハッシュ",
    "ERROR: [Errno 28] No space left on device": "空き容量",
    "E: You don't have enough free space in /var/cache/apt/archives/.": "空き容量",
    "ERROR: [Errno 13] Permission denied: 'x'": "権限",
    "E: Release file for x is not valid yet (invalid for another 5h).": "時計",
    "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'": "dpkg --configure -a",
    "E: Unable to locate package fonts-x": "このシステム(",
}


@pytest.mark.parametrize(("says", "cause"), CAUSES.items())
def test_what_keeps_packages_from_being_installed_is_said(machine: Machine, says: str, cause: str) -> None:
    last = says.splitlines()[-1]
    if not says.startswith(("E:", "W:")):
        ended = machine.run("sh", "setup.sh", PIP_SAYS=says)
    else:
        machine.missing.write_text("libpango-1.0-0\n")
        machine.has("id", "#!/bin/sh\necho 0\n")
        machine.has(
            "apt-get", f"#!/bin/sh\ncat >&2 <<'END'\nW: unsandboxed (13: Permission denied)\n{says}\nEND\nexit 100\n"
        )
        ended = machine.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert cause in ended.stderr
    assert last in ended.stderr or not last.startswith(("E:", "ERROR:"))
    others = {"ネットワークにつながりません", "証明書", "ハッシュ", "空き容量", "権限"} - {cause}
    assert not [other for other in others if other in ended.stderr]


HELD = (
    "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 4711 (unattended-upgr)\n"
    "E: Unable to lock directory /var/lib/apt/lists/"
)


def test_a_machine_that_updates_itself_is_waited_for(lacking: Machine) -> None:
    lacking.has("id", "#!/bin/sh\necho 0\n")
    lacking.has("sleep", WRITES_DOWN)
    lacking.has(
        "apt-get",
        WRITES_DOWN + f'[ "$(grep -c sleep "$CALLS")" -ge 3 ] || {{ echo "{HELD}" >&2; exit 100; }}\n: >"$MISSING"\n',
    )
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("終わるのを待ちます(最長5分): 4711 (unattended-upgr)\n") == 1
    assert len(lacking.called("sleep")) == 3


def test_it_is_waited_for_five_minutes_at_most(lacking: Machine) -> None:
    lacking.has("id", "#!/bin/sh\necho 0\n")
    lacking.has("sleep", WRITES_DOWN)
    lacking.has("apt-get", f'#!/bin/sh\n[ "$1" = update ] || {{ echo "{HELD}" >&2; exit 100; }}\n')
    ended = lacking.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert "5分待っても終わりません" in ended.stderr
    assert len(lacking.called("sleep")) * 5 == 300


def test_two_at_once_take_turns_and_the_second_finds_it_done(machine: Machine) -> None:
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda _: machine.run("sh", "setup.sh", PIP_TAKES="0.5"), range(2)))
    assert [each.returncode for each in ended] == [0, 0]
    waited, worked = sorted((each.stderr.splitlines() for each in ended), key=len)
    assert [line.split("。")[0] for line in waited] == ["ほかの make がこのフォルダーの準備をしています"]
    assert len(worked) == 2
    assert len([call for call in machine.called("python") if "<pip>" in call]) == 1


def test_settings_that_lead_packages_elsewhere_are_not_followed(machine: Machine) -> None:
    settings = machine.folder / "pip.conf"
    settings.write_text(
        "[global]\nindex-url = https://packages.example/simple\nuser = true\n[install]\ntarget = /elsewhere\n"
        "find-links =\n  /one\n  /two\n"
    )
    ended = machine.run(
        *("sh", "setup.sh"),
        REAL="1",
        PIP_CONFIG_FILE=str(settings),
        PIP_TARGET="/elsewhere",
        PIP_USER="1",
        PIP_PREFIX="/elsewhere",
        PIP_CERT="/office.pem",
        PYTHONPATH="/elsewhere",
        PYTHONHOME="/elsewhere",
    )
    assert ended.returncode == 0, ended.stderr
    seen = Path(f"{machine.calls}.pip").read_text("utf-8").splitlines()
    kept = dict(line.split("=", 1) for line in seen if line.startswith(("PIP_", "PYTHON")))
    assert kept.pop("PIP_CONFIG_FILE") == os.devnull
    wanted = {
        "PIP_INDEX_URL": "https://packages.example/simple",
        "PIP_FIND_LINKS": "/one /two",
        "PIP_CERT": "/office.pem",
        "PIP_NO_CACHE_DIR": "1",
    }
    # This machine's own /etc/pip.conf may add more.
    assert wanted.items() <= kept.items()
    assert not kept.keys() & {"PIP_TARGET", "PIP_USER", "PIP_PREFIX", "PYTHONPATH", "PYTHONHOME"}


def test_the_packages_of_another_program_do_not_get_in_the_way(ready: Machine) -> None:
    elsewhere = ready.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "yaml.py").write_text("raise SystemExit('not ours')\n")
    made = ready.run("make", "check", PYTHONPATH=str(elsewhere), PYTHONHOME=str(elsewhere))
    assert (made.returncode, made.stderr) == (0, "")
    direct = ready.run(".venv/bin/python", "-m", "pipeline", "check", PYTHONPATH=str(elsewhere))
    assert (direct.returncode, direct.stderr) == (0, "")


@pytest.mark.parametrize(
    "lost", ["sys.modules['pydantic'] = None", "sys.modules['pydantic'] = types.ModuleType('pydantic')"]
)
def test_a_package_that_was_removed_is_named_with_what_puts_it_back(ready: Machine, lost: str) -> None:
    """The whole of it, or its first file, which leaves an empty one."""
    code = (
        f"import runpy, sys, types; {lost}; sys.argv[1:] = ['check']; runpy.run_module('pipeline', run_name='__main__')"
    )
    ended = ready.run(".venv/bin/python", "-c", code)
    assert ended.returncode == 3
    assert "部品(pydantic)が" in ended.stderr
    assert "make setup" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_of_somebody_else_is_said(machine: Machine) -> None:
    machine.has("id", "#!/bin/sh\necho staff\n")
    # Root may write everywhere; `[` is asked in its place.
    script = (machine.folder / "setup.sh").read_text("utf-8").replace("[ -w . ]", "false")
    (machine.folder / "setup.sh").write_text(script, "utf-8")
    ended = machine.run("sh", "setup.sh")
    assert ended.returncode == 3
    assert f'    sudo chown -R staff "{machine.folder}"\n' in ended.stderr


# The bundle


@pytest.fixture
def bundled(machine: Machine) -> Machine:
    """The same with a bundle for this system: no packages in it, as none are missing."""
    content = machine.folder.parent / "bundle"
    (content / "wheels").mkdir(parents=True)
    for lock in LOCKS[:2]:
        shutil.copy(machine.folder / lock, content)
    release = subprocess.run(
        ["sh", "-c", '. /etc/os-release; echo "$ID ${VERSION_ID:-$VERSION_CODENAME}"'], capture_output=True, text=True
    )
    if release.returncode:
        pytest.skip("no /etc/os-release here")
    (content / "SYSTEM").write_text(f"{release.stdout.strip()} Linux\n")
    pack(machine, machine.folder / "given.tar")
    return machine


def pack(machine: Machine, path: Path) -> None:
    folder = machine.folder.parent
    listed = "find . -type f ! -name SHA256SUMS -exec sha256sum {} + >../sums && mv ../sums SHA256SUMS"
    subprocess.run(["sh", "-c", f"cd bundle && {listed} && cd .. && tar -cf '{path}' bundle"], cwd=folder, check=True)


@pytest.mark.parametrize("given", [True, False], ids=["BUNDLE", "in the folder"])
def test_with_a_bundle_nothing_is_fetched(bundled: Machine, given: bool) -> None:
    name = "given.tar"
    if not given:
        system = (bundled.folder.parent / "bundle/SYSTEM").read_text().strip()
        name = f"bundle-{system.replace(' ', '-')}.tar"
        (bundled.folder / "given.tar").rename(bundled.folder / name)
    ended = bundled.run("make", "setup-sign", *(["BUNDLE=given.tar"] if given else []))
    assert ended.returncode == 0, ended.stderr
    assert f"{name} から入れます(ネットワークは使いません)。" in ended.stderr
    calls = [call for call in bundled.called("python") if "<pip>" in call]
    assert len(calls) == 2
    assert all("<--no-index><--find-links>" in call and "<--require-hashes>" in call for call in calls)
    # What tests need is not in it.
    assert "から入れます" not in bundled.run("sh", "setup.sh", "lint").stderr
    assert "<--no-index>" not in [call for call in bundled.called("python") if "<pip>" in call][-1]


def test_a_bundle_that_is_given_stops_no_command_once_all_is_there(ready: Machine) -> None:
    made = ready.run("make", "check", "BUNDLE=given.tar")
    assert (made.returncode, made.stderr) == (0, "")


def test_a_bundle_that_was_changed_is_refused(bundled: Machine) -> None:
    archive = bundled.folder / "given.tar"
    archive.write_bytes(archive.read_bytes().replace(b"sha256:", b"sha256;", 1))
    for content, said in ((archive.read_bytes(), "一致しません"), (b"no archive", "読めません")):
        archive.write_bytes(content)
        ended = bundled.run("sh", "setup.sh", BUNDLE="given.tar")
        assert ended.returncode == 3
        assert said in ended.stderr
    assert not (bundled.folder / ".venv").exists()


def test_a_bundle_for_another_system_or_another_lock_is_refused(bundled: Machine) -> None:
    with open(bundled.folder / "requirements-sign.lock", "a") as lock:
        lock.write("# changed\n")
    ended = bundled.run("sh", "setup.sh", BUNDLE="given.tar")
    assert ended.returncode == 3
    assert "今の requirements-sign.lock のものではありません" in ended.stderr
    (bundled.folder.parent / "bundle/SYSTEM").write_text("plan9 4 mips\n")
    pack(bundled, bundled.folder / "given.tar")
    ended = bundled.run("sh", "setup.sh", BUNDLE="given.tar")
    assert ended.returncode == 3
    assert "作ったシステム: plan9 4 mips" in ended.stderr
    assert bundled.run("sh", "setup.sh", BUNDLE="none.tar").returncode == 3


def test_a_bundle_for_a_former_lock_that_still_lies_there_is_left_alone(bundled: Machine) -> None:
    system = (bundled.folder.parent / "bundle/SYSTEM").read_text().strip()
    (bundled.folder / "given.tar").rename(bundled.folder / f"bundle-{system.replace(' ', '-')}.tar")
    with open(bundled.folder / "requirements.lock", "a") as lock:
        lock.write("# changed\n")
    ended = bundled.run("sh", "setup.sh")
    assert ended.returncode == 0
    assert "今の requirements.lock のものではないため使いません" in ended.stderr
    assert not [call for call in bundled.called("python") if "<--no-index>" in call]


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


@pytest.mark.skipif("\nID=ubuntu" in OS_RELEASE, reason="on Ubuntu no browser is installed")
def test_a_browser_that_cannot_be_had_keeps_no_other_program_away(machine: Machine) -> None:
    machine.has("id", "#!/bin/sh\necho 0\n")
    machine.has(
        "apt-get",
        WRITES_DOWN
        + 'case "$*" in *install*chromium*) echo "E: Unable to locate package chromium" >&2; exit 100 ;; esac\n',
    )
    ended = machine.run("sh", "setup.sh", "test")
    assert ended.returncode == 0
    pdf, browser = (call for call in machine.called("apt-get") if "<install>" in call)
    assert pdf.endswith("<poppler-utils><qpdf>")
    assert "<chromium>" in browser
    assert "E: Unable to locate package chromium" in ended.stderr
    assert ended.stderr.endswith("これらを使う試験は行いません。\n")
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
    assert ended.stderr.splitlines()[0] == "資料を作るために足りないもの: fonts-morisawa-bizud-gothic"


def test_fonts_can_be_looked_for_before_any_package_is_installed() -> None:
    """setup.sh asks pipeline.fonts, on a Python that has nothing but its own library."""
    code = "import sys, pipeline.fonts; print([name for name in sys.modules if name.partition('.')[0] in %r])"
    packages = ("pydantic", "yaml", "fontTools", "weasyprint", "jinja2", "pypdf")
    told = subprocess.run(
        [sys.executable, "-S", "-c", code % (packages,)], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert (told.stdout, told.stderr) == ("[]\n", "")


def test_setup_calls_modules_that_there_are() -> None:
    """What one of them fails at stops no set-up, so nobody would notice."""
    called = re.findall(r"-m (pipeline[\w.]*)", (ROOT / "setup.sh").read_text("utf-8").split("set -eu")[1])
    assert called
    assert all(importlib.util.find_spec(name) for name in called)


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
