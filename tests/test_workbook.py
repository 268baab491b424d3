"""What is read of a workbook: every kind of cell as Excel shows it, what lies beside the cells, and up to which size."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.office.workbook import (
    MAX_BYTES,
    MAX_CELL,
    MAX_COLUMN,
    MAX_ENTRIES,
    MAX_PART,
    MAX_ROW,
    MAX_TAG,
    Book,
    Sheet,
    Value,
    WorkbookError,
    read_workbook,
)

from .golden import workbooks as by_chance
from .golden.digests import check_text

_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS = "".join(
    f'<Relationship Id="{name}" Type="{_TYPE}/{kind}" Target="{target}"/>'
    for name, kind, target in [
        ("r1", "worksheet", "worksheets/sheet1.xml"),
        ("r2", "worksheet", "/xl/worksheets/sheet2.xml"),
        ("r3", "sharedStrings", "strings.xml"),
        ("r4", "styles", "styles.xml"),
    ]
)
_SHEETS = '<sheet name="表" r:id="r1"/><sheet name="別表" state="hidden" r:id="r2"/>'
_EMPTY = "<worksheet/>"

# What a workbook needs, with one sheet to fill (`filled`), and a hidden one.
PARTS: Mapping[str, str | bytes] = {
    "xl/workbook.xml": f"<workbook>{_SHEETS}</workbook>",
    "xl/_rels/workbook.xml.rels": f"<Relationships>{_LINKS}</Relationships>",
    "xl/worksheets/sheet1.xml": _EMPTY,
    "xl/worksheets/sheet2.xml": '<worksheet><row><c t="str"><v>隠</v></c></row></worksheet>',
    "xl/strings.xml": "<sst><si><t>一</t></si><si><t>二</t></si></sst>",
    "xl/styles.xml": "<styleSheet/>",
}


def packed(parts: Mapping[str, str | bytes], path: Path = Path("a.xlsx"), method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A workbook of these parts besides `PARTS`."""
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as file:
        for name, data in {**PARTS, **parts}.items():
            file.writestr(name, data)
    return path


def filled(content: str, **parts: str) -> dict[str, str | bytes]:
    """The parts of a workbook with this `content` of its first sheet; of `parts` each is named as in xl/NAME.xml."""
    more = {f"xl/{name}.xml": text for name, text in parts.items()}
    return {"xl/worksheets/sheet1.xml": f"<worksheet>{content}</worksheet>", **more}


def read(parts: Mapping[str, str | bytes], is_foreign: bool = False) -> Book:
    return read_workbook(packed(parts), None, is_foreign)


def sheet(parts: Mapping[str, str | bytes], is_foreign: bool = False) -> Sheet:
    return read(parts, is_foreign).sheets["表"]


def cell(attributes: str, content: str, is_foreign: bool = False, **parts: str) -> Value:
    """The one cell of a workbook."""
    found = sheet(filled(f"<row><c {attributes}>{content}</c></row>", **parts), is_foreign)
    return found.cells[1][1]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# Limits


def _row(row: int) -> str:
    return f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>'


def _of_bytes(count: int) -> dict[str, str | bytes]:
    """Parts of a workbook of this many bytes, with a picture that is not compressed."""
    size = packed({"xl/media/a.png": b""}, method=zipfile.ZIP_STORED).stat().st_size
    return {"xl/media/a.png": bytes(count - size)}


def _tag(size: int) -> str:
    return f'<a b="{"x" * (size - 9)}"/>'


# What is accepted, by a number; one more is refused with the message.
# Instead of MAX_ELEMENTS, with which the test would take seconds.
FEW_ELEMENTS = 50_000

