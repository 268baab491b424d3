"""Problems of a source, and the exceptions, each with its exit code.

The exit codes are the contract of `python -m pipeline`. Any exception that is not a `PipelineError` is a bug and keeps
its traceback.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """An error or a warning in a source: its place, a stable code (explained in docs/errors.md) and a message.

    Lines and columns count from 1, columns in characters; line 0 means the whole file. E codes are errors and stop the
    build, W codes are warnings. `department` is the one responsible for the item, or empty.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    department: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it stops the build."""
        return self.code.startswith("E")

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return printable(f"{place}: {self.code}: {self.message}")


def printable(line: str) -> str:
    """`line` without control and invisible characters, which could disturb a terminal; file names may hold some."""
    return "".join(
        character if character.isprintable() or character == "\u3000" else " " if character.isspace() else "�"
        for character in line
    )


def printable_lines(text: str) -> str:
    """`printable`, for a `text` of several lines."""
    return "\n".join(map(printable, text.split("\n")))


class PipelineError(Exception):
    """A failure that staff can fix; the message is Japanese and says how."""

    exit_code = 1

    def __str__(self) -> str:
        return printable_lines(super().__str__())


class SourceError(PipelineError):
    """The source has errors. `problems` are all errors and warnings in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type["SourceError"], tuple[tuple[Problem, ...]]]:
        # Without this, unpickling in another process would call __init__ with the message.
        return type(self), (self.problems,)


class StaleError(PipelineError):
    """A paper in out/ is older than its source and could not be rebuilt; the message names it and says why."""


class UsageError(PipelineError):
    """The command was called with arguments that are missing, unknown or contradictory."""

    exit_code = 2


class NothingToDoError(PipelineError):
    """The requested paper would be empty; the message says why. This is not a failure."""

    exit_code = 0


class LackError(PipelineError):
    """This machine lacks a font, a library, a permission, space or memory; the message says what to do."""

    exit_code = 3


class ProofError(PipelineError):
    """A finished document differs from the model. Nothing was delivered."""

    exit_code = 4


class TemplateError(PipelineError):
    """A template is broken; the message names it with its line. The exit code is that of a bug."""

    exit_code = 70
