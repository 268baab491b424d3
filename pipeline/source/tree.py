"""Stage 1: parses the YAML file of an edition into a tree in which every value carries its line and column.

A source is untrusted input. Whatever it holds, parsing ends quickly and in bounded memory, with a tree or with
problems. Every scalar stays text; anchors, tags and second documents are refused.
"""

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NoReturn

import yaml

from pipeline.errors import Problem, SourceError
from pipeline.reading import Content, UnreadableError, read_file

from .characters import compose, visible
from .embedded import AlteredError, NotOursError, take_source
from .limits import MAX_BYTES, MAX_DEPTH, MAX_KEY, MAX_NODES, MAX_PROBLEMS, MAX_TEXT
from .slips import Level, Oddity, Quotation, explain, glued_key, oddities

# Characters that libyaml refuses, reported here first in Japanese with their place; and line separators that count as
# line ends in YAML alone, so that line numbers would differ from an editor's.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")

# YAML directives (%…): no source needs them, and libyaml parses them in quadratic time.
_DIRECTIVE = re.compile("^%", re.MULTILINE)

# Characters that may follow a value before a comment, and the one that begins a comment.
_BEFORE_COMMENTS = (" ", "\t", "#")

# Problems that keep the values from being validated, though most of them may be sound.
_BLOCKING = {"E103", "E104", "E105", "E106", "E107", "E108", "E109", "E111"}

# Byte order marks of other encodings. UTF-32 comes first, since its mark begins with that of UTF-16.
_OTHER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


@dataclass(slots=True)
class Scalar:
    """A value as text: composed (see `compose`), without white space around it."""

    text: str
    line: int
    column: int


@dataclass(slots=True)
class Sequence:
    """A YAML list. Line and column count from 1."""

    items: list["Node"]
    line: int
    column: int


@dataclass(slots=True)
class Mapping:
    """A YAML mapping: the values and the scalars of the keys, both by key."""

    entries: dict[str, "Node"]
    line: int
    column: int
    keys: dict[str, Scalar] = field(default_factory=dict)

    def text(self, key: str) -> str | None:
        """The text at `key`; None if it is missing, empty or not a scalar."""
        node = self.entries.get(key)
        return node.text if isinstance(node, Scalar) and node.text else None


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its path, bytes, SHA-256 in hexadecimal, tree and edition id.

    `oddities` are warnings on values that YAML may have read otherwise than meant, in file order.
    """

    path: Path
    data: bytes
    digest: str
    root: Mapping
    edition: str
    oddities: tuple[Oddity, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The lines of the file, numbered as in an editor."""
        return _as_lines(self.data).split("\n")


def read_source(path: Path) -> Source:
    """Read and parse the file at `path`: YAML, or one of our PDFs with its source embedded. Raises `SourceError`."""
    try:
        return source_in(path, read_file(path, MAX_BYTES))
    except UnreadableError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: UnreadableError) -> SourceError:
    """The error for a file at `path` that could not be read or is too large."""
    return SourceError([Problem(str(path), 0, 0, "E102" if error.is_too_large else "E101", str(error))])


def source_in(path: Path, content: Content) -> Source:
    """Parse `content`, read from `path`: YAML, or one of our PDFs with its source embedded. Raises `SourceError`."""
    if not content.data.startswith(b"%PDF-"):
        return parse_source(path, content.data)
    try:
        inner, edition = take_source(content.data)
    except NotOursError:
        _fail(
            path,
            "E112",
            "この仕組みで作った一覧のPDFではないため、元データを取り出せません。この仕組みで作った report.pdf を指定してください。",
        )
    except AlteredError:
        _fail(path, "E113", "作られた後で書き換えられたPDFです。配布した元のファイルを使ってください。")
    return parse_source(path, inner, edition)


def parse_source(path: Path, data: bytes, edition: str = "") -> Source:
    """Parse `data` as the content of `path`. The edition id defaults to the path's stem. Raises `SourceError`."""
    try:
        composer = _Composer(path, _decode(path, data))
        root = composer.compose()
    except SourceError as error:
        raise SourceError(_mention_unchecked(error.problems)) from None
    digest = hashlib.sha256(data).hexdigest()
    return Source(path, data, digest, root, edition or path.stem, tuple(composer.oddities))


def plain(node: Node) -> object:
    """`node` as nested dicts, lists and strings, without lines and columns."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def scalars(node: Node) -> Iterator[Scalar]:
    """Every key and every scalar value below `node`, in file order."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalars(item)
    else:
        for key, value in node.entries.items():
            yield node.keys[key]
            yield from scalars(value)


def with_notice(problems: list[Problem]) -> list[Problem]:
    """`problems` (in file order), plus a last one E199 if the search stopped at `MAX_PROBLEMS` errors."""
    if sum(problem.is_error for problem in problems) < MAX_PROBLEMS:
        return problems
    message = "誤りが多いので、途中までを示しました。示した誤りを直してから、もう一度実行してください。"
    return [*problems, problems[-1]._replace(code="E199", message=message)]


