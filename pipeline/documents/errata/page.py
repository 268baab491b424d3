"""The page of the 正誤表: wrong and right texts between two builds of one edition.

An item is called by its NO, or by its name where the paper prints no NO.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.documents.document import CORRECTED, Carried
from pipeline.documents.html import DRAFT, document_title, masthead, number_column, render
from pipeline.errors import NothingToDoError
from pipeline.model.column_widths import figure_parts
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition, Heading, Item, Repeat
from pipeline.model.form import Column, without_note_marks
from pipeline.paper import ERRATA, ERRATA_NAME, Widths
from pipeline.text import flat
from pipeline.years.matching import Placed, meaning_of, place_items, position
from pipeline.years.pairing import ColumnPair, all_years, paired_columns
from pipeline.years.text_diff import Marked, mark

TITLE = "正誤表"
NOTHING = "(記載なし)"


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction: the item (empty for the list as a whole), the place, and both texts with marked words."""

    item: str
    place: str
    wrong: Marked
    right: Marked


def page(old: Edition, new: Edition, carried: Carried) -> str:
    """The HTML of the 正誤表 from `old` to `new`. Raises `NothingToDoError` if they are equal."""
    corrections = tuple(_correction(*difference) for difference in _differences(old, new))
    if not corrections:
        raise NothingToDoError("二つの版に違いはありません。正誤表は作っていません。")
    title = f"{flat(new.title)} {TITLE}"
    by_name = not new.form.prints_no
    return render(
        "errata.html",
        edition=new,
        title=document_title(new, title),
        masthead=masthead(new, new.document_number.errata, title),
        carried=carried,
        heads=_heads(new),
        item_column="name" if by_name else number_column([*old.items, *new.items], ERRATA.figures("number")),
        item_kind="name" if by_name else "number",
        widths=Widths((("name", ERRATA_NAME), *ERRATA.columns[1:])) if by_name else ERRATA,
        corrections=corrections,
        corrected=CORRECTED,
        note=_note(corrections),
    )


def _heads(edition: Edition) -> tuple[tuple[str, str], ...]:
    """(name, label) of each column."""
    item = "NO" if edition.form.prints_no else flat(edition.item_column.head)
    return ("number", item), ("place", "箇所"), ("wrong", "誤"), ("right", "正")


def _note(corrections: tuple[Correction, ...]) -> str:
    return f"先に配布した資料に誤りがありました。次の{len(corrections)}箇所を訂正します。下線は訂正した語句です。"


# The item, the place, the wrong text and the right one.
Difference = tuple[str, str, str, str]


def _differences(old: Edition, new: Edition) -> Iterator[Difference]:
    """The corrections: first of the list as a whole, then by NO."""
    yield from _of_the_list(old, new)
    before, after = ({placed.number: placed for placed in place_items(edition)} for edition in (old, new))
    columns = paired_columns(old, new)
    for number in sorted({*before, *after}):
        if right := after.get(number):
            item = _called(new, right.item)
            for place, wrong_text, right_text in _of_an_item(new, columns, before.get(number), right):
                yield item, place, wrong_text, right_text
        else:
            gone = before[number].item
            yield _called(new, gone), flat(new.item_column.head), gone.name, ""


def _called(edition: Edition, item: Item) -> str:
    return str(item.number) if edition.form.prints_no else " ".join(filter(None, (item.label, flat(item.name))))


# The key of a text of the list, the same in both builds, its place and the text.
Part = tuple[Hashable, str, str]


def _of_the_list(old: Edition, new: Edition) -> Iterator[Difference]:
    is_one_number = None not in (old.document_number.of_all, new.document_number.of_all)
    shared = {pair.old.key: pair.column.key for pair in paired_columns(old, new) if pair.old}
    for before, after in (
        (_parts(old, shared, is_one_number), _parts(new, {}, is_one_number)),
        (_headings(old, new), _headings(new, new)),
        (_orders(old, old, new), _orders(new, old, new)),
        (_texts(old), _texts(new)),
    ):
        wrong, right = ({key: (place, text) for key, place, text in side} for side in (before, after))
        for key in dict.fromkeys([*right, *wrong]):
            place, text = right.get(key) or (wrong[key][0], "")
            if text != (said := wrong.get(key, ("", ""))[1]):
                yield "", place, said, text


def _parts(edition: Edition, shared: Mapping[str, str], is_one_number: bool) -> Iterator[Part]:
    """Masthead, legends and column heads.

    `shared` has the keys of columns that the corrected build calls otherwise. `is_one_number` says that each of both
    builds has one 資料番号 for all documents.
    """
    numbers = {f"資料番号({document})": number for document, number in edition.document_number.by_document.items()}
    if is_one_number:
        numbers = {"資料番号": edition.document_number.report}
    for place, text in (
        ("表題", edition.title),
        ("自治体", edition.municipality),
        ("年度", edition.fiscal_year),
        ("現在日", japanese_date(edition.as_of) if edition.as_of else ""),
        ("担当課", edition.department),
        *numbers.items(),
        ("案", DRAFT if edition.is_draft else ""),
    ):
        yield place, place, text
    symbols = [column for column in edition.columns if column.kind == "symbol"]
    for column in symbols:
        legend = " ".join(f"{symbol}{meaning}" for symbol, meaning in (column.words or {}).items())
        key = shared.get(column.key, column.key)
        yield ("凡例", key), f"凡例({key})" if len(symbols) > 1 else "凡例", legend
    for column in edition.columns:
        key = shared.get(column.key, column.key)
        # As printed: with its unit, and the heads of its years.
        yield ("見出し", key), f"見出し({key})", " ".join((_head(column), *column.years))


