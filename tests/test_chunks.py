"""A long table that is laid out in chunks, by one process or several, is to the byte what it would be in one piece."""

import copy
import os
import pickle
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pypdfium2
import pytest

from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.documents.report import report
from pipeline.errors import ProofError
from pipeline.layout import pages
from pipeline.layout.fast import chunks, pagination
from pipeline.layout.fast.page_cache import PageCache
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .conftest import HEALTHY
from .test_pool import ENVIRONMENT, room_for

FAULTS = int(os.environ.get("FAULTS", "1"))


def edition(items: int, texts: Iterator[str], name: str = "test") -> Validated:
    """An edition of so many items, with `texts` for what was found of each, in measures of five."""
    head, policies = HEALTHY.split("推進方針:\n")
    lines = [head, "推進方針:\n  - 名称: 方針\n    推進施策:\n"]
    for number in range(1, items + 1):
        if number % 5 == 1:
            lines.append(f"      - 名称: 施策{number}\n        推進項目:\n")
        lines.append(
            f"          - NO: {number}\n            名称: 項目の{number}\n            実施状況: ○\n"
            f"            今後の取扱い: 継続\n            検証内容: {next(texts)}\n"
        )
    assert policies
    return validate(parse_source(Path(f"source/{name}.yaml"), "".join(lines).encode()))


# 葛 and the next are shown by one glyph, and come back as two texts.
_CHARACTERS = [*"協働の、。（「」）ーっ～市民 ABC/2024%", "葛", "葛󠄁"]

# What cannot be drawn by itself.
PAINTED = '<i style="background: linear-gradient(red, blue)">あ</i>'


def texts(seed: int, longest: int = 400) -> Iterator[str]:
    """Texts of one line to some, of characters that break lines in all ways."""
    chance = random.Random(seed)
    while True:
        text = "市" + "".join(chance.choices(_CHARACTERS, k=chance.randrange(longest)))
        yield text + "（https://www.example.lg.jp/a-b/c-d.html）" * (len(text) % 5 == 0) + text[:9]


@pytest.fixture(scope="module", autouse=True)
def short_parts() -> Iterator[None]:
    """Chunks of two pages, so that a few pages are many chunks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "_ROWS_OF_ONE_CHUNK", 20)
        patch.setattr(chunks, "_PAGES_OF_A_CHUNK", 2)
        yield


class Written(NamedTuple):
    """A PDF; with which rows the parts begin that were laid out in the process itself; what it told of its progress."""

    pdf: bytes
    starts: list[int]
    told: list[str]


# As the command, and unlike pytest, it has one thread, and has laid out nothing: threads do not go along with a fork. It
# imports the engine once, and forks for each document.
PROCESS = """
import logging, os, pickle, signal, sys
from pipeline.processes import progress
from pipeline.layout.fast import chunks, pagination
from pipeline.errors import ProofError
from pipeline.layout.pdf import warm_up, write_pdf
chunks._ROWS_OF_ONE_CHUNK, chunks._PAGES_OF_A_CHUNK = 20, 2
def make(document, cache, jobs, code):
    starts, told = [], []
    laid_out = chunks.ChunkedTable._chunk
    def noted(self, begin, reach):
        starts.append(begin)
        return laid_out(self, begin, reach)
    chunks.ChunkedTable._chunk = noted
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())
    logger = logging.getLogger(progress.LOGS[1])
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    exec(code, globals())
    try:
        return write_pdf(document, cache, jobs), starts, told
    except ProofError as error:
        return error
def read():
    # Without a buffer, which a fork would share.
    size, data = int.from_bytes(os.read(0, 8), "big"), b""
    while len(data) < size:
        data += os.read(0, size - len(data))
    return data
cache = pickle.loads(read())
warm_up(cache)
while data := read():
    child = os.fork()
    if not child:
        signal.alarm(60)
        document, jobs, code = pickle.loads(data)
        with open(os.dup(1), "wb") as answer:
            pickle.dump(make(document, cache, jobs, code), answer)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit("the process for a document has ended badly")
