"""What a listener is told: the structure of the PDFs as a screen reader goes through it."""

import io
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject, NameObject

from pipeline.documents.checklist import checklist
from pipeline.documents.comparison import comparison
from pipeline.documents.council import council
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.errors import ProofError
from pipeline.layout import tags
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .conformance import found_by_qpdf, needs_qpdf, violations
from .conftest import A_SET, HEALTHY
from .test_proof import Victim

LINES = "検証内容: |-\n              はじめに。\n              ・一つ目\n              ・二\n\n              おわりに。"
OLD = HEALTHY.replace("自治体", "資料番号: 資料1\n案: true\n自治体")
NEW = OLD.replace("検証内容: 終わった。", LINES).replace("検討する。", "検討した。")
NEW = NEW.replace("名称: 項目二", "名称: 別の項目二").replace("実施状況: ×", "実施状況: ○")


class Element:
    """An element of the structure tree: its type, the numbers of its content, its kids."""

    def __init__(self, item: Any) -> None:
        self.type = str(item["/S"])[1:]
        self.alternate = str(item.get("/Alt", ""))
        attributes = item.get("/A", DictionaryObject())
        self.decoration = str(attributes.get("/TextDecorationType", ""))
        self.columns = int(attributes.get("/ColSpan", 1))
        self.is_row_head = self.type == "TH" and attributes.get("/Scope") == "/Row"
        self.headers = [
            str(name, "utf-8") if isinstance(name, bytes) else name for name in attributes.get("/Headers", ())
        ]
        self.id = item.get("/ID", "")
        content = [kid.get_object() for kid in item.get("/K", ArrayObject())]
        self.kids = [Element(kid) for kid in content if isinstance(kid, DictionaryObject) and "/S" in kid]
        self.is_empty = not content

    def all(self, *kinds: str) -> Iterator["Element"]:
        for kid in self.kids:
            if kid.type in kinds:
                yield kid
            yield from kid.all(*kinds)

    def outline(self) -> Any:
        return [self.type, *(kid.outline() for kid in self.kids)] if self.kids else self.type


class Heard:
    def __init__(self, document: Document, font_cache: Path) -> None:
        self.document = document
        self.pdf = write_pdf(document, font_cache)
        prove(self.pdf, document)
        reader: Any = pypdf.PdfReader(io.BytesIO(self.pdf))
        self.tree = Element(reader.trailer["/Root"]["/StructTreeRoot"]["/K"][0])
        self.xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()


def made(text: str, name: str) -> Validated:
    return validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))


OLD_AND_NEW = made(OLD, "old"), made(NEW, "new")
DOCUMENTS: dict[str, Callable[[], Document]] = {
    "report": lambda: report(OLD_AND_NEW[1]),
    "comparison": lambda: comparison(*OLD_AND_NEW),
    "errata": lambda: errata(*OLD_AND_NEW),
    "history": lambda: history(OLD_AND_NEW),
    "summary": lambda: summary(OLD_AND_NEW[1], OLD_AND_NEW[0]),
    "council": lambda: council(OLD_AND_NEW, A_SET),
    "checklist": lambda: checklist(OLD_AND_NEW, A_SET),
}


@pytest.fixture(scope="module")
def heard(font_cache: Path) -> Callable[[str], Heard]:
    made: dict[str, Heard] = {}
    return lambda name: made.setdefault(name, made.get(name) or Heard(DOCUMENTS[name](), font_cache))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_can_be_heard(name: str, heard: Callable[[str], Heard]) -> None:
    tree = heard(name).tree
    assert violations(heard(name).pdf) == []
    levels = [int(heading.type[1]) for heading in tree.all("H1", "H2", "H3", "H4")]
    assert levels[:2] == [1, 2] or name == "errata"
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for body in tree.all("TBody"):
        for row in body.kids:
            assert [cell.type for cell in row.kids] == ["TH"] or any(cell.is_row_head for cell in row.kids)


@needs_qpdf
@pytest.mark.parametrize("name", DOCUMENTS)
def test_qpdf_finds_nothing_wrong_with_any_document(name: str, heard: Callable[[str], Heard]) -> None:
    assert found_by_qpdf(heard(name).pdf) == ""


def test_lines_are_paragraphs_and_entries_of_lists(heard: Callable[[str], Heard]) -> None:
    entry = ["LI", "LBody"]
    cells = [["TD", "P", ["L", entry, entry], "P"]]
    assert [cell.outline() for cell in heard("report").tree.all("TD") if any(cell.all("P"))] == cells


