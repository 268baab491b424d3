"""Whatever happens to a source, reading it ends in an edition or in problems that can be found: never in a traceback."""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.model.schema import edition_schema
from pipeline.model.validation import Validated, validate
from pipeline.source.tree import parse_source

from .conftest import HEALTHY, ROOT

PATH = Path("source/h24.yaml")

# Signs of YAML, look-alikes, invisible ones, halves of sequences, what fonts lack.
ALPHABET = [
    *":-#&*!|>%@`\"'[]{},?~= \t\n\r\0\x1b：　－◯〇✕\u200b\u202e\ufeff\ufe00\u3099\u0301\ue000𠮷⼈\u2028\x85é0２",
    "\\",
]
PIECES = [
    "- 再掲: 1\n",
    "前版: h24\n",
    "統合先:",
    "<<: *a",
    "!!str",
    "&a ",
    "---\n",
    "...\n",
    "? ",
    "前版NO: [1, x]",
    "{",
    "}]",
    "未記入",
]

Text = st.text(st.sampled_from(ALPHABET), max_size=3) | st.sampled_from(PIECES)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """HEALTHY after a few accidents that keep most of its structure."""
    text = HEALTHY
    for _ in range(draw(st.integers(1, 4))):
        lines = text.split("\n")
        here, there = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        offset = draw(st.integers(0, len(lines[here])))
        match draw(
            st.sampled_from(["delete", "repeat", "swap", "indent", "outdent", "replace", "insert", "splice", "cut"])
        ):
            case "delete":
                del lines[here]
            case "repeat":
                lines.insert(there, lines[here])
            case "swap":
                lines[here], lines[there] = lines[there], lines[here]
            case "indent":
                lines[here] = draw(st.sampled_from([" ", "  ", "\t", "　"])) + lines[here]
            case "outdent":
                lines[here] = lines[here][draw(st.integers(0, 4)) :]
            case "replace":
                lines[here] = lines[here][:offset] + draw(Text) + lines[here][offset + 1 :]
            case "insert":
                lines[here] = lines[here][:offset] + draw(Text) + lines[here][offset:]
            case "splice":
                lines[here] = lines[here][:offset] + lines[there].lstrip()
            case "cut":
                lines = [*lines[:here], lines[here][:offset]]
        text = "\n".join(lines) or "#"
    return text


def check(data: bytes, lines: int) -> Validated | None:
    """Reading `data` gives an edition, which is returned, or problems that a writer can find and read."""
    validated = None
    try:
        validated = validate(parse_source(PATH, data))
        problems = validated.warnings
        assert not any(problem.is_error for problem in problems)
    except SourceError as error:
        problems = error.problems
        assert any(problem.is_error for problem in problems)
    assert [(problem.line, problem.column) for problem in problems] == sorted(
        (problem.line, problem.column) for problem in problems
    )
    for problem in problems:
        assert problem.path == str(PATH)
        assert 0 <= problem.line <= lines
        assert (problem.column > 0) == (problem.line > 0)
        assert any("ぁ" <= character <= "ん" for character in problem.message)
        assert not any(unicodedata.category(character).startswith("C") for character in problem.message)
    return validated


def count_lines(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


@settings(derandomize=True, max_examples=250, deadline=None)
@given(mutated())
def test_an_accident_ends_in_an_edition_or_in_problems(text: str) -> None:
    check(text.encode(), count_lines(text))


@settings(derandomize=True, max_examples=150, deadline=None)
@given(mutated(), st.sampled_from(["cp932", "utf-16", "utf-8-sig"]), st.integers(0, 800), st.binary(max_size=3))
def test_broken_bytes_end_in_an_edition_or_in_problems(text: str, encoding: str, at: int, junk: bytes) -> None:
    data = text.encode(encoding, "replace")
    check(
        data[:at] + junk + data[at:], data.count(b"\n") + data.count(b"\r") + junk.count(b"\n") + junk.count(b"\r") + 1
    )


# Trees of the right keys with the wrong things in them: what the model says of types.
SCHEMA = json.loads(edition_schema())
KEYS = st.sampled_from(
    sorted({key for part in (SCHEMA, *SCHEMA["$defs"].values()) for key in part.get("properties", ())})
)
VALUES = st.sampled_from(
    ["1", "0", "あ", '""', "　", "true", "未記入", "◎", "継続", "2013-13-01", "[]", "{}", "h24", "~"]
)
TREES = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(KEYS, inner, max_size=6).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        )
    ),
    max_leaves=12,
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, TREES, max_size=8))
def test_right_keys_with_wrong_values_end_in_problems(entries: dict[str, str]) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in entries.items())
    check(text.encode(), count_lines(text))


# By the hundred, each kind in a process of its own, which watches time and memory. `make faults` tries 100,000 sources,
# 10,000 workbooks and 2,000 PDFs.
TIMES = int(os.environ.get("FAULTS", "0")) or 0.1


@pytest.mark.parametrize(("kind", "each"), [("sources", 5_000), ("workbooks", 400), ("pdfs", 100)])
def test_mutations_end_in_no_traceback_no_hang_and_no_heap(kind: str, each: int, tmp_path: Path) -> None:
    count = int(each * TIMES)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.mutants", kind, str(count)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    assert ran.returncode == 0, ran.stdout[-300:] + ran.stderr[-3000:]
    sound, broken, megabytes = map(int, ran.stdout.split("\n")[-2].split())
    assert sound + broken == count
    # The mutations neither miss what they aim at nor leave nothing that could go on.
    assert min(sound, broken) > count // 200
    assert megabytes < 500
