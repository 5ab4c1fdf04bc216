"""Market data of Binance: the MarketFeed port over python-binance's multiplex sockets."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.market import MarketEvent
from bot.domain.values import SECOND_NS
from bot.exchange.backoff import Backoff
from bot.exchange.connection import Liveness
from bot.exchange.decode import FrameDecoder, StreamReply
from bot.exchange.lanes import Lane
from bot.exchange.session import Session
from bot.exchange.shard import Shard
from bot.exchange.sockets import SocketManager
from bot.exchange.streams import stream_name
from bot.ports import Clock, Emit

__all__ = ["BinanceMarketFeed", "FeedOptions", "Tap"]

_DEFAULT_SILENCE_S: Final[Mapping[StreamKind, float]] = {
    StreamKind.QUOTES: 10.0,
    StreamKind.TRADES: 10.0,
}


class FeedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the feed behaves; the defaults suit liquid symbols."""

    silence_s: Mapping[StreamKind, float] = msgspec.field(
        default_factory=lambda: dict(_DEFAULT_SILENCE_S)
    )
    """After how long without data a stream of that kind is stale; absent: never."""
    first_data_s: float = 30.0
    """A new stream without any data for that long is stale, whatever its kind: Binance
    acknowledges names that do not exist."""
    liveness: Liveness = Liveness()
    backoff: Backoff = Backoff()


class Tap(Protocol):
    """Somebody who listens in, such as a recorder. Called on the event loop: be quick."""

    def frame(self, recv_ns: int, frame: bytes) -> None:
        """A frame as it arrived, before it is decoded."""
        ...

    def changed(self, event: FeedChanged) -> None:
        """A connection or stream of this feed went up, down or silent."""
        ...


class _Stream(msgspec.Struct):
    subscription: Subscription
    heard: list[int]
    shard: Shard
    waiting_since_ns: int = 0
    """When it was asked for, or its connection last came up."""
    stale: bool = False


