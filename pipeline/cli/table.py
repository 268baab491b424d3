"""The table of commands, from which the parser, the help, README's list and the Makefile's targets are generated.

`make generate` (`python -m pipeline.cli.table`) writes the generated parts of README.md and Makefile. A test compares
them with this table.
"""

import re
import sys
from pathlib import Path
from typing import Literal, NamedTuple

# value: one text. values: any number of texts. flag: 1 (yes) or 0.
ArgumentKind = Literal["value", "values", "flag"]


class Argument(NamedTuple):
    """An argument of a command.

    `name` is its variable in make, `option` its option on the command line (empty: positional), `dest` its attribute in
    the parsed options. `value` is the placeholder in usage lines, `value_en` the one in README.
    """

    name: str
    dest: str
    kind: ArgumentKind
    value: str
    value_en: str
    option: str = ""
    required: bool = False

    @property
    def usage(self) -> str:
        """The argument in make's syntax: EDITION=版."""
        return f"{self.name}={self.value}"


class Command(NamedTuple):
    """A command: `make name`, or `python -m pipeline name`.

    `does` is its help, `output` what it writes, in English for README.
    """

    name: str
    does: str
    output: str
    arguments: tuple[Argument, ...] = ()

    @property
    def accepted(self) -> tuple[Argument, ...]:
        """Its arguments, and those that every command accepts."""
        return (*self.arguments, FOLDER, PLAIN)

    @property
    def usage(self) -> str:
        """The usage line in make's syntax, optional arguments in brackets."""
        arguments = (each.usage if each.required else f"[{each.usage}]" for each in self.arguments)
        return " ".join([f"make {self.name}", *arguments])


_EDITIONS = Argument("EDITION", "editions", "values", "版", "id")
_EDITION = Argument("EDITION", "edition", "value", "版", "id")
_JOBS = Argument("JOBS", "jobs", "value", "同時に作る数", "n", "--jobs")
_STRICT = Argument("STRICT", "strict", "flag", "1", "1", "--strict")


def _pair(old: str, new: str, required: bool = True) -> tuple[Argument, Argument]:
    return (
        Argument("FROM", "old", "value", old, "a", "--from", required),
        Argument("TO", "new", "value", new, "b", "--to", required),
    )


# These two are accepted by every command. The folder of another project, whose source/ and out/ are used:
FOLDER = Argument("IN", "folder", "value", "フォルダー", "folder", "--in")
# For developers: layout without optimizations (plain.py).
PLAIN = Argument("PLAIN", "plain", "flag", "1", "1", "--plain")

