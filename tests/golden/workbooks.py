"""Workbooks by chance as office programs, and careless or hostile hands, write them, and what is read of each, as texts."""

import random
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path

from pipeline.office.workbook import Book, WorkbookError, read_workbook

TEXTS_OF_CELLS = [
    "A",
    "声かけ",
    " 前後 ",
    "一行\n二行",
    "_x000D_",
    "_x0041_b_x3042_",
    "_xD800_",
    "_x12_",
    "&amp;",
    "0",
    "",
]
NUMBERS = ["0", "1", "1.0", "78.400000000000006", "-3", "12.5", "1E3", "1E15", "999999999999999", "45000", "45000.75", "60", "61", "0.5", "-1", "x", "", "1E400", "3000000"]  # fmt: skip
FORMATS = ["0", "0%", "yyyy/m/d", "[$-411]ggge&quot;年&quot;", "#,##0", "General", "h:mm", "[Red]0.0", "0.00_ ", "&quot;d&quot;0", "m/d;@", "0;yyyy", r"\\d0", "@"]  # fmt: skip
BUILT_IN = ["0", "1", "2", "3", "4", "9", "10", "13", "14", "17", "18", "21", "22", "26", "27", "31", "32", "35", "36", "37", "40", "49", "50", "54", "55", "57", "58", "59"]  # fmt: skip
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


