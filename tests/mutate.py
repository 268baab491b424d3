"""Tries the tests: makes random small mistakes in the program, and lists those that no test notices.

`make mutants COUNT=300 SEED=1`, by hand: a mutant takes some ten seconds. Each is made alone, in a copy of the project,
and the tests are run that import its module, the nearest first, until one fails or the time for a mutant is over.
"""

import argparse
import ast
import compileall
import difflib
import functools
import os
import py_compile
import random
import re
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", "out", "demo", "__pycache__", ".*_cache", ".hypothesis")

# Seconds by the clock. A test that takes longer hangs, which is noticed too.
HANGS = 180

# They take long to import, and every run of the tests needs them. WeasyPrint must come after the fonts are confined.
HEAVY = ("jinja2", "jsonschema", "openpyxl", "pydantic", "pypdf", "yaml", "fontTools.ttLib")

# What compares nearly everything that is made with what it was. It is run after the nearest tests.
SNAPSHOTS = "tests/test_snapshots.py"

_LEFT_OUT = ("annotation", "returns", "decorator_list")

_OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


class Mutant(NamedTuple):
    """The program with one mistake: in the file `path`, the `node` (by its place) is replaced by `text`."""

    path: Path
    kind: str
    begin: tuple[int, int]
    end: tuple[int, int]
    text: str

    def source(self, original: str) -> str:
        lines = original.encode().split(b"\n")  # columns count bytes
        (first, start), (last, stop) = self.begin, self.end
        changed = lines[first - 1][:start] + self.text.encode() + lines[last - 1][stop:]
        return b"\n".join([*lines[: first - 1], changed, *lines[last:]]).decode()

    def diff(self, original: str) -> str:
        lines = difflib.unified_diff(original.splitlines(), self.source(original).splitlines(), lineterm="", n=1)
        return "\n".join([*lines][2:])


def mutants(path: Path, tree: ast.Module) -> Iterator[Mutant]:
    """All mutants of the module `tree`."""
    for node, is_condition in _nodes(tree):
        for kind, new in _mistakes(node, is_condition):
            assert isinstance(node, ast.expr | ast.stmt)
            text = f"({ast.unparse(new)})" if isinstance(node, ast.expr) else ast.unparse(new)
            begin, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
            yield Mutant(path, kind, begin, end, text)


