"""Stage 4: HTML becomes an official PDF: PDF/A-3a and PDF/UA-1 in one file, the same bytes on every build."""

import datetime
import mmap
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.documents.document import Carried, Document
from pipeline.errors import LackError, ProofError
from pipeline.fonts import confine_layout
from pipeline.paper import filled
from pipeline.plain import is_plain
from pipeline.processes.gc_pause import gc_paused

if TYPE_CHECKING:
    from .fast.page_cache import PageCache

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


def write_pdf(document: Document, font_cache: Path, jobs: int = 1, kept: "PageCache | None" = None) -> bytes:
    """Lay out `document` on paper, in as many as `jobs` processes, and write it with tags, metadata and its sources.

    Pages that are `kept` of the last time are taken again where they would be the same.

    Raises `ProofError` if the engine has anything to complain of: it logs and carries on where we would stop.
    """
    confine_layout(font_cache)
    _require_memory(_BYTES + _BYTES_OF_A_CHARACTER * len(document.html))
    weasyprint = _weasyprint()

    from .engine import compress_once, listening
    from .glyphs import map_numbers
    from .pages import lay_out
    from .tags import rebuild_tags

    day = document.carried.day or _SOME_DAY
    midnight = datetime.datetime(day.year, day.month, day.day)
    attachments = [
        weasyprint.Attachment(
            string=file.data,
            name=file.name,
            description=f"この文書の元データ(版 {file.edition})",
            created=midnight,
            modified=midnight,
            relationship="Source",
        )
        for file in document.carried.files
    ]
    with listening() as complaints, gc_paused():
        pages = lay_out(document.html, jobs, kept)

        def finish(_: Any, pdf: Any) -> None:
            rebuild_tags(pages.root, pages.leaves, pdf)
            map_numbers(pages.fonts, pdf)
            _identify(pdf, document.carried)
            compress_once(pdf)

        data = pages.write_pdf(pdf_variant="pdf/a-3a", attachments=attachments, finisher=finish)
    if complaints:
        raise ProofError(
            "組版が警告を出しました。templates/ と styles/ を確かめてください。\n"
            + "\n".join(_in_styles(complaints, document.html))
        )
    return data


def warm_up(font_cache: Path) -> None:
    """Import what `write_pdf` needs. What is missing is of no account here: `write_pdf` will say so."""
    with suppress(LackError, OSError):
        confine_layout(font_cache)
        _weasyprint()
        from . import pages  # noqa: F401

        if not is_plain():
            from .fast import chunks, table_rules  # noqa: F401


def new_page_cache() -> "PageCache | None":
    """An empty cache for the pages that `write_pdf` draws; None where the layout is plain."""
    if is_plain():
        return None
    from .fast.page_cache import PageCache

    return PageCache()


def _weasyprint() -> Any:
    """WeasyPrint, when the fonts are confined, as it must find them. Raises `LackError`."""
    try:
        if is_plain():
            import weasyprint

            return weasyprint
        from .fast.startup import import_weasyprint

        return import_weasyprint()
    except OSError as error:
        raise LackError(f"組版の部品(Pango)がありません({error})。次のコマンドで入れてください: make setup") from error


def _require_memory(size: int) -> None:
    """Raise `LackError` where there is no room for so much: Pango and its kin end the whole process without a word."""
    try:
        mmap.mmap(-1, size).close()
    except OSError as error:
        raise LackError(
            f"メモリが足りません({size // 2**20}メガバイトが要ります)。ほかのプログラムを終えるか、"
            "メモリの制限(ulimit -v)を緩めてから、もう一度実行してください。"
        ) from error


def _in_styles(complaints: list[str], text: str) -> list[str]:
    """`complaints` about the HTML `text`, with the stylesheet and the line in it of each that is about a style."""
    import weasyprint

    from pipeline.documents.html import STYLES  # here: it brings in the model, for which this stage has no use

    from .engine import MEDIUM, fetch_nothing, listening

    found: list[str] = []
    for path in sorted(STYLES.glob("*.css")):
        style = filled(path.read_text("utf-8"))
        if style in text:
            with listening() as alone:
                weasyprint.CSS(string=style, media_type=MEDIUM, url_fetcher=fetch_nothing())
            found += [f"styles/{path.name}: {complaint}" for complaint in alone]
    # Alone, a stylesheet is read for every medium.
    known = {_PLACE.sub("", complaint) for complaint in complaints}
    found = [one for one in found if _PLACE.sub("", one.split(": ", 1)[1]) in known]
    named = {_PLACE.sub("", one.split(": ", 1)[1]) for one in found}
    return found + [complaint for complaint in complaints if _PLACE.sub("", complaint) not in named]


_PLACE = re.compile(r" at \d+:\d+")


def _declare_namespaces(xmp: bytes) -> bytes:
    """`xmp` with each namespace declared where it is used, as the parser of Apache PDFBox wants it: not around all."""
    begin, end = xmp.index(b"<rdf:RDF"), xmp.index(b">", xmp.index(b"<rdf:RDF"))
    declared = dict(re.findall(rb' xmlns:(\w+)="([^"]*)"', xmp[begin:end]))
    rdf = b'<rdf:RDF xmlns:rdf="%s"' % declared.pop(b"rdf")

    def with_namespaces(description: re.Match[bytes]) -> bytes:
        used = dict.fromkeys(prefix for prefix in re.findall(rb"[\s</](\w+):\w", description[0]) if prefix in declared)
        names = b"".join(b' xmlns:%s="%s"' % (prefix, declared[prefix]) for prefix in used)
        return description[1] + names + description[2]

    return xmp[:begin] + rdf + _DESCRIPTION.sub(with_namespaces, xmp[end:])


# A description, closed in itself or by the tag that ends it.
_DESCRIPTION = re.compile(rb"(<rdf:Description)([^>]*/>|.*?</rdf:Description>)", re.DOTALL)


def _identify(pdf: Any, carried: Carried) -> None:
    """Say in the metadata what the file conforms to and which source it was made of."""
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    (xmp,) = metadata.stream
    assert xmp.count(b"</rdf:RDF>") == 1
    more = _XMP.format(identifier=carried.identifier).encode()
    metadata.stream = [_declare_namespaces(xmp).replace(b"</rdf:RDF>", more + b"</rdf:RDF>")]
    # Uncompressed, so that a program that knows no PDF can read it too (ISO 19005-3 recommends it).
    metadata.compress = False
    # WeasyPrint lists each attachment once for being attached and once for being a file.
    files = pdf.catalog["AF"]
    del files[len(files) // 2 :]
    for item in pdf.objects:
        if getattr(item, "extra", {}).get("Type") == "/EmbeddedFile":
            # RFC 9512; WeasyPrint asks the system, of which some know no such type.
            item.extra["Subtype"] = "/application#2fyaml"
    pdf.catalog["PageLabels"] = "<</Nums [0 <</S /D>>]>>"
