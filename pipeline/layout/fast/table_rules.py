"""Part of stage 4: the rules between the cells of tables, drawn as few long lines.

WeasyPrint draws each side of each cell by itself, with a clip of its own; in a long table that takes a fifth of the
whole time and half of the content of a page. Solid borders of cells that adjoin are one line here, of the same place,
width and colour. What is no solid border of a cell stays WeasyPrint's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from weasyprint.draw.color import get_color
from weasyprint.formatting_structure import boxes

# Layout reckons in pixels with fractions; closer than this, two lines meet.
_NEAR = 0.02

# WeasyPrint lays out in pixels; on a page that is being written, points count from its head.
_POINTS = 0.75


@dataclass(frozen=True, slots=True)
class Rule:
    """A filled rectangle, in pixels from the left and the head of the page."""

    left: float
    top: float
    width: float
    height: float
    color: Any

    @property
    def weight(self) -> float:
        return min(self.width, self.height)


def take_rules(page: Any) -> list[Rule]:
    """The rules of all cells on `page`, a page's box. The cells lose their borders, but not the room for them."""
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
                # The room stays: the cell's content has its place already.
                setattr(cell, f"border_{side}_width", 0)
    rules = [Rule(at, begin, width, end - begin, color) for at, width, color, begin, end in _joined(upright)]
    rules += _single([Rule(begin, at, end - begin, width, color) for at, width, color, begin, end in _joined(level)])
    # The heavier ones last, so that they are whole where they cross finer ones.
    return sorted(rules, key=lambda rule: (rule.weight, rule.top, rule.left))


def draw_rules(stream: Any, rules: Iterable[Rule]) -> None:
    """Draw `rules` at the end of `stream`, a page's content: decoration, which no reader is told of."""
    with stream.artifact(), stream.stacked():
        for rule in rules:
            stream.set_color(rule.color)
            stream.rectangle(*(round(value * _POINTS, 3) for value in (rule.left, rule.top, rule.width, rule.height)))
            stream.fill()


def _single(rules: list[Rule]) -> Iterator[Rule]:
    """`rules`, which are level, without those right below another that is no finer: the first row's below the head.

    Together they would look like one that is too heavy. Only there do they meet, on whatever page a row is the first.
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
    for child in getattr(box, "children", ()):
        if isinstance(child, boxes.TableCellBox):
            yield child
        elif not isinstance(child, boxes.LineBox):
            yield from _cells(child)


def _joined(
    segments: dict[tuple[float, float, Any], list[tuple[float, float]]],
) -> Iterator[tuple[float, float, Any, float, float]]:
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
