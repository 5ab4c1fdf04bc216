"""How late market data is handled, and what is done about it."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec

from bot.domain.market import MarketEvent
from bot.domain.values import MS_NS, SECOND_NS

__all__ = ["Pressure", "PressureRules"]

_LOOK_S: Final = 0.1
_GUARD_S: Final = 0.05
_DRIFT: Final = 0.0001
"""How fast the shortest age is forgotten: clocks drift, and are set."""
_SHARE: Final = 0.25
"""Of the lag: what is held back for so long is not later by much."""
_SHORTEST_S: Final = 0.01
_LONGEST_S: Final = 0.25
_EASE: Final = 0.5
"""Below this share of a threshold the pressure is off."""


class PressureRules(msgspec.Struct, frozen=True, kw_only=True):
    """When data is late."""

    conflate_after_s: float = 0.1
    """From this lag on, of quotes, partial books and tickers only the latest is handled."""
    warn_after_s: float = 1.0
    """From this lag on it is told: incident ``feed_lag``."""


class Pressure:
    """Three measures of lag, the greatest of which counts.

    How late the event loop comes to its work. How long a frame waited for its turn. And how
    much older than the freshest of its type an event is when it is handled, by the exchange's
    own time: frames that wait in the kernel or on the way show in that.

    A thread stands guard: while the event loop is busy with a long run of frames, nothing on
    the loop could notice.
    """

    def __init__(
        self,
        rules: PressureRules,
        *,
        measure: Callable[[], object],
        crowd: Callable[[float], object],
        tell: Callable[[bool, str], object],
    ) -> None:
        """``measure`` takes ages and gives them to :meth:`aged`; ``tell(late, cause)``.

        ``crowd(seconds)``: of so much time only the latest is to be handled; 0: everything.
        """
        self.lag_ns = 0
        self.worst_ns = 0
        """The greatest lag so far."""
        self._rules = rules
        self._measure = measure
        self._crowd = crowd
        self._tell = tell
        self._youngest: dict[type, tuple[int, int]] = {}
        self._age_ns = 0
        self._looked_s = 0.0
        self._crowded = False
        self._told = False
        self._worst_told_ns = 0

    def aged(self, event: MarketEvent, handled_ns: int, *, ahead_ns: int = 0) -> None:
        """The event is handled at that time. ``ahead_ns``: of our clock is the exchange's."""
        lag_ns = handled_ns - event.recv_ns
        if event.ts_ns != event.recv_ns:
            age_ns = handled_ns + ahead_ns - event.ts_ns
            kind = type(event)
            youngest, at_ns = self._youngest.get(kind, (age_ns, handled_ns))
            youngest = min(age_ns, youngest + int((handled_ns - at_ns) * _DRIFT))
            self._youngest[kind] = youngest, handled_ns
            lag_ns = max(lag_ns, age_ns - youngest)
        self._age_ns = max(self._age_ns, lag_ns)

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        stop = threading.Event()
        guard = threading.Thread(target=self._guard, args=(stop,), name="lag guard", daemon=True)
        self._looked_s = time.monotonic()
        guard.start()
        try:
            while True:
                due_s = loop.time() + _LOOK_S
                await asyncio.sleep(_LOOK_S)
                self.look(int((loop.time() - due_s) * SECOND_NS))
                self._looked_s = time.monotonic()
        finally:
            stop.set()

    def _guard(self, stop: threading.Event) -> None:
        """The thread: let frames wait as soon as the loop is late, not once it is back."""
        patience_s = _LOOK_S + self._rules.conflate_after_s
        while not stop.wait(_GUARD_S):
            if time.monotonic() - self._looked_s > patience_s and not self._crowded:
                self._crowded = True
                self._crowd(_SHORTEST_S)

    def look(self, late_ns: int) -> None:
        """Judge. ``late_ns``: how late the event loop came to this."""
        self.lag_ns = max(late_ns, self._age_ns)
        self.worst_ns = max(self.worst_ns, self.lag_ns)
        self._age_ns = 0
        crowded = self._is_on(self._crowded, self._rules.conflate_after_s)
        if crowded:
            self._crowd(min(max(self.lag_ns / SECOND_NS * _SHARE, _SHORTEST_S), _LONGEST_S))
        elif self._crowded:
            self._crowd(0.0)
        self._crowded = crowded
        told = self._is_on(self._told, self._rules.warn_after_s)
        if told != self._told:
            self._tell(told, self._words(late=told))
            self._worst_told_ns = 0
        self._told = told
        if told:
            self._worst_told_ns = max(self._worst_told_ns, self.lag_ns)
        self._measure()

    def _is_on(self, before: bool, after_s: float) -> bool:
        return self.lag_ns > after_s * SECOND_NS * (_EASE if before else 1.0)

    def _words(self, *, late: bool) -> str:
        if late:
            return f"handled {self.lag_ns // MS_NS} ms late"
        return f"worked off; it was up to {self._worst_told_ns // MS_NS} ms late"
