"""The comparison and the errata of lists with forms of their own. All editions here are made up."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import command
from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.layout.pdf import write_pdf
from pipeline.model.edition import Edition, read_edition
from pipeline.model.form import DEFAULT
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source
from pipeline.years.comparison import Entry, compare
from pipeline.years.comparison_data import ComparisonFile, comparison_json

from .editions import Row as DefaultRow
from .editions import made_up

LEVELS = [{"名称": "目標", "番号": "算用数字"}, {"名称": "基本施策", "番号": "自由"}]
COLUMNS: dict[str, Any] = {
    "所管": {"種類": "課"},
    "目標値": {"種類": "数"},
    "実績": {"種類": "数", "年度": ["令和4年度", "令和5年度"]},
    "進み": {"種類": "記号", "凡例": {"A": "達成", "B": "未達成"}, "集計": "主"},
    "意見": {"種類": "文章"},
}
ITEM = {"NO": "1", "名称": "貸出冊数", "所管": "図書課", "目標値": "1,200", "実績": ["980", "1,020"], "進み": "A"}


def edition(*items: dict[str, Any], columns: dict[str, Any] = COLUMNS, **more: Any) -> Edition:
    """An edition of `items` below one heading of each level."""
    listed: dict[str, Any] = {
        "表題": "作りものの一覧",
        "段": LEVELS,
        "項目": {"名称": "指標", "番号": "NO"},
        "欄": columns,
    }
    listed |= {"印": {"重点": "力を入れるもの"}, **more}
    has_figures = any(spec["種類"] == "数" for spec in columns.values())
    rows: Any = [({"単位": "冊"} if has_figures else {}) | item for item in items]
    names = iter(("読む人を増やす", "身近な図書館"))
    key = "指標"
    for level in reversed(listed["段"]):
        rows = [{"名称": next(names), key: rows} | ({"番号": "1-1"} if level["番号"] == "自由" else {})]
        key = level["名称"]
    return read_edition(listed | {key: rows})


def later(**changes: Any) -> dict[str, Any]:
    return {**ITEM, **changes}


def only(old: Edition, new: Edition) -> Entry:
    (entry,) = compare(old, new, "old", "new").entries
    return entry


@pytest.mark.parametrize(
    ("changes", "kinds", "columns"),
    [
        ({"目標値": "1200"}, {"continued"}, ()),
        ({"目標値": "1,200.0"}, {"continued"}, ()),
        ({"目標値": "▲1,200"}, {"column_changed"}, ("目標値",)),
        ({"目標値": "なし"}, {"column_changed"}, ("目標値",)),
        ({"実績": ["980", "1,050"]}, {"column_changed"}, ("実績",)),
        ({"単位": "点"}, {"column_changed"}, ("目標値", "実績")),
        ({"所管": "文化課"}, {"column_changed"}, ("所管",)),
        ({"意見": "増えた。"}, {"column_changed"}, ("意見",)),
        ({"所管": "文化課", "進み": "B"}, {"column_changed"}, ("所管", "進み")),
        ({"印": ["重点"]}, {"marks_changed"}, ()),
        ({"名称": "貸出冊数(延べ)"}, {"renamed"}, ()),
    ],
    ids=str,
)
def test_each_change_of_an_item_is_told_by_its_column(
    changes: dict[str, Any], kinds: set[str], columns: tuple[str, ...]
) -> None:
    entry = only(edition(ITEM), edition(later(**changes)))
    assert (set(entry.kinds), entry.columns) == (kinds, columns)


def test_a_new_year_of_a_series_is_no_change_and_a_changed_past_year_is() -> None:
    longer = COLUMNS | {"実績": {"種類": "数", "年度": ["令和5年度", "令和6年度"]}}
    assert only(edition(ITEM), edition(later(実績=["1,020", "1,110"]), columns=longer)).kinds == ("continued",)
    assert only(edition(ITEM), edition(later(実績=["1,002", "1,110"]), columns=longer)).columns == ("実績",)


def test_a_symbol_of_any_column_is_compared_by_its_meaning() -> None:
    turned = COLUMNS | {"進み": {"種類": "記号", "凡例": {"B": "達成", "A": "未達成"}, "集計": "主"}}
    assert only(edition(ITEM), edition(later(進み="B"), columns=turned)).kinds == ("continued",)
    assert only(edition(ITEM), edition(ITEM, columns=turned)).columns == ("進み",)


def test_a_column_that_only_one_edition_has_changes_no_item() -> None:
    more = {"備考": {"種類": "文字"}, **{key: spec for key, spec in COLUMNS.items() if key != "意見"}}
    found = compare(edition(later(意見="増えた。")), edition(later(備考="暦年"), columns=more), "old", "new")
    assert [entry.kinds for entry in found.entries] == [("continued",)]
    assert [(pair.column.key, bool(pair.both)) for pair in found.columns] == [
        ("備考", False),
        ("所管", True),
        ("目標値", True),
        ("実績", True),
        ("進み", True),
        ("意見", False),
    ]


def test_a_column_whose_key_has_the_year_is_that_of_the_year_before() -> None:
    old = edition(later(令和5年度の取組="貸し出した。"), columns=COLUMNS | {"令和5年度の取組": {"種類": "文章"}})
    new = edition(later(令和6年度の取組="貸し出す。"), columns=COLUMNS | {"令和6年度の取組": {"種類": "文章"}})
    assert only(old, new).columns == ("令和6年度の取組",)


def test_another_structure_of_levels_moves_nothing() -> None:
    flat_list: dict[str, Any] = {"段": []}
    renamed = {"段": [{"名称": "方向", "番号": "算用数字"}, {"名称": "基本施策", "番号": "自由"}]}
    for more in (flat_list, renamed, {"段": LEVELS[1:]}):
        for old, new in ((edition(ITEM), edition(ITEM, **more)), (edition(ITEM, **more), edition(ITEM))):
            assert only(old, new).kinds == ("continued",)


def test_an_item_is_recognized_by_all_its_texts() -> None:
    columns = {"ねらい": {"種類": "文章"}, "対象": {"種類": "文字"}}
    said = "図書館の閲覧席を増やし、開館の時間を夜八時まで延ばして、勤め帰りの人の声に応えている。"
    old = edition({"NO": "1", "名称": "閲覧席", "ねらい": "", "対象": said}, columns=columns)
    new = edition({"NO": "1", "名称": "夜間開館", "ねらい": "", "対象": said}, columns=columns)
    entry = only(old, new)
    assert entry.guess
    assert entry.kinds == ("renamed",)


def test_without_a_column_that_decides_every_item_goes_on() -> None:
    found = compare(edition(ITEM, later(NO="2", 名称="来館者")), edition(ITEM), "old", "new")
    assert [entry.kinds for entry in found.entries] == [("continued",), ("vanished",)]
    assert found.treatment(found.entries[1]) == ""


# The data


def test_the_data_of_another_form_have_the_values_by_column() -> None:
    old, new = edition(ITEM), edition(later(実績=["980", "1,050"], 印=["重点"]))
    data = json.loads(comparison_json(compare(old, new, "old", "new")))
    ComparisonFile.model_validate(data)
    (item,) = data["items"]
    assert (item["kinds"], item["columns"]) == (["column_changed", "marks_changed"], ["実績"])
    (side,) = item["new_items"]
    assert side["values"] == {
        "所管": "図書課",
        "目標値": "1,200",
        "実績": ["980", "1,050"],
        "進み": "A",
        "意見": "",
    }
    assert (side["marks"], side["unit"], side["department"]) == (["重点"], "冊", "図書課")
    assert side["headings"][1] == {"level": "基本施策", "number": "1-1", "name": "読む人を増やす"}
    assert [column["key"] for column in data["columns"]["from"]] == [*COLUMNS]


def test_the_data_of_the_default_form_have_no_key_that_older_readers_do_not_know() -> None:
    old = made_up(DefaultRow(1, "公園"))
    data = json.loads(comparison_json(compare(old, made_up(DefaultRow(1, "公園", status="△")), "old", "new")))
    assert {*data} == {"version", "from", "to", "legend", "treatments", "items"}
    (item,) = data["items"]
    assert {*item} == {"old", "new", "kinds", "treatment", "guess", "links", "advice", "old_items", "new_items"}
    assert {*item["new_items"][0]} == {
        "number",
        "name",
        "policy",
        "measure",
        "status",
        "status_meaning",
        "treatment",
        "findings",
        "department",
    }


# The pages


def validated(listed: dict[str, Any], name: str) -> Validated:
    return validate(parse_source(Path(f"source/{name}.yaml"), json.dumps(listed, ensure_ascii=False).encode()))


def listed(*items: dict[str, Any], columns: dict[str, Any] = COLUMNS, **more: Any) -> dict[str, Any]:
    rows = [{"単位": "冊", **item} for item in items]
    section = {"名称": "身近な図書館", "番号": "1-1", "指標": rows}
    found = {"表題": "作りものの一覧", "段": LEVELS, "項目": {"名称": "指標", "番号": "NO"}, "欄": columns}
    found |= {"印": {"重点": "力を入れるもの"}, "目標": [{"名称": "読む人を増やす", "基本施策": [section]}]}
    return found | more


OLD = listed(ITEM, later(NO="2", 名称="来館者", 単位="人"), later(NO="3", 名称="広報紙", 意見="配った。"))
NEW = listed(
    later(目標値="1,500", 実績=["980", "1,005"], 印=["重点"]),
    later(NO="2", 名称="来館者", 単位="人"),
    later(NO="4", 名称="読書会", 意見="始めた。"),
    注={"1": "市の調べによる。"},
)


@pytest.fixture(scope="module")
def proved(font_cache: Path) -> Callable[[Document], bytes]:
    def made(document: Document) -> bytes:
        data = write_pdf(document, font_cache)
        prove(data, document)
        return data

    return made


def rows(document: Document) -> list[list[str]]:
    """The rows of the last table but that of the texts beside the list."""
    *_, table = (table for table in document.expected.tables if table.heads[0][0].id != "text-kind")
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_figures_of_several_years_stand_in_rows_of_their_own(proved: Callable[[Document], bytes]) -> None:
    document = comparison(validated(OLD, "old"), validated(NEW, "new"))
    proved(document)
    assert rows(document)[:5] == [
        ["1 読む人を増やす"],
        ["1-1 身近な図書館"],
        ["印", "指標", "1 【重点】貸出冊数", "1 貸出冊数"],
        ["", "目標値", "1,500冊(+300)", "1,200冊"],
        ["", "実績", "令和5年度1,005冊(△15)", "令和5年度1,020冊"],
    ]
    assert ["新設", "指標", "4 読書会", " (新設)"] in rows(document)
    assert "※1 市の調べによる。" in document.html


def test_few_columns_stand_side_by_side_with_the_difference(proved: Callable[[Document], bytes]) -> None:
    columns = {key: spec for key, spec in COLUMNS.items() if key not in ("実績", "所管")}
    old, new = (
        listed(
            *({key: text for key, text in item.items() if key not in ("実績", "所管")} for item in items),
            columns=columns,
        )
        for items in ([ITEM], [later(目標値="1,500", 意見="増えた。", 印=["重点"])])
    )
    document = comparison(validated(old, "old"), validated(new, "new"))
    proved(document)
    table = [*document.expected.tables][-1]
    assert [[cell.text for cell in row] for row in table.heads] == [
        ["区分", "新", "旧"],
        ["NO", "指標", "目標値", "進み", "意見", "NO", "指標", "目標値", "進み", "意見"],
    ]
    row = table.rows[2]
    assert [cell.text for cell in row.cells] == [
        "目標値\n意見\n印",
        *("1", "【重点】貸出冊数", "1,500冊(+300)", "A", "増えた。"),
        *("1", "貸出冊数", "1,200冊", "A", ""),
    ]
    assert [cell.marked for cell in row.cells if cell.marked] == [
        ("【重点】",),
        ("1,500冊",),
        ("増えた。",),
        ("1,200冊",),
    ]


def test_what_the_forms_do_not_share_is_said(proved: Callable[[Document], bytes]) -> None:
    new = listed(
        ITEM, columns={key: spec for key, spec in COLUMNS.items() if key != "意見"} | {"備考": {"種類": "文字"}}
    )
    new |= {"段": [LEVELS[1]], "基本施策": [new.pop("目標")[0]["基本施策"][0]]}
    document = comparison(validated(OLD, "old"), validated(new, "new"))
    said = "".join(re.sub("<[^>]*>", "", document.html).split())
    assert "欄「備考」は、新だけにあります。変更には数えていません。" in said
    assert "欄「意見」は、旧だけにあります。変更には数えていません。" in said
    assert "見出しの段が新旧で異なります。移動は、共通の段「基本施策」で比べています。" in said
    proved(document)


def test_many_counts_stand_in_several_rows() -> None:
    columns = {f"値{at}": {"種類": "数"} for at in range(1, 10)}
    items = [{"NO": "1", "名称": "一", **{f"値{at}": str(at + plus) for at in range(1, 10)}} for plus in (0, 1)]
    old, new = (validated(listed(item, columns=columns), name) for item, name in zip(items, "ab", strict=True))
    tables = [*comparison(old, new).expected.tables]
    assert [len(table.heads[0]) for table in tables[:2]] == [9, 9]
    assert all(table.heads[0][0].text == "区分" for table in tables[:2])


def test_a_list_that_prints_no_number_is_compared_and_corrected_by_names(proved: Callable[[Document], bytes]) -> None:
    items = {"項目": {"名称": "指標", "番号": "なし"}}
    old, new = listed(ITEM, **items), listed(later(目標値="1,500", 名称="貸出数", 前版NO=["1"]), 前版="old", **items)
    document = comparison(validated(old, "old"), validated(new, "new"))
    (named,) = (table for table in document.expected.tables if table.rows[0].cells[0].text == "名称変更")
    assert [cell.text for cell in named.rows[0].cells] == ["名称変更", "貸出数", "貸出冊数", ""]
    proved(document)
    document = errata(validated(old, "old"), validated(old | {"表題": "一覧"}, "old"))
    proved(document)
    heads = [cell.text for cell in next(document.expected.tables).heads[0]]
    assert heads == ["ページ", "指標", "箇所", "誤", "正"]


@pytest.mark.parametrize(
    ("change", "corrections"),
    [
        (lambda text: text.replace("1,020", "1,002", 1), [("1", "実績 令和5年度", "1,020冊", "1,002冊")]),
        (lambda text: text.replace("1,200", "なし", 1), [("1", "目標値", "1,200冊", "なし")]),
        (lambda text: text.replace('"番号": "1-1"', '"番号": "1-2"'), [("", "基本施策の見出し", "1-1 身近な図書館", "1-2 身近な図書館")]),
        (lambda text: text.replace('"令和5年度"', '"R5年度"'), [("", "見出し(実績)", "実績 令和4年度 令和5年度", "実績 令和4年度 R5年度")]),
        (lambda text: text.replace('"名称": "来館者"', '"名称": "来館者", "印": ["重点"]'), [("2", "印", "(記載なし)", "【重点】")]),
        (lambda text: text.replace('"意見": "配った。"', '"意見": "届けた。"'), [("3", "意見", "配った。", "届けた。")]),
        (lambda text: text.replace('"表題"', '"前文": "はじめに", "表題"'), [("", "前文", "(記載なし)", "はじめに")]),
        (lambda text: text.replace('"表題"', '"注": {"1": "市の調べ"}, "表題"'), [("", "注(※1)", "(記載なし)", "市の調べ")]),
        (
            lambda text: text.replace('"目標値": {"種類": "数"}', '"目標値": {"種類": "数", "単位": "点"}'),
            [
                ("", "見出し(目標値)", "目標値", "目標値(点)"),
                *((at, "目標値(点)", f"1,200{unit}", "1,200") for at, unit in (("1", "冊"), ("2", "人"), ("3", "冊"))),
            ],
        ),
    ],
)  # fmt: skip
def test_errata_of_another_form(change: Callable[[str], str], corrections: list[tuple[str, ...]]) -> None:
    right = json.loads(change(json.dumps(OLD, ensure_ascii=False)))
    document = errata(validated(OLD, "old"), validated(right, "old"))
    found = [row for row in rows(document) if len(row) > 1]
    assert [(number, *told) for _, number, _, *told in found] == corrections
    assert all(text in document.html for row in corrections for text in row[:2])


def test_no_word_of_the_default_form_stands_in_the_papers_of_another() -> None:
    levels = [{**level, "名称": name} for level, name in zip(LEVELS, ("ア", "イ"), strict=True)]
    text = json.dumps([OLD, NEW], ensure_ascii=False)
    for word, made_up_word in zip(("目標値", "目標", "基本施策", "指標"), ("カ", "ア", "イ", "ウ"), strict=True):
        text = text.replace(word, made_up_word)
    before, after = json.loads(text)
    wrong, right = (validated(one | {"段": levels}, name) for one, name in ((before, "old"), (after, "new")))
    default: Any = DEFAULT
    words = {
        *(level["名称"] for level in default["段"]),
        default["項目"]["名称"],
        *default["欄"],
        "取扱い",
        "方針",
        "施策",
    }
    for document in (comparison(wrong, right), errata(wrong, right)):
        said = re.sub("<style.*?</style>", "", document.html, flags=re.DOTALL)
        assert not [word for word in words if word in said]


def test_the_command_says_which_columns_changed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, one in (("old", OLD), ("new", NEW | {"前版": "old"})):
        (project / f"source/{name}.yaml").write_text(json.dumps(one, ensure_ascii=False), "utf-8")
    assert command.main(["diff", "new"]) == 0
    said = capsys.readouterr().out
    assert "old → new: 変更なし1、目標値の変更1、実績の変更1、印の変更1、新設1、記載なし1" in said
    assert "要確認: 旧NO 3「広報紙」が、新しい版にありません。" in said
