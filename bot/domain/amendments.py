"""What changes an order while it rests, and the settings of a symbol: events beside the life."""

from decimal import Decimal

import msgspec

from bot.domain.details import OrderDetails

__all__ = [
    "AmendRejected",
    "AmendUnknown",
    "OrderAmendRequested",
    "OrderAmended",
    "OrderTriggered",
    "SymbolConfigured",
    "SymbolNotConfigured",
]


class OrderAmendRequested(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The strategy wants another quantity or price; nothing has changed yet."""

    client_order_id: str
    quantity: Decimal
    """Base units, the whole order, what is filled included."""
    price: Decimal | None
    cause: str = ""
    recv_ns: int


class OrderAmended(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The venue has changed the order (or told us what a quantity by cost came to)."""

    client_order_id: str
    venue_order_id: int
    quantity: Decimal
    """Base units, the whole order, what is filled included."""
    price: Decimal | None
    """None: as it was."""
    ts_ns: int
    recv_ns: int
    source: str = "stream"
    details: OrderDetails | None = None


class AmendRejected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The order stays as it was."""

    client_order_id: str
    code: int
    reason: str
    recv_ns: int


class AmendUnknown(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The request got no clear answer: ask what the order is now."""

    client_order_id: str
    cause: str
    recv_ns: int


class OrderTriggered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A conditional order was set off: it is in the book, or being matched.

    On futures the matching engine then knows it under another order id than the algo service.
    """

    client_order_id: str
    venue_order_id: int
    ts_ns: int
    recv_ns: int
    source: str = "stream"
    details: OrderDetails | None = None


class SymbolConfigured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Leverage or margin type of a contract, as it now is."""

    symbol: str
    leverage: int | None
    margin_type: str
    """ISOLATED, CROSSED, or '' if nothing was said of it."""
    recv_ns: int


class SymbolNotConfigured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    symbol: str
    reason: str
    recv_ns: int
