"""Market data of one market of Binance over python-binance's multiplex sockets."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from bot.domain.commands import Subscription
from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.market import MarketEvent
from bot.domain.streams import Address, address
from bot.domain.values import MS_NS, Market
from bot.exchange.channel import Channel, ChannelParts, FeedOptions
from bot.exchange.continuity import OnJump, StreamState
from bot.exchange.pressure import Pressure
from bot.exchange.session import Session
from bot.exchange.shard import Shard
from bot.exchange.sockets import Socket, SocketManager
from bot.exchange.watch import StreamWatch, Watched
from bot.ports import Clock, Emit

__all__ = ["BinanceMarketFeed", "FeedOptions", "Tap"]

_ROLL_PATIENCE_S: Final = 60.0
_GIVEN_UP: Final = "not wanted any more"


class Tap(Protocol):
    """Somebody who listens in, such as a recorder. Called on the event loop: be quick."""

    def frame(self, recv_ns: int, frame: bytes) -> None:
        """A frame as it arrived, before it is decoded."""
        ...

    def changed(self, event: FeedChanged) -> None:
        """A connection or stream of this feed went up, down or silent."""
        ...


class _Stream(msgspec.Struct):
    channel: Channel
    watched: Watched


class BinanceMarketFeed:
    """Emits market events and FeedChanged(MARKET) of its connections and streams.

    Streams are spread over connections, of USDⓈ-M futures by category too. A connection is
    named ``spot market 1``, ``usdm public 2``, a stream as Binance names it, with the market
    in front if that is not ``home``.
    """

    def __init__(
        self,
        session: Session,
        emit: Emit,
        clock: Clock,
        *,
        market: Market = Market.SPOT,
        home: Market | None = None,
        options: FeedOptions | None = None,
        tap: Tap | None = None,
        on_jump: OnJump | None = None,
    ) -> None:
        """``home`` is the market whose symbols are written plainly: this one, if not given."""
        self.emit = emit
        """Where events go. May be replaced before the first stream is added."""
        self._options = options or FeedOptions()
        self._market = market
        self._home = home or market
        self._clock = clock
        self._session = session
        self._tap = tap
        self._on_jump = on_jump
        self._sockets = SocketManager(
            session,
            session.endpoints,
            liveness=self._options.liveness,
            backoff=self._options.backoff,
            budget=session.connects,
        )
        self._streams: dict[str, _Stream] = {}
        self._channels: dict[Channel, asyncio.Task[None] | None] = {}
        self._opened: Counter[str] = Counter()
        self._past: Counter[str] = Counter()
        self._watch = StreamWatch(self._options.quiet, clock.now_ns, on_silent=self._call_stale)
        self._pressure = Pressure(
            self._options.pressure,
            measure=self._measure,
            crowd=self._crowd,
            tell=self._tell_lag,
        )
        self._tasks: asyncio.TaskGroup | None = None

    # --- figures ---------------------------------------------------------------------------

    @property
    def reconnects(self) -> int:
        """Connections that came up again, all together."""
        return self._past["reconnects"] + sum(c.shard.reconnects for c in self._channels)

    @property
    def rollovers(self) -> int:
        """Connections that were replaced without a gap, all together."""
        return self._past["rollovers"] + sum(c.shard.rollovers for c in self._channels)

    @property
    def conflated(self) -> int:
        """Frames that were replaced by a later one before they were handled."""
        return self._past["conflated"] + sum(c.intake.conflated for c in self._channels)

    @property
    def duplicates(self) -> int:
        """Events that came a second time and went no further."""
        now = sum(stream.watched.state.duplicates for stream in self._streams.values())
        return self._past["duplicates"] + now

    @property
    def broken_frames(self) -> int:
        """Frames that could not be decoded or handled."""
        return self._past["broken"] + sum(channel.broken_frames for channel in self._channels)

    @property
    def unknown_frames(self) -> int:
        """Frames of streams and types that nobody asked for."""
        return sum(channel.decoder.unknown.total() for channel in self._channels)

    @property
    def lag_ns(self) -> int:
        """How late data was handled lately."""
        return self._pressure.lag_ns

    @property
    def worst_lag_ns(self) -> int:
        """The greatest lag so far."""
        return self._pressure.worst_ns

    # --- the port --------------------------------------------------------------------------

    def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Add streams, at any time; those that are there already change nothing.

        Raises:
            SettingsError: Binance has no such stream.
        """
        wanted = [(address(wish, self._home), wish) for wish in subscriptions]
        for at, subscription in wanted:
            if at.name not in self._streams:
                self._add(at, subscription)

    def unsubscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Drop streams; a connection without any is closed."""
        for subscription in subscriptions:
            name = address(subscription, self._home).name
            stream = self._streams.pop(name, None)
            if stream is not None:
                self._remove(name, stream)

    async def roll(self) -> None:
        """Replace every connection, one after the other, make before break."""
        for channel in tuple(self._channels):
            channel.shard.roll("rollover")
            # A new connection that does not come up is waited for in the background.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ROLL_PATIENCE_S):
                    await channel.shard.rolled()

    async def run(self) -> None:
        """Connect and stay connected until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for channel in self._channels:
                    self._start(channel, tasks)
                tasks.create_task(self._watch.run(), name="stream silence")
                tasks.create_task(self._pressure.run(), name="market data lag")
        finally:
            self._tasks = None

    # --- streams and connections -----------------------------------------------------------

    def _add(self, at: Address, subscription: Subscription) -> None:
        channel = self._channel_with_room(at.category)
        state = StreamState(at.name, subscription, at.market, self._on_jump)
        self._streams[at.name] = _Stream(channel, self._watch.add(state, channel.shard))
        channel.add(state)

    def _remove(self, name: str, stream: _Stream) -> None:
        self._watch.remove(stream.watched)
        self._past["duplicates"] += stream.watched.state.duplicates
        stream.channel.remove(name)
        if stream.watched.stale:
            symbols = (stream.watched.state.subscription.symbol,)
            self._report(self._shown(name), FeedState.UP, _GIVEN_UP, symbols)
        if not stream.channel.shard.streams:
            self._close(stream.channel)

    def _channel_with_room(self, category: str) -> Channel:
        for channel in self._channels:
            room = self._options.streams_per_connection - len(channel.shard.streams)
            if channel.category == category and room > 0:
                return channel
        channel = self._new_channel(category)
        self._channels[channel] = None
        if self._tasks is not None:
            # It starts at the loop's next turn, when the caller's streams are all in its URL.
            self._start(channel, self._tasks)
        return channel

    def _new_channel(self, category: str) -> Channel:
        kind = category or "market"
        self._opened[kind] += 1

        def open_socket() -> Socket:
            return self._sockets.market_socket(self._market, category)

        parts = ChannelParts(
            emit=self.emit,
            now_ns=self._clock.now_ns,
            options=self._options,
            on_state=self._connection_changed,
            on_age=self._aged,
            tap=self._tap.frame if self._tap else None,
        )
        name = f"{self._market.value} {kind} {self._opened[kind]}"
        return Channel(name, category, open_socket, parts)

    def _start(self, channel: Channel, tasks: asyncio.TaskGroup) -> None:
        shard = channel.shard
        self._channels[channel] = tasks.create_task(shard.run(), name=shard.name)

    def _close(self, channel: Channel) -> None:
        shard = channel.shard
        task = self._channels.pop(channel)
        if task is not None:
            task.cancel()
        self._past["reconnects"] += shard.reconnects
        self._past["rollovers"] += shard.rollovers
        self._past["conflated"] += channel.intake.conflated
        self._past["broken"] += channel.broken_frames
        self._watch.forget(shard)
        if shard.is_lost:
            self._report(shard.name, FeedState.UP, _GIVEN_UP, ())

    # --- what happens to them --------------------------------------------------------------

    def _connection_changed(
        self, shard: Shard, up: bool, cause: str, streams: tuple[str, ...]
    ) -> None:
        states = (shard.streams[name] for name in streams if name in shard.streams)
        symbols = tuple(dict.fromkeys(state.subscription.symbol for state in states))
        self._report(shard.name, FeedState.UP if up else FeedState.DOWN, cause, symbols)

    def _call_stale(self, watched: Watched, cause: str) -> None:
        name = watched.state.name
        symbols = (watched.state.subscription.symbol,)
        channel = self._streams[name].channel

        def speaks_again() -> None:
            watched.stale = False
            self._report(self._shown(name), FeedState.UP, "data again", symbols)

        channel.before_next(name, speaks_again)
        self._report(self._shown(name), FeedState.STALE, cause, symbols)
        # A connection that delivers one stream no longer is not to be trusted with the others.
        self._watch.cure(channel.shard, f"{name} {cause}")

    def _measure(self) -> None:
        for channel in self._channels:
            channel.intake.measure()

    def _aged(self, event: MarketEvent, handled_ns: int) -> None:
        ahead_ns = int(self._session.timestamp_offset) * MS_NS
        self._pressure.aged(event, handled_ns, ahead_ns=ahead_ns)

    def _crowd(self, hold_s: float) -> None:
        # From another thread too: of a copy, which is made in one step.
        for channel in tuple(self._channels):
            channel.intake.crowd(hold_s)

    def _tell_lag(self, late: bool, cause: str) -> None:
        # Nothing is missing, so no tap is told.
        state = FeedState.LATE if late else FeedState.UP
        self.emit(self._change(f"{self._market.value} market data", state, cause, ()))

    def _shown(self, stream: str) -> str:
        # Streams of two markets may have one name.
        return stream if self._market is self._home else f"{self._market.value}:{stream}"

    def _report(self, name: str, state: FeedState, cause: str, symbols: tuple[str, ...]) -> None:
        event = self._change(name, state, cause, symbols)
        if self._tap is not None:
            self._tap.changed(event)
        self.emit(event)

    def _change(
        self, name: str, state: FeedState, cause: str, symbols: tuple[str, ...]
    ) -> FeedChanged:
        return FeedChanged(
            feed=FeedKind.MARKET,
            name=name,
            state=state,
            cause=cause,
            recv_ns=self._clock.now_ns(),
            symbols=symbols,
        )
