"""Days at a desk, by chance: sources are edited, and commands called. What they print and leave is kept."""

import contextlib
import hashlib
import io
import math
import os
import random
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from pipeline import line
from pipeline.cli import actions, arguments, command
from pipeline.cli.table import COMMANDS
from pipeline.documents.document import Document, Printed
from pipeline.errors import PipelineError
from pipeline.processes import progress
from pipeline.proof import places, proof

from .conftest import DONE, HEALTHY
from .golden.damaged import OWN_FORM
from .golden.digests import check_text

SEEDS = (4,)

FIRST = HEALTHY.replace("推進方針:\n", "担当課: 企画課\n推進方針:\n").replace(
    "名称: 項目一\n", "名称: 項目一\n            担当課: 市民課\n"
)
SECOND = f"前版: r5\n{DONE}{FIRST}".replace("項目三", "項目三の充実").replace(
    "検証内容: 検討する。", "検証内容: 未記入"
)
TEXTS = {"form": OWN_FORM, "r5": FIRST}
IDS = ["r5", "r6", "r7", "form"]
# What is replaced in a source, by what.
EDITS = [
    ("終わった。", "終えた。"), ("NO: 2", "NO: 9"), ("NO: 9", "NO: 2"), ("NO: 3", "NO: 4"), ("NO: 4", "NO: 3"), ("実施状況: ○", "実施状況: 未記入"), ("実施状況: 未記入", "実施状況: ◎"),
    ("実施状況: ×", "実施状況: ✕"), ("実施状況: ✕", "実施状況: ×"), ("表題: 試験一覧", "表題: 一覧 # 案"), ("担当課: 市民課", "担当課: 福祉課"), ("担当課: 市民課\n", "前版NO: [3]\n"),
    ("前版: r5", "前版: r4"), ("前版: r4", "前版: r5"), ("再掲: 1", "再掲: 8"), ("再掲: 8", "再掲: 1"), ("検証内容: 検討する。", "検証内容: \\100の見直し"), ("今後の取扱い: 完了", "今後の取扱い: 継続"),
    ("自治体: 試験市", "案: true"),
]  # fmt: skip
COMMON = [
    "check", "check", "check {id}", "check --strict", "check {id} --strict", "check nobody", "status", "status {id}", "renumber {id}", "renumber {id} --apply", "undo {id}",
    "data --jobs 1", "data {id} --jobs 1", "data --jobs 0", "book {id} --jobs 1", "sheets {id}", "import out/{id}/sheets", "import out/{id}/sheets --apply", "import out/{id}/sheets --apply --conflicts source",
    "import out/{id}/list.xlsx", "import out/{id}/list.xlsx --apply", "import --conflicts both out", "clean", "verify", "verify out/{id}/data.csv", "verify 0123abcd", "schema", "schema {id}",
    "next --from {id} --to r7", "next --from {id} --to form", "next --from {id} --to R8", "diff --from {id}", "errata {id}", "errata {id} --to r6", "issue {id}", "sign {id} --key no.p12",
    "adopt out/{id}/list.xlsx --to adopted", "adopt source/{id}.yaml --to adopted", "history nobody", "preview {id} --port 80", "report {id} --jobs 61", "council nobody", "chekc", "check --fast",
]  # fmt: skip


# Commands that belong together; where there is none, an answer is written into a workbook, and perhaps a source edited.
TOGETHER = [
    [
        "sheets {id}",
        "",
        "",
        "status {id}",
        "import out/{id}/sheets",
        "import out/{id}/sheets --apply",
        "status {id}",
        "undo {id}",
        "check {id}",
    ],
    ["sheets {id}", "", "", "", "import out/{id}/sheets --apply --conflicts reply", "sheets {id}", "clean"],
    [
        "book {id} --jobs 1",
        "",
        "",
        "import out/{id}/list.xlsx",
        "import out/{id}/list.xlsx --apply",
        "book {id} --jobs 1",
        "clean",
    ],
    ["renumber {id}", "renumber {id} --apply", "renumber {id}", "undo {id}", "undo {id}"],
    ["data --jobs 1", "data {id} --jobs 1", "", "data --jobs 1", "verify out/{id}/data.csv", "clean"],
    ["next --from {id} --to r7", "check r7", "check r7 --strict", "schema r7", "status r7"],
]


