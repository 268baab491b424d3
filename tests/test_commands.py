"""The contract of the command line: each command in each way that it can end.

A row of the table says what is typed, what is the matter, the exit code, what is printed and which files are written.
The command is run as `python -m pipeline` runs it, but in this process.
"""

import errno
import functools
import gc
import hashlib
import json
import math
import os
import re
import runpy
import shlex
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Never

import pypdf
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline import fonts
from pipeline.cli import arguments
from pipeline.cli.table import BY_NAME, COMMANDS, EXIT_CODES, FOLDER, Command, help_text
from pipeline.delivery import clean, files
from pipeline.documents import data, html, markup
from pipeline.documents.book import rows as list_rows
from pipeline.documents.book import sheet
from pipeline.documents.data import csv_file
from pipeline.library import Library
from pipeline.model import schema
from pipeline.office import answers, changes, issue, renumber, sheets, signature, status, verify
from pipeline.office.adopt import adopt
from pipeline.preview import server
from pipeline.processes import progress
from pipeline.years import draft

from .conftest import DONE, HEALTHY, ROOT
from .test_returns import STATUS, Book
from .test_signature import PASSPHRASE, SIGNING, Authority

Patch = pytest.MonkeyPatch

TEST, LATER = Path("source/test.yaml"), Path("source/later.yaml")
# A copy of test as it was when it was distributed.
WRONG = Path("wrong.yaml")
LATER_TEXT = "前版: test\n" + HEALTHY.replace("名称: 項目三", "名称: 項目の三\n            前版NO: [3]")

# A call of each command that succeeds on a project with the editions test and later, where later follows test.
USUAL = {
    "report": "report test",
    "preview": "preview test",
    "check": "check test",
    "diff": "diff",
    "errata": "errata --from wrong.yaml --to test",
    "issue": "issue test",
    "verify": "verify",
    "adopt": "adopt --file list.csv --to third",
    "next": "next --from test --to third",
    "summary": "summary test",
    "history": "history",
    "data": "data test",
    "book": "book test",
    "council": "council",
    "sheets": "sheets test",
    "import": "import back/reply.xlsx --apply",
    "sign": "sign test --key key.p12 --passphrase-file passphrase",
    "status": "status test",
    "renumber": "renumber test --apply",
    "undo": "undo test",
    "clean": "clean",
    "schema": "schema",
    "demo": "demo",
}

CODES = (0, 1, 2, 3, 4, 70)
INTERRUPTED = 130  # as shells have it

# Why a command cannot end in a code.
NEVER = {
    ("preview", 1): "errors of a source are shown on the page",
    ("preview", 4): "a failed proof is shown on the page",
    ("check", 4): "makes no document",
    ("adopt", 4): "makes no document",
    ("next", 4): "makes no document",
    ("sheets", 4): "workbooks are not proved",
    ("import", 4): "makes no document",
    ("status", 4): "makes no document",
    ("renumber", 4): "makes no document",
    ("undo", 4): "makes no document",
    ("issue", 4): "makes no document",
    ("verify", 4): "a file that fails its proof was not issued: 1",
    ("clean", 1): "reads no source",
    ("clean", 4): "makes no document",
    ("schema", 4): "makes no document",
}


# What is the matter


def nothing(_: Patch) -> None:
    pass


def wrong_symbol(_: Patch) -> None:
    TEST.write_text(HEALTHY.replace("実施状況: ×", "実施状況: ✕"), "utf-8")


def both_broken(patch: Patch) -> None:
    wrong_symbol(patch)
    LATER.write_text(LATER_TEXT.replace("NO: 2", "NO: 1"), "utf-8")


def unordered(_: Patch) -> None:
    TEST.write_text(HEALTHY.replace("NO: 2", "NO: 4"), "utf-8")


def renumbered(patch: Patch) -> None:
    unordered(patch)
    after("renumber test --apply")(patch)


def renumbered_and_changed(patch: Patch) -> None:
    renumbered(patch)
    TEST.write_text(HEALTHY.replace("終わった", "終えた"), "utf-8")


def is_unordered() -> None:
    assert "NO: 4" in TEST.read_text("utf-8")


def foreign_and(what: Callable[[Patch], None] = nothing, name: str = "体操") -> Callable[[Patch], None]:
    """A list in a file of somebody else, whose second item has this name."""

    def write(patch: Patch) -> None:
        text = f"計画\r\nNO,事業名,担当課\r\n1,声かけ,福祉課\r\n2,{name},健康課\r\n"
        Path("list.csv").write_bytes(text.encode("cp932"))
        what(patch)

    return write


def two_blanks(_: Patch) -> None:
    text = HEALTHY.replace("実施状況: ×", "実施状況: 未記入").replace("実施状況: ○", "実施状況: 未記入")
    TEST.write_text(text.replace("検証内容: 検討する。", "担当課: 企画課"), "utf-8")


def misnamed(_: Patch) -> None:
    Path("source/令和六年.yaml").write_text(HEALTHY, "utf-8")
    LATER.unlink()


def other_form(_: Patch) -> None:
    TEST.write_text(
        "表題: 試験一覧\n段: []\n項目: {名称: 事業}\n欄: {評価: {種類: 記号, 凡例: {A: 良い}}}\n"
        "事業: [{NO: 1, 名称: 項目一, 評価: A}, {NO: 2, 名称: 項目二, 評価: A}]\n",
        "utf-8",
    )
    LATER.unlink()


def broken_form(_: Patch) -> None:
    TEST.write_text("欄: {評価: {種類: 絵}}\n" + HEALTHY, "utf-8")


def no_editions(_: Patch) -> None:
    TEST.unlink()
    LATER.unlink()


def folder_beside(_: Patch) -> None:
    Path("source/folder.yaml").mkdir()


def two_chains(_: Patch) -> None:
    LATER.write_text(HEALTHY, "utf-8")


def no_fonts(patch: Patch) -> None:
    patch.setattr(fonts, "FOLDERS", ("/nowhere",))
    fonts.font_files.cache_clear()


