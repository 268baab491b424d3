"""Open data: read by programs that nobody here wrote, and made into the same edition again."""

import csv
import io
import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import frictionless
import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.cli.command import main
from pipeline.documents.data import cells, json_file, open_data
from pipeline.documents.data.cells import escaped, unescaped
from pipeline.documents.data.csv_file import edition_from_csv
from pipeline.documents.data.json_file import (
    edition_from_json,
)
from pipeline.documents.report import report as report_on
from pipeline.errors import ProofError
from pipeline.library import Library
from pipeline.line import make
from pipeline.model.dates import western_year
from pipeline.model.edition import Edition, read_edition
from pipeline.model.form import BLANK, form_of
from pipeline.model.validation import Validated, validate
from pipeline.papers import data_of, report_of
from pipeline.proof import data as proof_data
from pipeline.proof.data import prove_data
from pipeline.source.limits import MAX_WORD
from pipeline.source.tree import parse_source

from .conftest import FORMS, HEALTHY, ROOT

ORIGINAL = (ROOT / "source/original.yaml").read_text("utf-8")

# Everything that spoils a CSV, in cells of every kind. Made up.
TRAPS = """\
表題: '=cmd|" /C calc"!A0'
自治体: '@市'
団体コード: 011002
公開: {ライセンス: '=CC BY 4.0', 問い合わせ先: "'課", 更新日: 2020-05-01, 更新頻度: '-', 更新履歴: [{日付: 2020/6/2, 内容: "+一\n二"}], 留意事項: "一\n\n三"}
年度: 令和元年度
現在日: 2020-03-31
担当課: 協働,推進課
資料番号: "'資料1"
案: true
前版: before
見出し: {推進方針: "政策の\\n柱", NO: 番号, 実施状況: 評価, 検証内容: '+α'}
凡例: {A: '=実施, "済"', B: "-", '+': 一部, '-': 未着手}
今後の取扱い: {'=完了': 終了, 継続: 継続, '-': 終了}
推進方針:
  - {名称: '方針,「一」"引用"'}
  - 名称: "方針\\n二"
    改ページ: true
    推進施策:
      - 名称: 空の施策
      - 名称: '-施策'
        改ページ: true
        推進項目:
          - {NO: 7, 名称: '+項目', 実施状況: '+', 今後の取扱い: '=完了', 検証内容: '-', 統合先: "'項目", 前版NO: [11, 12, 3]}
          - {NO: 2, 名称: "'項目", 実施状況: 未記入, 今後の取扱い: 未記入, 検証内容: "-1\\n=2,\\"三\\"\\n\\n四", 担当課: '@課'}
          - {NO: 3, 名称: " 　=項目", 実施状況: '-', 今後の取扱い: '-', 検証内容: "''二つ", 前版NO: [1]}
  - 名称: 方針三
    推進施策:
      - 名称: '-施策'
        推進項目:
          - 再掲: 7
          - {NO: 9, 名称: 辻\U000e0101と塚の項目, 実施状況: A, 今後の取扱い: 継続}
      - 名称: 施策三
        推進項目: [再掲: 9, 再掲: 2]
  - {名称: 方針四}
"""

EIGHT = HEALTHY.split("推進方針:")[0] + "推進方針:\n" + "".join(
    f"  - {{名称: 方針{n}, 推進施策: [{{名称: 施策, 推進項目: [{{NO: {n}, 名称: 項目{n}, 実施状況: ○, 今後の取扱い: 継続}}]}}]}}\n"
    for n in range(1, 9)
)  # fmt: skip

# Another form: own numbers, marks, notes, figures with units, also by year, dates, and a column that is called like one
# of every edition.
FIGURES = """\
表題: '=指標'
自治体: 試験市
年度: 令和5年度
前版: before
凡例の場所: 一ページ目
用紙: A3横
印: {新規: 新しい事業, '=重点': 重点の事業}
前文: "一行目\\n\\n三行目"
後文: '+後文'
注: {2: 二つ目の注, 1: '@一つ目の注'}
段: [{名称: 柱, 番号: 自由}, {名称: 分野, 番号: 算用数字}]
項目: {名称: 指標, 番号: 自由}
欄:
  所管: {種類: 課}
  年度: {種類: 文字}
  基準: {種類: 数, 単位: '%'}
  実績: {種類: 数, 年度: [令和4年度, R5, 目標]}
  期限: {種類: 日付}
  評価: {種類: 記号, 凡例: {A: 良い, '-': 悪い}, 集計: 主, 完了の記号: [A]}
  意見: {種類: 記号, 凡例: {'-': よい, A: わるい}}
  進み: {種類: 語, 語: [速い, 遅い]}
  今後: {種類: 語, 語: {続ける: 継続, やめる: 終了}, 行方: true, 完了の語: [やめる]}
  内容: {種類: 文章, 段落: 下}
見出し: {柱: "政策の\\n柱", 番号: 指標番号, 実績: 実績※1}
柱:
  - 番号: '-1'
    名称: 柱一
    分野:
      - 名称: 分野一
        改ページ: true
        指標:
          - {NO: 7, 番号: '1-1', 名称: 指標一, 印: ['=重点', 新規], 単位: 人/年, 所管: '@課', 年度: '-', 基準: '▲1,250.50', 実績: ['-86', '+3', なし], 期限: 2024/3/5, 評価: A, 意見: A, 進み: 速い, 今後: やめる, 内容: '=1', 統合先: 指標二, 前版NO: [3, 1]}
          - {NO: 2, 名称: 指標二, 基準: '-', 実績: [未記入, '1,284', 0.0000001], 期限: '-', 評価: 未記入, 意見: '-', 進み: 未記入, 今後: 未記入}
  - 名称: 柱二
    分野:
      - 名称: 分野二
        指標: [再掲: 7]
      - 名称: 空の分野
"""

