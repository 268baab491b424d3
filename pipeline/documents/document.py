"""The types that pass from stage 3 to stage 6: a document's HTML, the expected text of its PDF, and its attachments.

`Expected` is derived from the model; the proof compares the PDF with it.
"""

import datetime
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.paper import A3, A4

if TYPE_CHECKING:  # it has models, which take time to make
    from pipeline.model.validation import Validated

A4_LANDSCAPE, A3_LANDSCAPE = A4.points, A3.points

# The attribute that holds an element's id during layout.
ID = "data-id"

# A line that begins with one of these is an entry of a list.
BULLETS = "・･•‣◦●○◎■□◆◇▪▫"

# Announced before underlined words: of the new text, of the old text, of a correction.
CHANGED, DELETED, CORRECTED = "変更", "削除", "訂正"

# Hexadecimal digits of the SHA-256 in the footer, by which two printouts can be told apart.
DIGEST_LENGTH = 8


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """An attachment of the PDF: a source, byte for byte. `name` is ASCII."""

    name: str
    data: bytes
    edition: str

    @property
    def digest(self) -> str:
        """The SHA-256 in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Carried:
    """The attachments of a PDF (its sources) and its date (現在日)."""

    files: tuple[CarriedFile, ...]
    day: datetime.date | None

    @property
    def label(self) -> str:
        """The footer: the digests of one or two sources; of more, their number and a digest over all digests."""
        return label_of([file.digest for file in self.files])

    @property
    def identifier(self) -> str:
        """The identifier in the metadata: the digests of all sources."""
        return " ".join(f"sha256:{file.digest}" for file in self.files)


def label_of(digests: Sequence[str]) -> str:
    """What the foot of a page says of sources with these digests. See `Carried.label`."""
    if len(digests) <= 2:
        return "→".join(digest[:DIGEST_LENGTH] for digest in digests)
    # Over the lines of `sha256sum` without the file names.
    together = hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()
    return f"{together[:DIGEST_LENGTH]}({len(digests)}版)"


def carried_by_set(editions: "Sequence[Validated]") -> Carried:
    """What a paper on a whole chain of `editions` carries, oldest first: their sources, and the day of the newest."""
    sources = [one.source for one in editions]
    names = [f"source-{one.edition}.yaml" for one in sources] if len(sources) > 1 else ["source.yaml"]
    files = tuple(CarriedFile(name, one.data, one.edition) for name, one in zip(names, sources, strict=True))
    return Carried(files, editions[-1].edition.as_of)


@dataclass(frozen=True, slots=True)
class Cell:
    """An expected cell: text, ids in `Headers`, `Scope` of a header cell, alternate text.

    `marked` holds the underlined words line by line, `said` what is announced before each. `heading` is the
    level of a heading inside the cell; 0 means none.
    """

    text: str
    headers: tuple[str, ...] = ()
    scope: str = ""
    alternate: str = ""
    id: str = ""
    marked: tuple[str, ...] = ()
    said: str = ""
    heading: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """An expected row. `context` is the line of context of a page that begins with it."""

    cells: tuple[Cell, ...]
    context: str = ""
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """An expected paragraph or heading; `kind` is its structure type: P, H1, H2, Note, Figure.

    Of a figure, `alternate` is the alternate text and `text` the text drawn in it.
    """

    kind: str
    text: str
    alternate: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """An expected table: the rows of its head, which every page repeats, and its other rows.

    `pictures_head` is the head of a column of decorative pictures; head and pictures are artifacts.
    """

    heads: tuple[tuple[Cell, ...], ...]
    rows: tuple[Row, ...]
    pictures_head: str = ""

    @property
    def head_text(self) -> str:
        """The text of all header cells."""
        return "".join(cell.text for row in self.heads for cell in row)


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class Printed:
    """Where something stands in a PDF of ours: the page (from 1) of each id, and the text of each page, without spaces."""

    pages: Mapping[str, int]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected content of a PDF: metadata, masthead of the first page and of the others, and the blocks in order."""

    title: str
    author: str
    masthead: tuple[Paragraph, ...]
    repeated: tuple[Paragraph, ...]
    blocks: tuple[Block, ...]
    page_size: tuple[float, float] = A4_LANDSCAPE

    @property
    def tables(self) -> Iterator[Table]:
        """The tables among the blocks."""
        return (block for block in self.blocks if isinstance(block, Table))


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """A paper of a council's set, for the papers that list it: its kind, its file below out/, pages and sheet (用紙).

    What is not printed has no pages.
    """

    kind: str
    path: str
    pages: int
    sheet: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document before layout. `beside` holds files delivered with it: (suffix such as ".json", content)."""

    html: str
    expected: Expected
    carried: Carried
    beside: tuple[tuple[str, bytes], ...] = ()
