"""Part of stage 4: lays out the page margins alone, and measures how much room the page head needs.

WeasyPrint sizes margin boxes by the page margins, whatever their content. So the head is laid out and measured, and the
top margin set accordingly. A plain head with running lines of one line each fits the stylesheet's margin, and is not
measured.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from weasyprint.formatting_structure import boxes

from pipeline.paper import A4, PX, TYPE_PT, em
from pipeline.text import width_in_ems

from .engine import Engine, unheard

_DIV_BY_DIV = "body > div + div { break-before: page }"
# Leading for running lines that may wrap.
_APART = "@page { @top-right { line-height: 1.2 } }"
_RUNNING_LINE = "body > div { string-set: context attr(data-context) }"

# Ems that a running line on the narrowest paper holds, at least and at most. It is about 89; kinsoku takes up to 5.
_LEAST, _MOST = int(A4.content_width / em(TYPE_PT)) - 5, int(A4.content_width / em(TYPE_PT)) + 1

# Millimetres between masthead and running line: about what is left of the margin with a plain head.
_GAP = 0.8


def lay_out_margins(
    engine: Engine, root: Element, repeated: Sequence[Element], lines: Sequence[str], style: str
) -> Any:
    """Lay out a document with empty content: one page for each of the running `lines`.

    `repeated` are the elements of the HTML below `root` that stand in the margins. `style` is added to the document's.
    """
    html = Element("html", root.attrib)
    html.extend(root.iterfind("head"))
    body = SubElement(html, "body")
    body.extend([*repeated, *(Element("div", {"data-context": line}) for line in lines)])
    with unheard():
        return engine.lay_out(html, style + _DIV_BY_DIV)


def head_room(engine: Engine, root: Element, repeated: Sequence[Element], lines: Iterable[str]) -> str:
    """The CSS that gives pages room for their head and each of the running `lines`; empty if they have it already."""
    highest = _highest(lines)
    if not highest and all("plain" in head.get("class", "").split() for head in repeated if head.tag == "header"):
        return ""
    # At least two pages: the first may have another masthead than the others. "―" stands for any short line.
    pages = [*highest, *"――"] if len(highest) < 2 else highest
    style = _APART if highest else ""
    document = lay_out_margins(engine, root, repeated, pages, style + _RUNNING_LINE)
    bottom = height = room = 0.0
    for page in document.pages:
        room = float(page._page_box.margin_top)
        for box in page._page_box.children:
            lines_of_text = [line for line in box.descendants() if isinstance(line, boxes.LineBox)]
            if getattr(box, "at_keyword", "") == "@top-left":
                bottom = max([bottom, *(line.position_y + line.height for line in lines_of_text)])
            elif getattr(box, "at_keyword", "") == "@top-right":
                height = max(height, sum(line.height for line in lines_of_text) + box.padding_bottom)
    needed = (bottom + height) * PX + _GAP
    if needed / PX > room:
        style += f"@page {{ margin-top: {math.ceil(needed * 10) / 10}mm }}"
    return style


def _highest(lines: Iterable[str]) -> list[str]:
    """The running `lines` that may wrap to the most lines; empty if all of them fit one line."""
    widths = {line: width_in_ems(line) for line in {*lines}}
    longest = max(widths.values(), default=0)
    if longest <= _LEAST:
        return []
    longest_line = max(widths, key=lambda line: (widths[line], line))
    fewest = math.ceil(longest / _MOST)
    others = sorted(line for line, width in widths.items() if math.ceil(width / _LEAST) > fewest)
    return [longest_line, *(line for line in others if line != longest_line)]
