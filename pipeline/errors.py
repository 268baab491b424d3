"""What can go wrong: problems of a source, and one exception for each exit code.

The exit codes are the contract of `python -m pipeline`; anything that is not a `PipelineError`
is a bug and keeps its traceback.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One finding in a source: its place, a stable code (docs/errors.md explains each) and a sentence.

    Lines and columns count from 1, columns in characters; 0 stands for the file as a whole.
    Codes that begin with E stop the build, those with W do not. `department` answers for the item, if one does.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    department: str = ""

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return printable(f"{place}: {self.code}: {self.message}")


def printable(line: str) -> str:
    """`line` with nothing in it that could disturb a terminal; the name of a file, too, may hold that."""
    return "".join(
        character if character.isprintable() or character == "\u3000" else " " if character.isspace() else "�"
        for character in line
    )


def printable_lines(text: str) -> str:
    """The same for a `text` of several lines."""
    return "\n".join(map(printable, text.split("\n")))


class PipelineError(Exception):
    """A failure that its reader can mend; the message is Japanese and says how."""

    exit_code = 1

    def __str__(self) -> str:
        return printable_lines(super().__str__())


class SourceError(PipelineError):
    """The source has errors: all of them, with the warnings, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type["SourceError"], tuple[tuple[Problem, ...]]]:
        # Else it would be made anew, on its way from one process to another, from its text.
        return type(self), (self.problems,)


class StaleError(PipelineError):
    """A paper in out/ stays older than its source; the message names it and why it could not be made anew."""


class UsageError(PipelineError):
    """The command was given something that it cannot mean."""

    exit_code = 2


class NothingToDoError(PipelineError):
    """What was asked for would be empty; the message says why, and that is no failure."""

    exit_code = 0


class LackError(PipelineError):
    """A font, a library or a right is missing on this machine; the message holds the command that mends it."""

    exit_code = 3


class ProofError(PipelineError):
    """A finished document is not what the model says. Nothing was delivered."""

    exit_code = 4


class TemplateError(PipelineError):
    """A template is broken; the message names it with its line.

    Nothing was proved, and no source is to blame: the exit code is that of a mistake in the program.
    """

    exit_code = 70
