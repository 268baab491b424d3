"""Explains YAML syntax errors in Japanese by the typing mistake that most likely caused them.

libyaml's own messages are English and general. An error is explained from three things: libyaml's message, the lines
around it, and the indentation of the keys above it. `explain` reports the line that must be corrected, which is often
the line before the one that libyaml names.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import yaml

from pipeline.errors import printable

# Blanks that look like a half-width space, or are invisible, but do not separate tokens in YAML.
_OTHER_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_COLONS = "：﹕︓∶꞉ː"
# Characters typed by mistake for the "-" of a list: full-width and long hyphens, bullets.
_DASHES = "－﹣–—―‐‑‒−ー・•●*＊"
_MAX_LENGTH = 1_000  # characters of a line that are searched; mistakes are made near its beginning
_MAX_LINES_ABOVE = 30  # lines that are searched upwards from an error

# Patterns are texts, compiled when first used: compiling them would take a thirtieth of `make check`.
_KEY = r"[^\s:：'\"#\[\]{},-][^:：'\"]{0,40}?"
_PAIR = rf"( *(?:- +)*)({_KEY}) *:(?: +(.*))?$"
_SECOND_KEY = rf"( *(?:- +)*)({_KEY}) *:\s+[^'\"|>\[{{\s].*?[\s\u3000、,]([^\s\u3000、,:：'\"]{{1,40}})\s*[:：](?:\s|$)"


class Slip(NamedTuple):
    """A typing mistake: the message, its line and column (from 1); line 0 if the place is unknown."""

    message: str
    line: int
    column: int


class Level(NamedTuple):
    """An open list or mapping: its column (from 0), whether it is a list, its last key ("-" if a list) and line (from 1)."""

    column: int
    is_list: bool
    key: str
    line: int


class Quotation(NamedTuple):
    """A quoted value of several lines: the line and column where it begins, and the line where it ends (all from 0)."""

    line: int
    column: int
    end_line: int


_UNCLOSED = "引用符が閉じていません。始めと終わりを同じ引用符にしてください。"
_OTHER_QUOTE = "終わりの引用符が、始めと違う字です。始めと同じ半角の引用符にしてください。"
_ENDS = {"[": "]", "{": "}"}

_Sentence = str | Callable[[re.Match[str]], str]


def _blank(match: re.Match[str]) -> str:
    """The name, in messages, of the blank character in the match's first group."""
    character = match[1][0]
    return "全角の空白" if character == "\u3000" else f"半角の空白に見える別の文字(U+{ord(character):04X})"


def _signed(match: re.Match[str]) -> str:
    return f"「{match[1]}」(U+{ord(match[1]):04X})"


# Patterns that are mistakes in any context, tried before any guess. The first group is the place to report.
_CERTAIN: tuple[tuple[str, _Sentence], ...] = (
    (r"[^\t]*[^\t ][^\t]*(\t)[^\t]+\t", "タブで区切った行です。表計算ソフトから貼り付けた行は「キー: 値」の形に直してください。"),
    (rf"[ {_OTHER_BLANKS}]*(?:-[ ]*)*(\t)", "字下げにタブがあります。半角の空白に直してください。"),
    (
        rf"[ \t]*([{_OTHER_BLANKS}])",
        lambda match: f"字下げに{_blank(match)}があります。半角の空白に直してください。",
    ),
    (".*?([\u200b-\u200f\u2060\ufeff])", "見えない文字があります。この行を入力し直してください。"),
    (
        rf" *(?:- +)?{_KEY}:([{_OTHER_BLANKS}])",
        lambda match: f"「:」の後が{_blank(match)}です。半角の空白に直してください。",
    ),
    (
        rf" *-([{_OTHER_BLANKS}])",
        lambda match: f"「-」の後が{_blank(match)}です。半角の空白に直してください。",
    ),
    (
        rf" *([{_DASHES}])[ {_OTHER_BLANKS}]*{_KEY}[:{_COLONS}](?:\s|$)",
        lambda match: f"行頭が{_signed(match)}です。半角の「-」と空白に直してください。",
    ),
    (
        " *(＃|※|//|--|;|；)",
        lambda match: f"行頭が「{match[1]}」です。注釈なら半角の「#」で始めてください。",
    ),
    (
        r".*?:\s+(-)(?:\s|$)",
        '「-」は、そのままでは値になりません。"-" のように、値の全体を引用符で囲んでください。',
    ),
    (r" *(?:- +)*[^\s:'\"]+ *:\s+(:)(?:\s|$)", "「:」が二つ続いています。一つにしてください。"),
    (r".*?:\s+(\?)(?:\s|$)", "「?」で始まる値は、全体を引用符で囲んでください。"),
    (r" *(?:- +)*(\?)\s", "「?」で始まる行は使えません。「キー: 値」の形に直してください。"),
    (
        r"(?:.*?:\s+|\s*(?:- +)?)([@`%*&!,\]}]|[>|](?=[^\s\d+-])|[>|][\d+-]*(?=[ \t]+[^\s#]))",
        lambda match: f"「{match[1]}」で始まる値は、全体を引用符で囲んでください。",
    ),
    (
        r".*?:\s+([\[{])",
        lambda match: _not_closed(match[1]),
    ),
    (r""".*?:\s+(["'])(?:(?!\1).)*[“”„‟‘’＂＇]$""", _OTHER_QUOTE),
    (
        r"""(?:.*?:\s+)((["'])(?:(?!\2).)*\2\s*[^\s#])""",
        "引用符で囲んだ値の後に文字があります。値の全体を囲んでください。",
    ),
)  # fmt: skip

