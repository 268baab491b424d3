"""The switch PLAIN=1: documents are laid out without anything of layout/fast/.

A developer sets it to find out whether a fault comes from WeasyPrint or from what makes it faster.
"""

import os

_VARIABLE = "PLAIN"


def is_plain() -> bool:
    """Whether the switch is on: in the environment, after `make`, or as `--plain`."""
    return os.environ.get(_VARIABLE, "") not in ("", "0")


def switch_on() -> None:
    """Set the switch for this process and for those that it starts."""
    os.environ[_VARIABLE] = "1"
