"""Changing the price and quantity of an open order."""

from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.checks import check_band, check_notional, check_price, check_quantity
from bot.simulation.futures.desk import OrderDesk
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.margins import open_value
from bot.simulation.futures.orderform import flag, read_price, read_side
from bot.simulation.futures.orders import FuturesOrder
from bot.simulation.futures.pricematch import NO_MATCH, matched_price, read_price_match
from bot.simulation.parameters import Params, amount, integer, required

__all__ = ["AmendmentDesk"]

_MOST: Final = 10_000


class AmendmentDesk:
    """``PUT order``: limit orders only, and they lose their place in the queue."""

    def __init__(self, floor: FuturesFloor, desk: OrderDesk) -> None:
        self._floor = floor
        self._desk = desk

    def modify(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """The order as it is afterwards.

        It is cancelled instead if the new quantity is filled already, or if a post-only order
        would take at the new price.
        """
        listing = self._desk.listing(required(params, "symbol"))
        is_buy = read_side(params)
        match = read_price_match(params, "LIMIT", frozenset({"LIMIT"}))
        if match == NO_MATCH:
            price = read_price(params)
        else:
            price = matched_price(listing, match, is_buy=is_buy)
        quantity = amount(params, "quantity")
        if quantity is None:
            raise ApiError.missing("quantity")
        order = self._desk.find(account, listing.rules.symbol, params)
        if order is None or not order.is_open or order.is_buy != is_buy:
            raise ApiError.bad_request(-2013, "Order does not exist.")
        self._check(order, params, price, quantity)
        taken = order.time_in_force == "GTX" and listing.book.crosses(is_buy, price)
        if taken or (order.executed_e8 and quantity <= order.executed_e8):
            self._floor.close(order, "CANCELED", now_ms)
        else:
            order.price_match = match
            self._change(order, price, quantity, now_ms, integer(params, "modifyId"))
        self._floor.settle(listing, now_ms)
        modify_id = integer(params, "modifyId")
        named = {} if modify_id is None else {"modifyId": modify_id}
        return {**order.answered(), "pair": order.contract.pair, **named}

    def _check(self, order: FuturesOrder, params: Params, price: int, quantity: int) -> None:
        contract = order.contract
        if order.order_type != "LIMIT":
            raise ApiError.bad_request(-5025, "Only limit order is supported.")
        if len(order.amendments) >= _MOST:
            raise ApiError.bad_request(-5026, "Exceed maximum modify order limit.")
        if (price, quantity) == (order.price_e8, order.quantity_e8):
            raise ApiError.bad_request(-5027, "No need to modify the order.")
        hint = flag(params, "reduceOnly")
        if hint and not order.reduce_only:
            raise ApiError.bad_request(-5047, "The original order is not reduce-only.")
        check_price(contract, price)
        check_quantity(contract, quantity, is_market=False)
        mark = self._floor.marks[order.symbol].price
        check_band(contract, price, mark, is_buy=order.is_buy)
        account = self._floor.accounts[order.account]
        position = account.position(order.symbol, order.position_side)
        if order.reduces:
            if quantity - order.executed_e8 > int(abs(position.amount) * 10**8):
                raise ApiError.bad_request(-2022, "ReduceOnly Order is rejected.")
            return
        value = contract.value(decimal(quantity), decimal(price))
        check_notional(contract, value)
        left = contract.value(decimal(max(0, quantity - order.executed_e8)), decimal(price))
        more = left - open_value(order)
        if more > 0 and not self._floor.margins.is_affordable(
            account, position, is_buy=order.is_buy, value=more
        ):
            raise ApiError.bad_request(-2019, "Margin is insufficient.")

    def _change(
        self, order: FuturesOrder, price: int, quantity: int, now_ms: int, modify_id: int | None
    ) -> None:
        contract = order.contract
        if order.resting is not None:
            self._floor.books[order.symbol].book.remove(order.resting)
            order.resting = None
        row = {
            "amendmentId": self._floor.ledger.number(),
            "symbol": order.symbol,
            "pair": contract.pair,
            "orderId": order.order_id,
            "clientOrderId": order.client_order_id,
            "time": now_ms,
            "amendment": {
                "price": {
                    "before": contract.price_text(order.price_e8),
                    "after": contract.price_text(price),
                },
                "origQty": {
                    "before": contract.quantity_text(order.quantity_e8),
                    "after": contract.quantity_text(quantity),
                },
                "count": len(order.amendments) + 1,
            },
            "priceMatch": order.price_match,
        }
        order.amendments.append(row)
        order.price_e8, order.quantity_e8 = price, quantity
        order.update_ms = now_ms
        self._floor.report(order, "AMENDMENT", now_ms, modify_id=modify_id)
        self._desk.rematch(order, now_ms)
