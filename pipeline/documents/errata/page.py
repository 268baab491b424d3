"""The page of the 正誤表: wrong and right texts between two builds of one edition, paper by paper.

The list comes first, then the summary, whose figures follow from it. An item is called by its NO and its name, or by its
number and its name where the paper prints no NO. The page of a correction is that of the distributed list.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.documents.document import CORRECTED, Carried, Printed
from pipeline.documents.html import (
    CONTINUED,
    DRAFT,
    document_title,
    masthead,
    number_column,
    render,
)
from pipeline.documents.summary.page import said
from pipeline.errors import NothingToDoError
from pipeline.model.column_widths import figure_parts
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition, Heading, Item, Repeat
from pipeline.model.form import Column, without_note_marks
from pipeline.paper import ERRATA, ERRATA_BY_NAME
from pipeline.text import flat
from pipeline.years.matching import Placed, meaning_of, place_items, position
from pipeline.years.pairing import ColumnPair, all_years, paired_columns
from pipeline.years.text_diff import Marked, mark

from .distributed import Distributed

TITLE, SUMMARY = "正誤表", "集計表"
NOTHING = "(記載なし)"
APOLOGY = "先に配布しました資料に誤りがありましたので、おわびして次のとおり訂正します。"
REPORT_NUMBER = "資料番号(一覧)"
# The papers that are replaced if they change, by the name of their 資料番号.
OTHERS = (("summary", SUMMARY), ("comparison", "新旧対照表"), ("history", "経過"))


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction: the page, the item (empty for the list as a whole), the place, and both texts with marked words."""

    page: str
    number: str
    name: str
    place: str
    wrong: Marked
    right: Marked


@dataclass(frozen=True, slots=True)
class Corrected:
    """A paper with its corrections. `id` and `title` are those of its heading."""

    id: str
    title: str
    corrections: tuple[Correction, ...]


# Where something stands in the distributed list if not at an id: on every page, on the first or the last one, or nowhere.
EVERY, FIRST, LAST, NOWHERE = "every", "first", "last", ""


class Difference(NamedTuple):
    """A difference between the lists: the item (None for the list as a whole), the place, both texts.

    `at` is the id of where it stands in the distributed list, or one of the words above.
    """

    item: Item | None
    place: str
    wrong: str
    right: str
    at: str


def page(distributed: Distributed, new: Edition, carried: Carried) -> str:
    """The HTML of the 正誤表 from what was `distributed` to `new`. Raises `NothingToDoError` if they are equal."""
    old = distributed.edition
    differences = tuple(_differences(old, new))
    if not differences:
        raise NothingToDoError("二つの版に違いはありません。正誤表は作っていません。")
    papers = [
        Corrected(
            "paper-report",
            _called_paper(new.document_number.report, flat(new.title)),
            tuple(_correction(new, one, distributed.report()) for one in differences),
        )
    ]
    if figures := tuple(_figures(distributed, new)):
        number = new.document_number.summary
        papers.append(Corrected("paper-summary", _called_paper(number, f"{flat(new.title)} {SUMMARY}"), figures))
    title = f"{flat(new.title)} {TITLE}"
    dated = japanese_date(new.corrected_on) if new.corrected_on else ""
    by_name = not new.form.prints_no
    numbers = number_column([*old.items, *new.items], ERRATA.figures("number"))
    columns = _columns(new)
    return render(
        "errata.html",
        edition=new,
        title=document_title(new, title),
        # With the day of the correction: 現在日 is that of the list.
        masthead=masthead(new, new.document_number.errata, title, dated=dated),
        carried=carried,
        columns=columns,
        classes=[
            numbers if name == "number" else "text" if name in ("wrong", "right") else name for name, _ in columns
        ],
        widths=ERRATA_BY_NAME if by_name else ERRATA,
        papers=tuple(papers),
        corrected=CORRECTED,
        sentences=(APOLOGY, _note(papers)),
        continued=CONTINUED,
        remarks=tuple(_remarks(distributed, new, bool(figures))),
    )


def _called_paper(number: str, name: str) -> str:
    return " ".join(filter(None, (flat(number), name)))


