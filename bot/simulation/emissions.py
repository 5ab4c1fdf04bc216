"""What happened at the exchange, in order: the output of :meth:`SimulatedExchange.take`.

Prices and quantities are decimals with eight places; write them with ``format(x, "f")``,
because ``str`` turns small ones into exponents.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

__all__ = [
    "AggTradeMade",
    "BookChanged",
    "Emission",
    "RawFrame",
    "TradeMade",
    "UserEvent",
]

Levels = tuple[tuple[Decimal, Decimal], ...]
"""(price, absolute quantity), best first; quantity 0 removes the level."""


@dataclass(frozen=True, slots=True)
class TradeMade:
    """One public trade. The taker is the seller if ``buyer_is_maker``."""

    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    buyer_is_maker: bool
    time_ms: int
    buyer_order_id: int
    seller_order_id: int


@dataclass(frozen=True, slots=True)
class AggTradeMade:
    """The trades of one taker order at one price; comes after the last of its ``TradeMade``."""

    symbol: str
    agg_id: int
    price: Decimal
    quantity: Decimal
    first_trade_id: int
    last_trade_id: int
    buyer_is_maker: bool
    time_ms: int


@dataclass(frozen=True, slots=True)
class BookChanged:
    """The public book changed: update ids ``first_update_id``..``last_update_id``, without gaps."""

    symbol: str
    first_update_id: int
    last_update_id: int
    bids: Levels
    asks: Levels
    time_ms: int


@dataclass(frozen=True, slots=True)
class UserEvent:
    """For one account: the payload exactly as Binance's user data stream has it."""

    account: str
    """The API key."""
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RawFrame:
    """Tape only: the recorded payload (without the combined wrapper) of exactly this stream."""

    stream: str
    data: bytes


Emission = TradeMade | AggTradeMade | BookChanged | UserEvent | RawFrame