# Without levels and without printed numbers.
FLAT = """\
表題: 平らな一覧
段: []
項目: {名称: 事業, 番号: なし}
欄: {内容: {種類: 文章}}
用紙: A4縦
事業:
  - {NO: 1, 名称: 事業一, 内容: 一つ目, 担当課: 甲課}
  - {NO: 3, 名称: 事業二}
"""

EDITIONS = {
    "original": ORIGINAL,
    "healthy": HEALTHY,
    "traps": TRAPS,
    "eight policies": EIGHT,
    "no items": HEALTHY.split("推進方針:")[0] + "推進方針: [{名称: 方針一}]",
    "figures": FIGURES,
    "flat": FLAT,
    "default columns, other levels": FLAT.replace("欄: {内容: {種類: 文章}}", "凡例: {A: 済}\n今後の取扱い: {続: 継続}")
    .replace("内容: 一つ目", "実施状況: A, 今後の取扱い: 続, 検証内容: 一つ目")
    .replace("事業二", "事業二, 実施状況: 未記入, 今後の取扱い: 未記入"),
    "other columns, default levels": FIGURES.replace("段: [{名称: 柱, 番号: 自由}, {名称: 分野, 番号: 算用数字}]\n", "")
    .replace("柱:\n", "推進方針:\n")
    .replace("  - 番号: '-1'\n    名", "  - 名")
    .replace("分野:", "推進施策:")
    .replace('柱: "政策の\\n柱", ', ""),
    "all that few have": "凡例の場所: 一ページ目\n完了の記号: [◎]\n完了の語: [完了]\n前文: 前\n注: {1: 注}\n" + HEALTHY,
    "another legend": HEALTHY.replace("◎", "A").replace("○", "B").replace("×", "D"),
}


def checked(text: str, name: str = "test") -> Validated:
    return validate(parse_source(Path(f"source/{name}.yaml"), text.encode(), name))


