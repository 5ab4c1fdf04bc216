"""Self-trade prevention: orders of one account do not trade with each other (stp_faq.md)."""

from dataclasses import dataclass
from typing import Any

from bot.simulation.fixedpoint import text
from bot.simulation.orders import Order

__all__ = ["PreventedMatch", "prevents", "shares", "skipped_account"]


@dataclass(slots=True)
class PreventedMatch:
    """A match that did not become a trade; quantities in units of 1e-8, 0: that side goes on."""

    symbol: str
    match_id: int
    taker_order_id: int
    maker_order_id: int
    stp_mode: str
    price_e8: int
    taker_e8: int
    maker_e8: int
    time_ms: int

    def body(self) -> dict[str, Any]:
        """As ``GET /api/v3/myPreventedMatches`` gives it."""
        return {
            "symbol": self.symbol,
            "preventedMatchId": self.match_id,
            "takerOrderId": self.taker_order_id,
            "makerSymbol": self.symbol,
            "makerOrderId": self.maker_order_id,
            "tradeGroupId": -1,
            "selfTradePreventionMode": self.stp_mode,
            "price": text(self.price_e8),
            **self._quantities(),
            "transactTime": self.time_ms,
        }

    def in_answer(self) -> dict[str, Any]:
        """As ``preventedMatches`` of a FULL answer gives it."""
        return {
            "preventedMatchId": self.match_id,
            "makerSymbol": self.symbol,
            "makerOrderId": self.maker_order_id,
            "price": text(self.price_e8),
            **self._quantities(),
        }

    def _quantities(self) -> dict[str, Any]:
        quantities = {}
        if self.taker_e8:
            quantities["takerPreventedQuantity"] = text(self.taker_e8)
        if self.maker_e8:
            quantities["makerPreventedQuantity"] = text(self.maker_e8)
        return quantities


def prevents(taker: Order, maker: Order) -> bool:
    """Whether the two must not trade. The taker's mode decides."""
    return taker.account == maker.account and taker.stp_mode != "NONE"


def shares(mode: str, taker_e8: int, maker_e8: int, shown_e8: int) -> tuple[int, int]:
    """How much of (taker, maker) the prevented match takes away.

    ``shown_e8`` is the part of the maker that the match is about. Within one account TRANSFER
    moves nothing, so that it does what DECREMENT does, whatever the maker's mode.
    """
    if mode == "EXPIRE_MAKER":
        return 0, maker_e8
    if mode == "EXPIRE_TAKER":
        return taker_e8, 0
    if mode == "EXPIRE_BOTH":
        return taker_e8, maker_e8
    both = min(taker_e8, shown_e8)
    return both, both


def skipped_account(account: str, mode: str) -> str | None:
    """Whose orders a taker passes by on its way through the book."""
    return account if mode == "EXPIRE_MAKER" else None
