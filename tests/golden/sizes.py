"""What is made of tiny editions that differ in one dimension: so many sections, symbols, years, rows or characters.

A limit of a page is met by some value of the dimension that it limits. A limit that moves by one changes a page.
"""

import csv
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from pipeline.documents.book import book
from pipeline.documents.book.rows import rows
from pipeline.documents.book.sheet import BookError
from pipeline.documents.checklist import checklist
from pipeline.documents.comparison import comparison
from pipeline.documents.council import council
from pipeline.documents.data import downloads, open_data
from pipeline.documents.data.cells import BOM
from pipeline.documents.document import Document, ListedPaper, Printed
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.errors import Problem, ProofError
from pipeline.model.column_widths import ColumnWidths
from pipeline.model.edition import read_edition
from pipeline.model.validation import Validated, validate
from pipeline.proof.data import prove_data
from pipeline.source.tree import parse_source
from pipeline.years.readiness import LastIssue
from tests.conftest import A_SET, HEALTHY, NOT_PRINTED

from .snapshots import workbook_text

KANJI = "市民活動支援窓口相談花壇清掃講座調査情報提供協働推進"
SYMBOLS = "◎○△▲×◇◆★☆□■▽▼●◯〇甲乙丙丁"

NUMBERINGS = ("NO", "自由", "なし")

Data = dict[str, Any]

# Every edition here has this source: what an edition says is read from it alone.
BASE = validate(parse_source(Path("source/test.yaml"), HEALTHY.encode()))


