"""The proof is independent of the pages: what a page gets wrong between the model and its template never gets past it."""

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.documents.checklist import checklist
from pipeline.documents.comparison import comparison
from pipeline.documents.council import council
from pipeline.documents.document import Document, Printed
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.html import arranged
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.errors import ProofError
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source
from pipeline.years.readiness import LastIssue
from pipeline.years.text_diff import Piece

from .conftest import A_SET, NOT_PRINTED, ROOT
from .editions import other_form

HEAD = """\
表題: 試験一覧
自治体: 試験市
年度: 平成{year}年度
現在日: 20{year}-03-31
担当課: 企画課
案: true
凡例: {{◎: 実施済, ○: 継続推進, ×: 検討中}}
今後の取扱い: {{完了: 終了, 継続: 継続}}
推進方針:
  - 名称: 方針一
    推進施策:
      - 名称: 施策一
        推進項目:
"""
SECOND = """\
      - 名称: 施策二
        推進項目:
          - 再掲: 1
"""


def item(number: int, name: str, status: str = "○", treatment: str = "継続", findings: str = "", more: str = "") -> str:
    return (
        f"          - {{NO: {number}, 名称: {name}, 実施状況: {status}, 今後の取扱い: {treatment}, "
        f"検証内容: '{findings}'{more}}}\n"
    )


OLD = (
    HEAD.format(year=24)
    + item(1, "公園の整備", "◎", "完了", "終わった。")
    + item(2, "図書館の活用")
    + item(3, "花壇の手入れ", "×", "継続", "検討する。")
    + item(4, "道路の補修", findings="一部を直した。")
    + SECOND
    + item(5, "橋の点検", "×")
    + item(6, "川の清掃", findings="毎月行った。")
    + item(7, "祭りの開催")
)
NEW = (
    "前版: old\n廃止: [{前版NO: 1, 理由: 花壇にまとめたため}]\n"
    + HEAD.format(year=25)
    + item(1, "図書館の活用", "×")
    + item(2, "花壇と公園の手入れ", "○", "継続", "引き続き検討する。", ", 前版NO: [3]")
    + item(3, "道路の補修", "◎", "完了", "すべてを直した。")
    + SECOND
    + item(4, "橋の点検", "○")
    + item(5, "川の清掃", findings="毎週行った。")
    + item(6, "祭りの開催")
    + item(7, "新しい広場")
)
# With a guess (NO 3), an item that is in it no more, a 未記入, an empty prose, and a warning.
NUMBERED = (
    "資料番号: {一覧: 資料1-1, 集計表: 資料1-2, 新旧対照表: 資料1-3, 経過: 資料1-4, 資料目録: 資料1}\n"
    "確認済: [{警告: W501, NO: 9, 理由: 欠番}, {警告: W503, NO: 2, 理由: 別の事業}]\n"
    + NEW.replace("名称: 道路の補修", "名称: 道路と橋の補修")
    .replace("名称: 祭りの開催, 実施状況: ○", "名称: 別の催し, 実施状況: 未記入")
    .replace("NO: 7", "NO: 9")
)
CORRECTED = (
    OLD.replace("毎月行った", "毎週行った")
    .replace("名称: 道路の補修", "名称: 道路と橋の補修")
    .replace("企画課", "総務課")
    .replace("橋の点検, 実施状況: ×", "橋の点検, 実施状況: ○")
    .replace("推進方針:", "訂正日: 2013-06-10\n推進方針:")
)


def read(_: str, compose: Callable[[], Document]) -> Printed:
    """What a paper says on which page: that of each id is told by the order of the ids, three a page."""
    document = compose()
    cells = [cell for table in document.expected.tables for row in table.rows for cell in row.cells]
    names = [cell.id for cell in cells if cell.id]
    texts = "".join(cell.text for cell in cells)
    return Printed({name: at // 3 + 1 for at, name in enumerate(names)}, (texts,) * (len(names) // 3 + 1))


def edition(text: str, name: str) -> Validated:
    return validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))


