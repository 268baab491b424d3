"""Stage 5 for the workbook of a list: reads it back and compares every cell with the model before it is delivered."""

import base64
import io
import re
import zlib
from collections.abc import Iterator, Sequence

from openpyxl import load_workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from pipeline.errors import ProofError
from pipeline.model.column_widths import Printed, printed
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition, Item
from pipeline.model.form import FIGURE
from pipeline.model.validation import Validated

# The name of the sheet, and what the rows of the list are called in its hidden first column.
_LIST, _HIDDEN = "一覧", "照合用"
_OF_LIST = re.compile("(段|項目|再掲|下|続き)( |$)")
_HEAD = "見出し "
_BETWEEN = "\0"  # between cells, which share no text
# The facts above the source in the hidden sheet.
_FACTS = 3


def prove_book(data: bytes, validated: Validated) -> int:
    """Prove that the workbook says what the model says. Returns the number of rows of the list. Raises `ProofError`."""
    book = load_workbook(io.BytesIO(data), read_only=True)
    sheet, hidden = book[_LIST], book[_HIDDEN]
    assert isinstance(sheet, ReadOnlyWorksheet)
    rows = [["" if cell is None else str(cell) for cell in row] for row in sheet.values]
    pieces = [str(row[1]) for row in list(hidden.values)[_FACTS:] if row[1]]
    findings = [*_findings(rows, validated.edition)]
    if zlib.decompress(base64.b64decode("".join(pieces))) != validated.source.data:
        findings.append("元データ: 控えが違います。")
    if findings:
        raise ProofError("検査で、Excelの一覧が元データと一致しませんでした。\n" + "\n".join(findings[:30]))
    return sum(1 for row in rows if _OF_LIST.match(row[0]))


def _findings(rows: list[list[str]], edition: Edition) -> Iterator[str]:
    """A message for each difference."""
    columns = printed(edition)
    names = [one.id for one in columns]
    if rows[0][1:] != names:
        yield f"欄: {rows[0][1:]} ← {names}"
    first = next(at for at, row in enumerate(rows) if _OF_LIST.match(row[0]))
    body = [row[1:] for row in rows[first:] if _OF_LIST.match(row[0]) and (row[0] != "続き" or any(row[1:]))]
    wanted = [*_list(edition, columns)]
    if len(body) != len(wanted):
        yield f"行の数: {len(body)} ← {len(wanted)}"
    for found, expected in zip(body, wanted, strict=False):
        if found != expected:
            yield f"{found} ← {expected}"
    heads = [cell for row in rows[1:first] if row[0].startswith(_HEAD) for cell in row[1:]]
    above = [cell for row in rows[1:first] if not row[0].startswith(_HEAD) for cell in row[1:]]
    below = [cell for row in rows[first:] if not _OF_LIST.match(row[0]) for cell in row[1:]]
    for where, cells, expected_texts in (
        ("見出し", heads, _heads(edition)),
        ("表の上", above, _above(edition)),
        ("表の下", below, [edition.postface, *(f"※{note}{text}" for note, text in edition.notes.items())]),
    ):
        left = _BETWEEN.join(map(_bare, cells))
        # The longest first: a year may be part of a head too, 目標値(令和7年度).
        for one in sorted(map(_bare, expected_texts), key=len, reverse=True):
            if one not in left:
                yield f"{where}: 「{one}」がありません。"
            left = left.replace(one, _BETWEEN, 1)
        if left := left.replace(_BETWEEN, ""):
            yield f"{where}: 「{left}」が余分です。"


def _bare(text: str) -> str:
    return "".join(text.split())


def _list(edition: Edition, columns: Sequence[Printed]) -> Iterator[list[str]]:
    """The cells of each row of the list."""
    name = edition.item_column.name
    for headings, row in edition.lines():
        if row is None:
            heading = headings[-1]
            number = _bare(heading.number)
            text = f"{number} {heading.section.name}" if number else heading.section.name
            yield [text if one.id == heading.level.name else "" for one in columns]
            continue
        item = edition.items[row.number]
        is_repeat = not isinstance(row, Item)
        yield [_cell(item, one, is_repeat) for one in columns]
        for column in edition.columns:
            if column.is_below and not is_repeat and item.text(column):
                said = f"{column.head.replace(chr(10), '')} {item.text(column)}"
                yield [said if one.id == name else "" for one in columns]


def _cell(item: Item, one: Printed, is_repeat: bool) -> str:
    if one.column.kind == "level":
        return ""
    if one.column.kind == "name":
        return "".join(f"【{mark}】" for mark in item.marks) + item.name + "【再掲】" * is_repeat
    if one.column.kind == "number":
        return item.text(one.column)
    if is_repeat:
        return "-"
    text = item.texts(one.column)[one.year]
    has_unit = one.column.kind == "figure" and not one.column.unit and FIGURE.fullmatch(text)
    return text + (item.unit_of(one.column) if has_unit else "")


def _heads(edition: Edition) -> Iterator[str]:
    for column in edition.columns:
        if not column.is_below:
            yield column.head + (f"({column.unit})" if column.unit else "")
            yield from column.years


def _above(edition: Edition) -> Iterator[str]:
    """The texts above the list."""
    yield edition.title
    yield edition.fiscal_year
    yield edition.preface
    yield ("案" if edition.is_draft else "") + edition.document_number.report
    yield from (f"【{mark}】{meaning}" for mark, meaning in edition.marks.items())
    yield f"{japanese_date(edition.as_of)}現在" if edition.as_of else ""
    yield f"{edition.municipality}{edition.department}" if edition.department else ""
    symbols = [column for column in edition.columns if column.kind == "symbol"]
    for column in symbols:
        yield f"{column.head}：" + "".join(symbol + said for symbol, said in (column.words or {}).items())
    if edition.has_meanings_on_first_page and symbols:
        head = symbols[0].head if len(symbols) == 1 else "凡例"
        everything = dict.fromkeys(symbol for column in symbols for symbol in column.words or {})
        yield f"{head}：{''.join(everything)}(意味は1ページ)"
