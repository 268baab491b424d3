"""The expected text of the 配布前の確認."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from pipeline.documents import expected as common
from pipeline.documents.document import Block, Cell, Expected, ListedPaper, Paragraph, Row, Table
from pipeline.documents.expected import number_and_title, plain, require
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition
from pipeline.model.form import BLANK
from pipeline.model.validation import Validated, on_paper
from pipeline.model.values import BLANK_CODE
from pipeline.text import flat
from pipeline.years.comparison import Comparison, compare
from pipeline.years.matching import goes_on
from pipeline.years.readiness import LastIssue

# The most rows of a list, and the most ranges of NOs in a cell.
MOST_ROWS, MOST_RANGES = 200, 100

# What of an item changed after the last issue, other than its columns, by the kinds of change.
_CHANGED = (
    ("名称", {"renamed"}),
    ("印", {"marks_changed"}),
    ("位置", {"moved"}),
    ("統合", {"merged"}),
    ("分割", {"split"}),
    ("追加した項目", {"new"}),
    ("削除した項目", {"ended", "vanished"}),
)

# The heads of a list with their ids, its rows, and the column that heads a row.
Heads = tuple[str, ...]


def expect(editions: Sequence[Validated], papers: Sequence[ListedPaper], last_issue: LastIssue | None) -> Expected:
    """The expected text. Raises `ProofError` if a guess or a vanished item does not stand there once."""
    new = editions[-1]
    return common.expect(
        new.edition,
        "",
        *_blocks(editions, papers),
        *_since(new, last_issue),
        title=f"{flat(new.edition.title)} 配布前の確認",
        legends=(),
    )


def _blocks(editions: Sequence[Validated], papers: Sequence[ListedPaper]) -> Iterator[Block]:
    validated, edition = editions[-1], editions[-1].edition
    compared = _compared(editions)
    warned = [one for one in validated.warnings if one.code != BLANK_CODE]
    undecided, empty = _unfilled(edition)
    guesses, vanished = (_guesses(compared), _vanished(compared)) if compared else ([], [])
    yield Paragraph("P", "事務局の確認用です。この資料は配布しないでください。")
    yield Paragraph("H2", "配布できるかどうか")
    counts = sum(map(len, undecided.values())), sum(map(len, empty.values()))
    yield from _verdict(edition, len(warned), counts, len(guesses), len(vanished))
    lists = [("未記入と空欄", sum(counts))]
    lists += [("新旧対照表の要確認", len(vanished)), ("新旧対照表の推定", len(guesses))] if compared else []
    lists.append(("元データの警告", len(warned)))
    if none := "、".join(name for name, count in lists if not count):
        yield Paragraph("P", f"{none}は、ありません。")
    yield Paragraph("H2", "印刷する枚数")
    yield _sheets(edition, papers)
    yield Paragraph(
        "P",
        "枚数は一部の数です。左をとじて両面に印刷するときは、横向きの用紙なら「短辺とじ」、縦向きの用紙なら「長辺とじ」を選びます。",
    )
    others = "、".join(paper.path for paper in papers if paper.pages == 0)
    yield Paragraph("P", f"ほかに、ウェブページ(PDFと同じ名前の .html)と {others} があります。印刷はしません。")
    check, diff = (f"make {command} EDITION={validated.source.edition}" for command in ("check", "diff"))
    filled = [(key, "未記入", numbers) for key, numbers in undecided.items()]
    filled += [(key, "空欄", numbers) for key, numbers in empty.items()]
    yield from _list(
        "empty",
        "未記入と空欄",
        ("欄", "状態", "数", "項目のNO"),
        [(key, state, f"{len(numbers):,}か所", _in_short(edition, numbers)) for key, state, numbers in filled],
        0,
        check,
    )
    heads: Heads
    if compared:
        deciding = compared.old.deciding
        term = (plain(deciding.head),) if deciding else ()
        heads = (
            "新しい版にない前の版の項目",
            *term,
            "続きかもしれない新しい版の項目",
            "新しい版の元データに書くこと",
        )
        yield from _list("vanished", "新旧対照表の要確認", heads, vanished, 0, diff)
        heads = "新しい版の項目", "続きとみなした前の版の項目", "正しければ、新しい版の元データに書くこと"
        yield from _list("guesses", "新旧対照表の推定", heads, guesses, 0, diff)
    lines = [(f"{one.line}行" if one.line else "", one.code, on_paper(one.message)) for one in warned]
    yield from _list("warnings", "元データの警告", ("元データ", "コード", "内容"), lines, 2, check)
    known = [
        (f"{one.line}行" if one.line else "", one.code, on_paper(one.message), flat(reason))
        for one, reason in validated.acknowledged
    ]
    heads = "元データ", "コード", "内容", "そのままでよい理由"
    yield from _list("acknowledged", "確認済の警告", heads, known, 2, "元データの「確認済」")


def _compared(editions: Sequence[Validated]) -> Comparison | None:
    if len(editions) == 1:
        return None
    old, new = editions[-2:]
    return compare(old.edition, new.edition, old.source.edition, new.source.edition)


def _verdict(
    edition: Edition, warned: int, counts: tuple[int, int], guesses: int, vanished: int
) -> Iterator[Paragraph]:
    undecided, empty = counts
    why = "「案」と表示する設定です(案: true)。" if edition.draft else ""
    why += f"未記入が{undecided:,}か所あります。" if undecided else ""
    why += f"要確認の項目が{vanished:,}件あります。" if vanished else ""
    yield Paragraph("P", "まだ配布できません。" if why else "配布できます。")
    if why:
        yield Paragraph("P", f"理由: {why}")
    doubts = [f"警告{warned:,}件"] if warned else []
    doubts += [f"推定{guesses:,}件"] if guesses else []
    doubts += [f"文章の空欄{empty:,}か所"] if empty else []
    if doubts:
        yield Paragraph("P", f"配布する前に御確認ください: {'、'.join(doubts)}。")


def _sheets(edition: Edition, papers: Sequence[ListedPaper]) -> Table:
    printed = [paper for paper in papers if paper.pages > 0]
    named = [number_and_title(edition, paper.kind) for paper in printed]
    has_numbers = any(number for number, _ in named)
    heads = [("number", "資料番号")] if has_numbers else []
    heads += [("title", "資料"), ("file", "ファイル(out/ の中)"), ("sheet", "用紙"), ("pages", "ページ数")]
    heads += [("one", "片面印刷"), ("both", "両面印刷")]
    lines = [
        (f"paper-{at}", number, title, paper.path, paper.sheet, paper.pages, (paper.pages + 1) // 2)
        for at, (paper, (number, title)) in enumerate(zip(printed, named, strict=True), 1)
    ]
    sums: dict[str, tuple[int, int]] = {}
    for *_, sheet, pages, both in lines:
        before = sums.get(sheet, (0, 0))
        sums[sheet] = before[0] + pages, before[1] + both
    lines += [(f"total-{at}", "", "計", "", sheet, *both) for at, (sheet, both) in enumerate(sums.items(), 1)]
    rows = []
    for id, number, title, file, sheet, pages, both in lines:
        cells = [Cell(number, ("head-number", id))] if has_numbers else []
        cells.append(Cell(title, ("head-title",), "Row", id=id))
        values = ("file", file), ("sheet", sheet), ("pages", str(pages)), ("one", f"{pages}枚"), ("both", f"{both}枚")
        cells += [Cell(text, (f"head-{name}", id)) for name, text in values]
        rows.append(Row(tuple(cells)))
    return Table((tuple(Cell(label, scope="Column", id=f"head-{name}") for name, label in heads),), tuple(rows))


def _unfilled(edition: Edition) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """The NOs with a 未記入, and those with an empty prose, by the column's key."""
    undecided: dict[str, list[int]] = {}
    empty: dict[str, list[int]] = {}
    for column in edition.own:
        for number, item in edition.items.items():
            texts = item.texts(column)
            undecided.setdefault(column.key, []).extend([number] * texts.count(BLANK))
            if column.kind == "prose" and texts == ("",):
                empty.setdefault(column.key, []).append(number)
    return {key: numbers for key, numbers in undecided.items() if numbers}, empty


