"""The expected text of the 資料目録."""

from collections.abc import Iterator, Sequence

from pipeline.documents import expected as common
from pipeline.documents.document import Cell, Expected, ListedPaper, Paragraph, Row, Table
from pipeline.documents.expected import number_and_title, require
from pipeline.model.edition import Edition
from pipeline.model.validation import Validated
from pipeline.text import flat


def expect(editions: Sequence[Validated], papers: Sequence[ListedPaper]) -> Expected:
    """The expected text. Raises `ProofError` if the set lacks a paper, or a paper has no pages."""
    new = editions[-1].edition
    _check(editions, papers)
    below = "" if len(editions) == 1 else "(下の表)"
    explanation = "各資料の右下にある「元データ」の英数字は、この値(SHA-256)の初めの8文字です。"
    if len(editions) > 2:
        explanation += "「(○版)」とあるものは、その数の版の値を合わせて計算した値です。"
    return common.expect(
        new,
        new.document_number.council,
        Paragraph("P", f"次の資料は、全て同じ元データ{below}から作りました。"),
        Paragraph("H2", "資料"),
        _papers(new, papers),
        Paragraph("H2", "元データ"),
        _sources(editions),
        Paragraph("P", explanation),
        title=f"{flat(new.title)} 資料目録",
        legends=(),
    )


def _check(editions: Sequence[Validated], papers: Sequence[ListedPaper]) -> None:
    kinds = ["report", "summary", *(["comparison", "history"] if len(editions) > 1 else [])]
    require([paper.kind for paper in papers] == kinds, "議会用一式の資料が、そろっていません。")
    require(all(paper.pages for paper in papers), "ページのない資料が、議会用一式にあります。")


def _papers(edition: Edition, papers: Sequence[ListedPaper]) -> Table:
    named = [number_and_title(edition, paper.kind) for paper in papers]
    has_numbers = any(number for number, _ in named)
    heads = [("number", "資料番号")] if has_numbers else []
    heads += [("title", "資料"), ("pages", "ページ数"), ("sheet", "用紙")]
    rows = []
    for at, (paper, (number, title)) in enumerate(zip(papers, named, strict=True), 1):
        id = f"paper-{at}"
        rows.append(Row(tuple(_cells(id, title, number if has_numbers else None, str(paper.pages), paper.sheet))))
    total = str(sum(paper.pages for paper in papers))
    rows.append(Row(tuple(_cells("total", "計", "" if has_numbers else None, total, ""))))
    return Table((tuple(Cell(head, scope="Column", id=f"head-{name}") for name, head in heads),), tuple(rows))


def _cells(id: str, title: str, number: str | None, pages: str, sheet: str) -> Iterator[Cell]:
    if number is not None:
        yield Cell(number, ("head-number", id))
    yield Cell(title, ("head-title",), "Row", id=id)
    yield Cell(pages, ("head-pages", id))
    yield Cell(sheet, ("head-sheet", id))


def _sources(editions: Sequence[Validated]) -> Table:
    years = [flat(one.edition.fiscal_year) for one in editions]
    have_years = "" not in years and len({*years}) == len(years)
    head = "年度" if have_years else "版" if editions[1:] else "一覧"
    heads = Cell(head, scope="Column", id="head-year"), Cell("SHA-256", scope="Column", id="head-digest")
    rows = []
    for at, one in enumerate(editions[::-1], 1):
        id, name = f"source-{at}", years[-at]
        if not name or years.count(name) > 1:
            # As in the history; an edition alone has none.
            name = f"第{len(years) - at + 1}版" if editions[1:] else flat(one.edition.title)
        year = Cell(name, ("head-year",), "Row", id=id)
        rows.append(Row((year, Cell(one.source.digest, ("head-digest", id)))))
    return Table((heads,), tuple(rows))
