"""Self-trade prevention: orders of one account do not trade with each other (stp_faq.md)."""

from dataclasses import dataclass
from typing import Any

from bot.simulation.fixedpoint import text
from bot.simulation.orders import Order

__all__ = ["PreventedMatch", "effective_mode", "prevents", "shares", "skipped_party"]


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
    maker_symbol: str = ""
    """Where the maker rested, if that is not the taker's symbol."""
    trade_group: int = -1

    def body(self) -> dict[str, Any]:
        """As ``GET /api/v3/myPreventedMatches`` gives it."""
        return {
            "symbol": self.symbol,
            "preventedMatchId": self.match_id,
            "takerOrderId": self.taker_order_id,
            "makerSymbol": self.maker_symbol or self.symbol,
            "makerOrderId": self.maker_order_id,
            "tradeGroupId": self.trade_group,
            "selfTradePreventionMode": self.stp_mode,
            "price": text(self.price_e8),
            **self._quantities(),
            "transactTime": self.time_ms,
        }

    def in_answer(self) -> dict[str, Any]:
        """As ``preventedMatches`` of a FULL answer gives it."""
        return {
            "preventedMatchId": self.match_id,
            "makerSymbol": self.maker_symbol or self.symbol,
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
    return taker.stp_mode != "NONE" and taker.party == maker.party


def effective_mode(taker: Order, maker: Order) -> str:
    """The taker's mode, but that TRANSFER is DECREMENT where the maker has another one."""
    if taker.stp_mode == "TRANSFER" and maker.stp_mode != "TRANSFER":
        return "DECREMENT"
    return taker.stp_mode


def shares(mode: str, taker_e8: int, maker_e8: int, shown_e8: int) -> tuple[int, int]:
    """How much of (taker, maker) the prevented match takes away.

    ``shown_e8`` is the part of the maker that the match is about.
    """
    if mode == "EXPIRE_MAKER":
        return 0, maker_e8
    if mode == "EXPIRE_TAKER":
        return taker_e8, 0
    if mode == "EXPIRE_BOTH":
        return taker_e8, maker_e8
    both = min(taker_e8, shown_e8)
    return both, both


def skipped_party(party: str, mode: str) -> str | None:
    """Whose orders a taker passes by on its way through the book."""
    return party if mode == "EXPIRE_MAKER" else None