def full_disk(patch: Patch) -> None:
    def fail(_: int) -> Never:
        raise OSError(errno.ENOSPC, "full")

    patch.setattr(os, "fsync", fail)


def unordered_on_a_full_disk(patch: Patch) -> None:
    unordered(patch)
    full_disk(patch)


def renumbered_on_a_full_disk(patch: Patch) -> None:
    renumbered(patch)
    full_disk(patch)


def out_is_a_link(_: Patch) -> None:
    Path("elsewhere").mkdir()
    Path("out").symlink_to("elsewhere")


def damaged(patch: Patch) -> None:
    """Every document says another thing than the model."""
    mark_up, data_text, rows = markup.mark_up, csv_file.data_text, list_rows.rows
    patch.setattr(html, "mark_up", lambda text: mark_up(text.replace("一", "乙")))
    patch.setattr(data, "data_text", lambda *given: data_text(*given).replace("一", "乙"))
    patch.setattr(sheet, "rows", lambda *given: [*rows(*given)][:-1])


def broken_template(patch: Patch) -> None:
    shutil.copytree(ROOT / "templates", "templates")
    Path("templates/report.html").write_text("<!doctype html>\n{{ masthead.titel }}", "utf-8")
    patch.setattr(html, "TEMPLATES", Path("templates").resolve())
    patch.setattr(html, "_environment", functools.cache(html._environment.__wrapped__))


def bug(place: object, name: str) -> Callable[[Patch], None]:
    """What `name` of `place` does is a mistake of ours, of a kind that parsers of foreign files raise too."""

    def harm(patch: Patch) -> None:
        def fail(*_: object, **__: object) -> Never:
            raise AttributeError("a mistake of ours")

        patch.setattr(place, name, fail)

    return harm


def after(typed: str) -> Callable[[Patch], None]:
    """Another command came before."""
    return lambda patch: check_ended(run(typed, patch), typed)


def check_ended(code: int, typed: str) -> None:
    assert code == 0, typed


def every_paper_then_later_is_broken(patch: Patch) -> None:
    for typed in ("report test", "diff later"):
        after(typed)(patch)
    TEST.write_text(HEALTHY.replace("終わった", "終えた"), "utf-8")
    LATER.write_text(LATER_TEXT.replace("NO: 2", "NO: 1"), "utf-8")


def changed(_: Patch) -> None:
    TEST.write_text(HEALTHY.replace("終わった", "終えた"), "utf-8")


def issued_and(what: Callable[[Patch], None]) -> Callable[[Patch], None]:
    """The report was made, and issued."""

    def both(patch: Patch) -> None:
        after("report test")(patch)
        after("issue test")(patch)
        what(patch)

    return both


def saved_anew(_: Patch) -> None:
    """The report as another program saves it."""
    pypdf.PdfWriter(clone_from="out/test/report.pdf").write("report.pdf")


def saved_anew_without_fonts(patch: Patch) -> None:
    saved_anew(patch)
    no_fonts(patch)


def report_and(what: Callable[[Patch], None]) -> Callable[[Patch], None]:
    def both(patch: Patch) -> None:
        after("report test")(patch)
        what(patch)

    return both


def item_vanished(_: Patch) -> None:
    begin, end = LATER_TEXT.index("          - NO: 2"), LATER_TEXT.index("      - 名称: 施策二")
    LATER.write_text(LATER_TEXT[:begin] + LATER_TEXT[end:], "utf-8")


def another_list(_: Patch) -> None:
    """A list that shares neither its title nor an item with the edition test."""
    LATER.write_text(HEALTHY.replace("表題: ", "表題: 別の").replace("名称: 項目", "名称: 別の項目"), "utf-8")


def replied(text: str = "○") -> Callable[[Patch], None]:
    """The workbook of the edition test came back, with `text` for the first item."""

    def reply(patch: Patch) -> None:
        TEST.write_text(HEALTHY + DONE, "utf-8")
        after("sheets test")(patch)
        Book.of("out/test/sheets/担当課なし.xlsx").write(6, STATUS, text).save("reply.xlsx")

    return reply


def imported(patch: Patch) -> None:
    replied()(patch)
    Path("back").mkdir(exist_ok=True)
    after("import back/reply.xlsx --apply")(patch)


def conflict(patch: Patch) -> None:
    replied()(patch)
    TEST.write_text(HEALTHY.replace("実施状況: ◎", "実施状況: ×"), "utf-8")


def reply_to_a_broken_source(patch: Patch) -> None:
    replied()(patch)
    wrong_symbol(patch)


def full_disk_for_a_reply(patch: Patch) -> None:
    replied()(patch)
    full_disk(patch)


def bug_behind_a_reply(patch: Patch) -> None:
    replied()(patch)
    bug(answers, "compose")(patch)


def empty_folder(_: Patch) -> None:
    Path("back").mkdir()


def answers_not_fetched(patch: Patch) -> None:
    after("sheets test")(patch)
    Path("out/test/sheets/担当課なし.xlsx").write_bytes(b"answers")


def list_written_in(patch: Patch) -> None:
    after("book test")(patch)
    Path("out/test/list.xlsx").write_bytes(b"answers")


@functools.cache
def key_file() -> bytes:
    authority, private = Authority(), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    day = timedelta(days=1)
    return authority.pack(private, authority.issue(private, SIGNING, now - day, now + day))


def key(_: Patch) -> None:
    Path("key.p12").write_bytes(key_file())
    Path("passphrase").write_bytes(PASSPHRASE + b"\n")


def wrong_passphrase(patch: Patch) -> None:
    key(patch)
    Path("passphrase").write_bytes(b"wrong\n")


def key_and(what: Callable[[Patch], None]) -> Callable[[Patch], None]:
    def both(patch: Patch) -> None:
        key(patch)
        what(patch)

    return both


def no_pyhanko(patch: Patch) -> None:
    patch.setitem(sys.modules, "pyhanko.sign.signers", None)


