"""Words that an office would not write do not come back: one name for one thing, in manual, help, messages and papers."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from .conftest import ROOT

# Each word, as a pattern, and what to write instead.
BANNED = {
    "命令": "コマンド",
    "帳票": "一覧、資料",
    "元のデータ": "元データ",
    "原データ": "元データ",
    "下見": "印刷イメージの確認",
    "暗証": "パスワード",
    "打(ち込|ち直|ち間違|って)": "入力",
    "足ります": "使います",
    "しまっておく|従ってしまい": "保存する",
    "一字一句|1ビットも": "全く同一の",
    "戻った照会票|返って(きて|きま)": "提出された照会票",
    "組版": "PDFの作成",
    "端末の(表示|画面)": "ターミナル",
    "機械(?!可読|が読|的)": "パソコン",
    "--[a-z]+(-[a-z]+)* [でのを]": "make の書き方(PASSPHRASE_FILE など)",
    "プログラムが異常": "プログラムの不具合",
    "(?<!今)ある(版|発行): ": "今ある版",
    "一回り": "循環",
    "つじつま": "食い違い",
    "つもり": "…にするなら、…でないか",
    "みな違": "それぞれ違う",
    "渡さず|渡さない": "作らずに",
    "黙って": "知らせずに",
    # The spelling of official documents (公用文作成の考え方).
    "すべて(?!のファイル)": "全て(「すべてのファイル」は Windows の画面にある)",
    "すでに": "既に",
    "まったく": "全く",
    "もっとも": "最も",
    "いちばん": "一番",
    "くわし": "詳し",
    "だれ": "誰",
    "もとの(項目|版|行|ファイル)": "元の",
    "または": "又は",
    "および": "及び",
    "あわせて": "併せて、合わせて",
    "かっこ": "括弧",
    "ひな型": "ひな形",
    "取消線": "取り消し線(Excel の画面にある)",
    "ご[一-龥]": "御",
    "下さい": "ください",
    "(?<!一)致し|頂[きくけい]|出来[るなまた]": "いたし、いただき、でき",
    "[0-9}]箇所": "か所",
    "四分の一": "4分の1",
    "(メモリ|フォルダ|ブラウザ|エディタ|サーバ|プリンタ)(?!ー)": "メモリー、フォルダー など(終わりの「ー」を省かない)",
    "Excel ブック[でをのに]": "Excelブック",
    # Slips of typing.
    "(?<!も)のの|をを|にに|がが|、、|。。": "一つ",
}

# The help of a command is in the plain form, as all lists are.
PLAIN = {"pipeline/cli/table.py"}


@cache
def staff_read() -> dict[str, list[str]]:
    """The texts that staff read, by the file that holds them: pages in Japanese, and the strings of the program."""
    pages = [ROOT / "CHANGELOG.md", ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "templates").iterdir()]
    found = {path.name: [path.read_text("utf-8")] for path in [*pages, ROOT / "setup.sh", ROOT / "Makefile"]}
    for path in (ROOT / "pipeline").rglob("*.py"):
        found[str(path.relative_to(ROOT))] = [*_strings(ast.parse(path.read_text("utf-8")))]
    return found


def _strings(node: ast.AST) -> Iterator[str]:
    """Each string of a program. A value within an f-string is `{}`."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        node = ast.Tuple([part.value for part in node.values if isinstance(part, ast.FormattedValue)], ast.Load())
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from _strings(child)


def messages() -> Iterator[tuple[str, str]]:
    """Each string of the program that is one sentence or more, with its file."""
    for name, texts in staff_read().items():
        if name.startswith("pipeline/"):
            yield from ((name, text) for text in texts if re.search("[ぁ-ん].*。$", text, re.DOTALL))


@pytest.mark.parametrize("word", BANNED)
def test_a_word_that_an_office_would_not_write_stands_nowhere(word: str) -> None:
    found = [(name, match[0]) for name, texts in staff_read().items() for match in re.finditer(word, "\n".join(texts))]
    assert found == [], f"{word} → {BANNED[word]}"


def test_every_sentence_of_a_message_is_polite() -> None:
    sentences = [
        (name, sentence)
        for name, text in messages()
        if name not in PLAIN
        for sentence in re.sub(r"「[^「」]*」|\([^()]*\)", "", text).split("。")
    ]
    assert len(sentences) > 500
    assert [found for found in sentences if re.search("(る|ない|(?<!まし)(?<!でし)た|だ|である)$", found[1])] == []


def test_messages_have_half_width_brackets_and_digits() -> None:
    assert [found for found in messages() if re.search("[（）０-９]", found[1])] == []


def test_each_error_ends_as_a_sentence_and_says_what_to_do() -> None:
    examples = re.findall(
        r"^source/.*?: ([EW]\d{3}): (.+)$", (ROOT / "docs/errors.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(examples) > 70
    for code, said in examples:
        assert re.search(r"。(\([^()]*\))?$", said), code
        # 未記入 needs no advice. The others are advised to do something, or are told what would do.
        assert code == "W507" or re.search(
            "ください[。(]|ませんか。|使えます。|使えるのは|までです。|と入ります。|正しければ", said
        ), code
