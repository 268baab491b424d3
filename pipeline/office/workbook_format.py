"""The format of the workbooks, shared by `sheets`, which writes them, and `returns`, which reads them."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.model.edition import Edition
from pipeline.model.form import NO_DEPARTMENT, Column
from pipeline.years.matching import Placed, place_items

# The names of the sheets, and the versions of the format. `returns` reads the former one too, and refuses any other.
ANSWERS, GUIDE, NOTES, HIDDEN = "回答", "記入要領", "連絡", "照合用"
FORM, FORMER = "kyodo-sheets-2", "kyodo-sheets-1"

# The hidden sheet: the facts, one a row, then a table of the values sent out, with its heads: what says which item it
# is, and a column for each field.
FACTS: Mapping[str, tuple[str, ...]] = {
    FORM: ("様式", "版", "元データ", "担当課", "見出し", "記入欄", "列", "照合"),
    FORMER: ("様式", "版", "元データ", "担当課", "見出し", "照合"),
}
IDENTITY: Mapping[str, tuple[str, ...]] = {FORM: ("NO", "名称", "前版NO", "段"), FORMER: ("NO", "名称")}

# The answer sheet. Column 1 is hidden and repeats the NO.
ID_COLUMN = 1
HEAD_ROW = 5

# The sheet of notes to the secretariat: what stands in this column, beside these heads, comes back as messages.
NOTE_COLUMN, FIRST_NOTE = 2, 3
NOTE_HEADS = ("意見・連絡事項", *("新規に追加したい項目",) * 3)


class Field(NamedTuple):
    """What a department fills in of each item: the column of this key; of a series, its year of this head."""

    key: str
    year: str = ""

    @property
    def label(self) -> str:
        """Its name in messages."""
        return f"{self.key}({self.year})" if self.year else self.key


def fields(edition: Edition) -> dict[Field, Column]:
    """What the departments fill in of each item, with its column, in printed order. Of a series it is the last year."""
    return {
        Field(column.key, column.years[-1] if column.years else ""): column
        for column in edition.columns
        if column.is_answered
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as it was sent out.

    `lineage` are its 前版NO and `place` the names of its headings, as text; the former format has neither.
    """

    number: int
    name: str
    answers: Mapping[Field, str]
    lineage: str = ""
    place: str = ""

    def row(self, version: str) -> tuple[int | str, ...]:
        """Its row in the hidden sheet of this version of the format."""
        identity = (self.number, self.name, self.lineage, self.place)[: len(IDENTITY[version])]
        return (*identity, *self.answers.values())


def asked(placed: Placed, columns: Mapping[Field, Column]) -> Asked:
    """The item as it is sent out."""
    item = placed.item
    answers = {field: item.texts(column)[-1] for field, column in columns.items()}
    return Asked(item.number, item.name, answers, lineage(placed), place(placed))


def lineage(placed: Placed) -> str:
    """The 前版NO of an item, as text; empty if it has none."""
    return "、".join(map(str, placed.item.previous_numbers))


def place(placed: Placed) -> str:
    """The names of an item's headings, as text."""
    return "\n".join(heading.section.name for heading in placed.headings)


@dataclass(frozen=True, slots=True)
class SentForm:
    """The data of the hidden sheet: edition, digest of its source, department, column heads, fields and items."""

    edition: str
    digest: str
    department: str
    heads: tuple[str, ...]  # of all columns of the answer sheet; the last ones are the fields
    fields: tuple[Field, ...]
    number_column: int  # 0 if the sheet shows no NO, or the items' own numbers in its place
    name_column: int
    asked: tuple[Asked, ...]
    version: str = FORM

    @property
    def facts(self) -> tuple[str, ...]:
        """The values of the first rows of the hidden sheet."""
        lists = (self.heads, self.fields, (self.number_column, self.name_column))
        heads, fields, columns = (json.dumps(one, ensure_ascii=False) for one in lists)
        return (FORM, self.edition, self.digest, self.department, heads, fields, columns, self.checksum)

    @property
    def checksum(self) -> str:
        """The checksum, in the hidden sheet, by which `returns` detects changes to that sheet."""
        rows = [one.row(self.version) for one in self.asked]
        own = (self.fields, self.number_column, self.name_column) if self.version == FORM else ()
        facts = (self.edition, self.digest, self.department, self.heads, *own, rows)
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def by_department(edition: Edition) -> dict[str, list[Placed]]:
    """The items that each department is asked about. An item of several (担当課: A課、B課) is asked of each."""
    found: dict[str, list[Placed]] = defaultdict(list)
    for placed in place_items(edition):
        for department in departments(edition, placed):
            found[department].append(placed)
    return dict(found)


def departments(edition: Edition, placed: Placed) -> tuple[str, ...]:
    """The departments of an item: its own, or else those of the nearest heading or the edition, or `NO_DEPARTMENT`."""
    above = (heading.section.department for heading in reversed(placed.headings))
    named = next(filter(None, (placed.item.department, *above, edition.department)), "")
    own = [part.strip() for part in re.split("[、,，\n]", named)]
    return tuple(dict.fromkeys(filter(None, own))) or (NO_DEPARTMENT,)
