"""Damage to a good PDF must not get past the proof, or past page-validation, which nobody here wrote.

Each kind of damage is done to the objects of a report that passes both, and each names who has to see it.
"""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from pipeline.documents.document import Document
from pipeline.documents.report import report
from pipeline.errors import ProofError
from pipeline.model.validation import validate
from pipeline.proof import proof
from pipeline.proof.places import printed
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .conformance import violations
from .conftest import HEALTHY, ROOT, Made


@pytest.fixture(scope="module")
def two_pages(make: Callable[[str], Made]) -> Made:
    # The number of the second page is a part of the number of the document, which stands before it.
    return make(
        "現在日: 2013-03-31\n資料番号: 資料2/2\n"
        + HEALTHY.replace("- 名称: 施策二", "- 名称: 施策二\n        改ページ: true")
    )


class Victim:
    """A PDF whose objects can be changed; `save` writes it anew."""

    def __init__(self, data: bytes) -> None:
        self.writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(data)))
        self.catalog: Any = self.writer.root_object
        self.tree: Any = self.catalog["/StructTreeRoot"]

    def save(self) -> bytes:
        target = io.BytesIO()
        self.writer.write(target)
        return target.getvalue()

    def elements(self, kind: str, below: Any = None) -> Iterator[Any]:
        item: Any = self.tree["/K"][0] if below is None else below
        kids = item.get("/K", ArrayObject())
        for kid in kids if isinstance(kids, ArrayObject) else [kids]:
            child: Any = kid.get_object()
            if isinstance(child, DictionaryObject) and "/S" in child:
                if str(child["/S"]) == f"/{kind}":
                    yield child
                yield from self.elements(kind, child)

    def content(self, number: int, change: Callable[[str], str]) -> None:
        """Rewrite the content of a page."""
        sheet: Any = self.writer.pages[number]
        text = sheet.get_contents().get_data().decode("latin-1")
        changed = change(text)
        assert changed != text
        stream = DecodedStreamObject()
        stream.set_data(changed.encode("latin-1"))
        sheet[NameObject("/Contents")] = self.writer._add_object(stream)

    def xmp(self, old: bytes, new: bytes) -> None:
        stream: Any = self.catalog["/Metadata"]
        data = stream.get_data()
        assert old in data
        replaced = DecodedStreamObject()
        replaced.update({key: value for key, value in stream.items() if key in ("/Type", "/Subtype")})
        replaced.set_data(data.replace(old, new))
        self.catalog[NameObject("/Metadata")] = self.writer._add_object(replaced)


def findings(data: bytes, document: Document) -> list[str]:
    """What the proof tells of a file: each finding, or that it cannot be read."""
    with pytest.raises(ProofError) as caught:
        prove(data, document)
    first, *told = str(caught.value).splitlines()
    return told[:30] or [first]


def wrong_headers(victim: Victim) -> None:
    cell = [cell for cell in victim.elements("TD") if "/Headers" in cell["/A"]][5]
    cell["/A"]["/Headers"][0] = ByteStringObject(b"head-policy")


def no_headers(victim: Victim) -> None:
    del list(victim.elements("TD"))[5]["/A"]["/Headers"]


def missing_id_tree(victim: Victim) -> None:
    del victim.tree["/IDTree"]


def id_tree_that_leads_elsewhere(victim: Victim) -> None:
    names = victim.tree["/IDTree"]["/Names"]
    names[1], names[3] = names[3], names[1]


def heads_turned_cells(victim: Victim) -> None:
    for head in list(victim.elements("TH")):
        head[NameObject("/S")] = NameObject("/TD")


def scope_removed(victim: Victim) -> None:
    del next(victim.elements("TH"))["/A"]["/Scope"]


def rows_swapped(victim: Victim) -> None:
    rows = next(victim.elements("TBody"))["/K"]
    rows[2], rows[3] = rows[3], rows[2]


def row_removed(victim: Victim) -> None:
    del next(victim.elements("TBody"))["/K"][3]


def cells_swapped(victim: Victim) -> None:
    cells = next(victim.elements("TBody"))["/K"][3].get_object()["/K"]
    cells[2], cells[3] = cells[3], cells[2]


