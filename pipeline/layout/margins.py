"""Part of stage 4: what stands in the margins of pages, laid out by itself, and the room that it needs above the content.

WeasyPrint gives the boxes in the margins the size of the margins, whatever stands in them. So the head is measured,
unless the document says that it is plain and no running line takes more than a line: that has the room which the
stylesheet gives to every page.
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
# Where a running line may take several, these are not set solid.
_APART = "@page { @top-right { line-height: 1.2 } }"
_RUNNING_LINE = "body > div { string-set: context attr(data-context) }"

# On the narrowest paper a line of context holds about 89 ems: fewer where kinsoku moves its end, never more than one more.
_LEAST, _MOST = int(A4.content_width / em(TYPE_PT)) - 5, int(A4.content_width / em(TYPE_PT)) + 1

# Between the masthead and the running line: about what a plain head leaves of the room that it has.
_GAP = 0.8


def lay_out_margins(
    engine: Engine, root: Element, repeated: Sequence[Element], lines: Sequence[str], style: str
) -> Any:
    """A document with nothing between its margins, of a page for each of the running `lines`.

    What is `repeated`, elements of the HTML below `root`, stands in the margins.
    """
    html = Element("html", root.attrib)
    html.extend(root.iterfind("head"))
    body = SubElement(html, "body")
    body.extend([*repeated, *(Element("div", {"data-context": line}) for line in lines)])
    with unheard():
        return engine.lay_out(html, style + _DIV_BY_DIV)


def head_room(engine: Engine, root: Element, repeated: Sequence[Element], lines: Iterable[str]) -> str:
    """The style by which pages have room for their head and for each of the running `lines`; none if they have it."""
    highest = _highest(lines)
    if not highest and all("plain" in head.get("class", "").split() for head in repeated if head.tag == "header"):
        return ""
    # Two pages at least, as the first may have a masthead of its own. Any character stands for a line that is short.
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
    """Those of the running `lines` that may take more lines than all others; none if each takes one."""
    widths = {line: width_in_ems(line) for line in {*lines}}
    longest = max(widths.values(), default=0)
    if longest <= _LEAST:
        return []
    longest_line = max(widths, key=lambda line: (widths[line], line))
    fewest = math.ceil(longest / _MOST)
    others = sorted(line for line, width in widths.items() if math.ceil(width / _LEAST) > fewest)
    return [longest_line, *(line for line in others if line != longest_line)]
