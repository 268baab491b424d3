"""What the rows of a list workbook that comes back say: which part of the list each is now, and what was edited in it.

Rows are known by their hidden keys, then by name and NO. What is not as it was sent out was edited; the rest is not
read. A row without a key, or with the key of another one (a copy), is new.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from openpyxl.utils import get_column_letter

from pipeline.documents.book.rows import (
    HEADS,
    KEYS,
    MORE,
    Row,
    below_key,
    heading_key,
    item_key,
    of_below_key,
    repeat_key,
    rows,
)
from pipeline.documents.report.page import NOTHING, REPEATED
from pipeline.model.column_widths import ColumnWidths, Printed
from pipeline.model.edition import Edition, Heading, Item, Repeat, Section
from pipeline.model.form import BLANK, FIGURE, Column, split_figure
from pipeline.model.rules import children_of
from pipeline.model.validation import Validated
from pipeline.source.characters import visible
from pipeline.source.limits import MAX_HEADING, MAX_LABEL, MAX_NAME, MAX_UNIT
from pipeline.source.tree import Mapping as Part
from pipeline.text import flat

from .answers import Answer, clean, read_answer
from .editing import Place, Spot, Written, spot
from .workbook import Sheet, Value, WorkbookError

Kind = Literal["heading", "item", "repeat"]

# Kinds of columns that need a value: an empty cell is 未記入.
_NEEDED = ("symbol", "term", "figure")
_IN_LIST = ("heading", "item", "repeat", "below")
# The printed numbers of headings, which people type before a new heading's name.
_NUMBERS = {
    "ローマ数字": "([ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ]+|[IVX]+)[ 　.．、]+",
    "括弧": "[(（][0-9０-９]+[)）][ 　]*",
    "算用数字": "[0-9０-９]+[ 　.．、]+",
    "自由": "(?P<own>[^ 　]+)[ 　]+",
}
MAX_FINDINGS = 200
# Rows below other headings are taken as moved, not as sorted, up to this many.
_FEW = 5


@dataclass(slots=True, eq=False)
class Node:
    """A heading, an item or a repeat of an edition, in its place: `spot` is that in the source, `key` that of its row."""

    kind: Kind
    key: str
    spot: Spot
    number: int  # of an item, and of what a repeat repeats
    section: Section | None
    heading: Heading | None
    item: Item | None
    parent: "Node | None"
    children: list["Node"] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """Of a heading, the number of headings above it."""
        return len(self.heading.positions) - 1 if self.heading else 0

    @property
    def name(self) -> str:
        """Its name."""
        return self.section.name if self.section else self.item.name if self.item else ""


@dataclass(slots=True)
class Tree:
    """The list of an edition: what stands outermost, and every part by its key, in printed order."""

    edition: Edition
    children: list[Node]
    by_key: dict[str, Node]


def tree_of(validated: Validated) -> Tree:
    """The list of an edition as a tree."""
    edition, root = validated.edition, validated.source.root
    keys = edition.form.list_keys
    headings = {heading[-1].positions: heading[-1] for heading in edition.outline()}
    by_key: dict[str, Node] = {}
    repeats: Counter[int] = Counter()

    def nodes(
        children: tuple[Section | Item | Repeat, ...], above: Part, parent: Node | None, positions: tuple[int, ...]
    ) -> list[Node]:
        found = []
        parts = children_of(above, keys[len(positions)])
        for position, (child, part) in enumerate(zip(children, parts, strict=True), 1):
            if isinstance(child, Section):
                here = (*positions, position)
                heading = headings[here]
                node = Node("heading", heading_key(heading), spot(part), 0, child, heading, None, parent)
            elif isinstance(child, Item):
                node = Node("item", item_key(child.number), spot(part), child.number, None, None, child, parent)
            else:
                repeats[child.number] += 1
                key = repeat_key(child.number, repeats[child.number])
                item = edition.items[child.number]
                node = Node("repeat", key, spot(part), child.number, None, None, item, parent)
            by_key[node.key] = node
            if isinstance(child, Section):
                node.children = nodes(child.children, part, node, (*positions, position))
            found.append(node)
        return found

    return Tree(edition, nodes(edition.children, root, None, ()), by_key)


def values_of(edition: Edition, node: Node) -> dict[Place, Written]:
    """The values of an item or a heading, as texts, by where they stand in the source."""
    if node.section:
        return {"名称": node.section.name, "番号": node.section.label}
    item = node.item
    assert item
    found: dict[Place, Written] = {"NO": str(item.number), "名称": item.name, "番号": item.label, "印": item.marks}
    found["単位"] = getattr(item, "own_unit", "")
    for column in edition.own:
        texts = item.texts(column)
        if column.years:
            found |= {(column.key, year): text for year, text in enumerate(texts)}
        else:
            (found[column.key],) = texts
    return found


@dataclass(slots=True, eq=False)
class Entry:
    """A row of the workbook: the part of the list that it was sent out as (`node`; None if it is new).

    `values` are those that were edited; of a new row all. `number` is the NO of a new item, or of the item that a repeat
    repeats.
    """

    row: int
    kind: Kind
    node: Node | None
    depth: int = 0
    values: dict[Place, Written] = field(default_factory=dict)
    number: int = 0
    children: list["Entry"] = field(default_factory=list)
    name: str = ""
    # Of a repeat, the item that it repeats, and what the row was sent out as, perhaps an item.
    target: "Entry | None" = None
    was: Node | None = None


@dataclass(slots=True)
class Said:
    """What a workbook says: the list, and messages, each with its row and column."""

    children: list[Entry]
    findings: list[tuple[int, str, str]]
    notices: list[tuple[int, str, str]]
    numbered: list[Entry]  # new items that got a NO


def read_list(sheet: Sheet, base: Validated, taken: set[int]) -> Said:
    """What `sheet` says; `base` is the edition of which it was made, `taken` are NOs that new items may not get.

    Raises `WorkbookError` if it is no longer a list.
    """
    return _ListReader(sheet, base).read(taken)


class _ListReader:
    def __init__(self, sheet: Sheet, base: Validated) -> None:
        self._sheet = sheet
        self._edition = base.edition
        self._tree = tree_of(base)
        widths = ColumnWidths(self._edition)
        self._printed: dict[str, Printed] = {one.id: one for one in widths.columns}
        self._expected: dict[str, Row] = {row.key: row for row in rows(self._edition, widths)}
        self._name = self._edition.item_column.name
        self._columns: dict[str, int] = {}
        self._key_column = 0
        self._head_row = 0
        self._fixed_rows: set[int] = set()  # those that name the columns
        self._keys: dict[int, str] = {}
        self._copied: dict[int, str] = {}  # the key of which a row is a copy
        # Texts below items, by the key of the item that they were sent out with, or the row of a new one, and the column.
        self._below: dict[tuple[str | int, str], str] = {}
        self._findings: list[tuple[int, str, str]] = []
        self._notices: list[tuple[int, str, str]] = []
        self._sent = {key: values_of(self._edition, node) for key, node in self._tree.by_key.items()}

    def read(self, taken: set[int]) -> Said:
        self._find_columns()
        self._find_keys()
        entries = [*self._entries()]
        self._take_texts_below(entries)
        self._resolve_repeats(entries)
        entries = [entry for entry in entries if entry.kind != "repeat" or entry.target or entry.number]
        numbered = self._number(entries, taken)
        return Said(self._as_tree(entries), self._findings, self._notices, numbered)

    def _find(self, row: int, key: str, message: str) -> None:
        if len(self._findings) >= MAX_FINDINGS:
            raise WorkbookError("誤りが多いので、途中までで止めました。このファイルは取り込みません。", row)
        self._findings.append((row, key, message))

    def _note(self, row: int, key: str, message: str) -> None:
        if len(self._notices) < MAX_FINDINGS:
            self._notices.append((row, key, message))
        elif len(self._notices) == MAX_FINDINGS:
            self._notices.append((0, "", "このほかにも、お知らせすることがあります(省きました)。"))

    # Columns and keys

    def _find_columns(self) -> None:
        """Find the columns by the hidden first row, or else by their heads."""
        for row in sorted(self._sheet.cells)[:50]:
            named: dict[str, int] = {}
            for column, value in sorted(self._sheet.cells[row].items()):
                named.setdefault(value.text, column)
            if KEYS in named and self._name in named:
                self._key_column = named[KEYS]
                self._fixed_rows.add(row)
                self._columns = {name: named[name] for name in self._printed if name in named}
                break
        else:
            self._find_heads()
        for name, one in self._printed.items():
            if name not in self._columns and one.column.kind == "level":
                raise WorkbookError(
                    f"列「{visible(one.column.key)}」がありません。列を元に戻してください。何も取り込みません。"
                )
            if name not in self._columns:
                self._note(0, one.column.key, "列がありません。この欄は元データのままにします。")
        self._name_other_columns()

    def _find_heads(self) -> None:
        heads: dict[str, str] = {}
        for line in self._expected.values():
            if line.kind == "head":
                heads |= {name: clean(text) for name, text in line.cells.items() if name in self._printed}
        for row in sorted(self._sheet.cells)[:50]:
            for column, value in sorted(self._sheet.cells[row].items()):
                for name, head in heads.items():
                    if name not in self._columns and column not in self._columns.values() and clean(value.text) == head:
                        self._columns[name], self._head_row = column, row
                        self._fixed_rows.add(row)
        if self._name not in self._columns:
            raise WorkbookError("欄の見出しが見つかりません。make book で作ったブックを直したものを指定してください。")

    def _name_other_columns(self) -> None:
        ours = {*self._columns.values(), self._key_column}
        others: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for row, cells in self._sheet.cells.items():
            for column, value in cells.items():
                if column not in ours and clean(value.text):
                    others[column].append((row, clean(value.text)))
        for column, found in sorted(others.items()):
            first = min(found)
            self._note(
                first[0],
                f"{get_column_letter(column)}列",
                f"一覧にない列に、「{visible(flat(first[1]))}」など{len(found)}個の記載があります。取り込みません。",
            )

    def _text(self, row: int, name: str) -> str:
        column = self._columns.get(name)
        return clean(self._sheet.text(row, column)) if column else ""

    def _texts(self, row: int) -> dict[str, str]:
        return {name: text for name in self._columns if (text := self._text(row, name))}

    def _find_keys(self) -> None:
        """Which row has which key. Of several with one key, one that is as it was sent out has it, or one of its name."""
        by_key: dict[str, list[int]] = defaultdict(list)
        for row in sorted(self._sheet.cells) if self._key_column else ():
            key = self._sheet.text(row, self._key_column).strip()
            if key in self._expected:
                by_key[key].append(row)
                if self._expected[key].kind == "head":
                    self._head_row = max(self._head_row, row)
            elif key == MORE:
                self._keys[row] = MORE
        for key, found in by_key.items():
            wanted = {name: clean(text) for name, text in self._expected[key].cells.items()}
            whole = [row for row in found if self._has_all(row, wanted)]
            named = [row for row in found if self._calling(self._texts(row)) == self._calling(wanted)]
            chosen = (whole or named or found)[0]
            self._keys[chosen] = key
            self._copied |= {row: key for row in found if row != chosen}

    def _has_all(self, row: int, wanted: Mapping[str, str]) -> bool:
        return self._texts(row) == {name: text for name, text in wanted.items() if text and name in self._columns}

    # Rows

    def _entries(self) -> Iterator[Entry]:
        """The entry of each row of the list, in the order of the sheet."""
        self._check_around()
        in_list = [*self._rows_of_list()]
        self._claim_by_name(in_list)
        below: Entry | None = None
        for row in in_list:
            key = self._keys.get(row, "")
            if not self._texts(row):
                if key and self._kind_of(key) != "below":
                    self._note(row, "", "行の記載が全て消されています。行が削除されたものとします。")
                continue
            if entry := self._entry(row, key, below):
                yield entry
                if entry.kind == "item":
                    below = entry

    def _check_around(self) -> None:
        """Name what was edited above and below the list."""
        there = {key: row for row, key in self._keys.items()}
        for key, wanted in self._expected.items():
            if wanted.kind not in ("top", "head", "bottom"):
                continue
            what = key.split()[0].removesuffix("の意味")
            fix = f"元データの「{what}」を直してください。"
            if wanted.kind == "head":
                fix = f"欄の見出しを変えるには、元データの「{HEADS}」を直してください。"
            if key not in there:
                if self._key_column:
                    self._note(0, what, f"行がありません。取り込みません。除くには、{fix}")
                continue
            row = there[key]
            for name, text in wanted.cells.items():
                if name in self._columns and self._text(row, name) != clean(text):
                    said = visible(flat(self._text(row, name))) or "空"
                    self._note(row, what, f"「{said}」と書き換えられています。取り込みません。{fix}")

    def _rows_of_list(self) -> Iterator[int]:
        bottoms = [row for row, key in self._keys.items() if key and self._kind_of(key) == "bottom"]
        end = min(bottoms, default=max(self._sheet.cells, default=0) + 1)
        for row in sorted(self._sheet.cells):
            key = self._keys.get(row, "")
            if self._kind_of(key) in ("top", "head", "bottom"):
                continue
            if (copied := self._kind_of(self._copied.get(row, ""))) and copied not in _IN_LIST:
                self._note(row, "", "表題や見出しの行をコピーしたものです。取り込みません。")
                continue
            if row > self._head_row and row < end and key != MORE:
                yield row
            elif (texts := self._texts(row)) and row not in self._fixed_rows:
                said = visible(flat(next(iter(texts.values()))))
                self._note(row, "", f"一覧の外に「{said}」とあります。取り込みません。")

    @property
    def _number_id(self) -> str:
        """The printed column of NO or of the items' own numbers; empty if there is none."""
        return next((one.id for one in self._printed.values() if one.column.kind == "number"), "")

    def _kind_of(self, key: str) -> str:
        return self._expected[key].kind if key in self._expected else ""

    def _claim_by_name(self, in_list: list[int]) -> None:
        """Give rows without a key the key of a part of the list that no row has, if it has their name and NO."""
        taken = {*self._keys.values()}
        # A text below an item without a key is that of the item above it.
        missing = [(key, self._expected[key]) for key in self._tree.by_key if key not in taken]
        if not missing:
            return
        number = self._number_id
        by_text: dict[tuple[str, str], list[int]] = defaultdict(list)
        for at in in_list:
            if not self._keys.get(at) and at not in self._copied:
                by_text[self._calling(self._texts(at))].append(at)
        wanted = {key: {name: clean(text) for name, text in row.cells.items()} for key, row in missing}
        rivals = Counter(self._calling(cells) for cells in wanted.values())
        for key, cells in wanted.items():
            calling = self._calling(cells)
            same = [at for at in by_text[calling] if at not in self._keys]
            if rivals[calling] > 1 or len(same) > 1:
                same = [at for at in same if self._text(at, number) == cells.get(number)] if number else []
            match same:
                case [only] if self._text(only, number) in ("", cells.get(number, "")):
                    self._keys[only] = key

    def _calling(self, cells: Mapping[str, str]) -> tuple[str, str]:
        """What a row is called by: the column and the text of its name."""
        first = next((level.name for level in self._edition.levels if cells.get(level.name)), self._name)
        return first, cells.get(first, "")

    def _entry(self, row: int, key: str, above: Entry | None) -> Entry | None:
        """The entry of a row; None of a text below an item, and of a row that cannot be taken."""
        kind = self._kind_of(key) or self._new_kind(row, above)
        try:
            if kind == "below":
                self._read_below(row, key, above)
                return None
            self._note_struck(row, key)
            if kind == "heading":
                return self._heading(row, self._tree.by_key.get(key))
            name = self._text(row, self._name)
            if kind == "repeat" and not name.endswith(REPEATED):
                self._copied[row], key = key, ""  # it is an item of its own now
            if name.endswith(REPEATED):
                return self._repeat(row, self._tree.by_key.get(key))
            return self._item(row, self._tree.by_key.get(key))
        except WorkbookError as error:
            node = self._tree.by_key.get(key)
            if kind == "heading" and node is None:
                # What stands below it would come below the heading before it.
                raise WorkbookError(f"{error}何も取り込みません。", row) from None
            self._find(row, "", str(error))
            # What was there stays as it was.
            return Entry(row, node.kind, node, node.depth, name=node.name) if node else None

    def _new_kind(self, row: int, above: Entry | None) -> str:
        if any(self._text(row, level.name) for level in self._edition.levels):
            return "heading"
        others = self._texts(row).keys() - {self._name}
        return "below" if above and not others and self._column_below(self._text(row, self._name)) else "item"

    def _column_below(self, text: str) -> Column | None:
        """The column of a text below an item, by the head before it."""
        return next(
            (
                column
                for column in self._edition.columns
                if column.is_below and re.match(rf"{re.escape(flat(column.head))}([ 　:：\n]|$)", text)
            ),
            None,
        )

    def _note_struck(self, row: int, key: str) -> None:
        """Say that text is struck through, where it was not edited: an edited one is an error."""
        wanted = self._expected[key].cells if key in self._expected else {}
        for name, column in self._columns.items():
            value = self._sheet.cells[row].get(column)
            if value and value.is_struck and clean(value.text) == clean(wanted.get(name, "")):
                self._note(
                    row,
                    self._printed[name].column.key,
                    "取り消し線が付いています。元データはそのままです。除くなら、行の全体か、その文字を削除してください。",
                )
                return

    # Headings

    def _heading(self, row: int, node: Node | None) -> Entry | None:
        levels = self._edition.levels
        found = next(((depth, level) for depth, level in enumerate(levels) if self._text(row, level.name)), None)
        if found is None:
            raise WorkbookError("見出しの名称がありません。削除するなら、行の全体を削除してください。")
        depth, level = found
        others = [text for name, text in self._texts(row).items() if name != level.name]
        if others:
            self._note(row, level.key, f"見出しの行の「{visible(flat(others[0]))}」は取り込みません。")
        text = self._text(row, level.name)
        if node and node.heading and node.heading.level.key != level.key:
            node = None
        if node and text == clean(self._expected[node.key].cells[level.name]):
            return Entry(row, "heading", node, depth, name=node.name)
        number, name = self._split_heading(text, node, level)
        name = self._plain(row, level.name, "名称", name, MAX_HEADING)
        if not name:
            raise WorkbookError("見出しの名称がありません。")
        values: dict[Place, Written] = {"名称": name}
        if level.numbering == "自由":
            values["番号"] = number
        return Entry(row, "heading", node, depth, self._edited(values, node), name=name)

    def _split_heading(self, text: str, node: Node | None, level: Column) -> tuple[str, str]:
        """The number and the name of a heading."""
        if node and node.heading and node.heading.number:
            was = flat(node.heading.number)
            if text.startswith(f"{was} "):
                return node.section.label if node.section else "", text[len(was) + 1 :].strip(" 　")
        found = re.match(_NUMBERS.get(level.numbering, "(?!)"), text)
        if found and len(found[0]) < len(text):
            own = found.groupdict().get("own") or ""
            # Without a sign of counting, the first word of a heading is no number.
            if level.numbering != "自由" or re.search("[0-9０-９Ⅰ-Ⅻ①-⑳]", own):
                return own, text[found.end() :]
        return "", text

    # Items

    def _item(self, row: int, node: Node | None) -> Entry:
        wanted = self._expected[node.key].cells if node else {}
        entry = Entry(row, "item", node)
        values: dict[Place, Written] = {}
        units: set[str] = set()
        sent = self._sent[node.key] if node else {}
        own_unit = str(sent.get("単位", ""))
        for name, one in self._printed.items():
            column = one.column
            if column.kind == "level" or name not in self._columns:
                continue
            text = self._text(row, name)
            if node and text == clean(wanted[name]):
                if column.kind == "figure" and not column.unit and FIGURE.match(text):
                    units.add(own_unit)
                continue
            place: Place = (column.key, one.year) if column.years else column.key
            try:
                match column.kind:
                    case "number":
                        self._read_number(entry, column, text, values)
                    case "name":
                        self._read_name(row, name, text, values)
                    case "figure":
                        figure, unit = self._read_figure(row, text, one, own_unit, str(sent.get(place, "")))
                        values[place] = figure
                        if not column.unit and FIGURE.fullmatch(figure):
                            units.add(unit)
                    case "department":
                        values[place] = self._plain(row, name, column.key, text, MAX_LABEL)
                    case _:
                        was = str(sent.get(place, ""))
                        answer = read_answer(self._value(row, name), column, "", was)
                        self._say(row, column.key, answer.note)
                        values[place] = answer.text or (BLANK if column.kind in _NEEDED else "")
            except WorkbookError as error:
                self._find(row, column.key, str(error))
        units -= {""} if not own_unit else set()
        if len(units) > 1:
            self._find(
                row, "単位", f"数の単位がそろっていません({'、'.join(sorted(units))})。一つの項目の単位は一つです。"
            )
        elif units and units != {own_unit}:
            values["単位"] = units.pop()
        if not node:
            self._complete(values)
        entry.values = self._edited(values, node)
        entry.name = str(values.get("名称") or (node.name if node else ""))
        if not entry.name:
            raise WorkbookError("名称がありません。この行は取り込みません。")
        return entry

    def _complete(self, values: dict[Place, Written]) -> None:
        """Give a new item the values that it needs and lacks."""
        for column in self._edition.own:
            places: list[Place] = [(column.key, year) for year in range(len(column.years))]
            for place in places or [column.key]:
                if column.kind in _NEEDED:
                    values.setdefault(place, BLANK)

    def _edited(self, values: dict[Place, Written], node: Node | None) -> dict[Place, Written]:
        """Of a part that was there, the values that differ from what was sent out; of a new one, all."""
        sent = self._sent[node.key] if node else {}
        return {place: value for place, value in values.items() if not node or sent.get(place, "") != value}

    def _read_number(self, entry: Entry, column: Column, text: str, values: dict[Place, Written]) -> None:
        narrow = unicodedata.normalize("NFKC", text)
        if column.field != "number":
            values["番号"] = self._plain(entry.row, column.name, column.key, text, MAX_LABEL)
        elif not narrow:
            if entry.node:
                self._note(entry.row, column.key, f"空になっています。NO {entry.node.number}のままにします。")
        elif not re.fullmatch("[1-9][0-9]{0,8}", narrow):
            raise WorkbookError(
                f"「{visible(narrow)}」は、番号として読めません。空にすれば、空いている番号を付けます。"
            )
        else:
            values["NO"] = narrow

    def _read_name(self, row: int, name: str, text: str, values: dict[Place, Written]) -> None:
        marks: list[str] = []
        while (found := re.match("【([^】]+)】[ 　]*", text)) and found[1] in self._edition.marks:
            marks.append(found[1])
            text = text[found.end() :]
        if not text:
            raise WorkbookError("名称がありません。")
        values["印"] = tuple(dict.fromkeys(marks))
        values["名称"] = self._plain(row, name, "名称", text)

    def _read_figure(self, row: int, text: str, one: Printed, own: str, sent: str) -> tuple[str, str]:
        """The figure in a cell with this text, and the unit behind it, or the item's own."""
        column = one.column
        unit = column.unit or own
        if unit and text.endswith(unit) and text != unit:
            text = text[: -len(unit)].rstrip()
        elif not column.unit:
            narrow = unicodedata.normalize("NFKC", text)
            figure, rest = split_figure(text if split_figure(text)[0] or len(narrow) != len(text) else narrow)
            if figure and rest.strip() and not re.search("[0-9]", rest) and len(rest.strip()) <= MAX_UNIT:
                text, unit = text[: len(figure)], rest.strip()
                if own and unicodedata.normalize("NFKC", unit) == unicodedata.normalize("NFKC", own):
                    unit = own  # ％ for %
        answer = self._answer(row, one.id, text, column, unit, sent)
        self._say(row, column.key, answer.note)
        return answer.text or BLANK, unit

    def _say(self, row: int, key: str, note: str) -> None:
        if note:
            self._note(row, key, note)

    def _plain(self, row: int, name: str, key: str, text: str, most: int = MAX_NAME) -> str:
        """A short text in a cell, checked."""
        if len(text) > most:
            raise WorkbookError(f"長すぎます。{most}字までにしてください。")
        return self._answer(row, name, text, Column(key, key, "text", key)).text

    def _value(self, row: int, name: str) -> Value:
        """What stands in a cell; a number as the text that was typed."""
        value = self._sheet.cells[row].get(self._columns[name]) or Value("", "text")
        return replace(value, kind="text") if value.kind == "number" else value

    def _answer(self, row: int, name: str, text: str, column: Column, unit: str = "", sent: str = "") -> Answer:
        """The `text` of a cell, or a part of it, as an answer. Raises `WorkbookError`, also of what is no text."""
        return read_answer(replace(self._value(row, name), text=text), column, unit, sent)

    # Texts below items

    def _read_below(self, row: int, key: str, above: Entry | None) -> None:
        text = self._text(row, self._name)
        whose: str | int
        if key:
            number, name = of_below_key(key)
            whose, column = item_key(number), next(one for one in self._edition.columns if one.key == name)
        else:
            found = self._column_below(text)
            assert above
            assert found
            whose, column = above.row, found
        head = flat(column.head)
        if text.startswith(head):
            text = text[len(head) :].lstrip(" 　:：\n")
        sent = str(self._sent[whose][column.key]) if isinstance(whose, str) else ""
        self._below[whose, column.key] = self._answer(row, self._name, text, column, "", sent).text

    def _take_texts_below(self, entries: list[Entry]) -> None:
        """Give the items the texts below them. Where the row of one is gone, the text is."""
        there = {*self._keys.values()}
        for entry in entries:
            if entry.kind != "item":
                continue
            values: dict[Place, Written] = {}
            for column in self._edition.columns:
                if not column.is_below:
                    continue
                whose: list[str | int] = [entry.row, *([entry.node.key] if entry.node else [])]
                said = [self._below[one, column.key] for one in whose if (one, column.key) in self._below]
                if len(said) > 1 and said[0] != said[1]:
                    self._find(entry.row, column.key, "下の行が二つあります。一つにしてください。")
                elif said:
                    values[column.key] = said[0]
                elif entry.node and below_key(entry.node.number, column.key) not in there:
                    values[column.key] = ""
            entry.values |= self._edited(values, entry.node)

    # Repeats, NOs and the order

    def _repeat(self, row: int, was: Node | None) -> Entry:
        """The entry of a repeat; `was` is what the row was sent out as, perhaps an item."""
        node = was if was and was.kind == "repeat" else None
        wanted = self._expected[node.key].cells if node else {}
        for name, text in self._texts(row).items():
            one = self._printed[name].column
            if one.kind not in ("level", "number", "name") and text not in (clean(wanted.get(name, NOTHING)), NOTHING):
                source = self._copied.get(row)
                source = was.key if was and was.kind == "item" else source
                if source and text == clean(self._expected[source].cells.get(name, "")):
                    continue  # the row of an item was copied
                said = visible(flat(text))
                self._note(row, one.key, f"再掲の行の「{said}」は取り込みません。元の項目の行を直してください。")
        return Entry(row, "repeat", node, was=was)

    def _resolve_repeats(self, entries: list[Entry]) -> None:
        """Find the item that each repeat repeats, by its NO and its name."""
        number = self._number_id
        items = [entry for entry in entries if entry.kind == "item"]
        by_key = {entry.node.key: entry for entry in items if entry.node}
        by_name: dict[str, list[Entry]] = defaultdict(list)
        by_label: dict[str, list[Entry]] = defaultdict(list)
        for entry in items:
            for name in {entry.name, entry.node.name if entry.node else entry.name}:
                by_name[name].append(entry)
            for label in self._labels(entry):
                by_label[label].append(entry)
        for entry in entries:
            if entry.kind != "repeat":
                continue
            name = re.sub("^(【[^】]+】[ 　]*)+", self._keep_other, self._text(entry.row, self._name))
            name = name.removesuffix(REPEATED).strip(" 　\n")
            label = unicodedata.normalize("NFKC", self._text(entry.row, number)) if number else ""
            if entry.node and entry.node.item and self._is_same_repeat(entry, number):
                entry.target = by_key.get(item_key(entry.node.number))
                entry.number, entry.name = entry.node.number, entry.node.name
                if entry.target is None:
                    self._find(
                        entry.row,
                        "再掲",
                        f"元の項目「{visible(entry.name)}」の行がありません。元の行を戻すか、再掲の行も削除してください。",
                    )
                continue
            named = by_name.get(name, [])
            labelled = by_label.get(label, []) if label else []
            both = [one for one in named if one in labelled]
            found = both or (labelled if not name else [] if labelled and named else named or [])
            if len(found) != 1:
                said = visible(flat(self._text(entry.row, self._name)))
                why = "の元の項目が見つかりません" if not found else "の元の項目が二つ以上あります"
                if labelled and named and not both:
                    why = f"の名称とNO {label}が、別の項目を指しています"
                self._find(entry.row, "再掲", f"「{said}」{why}。元の項目のNOと名称を確かめてください。")
                if entry.was:  # it stays as it was
                    entry.kind, entry.node = entry.was.kind, entry.was
                    entry.number, entry.name = entry.was.number, entry.was.name
                    entry.target = by_key.get(item_key(entry.number)) if entry.kind == "repeat" else None
                continue
            (entry.target,) = found
            entry.name = entry.target.name

    def _keep_other(self, found: re.Match[str]) -> str:
        """Of marks before a name, those that are none of this edition: they belong to the name."""
        return "".join(
            part for part in re.findall("【[^】]+】", found[0]) if part.strip("【】") not in self._edition.marks
        )

    def _is_same_repeat(self, entry: Entry, number: str) -> bool:
        assert entry.node
        wanted = self._expected[entry.node.key].cells
        return all(
            self._text(entry.row, name) == clean(wanted[name])
            for name in (self._name, number)
            if name and name in self._columns
        )

    def _labels(self, entry: Entry) -> set[str]:
        """What the number column shows of an item now, and what it showed of it in the workbook that was sent out."""
        column = self._edition.number_column
        key = "NO" if column and column.field == "number" else "番号"
        sent = self._sent[entry.node.key] if entry.node else {}
        return {str(values[key]) for values in (entry.values, sent) if key in values}

    def _number(self, entries: list[Entry], taken: set[int]) -> list[Entry]:
        """Give new items their NOs; returns those of which the NO was not written."""
        items = [entry for entry in entries if entry.kind == "item"]
        for entry in items:
            if entry.node:
                entry.number = int(str(entry.values.get("NO", entry.node.number)))
        count = Counter(entry.number for entry in items)
        for entry in items:
            if entry.node and entry.number != entry.node.number and count[entry.number] > 1:
                self._find(entry.row, "NO", f"NO {entry.number}は、ほかの項目が使っています。変えません。")
                entry.number = entry.node.number
                del entry.values["NO"]
        used = {entry.number for entry in items if entry.node} | taken | {*self._edition.items}
        numbered = []
        for entry in (one for one in items if not one.node):
            written_number = int(str(entry.values.get("NO", 0)))
            if not written_number or written_number in used:
                if written_number and entry.row not in self._copied:  # the NO was copied with the row
                    self._note(
                        entry.row, "NO", f"NO {written_number}は、既に使われています。空いている番号を付けます。"
                    )
                written_number = max(used, default=0) + 1
                numbered.append(entry)
            used.add(written_number)
            entry.number, entry.values["NO"] = written_number, str(written_number)
        for entry in entries:
            if entry.kind == "repeat" and entry.target:
                entry.number = entry.target.number
        return numbered

    def _as_tree(self, entries: list[Entry]) -> list[Entry]:
        """The entries below their headings; or as they were sent out, if the rows were sorted."""
        levels = self._edition.levels
        if levels and self._are_sorted(entries):
            return self._as_sent(entries)
        stack: list[Entry] = []
        outermost: list[Entry] = []
        for entry in entries:
            depth = entry.depth if entry.kind == "heading" else len(levels)
            if depth > len(stack):
                missing = flat(levels[len(stack)].head)
                raise WorkbookError(
                    f"「{visible(entry.name)}」の上に、見出し「{missing}」がありません。"
                    "見出しの行を加えるか、ほかの見出しの下に移してください。何も取り込みません。",
                    entry.row,
                )
            del stack[depth:]
            (stack[-1].children if stack else outermost).append(entry)
            if entry.kind == "heading":
                stack.append(entry)
        return outermost

    def _are_sorted(self, entries: list[Entry]) -> bool:
        """Whether the rows were sorted: one above all headings, or most below other headings than they were sent out."""
        rows_sent = [entry for entry in entries if entry.kind != "heading" and entry.node]
        if rows_sent and entries[0] is rows_sent[0]:
            return True
        heading: Entry | None = None
        elsewhere = 0
        for entry in entries:
            if entry.kind == "heading":
                heading = entry
            elif entry.node and heading and heading.node:
                elsewhere += heading.node is not entry.node.parent
        return elsewhere > max(_FEW, len(rows_sent) // 2)

    def _as_sent(self, entries: list[Entry]) -> list[Entry]:
        """The entries that were there, each where it was: the order of sorted rows says nothing."""
        self._note(
            0, "", "行が並べ替えられています。項目の並びは元データのままとし、記載の変更と削除だけを取り込みます。"
        )
        there = {entry.node.key: entry for entry in entries if entry.node}
        for entry in entries:
            if not entry.node:
                self._find(
                    entry.row,
                    "",
                    f"「{visible(entry.name)}」を加える所が分かりません。並べ替えを元に戻してから加えてください。",
                )

        def kept(nodes: list[Node]) -> list[Entry]:
            found = []
            for node in nodes:
                if entry := there.get(node.key):
                    entry.children = kept(node.children)
                    found.append(entry)
            return found

        return kept(self._tree.children)