def second_head(victim: Victim) -> None:
    table = next(victim.elements("Table"))["/K"]
    table.insert(0, table[0])


def second_table(victim: Victim) -> None:
    document = victim.tree["/K"][0].get_object()
    document["/K"].append(document["/K"][-1])


def title_is_no_heading(victim: Victim) -> None:
    next(victim.elements("H1"))[NameObject("/S")] = NameObject("/P")


def heading_that_none_finds(victim: Victim) -> None:
    next(victim.elements("H2"))[NameObject("/S")] = NameObject("/P")


def column_lost(victim: Victim) -> None:
    del next(cell for cell in victim.elements("TD") if "/ColSpan" in cell["/A"])["/A"]["/ColSpan"]


def meaning_of_a_symbol_lost(victim: Victim) -> None:
    del next(victim.elements("Span"))["/Alt"]


def meaning_of_a_symbol_wrong(victim: Victim) -> None:
    next(victim.elements("Span"))[NameObject("/Alt")] = TextStringObject("検討中")


def untagged_footer(victim: Victim) -> None:
    victim.content(
        1, lambda text: re.sub(r"/Artifact\s+<<[^>]*/Footer>>\s+BDC(.*?)EMC", r"\1", text, count=1, flags=re.DOTALL)
    )


def text_on_a_page_that_nobody_wrote(victim: Victim) -> None:
    shown = re.compile(r"/Span\s+<</MCID 3>>\s+BDC(.*?)EMC", re.DOTALL)
    victim.content(0, lambda text: text + " /Artifact BMC " + shown.search(text)[1] + " EMC")  # type: ignore[index]


def text_of_a_cell_changed(victim: Victim) -> None:
    victim.content(0, lambda text: re.sub(r"(/MCID 12>>.*?\[<)....", r"\g<1>0002", text, count=1, flags=re.DOTALL))


def heads_lost_on_the_second_page(victim: Victim) -> None:
    victim.content(1, lambda text: re.sub(r"\[<[0-9a-f<>]*>\] TJ", "[] TJ", text, count=3))


def page_lost(victim: Victim) -> None:
    victim.writer.remove_page(1)


def page_upright(victim: Victim) -> None:
    sheet = victim.writer.pages[1]
    sheet.mediabox.upper_right = (595.28, 841.89)


def font_renamed(victim: Victim) -> None:
    fonts: Any = victim.writer.pages[0]["/Resources"]
    font = next(iter(fonts["/Font"].values())).get_object()
    font[NameObject("/BaseFont")] = NameObject("/ABCDEF+NotoSansSC-Regular")


def font_not_embedded(victim: Victim) -> None:
    fonts: Any = victim.writer.pages[0]["/Resources"]
    font = next(iter(fonts["/Font"].values())).get_object()
    del font["/DescendantFonts"][0].get_object()["/FontDescriptor"]["/FontFile2"]


def source_changed(victim: Victim) -> None:
    file = victim.catalog["/AF"][0].get_object()["/EF"]["/F"]
    stream = DecodedStreamObject()
    stream.update({key: value for key, value in file.items() if key in ("/Type", "/Subtype", "/Params")})
    stream.set_data(file.get_data().replace("終わった".encode(), "終わらない".encode()))
    victim.catalog["/AF"][0].get_object()["/EF"][NameObject("/F")] = victim.writer._add_object(stream)


def source_of_no_relation(victim: Victim) -> None:
    victim.catalog["/AF"][0].get_object()[NameObject("/AFRelationship")] = NameObject("/Data")


def source_of_no_type(victim: Victim) -> None:
    victim.catalog["/AF"][0].get_object()["/EF"]["/F"][NameObject("/Subtype")] = NameObject("/application/octet-stream")


def source_hash_wrong(victim: Victim) -> None:
    victim.xmp(b"sha256:", b"sha256:0")


def no_universal_access_identifier(victim: Victim) -> None:
    victim.xmp(b"<pdfuaid:part>1</pdfuaid:part>", b"")


def no_archive_identifier(victim: Victim) -> None:
    victim.xmp(b'conformance="A"', b'conformance="Z"')


