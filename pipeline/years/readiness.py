"""Whether the papers on an edition can be handed out: what stands in the way, and what is to be looked at before."""

import datetime
from dataclasses import dataclass

from pipeline.model.edition import Edition
from pipeline.model.form import BLANK
from pipeline.model.validation import Validated, on_paper
from pipeline.model.values import BLANK_CODE

from .comparison import Comparison


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a clerk looks at before handing out the papers on an edition, as counts.

    `vanished` and `guesses` are those of the comparison with the 前版; 0 without one. `empty` counts cells of prose.
    """

    is_marked_draft: bool
    blanks: int
    vanished: int
    warnings: int
    guesses: int
    empty: int

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Why the papers cannot be handed out yet; empty if they can."""
        found = (
            (self.is_marked_draft, "「案」と表示する設定です(案: true)"),
            (self.blanks, f"未記入が{self.blanks:,}か所あります"),
            (self.vanished, f"要確認の項目が{self.vanished:,}件あります"),
        )
        return tuple(said for holds, said in found if holds)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is no obstacle, but is to be looked at."""
        found = ((self.warnings, "警告", "件"), (self.guesses, "推定", "件"), (self.empty, "文章の空欄", "か所"))
        return tuple(f"{name}{count:,}{unit}" for count, name, unit in found if count)


@dataclass(frozen=True, slots=True)
class LastIssue:
    """The last issue of an edition: how commands call it (h24/1), its day, and the edition that was issued.

    `day` is None if the register has none. `issued` is None if it cannot be read.
    """

    name: str
    day: datetime.date | None
    issued: Validated | None


def readiness(validated: Validated, compared: Comparison | None) -> Readiness:
    """The readiness of an edition, with its comparison with the 前版 if it has one."""
    edition = validated.edition
    return Readiness(
        edition.draft,
        sum(len(numbers) for _, numbers in blanks(edition)),
        sum(len(entry.old) for entry in compared.vanished) if compared else 0,
        len(warnings(validated)),
        sum(len(entry.advice) for entry in compared.guesses) if compared else 0,
        sum(len(numbers) for _, numbers in empty_prose(edition)),
    )


def warnings(validated: Validated) -> list[tuple[int, str, str]]:
    """The line (0: the whole file), the code and the text of each warning that is not on a 未記入, as paper can show it."""
    return [
        (warning.line, warning.code, on_paper(warning.message))
        for warning in validated.warnings
        if warning.code != BLANK_CODE
    ]


def acknowledged(validated: Validated) -> list[tuple[int, str, str, str]]:
    """The line, the code and the text of each warning that is 確認済, and the reason."""
    return [
        (warning.line, warning.code, on_paper(warning.message), reason) for warning, reason in validated.acknowledged
    ]


def blanks(edition: Edition) -> list[tuple[str, list[int]]]:
    """The NOs with a 未記入 in each column that has any, by the column's key; a NO twice for two years."""
    found = {
        column.key: [item.number for item in edition.items.values() for text in item.texts(column) if text == BLANK]
        for column in edition.own
    }
    return [(key, numbers) for key, numbers in found.items() if numbers]


def empty_prose(edition: Edition) -> list[tuple[str, list[int]]]:
    """The NOs without a text in each column of prose that has any, by the column's key."""
    found = {
        column.key: [item.number for item in edition.items.values() if not item.text(column)]
        for column in edition.own
        if column.kind == "prose"
    }
    return [(key, numbers) for key, numbers in found.items() if numbers]
