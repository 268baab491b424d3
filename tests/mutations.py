"""Accidents and malice by the thousand: sources, workbooks and PDFs mutated by a seed, so that each can be found again."""

import random
import re
import zlib
from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

# Values and pieces of YAML that were, or might be, taken for something else.
TRAPS = (
    """
true|no|~|null|0|-1|01|1e3|0x1F|.inf|.nan|12:30|2013-02-30|2013-03-31|9999999999|1_000|１|一|-|?|:|[]|{}|[[]]|{a: b}
""|''|" "|"\\u0000"|"\\ud800"|"\\x07"|"\\t"|'a''b'|未記入|完了|継続|終了|◎|◯|〇|✕|h24|h23|../h24|a/b|<b>x</b>|{{ 1 }}|{% x %}
=1+1|&a x|*a|<<|!!python/object/apply:os.system [ls]|!x y|%TAG|@a|`a`|a: b|a #b|a#b|# 3|"a" b|>-|\\||\\|9|"\\
塚\ufa10|葛\U000e0100|か\u3099|\u200b|\u202e|\ufeff|\ue000|⼈|𠮷|\u2028|\u0378|a\u0301\u0301\u0301
""".replace("\n", "|")
    .replace("\\|", "\0")
    .strip("|")
    .split("|")
)
KEYS = [
    *("表題", "自治体", "年度", "現在日", "担当課", "資料番号", "案", "前版", "見出し", "凡例", "今後の取扱い"),
    *("推進方針", "推進施策", "推進項目", "NO", "名称", "実施状況", "検証内容", "統合先", "前版NO", "再掲", "改ページ"),
    *("自治休", "NO ", "ＮＯ", "", "?", "<<", "a" * 201),
]
JUNK = [
    "\t",
    "　",
    "  ",
    "\r",
    "\r\r\n",
    "\n",
    "\n\n---\n",
    "\n...\n",
    "\n%YAML 1.1\n",
    "#",
    "- ",
    "- - ",
    ": ",
    ",",
    "\x00",
    "\x85",
]

Lines = list[str]


def source(text: str, seed: int) -> bytes:
    """The edition `text` after one to four mutations; most keep its shape."""
    chance = random.Random(seed)
    lines = text.split("\n")
    for _ in range(chance.randint(1, 4)):
        chance.choice(_OF_LINES)(lines, chance)
        lines = lines or [""]
    made = "\n".join(lines).replace("\0", "|")
    if chance.random() < 0.1:
        made = made.replace("\n", chance.choice(["\r\n", "\r"]))
    data = made.encode(chance.choice(["utf-8"] * 30 + ["cp932", "utf-16", "utf-8-sig"]), "replace")
    return _bytes(data, chance) if chance.random() < 0.1 else data