def title_changed(victim: Victim) -> None:
    victim.writer.add_metadata({"/Title": "別の表題"})


def date_of_the_build(victim: Victim) -> None:
    victim.writer.add_metadata({"/CreationDate": "D:20261123"})


def language_lost(victim: Victim) -> None:
    del victim.catalog["/Lang"]


def not_marked(victim: Victim) -> None:
    del victim.catalog["/MarkInfo"]


def output_intent_lost(victim: Victim) -> None:
    del victim.catalog["/OutputIntents"]


def title_not_shown(victim: Victim) -> None:
    del victim.catalog["/ViewerPreferences"]


def parent_tree_lost(victim: Victim) -> None:
    victim.tree[NameObject("/ParentTree")] = DictionaryObject({NameObject("/Nums"): ArrayObject()})


def script(victim: Victim) -> None:
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    victim.catalog[NameObject("/OpenAction")] = DictionaryObject(action)


def content_claimed_twice(victim: Victim) -> None:
    cell = next(cell for cell in victim.elements("TD") if cell.get("/K"))
    cell["/K"].append(NumberObject(cell["/K"][0]))


def cell_begun_on_the_page_before(victim: Victim) -> None:
    """A part of the first page is in a cell of a row on the second."""
    cell = next(cell for cell in victim.elements("TD") if cell.get("/K") == [5])
    cell["/K"].insert(0, mark(victim, 0, 31))


def content_that_is_not_there(victim: Victim) -> None:
    next(cell for cell in victim.elements("TD") if cell.get("/K"))["/K"].append(NumberObject(999))


def paragraph_changed(victim: Victim) -> None:
    first, second = list(victim.elements("P"))[:2]
    second["/K"].insert(0, first["/K"].pop())


def head_of_the_table_behind_it(victim: Victim) -> None:
    table = next(victim.elements("Table"))["/K"]
    table.append(table.pop(0))


def row_of_heads_lost(victim: Victim) -> None:
    del next(victim.elements("THead"))["/K"][0]


def columns_too_many(victim: Victim) -> None:
    cell = next(cell for cell in victim.elements("TD") if "/ColSpan" in cell["/A"])
    cell["/A"][NameObject("/ColSpan")] = NumberObject(4)


def rows_too_many(victim: Victim) -> None:
    next(victim.elements("TD"))["/A"][NameObject("/RowSpan")] = NumberObject(2)


def name_lost(victim: Victim) -> None:
    del [head for head in victim.elements("TH") if "/ID" in head][-1]["/ID"]


def names_without_order(victim: Victim) -> None:
    names = victim.tree["/IDTree"]["/Names"]
    names[:4] = [*names[2:4], *names[:2]]


def author_changed(victim: Victim) -> None:
    victim.writer.add_metadata({"/Author": "別の市"})


def date_of_the_change(victim: Victim) -> None:
    victim.writer.add_metadata({"/ModDate": "D:20261123"})


def no_archive_part(victim: Victim) -> None:
    victim.xmp(b'pdfaid:part="3"', b'pdfaid:part="2"')


def source_lost(victim: Victim) -> None:
    victim.catalog["/AF"].clear()


def source_twice(victim: Victim) -> None:
    victim.catalog["/AF"].append(victim.catalog["/AF"][0])


def link_of_no_element(victim: Victim) -> None:
    victim.writer.pages[0][NameObject("/Annots")] = ArrayObject(
        [DictionaryObject({NameObject("/Subtype"): NameObject("/Link")})]
    )


def way_back_shortened(victim: Victim) -> None:
    victim.tree["/ParentTree"]["/Nums"][3].get_object().pop()


def way_back_confused(victim: Victim) -> None:
    entries = victim.tree["/ParentTree"]["/Nums"][3].get_object()
    entries[0], entries[1] = entries[2], entries[0]


def mark(victim: Victim, page: int, number: int) -> DictionaryObject:
    """A reference to the marked content with this number on a page."""
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/MCR"),
            NameObject("/Pg"): victim.writer.pages[page].indirect_reference,
            NameObject("/MCID"): NumberObject(number),
        }
    )


