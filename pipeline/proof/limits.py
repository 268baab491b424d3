"""The implementation limits of PDF/A-3 (ISO 19005-3, 6.1.13). A reader may refuse a file beyond them.

Objects outside content streams are checked here. content.py checks the strings and the nesting of each page.
"""

import re
from collections.abc import Iterator

import pypdf

# Bytes of a string, bytes of a name, graphics states saved with q, objects.
STRING = 32_767
NAME = 127
NESTING = 28
_OBJECTS = 8_388_607

# Matches tokens that are within the limits; the match ends before the first one that is not. Integers have 32 bits,
# reals at most 38 digits before the point. All quantifiers are possessive, so the time is linear. The first lines repeat
# the simple cases of the later ones: nearly all tokens are one of these, and a group for each character takes long.
# Parentheses in strings must be escaped, as all our writers do; a regular expression could not count nested ones.
# Each repeated group ends with (?!), which fails where it begins: up to Python 3.11.4, a possessive repeat ends where its
# last attempt failed (python/cpython#106052).
_REGULAR = rb"[^\s/<>\[\]()%{}#]"
_BETWEEN = rb"[^(</%0-9+.-]*+"
_WITHIN = re.compile(
    rb"""BETWEEN(?:(?:
        /REGULAR{0,127}+(?!REGULAR|\#)
      | [0-9]{1,9}+(?![0-9.])
      | \([^\\()]{0,32767}+\)
      | <<
      | [+-]?(?:[0-9]{1,9}(?![0-9.])|[0-9]{0,38}\.[0-9]*+|(?:[01][0-9]{9}|20[0-9]{8})(?![0-9.]))
      | /(?:\#[0-9A-Fa-f]{2}|REGULAR|(?!)){0,127}+(?!REGULAR|\#)
      | \((?:[^\\()]|\\[0-7]{1,3}+|\\.|(?!)){0,32767}+\)
      | <[0-9A-Fa-f\s]{0,65534}+>
      | %[^\r\n]*+
      | (?!)
    )BETWEEN)*+""".replace(b"REGULAR", _REGULAR).replace(b"BETWEEN", _BETWEEN),
    re.VERBOSE | re.DOTALL,
)

_KINDS = {
    b"(": f"{STRING:,}バイトを超える文字列",
    b"<": f"{STRING:,}バイトを超える文字列",
    b"/": f"{NAME}バイトを超える名前",
}


def excesses(data: bytes, reader: pypdf.PdfReader) -> Iterator[str]:
    """Yield a message for each limit that the file `data` exceeds. `reader` has read the same file."""
    objects = sum(map(len, reader.xref.values())) + len(reader.xref_objStm)
    if objects > _OBJECTS:
        yield f"PDF/A-3の限度({_OBJECTS:,}個)を超える数のオブジェクトがあります({objects:,}個)。"
    yield from excess(b"".join(_outside_streams(data)))
    for number in sorted({number for number, _ in reader.xref_objStm.values()}):
        packed = reader.get_object(number)
        assert isinstance(packed, pypdf.generic.StreamObject)
        yield from excess(packed.get_data())


def _outside_streams(data: bytes) -> Iterator[bytes]:
    """The pieces of the file `data` between its streams."""
    begin = 0
    while (end := data.find(b"stream", begin)) >= 0:
        yield data[begin:end]
        closing = data.find(b"endstream", end)
        if closing < 0:
            return
        begin = closing + len(b"endstream")
    yield data[begin:]


def excess(data: bytes) -> Iterator[str]:
    """Yield a message for the first token beyond the limits in `data`: PDF objects without their streams."""
    within = _WITHIN.match(data)
    assert within is not None  # the empty match is one
    if within.end() < len(data):
        begin = data[within.end() : within.end() + 1]
        yield f"PDF/A-3の限度を超えるもの({_KINDS.get(begin, '大きすぎる数')})があります。"
