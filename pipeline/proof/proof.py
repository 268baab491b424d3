"""Stage 5: reads the finished PDF back and compares it with what the document must say, before it is delivered.

Both the painted text of each page and the structure tree, which screen readers use, are compared with the expectation,
without white space. So are fonts, metadata and the attached source. geometry.py checks that the text can be read on
paper, limits.py the limits of PDF/A. Any finding is a `ProofError`, and nothing is delivered.
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any

import pypdf
import pypdf.filters  # pypdf imports it when it decodes a stream; here it is imported while another process does the layout
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from pipeline.documents.addresses import find_addresses
from pipeline.documents.document import BULLETS, Carried, Cell, Document, Expected, Paragraph, Row, Table
from pipeline.errors import ProofError
from pipeline.fonts import FAMILIES
from pipeline.processes.gc_pause import gc_paused

from .content import UNMARKED, Box, Font, Text, bare, join, read_page
from .geometry import Rules, faults, shortened
from .limits import NESTING, excesses


@dataclass(slots=True)
class _Element:
    """A structure element: its text with that of its kids, its marked content as (page index, id), and its pages."""

    item: Any
    type: str
    kids: list["_Element"]
    text: str
    places: list[tuple[int, int]]
    pages: list[int]

    def all(self, kind: str) -> Iterator["_Element"]:
        """The descendants of type `kind`, depth first."""
        for kid in self.kids:
            if kid.type == kind:
                yield kid
            yield from kid.all(kind)


def prove(data: bytes, document: Document) -> int:
    """Prove that `data` is the PDF of `document`. Returns the number of pages. Raises `ProofError` (at most 30 findings)."""
    try:
        with gc_paused():
            proof = _Proof(data, document.expected, document.carried)
            findings, faults = list(proof.check()), list(proof.check_places())
    except (pypdf.errors.PyPdfError, KeyError, AttributeError, TypeError, ValueError, IndexError) as error:
        if not _is_of_reader(error):
            raise
        # pypdf raises these where the file lacks an object that ours always have.
        raise ProofError(f"検査で、PDFの構造が読めませんでした({type(error).__name__}: {error})。") from error
    if findings or faults:
        what = "PDFが元データと一致しませんでした" if findings else "印刷すると読めないところがPDFにありました"
        findings += faults
        shown, more = findings[:_SHOWN], findings[_SHOWN:]
        shown += [f"ほか{len(more)}件"] if more else []
        raise ProofError(f"検査で、{what}。\n" + "\n".join(shown))
    return len(proof.pages)


_HEAD = "表の見出し"
_SHOWN = 30


def _is_of_reader(error: Exception) -> bool:
    """Whether pypdf raised `error`, because of the file. The same exception raised by our own code is a bug."""
    if isinstance(error, pypdf.errors.PyPdfError):
        return True
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    return last is not None and str(last.tb_frame.f_globals["__name__"]).split(".")[0] == pypdf.__name__


class _Proof:
    """The PDF, read completely, with the checks. Each check yields messages."""

    def __init__(self, data: bytes, expected: Expected, carried: Carried) -> None:
        self._data = data
        self._reader = reader = pypdf.PdfReader(io.BytesIO(data), strict=True)
        self._expected = expected
        self._carried = carried
        self._catalog = _resolve(reader.trailer["/Root"])
        self._fonts: dict[str, Font] = {}
        self.pages = list(reader.pages)
        self._page_numbers = {_number(page): number for number, page in enumerate(self.pages)}
        self._painted = [read_page(page, self._font) for page in self.pages]
        self._texts = [
            {piece.mcid: piece.text for piece in painted.pieces if piece.mcid is not None} for painted in self._painted
        ]
        self._owners: dict[tuple[int, int], list[int]] = defaultdict(list)
        self._cells: list[_Element] = []
        self._root = self._element(_resolve(self._catalog["/StructTreeRoot"]["/K"][0]))
        if self._root.kids and _is_signature(self._root.kids[-1]):
            # A signed report: signature.py adds the field after the last element of the document.
            self._root.kids.pop()

    def check(self) -> Iterator[str]:
        """Differences between the PDF and the document."""
        yield from self._check_blocks()
        yield from self._check_pages()
        yield from self._check_fonts()
        yield from self._check_metadata()
        yield from self._check_sources()
        yield from self._check_ids()
        yield from self._check_way_back()
        yield from excesses(self._data, self._reader)

    # Reading

    def _font(self, font: Any) -> Font:
        font = _resolve(font)
        key = str(font["/BaseFont"])
        if key not in self._fonts:
            self._fonts[key] = Font(font)
        return self._fonts[key]

    def _element(self, item: Any) -> _Element:
        """Read the structure element `item` and its descendants."""
        kids: list[_Element] = []
        text: list[str] = []
        places: list[tuple[int, int]] = []
        page = item.get("/Pg")
        content = _resolve(item.get("/K", ArrayObject()))
        for kid in content if isinstance(content, list) else [content]:
            number = page
            kid = _resolve(kid)
            if isinstance(kid, DictionaryObject) and kid.get("/Type") == "/MCR":
                number, kid = kid.raw_get("/Pg"), kid["/MCID"]
            elif isinstance(kid, DictionaryObject) and kid.get("/Type") == "/OBJR":
                continue  # an annotation has no text
            elif isinstance(kid, DictionaryObject):
                child = self._element(kid)
                kids.append(child)
                text.append(child.text)
                places += child.places
                continue
            else:
                number = item.raw_get("/Pg")
            if number.idnum not in self._page_numbers:
                raise pypdf.errors.PdfReadError("an element stands on a page that the file does not have")
            at = self._page_numbers[number.idnum]
            self._owners[at, int(kid)].append(_number(item))
            text.append(self._texts[at].get(int(kid), "�"))
            places.append((at, int(kid)))
        element = _Element(item, str(item["/S"])[1:], kids, "".join(text), places, [page for page, _ in places])
        if element.type in ("TH", "TD"):
            self._cells.append(element)
        return element

    # The structure tree

    def _check_blocks(self) -> Iterator[str]:
        """The structure tree, block by block: masthead, paragraphs, tables."""
        blocks = [*self._expected.masthead, *self._expected.blocks]
        if len(self._root.kids) != len(blocks):
            yield f"文書の部分(表題、段落、表)が{len(blocks)}個ではなく{len(self._root.kids)}個です。"
        for element, block in zip(self._root.kids, blocks, strict=False):
            kind = block.kind if isinstance(block, Paragraph) else "Table"
            if element.type != kind:
                yield f"文書の部分が{kind}ではなく{element.type}です(「{element.text[:20]}」)。"
            elif isinstance(block, Table):
                yield from self._check_table(element, block)
            # Repeated paragraphs and pictures have no links.
            elif (
                kind != "Figure"
                and block not in self._expected.masthead
                and (finding := self._wrong_links(element, block.text))
            ):
                yield f"段落「{block.text}」の{finding}"
            elif element.text != bare(block.text):
                yield f"段落「{block.text}」が「{element.text}」となっています。"
            elif kind == "Figure":
                yield from self._check_figure(element, block.alternate)
            elif kind == "Note" and "/ID" not in element.item:
                yield f"注「{block.text}」にIDがありません。"

    def _check_figure(self, figure: _Element, alternate: str) -> Iterator[str]:
        read = str(figure.item.get("/Alt", ""))
        if read != alternate:
            yield f"図の読みが「{alternate}」ではなく「{read}」です。"
        area = _resolve(_resolve(figure.item.get("/A", DictionaryObject())).get("/BBox", ArrayObject()))
        pages = [self.pages[page].mediabox for page in figure.pages]
        match [*map(float, area)]:
            case [left, foot, right, top] if pages and all(
                0 <= left < right <= page.width and 0 <= foot < top <= page.height for page in pages
            ):
                pass
            case _:
                yield f"図「{alternate}」の場所(BBox)が、ページの中にありません。"

    def _check_table(self, table: _Element, expected: Table) -> Iterator[str]:
        heads = [kid for kid in table.kids if kid.type == "THead"]
        if len(heads) != 1 or table.kids[:1] != heads or len(heads[0].kids) != len(expected.heads):
            yield f"表の見出しが{len(heads)}個あります。表の初めに一つでなければなりません。"
            return
        for element, cells in zip(heads[0].kids, expected.heads, strict=True):
            yield from self._check_cells(element, cells, _HEAD)
        rows = _rows(table)
        if len(rows) != len(expected.rows):
            yield f"表の行が{len(expected.rows)}行ではなく{len(rows)}行です。"
        for number, (element, row) in enumerate(zip(rows, expected.rows, strict=False), 1):
            label = next((cell.text for cell in row.cells if cell.scope and cell.text), "")
            place = f"{number}行目「{''.join(label.split())}」"
            yield from self._check_cells(element, row.cells, place)
            yield from self._check_lines(element, row.cells, place)
        yield from self._check_widths([*heads[0].kids, *rows])

    def _check_lines(self, row: _Element, cells: tuple[Cell, ...], place: str) -> Iterator[str]:
        """Check headings in cells, and that lines of a cell are paragraphs or entries of a list."""
        for element, cell in zip(row.kids, cells, strict=False):
            read = tuple(_block(kid) for kid in element.kids if kid.type not in ("Span", "Link"))
            wanted = ((f"H{cell.heading}", bare(cell.text)),) if cell.heading else tuple(_lines(cell.text))
            if read != wanted:
                yield f"{place}: 「{bare(cell.text)}」の行の分け方が{wanted}ではなく{read}です。"

    def _check_widths(self, rows: list[_Element]) -> Iterator[str]:
        """Check that every row has as many columns as the first one, with the row spans of the rows above."""
        reach: list[int] = []  # column -> how many more rows the cell above spans
        for number, row in enumerate(rows):
            widths = [self._spans(cell) for cell in row.kids]
            if not number:
                reach = [0] * sum(columns for columns, _ in widths)
            free = [column for column, more in enumerate(reach) if not more]
            reach = [max(more - 1, 0) for more in reach]
            if len(free) != sum(columns for columns, _ in widths):
                yield f"表の{number + 1}行目の幅が{len(free)}欄ではありません。"
                return
            below = [more for columns, more in widths for _ in range(columns)]
            for column, more in zip(free, below, strict=True):
                reach[column] = more - 1

    def _spans(self, cell: _Element) -> tuple[int, int]:
        """ColSpan and RowSpan."""
        attributes = _resolve(cell.item.get("/A", DictionaryObject()))
        return int(attributes.get("/ColSpan", 1)), int(attributes.get("/RowSpan", 1))

    def _check_cells(self, row: _Element, cells: tuple[Cell, ...], place: str) -> Iterator[str]:
        if len(row.kids) != len(cells):
            yield f"{place}: 欄が{len(cells)}ではなく{len(row.kids)}です。"
        begins = min(row.pages, default=0)
        for element, cell in zip(row.kids, cells, strict=False):
            text = bare(cell.text)
            if element.text != text:
                yield f"{place}: 「{text}」が「{element.text}」となっています。"
            if place != _HEAD and (finding := self._wrong_links(element, cell.text)):
                yield f"{place}: 「{text}」の{finding}"
            attributes = _resolve(element.item.get("/A", DictionaryObject()))
            spans = list(element.all("Span"))
            decorated = [kid for kid in spans if "/A" in kid.item]
            alternate = next((_alternate(kid) for kid in spans if kid not in decorated), "")
            marked = [line for text in cell.marked for line in text.split("\n") if bare(line)]
            for name, read, wanted in (
                ("種類", element.type, "TH" if cell.scope else "TD"),
                ("見出しの範囲", str(attributes.get("/Scope", "/"))[1:], cell.scope),
                ("見出しとの関係", tuple(map(_plain, attributes.get("/Headers", ()))), cell.headers),
                ("読み", alternate, cell.alternate),
                ("下線", [kid.text for kid in decorated], [bare(line) for line in marked]),
                ("下線の種類", {_decoration(kid) for kid in decorated}, {"/Underline" for _ in marked[:1]}),
                (
                    "下線の読み",
                    [_alternate(kid) for kid in decorated],
                    [f"{cell.said}：「{cell.alternate or line}」" for line in marked],
                ),
                ("ID", _plain(element.item.get("/ID", "")), cell.id),
            ):
                if read != wanted:
                    yield f"{place}: 「{text}」の{name}が{wanted or 'なし'}ではなく{read or 'なし'}です。"
            # All cells of a row begin on the same page, also if the row is split.
            if element.pages != sorted(element.pages) or {begins} != {*element.pages[:1], begins}:
                yield f"{place}: 「{text}」が、行の始まる{begins + 1}ページから続いていません。"

    def _wrong_links(self, element: _Element, text: str) -> str:
        """What is wrong with the links in `element`, or "". Each address in `text` must be a link."""
        wanted = list(find_addresses(text))
        links = list(element.all("Link"))
        leads = [(kid.text, self._targets(kid)) for kid in links]
        if "".join(words for words, _ in leads) != "".join(text[one.begin : one.end] for one in wanted):
            return f"リンクが「{'、'.join(words for words, _ in leads)}」にあります。"
        # An address that is marked in parts has several links with the same target.
        found = [target for target, _ in groupby(target for _, targets in leads for target in targets or [""])]
        if found != [target for target, _ in groupby(one.target for one in wanted)]:
            return f"リンクの先が「{'、'.join(found)}」です。"
        return ""

    def _targets(self, link: _Element) -> list[str]:
        """The targets of the annotations of `link`; "" for one without place, description or parent tree entry."""
        targets = []
        for kid in map(_resolve, link.item["/K"]):
            if isinstance(kid, DictionaryObject) and kid.get("/Type") == "/OBJR":
                annotation = _resolve(kid["/Obj"])
                page = _resolve(kid["/Pg"])
                target = str(annotation["/A"]["/URI"])
                left, foot, right, top = map(float, annotation["/Rect"])
                *_, width, height = map(float, page["/MediaBox"])
                is_sound = (
                    annotation["/Subtype"] == "/Link"
                    and str(annotation.get("/Contents", "")) == target.removeprefix("mailto:")
                    and annotation.indirect_reference in page.get("/Annots", ())
                    and 0 <= left < right <= width
                    and 0 <= foot < top <= height
                    and self._parents.get(annotation.get("/StructParent")) == link.item.indirect_reference
                )
                targets.append(target if is_sound else "")
        return targets

    # The pages

    def _check_pages(self) -> Iterator[str]:
        """Check page sizes, the exact text around the content of each page, and that no page ends in a heading."""
        around = self._around()
        links = sum(len(self._targets(link)) for link in self._root.all("Link"))
        annotations = (_resolve(one) for page in self.pages for one in page.get("/Annots", ()))
        if links != sum(one.get("/Subtype") == "/Link" for one in annotations):
            yield "構造のないリンクがあります。"
        for number, page in enumerate(self.pages, 1):
            size = float(page.mediabox.width), float(page.mediabox.height)
            if any(abs(a - b) > 0.5 for a, b in zip(size, self._expected.page_size, strict=True)):
                yield f"{number}ページ: 用紙の大きさが違います({size[0]:.0f}×{size[1]:.0f}pt)。"
            if any(piece.mcid == UNMARKED for piece in self._painted[number - 1].pieces):
                yield f"{number}ページ: 構造のない文字があります。"
            rest = "".join(piece.text for piece in self._painted[number - 1].pieces if piece.mcid is None)
            # The longest texts first: a short one may be part of a longer one.
            for text in sorted(map(bare, around[number - 1]), key=len, reverse=True):
                if text not in rest:
                    yield f"{number}ページ: 「{text}」がページの上下にありません。"
                rest = rest.replace(text, "", 1)
            if rest:
                yield f"{number}ページ: 上下に余分な文字「{rest}」があります。"
        for number in self._stranded():
            yield f"{number}ページ: 見出しの行がページの末尾に取り残されています。"
        for element in self._root.kids[: len(self._expected.masthead)]:
            if element.pages and {*element.pages} != {0}:
                yield f"「{element.text[:40]}」が最初のページにありません。"

    def _around(self) -> list[list[str]]:
        """For each page the texts around its content: masthead, running line, repeated table heads, foot."""
        around = [
            [f"{number}/{len(self.pages)}", f"元データ{self._carried.label}"]
            for number in range(1, len(self.pages) + 1)
        ]
        for texts in around[1:]:
            # On the first page the masthead is content. Later pages repeat it, or its short form.
            texts += [paragraph.text for paragraph in self._expected.repeated]
        begun: set[int] = set()
        for page, piece in self._flow():
            if page not in begun:
                around[page].append(piece.context if isinstance(piece, Row) else "")
                begun.add(page)
        elements = [kid for kid in self._root.kids if kid.type == "Table"]
        for element, table in zip(elements, self._expected.tables, strict=False):
            for page in {*element.pages} if table.pictures_head else ():
                around[page].append(table.pictures_head)
            first = {page for head in element.kids[:1] for page in head.pages}
            for page in {page for row in _rows(element) for page in row.pages} - first:
                around[page].append(table.head_text)
        return around

    def _stranded(self) -> Iterator[int]:
        """Indexes of pages that end in a heading whose first row or paragraph is on the next page."""
        for (page, piece), (next_page, following) in pairwise(self._flow()):
            if page < next_page and _heads(piece, following):
                yield page + 1

    def _flow(self) -> Iterator[tuple[int, Paragraph | Row]]:
        """(page index, paragraph or row) in reading order; one on several pages comes once for each page."""
        skip = len(self._expected.masthead)
        for element, block in zip(self._root.kids[skip:], self._expected.blocks, strict=False):
            if isinstance(block, Paragraph):
                for page in sorted({*element.pages}):
                    yield page, block
                continue
            for kid, row in zip(_rows(element), block.rows, strict=False):
                for page in sorted({*kid.pages}):
                    yield page, row

    # Places on the page

    def check_places(self) -> Iterator[str]:
        """Texts that cannot be read on paper, and cells that do not stay inside their rules."""
        for number, (page, painted) in enumerate(zip(self.pages, self._painted, strict=True), 1):
            paper = page.mediabox
            if page.rotation or page.cropbox != paper or page.get("/UserUnit", 1) != 1:
                yield f"{number}ページ: 用紙の向き、見える範囲、単位のどれかが変えられています。"
            if painted.depth > NESTING:
                yield f"{number}ページ: PDF/A-3の限度({NESTING}段)を超える入れ子があります({painted.depth}段)。"
            for fault in [*painted.faults, *faults(painted, (paper.left, paper.bottom, paper.right, paper.top))]:
                yield f"{number}ページ: {fault}"
        yield from self._check_cells_inside()

    def _check_cells_inside(self) -> Iterator[str]:
        """Check that no rule crosses the box around all lines of a cell."""
        rules: dict[int, Rules] = {}
        boxes: dict[int, dict[int | None, Box]] = {}
        for cell in self._cells:
            if len(cell.places) < 2:
                continue
            for page in {*cell.pages}:
                if page not in rules:
                    rules[page], boxes[page] = Rules(self._painted[page].areas), _boxes(self._painted[page].texts)
                parts = [boxes[page][mcid] for at, mcid in cell.places if at == page and mcid in boxes[page]]
                if len(parts) > 1 and rules[page].divide(join(parts)):
                    yield f"{page + 1}ページ: 「{shortened(cell.text)}」が一つの欄に収まらず、罫線をまたいでいます。"

    # Fonts, metadata, attachments, cross references

    def _check_fonts(self) -> Iterator[str]:
        for number, page in enumerate(self.pages, 1):
            resources: Any = page["/Resources"]
            for font in map(_resolve, _resolve(resources.get("/Font", {})).values()):
                name = str(font["/BaseFont"])[1:]
                family = name.split("+")[-1].removesuffix("-Bold").replace("-", " ")
                if family not in FAMILIES:
                    yield f"{number}ページ: 指定の書体ではない「{name}」が使われています。"
                descriptor = _resolve(_resolve(font["/DescendantFonts"])[0])["/FontDescriptor"]
                if not {"/FontFile", "/FontFile2", "/FontFile3"} & {*descriptor}:
                    yield f"{number}ページ: 書体「{name}」が埋め込まれていません。"

    def _check_metadata(self) -> Iterator[str]:
        expected, day = self._expected, self._carried.day
        information: Any = self._reader.metadata or {}
        date = f"D:{day:%Y%m%d}" if day else None
        found = {
            "表題": (information.get("/Title"), expected.title),
            "作成者": (information.get("/Author"), expected.author or None),
            "作成日": (information.get("/CreationDate"), date),
            "更新日": (information.get("/ModDate"), date),
            "言語": (self._catalog.get("/Lang"), "ja"),
        }
        for name, (read, wanted) in found.items():
            if read != wanted:
                yield f"文書の{name}が「{wanted or 'なし'}」ではなく「{read or 'なし'}」です。"
        xmp = _resolve(self._catalog["/Metadata"]).get_data().decode("utf-8")
        for wanted in (
            'pdfaid:part="3"',
            'pdfaid:conformance="A"',
            "<pdfuaid:part>1</pdfuaid:part>",
            f"<dc:identifier>{self._carried.identifier}</dc:identifier>",
        ):
            if wanted not in xmp:
                yield f"文書の情報(XMP)に {wanted} がありません。"

    def _check_sources(self) -> Iterator[str]:
        wanted = {file.name: [file.data] for file in self._carried.files}
        if dict(self._reader.attachments) != wanted:
            yield f"元データ({'、'.join(wanted)})が一つずつ、そのままの形で入っていません。"
        associated = _resolve(self._catalog.get("/AF", ArrayObject()))
        if [_resolve(file).get("/AFRelationship") for file in associated] != ["/Source"] * len(wanted):
            yield "元データが、文書の元として示されていません。"
        if any(_resolve(_resolve(file)["/EF"]["/F"]).get("/Subtype") != "/application/yaml" for file in associated):
            yield "元データの種類が、YAMLと示されていません。"

    def _check_ids(self) -> Iterator[str]:
        heads = {
            _plain(head.item["/ID"]): head.item.indirect_reference
            for kind in ("TH", "Note")
            for head in self._root.all(kind)
            if "/ID" in head.item
        }
        names = _resolve(_resolve(self._catalog["/StructTreeRoot"]).get("/IDTree", DictionaryObject()))
        listed = list(map(_resolve, names.get("/Names", ArrayObject())))
        keys = [_plain(name) for name in listed[::2]]
        if dict(zip(keys, (item.indirect_reference for item in listed[1::2]), strict=True)) != heads:
            yield "見出しの一覧(IDTree)が、表の見出しと一致しません。"
        if keys != sorted(keys):
            yield "見出しの一覧(IDTree)の順が正しくありません。"

    @cached_property
    def _parents(self) -> dict[int, Any]:
        """The parent tree: key of a page or annotation -> its entry."""
        parents = _resolve(_resolve(self._catalog["/StructTreeRoot"])["/ParentTree"]).get("/Nums", ArrayObject())
        return dict(zip(parents[::2], parents[1::2], strict=True))

    def _check_way_back(self) -> Iterator[str]:
        """Check that each marked-content id belongs to one element, and that the parent tree leads to it."""
        found = {key: _resolve(entry) for key, entry in self._parents.items()}
        for page, texts in enumerate(self._texts):
            entries = list(map(_resolve, found.get(_resolve(self.pages[page])["/StructParents"], ArrayObject())))
            for mcid, text in texts.items():
                owners = self._owners[page, mcid]
                if len(owners) != 1:
                    yield f"{page + 1}ページ: 「{text}」が構造に{len(owners)}回あります。"
                elif mcid >= len(entries) or _number(entries[mcid]) != owners[0]:
                    yield f"{page + 1}ページ: 「{text}」から構造へ戻れません(ParentTree)。"


def _lines(text: str) -> Iterator[tuple[str, Any]]:
    """The structure that the lines of a cell must have: ("P", line), or ("L", entries) for lines with bullets."""
    lines = list(filter(None, map(bare, text.split("\n"))))
    entries = [line[0] in BULLETS and len(line) > 1 for line in lines]
    if len(lines) == 1 and not entries[0]:
        return
    for is_list, run in groupby(zip(lines, entries, strict=True), lambda pair: pair[1]):
        if is_list:
            yield "L", tuple(line for line, _ in run)
        else:
            yield from (("P", line) for line, _ in run)


def _block(element: _Element) -> tuple[str, Any]:
    """`element` in the form of `_lines`."""
    if element.type != "L":
        return element.type, element.text
    return "L", tuple(
        entry.text if entry.type == "LI" and [kid.type for kid in entry.kids] == ["LBody"] else ""
        for entry in element.kids
    )


def _alternate(span: _Element) -> str:
    return str(span.item.get("/Alt", ""))


def _decoration(span: _Element) -> str:
    return str(_resolve(span.item["/A"]).get("/TextDecorationType", ""))


def _heads(piece: Paragraph | Row, following: Paragraph | Row) -> bool:
    """Whether `piece` heads the next piece, `following`: a row refers to its headings by its cells' headers."""
    if isinstance(piece, Paragraph):
        return piece.kind.startswith("H")
    heads = {cell.id for cell in piece.cells if cell.id} if piece.is_heading else set()
    return isinstance(following, Row) and any(heads & {*cell.headers} for cell in following.cells)