"""


# The PDF of a document.
Laid = Callable[[Document], bytes]


class Laying(Protocol):
    """Makes a document by `jobs` processes, of which the first does `code` before. Raises the `ProofError` it raises."""

    def __call__(self, document: Document, jobs: int = 2, code: str = "") -> Written: ...


@pytest.fixture(scope="module")
def in_processes(font_cache: Path) -> Iterator[Laying]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS], env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin
    assert stdout

    def order(what: object) -> None:
        data = pickle.dumps(what)
        stdin.write(len(data).to_bytes(8, "big") + data)
        stdin.flush()

    def made(document: Document, jobs: int = 2, code: str = "") -> Written:
        order((document, jobs, code))
        answer = pickle.load(stdout)
        if isinstance(answer, ProofError):
            raise answer
        return Written(*answer)

    order(font_cache)
    try:
        yield made
    finally:
        stdin.close()
        stdout.close()
        assert process.wait() == 0


@pytest.fixture(scope="module")
def alone(font_cache: Path) -> Laid:
    """The PDF of a document laid out in this process. Several tests compare with the same one."""
    made: dict[str, bytes] = {}

    def pdf(document: Document) -> bytes:
        if document.html not in made:
            made[document.html] = write_pdf(document, font_cache)
        return made[document.html]

    return pdf


@pytest.fixture(scope="module")
def in_one_piece(font_cache: Path) -> Laid:
    """The PDF of a document laid out as WeasyPrint does it."""
    made: dict[str, bytes] = {}

    def pdf(document: Document) -> bytes:
        if document.html not in made:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(pages, "_longest_table", lambda _: None)
                made[document.html] = write_pdf(document, font_cache)
        return made[document.html]

    return pdf


def looks(pdf: bytes) -> list[bytes]:
    """What each page looks like; that it reads what it must, the proof sees."""
    return [page.render(scale=1.5, grayscale=True).to_pil().tobytes() for page in pypdfium2.PdfDocument(pdf)]


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows with which parts begin that are laid out in this process."""
    seen: list[int] = []
    laid_out = chunks.ChunkedTable._chunk

    def noted(self: Any, begin: int, reach: int) -> Any:
        seen.append(begin)
        return laid_out(self, begin, reach)

    monkeypatch.setattr(chunks.ChunkedTable, "_chunk", noted)
    return seen


@pytest.mark.parametrize("seed", range(FAULTS))
def test_parts_make_the_same_document_as_one_piece(
    seed: int, in_one_piece: Laid, font_cache: Path, starts: list[int]
) -> None:
    document = report(edition(50, texts(seed)))
    ours = write_pdf(document, font_cache)
    assert len(starts) > 2
    assert looks(ours) == looks(in_one_piece(document))
    # Tags, running lines, bookmarks and texts are as they must be.
    prove(ours, document)


def test_a_table_below_the_longest_one_has_its_head(font_cache: Path, starts: list[int]) -> None:
    """Every item is renamed and moved, so that the list by name is longer than the 新旧対照表 below it."""
    items = "".join(
        f"          - {{NO: {number}, 名称: 項目の{number}, 実施状況: ○, 今後の取扱い: 継続, 前版NO: [{number}]}}\n"
        for number in range(1, 46)
    )
    head = HEALTHY[: HEALTHY.index("          - NO: 1")]
    old = head + re.sub(", 前版NO[^}]*", "", items)
    new = "前版: old\n" + head.replace("施策一", "施策二") + items.replace("項目の", "取組の")
    before, after = (
        validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))
        for name, text in (("old", old), ("new", new))
    )
    document = comparison(before, after)
    pdf = write_pdf(document, font_cache)
    assert len(starts) > 1
    prove(pdf, document)


