#!/bin/sh
# Makes this machine ready. The Makefile calls it when .venv is missing, older than its lock, or was changed by hand.
#
#   sh setup.sh         what `make report` needs: Pango, the fonts, the Python packages of requirements.lock
#   sh setup.sh system  of these only what the system's packages hold (for an administrator)
#   sh setup.sh sign    and the Python packages of requirements-sign.lock
#   sh setup.sh bench   and the Python packages of requirements-bench.lock
#   sh setup.sh lint    and the Python packages of requirements-test.lock
#   sh setup.sh test    and the programs that some tests call
#   sh setup.sh bundle  an archive of all that `report` and `sign` need, for machines without a network
#
# With such an archive in this folder, or in BUNDLE, nothing is fetched from the network.
#
# Says what it installs before it does. Where something is missing that it must not or cannot install, it prints
# the command that does and ends in 3, as `python -m pipeline` does for fonts and libraries.
set -eu
cd "$(dirname "$0")"
what=${1:-report}
with=   # what gives a command the rights of root
from=   # options of apt-get: the bundle, if there is one
bundle= # the folder of the unpacked bundle, if there is one
asked_for_bundle=

# These would lead our Python to the packages of another program, or keep it from starting.
unset PYTHONHOME PYTHONPATH PYTHONUSERBASE PYTHONPLATLIBDIR PYTHONSAFEPATH PYTHONSTARTUP PYTHONINSPECT \
    PYTHONOPTIMIZE PYTHONWARNINGS

# apt-get installs the system's packages that hold these.
LIBRARIES="libpango-1.0.so.0=libpango-1.0-0 libpangoft2-1.0.so.0=libpangoft2-1.0-0"
FONTS=fonts-morisawa-bizud-gothic

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

# Two runs at once take turns, and the second finds the work done. The turn ends with this process, even when it is
# killed. `begin_turn SECONDS` fails if another run is still at work then.
begin_turn() {
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
        break  # a shared folder without locks
else:
    sys.exit(1)
END
}

take_turn() {
    exec 9<setup.sh
    ! begin_turn 0 || return 0
    say "ほかの make がこのフォルダの準備をしています。終わるのを待ちます(最長5分)。"
    begin_turn 300 || lack "ほかの make の準備が5分待っても終わりません。終わってから、もう一度実行してください。"
}

# What keeps apt-get or pip from installing, by what they wrote, in English. One that nobody foresaw is left to them.
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
            say "このコンピューターの時計が遅れています。日時を合わせてから、もう一度実行してください。"
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
                "インターネットにつながらない機械で使う方法は、docs/manual.md の「13 インターネットにつながらない機械で使う」にあります。"
            ;;
        *"Permission denied"* | *"Errno 13"* | *"Operation not permitted"* | *"Errno 1]"* | *"Read-only file system"*)
            say "書き込む権限がありません。フォルダの権限を確かめて、もう一度実行してください。"
            ;;
        *"Unable to locate package"* | *"no installation candidate"* | *"No matching distribution"*)
            say "配布元に、このシステム($(system_name))とPython($("$python" -E -V 2>&1))のためのものがありません。"
            ;;
    esac
    printf '%s\n' "$1" | grep -E '^(E:|ERROR:|dpkg: error|.*Error:)' | tail -n 5 >&2 || true
}

# As `ubuntu 24.04 amd64`.
system_name() {
    (
        ID=$system VERSION_ID='' VERSION_CODENAME=''
        # shellcheck source=/dev/null
        [ ! -r /etc/os-release ] || . /etc/os-release
        echo "$ID ${VERSION_ID:-$VERSION_CODENAME} $(dpkg --print-architecture 2>/dev/null || uname -m)"
    )
}

