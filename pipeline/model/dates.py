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


_LETTERS = {"R": "令和", "H": "平成", "S": "昭和"}
_DIGITS = "[0-9０-９]"
_YEAR = (
    f"(?:(?P<era>明治|大正|昭和|平成|令和)(?P<number>元|{_DIGITS}{{1,2}})"
    f"|(?P<letter>[RHSＲＨＳ])(?P<short>{_DIGITS}{{1,2}})|(?P<west>(?:19|20|１９|２０){_DIGITS}{{2}}))"
)
# A head that is a year, and no more than that.
_YEAR_HEAD = f"{_YEAR}(?:年度?)?末?(?:の?実績値?)?"
# A year within a text.
_NAMED_YEAR = (
    f"(?:明治|大正|昭和|平成|令和)(?:元|{_DIGITS})|(?<![A-Za-zＡ-Ｚ])[RHSＲＨＳ]{_DIGITS}{{1,2}}(?!{_DIGITS})"
    f"|(?<!{_DIGITS}){_DIGITS}{{4}}年"
)
_FULL_WIDTH_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
_FULL_WIDTH_LETTERS = str.maketrans("RHS", "ＲＨＳ")


def names_year(text: str) -> bool:
    """Whether `text` names a year, as 令和5年度の実績 does."""
    return bool(re.search(_NAMED_YEAR, text))


def with_era(text: str) -> str:
    """`text` with its era in full if it begins with the letter of one: 令和5年 for R5年 and R.5年."""
    return re.sub(r"^([RHS])\.?\s*(?=[0-9元])", lambda found: _LETTERS[found[1]], text)


def head_year(head: str) -> int | None:
    """The Western year of the fiscal year that a column's head names: 2022 of 令和4年度, R4 and 2022年度実績.

    None if `head` names no single year.
    """
    found = re.fullmatch(_YEAR_HEAD, "".join(head.split()))
    return _western(found) if found else western_year(head)


def _western(found: re.Match[str]) -> int | None:
    """The Western year that a match of `_YEAR_HEAD` names."""
    letter = unicodedata.normalize("NFKC", found["letter"] or "")
    era = found["era"] or _LETTERS.get(letter, "")
    number = unicodedata.normalize("NFKC", found["number"] or found["short"] or found["west"])
    return western_year(f"{era}{number}年")


def next_year(head: str) -> str | None:
    """The head that follows the year `head`: 令和6年度 after 令和5年度, R6 after R5, 2024 after 2023.

    None if `head` says no year, or more than a year (令和7年度目標).
    """
    found = re.fullmatch(_YEAR_HEAD, head)
    if not found:
        return None
    letter = unicodedata.normalize("NFKC", found["letter"] or "")
    year = _western(found)
    if year is None:
        return None
    following = str(year + 1)
    if not found["west"]:
        # The last day of a year has the era that the fiscal year is called by.
        following = japanese_year(datetime.date(year + 1, 12, 31)).removesuffix("年")
        if letter:
            name = next(short for short, long in _LETTERS.items() if following.startswith(long))
            following = f"{name}{following[2:].replace('元', '1')}"
    said = "".join(filter(None, found.groups()))
    for sign in said:
        plain = unicodedata.normalize("NFKC", sign)
        if plain != sign:
            following = following.translate(_FULL_WIDTH_DIGITS if plain.isdecimal() else _FULL_WIDTH_LETTERS)
    return following + head[len(said) :]