def divided(html: str, pieces: list[int]) -> list[Any]:
    """A cell whose text is laid out in pieces of so many characters, after its lines were divided."""
    cell = tags._Node(ElementTree.fromstring(f"<td>{html}</td>"), "TD")
    cell.kids = [(at, tags._PlacedLeaf(0, at, length, ())) for at, length in enumerate(pieces)]
    tags._divide_into_lines(cell)

    def outline(node: Any) -> Any:
        return node.mcid if isinstance(node, tags._PlacedLeaf) else [node.type, *(outline(kid) for _, kid in node.kids)]

    return [outline(kid) for _, kid in cell.kids]


@pytest.mark.parametrize(
    ("html", "pieces", "outline"),
    [
        ("一つの文。", [5], [0]), ("一つの文。", [2, 3], [0, 1]), ("\n一\n", [1], [0]), ("・", [1], [0]),
        ("一\n二", [1, 1], [["P", 0], ["P", 1]]), ("一\n\n二三", [1, 1, 1], [["P", 0], ["P", 1, 2]]),
        ("・一", [2], [["L", ["LI", ["LBody", 0]]]]), ("・\n一二", [1, 2], [["P", 0], ["P", 1]]),
        ("一\n・二\n・三", [1, 2, 2], [["P", 0], ["L", ["LI", ["LBody", 1]], ["LI", ["LBody", 2]]]]),
        ("・一\n二\n・三", [2, 1, 2], [["L", ["LI", ["LBody", 0]]], ["P", 1], ["L", ["LI", ["LBody", 2]]]]),
        (" ・一\n ・二", [1, 1, 2], [["L", ["LI", ["LBody", 0, 1]], ["LI", ["LBody", 2]]]]),
        # Pieces are those of the elements in the cell; a space alone is one too, and goes with the line before or behind it.
        ("甲<ins>乙</ins>\n丙", [1, 1, 1], [["P", 0, 1], ["P", 2]]),
        ("一二\n三", [2, 1, 0], [["P", 0], ["P", 1, 2]]), ("一\n二", [1, 0, 1], [["P", 0], ["P", 1, 2]]),
    ],
)  # fmt: skip
def test_how_the_lines_of_a_cell_are_divided(html: str, pieces: list[int], outline: list[Any]) -> None:
    assert divided(html, pieces) == outline


@pytest.mark.parametrize(
    ("cell", "more", "attributes"),
    [
        ("<td/>", 0, ""), ("<td colspan='1' rowspan='1'/>", 0, ""), ("<td colspan='2' rowspan='3'/>", 0, "/ColSpan 2/RowSpan 3"),
        ("<td/>", 2, "/ColSpan 3"), ("<td colspan='2' rowspan='2'/>", 1, "/ColSpan 3/RowSpan 2"),
        ("<th scope='col'/>", 0, "/Scope /Column"), ("<th scope='rowgroup' colspan='2'/>", 0, "/Scope /Column/ColSpan 2"),
        ("<th scope='row'/>", 0, "/Scope /Row"), ("<td headers='a b'/>", 0, "/Headers [(a) (b)]"),
    ],
)  # fmt: skip
def test_the_attributes_of_a_cell(cell: str, more: int, attributes: str) -> None:
    """With so many hidden columns before it."""
    assert tags._cell_attributes(ElementTree.fromstring(cell), more) == attributes


def test_a_cell_spans_the_hidden_ones_before_it() -> None:
    row = ElementTree.fromstring(
        "<tr><td aria-hidden='true'/><td aria-hidden='true' colspan='2'/><td id='a'/><td id='b'/><td aria-hidden='true'/>"
        "<td aria-hidden='false' id='c'/><td aria-hidden='true'/></tr>"
    )
    assert {cell.get("id"): more for cell, more in tags._hidden_before(row).items()} == {"a": 3, "c": 1}


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ("<span>◎</span>", ""), ("<span aria-label='実施済'>◎</span>", "実施済"), ("<ins data-said='変更'>した</ins>", "変更：「した」"),
        ("<ins data-said='変更'>あ<b>い</b>う<span aria-label='実施済'>◎</span>え</ins>", "変更：「あいう実施済え」"),
        ("<ins data-said='変更' aria-label='別'>した</ins>", "別"), ("<ins data-said='変更'><b/></ins>", "変更：「」"),
    ],
)  # fmt: skip
def test_what_is_said_in_place_of_a_text(element: str, said: str) -> None:
    assert tags._alternate(ElementTree.fromstring(element)) == said


