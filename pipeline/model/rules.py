"""Rules that involve several values: between rows, between rows and lists, and with the previous edition (前版).

The rules read the tree, not the model, so that an edition with one invalid cell is still checked whole and its writer
sees all problems in one pass. Values that are invalid by themselves are skipped here; the model reports them.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import Problem
from pipeline.source.characters import meant, named, quoted, visible
from pipeline.source.limits import MAX_LABEL, MAX_MEANING, MAX_NAME, MAX_TITLE
from pipeline.source.tree import Mapping, Node, Scalar, Sequence, Source
from pipeline.text import width_in_ems

from .edition import BLANK, Headings, measure_number, policy_number
from .page_head import MOST_HEIGHT, MOST_HEIGHT_OF_MEANINGS, Legend, PageHead

# Values printed at the head of a page, other than legend and names, with the limits that the model checks.
_LONGEST = {"表題": MAX_TITLE, **dict.fromkeys(("自治体", "年度", "担当課", "資料番号"), MAX_LABEL)}

# A meaning that says "done", like 実施済 or 達成 but not 一部実施済 or 未達成. Symbols differ between editions, so a
# status counts as done by its meaning.
_DONE = re.compile("^(?!.*(一部|未|不|中)).*(済|完了|達成|終了)")


@dataclass(slots=True)
class RowNode:
    """A row as far as it is readable: its measure (counted through from 0), its NO, or the NO that it repeats."""

    node: Mapping
    measure: int
    number: int | None
    repeats: int | None


def label(node: Mapping) -> str:
    """The name of the item at `node` in messages: NO 5「…」; empty if it is not an item."""
    number, name = node.text("NO"), node.text("名称")
    if number is None and "再掲" in node.entries:
        return f"再掲 {visible(node.text('再掲') or '')}"
    parts = [f"NO {visible(number)}" if number else "", f"「{visible(name)}」" if name and name.strip() else ""]
    return "".join(parts) if number or "実施状況" in node.entries else ""


class Unnamed(NamedTuple):
    """The source names no 前版."""


class Missing(NamedTuple):
    """The chain of 前版 leads to this edition, for which there is no file; `others` are the ids that exist."""

    edition: str
    path: Path
    others: tuple[str, ...]


class Circle(NamedTuple):
    """The chain of 前版 is circular: the ids from an edition back to itself."""

    editions: tuple[str, ...]


class Broken(NamedTuple):
    """The chain of 前版 leads to this edition, which cannot be parsed; `problem` is its first problem."""

    edition: str
    problem: Problem


# The tree of the previous edition, or the reason why there is none.
Previous = Mapping | Unnamed | Missing | Circle | Broken


def check_rules(source: Source, previous: Previous | None = None) -> Iterator[Problem]:
    """Every error (E4xx) and warning (W5xx) between the values of `source`.

    `previous` is the result of looking up its 前版; None for a source outside the library, for which that is not checked.
    """
    return _Rules(source, previous).check()


def rows(root: Mapping) -> Iterator[RowNode]:
    """Every row below `root` that is a mapping."""
    for index, measure in enumerate(measures(root)):
        for node in _mappings(measure, "推進項目"):
            repeats = _number(node.text("再掲")) if "再掲" in node.entries else None
            number = None if "再掲" in node.entries else _number(node.text("NO"))
            yield RowNode(node, index, number, repeats)


def measures(root: Mapping) -> Iterator[Mapping]:
    """Every measure below `root` that is a mapping."""
    for policy in _mappings(root, "推進方針"):
        yield from _mappings(policy, "推進施策")


def _mappings(node: Mapping, key: str) -> list[Mapping]:
    value = node.entries.get(key)
    return [item for item in value.items if isinstance(item, Mapping)] if isinstance(value, Sequence) else []


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch("[1-9][0-9]{0,8}", text) else None


def _listed(root: Mapping, key: str) -> dict[str, str]:
    """The entries with text values of a mapping like 凡例."""
    value = root.entries.get(key)
    if not isinstance(value, Mapping):
        return {}
    return {name: node.text for name, node in value.entries.items() if isinstance(node, Scalar)}


def not_listed(value: str, allowed: Collection[str], of: str) -> str:
    """The message that `value` is not among `allowed`, the words of the list named `of`, with a suggestion."""
    near = meant(value, allowed)
    if near:
        # Single symbols may look the same, so they are shown with their code points.
        fix = f"{named(near) if len(near) == 1 else f'「{visible(near)}」'}ではありませんか。"
    else:
        names = [f"「{visible(name)}」" for name in allowed if name.strip()]
        fix = f"使えるのは{'、'.join(names[:12])}です。"
    shown = named(value) if near and len(near) == len(value) == 1 else quoted(value)
    return f"{shown}は{of}にありません。{fix}"


class _Rules:
    def __init__(self, source: Source, previous: Previous | None) -> None:
        self._source = source
        self._previous = previous
        self._root = source.root
        self._rows = list(rows(source.root))
        self._numbers = {row.number for row in self._rows if row.number}

    def check(self) -> Iterator[Problem]:
        yield from self._check_numbers()
        yield from self._check_names()
        yield from self._check_lists()
        yield from self._check_repeats()
        yield from self._check_lineage()
        yield from self._check_page_head()

    def _problem(self, code: str, node: Node, message: str) -> Problem:
        return Problem(str(self._source.path), node.line, node.column, code, message)

    def _check_numbers(self) -> Iterator[Problem]:
        first: dict[int, RowNode] = {}
        last = 0
        # Report gaps only if every NO is readable and unique; otherwise a gap is a mere consequence.
        items = [row for row in self._rows if "再掲" not in row.node.entries]
        is_sound = len(items) == len(self._numbers)
        for row in self._rows:
            if row.number is None:
                continue
            place = row.node.entries["NO"]
            if row.number in first:
                other = first[row.number].node
                yield self._problem(
                    "E401",
                    place,
                    f"{label(row.node)}のNOが重複しています。{other.line}行目の{label(other)}と同じです。"
                    "再掲のつもりなら「再掲: NO」だけを書いてください。",
                )
                continue
            first[row.number] = row
            if row.number < last:
                yield self._problem(
                    "W502", place, f"{label(row.node)}は、NO {last}の後にあります。NOの順を確かめてください。"
                )
            elif is_sound and row.number > last + 1:
                skipped = f"NO {last + 1}" + (f"から{row.number - 1}まで" if row.number > last + 2 else "")
                if not {*range(last + 1, min(row.number, last + 1000))} <= self._numbers:
                    yield self._problem(
                        "W501",
                        place,
                        f"{label(row.node)}の前で、{skipped}が抜けています。欠番でよいか確かめてください。",
                    )
            last = row.number

    def _check_names(self) -> Iterator[Problem]:
        first: dict[str, RowNode] = {}
        for row in self._rows:
            name = row.node.text("名称")
            if name is None or row.repeats is not None:
                continue
            if name in first:
                other = first[name].node
                yield self._problem(
                    "W503",
                    row.node.entries["名称"],
                    f"{label(row.node)}と同じ名称の項目が{other.line}行目にもあります({label(other)})。"
                    "同じものなら再掲にし、別のものなら名称で区別してください。",
                )
            first.setdefault(name, row)
        for measure in measures(self._root):
            if not _mappings(measure, "推進項目"):
                name = visible(measure.text("名称") or "")
                yield self._problem("W504", measure, f"推進施策「{name}」に推進項目がありません。")
        for policy in _mappings(self._root, "推進方針"):
            if not _mappings(policy, "推進施策"):
                name = visible(policy.text("名称") or "")
                yield self._problem("W504", policy, f"推進方針「{name}」に推進施策がありません。")

    def _check_lists(self) -> Iterator[Problem]:
        legend, treatments = _listed(self._root, "凡例"), _listed(self._root, "今後の取扱い")
        # If a list is missing or invalid the model reports it once; reporting every cell would only repeat that.
        for row in self._rows:
            node, status, treatment = row.node, row.node.text("実施状況"), row.node.text("今後の取扱い")
            if row.repeats is not None:
                continue
            for key, value, allowed, code, of in (
                ("実施状況", status, legend, "E402", "凡例"),
                ("今後の取扱い", treatment, treatments, "E403", "「今後の取扱い」の語"),
            ):
                if value == BLANK:
                    blank = self._problem("W507", node.entries[key], f"{label(node)}の{key}が未記入です。")
                    yield blank._replace(department=visible(node.text("担当課") or ""))
                elif value and allowed and value not in allowed:
                    yield self._problem(
                        code, node.entries[key], f"{label(node)}の{key}{not_listed(value, allowed, of)}"
                    )
            done = bool(_DONE.search(legend.get(status or "", "")))
            kind = treatments.get(treatment or "")
            if done and kind == "継続":
                yield self._problem(
                    "W505",
                    node.entries["今後の取扱い"],
                    f"{label(node)}は、実施状況が「{visible(status or '')}」({visible(legend[status or ''])})なのに"
                    f"今後の取扱いが「{visible(treatment or '')}」です。どちらかが誤りでないか確かめてください。",
                )
            elif kind == "終了" and "完了" in (treatment or "") and not done and status in legend:
                yield self._problem(
                    "W506",
                    node.entries["実施状況"],
                    f"{label(node)}は、今後の取扱いが「{visible(treatment or '')}」なのに"
                    f"実施状況が「{visible(status or '')}」({visible(legend[status])})です。どちらかが誤りでないか確かめてください。",
                )

    def _check_repeats(self) -> Iterator[Problem]:
        home = {row.number: row for row in reversed(self._rows) if row.number}
        seen: set[tuple[int, int]] = set()
        for row in self._rows:
            if row.repeats is None:
                continue
            place = row.node.entries["再掲"]
            item = home.get(row.repeats)
            if item is None:
                yield self._problem(
                    "E404", place, f"再掲のNO {row.repeats}という項目はありません。再び掲げる項目のNOを書いてください。"
                )
            elif item.measure == row.measure:
                yield self._problem(
                    "E405",
                    place,
                    f"再掲の{label(item.node)}は、同じ推進施策の中にあります。この行を削除するか、NOを確かめてください。",
                )
            elif (row.measure, row.repeats) in seen:
                yield self._problem(
                    "W508", place, f"再掲の{label(item.node)}が、同じ推進施策に二度あります。一つは削除してください。"
                )
            seen.add((row.measure, row.repeats))

    def _check_lineage(self) -> Iterator[Problem]:
        for row in self._rows:
            into = row.node.entries.get("統合先")
            if isinstance(into, Scalar) and not into.text.strip():
                # Treating it as absent would silently end the item with this edition.
                yield self._problem(
                    "E204",
                    into,
                    f"{label(row.node)}の統合先が空です。引き継ぐ項目の名称を書くか、この行を削除してください。",
                )
            elif row.node.text("統合先") and row.node.text("統合先") == row.node.text("名称"):
                yield self._problem(
                    "E412",
                    row.node.entries["統合先"],
                    f"{label(row.node)}の統合先が、その項目自身の名称です。引き継ぐ項目の名称を書くか、この行を削除してください。",
                )
        yield from self._check_previous([(row, node) for row in self._rows for node in _previous_numbers(row.node)])

    def _check_previous(self, claims: list[tuple[RowNode, Scalar]]) -> Iterator[Problem]:
        """Problems of the 前版, and of `claims`: each row with a NO of the 前版 that it continues."""
        place = self._root.entries.get("前版") or self._root
        match self._previous:
            case Unnamed():
                for row, node in claims[:1]:
                    yield self._problem(
                        "E409",
                        node,
                        f"{label(row.node)}に「前版NO」がありますが、「前版」がありません。ファイルの初めに「前版: 版の名前」を書いてください。",
                    )
            case Missing(edition, path, others):
                near = meant(edition, others)
                known = f"今ある版: {'、'.join(others[:12])}" if others else "ほかの版はありません。"
                fix = f"「{near}」ではありませんか。" if near else known
                yield self._problem("E406", place, f"前版「{edition}」({path})がありません。{fix}")
            case Circle(editions):
                loop = " → ".join(editions)
                itself = editions == (self._source.edition,) * 2
                what = "自分自身になっています" if itself else f"循環しています({loop})"
                yield self._problem("E407", place, f"「前版」が{what}。前の年の版を書いてください。")
            case Broken(edition, problem):
                yield self._problem(
                    "E410", place, f"前版「{edition}」が読めません({problem})。先に前版を直してください。"
                )
            case Mapping() as root:
                yield from self._check_claims(claims, {row.number for row in rows(root) if row.number})

    def _check_claims(self, claims: list[tuple[RowNode, Scalar]], known: set[int]) -> Iterator[Problem]:
        for row, node in claims:
            number = _number(node.text)
            if number and number not in known:
                yield self._problem(
                    "E408",
                    node,
                    f"{label(row.node)}の前版NO「{number}」は、前版「{self._root.text('前版')}」にありません。"
                    f"前版のNOは{min(known, default=0)}から{max(known, default=0)}までです。",
                )

    def _check_page_head(self) -> Iterator[Problem]:
        """E413 if the head of the pages is higher than allowed.

        Skipped if a value exceeds its own limit, which the model reports.
        """
        root = self._root
        contexts = dict(self._contexts())
        texts = [(root.text(key) or "", most) for key, most in _LONGEST.items()]
        texts += [(meaning, MAX_MEANING) for meaning in _listed(root, "凡例").values()]
        texts += [(context, 2 * MAX_NAME + 20) for context in contexts]
        if any(len(text) > most for text, most in texts):
            return
        headings = root.entries.get("見出し")
        label = headings.text("実施状況") if isinstance(headings, Mapping) else None
        legend = Legend(f"{label or Headings().status}：", _listed(root, "凡例"))
        is_block = root.text("凡例の場所") == "一ページ目"
        if is_block and legend.height_of_block > MOST_HEIGHT_OF_MEANINGS:
            yield self._problem(
                "E413",
                root.keys["凡例"],
                f"凡例が長すぎます(全角でおよそ{_ems(legend):,}字)。一ページ目に印刷する凡例は、用紙の高さの半分までです。意味を短くしてください。",
            )
        context = max(contexts, key=width_in_ems, default="")
        issued = ("平成00年00月00日現在", root.text("自治体") or "", root.text("担当課") or "")
        head = PageHead(
            title=root.text("表題") or "",
            fiscal_year=root.text("年度") or "",
            draft="案",
            document_number=root.text("資料番号") or "",
            legends=(legend.without_meanings() if is_block else legend,),
            issued=" ".join(filter(None, issued)),
            context=context,
        )
        if head.height <= MOST_HEIGHT:
            return
        part = max(head.heights, key=lambda part: head.heights[part])
        longest = max(("自治体", "担当課"), key=lambda key: width_in_ems(root.text(key) or ""))
        subject, node, length = {
            "表題": ("「表題」", root.entries.get("表題"), width_in_ems(head.title)),
            "年度": ("「年度」", root.entries.get("年度"), width_in_ems(head.fiscal_year)),
            "資料番号": ("「資料番号」", root.entries.get("資料番号"), width_in_ems(head.document_number)),
            "担当課": (f"「{longest}」", root.entries.get(longest), width_in_ems(head.issued)),
            "凡例": ("「凡例」", root.keys.get("凡例"), _ems(head.legends[0])),
            "名称": ("推進方針と推進施策の「名称」", contexts.get(context), width_in_ems(context)),
        }[part]
        assert node is not None
        fix = "短くするか、「凡例の場所: 一ページ目」と書き足して、" if part == "凡例" and not is_block else ""
        where = "続きのページの初めにも印刷します。" if part == "名称" else ""
        yield self._problem(
            "E413",
            node,
            f"{subject}が長すぎます(全角でおよそ{length:,}字)。{where}"
            "各ページの上部(表題、凡例など)は、用紙の高さの四分の一までです。"
            + (f"{fix}意味を一ページ目だけに印刷してください。" if fix else "")
            + f"ほかがこのままなら、{subject}は全角でおよそ{head.most(part):,}字までです。",
        )

    def _contexts(self) -> Iterator[tuple[str, Node]]:
        """The line of context of each measure's further pages, and the node of the longer name in it."""
        for at, policy in enumerate(_mappings(self._root, "推進方針"), 1):
            policy_name = policy.text("名称") or ""
            for within, measure in enumerate(_mappings(policy, "推進施策"), 1):
                measure_name = measure.text("名称") or ""
                longer = max((policy, measure), key=lambda node: len(node.text("名称") or ""))
                if place := longer.entries.get("名称"):
                    yield f"{policy_number(at)} {policy_name} {measure_number(within)} {measure_name}(続き)", place


def _ems(legend: Legend) -> int:
    return sum(map(width_in_ems, legend.texts))


def _previous_numbers(node: Mapping) -> list[Scalar]:
    value = node.entries.get("前版NO")
    return [item for item in value.items if isinstance(item, Scalar)] if isinstance(value, Sequence) else []
