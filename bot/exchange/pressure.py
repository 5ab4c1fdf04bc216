"""How late market data is handled, and what is done about it."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from bot.domain.values import MS_NS, SECOND_NS

__all__ = ["Pressure", "PressureRules"]

_LOOK_S: Final = 0.1
_DRIFT: Final = 0.0001
"""How fast the shortest age is forgotten: clocks drift, and are set."""
_EASE: Final = 0.5
"""Below this share of a threshold the pressure is off."""


class PressureRules(msgspec.Struct, frozen=True, kw_only=True):
    """When data is late."""

    conflate_after_s: float = 0.1
    """From this lag on, of quotes, partial books and tickers only the latest is handled."""
    warn_after_s: float = 1.0
    """From this lag on it is told: incident ``feed_lag``."""


class Pressure:
    """Two measures of lag, the greater of which counts.

    How late the event loop comes to its work: frames wait as long in our process. And how much
    older than the freshest of its type an event is when it is handled, by the exchange's own
    time: frames that wait in the kernel or on the way show in that.
    """

    def __init__(
        self,
        rules: PressureRules,
        now_ns: Callable[[], int],
        *,
        measure: Callable[[], object],
        crowd: Callable[[bool], object],
        tell: Callable[[bool, str], object],
    ) -> None:
        """``measure`` takes ages and gives them to :meth:`aged`; ``tell(late, cause)``."""
        self.lag_ns = 0
        self.worst_ns = 0
        """The greatest lag so far."""
        self._rules = rules
        self._now_ns = now_ns
        self._measure = measure
        self._crowd = crowd
        self._tell = tell
        self._youngest: dict[type, tuple[int, int]] = {}
        self._age_ns = 0
        self._crowded = False
        self._told = False
        self._worst_told_ns = 0

    def aged(self, kind: type, age_ns: int) -> None:
        """An event of that type was that old when it was received."""
        now_ns = self._now_ns()
        youngest, at_ns = self._youngest.get(kind, (age_ns, now_ns))
        youngest = min(age_ns, youngest + int((now_ns - at_ns) * _DRIFT))
        self._youngest[kind] = youngest, now_ns
        self._age_ns = max(self._age_ns, age_ns - youngest)

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + _LOOK_S
            await asyncio.sleep(_LOOK_S)
            self.look(int((loop.time() - due_s) * SECOND_NS))

    def look(self, late_ns: int) -> None:
        """Judge. ``late_ns``: how late the event loop came to this."""
        self.lag_ns = max(late_ns, self._age_ns)
        self.worst_ns = max(self.worst_ns, self.lag_ns)
        self._age_ns = 0
        crowded = self._is_on(self._crowded, self._rules.conflate_after_s)
        if crowded != self._crowded:
            self._crowded = crowded
            self._crowd(crowded)
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
