"""Everybody else in the market: few, restless, and cheap to simulate."""

import random

from bot.simulation.book import Resting
from bot.simulation.fixedpoint import parse
from bot.simulation.listing import Listing
from bot.simulation.pit import Pit

__all__ = ["RestlessMarket"]

_LEVELS = 3


class RestlessMarket:
    """A price that walks; at each step the book is put up anew around it and somebody trades.

    Orders of clients that the new book crosses are filled by it, in part or whole.
    """

    recorded_streams: frozenset[str] = frozenset()

    def __init__(
        self, *, seed: int, prices: dict[str, float], step_ms: int = 400, volatility: float = 0.0008
    ) -> None:
        """``volatility``: standard deviation of a step's log price."""
        self._random = random.Random(seed)  # noqa: S311 - a simulation
        self._prices = dict(prices)
        self._step_ms = step_ms
        self._volatility = volatility
        self._resting: dict[str, list[Resting]] = {}
        self._due_ms = 0

    def start(self, floor: Pit, now_ms: int) -> None:
        self._due_ms = now_ms + self._step_ms
        for symbol in floor.listings:
            self._step(floor, symbol, now_ms)

    def advance(self, floor: Pit, now_ms: int) -> None:
        while self._due_ms <= now_ms:
            when, self._due_ms = self._due_ms, self._due_ms + self._step_ms
            for symbol in floor.listings:
                self._step(floor, symbol, when)

    def next_due_ms(self) -> int | None:
        return self._due_ms

    def market_ms(self, now_ms: int) -> int:
        return now_ms

    def _step(self, floor: Pit, symbol: str, now_ms: int) -> None:
        rng, listing = self._random, floor.listings[symbol]
        for old in self._resting.get(symbol, ()):
            if old.remaining_e8:
                listing.book.remove(old)
        self._prices[symbol] *= 1.0 + rng.gauss(0.0, self._volatility)
        self._resting[symbol] = self._quotes(floor, listing, now_ms)
        floor.submit(
            listing,
            is_buy=rng.random() < 0.5,  # noqa: PLR2004 - a coin
            price_e8=None,
            quantity_e8=self._quantity(listing, rng.uniform(5.0, 60.0)),
            now_ms=now_ms,
        )
        floor.settle(listing, now_ms)

    def _quotes(self, floor: Pit, listing: Listing, now_ms: int) -> list[Resting]:
        rng, tick = self._random, listing.rules.tick_e8
        middle = parse(f"{self._prices[listing.rules.symbol]:.2f}")
        made = []
        for level in range(1, _LEVELS + 1):
            for is_buy in (True, False):
                away = int(middle * 0.0003 * level) // tick * tick
                price = (middle - away if is_buy else middle + away) // tick * tick
                made.append(
                    floor.submit(
                        listing,
                        is_buy=is_buy,
                        price_e8=price,
                        quantity_e8=self._quantity(listing, rng.uniform(30.0, 900.0)),
                        now_ms=now_ms,
                    )
                )
        return [resting for resting in made if resting is not None]

    def _quantity(self, listing: Listing, quote_units: float) -> int:
        step = listing.rules.step_e8
        price = self._prices[listing.rules.symbol]
        return max(step, parse(f"{quote_units / price:.8f}") // step * step)
