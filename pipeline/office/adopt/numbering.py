"""The numbers before the names of headings and items: Ⅰ, 第1章, 1, (1), ①, 1-1, 基本目標1."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.model.form import Numbering, roman

_DIGIT = "[0-9０-９]"
_KANJI = "[一二三四五六七八九十]"
# Each style with its pattern, the more special ones first. A number ends where the name clearly begins.
_STYLES = tuple(
    (style, re.compile(pattern))
    for style, pattern in (
        ("ローマ数字", "[Ⅰ-Ⅻ]{1,4}[.．、]?|[IVXＩＶＸ]{1,5}(?:[.．、]|(?=\\s))"),
        ("第", f"第\\s?(?:{_DIGIT}{{1,3}}|{_KANJI}{{1,3}})\\s?[章節項編部款条号]?(?=[\\s.．、:：])[.．、:：]?"),
        ("枝番", f"[A-ZⅠ-Ⅻ]?{_DIGIT}{{1,3}}(?:[-－‐‑–−.．ー]{_DIGIT}{{1,3}}){{1,4}}[.．、]?(?![0-9０-９%％])"),
        ("括弧", f"[（(]{_DIGIT}{{1,3}}[)）]"),
        ("片括弧", f"{_DIGIT}{{1,3}}[)）]"),
        ("丸", "[①-⑳㉑-㉟㊱-㊿]"),
        ("算用数字", f"{_DIGIT}{{1,3}}(?:[.．、:：](?!{_DIGIT})|(?=\\s))"),
        ("漢数字", f"{_KANJI}{{1,3}}(?:[.．、]|(?=\\s))"),
        ("仮名", "[ア-ンｱ-ﾝ](?:[.．、)）]|(?=\\s))|[（(][ア-ン][)）]"),
        ("英字", "[A-HＡ-Ｈa-h](?:[.．、)）]|(?=\\s))"),
        (
            "語",
            "[一-龥]{0,4}(?:目標|方針|施策|政策|戦略|柱|課題|分野|プロジェクト)\\s?"
            f"(?:{_DIGIT}{{1,2}}(?:[-－]{_DIGIT}{{1,2}})?|[Ⅰ-Ⅻ]|{_KANJI}|[IVXA-H](?=[\\s:：]))[.．、:：]?",
        ),
    )
)
_WORD_END = re.compile(r"[0-9０-９Ⅰ-Ⅻ一二三四五六七八九十A-Z.．、:：\-－\s]+$")
_ALONE = re.compile(
    f"[A-Za-zⅠ-Ⅻ]?{_DIGIT}{{1,4}}(?:[-－‐‑–−.．ー]{_DIGIT}{{1,4}}){{0,4}}[.．、]?|[（(]{_DIGIT}{{1,3}}[)）]|{_DIGIT}{{1,3}}[)）]|"
    f"[①-⑳㉑-㉟㊱-㊿]|[Ⅰ-Ⅻ]{{1,4}}|[IVX]{{1,5}}|第\\s?{_DIGIT}{{1,3}}|[A-Za-zア-ン]"
)


class Numbered(NamedTuple):
    """A text with its number before it: the style and the number as typed (both "" if it has none), and the rest."""

    style: str
    label: str
    rest: str

    @property
    def word(self) -> str:
        """The word of a number like 基本目標1; "" of any other."""
        return _WORD_END.sub("", self.label).strip() if self.style == "語" else ""


def split(text: str) -> Numbered:
    """The number before a name, and the name."""
    for style, pattern in _STYLES:
        if found := pattern.match(text):
            rest = text[found.end() :].strip(" \u3000\t\n:：")
            if rest:
                return Numbered(style, found[0].strip(), rest)
    return Numbered("", "", text)


def is_number(text: str) -> bool:
    """Whether `text` is nothing but a number of an item or a heading: 12, 1-1, (3), Ⅱ."""
    return bool(_ALONE.fullmatch(text.strip()))


def numbering_of(groups: Sequence[Sequence[Numbered]]) -> Numbering:
    """How a level numbers its headings: `groups` has those below each parent, in order.

    Only numbers that come out as they were typed are left to be counted; others are the headings' own.
    """
    typed = [(position, heading) for group in groups for position, heading in enumerate(group, 1)]
    if not any(heading.label for _, heading in typed):
        return "なし"
    styles = {heading.style for _, heading in typed}
    if styles == {"ローマ数字"} and all(_as_roman(heading.label) == roman(position) for position, heading in typed):
        return "ローマ数字"
    if styles == {"括弧"} and all(_plain(heading.label) == f"({position})" for position, heading in typed):
        return "括弧"
    if styles == {"算用数字"} and all(_plain(heading.label) == str(position) for position, heading in typed):
        return "算用数字"
    return "自由"


def _plain(label: str) -> str:
    return unicodedata.normalize("NFKC", label).replace(" ", "")


def _as_roman(label: str) -> str | None:
    """A Roman number, in whatever letters, as the report prints it; None if it is none."""
    letters = _plain(label)
    values = [{"I": 1, "V": 5, "X": 10}.get(letter, 0) for letter in letters]
    if not values or 0 in values:
        return None
    total = sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))
    return roman(total) if total < 40 else None