COMMANDS = (
    Command(
        "report",
        "一覧(PDFとウェブページ)を作る。変わっていない版はそのまま残す。",
        "`out/<edition>/report.pdf`, `report.html`; several editions are made by `n` processes (default: one per core)",
        (_EDITIONS, _JOBS),
    ),
    Command(
        "preview",
        "印刷イメージをブラウザーで確認する。保存するたびに新しくなる。",
        "no files; pages and errors of the source, live in the browser",
        (_EDITION, Argument("PORT", "port", "value", "番号", "n", "--port")),
    ),
    Command(
        "check",
        "元データを点検する(ファイルは作らない)。STRICT=1 は警告も誤りとして扱う。",
        "no files",
        (_EDITIONS, _STRICT),
    ),
    Command(
        "diff",
        "新旧対照表を作る。FROM と TO には、発行(h25/1)も指定できる。ALL=1 は変更のない項目も載せる。STRICT=1 は、なくなった項目を誤りとして扱う。",
        "`out/<a>-<b>/comparison.pdf`, `.html`, `.json`",
        (
            _EDITIONS,
            *_pair("旧", "新", required=False),
            Argument("ALL", "all", "flag", "1", "1", "--all"),
            _STRICT,
        ),
    ),
    Command(
        "errata",
        "配布した資料の正誤表を作る。EDITION を指定すると、その版の最後の発行と比べる。FROM には、発行(h25/1)か、配布したPDFも指定できる。",
        "`out/<edition>/errata.pdf`, `.html`: since the last issue of the edition; with FROM and TO, in `out/<a>-<b>/`",
        (_EDITION, *_pair("配布した資料", "直した版", required=False)),
    ),
    Command(
        "issue",
        "発行する: out/ にあるその版の資料を、配布したものとして番号を付けて保存する。DRAFT=1 は案のままでも発行する。",
        "`source/issued/<edition>/<n>/`, never overwritten, and lines in `source/issued/register.csv`",
        (_EDITION._replace(required=True), Argument("DRAFT", "draft", "flag", "1", "1", "--draft")),
    ),
    Command(
        "verify",
        "PDFなどのファイルや、紙面の右下にある元データの英数字が、発行したものかどうかを調べる。FILES を省くと、発行簿と、保存してある発行を確かめる。",
        "nothing; whether each file, or digest as printed at the foot of a page, was issued, which, when, and whether it was altered",
        (Argument("FILES", "files", "values", "ファイル、フォルダー、英数字", "…", "--files"),),
    ),
    Command(
        "adopt",
        "今あるExcelやCSVの一覧から、元データを作る。シートや範囲が決まらないときは、SHEET と RANGE で指定する。",
        "`source/<id>.yaml`, and `source/<id>.schema.json` if it has a form of its own; what became of each cell",
        (
            Argument("FILE", "file", "value", "ファイル", "file", "--file", required=True),
            Argument("TO", "new", "value", "作る版", "id", "--to", required=True),
            Argument("SHEET", "sheet", "value", "シート", "name", "--sheet"),
            Argument("RANGE", "range", "value", "A3:G84", "A3:G84", "--range"),
        ),
    ),
    Command(
        "next",
        "次の版の下書きを source/ に作る。",
        "`source/<b>.yaml`, and `source/<b>.schema.json` if it has a form of its own",
        _pair("今の版", "次の版"),
    ),
    Command(
        "summary",
        "集計表(件数と図)を1枚で作る。",
        "`out/<edition>/summary.pdf`, `.html`",
        (_EDITIONS, _JOBS),
    ),
    Command(
        "history",
        "全ての版を通した各項目の経過を作る。前版のつながりが二つ以上あるときは、最後の版を EDITION で指定する。",
        "`out/history.pdf`, `.html`",
        (_EDITION,),
    ),
    Command(
        "data",
        "オープンデータ(CSV、JSON)を作る。",
        "`out/<edition>/data.csv`, `data.json`, `data.schema.json`, and a `data-….csv` each for figures by year, 前版NO and 印",
        (_EDITIONS, _JOBS),
    ),
    Command(
        "book",
        "一覧を、紙面と同じ形のExcelブックで作る。書き換えたものは make import で取り込める。",
        "`out/<edition>/list.xlsx`, the list as a workbook that looks like the paper",
        (_EDITIONS, _JOBS),
    ),
    Command(
        "council",
        "議会用一式(一覧、集計表、新旧対照表、経過、オープンデータ、Excelの一覧)に、資料目録と配布前の確認を付けて、まとめて作る。版を省くと、前版のつながりごとに一番新しい版を扱う。",
        "`out/<edition>/council.pdf` (the cover), `checklist.pdf` (the clerk's page), `report.pdf`, `summary.pdf`, `history.pdf`, each with `.html`, `data.*`, `list.xlsx`, and `out/<a>-<b>/comparison.*`",
        (_EDITIONS,),
    ),
    Command("sheets", "担当課に送る照会票(Excel)を作る。", "`out/<edition>/sheets/*.xlsx`", (_EDITIONS,)),
    Command(
        "import",
        "提出された照会票か、書き換えた一覧のブックを調べ、変わるところを示す。APPLY=1 は元データに書き込む。食い違いは、CONFLICTS=reply なら回答に、source なら元データに合わせる。",
        "with APPLY=1, the answers, or what was edited in `list.xlsx`, in `source/<edition>.yaml`",
        (
            Argument("FILES", "files", "values", "ファイルかフォルダー", "…", "--files", required=True),
            Argument("APPLY", "apply", "flag", "1", "1", "--apply"),
            Argument("CONFLICTS", "conflicts", "value", "reply か source", "reply/source", "--conflicts"),
        ),
    ),
    Command(
        "status",
        "照会票の回答がまだない担当課と、未記入の数を示す。催促の文例も示す。",
        "nothing",
        (_EDITIONS,),
    ),
    Command(
        "renumber",
        "NOを、印刷する順に1から付け直す。再掲と、次の版の前版NOも合わせる。APPLY=1 は元データに書き込む。",
        "with APPLY=1, the NOs in `source/<edition>.yaml`, and the 前版NO in later editions",
        (_EDITION._replace(required=True), Argument("APPLY", "apply", "flag", "1", "1", "--apply")),
    ),
    Command(
        "undo",
        "コマンドが元データに書き込んだことを、一つ前に戻す。",
        "`source/<edition>.yaml` as it was before `make import` or `make renumber`",
        (_EDITION._replace(required=True),),
    ),
    Command(
        "clean",
        "out/ から、作り直せるものを消す。書き換えたものと自分で置いたものは残す。",
        "`out/` without what can be made again",
    ),
    Command(
        "sign",
        "一覧に電子署名を付ける(パスワードは画面で尋ねる)。",
        "`out/<edition>/report-signed.pdf` (PAdES B-B)",
        (
            _EDITION._replace(required=True),
            Argument("KEY", "key", "value", "鍵.p12", "file.p12", "--key", required=True),
            Argument("PASSPHRASE_FILE", "passphrase_file", "value", "ファイル", "file", "--passphrase-file"),
        ),
    ),
    Command(
        "schema",
        "元データの書き方の定義(JSON Schema)を作る。EDITION を指定すると、その版の段と欄に合わせる。",
        "`source/edition.schema.json`, or `source/<edition>.schema.json` for the form of one edition",
        (_EDITION,),
    ),
    Command("demo", "架空の2年分の見本を demo/ に作り、資料を一通り作ってみる。", "`demo/source/…`, `demo/out/…`"),
)

