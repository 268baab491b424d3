"""Sources by chance as people write them, with values written into them and with new numbers, as texts."""

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pipeline.errors import PipelineError, SourceError
from pipeline.library import Library
from pipeline.office.editing import EditError, Place, edit, positions
from pipeline.office.renumber import describe, messages, renumbering
from pipeline.office.status import status
from pipeline.source.tree import parse_source

PATH = Path("source/test.yaml")
TOP = """\
表題: 試験一覧
担当課: 甲課
凡例: {◎: 実施済, ○: 継続推進, ×: 検討中}
今後の取扱い: {完了: 終了, 継続: 継続}
"""
FORM = """\
表題: 別の一覧
段: []
項目: {名称: 仕事, 番号: 自由}
欄:
  出来, 良否: {種類: 語, 語: [早い, 並み]}
  実績: {種類: 数, 年度: [R4, R5]}
  目標: {種類: 数}
  期限: {種類: 日付}
  様子: {種類: 文章}
"""
NEW = ["", "短い", "一行。\n二行。", "一行。\n\n  三行: #", "'", '"', "a: b", "# 注", "- 項目", "1,250", "12", "2024-03-31", "true", "◎", "○", "完了", "*", "[x]", "{y}", "a, b", "終わり ", "[未]", "長い文。" * 40, "\\n", "!x", "&y", "%z", "@w", "null", "1e3", "：全角"]  # fmt: skip


def _value(chance: random.Random, text: str, lead: str) -> str:
    """`text` after its key, as people write it."""
    if "\n" in text:
        sign = chance.choice(["|", "|-", "|+", "|2", ">", "|  # 注"])
        extra = "" if "2" in sign else chance.choice(["", " ", "  "])
        blank = chance.choice(["", "\n", "\n\n"])
        return f" {sign}\n" + "\n".join(f"{lead}  {extra}{line}" if line else "" for line in text.split("\n")) + blank
    quoted = text.replace("'", "''")
    shapes = [f" {text}", f" '{quoted}'", f' "{text}"', f"   {text}   # 注", f"\n{lead}  {text}", f" '{quoted}' # 注"]
    return chance.choice(shapes) if text else chance.choice(["", " ", "  # ここに", ' ""', " ''"])


def _items(chance: random.Random, lead: str, kinds: Mapping[str, list[str]], has_repeats: bool) -> Iterator[str]:
    number = 0
    for _ in range(chance.choice([1, 2, 3, 5])):
        number += chance.choice([1, 1, 1, 3])
        values = {"NO": f"{number}", "名称": chance.choice(["項目", f"NO {number}の後", "取組(NO.1)"]) + f"{number}"}
        for key, texts in kinds.items():
            if chance.random() < 0.8 or texts[0]:
                values[key] = chance.choice(texts)
        if chance.random() < 0.2 and all("\n" not in value and "[" not in value for value in values.values()):
            yield f"{lead}- {{{', '.join(f'{chr(34)}{key}{chr(34)}: {chr(34)}{value}{chr(34)}' for key, value in values.items())}}}"
            continue
        if chance.random() < 0.2:
            yield f"{lead}# 項目{number}"
        before = f"{lead}- "
        for key, value in values.items():
            shown = f" {value}" if key == "NO" or value.startswith("[") else _value(chance, value, f"{lead}  ")
            yield f"{before}{key}:{shown}"
            before = f"{lead}  "
        if chance.random() < 0.3:
            yield ""
        if has_repeats and chance.random() < 0.3:
            yield f"{lead}- 再掲: {chance.choice([1, 1, 2])}"


USUAL: Mapping[str, list[str]] = {
    "実施状況": ["◎", "○", "×", "未記入"],
    "今後の取扱い": ["完了", "継続", "未記入"],
    "検証内容": ["", "終わった。", "前の文。\n二行目。", "上。\n\n下。", "前:後"],
    "担当課": ["", "乙課", "甲課、丙課"],
}
OTHER: Mapping[str, list[str]] = {
    "出来, 良否": ["早い", "並み"],
    "実績": ["[1, 2]", '["1,250", -]', "[ なし , 3 ]  # 二年"],
    "目標": ["12", "1,250", "なし"],
    "期限": ["", "2024-03-31"],
    "様子": ["", "良い。", "良い。\nとても。"],
}


