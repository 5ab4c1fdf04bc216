"""Events of a futures account: the UserFeed port, by listenKey.

The stream is valid for as long as its key, and the key for an hour after it was last asked for
or prolonged. Neither end is told by the connection: it may stay open and silent for ever. So it
counts as up only once REST has confirmed that the key it was opened with is the one in force.
Source: Binance USDⓈ-M documentation, "User Data Streams", and the change notice of 2026-03-06.
"""

import asyncio
from typing import Final

import msgspec

from bot.domain.errors import Throttled, Unavailable, VenueError
from bot.domain.events import FeedChanged, FeedKind, FeedState, SweepDue
from bot.domain.values import SECOND_NS, Market
from bot.exchange.backoff import Backoff, Delays
from bot.exchange.connection import Liveness
from bot.exchange.futures.links import Links
from bot.exchange.futures.user_decode import FuturesUserDecoder
from bot.exchange.lease import KeyLease
from bot.exchange.session import Session
from bot.exchange.sockets import Socket
from bot.ports import Clock, Emit

__all__ = ["EVENTS", "FuturesUserFeed", "FuturesUserFeedOptions"]

EVENTS: Final = (
    "ORDER_TRADE_UPDATE",
    "ACCOUNT_UPDATE",
    "MARGIN_CALL",
    "TRADE_LITE",
    "ACCOUNT_CONFIG_UPDATE",
    "ALGO_UPDATE",
    "STRATEGY_UPDATE",
    "GRID_UPDATE",
    "listenKeyExpired",
)
"""What is asked for: without a list the address has been seen to stay silent."""

_FIRST_RETRY: Final = Backoff(least_s=0.2, first_limit_s=1.0, most_s=20.0)


class FuturesUserFeedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the feed behaves."""

    doubt_s: float = 1.0
    """How long what one event leaves open may wait for the next, before the account is asked."""
    valid_s: float = 3600.0
    """How long a key is in force after it was last asked for or prolonged."""
    replace_after_s: float = 23 * 3600.0
    """Age at which a connection is replaced, before the exchange's 24 hours end it."""
    liveness: Liveness = Liveness()
    backoff: Backoff = Backoff()
    key_backoff: Backoff = _FIRST_RETRY
    """Of attempts to get a key."""