# Patterns that are probable mistakes, tried if nothing else explains the error.
_LIKELY: tuple[tuple[str, _Sentence], ...] = (
    (
        r"\s*(?:- +)?[^\s:'\"]+:\s+[^'\"|>\s](?:[^#]|(?<=\S)#)*?(:)(?:\s|$)",
        "値の中に「:」と空白が続いています。一行に二つのキーを書いたなら行を分け、文なら値の全体を引用符で囲んでください。",
    ),
    (
        rf"\s*(?:- +)?[^\s:{_COLONS}]+([{_COLONS}])",
        "キーの後が全角の「：」です。半角の「:」と空白に直してください。",
    ),
    (r"\s*(?:- +)?[^\s:'\"]+(:)[^\s]", "「:」の後に空白がありません。「キー: 値」のように空白を入れてください。"),
    (r"\s*(-)[^\s-]", "「-」の後に空白がありません。「- 」のように空白を入れてください。"),
    (
        r" *(?:- +)*([\[{])",
        lambda match: (
            f"行頭に「{match[1]}」があります。文の初めなら値の全体を引用符で囲み、そうでなければ削除してください。"
        ),
    ),
    (
        rf" *(?:- +)*([:{_COLONS}])",
        lambda match: f"「{match[1]}」の前にキーがありません。「キー: 値」の形に直してください。",
    ),
    (
        r"\s*(?:- +)?[^\s:;；=＝→']{1,20} ?([;；=＝→])",
        lambda match: f"「:」の所が「{match[1]}」です。半角の「:」と空白に直してください。",
    ),
    (r"""[^'"]*(["'])(?:(?!\1).)*$""", _UNCLOSED),
    (
        r"\s*(?:- +)?([^\s:#\[\]{}'\"-][^:]*)$",
        "「キー: 値」の「:」がありません。キーと「:」を書き足してください。前の行の続きなら、前の行の値より深く字下げしてください。",
    ),
)

_GENERAL = "書き方に誤りがあります。この行と前の行の字下げ、「:」の後の空白、引用符を確かめてください。"


def explain(error: yaml.MarkedYAMLError, text: str, levels: list[Level], quotation: Quotation | None) -> Slip:
    """The most likely mistake in `text` where libyaml stopped with `error`.

    `levels` are the lists and mappings that were open there, outermost first. `quotation` is the last quoted value
    before the error that has several lines.
    """
    lines = text.split("\n")
    marks = [(mark.line, mark.column) for mark in (error.problem_mark, error.context_mark) if mark]
    slip = (
        _in_quotes(error, lines, quotation)
        or _in_brackets(error, lines)
        or _certain(lines, marks)
        or _document_end(lines, marks)
        or _two_keys(lines, marks[0][0])
        or _indentation(error, lines, marks, levels)
        or _by_patterns(_LIKELY, lines, _places(marks))
        or _general(lines, marks[0])
    )
    return slip._replace(message=printable(slip.message))


