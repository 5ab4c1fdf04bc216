"""A shard with what its frames pass: decoder, gears, and the watch over its streams' silence."""

from collections.abc import Callable

import msgspec

from bot.exchange.backoff import Backoff
from bot.exchange.connection import Liveness
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder, StreamReply
from bot.exchange.handover import HandoverRules
from bot.exchange.intake import Intake, OnAge, TapFrame
from bot.exchange.lanes import Decoded, Lane
from bot.exchange.pressure import PressureRules
from bot.exchange.quiet import QuietRules
from bot.exchange.shard import OnShardState, Shard, ShardParts
from bot.exchange.sockets import Socket
from bot.ports import Emit

__all__ = ["Channel", "ChannelParts", "FeedOptions"]


class FeedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a market feed behaves."""

    streams_per_connection: int = 200
    """Binance allows 1024; fewer lose less when one goes."""
    quiet: QuietRules = QuietRules()
    handover: HandoverRules = HandoverRules()
    pressure: PressureRules = PressureRules()
    liveness: Liveness = Liveness()
    backoff: Backoff = Backoff()


class ChannelParts(msgspec.Struct, frozen=True, kw_only=True):
    """What all channels of a feed have in common."""

    emit: Emit
    now_ns: Callable[[], int]
    options: FeedOptions
    on_state: OnShardState
    on_age: OnAge
    tap: TapFrame | None


class Channel:
    """The streams of one category that share a connection."""

    def __init__(
        self, name: str, category: str, open_socket: Callable[[], Socket], parts: ChannelParts
    ) -> None:
        self.category = category
        self.decoder = FrameDecoder(self._answer)
        self.intake = Intake(
            self.decoder,
            parts.emit,
            parts.now_ns,
            gears=self._shift,
            on_age=parts.on_age,
            tap=parts.tap,
        )
        self.shard = Shard(
            name,
            ShardParts(
                open_socket=open_socket,
                deliver=self.intake.way,
                on_state=parts.on_state,
                now_ns=parts.now_ns,
                rules=parts.options.handover,
                backoff=parts.options.backoff,
            ),
        )

    @property
    def broken_frames(self) -> int:
        """Frames that could not be decoded or handled."""
        return self.decoder.broken + self.shard.failed_frames

    def add(self, state: StreamState) -> None:
        """Carry one more stream."""
        self.decoder.add(state)
        self.intake.add(state)
        self.shard.add(state)

    def remove(self, name: str) -> None:
        """Carry it no longer."""
        self.decoder.remove(name)
        self.intake.remove(name)
        self.shard.remove(name)

    def before_next(self, stream: str, call: Callable[[], object]) -> None:
        """Call once, before the stream's next event is delivered."""

        def wrap(lane: Lane, restore: Callable[[], None]) -> Lane:
            def first(frame: bytes, recv_ns: int) -> Decoded:
                event = lane(frame, recv_ns)
                restore()
                call()
                return event

            return first

        self.decoder.intercept(stream, wrap)

    def _answer(self, reply: StreamReply) -> None:
        self.shard.answer(reply)

    def _shift(self, way: Callable[[bytes], object]) -> None:
        self.shard.redirect(way)
