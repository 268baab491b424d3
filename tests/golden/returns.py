"""Workbooks that come back with edits by chance, and what `make import` makes of each, as texts.

The cells are edited in memory; only the workbooks that go out are files.
"""

import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from itertools import permutations, product
from pathlib import Path

from pipeline.documents.book.rows import FACTS, FORM, HIDDEN, KEYS, LIST, MORE, packed
from pipeline.documents.book.rows import rows as rows_of
from pipeline.library import Library
from pipeline.model.column_widths import ColumnWidths
from pipeline.model.validation import Validated, validate
from pipeline.office import workbook_format as sent
from pipeline.office.book_returns import list_return, messages_of_list
from pipeline.office.returns import Returns, Settle, _ReplyReader, describe, messages
from pipeline.office.sheets import workbooks
from pipeline.office.workbook import Book, Sheet, Value, WorkbookError, read_workbook
from pipeline.source.tree import parse_source
from tests.made_up import FormMaker

USUAL = """\
表題: 試験一覧
担当課: 甲課
前文: 前の文
凡例: {◎: 実施済, ○: 継続推進, ×: 検討中}
今後の取扱い: {完了: 終了, 継続: 継続}
印: {新: 新規}
注: {1: 注の文}
確認済: [{警告: W502, NO: 2, 理由: 加えた順}]

推進方針:
  - 名称: 方針一※1
    推進施策:
      - 名称: 施策一
        推進項目:
          - NO: 1
            名称: 項目一
            印: [新]
            実施状況: 未記入   # これから
            今後の取扱い: 未記入
            検証内容:   # ここに書く
          - NO: 2
            名称: 項目二
            実施状況: "○"
            今後の取扱い: '継続'
            検証内容: |
              前の文。
              二行目。

            # 乙課へ
          - NO: 3
            名称: 項目三
            実施状況: ○
            今後の取扱い: 継続
            担当課: 乙課
      - 名称: 施策二
        推進項目:
          - {NO: 4, 名称: 項目四, 実施状況: ○, 今後の取扱い: 継続, 検証内容: 共同で, 担当課: 甲課、乙課}
          - 再掲: 1
  - 名称: 方針二
    推進施策:
      - 名称: 施策一
        推進項目:
          - NO: 6
            名称: 項目一
            実施状況: ×
            今後の取扱い: 完了
            検証内容: "終わった。"
          - 再掲: 2
          - 再掲: 1
"""
OTHER = """\
表題: 別の一覧
段:
  - {名称: 柱, 番号: 自由}
項目: {名称: 仕事, 番号: 自由}
欄:
  受持ち: {種類: 課}
  出来: {種類: 語, 語: [早い, 並み], 集計: 主}
  実績: {種類: 数, 年度: [R4, R5]}
  目標: {種類: 数, 単位: 回}
  期限: {種類: 日付}
  場所: {種類: 文字}
  様子: {種類: 文章, 段落: 下}
柱:
  - 名称: 水と緑
    番号: 第1
    仕事:
      - NO: 1
        番号: 1-ア
        名称: 川の掃除
        単位: 件
        受持ち: 甲課
        出来: 並み
        実績: [5, "1,234.5"]
        目標: 8
        期限: 2024-03-31
        様子: 川の様子
      - {NO: 2, 番号: 1-イ, 名称: 橋の点検, 受持ち: 乙課, 出来: 早い, 実績: [-, ▲3], 目標: なし, 単位: 人}
  - 名称: 祭り
    番号: 第2
    仕事:
      - {NO: 3, 番号: 2-ア, 名称: 花火, 受持ち: 甲課, 出来: 未記入, 実績: [1, 2], 目標: 3, 様子: 夜の様子, 場所: 川原}
      - 再掲: 1
"""
FLAT = """\
表題: 段のない一覧
段: []
項目: {名称: 指標, 番号: なし}
欄:
  値: {種類: 数}
  備考: {種類: 文章}
指標:
  - {NO: 1, 名称: 人口, 値: 12, 単位: 人, 備考: 多い}
  - {NO: 2, 名称: 面積, 値: "3.5"}
  - {NO: 3, 名称: 予算, 値: -, 備考: 少ない}
"""
SOURCES = (USUAL, USUAL, OTHER, FLAT)
# What a cell may say instead.
SAYINGS = [
    "", "-", "◎", "〇", "済み", "完了", "継続", "未記入", "並み", "５", "12", "1,300", "3件", "4 人", "5回", "1.5％", "▲2", "多数",
    "令和6年4月1日", "2024/5/6", "R7.1.2", "いつか", "一行だけ。", "一行。\n二行。", "#: '値'", "項目二", "項目一【再掲】", "【新】項目九", "【別】項目",
    "(1) 施策一", "Ⅲ 新しい方針", "(9) 新しい", "第3 港", "港", "様子 新しい様子", "甲課", "丙課、丁課", "7", "3", "長" * 501, "外\ue000字", "空  白" + " " * 101,
]  # fmt: skip

