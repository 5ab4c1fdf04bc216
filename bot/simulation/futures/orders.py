"""A client's order on futures, and the forms in which Binance's REST API shows it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from bot.simulation.book import Resting
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.amounts import ZERO, money, plain
from bot.simulation.futures.contracts import Contract
from bot.simulation.futures.pricematch import NO_MATCH

__all__ = ["FuturesOrder", "owner", "rest"]


@dataclass(slots=True, kw_only=True, eq=False)
class FuturesOrder:
    """One order of one account; amounts in units of 1e-8."""

    account: str
    symbol: str
    contract: Contract = field(repr=False)
    order_id: int
    client_order_id: str
    is_buy: bool
    order_type: str
    time_in_force: str
    price_e8: int
    """0 for MARKET."""
    quantity_e8: int
    position_side: str = "BOTH"
    reduce_only: bool = False
    close_position: bool = False
    original_type: str = ""
    """The conditional type from which it came; else its own."""
    stop_price_e8: int = 0
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    stp_mode: str = "EXPIRE_MAKER"
    good_till_ms: int = 0
    algo_id: int = 0
    price_match: str = NO_MATCH
    """From which side of the book its price came."""
    executed_e8: int = 0
    value: Decimal = ZERO
    """What was executed, in the margin asset."""
    amendments: list[dict[str, Any]] = field(default_factory=list)
    closed_as: str = ""
    expiry_reason: int = 0
    time_ms: int = 0
    update_ms: int = 0
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
    def reduces(self) -> bool:
        """Whether it may only make a position smaller."""
        return self.reduce_only or (self.position_side, self.is_buy) in {
            ("LONG", False),
            ("SHORT", True),
        }

    @property
    def status(self) -> str:
        if self.closed_as:
            return self.closed_as
        if not self.executed_e8:
            return "NEW"
        return "FILLED" if self.executed_e8 >= self.quantity_e8 else "PARTIALLY_FILLED"

    @property
    def average(self) -> Decimal:
        """The price at which it was executed so far; 0 without fills."""
        if not self.executed_e8:
            return ZERO
        executed = decimal(self.executed_e8)
        if self.contract.size is not None:
            return executed * self.contract.size / self.value
        return self.value / executed

    def answered(self) -> dict[str, Any]:
        """The answer to placing, changing or cancelling it: no averages, no cumulated value."""
        number = self.contract.quantity_text
        return {
            **self._names(),
            "status": self.status,
            "price": self.contract.price_text(self.price_e8),
            "origQty": number(self.quantity_e8),
            "executedQty": number(self.executed_e8),
            "cumQty": number(self.executed_e8),
            **self._manner(),
            "updateTime": self.update_ms,
        }

    def acknowledged(self) -> dict[str, Any]:
        """The ACK answer to placing it: it says nothing of fills."""
        nothing = self.contract.quantity_text(0)
        return {
            **self.answered(),
            "status": "NEW",
            "executedQty": nothing,
            "cumQty": nothing,
            "updateTime": self.time_ms,
        }

    def queried(self) -> dict[str, Any]:
        """The answer to a query for it."""
        number = self.contract.quantity_text
        body = {
            **self._names(),
            "status": self.status,
            "price": self.contract.price_text(self.price_e8),
            "avgPrice": self.contract.average_text(self.average),
            "origQty": number(self.quantity_e8),
            "executedQty": number(self.executed_e8),
        }
        if self.contract.is_inverse:
            body["cumBase"] = money(self.value)
        else:
            body["cumQuote"] = plain(self.value)
        return {**body, **self._manner(), "time": self.time_ms, "updateTime": self.update_ms}

    def _names(self) -> dict[str, Any]:
        names: dict[str, Any] = {"orderId": self.order_id, "symbol": self.symbol}
        if self.contract.is_inverse:
            names["pair"] = self.contract.pair
        names["clientOrderId"] = self.client_order_id
        return names

    def _manner(self) -> dict[str, Any]:
        return {
            "timeInForce": self.time_in_force,
            "type": self.order_type,
            "reduceOnly": self.reduce_only,
            "closePosition": self.close_position,
            "side": self.side,
            "positionSide": self.position_side,
            "stopPrice": self.contract.price_text(self.stop_price_e8),
            "workingType": self.working_type,
            "priceProtect": self.price_protect,
            "origType": self.original_type or self.order_type,
            "priceMatch": self.price_match,
            "selfTradePreventionMode": self.stp_mode,
            "goodTillDate": self.good_till_ms,
        }


def rest(order: FuturesOrder) -> Resting:
    """What stands for the order in the book."""
    # The book asks its clients for nothing but their account.
    client = cast("Any", order)
    resting = Resting(
        order.order_id, order.price_e8, order.remaining_e8, is_buy=order.is_buy, client=client
    )
    order.resting = resting
    return resting


def owner(resting: Resting) -> FuturesOrder | None:
    """The client's order that rests there; None for the rest of the market."""
    return cast("FuturesOrder | None", resting.client)
