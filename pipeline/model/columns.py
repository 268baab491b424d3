"""Stage 2: the columns of the list as data, in printed order. To add or rename a column, change this table.

Column heads, header cells, colspans, the fields of open data and the columns of workbooks are derived from it.
`Edition.columns` gives the same columns with the heads of one edition (見出し).
"""

from dataclasses import dataclass
from typing import Literal

# The kinds of columns: "level" is a heading above the items, numbered automatically; "number" the NO; "name" the item's
# name, which is the row's header cell; "symbol" a symbol of the legend; "term" a word of a list; "prose" free text.
Kind = Literal["level", "number", "name", "symbol", "term", "prose"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list.

    `name` is its identifier in code, templates, stylesheets, element ids and data.json; `key` its word in the source and
    in data.csv; `head` what the paper prints above it; `field` the attribute of `Item` that it shows (none of a level).
    A department fills in what `is_answered`; a repeat shows 「-」 there.
    """

    name: str
    key: str
    kind: Kind
    head: str
    field: str = ""
    is_answered: bool = False


COLUMNS = (
    Column("policy", "推進方針", "level", "推進方針"),
    Column("measure", "推進施策", "level", "推進施策"),
    Column("number", "NO", "number", "NO", "number"),
    Column("item", "推進項目", "name", "推進項目", "name"),
    Column("status", "実施状況", "symbol", "実施状況", "status", True),
    Column("treatment", "今後の取扱い", "term", "今後の取扱い", "treatment", True),
    Column("findings", "検証内容", "prose", "検証内容", "findings", True),
)


def levels(columns: tuple[Column, ...] = COLUMNS) -> tuple[Column, ...]:
    """The levels among `columns`, the outermost first."""
    return tuple(column for column in columns if column.kind == "level")


def item_columns(columns: tuple[Column, ...] = COLUMNS) -> tuple[Column, ...]:
    """The columns that hold a cell of every item."""
    return tuple(column for column in columns if column.kind != "level")


def answered(columns: tuple[Column, ...] = COLUMNS) -> tuple[Column, ...]:
    """The columns that a department fills in."""
    return tuple(column for column in columns if column.is_answered)
