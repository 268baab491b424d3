"""Stage 2: validates a source's tree into an `Edition`, or reports all its problems in one pass."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.errors import Problem, SourceError, printable
from pipeline.fonts import coverage, font_files
from pipeline.source.characters import defects, is_everyday, meant, named, quoted, visible
from pipeline.source.limits import MAX_PROBLEMS, MAX_TEXT
from pipeline.source.tree import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Source,
    plain,
    scalars,
    with_notice,
    with_rest_unchecked,
)

from .edition import Edition, Repeat, edition_model
from .form import DEFAULT, KINDS, SHORT_DONE, SHORT_WORDS, Form
from .rules import Previous, acknowledgements, check_rules, form_of_tree, label, numbers_by_place

_SHAPES = {
    "model_type": "「キー: 値」の組",
    "model_attributes_type": "「キー: 値」の組",
    "dict_type": "「キー: 値」の組",
    "string_type": "文字",
    "tuple_type": "並び(「- 」で始まる行か、[11, 12] の形)",
}


@dataclass(frozen=True, slots=True)
class Validated:
    """An edition without errors, its source, and the warnings; those that are 確認済 apart, each with its reason."""

    edition: Edition
    source: Source
    warnings: tuple[Problem, ...]
    acknowledged: tuple[tuple[Problem, str], ...] = ()


def validate(source: Source, previous: Previous | None = None) -> Validated:
    """The edition in `source`. Raises `SourceError` with all errors and warnings, in file order.

    `previous` is the result of looking up its 前版; None for a source outside the library, for which that is not checked.
    """
    form = checked_form(source)
    problems = list(_bounded(check_rules(source, form, previous)))
    # Report one error a place: an unknown status symbol, the real mistake, is often missing from the fonts as well.
    named_already = {(problem.line, problem.column) for problem in problems if problem.is_error}
    problems += _bounded(
        problem for problem in _check_characters(source, form) if (problem.line, problem.column) not in named_already
    )
    problems += _check_reading(source, form)
    edition = None
    try:
        edition = edition_model(form).model_validate(plain(source.root))
    except ValidationError as error:
        problems += _bounded(_translated(source, form, error))
    if edition:
        problems += _check_widths(source, edition)
    problems.sort(key=lambda problem: (problem.path != str(source.path), problem.line, problem.column, problem.code))
    if edition is None or any(problem.is_error for problem in problems):
        raise SourceError(with_notice(problems))
    return _acknowledged(Validated(edition, source, tuple(problems)), form)


def _acknowledged(validated: Validated, form: Form) -> Validated:
    """`validated` with the warnings that are 確認済 apart, and a warning (W515) for each 確認済 without a warning."""
    said = validated.edition.acknowledged
    if not said:
        return validated
    source = validated.source
    owners = numbers_by_place(source.root, form)
    starts = [start[:2] for start in owners]
    left: list[Problem] = []
    found: list[tuple[Problem, str]] = []
    used: set[int] = set()
    there: dict[str, list[int | None]] = {}
    for warning in validated.warnings:
        at = bisect_right(starts, (warning.line, warning.column))
        number = owners[at - 1][2] if at else None
        there.setdefault(warning.code, []).append(number)
        fitting = [at for at, one in enumerate(said) if (one.code, one.number) == (warning.code, number)]
        used |= {*fitting}
        if fitting:
            found.append((warning, said[fitting[0]].reason))
        else:
            left.append(warning)
    for at, (one, node) in enumerate(zip(said, acknowledgements(source.root), strict=True)):
        if at not in used:
            others = [f"NO {number}" if number else "項目の外" for number in dict.fromkeys(there.get(one.code, ()))]
            fix = (
                f"{one.code}があるのは、{'、'.join(others[:12])}です。"
                if others
                else "直した警告なら、この行を削除してください。"
            )
            of = f"(NO {one.number})" if one.number else ""
            message = f"「確認済」の{one.code}{of}に該当する警告がありません。{fix}"
            left.append(Problem(str(source.path), node.line, node.column, "W515", message))
    left.sort(key=lambda problem: (problem.line, problem.column, problem.code))
    return replace(validated, warnings=tuple(left), acknowledged=tuple(found))


def checked_form(source: Source) -> Form:
    """The form in `source`. Raises `SourceError` if it has errors: then the rest cannot be checked."""
    form = form_of_tree(source.root)
    if not source.root.entries.keys() & {*DEFAULT, *SHORT_DONE.values()}:
        return form
    from .form_rules import check_form  # here: most sources have no form of their own

    problems = list(check_form(source, form))
    if form.written:
        from .specs import FormSource

        try:
            FormSource.model_validate({key: plain(source.root.entries[key]) for key in form.written})
        except ValidationError as error:
            problems += _bounded(_translated(source, form, error))
    if problems:
        problems.sort(key=lambda problem: (problem.line, problem.column, problem.code))
        problems[-1] = with_rest_unchecked(problems[-1])
        raise SourceError(with_notice(problems))
    return form


def _check_widths(source: Source, edition: Edition) -> Iterator[Problem]:
    """E418 if the columns do not fit on the sheet. Those of the default form always do."""
    if not edition.form.has_own_columns:
        return
    from .column_widths import ColumnWidths, fitting  # here: most sources have no form of their own

    if missing := ColumnWidths(edition).missing:
        advice = fitting(edition)
        place = source.root.keys["欄"]
        yield Problem(
            str(source.path),
            place.line,
            place.column,
            "E418",
            f"欄が多すぎて、{edition.sheet_name}の幅に約{missing:.0f}mm入りません。"
            + (f"{advice}と入ります。" if advice else "欄を減らすか、文章の欄に「段落: 下」と書いてください。"),
        )


def _translated(source: Source, form: Form, error: ValidationError) -> Iterator[Problem]:
    details = error.errors(include_url=False, include_input=False)
    return filter(None, (_translate(source, form, detail) for detail in details))


def _bounded(problems: Iterator[Problem]) -> Iterator[Problem]:
    """`problems` up to and including error number `MAX_PROBLEMS`."""
    errors = 0
    for problem in problems:
        yield problem
        errors += problem.is_error
        if errors == MAX_PROBLEMS:
            return


def _translate(source: Source, form: Form, detail: ErrorDetails) -> Problem | None:
    """One of pydantic's errors as a `Problem` with its place; None if it only follows from another error."""
    steps = _steps(detail["loc"])
    node, owner = _find(source.root, steps, form)
    key = next((str(step) for step in reversed(steps) if isinstance(step, str)), "")
    advice = _advice(form, key, len(steps) == 1)
    subject = _subject(steps, owner)
    kind = detail["type"]
    place: Node = node
    is_column = kind == "E218" and len(steps) == 2 and steps[0] == "欄"
    if is_column and isinstance(node, Mapping):  # its 種類 is missing or unknown
        kinds = f"{'、'.join(f'「{one}」' for one in KINDS)}のどれかを書いてください。"
        place = node.entries.get("種類", node)
        what = "がありません" if place is node else f"「{visible(node.text('種類') or '')}」は、使えません"
        code, message = "E201" if place is node else "E218", f"欄「{visible(key)}」の種類{what}。{kinds}"
    elif is_column and plain(node):  # 所管: 課
        shape = _SHAPES["dict_type"]
        code, message = (
            "E203",
            f"{subject}は{shape}で書いてください(例 {{種類: 文章}}。書かれている値: {_shown(node)})。",
        )
    elif kind == "missing":
        code, message = "E201", f"{subject}がありません。{advice or '書き足してください。'}"
    elif kind == "extra_forbidden":
        code, message = "E202", _unknown_key(source.root, steps, owner, key, form)
        parent, _ = _find(source.root, steps[:-1], form)
        place = parent.keys[key] if isinstance(parent, Mapping) and key in parent.keys else node
    elif detail["loc"][-1:] == ("[key]",):
        parent, _ = _find(source.root, steps[:-1], form)
        # Words may be a list, too.
        words = parent.items if isinstance(parent, Sequence) else ()
        if isinstance(parent, Mapping):
            place = parent.keys[key]
        else:
            place = next((one for one in words if isinstance(one, Scalar) and one.text == key), parent)
        of = _subject(steps[:-1], "")
        if kind == "string_too_long":
            code, message = "E208", f"{of}のキー「{visible(key)}」が{_too_long(key, detail)}"
        else:
            code, message = "E204", f"{of}に空のキーがあります。記号か語を書いてください。"
    elif kind == "too_short" or (isinstance(node, Scalar) and not node.text):
        if kind == "too_short" and plain(node):
            return None  # its content is invalid, which is reported by itself
        code, message = "E204", f"{subject}が空です。{advice or '値を書いてください。'}"
    elif kind == "too_long":
        most = detail["ctx"]["max_length"]
        # pydantic does not always know the length.
        assert not isinstance(node, Scalar)
        count, unit = (len(node.entries), "種類") if isinstance(node, Mapping) else (len(node.items), "個")
        code, message = "E215", f"{subject}が{count}{unit}あります。{most}{unit}までにしてください。"
    elif kind == "E214":
        code, message = kind, f"{subject}に{detail['msg']}"
    elif kind in ("E204", "E213"):
        code, message = kind, f"{subject}が{detail['msg']}"
    elif kind == "E206":
        code, message = (
            kind,
            f"「{key}」には、{_FLAGS.get(key, 'true か false')}を書いてください(書かれている値: {_shown(node)})。",
        )
    elif kind.startswith("E"):
        value = _shown(node) if isinstance(node, Scalar) else f"({_shown(node)})"
        if subject.endswith("」"):
            value = "の値" + value
        code, message = kind, f"{subject}{value}は、{detail['msg']}"
    elif kind in _SHAPES:
        code, message = "E203", f"{subject}は{_SHAPES[kind]}で書いてください(書かれている値: {_shown(node)})。"
    elif kind == "string_too_long":
        assert isinstance(node, Scalar)
        code, message = "E208", f"{subject}が{_too_long(node.text, detail)}"
    else:
        raise AssertionError(f"no message for pydantic's error type {kind}")
    return Problem(str(source.path), place.line, place.column, code, message)


