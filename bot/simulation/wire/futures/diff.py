"""The changes of a futures book since the last event of one diff stream."""

from decimal import Decimal

from bot.simulation.futures.emissions import BookChanged
from bot.simulation.wire.futures.contracts import Contract

__all__ = ["BookDiff"]

Pairs = list[list[str]]


class BookDiff:
    """Gathers the newest quantity of each level; ``pu`` is the ``u`` of the event before.

    Source: Binance USDⓈ-M documentation, "How to manage a local order book correctly".
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._ids: tuple[int, int, int] | None = None
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._time_ms = 0
        self._skipping = False

    def add(self, change: BookChanged) -> None:
        first, _, previous = self._ids or (change.first_update_id, 0, change.previous_update_id)
        self._ids = (first, change.last_update_id, previous)
        self._bids.update(change.bids)
        self._asks.update(change.asks)
        self._time_ms = change.time_ms

    def skip(self) -> None:
        """Lose the next event."""
        self._skipping = True

    def take(self) -> tuple[tuple[int, int, int], tuple[Pairs, Pairs], int] | None:
        """((U, u, pu), (bids, asks), time of the last change); None when nothing happened."""
        ids, self._ids = self._ids, None
        if ids is None:
            return None
        bids = [self._level(*level) for level in sorted(self._bids.items(), reverse=True)]
        asks = [self._level(*level) for level in sorted(self._asks.items())]
        self._bids.clear()
        self._asks.clear()
        if self._skipping:
            self._skipping = False
            return None
        return ids, (bids, asks), self._time_ms

    def _level(self, price: Decimal, quantity: Decimal) -> list[str]:
        return [self._contract.price(price), self._contract.quantity(quantity)]
