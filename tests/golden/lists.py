"""Lists by chance, as offices have them in workbooks of their own, and what `make adopt` makes of each, as texts.

The cells are made in memory; no file is written.
"""

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError, UsageError
from pipeline.model.form import MAX_LEVELS, MAX_YEARS, roman
from pipeline.office.adopt.adopt import adopt_foreign, check, describe
from pipeline.office.adopt.fields import figure_in, number_before
from pipeline.office.adopt.grid import (
    Area,
    area_of,
    column_letters,
    foreign_of,
    place_name,
    ranges,
    read_foreign,
    shown,
    wanted_area,
)
from pipeline.office.adopt.numbering import is_number, numbering_of, split
from pipeline.office.adopt.table import is_year
from pipeline.office.workbook import Book, Sheet, Value, WorkbookError
from pipeline.source.limits import MAX_MEANING, MAX_NAME, MAX_UNIT, MAX_WORDS

TARGET = Path("source/new.yaml")

NAMES = ["声かけ", "体操教室", "散歩", "花壇の手入れ", "空き家の調査", "訪問", "灯りの設置", "相談窓口", "子ども食堂"]
SENTENCES = [
    "実施した。",
    "窓口を設けた。",
    "検討中である。\n来年度に始める。",
    "参加者は120人であった。※1",
    "まだ",
    "見直し、続ける。",
]
OFFICES = ["福祉課", "土木課", "健康課、市民課", "総務課\n財政課", "教育委員会", "市民", "市立図書館", "(仮)協働室"]
TERMS = [
    ["継続", "完了", "拡充"],
    ["実施", "未実施"],
    ["順調", "やや遅れ", "遅れ"],
    ["継続", "統合", "廃止"],
    ["甲", "乙"],
    ["一部着手", "検討中"],
]
SYMBOLS = [["◎", "○", "△"], ["A", "B", "C"], ["Ａ", "Ｂ"], ["1", "2", "3"], ["済", "未"], ["★", "☆"], ["〇", "×"]]
MEANINGS = ["達成", "おおむね達成", "未達成", "できた", "遅れ", "やや遅れている", "対象外"]
UNITS = ["件", "人", "%", "千円", "か所", "人/日"]
DAYS = ["令和6年3月31日", "2024/4/1", "令和7年度", "R5.4.1", "2024-05-06", "平成31年4月30日"]
HEADINGS = ["安心して暮らす", "元気に暮らす", "支えあう", "学ぶ", "防災"]
NAME_HEADS = ["事業名", "取組", "項目", "具体的な取組", "名称", "指標名", "施策\n名称", "内容", "事業"]
NUMBER_HEADS = ["NO", "番号", "No.", "項番", "事業番号", "整理番号", "№", "#", "ＮＯ"]
LEVEL_HEADS = ["目標", "基本方針", "施策", "大項目", "区分", "柱", "年度", "備考", "再掲"]
HEADS: Mapping[str, Sequence[str]] = {
    "課": ["担当課", "所管部署", "主管課名", "関係課", "部署", "実施主体"],
    "語": ["状況", "今後の方向", "達成状況", "進捗", "区分", "判定", "次年度の取扱い", "方針"],
    "記号": ["評価", "達成度", "自己評価", "状況"],
    "数": ["実績", "件数", "目標値", "予算(千円)", "R5実績", "実績(R4)", "令和6年度目標", "現状値(R2)"],
    "日付": ["期限", "完了日"],
    "文章": ["内容", "成果", "今後の課題", "検証結果", "理由"],
    "文字": ["備考", "メモ", "再掲", "場所", "主体"],
    "空": ["備考", "意見", "印"],
    "単位": ["単位"],
}
NUMBERINGS: Sequence[Callable[[int], str]] = [
    lambda at: f"{at}",
    lambda at: f"{at} ",
    lambda at: f"({at})",
    lambda at: f"（{at}）",
    lambda at: f"{at}.",
    lambda at: f"{'ⅠⅡⅢⅣⅤⅥⅦⅧⅨ'[at - 1]} ",
    lambda at: f"{['I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX'][at - 1]} ",
    lambda at: f"第{at}章 ",
    lambda at: f"基本目標{at} ",
    lambda at: f"{'①②③④⑤⑥⑦⑧⑨'[at - 1]}",
    lambda at: f"1-{at} ",
    lambda at: f"{at}) ",
    lambda at: f"{'アイウエオカキクケ'[at - 1]} ",
    lambda _: "",
]

Cells = dict[int, dict[int, Value]]


