"""Answers written into an edition's YAML: the changed values change, every other byte stays.

No YAML writer is used, since each of them lays the whole file out anew. The parser says where a value
begins and ends, and only that is replaced; then the result is read back and must hold exactly what was meant.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from pipeline.errors import PipelineError, SourceError
from pipeline.model.rules import rows
from pipeline.source.tree import Mapping as Node
from pipeline.source.tree import Scalar, Source, parse_source, plain
from pipeline.years.draft import scalar

Answers = Mapping[int, Mapping[str, str]]  # by NO, by key


class EditError(PipelineError):
    """The file is written in a way that cannot be edited safely; the message says which lines to edit by hand."""


_Place = tuple[int, int]  # line and column, from 0


@dataclass(frozen=True, slots=True)
class _Edit:
    begin: _Place
    end: _Place
    text: str


@dataclass(frozen=True, slots=True)
class _Token:
    """A scalar as it stands in the file; of a block scalar (| or >) `end` is behind its last line with text."""

    begin: _Place
    end: _Place
    style: str


def edit(source: Source, answers: Answers) -> Source:
    """`source` with `answers` in place of what it says. Raises `EditError`."""
    answers = {number: values for number, values in answers.items() if values}
    # At one place, first what is replaced there and then what is put behind it.
    edits = sorted(_Editor(source).edits(answers), key=lambda edit: (edit.begin, edit.end))
    edited = _read(source.path, _apply(source.data, edits))
    if edited is None or plain(edited.root) != _intended(source, answers):
        numbers = "、".join(map(str, sorted(answers)))
        lines = "、".join(str(edit.begin[0] + 1) for edit in edits)
        raise EditError(
            f"{source.path}: 自動では書き換えられない書き方があります(NO {numbers}、{lines}行目)。"
            "何も書き込んでいません。その行を「キー: 値」の形に直してからもう一度取り込むか、手で書き換えてください。"
        )
    return edited


def _read(path: Path, data: bytes) -> Source | None:
    try:
        return parse_source(path, data)
    except SourceError:
        return None


def _intended(source: Source, answers: Answers) -> object:
    """What the tree must say afterwards. Read afresh, since it is changed."""
    root = parse_source(source.path, source.data).root
    for number, node in _items(root):
        for key, text in answers.get(number, {}).items():
            if text or key in node.entries:  # nothing is said by leaving it out, too
                node.entries[key] = Scalar(text, 0, 0)
    return plain(root)


def _items(root: Node) -> Iterator[tuple[int, Node]]:
    return ((row.number, row.node) for row in rows(root) if row.number)


class _Editor:
    def __init__(self, source: Source) -> None:
        self._lines = source.lines
        self._root = source.root
        self._tokens: dict[_Place, _Token] = {}
        self._flow: set[_Place] = set()
        for event in yaml.parse("\n".join(self._lines), Loader=yaml.CSafeLoader):
            begin, end = event.start_mark, event.end_mark
            assert begin is not None
            assert end is not None
            place = begin.line, begin.column
            if isinstance(event, yaml.MappingStartEvent) and event.flow_style:
                self._flow.add(place)
            elif isinstance(event, yaml.ScalarEvent):
                self._tokens[place] = self._token(event.style or "", place, (end.line, end.column))

    def edits(self, answers: Answers) -> Iterator[_Edit]:
        for number, node in _items(self._root):
            for key, text in answers.get(number, {}).items():
                in_flow = (node.line - 1, node.column - 1) in self._flow
                if key not in node.entries:
                    yield from self._insert(node, key, text, in_flow)
                else:
                    yield from self._replace(node, key, text, in_flow)

    def _token(self, style: str, begin: _Place, end: _Place) -> _Token:
        if style and style in "|>":
            last = end[0] if end[1] else end[0] - 1
            while last > begin[0] and not self._lines[last].strip(" "):
                last -= 1
            end = last, len(self._lines[last])
        return _Token(begin, end, style)

    def _replace(self, node: Node, key: str, text: str, in_flow: bool) -> Iterator[_Edit]:
        value, name = node.entries[key], node.keys[key]
        token = self._tokens[value.line - 1, value.column - 1]
        if token.style and token.style in "|>":
            yield from self._replace_block(token, text, name)
            return
        line, column = token.begin
        before = self._lines[line][:column]
        on_line_of_key = line == name.line - 1
        if not text and not in_flow:
            # `検証内容:` says it as well as `検証内容: ""`, and is how a writer leaves a place for the next answer.
            start = token.begin
            if on_line_of_key:
                start = line, len(before.rstrip(" "))
            elif not before.strip(" "):
                start = line - 1, len(self._lines[line - 1])
            yield _Edit(start, token.end, "")
        elif "\n" in text and on_line_of_key and not in_flow:
            # In quotes a line end is an escape, which is warned of (W510).
            behind = token.end[0], len(self._lines[token.end[0]])
            yield _Edit(token.begin, token.end, _apart(before, "|"))
            yield _Edit(behind, behind, _block(text, name.column + 1))
        else:
            yield _Edit(token.begin, token.end, _apart(before, _quoted(text, token.style, in_flow)))

    def _replace_block(self, token: _Token, text: str, name: Scalar) -> Iterator[_Edit]:
        """The header keeps its comment, the lines their indentation; > becomes |, which needs no thought about folding."""
        line, column = token.begin
        header = re.compile("[|>][0-9+-]*").match(self._lines[line], column)
        assert header
        first = next((one for one in self._lines[line + 1 : token.end[0] + 1] if one.strip(" ")), "")
        # After an indicator like |2 the first line may have blanks of its own.
        spaces = len(first) - len(first.lstrip(" ")) if first and not re.search("[0-9]", header[0]) else name.column + 1
        start = column if text else len(self._lines[line][:column].rstrip(" "))
        yield _Edit((line, start), (line, header.end()), "|" if text else "")
        yield _Edit((line, len(self._lines[line])), token.end, _block(text, spaces) if text else "")

    def _insert(self, node: Node, key: str, text: str, in_flow: bool) -> Iterator[_Edit]:
        """The key that was left out, behind its neighbour."""
        if not text:
            return
        neighbour = "今後の取扱い" if "今後の取扱い" in node.entries else "NO"
        value = node.entries[neighbour]
        token = self._tokens[value.line - 1, value.column - 1]
        if in_flow:
            yield _Edit(token.end, token.end, f", {key}: {_quoted(text, '', in_flow)}")
            return
        column = node.keys[neighbour].column - 1
        written = f"|{_block(text, column + 2)}" if "\n" in text else _quoted(text, "", in_flow)
        behind = token.end[0], len(self._lines[token.end[0]])
        yield _Edit(behind, behind, f"\n{' ' * column}{key}: {written}")


def _quoted(text: str, style: str, in_flow: bool) -> str:
    """`text` on one line, in the quotes that stood there if they can hold it, else in those that it needs."""
    if style == "'" and "\n" not in text:
        return "'" + text.replace("'", "''") + "'"
    written = scalar(text)
    if style or "\n" in text or (in_flow and written[0] not in "'\""):
        # In a flow collection a plain value ends at a comma. Every JSON string is a YAML one.
        return json.dumps(text, ensure_ascii=False)
    return written


def _apart(before: str, written: str) -> str:
    """`written`, with the blank that a value needs behind the colon of its key, where none stands yet."""
    return f" {written}" if before.endswith(":") else written


def _block(text: str, spaces: int) -> str:
    return "".join(f"\n{' ' * spaces}{line}" if line else "\n" for line in text.split("\n"))


def _apply(data: bytes, edits: list[_Edit]) -> bytes:
    """`data` with `edits` made, in the line ends that stand around each."""
    text = data.decode("utf-8")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text.removeprefix(mark)) or [""]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    text = text.removeprefix(mark)
    pieces: list[str] = []
    at = 0
    for edit in edits:
        begin, end = (starts[line] + column for line, column in (edit.begin, edit.end))
        assert at <= begin <= end
        here = lines[min(edit.begin[0], len(lines) - 1)]
        around = here if here.endswith(("\r", "\n")) else lines[0]
        line_end = next((one for one in ("\r\n", "\n", "\r") if around.endswith(one)), "\n")
        pieces += [text[at:begin], edit.text.replace("\n", line_end)]
        at = end
    return (mark + "".join(pieces) + text[at:]).encode("utf-8")
