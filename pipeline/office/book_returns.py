"""Takes a list workbook back into its source: what was edited in it, merged with what the source became meanwhile.

The workbook holds the source of which it was made. What differs from that was edited; what differs between that and the
source now was changed in the source. Where both changed the same, a person decides. Everything else of both stays.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.documents.book.rows import FACTS, FORM, HIDDEN, LIST, item_key, unpacked
from pipeline.errors import Problem, SourceError, printable
from pipeline.library import Library
from pipeline.model.edition import Edition
from pipeline.model.edition_id import is_edition_id
from pipeline.model.form import BLANK, Column
from pipeline.model.rules import acknowledgements
from pipeline.model.validation import Validated, validate
from pipeline.source.characters import visible
from pipeline.source.limits import MAX_BYTES
from pipeline.source.tree import Source, parse_source
from pipeline.text import flat
from pipeline.years.matching import place_items

from .answers import written
from .book_rows import Entry, Node, Said, read_list, tree_of, values_of
from .changes import change_sources
from .editing import EditError, Place, Spot, Written, edit_parts, spot, spots
from .identity import identify, identity
from .rearranging import Wanted, rearrange
from .returns import Conflict, Finding, Settle, from_to, marks
from .workbook import Book, Sheet, WorkbookError, read_workbook
from .workbook_format import asked, fields

_AGAIN = "make book で作り直してください。"
_GONE = "このブックを作った後で、元データからなくなりました。必要なら、新しい行として加えてください。"


@dataclass(frozen=True, slots=True)
class ListReturn:
    """The result of reading a list workbook. `edited` is the source with what was edited, if that can be written.

    `lines` say what changes, `problems` why it cannot be written.
    """

    path: Path
    source: Source | None
    edited: Source | None
    lines: tuple[str, ...]
    problems: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    findings: tuple[Finding, ...]
    notices: tuple[Finding, ...]
    warnings: tuple[Problem, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything was taken."""
        return not (self.findings or self.conflicts or self.problems)


def is_list(path: Path) -> bool:
    """Whether the file at `path` is a list workbook; one that cannot be read is none."""
    try:
        book = read_workbook(path, (HIDDEN,))
    except WorkbookError:
        return False
    hidden = book.sheets.get(HIDDEN)
    if hidden is None:
        return LIST in book.others
    return hidden.text(1, 2).rpartition("-")[0] == FORM.rpartition("-")[0]


def read_list_return(path: Path, label: str, library: Library, settle: Settle | None = None) -> ListReturn:
    """Read the list workbook at `path`. Raises `SourceError` if its edition has errors."""
    try:
        return list_return(read_workbook(path, (HIDDEN, LIST)), path, label, library, settle)
    except WorkbookError as error:
        finding = Finding(label, error.row, "", str(error))
        return ListReturn(path, None, None, (), (), (), (finding,), (), ())


def list_return(book: Book, path: Path, label: str, library: Library, settle: Settle | None) -> ListReturn:
    """As `read_list_return`, of the workbook that was at `path`. Raises `WorkbookError` if it cannot be taken."""
    base = _base(book, library)
    now = library.validated(base.source.path)
    if now.edition.form.columns != base.edition.form.columns:
        raise WorkbookError(f"このブックを作った後で、一覧の段か欄が変わりました。{_AGAIN}")
    said = read_list(book.sheets[LIST], base, {*now.edition.items})
    merge = _Merge(base, now, said, label, settle)
    merge.run()
    findings = tuple(Finding(label, row, key, message) for row, key, message in said.findings)
    notices = (
        *(Finding(label, row, key, message) for row, key, message in said.notices),
        *merge.notices,
        *_loud(label, merge.removed),
        *marks(label, "", book, (LIST, "書き方")),
    )
    edited, problems, warnings = _edited(merge, now, library)
    lines = tuple(merge.describe())
    return ListReturn(path, now.source, edited, lines, problems, tuple(merge.conflicts), findings, notices, warnings)


def _loud(label: str, removed: Sequence[Node]) -> Iterator[Finding]:
    """A notice on items that are removed: perhaps a row was deleted by mistake."""
    if removed:
        some = "、".join(_called(node) for node in removed[:5]) + ("など" if len(removed) > 5 else "")
        message = f"{some}の行がありません。{len(removed)}項目を元データから削除します。誤って行を削除していないか、確かめてください。"
        yield Finding(label, 0, "", message)