def _in_quotes(error: yaml.MarkedYAMLError, lines: list[str], quotation: Quotation | None) -> Slip | None:
    """A mistake inside a quoted value (a wrong escape), or in the quotes themselves."""
    place, begin = error.problem_mark, error.context_mark
    assert place is not None
    if error.context == "while parsing a quoted scalar" or error.context == "while scanning a quoted scalar":
        assert begin is not None
        line = lines[place.line] if place.line < len(lines) else ""
        at = line.rfind("\\", 0, place.column + 1)
        if "escape" in (error.problem or "") or "hexdecimal" in (error.problem or ""):
            return Slip(_wrong_escape(line[at:]), place.line + 1, at + 1)
        return Slip(_unclosed_message(lines, begin.line, begin.column), begin.line + 1, begin.column + 1)
    if quotation and quotation.end_line == place.line and _swallows(lines, quotation):
        return Slip(_UNCLOSED, quotation.line + 1, quotation.column + 1)
    return None


def _in_brackets(error: yaml.MarkedYAMLError, lines: list[str]) -> Slip | None:
    """A flow sequence or mapping ([…] or {…}) that is not closed where libyaml expects it."""
    begin = error.context_mark
    if begin is None or not (error.context or "").startswith("while parsing a flow") or begin.line >= len(lines):
        return None
    sign = lines[begin.line][begin.column : begin.column + 1]
    return Slip(_not_closed(sign), begin.line + 1, begin.column + 1) if sign in _ENDS else None


def _not_closed(sign: str) -> str:
    """The message for a flow sequence or mapping that begins with `sign`."""
    return f"「{sign}」で始まる値は、文なら全体を引用符で囲み、並びや組なら「{_ENDS[sign]}」で閉じてください。"


def _wrong_escape(rest: str) -> str:
    """The message for an escape that libyaml refuses; `rest` is the line from its backslash on."""
    found = re.match(r"\\(?:x[0-9A-Fa-f]{0,2}|u[0-9A-Fa-f]{0,4}|U[0-9A-Fa-f]{0,8}|.)?", rest)
    escape = found[0] if found else "\\"
    if re.fullmatch(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})", escape):
        number = int(escape[2:], 16)
        what = "対になる番号の片方で、それだけでは文字になりません" if number < 0xE000 else "文字の番号ではありません"
        return f'"…" の中の「{escape}」は、{what}。文字そのものを書いてください。'
    if escape[1:2] in ("x", "u", "U"):
        return f'"…" の中の「{escape}」は、文字の番号として読めません。{_as_it_is()}'
    yen = "金額なら「￥」か「円」で書いてください。" if escape[1:2].isdecimal() else ""
    return f'"…" の中の「{escape}」は、特別な意味の記号になるため使えません。{yen}{_as_it_is()}'


def _as_it_is() -> str:
    return "「\\」を文字として書くなら、\"…\" でなく '…' で囲んでください。"


def _unclosed_message(lines: list[str], line: int, column: int) -> str:
    """The message for a quoted value that is not closed before the end of the file."""
    if re.search(r"[“”„‟‘’＂＇]\s*$", lines[line][column + 1 :]):
        return _OTHER_QUOTE
    return _UNCLOSED


def _swallows(lines: list[str], quotation: Quotation) -> bool:
    """Whether `quotation` contains lines that look like "key: value"; then its closing quote is missing."""
    last = min(quotation.end_line, quotation.line + 2_000)
    return any(re.match(_PAIR, line[:_MAX_LENGTH]) for line in lines[quotation.line + 1 : last + 1])


def _places(marks: list[tuple[int, int]]) -> list[int]:
    """The lines to search (from 0): where libyaml stopped, the line before, and where the faulty construct began."""
    return list(dict.fromkeys((marks[0][0], marks[0][0] - 1, marks[-1][0])))


def _certain(lines: list[str], marks: list[tuple[int, int]]) -> Slip | None:
    return _by_patterns(_CERTAIN, lines, _places(marks))


def _by_patterns(patterns: tuple[tuple[str, _Sentence], ...], lines: list[str], numbers: list[int]) -> Slip | None:
    for number in numbers:
        line = lines[number][:_MAX_LENGTH] if 0 <= number < len(lines) else ""
        for pattern, sentence in patterns:
            if match := re.match(pattern, line):
                message = sentence if isinstance(sentence, str) else sentence(match)
                return Slip(message, number + 1, match.start(1) + 1)
    return None


def _document_end(lines: list[str], marks: list[tuple[int, int]]) -> Slip | None:
    """A line of `...`, which ends the document, so that libyaml refuses what follows."""
    for number in reversed(range(max(0, marks[0][0] - _MAX_LINES_ABOVE), min(marks[0][0] + 1, len(lines)))):
        if lines[number].rstrip() == "...":
            return Slip("「...」の行は、文書の終わりの印です。この行を削除してください。", number + 1, 1)
    return None


