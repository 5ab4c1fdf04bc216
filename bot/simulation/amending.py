"""Amend keep priority: an order becomes smaller and stays where it is in its queue."""

from dataclasses import replace
from typing import Any, Final

from bot.simulation.amendments import Amendment
from bot.simulation.answers import amended
from bot.simulation.desk import OrderDesk
from bot.simulation.errors import MARKET_CLOSED, ApiError
from bot.simulation.floor import Floor
from bot.simulation.listing import Listing
from bot.simulation.orders import Order
from bot.simulation.parameters import (
    Params,
    amount,
    check_known,
    client_id,
    integer,
    limit,
    required,
)
from bot.simulation.permissions import check_account, check_feature

__all__ = ["Amending"]

_REJECTED: Final = -2038


class Amending:
    """``PUT /api/v3/order/amend/keepPriority`` and what is known about it afterwards."""

    def __init__(self, floor: Floor, desk: OrderDesk) -> None:
        self._floor = floor
        self._desk = desk

    def amend(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """Reduce the quantity.

        Raises:
            ApiError: -2038 if the order cannot become what is asked; -1013 if a filter is
                against the new quantity.
        """
        known = {"symbol", "orderId", "origClientOrderId", "newClientOrderId", "newQty"}
        check_known(params, frozenset(known))
        listing = self._desk.intake.listing(required(params, "symbol"))
        quantity = amount(params, "newQty")
        if quantity is None:
            raise ApiError.missing("newQty")
        if not quantity:
            raise ApiError.bad_request(-1013, "Invalid quantity.")
        new_id = client_id(params, "newClientOrderId")
        order = self._desk.find(account, listing.rules.symbol, params)
        if order is None or not order.is_open:
            raise _rejected("Unknown order sent.")
        self._check(order, listing, quantity, new_id)
        former_id = order.client_order_id
        amendment = self._reduce(listing, order, quantity, new_id, now_ms)
        answer = {
            "transactTime": now_ms,
            "executionId": amendment.execution_id,
            "amendedOrder": amended(order, former_id),
            **self._desk.lists.amended(order, now_ms),
        }
        self._floor.settle(listing, now_ms)
        return answer

    def amendments(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/order/amendments``: ``fromExecutionId`` is inclusive."""
        check_known(params, frozenset({"symbol", "orderId", "fromExecutionId", "limit"}))
        symbol = self._desk.intake.listing(required(params, "symbol")).rules.symbol
        required(params, "orderId")
        order_id, from_id = integer(params, "orderId"), integer(params, "fromExecutionId")
        rows = [
            one.body()
            for one in self._floor.ledger.accounts[account].amendments.get(symbol, ())
            if one.order_id == order_id and (from_id is None or one.execution_id >= from_id)
        ]
        return rows[: limit(params)]

    def _check(self, order: Order, listing: Listing, quantity: int, new_id: str | None) -> None:
        if listing.status != "TRADING":
            raise _rejected(MARKET_CLOSED)
        check_account(self._floor.ledger.accounts[order.account], order.symbol, code=_REJECTED)
        check_feature(listing.rules, "amend", code=_REJECTED)
        order_list = self._floor.lists.of(order)
        if order.is_pending and order_list is not None and order_list.pays_pending:
            raise _rejected("Order amend (pending OPO order) is not supported.")
        if quantity == order.quantity_e8:
            raise _rejected("The requested action would change no state; rejecting")
        if quantity > order.quantity_e8:
            raise _rejected("Order amend (quantity increase) is not supported.")
        most = listing.rules.filter("MAX_NUM_ORDER_AMENDS")
        if most is not None and order.amended >= int(most["maxNumOrderAmends"]):
            raise _rejected("Filter failure: MAX_NUM_ORDER_AMENDS")
        taken = new_id is not None and self._floor.orders.is_taken(order.account, new_id)
        if taken and new_id != order.client_order_id:
            raise _rejected("Duplicate order sent.")
        self._desk.intake.check_amended(order, listing, quantity)

    def _reduce(
        self, listing: Listing, order: Order, quantity: int, new_id: str | None, now_ms: int
    ) -> Amendment:
        floor = self._floor
        amendment = Amendment(
            symbol=order.symbol,
            order_id=order.order_id,
            execution_id=0,
            former_id=order.client_order_id,
            new_id=new_id or floor.random_id(listing),
            former_e8=order.quantity_e8,
            new_e8=quantity,
            time_ms=now_ms,
        )
        less = min(order.quantity_e8 - quantity, order.remaining_e8)
        order.quantity_e8 -= less
        order.amended += 1
        order.update_ms = now_ms
        floor.orders.rename(order, amendment.new_id)
        if order.remaining_e8 <= 0:
            # Nothing is left to trade. The book must not be asked to shrink it to nothing twice.
            order.quantity_e8 += less
            floor.expire(listing, order, "", now_ms)
        else:
            if order.resting is not None:
                listing.book.shrink(order.resting, less)
            if order.list_id < 0:
                floor.ledger.keep_for_rest(order, listing)
            floor.report_replaced(listing, order, amendment.former_id, now_ms)
        amendment = replace(amendment, execution_id=listing.ids.execution)
        account = floor.ledger.accounts[order.account]
        account.amendments.setdefault(order.symbol, []).append(amendment)
        floor.log.amendment(order.account, amendment)
        return amendment


def _rejected(msg: str) -> ApiError:
    return ApiError.bad_request(_REJECTED, msg)
