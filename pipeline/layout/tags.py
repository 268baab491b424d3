"""Part of stage 4: builds the structure tree (tags) from the HTML.

WeasyPrint tags page by page: a table on three pages becomes three tables with three heads (its issue #2903), no cell
has a scope (#2508), and page margins are neither in the tree nor artifacts (#1836). So WeasyPrint's tree is removed,
and one is built with a structure element for each HTML element:

- `scope`, `headers`, `id` and `aria-label` become attributes; figures and links get their place on the page.
- The lines of a cell become paragraphs, or entries of a list if they begin with a bullet.
- Repeated content and content with `aria-hidden` becomes artifacts. The cell after a hidden cell spans its columns.

Rules: ISO 32000-1, 14.7 and 14.8; ISO 14289-1.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, groupby
from typing import Any
from xml.etree.ElementTree import Element

import pydyf
from weasyprint.formatting_structure import boxes
from weasyprint.layout.absolute import AbsolutePlaceholder

from pipeline.documents.document import BULLETS, ID

from .line_breaks import visible

# HTML element -> structure type. The content of other elements belongs to the nearest ancestor that is listed.
_TYPES = {
    "h1": "H1",
    "h2": "H2",
    "h3": "H3",
    "h4": "H4",
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
    "a": "Link",
    "svg": "Figure",
    "{http://www.w3.org/2000/svg}svg": "Figure",
}

# Structure types that contain elements only, no text.
_OF_ELEMENTS = ("Document", "Table", "THead", "TBody", "TR", "L")

_UNDERLINED = ("ins", "del")

# PDF has no scope for row groups. A heading row heads the rows below it, as a column header does.
_SCOPES = {"col": "Column", "colgroup": "Column", "rowgroup": "Column", "row": "Row"}

_HEADER = pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Header"})
_TABLE_HEAD = pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Header"})
_FOOTER = pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Footer"})
_DECORATION = pydyf.Dictionary({"Type": "/Layout"})

# Points a CSS pixel. WeasyPrint counts from the top of the page, PDF from the foot.
_POINTS = 0.75


@dataclass(frozen=True, slots=True)
class Leaf:
    """A piece of marked content on a page: a line of text or a picture.

    `element` is the index of its HTML element in document order, `length` the number of characters without white space.
    `area` is the place of a picture or of a link's text: left, foot, right, top in points.
    """

    element: int
    length: int = 0
    area: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _PlacedLeaf:
    """A leaf with its page index and its marked-content id."""

    page: int
    mcid: int
    length: int
    area: tuple[float, ...]


@dataclass(slots=True)
class _Node:
    """A structure element. Each kid has its position in reading order."""

    element: Element
    type: str
    kids: list[tuple[int, "_PlacedLeaf | _Node"]] = field(default_factory=list)

    @property
    def place(self) -> int | None:
        return min((place for place, _ in self.kids), default=None)

    @property
    def length(self) -> int:
        return sum(kid.length for _, kid in self.kids)


def mark_content(
    page: Any, stream: Any, places: Mapping[Element, int], seen: set[Element], first: int = 0
) -> list[Leaf]:
    """Give marked-content ids from `first` on to the content of `stream`; turn everything else into artifacts.

    `page` is WeasyPrint's page that was painted on `stream`. `places` gives the index of each HTML element. `seen`
    holds repeatable elements (heads, margins) that were content on an earlier page, and gets those of this page.
    Returns the content in reading order, which is the order of the ids.
    """
    marked = list(_boxes(page._page_box, None))
    # The page head is read first, although WeasyPrint visits the margins last.
    marked.sort(key=lambda place: place[1] is not _HEADER)
    artifacts: dict[int, pydyf.Dictionary] = {}
    numbers: dict[int, int] = {}
    leaves: list[Leaf] = []
    found: set[Element] = set()
    for box, artifact, once in marked:
        mcid, element = stream._tags.pop(box)["mcid"], box.element
        if element is not None and once:
            # Content on its first page, an artifact on all later ones.
            artifact = artifact if element in seen else None
            found.add(element)
        if artifact is None:
            assert element is not None
            numbers[mcid] = first + len(leaves)
            leaves.append(Leaf(places[element], _length(box), _area(page, box)))
        else:
            artifacts[mcid] = artifact
    assert not stream._tags
    seen |= found
    content = stream.stream
    for index, token in enumerate(content):
        if isinstance(token, pydyf.Dictionary) and "MCID" in token:
            if (mcid := token["MCID"]) in numbers:
                content[index] = pydyf.Dictionary({"MCID": numbers[mcid]})
            else:
                content[index - 1], content[index] = "/Artifact", artifacts[mcid]
    return leaves


def rebuild_tags(root: Element, leaves: Sequence[Sequence[Leaf]], pdf: pydyf.PDF) -> None:
    """Replace WeasyPrint's structure tree in `pdf` by one of the HTML below `root`.

    `leaves` has the content of each page. `AssertionError` means that WeasyPrint has changed (docs/weasyprint.md).
    """
    later = _take_down(pdf)
    _build_tree(pdf, _tree(root, leaves))
    for number, item in later:
        # The only object after the tree is the XMP metadata, and only the catalog refers to it.
        assert pdf.catalog["Metadata"] == f"{number} 0 R".encode()
        pdf.add_object(item)
        pdf.catalog["Metadata"] = item.reference


# WeasyPrint's boxes and objects


def _area(page: Any, box: Any) -> tuple[float, ...]:
    """Left, foot, right, top in points of a picture or of a link's text; empty for other text."""
    if not isinstance(box, boxes.ReplacedBox) and box.element.tag != "a":
        return ()
    left, top = box.content_box_x(), box.content_box_y()
    corners = (left, page.height - top - box.height, left + box.width, page.height - top)
    return tuple(round(corner * _POINTS, 2) for corner in corners)


