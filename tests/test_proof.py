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

from pipeline.documents.report import report
from pipeline.errors import ProofError
from pipeline.model.validation import validate
from pipeline.proof import proof
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


SEEN_BY_PROOF = [
    wrong_headers, no_headers, missing_id_tree, id_tree_that_leads_elsewhere, heads_turned_cells, scope_removed,
    rows_swapped, row_removed, cells_swapped, second_head, second_table, title_is_no_heading, heading_that_none_finds, column_lost,
    meaning_of_a_symbol_lost, meaning_of_a_symbol_wrong, untagged_footer, text_on_a_page_that_nobody_wrote,
    text_of_a_cell_changed, heads_lost_on_the_second_page, page_lost, page_upright, font_renamed, font_not_embedded,
    source_changed, source_of_no_relation, source_of_no_type, source_hash_wrong, no_universal_access_identifier, no_archive_identifier,
    title_changed, date_of_the_build, language_lost, content_claimed_twice, parent_tree_lost,
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


@pytest.mark.parametrize("damage", SEEN_BY_PROOF)
def test_the_proof_sees(damage: Callable[[Victim], None], two_pages: Made) -> None:
    victim = Victim(two_pages.pdf)
    damage(victim)
    with pytest.raises(ProofError):
        prove(victim.save(), two_pages.document)


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
    with pytest.raises(ProofError, match="取り残され"):
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
