"""Everybody else in one symbol: limit orders, cancellations and takers round a fair price."""

import random
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bot.simulation.book import Resting
from bot.simulation.fixedpoint import ONE
from bot.simulation.listing import Listing
from bot.simulation.mood import CALM, Mood
from bot.simulation.pit import Pit
from bot.simulation.withdrawal import thin, withdraw, withdraw_near

__all__ = ["Crowd", "Temper"]

_LEVELS_LEAST: Final = 25
_LEVELS_SEEDED: Final = 40
_LEVELS_MOST: Final = 60
_ORDERS_AIMED: Final = 200
_SWEPT_MOST: Final = 30


@dataclass(frozen=True, slots=True)
class Temper:
    """What a symbol is like. Amounts are in the quote asset."""

    price: float
    volatility: float = 5e-5
    """Standard deviation of the log price over one second in calm weather."""
    beta: float = 0.8
    """Share of its moves that all symbols have in common."""
    trade_median: float = 300.0
    level_median: float = 4000.0


class Crowd:
    """The anonymous orders of one symbol. They meet clients in the same book."""

    def __init__(self, listing: Listing, temper: Temper, rng: random.Random) -> None:
        self.listing = listing
        self.temper = temper
        self.fair = temper.price
        self.mood = CALM
        self._has_left = False
        self._rng = rng
        self._tick = listing.rules.tick_e8
        self._step = listing.rules.step_e8
        # Mean distance of neighbouring levels, in ticks.
        self._gap = max(1.5, temper.price * 5e-6 * ONE / self._tick)
        # How far its least levels reach.
        self._reach_e8 = int(self._gap * _LEVELS_LEAST) * self._tick
        # Orders that may have been filled since; they are weeded out when they are drawn.
        self._orders: list[Resting] = []

    def arrive(self, floor: Pit, now_ms: int) -> None:
        """Build the first book, and make the first trade."""
        middle = self._fair_tick()
        for is_buy in (True, False):
            price = middle if is_buy else middle + self._tick
            for _ in range(_LEVELS_SEEDED):
                self._add(floor, now_ms, is_buy=is_buy, price_e8=price)
                price += self._distance() * (-1 if is_buy else 1)
                if price <= 0:
                    break
        self._take(floor, now_ms, is_buy=self._rng.random() < 0.5)  # noqa: PLR2004 - a coin
        floor.settle(self.listing, now_ms)

    def act(self, floor: Pit, now_ms: int) -> None:
        """One event of this market, and what keeps its book tight, deep and bounded."""
        rng = self._rng
        if len(self._orders) >= _ORDERS_AIMED:
            self._orders = [resting for resting in self._orders if resting.remaining_e8]
        if not self._chase(floor, now_ms):
            draw = rng.random()
            crowded = len(self._orders) / _ORDERS_AIMED
            adding = 0.5 * min(1.3, max(0.1, 1.6 - crowded))
            takers = 0.27
            if draw < takers:
                self._take(floor, now_ms, is_buy=rng.random() < self._buy_share())
            elif draw < takers + adding:
                self._join(floor, now_ms, is_buy=rng.random() < 0.5)  # noqa: PLR2004 - a coin
            else:
                self._leave()
        self._tighten(floor, now_ms)
        if len(self._orders) < _ORDERS_AIMED:
            self._join(floor, now_ms, is_buy=rng.random() < 0.5)  # noqa: PLR2004 - a coin
        for is_buy in (True, False):
            self._deepen(floor, now_ms, is_buy=is_buy)
        floor.settle(self.listing, now_ms)

    # --- scenes ------------------------------------------------------------------------

    def change(self, floor: Pit, now_ms: int, mood: Mood) -> None:
        """Behave like that from now on."""
        before, self.mood = self.mood, mood
        book = self.listing.book
        self.listing.status = mood.status
        if mood.bare and not self._has_left:
            withdraw(book)
            self._has_left = True
        if before.asleep and not mood.asleep and (self._has_left or not self._is_fair_inside()):
            self._return(floor, now_ms)
        if mood.size < before.size:
            thin(book, mood.size / before.size, self._step)
        if mood.width > before.width:
            half, fair = int(self._tick * mood.width / 2), self._fair_tick()
            withdraw_near(book, above_e8=fair - half, below_e8=fair + half)
        floor.settle(self.listing, now_ms)

    def jump(self, floor: Pit, now_ms: int, factor: float) -> None:
        """The price is another one at once; who sleeps notices on waking up."""
        self.fair *= factor
        if not self.mood.asleep:
            self._return(floor, now_ms)

    def _return(self, floor: Pit, now_ms: int) -> None:
        """A new book round the fair price; clients' orders that are in its way are met."""
        self._has_left = False
        withdraw(self.listing.book)
        self.arrive(floor, now_ms)

    def _is_fair_inside(self) -> bool:
        book, fair = self.listing.book, self._fair_tick()
        bid, ask = book.best(is_buy=True), book.best(is_buy=False)
        return bid is not None and ask is not None and bid <= fair <= ask

    # --- the events --------------------------------------------------------------------

    def _chase(self, floor: Pit, now_ms: int) -> bool:
        """If the fair price left the spread, the touch follows: by trades or by retreat."""
        book = self.listing.book
        fair = self._fair_tick()
        for is_buy in (True, False):
            touch = book.best(not is_buy)
            if touch is None or (touch >= fair if is_buy else touch <= fair):
                continue
            if self.mood is not CALM and abs(touch - fair) > self._reach_e8:
                # Faster than its orders can be withdrawn one by one.
                self._return(floor, now_ms)
                return True
            if self._rng.random() < 0.5:  # noqa: PLR2004 - a coin
                self._retreat(is_buy=not is_buy, fair_e8=fair)
            else:
                wanted = self._quantity(self.temper.trade_median * 10, fair)
                floor.submit(
                    self.listing,
                    is_buy=is_buy,
                    price_e8=fair,
                    quantity_e8=book.available(is_buy=is_buy, limit_e8=fair, quantity_e8=wanted),
                    now_ms=now_ms,
                )
            return True
        return False

    def _retreat(self, *, is_buy: bool, fair_e8: int) -> None:
        """Anonymous orders on the wrong side of the fair price are withdrawn."""
        book = self.listing.book
        doomed: list[Resting] = []
        for price, level in book.side(is_buy).from_best():
            if (price <= fair_e8 if is_buy else price >= fair_e8) or len(doomed) > _SWEPT_MOST:
                break
            doomed += [r for r in level.queue.values() if r.client is None]
        for resting in doomed:
            book.remove(resting)

    def _take(self, floor: Pit, now_ms: int, *, is_buy: bool) -> None:
        """A market order; sizes have a heavy tail."""
        touch = self.listing.book.best(not is_buy)
        if touch is None:
            return
        median = self.temper.trade_median
        if self._rng.random() < 0.03:  # noqa: PLR2004 - now and then somebody large
            median *= 20
        floor.submit(
            self.listing,
            is_buy=is_buy,
            price_e8=None,
            quantity_e8=self._quantity(median, touch),
            now_ms=now_ms,
        )

    def _join(self, floor: Pit, now_ms: int, *, is_buy: bool) -> None:
        """A limit order at the touch or behind it, the further the rarer."""
        book = self.listing.book
        own, other = book.best(is_buy), book.best(not is_buy)
        if own is None or other is None:
            return
        sign = 1 if is_buy else -1
        behind = 0 if self._rng.random() < 0.4 else self._distance() * self._rng.randint(1, 12)  # noqa: PLR2004
        price = own - sign * behind
        if price > 0:
            self._add(floor, now_ms, is_buy=is_buy, price_e8=price)

    def _leave(self) -> None:
        """A cancellation."""
        while self._orders:
            index = self._rng.randrange(len(self._orders))
            resting = self._orders[index]
            self._orders[index] = self._orders[-1]
            self._orders.pop()
            if resting.remaining_e8:
                self.listing.book.remove(resting)
                return

    # --- upkeep ------------------------------------------------------------------------

    def _tighten(self, floor: Pit, now_ms: int) -> None:
        """Quote inside a wide spread, at the fair price."""
        book, tick, rng = self.listing.book, self._tick, self._rng
        bid, ask = book.best(is_buy=True), book.best(is_buy=False)
        fair = self._fair_tick()
        width = tick if rng.random() < 0.8 else tick * rng.randint(2, 4)  # noqa: PLR2004
        if self.mood.width != 1:
            width = max(tick, int(width * self.mood.width) // tick * tick)
        if bid is None and ask is None:
            bid = fair
            self._add(floor, now_ms, is_buy=True, price_e8=bid)
        if bid is None or ask is None or ask - bid > width:
            highest = fair if ask is None else ask - width
            better = min(highest, fair) if bid is None else max(bid, min(highest, fair))
            if better != bid and better > 0:
                self._add(floor, now_ms, is_buy=True, price_e8=better)
                bid = better
        if bid is not None and (ask is None or ask - bid > width):
            self._add(floor, now_ms, is_buy=False, price_e8=bid + width)

    def _deepen(self, floor: Pit, now_ms: int, *, is_buy: bool) -> None:
        """Never fewer than the least levels, never more than the most."""
        side = self.listing.book.side(is_buy)
        touch = side.best()
        if touch is None:
            return
        # Levels far away, of clients or of long ago, give no depth.
        best = (price for price, _ in islice(side.from_best(), _LEVELS_LEAST))
        near = [price for price in best if abs(price - touch) <= 4 * self._reach_e8]
        price = near[-1]
        for _ in range(_LEVELS_LEAST - len(near)):
            price -= side.sign * self._distance()
            if price <= 0:
                break
            self._add(floor, now_ms, is_buy=is_buy, price_e8=price)
        extra = len(side.keys) - _LEVELS_MOST
        if extra > 0:
            for key in side.keys[:extra]:
                for resting in self.listing.book.queue(is_buy, key * side.sign):
                    if resting.client is None:
                        self.listing.book.remove(resting)

    # --- draws -------------------------------------------------------------------------

    def _add(self, floor: Pit, now_ms: int, *, is_buy: bool, price_e8: int) -> None:
        resting = floor.submit(
            self.listing,
            is_buy=is_buy,
            price_e8=price_e8,
            quantity_e8=self._quantity(self.temper.level_median * self.mood.size, price_e8),
            now_ms=now_ms,
        )
        if resting is not None:
            self._orders.append(resting)

    def _quantity(self, median: float, price_e8: int) -> int:
        """A log-normal amount of quote asset, as base quantity on the step grid."""
        value = median * self._rng.lognormvariate(0.0, 1.2)
        return max(1, round(value * ONE * ONE / price_e8) // self._step) * self._step

    def _distance(self) -> int:
        return (1 + int(self._rng.expovariate(1.0 / (self._gap - 1.0)))) * self._tick

    def _fair_tick(self) -> int:
        return max(self._tick, int(self.fair * ONE) // self._tick * self._tick)

    def _buy_share(self) -> float:
        """Takers lean to where the fair price is within the spread."""
        book = self.listing.book
        bid, ask = book.best(is_buy=True), book.best(is_buy=False)
        if bid is None or ask is None:
            return 0.5
        place = (self.fair * ONE - bid) / (ask - bid)
        return min(0.7, max(0.3, place))
