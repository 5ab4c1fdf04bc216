"""What the exchange says an order is."""

from decimal import Decimal

import msgspec

from bot.domain.values import Side

__all__ = ["OrderDetails"]


class OrderDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What the exchange says an order is: enough to keep one that we did not place."""

    symbol: str
    side: Side
    order_type: str
    """Our name of it, or the venue's own of a type that we never send."""
    time_in_force: str
    quantity: Decimal
    price: Decimal | None
