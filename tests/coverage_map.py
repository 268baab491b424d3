"""Which tests run which functions and lines of the program, found by one run of all tests; for tests.mutate.

This module is also the plugin of pytest in that run (`Recorder`): it names what runs, a test or the set-up of a fixture,
to coverage, which notes that name with each line. What a fixture runs counts for every test that uses it, and what is
run while a file of tests is imported, for every test of that file.
"""

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import coverage
import pytest

# What the tests depend on, by path from the project's folder.
FOLDERS = ("pipeline", "source", "styles", "templates", "tests")

# What is run before any test, while what they share is imported.
IMPORT = ""

# The name of what runs, for the processes that a test starts: coverage reads it from their environment.
_NAME = "KYODO_TESTS_RUN"

# Where the workers of pytest write the times and the fixtures of their tests.
_TOLD = "KYODO_TESTS_TOLD"

# A fork, or a process that a test starts, is measured too, also one that ends by `os._exit`.
_SETTINGS = """\
[run]
context = ${{{name}-}}
data_file = {folder}/data
parallel = true
patch =
  fork
  _exit
source = {source}
disable_warnings =
  already-imported
  dynamic-conflict
  module-not-imported
  module-not-measured
  no-data-collected
  trace-changed
"""


class Function(NamedTuple):
    """A function of a module by its qualified name, and its lines, first to last; those of its head are not in it."""

    name: str
    first: int
    last: int