# What the source becomes meanwhile: what is replaced, and by what.
MEANWHILE = [
            ("項目二\n", "二番目の項目\n"), ("名称: 施策一", "名称: 改めた施策"), ("共同で", "別の文"), ("NO: 6", "NO: 9"),
            ("          - 再掲: 2\n", ""), ("実施状況: ×", "実施状況: ◎"), ("前の文。", "今の文。"), ("名称: 方針二", "名称: 方針三"),
            ("NO: 2\n            名称: 項目二", "NO: 5\n            名称: 項目五\n            実施状況: ○\n            今後の取扱い: 継続\n          - NO: 2\n            名称: 項目二"),
            ('          - NO: 6\n            名称: 項目一\n            実施状況: ×\n            今後の取扱い: 完了\n            検証内容: "終わった。"\n', ""),
            ("      - 名称: 施策二\n        推進項目:\n          - {NO: 4, 名称: 項目四, 実施状況: ○, 今後の取扱い: 継続, 検証内容: 共同で, 担当課: 甲課、乙課}\n          - 再掲: 1\n", ""),
            ("出来: 並み", "出来: 早い"), ("名称: 橋の点検", "名称: 橋と道の点検"), ("目標: 8", "目標: 9"), ("名称: 水と緑", "名称: 水"),
            ("場所: {種類: 文字}", "場所: {種類: 文章}"), ("備考: 多い", "備考: 少ない"), ("  - {NO: 2, 名称: 面積, 値: \"3.5\"}\n", ""),
            ("NO: 3, 名称: 予算", "NO: 4, 名称: 予算"), ("\n      - 再掲: 1\n", "\n"),
            ("{NO: 1, 名称: 人口", "{NO: 7, 名称: 戸数, 値: 1}\n  - {NO: 1, 名称: 人口"),
        ]  # fmt: skip
# The same, wherever it stands.
ALL_OF_THEM = [
    ("実施状況: ○", "実施状況: ◎"),
    ('実施状況: "○"', "実施状況: ×"),
    ("取扱い: 継続", "取扱い: 完了"),
    ("実施状況: 未記入", "実施状況: ◎"),
    ("の文。", "の話。"),
    ("の様子", "の今"),
    ("名称: 項目", "名称: 事業"),
    ("出来: 早い", "出来: 並み"),
    ("▲3", "▲4"),
    ("目標: 3", "目標: 4"),
    ("担当課: 乙課", "担当課: 丙課"),
]

# What people mostly write, by the beginning of the head of a column.
FITTING = {
    "実施状況": ["◎", "○", "×", "〇", ""],
    "今後の取扱い": ["完了", "継続", "未記入"],
    "検証内容": ["一行だけ。", "一行。\n二行。", "", "#: '値'", "前の文。\n二行目。"],
    "出来": ["早い", "並み", ""],
    "実績": ["7", "1,300", "-", "５", "2件", "4 人"],
    "R": ["8", "1.5％", "なし"],
    "目標": ["9", "9回", "▲2"],
    "値": ["20", "1.5", "20人", "0.5 %"],
    "期限": ["令和6年4月1日", "2024/5/6", ""],
    "場所": ["役所", "川原", ""],
    "受持ち": ["甲課", "丙課、丁課", "課" * 101],
    "推進方針": ["Ⅱ 方針二", "Ⅰ　新しい方針", "方針", "Ⅲ", "長" * 201, "外\ue000"],
    "推進施策": ["(1) 別の施策", "（２）施策", "(1)", "長" * 200, "施策一"],
    "柱": ["第1 水", "第3", "水", "9 水", "海 山"],
    "推進項目": ["項目七", "【新】項目一", "項目二"],
    "NO": ["7", "５", "2", "0", ""],
    "仕事": ["川と池の掃除", "道の点検"],
    "指標": ["世帯", "人口"],
}


