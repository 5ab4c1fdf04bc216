"""The reference price of a symbol, and how far from it a taker may trade.

Source: Binance spot documentation, "Price Range Execution Rule". The rule holds only for symbols
that have both the rule and a reference price; a multiplier that is not set does not bound its
side.
"""

from itertools import islice

from bot.simulation.fixedpoint import ONE, parse
from bot.simulation.listing import Listing

__all__ = ["price_bounds", "reference_price"]

_UNBOUNDED = 10**30


def reference_price(listing: Listing) -> int:
    """The mean of the last seconds' closes; 0 if the symbol has none, or has not traded yet."""
    count = listing.rules.reference_seconds
    if not count:
        return 0
    seconds = listing.bars.roll("1s", listing.last.time_ms if listing.last else 0)
    closes = [bar.close for bar in islice(reversed(seconds), count)]
    return sum(closes) // len(closes) if closes else 0


def price_bounds(listing: Listing, *, is_buy: bool) -> tuple[int, int] | None:
    """Between which prices a taker may trade now; None: anywhere."""
    rule = listing.rules.execution_rule
    reference = reference_price(listing) if rule is not None else 0
    if rule is None or not reference:
        return None
    side = "bid" if is_buy else "ask"
    down, up = rule.get(f"{side}LimitMultDown"), rule.get(f"{side}LimitMultUp")
    low = -(-reference * parse(down) // ONE) if down is not None else 0
    high = reference * parse(up) // ONE if up is not None else _UNBOUNDED
    return low, high