@pytest.mark.parametrize(("document", "jobs"), [("report", 2), ("comparison", 3)])
def test_the_number_of_processes_changes_no_byte(document: str, jobs: int, in_processes: Laying, alone: Laid) -> None:
    new = edition(20, texts(1))
    made = report(new) if document == "report" else comparison(edition(20, texts(2), "old"), new, True)
    pdf = alone(made)
    prove(pdf, made)
    together = in_processes(made, jobs)
    assert together.pdf == pdf
    assert not together.starts


def test_rows_that_go_over_pages_stay_together_with_what_follows(
    in_one_piece: Laid, in_processes: Laying, alone: Laid
) -> None:
    long = "市" * 3000
    document = report(edition(17, cycle(["短い", long, *["短い"] * 4, long, long])))
    ours = alone(document)
    assert ours == in_processes(document).pdf
    assert looks(ours) == looks(in_one_piece(document))
    prove(ours, document)


def test_where_a_head_would_be_lost_all_is_laid_out_again(
    in_one_piece: Laid, in_processes: Laying, alone: Laid
) -> None:
    # As tall as a page, below a heading row: it must be divided, which no style says.
    almost = "市" * 48 * 43
    document = report(edition(30, cycle([*["短い"] * 20, almost, *["短い"] * 9])))
    ours = alone(document)
    together = in_processes(document)
    assert ours == together.pdf
    assert not together.starts
    assert looks(ours) == looks(in_one_piece(document))
    prove(ours, document)


@pytest.mark.parametrize(("error", "jobs"), [(0.7, 1), (1.4, 1), (0.7, 2), (1.4, 2)])
def test_pages_that_were_foreseen_wrongly_are_found(error: float, jobs: int, in_processes: Laying, alone: Laid) -> None:
    document = report(edition(20, texts(3)))
    code = f"rightly = pagination.height\npagination.height = lambda *arguments: rightly(*arguments) * {error}"
    assert in_processes(document, jobs, code).pdf == alone(document)