class ListMaker:
    """Makes the workbook of a list by chance; the same `seed` makes the same one."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.sheet = Sheet()
        self.row = self.chance.choice([1, 1, 1, 2, 4])
        self.first = self.chance.choice([1, 1, 1, 2])

    def may(self, share: float) -> bool:
        return self.chance.random() < share

    def put(self, column: int, text: str, kind: str = "text", **more: Any) -> None:
        if text:
            self.sheet.cells.setdefault(self.row, {})[column] = Value(text, kind, **more)

    def merge(self, first: tuple[int, int], last: tuple[int, int]) -> None:
        if first < last:
            self.sheet.merged.append(f"{place_name(first)}:{place_name(last)}")

    def line(self, text: str, column: int = 0, share: float = 0.3) -> None:
        """A line of text across the table, or in one cell of its own."""
        column = column or self.first
        self.put(column, text)
        if self.may(share) and column == self.first:
            self.merge((self.row, column), (self.row, self.last))
        self.row += 1

    def book(self) -> Book:
        """The workbook: mostly one sheet with a list."""
        self.columns = self.some_columns()
        self.last = self.first + len(self.columns) - 1
        self.above()
        self.row += self.chance.choice([0, 0, 1])
        self.head()
        self.body()
        self.row += self.chance.choice([0, 0, 1])
        self.below()
        self.around()
        sheets = {self.chance.choice(["一覧", "Sheet1", " 進捗 管理"]): self.sheet}
        if self.may(0.1):
            sheets["控え"] = Sheet({1: {1: Value("覚え", "text")}}, is_hidden=self.may(0.5))
        if self.may(0.05):
            sheets["二枚目"] = self.sheet
        if self.may(0.05):
            sheets["空"] = Sheet(is_hidden=True)
        comments = (("B3", "確かめる\nこと"),) if self.may(0.1) else ()
        boxes = ("図の\n中", "  ") if self.may(0.1) else ()
        return Book(sheets, (), comments, boxes, self.chance.choice([0] * 9 + [1, 2]))

    # The columns, each with what it is and its heads: one, or one of a group and one of its own.

    def some_columns(self) -> list[tuple[str, list[str], list[str]]]:
        chance = self.chance
        found: list[tuple[str, list[str], list[str]]] = []
        self.levels = chance.choice([0, 0, 0, 1, 1, 2])
        for head in chance.sample(LEVEL_HEADS, self.levels):
            if self.may(0.2):
                found.append(("段番号", [chance.choice(NUMBER_HEADS)], []))
            found.append(("段", [head], []))
        if self.may(0.75):
            found.append(("番号", [chance.choice(NUMBER_HEADS)], []))
        if self.may(0.08):
            found.append(("課", [chance.choice(HEADS["課"])], OFFICES))
        found.append(("名称", [chance.choice(NAME_HEADS)], []))
        self.legends: list[tuple[str, dict[str, str]]] = []
        for _ in range(chance.choice([1, 2, 2, 3, 3, 4, 5])):
            kind = chance.choice(["課", "課", "語", "語", "記号", "記号", "数", "数", "年", "日付", "文章", "文章", "文字", "空", "単位"])  # fmt: skip
            if kind == "年":
                stem = chance.choice(["実績", "利用者数", "目標"])
                years = chance.choice(
                    [["R3", "R4", "R5"], ["令和4年度", "令和5年度"], ["2023", "2024"], ["R5"], ["R4末", "R5見込"]]
                )
                units = [chance.choice(["", *UNITS])]
                if self.may(0.5):
                    found += [("数", [stem, year], units) for year in years]
                else:
                    found += [("数", [f"{year}{stem}"], units) for year in years]
                continue
            head = chance.choice(HEADS[kind])
            values: Sequence[str] = []
            if kind == "語":
                values = chance.choice(TERMS)
            elif kind == "記号":
                values = chance.choice(SYMBOLS)
                if self.may(0.7):
                    said = dict(zip(values, chance.sample(MEANINGS, len(values)), strict=True))
                    self.legends.append((chance.choice([head, head, "", "凡例", "評価", "記号の凡例"]), said))
            elif kind == "数":
                values = chance.choice([[""], [chance.choice(UNITS)], UNITS])
            elif kind == "課":
                values = OFFICES
            elif kind in ("日付", "文章"):
                values = DAYS if kind == "日付" else SENTENCES
            elif kind == "文字":
                values = [*NAMES, "注意", "市役所", "12", "-"]
            elif kind == "単位":
                values = UNITS
            group = [chance.choice(["結果", "評価", "今後"])] if self.may(0.08) else []
            found.append((kind, [*group, head], [*values]))
        if self.may(0.06):
            found.append(("文字", [], NAMES))
        return found

    def above(self) -> None:
        chance = self.chance
        if self.may(0.15):
            self.put(
                chance.choice([self.first, self.last]), chance.choice(["資料1", "【資料2-1】", "別紙", "参考資料 3"])
            )
            self.row += 1
        if self.may(0.9):
            town = chance.choice(["", "", "みどり市", "○○町", "東京都", "さいたま市", "山口県", "市民"])
            year = chance.choice(["", "", "(令和5年度)", "（平成30年度分）", "【R4年度】", "(令和5年度実績)"])
            self.line(f"{town}まちづくり計画 進捗状況{year}", share=0.5)
        if self.may(0.15):
            self.line(chance.choice(["進捗管理表", "第2期", "(素案)", "令和4年度", "R5年度", "2024年度"]), share=0.6)
        if self.may(0.15):
            day = chance.choice(["令和6年3月31日", "R6.4.1", "2024/4/1", "令和元年5月1日", "平成99年13月1日"])
            self.line(f"{day}現在" if self.may(0.7) else f"（{day} 現在）", chance.choice([0, self.last]))
        if self.may(0.15):
            self.line(chance.choice(["企画課", "担当：企画課", "みどり市", "市民部"]), chance.choice([0, self.last]))
        if self.may(0.15):
            self.line(
                chance.choice(["この一覧は、毎年度公表しています。", "※印は重点である。", "凡例", "(注)見込みを含む。"])
            )
        for legend in self.legends:
            if self.may(0.6):
                self.legend(*legend)

    def legend(self, head: str, words: Mapping[str, str]) -> None:
        chance = self.chance
        equals = chance.choice(["＝", "：", "…", " ", "=", "・・・"])
        match chance.choice("一一一横縦列"):
            case "一":
                before = chance.choice([f"{head}：", f"【{head}】", f"({head})", f"{head} "]) if head else ""
                gap = chance.choice(["　", "、", " ", "／", "，"])
                self.line(before + gap.join(f"{symbol}{equals}{said}" for symbol, said in words.items()))
            case "横":
                column = self.first
                for text in [head, *(f"{symbol}{equals}{said}" for symbol, said in words.items())]:
                    self.put(column, text)
                    column += 1
                self.row += 1
            case "縦":
                if head:
                    self.line(head)
                for symbol, said in words.items():
                    self.line(f"{symbol}{equals}{said}", share=0)
            case _:
                for at, (symbol, said) in enumerate(words.items()):
                    self.put(self.first, head if not at else "")
                    self.put(self.first + bool(head), symbol)
                    self.put(self.first + 1 + bool(head), said)
                    self.row += 1

    def head(self) -> None:
        """The head, of two rows if a column has two heads; these are merged or not."""
        self.top = self.row
        deep = max(len(heads) for _, heads, _ in self.columns)
        are_merged = self.may(0.5)
        start = self.first
        for at, (_, heads, _) in enumerate(self.columns, self.first):
            self.row = self.top
            if len(heads) == 2:
                follows = at > self.first and self.columns[at - self.first - 1][1][:1] == heads[:1]
                start = start if follows else at
                if not follows:
                    self.put(at, heads[0])
                elif are_merged:
                    self.sheet.merged = [one for one in self.sheet.merged if one.partition(":")[0] != place_name((self.top, start))]  # fmt: skip
                    self.merge((self.top, start), (self.top, at))
                self.row = self.top + 1
                self.put(at, heads[1])
            elif heads:
                self.put(at, heads[0])
                if deep == 2 and are_merged:
                    self.merge((self.top, at), (self.top + 1, at))
        self.row = self.top + deep

    def body(self) -> None:
        chance = self.chance
        style = chance.choice(["", "", "", "1-", "0", "(", "full"])
        self.count = 0
        heads_in_rows = self.may(0.35)
        number = [chance.choice(NUMBERINGS) for _ in range(3)]
        at = [0, 0, 0]
        for position in range(chance.choice([1, 2, 3, 4, 5, 5, 6, 7, 8, 10])):
            if heads_in_rows and (position == 0 or self.may(0.35)):
                depth = 0 if position == 0 or self.may(0.4) else 1
                at[depth] += 1
                if depth == 0:
                    at[1] = 0
                self.line(f"{number[depth](min(at[depth], 9))}{chance.choice(HEADINGS)}", share=0.8)
            self.item(position, style, number[2])
            self.between()

    def item(self, position: int, style: str, level_number: Callable[[int], str]) -> None:
        chance = self.chance
        self.count += 1
        is_repeat = position > 1 and self.may(0.12)
        drops = self.may(0.12)
        level = chance.random()
        for column, (kind, _, values) in enumerate(self.columns, self.first):
            text = ""
            match kind:
                case "段番号" | "段":
                    if position == 0 or level < 0.35 or (kind == "段" and level < 0.4):
                        text = f"{level_number(min(position, 8) + 1)}{chance.choice(HEADINGS)}"
                        text = f"{position + 1}" if kind == "段番号" else text
                        if position and self.may(0.4):
                            self.merge((self.row, column), (self.row + chance.choice([0, 1]), column))
                case "番号":
                    count = chance.randint(1, position) if is_repeat else self.count
                    text = {"1-": f"1-{count}", "(": f"({count})", "full": "１２３４５６７８９"[count % 9]}.get(
                        style, f"{count}"
                    )
                    text = "" if self.may(0.05) else text
                    self.put(column, text, "number" if style == "" and text else "text")
                    continue
                case "名称":
                    text = "" if drops and position else self.name(is_repeat)
                case "数":
                    self.figure(column, values)
                    continue
                case "日付":
                    text = chance.choice(values[:1] * 3 + values)
                    if self.may(0.3):
                        self.put(column, "2024-03-31", "date")
                        continue
                case "空":
                    text = ""
                case _:
                    text = chance.choice(values) if values else ""
            odd = chance.random()
            if kind not in ("名称", "段", "段番号") and odd < 0.18:
                text = "" if odd < 0.08 else chance.choice(["-", "－", "〃", "同上", "なし", "その他", "〇", "再掲"])
            elif kind in ("課", "語", "文章") and odd > 0.95:
                self.merge((self.row, column), (self.row + chance.choice([1, 2]), column))
            self.put(column, text, is_struck=self.may(0.02))
        self.row += 1

    def name(self, is_repeat: bool) -> str:
        chance = self.chance
        name = chance.choice(NAMES)
        if not self.may(0.25):
            name = f"{name}{'アイウエオカキクケコサシ'[self.count % 12]}"
        if is_repeat:
            name = chance.choice(
                [
                    f"{name}【再掲】",
                    f"（再掲）{name}",
                    f"{name}(再掲 NO.{chance.randint(1, 4)})",
                    name,
                    f"{name} ＊再掲",
                ]
            )
        if self.may(0.06):
            name = chance.choice(
                [f"【新規】{name}", f"{name}【重点】", f"【新規】{name}【再掲】", f"【新規】【重点】{name}", "【新規】"]
            )
        if self.may(0.05):
            name = f"{name}\n{chance.choice(NAMES)}"
        return name

    def figure(self, column: int, units: Sequence[str]) -> None:
        chance = self.chance
        number = chance.choice([0, 5, 12, 340, 1200, 12500, -300, 0.5, 0.385, 3.25])
        odd = chance.random()
        if odd < 0.1:
            self.put(column, chance.choice(["-", "", "－", "なし", "多数", "皆増"]))
        elif odd < 0.45:
            code = chance.choice(
                ["", "0", "#,##0", "0.0%", '#,##0"円";"▲"#,##0"円"', "0.0", "General", '0"人"', "#,##0,"]
            )
            self.put(column, f"{number}", "percent" if "%" in code else "number", number_format=code)
        else:
            unit = chance.choice(units)
            text = chance.choice([f"{number}", f"{number}", f"{number:,}", f"△{abs(number)}", f"{number} "])
            self.put(column, f"{text}{unit}")

    def between(self) -> None:
        """Rows between the items that are no items."""
        chance = self.chance
        odd = chance.random()
        if odd < 0.03:
            self.line(chance.choice(["- 1 -", "1/2", "3ページ", "P.4"]), chance.choice([0, self.last]), 0)
        elif odd < 0.07:
            self.repeat_row(self.top)
        elif odd < 0.11:
            self.line(
                chance.choice(["説明：小学校区ごとに行う。", "続けて行う。", "【効果】広がった。\n深まった。"]),
                share=0.7,
            )
        elif odd < 0.13:
            self.line("※2 集計中である。")
        elif odd < 0.15:
            self.put(self.first, chance.choice(["合計", "小計", "計(千円)", "総合計"]))
            self.put(self.last, "12", "number")
            self.row += 1
        elif odd < 0.2:  # a row that goes on with the texts above it
            for column in chance.sample(range(self.first, self.last + 1), k=min(len(self.columns), chance.choice([1, 1, 2]))):  # fmt: skip
                self.put(column, chance.choice(["続きを行った。", "さらに", "3"]))
            self.row += 1
        elif odd < 0.22 and len(self.sheet.cells) > 2:
            self.repeat_row(min(self.sheet.cells))
        elif odd < 0.25:
            self.row += 1

    def repeat_row(self, row: int) -> None:
        cells = self.sheet.cells.get(row, {})
        for column, value in cells.items():
            if not self.may(0.15):
                self.put(column, value.text)
        self.row += 1

    def below(self) -> None:
        chance = self.chance
        for legend in self.legends:
            if self.may(0.3):
                self.legend(*legend)
        for _ in range(chance.choice([0, 0, 1, 2])):
            note = chance.choice(
                ["※1 来年度に行う。", "※2　集計中", "注1 見込みを含む。", "＊ 参考", "※1", "（注）速報", "備考：ほか"]
            )
            if self.may(0.3) and " " in note:
                for column, text in enumerate(note.split(" "), self.first):
                    self.put(column, text)
                self.row += 1
            else:
                self.line(note)
        if self.may(0.2):
            self.line(chance.choice(["問い合わせは、みどり課まで。", "企画課", "以上", "令和6年3月31日現在", "- 2 -"]))
        if self.may(0.1):
            self.put(self.first, "合計")
            self.put(self.last, "99")
            self.row += 1

    def around(self) -> None:
        """What is to be known of single cells."""
        chance = self.chance
        places = [(row, column) for row, cells in self.sheet.cells.items() for column in cells]
        for row, column in chance.sample(places, min(len(places), chance.choice([0, 0, 0, 1, 2]))):
            value = self.sheet.cells[row][column]
            match chance.choice(
                ["hidden row", "hidden column", "formula", "unknown", "error", "truth", "merged", "long"]
            ):
                case "hidden row":
                    self.sheet.hidden_rows.add(row)
                case "hidden column":
                    self.sheet.hidden_columns += [(column, column + chance.choice([0, 2])), (column, column)]
                case "formula":
                    value.is_formula = True
                case "unknown":
                    value.is_formula, value.text = True, " "
                case "error":
                    value.kind, value.text = "error", "#REF!"
                case "truth":
                    value.kind, value.text = "truth", chance.choice("01")
                case "merged":
                    self.merge((row, column), (row + chance.choice([0, 0, 1, 3]), column + chance.choice([0, 1, 1])))
                case "long":
                    value.text = value.text + "長" * chance.choice([10, 16, 31, 41, 60, 101])


def adopted(book: Book, is_checked: bool = False, sheet: str | None = None, area: Area | None = None) -> str:
    """The source that `book` becomes, and what is said of it; or why it becomes none."""
    try:
        found = adopt_foreign(foreign_of(book), "list.xlsx", sheet, area)
    except (WorkbookError, PipelineError) as error:
        return f"{type(error).__name__}: {error}"
    if is_checked:
        check(found, TARGET)
    account = found.account
    lines = [f"{cell.name if cell else ''}: {line}" for line, cell in found.lines]
    lines += [*describe(found, TARGET), *found.problems]
    lines.append(f"{found.items} {found.repeats} {found.warnings} {found.has_sound_form}")
    lines += [f"{place_name(place)} {where}" for place, where in account.taken.items()]
    return "\n".join(lines)


def lists() -> Iterator[str]:
    """The sources of lists by chance."""
    for seed in range(240):
        maker = ListMaker(seed)
        book = maker.book()
        sheet = maker.chance.choice([None] * 12 + [*book.sheets, "二枚目"])
        area = None
        if maker.may(0.08):
            top = maker.top + maker.chance.choice([0, 0, 1, -1])
            area = (max(top, 1), maker.first, max(top + 3, maker.row - 2), maker.last + maker.chance.choice([0, -1, 2]))
        yield adopted(book, False, sheet, area)


def sheet_of(rows: Sequence[Sequence[str]], *merged: str, top: int = 1) -> Book:
    """A workbook with these texts in the rows of its only sheet."""
    cells = {
        row: {column: Value(text, "text") for column, text in enumerate(texts, 1) if text}
        for row, texts in enumerate(rows, top)
    }
    return Book({"一覧": Sheet({row: found for row, found in cells.items() if found}, [*merged])}, (), (), (), 0)


def lengths() -> Iterator[str]:
    """Lists of which one text has another length."""
    for length in (*range(1, 6), 8, 9, 12, 13, 15, 16, 27, 28, 30, 31, 40, 41, 50, 51, 100, 101):
        long = "長" * length
        yield adopted(
            sheet_of([["NO", "事業名", "担当課"], ["1", "声かけ", "福祉課"], ["2", "体操", "健康課"], [long]])
        )
        for place in range(10):
            say = dict.fromkeys(range(10), "") | {place: long}
            yield adopted(
                sheet_of(
                    [
                        [say[0] or "計画"],
                        [say[1] or "副題"],
                        ["", "", "", say[2]],
                        ["NO", "事業名", "担当課", f"{say[3] or '状況'}", "評価", "件数", say[9] or "場所"],
                        ["1", f"{say[4]}声", "福祉課", f"{say[5]}", "A", f"1{say[6] or '件'}", "甲"],
                        ["2", "体操", "健康課", "乙", "B", f"2{say[6] or '件'}", say[7]],
                        ["3", "散歩", "健康課", "乙", say[8][:5] or "A", "3", "丙"],
                        [say[7]],
                        [say[0][:7], f"記入の方法{length % 3}"],
                        ["", say[7]],
                        ["A＝できた　B＝まだ　" + (f"{say[8][:5]}＝ほか" if say[8] else "")],
                    ],
                    "A1:G1",
                    "A2:G2",
                    "A8:G8",
                )
            )
            yield adopted(
                sheet_of(
                    [
                        ["計画", say[0]],
                        [f"※{length}", say[1]],
                        ["", "", say[2] or "実績", "", say[3]],
                        ["番号", "取組", "R4", "R5", "備考"],
                        ["1", f"声{say[4]}", "1", "2", say[5]],
                        ["2", "体操", "3", "4", "なし"],
                        [f"{say[7]}※{length}", "注の文", say[8]],
                    ]
                )
            )


def counts() -> Iterator[str]:
    """Lists with more and more of something: words, items without a value, equal names, rows of a head, years, levels."""
    heads = ["NO", "事業名", "担当課"]
    for items in (1, 2, 3, 4, 5, 6, 7, 9, 10, 12):
        for words in range(1, min(items, 8) + 1):
            for blanks in {0, items // 10, items // 2, (items + 1) // 2, items - words} & {*range(items - words + 1)}:
                values = [f"語{at % words}" if at < items - blanks else "" for at in range(items)]
                rows = [[f"{at}", f"取組{at}", "福祉課", value, value, value] for at, value in enumerate(values, 1)]
                found = adopted(sheet_of([["計画"], [*heads, "状況", "主体", "今後"], *rows]))
                yield found[found.find("欄:") : found.find("取組1")]
    for items in (*range(2, 13), 19, 20, 21):
        for same in (1, 2, *{items // 3, items * 2 // 5, items * 2 // 5 + 1, items // 2}):
            names = [f"取組{max(at, same)}" for at in range(1, items + 1)]
            other = [f"細目{max(at, items - same)}" for at in range(1, items + 1)]
            rows = [
                [f"{at}", "区分" if at % 20 == 1 else f"区分{at}" if at > same else "", name, text]
                for at, (name, text) in enumerate(zip(names, other, strict=True), 1)
            ]
            yield adopted(sheet_of([["NO", "区分", "事業名", "細目名", "備考"], *rows])).partition("\n計")[0]
    for items in (*range(3, 13), 19, 20, 21):
        for blank in range(1, items // 3 + 1):
            names = [f"取組{at}" if at > blank else "" for at in range(items)]
            numbers = [f"{at}" if at >= blank else "" for at in range(items)]
            rows = [
                [number, name, f"事業{at}", "1"] for at, (number, name) in enumerate(zip(numbers, names, strict=True))
            ]
            yield adopted(sheet_of([["連", "取組名", "事業名", "費用"], *rows]))[:300]
    for items in range(1, 5):
        rows = [[f"{at}", f"取組{at}", "AB"[at % 2]] for at in range(items)]
        yield adopted(sheet_of([["達成度：A＝できた　B＝まだ"], ["NO", "事業名", "評価"], *rows]))
    for offices in product(("福祉課", "市民", "福祉課、市民", "市民、福祉課", "市民\n福祉課", "(福祉課)"), repeat=2):
        rows = [[f"{at}", f"取組{at}", office] for at, office in enumerate(offices, 1)]
        yield adopted(sheet_of([["NO", "事業名", "所管"], *rows]))[:400]
    for heads_of_years in (["実績", "実績", "R5"], ["実績", "", "R4"], ["実績", "目標", "実績"], ["実績", "", ""]):
        for merged in ([], ["C1:D1"], ["C1:E1"], ["C2:D2"]):
            second = ["", "", "R4", "R5", "実績"]
            rows = [[f"{at}", f"取組{at}", "1", "2", "3"] for at in (1, 2)]
            yield adopted(sheet_of([["NO", "事業名", *heads_of_years], second, *rows], *merged))
    for years in range(1, MAX_YEARS + 3):
        head = [*heads, *(f"R{year}実績" for year in range(1, years + 1))]
        yield adopted(sheet_of([head, *([f"{at}", f"取組{at}", "福祉課", *"1" * years] for at in (1, 2))]))
    for words in (*range(1, 4), *range(MAX_WORDS - 1, MAX_WORDS + 2)):
        rows = [[f"{at}", f"取組{at}", f"語{at % words}"] for at in range(1, 2 * words + 1)]
        yield adopted(sheet_of([["NO", "事業名", "状況"], *rows]))
    for deep in range(1, 7):
        merged = [f"{letter}1:{letter}{deep}" for letter in "ABC"]
        rows = [heads, *([] for _ in range(deep - 1)), ["1", "声かけ", "福祉課"], ["2", "体操", "健康課"]]
        yield adopted(sheet_of(rows, *merged))
    for levels in range(MAX_LEVELS + 2):
        head = [*(f"段{at}" for at in range(levels)), *heads]
        rows = [[*(f"見出し{at}" for at in range(levels)), "1", "声かけ", "福祉課"], [*[""] * levels, "2", "体操", ""]]
        yield adopted(sheet_of([head, *rows]))
    for above in range(298, 303):
        yield adopted(sheet_of([*[["文"]] * above, heads, ["1", "声かけ", "福祉課"], ["2", "体操", "健康課"]]))[-300:]


def places() -> Iterator[str]:
    """A list of which each cell in turn is empty, or says something else, or is merged with the one beside or below it."""
    rows = [
        ["みどり市の計画", "", "", "", "", "資料1"],
        ["凡例", "A＝できた", "B＝まだ", "", "", ""],
        ["目標", "NO", "事業名", "実績", "", "評価"],
        ["", "", "", "R4", "R5", ""],
        ["1 安心", "1", "声かけ", "1件", "2件", "A"],
        ["", "2", "体操", "3件", "4件", "B"],
        ["", "3", "散歩【再掲】", "-", "5件", "A"],
        ["2 元気", "1", "声かけ", "-", "", "A"],
        ["※1", "集計中", "", "", "", ""],
    ]
    for row in range(len(rows)):
        for column in range(6):
            for text in ("", "3", "R5", "合計", "〃", "※2 注", "読む。"):
                changed = [[*texts] for texts in rows]
                if changed[row][column] == text or (row + column + len(text)) % 2:
                    continue
                changed[row][column] = text
                yield adopted(sheet_of(changed))
            here = place_name((row + 1, column + 1))
            for end in ((row + 1, column + 2), (row + 2, column + 1)):
                yield adopted(sheet_of(rows, f"{here}:{place_name(end)}"))
        yield adopted(sheet_of([*rows[:row], [], *rows[row:]]))
        yield adopted(sheet_of([*rows[: row + 1], *rows[row:]]))
        yield adopted(sheet_of([*rows[:row], *rows[row + 1 :]]))
    usual = [
        ["凡例：◎＝済　○＝続ける"],
        ["推進方針", "推進施策", "NO", "推進項目", "実施状況", "今後の取扱い", "検証内容"],
        ["Ⅰ 方針", "(1) 施策", "1", "声かけ", "◎", "完了", "した。"],
        ["", "", "2", "体操", "○", "継続", ""],
    ]
    units = [
        ["NO", "事業名", "前", "実績", "実績", "目標", "備考"],
        ["", "", "", "R4", "R5", "", ""],
        ["1", "声かけ", "3", "1件", "2件", "-", "甲"],
        ["2", "体操", "-", "-", "なし", "5人", "乙"],
        ["3", "散歩", "5", "-", "8回", "8回", "丙"],
    ]
    for rows in (usual, units):
        yield adopted(sheet_of(rows))
        for row, column in product(range(1, len(rows)), range(7)):
            for text in ("", "4", "〃"):
                changed = [[*texts] for texts in rows]
                changed[row][column : column + 1] = [text]
                yield adopted(sheet_of(changed))


def checked() -> Iterator[str]:
    """What the check says of lists that become no sound source, or one that is too wide."""
    heads = ["NO", "事業名", "担当課", "状況"]
    for length in (MAX_MEANING, MAX_MEANING + 1):
        legend = f"状況：A＝{'長' * length}　B＝まだ"
        yield adopted(
            sheet_of([["計画"], [legend], heads, ["1", "声かけ", "甲課", "A"], ["2", "体操", "乙課", "B"]]), True
        )
    for length in (MAX_NAME, MAX_NAME + 1):
        rows = [["1", "長" * length, "甲課", "\x01"], ["", f"{'長' * length}い", "乙課", "\ue000"]]
        yield adopted(sheet_of([["計画"], heads, *rows[: 3 - length % 2]]), True)
    for columns in (4, 7, 8, 9, 13):
        found = [f"{'長い' * 5}{at}" for at in range(columns)]
        rows = [[f"{at}", f"取組{at}", *["文である。" * 9] * columns] for at in (1, 2)]
        yield adopted(sheet_of([["計画" if columns % 2 else "", "", "資料1"], [*heads[:2], *found], *rows]), True)


def files() -> Iterator[str]:
    """What is read of files of comma-separated values, and of what is no such file."""
    texts = ["計画\nNO,事業名\n1,声かけ\n", "計画\tイ,ロ\nNO\t事業名\n", "a,b\tc\n1,2\n", "a\tb,c\td\n", "計画\nNO\t事業名\t額\n1\t声かけ\t1,250\n",
        "一行だけ,二", "", "\n\n", ",,\n", 'NO,"二\n行"\n', 'NO,"閉じない\n', 'a"b,c\n', '"a"b,c\n', "a\0b,c\n", " 前 , 後 \n,\t\n", "①,髙\n"]  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        for text, encoding, (end, suffix) in product(
            texts, ("utf-8", "utf-8-sig", "cp932", "utf-16", "euc_jp"), (("\n", "csv"), ("\r\n", "txt"), ("\r", "TSV"))
        ):
            path = Path(name) / f"list.{suffix}"
            path.write_bytes(text.replace("\n", end).encode(encoding, "replace"))
            try:
                found = read_foreign(path)
                said = f"{[(grid.name, [*grid.cells.values()]) for grid in found.grids]} {found.beside}"
            except WorkbookError as error:
                said = str(error)
            yield f"{text!r} {encoding} {end!r} {said}".replace(name, "")
        for begin, suffix in product((b"", b"PK", b"%PDF-1.7", b"a,b", b"<html>"), ("xlsx", "xlsm", "xls", "pdf")):
            path = Path(name) / f"list.{suffix}"
            path.write_bytes(begin)
            try:
                yield f"{read_foreign(path)}"
            except WorkbookError as error:
                yield f"{begin!r} {suffix} {error}".replace(name, "")


def words() -> Iterator[str]:
    """What is read of single texts: numbers before names, years, figures, ranges, and numbers as Excel shows them."""
    numbers = ["1", "12", "123", "1234", "１", "Ⅰ", "Ⅻ", "IV", "IX", "XL", "ⅩⅩⅩⅨ", "一", "十二", "①", "⑳", "㊿", "ア", "ア゙", "A", "I", "b", "0", "1-2", "1－2－3", "A1-2", "12.3", "第1", "第 2章", "第三節", "目標", "基本目標1", "施策Ⅱ", "柱A"]  # fmt: skip
    for number, (before, after), between in product(
        numbers,
        (("", ""), ("(", ")"), ("（", "）"), ("", ")"), ("", "."), ("", "．"), ("", "：")),
        ("", " ", "　", "\n"),
    ):
        label = f"{before}{number}{after}"
        found = split(f"{label}{between}あいさつ")
        yield f"{label}{between} {is_number(label)} {tuple(found)} {found.word} {split(label + between)}"
    chance = random.Random(4)
    for _ in range(400):
        style = chance.choice(NUMBERINGS)
        groups = [
            [
                split(f"{style(at) if chance.random() < 0.95 else ''}見出し")
                for at in range(1, chance.choice([1, 2, 3, 9]) + 1)
                if chance.random() < 0.98
            ]
            for _ in range(chance.choice([0, 1, 1, 2]))
        ]
        labelled = [f"{style(at)}名" for at in range(1, chance.randint(1, 3))]
        yield f"{groups} {numbering_of(groups)} {number_before(labelled)}"
    for value in range(1, 45):
        label = f"{'X' * (value // 10)}{['', 'I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX'][value % 10]}"
        yield f"{label} {numbering_of([[*(split(f'{roman(at)} 甲') for at in range(1, value)), split(f'{label} 乙')]])}"
    for name, year, end in product(
        ("", "R", "令和", "H", "平成", "Ｒ"),
        (0, "元", 1, 5, 31, 1949, 1950, 2024, 2100, 2101),
        ("", "年度", "末", "実績", "(見込み)", "年"),
    ):
        yield f"{name}{year}{end} {is_year(f'{name}{year}{end}')}"
    for sign, number, unit in product(
        ("", "-", "▲", "△", "約"),
        ("0", "12", "1,250", "12,50", "3.5", "１２", "1 200", "-", "なし", ""),
        ("", "件", " %", "件/日", "-", "1", "(人)", "長" * MAX_UNIT, "長" * (MAX_UNIT + 1)),
    ):
        yield f"{sign}{number}{unit} {figure_in(f'{sign}{number}{unit}')}"
    codes = ["", "0", "#,##0", "0.0", "0.0#", "#.##", "0,000", "000", "#,##0,", "0,,", "0%", "0.0%", '0"円"', '"約"0', '#,##0;"▲"#,##0', '0;-0;"なし"', "0;0;-", "[Red]0", "_(0_)", "*-0", "General", "@", "0E+00", "# ?/?", "yyyy", r"0\人", "#,##0.00;[Red]-#,##0.00"]  # fmt: skip
    amounts = ["0", "1", "-1", "0.5", "0.05", "0.004", "-0.004", "1.005", "12.345", "999.995", "1234567", "-1234.5", "1E20", "1" * 20, "1" * 21, "x", "1E+3"]  # fmt: skip
    for code, amount in product(codes, amounts):
        kinds = [
            shown(Value(amount, kind, number_format=code)) for kind in ("number", "percent", "date", "text", "truth")
        ]
        yield f"{code} {amount} {kinds}"
    for text in (
        "A1",
        "$B$2:C3",
        "c3:a1",
        "A0",
        "A1:A1",
        "A1:B1",
        "AAA1",
        "AAAA1",
        "A12345678",
        "1:2",
        "B5:A9",
        "XFD7:A1",
        "A1:",
        "A1:B2:C3",
        "",
    ):
        try:
            yield f"{text} {area_of(text)} {wanted_area(text)}"
        except UsageError as error:
            yield str(error)
    yield " ".join(column_letters(number) for number in (0, 1, 2, 25, 26, 27, 28, 52, 53, 702, 703, 16_384))
    for _ in range(60):
        places = [(chance.randint(1, 3), chance.randint(1, 5)) for _ in range(chance.randint(0, 6))]
        yield f"{places} {ranges(places)} {ranges(dict.fromkeys(places))}"


TEXTS: Mapping[str, Callable[[], Iterator[str]]] = {
    function.__name__: function for function in (lists, lengths, counts, places, checked, files, words)
}
