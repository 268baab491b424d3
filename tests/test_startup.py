"""WeasyPrint's start: quick where it was got ready for, and the same where it was not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import HEALTHY
from .test_delivery import digests
from .test_pool import ENVIRONMENT


def run(code: str) -> str:
    """What `code` prints in a process of its own, which has imported nothing yet."""
    return subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, encoding="utf-8", check=True
    ).stdout


def test_what_set_up_has_compiled_is_not_read_again() -> None:
    told = run("""
import sys
from pipeline.layout.fast.startup import import_weasyprint
weasyprint = import_weasyprint()
print(weasyprint.__name__, {"pycparser", "fontTools.subset", "fontTools.varLib"} & {*sys.modules})
""")
    assert told == "weasyprint set()\n"


def test_without_it_the_report_is_the_same(project: Path) -> None:
    (project / "source/test.yaml").write_text(HEALTHY, "utf-8")
    code = "from pipeline.cli.command import main; assert main(['report', '--jobs', '1']) == 0; import sys; print('pycparser' in sys.modules)"
    assert run(code).endswith("False\n")
    files = digests(Path("out"))
    shutil.rmtree("out")
    assert run(
        f"from pipeline.layout.fast import startup; startup._name = lambda _: '_never_compiled'; {code}"
    ).endswith("True\n")
    assert digests(Path("out")) == files


def test_who_needs_what_was_left_out_gets_it() -> None:
    told = run("""
from pipeline.layout.fast.startup import import_weasyprint
import_weasyprint()
from fontTools import subset
from fontTools.varLib.instancer import instantiateVariableFont
import cffi
print(subset.Subsetter.__name__, instantiateVariableFont.__name__, cffi.FFI.__module__)
""")
    assert told == "Subsetter instantiateVariableFont cffi.api\n"


@pytest.mark.parametrize(
    ("version", "is_refused"), [((2, 7), True), ((3, 10, 99), True), ((3, 11), False), ((4, 0), False)]
)
def test_an_old_python_is_refused_with_the_version_that_is_needed(version: tuple[int, ...], is_refused: bool) -> None:
    """Before anything is imported that it could not read."""
    told = run(f"""
import runpy, sys
sys.argv = ["pipeline", "help"]
sys.stderr = sys.stdout
sys.version_info = {version}
try:
    runpy.run_module("pipeline", run_name="__main__")
except SystemExit as ended:
    print(ended.code, "pipeline.errors" in sys.modules)
""")
    assert told.endswith("3 False\n" if is_refused else "0 True\n")
    assert ("Python 3.11以上が必要です" in told) == is_refused


def test_validation_looks_for_no_plugins_of_pydantic(project: Path) -> None:
    (project / "source/test.yaml").write_text(HEALTHY, "utf-8")
    told = run("""
import runpy, sys
sys.argv = ["pipeline", "check"]
try:
    runpy.run_module("pipeline", run_name="__main__")
except SystemExit as ended:
    print(ended.code, "pydantic" in sys.modules, {"importlib.metadata", "email", "zipfile"} & {*sys.modules})
""")
    assert told.endswith("0 True set()\n")
