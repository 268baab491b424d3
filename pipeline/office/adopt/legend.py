"""Stage 3: the lines above and below the table: title, legends, date, notes, and texts."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.model.dates import NoDateError, japanese_date, read_date, with_era
from pipeline.years.similarity import fold

from .account import Account
from .grid import Cell, Grid, Place, ranges
from .table import SYMBOL, Table, in_line, is_year

_SPACE = " \u3000\t"
# Where an entry of a legend may begin: a symbol, or a short word of the table before an equals sign.
_BEFORE = r"(?:^|(?<=[\s、，,／/;；:：（(「【\[・…]))"
_AFTER = r"\s*[」】\]]?\s*(?:[=＝:：]|[…‥・.]{1,4}|[-－―](?=\s))?\s*"
_EQUALS = r"(?=\s*[=＝:：…])"
# The most characters of a symbol that is a word of the table, and the most such words that are looked for.
_LONGEST = 3
_MOST_WORDS = 200
_AS_OF = re.compile(
    r"[（(]?((?:令和|平成|昭和|R|H)?\s*[0-9０-９元]{1,4}\s*[年./-]\s*[0-9０-９]{1,2}\s*[月./-]\s*[0-9０-９]{1,2}\s*日?)\s*現在[)）]?"
)
_NUMBER = re.compile(
    "^[【（(]?(資料|別紙|別添|参考資料|参考)\\s?(?:NO\\.?|No\\.?|№)?\\s?[0-9０-９]{0,2}([-－‐][0-9０-９]{1,2})?[】)）]?$"
)
_NOTE = re.compile(r"^[※＊*]\s?([0-9０-９]{1,2})(?![0-9０-９])[\s:：.．)）]*(.*)$", re.DOTALL)
_OFFICE = re.compile("^[^。、]{1,20}(課|室|局|部|係|センター|委員会)$")
_YEAR_AT_END = re.compile(r"[\s]*[（(【]([^（()）]*年度)[^（()）]{0,3}[)）】]$")
# 山口市, さいたま市, ○○市: a name of kanji or of kana before the word for its kind, at the beginning of a title.
_MUNICIPALITY = re.compile(
    "^((?:[一-龥々ヶケ○〇◯]{1,5}|[ぁ-んァ-ヶー]{2,6}|[一-龥][ぁ-ん]{1,3})[市区町村]|東京都|北海道|(?:京都|大阪)府|[一-龥]{2,3}県)(?![民内場営街])"
)


@dataclass
class Legend:
    """A legend: the head that it names, if any, and the meaning of each symbol, with its cells."""

    head: str
    words: dict[str, str]
    cells: list[Cell]


class Line(NamedTuple):
    """A line of text around the table: one cell, or a mark like ※1 and the text in the next cell."""

    text: str
    cells: list[Cell]


@dataclass
class Lines:
    """What the lines around the table say."""

    title: str = ""
    title_cells: list[Cell] = field(default_factory=list)
    municipality: str = ""
    fiscal_year: str = ""
    as_of: str = ""
    department: str = ""
    document_number: str = ""
    legends: list[Legend] = field(default_factory=list)
    notes: dict[str, Line] = field(default_factory=dict)
    preface: list[Line] = field(default_factory=list)
    postface: list[Line] = field(default_factory=list)


def read_lines(grid: Grid, table: Table, account: Account) -> Lines:
    """What the lines above and below the table say; each of their cells is accounted for."""
    lines = Lines()
    symbols = {cell.text for row in table.rows for cell in row if len(cell.text) <= _LONGEST}
    below = [*_without_repeats(table.below, account)]
    lines.legends = _legends(table.above, below, symbols)
    taken = {cell.place for legend in lines.legends for cell in legend.cells}
    for legend in lines.legends:
        account.take(legend.cells, "凡例")
    for line in _lines(table.above, taken):
        if not _read_special(line, lines, account):
            if _is_title(grid, line.cells[0], lines):
                lines.title = f"{lines.title} {in_line(line.text)}".strip()
                lines.title_cells.append(line.cells[0])
            else:
                lines.preface.append(line)
    _read_title(lines, account)
    lines.postface = [line for line in _lines(below, taken) if not _read_special(line, lines, account)]
    for key, texts, where in (("前文", lines.preface, "上"), ("後文", lines.postface, "下")):
        cells = [cell for line in texts for cell in line.cells]
        account.take(cells, key)
        if cells:
            account.decide(
                f"表の{where}の文({ranges([cell.place for cell in cells])})を「{key}」としました。不要なときは、「{key}」を除いてください。"
            )
    return lines


def _without_repeats(rows: Iterable[list[Cell]], account: Account) -> Iterator[list[Cell]]:
    seen: set[str] = set()
    for row in rows:
        text = fold("".join(cell.text for cell in row))
        if text in seen:
            account.leave(row, "同じ文の繰り返し")
        else:
            seen.add(text)
            yield row


def _lines(rows: Iterable[list[Cell]], taken: set[Place]) -> Iterator[Line]:
    """The lines in `rows`, without the cells that are `taken`."""
    for row in rows:
        cells = [cell for cell in row if cell.place not in taken]
        if len(cells) == 2 and len(cells[0].text) <= 4 and re.match("[※＊*注(（]", cells[0].text):
            yield Line(f"{cells[0].text} {cells[1].text}", cells)
        else:
            yield from (Line(cell.text, [cell]) for cell in cells)


def _legends(above: Sequence[list[Cell]], below: Sequence[list[Cell]], symbols: set[str]) -> list[Legend]:
    """The legends among the lines; `symbols` are the short texts of the table, each of which may be a symbol."""
    words_of_table = sorted((re.escape(symbol) for symbol in symbols if not symbol.isdigit()), key=len, reverse=True)
    entry = re.compile(
        rf"{_BEFORE}(?P<symbol>(?:{SYMBOL.pattern})(?![A-Za-z市区町村])|[0-9０-９①-⑳]{_EQUALS}"
        rf"{''.join(f'|{word}{_EQUALS}' for word in words_of_table[:_MOST_WORDS])}){_AFTER}"
    )
    found: list[Legend] = []
    last = -2
    for row in [*above, *below]:
        if not row:
            continue
        number = row[0].row
        for part in [row] if any(SYMBOL.fullmatch(cell.text) for cell in row) else [[cell] for cell in row]:
            head, words = _entries("　".join(cell.text for cell in part), entry)
            is_symbol = any(SYMBOL.fullmatch(cell.text) for cell in part)
            if not words or (len(words) == 1 and not is_symbol and not words.keys() <= symbols):
                continue
            if found and number in (last, last + 1) and not head and not words.keys() & found[-1].words.keys():
                found[-1].words.update(words)
                found[-1].cells += part
            elif all(fold(repr(words)) != fold(repr(legend.words)) for legend in found):
                found.append(Legend(head, words, part))
            last = number
    return [legend for legend in found if len(legend.words) > 1]


def _entries(text: str, entry: re.Pattern[str]) -> tuple[str, dict[str, str]]:
    """(head, meanings by symbol) of a line like 達成度：A＝達成　B＝未達成."""
    matches = [*entry.finditer(text)]
    if not matches:
        return "", {}
    words: dict[str, str] = {}
    for found, following in zip(matches, [*matches[1:], None], strict=True):
        meaning = text[found.end() : following.start() if following else None].strip(
            _SPACE + "\n、，,／/;；」】)）・（("
        )
        if not meaning or found["symbol"] in words:
            return "", {}
        words[found["symbol"]] = in_line(meaning)
    head = text[: matches[0].start()].strip(_SPACE + ":：=＝（(【[「※・、\n】]")
    return head.removesuffix("の凡例").removeprefix("凡例").strip(_SPACE + ":：(（)）"), words


def _read_special(line: Line, lines: Lines, account: Account) -> bool:
    """Read a line that says the date, the number of the paper, the year, the office, or a numbered note."""
    text = in_line(line.text).strip()
    if not lines.as_of and (found := _AS_OF.fullmatch(text)) and (day := _day(found[1])):
        lines.as_of, where = day, "現在日"
    elif not lines.document_number and _NUMBER.fullmatch(text):
        lines.document_number, where = text.strip("【】()（）"), "資料番号"
    elif not lines.fiscal_year and is_year(text) and text.endswith("年度"):
        lines.fiscal_year, where = text, "年度"
    elif lines.title and not lines.department and _OFFICE.fullmatch(text) and not _MUNICIPALITY.fullmatch(text):
        lines.department, where = text, "担当課"
    elif (found := _NOTE.match(line.text)) and found[2].strip():
        number = unicodedata.normalize("NFKC", found[1])
        if number in lines.notes:
            return False
        lines.notes[number], where = Line(found[2].strip(), line.cells), f"注 {number}"
    else:
        return False
    account.take(line.cells, where)
    return True


def _day(text: str) -> str | None:
    plain = with_era(re.sub(r"\s", "", unicodedata.normalize("NFKC", text)))
    if found := re.fullmatch(r"(\D*)([0-9]{1,4})[./-]([0-9]{1,2})[./-]([0-9]{1,2})", plain):
        plain = f"{found[1]}{found[2]}年{found[3]}月{found[4]}日"
    try:
        return japanese_date(read_date(plain))
    except NoDateError:
        return None


def _is_title(grid: Grid, cell: Cell, lines: Lines) -> bool:
    """Whether a line above the table is its title, or goes on with it: merged like it, in the next row."""
    if not lines.title_cells:
        return len(cell.text) <= 100 and "。" not in cell.text and not re.match("[※（(]", cell.text)
    before = lines.title_cells[-1]
    here, there = grid.span(cell), grid.span(before)
    is_merged = here[3] > here[1] and (here[1], here[3]) == (there[1], there[3])
    return is_merged and here[0] == there[2] + 1 and len(cell.text) <= 50 and not re.search("[。、※：:]", cell.text)


def _read_title(lines: Lines, account: Account) -> None:
    account.take(lines.title_cells, "表題")
    if not lines.fiscal_year and (found := _YEAR_AT_END.search(lines.title)) and lines.title[: found.start()]:
        lines.fiscal_year = found[1]
        lines.title = lines.title[: found.start()].rstrip()
        account.decide(
            f"表題の終わりの「{found[1]}」を「年度」としました。表題に含めて印刷するときは、「年度」の行を除き、「表題」に書き足してください。"
        )
    if found := _MUNICIPALITY.match(lines.title):
        lines.municipality = found[1]
        account.decide(f"表題から、自治体を「{found[1]}」としました。違うときは、「自治体」を直してください。")
