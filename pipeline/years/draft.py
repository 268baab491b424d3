"""The draft of the next edition: continuing items are carried over with values to fill in, ended items are left out."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from pipeline.model.edition import Edition, Item, Measure, Policy, Repeat
from pipeline.model.form import BLANK

from .matching import Placed, goes_on, place_items
from .similarity import fold

_WIDTH = 60  # characters of a line of a comment: 120 columns of an editor if all are full-width

# Characters that must not begin a line of Japanese text (行頭禁則).
_NOT_FIRST = "、。，．・：；？！ー々)）」』】〉》〕]ぁぃぅぇぉっゃゅょァィゥェォッャュョ"


@dataclass(frozen=True, slots=True)
class DraftItem:
    """An item of the next edition.

    `number` is its new NO, `place` the old item whose place it takes; `predecessors` are all old items it continues.
    """

    number: int
    name: str
    place: Item
    predecessors: tuple[Item, ...]


def next_edition(edition: Edition, edition_id: str) -> str:
    """The YAML text of the draft that follows `edition`, whose id is `edition_id`."""
    return "\n".join(_Draft(edition, edition_id).lines()) + "\n"


def successors(edition: Edition) -> tuple[DraftItem, ...]:
    """The items of the next edition, in its order.

    Items with the same 統合先 become one item. It takes the place of the item of that name, or else of the first of them.
    """
    items = place_items(edition)
    heads = _heads(edition, items)
    groups: dict[int, list[Item]] = defaultdict(list)
    names: dict[int, str] = {}
    for placed in items:
        if placed.number in heads:
            head, name = heads[placed.number]
            groups[head].append(placed.item)
            names.setdefault(head, name)
    in_order = [placed.item for placed in items if placed.number in groups]
    return tuple(
        DraftItem(number, names[place.number], place, tuple(groups[place.number]))
        for number, place in enumerate(in_order, 1)
    )


def _heads(edition: Edition, items: tuple[Placed, ...]) -> dict[int, tuple[int, str]]:
    """For the NO of each continuing item: the NO whose place its successor takes, and the successor's name."""
    by_name: dict[str, list[Placed]] = defaultdict(list)
    # If several items have one name, prefer one that continues itself as the successor.
    for placed in sorted(items, key=lambda placed: not goes_on(edition, placed.item)):
        by_name[fold(placed.item.name)].append(placed)
    first: dict[str, int] = {}
    heads: dict[int, tuple[int, str]] = {}
    for placed in items:
        if not goes_on(edition, placed.item):
            continue
        end = _end(placed, by_name, items).item
        if end.merged_into and fold(end.merged_into) not in by_name:
            # No item has that name yet: the new item takes the place of the first one that leads to it.
            heads[placed.number] = (first.setdefault(fold(end.merged_into), placed.number), end.merged_into)
        else:
            heads[placed.number] = (end.number, end.name)
            # An item into which others are merged continues with them, even if its treatment says that it ends.
            heads.setdefault(end.number, (end.number, end.name))
    return heads


def _end(placed: Placed, by_name: Mapping[str, list[Placed]], items: tuple[Placed, ...]) -> Placed:
    """The last item of the chain of 統合先 from `placed` on; of a circular chain, the first item in printed order."""
    chain = {placed.number: placed}
    while placed.item.merged_into:
        same_name = by_name.get(fold(placed.item.merged_into), [])
        if not same_name:
            break
        following = min(same_name, key=lambda other: other.place != placed.place)
        if following.number in chain:
            circle = list(chain)[list(chain).index(following.number) :]
            return next(one for one in items if one.number in circle)
        chain[following.number] = placed = following
    return placed


