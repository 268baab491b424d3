"""The format of the workbooks, shared by `sheets`, which writes them, and `returns`, which reads them."""

import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass

from pipeline.model.edition import Edition
from pipeline.model.form import answered
from pipeline.years.matching import Placed, place_items

# The names of the sheets, and the version of the format: `returns` refuses workbooks of another one.
ANSWERS, GUIDE, HIDDEN = "回答", "記入要領", "照合用"
FORM = "kyodo-sheets-1"

NO_DEPARTMENT = "担当課なし"

# The keys of the answers, in the order of their columns.
KEYS = tuple(column.key for column in answered())

# The kind of each answer, by key.
KINDS = {column.key: column.kind for column in answered()}

# The hidden sheet: facts in rows 1 to 6, then a table of the values sent out, with its heads.
FACTS = ("様式", "版", "元データ", "担当課", "見出し", "照合")
FIRST_ASKED = len(FACTS) + 2

# The answer sheet. Column 1 is hidden and repeats the NO.
ID_COLUMN, NUMBER_COLUMN, NAME_COLUMN = 1, 4, 5
HEAD_ROW = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as it was sent out."""

    number: int
    name: str
    texts: tuple[str, ...]  # in the order of KEYS

    @property
    def answers(self) -> dict[str, str]:
        """The texts by their keys."""
        return dict(zip(KEYS, self.texts, strict=True))

    @property
    def row(self) -> tuple[int | str, ...]:
        """Its row in the hidden sheet."""
        return (self.number, self.name, *self.texts)


@dataclass(frozen=True, slots=True)
class Form:
    """The data of the hidden sheet: edition, digest of its source, department, column heads and items."""

    edition: str
    digest: str
    department: str
    heads: tuple[str, ...]  # of all columns of the answer sheet; the last ones are the answers
    asked: tuple[Asked, ...]

    @property
    def checksum(self) -> str:
        """The checksum, in the hidden sheet, by which `returns` detects changes to that sheet."""
        facts = (self.edition, self.digest, self.department, self.heads, [one.row for one in self.asked])
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def by_department(edition: Edition) -> dict[str, list[Placed]]:
    """The items that each department is asked about. An item of several (担当課: A課、B課) is asked of each."""
    found: dict[str, list[Placed]] = defaultdict(list)
    for placed in place_items(edition):
        for department in departments(edition, placed.item.department):
            found[department].append(placed)
    return dict(found)


def departments(edition: Edition, named: str) -> tuple[str, ...]:
    """The departments of an item whose 担当課 is `named`; if empty, those of the edition, else `NO_DEPARTMENT`."""
    own = [part.strip() for part in re.split("[、,，\n]", named or edition.department)]
    return tuple(dict.fromkeys(filter(None, own))) or (NO_DEPARTMENT,)
