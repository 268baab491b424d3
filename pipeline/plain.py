"""The switch PLAIN=1: documents are laid out without layout/fast/.

With it, a developer finds out whether a fault comes from WeasyPrint or from the optimizations.
"""

import os

_VARIABLE = "PLAIN"


def is_plain() -> bool:
    """Whether the switch is on, by the environment variable that make's PLAIN=1 and `--plain` set."""
    return os.environ.get(_VARIABLE, "") not in ("", "0")


def switch_on() -> None:
    """Turn the switch on for this process and its child processes."""
    os.environ[_VARIABLE] = "1"
