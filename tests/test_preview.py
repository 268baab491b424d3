"""`make preview` in a real browser: what is saved is seen, what is broken is said, and the reader's place is kept."""

import asyncio
import io
import json
import logging
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pypdf
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline import library
from pipeline.cli.command import main
from pipeline.documents.document import Document
from pipeline.errors import LackError, Problem, TemplateError, UsageError
from pipeline.preview import builder as press_module
from pipeline.preview import server as server_module
from pipeline.preview.builder import Builder, Phase, ProvedPages, State
from pipeline.reading import Content, read_file

from .conftest import HEALTHY, ROOT, Made
from .test_web import BROWSER_HOME, CHROMIUM, DESKTOP, NO_BROWSER, OPTIONS, PHONE, breaches

T = TypeVar("T")

ERROR = Problem("source/h1.yaml", 3, 5, "E402", "誤り")
WARNING = Problem("source/h0.yaml", 9, 1, "W501", "警告")

# Two pages, so that there is something to scroll.
EDITION = HEALTHY.replace("- 名称: 施策二\n", "- 名称: 施策二\n        改ページ: true\n")


@dataclass(frozen=True)
class Served:
    """A copy of the whole project that is previewed: its templates and styles may be broken too."""

    folder: Path
    process: subprocess.Popen[bytes]
    address: str

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")

    def read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def said(self) -> str:
        return self.read("terminal")

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(self.address + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Served]]:
    running: list[Served] = []

    def served() -> Served:
        folder = tmp_path_factory.mktemp("project")
        for name in ("pipeline", "templates", "styles"):
            shutil.copytree(ROOT / name, folder / name)
        (folder / "source").mkdir()
        (folder / "source/h1.yaml").write_text(EDITION, "utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with open(folder / "terminal", "wb") as terminal:
            process = subprocess.Popen(
                [sys.executable, "-E", "-m", "pipeline", "preview", "--port", str(port), "h1"],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=terminal,
            )
        assert process.stdout
        told = process.stdout.readline().decode()
        assert told.startswith(f"http://127.0.0.1:{port}/ "), (folder / "terminal").read_text("utf-8")
        assert "Ctrl+C" in told
        running.append(Served(folder, process, f"http://127.0.0.1:{port}"))
        return running[-1]

    yield served
    for each in running:
        each.process.kill()
        each.process.wait()
        assert each.process.stdout
        each.process.stdout.close()


@pytest.fixture(scope="module")
def served(serve: Callable[[], Served]) -> Served:
    return serve()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if NO_BROWSER:
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS, env=BROWSER_HOME)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    """What the browser says on its console, and the addresses that a page asks for besides the server's."""
    return []


@pytest.fixture(scope="module")
def tab(browser: Browser, served: Served, complaints: list[str]) -> Page:
    """A tab that all tests use: a new one costs more than most tests."""
    page = browser.new_context().new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda request: complaints.extend([] if request.url.startswith(served.address) else [request.url])
    )
    return page


@pytest.fixture
def page(tab: Page, served: Served, complaints: list[str]) -> Iterator[Page]:
    """The page of the healthy edition, up to date. Any complaint of the browser fails the test."""
    complaints.clear()
    served.write("source/h1.yaml", EDITION)
    tab.set_viewport_size({"width": DESKTOP, "height": 500})
    tab.goto(served.address)
    says(tab, "最新です")
    expect(tab.locator(".sheet img")).to_have_count(2)
    # Those of an earlier test's edition may still be there while the newest come.
    tab.wait_for_function(
        """() => [...document.querySelectorAll(".sheet")].every(
             ({ dataset: { wanted }, lastElementChild: { firstChild: { src } } }) => src.endsWith(wanted))"""
    )
    yield tab
    tab.evaluate("sessionStorage.clear()")
    tab.goto("about:blank")
    assert complaints == []


