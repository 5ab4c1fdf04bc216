"""What a contract is worth beside its last trade: index, mark price and funding rate."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bot.simulation.bars import Bars
from bot.simulation.fixedpoint import ONE, decimal
from bot.simulation.futures.emissions import MarkChanged
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.publicdata import quote

__all__ = ["Funding", "Mark", "Marked"]

_HOUR_MS: Final = 3_600_000
_INTEREST_E8: Final = 10_000
"""0.01 % for each funding interval."""
_DAMPER_E8: Final = 50_000
_RATE_MOST_E8: Final = 300_000
_SMOOTHING: Final = 30
"""Seconds over which the basis is smoothed."""
_HISTORY: Final = 1000


@dataclass(frozen=True, slots=True)
class Funding:
    """One funding that took place."""

    time_ms: int
    rate: Decimal
    mark: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A mark price that was recorded; 0 where the record says nothing."""

    time_ms: int
    price_e8: int
    index_e8: int = 0
    settle_e8: int = 0
    average_e8: int = 0
    rate_e8: int | None = None
    """None: the contract has no funding."""
    next_funding_ms: int = 0


class Mark:
    """The mark price of one contract, moved once a second, or as it was recorded.

    Times are those of market data. Index plus a smoothed basis of the book's middle over it;
    the funding rate is the smoothed premium, drawn to the interest rate as on Binance:
    ``P + clamp(I - P, +-0.05 %)``.
    """

    def __init__(self, listing: FuturesListing, interval_ms: int | None) -> None:
        """``interval_ms`` between two fundings; None: what the contract says."""
        self.listing = listing
        contract = listing.contract
        # A contract that is delivered has no funding.
        self.interval_ms = (
            interval_ms or contract.funding_hours * _HOUR_MS if contract.is_perpetual else 0
        )
        self.is_recorded = False
        self.index_e8 = 0
        self.mark_e8 = 0
        self.average_e8 = 0
        self.rate_e8 = _INTEREST_E8 if self.interval_ms else 0
        self.time_ms = 0
        # The market's time as of the last second; a recorded price is a little older.
        self.market_ms = 0
        self.next_funding_ms = 0
        self.fundings: deque[Funding] = deque(maxlen=_HISTORY)
        self.mark_bars = Bars()
        self.index_bars = Bars()
        self.premium_bars = Bars()
        self._settle_e8 = 0
        self._basis_e8 = 0
        self._ticks = 0
        # Fundings whose time a recorded mark price has shown to be over, and the last one's time.
        self._passed: deque[Funding] = deque()
        self._funded_ms = 0

    @property
    def price(self) -> Decimal:
        return decimal(self.mark_e8)

    @property
    def settle_e8(self) -> int:
        """Estimated settlement price: the index, unless something else was recorded."""
        return self._settle_e8 or self.index_e8

    def is_torn(self) -> bool:
        """Whether the last price is so far from the mark that protected orders wait."""
        last = self.listing.last_price_e8
        if not last or not self.mark_e8:
            return False
        return abs(last - self.mark_e8) > self.mark_e8 * self.listing.contract.trigger_protect

    def move(self, now_ms: int, fair: float | None) -> None:
        """One second has gone by. ``fair`` is the index; None: the middle of the book."""
        middle = self._middle_e8()
        self.time_ms = now_ms
        if not self.next_funding_ms and self.interval_ms:
            self.next_funding_ms = (now_ms // self.interval_ms + 1) * self.interval_ms
        index = round(fair * ONE) if fair else middle
        if not index:
            return
        basis = (middle or index) - index
        if self.mark_e8:
            self._basis_e8 += (basis - self._basis_e8) // _SMOOTHING
        else:
            self._basis_e8 = basis
        self.index_e8 = index
        self.mark_e8 = max(1, index + self._basis_e8)
        if self.average_e8:
            self.average_e8 += (self.mark_e8 - self.average_e8) // _SMOOTHING
        else:
            self.average_e8 = self.mark_e8
        premium = self._basis_e8 * ONE // index
        if self.interval_ms:
            pull = max(-_DAMPER_E8, min(_DAMPER_E8, _INTEREST_E8 - premium))
            self.rate_e8 = max(-_RATE_MOST_E8, min(_RATE_MOST_E8, premium + pull))
        self._count(premium)

    def observe(self, seen: Marked) -> None:
        """A recorded mark price stands until the next one.

        One whose next funding is later than the last known one, whose time is over, shows that
        this took place; at the rate that was known before.
        """
        last_ms = self.next_funding_ms
        if self.is_recorded and 0 < last_ms <= seen.time_ms and seen.next_funding_ms > last_ms:
            self._passed.append(Funding(last_ms, decimal(self.rate_e8), self.price))
            self._funded_ms = last_ms
        self.is_recorded = True
        self.time_ms = seen.time_ms
        self.mark_e8 = seen.price_e8
        self.index_e8 = seen.index_e8 or self.index_e8 or seen.price_e8
        self._settle_e8 = seen.settle_e8
        self.average_e8 = seen.average_e8 or seen.price_e8
        self.rate_e8 = seen.rate_e8 or 0
        # For a moment after a funding its own time is still told as the next one.
        if seen.next_funding_ms > self._funded_ms:
            self.next_funding_ms = seen.next_funding_ms
        elif not seen.next_funding_ms:
            self.next_funding_ms = 0
        self._count((self.mark_e8 - self.index_e8) * ONE // self.index_e8)

    def observe_index(self, index_e8: int) -> None:
        """A recorded index stands until the next one."""
        self.index_e8 = index_e8

    def leap(self, time_ms: int) -> None:
        """Over what was not recorded: no funding took place there."""
        if 0 < self.next_funding_ms <= time_ms and self.interval_ms:
            self.next_funding_ms = (time_ms // self.interval_ms + 1) * self.interval_ms

    def fundings_due(self) -> Iterator[Funding]:
        """Those that are to be carried out by now, in order; each is remembered."""
        while self._passed:
            self.fundings.append(self._passed[0])
            yield self._passed.popleft()
        while self.mark_e8 and 0 < self.next_funding_ms <= self.time_ms:
            yield self.fund()

    def _count(self, premium: int) -> None:
        self._ticks += 1
        for bars, value in (
            (self.mark_bars, self.mark_e8),
            (self.index_bars, self.index_e8),
            (self.premium_bars, premium),
        ):
            bars.add(value, 0, 0, buyer_is_maker=True, time_ms=self.time_ms, trade_id=self._ticks)

    def fund(self) -> Funding:
        """The funding that is due, at the current rate; it is remembered."""
        funding = Funding(self.next_funding_ms, decimal(self.rate_e8), self.price)
        self._funded_ms = self.next_funding_ms
        self.next_funding_ms += self.interval_ms
        self.fundings.append(funding)
        return funding

    def emission(self) -> MarkChanged:
        """The current state."""
        return MarkChanged(
            self.listing.rules.symbol,
            self.price,
            decimal(self.index_e8),
            decimal(self.settle_e8),
            decimal(self.average_e8),
            decimal(self.rate_e8),
            self.next_funding_ms,
            self.time_ms,
        )

    def _middle_e8(self) -> int:
        bid, _, ask, _ = quote(self.listing)
        if bid and ask:
            return (bid + ask) // 2
        return self.listing.last_price_e8 or bid or ask