def _too_long(text: str, detail: ErrorDetails) -> str:
    return f"{len(text):,}字あります。{detail['ctx']['max_length']:,}字までにしてください。"


def _steps(loc: tuple[int | str, ...]) -> list[int | str]:
    """The keys and indices from the root to pydantic's `loc`, without the markers that pydantic inserts."""
    steps: list[int | str] = []
    for at, step in enumerate(loc):
        is_kind_of_row = step in ("item", "repeat") and bool(steps) and isinstance(steps[-1], int)
        is_kind_of_column = at == 2 and step in KINDS and steps[0] == "欄"
        if not is_kind_of_row and not is_kind_of_column and step != "[key]":
            steps.append(step)
    return steps


def _subject(steps: list[int | str], owner: str) -> str:
    """The subject of a message: NO 5「…」の名称, 施策の「名称」, 「方針」の2番目 or 「表題」."""
    keys = [visible(step) for step in steps if isinstance(step, str)]
    if not keys:
        return "全体"
    if keys[-1] == "再掲":
        return "再掲"
    if owner:
        return f"{owner}の{keys[-1]}"
    if isinstance(steps[-1], int):
        return f"「{keys[-1]}」の{steps[-1] + 1}番目"
    return f"{keys[-2]}の「{keys[-1]}」" if len(keys) > 1 else f"「{keys[-1]}」"