# A form of its own, with figures, one of them by year, marks and own numbers: made up, too.
FORM = """\
表題: 指標の一覧
年度: 令和{year}年度
段: [{{名称: 目標, 番号: 自由}}]
項目: {{名称: 指標, 番号: NO}}
欄:
  評価: {{種類: 記号, 凡例: {{A: 達成, B: 未達成}}, 集計: 主}}
  目標値: {{種類: 数}}
  実績: {{種類: 数, 年度: [{years}]}}
印: {{重点: 特に力を入れるもの}}
目標:
  - 番号: 1-1
    名称: 読む人を増やす
    指標:
"""


def figures(number: int, name: str, aim: str, made: str, grade: str = "A", more: str = "") -> str:
    return f"      - {{NO: {number}, 名称: {name}, 評価: {grade}, 目標値: '{aim}', 実績: [{made}], 単位: 冊{more}}}\n"


OLD_FORM = (
    FORM.format(year=5, years="令和4年度, 令和5年度")
    + figures(1, "貸出冊数", "1,200", "980, '1,020'", "B")
    + figures(2, "蔵書", "500", "400, 410")
    + figures(3, "新着図書", "なし", "'-', 12", "A", ", 印: [重点]")
)
NEW_FORM = (
    "前版: old\n"
    + FORM.format(year=6, years="令和4年度, 令和5年度, 令和6年度")
    + figures(1, "貸出冊数", "1,500", "980, '1,050', '1,110'", "A")
    + figures(2, "蔵書", "500", "400, 410, 402")
    + figures(3, "新着図書", "20", "'-', 12, 18")
)
CORRECTED_FORM = (
    OLD_FORM.replace("1,020", "1,002").replace("1-1", "1-2").replace("NO: 2, 名称: 蔵書", "NO: 2, 名称: 図書")
)

# Last year another grade, another number, and an item more.
OTHER_FORM = (
    other_form(5).replace("出来※1: 遅い", "出来※1: 並み").replace("1-ウ", "1-エ")
    + "          - {NO: 5, 番号: 2-イ, 名称: 盆踊り, 出来※1: 並み, 点数: A, 実績: [2, 2], 目標: 3}\n"
)

COMPOSE_FORMS: dict[str, Callable[[], Document]] = {
    "comparison": lambda: comparison(edition(OLD_FORM, "old"), edition(NEW_FORM, "new")),
    "errata": lambda: errata(edition(OLD_FORM, "old"), edition(CORRECTED_FORM, "old")),
    "summary": lambda: summary(edition(other_form(6), "new"), edition(OTHER_FORM, "old")),
    "history": lambda: history((edition(OTHER_FORM, "old"), edition(other_form(6, "old"), "new"))),
}

COMPOSE: dict[str, Callable[[], Document]] = {
    "report": lambda: report(edition(OLD, "old")),
    "summary": lambda: summary(edition(NEW, "new"), edition(OLD, "old")),
    "comparison": lambda: comparison(edition(OLD, "old"), edition(NEW, "new")),
    "errata": lambda: errata(
        edition(OLD, "old"), edition(CORRECTED, "old"), read, (), ("summary", "comparison", "history")
    ),
    "history": lambda: history((edition(OLD, "old"), edition(NEW, "new"))),
    "council": lambda: council((edition(OLD, "old"), edition(NUMBERED, "new")), A_SET),
    "checklist": lambda: checklist(
        (edition(OLD, "old"), edition(NUMBERED, "new")),
        [*A_SET, NOT_PRINTED],
        LastIssue("new/1", date(2014, 5, 1), edition(NEW, "new")),
    ),
}


@pytest.mark.parametrize("kind", COMPOSE)
def test_a_page_that_says_what_the_model_says_passes(kind: str, font_cache: Path) -> None:
    document = COMPOSE[kind]()
    assert prove(write_pdf(document, font_cache), document) > 0


