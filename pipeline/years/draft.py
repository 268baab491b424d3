"""The draft of the next edition: continuing items are carried over with values to fill in, ended items are left out."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel

from pipeline.model.column_widths import ColumnWidths
from pipeline.model.dates import names_year, next_year
from pipeline.model.edition import Edition, Heading, Item, Repeat, Section, read_edition
from pipeline.model.form import BLANK, MAX_YEARS, NOTE_MARK, SHORT_DONE, SHORT_WORDS, Column, spec_of
from pipeline.model.schema import schema_name
from pipeline.source.tree import parse_source, plain
from pipeline.source.writing import entry, flow, pair, scalar

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


def next_edition(edition: Edition, edition_id: str, next_id: str = "next") -> str:
    """The YAML text of the draft that follows `edition`, whose id is `edition_id`; `next_id` is the draft's."""
    fits = True
    if edition.form.has_series:
        # A series gains a year if the columns fit on the paper once figures like last year's stand there.
        filled = _text(_Draft(edition, edition_id, next_id, is_filled=True))
        fits = not ColumnWidths(_read(filled)).missing
    return _text(_Draft(edition, edition_id, next_id, grows=fits))


def _text(draft: "_Draft") -> str:
    return "\n".join(draft.lines()) + "\n"


def _read(text: str) -> Edition:
    return read_edition(plain(parse_source(Path("draft.yaml"), text.encode()).root))


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
            # An item into which others are merged continues with them, even if its own term says that it ends.
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
    """The lines of a draft. `grows`: each series gains the next year; `is_filled`: with last year's figures."""

    def __init__(
        self, edition: Edition, edition_id: str, next_id: str, grows: bool = True, is_filled: bool = False
    ) -> None:
        self._edition, self._form = edition, edition.form
        self._id, self._next_id = edition_id, next_id
        self._grows, self._is_filled = grows, is_filled
        self._successors = successors(edition)
        self._at = {successor.place.number: successor for successor in self._successors}
        self._of = {item.number: successor for successor in self._successors for item in successor.predecessors}
        self._home = {item.number: _innermost(headings) for headings, item in edition.rows() if isinstance(item, Item)}
        self._below: dict[tuple[int, ...], list[Heading]] = defaultdict(list)
        for path in edition.outline():
            self._below[path[-1].positions[:-1]].append(path[-1])
        self._own = edition.own
        # The year that each column gains, or "", and the comment on it.
        self._growth = {column.key: self._growth_of(column) for column in self._own}

    def lines(self) -> Iterator[str]:
        head, body = list(self._head()), list(self._body())
        yield from head
        yield from self._notes([*head, *body])
        yield ""
        yield from body

    # The top of the file

    def _head(self) -> Iterator[str]:
        edition = self._edition
        yield f"# yaml-language-server: $schema={schema_name(self._form, self._next_id)}"
        yield "#"
        yield f"# 版「{self._id}」から作った、次の版の下書きです。書き方は docs/manual.md を見てください。"
        yield from self._advice()
        yield ""
        yield from pair("", "表題", edition.title)
        if edition.municipality:
            yield from pair("", "自治体", edition.municipality)
        if edition.local_code:
            yield from pair("", "団体コード", edition.local_code)
        yield from self._to_fill_in("年度", edition.fiscal_year)
        yield from self._to_fill_in("現在日", str(edition.as_of or ""))
        if edition.department:
            yield from pair("", "担当課", edition.department)
        yield from self._document_number()
        yield f"前版: {scalar(self._id)}"
        if edition.sheet_name != Edition.model_fields["sheet_name"].default:
            yield f"用紙: {edition.sheet_name}"
        if self._form.has_own_columns and edition.has_meanings_on_first_page:
            yield f"凡例の場所: {edition.legend_place}"
        yield from self._part("照会", edition.inquiry)
        yield from self._part("公開", edition.publication)
        yield from self._written_form()
        heads = {column.key: column.head for column in edition.columns if column.head != column.key}
        yield from self._list("見出し", heads, _doubt(*heads.values()) if self._form.has_own_columns else "")
        yield from self._short_words()
        yield from self._list("印", edition.marks)
        for key, text in (("前文", edition.preface), ("後文", edition.postface)):
            if text:
                yield from ("", *_comment(_doubt(text)), *pair("", key, text))

    def _advice(self) -> Iterator[str]:
        """What is to be filled in, and what is as it was."""
        blank = ["凡例の記号"] if any(column.kind == "symbol" for column in self._own) else []
        blank += [f"「{column.key}」の語" for column in self._own if column.kind == "term"]
        blank += [f"「{column.key}」の数" for column in self._own if column.years and self._growth[column.key][0]]
        empty = [f"「{column.key}」" for column in self._own if column.kind == "prose"]
        asked = [f"「{BLANK}」を{_and(blank)}に改め"] if blank else []
        asked += [f"{_and(empty)}を書い"] if empty else []
        if asked:
            yield f"# {'、'.join(asked)}てください。前版の記載は # の行にあります。"
        kept = [
            f"「{column.key}」"
            for column in self._own
            if column.kind in ("figure", "text", "date") and not column.years
        ]
        if kept:
            yield from _comment(f"{_and(kept)}は、前版のままです。変わるものを改めてください。")

    def _to_fill_in(self, key: str, previous: str) -> Iterator[str]:
        """A commented-out key whose value changes every year, with the previous value as a hint."""
        hint = f"   # 前版では {' '.join(previous.split())}" if previous else ""
        yield f"# {key}:{hint}"

    def _document_number(self) -> Iterator[str]:
        """資料番号, which may differ by document."""
        numbers = self._edition.document_number
        if numbers.of_all is not None:
            yield from self._to_fill_in("資料番号", numbers.of_all)
            return
        yield "# 資料番号:"
        for document, number in numbers.by_document.items():
            if number:
                yield from (f"#   {line.removeprefix('# ')}" for line in self._to_fill_in(document, number))

    def _part(self, key: str, part: BaseModel) -> Iterator[str]:
        """照会 or 公開: its texts are kept; its days are others every year, and its history begins anew."""
        said = {str(field.alias): getattr(part, name) for name, field in type(part).model_fields.items()}
        kept = {key: text for key, text in said.items() if text and isinstance(text, str)}
        days = {key: str(day) for key, day in said.items() if isinstance(day, datetime.date)}
        if kept or days:
            yield ""
            yield f"{'' if kept else '# '}{key}:"
        for name, day in days.items():
            yield from (f"  {line}" for line in self._to_fill_in(name, day))
        for name, text in kept.items():
            yield from pair("  ", name, text)

    def _list(self, key: str, entries: Mapping[str, str], comment: str = "") -> Iterator[str]:
        if entries:
            yield ""
            yield from _comment(comment)
            yield f"{key}:"
        for name, text in entries.items():
            yield from pair("  ", scalar(name), text)

    def _short_words(self) -> Iterator[str]:
        """The words of the default columns, which stand at the top of a source."""
        for column in self._own if not self._form.has_own_columns else ():
            if key := SHORT_WORDS.get(column.key):
                yield from self._list(key, column.words or {})
                if column.kind == "symbol" and self._edition.has_meanings_on_first_page:
                    yield f"凡例の場所: {self._edition.legend_place}"
                if column.done:
                    yield f"{SHORT_DONE[column.key]}: {flow(column.done)}"

    def _written_form(self) -> Iterator[str]:
        """段, 項目 and 欄, where the edition has them."""
        form = self._form
        if form.written:
            yield ""
        if "段" in form.written:
            yield "段:" if form.levels else "段: []"
            yield from (f"  - {flow({'名称': level.key, '番号': level.numbering})}" for level in form.levels)
        if "項目" in form.written:
            yield f"項目: {flow({'名称': form.item.key, '番号': form.item_numbering})}"
        if form.has_own_columns:
            yield "欄:"
            for column in self._own:
                year, comment = self._growth[column.key]
                yield from _comment(comment, "  ")
                grown = replace(column, years=(*column.years, year)) if year else column
                yield from entry("  ", scalar(column.key), spec_of(grown))

    def _growth_of(self, column: Column) -> tuple[str, str]:
        """The year that a series gains, or "", and the comment on it, or on the year in the name of a column."""
        if not column.years:
            named = "名称に年度があります。改めるときは、名称はそのままにして、「見出し」に書いてください(前版と比べるため)。"
            return "", named if names_year(column.key) else ""
        last, year = column.years[-1], next_year(column.years[-1])
        if year is None or year in column.years or (len(column.years) > 1 and next_year(column.years[-2]) != last):
            return "", f"見出し「{last}」の次の年度が分からないため、年度を加えていません。"
        if len(column.years) == MAX_YEARS:
            return (
                "",
                f"年度は{MAX_YEARS}個までのため、「{year}」を加えていません。加えるときは、古い年度を除いてください。",
            )
        if not self._grows:
            return (
                "",
                f"用紙の幅に入らないため、「{year}」を加えていません。加えるときは、用紙を大きくするか、古い年度を除いてください。",
            )
        return year, f"「{year}」を加えました。"

    def _notes(self, lines: Sequence[str]) -> Iterator[str]:
        """注; those to which nothing in `lines` refers any more are comments."""
        used = {match[1] for line in lines if not line.lstrip().startswith("#") for match in NOTE_MARK.finditer(line)}
        notes = self._edition.notes
        if notes:
            yield ""
            yield f"{'' if used & notes.keys() else '# '}注:"
        for number, text in notes.items():
            written = pair("  ", flow(number), text)
            if number in used:
                yield from _comment(_doubt(text), "  ")
                yield from written
            else:
                yield from _comment(
                    f"※{number} は、下書きのどこにもありません。書き足したら、次の # を除いてください。", "  "
                )
                yield from (f"  # {line.removeprefix('  ')}".rstrip() for line in written)

    # The list

    def _body(self) -> Iterator[str]:
        levels = self._form.levels
        yield f"{scalar(levels[0].key if levels else self._form.item.key)}:"
        if not levels:
            yield from (f"  {line}" for line in self._rows(self._edition.children, None))
        for heading in self._below[()]:
            yield ""
            lines = self._section(heading)
            # If nothing goes on at all, the outermost headings stay, since an edition needs some.
            yield from lines or (self._left_out(heading) if self._successors else self._named(heading))
            if not lines and not self._successors:
                yield from (line for inner in self._below[heading.positions] for line in self._left_out(inner))

    def _section(self, heading: Heading) -> list[str]:
        """The lines of a heading and what is below it; none if nothing below it goes on."""
        depth = len(heading.positions)
        inner = [(below, self._section(below)) for below in self._below[heading.positions]]
        if depth < len(self._form.levels):
            key = self._form.levels[depth].key
            lines = [line for below, lines in inner for line in lines or self._left_out(below)]
            goes_on = any(lines for _, lines in inner)
        else:
            key = self._form.item.key
            indent = " " * (4 * depth + 2)
            lines = [indent + line for line in self._rows(heading.section.children, heading.section)]
            goes_on = bool(lines)
        if not goes_on:
            return []
        return [*self._named(heading), f"{' ' * (4 * depth)}{scalar(key)}:", *lines]

    def _named(self, heading: Heading) -> Iterator[str]:
        lead = " " * (4 * len(heading.positions) - 2)
        if heading.section.label:
            yield from pair(f"{lead}- ", "番号", heading.section.label)
            yield from pair(f"{lead}  ", "名称", heading.section.name)
        else:
            yield from pair(f"{lead}- ", "名称", heading.section.name)
        if heading.section.department:
            yield from pair(f"{lead}  ", "担当課", heading.section.department)

    def _left_out(self, heading: Heading) -> list[str]:
        lead = " " * (4 * len(heading.positions) - 2)
        name = _in_line(heading.section.name)
        return [f"{lead}# {heading.level.key}「{name}」は、続く項目がないので省きました。"]

    def _rows(self, rows: Iterable[object], home: Section | None) -> Iterator[str]:
        repeated: set[int] = set()
        for row in rows:
            if isinstance(row, Repeat):
                successor = self._of.get(row.number)
                # Skip a repeat whose item was merged into one of this section, or into one already repeated here.
                if successor and self._home[successor.place.number] is not home and successor.number not in repeated:
                    repeated.add(successor.number)
                    yield f"- 再掲: {successor.number}"
            elif isinstance(row, Item) and row.number in self._at:
                yield from self._item(self._at[row.number])

    def _item(self, successor: DraftItem) -> Iterator[str]:
        items = successor.predecessors
        yield f"- NO: {successor.number}"
        if successor.place.label:
            yield from pair("  ", "番号", successor.place.label)
        yield from pair("  ", "名称", successor.name)
        if marks := list(dict.fromkeys(mark for item in items for mark in item.marks)):
            yield f"  印: {flow(marks)}"
        if self._form.has_own_columns:
            yield from self._values(successor)
        else:
            yield from self._default_values(successor)
        if not self._form.has_departments:
            yield from _departments("担当課", items)
        yield f"  前版NO: [{', '.join(str(item.number) for item in items)}]"

    def _default_values(self, successor: DraftItem) -> Iterator[str]:
        """The cells of the default columns, with last year's before the first text to be written."""
        yield from (f"  {column.key}: {BLANK}" for column in self._own if column.kind != "prose")
        for item in successor.predecessors:
            yield from (f"  # {line}" for line in self._last_year(item, successor.name))
        yield from (f"  {column.key}:" for column in self._own if column.kind == "prose")

    def _last_year(self, item: Item, name: str) -> Iterator[str]:
        """The previous edition's values of `item` in the default columns, as lines of a comment."""
        renamed = f"(名称「{_in_line(item.name)}」)" if fold(item.name) != fold(name) else ""
        words = " ".join(_in_line(item.text(column)) for column in self._own if column.kind != "prose")
        prose = [item.text(column) or f"({column.key}なし)" for column in self._own if column.kind == "prose"]
        for paragraph in f"前版NO {item.number} {words}{renamed}: {''.join(prose)}".split("\n"):
            yield from _wrap(paragraph)

    def _values(self, successor: DraftItem) -> Iterator[str]:
        """The cells of the form's own columns, each below last year's, by kind."""
        items = successor.predecessors
        for item in items:
            if fold(item.name) != fold(successor.name):
                yield from _comment(f"前版NO {item.number} の名称は「{_in_line(item.name)}」です。", "  ")
        figures = [column for column in self._own if column.kind == "figure" and not column.unit]
        for column in self._own:
            if column in figures[:1] and (unit := successor.place.unit_of(column)):
                yield f"  単位: {scalar(unit)}"
            yield from self._value(column, items)

    def _value(self, column: Column, items: Sequence[Item]) -> Iterator[str]:
        key = scalar(column.key)
        cells = items[0].texts(column)
        is_kept = all(item.texts(column) == cells for item in items)
        match column.kind:
            case "department":
                yield from _departments(key, items)
            case "symbol" | "term":
                yield from self._before(column, items)
                yield f"  {key}: {BLANK}"
            case "figure":
                if not is_kept:
                    yield from self._before(column, items)
                cells = cells if is_kept else (BLANK,) * len(cells)
                if column.years:
                    new = [items[0].texts(column)[-1] if self._is_filled else BLANK]
                    yield f"  {key}: {flow([*cells, *(new if self._growth[column.key][0] else [])])}"
                else:
                    yield f"  {key}: {flow(cells[0])}"
            case "text" | "date" if is_kept:
                yield from _comment(_doubt(*cells) if column.kind == "text" else "", "  ")
                yield from pair("  ", key, cells[0]) if cells[0] else ()
            case _:
                yield from self._before(column, items)
                yield f"  {key}:"

    def _before(self, column: Column, items: Sequence[Item]) -> Iterator[str]:
        """Last year's values of `items`, as a comment."""
        for item in items:
            of = f"前版NO {item.number} では" if len(items) > 1 else "前版では"
            if text := item.text(column):
                yield from _comment(f"{of} {text}", "  ")


def _and(words: Sequence[str]) -> str:
    return ("と" if len(words) < 3 else "、").join(words)


def _innermost(headings: Sequence[Heading]) -> Section | None:
    """The section that an item stands in, of a form that has levels."""
    return headings[-1].section if headings else None


def _departments(key: str, items: Iterable[Item]) -> Iterator[str]:
    if departments := dict.fromkeys(item.department for item in items if item.department):
        yield from pair("  ", key, "、".join(departments))


def _doubt(*texts: str) -> str:
    """The comment on what is kept although it names a year."""
    return "年度が書かれています。前版のままなので、確かめてください。" if any(map(names_year, texts)) else ""


def _comment(text: str, lead: str = "") -> Iterator[str]:
    """`text` as lines of a comment after `lead`; none if it is empty."""
    for paragraph in text.split("\n") if text else ():
        yield from (f"{lead}# {line}".rstrip() for line in _wrap(paragraph))


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
