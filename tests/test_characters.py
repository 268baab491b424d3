"""Which characters pass, which are named, how text is composed."""

import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fonts import coverage, font_files, read_coverage
from pipeline.source.characters import (
    alike,
    compose,
    defects,
    instead,
    is_everyday,
    long_gap,
    meant,
    named,
    quoted,
    visible,
)
from pipeline.source.limits import MAX_BLANK_LINES, MAX_SPACES


def jis_x_0208() -> Iterator[str]:
    """Every character of the standard's 94 by 94 table, by way of EUC-JP."""
    for row in range(0xA1, 0xFF):
        for cell in range(0xA1, 0xFF):
            try:
                yield bytes((row, cell)).decode("euc_jp")
            except UnicodeDecodeError:
                continue


def codes(text: str) -> list[tuple[str, str]]:
    return [(characters, code) for characters, code, _ in defects(text, coverage())]


def test_all_of_jis_x_0208_passes() -> None:
    characters = "".join(jis_x_0208())
    assert len(characters) == 6_879
    assert codes(characters) == []


def test_what_windows_has_long_had_passes() -> None:
    characters = [bytes((lead, trail)) for lead in range(0x81, 0xFD) for trail in range(0x40, 0xFD)]
    text = "".join(character.decode("cp932", "ignore") for character in characters)
    assert {"～", "①", "Ⅲ", "㈱", "髙", "﨑"} < {*text}
    assert {code for _, code in codes(text)} <= {"E301", "E304"}  # the room for gaiji is part of that encoding


def test_what_counts_as_everyday_needs_no_font() -> None:
    """`is_everyday` spares the reading of a font: it must never say yes where `defects` would find something."""
    everyday = "".join(character for character in map(chr, range(0x10000)) if is_everyday(character))
    assert len(everyday) > 7_000
    assert codes(everyday) == []


@pytest.mark.parametrize(
    "text", ["𠮷", "か\u309a", "葛\U000e0100", "\ue000", "\t", "\u200b", "⼈", "é\u0301", "\U000f0000"]
)
def test_what_is_not_everyday_is_looked_up(text: str) -> None:
    assert not is_everyday(f"項目{text}")


@pytest.mark.parametrize(
    ("text", "characters", "code"),
    [
        ("𠮷野", "𠮷", "E306"),
        ("よい😀", "😀", "E306"),
        ("外字\ue000", "\ue000", "E304"),
        ("外字\U000f0000", "\U000f0000", "E304"),
        ("⼈口", "⼈", "E305"),
        ("⺅偏", "⺅", "E305"),
        ("項\u200b目", "\u200b", "E303"),
        ("項\ufeff目", "\ufeff", "E303"),
        ("項\u00ad目", "\u00ad", "E303"),
        ("項\u3164目", "\u3164", "E303"),
        ("項\u202e目", "\u202e", "E302"),
        ("項\u2066目", "\u2066", "E302"),
        ("項\u200f目", "\u200f", "E302"),
        ("項\t目", "\t", "E301"),
        ("項\x00目", "\x00", "E301"),
        ("\ufe00項目", "\ufe00", "E303"),
        ("項目\ufe0f", "目\ufe0f", "E306"),
        ("葛\U000e01ef", "葛\U000e01ef", "E306"),
        ("項\u0378目", "\u0378", "E307"),
        ("\u309a項目", "\u309a", "E308"),
        ("項\n\u0303目", "\u0303", "E308"),
        ("項\ufdd0目", "\ufdd0", "E307"),
    ],
)
def test_what_may_not_be_printed_is_named(text: str, characters: str, code: str) -> None:
    assert codes(text) == [(characters, code)]


@pytest.mark.parametrize(
    ("text", "offer"),
    [
        ("CO₂排出量", "代わりに「CO2」が使えます。"),
        ("10⁻¹", "代わりに「−」が使えます。"),
        ("市\u2011県", "代わりに「-」が使えます。"),
        ("xⁿ", "代わりに「xn」が使えます。"),
        ("𠮷田", "代わりに「吉」が使えます。"),
        ("✅済", "代わりに「✓」が使えます。"),
        ("❌", "代わりに「×」が使えます。"),
        ("ḁ", "代わりに「a」が使えます。"),
        ("😀", "かなで書いてください。"),
    ],
)
def test_what_may_be_typed_instead_is_offered(text: str, offer: str) -> None:
    ((_, _, sentence),) = defects(text, coverage())
    assert sentence.endswith(offer)


def test_what_is_offered_can_be_printed() -> None:
    known = coverage()
    lacking = [chr(point) for point in range(0xA0, 0x1FFFF) if chr(point) not in known.characters]
    offers = [offer for character in lacking if (offer := instead(character, known))]
    assert len(offers) > 1_000
    assert not codes("".join(offers))


@pytest.mark.parametrize(
    "text", ["葛\U000e0100城", "塚\ufa10", "髙﨑", "①Ⅲ㎡", "一行\n二行", "がぎ", "〜～―—", "ﾊﾝｶｸ", "\u3000"]
)
def test_what_offices_write_passes(text: str) -> None:
    assert codes(text) == []


def test_the_approved_fonts_have_the_same_characters() -> None:
    coverages = [read_coverage(path) for path in font_files().values()]
    assert len(coverages) == 4
    assert all(each == coverages[0] for each in coverages)


