"""The expected text of a 正誤表: corrections that turn the content of the old list into that of the new one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.documents import expected as common
from pipeline.documents.document import CORRECTED, Cell, Expected, Paragraph, Row, Table
from pipeline.documents.expected import CONTINUED, require
from pipeline.documents.expected_marks import marked
from pipeline.documents.summary.expected import blocks
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition, Heading, Item, Repeat
from pipeline.model.form import BLANK, NO_FIGURES, Column
from pipeline.text import flat
from pipeline.years.matching import Placed, place_items, position
from pipeline.years.pairing import ColumnPair, all_years, paired_columns

from .distributed import Distributed

# An item's NO (0 for the list as a whole) and what of it: a place by a name that both builds share.
Place = tuple[int, str]

# Place, wrong text, right text; None if a side has no text.
Difference = tuple[Place, str | None, str | None]

NAME, STANDS = "名称", "位置"

# With so many characters of a name it is looked for in the text of a page. The others may stand on the next page.
_BEGINS = 8


@dataclass
class _Paper:
    """The whole content of a build, and what its places are called."""

    texts: dict[Place, str] = field(default_factory=dict)
    labels: dict[Place, str] = field(default_factory=dict)
    # Corrections of the list as a whole stand in groups: its head, headings, orders, and the texts around the table.
    groups: dict[Place, int] = field(default_factory=dict)

    def add(self, number: int, place: str, text: str, label: str = "", group: int = 0) -> None:
        self.texts[number, place] = text
        self.labels[number, place] = flat(label or place)
        self.groups[number, place] = group


# A correction as printed: page, item, place, wrong text, right text.
Printed = tuple[str, Item | None, str, str | None, str | None]


def expect(distributed: Distributed, new: Edition) -> Expected:
    """The expected text of the 正誤表. Raises `ProofError` unless its corrections turn the distributed list into `new`."""
    old = distributed.edition
    before, after = _paper(old, old, new), _paper(new, old, new)
    corrections = tuple(_corrections(before, after))
    require(
        _applied(before.texts, corrections) == _applied(after.texts, ()),
        "正誤表の訂正を当てても、新しい版になりません。",
    )
    labels = before.labels | after.labels
    pages = _Pages(distributed, new)
    of_list: list[Printed] = [
        (
            pages.of(place),
            old.items.get(place[0]) or new.items.get(place[0]),
            labels[place],
            wrong,
            right,
        )
        for place, wrong, right in corrections
    ]
    of_summary = [*_of_summary(distributed, new)] if "summary" in distributed.papers else []
    number = new.document_number
    rows: list[Row] = []
    for id, title, some in (
        ("paper-report", f"{number.report} {flat(new.title)}", of_list),
        ("paper-summary", f"{number.summary} {flat(new.title)} 集計表", of_summary),
    ):
        rows += _section(new, id, title.strip(), some, len(rows) - bool(rows))
    count = len(of_list) + len(of_summary)
    heads = tuple(Cell(label, scope="Column", id=f"head-{name}") for name, label in _heads(new))
    return common.expect(
        new,
        number.errata,
        Paragraph("P", "先に配布しました資料に誤りがありましたので、おわびして次のとおり訂正します。"),
        Paragraph("P", f"訂正は、全部で{count}か所です。下線部分は、訂正した語句です。"),
        Table((heads,), tuple(rows)),
        *(Paragraph("P", remark) for remark in _remarks(distributed, new, bool(of_summary))),
        title=f"{flat(new.title)} 正誤表",
        dated=japanese_date(new.corrected_on) if new.corrected_on else "",
    )


def _heads(new: Edition) -> list[tuple[str, str]]:
    heads = [("page", "ページ"), ("number", "NO"), ("name", flat(new.item_column.head)), ("place", "箇所")]
    heads += [("wrong", "誤"), ("right", "正")]
    return heads if _prints_numbers(new) else [head for head in heads if head[0] != "number"]


def _section(new: Edition, id: str, title: str, corrections: list[Printed], count: int) -> Iterator[Row]:
    """The corrections of a paper below its heading; `count` corrections stand above."""
    if not corrections:
        return
    yield Row((Cell(title, ("head-page",), "Column", id=id, heading=2),), "", True)
    for at, (page, item, place, wrong, right) in enumerate(corrections, count + 1):
        own = f"correction-{at}"
        texts = {"page": page, "number": str(item.number) if item else "", "name": _named(new, item) if item else ""}
        first = [Cell(texts[name], (f"head-{name}", own, id)) for name, _ in _heads(new) if name in texts]
        sides = marked(wrong or "(記載なし)", right or "(記載なし)")
        yield Row(
            (
                *first,
                Cell(place, ("head-place", id), "Row", id=own),
                *(
                    Cell(text, (f"head-{name}", own, id), marked=words, said=CORRECTED)
                    for name, (text, words) in zip(("wrong", "right"), sides, strict=True)
                ),
            ),
            f"{title}{CONTINUED}",
        )


def _named(new: Edition, item: Item) -> str:
    return flat(item.name) if _prints_numbers(new) else _called(new, item)


def _remarks(distributed: Distributed, new: Edition, corrects_summary: bool) -> Iterator[str]:
    if corrects_summary and new.main:
        yield "集計表の図も、同じように訂正します。"
    numbers = new.document_number
    papers = [
        f"{number} {name}".strip()
        for kind, number, name in (
            ("summary", numbers.summary, "集計表"),
            ("comparison", numbers.comparison, "新旧対照表"),
            ("history", numbers.history, "経過"),
        )
        if kind in distributed.replaced
    ]
    if papers:
        yield f"{'、'.join(papers)}も内容が変わりますので、訂正後のものに差し替えます。"


class _Pages:
    """The page of each place in the distributed list."""

    def __init__(self, distributed: Distributed, new: Edition) -> None:
        self._old, self._new = distributed.edition, new
        self._printed = distributed.report()
        self._headings = {_at(path): path[-1] for one in (new, self._old) for path in one.outline()}

    def of(self, place: Place) -> str:
        """The page as it is printed; empty if it is not known."""
        number, what = place
        count = len(self._printed.texts)
        at = re.match("見出し([0-9]+(?:-[0-9]+)*)", what)
        if not count:
            return ""
        if number:
            return self._of_item(number)
        if at:
            heading = self._headings[at[0]]
            return self._confirmed(heading.id, heading.section.name)
        if what == "自治体":
            return self._all() if self._new.department or self._old.department else ""
        if what in ("前文", "見出しの再掲", "見出しの順序"):
            return "1"
        if what == "後文" or what.startswith("注("):
            return str(count)
        if what.startswith("凡例(") and self._new.has_meanings_on_first_page:
            return "1"
        return self._all() if what in ("資料番号", "資料番号(一覧)") or not what.startswith("資料番号") else ""

    def _all(self) -> str:
        return "全ページ" if len(self._printed.texts) > 1 else "1"

    def _of_item(self, number: int) -> str:
        """The page of an item; of one that is added, that of the item that it follows."""
        if number not in self._old.items:
            listed = [*self._new.items]
            earlier = [one for one in listed[: listed.index(number)] if one in self._old.items]
            if not earlier:
                return "1"
            number = earlier[-1]
        return self._confirmed(f"no-{number}", self._old.items[number].name)

    def _confirmed(self, id: str, name: str) -> str:
        """The page of `id`, whose text must hold what stands there."""
        page = self._printed.pages.get(id)
        if page is None:
            return ""
        text, begins = self._printed.texts[page - 1], "".join(name.split())[:_BEGINS]
        require(begins in text, f"配布した資料の{page}ページに、「{flat(name)}」がありません。")
        return str(page)


# The summary


def _of_summary(distributed: Distributed, new: Edition) -> Iterator[Printed]:
    """The places of the summary that say something else."""
    wrong, right = (
        {key: (place, texts) for key, place, texts in _figures(one, distributed.before)}
        for one in (distributed.edition, new)
    )
    pages = distributed.summary() if wrong != right else None
    for key in [*wrong, *(key for key in right if key not in wrong)]:
        sides = [side[key][1] if key in side else {} for side in (wrong, right)]
        heads = [head for head in {**sides[0], **sides[1]} if sides[0].get(head) != sides[1].get(head)]
        if heads:
            before, after = (
                "、".join(f"{head} {side[head]}".strip() for head in heads if head in side) or None for side in sides
            )
            page = 1 if key.startswith("lead-") else pages.pages.get(key, "") if pages else ""
            place = (right.get(key) or wrong[key])[0]
            yield str(page) if pages and pages.texts else "", None, place, before, after


def _figures(edition: Edition, before: Edition | None) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(id, place, {column: text}) of each sentence, each row of a table and each note of the summary of `edition`."""
    heading = ""
    leads = notes = 0
    for block in blocks(edition, before):
        if isinstance(block, Table):
            is_change = block.heads[0][0].id == "change-kind"
            heads = {cell.id: cell.text for row in block.heads for cell in row}
            for row in block.rows:
                if not row.is_heading:
                    head = row.cells[0].text.strip()
                    texts = {"": head}
                    for cell in row.cells[1:]:
                        column = heads[cell.headers[0]] + ("の構成比" if cell.headers[0].endswith("-share") else "")
                        texts[column] = f"{texts[column]}、{cell.text}" if column in texts else cell.text
                    yield row.cells[0].id, flat(f"{heading} {head}" if is_change else head), texts
        elif block.kind == "H2":
            heading = block.text
        elif block.kind == "Note":
            notes += 1
            yield f"note-{notes}", f"注{notes}", {"": block.text}
        elif block.kind == "P" and not heading:
            leads += 1
            yield f"lead-{leads}", f"本文({leads}文目)", {"": block.text}


