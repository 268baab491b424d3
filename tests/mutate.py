"""Tries the tests: makes random small mistakes in the program, and lists those that no test notices.

`make mutants COUNT=300 SEED=1`, by hand. All tests are run once, to see which of them run which lines
(tests.coverage_map). Then each mistake is made alone, in a copy of the project, and the tests that run its line are run,
until one fails or the time for a mutant is over.
"""

import argparse
import ast
import compileall
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
from collections.abc import Collection
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import pytest

from .coverage_map import IMPORT, CoverageMap, digest_of_all, functions, make_map
from .mistakes import Mutant, mutants

ROOT = Path(__file__).resolve().parent.parent
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", "out", "demo", "__pycache__", ".*_cache", ".hypothesis", ".mutants"
)

# Seconds by the clock. A test that takes longer hangs, which is noticed too.
HANGS = 180

# They take long to import, and every run of the tests needs them. WeasyPrint must come after the fonts are confined.
HEAVY = ("jinja2", "jsonschema", "openpyxl", "pydantic", "pypdf", "yaml", "fontTools.ttLib")

# Maps of former runs, each named by the digest of the files that it was made from.
MAPS = ROOT / ".mutants"

# Seconds that the tests of one file may take before those of the next file have their turn.
TURN = 3.0

# What compares nearly everything that is made with what it was. It is run last, also when the time is over.
SNAPSHOTS = "tests/test_snapshots.py"


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


@functools.cache
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


class Selection(NamedTuple):
    """The tests that may notice a mutant: of the `files`, in this order, those in `ranks`, the least rank first.

    Of `new_in`, also those that the map does not know (`known`); and all of `whole` after the others. None of `failing`.
    """

    files: list[str]
    ranks: dict[str, tuple[int, int, float]]
    known: Collection[str] = ()
    new_in: Collection[str] = ()
    whole: Collection[str] = ()
    failing: Collection[str] = ()

    def rank(self, test: str) -> tuple[int, int, float] | None:
        """The rank of a test of the `files`; None if it is not selected."""
        file = test.partition("::")[0]
        if test in self.failing and file not in self.new_in:
            return None
        if test in self.ranks:
            return self.ranks[test]
        if file in self.new_in and test not in self.known:
            return 0, self.files.index(file), 0
        return (2 if file != SNAPSHOTS else 3, self.files.index(file), 0) if file in self.whole else None


def select(copy: Path, mutant: Mutant, covered: CoverageMap, files: int) -> Selection:
    """The tests of the `copy` for a mutant: those that run its line, the quick ones of the nearest files first.

    For what is run while modules are imported, or by tests that are not known: all tests of the `files` nearest files.
    """
    tree = ast.parse((copy / mutant.path).read_text("utf-8"))
    inside = [one for one in functions(tree) if one.first <= mutant.begin[0] <= one.last]
    nearest = related_tests(mutant.path)
    tests = covered.tests_of(copy, mutant.path, inside[-1].name, _lines(tree, mutant)) if inside else None
    whole: list[str] = []
    if tests is None or IMPORT in tests:
        whole = [*nearest[:files], *(file for file in nearest[files:] if file == SNAPSHOTS)]
    of_file: dict[str, list[str]] = {}
    for test in tests or ():
        if test != IMPORT and (copy / (file := test.partition("::")[0])).exists():
            of_file.setdefault(file, []).append(test)
    new_in = {file for file in nearest if not covered.is_as_then(copy, file)}
    order = [file for file in nearest if file in of_file or file in whole or file in new_in]
    order += sorted(of_file.keys() - {*order})
    ranks = {}
    for at, file in enumerate(order):
        seconds = 0.0
        for test in sorted(of_file.get(file, ()), key=lambda test: covered.seconds[test]):
            seconds += covered.seconds[test]
            turn = 3 if file == SNAPSHOTS else 0 if seconds <= TURN else 1
            ranks[test] = turn, at, covered.seconds[test]
    return Selection(order, ranks, covered.known, new_in, whole, covered.failing)


