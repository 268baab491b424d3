"""Pages and expectations agree on editions that nobody thought of: an honest list is never refused by its proof.

The HTML is held against what is expected of its PDF, cell by cell and without laying it out. And a digest of each is
kept: what is made of these editions is what it was.
"""

import json
import random
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from pipeline.documents.checklist import checklist
from pipeline.documents.comparison import comparison
from pipeline.documents.council import council
from pipeline.documents.document import Document, Paragraph, Printed
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.errors import NothingToDoError, SourceError
from pipeline.model.validation import Validated, validate
from pipeline.source.tree import parse_source
from pipeline.years.readiness import LastIssue

from .conftest import A_SET, NOT_PRINTED
from .golden.digests import check

NAMES = [
    "公園",
    "公 園",
    "図書館",
    "道路の補修",
    "道路と\n橋の補修",
    "花壇の手入れ",
    "祭り",
    "川の清掃",
    "橋の点検",
    "広場",
]
TEXTS = [
    "",
    "検討する。",
    "引き続き検討する。\n来年も行う。",
    "終わった。すべて終えた。",
    "一部を直した。",
    "・一\n・二",
    "完了",
]
LEGENDS: list[dict[str, str]] = [
    {"◎": "実施済", "○": "継続推進", "×": "検討中"},
    {"○": "実施済", "◎": "継続推進", "×": "検討中"},
    {"A": "実施済", "B": "実施 済", "C": "終了", "D": "記載なし", "E": "E"},
    {f"{at}": f"段階{at}" for at in range(1, 9)},
]
TREATMENTS = [{"完了": "終了", "継続": "継続"}, {"完了": "終了", "継続": "継続", "廃止": "終了", "見直し": "継続"}]
YEARS = ["", "平成24年度", "平成25年度", "平成26年度", "平成二十四年度という、たいへんに長い年度の名前"]