class BinanceMarketFeed:
    """Emits market events and FeedChanged(MARKET) of its connections and streams.

    A connection is named ``spot market 1``, a stream as Binance names it.
    """

    def __init__(
        self,
        session: Session,
        emit: Emit,
        clock: Clock,
        *,
        streams_per_connection: int = 200,
        options: FeedOptions | None = None,
        tap: Tap | None = None,
    ) -> None:
        """Binance allows 1024 streams on a connection; fewer lose less when one goes."""
        self._options = options or FeedOptions()
        self._streams_per_connection = streams_per_connection
        self.emit = emit
        """Where events go. May be replaced before the first stream is added."""
        self._clock = clock
        self._tap = tap
        self._sockets = SocketManager(
            session,
            session.endpoints,
            liveness=self._options.liveness,
            backoff=self._options.backoff,
        )
        self._streams: dict[str, _Stream] = {}
        self._shards: list[Shard] = []
        self._decoders: dict[Shard, FrameDecoder] = {}
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def reconnects(self) -> int:
        """Connections that came up again, all together."""
        return sum(shard.reconnects for shard in self._shards)

    @property
    def broken_frames(self) -> int:
        """Frames that could not be decoded or handled."""
        return sum(decoder.broken for decoder in self._decoders.values()) + sum(
            shard.failed_frames for shard in self._shards
        )

    @property
    def unknown_frames(self) -> int:
        """Frames of streams and types that nobody asked for."""
        return sum(decoder.unknown.total() for decoder in self._decoders.values())

    def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Add streams, at any time; those that are there already change nothing.

        Raises:
            SettingsError: Binance has no such bar interval or book depth.
        """
        names = [(stream_name(subscription), subscription) for subscription in subscriptions]
        for name, subscription in names:
            if name in self._streams:
                continue
            shard = self._shard_with_room()
            heard = self._decoders[shard].add(subscription)
            self._streams[name] = _Stream(
                subscription, heard, shard, waiting_since_ns=self._clock.now_ns()
            )
            shard.add(name, subscription.symbol)

    async def run(self) -> None:
        """Connect and stay connected until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for shard in self._shards:
                    tasks.create_task(shard.run(), name=shard.name)
                tasks.create_task(self._watch_silence(), name="stream silence")
        finally:
            self._tasks = None

    def _shard_with_room(self) -> Shard:
        for shard in self._shards:
            if len(shard.streams) < self._streams_per_connection:
                return shard
        shard = self._new_shard()
        self._shards.append(shard)
        if self._tasks is not None:
            # It starts at the loop's next turn, when the caller's streams are all in its URL.
            self._tasks.create_task(shard.run(), name=shard.name)
        return shard

    def _new_shard(self) -> Shard:
        decoder = FrameDecoder(lambda reply: self._answer(shard, reply))
        shard = Shard(
            self._sockets.multiplex_socket([]),
            on_frame=self._frame_way(decoder),
            on_state=self._connection_changed,
            name=f"spot market {len(self._shards) + 1}",
        )
        self._decoders[shard] = decoder
        return shard

    def _frame_way(self, decoder: FrameDecoder) -> Callable[[bytes], None]:
        decode, emit, now_ns = decoder.decode, self.emit, self._clock.now_ns

        def on_frame(frame: bytes) -> None:
            event = decode(frame, now_ns())
            if event is not None:
                emit(event)

        return on_frame if self._tap is None else self._tapped(self._tap, decode)

    def _tapped(
        self, tap: Tap, decode: Callable[[bytes, int], MarketEvent | None]
    ) -> Callable[[bytes], None]:
        emit, now_ns = self.emit, self._clock.now_ns

        def on_frame(frame: bytes) -> None:
            recv_ns = now_ns()
            tap.frame(recv_ns, frame)
            event = decode(frame, recv_ns)
            if event is not None:
                emit(event)

        return on_frame

    def _answer(self, shard: Shard, reply: StreamReply) -> None:
        shard.answer(reply)

    def _connection_changed(self, shard: Shard, up: bool, cause: str) -> None:
        now = self._clock.now_ns()
        if up:
            for name in shard.streams:
                self._streams[name].waiting_since_ns = now
        self._report(shard.name, FeedState.UP if up else FeedState.DOWN, cause, shard.symbols)

    async def _watch_silence(self) -> None:
        limits = [*self._options.silence_s.values(), self._options.first_data_s]
        interval_s = min(1.0, min(limits) / 4)
        while True:
            await asyncio.sleep(interval_s)
            now = self._clock.now_ns()
            for name, stream in self._streams.items():
                if stream.shard.up and not stream.stale and self._is_silent(stream, now):
                    self._call_stale(name, stream)

    def _is_silent(self, stream: _Stream, now: int) -> bool:
        limit_s = self._options.silence_s.get(stream.subscription.kind)
        heard_ns = stream.heard[0]
        if not heard_ns:
            shortest = min(limit_s or self._options.first_data_s, self._options.first_data_s)
            return now - stream.waiting_since_ns > shortest * SECOND_NS
        if limit_s is None:
            return False
        return now - max(heard_ns, stream.waiting_since_ns) > limit_s * SECOND_NS

    def _call_stale(self, name: str, stream: _Stream) -> None:
        stream.stale = True
        symbols = (stream.subscription.symbol,)
        cause = "silent" if stream.heard[0] else "no data since it was asked for"

        def wrap(lane: Lane, restore: Callable[[], None]) -> Lane:
            def first_after_silence(frame: bytes, recv_ns: int) -> MarketEvent:
                event = lane(frame, recv_ns)
                restore()
                stream.stale = False
                self._report(name, FeedState.UP, "data again", symbols)
                return event

            return first_after_silence

        self._decoders[stream.shard].intercept(name, wrap)
        self._report(name, FeedState.STALE, cause, symbols)

    def _report(self, name: str, state: FeedState, cause: str, symbols: tuple[str, ...]) -> None:
        event = FeedChanged(
            feed=FeedKind.MARKET,
            name=name,
            state=state,
            cause=cause,
            recv_ns=self._clock.now_ns(),
            symbols=symbols,
        )
        if self._tap is not None:
            self._tap.changed(event)
        self.emit(event)
