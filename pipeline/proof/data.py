"""Stage 5 for open data: reads the files back and compares them with the model before they are delivered."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipeline.documents.data import CSV, JSON, SCHEMA
from pipeline.documents.data.csv_file import BOM, REPEAT, edition_from_csv, read_csv
from pipeline.documents.data.json_file import DataFile, ItemData, RepeatData, edition_from_json
from pipeline.errors import ProofError
from pipeline.model.edition import Edition, Item, Repeat
from pipeline.model.form import BLANK
from pipeline.model.validation import Validated


def prove_data(files: Mapping[str, bytes], validated: Validated) -> int:
    """Prove that `files` (by name) say what the model says. Returns the number of CSV rows. Raises `ProofError`."""
    try:
        read = _read_back(files)
    except ValueError as error:
        # Only the reading is inside `try`: an exception in our own checks is a bug, not a broken file.
        raise ProofError(f"検査で、オープンデータが読めませんでした({type(error).__name__}: {error})。") from error
    findings = list(_findings(files, read, validated))
    if findings:
        raise ProofError("検査で、オープンデータが元データと一致しませんでした。\n" + "\n".join(findings[:30]))
    return len(read.rows)


class _ReadBack(NamedTuple):
    """data.json, the rows of data.csv, and the edition that is made again from each file."""

    file: DataFile
    rows: list[dict[str, str]]
    editions: dict[str, Edition]


def _read_back(files: Mapping[str, bytes]) -> _ReadBack:
    """Parse the files. Raises `ValueError` if one does not have our format."""
    editions = {JSON: edition_from_json(files[JSON]), CSV: edition_from_csv(files[CSV], files[SCHEMA])}
    return _ReadBack(DataFile.model_validate_json(files[JSON]), read_csv(files[CSV]), editions)


def _findings(files: Mapping[str, bytes], read: _ReadBack, validated: Validated) -> Iterator[str]:
    """Yield a message for each difference between the files and the model."""
    edition = validated.edition
    for name, found in read.editions.items():
        if found != edition:
            yield f"{name}: 元データに戻すと、違うものになります。"
        # The order is printed, and dicts compare equal in any order.
        for one, other in ((found.legend, edition.legend), (found.treatments, edition.treatments)):
            if [*one] != [*other]:
                yield f"{name}: 凡例か今後の取扱いの順が違います。"
    if read.file.edition != validated.source.edition:
        yield f"{JSON}: 版の名前が違います。"
    yield from _check_cells(read, validated)
    if not files[CSV].startswith(BOM.encode()):
        yield f"{CSV}: BOMがありません。"
    rows = list(csv.reader(io.StringIO(files[CSV].decode("utf-8-sig"), newline="")))
    for number, row in enumerate(rows, 1):
        for cell in row:
            if cell != "-" and (cell[:1] in {*"\t\r\n"} or cell.strip()[:1] in {*"=+-@"}):
                yield f"{CSV}: {number}行目に、計算式と取り違えられる値「{cell[:20]}」があります。"
    # Rows end in CRLF; a line end inside a cell is LF.
    if files[CSV].count(b"\r\n") != len(rows):
        yield f"{CSV}: 行の終わりがCRLFではありません。"


def _check_cells(read: _ReadBack, validated: Validated) -> Iterator[str]:
    """Check the derived values (meanings, names, western dates) in each row of both files."""
    edition = validated.edition
    rows = read.rows
    repeats = [isinstance(row, Repeat) for _, row in edition.rows()]
    if [row["行の種類"] == REPEAT for row in rows] != repeats:
        yield f"{CSV}: 再掲の行が違います。"
        return
    everywhere = {
        "版": validated.source.edition,
        "表題": edition.title,
        "自治体": edition.municipality,
        "一覧の担当課": edition.department,
        "年度": edition.fiscal_year,
        "現在日_西暦": str(edition.as_of or ""),
        "前版": edition.previous or "",
        "案": "true" if edition.is_draft else "false",
    }
    for number, (row, (_, part)) in enumerate(zip(rows, edition.rows(), strict=True), 1):
        whole = everywhere | {
            "行": str(number),
            "NO": str(part.number),
            "推進項目": edition.items[part.number].name,
        }
        if isinstance(part, Item):
            whole["実施状況_意味"] = BLANK if part.status == BLANK else edition.legend[part.status]
            whole["今後の取扱い_区分"] = BLANK if part.treatment == BLANK else edition.treatments[part.treatment]
        else:
            whole |= dict.fromkeys(
                ("実施状況_記号", "実施状況_意味", "今後の取扱い", "今後の取扱い_区分", "検証内容"), ""
            )
        for name, wanted in whole.items():
            if row[name] != wanted:
                yield f"{CSV}: {number}行目の{name}が「{wanted}」ではなく「{row[name]}」です。"
    rows_of_json = [row for policy in read.file.policies for measure in policy.measures for row in measure.rows]
    if [isinstance(one, RepeatData) for one in rows_of_json] != repeats:
        yield f"{JSON}: 行が違います。"
        return
    for one, (_, part) in zip(rows_of_json, edition.rows(), strict=True):
        if isinstance(one, ItemData) and isinstance(part, Item):
            meaning, kind = edition.legend.get(part.status, BLANK), edition.treatments.get(part.treatment)
            if (one.status_meaning, one.treatment_kind) != (meaning, kind):
                yield f"{JSON}: NO {part.number}の意味か区分が違います。"
        elif one.name != edition.items[part.number].name:
            yield f"{JSON}: 再掲のNO {part.number}の名称が違います。"
