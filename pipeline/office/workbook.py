"""Reads a returned workbook, which is untrusted input: its cells as text, or an error.

Only the needed parts are read, directly from the XML, since openpyxl would build styles, names, links and all rows of
any file. Limits: inflated sizes (by the zip directory; `zipfile` inflates no more than it states), the number of
elements, the length of a tag. defusedxml refuses DTDs and entities.
"""

import datetime
import fnmatch
import io
import math
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO, NoReturn, TypeVar
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, InputSource

from defusedxml import DefusedXmlException
from defusedxml.expatreader import create_parser

from pipeline.reading import UnreadableError, read_file

# Limits. A workbook of 5,200 long items has 3 MB, inflated 20 MB.
MAX_BYTES = 10 * 1024 * 1024
MAX_ENTRIES = 2_000
MAX_PART = 32 * 1024 * 1024  # one part, inflated
MAX_ELEMENTS = 700_000  # of all parts that are read; 5,200 items have 220,000
MAX_TAG = 1024 * 1024  # bytes without a new element
MAX_ROW = 20_000
MAX_COLUMN = 16_384  # Excel's own limit
MAX_CELL = 40_000  # characters; Excel's own limit is 32,767

# Excel's own formats for dates, by number; those from 27 on are Japanese.
_DATES = {*map(str, (14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 55), 57, 58))}
# Excel's own formats of numbers, by number.
_FORMATS = {
    **{"1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%"},
    **{"37": "#,##0", "38": "#,##0", "39": "#,##0.00", "40": "#,##0.00"},
}
# The day that Excel counts as 0, where a workbook does not count from 1904.
_DAY_0 = datetime.date(1899, 12, 30)

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


_LOCKED = "パスワードが付いています。パスワードを外して保存し直してください。"
SEND_AGAIN = "お送りした照会票に記入し直すよう、担当課に依頼してください。"
_NO_SHEET = f"照会票ではありません。{SEND_AGAIN}"


class WorkbookError(Exception):
    """An error in a file; the message is Japanese and says how to fix it. `row` is of the answer sheet, or 0.

    `advice` is the end of the message if it is for a returned workbook only; `what` is the message without it.
    """

    def __init__(self, what: str, row: int = 0, advice: str = "") -> None:
        self.row, self.what, self.advice = row, what, advice
        super().__init__(what + advice)


@dataclass(slots=True)
class Value:
    """The content of a cell: its text, and its kind: text, number, percent, date, truth, formula or error.

    The text of a date is like 2013-03-31, that of a percent the number itself, 0.5. `is_struck` says whether a line goes
    through any of the text, `number_format` how Excel shows a number.
    """

    text: str
    kind: str
    is_struck: bool = False
    is_formula: bool = False
    number_format: str = ""


@dataclass(slots=True)
class Sheet:
    """The non-empty cells by row and column (from 1), the merged ranges, and what Excel does not show."""

    cells: dict[int, dict[int, Value]] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)  # each from, to
    is_hidden: bool = False

    def text(self, row: int, column: int) -> str:
        """The text of a cell; empty if the cell is."""
        value = self.cells.get(row, {}).get(column)
        return value.text if value else ""


@dataclass(slots=True)
class Book:
    """A workbook: the sheets that were asked for, the names of the others, and what lies on top of cells.

    `comments` are the cells with comments, and their texts; `boxes` the texts of text boxes and shapes.
    """

    sheets: dict[str, Sheet]
    others: tuple[str, ...]
    comments: tuple[tuple[str, str], ...]
    boxes: tuple[str, ...]
    pictures: int


def read_workbook(path: Path, wanted: tuple[str, ...] | None, is_foreign: bool = False) -> Book:
    """The workbook at `path`, with the sheets named in `wanted` (None: all) as far as it has them.

    One that `is_foreign` may have macros, which nothing here runs, and formulas, of which the values are read. Raises
    `WorkbookError`.
    """
    try:
        with _unzip(io.BytesIO(read_file(path, MAX_BYTES).data), path, is_foreign) as package:
            _check_parts(package, path, is_foreign)
            return _PackageReader(package, is_foreign).book(wanted)
    except UnreadableError as error:
        fix = "画像などを除いてください。" if error.is_too_large else ""
        raise WorkbookError(f"{error}{fix}") from None
    except DefusedXmlException:
        raise WorkbookError(
            "使えない書き方(DTDや外部の参照)が入っています。表計算ソフトで保存し直してください。"
        ) from None
    except (SAXException, zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError):
        _broken()


