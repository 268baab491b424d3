"""Stage 6: lines, layout and rows become the text of a source, in which each line knows the cell it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.form import DEFAULT, FIGURE, KINDS, MAX_LEVELS, NOTE_MARK, SHORT_WORDS, YES, Column, spec_of
from pipeline.model.form_rules import is_taken
from pipeline.office.workbook import WorkbookError
from pipeline.source.limits import MAX_HEAD
from pipeline.source.writing import entry, flow, pair, scalar

from .account import Account
from .fields import OWN_UNITS, Field, Layout, figure_in
from .grid import Cell
from .legend import Lines
from .numbering import Numbered, numbering_of
from .rows import HeadingRow, ItemRow, Level, Rows, ValueReader, number_items

# Names for levels that the table does not name.
_LEVEL_NAMES = ("大項目", "中項目", "小項目", "細項目")
_ITEM_NAME = "取組"

Line = tuple[str, Cell | None]


@dataclass
class _Section:
    """A heading with what is below it: sections of the next level, or items."""

    heading: HeadingRow
    sections: list["_Section"] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)


def write_source(lines: Lines, layout: Layout, rows: Rows, head: Sequence[str], account: Account) -> list[Line]:
    """The lines of the source, each with its cell. `head` are comments for its top. Raises `WorkbookError`."""
    return [*_Writer(lines, layout, rows, account).lines(head)]


class _Writer:
    def __init__(self, lines: Lines, layout: Layout, rows: Rows, account: Account) -> None:
        self._lines, self._layout, self._account = lines, layout, account
        if len(rows.levels) > MAX_LEVELS:
            raise WorkbookError(
                f"見出しの段が{len(rows.levels)}段あります。使えるのは{MAX_LEVELS}段までです。表の見出しを整理してください。"
            )
        self._numbering = number_items(rows.items, layout.number is not None, account)
        # What is printed above columns whose keys are other words, and the cells of these heads.
        self._heads: dict[str, tuple[str, Cell | None]] = {}
        self._keys: dict[int, str] = {}
        self._name_everything(rows)
        self._sections, self._items = self._outline(rows)
        self._groups = self._below(self._sections)
        self._level_specs = self._number_levels()
        self._values = ValueReader(account)

    # Names

    def _name_everything(self, rows: Rows) -> None:
        """Choose the keys of the levels, the items and the columns, each different and none with another meaning."""
        named = {column.index: column for column in self._layout.levels}
        used: set[str] = set()
        self._level_keys: list[str] = []
        for depth, level in enumerate(rows.levels):
            column = named.get(level[0])
            words = {one.numbered.word for one in rows.found if isinstance(one, HeadingRow) and one.level == level}
            word = words.pop() if len(words) == 1 else ""
            key = self._key(
                column.head if column else word or _LEVEL_NAMES[depth],
                "段",
                depth == 0,
                used,
                _LEVEL_NAMES[depth],
                next(iter(column.cells), None) if column else None,
            )
            if not column and not word:
                self._account.decide(
                    f"見出しの段の名前が表にないので、「{key}」としました。計画での呼び名に改めてください(「段」の名称と、一覧の中のキー)。"
                )
            self._level_keys.append(key)
        name = self._layout.name.head
        cell = next(iter(self._layout.name.cells), None)
        self._item_key = self._key(name, "項目", not rows.levels, used, _ITEM_NAME, cell)
        for one in self._layout.fields:
            self._keys[one.column] = self._key(one.head, "欄", False, used, "欄", one.head_cell, one.kind)
        number = self._layout.number
        if number and self._numbering != "なし":
            key = "NO" if self._numbering == "NO" else "番号"
            if number.head != key:
                self._heads[key] = number.head, next(iter(number.cells), None)

    def _key(
        self,
        head: str,
        what: str,
        is_outermost: bool,
        used: set[str],
        instead: str,
        cell: Cell | None,
        kind: str = "",
    ) -> str:
        plain = NOTE_MARK.sub("", head).strip()
        key = plain[:MAX_HEAD] or instead
        if is_taken(key, what, is_outermost, kind) or "\n" in key:
            key = f"{key}欄"[-MAX_HEAD:] if what == "欄" else instead
        first, count = key, 1
        while key in used or is_taken(key, what, is_outermost, kind):
            count += 1
            key = f"{first[: MAX_HEAD - 3]}{count}"
        used.add(key)
        if key != head:
            self._heads[key] = head, cell
        if key != plain:
            self._account.decide(f"見出し「{head}」のキーは「{key}」としました(印刷は「見出し」のとおり)。")
        return key

    # Levels

    def _outline(self, rows: Rows) -> tuple[list[_Section], list[ItemRow]]:
        """The sections of the outermost level, and the items that stand below no heading."""
        depths = {level: depth for depth, level in enumerate(rows.levels)}
        roots: list[_Section] = []
        items: list[ItemRow] = []
        path: list[_Section] = []
        for one in rows.found:
            if isinstance(one, HeadingRow):
                depth = depths[one.level]
                self._fill(roots, path, depth, one, rows.levels)
                section = _Section(one)
                (path[depth - 1].sections if depth else roots).append(section)
                path[depth:] = [section]
            elif rows.levels:
                self._fill(roots, path, len(rows.levels), one, rows.levels)
                path[-1].items.append(one)
            else:
                items.append(one)
        return roots, items

    def _fill(
        self,
        roots: list[_Section],
        path: list[_Section],
        depth: int,
        row: HeadingRow | ItemRow,
        levels: Sequence[Level],
    ) -> None:
        """Give `row` headings of the levels above it that it lacks, named like the heading above them."""
        while len(path) < depth:
            cell = row.cell if isinstance(row, HeadingRow) else row.name_cell
            name = path[-1].heading.numbered.rest if path else "その他"
            section = _Section(HeadingRow(levels[len(path)], Numbered("", "", name), cell))
            self._account.decide(
                f"{cell.name} の上に「{self._level_keys[len(path)]}」の見出しがないので、「{name}」という見出しを補いました。名称を改めてください。"
            )
            (path[-1].sections if path else roots).append(section)
            path.append(section)

    def _below(self, roots: list[_Section]) -> list[list[list[_Section]]]:
        """For each level, the sections below each parent."""
        groups: list[list[list[_Section]]] = []
        here = [roots]
        for _ in self._level_keys:
            groups.append(here)
            here = [section.sections for group in here for section in group]
        return groups

    def _number_levels(self) -> list[dict[str, str]]:
        specs = []
        for key, groups in zip(self._level_keys, self._groups, strict=True):
            numbering = numbering_of([[section.heading.numbered for section in group] for group in groups])
            specs.append({"名称": key, "番号": numbering})
            typed = [section.heading for group in groups for section in group if section.heading.numbered.label]
            if typed and numbering != "自由":
                self._account.decide(
                    f"「{key}」の番号({typed[0].cell.name}「{typed[0].numbered.label}」など)は、自動で付けます(番号: {numbering})。"
                )
        return specs

    # The text

    def lines(self, head: Sequence[str]) -> Iterator[Line]:
        body = [*self._body()]
        self._values.close()
        for line in (*head, *(f"#   {decision}" for decision in self._account.decisions)):
            yield line, None
        yield from self._top()
        yield "", None
        yield from body

    def _top(self) -> Iterator[Line]:
        lines = self._lines
        yield "", None
        title = lines.title_cells[0] if lines.title_cells else None
        yield from _from(title, pair("", "表題", lines.title or "一覧"))
        if not lines.title:
            self._account.decide("表題が見つからないので、「一覧」としました。「表題」を改めてください。")
        for key, text in (
            ("自治体", lines.municipality),
            ("年度", lines.fiscal_year),
            ("現在日", lines.as_of),
            ("担当課", lines.department),
            ("資料番号", lines.document_number),
        ):
            if text:
                yield from _from(title, pair("", key, text))
        yield from self._form()
        if self._heads:
            yield from _from(None, ["", "見出し:"])
        for key, (head, cell) in self._heads.items():
            yield f"  {flow(key)}: {_plain(head)}", cell
        marks = dict.fromkeys(mark for item in self._all_items() for mark in item.marks)
        if marks:
            yield from _from(None, ["", *entry("", "印", {mark: mark for mark in marks})])
        for key, texts in (("前文", lines.preface), ("後文", lines.postface)):
            if texts:
                yield from _from(texts[0].cells[0], ["", *pair("", key, "\n".join(line.text for line in texts))])
        if lines.notes:
            yield "", None
            yield "注:", None
            for number, note in lines.notes.items():
                yield from _from(note.cells[0], pair("  ", flow(number), note.text))

    def _all_items(self) -> Iterator[ItemRow]:
        yield from self._items
        innermost = self._groups[-1] if self._groups else []
        for group in innermost:
            for section in group:
                yield from section.items

    def _form(self) -> Iterator[Line]:
        item = {"名称": self._item_key, "番号": self._numbering}
        columns = {self._keys[one.column]: _spec_of(one) for one in self._layout.fields}
        cells = {self._keys[one.column]: one.head_cell for one in self._layout.fields}
        is_default = [*_without_words(columns).items()] == [*DEFAULT["欄"].items()]
        yield "", None
        if self._level_specs != DEFAULT["段"]:
            yield "段:" if self._level_specs else "段: []", None
            yield from _from(None, (f"  - {flow(spec)}" for spec in self._level_specs))
        if item != DEFAULT["項目"]:
            yield f"項目: {flow(item)}", None
        if is_default:
            for key, short in SHORT_WORDS.items():
                words = columns[key].get("凡例") or columns[key]["語"]
                yield from _from(
                    cells[key],
                    [
                        f"{short}:",
                        *(line for word, text in words.items() for line in pair("  ", scalar(word), text)),
                        "",
                    ],
                )
            return
        if columns:
            yield "欄:", None
        for key, spec in columns.items():
            yield from _from(cells[key], entry("  ", scalar(key), spec))
        if not columns:
            yield "欄: {}", None

    def _body(self) -> Iterator[Line]:
        yield f"{scalar(self._level_keys[0] if self._level_keys else self._item_key)}:", None
        for item in self._items:
            yield from self._item("  ", item)
        for section in self._sections:
            yield "", None
            yield from self._section(section, 0)

    def _section(self, section: _Section, depth: int) -> Iterator[Line]:
        lead = " " * (4 * depth + 2)
        heading = section.heading
        numbering = self._level_specs[depth]["番号"]
        named = [*_pair(f"{lead}  ", "名称", heading.numbered.rest)]
        if numbering == "自由" and heading.numbered.label:
            named = [f"{lead}  番号: {scalar(heading.numbered.label)}", *named]
        named[0] = f"{lead}- {named[0][len(lead) + 2 :]}"
        yield from _from(heading.cell, named)
        if section.sections or section.items:
            key = self._level_keys[depth + 1] if depth + 1 < len(self._level_keys) else self._item_key
            yield f"{lead}  {scalar(key)}:", heading.cell
        for inner in section.sections:
            yield from self._section(inner, depth + 1)
        for item in section.items:
            yield from self._item(f"{lead}    ", item)

    def _item(self, lead: str, item: ItemRow) -> Iterator[Line]:
        if item.target:
            yield f"{lead}- 再掲: {item.target.number}", item.name_cell
            return
        yield f"{lead}- NO: {item.number}", item.label_cell or item.name_cell
        inner = f"{lead}  "
        if self._numbering == "自由" and item.label:
            yield f"{inner}番号: {scalar(item.label)}", item.label_cell
        yield from _from(item.name_cell, _pair(inner, "名称", item.name))
        if item.marks:
            yield f"{inner}印: {flow(item.marks)}", item.name_cell
        if unit := self._own_unit(item):
            yield f"{inner}単位: {scalar(unit)}", item.name_cell
        if self._layout.unit and (unit := item.text(self._layout.unit.index)):
            yield from _from(item.cells[self._layout.unit.index][0], pair(inner, "単位", unit))
        for one in self._layout.fields:
            cell = next((item.cells[column][0] for column in one.columns if column in item.cells), item.name_cell)
            value: Any = self._values.value(item, one)
            key = scalar(self._keys[one.column])
            if value == "":
                if one.kind == "文章":
                    yield f"{inner}{key}:", cell
            elif isinstance(value, list):
                yield f"{inner}{key}: {flow(value)}", cell
            else:
                yield from _from(cell, _pair(inner, key, value))

    def _own_unit(self, item: ItemRow) -> str:
        """The unit that stands with the figures of `item`."""
        columns = [index for one in self._layout.fields if one.unit == OWN_UNITS for index in one.columns]
        found = [figure_in(item.text(index)) for index in columns if item.text(index)]
        return next((figure[1] for figure in found if figure and figure[1]), "")


def _from(cell: Cell | None, lines: Iterator[str] | Sequence[str]) -> Iterator[Line]:
    return ((line, cell) for line in lines)


def _plain(text: str) -> str:
    """A value on one line; a number needs no quotes, since every value of a source is read as text."""
    return text if FIGURE.fullmatch(text) and text[0].isdigit() else scalar(text)


def _pair(lead: str, key: str, text: str) -> Iterator[str]:
    return pair(lead, key, text) if "\n" in text else iter([f"{lead}{key}: {_plain(text)}"])


def _spec_of(one: Field) -> dict[str, Any]:
    column = Column(
        "",
        one.head,
        KINDS[one.kind],
        one.head,
        words=one.words,
        unit="" if one.unit == OWN_UNITS else one.unit,
        years=tuple(one.years),
        is_main=one.is_main,
        decides=one.decides,
        is_below=one.is_below,
    )
    return spec_of(column)


def _without_words(columns: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        key: {name: YES[0] if value is True else value for name, value in spec.items() if name not in ("凡例", "語")}
        for key, spec in columns.items()
    }
