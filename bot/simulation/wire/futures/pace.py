"""How many orders an account has placed: the ORDERS limits that both futures markets share.

Source: Binance USDⓈ-M documentation, "Limits": fixed windows of ten seconds and of a minute.
"""

from collections.abc import Mapping
from typing import Any

from bot.simulation.ordercount import OrderCounts
from bot.simulation.wire.futures.rules import FuturesRules

__all__ = ["Pace"]


class Pace:
    def __init__(self, rules: FuturesRules) -> None:
        self._counts = OrderCounts(
            (("SECOND", 10, rules.orders_10s), ("MINUTE", 1, rules.orders_1m))
        )

    def rules(self) -> list[dict[str, Any]]:
        """The ORDERS entries of exchangeInfo's ``rateLimits``."""
        return self._counts.rules()

    def check(self, account: str, orders: int, now_ms: int) -> None:
        """Refuse orders of one request that would be too many.

        Raises:
            ApiError: 429, -1015.
        """
        self._counts.check(account, now_ms, orders=orders)

    def placed(self, account: str, orders: int, now_ms: int) -> None:
        """Count accepted orders; unlike spot, fills take none off again."""
        for _ in range(orders):
            self._counts.placed(account, now_ms)

    def unfilled_order_count(
        self, account: str, params: Mapping[str, str], now_ms: int
    ) -> list[dict[str, Any]]:
        """The counters as ``rateLimits`` and the X-MBX-ORDER-COUNT headers have them."""
        del params
        return self._counts.body(account, now_ms)