def _broken() -> NoReturn:
    raise WorkbookError("壊れています。もう一度受け取るか、表計算ソフトで開いて保存し直してください。") from None


def _unzip(file: IO[bytes], path: Path, is_foreign: bool) -> zipfile.ZipFile:
    """The zip in `file`. Raises `WorkbookError`, by the kind of file that it seems to be instead."""
    again = "表計算ソフトで開き、「Excel ブック(.xlsx)」として保存し直してください。"
    begin = file.read(MAX_BYTES) if file.read(8) == _OLE else b""
    file.seek(0)
    if begin:
        if _ENCRYPTED in begin:
            raise WorkbookError(_LOCKED)
        raise WorkbookError(f"古い形式(.xls)です。{again}")
    suffix = path.suffix.lower()
    if suffix in (".xltm", ".xlam", ".xlsb") or (suffix == ".xlsm" and not is_foreign):
        raise WorkbookError(f"マクロを含められる形式か、読めない形式({suffix})です。{again}")
    if not zipfile.is_zipfile(file):
        file.seek(0)
        begin = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
        if not begin:
            raise WorkbookError("空のファイルです。もう一度受け取ってください。")
        if begin.startswith(b"PK"):
            _broken()
        if begin.startswith(b"%PDF"):
            raise WorkbookError("PDFです。", advice=f"照会票(.xlsx)ではないので、読み取れません。{SEND_AGAIN}")
        if begin.startswith(b"<"):
            raise WorkbookError(f"Excelブックではなく、HTMLかXMLです。{again}")
        raise WorkbookError(f"Excelブックではありません(CSVなど)。{again}")
    return zipfile.ZipFile(file)


def _check_parts(package: zipfile.ZipFile, path: Path, is_foreign: bool) -> None:
    """Refuse parts that no answer needs, and that could harm people who open the file."""
    names = [entry.filename.lower() for entry in package.infolist()]
    if len(names) > MAX_ENTRIES:
        raise WorkbookError("中の部品が多すぎます。", advice=_NO_SHEET)
    if len(set(names)) < len(names):
        _broken()
    # No office program uses other compressions, and an LZMA stream may demand gigabytes.
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in package.infolist()):
        _broken()
    if any(entry.flag_bits & 1 for entry in package.infolist()):
        raise WorkbookError(_LOCKED)
    if not is_foreign and any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in names):
        raise WorkbookError("マクロが入っています。マクロを除いて、「Excel ブック(.xlsx)」として保存し直してください。")
    if any(name.startswith("xl/externallinks/") for name in names):
        raise WorkbookError("ほかのブックへのリンクが入っています。リンクを解除して保存し直してください。")
    if "xl/workbook.xml" not in names:
        if "mimetype" in names:
            raise WorkbookError("OpenDocument の形式(.ods)です。「Excel ブック(.xlsx)」として保存し直してください。")
        if path.suffix.lower() == ".zip":
            raise WorkbookError("ZIPファイルです。", advice="展開して、中の照会票をフォルダーに入れてください。")
        raise WorkbookError("Excelブックではありません。", advice=SEND_AGAIN)


_H = TypeVar("_H", bound="_Handler")


