"""Characters: which ones may be printed, how combining marks are composed, and which characters look alike."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

from pipeline.errors import printable
from pipeline.fonts import Coverage

from .limits import MAX_BLANK_LINES, MAX_SPACES

# Groups of different characters that look alike on paper. NFKC, which is also applied below, unifies full and half
# width but none of these.
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
# Replacements for characters that the fonts may lack, where Unicode decomposition gives none or a rarer one:
# non-breaking hyphens, spaces, arrows and check marks of other shapes, and 𠮷, which JIS X 0213 lacks.
_INSTEAD = {
    **dict.fromkeys("\u2011\u2012\u2043\ufe63", "-"),
    **dict.fromkeys("\u202f\u2007\u2008\u2009\u200a", " "),
    **dict.fromkeys("➔➜➝➞➡⟶⮕", "→"),
    **dict.fromkeys("✔✅☑🗸", "✓"),
    **dict.fromkeys("❗❕", "！"),
    **dict.fromkeys("❓❔", "？"),
    "𠮷": "吉",
}
# Filled and hollow symbols count as alike only where no allowed symbol of the same group matches.
_OUTLINES = str.maketrans("●▲■★▼", "○△□☆▽")
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_SEQUENCE = re.compile(f"(.)([{_SELECTORS}])", re.DOTALL)
_BIDI = {*"\u061c\u200e\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}

# Runs that print as empty paper: blank lines (a line of spaces counts as blank), and spaces within a line.
_BLANK_LINES = re.compile(rf"(?:\n[^\S\n]*){{{MAX_BLANK_LINES + 1},}}(?=\n)")
_SPACES = re.compile(rf"[^\S\n]{{{MAX_SPACES + 1},}}")


def compose(text: str) -> str:
    """`text` with base and combining characters composed (か + U+3099 → が), everything else unchanged.

    Plain NFC would also replace CJK compatibility ideographs (塚 U+FA10), which people's names need.
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    characters = {*text}
    marks = "".join(character for character in characters if unicodedata.combining(character))
    # Leave runs of more than 30 combining marks alone (Unicode's stream-safe limit): no script needs them, and
    # normalization sorts a run in quadratic time.
    if marks and re.search(f"[{re.escape(marks)}]{{31}}", text):
        return text
    # Characters that NFC replaces even without a combining mark stay unchanged; only the runs between are composed.
    excluded = "".join(character for character in characters if unicodedata.normalize("NFC", character) != character)
    runs = re.split(f"([{re.escape(excluded)}]+)", text) if excluded else [text]
    return "".join(run if index % 2 else unicodedata.normalize("NFC", run) for index, run in enumerate(runs))


def named(text: str) -> str:
    """`text` and its code points, for messages: 「◯」(U+25EF)."""
    points = " ".join(f"U+{ord(character):04X}" for character in text)
    return f"「{visible(text)}」({points})" if text.isprintable() else f"文字({points})"


def quoted(text: str) -> str:
    """`text` quoted for messages, with its code point if it is a single symbol, which may look like another one."""
    is_sign = len(text) == 1 and not text.isascii() and unicodedata.category(text) != "Lo"
    return named(text) if is_sign else f"「{visible(text)}」"


def visible(text: str) -> str:
    """`text` for messages: at most 40 characters, and no control characters that could disturb a terminal."""
    return printable(text if len(text) <= 40 else text[:39] + "…")


def meant(read: str, allowed: Iterable[str]) -> str | None:
    """The word of `allowed` most likely meant by `read`: by look, then by spelling; None if none is close."""
    allowed = list(islice(allowed, 100))  # only a hostile file has longer lists
    for fold in (_fold, _fold_filled):
        for candidate in allowed:
            if fold(candidate) == fold(read):
                return candidate
    near = difflib.get_close_matches(read[:100], allowed, n=1, cutoff=0.5) if len(read) > 1 else []
    return near[0] if near else None


def alike(read: str, allowed: Iterable[str]) -> list[str]:
    """The words of `allowed` that look like `read`: of other width or case, or other characters of the same look."""
    folded = _fold(read)
    return [candidate for candidate in islice(allowed, 100) if _fold(candidate) == folded]


def long_gap(text: str) -> str:
    """The message for the first run of too many blank lines or spaces in `text`; empty if there is none."""
    if run := _BLANK_LINES.search(text):
        found, limit = f"空行が{run[0].count(chr(10)):,}行", f"{MAX_BLANK_LINES}行"
    elif run := _SPACES.search(text):
        found, limit = f"空白が{len(run[0]):,}字", f"{MAX_SPACES}字"
    else:
        return ""
    before = visible(text[max(0, run.start() - 10) : run.start()])
    return f"{found}続いています(「{before}」の後)。{limit}までにしてください。"