def _nodes(node: ast.AST, is_condition: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """The node and all below it but types, decorators and texts; and whether each is the condition of something."""
    yield node, is_condition
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            is_for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            is_left_out = is_for_types or isinstance(child, ast.JoinedStr | ast.Assert)
            if isinstance(child, ast.AST) and not is_left_out and name not in _LEFT_OUT:
                yield from _nodes(child, name in ("test", "ifs") and not isinstance(node, ast.IfExp))


def _mistakes(node: ast.AST, is_condition: bool) -> Iterator[tuple[str, ast.AST]]:
    """What could stand in the place of `node` by mistake, and what kind of mistake that is."""
    match node:
        case ast.IfExp(test, body, orelse):
            yield "condition negated", ast.IfExp(test, orelse, body)
        case ast.Compare(left, [op], [right]):
            yield "comparison", ast.Compare(left, [_OTHER[type(op)]()], [right])
        case ast.BoolOp(ast.And(), values):
            yield "and/or", ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(ast.Or(), values):
            yield "and/or", ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(ast.Not(), operand):
            yield "not removed", operand
        case ast.Constant(bool(value)):
            yield "constant", ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield "constant", ast.Constant(value + 1)
            yield "constant", ast.Constant(value - 1)
        case ast.Call(function, arguments, keywords):
            for one in keywords:
                # `zip(…, strict=True)` is an assertion, which are left out.
                if one.arg and not (one.arg == "strict" and ast.unparse(function) == "zip"):
                    rest = [keyword for keyword in keywords if keyword is not one]
                    yield f"{one.arg}= dropped", ast.Call(function, arguments, rest)
        case ast.Expr(ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield "statement dropped", ast.Pass()
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield "statement dropped", ast.Pass()
        case ast.Return(ast.expr() as value) if ast.unparse(value) != "None":
            yield "value dropped", ast.Return(ast.Constant(None))
    # The other conditions have mistakes of their own above.
    if is_condition and isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr):
        yield "condition negated", ast.UnaryOp(ast.Not(), node)


@functools.cache
def imports(path: Path) -> set[str]:
    """The modules of ours that the file at `path` imports, anywhere in it."""
    package = path.relative_to(ROOT).parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            base = base if node.level else node.module or ""
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def related_tests(target: Path) -> list[str]:
    """The files of tests that come to the module at `target` by imports.

    Those first that are named after it, after a module that imports it, or after one that it imports; then those that
    import it themselves, or come to it in few steps; of equals, those of `make quick`.
    """
    paths = {_name(path): path for folder in ("pipeline", "tests") for path in (ROOT / folder).rglob("*.py")}
    imported = {name: imports(path) & paths.keys() for name, path in paths.items()}
    imported["tests.test_commands"].add("pipeline.cli.command")  # which it runs by the name of the program
    reached: dict[str, int] = {}
    near = {_name(ROOT / target)}
    for steps in range(len(paths)):
        reached |= dict.fromkeys(near, steps)
        near = {name for name in imported.keys() - reached.keys() if imported[name] & near}
    name = _name(ROOT / target)
    importers = {other for other in imported if name in imported[other]}
    named = [{other.rpartition(".")[2] for other in others} for others in ({name}, importers, imported[name])]

    quick = re.findall(r"\w+", (ROOT / "Makefile").read_text("utf-8").partition("QUICK := ")[2].partition("\n")[0])

    def rank(test: str) -> tuple[int, bool, int, int]:
        subject = test.removeprefix("tests.test_")
        nearness = next((at for at, stems in enumerate(named) if subject.startswith((*stems,))), len(named))
        return nearness, subject not in quick, reached[test], paths[test].stat().st_size

    found = sorted((name for name in reached if name.startswith("tests.test_")), key=rank)
    return [str(paths[name].relative_to(ROOT)) for name in found]


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


class _Watch:
    """Ends the tests when the time is over, and the process when a test hangs; writes down the first that fails."""

    def __init__(self, seconds: float, failed: Path) -> None:
        self.seconds, self.failed = seconds, failed

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.alarm(HANGS)
        if sum(os.times()[:4]) > self.seconds:
            item.session.shouldstop = "the time is over"

    def pytest_runtest_logreport(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed:
            self.failed.write_text(report.nodeid, "utf-8")

    pytest_collectreport = pytest_runtest_logreport


def failing_test(copy: Path, tests: Sequence[str], seconds: float) -> str:
    """The first of `tests` that fails in the `copy` of the project, run in a fork of this process; "" if none does."""
    failed = copy / "failed"
    failed.write_text("")
    if (child := os.fork()) == 0:
        try:
            os._exit(_run(copy, tests, _Watch(seconds, failed)))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    match os.waitstatus_to_exitcode(status):
        case pytest.ExitCode.OK | pytest.ExitCode.TESTS_FAILED | pytest.ExitCode.INTERRUPTED:
            return failed.read_text("utf-8")
        case pytest.ExitCode.USAGE_ERROR if "while loading conftest" in (copy / "log").read_text("utf-8"):
            return "no test starts"
        case code if code == -signal.SIGALRM:
            return "a test that hangs"
        case _:
            raise SystemExit((copy / "log").read_text("utf-8"))


def _compile(copy: Path, tests: Sequence[str]) -> None:
    """Compile all modules of the `copy` once, so that the tests of a mutant compile nothing but its own module.

    Two mutants may be equal in time and size, so a compiled module is taken only if the digest of its source is right.
    """
    if (child := os.fork()) == 0:
        sys.dont_write_bytecode = False
        os._exit(_run(copy, ["--collect-only", *tests], _Watch(float("inf"), copy / "failed")))  # pytest compiles them
    _, status = os.waitpid(child, 0)
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    if status or not compileall.compile_dir(copy / "pipeline", force=True, quiet=1, invalidation_mode=mode):
        raise SystemExit((copy / "log").read_text("utf-8"))


def _run(copy: Path, tests: Sequence[str], watch: _Watch) -> int:
    os.chdir(copy)
    log = os.open(copy / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.path[:] = [str(copy), *(path for path in sys.path if path not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    return pytest.main(["-x", "-q", "-n0", "-p", "no:cacheprovider", *tests], [watch])


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def main() -> None:
    """Try as many mutants as asked for; print the survivors, each with its difference, and the score."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=300)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="of a processor, for one mutant")
    parser.add_argument("--files", type=int, default=12, help="of tests, the nearest")
    parser.add_argument(
        "--numbers", type=_numbers, default=(), help="of mutants, such as 5,17: only those of the sample"
    )
    parser.add_argument("--only", default="", help="modules whose path begins so, such as pipeline/years")
    options = parser.parse_args()
    sys.dont_write_bytecode = True  # two mutants of one second and size would be taken for one
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in HEAVY:
        __import__(name)
    everything = [
        mutant
        for path in sorted((ROOT / "pipeline").rglob("*.py"))
        if str(path.relative_to(ROOT)).startswith(options.only)
        for mutant in mutants(path.relative_to(ROOT), ast.parse(path.read_text("utf-8")))
    ]
    chosen = random.Random(options.seed).sample(everything, min(options.count, len(everything)))
    numbers = options.numbers or range(1, len(chosen) + 1)
    survivors, killers = 0, set()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(ROOT, Path(folder) / "copy", ignore=NOT_COPIED, symlinks=True)).resolve()
        (copy / "out").mkdir()
        _compile(copy, sorted(str(path.relative_to(copy)) for path in copy.glob("tests/test_*.py")))
        for number in numbers:
            mutant = chosen[number - 1]
            original = (copy / mutant.path).read_text("utf-8")
            (copy / mutant.path).write_text(mutant.source(original), "utf-8")
            tests = related_tests(mutant.path)
            nearest = [*tests[: options.files], *(test for test in tests[options.files :] if test == SNAPSHOTS)]
            found = failing_test(copy, nearest, options.seconds)
            (copy / mutant.path).write_text(original, "utf-8")
            survivors += not found
            killers |= {found} if "::" in found else set()
            place = f"{mutant.path}:{mutant.begin[0]}: {mutant.kind}"
            print(f"{number}/{len(chosen)} {'killed' if found else 'SURVIVED'} {place} {found}", flush=True)
            if not found:
                print(mutant.diff(original), flush=True)
        if killers and (found := failing_test(copy, sorted(killers), float("inf"))):
            raise SystemExit(f"{found} fails without any mistake: what it noticed counts for nothing")
    killed = len(numbers) - survivors
    share = f"{100 * killed / len(numbers):.0f} %"
    print(f"{killed} of {len(numbers)} noticed ({share}), of {len(everything)} possible; seed {options.seed}")


if __name__ == "__main__":
    main()
