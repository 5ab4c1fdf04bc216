"""python-binance's sockets with another engine: picows, a callback, and reconnects for ever."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, cast

import picows
from binance.enums import FuturesType
from binance.ws.constants import WSListenerState
from binance.ws.reconnecting_websocket import ReconnectingWebsocket
from binance.ws.streams import BinanceSocketManager, BinanceSocketType

from bot.domain.errors import NotSent
from bot.domain.values import Market
from bot.exchange.backoff import Backoff, Delays
from bot.exchange.connection import Connection, Liveness, OnFrame
from bot.exchange.endpoints import Endpoints
from bot.exchange.throttle import ConnectBudget

__all__ = ["OnState", "Socket", "SocketManager"]

OnState = Callable[[bool, str], object]
"""``(up, cause)``: after each handshake, and after each loss or failed attempt."""

_THROTTLED = frozenset({418, 429})
# A server that says goodbye as soon as it is reached must not be asked in a tight loop.
_PLANNED_AFTER_S = 0.5


class Socket(ReconnectingWebsocket):  # type: ignore[misc]  # python-binance has no types
    """A WebSocket that is up, or coming up, from :meth:`run` until that is cancelled.

    The interface is the callbacks given to :meth:`listen`: nothing is queued, frames go
    from the read callback to ``on_frame``. One task owns the life: connect, read, connect
    again. The interface of the base class (``async with``, ``recv()``) works as well:
    without callbacks, decoded messages are kept in a buffer of ``max_queue_size``; when
    that is full the oldest goes and ``dropped`` counts it.
    """

    def __init__(
        self,
        url: str,
        path: str = "",
        prefix: str = "ws/",
        *,
        liveness: Liveness | None = None,
        backoff: Backoff | None = None,
        max_queue_size: int = 1000,
        **stock: Any,
    ) -> None:
        self._connect_options: dict[str, Any] = stock.pop("connect_options", {})
        self._budget: ConnectBudget | None = stock.pop("budget", None)
        self._urgent: bool = stock.pop("urgent", False)
        super().__init__(url=url, path=path, prefix=prefix, max_queue_size=max_queue_size, **stock)
        self._liveness = liveness or Liveness()
        self._backoff = backoff or Backoff()
        self._on_frame: OnFrame = self._keep
        self._on_state: OnState = _ignore
        self._connection: Connection | None = None
        self._planned = False
        self._kept: deque[Any] = deque(maxlen=max_queue_size)
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._earlier_failures = 0
        self._aimed: Callable[[], str] | None = None
        self.up = False
        self.connects = 0
        self.dropped = 0
        self.silent_s = 0.0
        """For how long nothing had arrived when the last connection ended."""

    def listen(self, on_frame: OnFrame, on_state: OnState) -> None:
        """Where frames and changes of state go. Call it before :meth:`run`."""
        self._on_frame = on_frame
        self._on_state = on_state

    def redirect(self, on_frame: OnFrame) -> None:
        """Give frames to somebody else from now on, those of the present connection too."""
        self._on_frame = on_frame
        if self._connection is not None:
            self._connection.listen(on_frame)

    def aim(self, path: Callable[[], str]) -> None:
        """Ask for the path at each connect; the present connection stays."""
        self._aimed = path

    @property
    def failed_frames(self) -> int:
        """Frames whose callback raised."""
        now = self._connection.failed_frames if self._connection else 0
        return self._earlier_failures + now

    def send(self, payload: bytes) -> None:
        """Write one text frame.

        Raises:
            NotSent: there is no connection now.
        """
        if not self.up or self._connection is None or not self._connection.send(payload):
            raise NotSent("the WebSocket is down")

    def abort(self, cause: str) -> None:
        """Drop the connection; the next attempt waits as after a failure."""
        if self._connection is not None:
            self._connection.abort(cause)

    async def answers(self, within_s: float) -> bool:
        """Whether there is a connection, and its peer answers a ping within that time."""
        connection = self._connection
        return self.up and connection is not None and await connection.answers(within_s)

    def reconnect(self, cause: str) -> None:
        """Drop the connection by plan: the next attempt is made at once."""
        self._planned = True
        self.abort(cause)

    async def run(self) -> None:
        """Connect and stay connected until cancelled; leaves no connection behind."""
        delays = Delays(self._backoff)
        loop = asyncio.get_running_loop()
        try:
            while True:
                least_s = lived_s = 0.0
                connection = Connection(self._on_frame, self._rise)
                self._connection = connection
                try:
                    await self._open(connection)
                except (OSError, picows.WSError, TimeoutError) as error:
                    connection.abort("never up")
                    cause = _why(error)
                    least_s = _retry_after_s(error)
                else:
                    since = loop.time()
                    cause = await connection.watch(self._liveness)
                    lived_s = loop.time() - since
                    delays.lived(lived_s)
                self._earlier_failures += connection.failed_frames
                self._connection = None
                self.silent_s = connection.silent_s
                self._fall(cause)
                if self._planned and lived_s >= _PLANNED_AFTER_S:
                    delays.restart()
                self._planned = False
                await asyncio.sleep(max(least_s, delays.next_s()))
        finally:
            self._end()

    async def connect(self) -> None:
        """Start the task that owns the connection and wait until it is up."""
        if self._task is None:
            self._task = asyncio.create_task(self.run(), name=f"socket {self._prefix}")
        while not self.up:
            self._news.clear()
            await self._news.wait()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        if self._exit_coro:
            await self._exit_coro(self._path)

    async def recv(self) -> Any:
        """The next message, decoded. What arrived before a loss is still given."""
        while not self._kept:
            self._news.clear()
            await self._news.wait()
        return self._kept.popleft()

    def _target(self) -> str:
        return f"{self._url}{self._prefix}{self._path}"

    async def _open(self, connection: Connection) -> None:
        self.ws_state = WSListenerState.RECONNECTING
        if self._budget is not None:
            await self._budget.spent(urgent=self._urgent)
        if self._aimed is not None:
            self._path = self._aimed()
        async with asyncio.timeout(2 * self._liveness.open_s):
            await picows.ws_connect(
                lambda: connection,
                self._target(),
                websocket_handshake_timeout=self._liveness.open_s,
                enable_auto_pong=False,  # Connection answers, so that a ping counts as life
                proxy=self._https_proxy,
                **self._connect_options,
            )
        if not connection.was_up:
            # picows takes a connection that is cut during the handshake for a good one.
            raise ConnectionResetError

    def _rise(self) -> None:
        self.up = True
        self.connects += 1
        self.ws_state = WSListenerState.STREAMING
        self._news.set()
        self._on_state(True, "connected")  # noqa: FBT003 - the callback's one flag

    def _fall(self, cause: str) -> None:
        self.up = False
        self.ws_state = WSListenerState.RECONNECTING
        self._on_state(False, cause)  # noqa: FBT003 - the callback's one flag

    def _end(self) -> None:
        self.ws_state = WSListenerState.EXITING
        self.up = False
        if self._connection is not None:
            self._connection.abort("closed by us")
            self._connection = None

    def _keep(self, frame: bytes) -> None:
        message = json.loads(frame)
        if len(self._kept) == self.max_queue_size:
            self.dropped += 1
        self._kept.append(message)
        self._news.set()
        if b'"serverShutdown"' in frame:
            self.reconnect("serverShutdown")


class SocketManager(BinanceSocketManager):  # type: ignore[misc]  # python-binance has no types
    """Makes :class:`Socket` for each stream URL of python-binance's catalogue.

    Each call gives a socket of its own, whose owner is the caller: the base class hands
    out one object for different markets when their paths are alike.
    """

    def __init__(
        self,
        session: Any,
        endpoints: Endpoints,
        *,
        liveness: Liveness | None = None,
        backoff: Backoff | None = None,
        connect_options: dict[str, Any] | None = None,
        budget: ConnectBudget | None = None,
    ) -> None:
        super().__init__(session)
        self.STREAM_URL = endpoints.spot_streams
        self.FSTREAM_URL = endpoints.usdm_streams
        self.DSTREAM_URL = endpoints.coinm_streams
        self._liveness = liveness
        self._backoff = backoff
        self._connect_options = connect_options or {}
        self._budget = budget

    def market_socket(self, market: Market, category: str) -> Socket:
        """A combined socket whose streams are still to be named, on the address of the market.

        ``category`` is ``public`` or ``market`` and matters on USDⓈ-M futures only.
        """
        if market is Market.SPOT:
            return cast("Socket", self.multiplex_socket([]))
        kind = FuturesType.USD_M if market is Market.USDM else FuturesType.COIN_M
        return cast("Socket", self.futures_multiplex_socket([], kind, category=category))

    def _get_socket(
        self,
        path: str,
        stream_url: str | None = None,
        prefix: str = "ws/",
        is_binary: bool = False,
        socket_type: BinanceSocketType = BinanceSocketType.SPOT,
    ) -> Socket:
        del socket_type  # it named the registry's entry; there is no registry
        if self._client.TIME_UNIT:
            joint = "&" if prefix.endswith("?") or "?" in path else "?"
            path = f"{path}{joint}timeUnit={self._client.TIME_UNIT}"
        return Socket(
            self._get_stream_url(stream_url),
            path,
            prefix,
            is_binary=is_binary,
            https_proxy=self._client.https_proxy,
            liveness=self._liveness,
            backoff=self._backoff,
            connect_options=self._connect_options,
            budget=self._budget,
        )


def _ignore(up: bool, cause: str) -> None:
    pass


def _why(error: BaseException) -> str:
    # Never the error's own text: it may hold a URL with a listen key in it.
    response = getattr(error, "response", None)
    if response is not None:
        return f"handshake refused: HTTP {int(response.status)}"
    if isinstance(error, TimeoutError):
        return "no answer to the connect"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return f"cannot connect: {type(error).__name__}"


def _retry_after_s(error: BaseException) -> float:
    response = getattr(error, "response", None)
    if response is None or int(response.status) not in _THROTTLED:
        return 0.0
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 60.0
