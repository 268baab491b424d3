"""The web server of the preview: serves the builder's pages to this machine only, and sends an event at each change."""

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
from pipeline.library import editions_in
from pipeline.reading import UnreadableError, read_file
from pipeline.source.limits import MAX_BYTES

from .builder import Builder, Phase, State, picture, watched

HOST = "127.0.0.1"
PORT = 8350
# The number of ports that are tried, from PORT on, if none was given.
_NEIGHBOURS = 20

# In milliseconds. _STEP: changes closer together count as one, since editors save in two or three steps. _DEBOUNCE: a
# change is reported after this time even if writing goes on. _POLL: modification times are compared this often, for
# folders without file events (on a network, or replaced by another folder).
_STEP, _DEBOUNCE, _POLL = 20, 200, 1000

# Seconds between comments in an idle event stream: a closed connection is noticed only when something is sent.
_HEARTBEAT = 15

# Lines of a source shown before and after the line of a problem.
_LINES_AROUND = 200

# The widest picture, in pixels: more than a page at 200 % on a screen of triple resolution.
_WIDEST = 8000

# Headers that keep other sites from reading or embedding what is served here.
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
    """Serve the editions in source/ until Ctrl-C; / leads to `first`. Raises `UsageError` if no port can be used."""
    check_out()
    listener = _listen(port)
    streams = _Streams()
    builder = Builder(streams.notify_from_thread)
    # Start building before a browser connects.
    builder.ask(first)
    builder.start()
    print(
        f"http://{HOST}:{listener.getsockname()[1]}/ をブラウザーで開いてください。終了するには、この画面で Ctrl+C を押してください。",
        flush=True,
    )
    # uvicorn ends at Ctrl-C, and then raises KeyboardInterrupt again.
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(listener, first, builder, streams))
    builder.stop()
    builder.join(1)
    if builder.is_alive():
        # The build is laying out a page and has not seen the stop yet. It writes no files, so end without it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _listen(asked: str | None) -> socket.socket:
    """A listening socket on port `asked`, or on the first free one from `PORT` on. Raises `UsageError`."""
    if asked is not None and not (asked.isascii() and asked.isdigit() and 1024 <= int(asked) <= 65535):
        raise UsageError(
            f"ポート「{asked}」は使えません。1024から65535までの半角の数字で指定してください。例: make preview PORT={PORT + 1}"
        )
    ports = [int(asked)] if asked else range(PORT, PORT + _NEIGHBOURS)
    for port in ports:
        listener = socket.socket()
        # SO_REUSEADDR allows a port in TIME_WAIT, but not one on which another program listens.
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
    """A server that ends the event streams at shutdown, before it waits for open connections."""

    def __init__(self, config: uvicorn.Config, streams: "_Streams") -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.close()
        await super().shutdown(sockets)


async def _watch(builder: Builder, streams: "_Streams") -> None:
    """Request a build of every edition that is open in a browser, whenever a watched file has changed."""
    folders = [path.absolute() for path in (SOURCE, TEMPLATES, STYLES)]
    known = _stats()
    async for _ in awatch(
        *folders,
        watch_filter=None,
        recursive=False,
        step=_STEP,
        debounce=_DEBOUNCE,
        rust_timeout=_POLL,
        yield_on_timeout=True,
    ):
        found = _stats()
        if found != known:
            known = found
            for edition in streams.editions:
                await run_in_threadpool(builder.ask, edition)


def _stats() -> dict[Path, tuple[int, ...]]:
    """Modification time, size and inode of each watched file."""
    stats: dict[Path, tuple[int, ...]] = {}
    for path in watched():
        with contextlib.suppress(OSError):
            stat = path.stat()
            stats[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return stats


class _Streams:
    """The open event streams by edition. Each has an asyncio event, which is set when there is a new state to send."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._events: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._is_closed = False

    @property
    def editions(self) -> list[str]:
        """The editions with open streams."""
        return [edition for edition, events in self._events.items() if events]

    def notify_from_thread(self, edition: str) -> None:
        """Notify the streams of `edition` from another thread."""
        # RuntimeError: the loop is closed, so there are no streams.
        with contextlib.suppress(RuntimeError):
            if self.loop:
                self.loop.call_soon_threadsafe(self._notify, edition)

    def _notify(self, edition: str) -> None:
        for event in self._events[edition]:
            event.set()

    def close(self) -> None:
        """End all streams."""
        self._is_closed = True
        for edition in self._events:
            self._notify(edition)

    async def states(self, edition: str, builder: Builder) -> AsyncIterator[str]:
        """Server-sent events with the state of `edition`: now, and after each change."""
        event = asyncio.Event()
        self._events[edition].add(event)
        try:
            # Catch up with changes saved while the edition was not open.
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
            self._events[edition].discard(event)


def _application(first: str, builder: Builder, streams: _Streams) -> Starlette:
    def known(request: Request) -> str:
        edition = str(request.path_params["edition"])
        # Some editors delete the file for a moment while saving: an edition with a state is still known.
        if edition not in _editions() and builder.state(edition) == State():
            raise HTTPException(404, f"版「{edition}」は source/ にありません。")
        return edition

    def root(_: Request) -> Response:
        return RedirectResponse(f"/{first}/", headers=_HEADERS)

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
        # Serve only files with a problem, by the problem's index, so that no path comes from the request.
        problems = builder.state(known(request)).problems
        number = request.query_params.get("problem", "")
        if not (number.isdecimal() and int(number) < len(problems)):
            raise HTTPException(404, "その誤りは、なくなりました。")
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
        # Accept only this machine's own host names, against DNS rebinding.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"], www_redirect=False)],
        exception_handlers={HTTPException: refused},
    )


def _editions() -> list[str]:
    return [path.stem for path in editions_in(SOURCE)]


# The data of the page


def _described(edition: str, state: State) -> dict[str, Any]:
    """`state` as JSON data for the page: finished sentences, and the sizes of the pages."""
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
        # Identifies these pages, so that the browser knows when to load new pictures.
        "made": pages.made.isoformat() if pages else "",
        "madeSaid": f"{pages.made:%H:%M:%S}に更新" if pages else "",
        "pages": [{"width": width, "height": height} for width, height in pages.sizes] if pages else [],
    }


def _status(state: State) -> str:
    if state.phase == Phase.BUILDING:
        return "更新しています…"
    if state.phase == Phase.CURRENT:
        return "最新です"
    rest = "前の紙面を表示しています" if state.pages else "まだ紙面がありません"
    if state.phase == Phase.REFUSED:
        return f"誤りがあるため{'' if state.pages else '、'}{rest}"
    return f"プログラムの不具合です。make preview を実行しているターミナルの表示を見てください。{rest}"


def _count(state: State) -> str:
    errors = sum(problem.is_error for problem in state.problems) + bool(state.message)
    warnings = sum(not problem.is_error for problem in state.problems)
    if not errors and not warnings and state.phase == Phase.CURRENT:
        return "ありません"
    return f"誤り{errors}件、警告{warnings}件"


def _place(edition: str, problem: Problem) -> str:
    path = Path(problem.path)
    name = "" if path.stem == edition else f"{path.name} "
    return name + (f"{problem.line}行 {problem.column}列" if problem.line else "ファイル全体")


def _excerpt(problem: Problem) -> dict[str, Any]:
    """The lines around `problem` of its file, with their numbers."""
    try:
        data = read_file(Path(problem.path), MAX_BYTES).data
    except UnreadableError:
        data = b""
    # Decode leniently, since wrong bytes may be the problem.
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
