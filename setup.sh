#!/bin/sh
# Sets up this machine. The Makefile calls it if .venv is missing, older than its lock file, or was changed by hand.
#
#   sh setup.sh         installs what `make report` needs: Pango, the fonts, the Python packages of requirements.lock
#   sh setup.sh system  installs only the system packages of these (for an administrator)
#   sh setup.sh sign    also installs the Python packages of requirements-sign.lock
#   sh setup.sh bench   also installs the Python packages of requirements-bench.lock
#   sh setup.sh lint    also installs the Python packages of requirements-test.lock
#   sh setup.sh test    as lint, and installs the programs that some tests call
#   sh setup.sh bundle  packs what `report` and `sign` need into an archive (bundle), for machines without a network
#
# If there is a bundle in this folder, or BUNDLE names one, nothing is fetched from the network.
#
# The script prints what it is going to install. If something is missing that it may not or cannot install, it prints
# the command that does, and exits with 3, as `python -m pipeline` does for fonts and libraries.
set -eu
cd "$(dirname "$0")"
what=${1:-report}
with=   # a prefix that runs a command as root: sudo or empty
from=   # options of apt-get that make it use the bundle or a private state folder
bundle= # the folder of the unpacked bundle, if there is one
asked_for_bundle=

# With these variables, set for another program, our Python could load that program's packages, or not start at all.
unset PYTHONHOME PYTHONPATH PYTHONUSERBASE PYTHONPLATLIBDIR PYTHONSAFEPATH PYTHONSTARTUP PYTHONINSPECT \
    PYTHONOPTIMIZE PYTHONWARNINGS

# Shared libraries with the Debian packages that contain them, and the package of the fonts.
LIBRARIES="libpango-1.0.so.0=libpango-1.0-0 libpangoft2-1.0.so.0=libpangoft2-1.0-0"
FONTS=fonts-morisawa-bizud-gothic

say() {
    printf '%s\n' "$@" >&2
}

lack() {
    say "$@"
    exit 3
}

# Prints the path of a Python that is new enough. `python3` is not always the newest: on macOS it is the system's 3.9.
# The path is resolved: after an upgrade, Debian's /usr/bin/python3 is another version, for which .venv has no packages.
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

# A lock (flock on file descriptor 9) serializes concurrent runs; the second one finds the work done. The lock ends with
# this process, even if it is killed. `acquire_lock SECONDS` fails if another run still holds it after that time.
acquire_lock() {
    "$python" -E -B - "$1" 9<&9 <<'END'
import fcntl
import sys
import time

for second in range(int(sys.argv[1]) + 1):
    try:
        fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
        break
    except BlockingIOError:
        time.sleep(min(second, 1))
    except OSError:
        break  # a shared folder that does not support locks
else:
    sys.exit(1)
END
}

wait_for_lock() {
    exec 9<setup.sh
    ! acquire_lock 0 || return 0
    say "ほかの make がこのフォルダーの準備をしています。終わるのを待ちます(最長5分)。"
    acquire_lock 300 || lack "ほかの make の準備が5分待っても終わりません。終わってから、もう一度実行してください。"
}

