"""A client's order, and the forms in which Binance's REST API shows it."""

from dataclasses import dataclass, field
from typing import Any

from bot.simulation.book import Resting
from bot.simulation.fixedpoint import text

__all__ = ["Order"]


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One order of one account; amounts in units of 1e-8."""

    account: str
    symbol: str
    order_id: int
    client_order_id: str
    is_buy: bool
    order_type: str
    time_in_force: str
    price_e8: int
    """0 for MARKET."""
    quantity_e8: int
    quote_wanted_e8: int = 0
    """``quoteOrderQty``."""
    executed_e8: int = 0
    quote_e8: int = 0
    """``cummulativeQuoteQty``."""
    prevented_e8: int = 0
    """What did not trade because the other side was one's own."""
    prevented_id: int | None = None
    """The id of the last prevented match."""
    locked_e8: int = 0
    """What it still holds of the quote asset (buy) or the base asset (sell)."""
    closed_as: str = ""
    """CANCELED, EXPIRED, EXPIRED_IN_MATCH or REJECTED."""
    expiry_reason: str = ""
    time_ms: int = 0
    update_ms: int = 0
    stp_mode: str = ""
    strategy_id: int | None = None
    strategy_type: int | None = None
    resting: Resting | None = field(default=None, repr=False)

    @property
    def side(self) -> str:
        return "BUY" if self.is_buy else "SELL"

    @property
    def remaining_e8(self) -> int:
        return self.quantity_e8 - self.executed_e8 - self.prevented_e8

    @property
    def is_open(self) -> bool:
        return not self.closed_as and self.remaining_e8 > 0

    @property
    def status(self) -> str:
        if self.closed_as:
            return self.closed_as
        if not self.executed_e8:
            return "NEW"
        return "PARTIALLY_FILLED" if self.is_open else "FILLED"

    def ack(self) -> dict[str, Any]:
        """The ACK answer to placing it."""
        return {
            "symbol": self.symbol,
            "orderId": self.order_id,
            "orderListId": -1,
            "clientOrderId": self.client_order_id,
            "transactTime": self.time_ms,
        }

    def result(self) -> dict[str, Any]:
        """The RESULT answer to placing it."""
        return {
            **self.ack(),
            **self._amounts(),
            "workingTime": self.time_ms,
            "selfTradePreventionMode": self.stp_mode,
            **self._optional(),
        }

    def canceled(self, cancel_id: str) -> dict[str, Any]:
        """The answer to its cancellation."""
        return {
            "symbol": self.symbol,
            "origClientOrderId": self.client_order_id,
            "orderId": self.order_id,
            "orderListId": -1,
            "clientOrderId": cancel_id,
            "transactTime": self.update_ms,
            **self._amounts(),
            "selfTradePreventionMode": self.stp_mode,
            **self._optional(),
        }

    def queried(self) -> dict[str, Any]:
        """The answer to a query for it."""
        return {
            "symbol": self.symbol,
            "orderId": self.order_id,
            "orderListId": -1,
            "clientOrderId": self.client_order_id,
            "price": text(self.price_e8),
            "origQty": text(self.quantity_e8),
            "executedQty": text(self.executed_e8),
            "cummulativeQuoteQty": text(self.quote_e8),
            "status": self.status,
            "timeInForce": self.time_in_force,
            "type": self.order_type,
            "side": self.side,
            "stopPrice": text(0),
            "icebergQty": text(0),
            "time": self.time_ms,
            "updateTime": self.update_ms,
            "isWorking": True,
            "workingTime": self.time_ms,
            "origQuoteOrderQty": text(self.quote_wanted_e8),
            "selfTradePreventionMode": self.stp_mode,
            **self._optional(),
        }

    def _amounts(self) -> dict[str, Any]:
        return {
            "price": text(self.price_e8),
            "origQty": text(self.quantity_e8),
            "executedQty": text(self.executed_e8),
            "origQuoteOrderQty": text(self.quote_wanted_e8),
            "cummulativeQuoteQty": text(self.quote_e8),
            "status": self.status,
            "timeInForce": self.time_in_force,
            "type": self.order_type,
            "side": self.side,
        }

    def _optional(self) -> dict[str, Any]:
        extra: dict[str, Any] = {}
        if self.strategy_id is not None:
            extra["strategyId"] = self.strategy_id
        if self.strategy_type is not None:
            extra["strategyType"] = self.strategy_type
        if self.prevented_id is not None:
            extra["preventedMatchId"] = self.prevented_id
            extra["preventedQuantity"] = text(self.prevented_e8)
        if self.expiry_reason:
            extra["expiryReason"] = self.expiry_reason
        return extra
