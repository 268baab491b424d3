"""Files that are none, or none that can be read: every command says so at once, and makes what is sound."""

import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, NameObject

from pipeline import line
from pipeline.cli import actions, command
from pipeline.library import Library
from pipeline.papers import Paper
from pipeline.reading import UnreadableError, digest_of, fingerprint, read_file
from pipeline.source import embedded

from .conftest import HEALTHY, Made


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(33 << 20)  # a hole, which takes no room


# What may stand where a file should be, and words of what is said of it.
NO_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "named pipe": (pipe, "E101: 普通のファイルではありません"),
    "endless device": (endless, "E101: 普通のファイルではありません"),
    "socket": (listener, "E101: 普通のファイルではありません"),
    "folder": (Path.mkdir, "E101: フォルダーです"),
    "link to nothing": (lambda path: path.symlink_to("nothing"), "E101: リンク先のファイルがありません"),
    "link to itself": (lambda path: path.symlink_to(path.name), "E101: リンクが循環しています"),
    "33 MB": (large, "E102: 大きすぎます。32メガバイトまで"),
}


@pytest.fixture(autouse=True)
def _no_test_waits_for_ever() -> Iterator[None]:
    """Where a reader would wait for a writer, or read an endless device, the test ends all the same."""

    def stop(*_: object) -> None:
        raise TimeoutError("still reading")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def run(*arguments: str) -> int:
    return command.main(arguments)


@pytest.fixture
def beside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound edition and the one before it, and the path where a third may be anything; layout is left out."""
    (project / "source/h23.yaml").write_text(HEALTHY, "utf-8")
    (project / "source/h24.yaml").write_text(f"前版: h23\n{HEALTHY}", "utf-8")

    def made(paper: Paper, _: object, __: object, library: Library) -> line._Made:
        for path in paper.sources:
            library.validated(path)
        return line._Made(paper, {}, {paper.path: b""}, 1, "", ())

    monkeypatch.setattr(line, "_made", made)
    monkeypatch.setattr(line, "deliver", lambda _: None)
    monkeypatch.setattr(actions, "_print_comparison", lambda _: 0)
    monkeypatch.setattr(actions, "_jobs", lambda _: 1)  # a worker would not see what is changed here
    return project / "source/bad.yaml"


@pytest.mark.parametrize("name", NO_FILES)
@pytest.mark.parametrize("target", ["check", "report", "summary", "diff", "data", "sheets", "history"])
def test_what_is_no_file_is_said_and_the_others_are_made(
    target: str, name: str, beside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, said = NO_FILES[name]
    make(beside)
    if target == "history" and name == "33 MB":
        pytest.skip("a file that is too large may be the last edition")
    assert run(target) == 1
    shown = capsys.readouterr()
    assert f"source/bad.yaml: {said}" in shown.err
    assert {"history": "history", "diff": "h23-h24"}.get(target, "h24") in shown.out
    assert "bad" not in shown.out


@pytest.mark.parametrize("target", ["check", "report", "diff", "history", "sheets"])
def test_a_file_whose_name_is_no_edition_s_is_named_and_the_others_are_made(
    target: str, beside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside.with_name("h24 - コピー.yaml").write_text(HEALTHY, "utf-8")
    assert run(target) == 2
    shown = capsys.readouterr()
    assert shown.err.count("source/h24 - コピー.yaml: 版の名前に使えない文字があるため、除きました。") == 1
    assert {"history": "history", "diff": "h23-h24"}.get(target, "h24") in shown.out
    assert "コピー" not in shown.out
    assert run(target, "h24") == 0


@pytest.mark.parametrize("name", ["r5.yaml.txt", "r5.yml", "r5.YAML", "r5.yml.txt"])
def test_a_file_that_a_text_editor_named_otherwise_is_not_passed_over_in_silence(
    name: str, beside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside.with_name(name).write_text(HEALTHY, "utf-8")
    assert run("check") == 2
    shown = capsys.readouterr()
    assert (
        f"source/{name}: 名前が「.yaml」で終わらないため、除きました。ファイル名を r5.yaml に改めてください。"
        in shown.err
    )
    assert "source/h24.yaml: 誤り0件" in shown.out
    assert run("check", "r5") == 2
    assert (
        f"版「r5」は source/ にありません。{name} があります。ファイル名を r5.yaml に改めてください。"
        in capsys.readouterr().err
    )
    assert run("check", "h24") == 0


@pytest.mark.parametrize("target", ["check", "preview", "history"])
def test_where_no_name_is_an_edition_s_there_is_nothing_to_do(
    target: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / f"source/{'h' * 65}.yaml").write_text(HEALTHY, "utf-8")
    assert run(target) == 2
    assert "source/ に版(.yaml)がありません。" in capsys.readouterr().err


@pytest.mark.parametrize("name", NO_FILES)
@pytest.mark.parametrize(
    "arguments",
    [
        ("errata", "--from", "bad.yaml", "--to", "h24"),
        ("diff", "--from", "bad.pdf", "--to", "h24"),
        ("diff", "--from", "h24", "--to", "bad"),
        ("next", "--from", "bad", "--to", "h25"),
        ("report", "bad"),
    ],
)
def test_what_is_no_file_is_no_edition_for_any_command(
    arguments: tuple[str, ...], name: str, beside: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, said = NO_FILES[name]
    for path in (beside, project / "bad.yaml", project / "bad.pdf"):
        make(path)
    assert run(*arguments) == 1
    assert said in capsys.readouterr().err
    assert not (project / "source/h25.yaml").exists()


@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_file_is_no_workbook(
    name: str, beside: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, said = NO_FILES[name]
    book = project / "甲課.xlsx"
    make(book)
    assert beside.parent.is_dir()
    assert run("import", str(book)) in (1, 2)
    shown = capsys.readouterr().err
    assert name == "folder" or said.partition(": ")[2].split("。")[0] in shown


@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_file_is_no_document_of_ours(name: str, beside: Path, project: Path) -> None:
    """In out/ too: it is not waited for, and the edition counts as not made."""
    make, _ = NO_FILES[name]
    run("report", "h24")
    record = project / "out/.build/h24-report.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    make(record)
    assert run("report", "h24") == 0
    assert not beside.exists()


@pytest.mark.parametrize("name", NO_FILES)
def test_reading_ends_for_whatever_it_is(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "it"
    NO_FILES[name][0](path)
    with pytest.raises(UnreadableError):
        read_file(path, 32 << 20)
    assert fingerprint(tmp_path / "nothing") is None


def test_what_is_no_file_is_not_the_edition_that_was_saved_last(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr("pipeline.preview.server.preview", lambda *given: seen.append(given[0]))
    os.utime("source/h24.yaml")
    beside.symlink_to("nothing")
    assert run("preview") == 0
    assert seen == ["h24"]


def test_a_pdf_that_keeps_its_reader_busy_is_given_up(
    beside: Path, healthy: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A few kilobytes that inflate to words without end. Read to the end, it would be told for an altered one."""
    monkeypatch.setattr(embedded, "_SECONDS", 0.2)
    writer = pypdf.PdfWriter(clone_from=BytesIO(healthy.pdf))
    words = DecodedStreamObject()
    words.set_data(b"BT (a) Tj ET\n" * 100_000)
    writer.pages[0][NameObject("/Contents")] = writer._add_object(words.flate_encode())
    writer.write("bomb.pdf")
    assert run("diff", "--from", "bomb.pdf", "--to", "h24") == 1
    assert "bomb.pdf: E112: " in capsys.readouterr().err
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert not beside.exists()


