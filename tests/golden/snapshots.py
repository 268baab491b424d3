"""What the program makes of some editions, as files, before any layout: pages, what a PDF must say, data, drafts, sheets."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from pprint import pformat
from zipfile import ZipFile

from pipeline.documents.book import book
from pipeline.documents.checklist import checklist
from pipeline.documents.comparison import comparison
from pipeline.documents.council import council
from pipeline.documents.data import downloads, open_data
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.errors import NothingToDoError
from pipeline.model.schema import schema_of
from pipeline.model.validation import Validated, validate
from pipeline.office.adopt.adopt import adopt, describe
from pipeline.office.sheets import workbooks
from pipeline.source.tree import parse_source
from pipeline.years.draft import next_edition
from tests.conftest import A_SET, NOT_PRINTED, ROOT
from tests.editions import with_every_field
from tests.made_up import FormMaker

FORMS = ROOT / "tests/forms"

# Forms by chance, of two years each.
SEEDS = range(2)


def snapshots() -> Iterator[tuple[str, str]]:
    """Each file's name and text."""
    for old, new in _pairs():
        for name, text in _of_pair(old, new):
            yield f"{new.source.edition}-{name}", text
    for path in sorted((ROOT / "tests/adopt").glob("*.xlsx")):
        adopted = adopt(path, Path("source/adopted.yaml"))
        yield f"adopted-{path.stem}.yaml", adopted.text
        yield f"adopted-{path.stem}.txt", "\n".join(describe(adopted, Path("source/adopted.yaml")))


def _pairs() -> Iterator[tuple[Validated, Validated]]:
    yield _edition("h24", with_every_field(24)), _edition("h25", with_every_field(25, "h24"))
    original = _edition("original", (ROOT / "source/original.yaml").read_text("utf-8"))
    yield original, original
    forms = {path.stem: _edition(path.stem, path.read_text("utf-8")) for path in sorted(FORMS.glob("*.yaml"))}
    for name, edition in forms.items():
        yield forms.get(name.replace("-r6", "-r5"), edition), edition
    for seed in SEEDS:
        old, new = FormMaker(seed).years()
        yield _edition("made-up", old), _edition(f"later-{seed}", new)


def _edition(name: str, text: str) -> Validated:
    return validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))


def _of_pair(old: Validated, new: Validated) -> Iterator[tuple[str, str]]:
    name = new.source.edition
    data = open_data(new)
    yield "warnings.txt", "".join(f"{warning}\n" for warning in new.warnings)
    yield from _of_document("report", report(new, downloads(data)))
    yield from _of_document("summary", summary(new, old if old is not new else None))
    if old is not new:
        yield from _of_document("comparison", comparison(old, new))
        yield from _of_document("comparison-all", comparison(old, new, show_all=True))
        yield from _of_document("history", history((old, new)))
        try:
            yield from _of_document("errata", errata(old, new))
        except NothingToDoError as nothing:
            yield "errata.txt", f"{nothing}\n"
    for file, content in data.items():
        yield file, content.decode()
    if old is not new:
        yield from _of_document("council", council((old, new), A_SET))
        yield from _of_document("checklist", checklist((old, new), [*A_SET, NOT_PRINTED]))
    yield "list.xml", workbook_text(book(new))
    yield "next.yaml", next_edition(new.edition, name, "next")
    yield "schema.json", schema_of(new.source)
    sheets = workbooks(new, old.edition if old is not new else None)
    for file, content in [*sheets.items()][:1]:
        yield f"{file}.xml", workbook_text(content)


def _of_document(kind: str, document: Document) -> Iterator[tuple[str, str]]:
    yield f"{kind}.html", document.html
    yield f"{kind}.expected", pformat(document.expected, width=140)
    for suffix, data in document.beside:
        yield f"{kind}{suffix}", data.decode()


def workbook_text(data: bytes) -> str:
    """The XML of every part, with its time."""
    with ZipFile(BytesIO(data)) as book:
        return "\n".join(f"{one.filename} {one.date_time}\n{book.read(one).decode()}" for one in book.infolist())
