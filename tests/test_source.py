"""Hostile and foreign files: each is answered with a problem, soon and in bounded memory; and what is sound is read."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.cli import command
from pipeline.errors import Problem, SourceError
from pipeline.model.validation import validate
from pipeline.source import tree
from pipeline.source.limits import MAX_BYTES, MAX_DEPTH, MAX_KEY
from pipeline.source.tree import parse_source, plain, read_source

from .conftest import HEALTHY
from .warm import WarmProcess, warm_process

MEGA = 1024 * 1024

# A file's bytes; the place, the code and words of the first problem.
FILES: dict[str, tuple[bytes, str, str, str]] = {
    "cp932": (HEALTHY.encode("cp932"), "1:1", "E103", "シフトJIS(CP932)のようです"),
    "EUC-JP": (HEALTHY.encode("euc_jp"), "1:2", "E103", "EUC-JPのようです"),
    "UTF-16 with a BOM": (HEALTHY.encode("utf-16"), "", "E103", "UTF-16です"),
    "UTF-16LE without a BOM": (HEALTHY.encode("utf-16-le"), "", "E103", "UTF-16かUTF-32です"),
    "UTF-16BE without a BOM": (HEALTHY.encode("utf-16-be"), "", "E103", "UTF-16かUTF-32です"),
    "UTF-32 with a BOM": (HEALTHY.encode("utf-32"), "", "E103", "UTF-32です"),
    "UTF-32 without a BOM": (HEALTHY.encode("utf-32-be"), "", "E103", "UTF-16かUTF-32です"),
    "no text": (bytes(range(128, 256)) * 100, "1:1", "E103", "文書ではありません"),
    "cut within a character": ((HEALTHY + "# 再").encode()[:-1], "32:3", "E103", "UTF-8として読めません"),
    "one cp932 word in UTF-8": (HEALTHY.encode().replace("試験市".encode(), "試験市".encode("cp932")), "2:6", "E103", "UTF-8として"),
    "junk after a BOM": (b"\xef\xbb\xbf" + "表題: あ\n自".encode() + b"\xe5", "2:2", "E103", "UTF-8として"),
    "control character after a BOM": (b"\xef\xbb\xbf" + "表題\x01: あ\n".encode(), "1:3", "E104", "U+0001"),
    "key that stands twice, an alias its value": (b"a: 1\na: *x\n", "2:1", "E109", "1行目にもあります"),
    "NUL": (HEALTHY.replace("試験市", "試験\0市").encode(), "2:8", "E104", "U+0000"),
    "escape": (HEALTHY.replace("試験市", "試験\x1b市").encode(), "2:8", "E104", "U+001B"),
    "C1 control": (HEALTHY.replace("試験市", "試験\x85市").encode(), "2:8", "E104", "U+0085"),
    "U+2028": (HEALTHY.replace("試験市", "試験\u2028市").encode(), "2:8", "E104", "U+2028"),
    "control character after CRLF": (HEALTHY.replace("試験市", "試験\x01市").replace("\n", "\r\n").encode(), "2:8", "E104", "U+0001"),
    "BOM in the middle": (HEALTHY.replace("自治体", "\ufeff自治体").encode(), "2:1", "E105", "見えない文字"),
    "empty": (b"", "", "E110", "中身がありません"),
    "only a BOM": (b"\xef\xbb\xbf", "", "E110", "中身がありません"),
    "only comments": ("# 表題\n# 凡例\n".encode(), "", "E110", "中身がありません"),
    "list at the top": ("- 表題: あ\n".encode(), "1:1", "E203", "全体を"),
    "text at the top": ("表題\n".encode(), "1:1", "E203", "全体を"),
    "merge key": (b"a: &a {b: c}\nd:\n  <<: *a\n", "1:4", "E106", "アンカー(&)"),
    "billion laughs": (b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n", "1:4", "E106", "アンカー(&)"),
    "python tag": (b"a: !!python/object/apply:os.system [ls]\n", "1:4", "E106", "タグ(!)"),
    "several documents": ("表題: あ\n---\n表題: い\n".encode(), "2:1", "E106", "二つ目の文書"),
    "YAML directive": ("%YAML 1.2\n---\n表題: あ\n".encode(), "1:1", "E106", "「%」"),
    "complex key": ("? [あ, い]\n: う\n".encode(), "1:3", "E111", "200字"),
}  # fmt: skip

# Each was slow, greedy or wrong once, or might become so. They are made when they are needed: together they are large.
LARGE: dict[str, tuple[Callable[[], bytes], str, str, str]] = {
    "10 MB in one value": (lambda: b"a: " + b"a" * (10 * MEGA), "1:1", "E201", "「表題」"),
    "10 MB in one key": (lambda: b'"' + b"a" * (10 * MEGA) + b'": 1\n', "1:1", "E105", "引用符"),
    "10 MB in one explicit key": (lambda: b"? " + b"a" * (10 * MEGA) + b"\n: 1\n", "1:3", "E111", "200字"),
    "33 MB": (lambda: b"a" * (33 * MEGA), "", "E102", "32メガバイトまで"),
    "32 MB of small items": (lambda: b"- a\n" * (8 * MEGA), "250000:3", "E108", "250,000を超えています"),
    "32 MB of [": (lambda: b"[" * (32 * MEGA), "1:21", "E107", "20段を超えています"),
    "32 MB of {": (lambda: b"{" * (32 * MEGA), "1:2", "E111", "200字"),
    "32 MB of ?": (lambda: b"? " * (16 * MEGA), "1:3", "E111", "200字"),
    "32 MB of line ends": (lambda: b"\n" * (32 * MEGA), "", "E110", "中身がありません"),
    "32 MB of an open quotation": (lambda: b'a: "' + b"\n" * (32 * MEGA - 4), "1:4", "E105", "引用符が閉じていません"),
    "32 MB of random bytes": (lambda: bytes(range(200, 0, -1)) * (32 * MEGA // 200), "1:1", "E103", "文書ではありません"),
    "32 MB of control characters": (lambda: b"a: " + b"\x01" * (32 * MEGA - 3), "1:4", "E104", "U+0001"),
    "100,000 levels of flow": (lambda: b"a: " + b"[" * 100_000 + b"]" * 100_000, "1:23", "E107", "20段"),
    "100,000 levels of block": (lambda: b"- " * 100_000 + b"a\n", "1:41", "E107", "20段"),
    "100,000 equal keys": (lambda: b"a: 1\n" * 100_000, "2:1", "E109", "1行目にもあります"),
    "100,000 unknown keys": (lambda: b"".join(b"k%d: 1\n" % i for i in range(100_000)), "1:1", "E201", "「表題」"),
    "1,000,000 anchors": (lambda: b"- &a a\n" * 1_000_000, "1:3", "E106", "アンカー(&)"),
    "200,000 tag directives": (lambda: b"".join(b"%%TAG !a%d! x\n" % i for i in range(200_000)), "1:1", "E106", "「%」"),
    "100,000 complex keys": (lambda: b"? [a]\n: 1\n" * 100_000, "1:3", "E111", "200字"),
    "1,000,000 characters before a syntax error": (lambda: b'a: "' + b"a" * 1_000_000 + b'" b\n', "1:4", "E105", "引用符"),
    "5,000,000 combining marks": (lambda: ("a: a" + "\u0301\u0323" * (5 * MEGA // 2)).encode(), "1:1", "E201", "「表題」"),
    "300 cells of marks in disorder": (lambda: ("- a" + "\u0301\u0323" * 9_990 + "\n").encode() * 300, "1:1", "E203", "全体を"),
    "10,000,000 half composed kana": (lambda: ("a: " + "塚か\u3099" * (10 * MEGA // 9)).encode(), "1:1", "E201", "「表題」"),
    "240,000 rows that are no rows": (lambda: "推進方針:\n".encode() + b"  -\n" * 240_000, "1:1", "E201", "「表題」"),
    "50,000 statuses, 10,000 in the legend": (
        lambda: "".join(
            [
                "凡例:\n",
                *(f"  z{i}: a\n" for i in range(10_000)),
                "推進方針:\n  - 推進施策:\n      - 推進項目:\n",
                *(f"          - 実施状況: y{i}\n" for i in range(50_000)),
            ]
        ).encode(),
        "1:1",
        "E201",
        "「表題」",
    ),
    "6,400 gaiji in each of 500 cells": (
        lambda: "推進方針:\n".encode()
        + b"".join(b"  - " + "".join(map(chr, range(0xE000, 0xF900))).encode() + b"\n" for _ in range(500)),
        "1:1",
        "E201",
        "「表題」",
    ),
}  # fmt: skip

SECONDS = 10
BYTES = 900 * MEGA

# Run apart, with a bound on memory that a test of this process could not set for itself alone: BYTES more than there is.
READ = f"""
import resource
from pathlib import Path
from pipeline.errors import SourceError
from pipeline.source.tree import read_source
from pipeline.model.validation import validate
most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + {BYTES}
resource.setrlimit(resource.RLIMIT_AS, (most, most))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
try:
    validate(read_source(Path("h24.yaml")))
