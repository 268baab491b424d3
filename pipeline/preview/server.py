"""The page in the browser: serves what the builder has made, to this machine alone, and tells of every change."""

import asyncio
import contextlib
import errno
import json
import os
import secrets
import socket
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from watchfiles import awatch

from pipeline.delivery.delivery import SOURCE, check_out
from pipeline.documents.html import STYLES, TEMPLATES, render
from pipeline.errors import PipelineError, Problem, UsageError
from pipeline.reading import UnreadableError, read_file
from pipeline.source.limits import MAX_BYTES

from .builder import Builder, Phase, State, picture, watched

HOST = "127.0.0.1"
PORT = 8350
# How many ports after it are tried, where none was asked for.
_NEIGHBOURS = 20

# In milliseconds: an editor's two or three steps of saving are one change; what is written all the time is looked
# at nevertheless; and for a folder of which the system tells nothing (on a network, or put back), times are compared.
_PAUSE, _PATIENCE, _TICK = 20, 200, 1000

# In seconds. A browser that has gone is noticed when there is something to send.
_HEARTBEAT = 15

# How much of a source is shown around the line in question.
_LINES_AROUND = 200

# Pixels. A page at twice its size on a screen of three times the resolution has fewer.
_WIDEST = 8000

# Pages of other sites can neither read nor embed what is served here.
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def preview(first: str, port: str | None) -> None:
    """Serve the editions in source/, `first` at the root, until Ctrl-C. Raises `UsageError` for a port that will not do."""
    check_out()
    listener = _listen(port)
    streams = _Streams()
    builder = Builder(streams.tell_from_afar)
    # Before any browser comes: by then the engine is warm.
    builder.ask(first)
    builder.start()
    print(
        f"http://{HOST}:{listener.getsockname()[1]}/ をブラウザーで開いてください。止めるには、ここで Ctrl-C を押します。",
        flush=True,
    )
    # Ctrl-C ends the server, which then raises it once more for whoever called it.
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(listener, first, builder, streams))
    builder.stop()
    builder.join(1)
    if builder.is_alive():
        # Between two pages of a long document: nothing is half written, and nobody waits for it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _listen(asked: str | None) -> socket.socket:
    if asked is not None and not (asked.isascii() and asked.isdigit() and 1024 <= int(asked) <= 65535):
        raise UsageError(
            f"ポート「{asked}」は使えません。1024から65535までの半角の数字で指定してください。例: make preview PORT={PORT + 1}"
        )
    ports = [int(asked)] if asked else range(PORT, PORT + _NEIGHBOURS)
    for port in ports:
        listener = socket.socket()
        # A port that was given up a moment ago may be had again; one that is listened to may not.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen()
        except OSError as error:
            listener.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            return listener
    taken = f"ポート{ports[0]}" + (f"から{ports[-1]}まで" if len(ports) > 1 else "")
    raise UsageError(
        f"{taken}は、ほかのプログラムが使っています。"
        + (
            "PORT を省くか、ほかの番号を指定してください。"
            if asked
            else "空いている番号を PORT=番号 で指定してください。"
        )
    )


