"""Stage 1: the YAML file of an edition, read with care, as a tree in which every value knows its place.

A source is typed by many hands and may come from anywhere: whatever it holds, reading ends quickly, in
bounded memory, with a tree or with problems. YAML's own typing and its cleverer features are left out:
every scalar stays text, and anchors, tags and second documents are refused.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NoReturn

import yaml

from .characters import compose
from .errors import Problem, SourceError

# The bounds of design.md; MAX_NODES keeps a file of 32 MB full of tiny nodes within ten seconds.
# 5,200 rows have about 85,000 nodes.
MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 20
MAX_NODES = 400_000
MAX_KEY = 200

# What libyaml refuses, named and placed here in Japanese first; and the three line ends that only YAML
# knows, which would make the line numbers in messages differ from those of an editor.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")

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
    """One file: where it was read, its bytes as they are, their SHA-256 in hexadecimal, and its tree."""

    path: Path
    data: bytes
    digest: str
    root: Mapping

    @property
    def edition(self) -> str:
        """The id of the edition: the file's stem."""
        return self.path.stem


def read_source(path: Path) -> Source:
    """Read and parse the file at `path`. Raises `SourceError`."""
    data = _read_bytes(path)
    return parse_source(path, data)


def parse_source(path: Path, data: bytes) -> Source:
    """Parse `data` as the content of `path`. Raises `SourceError`."""
    text = _decode(path, data)
    digest = hashlib.sha256(data).hexdigest()
    return Source(path, data, digest, _Composer(path, text).compose())


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


def _fail(path: Path, code: str, message: str, line: int = 0, column: int = 0) -> NoReturn:
    raise SourceError([Problem(str(path), line, column, code, message)])


def _read_bytes(path: Path) -> bytes:
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                kind = "フォルダ" if stat.S_ISDIR(status.st_mode) else "通常のファイルではないもの"
                _fail(path, "E101", f"{kind}です。版のファイル(YAML)を指定してください。")
            if status.st_size > MAX_BYTES:
                _fail(
                    path, "E102", f"大きさが{status.st_size:,}バイトあります。{MAX_BYTES:,}バイトまでにしてください。"
                )
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        reason = {
            errno.ENOENT: "ファイルがありません。名前と場所を確かめてください。",
            errno.EACCES: "読む権限がありません。ファイルのアクセス権を確かめてください。",
            errno.EISDIR: "フォルダです。版のファイル(YAML)を指定してください。",
        }.get(number or 0, f"読めません({getattr(error, 'strerror', None) or error})。")
        _fail(path, "E101", reason)
    if len(data) > MAX_BYTES:
        _fail(path, "E102", f"{MAX_BYTES:,}バイトを超えています。")
    return data


def _decode(path: Path, data: bytes) -> str:
    for mark, name in _OTHER_MARKS.items():
        if data.startswith(mark):
            _fail(path, "E103", f"文字コードが{name}です。UTF-8で保存し直してください。")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", "replace")
        line, column = good.count("\n") + 1, len(good) - good.rfind("\n")
        _fail(
            path, "E103", f"UTF-8として読めません({_guess_encoding(data)})。UTF-8で保存し直してください。", line, column
        )
    problems = []
    for match in islice(_FORBIDDEN.finditer(text), 100):
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        problems.append(
            Problem(str(path), line, column, "E104", f"制御文字(U+{ord(match[0]):04X})があります。削除してください。")
        )
    if problems:
        raise SourceError(problems)
    return text


def _guess_encoding(data: bytes) -> str:
    if data.count(0) > len(data) // 4:
        return "UTF-16のようです"
    for encoding, name in (("cp932", "シフトJIS(CP932)"), ("euc_jp", "EUC-JP")):
        try:
            text = data[:100_000].decode(encoding, "strict" if len(data) <= 100_000 else "ignore")
        except UnicodeDecodeError:
            continue
        # Japanese prose decoded rightly holds kana; anything can be decoded wrongly.
        if re.search("[ぁ-んァ-ヶ一-龠]", text):
            return f"{name}のようです"
    return "文字コードが不明か、テキストではありません"


