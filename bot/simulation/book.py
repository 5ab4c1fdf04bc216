"""The order book of one symbol: price levels, each a queue in order of arrival."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from bot.simulation.fixedpoint import notional

if TYPE_CHECKING:
    from bot.simulation.orders import Order

__all__ = ["Book", "Level", "Resting", "Side"]


class Resting:
    """One order in the book. ``client`` is None for the anonymous rest of the market.

    ``remaining_e8`` is what everybody sees; an iceberg has ``hidden_e8`` behind it, and shows
    up to ``shown_e8`` of it at a time.
    """

    __slots__ = (
        "client",
        "hidden_e8",
        "is_buy",
        "order_id",
        "place",
        "price_e8",
        "remaining_e8",
        "shown_e8",
    )

    def __init__(
        self,
        order_id: int,
        price_e8: int,
        remaining_e8: int,
        *,
        is_buy: bool,
        client: "Order | None" = None,
        shown_e8: int = 0,
    ) -> None:
        """``shown_e8`` 0: all of it is shown."""
        self.order_id = order_id
        self.price_e8 = price_e8
        self.shown_e8 = shown_e8 or remaining_e8
        self.remaining_e8 = min(remaining_e8, self.shown_e8)
        self.hidden_e8 = remaining_e8 - self.remaining_e8
        # Which client's order came to its queue before which, over restarts too.
        self.place = 0
        self.is_buy = is_buy
        self.client = client

    def show(self, visible_e8: int) -> None:
        """Show that much of what is left, and hide the rest."""
        whole = self.remaining_e8 + self.hidden_e8
        self.remaining_e8 = min(visible_e8, whole)
        self.hidden_e8 = whole - self.remaining_e8


class Level:
    """The orders at one price, and the sums of what they show and hide."""

    __slots__ = ("hidden_e8", "queue", "total_e8")

    def __init__(self) -> None:
        # Insertion order is time priority; the key allows removal from the middle.
        self.queue: dict[int, Resting] = {}
        self.total_e8 = 0
        self.hidden_e8 = 0


class Side:
    """One side; ``keys`` ascend so that the best price is the last, whichever side it is."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}

    def best(self) -> int | None:
        return self.keys[-1] * self.sign if self.keys else None

    def level(self, price_e8: int) -> Level:
        level = self.levels.get(price_e8)
        if level is None:
            level = self.levels[price_e8] = Level()
            insort(self.keys, price_e8 * self.sign)
        return level

    def drop(self, price_e8: int) -> None:
        del self.levels[price_e8]
        key = price_e8 * self.sign
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]

    def from_best(self) -> Iterator[tuple[int, Level]]:
        sign, levels = self.sign, self.levels
        for key in reversed(self.keys):
            yield key * sign, levels[key * sign]


