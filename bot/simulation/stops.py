"""Stop orders of one symbol: which of them the last trade triggers (trailing-stop-faq.md)."""

from collections import deque

from bot.simulation.orders import Order, triggers_above

__all__ = ["Stops", "would_trigger"]

_WHOLE = 10_000
"""Basis points."""


class Stops:
    """Waiting stop orders. Every public trade price is shown to them, in order."""

    def __init__(self) -> None:
        self.due: deque[Order] = deque()
        self._waiting: dict[int, Order] = {}
        # Whose tracked price changed since the last look.
        self._moved: dict[int, Order] = {}

    def add(self, order: Order) -> None:
        self._waiting[order.order_id] = order

    def drop(self, order: Order) -> None:
        """It is over; nothing if it does not wait."""
        self._waiting.pop(order.order_id, None)

    @property
    def is_stirred(self) -> bool:
        """Whether something is due, or a tracked price changed."""
        return bool(self.due or self._moved)

    def observe(self, price_e8: int) -> None:
        """A trade at this price; what it triggers becomes due."""
        if not self._waiting:
            return
        for order in list(self._waiting.values()):
            before = order.extreme_e8
            if _observe(order, price_e8):
                del self._waiting[order.order_id]
                self.due.append(order)
            if order.extreme_e8 != before:
                self._moved[order.order_id] = order

    def take_moved(self, now_ms: int) -> list[Order]:
        """The orders whose tracked price changed since the last call, with their time told."""
        if not self._moved:
            return []
        moved, self._moved = list(self._moved.values()), {}
        for order in moved:
            if order.trailing_ms < 0:
                order.trailing_ms = now_ms
        return moved


def would_trigger(order_type: str, *, is_buy: bool, stop_e8: int, last_price_e8: int) -> bool:
    """Whether the last trade is already past the stop price."""
    if not stop_e8 or not last_price_e8:
        return False
    if triggers_above(order_type, is_buy=is_buy):
        return last_price_e8 >= stop_e8
    return last_price_e8 <= stop_e8


def _observe(order: Order, price_e8: int) -> bool:
    if not order.extreme_e8:
        reached = not order.stop_e8 or would_trigger(
            order.order_type, is_buy=order.is_buy, stop_e8=order.stop_e8, last_price_e8=price_e8
        )
        if order.trailing_delta is None or not reached:
            return reached
        order.extreme_e8 = price_e8
    delta = order.trailing_delta or 0
    if order.is_buy:
        order.extreme_e8 = min(order.extreme_e8, price_e8)
        return price_e8 * _WHOLE >= order.extreme_e8 * (_WHOLE + delta)
    order.extreme_e8 = max(order.extreme_e8, price_e8)
    return price_e8 * _WHOLE <= order.extreme_e8 * (_WHOLE - delta)