def something_behind_the_signature(patch: Patch) -> None:
    write = signature._write
    patch.setattr(signature, "_write", lambda *given: write(*given) + b"% \n")


class _NoBuilder:
    """In the place of what builds pages in a thread of its own."""

    def __init__(self, *_: object) -> None:
        self.ask = self.join = lambda _: None
        self.start = self.stop = lambda: None
        self.is_alive = lambda: False


def ctrl_c(patch: Patch) -> None:
    async def serve(listener: socket.socket, *_: object) -> None:
        listener.close()
        raise KeyboardInterrupt

    patch.setattr(server, "Builder", _NoBuilder)
    patch.setattr(server, "_serve", serve)


def unloadable(patch: Patch) -> None:
    """A compiled module is there, and the loader refuses it."""

    def fail(*_: object) -> Never:
        raise ImportError("cannot map segment", name="uharfbuzz", path="/somewhere/_harfbuzz.abi3.so")

    patch.setattr(html, "mark_up", fail)


def interrupted(patch: Patch) -> None:
    def stop(*_: object) -> Never:
        raise KeyboardInterrupt

    patch.setattr(html, "mark_up", stop)


def in_folder(_: Patch) -> None:
    Path("elsewhere/source").mkdir(parents=True)
    Path("elsewhere/source/test.yaml").write_text(HEALTHY, "utf-8")


def error_in_the_sample(_: Patch) -> None:
    shutil.copytree(ROOT / "docs/sample", "demo/source")
    path = Path("demo/source/r5.yaml")
    text = path.read_text("utf-8")
    assert "NO: 2\n" in text
    path.write_text(text.replace("NO: 2\n", "NO: 1\n", 1), "utf-8")


# What the files say that a command wrote


def is_the_schema_of_test() -> None:
    item = json.loads(Path("source/test.schema.json").read_text("utf-8"))["$defs"]["Item"]
    assert (item["title"], item["properties"]["評価"]["enum"]) == ("事業", ["A", "未記入"])


def is_the_schema() -> None:
    written = json.loads(Path("source/edition.schema.json").read_text("utf-8"))
    assert written == json.loads((ROOT / "source/edition.schema.json").read_text("utf-8"))


def is_a_set_of_one_state() -> None:
    """Each paper of the set says at its foot of which source it was made, and the cover has that digest whole."""
    digest = hashlib.sha256(LATER.read_bytes()).hexdigest()
    for path in SET:
        if path.endswith(".pdf"):
            text = "".join("".join(page.extract_text().split()) for page in pypdf.PdfReader(path).pages)
            assert digest[:8] in text, path
            assert (digest in text) == path.endswith("council.pdf"), path


def is_the_signed_report() -> None:
    report = Path("out/test/report.pdf").read_bytes()
    signed = Path("out/test/report-signed.pdf").read_bytes()
    assert signed.startswith(report)
    assert b"/ByteRange" in signed[len(report) :]


def has_the_answer() -> None:
    assert TEST.read_text("utf-8") == HEALTHY.replace("実施状況: ◎", "実施状況: ○", 1) + DONE


def is_the_foreign_list() -> None:
    text = Path("source/third.yaml").read_text("utf-8")
    assert text.endswith("  - NO: 2\n    名称: 体操\n    担当課: 健康課\n")


def follows_test() -> None:
    text = Path("source/third.yaml").read_text("utf-8")
    assert "前版: test\n" in text
    assert "実施状況: 未記入" in text


# The table


@dataclass(frozen=True)
class Row:
    """One way in which a command ends.

    `out` says how each line of standard output begins. `err` are pieces of standard error: of each of its lines, where
    the code is 0. `written` are the files that are new or have another content than before; none is gone.
    """

    command: str
    code: int
    what: Callable[[Patch], None] = nothing
    typed: str = ""
    out: tuple[str, ...] = ()
    err: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    then: Callable[[], None] = lambda: None
    name: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.command, str(self.code), self.name or self.what.__name__.strip("_<>"))))


REPORT = ("out/test/report.html", "out/test/report.pdf")
ISSUED = tuple(
    f"source/issued/{name}"
    for name in (
        "register.csv",
        *(f"test/1/{file}" for file in ("issue.csv", "report.html", "report.pdf", "test.yaml")),
    )
)
ISSUED_PAPERS = ("  一覧: report.pdf(1ページ)、report.html", "  元データ: test.yaml")
COMPARISON = ("out/test-later/comparison.html", "out/test-later/comparison.json", "out/test-later/comparison.pdf")
COMPARED = ("out/test-later/comparison.pdf: 2ページ、警告0件", "test → later: 変更なし2、名称の変更1")
E402 = ("source/test.yaml:28:19: E402: ", "誤り1件、警告0件。誤りを直してからもう一度実行してください。")
NO_FONTS = ("BIZUDGothic-Regular.ttf", "sudo apt-get install fonts-morisawa-bizud-gothic")
FULL = ("空き容量がありません。", "作成したと表示した資料のほかは、前のままです。")
LINK = ("out がほかの場所へのリンクになっています。", "rm out")
UNPROVED = ("検査で、",)
BUG = ("Traceback (most recent call last):", "a mistake of ours", "プログラムの不具合です。")

