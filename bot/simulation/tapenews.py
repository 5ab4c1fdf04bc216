"""What the public is told of a tape's trades and books beside the recorded frames themselves."""

from decimal import Decimal
from typing import Final

from bot.simulation.emissions import AggTradeMade, TradeMade
from bot.simulation.fixedpoint import decimal
from bot.simulation.listing import AggTrade, Listing, PublicTrade, trade_made
from bot.simulation.tapeframes import Levels, Trade

__all__ = ["BookNews", "decimals", "published"]

_TOLD_LEVELS: Final = 50

DecimalLevels = tuple[tuple[Decimal, Decimal], ...]


class BookNews:
    """The changes of books that were not recorded as changes."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, bool], dict[int, int]] = {}

    def since(self, listing: Listing, *, is_buy: bool) -> DecimalLevels:
        """What changed in that side of the public book since the last call, best first."""
        now = dict(listing.public.top(is_buy=is_buy, n=_TOLD_LEVELS))
        key = listing.rules.symbol, is_buy
        told = self._told.get(key, {})
        self._told[key] = now
        levels = [(price, size) for price, size in now.items() if told.get(price) != size]
        levels += [(price, 0) for price in told if price not in now]
        return decimals(sorted(levels, reverse=is_buy))


def published(listing: Listing, event: Trade, value_e8: int) -> list[TradeMade | AggTradeMade]:
    """Count a recorded trade in; what the streams that the tape lacks say of it.

    ``value_e8`` is its quote amount.
    """
    trade = PublicTrade(
        event.trade_id,
        event.price_e8,
        event.quantity_e8,
        value_e8,
        event.time_ms,
        event.buyer_is_maker,
    )
    symbol = listing.rules.symbol
    made = trade_made(symbol, trade, buyer_order_id=0, seller_order_id=0)
    if not event.agg_id:
        # Whose order it was is not recorded: one taker has one time and one side.
        ended = listing.record(trade, taker_id=event.time_ms * 2 + event.buyer_is_maker)
        return [made] if ended is None else [ended, made]
    listing.last = trade
    listing.trades.append(trade)
    listing.remember(trade)
    listing.stops.observe(trade.price_e8)
    aggregate = AggTrade(event.agg_id, trade)
    aggregate.first_id = event.first_id
    aggregate.quantity_e8 = event.quantity_e8
    listing.aggs.append(aggregate)
    return [made, aggregate.emission(symbol)]


def decimals(levels: Levels) -> DecimalLevels:
    """Levels as emissions have them."""
    return tuple((decimal(price), decimal(quantity)) for price, quantity in levels)
