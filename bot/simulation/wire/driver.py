"""The link between the exchange, which has no clock, and the event loop."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from loguru import logger

__all__ = ["Driver", "Outlet", "WallClock"]

_TICK_MS = 100


class WallClock:
    """Milliseconds since the epoch that never go back."""

    def __init__(self) -> None:
        self._last_ms = 0

    def now_ms(self) -> int:
        self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
        return self._last_ms


class Moving(Protocol):
    """An exchange, as far as time goes."""

    def advance(self, now_ms: int) -> None: ...
    def next_due_ms(self) -> int | None: ...
    def take(self) -> Sequence[Any]: ...


class Outlet(Protocol):
    """Where what happened goes out."""

    def hand_on(self, emissions: Sequence[Any]) -> None:
        """All that happened in one turn, in order."""
        ...

    def tick(self, tick_ms: int) -> None:
        """A multiple of 100 ms of the clock has passed."""
        ...


class Driver:
    """Moves the exchange exactly when it has something to do, and hands on what happened.

    ``on_tick`` is called at every multiple of 100 ms, after the exchange has been moved there.
    """

    def __init__(
        self,
        *,
        exchange: Moving,
        clock: WallClock,
        outlet: Outlet,
        on_tick: Callable[[int], None],
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._outlet = outlet
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
        self._outlet.hand_on(self._exchange.take())
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
            self._outlet.tick(tick_ms)
            self._on_tick(tick_ms)
        except Exception:  # noqa: BLE001 - wall: streams go on after one bad payload
            logger.exception("the simulated streams missed a beat")
        finally:
            self._arm_tick()


def _at(due_ms: int, do: Callable[..., None], *args: int) -> asyncio.TimerHandle:
    # Half a millisecond late, so that the clock has certainly reached the millisecond.
    delay_s = due_ms / 1000 - time.time() + 0.0005
    return asyncio.get_running_loop().call_later(max(delay_s, 0.0), do, *args)
