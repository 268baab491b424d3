"""What a document is on its way from stage 3 to stage 6: its HTML, what its PDF must say, and what it carries.

A document says what must be read in it in its own words, from the model; the proof holds the PDF against that.
"""

import datetime
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.paper import A3, A4

A4_LANDSCAPE, A3_LANDSCAPE = A4.points, A3.points

# The attribute in which an element's id stands while it is laid out.
ID = "data-id"

# Characters with which a line begins that is an entry of a list.
BULLETS = "・･•‣◦●○◎■□◆◇▪▫"

# What is read aloud before words that are marked: underlined in the new text, struck out in the old one, underlined
# in both texts of a correction.
CHANGED, DELETED, CORRECTED = "変更", "削除", "訂正"

# Of a SHA-256 in hexadecimal so many characters stand in the footer, to tell two printouts apart.
DIGEST_LENGTH = 8


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file inside the PDF: the source it was made of, byte for byte. `name` is ASCII."""

    name: str
    data: bytes
    edition: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Carried:
    """What a PDF carries besides its pages: its sources, and the day that they speak of."""

    files: tuple[CarriedFile, ...]
    day: datetime.date | None

    @property
    def label(self) -> str:
        """What stands in the footer: the digests of one source or two; of more, one over all of them and their number."""
        if len(self.files) <= 2:
            return "→".join(file.digest[:DIGEST_LENGTH] for file in self.files)
        # As `sha256sum` lists the digests of the files, without their names.
        digest = hashlib.sha256("".join(f"{file.digest}\n" for file in self.files).encode()).hexdigest()
        return f"{digest[:DIGEST_LENGTH]}({len(self.files)}版)"

    @property
    def identifier(self) -> str:
        """What stands in the metadata."""
        return " ".join(f"sha256:{file.digest}" for file in self.files)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it must read: its text, the ids in `Headers`, its `Scope` if it is a head, its alternate text.

    `marked` holds the words that are underlined or struck out, line by line, and `said` what is read before each.
    `heading` is the level of a heading that the cell holds.
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
    """A row as it must read. `context` is what the head of a page says that begins with it."""

    cells: tuple[Cell, ...]
    context: str = ""
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph or heading as it must read; `kind` is its type in the PDF: P, H1, H2, Note, Figure.

    `alternate` is what is read aloud of a figure; `text` is what stands in it.
    """

    kind: str
    text: str
    alternate: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it must read: the rows of its head, which each of its pages repeats, and all others.

    `pictures_head` heads a column of pictures that repeat what other cells say: it is for the eye only, as they are.
    """

    heads: tuple[tuple[Cell, ...], ...]
    rows: tuple[Row, ...]
    pictures_head: str = ""

    @property
    def head_text(self) -> str:
        return "".join(cell.text for row in self.heads for cell in row)


Block = Paragraph | Table


@dataclass(frozen=True, slots=True)
class Expected:
    """What a PDF must say: its metadata, what opens it, what stands at the head of every other page, and all the rest in order."""

    title: str
    author: str
    masthead: tuple[Paragraph, ...]
    repeated: tuple[Paragraph, ...]
    blocks: tuple[Block, ...]
    page_size: tuple[float, float] = A4_LANDSCAPE

    @property
    def tables(self) -> Iterator[Table]:
        return (block for block in self.blocks if isinstance(block, Table))


@dataclass(frozen=True, slots=True)
class Document:
    """A document before it is laid out. `beside` holds what is delivered with it: suffix (".json") and content."""

    html: str
    expected: Expected
    carried: Carried
    beside: tuple[tuple[str, bytes], ...] = ()
