"""Rules that involve several values: between rows, between rows and lists, and with the previous edition (前版).

The rules read the tree, not the model, so that an edition with one invalid cell is still checked whole and its writer
sees all problems in one pass. Values that are invalid by themselves are skipped here; the model reports them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import Problem
from pipeline.source.characters import meant, visible
from pipeline.source.limits import MAX_LABEL, MAX_MEANING, MAX_NAME, MAX_TITLE
from pipeline.source.tree import Mapping, Node, Scalar, Sequence, Source, plain, scalars
from pipeline.text import width_in_ems

from .form import BLANK, DEFAULT, NOTE_MARK, SHORT_DONE, Column, Form, form_of, number_of
from .page_head import Legend, PageHead, short_legends
from .words import listed, not_listed, words_of

# The keys that say the form of a source.
FORM_KEYS = (*DEFAULT, "用紙", *SHORT_DONE.values())

# Values printed at the head of a page, other than legend and names, with the limits that the model checks.
_LONGEST = {"表題": MAX_TITLE, **dict.fromkeys(("自治体", "年度", "担当課"), MAX_LABEL)}


@dataclass(slots=True)
class RowNode:
    """A row as far as it is readable: its section (counted through from 0), its NO, or the NO that it repeats."""

    node: Mapping
    section: int
    number: int | None
    repeats: int | None


@dataclass(slots=True)
class SectionNode:
    """A section as far as it is readable, with its level, its position below its parent (from 1), and those above it."""

    node: Mapping
    level: Column
    position: int
    above: tuple["SectionNode", ...]


def label(node: Mapping) -> str:
    """The name of the item or repeat at `node` in messages: NO 5「…」; empty if it has neither NO nor name."""
    number, name = node.text("NO"), node.text("名称")
    if number is None and "再掲" in node.entries:
        return f"再掲 {visible(node.text('再掲') or '')}"
    return (f"NO {visible(number)}" if number else "") + (f"「{visible(name)}」" if name and name.strip() else "")


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


def check_rules(source: Source, form: Form, previous: Previous | None = None) -> Iterator[Problem]:
    """Every error (E4xx) and warning (W5xx) between the values of `source`.

    `form` is the form in it. `previous` is the result of looking up its 前版; None for a source outside the library, for
    which that is not checked.
    """
    return _Rules(source, form, previous).check()


def rows(root: Mapping, form: Form | None = None) -> Iterator[RowNode]:
    """Every row below `root` that is a mapping; `form` is that of `root`, where it is known already."""
    form = form or form_of_tree(root)
    parents = [root] if not form.levels else [one.node for one in sections(root, form) if one.level is form.levels[-1]]
    for index, parent in enumerate(parents):
        for node in children_of(parent, form.item.key):
            repeats = _number(node.text("再掲")) if "再掲" in node.entries else None
            number = None if "再掲" in node.entries else _number(node.text("NO"))
            yield RowNode(node, index, number, repeats)


def sections(root: Mapping, form: Form) -> Iterator[SectionNode]:
    """Every section below `root` that is a mapping, in file order."""
    return _sections(root, form.levels, ())


def _sections(node: Mapping, levels: tuple[Column, ...], above: tuple[SectionNode, ...]) -> Iterator[SectionNode]:
    if levels:
        for position, child in enumerate(children_of(node, levels[0].key), 1):
            section = SectionNode(child, levels[0], position, above)
            yield section
            yield from _sections(child, levels[1:], (*above, section))


def form_of_tree(root: Mapping) -> Form:
    """The form of the source at `root`."""
    return form_of({key: plain(root.entries[key]) for key in FORM_KEYS if key in root.entries})


def abolished_numbers(root: Mapping) -> list[Scalar]:
    """Each 前版NO below 廃止 in the source at `root`."""
    return [scalar for one in children_of(root, "廃止") for scalar in _values(one.entries.get("前版NO"))]


def acknowledgements(root: Mapping) -> list[Mapping]:
    """The entries of 確認済 in the source at `root`."""
    return children_of(root, "確認済")


def numbers_by_place(root: Mapping, form: Form) -> list[tuple[int, int, int | None]]:
    """(line, column) from which what follows belongs to the item with this NO, or (None) to no item; in file order.

    A repeat has the NO of its item.
    """
    starts = [(row.node.line, row.node.column, row.number or row.repeats) for row in rows(root, form)]
    starts += [(one.node.line, one.node.column, None) for one in sections(root, form)]
    starts += [(key.line, key.column, None) for key in root.keys.values()]
    return sorted(starts, key=lambda start: start[:2])


def children_of(node: Mapping, key: str) -> list[Mapping]:
    """The mappings in the list at `key`: headings, rows, or entries of 廃止 and 確認済."""
    value = node.entries.get(key)
    return [item for item in value.items if isinstance(item, Mapping)] if isinstance(value, Sequence) else []


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch("[1-9][0-9]{0,8}", text) else None


def _department(section: SectionNode) -> str:
    """The 担当課 of a section, or of the nearest above it that has one."""
    return next(filter(None, (one.node.text("担当課") for one in (section, *reversed(section.above)))), "") or ""


class _Rules:
    def __init__(self, source: Source, form: Form, previous: Previous | None) -> None:
        self._source = source
        self._previous = previous
        self._root = source.root
        self._form = form
        self._rows = list(rows(source.root, self._form))
        self._sections = list(sections(source.root, self._form))
        self._numbers = {row.number for row in self._rows if row.number}

    def check(self) -> Iterator[Problem]:
        yield from self._check_numbers()
        yield from self._check_names()
        yield from self._check_values()
        yield from self._check_done()
        yield from self._check_repeats()
        yield from self._check_lineage()
        yield from self._check_notes()
        yield from self._check_page_head()

    def _problem(self, code: str, node: Node, message: str) -> Problem:
        return Problem(str(self._source.path), node.line, node.column, code, message)

    @property
    def _group(self) -> str:
        """What the rows stand in: a section of the innermost level, or the list."""
        return self._form.levels[-1].key if self._form.levels else "一覧"

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
                    "再掲にするなら「再掲: NO」だけを書いてください。",
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
        below = dict(pairwise(self._form.list_keys))
        for section in self._sections:
            key = below[section.level.key]
            if not children_of(section.node, key):
                name = visible(section.node.text("名称") or "")
                yield self._problem(
                    "W504",
                    section.node,
                    f"{section.level.key}「{name}」に{key}がありません。書き忘れでないか確かめてください。",
                )

    def _check_values(self) -> Iterator[Problem]:
        own = [(column, words_of(self._root, self._form, column)) for column in self._form.own]
        office = self._form.department_key
        marks = listed(self._root, "印")
        innermost = [one for one in self._sections if one.level is self._form.levels[-1]] if self._form.levels else []
        above = {index: _department(one) for index, one in enumerate(innermost)}
        for row in self._rows:
            if row.repeats is not None:
                continue
            node = row.node
            for column, words in own:
                for value in _values(node.entries.get(column.key)):
                    yield from self._check_value(node, column, words, value, office, above.get(row.section, ""))
            yield from self._check_marks(node, marks)

    def _check_marks(self, node: Mapping, marks: dict[str, str]) -> Iterator[Problem]:
        seen: set[str] = set()
        for mark in _values(node.entries.get("印")):
            text = visible(mark.text)
            if mark.text in seen:
                fix = f"「{text}」が二度あります。一つを削除してください。"
            elif not marks:
                fix = f"「{text}」の意味がありません。ファイルの初めに「印: {{{text}: 意味}}」を書いてください。"
            elif mark.text not in marks:
                fix = not_listed(mark.text, marks, "「印」")
            else:
                fix = ""
            seen.add(mark.text)
            if fix:
                yield self._problem("E414", mark, f"{label(node)}の印{fix}")

    def _check_value(
        self, node: Mapping, column: Column, words: dict[str, str], value: Scalar, office: str, above: str
    ) -> Iterator[Problem]:
        if value.text == BLANK:
            blank = self._problem("W507", value, f"{label(node)}の{column.key}が未記入です。")
            yield blank._replace(department=visible(node.text(office) or above))
        elif value.text and words and value.text not in words:
            # If the list is missing or invalid the model reports it once; reporting every cell would only repeat that.
            code, of = ("E402", "凡例") if column.kind == "symbol" else ("E403", f"「{column.key}」の語")
            yield self._problem(code, value, f"{label(node)}の{column.key}{not_listed(value.text, words, of)}")

    def _check_done(self) -> Iterator[Problem]:
        """Items that are done by one column but not by the other. Silent unless the form says what is done."""
        main, deciding = self._form.main, self._form.deciding
        if main is None or deciding is None or not main.done:
            return
        meanings, kinds = words_of(self._root, self._form, main), words_of(self._root, self._form, deciding)
        for row in self._rows:
            node = row.node
            state, term = node.text(main.key), node.text(deciding.key)
            if row.repeats is not None or state not in meanings or term not in kinds:
                continue
            said = f"{main.key}が「{visible(state)}」" + (f"({visible(meanings[state])})" if meanings[state] else "")
            doubt = "どちらかが誤りでないか確かめてください。"
            if state in main.done and kinds[term] == "継続":
                yield self._problem(
                    "W505",
                    node.entries[deciding.key],
                    f"{label(node)}は、{said}なのに{deciding.key}が「{visible(term)}」です。{doubt}",
                )
            elif state not in main.done and term in deciding.done:
                yield self._problem(
                    "W506",
                    node.entries[main.key],
                    f"{label(node)}は、{deciding.key}が「{visible(term)}」なのに{said}です。{doubt}",
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
                    "E404",
                    place,
                    f"再掲に書かれたNO {row.repeats}の項目はありません。再び掲げる項目のNOを書いてください。",
                )
            elif item.section == row.section:
                yield self._problem(
                    "E405",
                    place,
                    f"再掲の{label(item.node)}は、同じ{self._group}の中にあります。この行を削除するか、NOを確かめてください。",
                )
            elif (row.section, row.repeats) in seen:
                yield self._problem(
                    "W508",
                    place,
                    f"再掲の{label(item.node)}が、同じ{self._group}に二度あります。一つは削除してください。",
                )
            seen.add((row.section, row.repeats))

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
        claims = [
            (f"{label(row.node)}の前版NO", node)
            for row in self._rows
            for node in _scalars(row.node.entries.get("前版NO"))
        ]
        abolished = [("「廃止」の前版NO", node) for node in abolished_numbers(self._root)]
        yield from self._check_previous([*claims, *abolished])
        yield from self._check_abolished([node for _, node in abolished])

    def _check_previous(self, claims: list[tuple[str, Scalar]]) -> Iterator[Problem]:
        """Problems of the 前版, and of `claims`: each NO of the 前版 that this edition names, and where."""
        place = self._root.entries.get("前版") or self._root
        match self._previous:
            case Unnamed():
                for whose, node in claims[:1]:
                    yield self._problem(
                        "E409",
                        node,
                        f"{whose.removesuffix('の前版NO')}に「前版NO」がありますが、「前版」がありません。ファイルの初めに「前版: 版の名前」を書いてください。",
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
                names = {row.number: row.node.text("名称") or "" for row in rows(root) if row.number}
                yield from self._check_claims(claims, {*names})
                yield from self._check_names_of_abolished(names)

    def _check_abolished(self, places: list[Scalar]) -> Iterator[Problem]:
        """E419 for a NO in 廃止 that is there twice, or that an item continues by its 前版NO."""
        heirs = {
            _number(node.text): row for row in reversed(self._rows) for node in _scalars(row.node.entries.get("前版NO"))
        }
        seen: set[int] = set()
        for place in places:
            number = _number(place.text)
            if number in seen:
                yield self._problem(
                    "E419", place, f"「廃止」に、前版NO「{number}」が二度あります。一つを削除してください。"
                )
            elif number and number in heirs:
                heir = heirs[number].node
                yield self._problem(
                    "E419",
                    place,
                    f"「廃止」の前版NO「{number}」は、{heir.line}行目の{label(heir)}の前版NOにもあります。"
                    "続いているのなら「廃止」から、廃止したのなら項目の前版NOから削除してください。",
                )
            seen |= {number} if number else set()

    def _check_names_of_abolished(self, names: dict[int, str]) -> Iterator[Problem]:
        """E419 for a NO in 廃止 whose item this edition still lists by its name. `names` are those of the 前版, by NO."""
        places = {number: place for place in abolished_numbers(self._root) if (number := _number(place.text))}
        left = Counter(name for number, name in names.items() if number not in places)
        here: dict[str, list[Mapping]] = defaultdict(list)
        for row in self._rows:
            if row.repeats is None and not _scalars(row.node.entries.get("前版NO")):
                here[row.node.text("名称") or ""].append(row.node)
        for number, place in places.items():
            twins = here.get(names.get(number, ""), [])
            # Of several items of one name, as many may be abolished as are no longer listed.
            if names.get(number) and len(twins) > left[names[number]]:
                yield self._problem(
                    "E419",
                    place,
                    f"「廃止」の前版NO「{number}」と同じ名称の項目が、{twins[-1].line}行目にあります({label(twins[-1])})。"
                    "続いているのなら「廃止」から削除し、別のものなら名称で区別してください。",
                )

    def _check_claims(self, claims: list[tuple[str, Scalar]], known: set[int]) -> Iterator[Problem]:
        for whose, node in claims:
            number = _number(node.text)
            if number and number not in known:
                yield self._problem(
                    "E408",
                    node,
                    f"{whose}「{number}」は、前版「{self._root.text('前版')}」にありません。"
                    f"前版のNOは{min(known, default=0)}から{max(known, default=0)}までです。",
                )

    def _check_notes(self) -> Iterator[Problem]:
        """E415 for a ※n without a note, W514 for a note to which nothing refers."""
        notes = self._root.entries.get("注")
        known = dict(notes.keys) if isinstance(notes, Mapping) else {}
        used: set[str] = set()
        for key, value in self._root.entries.items():
            for scalar in scalars(value) if key != "注" else ():
                for match in NOTE_MARK.finditer(scalar.text) if "※" in scalar.text else ():
                    used.add(match[1])
                    if match[1] not in known:
                        yield self._problem(
                            "E415",
                            scalar,
                            f"「※{match[1]}」の注がありません。ファイルの初めに「注:」を書き、その下に「  {match[1]}: 注の文」と書いてください。",
                        )
        for name, place in known.items():
            if name not in used:
                shown = visible(name)
                without_sign = shown.removeprefix("※")
                yield self._problem(
                    "W514",
                    place,
                    f"注の「{shown}」を指す「※{shown}」が、どこにもありません。指すところに「※{shown}」と書くか、この注を削除してください。"
                    if without_sign == shown
                    else f"注の「{shown}」は、「※」を付けずに「{without_sign}」と書いてください。",
                )

    def _check_page_head(self) -> Iterator[Problem]:
        """E413 if the head of the pages is higher than allowed.

        Skipped if a value exceeds its own limit, which the model reports.
        """
        root = self._root
        contexts = dict(self._contexts())
        symbols = [column for column in self._form.own if column.kind == "symbol"]
        texts = [(root.text(key) or "", most) for key, most in _LONGEST.items()]
        texts += [
            (meaning, MAX_MEANING)
            for column in symbols
            for meaning in words_of(self._root, self._form, column).values()
        ]
        numbers = root.entries.get("資料番号")
        longest_number = max(
            scalars(numbers) if numbers else (), key=lambda one: width_in_ems(one.text), default=Scalar("", 0, 0)
        )
        texts.append((longest_number.text, MAX_LABEL))
        texts += [(context, len(self._form.levels) * (MAX_NAME + 10)) for context in contexts]
        if any(len(text) > most for text, most in texts):
            return
        headings = root.entries.get("見出し")
        heads = headings if isinstance(headings, Mapping) else Mapping({}, 0, 0)
        legends = [
            Legend(f"{heads.text(column.key) or column.key}：", words_of(self._root, self._form, column))
            for column in symbols
        ]
        is_block, sheet = root.text("凡例の場所") == "一ページ目", self._form.sheet
        if is_block and sum(legend.height_of_block(sheet.content_width) for legend in legends) > sheet.height / 2:
            yield self._problem(
                "E413",
                self._legend_place(symbols),
                f"凡例が長すぎます(全角でおよそ{_ems(legends):,}字)。一ページ目に印刷する凡例は、用紙の高さの半分までです。意味を短くしてください。",
            )
        context = max(contexts, key=width_in_ems, default="")
        issued = ("平成00年00月00日現在", root.text("自治体") or "", root.text("担当課") or "")
        head = PageHead(
            title=root.text("表題") or "",
            fiscal_year=root.text("年度") or "",
            draft="案",
            document_number=longest_number.text,
            legends=short_legends(legends) if is_block else tuple(legends),
            issued=" ".join(filter(None, issued)),
            context=context,
            sheet=sheet,
        )
        if head.height <= head.most_height:
            return
        part = max(head.heights, key=lambda part: head.heights[part])
        longest = max(("自治体", "担当課"), key=lambda key: width_in_ems(root.text(key) or ""))
        names = "と".join(level.key for level in self._form.levels)
        subject, node, length = {
            "表題": ("「表題」", root.entries.get("表題"), width_in_ems(head.title)),
            "年度": ("「年度」", root.entries.get("年度"), width_in_ems(head.fiscal_year)),
            "資料番号": ("「資料番号」", longest_number, width_in_ems(head.document_number)),
            "担当課": (f"「{longest}」", root.entries.get(longest), width_in_ems(head.issued)),
            "凡例": ("「凡例」", self._legend_place(symbols), _ems(head.legends)),
            "名称": (f"{names}の「名称」", contexts.get(context), width_in_ems(context)),
        }[part]
        assert node is not None
        fix = "短くするか、「凡例の場所: 一ページ目」と書き足して、" if part == "凡例" and not is_block else ""
        where = "続きのページの初めにも印刷します。" if part == "名称" else ""
        yield self._problem(
            "E413",
            node,
            f"{subject}が長すぎます(全角でおよそ{length:,}字)。{where}"
            "各ページの上部(表題、凡例など)は、用紙の高さの4分の1までです。"
            + (f"{fix}意味を一ページ目だけに印刷してください。" if fix else "")
            + f"ほかがこのままなら、{subject}は全角でおよそ{head.most(part):,}字までです。",
        )

    def _legend_place(self, symbols: list[Column]) -> Node:
        """The key of the legend, or of the longest one of several."""
        if not self._form.has_own_columns:
            return self._root.keys.get("凡例", self._root)
        longest = max(
            symbols, key=lambda column: sum(map(len, words_of(self._root, self._form, column).values())), default=None
        )
        columns = self._root.entries.get("欄")
        if longest is None or not isinstance(columns, Mapping):
            return self._root
        return columns.keys.get(longest.key, columns)

    def _contexts(self) -> Iterator[tuple[str, Node]]:
        """The line of context of further pages of each innermost section, and the node of the longest name in it."""
        for section in self._sections:
            if section.level is self._form.levels[-1]:
                line = [*section.above, section]
                longest = max(line, key=lambda one: len(one.node.text("名称") or ""))
                if place := longest.node.entries.get("名称"):
                    titles = (
                        f"{number_of(one.level, one.position, one.node.text('番号') or '')} {one.node.text('名称') or ''}"
                        for one in line
                    )
                    yield f"{' '.join(titles)}(続き)", place


def _ems(legends: Iterable[Legend]) -> int:
    return sum(width_in_ems(text) for legend in legends for text in legend.texts)


def _scalars(node: Node | None) -> list[Scalar]:
    """The scalars in the list at `node`."""
    return [item for item in node.items if isinstance(item, Scalar)] if isinstance(node, Sequence) else []


def _values(node: Node | None) -> list[Scalar]:
    """The scalar at `node`, or the scalars in the list there."""
    return [node] if isinstance(node, Scalar) else _scalars(node)
