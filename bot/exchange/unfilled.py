"""Which fill is the first of its order: that one makes the exchange count an order less.

Source: Binance spot documentation, "Unfilled order count".
"""

from typing import Final

from bot.domain.fill import Fill

__all__ = ["FirstFills"]

_KEPT: Final = 10_000


class FirstFills:
    """Remembers the newest orders that have traded; older ones are complete, or long counted."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._seen: dict[str, None] = {}

    def is_first(self, fill: Fill) -> bool:
        """Whether its order has not traded before, as far as is remembered."""
        if fill.client_order_id in self._seen:
            return False
        if len(self._seen) >= self._kept:
            del self._seen[next(iter(self._seen))]
        self._seen[fill.client_order_id] = None
        return True
