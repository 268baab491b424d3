"""Writes values into items and headings of an edition's YAML file without changing any other byte.

No YAML writer is used, since all of them reformat the file. The parser gives the places of the values, and only these
are replaced. The result is parsed again and must contain exactly the intended change.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import PipelineError, SourceError
from pipeline.model.form import FIGURE, Form
from pipeline.model.rules import acknowledgements, form_of_tree, label, rows, sections
from pipeline.source.tree import Mapping as Item
from pipeline.source.tree import Node, Scalar, Sequence, Source, parse_source, plain
from pipeline.source.writing import flow, scalar

# Where a value stands in an item: at a key, or at a key and a place (from 0) in its list.
Place = str | tuple[str, int]
Answers = Mapping[int, Mapping[str, str] | Mapping[Place, str]]  # by NO, by place
# What is written at a place: a text, or a list of them.
Written = str | tuple[str, ...]
# The line and the column (from 1) of an item or a heading, by which it is known in one state of a file.
Spot = tuple[int, int]


class EditError(PipelineError):
    """The file's YAML cannot be edited safely; the message names the lines to edit by hand."""


_Point = tuple[int, int]  # line and column, from 0


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of the text between two places (line and column, from 0)."""

    begin: _Point
    end: _Point
    text: str


@dataclass(frozen=True, slots=True)
class _Token:
    """A scalar in the file. For a block scalar (| or >), `end` is the end of its last line with text."""

    begin: _Point
    end: _Point
    style: str


def edit(source: Source, answers: Answers) -> Source:
    """`source` with the values of `answers` written into it. Raises `EditError`."""
    items = _items(source.root, form_of_tree(source.root))
    return edit_parts(source, {spot(node): answers[number] for number, node in items if answers.get(number)})


def edit_parts(source: Source, values: Mapping[Spot, Mapping[Any, Written]]) -> Source:
    """`source` with values written into items, headings and entries of 確認済, each known by its spot.

    Raises `EditError`.
    """
    # The sort is stable: at one place, a replacement stays before an insertion after it.
    edits = sorted(Editor(source).edits(values), key=lambda edit: (edit.begin, edit.end))
    edited = _read(source.path, apply_edits(source.data, edits))
    if edited is None or plain(edited.root) != _intended(source, values):
        whose = "、".join(filter(None, (label(node) for node in _parts(source.root) if spot(node) in values)))
        lines = "、".join(str(edit.begin[0] + 1) for edit in edits)
        raise EditError(
            f"{source.path}: 自動では書き換えられない書き方があります({whose}、{lines}行目)。"
            "何も書き込んでいません。その行を「キー: 値」の形に直してからもう一度取り込むか、手作業で書き換えてください。"
        )
    return edited


def spots(source: Source) -> list[Spot]:
    """Where everything stands that `edit_parts` can write into; it changes the places, and not their order."""
    return [spot(node) for node in _parts(source.root)]


def spot(node: Node) -> Spot:
    """Where `node` stands in its file."""
    return node.line, node.column


def positions(source: Source) -> dict[tuple[int, Place], tuple[int, int]]:
    """The line and the column (from 1) of each value of an item, by NO and place."""
    found: dict[tuple[int, Place], tuple[int, int]] = {}
    for number, node in _items(source.root, form_of_tree(source.root)):
        for key, value in node.entries.items():
            found[number, key] = value.line, value.column
            if isinstance(value, Sequence):
                found |= {(number, (key, index)): (one.line, one.column) for index, one in enumerate(value.items)}
    return found


def _read(path: Path, data: bytes) -> Source | None:
    try:
        return parse_source(path, data)
    except SourceError:
        return None


def _intended(source: Source, values: Mapping[Spot, Mapping[Any, Written]]) -> object:
    """The tree that the edited file must have, as plain data. It is parsed anew, because it is modified here."""
    root = parse_source(source.path, source.data).root
    for node in _parts(root):
        for place, text in values.get(spot(node), {}).items():
            if isinstance(place, tuple):
                series = node.entries[place[0]]
                assert isinstance(series, Sequence)
                series.items[place[1]] = _as_node(text)
            elif text or place in node.entries:  # an empty answer needs no new key
                node.entries[place] = _as_node(text)
    return plain(root)


def _as_node(value: Written) -> Node:
    return Scalar(value, 0, 0) if isinstance(value, str) else Sequence([Scalar(one, 0, 0) for one in value], 0, 0)


def _items(root: Item, form: Form) -> Iterator[tuple[int, Item]]:
    return ((row.number, row.node) for row in rows(root, form) if row.number)


def _parts(root: Item) -> Iterator[Item]:
    """Every row, every heading, and every entry of 確認済."""
    form = form_of_tree(root)
    yield from (row.node for row in rows(root, form))
    yield from (section.node for section in sections(root, form))
    yield from acknowledgements(root)


class Editor:
    """Finds where the values of a file stand."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines
        self._root = source.root
        form = form_of_tree(source.root)
        self._plain = {column.key for column in form.own if column.kind in ("figure", "date")} | {"NO", "再掲"}
        # The order in which people write the keys.
        self._keys = ["番号", "名称", "印", "単位", *(column.key for column in form.own)]
        self._tokens: dict[_Point, _Token] = {}
        self._flow: dict[_Point, _Point] = {}  # the end of each mapping or list in braces or brackets, by its begin
        opened: list[tuple[_Point, bool]] = []
        for event in yaml.parse("\n".join(self._lines), Loader=yaml.CSafeLoader):
            begin, end = event.start_mark, event.end_mark
            assert begin is not None
            assert end is not None
            point = begin.line, begin.column
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append((point, bool(event.flow_style)))
            elif isinstance(event, yaml.CollectionEndEvent):
                first, is_flow = opened.pop()
                if is_flow:
                    self._flow[first] = end.line, end.column
            elif isinstance(event, yaml.ScalarEvent):
                self._tokens[point] = self._token(event.style or "", point, (end.line, end.column))

    def edits(self, values: Mapping[Spot, Mapping[Any, Written]]) -> Iterator[Edit]:
        """The edits that write `values` into items and headings."""
        for node in _parts(self._root):
            # In printed order, so that several keys that are inserted at one place keep that order.
            places = sorted(values.get(spot(node), {}).items(), key=lambda answer: self._order(answer[0]))
            in_flow = _point(node) in self._flow
            for place, text in places:
                if isinstance(place, tuple):
                    assert isinstance(text, str)
                    yield self._replace_in_list(node.entries[place[0]], place, text)
                elif not isinstance(text, str):
                    yield self._write_list(node, place, flow(text), in_flow)
                elif place in node.entries:
                    yield from self._replace(node, place, text, in_flow)
                else:
                    yield from self._insert(node, place, text, in_flow)

    def _write_list(self, node: Item, key: str, written: str, in_flow: bool) -> Edit:
        """Write a list in one line, in place of the one at `key`, or at its place."""
        if key not in node.entries:
            return self._inserted(node, key, written, in_flow)
        name = node.keys[key]
        line = self._lines[name.line - 1]
        begin = name.line - 1, line.index(":", name.column - 1 + len(name.text)) + 1
        return Edit(begin, self.end(node.entries[key]), f" {written}")

    def _order(self, place: Place) -> int:
        key = place if isinstance(place, str) else place[0]
        return self._keys.index(key) if key in self._keys else -1

    def _token(self, style: str, begin: _Point, end: _Point) -> _Token:
        if style and style in "|>":
            last = end[0] if end[1] else end[0] - 1
            while last > begin[0] and not self._lines[last].strip(" "):
                last -= 1
            end = last, len(self._lines[last])
        return _Token(begin, end, style)

    def _replace(self, node: Item, key: str, text: str, in_flow: bool) -> Iterator[Edit]:
        value, name = node.entries[key], node.keys[key]
        token = self._tokens[_point(value)]
        if token.style and token.style in "|>":
            yield from self._replace_block(token, text, name)
            return
        line, column = token.begin
        before = self._lines[line][:column]
        on_line_of_key = line == name.line - 1
        if not text and not in_flow:
            # Write an empty value as `キー:`, without "", as people do to leave room for an answer.
            start = token.begin
            if on_line_of_key:
                start = line, len(before.rstrip(" "))
            elif not before.strip(" "):
                start = line - 1, len(self._lines[line - 1])
            yield Edit(start, token.end, "")
        elif "\n" in text and on_line_of_key and not in_flow:
            # Write several lines as a block scalar: within quotes the line end would be an escape, with warning W510.
            behind = token.end[0], len(self._lines[token.end[0]])
            yield Edit(token.begin, token.end, _separated(before, "|"))
            yield Edit(behind, behind, _block(text, name.column + 1))
        else:
            yield Edit(token.begin, token.end, _separated(before, self._written(key, text, token.style, in_flow)))

    def _replace_in_list(self, series: Node, place: tuple[str, int], text: str) -> Edit:
        assert isinstance(series, Sequence)
        token = self._tokens[_point(series.items[place[1]])]
        in_flow = _point(series) in self._flow
        return Edit(token.begin, token.end, self._written(place[0], text, token.style, in_flow))

    def _written(self, key: str, text: str, style: str, in_flow: bool) -> str:
        """`text` on one line. Figures and dates need no quotes, since every value of a source is read as text."""
        is_plain = key in self._plain and (FIGURE.fullmatch(text) or re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text))
        if is_plain and style not in ("'", '"') and not (in_flow and "," in text):
            return text
        return _quoted(text, style if style not in ("|", ">") else "", in_flow)

    def _replace_block(self, token: _Token, text: str, name: Scalar) -> Iterator[Edit]:
        """Replace a block scalar, but keep the header's comment and the indentation; > (folded) becomes | (literal)."""
        line, column = token.begin
        header = re.compile("[|>][0-9+-]*").match(self._lines[line], column)
        assert header
        first = next((one for one in self._lines[line + 1 : token.end[0] + 1] if one.strip(" ")), "")
        # After an indentation indicator like |2, the first line's spaces may belong to its text.
        spaces = len(first) - len(first.lstrip(" ")) if first and not re.search("[0-9]", header[0]) else name.column + 1
        start = column if text else len(self._lines[line][:column].rstrip(" "))
        yield Edit((line, start), (line, header.end()), "|" if text else "")
        yield Edit((line, len(self._lines[line])), token.end, _block(text, spaces) if text else "")

    def _insert(self, node: Item, key: str, text: str, in_flow: bool) -> Iterator[Edit]:
        """Insert a missing key, unless its value is empty."""
        if text:
            written = self._written(key, text, "", in_flow)
            yield self._inserted(node, key, written if "\n" not in text or in_flow else "|", in_flow, text)

    def _inserted(self, node: Item, key: str, written: str, in_flow: bool, text: str = "") -> Edit:
        """The insertion of a key after the nearest key before it that the item has, or after its name.

        `text` follows in lines of its own if "|" is `written`.
        """
        before = reversed(self._keys[: max(0, self._order(key))])
        neighbour = next((one for one in before if one in node.entries), "名称")
        end = self.end(node.entries[neighbour])
        if in_flow:
            return Edit(end, end, f", {_key(key, in_flow)}: {written}")
        column = node.keys[neighbour].column - 1
        if written == "|":
            written += _block(text, column + 2)
        behind = end[0], len(self._lines[end[0]])
        return Edit(behind, behind, f"\n{' ' * column}{_key(key, in_flow)}: {written}")

    def is_flow(self, node: Node) -> bool:
        """Whether `node` stands in braces or brackets."""
        return _point(node) in self._flow

    def end(self, node: Node) -> _Point:
        """Where the text of a value ends."""
        if _point(node) in self._flow:
            return self._flow[_point(node)]
        if isinstance(node, Scalar):
            return self._tokens[_point(node)].end
        return self.end(node.items[-1] if isinstance(node, Sequence) else [*node.entries.values()][-1])


