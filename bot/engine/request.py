"""What a callback asked for; handled after the callback has ended."""

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.terms import PLAIN, Contingency, OrderTerms
from bot.domain.values import OrderType, Side, TimeInForce

__all__ = ["Action", "Amend", "Cancel", "Configure", "OrderList", "OrderWish", "Replace", "Request"]


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
class OrderList:
    """Orders that depend on each other, by client order id; each has the list in its terms."""

    list_id: str
    contingency: Contingency
    legs: tuple[tuple[str, OrderWish], ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    pass


@dataclass(frozen=True, slots=True)
class Amend:
    quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Replace:
    """The order of the request is cancelled, and this one placed if that succeeds."""

    client_order_id: str
    wish: OrderWish


@dataclass(frozen=True, slots=True)
class Configure:
    symbol: str
    leverage: int | None
    margin_type: str


Action = OrderWish | OrderList | Cancel | Amend | Replace | Configure


@dataclass(frozen=True, slots=True)
class Request:
    strategy_id: str
    client_order_id: str
    """The order that it is about, of a list the first; '' if it is about none."""
    action: Action
    cause: str
    closing: bool = False
    """The bot itself closes, or protects, what an approved order has opened."""
