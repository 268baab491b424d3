"""Stage 2: the form (様式) of a list as data: its levels (段), its items (項目) and its columns (欄), in printed order.

Every document asks the form which columns there are, of which kind, and which of them decides what. `form_of` reads
the form in a source; `DEFAULT` is the form of a source that has none of its own, the one of the original list. The
names of its columns, like 実施状況, stand nowhere else in the code.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

from pipeline.paper import SHEETS, Sheet

# The kinds of columns: "level" is a heading above the items; "number" the NO, or the item's own number; "name" the
# item's name, which is the row's header cell; "symbol" a symbol of a legend; "term" a word of a list; "figure" a number
# with a unit, or a series of them by year; "department" the item's 担当課; "text" a short text, "prose" a long one.
Kind = Literal["level", "number", "name", "symbol", "term", "figure", "department", "text", "date", "prose"]

# 種類 in the source.
KINDS: Mapping[str, Kind] = {
    "記号": "symbol",
    "語": "term",
    "数": "figure",
    "課": "department",
    "文字": "text",
    "日付": "date",
    "文章": "prose",
}

# 番号 of a level, and of the items, in the source.
Numbering = Literal["ローマ数字", "括弧", "算用数字", "自由", "なし"]
ItemNumbering = Literal["NO", "自由", "なし"]

# The value of a cell that is not yet decided. It is allowed, and makes the edition a draft (案).
BLANK = "未記入"

# The name of what belongs to no 担当課, among those of the departments.
NO_DEPARTMENT = "担当課なし"

MAX_LEVELS = 4
MAX_COLUMNS = 20
MAX_YEARS = 10

# The form of the original, in the words of a source. 凡例 and 今後の取扱い at the top of a source are the short form of
# the lists of words of 実施状況 and 今後の取扱い.
DEFAULT: Mapping[str, Any] = {
    "段": [{"名称": "推進方針", "番号": "ローマ数字"}, {"名称": "推進施策", "番号": "括弧"}],
    "項目": {"名称": "推進項目", "番号": "NO"},
    "欄": {
        "実施状況": {"種類": "記号", "集計": "主"},
        "今後の取扱い": {"種類": "語", "行方": "true"},
        "検証内容": {"種類": "文章"},
    },
}
# The keys at the top of a source that hold the words of the default columns, and those that hold what is done.
SHORT_WORDS = {"実施状況": "凡例", "今後の取扱い": "今後の取扱い"}
SHORT_DONE = {"実施状況": "完了の記号", "今後の取扱い": "完了の語"}

# Identifiers of the default levels and columns, by key. Those of other forms count: level-1, column-2.
_NAMES = {
    "推進方針": "policy",
    "推進施策": "measure",
    "実施状況": "status",
    "今後の取扱い": "treatment",
    "検証内容": "findings",
}
# What data.json calls their lists: of the sections of a level, of the words of a column.
LISTS = {"policy": "policies", "measure": "measures", "status": "legend", "treatment": "treatments"}

# Spellings of a flag that is set. The first three are those of a YAML boolean.
YES = ("true", "True", "TRUE", "はい")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list, or a level above its items, which has a column of its own to indent what is below it.

    `name` is its identifier in code, element ids and data.json; `key` its word in the source and in data.csv; `head`
    what the paper prints above it; `field` the attribute of `Item` that it shows (none of a level). A department fills
    in what `is_answered`.
    """

    name: str
    key: str
    kind: Kind
    head: str
    field: str = ""
    is_answered: bool = False
    # Of a level, how its headings are numbered.
    numbering: Numbering = "なし"
    # Of symbols, each with its meaning; of terms, each with 継続 or 終了 where it says whether an item goes on.
    words: Mapping[str, str] | None = None
    # The symbols or terms that say that an item is done (完了の記号, 完了の語).
    done: tuple[str, ...] = ()
    # Of figures: the unit of all cells, and the heads of a series, by year.
    unit: str = ""
    years: tuple[str, ...] = ()
    # 集計: 主, 行方 and 段落: 下.
    is_main: bool = False
    decides: bool = False
    is_below: bool = False

    @property
    def attribute(self) -> str:
        """Its identifier where a hyphen may not stand: an attribute's name, a key of data.json."""
        return self.name.replace("-", "_")


