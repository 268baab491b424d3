"""The expected text of a 正誤表: corrections that turn the content of the old list into that of the new one."""

from collections.abc import Iterator

from pipeline.documents import expected as common
from pipeline.documents.document import CORRECTED, Cell, Expected, Paragraph, Row, Table
from pipeline.documents.expected import marked, require
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition, Headings, Item, Repeat, measure_number, policy_number
from pipeline.model.form import Column, item_columns
from pipeline.text import flat

# The content of a list by (NO, place); NO 0 is the list as a whole.
Paper = dict[tuple[int, str], str]

# NO, place, wrong text, right text; None if a side has no text.
Difference = tuple[int, str, str | None, str | None]

HEADS = {"number": "NO", "place": "箇所", "wrong": "誤", "right": "正"}


def expect(old: Edition, new: Edition) -> Expected:
    """The expected text of the 正誤表. Raises `ProofError` unless its corrections turn `old` into `new`."""
    before, after = _paper(old, old, new), _paper(new, old, new)
    corrections = tuple(_corrections(before, after))
    require(_applied(before, corrections) == _applied(after, ()), "正誤表の訂正を当てても、新しい版になりません。")
    heads = tuple(Cell(label, scope="Column", id=f"head-{name}") for name, label in HEADS.items())
    note = f"先に配布した資料に誤りがありました。次の{len(corrections)}箇所を訂正します。下線は訂正した語句です。"
    rows = tuple(_row(f"correction-{at}", new.headings, *one) for at, one in enumerate(corrections, 1))
    return common.expect(new, Paragraph("P", note), Table((heads,), rows), title=f"{flat(new.title)} 正誤表")


def _paper(edition: Edition, old: Edition, new: Edition) -> Paper:
    """The whole content of `edition`, which is `old` or `new`."""
    paper = {(0, place): text for place, text in _whole(edition)}
    for at, policy in enumerate(edition.policies, 1):
        paper[0, policy_number(at)] = policy.name
        for within, measure in enumerate(policy.measures, 1):
            here = policy_number(at) + measure_number(within)
            paper[0, here] = measure.name
            paper[0, f"{here}の再掲"] = "、".join(f"NO {row.number}" for row in measure.rows if isinstance(row, Repeat))
            for item in measure.items:
                for column in item_columns():
                    if column.kind != "number":
                        paper[item.number, column.name] = _said(edition, item, column)
                paper[item.number, "position"] = here
    places = [_places(one) for one in (old, new)]
    for here in dict.fromkeys(places[1].values()):
        # Only items that stand there in both; added, removed and moved items have corrections of their own.
        stayed = [
            f"NO {number}" for number in _places(edition) if places[0].get(number) == here == places[1].get(number)
        ]
        paper[0, f"{here}の順序"] = "、".join(stayed)
    return paper


def _said(edition: Edition, item: Item, column: Column) -> str:
    """The text of `column`; a symbol with its meaning."""
    text = item.text(column)
    meaning = edition.legend.get(text) if column.kind == "symbol" else None
    return f"{text}({meaning})" if meaning and meaning != text else text


def _whole(edition: Edition) -> Iterator[tuple[str, str]]:
    yield "表題", edition.title
    yield "自治体", edition.municipality
    yield "年度", edition.fiscal_year
    yield "現在日", japanese_date(edition.as_of) if edition.as_of else ""
    yield "担当課", edition.department
    yield "資料番号", edition.document_number
    yield "案", "案" if edition.is_draft else ""
    yield "凡例", " ".join(symbol + meaning for symbol, meaning in edition.legend.items())
    for column in edition.columns:
        yield f"見出し({column.key})", column.head


def _places(edition: Edition) -> dict[int, str]:
    """{NO: number of its measure (Ⅰ(1))} in printed order."""
    return {
        item.number: policy_number(at) + measure_number(within)
        for at, policy in enumerate(edition.policies, 1)
        for within, measure in enumerate(policy.measures, 1)
        for item in measure.items
    }


def _corrections(before: Paper, after: Paper) -> Iterator[Difference]:
    """Corrections of the list as a whole, then by NO; a removed item is one correction."""
    # The sort is stable: within a NO places keep their order, those of the new list first.
    for number, place in sorted(dict.fromkeys([*after, *before]), key=lambda key: key[0]):
        wrong, right = before.get((number, place)) or None, after.get((number, place)) or None
        is_gone = number and (number, "item") not in after
        if wrong != right and (place == "item" or not is_gone):
            yield number, place, wrong, right


def _applied(paper: Paper, corrections: tuple[Difference, ...]) -> Paper:
    """`paper` with all corrections applied, without empty texts."""
    corrected = dict(paper)
    for number, place, wrong, right in corrections:
        said = corrected.get((number, place)) or None
        require(said == wrong, f"NO {number}の{place}は、前の版では「{wrong}」ではありません。")
        if number and place == "item" and right is None:
            corrected = {key: text for key, text in corrected.items() if key[0] != number}
        else:
            corrected[number, place] = right or ""
    return {key: text for key, text in corrected.items() if text}


def _row(id: str, headings: Headings, number: int, place: str, wrong: str | None, right: str | None) -> Row:
    label = "位置" if place == "position" else flat(getattr(headings, place, place)) if number else place
    sides = marked(wrong or "(記載なし)", right or "(記載なし)")
    return Row(
        (
            Cell(str(number or ""), ("head-number", id)),
            Cell(label, ("head-place",), "Row", id=id),
            *(
                Cell(text, (f"head-{name}", id), marked=words, said=CORRECTED)
                for name, (text, words) in zip(("wrong", "right"), sides, strict=True)
            ),
        )
    )
