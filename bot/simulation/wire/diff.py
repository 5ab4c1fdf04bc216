"""The changes of a book since the last event of one diff stream."""

from decimal import Decimal

from bot.simulation.emissions import BookChanged
from bot.simulation.wire.payloads import text
from bot.simulation.wire.streams import Stream

__all__ = ["DepthDiff"]


class DepthDiff:
    """Gathers update ids without gaps, and the newest quantity of each level."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._first_id = 0
        self._last_id = 0
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._skipping = False

    def add(self, change: BookChanged) -> None:
        if not self._first_id:
            self._first_id = change.first_update_id
        self._last_id = change.last_update_id
        self._bids.update(change.bids)
        self._asks.update(change.asks)

    def skip(self) -> None:
        """Lose the next event."""
        self._skipping = True

    def take(self) -> tuple[tuple[int, int], list[list[str]], list[list[str]]] | None:
        """((U, u), bids, asks), best first; None when nothing happened."""
        if not self._first_id:
            return None
        bids = [[text(p), text(q)] for p, q in sorted(self._bids.items(), reverse=True)]
        asks = [[text(p), text(q)] for p, q in sorted(self._asks.items())]
        taken = ((self._first_id, self._last_id), bids, asks)
        self._first_id = 0
        self._bids.clear()
        self._asks.clear()
        if self._skipping:
            self._skipping = False
            return None
        return taken