def _edit(chance: random.Random) -> str:
    path = Path(f"source/{chance.choice(IDS)}.yaml")
    for other in (*Path("source").glob("R*"), *Path("source").glob("*.txt")):
        other.unlink()
    for other in Path("source").glob("*.yaml"):
        if other.stat().st_size < 40 or chance.random() < 0.2:
            other.write_text(TEXTS.get(other.stem, SECOND), "utf-8")
    match chance.randrange(20):
        case 0:
            Path("source/R9.yaml").write_text(HEALTHY, "utf-8")
            return "R9.yaml"
        case 1:
            Path("source/r4.yaml.txt").write_text(HEALTHY, "utf-8")
            return "r4.yaml.txt"
        case 2 if path.exists():
            path.unlink()
            return f"without {path}"
        case 3 | 4:
            path.write_text(TEXTS.get(path.stem, SECOND), "utf-8")
            return f"{path} anew"
        case 6 | 7 if made := sorted(
            one for one in Path("out").rglob("*.*") if one.is_file() and not {".build", ".fonts"} & {*one.parts}
        ):
            gone = chance.choice(made)
            gone.unlink()
            return f"without {gone}"
        case 8 if made := sorted(Path("out").rglob("*.html")):
            made[0].write_text("edited", "utf-8")
            return f"{made[0]} edited"
        case 5 if path.exists():
            path.write_bytes(chance.choice([b"\xff\xfe", "表題：一覧\n".encode(), b"", "表題: 一覧\n".encode("cp932")]))
            return f"{path} broken"
    there = [(old, new) for old, new in EDITS if path.exists() and old in path.read_text("utf-8", "replace")]
    if not there:
        return ""
    old, new = chance.choice(there)
    path.write_text(path.read_text("utf-8").replace(old, new, chance.choice([1, 1, 9])), "utf-8")
    return f"{path}: {old} {new}"


def _answer(chance: random.Random, edition: str) -> str:
    """Write an answer into a workbook that was made for a department, or into the list."""
    books = sorted(Path(f"out/{edition}").rglob("*.xlsx"))
    if not books:
        return ""
    path = chance.choice(books)
    book = load_workbook(path)
    sheet = book.worksheets[0]
    cells = [
        cell
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str)
        and cell.value in ("◎", "○", "×", "継続", "完了", "未記入", "終わった。", "検討する。")
    ]
    if cells:
        cell = chance.choice(cells)
        cell.value = chance.choice(["◎", "○", "継続", "終えた。", "?"])
        book.save(path)
        return f"{path} {cell.coordinate} {cell.value}"
    return ""


def _called(typed: list[str]) -> str:
    """The exit code of a command, and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["pipeline", *typed]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command.main(typed)
    return f"$ {' '.join(typed)}\n{out.getvalue()}--\n{err.getvalue()}-- {code}\n"


def _left() -> str:
    """The files, with digests of those of which the same bytes are made every time."""
    paths = sorted(
        path
        for path in (*Path("source").rglob("*"), *Path("out").rglob("*"))
        if path.is_file() and not {".build", ".undo", ".replies", ".fonts"} & {*path.parts}
    )
    return "".join(f"{path} {_digest(path)}\n" for path in paths)


def _digest(path: Path) -> str:
    """A digest; nothing of a workbook, whose bytes are those of a system's zlib, nor of the digests in a register."""
    if path.suffix == ".xlsx":
        return ""
    data = path.read_bytes()
    if path.name in ("issue.csv", "register.csv"):
        data = re.sub(rb"[0-9a-f]{64}", b"", data)
    return hashlib.sha256(data).hexdigest()[:8]


def walk(seed: int) -> Iterator[str]:
    """What is edited, called, printed and left, in the current folder."""
    chance = random.Random(seed)
    Path("source").mkdir(exist_ok=True)
    Path("source/r5.yaml").write_text(FIRST, "utf-8")
    Path("source/r6.yaml").write_text(SECOND, "utf-8")
    Path("source/form.yaml").write_text(OWN_FORM, "utf-8")
    for _ in range(8):
        for _ in range(chance.choice([0, 1, 1, 2])):
            yield _edit(chance)
        edition = chance.choice(["r5", "r6", "r6", "form"])
        for typed in chance.choice([[chance.choice(COMMON)], [chance.choice(COMMON)], *TOGETHER]):
            if typed:
                yield _called(typed.format(id=edition).split())
            else:
                yield _answer(chance, edition) + _edit(chance)
        yield _left()


PAPERS = [
    "report {id}", "report", "report --jobs 1", "summary {id}", "summary", "diff", "diff {id}", "diff r6 --all", "diff --from r5 --to r6 --strict", "diff --from {id} --to r6/1", "history", "history {id}",
    "council {id}", "council", "errata {id}", "errata {id} --from r5", "errata --from r5 --to r6", "errata {id} --from {id}/1", "errata {id} --from {id}/last", "issue {id}", "issue {id} --draft",
    "verify", "verify out", "verify source/issued/{id}/1/report.pdf", "check {id}", "check", "clean", "data {id}", "book {id}", "sign {id} --key no.p12",
]  # fmt: skip
# One after the other: "~" is a change of what was found, "" anything else, "-" takes the edition of the other form away.
IN_ORDER = [
    ["council r5", "council r6", "issue r6", "issue r5 --draft", "~", "council r6", "errata r6", "errata --from r6/1 --to r6", "errata --from source/issued/r6/1/report.pdf --to r6", "diff --from r6/1 --to r6"],
    ["history", "issue r6", "check r6", "council r6", "issue r6", "verify", "verify out", "verify source/issued/r6/1/report.pdf", "errata r6 --from r6/1", "diff --from r6/1 --to r6/2"],
    ["-", "history", "history r5", "diff", "book r6", "~", "report r6", "summary r5", "data r6", "history", "clean"],
]  # fmt: skip