@pytest.mark.parametrize(
    ("element", "kind"),
    [
        ("<p/>", "P"), ("<td/>", "TD"), ("<del/>", "Span"), ("<a/>", "Link"), ("<svg/>", "Figure"), ("<div/>", None), ("<span/>", None),
        ("<span aria-label='a'/>", "Span"), ("<p aria-hidden='true'/>", None), ("<p aria-hidden='false'/>", "P"),
        ("<div role='heading' aria-level='3'/>", "H3"), ("<p role='note'/>", "Note"), ("<p role='presentation'/>", "P"),
    ],
)  # fmt: skip
def test_which_elements_have_a_type_of_their_own(element: str, kind: str | None) -> None:
    assert tags._type(ElementTree.fromstring(element)) == kind


def test_the_draft_and_the_number_of_the_paper_are_apart(heard: Callable[[str], Heard]) -> None:
    # Title, 案, 資料1, legend, list.
    assert [kid.type for kid in heard("report").tree.kids] == ["H1", "P", "P", "P", "Table"]


def test_policies_and_measures_are_headings_of_the_report(heard: Callable[[str], Heard]) -> None:
    assert [kid.type for kid in heard("report").tree.all("H1", "H2", "H3")] == ["H1", "H2", "H3", "H3"]


def test_what_only_indents_is_no_cell(heard: Callable[[str], Heard]) -> None:
    (body,) = heard("report").tree.all("TBody")
    assert {tuple(cell.columns for cell in row.kids) for row in body.kids} == {(7,), (3, 1, 1, 1, 1)}
    # 検証内容 was left out of an item.
    assert sum(cell.is_empty for row in body.kids for cell in row.kids) == 1


def test_changed_words_are_named_as_such(heard: Callable[[str], Heard]) -> None:
    spans = [(span.decoration, span.alternate) for span in heard("comparison").tree.all("Span") if span.decoration]
    assert ("/Underline", "変更：「した」") in spans
    assert ("/Underline", "削除：「する」") in spans
    assert ("/Underline", "変更：「・一つ目」") in spans
    assert ("/Underline", "削除：「検討中」") in spans
    assert ("/Underline", "訂正：「した」") in [
        (span.decoration, span.alternate) for span in heard("errata").tree.all("Span")
    ]


def test_measures_point_to_their_policies(heard: Callable[[str], Heard]) -> None:
    for name in ("report", "comparison", "history"):
        heads = [head for head in heard(name).tree.all("TH") if any(head.all("H3", "H4"))]
        assert all("policy-1" in head.headers for head in heads if head.id.startswith("measure-"))
        assert any(head.id.startswith("measure-") for head in heads)


def test_notes_are_notes(heard: Callable[[str], Heard]) -> None:
    for name in ("history", "summary"):
        notes = list(heard(name).tree.all("Note"))
        assert notes
        assert len({note.id for note in notes}) == len(notes)


def test_bars_are_for_the_eye_only(heard: Callable[[str], Heard]) -> None:
    shares = next(heard("history").tree.all("Table"))
    assert not any(cell.is_empty for cell in shares.all("TH", "TD"))


def test_each_description_declares_its_namespaces(heard: Callable[[str], Heard]) -> None:
    """As Apache PDFBox reads them, each by itself."""
    xmp = heard("report").xmp
    (rdf,) = re.findall("<rdf:RDF[^>]*>", xmp)
    assert rdf.count("xmlns") == 1
    descriptions = re.findall(r"<rdf:Description[^>]*/>|<rdf:Description.*?</rdf:Description>", xmp, re.DOTALL)
    assert len(descriptions) > 5
    for description in descriptions:
        ElementTree.fromstring(f"{rdf}{description}</rdf:RDF>")


def mark_without_words(victim: Victim) -> None:
    del next(span for span in victim.elements("Span") if "/A" in span)["/Alt"]


def mark_without_a_line(victim: Victim) -> None:
    del next(span for span in victim.elements("Span") if "/A" in span)["/A"]


def mark_struck_out(victim: Victim) -> None:
    marked = next(span for span in victim.elements("Span") if "/A" in span)
    marked["/A"][NameObject("/TextDecorationType")] = NameObject("/LineThrough")


def list_in_one_run(victim: Victim) -> None:
    next(victim.elements("L"))[NameObject("/S")] = NameObject("/P")


def note_without_id(victim: Victim) -> None:
    del next(victim.elements("Note"))["/ID"]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("comparison", mark_without_words),
        ("comparison", mark_without_a_line),
        ("comparison", mark_struck_out),
        ("comparison", list_in_one_run),
        ("report", list_in_one_run),
        ("summary", note_without_id),
    ],
)
def test_the_proof_sees(name: str, damage: Callable[[Victim], None], heard: Callable[[str], Heard]) -> None:
    victim = Victim(heard(name).pdf)
    damage(victim)
    with pytest.raises(ProofError):
        prove(victim.save(), heard(name).document)
