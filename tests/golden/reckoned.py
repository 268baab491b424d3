"""What is reckoned of texts, forms and plans by chance, as texts: marks, heads of pages, widths, links, drafts."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import Any

from pipeline.model.column_widths import ColumnWidths, fitting
from pipeline.model.edition import Edition, read_edition
from pipeline.model.page_head import Legend, PageHead, balanced, short_legends
from pipeline.model.side_widths import SideWidths
from pipeline.paper import SHEETS
from pipeline.source.tree import parse_source, plain
from pipeline.years.comparison import Comparison, Entry, compare
from pipeline.years.comparison_data import comparison_json, summarize
from pipeline.years.draft import next_edition
from pipeline.years.figures import Figures
from pipeline.years.lineage import Group, Lineage, grouped, lineages
from pipeline.years.matching import match
from pipeline.years.text_diff import Marked, mark
from tests.editions import Row, made_up
from tests.made_up import FormMaker

from .damaged import refusals
from .otherwise import doubts_of_data
from .painted import places, streams
from .reformed import reforms
from .sweeps import SWEEPS

WHO = [
    "市民",
    "自治会",
    "市民活動支援センター",
    "協働推進課",
    "各地区の団体",
    "空き家",
    "子ども会",
    "NPO",
    "ＮＰＯ",
    "職員",
]
WHAT = [
    "窓口", "講座", "花壇", "相談", "参加者120人", "延べ1,120人", "1.5倍", "平成25年度", "「協働の日」", "(年2回)",
    "パート・アルバイト", "ガイドブック", "ｶﾞｲﾄﾞ", "人々", "取組み",
]  # fmt: skip
DONE = [
    "見直した", "増やした", "開催した", "周知している", "進める", "図っていく", "引き続き検討する", "改めた", "調べた",
    "設けた", "実施していく", "取り組んだ", "目指す", "増やしている",
]  # fmt: skip
PARTICLES = ["の", "と", "や", "を", "に", "が", "は", "で", "、"]


def marks() -> Iterator[str]:
    """The marked differences of two texts."""
    chance = random.Random(1)
    for _ in range(500):
        old = [_sentence(chance) for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 4]))]
        new = [_edited(chance, sentence) for sentence in old]
        if chance.random() < 0.4:
            new.insert(chance.randrange(len(new) + 1), _sentence(chance))
        if chance.random() < 0.4 and len(new) > 1:
            new.pop(chance.randrange(len(new)))
        if chance.random() < 0.15:
            chance.shuffle(new)
        yield "\n".join(map(_shown, mark("".join(old), "".join(new))))
    words = ["市民", "の", "窓口", "を", "増やす", "。", "12", "A", "、"]
    for _ in range(600):
        old = chance.choices(words, k=chance.randint(1, 5))
        new = [*old]
        for _ in range(chance.randint(1, 3)):
            new[chance.randrange(len(new))] = chance.choice(words)
        yield "\n".join(map(_shown, mark("".join(old), "".join(new))))


def _sentence(chance: random.Random) -> str:
    words = [chance.choice(WHO), chance.choice(PARTICLES), chance.choice(WHAT), chance.choice("をの")]
    words += [chance.choice(WHAT), "を"] if chance.random() < 0.5 else []
    return "".join([*words, chance.choice(DONE), chance.choice(["。", "。", "。", "\n", "！", ""])])


def _edited(chance: random.Random, text: str) -> str:
    for _ in range(chance.choice([0, 1, 1, 1, 2])):
        words = chance.choice([WHO, WHAT, DONE, []])
        at = chance.randrange(len(text) - 1)
        if there := [word for word in words if word in text]:
            text = text.replace(chance.choice(there), chance.choice(words), 1)
        elif chance.random() < 0.5:
            text = text[:at] + chance.choice([*PARTICLES, *WHO, " ", "　", "。"]) + text[at:]
        elif len(text) > 8:
            text = text[:at] + text[at + chance.choice([1, 2, 3]) :]
    return text


def _shown(pieces: Marked) -> str:
    return "".join(f"[{piece.text}]" if piece.changed else piece.text for piece in pieces)


def heads() -> Iterator[str]:
    """The arrangement, the lines and the height of the head of a page."""
    chance = random.Random(2)

    def some(most: int) -> str:
        return "".join(chance.choices("題計画、実施の(市)年度・及びA1", k=chance.randint(0, most)))

    for _ in range(300):
        scale = chance.choice([1, 1, 2])
        legends = tuple(
            Legend(
                f"{some(chance.choice([8, 8, 40]))}：",
                {f"{at}" * chance.randint(1, 6): some(30 * scale) for at in range(chance.randint(1, 6))},
            )
            for _ in range(chance.choice([0, 1, 1, 1, 2, 3]))
        )
        sheet = chance.choice([*SHEETS.values()])
        head = PageHead(
            f"題{some(60 * scale)}",
            some(chance.choice([0, 12, 60])),
            chance.choice(["", "案"]),
            some(chance.choice([0, 12, 60])),
            chance.choice([legends, short_legends(legends)]),
            some(chance.choice([0, 30, 90])),
            some(chance.choice([0, 60, 300])),
            sheet,
        )
        sizes = {part: round(height, 3) for part, height in head.heights.items()}
        blocks = [round(legend.height_of_block(head.width), 3) for legend in legends]
        yield repr((head.rows, head.arrangement, head.is_plain, head.legend_lines, head.context_lines))
        yield repr((sizes, round(head.height, 3), round(head.most_height, 3), blocks))
        yield repr(({part: head.most(part) for part in sizes}, head.title_lines, balanced(head.title, 20)))
    yield from _limits()


def _limits() -> Iterator[str]:
    """The longest texts, in half ems, that still stand beside the others in the head of a page."""
    for year, number, draft in product((0, 7, 33), (0, 9, 40), ("", "案")):
        usual = PageHead("題", "A" * year, draft, "A" * number)
        titles = [replace(usual, title="A" * length) for length in range(150)]
        yield f"{year} {number} {draft}: title {sum(len(head.rows[0]) == 3 for head in titles)}"
        years = [replace(usual, title="A" * 150, fiscal_year="A" * length) for length in range(220)]
        yield f"year {sum(('year', 'marks') in head.rows for head in years)}"
    for label, entries, length in product((9, 59, 60, 61, 62), (1, 3, 9), (2, 17, 44)):
        legend = Legend("A" * label, {f"{at}": "A" * length for at in range(entries)})
        heads = [PageHead("題", legends=(legend,), issued="A" * issued) for issued in range(1, 180)]
        beside = sum(("legend", "issued") in head.rows for head in heads)
        yield f"{label} {entries} {length}: issued {beside}, lines {[legend.lines(room / 4) for room in range(80, 320, 9)]}"


def widths() -> Iterator[str]:
    """The widths of the columns of lists in forms of their own, on each sheet, and side by side."""
    for seed in range(24):
        old, new = map(_read, FormMaker(seed).years())
        for sheet in SHEETS.values():
            reckoned = ColumnWidths(new, sheet)
            yield repr((reckoned.widths.columns, reckoned.ems, reckoned.below, round(reckoned.missing, 3)))
        yield repr(fitting(new))
        reckoned = ColumnWidths(new)
        for one in reckoned.columns:
            items = new.items.values() if one.column.field else ()
            texts = [item.texts(one.column)[one.year] for item in items]
            yield repr((one.id, reckoned.head_lines(one, one.head), [reckoned.lines(one, text) for text in texts]))
            if one.id in reckoned.figures:
                room = reckoned.figures[one.id]
                yield repr(
                    (room, [room.beside(text, unit) for text, unit in zip(texts, ["", "件", "人"], strict=False)])
                )
        side = SideWidths(old, new)
        yield repr(side.widths.columns if side.fit else side.fit)


def _read(text: str) -> Edition:
    return read_edition(plain(parse_source(Path("chance.yaml"), text.encode()).root))


@cache
def plans() -> Sequence[tuple[Edition, ...]]:
    """Three editions of each plan, each of which follows the one before it."""
    found = []
    for seed in range(60):
        chance = random.Random(seed)
        rows = [_row(chance, at) for at in range(1, chance.randint(3, 10))]
        editions = [_edition(chance, rows, "", seed % 8 == 5)]
        for at in range(2):
            rows = [*_next_rows(chance, rows, has_numbers=seed % 3 == 0)]
            editions.append(_edition(chance, rows, f"e{at}" if seed % 4 else "", at == seed % 8 - 2))
        found.append(tuple(editions))
    return found


def _name(chance: random.Random) -> str:
    return (
        chance.choice(WHO)
        + chance.choice(["の", "と", ""])
        + chance.choice(["相談", "清掃", "講座", "調査", "情報の提供"])
    )


def _row(chance: random.Random, number: int) -> Row:
    place = chance.randint(1, 4)
    return Row(
        number,
        _name(chance),
        f"施策{place}",
        f"方針{place // 3 + 1}",
        chance.choice("◎○△×"),
        chance.choice(["継続", "継続", "継続", "完了", "廃止"]),
        "".join(_sentence(chance) for _ in range(chance.randint(0, 3))),
        department=chance.choice(["", "企画課"]),
    )


def _next_rows(chance: random.Random, rows: Sequence[Row], has_numbers: bool) -> Iterator[Row]:
    kept = [row for row in rows if chance.random() < (0.85 if row.treatment == "継続" else 0.2)]
    for row in [*kept, *(_row(chance, 0) for _ in range(chance.randint(0, 3)))]:
        previous = [row.number] if row.number and has_numbers and chance.random() < 0.8 else []
        if previous and chance.random() < 0.15:
            previous.append(chance.choice(rows).number)
        change = chance.random()
        if change < 0.15:
            row = replace(row, name=_name(chance) if change < 0.07 else f"{row.name}の充実")
        if change > 0.9:
            row = replace(row, measure="施策1", policy="方針1")
        if chance.random() < 0.4:
            row = replace(row, status=chance.choice("◎○△×"), findings=_edited(chance, row.findings or "無事に。"))
        row = replace(row, previous=tuple(dict.fromkeys(previous)))
        yield row
        if previous and chance.random() < 0.2:  # a split
            yield replace(row, name=chance.choice([row.name, _name(chance)]), measure=f"施策{chance.randint(1, 2)}")


def _edition(chance: random.Random, rows: list[Row], previous: str, has_own_form: bool) -> Edition:
    rows.sort(key=lambda row: (row.policy, row.measure))
    rows[:] = [replace(row, number=at) for at, row in enumerate(rows, 1)]
    names = [*dict.fromkeys(row.name for row in rows), _name(chance)]
    rows[:] = [
        replace(
            row, merged_into=target if chance.random() < 0.1 and (target := chance.choice(names)) != row.name else ""
        )
        for row in rows
    ]
    repeated = [Row(measure="施策9", policy="方針9", repeats=row.number) for row in rows if chance.random() < 0.1]
    more: dict[str, Any] = {} if chance.random() < 0.5 else {"前文": _sentence(chance), "注": {"1": _sentence(chance)}}
    abolished = [{"前版NO": ["1"], "理由": "縮小"}] if previous and chance.random() < 0.2 else ()
    return made_up(*rows, *repeated, previous=previous, abolished=abolished, has_own_form=has_own_form, **more)


def links() -> Iterator[str]:
    """What becomes of the items of one edition in the next one, and in an earlier one."""
    for editions in plans():
        for at, (old, new) in enumerate(pairwise(editions)):
            for one, other, names in ((old, new, (f"e{at}", f"e{at + 1}")), (new, old, (f"e{at + 1}", f"e{at}"))):
                comparison = compare(one, other, *names)
                yield from map(_entry, comparison.entries)
                yield repr(comparison.texts)
            yield repr(match(old, new, "same", of="new"))
        yield from _said(comparison)


def _entry(entry: Entry) -> str:
    old, new, candidates = ([one.number for one in side] for side in (entry.old, entry.new, entry.candidates))
    found = [(link.old, link.new, link.by, link.guess) for link in entry.links]
    return repr(
        (old, new, entry.kinds, entry.columns, found, [one.line for one in entry.advice], entry.reason, candidates)
    )


def _said(comparison: Comparison) -> Iterator[str]:
    text = comparison_json(comparison)
    yield text
    yield repr(summarize(text))


def drafts() -> Iterator[str]:
    """The drafts of the next edition."""
    for editions in plans():
        yield from (next_edition(edition, "h24") for edition in editions)
    for seed in range(8):
        yield next_edition(_read(FormMaker(seed).edition()), "h24")


def histories() -> Iterator[str]:
    """The lineages of the items, grouped by headings, and their figures."""
    chains: list[tuple[Edition, ...]] = [*plans(), *(tuple(map(_read, FormMaker(seed).years())) for seed in range(12))]
    for editions in chains:
        named = [(f"e{at}", edition) for at, edition in enumerate(editions)]
        found = lineages(named)
        yield from map(_lineage, found)
        yield from _group(grouped(named, found), 0)
        if editions[-1].form.has_own_columns:
            figures = Figures(editions, [f"令和{year}年度" for year in range(4, 4 + len(editions))])
            yield repr(figures.years)
            yield from (repr([*figures.lines(one)]) for one in found)


def _lineage(lineage: Lineage) -> str:
    numbers = [placed and (placed.number, placed.position) for placed in lineage.items]
    events = [(event.at, event.kind, event.numbers, event.guess) for event in lineage.events]
    return repr((numbers, events, lineage.last, lineage.former_names, lineage.former_labels))


def _group(group: Group, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{group.heading} {[one.newest.number for one in group.lineages]}"
    for inner in group.groups:
        yield from _group(inner, depth + 1)


TEXTS: Mapping[str, Callable[[], Iterator[str]]] = {
    function.__name__: function
    for function in (
        marks,
        heads,
        widths,
        links,
        drafts,
        histories,
        reforms,
        refusals,
        streams,
        places,
        doubts_of_data,
        *SWEEPS,
    )
}
