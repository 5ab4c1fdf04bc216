"""The way of a shard's frames to the engine, in three gears.

In the first nothing is done but to decode and emit. In the second, for a moment, one event's
age is taken. In the third, when frames come faster than they are handled, they wait in order and
are worked off a little at a time, so that the account's own news and timers get their turn; of
streams whose latest message is all that matters only the latest waits.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from bot.domain.commands import StreamKind
from bot.domain.market import MarketEvent
from bot.domain.values import SECOND_NS
from bot.exchange.connection import OnFrame
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder
from bot.ports import Emit

__all__ = ["LATEST_MATTERS", "Intake", "OnAge", "TapFrame"]

OnAge = Callable[[MarketEvent, int], object]
"""``(event, the time when it is handled)``, nanoseconds."""
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
_SLICE_NS: Final = 10_000_000
"""How long others wait while frames that had to wait are worked off."""
_WAITING_MOST: Final = 200_000
"""Frames. With more of them the connection is read no faster than they are handled."""


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
        self.way: OnFrame = decoder.way(emit, now_ns, tap)
        """The first gear."""
        self._decode = decoder.decode
        self._emit = emit
        self._now_ns = now_ns
        self._gears = gears
        self._on_age = on_age
        self._tap = tap
        self._hold_s = 0.0
        self._tries = 0
        self._latest_only: set[bytes] = set()
        self._latest: dict[bytes, tuple[int, bytes]] = {}
        self._latest_due_ns = 0
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._at_work = False

    def add(self, state: StreamState) -> None:
        """A stream comes this way from now on."""
        whole_market = state.subscription.symbol.endswith("*")
        if state.subscription.kind in LATEST_MATTERS and not whole_market:
            self._latest_only.add(_key(state.name))

    def remove(self, name: str) -> None:
        """It comes no more."""
        self._latest_only.discard(_key(name))
        self._latest.pop(_key(name), None)

    def measure(self) -> None:
        """Take the age of the next event that tells when it happened."""
        if not (self._hold_s or self._at_work):
            self._tries = _TRIES
            self._gears(self._measured)

    def crowd(self, hold_s: float) -> None:
        """Let frames wait, and those of which the latest is enough for so long; 0: no more.

        May be called from another thread while the event loop is busy.
        """
        changed = bool(hold_s) != bool(self._hold_s)
        self._hold_s = hold_s
        if changed:
            self._shift()

    def _shift(self) -> None:
        # What waits goes first, whatever the gear shall be.
        waits = self._hold_s or self._waiting or self._latest
        self._gears(self._wait if waits else self.way)

    def _measured(self, frame: bytes) -> None:
        recv_ns = self._now_ns()
        if self._tap is not None:
            self._tap(recv_ns, frame)
        event = self._decode(frame, recv_ns)
        self._tries -= 1
        aged = event is not None and event.ts_ns != event.recv_ns
        if aged or not self._tries:
            self._shift()
        if event is not None:
            if aged:
                self._on_age(event, recv_ns)
            self._emit(event)

    def _wait(self, frame: bytes) -> None:
        recv_ns = self._now_ns()
        if self._tap is not None:
            self._tap(recv_ns, frame)
        key = frame.partition(b",")[0]
        if key in self._latest_only:
            self.conflated += key in self._latest
            self._latest[key] = recv_ns, frame
        else:
            self._waiting.append((recv_ns, frame))
            if len(self._waiting) > _WAITING_MOST:
                self._handle(*self._waiting.popleft())
        if not self._at_work:
            self._at_work = True
            asyncio.get_running_loop().call_soon(self._work_off)

    def _work_off(self) -> None:
        """Handle what waits for one slice of time; come back if that was not all."""
        now_ns = self._now_ns()
        until_ns = now_ns + _SLICE_NS
        if now_ns >= self._latest_due_ns:
            self._latest_due_ns = now_ns + int(self._hold_s * SECOND_NS)
            latest, self._latest = self._latest, {}
            for recv_ns, frame in latest.values():
                self._handle(recv_ns, frame)
        waiting = self._waiting
        while waiting and now_ns < until_ns:
            now_ns = self._handle(*waiting.popleft())
        loop = asyncio.get_running_loop()
        if waiting:
            loop.call_soon(self._work_off)
        elif self._latest:
            loop.call_later(max(0, self._latest_due_ns - now_ns) / SECOND_NS, self._work_off)
        else:
            self._at_work = False
            self._shift()

    def _handle(self, recv_ns: int, frame: bytes) -> int:
        """Decode and emit a frame that waited; the time after that."""
        event = self._decode(frame, recv_ns)
        if event is not None:
            self._on_age(event, self._now_ns())
            self._emit(event)
        return self._now_ns()


def _key(stream: str) -> bytes:
    return b'{"stream":"' + stream.encode() + b'"'
