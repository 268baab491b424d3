"""The command: parse, call the line, print, exit with a code. What the staff read is Japanese.

Results go to standard output, messages to standard error. Modules that take long to import are imported
by the target that needs them, so that a report that is up to date costs a few hundredths of a second.
"""

import argparse
import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Never

from pipeline.delivery.delivery import OUT, SOURCE
from pipeline.errors import LackError, PipelineError, Problem, SourceError, UsageError
from pipeline.line import DATA, Delivered, Step
from pipeline.processes.progress import Progress

SHOWN_PROBLEMS = 200

# Each takes some hundred megabytes.
MOST_JOBS = 60

_HELP = """使い方: python -m pipeline 命令 [版 …] [指定 …]

  report [版 …] [--jobs 数] 帳票(PDFとウェブページ)を作る。変わっていない版はそのまま残す。--jobs は同時に作る数
                            (省くとCPUの数)
  check [版 …] [--strict]   元のデータを調べる。何も書き出さない。--strict は警告も誤りとする
  diff [版 …] [--all]       新旧対照表(前版から何が変わったか)を作る。--all は変更のない項目も載せる
  diff --from 旧 --to 新    二つを比べる。版の名前、YAMLファイル、帳票のPDFのどれでもよい
                            --strict は、続くはずの項目がなくなっていれば終了コード1
  errata --from 旧 --to 新  正誤表(配布した資料の誤りと訂正)を作る
  next --from 版 --to 次    次の版の下書き source/次.yaml を作る。すでにあれば何もしない
  summary [版 …] [--jobs 数]  集計表(方針別の件数と図)を1枚で作る
  preview [版] [--port 番号]  紙面を下見するページを開く。元のデータ、ひな型、体裁を保存するたびに作り直す。Ctrl-C で終わる
  data [版 …]               オープンデータ(CSV、JSONとその説明)を作る
  sheets [版 …]             担当課に送る照会票(Excel)を作る
  import ファイル … [--apply]  戻った照会票を調べ、変わるところを示す。--apply を付けたときだけ元のデータに書き込む
  history [版]              すべての版を通した各項目の経過を作る。つながりが二つ以上あれば、最後の版を指定する
  sign 版 --key 鍵          帳票に電子署名を付ける。鍵はPKCS#12(.p12)。暗証は尋ねる。--passphrase-file で
                            ファイルから、環境変数 KYODO_PASSPHRASE からも読める
  schema                    元のデータの書き方の定義(JSON Schema)を source/edition.schema.json に書き出す

版は、source/ の中のファイル名から .yaml を除いたものです。省くとすべての版を扱います。
終了コード: 0 完了、1 元のデータに誤り、2 使い方の誤り、3 書体やライブラリの不足、4 検査に不合格、70 プログラムかひな型の誤り
"""


# What the machine may lack while files are read and written, and what to do.
_LACKS = {
    errno.ENOSPC: "空き容量がありません。不要なファイルを消してから、もう一度実行してください。",
    errno.EDQUOT: "割り当てられた容量がありません。不要なファイルを消してから、もう一度実行してください。",
    errno.EROFS: "書き込めない場所です。書き込める場所にこのフォルダを移してください。",
    errno.EACCES: "書き込む権限がありません。フォルダの権限を確かめてください。",
    errno.EPERM: "書き込む権限がありません。フォルダの権限を確かめてください。",
    errno.ELOOP: "ほかの場所へのリンクになっています。リンクを外してください。",
    errno.EISDIR: "ファイルではなくフォルダです。別の場所に移してください。",
    errno.EEXIST: "フォルダではなくファイルです。別の場所に移してください。",
    errno.ENOTDIR: "途中にフォルダではなくファイルがあります。別の場所に移してください。",
    errno.EIO: "読み書きに失敗しました。ディスクか共有フォルダの故障でないか確かめてください。",
    errno.ENOMEM: "メモリが足りません。ほかのプログラムを終えてから、もう一度実行してください。",
}


# How far this run has come.
_progress = Progress()


