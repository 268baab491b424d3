"""新旧対照表 and 正誤表 as pages: every change with its words, and all promises of the official PDF."""

import io
import json
import re
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pypdf
import pytest

from pipeline.cli import command
from pipeline.documents.comparison import comparison
from pipeline.documents.comparison.page import page
from pipeline.documents.document import Carried, Document
from pipeline.documents.errata import check_same_edition, errata
from pipeline.errors import NothingToDoError, UsageError
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source
from pipeline.years.comparison import Comparison, compare
from pipeline.years.draft import next_edition

from .conformance import violations
from .conftest import HEALTHY, ROOT
from .editions import Row, made_up

# Made up: what became of conftest.HEALTHY a year later.
LATER = """\
前版: test
""" + HEALTHY.replace(
    "NO: 2\n            名称: 項目二\n            実施状況: ○",
    "NO: 2\n            名称: 項目二\n            実施状況: ×",
).replace("検討する。", "引き続き検討する。").replace(
    "名称: 項目三", "名称: 項目三の後継\n            前版NO: [3]"
).replace("          - NO: 1\n            名称: 項目一\n", "          - NO: 1\n            名称: 新しい項目\n")


def edition(text: str, name: str) -> Validated:
    return validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))


def overview(compared: Comparison) -> list[list[list[str]]]:
    """The cells of the tables of the overview: counts, matrix, items by name."""
    text = page(compared, Carried((), None))
    return [
        [
            [re.sub("<[^>]*>", "", cell) for cell in re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row)]
            for row in re.findall("<tr.*?</tr>", table, re.DOTALL)
        ]
        for table in re.findall('<table class="framed (?:counts|matrix|listed)">.*?</table>', text, re.DOTALL)
    ]


def corrections_of(document: Document) -> list[tuple[str, ...]]:
    """(NO, place, wrong, right) of each correction."""
    (table,) = document.expected.tables
    rows = [[cell.text for cell in row.cells] for row in table.rows if not row.is_heading]
    return [(number, place, wrong, right) for _, number, _, place, wrong, right in rows]


def text_of(data: bytes) -> str:
    return "".join("".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(io.BytesIO(data)).pages)


@pytest.fixture(scope="module")
def proved(font_cache: Path) -> Callable[[Document], bytes]:
    """Lay a document out and hold it to everything that an official PDF promises."""

    def made(document: Document) -> bytes:
        data = write_pdf(document, font_cache)
        prove(data, document)
        assert violations(data) == []
        return data

    return made


def test_the_table_says_what_changed_in_which_words(proved: Callable[[Document], bytes]) -> None:
    document = comparison(edition(HEALTHY, "test"), edition(LATER, "later"))
    rows = {
        cell.text: row for row in list(document.expected.tables)[-1].rows for cell in row.cells if cell.scope == "Row"
    }
    assert [(cell.text, cell.marked) for cell in rows["項目三の後継"].cells if cell.marked] == [
        ("項目三の後継", ("の後継",)),
        ("引き続き検討する。", ("引き続き",)),
    ]
    kinds, _, _, status, *_, old_status, _, _ = rows["項目二"].cells
    assert (kinds.text, status.marked, old_status.marked) == ("実施状況", ("×",), ("○",))
    assert "(新設)" in [cell.text for cell in rows["新しい項目"].cells]
    assert "(削る)" in [cell.text for cell in rows["項目一"].cells]
    said = text_of(proved(document))
    assert "旧の3項目は、新では3項目となりました(再掲を除く。)。" in said
    assert "下線部分は、変更部分です。" in said
    # Nothing of the files' names.
    assert not {"test", "later"} & {*re.findall("[a-z]+", said)}


@pytest.mark.parametrize(
    ("ended", "begins_on", "listed_there"), [(18, 2, 0), (19, 2, 1), (41, 2, 23), (42, 3, 0)], ids=str
)
def test_what_is_said_in_short_leaves_no_page_nearly_empty(
    ended: int, begins_on: int, listed_there: int, proved: Callable[[Document], bytes]
) -> None:
    """Where it fits on a page it has that by itself; else the table follows, and its heading stays with it."""
    items = "".join(
        f"          - {{NO: {number}, 名称: 終わる項目, 実施状況: ◎, 今後の取扱い: 完了}}\n"
        for number in range(10, 10 + ended)
    )
    old = edition(HEALTHY.replace("          - NO: 2\n", items + "          - NO: 2\n"), "test")
    data = proved(comparison(old, edition(HEALTHY.replace("検討する。", "検討した。"), "later")))
    pages = ["".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(io.BytesIO(data)).pages]
    (before, after) = pages[begins_on - 1].split("新旧対照表左が新")
    assert before.count("終わる項目") == listed_there
    assert "終わる項目" in after


