"""Stage 4: HTML becomes an official PDF, which is both PDF/A-3a and PDF/UA-1, with the same bytes on every build."""

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

# Address space that the layout needs: a constant part (libraries, fonts, threads) and one for each character of HTML.
# Measured on 1,500 rows: 290 MB, and 250 B a character. Under a limit (ulimit -v), Python gets by with less.
_BYTES = 250 * 1024 * 1024
_BYTES_OF_A_CHARACTER = 300

# The attachment's date if the edition has none. Any fixed day will do; the day of the build would change the bytes.
_SOME_DAY = datetime.date(2000, 1, 1)

# The identifier of PDF/UA, with the extension schema that PDF/A requires for properties it does not define
# (ISO 19005-3, 6.6.2.3), and the hash of the source. Readers ignore all but the first rdf:RDF.
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
    """Lay out `document` and write it as a PDF with tags, metadata and the attached sources.

    `jobs` is the most processes to use; `kept` is a cache of pages from earlier calls. `font_cache` is fontconfig's
    folder. Raises `ProofError` for anything that WeasyPrint warns of (it logs and continues), `LackError` where Pango,
    fonts or memory are missing, `TemplateError` for HTML that is not well-formed.
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
            "PDFを作るときに警告が出ました。templates/ と styles/ を確かめてください。\n"
            + "\n".join(_in_styles(complaints, document.html))
        )
    return data


def warm_up(font_cache: Path) -> None:
    """Import what `write_pdf` needs. Errors are ignored here: `write_pdf` raises them again."""
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
    """Import WeasyPrint. `confine_layout` must come first: fontconfig reads its settings once. Raises `LackError`."""
    try:
        if is_plain():
            import weasyprint

            return weasyprint
        from .fast.startup import import_weasyprint

        return import_weasyprint()
    except OSError as error:
        raise LackError(
            f"PDFを作る部品(Pango)がありません({error})。次のコマンドで入れてください: make setup"
        ) from error


def _require_memory(size: int) -> None:
    """Raise `LackError` if `size` bytes cannot be mapped. Without memory, Pango ends the process without a message."""
    try:
        mmap.mmap(-1, size).close()
    except OSError as error:
        raise LackError(
            f"メモリーが足りません({size // 2**20}メガバイトが要ります)。ほかのプログラムを終えるか、"
            "メモリーの制限(ulimit -v)を緩めてから、もう一度実行してください。"
        ) from error


def _in_styles(complaints: list[str], text: str) -> list[str]:
    """`complaints` about the HTML `text`; those about CSS with the stylesheet's name and the place in it."""
    import weasyprint

    from pipeline.documents.html import STYLES  # here: imports the model, which this stage does not need otherwise

    from .engine import MEDIUM, fetch_nothing, listening

    # A stylesheet that is read alone is read for every medium: warnings that the document did not give are left out.
    known = {_PLACE.sub("", complaint) for complaint in complaints}
    found: list[str] = []
    named: set[str] = set()
    for path in sorted(STYLES.glob("*.css")):
        style = filled(path.read_text("utf-8"))
        if style in text:
            with listening() as alone:
                weasyprint.CSS(string=style, media_type=MEDIUM, url_fetcher=fetch_nothing())
            for complaint in alone:
                if (what := _PLACE.sub("", complaint)) in known:
                    found.append(f"styles/{path.name}: {complaint}")
                    named.add(what)
    return found + [complaint for complaint in complaints if _PLACE.sub("", complaint) not in named]


_PLACE = re.compile(r" at \d+:\d+")


def _declare_namespaces(xmp: bytes) -> bytes:
    """`xmp` with each namespace declared on the element that uses it. Apache PDFBox does not see those on rdf:RDF."""
    begin, end = xmp.index(b"<rdf:RDF"), xmp.index(b">", xmp.index(b"<rdf:RDF"))
    declared = dict(re.findall(rb' xmlns:(\w+)="([^"]*)"', xmp[begin:end]))
    rdf = b'<rdf:RDF xmlns:rdf="%s"' % declared.pop(b"rdf")

    def with_namespaces(description: re.Match[bytes]) -> bytes:
        used = dict.fromkeys(prefix for prefix in re.findall(rb"[\s</](\w+):\w", description[0]) if prefix in declared)
        names = b"".join(b' xmlns:%s="%s"' % (prefix, declared[prefix]) for prefix in used)
        return description[1] + names + description[2]

    return xmp[:begin] + rdf + _DESCRIPTION.sub(with_namespaces, xmp[end:])


# An rdf:Description, self-closing or with an end tag.
_DESCRIPTION = re.compile(rb"(<rdf:Description)([^>]*/>|.*?</rdf:Description>)", re.DOTALL)


def _identify(pdf: Any, carried: Carried) -> None:
    """Add conformance and source hash to the XMP; correct what WeasyPrint writes about attachments."""
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    (xmp,) = metadata.stream
    assert xmp.count(b"</rdf:RDF>") == 1
    more = _XMP.format(identifier=carried.identifier).encode()
    metadata.stream = [_declare_namespaces(xmp).replace(b"</rdf:RDF>", more + b"</rdf:RDF>")]
    # Uncompressed, so that programs that do not parse PDF can read it (recommended by ISO 19005-3).
    metadata.compress = False
    # WeasyPrint lists each attachment twice in /AF.
    files = pdf.catalog["AF"]
    del files[len(files) // 2 :]
    for item in pdf.objects:
        if getattr(item, "extra", {}).get("Type") == "/EmbeddedFile":
            # RFC 9512. WeasyPrint asks the system's list of MIME types, which may lack YAML.
            item.extra["Subtype"] = "/application#2fyaml"
    pdf.catalog["PageLabels"] = "<</Nums [0 <</S /D>>]>>"
