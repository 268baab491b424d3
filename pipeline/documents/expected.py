"""The expected masthead and metadata of every kind of document, derived from the model alone.

Neither this module nor an expected.py may import the code that makes the pages (tests/test_expected.py): the proof would
miss an error in code that it shares. Therefore the fixed words of a page are written in both.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from pipeline.errors import ProofError
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition
from pipeline.model.form import without_note_marks
from pipeline.text import flat

from .document import A4_LANDSCAPE, Block, Expected, Paragraph

CONTINUED = "(続き)"
DRAFT = "案"
LEGEND_COLON = "："


def expect(
    edition: Edition,
    number: str,
    *blocks: Block,
    title: str = "",
    page_size: tuple[float, float] = A4_LANDSCAPE,
    legends: tuple[tuple[str, Mapping[str, str]], ...] | None = None,
    dated: str | None = None,
) -> Expected:
    """The expected content of a document on one `edition`, with its 資料番号.

    It stands under the edition's title or another one, with all legends or these, and 現在日 or what is `dated` otherwise.
    """
    first, later, meanings = mastheads(
        edition, number, title or edition.title, edition.has_meanings_on_first_page, legends=legends, dated=dated
    )
    return Expected(
        title=document_title(title or edition.title, edition.fiscal_year),
        author=flat(edition.municipality),
        masthead=first,
        repeated=later,
        blocks=(*meanings, *blocks),
        page_size=page_size,
    )


def mastheads(
    edition: Edition,
    number: str,
    title: str,
    has_meanings_on_first_page: bool,
    years: str | None = None,
    is_draft: bool | None = None,
    legends: tuple[tuple[str, Mapping[str, str]], ...] | None = None,
    dated: str | None = None,
) -> tuple[tuple[Paragraph, ...], tuple[Paragraph, ...], tuple[Paragraph, ...]]:
    """The expected masthead of the first page, that of the others, and the block of meanings.

    `years`, `is_draft`, `legends` (label and symbols of each) and `dated` override those of the edition.
    """
    if legends is None:
        symbols_of = (column for column in edition.columns if column.kind == "symbol")
        legends = tuple((flat(column.head) + LEGEND_COLON, column.words or {}) for column in symbols_of)
    issued = [f"{japanese_date(edition.as_of)}現在"] if edition.as_of else []
    if dated is not None:
        issued = [dated]
    if edition.department:
        issued += [edition.municipality, edition.department]
    draft = DRAFT if (edition.is_draft if is_draft is None else is_draft) else ""

    def paragraphs(first: str, *others: str) -> tuple[Paragraph, ...]:
        texts = [
            ("P", edition.fiscal_year if years is None else years),
            ("H1", title),
            ("P", draft),
            ("P", number),
            ("P", first),
            ("P", " ".join(filter(None, issued))),
            *(("P", other) for other in others),
        ]
        return tuple(Paragraph(kind, text) for kind, text in texts if text)

    if not has_meanings_on_first_page:
        on_every_page = paragraphs(*(legend(*one) for one in legends)) if legends else paragraphs("")
        return on_every_page, on_every_page, ()
    symbols = dict.fromkeys(symbol for _, entries in legends for symbol in entries)
    if not legends:
        return paragraphs(""), paragraphs(""), ()
    label = legends[0][0] if len(legends) == 1 else f"凡例{LEGEND_COLON}"
    meanings = [text for label, entries in legends for text in (label, *(a + b for a, b in entries.items()))]
    return (
        paragraphs(""),
        paragraphs(f"{label}{' '.join(symbols)} (意味は1ページ)"),
        tuple(Paragraph("P", text) for text in meanings),
    )


def legend(label: str, symbols: Mapping[str, str]) -> str:
    """A legend as printed: the label, then each symbol with its meaning."""
    return label + " ".join(symbol + meaning for symbol, meaning in symbols.items())


def document_title(title: str, years: str) -> str:
    """The title in the metadata, with the year or years in brackets if there are any."""
    return flat(f"{title}({years})" if years else title)


def plain(text: str) -> str:
    """`text` in one line, without references to notes, which the list alone prints."""
    return flat(without_note_marks(text))


def number_and_title(edition: Edition, kind: str) -> tuple[str, str]:
    """The 資料番号 and the title of a paper of this kind."""
    numbers, name = edition.document_number, flat(edition.title)
    match kind:
        case "report":
            return numbers.report, name
        case "summary":
            return numbers.summary, f"{name} 集計表"
        case "comparison":
            return numbers.comparison, f"{name} 新旧対照表"
        case "history":
            return numbers.history, f"{name} {plain(edition.item_column.head)}の経過"
    return numbers.council, f"{name} 資料目録"


def percent(part: int, whole: int) -> Decimal:
    """`part` of `whole` in per cent with one decimal, rounded half up."""
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)


def require(holds: bool, message: str) -> None:
    """Raise `ProofError` unless an invariant of the expected content holds."""
    if not holds:
        raise ProofError(f"検査で、資料の中身に食い違いが見つかりました。{message}")
