"""Where pages of a long table are foreseen to begin. What is foreseen wrongly is laid out twice: it only costs time."""

from xml.etree.ElementTree import Element

import pytest

from pipeline.layout.fast.pagination import PageRoom, _RowKind, kind_of, lines, starts


@pytest.mark.parametrize(
    ("text", "halves", "count"),
    [
        ("", 10, 0), ("あ", 10, 1), ("あいうえお", 10, 1), ("あいうえおか", 10, 2), ("あ" * 11, 10, 3),
        ("あいうえおab", 11, 2), ("abcde", 5, 1), ("あ\nい", 10, 2), ("あ\n\nい", 10, 3), ("\n", 10, 2),
        # A line ends between words. The space at its end takes no room.
        ("abc def", 5, 2), ("abc def", 3, 2), ("abc def ghi", 7, 2), ("abc   def", 3, 2), ("ab cd ef", 5, 2),
        # Not before a stop.
        ("あいうえお。", 10, 2), ("あいうえ。お", 10, 2), ("あいうえおか。き", 10, 2),
        # A word that is wider than the line goes on in the next ones, and what follows it goes on behind it.
        ("a" * 8, 4, 2), ("a" * 9, 4, 3), ("a" * 10, 4, 3), ("b " + "a" * 8, 4, 3), ("a" * 9 + " bb", 4, 3),
        ("a" * 9 + " bbb", 4, 4), ("あ" + "a" * 8, 4, 3), ("a" * 4 + "あ" * 4, 4, 3),
    ],
)  # fmt: skip
def test_how_many_lines_a_text_takes(text: str, halves: int, count: int) -> None:
    """With so many half ems for a line."""
    assert lines(text, halves) == count


# Three points of padding and borders, lines of ten points.
CELLS = ((20, 10.0),)
KINDS = {
    "item": _RowKind(CELLS, 3, stays=False, begins_page=False, may_be_divided=False),
    "heading": _RowKind(CELLS, 3, stays=True, begins_page=False, may_be_divided=False),
    "new": _RowKind(CELLS, 3, stays=False, begins_page=True, may_be_divided=False),
    "long": _RowKind(((20, 4.0), (20, 10.0)), 3, stays=False, begins_page=False, may_be_divided=True),
}


def row(kind: str) -> Element:
    return Element("tr", {"class": kind})


ROOM = PageRoom(100, 80, {kind_of(row(kind)): measures for kind, measures in KINDS.items()})


def rows(text: str) -> tuple[list[Element], list[float]]:
    """Rows of such kinds, `3*item 10` for three that are ten points high; and their heights."""
    found, heights = [], []
    for part in text.split(", "):
        count, _, one = part.rpartition("*")
        kind, height = one.split()
        found += [row(kind) for _ in range(int(count or 1))]
        heights += [float(height)] * int(count or 1)
    return found, heights


@pytest.mark.parametrize(
    ("text", "begin", "wanted"),
    [
        # 80 points on the first page, 100 on the others.
        ("8*item 10", 0, []), ("9*item 10", 0, [8]), ("30*item 10", 0, [8, 18, 28]), ("30*item 10", 8, [18, 28]),
        ("30*item 10", 9, [19, 29]), ("item 90, item 10", 0, [1]), ("item 70, item 10.01, item 10", 0, [2]),
        ("item 70, item 10.1, item 10", 0, [1]),
        # A row that is alone on its page is not moved.
        ("item 90, 10*item 10", 0, [1]), ("item 99, item 99, item 99", 0, [1, 2]),
        # Headings stay with the row below them, and take their room there.
        ("7*item 10, heading 10, item 10", 0, [7]), ("6*item 10, 2*heading 10, item 10", 0, [6]),
        ("6*item 10, 2*heading 10, 9*item 10", 0, [6, 16]), ("8*heading 10, item 10", 0, [1]),
        ("item 10, 7*heading 10, item 10", 0, [1]), ("6*item 10, heading 10, item 10, item 10", 0, [8]),
        # Some begin a page, but not another one.
        ("2*item 10, new 10, 10*item 10", 0, [2, 12]), ("new 10, 8*item 10", 0, [8]), ("new 10, 12*item 10", 0, [8]),
        ("12*item 10, new 10", 12, []),
        # Some may be split where two lines and the padding, 23 points, have room.
        ("item 57, long 40, item 83.02", 0, [2]), ("item 57, long 40, item 90", 0, [2]), ("item 57, long 40, item 83", 0, []),
        ("item 57.02, long 40, item 60", 0, [1]), ("item 57.02, long 40, item 61", 0, [1, 2]),
        ("item 57, long 124, item 99", 0, []), ("item 57, long 124, item 99.1", 0, [2]), ("item 57, long 123, item 99", 0, [2]), ("item 57, long 222, item 1", 0, []),
        ("item 57, long 222, item 2", 0, [2]), ("long 300, item 80", 0, []), ("long 300, item 81", 0, [1]),
        # One that is higher than a page is, whatever its kind.
        ("item 150, item 30", 0, []), ("item 150, item 31", 0, [1]), ("item 40, item 150, item 89", 0, []),
        ("item 40, item 150, item 91", 0, [2]), ("item 60, item 150, item 50", 0, [1]), ("item 60, item 150, item 51", 0, [1, 2]),
        ("item 40, item 100, item 1", 0, [1, 2]), ("item 40, item 100.5, item 1", 0, []),
    ],
)  # fmt: skip
def test_which_rows_begin_pages(text: str, begin: int, wanted: list[int]) -> None:
    found, heights = rows(text)
    assert [*starts(found, heights, ROOM, begin)] == wanted


def test_a_kind_is_all_that_a_style_sees_of_a_row() -> None:
    one = Element("tr", {"class": "item"})
    one.extend([Element("th", {"class": "a"}), Element("td", {"colspan": "2"})])
    same = Element("tr", {"class": "item", "id": "x"})
    same.extend([Element("th", {"class": "a", "id": "y"}), Element("td", {"colspan": "2", "headers": "z"})])
    assert kind_of(one) == kind_of(same)
    for at, (name, value) in enumerate([("class", "b"), ("colspan", "3")]):
        other = Element("tr", {"class": "item"})
        cells = [Element("th", {"class": "a"}), Element("td", {"colspan": "2"})]
        cells[at].set(name, value)
        other.extend(cells)
        assert kind_of(one) != kind_of(other)