# The meanings of a flag's values, by key.
_FLAGS = {
    "案": "true(案と表示する)か false(表示しない)",
    "改ページ": "true(ここから新しいページにする)か false(しない)",
}


# What to write for a part of the form that has no value.
_EMPTY = {
    "段": "見出しのない一覧なら、「段: []」と書いてください。",
    "欄": "名称の右の欄を、一つ以上書いてください(例 備考: {種類: 文字})。",
}


def _advice(form: Form, key: str, is_at_top: bool) -> str:
    """What to write for a missing value; empty where there is nothing more to say than to write it."""
    undecided = "決まっていなければ「未記入」と書いてください。"
    if is_at_top:
        if key == (form.levels[0].key if form.levels else form.item.key):
            return "一つ以上書いてください。"
        if key in _EMPTY:
            return _EMPTY[key]
        of = next((column for column in form.own if SHORT_WORDS.get(column.key) == key), None)
        if of and of.kind == "symbol":
            return "記号と意味を書いてください(例 ◎: 実施済)。"
        return "語と、次の版に続くかどうかを書いてください(例 完了: 終了)。" if of else ""
    column = next((column for column in form.own if column.key == key), None)
    match column.kind if column else "":
        case "symbol":
            return f"凡例の記号を書いてください。{undecided}"
        case "term":
            return f"「{key}」の語を書いてください。{undecided}"
        case "figure":
            return f"数がなければ「-」か「なし」、{undecided}"
    return {
        "NO": "項目の番号を書いてください(例 NO: 1)。",
        "再掲": "再び掲げる項目のNOを書いてください。",
        "種類": f"{'、'.join(f'「{kind}」' for kind in KINDS)}のどれかを書いてください。",
    }.get(key, "")


