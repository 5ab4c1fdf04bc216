"""What a contract is worth beside its last trade: index, mark price and funding rate."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bot.simulation.bars import Bars
from bot.simulation.fixedpoint import ONE, decimal
from bot.simulation.futures.emissions import MarkChanged
from bot.simulation.futures.listing import FuturesListing

__all__ = ["Funding", "Mark"]

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


class Mark:
    """The mark price of one contract, moved once a second.

    Index plus a smoothed basis of the book's middle over it; the funding rate is the smoothed
    premium, drawn to the interest rate as on Binance: ``P + clamp(I - P, +-0.05 %)``.
    """

    def __init__(self, listing: FuturesListing, interval_ms: int | None) -> None:
        """``interval_ms`` between two fundings; None: what the contract says."""
        self.listing = listing
        self.interval_ms = interval_ms or listing.contract.funding_hours * _HOUR_MS
        self.index_e8 = 0
        self.mark_e8 = 0
        self.average_e8 = 0
        self.rate_e8 = _INTEREST_E8
        self.time_ms = 0
        self.next_funding_ms = 0
        self.fundings: deque[Funding] = deque(maxlen=_HISTORY)
        self.mark_bars = Bars()
        self.index_bars = Bars()
        self.premium_bars = Bars()
        self._basis_e8 = 0
        self._ticks = 0

    @property
    def price(self) -> Decimal:
        return decimal(self.mark_e8)

    def move(self, now_ms: int, fair: float | None) -> None:
        """One second has gone by. ``fair`` is the index; None: the middle of the book."""
        middle = self._middle_e8()
        self.time_ms = now_ms
        if not self.next_funding_ms:
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
        pull = max(-_DAMPER_E8, min(_DAMPER_E8, _INTEREST_E8 - premium))
        self.rate_e8 = max(-_RATE_MOST_E8, min(_RATE_MOST_E8, premium + pull))
        self._ticks += 1
        for bars, value in (
            (self.mark_bars, self.mark_e8),
            (self.index_bars, index),
            (self.premium_bars, premium),
        ):
            bars.add(value, 0, 0, buyer_is_maker=True, time_ms=now_ms, trade_id=self._ticks)

    def fund(self) -> Funding:
        """The funding that is due, at the current rate; it is remembered."""
        funding = Funding(self.next_funding_ms, decimal(self.rate_e8), self.price)
        self.next_funding_ms += self.interval_ms
        self.fundings.append(funding)
        return funding

    def emission(self) -> MarkChanged:
        """The current state."""
        return MarkChanged(
            self.listing.rules.symbol,
            self.price,
            decimal(self.index_e8),
            decimal(self.index_e8),
            decimal(self.average_e8),
            decimal(self.rate_e8),
            self.next_funding_ms,
            self.time_ms,
        )

    def _middle_e8(self) -> int:
        book = self.listing.public
        bid, ask = book.best(is_buy=True), book.best(is_buy=False)
        if bid and ask:
            return (bid + ask) // 2
        return self.listing.last_price_e8 or bid or ask or 0
