"""`make adopt`: a list in somebody's own workbook becomes a source. One straight line of stages, from cells to text."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import PipelineError, Problem, SourceError, UsageError, printable
from pipeline.model.form import Form, form_of
from pipeline.model.rules import form_of_tree
from pipeline.model.schema import schema_name
from pipeline.model.validation import checked_form, validate
from pipeline.office.workbook import WorkbookError
from pipeline.source.tree import parse_source
from pipeline.years.similarity import fold

from .account import Account
from .edition import Line, write_source
from .fields import Layout, read_layout
from .grid import Area, Cell, Foreign, Grid, grid_named, place_name, ranges, read_foreign, wanted_area
from .legend import read_lines
from .rows import REPEATED_VALUE, Rows, read_rows
from .table import OF_PAGES, Table, find_table, sort_lines

# The most cells of one reason that are named; the others are counted.
_MOST_NAMED = 2_000
# The most cells of one reason of which the texts are shown.
_MOST_SHOWN = 30
# Words of Japanese text, and those that the source says in another way.
_WORD = re.compile("[ぁ-んァ-ヶー一-龥々]+")
_DROPPED = re.compile("再\\s?掲|現在|凡例|同\\s?上|続き|つづき")
# The widest paper.
WIDE = "A3横"


class AdoptError(PipelineError):
    """The file cannot be read, or has no list; the message names it and says what to do."""


@dataclass
class Adopted:
    """A source made of a sheet: its lines, the account of the sheet's cells, and what the source's check says.

    `beside` is what lies beside the cells, `others` are the sheets that were not read with their numbers of cells,
    `problems` the errors, each with the cell that it comes from, `warnings` the number of warnings; `has_sound_form`
    says whether the form itself has no errors.
    """

    lines: list[Line]
    grid: Grid
    account: Account
    items: int
    repeats: int
    beside: list[str]
    others: list[tuple[str, int]]
    problems: list[str] = field(default_factory=list)
    warnings: int = 0
    has_sound_form: bool = False

    @property
    def text(self) -> str:
        """The text of the source."""
        return "\n".join(line for line, _ in self.lines) + "\n"


def adopt(path: Path, target: Path, sheet: str | None = None, area: str | None = None) -> Adopted:
    """The source that the list in the file at `path` becomes; it is to be written to `target`.

    Raises `AdoptError` if the file cannot be read or has no list, `UsageError` if the sheet has to be named.
    """
    wanted = wanted_area(area) if area else None
    try:
        adopted = adopt_foreign(read_foreign(path), path.name, sheet, wanted)
    except WorkbookError as error:
        raise AdoptError(f"{path}: {error}") from None
    check(adopted, target)
    return adopted


def adopt_foreign(foreign: Foreign, name: str, sheet: str | None, wanted: Area | None) -> Adopted:
    """The source, not yet checked and without its schema, that the list in `foreign`, the sheets of a file called `name`, becomes.

    Raises `WorkbookError` if they have no list, `UsageError` if the sheet has to be named.
    """
    grid, table = _chosen(foreign, sheet, wanted)
    account = Account(grid)
    if wanted:
        outside = [cell for cell in grid.cells.values() if not _is_in(cell.place, wanted)]
        account.leave(outside, "RANGE で指定した範囲の外")
    for column in table.columns:
        account.take(column.cells, f"見出し「{column.head}」")
    heads = sorted({cell.row for column in table.columns for cell in column.cells})
    named = f"{heads[0]}行" if len(heads) == 1 else f"{heads[0]}行から{heads[-1]}行まで"
    account.decide(f"表の見出しは、{named}としました。違うときは、見出しから最後の行までを RANGE で指定してください。")
    table = sort_lines(grid, table, account)
    lines = read_lines(grid, table, account)
    layout = read_layout(table, lines.legends, account)
    if not layout:
        raise WorkbookError(_NO_NAMES)
    rows = read_rows(grid, table, layout, account)
    _leave_heads(table, layout, rows, account)
    for legend in lines.legends:
        if all(legend.words != one.words for one in layout.fields):
            account.return_to_left(legend.cells, "どの欄にも当てはまらない凡例(必要なら、欄の「凡例」に書いてください)")
        elif legend.head and not any(fold(legend.head) in fold(column.head) for column in table.columns):
            account.decide(f"凡例の前の「{legend.head}」は、取り込んでいません。")
    if not rows.items:
        raise WorkbookError(_NO_NAMES)
    account.leave_places(grid.unknown, "結果が保存されていない式(表計算ソフトで開いて保存し直すと、取り込めます)")
    _say_of_cells(grid, account)
    head = [
        "#",
        f"# {name} のシート「{' '.join(grid.name.split())}」から取り込みました。書き方は docs/manual.md を見てください。",
        "# 取り込むときに自動で判断したこと:",
    ]
    written = write_source(lines, layout, rows, head, account)
    account.close()
    others = [(other.name, len(other)) for other in foreign.grids if other is not grid]
    own = [item for item in rows.items if not item.target]
    adopted = Adopted(written, grid, account, len(own), len(rows.items) - len(own), foreign.beside, others)
    _prove(grid, account, adopted.text)
    return adopted


def check(adopted: Adopted, target: Path) -> None:
    """Check the source, which is to be `target`, and note its errors and warnings. It gets the name of its schema.

    If its columns have no room on A4, it gets a wider sheet.
    """
    form = _form(target, adopted.text)
    adopted.lines.insert(0, (f"# yaml-language-server: $schema={schema_name(form, target.stem)}", None))
    problems = _check(target, adopted)
    if any(problem.code == "E418" for problem in problems):
        _widen(adopted.lines, adopted.account)
        problems = _check(target, adopted)
    cells = dict(enumerate((cell for line, cell in adopted.lines for _ in line.split("\n")), 1))
    adopted.problems = [_at(problem, cells) for problem in problems]


_NO_TABLE = "一覧の表が見つかりません。見出しの行(番号、名称、担当課など)のある表を、RANGE で左上と右下のセルで指定してください。例: RANGE=A3:G84"
_NO_NAMES = "項目の名称の列が見つかりません。見出しの行から最後の行までを、RANGE で指定してください。例: RANGE=A3:G84"


def _chosen(foreign: Foreign, sheet: str | None, area: Area | None) -> tuple[Grid, Table]:
    """The sheet to read, and its table. Raises `UsageError` if there are several with one."""
    grids = [grid_named(foreign.grids, sheet)] if sheet else foreign.grids
    found = [(grid, table) for grid in grids if (table := find_table(_clipped(grid, area)))]
    if not found:
        raise WorkbookError(_NO_TABLE)
    if len(found) > 1:
        names = [grid.name for grid, _ in found]
        listed = "、".join(f"「{name}」" for name in names)
        example = names[0] if re.fullmatch(r"[\w・-]+", names[0]) else shlex.quote(names[0])
        raise UsageError(
            f"表のあるシートが{len(names)}枚あります({listed})。SHEET で一つを指定してください。例: SHEET={example}"
        )
    (only,) = found
    return only


def _clipped(grid: Grid, area: Area | None) -> Grid:
    if not area:
        return grid
    cells = {place: cell for place, cell in grid.cells.items() if _is_in(place, area)}
    return Grid(grid.name, cells, grid.merged)


def _is_in(place: tuple[int, int], area: Area) -> bool:
    return area[0] <= place[0] <= area[2] and area[1] <= place[1] <= area[3]


def _leave_heads(table: Table, layout: Layout, rows: Rows, account: Account) -> None:
    """Name as left out the heads of columns that are no columns of the edition."""
    appeared = {index for index, _ in rows.levels}
    empty = [column for column in layout.levels if column.index not in appeared]
    numbers = [table.column(index) for index in layout.level_numbers.values()]
    if layout.number and not any(item.label for item in rows.items):
        empty.append(layout.number)
    for columns, reason in (
        ([layout.unit] if layout.unit else [], "単位の列の見出し(単位は、数と一緒に印刷します)"),
        (numbers, "見出しの番号の列の見出し(番号は、見出しの前に印刷します)"),
        (empty, "何も書かれていない列の見出し"),
    ):
        for column in columns:
            others = {cell for other in table.columns if other is not column for cell in other.cells}
            account.return_to_left([cell for cell in column.cells if cell not in others], reason)


def _prove(grid: Grid, account: Account, text: str) -> None:
    """Name as left out every cell that counts as taken, but has a word that the source `text` does not have.

    No stage should leave one; so this holds whatever the stages do.
    """
    words = set(_WORD.findall(text))
    whole = ""
    missing = []
    for place in account.taken:
        strange = [word for word in _WORD.findall(_DROPPED.sub(" ", grid.cells[place].text)) if word not in words]
        if strange:
            # A word may be in the text with other letters before or behind it, or be divided by a line break.
            whole = whole or "".join(_WORD.findall(text))
            if any(word not in whole for word in strange):
                missing.append(grid.cells[place])
        if len(missing) > _MOST_NAMED:
            break
    account.return_to_left(missing, "一部か全部を取り込めなかったもの(元データに書き足してください)")


def _say_of_cells(grid: Grid, account: Account) -> None:
    """Say which cells want a look: formulas, struck text, errors, hidden rows and columns."""
    for places, said in (
        (grid.formulas, "式の入ったセルは、保存されていた結果を取り込みました"),
        (grid.struck, "取り消し線のある文字も、そのまま取り込みました。消す文字は、元データから除いてください"),
        (grid.errors, "エラー値のセルがあります。正しい記載に改めてください"),
        (grid.hidden, "非表示の行か列にあるセルも、取り込みました"),
    ):
        if places:
            named = ranges(places[:_MOST_NAMED])
            account.decide(f"{said}({named if len(named) < 200 else f'{named[:200]}…ほか、計{len(places)}個'})。")


def _form(target: Path, text: str) -> Form:
    """The form in the source `text`; the default one if it cannot be parsed."""
    try:
        return form_of_tree(parse_source(target, text.encode()).root)
    except SourceError:
        return form_of({})


def _check(target: Path, adopted: Adopted) -> list[Problem]:
    """The errors of the source; notes how many warnings it has, and whether its form is sound."""
    try:
        source = parse_source(target, adopted.text.encode())
        checked_form(source)
        adopted.has_sound_form = True
        adopted.warnings = len(validate(source, None).warnings)
        return []
    except SourceError as error:
        errors = [problem for problem in error.problems if problem.is_error]
        adopted.warnings = len(error.problems) - len(errors)
        return errors


def _widen(written: list[Line], account: Account) -> None:
    """Print the list on A3, because its columns have no room on A4."""
    account.decide(f"欄がA4の幅に入らないので、「用紙: {WIDE}」としました。A4にするときは、欄を減らしてください。")
    title = next(index for index, (line, _) in enumerate(written) if line.startswith("表題:"))
    written.insert(title + 1, (f"用紙: {WIDE}", None))
    written.insert(title - 1, (f"#   {account.decisions[-1]}", None))


def _at(problem: Problem, cells: Mapping[int, Cell | None]) -> str:
    cell = cells.get(problem.line)
    where = f"セル {cell.name}: " if cell else ""
    return f"{problem.path}:{problem.line}:{problem.column}: {where}{problem.code}: {problem.message}"


def describe(adopted: Adopted, target: Path) -> list[str]:
    """What was made, what became of each cell, and what had to be decided, as lines for the clerk."""
    account = adopted.account
    repeats = f"、再掲 {adopted.repeats}" if adopted.repeats else ""
    lines = [
        f"{target}: シート「{adopted.grid.name}」から作りました(項目 {adopted.items}{repeats})。",
        f"記入のあるセル {len(adopted.grid)}個のうち、{len(account.taken)}個を取り込み、{len(account.left)}個を除きました。",
    ]
    reasons = account.left_by_reason()
    if reasons:
        lines += ["", "除いたセル:"]
    for reason, places in reasons.items():
        lines.append(f"  {reason}: {ranges(places[:_MOST_NAMED])}{'ほか' if len(places) > _MOST_NAMED else ''}")
        # What is not printed by itself is shown, so that nobody has to look it up.
        if reason not in (*OF_PAGES, REPEATED_VALUE) and len(places) <= _MOST_SHOWN:
            lines += [
                f"    {place_name(place)}「{' '.join(adopted.grid.cells[place].text.split())}」"
                for place in places
                if place in adopted.grid.cells
            ]
    if adopted.others or adopted.beside:
        lines += ["", "ほかに、取り込んでいないもの:"]
        lines += [f"  シート「{name}」(記入のあるセル {cells}個)" for name, cells in adopted.others]
        lines += [f"  {each}" for each in adopted.beside]
    if account.decisions:
        lines += ["", "自動で判断したこと(ファイルの初めにも書いてあります):"]
        lines += [f"  {decision}" for decision in account.decisions]
    return [printable(line) for line in lines]
