"""How wide texts are, how they are shortened, and where their lines may end."""

import pytest

from pipeline.text import break_label, brief, flat, is_inseparable, may_break, set_apart, width_in_ems, width_in_halves

SELECTOR, VOICED = "\U000e0100", "\u3099"


@pytest.mark.parametrize(
    ("text", "halves", "ems"),
    [
        ("", 0, 0), ("あ", 2, 1), ("a", 1, 1), ("ab", 2, 1), ("abc", 3, 2), ("ｱ", 1, 1), ("Ａ", 2, 1), ("あa", 3, 2),
        # By the fonts, as wide as a kanji: what stands in Japanese and in other texts, too.
        ("…", 2, 1), ("①", 2, 1), ("á", 2, 1),
        # What belongs to the character before it takes no room, nor does what is not seen.
        (f"辻{SELECTOR}", 2, 1), (f"か{VOICED}", 2, 1), ("あ\u200bい", 4, 2),
    ],
)  # fmt: skip
def test_the_width_of_a_text(text: str, halves: int, ems: int) -> None:
    assert (width_in_halves(text), width_in_ems(text)) == (halves, ems)
    # Whatever was measured before.
    assert (width_in_halves(text * 2), width_in_ems(text)) == (2 * halves, ems)


@pytest.mark.parametrize(
    ("meaning", "shown"),
    [
        ("", ""), ("実施済", "実施済"), ("一二三四五六七八九十甲乙", "一二三四五六七八九十甲乙"),
        ("一二三四五六七八九十甲乙丙", "一二三四五六七八九十甲…"), ("一二三四五六七八九十甲aa", "一二三四五六七八九十甲aa"),
        ("一二三四五六七八九十甲乙a", "一二三四五六七八九十甲…"), ("一二三四五六七八九十甲abc", "一二三四五六七八九十甲…"),
        ("一二三四五六七八九十aあいう", "一二三四五六七八九十a…"), ("a" * 24, "a" * 24), ("a" * 25, "a" * 22 + "…"),
        (f"一二三四五六七八九十辻{SELECTOR}乙丙", f"一二三四五六七八九十辻{SELECTOR}…"),
        (f"一二三四五六七八九十か{VOICED}{SELECTOR}乙丙", f"一二三四五六七八九十か{VOICED}{SELECTOR}…"),
    ],
)  # fmt: skip
def test_a_long_meaning_is_shortened_in_the_head_of_its_column(meaning: str, shown: str) -> None:
    """To twelve ems, with the sign that says so."""
    assert brief(meaning) == shown
    assert width_in_ems(brief(meaning)) <= 12


@pytest.mark.parametrize(
    ("symbol", "shown"), [("◎", "◎"), ("A", "A "), ("済", "済 "), ("1", "1 "), ("-", "-"), ("", "")]
)
def test_a_letter_stands_apart_from_its_meaning(symbol: str, shown: str) -> None:
    assert set_apart(symbol) == shown


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("あ", "い", True), ("あ", "。", False), ("。", "あ", True), ("(", "あ", False), ("あ", "(", True), ("あ", ")", False),
        ("a", "b", False), ("a", "あ", True), ("あ", "a", True), ("1", "年", True), (" ", "a", True), ("a", " ", True),
        ("シ", "ャ", False), ("時", "々", False), ("か", VOICED, False), ("辻", SELECTOR, False), ("ー", "あ", True), ("ラ", "ー", False),
        ("「", "「", False), ("」", "」", False), ("」", "「", True),
    ],
)  # fmt: skip
def test_where_a_line_may_end(before: str, after: str, may: bool) -> None:
    assert may_break(f"{before}{after}", 1) is may
    assert may_break(f"い{before}{after}う", 2) is may


@pytest.mark.parametrize(
    ("character", "belongs"),
    [(VOICED, True), (SELECTOR, True), ("\u200d", True), ("\u0301", True), ("か", False), (" ", False), ("゛", False)],
)
def test_what_belongs_to_the_character_before_it(character: str, belongs: bool) -> None:
    assert is_inseparable(character) is belongs


def test_a_title_in_lines_is_one_line_elsewhere() -> None:
    assert flat("一つ目\n二つ目\n") == "一つ目二つ目"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("一二三", 3, ("一二三",)), ("一二三四", 3, ("一二", "三四")), ("一二三四五六七", 3, ("一二", "三四", "五六七")),
        ("", 3, ("",)), ("一", 1, ("一",)), ("一二", 1, ("一", "二")),
        # After kana, before a kanji; if that is not too far from the middle.
        ("一の三四五六", 5, ("一の三", "四五六")), ("一二の四五六", 5, ("一二の", "四五六")), ("一二三の五六", 5, ("一二三", "の五六")),
        ("一二の四五", 3, ("一二の", "四五")), ("ああああ", 3, ("ああ", "ああ")),
        # Neither within a word nor before a stop, and never before a mark that belongs to a letter.
        ("ABCD年度", 3, ("ABCD", "年度")), ("一二)三", 3, ("一", "二)三")), (f"かか{VOICED}か", 2, ("か", f"か{VOICED}か")),
        ("ABCDEFGH", 3, ("ABCD", "EFGH")), (f"か{VOICED * 3}", 1, (f"か{VOICED * 3}",)), ("ーー", 1, ("ー", "ー")),
    ],
)  # fmt: skip
def test_where_the_lines_of_a_head_end(text: str, width: int, lines: tuple[str, ...]) -> None:
    assert break_label(text, width) == lines