def _boxes(texts: Iterable[Text]) -> dict[int | None, Box]:
    """Marked-content id -> box, for the `texts` of one page."""
    boxes: dict[int | None, Box] = {}
    for text in texts:
        boxes[text.mcid] = join((boxes[text.mcid], text.box)) if text.mcid in boxes else text.box
    return boxes


def _rows(table: _Element) -> list[_Element]:
    return [row for body in table.kids if body.type == "TBody" for row in body.kids]


def _is_signature(element: _Element) -> bool:
    """Whether `element` holds the field of an electronic signature and nothing else."""
    kids = [_resolve(kid) for kid in element.item["/K"]]
    return (
        element.type == "Form"
        and len(kids) == 1
        and isinstance(kids[0], DictionaryObject)
        and kids[0].get("/Type") == "/OBJR"
        and _resolve(kids[0]["/Obj"]).get("/FT") == "/Sig"
    )


def _number(item: Any) -> int:
    """The object number of `item`."""
    number: int = item.indirect_reference.idnum
    return number


def _resolve(item: Any) -> Any:
    """The object to which a reference leads; other objects as they are."""
    return item.get_object() if isinstance(item, (IndirectObject, StreamObject)) else item


def _plain(item: Any) -> str:
    """A PDF string, name or number as text."""
    item = _resolve(item)
    return item.decode("utf-8") if isinstance(item, bytes) else str(item)
