"""Bad sources, each laid over one healthy edition, with the place, the code and the words that must come out."""

import datetime
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipeline.cli.command import main
from pipeline.errors import LackError, Problem, SourceError
from pipeline.fonts import font_files
from pipeline.library import Library
from pipeline.model.dates import NoDateError, head_year, japanese_date, read_date
from pipeline.model.edition import Item, read_edition
from pipeline.model.validation import validate
from pipeline.source.limits import MAX_PROBLEMS, MAX_TEXT
from pipeline.source.tree import parse_source, plain, read_source

from .conftest import DONE, HEALTHY, ROOT
from .editions import said
from .test_source import FILES, LARGE, problems_in

POLICIES = HEALTHY[HEALTHY.index("推進方針:") :]
LISTS = HEALTHY[HEALTHY.index("凡例:") : HEALTHY.index("推進方針:")]
LAST_ROWS = HEALTHY[HEALTHY.index("        推進項目:\n          - NO: 3") :]
ROW = " " * 12  # where the keys of an item stand

# What is replaced in HEALTHY, by what; then every problem that must come out, in order: place, code, words.
# One problem each, unless one mistake makes another.
Case = tuple[str, str, list[tuple[str, str, str]]]


def block(*lines: str) -> str:
    """A text of such lines below its key."""
    return "".join(["|", *(f"\n{14 * ' '}{line}" for line in lines)])


# Each line at the head of a page is about as long as it may be, and the names take the most room.
CROWDED = "".join(f"{key}: {key[0] * 100}\n" for key in ("年度", "資料番号", "担当課"))
CROWDED += HEALTHY.replace("方針一", "針" * 200).replace("施策一", "策" * 200)

# Of many symbols, each as long as it may be.
MEANINGS = "検討\n" + "\n".join(f"  記号{number}: {'意味' * 100}" for number in range(10))

