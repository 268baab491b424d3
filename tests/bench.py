"""`make bench`: measures the cost of the whole pipeline as ratios to peers, and fills in docs/performance.md.

Absolute times depend on the machine; ratios depend on it less. In each turn our pipeline and every peer make the same
table once, one after the other, each in its own process, so that a slow moment of the machine affects all of them.
Shown are the smallest, the median and the largest ratio of the turns. A first turn warms the caches and is not counted.

    python -m tests.bench                               everything, about a quarter of an hour
    python -m tests.bench --rows 52,1040 --turns 1      less; does not write docs/performance.md without --write
"""

import argparse
import ctypes
import json
import logging
import math
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.documents.report.page import REPEATED
from pipeline.fonts import FAMILIES, confine_layout, font_files
from pipeline.model.edition import Edition
from pipeline.model.validation import validate
from pipeline.source.tree import parse_source
from pipeline.text import flat

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/performance.md"
ORIGINAL = ROOT / "source/original.yaml"

# Number of rows (a multiple of the original's) -> number of turns.
TURNS = {52: 5, 1040: 3, 5200: 1}
SMALL, MIDDLE, LARGE = TURNS
ROWS = 52
EDITIONS = 200
# Turns for many editions, and how many of them get a process each in a turn: enough to measure the rate.
MANY_TURNS, SINGLES = 5, 4
LIMIT = 600.0  # seconds, after which a peer is stopped

# Column widths in millimetres, for all programs; the last column takes the rest.
WIDTHS = (8, 8, 9, 72, 10.5, 13)
FONT = FAMILIES[0]

OURS, BARE, CHROMIUM = "ours", "WeasyPrint", "Chromium"

# Ways to make many editions. Only the pool runs processes in parallel.
ONE, EACH, POOL = "one process for all", "a process each", f"a pool of {os.cpu_count()}"

# Why a target is missed, by its key in `targets`: a sentence for docs/performance.md.
EXPLANATIONS = {
    "cold": "a quarter are imports, although two cores share them, and half is WeasyPrint's layout, which two cores share too",
    "hot": "a cold run uses two cores, a change only one. The changed page is laid out again (two fifths of the time), and so are the margins, which have the digest of the source; the whole file is written and proved again (a third)",
    "nothing": "two fifths are Python's start, and nearly all of the rest imports from the standard library (pathlib, typing, hashlib, json). The time is the same as before, but a build now takes half as long",
    "warm": "a process for each edition starts in half the time that it took before. One process can save little more than the start of Python, WeasyPrint and pydantic",
}


