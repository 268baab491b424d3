"""Reads a returned workbook, which is untrusted input: its cells as text, or an error.

Only the needed parts are read, directly from the XML, since openpyxl would build styles, names, links and all rows of
any file. Limits: inflated sizes (by the zip directory; `zipfile` inflates no more than it states), the number of
elements, the length of a tag. defusedxml refuses DTDs and entities.
"""

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn
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

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class WorkbookError(Exception):
    """An error in a file; the message is Japanese and says how to fix it. `row` is of the answer sheet, or 0."""

    def __init__(self, message: str, row: int = 0) -> None:
        self.row = row
        super().__init__(message)


@dataclass(slots=True)
class Value:
    """The content of a cell: its text, and its kind: text, number, truth, formula or error."""

    text: str
    kind: str


@dataclass(slots=True)
class Sheet:
    """The non-empty cells by row and column (from 1), and the merged ranges."""

    cells: dict[int, dict[int, Value]] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)

    def text(self, row: int, column: int) -> str:
        """The text of a cell; empty if the cell is."""
        value = self.cells.get(row, {}).get(column)
        return value.text if value else ""


def read_workbook(path: Path, wanted: tuple[str, ...]) -> dict[str, Sheet]:
    """The sheets named in `wanted`, as far as the workbook at `path` has them. Raises `WorkbookError`."""
    try:
        with _unzip(io.BytesIO(read_file(path, MAX_BYTES).data), path) as package:
            _check_parts(package)
            return _PackageReader(package).sheets(wanted)
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


def _unzip(file: IO[bytes], path: Path) -> zipfile.ZipFile:
    """The zip in `file`. Raises `WorkbookError`, by the kind of file that it seems to be instead."""
    again = "表計算ソフトで開き、「Excel ブック(.xlsx)」として保存し直してください。"
    begin = file.read(MAX_BYTES) if file.read(8) == _OLE else b""
    file.seek(0)
    if begin:
        if _ENCRYPTED in begin:
            raise WorkbookError("パスワードが付いています。パスワードを外して保存し直してください。")
        raise WorkbookError(f"古い形式(.xls)です。{again}")
    if path.suffix.lower() in (".xlsm", ".xltm", ".xlam", ".xlsb"):
        raise WorkbookError(f"マクロを含められる形式か、読めない形式({path.suffix.lower()})です。{again}")
    if not zipfile.is_zipfile(file):
        file.seek(0)
        begin = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
        if not begin:
            raise WorkbookError("空のファイルです。もう一度受け取ってください。")
        if begin.startswith(b"PK"):
            _broken()
        if begin.startswith(b"<"):
            raise WorkbookError(f"Excel ブックではなく、HTMLかXMLです。{again}")
        raise WorkbookError(f"Excel ブックではありません(CSVなど)。{again}")
    return zipfile.ZipFile(file)


def _check_parts(package: zipfile.ZipFile) -> None:
    """Refuse parts that no answer needs, and that could harm people who open the file."""
    names = [entry.filename.lower() for entry in package.infolist()]
    if len(names) > MAX_ENTRIES:
        raise WorkbookError("中の部品が多すぎます。照会票ではありません。送った照会票に書き直してください。")
    if len(set(names)) < len(names):
        _broken()
    # No office program uses other compressions, and an LZMA stream may demand gigabytes.
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in package.infolist()):
        _broken()
    if any(entry.flag_bits & 1 for entry in package.infolist()):
        raise WorkbookError("パスワードが付いています。パスワードを外して保存し直してください。")
    if any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in names):
        raise WorkbookError("マクロが入っています。マクロを除いて、「Excel ブック(.xlsx)」として保存し直してください。")
    if any(name.startswith("xl/externallinks/") for name in names):
        raise WorkbookError("ほかのブックへのリンクが入っています。リンクを解除して保存し直してください。")
    if "xl/workbook.xml" not in names:
        if "mimetype" in names:
            raise WorkbookError("OpenDocument の形式(.ods)です。「Excel ブック(.xlsx)」として保存し直してください。")
        raise WorkbookError("Excel ブックではありません。送った照会票に書き直してください。")


