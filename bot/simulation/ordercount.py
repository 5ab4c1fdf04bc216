"""How many unfilled orders an account has placed: the ORDERS rate limit."""

from typing import Any, Final

from bot.simulation.errors import ApiError

__all__ = ["ORDER_LIMITS", "OrderCounts"]

ORDER_LIMITS: Final = (("SECOND", 10, 100), ("DAY", 1, 200_000))
"""(interval, how many of it, limit)."""

_LENGTH_MS: Final = {"SECOND": 1000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}
_AS_TAKER: Final = 1
_AS_MAKER: Final = 5


class OrderCounts:
    """Counts in fixed windows aligned to the clock (faqs/order_count_decrement.md).

    An accepted order counts one; its first fill takes one off the current windows if it was
    the taker and five if it was the maker; cancels and expiries change nothing.
    """

    def __init__(self, limits: tuple[tuple[str, int, int], ...] = ORDER_LIMITS) -> None:
        self._limits = limits
        # account -> for each limit [window number, count]
        self._windows: dict[str, list[list[int]]] = {}

    def check(self, account: str, now_ms: int, *, orders: int = 1) -> None:
        """Refuse orders that would be too many.

        Raises:
            ApiError: 429, -1015.
        """
        for (interval, times, most), window in zip(
            self._limits, self._now(account, now_ms), strict=True
        ):
            if window[1] + orders > most:
                msg = f"Too many new orders; current limit is {most} orders per {times} {interval}."
                raise ApiError(429, -1015, msg)

    def placed(self, account: str, now_ms: int) -> None:
        """Count an accepted order."""
        for window in self._now(account, now_ms):
            window[1] += 1

    def first_fill(self, account: str, now_ms: int, *, is_maker: bool) -> None:
        """An order of the account traded for the first time."""
        less = _AS_MAKER if is_maker else _AS_TAKER
        for window in self._now(account, now_ms):
            window[1] = max(0, window[1] - less)

    def body(self, account: str, now_ms: int) -> list[dict[str, Any]]:
        """As ``GET /api/v3/rateLimit/order`` gives it."""
        return [
            {
                "rateLimitType": "ORDERS",
                "interval": interval,
                "intervalNum": times,
                "limit": most,
                "count": window[1],
            }
            for (interval, times, most), window in zip(
                self._limits, self._now(account, now_ms), strict=True
            )
        ]

    def rules(self) -> list[dict[str, Any]]:
        """The ORDERS entries of exchangeInfo's ``rateLimits``."""
        return [
            {"rateLimitType": "ORDERS", "interval": name, "intervalNum": times, "limit": most}
            for name, times, most in self._limits
        ]

    def _now(self, account: str, now_ms: int) -> list[list[int]]:
        windows = self._windows.get(account)
        if windows is None:
            windows = self._windows[account] = [[0, 0] for _ in self._limits]
        for (interval, times, _), window in zip(self._limits, windows, strict=True):
            number = now_ms // (_LENGTH_MS[interval] * times)
            if window[0] != number:
                window[:] = [number, 0]
        return windows
