"""The order desk: placing and cancelling orders of clients."""

from collections.abc import Mapping
from typing import Any, Final

from bot.simulation.book import Resting
from bot.simulation.errors import CANCEL_REJECTED, ApiError
from bot.simulation.filters import Candidate
from bot.simulation.fixedpoint import notional
from bot.simulation.floor import Floor
from bot.simulation.listing import Listing
from bot.simulation.matching import match
from bot.simulation.orderform import OrderForm, read_order_form
from bot.simulation.orders import Order
from bot.simulation.parameters import Params, check_known, client_id, integer, optional, required
from bot.simulation.prevention import skipped_account

__all__ = ["OrderDesk"]

_CANCEL_KNOWN: Final = frozenset(
    {"symbol", "orderId", "origClientOrderId", "newClientOrderId", "cancelRestrictions"}
)
_RESTRICTIONS: Final = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}


class OrderDesk:
    """Binance's order endpoints on top of the floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def place(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST /api/v3/order``."""
        form = read_order_form(params)
        listing = self._listing(form.symbol)
        quantity, had_it = self._quantity(account, form, listing)
        self._check_filters(account, form, listing, quantity, now_ms)
        floor = self._floor
        floor.counts.check(account, now_ms)
        if form.client_order_id and floor.orders.is_taken(account, form.client_order_id):
            raise ApiError.order_rejected("Duplicate order sent.")
        if form.order_type == "LIMIT_MAKER" and listing.book.crosses(form.is_buy, form.price_e8):
            raise ApiError.order_rejected("Order would immediately match and take.")
        order = self._open(account, form, listing, quantity, now_ms)
        funds = floor.ledger.accounts[account]
        first = len(funds.trades.get(form.symbol, ()))
        first_prevented = len(funds.prevented.get(form.symbol, ()))
        self._execute(listing, order, now_ms, had_it=had_it)
        floor.settle(listing, now_ms)
        if form.response_type == "ACK":
            return order.ack()
        body = order.result()
        if form.response_type == "FULL":
            trades = funds.trades.get(form.symbol, [])[first:]
            body["fills"] = [trade.fill() for trade in trades if trade.order_id == order.order_id]
            prevented = funds.prevented.get(form.symbol, [])[first_prevented:]
            if prevented:
                body["preventedMatches"] = [one.in_answer() for one in prevented]
        return body

    def test(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST /api/v3/order/test``: everything short of the matching engine."""
        form = read_order_form(params)
        listing = self._listing(form.symbol)
        quantity, _ = self._quantity(account, form, listing)
        self._check_filters(account, form, listing, quantity, now_ms)
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
        listing = self._listing(required(params, "symbol"))
        restriction = optional(params, "cancelRestrictions")
        if restriction is not None and restriction not in _RESTRICTIONS:
            raise ApiError.bad_request(-1145, "Invalid cancelRestrictions")
        cancel_id = client_id(params, "newClientOrderId")
        order = self.find(account, listing.rules.symbol, params)
        if order is None or not order.is_open:
            raise ApiError.bad_request(CANCEL_REJECTED, "Unknown order sent.")
        if restriction is not None and order.status != _RESTRICTIONS[restriction]:
            msg = "Order was not canceled due to cancel restrictions."
            raise ApiError.bad_request(CANCEL_REJECTED, msg)
        return self._cancel(listing, order, cancel_id or self._floor.random_id(listing), now_ms)

    def cancel_all(self, account: str, params: Params, now_ms: int) -> list[dict[str, Any]]:
        """``DELETE /api/v3/openOrders``."""
        check_known(params, frozenset({"symbol"}))
        listing = self._listing(required(params, "symbol"))
        orders = self._floor.orders.open(account, listing.rules.symbol)
        if not orders:
            raise ApiError.bad_request(CANCEL_REJECTED, "Unknown order sent.")
        cancel_id = self._floor.random_id(listing)
        return [self._cancel(listing, order, cancel_id, now_ms) for order in orders]

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

    def _listing(self, symbol: str) -> Listing:
        listing = self._floor.listings.get(symbol)
        if listing is None:
            raise ApiError.invalid_symbol()
        return listing

    def _quantity(self, account: str, form: OrderForm, listing: Listing) -> tuple[int, bool]:
        """The base quantity, and whether the book held all that a quote amount asks for."""
        if form.quantity_e8:
            return form.quantity_e8, True
        quantity, had_it = listing.book.affordable(
            is_buy=form.is_buy,
            quote_e8=form.quote_e8,
            step_e8=listing.rules.step_e8,
            without=skipped_account(account, form.stp_mode),
        )
        if not quantity and not had_it:
            msg = "Order book liquidity is less than `LOT_SIZE` filter minimum quantity."
            raise ApiError.order_rejected(msg)
        return quantity, had_it

    def _check_filters(
        self, account: str, form: OrderForm, listing: Listing, quantity: int, now_ms: int
    ) -> None:
        store, ledger = self._floor.orders, self._floor.ledger
        symbol = listing.rules.symbol
        held = ledger.accounts[account].balance(listing.rules.base)
        buys = 0
        if listing.limits_position:
            buys = sum(o.remaining_e8 for o in store.open(account, symbol) if o.is_buy)
        candidate = Candidate(
            order_type=form.order_type,
            is_buy=form.is_buy,
            price_e8=form.price_e8,
            quantity_e8=quantity,
            reference_e8=lambda minutes: listing.average(minutes, now_ms),
            quote_e8=form.quote_e8,
            open_orders=store.open_count(account, symbol),
            base_held_e8=held.free + held.locked,
            open_buys_e8=buys,
        )
        for name, passes in listing.checks:
            if not passes(candidate):
                raise ApiError.filter_failure(name)

    def _open(
        self, account: str, form: OrderForm, listing: Listing, quantity: int, now_ms: int
    ) -> Order:
        """Lock the funds and report NEW."""
        funds = self._floor.ledger.accounts[account]
        if not form.is_buy:
            asset, needed = listing.rules.base, quantity
        elif form.price_e8:
            asset, needed = listing.rules.quote, notional(form.price_e8, quantity)
        else:
            asset = listing.rules.quote
            skipped = skipped_account(account, form.stp_mode)
            _, needed = listing.book.cost(is_buy=True, quantity_e8=quantity, without=skipped)
        if not funds.lock(asset, needed):
            raise ApiError.order_rejected("Account has insufficient balance for requested action.")
        listing.ids.order += 1
        order = Order(
            account=account,
            symbol=listing.rules.symbol,
            order_id=listing.ids.order,
            client_order_id=form.client_order_id or self._floor.random_id(listing),
            is_buy=form.is_buy,
            order_type=form.order_type,
            time_in_force=form.time_in_force,
            price_e8=form.price_e8,
            quantity_e8=quantity,
            quote_wanted_e8=form.quote_e8,
            locked_e8=needed,
            time_ms=now_ms,
            update_ms=now_ms,
            stp_mode=form.stp_mode,
            strategy_id=form.strategy_id,
            strategy_type=form.strategy_type,
        )
        self._floor.opened(listing, order, now_ms)
        return order

    def _execute(self, listing: Listing, order: Order, now_ms: int, *, had_it: bool) -> None:
        """Match, then rest or expire what is left."""
        limit = order.price_e8 or None
        if order.time_in_force == "FOK" and order.quantity_e8 > listing.book.available(
            is_buy=order.is_buy,
            limit_e8=order.price_e8,
            quantity_e8=order.quantity_e8,
            without=None if order.stp_mode == "NONE" else order.account,
        ):
            self._expire(listing, order, "UNFILLED_FOK_ORDER_EXPIRED", now_ms)
            return
        match(
            self._floor,
            listing,
            is_buy=order.is_buy,
            limit_e8=limit,
            quantity_e8=order.quantity_e8,
            taker=order,
            taker_id=order.order_id,
            now_ms=now_ms,
        )
        if order.closed_as:
            return
        if limit is None:
            if order.is_open or not had_it:
                self._expire(listing, order, "INSUFFICIENT_LIQUIDITY", now_ms)
        elif order.is_open and order.time_in_force == "IOC":
            self._expire(listing, order, "UNFILLED_IOC_QUANTITY_EXPIRED", now_ms)
        elif order.is_open:
            order.resting = Resting(
                order.order_id,
                order.price_e8,
                order.remaining_e8,
                is_buy=order.is_buy,
                client=order,
            )
            listing.book.add(order.resting)

    def _expire(self, listing: Listing, order: Order, reason: str, now_ms: int) -> None:
        order.expiry_reason = reason
        self._floor.close(listing, order, "EXPIRED", now_ms)

    def _cancel(
        self, listing: Listing, order: Order, cancel_id: str, now_ms: int
    ) -> dict[str, Any]:
        self._floor.close(listing, order, "CANCELED", now_ms, cancel_id=cancel_id)
        self._floor.settle(listing, now_ms)
        return order.canceled(cancel_id)
