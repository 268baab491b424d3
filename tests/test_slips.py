"""Slips of a hand that does not know YAML: each is named for what it is, on its own line, by the command."""

import re
from pathlib import Path

import pytest

from pipeline.cli import command

from .conftest import HEALTHY

ITEM = " " * 12  # where the keys of an item stand
BEFORE = f"{ITEM}検証内容: 終わった。\n"

# What is replaced in HEALTHY (whole lines of the first item but for the line numbers 15 to 19), by what; then place,
# code and words of the first problem that must be said.
SLIPS: dict[str, tuple[str, str, str, str, str]] = {
    # --- blanks that are none
    "full-width blank behind the colon": ("名称: 項目一", "名称:　項目一", "16:16", "E105", "「:」の後が全角の空白です"),
    "no-break space behind the colon": ("名称: 項目一", "名称:\u00a0項目一", "16:16", "E105", "(U+00A0)です"),
    "thin space behind the colon": ("名称: 項目一", "名称:\u2009項目一", "16:16", "E105", "(U+2009)です"),
    "no-break spaces as indentation": (f"{ITEM}名称: 項目一", "\u00a0" * 12 + "名称: 項目一", "16:1", "E105", "字下げに半角の空白に見える別の文字(U+00A0)"),
    "no-break space in the last line": (f"{ITEM}検証内容: 終わった。", "\u00a0" * 12 + "検証内容: 終わった。", "19:1", "E105", "(U+00A0)"),
    "full-width blank behind the dash": ("          - NO: 2", "          -　NO: 2", "20:12", "E105", "「-」の後が全角の空白です"),
    "full-width blank in the indentation": (f"{ITEM}名称: 項目一", "　　　　　　名称: 項目一", "16:1", "E105", "字下げに全角の空白があります"),
    "tab as indentation": (f"{ITEM}名称: 項目一", "\t\t\t名称: 項目一", "16:1", "E105", "字下げにタブがあります"),
    "zero-width space in a key": ("名称: 項目一", "名称\u200b:項目一", "16:15", "E105", "見えない文字があります"),
    # --- signs of another width, or other signs
    "full-width hyphen": ("          - NO: 2", "          － NO: 2", "20:11", "E105", "行頭が「－」(U+FF0D)です。半角の「-」"),
    "en dash": ("          - NO: 2", "          – NO: 2", "20:11", "E105", "行頭が「–」(U+2013)です"),
    "long vowel mark": ("          - NO: 2", "          ー NO: 2", "20:11", "E105", "行頭が「ー」(U+30FC)です"),
    "bullet": ("          - NO: 2", "          ・NO: 2", "20:11", "E105", "行頭が「・」(U+30FB)です"),
    "asterisk": ("          - NO: 2", "          * NO: 2", "20:11", "E105", "行頭が「*」(U+002A)です"),
    "full-width colon": ("名称: 項目一", "名称：項目一", "16:15", "E105", "キーの後が全角の「：」です"),
    "full-width colon and a blank": ("名称: 項目一", "名称： 項目一", "16:15", "E105", "キーの後が全角の「：」です"),
    "full-width sign of a comment": (BEFORE, f"{BEFORE}＃ 三月に確かめる\n", "20:1", "E105", "行頭が「＃」です。注釈なら半角の「#」"),
    "note with ※": (BEFORE, f"{BEFORE}{ITEM}※三月に確かめる\n", "20:13", "E105", "行頭が「※」です。注釈なら"),
    "comment with //": (BEFORE, f"{BEFORE}// 三月に\n", "20:1", "E105", "行頭が「//」です。注釈なら"),
    "semicolon for the colon": ("名称: 項目一", "名称; 項目一", "16:15", "E105", "「:」の所が「;」です"),
    "equals sign for the colon": ("名称: 項目一", "名称 = 項目一", "16:16", "E105", "「:」の所が「=」です"),
    "closing quote of another kind": ("検証内容: 終わった。", '検証内容: "終わった。”', "19:19", "E105", "終わりの引用符が、始めと違う字です"),
    "full-width colon in a flow mapping": (HEALTHY[HEALTHY.index("凡例") : HEALTHY.index("今後")], "凡例: {◎：実施済, ○: 継続推進, ×: 検討中}\n", "3:7", "E105", "「◎」の後の「：」を、半角の「:」と空白に"),
    "no blank in a flow mapping": (HEALTHY[HEALTHY.index("凡例") : HEALTHY.index("今後")], "凡例: {◎:実施済, ○: 継続推進, ×: 検討中}\n", "3:7", "E105", "「◎」の後の「:」を、半角の「:」と空白に"),
    # --- indentation
    "one blank too many": (f"{ITEM}名称: 項目一", f"{ITEM} 名称: 項目一", "16:14", "E105", "字下げが、15行目の「NO」より1字深く"),
    "one blank too few": (f"{ITEM}名称: 項目一", f"{ITEM[1:]}名称: 項目一", "16:12", "E105", "字下げが、15行目の「NO」より1字浅く"),
    "one blank too few further down": (f"{ITEM}検証内容: 終わった。", f"{ITEM[1:]}検証内容: 終わった。", "19:12", "E105", "字下げが、18行目の「今後の取扱い」より1字浅く"),
    "as deep as the dash": (f"{ITEM}名称: 項目一", "          名称: 項目一", "16:11", "E105", "字下げが「-」と同じ深さです"),
    "dash one blank too few": ("          - NO: 2", "         - NO: 2", "20:10", "E105", "字下げが、15行目の「-」より1字浅く"),
    "dash one blank too many": ("          - NO: 2", "           - NO: 2", "20:12", "E105", "より1字"),
    "dash as deep as the keys": ("          - NO: 2", "            - NO: 2", "20:13", "E105", "字下げが、15行目の「-」より2字深く"),
    "a dash among the keys of the list": ("自治体: 試験市\n", "自治体: 試験市\n- 一覧\n", "3:1", "E105", "ここに「-」の行は書けません"),
    "a dash among the symbols": ("  ○: 継続推進\n", "  - ○: 継続推進\n", "5:3", "E105", "ここに「-」の行は書けません"),
    # --- keys
    "key forgotten": ("名称: 項目一", "項目一", "16:13", "E105", "「キー: 値」の「:」がありません"),
    "nothing before the colon": ("名称: 項目一", ": 項目一", "16:13", "E105", "「:」の前にキーがありません"),
    "no blank behind the colon": ("名称: 項目一", "名称:項目一", "16:15", "E105", "「:」の後に空白がありません"),
    "no blank behind the dash": ("          - NO: 2", "          -NO: 2", "20:11", "E105", "「-」の後に空白がありません"),
    "dash forgotten": ("          - NO: 2", f"{ITEM}NO: 2", "20:13", "E109", "次の項目の始まりなら、行頭に「- 」を付けて"),
    "two keys on one line": ("名称: 項目一", "名称: 項目一 担当課: 企画課\n            実施状況: ◎ 今後の取扱い: 完了", "16:24", "E105", "一行に二つのキーを書いたなら行を分け"),
    "two known keys on one line": ("          - NO: 2", "          - NO: 2 名称: 項目二", "20:19", "E105", "一行に「NO」と「名称」の二つのキー"),
    "two known keys and a full-width blank": ("実施状況: ○", "実施状況: ○　今後の取扱い: 継続", "22:21", "E105", "一行に「実施状況」と「今後の取扱い」の二つのキー"),
    "colon and blank in a value": ("検証内容: 終わった。", "検証内容: 対象者: 10人", "19:22", "E105", "値の中に「:」と空白"),
    "colon at the end of a value": ("検証内容: 終わった。", "検証内容: 次のとおり:", "19:24", "E105", "値の中に「:」"),
    "row pasted from a spreadsheet": (BEFORE, f"{BEFORE}2\t項目二\t○\t継続\n", "20:2", "E105", "タブで区切った行です。表計算ソフトから"),
    "end of a document": (BEFORE, f"{BEFORE}...\n", "20:1", "E105", "「...」の行は、文書の終わりの印です"),
    # --- quotes and escapes
    "unclosed quote to the end": ("検証内容: 終わった。", '検証内容: "終わった。', "19:19", "E105", "引用符が閉じていません"),
    "unclosed quote before another": ("検証内容: 終わった。", '検証内容: "終わった。\n          - NO: 9\n            名称: "別"', "19:19", "E105", "引用符が閉じていません"),
    "words behind a quote": ("検証内容: 終わった。", '検証内容: "済"と"続"', "19:19", "E105", "引用符で囲んだ値の後に文字"),
    "path in quotes": ("検証内容: 終わった。", '検証内容: "共有フォルダ\\企画\\資料"', "19:26", "E105", "「\\企」は、特別な意味の記号になる"),
    "yen in quotes": ("検証内容: 終わった。", '検証内容: "\\100,000を支出"', "19:20", "E105", "金額なら「￥」か「円」"),
    "half of a pair": ("検証内容: 終わった。", '検証内容: "\\uD800"', "19:20", "E105", "「\\uD800」は、対になる番号の片方"),
    "number that is too large": ("検証内容: 終わった。", '検証内容: "\\U00110000"', "19:20", "E105", "「\\U00110000」は、文字の番号ではありません"),
    "number that is cut": ("検証内容: 終わった。", '検証内容: "\\u12"', "19:20", "E105", "「\\u12」は、文字の番号として読めません"),
    "line end in quotes": ("検証内容: 終わった。", '検証内容: "共有\\network"', "19:22", "W510", "「\\n」は、改行と読みました"),
    "number in quotes": ("検証内容: 終わった。", '検証内容: "終\\u308fった"', "19:21", "W510", "「\\u308f」は、文字「わ」と読みました"),
    "slash in quotes": ("検証内容: 終わった。", '検証内容: "5\\/6"', "19:21", "W510", "「\\/」は、「/」と読みました"),
    # --- values that begin with a sign
    "question mark": ("検証内容: 終わった。", "検証内容: ? 疑問", "19:19", "E105", "「?」で始まる値"),
    "greater than": ("検証内容: 終わった。", "検証内容: > 50%", "19:19", "E105", "「>」で始まる値"),
    "upright stroke": ("検証内容: 終わった。", "検証内容: |済", "19:19", "E105", "「|」で始まる値"),
    "comma": ("検証内容: 終わった。", "検証内容: , 済", "19:19", "E105", "「,」で始まる値"),
    "bracket in braces": ("検証内容: 終わった。", "検証内容: {x: [1, 2}", "19:23", "E105", "「[」で始まる値は、"),
    "closing bracket": ("検証内容: 終わった。", "検証内容: ] 済", "19:19", "E105", "「]」で始まる値"),
    "star": ("検証内容: 終わった。", "検証内容: *1の件", "19:19", "E105", "「*」で始まる値"),
    "exclamation mark": ("検証内容: 終わった。", "検証内容: !重要", "19:19", "E105", "「!」で始まる値"),
    "bracket that stays open": ("検証内容: 終わった。", "前版NO: [1, 2", "19:19", "E105", "並びや組なら「]」で閉じて"),
    # --- what YAML makes of it without a word
    "carried on to a second line": ("検証内容: 終わった。", f"検証内容: 終わって、\n{ITEM}  始まった。", "19:19", "W511", "値が20行目に続いているので、つなぎ目に半角の空白"),
    "carried on within quotes": ("検証内容: 終わった。", f'検証内容: "終わって、\n{ITEM}  始まった。"', "19:19", "W511", "値が20行目に続いている"),
    "carried on by >": ("検証内容: 終わった。", f"検証内容: >\n{ITEM}  終わって、\n{ITEM}  始まった。", "19:19", "W511", "値が21行目に続いている"),
    "words behind #": ("検証内容: 終わった。", "検証内容: 番号 #3の件", "19:22", "W509", "NO 1「項目一」の検証内容で、「#3の件」は"),
    "words behind # and a blank": ("検証内容: 終わった。", "検証内容: 終わった(番号 # 3)。", "19:27", "W509", "前の括弧が閉じていません"),
    "straight quotes": ("検証内容: 終わった。", '検証内容: 「"終"わった」。', "19:20", "W512", "「 」か “ ” に"),
    "straight single quotes": ("検証内容: 終わった。", "検証内容: いわゆる'協働'による。", "19:23", "W512", "「 」か “ ” に"),
    "backslash before a number": ("検証内容: 終わった。", "検証内容: \\100,000を支出", "19:19", "W513", "Windowsでは「¥」に見えますが"),
    "backslash before a number in single quotes": ("検証内容: 終わった。", "検証内容: '\\100を支出'", "19:20", "W513", "金額なら「￥」か「円」"),
}  # fmt: skip


