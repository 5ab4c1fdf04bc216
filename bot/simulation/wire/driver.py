"""The link between the exchange, which has no clock, and the event loop."""

import asyncio
import time
from collections.abc import Callable

from loguru import logger

from bot.simulation.emissions import AggTradeMade, BookChanged, RawFrame, TradeMade, UserEvent
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.wire.market import MarketStreams
from bot.simulation.wire.users import UserStreams

__all__ = ["Driver", "WallClock"]

_TICK_MS = 100


class WallClock:
    """Milliseconds since the epoch that never go back."""

    def __init__(self) -> None:
        self._last_ms = 0

    def now_ms(self) -> int:
        self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
        return self._last_ms


class Driver:
    """Moves the exchange exactly when it has something to do, and hands on what happened.

    ``on_tick`` is called at every multiple of 100 ms, after the exchange has been moved there.
    """

    def __init__(
        self,
        *,
        exchange: SimulatedExchange,
        clock: WallClock,
        market: MarketStreams,
        users: UserStreams,
        on_tick: Callable[[int], None],
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._market = market
        self._users = users
        self._on_tick = on_tick
        self._due: asyncio.TimerHandle | None = None
        self._beat: asyncio.TimerHandle | None = None
        self._stopped = False

    def start(self) -> None:
        self.step()
        self._arm_tick()

    def stop(self) -> None:
        self._stopped = True
        for timer in (self._due, self._beat):
            if timer is not None:
                timer.cancel()

    def step(self) -> int:
        """Move the exchange to now, hand on what happened; the time."""
        now_ms = self._clock.now_ms()
        self._exchange.advance(now_ms)
        self.settle()
        return now_ms

    def settle(self) -> None:
        """Hand on what happened since the last time, and wait for what comes next."""
        books: list[BookChanged] = []
        for emission in self._exchange.take():
            if isinstance(emission, TradeMade):
                self._market.on_trade(emission)
            elif isinstance(emission, BookChanged):
                books.append(emission)
            elif isinstance(emission, AggTradeMade):
                self._market.on_agg_trade(emission)
            elif isinstance(emission, UserEvent):
                self._users.publish(emission)
            elif isinstance(emission, RawFrame):
                self._market.on_raw(emission)
        if books:
            self._market.on_books(books)
        self._arm()

    def _arm(self) -> None:
        if self._due is not None:
            self._due.cancel()
        due_ms = self._exchange.next_due_ms()
        if due_ms is None or self._stopped:
            self._due = None
            return
        self._due = _at(due_ms, self._fire)

    def _fire(self) -> None:
        try:
            self.step()
        except Exception:  # noqa: BLE001 - wall: the market must not stop for one bad step
            logger.exception("the simulated market could not be moved")
            self._due = _at(self._clock.now_ms() + _TICK_MS, self._fire)

    def _arm_tick(self) -> None:
        if not self._stopped:
            next_ms = (self._clock.now_ms() // _TICK_MS + 1) * _TICK_MS
            self._beat = _at(next_ms, self._tick, next_ms)

    def _tick(self, tick_ms: int) -> None:
        try:
            self.step()
            self._market.tick(tick_ms)
            self._on_tick(tick_ms)
        except Exception:  # noqa: BLE001 - wall: streams go on after one bad payload
            logger.exception("the simulated streams missed a beat")
        finally:
            self._arm_tick()


def _at(due_ms: int, do: Callable[..., None], *args: int) -> asyncio.TimerHandle:
    # Half a millisecond late, so that the clock has certainly reached the millisecond.
    delay_s = due_ms / 1000 - time.time() + 0.0005
    return asyncio.get_running_loop().call_later(max(delay_s, 0.0), do, *args)
