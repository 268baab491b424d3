"""Remembers which departments have answered, and what was taken of their answers, in source/.replies/<edition>.json.

So a second reply of a department counts as a change of its own first one, and `make status` knows who has not answered
over all imports. A missing or damaged record only means that a person has to decide more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline.delivery.files import replace_file
from pipeline.reading import UnreadableError, read_file

from .changes import locked_sources
from .workbook_format import Field


class Taken(NamedTuple):
    """An answer that was taken: who gave it, to what of which item."""

    department: str
    name: str
    field: Field


@dataclass(frozen=True, slots=True)
class Replies:
    """The departments whose workbooks came back, and the text of each answer that was taken."""

    departments: frozenset[str] = frozenset()
    answers: Mapping[Taken, str] = field(default_factory=dict)


def read_replies(source: Path) -> Replies:
    """The replies to the edition at `source`, so far."""
    try:
        record = json.loads(read_file(_path(source)).data)
        answers = {
            Taken(str(department), str(name), Field(str(key), str(year))): str(text)
            for department, name, key, year, text in record["answers"]
        }
        return Replies(frozenset(map(str, record["departments"])), answers)
    except (UnreadableError, ValueError, KeyError, TypeError, RecursionError):
        return Replies()


def add_replies(source: Path, replies: Replies) -> None:
    """Remember `replies` beside those that came before, those of imports at the same time among them."""
    if replies == Replies():
        return
    with locked_sources():
        before = read_replies(source)
        answers = {**before.answers, **replies.answers}
        record = {
            "departments": sorted(before.departments | replies.departments),
            "answers": [(one.department, one.name, *one.field, text) for one, text in answers.items()],
        }
        replace_file(_path(source), json.dumps(record, ensure_ascii=False, indent=1).encode())


def _path(source: Path) -> Path:
    return source.parent / ".replies" / f"{source.stem}.json"
