"""The page of 配布前の確認: whether the papers can be handed out, what to look at before, and how many sheets to print.

Staff read here what they have to write into the source; no paper that is handed out says it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.documents.council.page import PaperRow, paper_rows
from pipeline.documents.document import Carried, ListedPaper
from pipeline.documents.html import document_title, masthead_without_legends, plain, render
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition
from pipeline.model.validation import Validated
from pipeline.text import flat
from pipeline.years.comparison import ChangeKind, Comparison, Entry, compare
from pipeline.years.matching import Placed
from pipeline.years.readiness import LastIssue, acknowledged, blanks, empty_prose, readiness, warnings

TITLE = "配布前の確認"

# The most rows of a list, and the most ranges of NOs in a cell; the rest is counted.
MOST_ROWS, MOST_RANGES = 200, 100


# What of an item changed after the last issue, other than its columns.
_CHANGES: Mapping[ChangeKind, str] = {
    "renamed": "名称",
    "marks_changed": "印",
    "moved": "位置",
    "merged": "統合",
    "split": "分割",
    "new": "追加した項目",
    "ended": "削除した項目",
    "vanished": "削除した項目",
}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A paper to print, or a total: its pages, and its sheets printed on one side and on both."""

    paper: PaperRow
    file: str
    sides: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of texts: the heads by the classes of the columns, the rows, and which column heads a row.

    `more` is said where there is more than is listed.
    """

    id: str
    title: str
    heads: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]
    head: int
    more: str


def page(
    validated: Validated,
    compared: Comparison | None,
    papers: Sequence[ListedPaper],
    last_issue: LastIssue | None,
    carried: Carried,
) -> str:
    """The HTML of the 配布前の確認; `compared` is the comparison with the 前版, None without one."""
    edition = validated.edition
    title = f"{flat(edition.title)} {TITLE}"
    listings = tuple(_listings(validated, compared))
    changes = _changes(validated, last_issue)
    return render(
        "checklist.html",
        edition=edition,
        title=document_title(edition, title),
        masthead=masthead_without_legends(edition, "", title),
        carried=carried,
        verdict=(*_verdict(validated, compared), *_nothing(listings)),
        has_numbers=any(row.number for row in paper_rows(edition, papers)),
        sheets=tuple(_sheets(edition, papers)),
        not_printed=_not_printed(papers),
        listings=tuple(one for one in listings if one.rows),
        since=_since(validated, last_issue, len(changes)),
        changes=_changed_items(validated, changes),
    )


def _verdict(validated: Validated, compared: Comparison | None) -> Iterator[str]:
    """Whether the papers can be handed out, why not, and what is to be looked at."""
    found = readiness(validated, compared)
    yield "まだ配布できません。" if found.obstacles else "配布できます。"
    if found.obstacles:
        yield f"理由: {'。'.join(found.obstacles)}。"
    if found.doubts:
        yield f"配布する前に御確認ください: {'、'.join(found.doubts)}。"


def _nothing(listings: Sequence[Listing]) -> Iterator[str]:
    """Which lists are empty."""
    if empty := [one.title for one in listings if not one.rows and one.id != "acknowledged"]:
        yield f"{'、'.join(empty)}は、ありません。"


def _sheets(edition: Edition, papers: Sequence[ListedPaper]) -> Iterator[SheetRow]:
    """The papers to print in the order in which they are listed, then a total for each size of sheet."""
    printed = [paper for paper in papers if paper.pages]
    rows = [
        SheetRow(row, paper.path, (row.pages, _both_sides(row.pages)))
        for row, paper in zip(paper_rows(edition, papers), printed, strict=True)
    ]
    yield from rows
    for at, sheet in enumerate(dict.fromkeys(row.paper.sheet for row in rows), 1):
        of_sheet = [row for row in rows if row.paper.sheet == sheet]
        pages = sum(row.paper.pages for row in of_sheet)
        total = PaperRow(f"total-{at}", "", "計", pages, sheet, "")
        yield SheetRow(total, "", (pages, sum(row.sides[1] for row in of_sheet)))


def _both_sides(pages: int) -> int:
    return -(-pages // 2)


def _not_printed(papers: Sequence[ListedPaper]) -> str:
    files = "、".join(paper.path for paper in papers if not paper.pages)
    return f"ほかに、ウェブページ(PDFと同じ名前の .html)と {files} があります。印刷はしません。"


def _listings(validated: Validated, compared: Comparison | None) -> Iterator[Listing]:
    # What stands in the way comes first.
    yield _to_fill_in(validated)
    if compared:
        yield _vanished(compared)
        yield _guesses(compared)
    yield _warnings(validated)
    yield _acknowledged(validated)


def _listing(
    id: str,
    title: str,
    heads: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, ...]],
    command: str,
    head: int = 0,
) -> Listing:
    """A table of as many `rows` as are listed; `command` shows all of them."""
    rest = len(rows) - MOST_ROWS
    more = f"ほかに{rest:,}件あります。全件は {command} で示します。" if rest > 0 else ""
    return Listing(id, title, tuple(heads), tuple(rows[:MOST_ROWS]), head, more)


def _warnings(validated: Validated) -> Listing:
    rows = [(_line(line), code, message) for line, code, message in warnings(validated)]
    heads = (("line", "元データ"), ("code", "コード"), ("text", "内容"))
    return _listing("warnings", "元データの警告", heads, rows, f"make check EDITION={validated.source.edition}", 2)


def _acknowledged(validated: Validated) -> Listing:
    rows = [(_line(line), code, message, flat(reason)) for line, code, message, reason in acknowledged(validated)]
    heads = (("line", "元データ"), ("code", "コード"), ("text", "内容"), ("reason", "そのままでよい理由"))
    return _listing("acknowledged", "確認済の警告", heads, rows, "元データの「確認済」", 2)


def _line(line: int) -> str:
    return f"{line}行" if line else ""


def _to_fill_in(validated: Validated) -> Listing:
    """Where a value is 未記入, and where a prose is empty."""
    edition = validated.edition
    rows = [
        (key, what, f"{len(numbers):,}か所", ranges(edition, numbers))
        for what, found in (("未記入", blanks(edition)), ("空欄", empty_prose(edition)))
        for key, numbers in found
    ]
    heads = (("column", "欄"), ("what", "状態"), ("count", "数"), ("text", "項目のNO"))
    return _listing("empty", "未記入と空欄", heads, rows, f"make check EDITION={validated.source.edition}")


def ranges(edition: Edition, numbers: Sequence[int]) -> str:
    """`numbers` in short: those that follow each other in the list as 1〜5."""
    positions = {number: at for at, number in enumerate(edition.items)}
    found: list[list[int]] = []
    for number in dict.fromkeys(numbers):
        if found and positions[number] == positions[found[-1][-1]] + 1 == positions[found[-1][0]] + len(found[-1]):
            found[-1].append(number)
        else:
            found.append([number])
    said = [f"{one[0]}〜{one[-1]}" if len(one) > 2 else "、".join(map(str, one)) for one in found]
    rest = sum(map(len, found[MOST_RANGES:]))
    return "、".join(said[:MOST_RANGES]) + (f" ほか{rest:,}項目" if rest else "")


def _guesses(compared: Comparison) -> Listing:
    rows = [
        (
            "、".join(_called(placed) for placed in entry.new if placed.number == advice.number),
            "、".join(map(_called, entry.old)),
            f"NO {advice.number} に「{advice.line}」",
        )
        for entry in compared.guesses
        for advice in entry.advice
    ]
    heads = (
        ("item", "新しい版の項目"),
        ("item", "続きとみなした前の版の項目"),
        ("text", "正しければ、新しい版の元データに書くこと"),
    )
    return _listing("guesses", "新旧対照表の推定", heads, rows, f"make diff EDITION={compared.to_id}")


def _vanished(compared: Comparison) -> Listing:
    deciding = compared.old.deciding
    rows = [
        (
            _called(placed),
            *([placed.item.text(deciding)] if deciding else []),
            "、".join(map(_called, entry.candidates)) or "見当たりません",
            f"引き継いだ項目に「前版NO: [{placed.number}]」。"
            f"廃止したのなら、初めに「廃止: [{{前版NO: {placed.number}, 理由: …}}]」",
        )
        for entry in compared.vanished
        for placed in entry.old
    ]
    heads = (
        ("item", "新しい版にない前の版の項目"),
        *([("term", plain(deciding.head))] if deciding else []),
        ("item", "続きかもしれない新しい版の項目"),
        ("text", "新しい版の元データに書くこと"),
    )
    return _listing("vanished", "新旧対照表の要確認", heads, rows, f"make diff EDITION={compared.to_id}")


def _changes(validated: Validated, last_issue: LastIssue | None) -> list[tuple[str, str]]:
    """The items that changed after the last issue, and what of each."""
    if not last_issue or not last_issue.issued:
        return []
    edition = validated.source.edition
    compared = compare(last_issue.issued.edition, validated.edition, edition, edition)
    return [
        ("、".join(map(_called, entry.new or entry.old)), "、".join((*entry.columns, *_other_changes(entry))))
        for entry in compared.changes
    ]


def _other_changes(entry: Entry) -> Iterator[str]:
    for kind, said in _CHANGES.items():
        if kind in entry.kinds:
            yield said


def _since(validated: Validated, last_issue: LastIssue | None, count: int) -> str:
    """The sentence on the changes after the last issue, of `count` items."""
    if not last_issue:
        return "まだ発行していません。"
    day = f"、{japanese_date(last_issue.day)}" if last_issue.day else ""
    called = f"最後の発行({last_issue.name}{day})"
    if not last_issue.issued:
        return f"{called}の元データを読み取れないため、変わったところを示せません。"
    if last_issue.issued.source.digest == validated.source.digest:
        return f"{called}の後、元データは変わっていません。"
    what = f"{count:,}項目が変わりました" if count else "元データが変わりましたが、項目の記載は変わっていません"
    return f"{called}の後、{what}。詳しくは make errata EDITION={validated.source.edition} で示します。"


def _changed_items(validated: Validated, changes: Sequence[tuple[str, str]]) -> Listing:
    heads = (("item", "項目"), ("text", "変わったところ"))
    return _listing("changes", "", heads, changes, f"make errata EDITION={validated.source.edition}")


def _called(placed: Placed) -> str:
    return f"NO {placed.number}「{flat(placed.item.name)}」"
