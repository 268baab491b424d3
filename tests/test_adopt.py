"""A list in somebody's own workbook becomes a source, and each of its cells is accounted for."""

import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from pipeline.errors import UsageError
from pipeline.model.edition import Edition, Item, read_edition
from pipeline.model.form import MAX_LEVELS
from pipeline.office.adopt import adopt as stages
from pipeline.office.adopt import grid as cells
from pipeline.office.adopt import rows as rows_of_lists
from pipeline.office.adopt.adopt import Adopted, AdoptError, adopt, describe
from pipeline.office.adopt.edition import write_source
from pipeline.office.adopt.grid import area_of, place_name, ranges, shown
from pipeline.office.adopt.numbering import is_number, numbering_of, split
from pipeline.office.workbook import Book, Value
from pipeline.source.tree import parse_source, plain
from pipeline.years.similarity import fold

from .conftest import ROOT
from .golden import lists as by_chance
from .golden.digests import check_text

CASES = ROOT / "tests/adopt"
TARGET = Path("source/new.yaml")

Rows = list[list[Any]]


def data_of(text: str) -> Any:
    return plain(parse_source(TARGET, text.encode()).root)


def without(value: Any, *keys: str) -> Any:
    """`value` without `keys`, at any depth."""
    if isinstance(value, dict):
        return {key: without(one, *keys) for key, one in value.items() if key not in keys}
    return [without(one, *keys) for one in value] if isinstance(value, list) else value