class _PackageReader:
    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._left = MAX_ELEMENTS

    def sheets(self, wanted: tuple[str, ...]) -> dict[str, Sheet]:
        book, links, strings = _BookParts(), _Links(), _Strings()
        self._parse("xl/workbook.xml", book)
        self._parse("xl/_rels/workbook.xml.rels", links)
        if links.strings:
            self._parse(_inside(links.strings), strings)
        found: dict[str, Sheet] = {}
        for name in wanted:
            if target := links.targets.get(book.sheets.get(name, "")):
                handler = _SheetParts(strings.texts)
                self._parse(_inside(target), handler)
                found[name] = handler.sheet
        return found

    def _parse(self, name: str, handler: "_Handler") -> None:
        try:
            entry = self._package.getinfo(name)
        except KeyError:
            _broken()
        if entry.file_size > MAX_PART:
            raise WorkbookError("展開すると大きすぎます。照会票ではありません。送った照会票に書き直してください。")
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

    left = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 SAX's name
        self.left -= 1
        if self.left < 0:
            raise WorkbookError("セルの数が多すぎます。送った照会票に書き直してください。")
        self.start(name.rpartition(":")[2] if ":" in name else name, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802
        self.end(name.rpartition(":")[2] if ":" in name else name)

    def start(self, name: str, attrs: AttributesImpl) -> None: ...

    def end(self, name: str) -> None: ...


class _BookParts(_Handler):
    """Collects the relationship id of each sheet, by the sheet's name."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: dict[str, str] = {}

    def start(self, name: str, attrs: AttributesImpl) -> None:
        if name == "sheet":
            link = next((attrs[key] for key in attrs.getNames() if key.endswith(":id")), "")
            self.sheets[attrs.get("name", "")] = link


class _Links(_Handler):
    """Collects the targets of relationships: sheets by id, and the shared strings."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}
        self.strings = ""

    def start(self, name: str, attrs: AttributesImpl) -> None:
        if name != "Relationship" or attrs.get("TargetMode") == "External":
            return
        if attrs.get("Type", "").endswith("/worksheet"):
            self.targets[attrs.get("Id", "")] = attrs.get("Target", "")
        elif attrs.get("Type", "").endswith("/sharedStrings"):
            self.strings = attrs.get("Target", "")


class _Texts(_Handler):
    """Collects the text of an element, without its phonetic readings (furigana)."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[str] = []
        self._length = 0
        self._is_open = False
        self._in_reading = False

    def start(self, name: str, attrs: AttributesImpl) -> None:  # noqa: ARG002
        if name == "rPh":
            self._in_reading = True
        elif name in ("t", "v"):
            self._is_open = not self._in_reading

    def end(self, name: str) -> None:
        if name == "rPh":
            self._in_reading = False
        elif name in ("t", "v"):
            self._is_open = False

    def characters(self, content: str) -> None:
        # Stop collecting beyond the limit; the text will be refused anyway.
        if self._is_open and self._length <= MAX_CELL:
            self._pieces.append(content)
            self._length += len(content)

    def take(self) -> str:
        text = "".join(self._pieces)
        self._pieces, self._length = [], 0
        return text


class _Strings(_Texts):
    """Collects the shared strings, to which cells refer by index."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def end(self, name: str) -> None:
        super().end(name)
        if name == "si":
            self.texts.append(_unescaped(self.take()))


class _SheetParts(_Texts):
    """Collects the cells and merged ranges of a sheet."""

    def __init__(self, strings: list[str]) -> None:
        super().__init__()
        self.sheet = Sheet()
        self._strings = strings
        self._row = self._column = 0
        self._type = ""
        self._is_formula = False

    def start(self, name: str, attrs: AttributesImpl) -> None:
        super().start(name, attrs)
        if name == "row":
            self._row = _number(attrs.get("r", "")) or self._row + 1
            self._column = 0
        elif name == "c":
            self._go_to(attrs.get("r", ""))
            self._type = attrs.get("t", "n")
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
            raise WorkbookError("列が多すぎます。送った照会票に書き直してください。", self._row)

    def end(self, name: str) -> None:
        super().end(name)
        if name == "c":
            value = self._value(self.take())
            if value.text or value.kind == "formula":
                if self._row > MAX_ROW:
                    raise WorkbookError(
                        f"{MAX_ROW:,}行より下に記入があります。余分な行を削除するか、送った照会票に書き直してください。",
                        self._row,
                    )
                self.sheet.cells.setdefault(self._row, {})[self._column] = value

    def _value(self, text: str) -> Value:
        if self._is_formula:
            return Value(text, "formula")
        if self._type == "s" and text:
            index = _number(text)
            if index is None or index >= len(self._strings):
                _broken()
            return Value(self._strings[index], "text")
        if self._type in ("inlineStr", "str"):
            return Value(_unescaped(text), "text")
        return Value(_plain_number(text), {"b": "truth", "e": "error"}.get(self._type, "number"))


def column_number(letters: str) -> int:
    """The number of a column from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


def _plain_number(text: str) -> str:
    """A number as it was typed: 1.0 becomes 1."""
    return re.sub(r"(?<=\d)\.0+$", "", text.strip())


def _unescaped(text: str) -> str:
    """`text` with OOXML escapes like _x000D_ replaced by their characters."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: _character(int(match[1], 16)), text)


def _character(point: int) -> str:
    return "\ufffd" if 0xD800 <= point < 0xE000 else chr(point)