class _Parser(argparse.ArgumentParser):
    def __init__(self) -> None:
        # Whose width is given does not import what finds out the terminal's; nobody sees argparse's own help.
        width = partial(argparse.HelpFormatter, width=80)
        super().__init__(add_help=False, allow_abbrev=False, formatter_class=width)

    def error(self, message: str) -> Never:  # noqa: ARG002 argparse's sentence is English
        given = " ".join(sys.argv[1:]) or "(なし)"
        raise UsageError(f"使い方が違います: {given}\n\n{_HELP}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments` (the process's own by default); the exit code."""
    global _progress
    _write_japanese()
    _progress = Progress()
    try:
        options = _parse(arguments)
        if options.help:
            print(_HELP, end="")
            return 0
        result: int = options.run(options)
        return result
    except PipelineError as error:
        return _explain(error)
    except BrokenPipeError:
        # The reader of our output has left (`| head`): nothing more to say, and nothing to complain of.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in _LACKS:
            raise
        # Of a rename, the second name is the one that the reader knows.
        place = error.filename2 or error.filename or "出力"
        print(f"{place}: {_LACKS[error.errno]}out/ は前のままです。", file=sys.stderr)
        return LackError.exit_code
    except MemoryError:
        print(f"{_LACKS[errno.ENOMEM]}out/ は前のままです。", file=sys.stderr)
        return LackError.exit_code
    except ImportError as error:
        # A module that is written in C is there, but does not load.
        if isinstance(error, ModuleNotFoundError) or not (error.path or "").endswith((".so", ".dylib")):
            raise
        print(
            f"部品({error.name})を読み込めません。メモリが足りているか確かめてください。足りていれば、"
            "次のコマンドで部品を入れ直してください: make setup",
            file=sys.stderr,
        )
        return LackError.exit_code
    except KeyboardInterrupt:
        print("中止しました。out/ は前のままです。", file=sys.stderr)
        return 130


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    target, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    parser = _Parser()
    parser.add_argument("-h", "--help", action="store_true")
    if target in ("-h", "--help"):
        return parser.parse_args([target])
    run = _prepare(parser, target)
    if not run:
        parser.error(target)
    parser.set_defaults(run=run)
    return parser.parse_args(rest)


def _prepare(parser: _Parser, target: str) -> Callable[[argparse.Namespace], int] | None:
    """Let `parser` know what `target` takes, and return what does it: fifteen parsers would take a while to be made."""
    add = parser.add_argument
    match target:
        case "report" | "summary":
            add("editions", nargs="*")
            add("--jobs")
            return _report if target == "report" else _summary
        case "check":
            add("editions", nargs="*")
            add("--strict", action="store_true")
            return _check
        case "diff":
            add("editions", nargs="*")
            add("--from", dest="old")
            add("--to", dest="new")
            add("--all", action="store_true")
            add("--strict", action="store_true")
            return _diff
        case "errata" | "next":
            add("--from", dest="old", required=True)
            add("--to", dest="new", required=True)
            return _errata if target == "errata" else _next
        case "preview":
            add("edition", nargs="?")
            add("--port")
            return _preview
        case "data" | "sheets":
            add("editions", nargs="*")
            return _data if target == "data" else _sheets
        case "import":
            add("files", nargs="*", type=Path)
            add("--files", dest="listed", default="")
            add("--apply", action="store_true")
            return _import
        case "history":
            add("edition", nargs="?")
            return _history
        case "sign":
            add("edition")
            add("--key", type=Path, required=True)
            add("--passphrase-file", type=Path)
            return _sign
        case "schema":
            return _schema
    return None


def _report(options: argparse.Namespace) -> int:
    from pipeline.line import is_report_current

    jobs = _jobs(options.jobs)
    return _for_many(_editions(options.editions), _make_report, is_report_current, jobs)


def _make_report(step: Step, path: Path, jobs: int = 1) -> None:
    from pipeline.line import make_report

    delivered = make_report(path, step, jobs)
    if delivered and (signed := OUT / path.stem / "report-signed.pdf").exists():
        print(f"{signed}: 前の帳票に付けた署名です。make sign で付け直してください。", file=sys.stderr)
    _print_delivered(OUT / path.stem / "report.pdf", delivered)
    # Once published, the data must not fall behind the page that leads to it.
    if all((OUT / path.stem / name).exists() for name in DATA):
        _make_data(step, path)


def _jobs(given: str | None) -> int:
    """How many documents to make at once: as `given`, or as many as there are cores. Raises `UsageError`."""
    if given is None:
        # What this process may use, where the system says so.
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (given.isascii() and given.isdecimal() and len(given) < 4 and 0 < int(given) <= MOST_JOBS):
        raise UsageError(
            f"同時に作る数「{given}」は使えません。1から{MOST_JOBS}までの数を指定してください。例: make report JOBS=2"
        )
    return int(given)


def _preview(options: argparse.Namespace) -> int:
    paths = _editions([options.edition] if options.edition else [])
    # Of several most likely the one that was saved last.
    first = max(paths, key=lambda path: path.stat().st_mtime_ns)
    from pipeline.preview.server import preview

    preview(first.stem, options.port)
    return 0


def _summary(options: argparse.Namespace) -> int:
    from pipeline.line import is_summary_current

    jobs = _jobs(options.jobs)
    return _for_many(_editions(options.editions), _make_summary, is_summary_current, jobs)


def _make_summary(step: Step, path: Path, jobs: int = 1) -> None:
    from pipeline.line import make_summary

    _print_delivered(OUT / path.stem / "summary.pdf", make_summary(path, step, jobs))


def _data(options: argparse.Namespace) -> int:
    from pipeline.line import make_report

    def make(path: Path) -> None:
        _make_data(_step, path)
        # Its page does not lead to the data yet if it was made before them.
        if (page := OUT / path.stem / "report.html").exists() and make_report(path, _step, _jobs(None)):
            print(f"{page}: データへのリンクを付けました。")

    return _for_each(_editions(options.editions), make)


def _make_data(step: Step, path: Path) -> None:
    from pipeline.office.open_data import make_data

    folder, published = OUT / path.stem, make_data(path, step)
    if published is None:
        print(f"{folder / DATA[0]}: 変わっていません。")
    else:
        _print_problems(published.warnings)
        for made in published.paths:
            print(f"{made}: {published.rows}行" if made.name == DATA[0] else made)


def _sheets(options: argparse.Namespace) -> int:
    from pipeline.office.sheets import make_sheets

    def make(path: Path) -> None:
        sheets = make_sheets(path)
        _print_problems(sheets.warnings)
        for made in sheets.paths:
            print(made)
        for removed in sheets.removed:
            print(f"{removed}: 受け持つ項目がなくなったため削除しました。")

    return _for_each(_editions(options.editions), make)


def _for_each(
    paths: Sequence[Path], make: Callable[[Path], None], begun: Callable[[int, int], None] | None = None
) -> int:
    """Call `make` for each edition: one's errors do not keep the others from being made. The worst exit code."""
    begun = begun or _progress.editions
    code = 0
    for done, path in enumerate(paths):
        begun(done, len(paths))
        try:
            make(path)
        except PipelineError as error:
            code = max(code, _explain(error))
        # Whoever follows our output through a pipe is to see each edition when it is made.
        sys.stdout.flush()
    return code


def _for_many(paths: Sequence[Path], make: Callable[..., None], is_current: Callable[[Path], bool], jobs: int) -> int:
    """The same, where as many as `jobs` processes make the editions that are not current, or lay out the only one."""

    def alone(path: Path) -> None:
        make(_step, path, jobs)

    stale = [path for path in paths if not is_current(path)] if jobs > 1 and len(paths) > 1 else []
    if len(stale) < 2:
        return _for_each(paths, alone)

    from concurrent.futures.process import BrokenProcessPool

    from pipeline.line import warm_up
    from pipeline.processes.pool import make_all

    def waiting(done: int) -> None:
        _progress.editions(done, len(stale))
        _progress.tell()

    def in_turn(path: Path) -> None:
        if path not in waited_for:
            return alone(path)
        outcome = next(made)
        _progress.clear()
        return outcome.print()

    waiting(0)
    waited_for = set(stale)
    try:
        with closing(make_all(stale, partial(make, _silently), warm_up, jobs, waiting)) as made:
            return _for_each(paths, in_turn, lambda *_: None)
    except BrokenProcessPool:
        raise LackError(
            "同時に動かす処理の一つが、始められないか、外から止められました。メモリが足りないときに起こります。"
            "ほかのプログラムを終えるか、JOBS=1 を付けて(一つずつ)、もう一度実行してください。"
            "できた版のほか、out/ は前のままです。"
        ) from None
    finally:
        _progress.clear()


def _import(options: argparse.Namespace) -> int:
    from pipeline.office.returns import apply_returns, describe, messages, read_returns

    files = [file for path in [*options.files, *_listed(options.listed)] for file in _workbooks(path)]
    if not files:
        raise UsageError('戻った照会票(.xlsx)を指定してください。例: make import FILES="戻り/協働推進課.xlsx"')
    returns = read_returns(files, SOURCE)
    for message in messages(returns):
        print(message, file=sys.stderr)
    print(describe(returns))
    if not returns.is_clean:
        print("誤りや食い違いがあるため、何も書き込んでいません。", file=sys.stderr)
        return 1
    if options.apply and apply_returns(returns) and returns.source:
        print(f"{returns.source.path} に書き込みました。")
    elif returns.changes:
        print("まだ書き込んでいません。この内容でよければ APPLY=1(--apply)を付けて、もう一度実行してください。")
    return 0


def _print_delivered(path: Path | None, delivered: Delivered | None) -> None:
    if delivered is None:
        print(f"{path}: 変わっていません。" if path else "変わっていません。")
    else:
        _print_problems(delivered.warnings)
        print(f"{delivered.path}: {delivered.pages}ページ、警告{len(delivered.warnings)}件")


def _check(options: argparse.Namespace) -> int:
    from pipeline.model.validation import validate
    from pipeline.source.tree import read_source

    code = 0
    for path in _editions(options.editions):
        try:
            warnings = validate(read_source(path)).warnings
        except SourceError as error:
            code = max(code, _explain(error))
            continue
        _print_problems(warnings)
        print(f"{path}: 誤り0件、警告{len(warnings)}件")
        if warnings and options.strict:
            code = 1
    return code


def _diff(options: argparse.Namespace) -> int:
    from pipeline.line import make_comparison

    if bool(options.old) != bool(options.new) or (options.old and options.editions):
        raise UsageError("diff は、版の名前か、--from と --to の両方で指定してください。例: make diff FROM=h23 TO=h24")
    if options.old:
        pairs = [(_given(options.old), _given(options.new))]
    else:
        pairs = list(_with_previous(_editions(options.editions)))
        if not pairs:
            print("前版のある版がありません。比べる二つを --from と --to で指定してください。")
    code = 0
    for old, new in pairs:
        try:
            path, delivered = make_comparison(old, new, _step, options.all, _jobs(None))
        except PipelineError as error:
            code = max(code, _explain(error))
            continue
        _print_delivered(path.with_suffix(".pdf"), delivered)
        if _print_comparison(path) and options.strict:
            code = max(code, 1)
    return code


def _with_previous(paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    from pipeline.source.tree import read_source

    for path in paths:
        previous = read_source(path).root.text("前版")
        if previous and _is_edition_id(previous):
            yield path.parent / f"{previous}.yaml", path


def _print_comparison(path: Path) -> int:
    """Say in short what comparison.json at `path` says; the number of items that vanished."""
    from pipeline.years.comparison_data import summarize

    lines, vanished = summarize(path.read_text("utf-8"))
    loud = sys.stdout.isatty()
    for is_warning, line in lines:
        print(f"\033[1;31m{line}\033[0m" if is_warning and loud else line)
    return vanished


def _errata(options: argparse.Namespace) -> int:
    from pipeline.line import make_errata

    delivered = make_errata(_given(options.old), _given(options.new), _step)
    _print_delivered(None, delivered)
    return 0


def _next(options: argparse.Namespace) -> int:
    from pipeline.delivery.files import create_file
    from pipeline.model.validation import validate
    from pipeline.source.tree import read_source
    from pipeline.years.draft import next_edition

    (old,) = _editions([options.old])
    if not _is_edition_id(options.new):
        raise UsageError(f"版の名前「{options.new}」は使えません。半角の英小文字、数字、「-」で付けてください。")
    new = SOURCE / f"{options.new}.yaml"
    text = next_edition(validate(read_source(old)).edition, old.stem)
    if not create_file(new, text.encode()):
        raise UsageError(f"{new} はすでにあります。上書きはしません。別の名前を付けてください。")
    warnings = validate(read_source(new)).warnings
    print(f"{new}: 下書きを作りました。未記入などの警告{len(warnings)}件。")
    return 0


def _history(options: argparse.Namespace) -> int:
    from pipeline.documents.history import make_history

    if options.edition:
        _editions([options.edition])
    delivered = make_history(_editions([]), options.edition, _step)
    _print_delivered(OUT / "history.pdf", delivered)
    return 0


def _listed(text: str) -> list[Path]:
    """The files in `text`, the value of make's FILES: one as it is, or several, quoted where they hold spaces."""
    if not text or Path(text).exists():
        return [Path(text)] if text else []
    import shlex

    try:
        return [Path(name) for name in shlex.split(text)]
    except ValueError:
        raise UsageError(f"FILES の引用符が閉じていません: {text}") from None


def _workbooks(path: Path) -> list[Path]:
    """`path`, or all workbooks in it if it is a folder; Excel's own lock files (~$) are none."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.glob("*.xlsx") if not file.name.startswith("~$"))


def _sign(options: argparse.Namespace) -> int:
    from datetime import datetime

    from pipeline.line import make_report
    from pipeline.office.signature import sign_report

    (path,) = _editions([options.edition])
    # What is signed is the report as it is proved now, not what may have become of the file since.
    make_report(path, _step)
    print(
        sign_report(OUT / path.stem / "report.pdf", options.key, options.passphrase_file, datetime.now().astimezone())
    )
    return 0


def _schema(_: argparse.Namespace) -> int:
    from pipeline.delivery.files import replace_file
    from pipeline.model.schema import edition_schema

    path = SOURCE / "edition.schema.json"
    replace_file(path, edition_schema().encode())
    print(path)
    return 0


def _editions(names: Sequence[str]) -> list[Path]:
    """The files of the editions `names`, or of all. Raises `UsageError`, with the names that there are."""
    if not SOURCE.is_dir():
        raise UsageError("source/ がありません。プロジェクトのフォルダで実行してください。")
    there = sorted(path for path in SOURCE.glob("*.yaml"))
    if not names:
        if not there:
            raise UsageError("source/ に版(.yaml)がありません。docs/manual.md の例を見て作ってください。")
        bad = [path for path in there if not _is_edition_id(path.stem)]
        if bad:
            raise UsageError(
                f"版の名前に使えない文字があります: {bad[0]}\n半角の英小文字、数字、「-」に改めてください。"
            )
        return there
    known = "、".join(path.stem for path in there) or "なし"
    for name in names:
        if not _is_edition_id(name) or SOURCE / f"{name}.yaml" not in there:
            raise UsageError(f"版「{name}」は source/ にありません。ある版: {known}")
    return [SOURCE / f"{name}.yaml" for name in dict.fromkeys(names)]


def _given(name: str) -> Path:
    """The file that `name` means: an edition's id, a YAML file, or a PDF of ours. Raises `UsageError`."""
    path = Path(name)
    if _is_edition_id(name) and (SOURCE / f"{name}.yaml").exists():
        return SOURCE / f"{name}.yaml"
    if path.suffix in (".yaml", ".yml", ".pdf"):
        return path
    return _editions([name])[0]


def _is_edition_id(name: str) -> bool:
    # The rule of model.is_edition_id, whose module takes a tenth of a second to import.
    return name.isascii() and name[:1].isalnum() and name == name.lower() and name.replace("-", "").isalnum()


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Says on the way how far a stage has come."""
    with _progress.stage(name):
        yield


def _silently(name: str) -> AbstractContextManager[None]:  # noqa: ARG001 it is a `Step`
    """One of several processes says nothing: the first one says how far they all have come."""
    return nullcontext()


def _explain(error: PipelineError) -> int:
    if isinstance(error, SourceError):
        _print_problems(error.problems)
        errors = sum(problem.is_error for problem in error.problems)
        print(
            f"誤り{errors}件、警告{len(error.problems) - errors}件。誤りを直してからもう一度実行してください。",
            file=sys.stderr,
        )
    else:
        print(error, file=sys.stderr)
    return error.exit_code


def _print_problems(problems: Sequence[Problem]) -> None:
    for problem in problems[:SHOWN_PROBLEMS]:
        print(problem, file=sys.stderr)
    if len(problems) > SHOWN_PROBLEMS:
        print(f"ほか{len(problems) - SHOWN_PROBLEMS:,}件", file=sys.stderr)


def _write_japanese() -> None:
    """Write UTF-8 whatever the locale says, and never stop for a character."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