# With the number of findings, and how the first one begins.
SEEN_BY_PROOF = [
    (wrong_headers, 1, "4行目「項目二」: 「○」の見出しとの関係が('head-status', 'no-2', 'measure-1-1', 'policy-1')ではなく('head-policy', 'no-2', 'measure-1-1', 'policy-1')です。"),
    (no_headers, 1, "4行目「項目二」: 「○」の見出しとの関係が('head-status', 'no-2', 'measure-1-1', 'policy-1')ではなくなしです。"),
    (missing_id_tree, 1, "見出しの一覧(IDTree)が、表の見出しと一致しません。"),
    (id_tree_that_leads_elsewhere, 1, "見出しの一覧(IDTree)が、表の見出しと一致しません。"),
    (heads_turned_cells, 15, "表の見出し: 「推進方針」の種類がTHではなくTDです。"),
    (scope_removed, 1, "表の見出し: 「推進方針」の見出しの範囲がColumnではなくなしです。"),
    (rows_swapped, 22, "3行目「項目一」: 「1」が「2」となっています。"),
    (row_removed, 30, "表の行が7行ではなく6行です。"),
    (cells_swapped, 6, "4行目「項目二」: 「○」が「継続」となっています。"),
    (second_head, 12, "表の見出しが2個あります。表の初めに一つでなければなりません。"),
    (second_table, 30, "文書の部分(表題、段落、表)が5個ではなく6個です。"),
    (title_is_no_heading, 1, "文書の部分がH1ではなくPです(「試験一覧」)。"),
    (heading_that_none_finds, 1, "1行目「Ⅰ方針一」: 「Ⅰ方針一」の行の分け方が(('H2', 'Ⅰ方針一'),)ではなく(('P', 'Ⅰ方針一'),)です。"),
    (column_lost, 1, "表の4行目の幅が7欄ではありません。"),
    (meaning_of_a_symbol_lost, 1, "3行目「項目一」: 「◎」の読みが実施済ではなくなしです。"),
    (meaning_of_a_symbol_wrong, 1, "3行目「項目一」: 「◎」の読みが実施済ではなく検討中です。"),
    (untagged_footer, 3, "2ページ: 構造のない文字があります。"),
    (text_on_a_page_that_nobody_wrote, 1, "1ページ: 上下に余分な文字「◎」があります。"),
    (text_of_a_cell_changed, 1, "表の見出し: 「推進方針」が「進方針」となっています。"),
    (heads_lost_on_the_second_page, 4, "2ページ: 「実施状況：◎実施済○継続推進×検討中」がページの上下にありません。"),
    (page_lost, 1, "検査で、PDFの構造が読めませんでした(PdfReadError: an element stands on a page that the file does not have)。"),
    (page_upright, 5, "2ページ: 用紙の大きさが違います(595×842pt)。"),
    (font_renamed, 2, "1ページ: 指定の書体ではない「ABCDEF+NotoSansSC-Regular」が使われています。"),
    (font_not_embedded, 2, "1ページ: 書体「"),
    (source_changed, 1, "元データ(source.yaml)が一つずつ、そのままの形で入っていません。"),
    (source_of_no_relation, 1, "元データが、文書の元として示されていません。"),
    (source_of_no_type, 1, "元データの種類が、YAMLと示されていません。"),
    (source_hash_wrong, 1, "文書の情報(XMP)に <dc:identifier>sha256:"),
    (no_universal_access_identifier, 1, "文書の情報(XMP)に <pdfuaid:part>1</pdfuaid:part> がありません。"),
    (no_archive_identifier, 1, '文書の情報(XMP)に pdfaid:conformance="A" がありません。'),
    (title_changed, 1, "文書の表題が「試験一覧」ではなく「別の表題」です。"),
    (date_of_the_build, 1, "文書の作成日が「D:20130331」ではなく「D:20261123」です。"),
    (language_lost, 1, "文書の言語が「ja」ではなく「なし」です。"),
    (content_claimed_twice, 2, "3行目「項目一」: 「1」が「11」となっています。"),
    (parent_tree_lost, 30, "1ページ: 「試験一覧」から構造へ戻れません(ParentTree)。"),
    (cell_begun_on_the_page_before, 6, "6行目「項目三」: 「3」が、行の始まる1ページから続いていません。"),
    (content_that_is_not_there, 1, "3行目「項目一」: 「1」が「1�」となっています。"),
    (paragraph_changed, 3, "段落「資料2/2」が「」となっています。"),
    (head_of_the_table_behind_it, 2, "表の見出しが1個あります。表の初めに一つでなければなりません。"),
    (row_of_heads_lost, 14, "表の見出しが1個あります。表の初めに一つでなければなりません。"),
    (columns_too_many, 1, "表の4行目の幅が7欄ではありません。"),
    (rows_too_many, 1, "表の5行目の幅が4欄ではありません。"),
    (name_lost, 2, "7行目「項目一【再掲】」: 「項目一【再掲】」のIDがrow-4ではなくなしです。"),
    (names_without_order, 1, "見出しの一覧(IDTree)の順が正しくありません。"),
    (author_changed, 1, "文書の作成者が「試験市」ではなく「別の市」です。"),
    (date_of_the_change, 1, "文書の更新日が「D:20130331」ではなく「D:20261123」です。"),
    (no_archive_part, 1, '文書の情報(XMP)に pdfaid:part="3" がありません。'),
    (source_lost, 1, "元データが、文書の元として示されていません。"),
    (source_twice, 1, "元データが、文書の元として示されていません。"),
    (link_of_no_element, 1, "構造のないリンクがあります。"),
    (way_back_shortened, 1, "2ページ: 「-」から構造へ戻れません(ParentTree)。"),
    (way_back_confused, 1, "2ページ: 「(2)」から構造へ戻れません(ParentTree)。"),
]  # fmt: skip
SEEN_BY_VALIDATION = [
    not_marked, output_intent_lost, title_not_shown, script, untagged_footer, font_not_embedded,
    no_universal_access_identifier, language_lost,
]  # fmt: skip


