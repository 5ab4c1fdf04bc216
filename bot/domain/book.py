"""An order book that is kept up with Binance's diffs, and knows how far it may be believed.

Source: Binance's "How to manage a local order book correctly", spot and USDⓈ-M futures.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from itertools import islice
from math import inf
from typing import Final, Protocol

import msgspec

from bot.domain.values import Side

__all__ = ["Best", "BookReading", "Diff", "Level", "OrderBook", "Step"]

Level = tuple[float, float]
"""(price, size)."""

_SIDE_MAX: Final = 20_000
"""Levels kept a side; above that the half that is farther from the middle is forgotten."""


class Diff(Protocol):
    """What changed in a book: new absolute sizes by price, 0 removes."""

    @property
    def first_update_id(self) -> int: ...
    @property
    def last_update_id(self) -> int: ...
    @property
    def previous_update_id(self) -> int:
        """The last id of the diff before it, on futures; -1 on spot, which has none."""
        ...

    @property
    def bids(self) -> Sequence[Level]: ...
    @property
    def asks(self) -> Sequence[Level]: ...


class Step(Enum):
    """What became of a diff."""

    APPLIED = auto()
    WAITING = auto()
    """Kept until there is a snapshot that it can be applied to."""
    STALE = auto()
    """Older than the book: nothing to do."""
    GAP = auto()
    """Diffs are missing before it: it was not applied."""
    CROSSED = auto()
    """It was applied, and the best bid is not below the best ask: the book is wrong."""


class Best(msgspec.Struct, frozen=True, gc=False):
    """The top of a book."""

    bid: float
    bid_size: float
    ask: float
    ask_size: float


class BookReading(Protocol):
    """What a strategy may do with a book: read it, now. It changes with the next event."""

    @property
    def symbol(self) -> str: ...
    @property
    def update_id(self) -> int: ...
    @property
    def best_bid(self) -> Level | None: ...
    @property
    def best_ask(self) -> Level | None: ...
    @property
    def mid(self) -> float | None: ...
    @property
    def spread(self) -> float | None: ...
    @property
    def known_levels(self) -> tuple[int, int]: ...
    @property
    def known_prices(self) -> tuple[float, float]: ...
    def bids(self, levels: int, *, beyond: bool = False) -> list[Level]: ...
    def asks(self, levels: int, *, beyond: bool = False) -> list[Level]: ...
    def size_at(self, price: float) -> float | None: ...
    def volume_to(self, side: Side, price: float) -> float | None: ...
    def cost_of(self, side: Side, size: float) -> float | None: ...


class OrderBook:
    """Bids and asks by price, best first, with the id of the last update that is in them.

    A snapshot of ``limit`` levels a side says nothing of what lies deeper. Such prices are
    *unknown* until they change, and what was not seen is never counted as nothing: a list
    of levels ends where knowledge ends, and a volume that would reach beyond is None.

    Each side is a dict for the sizes and a sorted list for the prices: most changes are to
    sizes of prices that are there, which cost one look-up, and the best is the list's end.
    """

    __slots__ = (
        "_ask_prices",
        "_ask_sizes",
        "_bid_prices",
        "_bid_sizes",
        "_known_from",
        "_known_to",
        "symbol",
        "update_id",
    )

    def __init__(self, symbol: str = "") -> None:
        self.symbol = symbol
        self.update_id = -1
        """The last update that is in it; -1 before the first snapshot."""
        self._bid_sizes: dict[float, float] = {}
        self._ask_sizes: dict[float, float] = {}
        # Both ascending: the best bid is the last one, the best ask the first.
        self._bid_prices: list[float] = []
        self._ask_prices: list[float] = []
        # The whole book is known between these two prices.
        self._known_from = 0.0
        self._known_to = inf

    # --- writing -----------------------------------------------------------------------

    def restart(
        self, update_id: int, bids: Iterable[Level], asks: Iterable[Level], *, limit: int = 0
    ) -> None:
        """Begin anew from a snapshot, best first, of at most ``limit`` levels a side.

        A side with fewer is known whole; so are both if ``limit`` is 0.
        """
        self.update_id = update_id
        self._bid_sizes = {price: size for price, size in bids if size}
        self._ask_sizes = {price: size for price, size in asks if size}
        self._bid_prices = sorted(self._bid_sizes)
        self._ask_prices = sorted(self._ask_sizes)
        cut = limit or inf
        self._known_from = self._bid_prices[0] if len(self._bid_prices) >= cut else 0.0
        self._known_to = self._ask_prices[-1] if len(self._ask_prices) >= cut else inf

    def write(self, update_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Put in absolute sizes, whatever their ids; size 0 removes a price."""
        _write(self._bid_sizes, self._bid_prices, bids)
        _write(self._ask_sizes, self._ask_prices, asks)
        self.update_id = update_id
        if len(self._bid_prices) > _SIDE_MAX:
            self._forget_bids()
        if len(self._ask_prices) > _SIDE_MAX:
            self._forget_asks()

    def _forget_bids(self) -> None:
        far = self._bid_prices[: _SIDE_MAX // 2]
        del self._bid_prices[: _SIDE_MAX // 2]
        for price in far:
            del self._bid_sizes[price]
        self._known_from = max(self._known_from, self._bid_prices[0])

    def _forget_asks(self) -> None:
        far = self._ask_prices[-_SIDE_MAX // 2 :]
        del self._ask_prices[-_SIDE_MAX // 2 :]
        for price in far:
            del self._ask_sizes[price]
        self._known_to = min(self._known_to, self._ask_prices[-1])

    # --- reading -----------------------------------------------------------------------

    @property
    def best_bid(self) -> Level | None:
        """None if there is no bid."""
        if not self._bid_prices:
            return None
        price = self._bid_prices[-1]
        return price, self._bid_sizes[price]

    @property
    def best_ask(self) -> Level | None:
        """None if there is no ask."""
        if not self._ask_prices:
            return None
        price = self._ask_prices[0]
        return price, self._ask_sizes[price]

    @property
    def best(self) -> Best | None:
        """Both ends of the spread; None if a side is empty."""
        if not self._bid_prices or not self._ask_prices:
            return None
        bid, ask = self._bid_prices[-1], self._ask_prices[0]
        return Best(bid, self._bid_sizes[bid], ask, self._ask_sizes[ask])

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is not below the best ask, which no true book is."""
        bids, asks = self._bid_prices, self._ask_prices
        return bool(bids and asks and bids[-1] >= asks[0])

    @property
    def mid(self) -> float | None:
        """Half way between best bid and best ask, quote units; None if a side is empty."""
        best = self.best
        return None if best is None else (best.bid + best.ask) / 2.0

    @property
    def spread(self) -> float | None:
        """Best ask less best bid, quote units; None if a side is empty."""
        best = self.best
        return None if best is None else best.ask - best.bid

    @property
    def known_prices(self) -> tuple[float, float]:
        """Every order between these two prices is in the book; of others, what changed."""
        return self._known_from, self._known_to

    @property
    def known_levels(self) -> tuple[int, int]:
        """How many levels of bids and of asks are known without a hole."""
        prices = self._bid_prices
        bids = len(prices) - bisect_left(prices, self._known_from)
        return bids, bisect_right(self._ask_prices, self._known_to)

    def bids(self, levels: int, *, beyond: bool = False) -> list[Level]:
        """The best bids, best first: at most ``levels``, fewer where knowledge ends.

        ``beyond``: also levels that were seen past there, between which others may rest.
        """
        count = min(levels, len(self._bid_prices) if beyond else self.known_levels[0])
        prices = self._bid_prices[-count:] if count > 0 else []
        return [(price, self._bid_sizes[price]) for price in reversed(prices)]

    def asks(self, levels: int, *, beyond: bool = False) -> list[Level]:
        """The best asks; otherwise as :meth:`bids`."""
        count = min(levels, len(self._ask_prices) if beyond else self.known_levels[1])
        return [(price, self._ask_sizes[price]) for price in self._ask_prices[: max(0, count)]]

    def size_at(self, price: float) -> float | None:
        """Base units that rest at the price; 0 if none do, None if that is not known."""
        size = self._bid_sizes.get(price) or self._ask_sizes.get(price)
        if size is not None:
            return size
        return 0.0 if self._known_from <= price <= self._known_to else None

    def volume_to(self, side: Side, price: float) -> float | None:
        """Base units that an order of that side could take, from the best up to ``price``.

        A BUY takes asks at ``price`` or lower, a SELL bids at ``price`` or higher. None if
        the price lies beyond what is known.
        """
        if side is Side.BUY:
            if price > self._known_to:
                return None
            prices = self._ask_prices
            return sum(map(self._ask_sizes.__getitem__, prices[: bisect_right(prices, price)]))
        if price < self._known_from:
            return None
        prices = self._bid_prices
        return sum(map(self._bid_sizes.__getitem__, prices[bisect_left(prices, price) :]))

    def cost_of(self, side: Side, size: float) -> float | None:
        """Quote units that taking ``size`` base units would pay (BUY) or bring (SELL), no fees.

        None if what is known of the book does not hold so much.
        """
        bids, asks = self.known_levels
        if side is Side.BUY:
            sizes, prices = self._ask_sizes, islice(self._ask_prices, asks)
        else:
            sizes, prices = self._bid_sizes, islice(reversed(self._bid_prices), bids)
        left, cost = size, 0.0
        for price in prices:
            taken = min(left, sizes[price])
            cost += taken * price
            left -= taken
            if left <= 0:
                return cost
        return None


def _write(sizes: dict[float, float], prices: list[float], changes: Iterable[Level]) -> None:
    for price, size in changes:
        if size:
            if price not in sizes:
                insort(prices, price)
            sizes[price] = size
        elif price in sizes:
            # Removing a price that is not there is ordinary: it lay beyond the snapshot.
            del sizes[price]
            del prices[bisect_left(prices, price)]
