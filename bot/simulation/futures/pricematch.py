"""Orders that take their price from the book: ``priceMatch``.

Source: Binance USDⓈ-M documentation, "New Order": OPPONENT is the best price of the other side,
QUEUE that of one's own; OPPONENT_5 is the fifth best, and so on.
"""

from typing import Final

from bot.simulation.errors import ApiError
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.parameters import Params, optional

__all__ = ["NO_MATCH", "matched_price", "read_price_match"]

NO_MATCH: Final = "NONE"
_LEVELS: Final = {"": 1, "5": 5, "10": 10, "20": 20}


def read_price_match(params: Params, order_type: str, supported: frozenset[str]) -> str:
    """What was sent; it takes the place of ``price``.

    Raises:
        ApiError: -5037, no such match; -5038, not for that type; -1106, sent beside a price.
    """
    value = optional(params, "priceMatch") or NO_MATCH
    if value == NO_MATCH:
        return value
    side, _, level = value.partition("_")
    if side not in {"OPPONENT", "QUEUE"} or level not in _LEVELS or value.endswith("_"):
        raise ApiError.bad_request(-5037, "Invalid price match")
    if order_type not in supported:
        msg = "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT"
        raise ApiError.bad_request(-5038, msg)
    if optional(params, "price") is not None:
        raise ApiError.not_required("price")
    return value


def matched_price(listing: FuturesListing, match: str, *, is_buy: bool) -> int:
    """The price of now, in units of 1e-8.

    Raises:
        ApiError: -5041, the book has not so many levels.
    """
    side, _, level = match.partition("_")
    wanted = _LEVELS[level]
    levels = listing.public.top(is_buy if side == "QUEUE" else not is_buy, wanted)
    if len(levels) < wanted:
        raise ApiError.bad_request(-5041, "No depth matches this BBO order")
    price: int = levels[-1][0]
    return price
