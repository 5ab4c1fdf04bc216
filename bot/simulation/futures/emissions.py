"""What happened at the futures exchange, in order: the output of ``FuturesExchange.take``.

Prices and quantities are exact decimals; write them with ``format(x, "f")``.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.simulation.emissions import AggTradeMade, Levels, RawFrame, TradeMade, UserEvent

__all__ = [
    "AggTradeMade",
    "BookChanged",
    "ContractChanged",
    "Emission",
    "Liquidation",
    "MarkChanged",
    "RawFrame",
    "TradeMade",
    "UserEvent",
]


@dataclass(frozen=True, slots=True)
class BookChanged:
    """The public book changed.

    ``previous_update_id`` is the ``last_update_id`` of the change before. As on Binance the
    ids of one change need not follow those of the one before without a gap.
    """

    symbol: str
    first_update_id: int
    last_update_id: int
    previous_update_id: int
    bids: Levels
    asks: Levels
    time_ms: int


@dataclass(frozen=True, slots=True)
class MarkChanged:
    """The mark price of a symbol, once a second."""

    symbol: str
    mark: Decimal
    index: Decimal
    settle: Decimal
    """Estimated settlement price."""
    average: Decimal
    """Moving average of the mark price."""
    funding_rate: Decimal
    next_funding_ms: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class Liquidation:
    """A forced order traded: ``order`` is ``o`` of Binance's ``forceOrder``."""

    symbol: str
    order: dict[str, Any]
    time_ms: int


@dataclass(frozen=True, slots=True)
class ContractChanged:
    """A contract was listed, or opened or closed to trading."""

    symbol: str
    info: dict[str, Any]
    """Keys of Binance's ``contractInfo`` from ``ct`` on; with ``bks`` where brackets are new."""
    time_ms: int


Emission = (
    TradeMade
    | AggTradeMade
    | BookChanged
    | MarkChanged
    | Liquidation
    | ContractChanged
    | UserEvent
    | RawFrame
)