class Book:
    """Bids and asks with price-time priority. Remembers which levels changed."""

    def __init__(self) -> None:
        self.bids: Final = Side(1)
        self.asks: Final = Side(-1)
        # Ordered sets of prices whose level changed since the last look.
        self.changed: dict[bool, dict[int, None]] = {True: {}, False: {}}
        # The last place in a queue that an order of a client got.
        self.places = 0

    def side(self, is_buy: bool) -> Side:
        return self.bids if is_buy else self.asks

    def best(self, is_buy: bool) -> int | None:
        """The best price of the side."""
        return self.side(is_buy).best()

    def crosses(self, is_buy: bool, price_e8: int) -> bool:
        """Whether an order at that price would match at once."""
        other = self.side(not is_buy).best()
        return other is not None and (price_e8 >= other if is_buy else price_e8 <= other)

    def forget_changes(self) -> None:
        """Nobody needs to know which levels changed."""
        self.changed[True].clear()
        self.changed[False].clear()

    def add(self, resting: Resting) -> None:
        """Put it at the end of its level's queue. The caller has matched it first."""
        level = self.side(resting.is_buy).level(resting.price_e8)
        if resting.client is not None:
            self.places += 1
            resting.place = self.places
        level.queue[resting.order_id] = resting
        level.total_e8 += resting.remaining_e8
        level.hidden_e8 += resting.hidden_e8
        self.changed[resting.is_buy][resting.price_e8] = None

    def reduce(self, resting: Resting, quantity_e8: int) -> None:
        """Take that much of what the order shows; it leaves the book when nothing remains.

        An iceberg shows its next part then, at the end of the queue. A negative quantity adds
        to the order, in its place.
        """
        side = self.side(resting.is_buy)
        level = side.levels[resting.price_e8]
        resting.remaining_e8 -= quantity_e8
        level.total_e8 -= quantity_e8
        if not resting.remaining_e8:
            del level.queue[resting.order_id]
            if resting.hidden_e8:
                self._surface(resting, level)
            if not level.queue:
                side.drop(resting.price_e8)
        self.changed[resting.is_buy][resting.price_e8] = None

    def _surface(self, resting: Resting, level: Level) -> None:
        part = min(resting.hidden_e8, resting.shown_e8)
        resting.hidden_e8 -= part
        level.hidden_e8 -= part
        resting.remaining_e8 = part
        level.total_e8 += part
        self.places += 1
        resting.place = self.places
        level.queue[resting.order_id] = resting

    def shrink(self, resting: Resting, quantity_e8: int) -> None:
        """Take that much from the order, what it hides first; it keeps its place."""
        hidden = min(resting.hidden_e8, quantity_e8)
        resting.hidden_e8 -= hidden
        self.side(resting.is_buy).levels[resting.price_e8].hidden_e8 -= hidden
        if quantity_e8 > hidden:
            self.reduce(resting, quantity_e8 - hidden)

    def remove(self, resting: Resting) -> None:
        """Take the whole order out."""
        self.shrink(resting, resting.remaining_e8 + resting.hidden_e8)

    def first(self, *, is_buy: bool, limit_e8: int | None) -> Resting | None:
        """Whom a taker with that limit meets next; None: nobody."""
        side = self.side(not is_buy)
        price = side.best()
        if price is None or (
            limit_e8 is not None and (price > limit_e8 if is_buy else price < limit_e8)
        ):
            return None
        return next(iter(side.levels[price].queue.values()))

    def available(
        self, *, is_buy: bool, limit_e8: int, quantity_e8: int, without: str | None = None
    ) -> int:
        """How much of it a taker with that limit would get, hidden parts included.

        ``without``: the party whose orders do not count.
        """
        got = 0
        for price, total in self.offers(is_buy=is_buy, without=without):
            if got >= quantity_e8 or (price > limit_e8 if is_buy else price < limit_e8):
                break
            got += total
        return min(got, quantity_e8)

    def cost(
        self, *, is_buy: bool, quantity_e8: int, without: str | None = None
    ) -> tuple[int, int]:
        """(quantity, quote amount) that a market order of that quantity would trade."""
        left = quantity_e8
        quote = 0
        for price, total in self.offers(is_buy=is_buy, without=without):
            if not left:
                break
            fill = min(left, total)
            quote += notional(price, fill)
            left -= fill
        return quantity_e8 - left, quote

    def affordable(
        self, *, is_buy: bool, quote_e8: int, step_e8: int, without: str | None = None
    ) -> tuple[int, bool]:
        """The quantity on the step grid nearest below the quote amount; whether the book had it."""
        got = 0
        for price, total in self.offers(is_buy=is_buy, without=without):
            whole = notional(price, total)
            if whole > quote_e8:
                return (got + quote_e8 * 10**8 // price) // step_e8 * step_e8, True
            quote_e8 -= whole
            got += total
        return got // step_e8 * step_e8, not quote_e8

    def offers(self, *, is_buy: bool, without: str | None) -> Iterator[tuple[int, int]]:
        """(price, all that rests there) of the levels that a taker meets."""
        for price, level in self.side(not is_buy).from_best():
            total = level.total_e8 + level.hidden_e8
            if without is not None:
                total -= sum(
                    r.remaining_e8 + r.hidden_e8
                    for r in level.queue.values()
                    if r.client is not None and r.client.party == without
                )
            yield price, total

    def top(self, is_buy: bool, n: int) -> list[tuple[int, int]]:
        """The best ``n`` levels as (price, quantity)."""
        side = self.side(is_buy)
        sign, levels = side.sign, side.levels
        return [(k * sign, levels[k * sign].total_e8) for k in side.keys[: -n - 1 : -1]]

    def quantity(self, is_buy: bool, price_e8: int) -> int:
        """What rests at that price."""
        level = self.side(is_buy).levels.get(price_e8)
        return level.total_e8 if level else 0

    def queue(self, is_buy: bool, price_e8: int) -> list[Resting]:
        """The orders at that price in order of arrival."""
        level = self.side(is_buy).levels.get(price_e8)
        return list(level.queue.values()) if level else []