# The machine: one process and what it costs


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a process with its descendants: wall-clock seconds, CPU seconds, peak memory in bytes."""

    seconds: float
    cpu: float
    memory: int
    output: str = ""


class Failed(Exception):  # noqa: N818 what a peer may do
    """A process ended with an error, or did not end in time."""


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run `command` in `folder` and measure it with all its descendants. Raises `Failed`."""
    before = os.times()
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        encoding="utf-8",
    )
    peak = _Peak()
    peak.start()
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise Failed(f"not ready after {LIMIT:.0f} seconds") from None
    finally:
        seconds = time.perf_counter() - begin
        peak.is_over.set()
        peak.join()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a remaining child; this process is in another session
        process.wait()
        _reap()
    after = os.times()
    if process.returncode:
        raise Failed(f"ended in {process.returncode}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(seconds, cpu, peak.memory, output)


def _adopt() -> None:
    """Become the parent of orphaned descendants (Linux), so that their CPU time is counted."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _reap() -> None:
    with suppress(ChildProcessError):
        for _ in range(100):
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.01)


class _Peak(threading.Thread):
    """Samples the memory of all descendants of this process (Linux) and keeps the largest sum.

    What they share is counted once: Chromium is some ten processes of one program.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.memory = 0
        self.is_over = threading.Event()
        self._parents: dict[str, str] = {}

    def run(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        pause = 0.01
        while not self.is_over.wait(pause):
            pause = min(pause * 1.2, 0.1)  # sampling takes CPU time from the processes
            own = shared = 0
            for number in self._descendants():
                with suppress(OSError, IndexError):
                    sizes = Path(f"/proc/{number}/statm").read_text().split()
                    own += int(sizes[1]) - int(sizes[2])
                    shared = max(shared, int(sizes[2]))
            self.memory = max(self.memory, (own + shared) * page)

    def _descendants(self) -> Iterator[str]:
        if not Path("/proc/self/statm").exists():
            return
        there = {name for name in os.listdir("/proc") if name.isdigit()}
        # New ones, and those whose parent has ended, which have another now.
        for number in (name for name in there if self._parents.get(name) not in there):
            with suppress(OSError):
                self._parents[number] = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[1]
        family = [str(os.getpid())]
        for parent in family:
            children = [name for name in there if self._parents.get(name) == parent]
            family += children
            yield from children


# The table: the original, so many times over


def source(times: int) -> str:
    """The original with its rows repeated `times` times, numbered on."""
    head, body = ORIGINAL.read_text("utf-8").rsplit("推進方針:\n", 1)
    items = len(re.findall(r"NO: \d+", body))

    def renumbered(again: int) -> str:
        return re.sub(r"(NO|再掲): (\d+)", lambda found: f"{found[1]}: {int(found[2]) + items * again}", body)

    return f"{head}推進方針:\n" + "".join(map(renumbered, range(times)))


def later(text: str) -> str:
    """The next year's edition of `text`: every fifth 検証内容 is longer, every twentieth item has another name."""
    counts = {"検証内容": 0, "名称": 0}

    def changed(found: re.Match[str]) -> str:
        key = found[2]
        counts[key] += 1
        if key == "検証内容" and counts[key] % 5 == 0:
            return f"{found[0]}今年度は、さらに見直しを行った。"
        return f"{found[0]}の推進" if key == "名称" and counts[key] % 20 == 0 else found[0]

    # The names of items stand deeper than those of policies and measures.
    return re.sub(r"^( {12})(検証内容|名称): \S+$", changed, text, flags=re.MULTILINE)


@dataclass(frozen=True)
class Table:
    """The texts for all peers: column heads, and rows of one cell (policies and measures) or seven."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(edition: Edition) -> Table:
    rows: list[tuple[str, ...]] = []
    for headings, row in edition.lines():
        if row is None:
            rows.append((headings[-1].title,))
            continue
        item = edition.items[row.number]
        rest = ["-"] * 3 if item is not row else [item.text(column) for column in edition.form.own]
        name = item.name + (REPEATED if item is not row else "")
        rows.append(tuple(map(flat, ("", "", str(item.number), name, *rest))))
    return Table(flat(edition.title), tuple(flat(column.head) for column in edition.columns), tuple(rows))


# The peers: each writes its input beforehand and names the command that is measured


@dataclass(frozen=True)
class Peer:
    name: str
    version: str  # empty: not installed
    prepare: Callable[[Table, Path], Path]
    command: Callable[[Path, Path], Sequence[str]]


def as_html(content: Table, folder: Path) -> Path:
    def line(cells: tuple[str, ...]) -> str:
        if len(cells) == 1:
            # No <th>: Chromium's tags would list every such head for every cell below it, 49 MB for 1,040 rows.
            return f'<tr class="level"><td colspan="7">{escape(cells[0])}</td></tr>'
        return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"

    path = folder / "table.html"
    path.write_text(
        f"""<!doctype html><html lang="ja"><meta charset="utf-8"><title>{escape(content.title)}</title><style>
@page {{ size: A4 landscape; margin: 10mm 10mm 11mm 20mm; @bottom-center {{ content: counter(page) " / " counter(pages) }} }}
body {{ font: 8.5pt/1.27 "{FONT}"; margin: 0 }}
table {{ border-collapse: separate; border-spacing: 0; table-layout: fixed; width: 100% }}
td, th {{ border-left: .3pt solid #888; border-top: .3pt solid #888; padding: .45mm 1.2mm; text-align: left; vertical-align: top }}
tr {{ break-inside: avoid }} .level {{ break-after: avoid; font-weight: bold }}
</style><table><colgroup>{"".join(f'<col style="width:{width}mm">' for width in WIDTHS)}<col></colgroup>
<thead><tr><th colspan="7">{escape(content.title)}</th></tr>
<tr>{"".join(f"<th>{escape(head)}</th>" for head in content.heads)}</tr></thead>
<tbody>{"".join(map(line, content.rows))}</tbody></table></html>""",
        "utf-8",
    )
    return path


def as_typst(content: Table, folder: Path) -> Path:
    def cells(*texts: str) -> str:
        return ", ".join(json.dumps(text, ensure_ascii=False) for text in texts)

    def line(texts: tuple[str, ...]) -> str:
        return f"table.cell(colspan: 7, strong({cells(*texts)})),\n" if len(texts) == 1 else f"{cells(*texts)},\n"

    path = folder / "table.typ"
    path.write_text(
        f"""#set document(title: {cells(content.title)})
#set page("a4", flipped: true, margin: (top: 10mm, right: 10mm, bottom: 11mm, left: 20mm), numbering: "1 / 1")
#set text(font: "{FONT}", size: 8.5pt, lang: "ja")
#set table.cell(breakable: false)
#table(columns: ({", ".join(f"{width}mm" for width in WIDTHS)}, 1fr), stroke: .3pt, inset: (x: 1.2mm, y: .45mm),
table.header(table.cell(colspan: 7, strong({cells(content.title)})), {cells(*content.heads)}),
{"".join(map(line, content.rows))})
""",
        "utf-8",
    )
    return path


def as_workbook(content: Table, folder: Path) -> Path:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties
    from openpyxl.worksheet.worksheet import Worksheet

    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for cells in ((content.title,), content.heads, *content.rows):
        sheet.append(cells)
    wrapped, font = Alignment(wrap_text=True, vertical="top"), Font(FONT, size=8.5)
    thin = Side(style="hair")
    for row in sheet.iter_rows(max_col=7):
        for cell in row:
            cell.font, cell.border = font, Border(left=thin, top=thin)
            # What runs across the row is not to be wrapped into the first column.
            if row[-1].value is not None:
                cell.alignment = wrapped
    for position, width in enumerate((*WIDTHS, 267 - sum(WIDTHS) - 3), 1):
        sheet.column_dimensions[get_column_letter(position)].width = width / 1.9  # characters
    sheet.print_title_rows = "1:2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0
    path = folder / "table.xlsx"
    book.save(path)
    return path


def as_latex(content: Table, folder: Path) -> Path:
    def text(plain: str) -> str:
        return re.sub(r"([\\{}$&#%_^~])", r"\\char`\\\1{}", plain)

    def line(cells: tuple[str, ...]) -> str:
        if len(cells) == 1:
            return rf"\multicolumn{{7}}{{l}}{{{text(cells[0])}}} \\* \hline" + "\n"
        return " & ".join(map(text, cells)) + r" \\ \hline" + "\n"

    columns = "|".join(f"p{{{width - 2.4}mm}}" for width in (*WIDTHS, 267 - sum(WIDTHS)))
    path = folder / "table.tex"
    path.write_text(
        rf"""\documentclass{{article}}
\usepackage[a4paper,landscape,top=10mm,right=10mm,bottom=11mm,left=20mm]{{geometry}}
\usepackage{{luatexja-fontspec,longtable}}
\setmainjfont{{{FONT}}}\setmainfont{{{FONT}}}
\setlength{{\tabcolsep}}{{1.2mm}}\setlength{{\LTleft}}{{0pt}}
\begin{{document}}\fontsize{{8.5}}{{10.8}}\selectfont
\begin{{longtable}}{{{columns}}}
{line((content.title,))}{line(content.heads)}\endhead
{"".join(map(line, content.rows))}\end{{longtable}}
\end{{document}}
""",
        "utf-8",
    )
    return path


def peers() -> tuple[Peer, ...]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
    office, latex = shutil.which("soffice") or "", shutil.which("lualatex") or ""
    fonts = sorted({str(path.parent) for path in font_files().values()})
    return (
        Peer(
            BARE,
            version("weasyprint"),
            as_html,
            lambda given, made: [sys.executable, "-c", _BARE, str(given), str(made)],
        ),
        Peer(
            CHROMIUM,
            _version(chromium),
            as_html,
            lambda given, made: [
                chromium,
                *("--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
                *(["--no-sandbox"] if os.geteuid() == 0 else []),  # root gets none
                *("--no-pdf-header-footer", f"--user-data-dir={given.parent / 'chromium'}"),
                *(f"--print-to-pdf={made}", given.as_uri()),
            ],
        ),
        Peer(
            "Typst",
            version("typst") if find_spec("typst") else "",
            as_typst,
            lambda given, made: [sys.executable, "-c", _TYPST, str(given), str(made), *fonts],
        ),
        Peer(
            "LibreOffice",
            _version(office),
            as_workbook,
            lambda given, made: [
                *(office, f"-env:UserInstallation={(given.parent / 'office').as_uri()}", "--headless"),
                *("--convert-to", "pdf", "--outdir", str(made.parent), str(given)),
            ],
        ),
        Peer(
            "LuaLaTeX",
            _version(latex),
            as_latex,
            lambda given, made: [
                *(latex, "--interaction=batchmode", "--halt-on-error"),
                *(f"--output-directory={made.parent}", f"--jobname={made.stem}", str(given)),
            ],
        ),
    )


_BARE = """\
import sys, weasyprint
weasyprint.HTML(filename=sys.argv[1]).write_pdf(sys.argv[2])
"""

_TYPST = """\
import sys, typst
typst.compile(sys.argv[1], output=sys.argv[2], font_paths=sys.argv[3:], ignore_system_fonts=True)
"""


def _version(program: str) -> str:
    """The version that `program --version` prints; empty if it is not installed."""
    if not program:
        return ""
    told = subprocess.run([program, "--version"], capture_output=True, encoding="utf-8", check=False).stdout
    found = re.search(r"\d+(\.\d+)+", told)
    return found[0] if found else "unknown"


@dataclass(frozen=True, slots=True)
class File:
    """A PDF that has all rows. `size` is in bytes."""

    size: int
    pages: int
    tagged: bool


def checked(path: Path, content: Table) -> File:
    """Check the PDF at `path`. Raises `Failed` unless it has all rows of `content`, and the heads on every page."""
    import pypdfium2
    from pypdf import PdfReader

    def plain(text: str) -> str:
        return "".join(unicodedata.normalize("NFKC", text).split())

    if not path.exists():
        raise Failed("no file")
    data = path.read_bytes()
    pdf = pypdfium2.PdfDocument(data)
    try:
        texts = [page.get_textpage().get_text_range().replace("\ufffe", "") for page in pdf]
    finally:
        pdf.close()
    whole = "".join(map(plain, texts))
    numbers = {*re.findall(r"[0-9]+", "\n".join(texts))}
    for row in content.rows:
        wanted = plain(row[0] if len(row) == 1 else row[3])
        if wanted not in whole or (len(row) > 1 and row[2] not in numbers):
            raise Failed(f"lacks the row {row[-1] if len(row) == 1 else row[2]}")
    # The same names stand there many times.
    longest = [plain(row[-1]) for row in content.rows if len(row[-1]) > 20]
    for text in {*longest}:
        # What is divided between pages has the heads in between.
        if whole.count(text[:20]) < longest.count(text):
            raise Failed(f"lacks rows: {text[:20]}")
    for number, text in enumerate(texts, 1):
        if not all(plain(head) in plain(text) for head in (content.heads[3], content.heads[-1])):
            raise Failed(f"page {number} lacks the heads")
    catalog: Any = PdfReader(path).trailer["/Root"]
    return File(len(data), len(texts), "/StructTreeRoot" in catalog)


# Ours


class Project:
    """A project folder with a copy of the program, because someone may change the program during the run."""

    def __init__(self, folder: Path, program: Path, texts: Mapping[str, str]) -> None:
        self.folder = folder
        (folder / "source").mkdir(parents=True)
        (folder / "pipeline").symlink_to(program / "pipeline")
        for edition, text in texts.items():
            (folder / f"source/{edition}.yaml").write_text(text, "utf-8")
        self.clean()

    def clean(self) -> None:
        """Remove all output except fontconfig's cache, which is made once for each folder."""
        for path in (self.folder / "out").glob("*"):
            if path.name != ".fonts":
                shutil.rmtree(path)

    def call(self, *arguments: str) -> Cost:
        return run([sys.executable, "-E", "-m", "pipeline", *arguments], self.folder, os.environ)

    def build(self, *arguments: str) -> Cost:
        self.clean()
        return self.call("report", *arguments)

    def script(self, code: str) -> dict[str, float]:
        """Run `code` and return the JSON object in its last line of output, with the wall-clock time as "whole"."""
        self.clean()
        cost = run([sys.executable, "-E", "-c", code], self.folder, os.environ)
        told: dict[str, float] = json.loads(cost.output.splitlines()[-1])
        return told | {"whole": cost.seconds}


# Times of the stages in one process. The rest is Python's start, imports and the end.
_STAGES = """\
import gc, json, sys, time
gc.set_threshold(50_000)  # as __main__ does
from contextlib import contextmanager
from pathlib import Path
from pipeline.library import Library
from pipeline.line import make
from pipeline.papers import report_of
times = {}
@contextmanager
def step(name):
    begin = time.perf_counter()
    yield
    times[name] = times.get(name, 0) + time.perf_counter() - begin
make([report_of(Path("source/original.yaml"))], step, Library())
print(json.dumps(times))
"""
STAGES = {
    "読み込み": "read",
    "点検": "validate",
    "紙面": "HTML",
    "PDF作成": "layout, tags, attachment",
    "検査": "proof",
    "書き出し": "delivery",
}

# What whoever has `make preview` open waits for after saving a change.
_HOT = """\
import json, time
from pathlib import Path
from pipeline.preview.builder import Phase, Builder
builder = Builder(lambda edition: None)
builder.start()
path = Path("source/original.yaml")
def made():
    begin = time.perf_counter()
    builder.ask("original")
    while builder.state("original").phase == Phase.BUILDING or builder.state("original").pages is before:
        assert builder.state("original").phase in (Phase.BUILDING, Phase.CURRENT), builder.state("original")
        time.sleep(0.002)
    return time.perf_counter() - begin
before = None
made()
before = builder.state("original").pages
text = path.read_text("utf-8")
path.write_text(text.replace("全ての地区に", "すべての地区に", 1), "utf-8")
seconds = made()
path.write_text(text, "utf-8")
print(json.dumps({"seconds": seconds}))
"""

# Matching and marking, out of the making of a 新旧対照表; and its rendering.
_COMPARISON = """\
import json, time
from contextlib import contextmanager
from pathlib import Path
from pipeline.documents import comparison
from pipeline.documents.comparison import page
from pipeline.library import Library
from pipeline.line import make
from pipeline.papers import comparison_of
times = {"compare": 0.0, "mark": 0.0}
def timed(module, name):
    work = getattr(module, name)
    def measured(*arguments):
        begin = time.perf_counter()
        try:
            return work(*arguments)
        finally:
            times[name] += time.perf_counter() - begin
    setattr(module, name, measured)
timed(comparison, "compare"), timed(page, "mark")
@contextmanager
def step(name):
    begin = time.perf_counter()
    yield
    times[name] = time.perf_counter() - begin
library = Library()
make([comparison_of(Path("source/original.yaml"), Path("source/later.yaml"), library)], step, library)
print(json.dumps(times))
"""


# The measurements


@dataclass
class Measured:
    """All measurements. `costs`: number of rows -> program -> one cost for each turn."""

    costs: dict[int, dict[str, list[Cost]]] = field(default_factory=dict)
    files: dict[int, dict[str, File]] = field(default_factory=dict)
    stages: dict[int, list[dict[str, float]]] = field(default_factory=dict)
    # Seconds for matching, marking and rendering a comparison, for each turn.
    comparison: list[dict[str, float]] = field(default_factory=list)
    # Way to make many editions -> editions a second, for each turn.
    rates: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def ratios(self, ours: tuple[int, str], peer: tuple[int, str], value: Callable[[Cost], float]) -> list[float]:
        """`ours` / `peer` (number of rows, program) for each turn; for different rows, by the median of `peer`."""
        above, below = (self.costs.get(rows, {}).get(side, []) for rows, side in (ours, peer))
        if ours[0] != peer[0] and below:
            below = [sorted(below, key=value)[len(below) // 2]] * len(above)
        return [value(one) / value(other) for one, other in zip(above, below, strict=False) if value(other)]

    def faster(self, way: str, other: str) -> list[float]:
        """The rate of one `way` / that of the `other`, for each turn."""
        return [one / two for one, two in zip(self.rates.get(way, ()), self.rates.get(other, ()), strict=True)]


def seconds(cost: Cost) -> float:
    return cost.seconds


def cpu(cost: Cost) -> float:
    return cost.cpu


def memory(cost: Cost) -> float:
    return cost.memory


def measure_rows(rows: int, turns: int, folder: Path, program: Path, found: Measured) -> None:
    """Measure our pipeline and the peers with a table of `rows` rows."""
    text = source(rows // ROWS)
    content = table(validate(parse_source(ORIGINAL, text.encode())).edition)
    project = Project(folder / "ours", program, {"original": text})
    made: dict[str, Path] = {OURS: project.folder / "out/original/report.pdf"}
    sides: dict[str, Callable[[], Cost]] = {
        OURS: project.build,
        "nothing to do": lambda: project.call("make", "report"),  # as the Makefile calls it
        "check": lambda: project.call("check"),
    }

    def stages() -> Cost:
        told = project.script(_STAGES)
        found.stages.setdefault(rows, []).append(told)
        return Cost(told["whole"], 0, 0)

    def hot() -> Cost:
        return Cost(project.script(_HOT)["seconds"], 0, 0)

    sides["stages"] = stages
    if rows != LARGE:
        sides["hot"] = hot
    for peer in peers():
        if peer.version:
            (folder / peer.name).mkdir()
            made[peer.name] = folder / peer.name / "table.pdf"
            command = peer.command(peer.prepare(content, folder / peer.name), made[peer.name])
            sides[peer.name] = lambda command=command: run(command, folder, os.environ)  # type: ignore[misc]
    found.costs[rows], found.files[rows] = {}, {}
    # The turn that is not counted fills the system's caches and makes the profiles of LibreOffice and Chromium. A small
    # table is enough for that.
    for turn in range(-1 if rows == SMALL else 0, turns):
        for name, side in list(sides.items()):
            said = f"{rows} rows, turn {turn + 1} of {turns}, {name}"
            try:
                cost = side()
                if name in made and name not in found.files[rows]:
                    # Only a complete table is measured.
                    found.files[rows][name] = checked(made[name], content)
            except Failed as error:
                found.failures.append(f"{name} at {rows:,} rows: {error}")
                del sides[name]
                print(f"{said}: {error}", file=sys.stderr)
                continue
            print(f"{said}: {cost.seconds:.2f} s", file=sys.stderr)
            if turn >= 0:
                found.costs[rows].setdefault(name, []).append(cost)
        if turn < 0:
            found.stages.pop(rows, None)


def measure_comparison(turns: int, folder: Path, program: Path, found: Measured) -> None:
    text = source(MIDDLE // ROWS)
    project = Project(folder, program, {"original": text, "later": later(text)})
    for _ in range(turns):
        found.comparison.append(project.script(_COMPARISON))
        print(f"comparison: {found.comparison[-1]}", file=sys.stderr)


def measure_many(editions: int, folder: Path, program: Path, found: Measured) -> None:
    """Measure the rate of making `editions` editions of the original's size: one process for each, one for all, a pool."""
    names = [f"y{number:03}" for number in range(editions)]
    texts = {name: source(1).replace("全ての地区に", f"全ての{name[1:]}地区に", 1) for name in names}
    project = Project(folder, program, texts)
    cores = str(os.cpu_count())
    size = -(-editions // MANY_TURNS)
    for turn in range(0, editions, size):
        some = names[turn : turn + size]
        for name, groups, jobs in (
            (ONE, [some], "1"),
            (EACH, [[edition] for edition in some[:SINGLES]], "1"),
            (POOL, [some], cores),
            (f"{EACH}, which uses {cores} cores", [[edition] for edition in some[:SINGLES]], cores),
        ):
            project.clean()
            taken = sum(project.call("report", *group, "--jobs", jobs).seconds for group in groups)
            rate = sum(map(len, groups)) / taken
            found.rates.setdefault(name, []).append(rate)
            print(f"editions from {turn + 1} on, {name}: {rate:.2f} a second", file=sys.stderr)


def measure_sizes(cache: Path, found: Measured) -> None:
    """Measure the file size that each standard adds to the original."""
    from dataclasses import replace

    import weasyprint

    from pipeline.documents.report import report
    from pipeline.layout.engine import MEDIUM
    from pipeline.layout.pdf import write_pdf

    document = report(validate(parse_source(ORIGINAL, source(1).encode())))
    bare = weasyprint.HTML(string=document.html, media_type=MEDIUM)
    (file,) = document.carried.files
    empty = replace(document, carried=replace(document.carried, files=(replace(file, data=b""),)))
    found.sizes = {
        "the same pages by WeasyPrint alone": len(bare.write_pdf()),
        "with what PDF/A asks for (colours, metadata), untagged": len(bare.write_pdf(pdf_variant="pdf/a-3u")),
        "our PDF with an empty source: tags too": len(write_pdf(empty, cache)),
        "our PDF": len(write_pdf(document, cache)),
    }


# The page


@dataclass(frozen=True, slots=True)
class Target:
    key: str
    text: str
    limit: float
    values: Sequence[float]  # empty: not measured
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        middle = statistics.median(self.values)
        return middle >= self.limit if self.at_least else middle <= self.limit


def targets(found: Measured) -> Iterator[Target]:
    def of(rows: int, side: str, peer: str = OURS, value: Callable[[Cost], float] = seconds) -> list[float]:
        return found.ratios((rows, side), (rows, peer), value)

    yield Target("cold", f"{SMALL} rows, cold / {CHROMIUM}'s tagged print", 1.0, of(SMALL, OURS, CHROMIUM))
    yield Target("hot", f"{SMALL} rows, again in a warm process / cold", 0.35, of(SMALL, "hot"))
    for rows in (MIDDLE, LARGE):
        yield Target(f"bare {rows}", f"{rows:,} rows / bare {BARE}", 0.9, of(rows, OURS, BARE))
    growth = exponent(found, OURS, MIDDLE, LARGE)
    yield Target("growth", f"{LARGE:,} rows: exponent of time in rows, from {MIDDLE:,}", 1.05, growth)
    yield Target("memory", f"{LARGE:,} rows: peak memory / bare {BARE}", 1.2, of(LARGE, OURS, BARE, memory))
    yield Target(
        "nothing", f"{SMALL} rows, `make report` with nothing to do / a build", 0.05, of(SMALL, "nothing to do")
    )
    yield Target("check", f"{SMALL} rows, `check` / a build", 0.3, of(SMALL, "check"))
    large = found.ratios((LARGE, "check"), (SMALL, OURS), seconds)
    yield Target("check large", f"{LARGE:,} rows, `check` / a build of {SMALL} rows", 2.0, large)
    compared = [(turn["compare"] + turn["mark"]) / turn["PDF作成"] for turn in found.comparison]
    yield Target("comparison", f"two editions of {MIDDLE:,} rows: matching and marking / rendering", 0.1, compared)
    warm, pooled = found.faster(ONE, EACH), found.faster(POOL, ONE)
    yield Target("warm", f"many editions a second, {ONE} / {EACH}", 2.0, warm, at_least=True)
    yield Target("pool", f"many editions a second, {POOL} / {ONE}", 1.7, pooled, at_least=True)


def exponent(found: Measured, side: str, few: int, many: int) -> list[float]:
    ratios = found.ratios((many, side), (few, side), seconds)
    return [math.log(ratio) / math.log(many / few) for ratio in ratios]


def spread(values: Sequence[float]) -> str:
    """The smallest, the median and the largest of `values` as text; a single value alone."""
    if not values:
        return "—"
    middle = f"{statistics.median(values):.2f}"
    return middle if len(values) == 1 else f"{min(values):.2f}–**{middle}**–{max(values):.2f}"


def grid(*rows: Sequence[str]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def machine(found: Measured) -> str:
    from weasyprint.text.ffi import pango

    number = int(pango.pango_version())
    known = peers()
    there = [f"{peer.name} {peer.version}" for peer in known if peer.version]
    absent = [peer.name for peer in known if not peer.version]
    lines = [
        f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}; Python {platform.python_version()}, "
        f"Pango {number // 10000}.{number // 100 % 100}.{number % 100}. Peers: {', '.join(there)}.",
        f"Not installed, so not measured: {', '.join(absent)}." if absent else "",
        *(f"Failed: {failure}." for failure in dict.fromkeys(found.failures)),
        "Turns: "
        + ", ".join(f"{len(sides.get(OURS, ()))} at {rows:,} rows" for rows, sides in found.costs.items())
        + ".",
    ]
    return "\n\n".join(filter(None, lines))


def told_targets(found: Measured) -> str:
    rows = []
    for target in targets(found):
        limit = f"{'≥' if target.at_least else '≤'} {target.limit:g}"
        if not target.values:
            rows.append((target.text, limit, "—", "not measured"))
            continue
        said = "met" if target.is_met else "**not met**"
        if not target.is_met and target.key in EXPLANATIONS:
            said += f": {EXPLANATIONS[target.key]}"
        rows.append((target.text, limit, spread(target.values), said))
    return grid(("what", "target", "measured", ""), *rows)


def told_times(found: Measured) -> str:
    rows: list[tuple[str, ...]] = [("rows", "peer", "wall clock", "processors", "memory")]
    for number, sides in found.costs.items():
        for side in [peer.name for peer in peers() if peer.name in sides]:
            pair = ((number, OURS), (number, side))
            rows.append(
                (f"{number:,}", side, *(spread(found.ratios(*pair, value)) for value in (seconds, cpu, memory)))
            )
    return grid(*rows)


def told_files(found: Measured) -> str:
    rows: list[tuple[str, ...]] = [("rows", "who", "peak memory (MB)", "file (KB)", "pages", "tagged")]
    for number, files in found.files.items():
        for side, file in files.items():
            peak = statistics.median(cost.memory for cost in found.costs[number].get(side, [Cost(0, 0, 0)])) / 1e6
            sizes = (f"{peak:,.0f}", f"{file.size / 1e3:,.0f}", str(file.pages), "yes" if file.tagged else "no")
            rows.append((f"{number:,}", side, *sizes))
    return grid(*rows)


def told_stages(found: Measured) -> str:
    scales = list(found.stages)
    rows = [("stage", *(f"{number:,} rows" for number in scales), "exponent")]
    parts = {number: [_with_rest(turn) for turn in turns] for number, turns in found.stages.items()}
    for name in ("start, modules, end", *STAGES):
        shares = [spread([100 * turn[name] / turn["whole"] for turn in parts[number]]) for number in scales]
        middles = [statistics.median(turn[name] for turn in parts[number]) for number in scales]
        growth = "—"
        if len(scales) > 1 and middles[-2] > 0.01:
            growth = f"{math.log(middles[-1] / middles[-2]) / math.log(scales[-1] / scales[-2]):.2f}"
        rows.append((STAGES.get(name, name), *(f"{share} %" for share in shares), growth))
    return grid(*rows)


def _with_rest(turn: Mapping[str, float]) -> dict[str, float]:
    known = {name: turn.get(name, 0.0) for name in STAGES}
    return known | {"whole": turn["whole"], "start, modules, end": turn["whole"] - sum(known.values())}


def told_growth(found: Measured) -> str:
    scales = list(found.costs)
    steps = list(pairwise(scales))
    rows = [("who", *(f"{few:,} to {many:,} rows" for few, many in steps))]
    for side in (OURS, "check", *(peer.name for peer in peers() if peer.version)):
        rows.append((side, *(spread(exponent(found, side, few, many)) for few, many in steps)))
    return grid(*rows)


def told_many(found: Measured) -> str:
    rows = [(name, spread(found.faster(name, EACH))) for name in found.rates if name != EACH]
    return grid(("editions of the original's size", f"as many a second as {EACH}"), *rows)


def told_sizes(found: Measured) -> str:
    return grid(("the original", "bytes"), *((name, f"{size:,}") for name, size in found.sizes.items()))


BLOCKS: dict[str, Callable[[Measured], str]] = {
    "machine": machine,
    "targets": told_targets,
    "times": told_times,
    "files": told_files,
    "stages": told_stages,
    "growth": told_growth,
    "many": told_many,
    "sizes": told_sizes,
}


def filled(page: str, found: Measured) -> str:
    """`page` with the blocks between its marks replaced."""
    for name, told in BLOCKS.items():
        begin, end = f"<!-- bench: {name} -->\n", "\n<!-- end -->"
        assert page.count(begin) == 1, name
        before, _, rest = page.partition(begin)
        page = before + begin + told(found) + end + rest.partition(end)[2]
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(map(str, TURNS)), help="multiples of 52, smallest first")
    parser.add_argument("--turns", type=int, help="for every number of rows")
    parser.add_argument("--editions", type=int, default=EDITIONS, help="of the original's size; 0: leave them out")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md even if this is not everything")
    options = parser.parse_args()
    scales = [int(rows) for rows in options.rows.split(",")]
    whole = scales == list(TURNS) and options.turns is None and options.editions == EDITIONS
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    _adopt()
    found = Measured()
    with TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        program = folder / "program"
        for part in ("pipeline", "templates", "styles"):
            shutil.copytree(ROOT / part, program / part)
        for lock in ROOT.glob("*.lock"):
            shutil.copy2(lock, program)
        # For the peers too, so that none of them searches hundreds of fonts.
        confine_layout(folder / "fonts")
        for rows in scales:
            measure_rows(rows, options.turns or TURNS.get(rows, 1), folder / str(rows), program, found)
        if MIDDLE in scales:
            measure_comparison(options.turns or TURNS[MIDDLE], folder / "comparison", program, found)
        if options.editions:
            measure_many(options.editions, folder / "many", program, found)
        measure_sizes(folder / "fonts", found)
        if whole or options.write:
            PAGE.write_text(filled(PAGE.read_text("utf-8"), found), "utf-8")
        for told in BLOCKS.values():
            print(told(found), end="\n\n")


if __name__ == "__main__":
    main()