BY_NAME = {command.name: command for command in COMMANDS}

EXIT_CODES = (
    "終了コード: 0 完了、1 元データに誤り、2 使い方の誤り、3 書体やライブラリーの不足、4 検査に不合格、70 不具合"
)


def help_text() -> str:
    """The help: all commands in make's syntax."""
    lines = ["使い方: make コマンド [名前=値 …]", ""]
    for command in COMMANDS:
        lines += [f"  {command.usage}", f"      {command.does}"]
    lines += [
        "",
        "版は、source/ の中のファイル名から .yaml を除いたものです。省くと全ての版を扱います。",
        EXIT_CODES,
        "直接の呼び出し: python -m pipeline コマンド [版 …] [--from 旧 --to 新 …]",
    ]
    return "\n".join(lines) + "\n"


def makefile_part() -> str:
    """The targets of the Makefile, each with the comment that `make help` prints."""
    lines = [f"COMMANDS := {' '.join(BY_NAME)}", f"VALUES := {' '.join(_names())}"]
    for command in COMMANDS:
        arguments = command.usage.partition(f"make {command.name} ")[2]
        comment = " ## ".join(filter(None, (command.does, arguments)))
        lines.append(f"{command.name}: {command.name}$(SEE_ABOVE) ## {comment}")
    return "\n".join(lines) + "\n"


def _names() -> list[str]:
    """The make variables of all commands, without duplicates."""
    return list(dict.fromkeys(each.name for command in COMMANDS for each in command.accepted))


def readme_part() -> str:
    """The list of commands in README.md."""
    lines = ["| command | output |", "|---|---|"]
    for command in COMMANDS:
        arguments = (
            f"{each.name}={each.value_en}" if each.required else f"[{each.name}={each.value_en}]"
            for each in command.arguments
        )
        lines.append(f"| `{' '.join([f'make {command.name}', *arguments])}` | {command.output} |")
    return "\n".join(lines) + "\n"


def generated(text: str, part: str, comment: tuple[str, str]) -> str:
    """`text` with the lines between its begin and end marks replaced by `part`.

    The marks are comments; `comment` is how a comment begins and ends. Raises ValueError unless each mark occurs once.
    """
    begin, end = (f"{comment[0]} {mark} the commands (make generate){comment[1]}\n" for mark in ("begin", "end"))
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"{begin.strip()} … {end.strip()} does not stand there once")
    return pattern.sub(lambda _: begin + part + end, text)


GENERATED = {
    "Makefile": (makefile_part, ("#", "")),
    "README.md": (readme_part, ("<!--", " -->")),
}


def generate(root: Path) -> None:
    """Write the generated parts of the files below `root`."""
    for name, (part, comment) in GENERATED.items():
        path = root / name
        path.write_text(generated(path.read_text("utf-8"), part(), comment), "utf-8")


if __name__ == "__main__":
    generate(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