def _said(chance: random.Random, head: str) -> str:
    """What is written in a column with this head."""
    fitting = next((texts for key, texts in FITTING.items() if head.startswith(key)), SAYINGS)
    return chance.choice(fitting if chance.random() < 0.85 else SAYINGS)


Rows = list[list[str]]


def _read(text: str, path: Path) -> Validated:
    return validate(parse_source(path, text.encode()))


@cache
def _sent_out(text: str, path: Path) -> tuple[Sequence[str], Rows, Mapping[str, str], Sheet]:
    """The ids of the columns, the rows with their keys, the heads by column, and the hidden sheet."""
    validated = _read(text, path)
    widths = ColumnWidths(validated.edition)
    ids = [one.id for one in widths.columns]
    heads: dict[str, str] = {}
    found: Rows = [[KEYS, *ids]]
    for row in rows_of(validated.edition, widths):
        found.append([row.key, *(row.cells.get(name, "") for name in ids)])
        heads |= row.cells if row.kind == "head" else {}
    facts = (FORM, path.stem, validated.source.digest)
    assert len(facts) == len(FACTS)
    source = "".join(packed(validated.source.data))
    said = [*facts, *(source[at : at + 400] for at in range(0, len(source), 400))]
    return ids, found, heads, Sheet({row: {2: Value(text, "text")} for row, text in enumerate(said, 1)})


@cache
def _library(path: Path, now: str) -> Library:
    """The editions, when that at `path` has become `now`."""
    return Library(path.parent).with_source(parse_source(path, now.encode()))


