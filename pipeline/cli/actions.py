"""One function for each command: it takes the options, calls the pipeline, and prints the results."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from pipeline.delivery.delivery import OUT, ROOT, SOURCE
from pipeline.delivery.issues import REGISTER, last_issue, needed_last_issue, source_of
from pipeline.errors import (
    LackError,
    PipelineError,
    Problem,
    SourceError,
    StaleError,
    UsageError,
    printable,
    printable_lines,
)
from pipeline.library import Library, editions_in
from pipeline.line import Step, make, proved_again
from pipeline.model.edition_id import is_edition_id
from pipeline.papers import (
    Paper,
    book_of,
    comparison_of,
    council_of,
    data_of,
    errata_of,
    errata_of_edition,
    history_of,
    outdated,
    report_of,
    summary_of,
    to_make,
)
from pipeline.processes.progress import Progress

from .arguments import Call
from .editions import editions, given, left_out, new_edition
from .output import explain, print_delivered, print_problems

if TYPE_CHECKING:
    from datetime import date

# The most processes at a time. Each takes some hundred megabytes.
MOST_JOBS = 60

# The sample editions, and the project folder that `make demo` creates with them.
SAMPLE = ROOT / "docs/sample"
DEMO = Path("demo")
_NOTHING_GIVEN = SimpleNamespace(editions=[], edition=None, old=None, new=None, all=False, strict=False, jobs=None)

# The progress and the editions of this run; each worker process has its own.
_progress = Progress()
_library = Library()


def run(call: Call) -> int:
    """Run the command of `call` and return its exit code. Raises `PipelineError`."""
    global _progress, _library
    _progress, _library = Progress(), Library()
    left_out.clear()
    code = _ACTIONS[call.command.name](call.options)
    return max(code, UsageError.exit_code) if left_out else code


def _report(options: SimpleNamespace) -> int:
    return _make_each(options, report_of)


def _summary(options: SimpleNamespace) -> int:
    return _make_each(options, summary_of)


def _data(options: SimpleNamespace) -> int:
    return _make_each(options, data_of)


def _book(options: SimpleNamespace) -> int:
    return _make_each(options, book_of)


def _make_each(options: SimpleNamespace, paper_of: Callable[[Path], Paper]) -> int:
    """Make the paper of each requested edition, with as many processes as `options` say."""
    jobs = _jobs(options.jobs)
    return _for_many({path: paper_of(path) for path in editions(options.editions)}, jobs)


def _make_one(papers: Mapping[Path, Paper], step: Step, path: Path, jobs: int = 1) -> None:
    _make([papers[path]], step, jobs)


def _make(papers: Sequence[Paper], step: Step, jobs: int = 1) -> None:
    """Make `papers`, rebuild the other papers of their editions, and print the results. Raises `PipelineError`."""
    outcome = make(papers, step, _library, jobs)
    delivered = [*zip(papers, outcome.asked, strict=True), *((other.paper, other) for other in outcome.others)]
    # The papers of a set have the same warnings.
    print_problems([*dict.fromkeys(warning for _, one in delivered if one for warning in one.warnings)])
    for paper, one in delivered:
        print_delivered(paper, one)
        if one and paper.kind == "report":
            _warn_of_signature(one.path)
    for removed in outcome.removed:
        print(f"{removed.path}: 載せる内容がなくなったため、削除しました。")
    if outcome.left:
        stale = [f"{left.path} は、作り直せないため古いままです。配布しないでください。" for left, _ in outcome.left]
        errors = [
            str(reason)
            for _, error in outcome.left
            for reason in (error.problems if isinstance(error, SourceError) else (error,))
            if not isinstance(reason, Problem) or reason.is_error
        ]
        raise StaleError("\n".join([*stale, *dict.fromkeys(errors)]))


def _warn_of_signature(report: Path) -> None:
    if (signed := report.with_name("report-signed.pdf")).exists():
        print(f"{signed}: 前の一覧に付けた署名です。make sign で付け直してください。", file=sys.stderr)


def _jobs(given: str | None) -> int:
    """The number of processes: as `given`, or one per core. Raises `UsageError`."""
    if given is None:
        # The cores that this process may use, where the system can tell.
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (given.isascii() and given.isdecimal() and len(given) < 4 and 0 < int(given) <= MOST_JOBS):
        raise UsageError(
            f"同時に作る数「{given}」は使えません。1から{MOST_JOBS}までの数を指定してください。例: make report JOBS=2"
        )
    return int(given)


def _preview(options: SimpleNamespace) -> int:
    paths = editions([options.edition] if options.edition else [])
    # Show the edition that was saved last.
    first = max(paths, key=lambda path: path.stat().st_mtime_ns if path.is_file() else 0)
    from pipeline.preview.server import preview

    preview(first.stem, options.port)
    return 0


def _sheets(options: SimpleNamespace) -> int:
    from pipeline.office.sheets import make_sheets

    def make_one(path: Path) -> None:
        sheets = make_sheets(path, _library)
        print_problems(sheets.warnings)
        for made in sheets.paths:
            print(made)
        for removed in sheets.removed:
            print(f"{removed}: 受け持つ項目がなくなったため、削除しました。")

    return _for_each(editions(options.editions), make_one)


def _for_each(
    paths: Sequence[Path], make: Callable[[Path], None], begun: Callable[[int, int], None] | None = None
) -> int:
    """Call `make` for each edition, even after errors in others; the highest exit code.

    `begun` is called before each with the number of finished editions and their total.
    """
    begun = begun or _progress.editions
    code = 0
    for done, path in enumerate(paths):
        begun(done, len(paths))
        try:
            make(path)
        except PipelineError as error:
            code = max(code, explain(error))
        # Through a pipe, too, each edition's result appears when it is made.
        sys.stdout.flush()
    return code


def _for_many(papers: Mapping[Path, Paper], jobs: int) -> int:
    """Make the paper of each edition with `jobs` processes, which share the editions, or lay out a single one."""
    # All are checked at once, because checking one of them reads the records of all.
    stale = {*to_make(papers.values(), _library)} if len(papers) > 1 else {*papers.values()}
    waited_for = [path for path, paper in papers.items() if paper in stale]

    def alone(path: Path) -> None:
        if papers[path] in stale:
            _make_one(papers, _step, path, jobs)
        else:
            print_delivered(papers[path], None)

    if jobs == 1 or len(waited_for) < 2:
        return _for_each([*papers], alone)

    from concurrent.futures.process import BrokenProcessPool

    from pipeline.line import warm_up
    from pipeline.processes.pool import make_all

    def waiting(done: int) -> None:
        _progress.editions(done, len(waited_for))
        _progress.update()

    def in_turn(path: Path) -> None:
        if papers[path] not in stale:
            return alone(path)
        outcome = next(made)
        _progress.clear()
        return outcome.print()

    waiting(0)
    try:
        with closing(make_all(waited_for, partial(_make_one, papers, _silently), warm_up, jobs, waiting)) as made:
            return _for_each([*papers], in_turn, lambda *_: None)
    except BrokenProcessPool:
        raise LackError(
            "同時に行う処理の一つを始められなかったか、途中で強制的に終了されました。メモリーが足りないときに起こります。"
            "ほかのプログラムを終えるか、JOBS=1 を付けて(一つずつ)、もう一度実行してください。"
            "作成したと表示した資料のほかは、前のままです。"
        ) from None
    finally:
        _progress.clear()


def _import(options: SimpleNamespace) -> int:
    from pipeline.office.book_returns import is_list
    from pipeline.office.folder import returned_files
    from pipeline.office.returns import labelled

    files = returned_files([Path(path) for path in options.files])
    if not files:
        raise UsageError("FILES のフォルダーに、照会票(.xlsx)がありません。")
    if options.conflicts not in (None, "", "reply", "source"):
        raise UsageError("CONFLICTS は、reply(回答に合わせる)か source(元データのままにする)で指定してください。")
    lists = [path for path in files if is_list(path)]
    replies = [path for path in files if path not in lists]
    code = _import_replies(replies, options, is_alone=not lists) if replies else 0
    for path, label in labelled(lists):
        code = max(code, _import_list(path, label, options))
    return code


def _import_replies(files: Sequence[Path], options: SimpleNamespace, is_alone: bool) -> int:
    from pipeline.office.returns import apply_returns, describe, messages, read_returns

    returns = read_returns(files, _library, options.conflicts or None)
    for message in messages(returns):
        print(message, file=sys.stderr)
    if is_alone or returns.source or returns.findings:
        print(describe(returns))
    if options.apply and apply_returns(returns) and returns.source:
        print(_written(returns.source.path, returns.source.edition))
        _library.forget()
    elif returns.changes:
        print(_not_written())
    if returns.is_clean:
        return 0
    left = len(returns.findings) + len(returns.conflicts)
    if returns.changes:
        print(f"取り込まないものが{left}件あります(上のとおり)。", file=sys.stderr)
    else:
        print("誤りや食い違いがあるため、何も書き込んでいません。", file=sys.stderr)
    return 1


def _import_list(path: Path, label: str, options: SimpleNamespace) -> int:
    from pipeline.delivery.delivery import take_as_delivered
    from pipeline.office.book_returns import apply_list_return, messages_of_list, read_list_return

    returned = read_list_return(path, label, _library, options.conflicts or None)
    for message in messages_of_list(returned):
        print(message, file=sys.stderr)
    if returned.source:
        print("\n".join([f"{printable(label)}(版 {returned.source.edition} の一覧):", *returned.lines]))
        if not returned.lines:
            print("変更はありません。")
    if options.apply and apply_list_return(returned) and returned.source:
        print(_written(returned.source.path, returned.source.edition))
        _library.forget()
    elif returned.edited:
        print(_not_written())
    if not returned.is_clean:
        what = "ほかの変更だけを取り込みます" if returned.edited else "何も書き込んでいません"
        print(f"{printable(label)}: 取り込まないものがあるため(上のとおり)、{what}。", file=sys.stderr)
        return 1
    if options.apply:
        take_as_delivered(path)
    return 0


def _written(changed: object, edition: str) -> str:
    return f"{changed} に書き込みました。元に戻すには、make undo EDITION={edition} と入力してください。"


def _not_written(changed: str = "") -> str:
    return f"まだ書き込んでいません{changed}。この内容でよければ、APPLY=1 を付けて、もう一度実行してください。"


def _status(options: SimpleNamespace) -> int:
    from pipeline.office.status import status

    return _for_each(editions(options.editions), lambda path: print(status(path, _library)))


def _renumber(options: SimpleNamespace) -> int:
    from pipeline.office.renumber import describe, messages, renumber, renumbering

    (path,) = editions([options.edition])
    found = renumbering(path, _library)
    if not found.is_needed:
        print(f"{path}: NOは、既に印刷する順に並んでいます。")
        return 0
    print(describe(found))
    for message in messages(found):
        print(message, file=sys.stderr)
    changed = "、".join(map(str, found.changes))
    if not options.apply:
        print(_not_written(f"({changed})"))
        return 0
    renumber(found)
    print(_written(changed, path.stem))
    return 0


def _undo(options: SimpleNamespace) -> int:
    from pipeline.office.changes import undo

    (path,) = editions([options.edition])
    undone = undo(path)
    print(f"{'、'.join(map(str, undone.paths))} を、make {undone.command} の前に戻しました。")
    return 0


def _clean(_: SimpleNamespace) -> int:
    from pipeline.delivery.clean import clean

    for path in clean():
        print(f"{path} は残しました(作った後で書き換えられたか、ほかの人が置いたものです)。")
    return 0


def _check(options: SimpleNamespace) -> int:
    code = 0
    sound = []
    for path in editions(options.editions):
        try:
            validated = _library.validated(path)
            warnings = validated.warnings
        except SourceError as error:
            code = max(code, explain(error, each_blank=True))
            continue
        print_problems(warnings, each_blank=True)
        known = len(validated.acknowledged)
        print(f"{path}: 誤り0件、警告{len(warnings)}件" + (f"、確認済{known}件" if known else ""))
        sound.append(path)
        _tell_last_issue(path)
        if warnings and options.strict:
            print(f"{path}: STRICT=1 のため、警告{len(warnings)}件を誤りとして扱いました。", file=sys.stderr)
            code = 1
    for old in sorted(paper.path for paper in outdated(sound, _library)):
        print(f"{old} は、元データより古くなっています。配布する前に作り直してください。", file=sys.stderr)
    return code


def _tell_last_issue(path: Path) -> None:
    """Say which issue of the edition at `path` was the last one, and whether the source has changed since."""
    last = last_issue(path.stem)
    if not last:
        return
    now, issued = _library.fingerprint(path), last.source
    if not (now and issued):
        print(f"{path}: {last.name} の記録が壊れています。確かめるには: make verify", file=sys.stderr)
        return
    has = "変わっていません" if now[1] == issued.digest else "変わっています"
    print(f"{path}: 最後の発行は {last.name}({last.day})です。元データは、その後{has}。")


def _diff(options: SimpleNamespace) -> int:
    if bool(options.old) != bool(options.new) or (options.old and options.editions):
        raise UsageError("比べる二つは、FROM と TO の両方で指定してください。\n例: make diff FROM=h23 TO=h24")
    code = 0
    if options.old:
        pairs = [(given(options.old), given(options.new))]
    else:
        pairs, code = _with_previous(editions(options.editions))
        if not pairs:
            print("前版のある版がありません。比べる二つを FROM と TO で指定してください。例: make diff FROM=h23 TO=h24")
    for old, new in pairs:
        try:
            paper = comparison_of(old, new, _library, options.all)
            _make([paper], _step, _jobs(None))
        except PipelineError as error:
            code = max(code, explain(error))
            continue
        if _print_comparison(paper.target.with_suffix(".json")) and options.strict:
            code = max(code, 1)
    return code


def _council(options: SimpleNamespace) -> int:
    """Make the set of each requested edition, or of the newest one of each chain, and say whether it can be handed out."""
    paths, code = editions(options.editions), 0
    if not options.editions:
        paths = _newest(paths)
    for path in paths:
        try:
            said = _make_set(path)
        except PipelineError as error:
            code = max(code, explain(error))
            errors = [one for one in getattr(error, "problems", ()) if one.is_error]
            why = f"元データに誤りが{len(errors)}件あります" if errors else "作れない資料があります"
            said = f"まだ配布できません({why})。詳しくは上のとおりです。資料は、前のままです。"
        print(f"{path.stem}: {said}")
    return code


def _newest(paths: Sequence[Path]) -> list[Path]:
    """Those of `paths` that no other names as its 前版. One that cannot be parsed counts as naming none."""
    previous = set()
    for path in paths:
        with suppress(SourceError):
            previous.add(_library.source(path).root.text("前版"))
    return [path for path in paths if path.stem not in previous]


def _make_set(path: Path) -> str:
    """Make the set for the council on the edition at `path`; whether it can be handed out, and what is to be looked at."""
    from pipeline.years.readiness import readiness

    *_, checklist = papers = council_of(path, _library)
    _make(papers, _step, _jobs(None))
    for paper in papers:
        if paper.kind == "comparison":
            _print_comparison(paper.target.with_suffix(".json"))
    validated = _library.validated(path)
    previous = _library.before(validated)
    compared = None
    if previous:
        from pipeline.years.comparison import compare

        compared = compare(previous.edition, validated.edition, previous.source.edition, path.stem)
    found = readiness(validated, compared)
    if found.obstacles:
        return f"まだ配布できません。{'。'.join(found.obstacles)}。詳しくは {checklist.path} を御覧ください。"
    if found.doubts:
        return f"配布できます。次の点を御確認ください: {'、'.join(found.doubts)}({checklist.path})。"
    return "配布できます。"


def _with_previous(paths: Sequence[Path]) -> tuple[list[tuple[Path, Path]], int]:
    """The pairs (前版, edition) of the editions that name one, and the exit code for those that cannot be parsed."""
    pairs, code = [], 0
    for path in paths:
        try:
            previous = _library.source(path).root.text("前版")
        except SourceError as error:
            code = max(code, explain(error))
            continue
        if previous and is_edition_id(previous):
            pairs.append((_library.path(previous), path))
    return pairs, code


def _print_comparison(path: Path) -> int:
    """Print a summary of the comparison.json at `path`; returns the number of vanished items."""
    from pipeline.years.comparison_data import summarize

    lines, vanished = summarize(path.read_text("utf-8"))
    loud = sys.stdout.isatty()
    for is_warning, line in lines:
        print(f"\033[1;31m{line}\033[0m" if is_warning and loud else line)
    return vanished


def _errata(options: SimpleNamespace) -> int:
    if options.edition and options.new:
        raise UsageError(
            "EDITION と TO は、一緒には指定できません。どちらも直した版です。\n例: make errata EDITION=h25 FROM=h25/1"
        )
    if not options.edition and not (options.new and options.old):
        raise UsageError(
            "EDITION(直した版)を指定してください。最後の発行と比べます。ほかの資料と比べるときは、FROM(配布した資料)も指定してください。\n"
            "例: make errata EDITION=h25"
        )
    if options.edition:
        (new,) = editions([options.edition])
        old = given(options.old) if options.old else source_of(needed_last_issue(new.stem))
        paper = errata_of_edition(old, new, _library)
    else:
        new = given(options.new)
        paper = errata_of(given(options.old), new, _library)
    _make([paper], _step)
    if _library.validated(new).edition.corrected_on is None:
        print(
            "訂正した日を印刷するには、元データの初めに「訂正日: 2013-06-10」のように書いてください。", file=sys.stderr
        )
    return 0


def _issue(options: SimpleNamespace) -> int:
    from pipeline.office.issue import describe, issue, repair

    (path,) = editions([options.edition])
    for name in repair():
        print(f"{REGISTER} に、欠けていた {name} の記録を書き足しました。", file=sys.stderr)
    print(describe(*issue(path, _library, _today(), options.draft)))
    return 0


def _verify(options: SimpleNamespace) -> int:
    from pipeline.office.verify import check_issues, verify

    if options.files:
        verdicts = [*verify(options.files, proved_again)]
    elif not (verdicts := check_issues()):
        print("発行したものは、まだありません。")
    for verdict in verdicts:
        print(printable_lines(str(verdict)))
    return 0 if all(verdict.is_issued for verdict in verdicts) else 1


def _today() -> "date":
    """The day on which the command runs: the date of issue."""
    from datetime import datetime  # here: a run with nothing to do does without it

    return datetime.now().astimezone().date()


def _adopt(options: SimpleNamespace) -> int:
    from pipeline.delivery.files import create_file
    from pipeline.office.adopt.adopt import adopt, describe

    new = new_edition(options.new)
    if new.exists():
        raise UsageError(_exists(new))  # before a large workbook is read
    adopted = adopt(Path(options.file), new, options.sheet, options.range)
    if not create_file(new, adopted.text.encode()):
        raise UsageError(_exists(new))
    print("\n".join(describe(adopted, new)))
    if adopted.has_sound_form:
        _write_schema(new)
    for problem in adopted.problems:
        print(printable(problem), file=sys.stderr)
    if adopted.problems:
        print(
            f"誤り{len(adopted.problems)}件、警告{adopted.warnings}件。{new} を直し、make check EDITION={new.stem} で確かめてください。",
            file=sys.stderr,
        )
        return 1
    print(f"\n誤り0件、警告{adopted.warnings}件。次は make check EDITION={new.stem} で、警告を確かめてください。")
    return 0


def _exists(path: Path) -> str:
    return f"{path} は既にあります。上書きはしません。別の名前を付けてください。"


def _write_schema(path: Path) -> None:
    """Write the JSON Schema that a new edition names, if it has a form of its own: an editor completes its keys."""
    from pipeline.delivery.files import replace_file
    from pipeline.model.schema import NAME, schema_name, schema_of
    from pipeline.model.validation import checked_form

    source = _library.source(path)
    schema = SOURCE / schema_name(checked_form(source), path.stem)
    if schema.name != NAME:
        replace_file(schema, schema_of(source).encode())
        print(schema)


def _next(options: SimpleNamespace) -> int:
    from pipeline.delivery.files import create_file
    from pipeline.years.draft import next_edition

    (old,) = editions([options.old])
    new = new_edition(options.new)
    text = next_edition(_library.validated(old).edition, old.stem, new.stem)
    if not create_file(new, text.encode()):
        raise UsageError(_exists(new))
    print(f"{new}: 下書きを作りました。未記入などの警告{len(_library.validated(new).warnings)}件。")
    _write_schema(new)
    return 0


def _history(options: SimpleNamespace) -> int:
    paths, code = [], 0
    for path in editions([options.edition]) and editions_in(SOURCE) if options.edition else editions([]):
        try:
            _library.source(path)
        except SourceError as error:
            # Skip a file that cannot be read at all (E101): it is not an edition. Without EDITION, an edition with
            # errors ends the run, since it may be the last one of any chain. With EDITION, only its chain matters.
            is_no_edition = error.problems[0].code == "E101"
            if path.stem == options.edition or not (options.edition or is_no_edition):
                raise
            code = code if options.edition else max(code, explain(error))
            continue
        paths.append(path)
    if paths:
        _make([history_of(paths, options.edition, _library)], _step)
    return code


def _sign(options: SimpleNamespace) -> int:
    from datetime import datetime

    from pipeline.office.signature import sign_report

    (path,) = editions([options.edition])
    # Make and prove the report first, so that no outdated or altered file is signed.
    make([report_of(path)], _step, _library)
    passphrase = Path(options.passphrase_file) if options.passphrase_file else None
    print(sign_report(OUT / path.stem / "report.pdf", Path(options.key), passphrase, datetime.now().astimezone()))
    return 0


def _schema(options: SimpleNamespace) -> int:
    from pipeline.delivery.files import replace_file
    from pipeline.model import schema

    if options.edition:
        (edition,) = editions([options.edition])
        path, text = SOURCE / f"{edition.stem}.schema.json", schema.schema_of(_library.source(edition))
    else:
        path, text = SOURCE / schema.NAME, schema.edition_schema()
    replace_file(path, text.encode())
    print(path)
    return 0


@contextmanager
def _step(name: str) -> Iterator[None]:
    """A `Step` that prints the progress of a stage."""
    with _progress.stage(name):
        yield


def _silently(name: str) -> AbstractContextManager[None]:  # noqa: ARG001 it is a `Step`
    """The `Step` of a worker, which prints nothing: the parent prints the progress of all."""
    return nullcontext()


def _demo(_: SimpleNamespace) -> int:
    from pipeline.delivery.files import create_file

    made = [create_file(DEMO / "source" / path.name, path.read_bytes()) for path in sorted(SAMPLE.glob("*.yaml"))]
    print(
        f"架空の見本を {DEMO}/ に{'作りました' if any(made) else '用意してあります'}。次の資料も {DEMO}/ の中にできます。"
    )
    os.chdir(DEMO)
    for command in (_report, _summary, _diff, _history, _data, _sheets):
        if code := command(_NOTHING_GIVEN):
            return code
    print(f"見本のファイルを直したら、IN={DEMO} を付けて作り直せます。例: make diff IN={DEMO}")
    return 0


_ACTIONS: dict[str, Callable[[SimpleNamespace], int]] = {
    "report": _report,
    "preview": _preview,
    "check": _check,
    "diff": _diff,
    "errata": _errata,
    "issue": _issue,
    "verify": _verify,
    "adopt": _adopt,
    "next": _next,
    "summary": _summary,
    "history": _history,
    "data": _data,
    "book": _book,
    "council": _council,
    "sheets": _sheets,
    "import": _import,
    "status": _status,
    "renumber": _renumber,
    "undo": _undo,
    "clean": _clean,
    "sign": _sign,
    "schema": _schema,
    "demo": _demo,
}
