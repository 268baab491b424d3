"""The year that docs/manual.md tells, lived in a scratch project.

The commands are taken from the manual as they stand there, in its order. What staff do between two commands (write
this year's answers, put a reply into a folder) is done by `HANDS`.
"""

import getpass
import io
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, chdir, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from pipeline import line as assembly
from pipeline.cli.arguments import TYPED
from pipeline.cli.command import main
from pipeline.office.workbook_format import ANSWERS, HEAD_ROW

from .conftest import ROOT

MANUAL = ROOT / "docs/manual.md"
ORIGINAL = ROOT / "source/original.yaml"
YEAR = Path("source/h25.yaml")

# The first words of lines that are typed into a terminal, or into PowerShell.
_TYPED_WORDS = {
    *(
        "make",
        "sh",
        "cd",
        "echo",
        "export",
        "sudo",
        "wsl",
        "sha256sum",
        "explorer.exe",
        "git",
        "xcode-select",
        "BUNDLE",
    ),
}


@dataclass(frozen=True)
class Block:
    """A block between ``` in the manual: `line` is the number of its first line, `info` the word after the ```."""

    chapter: str
    line: int
    info: str
    text: str

    @property
    def typed(self) -> tuple[str, ...]:
        """The lines that are typed; none if it shows anything else than commands."""
        lines = tuple(line for line in self.text.splitlines() if line)
        words = {re.split(r"[ =]", line)[0] for line in lines}
        return lines if not self.info and words <= _TYPED_WORDS else ()

    @property
    def is_screen(self) -> bool:
        """Whether it shows what a command says."""
        return not self.info and not self.typed

    def __str__(self) -> str:
        return f"docs/manual.md:{self.line}"


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a page in Markdown, without their indent. Raises ValueError if one is not closed."""
    chapter, begin, info, inside = "", 0, "", list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.fullmatch(r"( *)```(\w*)", line)
        if begin and fence:
            indent = len(fence[1])
            yield Block(chapter, begin, info, "\n".join(each[indent:] for each in inside))
            begin = 0
        elif begin:
            inside.append(line)
        elif fence:
            begin, info, inside = number + 1, fence[2], []
        elif line.startswith("## "):
            chapter = line.removeprefix("## ")
    if begin:
        raise ValueError(f"the block of line {begin} is not closed")


# What staff do between two commands


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace the first occurrence of each text in a file; each must be there."""
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, f"{path}: {old}"
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")


@contextmanager
def with_the_head_of_the_year() -> Iterator[None]:
    """The draft gets its year, its date, a department for most of it and another for the last policy."""
    yield
    edit(
        YEAR,
        ("# 年度:", "年度: 平成25年度"),
        ("# 現在日:", "現在日: 2014-03-31\n担当課: 協働推進課"),
        (
            "# 資料番号:",
            "資料番号: {一覧: 資料1-1, 集計表: 資料1-2, 新旧対照表: 資料1-3, 経過: 資料1-4, 正誤表: 資料1-5}\n照会: {期限: 2014-05-30, 提出先: 協働推進課, 内線: 2345}",
        ),
        (
            "  - 名称: 協働推進体制を整備するとともに、市職員の意識改革を行います\n",
            "  - 名称: 協働推進体制を整備するとともに、市職員の意識改革を行います\n    担当課: 人事課\n",
        ),
    )


def reply(department: str, *last: tuple[str, str]) -> None:
    """Save the department's workbook in the folder 回答, filled in; `last` is written into the second row of items."""
    book = load_workbook(f"out/h25/sheets/{department}.xlsx")
    sheet = book[ANSWERS]
    # The last of two heads counts: it is the one to fill in.
    columns = {str(cell.value): column for column, cell in enumerate(sheet[HEAD_ROW], 1)}
    for row in range(HEAD_ROW + 1, sheet.max_row + 1):
        if sheet.cell(row, columns["NO"]).value:
            done = row == HEAD_ROW + 1
            answers = {
                "実施状況": "◎" if done else "○",
                "今後の取扱い": "完了" if done else "継続",
                "検証内容": "市民活動支援センターの移転により、拠点機能を充実させた。"
                if done
                else "引き続き取り組んだ。",
            }
            for head, answer in (answers | dict(last if row == HEAD_ROW + 2 else ())).items():
                sheet.cell(row, columns[head]).value = answer
    Path("回答").mkdir(exist_ok=True)
    book.save(f"回答/{department}.xlsx")


@contextmanager
def with_a_wrong_reply() -> Iterator[None]:
    reply("協働推進課", ("今後の取扱い", "継続する"))
    yield


@contextmanager
def with_the_reply_put_right() -> Iterator[None]:
    reply("協働推進課")
    yield


@contextmanager
def with_a_wrong_symbol() -> Iterator[None]:
    """Nothing is left blank, but one symbol is the figure zero of Chinese texts; afterwards all is right."""
    text = YEAR.read_text("utf-8")
    text = text.replace("実施状況: 未記入", "実施状況: ○").replace("今後の取扱い: 未記入", "今後の取扱い: 継続")
    YEAR.write_text(text, "utf-8")
    edit(YEAR, ("実施状況: ○", "実施状況: 〇"))
    yield
    YEAR.write_text(text, "utf-8")


@contextmanager
def with_the_list_edited() -> Iterator[None]:
    """An item is written between two others in the workbook of the list, and a symbol of another item."""
    from .test_book_returns import STATUS, Listed

    listed = Listed(Path("out/h25/list.xlsx"))
    listed["項目 32"][STATUS] = "○"
    listed.add(listed.at("項目 3"), name="地域づくり協議会への支援", status="○", treatment="継続")
    Path("回答").mkdir()
    listed.save("回答/list.xlsx")
    yield