def test_a_file_below_proc_that_has_no_size_is_bounded() -> None:
    path = Path("/proc/self/maps")
    if not path.exists():
        pytest.skip("no /proc here")
    with pytest.raises(UnreadableError) as error:
        read_file(path, 10)
    assert error.value.is_too_large


@contextmanager
def while_reading(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> Iterator[None]:
    """Let `act` happen once, after the first piece was read."""
    read = os.read

    def late(descriptor: int, length: int) -> bytes:
        data = read(descriptor, length)
        monkeypatch.setattr(os, "read", read)
        act()
        return data

    monkeypatch.setattr(os, "read", late)
    yield
    monkeypatch.setattr(os, "read", read)


def test_a_file_that_grows_or_shrinks_while_it_is_read_is_not_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "h24.yaml"
    for changed in (HEALTHY * 2, ""):
        path.write_text(HEALTHY, "utf-8")
        os.utime(path, ns=(1, 1))
        with (
            while_reading(monkeypatch, partial(path.write_text, changed, "utf-8")),
            pytest.raises(UnreadableError, match="読んでいる間に書き換えられました"),
        ):
            read_file(path)


def test_a_file_that_vanishes_while_it_is_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was opened is still whole; the next run finds it missing."""
    path = tmp_path / "h24.yaml"
    path.write_text(HEALTHY, "utf-8")
    with while_reading(monkeypatch, path.unlink):
        assert read_file(path).data == HEALTHY.encode()
    with pytest.raises(UnreadableError) as error:
        read_file(path)
    assert error.value.is_missing


def test_a_file_that_grows_for_ever_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"")
    ended = threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not ended.is_set():
                file.write(b"x" * (1 << 16))
                if file.tell() > 64 << 20:
                    return

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        while path.stat().st_size < 1 << 21:
            pass
        with pytest.raises(UnreadableError):
            read_file(path, 1 << 20)
    finally:
        ended.set()
        writer.join()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "読む権限がありません"),
        (errno.EIO, "読み取りに失敗しました"),
        (errno.EAGAIN, "ほかのプログラムが使っています"),
        (errno.EMFILE, "読めません(Too many open files)"),
    ],
)
def test_what_the_machine_says_is_said_in_japanese(
    number: int, said: str, beside: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside.write_text(HEALTHY, "utf-8")
    opened = os.open

    def refuse(path: object, *given: int) -> int:
        if Path(str(path)).name == "bad.yaml":
            raise OSError(number, os.strerror(number))
        return opened(str(path), *given)

    monkeypatch.setattr(os, "open", refuse)
    assert run("report") == 1
    shown = capsys.readouterr()
    assert f"source/bad.yaml: E101: {said}" in shown.err
    assert "out/h24/report.pdf" in shown.out


# Each edition once


@pytest.fixture
def ten(project: Path) -> list[Path]:
    """Ten editions, each the 前版 of the next."""
    paths = [project / f"source/y{number:02}.yaml" for number in range(1, 11)]
    for number, path in enumerate(paths):
        before = f"前版: {paths[number - 1].stem}\n" if number else ""
        path.write_text(before + HEALTHY, "utf-8")
    return paths


@pytest.mark.parametrize("target", ["check", "history", "report", "summary", "diff", "data", "sheets"])
def test_in_a_run_each_edition_of_a_chain_is_read_and_parsed_once(
    target: str, ten: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline import library
    from pipeline.model import validation
    from pipeline.source import tree

    counts: dict[str, list[str]] = {"read": [], "parsed": [], "validated": []}

    def counted(name: str, original: Callable[..., object]) -> Callable[..., object]:
        def call(first: object, *rest: object) -> object:
            path = first if isinstance(first, Path) else first.path  # type: ignore[attr-defined]
            counts[name].append(path.stem)
            return original(first, *rest)

        return call

    monkeypatch.setattr(library, "read_file", counted("read", read_file))
    monkeypatch.setattr(tree, "parse_source", counted("parsed", tree.parse_source))
    monkeypatch.setattr(validation, "validate", counted("validated", validation.validate))
    monkeypatch.setattr("pipeline.layout.pdf.write_pdf", lambda *_: b"")
    monkeypatch.setattr("pipeline.proof.proof.prove", lambda *_: 1)
    monkeypatch.setattr(actions, "_jobs", lambda _: 1)
    assert run(target) == 0
    every = sorted(path.stem for path in ten)
    assert {name: sorted(found) for name, found in counts.items()} == dict.fromkeys(counts, every)


def test_what_another_run_delivered_meanwhile_is_not_made_of_older_files(
    beside: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it has the lock, the other run may have delivered what a newer file says."""
    from pipeline.delivery.delivery import Record

    source, locked = project / "source/h24.yaml", Record.locked
    read: list[str] = []

    @contextmanager
    def late(record: Record) -> Iterator[None]:
        monkeypatch.setattr(Record, "locked", locked)
        source.write_text(HEALTHY.replace("終わった", "終えた"), "utf-8")
        record.path.parent.mkdir(parents=True)
        record.path.write_text("{}", "utf-8")
        with record.locked():
            yield

    def made(paper: Paper, _: object, __: object, library: Library) -> line._Made:
        read.append(library.source(Path("source/h24.yaml")).data.decode())
        return line._Made(paper, {}, {paper.path: b""}, 1, "", ())

    monkeypatch.setattr(Record, "locked", late)
    monkeypatch.setattr(line, "_made", made)
    assert run("report", "h24") == 0
    assert "終えた" in read[0]
    assert not beside.exists()


@pytest.mark.parametrize(
    ("most", "told"),
    [
        (10, "大きすぎます。10バイトまでにしてください。"), (1024, "大きすぎます。1,024バイトまでにしてください。"),
        (2**20 - 1, "大きすぎます。1,048,575バイトまでにしてください。"), (2**20, "大きすぎます。1メガバイトまでにしてください。"),
        (3 * 2**20 + 5, "大きすぎます。3メガバイトまでにしてください。"),
    ],
)  # fmt: skip
def test_a_file_may_be_as_large_as_is_said_and_no_larger(most: int, told: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * most)
    assert len(read_file(path, most).data) == most
    path.write_bytes(b"a" * (most + 1))
    with pytest.raises(UnreadableError) as caught:
        read_file(path, most)
    assert str(caught.value) == told
    assert (caught.value.is_missing, caught.value.is_no_file, caught.value.is_too_large) == (False, False, True)


@pytest.mark.parametrize(
    ("name", "is_missing", "is_no_file"),
    [
        ("none", True, False), ("plain/none", True, False), ("folder", False, True), ("dangling", False, True), ("loop", False, True),
        ("fifo", False, True), ("n" * 300, False, False), ("a\0b", False, False),
    ],
    ids=["missing", "below a file", "a folder", "a dangling link", "a loop", "a pipe", "too long", "no name"],
)  # fmt: skip
def test_why_a_path_cannot_be_read(name: str, is_missing: bool, is_no_file: bool, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("a")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("none")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UnreadableError) as caught:
        read_file(tmp_path / name)
    assert (caught.value.is_missing, caught.value.is_no_file, caught.value.is_too_large) == (
        is_missing,
        is_no_file,
        False,
    )
    assert fingerprint(tmp_path / name) is None
    assert digest_of(tmp_path / name) == ""
    assert fingerprint(tmp_path / "plain") == [(tmp_path / "plain").stat().st_mtime_ns, digest_of(tmp_path / "plain")]