def _find(root: Node, steps: list[int | str], form: Form) -> tuple[Node, str]:
    """The node at `steps`, or its nearest existing ancestor, and the label of the item that contains it."""
    node, owner, above = root, "", ""
    for step in steps:
        if isinstance(node, Mapping):
            above = str(step)
            child = node.entries.get(str(step))
        else:
            child = node.items[int(step)] if isinstance(node, Sequence) and isinstance(step, int) else None
        if child is None:
            break
        node = child
        if isinstance(node, Mapping) and above == form.item.key:
            owner = label(node)
    return node, owner


def _shown(node: Node) -> str:
    if isinstance(node, Scalar):
        return quoted(node.text)
    return "並び" if isinstance(node, Sequence) else "「キー: 値」の組"


def _unknown_key(root: Mapping, steps: list[int | str], owner: str, key: str, form: Form) -> str:
    parent, _ = _find(root, steps[:-1], form)
    if isinstance(parent, Mapping) and "再掲" in parent.entries:
        return f"{owner}の行に「{visible(key)}」は書けません。再掲の行は「再掲: NO」だけにしてください。"
    known = _known_keys(root, tuple(step for step in steps[:-1] if isinstance(step, str)), form)
    near = meant(key, known)
    if near and near == key.strip():
        fix = f"「{near}」の前か後の全角の空白を削除してください。"
    elif near:
        fix = f"「{near}」ではありませんか。"
    else:
        fix = f"使えるキーは{'、'.join(known)}です。"
    return f"{owner + 'の' if owner else ''}キー「{visible(key)}」は使えません。{fix}"


def _known_keys(root: Mapping, keys: tuple[str, ...], form: Form) -> list[str]:
    """The keys that may stand in the mapping below `keys`."""
    if keys[:1] in {("段",), ("項目",), ("欄",)}:
        from . import specs  # here: most sources have no form of their own

        columns = root.entries.get("欄")
        spec = columns.entries.get(keys[-1]) if isinstance(columns, Mapping) else None
        kind = (spec.text("種類") or "") if isinstance(spec, Mapping) else ""
        part = {"段": specs.LevelSpec, "項目": specs.ItemSpec}.get(keys[0]) or specs.SPECS[kind]
        return [str(field.alias) for field in part.model_fields.values()]
    model: type[BaseModel] = edition_model(form, with_all_keys=not keys)
    for key in keys:
        field = next((field for field in model.model_fields.values() if field.alias == key), None)
        model = next(iter(_models(field.annotation)), Repeat) if field else Repeat
    return [str(field.alias) for field in model.model_fields.values()]


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The models in a type, in order, like that of a section in a tuple of sections."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _check_characters(source: Source, form: Form) -> Iterator[Problem]:
    """Characters that may not be printed (E3xx). Values over the length limit are skipped: that error comes first."""
    # Line breaks keep a mark at the start of one text apart from the letter at the end of another.
    everything = "\n".join(scalar.text for scalar in scalars(source.root) if len(scalar.text) <= MAX_TEXT)
    font_files()  # raises LackError if a font is missing, even if none need be read
    if is_everyday(everything):
        return
    known = coverage()
    bad = {characters[-1] for characters, _, _ in defects(everything, known)}
    if not bad:
        return
    lines = source.lines
    for owner, scalar in _owned(source.root, "", form.item.key):
        if len(scalar.text) > MAX_TEXT or bad.isdisjoint(scalar.text):
            continue
        for characters, code, sentence in defects(scalar.text, known):
            # The exact column is known if the value is on one line and unescaped; otherwise use that of the value.
            end = scalar.column + len(scalar.text) + 1
            offset = lines[scalar.line - 1].find(characters, scalar.column - 1, end)
            column = offset + 1 if offset >= 0 else scalar.column
            subject = f"{owner}にある" if owner else ""
            context = _context(scalar.text, characters)
            message = f"{subject}{named(characters)}{sentence}{context}"
            yield Problem(str(source.path), scalar.line, column, code, message)


