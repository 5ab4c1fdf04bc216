"""The order desk: placing and cancelling orders of clients."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.simulation.answers import ack, canceled, result
from bot.simulation.errors import CANCEL_REJECTED, MARKET_CLOSED, ApiError
from bot.simulation.execution import execute
from bot.simulation.floor import Floor
from bot.simulation.intake import Intake
from bot.simulation.listdesk import ListDesk
from bot.simulation.listing import Listing
from bot.simulation.orderform import OrderForm, read_order_form
from bot.simulation.orders import Order
from bot.simulation.parameters import Params, check_known, client_id, integer, optional, required
from bot.simulation.permissions import check_account

__all__ = ["RESTRICTIONS", "OrderDesk"]

_CANCEL_KNOWN: Final = frozenset(
    {"symbol", "orderId", "origClientOrderId", "newClientOrderId", "cancelRestrictions"}
)
_CANCELLING: Final = frozenset({"TRADING", "CANCEL_ONLY"})
RESTRICTIONS: Final = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}


_SOR_KNOWN: Final = frozenset(
    {
        "symbol",
        "side",
        "type",
        "timeInForce",
        "quantity",
        "price",
        "newClientOrderId",
        "strategyId",
        "strategyType",
        "icebergQty",
        "newOrderRespType",
        "selfTradePreventionMode",
        "computeCommissionRates",
    }
)


class OrderDesk:
    """Binance's order endpoints on top of the floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.intake = Intake(floor)
        self.lists = ListDesk(floor, self.intake)

    def place(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST /api/v3/order``."""
        return self.place_form(account, read_order_form(params), now_ms)

    def place_form(self, account: str, form: OrderForm, now_ms: int) -> dict[str, Any]:
        """Place what the form says, if filters, order count and matching engine let it."""
        self.check(account, form, now_ms)
        self._floor.counts.check(account, now_ms)
        return self.submit(account, form, now_ms)

    def place_sor(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST /api/v3/sor/order``: also with what rests in books that are as good."""
        return self.place_form(account, _read_sor(params), now_ms)

    def test_sor(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST /api/v3/sor/order/test``."""
        _read_sor(params)
        return self.test(account, params, now_ms)

    def check(self, account: str, form: OrderForm, now_ms: int) -> None:
        """The filters, before the matching engine sees it."""
        listing = self.intake.listing(form.symbol)
        quantity, _ = self.intake.quantity(account, form, listing)
        self.intake.check_filters(account, form, listing, quantity, now_ms)

    def submit(self, account: str, form: OrderForm, now_ms: int) -> dict[str, Any]:
        """The matching engine's part."""
        listing = self.intake.listing(form.symbol)
        quantity, had_it = self.intake.quantity(account, form, listing)
        self.intake.refuse(account, form, listing)
        order = self.intake.draft(account, form, listing, quantity, now_ms)
        self.intake.lock(listing, order)
        marks = self._marks(account, form.symbol)
        self._floor.opened(listing, order, now_ms)
        if order.is_working:
            execute(self._floor, listing, order, now_ms, had_it=had_it)
        body = self._answer(order, form.response_type, marks)
        self._floor.settle(listing, now_ms)
        return body

    def _marks(self, account: str, symbol: str) -> tuple[int, int, int]:
        """How many trades, prevented matches and allocations there are before an order."""
        funds = self._floor.ledger.accounts[account]
        return (
            len(funds.trades.get(symbol, ())),
            len(funds.prevented.get(symbol, ())),
            len(funds.allocations.get(symbol, ())),
        )

    def _answer(
        self, order: Order, response_type: str, marks: tuple[int, int, int]
    ) -> dict[str, Any]:
        """As things stand when its own walk is over; what that sets off comes after."""
        if response_type == "ACK":
            return ack(order)
        body = result(order)
        if response_type == "FULL":
            funds = self._floor.ledger.accounts[order.account]
            trades = funds.trades.get(order.symbol, [])[marks[0] :]
            if order.used_sor:
                trades += funds.allocations.get(order.symbol, [])[marks[2] :]
            body["fills"] = [trade.fill() for trade in trades if trade.order_id == order.order_id]
            prevented = funds.prevented.get(order.symbol, [])[marks[1] :]
            if prevented:
                body["preventedMatches"] = [one.in_answer() for one in prevented]
        return body

    def test(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST /api/v3/order/test``: everything short of the matching engine."""
        form = read_order_form(params)
        self.check(account, form, now_ms)
        if params.get("computeCommissionRates", "").lower() != "true":
            return {}
        rates = self._floor.ledger.accounts[account].commission
        return {
            "standardCommissionForOrder": rates.standard.for_order(is_buyer=form.is_buy),
            "specialCommissionForOrder": rates.special.for_order(is_buyer=form.is_buy),
            "taxCommissionForOrder": rates.tax.for_order(is_buyer=form.is_buy),
            "discount": rates.discount(),
        }

    def cancel(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``DELETE /api/v3/order``."""
        check_known(params, _CANCEL_KNOWN)
        listing = self.intake.listing(required(params, "symbol"))
        restriction = optional(params, "cancelRestrictions")
        if restriction is not None and restriction not in RESTRICTIONS:
            raise ApiError.bad_request(-1145, "Invalid cancelRestrictions")
        cancel_id = client_id(params, "newClientOrderId")
        order = self.find(account, listing.rules.symbol, params)
        if order is None or not order.is_open:
            raise ApiError.bad_request(CANCEL_REJECTED, "Unknown order sent.")
        if restriction is not None and order.status != RESTRICTIONS[restriction]:
            msg = "Order was not canceled due to cancel restrictions."
            raise ApiError.bad_request(CANCEL_REJECTED, msg)
        return self._cancel(listing, order, cancel_id or self._floor.random_id(listing), now_ms)

    def cancel_all(self, account: str, params: Params, now_ms: int) -> list[dict[str, Any]]:
        """``DELETE /api/v3/openOrders``; order lists are cancelled as such."""
        check_known(params, frozenset({"symbol"}))
        listing = self.intake.listing(required(params, "symbol"))
        orders = self._floor.orders.open(account, listing.rules.symbol)
        if not orders:
            raise ApiError.bad_request(CANCEL_REJECTED, "Unknown order sent.")
        cancel_id = self._floor.random_id(listing)
        return [
            self._cancel(listing, order, cancel_id, now_ms) for order in orders if order.is_open
        ]

    def find(self, account: str, symbol: str, params: Mapping[str, str]) -> Order | None:
        """The order that ``orderId`` and/or ``origClientOrderId`` mean.

        Raises:
            ApiError: neither was sent, or they do not belong together.
        """
        order_id = integer(params, "orderId")
        own_id = optional(params, "origClientOrderId")
        if order_id is None and own_id is None:
            msg = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
            raise ApiError.bad_request(-1102, msg)
        if order_id is None:
            return self._floor.orders.by_client_id(account, symbol, own_id or "")
        order = self._floor.orders.by_id(account, symbol, order_id)
        if order is not None and own_id is not None and order.client_order_id != own_id:
            msg = "Client order ID is not correct for this order ID."
            raise ApiError.bad_request(-2039, msg)
        return order

    def _cancel(
        self, listing: Listing, order: Order, cancel_id: str, now_ms: int
    ) -> dict[str, Any]:
        if listing.status not in _CANCELLING:
            raise ApiError.bad_request(CANCEL_REJECTED, MARKET_CLOSED)
        check_account(
            self._floor.ledger.accounts[order.account], order.symbol, code=CANCEL_REJECTED
        )
        order_list = self._floor.lists.of(order)
        if order_list is not None:
            return self.lists.cancel_list(order_list, cancel_id, now_ms)
        self._floor.close(listing, order, "CANCELED", now_ms, cancel_id=cancel_id)
        self._floor.settle(listing, now_ms)
        return canceled(order, cancel_id)


def _read_sor(params: Params) -> OrderForm:
    check_known(params, _SOR_KNOWN)
    form = read_order_form(params)
    if form.order_type not in {"LIMIT", "MARKET"}:
        raise ApiError.bad_request(-1116, "Invalid orderType.")
    return replace(form, used_sor=True)
