"""`make bench`: what things cost, as ratios to a peer in the same run, and what each standard weighs in the file.

Times of one machine at one moment mean nothing elsewhere; ratios travel. Each figure is the median of several
turns, in which the two sides take turns, so that a slow moment of the machine hits both.
"""

import logging
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.document import Document
from pipeline.documents.report import report
from pipeline.fonts import confine_layout
from pipeline.html import STYLES
from pipeline.pdf import MEDIUM, lay_out, write_pdf
from pipeline.proof import prove
from pipeline.source import read_source
from pipeline.validation import validate

ROOT = Path(__file__).resolve().parent.parent
TURNS = 7


def median_ratio(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float, float]:
    """The smallest, the median and the largest of `ours` / `peer`, turn by turn, after one turn that does not count."""
    ratios = []
    for turn in range(TURNS + 1):
        times = []
        for work in (ours, peer):
            begin = time.perf_counter()
            work()
            times.append(time.perf_counter() - begin)
        if turn:
            ratios.append(times[0] / times[1])
    return min(ratios), statistics.median(ratios), max(ratios)


def plain(document: Document, **options: Any) -> bytes:
    """The same pages by WeasyPrint alone: no tags, no source, no proof."""
    import weasyprint

    data = weasyprint.HTML(string=document.html, media_type=MEDIUM).write_pdf(**options)
    assert isinstance(data, bytes)
    return data


def official(document: Document, cache: Path) -> bytes:
    data = write_pdf(document, cache)
    prove(data, document)
    return data


def main() -> None:
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    assert STYLES.is_dir()
    with TemporaryDirectory() as folder:
        cache = Path(folder)
        confine_layout(cache)
        document = report(validate(read_source(ROOT / "source/original.yaml")))
        low, middle, high = median_ratio(lambda: official(document, cache), lambda: plain(document))
        print("原本(3ページ)、温まった処理での比。中央値(最小-最大)")
        print(f"  タグ・元データ・検査を含む帳票 / 素の組版: {middle:.2f} ({low:.2f}-{high:.2f})")
        low, middle, high = median_ratio(lambda: write_pdf(document, cache), lambda: plain(document))
        print(f"  検査を除く帳票 / 素の組版: {middle:.2f} ({low:.2f}-{high:.2f})")
        sizes = {
            "素のPDF": len(plain(document)),
            "PDF/A-3uまで(色の定義、文書の情報)": len(plain(document, pdf_variant="pdf/a-3u")),
            "タグを加える(こちらの構造)": len(
                lay_out(document.html).write_pdf(pdf_variant="pdf/a-3a", finisher=_tags_only)
            ),
            "帳票のPDF(元データを含む)": len(write_pdf(document, cache)),
        }
        print("大きさ(バイト)")
        for name, size in sizes.items():
            print(f"  {size:>8,} {name}")


def _tags_only(pages: Any, pdf: Any) -> None:
    from pipeline.tags import rebuild_tags

    rebuild_tags(pages, pdf)


if __name__ == "__main__":
    main()