def rows(data: bytes) -> list[dict[str, str]]:
    """As any program would read them: the apostrophes stay."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def same(one: Edition, other: Edition) -> bool:
    """Dicts compare equal in any order, but the words are printed in theirs."""
    words, others = ([[*(column.words or {})] for column in edition.columns] for edition in (one, other))
    return one == other and words == others


# Reading it


def test_every_row_of_the_original_stands_in_the_csv() -> None:
    """Read from the YAML by a plain YAML reader, and from the CSV by a plain CSV reader."""
    edition = yaml.load(ORIGINAL, yaml.BaseLoader)
    expected = []
    items = {
        row["NO"]: row
        for policy in edition["推進方針"]
        for measure in policy["推進施策"]
        for row in measure["推進項目"]
        if "NO" in row
    }
    for position, policy in enumerate(edition["推進方針"], 1):
        for within, measure in enumerate(policy["推進施策"], 1):
            for row in measure["推進項目"]:
                place = (str(position), policy["名称"], str(within), measure["名称"])
                if "再掲" in row:
                    expected.append((*place, "再掲", row["再掲"], items[row["再掲"]]["名称"], "", "", "", "", ""))
                    continue
                status, treatment = row["実施状況"], row["今後の取扱い"]
                meaning, kind = edition["凡例"][status], edition["今後の取扱い"][treatment]
                findings = row.get("検証内容", "")
                expected.append((*place, "項目", row["NO"], row["名称"], status, meaning, treatment, kind, findings))
    columns = (
        "推進方針_番号", "推進方針", "推進施策_番号", "推進施策", "行の種類", "NO", "推進項目",
        "実施状況_記号", "実施状況_意味", "今後の取扱い", "今後の取扱い_区分", "検証内容",
    )  # fmt: skip
    read = rows(open_data(checked(ORIGINAL))["data.csv"])
    assert [tuple(row[column] for column in columns) for row in read] == expected
    assert (len(read), sum(row["行の種類"] == "項目" for row in read)) == (52, 47)
    assert [row["行"] for row in read] == [str(number) for number in range(1, 53)]


def test_nothing_is_left_out_because_it_is_the_same_as_above() -> None:
    text = "年度: 平成24年度\n現在日: 2013-03-31\n担当課: 試験課\n" + HEALTHY
    for row in rows(open_data(checked(text))["data.csv"]):
        assert row["表題"] == "試験一覧"
        assert (row["年度"], row["年度_西暦"]) == ("平成24年度", "2012")
        assert (row["現在日"], row["現在日_西暦"]) == ("平成25年3月31日", "2013-03-31")
        assert (row["自治体"], row["一覧の担当課"], row["案"]) == ("試験市", "試験課", "false")
        assert row["推進方針"] == "方針一"
        assert row["推進施策"] in ("施策一", "施策二")


@pytest.mark.parametrize("name", EDITIONS)
def test_the_csv_is_what_excel_and_rfc_4180_want(name: str) -> None:
    for file, data in open_data(checked(EDITIONS[name])).items():
        if file.endswith(".csv"):
            assert data.startswith(b"\xef\xbb\xbf")
            assert data.count(b"\xef\xbb\xbf") == 1
            assert data.endswith(b"\r\n")
            # One record one line: no line break stands in a cell.
            assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n") == len(rows(data)) + 1


def test_the_trap_cells_are_made_safe_and_a_lone_hyphen_is_not() -> None:
    files = open_data(checked(TRAPS))
    first, second, third, repeat, last, *_ = rows(files["data.csv"])
    assert first["表題"] == '\'=cmd|" /C calc"!A0'
    assert first["推進施策"] == "'-施策"
    assert (first["実施状況_記号"], first["実施状況_意味"]) == ("'+", "一部")
    assert (first["今後の取扱い"], first["検証内容"], first["統合先"]) == ("'=完了", "-", "''項目")
    previous = rows(files["data-previous.csv"])
    assert [[row[head] for head in ("行", "NO", "項目", "前版", "前版NO")] for row in previous] == [
        ["1", "7", "'+項目", "before", "11"],
        ["2", "7", "'+項目", "before", "12"],
        ["3", "7", "'+項目", "before", "3"],
        ["4", "3", "'=項目", "before", "1"],
    ]
    assert second["検証内容"] == '\'-1 =2,"三" 四'
    assert first["推進方針"] == "方針二"
    assert (second["実施状況_記号"], second["今後の取扱い_区分"]) == (BLANK, BLANK)
    assert (third["推進項目"], third["検証内容"]) == ("'=項目", "'''二つ")
    assert (third["実施状況_記号"], third["今後の取扱い"]) == ("-", "-")
    assert (repeat["行の種類"], repeat["NO"], repeat["推進項目"], repeat["実施状況_記号"]) == (
        "再掲",
        "7",
        "'+項目",
        "",
    )
    assert last["推進項目"] == "辻\U000e0101と塚の項目"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+81", "'+81"),
        ("-5", "'-5"),
        ("--", "'--"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("　=1", "'　=1"),
        ("\t1", "'\t1"),
        ("\r1", "'\r1"),
        ("'", "''"),
        ("'=1", "''=1"),
        ("-", "-"),
        ("1-2", "1-2"),
        ("市=民", "市=民"),
        ("", ""),
    ],
)
def test_an_escaped_cell_has_one_way_back(text: str, cell: str) -> None:
    assert escaped(text) == cell
    assert unescaped(cell) == text


@given(st.text())
def test_any_text_comes_back_and_never_begins_a_formula(text: str) -> None:
    cell = escaped(text)
    assert unescaped(cell) == text
    assert cell == "-" or not re.match(r"\s*[=+\-@]|[\t\r\n]", cell)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("平成24年度", 2012),
        ("平成31年度", 2019),
        ("令和元年度", 2019),
        ("令和６年度", 2024),
        ("昭和 63 年度", 1988),
        ("明治6年", 1873),
        ("大正15年度", 1926),
        ("2012年度", 2012),
        ("2012", None),
        ("12年度", None),
        ("平成0年度", None),
        ("未来3年度", None),
        ("令和2年度から令和6年度まで", None),
        ("", None),
    ],
)
def test_a_year_is_said_in_the_western_way_if_it_is_one(text: str, year: int | None) -> None:
    assert western_year(text) == year


def test_a_figure_is_a_number_with_its_unit_apart() -> None:
    files = open_data(checked(FIGURES))
    first, second, repeat = rows(files["data.csv"])
    assert (first["基準"], first["基準_単位"], first["基準_表記"]) == ("-1250.50", "%", "▲1,250.50")
    assert (second["基準"], second["基準_単位"], second["基準_表記"]) == ("", "%", "-")
    assert (first["期限"], first["期限_西暦"], second["期限"], second["期限_西暦"]) == (
        "令和6年3月5日",
        "2024-03-05",
        "-",
        "",
    )
    assert (first["評価_意味"], first["意見_意味"], first["進み"], first["今後_区分"]) == (
        "良い",
        "わるい",
        "速い",
        "終了",
    )
    marks = [[row[head] for head in ("NO", "印", "意味")] for row in rows(files["data-marks.csv"])]
    assert marks == [["7", "'=重点", "重点の事業"], ["7", "新規", "新しい事業"]]
    assert (first["柱_番号"], first["柱_表示番号"]) == ("1", "'-1")
    # A column called like one of every edition gets another head.
    assert (first["年度"], first["年度_2"], first["所管"]) == ("令和5年度", "-", "'@課")
    assert (repeat["番号"], repeat["指標"], repeat["基準"]) == ("1-1", "指標一", "")
    series = [
        [row[head] for head in ("NO", "欄", "年度", "年度_西暦", "値", "表記", "単位")]
        for row in rows(files["data-series.csv"])
    ]
    assert series == [
        ["7", "実績", "令和4年度", "2022", "-86", "", "人/年"],
        ["7", "実績", "R5", "2023", "3", "'+3", "人/年"],
        ["7", "実績", "目標", "", "", "なし", "人/年"],
        ["2", "実績", "令和4年度", "2022", "", "未記入", ""],
        ["2", "実績", "R5", "2023", "1284", "1,284", ""],
        ["2", "実績", "目標", "", "0.0000001", "", ""],
    ]
    values = json.loads(files["data.json"])["sections"][0]["sections"][0]["rows"][0]["values"]
    assert values["基準"] == {"text": "▲1,250.50", "value": -1250.5, "unit": "%"}
    assert values["実績"][0] == {"year": "令和4年度", "text": "-86", "value": -86, "unit": "人/年"}
    assert values["評価"] == {"text": "A", "meaning": "良い"}


# Both ways


@pytest.mark.parametrize("name", EDITIONS)
def test_both_files_make_the_same_edition_again(name: str) -> None:
    validated = checked(EDITIONS[name])
    files = open_data(validated)
    assert same(edition_from_json(files["data.json"]), validated.edition)
    # In the CSV files each text stands in one line.
    in_lines = checked(
        EDITIONS[name].replace("\\n=2", " =2").replace("\\n\\n四", " 四").replace('" 　=項目"', '"=項目"')
    )
    assert same(edition_from_csv(files, files["data.schema.json"]), in_lines.edition)
    assert prove_data(files, validated) == len(rows(files["data.csv"]))


def test_the_csv_carries_every_value_of_its_rows_by_itself() -> None:
    """The schema is asked for nothing that stands in a row: with that of an edition without texts it is the same."""
    text = (
        HEALTHY.replace("終わった。", "別の文章。")
        .replace("項目二", "別の名前")
        .replace("今後の取扱い: 完了", "今後の取扱い: 継続")
    )
    other, validated = open_data(checked(text)), checked(HEALTHY)
    read = edition_from_csv(open_data(validated), other["data.schema.json"])
    assert read == validated.edition


def test_everything_of_the_model_is_in_the_json() -> None:
    form = form_of({})
    names = {*json_file.file_model(form, frozenset(json_file._extras(form))).model_fields}
    left_out = {"heads", "children", "inquiry", "abolitions", "acknowledged", "corrected_on"}
    assert {*Edition.model_fields} - left_out <= names


# As long as a symbol may be.
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1, max_size=20
).filter(lambda text: text == text.strip() and text != BLANK) | st.sampled_from(
    ["=1", "+", "-", "@a", "'", "''", '"', '","', "a\nb", "\n".join("=+-@")]
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    names=st.lists(texts, min_size=1, max_size=5),
    legend=st.lists(texts.filter(lambda text: len(text) <= MAX_WORD), min_size=1, max_size=3, unique=True),
    title=texts,
)
def test_any_edition_comes_back(names: list[str], legend: list[str], title: str) -> None:
    number = iter(range(1, 100))
    edition = read_edition(
        {
            "表題": title,
            "年度": title,
            "前版": "before",
            "凡例": dict(zip(legend, names * 3, strict=False)),
            "今後の取扱い": dict.fromkeys(legend, "継続"),
            "推進方針": [
                {
                    "名称": name,
                    "推進施策": [
                        {
                            "名称": other,
                            "推進項目": [
                                {
                                    "NO": str(next(number)),
                                    "名称": name,
                                    "実施状況": legend[-1],
                                    "今後の取扱い": legend[0],
                                    "検証内容": other,
                                    "統合先": name,
                                    "前版NO": ["3", "4"][: len(other) % 3],
                                }
                            ],
                        }
                        for other in names[:2]
                    ],
                }
                for name in names
            ],
        }
    )
    validated = Validated(edition, checked(HEALTHY).source, ())
    prove_data(open_data(validated), validated)


def test_what_the_offices_of_a_city_ask_each_other_is_not_published() -> None:
    validated = checked("照会: {期限: 2013-05-31, 提出先: 照会課, 内線: 4321}\n" + HEALTHY)
    files = open_data(validated)
    prove_data(files, validated)
    assert files == open_data(checked(HEALTHY))


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_each_sample_comes_back(path: Path) -> None:
    validated = Library(path.parent).validated(path)
    prove_data(open_data(validated), validated)


# By other people's rules


def report(folder: Path) -> Any:
    return frictionless.validate("data.csv", schema="data.schema.json", basepath=str(folder))


@pytest.fixture
def published(tmp_path: Path) -> Callable[[str], dict[str, bytes]]:
    def write(text: str) -> dict[str, bytes]:
        files = open_data(checked(text))
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        return files

    return write


@pytest.mark.parametrize("name", EDITIONS)
def test_frictionless_finds_nothing(name: str, published: Callable[[str], dict[str, bytes]], tmp_path: Path) -> None:
    published(EDITIONS[name])
    found = report(tmp_path)
    assert found.valid, found.flatten(["rowNumber", "fieldName", "type", "note"])
    assert found.stats["errors"] == 0
    schema = json.loads((tmp_path / "data.schema.json").read_text("utf-8"))
    for name, table in schema.get("tables", {}).items():
        (tmp_path / "table.json").write_text(json.dumps(table), "utf-8")
        found = frictionless.validate(name, schema="table.json", basepath=str(tmp_path))
        assert found.valid, found.flatten(["rowNumber", "fieldName", "type", "note"])


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (",◎,", ",◯,", "constraint-error"),
        (",完了,", ",完,", "constraint-error"),
        (",項目,1,", ",項目,,", "constraint-error"),
        ("\r\n2,", "\r\n1,", "primary-key"),
        ("\r\n2,", "\r\n二,", "type-error"),
        (",項目,2,", ",不明,2,", "constraint-error"),
        ("推進項目,", "項目名,", "incorrect-label"),
        (",2013-03-31,", ",平成25年,", "type-error"),
        (",false,", ",FALSE,", "type-error"),
    ],
)
def test_frictionless_would_find_what_is_wrong(
    old: str, new: str, error: str, published: Callable[[str], dict[str, bytes]], tmp_path: Path
) -> None:
    data = published("現在日: 2013-03-31\n" + HEALTHY)["data.csv"].decode()
    assert old in data
    (tmp_path / "data.csv").write_bytes(data.replace(old, new, 1).encode())
    assert error in {kind for (kind,) in report(tmp_path).flatten(["type"])}


@pytest.mark.parametrize("name", ["traps", "figures"])
def test_the_schema_is_one_by_the_rules_of_table_schema(name: str) -> None:
    schema = json.loads(open_data(checked(EDITIONS[name]))["data.schema.json"])
    frictionless.Schema.from_descriptor(schema)
    names = [field["name"] for field in schema["fields"]]
    assert len({*names}) == len(names)
    for field in schema["fields"]:
        # In Japanese: a title and a description each, and the edition's own heads where it has some.
        assert re.search("[ぁ-んァ-ヶ一-龠]|α", field["title"]), field
        assert re.search("[ぁ-んァ-ヶ一-龠]", field["description"]), field
    titles = {field["name"]: field["title"] for field in schema["fields"]}
    if name == "figures":
        assert (titles["柱"], titles["番号"], titles["評価_記号"]) == ("政策の柱", "指標番号", "評価の記号")
    else:
        assert (titles["推進方針"], titles["NO"], titles["実施状況_記号"]) == ("政策の柱", "番号", "評価の記号")


@pytest.mark.parametrize("name", EDITIONS)
def test_the_json_is_what_its_description_says(name: str) -> None:
    files = open_data(checked(EDITIONS[name]))
    description = json.loads(files["data.schema.json"])["json"]
    jsonschema.Draft202012Validator.check_schema(description)
    validator = jsonschema.Draft202012Validator(description)
    data = json.loads(files["data.json"])
    assert not [*validator.iter_errors(data)]
    del data["headings"]
    assert [*validator.iter_errors(data)]


@pytest.mark.parametrize("name", ["original", "figures"])
def test_every_value_of_the_json_is_explained(name: str) -> None:
    """But for the column heads and the values of the columns, which are called as they are in the list."""
    description = json_file.data_schema(checked(EDITIONS[name]).edition)
    for name, definition in [("", description), *description["$defs"].items()]:
        if name in ("HeadingsData", "ValuesData"):
            continue
        for key, part in definition["properties"].items():
            assert key == "kind" or "description" in part, (name, key)


# The proof


def damaged(files: dict[str, bytes], name: str, old: str, new: str) -> dict[str, bytes]:
    text = files[name].decode()
    assert old in text
    return {**files, name: text.replace(old, new, 1).encode()}


CSV_IS_ANOTHER = "data.csv: 元データに戻すと、違うものになります。"
JSON_IS_ANOTHER = "data.json: 元データに戻すと、違うものになります。"
UNREADABLE = ["検査で、オープンデータが読めませんでした"]


def findings(files: dict[str, bytes], validated: Validated) -> list[str]:
    """What the proof tells of the `files`; of those that it cannot read, that alone."""
    with pytest.raises(ProofError) as caught:
        prove_data(files, validated)
    first, *told = str(caught.value).splitlines()
    if first == "検査で、オープンデータが元データと一致しませんでした。":
        return told
    return [first.partition("(")[0]]


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "data.csv",
            "項目三",
            "項目参",
            [CSV_IS_ANOTHER, "data.csv: 3行目の推進項目が「項目三」ではなく「項目参」です。"],
        ),
        (
            "data.csv",
            ",◎,実施済,",
            ",○,継続推進,",
            [
                CSV_IS_ANOTHER,
                "data.csv: 1行目の実施状況_記号が「◎」ではなく「○」です。",
                "data.csv: 1行目の実施状況_意味が「実施済」ではなく「継続推進」です。",
            ],
        ),
        (
            "data.csv",
            ",◎,実施済,",
            ",◎,継続推進,",
            ["data.csv: 1行目の実施状況_意味が「実施済」ではなく「継続推進」です。"],
        ),
        (
            "data.csv",
            ",完了,終了,",
            ",完了,継続,",
            ["data.csv: 1行目の今後の取扱い_区分が「終了」ではなく「継続」です。"],
        ),
        (
            "data.csv",
            ",再掲,1,項目一,,,,,",
            ",再掲,1,項目一,◎,実施済,完了,終了,",
            [
                "data.csv: 4行目の実施状況_記号が「」ではなく「◎」です。",
                "data.csv: 4行目の実施状況_意味が「」ではなく「実施済」です。",
                "data.csv: 4行目の今後の取扱いが「」ではなく「完了」です。",
                "data.csv: 4行目の今後の取扱い_区分が「」ではなく「終了」です。",
            ],
        ),
        ("data.csv", ",再掲,1,", ",再掲,2,", [CSV_IS_ANOTHER, "data.csv: 4行目のNOが「1」ではなく「2」です。"]),
        ("data.csv", "終わった。", "", [CSV_IS_ANOTHER, "data.csv: 1行目の検証内容が「終わった。」ではなく「」です。"]),
        (
            "data.csv",
            "\r\n",
            "\n",
            ["data.csv: 行の終わりがCRLFではありません。", "data.csv: 値の中に改行があります。"],
        ),
        ("data.csv", "\ufeff", "", ["data.csv: BOMがありません。"]),
        ("data.csv", ",試験市,", ",別の市,", ["data.csv: 1行目の自治体が「試験市」ではなく「別の市」です。"]),
        ("data.csv", "推進項目", "項目名", UNREADABLE),
        (
            "data.csv",
            "終わった。",
            "=1+1",
            [
                CSV_IS_ANOTHER,
                "data.csv: 1行目の検証内容が「終わった。」ではなく「=1+1」です。",
                "data.csv: 2行目に、計算式と取り違えられる値「=1+1」があります。",
            ],
        ),
        ("data.csv", "終わった。", '"終わ"った。', UNREADABLE),
        ("data.csv", "施策二", "施策三", UNREADABLE),
        (
            "data.json",
            "終わった。",
            "終えた。",
            [JSON_IS_ANOTHER, "data.json: NO 1の値(意味、区分、数、日付)が違います。"],
        ),
        ("data.json", '"draft": false', '"draft": true', [JSON_IS_ANOTHER]),
        (
            "data.json",
            '"status_meaning": "実施済"',
            '"status_meaning": "検討中"',
            ["data.json: NO 1の値(意味、区分、数、日付)が違います。"],
        ),
        (
            "data.json",
            '"treatment_kind": "終了"',
            '"treatment_kind": null',
            ["data.json: NO 1の値(意味、区分、数、日付)が違います。"],
        ),
        ("data.json", '"edition": "test"', '"edition": "rest"', ["data.json: 版の名前が違います。"]),
        ("data.json", '"number": 3', '"number": 0', UNREADABLE),
        ("data.json", "{", "[", UNREADABLE),
        ("data.schema.json", '"meaning": "実施済"', '"meaning": "済"', [CSV_IS_ANOTHER]),
        ("data.schema.json", '"page_break": false', '"page_break": true', [CSV_IS_ANOTHER]),
        ("data.schema.json", '"title": "試験一覧",', "", UNREADABLE),
    ],
)
def test_damage_does_not_get_past_the_proof(name: str, old: str, new: str, told: list[str]) -> None:
    validated = checked(HEALTHY)
    files = open_data(validated)
    prove_data(files, validated)
    assert findings(damaged(files, name, old, new), validated) == told


def test_a_symbol_that_data_json_explains_twice_does_not_get_past_the_proof() -> None:
    validated = checked(HEALTHY)
    files = open_data(validated)
    content = json.loads(files["data.json"])
    content["legend"].append(content["legend"][0])
    with pytest.raises(ProofError, match="「◎」が二つあります"):
        prove_data({**files, "data.json": json.dumps(content).encode()}, validated)


def test_a_row_that_data_json_lacks_does_not_get_past_the_proof() -> None:
    validated = checked(HEALTHY)
    files = open_data(validated)
    content = json.loads(files["data.json"])
    del content["policies"][0]["measures"][1]["rows"][-1]
    with pytest.raises(ProofError, match=r"data.json: 行が違います"):
        prove_data({**files, "data.json": json.dumps(content).encode()}, validated)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("data.csv", ",-1250.50,%,", ",-1250.5,%,", ["data.csv: 1行目の基準が「-1250.50」ではなく「-1250.5」です。"]),
        ("data.csv", ",-1250.50,%,", ",1250.50,%,", ["data.csv: 1行目の基準が「-1250.50」ではなく「1250.50」です。"]),
        ("data.csv", ",-1250.50,%,", ",-1250.50,,", ["data.csv: 1行目の基準_単位が「%」ではなく「」です。"]),
        (
            "data.csv",
            '"▲1,250.50"',
            '"1,250.50"',
            [CSV_IS_ANOTHER, "data.csv: 1行目の基準_表記が「▲1,250.50」ではなく「1,250.50」です。"],
        ),
        (
            "data.csv",
            ",2024-03-05,",
            ",2024-03-06,",
            ["data.csv: 1行目の期限_西暦が「2024-03-05」ではなく「2024-03-06」です。"],
        ),
        (
            "data.csv",
            ",令和6年3月5日,",
            ",令和6年3月6日,",
            [CSV_IS_ANOTHER, "data.csv: 1行目の期限が「令和6年3月5日」ではなく「令和6年3月6日」です。"],
        ),
        ("data-marks.csv", ",'=重点,", ",新規,", [CSV_IS_ANOTHER, "data-marks.csv: 項目の印が違います。"]),
        ("data-marks.csv", ",新しい事業", ",重点の事業", ["data-marks.csv: 項目の印が違います。"]),
        (
            "data-previous.csv",
            ",before,3",
            ",before,4",
            [CSV_IS_ANOTHER, "data-previous.csv: 前版の項目との対応が違います。"],
        ),
        ("data-previous.csv", "\ufeff", "", ["data-previous.csv: BOMがありません。"]),
        ("data.csv", ",'-1,柱一,", ",'-2,柱一,", ["data.csv: 1行目の柱_表示番号が「-1」ではなく「-2」です。"]),
        ("data.csv", ",'=1,指標二", ",=1,指標二", ["data.csv: 2行目に、計算式と取り違えられる値「=1」があります。"]),
        ("data-series.csv", ",-86,", ",-87,", [CSV_IS_ANOTHER, "data-series.csv: 年度ごとの数が違います。"]),
        ("data-series.csv", ",3,'+3,", ",4,'+3,", ["data-series.csv: 年度ごとの数が違います。"]),
        ("data-series.csv", ",人/年", ",人", [CSV_IS_ANOTHER, "data-series.csv: 年度ごとの数が違います。"]),
        ("data-series.csv", ",R5,", ",R6,", UNREADABLE),
        ("data-series.csv", ",2023,", ",2022,", ["data-series.csv: 年度ごとの数が違います。"]),
        ("data-series.csv", ",2022,", ",2021,", ["data-series.csv: 年度ごとの数が違います。"]),
        ("data-series.csv", "\ufeff", "", ["data-series.csv: BOMがありません。"]),
        ("data.json", '"value": -1250.5', '"value": 1250.5', ["data.json: NO 7の値(意味、区分、数、日付)が違います。"]),
        (
            "data.json",
            '"unit": "人/年"',
            '"unit": "人"',
            [JSON_IS_ANOTHER, "data.json: NO 7の値(意味、区分、数、日付)が違います。"],
        ),
        (
            "data.json",
            '"date": "2024-03-05"',
            '"date": null',
            ["data.json: NO 7の値(意味、区分、数、日付)が違います。"],
        ),
        ("data.json", '"year": "R5"', '"year": "R6"', UNREADABLE),
        ("data.json", '"kind": "終了"', '"kind": "継続"', ["data.json: NO 7の値(意味、区分、数、日付)が違います。"]),
        ("data.json", '"is_below": true', '"is_below": false', [JSON_IS_ANOTHER]),
        ("data.schema.json", '"sheet_name": "A3横"', '"sheet_name": "A4縦"', [CSV_IS_ANOTHER]),
        ("data.schema.json", '"postface": "+後文",', "", [CSV_IS_ANOTHER]),
        ("data.schema.json", '"label": "-1"', '"label": "1"', [CSV_IS_ANOTHER]),
    ],
)
def test_damage_of_another_form_does_not_get_past_the_proof(name: str, old: str, new: str, told: list[str]) -> None:
    validated = checked(FIGURES)
    assert findings(damaged(open_data(validated), name, old, new), validated) == told


@pytest.mark.parametrize("place", ["columns", "words", "marks", "notes"])
def test_what_data_json_says_twice_does_not_get_past_the_proof(place: str) -> None:
    validated = checked(FIGURES)
    files = open_data(validated)
    content = json.loads(files["data.json"])
    columns = content["form"]["columns"]
    words = next(column["words"] for column in columns if column["words"])
    entries = {"columns": columns, "words": words, "marks": content["marks"], "notes": content["notes"]}[place]
    entries.append(entries[0])
    with pytest.raises(ProofError, match=r"「.+」が二つあります"):
        prove_data({**files, "data.json": json.dumps(content).encode()}, validated)


@pytest.mark.parametrize(
    ("value", "is_formula"),
    [
        ("=1+1", True), ("+81", True), ("@課", True), ("-課", True), (" =1", True), ("　=1", True), ("-1-1", True), ("-1.", True),
        ("--1", True), ("-1.5.2", True), ("- ", True),
        ("-", False), ("-1", False), ("-1.25", False), ("1=1", False), ("課@課", False), ("1", False), ("'=1", False),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_takes_for_a_formula_does_not_get_past_the_proof(value: str, is_formula: bool) -> None:
    told = [*proof_data._check_format("data.csv", f"\ufeff行,内容\r\n1,{value}\r\n".encode())]
    assert told == [f"data.csv: 2行目に、計算式と取り違えられる値「{value}」があります。"] * is_formula


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        # Line ends and tabs begin a formula too, and a row must be one line.
        ("終わった。", '"\r\n終わった。"', "data.csv: 2行目に、計算式と取り違えられる値「\r\n終わった。」があります。"),
        ("終わった。", "\t終わった。", "data.csv: 2行目に、計算式と取り違えられる値「\t終わった。」があります。"),
        ("終わった。", "=" + "1" * 20, "data.csv: 2行目に、計算式と取り違えられる値「=1111111111111111111」があります。"),
        ("終わった。", '"終わ\nった。"', "data.csv: 値の中に改行があります。"),
        ("終わった。", '"終わ\rった。"', "data.csv: 値の中に改行があります。"),
        ("終わった。", '"終わ\r\nった。"', "data.csv: 行の終わりがCRLFではありません。"),
    ],
)  # fmt: skip
def test_a_row_is_one_line(old: str, new: str, told: str) -> None:
    files = damaged({"data.csv": "\ufeff行,内容\r\n1,終わった。\r\n".encode()}, "data.csv", old, new)
    assert told in [*proof_data._check_format("data.csv", files["data.csv"])]


PUBLIC = (
    "現在日: 2013-03-31\n担当課: 一課\n団体コード: '352039'\n年度: 令和5年度\n"
    "公開: {ライセンス: cc-by 4.0, 問い合わせ先: 試験課, 更新日: 2013-06-01}\n"
)


@cache
def public() -> tuple[Validated, dict[str, bytes]]:
    """An edition that says all that the definitions say of it, and its open data."""
    validated = checked(PUBLIC + HEALTHY)
    return validated, open_data(validated)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("data.csv", ",2013-03-31,", ",2013-03-30,", ["data.csv: 1行目の現在日_西暦が「2013-03-31」ではなく「2013-03-30」です。"]),
        ("data.csv", ",山口県,", ",広島県,", ["data.csv: 1行目の都道府県名が「山口県」ではなく「広島県」です。"]),
        ("data.csv", ",一課,", ",二課,", ["data.csv: 1行目の一覧の担当課が「一課」ではなく「二課」です。"]),
        ("data.csv", ",令和5年度,", ",令和6年度,", ["data.csv: 1行目の年度が「令和5年度」ではなく「令和6年度」です。"]),
        ("data.csv", ",試験一覧,", ",別の一覧,", ["data.csv: 1行目の表題が「試験一覧」ではなく「別の一覧」です。"]),
        ("data.csv", ",false,", ",true,", ["data.csv: 1行目の案が「false」ではなく「true」です。"]),
        ("data.schema.json", '"modified": "2013-06-01"', '"modified": "2013-06-02"', ["data.schema.json: 「modified」が元データと違います。"]),
        ("data.schema.json", '"contact": "試験課"', '"contact": "別の課"', ["data.schema.json: 「contact」が元データと違います。"]),
        ("data.schema.json", '"contact": "試験課",', "", ["data.schema.json: 「contact」が元データと違います。"]),
        ("data.json", '"position": 2', '"position": 3', ["data.json: 見出しの番号が違います。"]),
        ("data.json", '"label": "(2)"', '"label": "(1)"', ["data.json: 見出しの番号が違います。"]),
        ("data.json", '"updated": "2013-06-01"', '"updated": "2013-06-02"', ["data.json: 最終更新日が元データと違います。"]),
    ],
)  # fmt: skip
def test_what_is_said_of_the_whole_list_is_proved(name: str, old: str, new: str, told: list[str]) -> None:
    validated, files = public()
    assert findings(damaged(files, name, old, new), validated) == told


def test_the_licence_is_proved() -> None:
    validated, files = public()
    schema = json.loads(files["data.schema.json"])
    for licences in (None, [], [{"title": "別"}], [*schema["licenses"], {"title": "別"}]):
        other = {key: value for key, value in schema.items() if key != "licenses"}
        other |= {"licenses": licences} if licences is not None else {}
        told = findings({**files, "data.schema.json": json.dumps(other).encode()}, validated)
        assert told == ["data.schema.json: 「licenses」が元データと違います。"]


def test_a_table_too_many_or_too_few_does_not_get_past_the_proof() -> None:
    validated, figures = checked(HEALTHY), checked(FIGURES)
    files, tables = open_data(validated), open_data(figures)
    assert findings({**files, "data-marks.csv": tables["data-marks.csv"]}, validated)
    assert findings({**files, "other.csv": b""}, validated) == UNREADABLE
    for name in ("data-marks.csv", "data-previous.csv", "data-series.csv"):
        assert findings({key: file for key, file in tables.items() if key != name}, figures)


def test_of_many_findings_thirty_are_told() -> None:
    validated = checked(HEALTHY)
    files = open_data(validated)
    text = (
        files["data.csv"]
        .decode()
        .replace("試験一覧", "=1")
        .replace("試験市", "=2")
        .replace("test", "=3")
        .replace("false", "true")
        .replace("終わ", "=4")
    )
    assert len(findings({**files, "data.csv": text.encode()}, validated)) == 30


@pytest.mark.parametrize("mistake", [AttributeError, KeyError, TypeError, ValueError])
def test_a_mistake_in_the_checks_is_no_failed_proof(mistake: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def check(*_: object) -> None:
        raise mistake

    validated = checked(HEALTHY)
    monkeypatch.setattr(proof_data, "_check_cells", check)
    with pytest.raises(mistake):
        prove_data(open_data(validated), validated)


def test_the_order_of_the_legend_matters() -> None:
    validated = checked(HEALTHY)
    turned = HEALTHY.replace("  ◎: 実施済\n  ○: 継続推進\n", "  ○: 継続推進\n  ◎: 実施済\n")
    with pytest.raises(ProofError, match="順が違います"):
        prove_data(open_data(checked(turned)), validated)


def test_a_cell_that_was_not_made_safe_does_not_get_past_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    validated = checked(HEALTHY.replace("終わった。", "'=1+1'"))
    monkeypatch.setattr(cells, "escaped", lambda text: text)
    with pytest.raises(ProofError, match="計算式と取り違えられる値「=1\\+1」"):
        prove_data(open_data(validated), validated)


# Delivery


def silent(_: str) -> AbstractContextManager[None]:
    return nullcontext()


def test_three_files_are_delivered_and_left_alone_while_nothing_changes(project: Path) -> None:
    del project
    path = Path("source/test.yaml")
    path.write_text(HEALTHY, "utf-8")
    (published,) = make([data_of(path)], silent, Library()).asked
    assert published is not None
    assert [str(one) for one in published.paths] == [
        "out/test/data.csv",
        "out/test/data.json",
        "out/test/data.schema.json",
    ]
    assert published.size == 4
    assert {one.name for one in Path("out/test").iterdir()} == {"data.csv", "data.json", "data.schema.json"}
    assert make([data_of(path)], silent, Library()).asked == (None,)
    os.utime(path)
    assert make([data_of(path)], silent, Library()).asked != (None,)


def test_figures_by_year_are_a_file_of_their_own_and_go_with_the_last_series(project: Path) -> None:
    path, file = project / "source/test.yaml", project / "out/test/data-series.csv"
    path.write_text(FIGURES.replace(", 前版NO: [3, 1]", "").replace("前版: before\n", ""), "utf-8")
    assert main(["data"]) == 0
    assert len(rows(file.read_bytes())) == 6
    path.write_text(HEALTHY, "utf-8")
    assert main(["data"]) == 0
    assert not file.exists()


def test_what_fails_its_proof_is_not_delivered(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del project
    path = Path("source/test.yaml")
    path.write_text(HEALTHY, "utf-8")
    make([data_of(path)], silent, Library())
    good = Path("out/test/data.csv").read_bytes()
    path.write_text(HEALTHY.replace("項目三", "項目参"), "utf-8")
    monkeypatch.setattr(cells, "escaped", lambda text: text.replace("参", "三"))
    with pytest.raises(ProofError):
        make([data_of(path)], silent, Library())
    assert Path("out/test/data.csv").read_bytes() == good


def test_the_same_source_gives_the_same_bytes() -> None:
    assert open_data(checked(ORIGINAL)) == open_data(checked(ORIGINAL))


def test_the_page_says_on_which_terms_the_data_may_be_used_and_whom_to_ask() -> None:
    said = "ライセンス: cc-by 4.0, 問い合わせ先: 試験課 a@city.example.lg.jp, 更新日: 2013-06-01"
    text = (
        f"現在日: 2013-03-31\n担当課: 一課\n公開: {{{said}, 更新履歴: [{{日付: 2013-06-10, 内容: 訂正}}]}}\n{HEALTHY}"
    )
    html = report_on(checked(text)).html
    assert re.findall("<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", html) == [
        ("更新日", "平成25年6月10日"),
        ("問い合わせ先", '試験課 <a href="mailto:a@city.example.lg.jp">a@city.example.lg.jp</a>'),
        ("ライセンス", '<a href="https://creativecommons.org/licenses/by/4.0/deed.ja" rel="license">cc-by 4.0</a>'),
    ]
    # Terms of the city's own are named as they are.
    assert "<dt>ライセンス</dt><dd>市の規約</dd>" in report_on(checked(text.replace("cc-by 4.0", "市の規約"))).html


def test_the_page_leads_to_the_data_and_the_data_do_not_fall_behind_it(project: Path) -> None:
    edition = project / "source/test.yaml"
    text = "印: {重点: 重点の項目}\n" + HEALTHY
    edition.write_text(text, "utf-8")
    folder = project / "out/test"

    def links() -> list[tuple[str, str]]:
        page = (folder / "report.html").read_text("utf-8")
        return re.findall('<a href="([^"#]+)" type="[a-z]+/[a-z]+">([^<]+)</a>', page)

    def size(name: str) -> str:
        return f"{-(-(folder / name).stat().st_size // 1024)}KB"

    assert main(["report"]) == 0
    assert links() == [("report.pdf", f"PDF版(A4、印刷用、{size('report.pdf')})")]
    printed = (folder / "report.pdf").read_bytes()
    assert main(["data"]) == 0
    # Links are for the screen: the paper is the same with them and without.
    assert (folder / "report.pdf").read_bytes() == printed
    written = text.replace("終わった。", "終わった。" + "長い文章。" * 100)
    edition.write_text(written, "utf-8")
    assert main(["report"]) == 0
    assert (folder / "data.csv").read_text("utf-8").count("長い文章。") == written.count("長い文章。")
    # The page says of each file how large the one is that stands beside it.
    assert links() == [
        ("report.pdf", f"PDF版(A4、印刷用、{size('report.pdf')})"),
        ("data.csv", f"データ(CSV、{size('data.csv')})"),
        ("data-marks.csv", f"項目の印(CSV、{size('data-marks.csv')})"),
        ("data.json", f"データ(JSON、{size('data.json')})"),
        ("data.schema.json", f"データの定義(JSON、{size('data.schema.json')})"),
    ]
    # What is no longer whole is not kept up to date, so the page does not lead there.
    (folder / "data.json").unlink()
    assert report_of(Path("source/test.yaml")).options == ""
