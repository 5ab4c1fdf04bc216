"""Order requests over the WebSocket API, on a connection of their own.

It is replaced before it ends, and while there is none, requests go another way. Which way is
decided before a request is written; what was written is never sent again.
Source: Binance spot documentation, "WebSocket API".
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from bot.domain.errors import NotSent, OutcomeUnknown, Rejected, Throttled, VenueError
from bot.exchange.allowance import RateLimit
from bot.exchange.backoff import Backoff
from bot.exchange.connection import Liveness
from bot.exchange.orderwire import OrderWire
from bot.exchange.session import Session
from bot.exchange.signer import Signer
from bot.exchange.sockets import Socket
from bot.exchange.ws_api import WsApi

__all__ = ["OnChange", "WsWire", "WsWireOptions"]

OnChange = Callable[[bool, str], object]
"""``(up, cause)``: orders go over the WebSocket API from now on, or they do not."""

_TIMESTAMP_OFF: Final = -1021
_SHUTDOWN: Final = b'"serverShutdown"'


class WsWireOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the connection behaves."""

    timeout_s: float = 10.0
    """How long an answer may take: Binance gives up after 10 s itself."""
    roll_wait_s: float = 20.0
    """How long a new connection may take to come up before the old one goes on."""
    refused_s: float = 30.0
    """Pause after a logon that was refused."""
    liveness: Liveness = Liveness()
    backoff: Backoff = Backoff()