def _two_keys(lines: list[str], number: int) -> Slip | None:
    """Two keys on one line. The second counts as a key only if it also begins a line elsewhere in the file."""
    line = lines[number][:_MAX_LENGTH] if number < len(lines) else ""
    match = re.match(_SECOND_KEY, line)
    if not match:
        return None
    second = re.compile(rf"\s*(?:- +)?{re.escape(match[3])}\s*[:：](?:\s|$)")
    if any(second.match(other) for other in lines[: number + 500]):
        return Slip(
            f"一行に「{match[2]}」と「{match[3]}」の二つのキーがあります。行を分けてください。",
            number + 1,
            match.start(3) + 1,
        )
    return None


def _indentation(
    error: yaml.MarkedYAMLError, lines: list[str], marks: list[tuple[int, int]], levels: list[Level]
) -> Slip | None:
    """Wrong indentation of the line where libyaml stopped, compared with the lists and mappings around it."""
    number = marks[0][0]
    line = lines[number][:_MAX_LENGTH] if number < len(lines) else ""
    begin = len(line) - len(line.lstrip(" "))
    is_list = bool(re.match(" *-(?: |$)", line))
    if not is_list and not re.match(_PAIR, line):
        return None
    if error.problem == "mapping values are not allowed in this context":
        above = _pair_above(lines, number)
        return _at_depth(number, begin, *above, is_list) if above and above[0] < begin else None
    if not re.search("sequence entries|did not find expected (key|'-' indicator)", error.problem or ""):
        return None
    at_same = [level for level in levels if level.column == begin]
    if at_same and at_same[-1].is_list and not is_list:
        return Slip(
            "字下げが「-」と同じ深さです。上の項目の続きなら「-」より2字深く字下げし、次の項目なら行頭に「- 」を付けてください。",
            number + 1,
            begin + 1,
        )
    alike = [level for level in levels if level.is_list == is_list]
    if at_same and at_same[-1].is_list == is_list:
        return None
    if not alike:
        return (
            Slip("ここに「-」の行は書けません。「-」を削除するか、字下げを確かめてください。", number + 1, begin + 1)
            if is_list
            else None
        )
    nearest = min(reversed(alike), key=lambda level: abs(level.column - begin))
    return _at_depth(number, begin, nearest.column, nearest.key, nearest.line, is_list)


def _at_depth(number: int, begin: int, column: int, key: str, above: int, is_list: bool) -> Slip:
    """The mistake that line `number` (from 0) is indented unlike its sibling `key` on line `above` (from 1)."""
    difference = abs(begin - column)
    how = "深く" if begin > column else "浅く"
    what = "「-」" if is_list else f"「{key}」"
    return Slip(
        f"字下げが、{above}行目の{what}より{difference}字{how}なっています。同じ段なら、そろえてください。",
        number + 1,
        begin + 1,
    )


def _pair_above(lines: list[str], number: int) -> tuple[int, str, int] | None:
    """The nearest "key: value" above line `number`: its column (from 0), the key, its line (from 1)."""
    for above in reversed(range(max(0, number - _MAX_LINES_ABOVE), number)):
        if match := re.match(_PAIR, lines[above][:_MAX_LENGTH]):
            return len(match[1]), match[2], above + 1
    return None


def _general(lines: list[str], place: tuple[int, int]) -> Slip:
    line, column = place[0] + 1, place[1] + 1
    if line > len(lines):  # beyond the end of a file that lacks its last newline
        line, column = len(lines), len(lines[-1]) + 1
    return Slip(_GENERAL, line, column)


def glued_key(key: str) -> Slip | None:
    """The mistake in a flow mapping's `key` without a value whose colon YAML does not read as one: {◎：実施済}."""
    match = re.match(rf"([^:{_COLONS}]+)([:{_COLONS}])", key)
    if not match:
        return None
    message = f"「{match[1][:40]}」の後の「{match[2]}」を、半角の「:」と空白に直してください。"
    return Slip(printable(message), 1, match.start(2) + 1)


# Values that YAML accepts but may read otherwise than the writer meant


class Oddity(NamedTuple):
    """A warning on a value: its code, its message, its line and column (from 1)."""

    code: str
    message: str
    line: int
    column: int