# `say_cause OUTPUT` explains in Japanese why apt-get or pip failed, by patterns in their English output, and prints the
# last error lines of that output.
say_cause() {
    case $1 in
        *"No space left on device"* | *"Errno 28"* | *"enough free space"* | *"Disk quota exceeded"* | *"Errno 122"*)
            say "ディスクの空き容量が足りません。不要なファイルを消してから、もう一度実行してください。"
            ;;
        *"DO NOT MATCH THE HASHES"* | *"Hash Sum mismatch"* | *"has unexpected size"* | *"Hashes of expected file"*)
            say "届いたファイルが、決められたもの(ハッシュ)と一致しません。途中で壊れたか、書き換えられています。" \
                "もう一度実行しても同じなら、この画面の内容を開発者に伝えてください。"
            ;;
        *CERTIFICATE_VERIFY_FAILED* | *"ertificate verification failed"* | *"certificate is NOT trusted"*)
            say "配布元の証明書を確かめられません。庁内の証明書が必要かどうかを、情報システム課に確かめてください。"
            ;;
        *"is not valid yet"*)
            say "このパソコンの時計が遅れています。日時を合わせてから、もう一度実行してください。"
            ;;
        *"dpkg was interrupted"*)
            say "前に入れていたものが、途中で止まったままです。管理者が次のコマンドで済ませてから、もう一度実行してください。" \
                "" "    ${with:+$with }dpkg --configure -a" ""
            ;;
        *"Could not get lock"* | *"Unable to lock"* | *"Unable to acquire"*)
            say "ほかのプログラムがパッケージを入れている最中で、5分待っても終わりません。終わってから、もう一度実行してください。"
            ;;
        *"emporary failure"* | *"Could not resolve"* | *"Name or service not known"* | *"Could not connect"* | \
            *"connect to"* | *"Connection "* | *"NewConnectionError"* | *"onnection timed out"* | *"ConnectTimeout"* | \
            *"ReadTimeout"* | *"ProxyError"* | *"Network is unreachable"* | *"RemoteDisconnected"* | *"SSLError"* | \
            *"IncompleteRead"* | *"Protocol error"*)
            say "ネットワークにつながりません。ネットワーク(と、庁内ならプロキシの設定)を確かめて、もう一度実行してください。" \
                "インターネットにつながらないパソコンで使う方法は、docs/manual.md の「13 インターネットにつながらないパソコンで使う」にあります。"
            ;;
        *"Permission denied"* | *"Errno 13"* | *"Operation not permitted"* | *"Errno 1]"* | *"Read-only file system"*)
            say "書き込む権限がありません。フォルダーの権限を確かめて、もう一度実行してください。"
            ;;
        *"Unable to locate package"* | *"no installation candidate"* | *"No matching distribution"*)
            say "配布元に、このシステム($(system_name))とPython($("$python" -E -V 2>&1))のためのものがありません。"
            ;;
    esac
    printf '%s\n' "$1" | grep -E '^(E:|ERROR:|dpkg: error|.*Error:)' | tail -n 5 >&2 || true
}

# Prints the system, as in `ubuntu 24.04 amd64`.
system_name() {
    (
        ID=$system VERSION_ID='' VERSION_CODENAME=''
        # shellcheck source=/dev/null
        [ ! -r /etc/os-release ] || . /etc/os-release
        echo "$ID ${VERSION_ID:-$VERSION_CODENAME} $(dpkg --print-architecture 2>/dev/null || uname -m)"
    )
}

# Prints the missing system packages. Each is tested by use: the libraries are loaded by name, as WeasyPrint does, and
# the fonts are searched as the program does.
missing_packages() {
    # Word splitting of $LIBRARIES is intended.
    # shellcheck disable=SC2086
    "$python" -E -B - "$system" $FONTS $LIBRARIES <<'END'
import ctypes
import ctypes.util
import importlib.util
import shutil
import sys

MACOS = {"pango-1.0": "pango", "pangoft2-1.0": "pango"}

system, fonts, *libraries = sys.argv[1:]
macos = system == "Darwin"
missing = []
if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
    missing.append("python" if macos else "python3-venv")
if not macos and shutil.which("make") is None:
    missing.append("make")
for library, package in (MACOS if macos else dict(pair.split("=") for pair in libraries)).items():
    try:
        # If find_library returns None use the name: CDLL(None) would succeed, since it means this process itself.
        ctypes.CDLL((ctypes.util.find_library(library) or library) if macos else library)
    except OSError:
        missing.append(package)
try:
    from pipeline.fonts import font_files

    font_files()
except Exception:
    missing += ["font-biz-udgothic", "font-biz-udpgothic"] if macos else [fonts]
print(*dict.fromkeys(missing))
END
}

