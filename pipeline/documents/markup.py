"""Post-processing of finished HTML: addresses become links, and ～ is kept on the line of the character before it.

Templates print typed text as it is. Doing this once for the whole document covers every template, and addresses that
`ins` and `del` divide.
"""

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from .addresses import find_addresses

# ～ (U+FF5E) may not begin a line, like 〜 (JIS X 4051). Browsers treat it as an ideograph; a style puts U+2060 WORD
# JOINER before it as generated content, which is neither copied nor searched.
TIED = '<span class="tied">～</span>'
_TILDE = re.compile("(?<!～～)～")

# The link from a repeat to its item, of no use on paper.
_ON_SCREENS = re.compile('(?:<span class="tied">|<a class="to-item"[^>]*>)([^<]*)</(?:span|a)>')

# Elements without readable text.
_KEPT = re.compile(r"<(script|style|title)\b.*?</\1>", re.DOTALL)
# Elements that are repeated on every page.
_WITHOUT_LINKS = re.compile(r"<(header|thead|nav)\b.*?</\1>", re.DOTALL)
_BLOCK = re.compile(r"(<(td|th|p|li|dd|h[1-6])\b[^>]*>)(.*?)(?=</\2>)", re.DOTALL)
# Links do not nest; pictures get neither links nor ties.
_LINK_OR_TAG = re.compile(r"(<(?:a|svg)\b.*?</(?:a|svg)>|<[^>]*>)", re.DOTALL)
_TAG = re.compile(r"(<svg\b.*?</svg>|<[^>]*>)", re.DOTALL)


def mark_up(html: str) -> str:
    """`html` with addresses as links and ～ tied to the character before it."""
    return "".join(
        part
        if is_kept
        else "".join(_marked(inner, not is_repeated) for inner, is_repeated in _split(part, _WITHOUT_LINKS))
        for part, is_kept in _split(html, _KEPT)
    )


def for_paper(html: str) -> str:
    """`html` for WeasyPrint: without ties and the links of repeats; their text stays."""
    return _ON_SCREENS.sub(r"\1", html)


def _split(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, bool]]:
    """`text` in pieces (piece, matches `pattern`)."""
    at = 0
    for match in pattern.finditer(text):
        yield text[at : match.start()], False
        yield match[0], True
        at = match.end()
    yield text[at:], False


def _marked(part: str, with_links: bool) -> str:
    if with_links:
        part = _BLOCK.sub(lambda match: match[1] + _linked(match[3]), part)
    # Tags are skipped: text in attributes is not broken into lines.
    return "".join(piece if piece.startswith("<") else _TILDE.sub(TIED, piece) for piece in _TAG.split(part))


def _linked(content: str) -> str:
    """The `content` of a block with its addresses as links; an address divided by tags gets a link in each piece."""
    if "://" not in content and "@" not in content:
        return content
    pieces = _LINK_OR_TAG.split(content)
    # An address ends at an existing link.
    texts = [
        Markup(piece).unescape() if not piece.startswith("<") else "\n" if piece.startswith("<a") else ""
        for piece in pieces
    ]
    addresses = list(find_addresses("".join(texts)))
    if not addresses:
        return content
    linked: list[str] = []
    at = 0
    for piece, text in zip(pieces, texts, strict=True):
        linked.append(piece if piece.startswith("<") else _with_links(text, at, addresses))
        at += len(text)
    return "".join(linked)


def _with_links(text: str, at: int, addresses: Sequence[tuple[int, int, str]]) -> str:
    """`text`, which begins at character `at` of its block, with its parts of `addresses` as links."""
    written: list[str] = []
    done = 0
    for begin, end, target in addresses:
        first, last = max(begin - at, 0), min(end - at, len(text))
        if first < last:
            written.append(escape(text[done:first]))
            written.append(f'<a href="{escape(target)}">{escape(text[first:last])}</a>')
            done = last
    return "".join([*written, escape(text[done:])])
