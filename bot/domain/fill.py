"""One match of one of our orders."""

from decimal import Decimal

import msgspec

from bot.domain.terms import PositionSide
from bot.domain.values import Side

__all__ = ["Fill"]


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """Money that changed hands.

    ``(symbol, trade_id)`` names the match and, with the side, our part in it: an account whose
    own orders meet (self-trade prevention off) has two fills of one trade.
    """

    symbol: str
    trade_id: int
    client_order_id: str
    venue_order_id: int
    side: Side
    price: Decimal
    """Quote units per base unit."""
    quantity: Decimal
    """Base units."""
    commission: Decimal
    commission_asset: str
    maker: bool
    ts_ns: int
    """The exchange's transaction time."""
    recv_ns: int
    source: str = "stream"
    """How we learned of it: ``stream``, ``response`` or ``sweep``."""
    position_side: PositionSide = PositionSide.BOTH
    """Which position it changed: LONG or SHORT in hedge mode."""

    @property
    def notional(self) -> Decimal:
        """Price times quantity, quote units."""
        return self.price * self.quantity