def says(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_have_text(text, timeout=20_000)


def saving(page: Page, save: Callable[[], object]) -> None:
    """Save, and wait until both pages are shown as they were printed after it."""
    shown = page.locator(".sheet").first.get_attribute("data-shown")
    save()
    page.wait_for_function(
        """(before) => [...document.querySelectorAll(".sheet")].every(
             ({ dataset: { shown } }) => shown && shown !== before)""",
        arg=shown,
        timeout=20_000,
    )
    says(page, "最新です")


def printed(served: Served) -> str:
    return "".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(served.get("/h1/report.pdf")[2])).pages)


def second_page(page: Page) -> str:
    """The picture of it that is shown, pixel by pixel; a screenshot would scroll."""
    picture: str = page.evaluate(
        """() => {
             const image = document.querySelectorAll(".sheet img")[1];
             const canvas = document.createElement("canvas");
             [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
             canvas.getContext("2d").drawImage(image, 0, 0);
             return canvas.toDataURL();
           }"""
    )
    return picture


# What is saved is seen


def test_an_edit_is_seen_where_the_reader_is(page: Page, served: Served) -> None:
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator(".position")).to_have_text("2 / 2ページ")
    place, before = page.evaluate("scrollY"), second_page(page)
    assert place > 100
    saving(page, lambda: served.write("source/h1.yaml", EDITION.replace("検討する。", "検討した。")))
    assert page.evaluate("scrollY") == place
    assert second_page(page) != before
    assert "検討した。" in printed(served)


def test_pictures_have_the_pixels_of_the_screen(page: Page) -> None:
    # Another picture may just take the place of the first, for which a scroll bar has left less room.
    page.wait_for_function(
        """() => {
             const image = document.querySelector(".sheet img");
             return image.clientWidth && image.naturalWidth === image.clientWidth * devicePixelRatio;
           }"""
    )
    page.get_by_label("大きさ").select_option("200%")
    page.wait_for_function("() => document.querySelector('.sheet img').naturalWidth > 2240")  # 297 mm, twice
    assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP


def test_a_file_that_an_editor_exchanges_is_seen(page: Page, served: Served) -> None:
    def rename() -> None:
        served.write("source/h1.yaml.new", EDITION.replace("項目三", "項目参"))
        os.replace(served.folder / "source/h1.yaml.new", served.folder / "source/h1.yaml")

    saving(page, rename)
    assert "項目参" in printed(served)


def test_a_source_that_goes_and_comes_back_is_waited_for(page: Page, served: Served) -> None:
    (served.folder / "source/h1.yaml").unlink()
    says(page, "誤りがあるため前の紙面を表示しています")
    expect(page.locator(".problems")).to_contain_text("E101")
    served.write("source/h1.yaml", EDITION)
    says(page, "最新です")


def test_the_edition_before_it_counts_too(page: Page, served: Served) -> None:
    served.write("source/h0.yaml", EDITION)
    try:
        saving(page, lambda: served.write("source/h1.yaml", "前版: h0\n" + EDITION))
        served.write("source/h0.yaml", EDITION.replace("名称: 方針一", "名称: [方針一"))
        says(page, "誤りがあるため前の紙面を表示しています")
        expect(page.locator(".problems a").first).to_contain_text("h0")
        page.get_by_role("navigation").get_by_role("link", name="h0").click()
        expect(page.locator(".notice")).to_have_text("誤りがあるため、まだ紙面がありません")
        expect(page.locator("a.paper")).to_be_hidden()
        page.get_by_role("link", name="h1").click()
        served.write("source/h0.yaml", EDITION)
        says(page, "最新です")
    finally:
        served.write("source/h1.yaml", EDITION)
        (served.folder / "source/h0.yaml").unlink()


# What is broken is said