class FuturesUserFeed:
    """Emits what happens to the account, and FeedChanged(USER); SweepDue for what is in doubt."""

    def __init__(
        self,
        session: Session,
        emit: Emit,
        clock: Clock,
        market: Market,
        *,
        links: Links | None = None,
        options: FuturesUserFeedOptions | None = None,
    ) -> None:
        self._options = options or FuturesUserFeedOptions()
        self._session = session
        self._market = market
        self._name = f"{market} user"
        self.emit = emit
        """Where events go; may be set until :meth:`run` is called."""
        self._clock = clock
        self._decoder = FuturesUserDecoder(links or Links())
        self.lease = KeyLease(
            create=self._create_key, prolong=self._prolong_key, on_new_key=self._on_new_key
        )
        self._socket = self._open_socket()
        self._news = asyncio.Event()
        self._lost_key = False
        # With which key the present connection was opened; '' if that is known to have ended.
        self._connected_key = ""
        self._confirmed = False
        self._up_since_ns = 0
        # When the exchange was last asked for the key, or to prolong it, with success.
        self._asked_ns = 0
        self._doubted_ns = 0
        self._told: tuple[FeedState, str] | None = None

    @property
    def reconnects(self) -> int:
        """How often the connection was up again after a loss."""
        return max(0, self._socket.connects - 1)

    @property
    def broken_frames(self) -> int:
        """Frames that could not be decoded or handled."""
        return self._decoder.broken + self._socket.failed_frames

    @property
    def unknown_frames(self) -> int:
        """Events of types that we do not know."""
        return self._decoder.unknown.total()

    @property
    def up_since_ns(self) -> int | None:
        """When the present connection was confirmed; None while there is none."""
        return self._up_since_ns if self._confirmed else None

    def reconnect(self, cause: str) -> None:
        """Replace the connection by plan; a gap like any other: DOWN and UP are emitted."""
        self._socket.reconnect(cause)

    async def renew(self) -> None:
        """Keep the key valid until well after the next call, and the connection young.

        Raises:
            VenueError: it could not be renewed now; it is still valid for a while.
        """
        try:
            await self.lease.renew()
        except VenueError as failure:
            valid_ns = int(self._options.valid_s * SECOND_NS)
            if self._confirmed and self._clock.now_ns() - self._asked_ns > valid_ns:
                # By our own count it is not in force any more, whatever the connection does.
                self._lose(f"the listenKey could not be renewed: {failure}")
            raise
        since_ns = self.up_since_ns
        oldest_ns = int(self._options.replace_after_s * SECOND_NS)
        if since_ns is not None and self._clock.now_ns() - since_ns > oldest_ns:
            self.reconnect("replaced before its 24 hours are over")

    async def run(self) -> None:
        """Get a key, connect, and stay connected with a valid key until cancelled."""
        await self._obtain()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._socket.run(), name=f"{self._name} socket")
            tasks.create_task(self._stay_valid(), name=f"{self._name} key")

    # --- the key ----------------------------------------------------------------------------

    async def _stay_valid(self) -> None:
        while True:
            await self._wait_for_news()
            if self._lost_key:
                self._lost_key = False
                await self._obtain(anew=True)
                self._news.set()
            elif self._socket.up and not self._confirmed:
                await self._confirm()
            self._ask_about_doubts()

    async def _confirm(self) -> None:
        """Up: with the key that is in force, or else it is connected anew with that one."""
        connection = self._socket.connects
        await self._obtain()
        if self._connected_key != self.lease.key:
            self._socket.reconnect("it was opened with another listenKey")
        elif not await self._socket.answers(self._options.liveness.reply_s):
            self._socket.abort("a new connection does not answer")
        elif self._socket.connects != connection or self._connected_key != self.lease.key:
            self._news.set()  # overtaken meanwhile: look again
        else:
            self._stand()

    def _stand(self) -> None:
        self._confirmed = True
        self._up_since_ns = self._clock.now_ns()
        self._tell(FeedState.UP, "connected")

    async def _obtain(self, *, anew: bool = False) -> None:
        """A key that is in force, however often that must be tried."""
        delays = Delays(self._options.key_backoff)
        delays.next_s()  # the first attempt is made at once
        while True:
            try:
                await (self.lease.expired() if anew else self.lease.acquire())
            except VenueError as failure:
                self._tell(FeedState.DOWN, f"no listenKey: {failure}")
                wait_s = failure.retry_after_s if isinstance(failure, Throttled) else 0.0
                await asyncio.sleep(max(wait_s, delays.next_s()))
            else:
                return

    async def _create_key(self) -> str:
        asked_ns = self._clock.now_ns()
        body = await self._session.futures(self._market, "post", "listenKey", {}, signed=False)
        try:
            key = str(body["listenKey"])
        except (KeyError, TypeError):
            raise Unavailable("the answer holds no listenKey") from None
        self._asked_ns = asked_ns
        return key

    async def _prolong_key(self, key: str) -> None:
        asked_ns, params = self._clock.now_ns(), {"listenKey": key}
        await self._session.futures(self._market, "put", "listenKey", params, signed=False)
        self._asked_ns = asked_ns

    def _on_new_key(self, _: str) -> None:
        # What was sent to the old one since it ended is lost: a gap, and a sweep after it.
        if self._socket.up:
            self._lose("the listenKey was replaced")
            self._socket.reconnect("the listenKey was replaced")

    # --- the connection ---------------------------------------------------------------------

    def _open_socket(self) -> Socket:
        endpoints = self._session.endpoints
        is_usdm = self._market is Market.USDM
        socket = Socket(
            endpoints.usdm_streams if is_usdm else endpoints.coinm_streams,
            "",
            "",
            https_proxy=self._session.https_proxy,
            liveness=self._options.liveness,
            backoff=self._options.backoff,
            budget=self._session.connects,
            urgent=True,
        )
        template = endpoints.usdm_private if is_usdm else endpoints.coinm_private
        events = "/".join(EVENTS)

        def path() -> str:
            self._connected_key = self.lease.key
            return template.format(key=self._connected_key, events=events)

        socket.aim(path)
        socket.listen(self._take, self._changed)
        return socket

    def _take(self, frame: bytes) -> None:
        name, events = self._decoder.decode(frame, self._clock.now_ns())
        for event in events:
            self.emit(event)
        if name == "listenKeyExpired":
            self._lost_key = True
            self._connected_key = ""
            self._lose(name)
        elif name == "serverShutdown":
            self._socket.reconnect(name)
        elif self._decoder.doubts and not self._doubted_ns:
            self._doubted_ns = self._clock.now_ns()
            self._news.set()

    def _changed(self, up: bool, cause: str) -> None:
        if up:
            self._news.set()
        else:
            self._lose(cause, silent_s=self._socket.silent_s)

    def _lose(self, cause: str, *, silent_s: float = 0.0) -> None:
        """``silent_s``: for so long there has been no sign of life, so it may be so long."""
        self._confirmed = False
        self._tell(FeedState.DOWN, cause, silent_s=silent_s)
        self._news.set()

    async def _wait_for_news(self) -> None:
        try:
            async with asyncio.timeout(self._options.doubt_s if self._doubted_ns else None):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    def _ask_about_doubts(self) -> None:
        """What has not been settled for a while: the whole account is looked at."""
        now_ns, doubts = self._clock.now_ns(), self._decoder.doubts
        if not self._doubted_ns or now_ns - self._doubted_ns < self._options.doubt_s * SECOND_NS:
            return
        self._doubted_ns = 0
        if doubts:
            cause = next(iter(doubts.values()))
            doubts.clear()
            self.emit(SweepDue(cause=cause, recv_ns=now_ns))

    def _tell(self, state: FeedState, cause: str, *, silent_s: float = 0.0) -> None:
        if state is FeedState.DOWN and self._told == (state, cause):
            return  # each failed attempt of one outage is no news
        self._told = (state, cause)
        now_ns = self._clock.now_ns()
        self.emit(
            FeedChanged(
                feed=FeedKind.USER,
                name=self._name,
                state=state,
                cause=cause,
                recv_ns=now_ns,
                since_ns=now_ns - int(silent_s * SECOND_NS) if silent_s else None,
            )
        )