def test_texts_beside_the_list_stand_after_it_with_marks(proved: Callable[[Document], bytes]) -> None:
    long = "この一覧は、各課の報告をまとめたものである。\\n" * 60
    before = "前文: 毎年9月に公表する。\n注: {1: 市が毎年調べた件数, 2: 見込み}\n" + HEALTHY
    after = f'前版: test\n前文: 毎年6月に公表する。\n後文: "{long}https://city.example/plan を見る。"\n' + HEALTHY
    after = after.replace("表題", "注: {1: 市が毎年数えた件数, 2: 見 込み}\n表題", 1)
    document = comparison(edition(before, "test"), edition(after, "later"))
    table = list(document.expected.tables)[-1]
    assert [[(cell.text, cell.marked) for cell in row.cells] for row in table.rows if len(row.cells[1].text) < 99] == [
        [("前文", ()), ("毎年6月に公表する。", ("6",)), ("毎年9月に公表する。", ("9",))],
        [("注1", ()), ("市が毎年数えた件数", ("数えた",)), ("市が毎年調べた件数", ("調べた",))],
    ]
    assert [cell.text for cell in table.rows[1].cells][::2] == ["後文", "(新設)"]
    assert "前文、後文、注にも変更があります。末尾に示します。" in text_of(proved(document))


def test_unchanged_items_are_left_out_unless_asked_for(proved: Callable[[Document], bytes]) -> None:
    old, new = edition(HEALTHY, "test"), edition("前版: test\n" + HEALTHY.replace("検討する。", "検討した。"), "later")
    assert "変更のない2項目は省いています。" in text_of(proved(comparison(old, new)))
    assert "省いて" not in text_of(proved(comparison(old, new, show_all=True)))


def test_editions_that_say_the_same_have_no_table(proved: Callable[[Document], bytes]) -> None:
    said = text_of(proved(comparison(edition(HEALTHY, "a"), edition(HEALTHY, "b"))))
    assert "下線" not in said


def test_the_original_and_a_year_made_up_after_it(proved: Callable[[Document], bytes]) -> None:
    old = edition((ROOT / "source/original.yaml").read_text("utf-8"), "original")
    draft = next_edition(old.edition, "original")
    new = edition(
        draft.replace("実施状況: 未記入", "実施状況: ○").replace("今後の取扱い: 未記入", "今後の取扱い: 継続"), "second"
    )
    document = comparison(old, new)
    assert "記載なし" not in text_of(proved(document))
    ((suffix, content),) = document.beside
    found = json.loads(content)
    assert suffix == ".json"
    assert sorted(number for item in found["items"] for number in item["old"]) == list(range(1, 48))
    assert sorted(number for item in found["items"] for number in item["new"]) == list(range(1, 33))
    assert not any(item["guess"] for item in found["items"])


def test_a_changed_legend_is_said_and_compared_by_meaning(proved: Callable[[Document], bytes]) -> None:
    other = HEALTHY.replace("◎", "A").replace("○", "B").replace("×", "C")
    document = comparison(edition(HEALTHY, "test"), edition(other, "later"))
    said = text_of(proved(document))
    assert "旧の実施状況：◎実施済○継続推進×検討中。実施状況の比較は、記号の意味ごとに行っています。" in said
    assert "変更なし" in said


def test_errata_name_place_wrong_and_right(proved: Callable[[Document], bytes]) -> None:
    right = (
        HEALTHY.replace("終わった。", "全て終わった。")
        .replace("実施状況: ×", "実施状況: ○")
        .replace("施策二", "施策弐")
    )
    document = errata(edition(HEALTHY, "test"), edition(right, "test"))
    said = text_of(proved(document))
    assert (
        "先に配布しました資料に誤りがありましたので、おわびして次のとおり訂正します。訂正は、全部で3か所です。" in said
    )
    for words in (
        "1項目一検証内容終わった。全て終わった。",
        "3項目三実施状況×(検討中)○(継続推進)",
        "Ⅰ(2)施策二施策弐",
    ):
        assert words in said