class _PackageReader:
    def __init__(self, package: zipfile.ZipFile, is_foreign: bool) -> None:
        self._package = package
        self._is_foreign = is_foreign
        self._left = MAX_ELEMENTS

    def book(self, wanted: tuple[str, ...] | None) -> Book:
        book, links, strings, styles = _BookParts(), _Links(), _Strings(), _Styles()
        self._parse("xl/workbook.xml", book)
        self._parse("xl/_rels/workbook.xml.rels", links)
        if links.styles:
            self._parse(_inside(links.styles), styles)
        if links.strings:
            self._parse(_inside(links.strings), strings)
        found: dict[str, Sheet] = {}
        wanted = tuple(book.sheets) if wanted is None else wanted
        for name in wanted:
            if target := links.targets.get(book.sheets.get(name, "")):
                handler = _SheetParts(strings.texts, styles, book.first_day, self._is_foreign)
                self._parse(_inside(target), handler)
                handler.sheet.is_hidden = name in book.hidden
                found[name] = handler.sheet
        others = tuple(name for name in book.sheets if name not in wanted)
        boxes = self._parse_all("xl/drawings/drawing[0-9]*.xml", _Drawings())
        return Book(found, others, self._comments(), tuple(boxes.texts), boxes.pictures)

    def _comments(self) -> tuple[tuple[str, str], ...]:
        old = self._parse_all("xl/comments*.xml", _Comments("comment", "t"))
        # A thread of comments stands in a part of its own, with a substitute among the comments of the old kind.
        new = self._parse_all("xl/threadedcomments/*.xml", _Comments("threadedComment", "text"))
        threads = {cell for cell, _ in new.found}
        return (*new.found, *((cell, text) for cell, text in old.found if cell not in threads))

    def _parse_all(self, pattern: str, handler: "_H") -> "_H":
        """Parse every part whose name, in small letters, matches `pattern`."""
        for name in self._package.namelist():
            if fnmatch.fnmatchcase(name.lower(), pattern):
                self._parse(name, handler)
        return handler

    def _parse(self, name: str, handler: "_Handler") -> None:
        try:
            entry = self._package.getinfo(name)
        except KeyError:
            _broken()
        if entry.file_size > MAX_PART:
            raise WorkbookError("展開すると大きすぎます。", advice=_NO_SHEET)
        handler.left = self._left
        parser = create_parser(forbid_dtd=True)
        parser.setContentHandler(handler)
        source = InputSource(name)
        with self._package.open(entry) as stream:
            source.setByteStream(_Stream(stream))
            parser.parse(source)
        self._left = handler.left


def _inside(target: str) -> str:
    """The name in the zip of a target of a relationship of xl/workbook.xml."""
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


class _Stream:
    """The stream of a part; refuses a tag longer than `MAX_TAG`, which the parser would hold in memory."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._since = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        last = data.rfind(b"<")
        self._since = len(data) - last if last >= 0 else self._since + len(data)
        if self._since > MAX_TAG:
            _broken()
        return data

    def close(self) -> None:
        self._stream.close()


class _Handler(ContentHandler):
    """Counts elements, and passes them on with their names without namespace prefix, in which writers differ."""

    left: int  # how many there may still be

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 SAX's name
        self.left -= 1
        if self.left < 0:
            raise WorkbookError("セルの数が多すぎます。", advice=SEND_AGAIN)
        self.start(name.rpartition(":")[2] if ":" in name else name, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802
        self.end(name.rpartition(":")[2] if ":" in name else name)

    def start(self, name: str, attrs: AttributesImpl) -> None: ...

    def end(self, name: str) -> None: ...


class _BookParts(_Handler):
    """Collects the relationship id of each sheet, by the sheet's name, and the day that is 0."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: dict[str, str] = {}
        self.hidden: set[str] = set()
        self.first_day = _DAY_0

    def start(self, name: str, attrs: AttributesImpl) -> None:
        if name == "workbookPr" and attrs.get("date1904", "0") in ("1", "true"):
            self.first_day = datetime.date(1904, 1, 1)
        elif name == "sheet":
            link = next((attrs[key] for key in attrs.getNames() if key.endswith(":id")), "")
            self.sheets[attrs.get("name", "")] = link
            if attrs.get("state", "visible") != "visible":
                self.hidden.add(attrs.get("name", ""))


