"""Where a line may end (|) and where it may not (+) beside what Pango does: control characters in the texts of boxes."""

from xml.etree import ElementTree

import pytest

from pipeline.layout.line_breaks import BREAK, NO_BREAK, laid_out, visible

VOICED = "\u3099"


def apart(sign: str, count: int) -> str:
    return "|".join(sign * count)


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("検証した。", "検証した。"), ("10:00～12:00", "10:00+～12:00"), ("～まで", "+～まで"),
        # Two of them are words yet; a leader of more may end anywhere.
        ("あ～～い", "あ+～+～い"), ("あ～～～い", "あ+～+～～い"),
        ("ー" * 7, "ー" * 7), ("ー" * 8, apart("ー", 8)), ("…" * 8, apart("…", 8)), ("あ" * 8, apart("あ", 8)), ("_" * 8, apart("_", 8)),
        # A word of 24 letters is none; it ends neither behind a hyphen or an opening bracket nor before a stop.
        ("abcd" * 5 + "abc", "abcd" * 5 + "abc"), ("abcd" * 6, "|".join("abcd" * 6)), ("Åbcd" * 6, "|".join("Åbcd" * 6)),
        ("я" + "жд" * 12, "|".join("я" + "жд" * 12)),
        ("ab-cd" + "abcd" * 5, "a|b-c|d|" + "|".join("abcd" * 5)), ("(ab)" + "abcd" * 5, "(a|b)|" + "|".join("abcd" * 5)),
        ("abcd" * 6 + ".", "|".join("abcd" * 6) + "."), ("abcd" * 6 + "年", "|".join("abcd" * 6) + "年"),
        ("abcd" * 5 + " abcd", "abcd" * 5 + " abcd"),
        # A run of twelve signs, too, but for marks that belong to the one before.
        ("」。" * 5 + "」", "」。" * 5 + "」"), ("」。" * 6, "|".join("」。" * 6)), ("ッャ" * 6, "|".join("ッャ" * 6)),
        (f"①②③{VOICED}④⑤⑥⑦⑧⑨⑩⑪⑫", f"①|②|③{VOICED}|④|⑤|⑥|⑦|⑧|⑨|⑩|⑪|⑫"), ("①②③" * 3 + "あ" + "①②③" * 3, "①②③" * 3 + "あ" + "①②③" * 3),
        # The space of a template before a stop.
        (" 、次", " |、次"), (" 次", " 次"), (" ーン", " |ーン"), ("  、", "  、"), (" )", " |)"),
        # An address ends anywhere but behind a hyphen.
        ("<a>a-b.c</a>", "a|-+b|.|c"), ("<a>a</a>", "a"), ("x<a>ab</a>y～", "xa|by+～"),
        ("前<b>の<a>ab</a>中～</b>後<i/>～", "前のa|b中+～後+～"),
    ],
)  # fmt: skip
def test_where_lines_may_end(html: str, wanted: str) -> None:
    cell = ElementTree.fromstring(f"<td>{html}</td>")
    found = laid_out(cell)
    assert found.replace(BREAK, "|").replace(NO_BREAK, "+") == wanted
    # Nothing of it is seen, nor read.
    assert visible(found) == "".join(cell.itertext())
    cell[:], cell.text = [], found
    if "<" not in html:
        assert laid_out(cell) == found
