"""The page of the 資料目録: the papers of a council's set, and the digests of the sources that they were made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.documents.document import DIGEST_LENGTH, Carried, ListedPaper
from pipeline.documents.html import document_title, masthead_without_legends, plain, render
from pipeline.model.edition import Edition
from pipeline.model.validation import Validated
from pipeline.text import flat

TITLE = "資料目録"
SUMMARY, COMPARISON = "集計表", "新旧対照表"


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper: its 資料番号, its title, its pages with their size, and its files for links on the web page."""

    id: str
    number: str
    title: str
    pages: int
    sheet: str
    link: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source: what its edition is called, and its SHA-256."""

    id: str
    year: str
    digest: str


def page(editions: Sequence[Validated], papers: Sequence[ListedPaper], carried: Carried) -> str:
    """The HTML of the 資料目録."""
    edition = editions[-1].edition
    title = f"{flat(edition.title)} {TITLE}"
    rows = tuple(paper_rows(edition, papers))
    return render(
        "council.html",
        edition=edition,
        title=document_title(edition, title),
        masthead=masthead_without_legends(edition, edition.document_number.council, title),
        carried=carried,
        lead=_lead(editions),
        has_numbers=any(row.number for row in rows),
        papers=rows,
        total=sum(row.pages for row in rows),
        explanation=_explanation(editions),
        source_head=_source_head(editions),
        sources=tuple(_sources(editions, carried)),
    )


def _lead(editions: Sequence[Validated]) -> str:
    return f"次の資料は、全て同じ元データ{'' if len(editions) == 1 else '(下の表)'}から作りました。"


def paper_rows(edition: Edition, papers: Sequence[ListedPaper]) -> list[PaperRow]:
    """The `papers` that are printed, as a table lists them."""
    return [
        PaperRow(
            f"paper-{at}",
            getattr(edition.document_number, paper.kind),
            title_of(edition, paper.kind),
            paper.pages,
            paper.sheet,
            f"../{paper.path}",
        )
        for at, paper in enumerate((paper for paper in papers if paper.pages), 1)
    ]


def title_of(edition: Edition, kind: str) -> str:
    """The title that a paper of this kind has."""
    of_kind = {
        "report": "",
        "summary": SUMMARY,
        "comparison": COMPARISON,
        "history": f"{plain(edition.item_column.head)}の経過",
        "council": TITLE,
    }
    return f"{flat(edition.title)} {of_kind[kind]}".strip()


def _explanation(editions: Sequence[Validated]) -> str:
    said = f"各資料の右下にある「元データ」の英数字は、この値(SHA-256)の初めの{DIGEST_LENGTH}文字です。"
    if len(editions) > 2:
        said += "「(○版)」とあるものは、その数の版の値を合わせて計算した値です。"
    return said


def _sources(editions: Sequence[Validated], carried: Carried) -> list[SourceRow]:
    """The sources, the newest first."""
    return [
        SourceRow(f"source-{at}", label, file.digest)
        for at, (label, file) in enumerate(zip(_labels(editions)[::-1], reversed(carried.files), strict=True), 1)
    ]


def _labels(editions: Sequence[Validated]) -> list[str]:
    """The 年度 of each edition; without one, or with that of another, what the history calls it: 第1版.

    A single edition has no history: without a 年度 it is called by its title.
    """
    years = [flat(one.edition.fiscal_year) for one in editions]
    if len(years) == 1:
        return [years[0] or flat(editions[0].edition.title)]
    return [year if year and years.count(year) == 1 else f"第{at}版" for at, year in enumerate(years, 1)]


def _source_head(editions: Sequence[Validated]) -> str:
    if _labels(editions) == [flat(one.edition.fiscal_year) for one in editions]:
        return "年度"
    return "版" if len(editions) > 1 else "一覧"