# `apt_get ARGUMENT…` runs apt-get with `$with` and `$from`, and leaves its error output in `log`. If another process
# holds the package lock (a machine often updates itself after starting), it retries for at most five minutes.
apt_get() {
    waited=0
    while :; do
        # Discard stdout, which lists each file. Close the lock (9), or a service that a package starts would inherit it.
        # shellcheck disable=SC2086
        log=$($with env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get $from "$@" 2>&1 >/dev/null 9<&-) && return
        case $log in
            *"Could not get lock"* | *"Unable to lock"* | *"Unable to acquire"*) ;;
            *) return 1 ;;
        esac
        [ "$waited" -lt 300 ] || return 1
        if [ "$waited" = 0 ]; then
            holder=
            case $log in
                *"held by process "*)
                    holder=${log#*held by process }
                    holder=": ${holder%%)*})"
                    ;;
            esac
            say "ほかのプログラムがパッケージを入れています。終わるのを待ちます(最長5分)$holder"
        fi
        sleep 5
        waited=$((waited + 5))
    done
}

# `apt_install REASON PACKAGE…` installs with apt-get, as root or with sudo. If it cannot, it prints the command for the
# administrator, and fails.
apt_install() {
    reason=$1
    shift
    command="apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 $*"
    [ -z "$bundle" ] || command="BUNDLE=\"$(absolute "$archive")\" sh \"$(pwd)/setup.sh\" system"
    if [ "$(id -u)" = 0 ]; then
        with=
        by_hand="sh -c '$command'"
    elif command -v sudo >/dev/null; then
        with=sudo
        by_hand="sudo sh -c '$command'"
    else
        # `su -` resets PATH: without "-", Debian's su keeps the user's, which lacks programs that dpkg needs.
        with=none
        by_hand="su - -c '$command'"
    fi
    # Without a terminal, sudo cannot ask for the password.
    if [ "$with" = none ] || { [ "$with" = sudo ] && ! sudo -n true 2>/dev/null && ! [ -t 0 ]; }; then
        say "$reason: $*" "このユーザーには入れる権限がありません。管理者が次のコマンドで入れてください。" "" "    $by_hand" ""
        return 1
    fi
    say "$reason: $*" "次のコマンドで入れます(数分かかることがあります): $by_hand"
    # Ignore a failed update: if only one of several sources is gone, the packages may still be available.
    apt_get update || true
    renewed=$log
    apt_get install -y --no-install-recommends "$@" && return
    say "入れられませんでした。"
    # Drop apt-get's warning that it reads a user's folder as root, which is not the cause.
    say_cause "$(printf '%s\n' "$renewed" "$log" | grep -v unsandboxed)"
    say "原因を除いたら、もう一度実行してください。次のコマンドでも入れられます。" "" "    $by_hand" ""
    return 1
}

prepare_system() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    if [ "$system" = Darwin ]; then
        say "資料を作るために足りないもの: $missing" "次のコマンドで入れてから、もう一度実行してください。" ""
        for package in $missing; do
            case $package in
                font-*) say "    brew install --cask $package" ;;
                *) say "    brew install $package" ;;
            esac
        done
        exit 3
    fi
    open_bundle
    if ! command -v apt-get >/dev/null; then
        lack "資料を作るために足りないもの(Debianでの名前): $missing" \
            "このシステムには apt-get がありません。同じものをこのシステムの方法で入れてから、もう一度実行してください。"
    fi
    # Word splitting of $missing is intended.
    # shellcheck disable=SC2086
    apt_install "資料を作るために足りないもの" $missing || exit 3
    missing=$(missing_packages)
    # apt-get does not notice that somebody has deleted files of an installed package.
    [ -z "$missing" ] || lack "入れましたが、まだ使えません: $missing" "使っているPython: $python" \
        "管理者が次のコマンドで入れ直してください。" "" "    apt-get install --reinstall $missing" ""
    [ -z "$bundle" ] || compare_fonts
}

