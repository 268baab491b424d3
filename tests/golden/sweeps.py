"""What is read in, and made of, each value of a range: dates, codes, numbers, labels, YAML, streams of PDFs.

One dimension at a time, so that a limit that is off by one changes something.
"""

import datetime
import logging
import random
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError
from pipeline.fonts import coverage
from pipeline.model.column_widths import ColumnWidths, fitting
from pipeline.model.dates import (
    NoDateError,
    head_year,
    japanese_date,
    names_year,
    next_year,
    read_date,
    western_year,
    with_era,
)
from pipeline.model.edition import Edition, read_edition
from pipeline.model.form import Column, is_figure, number_of, split_figure
from pipeline.model.local_code import fault_of, prefecture, with_check_digit
from pipeline.model.side_widths import SideWidths
from pipeline.model.values import amount
from pipeline.processes.progress import LAYOUT, LOGS, Progress, begin_pages, expect_pages
from pipeline.proof.limits import excess
from pipeline.source.characters import (
    alike,
    compose,
    defects,
    instead,
    is_everyday,
    long_gap,
    meant,
    named,
    quoted,
    visible,
)
from pipeline.source.tree import parse_source
from pipeline.source.writing import entry
from pipeline.text import break_label, brief, may_break, width_in_halves

ERAS = ("明治", "大正", "昭和", "平成", "令和", "慶応", "", "R", "H", "Ｓ")
YEARS = ("元", "0", "1", "2", "5", "31", "45", "64", "65", "99", "100", "１０", "1999", "2012", "２０１２", "12345")


def dates() -> Iterator[str]:
    """Days and years as they are read, printed and continued."""
    for era, year, behind in product(ERAS, YEARS, ("年度", "年", "", "年度末", "年度実績", "末の実績値", "年度の目標")):
        head = f"{era}{year}{behind}"
        yield f"{head} {western_year(head)} {head_year(head)} {next_year(head)} {names_year(head)} {with_era(head)}"
    for head in ("R.5", "R. 5年", "R元", "A5年", "ＡＲ5", "平成", "5年度", "R5、R6", "12012年", "2012年の2013年"):
        yield f"{head} {western_year(head)} {head_year(head)} {next_year(head)} {names_year(head)} {with_era(head)}"
    for first in (
        datetime.date(*day) for day in ((2019, 5, 1), (1989, 1, 8), (1926, 12, 25), (1912, 7, 30), (1873, 1, 1))
    ):
        for day in (first + datetime.timedelta(days) for days in (-366, -2, -1, 0, 1, 364, 365, 366, 4000)):
            yield f"{day} {japanese_date(day)} {_day(japanese_date(day))} {_day(f'{day:%Y/%m/%d}')}"
            yield " ".join(_day(f"{era}{day.year - first.year + 1}年{day.month}月{day.day}日") for era in ERAS)
    for text in (
        "2013-3-1",
        "2013-03/01",
        "２０１３-０３-０１",
        "2013 - 3 - 1",
        "13-03-31",
        "2013-13-01",
        "2013-02-29",
        "2012-02-29",
        "2013年3月",
        "",
    ):
        yield f"{text} {_day(text)}"


def _day(text: str) -> str:
    try:
        return str(read_date(text))
    except NoDateError as error:
        return str(error)


def numbers() -> Iterator[str]:
    """Local codes, the numbers of headings, figures."""
    for code in (
        "",
        *map(str, range(0, 60)),
        *(f"{five}" for five in range(35203, 35206)),
        "0",
        "011002",
        "352039",
        "35-2039",
        " 352039",
        "３５２０３９",
        "3520390",
        "482034",
    ):
        yield f"{code} {fault_of(code)}"
    chance = random.Random(1)
    for five in (f"{chance.randint(0, 50):02}{chance.randint(0, 999):03}" for _ in range(60)):
        code = with_check_digit(five)
        yield f"{code} {fault_of(code)} {fault_of(five)} {fault_of(five.lstrip('0'))} {prefecture(code) if not fault_of(code) else ''}"
        yield fault_of(f"{five}{chance.randint(0, 9)}")
    for numbering in ("ローマ数字", "括弧", "算用数字", "自由", "なし"):
        level = Column("level-1", "段", "level", "段", numbering=numbering)
        yield " ".join(number_of(level, position, "甲") for position in range(1, 43))
    for sign, whole, rest in product(
        ("", "-", "−", "+", "▲", "△", "±"),
        ("0", "12", "123", "1234", "1,234", "12,34", "1,234,567", "1,2345", ""),
        ("", ".5", ".", "件", ".25人", " 円"),
    ):
        text = sign + whole + rest
        yield f"{text} {is_figure(text)} {split_figure(text)} {amount(text)}"


