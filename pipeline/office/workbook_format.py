"""What a workbook is made of and carries, hidden: the part that the way out (`sheets`) and the way back (`returns`) share."""

import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass

from pipeline.model.columns import answered
from pipeline.model.edition import Edition
from pipeline.years.matching import Placed, place_items

# The sheets, and the version of their layout: what an older program made, `returns` must not misread.
ANSWERS, GUIDE, HIDDEN = "回答", "記入要領", "照合用"
FORM = "kyodo-sheets-1"

NO_DEPARTMENT = "担当課なし"

# The answers, in the order of their columns.
KEYS = tuple(column.key for column in answered())

# What each answer is.
KINDS = {column.key: column.kind for column in answered()}

# The hidden sheet: facts in rows 1 to 6, then the heads of a table of what went out, then that table.
FACTS = ("様式", "版", "元データ", "担当課", "見出し", "照合")
FIRST_ASKED = len(FACTS) + 2

# The answer sheet: the NO once more in column 1, which is hidden, then what everybody sees.
ID_COLUMN, NUMBER_COLUMN, NAME_COLUMN = 1, 4, 5
HEAD_ROW = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as it went out."""

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
    """What a workbook carries, hidden: which edition asks which department what."""

    edition: str
    digest: str
    department: str
    heads: tuple[str, ...]  # of the answer sheet's columns, of which the last are the answers
    asked: tuple[Asked, ...]

    @property
    def checksum(self) -> str:
        """By which `returns` sees that nobody wrote into the hidden sheet."""
        facts = (self.edition, self.digest, self.department, self.heads, [one.row for one in self.asked])
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def by_department(edition: Edition) -> dict[str, list[Placed]]:
    """Which department is asked for which items. One for which several answer (担当課: A課、B課) is asked of each."""
    found: dict[str, list[Placed]] = defaultdict(list)
    for placed in place_items(edition):
        for department in departments(edition, placed.item.department):
            found[department].append(placed)
    return dict(found)


def departments(edition: Edition, named: str) -> tuple[str, ...]:
    """The departments that answer for an item that names `named` as its 担当課."""
    own = [part.strip() for part in re.split("[、,，\n]", named or edition.department)]
    return tuple(dict.fromkeys(filter(None, own))) or (NO_DEPARTMENT,)