# Straight quotation marks around or within Japanese text; not the inch mark of 32".
_STRAIGHT = re.compile("(\")[^\"]*\"|(?<![0-9])(\")|(')[^'\n]*[^\x00-\x7f'][^'\n]*'")
# A backslash before a digit: Japanese Windows displays it, and Japanese keyboards type it, as ¥.
_BACKSLASH = re.compile(r"(\\)(?=[0-9０-９])")


def _check_reading(source: Source, form: Form) -> Iterator[Problem]:
    """Warnings on values that YAML may have read, or that will print, otherwise than the writer meant."""
    if not source.oddities and not any(
        _BACKSLASH.search(one.text) or '"' in one.text or "'" in one.text for one in scalars(source.root)
    ):
        return
    owned = [*_owned(source.root, "", form.item.key)]
    places = [(scalar.line, scalar.column) for _, scalar in owned]
    for oddity in source.oddities:
        at = bisect_right(places, (oddity.line, oddity.column))
        yield _warning(source, oddity.code, owned[at - 1][0] if at else "", oddity.message, oddity.line, oddity.column)
    lines = source.lines
    for owner, scalar in owned:
        text = scalar.text
        if len(text) > MAX_TEXT:
            continue
        for code, sign, message in _keyboard_characters(text):
            line, begin = lines[scalar.line - 1], scalar.column - 1
            # An opening quotation mark delimits the value and is not part of it, so search after it.
            offset = line.find(sign, begin + (line[begin : begin + 1] in ("'", '"')))
            yield _warning(source, code, owner, message, scalar.line, (offset if offset >= 0 else begin) + 1)


def _keyboard_characters(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (code, character, message) for ASCII characters typed in place of Japanese ones."""
    if not text.isascii() and (match := _STRAIGHT.search(text)):
        sign = next(filter(None, match.groups()))
        yield "W512", sign, f"半角の引用符({sign})は、そのまま印刷されます。「 」か “ ” に改めてください。"
    if _BACKSLASH.search(text):
        yield (
            "W513",
            "\\",
            "数字の前の「\\」は、Windowsでは「¥」に見えますが、「\\」と印刷されます。金額なら「￥」か「円」で書いてください。",
        )


def _warning(source: Source, code: str, owner: str, message: str, line: int, column: int) -> Problem:
    return Problem(str(source.path), line, column, code, f"{owner}で、{message}" if owner else message)


def on_paper(message: str) -> str:
    """`message` of a problem with 〓 for what may not be printed: a comment in a source, which it quotes, may say anything."""
    message = printable(message)
    if not is_everyday(message):
        for characters, *_ in defects(message, coverage()):
            message = message.replace(characters, "〓")
    return message


def _owned(node: Node, owner: str, items: str, above: str = "") -> Iterator[tuple[str, Scalar]]:
    """Every scalar below `node`, after the name of its owner in messages: NO 5「…」の名称, or 「表題」.

    `items` is the key of the items, `above` the key of `node`.
    """
    if isinstance(node, Scalar):
        yield owner, node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _owned(item, owner, items, above)
    else:
        name = label(node) if above == items else ""
        for key, value in node.entries.items():
            yield owner, node.keys[key]
            yield from _owned(value, f"{name}の{visible(key)}" if name else f"「{visible(key)}」", items, key)


def _context(text: str, characters: str) -> str:
    """The characters around, as a hint to find the place in a long cell."""
    at = text.find(characters)
    before, after = visible(text[max(0, at - 6) : at]), visible(text[at + len(characters) : at + len(characters) + 6])
    if before and after:
        return f"(「{before}」と「{after}」の間)"
    return "(先頭)" if after else "(末尾)" if before else ""
