"""Reads what a department wrote into a cell, by the kind of its column.

What can only mean one thing is read so, with a note: `〇` where the legend has `○`, full-width digits. Anything else that
the source would not accept is an error, which says what to write.
"""

import datetime
import re
import unicodedata
from typing import NamedTuple

from pipeline.fonts import coverage
from pipeline.model.dates import NoDateError, japanese_date, read_date
from pipeline.model.form import BLANK, NO_FIGURES, Column, is_figure, split_figure
from pipeline.model.words import not_listed
from pipeline.source.characters import alike, compose, defects, is_everyday, long_gap, named, quoted, visible
from pipeline.source.limits import MAX_LINES, MAX_NAME, MAX_TEXT, MAX_WORD

from .workbook import Value, WorkbookError


class Answer(NamedTuple):
    """An answer as the source would have it, and a note if something else was written."""

    text: str
    note: str = ""


def clean(text: str) -> str:
    """`text` normalized as the source parser does it."""
    return compose(text.replace("\r\n", "\n").replace("\r", "\n")).strip(" \t\r\n")


def read_answer(value: Value | None, column: Column, unit: str, sent: str) -> Answer:
    """The answer in a cell of `column`; `sent` was in the cell, and needs no check. Raises `WorkbookError`.

    An emptied cell is 未記入, where the source requires a value.
    """
    if value is None:
        value = Value("", "text")
    if value.is_struck:
        raise WorkbookError(
            "取り消し線の付いた文字があります。消す文字は削除し、残す文字は取り消し線を外してください。"
        )
    if value.kind == "formula":
        raise WorkbookError("数式が入っています。数式を消し、文字で入力してください。")
    if value.kind == "error":
        raise WorkbookError(f"エラー値({visible(value.text)})が入っています。消して、文字で入力してください。")
    if len(value.text) > MAX_TEXT:
        raise WorkbookError(f"長すぎます。{MAX_TEXT:,}字までにしてください。")
    if value.kind not in _ACCEPTED[column.kind]:
        shown = "%の付いた数" if value.kind == "percent" else "日付か数などの値"
        again = "数字だけを" if column.kind == "figure" else ""
        raise WorkbookError(
            f"文字ではなく、{shown}({visible(value.text)})が入っています。セルの書式を「文字列」にして、{again}入力し直してください。"
        )
    text = clean(value.text)
    if text == sent:
        return Answer(text)
    match column.kind:
        case "symbol" | "term":
            return _word(text or BLANK, column)
        case "figure":
            return _figure(text or BLANK, unit)
        case "date":
            return _date(text)
    return Answer(_checked(text, is_short=column.kind == "text") if text.strip() else "")


# The kinds of cell contents that a column accepts. A number typed into a cell of text is text.
_ACCEPTED = {
    "symbol": ("text", "number"),
    "term": ("text", "number"),
    "figure": ("text", "number"),
    "date": ("text", "date"),
    "text": ("text",),
    "prose": ("text",),
}


def _word(text: str, column: Column) -> Answer:
    words = [*(column.words or {}), BLANK]
    if text in words:
        return Answer(text)
    if len(same := alike(text, words)) == 1:
        return _read_as(text, same[0])
    raise WorkbookError(not_listed(text, words, "凡例" if column.kind == "symbol" else f"「{column.key}」の語"))


def _figure(text: str, unit: str) -> Answer:
    if _is_figure(text):
        return Answer(text)
    narrow = unicodedata.normalize("NFKC", "".join(text.split()))
    if _is_figure(narrow):
        return _read_as(text, narrow)
    if alike(narrow, ["-"]):
        return _read_as(text, "-")
    figure, rest = split_figure(narrow)
    if figure and rest and not re.search("[0-9]", rest):
        where = f"単位「{unit}」は、別の所に書いてあります。" if unit else "単位は書きません。"
        raise WorkbookError(f"{quoted(text)}は、数だけではありません。「{figure}」と書いてください({where[:-1]})。")
    if len(text) > MAX_WORD:
        raise WorkbookError(f"長すぎます。数だけを、{MAX_WORD}字までで書いてください。")
    raise WorkbookError(
        f"{quoted(text)}は、数ではありません。数だけを半角で(例 1,250、38.2、▲3)、"
        f"数がなければ「-」か「なし」、まだ決まらなければ「{BLANK}」と書いてください。"
    )


def _is_figure(text: str) -> bool:
    return is_figure(text) and len(text) <= MAX_WORD


def _date(text: str) -> Answer:
    if text in ("", BLANK, *NO_FIGURES):
        return Answer(text)
    try:
        return Answer(japanese_date(read_date(text)))
    except NoDateError as error:
        raise WorkbookError(f"{quoted(text)}は、{error}") from None


def _checked(text: str, is_short: bool) -> str:
    if is_short and len(text) > MAX_NAME:
        raise WorkbookError(f"長すぎます。{MAX_NAME:,}字までにしてください。")
    if is_short and (lines := text.count("\n") + 1) > MAX_LINES:
        raise WorkbookError(f"{lines:,}行あります。{MAX_LINES}行までにしてください。")
    if gap := long_gap(text):
        raise WorkbookError(gap)
    if not is_everyday(text):
        for characters, _, sentence in defects(text, coverage()):
            raise WorkbookError(f"{named(characters)}{sentence}")
    return text


def _read_as(written: str, meant: str) -> Answer:
    shown = (named(one) if len(one) == 1 and not one.isascii() else f"「{visible(one)}」" for one in (written, meant))
    return Answer(meant, "{}を{}と読みました。".format(*shown))


def written(text: str, column: Column) -> str:
    """`text` as it is written into the source: a date like 2013-03-31."""
    if column.kind != "date":
        return text
    try:
        day: datetime.date = read_date(text)
    except NoDateError:
        return text
    return day.isoformat()
