"""Who has not answered: by department, with the cells that are still 未記入, and the text of a reminder to copy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import printable, printable_lines
from pipeline.library import Library
from pipeline.model.edition import Edition
from pipeline.model.form import BLANK, NO_DEPARTMENT, Column
from pipeline.years.matching import Placed

from .replies import read_replies
from .workbook_format import Field, by_department, fields


@dataclass(frozen=True, slots=True)
class _Department:
    """A department with its items, and the 未記入 in them: the number of the item and the name of the column."""

    name: str
    has_answered: bool
    items: tuple[Placed, ...]
    blanks: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        left = f"未記入{len(self.blanks)}か所" if self.blanks else "未記入なし"
        return printable(f"{self.name}: {len(self.items)}項目、{left}")


def status(path: Path, library: Library) -> str:
    """Who has answered the workbooks of the edition at `path`, over all imports so far. Raises `PipelineError`."""
    edition = library.validated(path).edition
    answered = read_replies(path).departments
    columns = fields(edition)
    everyone = [
        _Department(name, name in answered, tuple(items), tuple(_blanks(items, columns)))
        for name, items in by_department(edition).items()
    ]
    blanks = {blank for one in everyone for blank in one.blanks}
    lines = [f"{path}: {len(edition.items)}項目、未記入{len(blanks)}か所"]
    for title, group in (
        ("回答のない担当課:", [one for one in everyone if not one.has_answered]),
        ("回答のあった担当課:", [one for one in everyone if one.has_answered]),
    ):
        if group:
            lines += [title, *(f"  {one}" for one in group)]
    reminders = [_reminder(edition, one) for one in everyone if not one.has_answered or one.blanks]
    if reminders:
        lines += ["", "催促の文例(コピーしてお使いください):"]
        lines += [f"\n{printable_lines(text)}" for text in reminders]
    return "\n".join(lines)


def _blanks(items: list[Placed], columns: Mapping[Field, Column]) -> Iterator[tuple[int, str]]:
    for placed in items:
        for field, column in columns.items():
            if placed.item.texts(column)[-1] == BLANK:
                yield placed.number, field.label


def _reminder(edition: Edition, department: _Department) -> str:
    to = f"{edition.department}へ" if edition.department else ""
    what = f"「{edition.title}」" + (f"({edition.fiscal_year})" if edition.fiscal_year else "")
    if department.has_answered:
        places = "、".join(f"NO {number}の{key}" for number, key in department.blanks[:10])
        more = f"など{len(department.blanks)}か所" if len(department.blanks) > 10 else ""
        body = (
            f"{what}の照会票に御回答いただき、ありがとうございました。\n"
            f"{places}{more}が、まだ「{BLANK}」です。お手数ですが、決まりましたら{to}お知らせください。"
        )
    else:
        body = (
            f"{what}の照会票({len(department.items)}項目)の回答を、まだいただいておりません。\n"
            f"お手数ですが、御記入の上、{to}提出してください。行き違いでしたら、御容赦ください。"
        )
    to_whom = "各課 御中" if department.name == NO_DEPARTMENT else f"{department.name} 御中"
    return "\n".join(filter(None, (to_whom, body, edition.department)))
