"""Prices that follow the book: picked once, when the order reaches it (pegged_orders.md)."""

from bot.simulation.listing import Listing

__all__ = ["pegged_price"]


def pegged_price(listing: Listing, peg_type: str, offset: int | None, *, is_buy: bool) -> int:
    """The price of the own side (PRIMARY_PEG) or the other one (MARKET_PEG), so many levels deep.

    0 if the book is not that deep.
    """
    side = is_buy if peg_type == "PRIMARY_PEG" else not is_buy
    depth = offset or 0
    levels = listing.book.top(side, depth + 1)
    return levels[depth][0] if len(levels) > depth else 0