class _Links(_Handler):
    """Collects the targets of relationships: sheets by id, the shared strings, and the styles."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}
        self.strings = self.styles = ""

    def start(self, name: str, attrs: AttributesImpl) -> None:
        if name != "Relationship" or attrs.get("TargetMode") == "External":
            return
        if attrs.get("Type", "").endswith("/worksheet"):
            self.targets[attrs.get("Id", "")] = attrs.get("Target", "")
        elif attrs.get("Type", "").endswith("/sharedStrings"):
            self.strings = attrs.get("Target", "")
        elif attrs.get("Type", "").endswith("/styles"):
            self.styles = attrs.get("Target", "")


class _Styles(_Handler):
    """Collects the styles of cells: for each, the kind of its numbers, and whether its text is struck through."""

    def __init__(self) -> None:
        super().__init__()
        self._within = ""
        self._is_struck: list[bool] = []  # by font
        self._formats: dict[str, str] = {}
        self._styles: list[tuple[str, str]] = []  # number format and font

    def start(self, name: str, attrs: AttributesImpl) -> None:
        if name in ("fonts", "cellXfs", "cellStyleXfs", "dxfs"):
            self._within = name
        elif name == "numFmt" and self._within != "dxfs":
            self._formats[attrs.get("numFmtId", "")] = attrs.get("formatCode", "")
        elif name == "font" and self._within == "fonts":
            self._is_struck.append(False)
        elif name == "strike" and self._within == "fonts" and self._is_struck:
            self._is_struck[-1] = _is_on(attrs)
        elif name == "xf" and self._within == "cellXfs":
            self._styles.append((attrs.get("numFmtId", "0"), attrs.get("fontId", "0")))

    def of(self, style: str) -> tuple[str, bool, str]:
        """The kind of numbers (number, percent, date) in cells of this style, whether text is struck, and the format."""
        index = _number(style or "0")
        if index is None or index >= len(self._styles):
            return "number", False, ""
        number, font = self._styles[index]
        position = _number(font)
        is_struck = position is not None and position < len(self._is_struck) and self._is_struck[position]
        code = self._formats.get(number, "")
        return _kind_of_format(number, code), is_struck, code or _FORMATS.get(number, "")


def _kind_of_format(number: str, code: str) -> str:
    """The kind of numbers with a number format: one of Excel's own by its number, or with this code."""
    if not code:
        return "percent" if number in ("9", "10") else "date" if number in _DATES else "number"
    plain = re.sub(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]', "", code.split(";")[0])
    if "%" in plain:
        return "percent"
    # y, m, d, and the eras of Japanese dates (g and e); hours alone are no date.
    return "date" if re.search("[ydge]", plain) and not re.search("General|[0#]", plain) else "number"


def _is_on(attrs: AttributesImpl) -> bool:
    return attrs.get("val", "1") not in ("0", "false", "off")


class _Texts(_Handler):
    """Collects the text of an element, without its phonetic readings (furigana), and whether any of it is struck."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._names = names or ("t", "v")
        self._pieces: list[str] = []
        self._length = 0
        self._is_open = False
        self._in_reading = False
        self._in_struck_run = self.has_struck = False

    def start(self, name: str, attrs: AttributesImpl) -> None:
        if name == "rPh":
            self._in_reading = True
        elif name == "r":
            self._in_struck_run = False
        elif name == "strike":
            self._in_struck_run = _is_on(attrs)
        elif name in self._names:
            self._is_open = not self._in_reading

    def end(self, name: str) -> None:
        if name == "rPh":
            self._in_reading = False
        elif name == "r":
            self._in_struck_run = False
        elif name in self._names:
            self._is_open = False

    def characters(self, content: str) -> None:
        # Stop collecting beyond the limit; the text will be refused anyway.
        if self._is_open and self._length <= MAX_CELL:
            self._pieces.append(content)
            self._length += len(content)
            self.has_struck |= self._in_struck_run and not content.isspace()

    def take(self) -> str:
        text = "".join(self._pieces)
        self._pieces, self._length, self.has_struck = [], 0, False
        return text


class _Comments(_Texts):
    """Collects the comments on cells."""

    def __init__(self, element: str, text: str) -> None:
        super().__init__(text)
        self.found: list[tuple[str, str]] = []
        self._element = element
        self._cell = ""

    def start(self, name: str, attrs: AttributesImpl) -> None:
        super().start(name, attrs)
        if name == self._element:
            self._cell = attrs.get("ref", "")
            self.take()

    def end(self, name: str) -> None:
        super().end(name)
        if name == self._element:
            self.found.append((self._cell, self.take()))


class _Drawings(_Texts):
    """Collects the texts of text boxes and shapes, and counts pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.pictures = 0

    def end(self, name: str) -> None:
        super().end(name)
        if name == "pic":
            self.pictures += 1
        elif name == "sp":
            self.texts.append(self.take())