def source(chance: random.Random, form: str, previous: str = "") -> str:
    """The text of a source."""
    text = form + (f"前版: {previous}\n" if previous else "")
    if form is TOP:
        text += "推進方針:\n"
        for policy in range(chance.choice([1, 2])):
            text += f"  - 名称: 方針{policy}\n    推進施策:\n      - 名称: 施策\n        推進項目:\n"
            listed = "\n".join(_items(chance, "          ", USUAL, policy == 1))
            text += "\n".join(_shifted(line, policy * 20) for line in listed.split("\n")) + "\n"
    else:
        text += "仕事:\n" + "\n".join(_items(chance, "  ", OTHER, False)) + "\n"
    end = chance.choice(["\n", "\n", "\n", "\r\n", "\r"])
    text = text.replace("\n", end)
    mark = chance.choice(["", "", "", "\ufeff"])
    return mark + (text.rstrip() if chance.random() < 0.2 else text)


def _shifted(line: str, by: int) -> str:
    """A line in which the NO is `by` higher."""
    before, sign, number = line.partition("NO: ")
    return f"{before}{sign}{int(number) + by}" if sign and number.isdecimal() else line


def edits() -> Iterator[str]:
    """What becomes of sources into which values are written."""
    for seed in range(160):
        chance = random.Random(seed)
        text = source(chance, chance.choice([TOP, TOP, FORM]))
        try:
            before = parse_source(PATH, text.encode())
        except SourceError as error:
            yield f"{seed} {error.problems[0]}"
            continue
        places = positions(before)
        answers: dict[int, dict[Place, str]] = {}
        for (number, place), _ in chance.sample(
            sorted(places.items(), key=str), min(len(places), chance.choice([1, 2, 3, 5]))
        ):
            if place not in ("NO", "名称", "実績"):
                answers.setdefault(number, {})[place] = chance.choice(NEW)
        for key in ("検証内容", "様子", "期限", "担当課", "印"):
            if answers and chance.random() < 0.2:
                answers[chance.choice(sorted(answers))].setdefault(key, chance.choice(NEW))
        yield f"{seed} {answers}"
        try:
            yield repr(edit(before, answers).data.decode())
        except EditError as error:
            yield str(error)


def _library(folder: Path, **texts: str) -> Library:
    library = Library(folder)
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_bytes(text.encode())
    return library


def numberings() -> Iterator[str]:
    """What becomes of sources that are numbered anew, of those that follow them, and who has not answered."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(60):
            chance = random.Random(seed)
            text = source(chance, TOP)
            later = source(chance, TOP, "test").replace("名称: 項目", f"前版NO: [{chance.randint(1, 3)}, '{chance.randint(4, 24)}']\n            名称: 項目", 1)  # fmt: skip
            if chance.random() < 0.3:
                later = later.replace(
                    "推進方針:", f"廃止: [{{前版NO: [{chance.randint(1, 9)}], 理由: 縮小}}]\n推進方針:", 1
                )
            if chance.random() < 0.3:
                text = text.replace(
                    "推進方針:", f"確認済: [{{警告: W501, NO: {chance.randint(1, 24)}, 理由: 欠番}}]\n推進方針:", 1
                )
            library = _library(folder, test=text, later=later)
            path = folder / "test.yaml"
            said = [f"{seed}"]
            try:
                said.append(status(path, library))
                found = renumbering(path, library)
                said += [describe(found), *messages(found), f"{found.is_needed}"]
                said += [f"{one.name} {new.decode()!r}" for one, (_, new) in found.changes.items()]
            except PipelineError as error:
                said.append(str(error))
            yield "\n".join(said).replace(name, "")


TEXTS: Mapping[str, Callable[[], Iterator[str]]] = {function.__name__: function for function in (edits, numberings)}
