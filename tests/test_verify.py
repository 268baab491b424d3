"""make verify tells of a file, or of the digest at the foot of a page, whether it was issued and is unaltered."""

import hashlib
import io
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pypdf.generic import DecodedStreamObject, NameObject

from pipeline.cli import actions, command
from pipeline.office import signature

from .conftest import HEALTHY
from .test_issue import CHANGED, FIRST, LATER, REGISTER, SOURCE
from .test_signature import PASSPHRASE, SIGNING, Authority

REPORT = FIRST / "report.pdf"
WHOLE = "発行したファイルです。発行したときのままです。"
OF_REPORT = "  later/1(2013-05-31 発行): 資料1-1 一覧(report.pdf、1ページ)"


def run(*arguments: str) -> int:
    return command.main(arguments)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder where an edition was issued; and a copy of its report signed, in signed.pdf."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "source").mkdir()
    (folder / "source/test.yaml").write_text(HEALTHY, "utf-8")
    (folder / SOURCE).write_text(LATER, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(actions, "_today", lambda: date(2013, 5, 31))
        for command_line in (["report", "later", "--jobs", "1"], ["diff", "later"], ["issue", "later"]):
            assert run(*command_line) == 0
        Path("signed.pdf").write_bytes(signature.sign(REPORT.read_bytes(), key(), PASSPHRASE, datetime.now(UTC)))
    return folder


@pytest.fixture
def issued(project: Path, made: Path) -> Path:
    """A copy of `made` in the current folder."""
    shutil.copytree(made, project, dirs_exist_ok=True)
    return project


def key() -> bytes:
    authority, private = Authority(), ec.generate_private_key(ec.SECP256R1())
    now, day = datetime.now(UTC), timedelta(days=1)
    return authority.pack(private, authority.issue(private, SIGNING, now - day, now + day))


def said(code: int, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What `make verify FILES=…` prints, when it ends with this code."""
    capsys.readouterr()
    assert run("verify", *arguments) == code
    shown = capsys.readouterr()
    assert shown.err == "" or code == 2
    return shown.out or shown.err


def rewritten(change: Callable[[pypdf.PdfWriter], None] = lambda _: None) -> str:
    """The issued report as another program saves it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(REPORT.read_bytes()))
    change(writer)
    writer.write("report.pdf")
    return "report.pdf"


def cover(writer: pypdf.PdfWriter) -> None:
    """Paint white over the whole page."""
    page = writer.pages[0]
    content = DecodedStreamObject()
    content.set_data(page.get_contents().get_data() + b"\nq 1 0 0 1 0 0 cm 1 g -2000 -2000 6000 6000 re f Q\n")  # type: ignore[union-attr]
    page[NameObject("/Contents")] = writer._add_object(content)


def replace_source(writer: pypdf.PdfWriter) -> None:
    catalog: Any = writer.root_object
    file = catalog["/AF"][0].get_object()["/EF"]["/F"].get_object()
    file.set_data(LATER.replace("項目一", "項目壱").encode())


# Files


@pytest.mark.usefixtures("issued")
def test_an_issued_file_is_told_with_its_document_number_and_date(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(REPORT, "from a councillor.pdf")
    assert said(0, capsys, "from a councillor.pdf") == f"from a councillor.pdf: {WHOLE}\n{OF_REPORT}\n"
    assert said(0, capsys, "out/later/report.html", str(FIRST / "test.yaml")).count(WHOLE) == 2


@pytest.mark.usefixtures("issued")
def test_of_a_folder_each_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(0, capsys, "source/issued")
    assert told.count(WHOLE) == len([*FIRST.iterdir()]) - 1  # the list is none of the papers
    Path("source/issued/later/1/note.txt").write_text("x", "utf-8")
    assert "note.txt: 発行したどのファイルとも一致しません。" in said(1, capsys, "source/issued")


@pytest.mark.usefixtures("issued")
def test_a_pdf_that_another_program_saved_is_not_the_issued_file_though_its_pages_say_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = said(1, capsys, rewritten()).splitlines()
    assert told[0].startswith("report.pdf: 発行したPDFと元データは同じですが、発行したファイルではありません")
    assert told[1:] == [OF_REPORT, "  紙面の文字は、中の元データのとおりです。"]


@pytest.mark.usefixtures("issued")
def test_altered_pages_are_found_by_the_source_in_the_pdf(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(1, capsys, rewritten(cover))
    assert "紙面の文字が、中の元データと一致しません。書き換えられたか、" in told
    assert "試験一覧" in told


@pytest.mark.usefixtures("issued")
def test_an_altered_source_in_a_pdf_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert "report.pdf: 作られた後で書き換えられています。\n" in said(1, capsys, rewritten(replace_source))


@pytest.mark.usefixtures("issued")
def test_a_signed_report_is_the_issued_one_with_a_signature(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(0, capsys, "signed.pdf")
    assert told == f"signed.pdf: 発行したPDFに、電子署名を付けたものです。\n{OF_REPORT}\n"


@pytest.mark.usefixtures("issued")
def test_what_was_added_behind_an_issued_pdf_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("signed.pdf", str(REPORT)):
        Path("noted.pdf").write_bytes(Path(name).read_bytes() + b"% a note\n%%EOF\n")
        told = said(1, capsys, "noted.pdf")
        assert told.startswith(f"noted.pdf: 発行したPDFに、後から書き足されています(注釈、署名など)。\n{OF_REPORT}\n")


@pytest.mark.usefixtures("issued")
def test_pages_that_were_replaced_before_somebody_signed_them_are_no_signed_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pyhanko.pdf_utils.generic import StreamObject

    moment = datetime.now(UTC)
    writer = signature._writer(REPORT.read_bytes())
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    while "/Kids" in page:
        page = page["/Kids"][0].get_object()
    page["/Contents"] = writer.add_object(StreamObject(stream_data=b"0 g 1 0 0 1 0 0 cm 0 0 9 9 re f"))
    writer.update_container(page)
    signed = signature._write(writer, signature._signer(key(), PASSPHRASE, moment), moment)
    assert signature.is_signed(signed, REPORT.read_bytes())
    Path("signed.pdf").write_bytes(signed)
    assert "後から書き足されています" in said(1, capsys, "signed.pdf")


@pytest.mark.usefixtures("issued")
def test_without_what_tells_signatures_the_command_that_installs_it_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyhanko.sign", None)
    assert "make setup-sign" in said(1, capsys, "signed.pdf")


@pytest.mark.usefixtures("issued")
def test_what_was_made_and_not_issued_is_told_by_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    SOURCE.write_text(CHANGED, "utf-8")
    assert run("report", "later") == 0
    told = said(1, capsys, "out/later/report.pdf")
    assert told == "out/later/report.pdf: 発行していません。out/later/report.pdf として作ったままのファイルです。\n"
    shutil.copy("out/later/report.pdf", "report.pdf")
    SOURCE.write_text(CHANGED.replace("終わった", "終えた"), "utf-8")
    assert run("report", "later") == 0
    assert "report.pdf: 発行していません。今とは違う元データから作ったPDFです。" in said(1, capsys, "report.pdf")
    SOURCE.write_text(CHANGED, "utf-8")
    told = said(1, capsys, "report.pdf")
    assert "report.pdf: 発行していません。今の source/later.yaml から作ったPDFです。" in told
    assert "紙面の文字は、中の元データのとおりです。" in told


@pytest.mark.usefixtures("issued")
def test_an_altered_web_page_is_not_the_issued_one(capsys: pytest.CaptureFixture[str]) -> None:
    page = (FIRST / "report.html").read_text("utf-8").replace("項目一", "項目壱")
    Path("report.html").write_text(page, "utf-8")
    told = said(1, capsys, "report.html")
    assert "発行したウェブページと元データは同じですが、発行したファイルではありません" in told
    assert "一覧(report.html)" in told


@pytest.mark.usefixtures("issued")
def test_foreign_files_are_not_ours(capsys: pytest.CaptureFixture[str]) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write("foreign.pdf")
    Path("broken.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 9)
    Path("empty").touch()
    os.mkfifo("pipe")
    told = said(1, capsys, "foreign.pdf", "broken.pdf", "empty", "pipe")
    assert told.count("この仕組みで作ったPDFではないか、中の元データが取り除かれています。") == 2
    assert "empty: 発行したどのファイルとも一致しません。" in told
    assert "pipe: 読めません。普通のファイルではありません" in told


@pytest.mark.usefixtures("issued")
def test_no_such_file_and_an_empty_folder_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert "「nowhere.pdf」というファイルはありません。" in said(2, capsys, "nowhere.pdf")
    Path("empty").mkdir()
    assert "empty に、ファイルがありません。" in said(2, capsys, "empty")


@pytest.mark.usefixtures("issued")
def test_a_register_that_cannot_be_read_is_told_and_the_lists_of_the_issues_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    edit(REGISTER, lambda data: data.decode("utf-8-sig").encode("cp932"))
    told = said(1, capsys, str(REPORT))
    assert "source/issued/register.csv: 読み取れません。" in told
    assert told.endswith(f"{WHOLE}\n{OF_REPORT}\n")


# Digests as they are printed


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@pytest.mark.parametrize("write", [str, str.upper, lambda text: f"元データ {text}"], ids=["typed", "upper", "whole"])
@pytest.mark.usefixtures("issued")
def test_the_digest_at_the_foot_of_an_issued_page_is_told(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(0, capsys, write(digest(LATER)))
    assert told.startswith(f"{digest(LATER)}: 発行した資料に印刷した表示です。\n{OF_REPORT}\n")
    pair = f"{digest(HEALTHY)}→{digest(LATER)}"
    assert "資料1-3 新旧対照表(comparison.pdf" in said(0, capsys, write(pair))
    assert "資料1-3 新旧対照表(comparison.pdf" in said(0, capsys, write(digest(HEALTHY)))


@pytest.mark.usefixtures("issued")
def test_the_digest_of_what_was_not_issued_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(1, capsys, "1a2b3c4d") == "1a2b3c4d: この表示の資料は、発行していません。\n"
    SOURCE.write_text(CHANGED, "utf-8")
    assert "発行していません。今の source/later.yaml の表示です。" in said(1, capsys, digest(CHANGED))


# The issues themselves


@pytest.mark.usefixtures("project")
def test_where_nothing_was_issued_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(0, capsys) == "発行したものは、まだありません。\n"


@pytest.mark.usefixtures("issued")
def test_issues_as_they_were_made_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path(FIRST / "scan.pdf").write_bytes(b"")  # is told, and does no harm
    told = said(0, capsys)
    assert "source/issued/later/1: 2013-05-31 発行、7ファイル。発行したときのままです。\n" in told
    assert "  scan.pdf は、発行した後に置かれたファイルです。\n" in told
    assert "source/issued/register.csv: 7行、発行したときの記録のとおりです。\n" in told


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(change(data))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda: edit(REPORT, lambda data: data + b" "), "  report.pdf は、発行した後で書き換えられています。"),
        (REPORT.unlink, "  report.pdf がないか、読めません。"),
        (lambda: edit(FIRST / "issue.csv", lambda _: b"x"), "source/issued/later/1: 記録(issue.csv)が読み取れません。"),
        (
            lambda: edit(REGISTER, lambda data: data.replace(b"2013-05-31", b"2013-06-01", 1)),
            "  later/1 の report.pdf の行が、発行したときの記録(issue.csv)と違います。",
        ),
        (
            lambda: edit(REGISTER, lambda data: b"".join(data.splitlines(keepends=True)[:-1])),
            "  later/1 の test.yaml の行がありません。",
        ),
        (
            lambda: edit(REGISTER, lambda data: data + data.splitlines()[-1].replace(b"test.yaml", b"x.pdf")),
            "  later/1 の x.pdf の行は、発行したときの記録(issue.csv)にありません。",
        ),
        (
            lambda: edit(REGISTER, lambda data: data.decode("utf-8-sig").encode("cp932")),
            "文字コードがUTF-8ではありません",
        ),
        (REGISTER.unlink, "  later/1 の report.pdf の行がありません。"),
        (lambda: shutil.rmtree(FIRST), "  later/1 のフォルダーが、source/issued/ にありません。"),
    ],
    ids=["altered", "missing", "list", "edited", "line lost", "line added", "encoding", "register lost", "folder lost"],
)
@pytest.mark.usefixtures("issued")
def test_what_somebody_did_to_the_issues_is_told(
    harm: Callable[[], object], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    harm()
    assert told in said(1, capsys)
