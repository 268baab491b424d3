"""Part of stage 4: the structure tree, made from the HTML document as it is rather than page by page.

WeasyPrint tags each page by itself: a table that runs over three pages becomes three tables with three
heads (#2903), no cell has a scope (#2508), and what stands in the margins is neither in the tree nor an
artifact (#1836). So its tree is taken down, and one is built that has one element for each element of the
HTML, with `scope`, `headers`, id and `aria-label` transcribed, and the place of each figure and link. The lines
of a cell become paragraphs and lists. What a page only repeats, and what the HTML hides (`aria-hidden`), becomes an artifact;
a hidden cell leaves its columns to the cell after it. Rules: ISO 32000-1, 14.7 and 14.8;
ISO 14289-1.
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

# HTML elements that are elements of the PDF too; the content of others belongs to the nearest one around.
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

# What holds elements only, no text of its own.
_OF_ELEMENTS = ("Document", "Table", "THead", "TBody", "TR", "L")

_DECORATIONS = {"ins": "Underline", "del": "LineThrough"}

# A heading across the table heads what stands below it, as a column head does; PDF has no row group.
_SCOPES = {"col": "Column", "colgroup": "Column", "rowgroup": "Column", "row": "Row"}

_HEADER = pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Header"})
_TABLE_HEAD = pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Header"})
_FOOTER = pydyf.Dictionary({"Type": "/Pagination", "Subtype": "/Footer"})
_DECORATION = pydyf.Dictionary({"Type": "/Layout"})

# WeasyPrint lays out in pixels from the top of the page, PDF counts points from its foot.
_POINTS = 0.75


@dataclass(frozen=True, slots=True)
class Leaf:
    """A line of text or a picture on a page; of a picture and of the text of a link also its place.

    `element` counts the elements of the HTML, in their order, up to the one that it belongs to; `length` counts
    characters, white space aside.
    """

    element: int
    length: int = 0
    area: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _PlacedLeaf:
    """A leaf with its page, and its number among the leaves there."""

    page: int
    mcid: int
    length: int
    area: tuple[float, ...]


@dataclass(slots=True)
class _Node:
    """An element of the new tree: its kids are leaves and nodes, each with its place in reading order."""

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
    """Number what is content in `stream`, on which `page` was painted, from `first` on; turn the rest into artifacts.

    `places` counts the elements of the HTML. `seen` holds those that are content of earlier pages, and gets this one's.
    Returns the content, in reading order and by its numbers.
    """
    marked = list(_boxes(page._page_box, None))
    # The head of the page is read first; WeasyPrint visits the margins last.
    marked.sort(key=lambda place: place[1] is not _HEADER)
    artifacts: dict[int, pydyf.Dictionary] = {}
    numbers: dict[int, int] = {}
    leaves: list[Leaf] = []
    found: set[Element] = set()
    for box, artifact, once in marked:
        mcid, element = stream._tags.pop(box)["mcid"], box.element
        if element is not None and once:
            # The first time it is content; on later pages it is there for those who turn the leaf.
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
    """Put our structure tree of the HTML below `root` in the place of WeasyPrint's; `leaves` are those of each page.

    `AssertionError` means that WeasyPrint has changed.
    """
    later = _take_down(pdf)
    _build_tree(pdf, _tree(root, leaves))
    for number, item in later:
        # Only the XMP metadata comes after the tree, and only the catalog refers to it.
        assert pdf.catalog["Metadata"] == f"{number} 0 R".encode()
        pdf.add_object(item)
        pdf.catalog["Metadata"] = item.reference


# Reading what WeasyPrint made


def _area(page: Any, box: Any) -> tuple[float, ...]:
    """The place of a picture or a link on its page in points, from left, foot, to right, top; of other text nothing."""
    if not isinstance(box, boxes.ReplacedBox) and box.element.tag != "a":
        return ()
    left, top = box.content_box_x(), box.content_box_y()
    corners = (left, page.height - top - box.height, left + box.width, page.height - top)
    return tuple(round(corner * _POINTS, 2) for corner in corners)


def _length(box: Any) -> int:
    return len("".join(visible(box.text).split())) if isinstance(box, boxes.TextBox) else 0


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


def _tree(root: Element, leaves: Sequence[Sequence[Leaf]]) -> _Node:
    """The tree of the document below `root`, with every leaf in its place."""
    elements = list(root.iter())
    parents = {child: parent for parent in elements for child in parent}
    nodes: dict[Element, _Node] = {root: _Node(root, "Document")}
    order: list[_Node] = []
    for element in elements:
        kind = _type(element)
        if kind and element is not root:
            nodes[element] = _Node(element, kind)
            order.append(nodes[element])
    place = 0
    for page, of_page in enumerate(leaves):
        for mcid, leaf in enumerate(of_page):
            element = elements[leaf.element]
            while element not in nodes:
                element = parents[element]
            nodes[element].kids.append((place, _PlacedLeaf(page, mcid, leaf.length, leaf.area)))
            place += 1
    # From the innermost outwards, so that it is known whether a node holds anything when it is handed to its parent.
    numbers = {element: number for number, element in enumerate(elements)}
    for node in reversed(order):
        element = parents[node.element]
        while element not in nodes:
            element = parents[element]
        above = nodes[element]
        if node.type in ("TD", "TH") and parents[element].tag == "tbody":
            _divide_into_lines(node)
        if above.type in _OF_ELEMENTS:
            # As in the HTML, wherever they are painted; a row has its empty cells too.
            if node.kids or node.type in ("TD", "TH"):
                above.kids.append((numbers[node.element], node))
        elif node.place is not None:
            above.kids.append((node.place, node))
    return nodes[root]


def _type(element: Element) -> str | None:
    if not isinstance(element.tag, str) or _hidden(element):
        return None
    match element.get("role"):
        case "heading":
            return f"H{element.get('aria-level')}"
        case "note":
            return "Note"
    return _TYPES.get(element.tag) or ("Span" if element.get("aria-label") else None)


def _divide_into_lines(cell: _Node) -> None:
    """Make each line of `cell` a paragraph or, where it begins with a bullet, an entry of a list."""
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
    """An element as it stands in the file. There are so many that pydyf's dictionaries would take a tenth of all time."""

    data = b""


