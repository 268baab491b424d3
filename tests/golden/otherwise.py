"""Documents of which something is expected otherwise than it is printed, by chance: what the proof says of it."""

import datetime
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.documents.book import book
from pipeline.documents.data import open_data
from pipeline.documents.document import Block, Cell, Document, Expected, Paragraph, Row
from pipeline.errors import ProofError
from pipeline.model.validation import Validated, validate
from pipeline.proof.book import prove_book
from pipeline.proof.data import prove_data
from pipeline.proof.proof import prove
from pipeline.source.tree import parse_source
from tests.made_up import FormMaker


def _cell(chance: random.Random, cell: Cell) -> Cell:
    match chance.randrange(10):
        case 0:
            return replace(cell, text=f"{cell.text}。")
        case 1:
            return replace(cell, text=cell.text[1:])
        case 2:
            return replace(cell, headers=(*cell.headers, "x"))
        case 3:
            return replace(cell, scope=chance.choice(["", "Row", "Column"]))
        case 4:
            return replace(cell, alternate=chance.choice(["", "別"]))
        case 5:
            return replace(cell, id=chance.choice(["", "x"]))
        case 6:
            return replace(cell, marked=chance.choice([(), (cell.text[:2],), (*cell.marked, "あ\nい")]))
        case 7:
            return replace(cell, said="言う", heading=3)
        case 8:
            return replace(cell, text=f"{cell.text}\n・{cell.text}")
    return replace(cell, text=f"{cell.text} https://www.example.lg.jp/")


def _row(chance: random.Random, row: Row) -> Row:
    cells = [*row.cells]
    match chance.randrange(8):
        case 0:
            return replace(row, context=f"{row.context}続")
        case 1:
            return replace(row, is_heading=not row.is_heading)
        case 2:
            del cells[chance.randrange(len(cells))]
        case _:
            at = chance.randrange(len(cells))
            cells[at] = _cell(chance, cells[at])
    return replace(row, cells=tuple(cells))


def _paragraph(chance: random.Random, one: Paragraph) -> Paragraph:
    match chance.randrange(4):
        case 0:
            return replace(one, text=f"{one.text}。")
        case 1:
            return replace(one, kind=chance.choice(["P", "H2", "Note", "Figure"]))
        case 2:
            return replace(one, alternate=f"{one.alternate}図")
    return replace(one, text=f"{one.text} https://www.example.lg.jp/")


def _block(chance: random.Random, block: Block) -> Block:
    if isinstance(block, Paragraph):
        return _paragraph(chance, block)
    rows, heads = [*block.rows], [[*row] for row in block.heads]
    match chance.randrange(10):
        case 0:
            head = chance.choice(heads)
            at = chance.randrange(len(head))
            head[at] = _cell(chance, head[at])
        case 1:
            heads.append([])
        case 2:
            del rows[chance.randrange(len(rows)) :]
        case 3:
            return replace(block, pictures_head=f"{block.pictures_head}図")
        case _:
            for _ in range(4):
                at = chance.randrange(len(rows))
                rows[at] = _row(chance, rows[at])
    return replace(block, rows=tuple(rows), heads=tuple(map(tuple, heads)))


def _expected(chance: random.Random, expected: Expected) -> Expected:
    masthead, repeated, blocks = [*expected.masthead], [*expected.repeated], [*expected.blocks]
    for _ in range(6):
        match chance.randrange(12):
            case 0 if masthead:
                at = chance.randrange(len(masthead))
                masthead[at] = _paragraph(chance, masthead[at])
            case 1 if repeated:
                at = chance.randrange(len(repeated))
                repeated[at] = _paragraph(chance, repeated[at])
            case 2:
                expected = replace(expected, title=f"{expected.title}。", author=chance.choice(["", "誰か"]))
            case 3:
                expected = replace(expected, page_size=(expected.page_size[0], expected.page_size[1] + 1))
            case 4 if chance.random() < 0.3:
                blocks.append(Paragraph("P", "後書き"))
            case _:
                at = chance.randrange(len(blocks))
                blocks[at] = _block(chance, blocks[at])
    return replace(expected, masthead=tuple(masthead), repeated=tuple(repeated), blocks=tuple(blocks))


def _document(chance: random.Random, document: Document) -> Document:
    carried = document.carried
    match chance.randrange(8):
        case 0:
            carried = replace(carried, day=datetime.date(2001, 2, 3))
        case 1:
            carried = replace(carried, files=tuple(replace(one, data=b"x") for one in carried.files))
        case 2:
            carried = replace(carried, files=(*carried.files, replace(carried.files[0], name="more.yaml")))
    return replace(document, expected=_expected(chance, document.expected), carried=carried)


def doubts(documents: Mapping[str, Document], pdfs: Mapping[str, bytes], seeds: range) -> Iterator[tuple[str, str]]:
    """The names of cases, and what the proof says of each."""
    for name, document in documents.items():
        for seed in seeds:
            try:
                said = str(prove(pdfs[name], _document(random.Random(f"{name} {seed}"), document)))
            except ProofError as error:
                said = str(error)
            yield f"doubts-{name}-{seed}.txt", said


def doubts_of_data() -> Iterator[str]:
    """What the proof says of the open data and of the workbook of an edition, held against the next one."""
    for seed in (1, 8):
        old, new = (
            validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))
            for name, text in zip(("made-up", "later"), FormMaker(seed).years(), strict=True)
        )
        for made, against in ((old, new), (new, old)):
            yield _said(prove_data, open_data(made), against)
        chance, files = random.Random(seed), open_data(new)
        for name in files:
            for _ in range(1 if name.endswith("schema.json") else 14):
                yield _said(prove_data, {**files, name: _damaged(chance, files[name])}, new)
    yield _said(prove_book, book(old), new)


def _damaged(chance: random.Random, data: bytes) -> bytes:
    """`data` with a value, or a line or a word of one, left out, repeated or exchanged."""
    if data.lstrip().startswith(b"{"):
        whole = json.loads(data)
        within, key = chance.choice([*_places(whole)])
        match chance.randrange(4):
            case 0:
                within.pop(key)
            case 1 if isinstance(within, list):
                within.insert(key, within[key])
            case 2:
                within[key] = chance.choice([None, "", 0, 7, "x", [], {}])
            case _:
                within[key] = within[key] + 1 if isinstance(within[key], int | float) else f"{within[key]}。"
        return json.dumps(whole, ensure_ascii=False).encode()
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    words = lines[at].split(b",")
    match chance.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines[at] = b",".join(words[::-1])
        case _:
            words[chance.randrange(len(words))] = chance.choice([b"", b"x", b"1", b'""', "未記入".encode()])
            lines[at] = b",".join(words)
    return b"\n".join(lines)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each list or mapping in a value, with each of its indices or keys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield value, key
        yield from _places(one)


def _said(prove: Callable[..., int], made: Any, validated: Validated) -> str:
    try:
        return str(prove(made, validated))
    except ProofError as error:
        # The words of a library are those of its version.
        return re.sub(r"(読めませんでした\(\w+).*", r"\1", str(error), flags=re.DOTALL)
