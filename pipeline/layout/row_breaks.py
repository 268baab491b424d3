"""Part of stage 4: a row that may be divided begins on a page only where each of its cells can begin there.

WeasyPrint divides a row cell by cell. Where one line is left at the foot of a page, the short cells are printed there,
and prose, of which two lines must stay together (`orphans`, `widows`), goes over: its row says nothing at the foot,
and its number is missing beside the prose. Here such a row goes over whole, with the headings above it, as if it
had `break-inside: avoid`.
"""

from typing import Any

from weasyprint.formatting_structure import boxes
from weasyprint.layout import block

_lay_out_container = block.block_container_layout
_avoid_page_break = block.avoid_page_break

# An attribute of WeasyPrint's layout context: whether a cell of the row that is laid out has no room for its beginning.
_CELL_WITHOUT_ROOM = "cell_without_room"


def use() -> None:
    """Have WeasyPrint lay out rows so. Its layout of tables looks these functions up whenever it lays out a table."""
    block.block_container_layout = _lay_out
    block.avoid_page_break = _avoids


def _lay_out(context: Any, box: Any, *arguments: Any, **options: Any) -> Any:
    if not isinstance(box, boxes.TableCellBox):
        return _lay_out_container(context, box, *arguments, **options)
    before = box.grid_x > 0 and getattr(context, _CELL_WITHOUT_ROOM, False)
    # What is inside a cell asks for breaks of its own.
    setattr(context, _CELL_WITHOUT_ROOM, False)
    result = _lay_out_container(context, box, *arguments, **options)
    setattr(context, _CELL_WITHOUT_ROOM, before or result[0] is None)
    return result


def _avoids(page_break: str, context: Any) -> bool:
    """Whether a break is avoided. After the last cell of a row WeasyPrint asks this of the row."""
    if getattr(context, _CELL_WITHOUT_ROOM, False):
        setattr(context, _CELL_WITHOUT_ROOM, False)
        return True
    avoids: bool = _avoid_page_break(page_break, context)
    return avoids
