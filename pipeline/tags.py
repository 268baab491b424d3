"""Part of stage 4: the structure tree, made from the HTML document as it is rather than page by page.

WeasyPrint tags each page by itself: a table that runs over three pages becomes three tables with three
heads (#2903), no cell has a scope (#2508), and what stands in the margins is neither in the tree nor an
artifact (#1836). So its tree is taken down, and one is built that has one element for each element of the
HTML, with `scope`, `headers`, id and `aria-label` transcribed, and the place of each figure. What a page
only repeats, and what the HTML hides (`aria-hidden`), becomes an artifact. Rules: ISO 32000-1, 14.7 and 14.8;
ISO 14289-1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from xml.etree.ElementTree import Element

import pydyf
from weasyprint.document import Document
from weasyprint.formatting_structure import boxes
from weasyprint.layout.absolute import AbsolutePlaceholder

from .document import ID

# HTML elements that are elements of the PDF too; the content of others belongs to the nearest one around.
_TYPES = {
    "h1": "H1",
    "h2": "H2",
    "h3": "H3",
    "p": "P",
    "table": "Table",
    "caption": "Caption",
    "thead": "THead",
    "tbody": "TBody",
    "tr": "TR",
    "th": "TH",
    "td": "TD",
    "ul": "L",
    "li": "LI",
    "ins": "Span",
    "del": "Span",
    "svg": "Figure",
    "{http://www.w3.org/2000/svg}svg": "Figure",
}

# A heading across the table heads what stands below it, as a column head does; PDF has no row group.
_SCOPES = {"col": "Column", "colgroup": "Column", "rowgroup": "Column", "row": "Row"}

_HEADER = pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Header"})
_TABLE_HEAD = pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Header"})
_FOOTER = pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Footer"})
_DECORATION = pydyf.Dictionary({"Type": "/Layout"})

# WeasyPrint lays out in pixels from the top of the page, PDF counts points from its foot.
_POINTS = 0.75


@dataclass(slots=True)
class _Leaf:
    """A line of text or a picture on a page, with the HTML element that it belongs to; of a picture also its place."""

    page: int
    mcid: int
    element: Element | None
    artifact: pydyf.Dictionary | None
    area: tuple[float, ...]


@dataclass(slots=True)
class _Node:
    """An element of the new tree: its kids are leaves and nodes, each with its place in reading order."""

    element: Element
    type: str
    kids: list[tuple[int, "_Leaf | _Node"]] = field(default_factory=list)

    @property
    def place(self) -> int | None:
        return min((place for place, _ in self.kids), default=None)


def rebuild_tags(document: Document, pdf: pydyf.PDF) -> None:
    """Put our structure tree in the place of WeasyPrint's. `AssertionError` means that WeasyPrint has changed."""
    leaves = list(_leaves(document, pdf))
    later = _take_down(pdf)
    _mark_content(pdf, leaves)
    root = document.pages[0]._page_box.children[0].element
    _build_tree(pdf, _tree(root, [leaf for leaf in leaves if leaf.artifact is None]))
    for number, item in later:
        # Only the XMP metadata comes after the tree, and only the catalog refers to it.
        assert pdf.catalog["Metadata"] == f"{number} 0 R".encode()
        pdf.add_object(item)
        pdf.catalog["Metadata"] = item.reference


# Reading what WeasyPrint made


def _leaves(document: Document, pdf: pydyf.PDF) -> Iterator[_Leaf]:
    """All marked content, in reading order within a page, told from what is only repeated."""
    mcids = _mcids(pdf)
    seen: set[Element] = set()
    for page_number, page in enumerate(document.pages):
        found: set[Element] = set()
        marked = list(zip(_boxes(page._page_box, None), mcids[page_number], strict=True))
        # The head of the page is read first; WeasyPrint visits the margins last.
        marked.sort(key=lambda place: place[0][1] is not _HEADER)
        for (box, artifact, once), mcid in marked:
            element = box.element
            if element is not None and once:
                # The first time it is content; on later pages it is there for those who turn the leaf.
                artifact = artifact if element in seen else None
                found.add(element)
            yield _Leaf(page_number, mcid, element, artifact, _area(page, box))
        seen |= found


