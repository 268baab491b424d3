"""Editions with something extreme in them: what is longest, strangest or most that a source may hold, in every field."""

import json
from typing import Any

from hypothesis import strategies as st

from pipeline.source.limits import (
    MAX_BLANK_LINES,
    MAX_HEAD,
    MAX_HEADING,
    MAX_LABEL,
    MAX_LINES,
    MAX_MEANING,
    MAX_NAME,
    MAX_TEXT,
    MAX_TITLE,
    MAX_WORD,
    MAX_WORDS,
)
from pipeline.text import is_inseparable

# What a text is made of again and again: prose, one sign, words that cannot be broken, marks on letters, kanji with
# selectors beside plain ones, brackets that may not end a line, characters that may not begin one, signs of HTML.
PIECES = (
    "市民と行政が協働し、事業を進める。",
    "市",
    "W",
    "https://example.org/a_very-long.path?",
    "か゚q̃˜²1⁄2",
    "葛󠄁葛原󠄀原侮︀侮",
    "「『（",
    "、。」ー",
    "<b>&amp;\"'",
    "ｱｲｳ ＡＢＣ　",
    "①Ⅲ㈱〜～",
)
LENGTHS = (1, 7, 60)


@st.composite
def texts(draw: st.DrawFn, most: int, lines: int = 1) -> str:
    """A text of at most so many characters and lines, often as many; it begins and ends with no white space."""
    length = draw(st.sampled_from([*(length for length in LENGTHS if length < most), most // 2, most]))
    piece = draw(st.sampled_from(PIECES))
    text = (piece * (length // len(piece) + 1))[: max(length, 1)].strip() or "市"
    if lines > 1 and length > 2 * lines and draw(st.booleans()):
        # Line breaks in place of as many characters, not too many one after another.
        step = max(2, len(text) // lines)
        text = "".join(
            "\n" if at % step == step - 1 and at < step * (lines - 1) and _may_end(text, at) else one
            for at, one in enumerate(text)
        )
    return text.strip()


def _may_end(text: str, at: int) -> bool:
    """Whether what stands from `at + 1` on needs nothing that stands before it."""
    return not is_inseparable(text[at + 1])


@st.composite
def prose(draw: st.DrawFn, is_short: bool) -> str:
    if is_short:
        return draw(st.sampled_from(["", "一\n\n三"])) or draw(texts(200, 5))
    kind = draw(st.sampled_from(["", "short", "long", "lines", "blank", "longest"]))
    if kind == "long":
        return draw(texts(900, 30))
    if kind == "lines":
        return "\n".join(["一"] * draw(st.sampled_from([2, 43, 44, 90])))
    if kind == "blank":
        return "始め" + ("\n" * (MAX_BLANK_LINES + 1) + "次").join([""] * draw(st.sampled_from([2, 6]))) + "終わり"
    if kind == "longest":
        return draw(texts(MAX_TEXT if draw(st.integers(0, 30)) == 0 else 2500))
    return draw(texts(60)) if kind else ""


@st.composite
def pairs(draw: st.DrawFn, is_short: bool = False) -> tuple[str, str]:
    """Two editions, of which the second goes on from the first, as YAML; `is_short` where no cell is longer than a page."""
    extreme = {name: draw(st.booleans()) for name in ("head", "legend", "heads", "headings", "items", "numbers")}

    def text(of: str, most: int, plain: str, lines: int = 1) -> str:
        return draw(texts(most, lines)) if extreme[of] else plain

    symbols = ["◎", "○", "×"]
    if extreme["legend"]:
        symbols = draw(st.lists(texts(MAX_WORD), min_size=1, max_size=MAX_WORDS, unique=True))
    terms = {"継続": "継続", "完了": "終了"}
    if extreme["legend"]:
        terms = {draw(texts(MAX_WORD)): "継続", "完了": "終了"}
    legend = {symbol: text("legend", MAX_MEANING, f"意味{at}") for at, symbol in enumerate(symbols)}
    head: dict[str, Any] = {"表題": text("head", MAX_TITLE, "試験一覧")}
    for key, plain in (("自治体", "試験市"), ("年度", "平成24年度"), ("担当課", "企画課"), ("資料番号", "資料1")):
        if draw(st.booleans()):
            head[key] = text("head", MAX_LABEL, plain)
    if draw(st.booleans()):
        head["現在日"] = "2013-03-31"
    if draw(st.booleans()):
        head["案"] = "true"
    if extreme["heads"]:
        columns = ("推進方針", "推進施策", "NO", "推進項目", "実施状況", "今後の取扱い", "検証内容")
        head["見出し"] = {key: draw(texts(MAX_HEAD)) for key in columns}

    step = draw(st.sampled_from([1, 1_000, 45_000_000])) if extreme["numbers"] else 1
    number = 0

    def items(count: int) -> list[dict[str, Any]]:
        nonlocal number
        made = []
        for _ in range(count):
            number += step
            item = {
                "NO": str(number),
                "名称": text("items", MAX_NAME, f"項目{number}", MAX_LINES),
                "実施状況": draw(st.sampled_from([*symbols, "未記入"])),
                "今後の取扱い": draw(st.sampled_from([*terms, "未記入"])),
                "検証内容": draw(prose(is_short)) if extreme["items"] else "検証した。",
            }
            if extreme["items"] and draw(st.booleans()):
                item["担当課"] = draw(texts(MAX_LABEL))
                item["統合先"] = draw(texts(MAX_NAME, MAX_LINES))
            made.append(item)
        return made

    policies = [
        {
            "名称": text("headings", MAX_HEADING, f"方針{policy}", MAX_LINES),
            **({"改ページ": "true"} if draw(st.integers(0, 5)) == 0 else {}),
            "推進施策": [
                {
                    "名称": text("headings", MAX_HEADING, f"施策{measure}", MAX_LINES),
                    "推進項目": items(draw(st.sampled_from([0, 1, 2]))),
                }
                for measure in range(draw(st.sampled_from([0, 1, 2])))
            ],
        }
        for policy in range(draw(st.sampled_from([1, 2])))
    ]
    if number:
        policies.append({"名称": "再掲", "推進施策": [{"名称": "再掲", "推進項目": [{"再掲": str(step)}]}]})
    old = {**head, "凡例": legend, "今後の取扱い": terms, "推進方針": policies}

    def later(value: Any, key: str = "") -> Any:
        """`value` a year later: some names, symbols and texts are others, and some items have gone."""
        if isinstance(value, list):
            return [
                later(one) for one in value if not ("NO" in one and number > 3 * step and draw(st.integers(0, 4)) == 0)
            ]
        if isinstance(value, dict):
            return {name: later(one, name) for name, one in value.items()}
        if key == "実施状況":
            return draw(st.sampled_from(symbols))
        if key == "検証内容" and draw(st.booleans()):
            return draw(prose(is_short)) if extreme["items"] else "引き続き検証した。"
        if key == "名称" and draw(st.integers(0, 4)) == 0:
            return value[:100] + "改"
        return value

    new = {**old, "前版": "old", "推進方針": later(policies)}
    left = {
        row["NO"]
        for one in new["推進方針"]
        for measure in one["推進施策"]
        for row in measure["推進項目"]
        if "NO" in row
    }
    if number and str(step) not in left:
        new["推進方針"].pop()
        if not new["推進方針"]:
            new["推進方針"] = [{"名称": "方針"}]
    # JSON is YAML.
    return json.dumps(old, ensure_ascii=False), json.dumps(new, ensure_ascii=False)
