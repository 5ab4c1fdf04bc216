"""A client's order, and the forms in which Binance's REST API shows it."""

from dataclasses import dataclass, field
from typing import Any

from bot.simulation.book import Resting
from bot.simulation.fixedpoint import text

__all__ = ["Order", "OrderStore"]


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
    locked_e8: int = 0
    """What it still holds of the quote asset (buy) or the base asset (sell)."""
    closed_as: str = ""
    """CANCELED or EXPIRED."""
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
        return self.quantity_e8 - self.executed_e8

    @property
    def is_open(self) -> bool:
        return not self.closed_as and self.executed_e8 < self.quantity_e8

    @property
    def status(self) -> str:
        if self.closed_as:
            return self.closed_as
        if not self.executed_e8:
            return "NEW"
        return "FILLED" if self.executed_e8 >= self.quantity_e8 else "PARTIALLY_FILLED"

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
        if self.expiry_reason:
            extra["expiryReason"] = self.expiry_reason
        return extra


class OrderStore:
    """Every order of every account, by the keys under which clients ask for them."""

    def __init__(self) -> None:
        self._by_id: dict[tuple[str, str, int], Order] = {}
        self._by_client_id: dict[tuple[str, str, str], Order] = {}
        # Client ids must be unique among the open orders of an account only.
        self._open_ids: dict[tuple[str, str], Order] = {}
        self._of: dict[tuple[str, str], list[Order]] = {}
        self._open: dict[tuple[str, str], dict[int, Order]] = {}

    def add(self, order: Order) -> None:
        """Keep it. Orders of a symbol arrive in the order of their ids."""
        account, symbol = order.account, order.symbol
        self._by_id[account, symbol, order.order_id] = order
        self._by_client_id[account, symbol, order.client_order_id] = order
        self._of.setdefault((account, symbol), []).append(order)
        if order.is_open:
            self._open_ids[account, order.client_order_id] = order
            self._open.setdefault((account, symbol), {})[order.order_id] = order

    def close(self, order: Order) -> None:
        """It is open no more; its client id is free again."""
        self._open_ids.pop((order.account, order.client_order_id), None)
        self._open.get((order.account, order.symbol), {}).pop(order.order_id, None)

    def by_id(self, account: str, symbol: str, order_id: int) -> Order | None:
        return self._by_id.get((account, symbol, order_id))

    def by_client_id(self, account: str, symbol: str, client_order_id: str) -> Order | None:
        """The open order of that id, else the newest that had it."""
        return self._by_client_id.get((account, symbol, client_order_id))

    def is_taken(self, account: str, client_order_id: str) -> bool:
        """Whether an open order of the account has that client id."""
        return (account, client_order_id) in self._open_ids

    def open(self, account: str, symbol: str) -> list[Order]:
        """Its open orders of a symbol, oldest first."""
        return list(self._open.get((account, symbol), {}).values())

    def open_count(self, account: str, symbol: str) -> int:
        return len(self._open.get((account, symbol), ()))

    def all(self, account: str, symbol: str) -> list[Order]:
        """All its orders of a symbol, oldest first. Do not change the list."""
        return self._of.get((account, symbol), [])

    def everything(self) -> list[Order]:
        """Every order of all accounts, in the order of arrival."""
        return list(self._by_id.values())
