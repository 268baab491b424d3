"""A row that is taller than a page begins with two lines of its prose, or goes over whole, wherever it meets the foot."""

import io
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pypdf
import pytest
from weasyprint.formatting_structure import boxes

from pipeline.documents.comparison import comparison
from pipeline.documents.document import Document
from pipeline.documents.errata import errata
from pipeline.documents.report import report
from pipeline.layout import row_breaks
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source

from .conftest import HEALTHY

# So many lines above it leave three, two, one and none at the foot; --all-positions tries every number.
SOME = {"report": (38, 39, 40, 41), "comparison": (33, 34, 35), "errata": (41, 42, 43)}


def edition(lines: Sequence[int], prose: str, name: str = "new") -> Validated:
    """For each of `lines` a page that begins with an item of so many lines and goes on with one of `prose`."""
    text = [HEALTHY.split("推進方針:\n")[0], "推進方針:\n"]
    for number, filled in enumerate(lines):
        text.append(
            f"  - 名称: 方針{number}\n    改ページ: true\n    推進施策:\n      - 名称: 施策\n        推進項目:\n"
        )
        # Of a name of three lines, which has no place to be divided, all lines must find room.
        for item, (title, findings) in enumerate([("項目", "\\n".join(prose[:1] * filled)), ("項" * 60, prose)], 1):
            text.append(
                f"          - {{NO: {2 * number + item}, 名称: {title}, 実施状況: ○, 今後の取扱い: 継続, "
                f'検証内容: "{findings}"}}\n'
            )
    return validate(parse_source(Path(f"source/{name}.yaml"), "".join(text).encode()))


def documents(kind: str, positions: Sequence[int]) -> list[Document]:
    if kind == "report":
        return [report(edition(positions, "検" * 48 * 50))]
    make = comparison if kind == "comparison" else errata
    return [make(edition([lines], "検" * 1500, "old"), edition([lines], "新" * 1500)) for lines in positions]


class Cell(boxes.TableCellBox):  # type: ignore[misc]
    """A cell in this column; `has_room` for its first lines."""

    def __init__(self, column: int, has_room: bool) -> None:
        self.grid_x, self.has_room = column, has_room


@pytest.mark.parametrize("cells", [*product((True, False), repeat=3)])
def test_a_row_begins_where_each_of_its_cells_has_room(
    cells: tuple[bool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block in a cell is divided as ever, and a row is judged by its own cells alone."""
    context = SimpleNamespace(in_column=False)
    inside = []

    def laid_out(context: SimpleNamespace, cell: Cell) -> tuple[Cell | None, str]:
        inside.append(row_breaks._avoids("auto", context))
        return cell if cell.has_room else None, "more"

    monkeypatch.setattr(row_breaks, "_lay_out_container", laid_out)
    for row in (cells, (True, True, True)):
        for column, has_room in enumerate(row):
            cell = Cell(column, has_room)
            assert row_breaks._lay_out(context, cell) == (cell if has_room else None, "more")
        assert row_breaks._avoids("auto", context) is not all(row)
        assert not row_breaks._avoids("auto", context)
        assert row_breaks._avoids("avoid", context)
    assert not any(inside)


@pytest.mark.parametrize("kind", SOME)
def test_wherever_a_tall_row_meets_the_foot_all_of_it_begins_there(
    kind: str, font_cache: Path, request: pytest.FixtureRequest
) -> None:
    positions = range(1, 45) if request.config.getoption("--all-positions") else SOME[kind]
    for document in documents(kind, positions):
        prove(write_pdf(document, font_cache), document)


@pytest.mark.parametrize("kind", SOME)
def test_a_row_no_taller_than_a_page_is_not_divided_because_another_is(kind: str, font_cache: Path) -> None:
    """Of 30 lines, after 20 lines, on a page of its own; the one before it is divided."""
    head = HEALTHY.split("推進方針:\n")[0]

    def made(prose: str, name: str) -> Validated:
        text = head + "推進方針:\n  - 名称: 方針\n    推進施策:\n      - 名称: 施策\n        推進項目:\n"
        for number, (character, lines) in enumerate([("高", 70), (prose, 20), ("低", 30)], 1):
            findings = "\\n".join(f"{character}{prose}{number}" for _ in range(lines))
            text += (
                f"          - {{NO: {number}, 名称: 項目{number}, 実施状況: ○, 今後の取扱い: 継続, "
                f'検証内容: "{findings}"}}\n'
            )
        return validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))

    if kind == "report":
        document = report(made("新", "new"))
    else:
        document = (comparison if kind == "comparison" else errata)(made("旧", "old"), made("新", "new"))
    pdf = write_pdf(document, font_cache)
    prove(pdf, document)
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    assert sum("高" in page for page in pages) > 1
    assert sum("低" in page for page in pages) == 1