def _prints_numbers(edition: Edition) -> bool:
    return any(column.kind == "number" and column.key == "NO" for column in edition.columns)


def _called(edition: Edition, item: Item) -> str:
    """An item by its NO, or by its own number and its name."""
    return str(item.number) if _prints_numbers(edition) else f"{item.label} {flat(item.name)}".strip()


def _paper(edition: Edition, old: Edition, new: Edition) -> _Paper:
    """The whole content of `edition`, which is `old` or `new`."""
    paper = _Paper()
    for place, text in _whole(edition, old, new):
        paper.add(0, place, text)
    columns = paired_columns(old, new)
    # The key of a column in both builds.
    keys = {one.key: pair.column.key for pair in columns if (one := pair.new if edition is new else pair.old)}
    symbols = [column for column in edition.columns if column.kind == "symbol"]
    for column in symbols:
        legend = " ".join(symbol + meaning for symbol, meaning in (column.words or {}).items())
        paper.add(0, f"凡例({keys[column.key]})", legend, "凡例" if len(symbols) == 1 else "")
    for column in edition.columns:
        paper.add(0, f"見出し({keys.get(column.key, column.key)})", " ".join([_head(column), *column.years]))
    _add_headings(paper, edition, new)
    _add_orders(paper, edition, old, new)
    paper.add(0, "前文", edition.preface, group=3)
    paper.add(0, "後文", edition.postface, group=3)
    for number, text in edition.notes.items():
        paper.add(0, f"注(※{number})", text, group=3)
    now = {placed.number: placed for placed in place_items(new)}
    for placed in place_items(edition):
        _add_item(paper, placed.item, new)
        for pair in columns:
            _add_cells(paper, placed.item, pair, edition is new)
        _add_place(paper, placed, now.get(placed.number, placed))
    return paper


