"""The list as a workbook that looks like the paper, for editing too. `office.book_returns` takes it back."""

from pipeline.model.validation import Validated

from .sheet import workbook


def book(validated: Validated) -> bytes:
    """The workbook. The same edition gives the same bytes. Raises `PipelineError` if a text fits into no cell."""
    return workbook(validated)