def messages_of_list(returned: ListReturn) -> list[str]:
    """What is not taken, why the changes cannot be written, notices, and warnings on the edited source."""
    lines = [*map(str, returned.findings), *(f"食い違い: {conflict}" for conflict in returned.conflicts)]
    if returned.problems:
        lines.append("取り込むと、元データが次の誤りになります。")
        lines += [f"  {printable(problem)}" for problem in returned.problems]
    return [*lines, *map(str, returned.notices), *map(str, returned.warnings)]


def apply_list_return(returned: ListReturn) -> bool:
    """Write the changes into the source; False if there are none. Raises `ChangeStoppedError`."""
    if returned.source is None or returned.edited is None:
        return False
    change_sources("import", {returned.source.path: (returned.source.data, returned.edited.data)})
    return True


def _base(book: Book, library: Library) -> Validated:
    """The edition of which the workbook was made. Raises `WorkbookError`."""
    hidden = book.sheets.get(HIDDEN)
    if hidden is None or LIST not in book.sheets:
        raise WorkbookError(
            f"シート「{LIST}」か「{HIDDEN}」(非表示)がないため、何が書き換えられたか分かりません。"
            "make book で作ったブックを、そのまま書き換えて保存したものを指定してください。"
            "ほかのブックの一覧からは、make adopt で元データを作れます。"
        )
    if hidden.text(1, 2) != FORM:
        raise WorkbookError(f"ブックの様式({visible(hidden.text(1, 2))})が違います。{_AGAIN}")
    name, digest = hidden.text(2, 2), hidden.text(3, 2)
    if not is_edition_id(name) or not library.path(name).exists():
        raise WorkbookError(f"版「{visible(name)}」の一覧ですが、その版は {library.folder}/ にありません。")
    try:
        data = unpacked([*_pieces(hidden)], digest, MAX_BYTES)
        return validate(parse_source(library.path(name), data), None)
    except (ValueError, SourceError):
        raise WorkbookError(f"シート「{HIDDEN}」(非表示)が書き換えられています。{_AGAIN}") from None


def _pieces(hidden: Sheet) -> Iterator[str]:
    row = len(FACTS) + 1
    while text := hidden.text(row, 2):
        yield text
        row += 1


def _edited(
    merge: "_Merge", now: Validated, library: Library
) -> tuple[Source | None, tuple[str, ...], tuple[Problem, ...]]:
    """The source with the changes; the reasons, if that cannot be written; the warnings that are new."""
    if not merge.is_needed:
        return None, (), ()
    try:
        edited = merge.edited()
        after = library.validate(edited)
    except EditError as error:
        return None, (str(error),), ()
    except SourceError as error:
        return None, tuple(dict.fromkeys(problem.message for problem in error.problems if problem.is_error)), ()
    if problems := tuple(_broken_later(edited, library)):
        return None, problems, ()
    known = {(warning.code, warning.message) for warning in now.warnings}
    return edited, (), tuple(one for one in after.warnings if (one.code, one.message) not in known)


def _broken_later(edited: Source, library: Library) -> Iterator[str]:
    """The errors that editions with `edited` as their 前版 would have, and do not have now."""
    after = library.with_source(edited)
    for path in sorted(library.folder.glob("*.yaml")):
        try:
            if library.source(path).root.text("前版") != edited.edition:
                continue
        except SourceError:
            continue  # it has errors of its own
        then = {problem.message for problem in _problems(library, path)}
        for problem in _problems(after, path):
            if problem.is_error and problem.message not in then:
                yield str(problem)


def _problems(library: Library, path: Path) -> Sequence[Problem]:
    try:
        return library.validated(path).warnings
    except SourceError as error:
        return error.problems


@dataclass(slots=True, eq=False)
class _Slot:
    """A part of the list as it shall be: one of the source now (`node`), a new one, or both with the workbook's row."""

    node: Node | None
    entry: Entry | None = None
    parent: "_Slot | None" = None
    children: list["_Slot"] = field(default_factory=list)

    def take_out(self) -> None:
        """Take it out of its list."""
        assert self.parent
        self.parent.children.remove(self)