def is_everyday(text: str) -> bool:
    """Whether CP932 (Japanese Windows) has every character of `text`; the approved fonts have them all (tested).

    For most sources this saves reading the fonts, which takes about 0.1 s.
    """
    characters = "".join({*text})
    try:
        characters.encode("cp932")
    except UnicodeEncodeError:
        return False
    return not any(map(_kind, characters))


def defects(text: str, coverage: Coverage) -> Iterator[tuple[str, str, str]]:
    """Yield (characters, problem code, message) for everything in `text` that may not be printed.

    A character followed by a variation selector is judged as one sequence, by whether the font has that form.
    """
    for character in sorted({*text} - coverage.characters - {"\n"} | {c for c in {*text} if _kind(c)}):
        if _SELECTOR.match(character):
            continue
        yield character, *(_kind(character) or ("E306", _not_printable(character, text, coverage)))
    for mark in _lone_marks(text):
        yield mark, "E308", "は、前の文字に付く記号ですが、前に文字がありません。削除するか、文字の後に移してください。"
    if not _SELECTOR.search(text):
        return
    for sequence in sorted({match[0] for match in _SEQUENCE.finditer(text)}):
        if sequence not in coverage.sequences:
            yield (
                sequence,
                "E306",
                "は、指定の書体にない異体字です。後ろの異体字セレクタを削除するか、書体にある字体に改めてください。",
            )
    if _SELECTOR.match(text):
        yield text[0], "E303", "は、前に文字のない異体字セレクタです。削除してください。"


def _not_printable(character: str, text: str, coverage: Coverage) -> str:
    """The message for a `character` of `text` that the fonts lack, with a replacement where one is known."""
    message = "は、指定の書体にない文字です。"
    offer = instead(character, coverage)
    if offer is None:
        return message + "書体にある字体に改めるか、かなで書いてください。"
    # Within a formula, offer the whole word: CO₂ → CO2.
    match = re.search(f"[0-9A-Za-z]*{re.escape(character)}[0-9A-Za-z]*", text)
    assert match
    word = match[0].replace(character, offer)
    shown = word if word.isascii() and offer != word and len(word) <= 20 else offer
    return f"{message}代わりに「{shown}」が使えます。"


def instead(character: str, coverage: Coverage) -> str | None:
    """A printable replacement for a `character` that the fonts lack (its plain form or a look-alike), or None."""
    looks = next((group[0] for group in _LOOK_ALIKES if character in group), "")
    letters = unicodedata.normalize("NFD", character)
    for offer in (
        _INSTEAD.get(character, ""),
        unicodedata.normalize("NFKC", character),
        looks,
        "".join(letter for letter in letters if not unicodedata.combining(letter)),
    ):
        if not offer or offer == character or _lone_marks(offer):
            continue
        if {*offer} <= coverage.characters and not any(map(_kind, offer)):
            return offer
    return None


def _lone_marks(text: str) -> list[str]:
    """The marks of `text` that have no letter before them: a line may begin with such a one, and print it across a rule."""
    marks = sorted({character for character in text if unicodedata.combining(character)})
    return [mark for mark in marks if re.search(rf"(?<!\S){mark}", text)]


def _kind(character: str) -> tuple[str, str] | None:
    """The code and the message for a character that is refused whatever the fonts have; None for any other."""
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
        return "E304", "は、外字です。ほかのパソコンでは別の字になります。標準の文字に改めてください。"
    if category in ("Cn", "Cs"):
        return "E307", "は、文字として定められていません。標準の文字に改めてください。"
    if unicodedata.name(character, "").startswith(("CJK RADICAL", "KANGXI RADICAL")):
        plain = unicodedata.normalize("NFKC", character)
        advice = f"漢字{named(plain)}に直してください。" if plain != character else "漢字に直してください。"
        return "E305", f"は、漢字ではなく部首の記号です。{advice}"
    return None


def _fold(text: str) -> str:
    """`text` without width, case and variation selectors, each look-alike replaced by the first one of its group."""
    folded = unicodedata.normalize("NFKC", _SELECTOR.sub("", text)).casefold().strip()
    return folded.translate(_FOLDED)


def _fold_filled(text: str) -> str:
    """`_fold`, with filled symbols replaced by hollow ones."""
    return _fold(text).translate(_OUTLINES)


_FOLDED = {ord(character): group[0] for group in _LOOK_ALIKES for character in group.casefold()}