@dataclass(frozen=True)
class Form:
    """The levels and columns of a list in printed order, and its sheet of paper; heads and words are the edition's.

    `written` are the keys of the form that the source has (段, 項目, 欄). Without 欄, the words of the default columns stand
    at its top.
    """

    columns: tuple[Column, ...]
    sheet: Sheet
    written: frozenset[str] = frozenset()

    def __hash__(self) -> int:
        return hash((self.columns, self.sheet, self.written))

    @property
    def has_own_columns(self) -> bool:
        """Whether the source names its columns."""
        return "欄" in self.written

    @cached_property
    def levels(self) -> tuple[Column, ...]:
        """The levels, the outermost first."""
        return tuple(column for column in self.columns if column.kind == "level")

    @property
    def item(self) -> Column:
        """The column of the items' names. Its key is the key of the items in the source."""
        return next(column for column in self.columns if column.kind == "name")

    @property
    def list_keys(self) -> tuple[str, ...]:
        """The keys of the lists in the source, the outermost first: that of each level, and that of the items."""
        return (*(level.key for level in self.levels), self.item.key)

    @property
    def number(self) -> Column | None:
        """The column of NO or of the items' own numbers; None if none is printed."""
        return next((column for column in self.columns if column.kind == "number"), None)

    @property
    def main(self) -> Column | None:
        """The column by which items are counted (集計: 主)."""
        return next((column for column in self.columns if column.is_main), None)

    @property
    def deciding(self) -> Column | None:
        """The column that says whether an item goes on (行方); if there is none, every item does."""
        return next((column for column in self.columns if column.decides), None)

    @property
    def has_departments(self) -> bool:
        """Whether a column shows the items' 担当課."""
        return any(column.kind == "department" for column in self.columns)

    @property
    def has_series(self) -> bool:
        """Whether a column has figures by year."""
        return any(column.years for column in self.columns)

    @property
    def department_key(self) -> str:
        """The key of an item's 担当課: the name of the column of departments, if there is one."""
        return next((column.key for column in self.columns if column.kind == "department"), "担当課")

    @property
    def prints_no(self) -> bool:
        """Whether the items are known by their NO. Otherwise by their names, perhaps with numbers of their own."""
        return self.item_numbering == "NO"

    @property
    def item_numbering(self) -> ItemNumbering:
        """番号 of the items."""
        return "なし" if self.number is None else "NO" if self.number.field == "number" else "自由"

    @property
    def own(self) -> tuple[Column, ...]:
        """The columns that the form itself names (欄)."""
        return tuple(filter(is_own, self.columns))


def is_own(column: Column) -> bool:
    """Whether the form itself names `column` (欄): it is neither a level nor the number or the name of the items."""
    return column.kind not in ("level", "number", "name")


def form_of(data: Mapping[str, Any]) -> Form:
    """The form in a source, as plain data. What is wrong in it is left out or taken as text: `model.edition` reports it."""
    columns = (*_levels(_list(data, "段")), *_item(_mapping(data, "項目")), *_columns(_mapping(data, "欄"), data))
    sheet = SHEETS.get(str(data.get("用紙") or ""), SHEETS["A4横"])
    return Form(columns, sheet, frozenset(data.keys() & DEFAULT.keys()))


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    # `段: []` and 段 without a value are a list without levels; only a missing key means the default.
    return value if isinstance(value, list) else [] if key in data else list(DEFAULT[key])


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {} if key in data else DEFAULT[key]


def _levels(specs: list[Any]) -> Iterator[Column]:
    for position, spec in enumerate(specs[:MAX_LEVELS], 1):
        key = spec.get("名称") if isinstance(spec, dict) else None
        if isinstance(key, str) and key:
            numbering = spec.get("番号")
            yield Column(
                _NAMES.get(key, f"level-{position}") if specs == DEFAULT["段"] else f"level-{position}",
                key,
                "level",
                key,
                numbering=numbering if numbering in get_args(Numbering) else "なし",
            )