class WorkbookMaker:
    """Makes the parts of a workbook by chance; the same `seed` makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.prefix = self.chance.choice(["", "", "x:"])

    def may(self, share: float) -> bool:
        return self.chance.random() < share

    def parts(self) -> dict[str, str]:
        chance = self.chance
        names = chance.sample(["一覧", "控え", "照合用", "回答"], chance.choice([1, 1, 2, 3]))
        states = ["", "", ' state="visible"', ' state="hidden"', ' state="veryHidden"']
        sheets = "".join(
            f'<sheet name="{name}" sheetId="{at}" r:id="rId{at}"{chance.choice(states)}/>'
            for at, name in enumerate(names, 1)
        )
        since = chance.choice(["", "", "", ' date1904="1"', ' date1904="true"', ' date1904="0"'])
        folder = chance.choice(["worksheets/", "/xl/worksheets/"])
        kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
        links = "".join(
            f'<Relationship Id="rId{at}" Type="{kinds}worksheet" Target="{folder}sheet{at}.xml"'
            f"{chance.choice(['', '', '', '', ' TargetMode=' + chr(34) + 'External' + chr(34)])}/>"
            for at in range(1, len(names) + 1)
        )
        found = {}
        if self.may(0.9):
            links += f'<Relationship Id="rIdS" Type="{kinds}sharedStrings" Target="sharedStrings.xml"/>'
            found["xl/sharedStrings.xml"] = f"<sst>{''.join(self.string() for _ in range(6))}</sst>"
        if self.may(0.9):
            links += f'<Relationship Id="rIdY" Type="{kinds}styles" Target="styles.xml"/>'
            found["xl/styles.xml"] = self.styles()
        found["xl/workbook.xml"] = f'<workbook xmlns:r="r"><workbookPr{since}/><sheets>{sheets}</sheets></workbook>'
        found["xl/_rels/workbook.xml.rels"] = f"<Relationships>{links}</Relationships>"
        for at in range(1, len(names) + 1):
            found[f"xl/worksheets/sheet{at}.xml"] = self.sheet()
        if self.may(0.3):
            found["xl/comments1.xml"] = (
                '<comments><comment ref="A1"><text><r><t>確かめる</t></r><r><t>こと</t></r></text></comment>'
                '<comment ref="B2"><text><t>古い</t></text></comment></comments>'
            )
        if self.may(0.2):
            found["xl/threadedComments/threadedComment1.xml"] = (
                '<ThreadedComments><threadedComment ref="A1"><text>新しい</text></threadedComment></ThreadedComments>'
            )
        if self.may(0.3):
            found["xl/drawings/drawing1.xml"] = (
                "<wsDr><sp><txBody><p><t>図の中</t></p></txBody></sp><sp/><pic/><pic/></wsDr>"
            )
        if self.may(0.3):
            del found[chance.choice(sorted(found))]
        if self.may(0.1):
            found[
                chance.choice(
                    [
                        "xl/vbaProject.bin",
                        "xl/externalLinks/externalLink1.xml",
                        "xl/macrosheets/s.xml",
                        "XL/WORKBOOK.XML",
                        "mimetype",
                    ]
                )
            ] = "<x/>"
        return found

    def string(self) -> str:
        chance = self.chance
        text = chance.choice(TEXTS_OF_CELLS)
        strike = chance.choice(["<strike/>", '<strike val="0"/>', '<strike val="1"/>', '<strike val="off"/>', ""])
        return chance.choice(
            [
                f"<si><t>{text}</t></si>",
                f"<si><t>{text}</t></si>",
                f"<si><r><rPr>{strike}</rPr><t>{text}</t></r><r><t>後</t></r></si>",
                f"<si><r><rPr>{strike}</rPr><t> </t></r><r><rPr/><t>後</t></r></si>",
                f"<si><t>{text}</t><rPh sb='0' eb='1'><t>よみ</t></rPh><phoneticPr fontId='1'/></si>",
            ]
        )

    def styles(self) -> str:
        chance = self.chance
        formats = "".join(f'<numFmt numFmtId="{164 + at}" formatCode="{code}"/>' for at, code in enumerate(FORMATS))
        fonts = "".join(
            f"<font>{chance.choice(['', '', '<strike/>', '<strike val=' + chr(34) + 'false' + chr(34) + '/>'])}</font>"
            for _ in range(3)
        )
        self.count = 12
        xfs = "".join(
            f'<xf numFmtId="{chance.choice([*BUILT_IN, *map(str, range(164, 164 + len(FORMATS))), "x"])}" fontId="{chance.choice("01234")}"/>'
            for _ in range(self.count)
        )
        return (
            f"<styleSheet><numFmts>{formats}</numFmts><fonts>{fonts}</fonts>"
            f'<cellStyleXfs><xf numFmtId="14" fontId="1"/></cellStyleXfs><cellXfs>{xfs}</cellXfs>'
            '<dxfs><dxf><font><strike/></font><numFmt numFmtId="165" formatCode="yyyy"/></dxf></dxfs></styleSheet>'
        )

    def sheet(self) -> str:
        chance, x = self.chance, self.prefix
        rows = []
        row = 0
        for _ in range(chance.choice([0, 1, 2, 3, 4])):
            row += chance.choice([1, 1, 2])
            named = f' r="{row}"' if self.may(0.8) else ""
            hidden = chance.choice(["", "", "", ' hidden="1"', ' hidden="true"', ' hidden="0"'])
            cells = "".join(
                self.cell(row, column) for column in sorted(chance.sample(range(1, 30), chance.randint(0, 5)))
            )
            rows.append(f"<{x}row{named}{hidden}>{cells}</{x}row>")
        hidden = chance.choice(
            ["", "", '<col min="2" max="3" hidden="1"/><col min="5" max="5"/>', '<col min="x" hidden="true"/>']
        )
        merged = chance.choice(["", "", '<mergeCell ref="A1:B2"/><mergeCell ref="C3:C4"/>', "<mergeCell/>"])
        return (
            f"<{x}worksheet{' xmlns:x=' + chr(34) + 'y' + chr(34) if x else ''}><cols>{hidden}</cols>"
            f"<{x}sheetData>{''.join(rows)}</{x}sheetData><mergeCells>{merged}</mergeCells></{x}worksheet>"
        )

    def cell(self, row: int, column: int) -> str:
        chance, x = self.chance, self.prefix
        letters = chr(64 + column) if column <= 26 else f"A{chr(64 + column - 26)}"
        place = (
            f' r="{letters}{row}"'
            if self.may(0.9)
            else chance.choice(["", "", "", ' r="XFD3"', ' r="XFE3"', ' r="1A"'])
        )
        style = f' s="{chance.choice([*range(12), 12, 99, "x"])}"' if self.may(0.7) else ""
        kind = chance.choice(["", "", "", "n", "s", "s", "str", "inlineStr", "b", "e", "d"])
        formula = chance.choice(["", "", "", "", "<f>A1*2</f>"])
        value = chance.choice(NUMBERS)
        match kind:
            case "s":
                value = chance.choice(["0", "1", "2", "3", "4", "5"] * 3 + ["6", "x", ""])
            case "str":
                value = chance.choice(TEXTS_OF_CELLS)
            case "b":
                value = chance.choice(["1", "0"])
            case "e":
                value = "#REF!"
            case "d":
                value = "2024-03-31T00:00:00"
            case "inlineStr":
                return f'<{x}c{place}{style} t="inlineStr"><is>{self.string().replace("si>", "x>")}</is></{x}c>'
        typed = f' t="{kind}"' if kind else ""
        return f"<{x}c{place}{style}{typed}>{formula}<{x}v>{value}</{x}v></{x}c>"


def _shown(book: Book) -> str:
    sheets = {
        name: (sheet.cells, sheet.merged, sorted(sheet.hidden_rows), sheet.hidden_columns, sheet.is_hidden)
        for name, sheet in book.sheets.items()
    }
    return f"{sheets} {book.others} {book.comments} {book.boxes} {book.pictures}"


def _read(path: Path, wanted: tuple[str, ...] | None, is_foreign: bool) -> str:
    try:
        return _shown(read_workbook(path, wanted, is_foreign))
    except WorkbookError as error:
        return f"{error.row} {error.what} {error.advice}"


def _write(path: Path, parts: Mapping[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as package:
        for name, text in parts.items():
            package.writestr(name, f"{HEAD}{text}")


def workbooks() -> Iterator[str]:
    """What is read of workbooks by chance."""
    with tempfile.TemporaryDirectory() as name:
        for seed in range(300):
            maker = WorkbookMaker(seed)
            path = Path(name) / f"book{maker.chance.choice(['.xlsx'] * 15 + ['.zip', '.xlsm', '.xlsb', '.XLTM'])}"
            _write(path, maker.parts())
            wanted = maker.chance.choice([None, None, ("一覧",), ("一覧", "照合用")])
            yield f"{seed} {_read(path, wanted, maker.may(0.5))}"


def numbers() -> Iterator[str]:
    """What is read of each number in each format, counted from 1900 and from 1904."""
    codes = [
        *(f'numFmtId="{number}"' for number in BUILT_IN),
        *(f'numFmtId="{164 + at}"' for at in range(len(FORMATS))),
    ]
    formats = "".join(f'<numFmt numFmtId="{164 + at}" formatCode="{code}"/>' for at, code in enumerate(FORMATS))
    xfs = "".join(f"<xf {code}/>" for code in codes)
    rows = "".join(
        f"<row>{''.join(f'<c s=^{style}^><v>{number}</v></c>' for style in range(len(codes)))}</row>"
        for number in [*NUMBERS, *map(str, range(364, 368))]
    ).replace("^", '"')
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    links = (
        f'<Relationship Id="a" Type="{kinds}worksheet" Target="s.xml"/>'
        f'<Relationship Id="b" Type="{kinds}styles" Target="y.xml"/>'
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "book.xlsx"
        for since in ("0", "1"):
            book = f'<workbook xmlns:r="r"><workbookPr date1904="{since}"/><sheet name="一覧" r:id="a"/></workbook>'
            _write(
                path,
                {
                    "xl/workbook.xml": book,
                    "xl/_rels/workbook.xml.rels": f"<Relationships>{links}</Relationships>",
                    "xl/s.xml": f"<worksheet>{rows}</worksheet>",
                    "xl/y.xml": f"<styleSheet><numFmts>{formats}</numFmts><cellXfs>{xfs}</cellXfs></styleSheet>",
                },
            )
            yield _read(path, None, True)


def beginnings() -> Iterator[str]:
    """What is said of files that are no workbooks, by how they begin and what they are called."""
    ole = bytes.fromhex("d0cf11e0a1b11ae1")
    begins = [b"", b" \r\n", b"PK\x03\x04", b"%PDF-1.7", b"\xef\xbb\xbf<html>", b"<?xml ?>", b"a,b\n", ole, ole + "EncryptedPackage".encode("utf-16-le"), b"PK\x05\x06" + bytes(18)]  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        for begin, suffix, is_foreign in product(
            begins, (".xlsx", ".xlsm", ".XLSB", ".xlam", ".zip", ".csv"), (False, True)
        ):
            path = Path(name) / f"book{suffix}"
            path.write_bytes(begin)
            yield f"{begin!r} {suffix} {is_foreign} {_read(path, None, is_foreign)}".replace(name, "")


TEXTS: Mapping[str, Callable[[], Iterator[str]]] = {
    function.__name__: function for function in (workbooks, numbers, beginnings)
}