def _length(box: Any) -> int:
    """Characters of the text of `box` without white space; 0 for a picture."""
    return len("".join(visible(box.text).split())) if isinstance(box, boxes.TextBox) else 0


def _boxes(box: Any, artifact: pydyf.Dictionary | None, once: bool = False) -> Iterator[tuple[Any, Any, bool]]:
    """(box with content, its artifact if it is hidden or repeated, whether it may be repeated), in layout order."""
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
        # Text from the stylesheet (page numbers) has no HTML element, so it is always an artifact.
        yield box, artifact, once and not str(box.element_tag).startswith("@")
        return
    for child in getattr(box, "children", ()):
        yield from _boxes(child, artifact, once)


def _hidden(element: Element) -> bool:
    return element.get("aria-hidden") == "true"


def _take_down(pdf: pydyf.PDF) -> list[tuple[int, Any]]:
    """Remove WeasyPrint's tree from `pdf`. Returns the other objects that came after it, with their former numbers."""
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


# The new tree


def _tree(root: Element, leaves: Sequence[Sequence[Leaf]]) -> _Node:
    """The structure tree of the document below `root`, with its leaves."""
    elements = list(root.iter())
    parents = {child: parent for parent in elements for child in parent}
    nodes: dict[Element, _Node] = {root: _Node(root, "Document")}
    order: list[_Node] = []
    for element in elements:
        kind = _type(element)
        if kind and element is not root:
            nodes[element] = _Node(element, kind)
            order.append(nodes[element])
    placed = ((page, mcid, leaf) for page, of_page in enumerate(leaves) for mcid, leaf in enumerate(of_page))
    for place, (page, mcid, leaf) in enumerate(placed):
        element = elements[leaf.element]
        while element not in nodes:
            element = parents[element]
        nodes[element].kids.append((place, _PlacedLeaf(page, mcid, leaf.length, leaf.area)))
    # From the leaves up: a node is added to its parent only if it has content.
    numbers = {element: number for number, element in enumerate(elements)}
    for node in reversed(order):
        element = parents[node.element]
        while element not in nodes:
            element = parents[element]
        above = nodes[element]
        if node.type in ("TD", "TH") and parents[element].tag == "tbody":
            _divide_into_lines(node)
        if above.type in _OF_ELEMENTS:
            # In the order of the HTML, not of the page. A row keeps its empty cells.
            if node.kids or node.type in ("TD", "TH"):
                above.kids.append((numbers[node.element], node))
        elif node.place is not None:
            above.kids.append((node.place, node))
    return nodes[root]


def _type(element: Element) -> str | None:
    """The structure type of `element`; None if it has none of its own."""
    if not isinstance(element.tag, str) or _hidden(element):
        return None
    match element.get("role"):
        case "heading":
            return f"H{element.get('aria-level')}"
        case "note":
            return "Note"
    return _TYPES.get(element.tag) or ("Span" if element.get("aria-label") else None)