def _head(column: Column) -> str:
    return column.head + (f"({column.unit})" if column.unit else "")


def _texts(edition: Edition) -> Iterator[Part]:
    """The texts above and below the table."""
    yield "前文", "前文", edition.preface
    yield "後文", "後文", edition.postface
    for number, text in edition.notes.items():
        yield ("注", number), f"注(※{number})", text


def _headings(edition: Edition, new: Edition) -> Iterator[Part]:
    """The headings, and the repeats below each, by their positions. Items are called as in `new`."""
    repeated: dict[tuple[int, ...], list[str]] = {}
    for above, row in edition.rows():
        if isinstance(row, Repeat):
            item = new.items.get(row.number) or edition.items[row.number]
            repeated.setdefault(_positions(above), []).append(_named(new, item))
    if () in repeated:
        yield ((), "再掲"), "再掲", "、".join(repeated[()])
    for headings in edition.outline():
        here = headings[-1]
        if _are_counted(headings):
            yield (here.positions, ""), position(headings), here.section.name
        else:
            # Its own number is part of the text.
            level = edition.levels[len(headings) - 1]
            yield (here.positions, ""), f"{flat(level.head)}の見出し", f"{here.number} {here.section.name}".strip()
        if here.positions in repeated:
            yield (here.positions, "再掲"), f"{_where(headings)}の再掲", "、".join(repeated[here.positions])


def _are_counted(headings: Sequence[Heading]) -> bool:
    """Whether the numbers of `headings` follow from their places."""
    return all(heading.level.numbering not in ("自由", "なし") for heading in headings)


def _where(headings: Sequence[Heading]) -> str:
    """The place of what stands below `headings`."""
    return position(headings) if _are_counted(headings) else f"「{position(headings)}」"


def _positions(headings: Sequence[Heading]) -> tuple[int, ...]:
    return headings[-1].positions if headings else ()


def _named(edition: Edition, item: Item) -> str:
    """An item in a list of items."""
    called = _called(edition, item)
    return f"NO {called}" if edition.form.prints_no else f"「{called}」"


def _orders(edition: Edition, old: Edition, new: Edition) -> Iterator[Part]:
    """The items below each heading, in the order of `edition`, as far as both editions have them there."""
    before, after = ({one.number: _positions(one.headings) for one in place_items(side)} for side in (old, new))
    stayed: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for placed in place_items(edition):
        at = _positions(placed.headings)
        if before.get(placed.number) == at == after.get(placed.number):
            stayed[at].append(_named(new, new.items[placed.number]))
    for at, headings in {_positions(placed.headings): placed.headings for placed in place_items(new)}.items():
        yield at, f"{_where(headings)}の順序" if headings else "順序", "、".join(stayed[at])


def _of_an_item(
    new: Edition, columns: Sequence[ColumnPair], wrong: Placed | None, right: Placed
) -> Iterator[tuple[str, str, str]]:
    """(place, wrong text, right text) of an item; every text of an added item."""
    texts = [
        (new.item_column.head, wrong.item.name if wrong else "", right.item.name),
        ("印", _marks(wrong), _marks(right)),
        (_number_head(new), wrong.item.label if wrong else "", right.item.label),
    ]
    for pair in columns:
        texts += _of_a_column(pair, wrong, right)
    if not wrong or _positions(wrong.headings) != _positions(right.headings):
        texts.append(("位置", wrong.position if wrong else "", right.position))
    for place, before, after in texts:
        if before != after:
            yield flat(place), before, after


def _number_head(edition: Edition) -> str:
    return edition.number_column.head if edition.number_column else "番号"


def _marks(placed: Placed | None) -> str:
    return "".join(f"【{mark}】" for mark in placed.item.marks) if placed else ""


def _of_a_column(pair: ColumnPair, wrong: Placed | None, right: Placed) -> Iterator[tuple[str, str, str]]:
    """(place, wrong text, right text) of each cell of a column."""
    # The notes are not printed beside the corrections.
    head = without_note_marks(_head(pair.column))
    old, new = pair.old or pair.column, pair.new or pair.column
    for before, after in all_years(old, new):
        year = new.years[after] if new.years and after is not None else ""
        year = year or (old.years[before] if old.years and before is not None else "")
        yield (
            f"{head} {year}" if year else head,
            _text(wrong, pair.old, before),
            _text(right, pair.new, after),
        )


def _text(placed: Placed | None, column: Column | None, year: int | None) -> str:
    """The text of a cell: a symbol with its meaning, a figure with the unit that stands behind it."""
    if not placed or not column or year is None:
        return ""
    text = "".join(figure_parts(placed.item, column, year))
    meaning = meaning_of(column, placed.item)
    return f"{text}({meaning})" if column.kind == "symbol" and meaning != text else text


def _correction(item: str, place: str, wrong: str, right: str) -> Correction:
    return Correction(item, place, *mark(wrong or NOTHING, right or NOTHING))
