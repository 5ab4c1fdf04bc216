"""How long to wait before the next attempt to connect."""

import random
from collections.abc import Callable

import msgspec

__all__ = ["Backoff", "Delays"]


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """At once, then with full jitter between ``least_s`` and a limit that doubles up to ``most_s``.

    Binance allows 300 connection attempts in 5 minutes per address: one connection makes some
    twenty of them at most, and all together keep to :class:`bot.exchange.throttle.ConnectBudget`.
    """

    least_s: float = 1.0
    first_limit_s: float = 5.0
    most_s: float = 60.0
    stable_s: float = 10.0
    """A connection that lived this long was a good one: the next loss starts afresh."""


class Delays:
    """The waiting times of one connection, in order."""

    def __init__(
        self, backoff: Backoff, *, uniform: Callable[[float, float], float] | None = None
    ) -> None:
        self._backoff = backoff
        self._uniform = uniform or random.uniform
        self._failures = 0

    def next_s(self) -> float:
        """Seconds to wait before the next attempt."""
        self._failures += 1
        if self._failures == 1:
            return 0.0
        limit = min(
            self._backoff.most_s, self._backoff.first_limit_s * 2.0 ** min(self._failures - 2, 16)
        )
        return self._uniform(min(self._backoff.least_s, limit), limit)

    def lived(self, seconds: float) -> None:
        """A connection was up for that long."""
        if seconds >= self._backoff.stable_s:
            self._failures = 0

    def restart(self) -> None:
        """The next attempt is planned, not a failure: make it at once."""
        self._failures = 0