def test_a_good_report_passes_both(two_pages: Made, original: Made) -> None:
    for made in (two_pages, original):
        prove(made.pdf, made.document)
        assert violations(made.pdf) == []


def test_writing_the_file_anew_does_it_no_harm(two_pages: Made) -> None:
    """So that what the tests below see is the damage and not the writing."""
    data = Victim(two_pages.pdf).save()
    prove(data, two_pages.document)
    assert violations(data) == []


@pytest.mark.parametrize(("damage", "count", "first"), SEEN_BY_PROOF)
def test_the_proof_sees(damage: Callable[[Victim], None], count: int, first: str, two_pages: Made) -> None:
    victim = Victim(two_pages.pdf)
    damage(victim)
    found = findings(victim.save(), two_pages.document)
    assert found[0].startswith(first)
    assert len(found) == count


def form(kind: str = "Form", field: str = "/Sig", type_: str = "/OBJR", more: bool = False) -> Callable[[Victim], Any]:
    """An element with a field of a form, as a signature puts it behind the document."""

    def added(victim: Victim) -> Any:
        widget = victim.writer._add_object(DictionaryObject({NameObject("/FT"): NameObject(field)}))
        reference = DictionaryObject({NameObject("/Type"): NameObject(type_), NameObject("/Obj"): widget})
        reference |= {
            NameObject("/Pg"): victim.writer.pages[0].indirect_reference,
            NameObject("/MCID"): NumberObject(0),
        }
        kids = ArrayObject([reference, *([next(victim.elements("H1")).indirect_reference] if more else ())])
        element = DictionaryObject({NameObject("/S"): NameObject(f"/{kind}"), NameObject("/K"): kids})
        return victim.writer._add_object(element)

    return added


@pytest.mark.parametrize(
    ("element", "at", "is_signature"),
    [
        (form(), 5, True), (form(), 4, False), (form(), 0, False), (form("P"), 5, False), (form(field="/Tx"), 5, False),
        (form(type_="/MCR"), 5, False), (form(more=True), 5, False),
    ],
    ids=["a signature", "before the table", "at the beginning", "a paragraph", "a field of text", "content", "and more"],
)  # fmt: skip
def test_behind_the_document_only_a_signature_may_stand(
    element: Callable[[Victim], Any], at: int, is_signature: bool, two_pages: Made
) -> None:
    victim = Victim(two_pages.pdf)
    document = victim.tree["/K"][0].get_object()
    document["/K"].insert(at, element(victim))
    if is_signature:
        prove(victim.save(), two_pages.document)
    else:
        told = "文書の部分(表題、段落、表)が5個ではなく6個です。"
        assert findings(victim.save(), two_pages.document)[0] == told


