"""Part of stage 4: the borders of table cells, drawn as few long lines.

WeasyPrint draws four sides of each cell, each with a clip path. In a long table that takes a fifth of the total time
and half of a page's content stream. Here solid borders of adjoining cells become one line with the same place, width
and color. WeasyPrint still draws all other borders.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from weasyprint.draw.color import get_color
from weasyprint.formatting_structure import boxes

# Pixels. Ends of lines that are closer than this meet: places in the layout are fractions.
_NEAR = 0.02

# Points a CSS pixel. WeasyPrint turns the page's axis: places count from the top here.
_POINTS = 0.75


@dataclass(frozen=True, slots=True)
class Rule:
    """A filled rectangle, in pixels from the left and the top of the page."""

    left: float
    top: float
    width: float
    height: float
    color: Any

    @property
    def weight(self) -> float:
        """The thickness of the line, in pixels."""
        return min(self.width, self.height)


def take_rules(page: Any) -> list[Rule]:
    """Remove the borders of all cells in the page box `page`, and return them. The cells' content stays in place."""
    upright: dict[tuple[float, float, Any], list[tuple[float, float]]] = defaultdict(list)
    level: dict[tuple[float, float, Any], list[tuple[float, float]]] = defaultdict(list)
    for cell in _cells(page):
        left, top = cell.border_box_x(), cell.border_box_y()
        right, foot = left + cell.border_width(), top + cell.border_height()
        for side, position, extent, found in (
            ("left", left, (top, foot), upright),
            ("right", right - cell.border_right_width, (top, foot), upright),
            ("top", top, (left, right), level),
            ("bottom", foot - cell.border_bottom_width, (left, right), level),
        ):
            width = getattr(cell, f"border_{side}_width")
            if width and cell.style[f"border_{side}_style"] == "solid":
                color = get_color(cell.style, f"border_{side}_color")
                found[round(position, 2), width, color].append(extent)
                # The content of the cell has its place already, and does not move.
                setattr(cell, f"border_{side}_width", 0)
    rules = [Rule(at, begin, width, end - begin, color) for at, width, color, begin, end in _joined(upright)]
    rules += _single([Rule(begin, at, end - begin, width, color) for at, width, color, begin, end in _joined(level)])
    # Thick lines last: they are not interrupted where they cross thin ones.
    return sorted(rules, key=lambda rule: (rule.weight, rule.top, rule.left))


def draw_rules(stream: Any, rules: Iterable[Rule]) -> None:
    """Append `rules` to the content stream, as an artifact."""
    with stream.artifact(), stream.stacked():
        for rule in rules:
            stream.set_color(rule.color)
            stream.rectangle(*(round(value * _POINTS, 3) for value in (rule.left, rule.top, rule.width, rule.height)))
            stream.fill()


def _single(rules: list[Rule]) -> Iterator[Rule]:
    """The horizontal `rules` without those directly below another one that is at least as thick.

    The head's bottom border and the top border of the first row below it would look like one line that is too thick.
    """
    for rule in rules:
        if not any(
            abs(other.top + other.height - rule.top) < _NEAR
            and other.left <= rule.left + _NEAR
            and other.left + other.width >= rule.left + rule.width - _NEAR
            and other.weight >= rule.weight
            for other in rules
        ):
            yield rule


def _cells(box: Any) -> Iterator[Any]:
    """The table cells inside `box`."""
    for child in getattr(box, "children", ()):
        if isinstance(child, boxes.TableCellBox):
            yield child
        elif not isinstance(child, boxes.LineBox):
            yield from _cells(child)


def _joined(
    segments: dict[tuple[float, float, Any], list[tuple[float, float]]],
) -> Iterator[tuple[float, float, Any, float, float]]:
    """Segments on the same line that meet, merged: (position, width, color, begin, end)."""
    for (position, width, color), extents in segments.items():
        begin, end = None, 0.0
        for first, last in sorted(extents):
            if begin is not None and first <= end + _NEAR:
                end = max(end, last)
                continue
            if begin is not None:
                yield position, width, color, begin, end
            begin, end = first, last
        if begin is not None:
            yield position, width, color, begin, end
