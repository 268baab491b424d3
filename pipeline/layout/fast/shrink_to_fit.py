"""Part of stage 4: the width of an inline block, such as an entry of a legend.

WeasyPrint always measures how narrow the block could be, which in Japanese means a line break after each character.
That took half the time of a document with a long legend. It matters only if the block does not fit as it is.
"""

from typing import Any

from weasyprint.layout import inline
from weasyprint.layout.preferred import max_content_width, min_content_width


def use() -> None:
    """Patch a function of WeasyPrint. Its inline layout looks it up in its module at each call."""
    inline.shrink_to_fit = shrink_to_fit


def shrink_to_fit(context: Any, box: Any, available: float) -> float:
    """The width of the content of `box`, where `available` is the room; in pixels (CSS 2.1, 10.3.5)."""
    widest = float(max_content_width(context, box, outer=False))
    if widest <= available:
        return widest
    return min(max(float(min_content_width(context, box, outer=False)), available), widest)
