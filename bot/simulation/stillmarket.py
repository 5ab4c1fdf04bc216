"""A market that does not move: resting orders as written down, and nothing else."""

from collections.abc import Mapping, Sequence

from bot.simulation.fixedpoint import parse
from bot.simulation.pit import Pit

__all__ = ["StillMarket"]

Levels = Sequence[tuple[str, str]]
"""(price, quantity), in order of arrival."""


class StillMarket:
    """Anonymous orders that wait for takers. For tests, and for known answers."""

    recorded_streams: frozenset[str] = frozenset()

    def __init__(
        self,
        bids: Mapping[str, Levels] | None = None,
        asks: Mapping[str, Levels] | None = None,
    ) -> None:
        """``bids`` and ``asks`` by symbol."""
        self._orders = ((True, bids or {}), (False, asks or {}))

    def start(self, floor: Pit, now_ms: int) -> None:
        for is_buy, by_symbol in self._orders:
            for symbol, levels in by_symbol.items():
                for price, quantity in levels:
                    floor.submit(
                        floor.listings[symbol],
                        is_buy=is_buy,
                        price_e8=parse(price),
                        quantity_e8=parse(quantity),
                        now_ms=now_ms,
                    )
        for listing in floor.listings.values():
            floor.settle(listing, now_ms)

    def advance(self, floor: Pit, now_ms: int) -> None:
        """Nothing ever happens."""

    def next_due_ms(self) -> int | None:
        return None

    def market_ms(self, now_ms: int) -> int:
        return now_ms

    def fair_price(self, symbol: str) -> float | None:
        """Nothing but the book says what a symbol is worth."""
        del symbol
        return None
