"""One contract on the exchange: its book, its ids, its last trades, bars and windows."""

from typing import Final

from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.contracts import Contract
from bot.simulation.futures.emissions import BookChanged
from bot.simulation.listing import Listing, PublicTrade

__all__ = ["FuturesListing"]

_SKIPPED: Final = 2
"""Update ids between two changes of the book: other books of Binance count there, too."""


class FuturesListing(Listing):
    """As on spot; ``value`` of a trade is in the margin asset."""

    def __init__(self, contract: Contract) -> None:
        super().__init__(contract.rules)
        self.contract = contract
        # The range of last prices since somebody looked; (0, 0) without trades.
        self.range_e8 = (0, 0)
        self._sent_update = 0
        # The update id of a tape's latest quote.
        self.quoted_id = 0

    def remember(self, trade: PublicTrade) -> None:
        """Count a trade into price, bars and windows only."""
        price = trade.price_e8
        low, high = self.range_e8
        self.range_e8 = (min(low or price, price), max(high, price))
        if self.contract.is_inverse:
            worth = self.contract.value_e8(price, trade.quantity_e8)
            trade = trade._replace(quote_e8=worth)
        super().remember(trade)

    def seen(self) -> tuple[int, int]:
        """(lowest, highest) last price since the last call; zeros without trades."""
        found, self.range_e8 = self.range_e8, (0, 0)
        return found

    def depth_changed(self, time_ms: int) -> BookChanged | None:
        """What changed in the book since the last call."""
        changed = self.book.changed
        if self.public is not self.book:
            # What clients do to a tape's book is nobody else's business.
            self.book.forget_changes()
        if not changed[True] and not changed[False]:
            return None
        self.ids.update += _SKIPPED
        change = self.book_changed(time_ms)
        if change is None:
            return None
        event = BookChanged(
            change.symbol,
            change.first_update_id,
            change.last_update_id,
            self._sent_update,
            change.bids,
            change.asks,
            time_ms,
        )
        self._sent_update = change.last_update_id
        return event

    @property
    def weighted_e8(self) -> int:
        """The average price of the last 24 hours, weighted by volume."""
        day = self.day
        if self.contract.size is None or not day.base:
            return day.quote * 10**8 // day.base if day.base else 0
        worth = decimal(day.quote)
        return int(decimal(day.base) * self.contract.size / worth * 10**8) if worth else 0