def kanji(count: int) -> str:
    return (KANJI * (count // len(KANJI) + 1))[:count]


def edition(data: Data, name: str = "new") -> Validated:
    content = name.encode()
    source = replace(BASE.source, edition=name, data=content, digest=hashlib.sha256(content).hexdigest())
    return replace(BASE, edition=read_edition(data), source=source)


def item(number: int, status: str = "○", **more: Any) -> Data:
    return {"NO": str(number), "名称": f"項目{number}", "実施状況": status, "今後の取扱い": "継続"} | more


def listed(sections: Mapping[str, Sequence[Data]], **head: Any) -> Data:
    """An edition of the default form: each of the sections has one of the inner level."""
    policies = [{"名称": name, "推進施策": [{"名称": "施策", "推進項目": [*rows]}]} for name, rows in sections.items()]
    usual = {"表題": "一覧", "凡例": {"◎": "実施済", "○": "継続推進"}, "今後の取扱い": {"完了": "終了", "継続": "継続"}}
    return usual | head | {"推進方針": policies or [{"名称": "方針"}]}


def own(columns: Data, items: Sequence[Data], **head: Any) -> Data:
    """An edition of a form of its own with one level."""
    usual = {"表題": "一覧", "段": [{"名称": "柱", "番号": "なし"}], "項目": {"名称": "事業", "番号": "NO"}}
    rows = [{"NO": str(at), "名称": f"事業{at}"} | one for at, one in enumerate(items, 1)]
    return usual | head | {"欄": columns, "柱": [{"名称": "柱の一", "事業": rows}]}


def said(*documents: Document) -> str:
    return "\n".join(document.html + repr(document.expected) for document in documents)


def each(values: Iterable[Any], make: Callable[..., str], *others: Any) -> Iterator[str]:
    """What is made of each value, and `others`."""
    return (f"{value}: {make(value, *others)}" for value in values)


# The summary


def counted(symbols: int, meaning: int = 3, terms: int = 0, **head: Any) -> Data:
    """Two items, counted by so many symbols with meanings of so many characters, and by so many terms."""
    legend = {symbol: f"{at}{kanji(meaning)}"[:meaning] for at, symbol in enumerate(SYMBOLS[:symbols])}
    columns: Data = {"評価": {"種類": "記号", "凡例": legend, "集計": "主"}}
    rows = [{"評価": symbol} for symbol in [*legend, *legend][:2]]
    if terms:
        columns["進み"] = {"種類": "語", "語": [f"進み{at}" for at in range(terms)]}
        rows = [row | {"進み": f"進み{at % terms}"} for at, row in enumerate(rows)]
    return own(columns, rows, **head)


def of_sections(count: int, **more: Any) -> Data:
    return listed({f"方針{at}": [item(at, "◎○"[at % 2])] for at in range(1, count + 1)}, **more)


def summaries() -> Iterator[str]:
    def of(data: Data, before: Data | None = None) -> str:
        return said(summary(edition(data), edition(before, "old") if before else None))

    yield from each((*range(1, 15), 23, 24, 47), lambda count: of(of_sections(count)))
    few = of_sections(2, 年度="平成24年度")
    yield from each(range(1, 14), lambda count: of(of_sections(count, 年度="平成25年度"), few))
    yield from each((1, *range(18, 38)), lambda count: of(uncounted(count)))
    for symbols in (5, 7, 8, 10):
        legend = {symbol: f"意味{symbol}" for symbol in SYMBOLS[:symbols]}
        yield from each(range(1, 6), lambda count, legend: of(of_sections(count, 凡例=legend), few), legend)
    for length in range(12, 18):  # the key of the chart gets another line
        legend = dict.fromkeys("◎○△×", kanji(12)) | {"◇": kanji(length)}
        yield of(of_sections(11, 凡例=legend))
    for numbering in ("括弧", "自由"):
        yield from each(range(11, 36, 2), lambda length, *of_: of(of_name(length, *of_)), numbering, 0)
    yield from each(range(6, 16), lambda terms: of(of_name(35, "なし", terms)))
    yield from each(range(1, 21), lambda count: of(counted(count), counted(2)))
    yield from each(range(7, 11), lambda count: of(counted(count, 12), counted(count, 12)))
    yield from each(range(1, 21), lambda count: of(counted(3, terms=count), counted(3)))
    yield from each(range(1, 24), lambda length: of(counted(5, length), counted(2)))
    yield from each((1, 7, 15), lambda length: of(counted(5, length, 凡例の場所="一ページ目"), counted(2)))
    yield from each(range(1, 21, 2), lambda count: of(counted(count, 14), counted(20 - count, 13)))
    yield from each(range(0, 32, 2), lambda count: of(uneven(count)))
    yield from each(range(1, 24), lambda length: of(long_heads(length), counted(2)))
    yield from each(range(9, 13), lambda terms: of(repeated(counted(10, terms=terms))))
    plain = of_sections(3, 凡例={symbol: f"意味{symbol}" for symbol in "◎○△×"})
    yield of(uneven(4), plain)
    yield of(plain, uneven(4))


def repeated(data: Data) -> Data:
    """The list with its first item once more, and once more."""
    data["柱"][0]["事業"] += [{"再掲": "1"}] * 2
    return data


def of_name(length: int, numbering: str, terms: int) -> Data:
    """A section whose name has so many characters, beside so many columns of terms."""
    data = counted(4, terms=terms, 段=[{"名称": "柱", "番号": numbering}])
    data["柱"][0] |= {"名称": kanji(length)} | ({"番号": "第1"} if numbering == "自由" else {})
    data["柱"][0]["事業"] += [{"再掲": "1"}] * (terms % 2)
    return data


def uncounted(count: int) -> Data:
    """So many sections, and nothing that is counted by symbols or terms."""
    data = own({"備考": {"種類": "文字"}}, [])
    return data | {"柱": [{"名称": kanji(at), "事業": [{"NO": str(at), "名称": "事業"}]} for at in range(1, count + 1)]}


def uneven(count: int) -> Data:
    """More and more items, unequally many of each symbol: shares are rounded, and pieces of the chart are narrow."""
    rows = [
        item(100 * at + one, symbol) for at, symbol in enumerate("◎○△×", 1) for one in range(1 + at * at * count // 8)
    ]
    legend = {symbol: f"意味{symbol}" for symbol in "◎○△×"}
    return listed({"方針": [*rows, item(99, "未記入")], "別": [{"再掲": "99"}] * (count % 3)}, 凡例=legend)


def long_heads(length: int) -> Data:
    data = counted(3, terms=2, 見出し={"柱": kanji(length), "評価": kanji(length + 1), "進み": kanji(length + 2)})
    data["柱"].append({"名称": "柱の二", "事業": [{"再掲": "1"}]})
    return data


# The history


def years(count: int, make: Callable[[int], Data]) -> list[Data]:
    """The editions of so many years."""
    return [make(at) | {"年度": f"令和{at}年度"} for at in range(1, count + 1)]


def histories() -> Iterator[str]:
    def of(chain: Sequence[Data]) -> str:
        return said(history([edition(data, f"e{at}") for at, data in enumerate(chain)]))

    yield from each((1, 2, 10, 11, 20, 21), lambda count: of(years(count, legend_of(2))))
    yield from each((1, 9, 10, 11), lambda count: of(years(count, lambda _: own({"備考": {"種類": "文字"}}, [{}]))))
    yield from each((9, 10, 9_999_999, 10_000_000), lambda number: of(years(2, number_of(number))))
    yield from each(itertools.product(range(4), range(4)), lambda pair: of([levelled(count) for count in pair]))
    yield from each(
        itertools.product(NUMBERINGS, NUMBERINGS), lambda pair: of([fates(False, pair[0]), fates(True, pair[1])])
    )
    yield from each(
        NUMBERINGS, lambda one: of([fates(False, one), fates(True, one), own({"備考": {"種類": "文字"}}, [{}])])
    )
    yield from each((4, 5), lambda count: of(years(count, meaning_of(3))))
    yield of(years(2, meaning_of(120)))
    yield of(years(2, lambda at: legend_of(2)(1) | {"見出し": {"実施状況": f"進み{at}"}}))
    yield of([listed({}, 凡例={symbol: kanji(150) for symbol in SYMBOLS[:4]})])
    yield from each(range(1, 21), lambda width: of(years(3, term_of(width, "NO"))))
    yield from each(range(2, 21, 3), lambda width: of(years(3, term_of(width, "なし"))))
    yield from each(range(8, 21, 2), lambda width: of(years(9, term_of(width, "NO"))))
    yield from each((1, 10, 11, 20), lambda count: of(series_of(count, 4)))
    for count in (7, 13):
        yield from each(range(1, 13), lambda width, count: of(series_of(count, width)), count)
    yield from each(range(1, 12), lambda count: of(years(3, legend_of(count))))
    yield from each(range(28, 36), lambda length: of(years(3, meaning_of(length))))
    yield from each(range(16, 24), lambda length: of([one | {"年度": kanji(length)} for one in years(1, legend_of(2))]))
    yield from each(
        ("元年", "令和元年度", "R3", "令和3", "2024年度", "令和3年度末"),
        lambda year: of([years(1, legend_of(2))[0] | {"年度": year}]),
    )


def number_of(number: int) -> Callable[[int], Data]:
    return lambda _: listed({"方針": [item(number)]})


def levelled(count: int) -> Data:
    """A list of so many levels, whose items are numbered in another way for each count."""
    names = ["目標", "方向", "分野"][:count]
    rows: list[Data] = [{"NO": str(at), "名称": f"事業{at}", "備考": "文"} for at in range(1, 4)]
    for row in rows if count == 2 else ():
        row["番号"] = f"1-{row['NO']}"
    key = "事業"
    for name in reversed(names):
        rows, key = [{"名称": f"{name}の一", key: rows}], name
    return {
        "表題": f"一覧{count}",
        "段": [
            {"名称": name, "番号": numbering}
            for name, numbering in zip(names, ("なし", "括弧", "算用数字"), strict=False)
        ],
        "項目": {"名称": "事業", "番号": ("NO", "なし", "自由", "NO")[count]},
        "欄": {"備考": {"種類": "文字"}},
        key: rows,
    }


def term_of(width: int, numbering: str) -> Callable[[int], Data]:
    columns = {"進み": {"種類": "語", "語": [kanji(width), "遅れ"], "集計": "主"}}
    return lambda _: own(columns, [{"進み": kanji(width)}], 項目={"名称": "事業", "番号": numbering})


def series_of(count: int, width: int) -> list[Data]:
    """Figures of so many years and so many digits, in one edition or in two."""
    columns = [[f"令和{at}年度" for at in range(first, first + min(count, 10))] for first in {1, max(1, count - 9)}]
    return [
        own({"実績": {"種類": "数", "年度": heads}}, [{"実績": [f"{at}" * width for at in range(len(heads))]}])
        for heads in columns
    ]


def legend_of(count: int) -> Callable[[int], Data]:
    """Legends of so many symbols, which change their meanings in the last year."""

    def make(at: int) -> Data:
        legend = {symbol: f"意味{symbol}{'別' * (at == 3)}" for symbol in SYMBOLS[:count]}
        return listed(
            {"方針": [item(1, SYMBOLS[at % count]), item(2, "未記入" if at == 2 else SYMBOLS[0]), item(3, SYMBOLS[0])]},
            凡例=legend,
        )

    return make


def meaning_of(length: int) -> Callable[[int], Data]:
    """Legends of meanings of so many characters, other ones each year."""
    return lambda at: listed({"方針": [item(1)]}, 凡例={"○": f"{at}{kanji(length)}", "◎": kanji(length)})


# The comparison


def comparisons() -> Iterator[str]:
    def of(old: Data, new: Data) -> str:
        return said(comparison(edition(old, "e0"), edition(new | {"前版": "e0"})))

    prose = {"内容": {"種類": "文章"}}
    new = [item(at) for at in range(1, 30)]
    yield from each((1, *range(16, 22)), lambda count: of(listed({}), listed({"方針": new[:count]})))
    yield from each(range(2, 80, 6), lambda length: of(listed({}), listed({"方針": [item(1, 名称=kanji(length))]})))
    yield from each((1, 5, 6, 7, 18), lambda count: of(changed(count, "前"), changed(count, "後")))
    yield from each(range(1, 31, 2), lambda length: of(headed(length, "前"), headed(length, "後")))
    long = [
        *(kanji(length) for length in (8, *range(200, 290, 7))),
        *("改めた。\n" * at + "以上" for at in range(1, 10)),
    ]
    yield of(apart(*(["短い。"] * len(long))), apart(*long))
    yield from each(
        itertools.product(NUMBERINGS, NUMBERINGS), lambda pair: of(fates(False, pair[0]), fates(True, pair[1]))
    )
    yield from each(
        itertools.product(("", "令和5年度", "令和6年度"), repeat=2),
        lambda pair: of(changed(1, "前") | {"年度": pair[0]}, changed(1, "後") | {"年度": pair[1]}),
    )
    yield from each((12, 20), lambda count: of(series_of(5, 2)[0], series_of(count, 2)[-1]))
    yield of(apart("短い。"), of_each_kind(3))
    yield of(of_each_kind(3), apart("短い。"))
    yield of(changed(1, "前"), headed(3, "後"))
    yield of(headed(3, "前"), changed(1, "後"))
    yield from each(range(13, 23), lambda count: of(changed(7, "前"), changed(7, "後", count)))
    numbers = [10**width for width in range(9)]
    yield from each(numbers, lambda number: of(number_of(number)(1), number_of(number)(1)))
    yield from each(itertools.product(range(4), range(4)), lambda pair: of(*map(levelled, pair)))
    yield from each(range(1, 13), lambda count: of(legend_of(count)(1), legend_of(count)(3)))
    yield from each(range(1, 6), lambda count: of(own(prose, [{"内容": "一"}]), own(prose, [{"内容": "一"}] * count)))
    texts = ("5", "1,200", "-", "未記入", "▲3.5")
    for units in (("件", "件"), ("件", "人"), ("", "")):
        yield from each(
            itertools.product(texts, texts) if units[1] == "件" else itertools.pairwise(texts),
            lambda pair, units: of(*map(figure_of, pair, units)),
            units,
        )


def figure_of(text: str, unit: str) -> Data:
    return own({"実績": {"種類": "数"}}, [{"実績": text, "単位": unit}])


def fates(is_new: bool, numbering: str, **head: Any) -> Data:
    """What may become of an item: it moves, is merged, split, renamed or abolished, ends, vanishes, or is not known."""
    columns = {"行方": {"種類": "語", "語": {"継続": "継続", "完了": "終了"}, "行方": "true", "集計": "主"}}
    names = ["移る", "合わさる", "合わせる", "分かれる", "改まる", "廃れる", "終わる", "消える", "推し量られる取組"]
    rows: list[Data] = [{"名称": name, "行方": "完了" if name == "終わる" else "継続"} for name in names]
    rows[1]["統合先"] = "合わせる"
    others: list[Data] = [{"名称": "変わらない", "行方": "未記入"}]
    if is_new:
        kept = {1: [1], 3: [2, 3], 4: [4], 5: [5]}
        rows = [rows[at - 1] | {"前版NO": [str(one) for one in old]} for at, old in kept.items()]
        rows[2:3] = [rows[2] | {"名称": f"分かれた{at}"} for at in "一二"]
        rows[-1]["名称"] = "改めた"
        rows += [{"名称": "推し量られる取組み", "行方": "継続"}, {"名称": "新しい", "行方": "完了"}]
        others.append(rows.pop(0))
        head |= {
            "廃止": [{"前版NO": ["6"], "理由": "縮小"}],
            "前版": "e0",
            "後文": "後",
            "注": {"1": "注", "2": "同じ"},
        }
    else:
        head |= {"前文": "前", "注": {"2": "同じ", "3": "古い"}}
    for number, row in enumerate([*rows, *others], 1):
        row |= {"NO": str(number)} | ({"番号": f"1-{number}"} if numbering == "自由" else {})
    data = own(columns, [], 項目={"名称": "事業", "番号": numbering}, **head)
    return data | {"柱": [{"名称": "柱の一", "事業": rows}, {"名称": "柱の二", "事業": others}]}


def changed(count: int, text: str, items: int = 1) -> Data:
    """So many columns that say `text`, of so many items."""
    columns = {f"欄{at}": {"種類": "文字"} for at in range(1, count + 1)}
    return own(columns, [dict.fromkeys(columns, text)] * items)


def headed(length: int, text: str) -> Data:
    """A column whose head has so many characters, beside a list of marks."""
    return own(
        {"備考": {"種類": "文字"}},
        [{"備考": text, "印": ["重点"]}],
        見出し={"備考": kanji(length)},
        印={"重点": kanji(length)},
    )


def apart(*texts: str) -> Data:
    """Columns that do not stand beside those of another edition: each changed one has a row."""
    legend = {"A": "済", "B": "遅れ"} if texts[0] == texts[-1] else {"B": "済", "A": "遅れ"}
    columns = {
        "実績": {"種類": "数", "年度": ["R5", "R6"]},
        "内容": {"種類": "文章"},
        "評価": {"種類": "記号", "凡例": legend},
    }
    items = [{"実績": [str(len(text)), "2"], "内容": text, "評価": "AB"[len(text) % 2]} for text in texts]
    return own(columns, items)


# The errata


def corrections() -> Iterator[str]:
    def of(old: Data, new: Data, pages: int = 2, text: str = "") -> str:
        wrong, right = edition(old), edition(new)
        printed = Printed(
            {**{f"no-{at}": 1 + at % pages for at in range(9)}, "policy-1": pages},
            (text or report(wrong).html,) * pages,
        )
        try:
            return said(errata(wrong, right, lambda *_: printed, (), ("summary",)))
        except ProofError as error:
            return str(error)

    numbers = [10**width for width in range(9)]
    yield from each(numbers, lambda number: of(number_of(number)(1), number_of(number)(2) | {"表題": "別"}))
    yield from each(itertools.pairwise((0, 1, 2, 3, 0, 2)), lambda pair: of(levelled(pair[0]), levelled(pair[1])))
    yield of(counted(3, terms=3), counted(4, terms=4))
    yield from each(
        itertools.permutations((0, 1, 2), 2),
        lambda pair: of(series_of(12, 2)[pair[0] % 2], series_of(pair[1] + 3, 3)[0]),
    )
    yield of(of_each_kind(4), of_each_kind(3))
    yield of(repeated(of_each_kind(4)), repeated(of_each_kind(3)))
    yield of(of_each_kind(2), series_of(2, 2)[0])
    yield of(series_of(2, 2)[0], of_each_kind(2))
    numbered = [{"資料番号": {"一覧": f"1-{at}", "集計表": f"2-{at}"}, "自治体": f"市{at}"} for at in range(2)]
    yield of(changed(1, "文") | numbered[0], changed(1, "文") | numbered[1])
    yield from each(range(1, 4), lambda pages: of(everything("前"), everything("後"), pages))
    named = listed({"方針": [item(1, 名称=kanji(30))]})
    fixed = listed({"方針": [item(1, 名称=kanji(29))]})
    yield from each(range(5, 12), lambda count: of(named, fixed, text=kanji(count)))
    more = [item(at) for at in range(1, 9)]
    yield from each(range(1, 8), lambda count: of(listed({"方針": more[:count]}), listed({"方針": more[count::-1]})))


def everything(text: str) -> Data:
    """A list that says `text` wherever it can say it."""
    said = {"表題": text, "自治体": text, "年度": text, "担当課": text, "資料番号": text, "前文": text, "後文": text}
    return listed(
        {text: [item(1, 名称=text, 担当課=text, 検証内容=text)]},
        **said,
        注={"1": text},
        現在日="2024-03-31" if text == "前" else "2024-04-30",
    )


# The papers of a council


def sets() -> Iterator[str]:
    def of(chain: Sequence[Data], papers: Sequence[ListedPaper] = ()) -> str:
        editions = [edition(data, f"e{at}") for at, data in enumerate(chain)]
        try:
            return said(council(editions, papers or (A_SET if chain[1:] else A_SET[:2])))
        except ProofError as error:
            return str(error)

    lacking = [[*A_SET[:at], *A_SET[at + 1 :]] for at in range(4)]
    blank = [[*A_SET[:at], replace(A_SET[at], pages=0)] for at in range(4)]
    yield from each([*lacking, *blank, A_SET[::-1]], lambda papers: of(years(2, legend_of(2)), papers))
    yield from each([A_SET, A_SET[:1]], lambda papers: of(years(1, legend_of(2)), papers))

    yield from each(range(1, 5), lambda count: of(years(count, legend_of(2))))
    yield from each(range(1, 5), lambda count: of([listed({}) for _ in range(count)]))
    yield from each(range(1, 4), lambda count: of([*years(2, legend_of(2)), *(years(1, legend_of(2)) * count)]))


def checklists() -> Iterator[str]:
    def of(
        chain: Sequence[Data], pages: int = 3, warned: int = 0, last: LastIssue | None = None, known: int = 0
    ) -> str:
        *before, newest = [edition(data, f"e{at}") for at, data in enumerate(chain)]
        warnings = tuple(Problem("", at, 1, "W503", f"文{at}") for at in range(warned))
        reasons = tuple((Problem("", at, 1, "W505", f"文{at}"), f"わけ{at}") for at in range(known))
        papers = [*A_SET, ListedPaper("council", "h25/council.pdf", pages, "A4縦"), NOT_PRINTED]
        return said(checklist([*before, replace(newest, warnings=warnings, acknowledged=reasons)], papers, last))

    one = listed({"方針": [item(1)]})
    yield from each(range(1, 8), lambda pages: of([one], pages))
    yield from each((0, 1, 200, 201), lambda warned: of([one], warned=warned))
    for gap in (2, 3, 4):
        yield from each((0, 1, 2, 3, 98, 99, 100, 101, 102), lambda *values: of([unfilled(*values)]), gap)
    yield from each(NUMBERINGS, lambda one: of([fates(False, one), fates(True, one)]))
    yield from each(range(3), lambda count: of([one], known=count))
    yield of([legend_of(2)(1) | {"表題": "前の一覧"}, listed({"方針": [item(1, 検証内容="文")]})])
    days = (None, date(2024, 3, 31))
    issued = (
        None,
        edition(one),
        edition(one, "e0"),
        edition(listed({"方": [item(1)]})),
        edition(listed({"方針": [item(1, "◎"), item(2)]})),
    )
    yield from each(
        itertools.product(range(len(issued)), days),
        lambda pair: of([one], last=LastIssue("h25/1", pair[1], issued[pair[0]])),
    )


def unfilled(count: int, gap: int) -> Data:
    """So many runs of items that are 未記入, each of one item less than `gap`, with a text for each other item."""
    rows = [
        item(at, "○" if at % gap == 0 else "未記入", 検証内容="" if at % gap else "文")
        for at in range(1, count * gap + 1)
    ]
    return listed({"方針": rows})


# The report, and the list as a workbook


def reports() -> Iterator[str]:
    def of(data: Data) -> str:
        made = edition(data)
        return "" if ColumnWidths(made.edition).missing else said(report(made))

    for sheet, most in (("A4横", 42), ("A4縦", 68), ("A3横", 68)):
        yield from each(range(most - 8, most), lambda lines, sheet: of(tall(lines, 用紙=sheet)), sheet)
    yield from each(range(1, 8), lambda count: of(changed(count, "短い文字")))
    yield from each(range(1, 13), lambda width: of(series_of(3, width)[0]))
    yield from each(("A4横", "A4縦", "A3横"), lambda sheet: of(of_each_kind(7) | {"用紙": sheet, "印": {"重点": "印"}}))
    yield from each(NUMBERINGS, lambda one: of(fates(True, one)))
    yield from each(range(4), lambda count: of(levelled(count)))
    yield of(repeated(of_each_kind(3)))
    yield from each("前後", lambda text: of(everything(text)))


def tall(lines: int, **head: Any) -> Data:
    text = "\n".join("文" for _ in range(lines))
    columns = {"内容": {"種類": "文章"}, "下": {"種類": "文章", "段落": "下"}}
    return own(columns, [{"内容": text}, {"下": text}], **head)


def books() -> Iterator[str]:
    def of(data: Data) -> str:
        try:
            return workbook_text(book(edition(data)))
        except BookError as error:
            return str(error)

    named = [item(at, 名称=kanji(at), 検証内容=kanji(7 * at)) for at in range(1, 61)]
    high = [item(at, 検証内容=kanji(length)) for at, length in enumerate(range(1_440, 1_620, 12), 61)]
    yield of(listed({"方針": [*named, *high]}))
    yield from each((15, 16), lambda over: of(listed({"方針": [item(1, 検証内容="𠮷" * 16_376 + "市" * over)]})))
    yield from each(range(1, 198, 21), lambda length: of(headed_by(length)))
    yield from each((3, 60, 90), lambda length: of(listed({}, 凡例={"A": kanji(length)}, 現在日="2024-03-31")))
    yield from each(
        ("A4横", "A4縦", "A3横"),
        lambda sheet: of(of_each_kind(7) | {"用紙": sheet, "印": {"重点": "印"}, "後文": "後"}),
    )
    yield from each(range(30, 42), lambda year: heads(年度=kanji(year), 資料番号=kanji(12)))
    yield from each(range(28, 86), lambda number: heads(年度="市", 資料番号=kanji(number)))


def heads(**head: str) -> str:
    """The rows above the list."""
    made = edition(listed({}, **head)).edition
    return repr([*rows(made, ColumnWidths(made))])


def of_each_kind(count: int) -> Data:
    """A column of each kind, and so many items, some of them marked, and one that stands there twice."""
    columns = {
        "所管": {"種類": "課"},
        "評価": {"種類": "記号", "凡例": {"A": "済", "B": "遅れ"}, "集計": "主"},
        "外部評価": {"種類": "記号", "凡例": {"A": "良い", "B": "悪い"}},
        "内部評価": {"種類": "記号", "凡例": {"A": "優れている", "B": "劣っている"}},
        "進み": {"種類": "語", "語": {"継続": "継続", "完了": "終了"}, "行方": "true"},
        "実績": {"種類": "数", "年度": ["R5", "R6"]},
        "目標": {"種類": "数", "単位": "件"},
        "期限": {"種類": "日付"},
        "内容": {"種類": "文章", "段落": "下"},
    }
    items: list[Data] = [
        {
            "所管": "公園課" * (at % 2),
            **dict.fromkeys(("評価", "外部評価", "内部評価"), "AB"[at % 2]),
            "進み": ["継続", "未記入"][at % 2],
            "実績": [f"{10**at}", "▲2.5"],
            "目標": f"{at}.{'5' * at}",
            "期限": "2024-03-31",
            "内容": kanji(40 * at),
            "印": ["重点"][at % 2 :],
            "単位": "人",
        }
        for at in range(1, count + 1)
    ]
    data = own(columns, items)
    data["柱"][0]["事業"].append({"再掲": str(count)})
    data["柱"] += [{"名称": "柱の二", "改ページ": "true", "事業": []}]
    return data


def headed_by(length: int) -> Data:
    """A list whose texts above it are so long."""
    head = {
        "表題": f"表&{kanji(length)}",
        "前文": kanji(length),
        "年度": kanji(length // 2),
        "資料番号": kanji(length // 5),
    }
    return listed({}, **head)


# Open data


def published() -> Iterator[str]:
    """The files of each edition, as the web page lists them, and whether they can be read back."""
    publication = {
        "ライセンス": "CC BY 4.0",
        "問い合わせ先": "企画課",
        "更新日": "2024-06-10",
        "更新頻度": "年1回",
        "更新履歴": [{"日付": "2024-06-10", "内容": "直した"}],
        "留意事項": "一\n二",
    }
    signs = ["=1", "+1", "-1", "-", "@a", "'a", " =1", "a\n  b", "a   b", "\t1", "", "未記入"]
    many: dict[str, Data] = {
        "kinds": of_each_kind(5) | {"公開": publication, "印": {"重点": "印"}, "団体コード": "352039"},
        "signs": own(
            {"内容": {"種類": "文章"}, "備考": {"種類": "文字"}}, [{"内容": one, "備考": one.strip()} for one in signs]
        ),
        "everything": everything("前") | {"案": "true", "完了の記号": ["◎"], "凡例の場所": "一ページ目"},
        "series": series_of(14, 3)[1],
        "heads": own(
            {key: {"種類": "文字"} for key in ("年度", "年度_2", "表題", "行", "版")}, [{"年度": "R5", "表題": "題"}]
        ),
        **{f"levels {count}": levelled(count) for count in range(4)},
        "fates": fates(True, "自由"),
    }
    for name, data in many.items():
        made = edition(data)
        files = open_data(made)
        yield f"{name}: {prove_data(files, made)}"
        yield from (f"{name} {file}: {content.decode()}" for file, content in files.items())
        if not ColumnWidths(made.edition).missing:
            yield said(report(made, downloads(files)))
        if name in ("kinds", "levels 2"):
            yield from damaged(files, made)


def damaged(files: Mapping[str, bytes], made: Validated) -> Iterator[str]:
    """What the proof says of data of which one cell says something else."""
    first, *rows = csv.reader(StringIO(files["data.csv"].decode("utf-8-sig")))
    for at, head in enumerate(first):
        target = StringIO()
        changed = [[*rows[0][:at], f"{rows[0][at]}9", *rows[0][at + 1 :]], *rows[1:]]
        csv.writer(target, lineterminator="\r\n").writerows([first, *changed])
        try:
            prove_data({**files, "data.csv": f"{BOM}{target.getvalue()}".encode()}, made)
        except ProofError as error:
            yield f"{head}: {str(error).splitlines()[:2]}"


TEXTS: Mapping[str, Callable[[], Iterator[str]]] = {
    function.__name__: function
    for function in (summaries, histories, comparisons, corrections, sets, checklists, reports, books, published)
}
