"""Where something stands in a finished PDF of ours: the page of each id in its structure tree, and each page's text."""

import io
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.generic import ArrayObject, DictionaryObject

from pipeline.documents.document import Printed


def printed(pdf: bytes) -> Printed:
    """Read `pdf`, which may be any file: pypdf can raise anything, and take any time."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    numbers = {page.indirect_reference.idnum: at for at, page in enumerate(reader.pages, 1) if page.indirect_reference}
    catalog: Any = reader.trailer["/Root"]
    pages = {}
    for name, element in _named(catalog["/StructTreeRoot"].get("/IDTree")):
        if found := [numbers[page] for page in _pages(element) if page in numbers]:
            pages[name] = min(found)
    return Printed(pages, tuple("".join(page.extract_text().split()) for page in reader.pages))


def _named(node: Any) -> Iterator[tuple[str, Any]]:
    """The elements of a name tree by their names."""
    node = _resolve(node) or {}
    names = node.get("/Names", ())
    for at in range(0, len(names) - 1, 2):
        name = names[at]
        yield name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name), _resolve(names[at + 1])
    for kid in node.get("/Kids", ()):
        yield from _named(kid)


def _pages(element: Any) -> Iterator[int]:
    """The object numbers of the pages on which an element, or anything in it, stands."""
    if not isinstance(element, DictionaryObject):
        return
    if page := element.raw_get("/Pg") if "/Pg" in element else None:
        yield page.idnum
    kids = _resolve(element.get("/K"))
    for kid in kids if isinstance(kids, ArrayObject) else [kids]:
        yield from _pages(_resolve(kid))


def _resolve(item: Any) -> Any:
    return item.get_object() if hasattr(item, "get_object") else item
