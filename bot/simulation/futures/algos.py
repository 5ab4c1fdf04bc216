"""Conditional orders: they wait outside the book until a price triggers them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.futures.amounts import ZERO, plain
from bot.simulation.futures.contracts import Contract
from bot.simulation.futures.pricematch import NO_MATCH

__all__ = ["AlgoOrder", "AlgoStore"]

LIMITS: Final = frozenset({"STOP", "TAKE_PROFIT"})
_STOPS: Final = frozenset({"STOP", "STOP_MARKET"})
_OPEN: Final = frozenset({"NEW", "TRIGGERING"})


@dataclass(slots=True, kw_only=True, eq=False)
class AlgoOrder:
    """One conditional order; amounts in units of 1e-8."""

    account: str
    symbol: str
    contract: Contract = field(repr=False)
    algo_id: int
    client_algo_id: str
    is_buy: bool
    order_type: str
    position_side: str
    time_in_force: str = "GTC"
    quantity_e8: int = 0
    """0 with ``close_position``."""
    price_e8: int = 0
    trigger_e8: int = 0
    activate_e8: int = 0
    callback_rate: Decimal = ZERO
    """Of a trailing stop, in percent."""
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    close_position: bool = False
    reduce_only: bool = False
    stp_mode: str = "EXPIRE_MAKER"
    good_till_ms: int = 0
    price_match: str = NO_MATCH
    status: str = "NEW"
    create_ms: int = 0
    update_ms: int = 0
    trigger_ms: int = 0
    order_id: int = 0
    """Of the order that came of it."""
    average: Decimal = ZERO
    executed_e8: int = 0
    refusal: str = ""
    is_active: bool = False
    """A trailing stop that has reached its activation price."""
    extreme_e8: int = 0
    """The best price since then."""

    @property
    def side(self) -> str:
        return "BUY" if self.is_buy else "SELL"

    @property
    def is_open(self) -> bool:
        return self.status in _OPEN

    @property
    def actual_type(self) -> str:
        """Of the order that will come of it."""
        return "LIMIT" if self.order_type in LIMITS else "MARKET"

    def would_trigger(self, price_e8: int) -> bool:
        """Whether it may not be placed at that price.

        A trailing stop may not be past its activation; without one it is active from now on.
        """
        if self.order_type == "TRAILING_STOP_MARKET" and self.activate_e8:
            goal = self.activate_e8
            return goal >= price_e8 if self.is_buy else goal <= price_e8
        return self.is_triggered(price_e8, price_e8)

    def is_triggered(self, low_e8: int, high_e8: int) -> bool:
        """Whether a price in that range sets it off. A trailing stop follows the range."""
        if self.order_type == "TRAILING_STOP_MARKET":
            return self._trail(low_e8, high_e8)
        # Stops follow the move, profits are taken against it.
        if self.is_buy == (self.order_type in _STOPS):
            return high_e8 >= self.trigger_e8
        return low_e8 <= self.trigger_e8

    def _trail(self, low_e8: int, high_e8: int) -> bool:
        """Buys trail the lowest price, sales the highest."""
        if not self.is_active:
            goal = self.activate_e8
            if goal and (low_e8 > goal if self.is_buy else high_e8 < goal):
                return False
            self.is_active = True
            self.extreme_e8 = low_e8 if self.is_buy else high_e8
        share = self.callback_rate / 100
        if self.is_buy:
            self.extreme_e8 = min(self.extreme_e8, low_e8)
            return Decimal(high_e8) >= self.extreme_e8 * (1 + share)
        self.extreme_e8 = max(self.extreme_e8, high_e8)
        return Decimal(low_e8) <= self.extreme_e8 * (1 - share)

    def answered(self) -> dict[str, Any]:
        """The answer to placing it."""
        return {
            **self._head(),
            "triggerPrice": self.contract.price_text(self.trigger_e8),
            "price": self.contract.price_text(self.price_e8),
            "icebergQuantity": None,
            **self._manner(),
            "activatePrice": self.contract.price_text(self.activate_e8) if self.activate_e8 else "",
            "callbackRate": plain(self.callback_rate) if self.callback_rate else "",
            **self._times(),
        }

    def queried(self) -> dict[str, Any]:
        """The answer to a query for it."""
        none = self.contract.price_text(0)
        return {
            **self._head(),
            "actualOrderId": str(self.order_id) if self.order_id else "",
            "actualPrice": self.contract.average_text(self.average),
            "actualType": self.actual_type if self.order_id else "",
            "actualQty": self.contract.quantity_text(self.executed_e8),
            "triggerPrice": self.contract.price_text(self.trigger_e8),
            "price": self.contract.price_text(self.price_e8),
            "icebergQuantity": None,
            "tpTriggerPrice": none,
            "tpPrice": none,
            "slTriggerPrice": none,
            "slPrice": none,
            "tpOrderType": "",
            **self._manner(),
            **self._times(),
        }

    def update(self, now_ms: int) -> dict[str, Any]:
        """ALGO_UPDATE."""
        contract = self.contract
        price = contract.price_text
        body: dict[str, Any] = {
            "caid": self.client_algo_id,
            "aid": self.algo_id,
            "at": "CONDITIONAL",
            "o": self.order_type,
            "s": self.symbol,
            "S": self.side,
            "ps": self.position_side,
            "f": self.time_in_force,
            "q": contract.quantity_text(self.quantity_e8),
            "X": self.status,
            "ai": str(self.order_id) if self.order_id else "",
            "ap": contract.average_text(self.average) if self.average else "0",
            "aq": contract.quantity_text(self.executed_e8) if self.executed_e8 else "0",
            "act": self.actual_type if self.order_id else "0",
            "tp": price(self.trigger_e8) if self.trigger_e8 else "0",
            "p": price(self.price_e8) if self.price_e8 else "0",
            "V": self.stp_mode,
            "wt": self.working_type,
            "pm": self.price_match,
            "cp": self.close_position,
            "pP": self.price_protect,
            "R": self.reduce_only,
            "tt": self.trigger_ms,
            "gtd": self.good_till_ms,
        }
        if self.refusal:
            body["rm"] = self.refusal
        if self.order_type == "TRAILING_STOP_MARKET":
            body["ia"] = self.is_active
        return {"e": "ALGO_UPDATE", "E": now_ms, "T": now_ms, "o": body}

    def _head(self) -> dict[str, Any]:
        return {
            "algoId": self.algo_id,
            "clientAlgoId": self.client_algo_id,
            "algoType": "CONDITIONAL",
            "orderType": self.order_type,
            "symbol": self.symbol,
            "side": self.side,
            "positionSide": self.position_side,
            "timeInForce": self.time_in_force,
            "quantity": self.contract.quantity_text(self.quantity_e8),
            "algoStatus": self.status,
        }

    def _manner(self) -> dict[str, Any]:
        return {
            "selfTradePreventionMode": self.stp_mode,
            "workingType": self.working_type,
            "priceMatch": self.price_match,
            "closePosition": self.close_position,
            "priceProtect": self.price_protect,
            "reduceOnly": self.reduce_only,
        }

    def _times(self) -> dict[str, Any]:
        return {
            "createTime": self.create_ms,
            "updateTime": self.update_ms,
            "triggerTime": self.trigger_ms,
            "goodTillDate": self.good_till_ms,
        }


class AlgoStore:
    """Every conditional order of every account."""

    def __init__(self) -> None:
        self._by_id: dict[int, AlgoOrder] = {}
        self._open: dict[int, AlgoOrder] = {}

    def add(self, algo: AlgoOrder) -> None:
        self._by_id[algo.algo_id] = algo
        if algo.is_open:
            self._open[algo.algo_id] = algo

    def close(self, algo: AlgoOrder) -> None:
        """It waits no more."""
        self._open.pop(algo.algo_id, None)

    def find(self, account: str, algo_id: int | None, own_id: str | None) -> AlgoOrder:
        """By id, else the newest with that client id.

        Raises:
            ApiError: there is none (-2013).
        """
        if algo_id is not None:
            found = self._by_id.get(algo_id)
        else:
            named = (a for a in reversed(self._by_id.values()) if a.client_algo_id == own_id)
            found = next((a for a in named if a.account == account), None)
        if found is None or found.account != account:
            raise ApiError.bad_request(-2013, "Order does not exist.")
        return found

    def waiting(self, symbol: str) -> list[AlgoOrder]:
        """Of all accounts, oldest first."""
        return [a for a in self._open.values() if a.symbol == symbol]

    def open(self, account: str) -> list[AlgoOrder]:
        """Of all symbols, oldest first."""
        return [a for a in self._open.values() if a.account == account]

    def all(self, account: str) -> list[AlgoOrder]:
        return [a for a in self._by_id.values() if a.account == account]

    def everything(self) -> list[AlgoOrder]:
        return list(self._by_id.values())

    def of_order(self, algo_id: int) -> AlgoOrder | None:
        """From which an order came."""
        return self._by_id.get(algo_id)
