"""The editions of source/ during a run: each file is read, parsed and validated once, and cached.

So a run sees one state of its files. Heavy modules are imported only when a source is parsed, so that a run with
nothing to do is fast.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .delivery.delivery import SOURCE
from .errors import SourceError
from .model.edition_id import is_edition_id
from .reading import Content, Fingerprint, UnreadableError, read_file
from .source.limits import MAX_BYTES

if TYPE_CHECKING:
    from .model.rules import Previous
    from .model.validation import Validated
    from .source.tree import Source

_T = TypeVar("_T")


class Library:
    """A cache, by path, of the editions in `folder` and of any other file used as an edition (a PDF of ours, say)."""

    def __init__(self, folder: Path = SOURCE) -> None:
        self.folder = folder
        self.forget()

    def forget(self) -> None:
        """Empty the cache, because another run may have changed the files."""
        self._contents: dict[Path, Content | UnreadableError] = {}
        self._sources: dict[Path, Source | SourceError] = {}
        self._validated: dict[Path, Validated | SourceError] = {}

    def fingerprint(self, path: Path) -> Fingerprint | None:
        """The modification time and digest of the file at `path`; None if it cannot be read."""
        content = self._content(path)
        return content.fingerprint if isinstance(content, Content) else None

    def source(self, path: Path) -> "Source":
        """The parsed file at `path`. Raises `SourceError`."""
        return _cached(self._sources, path, self._parse)

    def validated(self, path: Path) -> "Validated":
        """The validated edition in the file at `path`. Raises `SourceError`."""
        return _cached(self._validated, path, lambda path: self.validate(self.source(path)))

    def validate(self, source: "Source") -> "Validated":
        """Validate `source`; if it is in the library's folder, also against its 前版. Raises `SourceError`."""
        from .model.validation import validate

        return validate(source, self._previous(source) if source.path.parent == self.folder else None)

    def with_source(self, source: "Source") -> "Library":
        """A library in which the file of `source` has its content."""
        library = Library(self.folder)
        library._sources[source.path] = source
        return library

    def before(self, validated: "Validated") -> "Validated | None":
        """The 前版 of `validated`, or None if it names none. Raises `SourceError`."""
        name = validated.edition.previous
        return self.validated(self.path(name)) if name else None

    def path(self, edition: str) -> Path:
        """The path of the edition with this id."""
        return self.folder / f"{edition}.yaml"

    def inputs(self, path: Path) -> dict[str, Fingerprint | None]:
        """The fingerprints of the file at `path` and of its chain of 前版, on which its validation depends."""
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
        """The tree of the 前版 of `source`, or why there is none; None if its name is no valid id, a model's error."""
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
                others = (file.stem for file in editions_in(self.folder) if file.stem != source.edition)
                return Missing(name, path, tuple(others))
            try:
                found = self.source(path)
            except SourceError as error:
                return Broken(name, error.problems[0])
            first = first or found
            name = _previous_id(found)
        return first.root if first else None


def editions_in(folder: Path) -> list[Path]:
    """The files of editions in `folder`: those whose names are valid edition ids, in their order."""
    return sorted(path for path in folder.glob("*.yaml") if is_edition_id(path.stem))


def _previous_id(source: "Source") -> str | None:
    """The id that `source` names as its 前版; None if it names none, or no valid id."""
    name = source.root.text("前版")
    return name if name and is_edition_id(name) else None


def _cached(cache: dict[Path, _T | SourceError], path: Path, find: Callable[[Path], _T]) -> _T:
    """`find(path)`, with its result or its `SourceError` cached in `cache`."""
    if path not in cache:
        try:
            cache[path] = find(path)
        except SourceError as error:
            cache[path] = error
    found = cache[path]
    if isinstance(found, SourceError):
        raise SourceError(found.problems)
    return found
