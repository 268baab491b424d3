"""A program for test_mutations: reads so many mutants of one kind, and says how many were sound, how many broken.

`python -m tests.mutants sources 10000` ends with a traceback or the place where it hung, after the seed; then
`python -m tests.mutants sources 1 SEED` does only that one.
"""

import faulthandler
import re
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from openpyxl import load_workbook

from pipeline.cli.command import main as command
from pipeline.documents.comparison import comparison
from pipeline.documents.report import report
from pipeline.errors import PipelineError, SourceError
from pipeline.library import Library
from pipeline.model.validation import validate
from pipeline.office.returns import messages, read_returns
from pipeline.office.workbook_format import ANSWERS
from pipeline.source.tree import read_source

from . import mutations
from .conftest import HEALTHY
from .test_mutations import check
from .test_returns import SOURCE as MANY_WAYS

SECONDS = 10
BYTES = 500 * 1024 * 1024

RICH = HEALTHY.replace(
    "自治体: 試験市\n", "自治体: 試験市\n年度: 平成24年度\n現在日: 2013-03-31\n前版: h23\n見出し: {推進方針: 目標}\n"
)
RICH = RICH.replace(
    "検証内容: 終わった。",
    "検証内容: |\n              一\n              二\n            前版NO: [1, 2]\n            統合先: 項目二",
)


def sources() -> Callable[[int], bool]:
    def read(seed: int) -> bool:
        data = mutations.source((HEALTHY, RICH, MANY_WAYS)[seed % 3], seed)
        lines = data.count(b"\n") + data.count(b"\r") + 1
        validated = check(data, lines)
        if validated and seed % 5 == 0:
            report(validated)
        return validated is not None

    return read


def workbooks() -> Callable[[int], bool]:
    assert command(["sheets", "test"]) == 0
    (sent, *_) = sorted(Path("out/test/sheets").iterdir())
    book = load_workbook(sent)
    book[ANSWERS]["F6"] = "◎"
    book.save("back.xlsx")
    data = Path("back.xlsx").read_bytes()
    library = Library()  # of the source, which stays the same

    def read(seed: int) -> bool:
        path = written("mutant.xlsx", mutations.workbook(data, seed))
        try:
            returns = read_returns([path], library)
        except PipelineError:  # an answer that the source cannot hold
            return False
        assert all(map(str.isprintable, "".join(messages(returns)).replace("\u3000", "").split("\n")))
        return returns.is_clean

    return read


def pdfs() -> Callable[[int], bool]:
    assert command(["report", "h23"]) == 0
    data = Path("out/h23/report.pdf").read_bytes()
    old = validate(read_source(Path("source/h23.yaml")))

    def read(seed: int) -> bool:
        path = written("mutant.pdf", mutations.pdf(data, seed))
        try:
            new = validate(read_source(path))
        except SourceError:
            return False
        assert new.edition == old.edition  # what was altered is refused, not believed
        if seed % 20 == 0:
            comparison(old, new)
        return True

    return read


def written(name: str, data: bytes) -> Path:
    """The path of a new file of this name with `data`. To truncate the last one would make the disk write it."""
    path = Path(name)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path


def main() -> None:
    kind, count, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0
    Path("source").mkdir(exist_ok=True)
    Path("source/h23.yaml").write_text(HEALTHY, "utf-8")
    Path("source/test.yaml").write_text(MANY_WAYS, "utf-8")
    resource.setrlimit(resource.RLIMIT_AS, (2 * BYTES, 2 * BYTES))  # whatever runs away ends here
    read = {"sources": sources, "workbooks": workbooks, "pdfs": pdfs}[kind]()
    sound = 0
    for seed in range(first, first + count):
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            sound += read(seed)
        except BaseException:
            print(f"seed {seed}", flush=True)
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()
    print(sound, count - sound, most_memory())


def most_memory() -> int:
    """The most memory that this process has taken, in megabytes."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20
    # Linux counts the process that started this one too: a worker of the tests, which may be large.
    (most,) = re.findall(r"^VmHWM:\s*(\d+) kB$", Path("/proc/self/status").read_text("ascii"), re.MULTILINE)
    return int(most) >> 10


if __name__ == "__main__":
    main()