# The names of this system's packages that are missing, seen by trying what will be done: loading a library by
# name, as WeasyPrint does, finding the fonts.
missing_packages() {
    # The libraries are to be words of their own.
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
        # CDLL(None) would be this program itself: a library that is not found must not pass for it.
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

# `apt_get ARGUMENT…` with the rights and from the places that were found; what it complains of is left in `log`.
# A machine that has just been started is often updating itself: waits for it, at most five minutes.
apt_get() {
    waited=0
    while :; do
        # Standard output tells of each file. The turn (9) must not stay with a service that a package starts.
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

# `apt_install REASON PACKAGE…` with apt-get, as root or with sudo; fails after saying what the administrator has to type.
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
    # Whether the lists could be renewed is seen by what can be installed: of several sources, one may have gone.
    apt_get update || true
    renewed=$log
    apt_get install -y --no-install-recommends "$@" && return
    say "入れられませんでした。"
    # apt-get may read a user's folder as root only, which is no fault.
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
    # The names are to be words of their own.
    # shellcheck disable=SC2086
    apt_install "資料を作るために足りないもの" $missing || exit 3
    missing=$(missing_packages)
    # Whose files somebody has removed, apt-get takes for installed.
    [ -z "$missing" ] || lack "入れましたが、まだ使えません: $missing" "使っているPython: $python" \
        "管理者が次のコマンドで入れ直してください。" "" "    apt-get install --reinstall $missing" ""
    [ -z "$bundle" ] || compare_fonts
}

# Fonts that were there before may be of another version.
compare_fonts() {
    "$python" -E -B - "$bundle/FONTS" <<'END' || say "入っている書体は、$archive にあるものと版が違います。PDFは、作った機械のものと、まったく同じにはなりません。"
import hashlib
import sys

from pipeline.fonts import font_files

wanted = {name: digest for digest, name in map(str.split, open(sys.argv[1], encoding="utf-8"))}
sys.exit(any(hashlib.sha256(path.read_bytes()).hexdigest() != wanted[name] for name, path in font_files().items()))
END
}

# The commands that tell pip of this office's ways to an index, from its settings and the environment. A setting that
# leads packages elsewhere (target, user, prefix) or changes what is installed is none of them: the locks say that.
pip_settings() {
    "$1" -E -B - <<'END'
import os
import shlex

# `pip config list` does not tell: it takes a `user = true` of a file for an option of its own.
from pip._internal.configuration import Configuration

KEPT = """index-url extra-index-url find-links no-index trusted-host proxy cert client-cert keyring-provider
use-feature use-deprecated default-timeout timeout retries cache-dir no-cache-dir""".split()

configuration = Configuration(isolated=False)
configuration.load()
settings = []
for name, value in configuration.items():
    # Newer pips keep them by file.
    settings += value.items() if isinstance(value, dict) else [(name, value)]
kept = {}
for section in ("global", "install", ":env:"):
    for name, value in settings:
        place, _, name = name.partition(".")
        if place == section and name in KEPT and value:
            kept[name] = " ".join(value.split())
if "cache-dir" not in kept:
    kept["no-cache-dir"] = "1"  # nothing is left in the user's home folder
for name in os.environ:
    if name.startswith("PIP_"):
        print("unset", shlex.quote(name))
for name, value in kept.items():
    print(f"export PIP_{name.upper().replace('-', '_')}={shlex.quote(value)}")
# None of the files, which pip would read again.
print(f"export PIP_CONFIG_FILE={os.devnull}")
END
}

# `run_pip PYTHON ARGUMENT…`; what it complains of is left in `log`.
run_pip() {
    with_pip=$1
    shift
    log=$(
        exec 2>&1 >/dev/null
        settings=$(pip_settings "$with_pip") || exit 1
        eval "$settings"
        # Only wheels: a package that has to be built would fetch its tools, which no lock holds.
        LC_ALL=C.UTF-8 "$with_pip" -E -m pip "$@" -q --disable-pip-version-check --no-input \
            --require-hashes --only-binary :all:
    )
}

# `install_packages LOCK STAMP` into .venv.new.
install_packages() {
    say "$1 のPythonの部品($(grep -c '^[a-z]' "$1")個)を .venv に入れます。"
    set -- "$1" "$2" install
    # What tests and benchmarks need is in no bundle: it comes from the network.
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

# Whether .venv holds each package that was installed and each of its files; what was added to it does not matter.
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
            # Programs in bin/ are not called, and name the folder in which they were made.
            if size and not path.startswith(".."):
                assert os.stat(site / path).st_size == int(size)
END
}

# The new environment takes the place of the old one, which was whole until now.
swap() {
    .venv.new/bin/python -E -B - <<'END'
import sysconfig
from pathlib import Path

# The programs in bin/ begin with the path of the Python that runs them.
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
    # What replaces it would not stand where the link leads.
    [ ! -L .venv ] || lack ".venv がほかの場所へのリンクになっています。リンクを外してください: rm .venv"
    # A run may have been killed between the two renames.
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
            say "Pythonの環境を作れませんでした。空き容量と、このフォルダの権限を確かめてください。"
            give_up
        }
        install_packages requirements.lock ready
        # Without it, every start takes longer (see there), and nothing else.
        .venv.new/bin/python -E -m pipeline.layout.fast.startup 2>/dev/null || true
        begun=yes
    fi
    if [ -n "$more" ] && { [ -n "$begun" ] || ! cmp -s "$lock" ".venv/$more"; }; then
        if [ -z "$begun" ]; then
            begin_environment
            cp -Rp .venv .venv.new || {
                say "Pythonの環境を写せませんでした。空き容量と、このフォルダの権限を確かめてください。"
                give_up
            }
        fi
        install_packages "$lock" "$more"
        begun=yes
    fi
    [ -z "$begun" ] || swap
    # make compares times. Another user's file is left as it is: then the next run looks again.
    for stamp in ready $more; do
        touch ".venv/$stamp" 2>/dev/null || true
    done
}