class Writer:
    """Makes up editions, each at the seed's mercy."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _maybe(self, **entries: Any) -> dict[str, Any]:
        return {key: value for key, value in entries.items() if value and self._random.random() < 0.5}

    def edition(self, before: dict[str, Any] | None = None) -> dict[str, Any]:
        pick = self._random.choice
        legend, treatments = (
            (before["凡例"], before["今後の取扱い"])
            if before and pick([0, 1, 1])
            else (pick(LEGENDS), pick(TREATMENTS))
        )
        listed: dict[str, Any] = {"表題": pick(["一覧", "実施\n状況"]), "凡例": legend, "今後の取扱い": treatments}
        listed |= self._maybe(
            年度=pick(YEARS), 自治体="試験市", 担当課="企画課", 現在日="2013-03-31", 資料番号="資料1", 案="true"
        )
        listed |= self._maybe(
            見出し={"実施状況": "進み\n具合", "推進項目": "取組", "NO": "番号", "検証内容": "検証内容"}
        )
        numbers = iter(range(1, 100))
        policies: list[dict[str, Any]] = [
            {
                "名称": name,
                "推進施策": [self._measure(legend, treatments, numbers, before) for _ in range(pick([0, 1, 2]))],
            }
            for name in self._random.sample(["方針一", "方針二", "方針\n三"], pick([1, 2, 3]))
        ]
        last = next(numbers) - 1
        for policy in policies:
            for measure in policy["推進施策"]:
                if last and pick([0, 0, 1]):
                    measure["推進項目"].append({"再掲": pick(range(1, last + 1))})
        return listed | {"推進方針": policies}

    def _measure(
        self, legend: dict[str, str], treatments: dict[str, str], numbers: Iterator[int], before: Any
    ) -> dict[str, Any]:
        pick = self._random.choice
        most = max(known(before), default=0)
        items = []
        for _ in range(pick([0, 1, 2, 3])):
            item = {"NO": next(numbers), "名称": pick(NAMES), "検証内容": pick(TEXTS)}
            item |= {
                "実施状況": pick([*legend, *legend, "未記入"]),
                "今後の取扱い": pick([*treatments, "継続", "未記入"]),
            }
            item |= self._maybe(統合先=pick(["", "", pick(NAMES)]), 担当課="公園課")
            if most and pick([0, 0, 1]):
                item["前版NO"] = self._random.sample(range(1, most + 1), min(most, pick([1, 1, 2])))
            items.append(item)
        return {"名称": pick(["施策一", "施策二", "施策三"]), "推進項目": items}


def known(listed: Any) -> list[int]:
    """The NOs of an edition before it is read."""
    policies = listed["推進方針"] if listed else []
    return [
        row["NO"] for policy in policies for measure in policy["推進施策"] for row in measure["推進項目"] if "NO" in row
    ]


def chain(seed: int, length: int) -> list[Validated]:
    """Editions that follow each other; fewer if one is no edition."""
    writer, found, before = Writer(seed), list[Validated](), None
    for at in range(length):
        listed = writer.edition(before)
        if at:
            listed["前版"] = f"e{at - 1}"
            for policy in listed["推進方針"]:
                for measure in policy["推進施策"]:
                    for row in measure["推進項目"]:
                        if "前版NO" in row:
                            row["前版NO"] = [one for one in row["前版NO"] if one in known(before)]
        source = parse_source(Path(f"source/e{at}.yaml"), json.dumps(listed, ensure_ascii=False).encode())
        try:
            found.append(validate(source))
        except SourceError:
            break
        before = listed
    return found


def bare(text: str) -> str:
    return "".join(text.split())


def shown(element: Element) -> str:
    if element.get("aria-hidden") == "true" or element.tag == "style":
        return element.tail or ""
    return (element.text or "") + "".join(map(shown, element)) + (element.tail or "")


def said_by_page(document: Document) -> list[str]:
    """Every paragraph and every cell of the page, empty ones left out."""
    root = ElementTree.fromstring(document.html)
    found = []
    for element in root.iter():
        hidden = "screen-only" in element.get("class", "").split()
        if hidden:
            element.clear()
        elif element.tag in ("p", "h1", "h2", "h3", "td", "th") and element.get("aria-hidden") != "true":
            element.tail = None
            found.append(bare(shown(element)))
    return [text for text in found if text]


def said_by_expectation(document: Document) -> list[str]:
    found: list[str] = []
    for block in [*document.expected.masthead, *document.expected.blocks]:
        if isinstance(block, Paragraph):
            found += [] if block.kind == "Figure" else [block.text]
        else:
            found += [cell.text for row in [*block.heads, *(row.cells for row in block.rows)] for cell in row]
    return [text for text in map(bare, found) if text]


def documents(editions: list[Validated], seed: int) -> Iterator[tuple[str, Document]]:
    new, old = editions[-1], editions[-2] if len(editions) > 1 else None
    yield "report", report(new)
    yield "summary", summary(new, old)
    yield "history", history(editions)
    if seed % 2:
        yield "council", council(editions, A_SET if old else A_SET[:2])
    else:
        yield "checklist", checklist(editions, [*A_SET, NOT_PRINTED], LastIssue("last/1", date(2030, 4, 1), old))
    if old:
        yield "comparison", comparison(old, new)
        yield "comparison-all", comparison(new, old, show_all=True)
        try:
            yield "errata", errata_of(old, new, editions[:-2], pages=seed % 3)
        except NothingToDoError:
            return


def errata_of(old: Validated, new: Validated, before: list[Validated], pages: int) -> Document:
    """The errata of papers of so many pages; with none, only the list was distributed, and it is not known how."""
    if not pages:
        return errata(old, new)
    return errata(
        old, new, partial(printed, pages), before, ("summary", *(("comparison", "history") if before else ()))
    )


def printed(pages: int, _: str, make: Callable[[], Document]) -> Printed:
    """Where a paper says what: it says everything on each of its pages, and its ids stand on them in turn."""
    cells = [cell for table in make().expected.tables for row in table.rows for cell in row.cells]
    ids = [cell.id for cell in cells if cell.id]
    return Printed(
        {id: at % pages + 1 for at, id in enumerate(ids)}, (bare("".join(cell.text for cell in cells)),) * pages
    )


class FormWriter:
    """Makes up two editions in forms of their own, the second one often in another; at the seed's mercy."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def edition(self, like: dict[str, Any] | None = None) -> dict[str, Any]:
        """An edition in the form of another one, or in one of its own."""
        pick = self._random.choice
        form = {key: like[key] for key in ("段", "項目", "欄")} if like else self._form()
        listed: dict[str, Any] = {"表題": "一覧", "印": {"重点": "力を入れるもの", "新規": "新しいもの"}, **form}
        listed |= self._maybe(
            年度=pick(YEARS), 前文="はじめに\n述べる。", 後文="以上", 注={"1": pick(["注", "別の注"])}
        )
        levels, numbers = form["段"], iter(range(1, 100))
        key = levels[0]["名称"] if levels else form["項目"]["名称"]
        return listed | {key: self._children(listed, levels, form["欄"], numbers)}

    def _form(self) -> dict[str, Any]:
        pick, some = self._random.choice, self._random.sample
        numberings = ["ローマ数字", "括弧", "算用数字", "自由", "なし"]
        levels = [
            {"名称": name, "番号": pick(numberings)} for name in ("目標", "方向", "分野")[: pick([0, 1, 2, 2, 3])]
        ]
        has_main = pick([True, False])
        kinds: dict[str, Any] = {
            "所管": {"種類": "課"},
            "評価": {"種類": "記号", "凡例": pick(LEGENDS)} | ({"集計": "主"} if has_main else {}),
            "外部評価": {"種類": "記号", "凡例": pick(LEGENDS)},
            "方向性": {"種類": "語", "語": pick(TREATMENTS), "行方": "true"},
            "進み": {"種類": "語", "語": pick([["順調", "遅れ"], ["順調", "終了", "遅れ"]])},
            "目標値": {"種類": "数"} | self._maybe(単位="件"),
            "実績": {"種類": "数", "年度": ["R3", "R4", "R5", "R6"][pick([0, 1]) : pick([3, 4])]},
            "期限": {"種類": "日付"},
            "備考": {"種類": "文字"},
            pick(["令和5年度の取組", "令和6年度の取組"]): {"種類": "文章"} | self._maybe(段落="下"),
        }
        return {
            "段": levels,
            "項目": {"名称": pick(["取組", "事業"]), "番号": pick(["NO", "自由", "なし"])},
            "欄": {key: kinds[key] for key in some([*kinds], pick([1, 2, 4, 8]))},
        }

    def _maybe(self, **values: Any) -> dict[str, Any]:
        return {key: value for key, value in values.items() if self._random.choice([True, False])}

    def _children(self, listed: Any, levels: Any, columns: Any, numbers: Iterator[int]) -> list[Any]:
        pick = self._random.choice
        if not levels:
            return [self._item(listed, columns, next(numbers)) for _ in range(pick([1, 2, 3]))]
        level, *inner = levels
        below = inner[0]["名称"] if inner else listed["項目"]["名称"]
        own = [{"番号": pick(["1", "1-1", "基本1"])} if level["番号"] == "自由" else {} for _ in range(pick([1, 2]))]
        names = self._random.sample(["読む", "学ぶ", "つくる\nまち"], len(own))
        return [
            {"名称": name, **number, below: self._children(listed, inner, columns, numbers)}
            for name, number in zip(names, own, strict=True)
        ]

    def _item(self, listed: Any, columns: Any, number: int) -> dict[str, Any]:
        pick = self._random.choice
        item: dict[str, Any] = {
            "NO": number,
            "名称": pick(NAMES),
            "印": self._random.sample(["重点", "新規"], pick([0, 0, 1])),
        }
        if listed["項目"]["番号"] == "自由":
            item |= self._maybe(番号=f"1-{number}")
        figures = ["1,200", "1200", "▲3", "0.5", "なし", "-", "未記入", "38"]
        for key, spec in columns.items():
            match spec["種類"]:
                case "記号":
                    item[key] = pick([*spec["凡例"], "未記入"])
                case "語":
                    item[key] = pick([*spec["語"], "未記入"])
                case "数":
                    item[key] = [pick(figures) for _ in spec["年度"]] if "年度" in spec else pick(figures)
                case "課":
                    item |= self._maybe(**{key: pick(["公園課", "公園課、図書課"])})
                case "日付":
                    item |= self._maybe(**{key: pick(["2026-03-31", "令和8年3月31日", "2027-03-31"])})
                case _:
                    item[key] = pick(TEXTS)
        if any(spec["種類"] == "数" and "単位" not in spec for spec in columns.values()):
            item |= self._maybe(単位=pick(["件", "人"]))
        return item


