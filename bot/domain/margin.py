"""What a futures account reports beyond orders and balances: its positions, and calls for margin.

Source: Binance USDⓈ-M documentation, "Position Information V3", "Balance and Position Update",
"Margin Call".
"""

from decimal import Decimal

import msgspec

from bot.domain.terms import PositionSide

__all__ = ["HeldPosition", "MarginCalled", "PositionsReported"]


class HeldPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position as the exchange has it."""

    symbol: str
    side: PositionSide
    quantity: Decimal
    """Base units (contracts on COIN-M); below zero: short."""
    entry_price: Decimal
    unrealised: Decimal
    """At the mark price, in the margin asset."""
    margin_type: str = ""
    """ISOLATED, CROSSED, or '' where it is not said."""
    isolated_wallet: Decimal = Decimal(0)
    """What stands behind an isolated position, in the margin asset."""
    maintenance: Decimal | None = None
    """The margin below which it is liquidated, in the margin asset; None where it is not said."""


class PositionsReported(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    positions: tuple[HeldPosition, ...]
    """As they are now. From the stream only what may have changed."""
    complete: bool
    """True if positions that are absent are flat."""
    reason: str = ""
    """Why the stream reports them: ORDER, FUNDING_FEE, ADJUSTMENT..."""
    ts_ns: int
    recv_ns: int
    source: str = "stream"


class MarginCalled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Positions are near their liquidation. Not sent on each of them: no rule to rely on."""

    positions: tuple[HeldPosition, ...]
    ts_ns: int
    recv_ns: int
