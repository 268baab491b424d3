"""`python -m tests.golden FOLDER` writes the texts, to compare those of two commits: `diff -r`."""

import sys
from pathlib import Path

from . import edits, lists, reckoned, returns, sizes, snapshots, workbooks


def main() -> None:
    """Write each text into the folder of its kind."""
    texts = {
        (module.__name__.rpartition(".")[2], f"{name}.txt"): "\n".join(made())
        for module in (reckoned, sizes, lists, returns, workbooks, edits)
        for name, made in module.TEXTS.items()
    }
    texts |= {("snapshots", name): text for name, text in snapshots.snapshots()}
    texts |= {("two_sides", name): text for name, text in snapshots.two_sides()}
    for (kind, name), text in texts.items():
        path = Path(sys.argv[1], kind, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
