"""The papers: what each is made of and where it goes, and which of those in out/ are out of date.

Papers of one edition must agree. So whatever makes one of them makes its companions in out/ anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .delivery.delivery import OUT, Record, records
from .delivery.issues import issue_at, last_issue
from .errors import SourceError, UsageError
from .library import Library
from .model.edition_id import RENAME, is_edition_id

# Files of open data in the report's folder. The report's web page links to them, and to those that come with them.
DATA = ("data.csv", "data.json")

# The kinds of papers that list others, with the extents of these as their options.
LISTS = ("council", "checklist")
_BETWEEN_EXTENTS, _BEFORE_ISSUE = "、", "、発行 "


class Paper(NamedTuple):
    """A paper to make: a document, open data, or a workbook of the list.

    `kind` is a key of `_COMPOSE`, "data", or "book". `target` is its path without a suffix. `options` is a text that depends on
    the kind: the report's links to open data, "ALL" for a comparison with all items, the papers that the errata correct.
    `lists` are the papers of a council's set that the paper lists; their extents are its `options`, which are known only
    when they are made.
    """

    kind: str
    target: Path
    sources: tuple[Path, ...]
    options: str = ""
    lists: tuple["Paper", ...] = ()

    @property
    def path(self) -> Path:
        """Its main file, by which messages name it."""
        return self.target.with_suffix({"data": ".csv", "book": ".xlsx"}.get(self.kind, ".pdf"))

    @property
    def record(self) -> Record:
        """Its record, by target; the sources may vary (an edition's YAML file, or its PDF)."""
        name = "-".join(self.target.relative_to(OUT).parts)
        return Record(name, self.kind, tuple(map(str, self.sources)), self.options)


def report_of(path: Path, data: Sequence[str] | None = None) -> Paper:
    """The report on the edition at `path`. Its web page links to `data`: by default to the open data in out/, if whole.

    The page names the sizes of the open data. They are those of the files beside it, since both are made of one source,
    and made anew together.
    """
    links = (DATA if _is_whole(data_of(path)) else ()) if data is None else data
    return Paper("report", OUT / path.stem / "report", (path,), " ".join(links))


def _is_whole(paper: Paper) -> bool:
    """Whether every file of `paper` that was delivered last is there."""
    record = Record.delivered(paper.record.name)
    return record is not None and bool(outputs := record.outputs) and all(map(Path.exists, outputs))


def summary_of(path: Path) -> Paper:
    """The summary of the edition at `path`."""
    return Paper("summary", OUT / path.stem / "summary", (path,))


def data_of(path: Path) -> Paper:
    """The open data of the edition at `path`."""
    return Paper("data", OUT / path.stem / "data", (path,))


def book_of(path: Path) -> Paper:
    """The list of the edition at `path` as a workbook."""
    return Paper("book", OUT / path.stem / "list", (path,))


def comparison_of(old: Path, new: Path, library: Library, show_all: bool = False) -> Paper:
    """The comparison of two editions, each a YAML file or one of our PDFs. Raises `PipelineError`."""
    return Paper("comparison", _between(old, new, library) / "comparison", (old, new), "ALL" if show_all else "")


def errata_of(old: Path, new: Path, library: Library) -> Paper:
    """The errata from the distributed edition `old` to the corrected `new`. Raises `PipelineError`."""
    return Paper("errata", _between(old, new, library) / "errata", (old, new), _distributed_with(old, new, library))


def errata_of_edition(old: Path, new: Path, library: Library) -> Paper:
    """The errata from `old` to the edition at `new`, as one of its own papers: what was issued last, say, put right.

    Raises `PipelineError`.
    """
    return Paper("errata", OUT / new.stem / "errata", (old, new), _distributed_with(old, new, library))


def _distributed_with(old: Path, new: Path, library: Library) -> str:
    """The kinds of papers that were distributed with the list `old`: those of its issue, else those of `new` in out/."""
    if issue_at(old):
        found = {path.stem for path in old.parent.rglob("*.pdf")}
    else:
        previous = library.source(new).root.text("前版")
        found = {
            record.kind
            for record in records()
            if str(new) in record.sources
            and (record.kind != "comparison" or record.sources == (str(library.path(previous or "")), str(new)))
        }
    return " ".join(kind for kind in ("summary", "comparison", "history") if kind in found)


def history_of(paths: Sequence[Path], last: str | None, library: Library) -> Paper:
    """The history of the chain of editions at `paths` that ends with `last`; None means the only chain.

    Raises `PipelineError`: `UsageError` if there are several chains and `last` is None.
    """
    from .years.lineage import chain, chains

    at = {path.stem: path for path in paths}
    previous = {edition: library.source(path).root.text("前版") for edition, path in at.items()}
    if last is None:
        found = chains(previous)
        if len(found) > 1:
            listed = "\n".join(f"  {' → '.join(one)}" for one in found)
            raise UsageError(
                f"版のつながりが{len(found)}通りあります。\n{listed}\n"
                f"どの版までの経過かを指定してください。例: make history EDITION={max(found, key=len)[-1]}"
            )
        last = found[0][-1]
    elif last not in at:
        raise UsageError(f"版「{last}」は source/ にありません。今ある版: {'、'.join(sorted(at))}")
    return Paper("history", OUT / "history", tuple(at[edition] for edition in chain(previous, last)))


def council_of(path: Path, library: Library) -> tuple[Paper, ...]:
    """The set of papers for the council on the edition at `path`: its papers, their cover, and the clerk's page.

    The comparison is that with the 前版, the history that of the chain up to this edition; an edition without a 前版 has
    neither. A comparison with all items (ALL) stays one. Raises `SourceError` if the edition has errors.
    """
    library.validated(path)
    return _set_on(tuple(reversed([Path(name) for name in library.inputs(path)])), library)


def _set_on(chain: tuple[Path, ...], library: Library) -> tuple[Paper, ...]:
    """The set on the last edition of a whole `chain` along 前版, oldest first."""
    path = chain[-1]
    folder = OUT / path.stem
    printed = [report_of(path, DATA), summary_of(path)]
    if len(chain) > 1:
        compared = comparison_of(chain[-2], path, library)
        found = Record.delivered(compared.record.name)
        printed.append(compared._replace(options=found.options) if found else compared)
        # The history of the whole chain is out/history.pdf; those of several sets must not overwrite each other.
        printed.append(Paper("history", folder / "history", chain))
    cover = Paper("council", folder / "council", chain, lists=tuple(printed))
    files = data_of(path), book_of(path)
    checklist = Paper("checklist", folder / "checklist", chain, lists=(cover, *printed, *files))
    return *printed, *files, cover, checklist


def _between(old: Path, new: Path, library: Library) -> Path:
    """The folder of papers on two editions or issues. Raises `UsageError` if a file's name is not a valid edition id."""
    names = [library.source(path).edition if path.suffix == ".pdf" else path.stem for path in (old, new)]
    for name, path in zip(names, (old, new), strict=True):
        if not is_edition_id(name):
            raise UsageError(f"{path}: {RENAME}")
    issues = [issue_at(path) for path in (old, new)]
    called = [
        f"{name}.{issue[1]}" if issue and issue[0] == name else name for name, issue in zip(names, issues, strict=True)
    ]
    # No edition's id has a dot or an underscore: the folder is not one of two editions.
    return OUT / ("-" if called == names else "_").join(called)


def extents_of(paper: Paper) -> list[str]:
    """The extent of each paper that `paper` lists, in its order; empty for one that is not there."""
    return paper.options.partition(_BEFORE_ISSUE)[0].split(_BETWEEN_EXTENTS)


# Finding what is out of date


def to_make(papers: Iterable[Paper], library: Library) -> list[Paper]:
    """Those of `papers` for which `make` has something to do. The records are read once for all of them."""
    by_source: dict[str, list[Record]] = {}
    for record in records():
        for source in _read_by(record):
            by_source.setdefault(source, []).append(record)

    @cache
    def is_current(paper: Paper) -> bool:
        return with_extents(paper).record.is_current(library.fingerprint)

    def is_left_alone(paper: Paper) -> bool:
        found = {record.name: record for path in paper.sources for record in by_source.get(str(path), ())}
        return all(map(is_current, (paper, *companions([paper], found.values(), library))))

    return [paper for paper in papers if not is_left_alone(paper)]


def outdated(paths: Iterable[Path], library: Library) -> list[Paper]:
    """The papers in out/ that were made from an earlier state of one of the editions at `paths`."""
    names = {*map(str, paths)}
    return [
        _paper(record)
        for record in records()
        if names & {*record.inputs} and not record.has_same_inputs(library.fingerprint)
    ]


def companions(papers: Sequence[Paper], found: Iterable[Record], library: Library) -> list[Paper]:
    """The other papers, of those that were `found` in out/, that could disagree with `papers` if left as they are.

    The papers that list others come with these, behind them.
    """
    sources = {str(path) for paper in papers for path in paper.sources}
    asked = {paper.target for paper in papers}
    others: dict[Path, Paper] = {}
    lists: dict[Path, Paper] = {}
    for record in found:
        paper = _paper(record)
        if sources & {*_read_by(record)} and paper.target not in asked:
            if paper.kind in LISTS:
                lists |= {one.target: one for one in _set_of(paper, record, library)}
            elif paper.kind == "report":
                (source,) = paper.sources
                data = [*DATA] if data_of(source).target in asked else None
                others[paper.target] = report_of(source, data)
            else:
                others[paper.target] = paper
    everything = others | lists
    return [paper for target, paper in everything.items() if target not in asked]


def _set_of(paper: Paper, record: Record, library: Library) -> Sequence[Paper]:
    """The set of which `paper`, with this `record`, is the cover or the clerk's page, as it is now."""
    if record.has_same_inputs(library.fingerprint):
        return _set_on(paper.sources, library)  # nothing need be parsed to see that all is up to date
    try:
        return council_of(paper.sources[-1], library)
    except SourceError:
        return [paper]  # making it tells the errors


def with_extents(paper: Paper, made: Mapping[Path, str] | None = None) -> Paper:
    """`paper` with the extents of the papers that it lists: those just `made`, by target, and those in out/."""
    if not paper.lists:
        return paper
    made = made or {}
    listed: list[str] = []
    for one in paper.lists:
        extent = made.get(one.target)
        if extent is None:
            found = Record.delivered(one.record.name)
            extent = found.extent if found else ""
        listed.append(extent)
    options = _BETWEEN_EXTENTS.join(listed)
    # The clerk's page says what changed after the last issue.
    if paper.kind == "checklist" and (last := last_issue(paper.sources[-1].stem)):
        options += f"{_BEFORE_ISSUE}{last.name}"
    return paper._replace(options=options)


def _read_by(record: Record) -> Iterable[str]:
    """The files whose content the paper of `record` shows."""
    # Reports, open data and workbooks show nothing of the 前版, so its changes do not affect them.
    return record.sources if record.kind in ("report", "data", "book") else record.inputs


def _paper(record: Record) -> Paper:
    """The paper that `record` describes."""
    target = next(iter(record.outputs)).with_suffix("")
    return Paper(record.kind, target, tuple(map(Path, record.sources)), record.options)