CASES: dict[str, Case] = {
    # --- the file as YAML
    "control character": ("終わった", "終\x07わった", [("19:20", "E104", "U+0007")]),
    "line separator": ("終わった", "終\u2028わった", [("19:20", "E104", "U+2028")]),
    "bare dash": ("検証内容: 終わった。", "検証内容: -", [("19:19", "E105", '"-" のように')]),
    "bare dash before words": ("検証内容: 終わった。", "検証内容: - 済", [("19:19", "E105", '"-" のように')]),
    "full-width colon": ("名称: 項目二", "名称：項目二", [("21:15", "E105", "全角の「：」")]),
    "full-width colon at the top": ("表題: 試験", "表題：試験", [("1:3", "E105", "全角の「：」")]),
    "tab as indentation": (f"{ROW}実施状況: ○", "\t\t\t実施状況: ○", [("22:1", "E105", "タブ")]),
    "tab after spaces": (f"{ROW}実施状況: ○", f"{ROW}\t実施状況: ○", [("22:13", "E105", "タブ")]),
    "full-width indentation": (f"{ROW}実施状況: ○", "　　　実施状況: ○", [("22:1", "E105", "全角の空白")]),
    "full-width space in the indentation": (
        f"{ROW}名称: 項目二",
        f"{ROW}　名称: 項目二",
        [("20:13", "E201", "NO 2の名称が"), ("21:13", "E202", "「名称」の前か後の全角の空白を削除")],
    ),
    "no space after the colon": ("名称: 項目二", "名称:項目二", [("21:15", "E105", "「:」の後に空白がありません")]),
    "no space after the colon at the top": ("表題: 試験", "表題:試験", [("1:3", "E105", "「:」の後に空白がありません")]),
    "no space after the dash": ("- NO: 2", "-NO: 2", [("20:11", "E105", "「-」の後に空白がありません")]),
    "no colon": ("検証内容: 終わった。", "検証内容 終わった。", [("19:13", "E105", "「:」がありません")]),
    "colon within a value": ("終わった。", "理由: 終わった。", [("19:21", "E105", "全体を引用符で")]),
    "quote not closed": ("終わった。", '"終わった。', [("19:19", "E105", "引用符が閉じていません")]),
    "text after a quotation": ("終わった。", '"終わった"と聞く。', [("19:19", "E105", "引用符で囲んだ値の後")]),
    "value that begins with a bracket": ("終わった。", "[案]終わった。", [("19:19", "E105", "全体を引用符で")]),
    "value that begins with @": ("終わった。", "@終わった。", [("19:19", "E105", "全体を引用符で")]),
    "value that begins with *": ("終わった。", "*終わった。", [("19:19", "E105", "全体を引用符で")]),
    "value less indented than its key": ("終わった。", "終わった。\n  続き", [("20:3", "E105", "字下げ")]),
    "key between two levels": ("終わった。", "終わった。\n         続き: あ", [("20:10", "E105", "字下げが、14行目の「推進項目」より1字深く")]),
    "anchor": ("終わった。", "&a 終わった。", [("19:19", "E106", "アンカー(&)")]),
    "alias": ("終わった。", "*a", [("19:19", "E106", "別名(*)")]),
    "tag": ("終わった。", "!!str 終わった。", [("19:19", "E106", "タグ(!)")]),
    "second document": ("推進方針:", "---\n推進方針:", [("10:1", "E106", "二つ目の文書")]),
    "directive": ("表題:", "%YAML 1.1\n---\n表題:", [("1:1", "E106", "「%」")]),
    "21 levels": ("終わった。", "[" * 16 + "]" * 16, [("19:32", "E107", "20段")]),
    "key twice at the top": ("自治体: 試験市", "表題: 試験", [("2:1", "E109", "1行目にもあります")]),
    "key twice in an item": ("実施状況: ○", f"実施状況: ○\n{ROW}実施状況: ×", [("23:13", "E109", "22行目にも")]),
    "symbol twice in the legend": ("  ○: 継続推進", "  ◎: 継続推進", [("5:3", "E109", "キー「◎」")]),
    "nothing but comments": (HEALTHY, "# 表題\n", [("", "E110", "中身がありません")]),
    "key that is a list": ("自治体: 試験市", "? [あ]\n: い", [("2:3", "E111", "200字")]),
    "key that is a text": ("自治体: 試験市", "あ" * 201 + ": い", [("2:1", "E111", "200字")]),
    # --- structure and types
    "no title": ("表題: 試験一覧\n", "", [("1:1", "E201", "「表題」がありません")]),
    "no policies": (POLICIES, "", [("1:1", "E201", "「推進方針」がありません。一つ以上")]),
    "no legend": ("凡例:\n  ◎: 実施済\n  ○: 継続推進\n  ×: 検討中\n", "", [("1:1", "E201", "(例 ◎: 実施済)")]),
    "item without a name": (f"名称: 項目二\n{ROW}", "", [("20:13", "E201", "NO 2の名称がありません")]),
    "item without a status": (f"{ROW}実施状況: ○\n", "", [("20:13", "E201", "NO 2「項目二」の実施状況がありません。凡例の")]),
    "unknown key at the top": ("自治体: 試験市", "自治休: 試験市", [("2:1", "E202", "「自治体」ではありませんか")]),
    "unknown key like no other": ("自治体: 試験市", "発行: 試験市", [("2:1", "E202", "使えるキーは表題、")]),
    "unknown key in the heads": ("自治体: 試験市", "見出し: {推進方真: あ}", [("2:7", "E202", "「推進方針」では")]),
    "unknown key in a policy": ("名称: 方針一", "名称: 方針一\n    改頁: true", [("12:5", "E202", "使えるキーは名称、改ページ、担当課、推進施策です")]),
    "unknown key in a measure": (
        "名称: 施策一",
        "名称: 施策一\n        推進事項: []",
        [("14:9", "E202", "「推進項目」ではありませんか")],
    ),
    "unknown key in an item": (
        "実施状況: ○",
        f"実施状況: ○\n{ROW}検証内答: あ",
        [("23:13", "E202", "NO 2「項目二」のキー「検証内答」は使えません。「検証内容」ではありませんか。")],
    ),
    "確認済 of no warning": ("自治体: 試験市", "確認済: [{警告: 502, 理由: よい}]", [("2:12", "E218", "確認済の「警告」の値「502」は、使えません。警告の番号(例 W502)")]),
    "確認済 of a 未記入": ("自治体: 試験市", "確認済: [{警告: W507, 理由: よい}]", [("2:12", "E218", "未記入は、確認済にできません")]),
    "確認済 without a reason": ("自治体: 試験市", "確認済: [{警告: W502}]", [("2:7", "E201", "理由")]),
    "確認済 without its warning": ("自治体: 試験市", "確認済: [{警告: W502, NO: 3, 理由: よい}]", [("2:7", "W515", "「確認済」のW502(NO 3)に該当する警告がありません。直した警告なら、この行を削除してください。")]),
    "number of an unknown document": ("自治体: 試験市", "資料番号: {一覧: 資料1, 集計: 資料2}", [("2:17", "E202", "「集計表」ではありませんか")]),
    "numbers in a list": ("自治体: 試験市", "資料番号: [資料1]", [("2:7", "E203", "{一覧: 資料1-1, 集計表: 資料1-2}")]),
    "number that is a list": ("自治体: 試験市", "資料番号: {一覧: [資料1]}", [("2:12", "E203", "資料番号の「一覧」は文字で")]),
    "long number": ("自治体: 試験市", f"資料番号: {'資' * 101}", [("2:7", "E208", "「資料番号」が101字あります。100字までに")]),
    "long number of one document": ("自治体: 試験市", f"資料番号: {{経過: {'資' * 101}}}", [("2:12", "E208", "資料番号の「経過」が101字")]),
    "key beside a repeat": ("- 再掲: 1", f"- 再掲: 1\n{ROW}名称: あ", [("32:13", "E202", "再掲 1の行に「名称」")]),
    "legend that is a text": (LISTS, "凡例: ◎○×\n今後の取扱い: {完了: 終了, 継続: 継続}\n", [("3:5", "E203", "「◎○×」")]),
    "policies that are a text": (POLICIES, "推進方針: あ\n", [("10:7", "E203", "並び")]),
    "row that is a text": ("- NO: 3", "- あ\n          - NO: 3", [("26:13", "E203", "「推進項目」の1番目")]),
    "name that is a list": ("名称: 項目二", "名称: [項目二]", [("21:17", "E203", "NO 2の名称は文字で")]),
    "prose that is a mapping": ("終わった。", "{あ: い}", [("19:19", "E203", "NO 1「項目一」の検証内容は文字で")]),
    "前版NO without brackets": ("検証内容: 終わった。", "前版NO: 1", [("19:19", "E203", "[11, 12]")]),
    "everything a list": (HEALTHY, "- 表題: あ\n", [("1:1", "E203", "全体を")]),
    "empty name": ("名称: 項目二", "名称:", [("21:16", "E204", "NO 2の名称が空です")]),
    "blank name": ("名称: 項目二", '名称: "　"', [("21:17", "E204", "NO 2の名称が空白だけです")]),
    "empty name of a measure": ("名称: 施策一", '名称: ""', [("13:13", "E204", "推進施策の「名称」が空です")]),
    "empty title": ("表題: 試験一覧", "表題:", [("1:4", "E204", "「表題」が空です")]),
    "empty status": ("実施状況: ○", "実施状況:", [("22:18", "E204", "NO 2「項目二」の実施状況が空です。凡例の記号")]),
    "empty meaning": ("  ○: 継続推進", "  ○:", [("5:5", "E204", "凡例の「○」が空です")]),
    "blank meaning": ("  ○: 継続推進", '  ○: "　"', [("5:6", "E204", "凡例の「○」が空白だけです")]),
    "empty symbol": ("  ×: 検討中\n", '  ×: 検討中\n  "": あ\n', [("7:3", "E204", "「凡例」に空のキー")]),
    "empty list of policies": (POLICIES, "推進方針: []\n", [("10:7", "E204", "「推進方針」が空です。一つ以上")]),
    "empty row": ("- NO: 3", "-\n          - NO: 3", [("26:12", "E204", "「推進項目」の1番目が空です")]),
    "empty 統合先": ("検証内容: 終わった。", "統合先:", [("19:17", "E204", "NO 1「項目一」の統合先が空です")]),
    "blank 統合先": ("検証内容: 終わった。", "統合先: 　", [("19:18", "E204", "NO 1「項目一」の統合先が空です")]),
    "NO with a leading zero": ("NO: 2", "NO: 0755", [("20:17", "E205", "NO 0755「項目二」のNO「0755」は")]),
    "NO that is a time": ("NO: 2", "NO: 12:30", [("20:17", "E205", "NO「12:30」は")]),
    "full-width NO": ("NO: 2", "NO: ２", [("20:17", "E205", "「２」(U+FF12)は、番号として読めません")]),
    "NO zero": ("NO: 2", "NO: 0", [("20:17", "E205", "NO「0」は")]),
    "negative NO": ("NO: 2", "NO: -1", [("20:17", "E205", "NO「-1」は")]),
    "NO with a fraction": ("NO: 2", "NO: 1.5", [("20:17", "E205", "NO「1.5」は")]),
    "NO in a list": ("NO: 2", "NO: [2]", [("20:17", "E205", "「項目二」のNO(並び)は")]),
    "repeat of a word": ("再掲: 1", "再掲: 項目一", [("31:17", "E205", "再掲「項目一」は、番号として")]),
    "yes is no flag": ("自治体: 試験市", "案: yes", [("2:4", "E206", "「案」には、true(案と表示する)か false(表示しない)を書いてください(書かれている値: 「yes」)。")]),
    "ある is no flag": ("名称: 施策一", "名称: 施策一\n        改ページ: ある", [("14:15", "E206", "「改ページ」には、true(ここから")]),
    "impossible date": ("自治体: 試験市", "現在日: 2013-02-30", [("2:6", "E207", "「2013-02-30」は、暦にない")]),
    "impossible date with slashes": ("自治体: 試験市", "現在日: 2013/13/1", [("2:6", "E207", "「2013/13/1」は、暦にない")]),
    "impossible date of an era": ("自治体: 試験市", "現在日: 平成25年2月29日", [("2:6", "E207", "「平成25年2月29日」は、暦にない")]),
    "date after the end of an era": ("自治体: 試験市", "現在日: 平成31年5月1日", [("2:6", "E207", "平成にない日付です(令和元年5月1日に当たります)")]),
    "date of no era": ("自治体: 試験市", "現在日: 平和25年3月31日", [("2:6", "E207", "2013-03-31 か 2013/3/31 か 平成25年3月31日")]),
    "date of a month": ("自治体: 試験市", "現在日: 平成25年3月", [("2:6", "E207", "「平成25年3月」は、日付として読めません")]),
    "prose too long": ("終わった。", "あ" * (MAX_TEXT + 1), [("19:19", "E208", "NO 1「項目一」の検証内容が20,001字")]),
    "title too long": ("試験一覧", "表" * 201, [("1:5", "E208", "「表題」が201字あります。200字までにしてください。")]),
    "office too long": ("自治体: 試験市", f"担当課: {'課' * 101}", [("2:6", "E208", "「担当課」が101字あります。100字まで")]),
    "name too long": ("名称: 項目二", f"名称: {'あ' * 501}", [("21:17", "E208", "の名称が501字あります。500字まで")]),
    "heading too long": ("名称: 方針一", f"名称: {'方' * 201}", [("11:9", "E208", "推進方針の「名称」が201字あります。200字まで")]),
    "meaning too long": ("継続推進", "続" * 201, [("5:6", "E208", "凡例の「○」が201字あります。200字まで")]),
    "symbol too long": ("  ×: 検討中\n", f"  ×: 検討中\n  {'☆' * 13}: 他\n", [("7:3", "E208", f"「凡例」のキー「{'☆' * 13}」が13字あります。12字まで")]),
    "term too long": ("  継続: 継続\n", f"  継続: 継続\n  {'継' * 13}: 継続\n", [("10:3", "E208", "「今後の取扱い」のキー")]),
    "column head too long": ("自治体: 試験市", f"見出し: {{推進項目: {'項' * 31}}}", [("2:13", "E208", "見出しの「推進項目」が31字あります。30字まで")]),
    "name of too many lines": ("名称: 項目二", f"名称: {block(*'項目が多い二')}", [("21:17", "E213", "の名称が6行あります。5行までにしてください。")]),
    "too many symbols": ("  ×: 検討中\n", "".join(f"  {sign}: {sign}\n" for sign in "×子丑寅卯辰巳午未申酉戌亥甲乙丙丁戊己"), [("4:3", "E215", "「凡例」が21種類あります。20種類までにしてください。")]),
    "blank lines": ("検証内容: 終わった。", f"検証内容: {block('始め', *[''] * 11, '終わり')}", [("19:19", "E214", "NO 1「項目一」の検証内容に空行が11行続いています(「始め」の後)。10行まで")]),
    "lines of spaces": ("検証内容: 終わった。", f"検証内容: {block('始め', *['　'] * 11, '終わり')}", [("19:19", "E214", "に空行が11行続いています")]),
    "spaces that fill lines": ("終わった。", f"始め{'　' * 101}終わり", [("19:19", "E214", "に空白が101字続いています(「始め」の後)。100字まで")]),
    "code without check digit": ("自治体: 試験市", "団体コード: 35203", [("2:8", "E219", "「団体コード」の値「35203」は、検査数字までの6桁の半角の数字ではありません。「035203」か「352039」")]),
    "code whose 0 a spreadsheet dropped": ("自治体: 試験市", "団体コード: 11002", [("2:8", "E219", "「011002」か「110027」では")]),
    "code in full width": ("自治体: 試験市", "団体コード: ３５２０３９", [("2:8", "E219", "「352039」では")]),
    "code with a wrong check digit": ("自治体: 試験市", "団体コード: 352038", [("2:8", "E219", "検査数字(6桁目)が合いません。初めの5桁が正しければ「352039」です")]),
    "code of no prefecture": ("自治体: 試験市", "団体コード: 482013", [("2:8", "E219", "都道府県のコード(01から47まで)")]),
    "name for a code": ("自治体: 試験市", "団体コード: 山口市", [("2:8", "E219", "例えば、山口市は「352039」")]),
    "history without days": ("自治体: 試験市", "公開: {更新履歴: [{内容: 訂正}]}", [("2:13", "E201", "更新履歴の「日付」がありません")]),
    "unknown key of 公開": ("自治体: 試験市", "公開: {ライセンズ: CC0}", [("2:6", "E202", "「ライセンス」ではありませんか")]),
    "前版 that is no id": ("自治体: 試験市", "前版: H23年度", [("2:5", "E209", "「H23年度」は、版の名前では")]),
    "凡例の場所 that is none": ("凡例:", "凡例の場所: 1ページ\n凡例:", [("3:8", "E212", "「1ページ」は、「各ページ」")]),
    "treatment that neither goes on nor ends": ("完了: 終了", "完了: 済", [("8:7", "E211", "「完了」の値「済」")]),
    # --- characters
    "tab within a value": ("終わった", "終\tわった", [("19:20", "E301", "(U+0009)は、制御文字です")]),
    "right-to-left override": ("終わった", "終\u202eわった", [("19:20", "E302", "NO 1「項目一」の検証内容にある文字(U+202E)")]),
    "zero-width space": ("終わった", "終\u200bわった", [("19:20", "E303", "(U+200B)は、見えない文字です")]),
    "lone variation selector": ("終わった", "\ufe00終わった", [("19:19", "E303", "異体字セレクタ")]),
    "gaiji": ("項目二", "項\ue000二", [("21:18", "E304", "NO 2「項�二」の名称にある文字(U+E000)は、外字です")]),
    "radical": ("終わった", "終⼈わった", [("19:20", "E305", "漢字「人」(U+4EBA)に直してください")]),
    "kanji that the font lacks": ("項目二", "項𠮷二", [("21:18", "E306", "NO 2「項𠮷二」の名称にある「𠮷」(U+20BB7)は")]),
    "first character that the font lacks": ("項目二", "𠮷田二", [("21:17", "E306", "代わりに「吉」が使えます。(先頭)")]),
    "subscript that the font lacks": ("終わった", "CO₂が減った", [("19:21", "E306", "「₂」(U+2082)は、指定の書体にない文字です。代わりに「CO2」が使えます。")]),
    "hyphen that the font lacks": ("終わった", "市\u2011県", [("19:20", "E306", "「‑」(U+2011)は、指定の書体にない文字です。代わりに「-」が使えます。")]),
    "picture that no font of ours has": ("終わった", "終わった💡", [("19:23", "E306", "かなで書いてください")]),
    "variant that the font lacks": ("終わった", "終葛\U000e01efた", [("19:20", "E306", "(U+845B U+E01EF)は")]),
    "no character at all": ("終わった", "終\u0378わった", [("19:20", "E307", "(U+0378)は、文字として")]),
    "mark on nothing": ("終わった", "\u309a終わった", [("19:19", "E308", "「゚」(U+309A)は、前の文字に付く記号ですが、前に文字がありません")]),
    # --- between the parts
    "NO twice": ("NO: 2", "NO: 1", [("20:17", "E401", "15行目のNO 1「項目一」と同じです")]),
    "look-alike as a status": ("実施状況: ○", "実施状況: ◯", [("22:19", "E402", "「○」(U+25CB)ではありませんか")]),
    "word as a status": ("実施状況: ○", "実施状況: 継続推進", [("22:19", "E402", "使えるのは「◎」、「○」、「×」です。")]),
    "treatment outside the list": (
        "今後の取扱い: 完了",
        "今後の取扱い: 完了する",
        [("18:21", "E403", "NO 1「項目一」の今後の取扱い「完了する」は「今後の取扱い」の語にありません。「完了」では")],
    ),
    "treatment that is meant with what nobody sees": (
        "  完了: 終了\n",
        "  \ufeff了: 終了\n",
        [
            ("8:3", "E303", "文字(U+FEFF)は、見えない文字です"),
            ("18:21", "E403", "「完了」は「今後の取扱い」の語にありません。「�了」ではありませんか。"),
        ],
    ),
    "treatment like no other": ("今後の取扱い: 完了", "今後の取扱い: 廃", [("18:21", "E403", "使えるのは「完了」、「継続」")]),
    "repeat of nothing": ("再掲: 1", "再掲: 9", [("31:17", "E404", "再掲に書かれたNO 9の項目はありません")]),
    "repeat of the same measure": ("再掲: 1", "再掲: 3", [("31:17", "E405", "再掲のNO 3「項目三」は、同じ推進施策の中")]),
    "前版 that is missing": ("自治体: 試験市", "前版: h22", [("2:5", "E406", "前版「h22」")]),
    "前版 like no other": ("自治体: 試験市", "前版: zzz", [("2:5", "E406", "今ある版: after-broken、broken、h23、round")]),
    "前版 that is itself": ("自治体: 試験市", "前版: h24", [("2:5", "E407", "自分自身")]),
    "前版 that comes round": ("自治体: 試験市", "前版: round", [("2:5", "E407", "循環しています(h24 → round → h24)。")]),
    "前版NO that the 前版 lacks": (
        "検証内容: 終わった。",
        "前版NO: [1, 9]",
        [("19:23", "E408", "NO 1「項目一」の前版NO「9」は、前版「h23」にありません。前版のNOは1から3まで")],
    ),
    "前版NO without 前版": ("検証内容: 終わった。", "前版NO: [1]", [("19:20", "E409", "「前版」がありません")]),
    "前版 that is broken": ("自治体: 試験市", "前版: broken", [("2:5", "E410", "先に前版を直してください")]),
    "前版 that is broken before that": ("自治体: 試験市", "前版: after-broken", [("2:5", "E410", "「broken」が読めません")]),
    "廃止 of what is still listed": (
        "自治体: 試験市",
        "前版: h23\n廃止: [{前版NO: 3, 理由: 縮小}]",
        [("3:13", "E419", "前版NO「3」と同じ名称の項目が、27行目にあります(NO 3「項目三」)。")],
    ),
    "廃止 without 前版": ("自治体: 試験市", "廃止: [{前版NO: 1, 理由: 縮小}]", [("2:13", "E409", "「廃止」に「前版NO」がありますが")]),
    "廃止 without a reason": ("自治体: 試験市", "前版: h23\n廃止: [{前版NO: 1, 理由: }]", [("3:13", "E419", ""), ("3:20", "E204", "理由")]),
    "統合先 that is itself": ("検証内容: 終わった。", "統合先: 項目一", [("19:18", "E412", "その項目自身の名称")]),
    "meanings that leave no room": ("検討中", MEANINGS, [("3:1", "E413", "「凡例の場所: 一ページ目」と書き足して、意味を")]),
    "meanings that fill the first page": ("凡例:\n  ◎: 実施済\n  ○: 継続推進\n  ×: 検討中", f"凡例の場所: 一ページ目\n凡例:\n  ◎: 実施済\n  ○: 継続推進\n  ×: {MEANINGS}", [("4:1", "E413", "用紙の高さの半分までです")]),
    "names that leave no room": (HEALTHY, CROWDED, [("14:9", "E413", "「名称」が長すぎます(全角でおよそ")]),
    "lines that leave no room": ("表題: 試験一覧", f"年度: {'年' * 100}\n資料番号: {'資' * 100}\n担当課: {'課' * 100}\n表題: {'題' * 200}", [("4:5", "E413", "「表題」が長すぎます(全角でおよそ200字)")]),
    # --- warnings
    "gap": ("NO: 3", "NO: 7", [("26:17", "W501", "NO 7「項目三」の前で、NO 3から6までが抜けています")]),
    "gap of one": ("NO: 3", "NO: 4", [("26:17", "W501", "NO 4「項目三」の前で、NO 3が抜けています")]),
    "disorder": ("NO: 1\n", "NO: 4\n", [("15:17", "W501", "NO 1から3までが"), ("20:17", "W502", "NO 4の後"), ("31:17", "E404", "NO 1")]),
    "name twice": ("名称: 項目二", "名称: 項目一", [("21:17", "W503", "15行目にもあります(NO 1「項目一」)")]),
    "empty policy": ("          - 再掲: 1\n", "          - 再掲: 1\n  - 名称: 方針二\n", [("32:5", "W504", "推進方針「方針二」に推進施策がありません")]),
    "empty measure": (LAST_ROWS, "", [("24:9", "W504", "推進施策「施策二」に推進項目がありません")]),
    "◎ that goes on": ("今後の取扱い: 完了", "今後の取扱い: 継続", [("18:21", "W505", "「◎」(実施済)なのに")]),
    "完了 without ◎": ("実施状況: ◎", "実施状況: ○", [("17:19", "W506", "「完了」なのに実施状況が「○」(継続推進)")]),
    "status not yet known": ("実施状況: ○", "実施状況: 未記入", [("22:19", "W507", "NO 2「項目二」の実施状況が未記入")]),
    "treatment not yet known": ("今後の取扱い: 完了", "今後の取扱い: 未記入", [("18:21", "W507", "今後の取扱いが未記入")]),
    "words behind #": ("検証内容: 終わった。", "検証内容: 番号 #3の件", [("19:22", "W509", "「#3の件」は、注釈とみなして")]),
    "forty words behind #": ("検証内容: 終わった。", f"検証内容: #{'三' * 39}", [("19:19", "W509", f"「#{'三' * 39}」は、")]),
    "nothing but words behind #": ("検証内容: 終わった。", "検証内容: #3の件", [("19:19", "W509", "「#3の件」は、注釈とみなして")]),
    "escape in quotes": ("検証内容: 終わった。", '検証内容: "共有\\network"', [("19:22", "W510", "「\\n」は、改行と読みました")]),
    "value on two lines": ("終わった。", f"終わって、\n{ROW}  始まった。", [("19:19", "W511", "つなぎ目に半角の空白が入ります")]),
    "kanji on one side of a break": ("終わった。", f"PDF\n{ROW}  始まった。", [("19:19", "W511", "つなぎ目に半角の空白が入ります")]),
    "straight quotes": ("終わった。", '事業は"協働"で行う。', [("19:22", "W512", "そのまま印刷されます")]),
    "backslash for yen": ("終わった。", "\\100,000を支出", [("19:19", "W513", "金額なら「￥」か「円」")]),
    "repeat twice": ("再掲: 1", "再掲: 1\n          - 再掲: 1", [("32:17", "W508", "同じ推進施策に二度")]),
}  # fmt: skip


