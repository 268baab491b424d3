"""Sources that are damaged by chance in one or two places, and what is said of them.

The places and the kinds of damage are more than anybody would write down; the same ones are made on every run.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import Problem, SourceError
from pipeline.model.rules import Broken, Circle, Missing, Previous, Unnamed
from pipeline.model.validation import validate
from pipeline.source.tree import parse_source

# The default form with every key that an edition may have. It follows `BEFORE`.
WHOLE = """\
表題: 試験一覧※1
自治体: 山口市
団体コード: 352039
年度: 平成24年度
現在日: 2013-03-31
訂正日: 平成25年6月10日
担当課: 企画課
資料番号: {一覧: 資料1-1, 集計表: 資料1-2}
案: true
用紙: A4横
前版: before
凡例の場所: 一ページ目
照会: {期限: 2013-05-31, 提出先: 企画課, 担当: 山田, 内線: 12}
公開:
  ライセンス: CC BY 4.0
  問い合わせ先: 市民課
  更新日: 2013-06-10
  更新頻度: 年1回
  更新履歴: [{日付: 2013-06-10, 内容: 直した}]
  留意事項: 特になし
前文: |
  はじめに
   述べる。
後文: 以上
印: {重点: 力を入れる, 新規: 新しい}
注: {1: 注の文}
見出し: {検証内容: 検証の内容, NO: 番号}
廃止: [{前版NO: 7, 理由: 役目を終えた}]
確認済:
  - {警告: W505, NO: 2, 理由: 聞いている}
凡例:
  ◎: 実施済
  ○: 継続推進
今後の取扱い: {完了: 終了, 継続: 継続}
完了の記号: [◎]
完了の語: [完了]
推進方針:
  - 名称: 方針一
    担当課: 市民課
    推進施策:
      - 名称: 施策一
        改ページ: true
        推進項目:
          - NO: 1
            名称: 項目一
            印: [重点]
            実施状況: ◎
            今後の取扱い: 完了
            検証内容: 終わった。
            統合先: 項目三
          - NO: 2
            名称: "項目二"
            前版NO: [1, 2]
            実施状況: ◎
            今後の取扱い: 継続
      - 名称: 施策二
        推進項目:
          - NO: 3
            名称: 項目三
            実施状況: 未記入
            今後の取扱い: 継続
            検証内容: 検討する。
          - 再掲: 1
"""

# A form of its own, with columns of each kind.
OWN_FORM = """\
表題: 別の様式
段:
  - {名称: 柱, 番号: 自由}
  - {名称: 束, 番号: ローマ数字}
項目: {名称: 仕事, 番号: 自由}
欄:
  受持ち: {種類: 課}
  出来: {種類: 語, 語: [早い, 遅い], 集計: 主, 完了の語: [早い]}
  向き: {種類: 語, 語: {完了: 終了, 継続: 継続}, 行方: true}
  点数: {種類: 記号, 凡例: {A: 良い, B: 悪い}, 完了の記号: [A]}
  実績: {種類: 数, 年度: [令和3年度, 令和5年度]}
  目標: {種類: 数, 単位: 回}
  期限: {種類: 日付}
  備考: {種類: 文字}
  取組: {種類: 文章, 段落: 下}
柱:
  - 名称: 水と緑
    番号: 第1
    束:
      - 名称: 川
        仕事:
          - NO: 1
            番号: 1-ア
            名称: 川の掃除
            受持ち: 河川課、公園課
            出来: 遅い
            向き: 継続
            点数: A
            単位: 件
            実績: [5, "1,234.5"]
            目標: ▲8
            期限: 2026-03-31
            備考: 毎年
            取組: 掃除した。
          - {NO: 2, 番号: 1-イ, 名称: 橋の点検, 出来: 早い, 向き: 完了, 点数: B, 実績: [-, なし], 目標: なし}
"""

BEFORE = """\
表題: 前の一覧
凡例: {◎: 実施済}
今後の取扱い: {継続: 継続}
推進方針:
  - 名称: 方針一
    推進施策:
      - 名称: 施策一
        推進項目:
          - {NO: 1, 名称: 項目一, 実施状況: ◎, 今後の取扱い: 継続}
          - {NO: 2, 名称: 項目二, 実施状況: ◎, 今後の取扱い: 継続}
          - {NO: 7, 名称: 項目七, 実施状況: ◎, 今後の取扱い: 継続}
