#!/bin/sh
# Makes this machine ready. The Makefile calls it when .venv is missing or older than its lock.
#
#   sh setup.sh        what `make report` needs: Pango, the fonts, the Python packages of requirements.lock
#   sh setup.sh sign   and the Python packages of requirements-sign.lock
#   sh setup.sh bench  and the Python packages of requirements-bench.lock
#   sh setup.sh lint   and the Python packages of requirements-test.lock
#   sh setup.sh test   and the programs that some tests call
#
# Says what it installs before it does. Where something is missing that it must not or cannot install, it prints
# the command that does and ends in 3, as `python -m pipeline` does for fonts and libraries.
set -eu
cd "$(dirname "$0")"
what=${1:-report}

say() {
    printf '%s\n' "$@" >&2
}

lack() {
    say "$@"
    exit 3
}

# The path of a Python that is new enough. `python3` is not always the newest: on macOS it is the system's 3.9.
# The real path, because Debian's /usr/bin/python3 becomes another Python with an upgrade, for which .venv has no packages.
find_python() {
    for name in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
        "$name" -c '
import os, sys
if sys.version_info < (3, 11):
    sys.exit(1)
print(os.path.realpath(sys.executable))' 2>/dev/null && return
    done
    return 1
}

# The names of this system's packages that are missing, seen by trying what will be done: loading a library by
# name, as WeasyPrint does, finding the fonts.
missing_packages() {
    "$python" -E -B - "$system" <<'END'
import ctypes
import ctypes.util
import importlib.util
import sys

LINUX = {"libpango-1.0.so.0": "libpango-1.0-0", "libpangoft2-1.0.so.0": "libpangoft2-1.0-0"}
MACOS = {"pango-1.0": "pango", "pangoft2-1.0": "pango"}

macos = sys.argv[1] == "Darwin"
missing = []
if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
    missing.append("python" if macos else "python3-venv")
for library, package in (MACOS if macos else LINUX).items():
    try:
        # CDLL(None) would be this program itself: a library that is not found must not pass for it.
        ctypes.CDLL((ctypes.util.find_library(library) or library) if macos else library)
    except OSError:
        missing.append(package)
try:
    from pipeline.fonts import font_files

    font_files()
except Exception:
    missing += ["font-biz-udgothic", "font-biz-udpgothic"] if macos else ["fonts-morisawa-bizud-gothic"]
print(*dict.fromkeys(missing))
END
}

# `apt_install REASON PACKAGE…` with apt-get, as root or with sudo; fails after saying what the administrator has to type.
apt_install() {
    reason=$1
    shift
    # A machine that has just been started is often updating itself: wait for it, at most five minutes.
    command="apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 $*"
    if [ "$(id -u)" = 0 ]; then
        with=
        by_hand="sh -c '$command'"
    elif command -v sudo >/dev/null; then
        with=sudo
        by_hand="sudo sh -c '$command'"
    else
        # `-`: without it, Debian's su keeps the user's PATH, where dpkg misses its programs.
        with=none
        by_hand="su - -c '$command'"
    fi
    # Without a terminal nobody can type the password that sudo asks for.
    if [ "$with" = none ] || { [ "$with" = sudo ] && ! sudo -n true 2>/dev/null && ! [ -t 0 ]; }; then
        say "$reason: $*" "このユーザーには入れる権限がありません。管理者が次のコマンドで入れてください。" "" "    $by_hand" ""
        return 1
    fi
    say "$reason: $*" "次のコマンドで入れます(数分かかることがあります): $by_hand"
    # What dpkg says of each file is of no interest; errors go to standard error.
    $with env DEBIAN_FRONTEND=noninteractive sh -c "$command" >/dev/null && return
    say "入れられませんでした。ネットワークと権限を確かめて、次のコマンドで入れてください。" "" "    $by_hand" ""
    return 1
}