# An edition of another form. Made up for the tests.
FORMED = """\
表題: 試験一覧
段:
  - {名称: 目標, 番号: 自由}
項目: {名称: 取組, 番号: 自由}
欄:
  所管: {種類: 課}
  目標値: {種類: 数}
  実績: {種類: 数, 単位: 件, 年度: [R5, R6]}
  評価:
    種類: 記号
    凡例: {A: 達成, B: 未達成}
    集計: 主
    完了の記号: [A]
  方向:
    種類: 語
    語: {継続: 継続, 完了: 終了}
    行方: true
    完了の語: [完了]
  期限: {種類: 日付}
  説明: {種類: 文章, 段落: 下}
印: {重点: 重点的な取組}
注: {1: 注の文}
目標:
  - 名称: 目標一
    番号: 1
    取組:
      - NO: 1
        番号: 1-1
        名称: 取組一
        印: [重点]
        所管: 総務課
        目標値: 10
        単位: 人
        実績: [3, なし]
        評価: A
        方向: 完了
        期限: 2026-03-31
        説明: 文章※1
"""

# What is wrong with it: an old and a new text, and each problem as above.
FORM_CASES: dict[str, Case] = {
    "unknown numbering": ("番号: 自由}\n項目", "番号: 数字}\n項目", [("3:18", "E218", "段の「番号」の値「数字」は、使えません。「ローマ数字」、")]),
    "levels without a value": ("段:\n  - {名称: 目標, 番号: 自由}", "段:", [("2:3", "E204", "「段」が空です。見出しのない一覧なら、「段: []」と書いてください")]),
    "no columns": (FORMED[FORMED.index("欄:\n") : FORMED.index("印: {")], "欄:\n", [("5:3", "E204", "「欄」が空です。名称の右の欄を、一つ以上書いてください(例 備考: {種類: 文字})")]),
    "five levels": ("  - {名称: 目標, 番号: 自由}", "".join(f"  - {{名称: {one}}}\n" for one in "甲乙丙丁戊"), [("3:3", "E215", "「段」が5個あります。4個まで")]),
    "too many terms": ("{種類: 課}", f"{{種類: 語, 語: [{', '.join('子丑寅卯辰巳午未申酉戌亥甲乙丙丁戊己庚辛壬')}]}}", [("6:18", "E215", "所管の「語」が21個あります。20個までにしてください。")]),
    "unknown kind": ("{種類: 課}", "{種類: 係}", [("6:12", "E218", "欄「所管」の種類「係」は、使えません。「記号」、")]),
    "no kind": ("{種類: 課}", "{単位: 件}", [("6:7", "E201", "欄「所管」の種類がありません。「記号」、")]),
    "kind without its key": ("{種類: 課}", "課", [("6:7", "E203", "欄の「所管」は「キー: 値」の組で書いてください(例 {種類: 文章}。書かれている値: 「課」)")]),
    "column with a long name": ("  所管: {", f"  {'所' * 31}: {{", [("6:3", "E208", f"「欄」のキー「{'所' * 31}」が31字あります。30字まで")]),
    "key of another kind": ("{種類: 課}", "{種類: 課, 単位: 件}", [("6:15", "E202", "使えるキーは種類です")]),
    "paragraph that is not below": ("段落: 下", "段落: 上", [("20:20", "E218", "使えません。「下」と書いて")]),
    "level named twice": ("取組, 番号", "目標, 番号", [("4:10", "E416", "「目標」という名前が二度あります")]),
    "column with the name of a key": ("  所管: {", "  名称: {", [("6:3", "E416", "ほかの意味を持つキー")]),
    "level with the name of a key": ("{名称: 目標, 番", "{名称: 年度, 番", [("3:10", "E416", "段の名前にできません")]),
    "two that decide": ("  期限: {種類: 日付}", "  期限: {種類: 語, 語: {続: 継続}, 行方: true}", [("19:3", "E417", "「行方: true」の欄は一つだけです")]),
    "two that count": ("    行方: true\n", "    集計: 主\n    行方: true\n", [("14:3", "E417", "「集計: 主」の欄は一つだけです")]),
    "two departments": ("  目標値: {種類: 数}", "  関係課: {種類: 課}", [("7:3", "E417", "「種類: 課」の欄は一つだけです")]),
    "short form beside columns": ("印: {", "凡例: {A: あ}\n印: {", [("21:1", "E417", "欄の中に書いてください")]),
    "terms that do not say what goes on": ("{継続: 継続, 完了: 終了}", "[継続, 完了]", [("16:8", "E417", "行方の欄なので")]),
    "terms that say so in vain": ("    行方: true\n", "", [("16:8", "E417", "行方の欄だけです")]),
    "a term that is too long": ("{継続: 継続, 完了: 終了}", f"{{継続: 継続, 完了: 終了, {'継' * 21}: 継続}}", [("16:25", "E208", f"方向の「語」のキー「{'継' * 21}」が21字あります")]),
    "a term of a list that is too long": ("{継続: 継続, 完了: 終了}\n    行方: true\n    完了の語: [完了]", f"[完了, {'継' * 21}]", [("16:13", "E208", f"方向の「語」のキー「{'継' * 21}」が21字あります")]),
    "done by no symbol": ("完了の記号: [A]", "完了の記号: [Ａ]", [("13:13", "E402", "「A」(U+0041)ではありませんか")]),
    "unit in a number": ("目標値: 10", "目標値: 10件", [("32:14", "E216", "NO 1「取組一」の目標値「10件」は、数ではありません。「10」と書き、単位は「単位: 件」")]),
    "wide digits": ("目標値: 10", "目標値: １０", [("32:14", "E216", "半角の数字で「10」と")]),
    "words for a number": ("目標値: 10", "目標値: 多数", [("32:14", "E216", "数がなければ「-」か「なし」")]),
    "no number": ("        目標値: 10\n", "", [("27:9", "E201", "NO 1「取組一」の目標値がありません")]),
    "a year too many": ("[3, なし]", "[3, 4, 5]", [("34:13", "E217", "値が3個あります。「年度」の数と同じ2個を")]),
    "a figure split at its comma": ("[3, なし]", "[1,250, 3]", [("34:13", "E217", "'1,250' のように引用符で囲んで")]),
    "a year with a unit": ("[3, なし]", "[3, 4件]", [("34:17", "E216", "単位は「単位: 件」")]),
    "a year that is there twice": ("[R5, R6]", "[R5, R5]", [("8:31", "E416", "「実績」の「年度」に「R5」が二度あります")]),
    "no years": ("[R5, R6]", "[]", [("8:26", "E204", "実績の「年度」が空です")]),
    "no list of years": ("[3, なし]", "3", [("34:13", "E203", "並び")]),
    "symbol of no list": ("評価: A", "評価: C", [("35:13", "E402", "NO 1「取組一」の評価「C」は凡例にありません")]),
    "term of no list": ("方向: 完了", "方向: 終了", [("36:13", "E403", "「方向」の語にありません")]),
    "no day": ("2026-03-31", "2026-02-30", [("37:13", "E207", "暦にない日付です")]),
    "unknown mark": ("印: [重点]", "印: [新規]", [("30:13", "E414", "NO 1「取組一」の印「新規」は「印」にありません")]),
    "mark that is there twice": ("印: [重点]", "印: [重点, 重点]", [("30:17", "E414", "NO 1「取組一」の印「重点」が二度あります。一つを削除してください。")]),
    "mark of no list": ("印: {重点: 重点的な取組}\n", "", [("29:13", "E414", "NO 1「取組一」の印「重点」の意味がありません。ファイルの初めに「印: {重点: 意味}」を書いて")]),
    "note with its sign": ("注: {1: 注の文}", "注: {※1: 注の文}", [("22:5", "W514", "注の「※1」は、「※」を付けずに「1」と書いてください"), ("38:13", "E415", "「※1」の注がありません")]),
    "note that is missing": ("文章※1", "文章※2", [("22:5", "W514", "「※1」が、どこにも"), ("38:13", "E415", "「※2」の注がありません")]),
    "note without a reference": ("文章※1", "文章", [("22:5", "W514", "「※1」が、どこにも")]),
    "number not yet known": ("目標値: 10", "目標値: 未記入", [("32:14", "W507", "NO 1「取組一」の目標値が未記入です")]),
    "year not yet known": ("[3, なし]", "[3, 未記入]", [("34:17", "W507", "実績が未記入です")]),
    "done but going on": ("方向: 完了", "方向: 継続", [("36:13", "W505", "評価が「A」(達成)なのに方向が「継続」")]),
    "too many columns": ("{種類: 数, 単位: 件, 年度: [R5, R6]}", "{種類: 文章}\n  い: {種類: 文章}\n  う: {種類: 文章}\n  え: {種類: 文章}\n  お: {種類: 文章}", [("5:1", "E418", "A4横の幅に約")]),
    "legends that leave no room": ("{A: 達成, B: 未達成}", "{" + ", ".join(f"{sign}: {'意' * 150}" for sign in "ABCDEF") + "}", [("9:3", "E413", "「凡例」が長すぎます(全角でおよそ")]),
    "paper of no size": ("印: {", "用紙: B4\n印: {", [("21:5", "E218", "「A4横」、「A4縦」か「A3横」と")]),
}  # fmt: skip