def _point(node: Node) -> _Point:
    return node.line - 1, node.column - 1


def _key(key: str, in_flow: bool) -> str:
    # In a flow collection a plain key ends at a comma or a bracket.
    return json.dumps(key, ensure_ascii=False) if in_flow and re.search(r"[,\[\]{}]", key) else scalar(key)


def _quoted(text: str, style: str, in_flow: bool) -> str:
    """`text` on one line, in the former quotes if possible, else in those that it needs."""
    if style == "'" and "\n" not in text:
        return "'" + text.replace("'", "''") + "'"
    written = scalar(text)
    if style or "\n" in text or (in_flow and written[0] not in "'\""):
        # A JSON string is a valid YAML one. In a flow collection always quote: a plain value ends at a comma.
        return json.dumps(text, ensure_ascii=False)
    return written


def _separated(before: str, written: str) -> str:
    """`written`, after a space if `before` ends with the key's colon."""
    return f" {written}" if before.endswith(":") else written


def _block(text: str, spaces: int) -> str:
    return "".join(f"\n{' ' * spaces}{line}" if line else "\n" for line in text.split("\n"))


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` with `edits` applied, which stand in the order of the file. New lines get the line ends around each edit."""
    mark, lines = lines_with_ends(data)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    text = "".join(lines)
    pieces: list[str] = []
    at = 0
    for edit in edits:
        begin, end = (starts[line] + column for line, column in (edit.begin, edit.end))
        assert at <= begin <= end
        here = lines[min(edit.begin[0], len(lines) - 1)]
        around = here if here.endswith(("\r", "\n")) else lines[0]
        pieces += [text[at:begin], edit.text.replace("\n", end_of(around))]
        at = end
    return (mark + "".join(pieces) + text[at:]).encode("utf-8")


def lines_with_ends(data: bytes) -> tuple[str, list[str]]:
    """The byte order mark of a file, if it has one, and its lines with their ends; at least one line."""
    text = data.decode("utf-8")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return mark, re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text.removeprefix(mark)) or [""]


def end_of(line: str) -> str:
    """The line end of `line`; a line feed if it has none."""
    return next((one for one in ("\r\n", "\n", "\r") if line.endswith(one)), "\n")
