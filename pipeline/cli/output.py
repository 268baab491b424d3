"""Prints results on stdout and messages on stderr."""

import sys
from collections import Counter
from collections.abc import Sequence

from pipeline.errors import PipelineError, Problem, SourceError
from pipeline.line import Delivered
from pipeline.papers import Paper

SHOWN_PROBLEMS = 200

# The warning on a value that is 未記入.
_BLANK_CODE = "W507"


def explain(error: PipelineError, each_blank: bool = False) -> int:
    """Print the message of `error` and return its exit code. `each_blank` is as in `print_problems`."""
    if isinstance(error, SourceError):
        print_problems(error.problems, each_blank)
        errors = sum(problem.is_error for problem in error.problems)
        print(
            f"誤り{errors}件、警告{len(error.problems) - errors}件。誤りを直してからもう一度実行してください。",
            file=sys.stderr,
        )
    else:
        print(error, file=sys.stderr)
    return error.exit_code


def print_problems(problems: Sequence[Problem], each_blank: bool = False) -> None:
    """Print the problems, one a line, at most `SHOWN_PROBLEMS`.

    Warnings on 未記入, of which a draft has hundreds, are replaced by one line with their number for each source,
    unless `each_blank` is set.
    """
    shown = [problem for problem in problems if each_blank or problem.code != _BLANK_CODE]
    for problem in shown[:SHOWN_PROBLEMS]:
        print(problem, file=sys.stderr)
    if len(shown) > SHOWN_PROBLEMS:
        print(f"ほか{len(shown) - SHOWN_PROBLEMS:,}件", file=sys.stderr)
    blanks = [problem for problem in problems if problem.code == _BLANK_CODE]
    if blanks and not each_blank:
        _count_blanks(blanks)


def _count_blanks(blanks: Sequence[Problem]) -> None:
    from pipeline.model.form import NO_DEPARTMENT  # here: a run with nothing to do does without it

    for path in dict.fromkeys(problem.path for problem in blanks):
        departments = Counter(problem.department or NO_DEPARTMENT for problem in blanks if problem.path == path)
        listed = "、".join(f"{department} {count}" for department, count in departments.items())
        message = f"未記入が{departments.total()}か所あります({listed})。それぞれの場所は make check で分かります。"
        print(Problem(path, 0, 0, _BLANK_CODE, message), file=sys.stderr)


def print_delivered(paper: Paper, delivered: Delivered | None) -> None:
    """Print a paper's files, size and number of warnings, or, if `delivered` is None, that it has not changed.

    The warnings themselves are printed once for all papers that are made together (`print_problems`).
    """
    if delivered is None:
        print(f"{paper.path}: 変わっていません。")
        return
    if paper.kind in ("data", "book"):
        print(f"{paper.path}: {delivered.size}行")
        print("".join(f"{path}\n" for path in delivered.paths[1:]), end="")
    else:
        print(f"{paper.path}: {delivered.size}ページ、警告{len(delivered.warnings)}件")