def _area(page: Any, box: Any) -> tuple[float, ...]:
    """The place of a picture on its page in points, from left, foot, to right, top; of text nothing."""
    if not isinstance(box, boxes.ReplacedBox):
        return ()
    left, top = box.content_box_x(), box.content_box_y()
    corners = (left, page.height - top - box.height, left + box.width, page.height - top)
    return tuple(round(corner * _POINTS, 2) for corner in corners)


def _mcids(pdf: pydyf.PDF) -> list[list[int]]:
    """The ids of the marked content of each page, in the order in which WeasyPrint's tagging visited the boxes."""
    pages: dict[bytes, list[int]] = {reference: [] for reference in pdf.page_references}
    for item in pdf.objects:
        if isinstance(item, dict) and item.get("Type") == "/StructElem" and "Pg" in item:
            pages[item["Pg"]].extend(kid for kid in item["K"] if isinstance(kid, int))
    return list(pages.values())


def _boxes(box: Any, artifact: pydyf.Dictionary | None, once: bool = False) -> Iterator[tuple[Any, Any, bool]]:
    """The boxes below `box` that hold content: each with the artifact that it is when repeated, and whether it can be."""
    if isinstance(box, AbsolutePlaceholder):
        box = box._box
    if isinstance(box, boxes.MarginBox):
        artifact = _FOOTER if box.at_keyword.startswith("@bottom") else _HEADER
        once = True
    elif getattr(box, "is_header", False):
        artifact, once = _TABLE_HEAD, True
    elif box.element is not None and _hidden(box.element):
        once = False
        artifact = artifact or _DECORATION
    if isinstance(box, (boxes.TextBox, boxes.ReplacedBox)):
        # Text that the stylesheet writes into a margin, as the page number, has no element that would hold it.
        yield box, artifact, once and not str(box.element_tag).startswith("@")
        return
    for child in getattr(box, "children", ()):
        yield from _boxes(child, artifact, once)


def _hidden(element: Element) -> bool:
    return element.get("aria-hidden") == "true"


def _take_down(pdf: pydyf.PDF) -> list[tuple[int, Any]]:
    """Remove WeasyPrint's tree; return the objects, with their former numbers, that came after it."""
    parent_tree = next(
        item["ParentTree"] for item in pdf.objects if isinstance(item, dict) and item.get("Type") == "/StructTreeRoot"
    )
    first = int(parent_tree.split()[0])
    later = [
        (item.number, item)
        for item in pdf.objects[first:]
        if not (isinstance(item, dict) and ("Nums" in item or str(item.get("Type")).startswith("/Struct")))
    ]
    del pdf.objects[first:]
    return later


# Writing ours


def _mark_content(pdf: pydyf.PDF, leaves: list[_Leaf]) -> None:
    """Number what is content on each page from 0, in the order of its leaves; turn the rest into artifacts."""
    for page_number, group in groupby(leaves, key=lambda leaf: leaf.page):
        of_page = {leaf.mcid: leaf for leaf in group}
        kept = (leaf for leaf in of_page.values() if leaf.artifact is None)
        for number, leaf in enumerate(kept):
            leaf.mcid = number
        page = pdf.objects[int(pdf.page_references[page_number].split()[0])]
        content = pdf.objects[int(page["Contents"].split()[0])].stream
        for index, token in enumerate(content):
            if isinstance(token, pydyf.Dictionary) and "MCID" in token:
                leaf = of_page[token["MCID"]]
                if leaf.artifact is None:
                    content[index] = pydyf.Dictionary({"MCID": leaf.mcid})
                else:
                    content[index - 1], content[index] = "/Artifact", leaf.artifact


def _tree(root: Element, leaves: list[_Leaf]) -> _Node:
    """The tree of the document below `root`, with every leaf in its place."""
    parents = {child: parent for parent in root.iter() for child in parent}
    nodes: dict[Element, _Node] = {root: _Node(root, "Document")}
    order: list[_Node] = []
    for element in root.iter():
        kind = _type(element)
        if kind and element is not root:
            nodes[element] = _Node(element, kind)
            order.append(nodes[element])
    for place, leaf in enumerate(leaves):
        assert leaf.element is not None
        element = leaf.element
        while element not in nodes:
            element = parents[element]
        nodes[element].kids.append((place, leaf))
    # From the innermost outwards, so that each node knows its place when it is handed to its parent.
    rows_with_empty_cells: dict[Element, list[_Node]] = {}
    for node in reversed(order):
        element = parents[node.element]
        while element not in nodes:
            element = parents[element]
        if node.place is not None:
            nodes[element].kids.append((node.place, node))
        elif node.type in ("TD", "TH"):
            rows_with_empty_cells.setdefault(element, []).append(node)
    for element, empty in rows_with_empty_cells.items():
        # A row has only cells as kids: with the empty ones among them they stand as in the HTML.
        cells = {kid.element: kid for _, kid in nodes[element].kids if isinstance(kid, _Node)}
        cells |= {kid.element: kid for kid in empty}
        nodes[element].kids = [(index, cells[cell]) for index, cell in enumerate(element)]
    return nodes[root]