except SourceError as error:
    problem = error.problems[0]
    print(f"{{problem.line}}:{{problem.column}}" if problem.line else "", problem.code, problem.message, sep="\\t")
"""


def problems_in(path: Path, data: bytes | None) -> tuple[Problem, ...]:
    """What reading and validating a file says that holds `data`; None stands for no file."""
    path.unlink(missing_ok=True)
    if data is not None:
        path.write_bytes(data)
    try:
        validate(read_source(path))
    except SourceError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("name", FILES)
def test_a_foreign_file_is_answered_with_its_first_problem(tmp_path: Path, name: str) -> None:
    data, place, code, words = FILES[name]
    problem = problems_in(tmp_path / "h24.yaml", data)[0]
    assert (f"{problem.line}:{problem.column}" if problem.line else "", problem.code) == (place, code)
    assert words in problem.message


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmProcess]:
    with warm_process(tmp_path_factory.mktemp("warm")) as process:
        yield process


@pytest.mark.parametrize("name", LARGE)
def test_a_hostile_file_is_answered_soon_and_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm: WarmProcess, name: str
) -> None:
    data, place, code, words = LARGE[name]
    monkeypatch.chdir(tmp_path)
    path = Path("h24.yaml")
    path.write_bytes(data())
    run = warm.run(READ)
    path.unlink()  # pytest keeps the folders of three runs
    assert run.returncode == 0, run.stderr[-2000:]
    answer = run.stdout.rstrip("\n").split("\t")
    assert answer[:2] == [place, code]
    assert words in answer[2]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_change_nothing(end: str, mark: str) -> None:
    text = HEALTHY.replace("検証内容: 終わった。", "検証内容: |\n              一\n              二")
    source = parse_source(Path("h24.yaml"), (mark + text.replace("\n", end)).encode())
    assert plain(source.root) == plain(parse_source(Path("h24.yaml"), text.encode()).root)
    wrong = mark + text.replace("実施状況: ×", "実施状況: ✕").replace("\n", end)
    with pytest.raises(SourceError) as error:
        validate(parse_source(Path("h24.yaml"), wrong.encode()))
    assert [(problem.line, problem.column) for problem in error.value.problems] == [(30, 19)]


def test_a_mixture_of_line_ends_is_counted_as_an_editor_does() -> None:
    text = "表題: あ\r\n自治体: い\r凡例: う\n現在日: え\n現在日: お\n"
    with pytest.raises(SourceError) as error:
        parse_source(Path("h24.yaml"), text.encode())
    assert [(problem.line, problem.code) for problem in error.value.problems] == [(5, "E109")]


def refusal(path: Path) -> Problem:
    with pytest.raises(SourceError) as error:
        read_source(path)
    (problem,) = error.value.problems
    return problem


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    problem = refusal(tmp_path / "h24.yaml")
    assert (problem.line, problem.code) == (0, "E101")
    assert "ファイルがありません" in problem.message


def test_a_folder_is_no_source(tmp_path: Path) -> None:
    assert "フォルダーです" in refusal(tmp_path).message


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null", "/dev/tty0"])
def test_a_device_is_no_source(device: str) -> None:
    if not Path(device).exists():
        pytest.skip(f"no {device} here")
    assert refusal(Path(device)).code == "E101"


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "h24.yaml")
    assert "普通のファイルではありません" in refusal(tmp_path / "h24.yaml").message


def test_a_link_that_goes_in_a_circle_is_named(tmp_path: Path) -> None:
    (tmp_path / "h24.yaml").symlink_to(tmp_path / "h25.yaml")
    (tmp_path / "h25.yaml").symlink_to(tmp_path / "h24.yaml")
    assert "循環しています" in refusal(tmp_path / "h24.yaml").message


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pipeline.reading.os.open", forbid)  # root may read everything
    assert "読む権限がありません" in refusal(tmp_path / "h24.yaml").message


@pytest.mark.parametrize("name", ["a\0b.yaml", "あ" * 300 + ".yaml"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path / name).code == "E101"


@pytest.mark.parametrize("name", ["h\n24.yaml", "h\x1b[31m24.yaml", "h\udcff24.yaml", "h\u202e24.yaml"])
def test_a_strange_name_cannot_disturb_the_terminal(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("a: b\n", "utf-8")
    with pytest.raises(SourceError) as error:
        validate(read_source(path))
    assert all(line.isprintable() for line in map(str, error.value.problems))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check"], "source/h�[31m.yaml: 版の名前に使えない文字があるため、除きました。"),
        (["check", "h24"], "今ある版: test\n"),
        (["check", "h\x1b[31m"], "source/h�[31m.yaml: 版の名前に使えない文字があります。"),
        (["check", "nor\x1b[31m"], "版「nor�[31m」は"),
        (["check", "test"], "前版「h22」(source/h22.yaml)がありません。ほかの版はありません。\n"),
    ],
)
def test_nor_can_the_name_of_another_file(
    arguments: list[str], said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "source/h\x1b[31m.yaml").write_text(HEALTHY, "utf-8")
    (project / "source/test.yaml").write_text("前版: h22\n" + HEALTHY, "utf-8")
    assert command.main(arguments) in (1, 2)
    assert said in capsys.readouterr().err


def test_reading_leaves_no_file_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for _ in range(5):
        refusal(tmp_path)
        refusal(tmp_path / "h24.yaml")
    assert (len(os.listdir("/proc/self/fd")) if before else 0) == before


def test_the_largest_file_that_is_allowed_is_read(tmp_path: Path) -> None:
    comment = "# " + "x" * 997 + "\n"
    data = (HEALTHY + comment * ((MAX_BYTES - len(HEALTHY.encode())) // 1000)).encode()
    assert problems_in(tmp_path / "h24.yaml", data) == ()


@pytest.mark.parametrize(
    ("allowed", "refused", "code"),
    [
        (f"a: {'[' * (MAX_DEPTH - 1)}{']' * (MAX_DEPTH - 1)}", f"a: {'[' * MAX_DEPTH}{']' * MAX_DEPTH}", "E107"),
        (f"{'a' * MAX_KEY}: 1", f"{'a' * (MAX_KEY + 1)}: 1", "E111"),
        ("a: [1, 2]", "a: [1, 2, 3]", "E108"),  # with five values at most
        ("a: 1" + " " * 15 + "\0", "a: 1" + " " * 14 + "\0\0", "E103"),  # full of NUL: no text
    ],
    ids=["depth", "key", "values", "NUL"],
)
def test_a_file_may_be_as_deep_and_as_large_as_the_limits(
    allowed: str, refused: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if code == "E108":
        monkeypatch.setattr(tree, "MAX_NODES", 5)

    def found(text: str) -> list[str]:
        try:
            parse_source(Path("h24.yaml"), text.encode())
        except SourceError as error:
            return [problem.code for problem in error.problems]
        return []

    assert found(allowed) == (["E104"] if code == "E103" else [])
    assert found(refused) == [code]


def test_of_many_problems_no_more_are_listed_than_anybody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_PROBLEMS", 3)
    for count in (3, 4):
        with pytest.raises(SourceError) as error:
            parse_source(Path("h24.yaml"), ("a: 1\n" * (count + 1)).encode())
        assert [problem.line for problem in error.value.problems if problem.code == "E109"] == [2, 3, 4]
    oddities = parse_source(Path("h24.yaml"), b"".join(b'k%d: "\\n"\n' % number for number in range(5))).oddities
    assert [oddity.line for oddity in oddities] == [1, 2, 3]
    for count in (100, 101):
        with pytest.raises(SourceError) as error:
            parse_source(Path("h24.yaml"), ("a: 1\x01\n" * count).encode())
        assert len(error.value.problems) == 100
