"""The list desk: placing, cancelling and showing order lists."""

from typing import Any, Final

from bot.simulation.answers import ack, canceled, result
from bot.simulation.contingencies import Contingencies
from bot.simulation.errors import CANCEL_REJECTED, ApiError
from bot.simulation.execution import execute
from bot.simulation.floor import Floor
from bot.simulation.intake import INSUFFICIENT_BALANCE, Intake, check_cancelling
from bot.simulation.listform import ListForm
from bot.simulation.listing import Listing
from bot.simulation.lists import OrderList
from bot.simulation.orderform import OrderForm
from bot.simulation.orders import Order, is_algo
from bot.simulation.parameters import (
    Params,
    check_known,
    client_id,
    integer,
    limit,
    optional,
    required,
)
from bot.simulation.permissions import check_account, check_feature
from bot.simulation.randomids import scrambled

__all__ = ["ListDesk"]

_BAD_PRICES: Final = "The relationship of the prices for the orders is not correct."
_DAY_MS: Final = 86_400_000


class ListDesk:
    """Binance's order list endpoints on top of the floor."""

    def __init__(self, floor: Floor, intake: Intake) -> None:
        self._floor = floor
        self._intake = intake
        self._store = floor.lists
        self._rules = Contingencies(floor, floor.lists)
        floor.watch = self._rules

    # --- placing -------------------------------------------------------------------------

    def place(self, account: str, form: ListForm, now_ms: int) -> dict[str, Any]:
        """Every ``POST /api/v3/orderList/...``."""
        listing = self._intake.listing(form.symbol)
        self._check(account, form, listing, now_ms)
        orders = [
            self._intake.draft(account, leg, listing, leg.quantity_e8, now_ms) for leg in form.legs
        ]
        order_list = self._opened(account, form, listing, orders, now_ms)
        for order in orders:
            if order.is_working:
                execute(self._floor, listing, order, now_ms)
        body = order_list.body() | {
            "orderReports": [_report(order, form.response_type) for order in orders]
        }
        self._floor.settle(listing, now_ms)
        return body

    def _check(self, account: str, form: ListForm, listing: Listing, now_ms: int) -> None:
        floor, intake = self._floor, self._intake
        at_once = form.legs if form.contingency == "OCO" else form.legs[:1]
        for number, leg in enumerate(form.legs):
            if leg.quantity_e8:
                ahead = form.legs[:number]
                intake.check_filters(
                    account, leg, listing, leg.quantity_e8, now_ms, ahead=ahead, in_list=True
                )
        floor.counts.check(account, now_ms, orders=len(form.legs))
        taken = form.client_id and self._store.by_client_id(account, form.client_id)
        if taken and not taken.is_done:
            raise ApiError.order_rejected("Duplicate order sent.")
        named = [leg.client_order_id for leg in form.legs if leg.client_order_id]
        if len(set(named)) < len(named) or any(floor.orders.is_taken(account, n) for n in named):
            raise ApiError.order_rejected("Duplicate order sent.")
        if form.contingency == "OCO":
            _check_prices(form.pair, listing.last_price_e8)
        elif form.pair:
            _check_order(form.pair)
        for feature in form.features:
            check_feature(listing.rules, feature)
        for leg in at_once:
            intake.refuse(account, leg, listing)

    def _opened(
        self, account: str, form: ListForm, listing: Listing, orders: list[Order], now_ms: int
    ) -> OrderList:
        list_id = self._store.last_id + 1
        order_list = OrderList(
            account=account,
            symbol=listing.rules.symbol,
            list_id=list_id,
            client_id=form.client_id or scrambled(f"list/{list_id}"),
            contingency=form.contingency,
            orders=orders,
            pays_pending=form.pays_pending,
            time_ms=now_ms,
        )
        for order in order_list.pending:
            order.is_pending = True
            order.working_ms = -1
            order.pegged_e8 = 0
        self._lock(order_list, listing)
        self._store.add(order_list)
        for order in orders:
            order.list_id = order_list.list_id
            self._floor.opened(listing, order, now_ms)
        self._rules.tell(order_list, now_ms)
        return order_list

    def _lock(self, order_list: OrderList, listing: Listing) -> None:
        """All funds of the list at once, but those that OPO has yet to receive."""
        orders, pair = order_list.orders, order_list.pair
        done: list[Order] = []
        try:
            for order in orders:
                if order in pair or (order_list.pays_pending and order.is_pending):
                    continue
                self._intake.lock(listing, order)
                done.append(order)
            if pair and not order_list.pays_pending and not self._rules.lock_pair(listing, pair):
                raise ApiError.order_rejected(INSUFFICIENT_BALANCE)
        except ApiError:
            for order in done:
                self._floor.release(listing, order)
            raise

    # --- cancelling ----------------------------------------------------------------------

    def cancel(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``DELETE /api/v3/orderList``."""
        known = {"symbol", "orderListId", "listClientOrderId", "newClientOrderId"}
        check_known(params, frozenset(known))
        listing = self._intake.listing(required(params, "symbol"))
        cancel_id = client_id(params, "newClientOrderId") or self._floor.random_id(listing)
        order_list = self._find(account, params, "listClientOrderId")
        unknown = order_list is None or order_list.symbol != listing.rules.symbol
        if order_list is None or unknown or order_list.is_done:
            raise ApiError.bad_request(CANCEL_REJECTED, "Unknown order sent.")
        return self.cancel_list(order_list, cancel_id, now_ms)

    def cancel_list(self, order_list: OrderList, cancel_id: str, now_ms: int) -> dict[str, Any]:
        """Cancel all that is open in the list."""
        listing = self._floor.listings[order_list.symbol]
        check_cancelling(listing)
        owner = self._floor.ledger.accounts[order_list.account]
        check_account(owner, order_list.symbol, code=CANCEL_REJECTED)
        orders = self._rules.cancel(order_list, listing, cancel_id, now_ms)
        self._floor.settle(listing, now_ms)
        return order_list.body() | {
            "orderReports": [canceled(order, cancel_id) for order in orders]
        }

    def amended(self, order: Order, now_ms: int) -> dict[str, Any]:
        """``listStatus`` after the amendment of one of its orders; empty without a list."""
        order_list = self._store.of(order)
        if order_list is None:
            return {}
        self._rules.tell(order_list, now_ms, "UPDATED")
        return {"listStatus": order_list.status()}

    # --- showing -------------------------------------------------------------------------

    def query(self, account: str, params: Params) -> dict[str, Any]:
        """``GET /api/v3/orderList``."""
        check_known(params, frozenset({"orderListId", "origClientOrderId"}))
        order_list = self._find(account, params, "origClientOrderId")
        if order_list is None:
            raise ApiError.bad_request(-2013, "Order list does not exist.")
        return order_list.body()

    def open(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/openOrderList``."""
        check_known(params, frozenset())
        return [order_list.body() for order_list in self._store.open(account)]

    def all(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/allOrderList``: ``fromId`` is inclusive."""
        check_known(params, frozenset({"fromId", "startTime", "endTime", "limit"}))
        from_id = integer(params, "fromId")
        start, end = integer(params, "startTime"), integer(params, "endTime")
        if from_id is not None and (start is not None or end is not None):
            raise ApiError.bad_request(-1128, "Combination of optional parameters invalid.")
        if start is not None and end is not None and end - start > _DAY_MS:
            msg = "More than 24 hours between startTime and endTime."
            raise ApiError.bad_request(-1127, msg)
        chosen = [
            x
            for x in self._store.all(account)
            if (from_id is None or x.list_id >= from_id)
            and (start is None or x.time_ms >= start)
            and (end is None or x.time_ms <= end)
        ]
        most = limit(params)
        newest = from_id is None and start is None
        return [x.body() for x in (chosen[-most:] if newest else chosen[:most])]

    def _find(self, account: str, params: Params, name: str) -> OrderList | None:
        list_id, own_id = integer(params, "orderListId"), optional(params, name)
        if list_id is None and own_id is None:
            raise ApiError.missing_both(name, "orderListId")
        if list_id is None:
            return self._store.by_client_id(account, own_id or "")
        found = self._store.by_id(account, list_id)
        return found if own_id is None or (found and found.client_id == own_id) else None


def _report(order: Order, response_type: str) -> dict[str, Any]:
    return ack(order) if response_type == "ACK" else result(order)


def _trigger_price(leg: OrderForm) -> int:
    return leg.stop_e8 if is_algo(leg.order_type) else leg.price_e8


def _check_prices(pair: tuple[OrderForm, ...], last_price_e8: int) -> None:
    """SELL: limit or take profit > last trade > stop loss; BUY the other way round."""
    stop, target = (_trigger_price(leg) for leg in pair)
    below, above = (target, stop) if pair[0].is_buy else (stop, target)
    last = last_price_e8
    if last and ((above and above <= last) or (below and below >= last)):
        raise ApiError.order_rejected(_BAD_PRICES)
    _check_order(pair)


def _check_order(pair: tuple[OrderForm, ...]) -> None:
    stop, target = (_trigger_price(leg) for leg in pair)
    below, above = (target, stop) if pair[0].is_buy else (stop, target)
    if above and below and above <= below:
        raise ApiError.order_rejected(_BAD_PRICES)