# Refuses a folder in which no environment can be made or replaced.
begin_environment() {
    # shellcheck disable=SC2012 # the owner, on macOS too
    [ -w . ] || lack "$(pwd) に書き込む権限がありません(所有者: $(ls -ld . | (read -r _ _ owner _ && echo "$owner")))。" \
        "所有者に頼むか、管理者が次のコマンドで自分のものにしてください。" "" "    sudo chown -R $(id -un) \"$(pwd)\"" ""
    rm -rf .venv.new .venv.old 2>/dev/null ||
        lack "前の準備が残したものを消せません。管理者が次のコマンドで消してください。" "" \
            "    sudo rm -rf \"$(pwd)/.venv.new\" \"$(pwd)/.venv.old\"" ""
}

# Tests that lack a program are skipped, so this never fails.
prepare_test_programs() {
    wanted=
    command -v pdftoppm >/dev/null || wanted="$wanted poppler-utils"
    command -v qpdf >/dev/null || wanted="$wanted qpdf"
    # What drives the browser is a program of Playwright's, which a bare Debian 12 could not start.
    [ "$system" = Darwin ] || .venv/bin/python -E -c 'import ctypes; ctypes.CDLL("libatomic.so.1")' 2>/dev/null ||
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
        from='' bundle='' # which does not hold them
        if command -v apt-get >/dev/null; then
            # shellcheck disable=SC2086
            apt_install "試験に使うもの" $wanted || say "これらを使う試験は行いません。"
        else
            say "これらを使う試験は行いません。入れるとすべて行います:$wanted"
        fi
    fi
    : >.venv/ready-test
}