# Warns if the installed fonts are of another version than those in the bundle.
compare_fonts() {
    "$python" -E -B - "$bundle/FONTS" <<'END' || say "入っている書体は、$archive にあるものとバージョンが違います。PDFは、$archive を作ったパソコンのものと同一にはなりません。"
import hashlib
import sys

from pipeline.fonts import font_files

wanted = {name: digest for digest, name in map(str.split, open(sys.argv[1], encoding="utf-8"))}
sys.exit(any(hashlib.sha256(path.read_bytes()).hexdigest() != wanted[name] for name, path in font_files().items()))
END
}

# Prints shell commands that give pip the user's settings for reaching a package index, from pip's configuration files
# and the environment. Other settings are dropped, as they could install elsewhere (target, user, prefix) or install
# other versions than the lock files.
pip_settings() {
    "$1" -E -B - <<'END'
import os
import shlex

# Not `pip config list`, which takes `user = true` in a configuration file for its own option.
from pip._internal.configuration import Configuration

ALLOWED = """index-url extra-index-url find-links no-index trusted-host proxy cert client-cert keyring-provider
use-feature use-deprecated default-timeout timeout retries cache-dir no-cache-dir""".split()

configuration = Configuration(isolated=False)
configuration.load()
settings = []
for name, value in configuration.items():
    # Newer versions of pip group the settings by file.
    settings += value.items() if isinstance(value, dict) else [(name, value)]
allowed = {}
for section in ("global", "install", ":env:"):
    for name, value in settings:
        place, _, name = name.partition(".")
        if place == section and name in ALLOWED and value:
            allowed[name] = " ".join(value.split())
if "cache-dir" not in allowed:
    allowed["no-cache-dir"] = "1"  # leave nothing in the user's home folder
for name in os.environ:
    if name.startswith("PIP_"):
        print("unset", shlex.quote(name))
for name, value in allowed.items():
    print(f"export PIP_{name.upper().replace('-', '_')}={shlex.quote(value)}")
# Keep pip from reading its configuration files again.
print(f"export PIP_CONFIG_FILE={os.devnull}")
END
}

# `run_pip PYTHON ARGUMENT…` runs pip, and leaves its error output in `log`.
run_pip() {
    with_pip=$1
    shift
    log=$(
        exec 2>&1 >/dev/null
        settings=$(pip_settings "$with_pip") || exit 1
        eval "$settings"
        # Wheels only: building a package would fetch build tools, which are not in the lock files.
        LC_ALL=C.UTF-8 "$with_pip" -E -m pip "$@" -q --disable-pip-version-check --no-input \
            --require-hashes --only-binary :all:
    )
}

# `install_packages LOCK STAMP` installs the packages of the lock file into .venv.new, and copies the lock file there as
# the stamp file.
install_packages() {
    say "$1 のPythonの部品($(grep -c '^[a-z]' "$1")個)を .venv に入れます。"
    set -- "$1" "$2" install
    # Bundles do not contain the packages of tests and benchmarks.
    case $1 in requirements.lock | requirements-sign.lock) open_bundle ;; esac
    [ -z "$bundle" ] || [ ! -e "$bundle/$1" ] || set -- "$@" --no-index --find-links "$bundle/wheels"
    list=$1 copy=$2
    shift 2
    if ! run_pip .venv.new/bin/python "$@" -r "$list"; then
        say "Pythonの部品を入れられませんでした。"
        say_cause "$log"
        give_up
    fi
    cp "$list" ".venv.new/$copy"
}

give_up() {
    rm -rf .venv.new
    [ ! -e .venv ] || say "前の環境は .venv にそのまま残っています。"
    exit 3
}

# Whether .venv still has every file of every package that was installed; added files do not matter.
is_sound() {
    .venv/bin/python -E -B - 2>/dev/null <<'END'
import csv
import os
import sysconfig
from pathlib import Path

site = Path(sysconfig.get_path("purelib"))
for name in Path(".venv/packages").read_text("utf-8").splitlines():
    with open(site / name / "RECORD", encoding="utf-8", newline="") as record:
        for path, _, size in csv.reader(record):
            # Skip scripts in bin/: they are not used, and `swap` has changed their size.
            if size and not path.startswith(".."):
                assert os.stat(site / path).st_size == int(size)
END
}

