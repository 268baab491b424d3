"""Part of stage 4: where a line may end, where Pango alone would have it otherwise.

～ (U+FF5E) may not begin a line, as 〜 may not: Pango takes it for an ideograph, as Unicode does. An address, which is
often wider than its column, may be divided anywhere but after a hyphen: whoever copies it gets no hyphen at the end of
a line. Both are said with characters that are laid out, but neither drawn nor read: only the texts of WeasyPrint's
boxes have them.

A word that is longer than its line is broken by `overflow-wrap` (print.css), but only where it begins the line; one of
which a piece is marked as changed does not always. Long ones may therefore be divided like addresses.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from weasyprint.formatting_structure.boxes import TextBox

from pipeline.text import is_inseparable

NO_BREAK, BREAK = "\u2060", "\u200b"

_INVISIBLE = {ord(NO_BREAK): None, ord(BREAK): None}
# Of many in a row, which are no words, lines may be made.
_TILDE = re.compile("(?<!～～)～")
_BETWEEN = re.compile("(?<=.)(?=.)", re.DOTALL)
# What has so many characters is longer than some line of ours, and no word that one would write.
_LONG = 24
_WORD = re.compile(rf"[!-~\u00a1-\u024f\u0370-\u04ff]{{{_LONG},}}")
_LEADER = re.compile(r"(\S)\1{7,}")
# So many signs in a row are no words either: brackets, stops, ①, Ⅲ, Greek letters. Lines may end anyway before and
# after kana that are not small, kanji and wide letters.
_SMALL_KANA = "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
_BREAKABLE = r"\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uf900-\ufaff\uff10-\uff5a\U00020000-\U0003ffff"
_SIGNS = re.compile(rf"(?:[^\s!-~{_BREAKABLE}]|[{_SMALL_KANA}]){{12,}}")
# No bracket or stop is parted from what it belongs to.
_INSIDE = re.compile(r"(?<=[^(\[{-])(?=[^)\]}.,:;!?%'\"-])")

_transform = TextBox.process_text_transform


def use() -> None:
    """Have WeasyPrint break lines so."""
    TextBox.process_text_transform = _process_text_transform


def visible(text: str) -> str:
    """`text` as it is drawn and read."""
    return text.translate(_INVISIBLE) if NO_BREAK in text or BREAK in text else text


def laid_out(element: Element) -> str:
    """The text of `element` as it is laid out."""
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
    text = visible(text)  # a box may come here again, with a copy of its page's margins
    if "～" in text:
        text = _TILDE.sub(f"{NO_BREAK}～", text)
    text = _SIGNS.sub(lambda signs: _apart(signs[0]), text)
    text = _LEADER.sub(lambda leader: BREAK.join(leader[0]), text)
    return _WORD.sub(lambda word: _INSIDE.sub(BREAK, word[0]), text)


def _apart(signs: str) -> str:
    return signs[0] + "".join(sign if is_inseparable(sign) else BREAK + sign for sign in signs[1:])


def _address(text: str) -> str:
    text = visible(text)
    return _BETWEEN.sub(lambda match: NO_BREAK if text[match.start() - 1] == "-" else BREAK, text)
