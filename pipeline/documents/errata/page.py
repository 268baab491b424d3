"""The page of the 正誤表: wrong and right texts between two builds of one edition."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.documents.document import CORRECTED, Carried
from pipeline.documents.html import DRAFT, document_title, masthead, number_column, render
from pipeline.errors import NothingToDoError
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition, Repeat, measure_number, policy_number
from pipeline.model.form import Column, item_columns
from pipeline.paper import ERRATA
from pipeline.text import flat
from pipeline.years.matching import Placed, place_items
from pipeline.years.text_diff import Marked, mark

TITLE = "正誤表"
NOTHING = "(記載なし)"

# The columns in which an item can be wrong. An item of another NO is another item.
_CORRECTED = tuple(column for column in item_columns() if column.kind != "number")

HEADS = (("number", "NO"), ("place", "箇所"), ("wrong", "誤"), ("right", "正"))


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction: NO (empty for the list as a whole), place, and both texts with marked words."""

    number: str
    place: str
    wrong: Marked
    right: Marked


def page(old: Edition, new: Edition, carried: Carried) -> str:
    """The HTML of the 正誤表 from `old` to `new`. Raises `NothingToDoError` if they are equal."""
    corrections = tuple(_correction(*difference) for difference in _differences(old, new))
    if not corrections:
        raise NothingToDoError("二つの版に違いはありません。正誤表は作っていません。")
    title = f"{flat(new.title)} {TITLE}"
    return render(
        "errata.html",
        edition=new,
        title=document_title(new, title),
        masthead=masthead(new, title),
        carried=carried,
        heads=HEADS,
        number_column=number_column([*old.items, *new.items], ERRATA.figures("number")),
        widths=ERRATA,
        corrections=corrections,
        corrected=CORRECTED,
        note=_note(corrections),
    )


def _note(corrections: tuple[Correction, ...]) -> str:
    return f"先に配布した資料に誤りがありました。次の{len(corrections)}箇所を訂正します。下線は訂正した語句です。"


Difference = tuple[str, str, str, str]


def _differences(old: Edition, new: Edition) -> Iterator[Difference]:
    """(NO, place, wrong text, right text): first of the list as a whole, then by NO."""
    yield from _of_the_list(old, new)
    before, after = ({placed.number: placed for placed in place_items(edition)} for edition in (old, new))
    for number in sorted({*before, *after}):
        for place, wrong, right in _of_an_item(new, before.get(number), after.get(number)):
            yield str(number), place, wrong, right


def _of_the_list(old: Edition, new: Edition) -> Iterator[Difference]:
    for (place, wrong), (_, right) in zip(_parts(old), _parts(new), strict=True):
        if wrong != right:
            yield "", place, wrong, right
    before, after = dict(_headings(old)), dict(_headings(new))
    for place in dict.fromkeys([*after, *before]):
        wrong, right = before.get(place, ""), after.get(place, "")
        if wrong != right:
            yield "", place, wrong, right
    yield from _orders(old, new)


def _parts(edition: Edition) -> Iterator[tuple[str, str]]:
    """Masthead, legend and column heads: (place, text)."""
    yield "表題", edition.title
    yield "自治体", edition.municipality
    yield "年度", edition.fiscal_year
    yield "現在日", japanese_date(edition.as_of) if edition.as_of else ""
    yield "担当課", edition.department
    yield "資料番号", edition.document_number
    yield "案", DRAFT if edition.is_draft else ""
    yield "凡例", " ".join(f"{symbol}{meaning}" for symbol, meaning in edition.legend.items())
    for column in edition.columns:
        yield f"見出し({column.key})", column.head


def _headings(edition: Edition) -> Iterator[tuple[str, str]]:
    """By number: the names of policies and measures, and the repeats of each measure."""
    for position, policy in enumerate(edition.policies, 1):
        number = policy_number(position)
        yield number, policy.name
        for within, measure in enumerate(policy.measures, 1):
            yield number + measure_number(within), measure.name
            repeated = [row.number for row in measure.rows if isinstance(row, Repeat)]
            yield f"{number}{measure_number(within)}の再掲", "、".join(f"NO {one}" for one in repeated)


def _orders(old: Edition, new: Edition) -> Iterator[Difference]:
    """Measures whose items, as far as both editions have them there, changed their order."""
    before, after = ({placed.number: _position(placed) for placed in place_items(edition)} for edition in (old, new))
    for position in dict.fromkeys(after.values()):
        stayed = {number for number, where in after.items() if where == position == before.get(number)}
        wrong, right = ("、".join(f"NO {number}" for number in side if number in stayed) for side in (before, after))
        if wrong != right:
            yield "", f"{position}の順序", wrong, right


def _of_an_item(edition: Edition, old: Placed | None, new: Placed | None) -> Iterator[tuple[str, str, str]]:
    """(place, wrong text, right text) of an item; every text of an added item."""
    if new is None:
        yield flat(edition.headings.item), old.item.name if old else "", ""
        return
    places = (*(getattr(edition.headings, column.name) for column in _CORRECTED), "位置")
    for place, wrong, right in zip(places, _said(old) if old else ("",) * len(places), _said(new), strict=True):
        if wrong != right:
            yield flat(place), wrong, right


def _said(placed: Placed) -> tuple[str, ...]:
    """The texts of an item: each column but its NO, then its position."""
    return (*(_text(placed, column) for column in _CORRECTED), _position(placed))


def _text(placed: Placed, column: Column) -> str:
    text = placed.item.text(column)
    has_meaning = column.kind == "symbol" and placed.meaning != text
    return f"{text}({placed.meaning})" if has_meaning else text


def _position(placed: Placed) -> str:
    return policy_number(placed.policy_position) + measure_number(placed.measure_position)


def _correction(number: str, place: str, wrong: str, right: str) -> Correction:
    return Correction(number, place, *mark(wrong or NOTHING, right or NOTHING))
