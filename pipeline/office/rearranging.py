"""Rearranges the list in an edition's YAML file: items and headings are moved, removed and added as lines of the file.

What stays keeps its lines, with comments and layout. A comment above an item goes where the item goes. As in `editing`
the result is parsed again, and must be exactly what was intended.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import SourceError
from pipeline.model.form import FIGURE
from pipeline.model.rules import children_of, form_of_tree
from pipeline.source.tree import Mapping as Part
from pipeline.source.tree import Node, Source, parse_source, plain
from pipeline.source.writing import entry, flow

from .editing import EditError, Editor, Spot, end_of, lines_with_ends, spot

# What stands at a place of the list in a file written by us: a level's list begins so many columns right of its key.
_INDENT = 2


@dataclass(slots=True, eq=False)
class Wanted:
    """A heading or a row of the list as it shall be: one that the file has, at `spot`, or a new one with its values."""

    spot: Spot | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    children: list["Wanted"] = field(default_factory=list)


def rearrange(source: Source, wanted: Sequence[Wanted]) -> Source:
    """`source` with the list `wanted`. Raises `EditError`."""
    data = _Rearranger(source).text(wanted).encode()
    try:
        edited = parse_source(source.path, data)
        is_right = plain(edited.root) == _intended(source, wanted)
    except SourceError:
        is_right = False
    if not is_right:
        raise EditError(
            f"{source.path}: 一覧の並びに、自動では書き換えられない書き方があります。何も書き込んでいません。"
            "項目の加除や移動は、手作業で書き換えてください。"
        )
    return edited


def _intended(source: Source, wanted: Sequence[Wanted]) -> object:
    """The file as plain data, with the list `wanted`."""
    keys = form_of_tree(source.root).list_keys
    parts = _all_parts(source.root, keys)

    def data(one: Wanted, depth: int) -> dict[str, Any]:
        own = dict(one.values)
        if one.spot:
            found = plain(parts[one.spot])
            assert isinstance(found, dict)
            own = found
        if depth < len(keys) and (one.children or own.get(keys[depth])):
            own[keys[depth]] = [data(child, depth + 1) for child in one.children] or ""
        return own

    root = plain(source.root)
    assert isinstance(root, dict)
    root[keys[0]] = [data(one, 1) for one in wanted]
    return root


def _all_parts(root: Part, keys: Sequence[str]) -> dict[Spot, Part]:
    """Every heading and row below `root`, by its spot."""
    found: dict[Spot, Part] = {}
    for child in children_of(root, keys[0]):
        found[spot(child)] = child
        if keys[1:]:
            found |= _all_parts(child, keys[1:])
    return found


@dataclass(slots=True)
class _Block:
    """The lines of a heading or a row: those before its list, those of its list, and those after it.

    `begin` is the place of its first line in the file, `dash` the column of its dash, `inside` that of its keys.
    """

    begin: int
    before: list[str]
    children: dict[Spot, "_Block"]
    after: list[str]
    dash: int
    inside: int
    node: Part


class _Rearranger:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._keys = form_of_tree(source.root).list_keys
        self._mark, self._lines = lines_with_ends(source.data)
        self._end = end_of(self._lines[0])
        if not self._lines[-1].endswith(("\r", "\n")):
            self._lines[-1] += self._end
        self._editor = Editor(source)
        self._parts = _all_parts(source.root, self._keys)
        self._blocks: dict[Spot, _Block] = {}

    def text(self, wanted: Sequence[Wanted]) -> str:
        root = self._block(self._source.root, 0, (0, len(self._lines)), 0)
        return self._mark + "".join(self._written(root, Wanted(children=[*wanted]), 0))

    # The blocks of the file

    def _block(self, node: Part, depth: int, region: tuple[int, int], dash: int) -> _Block:
        """The block of `node`, which has the lines of `region`."""
        begin, end = region
        inside = min((name.column - 1 for name in node.keys.values()), default=0)
        key = self._keys[depth] if depth < len(self._keys) else ""
        children = children_of(node, key)
        if not children or self._is_flow(node) or self._is_flow(node.entries[key]):
            return _Block(begin, self._lines[begin:end], {}, [], dash, inside, node)
        first = node.keys[key].line  # the line after the key
        found: dict[Spot, _Block] = {}
        at = first
        for number, child in enumerate(children):
            _, column = self._dash(child)
            last = self._editor.end(child)[0]
            until = self._dash(children[number + 1])[0] if number + 1 < len(children) else end
            after = last + 1
            while after < until and self._is_comment_right_of(after, column):
                after += 1
            found[spot(child)] = self._block(child, depth + 1, (at, after), column)
            self._blocks[spot(child)] = found[spot(child)]
            at = after
        return _Block(begin, self._lines[begin:first], found, self._lines[at:end], dash, inside, node)

    def _is_flow(self, node: Node) -> bool:
        return self._editor.is_flow(node)

    def _dash(self, node: Part) -> tuple[int, int]:
        """The line and the column, from 0, of the dash before an entry of a list."""
        line, column = node.line - 1, node.column - 1
        before = self._lines[line][:column]
        while "-" not in before:
            line -= 1
            before = self._lines[line].partition("#")[0]
        return line, before.rindex("-")

    def _is_comment_right_of(self, line: int, column: int) -> bool:
        text = self._lines[line]
        bare = text.lstrip(" ")
        return bare.startswith("#") and len(text) - len(bare) > column

    # The lines of the new file

    def _written(self, block: _Block, wanted: Wanted, depth: int) -> Iterator[str]:
        """The lines of `block` with the children of `wanted`."""
        same = [*block.children] == [child.spot for child in wanted.children]
        if depth == len(self._keys) or (same if block.children else self._has_same(block.node, wanted, depth)):
            # The same list: only what is below may differ.
            yield from block.before
            for child in wanted.children if block.children else ():
                assert child.spot
                yield from self._written(block.children[child.spot], child, depth + 1)
            yield from block.after
            return
        key = self._keys[depth]
        before, after, inside = block.before, block.after, block.inside
        if self._is_flow(block.node):
            values = _with_list(self._values(block.node), key, [self._data(one, depth + 1) for one in wanted.children])
            yield from self._as_lines(block.dash, values, depth)
            return
        if not block.children:
            before, after = self._without_list(block, key)
        yield from before
        if wanted.children and key not in block.node.entries:
            yield f"{' ' * inside}{_key(key)}:{self._end}"
        dash = next((child.dash for child in block.children.values()), inside + _INDENT)
        for child in wanted.children:
            yield from self._child(child, depth + 1, dash)
        yield from after

    def _has_same(self, node: Part, wanted: Wanted, depth: int) -> bool:
        """Whether all children are the ones that stand in one line of the file, unchanged."""
        there = [spot(child) for child in children_of(node, self._keys[depth])]
        return there == [child.spot for child in wanted.children] and all(
            self._is_unchanged(child, depth + 1) for child in wanted.children
        )

    def _is_unchanged(self, wanted: Wanted, depth: int) -> bool:
        return wanted.spot is not None and (
            depth == len(self._keys) or self._has_same(self._parts[wanted.spot], wanted, depth)
        )

    def _child(self, wanted: Wanted, depth: int, dash: int) -> Iterator[str]:
        if wanted.spot is None:
            yield from self._as_lines(dash, self._data(wanted, depth), depth)
            return
        block = self._blocks.get(wanted.spot)
        if block is None:  # it stood in braces or brackets that are written anew
            yield from self._as_lines(dash, self._data(wanted, depth), depth)
            return
        by = dash - block.dash
        for line in self._written(block, wanted, depth):
            yield line if not line.strip() else " " * by + line if by >= 0 else _less(line, -by)

    def _without_list(self, block: _Block, key: str) -> tuple[list[str], list[str]]:
        """The lines of a block up to the key of its list, of which the value is taken away, and those after it."""
        node, lines = block.node, block.before
        if key not in node.entries:
            last = len(lines)
            while last > 1 and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
                last -= 1
            return lines[:last], lines[last:]
        start = block.begin
        name, value = node.keys[key], node.entries[key]
        line = name.line - 1 - start
        colon = lines[line].index(":", name.column - 1 + len(name.text)) + 1
        end, column = self._editor.end(value)
        rest = lines[end - start][column:] if self._is_flow(value) else lines[line][colon:]
        after = end - start + 1 if self._is_flow(value) else line + 1
        return [*lines[:line], lines[line][:colon] + (rest if rest.strip() else self._end)], lines[after:]

    # Values as lines

    def _values(self, node: Part) -> dict[str, Any]:
        found = plain(node)
        assert isinstance(found, dict)
        return found

    def _data(self, wanted: Wanted, depth: int) -> dict[str, Any]:
        values = self._values(self._parts[wanted.spot]) if wanted.spot else dict(wanted.values)
        if depth < len(self._keys):
            values = _with_list(values, self._keys[depth], [self._data(one, depth + 1) for one in wanted.children])
        return values

    def _as_lines(self, dash: int, values: Mapping[str, Any], depth: int) -> Iterator[str]:
        """A heading or a row in lines of its own; `depth` is that of its children."""
        lead = f"{' ' * dash}- "
        key = self._keys[depth] if depth < len(self._keys) else ""
        for name, value in values.items():
            if name == key:
                yield f"{lead}{_key(name)}:{self._end}"
                for child in value:
                    yield from self._as_lines(dash + 2 + _INDENT, child, depth + 1)
            else:
                for line in _entry(lead, name, value):
                    yield line + self._end
            lead = " " * (dash + 2)


def _with_list(values: dict[str, Any], key: str, children: list[dict[str, Any]]) -> dict[str, Any]:
    """`values` with a list; without its key if there is nothing in it and there was none."""
    return {**values, key: children} if children or values.get(key) else values


def _entry(lead: str, key: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and (FIGURE.fullmatch(value) or not value):
        # Every value of a source is read as text, so a figure needs no quotes.
        return iter([f"{lead}{_key(key)}: {value}".rstrip()])
    return entry(lead, _key(key), value)


def _key(key: str) -> str:
    return flow(key)


def _less(line: str, by: int) -> str:
    return line[min(by, len(line) - len(line.lstrip(" "))) :]
