"""Part of stage 4: black and greys are written in DeviceGray, so that printers use black ink alone.

WeasyPrint writes every color as RGB. Some printers mix RGB black from all their inks, and some copiers charge for a
color page. DeviceGray is black ink (ISO 32000-1, 8.6.4.2), and PDF/A allows it with any output intent. WeasyPrint also
puts a transparency group into each pattern, which would convert greys to RGB again. Our documents use no transparency,
so the group is left out.
"""

from typing import Any

import pydyf
from weasyprint.pdf.stream import Stream

_add_group = Stream.add_group


def use() -> None:
    """Patch WeasyPrint's PDF stream."""
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
