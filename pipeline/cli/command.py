"""The entry point: parses the arguments, runs the command, and turns errors into messages and exit codes.

Results go to stdout, messages to stderr, both in Japanese. Actions import slow modules only when they need them, so
that a report that is up to date takes a few hundredths of a second.
"""

import errno
import os
import sys
from collections.abc import Sequence

from pipeline.errors import LackError, PipelineError, UsageError
from pipeline.plain import switch_on

from . import actions
from .arguments import parse
from .output import explain
from .table import help_text

# Messages, with the fix, for errors of the machine while reading and writing files.
_LACKS = {
    errno.ENOSPC: "空き容量がありません。不要なファイルを消してから、もう一度実行してください。",
    errno.EDQUOT: "割り当てられた容量がありません。不要なファイルを消してから、もう一度実行してください。",
    errno.EROFS: "書き込めない場所です。書き込める場所にこのフォルダーを移してください。",
    errno.EACCES: "読み書きする権限がありません。フォルダーの権限を確かめてください。",
    errno.EPERM: "読み書きする権限がありません。フォルダーの権限を確かめてください。",
    errno.ELOOP: "ほかの場所へのリンクになっています。リンクを外してください。",
    errno.EISDIR: "ファイルではなくフォルダーです。別の場所に移してください。",
    errno.EEXIST: "フォルダーではなくファイルです。別の場所に移してください。",
    errno.ENOTDIR: "途中にフォルダーではなくファイルがあります。別の場所に移してください。",
    errno.EIO: "読み書きに失敗しました。ディスクか共有フォルダーの故障でないか確かめてください。",
    errno.ENOMEM: "メモリーが足りません。ほかのプログラムを終えてから、もう一度実行してください。",
}

# This is true at any point of a run: files are replaced atomically, and each is printed when it is delivered.
_UNTOUCHED = "作成したと表示した資料のほかは、前のままです。"

_INTERRUPTED = 130  # 128 + SIGINT, the convention of shells


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (default: sys.argv) and return the exit code. Bugs raise their exception."""
    _write_japanese()
    try:
        call = parse(sys.argv[1:] if arguments is None else arguments)
        if call is None:
            print(help_text(), end="")
            return 0
        if call.options.plain:
            switch_on()
        if call.options.folder:
            _enter(call.options.folder)
        return actions.run(call)
    except PipelineError as error:
        return explain(error)
    except BrokenPipeError:
        # The reader of the pipe has ended (`| head`). Redirect stdout, since flushing it at exit would fail as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in _LACKS:
            raise
        # In a rename, filename2 is the target, which the user knows.
        place = error.filename2 or error.filename or "出力"
        print(f"{place}: {_LACKS[error.errno]}{_UNTOUCHED}", file=sys.stderr)
        return LackError.exit_code
    except MemoryError:
        print(f"{_LACKS[errno.ENOMEM]}{_UNTOUCHED}", file=sys.stderr)
        return LackError.exit_code
    except ImportError as error:
        # Only a C extension that exists but does not load is handled here.
        if isinstance(error, ModuleNotFoundError) or not (error.path or "").endswith((".so", ".dylib")):
            raise
        print(
            f"部品({error.name})を読み込めません。メモリーが足りているか確かめてください。足りていれば、"
            "次のコマンドで部品を入れ直してください: make setup",
            file=sys.stderr,
        )
        return LackError.exit_code
    except KeyboardInterrupt:
        print(f"中止しました。{_UNTOUCHED}", file=sys.stderr)
        return _INTERRUPTED


def _enter(folder: str) -> None:
    """Change to the project folder named by IN. Raises `UsageError`."""
    try:
        os.chdir(folder)
    except OSError:
        raise UsageError(f"IN のフォルダー「{folder}」を開けません。名前を確かめてください。") from None


def _write_japanese() -> None:
    """Make stdout and stderr use UTF-8 whatever the locale is; characters that cannot be encoded are escaped."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
