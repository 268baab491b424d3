"""Which characters a paper may hold, how they are composed, and which ones are mistaken for each other."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

from pipeline.errors import printable
from pipeline.fonts import Coverage

from .limits import MAX_BLANK_LINES, MAX_SPACES

# Groups of characters that look alike on paper and are different characters to a computer. NFKC
# (used below as well) knows of full and half width, but leaves each of these apart.
_LOOK_ALIKES = (
    "○◯〇⚪⭕❍⚬◦oOοОо0",
    "◎⦿⊚◉⌾⊙",
    "●⚫⬤•",
    "△▲Δ∆▵⃤🔺⨺",
    "×✕✖✗✘☓╳⨯❌✖xXхХΧχ乂メ",
    "□◻☐⬜ロ口",
    "■◼⬛",
    "-－ー―−‐–—─一ｰ",
    "☆★⭐✩",
    "▽▼∇▿",
)
# What is typed for a character that the fonts may lack, where Unicode does not tell (or tells of a rarer one):
# hyphens that do not break, spaces, arrows and check marks of other shapes, and 𠮷, which JIS X 0213 lacks.
_INSTEAD = {
    **dict.fromkeys("\u2011\u2012\u2043\ufe63", "-"),
    **dict.fromkeys("\u202f\u2007\u2008\u2009\u200a", " "),
    **dict.fromkeys("➔➜➝➞➡⟶⮕", "→"),
    **dict.fromkeys("✔✅☑🗸", "✓"),
    **dict.fromkeys("❗❕", "！"),
    **dict.fromkeys("❓❔", "？"),
    "𠮷": "吉",
}
# Looked at only where no sign of the same group is allowed.
_OUTLINES = str.maketrans("●▲■★▼", "○△□☆▽")
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_SEQUENCE = re.compile(f"(.)([{_SELECTORS}])", re.DOTALL)
_BIDI = {*"\u061c\u200e\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}

# A line of spaces is as blank as an empty one, and spaces alone can fill lines.
_BLANK_LINES = re.compile(rf"(?:\n[^\S\n]*){{{MAX_BLANK_LINES + 1},}}(?=\n)")
_SPACES = re.compile(rf"[^\S\n]{{{MAX_SPACES + 1},}}")


def compose(text: str) -> str:
    """`text` with base and combining characters composed (か + U+3099 → が), all else as typed.

    Not NFC: that would also turn CJK compatibility ideographs, which people's names need (塚 U+FA10),
    into other characters.
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    characters = {*text}
    marks = "".join(character for character in characters if unicodedata.combining(character))
    # No writing piles up so many marks (Unicode's stream-safe limit); sorting a long pile takes for ever.
    if marks and re.search(f"[{re.escape(marks)}]{{31}}", text):
        return text
    # A character that NFC replaces even when it stands alone is kept; the runs between are composed.
    kept = "".join(character for character in characters if unicodedata.normalize("NFC", character) != character)
    runs = re.split(f"([{re.escape(kept)}]+)", text) if kept else [text]
    return "".join(run if index % 2 else unicodedata.normalize("NFC", run) for index, run in enumerate(runs))


def named(text: str) -> str:
    """`text` with its code points, for messages: 「◯」(U+25EF)."""
    points = " ".join(f"U+{ord(character):04X}" for character in text)
    return f"「{visible(text)}」({points})" if text.isprintable() else f"文字({points})"


def quoted(text: str) -> str:
    """`text` for messages, with its code point where it is a single sign, which may look like another."""
    is_sign = len(text) == 1 and not text.isascii() and unicodedata.category(text) != "Lo"
    return named(text) if is_sign else f"「{visible(text)}」"


def visible(text: str) -> str:
    """`text` cut to a length that suits a message, with nothing in it that could disturb a terminal."""
    return printable(text if len(text) <= 40 else text[:39] + "…")


def meant(read: str, allowed: Iterable[str]) -> str | None:
    """Which one of `allowed` the writer of `read` most likely meant; None if nothing is near."""
    allowed = list(islice(allowed, 100))  # no list of signs or names is longer, but a hostile file's
    for look in (_fold, _outline):
        for candidate in allowed:
            if look(candidate) == look(read):
                return candidate
    near = difflib.get_close_matches(read[:100], allowed, n=1, cutoff=0.5) if len(read) > 1 else []
    return near[0] if near else None


