"""What a finished text of HTML gets besides: addresses become links, and ～ stays with the character before it.

Templates write what people typed as it is. Here it is found wherever it stands, in one piece or in several that are
marked as changed, so that no template can forget it.
"""

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from .addresses import find_addresses

# ～ (U+FF5E) may not begin a line, as 〜 may not (JIS X 4051). Browsers take it for an ideograph; for them a style puts
# what forbids a break before it, which is no part of the text that is copied or searched.
TIED = '<span class="tied">～</span>'
_TILDE = re.compile("(?<!～～)～")

# What leads a reader of the page from a repeat to its item, and would stop a printed one.
_ON_SCREENS = re.compile('(?:<span class="tied">|<a class="to-item"[^>]*>)([^<]*)</(?:span|a)>')

# Where nobody reads.
_KEPT = re.compile(r"<(script|style|title)\b.*?</\1>", re.DOTALL)
# The head of a page or of a table returns on each page.
_WITHOUT_LINKS = re.compile(r"<(header|thead|nav)\b.*?</\1>", re.DOTALL)
_BLOCK = re.compile(r"(<(td|th|p|li|h[1-6])\b[^>]*>)(.*?)(?=</\2>)", re.DOTALL)
# A link holds no link, and a picture neither links nor ties.
_LINK_OR_TAG = re.compile(r"(<(?:a|svg)\b.*?</(?:a|svg)>|<[^>]*>)", re.DOTALL)
_TAG = re.compile(r"(<svg\b.*?</svg>|<[^>]*>)", re.DOTALL)


def mark_up(html: str) -> str:
    """The document `html` with links and ties."""
    if "～" not in html and "://" not in html and "@" not in html:
        return html
    return "".join(
        part
        if is_kept
        else "".join(_marked(inner, not is_repeated) for inner, is_repeated in _split(part, _WITHOUT_LINKS))
        for part, is_kept in _split(html, _KEPT)
    )


def for_paper(html: str) -> str:
    """The document `html` without what only browsers need: paper has the text of it."""
    return _ON_SCREENS.sub(r"\1", html)


def _split(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, bool]]:
    """`text` in pieces, each with whether it is one that `pattern` describes."""
    at = 0
    for match in pattern.finditer(text):
        yield text[at : match.start()], False
        yield match[0], True
        at = match.end()
    yield text[at:], False


def _marked(part: str, with_links: bool) -> str:
    if with_links:
        part = _BLOCK.sub(lambda match: match[1] + _linked(match[3]), part)
    # A tag holds no ～ as it stands here: of texts in attributes nobody breaks the lines.
    return "".join(piece if piece.startswith("<") else _TILDE.sub(TIED, piece) for piece in _TAG.split(part))


def _linked(content: str) -> str:
    """The `content` of a block with its addresses as links; one that is marked in pieces has a link in each."""
    if "://" not in content and "@" not in content:
        return content
    pieces = _LINK_OR_TAG.split(content)
    # No address goes on behind a link.
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
    """`text`, which begins at character `at` of its block, with what it has of the `addresses` there as links."""
    written: list[str] = []
    done = 0
    for begin, end, target in addresses:
        first, last = max(begin - at, 0), min(end - at, len(text))
        if first < last:
            written.append(escape(text[done:first]))
            written.append(f'<a href="{escape(target)}">{escape(text[first:last])}</a>')
            done = last
    return "".join([*written, escape(text[done:])])