def said(text: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    Path("source/test.yaml").write_text(text, "utf-8")
    command.main(["check", "test"])
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith("source/")]


@pytest.mark.parametrize("name", SLIPS)
@pytest.mark.usefixtures("project")
def test_each_slip_is_named_on_its_own_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, place, code, words = SLIPS[name]
    assert HEALTHY.count(old) == 1
    first = said(HEALTHY.replace(old, new), capsys)[0]
    assert first.startswith(f"source/test.yaml:{place}: {code}: "), first
    assert words in first


@pytest.mark.parametrize(
    "value",
    [
        '"「\\"済\\"」"',  # only the quotes themselves
        "'C:\\temp'",
        '"a long\n              English text"',
        f"|\n{ITEM}  一行目\n{ITEM}  二行目",
        "it's done",
        'Version "2"',
        "番号#3",
        "済 # 三月に",
    ],
)
@pytest.mark.usefixtures("project")
def test_what_is_meant_as_it_is_written_is_no_slip(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(HEALTHY.replace("終わった。", value), capsys)
    assert [line for line in found if "W512" not in line] == []


@pytest.mark.usefixtures("project")
def test_what_an_error_hides_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A syntax error keeps all that comes after it from being looked at."""
    (only,) = said(HEALTHY.replace("名称: 項目一", "名称：項目一").replace("実施状況: ×", "実施状況: ✕"), capsys)
    assert only.endswith("ほかの誤りはまだ調べていません。")
    found = said(HEALTHY.replace("実施状況: ×", "実施状況: ✕"), capsys)
    assert not any("まだ調べていません" in line for line in found)


def test_no_slip_is_answered_with_the_general_sentence() -> None:
    assert not [name for name, (*_, words) in SLIPS.items() if re.search("字下げ、「:」の後の空白", words)]