def _build_tree(pdf: pydyf.PDF, tree: _Node) -> None:
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
    """Write `node` and all below it; the recursion is as deep as the HTML. Returns its reference.

    `parents` gets the element of each piece of each page, `ids` those that have an id, `links` that of each annotation.
    A cell spans `more_columns` than the HTML says.
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
    if decoration := _DECORATIONS.get(element.tag):
        entries.append(f"/A <</O /Layout/TextDecorationType /{decoration}>>")
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
    """Make `area` of `page` lead to `target`; the annotation has that `number` in the parent tree. Its reference."""
    annotation = pydyf.Dictionary(
        {
            "Type": "/Annot",
            "Subtype": "/Link",
            "Rect": pydyf.Array(area),
            "Border": pydyf.Array([0, 0, 0]),
            "F": 4,  # printed, which PDF/A asks of every annotation
            "Contents": _string(target.removeprefix("mailto:")),
            "A": f"<</S /URI/URI {_string(target)}>>",
            "StructParent": number,
        }
    )
    pdf.add_object(annotation)
    on = pdf.objects[int(page.split()[0])]
    on.setdefault("Annots", pydyf.Array()).append(annotation.reference)
    # They are visited in the order of the structure (ISO 14289-1, 7.18.3).
    on["Tabs"] = "/S"
    return str(annotation.reference.decode())


def _place(kid: tuple[int, "_PlacedLeaf | _Node"]) -> int:
    return kid[0]


def _set(references: list[str], index: int, reference: str) -> None:
    references.extend(["null"] * (index + 1 - len(references)))
    references[index] = reference


def _hidden_before(row: Element) -> dict[Element, int]:
    """Of the cells of `row` that follow hidden ones, how many columns these span."""
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
    """What is read aloud instead of what stands in `element`; nothing if that is read as it stands."""
    if label := element.get("aria-label"):
        return label
    if said := element.get("data-said"):
        return f"{said}：「{_reading(element)}」"
    return ""


def _reading(element: Element) -> str:
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
    data: bytes = pydyf.String(text).data
    return data.decode("ascii")