def test_errors_stand_over_the_last_good_pages_and_lead_to_their_line(page: Page, served: Served) -> None:
    broken = EDITION.replace("実施状況: ×", "実施状況: ◯")
    before = second_page(page)
    served.write("source/h1.yaml", broken)
    says(page, "誤りがあるため前の紙面を表示しています")
    assert second_page(page) == before
    problem = page.locator(".problems a").first
    expect(problem).to_contain_text("E402")
    problem.click()
    line = broken[: broken.index("◯")].count("\n") + 1
    expect(page.get_by_role("heading", name=f"source/h1.yaml {line}行 19列")).to_be_visible()
    here = page.locator(".excerpt .here")
    expect(here).to_be_in_viewport()
    expect(here.locator(".number")).to_have_text(str(line))
    expect(here.locator("mark")).to_have_text("◯")
    expect(here.locator("code")).to_have_text("実施状況: ◯")
    expect(page.get_by_role("region", name="source/h1.yaml")).to_be_focused()
    # A line above it: it is still the same problem, further down.
    served.write("source/h1.yaml", "# 覚え書き\n" + broken)
    expect(here.locator(".number")).to_have_text(str(line + 1))
    assert breaches(page) == []
    page.keyboard.press("Escape")
    expect(problem).to_be_focused()
    problem.click()
    served.write("source/h1.yaml", EDITION)
    says(page, "最新です")
    expect(page.locator(".source")).to_be_hidden()
    expect(page.locator(".problems li")).to_have_count(0)


def test_a_style_is_seen_and_one_that_the_engine_complains_of_is_said(page: Page, served: Served) -> None:
    style, before = served.read("styles/print.css"), second_page(page)
    try:
        saving(page, lambda: served.write("styles/print.css", style.replace("var(--paper-type)", "8pt", 1)))
        assert second_page(page) != before
        served.write("styles/print.css", style + "body { colour: red }\n")
        says(page, "誤りがあるため前の紙面を表示しています")
        expect(page.locator(".message")).to_contain_text("colour")
        assert breaches(page) == []
    finally:
        served.write("styles/print.css", style)
    says(page, "最新です")
    expect(page.locator(".message")).to_be_hidden()


def test_a_broken_template_is_said(page: Page, served: Served) -> None:
    template = served.read("templates/report.html")
    try:
        served.write("templates/report.html", template.replace("</main>", "{{ nowhere }}</main>"))
        expect(page.locator(".message")).to_contain_text("templates/report.html:")
        says(page, "誤りがあるため前の紙面を表示しています")
    finally:
        served.write("templates/report.html", template)
    says(page, "最新です")