@pytest.mark.parametrize("kind", COMPOSE_FORMS)
def test_a_page_of_another_form_that_says_what_the_model_says_passes(kind: str, font_cache: Path) -> None:
    document = COMPOSE_FORMS[kind]()
    assert prove(write_pdf(document, font_cache), document) > 0


# The two sides


def imported(path: Path) -> set[str]:
    """The modules of the pipeline that the module at `path` imports, by their full names."""
    package = ("pipeline", *path.relative_to(ROOT / "pipeline").parent.parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            # What is imported may be a module itself.
            found |= {f"{module}.{name.name}" for name in node.names} | {module}
    return {name for name in found if name.startswith("pipeline.")}


EXPECTED = sorted((ROOT / "pipeline/documents").rglob("expected*.py"))
SIDES = {kind: {path.stem for path in (ROOT / "pipeline/documents" / kind).glob("*.py")} for kind in COMPOSE}


def test_every_kind_has_both_sides() -> None:
    assert all({"page", "expected"} <= found for found in SIDES.values())
    assert {path.parent.name for path in EXPECTED} == {"documents", *COMPOSE}


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_expected_comes_from_the_model_alone(path: Path) -> None:
    # The figures of a summary that are corrected are those that are expected of it.
    may = r"pipeline\.((errors|text|model|years)(\.\w+)*|documents\.(document|expected|expected_marks|summary\.expected|errata\.distributed)(\.\w+)?|documents)"
    assert {name for name in imported(path) if not re.fullmatch(may, name)} == set()


@pytest.mark.parametrize("kind", COMPOSE)
def test_a_page_knows_nothing_of_what_is_expected(kind: str) -> None:
    modules = (ROOT / "pipeline/documents" / kind).glob("*.py")
    pages = [path for path in modules if path.stem not in ("__init__", "expected")]
    for path in [*pages, ROOT / "pipeline/documents/html.py"]:
        assert not any("expected" in name for name in imported(path)), path


# Damages to what a page is made of, after the model and before the template


@dataclass(frozen=True)
class Damage:
    """A function of a kind's page.py, and what is done to its result; `forms` are the editions that it is seen in."""

    kind: str
    function: str
    name: str
    change: Callable[[Any], Any]
    forms: str = ""


def damages() -> Iterator[Damage]:
    def without(*positions: int) -> Callable[[Any], Any]:
        return lambda found: [one for at, one in enumerate(found) if at not in positions]

    def nothing(_: object) -> tuple[()]:
        return ()

    def turned(found: Any) -> Any:
        return tuple(reversed(tuple(found)))

    def unmarked(pair: Any) -> Any:
        return tuple(tuple(replace(piece, changed=False) for piece in side) for side in pair)

    def only(kind: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """`change` of each row that is a `kind`."""
        return lambda found: [change(one) if type(one).__name__ == kind else one for one in found]

    def cell(column: str, change: Callable[[str], str]) -> Callable[[Any], Any]:
        """`change` of the text of each cell of the `column`."""
        return lambda found: (
            replace(found, lines=(change("".join(found.lines)),)) if found.column.name == column else found
        )

    def section(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda found: [replace(one, rows=tuple(change(one.rows))) for one in found]

    def legend(head: Any) -> Any:
        (one,) = head.legends
        entries = dict(zip(one.entries, reversed(one.entries.values()), strict=True))
        return replace(head, legends=(replace(one, entries=entries),))

    def head(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda masthead: arranged(change(masthead.first), False)

    def told(texts: Any) -> Any:
        return {label: text.replace("28.6", "28.7") for label, text in texts.items()}

    table: dict[str, list[tuple[str, str, Callable[[Any], Any]]]] = {
        "report": [
            ("_cell", "status of another", cell("status", lambda text: "○" if text == "◎" else "◎")),
            ("_cell", "meaning of another", lambda cell: replace(cell, meaning=cell.meaning and "検討中")),
            ("_cell", "findings lost", cell("findings", lambda _: "")),
            ("_cell", "NO one too high", cell("number", lambda text: str(int(text) + 1))),
            ("_item_row", "repeat not marked", lambda row: replace(row, mark="")),
            ("groups", "last row lost", section(without(8))),
            ("groups", "two rows swapped", section(lambda rows: [rows[0], rows[2], rows[1], *rows[3:]])),
            (
                "head_rows",
                "heads swapped",
                lambda rows: ((*rows[0][:5], replace(rows[0][5], lines=rows[0][6].lines), rows[0][6]),),
            ),
            ("masthead", "meanings of the legend swapped", head(legend)),
            ("masthead", "draft not said", head(lambda one: replace(one, draft=""))),
        ],
        "summary": [
            ("_tally", "an item not counted", lambda tally: replace(tally, whole=replace(tally.whole, items=6))),
            ("_lines", "numbers swapped", only("CountRow", lambda one: replace(one, cells=one.cells[::-1]))),
            ("_foot", "total and shares swapped", turned),
            ("_differences", "no change told", without(1, 2)),
            ("change", "sign lost", lambda said: said.replace("△", "")),
            ("share", "rounded down", lambda said: said.replace("14.3", "14.2")),
            (
                "count_columns",
                "meanings swapped",
                lambda found: tuple(
                    replace(one, label=other.label) for one, other in zip(found, reversed(found), strict=True)
                ),
            ),
            ("_readings", "chart read as another", turned),
            ("_notes", "no notes", nothing),
            ("_lead", "sentences lost", lambda said: said[:1]),
        ],
        "comparison": [
            ("_body", "five rows lost", without(3, 4, 5, 7, 8)),
            ("_sides", "old and new swapped", turned),
            ("_counts", "all counts zero", lambda found: [(label, 0) for label, _ in found]),
            ("_moves", "a move not counted", without(0)),
            ("_listed_lines", "names lost", nothing),
            ("_sentences", "nothing said", nothing),
            ("_sides_called", "years swapped", turned),
            ("_numbers", "sums lost", lambda cells: (*cells[:-1], ("", ""))),
            ("_numbers", "numbers of another", lambda cells: (cells[1], cells[0], *cells[2:])),
            ("_matrix", "new items not counted", lambda one: replace(one, rows=(*one.rows[:-2], one.rows[-1]))),
            ("_listed_title", "kinds lost", lambda _: "新設した項目"),
            (
                "_empty",
                "reason lost",
                lambda side: [replace(one, pieces=one.pieces and (Piece("(削る)", False),)) for one in side],
            ),
            ("_labels", "kinds lost", nothing),
            ("_note", "unchanged miscounted", lambda said: said.replace("1項目", "2項目")),
            ("mark", "no word marked", unmarked),
            ("_marked", "no status marked", unmarked),
            ("compare", "entries lost", lambda found: replace(found, entries=found.entries[::2])),
            (
                "compare",
                "all taken for unchanged",
                lambda found: replace(
                    found, entries=tuple(replace(entry, kinds=("continued",)) for entry in found.entries)
                ),
            ),
        ],
        "errata": [
            ("_differences", "every second correction lost", lambda found: [*found][::2]),
            (
                "_differences",
                "wrong and right swapped",
                lambda found: [one._replace(wrong=one.right, right=one.wrong) for one in found],
            ),
            ("_differences", "another item", lambda found: [one._replace(item=None) for one in found]),
            ("_differences", "place of another", lambda found: [one._replace(place="検証内容") for one in found]),
            ("_page_of", "page of the next", lambda page: page.isdecimal() and str(int(page) + 1)),
            ("_figures", "every second figure lost", lambda found: [*found][::2]),
            ("said", "a share of another", lambda found: [replace(one, texts=told(one.texts)) for one in found]),
            ("_remarks", "papers lost", nothing),
            ("_note", "miscounted", lambda said: re.sub("[0-9]+", "4", said)),
            ("mark", "no word marked", unmarked),
            ("masthead", "year lost", head(lambda one: replace(one, fiscal_year=""))),
            ("masthead", "day lost", head(lambda one: replace(one, issued=""))),
        ],
        "council": [
            ("paper_rows", "a paper lost", without(1)),
            ("paper_rows", "pages of another", lambda rows: [replace(one, pages=rows[0].pages) for one in rows]),
            ("paper_rows", "numbers swapped", lambda rows: [replace(rows[0], number=rows[1].number), *rows[1:]]),
            ("title_of", "title of another", lambda said: said.replace("集計表", "新旧対照表")),
            ("_sources", "years swapped", lambda rows: [replace(rows[0], year=rows[1].year), *rows[1:]]),
            ("_sources", "digest of another", lambda rows: [replace(rows[0], digest=rows[1].digest), *rows[1:]]),
            ("_explanation", "digits miscounted", lambda said: said.replace("8文字", "9文字")),
            ("masthead_without_legends", "number lost", head(lambda one: replace(one, document_number=""))),
        ],
        "checklist": [
            ("readiness", "draft not told", lambda found: replace(found, blanks=0)),
            ("readiness", "vanished not told", lambda found: replace(found, vanished=0)),
            ("readiness", "guesses not told", lambda found: replace(found, guesses=0)),
            ("_verdict", "can be handed out", lambda _: ["配布できます。"]),
            ("_both_sides", "as many as pages", lambda _: 2),
            ("_sheets", "no total", lambda rows: [*rows][:-1]),
            ("_sheets", "a paper lost", lambda rows: [*rows][1:]),
            ("warnings", "warnings lost", nothing),
            ("acknowledged", "the reason of another", lambda found: [(*one[:3], "別の理由") for one in found]),
            ("blanks", "未記入 lost", nothing),
            ("empty_prose", "空欄 lost", nothing),
            ("ranges", "NOs of others", lambda said: said.replace("9", "8")),
            ("_changes", "a change lost", without(1)),
            ("_other_changes", "what changed lost", nothing),
            ("_since", "nothing issued", lambda _: "まだ発行していません。"),
            ("_guesses", "guesses lost", lambda one: replace(one, rows=())),
            ("_vanished", "what to write swapped", lambda one: replace(one, rows=tuple(row[::-1] for row in one.rows))),
        ],
        "history": [
            ("_remarks", "no remarks", nothing),
            ("_names", "former names lost", lambda names: [*names][:1]),
            ("_cell", "NO one too high", lambda cell: replace(cell, number=cell.number and str(int(cell.number) + 1))),
            ("_cell", "ends not told", lambda cell: replace(cell, note="")),
            ("_remark", "reason lost", lambda said: said.split("(")[0]),
            ("_cell", "status of another", lambda cell: replace(cell, symbol=cell.symbol and "×")),
            ("_sections", "a line lost", lambda found: [rows[:-1] for rows in found]),
            ("_labels", "years swapped", turned),
            ("_share", "all shares alike", lambda _: "1 (14.3%)"),
            ("_key", "no key", nothing),
            ("_notes", "no notes", nothing),
            (
                "grouped",
                "a section lost",
                lambda found: replace(found, groups=tuple(replace(one, groups=one.groups[1:]) for one in found.groups)),
            ),
        ],
    }
    for kind, found in table.items():
        for function, name, change in found:
            yield Damage(kind, function, name, change)
    for kind, function, name, change in (
        ("comparison", "_change", "no difference told", lambda _: ""),
        ("comparison", "_change", "a fall told as a rise", lambda said: said.replace("+", "△")),
        ("comparison", "_said", "units lost", lambda said: said.replace("冊", "")),
        ("comparison", "_year", "years not told", lambda said: "\n" * said.startswith("\n")),
        ("comparison", "_in_rows", "the last column of an item lost", lambda row: replace(row, rows=row.rows[:-1])),
        ("comparison", "_in_rows", "the first column of an item lost", lambda row: replace(row, rows=row.rows[1:])),
        ("comparison", "_with_number", "no NO", lambda cell: replace(cell, pieces=cell.pieces[1:])),
        ("comparison", "_own_marks", "marks lost", nothing),
        ("comparison", "common_years", "a past year not compared", lambda years: years[:1]),
        ("comparison", "says", "no column changed", lambda _: ()),
        ("comparison", "_sentences_on_the_form", "nothing said on the years", nothing),
        ("errata", "_of_a_column", "a column lost", lambda texts: [*texts][:1]),
        ("errata", "all_years", "the last year lost", lambda years: [*years][:-1]),
        ("errata", "_headings", "headings lost", nothing),
        (
            "summary",
            "_count",
            "an item not counted",
            lambda count: replace(count, items=count.items - (count.items == 3)),
        ),
        ("summary", "_counted", "a column not counted", lambda found: found[:1]),
        ("summary", "_lines", "a section lost", lambda found: [*found][:1]),
        ("summary", "_section_head", "the inner level", lambda _: "束"),
        ("summary", "_lines", "own number lost", only("CountRow", lambda one: replace(one, head=one.head.split()[-1]))),
        ("summary", "_compared", "a column not compared", lambda found: found[:1]),
        ("summary", "_difference", "words of another", lambda one: replace(one, old=one.new, new=one.old)),
        ("summary", "plain", "notes not left out", lambda text: text.replace("出来", "出来※1")),
        ("history", "_names", "own number lost", lambda names: [said.split()[-1] for said in names]),
        ("history", "_names", "former number lost", lambda names: [*names][:1]),
        ("history", "_remarks", "no remarks", nothing),
        ("history", "_heading_label", "own number lost", lambda said: said.split()[-1]),
        ("history", "_figure_label", "unit lost", lambda said: said.replace("(件)", "")),
        ("history", "_cell", "another term", lambda cell: replace(cell, term=("並み",))),
        ("history", "_cell", "a NO that the list does not print", lambda cell: replace(cell, number="1")),
        (
            "history",
            "_sections",
            "figures lost",
            lambda found: [[row for row in rows if type(row).__name__ != "FigureRow"] for rows in found],
        ),
        (
            "history",
            "_sections",
            "figures of the year before",
            lambda found: [
                [replace(row, figures=row.figures[::-1]) if type(row).__name__ == "FigureRow" else row for row in rows]
                for rows in found
            ],
        ),
    ):
        yield Damage(kind, function, name, change, "another form")


@pytest.mark.parametrize(
    "damage", [*damages()], ids=lambda damage: f"{damage.kind}: {damage.name}{damage.forms and ' in '}{damage.forms}"
)
def test_damage_before_the_template_does_not_get_past_the_proof(
    damage: Damage, font_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = importlib.import_module(f"pipeline.documents.{damage.kind}.page")
    owner = page if hasattr(page, damage.function) else importlib.import_module(f"pipeline.documents.{damage.kind}")
    right = getattr(owner, damage.function)
    monkeypatch.setattr(owner, damage.function, lambda *given, **named: damage.change(right(*given, **named)))
    try:
        bad = (COMPOSE_FORMS if damage.forms else COMPOSE)[damage.kind]()
    except ProofError:
        return
    with pytest.raises(ProofError):
        prove(write_pdf(bad, font_cache), bad)


def test_corrections_that_do_not_make_the_new_list_are_no_errata(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = importlib.import_module("pipeline.documents.errata.expected")
    corrections = expected._corrections
    monkeypatch.setattr(expected, "_corrections", lambda *papers: [*corrections(*papers)][1:])
    with pytest.raises(ProofError, match="正誤表の訂正を当てても、新しい版になりません。"):
        COMPOSE["errata"]()
