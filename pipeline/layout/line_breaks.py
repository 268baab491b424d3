"""Part of stage 4: where a line may end, where Pango alone would have it otherwise.

～ (U+FF5E) may not begin a line, as 〜 may not: Pango takes it for an ideograph, as Unicode does. An address, which is
often wider than its column, may be divided anywhere but after a hyphen: whoever copies it gets no hyphen at the end of
a line. Both are said with characters that are laid out, but neither drawn nor read: only the texts of WeasyPrint's
boxes have them.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from weasyprint.formatting_structure.boxes import TextBox

NO_BREAK, BREAK = "\u2060", "\u200b"

_INVISIBLE = {ord(NO_BREAK): None, ord(BREAK): None}
# Of many in a row, which are no words, lines may be made.
_TILDE = re.compile("(?<!～～)～")
_BETWEEN = re.compile("(?<=.)(?=.)", re.DOTALL)

_transform = TextBox.process_text_transform


def use() -> None:
    """Have WeasyPrint break lines so."""
    TextBox.process_text_transform = _process_text_transform


def visible(text: str) -> str:
    """`text` as it is drawn and read."""
    return text.translate(_INVISIBLE)


def laid_out(element: Element) -> str:
    """The text of `element` as it is laid out."""
    return _prose("".join(_texts(element)) if len(element) else element.text or "")


def _texts(element: Element) -> Iterator[str]:
    text = element.text or ""
    yield _address(text) if element.tag == "a" else text
    for child in element:
        yield from _texts(child)
        yield child.tail or ""


def _process_text_transform(box: Any) -> None:
    _transform(box)
    if box.element is not None and box.element.tag == "a":
        box.text = _address(box.text)
    box.text = _prose(box.text)


def _prose(text: str) -> str:
    # A box may come here again, with a copy of its page's margins.
    return _TILDE.sub(f"{NO_BREAK}～", text.replace(f"{NO_BREAK}～", "～")) if "～" in text else text


def _address(text: str) -> str:
    text = visible(text)
    return _BETWEEN.sub(lambda match: NO_BREAK if text[match.start() - 1] == "-" else BREAK, text)
