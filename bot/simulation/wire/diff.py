"""The changes of a book since the last event of one diff stream."""

from collections.abc import Iterable
from decimal import Decimal

from bot.simulation.emissions import BookChanged
from bot.simulation.wire.payloads import Payload, depth_update, text

__all__ = ["DepthDiff", "recorded_diffs"]


def recorded_diffs(recorded: Iterable[str], symbol: str) -> set[str]:
    """The streams among these that bring changes of a symbol's book; '' is every symbol."""
    return {
        name
        for name in recorded
        if name.partition("@")[2].partition("@")[0] == "depth"
        and symbol in {"", name.partition("@")[0].upper()}
    }


class DepthDiff:
    """Gathers update ids without gaps, and the newest quantity of each level."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
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

    def due(self, event_ms: int) -> list[Payload]:
        """The event with all changes since the last one, best first; none if there were none."""
        if not self._first_id:
            return []
        bids = [[text(p), text(q)] for p, q in sorted(self._bids.items(), reverse=True)]
        asks = [[text(p), text(q)] for p, q in sorted(self._asks.items())]
        event = depth_update(self.symbol, (self._first_id, self._last_id), bids, asks, event_ms)
        self._first_id = 0
        self._bids.clear()
        self._asks.clear()
        if self._skipping:
            self._skipping = False
            return []
        return [event]
