"""Dates and fiscal years in the Japanese calendar (和暦) and the Western one: printing and parsing."""

import datetime
import re
import unicodedata

# First day of each era (元号を改める政令), newest first. Meiji begins with 1873 (Meiji 6), the first year of the
# Gregorian calendar in Japan.
_ERAS = (
    (datetime.date(2019, 5, 1), "令和"),
    (datetime.date(1989, 1, 8), "平成"),
    (datetime.date(1926, 12, 25), "昭和"),
    (datetime.date(1912, 7, 30), "大正"),
    (datetime.date(1873, 1, 1), "明治"),
)


def japanese_date(day: datetime.date) -> str:
    """`day` as 平成25年3月31日; days before 1873 with the Western year."""
    return f"{japanese_year(day)}{day.month}月{day.day}日"


def japanese_year(day: datetime.date) -> str:
    """The year of `day` as 平成25年, 令和元年 or, before 1873, 1872年."""
    for first, era in _ERAS:
        if day >= first:
            # 1873 was the sixth year of Meiji.
            year = day.year - first.year + (6 if era == "明治" else 1)
            return f"{era}{'元' if year == 1 else year}年"
    return f"{day.year}年"


class NoDateError(ValueError):
    """A text is not a date, or the calendar has no such day. The message says why in Japanese."""


def read_date(text: str) -> datetime.date:
    """Parse 2013-03-31, 2013/3/31, 2013年3月31日 or 平成25年3月31日, in full or half width. Raises `NoDateError`."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if found := re.fullmatch(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})", plain):
        year, month, day = int(found[1]), int(found[3]), int(found[4])
    elif found := re.fullmatch(r"(\D*)(元|[0-9]{1,4})年([0-9]{1,2})月([0-9]{1,2})日", plain):
        named = western_year(f"{found[1]}{found[2]}年")
        if named is None:
            raise NoDateError(_NO_DATE)
        year, month, day = named, int(found[3]), int(found[4])
    else:
        raise NoDateError(_NO_DATE)
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        raise NoDateError("暦にない日付です。年月日を確かめてください。") from None
    era = next((name for _, name in _ERAS if plain.startswith(name)), "")
    if era and not japanese_date(date).startswith(era):
        right = japanese_date(date)
        raise NoDateError(f"{era}にない日付です({right}に当たります)。元号と年を確かめてください。")
    return date


_NO_DATE = "日付として読めません。2013-03-31 か 2013/3/31 か 平成25年3月31日 のように書いてください。"


def western_year(text: str) -> int | None:
    """The Western year of 平成24年度 or 2012年 (both 2012); None if `text` is not a single year, or the era is unknown."""
    found = re.fullmatch(r"(\D*)(元|\d{1,4})年度?", "".join(unicodedata.normalize("NFKC", text).split()))
    if not found:
        return None
    era, number = found[1], 1 if found[2] == "元" else int(found[2])
    if not era:
        return number if len(found[2]) == 4 else None
    first = next((first for first, name in _ERAS if name == era), None)
    # 1873 was the sixth year of Meiji.
    return first.year + number - (6 if era == "明治" else 1) if first and number else None