def long_gap(text: str) -> str:
    """What to say where lines with nothing on them, or spaces, go on too long in `text`; nothing where none do."""
    if run := _BLANK_LINES.search(text):
        said, most = f"空行が{run[0].count(chr(10)):,}行", f"{MAX_BLANK_LINES}行"
    elif run := _SPACES.search(text):
        said, most = f"空白が{len(run[0]):,}字", f"{MAX_SPACES}字"
    else:
        return ""
    before = visible(text[max(0, run.start() - 10) : run.start()])
    return f"{said}続いています(「{before}」の後)。{most}までにしてください。"


def is_everyday(text: str) -> bool:
    """Whether `text` holds only what Windows has long had in Japanese, which every approved font has (a test proves it).

    It spares most sources the tenth of a second in which a font is read.
    """
    characters = "".join({*text})
    try:
        characters.encode("cp932")
    except UnicodeEncodeError:
        return False
    return not any(map(_kind, characters))


def defects(text: str, coverage: Coverage) -> Iterator[tuple[str, str, str]]:
    """What may not be printed of `text`: each time the characters, the code of the problem, a sentence.

    A sequence of a character and a variation selector is one thing: the font has the form, or lacks it.
    """
    for character in sorted({*text} - coverage.characters - {"\n"} | {c for c in {*text} if _kind(c)}):
        if _SELECTOR.match(character):
            continue
        yield character, *(_kind(character) or ("E306", _not_printable(character, text, coverage)))
    if not _SELECTOR.search(text):
        return
    for sequence in sorted({match[0] for match in _SEQUENCE.finditer(text)}):
        if sequence not in coverage.sequences:
            yield (
                sequence,
                "E306",
                "は、帳票の書体にない異体字です。後ろの異体字セレクタを削除するか、書体にある字体に改めてください。",
            )
    if _SELECTOR.match(text):
        yield text[0], "E303", "は、前に文字のない異体字セレクタです。削除してください。"


def _not_printable(character: str, text: str, coverage: Coverage) -> str:
    """What to say of a `character` of `text` that the fonts lack, with what is typed instead where that is known."""
    said = "は、帳票の書体にない文字です。"
    offer = instead(character, coverage)
    if offer is None:
        return said + "書体にある字体に改めるか、かなで書いてください。"
    # A formula or a word of one: CO2.
    match = re.search(f"[0-9A-Za-z]*{re.escape(character)}[0-9A-Za-z]*", text)
    assert match
    word = match[0].replace(character, offer)
    shown = word if word.isascii() and offer != word and len(word) <= 20 else offer
    return f"{said}「{shown}」と書けます。"


def instead(character: str, coverage: Coverage) -> str | None:
    """What may be typed for a `character` that the fonts lack: the plain form of it, or what looks nearly alike."""
    looks = next((group[0] for group in _LOOK_ALIKES if character in group), "")
    letters = unicodedata.normalize("NFD", character)
    for offer in (
        _INSTEAD.get(character, ""),
        unicodedata.normalize("NFKC", character),
        looks,
        "".join(letter for letter in letters if not unicodedata.combining(letter)),
    ):
        if offer and offer != character and {*offer} <= coverage.characters and not any(map(_kind, offer)):
            return offer
    return None


def _kind(character: str) -> tuple[str, str] | None:
    """The code and the sentence for a character that no font makes good."""
    if character == "\n" or _SELECTOR.match(character):
        return None
    category = unicodedata.category(character)
    if character in _BIDI:
        return "E302", "は、文字の向きを変える見えない文字です。削除してください。"
    if category == "Cc":
        return "E301", "は、制御文字です。タブなら空白に直し、ほかは削除してください。"
    if category in ("Cf", "Zl", "Zp") or character in "\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u2800":
        return "E303", "は、見えない文字です。削除してください。"
    if category == "Co":
        return "E304", "は、外字です。ほかの機械では別の字になります。標準の文字に改めてください。"
    if category in ("Cn", "Cs"):
        return "E307", "は、文字として定められていません。標準の文字に改めてください。"
    if 0x2E80 <= ord(character) <= 0x2FDF:
        plain = unicodedata.normalize("NFKC", character)
        advice = f"漢字{named(plain)}に直してください。" if plain != character else "漢字に直してください。"
        return "E305", f"は、漢字ではなく部首の記号です。{advice}"
    return None


def _fold(text: str) -> str:
    """What `text` looks like: width, case and variation selectors aside, one character for each group of look-alikes."""
    folded = unicodedata.normalize("NFKC", _SELECTOR.sub("", text)).casefold().strip()
    return folded.translate(_FOLDED)


def _outline(text: str) -> str:
    """The same, for filled signs as for hollow ones."""
    return _fold(text).translate(_OUTLINES)


_FOLDED = {ord(character): group[0] for group in _LOOK_ALIKES for character in group.casefold()}
