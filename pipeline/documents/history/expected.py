"""The expected text of an 経過: every item of every edition in exactly one row, and the shares by year.

Which item goes on in which is found by `years`; what is said of it is told here from the editions themselves.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from pipeline.documents import expected as common
from pipeline.documents.document import A3_LANDSCAPE, A4_LANDSCAPE, Cell, Expected, Paragraph, Row, Table
from pipeline.documents.expected import CONTINUED, LEGEND_COLON, percent, require
from pipeline.model.edition import Edition, measure_number, policy_number
from pipeline.model.form import BLANK
from pipeline.model.validation import Validated
from pipeline.text import brief, flat, width_in_ems
from pipeline.years.lineage import Event, Lineage, MeasureGroup, PolicyGroup, grouped, lineages
from pipeline.years.similarity import fold

MOST, MOST_ON_A4 = 20, 10
WIDEST_YEAR = 20  # ems
MOST_MEANINGS = 7
# If several legends take more lines than this (a line holds LEGEND_LINE ems), they are printed on page 1 only.
MOST_LEGEND_LINES, LEGEND_LINE = 4, 80
GONE, NOTHING = "なし", "-"


class _Chain:
    """The editions shown, oldest first, with their labels and the lineages of their items."""

    def __init__(self, editions: Sequence[Validated]) -> None:
        self.left_out = max(0, len(editions) - MOST)
        shown = editions[self.left_out :]
        named = tuple((one.source.edition, one.edition) for one in shown)
        self.editions = [one.edition for one in shown]
        self.newest = self.editions[-1]
        years = [flat(edition.fiscal_year) for edition in self.editions]
        self.labels = [
            year if year and years.count(year) == 1 and width_in_ems(year) <= WIDEST_YEAR else id
            for year, (id, _) in zip(years, named, strict=True)
        ]
        self.unit = "年度" if self.labels == years else "版"
        self.number = flat(self.newest.headings.number)
        self.lineages = lineages(named)
        self.groups = grouped(named, self.lineages)
        self.counts = [_counts(edition) for edition in self.editions]
        self._check()

    def _check(self) -> None:
        for at, edition in enumerate(self.editions):
            told = [placed.number for lineage in self.lineages if (placed := lineage.items[at])]
            require(sorted(told) == sorted(edition.items), f"{self.labels[at]}の項目が、一行ずつになっていません。")
        listed = [id(one) for policy in self.groups for measure in policy.measures for one in measure.lineages]
        require(sorted(listed) == sorted(map(id, self.lineages)), "経過の行が、抜けているか二度あります。")
        for lineage in self.lineages:
            kinds = {event.kind for event in lineage.events}
            begins = lineage.items[0] or kinds & {"new", "merged", "split_from"}
            ends = lineage.items[-1] or kinds & {"ended", "vanished", "merged_into", "split_into"}
            require(bool(begins and ends), f"「{lineage.newest.item.name}」の始まりか終わりの説明がありません。")


def expect(editions: Sequence[Validated]) -> Expected:
    """The expected text of the 経過 of `editions`, oldest first. Raises `ProofError` if an item has no row or two."""
    chain = _Chain(editions)
    newest, labels = chain.newest, chain.labels
    years = labels[0] if len(labels) == 1 else f"{labels[0]}〜{labels[-1]}"
    title = f"{flat(newest.title)} {flat(newest.headings.item)}の経過"
    legends = tuple(_legends(chain))
    first, later, meanings = common.mastheads(
        newest,
        title,
        newest.has_meanings_on_first_page or _lines(legends) > MOST_LEGEND_LINES,
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
            Paragraph("H2", f"{newest.headings.status}の割合"),
            *_shares(chain),
            Paragraph("Note", _note(chain)),
            Paragraph("H2", f"{newest.headings.item}ごとの経過"),
            Paragraph("P", _key(chain)),
            _items(chain),
        ),
        page_size=A4_LANDSCAPE if len(labels) <= MOST_ON_A4 else A3_LANDSCAPE,
    )


def _legends(chain: _Chain) -> Iterator[tuple[str, dict[str, str]]]:
    """Each different legend with its label; none if all editions share one."""
    users: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for at, edition in enumerate(chain.editions):
        users.setdefault(tuple(edition.legend.items()), []).append(at)
    for legend, used in users.items() if len(users) > 1 else ():
        runs: list[list[int]] = []
        for at in used:
            if runs and runs[-1][-1] == at - 1:
                runs[-1].append(at)
            else:
                runs.append([at])
        names = [chain.labels[run[0]] + (f"〜{chain.labels[run[-1]]}" if run[1:] else "") for run in runs]
        heading = chain.editions[used[0]].headings.status
        yield f"{heading}({'、'.join(names)}){LEGEND_COLON}", dict(legend)


def _lines(legends: Sequence[tuple[str, dict[str, str]]]) -> int:
    """The approximate number of lines of `legends`."""
    return sum(-(-width_in_ems(common.legend(*legend)) // LEGEND_LINE) for legend in legends)


# The shares


def _counts(edition: Edition) -> Counter[str]:
    return Counter(fold(edition.legend.get(item.status, item.status)) for item in edition.items.values())


def _meanings(chain: _Chain, start: int = 0, stop: int = MOST) -> dict[str, str]:
    """{folded meaning: label} of the columns, in the order of the newest legend, 未記入 last."""
    names: dict[str, str] = {}
    symbols: dict[str, set[str]] = {}
    for edition in reversed(chain.editions[start:stop]):
        for symbol, meaning in edition.legend.items():
            names.setdefault(fold(meaning), flat(meaning))
            symbols.setdefault(fold(meaning), set()).add(symbol)
    labels = {
        key: ("".join(symbols[key]) if len(symbols[key]) == 1 else "") + brief(name) for key, name in names.items()
    }
    if any(counts[BLANK] for counts in chain.counts[start:stop]):
        labels.setdefault(BLANK, BLANK)
    return labels


def _tables(chain: _Chain) -> list[tuple[int, int]]:
    """(start, stop) of the editions in each table: one table, or one for each legend if there are too many meanings."""
    ends = [0, len(chain.editions)]
    if len({*_meanings(chain)} - {BLANK}) > MOST_MEANINGS:
        legends = [{*map(fold, edition.legend.values())} for edition in chain.editions]
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
        sum(chain.counts[at][meaning] for meaning in meanings) == total, f"{chain.labels[at]}の内訳が、計と合いません。"
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
    if not edition.items or not (count or meaning in map(fold, edition.legend.values())):
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
    if len({tuple(edition.legend.items()) for edition in chain.editions}) > 1:
        note += "凡例が変わっているため、記号ではなく意味で数えています。"
    meanings = _meanings(chain)
    if len(_tables(chain)) > 1:
        note += "凡例が大きく変わったところで表を分けており、模様は表ごとに違うものを示します。"
    elif any(_share_of(chain, at, meaning) == NOTHING for at in range(len(chain.editions)) for meaning in meanings):
        note += f"「{NOTHING}」は、その{chain.unit}の凡例にないものです。"
    return note


# The items


def _key(chain: _Chain) -> str:
    """The key to the table; explains only what occurs in it."""
    events = [(lineage, event) for lineage in chain.lineages for event in lineage.events]
    kinds = {event.kind for _, event in events}
    said = [f"{chain.number}と{chain.newest.headings.status}"]
    if kinds & {"merged_into", "split_into"}:
        said.append(f"「→」は統合や分割で移った先の{chain.number}")
    over = [
        lineage.newest.item.treatment for lineage, event in events if event.kind == "ended" and not lineage.items[-1]
    ]
    if over:
        said.append(f"{''.join(f'「{term}」' for term in dict.fromkeys(over))}は前の{chain.unit}で終わった項目")
    if "vanished" in kinds:
        said.append(f"「{GONE}」は続くはずなのに記載がない項目(要確認)")
    key = f"各{chain.unit}の欄は、{'、'.join(said)}です。"
    if any(len(_names(chain, lineage)) > 1 for lineage in chain.lineages):
        key += f"「旧」は以前の名称と、その名称だった最後の{chain.unit}です。"
    if any(event.guess for _, event in events):
        key += "「推定」は、名称と文章の近さから同じ項目とみなしたもので、確かめが必要です。"
    if chain.left_out:
        key += f"これより前の{chain.left_out}版は省いています。"
    return key


def _items(chain: _Chain) -> Table:
    heads = (
        Cell(chain.newest.headings.item, scope="Column", id="head-item"),
        *(Cell(label, scope="Column", id=f"head-edition-{at}") for at, label in enumerate(chain.labels, 1)),
        Cell("備考", scope="Column", id="head-remarks"),
    )
    return Table((heads,), tuple(_rows(chain)))


def _rows(chain: _Chain) -> Iterator[Row]:
    position = 0
    for policy_at, group in enumerate(chain.groups, 1):
        policy_id, policy = f"policy-{policy_at}", _heading(chain, group, policy_number)
        yield Row((Cell(policy, (), "Column", id=policy_id, heading=3),), "", True)
        for measure_at, inside in enumerate(group.measures, 1):
            measure_id, measure = f"measure-{policy_at}-{measure_at}", _heading(chain, inside, measure_number)
            yield Row((Cell(measure, (policy_id,), "Column", id=measure_id, heading=4),), policy + CONTINUED, True)
            for lineage in inside.lineages:
                position += 1
                ids = (f"item-{position}", measure_id, policy_id)
                yield Row(
                    (
                        Cell("\n".join(_names(chain, lineage)), ("head-item", *ids[1:]), "Row", id=ids[0]),
                        *(_cell(chain, lineage, at, ids) for at in range(len(chain.editions))),
                        Cell("\n".join(map(flat, _remarks(chain, lineage))), ("head-remarks", *ids)),
                    ),
                    f"{policy}{measure}{CONTINUED}",
                )


def _heading(chain: _Chain, group: PolicyGroup | MeasureGroup, number: Callable[[int], str]) -> str:
    heading = group.heading
    if heading.position:
        return f"{number(heading.position)} {flat(heading.name)}"
    # Without its number, which may mean another heading in the newest edition.
    return f"{flat(heading.name)}({chain.labels[heading.last]}まで)"


def _names(chain: _Chain, lineage: Lineage) -> list[str]:
    """The newest name, then each former name with the last edition that used it, newest first."""
    names: dict[str, tuple[int, str]] = {}
    for at, placed in enumerate(lineage.items):
        if placed:
            names[fold(placed.item.name)] = at, flat(placed.item.name)
    (_, newest), *former = sorted(names.values(), reverse=True)
    return [newest, *(f"旧: {name}({chain.labels[at]})" for at, name in former)]


def _cell(chain: _Chain, lineage: Lineage, at: int, ids: tuple[str, ...]) -> Cell:
    headers = (f"head-edition-{at + 1}", *ids)
    edition, placed = chain.editions[at], lineage.items[at]
    if placed:
        item = edition.items[placed.number]
        return Cell(f"{item.number} {item.status}", headers, alternate=flat(edition.legend.get(item.status, "")))
    if not at or lineage.items[at - 1] is None:
        return Cell("", headers)
    # The first edition without the item says where it went or how it ended.
    went = next((event for event in lineage.events if event.kind in ("merged_into", "split_into")), None)
    if went:
        numbers = "・".join(str(number) for number in edition.items if number in went.numbers)
        what = "統合" if went.kind == "merged_into" else "分割"
        return Cell(f"→{numbers}", headers, alternate=f"{chain.number} {numbers}に{what}")
    before = chain.editions[at - 1]
    last = before.items[lineage.newest.number]
    is_over = before.treatments.get(last.treatment) == "終了" and not last.merged_into
    return Cell(flat(last.treatment) if is_over else GONE, headers)


def _remarks(chain: _Chain, lineage: Lineage) -> Iterator[str]:
    for event in lineage.events:
        guess = "(推定)" if event.guess and event.kind != "guess" else ""
        yield f"{chain.labels[event.at]} {_remark(chain, lineage, event)}{guess}"


def _remark(chain: _Chain, lineage: Lineage, event: Event) -> str:
    item = lineage.newest.item
    before = chain.labels[event.at - 1]
    there = f"{before}の{chain.number} {'・'.join(map(str, event.numbers))}"
    items = chain.editions[event.at].items
    match event.kind:
        case "new":
            return "新設"
        case "merged":
            return f"{there}を統合"
        case "split_from":
            return f"{there}から分割"
        case "guess":
            return f"{there}と同じ項目と推定"
        case "ended":
            return item.treatment
        case "announced":
            return f"{item.treatment}、「{item.merged_into}」に統合予定"
        case "vanished":
            return f"記載なし({before}は「{item.treatment}」)"
    here = "・".join(f"{chain.number} {number}「{items[number].name}」" for number in event.numbers)
    return here + {"split": "を分割", "merged_into": "に統合", "split_into": "に分割"}[event.kind]