def test_errata_without_errors_are_not_made() -> None:
    with pytest.raises(NothingToDoError, match="違いはありません"):
        errata(edition(HEALTHY, "test"), edition(HEALTHY, "test"))


@pytest.fixture
def two_years(project: Path) -> Path:
    (project / "source/test.yaml").write_text(HEALTHY, "utf-8")
    (project / "source/later.yaml").write_text(LATER, "utf-8")
    return project


def run(*arguments: str) -> int:
    return command.main(arguments)


def test_diff_compares_every_edition_with_the_one_before(two_years: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff") == 0
    said = capsys.readouterr().out
    assert "out/test-later/comparison.pdf: 2ページ" in said
    assert "test → later: " in said
    assert sorted(path.name for path in (two_years / "out/test-later").iterdir()) == [
        "comparison.html",
        "comparison.json",
        "comparison.pdf",
    ]
    run("diff")
    assert "変わっていません" in capsys.readouterr().out


def test_a_vanished_item_is_loud_and_fails_when_strict(two_years: Path, capsys: pytest.CaptureFixture[str]) -> None:
    later = two_years / "source/later.yaml"
    text = later.read_text("utf-8")
    begin, end = text.index("          - NO: 2"), text.index("      - 名称: 施策二")
    later.write_text(text[:begin] + text[end:], "utf-8")
    assert run("diff", "later") == 0
    said = capsys.readouterr().out
    assert "要確認: 旧NO 2「項目二」(継続)が、新しい版にありません。" in said
    assert "「廃止: [{前版NO: 2, 理由: …}]」と書いてください。" in said
    assert run("diff", "later", "--strict") == 1
    later.write_text(
        later.read_text("utf-8").replace("前版: test", "前版: test\n廃止: [{前版NO: 2, 理由: 縮小}]"), "utf-8"
    )
    capsys.readouterr()
    assert run("diff", "later", "--strict") == 0
    assert "要確認" not in capsys.readouterr().out


def test_the_printed_pdf_is_enough_to_compare_with(two_years: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("report")
    shutil.copy("out/test/report.pdf", "昨年の資料.pdf")
    Path("source/test.yaml").unlink()
    assert run("diff", "--from", "昨年の資料.pdf", "--to", "source/later.yaml") == 1  # its 前版 is not there any more
    shutil.copy("source/later.yaml", "later.yaml")
    capsys.readouterr()
    assert run("diff", "--from", "昨年の資料.pdf", "--to", "later.yaml") == 0
    assert "test → later: " in capsys.readouterr().out
    assert two_years.exists()


def test_a_pdf_that_was_changed_afterwards_is_refused(two_years: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("report", "test")
    writer = pypdf.PdfWriter(clone_from="out/test/report.pdf")
    file = writer.root_object["/AF"][0].get_object()["/EF"]["/F"]  # type: ignore[index]
    changed = pypdf.generic.DecodedStreamObject()
    changed.set_data(file.get_data().replace("終わった".encode(), "終わらず".encode()))
    writer.root_object["/AF"][0].get_object()["/EF"][pypdf.generic.NameObject("/F")] = writer._add_object(changed)  # type: ignore[index]
    writer.write("changed.pdf")
    assert run("diff", "--from", "changed.pdf", "--to", "later") == 1
    assert "changed.pdf: E113: 作られた後で書き換えられたPDFです。" in capsys.readouterr().err
    assert two_years.exists()


@pytest.mark.parametrize("content", [b"%PDF-1.7\nnot much", b"%PDF-1.7\n" + b"\0" * 1000], ids=["torn", "empty"])
def test_a_pdf_that_is_not_ours_is_refused(content: bytes, two_years: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (two_years / "other.pdf").write_bytes(content)
    assert run("diff", "--from", "other.pdf", "--to", "later") == 1
    assert "other.pdf: E112: この仕組みで作った一覧のPDFではない" in capsys.readouterr().err


def test_errata_of_a_distributed_pdf_and_its_correction(two_years: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("report", "test")
    shutil.copy("out/test/report.pdf", "distributed.pdf")
    capsys.readouterr()
    assert run("errata", "--from", "distributed.pdf", "--to", "test") == 0
    assert "二つの版に違いはありません" in capsys.readouterr().err
    path = two_years / "source/test.yaml"
    path.write_text(HEALTHY.replace("終わった", "終えた"), "utf-8")
    assert run("errata", "--from", "distributed.pdf", "--to", "test") == 0
    assert "out/test-test/errata.pdf: 1ページ" in capsys.readouterr().out


def test_errata_warn_of_what_is_corrected_alone(two_years: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_gap = HEALTHY.replace("NO: 3", "NO: 9")
    (two_years / "wrong.yaml").write_text(with_gap.replace("終わった", "終えた"), "utf-8")
    (two_years / "source/test.yaml").write_text(with_gap, "utf-8")
    capsys.readouterr()
    assert run("errata", "--from", "wrong.yaml", "--to", "test") == 0
    printed = capsys.readouterr()
    assert "errata.pdf: 1ページ、警告1件" in printed.out
    assert "wrong.yaml:" not in printed.err


@pytest.mark.parametrize("is_from_pdf", [True, False], ids=["PDF", "source"])
def test_errata_name_the_page_in_what_was_distributed_and_the_papers_that_change(
    is_from_pdf: bool, two_years: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The item stands on page 2 of the distributed list, and on page 1 of the corrected one."""
    rows = "".join(
        f"          - {{NO: {number}, 名称: 項目{number}, 実施状況: ○, 今後の取扱い: 継続}}\n"
        for number in range(10, 50)
    )
    head = (
        "訂正日: 2013-06-10\n資料番号: {一覧: 資料1, 集計表: 資料2, 新旧対照表: 資料3}\n前版: test\n年度: 平成25年度\n"
    )
    wrong = head + HEALTHY.replace("          - NO: 3\n", f"{rows}          - NO: 3\n")
    later = two_years / "source/later.yaml"
    later.write_text(wrong, "utf-8")
    for command_line in (("report", "later"), ("summary", "later"), ("diff", "later")):
        assert run(*command_line) == 0
    shutil.copy("out/later/report.pdf" if is_from_pdf else later, "wrong.pdf" if is_from_pdf else "wrong.yaml")
    later.write_text(wrong.replace(rows, rows[: rows.index("          - {NO: 20")]).replace("況: ×", "況: ○"), "utf-8")
    assert run("errata", "--from", "wrong.pdf" if is_from_pdf else "wrong.yaml", "--to", "later") == 0
    said = text_of(next((two_years / "out").glob("*-later/errata.pdf")).read_bytes())
    assert "平成25年6月10日" in said
    assert "資料1試験一覧110項目10" not in said
    assert "120項目20推進項目項目20(記載なし)" in said
    assert "23項目三実施状況×(検討中)○(継続推進)" in said
    assert "資料2試験一覧集計表1本文(1文目)全43項目の" in said or "資料2試験一覧集計表1本文(1文目)実質43項目" in said
    assert "1計(再掲を除く)項目数43、○継続推進41、×検討中1、継続42項目数13、○継続推進12、×検討中0、継続12" in said
    assert (
        "集計表の図も、同じように訂正します。資料3新旧対照表も内容が変わりますので、訂正後のものに差し替えます。"
        in said
    )
    assert "訂正した日" not in capsys.readouterr().err


def test_next_makes_a_draft_and_never_overwrites(two_years: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("next", "--from", "test", "--to", "third") == 0
    draft = (two_years / "source/third.yaml").read_bytes()
    assert run("next", "--from", "test", "--to", "third") == 2
    assert "source/third.yaml は既にあります" in capsys.readouterr().err
    assert (two_years / "source/third.yaml").read_bytes() == draft
    assert run("report", "third") == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diff", "--from", "test"), "FROM と TO の両方で指定してください。\n例: make diff FROM=h23 TO=h24"),
        (("diff", "later", "--from", "test", "--to", "later"), "FROM と TO の両方"),
        (("diff", "--from", "nope", "--to", "later"), "版「nope」は source/ にありません"),
        (("errata", "--to", "later"), "EDITION(直した版)を指定してください"),
        (("next", "--from", "test", "--to", "第三"), "版の名前「第三」は使えません"),
    ],
)
def test_wrong_usage_is_explained(
    arguments: tuple[str, ...], said: str, two_years: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err
    assert two_years.exists()


# What the 正誤表 must name


@pytest.mark.parametrize(
    ("old", "new", "corrections"),
    [
        ("表題: 試験一覧", "表題: 試験の一覧", [("", "表題", "試験一覧", "試験の一覧")]),
        ("自治体: 試験市", "自治体: 実験市", [("", "自治体", "試験市", "実験市")]),
        ("自治体", "年度: 平成24年度\n自治体", [("", "年度", "(記載なし)", "平成24年度")]),
        ("自治体", "現在日: 2013-03-31\n自治体", [("", "現在日", "(記載なし)", "平成25年3月31日")]),
        ("自治体", "資料番号: 資料1\n自治体", [("", "資料番号", "(記載なし)", "資料1")]),
        ("自治体", "資料番号: {経過: 資料4}\n自治体", [("", "資料番号(経過)", "(記載なし)", "資料4")]),
        ("自治体", "案: true\n自治体", [("", "案", "(記載なし)", "案")]),
        ("自治体", "担当課: 企画課\n自治体", [("", "担当課", "(記載なし)", "企画課")]),
        ("自治体", "見出し: {検証内容: 所見}\n自治体", [("", "見出し(検証内容)", "検証内容", "所見")]),
        ("名称: 方針一", "名称: 方針の一", [("", "Ⅰ", "方針一", "方針の一")]),
        ("名称: 施策二", "名称: 施策の二", [("", "Ⅰ(2)", "施策二", "施策の二")]),
        ("再掲: 1", "再掲: 2", [("", "Ⅰ(2)の再掲", "NO 1", "NO 2")]),
        ("名称: 項目三", "名称: 項目の三", [("3", "推進項目", "項目三", "項目の三")]),
        ("実施状況: ×", "実施状況: ○", [("3", "実施状況", "×(検討中)", "○(継続推進)")]),
        ("今後の取扱い: 完了", "今後の取扱い: 継続", [("1", "今後の取扱い", "完了", "継続")]),
        ("検証内容: 終わった。", "検証内容: ''", [("1", "検証内容", "終わった。", "(記載なし)")]),
        (
            "×: 検討中",
            "×: 未着手",
            [
                ("", "凡例", "◎実施済 ○継続推進 ×検討中", "◎実施済 ○継続推進 ×未着手"),
                ("3", "実施状況", "×(検討中)", "×(未着手)"),
            ],
        ),
        # A new item is told whole, one that is gone by its name; a new measure by its name alone.
        (
            "          - 再掲: 1\n",
            "          - {NO: 4, 名称: 項目四, 実施状況: ○, 今後の取扱い: 継続}\n          - 再掲: 1\n      - 名称: 施策三\n",
            [
                ("", "Ⅰ(3)", "(記載なし)", "施策三"),
                ("4", "推進項目", "(記載なし)", "項目四"),
                ("4", "実施状況", "(記載なし)", "○(継続推進)"),
                ("4", "今後の取扱い", "(記載なし)", "継続"),
                ("4", "位置", "(記載なし)", "Ⅰ(2)"),
            ],
        ),
        (
            "          - NO: 2\n            名称: 項目二\n            実施状況: ○\n            今後の取扱い: 継続\n",
            "",
            [("2", "推進項目", "項目二", "(記載なし)")],
        ),
    ],
)
def test_errata_name_whatever_the_paper_says_otherwise(
    old: str, new: str, corrections: list[tuple[str, str, str, str]]
) -> None:
    assert HEALTHY.count(old) == 1 or old == "自治体"
    document = errata(edition(HEALTHY, "test"), edition(HEALTHY.replace(old, new, 1), "test"))
    assert corrections_of(document) == corrections
    assert all(text in document.html for row in corrections for text in row[:2])


def test_errata_tell_a_changed_order_once(proved: Callable[[Document], bytes]) -> None:
    one, two, three = (
        HEALTHY.index("          - NO: 1"),
        HEALTHY.index("          - NO: 2"),
        HEALTHY.index("      - 名称: 施策二"),
    )
    turned = HEALTHY[:one] + HEALTHY[two:three] + HEALTHY[one:two] + HEALTHY[three:]
    document = errata(edition(HEALTHY, "test"), edition(turned, "test"))
    assert "Ⅰ(1)の順序NO1、NO2NO2、NO1" in text_of(proved(document))


def test_a_heading_is_numbered_as_in_the_new_edition_if_that_has_it() -> None:
    """Even where its first row is one that only the old edition has."""
    new = HEALTHY.replace("前版", "").replace("  - 名称: 方針一\n", "  - 名称: 方針零\n  - 名称: 方針一\n")
    new = new.replace("項目一\n            実施状況: ◎", "項目壱\n            実施状況: ◎")
    document = comparison(edition(HEALTHY, "test"), edition(new, "later"))
    headings = [row.cells[0].text for row in list(document.expected.tables)[-1].rows if row.is_heading]
    assert headings == ["Ⅱ 方針一", "(1) 施策一"]


@pytest.mark.parametrize(
    ("old", "new", "are_two"),
    [
        (("h24", "平成24年度", ""), ("h24", "平成25年度", ""), False),  # the year itself is corrected
        (("h24", "平成24年度", ""), ("h24-2", "平成24年度", ""), False),
        (("h24", "", ""), ("h24-2", "平成24年度", ""), False),
        (("h24", "平成24年度", ""), ("h25", "平成25年度", ""), True),
        (("h24", "", ""), ("h25", "", "h24"), True),
        (("h25", "", "h24"), ("h24", "", ""), True),
    ],
)
def test_errata_are_of_one_edition(old: tuple[str, str, str], new: tuple[str, str, str], are_two: bool) -> None:
    made = []
    for name, year, previous in (old, new):
        lines = [f"年度: {year}\n" if year else "", f"前版: {previous}\n" if previous else ""]
        made.append(edition("".join(lines) + HEALTHY, name))
    with pytest.raises(UsageError, match="別の年の版です") if are_two else nullcontext():
        check_same_edition(*made)


def test_a_status_called_as_what_ended_is_counted_apart_from_it() -> None:
    old = HEALTHY.replace("×: 検討中", "×: 終了")
    matrix = list(comparison(edition(old, "test"), edition(old.replace("前版", ""), "later")).expected.tables)[1]
    assert [cell.text for cell in matrix.heads[0]] == ["旧＼新", "実施済", "継続推進", "終了", "計"]
    assert [cell.text for cell in matrix.rows[2].cells] == ["終了", "", "", "1", "1"]


def test_the_matrix_leads_from_the_items_of_one_year_to_those_of_the_next() -> None:
    """Merged items count several times as old ones, and new items are no old ones."""
    old = made_up(
        Row(1, "公園", status="◎", treatment="完了"),
        Row(2, "花壇", status="△"),
        Row(3, "並木", status="△"),
        Row(4, "バス"),
        Row(5, "図書館"),
        年度="令和5年度",
    )
    new = made_up(
        Row(1, "まちの緑", status="○", previous=(2, 3)),
        Row(2, "研修", status="×"),
        Row(3, "バス", status="◎"),
        previous="old",
        年度="令和6年度",
    )
    _, matrix, listed = overview(compare(old, new, "old", "new"))
    assert matrix == [
        ["旧＼新", "実施済", "継続推進", "一部実施", "検討中", "終了", "記載なし", "計"],
        ["実施済", "", "", "", "", "1", "", "1"],
        ["継続推進", "1", "", "", "", "", "1", "2"],
        ["一部実施", "", "2", "", "", "", "", "2"],
        ["検討中", "", "", "", "", "", "", "0"],
        ["令和5年度の計", "1", "2", "0", "0", "1", "1", "5"],
        ["新設", "", "", "", "1", "", "", "1"],
        ["統合・分割による増減", "", "△1", "", "", "", "", "△1"],
        ["令和6年度の計", "1", "1", "0", "1", "", "", "3"],
    ]
    assert [row[0] for row in listed if row[0]] == ["区分", "記載なし", "新設", "統合", "終了"]


def test_what_was_abolished_is_told_with_its_reason_and_what_is_missing_without_advice(
    proved: Callable[[Document], bytes],
) -> None:
    old = edition("年度: 令和5年度\n" + HEALTHY, "test")
    begin, end = HEALTHY.index("          - NO: 2"), HEALTHY.index("      - 名称: 施策二")
    new = "年度: 令和6年度\n前版: test\n" + HEALTHY[:begin] + HEALTHY[end:]
    said = text_of(proved(comparison(old, edition(new, "later"))))
    assert "記載のない項目区分新NO新の項目旧NO旧の項目備考記載なし2項目二旧の今後の取扱い:継続" in said
    assert "要確認" not in said
    declared = edition(new.replace("前版: test", "前版: test\n廃止: [{前版NO: 2, 理由: 利用者の減}]"), "later")
    said = text_of(proved(comparison(old, declared)))
    assert "終了した項目区分新NO新の項目旧NO旧の項目備考終了2項目二廃止:利用者の減" in said
    assert "終了(廃止)(削る)廃止の理由:利用者の減2項目二" in said