def _type(element: Element) -> str | None:
    if not isinstance(element.tag, str) or _hidden(element):
        return None
    return _TYPES.get(element.tag) or ("Span" if element.get("aria-label") else None)


def _build_tree(pdf: pydyf.PDF, tree: _Node) -> None:
    parents: list[list[bytes]] = [[] for _ in pdf.page_references]
    ids: dict[str, bytes] = {}
    parent_tree = pydyf.Dictionary({})
    pdf.add_object(parent_tree)
    root = pydyf.Dictionary({"Type": "/StructTreeRoot", "ParentTree": parent_tree.reference})
    pdf.add_object(root)
    pdf.catalog["StructTreeRoot"] = root.reference
    root["K"] = pydyf.Array([_write(pdf, tree, root.reference, parents, ids)])
    root["ParentTreeNextKey"] = len(parents)
    nums = pydyf.Array()
    for number, references in enumerate(parents):
        nums += [number, pydyf.Array(references)]
    parent_tree["Nums"] = nums
    if ids:
        names = pydyf.Array()
        for name in sorted(ids):
            names += [pydyf.String(name), ids[name]]
        id_tree = pydyf.Dictionary({"Names": names})
        pdf.add_object(id_tree)
        root["IDTree"] = id_tree.reference


def _write(pdf: pydyf.PDF, node: _Node, parent: bytes, parents: list[list[bytes]], ids: dict[str, bytes]) -> bytes:
    """Write `node` and all below it; the recursion is as deep as the HTML. Returns its reference."""
    item = pydyf.Dictionary({"Type": "/StructElem", "S": f"/{node.type}", "P": parent})
    pdf.add_object(item)
    element = node.element
    if node.type in ("TH", "TD"):
        item["A"] = _cell_attributes(element)
    if node.type == "TH" and (name := element.get(ID)):
        item["ID"] = pydyf.String(name)
        ids[name] = item.reference
    if node.type in ("Span", "Figure") and (text := element.get("aria-label")):
        item["Alt"] = pydyf.String(text)
    if node.type == "Figure":
        (area,) = (kid.area for _, kid in node.kids if isinstance(kid, _Leaf))
        item["A"] = pydyf.Dictionary({"O": "/Layout", "BBox": pydyf.Array(area)})
    kids = pydyf.Array()
    page = next((kid.page for _, kid in sorted(node.kids, key=_place) if isinstance(kid, _Leaf)), None)
    if page is not None:
        item["Pg"] = pdf.page_references[page]
    for _, kid in sorted(node.kids, key=_place):
        if isinstance(kid, _Node):
            kids.append(_write(pdf, kid, item.reference, parents, ids))
        else:
            _set(parents[kid.page], kid.mcid, item.reference)
            kids.append(
                kid.mcid
                if kid.page == page
                else pydyf.Dictionary({"Type": "/MCR", "Pg": pdf.page_references[kid.page], "MCID": kid.mcid})
            )
    item["K"] = kids
    reference: bytes = item.reference
    return reference


def _place(kid: tuple[int, "_Leaf | _Node"]) -> int:
    return kid[0]


def _set(references: list[bytes], index: int, reference: bytes) -> None:
    references.extend([b"null"] * (index + 1 - len(references)))
    references[index] = reference


def _cell_attributes(element: Element) -> pydyf.Dictionary:
    attributes = pydyf.Dictionary({"O": "/Table"})
    if scope := element.get("scope"):
        attributes["Scope"] = f"/{_SCOPES[scope]}"
    if headers := element.get("headers"):
        attributes["Headers"] = pydyf.Array(pydyf.String(name) for name in headers.split())
    for name, key in (("colspan", "ColSpan"), ("rowspan", "RowSpan")):
        if int(element.get(name, 1)) > 1:
            attributes[key] = int(element.get(name, 1))
    return attributes
