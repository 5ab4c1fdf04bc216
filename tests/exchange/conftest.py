"""Loopback servers for the exchange layer, and the simulated exchange on a real port."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.domain.events import FeedChanged, FeedState
from bot.exchange.backoff import Backoff
from bot.exchange.connection import Liveness
from bot.exchange.endpoints import from_url
from bot.exchange.session import Session

QUICK = Backoff(least_s=0.01, first_limit_s=0.05, most_s=0.1, stable_s=0.2)
SHORT = Liveness(idle_s=0.2, reply_s=0.2, open_s=20.0)
PATIENCE_S = 20.0
"""How long a test waits for what must come: it fails late, and never because of a slow machine."""
SHARED = Path(__file__).parents[2].parent / "shared" / "data"


class WallClock:
    def now_ns(self) -> int:
        return time.time_ns()


class Collected(list):
    """Events as they were emitted, with a way to wait for one."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()

    def __call__(self, event: Any) -> None:
        self.append(event)
        self._news.set()

    def of(self, kind: type) -> list[Any]:
        return [event for event in self if isinstance(event, kind)]

    async def until(self, wanted: Callable[[Any], bool], timeout_s: float = PATIENCE_S) -> Any:
        """The first event, past or to come, for which ``wanted`` holds."""
        async with asyncio.timeout(timeout_s):
            while True:
                for event in self:
                    if wanted(event):
                        return event
                self._news.clear()
                await self._news.wait()

    async def state(self, state: FeedState, name: str = "", *, count: int = 1) -> FeedChanged:
        """The ``count``-th change of a feed to that state."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                seen = [e for e in self.of(FeedChanged) if e.state is state and name in e.name]
                if len(seen) >= count:
                    return seen[count - 1]
                self._news.clear()
                await self._news.wait()


class Peer:
    """A WebSocket server that does what a test tells it to."""

    def __init__(self) -> None:
        self.port = 0
        self.paths: list[str] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.texts: list[str] = []
        self.pongs: list[bytes] = []
        self.answers_pings = True
        self.reads = True
        self.on_open: Callable[[web.WebSocketResponse], Awaitable[None]] | None = None
        self.on_text: Callable[[web.WebSocketResponse, str], Awaitable[None]] | None = None
        self._runner: web.AppRunner | None = None
        self._news = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_sockets(self) -> int:
        return sum(not socket.closed for socket in self.sockets)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        for socket in self.sockets:
            self.cut(socket)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def stop_listening(self) -> None:
        """Refuse new connections; those that are there stay."""
        if self._runner is not None:
            for site in list(self._runner.sites):
                await site.stop()

    def cut(self, socket: web.WebSocketResponse) -> None:
        """Drop a connection without a word."""
        transport = socket._req.transport if socket._req is not None else None
        if transport is not None:
            transport.abort()

    async def connected(self, count: int = 1) -> web.WebSocketResponse:
        """The newest connection, once there have been ``count``."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.sockets) < count:
                self._news.clear()
                await self._news.wait()
        return self.sockets[-1]

    async def heard(self, count: int = 1) -> list[dict[str, Any]]:
        """Everything that clients sent, once there have been ``count`` messages."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.texts) < count:
                self._news.clear()
                await self._news.wait()
        return [json.loads(text) for text in self.texts]

    async def nobody_left(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.open_sockets:
                await asyncio.sleep(0.01)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False, autoclose=True)
        await socket.prepare(request)
        self.paths.append(request.path_qs)
        self.sockets.append(socket)
        self._news.set()
        if self.on_open is not None:
            await self.on_open(socket)
        while not self.reads:
            await asyncio.sleep(0.01)
        async for message in socket:
            await self._take(socket, message)
        return socket

    async def _take(self, socket: web.WebSocketResponse, message: aiohttp.WSMessage) -> None:
        if message.type is aiohttp.WSMsgType.PING and self.answers_pings:
            await socket.pong(message.data)
        elif message.type is aiohttp.WSMsgType.PONG:
            self.pongs.append(bytes(message.data))
        elif message.type is aiohttp.WSMsgType.TEXT:
            self.texts.append(message.data)
            if self.on_text is not None:
                await self.on_text(socket, message.data)
        self._news.set()


class HttpPeer:
    """A REST server that answers from a script and remembers what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[str, str, dict[str, str]], Any] = lambda *_: {}
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        params = {**request.query, **(await request.post())}
        self.requests.append((request.method, request.path, params))
        self.headers.append(dict(request.headers))
        answer = self.answer(request.method, request.path, params)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is Cut:
            request.transport.abort()
            return web.Response()
        return web.json_response(answer)


class Cut:
    """An answer that is none: the connection is dropped."""


@contextlib.asynccontextmanager
async def running(coroutine: Any) -> AsyncIterator[asyncio.Task[None]]:
    """Run it beside the test; it is cancelled at the end, and its errors are the test's."""
    task = asyncio.create_task(coroutine)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    server = Peer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def http_peer() -> AsyncIterator[HttpPeer]:
    server = HttpPeer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def peer_session(peer: Peer) -> AsyncIterator[Session]:
    session = Session(from_url(peer.url), api_key="key", api_secret="s3cret")
    yield session
    await session.close()


@pytest.fixture
async def http_session(http_peer: HttpPeer) -> AsyncIterator[Session]:
    session = Session(from_url(http_peer.url), api_key="key", api_secret="s3cret", timeout_s=20.0)
    yield session
    await session.close()


@pytest.fixture
def collected() -> Collected:
    return Collected()


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
def quick() -> Backoff:
    return QUICK


@pytest.fixture
def short() -> Liveness:
    return SHORT


@pytest.fixture
def beside() -> Callable[[Any], contextlib.AbstractAsyncContextManager[asyncio.Task[None]]]:
    return running


@pytest.fixture
def cut() -> type[Cut]:
    return Cut


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"real data is not here: {SHARED}")
    return SHARED