def _lines(tree: ast.Module, mutant: Mutant) -> set[int]:
    """The lines of the mutant, and of the innermost statement around it without the statements in that."""
    first, last = mutant.begin[0], mutant.end[0]
    lines = {*range(first, last + 1)}
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= first and last <= (node.end_lineno or 0)
    ]
    innermost = min(around, key=lambda node: ((node.end_lineno or 0) - node.lineno, -node.col_offset))
    inner = [node.lineno for node in ast.walk(innermost) if isinstance(node, ast.stmt) and node is not innermost]
    return lines | {*range(innermost.lineno, min([*inner, (innermost.end_lineno or 0) + 1]))}


class _Watch:
    """Keeps the tests that are selected, in their order, until the time is over; writes down the first that fails.

    Ends the process when a test hangs. The length of the file `left` says how many tests the time was too short for.
    """

    def __init__(self, selection: Selection | None, seconds: float, copy: Path) -> None:
        self.selection, self.seconds = selection, seconds
        self.failed, self.left = copy / "failed", copy / "left"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.selection:
            ranked = [(rank, item) for item in items if (rank := self.selection.rank(item.nodeid)) is not None]
            items[:] = [item for _, item in sorted(ranked, key=lambda each: each[0])]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.alarm(HANGS)
        if sum(os.times()[:4]) > self.seconds and item.nodeid.partition("::")[0] != SNAPSHOTS:
            with self.left.open("a") as left:
                left.write(".")
            pytest.skip("the time is over")

    def pytest_runtest_logreport(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed:
            self.failed.write_text(report.nodeid, "utf-8")

    pytest_collectreport = pytest_runtest_logreport


def failing_test(copy: Path, selection: Selection, seconds: float) -> str:
    """The first selected test that fails in the `copy` of the project, run in a fork of this process; "" if none does."""
    failed = copy / "failed"
    failed.write_text("")
    (copy / "left").write_text("")
    if (child := os.fork()) == 0:
        try:
            os._exit(_run(copy, selection.files, _Watch(selection, seconds, copy)))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    match os.waitstatus_to_exitcode(status):
        case pytest.ExitCode.OK | pytest.ExitCode.NO_TESTS_COLLECTED:
            return ""
        case pytest.ExitCode.TESTS_FAILED | pytest.ExitCode.INTERRUPTED:
            return failed.read_text("utf-8")
        case pytest.ExitCode.USAGE_ERROR if "while loading conftest" in (copy / "log").read_text("utf-8"):
            return "no test starts"
        case code if code == -signal.SIGALRM:
            return "a test that hangs"
        case _:
            raise SystemExit((copy / "log").read_text("utf-8"))


def _compile(copy: Path) -> None:
    """Compile all modules of the `copy` once, so that the tests of a mutant compile nothing but its own module.

    Two mutants may be equal in time and size, so a compiled module is taken only if the digest of its source is right.
    """
    if (child := os.fork()) == 0:
        sys.dont_write_bytecode = False
        # pytest compiles the tests
        os._exit(_run(copy, ["--collect-only", "tests"], _Watch(None, float("inf"), copy)))
    _, status = os.waitpid(child, 0)
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    if status or not compileall.compile_dir(copy / "pipeline", force=True, quiet=1, invalidation_mode=mode):
        raise SystemExit((copy / "log").read_text("utf-8"))


def _run(copy: Path, tests: Collection[str], watch: _Watch) -> int:
    os.chdir(copy)
    log = os.open(copy / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.path[:] = [str(copy), *(path for path in sys.path if path not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    return pytest.main(["-x", "-q", "-n0", "-p", "no:cacheprovider", *tests], [watch])


def _copied(copy: Path) -> Path:
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED, symlinks=True)
    (copy / "out").mkdir()
    return copy


class _Trial:
    """A process that tries mutants, each in its own copy of the project, which has the mistake of one at a time."""

    copy: Path
    covered: CoverageMap

    @classmethod
    def begin(cls, compiled: Path, covered: CoverageMap) -> None:
        """Prepare this process: copy the project from `compiled`."""
        cls.copy = Path(shutil.copytree(compiled, compiled.with_name(f"copy-{os.getpid()}"), symlinks=True))
        cls.covered = covered

    @classmethod
    def run(cls, mutant: Mutant, seconds: float, files: int) -> tuple[str, str]:
        """The test that notices the mutant ("" if none does); and what to say of one that was not noticed."""
        selection = select(cls.copy, mutant, cls.covered, files)
        if not selection.files:
            return "", "(no test runs it)"
        path = cls.copy / mutant.path
        original = path.read_text("utf-8")
        path.write_text(mutant.source(original), "utf-8")
        found = failing_test(cls.copy, selection, seconds)
        path.write_text(original, "utf-8")
        left = (cls.copy / "left").stat().st_size
        return found, f"({left} tests left when the time was over)" if left else ""


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _map(given: Path | None, folder: Path, jobs: int) -> CoverageMap:
    """The map that is `given`; or that of a former run, if no file has changed since; or a new one."""
    if given:
        return CoverageMap.read(given)
    path = MAPS / f"{digest_of_all(ROOT)}.json"
    if not path.exists():
        print("running all tests once, to see which lines each runs", flush=True)
        folder.mkdir()
        make_map(_copied(folder / "copy"), folder, jobs).write(path)
        print(f"--map {path.relative_to(ROOT)} takes this map again", flush=True)
    return CoverageMap.read(path)


def main() -> None:
    """Try as many mutants as asked for; print the survivors, each with its difference, and the score."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=300)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=90, help="of a processor, for one mutant")
    parser.add_argument("--files", type=int, default=12, help="of tests, the nearest, for what is run at an import")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    parser.add_argument(
        "--map", type=Path, help="which tests run what, as .mutants/ has it of a former run, also of older files"
    )
    parser.add_argument(
        "--numbers", type=_numbers, default=(), help="of mutants, such as 5,17: only those of the sample"
    )
    parser.add_argument("--only", default="", help="modules whose path begins so, such as pipeline/years")
    options = parser.parse_args()
    everything = [
        mutant
        for path in sorted((ROOT / "pipeline").rglob("*.py"))
        if str(path.relative_to(ROOT)).startswith(options.only)
        for mutant in mutants(path.relative_to(ROOT), ast.parse(path.read_text("utf-8")))
    ]
    chosen = random.Random(options.seed).sample(everything, min(options.count, len(everything)))
    numbers = options.numbers or range(1, len(chosen) + 1)
    survivors, killers = 0, set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        compiled = _copied(folder / "copy")
        covered = _map(options.map, folder / "measured", options.jobs)
        sys.dont_write_bytecode = True  # two mutants of one second and size would be taken for one
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        for module in HEAVY:
            __import__(module)
        _compile(compiled)
        related_tests(chosen[0].path)  # reads all imports, once for all processes
        # The processes are forks of this one, which has imported what is heavy.
        with ProcessPoolExecutor(options.jobs, get_context("fork"), _Trial.begin, (compiled, covered)) as pool:
            trials = {
                pool.submit(_Trial.run, chosen[number - 1], options.seconds, options.files): number
                for number in numbers
            }
            try:
                for trial in as_completed(trials):
                    number, (found, note) = trials[trial], trial.result()
                    mutant = chosen[number - 1]
                    survivors += not found
                    killers |= {found} if "::" in found else set()
                    place = f"{'killed' if found else 'SURVIVED'} {mutant.path}:{mutant.begin[0]}: {mutant.kind}"
                    print(f"{number}/{len(chosen)} {place} {found or note}", flush=True)
                    if not found:
                        print(mutant.diff((compiled / mutant.path).read_text("utf-8")), flush=True)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        files = sorted({killer.partition("::")[0] for killer in killers})
        each = Selection(files, {killer: (0, files.index(killer.partition("::")[0]), 0) for killer in killers})
        if killers and (found := failing_test(compiled, each, float("inf"))):
            raise SystemExit(f"{found} fails without any mistake: what it noticed counts for nothing")
    killed = len(numbers) - survivors
    share = f"{100 * killed / len(numbers):.0f} %"
    print(f"{killed} of {len(numbers)} noticed ({share}), of {len(everything)} possible; seed {options.seed}")


if __name__ == "__main__":
    main()