YEARS = ("r5", "r6")
SHEETS = tuple(
    f"{year}/sheets/{name}課.xlsx" for year in YEARS for name in ("市民協働", "地域振興", "生涯学習", "広報")
)
DATA = tuple(f"{year}/data.{suffix}" for year in YEARS for suffix in ("csv", "json", "schema.json"))
PAGES = tuple(
    f"{name}.{suffix}"
    for name in ("r5/report", "r6/report", "r5/summary", "r6/summary", "r5-r6/comparison", "history")
    for suffix in ("pdf", "html")
)
DEMO = (
    "demo/source/r5.yaml",
    "demo/source/r6.yaml",
    *(f"demo/out/{name}" for name in (*PAGES, *DATA, *SHEETS, "r5-r6/comparison.json", "r6/data-previous.csv")),
)
REMINDER = ("お手数ですが、御記入の上、提出してください。", "")
STATUS_OF_TWO = (
    "  担当課なし: 2項目、未記入1か所",
    *("  企画課: 1項目、未記入1か所", "", "催促の文例(コピーしてお使いください):", ""),
    *("各課 御中", "「試験一覧」の照会票(2項目)の回答を、まだいただいておりません。", *REMINDER),
    *("企画課 御中", "「試験一覧」の照会票(1項目)の回答を、まだいただいておりません。", REMINDER[0]),
)
OPEN_DATA = ("data.csv: ", "data.json", "data.schema.json")
FILES_OF_DATA = ("out/test/data.csv", "out/test/data.json", "out/test/data.schema.json")
FIRST_SET = tuple(
    f"out/test/{name}.{kind}" for name in ("report", "summary", "council", "checklist") for kind in ("html", "pdf")
)
SET_NAMES = (
    "later/report.pdf",
    "later/summary.pdf",
    "test-later/comparison.pdf",
    "later/history.pdf",
    "later/data.csv",
    "later/list.xlsx",
    "later/council.pdf",
    "later/checklist.pdf",
)
SET_SAID = (
    *(
        "out/later/report.pdf: ",
        "out/later/summary.pdf: ",
        "out/test-later/comparison.pdf: ",
        "out/later/history.pdf: ",
    ),
    *("out/later/data.csv: ", "out/later/data-previous.csv", "out/later/data.json", "out/later/data.schema.json"),
    *(f"out/later/{said}" for said in ("list.xlsx: ", "council.pdf: 1ページ", "checklist.pdf: 1ページ")),
    COMPARED[1],
)
SET = (
    *COMPARISON,
    *(
        f"out/later/{name}.{kind}"
        for name in ("report", "summary", "history", "council", "checklist")
        for kind in ("html", "pdf")
    ),
    *(name.replace("/test/", "/later/") for name in FILES_OF_DATA),
    "out/later/data-previous.csv",
    "out/later/list.xlsx",
)
NO_CHANGE = (
    "変更はありません。",
    "",
    "回答のない担当課:",
    "  担当課なし: 提出されましたが、記入の変更がありません(3項目)。",
)

DEMO_SAID = (
    "架空の見本を demo/ に作りました。次の資料も demo/ の中にできます。",
    *(f"out/{name}.pdf: " for name in ("r5/report", "r6/report", "r5/summary", "r6/summary", "r5-r6/comparison")),
    "r5 → r6: ",
    "out/history.pdf: ",
    *(
        f"out/{year}/{name}"
        for year in YEARS
        # The second year continues items of the first.
        for name in ("data.csv: ", "data-previous.csv", "data.json", "data.schema.json", "report.pdf: ")
        if (year, name) != ("r5", "data-previous.csv")
    ),
    *(f"out/{name}" for name in SHEETS),
    "見本のファイルを直したら、IN=demo を付けて作り直せます。例: make diff IN=demo",
)