def with_rest_unchecked(problem: Problem) -> Problem:
    """`problem`, with the notice that the rest of the file has not been checked."""
    return problem._replace(message=f"{problem.message}ほかの誤りはまだ調べていません。")


def _mention_unchecked(problems: tuple[Problem, ...]) -> list[Problem]:
    """`problems` of the YAML syntax; the last one adds that the rest of the file has not been checked."""
    *others, last = problems
    if last.code in _BLOCKING:
        last = with_rest_unchecked(last)
    return [*others, last]


def _fail(path: Path, code: str, message: str, line: int = 0, column: int = 0) -> NoReturn:
    raise SourceError([Problem(str(path), line, column, code, message)])


def _decode(path: Path, data: bytes) -> str:
    """`data` decoded, with \\n as line ends. Raises `SourceError` if it is not UTF-8, or holds what YAML refuses."""
    other = next((name for mark, name in _OTHER_MARKS.items() if data.startswith(mark)), None)
    # Text in UTF-16 or UTF-32 without a byte order mark is full of NUL bytes; other text has none.
    if other is None and data.count(0) > len(data) // 20:
        other = "UTF-16かUTF-32"
    if other:
        _fail(path, "E103", f"文字コードが{other}です。UTF-8で保存し直してください。")
    try:
        text = _as_lines(data)
    except UnicodeDecodeError as error:
        good = _as_lines(data[: error.start])
        message = f"UTF-8として読めません({_guess_encoding(data)})。UTF-8で保存し直してください。"
        _fail(path, "E103", message, *_place(good, len(good)))
    problems = [
        Problem(
            str(path),
            *_place(text, match.start()),
            "E104",
            f"制御文字(U+{ord(match[0]):04X})があります。削除してください。",
        )
        for match in islice(_FORBIDDEN.finditer(text), 100)
    ]
    if problems:
        raise SourceError(problems)
    if directive := _DIRECTIVE.search(text):
        _fail(
            path,
            "E106",
            "行の初めの「%」は使えません。値の続きなら字下げし、そうでなければこの行を削除してください。",
            *_place(text, directive.start()),
        )
    return text


def _as_lines(data: bytes) -> str:
    """`data` decoded as UTF-8 without its byte order mark, with CRLF and CR replaced by \\n."""
    # Not utf-8-sig: the offsets in its errors do not count the mark.
    text = data.decode("utf-8").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column (from 1) of the character at `offset`."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _guess_encoding(data: bytes) -> str:
    """The Japanese encoding that `data` most likely has, for the message, by how much Japanese decoding gives."""
    likely = max(("cp932", "euc_jp"), key=lambda encoding: _japanese(data, encoding))
    if not _japanese(data, likely):
        return "文字コードが分からないか、文書ではありません"
    return {"cp932": "シフトJIS(CP932)のようです", "euc_jp": "EUC-JPのようです"}[likely]


def _japanese(data: bytes, encoding: str) -> int:
    """A score of how much of the first 100,000 bytes is Japanese in `encoding`; 0 if they cannot be decoded."""
    try:
        # Incremental, since the cut may fall within a character.
        text = codecs.getincrementaldecoder(encoding)().decode(data[:100_000])
    except UnicodeDecodeError:
        return 0
    # EUC-JP decoded as CP932 gives half-width kana, which are rare in prose.
    return max(0, len(re.findall("[ぁ-んァ-ヶ一-龠]", text)) - len(re.findall("[｡-ﾟ]", text)))


@dataclass(slots=True)
class _Open:
    """A list or mapping that is not yet complete; `key` is the key of a mapping whose value comes next."""

    node: Sequence | Mapping
    is_flow: bool
    key: Scalar | None = None

    @property
    def level(self) -> Level:
        """Its indentation, for messages, with the last item or key, the nearest to a mistake that follows."""
        if isinstance(self.node, Sequence):
            last = self.node.items[-1].line if self.node.items else self.node.line
            return Level(self.node.column - 1, True, "-", last)
        key = self.key or next(reversed(self.node.keys.values()), None)
        return Level(self.node.column - 1, False, key.text if key else "", key.line if key else self.node.line)


