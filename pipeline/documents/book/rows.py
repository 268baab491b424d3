"""The rows of the list as a workbook: the keys by which they are known, and the texts of their cells.

The way back (`office.book_returns`) makes them again from the same source, so that only what differs was edited.
"""

import base64
import hashlib
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.documents.html import masthead
from pipeline.documents.report.page import NOTHING, REPEATED, head_rows
from pipeline.model.column_widths import ColumnWidths, figure_parts
from pipeline.model.edition import Edition, Heading, Item
from pipeline.model.page_head import Legend, PageHead
from pipeline.paper import HEAD_PT, em
from pipeline.text import flat, set_apart, width_in_ems

# The sheets, and the version of the format.
LIST, GUIDE, HIDDEN = "一覧", "書き方", "照合用"
FORM = "kyodo-book-1"
# The facts in the hidden sheet, one a row. The source follows them in pieces, packed.
FACTS = ("様式", "版", "元データ")
_PIECE = 32_000

# The hidden first row names the columns of the sheet, the hidden first column the rows. These are the names of that
# column, of the column heads, and of a row that only makes the one above it higher.
KEYS, HEADS, MORE = "行", "見出し", "続き"

Kind = Literal["top", "head", "heading", "item", "repeat", "below", "bottom"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its key, its kind, and the texts of its cells by the id of the printed column.

    Of items and repeats every column has a cell. Otherwise a cell spans the columns up to the next one in its row.
    `is_once` is set where a row, and so what is above it, stands on the first page only.
    """

    key: str
    kind: Kind
    cells: Mapping[str, str]
    depth: int = 0
    page_break: bool = False
    is_once: bool = False


def rows(edition: Edition, widths: ColumnWidths) -> Iterator[Row]:
    """Every row of the sheet, from the title to the notes below the list."""
    yield from _tops(edition, widths)
    for number, heads in enumerate(head_rows(widths), 1):
        cells = {_first(widths, head.id.removeprefix("head-")): "\n".join(head.lines) for head in heads}
        yield Row(f"{HEADS} {number}", "head", cells)
    yield from _list(edition, widths)
    first = widths.columns[0].id
    if edition.postface:
        yield Row("後文", "bottom", {first: edition.postface})
    for note, text in edition.notes.items():
        yield Row(f"注 {note}", "bottom", {first: f"※{note} {text}"})


def _first(widths: ColumnWidths, name: str) -> str:
    """The id of the first printed column of the column or series `name`."""
    return next(one.id for one in widths.columns if name in (one.id, one.column.name))


# The rows above the list


def _tops(edition: Edition, widths: ColumnWidths) -> Iterator[Row]:
    heads = masthead(edition, edition.document_number.report, sheet=edition.form.sheet)
    first, head = widths.columns[0].id, heads.first
    # Something stands between title and list on the first page only.
    once = bool(edition.preface or edition.marks or heads.meanings)
    yield from _beside(widths, "年度", head.fiscal_year, "資料番号", document_number(head))
    yield Row("表題", "top", {first: " ".join(head.title.split("\n"))}, is_once=once)
    if edition.preface:
        yield Row("前文", "top", {first: edition.preface}, is_once=True)
    if edition.marks:
        said = "　".join(f"【{mark}】{meaning}" for mark, meaning in edition.marks.items())
        yield Row("印", "top", {first: said}, is_once=True)
    for number, legend in enumerate(heads.meanings, 1):
        lines = (legend.label, *(set_apart(symbol) + said for symbol, said in legend.entries.items()))
        yield Row(f"凡例の意味 {number}", "top", {first: "\n".join(lines)}, is_once=True)
    legends = [_legend(one) for one in heads.later.legends]
    yield from _beside(widths, "凡例 1", next(iter(legends), ""), "現在日", head.issued)
    for number, text in enumerate(legends[1:], 2):
        yield Row(f"凡例 {number}", "top", {first: text})


def document_number(head: PageHead) -> str:
    """The document number behind the mark of a draft."""
    return "　".join(filter(None, (head.draft, head.document_number)))


def _legend(legend: Legend) -> str:
    entries = (set_apart(symbol) + said for symbol, said in legend.entries.items())
    return legend.label + "　".join((*entries, *filter(None, (legend.note,))))


def _beside(widths: ColumnWidths, left_key: str, left: str, right_key: str, right: str) -> Iterator[Row]:
    """Two texts in one row, if both fit beside each other, otherwise in two."""
    first = widths.columns[0].id
    at = _place_at_right(widths, left, right) if left and right else ""
    if at:
        yield Row(f"{left_key}、{right_key}", "top", {first: left, at: right})
        return
    if right:
        yield Row(right_key, "top", {first: right})
    if left:
        yield Row(left_key, "top", {first: left})


def _place_at_right(widths: ColumnWidths, left: str, right: str) -> str:
    """The column in which a text at the right margin begins beside one at the left; empty if there is no room."""
    size = em(HEAD_PT)
    room, needed = 0.0, (width_in_ems(right) + 1) * size
    rest = sum(widths.widths.of(one.id) for one in widths.columns)
    for one in reversed(widths.columns[1:]):
        room += widths.widths.of(one.id)
        if room >= needed:
            return one.id if rest - room >= (width_in_ems(left) + 1) * size else ""
    return ""


# The list


def _list(edition: Edition, widths: ColumnWidths) -> Iterator[Row]:
    repeats: Counter[int] = Counter()
    for headings, row in edition.lines():
        if row is None:
            yield heading_row(headings[-1], len(headings) - 1)
        elif isinstance(row, Item):
            yield Row(item_key(row.number), "item", item_cells(widths, row))
            yield from _below(edition, row)
        else:
            repeats[row.number] += 1
            item = edition.items[row.number]
            cells = repeat_cells(edition, widths, item)
            yield Row(repeat_key(row.number, repeats[row.number]), "repeat", cells)


def heading_row(heading: Heading, depth: int) -> Row:
    """The row of a heading; its cell spans the columns from that of its level."""
    text = " ".join(filter(None, (flat(heading.number), heading.section.name)))
    return Row(heading_key(heading), "heading", {heading.level.name: text}, depth, heading.begins_page)


def heading_key(heading: Heading) -> str:
    """The key of a heading's row: its place among the headings, like 段 2.1."""
    return f"段 {'.'.join(map(str, heading.positions))}"


def item_key(number: int) -> str:
    """The key of an item's row."""
    return f"項目 {number}"


def repeat_key(number: int, count: int) -> str:
    """The key of the row that repeats an item for this time, counted from 1."""
    return f"再掲 {number}-{count}"


def item_cells(widths: ColumnWidths, item: Item) -> dict[str, str]:
    """The texts of an item's row, those of figures with their unit."""
    cells = {}
    for one in widths.columns:
        match one.column.kind:
            case "level":
                continue
            case "name":
                cells[one.id] = marked_name(item)
            case "figure":
                cells[one.id] = "".join(figure_parts(item, one.column, one.year))
            case _:
                cells[one.id] = item.texts(one.column)[one.year]
    return cells


def marked_name(item: Item) -> str:
    """The name of an item after its marks."""
    return "".join(f"【{mark}】" for mark in item.marks) + item.name


def repeat_cells(edition: Edition, widths: ColumnWidths, item: Item) -> dict[str, str]:
    """The texts of a row that repeats `item`."""
    cells = item_cells(widths, item)
    for one in widths.columns:
        if one.id in cells and one.column.kind not in ("number", "name"):
            cells[one.id] = NOTHING
    name = edition.item_column.name
    return {**cells, name: cells[name] + REPEATED}


def _below(edition: Edition, item: Item) -> Iterator[Row]:
    for column in edition.columns:
        if column.is_below and (text := item.text(column)):
            yield Row(below_key(item.number, column.key), "below", {edition.item_column.name: below(column.head, text)})


def below_key(number: int, key: str) -> str:
    """The key of the row of a text below an item."""
    return f"下 {number} {key}"


def of_below_key(key: str) -> tuple[int, str]:
    """The NO of the item and the key of the column in a `below_key`."""
    _, number, name = key.split(" ", 2)
    return int(number), name


def below(head: str, text: str) -> str:
    """The text of a row below an item."""
    return f"{flat(head)} {text}"


# The source in the hidden sheet


def packed(data: bytes) -> list[str]:
    """The content of a source as short texts that no program changes when it saves the workbook."""
    text = base64.b64encode(zlib.compress(data, 9)).decode()
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]


def unpacked(pieces: Sequence[str], digest: str, most: int) -> bytes:
    """The content in `pieces`, of at most so many bytes. Raises `ValueError` if it does not have this SHA-256."""
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(base64.b64decode("".join(pieces), validate=True), most + 1)
    except zlib.error as error:
        raise ValueError from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(digest)
    return data