LIMITS: dict[str, tuple[int, Callable[[int], Mapping[str, str | bytes]], str]] = {
    "bytes": (MAX_BYTES, _of_bytes, "大きすぎます。10メガバイトまで"),
    "parts": (MAX_ENTRIES, lambda count: {f"a{at}": b"" for at in range(count - len(PARTS))}, "中の部品が多すぎます"),
    "bytes of a part": (
        MAX_PART,
        lambda count: filled((f"<a/>{' ' * 999_996}" * 34)[: count - len("<worksheet></worksheet>")]),
        "展開すると大きすぎます",
    ),
    # The sheets, their links, the strings and the styles have 19 more.
    "elements": (FEW_ELEMENTS, lambda count: filled("<a/>" * (count - 19)), "セルの数が多すぎます"),
    "bytes of a tag": (MAX_TAG, lambda count: {"xl/worksheets/sheet1.xml": _tag(count)}, "壊れています"),
    "rows": (MAX_ROW, lambda count: filled(_row(count)), "20,000行より下に記入があります"),
    "columns by their letters": (
        MAX_COLUMN,
        lambda count: filled(f'<row><c r="{"XFD" if count == MAX_COLUMN else "XFE"}1"><v>1</v></c></row>'),
        "列が多すぎます",
    ),
    "columns without letters": (
        MAX_COLUMN,
        lambda count: filled(f"<row>{'<c/>' * (count - 1)}<c><v>1</v></c></row>"),
        "列が多すぎます",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_workbook_of_the_greatest_size_is_read_and_a_greater_one_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.office.workbook.MAX_ELEMENTS", FEW_ELEMENTS)
    most, parts, message = LIMITS[name]
    stored = zipfile.ZIP_STORED if name == "bytes" else zipfile.ZIP_DEFLATED
    assert read_workbook(packed(parts(most), method=stored), None).sheets.keys() == {"表", "別表"}
    with pytest.raises(WorkbookError, match=message) as caught:
        read_workbook(packed(parts(most + 1), method=stored), None)
    assert caught.value.row == {"rows": MAX_ROW + 1, "columns by their letters": 1, "columns without letters": 1}.get(
        name, 0
    )


def test_the_length_of_a_tag_is_counted_from_its_begin() -> None:
    before = " " * (65_516 - len("<worksheet>"))  # the parser reads so much at a time
    assert read(filled(before + _tag(MAX_TAG))).sheets.keys() == {"表", "別表"}


def test_a_text_longer_than_excel_allows_is_not_held_whole() -> None:
    runs = "".join(f"<r><t>{text}</t></r>" for text in ("a" * MAX_CELL, "b", "c"))
    assert cell('t="inlineStr"', f"<is>{runs}</is>").text == "a" * MAX_CELL + "b"


# Cells


@pytest.mark.parametrize(
    ("attributes", "content", "text", "kind"),
    [
        ('t="n"', "<v>1.0</v>", "1", "number"),
        ("", "<v>78.400000000000006</v>", "78.4", "number"),
        ("", "<v> x </v>", "x", "number"),
        ("", "<v>999999999999999</v>", "999999999999999", "number"),
        ("", "<v>1e15</v>", "1e15", "number"),
        ("", "<v>-1e15</v>", "-1e15", "number"),
        ("", "<v>1e-7</v>", "0.0000001", "number"),
        ("", "<v>inf</v>", "inf", "number"),
        ('t="s"', "<v>0</v>", "一", "text"),
        ('t="s"', "<v>1</v>", "二", "text"),
        ('t="str"', "<v> a_x000D_\n</v>", " a\r\n", "text"),
        ('t="inlineStr"', "<is><t>a</t><rPh><t>b</t></rPh><t>c</t></is>", "ac", "text"),
        ('t="inlineStr"', "<is><x:t>a</x:t></is>", "a", "text"),
        ('t="str"', "<v>_xD7FF_ _xD800_ _xDFFF_ _xE000_</v>", "\ud7ff \ufffd \ufffd \ue000", "text"),
        ('t="d"', "<v>2013-03-31T00:00:00</v>", "2013-03-31", "date"),
        ('t="b"', "<v> 1 </v>", "1", "truth"),
        ('t="e"', "<v>#N/A</v>", "#N/A", "error"),
    ],
)
def test_a_cell_is_read_as_excel_shows_it(attributes: str, content: str, text: str, kind: str) -> None:
    assert cell(attributes, content) == Value(text, kind)


@pytest.mark.parametrize("index", ["2", "-1", "x"])
def test_a_text_that_is_not_there_is_damage(index: str) -> None:
    with pytest.raises(WorkbookError, match="壊れています"):
        cell('t="s"', f"<v>{index}</v>")


def test_a_formula_is_none_of_an_answer_but_its_value_is_one_of_a_foreign_workbook() -> None:
    assert cell("", "<f>1+1</f><v>2.0</v>") == Value("2.0", "formula", is_formula=True)
    assert cell("", "<f>1+1</f><v>2.0</v>", is_foreign=True) == Value("2", "number", is_formula=True)
    assert cell("", "<f>A2</f>", is_foreign=True) == Value("", "number", is_formula=True)
    after = sheet(filled("<row><c><f>1</f><v>1</v></c><c><v>2</v></c></row>")).cells[1][2]
    assert after == Value("2", "number")


def test_cells_stand_where_they_say_or_after_the_ones_before() -> None:
    found = sheet(
        filled(
            '<row><c><v>1</v></c><c r="AA1"><v>2</v></c><c><v>3</v></c></row>'
            '<row r="5"><c><v>4</v></c></row><row><c><v>5</v></c><c r="B9"><v>6</v></c><c/></row>'
        )
    )
    places = {(row, column): value.text for row, cells in found.cells.items() for column, value in cells.items()}
    assert places == {(1, 1): "1", (1, 27): "2", (1, 28): "3", (5, 1): "4", (6, 1): "5", (9, 2): "6"}
    assert [found.text(1, 27), found.text(1, 2), found.text(2, 1)] == ["2", "", ""]


@pytest.mark.parametrize("reference", ["1A", "A", "7", "a1", "A1:B2"])
def test_a_cell_nowhere_is_damage(reference: str) -> None:
    with pytest.raises(WorkbookError, match="壊れています"):
        cell(f'r="{reference}"', "<v>1</v>")


# Number formats


def _style(number: int, code: str = "") -> str:
    """Styles of which the second is of this number format."""
    formats = f'<numFmts><numFmt numFmtId="{number}" formatCode="{code}"/></numFmts>' if code else ""
    return f'<styleSheet>{formats}<cellXfs><xf/><xf numFmtId="{number}"/></cellXfs></styleSheet>'


_DATES = {14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58}


@pytest.mark.parametrize("number", range(60))
def test_the_kind_of_a_number_is_that_of_excel_s_own_format(number: int) -> None:
    kind = "date" if number in _DATES else "percent" if number in (9, 10) else "number"
    assert cell('s="1"', "<v>100</v>", styles=_style(number)).kind == kind


def test_how_excel_s_own_formats_show_a_number_is_known() -> None:
    codes = {number: cell('s="1"', "<v>1</v>", styles=_style(number)).number_format for number in range(60)}
    assert {number: code for number, code in codes.items() if code} == {
        **{1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%"},
        **{37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00"},
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("yyyy/m/d", "date"),
        ("[$-411]ge.m.d", "date"),
        ("m&quot;月&quot;d&quot;日&quot;;@", "date"),
        ("m/d;0%", "date"),
        ("0.0%", "percent"),
        ("0&quot;%&quot;", "number"),
        ("0\\%", "number"),
        ("General", "number"),
        ("0&quot;day&quot;", "number"),
        ("#d", "number"),
        ("_d0", "number"),
        ("*d0", "number"),
        ("[Red]0", "number"),
        ("h:mm", "number"),
        ("@", "number"),
    ],
)
def test_the_kind_of_a_number_is_that_of_its_format(code: str, kind: str) -> None:
    found = cell('s="1"', "<v>100</v>", styles=_style(164, code))
    assert (found.kind, found.number_format) == (kind, code.replace("&quot;", '"'))


@pytest.mark.parametrize(
    ("day", "since_1904", "text"),
    [
        ("41364", "0", "2013-03-31"),
        ("41364.99", "0", "2013-03-31"),
        ("61", "0", "1900-03-01"),
        ("60", "0", "60"),  # Excel's 29 February 1900, which never was
        ("39902", "1", "2013-03-31"),
        ("39902", "true", "2013-03-31"),
        ("1", "1", "1904-01-02"),
        ("0", "1", "0"),
        ("3000000", "0", "3000000"),
        ("1e300", "0", "1e300"),
        ("nan", "0", "nan"),
        ("x", "0", "x"),
    ],
)
def test_a_day_is_counted_as_excel_does(day: str, since_1904: str, text: str) -> None:
    book = f'<workbook><workbookPr date1904="{since_1904}"/>{_SHEETS}</workbook>'
    found = cell('s="1"', f"<v>{day}</v>", styles=_style(14), workbook=book)
    assert (found.text, found.kind) == (text, "date" if "-" in text else "number")


@pytest.mark.parametrize("style", ["", "0", "2", "x"])
def test_a_cell_of_no_known_style_is_a_plain_number(style: str) -> None:
    assert cell(f's="{style}"', "<v>100</v>", styles=_style(14)) == Value("100", "number")


def test_only_the_formats_of_cells_count() -> None:
    styles = (
        '<styleSheet><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf/><xf numFmtId="164"/></cellXfs>'
        '<dxfs><dxf><numFmt numFmtId="164" formatCode="yyyy"/><font><strike/></font></dxf></dxfs></styleSheet>'
    )
    assert cell('s="0"', "<v>100</v>", styles=styles) == Value("100", "number")
    assert cell('s="1"', "<v>100</v>", styles=styles) == Value("100", "number")


# Lines through text


_STRUCK = (
    "<styleSheet><fonts><font/><font><strike/></font><font><strike val='0'/></font></fonts>"
    "<cellXfs><xf/><xf fontId='1'/><xf fontId='2'/><xf fontId='3'/><xf fontId='x'/></cellXfs></styleSheet>"
)


@pytest.mark.parametrize(("style", "is_struck"), [(0, False), (1, True), (2, False), (3, False), (4, False)])
def test_a_line_through_a_cell_is_that_of_its_font(style: int, is_struck: bool) -> None:
    assert cell(f's="{style}" t="str"', "<v>a</v>", styles=_STRUCK).is_struck == is_struck


@pytest.mark.parametrize(
    ("runs", "is_struck"),
    [
        ("<r><rPr><strike/></rPr><t>a</t></r><r><t>b</t></r>", True),
        ("<r><t>a</t></r><r><rPr><strike/></rPr><t>b</t></r>", True),
        ("<r><rPr><strike/></rPr><t> </t></r><r><t>b</t></r>", False),
        ("<r><rPr><strike/></rPr></r><t>b</t>", False),
        ("<r><rPr><strike val='false'/></rPr><t>a</t></r>", False),
        ("<r><rPr><strike val='off'/></rPr><t>a</t></r>", False),
        ("<r><rPr><strike val='1'/></rPr><t>a</t></r>", True),
        ("<r><t>a</t></r>", False),
    ],
)
def test_a_line_through_a_part_of_a_text_is_seen(runs: str, is_struck: bool) -> None:
    assert cell('t="inlineStr"', f"<is>{runs}</is>").is_struck == is_struck
    strings = f"<sst><si>{runs}</si><si><t>c</t></si></sst>"
    assert cell('t="s"', "<v>0</v>", strings=strings).is_struck == is_struck
    assert not cell('t="s"', "<v>1</v>", strings=strings).is_struck


# Beside the cells


def test_what_excel_does_not_show_is_known() -> None:
    found = read(
        filled(
            '<cols><col min="2" max="3" hidden="1"/><col min="4" max="4" hidden="0"/><col min="5" max="5"/>'
            '<col min="6" max="7" hidden="true"/></cols>'
            '<row hidden="1"/><row/><row hidden="true"/><row hidden="0"/><row r="30000" hidden="1"/>'
        )
    ).sheets
    assert found["表"].hidden_columns == [(2, 3), (6, 7)]
    assert found["表"].hidden_rows == {1, 3, 30_000}
    assert {name: one.is_hidden for name, one in found.items()} == {"表": False, "別表": True}


def test_merged_ranges_are_known() -> None:
    assert sheet(filled('<mergeCell ref="A1:B2"/><mergeCell ref="C3:C4"/>')).merged == ["A1:B2", "C3:C4"]


def test_comments_texts_on_top_and_pictures_are_read() -> None:
    shape = "<sp><t>図</t><t>形</t></sp>"
    found = read(
        {
            "xl/comments1.xml": '<comments><comment ref="A1"><t>[スレッド]</t></comment><comment ref="B2"><r><t>古</t></r>'
            "<r><t>い</t></r></comment></comments>",
            "xl/threadedComments/threadedComment1.xml": '<a><threadedComment ref="A1"><text>新しい</text></threadedComment></a>',
            "xl/drawings/drawing1.xml": f"<a><pic/>{shape}<pic/></a>",
            "xl/drawings/drawing12.xml": "<a><sp><t>二枚目</t></sp></a>",
        }
    )
    assert found.comments == (("A1", "新しい"), ("B2", "古い"))
    assert (found.boxes, found.pictures) == (("図形", "二枚目"), 2)


def test_only_the_sheets_that_are_wanted_are_read_and_the_others_are_named() -> None:
    found = read_workbook(packed({}), ("別表", "ない"))
    assert ([*found.sheets], found.others) == (["別表"], ("表",))
    assert found.sheets["別表"].text(1, 1) == "隠"


def test_a_link_to_another_file_is_no_sheet() -> None:
    outside = _LINKS.replace('Id="r1"', 'Id="r1" TargetMode="External"')
    found = read({"xl/_rels/workbook.xml.rels": f"<Relationships>{outside}</Relationships>"})
    assert found.sheets.keys() == {"別表"}


def test_a_workbook_without_texts_and_styles_of_its_own_is_read() -> None:
    links = _LINKS[: _LINKS.index('<Relationship Id="r3"')]
    book = read({**filled('<row><c s="1"><v>1</v></c></row>'), "xl/_rels/workbook.xml.rels": f"<a>{links}</a>"})
    assert book.sheets["表"].text(1, 1) == "1"


# Files that are no such workbooks


def test_a_workbook_with_a_password_is_told_so() -> None:
    path = packed({})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] = 1  # says in the directory that the part is encrypted
    path.write_bytes(data)
    with pytest.raises(WorkbookError, match="パスワードが付いています"):
        read_workbook(path, None)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_no_office_program_uses_is_damage(method: int) -> None:
    with pytest.raises(WorkbookError, match="壊れています"):
        read_workbook(packed({}, method=method), None)


@pytest.mark.parametrize(
    ("name", "parts", "ours", "foreign"),
    [
        ("a.xlsm", {}, "マクロを含められる形式", ""),
        ("a.xltm", {}, "マクロを含められる形式", "マクロを含められる形式"),
        ("a.xlam", {}, "マクロを含められる形式", "マクロを含められる形式"),
        ("a.XLSB", {}, "マクロを含められる形式", "マクロを含められる形式"),
        ("a.xlsx", {"xl/vbaProject.bin": b""}, "マクロが入っています", ""),
        ("a.xlsx", {"xl/macrosheets/sheet1.xml": b""}, "マクロが入っています", ""),
        ("a.xlsx", {"xl/externalLinks/externalLink1.xml": b""}, "ほかのブックへのリンク", "ほかのブックへのリンク"),
    ],
)
def test_macros_and_links_are_refused_but_a_foreign_workbook_may_have_macros(
    name: str, parts: dict[str, str | bytes], ours: str, foreign: str
) -> None:
    path = packed(parts, Path(name))
    for is_foreign, message in ((False, ours), (True, foreign)):
        if message:
            with pytest.raises(WorkbookError, match=message):
                read_workbook(path, None, is_foreign)
        else:
            assert read_workbook(path, None, is_foreign).sheets


@pytest.mark.parametrize(
    ("begin", "message"),
    [
        (b"\xef\xbb\xbf\r\n\t <html>", "HTMLかXML"),
        (b" " * 511 + b"<", "HTMLかXML"),
        (b" \n", "空のファイル"),
        (b"%PDF-1.7", "PDFです"),
        (bytes.fromhex("d0cf11e0a1b11ae100"), "古い形式"),
        (bytes.fromhex("d0cf11e0a1b11a"), "CSVなど"),
    ],
)
def test_a_file_that_is_no_workbook_is_told_by_its_begin(begin: bytes, message: str) -> None:
    Path("a.xlsx").write_bytes(begin)
    with pytest.raises(WorkbookError, match=message):
        read_workbook(Path("a.xlsx"), None)


def test_a_zip_of_workbooks_is_told_apart_from_another_package() -> None:
    for name, message in (("a.zip", "ZIPファイルです"), ("a.docx", "Excelブックではありません")):
        with zipfile.ZipFile(name, "w") as file:
            file.writestr("甲課.xlsx", b"")
        with pytest.raises(WorkbookError, match=message):
            read_workbook(Path(name), None)


@pytest.mark.parametrize("name", by_chance.TEXTS)
def test_workbooks_by_chance_are_read_as_they_were(name: str, request: pytest.FixtureRequest) -> None:
    check_text("workbooks", name, by_chance.TEXTS[name](), request)