"""

VALUES = [
    "", "未記入", "-", "－", "なし", "0", "1", "-1", "2", "3", "７", "1.5", "1,234", "12,34", "9" * 20, "true", "はい", "○", "◯", "A", "Ａ", "完了",
    "完 了", "継続", "項目一", "項目三", "W502", "W999", "E101", "2013-02-30", "2013/3/1", "平成25年3月31日", "昭和70年1月1日", "令和元年5月1日",
    "h24", "H24", "../x", "A3縦", "[1, 2]", "[1, 1]", "[]", "{a: b}", "{}", "[[1], {a: 2}]", "主", "下", "352038", "52039", "480001",
    "令和5年度", "令和5年度、令和6年度", "※1", "※2と※3", "※", "重点", "種類", "名称", "NO", "表題",
]  # fmt: skip
SIGNS = [
    "\t", "　", "\u00a0", "\u200b", "\u200f", "\u202e", "\ue000", "\u2028", "\x07", "①", "㍻", "髙", "葛\U000e0100", "か\u3099", "\u0301", "⺼", "⽂", "𠮷", "é",
    "₂", "♡", "\\1", "\\", "\"", "'", "“”", "#", " # ", " #", "#1", "：", ": ", ":", "、", "。", "~", "～", "〜", "-", "―", "ー", "@", "&a ", "*a ", "!x ", "|", ">", "%",
    "[", "]", "{", "}", ",", "?", "\n", "\n\n", "\n   ",
]  # fmt: skip
LINES = ["...", "---", "%x", "- 1", "キー: 値", "キー", ": 値", "# 注釈", "＃ 注釈", "※注", "1\t2\t3", "　", '"', "'閉じない", "? 問", "再掲: 1", "NO: 1", "- NO: 1", "改ページ: 1", "備考: >", "a: |"]  # fmt: skip


def _with_other_line(chance: random.Random, lines: list[str]) -> None:
    """Change the lines: leave one out, repeat it, exchange two, or put another between."""
    at = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2 if at:
            lines[at - 1], lines[at] = lines[at], lines[at - 1]
        case 3:
            del lines[at : at + chance.randint(2, 6)]
        case _:
            indent = " " * (len(lines[at]) - len(lines[at].lstrip(" ")) + chance.choice([0, 0, 0, 1, 2]))
            lines.insert(at, indent + chance.choice(LINES))


def _with_other_indentation(chance: random.Random, lines: list[str]) -> None:
    at, more = chance.randrange(len(lines)), chance.choice([-4, -2, -1, 1, 2, 3])
    inner = lines[at].lstrip(" ")
    lines[at] = " " * max(0, len(lines[at]) - len(inner) + more) + inner


def _with_other_text(chance: random.Random, lines: list[str]) -> None:
    """Replace a key or a value, drop a character of it, or put a sign into it."""
    at = chance.choice([at for at, line in enumerate(lines) if line.strip()])
    words = [*re.finditer(r"[^\s:,{}\[\]\"]+", lines[at])]
    word = chance.choice(words or [re.search(".", lines[at])])
    assert word
    text = word[0]
    match chance.randrange(5):
        case 0 | 1 if word is words[-1]:
            text = chance.choice(VALUES)
        case 2:
            text = text[: (cut := chance.randrange(len(text)))] + text[cut + 1 :]
        case 3:
            text = (text * 600)[: chance.choice([8, 9, 12, 13, 20, 21, 30, 31, 100, 101, 200, 201, 500, 501])]
        case _:
            cut = chance.randint(0, len(text))
            text = text[:cut] + chance.choice(SIGNS) + text[cut:]
    lines[at] = lines[at][: word.start()] + text + lines[at][word.end() :]


DAMAGES = (_with_other_line, _with_other_indentation, _with_other_text, _with_other_text, _with_other_text)


def _damaged(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    for _ in range(chance.choice([1, 1, 1, 2])):
        chance.choice(DAMAGES)(chance, lines)
        lines = "\n".join(lines).split("\n")
    return "\n".join(lines)


def refusals() -> Iterator[str]:
    """What is said of each damaged source."""
    before = parse_source(Path("source/before.yaml"), BEFORE.encode()).root
    broken = Problem("source/before.yaml", 3, 1, "E105", "字下げがおかしい。")
    reasons: list[Previous | None] = [
        Unnamed(), Missing("before", Path("source/before.yaml"), ("befor", "h23")), Missing("x", Path("x"), ()),
        Circle(("a", "b", "a")), Circle(("whole", "whole")), Broken("before", broken), None,
    ]  # fmt: skip
    for seed in range(330):
        chance = random.Random(seed)
        text = _damaged(chance, (WHOLE, WHOLE, OWN_FORM)[seed % 3])
        previous = before if chance.random() < 0.8 else chance.choice(reasons)
        yield from _said(text, previous)


def _said(text: str, previous: Previous | None) -> Iterator[str]:
    try:
        validated = validate(parse_source(Path("source/whole.yaml"), text.encode()), previous)
    except SourceError as error:
        yield from map(_line, error.problems)
        yield ""
        return
    yield from map(_line, validated.warnings)
    yield from (f"{_line(problem)} {reason}" for problem, reason in validated.acknowledged)
    yield repr(validated.edition)


def _line(problem: Problem) -> str:
    return f"{problem} {problem.department}"
