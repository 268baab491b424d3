"""Stage 5: the finished PDF is read back and held against the model, before anybody gets it.

What a reader sees (the text of each page, in the order in which it is painted) and what a screen reader
reads (the structure tree) are both compared with what the model says, white space aside; so are fonts,
metadata and the source that the file carries. Whatever differs is a `ProofError`: nothing is delivered.
"""

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdf
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from .errors import ProofError
from .fonts import FAMILIES
from .html import (
    CONTINUED,
    DIGEST_LENGTH,
    DRAFT,
    LEGEND_COLON,
    NOTHING,
    REPEATED,
    Column,
    columns,
    flat,
    issuer,
    japanese_as_of,
)
from .model import BLANK, Edition, Item, measure_number, policy_number
from .pdf import ATTACHMENT, Carried
from .validation import Validated

A4_LANDSCAPE = (841.89, 595.28)  # pt


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it must read: its text, the ids in `Headers`, its `Scope` if it is a head, its alternate text."""

    text: str
    headers: tuple[str, ...]
    scope: str = ""
    alternate: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it must read. `context` is what the head of a page says that begins with it."""

    cells: tuple[Cell, ...]
    context: str
    is_heading: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """What a document must hold: paragraphs read first, texts at the head and foot of every page, and its table."""

    title: str
    author: str
    opening: tuple[tuple[str, str], ...]
    every_page: tuple[str, ...]
    heads: tuple[Cell, ...]
    rows: tuple[Row, ...]
    carried: Carried


@dataclass(frozen=True, slots=True)
class _Marked:
    """A marked piece of a page: its id in the structure, or None for an artifact, and its text."""

    mcid: int | None
    text: str


@dataclass(slots=True)
class _Element:
    """An element of the structure tree with all of its text and the pages that it stands on."""

    item: Any
    type: str
    kids: list["_Element"]
    text: str
    pages: list[int]

    def all(self, kind: str) -> Iterator["_Element"]:
        for kid in self.kids:
            if kid.type == kind:
                yield kid
            yield from kid.all(kind)


def prove_report(data: bytes, validated: Validated, carried: Carried) -> int:
    """Prove that `data` is the report on `validated`; the number of its pages. Raises `ProofError` with all findings."""
    return prove(data, expected_report(validated.edition, carried))


def expected_report(edition: Edition, carried: Carried) -> Expected:
    """What the report on `edition` must say, from the model alone and not by way of the template."""
    legend = " ".join(f"{symbol}{meaning}" for symbol, meaning in edition.legend.items())
    said = (
        ("P", edition.fiscal_year),
        ("H1", edition.title),
        ("P", (DRAFT if edition.is_draft else "") + edition.document_number),
        ("P", f"{flat(edition.headings.status)}{LEGEND_COLON}{legend}"),
        ("P", japanese_as_of(edition) + issuer(edition)),
    )
    opening = tuple((kind, text) for kind, text in said if text)
    return Expected(
        title=flat(edition.title) + (f"({flat(edition.fiscal_year)})" if edition.fiscal_year else ""),
        author=flat(edition.municipality),
        opening=opening,
        every_page=tuple(text for _, text in opening),
        heads=tuple(_head(column) for column in columns(edition)),
        rows=tuple(_rows(edition)),
        carried=carried,
    )


def _head(column: Column) -> Cell:
    return Cell("".join(column.lines), (), "Column", id=column.id)