@pytest.mark.parametrize(
    ("typed", "composed"),
    [
        ("か\u3099", "が"),
        ("は\u309aん", "ぱん"),
        ("塚\ufa10か\u3099塚", "塚\ufa10が塚"),
        ("葛\U000e0100か\u3099", "葛\U000e0100が"),
        ("辻\ufe00", "辻\ufe00"),
        ("か\u309a", "か\u309a"),  # a letter of its own, which has no code point
        ("e\u0301", "é"),
        ("\u212b\u2126", "\u212b\u2126"),
    ],
)
def test_composition_joins_and_keeps(typed: str, composed: str) -> None:
    assert compose(typed) == composed


NASTY = st.text(
    st.sampled_from("かがはぱ\u3099\u309aeé\u0301\u0323塚\ufa10辻\ufe00葛\U000e0100\u212b가\u1100\u1161\u0344 \n")
)


@settings(derandomize=True, max_examples=250)
@given(NASTY | st.text())
def test_composing_twice_is_composing_once(text: str) -> None:
    assert compose(compose(text)) == compose(text)


@settings(derandomize=True, max_examples=250)
@given(NASTY | st.text())
def test_composition_changes_nothing_that_unicode_holds_distinct(text: str) -> None:
    composed = compose(text)
    assert unicodedata.normalize("NFC", composed) == unicodedata.normalize("NFC", text)
    alone = [character for character in text if unicodedata.normalize("NFC", character) != character]
    assert [character for character in composed if unicodedata.normalize("NFC", character) != character] == alone


@settings(derandomize=True, max_examples=250)
@given(st.text())
def test_what_has_no_defect_is_in_the_font(text: str) -> None:
    wrong = {character for characters, _ in codes(text) for character in characters}
    selectors = {character for character in text if "VARIATION SELECTOR" in unicodedata.name(character, "")}
    assert {*text} - wrong - selectors - {"\n"} <= coverage().characters


@pytest.mark.parametrize(
    ("read", "allowed", "answer"),
    [
        ("●", "◎○×", "○"),
        ("●", "◎○●", "●"),
        ("▲", "◎○△", "△"),
        ("Ａ", "ABCD", "A"),
        ("a", "ABCD", "A"),
        ("E", "ABCD", None),
        ("ー", "○-", "-"),
        ("〇\ufe0e", "◎○×", "○"),
        ("完了了", ["継続", "完了"], "完了"),
        ("推進中", ["推進済", "推進中止"], "推進中止"),
        ("中止", ["継続", "完了"], None),
        ("継", ["継続", "完了"], None),  # one character says too little
    ],
)
def test_what_was_meant_is_guessed_by_looks_and_then_by_spelling(
    read: str, allowed: list[str], answer: str | None
) -> None:
    assert meant(read, allowed) == answer


def test_of_filled_and_hollow_signs_only_those_of_the_same_look_are_alike() -> None:
    assert alike("Ａ", ["A", "a", "B"]) == ["A", "a"]
    assert alike("◯", ["○", "●", "0"]) == ["○", "0"]
    assert alike("●", ["○"]) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("完了", "「完了」"),
        ("A", "「A」"),
        ("亜", "「亜」"),
        ("○", "「○」(U+25CB)"),
        ("Ａ", "「Ａ」(U+FF21)"),
        ("○○", "「○○」"),
        ("\u200b", "文字(U+200B)"),
        ("長" * 40, f"「{'長' * 40}」"),
        ("長" * 41, f"「{'長' * 39}…」"),
    ],
)
def test_a_text_is_shown_with_its_code_where_looks_deceive(text: str, shown: str) -> None:
    assert quoted(text) == shown


def test_several_code_points_are_named_together() -> None:
    assert named("葛\U000e0100") == "「葛\U000e0100」(U+845B U+E0100)"
    assert named("\u200b\u200c") == "文字(U+200B U+200C)"
    assert visible("終\x1b[31m") == "終�[31m"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("始め" + "\n" * (MAX_BLANK_LINES + 1) + "終わり", ""),
        (
            "始め" + "\n" * (MAX_BLANK_LINES + 2) + "終わり",
            "空行が11行続いています(「始め」の後)。10行までにしてください。",
        ),
        (
            "始め" + "\n　" * (MAX_BLANK_LINES + 1) + "\n終わり",
            "空行が11行続いています(「始め」の後)。10行までにしてください。",
        ),
        ("始め" + " " * MAX_SPACES + "終わり", ""),
        (
            "前の文の終わりの十字である。" + "　" * (MAX_SPACES + 1) + "終わり",
            "空白が101字続いています(「終わりの十字である。」の後)。100字までにしてください。",
        ),
    ],
)
def test_a_gap_that_looks_like_lost_text_is_named(text: str, message: str) -> None:
    assert long_gap(text) == message


def test_marks_beyond_what_any_script_needs_are_left_as_they_are() -> None:
    """Unicode's limit for streams is 30 in a row: sorting more would take long."""
    for count, is_composed in ((30, True), (31, False)):
        text = "a" + ("\u0301\u0323" * 16)[:count]
        assert (compose(text) == unicodedata.normalize("NFC", text)) == is_composed
        assert is_composed or compose(text) == text


@pytest.mark.parametrize(("letters", "offer"), [("x" * 19, "x" * 19 + "2"), ("x" * 20, "2")])
def test_in_a_long_formula_the_character_alone_is_offered(letters: str, offer: str) -> None:
    ((_, _, sentence),) = defects(f"{letters}₂", coverage())
    assert sentence.endswith(f"代わりに「{offer}」が使えます。")


def test_each_sign_that_the_radicals_of_unicode_hold_is_refused_with_its_character() -> None:
    for first, last in ((0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5)):
        assert {code for _, code in codes("".join(map(chr, range(first, last + 1))))} == {"E305"}
    ((_, _, message),) = defects("⼈", coverage())
    assert message.endswith("漢字「人」(U+4EBA)に直してください。")