class ListEditor:
    """The rows of a list workbook, as they were sent out and with edits by chance."""

    def __init__(self, chance: random.Random, text: str, path: Path) -> None:
        self.chance = chance
        ids, rows, self.heads, self.hidden = _sent_out(text, path)
        self.ids, self.rows = [*ids], [[*row] for row in rows]
        listed = [at for at, row in enumerate(rows) if row[0].startswith(("段", "項目"))]
        self.first, self.after = listed[0], sum(row[0].startswith(("注", "後文")) for row in rows)
        for at in reversed(listed):
            if chance.random() < 0.1:
                self.rows.insert(at + 1, [MORE, *[""] * len(ids)])
        self.odd: dict[tuple[int, int], str] = {}

    def in_list(self) -> list[int]:
        """The places of the rows of the list."""
        return [*range(min(self.first, len(self.rows) - 1), max(self.first + 1, len(self.rows) - self.after))]

    def edit(self) -> None:
        chance, rows = self.chance, self.rows
        there = self.in_list()
        at = chance.choice(there)
        column = chance.randrange(1, len(self.ids) + 1)
        match chance.choice(["cell"] * 8 + ["copied cell", "delete", "delete", "move", "move", "swap", "copy", "copy", "copy", "add", "add", "add", "blank", "clear", "key", "keys", "around", "column", "out", "insert", "odd", "odd", "order", "below", "heading", "repeat"]):  # fmt: skip
            case "cell":
                filled = [one for one in range(1, len(self.ids) + 1) if rows[at][one]] or [column]
                column = chance.choice([column, *filled])
                rows[at][column] = _said(chance, self.heads.get(self.ids[column - 1], ""))
            case "copied cell":
                rows[at][column] = rows[chance.choice(there)][column]
            case "delete":
                del rows[at : at + chance.choice([1, 1, 1, 2, 4])]
            case "move":
                row = rows.pop(at)
                rows.insert(chance.choice(there), row)
            case "swap":
                other = chance.choice(there)
                rows[at], rows[other] = rows[other], rows[at]
            case "copy":
                copied = [*rows[at]]
                copied[column] = chance.choice([copied[column], *SAYINGS])
                if chance.random() < 0.3:
                    copied[0] = ""
                rows.insert(chance.choice([at, at + 1, chance.choice(there)]), copied)
            case "add":
                new = [""] * (len(self.ids) + 1)
                name = self.ids.index("item") + 1
                new[name] = chance.choice(
                    ["新しい項目", "項目一", "項目二", "川の掃除", "人口", "様子 別の文", "新しい項目【再掲】"]
                )
                for one in range(name + 1, len(new)):
                    new[one] = chance.choice(["", "", rows[at][one], rows[at][one], chance.choice(SAYINGS)])
                rows.insert(at, new)
            case "heading" | "repeat":
                same = [row for row in rows if row[0].startswith("段" if self.ids[0] != "item" else "項目")]
                if chance.random() < 0.5:
                    same = [row for row in rows if row[0].startswith("再掲")] or same
                new = ["", *chance.choice(same or rows)[1:]]
                filled = [one for one in range(1, len(new)) if new[one]] or [1]
                if chance.random() < 0.6:
                    new[chance.choice(filled)] = chance.choice(
                        [
                            "(3) 別の見出し",
                            "見出し",
                            "Ⅲ 方針三",
                            "第9 森",
                            "9 九",
                            "項目三【再掲】",
                            "花火【再掲】",
                            "3",
                        ]
                    )
                rows.insert(chance.choice(there), new)
            case "blank":
                rows.insert(at, [""] * (len(self.ids) + 1))
            case "clear":
                rows[at][1:] = [""] * len(self.ids)
            case "key":
                rows[at][0] = chance.choice(["", rows[chance.choice(there)][0], "項目 99"])
            case "keys":
                for row in rows[chance.choice([0, 1, there[0]]) :]:
                    row[0] = ""
            case "around":
                at = chance.choice([*range(1, there[0]), *range(there[-1] + 1, len(rows))] or [0])
                match chance.choice(["cell", "delete", "copy", "add"]):
                    case "cell":
                        rows[at][chance.choice([1, column])] = chance.choice(SAYINGS)
                    case "delete":
                        del rows[at]
                    case "copy":
                        rows.insert(chance.choice([at, *there]), [*rows[at]])
                    case _:
                        rows.insert(at, ["", *rows[at][1:]])
            case "column":
                for row in rows:
                    del row[column]
                self.ids.pop(column - 1)
            case "out":
                rows[at].append(chance.choice(["控え", " ", "外の\n記載"]))
            case "insert":
                for number, row in enumerate(rows):
                    row.insert(column, f"外{number}" if number in there[:2] else "")
                self.ids.insert(column - 1, "外")
            case "odd":
                self.odd[at, column] = chance.choice(
                    ["number", "percent", "date", "formula", "error", "truth", "struck"]
                )
            case "order":
                items = [one for one in there if rows[one][0].startswith(("項目", "再掲", "下"))]
                texts = [rows[one] for one in items]
                chance.shuffle(texts)
                for one, row in zip(items, texts, strict=True):
                    rows[one] = row
            case "below":
                name = self.ids.index("item") + 1
                new = [""] * (len(self.ids) + 1)
                new[name] = chance.choice(["様子 加えた文", "様子", "様子：別の文"])
                rows.insert(at + 1, new)

    def book(self) -> Book:
        """The workbook with the edits."""
        cells: dict[int, dict[int, Value]] = {}
        for at, row in enumerate(self.rows):
            for column, text in enumerate(row):
                odd = self.odd.get((at, column), "")
                if text or odd:
                    kind = odd if odd not in ("", "struck") else "text"
                    cells.setdefault(at + 1, {})[column + 1] = Value(text or "5", kind, is_struck=odd == "struck")
        comments = (("C9", "確かめる\nこと"),) if self.chance.random() < 0.05 else ()
        others = ("書き方",) if self.chance.random() < 0.9 else ("書き方", "覚え書き")
        return Book({HIDDEN: self.hidden, LIST: Sheet(cells)}, others, comments, (), 0)


def _now(chance: random.Random, text: str) -> str:
    """What the source has become meanwhile."""
    for _ in range(chance.choice([0, 0, 0, 1, 1, 2, 3])):
        old, new = chance.choice(MEANWHILE)
        text = text.replace(old, new, 1)
    return text