ROWS = (
    # 0: done
    Row("report", 0, out=("out/test/report.pdf: 1ページ、警告0件",), written=REPORT),
    Row("report", 0, after("report test"), out=("out/test/report.pdf: 変わっていません。",), name="up to date"),
    Row("preview", 0, ctrl_c, out=("http://127.0.0.1:",)),
    Row("check", 0, out=("source/test.yaml: 誤り0件、警告0件",)),
    Row(
        "check", 0, two_blanks, out=("source/test.yaml: 誤り0件、警告2件",),
        err=("test.yaml:22:19: W507: NO 2", "test.yaml:28:19: W507: NO 3"),
    ),
    Row("diff", 0, out=COMPARED, written=COMPARISON),
    Row(
        "diff", 0, typed="diff test", name="first edition",
        out=("前版のある版がありません。比べる二つを FROM と TO で指定してください。例: make diff FROM=h23 TO=h24",),
    ),
    Row(
        "errata", 0, out=("out/wrong-test/errata.pdf: 1ページ、警告0件",),
        err=("訂正した日を印刷するには、元データの初めに「訂正日: 2013-06-10」のように書いてください。",),
        written=("out/wrong-test/errata.html", "out/wrong-test/errata.pdf"),
    ),
    Row("errata", 0, typed="errata --from test --to test", err=("二つの版に違いはありません。",), name="no difference"),
    Row(
        "errata", 0, issued_and(changed), typed="errata test", out=("out/test/errata.pdf: 1ページ", "out/test/report.pdf: 1ページ"),
        err=("訂正した日を印刷するには",),
        written=("out/test/errata.html", "out/test/errata.pdf", *REPORT), name="since the last issue",
    ),
    Row("issue", 0, after("report test"), out=("source/issued/test/1/ に保存し", *ISSUED_PAPERS), written=ISSUED),
    Row("verify", 0, out=("発行したものは、まだありません。",), name="nothing issued"),
    Row("verify", 0, issued_and(nothing), out=("source/issued/test/1: ", "source/issued/register.csv: 3行、"), name="all issues"),
    Row("verify", 0, issued_and(nothing), typed="verify out/test/report.pdf", out=("out/test/report.pdf: 発行したファイルです。", "  test/1("), name="issued"),
    Row("issue", 0, issued_and(nothing), err=("から変わったものはありません。発行していません。",), name="nothing new"),
    Row(
        "next", 0, out=("source/third.yaml: 下書きを作りました。未記入などの警告4件。",), written=("source/third.yaml",),
        then=follows_test,
    ),
    Row(
        "summary", 0, out=("out/test/summary.pdf: 1ページ、警告0件",),
        written=("out/test/summary.html", "out/test/summary.pdf"),
    ),
    Row(
        "history", 0, out=("out/history.pdf: 1ページ、警告0件",), written=("out/history.html", "out/history.pdf"),
    ),
    Row(
        "history", 0, folder_beside, typed="history later", out=("out/history.pdf: 1ページ、警告0件",),
        written=("out/history.html", "out/history.pdf"),
    ),
    Row(
        "history", 1, folder_beside, out=("out/history.pdf: 1ページ、警告0件",), err=("source/folder.yaml: E101: ",),
        written=("out/history.html", "out/history.pdf"),
    ),
    Row(
        "data", 0, out=("out/test/data.csv: 4行", "out/test/data.json", "out/test/data.schema.json"),
        written=("out/test/data.csv", "out/test/data.json", "out/test/data.schema.json"),
    ),
    Row("book", 0, out=("out/test/list.xlsx: 7行",), written=("out/test/list.xlsx",)),
    Row(
        "council", 0, out=(*SET_SAID, "later: 配布できます。次の点を御確認ください: 文章の空欄1か所(out/later/checklist.pdf)。"),
        written=SET, then=is_a_set_of_one_state, name="the newest edition of the chain",
    ),
    Row(
        "council", 0, after("council"), name="up to date",
        out=(
            *(f"out/{name}: 変わっていません。" for name in SET_NAMES),
            "test → later: ",
            "later: 配布できます。",
        ),
    ),
    Row(
        "council", 0, two_blanks, typed="council test", name="a first edition, not yet filled in",
        out=(
            *(f"out/test/{name}" for name in ("report.pdf: ", "summary.pdf: ", *OPEN_DATA, "list.xlsx: ", "council.pdf: ", "checklist.pdf: ")),
            "test: まだ配布できません。未記入が2か所あります。詳しくは out/test/checklist.pdf を御覧ください。",
        ),
        err=("source/test.yaml: W507: 未記入が2か所あります(担当課なし 1、企画課 1)。",),
        written=(*FIRST_SET, *FILES_OF_DATA, "out/test/list.xlsx"),
    ),
    Row("sheets", 0, out=("out/test/sheets/担当課なし.xlsx",), written=("out/test/sheets/担当課なし.xlsx",)),
    Row(
        "sheets", 0, two_blanks, name="blanks are counted by department",
        out=("out/test/sheets/担当課なし.xlsx", "out/test/sheets/企画課.xlsx"),
        err=("source/test.yaml: W507: 未記入が2か所あります(担当課なし 1、企画課 1)。それぞれの場所は make check で",),
        written=("out/test/sheets/担当課なし.xlsx", "out/test/sheets/企画課.xlsx"),
    ),
    Row(
        "import", 0, replied(), written=("source/test.yaml",), then=has_the_answer, name="applied",
        out=("NO 1「項目一」", "  実施状況: ◎ → ○", "変更1件(1項目)", "source/test.yaml に書き込みました。"),
        err=("W506",),
    ),
    Row(
        "adopt", 0, foreign_and(), written=("source/third.schema.json", "source/third.yaml"), then=is_the_foreign_list, name="done",
        out=(
            "source/third.yaml: シート「list」から作りました(項目 2)。",
            "記入のあるセル 10個のうち、10個を取り込み、0個を除きました。",
            "",
            "自動で判断したこと(ファイルの初めにも書いてあります):",
            "  表の見出しは、2行としました。",
            "  次の版に続くかどうかを決める欄(行方)は見つからない",
            "source/third.schema.json",
            "",
            "誤り0件、警告0件。次は make check EDITION=third で",
        ),
    ),
    Row(
        "import", 0, replied(), typed="import back", name="folder, not applied", err=("W506",),
        out=("NO 1「項目一」", "  実施状況: ◎ → ○", "変更1件(1項目)", "まだ書き込んでいません。"),
    ),
    Row("import", 0, replied("◎"), out=NO_CHANGE, name="no change"),
    Row(
        "sign", 0, key, out=("out/test/report-signed.pdf",), written=(*REPORT, "out/test/report-signed.pdf"),
        then=is_the_signed_report,
    ),
    Row("schema", 0, out=("source/edition.schema.json",), written=("source/edition.schema.json",), then=is_the_schema),
    Row(
        "schema", 0, other_form, typed="schema test", out=("source/test.schema.json",), written=("source/test.schema.json",),
        then=is_the_schema_of_test, name="of an edition",
    ),
    Row(
        "next", 0, other_form, out=("source/third.yaml: 下書きを作りました。未記入などの警告2件。", "source/third.schema.json"),
        written=("source/third.yaml", "source/third.schema.json"), name="another form",
    ),
    Row("demo", 0, out=DEMO_SAID, err=("source/r6.yaml: W507: 未記入が2か所あります(市民協働課 2)。",) * 6, written=DEMO),
    Row(
        "next", 0, in_folder, typed="next --from test --to third --in elsewhere",
        out=("source/third.yaml: ",), written=("elsewhere/source/third.yaml",),
    ),
    Row(
        "renumber", 0, unordered, written=("source/test.yaml",),
        out=("今のNO → 新しいNO", "  1 → 1「", "  4 → 2「", "  3 → 3「", "source/test.yaml に書き込みました。"),
    ),
    Row("status", 0, two_blanks, out=("source/test.yaml: 3項目、未記入2か所", "回答のない担当課:", *STATUS_OF_TWO), name="nobody has answered"),
    Row(
        "status", 0, imported, name="over all imports",
        out=("source/test.yaml: 3項目、未記入0か所", "回答のあった担当課:", "  担当課なし: 3項目、未記入なし"),
    ),
    Row("undo", 0, renumbered, out=("source/test.yaml を、make renumber の前に戻しました。",), written=("source/test.yaml",), then=is_unordered),
    Row("clean", 0),
    # 1: a source or workbook has errors, or a difference was asked to fail
    *(Row(command, 1, wrong_symbol, err=E402) for command in ("report", "check", "summary", "data", "book", "sheets", "sign", "next", "renumber", "status", "issue")),
    Row("verify", 1, report_and(nothing), typed="verify out/test/report.pdf", out=("out/test/report.pdf: 発行していません。",), err=("",), name="not issued"),
    Row("issue", 1, err=("out/test/report.pdf がありません。", "make report EDITION=test", "何も発行していません。"), name="no report"),
    Row("undo", 1, err=("source/test.yaml には、コマンドによる書き換えの記録がありません。",)),
    Row("undo", 1, renumbered_and_changed, err=("make renumber の後で書き換えられているため、戻していません。",), name="changed since"),
    *(Row(command, 1, wrong_symbol, err=E402) for command in ("diff", "errata", "history")),
    Row(
        "council", 1, wrong_symbol, err=E402,
        out=("later: まだ配布できません(元データに誤りが1件あります)。詳しくは上のとおりです。資料は、前のままです。",),
    ),
    Row(
        "report", 1, both_broken, typed="report", name="each edition's errors are told",
        err=("source/test.yaml:28:19: E402", "source/later.yaml"),
    ),
    Row(
        "report", 1, every_paper_then_later_is_broken, out=("out/test/report.pdf: 1ページ、警告0件",), written=REPORT,
        err=("out/test-later/comparison.pdf は、作り直せないため古いままです。配布しないでください。", "E401"),
    ),
    Row(
        "check", 1, two_blanks, typed="check test --strict", out=("source/test.yaml: 誤り0件、警告2件",),
        err=("source/test.yaml: STRICT=1 のため、警告2件を誤りとして扱いました。",), name="strict",
    ),
    Row(
        "diff", 1, item_vanished, typed="diff later --strict", written=COMPARISON, name="strict",
        err=("W501: NO 3「項目の三」の前で、NO 2が抜けています。",),
        out=("out/test-later/comparison.pdf: 2ページ、警告1件", "test → later: 変更なし1、名称の変更1、記載なし1", "  要確認: 旧NO 2「項目二」(継続)が、新しい版にありません。", "    続きかもしれない項目: 新NO 1「項目一」"),
    ),
    Row(
        "adopt", 1, foreign_and(name="長" * 501), out=("source/third.yaml: ",) + ("",) * 6, written=("source/third.schema.json", "source/third.yaml"), name="an error in a cell",
        err=("source/third.yaml:", ": セル B4: E208: ", "誤り1件、警告0件。source/third.yaml を直し、make check EDITION=third で確かめてください。"),
    ),
    Row("adopt", 1, typed="adopt --file source --to third", err=("source: ",), name="a folder"),
    Row("adopt", 1, typed="adopt --file source/test.yaml --to third", err=("source/test.yaml: Excelブックではありません",), name="no workbook"),
    Row("book", 1, list_written_in, err=("out/test/list.xlsx は、作った後に書き換えられています。",), name="edited"),
    Row("sheets", 1, answers_not_fetched, err=("担当課なし.xlsx は、作った後に書き換えられています。",)),
    Row("import", 1, conflict, out=("変更はありません。",), err=("食い違い: NO 1「項目一」の実施状況: ", "誤りや食い違いがあるため、何も書き込んでいません。")),
    Row("import", 0, conflict, typed="import back --conflicts source", name="the source wins", out=("変更はありません。",), err=("元データのままにします(×)",)),
    Row(
        "import", 0, conflict, typed="import back --conflicts reply", name="the reply wins",
        out=("NO 1「項目一」", "  実施状況: × → ○", "変更1件(1項目)", "まだ書き込んでいません。"),
    ),
    Row("import", 2, conflict, typed="import back --conflicts both", err=("CONFLICTS は、reply(",), name="no such way"),
    Row("import", 1, replied("済み"), out=NO_CHANGE[:1], err=("reply.xlsx 6行", "何も書き込んでいません。"), name="wrong answer"),
    Row("import", 1, typed="import source/test.yaml --apply", out=("読み取れたファイルがありません。",), err=("test.yaml: ", "何も書き込んでいません。"), name="no workbook"),
    Row("import", 1, reply_to_a_broken_source, err=E402),
    Row("schema", 1, broken_form, typed="schema test", err=("source/test.yaml:1:14: E218: 欄「評価」の種類「絵」は、使えません。",)),
    Row("demo", 1, error_in_the_sample, out=("架空の見本を demo/ に用意してあります。",), err=("source/r5.yaml:", "E401")),
    # 2: wrong usage
    *(Row(command, 2, typed=f"{USUAL[command]} --nonsense", err=("使い方が違います: ", f"使い方: make {command}"), name="unknown option") for command in BY_NAME),
    *(Row(command, 2, typed=f"{USUAL[command]} --in nowhere", err=("IN のフォルダー「nowhere」を開けません。",), name="unknown folder") for command in BY_NAME),
    *(
        Row(command, 2, typed=f"{command} nowhere", err=("版「nowhere」は source/ にありません。今ある版: later、test",), name="unknown edition")
        for command in ("report", "preview", "check", "diff", "summary", "history", "data", "book", "council", "sheets", "status", "schema", "issue", "errata")
    ),
    *(
        Row(command, 2, no_editions, typed=command, err=("source/ に版(.yaml)がありません。",))
        for command in ("report", "preview", "check", "diff", "summary", "history", "data", "book", "council", "sheets", "status")
    ),
    *(
        Row(command, 2, typed=command, err=("を指定してください。", f"使い方: make {command} "), name="something is missing")
        for command in ("issue", "adopt", "next", "import", "sign", "renumber", "undo")
    ),
    Row(
        "check", 2, misnamed, typed="check", out=("source/test.yaml: 誤り0件、警告0件",),
        err=("source/令和六年.yaml: 版の名前に使えない文字があるため、除きました。",),
    ),
    *(Row(command, 2, typed=f"{command} --jobs {jobs}", err=(f"同時に作る数「{jobs}」は使えません。",), name=f"jobs {jobs}") for command, jobs in (("report", "0"), ("report", "61"), ("summary", "x"), ("data", "２"), ("book", "-1"))),
    Row("preview", 2, typed="preview --port 80", err=("ポート「80」は使えません。",), name="port"),
    Row("diff", 2, typed="diff --from test", err=("比べる二つは、FROM と TO の両方で指定してください。",), name="half a pair"),
    Row("errata", 2, typed="errata --from test --to later", err=("FROM の版「test」と TO の版「later」は、別の年の版です。", "make diff FROM=test TO=later"), name="two years"),
    Row("errata", 2, another_list, typed="errata --from test --to later", err=("FROM の「", "TO の「別の", "に、同じ名称の項目が一つもありません。FROM に配布した資料、TO にそれを直した版を指定してください。"), name="another list"),
    Row("errata", 2, err=("EDITION(直した版)を指定してください。", "例: make errata EDITION=h25"), typed="errata", name="something is missing"),
    Row("verify", 2, typed="verify nowhere.pdf", err=("「nowhere.pdf」というファイルはありません。", "make verify FILES=1a2b3c4d"), name="no such file"),
    Row("errata", 2, typed="errata test", err=("test は、まだ発行していません。", "make issue EDITION=test"), name="no issue"),
    Row("next", 2, typed="next --from test --to later", err=("source/later.yaml は既にあります。上書きはしません。",), name="never overwrites"),
    Row("adopt", 2, foreign_and(), typed="adopt --file list.csv --to later", err=("source/later.yaml は既にあります。上書きはしません。",), name="never overwrites"),
    Row("adopt", 2, typed="adopt --file nowhere.csv --to later", err=("source/later.yaml は既にあります。上書きはしません。",), name="what exists is told before anything is read"),
    Row("adopt", 2, foreign_and(), typed="adopt --file list.csv --to 令和", err=("版の名前「令和」は使えません。",), name="no id"),
    Row("adopt", 2, foreign_and(), typed="adopt --file list.csv --to third --sheet 一覧", err=("シート「一覧」はありません",), name="no such sheet"),
    Row("adopt", 2, foreign_and(), typed="adopt --file list.csv --to third --range A", err=("RANGE の「A」は、セルの範囲として読めません。",), name="no range"),
    Row("next", 2, typed="next --from test --to 令和", err=("版の名前「令和」は使えません。",), name="no id"),
    Row("history", 2, two_chains, err=("版のつながりが2通りあります。", "make history EDITION=")),
    Row("import", 2, empty_folder, typed="import back", err=("FILES のフォルダーに、照会票(.xlsx)がありません。",)),
    Row("sign", 2, wrong_passphrase, written=REPORT, err=("パスワードが違います",)),
    # 3: the machine lacks something
    *(Row(command, 3, no_fonts, err=NO_FONTS) for command in BY_NAME if command not in ("adopt", "preview", "schema", "import", "sign", "demo", "undo", "clean", "council", "verify")),
    Row("council", 3, no_fonts, out=("later: まだ配布できません(作れない資料があります)。",), err=NO_FONTS),
    Row("adopt", 3, foreign_and(no_fonts), err=NO_FONTS, name="no fonts"),
    Row("adopt", 3, foreign_and(full_disk), err=FULL, name="full disk"),
    Row("renumber", 3, unordered_on_a_full_disk, out=("今のNO → 新しいNO",) + ("  ",) * 3, err=FULL),
    Row("verify", 3, issued_and(saved_anew_without_fonts), typed="verify report.pdf", err=NO_FONTS, name="no fonts"),
    Row("issue", 3, report_and(full_disk), err=FULL, name="full disk"),
    Row("undo", 3, renumbered_on_a_full_disk, err=FULL),
    Row("clean", 3, out_is_a_link, err=LINK),
    *(Row(command, 3, full_disk, err=FULL) for command in ("report", "diff", "errata", "next", "summary", "history", "data", "book", "sheets", "schema", "demo")),
    *(Row(command, 3, out_is_a_link, err=LINK) for command in ("report", "preview", "summary", "data", "book", "sheets")),
    Row("import", 3, full_disk_for_a_reply, out=("NO 1「項目一」", "  実施状況: ◎ → ○", "変更1件(1項目)"), err=FULL),
    Row("report", 3, unloadable, err=("部品(uharfbuzz)を読み込めません。", "make setup\n"), name="unloadable"),
    Row("sign", 3, key_and(no_pyhanko), written=REPORT, err=("pyHanko", "make setup-sign"), name="no pyhanko"),
    # 4: a proof failed
    *(Row(command, 4, damaged, err=UNPROVED) for command in ("report", "diff", "errata", "summary", "history", "data", "book")),
    Row("council", 4, damaged, out=("later: まだ配布できません(作れない資料があります)。",), err=UNPROVED),
    Row("sign", 4, key_and(damaged), err=UNPROVED, name="damaged report"),
    Row("sign", 4, key_and(something_behind_the_signature), written=REPORT, err=("署名がファイルと合いませんでした。",), name="damaged signature"),
    Row("demo", 4, damaged, out=("架空の見本を demo/ に作りました。",), err=UNPROVED, written=DEMO[:2]),
    # 70: a mistake of ours
    *(Row(command, 70, bug(html, "mark_up"), err=BUG, name="bug") for command in ("report", "diff", "errata", "summary", "history", "council")),
    Row("report", 70, broken_template, err=("templates/report.html:2: ひな形に誤りがあります",)),
    Row("preview", 70, bug(server, "_listen"), err=BUG, name="bug"),
    Row("check", 70, bug(Library, "_previous"), err=BUG, name="bug"),
    Row("next", 70, bug(draft, "next_edition"), err=BUG, name="bug"),
    Row("adopt", 70, foreign_and(bug(adopt, "read_rows")), err=BUG, name="bug"),
    Row("data", 70, bug(data, "data_text"), err=BUG, name="bug"),
    Row("book", 70, bug(sheet, "rows"), err=BUG, name="bug"),
    Row("sheets", 70, bug(sheets, "workbooks"), err=BUG, name="bug"),
    Row("import", 70, bug_behind_a_reply, err=BUG),
    Row("sign", 70, key_and(bug(signature, "_write")), err=BUG, written=REPORT, name="bug"),
    Row("status", 70, bug(status, "by_department"), err=BUG, name="bug"),
    Row("renumber", 70, bug(renumber, "renumbering"), err=BUG, name="bug"),
    Row("verify", 70, bug(verify, "check_issues"), err=BUG, name="bug"),
    Row("issue", 70, report_and(bug(issue, "keep")), err=BUG, name="bug"),
    Row("undo", 70, bug(changes, "undo"), err=BUG, name="bug"),
    Row("clean", 70, bug(clean, "clean"), err=BUG, name="bug"),
    Row("schema", 70, bug(schema, "edition_schema"), err=BUG, name="bug"),
    Row("demo", 70, bug(files, "create_file"), err=BUG, name="bug"),
    # stopped by Ctrl-C
    Row("report", INTERRUPTED, interrupted, err=("中止しました。作成したと表示した資料のほかは、前のままです。",)),
)  # fmt: skip


