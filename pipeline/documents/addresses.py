"""Finds web and mail addresses in prose: the span of each and its URI."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Japanese puts no space behind an address, so it ends at the first character that RFC 3986 does not allow in a URI:
# anything outside ASCII.
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
_ADDRESS = re.compile(
    rf"(?<![A-Za-z0-9])https?://{_HOST}(?::[0-9]+)?(?:[/?#][A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*)?"
    rf"|(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]*@{_HOST}(?![A-Za-z0-9@])",
)
_BRACKETS = {")": "(", "]": "["}


class Address(NamedTuple):
    """An address in a text: its span (start, end) and its URI."""

    begin: int
    end: int
    target: str


def find_addresses(text: str) -> Iterator[Address]:
    """The addresses in `text`, without punctuation and closing brackets that follow them."""
    if "://" not in text and "@" not in text:
        return
    for match in _ADDRESS.finditer(text):
        address = match[0]
        while (last := address[-1]) in ".,;:!?'" or (
            last in _BRACKETS and address.count(last) > address.count(_BRACKETS[last])
        ):
            address = address[:-1]
        yield Address(match.start(), match.start() + len(address), address if "://" in address else f"mailto:{address}")
