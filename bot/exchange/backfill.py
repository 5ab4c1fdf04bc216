"""Holes of streams, filled over REST after the fact: told at once, closed whatever comes of it."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import Rejected, Throttled, VenueError
from bot.domain.feed import FeedChanged, FeedKind, FeedState
from bot.domain.market import AggTrade, Bar, MarketEvent, TradeTick
from bot.domain.times import iso_utc
from bot.exchange.backoff import Backoff, Delays
from bot.ports import Clock, Emit, MarketHistory

__all__ = ["Backfill", "BackfillOptions", "Hole"]

Row = TradeTick | AggTrade | Bar

_A_PAGE: Final = 1000
_LONGEST_PAUSE_S: Final = 300.0
_AT_A_STRETCH: Final = 200
"""Late events emitted before what is live gets its turn."""
_WHAT: Final = {
    StreamKind.TRADES: "trade",
    StreamKind.AGG_TRADES: "aggregate trade",
    StreamKind.BARS: "bar",
    StreamKind.CONTINUOUS_BARS: "bar",
}
"""What can be had again, and its name for people."""
_BARS: Final = frozenset({StreamKind.BARS, StreamKind.CONTINUOUS_BARS})


class Stream(Protocol):
    """What a hole needs to know of its stream."""

    @property
    def name(self) -> str: ...
    @property
    def subscription(self) -> Subscription: ...


class BackfillOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How much is fetched again, and how hard it is tried."""

    most: int = 50_000
    """Trades or bars of one hole; a bigger one is not filled, and says so."""
    waiting_most: int = 1_000
    """Holes that wait for their turn; more are not filled, and say so."""
    at_once: int = 4
    """Streams that are filled at the same time."""
    rest_s: float = 1.0
    """Between two questions for one stream: the holes of that time are one question."""
    tries: int = 8
    """For a hole whose ends are not there yet, or whose question gets no answer."""
    backoff: Backoff = Backoff(least_s=0.25, first_limit_s=0.5, most_s=30.0)


@dataclass(frozen=True, slots=True)
class Hole:
    """What a stream did not bring, both ends included: ids, or open times of bars."""

    stream: str
    subscription: Subscription
    first: int
    last: int
    count: int

    @property
    def what(self) -> str:
        """``12 trades``, for people."""
        return _counted(self.count, self.subscription.kind)

    @property
    def of_bars(self) -> bool:
        return self.subscription.kind in _BARS


