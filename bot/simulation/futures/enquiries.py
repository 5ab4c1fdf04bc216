"""What an account may ask about itself: orders, trades, incomes."""

from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.futures.deleveraging import CLIENT_ID as ADL_ID
from bot.simulation.futures.desk import OrderDesk
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.orders import FuturesOrder
from bot.simulation.parameters import Params, integer, limit, optional, required

__all__ = ["Enquiries", "times", "within"]

_WEEK_MS: Final = 7 * 86_400_000


class Enquiries:
    """Binance's USER_DATA endpoints about orders, trades and incomes."""

    def __init__(self, floor: FuturesFloor, desk: OrderDesk) -> None:
        self._floor = floor
        self._desk = desk

    def order(self, account: str, params: Params) -> dict[str, Any]:
        """``GET order``."""
        symbol = self._symbol(required(params, "symbol"))
        order = self._desk.find(account, symbol, params)
        if order is None:
            raise ApiError.bad_request(-2013, "Order does not exist.")
        return order.queried()

    def open_order(self, account: str, params: Params) -> dict[str, Any]:
        """``GET openOrder``: only an open one exists."""
        symbol = self._symbol(required(params, "symbol"))
        order = self._desk.find(account, symbol, params)
        if order is None or not order.is_open:
            raise ApiError.bad_request(-2013, "Order does not exist.")
        return order.queried()

    def open_orders(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET openOrders``."""
        return [
            order.queried()
            for symbol in self._symbols(params)
            for order in self._floor.orders.open(account, symbol)
        ]

    def all_orders(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET allOrders``: ``orderId`` is inclusive; at most seven days at a time."""
        from_id = integer(params, "orderId")
        start, end = times(params)
        rows = [
            order
            for symbol in self._symbols(params)
            for order in self._floor.orders.all(account, symbol)
            if (from_id is None or order.order_id >= from_id) and within(order.time_ms, start, end)
        ]
        rows.sort(key=lambda order: order.time_ms)
        most = limit(params)
        newest = from_id is None and start is None
        return [order.queried() for order in (rows[-most:] if newest else rows[:most])]

    def force_orders(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET forceOrders``: liquidations of this account, and where it was deleveraged."""
        start, end = times(params)
        kind = optional(params, "autoCloseType")
        if kind not in {None, "LIQUIDATION", "ADL"}:
            raise ApiError.invalid("autoCloseType")
        most = limit(params, default=100, maximum=100)
        rows = [
            _forced(order)
            for symbol in self._symbols(params)
            for order in self._floor.orders.all(account, symbol)
            if order.order_type == "LIQUIDATION"
            and within(order.time_ms, start, end)
            and kind in {None, "ADL" if order.client_order_id.startswith(ADL_ID) else "LIQUIDATION"}
        ]
        return rows[-most:]

    def user_trades(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET userTrades``: ``fromId`` is inclusive; at most seven days at a time."""
        order_id, from_id = integer(params, "orderId"), integer(params, "fromId")
        start, end = times(params)
        if from_id is not None and (start is not None or end is not None):
            msg = "Combination of optional parameters invalid."
            raise ApiError.bad_request(-1128, msg)
        trades = self._floor.accounts[account].trades
        rows = [
            trade
            for symbol in self._symbols(params)
            for trade in trades.get(symbol, ())
            if (order_id is None or trade.order_id == order_id)
            and (from_id is None or trade.trade_id >= from_id)
            and within(trade.time_ms, start, end)
        ]
        rows.sort(key=lambda trade: trade.time_ms)
        most = limit(params)
        newest = from_id is None and start is None
        chosen = rows[-most:] if newest else rows[:most]
        return [trade.body(self._floor.contracts[trade.symbol]) for trade in chosen]

    def income(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET income``: oldest first."""
        symbol, kind = optional(params, "symbol"), optional(params, "incomeType")
        start, end = integer(params, "startTime"), integer(params, "endTime")
        rows = [
            income.body()
            for income in self._floor.accounts[account].incomes
            if (symbol is None or income.symbol == symbol)
            and (kind is None or income.kind == kind)
            and within(income.time_ms, start, end)
        ]
        most = limit(params, default=100)
        return rows[-most:] if start is None else rows[:most]

    def margin_history(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET positionMargin/history``."""
        symbol, direction = self._symbol(required(params, "symbol")), integer(params, "type")
        start, end = integer(params, "startTime"), integer(params, "endTime")
        rows = [
            change.body(self._floor.contracts[symbol])
            for change in self._floor.accounts[account].margin_changes
            if change.symbol == symbol
            and direction in {None, change.direction}
            and within(change.time_ms, start, end)
        ]
        most = limit(params)
        return rows[-most:] if start is None else rows[:most]

    def amendments(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET orderAmendment``: newest first."""
        symbol = self._symbol(required(params, "symbol"))
        start, end = integer(params, "startTime"), integer(params, "endTime")
        most = limit(params, default=50, maximum=100)
        orders: list[FuturesOrder]
        if "orderId" in params or "origClientOrderId" in params:
            found = self._desk.find(account, symbol, params)
            orders = [found] if found else []
        else:
            orders = self._floor.orders.all(account, symbol)
        rows = [
            row for order in orders for row in order.amendments if within(row["time"], start, end)
        ]
        return sorted(rows, key=lambda row: -row["amendmentId"])[:most]

    def _symbols(self, params: Params) -> list[str]:
        """The symbol asked for; all without one."""
        symbol = optional(params, "symbol")
        if symbol is not None:
            return [self._symbol(symbol)]
        pair = optional(params, "pair")
        return [c.symbol for c in self._floor.contracts.values() if pair in {None, c.pair}]

    def _symbol(self, symbol: str) -> str:
        if symbol not in self._floor.contracts:
            raise ApiError.invalid_symbol()
        return symbol


def times(params: Params) -> tuple[int | None, int | None]:
    """``startTime`` and ``endTime``, at most seven days apart (-4165)."""
    start, end = integer(params, "startTime"), integer(params, "endTime")
    if start is not None and end is not None:
        if end < start:
            raise ApiError.bad_request(-1023, "Start time is greater than end time.")
        if end - start > _WEEK_MS:
            raise ApiError.bad_request(-4165, "Maximum time interval is 7 days.")
    return start, end


def within(time_ms: int, start: int | None, end: int | None) -> bool:
    """Whether a time is in a range that includes both ends."""
    return (start is None or time_ms >= start) and (end is None or time_ms <= end)


def _forced(order: FuturesOrder) -> dict[str, Any]:
    """A liquidation shows as the limit order as which it was carried out."""
    return {**order.queried(), "type": "LIMIT", "origType": "LIMIT"}
