"""The way of a shard's frames to the engine, in three gears.

In the first nothing is done but to decode and emit. In the second, for a moment, one event's
age is taken. In the third, when frames come faster than they are handled, of streams whose
latest message is all that matters only the latest is handled.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from bot.domain.commands import StreamKind
from bot.domain.market import MarketEvent
from bot.exchange.connection import OnFrame
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder
from bot.ports import Emit

__all__ = ["LATEST_MATTERS", "Intake", "OnAge", "TapFrame"]

OnAge = Callable[[type, int], object]
"""``(type of event, receive time minus the exchange's time)``, nanoseconds."""
TapFrame = Callable[[int, bytes], object]

LATEST_MATTERS: Final = frozenset(
    {
        StreamKind.QUOTES,
        StreamKind.BOOK,
        StreamKind.MINI_TICKER,
        StreamKind.TICKER,
        StreamKind.WINDOW_TICKER,
        StreamKind.AVERAGE_PRICE,
        StreamKind.REFERENCE_PRICE,
        StreamKind.MARK_PRICE,
        StreamKind.INDEX_PRICE,
    }
)
"""Each message replaces the one before. All others are handled one by one, however late."""

_TRIES: Final = 20
"""Frames in which an event with a time of the exchange is looked for, each time."""


class Intake:
    """``gears`` is called with the way that frames shall take from now on."""

    def __init__(
        self,
        decoder: FrameDecoder,
        emit: Emit,
        now_ns: Callable[[], int],
        *,
        gears: Callable[[OnFrame], object],
        on_age: OnAge,
        tap: TapFrame | None = None,
    ) -> None:
        self.conflated = 0
        """Frames that were replaced by a later one of their stream before they were handled."""
        self.way: OnFrame = decoder.way(emit, now_ns)
        """The first gear."""
        if tap is not None:
            self.way = _tapped(decoder, emit, now_ns, tap)
        self._decode = decoder.decode
        self._emit = emit
        self._now_ns = now_ns
        self._gears = gears
        self._on_age = on_age
        self._tap = tap
        self._crowded = False
        self._tries = 0
        self._latest_only: set[bytes] = set()
        self._held: dict[bytes, tuple[int, bytes]] = {}

    def add(self, state: StreamState) -> None:
        """A stream comes this way from now on."""
        whole_market = state.subscription.symbol.endswith("*")
        if state.subscription.kind in LATEST_MATTERS and not whole_market:
            self._latest_only.add(_key(state.name))

    def remove(self, name: str) -> None:
        """It comes no more."""
        self._latest_only.discard(_key(name))
        self._held.pop(_key(name), None)

    def measure(self) -> None:
        """Take the age of the next event that tells when it happened."""
        if not self._crowded:
            self._tries = _TRIES
            self._gears(self._measured)

    def crowd(self, crowded: bool) -> None:
        """Handle only the latest where that is enough, or everything again."""
        if crowded != self._crowded:
            self._crowded = crowded
            self._gears(self._conflating if crowded else self.way)

    def _measured(self, frame: bytes) -> None:
        event = self._handled(frame)
        self._tries -= 1
        aged = event is not None and event.ts_ns != event.recv_ns
        if aged or not self._tries:
            self._gears(self.way)
        if event is not None:
            if aged:
                self._on_age(type(event), event.recv_ns - event.ts_ns)
            self._emit(event)

    def _handled(self, frame: bytes) -> MarketEvent | None:
        recv_ns = self._now_ns()
        if self._tap is not None:
            self._tap(recv_ns, frame)
        return self._decode(frame, recv_ns)

    def _conflating(self, frame: bytes) -> None:
        key = frame.partition(b",")[0]
        if key not in self._latest_only:
            event = self._handled(frame)
            if event is not None:
                if event.ts_ns != event.recv_ns:
                    self._on_age(type(event), event.recv_ns - event.ts_ns)
                self._emit(event)
            return
        recv_ns = self._now_ns()
        if self._tap is not None:
            self._tap(recv_ns, frame)
        if not self._held:
            # Once everything that can be read now has been read.
            asyncio.get_running_loop().call_soon(self._handle_held)
        elif key in self._held:
            self.conflated += 1
        self._held[key] = recv_ns, frame

    def _handle_held(self) -> None:
        held, self._held = self._held, {}
        for recv_ns, frame in held.values():
            event = self._decode(frame, recv_ns)
            if event is not None:
                self._emit(event)


def _tapped(decoder: FrameDecoder, emit: Emit, now_ns: Callable[[], int], tap: TapFrame) -> OnFrame:
    decode = decoder.decode

    def on_frame(frame: bytes) -> None:
        recv_ns = now_ns()
        tap(recv_ns, frame)
        event = decode(frame, recv_ns)
        if event is not None:
            emit(event)

    return on_frame


def _key(stream: str) -> bytes:
    return b'{"stream":"' + stream.encode() + b'"'
