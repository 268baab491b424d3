"""The width of an inline block: as WeasyPrint makes it, without measuring what cannot matter."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from weasyprint.layout import inline, preferred

from pipeline.fonts import confine_layout
from pipeline.layout.engine import Engine, read
from pipeline.layout.fast import shrink_to_fit

WORDS = [
    "",
    "◎",
    "実施した",
    "継続して推進する",
    "一\u3000二 three",
    "A" * 60,
    "計画のとおり実施し、" * 9,
    "見直し<br/>継続",
]
STYLES = ["", "padding: 0 8mm", "min-width: 40mm", "max-width: 30mm", "width: 50%", "white-space: nowrap"]


def blocks(word: str) -> str:
    styled = "".join(f'<p><span style="display: inline-block; {style}">{word}</span>後</p>' for style in STYLES)
    table = f"<table><tr><td>{word}</td><td>{word}</td></tr></table>"
    nested = f'<div style="display: inline-block">{table}<span style="display: inline-block">{word}</span></div>'
    return f'<html><body><div style="width: 60mm">{styled}{nested}</div></body></html>'


def places(text: str) -> list[tuple[float, ...]]:
    root = read(text)
    document = Engine(root).lay_out(root)

    def walk(box: Any) -> Iterator[tuple[float, ...]]:
        yield box.position_x, box.position_y, box.width, box.height
        for child in getattr(box, "children", ()):
            yield from walk(child)

    return [place for page in document.pages for place in walk(page._page_box)]


@pytest.mark.parametrize("word", WORDS)
def test_a_block_is_as_wide_as_weasyprint_makes_it(
    word: str, font_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    confine_layout(font_cache)
    assert inline.shrink_to_fit is shrink_to_fit.shrink_to_fit
    ours = places(blocks(word))
    monkeypatch.setattr(inline, "shrink_to_fit", preferred.shrink_to_fit)
    assert ours == places(blocks(word))


def test_a_block_that_fits_is_not_measured_at_its_narrowest(font_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    confine_layout(font_cache)
    measured: list[Any] = []

    def narrowest(_: object, box: Any, **__: bool) -> float:
        measured.append(box)
        return 0.0

    monkeypatch.setattr(shrink_to_fit, "min_content_width", narrowest)
    places('<html><body><span style="display: inline-block">継続</span></body></html>')
    assert not measured
    places(f'<html><body><span style="display: inline-block">{"継続" * 200}</span></body></html>')
    assert measured