class _Composer:
    """Builds the tree from libyaml's events, without recursion, so that nothing in a file can exhaust the stack."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._problems: list[Problem] = []

    def compose(self) -> Mapping:
        try:
            root = self._tree()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = (mark.line if mark else 0) + 1
            self._report("E105", self._syntax_hint(line), line, (mark.column if mark else 0) + 1)
            root = None
        if self._problems:
            raise SourceError(self._problems)
        if root is None:
            _fail(self._path, "E110", "中身がありません。docs/manual.md の例を見て書いてください。")
        if not isinstance(root, Mapping):
            _fail(self._path, "E203", "全体を「キー: 値」の組で書いてください(例 表題: …)。", root.line, root.column)
        return root

    def _report(self, code: str, message: str, line: int, column: int) -> None:
        self._problems.append(Problem(str(self._path), line, column, code, message))

    def _tree(self) -> Node | None:
        root: Node | None = None
        # Each open collection, with the key that waits for its value in a mapping.
        stack: list[tuple[Sequence | Mapping, Scalar | None]] = []
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
                stack.pop()
                continue
            if not isinstance(event, yaml.NodeEvent):
                continue
            nodes += 1
            if nodes > MAX_NODES:
                self._report("E108", f"値の数が{MAX_NODES:,}を超えています。版を分けてください。", line, column)
                return root
            node = self._node(event, line, column)
            if stack:
                self._attach(stack, node)
            else:
                root = node
            if not isinstance(node, Scalar):
                stack.append((node, None))
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
        return Scalar(compose(event.value).strip(" \t\r\n"), line, column)

    def _attach(self, stack: list[tuple[Sequence | Mapping, Scalar | None]], node: Node) -> None:
        parent, key = stack[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        if key is not None:
            if key.text in parent.entries:
                first = parent.keys[key.text].line
                self._report(
                    "E109",
                    f"キー「{key.text}」が二度あります({first}行目にもあります)。一つにしてください。",
                    key.line,
                    key.column,
                )
            else:
                parent.entries[key.text] = node
                parent.keys[key.text] = key
            stack[-1] = (parent, None)
            return
        if not isinstance(node, Scalar) or len(node.text) > MAX_KEY:
            self._report("E111", f"キーは{MAX_KEY}字までの文字で書いてください。", node.line, node.column)
            node = Scalar(f"({node.line}行目)", node.line, node.column)
        stack[-1] = (parent, node)

    def _syntax_hint(self, line: int) -> str:
        """What is most likely wrong at `line`, judged by its text: libyaml's own words are English."""
        lines = self._text.split("\n")
        for number in (line, line - 1):
            text = lines[number - 1][:1000].rstrip("\r") if 0 < number <= len(lines) else ""
            where = "" if number == line else f"({number}行目)"
            if re.match(r" *\t", text):
                return f"字下げ{where}にタブがあります。半角の空白に直してください。"
            if re.match(r"[ \t]*\u3000", text):
                return f"字下げ{where}に全角の空白があります。半角の空白に直してください。"
            if re.search(r"(^|[:-])\s+-\s*(#.*)?$", text):
                return f'「-」だけの値{where}は書けません。"-" のように引用符で囲んでください。'
            if re.search(r":\s+[@`%]", text):
                return f"「@」「`」「%」で始まる値{where}は、引用符で囲んでください。"
            if re.match(r"\s*(- +)?[^\s:'\"]+:\s+[^'\"|>\s][^#]*:(\s|$)", text):
                return f"値の中に「: 」{where}があります。値の全体を引用符で囲んでください。"
            if re.match(r"\s*(- +)?[^\s:：]+：", text):
                return f"キーの後{where}が全角の「：」です。半角の「:」と空白に直してください。"
            if re.match(r"\s*(- +)?[^\s:'\"]+:[^\s]", text):
                return f"「:」の後{where}に空白がありません。「キー: 値」のように空白を入れてください。"
            if text.count('"') % 2 or text.count("'") % 2:
                return f"引用符{where}が閉じていません。始めと終わりを同じ引用符にしてください。"
        return "YAMLの書き方に誤りがあります。この行と前の行の字下げ、「:」の後の空白、引用符を確かめてください。"
