"""Stage 4: what each column of the table is: a level, the number, the name, a unit, or a column of one of the kinds."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipeline.model.dates import NoDateError, read_date
from pipeline.model.form import FIGURE, MAX_YEARS, NO_FIGURES, split_figure
from pipeline.source.characters import alike
from pipeline.source.limits import MAX_UNIT, MAX_WORD, MAX_WORDS
from pipeline.years.similarity import fold

from .account import Account
from .grid import Cell, ranges
from .legend import Legend
from .numbering import is_number, split
from .table import SYMBOL, SheetColumn, Table, is_year

NUMBER_HEAD = re.compile(
    "^(NO|N0|№|番号|項番|通番|通し番号|連番|整理番号|(取組|事業|項目|施策|計画|指標)(NO|番号)|#)[.．]?$"
)
_NAME_HEAD = re.compile(
    "(項目|取組|取り組み|事業|施策|計画|指標|プロジェクト|業務)名?$|名称$|件名$|(取組|事業|項目)の名称|具体的"
)
_NO_NAME = re.compile("内容|状況|結果|課|部署|担当|備考|理由|方向|単位|評価|区分|分類|主体|効果|NO|番号")
_DEPARTMENT_HEAD = re.compile(
    "(担当|所管|主管|関係|実施|推進)(課|部署|部局|所属|室|部|係)?(等|名)?$|^(課|部署|所属|部局)(名|等)?$|課名$|担当課"
)
_DEPARTMENT = re.compile("(課|室|局|部|係|班|所|館|センター|委員会|事務局|園|校|署|会|チーム)$")
_TERM_HEAD = re.compile("方向|取扱|取り扱い|状況|評価|判定|区分|進捗|達成|結果|種別|分類|見通し|優先|今後|予定|有無")
_DECIDING_HEAD = re.compile("今後|方向|取扱|取り扱い|次年度|来年度|翌年度")
_COUNTED_HEAD = re.compile("状況|評価|達成|進捗|判定|実施")
_TERM = re.compile(
    "継続|完了|廃止|終了|中止|休止|統合|見直し|拡充|拡大|充実|縮小|改善|現状維持|維持|新規|順調|やや遅れ|遅れ|達成|未達成|実施|未実施|実施済|検討中|着手|未着手|予定どおり|推進|移管"
)
_ENDS = re.compile("完了|廃止|終了|中止|統合|休止")
_UNIT_HEAD = re.compile("^単位$")
_PROSE_HEAD = re.compile("内容|検証|理由|課題|成果|説明|概要|結果|効果|意見|コメント|取組状況|実施状況")
# How much less the names may differ than those of another column. Repeats make some names equal.
_LESS = 0.12
# The unit of a field of which each item has its own.
OWN_UNITS = "*"
# Dashes alone: a cell that says that there is nothing to say.
DASHES = re.compile("[-－―—‐–ー−]+")
# A cell that says the same as the one above it.
DITTO = re.compile("^([〃″”]|同\\s?上)$")


@dataclass
class Field:
    """A column of the edition: its key and head, its kind (種類), and the columns of the sheet that it is made of.

    `words` are those of a legend or a list, with what they mean; `head_cell` is one of the cells of its head.
    """

    head: str
    kind: str
    columns: list[int]
    head_cell: Cell | None = None
    years: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    is_main: bool = False
    decides: bool = False
    is_below: bool = False

    @property
    def column(self) -> int:
        """The column of the sheet; of several the first."""
        return self.columns[0]


@dataclass
class Layout:
    """What the columns of a table are."""

    levels: list[SheetColumn]
    # The column with the numbers of a level's headings, by the number of the level's column.
    level_numbers: dict[int, int]
    number: SheetColumn | None
    name: SheetColumn
    unit: SheetColumn | None
    fields: list[Field]


class _Values:
    """The cells of each column in the rows that are items."""

    def __init__(self, table: Table) -> None:
        rows = [row for row in table.rows if len(row) > 1] or table.rows
        usual = sorted(map(len, rows))[len(rows) // 2]
        self.rows = [row for row in rows if len(row) >= usual / 2]
        self.cells: dict[int, list[Cell]] = {}
        for row in self.rows:
            for cell in row:
                self.cells.setdefault(cell.column, []).append(cell)

    def of(self, column: SheetColumn) -> list[Cell]:
        return self.cells.get(column.index, [])

    def fill(self, column: SheetColumn) -> float:
        """The share of rows with a cell in `column`."""
        return len(self.of(column)) / len(self.rows)

    def variety(self, column: SheetColumn) -> float:
        """The share of the cells in `column` that differ."""
        cells = self.of(column)
        return len({fold(cell.text) for cell in cells}) / len(cells)


def read_layout(table: Table, legends: Sequence[Legend], account: Account) -> Layout | None:
    """What each column of `table` is; None if none of them can be the names of the items."""
    if not table.rows:
        return None
    values = _Values(table)
    _name_columns_without_heads(table, values, account)
    name = _name_column(table, values)
    if not name:
        return None
    before = [column for column in table.columns if column.index < name.index]
    numbers = [column for column in before if _is_number_column(column, values)]
    levels = [column for column in before if column not in numbers and _is_level(column, values)]
    of_levels = {
        column.index: level
        for column in numbers
        for level in levels
        if level.index == column.index + 1 and _go_together(column, level, values)
    }
    number = next((column for column in reversed(numbers) if column.index not in of_levels), None)
    used = (name, number, *levels, *(column for column in numbers if column.index in of_levels))
    rest = [column for column in table.columns if column not in used]
    unit = next((column for column in rest if _UNIT_HEAD.match(column.head)), None)
    fields = [*_fields([column for column in rest if column is not unit], values, legends, account)]
    if unit and not any(one.kind == "数" and not one.unit for one in fields):
        fields.append(Field(unit.head, "文字", [unit.index], next(iter(unit.cells), None)))
        fields.sort(key=lambda one: one.columns)
        unit = None
    level_numbers = {level.index: index for index, level in of_levels.items()}
    _settle_units(fields, values, unit, table, account)
    return Layout(levels, level_numbers, number, name, unit, fields)


def _name_columns_without_heads(table: Table, values: _Values, account: Account) -> None:
    """Give a column that has cells and no head a head of its own."""
    known = {column.index for column in table.columns}
    first = min(known)
    for index, cells in sorted(values.cells.items()):
        if index not in known and index > first and len(cells) > 1:
            head = f"{cells[0].name.rstrip('0123456789')}列"
            table.columns.append(SheetColumn(index, head))
            account.decide(
                f"見出しのない列({ranges([cells[0].place])}から下)を「{head}」としました。名前を改めてください。"
            )
    table.columns.sort(key=lambda column: column.index)


def _name_column(table: Table, values: _Values) -> SheetColumn | None:
    candidates = [
        column
        for column in table.columns
        if values.fill(column) >= 0.6
        and values.variety(column) >= 0.6
        and not column.year
        and not NUMBER_HEAD.match(_plain(column.head).upper())
        and sum(is_number(cell.text) or bool(FIGURE.fullmatch(_plain(cell.text))) for cell in values.of(column))
        < len(values.of(column)) / 2
    ]
    named = [column for column in candidates if _NAME_HEAD.search(column.head) and not _NO_NAME.search(column.head)]
    plain = [column for column in candidates if not _NO_NAME.search(column.head)]
    full = [column for column in named if values.fill(column) >= 0.95]
    chosen = full or named or plain or candidates
    # Headings that are written in every row differ less than the names of the items.
    variety = {column.index: values.variety(column) for column in chosen}
    return next((column for column in chosen if variety[column.index] >= max(variety.values()) - _LESS), None)


def _is_number_column(column: SheetColumn, values: _Values) -> bool:
    if NUMBER_HEAD.match(_plain(column.head).upper()):
        return True
    cells = values.of(column)
    return bool(cells) and values.fill(column) > 0.8 and all(is_number(cell.text) for cell in cells)


def _is_level(column: SheetColumn, values: _Values) -> bool:
    """Whether a column before the names holds headings: text for several rows, or in rows of its own."""
    cells = values.of(column)
    is_other = bool(_UNIT_HEAD.match(column.head) or _DEPARTMENT_HEAD.search(column.head))
    return not is_other and (
        not cells or values.fill(column) < 0.95 or values.variety(column) < 0.95 or bool(_NAME_HEAD.search(column.head))
    )


def _go_together(number: SheetColumn, level: SheetColumn, values: _Values) -> bool:
    """Whether a column of numbers has cells in the rows of the headings of `level` beside it, and in no others."""
    rows = {cell.row for cell in values.of(level)}
    return bool(rows) and {cell.row for cell in values.of(number)} <= rows and len(rows) < len(values.rows)


def _settle_units(
    fields: list[Field], values: _Values, unit: SheetColumn | None, table: Table, account: Account
) -> None:
    """Keep figures with a unit of their own in each cell, if an item has only one unit; else they are text."""
    mixed = [one for one in fields if one.unit == OWN_UNITS]
    plain = [one for one in fields if one.kind == "数" and not one.unit]
    columns = {index for one in mixed for index in one.columns}
    by_row: dict[int, set[str]] = {}
    for index in columns:
        for cell in values.cells.get(index, ()):
            if (found := figure_in(cell.text)) and found[0] not in NO_FIGURES:
                by_row.setdefault(cell.row, set()).add(found[1])
    if unit or plain or any(len(units) > 1 for units in by_row.values()):
        for one in mixed:
            at = fields.index(one)
            if one.years:  # text has none: each year becomes a column
                each = map(table.column, one.columns)
                fields[at : at + 1] = [Field(it.head, "文字", [it.index], next(iter(it.cells), None)) for it in each]
            else:
                one.kind, one.unit = "文字", ""
            account.decide(f"「{one.head}」は、一つの項目に単位がいくつもあるので、数の欄とせず、文字としました。")


def _fields(
    columns: Sequence[SheetColumn], values: _Values, legends: Sequence[Legend], account: Account
) -> Iterator[Field]:
    fields = [*_joined_series([(column, _field(column, values, legends, account)) for column in columns])]
    heads = {column.index: column.head for column in columns}
    for one in fields:
        if len(one.years) == 1:  # no series, but a figure like any other
            (only,) = one.columns
            one.head, one.years = heads[only], []
    departments = [one for one in fields if one.kind == "課"]
    for other in departments[1:]:
        other.kind = "文字"
        account.decide(f"「{other.head}」は、課の欄が一つだけのため、文字としました(課は「{departments[0].head}」)。")
    _find_main(fields, account)
    _find_deciding(fields, account)
    yield from fields


def _field(column: SheetColumn, values: _Values, legends: Sequence[Legend], account: Account) -> Field:
    cells = values.of(column)
    own = Field(
        column.head,
        "文章" if _PROSE_HEAD.search(column.head) else "文字",
        [column.index],
        next(iter(column.cells), None),
    )
    shown = [cell for cell in cells if not DASHES.fullmatch(cell.text) and not DITTO.match(cell.text)]
    if not shown:
        if not cells:
            account.decide(f"「{column.head}」は、全て空なので、{own.kind}の欄としました。")
        return own
    if legend := _legend_of(column, shown, legends):
        own.kind, own.words = "記号", dict(legend.words)
        if legend.head and fold(legend.head) not in fold(column.head) and len(shown) > 1:
            account.decide(
                f"「{column.head}」の凡例は、「{legend.head}」のものとしました。違うときは、「欄」の凡例を直してください。"
            )
        return own
    if _is_department(column, shown):
        own.kind = "課"
    elif (unit := _figures(column, shown, account)) is not None:
        own.kind, own.unit = "数", unit
    elif all(_date(cell.text) for cell in shown):
        own.kind = "日付"
    elif all(SYMBOL.fullmatch(cell.text) for cell in shown) and len(shown) > 1:
        own.kind, own.words = "語", dict.fromkeys((cell.text for cell in shown), "")
        account.decide(
            f"「{column.head}」の記号は、凡例が見つからないので、語としました。意味があるときは、「種類: 記号」とし、「凡例」を書いてください。"
        )
    elif _are_terms(column, shown, len(values.rows)):
        own.kind, own.words = "語", dict.fromkeys((cell.text for cell in shown), "")
    elif any("\n" in cell.text or "。" in cell.text or len(cell.text) > 40 for cell in shown):
        own.kind = "文章"
    return own


def _legend_of(column: SheetColumn, cells: Sequence[Cell], legends: Sequence[Legend]) -> Legend | None:
    """The legend of the symbols in a column: one that names its head, or that has them all."""

    def has(legend: Legend, cell: Cell) -> bool:
        return cell.text in legend.words or bool(alike(cell.text, legend.words))

    head = fold(column.head)
    named = [legend for legend in legends if legend.head and (fold(legend.head) in head or head in fold(legend.head))]
    for legend in named:
        if sum(has(legend, cell) for cell in cells) > len(cells) / 2:
            return legend
    return next((legend for legend in legends if all(has(legend, cell) for cell in cells)), None)


def symbol_in(text: str, words: Mapping[str, str]) -> str:
    """The symbol of a legend that `text` is, or that looks like it; `text` if there is none."""
    return text if text in words else next(iter(alike(text, words)), text)


def _is_department(column: SheetColumn, cells: Sequence[Cell]) -> bool:
    like = sum(bool(_DEPARTMENT.search(cell.text.split("\n")[0].split("、")[0].strip("()（）"))) for cell in cells)
    return bool(_DEPARTMENT_HEAD.search(column.head)) and like >= len(cells) / 2


def figure_in(text: str) -> tuple[str, str] | None:
    """(figure, unit) of a cell with a figure; None of any other text."""
    plain = _plain(text).replace(" ", "")
    if DASHES.fullmatch(plain):
        return "-", ""
    if plain in NO_FIGURES or FIGURE.fullmatch(plain):
        return plain, ""
    figure, unit = split_figure(plain)
    if not figure or not unit or len(unit) > MAX_UNIT or re.search("[0-9、。()~〜]", unit) or re.match("[-/,.]", unit):
        return None
    return figure, unit


def _figures(column: SheetColumn, cells: Sequence[Cell], account: Account) -> str | None:
    """The unit of a column of figures, or "" if it has none in its cells; None of any other column."""
    figures = [(cell, figure_in(cell.text)) for cell in cells]
    good = [figure for _, figure in figures if figure]
    units = {unit for number, unit in good if number not in NO_FIGURES}
    if not good or len(good) < len(cells) * 0.6 or not any(FIGURE.fullmatch(number) for number, _ in good):
        return None
    if others := [cell for cell, figure in figures if not figure]:
        account.decide(
            f"「{column.head}」は、数でない記載({ranges([cell.place for cell in others])}「{others[0].text}」など)があるので、数の欄とせず、文字としました。"
            "数の欄とするには、その記載を「-」に改め、説明を「注」に書いて、「種類: 数」としてください。"
        )
        return None
    return OWN_UNITS if len(units) > 1 else next(iter(units), "")


def _date(text: str) -> date | None:
    try:
        return read_date(text)
    except NoDateError:
        return None


def _are_terms(column: SheetColumn, cells: Sequence[Cell], rows: int) -> bool:
    words = Counter(cell.text for cell in cells)
    are_short = not any(len(word) > MAX_WORD or "\n" in word or "。" in word for word in words)
    is_remark = len(cells) < rows / 2  # on some of the items
    if all(_TERM.search(word) for word in words):
        are_few = True
    elif _TERM_HEAD.search(column.head):
        are_few = len(words) <= max(2, len(cells) * 0.7)
    else:
        are_few = len(cells) >= max(4, rows * 0.7) and len(words) <= len(cells) / 3
    return are_few and are_short and not is_remark and len(words) <= MAX_WORDS


def _joined_series(columns: Sequence[tuple[SheetColumn, Field]]) -> Iterator[Field]:
    """The fields of `columns`, with figures of several years side by side as one."""
    series: Field | None = None
    stem = ""
    for column, one in columns:
        here, year = _series_name(column)
        is_next = series is not None and series.columns[-1] + 1 == column.index and fold(stem) == fold(here)
        if (
            one.kind == "数"
            and year
            and series
            and is_next
            and series.unit == one.unit
            and len(series.years) < MAX_YEARS
        ):
            series.columns += one.columns
            series.years.append(year)
            continue
        if one.kind == "数" and year and here:
            series, stem = Field(here, "数", [*one.columns], one.head_cell, [year], unit=one.unit), here
            yield series
            continue
        series = None
        yield one


def _series_name(column: SheetColumn) -> tuple[str, str]:
    """(name, year) of a column that could be of a series: 実績 and R3 of 実績/R3, R3実績, 実績(R3)."""
    if column.group and column.year:
        return column.group, column.year
    year = r"(?:令和|平成|昭和|[RHS])?\s?(?:元|[0-9]{1,4})(?:年度?)?"
    plain = _plain(column.head)
    for pattern in (rf"^(?P<year>{year})[\sの]*(?P<name>\D+)$", rf"^(?P<name>\D+?)\s*[(（]?(?P<year>{year})[)）]?$"):
        if (found := re.match(pattern, plain)) and is_year(found["year"]):
            return found["name"].strip("()（） "), found["year"]
    return "", ""


def _find_main(fields: Sequence[Field], account: Account) -> None:
    symbols = [one for one in fields if one.kind == "記号"]
    terms = [
        one
        for one in fields
        if one.kind == "語" and _COUNTED_HEAD.search(one.head) and not _DECIDING_HEAD.search(one.head)
    ]
    main = next(iter([*symbols, *terms]), None)
    if main:
        main.is_main = True
    if main and len(symbols) + len(terms) > 1:
        account.decide(
            f"集計表で数える欄(集計: 主)は「{main.head}」としました。違うときは、「集計: 主」をほかの欄に移してください。"
        )


def _find_deciding(fields: Sequence[Field], account: Account) -> None:
    for one in fields:
        has_both = any(map(_ENDS.search, one.words)) and not all(map(_ENDS.search, one.words))
        if (
            one.kind == "語"
            and not one.is_main
            and (_DECIDING_HEAD.search(one.head) or (has_both and "継続" in one.words))
        ):
            one.decides = True
            one.words = {word: "終了" if _ENDS.search(word) else "継続" for word in one.words}
            said = "、".join(f"{word}は{kind}" for word, kind in one.words.items())
            account.decide(
                f"「{one.head}」の語のうち、次の版に続くものと続かないもの: {said}。違うときは、「継続」「終了」を直してください。"
            )
            return
    account.decide(
        "次の版に続くかどうかを決める欄(行方)は見つからないので、下書き(make next)では、全ての項目が続きます。"
        "あるときは、その欄を「種類: 語」「行方: true」にしてください。"
    )


def number_before(names: Sequence[str]) -> bool:
    """Whether every one of the names begins with a number of its own."""
    return len(names) > 1 and all(split(name).style in ("枝番", "算用数字", "括弧", "丸", "片括弧") for name in names)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()