# The page


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_axe_finds_nothing_and_nothing_has_to_be_scrolled_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert breaches(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_and_its_style_share_their_class_names() -> None:
    style = re.sub(r"/\*.*?\*/|[^{}]*;", "", (ROOT / "styles/preview.css").read_text("utf-8"), flags=re.DOTALL)
    written = "".join((ROOT / "templates" / name).read_text("utf-8") for name in ("preview.html", "preview.js"))
    styled = {*re.findall(r"\.([a-z][a-z-]+)", style)}
    assert styled
    assert {name for name in styled if not re.search(rf"[\" .]{name}[\" `{{]", written)} == set()


# The server


def test_only_this_machine_by_its_own_name_is_served(served: Served) -> None:
    status, headers, _ = served.get("/h1/")
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert served.get("/h1/", Host="evil.example")[0] == 400
    assert served.get("/h1/", Host=served.address.replace("http://127.0.0.1", "localhost"))[0] == 200
    for path in ("/h9/", "/h1/pages/9.png?width=100", "/h1/pages/1.png?width=99999", "/h1/source?problem=9", "/..%2f"):
        assert served.get(path)[0] == 404, path
    assert served.get("/favicon.ico")[0] == 204  # browsers ask for it by themselves


def test_nothing_is_delivered(page: Page, served: Served) -> None:
    saving(page, lambda: served.write("source/h1.yaml", EDITION.replace("項目一", "項目壱")))
    assert [path.name for path in (served.folder / "out").iterdir()] == [".fonts"]


def test_ctrl_c_ends_it_at_once_in_0_whoever_is_listening(serve: Callable[[], Served]) -> None:
    ended = serve()
    # The engine is just being imported, and a browser listens.
    stream = urllib.request.urlopen(ended.address + "/h1/events", timeout=10)
    assert stream.readline().startswith(b"data: ")
    ended.process.send_signal(signal.SIGINT)
    assert ended.process.wait(5) == 0
    assert ended.said() == ""
    stream.close()


def test_a_port_that_will_not_do_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "source/h1.yaml").write_text(EDITION, "utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["preview", "--port", port]) == 2
        assert f"ポート{port}は、ほかのプログラムが使っています。PORT を省くか、" in capsys.readouterr().err
    for bad in ("0", "80", "65536", "abc", "８３５０", ""):
        with pytest.raises(UsageError, match="1024から65535まで"):
            server_module._listen(bad)
    assert main(["preview", "h9"]) == 2


def test_without_a_wish_the_next_free_port_is_taken() -> None:
    with server_module._listen(None) as first, server_module._listen(None) as second:
        assert second.getsockname()[1] > first.getsockname()[1] >= server_module.PORT
        assert second.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("port", ["1024", "65535"])
def test_the_first_and_the_last_port_will_do(port: str) -> None:
    said = ""
    try:
        server_module._listen(port).close()
    except UsageError as taken:
        said = str(taken)
    assert not said or "ほかのプログラムが使っています" in said


# What the page is told


@pytest.mark.parametrize(
    ("phase", "has_pages", "status"),
    [
        (Phase.BUILDING, True, "更新しています…"),
        (Phase.CURRENT, True, "最新です"),
        (Phase.REFUSED, True, "誤りがあるため前の紙面を表示しています"),
        (Phase.REFUSED, False, "誤りがあるため、まだ紙面がありません"),
    ],
)
def test_the_state_is_said_in_a_sentence(
    phase: Phase, has_pages: bool, status: str, healthy: Made, project: Path
) -> None:
    for name in ("h2", "旧版"):
        (project / f"source/{name}.yaml").touch()
    made = datetime(2026, 11, 28, 9, 5, 7)
    pages = ProvedPages(healthy.document, healthy.pdf, ((842.0, 595.0), (842.0, 595.0)), made)
    told = server_module._described("h1", State(phase, pages=pages if has_pages else None))
    assert told["status"] == status
    assert told["phase"] == phase.value
    assert told["editions"] == ["h1", "h2"]
    assert told["pages"] == ([{"width": 842.0, "height": 595.0}] * 2 if has_pages else [])
    assert told["made"] == ("2026-11-28T09:05:07" if has_pages else "")
    assert told["madeSaid"] == ("09:05:07に更新" if has_pages else "")


@pytest.mark.parametrize(
    ("state", "count"),
    [
        (State(Phase.CURRENT), "ありません"),
        (State(Phase.BUILDING), "誤り0件、警告0件"),
        (State(Phase.REFUSED, message="書体がありません"), "誤り1件、警告0件"),
        (State(Phase.CURRENT, (WARNING,)), "誤り0件、警告1件"),
        (State(Phase.REFUSED, (ERROR, WARNING, WARNING)), "誤り1件、警告2件"),
    ],
)
def test_errors_and_warnings_are_counted(state: State, count: str) -> None:
    assert server_module._described("h1", state)["count"] == count


def test_each_problem_has_its_place() -> None:
    told = server_module._described("h1", State(Phase.REFUSED, (ERROR, WARNING, ERROR._replace(line=0))))
    assert [problem["place"] for problem in told["problems"]] == ["3行 5列", "h0.yaml 9行 1列", "ファイル全体"]
    assert [problem["isError"] for problem in told["problems"]] == [True, False, True]
    assert (told["problems"][0]["code"], told["problems"][0]["message"]) == ("E402", "誤り")


@pytest.mark.parametrize(
    ("line", "first", "last"),
    [(0, 1, 201), (1, 1, 201), (201, 1, 401), (202, 2, 402), (480, 280, 500), (500, 300, 500)],
)
def test_the_lines_around_a_problem_are_shown(line: int, first: int, last: int, tmp_path: Path) -> None:
    path = tmp_path / "h1.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(f"行{number}" for number in range(1, 501)).encode() + b"\xff")
    told = server_module._excerpt(ERROR._replace(path=str(path), line=line))
    assert (told["path"], told["line"], told["column"], told["first"]) == (str(path), line, 5, first)
    assert [text.rstrip("\ufffd") for text in told["lines"]] == [f"行{number}" for number in range(first, last + 1)]
    path.unlink()
    assert server_module._excerpt(ERROR._replace(path=str(path)))["lines"] == [""]


def test_the_picture_of_a_page_is_as_wide_as_the_screen_asks(healthy: Made) -> None:
    pages = ProvedPages(healthy.document, healthy.pdf, press_module._sizes(healthy.pdf), datetime.now())
    with Image.open(io.BytesIO(press_module.picture(pages, 1, 300))) as image:
        assert image.format == "PNG"
        assert image.width == 300
        assert abs(image.height - 300 * pages.sizes[0][1] / pages.sizes[0][0]) <= 1


class Desk:
    """Stands in for a builder that has these states."""

    def __init__(self, states: dict[str, State]) -> None:
        self.states = states
        self.asked: list[str] = []

    def state(self, edition: str) -> State:
        return self.states.get(edition, State())

    def ask(self, edition: str) -> None:
        self.asked.append(edition)


@pytest.fixture
def desk(project: Path, healthy: Made, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """One edition has two pages and two problems, the other nothing yet; one was deleted while it is edited."""
    for name in ("h1", "h2"):
        (project / f"source/{name}.yaml").write_text("一行目\n二行目\n", "utf-8")
    made = datetime(2026, 11, 28, 9, 5, 7)
    pages = ProvedPages(healthy.document, healthy.pdf, ((842.0, 595.0), (595.0, 842.0)), made)
    monkeypatch.setattr(server_module, "picture", lambda _, number, width: f"{number} {width}".encode())
    monkeypatch.setattr(secrets, "token_urlsafe", lambda length: "x" * length)
    state = State(Phase.REFUSED, (ERROR, WARNING), pages=pages)
    return Desk({"h1": state, "h0": State(Phase.REFUSED, message="ありません")})


def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, in a thread of its own: the browser's loop may run in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def answered(desk: Desk, path: str, host: str = "127.0.0.1") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to a request."""
    path, _, query = path.partition("?")
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "headers": [(b"host", host.encode())], "server": ("127.0.0.1", 8350),
    }  # fmt: skip
    streams = server_module._Streams()
    finished(server_module._application("h1", desk, streams)(scope, receive, send))  # type: ignore[arg-type]
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize(
    ("path", "status", "kind", "body"),
    [
        ("/", 307, "", ""), ("/favicon.ico", 204, "", ""), ("/h1/", 200, "text/html", "<!doctype html>"), ("/h2/", 200, "text/html", "<!doctype html>"),
        ("/h0/", 200, "text/html", "<!doctype html>"), ("/h9/", 404, "text/plain", "版「h9」は source/ にありません。"), ("/h9/report.pdf", 404, "text/plain", "版「h9」"),
        ("/h1/report.pdf", 200, "application/pdf", "%PDF-1.7"), ("/h2/report.pdf", 404, "text/plain", "まだ紙面がありません。"),
        ("/h1/pages/1.png?width=1", 200, "image/png", "1 1"), ("/h1/pages/2.png?width=8000", 200, "image/png", "2 8000"),
        ("/h1/pages/2.png?width=8001", 404, "text/plain", "そのページはありません。"), ("/h1/pages/1.png?width=0", 404, "text/plain", "そのページはありません。"),
        ("/h1/pages/1.png?width=x", 404, "text/plain", "そのページはありません。"), ("/h1/pages/1.png", 404, "text/plain", "そのページはありません。"),
        ("/h1/pages/0.png?width=9", 404, "text/plain", "そのページはありません。"), ("/h1/pages/3.png?width=9", 404, "text/plain", "そのページはありません。"),
        ("/h2/pages/1.png?width=9", 404, "text/plain", "そのページはありません。"), ("/h9/pages/1.png?width=9", 404, "text/plain", "版「h9」"),
        ("/h1/source?problem=0", 200, "application/json", '{"path":"source/h1.yaml","line":3,"column":5,"first":1,"lines":["一行目","二行目",""]}'),
        ("/h1/source?problem=1", 200, "application/json", '{"path":"source/h0.yaml","line":9,"column":1,"first":1,"lines":[""]}'),
        ("/h1/source?problem=2", 404, "text/plain", "その誤りは、なくなりました。"), ("/h1/source?problem=x", 404, "text/plain", "その誤りは、なくなりました。"),
        ("/h1/source", 404, "text/plain", "その誤りは、なくなりました。"), ("/h9/source?problem=0", 404, "text/plain", "版「h9」"), ("/h9/events", 404, "text/plain", "版「h9」"),
    ],
)  # fmt: skip
def test_each_address_is_answered(path: str, status: int, kind: str, body: str, desk: Desk) -> None:
    found, headers, said = answered(desk, path)
    assert (found, headers.get("content-type", "").partition(";")[0]) == (status, kind)
    assert said.decode("utf-8", "replace").startswith(body)
    assert {name.lower(): headers.get(name.lower()) for name in server_module._HEADERS} == {
        "cache-control": "no-store",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    assert headers.get("location") == ("/h1/" if path == "/" else None)
    # A page that is opened is looked after, and its own script alone may run in it.
    assert desk.asked == ([path.strip("/")] if body.startswith("<!") else [])
    assert headers.get("content-security-policy", "").count("'nonce-xxxxxxxxxxxxxxxx'") == 2 * body.startswith("<!")
    assert said.count(b'nonce="xxxxxxxxxxxxxxxx"') == 2 * body.startswith("<!")


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.1:8350", 204), ("localhost", 204), ("evil.example", 400), ("www.localhost", 400)]
)
def test_only_names_of_this_machine_are_answered(host: str, status: int, desk: Desk) -> None:
    assert answered(desk, "/favicon.ico", host)[0] == status


def test_a_page_whose_template_is_broken_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise TemplateError("templates/preview.html: 3行目")

    monkeypatch.setattr(server_module, "render", broken)
    status, headers, said = answered(desk, "/h1/")
    assert (status, said.decode()) == (500, "templates/preview.html: 3行目")
    assert headers["cache-control"] == "no-store"


def test_who_has_an_edition_open_hears_of_each_change_until_the_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def heard() -> list[str]:
        streams = server_module._Streams()
        streams.notify_from_thread("h1")  # before the server runs
        streams.loop = asyncio.get_running_loop()
        events = streams.states("h1", desk)  # type: ignore[arg-type]
        told = [await anext(events)]
        assert streams.editions == ["h1"]
        desk.states["h1"] = State(Phase.CURRENT)
        streams.notify_from_thread("h2")
        monkeypatch.setattr(server_module, "_HEARTBEAT", 0.01)
        told.append(await anext(events))  # of another edition: nothing but a comment
        streams.notify_from_thread("h1")
        while (said := await anext(events)) == ":\n\n":
            pass
        told.append(said)
        streams.close()
        told += [said async for said in events if said != ":\n\n"]
        assert streams.editions == []
        return told

    first, comment, second = finished(heard())
    assert comment == ":\n\n"
    assert (first[:6], first[-2:], second[:6]) == ("data: ", "\n\n", "data: ")
    assert [json.loads(said[6:])["phase"] for said in (first, second)] == ["refused", "current"]
    assert desk.asked == ["h1"]


# The builder


def test_a_source_that_is_refused_keeps_the_last_pages_and_says_why(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = Builder(lambda _: None)
    (project / "source/h1.yaml").write_text(EDITION.replace("実施状況: ×", "実施状況: ✕"), "utf-8")
    state = builder._made("h1")
    assert state.phase == Phase.REFUSED
    assert [problem.code for problem in state.problems] == ["E402"]

    def lacks(*_: object) -> Document:
        raise LackError("書体がありません")

    monkeypatch.setattr(press_module, "compose", lacks)
    (project / "source/h1.yaml").write_text(EDITION, "utf-8")
    state = builder._made("h1")
    assert (state.phase, state.problems, state.message) == (Phase.REFUSED, (), "書体がありません")


def test_a_bug_goes_to_the_terminal_and_the_press_lives_on(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], healthy: Made
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise RuntimeError("a bug")

    settled = threading.Semaphore(0)
    builder = Builder(lambda edition: None if builder.state(edition).phase == Phase.BUILDING else settled.release())
    monkeypatch.setattr(press_module, "write_pdf", fail)
    (project / "source/h1.yaml").write_text(EDITION, "utf-8")
    builder.ask("h1")
    builder.start()
    assert settled.acquire(timeout=5)
    assert "RuntimeError: a bug" in capsys.readouterr().err
    assert server_module._described("h1", builder.state("h1"))["status"] == (
        "プログラムの不具合です。make preview を実行しているターミナルの表示を見てください。まだ紙面がありません"
    )
    monkeypatch.setattr(press_module, "write_pdf", lambda *_, **__: healthy.pdf)
    monkeypatch.setattr(press_module, "prove", lambda *_: 1)
    (project / "source/h1.yaml").write_text(EDITION + "\n", "utf-8")
    builder.ask("h1")
    assert settled.acquire(timeout=5)
    assert builder.state("h1").phase == Phase.CURRENT
    builder.stop()
    builder.join(5)


def test_what_was_read_half_written_is_read_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, healthy: Made
) -> None:
    source = project / "source/h1.yaml"

    def read_half(path: Path, most: int) -> Content:
        monkeypatch.setattr(library, "read_file", read_file)
        source.write_text("", "utf-8")
        try:
            return read_file(path, most)
        finally:
            source.write_text(EDITION, "utf-8")

    settled = threading.Semaphore(0)
    builder = Builder(lambda edition: None if builder.state(edition).phase == Phase.BUILDING else settled.release())
    monkeypatch.setattr(library, "read_file", read_half)
    monkeypatch.setattr(press_module, "write_pdf", lambda *_, **__: healthy.pdf)
    monkeypatch.setattr(press_module, "prove", lambda *_: 1)
    source.write_text(EDITION, "utf-8")
    builder.ask("h1")
    builder.start()
    assert settled.acquire(timeout=5)
    assert builder.state("h1").phase == Phase.REFUSED
    builder.ask("h1")
    assert settled.acquire(timeout=5)
    assert builder.state("h1").phase == Phase.CURRENT
    builder.stop()
    builder.join(5)


def test_the_newest_change_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a change overtakes is given up at its next page, but not twice running."""
    laid_out: list[str] = []
    is_at_work, may_go_on = threading.Semaphore(0), threading.Semaphore(0)

    def write_pdf(document: Document, _: Path, **__: object) -> bytes:
        laid_out.append(document.html)
        is_at_work.release()
        may_go_on.acquire()
        logging.getLogger("weasyprint.progress").info("Step 5 - Creating layout - Page 2")
        return b""

    def save(name: str) -> None:
        (project / "source/h1.yaml").write_text(EDITION.replace("項目一", name), "utf-8")
        builder.ask("h1")

    monkeypatch.setattr(press_module, "write_pdf", write_pdf)
    monkeypatch.setattr(press_module, "prove", lambda *_: 1)
    monkeypatch.setattr(press_module, "_sizes", lambda _: ((1.0, 1.0),))
    shown: list[str] = []
    is_shown = threading.Semaphore(0)

    def changed(edition: str) -> None:
        pages = builder.state(edition).pages
        name = pages and next(name for name in "甲乙丙" if name in pages.document.html)
        if name and name not in shown:
            shown.append(name)
            is_shown.release()

    builder = Builder(changed)
    builder.start()
    save("甲")
    assert is_at_work.acquire(timeout=5)
    save("甲")  # nothing new
    save("乙")
    may_go_on.release()
    assert is_at_work.acquire(timeout=5)  # 乙, for which 甲 was given up
    save("丙")
    may_go_on.release()
    assert is_shown.acquire(timeout=5)  # 乙, in spite of 丙
    assert is_at_work.acquire(timeout=5)
    may_go_on.release()
    assert is_shown.acquire(timeout=5)
    builder.stop()
    builder.join(5)
    assert not builder.is_alive()
    assert shown == ["乙", "丙"]
    assert len(laid_out) == 3