def functions(tree: ast.AST, within: str = "") -> Iterator[Function]:
    """All functions below `tree`; those inside of others come after them."""
    for node in ast.iter_child_nodes(tree):
        name = within
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{within}.{node.name}".removeprefix(".")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(name, node.body[0].lineno, node.end_lineno or 0)
        yield from functions(node, name)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_of_all(root: Path) -> str:
    """The digest of all files that the tests depend on, in the project at `root`."""
    paths = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*")) if path.is_file()]
    lines = [f"{path.relative_to(root)} {digest(path)}\n" for path in paths if "__pycache__" not in path.parts]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class CoverageMap:
    """What a run of all tests told. A set of tests is a number, whose bit `i` stands for the test `tests[i]`.

    A test that is `failing` without any mistake notices nothing; it is among the `known` ones all the same.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self.tests: list[str] = told["tests"]
        self.known = set(self.tests)
        self.failing = set(told["failing"])
        self.seconds: dict[str, float] = dict(zip(self.tests, told["seconds"], strict=True))

    @classmethod
    def read(cls, path: Path) -> "CoverageMap":
        return cls(json.loads(path.read_text("utf-8")))

    def write(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(self._told, separators=(",", ":")), "utf-8")

    def tests_of(self, root: Path, module: Path, function: str, lines: Collection[int]) -> list[str] | None:
        """The tests that run one of `lines` of the module, or its `function` if the module has changed since the run.

        `IMPORT` is one of them if that is run while modules are imported. None if there was no such function, or no
        test is known to run it: what is run only in processes that a test kills, or in a copy of the program that a
        test makes, is not measured.
        """
        then = self._told["modules"].get(str(module), {"functions": {}})
        bits = int(then["functions"].get(function, "0"), 16)
        if not bits:
            return None
        if then["digest"] == digest(root / module):
            bits = 0
            for line in lines:
                bits |= int(then["lines"].get(str(line), "0"), 16)
        return [test for at, test in enumerate(self.tests) if bits >> at & 1]

    def is_as_then(self, root: Path, test_file: str) -> bool:
        """Whether the file of tests, in the project at `root`, is as it was in the run."""
        return bool(self._told["files"].get(test_file) == digest(root / test_file))


def make_map(copy: Path, folder: Path, jobs: int) -> CoverageMap:
    """Run all tests in the `copy` of the project once; what is measured goes into `folder`, an empty one.

    Raises `SystemExit` with what pytest said, if it did not come to its end.
    """
    settings, told = folder / "settings", folder / "told"
    told.mkdir()
    settings.write_text(_SETTINGS.format(name=_NAME, folder=folder, source=copy / "pipeline"), "utf-8")
    options = ["-q", "-p", "no:cacheprovider", "-p", __name__, "-n", str(jobs), "--dist", "loadfile", "-rfE"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--no-loadscope-reorder"],
        cwd=copy,
        env={**os.environ, "COVERAGE_PROCESS_START": str(settings), _TOLD: str(told)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if run.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(run.stdout)
    for line in run.stdout.splitlines():
        if line.startswith(("FAILED", "ERROR")):
            print(f"left out, since it fails without any mistake: {line}", flush=True)
    return CoverageMap(_joined(copy, folder, [json.loads(path.read_text("utf-8")) for path in told.iterdir()]))


def _joined(copy: Path, folder: Path, told: Sequence[dict[str, Any]]) -> dict[str, Any]:
    uses = {test: names for worker in told for test, names in worker["uses"].items()}
    tests = [IMPORT, *sorted(uses)]
    seconds: dict[str, float] = defaultdict(float)
    for worker in told:
        for name, some in worker["seconds"].items():
            seconds[name] = max(seconds[name], some)
    users: dict[str, int] = defaultdict(int, {IMPORT: 1})
    for at, test in enumerate(tests[1:], 1):
        for name in (test, test.partition("::")[0], *uses[test]):
            users[name] |= 1 << at
    lines: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for path in folder.glob("data*"):
        data = coverage.CoverageData(str(path))
        try:
            data.read()
        except coverage.CoverageException:  # of a process that a test killed while it wrote
            continue
        for measured in data.measured_files():
            of_module = lines[str(Path(measured).relative_to(copy))]
            for line, names in data.contexts_by_lineno(measured).items():
                for name in names:
                    of_module[line] |= users[name]
    modules = {}
    for module, bits in lines.items():
        found: dict[str, int] = defaultdict(int)
        for name, first, last in functions(ast.parse((copy / module).read_text("utf-8"))):
            for line in range(first, last + 1):
                found[name] |= bits.get(line, 0)
        modules[module] = {
            "digest": digest(copy / module),
            "functions": {name: f"{some:x}" for name, some in found.items()},
            "lines": {line: f"{some:x}" for line, some in sorted(bits.items()) if some},
        }
    return {
        "tests": tests,
        "seconds": [round(seconds[test], 3) for test in tests],  # without the fixtures that it shares
        "files": {str(path.relative_to(copy)): digest(path) for path in sorted(copy.glob("tests/test_*.py"))},
        "failing": sorted(test for worker in told for test in worker["failing"]),
        "modules": modules,
    }


class Recorder:
    """Tells coverage what runs: the import of a file, the set-up of a fixture, or a test. Notes the seconds of a processor that each takes."""

    def __init__(self, measured: coverage.Coverage, told: Path) -> None:
        self._measured, self._told = measured, told
        self._running = [IMPORT]
        self._since = _cpu()
        self._seconds: dict[str, float] = defaultdict(float)
        self._fixtures: dict[str, set[str]] = defaultdict(set)  # by the name of the fixture
        self._tests: dict[str, set[str]] = {}  # the fixtures' names
        self._failing: set[str] = set()
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        # A test may give the process that it starts an older environment, or a smaller one.
        if event == "subprocess.Popen" and isinstance(env := arguments[3], dict):
            env |= {name: os.environ[name] for name in (_NAME, "COVERAGE_PROCESS_START") if name in os.environ}

    def _switch(self) -> None:
        name = self._running[-1]
        self._measured.switch_context(name)
        self._measured.set_option("run:context", name)  # for forks, which begin anew with these settings
        os.environ[_NAME] = name

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """What runs inside is called so, and its seconds are counted."""
        self._note()
        self._running.append(name)
        self._switch()
        try:
            yield
        finally:
            self._note()
            self._running.pop()
            self._switch()

    def _note(self) -> None:
        now = _cpu()
        self._seconds[self._running[-1]] += now - self._since
        self._since = now

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        if not isinstance(collector, pytest.Module):
            return (yield)
        with self._named(collector.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._tests[item.nodeid] = set(getattr(item, "fixturenames", ()))
        with self._named(item.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        name = f"{fixturedef.baseid}: {fixturedef.argname}"
        self._fixtures[fixturedef.argname].add(name)
        # What a fixture of one test runs is that test's alone.
        with self._named(self._running[-1] if fixturedef.scope == "function" else name):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failing.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._note()
        uses = {
            test: sorted(
                one for name in names for one in self._fixtures[name] if test.startswith(one.partition(": ")[0])
            )
            for test, names in self._tests.items()
        }
        (self._told / str(os.getpid())).write_text(
            json.dumps({"uses": uses, "seconds": self._seconds, "failing": [*self._failing]}), "utf-8"
        )
        self._measured.save()


def _cpu() -> float:
    """Seconds of a processor so far, of this process and the ended ones that it started."""
    return sum(os.times()[:4])


def pytest_configure(config: pytest.Config) -> None:
    """Register the `Recorder`, in the processes that run tests."""
    measured = coverage.Coverage.current()
    if measured and _TOLD in os.environ and (hasattr(config, "workerinput") or not config.getoption("numprocesses")):
        config.pluginmanager.register(Recorder(measured, Path(os.environ[_TOLD])))