class _Composer:
    """Builds the tree from libyaml's events, with its own stack, so that deep nesting cannot exhaust Python's."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._problems: list[Problem] = []
        self._quotation: Quotation | None = None
        self._stack: list[_Open] = []
        # The levels closed since the last value; if libyaml stops here, they still explain the indentation.
        self._closed: list[_Open] = []
        self.oddities: list[Oddity] = []

    def compose(self) -> Mapping:
        """The root mapping. Raises `SourceError` with every problem of the syntax."""
        try:
            root = self._tree()
        except yaml.MarkedYAMLError as error:
            levels = [one.level for one in [*self._stack, *reversed(self._closed)] if not one.is_flow]
            self._report("E105", *explain(error, self._text, levels, self._quotation))
            root = None
        if self._problems:
            # Sort, since a duplicate key is found only after its value.
            raise SourceError(with_notice(sorted(self._problems, key=lambda found: (found.line, found.column))))
        if root is None:
            _fail(self._path, "E110", "中身がありません。docs/manual.md の例を見て書いてください。")
        if not isinstance(root, Mapping):
            _fail(self._path, "E203", "全体を「キー: 値」の組で書いてください(例 表題: …)。", root.line, root.column)
        return root

    def _report(self, code: str, message: str, line: int, column: int) -> None:
        self._problems.append(Problem(str(self._path), line, column, code, message))

    def _tree(self) -> Node | None:
        root: Node | None = None
        stack = self._stack
        nodes = documents = 0
        for event in yaml.parse(self._text, Loader=yaml.CSafeLoader):
            mark = event.start_mark
            assert mark is not None
            line, column = mark.line + 1, mark.column + 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._report(
                        "E106", "二つ目の文書があります。「---」から後を別のファイルに分けてください。", line, column
                    )
                    return root
                continue
            if isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                self._closed.append(stack.pop())
                continue
            if not isinstance(event, yaml.NodeEvent):
                continue
            nodes += 1
            if nodes > MAX_NODES:
                self._report("E108", f"値の数が{MAX_NODES:,}を超えています。版を分けてください。", line, column)
            if nodes > MAX_NODES or len(self._problems) >= MAX_PROBLEMS:
                return root
            node = self._node(event, line, column)
            self._closed.clear()
            if stack:
                self._attach(stack[-1], node)
            else:
                root = node
            if not isinstance(node, Scalar):
                stack.append(_Open(node, bool(getattr(event, "flow_style", False))))
                if len(stack) > MAX_DEPTH:
                    self._report(
                        "E107", f"入れ子が{MAX_DEPTH}段を超えています。字下げを確かめてください。", line, column
                    )
                    return root
        return root

    def _node(self, event: yaml.NodeEvent, line: int, column: int) -> Node:
        if event.anchor:
            what = "別名(*)" if isinstance(event, yaml.AliasEvent) else "アンカー(&)"
            self._report("E106", f"{what}は使えません。同じ値をもう一度書くか、引用符で囲んでください。", line, column)
        if isinstance(event, yaml.AliasEvent):
            return Scalar("", line, column)
        assert isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent))
        if event.tag and event.tag != "!":
            self._report("E106", "タグ(!)は使えません。文字なら引用符で囲んでください。", line, column)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence([], line, column)
        if isinstance(event, yaml.MappingStartEvent):
            return Mapping({}, line, column)
        assert isinstance(event, yaml.ScalarEvent)
        self._note_oddities(event)
        # Do not compose a value that is too long for a cell: that could take minutes, and validation refuses it anyway.
        text = compose(event.value) if len(event.value) <= MAX_TEXT else event.value
        return Scalar(text.strip(" \t\r\n"), line, column)

    def _note_oddities(self, event: yaml.ScalarEvent) -> None:
        """Record warnings on the scalar, and its place if it is a quoted value of several lines."""
        begin, end = event.start_mark, event.end_mark
        assert begin is not None
        assert end is not None
        if not event.style and begin.line == end.line and self._text[end.index : end.index + 1] not in _BEFORE_COMMENTS:
            return  # the common case: nothing to record
        if event.style in ("'", '"') and end.line > begin.line:
            self._quotation = Quotation(begin.line, begin.column, end.line)
        if len(self.oddities) < MAX_PROBLEMS:
            self.oddities += oddities(event, self._text)

    def _attach(self, parent: _Open, node: Node) -> None:
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
            return
        if (key := parent.key) is not None:
            entries, keys = parent.node.entries, parent.node.keys
            if parent.is_flow and isinstance(node, Scalar) and not node.text and (slip := glued_key(key.text)):
                self._report("E105", slip.message, key.line, key.column + slip.column - 1)
            if key.text in entries:
                self._report("E109", self._duplicate_message(keys, key), key.line, key.column)
            else:
                entries[key.text], keys[key.text] = node, key
            parent.key = None
            return
        if not isinstance(node, Scalar) or len(node.text) > MAX_KEY:
            self._report("E111", f"キーは{MAX_KEY}字までの文字で書いてください。", node.line, node.column)
            node = Scalar(f"({node.line}行目)", node.line, node.column)
        parent.key = node

    def _duplicate_message(self, keys: dict[str, Scalar], key: Scalar) -> str:
        """The message for a duplicate key. A repeated first key of an item most likely begins another item."""
        first = keys[key.text]
        is_item = next(iter(keys)) == key.text and len(self._stack) > 1 and isinstance(self._stack[-2].node, Sequence)
        fix = "次の項目の始まりなら、行頭に「- 」を付けてください。" if is_item else "一つにしてください。"
        return f"キー「{visible(key.text)}」が二度あります({first.line}行目にもあります)。{fix}"