# Replaces .venv by .venv.new with two renames, so that .venv is complete at all other times.
swap() {
    .venv.new/bin/python -E -B - <<'END'
import sysconfig
from pathlib import Path

# The scripts in bin/ contain the path of their Python.
for path in Path(".venv.new/bin").iterdir():
    if not path.is_symlink() and b".venv.new" in (content := path.read_bytes()):
        path.write_bytes(content.replace(b".venv.new", b".venv"))
names = (path.parent.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info/RECORD"))
Path(".venv.new/packages").write_text("\n".join(sorted(names)), "utf-8")
END
    [ ! -e .venv ] || mv .venv .venv.old
    mv .venv.new .venv
    rm -rf .venv.old 2>/dev/null || say "前の環境を消せません。消すには: sudo rm -rf \"$(pwd)/.venv.old\""
}

prepare_packages() {
    # Refuse a link: renaming would replace the link, not the folder to which it leads.
    [ ! -L .venv ] || lack ".venv がほかの場所へのリンクになっています。リンクを外してください: rm .venv"
    # Repair the state after a run that was killed between the two renames of `swap`.
    [ -e .venv ] || [ ! -e .venv.old ] || mv .venv.old .venv
    case $what in
        report) more='' lock='' ;;
        sign | bench) more=ready-$what lock=requirements-$what.lock ;;
        *) more=ready-lint lock=requirements-test.lock ;;
    esac
    begun=
    if ! cmp -s requirements.lock .venv/ready || ! is_sound; then
        begin_environment
        say "Pythonの環境を .venv に作ります($python)。"
        "$python" -E -m venv .venv.new >&2 || {
            say "Pythonの環境を作れませんでした。空き容量と、このフォルダーの権限を確かめてください。"
            give_up
        }
        install_packages requirements.lock ready
        # Compile the declarations for a faster start; if it fails, starts are only slower.
        .venv.new/bin/python -E -m pipeline.layout.fast.startup 2>/dev/null || true
        begun=yes
    fi
    if [ -n "$more" ] && { [ -n "$begun" ] || ! cmp -s "$lock" ".venv/$more"; }; then
        if [ -z "$begun" ]; then
            begin_environment
            cp -Rp .venv .venv.new || {
                say "Pythonの環境をコピーできませんでした。空き容量と、このフォルダーの権限を確かめてください。"
                give_up
            }
        fi
        install_packages "$lock" "$more"
        begun=yes
    fi
    [ -z "$begun" ] || swap
    # Update the stamps, whose times make compares. If they belong to another user, the next run checks again.
    for stamp in ready $more; do
        touch ".venv/$stamp" 2>/dev/null || true
    done
}

# Stops with a message if no environment can be created or replaced in this folder.
begin_environment() {
    # shellcheck disable=SC2012 # ls prints the owner on macOS, too, where stat has other options
    [ -w . ] || lack "$(pwd) に書き込む権限がありません(所有者: $(ls -ld . | (read -r _ _ owner _ && echo "$owner")))。" \
        "所有者に頼むか、管理者が次のコマンドで自分のものにしてください。" "" "    sudo chown -R $(id -un) \"$(pwd)\"" ""
    rm -rf .venv.new .venv.old 2>/dev/null ||
        lack "前の準備が残したものを消せません。管理者が次のコマンドで消してください。" "" \
            "    sudo rm -rf \"$(pwd)/.venv.new\" \"$(pwd)/.venv.old\"" ""
}

# Installs programs for tests. It never fails, since tests are skipped if their program is missing. The browser is
# installed apart, since apt-get installs none of several packages if one of them cannot be had.
prepare_test_programs() {
    from='' bundle='' # the bundle does not contain them
    wanted=
    command -v pdftotext >/dev/null || wanted="$wanted poppler-utils"
    command -v qpdf >/dev/null || wanted="$wanted qpdf"
    # shellcheck disable=SC2086
    [ -z "$wanted" ] || try_install "PDFの試験に使うもの" $wanted
    prepare_browser
    : >.venv/ready-test
}