prepare_system() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    if [ "$system" = Darwin ]; then
        say "帳票を作るために足りないもの: $missing" "次のコマンドで入れてから、もう一度実行してください。" ""
        for package in $missing; do
            case $package in
                font-*) say "    brew install --cask $package" ;;
                *) say "    brew install $package" ;;
            esac
        done
        exit 3
    fi
    if ! command -v apt-get >/dev/null; then
        lack "帳票を作るために足りないもの(Debianでの名前): $missing" \
            "このシステムには apt-get がありません。同じものをこのシステムの方法で入れてから、もう一度実行してください。"
    fi
    # The names are to be words of their own.
    # shellcheck disable=SC2086
    apt_install "帳票を作るために足りないもの" $missing || exit 3
    missing=$(missing_packages)
    # Whose files somebody has removed, apt-get takes for installed.
    [ -z "$missing" ] || lack "入れましたが、まだ使えません: $missing" "使っているPython: $python" \
        "管理者が次のコマンドで入れ直してください。" "" "    apt-get install --reinstall $missing" ""
}

# `pip_install LOCK STAMP`. While .venv/unfinished is there, a package may be half installed.
pip_install() {
    say "$1 のPythonの部品($(grep -c '^[a-z]' "$1")個)を .venv に入れます。"
    : >.venv/unfinished
    # Only wheels: a package that has to be built would fetch its tools, which no lock holds.
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input \
        --require-hashes --only-binary :all: -r "$1" || {
        rm -f .venv/unfinished
        lack "Pythonの部品を入れられませんでした。ネットワーク(と、庁内ならプロキシの設定)を確かめて、もう一度実行してください。"
    }
    cp "$1" "$2"
    rm .venv/unfinished
}

prepare_packages() {
    # Emptying .venv would empty the folder that it leads to.
    [ ! -L .venv ] || lack ".venv がほかの場所へのリンクになっています。リンクを外してください: rm .venv"
    if [ -e .venv/unfinished ] || ! cmp -s requirements.lock .venv/ready || ! .venv/bin/python -c '' 2>/dev/null; then
        say "Pythonの環境を .venv に作ります($python)。"
        "$python" -m venv --clear .venv || lack ".venv を作れませんでした。"
        pip_install requirements.lock .venv/ready
    fi
    # Without it, every start takes longer (see there), and nothing else.
    .venv/bin/python -E -m pipeline.layout.fast.startup 2>/dev/null || true
    touch .venv/ready # make compares times
    [ "$what" != report ] || return 0
    case $what in
        sign | bench)
            cmp -s "requirements-$what.lock" ".venv/ready-$what" ||
                pip_install "requirements-$what.lock" ".venv/ready-$what"
            touch ".venv/ready-$what"
            return 0
            ;;
    esac
    cmp -s requirements-test.lock .venv/ready-lint || pip_install requirements-test.lock .venv/ready-lint
    touch .venv/ready-lint
}

# Tests that lack a program are skipped, so this never fails.
prepare_test_programs() {
    wanted=
    command -v pdftoppm >/dev/null || wanted="$wanted poppler-utils"
    command -v qpdf >/dev/null || wanted="$wanted qpdf"
    # What drives the browser is a program of Playwright's, which a bare Debian 12 could not start.
    [ "$system" = Darwin ] || .venv/bin/python -c 'import ctypes; ctypes.CDLL("libatomic.so.1")' 2>/dev/null ||
        wanted="$wanted libatomic1"
    if ! command -v chromium >/dev/null; then
        # Ubuntu's package of this name only fetches a snap, which cannot read the tests' folders.
        if grep -qs '^ID=ubuntu' /etc/os-release; then
            say "Ubuntuのchromiumはsnapのため使いません。ブラウザーの試験は行いません。"
        else
            wanted="$wanted chromium"
        fi
    fi
    if [ -n "$wanted" ]; then
        if command -v apt-get >/dev/null; then
            # shellcheck disable=SC2086
            apt_install "試験に使うもの" $wanted || say "これらを使う試験は行いません。"
        else
            say "これらを使う試験は行いません。入れるとすべて行います:$wanted"
        fi
    fi
    : >.venv/ready-test
}

system=$(uname)
python=$(find_python) || lack "Python 3.11以上が必要です。ここにあるのは: $(python3 --version 2>&1 || true)" \
    "Debian 12以降・Ubuntu 24.04以降では: sudo apt-get install python3 python3-venv" \
    "macOSでは: brew install python"
prepare_system
# Two runs at once take turns. The lock goes with this process, even when it is killed.
exec 9<setup.sh
"$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)' 9<&9
prepare_packages
[ "$what" != test ] || prepare_test_programs
