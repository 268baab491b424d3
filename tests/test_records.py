"""Registers, lists of issues and records of deliveries by chance, sound and damaged: what is read in them, and written."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.delivery import issues
from pipeline.delivery.delivery import (
    Delivery,
    Record,
    all_records,
    deliver,
    program_fingerprint,
    records,
    take_as_delivered,
    withdraw,
)
from pipeline.errors import PipelineError
from pipeline.reading import Fingerprint

from .golden.digests import check_text


def _tried(call: Callable[..., object], *arguments: object) -> str:
    try:
        return repr(call(*arguments))
    except PipelineError as error:
        return f"{type(error).__name__}: {error}"


def _entry(chance: random.Random, edition: str, number: int) -> issues.Entry:
    file = chance.choice([f"{edition}.yaml", "report.pdf", "data.csv", 'a,"b".pdf'])
    day = chance.choice(["2026-11-28", "2026/1/5", "2026-1-05", "令和8年", ""])
    return issues.Entry(
        edition,
        str(number),
        day,
        "一覧",
        chance.choice(["", "資料1", "資料\n1"]),
        file,
        chance.choice(["", "3"]),
        "0" * 64,
        "1" * 64,
        chance.choice(["", "案"]),
    )


def _csv(chance: random.Random, entries: list[issues.Entry]) -> bytes:
    """A list, perhaps with more columns, in another order, with empty lines, or damaged."""
    heads, rows = [*issues.HEADS], [[*entry] for entry in entries]
    match chance.randrange(9):
        case 0:
            heads, rows = [*heads, "備考"], [[*row, "済"] for row in rows]
        case 1:
            heads, rows = heads[::-1], [row[::-1] for row in rows]
        case 2:
            rows.insert(0, [""] * len(heads))
        case 3:
            del heads[chance.randrange(len(heads))]
        case 4 if rows:
            rows[0][1] = chance.choice(["0", "x", "1000000", "01"])
        case 5 if rows:
            del rows[-1][chance.randrange(1, 5) :]
    text = "".join(
        ",".join(
            f'"{cell}"' if {*cell} & {*",\n"} else cell.replace('"', '""') and (f'"{cell}"' if '"' in cell else cell)
            for cell in row
        )
        + chance.choice(["\r\n", "\n"])
        for row in [heads, *rows]
    )
    text = chance.choice(["", "\ufeff", "\ufeff"]) + chance.choice(
        [text, text, text.rstrip(), text.replace('"', "", 1)]
    )
    return text.encode(chance.choice(["utf-8"] * 8 + ["cp932"]), "replace")


def registers() -> Iterator[str]:
    """What is read in a register and in the lists of issues, and how a register is completed; in the current folder."""
    for seed in range(60):
        chance = random.Random(seed)
        entries = []
        for edition in ("h24", "h25"):
            for number in chance.sample([1, 2, 3, 10, 999_999], chance.choice([0, 1, 2, 3])):
                some = [_entry(chance, edition, number) for _ in range(chance.randint(1, 2))]
                entries += some if chance.random() < 0.7 else []
                folder = issues.ISSUED / edition / str(number)
                folder.mkdir(parents=True)
                if chance.random() < 0.9:
                    (folder / issues.LIST).write_bytes(
                        _csv(chance, some if chance.random() < 0.9 else [_entry(chance, edition, number + 1)])
                    )
                for one in some:
                    (folder / one.file).write_bytes(b"")
        for name in chance.sample(["h24/.1.x.new", "h24/02", "h24/1000000", "h26/1", ".h27/1"], 2):
            (issues.ISSUED / name).mkdir(parents=True, exist_ok=True)
        if chance.random() < 0.8:
            issues.REGISTER.parent.mkdir(parents=True, exist_ok=True)
            issues.REGISTER.write_bytes(_csv(chance, entries))
        yield _tried(issues.register)
        for edition in ("h24", "h25", "h26"):
            yield _tried(issues.issues, edition)
            yield _tried(issues.next_number, edition)
            yield _tried(issues.needed_last_issue, edition)
            yield from (
                _tried(issues.issue_named, f"{edition}/{which}")
                for which in ("1", "2", "last", "0", "x", "2/report.pdf")
            )
            yield _tried(issues.issue_named, f"source/issued/{edition}/1/")
            if last := issues.last_issue(edition):
                yield f"{last.name} {last.folder} {last.day} {last.source} {_tried(issues.source_of, last)}"
        issues.remove_unfinished()
        yield _tried(issues.complete_register)
        yield repr([issue.name for issue in issues.all_issues()])
        yield repr(sorted(str(path) for path in issues.ISSUED.rglob("*")))
        yield issues.REGISTER.read_bytes().decode("utf-8", "replace") if issues.REGISTER.exists() else ""
        for path in sorted(issues.ISSUED.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def _mark(path: Path) -> Fingerprint | None:
    """The fingerprint of an input that is at present by its name: new, touched, or gone."""
    marks: dict[str, Fingerprint] = {"a": [1, "x"], "b": [2, "x"], "c": [1, "y"]}
    return marks.get(path.stem)


def _damaged(chance: random.Random, record: dict[str, Any]) -> bytes:
    key = chance.choice([*record])
    match chance.randrange(6):
        case 0:
            del record[key]
        case 1:
            record[key] = chance.choice([None, 3, "x", [], {}, ["x"], {"x": "y"}, {"out/x": 5}, True])
        case 2:
            return json.dumps(record).encode()[: chance.randrange(200)]
        case 3:
            record["inputs"] = {chance.choice(["a", "b", "c", "d"]): chance.choice([[1, "x"], None, "x", [2]])}
    return json.dumps(record).encode()


def deliveries() -> Iterator[str]:
    """What records, sound and damaged, say of what was delivered, and what becomes of its files; in the current folder."""
    for seed in range(60):
        chance = random.Random(seed)
        options = chance.choice(["", "ALL"])
        record = Record("one", "report", ("a.yaml",), options)
        paths = [Path(f"out/h24/{name}") for name in chance.sample(["report.pdf", "report.html", "x.csv"], 2)]
        inputs = {name: [1, "x"] for name in chance.sample(["a", "a", "a", "b", "c"], chance.choice([1, 1, 2]))}
        deliver([Delivery(record, inputs, {path: path.name.encode() for path in paths}, "3 A4横")])
        if chance.random() < 0.6:
            record.path.write_bytes(_damaged(chance, json.loads(record.path.read_bytes())))
        if chance.random() < 0.3:
            paths[0].write_bytes(b"edited") if chance.random() < 0.5 else paths[0].unlink()
        for one in (
            Record("one", "report", ("a.yaml",), options),
            Record("one", "report", ("a.yaml",), "ALL"),
            Record("one", "summary", ("a.yaml",), options),
        ):
            yield repr(
                (
                    one.is_current(_mark),
                    one.was_replaced(),
                    one.extent,
                    one.inputs,
                    [*map(str, one.outputs)],
                    one.has_same_inputs(_mark),
                )
            )
        found = Record.delivered("one")
        yield repr(found and (found.kind, found.sources, found.options))
        yield repr([[one.name for one in some] for some in (records(), all_records())])
        match chance.randrange(3):
            case 0:
                take_as_delivered(paths[0]) if paths[0].exists() else None
                yield repr(Record("one", "report", ("a.yaml",), options).is_current(_mark))
            case 1:
                withdraw(Record("one"))
            case _:
                again = Record("one", "report", ("a.yaml",), options)
                deliver([Delivery(again, inputs, {paths[1]: b"new"}, "")])
        yield repr(
            sorted(
                f"{path} {path.read_text('utf-8') if path.suffix != '.json' else ''}"
                for path in Path("out").rglob("*.*")
                if path.is_file()
            )
        )
        for path in Path("out").rglob("*.*"):
            path.unlink() if path.is_file() else None


@pytest.mark.parametrize("made", [registers, deliveries])
@pytest.mark.usefixtures("project")
def test_what_is_read_and_written_is_what_it_was(
    made: Callable[[], Iterator[str]], request: pytest.FixtureRequest
) -> None:
    program = program_fingerprint()
    check_text("records", made.__name__, (line.replace(program, "program") for line in made()), request)