async def _serve(listener: socket.socket, first: str, builder: Builder, streams: "_Streams") -> None:
    streams.loop = asyncio.get_running_loop()
    config = uvicorn.Config(
        _application(first, builder, streams),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    watching = asyncio.create_task(_watch(builder, streams))
    await _Server(config, streams).serve(sockets=[listener])
    watching.cancel()


class _Server(uvicorn.Server):
    """Ends the event streams before it waits for what it serves to end."""

    def __init__(self, config: uvicorn.Config, streams: "_Streams") -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.close()
        await super().shutdown(sockets)


async def _watch(builder: Builder, streams: "_Streams") -> None:
    """Ask the builder for the editions that somebody looks at whenever a file has changed."""
    folders = [path.absolute() for path in (SOURCE, TEMPLATES, STYLES)]
    known = _marks()
    async for _ in awatch(
        *folders,
        watch_filter=None,
        recursive=False,
        step=_PAUSE,
        debounce=_PATIENCE,
        rust_timeout=_TICK,
        yield_on_timeout=True,
    ):
        found = _marks()
        if found != known:
            known = found
            for edition in streams.editions:
                await run_in_threadpool(builder.ask, edition)


def _marks() -> dict[Path, tuple[int, ...]]:
    marks: dict[Path, tuple[int, ...]] = {}
    for path in watched():
        with contextlib.suppress(OSError):
            stat = path.stat()
            marks[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return marks


class _Streams:
    """Who looks at which edition. Each has an event, set when there is a new state to send."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._looking: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._is_closed = False

    @property
    def editions(self) -> list[str]:
        return [edition for edition, events in self._looking.items() if events]

    def tell_from_afar(self, edition: str) -> None:
        """Tell those who look at `edition`, from another thread than the server's."""
        # Closed, or not yet running: nobody is looking.
        with contextlib.suppress(RuntimeError):
            if self.loop:
                self.loop.call_soon_threadsafe(self._tell, edition)

    def _tell(self, edition: str) -> None:
        for event in self._looking[edition]:
            event.set()

    def close(self) -> None:
        self._is_closed = True
        for edition in self._looking:
            self._tell(edition)

    async def states(self, edition: str, builder: Builder) -> AsyncIterator[str]:
        """The state of `edition` now and whenever it has changed, as server-sent events."""
        event = asyncio.Event()
        self._looking[edition].add(event)
        try:
            # What was saved while nobody was looking.
            await run_in_threadpool(builder.ask, edition)
            event.set()
            while True:
                try:
                    await asyncio.wait_for(event.wait(), _HEARTBEAT)
                except TimeoutError:
                    yield ":\n\n"
                    continue
                if self._is_closed:
                    return
                event.clear()
                yield f"data: {json.dumps(_described(edition, builder.state(edition)))}\n\n"
        finally:
            self._looking[edition].discard(event)


def _application(first: str, builder: Builder, streams: _Streams) -> Starlette:
    def known(request: Request) -> str:
        edition = str(request.path_params["edition"])
        # One whose file has gone for a moment is still known.
        if edition not in _editions() and builder.state(edition) == State():
            raise HTTPException(404, f"版「{edition}」は source/ にありません。")
        return edition

    def root(_: Request) -> Response:
        return RedirectResponse(f"/{first}/", 302, _HEADERS)

    def page(request: Request) -> Response:
        edition, nonce = known(request), secrets.token_urlsafe(16)
        builder.ask(edition)
        try:
            text = render(
                "preview.html", edition=edition, nonce=nonce, state=_described(edition, builder.state(edition))
            )
        except PipelineError as error:
            return PlainTextResponse(str(error), 500, _HEADERS)
        policy = {"Content-Security-Policy": _POLICY.format(nonce=nonce)}
        return Response(text, 200, _HEADERS | policy, "text/html; charset=utf-8")

    async def events(request: Request) -> Response:
        return StreamingResponse(streams.states(known(request), builder), 200, _HEADERS, "text/event-stream")

    def paper(request: Request) -> Response:
        pages = builder.state(known(request)).pages
        if not pages:
            raise HTTPException(404, "まだ紙面がありません。")
        return Response(pages.pdf, 200, _HEADERS, "application/pdf")

    def page_picture(request: Request) -> Response:
        pages, number = builder.state(known(request)).pages, request.path_params["number"]
        width = request.query_params.get("width", "")
        if not (pages and 1 <= number <= len(pages.sizes) and width.isdecimal() and 1 <= int(width) <= _WIDEST):
            raise HTTPException(404, "そのページはありません。")
        return Response(picture(pages, number, int(width)), 200, _HEADERS, "image/png")

    def source(request: Request) -> Response:
        # Of all files only those that a problem leads to.
        problems = builder.state(known(request)).problems
        number = request.query_params.get("problem", "")
        if not (number.isdecimal() and int(number) < len(problems)):
            raise HTTPException(404, "その誤りはもうありません。")
        return JSONResponse(_excerpt(problems[int(number)]), 200, _HEADERS)

    def icon(_: Request) -> Response:
        return Response(status_code=204, headers=_HEADERS)

    def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return PlainTextResponse(error.detail, error.status_code, _HEADERS)

    return Starlette(
        routes=[
            Route("/", root),
            Route("/favicon.ico", icon),
            Route("/{edition}/", page),
            Route("/{edition}/events", events),
            Route("/{edition}/report.pdf", paper),
            Route("/{edition}/pages/{number:int}.png", page_picture),
            Route("/{edition}/source", source),
        ],
        # No name but this machine's own: a page elsewhere whose name leads here gets nothing.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"], www_redirect=False)],
        exception_handlers={HTTPException: refused},
    )


def _editions() -> list[str]:
    return sorted(path.stem for path in SOURCE.glob("*.yaml"))


# What the page says


def _described(edition: str, state: State) -> dict[str, Any]:
    """`state` as the page shows it: sentences, and what it needs to arrange them."""
    pages = state.pages
    return {
        "phase": state.phase.value,
        "status": _status(state),
        "editions": sorted({*_editions(), edition}),
        "problems": [
            {
                "place": _place(edition, problem),
                "code": problem.code,
                "message": problem.message,
                "isError": problem.is_error,
            }
            for problem in state.problems
        ],
        "message": state.message,
        "count": _count(state),
        # By which the browser tells these pages from those before.
        "made": pages.made.isoformat() if pages else "",
        "madeSaid": f"{pages.made:%H:%M:%S}に組版({pages.seconds:.1f}秒)" if pages else "",
        "pages": [{"width": width, "height": height} for width, height in pages.sizes] if pages else [],
    }


def _status(state: State) -> str:
    if state.phase == Phase.BUILDING:
        return "組版中…"
    if state.phase == Phase.CURRENT:
        return "最新です"
    rest = "前の紙面を表示しています" if state.pages else "まだ紙面がありません"
    if state.phase == Phase.REFUSED:
        return f"誤りがあるため{'' if state.pages else '、'}{rest}"
    return f"プログラムが異常です。make preview を動かしている端末の表示を見てください。{rest}"


def _count(state: State) -> str:
    errors = sum(problem.is_error for problem in state.problems) + bool(state.message)
    warnings = sum(not problem.is_error for problem in state.problems)
    if not errors and not warnings and state.phase == Phase.CURRENT:
        return "ありません"
    return f"誤り{errors}件、警告{warnings}件"


def _place(edition: str, problem: Problem) -> str:
    path = Path(problem.path)
    name = "" if path.stem == edition else f"{path.name} "
    return name + (f"{problem.line}行 {problem.column}桁" if problem.line else "ファイル全体")


def _excerpt(problem: Problem) -> dict[str, Any]:
    """The lines of the file around `problem`, as an editor numbers them."""
    try:
        data = read_file(Path(problem.path), MAX_BYTES).data
    except UnreadableError:
        data = b""
    # Whatever it is: it may be the very bytes that are wrong.
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    first = max(1, problem.line - _LINES_AROUND)
    return {
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "first": first,
        "lines": lines[first - 1 : max(problem.line, 1) + _LINES_AROUND],
    }
