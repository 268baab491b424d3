"""Every item through all editions (経過)."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.delivery.delivery import OUT
from pipeline.documents.document import Carried, CarriedFile, Document
from pipeline.errors import UsageError
from pipeline.library import Library
from pipeline.line import Delivered, Step, make
from pipeline.model.validation import Validated
from pipeline.years.lineage import chain, chains

from . import expected, page


def make_history(
    paths: Sequence[Path], last: str | None, step: Step, library: Library | None = None
) -> Delivered | None:
    """Make the history of the one chain that the editions at `paths` form, or of the chain that ends with `last`.

    None if it is up to date. Raises `PipelineError`; where there are several chains and none is named, `UsageError`.
    """
    library = library or Library()
    at = {path.stem: path for path in paths}
    previous = {edition: library.source(path).root.text("前版") for edition, path in at.items()}
    if last is None:
        found = chains(previous)
        if len(found) > 1:
            listed = "\n".join(f"  {' → '.join(one)}" for one in found)
            raise UsageError(
                f"版のつながりが{len(found)}つあります。\n{listed}\n"
                f"どの版までの経過かを指定してください。例: python -m pipeline history {max(found, key=len)[-1]}"
            )
        last = found[0][-1]
    elif last not in at:
        raise UsageError(f"版「{last}」は source/ にありません。ある版: {'、'.join(sorted(at))}")
    shown = chain(previous, last)
    return make(OUT / "history", tuple(at[edition] for edition in shown), history, step, library=library)


def history(editions: Sequence[Validated]) -> Document:
    """The history of `editions`, which follow each other along 前版, the oldest first."""
    shown = editions[-page.MOST :]
    carried = Carried(
        tuple(CarriedFile(f"source-{one.source.edition}.yaml", one.source.data, one.source.edition) for one in shown),
        editions[-1].edition.as_of,
    )
    return Document(page.page(editions, carried), expected.expect(editions), carried)
