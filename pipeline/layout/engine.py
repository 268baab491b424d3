"""Part of stage 4: WeasyPrint with our settings and patches: reads the HTML, lays it out, draws a page."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import cssselect2
import pydyf
import weasyprint
from weasyprint.formatting_structure import boxes
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from pipeline.documents.document import ID
from pipeline.documents.markup import for_paper
from pipeline.errors import TemplateError
from pipeline.plain import is_plain

from . import ink, line_breaks, reproducible, row_breaks
from .tags import Leaf, mark_content

# CSS medium. Stylesheets use it to tell WeasyPrint from a browser that prints.
MEDIUM = "paper"

# Marks rows that are taller than the room below the table head: they may be split.
DIVIDED = "data-divided"
_DIVIDE = f"tr[{DIVIDED}] {{ break-inside: auto !important }}"

LOGGER = logging.getLogger("weasyprint")

reproducible.use()
row_breaks.use()
ink.use()
line_breaks.use()
if not is_plain():
    from .fast import shrink_to_fit  # here: the plain way does without

    shrink_to_fit.use()

SVG = "{http://www.w3.org/2000/svg}"


def read(text: str) -> Element:
    """Parse the HTML `text`. Raises `TemplateError` if it is not well-formed.

    An XML parser is faster than WeasyPrint's HTML parser, which took a tenth of the total time. The attribute `id` is
    renamed: WeasyPrint computes separate styles for each element with an id, because it may be the target of a link.
    Elements with the class "screen-only" are removed: a counter in them would invalidate cached pages.
    """
    text = for_paper(text)
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        line = text.splitlines()[error.position[0] - 1].strip()
        raise TemplateError(
            f"templates/: ひな形から作ったHTMLの要素が正しく閉じていません({error}): {line[:80]}"
        ) from error
    for element in root.iter():
        element[:] = [child for child in element if "screen-only" not in child.get("class", "").split()]
        if name := element.attrib.pop("id", None):
            element.set(ID, name)
    for picture in root.iter("svg"):
        for element in picture.iter():
            element.tag = f"{SVG}{element.tag}"
            if name := element.attrib.pop(ID, None):
                element.set("id", name)  # references inside an SVG are resolved in the SVG
    return root


class Engine:
    """WeasyPrint with the styles of the document below `root`, parsed once for any number of layouts."""

    def __init__(self, root: Element) -> None:
        self._styles = []
        for style in root.iter("style"):
            if {"all", MEDIUM} & set(re.split(r"[\s,]+", style.get("media", "all"))):
                self._styles.append(_stylesheet(style.text or ""))
            style.set("type", "text/plain")  # so that WeasyPrint does not parse it again

    def lay_out(self, root: Element, more: str = "") -> Any:
        """Lay out the HTML below `root` and return WeasyPrint's `Document`. `more` is CSS on top of the document's."""
        return _Html(root).render(font_config=_fonts(), stylesheets=[*self._styles, weasyprint.CSS(string=more)])

    def lay_out_with_heads(self, root: Element, more: str = "") -> Any:
        """`lay_out`, repeated until each table has its head on all of its pages.

        A row that does not fit below the table head makes WeasyPrint drop the head. Such rows are marked, so that they
        may be split. Whether a row fits depends on that row and the heading rows directly above it alone, so every
        chunk of a table marks the same rows.
        """
        while True:
            document = self.lay_out(root, _DIVIDE + more)
            rows = [row for page in document.pages for row in _too_tall(page) if row.get(DIVIDED) is None]
            if not rows:
                return document
            for row in rows:
                row.set(DIVIDED, "")


_stylesheets: dict[str, Any] = {}


def _stylesheet(text: str) -> Any:
    """The parsed stylesheet `text`. It is cached unless it causes warnings, which every document must report."""
    if text in _stylesheets:
        return _stylesheets[text]
    with listening() as complaints:
        sheet = weasyprint.CSS(string=text, media_type=MEDIUM, url_fetcher=fetch_nothing())
    if not complaints:
        _stylesheets[text] = sheet
    return sheet


@cache
def _fonts() -> FontConfiguration:
    """The fonts that fontconfig finds: the approved ones (see fonts.py)."""
    return FontConfiguration()


class _Html(weasyprint.HTML):  # type: ignore[misc]
    """WeasyPrint's `HTML` of a tree that is parsed already. The attributes are those that its `__init__` sets."""

    def __init__(self, root: Element) -> None:
        self.base_url = None
        self.url_fetcher = fetch_nothing()
        self.media_type = MEDIUM
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
        return list(map(_without_notes, super()._ua_stylesheets(forms)))


