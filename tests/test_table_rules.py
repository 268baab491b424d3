"""The long lines that are drawn in place of the borders of cells: which borders are joined, and which are left out."""

import pytest

from pipeline.layout.fast.table_rules import Rule, _joined, _single

BLACK, GREY = "black", "grey"


@pytest.mark.parametrize(
    ("extents", "wanted"),
    [
        ([(0, 10)], [(0, 10)]),
        ([(0, 10), (10, 20), (20, 30)], [(0, 30)]),
        # In whichever order cells come.
        ([(20, 30), (0, 10), (10, 20)], [(0, 30)]),
        ([(0, 10), (10.01, 20)], [(0, 20)]), ([(0, 10), (9.99, 20)], [(0, 20)]), ([(0, 10), (10.03, 20)], [(0, 10), (10.03, 20)]),
        ([(0, 10), (12, 20), (20, 30)], [(0, 10), (12, 30)]),
        # A cell that spans others begins before them and ends behind them.
        ([(0, 30), (10, 20)], [(0, 30)]), ([(0, 10), (0, 30)], [(0, 30)]),
        ([], []),
    ],
)  # fmt: skip
def test_borders_that_meet_are_one_line(extents: list[tuple[float, float]], wanted: list[tuple[float, float]]) -> None:
    found = _joined({(5, 1, BLACK): extents, (5, 2, BLACK): [(0, 1)], (5, 1, GREY): [(0, 1)], (6, 1, BLACK): [(0, 1)]})
    others = [(5, 2, BLACK, 0, 1), (5, 1, GREY, 0, 1), (6, 1, BLACK, 0, 1)]
    assert [*found] == [*((5, 1, BLACK, *one) for one in wanted), *others]


@pytest.mark.parametrize(
    ("above", "is_drawn"),
    [
        # The line is from 100 to 200, 50 below the top, and 1 thick.
        (Rule(100, 49, 100, 1, BLACK), False), (Rule(100, 48, 100, 2, BLACK), False), (Rule(100, 49.5, 100, 0.5, BLACK), True),
        (Rule(90, 49, 120, 1, BLACK), False), (Rule(101, 49, 99, 1, BLACK), True), (Rule(100, 49, 99, 1, BLACK), True),
        (Rule(100.01, 49, 99.98, 1, BLACK), False), (Rule(100.03, 49, 99.97, 1, BLACK), True), (Rule(100, 49, 99.97, 1, BLACK), True),
        (Rule(100, 48.99, 100, 1, BLACK), False), (Rule(100, 48.97, 100, 1, BLACK), True), (Rule(100, 49.03, 100, 1, BLACK), True),
        (Rule(100, 30, 100, 1, BLACK), True), (Rule(100, 52, 100, 1, BLACK), True),
        # The colour does not matter.
        (Rule(100, 49, 100, 1, GREY), False),
    ],
)  # fmt: skip
def test_a_line_directly_below_another_one_is_left_out(above: Rule, is_drawn: bool) -> None:
    rule = Rule(100, 50, 100, 1, BLACK)
    assert [*_single([above, rule])] == [above, *[rule] * is_drawn]
    assert [*_single([rule, above])] == [*[rule] * is_drawn, above]


@pytest.mark.parametrize(("width", "height", "weight"), [(100, 1, 1), (2, 50, 2), (3, 3, 3)])
def test_the_weight_of_a_line_is_its_thickness(width: float, height: float, weight: float) -> None:
    assert Rule(0, 0, width, height, BLACK).weight == weight
