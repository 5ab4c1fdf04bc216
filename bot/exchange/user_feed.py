"""Events of our account from Binance spot: the UserFeed port.

A signed subscription on a WebSocket-API connection of its own, which lives as long as
that connection; there is nothing to renew. Source: Binance spot documentation,
"User Data Stream subscriptions".
"""

import asyncio
from typing import Any, Final

import msgspec

from bot.domain.errors import NotSent, OutcomeUnknown, Rejected, Throttled, VenueError
from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.values import SECOND_NS
from bot.exchange.backoff import Backoff
from bot.exchange.connection import Liveness
from bot.exchange.session import Session
from bot.exchange.sockets import Socket
from bot.exchange.user_decode import UserDecoder
from bot.exchange.ws_api import WsApi
from bot.ports import Clock, Emit

__all__ = ["BinanceUserFeed", "UserFeedOptions"]

_NAME: Final = "spot user"
_TIMESTAMP_OFF: Final = -1021
_ALREADY_SUBSCRIBED: Final = -2035


class UserFeedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the feed behaves."""

    ping_s: float = 10.0
    """How often the server is asked for a sign of life: silence of an account proves nothing."""
    reply_s: float = 5.0
    """How long an answer may take."""
    refused_s: float = 30.0
    """Pause after a subscription that was refused, as with a wrong key."""
    liveness: Liveness = Liveness()
    backoff: Backoff = Backoff()


class BinanceUserFeed:
    """Emits what happens to the account, and FeedChanged(USER).

    UP is emitted after a subscription has succeeded and before the first event behind it;
    DOWN with its cause at every loss, and when the first attempts fail.
    """

    def __init__(
        self,
        session: Session,
        emit: Emit,
        clock: Clock,
        *,
        options: UserFeedOptions | None = None,
    ) -> None:
        self._options = options or UserFeedOptions()
        self._session = session
        self.emit = emit
        """Where events go; may be set until :meth:`run` is called."""
        self._clock = clock
        self._decoder = UserDecoder()
        self._socket = Socket(
            session.endpoints.spot_ws_api,
            "",
            "",
            https_proxy=session.https_proxy,
            liveness=self._options.liveness,
            backoff=self._options.backoff,
            budget=session.connects,
            urgent=True,
        )
        self._api = WsApi(
            self._socket,
            on_event=self._take,
            on_state=self._changed,
            on_lone_error=self._key_lost,
        )
        self._news = asyncio.Event()
        self._subscribed = False
        self._up_since_ns = 0
        self._told: tuple[FeedState, str] | None = None

    @property
    def reconnects(self) -> int:
        """How often the connection was up again after a loss."""
        return max(0, self._socket.connects - 1)

    @property
    def broken_frames(self) -> int:
        """Frames that could not be decoded or handled."""
        return self._api.broken + self._decoder.broken + self._socket.failed_frames

    @property
    def unknown_frames(self) -> int:
        """Events of types that we do not know."""
        return self._decoder.unknown.total()

    @property
    def up_since_ns(self) -> int | None:
        """When the present subscription began; None while there is none."""
        return self._up_since_ns if self._subscribed else None

    def reconnect(self, cause: str) -> None:
        """Replace the connection by plan; a gap like any other: DOWN and UP are emitted."""
        self._socket.reconnect(cause)

    async def run(self) -> None:
        """Subscribe and stay subscribed until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._socket.run(), name=f"{_NAME} socket")
            tasks.create_task(self._stay_subscribed(), name=f"{_NAME} subscription")

    async def _stay_subscribed(self) -> None:
        while True:
            if not self._socket.up:
                await self._wait_for_news(None)
            elif not self._subscribed:
                await self._subscribe()
            else:
                await self._wait_for_news(self._options.ping_s)
                if self._socket.up and self._subscribed:
                    await self._prove_alive()

    async def _subscribe(self) -> None:
        try:
            await self._api.request(
                "userDataStream.subscribe.signature",
                self._session.sign_ws({}),
                timeout_s=self._options.reply_s,
                on_result=self._subscription_stands,
            )
        except Rejected as refusal:
            await self._after_refusal(refusal)
        except Throttled as throttled:
            self._tell(FeedState.DOWN, str(throttled))
            await asyncio.sleep(throttled.retry_after_s)
        except NotSent:
            return  # lost in between; the socket's own news tells
        except OutcomeUnknown as unknown:
            self._socket.abort(str(unknown))
            await self._wait_until_down()

    async def _after_refusal(self, refusal: Rejected) -> None:
        self._tell(FeedState.DOWN, f"subscription refused: {refusal}")
        if refusal.code == _ALREADY_SUBSCRIBED:
            # Ours from before, of which we know nothing any more: start with a clean one.
            self._socket.abort(str(refusal))
            await self._wait_until_down()
            return
        if refusal.code == _TIMESTAMP_OFF:
            try:
                await self._session.sync_clock()
            except VenueError:
                pass
            else:
                await asyncio.sleep(min(1.0, self._options.refused_s))
                return
        await asyncio.sleep(self._options.refused_s)

    async def _prove_alive(self) -> None:
        try:
            await self._api.request("ping", timeout_s=self._options.reply_s)
        except (Rejected, Throttled):
            return  # an answer of any kind is a sign of life
        except VenueError as failure:
            self._socket.abort(f"no sign of life: {failure}")
            await self._wait_until_down()

    async def _wait_for_news(self, timeout_s: float | None) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    async def _wait_until_down(self) -> None:
        while self._socket.up:
            self._news.clear()
            await self._news.wait()

    def _subscription_stands(self, result: Any) -> None:
        del result  # the id matters only to those with several accounts on one connection
        self._subscribed = True
        self._up_since_ns = self._clock.now_ns()
        self._tell(FeedState.UP, "subscribed")

    def _take(self, payload: msgspec.Raw) -> None:
        name, events = self._decoder.decode(payload, self._clock.now_ns())
        for event in events:
            self.emit(event)
        if name == "serverShutdown":
            self._socket.reconnect(name)
        elif name == "eventStreamTerminated":
            self._lose(name)

    def _key_lost(self, failure: VenueError) -> None:
        self._lose(f"refused: {failure}")

    def _changed(self, up: bool, cause: str) -> None:
        if up:
            self._news.set()
        else:
            self._lose(cause, silent_s=self._socket.silent_s)

    def _lose(self, cause: str, *, silent_s: float = 0.0) -> None:
        """``silent_s``: for so long there has been no sign of life, so it may be so long."""
        self._subscribed = False
        self._tell(FeedState.DOWN, cause, silent_s=silent_s)
        self._news.set()

    def _tell(self, state: FeedState, cause: str, *, silent_s: float = 0.0) -> None:
        if state is FeedState.DOWN and self._told == (state, cause):
            return  # each failed attempt of one outage is no news
        self._told = (state, cause)
        now_ns = self._clock.now_ns()
        self.emit(
            FeedChanged(
                feed=FeedKind.USER,
                name=_NAME,
                state=state,
                cause=cause,
                recv_ns=now_ns,
                since_ns=now_ns - int(silent_s * SECOND_NS) if silent_s else None,
            )
        )
