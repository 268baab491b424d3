"""Papers of one edition do not disagree: what stands in out/ is made anew with whatever is asked for."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from pipeline.cli import command
from pipeline.delivery.delivery import Record
from pipeline.errors import ProofError
from pipeline.proof import proof

from .conftest import HEALTHY

LATER = HEALTHY.replace("表題: 試験一覧", "表題: 試験一覧\n前版: test\n年度: 令和6年度")


def run(*arguments: str) -> int:
    return command.main(arguments)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with two editions and every paper made of them."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "source").mkdir()
    (folder / "source/test.yaml").write_text(HEALTHY, "utf-8")
    (folder / "source/later.yaml").write_text(LATER, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command_line in (["report", "test"], ["summary"], ["diff"], ["history"], ["data", "test"]):
            assert run(*command_line) == 0
    return folder


@pytest.fixture
def papers(project: Path, made: Path) -> Path:
    """A copy of `made`, with the same times, in the current folder: the path of the earlier edition."""
    for name in ("source", "out"):
        shutil.copytree(made / name, project / name, dirs_exist_ok=True)
    return project / "source/test.yaml"


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in [*sorted(Path("out").glob("[!.]*/*.*")), Path("out/history.pdf")]}


def test_a_changed_symbol_reaches_every_paper_that_stands_in_out(
    papers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents()
    capsys.readouterr()
    papers.write_text(HEALTHY.replace("実施状況: ○", "実施状況: ×"), "utf-8")
    assert run("report", "test") == 0
    said = capsys.readouterr().out
    after = contents()
    changed = {path for path in before if before[path] != after[path]}
    for path in ("out/test/report.pdf", "out/test/summary.pdf", "out/test/data.csv", "out/later/summary.pdf"):
        assert path in changed
        assert f"{path}: " in said
    assert {"out/test-later/comparison.pdf", "out/test-later/comparison.json", "out/history.pdf"} <= changed
    # Nothing is left to do, whatever of it is asked for.
    for command_line in (["report", "test"], ["summary", "test"], ["history"], ["data", "test"]):
        assert run(*command_line) == 0
    assert contents() == after


def test_a_paper_that_nobody_asked_for_is_not_made(project: Path) -> None:
    (project / "source/test.yaml").write_text(HEALTHY, "utf-8")
    assert run("report") == 0
    assert sorted(path.name for path in Path("out/test").iterdir()) == ["report.html", "report.pdf"]


def test_one_failed_proof_leaves_every_paper_as_it_was(papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents()
    papers.write_text(HEALTHY.replace("実施状況: ○", "実施状況: ×"), "utf-8")
    prove = proof.prove

    def fail_for_the_summary(pdf: bytes, document: object) -> int:
        if "集計表" in document.html:  # type: ignore[attr-defined]
            raise ProofError("検査で不合格")
        return prove(pdf, document)  # type: ignore[arg-type]

    monkeypatch.setattr(proof, "prove", fail_for_the_summary)
    assert run("report", "test") == 4
    assert contents() == before


def test_where_another_edition_has_errors_its_papers_are_named_as_old(
    papers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    papers.write_text(HEALTHY.replace("実施状況: ○", "実施状況: ×"), "utf-8")
    Path("source/later.yaml").write_text(LATER.replace("NO: 2", "NO: 1"), "utf-8")
    before = contents()
    capsys.readouterr()
    assert run("report", "test") == 1
    said = capsys.readouterr().err
    assert "out/test-later/comparison.pdf は、作り直せないため古いままです。配布しないでください。" in said
    assert said.count("E401") == 1
    after = contents()
    assert before["out/test/report.pdf"] != after["out/test/report.pdf"]
    assert before["out/test/summary.pdf"] != after["out/test/summary.pdf"]
    assert before["out/test-later/comparison.pdf"] == after["out/test-later/comparison.pdf"]


def test_what_is_up_to_date_is_found_out_by_reading_each_record_twice(
    papers: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once for what else is in out/, once to compare it: not once more for each edition."""
    editions = [f"edition-{number}" for number in range(2)]
    for edition in editions:
        papers.with_name(f"{edition}.yaml").write_text(HEALTHY, "utf-8")
    assert run("report") == 0
    reads: Counter[str] = Counter()
    read = Record._read

    def counting(record: Record) -> bytes:
        reads[record.name] += 1
        return read(record)

    monkeypatch.setattr(Record, "_read", counting)
    capsys.readouterr()
    assert run("report") == 0
    assert capsys.readouterr().out.count("変わっていません。") == len(editions) + 2
    assert {*editions} <= {name.removesuffix("-report") for name in reads}
    # That of open data is read once more, by the report whose page leads to them.
    assert max(count - name.endswith("-data") for name, count in reads.items()) <= 2
    reads.clear()
    assert run("check") == 0
    assert {*reads.values()} == {1}


def test_check_names_the_papers_that_are_older_than_the_source(
    papers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run("check") == 0
    assert capsys.readouterr().err == ""
    papers.write_text(HEALTHY.replace("実施状況: ○", "実施状況: ×"), "utf-8")
    assert run("check") == 0
    told = capsys.readouterr().err
    for path in ("out/test/report.pdf", "out/test/summary.pdf", "out/test/data.csv", "out/history.pdf"):
        assert f"{path} は、元データより古くなっています。" in told