@pytest.mark.parametrize(("more", "is_right"), [(-0.6, False), (-0.4, True), (0.4, True), (0.6, False)])
@pytest.mark.parametrize("side", [0, 1])
def test_half_a_point_of_the_sheet_is_not_seen(more: float, is_right: bool, side: int, two_pages: Made) -> None:
    victim = Victim(two_pages.pdf)
    size = [*two_pages.document.expected.page_size]
    size[side] += more
    for box in ("/MediaBox", "/CropBox"):
        victim.writer.pages[1][NameObject(box)] = pypdf.generic.RectangleObject((0, 0, *size))
    if is_right:
        prove(victim.save(), two_pages.document)
    else:
        assert findings(victim.save(), two_pages.document)[0].startswith("2ページ: 用紙の大きさが違います(")


@pytest.mark.parametrize("name", ["/FontFile", "/FontFile3"])
def test_a_font_may_be_embedded_in_another_way(name: str, two_pages: Made) -> None:
    victim = Victim(two_pages.pdf)
    for page in victim.writer.pages:
        fonts: Any = page["/Resources"]
        for one in fonts["/Font"].values():
            descriptor = one["/DescendantFonts"][0]["/FontDescriptor"]
            if "/FontFile2" in descriptor:
                descriptor[NameObject(name)] = descriptor.pop("/FontFile2")
    told = findings_if_any(victim.save(), two_pages.document)
    assert not [one for one in told if "埋め込まれていません" in one]


def findings_if_any(data: bytes, document: Document) -> list[str]:
    try:
        prove(data, document)
    except ProofError:
        return findings(data, document)
    return []


def test_what_an_edition_does_not_say_is_not_in_the_file(make: Callable[[str], Made]) -> None:
    made = make(HEALTHY.replace("自治体: 試験市\n", ""))
    prove(made.pdf, made.document)
    for key, name in (("/Author", "作成者"), ("/CreationDate", "作成日"), ("/ModDate", "更新日")):
        victim = Victim(made.pdf)
        victim.writer.add_metadata({key: "D:2026"})
        assert findings(victim.save(), made.document) == [f"文書の{name}が「なし」ではなく「D:2026」です。"]
    victim = Victim(made.pdf)
    victim.writer.metadata = {"/Producer": ""}
    assert findings(victim.save(), made.document) == ["文書の表題が「試験一覧」ではなく「なし」です。"]


PLACES = {
    **dict.fromkeys(("head-policy", "head-measure", "head-number", "head-item", "head-status", "head-treatment", "head-findings"), 1),
    "policy-1": 1, "measure-1-1": 1, "no-1": 1, "no-2": 1, "measure-1-2": 2, "no-3": 2, "row-4": 2,
}  # fmt: skip


def test_the_errata_find_on_which_page_each_id_stands(two_pages: Made) -> None:
    found = printed(two_pages.pdf)
    assert found.pages == PLACES
    assert ["項目二" in text for text in found.texts] == [True, False]
    assert ["項目三" in text for text in found.texts] == [False, True]
    # A tree of names may have branches; what goes over a page stands where it begins; what is on no page, nowhere.
    victim = Victim(two_pages.pdf)
    names = victim.tree["/IDTree"].pop("/Names")
    branches = [DictionaryObject({NameObject("/Names"): ArrayObject(part)}) for part in (names[:4], names[4:])]
    victim.tree["/IDTree"][NameObject("/Kids")] = ArrayObject(branches)
    heads = {str(head.get("/ID")): head for head in victim.elements("TH")}
    heads["no-3"]["/K"].append(mark(victim, 0, 28))
    del heads["no-1"]["/K"], heads["no-1"]["/Pg"]
    assert printed(victim.save()).pages == {name: page for name, page in PLACES.items() if name != "no-1"} | {"no-3": 1}
    del victim.tree["/IDTree"]
    assert printed(victim.save()).pages == {}


