"""Part of stage 4: greys, of which black is one, are printed with black ink alone.

WeasyPrint writes each colour as red, green and blue. Of three equal ones some printers mix black from all their inks,
and some copiers count a coloured page. A grey of the device is black ink (ISO 32000-1, 8.6.4.2; PDF/A allows it beside
any output intent). A group for transparency, as WeasyPrint draws in each pattern, makes colours of greys again; nothing
here is transparent, so that a pattern is the same without one.
"""

from typing import Any

import pydyf
from weasyprint.pdf.stream import Stream

_add_group = Stream.add_group


def use() -> None:
    """Have WeasyPrint write greys so."""
    Stream.set_color_rgb = _set_color
    Stream.add_group = _add_opaque_group


def _set_color(stream: Any, red: float, green: float, blue: float, stroke: bool = False) -> None:
    if red == green == blue:
        stream.stream.append(f"{round(red, 4):g} {'G' if stroke else 'g'}".encode("ascii"))
    else:
        pydyf.Stream.set_color_rgb(stream, red, green, blue, stroke)


def _add_opaque_group(stream: Any, *area: float) -> Any:
    group = _add_group(stream, *area)
    del group.extra["Group"]
    return group