def _in_short(edition: Edition, numbers: Sequence[int]) -> str:
    """`numbers`; three or more that follow each other in the list are a range."""
    order = {number: at for at, number in enumerate(edition.items)}
    distinct = enumerate(dict.fromkeys(numbers))
    runs = [[number for _, number in run] for _, run in groupby(distinct, lambda one: order[one[1]] - one[0])]
    shown = "、".join(
        f"{run[0]}〜{run[-1]}" if len(run) >= 3 else "、".join(map(str, run)) for run in runs[:MOST_RANGES]
    )
    rest = sum(len(run) for run in runs[MOST_RANGES:])
    return shown + (f" ほか{rest:,}項目" if rest else "")


def _guesses(compared: Comparison) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    advised: set[int] = set()
    for entry in compared.entries:
        before = "、".join(f"NO {one.number}「{flat(one.item.name)}」" for one in entry.old)
        names = {one.number: f"NO {one.number}「{flat(one.item.name)}」" for one in entry.new}
        for advice in entry.advice if any(link.guess for link in entry.links) else ():
            listed = ", ".join(map(str, advice.previous_numbers))
            found.append((names[advice.number], before, f"NO {advice.number} に「前版NO: [{listed}]」"))
            advised.add(advice.number)
    guessed = {link.new for entry in compared.entries for link in entry.links if link.guess}
    require(guessed <= advised, "推定の一部に、書くことが示されていません。")
    return found