def _without_notes(sheet: Any) -> Any:
    """A copy of a user agent stylesheet without footnotes, which cost five computed styles for each element."""
    lean = copy(sheet)
    lean.matcher = copy(sheet.matcher)
    lean.matcher.other_selectors = [
        selector for selector in sheet.matcher.other_selectors if "note" not in (selector[3] or "")
    ]
    return lean


def fetch_nothing() -> Any:
    """A fetcher that refuses every URL: documents are self-contained. WeasyPrint logs it, which fails the build."""
    return URLFetcher(allowed_protocols=())


@contextmanager
def listening() -> Iterator[list[str]]:
    """Collect what WeasyPrint logs at level WARNING and above. Progress has another logger."""
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    LOGGER.addHandler(handler)
    try:
        yield messages
    finally:
        LOGGER.removeHandler(handler)


@contextmanager
def unheard() -> Iterator[None]:
    """Suppress WeasyPrint's progress messages, for layouts that do not make pages of the document."""
    logger = logging.getLogger("weasyprint.progress")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


def draw(
    page: Any, stream: Any, scale: float, places: Mapping[Element, int], seen: set[Element], first_leaf: int = 0
) -> Sequence[Leaf]:
    """Paint `page` on `stream`, mark its content, and return it as leaves. Changes the boxes: a page is drawn once.

    `scale` is points a pixel. For `places`, `seen` and `first_leaf` see `tags.mark_content`.
    """
    for table in tables(page._page_box):
        _close_frame(table)
    if is_plain():
        page.paint(stream, scale)
    else:
        from .fast.table_rules import draw_rules, take_rules  # here: the plain way does without

        rules = take_rules(page._page_box)
        page.paint(stream, scale)
        draw_rules(stream, rules)
    return mark_content(page, stream, places, seen, first_leaf)


def _too_tall(page: Any) -> Iterator[Element]:
    """The rows that made WeasyPrint drop a repeated table head on `page`, without a warning (its issue #2679).

    It does so if an unsplittable row does not fit below the head and the heading rows that stay with the row. So the
    row is the first one on its page that is no heading row.
    """
    for table in tables(page._page_box):
        if not any(group.is_header for group in table.children):
            rows = (row for group in table.children for row in group.children)
            if row := next((row for row in rows if row.style["break_after"] != "avoid"), None):
                yield row.element


def _close_frame(table: Any) -> None:
    """End the frame of `table` on this page at its last row.

    If a heading row moves to the next page to stay with its first item, WeasyPrint does not reduce the table's height.
    """
    last = table.children[-1].children[-1]
    table.height = last.position_y + last.height - table.content_box_y()


def tables(box: Any) -> Iterator[Any]:
    """The table boxes inside `box`, without tables inside tables."""
    for child in getattr(box, "children", ()):
        if isinstance(child, boxes.TableBox):
            yield child
        else:
            yield from tables(child)


class _Written(pydyf.Stream):  # type: ignore[misc]
    """A stream whose bytes are computed."""

    data = b""

    def __init__(self, stream: Any) -> None:
        self.__dict__.update(vars(stream))
        self.data = stream.data


def compress_once(pdf: Any) -> None:
    """Compress the streams of the finished `pdf` once. pydyf would do it for the file, and again for its hash."""
    pdf.objects = [_Written(item) if isinstance(item, pydyf.Stream) else item for item in pdf.objects]