def _columns(edition: Edition) -> tuple[tuple[str, str], ...]:
    """(name, label) of each column."""
    number = (("number", "NO"),) if edition.form.prints_no else ()
    name = flat(edition.item_column.head)
    return ("page", "ページ"), *number, ("name", name), ("place", "箇所"), ("wrong", "誤"), ("right", "正")


def _note(papers: Sequence[Corrected]) -> str:
    return f"訂正は、全部で{sum(len(paper.corrections) for paper in papers)}か所です。下線部分は、訂正した語句です。"


def _remarks(distributed: Distributed, new: Edition, has_figures: bool) -> Iterator[str]:
    """What becomes of the chart of the summary, and of papers that are not corrected here."""
    if has_figures and new.main:
        yield f"{SUMMARY}の図も、同じように訂正します。"
    others = [
        _called_paper(getattr(new.document_number, kind), name) for kind, name in OTHERS if kind in distributed.replaced
    ]
    if others:
        yield f"{'、'.join(others)}も内容が変わりますので、訂正後のものに差し替えます。"


def _figures(distributed: Distributed, new: Edition) -> Iterator[Correction]:
    """The corrections of the summary: the sentences and the rows of its tables that say something else."""
    if "summary" not in distributed.papers:
        return
    before = distributed.before
    wrong, right = ({one.key: one for one in said(edition, before)} for edition in (distributed.edition, new))
    printed = distributed.summary() if wrong != right else None
    for key in dict.fromkeys([*wrong, *right]):
        old, now = wrong.get(key), right.get(key)
        texts = [one.texts if one else {} for one in (old, now)]
        labels = [
            label for label in dict.fromkeys([*texts[0], *texts[1]]) if texts[0].get(label) != texts[1].get(label)
        ]
        if labels and (one := now or old):
            sides = [_row_of_figures(side, labels) for side in texts]
            page = _page_of(printed, one.id or FIRST) if printed else ""
            yield Correction(page, "", "", flat(one.place), *_marked(*sides))


def _row_of_figures(texts: Mapping[str, str], labels: Sequence[str]) -> str:
    """The figures of a row in these columns: ◎実施済 12、×検討中 3."""
    return "、".join(f"{label} {texts[label]}".strip() for label in labels if label in texts)


def _page_of(printed: Printed, at: str) -> str:
    """The page in a paper, as printed; empty if that is not known."""
    last = len(printed.texts)
    if at == EVERY:
        return "全ページ" if last > 1 else str(last or "")
    found = {FIRST: 1 if last else None, LAST: last}.get(at, printed.pages.get(at))
    return str(found or "")


def _differences(old: Edition, new: Edition) -> Iterator[Difference]:
    """The corrections: first of the list as a whole, then by NO."""
    yield from _of_the_list(old, new)
    before, after = ({placed.number: placed for placed in place_items(edition)} for edition in (old, new))
    columns = paired_columns(old, new)
    for number in sorted({*before, *after}):
        if right := after.get(number):
            item, at = before[number].item if number in before else right.item, _stands(number, before, after)
            for place, wrong_text, right_text in _of_an_item(new, columns, before.get(number), right):
                yield Difference(item, place, wrong_text, right_text, at)
        else:
            gone = before[number].item
            yield Difference(gone, flat(new.item_column.head), gone.name, "", f"no-{number}")


def _stands(number: int, before: Mapping[int, Placed], after: Mapping[int, Placed]) -> str:
    """The id of the item in the distributed list; of an added one, that of the item that it follows."""
    at = FIRST
    for other in after:
        if other in before:
            at = f"no-{other}"
        if other == number:
            break
    return at


def _called(edition: Edition, item: Item) -> str:
    return str(item.number) if edition.form.prints_no else " ".join(filter(None, (item.label, flat(item.name))))


# The key of a text of the list, the same in both builds, its place, the text, and where it stands (`Difference.at`).
Part = tuple[Hashable, str, str, str]


