"""Numbers the items of an edition anew, in printed order. Repeats and the 前版NO of later editions follow."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError, SourceError, printable
from pipeline.library import Library
from pipeline.model.edition import Edition
from pipeline.model.rules import abolished_numbers, acknowledgements, form_of_tree, rows
from pipeline.model.validation import Validated
from pipeline.source.tree import Scalar, Sequence, Source, parse_source, plain, scalars

from .changes import change_sources
from .editing import Edit, apply_edits

# A mention of an item in a text, like NO 8, №8 or NO.8.
_MENTION = re.compile(r"(?:NO|No|№)[.．]?\s?([1-9][0-9]*)")
_NUMBER = re.compile("[\"']?([0-9]+)")


class RenumberError(PipelineError):
    """An edition cannot be numbered anew; the message says what to do first."""


@dataclass(frozen=True, slots=True)
class Renumbering:
    """The new NO of each item by its old one, in printed order, and the sources that change: (former, new) by path.

    `mentions` are texts with the NO of an item in words, which stay as they are: (NO of the item with the text, mention).
    """

    numbers: Mapping[int, int]
    names: Mapping[int, str]
    changes: Mapping[Path, tuple[bytes, bytes]]
    mentions: tuple[tuple[int, str], ...]

    @property
    def is_needed(self) -> bool:
        """Whether any NO changes."""
        return any(old != new for old, new in self.numbers.items())


def renumbering(path: Path, library: Library | None = None) -> Renumbering:
    """What changes if the items of the edition at `path` are numbered in printed order from 1.

    Raises `SourceError` if the edition has errors, `RenumberError` if another edition cannot be read.
    """
    library = library or Library()
    validated = library.validated(path)
    numbers = {old: new for new, old in enumerate(validated.edition.items, 1)}
    names = {number: item.name for number, item in validated.edition.items.items()}
    changed = [_renumbered(validated.source, dict(_own_places(validated.source, numbers)))]
    changed += [_renumbered(source, dict(_claims(source, numbers))) for source in _later(validated, library)]
    changes = {source.path: (source.data, data) for source, data in changed if data != source.data}
    return Renumbering(numbers, names, changes, tuple(_mentions(validated.edition, numbers)))


def renumber(found: Renumbering) -> None:
    """Write the new NOs into the sources. Raises `ChangeStoppedError` if one was changed meanwhile."""
    change_sources("renumber", found.changes)


def describe(found: Renumbering) -> str:
    """The NOs of all items, the present and the new, a line for each."""
    lines = ["今のNO → 新しいNO"]
    for old, new in found.numbers.items():
        lines.append(f"  {old} → {new}「{printable(found.names[old])}」" + ("" if old != new else "(変わりません)"))
    return "\n".join(lines)


def messages(found: Renumbering) -> list[str]:
    """What a person may have to change by hand."""
    return [
        f"NO {number}の文の中の「{mention}」は書き換えません。必要なら手作業で直してください。"
        for number, mention in found.mentions
    ]


_Place = tuple[int, int]  # line and column of a scalar, from 1


def _own_places(source: Source, numbers: Mapping[int, int]) -> Iterator[tuple[_Place, int]]:
    """The place of each NO, and of each NO that a repeat or a 確認済 refers to, with the new number."""
    for one in acknowledgements(source.root):
        node = one.entries.get("NO")
        if isinstance(node, Scalar) and (new := numbers.get(int(node.text), 0)) and new != int(node.text):
            yield (node.line, node.column), new
    for row in rows(source.root, form_of_tree(source.root)):
        key, number = ("再掲", row.repeats) if row.number is None else ("NO", row.number)
        node = row.node.entries.get(key)
        if isinstance(node, Scalar) and number is not None and (new := numbers.get(number, number)) != number:
            yield (node.line, node.column), new


def _claims(source: Source, numbers: Mapping[int, int]) -> Iterator[tuple[_Place, int]]:
    """The place of each 前版NO of a later edition, with the new number."""
    claims = [*abolished_numbers(source.root)]
    for row in rows(source.root, form_of_tree(source.root)):
        claimed = row.node.entries.get("前版NO")
        claims += [node for node in claimed.items if isinstance(node, Scalar)] if isinstance(claimed, Sequence) else []
    for node in claims:
        old = int(node.text) if node.text.isdecimal() else 0
        if (new := numbers.get(old, old)) != old:
            yield (node.line, node.column), new


def _later(validated: Validated, library: Library) -> Iterator[Source]:
    """The editions that name this one as their 前版."""
    for path in sorted(library.folder.glob("*.yaml")):
        if path == validated.source.path:
            continue
        try:
            source = library.source(path)
        except SourceError as error:
            raise RenumberError(
                f"{path} が読めないため、前版NOを書き換えてよいか分かりません。何も書き込んでいません。先に直してください。\n"
                f"{error.problems[0]}"
            ) from None
        if source.root.text("前版") == validated.source.edition:
            yield source


def _renumbered(source: Source, numbers: Mapping[_Place, int]) -> tuple[Source, bytes]:
    """`source` and its content with the numbers at these places replaced, and not one other byte."""
    lines, edits = source.lines, []
    for (line, column), number in sorted(numbers.items()):
        found = _NUMBER.match(lines[line - 1], column - 1)
        assert found
        edits.append(Edit((line - 1, found.start(1)), (line - 1, found.end(1)), str(number)))
    data = apply_edits(source.data, edits)
    intended = parse_source(source.path, source.data)
    for scalar in scalars(intended.root):
        if (new := numbers.get((scalar.line, scalar.column))) is not None:
            scalar.text = str(new)
    if plain(parse_source(source.path, data).root) != plain(intended.root):
        raise RenumberError(
            f"{source.path} には、自動では書き換えられない書き方があります。何も書き込んでいません。NOを手作業で書き換えてください。"
        )
    return source, data


def _mentions(edition: Edition, numbers: Mapping[int, int]) -> Iterator[tuple[int, str]]:
    for number, item in edition.items.items():
        for column in edition.form.own:
            for found in _MENTION.finditer(item.text(column)):
                if numbers.get(int(found[1]), int(found[1])) != int(found[1]):
                    yield number, found[0]