@pytest.fixture
def desk(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with two editions, for a user whose umask keeps others out; all documents are made in this process."""
    TEST.write_text(HEALTHY, "utf-8")
    LATER.write_text(LATER_TEXT, "utf-8")
    WRONG.write_text(HEALTHY.replace("終わった", "終えた"), "utf-8")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    # However slow this machine is just now, no line says how far the work has come.
    monkeypatch.setattr(progress, "_BETWEEN_LINES", math.inf)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "__all__")
    threshold, mask = gc.get_threshold(), os.umask(0o027)
    yield project
    os.umask(mask)
    gc.set_threshold(*threshold)
    gc.unfreeze()
    monkeypatch.undo()
    fonts.font_files.cache_clear()


def run(typed: str, patch: Patch) -> int:
    """`python -m pipeline` with what was typed; its exit code."""
    patch.setattr(sys, "argv", ["pipeline", *shlex.split(typed)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("pipeline", run_name="__main__")
    assert isinstance(ended.value.code, int)
    return ended.value.code


def contents(folder: Path) -> dict[str, str]:
    """The digests of all files that are for people."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not {".fonts", ".build", ".undo", ".replies"} & {*path.parts}
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_command_ends_as_the_table_says(
    row: Row, desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row.what(monkeypatch)
    before = contents(desk)
    capsys.readouterr()
    code = run(row.typed or USUAL[row.command], monkeypatch)
    said = capsys.readouterr()
    assert code == row.code, said.err
    lines = said.out.splitlines()
    assert len(lines) == len(row.out), said.out
    assert all(line.startswith(expected) for line, expected in zip(lines, row.out, strict=True)), said.out
    assert (said.err.count("\n") == len(row.err)) if row.code == 0 else row.err, said.err
    assert all(piece in said.err for piece in row.err), said.err
    after = contents(desk)
    assert before.keys() <= after.keys()
    assert {path for path in after if before.get(path) != after[path]} == {*row.written}
    # Others of the group read what is new, as the umask lets them; nobody writes what was issued; nothing temporary is left.
    assert {stat.S_IMODE((desk / path).stat().st_mode) for path in after.keys() - before.keys()} <= {0o640, 0o440}
    row.then()


def test_no_way_in_which_a_command_can_end_lacks_a_row() -> None:
    there = {(row.command, row.code) for row in ROWS}
    assert not there & NEVER.keys()
    wanted = {(command.name, code) for command in COMMANDS for code in CODES} | {("report", INTERRUPTED)}
    assert there | NEVER.keys() == wanted
    assert len({*map(str, ROWS)}) == len(ROWS)
    told = re.findall(r"(\d+) ", EXIT_CODES)
    assert [*map(int, told)] == [*CODES]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
@pytest.mark.usefixtures("project")
def test_make_and_the_command_line_mean_the_same(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = [command.name]
    for argument in (*command.arguments, FOLDER):
        value = "1" if argument.kind == "flag" else "some value.xlsx" if argument.name == "FILES" else "some"
        monkeypatch.setenv(argument.name, value)
        positional = argument.kind == "values" or not argument.option
        typed += [*([] if positional else [argument.option]), *([] if argument.kind == "flag" else [value])]
    names = " ".join(argument.name for argument in (*command.arguments, FOLDER))
    Path("some value.xlsx").touch()
    direct = arguments.parse(typed)
    monkeypatch.setenv(arguments.TYPED, names)
    ours = arguments.parse(["make", command.name])
    assert direct
    assert ours
    assert direct.command is ours.command is command
    wanted = {argument.dest for argument in (*command.arguments, FOLDER)}
    assert {name: getattr(ours.options, name) for name in wanted} == {
        name: getattr(direct.options, name) for name in wanted
    }
    assert all(getattr(ours.options, name) for name in wanted)


def outside(*options: str) -> subprocess.CompletedProcess[str]:
    """Python as a process of its own, without what the environment says of packages."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, *options], cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.usefixtures("desk")
def test_a_search_path_that_python_was_told_to_ignore_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make` runs `python -E`: only the first folder, which Python adds itself, is the project."""
    monkeypatch.setattr(sys, "path", [str(ROOT), *(folder for folder in sys.path if folder != str(ROOT))])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert run("check test", monkeypatch) == 0


def test_alone_it_prints_the_help() -> None:
    told = outside("-m", "pipeline")
    assert (told.returncode, told.stdout, told.stderr) == (0, help_text(), "")
    assert all(f"  {command.usage}\n      {command.does}\n" in told.stdout for command in COMMANDS)


def test_a_python_without_the_packages_is_told_what_to_type() -> None:
    told = outside("-S", "-m", "pipeline", "check", "original")
    assert (told.returncode, told.stdout) == (3, "")
    assert told.stderr.startswith("部品(")
    assert told.stderr.endswith(
        "make のコマンド(例: make report)で実行してください。それでも足りないときは: make setup\n"
    )