SYLLABLES = [
    "目標", "の", "と", "、", "(", ")", "取組み", "ー", "A", "bc", "12", " ", "が", "か\u3099", "ッ", "・", "〜", "値", "「", "」", "く",
]  # fmt: skip


def labels() -> Iterator[str]:
    """Words in lines of each width, shortened, and where they may break."""
    chance = random.Random(2)
    for _ in range(150):
        text = "".join(chance.choices(SYLLABLES, k=chance.randint(1, 12)))
        lines = ["/".join(break_label(text, width)) for width in range(1, 10)]
        yield f"{text} {width_in_halves(text)} {brief(text)} {lines}"
        yield "".join("01"[may_break(text, at)] for at in range(1, len(text)))
    for length in range(22, 28):
        yield from (
            brief("A" * length),
            brief("あ" * (length // 2) + "A" * (length % 2)),
            brief("A" + "あ\u3099" * (length // 2)),
        )


ALIKE = "○◯〇oO0◎⦿●•△▲×✕x乂-－ー一☆★▽口ロあが葛"
ODD = [
    "\t", "\n", "\u00a0", "\u200b", "\u202e", "\ue000", "\x07", "①", "㍻", "髙", "葛\U000e0100", "葛\ufe00", "\ufe0f", "か\u3099", "\u0301", "⺼", "⽂", "⻁", "𠮷", "é",
    "₂", "♡", "✔", "❗", "➔", "\u2011", "\u2009", "\u3164", "\u2028", "\U0001f600", "\ud7b0", "塚", "ｶﾞ", "Å", "Ⅻ", "、", "漢", "C", "O",
]  # fmt: skip


def characters() -> Iterator[str]:
    """What is said of texts with odd characters, and which word is meant by another."""
    chance = random.Random(3)
    known = coverage()
    for character in ODD:
        yield f"{named(character)} {quoted(character)} {visible(character)!r} {instead(character[0], known)!r} {is_everyday(character)}"
    for _ in range(150):
        text = "".join(chance.choices(ODD, k=chance.randint(1, 6)))
        yield f"{compose(text)!r} {[*defects(text, known)]} {named(text)}"
    words = ["実施済", "継続推進", "検討中", "○", "◎", "●", "A", "完了"]
    for read in [
        *ALIKE,
        "実施",
        "済",
        "継続",
        "継続 推進",
        "ＡＢ",
        "a",
        "検討",
        "検討中止",
        "完",
        "完了 ",
        "x" * 101,
        "未着手",
    ]:
        yield f"{read} {meant(read, words)} {alike(read, words)} {meant(read, words[:3])} {meant(read, ALIKE)}"
    for length in (9, 10, 11, 12, 99, 100, 101):
        yield (
            long_gap("あ" + "\n" * length + "い")
            + long_gap("あ" * 12 + "\n" + " \n" * length + "い")
            + long_gap("あ" + "　" * length + "い")
        )
    yield from (visible("あ" * length) for length in (39, 40, 41))


def written() -> Iterator[str]:
    """Values as YAML."""
    chance = random.Random(4)
    texts = [
        "",
        "市民",
        "a: b",
        "- x",
        "#1",
        "12",
        "1.5",
        "NO",
        "true",
        "~",
        "'",
        '"',
        " 先頭",
        "末尾 ",
        "一\n二",
        "\n一",
        " 一\n二\n",
        "{",
        "[1]",
        "※1",
        "*",
        "2013-01-01",
        "長" * 80,
        "1,234",
    ]

    def value(depth: int) -> Any:
        match chance.randrange(4 if depth else 2):
            case 2:
                return [value(depth - 1) for _ in range(chance.randint(0, 4))]
            case 3:
                return {chance.choice(texts) or "空": value(depth - 1) for _ in range(chance.randint(0, 3))}
            case 1 if chance.random() < 0.2:
                return chance.random() < 0.5
        return chance.choice(texts)

    for lead in ("", "  ", "  - "):
        for _ in range(120):
            yield from entry(lead, "鍵", value(2))
        for length in range(50, 70):
            yield from entry(lead, "鍵", ["あ", "A" * length])


def encodings() -> Iterator[str]:
    """What is said of a source in other encodings, cut, with other bytes between, or with a mark of another."""
    chance = random.Random(6)
    text = "表題: 試験一覧\n凡例: {◎: 実施済}\n自治体: シケン市ｱｲｳ\n"
    for encoding in ("cp932", "euc_jp", "utf-16", "utf-16-le", "utf-32", "utf-8", "latin-1", "shift_jis"):
        whole = text.encode(encoding, "replace")
        for _ in range(25):
            at = chance.randrange(len(whole))
            more = chance.choice([b"", b"\xff", b"\x81", b"\xa4", b"\x00", b"\xe3\x81", b"\x00" * at])
            data = chance.choice([b"", b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"]) + chance.choice(
                [whole[:at] + more + whole[at:], whole[at:] + more, whole]
            )
            try:
                yield repr(parse_source(Path("source/x.yaml"), data).root)
            except SourceError as error:
                yield str(error)


def tokens() -> Iterator[str]:
    """The first token of a PDF that is beyond the limits of PDF/A."""
    chance = random.Random(5)
    inside = [
        b"/Name",
        b"12",
        b"-1.5",
        b"(text)",
        b"(\\(\\051)",
        b"<0a1B>",
        b"<<",
        b">>",
        b"[",
        b"]",
        b"% x\n",
        b"R",
        b"obj",
        b"2147483647",
        b"+0000000009",
        b"/A#20b",
    ]
    beyond = [
        b"2147483648",
        b"/" + b"n" * 128,
        b"(" + b"x" * 32768 + b")",
        b"<" + b"0" * 65535 + b">",
        b"1" * 39 + b".5",
        b"3000000000",
        b"((nested))",
    ]
    for one in (*inside, *beyond):
        yield f"{one[:20]!r} {[*excess(one)]}"
    for _ in range(150):
        some = [chance.choice(inside) for _ in range(8)]
        if chance.random() < 0.4:
            some.insert(chance.randrange(8), chance.choice(beyond))
        yield repr([*excess(b" ".join(some))])


COLUMNS: dict[str, Any] = {
    "課の欄": {"種類": "課"}, "語の欄": {"種類": "語", "語": ["済", "未"]}, "印の欄": {"種類": "記号", "凡例": {"A": "可", "B": "否"}},
    "数の欄": {"種類": "数"}, "回の欄": {"種類": "数", "単位": "回"},  "字の欄": {"種類": "文字"},
    "日の欄": {"種類": "日付"}, "文の欄": {"種類": "文章"}, "続の欄": {"種類": "文章"},
}  # fmt: skip
ITEM: dict[str, Any] = {
    "番号": "1-1", "名称": "名", "課の欄": "市民課", "語の欄": "済", "印の欄": "A", "数の欄": "12", "回の欄": "3", "字の欄": "字", "日の欄": "2025-03-31",
    "文の欄": "文", "続の欄": "",
}  # fmt: skip


def columns() -> Iterator[str]:
    """The widths of the columns of a list of one item, and of two sides, of which one cell, head, word or count grows."""
    for length in (*range(1, 14), 24, 25, 26, 30, 31):
        for key in ("番号", "名称", "課の欄", "字の欄", "文の欄", "続の欄", "単位"):
            if length <= 8 or key != "単位":
                yield _widths(f"{key} {length}", {key: "あ" * length})
        yield _widths(f"departments {length}", {"課の欄": "、".join("市民課" for _ in range(min(length, 25)))})
        yield _widths(f"lines {length}", {"名称": "\n".join(["あ" * length] * 2), "字の欄": "A" * length})
        yield _widths(f"prose {length}", {"文の欄": "文" * length**2, "続の欄": "文" * 300})
        if length <= 9:
            yield _widths(f"text {length}", {"字の欄": "字" * (31 + length)})
        if length <= 12:
            yield _widths(
                f"figures {length}",
                {"数の欄": "1" * length, "回の欄": f"0.{'1' * (length - 2)}" if length > 2 else "1", "単位": "人"},
            )
            yield _widths(
                f"series {length}",
                {"年の欄": ["1" * length, f"1.{'2' * (length - 2)}" if length > 2 else "-"]},
                {"年の欄": {"種類": "数", "年度": ["R5", "R6"]}},
            )
            yield _widths(
                f"word {length}",
                {"語の欄": "あ" * length, "印の欄": "記" * length},
                {
                    "語の欄": {"種類": "語", "語": ["あ" * length]},
                    "印の欄": {"種類": "記号", "凡例": {"記" * length: "可"}},
                },
            )
        if length <= 13:
            yield _widths(
                f"head {length}",
                {},
                {f"{'頭' * (2 * length)}": {"種類": "数"}, f"{'頭' * length}(年)": {"種類": "語", "語": ["済"]}},
            )
        if length <= 10:
            yield _widths(f"count {length}", {}, {f"欄{at}": {"種類": "文字"} for at in range(length)})
        if length <= 4:
            yield _widths(f"proses {length}", {}, {f"欄{at}": {"種類": "文章"} for at in range(length)})


def _widths(name: str, cells: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> str:
    kinds = {**COLUMNS, **(more or {})}
    sheet = "A3横" if len("".join(map(str, cells.values()))) % 2 else "A4横"
    data: dict[str, Any] = {
        "表題": "一覧",
        "用紙": sheet,
        "段": [],
        "項目": {"名称": "事業", "番号": "自由"},
        "欄": kinds,
    }
    plain = {"数": "9", "語": "済"}
    added: dict[str, Any] = {
        key: plain.get(spec["種類"], "字") for key, spec in (more or {}).items() if "年度" not in spec
    }
    added |= {key: ["1", "2"] for key, spec in (more or {}).items() if "年度" in spec}
    if "語の欄" in cells:
        added |= {key: cells[key] for key in ("語の欄", "印の欄")}
    filled = [{**ITEM, **added, **cells, "NO": "1"}, {**ITEM, **added, "NO": "2"}]
    edition = read_edition({**data, "事業": filled})
    reckoned = ColumnWidths(edition)
    if reckoned.missing:
        return f"{name} {reckoned.missing:.3f} {fitting(edition)}"
    item = edition.items[1]
    lines = [reckoned.lines(one, item.texts(one.column)[one.year]) for one in reckoned.columns]
    heads = [reckoned.head_lines(one, one.head) for one in reckoned.columns]
    return repr(
        (
            name,
            reckoned.widths.columns,
            reckoned.figures,
            reckoned.below,
            lines,
            heads,
        )
    )


def sides() -> Iterator[str]:
    """The widths of the columns of an earlier and a later list, beside each other; a cell or a NO of the later one grows."""
    kinds = {key: COLUMNS[key] for key in ("語の欄", "印の欄", "数の欄", "回の欄", "字の欄", "文の欄")}
    for sheet, skipped in product(("A4横", "A3横"), (("数の欄", "字の欄"), ("文の欄", "回の欄"), ("語の欄", "印の欄"))):
        columns = {key: spec for key, spec in kinds.items() if key not in skipped}
        before = _side(sheet, columns, {})
        for length in range(1, 13):
            for cells in (
                {"NO": "1" * min(length, 9)}, {"名称": "名" * length}, {"数の欄": "1" * length}, {"字の欄": "字" * length}, {"文の欄": "文" * length**3},
                {"数の欄": f"1.{'2' * length}"[:12], "回の欄": "9" * length, "単位": "人"},
            ):  # fmt: skip
                if cells.keys().isdisjoint(skipped):
                    side = SideWidths(before, _side(sheet, columns, cells))
                    yield f"{cells} {side.fit and side.widths.columns}"
            words = {
                "語の欄": {"種類": "語", "語": ["語" * length]},
                "印の欄": {"種類": "記号", "凡例": {"記" * length: "可"}},
            }
            if "語の欄" in columns:
                side = SideWidths(
                    before, _side(sheet, columns | words, {"語の欄": "語" * length, "印の欄": "記" * length})
                )
                yield f"{length} {side.fit and side.widths.columns}"


def _side(sheet: str, columns: Mapping[str, Any], cells: Mapping[str, str]) -> Edition:
    data: dict[str, Any] = {"表題": "一覧", "用紙": sheet, "段": [], "項目": {"名称": "事業"}, "欄": columns}
    here = {"名称", *columns}
    return read_edition(
        {**data, "事業": [{"NO": "1", **{key: cell for key, cell in ITEM.items() if key in here}, **cells}]}
    )


def lines_of_progress() -> Iterator[str]:
    """What is shown of long work, in terminals of all widths and elsewhere."""
    for seed in range(60):
        chance = random.Random(seed)
        now, shown = [0.0], list[str]()
        is_terminal, columns = chance.random() < 0.7, chance.choice([12, 24, 80])
        progress = Progress(shown.append, lambda: is_terminal, lambda: now[0], lambda: columns)  # noqa: B023
        total = chance.choice([0, 1, 2, 30])
        for done in range(chance.randint(1, 3)):
            if total:
                progress.editions(done, total)
            for stage in chance.sample(["読み込み", "点検", LAYOUT, "検査"], chance.randint(1, 4)):
                with progress.stage(stage):
                    for _ in range(chance.randint(0, 6)):
                        now[0] += chance.choice([0.02, 0.1, 0.6, 1, 4, 9, 70])
                        _work(chance, progress)
            chance.choice([progress.update, progress.clear])()
        yield repr("".join(shown))


def _work(chance: random.Random, progress: Progress) -> None:
    """Something that may be heard of the work."""
    match chance.randrange(6):
        case 0:
            expect_pages(chance.randint(1, 60))
        case 1:
            begin_pages(chance.randint(0, 30))
        case 2:
            progress.update()
        case _:
            logging.getLogger(LOGS[0]).info("Step 5 - Creating layout - Page %d", chance.choice([1, 2, 3, 4, 5, 20]))


SWEEPS = (lines_of_progress, dates, numbers, labels, characters, written, encodings, tokens, columns, sides)