def test_nearly_all_pages_are_foreseen(font_cache: Path, starts: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    foreseen: list[int] = []
    predicted = pagination.starts

    def noted(rows: Any, heights: Any, sheet: Any, begin: int) -> Iterator[int]:
        found = list(predicted(rows, heights, sheet, begin))
        if not foreseen:
            foreseen.extend([0, *found])
        return iter(found)

    monkeypatch.setattr(pagination, "starts", noted)
    write_pdf(report(edition(100 * FAULTS, texts(5, 300))), font_cache)
    assert len(starts) > 4
    assert set(starts) <= set(foreseen)


def test_if_the_machine_ends_a_process_one_goes_on_alone(in_processes: Laying, alone: Laid) -> None:
    document = report(edition(20, texts(1)))
    made = in_processes(document, code="chunks.ChunkedTable._chunk_elsewhere = lambda *_: os._exit(9)")
    assert made.pdf == alone(document)
    assert len(made.starts) > 1


@pytest.mark.parametrize("processes", [0, 1])
def test_if_the_machine_has_no_room_for_processes_one_works_alone(
    processes: int, in_processes: Laying, alone: Laid
) -> None:
    document = report(edition(20, texts(1)))
    made = in_processes(document, code=room_for(processes))
    assert made.pdf == alone(document)
    assert len(made.starts) > 1


def test_what_another_process_complains_of_is_told(in_processes: Laying) -> None:
    document = report(edition(20, texts(1)))
    strange = document.html.replace("項目の20<", "項目の𓀀<")
    assert strange != document.html
    with pytest.raises(ProofError, match=r"U\+13000"):
        in_processes(replace(document, html=strange))


def test_what_cannot_be_drawn_by_itself_keeps_the_document_in_one_piece(
    in_one_piece: Laid, in_processes: Laying
) -> None:
    document = report(edition(20, texts(1)))
    html = document.html.replace("項目の18<", f"{PAINTED}<")
    assert html != document.html
    document = replace(document, html=html)
    assert in_processes(document).pdf == in_one_piece(document)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_font_that_most_rows_do_not_have_keeps_the_document_in_one_piece(
    jobs: int, in_one_piece: Laid, in_processes: Laying
) -> None:
    document = report(edition(20, texts(1)))
    html = document.html.replace("項目の18<", '<i style="font-family: BIZ UDPGothic">項目</i><')
    document = replace(document, html=html)
    assert in_processes(document, jobs).pdf == in_one_piece(document)


def test_how_far_several_processes_have_come_is_told(in_processes: Laying) -> None:
    told = in_processes(report(edition(50, texts(1)))).told
    assert told[0].isdecimal()
    done = [int(message) for message in told[1:]]
    assert done == sorted(done)
    assert len(set(done)) > 2
    assert int(told[0]) - 3 <= done[-1] < int(told[0])


# A short table in two halves


@pytest.mark.parametrize(
    ("old", "new", "parts_here"),
    [
        ("", "", [0]),
        ("</head>", "<style>.page-break { break-before: auto !important }</style></head>", [0, 0]),
        ("項目の14<", '<i style="font-family: BIZ UDPGothic">項目</i><', [0, 0]),
        ("項目の14<", f"{PAINTED}<", [0, 13]),
        ("項目の3<", f"{PAINTED}<", [0]),
    ],
    ids=["two", "no page begins there", "a font", "a picture below", "a picture above"],
)
def test_the_halves_of_a_short_table_are_the_whole(
    old: str, new: str, parts_here: list[int], in_processes: Laying, alone: Laid
) -> None:
    document = in_halves(old, new)
    made = in_processes(document)
    assert made.pdf == alone(document)
    assert made.starts == parts_here


def in_halves(old: str, new: str) -> Document:
    """A document of which the third measure is marked to begin a page; `new` stands where `old` did."""
    document = report(edition(14, texts(11, 150)))
    above, between, below = document.html.rpartition('<tr class="heading depth-1')
    return replace(document, html=f"{above}{between} page-break{below}".replace(old, new))


def test_where_the_other_half_has_no_process_one_does_both(in_processes: Laying, alone: Laid) -> None:
    document = in_halves("", "")
    made = in_processes(document, code=room_for(0))
    assert made.pdf == alone(document)
    assert made.starts == [0]


def test_what_is_complained_of_in_the_other_half_is_told(in_processes: Laying) -> None:
    with pytest.raises(ProofError, match=r"U\+13000"):
        in_processes(in_halves("項目の14<", "項目の𓀀<"))


# Pages that are kept for the next time


def written(lines: list[str]) -> Document:
    return report(edition(len(lines), iter(lines)))


def test_kept_pages_are_as_if_they_were_laid_out_anew(font_cache: Path, starts: list[int]) -> None:
    chance = random.Random(7)
    source = texts(7)
    lines = [next(source) for _ in range(16)]
    kept = PageCache()
    write_pdf(written(lines), font_cache, kept=kept)
    for text in ["市" * 3000, "短い"] * FAULTS:
        lines[chance.randrange(16)] = text
        document = written(lines)
        assert write_pdf(document, font_cache, kept=kept) == write_pdf(document, font_cache)
    lines = [line[:400] for line in lines]
    for _ in range(2):
        starts.clear()
        write_pdf(written(lines), font_cache, kept=kept)
    assert not starts


def test_a_kept_page_goes_by_what_did_not_fit_on_it(font_cache: Path, starts: list[int]) -> None:
    source = texts(8)
    lines = [next(source) for _ in range(25)]
    kept_before = PageCache()
    pages_begin = [
        number
        for page in pypdfium2.PdfDocument(write_pdf(written(lines), font_cache, kept=kept_before))
        if (number := min(map(int, re.findall(r"項目の(\d+)", page.get_textpage().get_text_bounded()))))
    ]
    assert len(pages_begin) > 2
    for number in pages_begin[1:]:
        kept = copy.copy(kept_before)
        changed = [*lines]
        changed[number - 1] = "短い"
        document = written(changed)
        assert write_pdf(document, font_cache, kept=kept) == write_pdf(document, font_cache)
    assert starts


def test_a_kept_page_goes_by_the_row_below_a_heading_that_did_not_fit_on_it(font_cache: Path) -> None:
    """The heading goes with the first row of its measure, the last of the list, which gets shorter."""
    kept = PageCache()
    for last, count in (("市" * 900, 2), ("短い", 1)):
        document = written(["短い"] * 15 + [last])
        pdf = write_pdf(document, font_cache, kept=kept)
        assert len(pypdfium2.PdfDocument(pdf)) == count
        assert pdf == write_pdf(document, font_cache)


@pytest.fixture(scope="module")
def pages_of_one_document(font_cache: Path) -> tuple[Document, PageCache]:
    source, kept = texts(10), PageCache()
    document = written([next(source) for _ in range(28)])
    write_pdf(document, font_cache, kept=kept)
    return document, kept


@pytest.fixture
def kept_pages(pages_of_one_document: tuple[Document, PageCache]) -> tuple[Document, PageCache]:
    """A document of three pages or more, and its pages in a cache that the test may change."""
    document, kept = pages_of_one_document
    return document, copy.copy(kept)


ROW = re.compile(r"<tr class=.*?</tr>\n", re.DOTALL)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows, _: rows[:3] + rows[4:],
        lambda rows, _: rows[:3] + rows[10:12] + rows[3:],
        lambda rows, starts: rows[starts[1] :],
        lambda rows, starts: rows[: starts[2]],
        lambda rows, _: rows + rows[5:6],
        lambda rows, _: rows + rows[5:30],
    ],
    ids=["one goes", "two come", "a page goes", "it ends with a page", "one more", "many more"],
)
def test_pages_are_kept_while_rows_come_and_go(
    change: Callable[[list[str], list[int]], list[str]], kept_pages: tuple[Document, PageCache], font_cache: Path
) -> None:
    document, kept = kept_pages
    rows = ROW.findall(document.html)
    before, after = document.html.split("".join(rows))
    beginnings = sorted(page.page.start for pages in kept._pages.values() for page in pages if page.page.start)
    changed = replace(document, html=before + "".join(change(rows, [0, *beginnings])) + after)
    assert write_pdf(changed, font_cache, kept=kept) == write_pdf(changed, font_cache)