def _divide_into_lines(cell: _Node) -> None:
    """Make each line of `cell` a paragraph, or a list entry if it begins with a bullet. One plain line stays."""
    text = "".join(cell.element.itertext()) if len(cell.element) else cell.element.text or ""
    if "\n" not in text and not text.lstrip().startswith(tuple(BULLETS)):
        return
    lines = [bare for line in text.split("\n") if (bare := "".join(line.split()))]
    is_entry = [line[0] in BULLETS and len(line) > 1 for line in lines]
    if not (len(lines) > 1 or any(is_entry)) or any(
        isinstance(kid, _Node) and kid.type not in ("Span", "Link") for _, kid in cell.kids
    ):
        return
    blocks = [_Node(cell.element, "LBody" if entry else "P") for entry in is_entry]
    cell.kids.sort(key=_place)
    ends = list(accumulate(map(len, lines)))
    done = 0
    for place, kid in cell.kids:
        blocks[min(bisect_right(ends, done), len(blocks) - 1)].kids.append((place, kid))
        done += kid.length
    cell.kids = []
    for entries, run in groupby(blocks, lambda block: block.type == "LBody"):
        inside: Iterable[_Node] = run
        if entries:
            items = [_Node(cell.element, "LI", [(number, block)]) for number, block in enumerate(run)]
            inside = [_Node(cell.element, "L", list(enumerate(items)))]
        cell.kids += enumerate(inside, len(cell.kids))


class _StructureElement(pydyf.Object):  # type: ignore[misc]
    """A structure element as bytes. Their number makes pydyf's dictionaries too slow: a tenth of the total time."""

    data = b""


def _build_tree(pdf: pydyf.PDF, tree: _Node) -> None:
    """Write `tree` with its parent tree and ID tree into `pdf`."""
    parents: list[list[str]] = [[] for _ in pdf.page_references]
    ids: dict[str, str] = {}
    parent_tree = pydyf.Dictionary({})
    pdf.add_object(parent_tree)
    root = pydyf.Dictionary({"Type": "/StructTreeRoot", "ParentTree": parent_tree.reference})
    pdf.add_object(root)
    pdf.catalog["StructTreeRoot"] = root.reference
    pages = [reference.decode() for reference in pdf.page_references]
    links: list[str] = []
    root["K"] = f"[{_write(pdf, tree, root.reference.decode(), pages, parents, ids, links)}]"
    root["ParentTreeNextKey"] = len(parents) + len(links)
    numbers = [f"{number} [{' '.join(references)}]" for number, references in enumerate(parents)]
    numbers += [f"{number} {reference}" for number, reference in enumerate(links, len(parents))]
    parent_tree["Nums"] = f"[{' '.join(numbers)}]"
    if ids:
        names = (f"{_string(name)} {ids[name]}" for name in sorted(ids))
        id_tree = pydyf.Dictionary({"Names": f"[{' '.join(names)}]"})
        pdf.add_object(id_tree)
        root["IDTree"] = id_tree.reference