def _rows(edition: Edition) -> Iterator[Row]:
    position = 0
    for policy_position, policy in enumerate(edition.policies, 1):
        policy_id = f"policy-{policy_position}"
        policy_label = f"{policy_number(policy_position)} {policy.name}"
        yield Row((Cell(policy_label, ("head-policy",), "Column", id=policy_id),), "", True)
        for measure_position, measure in enumerate(policy.measures, 1):
            measure_id = f"measure-{policy_position}-{measure_position}"
            measure_label = f"{measure_number(measure_position)} {measure.name}"
            yield Row(
                (
                    Cell("", ("head-policy", policy_id)),
                    Cell(measure_label, ("head-measure", policy_id), "Column", id=measure_id),
                ),
                policy_label + CONTINUED,
                True,
            )
            for row in measure.rows:
                position += 1
                item = edition.items[row.number]
                yield _row(
                    edition,
                    item,
                    item is not row,
                    (f"name-{position}", measure_id, policy_id),
                    f"{policy_label}{measure_label}{CONTINUED}",
                )


def _row(edition: Edition, item: Item, repeated: bool, ids: tuple[str, str, str], context: str) -> Row:
    name, measure, policy = ids
    status, treatment, findings = item.status, item.treatment, item.findings
    if repeated:
        status = treatment = findings = NOTHING
    meaning = "" if repeated or status == BLANK else flat(edition.legend[status])
    return Row(
        (
            Cell("", ("head-policy", policy)),
            Cell("", ("head-measure", measure, policy)),
            Cell(str(item.number), ("head-number", name, measure, policy)),
            Cell(item.name + (REPEATED if repeated else ""), ("head-item", measure, policy), "Row", id=name),
            Cell(status, ("head-status", name, measure, policy), alternate=meaning),
            Cell(treatment, ("head-treatment", name, measure, policy)),
            Cell(findings, ("head-findings", name, measure, policy)),
        ),
        context,
        False,
    )


def prove(data: bytes, expected: Expected) -> int:
    """Prove that `data` holds what `expected` says; the number of its pages. Raises `ProofError` with all findings."""
    try:
        proof = _Proof(pypdf.PdfReader(io.BytesIO(data), strict=True), expected)
        findings = list(proof.check())
    except (pypdf.errors.PyPdfError, KeyError, AttributeError, TypeError, ValueError, IndexError) as error:
        # A file that lacks what every one of ours has is broken; in what words pypdf says so is its affair.
        raise ProofError(f"検査で、PDFの構造が読めませんでした({type(error).__name__}: {error})。") from error
    if findings:
        shown = findings[:30] + ([f"ほか{len(findings) - 30}件"] if len(findings) > 30 else [])
        raise ProofError("検査で、PDFが元のデータと一致しませんでした。\n" + "\n".join(shown))
    return len(proof.pages)