class _Strings(_Texts):
    """Collects the shared strings, to which cells refer by index."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, bool]] = []  # each with whether any of it is struck

    def end(self, name: str) -> None:
        super().end(name)
        if name == "si":
            is_struck = self.has_struck
            self.texts.append((_unescaped(self.take()), is_struck))


class _SheetParts(_Texts):
    """Collects the cells and merged ranges of a sheet; of formulas their values, if it `reads_values`."""

    def __init__(
        self, strings: list[tuple[str, bool]], styles: _Styles, first_day: datetime.date, reads_values: bool
    ) -> None:
        super().__init__()
        self.sheet = Sheet()
        self._reads_values = reads_values
        self._strings = strings
        self._styles = styles
        self._first_day = first_day
        self._style = ""
        self._row = self._column = 0
        self._type = ""
        self._is_formula = False

    def start(self, name: str, attrs: AttributesImpl) -> None:
        super().start(name, attrs)
        if name == "row":
            self._row = _number(attrs.get("r", "")) or self._row + 1
            self._column = 0
            if attrs.get("hidden", "0") in ("1", "true"):
                self.sheet.hidden_rows.add(self._row)
        elif name == "col" and attrs.get("hidden", "0") in ("1", "true") and len(self.sheet.hidden_columns) < MAX_ROW:
            self.sheet.hidden_columns.append((_number(attrs.get("min", "")) or 0, _number(attrs.get("max", "")) or 0))
        elif name == "c":
            self._go_to(attrs.get("r", ""))
            self._type = attrs.get("t", "n")
            self._style = attrs.get("s", "")
            self.take()
            self._is_formula = False
        elif name == "f":
            self._is_formula = True
        elif name == "mergeCell" and len(self.sheet.merged) < MAX_ROW:
            self.sheet.merged.append(attrs.get("ref", ""))

    def _go_to(self, reference: str) -> None:
        match = re.fullmatch("([A-Z]{1,7})([0-9]{1,9})", reference)
        if reference and not match:
            _broken()
        self._column = column_number(match[1]) if match else self._column + 1
        self._row = int(match[2]) if match else self._row
        if self._column > MAX_COLUMN:
            raise WorkbookError("列が多すぎます。", self._row, SEND_AGAIN)

    def end(self, name: str) -> None:
        super().end(name)
        if name == "c":
            kind, is_struck, number_format = self._styles.of(self._style)
            is_struck |= self.has_struck
            value = self._value(self.take(), kind)
            value.is_struck |= is_struck
            value.is_formula = self._is_formula
            value.number_format = number_format
            if value.text or value.is_formula:
                if self._row > MAX_ROW:
                    raise WorkbookError(f"{MAX_ROW:,}行より下に記入があります。余分な行を削除してください。", self._row)
                self.sheet.cells.setdefault(self._row, {})[self._column] = value

    def _value(self, text: str, kind: str) -> Value:
        """The content of a cell with this text, whose number, if it is one, is of this kind."""
        if self._is_formula and not self._reads_values:
            return Value(text, "formula")
        if self._type == "s" and text:
            index = _number(text)
            if index is None or index >= len(self._strings):
                _broken()
            return Value(self._strings[index][0], "text", self._strings[index][1])
        if self._type in ("inlineStr", "str"):
            return Value(_unescaped(text), "text")
        if self._type == "d":
            return Value(text[:10], "date")
        if self._type != "n":
            return Value(text.strip(), {"b": "truth", "e": "error"}.get(self._type, "number"))
        if kind == "date" and (day := _day(text, self._first_day)):
            return Value(day.isoformat(), "date")
        return Value(_plain_number(text), "percent" if kind == "percent" else "number")


def _day(text: str, first: datetime.date) -> datetime.date | None:
    """The day of a number, counted from `first`; None if it is no number or no day."""
    try:
        days = math.floor(float(text))
        # Excel takes 1900 for a leap year, so that its days before March 1900 are counted wrong.
        return first + datetime.timedelta(days) if days > 60 or (days > 0 and first != _DAY_0) else None
    except (ValueError, OverflowError):
        return None


def column_number(letters: str) -> int:
    """The number of a column from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


def _plain_number(text: str) -> str:
    """A number as it was typed: 1.0 becomes 1, and 78.400000000000006, as the format stores 78.4, becomes 78.4."""
    try:
        number = float(text)
    except ValueError:
        return text.strip()
    return format(Decimal(f"{number:.15g}"), "f") if abs(number) < 1e15 else text.strip()


def _unescaped(text: str) -> str:
    """`text` with OOXML escapes like _x000D_ replaced by their characters."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: _character(int(match[1], 16)), text)


def _character(point: int) -> str:
    return "\ufffd" if 0xD800 <= point < 0xE000 else chr(point)