def _pretended(document: Document) -> bytes:
    """Stands in for the PDF of a document: it has its pages, and names its sources."""
    writer = PdfWriter()
    for _ in range(_pages(b"", document)):
        writer.add_blank_page(842, 595)
    named = DecodedStreamObject()
    named.set_data(f"{document.carried.identifier} {hashlib.sha256(document.html.encode()).hexdigest()}".encode())
    writer.root_object[NameObject("/Metadata")] = writer._add_object(named)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _pages(_: bytes, document: Document) -> int:
    return 1 + sum(len(table.rows) for table in document.expected.tables) // 6


def _pretend(patch: pytest.MonkeyPatch) -> None:
    """Have PDFs pretended, on a machine with one processor, on a certain day."""
    patch.setattr(sys, "argv", [])
    patch.setattr(progress, "_BETWEEN_LINES", math.inf)
    patch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    patch.setattr(line, "_engine", lambda _: lambda document: lambda: _pretended(document))
    patch.setattr(proof, "prove", _pages)
    patch.setattr(places, "printed", lambda _: Printed({}, ("",)))
    patch.setattr(actions, "_today", lambda: date(2030, 4, 1))


def walk_with_papers(seed: int) -> Iterator[str]:
    """The same with papers, whose PDFs are pretended ones."""
    chance = random.Random(f"papers {seed}")
    Path("source").mkdir(exist_ok=True)
    for name, text in (("r5", FIRST), ("r6", SECOND.replace("未記入", "検討した。")), ("form", OWN_FORM)):
        Path(f"source/{name}.yaml").write_text(text, "utf-8")
    for commands in (*IN_ORDER, *(chance.choices(PAPERS, k=3) for _ in range(2))):
        for typed in commands:
            if typed == "~":
                path = Path("source/r6.yaml")
                path.write_text(path.read_text("utf-8").replace("終わった。", "終わったところである。"), "utf-8")
            elif typed == "-":
                Path("source/form.yaml").unlink()
            elif typed:
                yield _called(typed.format(id=chance.choice(["r5", "r6"])).split())
            else:
                yield _edit(chance)
        yield _left()


def calls() -> Iterator[str]:
    """How command lines of all commands are understood, right and wrong ones."""
    chance = random.Random(7)
    for one in COMMANDS:
        for _ in range(12):
            typed = [one.name]
            for argument in (
                *one.accepted,
                *chance.choices([each for other in COMMANDS for each in other.arguments], k=1),
            ):
                if chance.random() < 0.6:
                    value = chance.choice(["r5", "a b", "'a b' c", "'a", "", "1", "0"])
                    typed += [
                        *([argument.option] if argument.option else []),
                        *([] if argument.kind == "flag" else [value]),
                    ]
            typed += chance.choice([[], [], [], ["--help"], ["x", "y"], ["-x"]])
            yield _understood(typed, {})
            named = {
                argument.name: chance.choice(["r5", "'a b' c", "'a", "", "1", "0", "yes"])
                for argument in one.accepted
                if chance.random() < 0.6
            }
            named |= dict.fromkeys(chance.choice([[], [], [], ["edition"], ["EDITON"], ["X"], ["apply"]]), "1")
            yield _understood(["make", one.name], named)
    for name in ("", "help", "-h", "make", "reprot", "sheet", "xyz", "im"):
        yield _understood([name], {})
        yield _understood(["make", name], {})


def _understood(typed: list[str], named: dict[str, str]) -> str:
    before = dict(os.environ)
    os.environ.update({**named, arguments.TYPED: " ".join(named)})
    sys.argv = ["pipeline", *typed]
    try:
        call = arguments.parse(typed)
        return f"{typed} {named} {call and (call.command.name, sorted(vars(call.options).items()))}"
    except PipelineError as error:
        return f"{typed} {named} {error}"
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.usefixtures("project")
def test_what_commands_print_and_leave_is_what_it_was(
    seed: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow this machine is just now, no line says how far the work has come.
    monkeypatch.setattr(progress, "_BETWEEN_LINES", math.inf)
    monkeypatch.setattr(sys, "argv", [])
    check_text("walks", f"walk-{seed}", walk(seed), request)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.usefixtures("project")
def test_what_commands_make_of_papers_is_what_it_was(
    seed: int, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretend(monkeypatch)
    check_text("walks", f"papers-{seed}", walk_with_papers(seed), request)


@pytest.mark.usefixtures("project")
def test_what_is_typed_means_what_it_meant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [])
    check_text("walks", "calls", calls(), request)
