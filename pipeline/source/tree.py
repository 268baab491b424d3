"""Stage 1: the YAML file of an edition, read with care, as a tree in which every value knows its place.

A source is typed by many hands and may come from anywhere: whatever it holds, reading ends quickly, in
bounded memory, with a tree or with problems. YAML's own typing and its cleverer features are left out:
every scalar stays text, and anchors, tags and second documents are refused.
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

# What libyaml refuses, named and placed here in Japanese first; and the three line ends that only YAML
# knows, which would make the line numbers in messages differ from those of an editor.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")

# Instructions to the YAML reader: nobody needs them, and libyaml's time grows with the square of their number.
_DIRECTIVE = re.compile("^%", re.MULTILINE)

# What may stand between a value and a comment, and how a comment begins.
_BEFORE_COMMENTS = (" ", "\t", "#")

# Problems for which the values are not looked at, though most of them may be sound.
_HIDING = {"E103", "E104", "E105", "E106", "E107", "E108", "E109", "E111"}

# How a file says that it is not UTF-8. UTF-32 begins like UTF-16, so it comes first.
_OTHER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


@dataclass(slots=True)
class Scalar:
    """A value as text, composed (see `compose`) and without white space around it."""

    text: str
    line: int
    column: int


@dataclass(slots=True)
class Sequence:
    items: list["Node"]
    line: int
    column: int


@dataclass(slots=True)
class Mapping:
    entries: dict[str, "Node"]
    line: int
    column: int
    keys: dict[str, Scalar] = field(default_factory=dict)

    def text(self, key: str) -> str | None:
        """The text at `key`; None where it is absent, blank or no scalar."""
        node = self.entries.get(key)
        return node.text if isinstance(node, Scalar) and node.text else None


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Source:
    """One file: where it was read, its bytes as they are, their SHA-256 in hexadecimal, its tree, its edition's id.

    `oddities` are what YAML may have read otherwise than it was meant, in the order of the file.
    """

    path: Path
    data: bytes
    digest: str
    root: Mapping
    edition: str
    oddities: tuple[Oddity, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The lines of the file, as an editor numbers them."""
        return _as_lines(self.data).split("\n")


def read_source(path: Path) -> Source:
    """Read and parse the file at `path`: a YAML file, or a PDF of ours that carries one. Raises `SourceError`."""
    try:
        return source_in(path, read_file(path, MAX_BYTES))
    except UnreadableError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: UnreadableError) -> SourceError:
    """What a writer is told of the file at `path`, which could not be read."""
    return SourceError([Problem(str(path), 0, 0, "E102" if error.is_too_large else "E101", str(error))])


def source_in(path: Path, content: Content) -> Source:
    """Parse what was read from `path`: YAML, or a PDF of ours that carries a source. Raises `SourceError`."""
    if not content.data.startswith(b"%PDF-"):
        return parse_source(path, content.data)
    try:
        inner, edition = take_source(content.data)
    except NotOursError:
        _fail(path, "E112", "この仕組みで作った帳票のPDFではないため、元のデータを取り出せません。")
    except AlteredError:
        _fail(path, "E113", "作られた後で書き換えられたPDFです。配布した元のファイルを使ってください。")
    return parse_source(path, inner, edition)


def parse_source(path: Path, data: bytes, edition: str = "") -> Source:
    """Parse `data` as the content of `path`; the edition's id is its stem if none is given. Raises `SourceError`."""
    try:
        composer = _Composer(path, _decode(path, data))
        root = composer.compose()
    except SourceError as error:
        raise SourceError(_and_the_rest(error.problems)) from None
    digest = hashlib.sha256(data).hexdigest()
    return Source(path, data, digest, root, edition or path.stem, tuple(composer.oddities))