absolute() {
    case $1 in
        /*) echo "$1" ;;
        *) echo "$(pwd)/$1" ;;
    esac
}

# A folder for this run alone, which goes with it. No space in its path may split an option of apt-get's.
make_workshop() {
    workshop=$(mktemp -d)
    trap 'rm -rf "$workshop"' EXIT
    trap 'exit 130' HUP INT TERM
    chmod 755 "$workshop" # apt-get reads as a user of its own
}

# Unpacks the bundle that BUNDLE names, or else one for this system that lies in this folder; once.
open_bundle() {
    [ -z "$asked_for_bundle" ] || return 0
    asked_for_bundle=yes
    [ "$system" != Darwin ] || return 0
    archive=${BUNDLE:-bundle-$(system_name | tr ' ' -).tar}
    if [ ! -e "$archive" ]; then
        [ -z "${BUNDLE:-}" ] || lack "BUNDLE=$BUNDLE がありません。ファイルの場所を確かめてください。"
        return 0
    fi
    make_workshop
    tar -x --no-same-owner -f "$archive" -C "$workshop" 2>/dev/null || true
    [ -e "$workshop/bundle/SHA256SUMS" ] ||
        lack "$archive を読めません。make bundle で作ったファイルかどうかと、ディスクの空き容量を確かめてください。"
    (cd "$workshop/bundle" && sha256sum --check --strict --quiet SHA256SUMS >/dev/null 2>&1) ||
        lack "$archive の内容が、作ったときのもの(ハッシュ)と一致しません。途中で壊れています。もう一度写してください。"
    made_for=$(cat "$workshop/bundle/SYSTEM")
    [ "$made_for" = "$(system_name)" ] ||
        lack "$archive は、このシステムのものではありません(作ったシステム: $made_for、このシステム: $(system_name))。"
    for held in requirements.lock requirements-sign.lock; do
        cmp -s "$held" "$workshop/bundle/$held" && continue
        [ -z "${BUNDLE:-}" ] || lack "$archive は、今の $held のものではありません。make bundle で作り直してください。"
        say "$archive は、今の $held のものではないため使いません。make bundle で作り直せます。"
        return 0
    done
    bundle=$workshop/bundle
    echo "deb [trusted=yes] file:$bundle ./" >"$workshop/sources"
    mkdir -p "$workshop/lists/partial"
    from="-o Dir::Etc::SourceList=$workshop/sources -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$workshop/lists"
    say "$archive から入れます(ネットワークは使いません)。"
}

# Leaves bundle-SYSTEM.tar: wheels, packages with all that they need on a bare system, and a list of the hashes.
# Needs no rights: apt-get works in a folder of this run's own, as on a system where nothing is installed.
make_bundle() {
    command -v apt-get >/dev/null || lack "make bundle は、DebianかUbuntuで実行してください。"
    make_workshop
    mkdir -p "$workshop/bundle/debs/partial" "$workshop/bundle/wheels" "$workshop/state/lists/partial" "$workshop/cache"
    : >"$workshop/status"
    from="-o Dir::State=$workshop/state -o Dir::State::status=$workshop/status -o Dir::Cache=$workshop/cache
        -o Dir::Cache::archives=$workshop/bundle/debs -o APT::Sandbox::User=root -o Debug::NoLocking=1"
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
    rm -rf "$workshop/bundle/debs/partial" "$workshop/bundle/debs/lock"
    say "Pythonの部品を集めます: requirements-sign.lock"
    run_pip .venv/bin/python download -d "$workshop/bundle/wheels" -r requirements-sign.lock || {
        say "集められませんでした。"
        say_cause "$log"
        exit 3
    }
    archive=bundle-$(system_name | tr ' ' -).tar
    cp requirements.lock requirements-sign.lock "$workshop/bundle/"
    system_name >"$workshop/bundle/SYSTEM"
    (
        cd "$workshop/bundle"
        # The list by which apt-get finds its way. What it holds apt-get has checked by the signed list of its source.
        for deb in debs/*.deb; do
            case $deb in
                *%3a*) # the colon of a version, which would mean one to apt-get
                    mv "$deb" "${deb%%_*}_${deb##*%3a}"
                    deb=${deb%%_*}_${deb##*%3a}
                    ;;
            esac
            dpkg-deb --field "$deb"
            set -- "$(sha256sum "$deb")"
            printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(wc -c <"$deb")" "${1%% *}"
        done >Packages
        dpkg-deb --fsys-tarfile debs/"$FONTS"_*.deb | tar -x -f - -C "$workshop/cache" --wildcards '*.ttf'
        (cd "$workshop/cache" && find . -name 'BIZUD*.ttf' -exec sha256sum {} +) | sed 's|  .*/|  |' | sort -k 2 >FONTS
        find . -type f -exec sha256sum {} + | sort -k 2 >../SHA256SUMS
        mv ../SHA256SUMS .
    )
    # Beside it first: an archive is whole or not there. The same content gives the same bytes.
    tar -c -f ".$archive.new" -C "$workshop" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=a+rX bundle
    mv ".$archive.new" "$archive"
    say "$archive ができました。このファイルを、同じシステム($(system_name))の機械の、このフォルダに置いてください。" \
        "写した先で、次の値(SHA-256)が同じことを確かめてください。" "" "    $(sha256sum "$archive")" ""
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
take_turn
prepare_system
[ "$what" != system ] || exit 0
prepare_packages
[ "$what" != test ] || prepare_test_programs