class _Proof:
    def __init__(self, reader: pypdf.PdfReader, expected: Expected) -> None:
        self._reader = reader
        self._expected = expected
        self._catalog = _resolve(reader.trailer["/Root"])
        self._fonts: dict[str, dict[str, str]] = {}
        self.pages = list(reader.pages)
        self._page_numbers = {_number(page): number for number, page in enumerate(self.pages)}
        self._marked = [list(self._read_page(page)) for page in self.pages]
        self._texts = [
            {piece.mcid: piece.text for piece in marked if piece.mcid is not None} for marked in self._marked
        ]
        self._owners: dict[tuple[int, int], list[int]] = defaultdict(list)
        self._root = self._element(_resolve(self._catalog["/StructTreeRoot"]["/K"][0]))

    def check(self) -> Iterator[str]:
        yield from self._check_pages()
        yield from self._check_fonts()
        yield from self._check_metadata()
        yield from self._check_source()
        yield from self._check_tree()

    # Reading

    def _read_page(self, page: Any) -> Iterator[_Marked]:
        """The marked pieces of `page`, in the order in which they are painted."""
        contents = page.get_contents()
        stream = contents.get_data().decode("latin-1") if contents is not None else ""
        resources = page["/Resources"].get("/Font", {})
        maps: dict[str, dict[str, str]] = {}
        depth: list[_Marked] = []
        text: list[str] = []
        font: dict[str, str] = {}
        for token in _TOKENS.finditer(stream):
            kind = token.lastgroup
            if kind == "font":
                name = token["font"]
                if name not in maps:
                    maps[name] = self._unicode(resources[f"/{name}"])
                font = maps[name]
            elif kind == "shown":
                for run in _GLYPHS.findall(token["shown"]):
                    text.extend(font.get(run[at : at + 4], "�") for at in range(0, len(run), 4))
            elif kind == "mark":
                mcid = _MCID.search(token["mark"])
                depth.append(_Marked(int(mcid[1]) if mcid else None, "".join(text)))
                text = []
            elif kind == "end":
                begun = depth.pop()
                yield _Marked(begun.mcid, _bare("".join(text)))
                text = [begun.text]
        if _bare("".join(text)):
            yield _Marked(-1, _bare("".join(text)))

    def _unicode(self, font: Any) -> dict[str, str]:
        """The characters of `font` by glyph, from its ToUnicode map, whose form WeasyPrint fixes."""
        font = _resolve(font)
        key = str(font["/BaseFont"])
        if key not in self._fonts:
            lines = font["/ToUnicode"].get_data().decode("ascii")
            self._fonts[key] = {
                glyph: bytes.fromhex(characters).decode("utf-16-be")
                for glyph, characters in re.findall(r"<([0-9a-f]{4})> <([0-9a-f]+)>", lines)
            }
        return self._fonts[key]

    def _element(self, item: Any) -> _Element:
        kids: list[_Element] = []
        text: list[str] = []
        pages: list[int] = []
        page = item.get("/Pg")
        content = _resolve(item.get("/K", ArrayObject()))
        for kid in content if isinstance(content, list) else [content]:
            number = page
            kid = _resolve(kid)
            if isinstance(kid, DictionaryObject) and kid.get("/Type") == "/MCR":
                number, kid = kid.raw_get("/Pg"), kid["/MCID"]
            elif isinstance(kid, DictionaryObject):
                child = self._element(kid)
                kids.append(child)
                text.append(child.text)
                pages += child.pages
                continue
            else:
                number = item.raw_get("/Pg")
            at = self._page_numbers[number.idnum]
            self._owners[at, int(kid)].append(_number(item))
            text.append(self._texts[at].get(int(kid), "�"))
            pages.append(at)
        return _Element(item, str(item["/S"])[1:], kids, "".join(text), pages)

    # Checking

    def _check_pages(self) -> Iterator[str]:
        expected = self._expected
        heads = _bare("".join(cell.text for cell in expected.heads))
        contexts = self._contexts()
        for number, page in enumerate(self.pages, 1):
            size = float(page.mediabox.width), float(page.mediabox.height)
            if any(abs(a - b) > 0.5 for a, b in zip(size, A4_LANDSCAPE, strict=True)):
                yield f"{number}ページ: 用紙がA4横ではありません({size[0]:.0f}×{size[1]:.0f}pt)。"
            if any(piece.mcid == -1 for piece in self._marked[number - 1]):
                yield f"{number}ページ: 構造のない文字があります。"
            # On the first page the head belongs to what is read aloud, on the others it is only repeated.
            around = [piece.text for piece in self._marked[number - 1] if piece.mcid is None]
            if number == 1:
                around += [kid.text for kid in self._root.kids if kid.type != "Table"]
                around += [head.text for head in self._root.all("THead")]
            rest = "".join(around)
            wanted = [_bare(text) for text in expected.every_page]
            wanted += [heads, f"{number}/{len(self.pages)}", f"原データ{expected.carried.digest[:DIGEST_LENGTH]}"]
            if contexts[number - 1]:
                wanted.append(contexts[number - 1])
            # The longest first: a short one may be part of a longer one.
            for text in sorted(wanted, key=len, reverse=True):
                if text not in rest:
                    yield f"{number}ページ: 「{text}」がページの上下にありません。"
                rest = rest.replace(text, "", 1)
            if rest:
                yield f"{number}ページ: 上下に余分な文字「{rest}」があります。"

    def _contexts(self) -> list[str]:
        """What the head of each page must say of where it begins, by the rows that the structure puts there."""
        contexts = [""] * len(self.pages)
        last = [False] * len(self.pages)
        seen: set[int] = set()
        for element, row in zip(self._table_rows(), self._expected.rows, strict=False):
            for page in sorted({*element.pages}):
                if page not in seen:
                    contexts[page] = _bare(row.context)
                    seen.add(page)
                last[page] = row.is_heading
        self._stranded = [number for number, heading in enumerate(last, 1) if heading]
        return contexts

    def _table_rows(self) -> list[_Element]:
        return [row for body in self._root.all("TBody") for row in body.kids]

    def _check_fonts(self) -> Iterator[str]:
        for number, page in enumerate(self.pages, 1):
            resources: Any = page["/Resources"]
            for font in map(_resolve, _resolve(resources.get("/Font", {})).values()):
                name = str(font["/BaseFont"])[1:]
                family = name.split("+")[-1].removesuffix("-Bold").replace("-", " ")
                if family not in FAMILIES:
                    yield f"{number}ページ: 帳票の書体ではない「{name}」が使われています。"
                descriptor = _resolve(_resolve(font["/DescendantFonts"])[0])["/FontDescriptor"]
                if not {"/FontFile", "/FontFile2", "/FontFile3"} & {*descriptor}:
                    yield f"{number}ページ: 書体「{name}」が埋め込まれていません。"

    def _check_metadata(self) -> Iterator[str]:
        expected = self._expected
        information: Any = self._reader.metadata or {}
        day = expected.carried.day
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
            f"<dc:identifier>sha256:{expected.carried.digest}</dc:identifier>",
        ):
            if wanted not in xmp:
                yield f"文書の情報(XMP)に {wanted} がありません。"

    def _check_source(self) -> Iterator[str]:
        files = self._reader.attachments.get(ATTACHMENT, [])
        if files != [self._expected.carried.data]:
            yield f"元のデータ({ATTACHMENT})が一つ、そのままの形で入っていません。"
        associated = _resolve(self._catalog.get("/AF", ArrayObject()))
        if [_resolve(file).get("/AFRelationship") for file in associated] != ["/Source"]:
            yield f"元のデータ({ATTACHMENT})が、文書の元として示されていません。"

    def _check_tree(self) -> Iterator[str]:
        expected = self._expected
        opening = [(kid.type, kid.text) for kid in self._root.kids if kid.type != "Table"]
        if opening != [(kind, _bare(text)) for kind, text in expected.opening]:
            yield "読み上げの順で、表題と凡例が初めにありません。"
        tables = [kid for kid in self._root.kids if kid.type == "Table"]
        heads = list(self._root.all("THead"))
        if len(tables) != 1 or len(heads) != 1 or len(heads[0].kids) != 1:
            yield f"表が{len(tables)}個、表の見出しが{len(heads)}個あります。一つずつでなければなりません。"
            return
        yield from self._check_cells(heads[0].kids[0], expected.heads, "表の見出し")
        rows = self._table_rows()
        if len(rows) != len(expected.rows):
            yield f"表の行が{len(expected.rows)}行ではなく{len(rows)}行です。"
        for number, (element, row) in enumerate(zip(rows, expected.rows, strict=False), 1):
            label = next((cell.text for cell in row.cells if cell.scope), "")
            yield from self._check_cells(element, row.cells, f"{number}行目「{flat(label)}」")
        for number in self._stranded:
            yield f"{number}ページ: 見出しの行がページの末尾に取り残されています。"
        yield from self._check_ids(tables[0])
        parents = _resolve(_resolve(self._catalog["/StructTreeRoot"])["/ParentTree"]).get("/Nums", ArrayObject())
        found = dict(zip(parents[::2], (_resolve(entry) for entry in parents[1::2]), strict=True))
        for page, texts in enumerate(self._texts):
            entries = list(map(_resolve, found.get(_resolve(self.pages[page])["/StructParents"], ArrayObject())))
            for mcid, text in texts.items():
                owners = self._owners[page, mcid]
                if len(owners) != 1:
                    yield f"{page + 1}ページ: 「{text}」が構造に{len(owners)}回あります。"
                elif mcid >= len(entries) or _number(entries[mcid]) != owners[0]:
                    yield f"{page + 1}ページ: 「{text}」から構造へ戻れません(ParentTree)。"

    def _check_cells(self, row: _Element, cells: tuple[Cell, ...], place: str) -> Iterator[str]:
        if len(row.kids) != len(cells):
            yield f"{place}: 欄が{len(cells)}ではなく{len(row.kids)}です。"
        previous = 0
        for element, cell in zip(row.kids, cells, strict=False):
            if element.text != _bare(cell.text):
                yield f"{place}: 「{flat(cell.text)}」が「{element.text}」となっています。"
            attributes = _resolve(element.item.get("/A", DictionaryObject()))
            headers = tuple(_plain(name) for name in attributes.get("/Headers", ()))
            kind = "TH" if cell.scope else "TD"
            scope = str(attributes.get("/Scope", "/"))[1:]
            alternate = next((str(kid.item.get("/Alt", "")) for kid in element.kids), "")
            for name, read, wanted in (
                ("種類", element.type, kind),
                ("見出しの範囲", scope, cell.scope),
                ("見出しとの関係", headers, cell.headers),
                ("読み", alternate, cell.alternate),
                ("ID", _plain(element.item.get("/ID", "")), cell.id),
            ):
                if read != wanted:
                    yield f"{place}: 「{flat(cell.text)}」の{name}が{wanted}ではなく{read}です。"
            # A cell that runs over the foot of a page goes on at the next one; none goes back.
            if element.pages != sorted(element.pages) or (element.pages and element.pages[0] < previous):
                yield f"{place}: 「{flat(cell.text)}」が前のページに戻っています。"
            previous = max([previous, *element.pages[:1]])

    def _check_ids(self, table: _Element) -> Iterator[str]:
        heads = {_plain(head.item["/ID"]): head.item.indirect_reference for head in table.all("TH")}
        names = _resolve(_resolve(self._catalog["/StructTreeRoot"]).get("/IDTree", DictionaryObject()))
        listed = list(map(_resolve, names.get("/Names", ArrayObject())))
        keys = [_plain(name) for name in listed[::2]]
        if dict(zip(keys, (item.indirect_reference for item in listed[1::2]), strict=True)) != heads:
            yield "見出しの一覧(IDTree)が、表の見出しと一致しません。"
        if keys != sorted(keys):
            yield "見出しの一覧(IDTree)の順が正しくありません。"


# What matters of a page's content: fonts, shown glyphs, and where marked content begins and ends. WeasyPrint
# writes glyphs as hexadecimal pairs of bytes only; anything else would be missed here and found missing.
_TOKENS = re.compile(
    r"/(?P<font>\S+) [\d.]+ Tf\b|(?P<shown>\[[^\]]*\]) ?TJ\b|(?P<mark>/\w+\s+(?:<<[^>]*>>\s+BDC|BMC))\b|\b(?P<end>EMC)\b"
)
_GLYPHS = re.compile("<([0-9a-f]*)>")
_MCID = re.compile(r"/MCID (\d+)")


def _bare(text: str) -> str:
    """`text` without white space: where lines end is the layout's affair."""
    return "".join(text.split())


def _number(item: Any) -> int:
    number: int = item.indirect_reference.idnum
    return number


def _resolve(item: Any) -> Any:
    return item.get_object() if isinstance(item, (IndirectObject, StreamObject)) else item


def _plain(item: Any) -> str:
    item = _resolve(item)
    return item.decode("utf-8") if isinstance(item, bytes) else str(item)
