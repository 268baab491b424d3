"""Editions made up for the tests: no city ever printed them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pipeline.model.edition import Edition, Item, read_edition
from pipeline.years.comparison import Comparison, Entry, compare

LEGEND = {"◎": "実施済", "○": "継続推進", "△": "一部実施", "×": "検討中"}
TREATMENTS = {"完了": "終了", "継続": "継続", "廃止": "終了"}


def said(item: Item, key: str) -> str:
    """The text of the item at this key of the source."""
    name = next(name for name, field in type(item).model_fields.items() if field.alias == key)
    return str(getattr(item, name))


@dataclass(frozen=True)
class Row:
    """An item, or (with `repeats`) a repeat, and where it stands."""

    number: int = 0
    name: str = ""
    measure: str = "施策一"
    policy: str = "方針一"
    status: str = "○"
    treatment: str = "継続"
    findings: str = ""
    merged_into: str = ""
    previous: tuple[int, ...] = ()
    department: str = ""
    repeats: int = 0

    def data(self) -> dict[str, Any]:
        if self.repeats:
            return {"再掲": str(self.repeats)}
        return {
            "NO": str(self.number),
            "名称": self.name,
            "実施状況": self.status,
            "今後の取扱い": self.treatment,
            "検証内容": self.findings,
            "統合先": self.merged_into,
            "前版NO": [str(number) for number in self.previous],
            "担当課": self.department,
        }


def made_up(
    *rows: Row,
    previous: str = "",
    legend: dict[str, str] = LEGEND,
    abolished: object = (),
    has_own_form: bool = False,
    **more: Any,
) -> Edition:
    """An edition of `rows`; neighbours of one policy and measure stand together.

    The default form may be written in the source as if it were one of its own.
    """
    policies = [
        {
            "名称": policy,
            "推進施策": [
                {"名称": measure, "推進項目": [row.data() for row in members]}
                for measure, members in groupby(inside, lambda row: row.measure)
            ],
        }
        for policy, inside in groupby(rows, lambda row: row.policy)
    ]
    head: dict[str, Any] = {"表題": "作りものの一覧", "前版": previous}
    if has_own_form:
        decides = {"種類": "語", "語": TREATMENTS, "行方": "true"}
        status = {"種類": "記号", "凡例": legend, "集計": "主"}
        head |= {"欄": {"実施状況": status, "今後の取扱い": decides, "検証内容": {"種類": "文章"}}}
    else:
        head |= {"凡例": legend, "今後の取扱い": TREATMENTS}
    head |= {"廃止": abolished} if abolished else {}
    return read_edition({**head, **more, "推進方針": policies or [{"名称": "方針一"}]})


def other_form(year: int, previous: str = "", columns: str = "") -> str:
    """The YAML of a list for 令和`year`年度 in a form of its own: free numbers, terms, symbols and figures."""
    return f"""\
表題: 別の様式の一覧
年度: 令和{year}年度
{f"前版: {previous}" if previous else "案: false"}
注: {{1: 注の文}}
段:
  - {{名称: 柱, 番号: 自由}}
  - {{名称: 束, 番号: なし}}
項目: {{名称: 仕事, 番号: 自由}}
欄:
  受持ち: {{種類: 課}}
  出来※1: {{種類: 語, 語: [とても早い, 並み, 遅い], 集計: 主}}
  点数: {{種類: 記号, 凡例: {{A: 良い, B: 悪い}}}}
{columns}  実績: {{種類: 数, 年度: [令和{year - 2}年度, 令和{year}年度]}}
  目標: {{種類: 数, 単位: 回}}
柱:
  - 名称: 水と緑※1
    番号: 第1
    束:
      - 名称: 川
        仕事:
          - {{NO: 1, 番号: 1-ア, 名称: 川の掃除※1, 出来※1: 並み, 点数: A, 単位: 件, 実績: [5, "1,234.5"], 目標: 8}}
          - {{NO: 2, 番号: 1-イ, 名称: 橋の点検, 出来※1: 遅い, 点数: B, 単位: 人, 実績: [-, ▲3], 目標: なし}}
      - 名称: 林
        仕事:
          - {{NO: 3, 番号: 1-ウ, 名称: 林の手入れ, 出来※1: 並み, 点数: A, 実績: [1, 2], 目標: 3}}
  - 名称: 祭り
    番号: 第2
    束:
      - 名称: 夏
        仕事:
          - {{NO: 4, 番号: 2-ア, 名称: 花火, 出来※1: とても早い, 点数: B, 実績: [未記入, 2], 目標: 3}}
"""


def followed(old: Edition, new: Edition) -> Comparison:
    """`new` compared with the `old` that it names as its 前版."""
    assert new.previous == "old"
    return compare(old, new, "old", "new")


def summary(comparison: Comparison) -> dict[tuple[tuple[int, ...], tuple[int, ...]], set[str]]:
    """What became of which NOs."""
    return {numbers(entry): set(entry.kinds) for entry in comparison.entries}


def numbers(entry: Entry) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(placed.number for placed in entry.old), tuple(placed.number for placed in entry.new)


def explained(entries: Iterable[Entry]) -> tuple[list[int], list[int]]:
    """Every NO that the entries speak of, as often as they do."""
    entries = list(entries)
    return (
        sorted(placed.number for entry in entries for placed in entry.old),
        sorted(placed.number for entry in entries for placed in entry.new),
    )


def with_every_field(year: int, previous: str = "") -> str:
    """The YAML of a list for 平成`year`年度 that has every field, long ones among them, on more than one page."""
    address = "https://www.city.example.lg.jp/soshiki/kyodo-suishin/plan.html?a=1&b=2"
    findings = (
        f"市民活動団体との協働を進めるため、午前10時～午後5時に相談窓口を開き、情報を提供({address})した。",
        "相談は年間百二十件で、うち半数が新たに活動を始めようとする人からのものであった。" * 3,
        f"平成{year}年度に終わった。",
    )
    lines = [
        "表題: 試験市協働推進プラン及び市民活動促進計画に基づく実行計画実施状況一覧",
        "自治体: 試験市",
        f"年度: 平成{year}年度(平成{year}年4月～平成{year + 1}年3月)",
        f"現在日: {year + 1989}-03-31",
        "担当課: 地域生活部協働推進課市民活動推進係",
        "資料番号: 資料1-2",
        "案: true",
        *([f"前版: {previous}"] if previous else []),
        "凡例: {◎: 計画どおり実施し、目標とした水準を達成したもの, ○: 今後も継続して推進するもの, △: 一部を実施したもの}",
        "今後の取扱い: {完了: 終了, 継続: 継続}",
        "推進方針:",
    ]
    for policy in range(2):
        lines += [f"  - 名称: 方針{policy + 1} 参加しやすく、活動しやすい環境づくりを進めます", "    推進施策:"]
        for measure in range(2):
            lines += [f"      - 名称: 施策{measure + 1} 活動(交流)拠点機能の充実", "        推進項目:"]
            for item in range(5):
                number = 10 * policy + 5 * measure + item + 1
                lines += [
                    f"          - NO: {number}",
                    f"            名称: 項目{number} 協働PRリーフレットの作成とホームページでの公開～{'二' * (item + 1)}年目～",
                    f"            実施状況: {'◎○△○'[(number + year) % 4]}",
                    f"            今後の取扱い: {'完了' if number % 7 == 0 else '継続'}",
                    f"            検証内容: {findings[(number + year) % 3]}",
                    "            担当課: 企画課",
                ]
                if item == 4:
                    lines.append(f"          - 再掲: {(number + 10) % 20 or 20}")
    return "\n".join(lines) + "\n"