prepare_browser() {
    wanted=
    if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
        # On Ubuntu this package installs a snap, which cannot read the tests' folders.
        if grep -qs '^ID=ubuntu' /etc/os-release; then
            say "Ubuntuのchromiumはsnapのため使いません。ブラウザーの試験は行いません。"
            return
        fi
        wanted=chromium
    fi
    # Playwright's driver needs libatomic, which a minimal Debian 12 lacks.
    [ "$system" = Darwin ] || .venv/bin/python -E -c 'import ctypes; ctypes.CDLL("libatomic.so.1")' 2>/dev/null ||
        wanted="$wanted libatomic1"
    # shellcheck disable=SC2086
    [ -z "$wanted" ] || try_install "ブラウザーの試験に使うもの" $wanted
}

# `try_install REASON PACKAGE…` is `apt_install` for packages without which only tests are skipped.
try_install() {
    if command -v apt-get >/dev/null; then
        apt_install "$@" || say "これらを使う試験は行いません。"
    else
        reason=$1
        shift
        say "$reason: $*" "これらを使う試験は行いません。入れると行います。"
    fi
}

absolute() {
    case $1 in
        /*) echo "$1" ;;
        *) echo "$(pwd)/$1" ;;
    esac
}

# Creates a temporary folder that is removed at exit. Its path has no spaces, which would split apt-get's options.
make_temporary_folder() {
    temporary=$(mktemp -d)
    trap 'rm -rf "$temporary"' EXIT
    trap 'exit 130' HUP INT TERM
    chmod 755 "$temporary" # apt-get reads it as the user _apt
}

# Unpacks, once a run, the bundle that BUNDLE names, or one for this system in this folder. Stops with a message if it
# is damaged, or BUNDLE names one for another system or for other lock files.
open_bundle() {
    [ -z "$asked_for_bundle" ] || return 0
    asked_for_bundle=yes
    [ "$system" != Darwin ] || return 0
    archive=${BUNDLE:-bundle-$(system_name | tr ' ' -).tar}
    if [ ! -e "$archive" ]; then
        [ -z "${BUNDLE:-}" ] || lack "BUNDLE=$BUNDLE がありません。ファイルの場所を確かめてください。"
        return 0
    fi
    make_temporary_folder
    tar -x --no-same-owner -f "$archive" -C "$temporary" 2>/dev/null || true
    [ -e "$temporary/bundle/SHA256SUMS" ] ||
        lack "$archive を読めません。make bundle で作ったファイルかどうかと、ディスクの空き容量を確かめてください。"
    (cd "$temporary/bundle" && sha256sum --check --strict --quiet SHA256SUMS >/dev/null 2>&1) ||
        lack "$archive の内容が、作ったときのもの(ハッシュ)と一致しません。途中で壊れています。もう一度コピーしてください。"
    made_for=$(cat "$temporary/bundle/SYSTEM")
    [ "$made_for" = "$(system_name)" ] ||
        lack "$archive は、このシステムのものではありません(作ったシステム: $made_for、このシステム: $(system_name))。"
    for held in requirements.lock requirements-sign.lock; do
        cmp -s "$held" "$temporary/bundle/$held" && continue
        [ -z "${BUNDLE:-}" ] || lack "$archive は、今の $held のものではありません。make bundle で作り直してください。"
        say "$archive は、今の $held のものではないため使いません。make bundle で作り直せます。"
        return 0
    done
    bundle=$temporary/bundle
    echo "deb [trusted=yes] file:$bundle ./" >"$temporary/sources"
    mkdir -p "$temporary/lists/partial"
    from="-o Dir::Etc::SourceList=$temporary/sources -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$temporary/lists"
    say "$archive から入れます(ネットワークは使いません)。"
}

# Creates bundle-SYSTEM.tar with the wheels, the system packages with all their dependencies, and a list of hashes.
# It needs no root: apt-get runs on a state folder of its own, as on a system where nothing is installed.
make_bundle() {
    command -v apt-get >/dev/null || lack "make bundle は、DebianかUbuntuで実行してください。"
    make_temporary_folder
    mkdir -p "$temporary/bundle/debs/partial" "$temporary/bundle/wheels" "$temporary/state/lists/partial" "$temporary/cache"
    : >"$temporary/status"
    from="-o Dir::State=$temporary/state -o Dir::State::status=$temporary/status -o Dir::Cache=$temporary/cache
        -o Dir::Cache::archives=$temporary/bundle/debs -o APT::Sandbox::User=root -o Debug::NoLocking=1"
    packages="make python3 python3-venv $FONTS"
    for pair in $LIBRARIES; do
        packages="$packages ${pair#*=}"
    done
    say "システムのパッケージを集めます: $packages"
    apt_get update || true
    renewed=$log
    # shellcheck disable=SC2086
    apt_get install -y --no-install-recommends --download-only $packages || {
        say "集められませんでした。"
        say_cause "$renewed
$log"
        exit 3
    }
    rm -rf "$temporary/bundle/debs/partial" "$temporary/bundle/debs/lock"
    say "Pythonの部品を集めます: requirements-sign.lock"
    run_pip .venv/bin/python download -d "$temporary/bundle/wheels" -r requirements-sign.lock || {
        say "集められませんでした。"
        say_cause "$log"
        exit 3
    }
    archive=bundle-$(system_name | tr ' ' -).tar
    cp requirements.lock requirements-sign.lock "$temporary/bundle/"
    system_name >"$temporary/bundle/SYSTEM"
    (
        cd "$temporary/bundle"
        # Write the index for apt-get. apt-get has verified the packages by the signed index of their source.
        for deb in debs/*.deb; do
            case $deb in
                *%3a*) # an escaped colon of a version, which apt-get would decode in Filename
                    mv "$deb" "${deb%%_*}_${deb##*%3a}"
                    deb=${deb%%_*}_${deb##*%3a}
                    ;;
            esac
            dpkg-deb --field "$deb"
            set -- "$(sha256sum "$deb")"
            printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(wc -c <"$deb")" "${1%% *}"
        done >Packages
        dpkg-deb --fsys-tarfile debs/"$FONTS"_*.deb | tar -x -f - -C "$temporary/cache" --wildcards '*.ttf'
        (cd "$temporary/cache" && find . -name 'BIZUD*.ttf' -exec sha256sum {} +) | sed 's|  .*/|  |' | sort -k 2 >FONTS
        find . -type f -exec sha256sum {} + | sort -k 2 >../SHA256SUMS
        mv ../SHA256SUMS .
    )
    # Write to a temporary name, then rename, so that the archive is complete or absent. Options make it reproducible.
    tar -c -f ".$archive.new" -C "$temporary" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=a+rX bundle
    mv ".$archive.new" "$archive"
    say "$archive ができました。このファイルを、同じシステム($(system_name))のパソコンの、このフォルダーに置いてください。" \
        "コピーした先で、次の値(SHA-256)が同じことを確かめてください。" "" "    $(sha256sum "$archive")" ""
}

system=$(uname)
python=$(find_python) || python=
if [ -z "$python" ] && [ "$what" != bundle ]; then
    open_bundle
    [ -z "$bundle" ] || apt_install "資料を作るために足りないもの" python3 || exit 3
    python=$(find_python) || python=
fi
[ -n "$python" ] || lack "Python 3.11以上が必要です。ここにあるのは: $(python3 --version 2>&1 || true)" \
    "Debian 12以降・Ubuntu 24.04以降では: sudo apt-get install python3 python3-venv" \
    "macOSでは: brew install python"
if [ "$what" = bundle ]; then
    make_bundle
    exit
fi
wait_for_lock
prepare_system
[ "$what" != system ] || exit 0
prepare_packages
[ "$what" != test ] || prepare_test_programs