def plain(node: Node) -> object:
    """`node` as nested dicts, lists and strings, without places."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def scalars(node: Node) -> Iterator[Scalar]:
    """Every key and value below `node`, in the order of the file."""
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
    """`problems`, which are in file order; where so many are errors that the search was stopped, it is said at the end."""
    if sum(problem.is_error for problem in problems) < MAX_PROBLEMS:
        return problems
    message = "誤りが多いので、途中までを示しました。直してからもう一度調べてください。"
    return [*problems, problems[-1]._replace(code="E199", message=message)]


def _and_the_rest(problems: tuple[Problem, ...]) -> list[Problem]:
    """`problems` of the file as YAML, the last one of which says that what they hide was not looked at."""
    *others, last = problems
    if last.code in _HIDING:
        last = last._replace(message=f"{last.message}ほかの誤りはまだ調べていません。")
    return [*others, last]


def _fail(path: Path, code: str, message: str, line: int = 0, column: int = 0) -> NoReturn:
    raise SourceError([Problem(str(path), line, column, code, message)])


def _decode(path: Path, data: bytes) -> str:
    """`data` as text with plain line ends. Raises `SourceError` for what is no UTF-8, or no text for YAML."""
    other = next((name for mark, name in _OTHER_MARKS.items() if data.startswith(mark)), None)
    # Text in these encodings is full of NUL, which no other text has.
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
    """`data` as text without a byte order mark, the line ends of Windows and of old Macintoshes made \\n."""
    # Not utf-8-sig, whose errors count from behind the mark.
    text = data.decode("utf-8").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of the character at `offset`, from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _guess_encoding(data: bytes) -> str:
    """Which Japanese encoding `data` is in, judged by how much Japanese comes out."""
    likely = max(("cp932", "euc_jp"), key=lambda encoding: _japanese(data, encoding))
    if not _japanese(data, likely):
        return "文字コードが分からないか、文書ではありません"
    return {"cp932": "シフトJIS(CP932)のようです", "euc_jp": "EUC-JPのようです"}[likely]


def _japanese(data: bytes, encoding: str) -> int:
    """How much of `data`'s beginning reads as Japanese in `encoding`: 0 if it cannot be in it."""
    try:
        # The incremental decoder, since the cut may go through a character.
        text = codecs.getincrementaldecoder(encoding)().decode(data[:100_000])
    except UnicodeDecodeError:
        return 0
    # Half-width kana are rare in prose, and what EUC-JP looks like in CP932.
    return max(0, len(re.findall("[ぁ-んァ-ヶ一-龠]", text)) - len(re.findall("[｡-ﾟ]", text)))


@dataclass(slots=True)
class _Open:
    """A list or a group of keys that is not yet complete, and in a group the key that waits for its value."""

    node: Sequence | Mapping
    is_flow: bool
    key: Scalar | None = None

    @property
    def level(self) -> Level:
        """How deep it stands, for messages: by its last item or key, which is nearest to what follows."""
        if isinstance(self.node, Sequence):
            last = self.node.items[-1].line if self.node.items else self.node.line
            return Level(self.node.column - 1, True, "-", last)
        key = self.key or next(reversed(self.node.keys.values()), None)
        return Level(self.node.column - 1, False, key.text if key else "", key.line if key else self.node.line)


class _Composer:
    """Builds the tree from libyaml's events, without recursion, so that nothing in a file can exhaust the stack."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._problems: list[Problem] = []
        self._quotation: Quotation | None = None
        # The levels that were closed since the last value: where libyaml stops, they count among the open ones.
        self._stack: list[_Open] = []
        self._closed: list[_Open] = []
        self.oddities: list[Oddity] = []

    def compose(self) -> Mapping:
        try:
            root = self._tree()
        except yaml.MarkedYAMLError as error:
            levels = [one.level for one in [*self._stack, *reversed(self._closed)] if not one.is_flow]
            self._report("E105", *explain(error, self._text, levels, self._quotation))
            root = None
        if self._problems:
            # A key that stands twice is found after its value.
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
        self._look_at(event)
        # What is too long for a cell is refused later, with the item's name; composing it could take minutes.
        text = compose(event.value) if len(event.value) <= MAX_TEXT else event.value
        return Scalar(text.strip(" \t\r\n"), line, column)

    def _look_at(self, event: yaml.ScalarEvent) -> None:
        """Note what its writer may have meant otherwise, and where a quoted value goes over several lines."""
        begin, end = event.start_mark, event.end_mark
        assert begin is not None
        assert end is not None
        if not event.style and begin.line == end.line and self._text[end.index : end.index + 1] not in _BEFORE_COMMENTS:
            return  # as most values are
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
                self._report("E109", self._twice(keys, key), key.line, key.column)
            else:
                entries[key.text], keys[key.text] = node, key
            parent.key = None
            return
        if not isinstance(node, Scalar) or len(node.text) > MAX_KEY:
            self._report("E111", f"キーは{MAX_KEY}字までの文字で書いてください。", node.line, node.column)
            node = Scalar(f"({node.line}行目)", node.line, node.column)
        parent.key = node

    def _twice(self, keys: dict[str, Scalar], key: Scalar) -> str:
        """What to say of a key that stands twice: that of an item's first line begins another item, mostly."""
        first = keys[key.text]
        is_item = next(iter(keys)) == key.text and len(self._stack) > 1 and isinstance(self._stack[-2].node, Sequence)
        fix = "次の項目の始まりなら、行頭に「- 」を付けてください。" if is_item else "一つにしてください。"
        return f"キー「{visible(key.text)}」が二度あります({first.line}行目にもあります)。{fix}"
