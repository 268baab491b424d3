"""Part of stage 4: WeasyPrint as it is used here: what it is given to read, and how a page of its is drawn."""

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

# The medium by which the document's styles know this engine from a browser that prints.
MEDIUM = "paper"

# The attribute of rows that were found to be taller than the room below the head of their table.
_DIVIDED = "data-divided"
_DIVIDE = f"tr[{_DIVIDED}] {{ break-inside: auto !important }}"

LOGGER = logging.getLogger("weasyprint")

reproducible.use()
row_breaks.use()
ink.use()
line_breaks.use()

SVG = "{http://www.w3.org/2000/svg}"


def read(text: str) -> Element:
    """The HTML `text`, which must be well-formed. Raises `TemplateError` where it is not.

    WeasyPrint's own parser, which forgives everything, took a tenth of the whole time. And an `id` would give each
    row and all of its cells styles of their own, since it might be the target of a link: it steps aside.
    What is on screens only goes: a count in it that changes is no reason to lay out a page anew (fast/page_cache.py).
    """
    text = for_paper(text)
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        line = text.splitlines()[error.position[0] - 1].strip()
        raise TemplateError(
            f"templates/: ひな型から作ったHTMLの要素が正しく閉じていません({error}): {line[:80]}"
        ) from error
    for element in root.iter():
        element[:] = [child for child in element if "screen-only" not in child.get("class", "").split()]
        if name := element.attrib.pop("id", None):
            element.set(ID, name)
    for picture in root.iter("svg"):
        for element in picture.iter():
            element.tag = f"{SVG}{element.tag}"
            if name := element.attrib.pop(ID, None):
                element.set("id", name)  # what a picture refers to is looked for in the picture
    return root


class Engine:
    """WeasyPrint with the styles of the document below `root`, which are read once, however often it is set to work."""

    def __init__(self, root: Element) -> None:
        self._styles = []
        for style in root.iter("style"):
            if {"all", MEDIUM} & set(re.split(r"[\s,]+", style.get("media", "all"))):
                self._styles.append(_stylesheet(style.text or ""))
            style.set("type", "text/plain")  # not for WeasyPrint to read again

    def lay_out(self, root: Element, more: str = "") -> Any:
        """WeasyPrint's document of the HTML below `root`, with `more` styles."""
        return _Html(root).render(font_config=_fonts(), stylesheets=[*self._styles, weasyprint.CSS(string=more)])

    def lay_out_with_heads(self, root: Element, more: str = "") -> Any:
        """The same, with the head of each table on all of its pages: what is taller than the room below it is divided.

        Whether a row is depends on nothing but the row and the heading rows right above it.
        """
        while True:
            document = self.lay_out(root, _DIVIDE + more)
            rows = [row for page in document.pages for row in _too_tall(page) if row.get(_DIVIDED) is None]
            if not rows:
                return document
            for row in rows:
                row.set(_DIVIDED, "")


_stylesheets: dict[str, Any] = {}


def _stylesheet(text: str) -> Any:
    """The stylesheet `text`, read once for all documents; again for each if there is anything to complain of."""
    if text in _stylesheets:
        return _stylesheets[text]
    with listening() as complaints:
        sheet = weasyprint.CSS(string=text, media_type=MEDIUM, url_fetcher=fetch_nothing())
    if not complaints:
        _stylesheets[text] = sheet
    return sheet


@cache
def _fonts() -> FontConfiguration:
    """Fontconfig's view of the approved fonts, which are all that any document has."""
    return FontConfiguration()


class _Html(weasyprint.HTML):  # type: ignore[misc]
    """WeasyPrint's view of the HTML below `root`."""

    def __init__(self, root: Element) -> None:
        self.base_url = None
        self.url_fetcher = fetch_nothing()
        self.media_type = MEDIUM
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
        return list(map(_without_notes, super()._ua_stylesheets(forms)))


def _without_notes(sheet: Any) -> Any:
    """A built-in stylesheet without footnotes, for which each element would get five styles and has none."""
    lean = copy(sheet)
    lean.matcher = copy(sheet.matcher)
    lean.matcher.other_selectors = [
        selector for selector in sheet.matcher.other_selectors if "note" not in (selector[3] or "")
    ]
    return lean


def fetch_nothing() -> Any:
    """A document is whole in itself; whatever it asks for is refused, logged, and fails the build."""
    return URLFetcher(allowed_protocols=())


@contextmanager
def listening() -> Iterator[list[str]]:
    """Everything that WeasyPrint logs from warnings upwards; its progress has a logger of its own."""
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
    """Pages that nobody counts."""
    logger = logging.getLogger("weasyprint.progress")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


def draw(
    page: Any, stream: Any, scale: float, places: Mapping[Element, int], seen: set[Element], first_leaf: int = 0
) -> Sequence[Leaf]:
    """Paint `page` on `stream`, with its rules and marks, and return its content. Its boxes are used up."""
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
    """The rows for which WeasyPrint gave up the repeated head of a table on `page`.

    It does so without a word where a row that is not to be divided does not fit below what must stand above it: the
    head and the heading rows that stay with the row. It is the first row of its page besides those.
    """
    for table in tables(page._page_box):
        if not any(group.is_header for group in table.children):
            rows = (row for group in table.children for row in group.children)
            if row := next((row for row in rows if row.style["break_after"] != "avoid"), None):
                yield row.element


def _close_frame(table: Any) -> None:
    """End the frame of `table` on this page below its last row.

    A heading row that moves on to the next page to be with what follows it leaves WeasyPrint's table as high as
    it was.
    """
    last = table.children[-1].children[-1]
    table.height = last.position_y + last.height - table.content_box_y()


def tables(box: Any) -> Iterator[Any]:
    """The tables of `box`, a page's or one on it."""
    for child in getattr(box, "children", ()):
        if isinstance(child, boxes.TableBox):
            yield child
        else:
            yield from tables(child)


class _Written(pydyf.Stream):  # type: ignore[misc]
    data = b""

    def __init__(self, stream: Any) -> None:
        self.__dict__.update(vars(stream))
        self.data = stream.data


def compress_once(pdf: Any) -> None:
    """Make the data of all streams of `pdf`, which is complete. pydyf would for the file, and again for its identifier."""
    pdf.objects = [_Written(item) if isinstance(item, pydyf.Stream) else item for item in pdf.objects]