def _whole(edition: Edition, old: Edition, new: Edition) -> Iterator[tuple[str, str]]:
    yield "表題", edition.title
    yield "自治体", edition.municipality
    yield "年度", edition.fiscal_year
    yield "現在日", japanese_date(edition.as_of) if edition.as_of else ""
    yield "担当課", edition.department
    number = edition.document_number
    if all(len({*one.document_number.by_document.values()}) == 1 for one in (old, new)):
        yield "資料番号", number.report
    else:
        for document, said in number.by_document.items():
            yield f"資料番号({document})", said
    yield "案", "案" if edition.is_draft else ""


def _head(column: Column) -> str:
    return f"{column.head}({column.unit})" if column.unit else column.head


def _add_headings(paper: _Paper, edition: Edition, new: Edition) -> None:
    """The headings and the repeats below them, in printed order."""
    heads = [column.head for column in edition.columns if column.kind == "level"]
    for above, row in edition.lines():
        at = _at(above)
        if row is None:
            here = above[-1]
            if _counts(above):
                paper.add(0, at, here.section.name, position(above), 1)
            else:
                paper.add(0, at, f"{here.number} {here.section.name}".strip(), f"{heads[len(above) - 1]}の見出し", 1)
        elif isinstance(row, Repeat):
            item = new.items[row.number] if row.number in new.items else edition.items[row.number]
            said = _listed(paper.texts.get((0, f"{at}の再掲"), ""), _called(new, item), new)
            paper.add(0, f"{at}の再掲", said, f"{_below(above)}の再掲" if above else "再掲", 1)


def _listed(before: str, called: str, edition: Edition) -> str:
    """A list of items with one more."""
    one = f"NO {called}" if _prints_numbers(edition) else f"「{called}」"
    return f"{before}、{one}" if before else one