def test_a_change_of_one_row_lays_out_one_page(font_cache: Path, starts: list[int]) -> None:
    source = texts(9)
    lines = [next(source) for _ in range(40)]
    kept = PageCache()
    write_pdf(written(lines), font_cache, kept=kept)
    first = len(starts)
    lines[20] = lines[20][:-1] + "民"
    write_pdf(written(lines), font_cache, kept=kept)
    assert first > 1
    assert len(starts) == first + 1


@pytest.mark.parametrize(
    "change",
    [
        ('<col class="findings prose"/>', '<col class="findings prose" style="width: 90mm"/>'),
        ("9pt", "10pt"),
        ("方針</th>", "新方針</th>"),
        # The line of context of the last page has no room in a line: all pages have a lower head.
        (re.compile(r'(?s)(.*data-context=")[^"]*'), rf"\1{'策' * 100}"),
    ],
    ids=["column", "style", "heading", "context"],
)
def test_what_stands_around_the_rows_decides_too(
    change: tuple[str | re.Pattern[str], str], kept_pages: tuple[Document, PageCache], font_cache: Path
) -> None:
    document, kept = kept_pages
    old, new = change
    html = document.html.replace(old, new) if isinstance(old, str) else old.sub(new, document.html, 1)
    other = Document(html, document.expected, document.carried)
    assert other != document
    assert write_pdf(other, font_cache, kept=kept) == write_pdf(other, font_cache)
