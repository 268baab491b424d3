"""Addresses of web pages and of mail in what people wrote: where each stands, and where it leads."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# In Japanese nothing but the next character says where an address ends: so only what may stand in one as it is
# (RFC 3986), in ASCII, belongs to it.
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
_ADDRESS = re.compile(
    rf"(?<![A-Za-z0-9])https?://{_HOST}(?::[0-9]+)?(?:[/?#][A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*)?"
    rf"|(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]*@{_HOST}(?![A-Za-z0-9@])",
)
_BRACKETS = {")": "(", "]": "["}


class Address(NamedTuple):
    """An address in a text: its first character, the one after its last, and the URI that it means."""

    begin: int
    end: int
    target: str


def find_addresses(text: str) -> Iterator[Address]:
    """The addresses in `text`. What ends the sentence or closes a bracket around an address is no part of it."""
    if "://" not in text and "@" not in text:
        return
    for match in _ADDRESS.finditer(text):
        address = match[0]
        while (last := address[-1]) in ".,;:!?'" or (
            last in _BRACKETS and address.count(last) > address.count(_BRACKETS[last])
        ):
            address = address[:-1]
        yield Address(match.start(), match.start() + len(address), address if "://" in address else f"mailto:{address}")