class Backfill:
    """Fills the holes of trades, aggregate trades and closed bars.

    Each hole is two events: GAP when it is found, before the event that came after it, and
    HEALED when it is done with, after the late events, which are marked ``late`` and come
    oldest first. ``healed_by`` says ``backfill of 12 trades``, or ``not healed: ...`` and why.
    Holes of one stream are filled in their order. Questions wait for what orders leave of
    the request weight, so that a storm of holes takes long and harms nothing.
    """

    def __init__(
        self,
        history: MarketHistory,
        emit: Emit,
        clock: Clock,
        *,
        options: BackfillOptions | None = None,
    ) -> None:
        self.emit = emit
        """Where events go. May be replaced before the first hole."""
        self.filled = 0
        """Late events emitted."""
        self.holes = 0
        self._history = history
        self._clock = clock
        self._options = options or BackfillOptions()
        self._waiting: dict[str, deque[Hole]] = {}
        self._count = 0
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._wanted: set[str] = set()
        self._rest_until: dict[str, float] = {}

    def jumped(self, state: Stream, first: int, last: int, _: MarketEvent) -> None:
        """A stream of trades or aggregate trades came without these ids. Never blocks."""
        self._found(Hole(state.name, state.subscription, first, last, last - first + 1))

    def bars_missed(self, state: Stream, first_ns: int, last_ns: int, count: int) -> None:
        """A stream of bars came without the closed bars that open between these times."""
        self._found(Hole(state.name, state.subscription, first_ns, last_ns, count))

    async def run(self) -> None:
        """Fill holes until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._options.at_once):
                tasks.create_task(self._work(), name=f"backfill {number + 1}")

    def _found(self, hole: Hole) -> None:
        self.holes += 1
        self._tell(hole, FeedState.GAP, f"{hole.what} missing: {_ends(hole)}")
        options = self._options
        if hole.subscription.kind not in _WHAT:
            self._healed(hole, "not healed: the exchange keeps none of these")
        elif hole.count > options.most:
            most = f"{options.most} are fetched at most (BOT_BACKFILL_MOST)"
            self._healed(hole, f"not healed: {hole.what}, and {most}")
        elif self._count >= options.waiting_most:
            self._healed(hole, f"not healed: {options.waiting_most} other holes wait")
        else:
            self._waiting.setdefault(hole.stream, deque()).append(hole)
            self._count += 1
            self._call(hole.stream)

    def _call(self, stream: str) -> None:
        if stream not in self._wanted:
            self._wanted.add(stream)
            loop = asyncio.get_running_loop()
            rest_s = self._rest_until.pop(stream, 0.0) - loop.time()
            if rest_s > 0:
                loop.call_later(rest_s, self._ready.put_nowait, stream)
            else:
                self._ready.put_nowait(stream)

    async def _work(self) -> None:
        while True:
            stream = await self._ready.get()
            holes = self._next_of(stream)
            try:
                if holes:
                    await self._fill(holes)
            except Exception as e:  # noqa: BLE001 - wall: one hole must not keep the others open
                await self._close(holes, (), f"{type(e).__name__}: {e}")
            finally:
                self._wanted.discard(stream)
            self._rest_until[stream] = asyncio.get_running_loop().time() + self._options.rest_s
            if self._waiting.get(stream):
                self._call(stream)
            else:
                self._waiting.pop(stream, None)

    def _next_of(self, stream: str) -> list[Hole]:
        """The stream's oldest holes, as many as one page of answers may fill."""
        waiting = self._waiting.get(stream, deque())
        taken: list[Hole] = []
        while waiting:
            hole = waiting[0]
            span = hole.last - (taken[0] if taken else hole).first
            if taken and (hole.of_bars or span >= _A_PAGE):
                break
            taken.append(waiting.popleft())
            self._count -= 1
        return taken

    async def _fill(self, holes: list[Hole]) -> None:
        """Ask until everything is there or the tries are over, then emit what came."""
        found: Sequence[Row] = ()
        reason, silence_s = "", 0.0
        wanted = sum(hole.count for hole in holes)
        delays = Delays(self._options.backoff)
        for _ in range(self._options.tries):
            await asyncio.sleep(min(max(delays.next_s(), silence_s), _LONGEST_PAUSE_S))
            silence_s = 0.0
            try:
                rows = await self._fetch(holes)
                # What has just happened is often not there yet: then it is asked for again.
                found = [row for row in rows if _hole_of(row, holes) is not None]
                reason = ""
            except Throttled as throttled:
                reason, silence_s = str(throttled), throttled.retry_after_s
            except Rejected as refused:
                reason = str(refused)
                break
            except VenueError as failure:
                reason = str(failure)
            if len(found) >= wanted:
                break
        await self._close(holes, found, reason)

    async def _fetch(self, holes: list[Hole]) -> Sequence[Row]:
        first, last = holes[0].first, holes[-1].last
        subscription = holes[0].subscription
        symbol = subscription.symbol
        if subscription.kind is StreamKind.TRADES:
            return await self._history.trades(symbol, first, last)
        if subscription.kind is StreamKind.AGG_TRADES:
            return await self._history.agg_trades(symbol, first, last)
        interval = subscription.detail or "1m"
        bars = await self._history.bars(symbol, interval, first, last, holes[0].count)
        return [bar for bar in bars if bar.closed]

    async def _close(self, holes: list[Hole], found: Sequence[Row], reason: str) -> None:
        for hole in holes:
            late = [row for row in found if _hole_of(row, (hole,)) is not None]
            for number, row in enumerate(late, 1):
                self.emit(row)
                if number % _AT_A_STRETCH == 0:
                    await asyncio.sleep(0)
            self.filled += len(late)
            kind = hole.subscription.kind
            if len(late) >= hole.count:
                self._healed(hole, f"backfill of {_counted(len(late), kind)}")
            elif late:
                self._healed(hole, f"not healed: backfill of {len(late)} of {hole.what} only")
            else:
                self._healed(hole, f"not healed: {reason or 'the exchange does not have them'}")

    def _healed(self, hole: Hole, healed_by: str) -> None:
        self._tell(hole, FeedState.HEALED, f"{hole.what} missing: {_ends(hole)}", healed_by)

    def _tell(self, hole: Hole, state: FeedState, cause: str, healed_by: str = "") -> None:
        of_bars = hole.of_bars
        self.emit(
            FeedChanged(
                feed=FeedKind.MARKET,
                name=hole.stream,
                state=state,
                cause=cause,
                recv_ns=self._clock.now_ns(),
                symbols=(hole.subscription.symbol,),
                stream=hole.stream,
                from_id=None if of_bars else hole.first,
                to_id=None if of_bars else hole.last,
                from_ns=hole.first if of_bars else None,
                to_ns=hole.last if of_bars else None,
                healed_by=healed_by,
            )
        )


def _hole_of(row: Row, holes: Sequence[Hole]) -> Hole | None:
    if isinstance(row, TradeTick):
        number = row.trade_id
    else:
        number = row.agg_id if isinstance(row, AggTrade) else row.open_ns
    return next((hole for hole in holes if hole.first <= number <= hole.last), None)


def _ends(hole: Hole) -> str:
    if hole.of_bars:
        return f"{iso_utc(hole.first)} to {iso_utc(hole.last)}"
    return f"{hole.first} to {hole.last}" if hole.count > 1 else str(hole.first)


def _counted(count: int, kind: StreamKind) -> str:
    return f"{count} {_WHAT.get(kind, 'message')}{'' if count == 1 else 's'}"