class _Merge:
    """What was edited, on top of the source now."""

    def __init__(self, base: Validated, now: Validated, said: Said, label: str, settle: Settle | None) -> None:
        self._said, self._label, self._settle = said, label, settle
        self._base, self._now = tree_of(base), tree_of(now)
        self._source = now.source
        self._rank = {key: at for at, key in enumerate(self._base.by_key)}  # in printed order
        self._same = self._matched(base, now)
        self._twins: dict[Entry, Node] = {}  # new rows that the source has already
        self.conflicts: list[Conflict] = []
        self.notices: list[Finding] = []
        self._root = _Slot(None)
        self._slots: dict[str, _Slot] = {}
        self._add_slots(self._root, self._now.children)
        self._before = self._order(self._root)
        self._values: dict[str, dict[Place, Written]] = {}  # by the key of the node now
        self._changed: list[tuple[Node, str, str, str]] = []
        self._removed: list[Node] = []
        self._added: list[Entry] = []
        self._moved: list[tuple[Node, str, str]] = []
        self._lost: set[Entry] = set()  # those that the source has no more, or elsewhere
        self._kept: set[Entry] = set()  # those below them

    def _add_slots(self, above: _Slot, nodes: Sequence[Node]) -> None:
        for node in nodes:
            slot = _Slot(node, None, above)
            above.children.append(slot)
            self._slots[node.key] = slot
            self._add_slots(slot, node.children)

    def _matched(self, base: Validated, now: Validated) -> dict[str, Node]:
        """The part of the source now that each part of the workbook's source is, by key. What is gone is left out."""
        if base.source.digest == now.source.digest:
            return self._now.by_key
        columns = fields(base.edition)
        numbers = identify((asked(placed, columns) for placed in place_items(base.edition)), now.edition)
        found: dict[str, Node] = {}
        for placed in place_items(base.edition):
            number = numbers.get(identity(asked(placed, columns)))
            if number is not None:
                found[item_key(placed.number)] = self._now.by_key[item_key(number)]
        self._match_renamed(found)
        self._match_headings(found)
        self._match_repeats(found)
        return found

    def _match_headings(self, found: dict[str, Node]) -> None:
        """Headings that are not found yet, by the names of all above them, by their own names, or by their places."""
        taken = {node.key for node in found.values()}
        was = [node for key, node in self._base.by_key.items() if node.kind == "heading" and key not in found]
        left = [node for key, node in self._now.by_key.items() if node.kind == "heading" and key not in taken]

        def path(node: Node | None) -> tuple[str, ...]:
            return (*path(node.parent), node.name) if node else ()

        for key_of in (path, lambda node: (node.depth, node.name), lambda node: node.key):
            then, there = Counter(map(key_of, was)), Counter(map(key_of, left))
            by_key = {key_of(node): node for node in left}
            for node in [*was]:
                key = key_of(node)
                if then[key] == there[key] == 1:
                    found[node.key] = by_key[key]
                    was.remove(node)
                    left.remove(by_key[key])

    def _match_renamed(self, found: dict[str, Node]) -> None:
        """What the workbook renamed, by its new name: the source may have taken that."""
        was = {(node.kind, node.name) for node in self._base.by_key.values()}
        count = Counter((node.kind, node.name) for node in self._now.by_key.values())
        named = {(node.kind, node.name): node for node in self._now.by_key.values()}
        entries = [entry for entry in self._in_list(self._said.children) if entry.kind != "repeat"]
        new = Counter((entry.kind, entry.name) for entry in entries)
        taken = {node.key for node in found.values()}
        for entry in entries:
            name = (entry.kind, entry.name)
            if not entry.node or "名称" not in entry.values or entry.node.key in found or name in was:
                continue
            if count[name] == new[name] == 1 and named[name].key not in taken:
                found[entry.node.key] = named[name]

    def _match_repeats(self, found: dict[str, Node]) -> None:
        def place(number: int, parent: Node | None) -> tuple[int, str]:
            return number, parent.key if parent else ""

        there: dict[tuple[int, str], list[Node]] = defaultdict(list)
        for node in self._now.by_key.values():
            if node.kind == "repeat":
                there[place(node.number, node.parent)].append(node)
        for node in self._base.by_key.values():
            item = found.get(item_key(node.number))
            above = found.get(node.parent.key) if node.parent else None
            if node.kind == "repeat" and item and (others := there[place(item.number, above)]):
                found[node.key] = others.pop(0)

    def _now_of(self, entry: Entry | None) -> Node | None:
        """The part of the source now that `entry` is; None of a new one and of one that is gone."""
        if entry is None:
            return None
        return self._same.get(entry.node.key) if entry.node else self._twins.get(entry)

    def _find_twins(self, entries: Sequence[Entry], siblings: Sequence[Node], taken: set[str], kinds: set[str]) -> None:
        """New rows that the source has got too, below the same headings: a workbook may be taken twice."""
        there: dict[tuple[str, str | int], list[Node]] = defaultdict(list)
        for node in siblings:
            if node.key not in taken:
                there[node.kind, node.number if node.kind == "repeat" else node.name].append(node)
        for entry in entries:
            if entry.kind in kinds and not entry.node and (others := there[entry.kind, self._called_by(entry)]):
                self._twins[entry] = others.pop(0)
                taken.add(self._twins[entry].key)
            now = self._now_of(entry)
            if entry.children and now:
                self._find_twins(entry.children, now.children, taken, kinds)

    def _called_by(self, entry: Entry) -> str | int:
        if entry.kind != "repeat":
            return entry.name
        now = self._now_of(entry.target)
        return now.number if now else entry.number

    def _number_new(self) -> None:
        """Numbers follow those of the source without a gap, though rows that it has already had got some."""
        new = [entry for entry in self._said.numbered if entry not in self._twins]
        others = (entry.number for entry in self._in_list(self._said.children) if entry.kind == "item")
        free = {*self._now.edition.items, *self._base.edition.items, *others} - {
            one.number for one in self._said.numbered
        }
        for number, entry in enumerate(new, max(free, default=0) + 1):
            entry.number, entry.values["NO"] = number, str(number)

    def run(self) -> None:
        """Merge values, removals and places."""
        taken = {node.key for node in self._same.values()}
        for kinds in ({"heading", "item"}, {"repeat"}):  # a repeat may stand before its item
            self._find_twins(self._said.children, self._now.children, taken, kinds)
        if self._twins:
            self._number_new()
        there = {entry.node.key for entry in self._in_list(self._said.children) if entry.node}
        for entry in self._in_list(self._said.children):
            if entry.node:
                self._merge_values(entry, entry.node)
            elif (twin := self._twins.get(entry)) and twin.kind != "repeat":
                self._merge_new(entry, twin)
        gone = [node for key, node in self._base.by_key.items() if key not in there]
        for node in gone:
            if node.kind != "heading":
                self._remove(node)
        self._move(gone)

    def _in_list(self, entries: Sequence[Entry]) -> Iterator[Entry]:
        for entry in entries:
            yield entry
            yield from self._in_list(entry.children)

    # Values

    def _merge_values(self, entry: Entry, node: Node) -> None:
        now = self._same.get(node.key)
        if now is None:
            self._lost.add(entry)
            if entry.values:
                self._decide(
                    node, "", "このブックを作った後で、元データからなくなりました。", entry, self._sides(entry)
                )
            return
        self._slots[now.key].entry = entry
        sent, present = values_of(self._base.edition, node), values_of(self._now.edition, now)
        for place, new in entry.values.items():
            old, then = present.get(place, ""), sent.get(place, "")
            if old != new:
                reason = "作った後で、元データも変わりました。" if old != then else ""
                self._take(entry, now, place, old, new, reason, (("作ったとき", _said(then)),))

    def _merge_new(self, entry: Entry, now: Node) -> None:
        """A row that was added on both sides: what the workbook leaves open is as the source has it."""
        present = values_of(self._now.edition, now)
        for place, new in entry.values.items():
            old = present.get(place, "")
            if old == new or new in ("", BLANK) or (place == "NO" and entry in self._said.numbered):
                continue
            self._take(entry, now, place, old, new, "このブックで加えた行が、元データにもあり、記載が違います。")

    def _take(
        self,
        entry: Entry,
        now: Node,
        place: Place,
        old: Written,
        new: Written,
        reason: str,
        sides: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Take a value of the workbook, unless there is a reason why a person decides; `sides` are further values."""
        key = _place(place, self._now.edition)
        if reason and self._settle != "reply":
            sides = (*sides, ("今の元データ", _said(old)), (f"{self._label} {entry.row}行", _said(new)))
            self._decide(now, key, reason, entry, sides)
            return
        self._values.setdefault(now.key, {})[place] = new
        self._changed.append((now, key, _said(old), _said(new)))

    def _sides(self, entry: Entry) -> tuple[tuple[str, str], ...]:
        return tuple(
            (f"{self._label} {entry.row}行 {_place(place, self._base.edition)}", _said(value))
            for place, value in entry.values.items()
        )

    def _decide(
        self, node: Node, key: str, reason: str, entry: Entry | None, sides: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """A conflict, or a notice if the source wins."""
        if self._settle == "source":
            row = entry.row if entry else 0
            self.notices.append(Finding(self._label, row, key, f"{_called(node)}は、元データのままにします。"))
        else:
            number = node.number if node.kind == "item" else 0
            self.conflicts.append(Conflict(number, node.name, key, reason, sides))

    # Places

    def _remove(self, node: Node) -> None:
        now = self._same.get(node.key)
        if now is None:
            return
        if node.kind == "item" and self._settle != "reply":
            sent, present = values_of(self._base.edition, node), values_of(self._now.edition, now)
            edited = [place for place in sent if present.get(place, "") != sent[place] and place != "NO"]
            if edited:
                sides = tuple((f"今の元データ {_place(one, self._now.edition)}", _said(present[one])) for one in edited)
                reason = "このブックでは行が削除されていますが、作った後で、元データの記載が変わりました。"
                self._decide(now, "", reason, None, sides)
                return
        self._slots[now.key].take_out()
        self._removed.append(now)

    def _move(self, gone: Sequence[Node]) -> None:
        self._keep_below_lost()
        above = {child: entry for entry in self._in_list(self._said.children) for child in entry.children}
        moving = {entry for entry in self._moving(self._said.children, None) if entry not in self._kept}
        for entry in [*moving]:
            now = self._now_of(entry)
            if not entry.node or not now:
                continue
            is_moved = self._is_moved_in_source(entry.node, now)
            if is_moved and now.parent and now.parent is self._now_of(above.get(entry)):
                moving.remove(entry)  # to the same heading
            elif is_moved and self._settle != "reply":
                self._decide(now, "", "このブックでも元データでも、ほかの見出しの下に移されています。", entry)
                self._slots[now.key].entry = None
                self._lost.add(entry)
            else:
                self._slots[now.key].take_out()
        self._place(self._said.children, self._root, moving)
        for node in reversed(gone):  # the innermost first
            now = self._same.get(node.key)
            if node.kind == "heading" and now:
                slot = self._slots[now.key]
                if slot.children:
                    reason = "このブックでは見出しが削除されていますが、その下に、元データで加えたか書き換えた項目があります。"
                    self._decide(now, "", reason, None)
                else:
                    slot.take_out()
                    self._removed.append(now)

    def _keep_below_lost(self) -> None:
        """What was put below a heading that the source has no more cannot be placed."""
        for heading in self._in_list(self._said.children):
            if heading not in self._lost or heading.kind != "heading":
                continue
            for entry in self._in_list(heading.children):
                self._kept.add(entry)
                above = entry.node.parent if entry.node else None
                if entry.node is None or above is not heading.node:
                    assert heading.node
                    side = (f"{self._label} {entry.row}行", entry.name)
                    reason = "このブックを作った後で、見出しが元データからなくなりました。その下に移すことも加えることもできません。"
                    self._decide(heading.node, "", reason, entry, (side,))

    def _moving(self, entries: Sequence[Entry], above: Entry | None) -> Iterator[Entry]:
        """The entries that stand elsewhere than in what was sent out: as few as explain the order."""
        parent = above.node.key if above and above.node else "" if above is None else None
        staying = [
            entry for entry in entries if entry.node and parent == (entry.node.parent.key if entry.node.parent else "")
        ]
        kept = {id(staying[at]) for at in _longest_rise([self._rank[one.node.key] for one in staying if one.node])}
        for entry in entries:
            if entry.node and id(entry) not in kept:
                yield entry
            yield from self._moving(entry.children, entry)

    def _is_moved_in_source(self, node: Node, now: Node) -> bool:
        """Whether the source has it below another heading than it was sent out."""
        above = self._same.get(node.parent.key) if node.parent else None
        return above is not now.parent and not (node.parent is None and now.parent is None)

    def _place(self, entries: Sequence[Entry], above: _Slot, moving: set[Entry]) -> None:
        """Put new and moved entries behind the one before them."""
        last: _Slot | None = None
        for entry in entries:
            if entry in self._lost:
                continue
            now = self._now_of(entry)
            slot = self._slots[now.key] if now else _Slot(None, entry)
            if not now or entry in moving:
                was = slot.parent
                slot.parent, slot.entry = above, entry
                above.children.insert(above.children.index(last) + 1 if last else 0, slot)
                if now is None:
                    self._added.append(entry)
                else:
                    self._moved.append((now, self._path(was), self._path(above)))
            if slot.parent is above:
                last = slot
            self._place(entry.children, slot, moving)

    def _path(self, slot: _Slot | None) -> str:
        if slot is None or slot is self._root:
            return ""
        if slot.entry and (slot.entry.name or not slot.node):
            return slot.entry.name
        return slot.node.name if slot.node else ""

    # The new source

    def _order(self, slot: _Slot) -> list[str]:
        found = []
        for child in slot.children:
            found += [child.node.key if child.node else "", *self._order(child), "/"]
        return found

    @property
    def is_needed(self) -> bool:
        """Whether the source changes."""
        return bool(self._values) or self._order(self._root) != self._before

    def edited(self) -> Source:
        """The source with everything that was edited. Raises `EditError`."""
        columns = {column.key: column for column in self._now.edition.own}
        values: dict[Spot, dict[Place, Written]] = {
            self._now.by_key[key].spot: {place: _in_source(new, place, columns) for place, new in edits.items()}
            for key, edits in self._values.items()
        }
        numbers = self._numbers()
        for slot in self._all(self._root):
            node = slot.node
            if node and node.kind == "repeat" and (number := self._repeated(slot, numbers)) != node.number:
                values.setdefault(node.spot, {})["再掲"] = str(number)
        for one in acknowledgements(self._source.root):
            if new := numbers.get(int(one.text("NO") or 0)):
                values[spot(one)] = {"NO": str(new)}
        edited = edit_parts(self._source, values) if values else self._source
        if self._order(self._root) == self._before:
            return edited
        moved = dict(zip(spots(self._source), spots(edited), strict=True))
        return rearrange(edited, self._wanted(self._root, moved, numbers, columns))

    def _numbers(self) -> dict[int, int]:
        """The new NO of each item that gets another one."""
        return {
            self._now.by_key[key].number: int(str(edits["NO"])) for key, edits in self._values.items() if "NO" in edits
        }

    def _repeated(self, slot: _Slot, numbers: Mapping[int, int]) -> int:
        """The NO of the item that a repeat repeats."""
        target = slot.entry.target if slot.entry else None
        now = self._now_of(target)
        if target and not target.node and not now:
            return target.number
        number = now.number if now else slot.node.number if slot.node else slot.entry.number if slot.entry else 0
        return numbers.get(number, number)

    def _all(self, slot: _Slot) -> Iterator[_Slot]:
        for child in slot.children:
            yield child
            yield from self._all(child)

    def _wanted(
        self, slot: _Slot, moved: Mapping[Spot, Spot], numbers: Mapping[int, int], columns: Mapping[str, Column]
    ) -> list[Wanted]:
        found = []
        for child in slot.children:
            below = self._wanted(child, moved, numbers, columns)
            if child.node:
                found.append(Wanted(moved[child.node.spot], {}, below))
            elif child.entry:
                repeats = self._repeated(child, numbers) if child.entry.kind == "repeat" else 0
                found.append(
                    Wanted(None, {"再掲": str(repeats)} if repeats else self._new(child.entry, columns), below)
                )
        return found

    def _new(self, entry: Entry, columns: Mapping[str, Column]) -> dict[str, Any]:
        """A new item or heading as data of a source, its keys in the order in which people write them."""
        said = entry.values
        found: dict[str, Any] = {}
        for key in ("NO", "番号", "名称", "印", "単位"):
            if value := said.get(key):
                found[key] = [*value] if isinstance(value, tuple) else value
        for key, column in columns.items() if entry.kind == "item" else ():
            if column.years:
                found[key] = [str(said[key, year]) for year in range(len(column.years))]
            elif value := said.get(key):
                found[key] = _in_source(value, key, columns)
        return found

    # What to say

    @property
    def removed(self) -> list[Node]:
        """The items that are removed."""
        return [node for node in self._removed if node.kind == "item"]

    def describe(self) -> Iterator[str]:
        """What changes, in groups: what is removed first."""
        removed, added = self._by_kind(self._removed), self._by_kind(self._added)
        yield from _group("削除する項目", (_called(node) for node in removed["item"]))
        yield from _group("削除する見出し", (_called(node) for node in removed["heading"]))
        yield from _group("削除する再掲", (_called(node) for node in removed["repeat"]))
        for kind, head in (("item", "加える項目"), ("heading", "加える見出し"), ("repeat", "加える再掲")):
            yield from _group(head, (self._described(entry) for entry in added[kind]))
        elsewhere = [one for one in self._moved if one[1] != one[2]]
        yield from _group(
            "移す項目と見出し", (f"{_called(node)}: 「{flat(a)}」から「{flat(b)}」へ" for node, a, b in elsewhere)
        )
        is_reordered = cache(self._is_reordered)
        yield from _group(
            "並び順が変わるもの",
            (
                _called(node)
                for node, a, b in self._moved
                if a == b and is_reordered(node.parent, self._slots[node.key].parent)
            ),
        )
        if self._changed:
            yield "変わる記載:"
        last: Node | None = None
        for node, key, old, new in self._changed:
            if node is not last:
                yield f"  {_called(node)}"
                last = node
            yield from (f"    {line}" for line in from_to(key, old, new))

    def _is_reordered(self, was: Node | None, above: _Slot | None) -> bool:
        """Whether the parts that stood below `was` (None: outermost) and stand below `above` are in another order."""
        before = [one.key for one in (was.children if was else self._now.children)]
        after = [slot.node.key for slot in above.children if slot.node] if above else []
        both = {*before} & {*after}
        return [key for key in before if key in both] != [key for key in after if key in both]

    def _by_kind(self, parts: Sequence[Any]) -> dict[str, list[Any]]:
        return {kind: [one for one in parts if one.kind == kind] for kind in ("item", "heading", "repeat")}

    def _described(self, entry: Entry) -> str:
        name = printable(flat(entry.name))
        if entry.kind != "item":
            return f"「{name}」"
        said = "(空いている番号を付けました)" if entry in self._said.numbered else ""
        return f"NO {entry.number}「{name}」{said}"


def _group(head: str, lines: Iterator[str]) -> Iterator[str]:
    listed = [*lines]
    if listed:
        yield f"{head}({len(listed)}件):"
        yield from (f"  {line}" for line in listed)


def _called(node: Node) -> str:
    name = f"「{printable(flat(node.name))}」"
    if node.heading:
        return f"{node.heading.level.key} {name}" if not node.heading.number else f"{flat(node.heading.number)} {name}"
    return f"NO {node.number}{name}" + ("の再掲" if node.kind == "repeat" else "")


def _place(place: Place, edition: Edition) -> str:
    """A place in words: 実績(令和5年度)."""
    if isinstance(place, str):
        return place
    column = next(column for column in edition.own if column.key == place[0])
    return f"{column.key}({column.years[place[1]]})"


def _said(value: Written) -> str:
    return value if isinstance(value, str) else "、".join(value)


def _in_source(value: Written, place: Place, columns: Mapping[str, Column]) -> Written:
    """A value as the source has it: a date like 2013-03-31."""
    column = columns.get(place) if isinstance(place, str) else None
    return written(value, column) if column and isinstance(value, str) else value


def _longest_rise(numbers: Sequence[int]) -> list[int]:
    """The places of a longest rising part of `numbers`."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, number in enumerate(numbers):
        where = bisect_left(tails, number)
        before.append(ends[where - 1] if where else -1)
        tails[where : where + 1] = [number]
        ends[where : where + 1] = [at]
    found: list[int] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        found.append(at)
        at = before[at]
    return found[::-1]