class _Line:
    """One connection: it takes requests once it is up and, with an Ed25519 key, logged on."""

    def __init__(
        self,
        wire: "WsWire",
        session: Session,
        options: WsWireOptions,
        on_limits: Callable[[list[RateLimit]], object],
    ) -> None:
        self.ready = False
        self._wire = wire
        self._session = session
        self._options = options
        self._news = asyncio.Event()
        self._socket = Socket(
            wire.url,
            "",
            "",
            https_proxy=session.https_proxy,
            liveness=options.liveness,
            backoff=options.backoff,
            budget=session.connects,
            urgent=True,
        )
        self.api = WsApi(
            self._socket,
            on_event=self._take,
            on_state=self._changed,
            on_lone_error=lambda failure: self._socket.abort(f"refused: {failure}"),
            on_limits=on_limits,
        )

    async def run(self) -> None:
        """Stay connected until cancelled; then whoever waits hears that it is over."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._socket.run(), name="order socket")
                if self._wire.logs_on:
                    tasks.create_task(self._stay_logged_on(), name="order session")
        finally:
            self.ready = False
            self.api.close("closed by us")

    async def until_ready(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                while not self.ready:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def until_answered(self) -> None:
        """Nothing is under way any more; bounded by the time an answer may take."""
        while self.api.pending:  # noqa: ASYNC110 - an answer has no event of its own
            await asyncio.sleep(0.05)

    def abort(self, cause: str) -> None:
        self._socket.abort(cause)

    async def _stay_logged_on(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if not self._socket.up or self.ready:
                continue
            try:
                await self.api.request(
                    "session.logon", self._wire.signer.signed({}), timeout_s=self._options.timeout_s
                )
            except (Rejected, Throttled) as refusal:
                if isinstance(refusal, Rejected) and refusal.code == _TIMESTAMP_OFF:
                    await self._wire.sync_clock()
                self._wire.tell(self, up=False, cause=f"logon refused: {refusal}")
                await asyncio.sleep(self._options.refused_s)
                self._socket.abort("logon refused")
            except VenueError as failure:
                self._socket.abort(f"no logon: {failure}")
            else:
                self._rise("logged on")

    def _rise(self, cause: str) -> None:
        self.ready = True
        self._news.set()
        self._wire.tell(self, up=True, cause=cause)

    def _changed(self, up: bool, cause: str) -> None:
        self._news.set()
        if up and not self._wire.logs_on:
            self._rise(cause)
        elif not up:
            self.ready = False
            self._wire.tell(self, up=False, cause=cause)

    def _take(self, payload: msgspec.Raw) -> None:
        if _SHUTDOWN in bytes(payload):
            self._wire.leave(self)


class WsWire:
    """The :class:`OrderWire` of the WebSocket API. It sends while :meth:`run` runs.

    Requests that come while there is no connection take ``otherwise``. One that was written
    when the connection went is OutcomeUnknown; so is one that gets no answer in time.
    """

    def __init__(
        self,
        session: Session,
        url: str,
        otherwise: OrderWire,
        *,
        options: WsWireOptions | None = None,
        on_limits: Callable[[list[RateLimit]], object] = lambda _: None,
        on_change: OnChange = lambda up, cause: None,  # noqa: ARG005 - nobody listens
    ) -> None:
        self.url = url
        self.signer = Signer(session)
        self.logs_on = session.can_log_on
        """With an Ed25519 key the connection is authorised once, and requests need no signature."""
        self.on_change = on_change
        self.rollovers = 0
        self.fallbacks = 0
        """Requests that took the other way."""
        self._session = session
        self._otherwise = otherwise
        self._options = options or WsWireOptions()
        self._on_limits = on_limits
        self._front: _Line | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._owners: dict[_Line, asyncio.Task[None]] = {}
        self._rolling = asyncio.Lock()
        self._told = ""

    @property
    def up(self) -> bool:
        """Whether the next request goes over the WebSocket API."""
        return self._front is not None and self._front.ready

    async def run(self) -> None:
        """Stay connected until cancelled. What is under way then becomes OutcomeUnknown."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._front = self._begin(tasks)
                await asyncio.get_running_loop().create_future()
        finally:
            self._tasks = self._front = None
            self._owners.clear()

    async def send(self, request: str, params: Mapping[str, str], *, urgent: bool = False) -> Any:
        """As :class:`bot.exchange.orderwire.OrderWire` says."""
        try:
            return await self._attempt(request, params, urgent=urgent)
        except Rejected as refusal:
            if refusal.code != _TIMESTAMP_OFF:
                raise
        # Refused before it was looked at: to send it again cannot do it twice.
        await self.sync_clock()
        return await self._attempt(request, params, urgent=urgent)

    async def roll(self) -> None:
        """Replace the connection by one that is up before it takes over.

        The old one is let finish. Without a connection in front there is nothing to replace.
        """
        async with self._rolling:
            old, tasks = self._front, self._tasks
            if old is None or tasks is None:
                return
            new = self._begin(tasks)
            if await new.until_ready(self._options.roll_wait_s):
                self.rollovers += 1
                self._front = new
                tasks.create_task(self._retire(old), name="order connection retires")
            else:
                self._end(new)

    async def sync_clock(self) -> None:
        """Measure the clock again; if that fails, the next request says what is wrong."""
        try:
            await self._session.sync_clock()
        except VenueError:
            return

    def leave(self, line: _Line) -> None:
        """The server of that connection is going away."""
        if line is self._front and self._tasks is not None and not self._rolling.locked():
            self._tasks.create_task(self.roll(), name="order connection rolls")

    def tell(self, line: _Line, *, up: bool, cause: str) -> None:
        """The front connection came or went; of one that is new or old nobody needs to hear."""
        if line is self._front and self._told != (news := f"{up} {'' if up else cause}"):
            self._told = news
            self.on_change(up, cause)

    async def _attempt(self, request: str, params: Mapping[str, str], *, urgent: bool) -> Any:
        line = self._front
        if line is None or not line.ready:
            self.fallbacks += 1
            return await self._otherwise.send(request, params, urgent=urgent)
        signer = self.signer
        whole = signer.stamped(params) if self.logs_on else signer.signed(params)
        answers = line.api.answers
        try:
            answer = line.api.ask(request, whole, timeout_s=self._options.timeout_s)
        except NotSent:
            self.fallbacks += 1
            return await self._otherwise.send(request, params, urgent=urgent)
        try:
            return await answer
        except Throttled as throttled:
            self._session.note_throttle(throttled)
            raise
        except OutcomeUnknown:
            if line.api.answers == answers and line.ready:
                # Not a word since it was written: this connection may be dead.
                line.abort(f"no answer to {request}")
            raise

    def _begin(self, tasks: asyncio.TaskGroup) -> _Line:
        line = _Line(self, self._session, self._options, self._on_limits)
        self._owners[line] = tasks.create_task(line.run(), name="order connection")
        return line

    async def _retire(self, line: _Line) -> None:
        await line.until_answered()
        self._end(line)

    def _end(self, line: _Line) -> None:
        self._owners.pop(line).cancel()
