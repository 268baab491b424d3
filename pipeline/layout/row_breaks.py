"""Part of stage 4: a row that may be split begins on a page only if each of its cells can begin there.

WeasyPrint splits a row cell by cell. If there is room for one line at the foot of a page, it prints the short cells
there and moves the prose to the next page, because `orphans` and `widows` keep two lines together. The reader then sees
a number without its text. Here such a row moves to the next page whole, with the heading rows above it, as if it had
`break-inside: avoid`.
"""

from typing import Any

from weasyprint.formatting_structure import boxes
from weasyprint.layout import block

_lay_out_container = block.block_container_layout
_avoid_page_break = block.avoid_page_break

# Our attribute on WeasyPrint's layout context: whether some cell of the current row has no room for its first lines.
_CELL_WITHOUT_ROOM = "cell_without_room"


def use() -> None:
    """Patch two functions of WeasyPrint. Its table layout looks them up in their module at each call."""
    block.block_container_layout = _lay_out
    block.avoid_page_break = _avoids


def _lay_out(context: Any, box: Any, *arguments: Any, **options: Any) -> Any:
    if not isinstance(box, boxes.TableCellBox):
        return _lay_out_container(context, box, *arguments, **options)
    before = box.grid_x > 0 and getattr(context, _CELL_WITHOUT_ROOM, False)
    # Blocks inside the cell ask `avoid_page_break` too: the flag must not apply to them.
    setattr(context, _CELL_WITHOUT_ROOM, False)
    result = _lay_out_container(context, box, *arguments, **options)
    setattr(context, _CELL_WITHOUT_ROOM, before or result[0] is None)
    return result


def _avoids(page_break: str, context: Any) -> bool:
    """Whether a break is avoided. WeasyPrint asks this for the row after it has laid out the last cell."""
    if getattr(context, _CELL_WITHOUT_ROOM, False):
        setattr(context, _CELL_WITHOUT_ROOM, False)
        return True
    avoids: bool = _avoid_page_break(page_break, context)
    return avoids
