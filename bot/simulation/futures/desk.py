"""The order desk: placing, changing and cancelling orders of clients."""

from decimal import Decimal
from typing import Any, Final

from bot.simulation.errors import CANCEL_REJECTED, ApiError
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.account import FuturesAccount
from bot.simulation.futures.checks import (
    check_band,
    check_notional,
    check_price,
    check_quantity,
    check_take,
    position_side,
    take_limit,
)
from bot.simulation.futures.contracts import Contract
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.orderform import OrderForm, read_order_form
from bot.simulation.futures.orders import FuturesOrder, rest
from bot.simulation.futures.positions import Position
from bot.simulation.futures.pricematch import NO_MATCH, matched_price
from bot.simulation.parameters import Params, integer, optional, required

__all__ = ["OrderDesk"]

_TAKEN_NOT_ALL: Final = 2
_MARKET_NOT_ALL: Final = 9
_GOOD_TILL: Final = 0
_WALKED: Final = 1000


class OrderDesk:
    """Binance's order endpoints on top of the floor."""

    def __init__(self, floor: FuturesFloor) -> None:
        self._floor = floor

    def place(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST /fapi/v1/order``."""
        form = read_order_form(params, now_ms)
        order = self.enter(account, form, now_ms)
        return order.answered() if form.response_type == "RESULT" else order.acknowledged()

    def test(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST /fapi/v1/order/test``: everything short of the matching engine."""
        form = read_order_form(params, now_ms)
        listing = self.listing(form.symbol)
        form = _priced(listing, form)
        order = self._drafted(self._floor.accounts[account], listing, form, now_ms)
        return order.acknowledged()

    def enter(self, account: str, form: OrderForm, now_ms: int) -> FuturesOrder:
        """Check an order, and let it trade.

        Raises:
            ApiError: it is refused.
        """
        floor = self._floor
        listing = self.listing(form.symbol)
        if listing.status != "TRADING":
            raise ApiError.bad_request(-4141, "Symbol is closed.")
        if form.own_id and floor.orders.is_taken(account, form.own_id):
            raise ApiError.bad_request(-4116, "ClientOrderId is duplicated.")
        form = _priced(listing, form)
        order = self._drafted(floor.accounts[account], listing, form, now_ms)
        listing.ids.order += 1
        order.order_id = listing.ids.order
        order.client_order_id = form.own_id or floor.random_id(listing)
        floor.opened(order, now_ms)
        self._execute(listing, order, now_ms)
        floor.settle(listing, now_ms)
        return order

    def cancel(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``DELETE /fapi/v1/order``."""
        listing = self.listing(required(params, "symbol"))
        order = self.find(account, listing.rules.symbol, params)
        if order is None or not order.is_open:
            raise ApiError.bad_request(CANCEL_REJECTED, "Unknown order sent.")
        self._floor.close(order, "CANCELED", now_ms)
        self._floor.settle(listing, now_ms)
        return order.answered()

    def cancel_all(self, account: str, symbol: str, now_ms: int) -> None:
        """Every open order of a symbol; none is fine."""
        listing = self.listing(symbol)
        for order in self._floor.orders.open(account, symbol):
            self._floor.close(order, "CANCELED", now_ms)
        self._floor.settle(listing, now_ms)

    def expire(self, now_ms: int) -> None:
        """GTD orders whose time has come."""
        for key in self._floor.accounts:
            for symbol, listing in self._floor.books.items():
                for order in self._floor.orders.open(key, symbol):
                    if order.good_till_ms and order.good_till_ms <= now_ms:
                        self._floor.close(order, "EXPIRED", now_ms, reason=_GOOD_TILL)
                        self._floor.settle(listing, now_ms)

    def find(self, account: str, symbol: str, params: Params) -> FuturesOrder | None:
        """The order that ``orderId`` or ``origClientOrderId`` means; the id wins.

        Raises:
            ApiError: neither was sent.
        """
        order_id = integer(params, "orderId")
        if order_id is not None:
            return self._floor.orders.by_id(account, symbol, order_id)
        name = optional(params, "origClientOrderId")
        if name is None:
            msg = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
            raise ApiError.bad_request(-1102, msg)
        return self._floor.orders.by_client_id(account, symbol, name)

    def listing(self, symbol: str) -> FuturesListing:
        listing = self._floor.books.get(symbol)
        if listing is None:
            raise ApiError.invalid_symbol()
        return listing

    def rematch(self, order: FuturesOrder, now_ms: int) -> None:
        """An order that left the book to be changed comes in again, at the end of its queue."""
        self._execute(self.listing(order.symbol), order, now_ms)

    # --- before the book -------------------------------------------------------------------

    def _drafted(
        self, account: FuturesAccount, listing: FuturesListing, form: OrderForm, now_ms: int
    ) -> FuturesOrder:
        """The order as it would enter the book, without its ids."""
        contract = listing.contract
        side = position_side(account, form.position_side, reduce_only=form.reduce_only)
        is_market = form.order_type == "MARKET"
        if not is_market:
            check_price(contract, form.price_e8)
        check_quantity(contract, form.quantity_e8, is_market=is_market)
        mark = self._floor.marks[form.symbol].price
        if is_market:
            best = listing.book.side(not form.is_buy).best() or 0
            check_take(contract, best, mark, is_buy=form.is_buy)
        else:
            check_band(contract, form.price_e8, mark, is_buy=form.is_buy)
        order = _order(account.key, contract, form, side, now_ms)
        position = account.position(form.symbol, side)
        if order.reduces:
            self._fit(order, position)
        else:
            self._afford(account, listing, order, position)
        self._check_post(listing, order)
        return order

    def _fit(self, order: FuturesOrder, position: Position) -> None:
        """An order that may only reduce is no larger than the position."""
        if not position.amount or (position.amount > 0) == order.is_buy:
            raise ApiError.bad_request(-2022, "ReduceOnly Order is rejected.")
        order.quantity_e8 = min(order.quantity_e8, int(abs(position.amount) * 10**8))

    def _afford(
        self,
        account: FuturesAccount,
        listing: FuturesListing,
        order: FuturesOrder,
        position: Position,
    ) -> None:
        """Value, number of orders, leverage bracket, margin."""
        contract, floor = listing.contract, self._floor
        price = self._expected(listing, order)
        value = contract.value(decimal(order.quantity_e8), price)
        check_notional(contract, value)
        if floor.orders.open_count(account.key, order.symbol) >= contract.max_orders:
            raise ApiError.bad_request(-2025, "Reach max open order limit.")
        margin = floor.margins.slot(account, position, extra=(order.is_buy, value))
        leverage = account.leverage_of(order.symbol)
        if margin.initial * leverage > contract.brackets.cap(leverage):
            msg = "Exceeded the maximum allowable position at current leverage."
            raise ApiError.bad_request(-2027, msg)
        if not floor.margins.is_affordable(account, position, is_buy=order.is_buy, value=value):
            raise ApiError.bad_request(-2019, "Margin is insufficient.")

    def _expected(self, listing: FuturesListing, order: FuturesOrder) -> Decimal:
        """The price for which margin is needed: a market order pays what the book asks."""
        if order.price_e8:
            return decimal(order.price_e8)
        got = worst = 0
        for price, total in listing.book.top(not order.is_buy, _WALKED):
            got, worst = got + total, price
            if got >= order.quantity_e8:
                break
        mark = self._floor.marks[order.symbol].price
        return max(decimal(worst), mark)

    def _check_post(self, listing: FuturesListing, order: FuturesOrder) -> None:
        """Orders that the matching engine refuses without a trace in the history."""
        book = listing.book
        if order.time_in_force == "GTX" and book.crosses(order.is_buy, order.price_e8):
            msg = (
                "Due to the order could not be executed as maker, the Post Only order will be "
                "rejected. The order will not be recorded in the order history"
            )
            raise ApiError.bad_request(-5022, msg)
        if order.time_in_force == "FOK" and order.quantity_e8 > book.available(
            is_buy=order.is_buy, limit_e8=order.price_e8, quantity_e8=order.quantity_e8
        ):
            msg = (
                "Due to the order could not be filled immediately, the FOK order has been "
                "rejected. The order will not be recorded in the order history"
            )
            raise ApiError.bad_request(-5021, msg)

    def _execute(self, listing: FuturesListing, order: FuturesOrder, now_ms: int) -> None:
        """Match, then rest or expire what is left."""
        is_market = not order.price_e8
        mark = self._floor.marks[order.symbol].price
        limit = order.price_e8 or take_limit(order.contract, mark, is_buy=order.is_buy)
        self._floor.match(
            listing,
            is_buy=order.is_buy,
            limit_e8=limit,
            quantity_e8=order.remaining_e8,
            taker=order,
            taker_id=order.order_id,
            now_ms=now_ms,
        )
        if not order.is_open:
            return
        if is_market:
            self._floor.close(order, "EXPIRED", now_ms, reason=_MARKET_NOT_ALL)
        elif order.time_in_force in {"IOC", "FOK"}:
            self._floor.close(order, "EXPIRED", now_ms, reason=_TAKEN_NOT_ALL)
        else:
            listing.book.add(rest(order))


def _priced(listing: FuturesListing, form: OrderForm) -> OrderForm:
    """The form with the price that it takes from the book, if it does."""
    if form.price_match == NO_MATCH:
        return form
    return form.at_price(matched_price(listing, form.price_match, is_buy=form.is_buy))


def _order(
    account: str, contract: Contract, form: OrderForm, side: str, now_ms: int
) -> FuturesOrder:
    """What a form asks for; it has no ids yet."""
    return FuturesOrder(
        account=account,
        symbol=form.symbol,
        contract=contract,
        order_id=0,
        client_order_id=form.own_id or "",
        is_buy=form.is_buy,
        order_type=form.order_type,
        time_in_force=form.time_in_force,
        price_e8=form.price_e8,
        quantity_e8=form.quantity_e8,
        position_side=side,
        reduce_only=bool(form.reduce_only),
        close_position=form.close_position,
        original_type=form.original_type,
        stop_price_e8=form.stop_price_e8,
        working_type=form.working_type,
        price_protect=form.price_protect,
        stp_mode=form.stp_mode,
        good_till_ms=form.good_till_ms,
        algo_id=form.algo_id,
        price_match=form.price_match,
        time_ms=now_ms,
        update_ms=now_ms,
    )