class _Draft:
    def __init__(self, edition: Edition, edition_id: str) -> None:
        self._edition = edition
        self._id = edition_id
        self._successors = successors(edition)
        self._at = {successor.place.number: successor for successor in self._successors}
        self._of = {item.number: successor for successor in self._successors for item in successor.predecessors}
        self._home = {item.number: measure.section for (_, measure), item in edition.rows() if isinstance(item, Item)}

    def lines(self) -> Iterator[str]:
        yield from self._head()
        yield ""
        yield "推進方針:"
        for policy in self._edition.policies:
            yield from self._policy(policy)

    def _head(self) -> Iterator[str]:
        edition = self._edition
        yield "# yaml-language-server: $schema=edition.schema.json"
        yield "#"
        yield f"# 版「{self._id}」から作った、次の版の下書きです。書き方は docs/manual.md を見てください。"
        yield f"# 「{BLANK}」を凡例の記号と「今後の取扱い」の語に改め、「検証内容」を書いてください。前版の記載は # の行にあります。"
        yield ""
        yield from _pair("", "表題", edition.title)
        if edition.municipality:
            yield from _pair("", "自治体", edition.municipality)
        yield from self._to_fill_in("年度", edition.fiscal_year)
        yield from self._to_fill_in("現在日", str(edition.as_of or ""))
        if edition.department:
            yield from _pair("", "担当課", edition.department)
        yield from self._to_fill_in("資料番号", edition.document_number)
        yield f"前版: {scalar(self._id)}"
        headings = {
            str(type(edition.heads).model_fields[name].alias): name for name in type(edition.heads).model_fields
        }
        own = {alias: getattr(edition.heads, name) for alias, name in headings.items()}
        yield from self._list("見出し", {key: text for key, text in own.items() if text != key})
        yield from self._list("凡例", edition.legend)
        if edition.has_meanings_on_first_page:
            yield f"凡例の場所: {edition.legend_place}"
        yield from self._list("今後の取扱い", edition.treatments)

    def _to_fill_in(self, key: str, previous: str) -> Iterator[str]:
        """A commented-out key whose value changes every year, with the previous value as a hint."""
        hint = f"   # 前版では {' '.join(previous.split())}" if previous else ""
        yield f"# {key}:{hint}"

    def _list(self, key: str, entries: Mapping[str, str]) -> Iterator[str]:
        if entries:
            yield ""
            yield f"{key}:"
        for name, text in entries.items():
            yield from _pair("  ", scalar(name), text)

    def _policy(self, policy: Policy) -> Iterator[str]:
        measures = [list(self._measure(measure)) for measure in policy.measures]
        yield ""
        # Omit a policy without continuing items. If nothing continues keep all, since an edition needs policies.
        if not any(measures) and self._successors:
            yield f"  # 推進方針「{_in_line(policy.name)}」は、続く項目がないので省きました。"
            return
        yield from _pair("  - ", "名称", policy.name)
        if any(measures):
            yield "    推進施策:"
        for measure, lines in zip(policy.measures, measures, strict=True):
            yield from lines or [f"      # 推進施策「{_in_line(measure.name)}」は、続く項目がないので省きました。"]

    def _measure(self, measure: Measure) -> Iterator[str]:
        """The lines of a measure; none if nothing in it continues."""
        rows = [line for row in self._rows(measure) for line in row]
        if rows:
            yield from _pair("      - ", "名称", measure.name)
            yield "        推進項目:"
            yield from (f"          {line}" for line in rows)

    def _rows(self, measure: Measure) -> Iterator[list[str]]:
        repeated: set[int] = set()
        for row in measure.rows:
            if isinstance(row, Repeat):
                successor = self._of.get(row.number)
                # Skip a repeat whose item was merged into one of this measure, or into one already repeated here.
                if successor and self._home[successor.place.number] is not measure and successor.number not in repeated:
                    repeated.add(successor.number)
                    yield [f"- 再掲: {successor.number}"]
            elif row.number in self._at:
                yield list(self._item(self._at[row.number]))

    def _item(self, successor: DraftItem) -> Iterator[str]:
        departments = dict.fromkeys(item.department for item in successor.predecessors if item.department)
        yield f"- NO: {successor.number}"
        yield from _pair("  ", "名称", successor.name)
        yield f"  実施状況: {BLANK}"
        yield f"  今後の取扱い: {BLANK}"
        for item in successor.predecessors:
            yield from (f"  # {line}" for line in _last_year(item, successor.name))
        yield "  検証内容:"
        if departments:
            yield from _pair("  ", "担当課", "、".join(departments))
        yield f"  前版NO: [{', '.join(str(item.number) for item in successor.predecessors)}]"


def _last_year(item: Item, name: str) -> Iterator[str]:
    """The previous edition's values of `item`, as lines of a comment."""
    renamed = f"(名称「{_in_line(item.name)}」)" if fold(item.name) != fold(name) else ""
    values = f"前版NO {item.number} {_in_line(item.status)} {_in_line(item.treatment)}{renamed}: {item.findings or '(検証内容なし)'}"
    for paragraph in values.split("\n"):
        yield from _wrap(paragraph)


def _wrap(paragraph: str) -> Iterator[str]:
    """`paragraph` in lines of at most `_WIDTH` characters; all but the first are indented."""
    indent = ""
    while len(paragraph) > _WIDTH:
        end = _WIDTH
        while paragraph[end] in _NOT_FIRST and end > _WIDTH // 2:
            end -= 1
        yield indent + paragraph[:end]
        paragraph, indent = paragraph[end:], "  "
    yield (indent + paragraph).rstrip()


def _in_line(text: str) -> str:
    """`text` on one line, for comments, which a line break would end."""
    return " ".join(text.split("\n"))


def _pair(lead: str, key: str, text: str) -> Iterator[str]:
    """The lines of a key and its value after `lead`; a value of several lines becomes a block scalar."""
    if "\n" not in text:
        yield f"{lead}{key}: {scalar(text)}"
        return
    yield f"{lead}{key}: |"
    yield from (f"{' ' * len(lead)}  {line}" if line else "" for line in text.split("\n"))


def scalar(text: str) -> str:
    """`text` as a YAML scalar on one line, quoted only if needed; parsing it gives `text` again."""
    style = '"' if "\n" in text else None
    written: str = yaml.dump(text, Dumper=yaml.SafeDumper, allow_unicode=True, default_style=style, width=float("inf"))
    return written.removesuffix("\n...\n").removesuffix("\n")
