"""Stage 4: HTML becomes an official PDF: PDF/A-3a and PDF/UA-1 in one file, the same bytes on every build."""

import datetime
import logging
import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from . import html
from .collector import collector_at_rest
from .document import ID, Carried, Document
from .errors import LackError, ProofError
from .fonts import confine_layout

# The medium by which the document's styles know this engine from a browser that prints.
MEDIUM = "paper"

# What laying out takes: libraries, fonts and threads, and for each character of HTML (measured: 290 MB, and 250 B
# of 1,500 rows; with a limit in force, it does with less).
_BYTES = 250 * 1024 * 1024
_BYTES_OF_A_CHARACTER = 300

# Dates of the attachment when the edition names none: any fixed day will do, the day of the build would not.
_SOME_DAY = datetime.date(2000, 1, 1)

# PDF/UA's identifier, with the description that PDF/A asks for of every property it does not know
# (ISO 19005-3, 6.6.2.3), and the hash of the source. All must stand in the first rdf:RDF.
_XMP = """<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">\
<dc:identifier>{identifier}</dc:identifier></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 to which the file conforms</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""


def write_pdf(document: Document, font_cache: Path) -> bytes:
    """Lay out `document` on paper and write it with tags, metadata and its sources.

    Raises `ProofError` if the engine has anything to complain of: it logs and carries on where we would stop.
    """
    confine_layout(font_cache)
    _require_memory(_BYTES + _BYTES_OF_A_CHARACTER * len(document.html))
    try:
        import weasyprint  # here: it is half of a cold run, and must find the fonts confined
    except OSError as error:
        raise LackError(f"組版の部品(Pango)がありません({error})。次のコマンドで入れてください: make setup") from error
    from weasyprint.text.ffi import harfbuzz_subset

    if harfbuzz_subset is None:
        # Then WeasyPrint would embed other bytes, by another way that it says it will give up.
        raise LackError(
            "組版の部品(HarfBuzz-Subset)がありません。次のコマンドで入れてください: "
            "sudo apt-get install libharfbuzz-subset0(macOSでは brew install pango)"
        )

    from .hairlines import draw_rules
    from .tags import rebuild_tags

    def finish(pages: Any, pdf: Any) -> None:
        for page, reference in zip(pages.pages, pdf.page_references, strict=True):
            content = pdf.objects[int(reference.split()[0])]["Contents"]
            draw_rules(pdf.objects[int(content.split()[0])], page.rules)
        rebuild_tags(pages, pdf)
        _identify(pdf, document.carried)

    day = document.carried.day or _SOME_DAY
    midnight = datetime.datetime(day.year, day.month, day.day)
    attachments = [
        weasyprint.Attachment(
            string=file.data,
            name=file.name,
            description=f"この文書の元のデータ(版 {file.edition})",
            created=midnight,
            modified=midnight,
            relationship="Source",
        )
        for file in document.carried.files
    ]
    with _listening() as complaints, collector_at_rest():
        data = lay_out(document.html).write_pdf(pdf_variant="pdf/a-3a", attachments=attachments, finisher=finish)
    if complaints:
        raise ProofError(
            "組版が警告を出しました。templates/ と styles/ を確かめてください。\n"
            + "\n".join(_in_styles(complaints, document.html))
        )
    assert isinstance(data, bytes)
    return data


def _require_memory(size: int) -> None:
    """Raise `LackError` where there is no room for so much: Pango and its kin end the whole process without a word."""
    try:
        mmap.mmap(-1, size).close()
    except OSError as error:
        raise LackError(
            f"メモリが足りません({size // 2**20}メガバイトが要ります)。ほかのプログラムを終えるか、"
            "メモリの制限(ulimit -v)を緩めてから、もう一度実行してください。"
        ) from error


def lay_out(text: str) -> Any:
    """The HTML `text` as WeasyPrint's pages.

    Where a row that is not to be divided does not fit below what must stand above it, WeasyPrint gives up the
    repeated head of the table without a word. Then the rows that can be the cause may be divided.
    """
    import weasyprint

    from .hairlines import take_rules

    source = _read(text)
    document = source.render()
    if any(_has_lost_head(table) for page in document.pages for table in _tables(page._page_box)):
        document = source.render(stylesheets=[weasyprint.CSS(string=_DIVIDE)])
    for page in document.pages:
        for table in _tables(page._page_box):
            _close_frame(table)
        page.rules = take_rules(page._page_box)
    return document


def _read(text: str) -> Any:
    """WeasyPrint's view of the HTML `text`, which must be well-formed. Raises `ProofError` where it is not.

    WeasyPrint's own parser, which forgives everything, took a tenth of the whole time. And an `id` would give each
    row and all of its cells styles of their own, since it might be the target of a link: it steps aside.
    """
    import cssselect2
    import weasyprint

    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        line = text.splitlines()[error.position[0] - 1].strip()
        raise ProofError(
            f"templates/: ひな型から作ったHTMLの要素が正しく閉じていません({error}): {line[:80]}"
        ) from error
    for element in root.iter():
        if name := element.attrib.pop("id", None):
            element.set(ID, name)
    for picture in root.iter("svg"):
        for element in picture.iter():
            element.tag = f"{{http://www.w3.org/2000/svg}}{element.tag}"
            if name := element.attrib.pop(ID, None):
                element.set("id", name)  # what a picture refers to is looked for in the picture

    class Html(weasyprint.HTML):  # type: ignore[misc]
        def __init__(self) -> None:
            self.base_url = None
            self.url_fetcher = _fetch_nothing()
            self.media_type = MEDIUM
            self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
            self.etree_element = self.wrapper_element.etree_element

        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
            return list(map(_without_notes, super()._ua_stylesheets(forms)))

    return Html()


def _without_notes(sheet: Any) -> Any:
    """A built-in stylesheet without footnotes, for which each element would get five styles and has none."""
    lean = copy(sheet)
    lean.matcher = copy(sheet.matcher)
    lean.matcher.other_selectors = [
        selector for selector in sheet.matcher.other_selectors if "note" not in (selector[3] or "")
    ]
    return lean


def _fetch_nothing() -> Any:
    """A document is whole in itself; whatever it asks for is refused, logged, and fails the build."""
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols=())


_DIVIDE = "tr.maybe-tall { break-inside: auto !important }"


def _has_lost_head(table: Any) -> bool:
    return not any(group.is_header for group in table.children)


def _close_frame(table: Any) -> None:
    """End the frame of `table` on this page below its last row.

    A heading row that moves on to the next page to be with what follows it leaves WeasyPrint's table as high as
    it was.
    """
    last = table.children[-1].children[-1]
    table.height = last.position_y + last.height - table.content_box_y()


def _tables(box: Any) -> Iterator[Any]:
    from weasyprint.formatting_structure import boxes

    for child in getattr(box, "children", ()):
        if isinstance(child, boxes.TableBox):
            yield child
        else:
            yield from _tables(child)


def _in_styles(complaints: list[str], text: str) -> list[str]:
    """`complaints` about the HTML `text`, with the stylesheet and the line in it of each that is about a style."""
    import weasyprint

    found: list[str] = []
    for path in sorted(html.STYLES.glob("*.css")):
        style = path.read_text("utf-8")
        if style in text:
            with _listening() as alone:
                weasyprint.CSS(string=style, media_type=MEDIUM, url_fetcher=_fetch_nothing())
            found += [f"styles/{path.name}: {complaint}" for complaint in alone]
    # Alone, a stylesheet is read for every medium.
    known = {_PLACE.sub("", complaint) for complaint in complaints}
    found = [one for one in found if _PLACE.sub("", one.split(": ", 1)[1]) in known]
    named = {_PLACE.sub("", one.split(": ", 1)[1]) for one in found}
    return found + [complaint for complaint in complaints if _PLACE.sub("", complaint) not in named]


_PLACE = re.compile(r" at \d+:\d+")


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Everything that WeasyPrint logs from warnings upwards; its progress has a logger of its own."""
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)


def _identify(pdf: Any, carried: Carried) -> None:
    """Say in the metadata what the file conforms to and which source it was made of."""
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    (xmp,) = metadata.stream
    assert xmp.count(b"</rdf:RDF>") == 1
    metadata.stream = [xmp.replace(b"</rdf:RDF>", _XMP.format(identifier=carried.identifier).encode() + b"</rdf:RDF>")]
    # Uncompressed, so that a program that knows no PDF can read it too (ISO 19005-3 recommends it).
    metadata.compress = False
    # WeasyPrint lists each attachment once for being attached and once for being a file.
    files = pdf.catalog["AF"]
    del files[len(files) // 2 :]
    pdf.catalog["PageLabels"] = "<</Nums [0 <</S /D>>]>>"