def _of_the_list(old: Edition, new: Edition) -> Iterator[Difference]:
    """The differences of what is no item."""
    is_one_number = None not in (old.document_number.of_all, new.document_number.of_all)
    # The municipality is printed before the department alone.
    is_named = bool(old.department or new.department)
    shared = {pair.old.key: pair.column.key for pair in paired_columns(old, new) if pair.old}
    for before, after in (
        (_parts(old, shared, is_one_number, is_named), _parts(new, {}, is_one_number, is_named)),
        (_headings(old, new), _headings(new, new)),
        (_orders(old, old, new), _orders(new, old, new)),
        (_texts(old), _texts(new)),
    ):
        wrong, right = ({key: (place, text, at) for key, place, text, at in side} for side in (before, after))
        for key in dict.fromkeys([*right, *wrong]):
            place, text, at = right.get(key) or (wrong[key][0], "", wrong[key][2])
            if text != (told := wrong.get(key, ("", ""))[1]):
                yield Difference(None, place, told, text, at)


def _parts(edition: Edition, shared: Mapping[str, str], is_one_number: bool, is_named: bool) -> Iterator[Part]:
    """Masthead, legends and column heads.

    `shared` has the keys of columns that the corrected build calls otherwise. `is_one_number` says that each of both
    builds has one 資料番号 for all documents, `is_named` that either prints the municipality.
    """
    numbers = {f"資料番号({document})": number for document, number in edition.document_number.by_document.items()}
    others = [one for one in numbers if one != REPORT_NUMBER]
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
        # The numbers of other papers are not printed in the list.
        is_printed = place not in others and (place != "自治体" or is_named)
        yield place, place, text, EVERY if is_printed else NOWHERE
    symbols = [column for column in edition.columns if column.kind == "symbol"]
    meanings = FIRST if edition.has_meanings_on_first_page else EVERY
    for column in symbols:
        legend = " ".join(f"{symbol}{meaning}" for symbol, meaning in (column.words or {}).items())
        key = shared.get(column.key, column.key)
        yield ("凡例", key), f"凡例({key})" if len(symbols) > 1 else "凡例", legend, meanings
    for column in edition.columns:
        key = shared.get(column.key, column.key)
        # As printed: with its unit, and the heads of its years.
        yield ("見出し", key), f"見出し({key})", " ".join((_head(column), *column.years)), EVERY


def _head(column: Column) -> str:
    return column.head + (f"({column.unit})" if column.unit else "")


def _texts(edition: Edition) -> Iterator[Part]:
    """The texts above and below the table."""
    yield "前文", "前文", edition.preface, FIRST
    yield "後文", "後文", edition.postface, LAST
    for number, text in edition.notes.items():
        yield ("注", number), f"注(※{number})", text, LAST


def _headings(edition: Edition, new: Edition) -> Iterator[Part]:
    """The headings, and the repeats below each, by their positions. Items are called as in `new`."""
    repeated: dict[tuple[int, ...], list[str]] = {}
    for above, row in edition.rows():
        if isinstance(row, Repeat):
            item = new.items.get(row.number) or edition.items[row.number]
            repeated.setdefault(_positions(above), []).append(_named(new, item))
    if () in repeated:
        yield ((), "再掲"), "再掲", "、".join(repeated[()]), FIRST
    for headings in edition.outline():
        here = headings[-1]
        if _are_counted(headings):
            yield (here.positions, ""), position(headings), here.section.name, here.id
        else:
            # Its own number is part of the text.
            level = edition.levels[len(headings) - 1]
            yield (
                (here.positions, ""),
                f"{flat(level.head)}の見出し",
                f"{here.number} {here.section.name}".strip(),
                here.id,
            )
        if here.positions in repeated:
            yield (here.positions, "再掲"), f"{_where(headings)}の再掲", "、".join(repeated[here.positions]), here.id


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
        place = f"{_where(headings)}の順序" if headings else "順序"
        yield at, place, "、".join(stayed[at]), headings[-1].id if headings else FIRST


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


def _correction(new: Edition, one: Difference, printed: Printed) -> Correction:
    item = one.item
    number = str(item.number) if item and new.form.prints_no else ""
    name = "" if item is None else flat(item.name) if number else _called(new, item)
    return Correction(_page_of(printed, one.at), number, name, one.place, *_marked(one.wrong, one.right))


def _marked(wrong: str, right: str) -> tuple[Marked, Marked]:
    return mark(wrong or NOTHING, right or NOTHING)
