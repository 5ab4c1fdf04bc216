"""What the first frames of a tape show of its symbols."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Final

from bot.simulation.fixedpoint import decimal
from bot.simulation.tapeframes import Diff, Levels, Partial, Quote, Snapshot, TapeEvent, Trade
from bot.simulation.tapereel import TapeFrame

__all__ = ["Sighting"]

_MS: Final = 1_000_000


class Sighting:
    """Prices and quantities by symbol, and how far event times lead the recorder's clock.

    ``snapshots`` are the first ones of each book among the ``first`` frames.
    """

    def __init__(
        self,
        first: Iterable[TapeFrame],
        later: Iterable[TapeFrame],
        read: Callable[[str, bytes], Iterable[tuple[str, object]]],
    ) -> None:
        self.prices: dict[str, set[int]] = {}
        self.quantities: dict[str, set[int]] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.lead_ms = 0.0
        self._read = read
        for frame in first:
            for symbol, event in self._see(frame):
                if isinstance(event, Snapshot):
                    self.snapshots.setdefault(symbol, event)
        for frame in later:
            for _ in self._see(frame):
                pass

    def _see(self, frame: TapeFrame) -> Iterator[tuple[str, TapeEvent]]:
        recv_ns, stream, data = frame
        for symbol, event in self._read(stream, data):
            if not isinstance(event, Trade | Diff | Quote | Partial | Snapshot):
                continue
            if not self.lead_ms and isinstance(event, Trade | Diff) and event.time_ms:
                self.lead_ms = event.time_ms - recv_ns / _MS
            levels = _levels(event)
            self.prices.setdefault(symbol, set()).update(p for p, _ in levels)
            self.quantities.setdefault(symbol, set()).update(q for _, q in levels)
            yield symbol, event

    def values(self, symbol: str) -> tuple[list[Decimal], list[Decimal]]:
        """The prices and the quantities of a symbol."""
        return (
            [decimal(price) for price in self.prices[symbol]],
            [decimal(quantity) for quantity in self.quantities[symbol]],
        )


def _levels(event: TapeEvent) -> Levels:
    if isinstance(event, Quote):
        return [
            (event.bid_e8, event.bid_quantity_e8),
            (event.ask_e8, event.ask_quantity_e8),
        ]
    if isinstance(event, Trade):
        return [(event.price_e8, event.quantity_e8)]
    return event.bids + event.asks