def _write(
    pdf: pydyf.PDF,
    node: _Node,
    parent: str,
    pages: Sequence[str],
    parents: list[list[str]],
    ids: dict[str, str],
    links: list[str],
    more_columns: int = 0,
) -> str:
    """Write `node` and its descendants, recursively. Returns its reference.

    `pages` has the references of the pages. Filled in: `parents` with the element of each marked-content id, by page;
    `ids` with the elements that have an id; `links` with the element of each annotation. `more_columns` is added to the
    cell's ColSpan.
    """
    item = _StructureElement()
    pdf.add_object(item)
    reference = f"{item.number} 0 R"
    entries = [f"/Type /StructElem/S /{node.type}/P {parent}"]
    element = node.element
    if node.type in ("TH", "TD"):
        entries.append(f"/A <</O /Table{_cell_attributes(element, more_columns)}>>")
    if node.type in ("TH", "Note") and (name := element.get(ID)):
        entries.append(f"/ID {_string(name)}")
        ids[name] = reference
    if node.type in ("Span", "Figure") and (text := _alternate(element)):
        entries.append(f"/Alt {_string(text)}")
    if element.tag in _UNDERLINED:
        entries.append("/A <</O /Layout/TextDecorationType /Underline>>")
    if node.type == "Figure":
        (area,) = (kid.area for _, kid in node.kids if isinstance(kid, _PlacedLeaf))
        entries.append(f"/A <</O /Layout/BBox {pydyf.Array(area).data.decode()}>>")
    node.kids.sort(key=_place)
    page = next((kid.page for _, kid in node.kids if isinstance(kid, _PlacedLeaf)), None)
    if page is not None:
        entries.append(f"/Pg {pages[page]}")
    kids = []
    hidden = _hidden_before(element) if node.type == "TR" else {}
    for _, kid in node.kids:
        if isinstance(kid, _Node):
            kids.append(_write(pdf, kid, reference, pages, parents, ids, links, hidden.get(kid.element, 0)))
        else:
            _set(parents[kid.page], kid.mcid, reference)
            kids.append(str(kid.mcid) if kid.page == page else f"<</Type /MCR/Pg {pages[kid.page]}/MCID {kid.mcid}>>")
            if node.type == "Link":
                annotation = _annotate(
                    pdf, pages[kid.page], kid.area, element.get("href", ""), len(parents) + len(links)
                )
                links.append(reference)
                kids.append(f"<</Type /OBJR/Pg {pages[kid.page]}/Obj {annotation}>>")
    item.data = f"<<{''.join(entries)}/K [{' '.join(kids)}]>>".encode("ascii")
    return reference


def _annotate(pdf: pydyf.PDF, page: str, area: Sequence[float], target: str, number: int) -> str:
    """Add a link annotation to `page`. `number` is its key in the parent tree. Returns the annotation's reference."""
    annotation = pydyf.Dictionary(
        {
            "Type": "/Annot",
            "Subtype": "/Link",
            "Rect": pydyf.Array(area),
            "Border": pydyf.Array([0, 0, 0]),
            "F": 4,  # the flag Print, which PDF/A requires
            "Contents": _string(target.removeprefix("mailto:")),
            "A": f"<</S /URI/URI {_string(target)}>>",
            "StructParent": number,
        }
    )
    pdf.add_object(annotation)
    on = pdf.objects[int(page.split()[0])]
    on.setdefault("Annots", pydyf.Array()).append(annotation.reference)
    # Tab order follows the structure (ISO 14289-1, 7.18.3).
    on["Tabs"] = "/S"
    return str(annotation.reference.decode())


def _place(kid: tuple[int, "_PlacedLeaf | _Node"]) -> int:
    return kid[0]


def _set(references: list[str], index: int, reference: str) -> None:
    references.extend(["null"] * (index + 1 - len(references)))
    references[index] = reference


def _hidden_before(row: Element) -> dict[Element, int]:
    """Cell that follows hidden cells -> the number of columns of those."""
    found: dict[Element, int] = {}
    columns = 0
    for cell in row:
        if _hidden(cell):
            columns += int(cell.get("colspan", 1))
        elif columns:
            found[cell] = columns
            columns = 0
    return found


def _alternate(element: Element) -> str:
    """The text that is read aloud instead of the content of `element`; empty if the content is read."""
    if label := element.get("aria-label"):
        return label
    if said := element.get("data-said"):
        return f"{said}：「{_reading(element)}」"
    return ""


def _reading(element: Element) -> str:
    """The text of `element` as it is read aloud."""
    kids = (f"{kid.get('aria-label') or _reading(kid)}{kid.tail or ''}" for kid in element)
    return f"{element.text or ''}{''.join(kids)}"


def _cell_attributes(element: Element, more_columns: int) -> str:
    attributes = ""
    if scope := element.get("scope"):
        attributes += f"/Scope /{_SCOPES[scope]}"
    if headers := element.get("headers"):
        attributes += f"/Headers [{' '.join(map(_string, headers.split()))}]"
    for name, key, more in (("colspan", "ColSpan", more_columns), ("rowspan", "RowSpan", 0)):
        if (span := int(element.get(name, 1)) + more) > 1:
            attributes += f"/{key} {span}"
    return attributes


@lru_cache(maxsize=2**14)
def _string(text: str) -> str:
    """`text` as a PDF string."""
    data: bytes = pydyf.String(text).data
    return data.decode("ascii")