def _item(spec: Mapping[str, Any]) -> Iterator[Column]:
    numbering = spec.get("番号", "NO")
    if numbering == "NO":
        yield Column("number", "NO", "number", "NO", "number")
    elif numbering == "自由":
        yield Column("number", "番号", "number", "番号", "own_label")
    key = spec.get("名称")
    key = key if isinstance(key, str) and key else DEFAULT["項目"]["名称"]
    yield Column("item", key, "name", key, "name")


def _columns(specs: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Column]:
    is_default = specs is DEFAULT["欄"]
    for position, (key, spec) in enumerate(list(specs.items())[:MAX_COLUMNS], 1):
        kind = KINDS.get(str(spec.get("種類")), "text") if isinstance(spec, dict) else "text"
        spec = spec if isinstance(spec, dict) else {}
        name = _NAMES[key] if is_default else f"column-{position}"
        done = (
            data.get(SHORT_DONE[key])
            if is_default and key in SHORT_DONE
            else spec.get("完了の記号" if kind == "symbol" else "完了の語")
        )
        years = spec.get("年度") if kind == "figure" else None
        yield Column(
            name,
            key,
            kind,
            key,
            "department" if kind == "department" else name.replace("-", "_"),
            # A department fills in the last year of a series; base and target values are given.
            kind in ("symbol", "term", "text", "date", "prose") or (kind == "figure" and bool(years)),
            done=tuple(map(str, done)) if isinstance(done, list) else (),
            unit=str(spec.get("単位") or "") if kind == "figure" else "",
            years=tuple(map(str, years)) if isinstance(years, list) else (),
            is_main=spec.get("集計") == "主",
            decides=spec.get("行方") in YES,
            is_below=spec.get("段落") == "下",
        )


def spec_of(column: Column) -> dict[str, Any]:
    """`column`, one of 欄 with its words, as a source says it: the inverse of `form_of`."""
    words = column.words or {}
    is_symbol = column.kind == "symbol"
    said = {
        "種類": next(word for word, kind in KINDS.items() if kind == column.kind),
        "単位": column.unit,
        "年度": [*column.years],
        "凡例" if is_symbol else "語": dict(words) if is_symbol or column.decides else [*words],
        "集計": "主" if column.is_main else "",
        "行方": column.decides,
        "完了の記号" if is_symbol else "完了の語": [*column.done],
        "段落": "下" if column.is_below else "",
    }
    return {key: value for key, value in said.items() if value}


def number_of(level: Column, position: int, own: str = "") -> str:
    """The printed number of the heading of `level` at `position` (from 1) below its parent; "" if it has none."""
    match level.numbering:
        case "ローマ数字":
            return roman(position)
        case "括弧":
            return f"({position})"
        case "算用数字":
            return str(position)
        case "自由":
            return own
    return ""


def roman(position: int) -> str:
    """`position` (from 1) as Ⅰ, Ⅱ, … Ⅻ, ⅩⅢ, … From 40 on it is decimal, since the fonts lack the Roman numeral 50."""
    if position <= 12:
        return chr(0x2160 + position - 1)
    tens, ones = divmod(position, 10)
    return "Ⅹ" * tens + (roman(ones) if ones else "") if position < 40 else str(position)


# A figure as it is printed: a sign, digits, perhaps grouped by commas, and a decimal fraction.
FIGURE = re.compile(r"[-−+▲△]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?")
# A reference to a note, by its number.
NOTE_MARK = re.compile("※([0-9]+)")


def without_note_marks(text: str) -> str:
    """`text` for a document that does not print the notes to which it refers."""
    return NOTE_MARK.sub("", text)


# What stands in place of a figure that does not exist.
NO_FIGURES = ("-", "－", "なし")


def is_figure(text: str) -> bool:
    """Whether `text` may stand in a cell of figures: a figure, or what stands in place of one."""
    return text in NO_FIGURES or text == BLANK or bool(FIGURE.fullmatch(text))


def split_figure(text: str) -> tuple[str, str]:
    """The figure with which `text` begins, and what follows it; ("", `text`) if it begins with none."""
    found = FIGURE.match(text)
    return (found[0], text[found.end() :]) if found else ("", text)