# A "#" that touches the next word, as in 番号 #3: probably text, since most people put a space after "#" in comments.
_GLUED = re.compile(r"[ \t]*(#\w[^\n]{0,100})")
_COMMENT = re.compile(r"[ \t]+(#[^\n]{0,100})")
# An open bracket within the last _MAX_IN_BRACKETS characters of a value.
_MAX_IN_BRACKETS = 200
_BRACKETS = r"（[^）]*$|\([^)]*$|「[^」]*$|『[^』]*$|【[^】]*$"
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|[^\n]|\n)", re.DOTALL)
# Escapes that need no warning: the quote and the backslash can be written in no other way.
_PLAIN_ESCAPES = ('\\"', "\\\\")


def oddities(event: yaml.ScalarEvent, text: str) -> list[Oddity]:
    """Warnings on the value that `event` read from `text`, where it may not be what the writer meant."""
    return [oddity._replace(message=printable(oddity.message)) for oddity in _oddities(event, text)]


def _oddities(event: yaml.ScalarEvent, text: str) -> Iterator[Oddity]:
    begin, end = event.start_mark, event.end_mark
    assert begin is not None
    assert end is not None
    if not event.style:
        if match := _GLUED.match(text, end.index):
            message = (
                _not_read(match[1]) + "値の一部なら値の全体を引用符で囲み、注釈なら「#」の後を一字空けてください。"
            )
            yield Oddity("W509", message, end.line + 1, end.column + 1 + match.start(1) - end.index)
        elif re.search(_BRACKETS, event.value[-_MAX_IN_BRACKETS:]) and (match := _COMMENT.match(text, end.index)):
            message = _not_read(match[1]) + "前の括弧が閉じていません。値の一部なら値の全体を引用符で囲んでください。"
            yield Oddity("W509", message, end.line + 1, end.column + 1 + match.start(1) - end.index)
    elif event.style == '"' and text.find("\\", begin.index, end.index) >= 0:
        yield from _escapes(text[begin.index : end.index], begin.line + 1, begin.column + 1)
    if event.style != "|" and end.line > begin.line:
        yield from _joints(text[begin.index : end.index], event, begin.line + 1, begin.column + 1)


def _not_read(comment: str) -> str:
    shown = comment if len(comment) <= 40 else comment[:39] + "…"
    return f"「{shown}」は、注釈とみなして読んでいません。"


def _escapes(raw: str, line: int, column: int) -> Iterator[Oddity]:
    """The first escape that stands for another character in the quoted value `raw`, which begins at `line`, `column`."""
    for match in _ESCAPE.finditer(raw):
        if match[0] in _PLAIN_ESCAPES:
            continue
        before = raw[: match.start()]
        breaks = before.count("\n")
        at = match.start() - before.rfind("\n") if breaks else column + match.start()
        fix = f"改行するなら「|」を使ってください。{_as_it_is()}" if match[0] == "\\n" else _as_it_is()
        message = f'"…" の中の「{_shown(match[0])}」は、{_meaning(match[0])}と読みました。{fix}'
        yield Oddity("W510", message, line + breaks, at)
        return


def _shown(escape: str) -> str:
    return "\\" if escape == "\\\n" else escape


def _meaning(escape: str) -> str:
    """The name, in messages, of the character that an escape stands for."""
    kind = escape[1]
    if kind == "n":
        return "改行"
    if kind == "\n":
        return "行の続き"
    if kind in "xuU":
        character = chr(int(escape[2:], 16))
        return f"文字「{character}」" if character.isprintable() else f"文字(U+{ord(character):04X})"
    return {"t": "タブ", "\t": "タブ", " ": "空白", "/": "「/」", "_": "空白(U+00A0)"}.get(kind, "見えない文字")


def _joints(raw: str, event: yaml.ScalarEvent, line: int, column: int) -> Iterator[Oddity]:
    """The first place where folding joins two lines of a value with a space next to Japanese, which has no spaces."""
    lines = raw.rstrip("\n").split("\n")
    for number, (before, after) in enumerate(pairwise(lines), 1):
        left, right = before.rstrip(" \t"), after.strip(" \t")
        if not left or not right or (event.style == ">" and number == 1):
            continue
        if _is_japanese(left[-1]) or _is_japanese(right[0]):
            yield Oddity(
                "W511",
                f"値が{line + number}行目に続いているので、つなぎ目に半角の空白が入ります。"
                "一行に書くか、改行するなら「|」を使ってください。",
                line,
                column,
            )
            return


def _is_japanese(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F", "A") and not character.isspace()
