"""How the orders of a list act on each other: one cancels, triggers or pays the other."""

from functools import partial

from bot.simulation.account import OwnTrade
from bot.simulation.emissions import UserEvent
from bot.simulation.execution import enter, funds_needed
from bot.simulation.floor import Floor
from bot.simulation.listing import Listing
from bot.simulation.lists import ListStore, OrderList
from bot.simulation.orders import Order, is_algo
from bot.simulation.stops import would_trigger

__all__ = ["Contingencies"]


class Contingencies:
    """Watches the orders of lists on the floor.

    The two orders of a pair share one lock, which one of them holds until either is about to
    trade or is triggered; then the other expires.
    """

    def __init__(self, floor: Floor, store: ListStore) -> None:
        self._floor = floor
        self._store = store

    # --- what the floor tells --------------------------------------------------------------

    def engaging(self, order: Order, listing: Listing, now_ms: int) -> None:
        """The other one of the pair has no more business."""
        order_list = self._store.of(order)
        partner = order_list.partner(order) if order_list is not None else None
        if partner is None or not partner.is_open:
            return
        order.locked_e8 += partner.locked_e8
        partner.locked_e8 = 0
        self._floor.expire(listing, partner, "OCO_TRIGGER", now_ms)
        if order.is_working:
            self._floor.ledger.keep_for_rest(order, listing)

    def filled(self, order: Order, listing: Listing, trade: OwnTrade, now_ms: int) -> None:
        """What it received may pay for the pending orders; filled, it sets them off."""
        order_list = self._store.of(order)
        if order_list is None:
            return
        is_first = bool(order_list.pending) and order is order_list.orders[0]
        if is_first and order_list.pays_pending:
            self._reserve(order_list, listing, trade)
        if order.is_open:
            return
        if is_first:
            self._floor.sequels.append(partial(self._release, order_list, listing))
        else:
            self._end_if_done(order_list, listing, now_ms)

    def closed(self, order: Order, listing: Listing, now_ms: int) -> None:
        """One that ends takes those with it that depend on it."""
        order_list = self._store.of(order)
        if order_list is None or order_list.is_ending:
            return
        if order.expiry_reason != "OCO_TRIGGER":
            if order_list.pending and order is order_list.orders[0]:
                doomed, reason = order_list.pending, "OTO_PHASE_ONE_EXPIRED"
            else:
                doomed, reason = order_list.pair, "OCO_TRIGGER"
            order_list.is_ending = True
            for other in doomed:
                if other.is_open:
                    self._floor.expire(listing, other, reason, now_ms)
            order_list.is_ending = False
        self._end_if_done(order_list, listing, now_ms)

    # --- lists -----------------------------------------------------------------------------

    def lock_pair(self, listing: Listing, pair: list[Order]) -> bool:
        """Let one order hold what the dearer of the two needs; False if there is not enough."""
        needs = [funds_needed(self._floor, listing, order) for order in pair]
        asset, needed = max(needs, key=lambda need: need[1])
        if not self._floor.ledger.accounts[pair[0].account].lock(asset, needed):
            return False
        _holder(pair).locked_e8 = needed
        return True

    def cancel(
        self, order_list: OrderList, listing: Listing, cancel_id: str, now_ms: int
    ) -> list[Order]:
        """Cancel all that is open; the cancelled orders."""
        order_list.is_ending = True
        orders = [order for order in order_list.orders if order.is_open]
        for order in orders:
            self._floor.close(listing, order, "CANCELED", now_ms, cancel_id=cancel_id)
        order_list.is_ending = False
        self._end_if_done(order_list, listing, now_ms)
        return orders

    def tell(self, order_list: OrderList, now_ms: int, kind: str = "") -> None:
        """Send its listStatus, and have it written down."""
        event = order_list.event(now_ms, kind)
        self._floor.out.append(UserEvent(order_list.account, event))
        self._floor.log.order_list(order_list)

    def _end_if_done(self, order_list: OrderList, listing: Listing, now_ms: int) -> None:
        if order_list.is_done or any(order.is_open for order in order_list.orders):
            return
        self._free_reserve(order_list, listing)
        order_list.is_done = True
        order_list.time_ms = now_ms
        self._store.close(order_list)
        self.tell(order_list, now_ms)

    # --- the second phase --------------------------------------------------------------------

    def _release(self, order_list: OrderList, listing: Listing, now_ms: int) -> None:
        """The first order is filled: the pending ones are placed."""
        pending = [order for order in order_list.pending if order.is_open]
        if order_list.pays_pending and pending:
            self._pay(order_list, listing, pending)
        for order in pending:
            if not order.is_open:
                continue
            if order.remaining_e8 <= 0:
                self._floor.reject(listing, order, "INSUFFICIENT_BALANCES", now_ms)
            elif is_algo(order.order_type):
                self._wait(listing, order, now_ms)
            else:
                keeps = len(pending) > 1
                enter(self._floor, listing, order, now_ms, keeps_excess=keeps)
        self._end_if_done(order_list, listing, now_ms)

    def _wait(self, listing: Listing, order: Order, now_ms: int) -> None:
        if order.trailing_delta is None and would_trigger(
            order.order_type,
            is_buy=order.is_buy,
            stop_e8=order.stop_e8,
            last_price_e8=listing.last_price_e8,
        ):
            reason = "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY"
            self._floor.reject(listing, order, reason, now_ms)
            return
        order.is_pending = False
        order.update_ms = now_ms
        listing.stops.add(order)
        self._floor.report_new(listing, order, now_ms)

    # --- one pays the other ------------------------------------------------------------------

    def _reserve(self, order_list: OrderList, listing: Listing, trade: OwnTrade) -> None:
        """Lock what was received. The commission comes out of other free funds if it can."""
        base = listing.rules.base
        account = self._floor.ledger.accounts[order_list.account]
        amount = trade.quantity_e8
        if base == "BNB" and trade.commission_asset == base:
            amount -= trade.commission_e8
        amount = min(amount, account.balance(base).free)
        account.lock(base, amount)
        order_list.reserved_e8 += amount
        self._floor.log.order_list(order_list)

    def _pay(self, order_list: OrderList, listing: Listing, pending: list[Order]) -> None:
        step = listing.rules.step_e8
        quantity = order_list.reserved_e8 // step * step
        for order in pending:
            order.quantity_e8 = quantity
        holder = _holder(pending)
        holder.locked_e8 = quantity
        order_list.reserved_e8 -= quantity
        self._free_reserve(order_list, listing)

    def _free_reserve(self, order_list: OrderList, listing: Listing) -> None:
        account = self._floor.ledger.accounts[order_list.account]
        account.unlock(listing.rules.base, order_list.reserved_e8)
        order_list.reserved_e8 = 0


def _holder(pair: list[Order]) -> Order:
    """The one that works at once, if any: it must not lock a second time when it does."""
    return next((order for order in pair if not is_algo(order.order_type)), pair[0])