def _bytes(data: bytes, chance: random.Random) -> bytes:
    """`data` with some bytes changed, lost, doubled or cut off."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        length = chance.choice([1, 1, 1, 2, 4, 16, 100])
        match chance.randrange(5):
            case 0:
                changed[at : at + length] = chance.randbytes(length)
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at:at] = changed[at : at + length]
            case 3:
                changed[at:at] = chance.choice(
                    [b"\x00", b"\xff", b"\xed\xa0\x80", b"\xf5", b"9" * 30, b"[" * 50, b"-1"]
                )
            case 4 if chance.random() < 0.2:
                del changed[at:]
    return bytes(changed)


def _subtree(lines: Lines, chance: random.Random) -> slice:
    """A line with everything that is further in below it."""
    start = chance.randrange(len(lines))
    depth = len(lines[start]) - len(lines[start].lstrip(" -"))
    end = start + 1
    while end < len(lines) and len(lines[end]) - len(lines[end].lstrip(" -")) > depth:
        end += 1
    return slice(start, end)


def _drop(lines: Lines, chance: random.Random) -> None:
    del lines[_subtree(lines, chance)]


def _double(lines: Lines, chance: random.Random) -> None:
    part = _subtree(lines, chance)
    lines[part.stop : part.stop] = lines[part]


def _move(lines: Lines, chance: random.Random) -> None:
    part = _subtree(lines, chance)
    moved = lines[part]
    del lines[part]
    shift = chance.choice([0, 0, 2, -2, 4])
    moved = [" " * shift + line if shift > 0 else line.removeprefix(" " * -shift) for line in moved]
    at = chance.randint(0, len(lines))
    lines[at:at] = moved


def _nest(lines: Lines, chance: random.Random) -> None:
    part = _subtree(lines, chance)
    at = chance.randint(0, len(lines[part.start]))
    sign, end = chance.choice([("[", "]"), ("{", "}"), ("- ", ""), ("? ", ""), ("{a: ", "}")])
    depth = chance.choice([1, 2, 19, 21, 1000])
    lines[part.start] = lines[part.start][:at] + sign * depth + lines[part.start][at:] + end * depth


def _pair(line: str) -> tuple[str, str, str] | None:
    match = re.fullmatch(r"([ -]*)([^:]*):(.*)", line)
    return (match[1], match[2], match[3]) if match else None


def _rename(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    if pair := _pair(lines[at]):
        lines[at] = f"{pair[0]}{chance.choice(KEYS)}:{pair[2]}"


def _trap(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    if pair := _pair(lines[at]):
        lines[at] = f"{pair[0]}{pair[1]}: {chance.choice(TRAPS)}"


def _quote(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    if pair := _pair(lines[at]):
        value = pair[2].strip()
        form = chance.choice(
            ['"{}"', "'{}'", '"{}', "'{}", "|\n" + " " * 40 + "{}", ">-\n{}", "!!str {}", "&a {}", "{} # {}"]
        )
        lines[at : at + 1] = f"{pair[0]}{pair[1]}: {form.replace('{}', value)}".split("\n")


def _long(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    if pair := _pair(lines[at]):
        sign = chance.choice(["あ", "a ", "\u0301", "&amp;", "\U000e0100", '"', "\ue000", "("])
        lines[at] = f"{pair[0]}{pair[1]}: {sign * chance.choice([30, 500, 20_001])}"


def _splice(lines: Lines, chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    place = chance.randint(0, len(lines[at]))
    piece = chance.choice(JUNK + TRAPS)
    lines[at] = lines[at][:place] + piece + lines[at][place + chance.choice([0, 0, 1]) :]


def _indent(lines: Lines, chance: random.Random) -> None:
    part = _subtree(lines, chance)
    sign = chance.choice([" ", "  ", "\t", "　", "    ", ""])
    lines[part] = [sign + line if sign else line[chance.randint(0, 3) :] for line in lines[part]]


_OF_LINES: list[Callable[[Lines, random.Random], None]] = [
    *(_drop, _double, _move, _nest, _rename, _rename, _trap, _trap, _trap, _quote, _long, _splice, _splice, _indent)
]


def workbook(data: bytes, seed: int) -> bytes:
    """The workbook `data` with its parts, their XML, their cells or its bytes mutated."""
    chance = random.Random(seed)
    if chance.random() < 0.15:
        return _bytes(data, chance)
    with ZipFile(BytesIO(data)) as package:
        parts = [(name, package.read(name)) for name in package.namelist()]
    read = [at for at, (name, _) in enumerate(parts) if "sheet" in name or "workbook" in name]
    for _ in range(chance.randint(1, 3)):
        at = chance.choice(read) if chance.random() < 0.9 else chance.randrange(len(parts))
        name, content = parts[at]
        match chance.randrange(8):
            case 0:
                parts[at] = name, _bytes(content, chance)
            case 1:
                parts[at] = (
                    chance.choice(["xl/vbaProject.bin", "../x", "/etc/x", name.upper(), "xl/externalLinks/a"]),
                    content,
                )
            case 2:
                parts[at] = name, parts[chance.randrange(len(parts))][1]
            case 3:
                parts[at] = name, content[: chance.randrange(len(content) + 1)]
            case _:
                parts[at] = name, _xml(content, chance)
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as package:
        for name, content in dict(parts).items():
            package.writestr(name, content)
    return file.getvalue()


_XML_TRAPS = [
    b"", b"0", b"-1", b"99999999999999999999", b"1e999", b"NaN", b"A0", b"ZZZZZZZ1", b"A1:", b"XFD1048576", b"&#0;",
    b"&#xD800;", b"&x;", b"<![CDATA[x]]>", b"_x0000_", b"_xD83D_", b"\xff", b"s", b"str", b"inlineStr", b"b", b"e", b"d",
    b"../../../etc/passwd", b"/xl/workbook.xml", b"http://example.org/", "◎〇✕".encode(), b"=1+1", b"[" * 5000, b'"',
    b'<!DOCTYPE a [<!ENTITY x "y">]>', b"<a>" * 2000, b"<f>1</f>", b"<v>1</v>", b"<c/>", b"<row/>", b" " * 10_000,
]  # fmt: skip


def _xml(content: bytes, chance: random.Random) -> bytes:
    """One tag, attribute or text of `content` replaced, doubled or dropped."""
    what = chance.choice([rb"<[^>]*>", rb'"[^"]*"', rb">[^<]+<", rb"<c [^>]*>.*?</c>", rb"<row.*?</row>"])
    found = [*re.finditer(what, content, re.DOTALL)]
    if not found:
        return content
    match = chance.choice(found)
    trap = chance.choice(_XML_TRAPS)
    kept = match[0][:1] + trap + match[0][-1:]
    new = chance.choice([b"", match[0] * 2, kept, kept, kept, trap, chance.choice(found)[0]])
    return content[: match.start()] + new + content[match.end() :]


_PDF_TRAPS = [
    b"0", b"-1", b"99999999999", b"null", b"true", b"1 0 R", b"9999 0 R", b"[", b"<<", b">>", b"()", b"(", b"<", b"/",
    b"/Kids", b"/Parent", b"/Prev", b"/Length", b"/Filter", b"/Names", b"/EF", b"/AF", b"/FlateDecode", b"/LZWDecode",
    b"stream", b"endstream", b"endobj", b"[" * 3000, b"<<" * 3000, b"(" * 3000, b"1 0 obj", b"trailer", b"startxref", b"%%EOF",
]  # fmt: skip


def pdf(data: bytes, seed: int) -> bytes:
    """The PDF `data` with references, numbers, names, objects, streams or bytes mutated."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        match chance.randrange(7):
            case 0:
                data = _bytes(data, chance)
            case 1:  # an object twice, or lost
                found = [*re.finditer(rb"\d+ 0 obj.*?endobj", data, re.DOTALL)]
                if found:
                    match = chance.choice(found)
                    data = data[: match.start()] + match[0] * chance.choice([0, 2]) + data[match.end() :]
            case 2:  # what a stream says, whatever the filter
                found = [*re.finditer(rb"(?<=stream\n).*?(?=\nendstream)", data, re.DOTALL)]
                if found:
                    match = chance.choice(found)
                    data = data[: match.start()] + _stream(match[0], chance) + data[match.end() :]
            case _:  # references (which make circles), numbers, names
                what = chance.choice([rb"\d+ 0 R", rb"\d+ 0 R", rb"(?<= )\d+", rb"/[A-Za-z]+", rb"\d{10} \d{5} n"])
                found = [*re.finditer(what, data)]
                if found:
                    match = chance.choice(found)
                    new = chance.choice([chance.choice(found)[0], chance.choice(_PDF_TRAPS)])
                    data = data[: match.start()] + new + data[match.end() :]
    return data


def _stream(data: bytes, chance: random.Random) -> bytes:
    try:
        inflated = zlib.decompress(data)
    except zlib.error:
        return _bytes(data, chance)
    return zlib.compress(chance.choice([_bytes(inflated, chance), bytes(20_000_000) if chance.random() < 0.1 else b""]))
