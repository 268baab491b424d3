"""Part of stage 4: line break opportunities that differ from Pango's.

- ～ (U+FF5E) never begins a line, like 〜. Pango treats it as an ideograph, as Unicode does.
- An address is often wider than its column. It may break anywhere except after a hyphen, which a reader who copies the
  address would take for hyphenation.
- `overflow-wrap` (print.css) breaks a long word only if the word begins its line. A word that is partly marked as
  changed may begin in the middle of a line, so long words get break opportunities like addresses.

WORD JOINER and ZERO WIDTH SPACE control the breaks. They are in the texts of WeasyPrint's boxes only; they are neither
drawn nor in the text of the PDF.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from weasyprint.formatting_structure.boxes import TextBox

from pipeline.text import is_inseparable

NO_BREAK, BREAK = "\u2060", "\u200b"

_INVISIBLE = {ord(NO_BREAK): None, ord(BREAK): None}
# Only the first two of a run: a long run of ～ is a leader, which may break.
_TILDE = re.compile("(?<!～～)～")
_BETWEEN = re.compile("(?<=.)(?=.)", re.DOTALL)
# Characters. A word of this length is wider than the narrowest column, and no natural word.
_LONG = 24
_WORD = re.compile(rf"[!-~\u00a1-\u024f\u0370-\u04ff]{{{_LONG},}}")
_LEADER = re.compile(r"(\S)\1{7,}")
# A run of twelve signs (brackets, stops, ①, Ⅲ, Greek letters) is no word either. Lines may break around kanji, wide
# letters and kana that are not small anyway.
_SMALL_KANA = "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
_BREAKABLE = r"\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uf900-\ufaff\uff10-\uff5a\U00020000-\U0003ffff"
_SIGNS = re.compile(rf"(?:[^\s!-~{_BREAKABLE}]|[{_SMALL_KANA}]){{12,}}")
# Where a long word may break: not between a bracket or a punctuation mark and its word.
_INSIDE = re.compile(r"(?<=[^(\[{-])(?=[^)\]}.,:;!?%'\"-])")
# The space of a template before a text, as after a picture: no line could end there before a stop or a closing bracket.
_LEADING_SPACE = re.compile(rf"^ (?=[^\s\w]|[ー々{_SMALL_KANA}])")

_transform = TextBox.process_text_transform


def use() -> None:
    """Patch WeasyPrint's text boxes."""
    TextBox.process_text_transform = _process_text_transform


def visible(text: str) -> str:
    """`text` without the control characters: as it is drawn, and as the PDF says it."""
    return text.translate(_INVISIBLE) if NO_BREAK in text or BREAK in text else text


def laid_out(element: Element) -> str:
    """The text of `element` with the control characters, as it is laid out."""
    return "".join(_texts(element)) if len(element) else _prose(element.text or "")


def _texts(element: Element) -> Iterator[str]:
    text = element.text or ""
    yield _address(text) if element.tag == "a" else _prose(text)
    for child in element:
        yield from _texts(child)
        yield _prose(child.tail or "")


def _process_text_transform(box: Any) -> None:
    _transform(box)
    is_address = box.element is not None and box.element.tag == "a"
    box.text = _address(box.text) if is_address else _prose(box.text)


def _prose(text: str) -> str:
    text = visible(text)  # boxes of page margins are copied, and get here again
    if "～" in text:
        text = _TILDE.sub(f"{NO_BREAK}～", text)
    text = _LEADING_SPACE.sub(f" {BREAK}", text)
    text = _SIGNS.sub(lambda signs: _apart(signs[0]), text)
    text = _LEADER.sub(lambda leader: BREAK.join(leader[0]), text)
    return _WORD.sub(lambda word: _INSIDE.sub(BREAK, word[0]), text)


def _apart(signs: str) -> str:
    return signs[0] + "".join(sign if is_inseparable(sign) else BREAK + sign for sign in signs[1:])


def _address(text: str) -> str:
    text = visible(text)
    return _BETWEEN.sub(lambda match: NO_BREAK if text[match.start() - 1] == "-" else BREAK, text)