def _vanished(compared: Comparison) -> list[tuple[str, ...]]:
    deciding = compared.old.deciding
    continued = {link.old for entry in compared.entries for link in entry.links}
    found: dict[int, tuple[str, ...]] = {
        one.number: (
            f"NO {one.number}「{flat(one.item.name)}」",
            *([one.item.text(deciding)] if deciding else []),
            "、".join(f"NO {other.number}「{flat(other.item.name)}」" for other in entry.candidates)
            or "見当たりません",
            f"引き継いだ項目に「前版NO: [{one.number}]」。廃止したのなら、初めに「廃止: [{{前版NO: {one.number}, 理由: …}}]」",
        )
        for entry in compared.entries
        for one in entry.old
        if not entry.new and not entry.reason and goes_on(compared.old, one.item)
    }
    wanted = {number for number, item in compared.old.items.items() if goes_on(compared.old, item)}
    wanted -= continued | compared.new.abolished.keys()
    require({*found} == wanted, "新しい版にない項目が、要確認に一度ずつ載っていません。")
    return [*found.values()]


def _since(validated: Validated, last: LastIssue | None) -> Iterator[Block]:
    """What changed after the last issue."""
    yield Paragraph("H2", "最後の発行からの変更")
    if last is None:
        yield Paragraph("P", "まだ発行していません。")
        return
    issue = f"最後の発行({last.name}、{japanese_date(last.day)})" if last.day else f"最後の発行({last.name})"
    if last.issued is None:
        yield Paragraph("P", f"{issue}の元データを読み取れないため、変わったところを示せません。")
        return
    if last.issued.source.data == validated.source.data:
        yield Paragraph("P", f"{issue}の後、元データは変わっていません。")
        return
    id = validated.source.edition
    command = f"make errata EDITION={id}"
    details = f"詳しくは {command} で示します。"
    rows = [
        (
            "、".join(f"NO {one.number}「{flat(one.item.name)}」" for one in (entry.new if entry.new else entry.old)),
            "、".join([*entry.columns, *(said for said, kinds in _CHANGED if kinds & {*entry.kinds})]),
        )
        for entry in compare(last.issued.edition, validated.edition, id, id).entries
        if "continued" not in entry.kinds
    ]
    if not rows:
        yield Paragraph("P", f"{issue}の後、元データが変わりましたが、項目の記載は変わっていません。{details}")
        return
    yield Paragraph("P", f"{issue}の後、{len(rows):,}項目が変わりました。{details}")
    _, *blocks = _list("changes", "", ("項目", "変わったところ"), rows, 0, command)
    yield from blocks


def _list(
    id: str, title: str, heads: Heads, lines: Sequence[tuple[str, ...]], head: int, command: str
) -> Iterator[Block]:
    """A list under its title, unless it is empty; the column `head` heads the rows."""
    if not lines:
        return
    yield Paragraph("H2", title)
    rows = []
    for at, line in enumerate(lines[:MOST_ROWS], 1):
        name = f"{id}-row-{at}"
        rows.append(
            Row(
                tuple(
                    Cell(text, (f"{id}-{place}",), "Row", id=name)
                    if place == head
                    else Cell(text, (f"{id}-{place}", name))
                    for place, text in enumerate(line)
                )
            )
        )
    yield Table((tuple(Cell(label, scope="Column", id=f"{id}-{at}") for at, label in enumerate(heads)),), tuple(rows))
    if len(lines) > MOST_ROWS:
        yield Paragraph("P", f"ほかに{len(lines) - MOST_ROWS:,}件あります。全件は {command} で示します。")
