"""Stage 3: renders finished values to one self-contained HTML document for screens, printing browsers and WeasyPrint.

Python computes every value; templates only arrange them. Each kind's values are made in its page.py; this module holds
what all kinds share.
"""

import traceback
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from pipeline.errors import TemplateError
from pipeline.model.dates import japanese_date
from pipeline.model.edition import Edition
from pipeline.model.form import without_note_marks
from pipeline.model.page_head import Legend, PageHead, short_legends
from pipeline.paper import A4, Sheet, Widths, filled, width_of_figures
from pipeline.text import flat

from .markup import mark_up

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STYLES = ROOT / "styles"

DRAFT = "案"
CONTINUED = "(続き)"
LEGEND_COLON = "："


@dataclass(frozen=True, slots=True)
class Masthead:
    """The masthead of the first page and of the later ones.

    `meanings` are legends printed in a block on page 1 only (凡例の場所: 一ページ目).
    """

    first: PageHead
    later: PageHead
    meanings: tuple[Legend, ...] = ()

    @property
    def heads(self) -> tuple[PageHead, ...]:
        """The masthead of all pages, or that of the first page and that of the others."""
        return (self.first,) if self.first is self.later else (self.first, self.later)

    @property
    def height_of_block(self) -> float:
        """An upper bound, in millimetres, of the height of the block of meanings."""
        return sum(legend.height_of_block(self.first.width) for legend in self.meanings)


def masthead(edition: Edition, number: str, title: str = "", sheet: Sheet = A4, dated: str | None = None) -> Masthead:
    """The masthead of a document on `edition`: its `page_head`, with the legends where the edition has them printed."""
    return arranged(page_head(edition, number, title, sheet, dated), edition.has_meanings_on_first_page)


def masthead_without_legends(edition: Edition, number: str, title: str) -> Masthead:
    """The masthead of a document on `edition` that prints none of its symbols."""
    return arranged(replace(page_head(edition, number, title), legends=()), False)


def page_head(edition: Edition, number: str, title: str = "", sheet: Sheet = A4, dated: str | None = None) -> PageHead:
    """The full head of a page of a document on `edition`, with the document's 資料番号.

    `dated` stands in place of 現在日.
    """
    if dated is None:
        dated = f"{japanese_date(edition.as_of)}現在" if edition.as_of else ""
    return PageHead(
        title=title or edition.title,
        fiscal_year=edition.fiscal_year,
        draft=DRAFT if edition.is_draft else "",
        document_number=number,
        legends=tuple(
            Legend(flat(column.head) + LEGEND_COLON, column.words or {})
            for column in edition.columns
            if column.kind == "symbol"
        ),
        issued=" ".join(filter(None, (dated, office(edition)))),
        sheet=sheet,
    )


def office(edition: Edition) -> str:
    """The office that issues the list. The city is named only with an office; the original names neither."""
    return " ".join(filter(None, (edition.municipality, edition.department))) if edition.department else ""


def arranged(head: PageHead, meanings_on_first_page: bool) -> Masthead:
    """The masthead of `head`, with the meanings of its legends on every page or on page 1 only."""
    if not meanings_on_first_page:
        return Masthead(head, head)
    return Masthead(replace(head, legends=()), replace(head, legends=short_legends(head.legends)), head.legends)


def document_title(edition: Edition, title: str = "") -> str:
    """The title in the metadata, with 年度, so that the files of several years can be told apart."""
    year = f"({flat(edition.fiscal_year)})" if edition.fiscal_year else ""
    return flat(title or edition.title) + year


def plain(text: str) -> str:
    """`text` in one line, without references to notes: these are printed below the list alone."""
    return flat(without_note_marks(text))


# Where a web page names the size of its PDF, which is known when the PDF is made. Typed text has no tags.
SIZE_OF_PDF = Markup('<span hidden=""></span>')


def with_size_of_pdf(html: str, size: int) -> str:
    """`html` with the size of its PDF, which has `size` bytes, where it names that."""
    return html.replace(SIZE_OF_PDF, f"、{size_of_file(size)}")


def size_of_file(size: int) -> str:
    """A number of bytes for people: 36KB, 1.2MB, rounded up as in file managers."""
    kilobytes = -(-size // 1024)
    return f"{kilobytes}KB" if kilobytes < 1024 else f"{-(-size * 10 // 1024**2) / 10:.1f}MB"


def render(template: str, **values: object) -> str:
    """`template` filled with `values`. Raises `TemplateError` for a broken template or a missing style, with its line."""
    try:
        return mark_up(_environment().get_template(template).render(**values))
    except MemoryError:
        raise
    except Exception as error:  # a template can raise anything; its author needs the line
        # Jinja rewrites tracebacks: the last frame in templates/ is the line of the template.
        places = [
            frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == TEMPLATES
        ]
        if not isinstance(error, jinja2.TemplateError) and not places:
            raise  # a bug outside the templates
        syntax = error if isinstance(error, jinja2.TemplateSyntaxError) else None
        name = (syntax and syntax.filename) or (places[-1].filename if places else template)
        line = syntax.lineno if syntax else places[-1].lineno if places else 0
        said = getattr(error, "message", None) or error
        raise TemplateError(f"templates/{Path(name).name}:{line}: ひな形に誤りがあります({said})。") from error


def permille(part: int, whole: int) -> int:
    """`part` of `whole` in tenths of a per cent, rounded half up."""
    return (2_000 * part + whole) // (2 * whole)


def percent(tenths: int) -> str:
    """`tenths` of a per cent as text: 333 gives 33.3."""
    return f"{tenths // 10}.{tenths % 10}"


def number_column(numbers: Iterable[int], room: int) -> str:
    """The class of a column of `numbers`: "number" if it has `room` for their figures, otherwise a wider "figures-N".

    A NO is never broken into lines.
    """
    figures = max((len(str(number)) for number in numbers), default=1)
    return "number" if figures <= room else f"figures-{figures}"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        optimized=False,  # folding constants takes longer than it saves: a template is rendered once
    )
    environment.globals |= {
        "keywords": _keywords,
        "style": _style,
        "rules": _rules,
        "figure_rules": Markup(_figure_rules()),
    }
    environment.filters["flat"] = flat
    return environment


def _style(name: str) -> Markup:
    """The stylesheet `name` with the measures of the paper, for inlining: the document loads no file."""
    try:
        return Markup(filled((STYLES / name).read_text("utf-8")))
    except LookupError as error:
        raise LookupError(f"styles/{name}: {error.args[0]}") from None


def _keywords(edition: Edition) -> str:
    """The keywords in a document's metadata: what the edition counts, its levels and its items."""
    main = [edition.main] if edition.main else []
    return ", ".join(plain(column.head) for column in (*main, *edition.levels, edition.item_column))


def _rules(widths: Widths, table: str) -> Markup:
    """The CSS rules that give the columns of the `table`, a selector, their `widths`."""
    return Markup(widths.rules(table))


def _figure_rules() -> str:
    """The CSS widths of the classes figures-4 to figures-9 (`number_column`)."""
    return "".join(f"col.figures-{count} {{ width: {width_of_figures(count):g}mm; }}\n" for count in range(4, 10))
