"""A list in somebody's own workbook becomes a source, and each of its cells is accounted for."""

import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from pipeline.errors import UsageError
from pipeline.model.edition import Edition, Item, read_edition
from pipeline.office.adopt import adopt as stages
from pipeline.office.adopt.adopt import Adopted, AdoptError, adopt, describe
from pipeline.office.adopt.edition import write_source
from pipeline.office.adopt.grid import ranges
from pipeline.source.tree import parse_source, plain
from pipeline.years.similarity import fold

from .conftest import ROOT

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
