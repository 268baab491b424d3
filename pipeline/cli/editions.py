"""Which files the editions are that a command was given by name, or all of them."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.delivery.delivery import SOURCE
from pipeline.delivery.issues import issue_named, source_of
from pipeline.errors import UsageError, printable
from pipeline.library import editions_in
from pipeline.model.edition_id import RENAME, is_edition_id

# Files in source/ whose names are not valid edition ids; this run has skipped and reported them.
left_out: set[Path] = set()
# What text editors make of .yaml: Notepad, which hides it, appends .txt.
_OTHER_ENDING = r"(?i)(.+?)\.ya?ml(?:\.txt)?"


def editions(names: Sequence[str]) -> list[Path]:
    """The files of the editions `names`, or of all editions. Raises `UsageError`, with the names that exist."""
    if not SOURCE.is_dir():
        raise UsageError("source/ がありません。この仕組みのフォルダーに移ってから、もう一度実行してください。")
    there = {*SOURCE.glob("*.yaml")}
    if not names:
        good = editions_in(SOURCE)
        _leave_out({*there, *_with_other_endings()} - {*good})
        if not good:
            raise UsageError("source/ に版(.yaml)がありません。docs/manual.md の例を見て作ってください。")
        return good
    known = "、".join(path.stem for path in editions_in(SOURCE)) or "なし"
    for name in names:
        path = SOURCE / f"{name}.yaml"
        if path in there and not is_edition_id(name):
            raise UsageError(f"{path}: 版の名前に使えない文字があります。{RENAME}")
        if path not in there:
            other = next((path.name for path, good in _with_other_endings().items() if good == f"{name}.yaml"), "")
            fix = f"{other} があります。ファイル名を {name}.yaml に改めてください。" if other else f"今ある版: {known}"
            raise UsageError(f"版「{name}」は source/ にありません。{fix}")
    return [SOURCE / f"{name}.yaml" for name in dict.fromkeys(names)]


def _with_other_endings() -> dict[Path, str]:
    """The files in source/ that a text editor named r5.yaml.txt or r5.yml, with the names that they should have."""
    found = {path: re.fullmatch(_OTHER_ENDING, path.name) for path in sorted(SOURCE.iterdir())}
    return {path: f"{match[1]}.yaml" for path, match in found.items() if match and path.suffix != ".yaml"}


def _leave_out(misnamed: set[Path]) -> None:
    """Report files whose names are not those of editions, each once a run; the others are made anyway."""
    others = _with_other_endings()
    for path in sorted(misnamed - left_out):
        if path in others:
            why = f"名前が「.yaml」で終わらないため、除きました。ファイル名を {others[path]} に改めてください。"
        else:
            why = f"版の名前に使えない文字があるため、除きました。{RENAME}"
        print(printable(f"{path}: {why}"), file=sys.stderr)
    left_out.update(misnamed)


def given(name: str) -> Path:
    """The file that `name` means: an edition id, an issue, a YAML file, or one of our PDFs. Raises `PipelineError`."""
    path = Path(name)
    if is_edition_id(name) and (SOURCE / f"{name}.yaml").exists():
        return SOURCE / f"{name}.yaml"
    if path.suffix in (".yaml", ".yml", ".pdf"):
        return path
    if issue := issue_named(name):
        return source_of(issue)
    return editions([name])[0]


def new_edition(name: str) -> Path:
    """The file of an edition that is to be made. Raises `UsageError`."""
    if not is_edition_id(name):
        raise UsageError(f"版の名前「{name}」は使えません。半角の英小文字、数字、「-」で付けてください。")
    return SOURCE / f"{name}.yaml"
