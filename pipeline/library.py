"""The editions of source/ in one run: each is read, parsed and validated once, whatever asks for it.

A run works with one state of its files: what was read first counts. Nothing heavy is imported before a source is
parsed, so that a run with nothing to do costs little.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .delivery.delivery import SOURCE
from .errors import SourceError
from .reading import Content, Fingerprint, UnreadableError, read_file
from .source.limits import MAX_BYTES

if TYPE_CHECKING:
    from .model.rules import Previous
    from .model.validation import Validated
    from .source.tree import Source

_T = TypeVar("_T")


class Library:
    """The editions in `folder`, and any other file that is given in the place of one, by their paths."""

    def __init__(self, folder: Path = SOURCE) -> None:
        self.folder = folder
        self.forget()

    def forget(self) -> None:
        """Read every file anew from now on: another run has been at work meanwhile."""
        self._contents: dict[Path, Content | UnreadableError] = {}
        self._sources: dict[Path, Source | SourceError] = {}
        self._validated: dict[Path, Validated | SourceError] = {}

    def fingerprint(self, path: Path) -> Fingerprint | None:
        """The time and the content of the file at `path`; None of what cannot be read."""
        content = self._content(path)
        return content.fingerprint if isinstance(content, Content) else None

    def source(self, path: Path) -> "Source":
        """The file at `path` as a tree. Raises `SourceError`."""
        return _once(self._sources, path, self._parse)

    def validated(self, path: Path) -> "Validated":
        """The edition in the file at `path`. Raises `SourceError`."""
        return _once(self._validated, path, lambda path: self.validate(self.source(path)))

    def validate(self, source: "Source") -> "Validated":
        """The edition in `source`, held against its 前版 where it is one of the library's. Raises `SourceError`."""
        from .model.validation import validate

        return validate(source, self._previous(source) if source.path.parent == self.folder else None)

    def before(self, validated: "Validated") -> "Validated | None":
        """The edition that `validated` names as its 前版, if it names one. Raises `SourceError`."""
        name = validated.edition.previous
        return self.validated(self.path(name)) if name else None

    def path(self, edition: str) -> Path:
        """The file of the edition with this id."""
        return self.folder / f"{edition}.yaml"

    def inputs(self, path: Path) -> dict[str, Fingerprint | None]:
        """The fingerprints of the file at `path` and of all editions before it, by which it is checked too."""
        found = {str(path): self.fingerprint(path)}
        source = self.source(path)
        while source.path.parent == self.folder and (name := _previous_id(source)):
            if str(self.path(name)) in found:
                break
            found[str(self.path(name))] = self.fingerprint(self.path(name))
            source = self.source(self.path(name))
        return found

    def _content(self, path: Path) -> Content | UnreadableError:
        if path not in self._contents:
            try:
                self._contents[path] = read_file(path, MAX_BYTES)
            except UnreadableError as error:
                self._contents[path] = error
        return self._contents[path]

    def _parse(self, path: Path) -> "Source":
        from .source.tree import source_in, unreadable

        content = self._content(path)
        if isinstance(content, UnreadableError):
            raise unreadable(path, content)
        return source_in(path, content)

    def _previous(self, source: "Source") -> "Previous | None":
        """What is found of the 前版 of `source`, one of the library's; None if what it names is no edition's id."""
        from .model.rules import Broken, Circle, Missing, Unnamed

        if source.root.text("前版") is None:
            return Unnamed()
        chain = [source.edition]
        first: Source | None = None
        name = _previous_id(source)
        while name:
            if name in chain:
                return Circle((*chain[chain.index(name) :], name))
            chain.append(name)
            path = self.path(name)
            content = self._content(path)
            if isinstance(content, UnreadableError) and content.is_missing:
                others = (file.stem for file in self.folder.glob("*.yaml"))
                return Missing(name, path, tuple(sorted(other for other in others if other != source.edition)))
            try:
                found = self.source(path)
            except SourceError as error:
                return Broken(name, error.problems[0])
            first = first or found
            name = _previous_id(found)
        return first.root if first else None


def _previous_id(source: "Source") -> str | None:
    """The id that `source` names as its 前版; None of what is no id."""
    from .model.edition import is_edition_id

    name = source.root.text("前版")
    return name if name and is_edition_id(name) else None


def _once(known: dict[Path, _T | SourceError], path: Path, find: Callable[[Path], _T]) -> _T:
    """What `find` returns or raises for `path`, found once and kept in `known`."""
    if path not in known:
        try:
            known[path] = find(path)
        except SourceError as error:
            known[path] = error
    found = known[path]
    if isinstance(found, SourceError):
        raise SourceError(found.problems)
    return found
