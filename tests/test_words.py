"""Words that an office would not write do not come back: one name for one thing, in manual, help, messages and papers."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from .conftest import ROOT

# The word, and what to write instead.
BANNED = {
    "命令": "コマンド",
    "帳票": "一覧、資料",
    "元のデータ": "元データ",
    "原データ": "元データ",
    "下見": "印刷イメージの確認",
    "暗証": "パスワード",
    "打ち込": "入力",
    "足ります": "使います",
    "しまっておく": "保存する",
    "一字一句": "まったく同一の",
    "戻った照会票": "提出された照会票",
}


@cache
def staff_read() -> list[tuple[str, str]]:
    return [*_staff_read()]


def _staff_read() -> Iterator[tuple[str, str]]:
    """Each text that staff read, with the file that holds it: pages in Japanese, and the strings of the program."""
    pages = [ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "templates").iterdir()]
    for path in [*pages, ROOT / "setup.sh", ROOT / "Makefile"]:
        yield path.name, path.read_text("utf-8")
    for path in (ROOT / "pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield str(path.relative_to(ROOT)), node.value


@pytest.mark.parametrize("word", BANNED)
def test_a_word_that_an_office_would_not_write_stands_nowhere(word: str) -> None:
    assert [name for name, text in staff_read() if word in text] == [], f"{word} → {BANNED[word]}"
