"""What an address may ask for: weight and raw requests in clock-aligned windows, connections.

Source: Binance spot documentation, "Limits": 429, and 418 for those who go on regardless.
"""

import math
from collections import deque

from bot.simulation.errors import ApiError
from bot.simulation.wire.rules import WireRules

__all__ = ["Allowance", "Limits", "banned", "too_many"]

_MINUTE_MS = 60_000
_FIVE_MINUTES_MS = 300_000


def too_many(limit: int, server_ms: int, retry_at_ms: int) -> ApiError:
    """429: the window's weight is used up."""
    msg = (
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    return ApiError(429, -1003, msg, {"serverTime": server_ms, "retryAfter": retry_at_ms})


def banned(server_ms: int, until_ms: int) -> ApiError:
    """418: the address did not stop after its 429s."""
    msg = (
        f"Way too much request weight used; IP banned until {until_ms}. "
        "Please use WebSocket Streams for live updates to avoid bans."
    )
    return ApiError(418, -1003, msg, {"serverTime": server_ms, "retryAfter": until_ms})


class Allowance:
    """One address."""

    def __init__(self, rules: WireRules) -> None:
        self._rules = rules
        self._minute = 0
        self._used = 0
        self._five_minutes = 0
        self._requests = 0
        self._ignored = 0
        self._bans = 0
        self._banned_until_ms = 0
        self._connects: deque[float] = deque(maxlen=rules.connects)

    @property
    def used_weight(self) -> int:
        """Weight used in the minute of the last request."""
        return self._used

    def charge(self, weight: int, now_ms: int) -> None:
        """Count a request.

        Raises:
            ApiError: 429 or 418; its ``data`` says when to come back.
        """
        self._roll(now_ms)
        if now_ms < self._banned_until_ms:
            raise banned(now_ms, self._banned_until_ms)
        self._requests += 1
        self._used += weight
        if self._used > self._rules.weight_per_minute:
            retry_at_ms = (self._minute + 1) * _MINUTE_MS
        elif self._requests > self._rules.raw_requests:
            retry_at_ms = (self._five_minutes + 1) * _FIVE_MINUTES_MS
        else:
            return
        self._ignored += 1
        if self._ignored > self._rules.ban_after:
            raise self._ban(now_ms)
        raise too_many(self._rules.weight_per_minute, now_ms, retry_at_ms)

    def refund(self, weight: int) -> None:
        """A successful order request weighs nothing."""
        self._used = max(0, self._used - weight)

    def connects(self, now_s: float) -> bool:
        """Count a connection attempt; False when there were too many."""
        recent, window_s = self._connects, self._rules.connects_window_s
        if len(recent) == recent.maxlen and (not recent or now_s - recent[0] < window_s):
            return False
        recent.append(now_s)
        return True

    def _roll(self, now_ms: int) -> None:
        minute, five_minutes = now_ms // _MINUTE_MS, now_ms // _FIVE_MINUTES_MS
        if minute != self._minute:
            self._minute, self._used, self._ignored = minute, 0, 0
        if five_minutes != self._five_minutes:
            self._five_minutes, self._requests = five_minutes, 0

    def _ban(self, now_ms: int) -> ApiError:
        length_s = min(self._rules.ban_s * 2**self._bans, self._rules.ban_max_s)
        self._bans += 1
        self._ignored = 0
        self._banned_until_ms = now_ms + math.ceil(length_s * 1000)
        return banned(now_ms, self._banned_until_ms)


class Limits:
    """All addresses that ever asked; the oldest is forgotten beyond ``_KNOWN``."""

    _KNOWN = 10_000

    def __init__(self, rules: WireRules) -> None:
        self._rules = rules
        self._addresses: dict[str, Allowance] = {}

    def of(self, address: str) -> Allowance:
        allowance = self._addresses.get(address)
        if allowance is None:
            if len(self._addresses) >= self._KNOWN:
                del self._addresses[next(iter(self._addresses))]
            allowance = self._addresses[address] = Allowance(self._rules)
        return allowance
