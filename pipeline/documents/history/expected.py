"""The expected text of an 経過: every item of every edition in exactly one row, and the shares by year.

Which item goes on in which is found by `years`; what is said of it is told here from the editions themselves.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, pairwise

from pipeline.documents import expected as common
from pipeline.documents.document import A3_LANDSCAPE, A4_LANDSCAPE, Cell, Expected, Paragraph, Row, Table
from pipeline.documents.expected import CONTINUED, LEGEND_COLON, percent, plain, require
from pipeline.model.edition import Edition
from pipeline.model.form import BLANK, without_note_marks
from pipeline.model.validation import Validated
from pipeline.text import brief, flat, width_in_ems, width_in_halves
from pipeline.years.figures import FigureLine, Figures
from pipeline.years.lineage import Event, Group, Lineage, grouped, lineages
from pipeline.years.similarity import fold

MOST, MOST_ON_A4 = 20, 10
# Half ems for all years: each takes those of its text, and two. Before a term stands its NO.
ROOM, ROOM_ON_A4 = 193, 111
NO_ROOM = 5
WIDEST_YEAR = 20  # ems
MOST_MEANINGS = 7
# If several legends take more lines than this (a line holds LEGEND_LINE ems), they are printed on page 1 only.
MOST_LEGEND_LINES, LEGEND_LINE = 4, 80
NOTHING = "-"


class _Chain:
    """The editions shown, oldest first, with their labels and the lineages of their items."""

    def __init__(self, editions: Sequence[Validated]) -> None:
        widest = _widest([one.edition for one in editions[-MOST:]])
        self.left_out = max(0, len(editions) - _most(widest, ROOM, MOST))
        shown = editions[self.left_out :]
        named = tuple((one.source.edition, one.edition) for one in shown)
        self.editions = [one.edition for one in shown]
        self.newest = self.editions[-1]
        years = [flat(edition.fiscal_year) for edition in self.editions]
        # The name of a file says nothing to those who read the paper.
        self.labels = [
            year if year and years.count(year) == 1 and width_in_ems(year) <= WIDEST_YEAR else f"第{at}版"
            for at, year in enumerate(years, self.left_out + 1)
        ]
        self.unit = "年度" if self.labels == years else "版"
        self.has_numbers = self.newest.form.item_numbering == "NO"
        self.number = next((flat(column.head) for column in self.newest.columns if column.kind == "number"), "")
        mains = [plain(edition.main.head) for edition in self.editions if edition.main]
        self.main = mains[-1] if mains else ""
        self.lineages = lineages(named)
        self.figures = Figures(self.editions, self.labels)
        widest = _widest(self.editions)
        extra = [at for at, year in enumerate(self.figures.years) if year.edition is None]
        self.years_left_out = max(0, len(self.figures.years) - _most(widest, ROOM, MOST))
        self.years = [at for at in range(len(self.figures.years)) if at not in extra[: self.years_left_out]]
        self.is_small = len(self.years) <= _most(widest, ROOM_ON_A4, MOST_ON_A4)
        self.groups = grouped(named, self.lineages)
        self.counts = [_counts(edition) for edition in self.editions]
        self._check()

    def _check(self) -> None:
        for at, edition in enumerate(self.editions):
            told = [placed.number for lineage in self.lineages if (placed := lineage.items[at])]
            require(sorted(told) == sorted(edition.items), f"{self.labels[at]}の項目が、一行ずつになっていません。")
        listed = [id(one) for one in self.groups.all]
        require(sorted(listed) == sorted(map(id, self.lineages)), "経過の行が、抜けているか二度あります。")
        for lineage in self.lineages:
            kinds = {event.kind for event in lineage.events}
            begins = lineage.items[0] or kinds & {"new", "merged", "split_from"}
            ends = lineage.items[-1] or kinds & {"ended", "abolished", "vanished", "merged_into", "split_into"}
            require(bool(begins and ends), f"「{lineage.newest.item.name}」の始まりか終わりの説明がありません。")


def expect(editions: Sequence[Validated]) -> Expected:
    """The expected text of the 経過 of `editions`, oldest first. Raises `ProofError` if an item has no row or two."""
    chain = _Chain(editions)
    newest, labels = chain.newest, chain.labels
    years = labels[0] if len(labels) == 1 else f"{labels[0]}〜{labels[-1]}"
    title = f"{flat(newest.title)} {plain(newest.item_column.head)}の経過"
    legends = tuple(_legends(chain))
    first, later, meanings = common.mastheads(
        newest,
        newest.document_number.history,
        title,
        newest.has_meanings_on_first_page or (len(legends) > 1 and _lines(legends) > MOST_LEGEND_LINES),
        years,
        any(edition.is_draft for edition in chain.editions),
        legends,
    )
    return Expected(
        title=common.document_title(title, years),
        author=flat(newest.municipality),
        masthead=first,
        repeated=later,
        blocks=(
            *meanings,
            *_counted(chain),
            Paragraph("H2", f"{plain(newest.item_column.head)}ごとの経過"),
            Paragraph("P", _key(chain)),
            _items(chain),
        ),
        page_size=A4_LANDSCAPE if chain.is_small else A3_LANDSCAPE,
    )


def _most(widest: int, room: int, most: int) -> int:
    """How many years stand side by side if the widest text of one takes so many half ems."""
    return min(most, room // (widest + 2))


def _widest(editions: Sequence[Edition]) -> int:
    """Half ems of the widest figure, or of a third of the longest term and an em, with the NO before it."""
    found = [0]
    before = NO_ROOM if editions[-1].form.item_numbering == "NO" else 0
    for edition in editions:
        for column in edition.columns:
            if column.kind == "figure":
                items = edition.items.values()
                found += (width_in_halves(text + item.unit_of(column)) for item in items for text in item.texts(column))
        if edition.main and edition.main.kind == "term":
            widths = [width_in_ems(term) for term in (*(edition.main.words or {}), BLANK)]
            found += (2 * min(width, -(-width // 3) + 1) + before for width in widths)
    return max(found)


def _words(edition: Edition) -> dict[str, str]:
    """What the main column may say, and what it means."""
    main = edition.main
    if main is None:
        return {}
    words = main.words or {}
    return {word: without_note_marks(meaning) if main.kind == "symbol" else word for word, meaning in words.items()}


def _legends(chain: _Chain) -> Iterator[tuple[str, dict[str, str]]]:
    """Each different legend with its label, which names years only if there are several."""
    users: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for at, edition in enumerate(chain.editions):
        if edition.main and edition.main.kind == "symbol":
            users.setdefault(tuple(_words(edition).items()), []).append(at)
    for legend, used in users.items():
        runs: list[list[int]] = []
        for at in used:
            if runs and runs[-1][-1] == at - 1:
                runs[-1].append(at)
            else:
                runs.append([at])
        names = [chain.labels[run[0]] + (f"〜{chain.labels[run[-1]]}" if run[1:] else "") for run in runs]
        main = chain.editions[used[0] if len(users) > 1 else used[-1]].main
        when = f"({'、'.join(names)})" if len(users) > 1 else ""
        yield f"{plain(main.head if main else '')}{when}{LEGEND_COLON}", dict(legend)


def _lines(legends: Sequence[tuple[str, dict[str, str]]]) -> int:
    """The approximate number of lines of `legends`."""
    return sum(-(-width_in_ems(common.legend(*legend)) // LEGEND_LINE) for legend in legends)


# The shares


def _counted(chain: _Chain) -> Iterator[Paragraph | Table]:
    """The shares with their heading and note, if any edition counts its items."""
    if chain.main:
        yield Paragraph("H2", f"{chain.main}の割合")
        yield from _shares(chain)
        yield Paragraph("Note", _note(chain))


def _counts(edition: Edition) -> Counter[str]:
    main, words = edition.main, _words(edition)
    texts = [item.text(main) for item in edition.items.values()] if main else []
    return Counter(fold(words.get(text, text)) for text in texts)


def _meanings(chain: _Chain, start: int = 0, stop: int = MOST) -> dict[str, str]:
    """{folded meaning: label} of the columns, in the order of the newest legend, 未記入 last."""
    names: dict[str, str] = {}
    symbols: dict[str, set[str]] = {}
    for edition in reversed(chain.editions[start:stop]):
        for symbol, meaning in _words(edition).items():
            names.setdefault(fold(meaning), flat(meaning))
            if edition.main and edition.main.kind == "symbol":
                symbols.setdefault(fold(meaning), set()).add(symbol)
    labels = {
        key: ("".join(symbols[key]) if len(symbols.get(key, ())) == 1 else "") + brief(name)
        for key, name in names.items()
    }
    if any(counts[BLANK] for counts in chain.counts[start:stop]):
        labels.setdefault(BLANK, BLANK)
    return labels


def _tables(chain: _Chain) -> list[tuple[int, int]]:
    """(start, stop) of the editions in each table: one table, or one for each legend if there are too many meanings."""
    ends = [0, len(chain.editions)]
    if len({*_meanings(chain)} - {BLANK}) > MOST_MEANINGS:
        legends = [{*map(fold, _words(edition).values())} for edition in chain.editions]
        ends[1:1] = [at for at in range(1, len(legends)) if legends[at] != legends[at - 1]]
    return list(pairwise(ends))


def _shares(chain: _Chain) -> Iterator[Table]:
    for number, (start, stop) in enumerate(_tables(chain), 1):
        name, labels = f"share-{number}", _meanings(chain, start, stop)
        heads = (
            Cell(chain.unit, scope="Column", id=f"{name}-year"),
            *(Cell(label, scope="Column", id=f"status-{number}-{at}") for at, label in enumerate(labels.values(), 1)),
            Cell("計", scope="Column", id=f"{name}-total"),
        )
        rows = tuple(_share_row(chain, at, number, [*labels]) for at in range(start, stop))
        yield Table((heads,), rows, pictures_head="割合(全体の幅が100%)")


def _share_row(chain: _Chain, at: int, table: int, meanings: Sequence[str]) -> Row:
    year, name, total = f"year-{at + 1}", f"share-{table}", len(chain.editions[at].items)
    require(
        not chain.editions[at].main or sum(chain.counts[at][meaning] for meaning in meanings) == total,
        f"{chain.labels[at]}の内訳が、計と合いません。",
    )
    return Row(
        (
            Cell(chain.labels[at], (f"{name}-year",), "Row", id=year),
            *(
                Cell(_share_of(chain, at, meaning), (f"status-{table}-{column}", year))
                for column, meaning in enumerate(meanings, 1)
            ),
            Cell(str(total), (f"{name}-total", year)),
        )
    )


def _share_of(chain: _Chain, at: int, meaning: str) -> str:
    edition, count = chain.editions[at], chain.counts[at][meaning]
    if not edition.items or not (count or meaning == BLANK or meaning in map(fold, _words(edition).values())):
        return NOTHING
    return f"{count}({percent(count, len(edition.items))}%)"


def _note(chain: _Chain) -> str:
    note = "再掲は数えていません。割合は小数第2位を四捨五入したものです。"
    sums = [
        (label, sum(percent(count, counts.total()) for count in counts.values()))
        for label, counts in zip(chain.labels, chain.counts, strict=True)
        if counts
    ]
    if odd := [f"{label}は{total}%" for label, total in sums if total != 100]:
        note += f"このため、内訳の合計が100%にならない{chain.unit}があります({'、'.join(odd)})。"
    if len([*_legends(chain)]) > 1:
        note += "凡例が変わっているため、記号ではなく意味で数えています。"
    is_legend = all(edition.main and edition.main.kind == "symbol" for edition in chain.editions)
    words = "凡例" if is_legend else "区分"
    meanings = _meanings(chain)
    if len(_tables(chain)) > 1:
        note += f"{words}が大きく変わったところで表を分けており、模様は表ごとに違うものを示します。"
    elif any(_share_of(chain, at, meaning) == NOTHING for at in range(len(chain.editions)) for meaning in meanings):
        note += f"「{NOTHING}」は、その{chain.unit}の{words}にないものです。"
    return note


# The items


def _key(chain: _Chain) -> str:
    """The key to the table; explains only what occurs in it."""
    events = [(lineage, event) for lineage in chain.lineages for event in lineage.events]
    kinds = {event.kind for _, event in events}
    shown = [chain.number] * chain.has_numbers + [chain.main] * bool(chain.main)
    said = ["と".join(shown) if shown else "「○」は一覧に載っている項目"]
    if chain.has_numbers and kinds & {"merged_into", "split_into"}:
        said.append(f"「→」は統合や分割で移った先の{chain.number}")
    elif kinds & {"merged_into", "split_into"}:
        words = "「統合」" * ("merged_into" in kinds) + "「分割」" * ("split_into" in kinds)
        said.append(f"{words}はほかの項目に移った項目")
    # An item is absent before it begins and after it ends; where it went is said in the first edition without it.
    moved = sum(event.kind in ("merged_into", "split_into") for _, event in events)
    if sum(lineage.items.count(None) for lineage in chain.lineages) > moved:
        said.append(f"「−」はその{chain.unit}に記載のない項目")
    key = f"各{chain.unit}の欄は、{'、'.join(said)}です。"
    names = [line for lineage in chain.lineages for line in _names(chain, lineage)[1:]]
    if any(line.startswith("旧: ") for line in names):
        key += f"「旧」は以前の名称と、その名称だった最後の{chain.unit}です。"
    if any(line.startswith("旧番号: ") for line in names):
        key += f"「旧番号」は以前の番号と、その番号だった最後の{chain.unit}です。"
    if any(event.guess for _, event in events):
        key += "「推定」は、名称、記載内容、位置などから、同じ項目とみなしたものです。"
    if chain.left_out:
        key += f"これより前の{chain.left_out}版は省いています。"
    if chain.years_left_out:
        key += f"これより前の{chain.years_left_out}年分の数値は省いています。"
    return key


def _items(chain: _Chain) -> Table:
    years = [chain.figures.years[at].label for at in chain.years]
    heads = (
        Cell(plain(chain.newest.item_column.head), scope="Column", id="head-item"),
        *(Cell(year, scope="Column", id=f"head-edition-{at}") for at, year in enumerate(years, 1)),
        Cell("備考", scope="Column", id="head-remarks"),
    )
    rows = tuple(_rows(chain, chain.groups, (), (), count()))
    lines = sum(len([*chain.figures.lines(lineage)]) for lineage in chain.lineages)
    require(
        sum(not row.is_heading for row in rows) == len(chain.lineages) + lines, "経過の行の数が、項目と合いません。"
    )
    return Table((heads,), rows)


def _rows(
    chain: _Chain, group: Group, above: tuple[tuple[str, str], ...], positions: tuple[int, ...], told: Iterator[int]
) -> Iterator[Row]:
    """The rows below the headings `above`, each a title and an id, at `positions`; `told` counts the items."""
    ids = tuple(name for _, name in reversed(above))
    context = "".join(title for title, _ in above) + CONTINUED if above else ""
    for lineage in group.lineages:
        name = f"item-{next(told) + 1}"
        yield Row(
            (
                Cell("\n".join(_names(chain, lineage)), ("head-item", *ids), "Row", id=name),
                *(_cell(chain, lineage, column, (name, *ids)) for column in range(len(chain.years))),
                Cell("\n".join(map(flat, _remarks(chain, lineage))), ("head-remarks", name, *ids)),
            ),
            context,
        )
        for at, line in enumerate(chain.figures.lines(lineage), 1):
            yield _figures(chain, line, (f"{name}-{at}", name, *ids), context)
    levels = chain.newest.form.levels
    for at, inside in enumerate(group.groups, 1):
        depth = len(above)
        level = levels[depth].name if depth < len(levels) else f"level-{depth + 1}"
        here = _heading(chain, inside), f"{level}-{'-'.join(map(str, (*positions, at)))}"
        yield Row((Cell(here[0], ids, "Column", id=here[1], heading=depth + 3),), context, True)
        yield from _rows(chain, inside, (*above, here), (*positions, at), told)


def _figures(chain: _Chain, line: FigureLine, ids: tuple[str, ...], context: str) -> Row:
    row, *others = ids
    texts = [line.texts[at] for at in chain.years]
    return Row(
        (
            Cell(plain(line.head) + (f"({line.unit})" if line.unit else ""), ("head-item", *others), "Row", id=row),
            *(Cell(text, (f"head-edition-{at}", *ids)) for at, text in enumerate(texts, 1)),
            Cell("", ("head-remarks", *ids)),
        ),
        context,
    )


def _heading(chain: _Chain, group: Group) -> str:
    heading = group.heading
    if heading is None:
        return ""
    if heading.last == len(chain.editions) - 1:
        return f"{heading.number} {plain(heading.name)}".strip()
    # Without its number, which may mean another heading in the newest edition.
    return f"{plain(heading.name)}({chain.labels[heading.last]}まで)"


def _names(chain: _Chain, lineage: Lineage) -> list[str]:
    """The newest number and name, then each former name and number with the last edition that used it, newest first."""
    names: dict[str, tuple[int, str]] = {}
    labels: dict[str, tuple[int, str]] = {}
    for at, placed in enumerate(lineage.items):
        if placed:
            names[fold(plain(placed.item.name))] = at, plain(placed.item.name)
            labels[fold(placed.item.label)] = at, flat(placed.item.label)
    (_, newest), *former = sorted(names.values(), reverse=True)
    own = labels.pop(fold(lineage.newest.item.label))[1]
    return [
        f"{own} {newest}".strip(),
        *(f"旧: {name}({chain.labels[at]})" for at, name in former),
        *(f"旧番号: {label}({chain.labels[at]})" for at, label in sorted(labels.values(), reverse=True) if label),
    ]


def _cell(chain: _Chain, lineage: Lineage, column: int, ids: tuple[str, ...]) -> Cell:
    headers = (f"head-edition-{column + 1}", *ids)
    at = chain.figures.years[chain.years[column]].edition
    if at is None:
        return Cell("", headers)
    edition, placed = chain.editions[at], lineage.items[at]
    if placed:
        item = edition.items[placed.number]
        number = str(item.number) if chain.has_numbers else ""
        if edition.main:
            status = item.text(edition.main)
            said = _words(edition).get(status, "") if edition.main.kind == "symbol" else ""
            return Cell(f"{number} {status}", headers, alternate=flat(said))
        return Cell(number, headers) if number else Cell("○", headers, alternate="記載あり")
    went = [event for event in lineage.events if event.kind in ("merged_into", "split_into")]
    if not went or lineage.last != at - 1:
        return Cell("−", headers, alternate="記載なし")
    # The first edition without the item says where it went.
    what = "統合" if went[0].kind == "merged_into" else "分割"
    numbers = [number for number in edition.items if number in went[0].numbers]
    if not chain.has_numbers:
        return Cell(what, headers, alternate=f"{_there(chain, edition, numbers)}に{what}")
    said = "・".join(map(str, numbers))
    return Cell(f"→{said}", headers, alternate=f"{chain.number} {said}に{what}")


def _last(chain: _Chain, lineage: Lineage) -> str:
    """What the last edition with the item says of its future."""
    edition = chain.editions[lineage.last]
    return flat(edition.items[lineage.newest.number].text(edition.deciding)) if edition.deciding else ""


def _there(chain: _Chain, edition: Edition, numbers: Sequence[int]) -> str:
    """Items of `edition`, called by NO and name, or by a number of their own and name."""
    items = [edition.items[number] for number in numbers]
    return "・".join(
        f"{f'{chain.number} {item.number}' if chain.has_numbers else item.label}「{plain(item.name)}」"
        for item in items
    )


def _remarks(chain: _Chain, lineage: Lineage) -> Iterator[str]:
    for event in lineage.events:
        guess = "(推定)" if event.guess and event.kind != "guess" else ""
        yield f"{chain.labels[event.at]} {_remark(chain, lineage, event)}{guess}"


def _remark(chain: _Chain, lineage: Lineage, event: Event) -> str:
    item, term = lineage.newest.item, _last(chain, lineage)
    before = chain.labels[event.at - 1]
    if event.kind == "new":
        return "新設"
    if event.kind == "ended":
        return term
    if event.kind == "abolished":
        (reason,) = (
            one.reason for one in chain.editions[event.at].abolitions if lineage.newest.number in one.previous_numbers
        )
        return f"廃止({flat(reason)})"
    if event.kind == "announced":
        return "、".join(filter(None, (term, f"「{plain(item.merged_into)}」に統合予定")))
    if event.kind == "vanished":
        return f"記載なし({before}は「{term}」)" if term else "記載なし"
    if event.kind in ("merged", "split_from", "guess"):
        old = f"{chain.number} {'・'.join(map(str, event.numbers))}"
        if not chain.has_numbers:
            old = _there(chain, chain.editions[event.at - 1], event.numbers)
        what = {"merged": "を統合", "split_from": "から分割", "guess": "と同じ項目と推定"}
        return f"{before}の{old}{what[event.kind]}"
    here = _there(chain, chain.editions[event.at], event.numbers)
    return here + {"split": "を分割", "merged_into": "に統合", "split_into": "に分割"}[event.kind]