def _counts(above: Sequence[Heading]) -> bool:
    return not {heading.level.numbering for heading in above} & {"自由", "なし"}


def _at(above: Sequence[Heading]) -> str:
    return "見出し" + "-".join(str(one) for one in above[-1].positions) if above else "見出し"


def _below(above: Sequence[Heading]) -> str:
    return position(above) if _counts(above) else f"「{position(above)}」"


def _add_orders(paper: _Paper, edition: Edition, old: Edition, new: Edition) -> None:
    """The items below each heading in their order, as far as they stand there in both builds.

    Added, removed and moved items have corrections of their own.
    """
    places = [{placed.number: _at(placed.headings) for placed in place_items(one)} for one in (old, new)]
    for placed in place_items(new):
        paper.add(
            0, f"{_at(placed.headings)}の順序", "", f"{_below(placed.headings)}の順序" if placed.headings else "順序", 2
        )
    for placed in place_items(edition):
        here = _at(placed.headings)
        if places[0].get(placed.number) == here == places[1].get(placed.number):
            said = paper.texts[0, f"{here}の順序"]
            paper.texts[0, f"{here}の順序"] = _listed(said, _called(new, new.items[placed.number]), new)


def _add_item(paper: _Paper, item: Item, new: Edition) -> None:
    """The item but its columns."""
    paper.add(item.number, NAME, item.name, new.item_column.head)
    paper.add(item.number, "印", "".join(f"【{mark}】" for mark in item.marks))
    numbers = [column.head for column in new.columns if column.kind == "number"]
    paper.add(item.number, "番号", item.label, numbers[0] if numbers else "")


def _add_place(paper: _Paper, placed: Placed, now: Placed) -> None:
    """Where the item stands. What did not move stands in both builds where the new one says."""
    stays = _at(now.headings) == _at(placed.headings)
    paper.add(placed.number, STANDS, now.position if stays else placed.position)


def _add_cells(paper: _Paper, item: Item, pair: ColumnPair, is_new: bool) -> None:
    """The cells of a column of both builds: one, or one for each year of either series."""
    mine = pair.new if is_new else pair.old
    for years in all_years(pair.old or pair.column, pair.new or pair.column):
        year = years[1] if is_new else years[0]
        heads = [
            column.years[at]
            for column, at in ((pair.new, years[1]), (pair.old, years[0]))
            if column and column.years and at is not None
        ]
        text = _said(mine, item, year) if mine and year is not None else ""
        paper.add(
            item.number,
            f"{pair.column.key}{years}",
            text,
            " ".join([re.sub("※[0-9]+", "", _head(pair.column)), *heads[:1]]),
        )


def _said(column: Column, item: Item, year: int) -> str:
    """The text of a cell; a symbol with its meaning, a figure with its unit unless that stands in the head."""
    text = item.texts(column)[year]
    if column.kind == "symbol":
        meaning = (column.words or {}).get(text)
        return f"{text}({meaning})" if meaning and meaning != text else text
    is_number = column.kind == "figure" and text not in (BLANK, *NO_FIGURES)
    return text + item.unit_of(column) if is_number and not column.unit else text


def _corrections(before: _Paper, after: _Paper) -> Iterator[Difference]:
    """Corrections of the list as a whole, then by NO; a removed item is one correction."""
    groups = before.groups | after.groups
    # The sort is stable: within a NO or a group places keep their order, those of the new list first.
    places = sorted(dict.fromkeys([*after.texts, *before.texts]), key=lambda key: (key[0], groups[key]))
    for number, place in places:
        wrong, right = before.texts.get((number, place)) or None, after.texts.get((number, place)) or None
        is_gone = number and (number, NAME) not in after.texts
        if wrong != right and (place == NAME or not is_gone):
            yield (number, place), wrong, right


def _applied(paper: dict[Place, str], corrections: tuple[Difference, ...]) -> dict[Place, str]:
    """`paper` with all corrections applied, without empty texts."""
    corrected = dict(paper)
    for (number, place), wrong, right in corrections:
        said = corrected.get((number, place)) or None
        require(said == wrong, f"NO {number}の{place}は、前の版では「{wrong}」ではありません。")
        if number and place == NAME and right is None:
            corrected = {key: text for key, text in corrected.items() if key[0] != number}
        else:
            corrected[number, place] = right or ""
    return {key: text for key, text in corrected.items() if text}