def formed(name: str) -> str:
    """FORMED with the mistake of that case."""
    old, new, _ = FORM_CASES[name]
    assert FORMED.count(old) == 1
    text = FORMED.replace(old, new)
    return text.replace("実績: [3, なし]", "実績: あ") if name == "too many columns" else text


def checked_in(folder: Path) -> Callable[[str], tuple[Problem, ...]]:
    """What is found in a text as the edition h24 in the `folder`, with earlier editions beside it, sound and broken."""
    for name, text in {
        "h23": HEALTHY,
        "round": f"前版: h24\n{HEALTHY}",
        "broken": "表題: [",
        "after-broken": f"前版: broken\n{HEALTHY}",
    }.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")

    def check(text: str) -> tuple[Problem, ...]:
        path = folder / "h24.yaml"
        path.write_text(text, "utf-8")
        try:
            return Library(folder).validated(path).warnings
        except SourceError as error:
            return error.problems

    return check


@pytest.fixture
def problems(tmp_path: Path) -> Callable[[str], tuple[Problem, ...]]:
    """What is found in a text, beside other editions."""
    return checked_in(tmp_path)


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Every line that the pipeline says of each case."""
    folder = tmp_path_factory.mktemp("source")
    check = checked_in(folder)
    texts = {name: text_of(name) for name in CASES} | {f"form: {name}": formed(name) for name in FORM_CASES}
    return {name: [str(one).replace(f"{folder}/", "source/") for one in check(text)] for name, text in texts.items()}


def found(text: str) -> tuple[Problem, ...]:
    """What is found in a text that stands alone."""
    try:
        return validate(parse_source(Path("h24.yaml"), text.encode())).warnings
    except SourceError as error:
        return error.problems


def changed(old: str, new: str) -> str:
    assert HEALTHY.count(old) == 1 or HEALTHY.count(f"{old}\n") == 1, f"{old!r} does not stand for one place"
    return HEALTHY.replace(f"{old}\n", f"{new}\n", 1) if HEALTHY.count(old) > 1 else HEALTHY.replace(old, new)


def text_of(name: str) -> str:
    """HEALTHY with the mistake of that case."""
    old, new, _ = CASES[name]
    text = changed(old, new)
    if name in ("◎ that goes on", "完了 without ◎"):
        text += DONE
    return text.replace("自治体: 試験市", "前版: h23") if name == "前版NO that the 前版 lacks" else text


def place(problem: Problem) -> str:
    return f"{problem.line}:{problem.column}" if problem.line else ""


def assert_named(answer: Sequence[Problem], expected: Sequence[tuple[str, str, str]]) -> None:
    """Each problem of the answer has the expected place and code, and its message has the expected words."""
    assert [(place(problem), problem.code) for problem in answer] == [(at, code) for at, code, _ in expected]
    for problem, (_, _, words) in zip(answer, expected, strict=True):
        assert words in problem.message


def test_the_healthy_edition_has_no_problem() -> None:
    assert found(HEALTHY) == ()


@pytest.mark.parametrize("name", CASES)
def test_each_mistake_is_named_at_its_place(problems: Callable[[str], tuple[Problem, ...]], name: str) -> None:
    assert_named(problems(text_of(name)), CASES[name][2])


def test_what_is_abolished_may_not_go_on(problems: Callable[[str], tuple[Problem, ...]]) -> None:
    text = HEALTHY.replace(
        "自治体: 試験市", "前版: h23\n廃止: [{前版NO: [2, 9, 2], 理由: 縮小}, {前版NO: 3, 理由: 終わり}]"
    )
    text = text.replace("名称: 項目二", "名称: 別の項目").replace("名称: 項目三", "名称: 後継\n            前版NO: [3]")
    assert [(place(problem), problem.code, problem.message.split("。")[0]) for problem in problems(text)] == [
        ("3:17", "E408", "「廃止」の前版NO「9」は、前版「h23」にありません"),
        ("3:20", "E419", "「廃止」に、前版NO「2」が二度あります"),
        ("3:40", "E419", "「廃止」の前版NO「3」は、27行目のNO 3「後継」の前版NOにもあります"),
    ]


def test_an_edition_of_another_form_has_no_problem() -> None:
    assert found(FORMED) == ()


@pytest.mark.parametrize("name", FORM_CASES)
def test_each_mistake_in_a_form_is_named_at_its_place(name: str) -> None:
    assert_named(found(formed(name)), FORM_CASES[name][2])


def words(count: int, kind: str = "継続") -> str:
    return f"{{{', '.join(f'語{at}: {kind}' for at in range(count))}}}"


# Each limit: the source, what in it is replaced, by what of a given size, the greatest size, and what is said beyond it.
LIMITS: dict[str, tuple[str, str, Callable[[int], str], int, str]] = {
    "title": (HEALTHY, "試験一覧", lambda n: "表" * n, 200, "E208"),
    "municipality": (HEALTHY, "試験市", lambda n: "市" * n, 100, "E208"),
    "fiscal year": (HEALTHY, "自治体: 試験市", lambda n: f"年度: {'年' * n}", 100, "E208"),
    "department": (HEALTHY, "自治体: 試験市", lambda n: f"担当課: {'課' * n}", 100, "E208"),
    "document number": (HEALTHY, "自治体: 試験市", lambda n: f"資料番号: {'資' * n}", 100, "E208"),
    "number of one document": (HEALTHY, "自治体: 試験市", lambda n: f"資料番号: {{集計表: {'資' * n}}}", 100, "E208"),
    "policy": (HEALTHY, "方針一", lambda n: "方" * n, 200, "E208"),
    "measure": (HEALTHY, "施策一", lambda n: "策" * n, 200, "E208"),
    "department of a measure": (HEALTHY, "名称: 施策一", lambda n: f"名称: 策\n        担当課: {'課' * n}", 100, "E208"),
    "name": (HEALTHY, "項目二", lambda n: "項" * n, 500, "E208"),
    "lines of a name": (HEALTHY, "名称: 項目二", lambda n: f"名称: {block(*['項'] * n)}", 5, "E213"),
    "lines of a heading": (HEALTHY, "名称: 施策一", lambda n: f"名称: {block(*['策'] * n)}", 5, "E213"),
    "successor": (HEALTHY, "検証内容: 終わった。", lambda n: f"統合先: {'項' * n}", 500, "E208"),
    "lines of a successor": (HEALTHY, "検証内容: 終わった。", lambda n: f"統合先: {block(*['項'] * n)}", 5, "E213"),
    "department of an item": (HEALTHY, "検証内容: 終わった。", lambda n: f"担当課: {'課' * n}", 100, "E208"),
    "prose": (HEALTHY, "終わった。", lambda n: "あ" * n, 20_000, "E208"),
    "blank lines": (HEALTHY, "検証内容: 終わった。", lambda n: f"検証内容: {block('始め', *[''] * n, '終わり')}", 10, "E214"),
    "spaces": (HEALTHY, "終わった。", lambda n: f"始め{'　' * n}終わり", 100, "E214"),
    "NO": (HEALTHY, "NO: 3", lambda n: f"NO: {10 ** n - 1}", 9, "E205"),
    "symbol": (HEALTHY, "  ×: 検討中\n", lambda n: f"  ×: 検討中\n  {'☆' * n}: 他\n", 12, "E208"),
    "meaning": (HEALTHY, "継続推進", lambda n: "続" * n, 200, "E208"),
    "symbols": (HEALTHY, "  ×: 検討中\n", lambda n: "  ×: 検\n" + "".join(f"  {at}: あ\n" for at in range(n - 3)), 20, "E215"),
    "term": (HEALTHY, "  継続: 継続\n", lambda n: f"  継続: 継続\n  {'継' * n}: 継続\n", 12, "E208"),
    "terms": (HEALTHY, "  継続: 継続\n", lambda n: "  継続: 継続\n" + "".join(f"  {at}: 終了\n" for at in range(n - 2)), 20, "E215"),
    "head": (HEALTHY, "自治体: 試験市", lambda n: f"見出し: {{推進項目: {'項' * n}}}", 30, "E208"),
    "reason of an abolition": (HEALTHY, "自治体: 試験市", lambda n: f"廃止: [{{前版NO: 1, 理由: {'縮' * n}}}]", 200, "E208"),
    "reason of a 確認済": (HEALTHY, "自治体: 試験市", lambda n: f"確認済: [{{警告: W502, 理由: {'良' * n}}}]", 200, "E208"),
    "licence": (HEALTHY, "自治体: 試験市", lambda n: f"公開: {{ライセンス: {'C' * n}}}", 100, "E208"),
    "remarks": (HEALTHY, "自治体: 試験市", lambda n: f"公開: {{留意事項: {'あ' * n}}}", 20_000, "E208"),
    "change": (HEALTHY, "自治体: 試験市", lambda n: f"公開: {{更新履歴: [{{日付: 2013-06-10, 内容: {'訂' * n}}}]}}", 500, "E208"),
    "contact": (HEALTHY, "自治体: 試験市", lambda n: f"照会: {{担当: {'係' * n}}}", 100, "E208"),
    "preface": (HEALTHY, "自治体: 試験市", lambda n: f"前文: {'あ' * n}", 20_000, "E208"),
    "postface": (HEALTHY, "自治体: 試験市", lambda n: f"後文: {'あ' * n}", 20_000, "E208"),
    "level": (FORMED.replace("\n目標:\n", "\n目:\n"), "{名称: 目標, 番", lambda n: f"{{名称: {'目' * n}, 番", 30, "E208"),
    "levels": (FORMED, "  - {名称: 目標, 番号: 自由}", lambda n: "\n".join(f"  - {{名称: 段{at}}}" for at in range(n)), 4, "E215"),
    "column": (FORMED, "  期限: {", lambda n: f"  {'期' * n}: {{", 30, "E208"),
    "columns": (FORMED, "  期限: {種類: 日付}\n", lambda n: "".join(f"  欄{at}: {{種類: 文字}}\n" for at in range(n - 6)), 20, "E215"),
    "term of another form": (FORMED, "完了: 終了}", lambda n: f"完了: 終了, {'完' * n}: 終了}}", 20, "E208"),
    "terms of another form": (FORMED, "語: {継続: 継続, 完了: 終了}", lambda n: f"語: {words(n)}", 20, "E215"),
    "legend of another form": (FORMED, "凡例: {A: 達成, B: 未達成}", lambda n: f"凡例: {words(n)}", 20, "E215"),
    "marks": (FORMED, "印: {重点: 重点的な取組}", lambda n: f"印: {words(n)}", 20, "E215"),
    "mark": (FORMED, "印: {重点:", lambda n: f"印: {{{'重' * n}:", 12, "E208"),
    "note": (FORMED, "注の文", lambda n: "注" * n, 20_000, "E208"),
    "unit of a column": (FORMED, "単位: 件, 年", lambda n: f"単位: {'件' * n}, 年", 8, "E208"),
    "unit of an item": (FORMED, "        単位: 人", lambda n: f"        単位: {'人' * n}", 8, "E208"),
    "year": (FORMED, "[R5, R6]", lambda n: f"[R5, {'R' * n}]", 30, "E208"),
    "years": (FORMED, "[R5, R6]", lambda n: f"[{', '.join(f'R{at}' for at in range(n))}]", 10, "E215"),
    "figure": (FORMED, "目標値: 10", lambda n: f"目標値: {'1' * n}", 12, "E208"),
    "own number": (FORMED, "番号: 1-1", lambda n: f"番号: {'1' * n}", 100, "E208"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_a_value_may_be_as_long_as_its_limit_and_no_longer(name: str) -> None:
    source, old, new, most, code = LIMITS[name]
    assert source.count(old) == 1
    accepted, refused = (
        [problem for problem in found(source.replace(old, new(size))) if problem.code == code]
        for size in (most, most + 1)
    )
    assert accepted == []
    assert [f"{most:,}" in problem.message for problem in refused] == [True]


# Values that alone make the head of a page too high, each far beyond its own limit.
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("表題: 試験一覧", f"表題: {'表' * 9_000}"),
        ("自治体: 試験市", f"自治体: {'市' * 9_000}"),
        ("自治体: 試験市", f"年度: {'年' * 9_000}"),
        ("自治体: 試験市", f"担当課: {'課' * 9_000}"),
        ("自治体: 試験市", f"資料番号: {'資' * 9_000}"),
        ("自治体: 試験市", f"資料番号: {{経過: {'資' * 9_000}}}"),
        ("継続推進", "続" * 9_000),
        ("名称: 方針一", f"名称: {'方' * 9_000}"),
    ],
    ids=["title", "municipality", "year", "department", "number", "number of one document", "meaning", "name"],
)
def test_what_is_longer_than_its_own_limit_is_reported_for_that_alone(old: str, new: str) -> None:
    assert [problem.code for problem in found(changed(old, new))] == ["E208"]


# Each sign that is written for another, and the one of the legend that was meant.
LOOK_ALIKES = {"◎": "⦿◉", "○": "◯〇⚪●O０o", "△": "▲Δ∆", "×": "✕X☓✖Ｘxｘ✗"}  # fmt: skip


@pytest.mark.parametrize(("read", "meant"), [(read, meant) for meant, kin in LOOK_ALIKES.items() for read in kin])
def test_a_look_alike_is_named_with_both_code_points(read: str, meant: str) -> None:
    text = HEALTHY.replace("  ×: 検討中\n", "  △: 一部実施\n  ×: 検討中\n")
    text = text.replace("実施状況: ○", f"実施状況: {read}")
    (problem,) = found(text)
    assert str(problem) == (
        f"h24.yaml:23:19: E402: NO 2「項目二」の実施状況「{read}」(U+{ord(read):04X})は凡例にありません。"
        f"「{meant}」(U+{ord(meant):04X})ではありませんか。"
    )


def test_the_example_of_the_design_comes_out_word_for_word() -> None:
    original = (ROOT / "source/original.yaml").read_text("utf-8")
    before, after = original.split("名称: 地域づくり活動支援交付金の創設・活用", 1)
    line = before.count("\n") + 2
    answer = found(
        before + "名称: 地域づくり活動支援交付金の創設・活用" + after.replace("実施状況: ◎", "実施状況: ◯", 1)
    )
    (problem,) = (problem for problem in answer if problem.is_error)
    assert f"{problem.line}:{problem.column}" == f"{line}:19"
    assert problem.message == (
        "NO 5「地域づくり活動支援交付金の創設・活用」の実施状況「◯」(U+25EF)は凡例にありません。"
        "「○」(U+25CB)ではありませんか。"
    )


def test_every_problem_is_reported_in_one_pass_in_the_order_of_the_file() -> None:
    text = (
        HEALTHY.replace("表題: 試験一覧\n", "")
        .replace("自治体", "自治休")
        .replace("NO: 2", "NO: 二")
        .replace("終わった", "終𠮷わった")
        .replace("実施状況: ×", "実施状況: ✕")
        .replace("再掲: 1", "再掲: 8")
    )
    answer = found(text)
    assert [problem.code for problem in answer] == ["E201", "E202", "E306", "E205", "E402", "E404"]
    assert [problem.line for problem in answer] == sorted(problem.line for problem in answer)


def test_warnings_are_reported_beside_errors() -> None:
    text = HEALTHY.replace("実施状況: ◎", "実施状況: 未記入").replace("実施状況: ×", "実施状況: ✕")
    assert [problem.code for problem in found(text)] == ["W507", "E402"]


def test_a_source_with_too_many_errors_says_that_it_stopped() -> None:
    rows = "".join(f"          - NO: {number}\n            名称: あ\n" for number in range(1, 1500))
    answer = found(HEALTHY[: HEALTHY.index("          - NO: 1")] + rows)
    assert answer[-1].code == "E199"
    assert MAX_PROBLEMS <= sum(problem.is_error for problem in answer) <= 3 * MAX_PROBLEMS + 1


def test_as_many_warnings_as_there_are_blanks_are_no_error() -> None:
    rows = "".join(
        f"          - {{NO: {number}, 名称: 項目{number}, 実施状況: 未記入, 今後の取扱い: 未記入}}\n"
        for number in range(1, 1200)
    )
    answer = found(HEALTHY[: HEALTHY.index("          - NO: 1")] + rows)
    assert {problem.code for problem in answer} == {"W507"}
    assert len(answer) == 2 * 1199


@pytest.mark.parametrize("value", ["0755", "12:30", "yes", "no", "null", "~", "2013-03-31", "1e3", "0x1F", ".inf", "○"])
def test_a_value_stays_the_text_that_was_typed(value: str) -> None:
    validated = validate(parse_source(Path("h24.yaml"), HEALTHY.replace("終わった。", value).encode()))
    assert said(validated.edition.items[1], "検証内容") == value


@pytest.mark.parametrize(
    "value", ["済 # 三月に", "済 #", '"番号 #3"', "番号#3", "|\n              番号 #3", "# 三月に", "済 ## 三月"]
)
def test_a_comment_that_stands_apart_and_a_sign_in_the_text_are_no_mistake(value: str) -> None:
    assert found(HEALTHY.replace("終わった。", value)) == ()


def test_a_merger_into_an_item_that_is_new_is_fine() -> None:
    text = HEALTHY.replace("検証内容: 終わった。", "統合先: 全く新しい項目")
    assert found(text) == ()


def test_composition_keeps_names_and_joins_kana() -> None:
    text = HEALTHY.replace("終わった。", "塚\ufa10と葛\U000e0100、か\u3099")
    edition = validate(parse_source(Path("h24.yaml"), text.encode())).edition
    assert said(edition.items[1], "検証内容") == "塚\ufa10と葛\U000e0100、が"


def test_line_breaks_in_a_cell_are_kept() -> None:
    text = HEALTHY.replace("検証内容: 終わった。", f"検証内容: |\n{ROW}  一行目\n{ROW}  二行目")
    edition = validate(parse_source(Path("h24.yaml"), text.encode())).edition
    assert said(edition.items[1], "検証内容") == "一行目\n二行目"


def test_another_city_s_words_need_no_change() -> None:
    policies = "".join(
        f"  - 名称: 目標{policy}\n    推進施策:\n      - 名称: 取組{policy}\n        推進項目:\n"
        f"          - {{NO: {policy}, 名称: 事業{policy}, 実施状況: {grade}, 今後の取扱い: 拡大}}\n"
        for policy, grade in enumerate("ABCDABCD", 1)
    )
    text = (
        "表題: 別の市の計画\n見出し: {推進方針: 基本目標, 推進施策: 取組, 推進項目: 事業, 実施状況: 評価}\n"
        "凡例: {A: 順調, B: おおむね順調, C: やや遅れ, D: 遅れ}\n今後の取扱い: {拡大: 継続, 休止: 終了}\n"
        f"推進方針:\n{policies}"
    )
    validated = validate(parse_source(Path("h24.yaml"), text.encode()))
    assert validated.warnings == ()
    assert validated.edition.item_column.head == "事業"
    assert len(validated.edition.sections) == 8


def test_the_original_has_no_problem() -> None:
    validated = validate(read_source(ROOT / "source/original.yaml"))
    assert validated.warnings == ()
    assert len(validated.edition.items) == 47


def test_what_is_validated_is_what_was_written() -> None:
    source = parse_source(Path("h24.yaml"), HEALTHY.encode())
    edition = validate(source).edition
    assert edition == read_edition(plain(source.root))
    assert [row.number for _, row in edition.rows()] == [1, 2, 3, 1]
    assert [isinstance(row, Item) for _, row in edition.rows()] == [True, True, True, False]


# A PDF in the place of a YAML file: the tests of comparison make such PDFs.
OF_PDFS = {"E112", "E113"}


def test_every_code_is_exercised_and_explained() -> None:
    in_code = {
        code
        for path in (ROOT / "pipeline").rglob("*.py")
        for code in re.findall(r'"([EW]\d{3})"', path.read_text("utf-8"))
    }
    exercised = {code for _, _, expected in [*CASES.values(), *FORM_CASES.values()] for _, code, _ in expected}
    exercised |= {code for _, _, code, _ in [*FILES.values(), *LARGE.values()]} | {"E101", "E199"} | OF_PDFS
    headings = re.findall(r"^### ([EW]\d{3}) ", (ROOT / "docs/errors.md").read_text("utf-8"), re.MULTILINE)
    assert in_code == exercised
    assert sorted(in_code) == headings


def test_each_message_says_what_it_said(messages: dict[str, list[str]], request: pytest.FixtureRequest) -> None:
    """To the letter. After a change on purpose: `pytest tests/test_validation.py --renew-pictures`, and read the difference."""
    kept = ROOT / "tests/golden/messages.txt"
    said = "".join(f"{name}\n" + "".join(f"  {line}\n" for line in lines) for name, lines in messages.items())
    if request.config.getoption("--renew-pictures"):
        kept.write_text(said, "utf-8")
    assert said.splitlines() == kept.read_text("utf-8").splitlines()


def test_the_examples_in_the_manual_of_errors_are_real(messages: dict[str, list[str]], tmp_path: Path) -> None:
    """Each line that docs/errors.md shows as an example is one that the pipeline says."""
    real = {line for lines in messages.values() for line in lines}
    files = [None, *(data for data, *_ in FILES.values()), LARGE["33 MB"][0](), LARGE["32 MB of small items"][0]()]
    found = {str(problem) for data in files for problem in problems_in(tmp_path / "h24.yaml", data)}
    real |= {line.replace(f"{tmp_path}/", "source/") for line in found}
    sections = (ROOT / "docs/errors.md").read_text("utf-8").split("\n### ")[1:]
    for section in sections:
        examples = re.findall(r"^source/.*$", section, re.MULTILINE)
        assert examples, f"no example under {section[:4]}"
        for example in examples:
            assert f": {section[:4]}: " in example
            assert example in real or section[:4] in {"E199", *OF_PDFS}


def test_a_check_imports_no_layout_engine_and_no_font() -> None:
    script = (
        "import sys; from pipeline.cli.command import main; code = main(['check', 'original']);"
        "print(code, sorted({'weasyprint', 'fontTools', 'jinja2', 'pypdf'} & {*sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "0 []"


def test_a_missing_font_is_reported_though_none_need_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.fonts.FOLDERS", ())
    font_files.cache_clear()
    try:
        with pytest.raises(LackError, match="BIZ UD"):
            validate(parse_source(Path("h24.yaml"), HEALTHY.encode()))
    finally:
        font_files.cache_clear()


@pytest.mark.parametrize(
    "written",
    ["2013-03-31", "2013-3-31", "2013/3/31", "2013/03/31", "平成25年3月31日", "平成２５年３月３１日", "2013年3月31日"],
)
def test_a_day_may_be_written_in_several_ways(written: str) -> None:
    text = HEALTHY.replace("自治体: 試験市", f"現在日: {written}")
    edition = validate(parse_source(Path("h24.yaml"), text.encode())).edition
    assert edition.as_of == datetime.date(2013, 3, 31)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("令和元年5月1日", (2019, 5, 1)),
        ("平成31年4月30日", (2019, 4, 30)),
        ("平成元年1月8日", (1989, 1, 8)),
        ("昭和64年1月7日", (1989, 1, 7)),
        ("昭和元年12月25日", (1926, 12, 25)),
        ("大正15年12月24日", (1926, 12, 24)),
        ("大正元年7月30日", (1912, 7, 30)),
        ("明治45年7月29日", (1912, 7, 29)),
        ("明治6年1月1日", (1873, 1, 1)),
        ("1872年12月31日", (1872, 12, 31)),
    ],
)
def test_the_first_and_last_days_of_an_era_are_read(written: str, day: tuple[int, int, int]) -> None:
    assert read_date(written) == datetime.date(*day)
    assert japanese_date(read_date(written)) == written


@pytest.mark.parametrize(
    "written",
    ["明治5年12月31日", "平成元年1月7日", "令和0年5月1日", "25年3月31日", "２０１３-03/31"],
)
def test_what_is_no_day_of_its_era_is_refused(written: str) -> None:
    with pytest.raises(NoDateError):
        read_date(written)


@pytest.mark.parametrize(
    ("head", "year"),
    [
        ("令和4年度", 2022), ("令和 4 年度", 2022), ("令和元年度末", 2019), ("R4", 2022), ("Ｒ４年度の実績値", 2022), ("H30", 2018),
        ("2022年度実績", 2022), ("２０２２年", 2022), ("昭和64年", 1989), ("大正2年", 1913), ("明治6年", 1873), ("令和100年", 2118),
        ("令和0年", None), ("22年", None), ("目標値", None), ("令和4～6年度", None), ("R4(目標)", None), ("慶応3年", None),
    ],
)  # fmt: skip
def test_the_year_of_a_column_is_read_from_its_head(head: str, year: int | None) -> None:
    assert head_year(head) == year


@pytest.mark.parametrize(
    ("written", "is_draft"),
    [("true", True), ("True", True), ("はい", True), ("false", False), ("FALSE", False), ("いいえ", False)],
)
def test_a_flag_may_be_written_as_an_office_does(written: str, is_draft: bool) -> None:
    text = HEALTHY.replace("自治体: 試験市", f"案: {written}")
    assert validate(parse_source(Path("h24.yaml"), text.encode())).edition.draft is is_draft


def test_a_warning_that_somebody_has_looked_at_is_counted_apart_from_the_others(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = "確認済:\n  - {警告: W501, NO: 9, 理由: 欠番}\n  - {警告: W504, 理由: 準備中}\n"
    text = HEALTHY.replace("NO: 3", "NO: 9") + "  - 名称: 方針二\n"
    (project / "source/test.yaml").write_text(known + text, "utf-8")
    assert main(["check", "--strict"]) == 0
    assert capsys.readouterr().out == "source/test.yaml: 誤り0件、警告0件、確認済2件\n"
    # That of another item is not, nor one of no item that is said to be of one.
    (project / "source/test.yaml").write_text(
        known.replace("W504", "W504, NO: 1").replace("NO: 9", "NO: 2") + text, "utf-8"
    )
    assert main(["check", "--strict"]) == 1
    said = capsys.readouterr().err
    assert [line.split(": ")[1] for line in said.splitlines()[:4]] == ["W515", "W515", "W501", "W504"]
    assert "「確認済」のW501(NO 2)に該当する警告がありません。W501があるのは、NO 9です。" in said
    assert "W504があるのは、項目の外です。" in said


def test_new_numbers_reach_what_somebody_has_looked_at(project: Path) -> None:
    source = project / "source/test.yaml"
    source.write_text("確認済: [{警告: W501, NO: 9, 理由: 欠番}]\n" + HEALTHY.replace("NO: 3", "NO: 9"), "utf-8")
    assert main(["renumber", "test", "--apply"]) == 0
    assert source.read_text("utf-8").startswith("確認済: [{警告: W501, NO: 3, 理由: 欠番}]\n")