def workbook(path: Path, rows: Rows, merged: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    book.save(path)
    return path


def comma_separated(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def adopted(path: Path, sheet: str | None = None, area: str | None = None) -> Adopted:
    """What `path` becomes; every cell that openpyxl finds in it is accounted for once, and those taken are in the text."""
    found = adopt(path, TARGET, sheet, area)
    account = found.account
    assert not account.taken.keys() & account.left.keys()
    if path.suffix == ".xlsx":
        cells = {
            (cell.row, cell.column): str(cell.value)
            for row in openpyxl.load_workbook(path)[found.grid.name].iter_rows()
            for cell in row
            if cell.value is not None and str(cell.value).strip()
        }
        assert account.taken.keys() | account.left.keys() == cells.keys()
    said = fold(found.text)
    for place in account.taken:
        words = re.findall("[ぁ-んァ-ヶー一-龥々]+", re.sub("再掲|現在|凡例", " ", found.grid.cells[place].text))
        assert all(word in said for word in words), (place, words)
    return found


def edition_of(found: Adopted) -> Edition:
    assert not found.problems
    return read_edition(data_of(found.text))


def outline(edition: Edition) -> list[str]:
    """Each heading and row in one line."""
    lines = []
    for headings, row in edition.lines():
        if row is None:
            lines.append(f"{len(headings)} {headings[-1].title}")
        else:
            lines.append(row.name if isinstance(row, Item) else f"再掲 {row.number}")
    return lines


def test_the_original_as_an_office_has_it_gives_the_source_of_the_original() -> None:
    """Three printed pages: title, legend and heads are repeated, one legend with a half-width colon."""
    found = adopted(CASES / "original-as-printed.xlsx")
    original = data_of((ROOT / "source/original.yaml").read_text("utf-8"))
    assert data_of(found.text) == without(original, "改ページ", "統合先")  # what no cell says
    assert not found.warnings
    left = {ranges(places) for places in found.account.left_by_reason().values()}
    assert left == {"A30、A31、A58、A59", "A32〜G32、A60〜G60", "E55〜G55、E67〜G67、E69〜G69、E76〜G76、E81〜G81"}
    # NO 16 is not marked as repeated.
    assert any("D76" in decision and "再掲" in decision for decision in found.account.decisions)


def test_a_flat_list_with_numbers_keeps_its_years_units_grades_marks_and_notes() -> None:
    found = adopted(CASES / "flat-with-numbers.xlsx")
    data = data_of(found.text)
    assert without(data, "取組名") == {
        "表題": "○○市行政改革実施計画 進捗状況",
        "自治体": "○○市",
        "年度": "令和5年度",
        "段": [],
        "項目": {"名称": "取組名", "番号": "自由"},
        "欄": {
            "所管課": {"種類": "課"},
            "指標": {"種類": "文字"},
            "現状値(R2)": {"種類": "数"},
            "実績": {"種類": "数", "年度": ["R3", "R4", "R5"]},
            "目標値(R7)": {"種類": "数"},
            "達成度": {"種類": "記号", "凡例": {"A": "達成", "B": "おおむね達成", "C": "未達成"}, "集計": "主"},
            "外部評価": {"種類": "記号", "凡例": {"A": "達成", "B": "おおむね達成", "C": "未達成"}},
            "取組内容": {"種類": "文章"},
            "今後の方向": {
                "種類": "語",
                "語": {"継続": "継続", "見直し": "継続", "完了": "終了"},
                "行方": "true",
            },
        },
        "印": {"新規": "新規"},
        "注": {"1": "令和5年度は集計中である。"},
    }
    assert data["取組名"][1] == {
        "NO": "2",
        "番号": "1-2",
        "名称": "ペーパーレス会議の推進",
        "印": ["新規"],
        "単位": "千枚",
        "所管課": "総務課",
        "指標": "紙の使用枚数",
        "現状値(R2)": "1250",
        "実績": ["1100", "980", "-"],
        "目標値(R7)": "800",
        "達成度": "B",
        "外部評価": "C",
        "取組内容": "会議資料の電子化を進めた。※1",
        "今後の方向": "継続",
    }
    assert data["取組名"][3]["所管課"] == "財政課\n各施設所管課"
    assert not found.problems


@pytest.mark.parametrize("path", sorted(CASES.glob("*.csv")), ids=lambda path: path.stem)
def test_an_awkward_list_becomes_what_it_became(path: Path, request: pytest.FixtureRequest) -> None:
    """The source, and what is said of it, are in a file beside the list; `--renew-pictures` writes it again."""
    found = adopt(path, TARGET)
    lines = [found.text, *describe(found, TARGET), "", *found.problems, f"{found.warnings} warnings", ""]
    kept = path.with_suffix(".txt")
    if request.config.getoption("--renew-pictures"):
        kept.write_text("\n".join(lines), "utf-8")
    assert "\n".join(lines) == kept.read_text("utf-8")


@pytest.mark.parametrize("name", by_chance.TEXTS)
def test_lists_by_chance_become_what_they_became(name: str, request: pytest.FixtureRequest) -> None:
    check_text("lists", name, by_chance.TEXTS[name](), request)


LEVELS = (
    ["1 安心", "(1) 見守り", 1, "声かけ", "福祉課"],
    ["", "", 2, "訪問", "福祉課"],
    ["", "(2) 防犯", 3, "街灯", "土木課"],
)
LEVEL_HEADS = ["目標", "施策", "NO", "事業", "担当課"]


@pytest.mark.parametrize("repeats", [False, True], ids=["blank below", "repeated below"])
def test_leading_columns_are_levels(tmp_path: Path, repeats: bool) -> None:
    rows = [list(row) for row in (*LEVELS, ["2 元気", "(1) 運動", 4, "体操", "健康課"])]
    if repeats:
        rows[1][:2], rows[2][0] = rows[0][:2], rows[0][0]
    path = workbook(tmp_path / "list.xlsx", [["計画"], LEVEL_HEADS, *[[cell or None for cell in row] for row in rows]])
    edition = edition_of(adopted(path))
    assert outline(edition) == [
        *("1 1 安心", "2 (1) 見守り", "声かけ", "訪問", "2 (2) 防犯", "街灯"),
        *("1 2 元気", "2 (1) 運動", "体操"),
    ]
    assert [level.numbering for level in edition.form.levels] == ["算用数字", "括弧"]


def test_merged_leading_columns_are_levels_and_a_column_of_numbers_beside_one_is_theirs(tmp_path: Path) -> None:
    rows: Rows = [
        ["計画"],
        ["番号", "施策", "番号", "取組", "所管部署"],
        ["第1", "安心して暮らす", "1-1", "声かけ", "福祉課"],
        [None, None, "1-2", "訪問", "福祉課"],
        ["第2", "元気に暮らす", "2-1", "体操", "健康課"],
        [None, None, "2-2", "散歩", "健康課"],
    ]
    path = workbook(tmp_path / "list.xlsx", rows, ("A1:E1", "A3:A4", "B3:B4", "A5:A6", "B5:B6"))
    edition = edition_of(adopted(path))
    assert outline(edition) == ["1 第1 安心して暮らす", "声かけ", "訪問", "1 第2 元気に暮らす", "体操", "散歩"]
    assert [item.label for item in edition.items.values()] == ["1-1", "1-2", "2-1", "2-2"]


def test_rows_across_the_table_are_headings_by_their_numbers(tmp_path: Path) -> None:
    text = """まちづくり計画
取組,担当課,状況,内容
基本目標1 安全
施策1 防災
訓練,危機管理課,実施,した。
備蓄,危機管理課,未実施,まだ。
施策2 防犯
灯り,土木課,実施,した。
基本目標2 安心
施策1 福祉
見守り,福祉課,実施,した。
"""
    edition = edition_of(adopted(comma_separated(tmp_path / "list.csv", text)))
    assert [level.key for level in edition.form.levels] == ["基本目標", "施策"]
    assert outline(edition) == [
        *("1 基本目標1 安全", "2 施策1 防災", "訓練", "備蓄", "2 施策2 防犯", "灯り"),
        *("1 基本目標2 安心", "2 施策1 福祉", "見守り"),
    ]


def test_two_rows_of_heads_that_are_not_merged_give_a_series(tmp_path: Path) -> None:
    text = """一覧
NO,指標,実績,,,目標
,,令和3年度,令和4年度,令和5年度,
1,利用者,10人,12人,15人,20人
2,貸出し,3冊,4冊,5冊,6冊
"""
    found = adopted(comma_separated(tmp_path / "list.csv", text))
    columns = data_of(found.text)["欄"]
    assert columns == {
        "実績": {"種類": "数", "年度": ["令和3年度", "令和4年度", "令和5年度"]},
        "目標": {"種類": "数"},
    }
    first = data_of(found.text)["指標"][0]
    assert (first["実績"], first["目標"], first["単位"]) == (["10", "12", "15"], "20", "人")


def test_columns_of_years_side_by_side_are_a_series(tmp_path: Path) -> None:
    text = "一覧\nNO,事業名,R4実績,R5実績,備考\n1,甲,5,6,\n2,乙,7,－,増\n"
    data = data_of(adopted(comma_separated(tmp_path / "list.csv", text)).text)
    assert data["欄"]["実績"] == {"種類": "数", "年度": ["R4", "R5"]}
    assert data["事業名"][1]["実績"] == ["7", "-"]


@pytest.mark.parametrize(
    "row",
    [
        (1, "声かけ【再掲】", "-", "-"),
        (1, "(再掲)声かけ", None, None),
        (None, "声かけ", "再掲", None),
        (9, "声かけ 〔再掲〕", "福祉課", "-"),
        (None, "見守りの声かけ(再掲 NO.1)", None, None),
        (1, "声かけ", "-", "-"),
    ],
)
def test_an_item_that_is_shown_again_is_a_repeat_however_it_is_marked(tmp_path: Path, row: tuple[Any, ...]) -> None:
    rows: Rows = [
        ["計画"],
        ["NO", "事業名", "担当課", "状況"],
        ["1 安心"],
        [1, "声かけ", "福祉課", "実施"],
        ["2 元気"],
        [2, "体操", "健康課", "未実施"],
        list(row),
    ]
    edition = edition_of(adopted(workbook(tmp_path / "list.xlsx", rows, ("A3:D3", "A5:D5"))))
    assert outline(edition) == ["1 1 安心", "声かけ", "1 2 元気", "体操", "再掲 1"]


def test_what_a_repeat_says_otherwise_is_named_and_one_without_its_item_stays_an_item(tmp_path: Path) -> None:
    text = """計画
NO,事業名,担当課,状況
1 安心
1,声かけ,福祉課,実施
2,体操,健康課,未実施
2 元気
1,声かけ(再掲),市民課,実施
3,散歩(再掲),健康課,実施
"""
    found = adopted(comma_separated(tmp_path / "list.csv", text))
    assert outline(edition_of(found)) == ["1 1 安心", "声かけ", "体操", "1 2 元気", "再掲 1", "散歩(再掲)"]
    assert [reason for reason, places in found.account.left_by_reason().items() if (7, 3) in places] == [
        "再掲の行にあり、元の項目と違う記載(必要なら、元の項目に書き足してください)"
    ]
    assert "    C7「市民課」" in describe(found, TARGET)
    assert any("B8「散歩(再掲)」" in decision for decision in found.account.decisions)


def test_what_stands_around_the_table_is_taken_for_what_it_is(tmp_path: Path) -> None:
    rows: Rows = [
        [None, None, None, None, "資料2"],
        ["みどり市緑化計画 進捗状況"],
        [None, None, None, None, "令和6年3月31日現在"],
        ["この一覧は、毎年度公表しています。"],
        ["NO", "事業名", "担当課", "状況", "内容"],
        [1, "植樹", "みどり課", "〇", "植えた。※1"],
        ["1/2"],
        ["NO", "事業名", "担当課", "状況", "内容"],
        [2, "花壇", "みどり課", "△", "続きは次の行に"],
        [None, None, None, None, "書いた。"],
        ["合計", None, None, 2],
        ["凡例", "○", "実施済"],
        [None, "△", "一部実施"],
        ["※1", "松と杉"],
        ["問い合わせは、みどり課まで。"],
    ]
    found = adopted(workbook(tmp_path / "list.xlsx", rows))
    data = data_of(found.text)
    assert {key: data[key] for key in ("表題", "自治体", "現在日", "資料番号", "前文", "後文", "注")} == {
        "表題": "みどり市緑化計画 進捗状況",
        "自治体": "みどり市",
        "現在日": "令和6年3月31日",
        "資料番号": "資料2",
        "前文": "この一覧は、毎年度公表しています。",
        "後文": "問い合わせは、みどり課まで。",
        "注": {"1": "松と杉"},
    }
    assert data["欄"]["状況"]["凡例"] == {"○": "実施済", "△": "一部実施"}
    # 〇 (the number) for ○: read as what it can only mean, and said.
    assert data["事業名"][0]["状況"] == "○"
    assert "「状況」の「〇」1個は、「○」と読みました。" in found.account.decisions
    assert data["事業名"][1]["内容"] == "続きは次の行に\n書いた。"
    reasons = {reason.partition("(")[0]: ranges(places) for reason, places in found.account.left_by_reason().items()}
    assert reasons == {"ページ番号": "A7", "表の見出しの繰り返し": "A8〜E8", "合計の行": "A11、D11"}


def test_numbers_are_taken_as_excel_shows_them(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    workbook(path, [["一覧"], ["NO", "事業名", "予算", "達成率", "完了日", "状況"]])
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet
    sheet.append([1, "道", 12500, 0.5, date(2024, 3, 31), "完了"])
    sheet.append([2, "橋", -300, 0.385, None, "継続"])
    for row in (3, 4):
        sheet.cell(row, 3).number_format = '#,##0"円";"▲"#,##0"円"'
        sheet.cell(row, 4).number_format = "0.0%"
    sheet["B4"].font = Font(strike=True)
    sheet["G3"] = "=C3*2"  # openpyxl writes no result of it
    book.create_sheet("覚え書き")["A1"] = "メモ"
    book.save(path)
    found = adopted(path)
    data = data_of(found.text)
    assert data["欄"]["予算"] == {"種類": "数", "単位": "円"}
    assert data["欄"]["達成率"] == {"種類": "数", "単位": "%"}
    assert data["欄"]["完了日"] == {"種類": "日付"}
    assert [(item["予算"], item["達成率"]) for item in data["事業名"]] == [("12,500", "50.0"), ("▲300", "38.5")]
    said = "\n".join(describe(found, TARGET))
    assert "結果が保存されていない式(表計算ソフトで開いて保存し直すと、取り込めます): G3" in said
    assert "シート「覚え書き」(記入のあるセル 1個)" in said
    assert "取り消し線のある文字も、そのまま取り込みました。消す文字は、元データから除いてください(B4)。" in said


@pytest.mark.parametrize("first_day", [CALENDAR_WINDOWS_1900, CALENDAR_MAC_1904])
def test_days_are_those_that_excel_shows_on_windows_and_on_macos(first_day: datetime, tmp_path: Path) -> None:
    path = workbook(tmp_path / "list.xlsx", [["計画"], ["NO", "事業名", "完了日"]])
    book = openpyxl.load_workbook(path)
    book.epoch = first_day
    assert book.active
    book.active.append([1, "道", date(2024, 3, 31)])
    book.save(path)
    (item,) = data_of(adopted(path).text)["事業名"]
    assert item["完了日"] == "2024-03-31"


def test_a_file_of_excel_for_windows_and_one_with_macros_are_read(tmp_path: Path) -> None:
    text = '計画\r\nNO,事業名,担当課\r\n1,"声かけ\r\n訪問",福祉課\r\n2,体操,健康課\r\n'
    found = adopted(comma_separated(tmp_path / "list.csv", text, "cp932"))
    assert outline(edition_of(found)) == ["声かけ訪問", "体操"]
    path = workbook(tmp_path / "list.xlsx", [["計画"], ["NO", "事業名", "担当課"], [1, "体操", "健康課"]])
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/vbaProject.bin", b"macros")
    assert adopt(path.rename(tmp_path / "list.xlsm"), TARGET).items == 1


def test_a_cell_that_is_no_sound_value_is_named_by_its_place(tmp_path: Path) -> None:
    name = "長" * 501
    found = adopted(comma_separated(tmp_path / "list.csv", f"計画\nNO,事業名,担当課\n1,{name},福祉課\n2,体操,健康課\n"))
    (problem,) = found.problems
    assert re.match(r"source/new.yaml:[0-9]+:[0-9]+: セル B3: E208: ", problem)


def test_a_cell_left_empty_is_to_be_filled_in(tmp_path: Path) -> None:
    rows = ["1,甲,継続,5", "2,乙,完了,6", "3,丙,,"]
    found = adopted(comma_separated(tmp_path / "list.csv", "\n".join(["計画", "NO,事業名,今後の方向,件数", *rows])))
    last = data_of(found.text)["事業名"][2]
    assert (last["今後の方向"], last["件数"]) == ("未記入", "未記入")
    assert found.warnings == 2


def test_a_range_and_a_sheet_choose_the_table(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "list.xlsx",
        [
            ["計画"],
            ["NO", "事業名", "担当課"],
            [1, "甲", "福祉課"],
            [2, "乙", "福祉課"],
            ["NO", "会議", "担当課"],
            [1, "丙", "総務課"],
        ],
    )
    assert outline(edition_of(adopted(path, area="A5:C6"))) == ["丙"]
    book = openpyxl.load_workbook(path)
    book.copy_worksheet(book["Sheet"]).title = "昨年度"
    book.save(path)
    with pytest.raises(UsageError, match="表のあるシートが2枚あります"):
        adopt(path, TARGET)
    with pytest.raises(UsageError, match="シート「一覧」はありません"):
        adopt(path, TARGET, "一覧")
    with pytest.raises(UsageError, match="範囲として読めません"):
        adopt(path, TARGET, "昨年度", "A5")
    assert adopted(path, "昨年度").items == 3


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("list.xlsx", b"", "空のファイルです。"),
        (
            "list.xlsx",
            b"%PDF-1.7",
            "PDFです。一覧の表を表計算ソフトにコピーし、「Excel ブック(.xlsx)」として保存してから",
        ),
        ("list.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"x", "古い形式"),
        ("list.csv", b"\xff\xfe\x00\xd8", "文字コードが"),
        ("list.csv", b"a\0b,c\n", "文字でないデータが入っています"),
        ("list.csv", b'a,"b\n', "CSVとして読めません"),
        ("list.csv", b"\n\n", "空のファイルです。"),
        ("list.csv", "ただの文\n次の文\n".encode(), "一覧の表が見つかりません。"),
        ("list.csv", b"1,2\n3,4\n5,6\n", "一覧の表が見つかりません。"),
        ("list.csv", "計画\n事業名\n声かけ\n体操\n".encode(), "一覧の表が見つかりません。"),
        ("missing.xlsx", None, "ファイルがありません。"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_what_to_do(
    tmp_path: Path, name: str, data: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(AdoptError, match=re.escape(message)) as refused:
        adopt(path, TARGET)
    assert "照会票" not in str(refused.value)


def test_names_with_another_meaning_are_keys_of_another_name(tmp_path: Path) -> None:
    text = "計画\nNO,名称,印,担当課\n1,甲,あ,福祉課\n2,乙,い,福祉課\n"
    edition = edition_of(adopted(comma_separated(tmp_path / "list.csv", text)))
    assert [(column.key, column.head) for column in edition.columns] == [
        *(("NO", "NO"), ("取組", "名称")),
        *(("印欄", "印"), ("担当課", "担当課")),
    ]


def test_what_is_merged_over_several_items_is_said_of_each(tmp_path: Path) -> None:
    rows: Rows = [
        ["計画"],
        ["NO", "事業名", "担当課", "状況", "備考"],
        [1, "声かけ", "福祉課", "実施", "広報"],
        [2, "訪問", None, "未実施", "同上"],
        [3, "体操", "健康課", "実施", "〃"],
        [4, "散\n歩", None, "未実施", None],
    ]
    found = adopted(workbook(tmp_path / "list.xlsx", rows, ("C3:C4", "C5:C6")))
    items = data_of(found.text)["事業名"]
    assert [item["担当課"] for item in items] == ["福祉課", "福祉課", "健康課", "健康課"]
    assert [item.get("備考") for item in items] == ["広報", "広報", "広報", None]
    assert items[3]["名称"] == "散歩"
    for said in ("縦に結合されたセル", "「同上」や「〃」", "名称の中の改行"):
        assert any(said in decision for decision in found.account.decisions)


def test_headings_are_known_by_the_style_of_their_numbers_and_go_on_over_pages(tmp_path: Path) -> None:
    rows: Rows = [
        ["計画"],
        [None, None, "A：できた", "B：まだ"],
        ["番号", "取組", "担当課", "評価"],
        ["1", "安心して暮らす"],
        ["1-1", "声かけ", "福祉課", "A"],
        ["1-2", "訪問", "福祉課", "B"],
        ["番号", "取組", "担当課", "評価"],
        ["1", "安心して暮らす(続き)"],
        ["1-3", "街灯", "土木課", "A"],
        ["2", "元気に暮らす"],
        ["2-1", "体操", "健康課", "B"],
    ]
    edition = edition_of(adopted(workbook(tmp_path / "list.xlsx", rows)))
    assert outline(edition) == ["1 1 安心して暮らす", "声かけ", "訪問", "街灯", "1 2 元気に暮らす", "体操"]
    assert edition.main
    assert edition.main.words == {"A": "できた", "B": "まだ"}


def test_texts_in_rows_below_the_items_are_a_column_below(tmp_path: Path) -> None:
    rows: Rows = [
        ["計画"],
        ["NO", "取組", "担当課", "評価"],
        [1, "声かけ", "福祉課", "順調"],
        ["取組内容：毎月2回、地区を回った。"],
        [2, "訪問", "福祉課", "遅れ"],
        ["取組内容：訪問先を増やした。"],
    ]
    found = adopted(workbook(tmp_path / "list.xlsx", rows, ("A4:D4", "A6:D6")))
    data = data_of(found.text)
    assert data["欄"]["取組内容"] == {"種類": "文章", "段落": "下"}
    assert data["取組"][1]["取組内容"] == "取組内容：訪問先を増やした。"


def test_a_list_too_wide_for_a4_is_printed_on_a3(tmp_path: Path) -> None:
    heads = ["NO", "事業名", *(f"第{number}期の内容" for number in range(1, 17))]
    rows: Rows = [["計画"], heads, *([number, f"事業{number}", *["実施した。"] * 16] for number in (1, 2, 3))]
    data = data_of(adopted(workbook(tmp_path / "list.xlsx", rows)).text)
    assert data["用紙"] == "A3横"


def test_what_stands_beside_the_table_or_in_a_head_that_is_too_long_is_named(tmp_path: Path) -> None:
    head = "令和5年度に実施した取組の内容及びその成果並びに今後の課題について"
    rows: Rows = [
        ["計画"],
        ["NO", "事業名", head],
        [1, "声かけ", "毎月、地区を回った。"],
        [2, "訪問", "訪問先を増やした。", None, "要確認"],
    ]
    found = adopted(workbook(tmp_path / "list.xlsx", rows))
    assert "    E4「要確認」" in describe(found, TARGET)
    (problem,) = found.problems
    assert ": セル C2: E208: " in problem


def test_a_cell_that_a_mistake_of_ours_would_lose_is_named_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        stages, "write_source", lambda *given: [line for line in write_source(*given) if "体操" not in line[0]]
    )
    path = workbook(
        tmp_path / "list.xlsx", [["計画"], ["NO", "事業名", "担当課"], [1, "声かけ", "福祉課"], [2, "体操", "健康課"]]
    )
    said = describe(adopt(path, TARGET), TARGET)
    assert "    B4「体操」" in said


def test_a_legend_that_no_column_uses_and_the_head_of_an_empty_column_are_named(tmp_path: Path) -> None:
    text = "計画\n評価：◎＝よい ○＝ふつう\n区分,NO,事業名,状況\n,1,声かけ,実施\n,2,訪問,未実施\n"
    found = adopted(comma_separated(tmp_path / "list.csv", text))
    assert {ranges(places) for places in found.account.left_by_reason().values()} == {"A2", "A3"}


@pytest.mark.parametrize(
    ("number", "number_format", "text"),
    [
        ("1234.5", "General", "1234.5"),
        ("1234.5", "#,##0", "1,235"),
        ("2.5", "0", "3"),
        ("0.125", "0.00", "0.13"),
        ("1.10", "0.00", "1.10"),
        ("1.1", "#.#0", "1.10"),
        ("2", "0.0#", "2.0"),
        ("2.25", "0.0#", "2.25"),
        ("2", "#.##", "2"),
        ("100", "#", "100"),
        ("7", "000", "007"),
        ("12", "0,000", "0,012"),
        ("-7", "000", "-007"),
        ("-1234", "#,##0", "-1,234"),
        ("-1234", "#,##0;▲#,##0", "▲1,234"),
        ("-5", '0"円";"▲"0"円"', "▲5円"),
        ("-5", "0;(0)", "(5)"),
        ("-0.4", "0", "0"),
        ("0", '0"件";-0;0"個"', "0個"),
        ("-1", '0"件";-0;0"個"', "-1"),
        ("1", '0"件";-0;0"個"', "1件"),
        ("0", '0;-0;"なし"', "0"),
        ("12345678", "#,##0,", "12,346"),
        ("1234567", "0.0,,", "1.2"),
        ("0.385", "0.0%", "38.5%"),
        ("3", '"約" 0\\人', "約3人"),
        ("3", "[Red]0_ ", "3"),
        ("3", "*-0", "3"),
        ("1500", "0.00E+00", "1500"),
        ("0.5", "# ?/?", "0.5"),
        ("3.0", "@", "3.0"),
        ("1E+21", "0", "1000000000000000000000"),
        ("about 3", "0", "about 3"),
    ],
)
def test_a_number_is_shown_as_its_format_says(number: str, number_format: str, text: str) -> None:
    assert shown(Value(number, "number", number_format=number_format)) == text


@pytest.mark.parametrize(
    ("reference", "area"),
    [
        ("A3:G84", (3, 1, 84, 7)),
        ("$A$3:$G$84", (3, 1, 84, 7)),
        ("G84:A3", (3, 1, 84, 7)),
        ("A84:G3", (3, 1, 84, 7)),
        ("B2", (2, 2, 2, 2)),
        ("AA10:AZ11", (10, 27, 11, 52)),
        ("A1:XFD1048576", (1, 1, 1048576, 16384)),
        ("A3:", None),
        ("3A:4B", None),
        ("A3:G84:H9", None),
    ],
)
def test_a_range_is_written_as_in_excel(reference: str, area: tuple[int, int, int, int] | None) -> None:
    assert area_of(reference) == area


def test_the_places_of_cells_are_named_as_in_excel() -> None:
    assert [place_name((9, column)) for column in (1, 26, 27, 52, 53, 702, 703, 16384)] == [
        *("A9", "Z9", "AA9", "AZ9", "BA9", "ZZ9", "AAA9", "XFD9")
    ]
    assert ranges([(1, 1), (3, 4), (3, 2), (3, 3), (4, 5), (3, 6)]) == "A1、B3〜D3、F3、E4"
    assert ranges([]) == ""


@pytest.mark.parametrize(
    ("text", "style", "label", "rest"),
    [
        ("Ⅰ 安心", "ローマ数字", "Ⅰ", "安心"),
        ("IV. 安心", "ローマ数字", "IV.", "安心"),
        ("第1章 安心", "第", "第1章", "安心"),
        ("第三節：安心", "第", "第三節：", "安心"),
        ("1-1 声かけ", "枝番", "1-1", "声かけ"),
        ("（２）声かけ", "括弧", "（２）", "声かけ"),
        ("3)声かけ", "片括弧", "3)", "声かけ"),
        ("㉑声かけ", "丸", "㉑", "声かけ"),
        ("１．声かけ", "算用数字", "１．", "声かけ"),
        ("一 安心", "漢数字", "一", "安心"),
        ("(ア)声", "仮名", "(ア)", "声"),
        ("A 声", "英字", "A", "声"),
        ("施策2-1：防災", "語", "施策2-1：", "防災"),
        ("第1安心", "", "", "第1安心"),
        ("10-20% 削減", "", "", "10-20% 削減"),
        ("24時間", "", "", "24時間"),
        ("一人", "", "", "一人"),
        ("1 ", "", "", "1 "),
    ],
)
def test_the_number_before_a_name_is_told_from_the_name(text: str, style: str, label: str, rest: str) -> None:
    assert split(text) == (style, label, rest)


def test_a_cell_with_nothing_but_a_number_is_known() -> None:
    for text in ("12", "1-1", "1-1-1-1-1", "(3)", "12)", "⑩", "Ⅱ", "XIV", "第3", "A", "ア", "1.", " 1 "):
        assert is_number(text), text
    for text in ("12345", "1-1-1-1-1-1", "AB", "1年", "声"):
        assert not is_number(text), text


@pytest.mark.parametrize(
    ("names", "numbering"),
    [
        (["Ⅰ 甲", "Ⅱ 乙"], "ローマ数字"),
        (
            ["I 甲", "II 乙", "III 丙", "IV 丁", "V 戊", "VI 己", "VII 庚", "VIII 辛", "IX 壬", "X 癸", "XI 子"],
            "ローマ数字",
        ),
        (["Ⅰ 甲", "Ⅲ 乙"], "自由"),
        (["(1)甲", "(2)乙"], "括弧"),
        (["（１）甲", "（２）乙"], "括弧"),
        (["(2)甲"], "自由"),
        (["1 甲", "2 乙"], "算用数字"),
        (["1 甲", "乙"], "自由"),
        (["1. 甲", "2. 乙"], "自由"),
        (["(1)甲", "2 乙"], "自由"),
        (["第1 甲"], "自由"),
        (["甲", "乙"], "なし"),
    ],
)
def test_only_numbers_that_come_out_as_typed_are_counted(names: list[str], numbering: str) -> None:
    assert numbering_of([[split(name) for name in names]]) == numbering
    assert numbering_of([[split(name) for name in names], [split(names[0])]]) == numbering


# A line between the title さくら市計画 and the table, and what it says; or another title.
LINES_ABOVE: dict[str, dict[str, Any]] = {
    "令和6年3月31日現在": {"現在日": "令和6年3月31日"},
    "（R6.3.31現在）": {"現在日": "令和6年3月31日"},
    "2024/3/31 現在": {"現在日": "令和6年3月31日"},
    "令和六年現在": {"前文": "令和六年現在"},
    "令和6年3月32日現在": {"前文": "令和6年3月32日現在"},
    "資料１－２": {"資料番号": "資料１－２"},
    "【資料2】": {"資料番号": "資料2"},
    "資料223": {"前文": "資料223"},
    "令和5年度": {"年度": "令和5年度"},
    "令和5年": {"前文": "令和5年"},
    "総務課": {"担当課": "総務課"},
    "みどり市": {"前文": "みどり市"},
    "※1 集計中": {"注": {"1": "集計中"}},
    "＊２　集計中": {"注": {"2": "集計中"}},
    "※ 集計中": {"前文": "※ 集計中"},
    "※1 集計中\n※1 推計": {"注": {"1": "集計中"}, "前文": "※1 推計"},
    "※1,集計中": {"注": {"1": "集計中"}},
    "※2030年に見直す": {"前文": "※2030年に見直す"},
    "令和6年3月31日現在\n令和5年3月31日現在": {"現在日": "令和6年3月31日", "前文": "令和5年3月31日現在"},
    "資料1\n資料2": {"資料番号": "資料1", "前文": "資料2"},
    "令和5年度\n令和4年度": {"年度": "令和5年度", "前文": "令和4年度"},
    "総務課\n企画課": {"担当課": "総務課", "前文": "企画課"},
}
TITLES: dict[str, dict[str, Any]] = {
    "さくら市計画(令和5年度)": {"表題": "さくら市計画", "自治体": "さくら市", "年度": "令和5年度"},
    "計画（令和5年度版）": {"表題": "計画", "年度": "令和5年度"},
    "令和5年度\n計画(令和4年度)": {"表題": "計画(令和4年度)", "年度": "令和5年度"},
    "(令和5年度)": {"表題": "一覧", "前文": "(令和5年度)"},
    "総務課": {"表題": "総務課"},
    "大阪府計画": {"表題": "大阪府計画", "自治体": "大阪府"},
    "山口市場計画": {"表題": "山口市場計画"},
    "あ" * 100: {"表題": "あ" * 100},
    "あ" * 101: {"表題": "一覧", "前文": "あ" * 101},
    "計画です。": {"表題": "一覧", "前文": "計画です。"},
    "※計画": {"表題": "一覧", "前文": "※計画"},
}


@pytest.mark.parametrize(
    ("above", "said"),
    [
        *(
            (f"さくら市計画\n{line}", {"表題": "さくら市計画", "自治体": "さくら市", **said})
            for line, said in LINES_ABOVE.items()
        ),
        *TITLES.items(),
    ],
    ids=[*LINES_ABOVE, *TITLES],
)
def test_a_line_above_the_table_is_taken_for_what_it_says(tmp_path: Path, above: str, said: dict[str, Any]) -> None:
    table = "NO,事業名,担当課\n1,声かけ,福祉課\n2,体操,健康課\n"
    data = data_of(adopted(comma_separated(tmp_path / "list.csv", f"{above}\n{table}")).text)
    assert {key: data[key] for key in data if key not in ("段", "項目", "欄", "事業名")} == said


SYMBOLS = {"種類": "記号", "凡例": {"◎": "よい", "○": "ふつう"}, "集計": "主"}
TERMS = {"種類": "語", "語": ["◎", "○"], "集計": "主"}


@pytest.mark.parametrize(
    ("line", "spec"),
    [
        ("評価：◎＝よい　○＝ふつう", SYMBOLS),
        ("凡例：◎…よい、○…ふつう", SYMBOLS),
        ("◎：よい／○：ふつう", SYMBOLS),
        ("【凡例】 ◎ よい ○ ふつう", SYMBOLS),
        ("達成度の凡例 ◎=よい ○=ふつう", SYMBOLS),
        ("◎＝よい\n○＝ふつう", SYMBOLS),
        ("凡例,◎,よい\n,○,ふつう", SYMBOLS),
        ("◎＝よい", TERMS),
        ("◎＝よい\n\n○＝ふつう", TERMS),
        ("◎=よい ◎=ふつう", TERMS),
        ("◎= ○=ふつう", TERMS),
        ("A=よい B=ふつう", TERMS),
    ],
)
def test_a_legend_is_known_however_it_is_written(tmp_path: Path, line: str, spec: dict[str, Any]) -> None:
    table = "NO,事業名,評価\n1,声かけ,◎\n2,体操,○\n3,散歩,◎\n"
    data = data_of(adopt(comma_separated(tmp_path / "list.csv", f"計画\n{line}\n{table}"), TARGET).text)
    assert data["欄"]["評価"] == spec


@pytest.mark.parametrize(("cells", "kind"), [("◎○△", "記号"), ("◎△△", "語"), ("◎○△△", "語")])
def test_a_legend_that_names_a_column_is_its_own_if_it_has_most_of_its_symbols(
    tmp_path: Path, cells: str, kind: str
) -> None:
    rows = "".join(f"{number},取組{number},{cell}\n" for number, cell in enumerate(cells, 1))
    path = comma_separated(tmp_path / "list.csv", f"計画\n自己評価：◎＝よい　○＝ふつう\nNO,事業名,評価\n{rows}")
    assert data_of(adopt(path, TARGET).text)["欄"]["評価"]["種類"] == kind


TEXT, PROSE, FIGURES = {"種類": "文字"}, {"種類": "文章"}, {"種類": "数"}


def terms(*words: str, main: bool = False) -> dict[str, Any]:
    return {"種類": "語", "語": [*words], **({"集計": "主"} if main else {})}


WORDS = [f"語{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTU"]
# The head of a column and its cells; what kind of column that is.
COLUMNS: list[tuple[str, list[str], dict[str, Any]]] = [
    ("期限", ["令和6年3月31日", "令和7年4月1日", "-"], {"種類": "日付"}),
    ("期限", ["令和6年3月31日", "随時", "未定"], TEXT),
    ("件数", ["10件", "5件", "-"], {**FIGURES, "単位": "件"}),
    ("件数", ["10件", "5人", "3件"], FIGURES),
    ("件数", ["10", "", "3"], FIGURES),
    ("件数", ["10", "△5", "3.5"], FIGURES),
    ("件数", ["10", "5", "3", "多", "少"], TEXT),
    ("割合", ["5%", "6 %", "7％"], {**FIGURES, "単位": "%"}),
    ("件数", ["10", "多数", "3", "4"], TEXT),
    ("件数", ["10〜20", "3", "4", "5"], TEXT),
    ("件数", ["-", "-", "皆増"], TEXT),
    ("件数", [f"{number}{'あ' * 8}" for number in (1, 2, 3)], {**FIGURES, "単位": "あ" * 8}),
    ("件数", [f"{number}{'あ' * 9}" for number in (1, 2, 3)], TEXT),
    ("実績(R3)", ["1", "2", "3"], FIGURES),
    ("状況", ["実施", "未実施", "検討中"], terms("実施", "未実施", "検討中", main=True)),
    ("状況", ["甲", "乙", "甲"], terms("甲", "乙", main=True)),
    ("状況", ["甲", "乙", "丙"], TEXT),
    ("状況", ["甲", "乙", "丙", "丁", "戊", "己", "庚", "甲", "乙", "丙"], terms(*"甲乙丙丁戊己庚", main=True)),
    ("状況", ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "甲", "乙"], TEXT),
    ("状況", ["語" * 12, "乙", "乙"], terms("語" * 12, "乙", main=True)),
    ("状況", ["語" * 13, "乙", "乙"], TEXT),
    ("状況", ["甲。", "乙", "乙", "乙"], PROSE),
    ("状況", WORDS[:20] * 2, terms(*WORDS[:20], main=True)),
    ("状況", WORDS[:21] * 2, TEXT),
    ("状況", ["甲", "甲", "", ""], terms("甲", main=True)),
    ("状況", ["甲", "甲", "", "", ""], TEXT),
    ("ほか", ["甲"] * 4, terms("甲")),
    ("ほか", ["甲"] * 3, TEXT),
    ("ほか", ["甲", "甲", "甲", "乙", "乙", "乙"], terms("甲", "乙")),
    ("ほか", ["甲", "甲", "甲", "乙", "乙"], TEXT),
    ("ほか", ["甲"] * 7 + [""] * 3, terms("甲")),
    ("ほか", ["甲"] * 6 + [""] * 3, TEXT),
    ("ほか", ["長" * 41, "短", "短い"], PROSE),
    ("ほか", ["長" * 40, "短", "短い"], TEXT),
    ("ほか", ["文。", "短", "短い"], PROSE),
    ("内容", ["短", "短い", "短め"], PROSE),
    ("評価", ["A", "B", "A"], terms("A", "B", main=True)),
    ("評価", ["A", "-", "-"], TEXT),
    ("備考", ["", "", ""], TEXT),
    ("備考", ["-", "-", "-"], TEXT),
    (
        "今後の方向",
        ["継続", "完了", "拡充"],
        {"種類": "語", "語": {"継続": "継続", "完了": "終了", "拡充": "継続"}, "行方": "true"},
    ),
    ("ほか", ["継続", "完了", "継続"], {"種類": "語", "語": {"継続": "継続", "完了": "終了"}, "行方": "true"}),
    ("ほか", ["継続", "拡充", "継続"], terms("継続", "拡充")),
    ("ほか", ["推進", "完了", "推進"], terms("推進", "完了")),
    ("担当", ["総務課", "税務課、市民", "企業", "市民"], {"種類": "課"}),
    ("担当", ["総務課", "市民", "企業"], TEXT),
    ("ほか", ["総務課", "財政課", "税務課"], TEXT),
]


@pytest.mark.parametrize(("head", "values", "spec"), COLUMNS)
def test_a_column_is_of_the_kind_of_its_cells(
    tmp_path: Path, head: str, values: list[str], spec: dict[str, Any]
) -> None:
    rows = [f"{number},取組{number},{value}\n" for number, value in enumerate(values, 1)]
    found = adopt(comma_separated(tmp_path / "list.csv", f"計画\nNO,事業名,{head}\n{''.join(rows)}"), TARGET)
    (only,) = data_of(found.text)["欄"].values()
    assert only == spec


def test_what_excel_hides_marks_or_lays_over_the_cells_is_named(tmp_path: Path) -> None:
    heads = ["NO", "事業名", "担当課", "状況", "備考", "内部"]
    items = [[number, f"取組{number}", "福祉課", "実施", None, "密"] for number in (1, 2, 3)]
    path = workbook(tmp_path / "list.xlsx", [["計画"], heads, *items])
    book = openpyxl.load_workbook(path)
    sheet = book["Sheet"]
    sheet["B3"].comment = Comment("確かめる\nこと", "甲")
    sheet["E4"], sheet["E4"].data_type = "#N/A", "e"
    sheet.row_dimensions[5].hidden = True
    sheet.column_dimensions["F"].hidden = True
    other = book.create_sheet("控え")
    other["A1"], other.sheet_state = "古い", "hidden"
    book.create_sheet("空").sheet_state = "hidden"
    book.save(path)
    said = "\n".join(describe(adopted(path), TARGET))
    assert (
        "  シート「控え」(記入のあるセル 1個)\n  シート「控え」は、非表示です。\n  B3 のコメント「確かめる こと」"
        in said
    )
    assert "エラー値のセルがあります。正しい記載に改めてください(E4)。" in said
    assert "非表示の行か列にあるセルも、取り込みました(F2、F3、F4、A5〜D5、F5)。" in said
    assert "シート「空」" not in said
    texts = Book({}, (), (), ("図の\n中", "  "), 2)
    assert [*cells._beside(texts)] == ["図形の中の文字「図の 中」", "画像 2個"]


def test_ranges_of_hidden_columns_may_lie_on_each_other() -> None:
    assert cells._columns_in([(6, 7), (2, 4), (3, 3), (4, 5), (16_384, 99_999)]) == {*range(2, 8), 16_384}
    assert len(cells._columns_in([(1, 16_384)] * 20_000)) == 16_384  # a hostile file; one by one they take minutes


@pytest.mark.parametrize(
    ("count", "named", "shown_too"),
    [
        (30, "A8、A9、A10", True),
        (31, "A8、A9、A10", False),
        (2_000, "、A2003\n", False),
        (2_001, "、A2003ほか\n", False),
    ],
)
def test_cells_that_are_left_out_are_named_and_a_few_of_them_shown(
    tmp_path: Path, count: int, named: str, shown_too: bool
) -> None:
    table = "NO,事業名,担当課\n1,声かけ,福祉課\n2,体操,健康課\n"
    path = comma_separated(tmp_path / "list.csv", table + "".join(f"控え{at}\n" for at in range(count)))
    said = "\n".join([*describe(adopt(path, TARGET, None, "A1:C3"), TARGET), ""])
    assert named in said
    assert ("「控え4」" in said) == shown_too


def test_the_head_of_a_number_column_without_numbers_is_named_as_left_out(tmp_path: Path) -> None:
    path = comma_separated(tmp_path / "list.csv", "計画\nNO,事業名,担当課\n,声かけ,福祉課\n,体操,健康課\n")
    said = "\n".join(describe(adopt(path, TARGET), TARGET))
    assert "何も書かれていない列の見出し" in said
    assert "A2" in said


def test_a_table_of_nothing_but_headings_is_refused(tmp_path: Path) -> None:
    rows: Rows = [["計画"], ["事業名", "担当課", "状況"], ["安心して暮らす"], ["元気に暮らす"]]
    with pytest.raises(AdoptError, match=r"項目の名称の列が見つかりません。"):
        adopt(workbook(tmp_path / "list.xlsx", rows, ("A3:C3", "A4:C4")), TARGET)


def test_more_levels_of_headings_than_a_form_has_are_refused(tmp_path: Path) -> None:
    def table(levels: int) -> Path:
        heads = "".join(f"段{at}," for at in range(levels))
        texts = "".join(f"見出し{at}," for at in range(levels))
        rows = f"{texts}1,声かけ,福祉課\n{',' * levels}2,体操,健康課\n{',' * levels}3,散歩,健康課\n"
        return comma_separated(tmp_path / "list.csv", f"計画\n{heads}NO,事業名,担当課\n{rows}")

    assert len(edition_of(adopted(table(MAX_LEVELS))).form.levels) == MAX_LEVELS
    with pytest.raises(AdoptError, match=f"見出しの段が{MAX_LEVELS + 1}段あります"):
        adopt(table(MAX_LEVELS + 1), TARGET)


@pytest.mark.parametrize("limit", ["MAX_CELLS", "MAX_ROW", "MAX_COLUMN"])
def test_a_csv_file_may_be_as_large_as_the_limits(limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = comma_separated(tmp_path / "list.csv", "計画\nNO,事業名,担当課\n1,声かけ,福祉課\n")
    monkeypatch.setattr(cells, limit, 7 if limit == "MAX_CELLS" else 3)
    assert adopted(path).items == 1
    monkeypatch.setattr(cells, limit, 6 if limit == "MAX_CELLS" else 2)
    with pytest.raises(AdoptError, match="行かセルの数が多すぎます"):
        adopt(path, TARGET)


def test_cells_that_are_merged_over_many_rows_are_followed_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [[f"{number}", f"取組{number}", "福祉課" if number == 1 else ""] for number in range(1, 7)]
    book = by_chance.sheet_of([["NO", "事業名", "担当課"], *items], "C2:C5", "C6:C7")
    monkeypatch.setattr(rows_of_lists, "MAX_ROW", 2)
    assert by_chance.adopted(book).count("担当課: 福祉課") == 3
    monkeypatch.setattr(rows_of_lists, "MAX_ROW", 3)
    assert by_chance.adopted(book).count("担当課: 福祉課") == 4


def as_an_office_has_it(edition: Edition, path: Path, in_columns: bool) -> Path:
    """The list of `edition` in a workbook: headings in rows across the table, or in leading columns, blank below."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    heads = [(column, year) for column in edition.columns for year in column.years or ("",)]
    has_units = any(one.kind == "figure" and not one.unit for one in edition.columns)
    units = len(heads) + 1 if has_units else 0
    sheet.append([edition.title])
    for column in edition.columns:
        if column.kind == "symbol":
            sheet.append(
                [f"{column.head}：{'　'.join(f'{key}＝{said}' for key, said in (column.words or {}).items())}"]
            )
    top = sheet.max_row + 2
    for at, (column, year) in enumerate(heads, 1):
        if not year or heads[at - 2][0] is not column:
            sheet.cell(top, at, column.head)
        if year:
            sheet.cell(top + 1, at, year)
    if has_units:
        sheet.cell(top, units, "単位")
    row = top + 1 + any(year for _, year in heads)
    for headings, line in edition.lines():
        if line is None:
            sheet.cell(row, len(headings), headings[-1].title)
            row += not in_columns
            continue
        item = edition.items[line.number]
        for at, (column, year) in enumerate(heads, 1):
            match column.kind:
                case "level":
                    continue
                case "number":
                    text = item.label if column.field == "own_label" else str(item.number)
                case "name":
                    marks = "".join(f"【{mark}】" for mark in item.marks)
                    text = f"{marks}{item.name}{'' if line is item else '【再掲】'}"
                case _:
                    text = "-" if line is not item else item.texts(column)[column.years.index(year) if year else 0]
            unit = column.unit if text[-1:].isdigit() else ""
            sheet.cell(row, at, f"{text}{unit}" or None)
        if has_units:
            sheet.cell(
                row,
                units,
                next(item.unit_of(one) for one in edition.columns if one.kind == "figure" and not one.unit) or None,
            )
        row += 1
    for number, note in edition.notes.items():
        sheet.cell(row + 1, 1, f"※{number} {note}")
        row += 1
    book.save(path)
    return path


@pytest.mark.parametrize("in_columns", [False, True], ids=["rows", "columns"])
@pytest.mark.parametrize("name", ["departments", "flat", "grades", "legend", "levels", "numbers-r5", "words-r5"])
def test_a_list_of_any_form_comes_back_from_a_workbook(name: str, in_columns: bool, tmp_path: Path) -> None:
    wanted = read_edition(data_of((ROOT / f"tests/forms/{name}.yaml").read_text("utf-8")))
    read = edition_of(adopted(as_an_office_has_it(wanted, tmp_path / "list.xlsx", in_columns)))

    def lines(edition: Edition) -> list[Any]:
        found = []
        for headings, row in edition.rows():
            item = edition.items[row.number]
            cells = [(*item.texts(column), item.unit_of(column)) for column in edition.form.own]
            found.append(([one.title for one in headings], item.name, item.label, item.marks, row is item, cells))
        return found

    assert [(one.kind, one.head, one.years) for one in read.columns] == [
        (one.kind, one.head, one.years) for one in wanted.columns
    ]
    assert lines(read) == lines(wanted)
    assert read.notes == wanted.notes
