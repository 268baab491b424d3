"""Black ink: a colour copier counts a black page, and a printer without greys has whole letters and rules."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pypdf
import pypdfium2
import pytest

# An operator that sets a colour, with what it sets.
_COLORS = re.compile(rb"(?<![\w./-])((?:[-\d.]+\s+)*|/\w+\s+)(rg|RG|g|G|k|K|cs|CS|scn?|SCN?)(?![\w.])")


def streams(pdf: bytes) -> Iterator[tuple[str, bytes]]:
    """What paints the pages: their contents, and those of the forms and patterns in them."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    for page in reader.pages:
        yield "page", page.get_contents().get_data()  # type: ignore[union-attr]
    for number in range(1, len(reader.xref_objStm) + sum(map(len, reader.xref.values()))):
        item: Any = reader.get_object(number)
        if isinstance(item, dict) and (item.get("/Subtype") == "/Form" or item.get("/Type") == "/Pattern"):
            assert "/Group" not in item
            yield "pattern", item.get_data()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["report", "comparison", "errata", "history", "summary", "council", "checklist"])
def test_a_page_is_printed_with_black_ink_alone(every_pdf: dict[str, bytes], name: str) -> None:
    kinds = set()
    for kind, stream in streams(every_pdf[name]):
        kinds.add(kind)
        colors = {(operator.decode(), operands.strip().decode()) for operands, operator in _COLORS.findall(stream)}
        assert {operator for operator, _ in colors} <= {"g", "G", "cs", "scn"}
        assert {operands for operator, operands in colors if operator == "cs"} <= {"/Pattern"}
    assert kinds == ({"page", "pattern"} if name in ("history", "summary") else {"page"})


@pytest.mark.parametrize("name", ["report", "comparison", "errata", "history", "summary", "council", "checklist"])
def test_letters_and_rules_are_as_black_as_can_be(every_pdf: dict[str, bytes], name: str) -> None:
    """A grey letter or rule is a row of dots where there is black and white alone."""
    painted = [stream for kind, stream in streams(every_pdf[name]) if kind == "page"]
    for stream in painted:
        grey = b"0"
        for token in re.finditer(
            rb"(?P<grey>[\d.]+) g\s|(?P<form>[\d.]+) [\d.]+ (?P<w>[\d.]+) (?P<h>-?[\d.]+) re\s+f\b|(?P<text>TJ)", stream
        ):
            if token["grey"]:
                grey = token["grey"]
            elif token["text"] or min(abs(float(token["w"])), abs(float(token["h"]))) < 1:
                assert grey == b"0"


def test_shades_outlast_a_copier_and_leave_their_text_readable(every_pdf: dict[str, bytes]) -> None:
    greys = {
        float(grey)
        for _, stream in streams(every_pdf["report"])
        for grey in re.findall(rb"(?<![\w./-])([\d.]+) g\s", stream)
    }
    head, *_ = shades = sorted(greys - {0, 1})
    assert len(shades) == 3
    # A copier drops what is lighter; type on what is darker is a strain.
    assert 0.8 <= head <= 0.9
    # Each is told from the next.
    assert all(lighter - darker >= 0.03 for darker, lighter in zip(shades, [*shades[1:], 1.0], strict=True))


def test_no_colour_comes_of_it_on_screens_either(every_pdf: dict[str, bytes]) -> None:
    (page, *_) = pypdfium2.PdfDocument(every_pdf["summary"])
    red, green, blue = page.render(scale=1).to_pil().convert("RGB").split()
    assert red.tobytes() == green.tobytes() == blue.tobytes()
