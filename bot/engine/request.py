"""What a callback asked for; handled after the callback has ended."""

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.terms import PLAIN, OrderTerms
from bot.domain.values import OrderType, Side, TimeInForce

__all__ = ["OrderWish", "Request"]


@dataclass(frozen=True, slots=True)
class OrderWish:
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None
    terms: OrderTerms = PLAIN


@dataclass(frozen=True, slots=True)
class Request:
    strategy_id: str
    client_order_id: str
    order: OrderWish | None
    """None: cancel it."""
    cause: str