@pytest.mark.parametrize("damage", SEEN_BY_VALIDATION)
def test_the_validator_sees(damage: Callable[[Victim], None], two_pages: Made) -> None:
    victim = Victim(two_pages.pdf)
    damage(victim)
    assert violations(victim.save())


def test_a_report_on_another_edition_does_not_pass(two_pages: Made, healthy: Made) -> None:
    with pytest.raises(ProofError, match="検査で、PDFが元データと一致しませんでした"):
        prove(healthy.pdf, two_pages.document)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"not a PDF"])
def test_a_file_that_is_no_pdf_does_not_pass(data: bytes, healthy: Made) -> None:
    with pytest.raises(ProofError):
        prove(data, healthy.document)


def test_a_file_that_readers_would_have_to_repair_does_not_pass(healthy: Made) -> None:
    place = healthy.pdf.rindex(b"startxref") + len("startxref\n")
    with pytest.raises(ProofError):
        prove(healthy.pdf[:place] + b"9" + healthy.pdf[place:], healthy.document)


@pytest.mark.parametrize(("old", "new", "count"), [("。", "", 31), ("表題: 山口市", "表題: 宇部市", 12)])
def test_of_many_findings_thirty_are_told(old: str, new: str, count: int, original: Made) -> None:
    other = (ROOT / "source/original.yaml").read_text("utf-8").replace(old, new)
    with pytest.raises(ProofError) as caught:
        prove(original.pdf, report(validate(parse_source(Path("source/test.yaml"), other.encode()))))
    told = str(caught.value).splitlines()[1:]
    assert len(told) == count
    assert [line for line in told if line.startswith("ほか")] == told[30:]


def test_the_findings_name_page_and_row(two_pages: Made) -> None:
    victim = Victim(two_pages.pdf)
    rows_swapped(victim)
    with pytest.raises(ProofError, match="3行目「項目一」: 「1」が「2」となっています。"):
        prove(victim.save(), two_pages.document)


def test_a_heading_at_the_foot_of_a_page_does_not_pass(
    make: Callable[[str], Made], restyle: Callable[[str, str], None]
) -> None:
    """WeasyPrint is made to strand one: the rule that keeps headings with what follows is taken away."""
    restyle("break-after: avoid", "")
    made = make(HEALTHY.replace("検討する。", "検" * 48 * 40))
    with pytest.raises(ProofError, match="\n1ページ: 見出しの行がページの末尾に取り残されています。"):
        prove(made.pdf, made.document)


def test_the_outline_opens_policies_and_measures_at_their_pages(two_pages: Made) -> None:
    reader = pypdf.PdfReader(io.BytesIO(two_pages.pdf))
    policy, measures = reader.outline
    assert isinstance(measures, list)
    titles = [policy.title, *(measure.title for measure in measures)]  # type: ignore[union-attr]
    assert titles == ["Ⅰ 方針一", "(1) 施策一", "(2) 施策二"]
    assert [reader.get_destination_page_number(measure) for measure in measures] == [0, 1]  # type: ignore[arg-type]


def test_the_page_labels_and_the_title_are_shown(two_pages: Made) -> None:
    reader = pypdf.PdfReader(io.BytesIO(two_pages.pdf))
    assert reader.page_labels == ["1", "2"]
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]  # type: ignore[index]


def test_the_file_carries_its_source_once_byte_for_byte(original: Made) -> None:
    reader = pypdf.PdfReader(io.BytesIO(original.pdf))
    assert reader.attachments == {"source.yaml": [original.validated.source.data]}


def test_the_original_stays_small(original: Made) -> None:
    assert len(original.pdf) < 200_000


@pytest.mark.parametrize("mistake", [AttributeError, IndexError, KeyError, TypeError, ValueError])
@pytest.mark.parametrize("where", ["_element", "_check_fonts"])
def test_a_mistake_in_the_proof_itself_is_no_failed_proof(
    mistake: type[Exception], where: str, healthy: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object) -> None:
        raise mistake

    monkeypatch.setattr(proof._Proof, where, mistaken)
    with pytest.raises(mistake):
        prove(healthy.pdf, healthy.document)