def of_years(seed: int) -> Iterator[tuple[str, Document]]:
    """The documents of up to four editions."""
    editions = chain(seed, 1 + seed % 4)
    return documents(editions, seed) if editions else iter(())


def of_forms(seed: int) -> Iterator[tuple[str, Document]]:
    """The documents of two editions, in one form or in two."""
    writer = FormWriter(seed)
    before = writer.edition()
    after = writer.edition(before if seed % 2 else None) | {"表題": "別の一覧"}
    try:
        old, new = (
            validate(parse_source(Path(f"source/{name}.yaml"), json.dumps(listed).encode()))
            for name, listed in (("a", before), ("b", after))
        )
    except SourceError:
        return iter(())
    return documents([old, new], seed)


MAKERS: dict[str, Callable[[int], Iterator[tuple[str, Document]]]] = {"years": of_years, "forms": of_forms}
SEEDS = [*(("forms", seed) for seed in range(40)), *(("years", seed) for seed in range(60))]


def text(document: Document) -> str:
    """What stands in a document, as HTML and as it is expected of its PDF."""
    return document.html + repr(document.expected)


@pytest.mark.parametrize(("of", "seed"), SEEDS)
def test_page_and_expectation_say_the_same(of: str, seed: int, request: pytest.FixtureRequest) -> None:
    made = [*MAKERS[of](seed)]
    for kind, document in made:
        assert said_by_page(document) == said_by_expectation(document), kind
    begin = f"{of}-{seed:02}-"
    check("two_sides", {begin + kind: text(document).encode() for kind, document in made}, request, begin)


def test_page_and_expectation_move_long_legends_to_page_1_at_the_same_length() -> None:
    """A history of four legends: the last has each length about that of a line."""
    moved = set()
    for length in range(70, 76):
        editions = []
        for at, meaning in enumerate(["実施", "実行", "完成", "済" * length]):
            text = f"表題: 一覧\n凡例: {{◎: {meaning}}}\n今後の取扱い: {{継続: 継続}}\n推進方針: [{{名称: 方針}}]\n"
            text += f"前版: e{at - 1}\n" if at else ""
            editions.append(validate(parse_source(Path(f"source/e{at}.yaml"), text.encode())))
        document = history(editions)
        expected = any("(意味は1ページ)" in paragraph.text for paragraph in document.expected.repeated)
        assert ("(意味は1ページ)" in document.html) is expected, length
        moved.add(expected)
    assert moved == {False, True}
