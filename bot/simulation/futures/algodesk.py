"""The desk of conditional orders: placing, cancelling and triggering them."""

from typing import Any, Final

from bot.simulation.errors import CANCEL_REJECTED, ApiError
from bot.simulation.fixedpoint import parse
from bot.simulation.futures.algoform import read_algo
from bot.simulation.futures.algos import AlgoOrder, AlgoStore
from bot.simulation.futures.desk import OrderDesk
from bot.simulation.futures.enquiries import times, within
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.orderform import OrderForm, own_id
from bot.simulation.futures.orders import FuturesOrder
from bot.simulation.parameters import Params, integer, limit, optional, required

__all__ = ["AlgoDesk"]

_MOST_OPEN: Final = 200
_FIRST_ID: Final = 1_000_000_000_000_001
_CANCELLED: Final = {"code": "200", "msg": "success"}


class AlgoDesk:
    """Binance's algo endpoints, and what sets their orders off."""

    def __init__(self, floor: FuturesFloor, desk: OrderDesk) -> None:
        self._floor = floor
        self._desk = desk
        self.store = AlgoStore()
        self._busy: set[str] = set()
        floor.on_opened.append(self._on_opened)
        floor.on_closed.append(self._on_closed)
        floor.on_settled.append(self._on_settled)

    def place(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST algoOrder``. Margin is looked at when it is triggered."""
        if optional(params, "algoType") != "CONDITIONAL":
            raise ApiError.invalid("algoType")
        listing = self._desk.listing(required(params, "symbol"))
        if len(self.store.open(account)) >= _MOST_OPEN:
            raise ApiError.bad_request(-4045, "Reach max stop order limit.")
        algo = read_algo(self._floor.accounts[account], listing.contract, params, now_ms)
        name = own_id(params, "clientAlgoId")
        if name and any(a.client_algo_id == name for a in self.store.open(account)):
            raise ApiError.bad_request(-4116, "ClientOrderId is duplicated.")
        if algo.close_position and any(_closes_as(a, algo) for a in self.store.open(account)):
            msg = (
                "An open stop or take profit order with GTE and closePosition in the direction is "
                "existing."
            )
            raise ApiError.bad_request(-4130, msg)
        # Before the first trade the mark price says what the contract costs.
        last, mark = listing.last_price_e8, self._floor.marks[algo.symbol].mark_e8
        price = mark if algo.working_type == "MARK_PRICE" or not last else last
        if price and algo.would_trigger(price):
            raise ApiError.bad_request(-2021, "Order would immediately trigger.")
        listing.ids.execution += 1
        algo.algo_id = _FIRST_ID + len(self.store.everything())
        algo.client_algo_id = name or self._floor.random_id(listing)
        self.store.add(algo)
        self._tell(algo, now_ms)
        self._floor.settle(listing, now_ms)
        return algo.answered()

    def cancel(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``DELETE algoOrder``."""
        algo = self._find(account, params)
        if algo.status != "NEW":
            raise ApiError.bad_request(CANCEL_REJECTED, "Unknown order sent.")
        self._end(algo, "CANCELED", now_ms)
        self._floor.settle(self._floor.books[algo.symbol], now_ms)
        return {"algoId": algo.algo_id, "clientAlgoId": algo.client_algo_id, **_CANCELLED}

    def cancel_all(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``DELETE algoOpenOrders``: of one symbol."""
        listing = self._desk.listing(required(params, "symbol"))
        for algo in self.store.open(account):
            if algo.symbol == listing.rules.symbol:
                self._end(algo, "CANCELED", now_ms)
        self._floor.settle(listing, now_ms)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def query(self, account: str, params: Params) -> dict[str, Any]:
        """``GET algoOrder``."""
        return self._find(account, params).queried()

    def open(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET openAlgoOrders``."""
        symbol, algo_id = optional(params, "symbol"), integer(params, "algoId")
        return [
            algo.queried()
            for algo in self.store.open(account)
            if symbol in {None, algo.symbol} and algo_id in {None, algo.algo_id}
        ]

    def all(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET allAlgoOrders``: ``algoId`` is inclusive."""
        symbol = self._desk.listing(required(params, "symbol")).rules.symbol
        from_id = integer(params, "algoId")
        start, end = times(params)
        rows = [
            algo.queried()
            for algo in self.store.all(account)
            if algo.symbol == symbol
            and (from_id is None or algo.algo_id >= from_id)
            and within(algo.create_ms, start, end)
        ]
        most = limit(params)
        return rows[-most:] if from_id is None and start is None else rows[:most]

    def watch(self, now_ms: int) -> None:
        """The mark prices have moved; and time has gone by."""
        for symbol, mark in self._floor.marks.items():
            for algo in self.store.waiting(symbol):
                if algo.good_till_ms and algo.good_till_ms <= now_ms:
                    self._end(algo, "EXPIRED", now_ms)
                elif algo.status == "NEW" and self._is_due(algo, mark.mark_e8):
                    self._fire(algo, now_ms)

    def _is_due(self, algo: AlgoOrder, mark_e8: int) -> bool:
        """Whether the mark price sets it off, or lets it go that it has held back."""
        if algo.working_type == "MARK_PRICE":
            return algo.is_triggered(mark_e8, mark_e8)
        last = self._floor.books[algo.symbol].last_price_e8
        return algo.price_protect and last > 0 and algo.is_triggered(last, last)

    # --- triggering --------------------------------------------------------------------------

    def _on_settled(self, listing: FuturesListing, now_ms: int) -> None:
        """Trades have moved the last price; what they trigger may move it again."""
        symbol = listing.rules.symbol
        if symbol in self._busy:
            return
        self._busy.add(symbol)
        try:
            while (seen := listing.seen()) != (0, 0):
                for algo in self.store.waiting(symbol):
                    is_waiting = algo.status == "NEW" and algo.working_type == "CONTRACT_PRICE"
                    if is_waiting and algo.is_triggered(*seen):
                        self._fire(algo, now_ms)
        finally:
            self._busy.discard(symbol)

    def _fire(self, algo: AlgoOrder, now_ms: int) -> None:
        if algo.price_protect and self._floor.marks[algo.symbol].is_torn():
            return
        algo.status, algo.trigger_ms = "TRIGGERING", now_ms
        self._tell(algo, now_ms)
        quantity = algo.quantity_e8
        if algo.close_position:
            account = self._floor.accounts[algo.account]
            held = account.position(algo.symbol, algo.position_side).amount
            quantity = 0 if (held > 0) == algo.is_buy else parse(abs(held))
            if not quantity:
                self._end(algo, "EXPIRED", now_ms)
                return
        taken = self._floor.orders.is_taken(algo.account, algo.client_algo_id)
        form = _form(algo, quantity, None if taken else algo.client_algo_id)
        if self._floor.accounts[algo.account].is_hedged:
            form = form.without_reduce_only()
        try:
            self._desk.enter(algo.account, form, now_ms)
        except ApiError as e:
            algo.refusal = e.msg
            self._end(algo, "REJECTED", now_ms)

    def _on_opened(self, order: FuturesOrder, now_ms: int) -> None:
        algo = self.store.of_order(order.algo_id)
        if algo is not None:
            algo.order_id = order.order_id
            self._end(algo, "TRIGGERED", now_ms)

    def _on_closed(self, order: FuturesOrder, now_ms: int) -> None:
        algo = self.store.of_order(order.algo_id)
        if algo is not None:
            algo.average, algo.executed_e8 = order.average, order.executed_e8
            self._end(algo, "FINISHED", now_ms)

    def _end(self, algo: AlgoOrder, status: str, now_ms: int) -> None:
        """It waits no more, for this reason."""
        algo.status = status
        self.store.close(algo)
        self._tell(algo, now_ms)

    def _tell(self, algo: AlgoOrder, now_ms: int) -> None:
        algo.update_ms = now_ms
        self._floor.tell(algo.account, algo.update(now_ms))
        self._floor.log.algo(algo)

    # --- reading -----------------------------------------------------------------------------

    def _find(self, account: str, params: Params) -> AlgoOrder:
        algo_id, name = integer(params, "algoId"), optional(params, "clientAlgoId")
        if algo_id is None and name is None:
            msg = "Param 'algoId' or 'clientAlgoId' must be sent, but both were empty/null!"
            raise ApiError.bad_request(-1102, msg)
        return self.store.find(account, algo_id, name)


def _closes_as(one: AlgoOrder, other: AlgoOrder) -> bool:
    """Whether both would close the same position on the same side of the price."""
    return one.close_position and (one.symbol, one.side, one.position_side, one.order_type) == (
        *(other.symbol, other.side, other.position_side, other.order_type),
    )


def _form(algo: AlgoOrder, quantity: int, name: str | None) -> OrderForm:
    """The order that comes of a conditional one."""
    return OrderForm(
        symbol=algo.symbol,
        is_buy=algo.is_buy,
        order_type=algo.actual_type,
        position_side=algo.position_side,
        time_in_force=algo.time_in_force,
        price_e8=algo.price_e8,
        quantity_e8=quantity,
        reduce_only=True if algo.reduce_only or algo.close_position else None,
        close_position=algo.close_position,
        own_id=name,
        stp_mode=algo.stp_mode,
        good_till_ms=algo.good_till_ms,
        original_type=algo.order_type,
        stop_price_e8=algo.trigger_e8,
        working_type=algo.working_type,
        price_protect=algo.price_protect,
        algo_id=algo.algo_id,
        price_match=algo.price_match,
    )