@contextmanager
def _source(text: str) -> Iterator[Path]:
    """A source that says `text`, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.yaml"
        path.write_text(text, "utf-8")
        yield path


def _without_folder(lines: Iterable[str], path: Path) -> str:
    """The `lines` as one text, the same wherever the source at `path` stands."""
    return "\n".join(lines).replace(str(path.parent), "")


def _taken(editor: ListEditor, library: Library, path: Path, settle: Settle | None = None, twice: bool = False) -> str:
    """What is said of the workbook, and the lines of the source that are new; if it is taken `twice`, of both times."""
    return _without_folder(_lines(editor, library, path, settle, twice), path)


def _lines(editor: ListEditor, library: Library, path: Path, settle: Settle | None, twice: bool) -> Iterator[str]:
    book = editor.book()
    try:
        found = list_return(book, Path("back.xlsx"), "back.xlsx", library, settle)
    except WorkbookError as error:
        yield f"{error.row} {error}"
        return
    yield from (*found.lines, *messages_of_list(found), f"{found.is_clean}")
    if found.edited:
        before = library.source(path).data.decode().splitlines()
        after = found.edited.data.decode().splitlines()
        yield "\n".join(f"+{line}" if line not in before else f" {before.index(line)}" for line in after)
        if twice:
            again = list_return(book, Path("back.xlsx"), "back.xlsx", library.with_source(found.edited), settle)
            yield from ("again", *again.lines, *messages_of_list(again), f"{again.is_clean}")


def lists() -> Iterator[str]:
    """What becomes of list workbooks."""
    with _source(USUAL) as path:
        for seed in range(100):
            chance = random.Random(seed)
            text = SOURCES[seed % 4]
            editor = ListEditor(chance, text, path)
            for _ in range(chance.choice([1, 1, 2, 2, 3, 5])):
                editor.edit()
            now = _now(chance, text)
            library = _library(path, now)
            settle: Settle | None = chance.choice([None, None, "reply", "source"])
            yield f"{seed} {settle}\n{_taken(editor, library, path, settle, twice=True)}"


def both() -> Iterator[str]:
    """What becomes of list workbooks of which the same is edited as in the source."""
    edits: list[Callable[[Rows, Callable[[str], int], int], object]] = [
        lambda rows, at, _: rows.pop(at("項目 2")),
        lambda rows, at, _: rows.pop(at("項目 6")),
        lambda rows, at, _: rows.pop(at("段 1.2")),
        lambda rows, at, _: rows.insert(at("項目 6"), rows.pop(at("項目 2"))),
        lambda rows, at, _: rows.insert(at("段 2") + 2, rows.pop(at("項目 4"))),
        lambda rows, at, name: rows[at("項目 2")].__setitem__(name, "二番目の項目"),
        lambda rows, at, name: rows[at("項目 2")].__setitem__(name, "ほかの名称"),
        lambda rows, at, name: rows[at("項目 6")].__setitem__(name + 1, "○"),
        lambda rows, at, name: rows[at("項目 4")].__setitem__(name + 3, "書き直した。"),
        lambda rows, at, name: rows[at("項目 6")].__setitem__(name - 1, "9"),
        lambda rows, at, name: rows.insert(at("項目 2"), ["", *[""] * (name - 1), "項目五", "○", "継続", "書いた。"]),
        lambda rows, at, _: rows[at("段 1.1")].__setitem__(2, "(1) ほかの施策"),
    ]
    with _source(USUAL) as path:
        for number, edit in enumerate(edits):
            for old, new in MEANWHILE[:11]:
                library = _library(path, USUAL.replace(old, new, 1))
                settles: list[Settle | None] = [None, "reply", "source"]
                for settle in settles:
                    editor = ListEditor(random.Random(3), USUAL, path)
                    where = {row[0]: at for at, row in reversed([*enumerate(editor.rows)])}
                    edit(editor.rows, where.__getitem__, editor.ids.index("item") + 1)
                    said = _taken(editor, library, path, settle)
                    yield f"{number} {old} {settle}\n{said}"
                    if not settle and "食い違い" not in said:
                        break


def unknown() -> Iterator[str]:
    """What becomes of list workbooks of which one row, or each, has lost its key."""
    with _source(USUAL) as path:
        for row, case in product((*range(11), None), range(5)):
            editor = ListEditor(random.Random(3), USUAL, path)
            rows, number = editor.rows, editor.ids.index("item")
            for one in rows[editor.first :] if row is None else [rows[editor.first + row]]:
                one[0] = ""
            at = editor.first + (3 if row is None else row)
            match case:
                case 1:
                    rows[at][number] = ""
                case 2:
                    rows[at][number] = "6"
                case 3:
                    rows[at][number + 1] = "項目一"
                case 4:
                    rows.insert(at, [*rows[at]])
            said = _taken(editor, _library(path, USUAL), path)
            yield f"{row} {case}\n{said}"


def cells() -> Iterator[str]:
    """What becomes of list workbooks of which one cell of the list says something else."""
    with _source(USUAL) as path:
        for row, column, text in product(range(11), range(1, 8), ("", "2", "項目二【再掲】")):
            editor = ListEditor(random.Random(3), USUAL, path)
            cells = editor.rows[editor.first + row]
            if cells[column] in (text, "-") or not (cells[column] or text == "2"):
                continue
            cells[column] = text
            said = _taken(editor, _library(path, USUAL), path)
            yield f"{row} {column} {text}\n{said}"


def figures() -> Iterator[str]:
    """What becomes of figures with and without units in two cells of an item, and in a new one."""
    with _source(OTHER) as path:
        for key, texts in product(("項目 1", ""), product(("7", "2件", "4 人", "-", "９％"), repeat=2)):
            editor = ListEditor(random.Random(3), OTHER, path)
            row = next(row for row in editor.rows if row[0] == (key or "項目 2"))
            row[0] = key
            first = next(at for at, one in enumerate(editor.ids, 1) if editor.heads.get(one) == "R4")
            row[first : first + 2] = texts
            said = _taken(editor, _library(path, OTHER), path)
            yield f"{key} {texts}\n{said}"


def limits() -> Iterator[str]:
    """What becomes of list workbooks with more and more of something: wrong cells, notices, rows above the list."""
    with _source(FLAT) as path:
        library = _library(path, FLAT)

        def said(editor: ListEditor) -> str:
            return _taken(editor, library, path)

        for kind, count in product(("wrong", "noted", "above", "heads"), (48, 49, 50, 51, 198, 199, 200, 201, 202)):
            if (count < 100) == (kind in ("wrong", "noted")):
                continue
            editor = ListEditor(random.Random(1), FLAT, path)
            if kind == "heads":
                for row in editor.rows:
                    row[0] = ""
                    row[1] = "項目" if count == 48 and row[1] == "指標" else row[1]
                del editor.rows[0]
            for number in range(count):
                if kind in ("above", "heads"):
                    editor.rows.insert(0, ["", "", f"前の行{number}", ""])
                else:
                    editor.rows.append(["", f"新しい指標{number}", "多数" if kind == "wrong" else "５", ""])
            yield f"{kind} {count}\n{said(editor)}"


def many() -> Iterator[str]:
    """What becomes of lists without items, and of those of which more and more items are moved to another heading."""
    head = USUAL[: USUAL.index("印:")] + "推進方針:\n  - 名称: 方針一\n    推進施策:\n      - 名称: 施策一\n"
    item = "          - {{NO: {0}, 名称: 項目{0}, 実施状況: ○, 今後の取扱い: 継続}}\n"
    with _source(head) as path:
        for items, moved, are_deleted in product((0, 8, 12), range(8), (False, True)):
            listed = [item.format(number) for number in range(1, items + 1)]
            halves = listed[: items - 2], listed[items - 2 :]
            text = head
            if items:
                text += f"        推進項目:\n{''.join(halves[0])}      - 名称: 施策二\n        推進項目:\n{''.join(halves[1])}"
            editor = ListEditor(random.Random(1), text, path)
            if items:
                first = editor.first + 2
                rows = editor.rows[first : first + moved]
                del editor.rows[first : first + moved]
                editor.rows += [] if are_deleted else rows
            else:
                editor.rows += [["", "", "", "", f"新しい項目{number}", "○", "継続", ""] for number in range(moved)]
            said = _taken(editor, _library(path, text), path)
            yield f"{items} {moved} {are_deleted}\n{said}"


def orders() -> Iterator[str]:
    """What becomes of four items in every order: as few as explain the order are said to be elsewhere."""
    items = "".join(f"  - {{NO: {number}, 名称: 指標{number}, 値: 1}}\n" for number in range(1, 5))
    text = FLAT[: FLAT.index("  - {NO: 1")] + items
    with _source(text) as path:
        for order in permutations(range(4)):
            editor = ListEditor(random.Random(1), text, path)
            listed = [row for row in editor.rows if row[0].startswith("項目")]
            editor.rows[editor.first :] = [listed[at] for at in order]
            said = _taken(editor, _library(path, text), path)
            yield f"{order}\n{said}"


def _edited(chance: random.Random, sent_out: Book) -> Book:
    """A reply with edits by chance."""
    book = deepcopy(sent_out)
    sheet = book.sheets[sent.ANSWERS]
    last = max(column for column in sheet.cells[sent.HEAD_ROW])
    for _ in range(chance.choice([0, 1, 2, 4, 6, 9])):
        rows = [row for row in sorted(sheet.cells) if row > sent.HEAD_ROW]
        row = chance.choice(rows)
        column = chance.randrange(1 if chance.random() < 0.08 else last - 2, last + 1)
        match chance.choice(["cell"] * 50 + ["odd", "odd", "delete", "copy", "move", "out", "head", "merge", "note", "beside", "hidden", "gone"]):  # fmt: skip
            case "cell":
                head = sheet.cells[sent.HEAD_ROW].get(column)
                sheet.cells[row][column] = Value(_said(chance, head.text if head else ""), "text")
            case "odd":
                kind = chance.choice(["number", "percent", "date", "formula", "error", "truth", "text"])
                sheet.cells[row][column] = Value(chance.choice(["2", "2024-03-31", ""]), kind, is_struck=kind == "text")
            case "delete":
                del sheet.cells[row]
                if len(rows) == 1:
                    return book
            case "copy":
                sheet.cells[max(rows) + 1] = deepcopy(sheet.cells[row])
            case "move":
                other = chance.choice(rows)
                sheet.cells[row], sheet.cells[other] = sheet.cells[other], sheet.cells[row]
            case "out":
                sheet.cells[row][last + chance.choice([1, 3])] = Value("欄の外", "text")
            case "head":
                sheet.cells[sent.HEAD_ROW][chance.randrange(1, last + 1)] = Value("見出し", "text")
            case "merge":
                sheet.merged.append(chance.choice(["A1:B2", f"B{row}:B{row + 1}", "A1", f"ZZ{row}:ZZ9", f"{'C'}2:C6"]))
            case "note":
                cells = book.sheets[sent.NOTES].cells.setdefault(sent.FIRST_NOTE + chance.randrange(5), {})
                cells[sent.NOTE_COLUMN] = Value(chance.choice(["よろしく", " ", "新しい項目"]), "text")
            case "beside":
                book.others = (*book.others, "加えた紙")
                book.comments, book.boxes, book.pictures = (("C7", "注意\n点"),), ("図の中",), 2
            case "hidden":
                hidden = book.sheets[sent.HIDDEN].cells
                place = chance.choice(sorted(hidden))
                hidden[place][chance.choice(sorted(hidden[place]))] = Value(
                    chance.choice(["", "x", "1", "h99"]), "text"
                )
            case "gone":
                book.sheets.pop(chance.choice([sent.HIDDEN, sent.ANSWERS, sent.NOTES]))
                return book
    return book


def _returns(books: Iterable[tuple[str, Book]], library: Library, settle: Settle | None = None) -> Returns:
    """As `read_returns`, of workbooks that were read, each with its label."""
    reader = _ReplyReader(library, settle)
    for label, book in books:
        reader.take(label, book)
    return reader.returns()


def replies() -> Iterator[str]:
    """What becomes of the replies of the departments."""
    with _source(USUAL) as path:
        file = path.with_name("back.xlsx")
        sent_out = []
        for text in (USUAL, OTHER):
            books = []
            for label, data in workbooks(_read(text, path), None).items():
                file.write_bytes(data)
                books.append((label, read_workbook(file, (sent.HIDDEN, sent.ANSWERS, sent.NOTES))))
            sent_out.append((text, books))
        for seed in range(100):
            chance = random.Random(seed)
            text, books = sent_out[seed % 2]
            now = _now(chance, text)
            for old, new in chance.sample(ALL_OF_THEM, chance.choice([0, 1, 2])):
                now = now.replace(old, new)
            library = _library(path, now)
            settle: Settle | None = chance.choice([None, None, None, "reply", "source"])
            back = [(label, _edited(chance, book)) for label, book in books if chance.random() < 0.8]
            if back and chance.random() < 0.2:
                back.append(("二回目.xlsx", _edited(chance, books[0][1])))
            found = _returns(back, library, settle)
            said = [f"{seed} {settle}", describe(found), *messages(found), f"{found.is_clean}"]
            said += [*sorted(found.replies.departments), f"{found.replies.answers}"]
            said += [f"{change}" for change in found.changes]
            if found.edited:
                before = library.source(path).data.decode().splitlines()
                said += [line for line in found.edited.data.decode().splitlines() if line not in before]
            yield _without_folder(said, path)


def many_replies() -> Iterator[str]:
    """What becomes of a reply with more and more of something: rows deleted and added, long answers, what lies beside."""
    head = (
        USUAL[: USUAL.index("印:")]
        + "推進方針:\n  - 名称: 方針一\n    推進施策:\n      - 名称: 施策一\n        推進項目:\n"
    )
    item = "          - {{NO: {0}, 名称: 項目{0}, 実施状況: ○, 今後の取扱い: 継続}}\n"
    text = head + "".join(item.format(number) for number in range(1, 15))
    with _source(text) as path:
        file = path.with_name("back.xlsx")

        def sent_out(source: str) -> Book:
            file.write_bytes(workbooks(_read(source, path), None)["甲課.xlsx"])
            return read_workbook(file, (sent.HIDDEN, sent.ANSWERS, sent.NOTES))

        usual, other = sent_out(text), sent_out(OTHER)

        def said(book: Book, now: str = text) -> str:
            found = _returns([("甲課.xlsx", book)], _library(path, now))
            return _without_folder([describe(found), *messages(found)], path)

        for count in (*range(11, 15), *range(198, 203)):
            book = deepcopy(usual)
            cells = book.sheets[sent.ANSWERS].cells
            for number in range(count):
                if count < 100:
                    del cells[sent.HEAD_ROW + 1 + number]
                else:
                    cells[100 + number] = {1: Value("x", "text")}
            yield f"rows {count}\n{said(book)}"
        for count in (1, 19, 20, 21, 57, 58, 59, 60, 61, 62):
            book = deepcopy(usual)
            row = book.sheets[sent.ANSWERS].cells[sent.HEAD_ROW + 1]
            row[max(book.sheets[sent.ANSWERS].cells[sent.HEAD_ROW])] = Value("長" * count, "text")
            book.others = (*book.others, *(f"紙{at}" for at in range(count)))
            book.comments = tuple((f"B{at}", "注意") for at in range(count))
            book.boxes = ("図",) * count
            yield f"beside {count}\n{said(book)}"
        for merged in ("A1:B5", "A5:B6", "G6:H6", "J6:K7", "ZZ6:ZZ9", "A6", "H1:I5"):
            book = deepcopy(usual)
            book.sheets[sent.ANSWERS].merged.append(merged)
            yield f"{merged}\n{said(book)}"
        for column in usual.sheets[sent.ANSWERS].cells[sent.HEAD_ROW]:
            book = deepcopy(usual)
            cells = book.sheets[sent.ANSWERS].cells
            cells[sent.HEAD_ROW + 2].setdefault(column, Value("文", "text")).is_struck = True
            yield f"struck {column}\n{said(book)}"
        now = OTHER.replace("  場所: {種類: 文字}\n", "").replace(", 場所: 川原", "")
        for count in range(3):
            book = deepcopy(other)
            cells = book.sheets[sent.ANSWERS].cells
            place = next(column for column, value in cells[sent.HEAD_ROW].items() if value.text.startswith("場所"))
            for row_number in range(count):
                cells[sent.HEAD_ROW + 1 + row_number][place] = Value("役所", "text")
            yield f"gone {count}\n{said(book, now)}"


def sent_workbooks() -> Iterator[str]:
    """The cells of the workbooks that go out for forms by chance, with those of the year before."""
    with _source("") as path:
        file = path.with_name("sent.xlsx")
        for seed in (0, 1):
            old, new = FormMaker(seed).years()
            for year in range(3, 6):
                old = old.replace(f"令和{year}年度", f"平成{year + 25}年度")
            before = _read(old, path).edition
            for previous in (None, before):
                for label, data in workbooks(_read(new, path), previous).items():
                    file.write_bytes(data)
                    book = read_workbook(file, None)
                    for sheet in book.sheets.values():
                        yield f"{label} {[[value.text for value in row.values()] for row in sheet.cells.values()]} {sheet.merged}"


TEXTS: Mapping[str, Callable[[], Iterator[str]]] = {
    function.__name__: function
    for function in (lists, both, unknown, cells, figures, limits, many, orders, replies, many_replies, sent_workbooks)
}