@contextmanager
def and_once_more() -> Iterator[None]:
    """What came from the workbook of the list is taken back too: the story goes on without it."""
    yield
    assert run("make undo EDITION=h25")[0] == 0
    shutil.rmtree("回答")


@contextmanager
def with_a_mistake_put_right() -> Iterator[None]:
    """The report was issued; then a mistake is found."""
    edit(YEAR, ("実施状況: ○", "実施状況: △"), ("年度: 平成25年度", "年度: 平成25年度\n訂正日: 2014-06-10"))
    yield


@contextmanager
def with_somebodys_list() -> Iterator[None]:
    book = Workbook()
    sheet = book.create_sheet("進捗一覧", 0)
    for row in (
        ("子ども読書活動推進計画 進捗一覧",),
        ("凡例: ◎ 達成  ○ 順調  △ 遅れ",),
        ("番号", "事業", "担当課", "評価", "令和5年度の実績"),
        ("1", "赤ちゃんおはなし会", "図書館", "○", "23回開催し、延べ486人が参加した。"),
        ("2", "学校図書館の図書の整備", "学校教育課", "○", "小学校6校に図書を加えた。"),
        ("3", "読書通帳の配布", "図書館", "△", "希望した小学生に配布した。"),
    ):
        sheet.append(row)
    book.save("進捗一覧.xlsx")
    yield
    Path("source/r5.yaml").rename("r5.yaml")  # another plan, which the story leaves alone


@contextmanager
def with_the_source_of_somebodys_list() -> Iterator[None]:
    Path("r5.yaml").rename("source/r5.yaml")
    yield


@contextmanager
def until_ctrl_c() -> Iterator[None]:
    """The preview begins, and is ended."""

    from .test_commands import ctrl_c

    with pytest.MonkeyPatch.context() as patch:
        ctrl_c(patch)
        yield


@contextmanager
def with_a_key() -> Iterator[None]:
    """A key of the office, whose passphrase is typed."""
    from .test_commands import key_file
    from .test_signature import PASSPHRASE

    Path("鍵.p12").write_bytes(key_file())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(getpass, "getpass", lambda *_: PASSPHRASE.decode())
        yield


HANDS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "make next FROM=original TO=h25": with_the_head_of_the_year,
    "make import FILES=回答": with_a_wrong_reply,
    "make import FILES=回答 APPLY=1": with_the_reply_put_right,
    "make check EDITION=h25": with_a_wrong_symbol,
    "make preview EDITION=h25": until_ctrl_c,
    "make import FILES=回答/list.xlsx": with_the_list_edited,
    "make undo EDITION=h25": and_once_more,
    "make errata EDITION=h25": with_a_mistake_put_right,
    "make adopt FILE=進捗一覧.xlsx TO=r5": with_somebodys_list,
    "make sign EDITION=h25 KEY=鍵.p12": with_a_key,
    "make schema EDITION=r5": with_the_source_of_somebodys_list,
}

# The exit codes of commands that end in another than 0.
CODES = {
    "make report EDITION=h99": 2,
    "make import FILES=回答": 1,
    "make check EDITION=h25": 1,
}

# How lines begin that are typed but not run here, and why not. The other lines of their blocks are not run either.
NOT_RUN = {
    "make bundle": "fetches packages; tests/test_makefile.py runs it",
    "BUNDLE=": "installs; tests/test_makefile.py runs it",
    "sh setup.sh": "installs; tests/test_makefile.py runs it",
    "sha256sum ": "reads the file that make bundle makes",
    "sudo ": "changes the system",
    "git clone ": "fetches this repository",
    "xcode-select ": "is a program of macOS",
    "echo ": "changes the system or the user's profile",
    "wsl ": "is typed into PowerShell of Windows",
    "explorer.exe ": "is a program of Windows",
    "cd ": "goes to the folder where all that follows is run",
}

# Blocks that show something else than commands and what they say, and what they are.
NEITHER = {
    "\\\\wsl$\\": "a path for the Explorer of Windows",
    "# yaml-language-server: ": "a line of a source",
    "tanaka@PC-123:": "what the terminal shows when it waits",
}


@dataclass(frozen=True)
class Ended:
    """A command that was run: its block, the line that was typed, its exit code and what it said."""

    block: Block
    typed: str
    code: int
    said: str


def run(typed: str) -> tuple[int, str]:
    """`make NAME VARIABLE=value …` in this process, as the Makefile passes it on; its exit code and what it says."""
    make, name, *variables = shlex.split(typed)
    assert make == "make", typed
    values = dict(variable.split("=", 1) for variable in variables)
    screen = io.StringIO()
    # Both IN=… and make demo enter a folder.
    with chdir("."), pytest.MonkeyPatch.context() as patch, redirect_stdout(screen), redirect_stderr(screen):
        patch.setattr(assembly, "_helper_engine", lambda _: None)
        patch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
        for key, value in {**values, TYPED: " ".join(values)}.items():
            patch.setenv(key, value)
        code = main(["make", name])
    return code, screen.getvalue()


def live(page: str) -> Iterator[Ended]:
    """Run the commands of a page in order, in the current folder; yield each when it has ended, before its hand does."""
    Path("source").mkdir()
    shutil.copy(ORIGINAL, "source")
    for block in blocks(page):
        if any(typed.startswith(tuple(NOT_RUN)) for typed in block.typed):
            continue
        for typed in block.typed:
            with HANDS.get(typed, nullcontext)():
                yield Ended(block, typed, *run(typed))
