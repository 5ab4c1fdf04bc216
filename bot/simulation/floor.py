"""The trading floor: where orders of clients and of everybody else meet, and what follows."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.simulation.account import AccountSpec, OwnTrade
from bot.simulation.book import Resting
from bot.simulation.emissions import Emission, UserEvent
from bot.simulation.execution import enter
from bot.simulation.fixedpoint import notional
from bot.simulation.journal import ChangeLog, Journal
from bot.simulation.ledger import Ledger
from bot.simulation.listing import Listing, PublicTrade, trade_made
from bot.simulation.lists import ListStore, ListWatch
from bot.simulation.matching import match
from bot.simulation.ordercount import OrderCounts
from bot.simulation.orders import Order
from bot.simulation.orderstore import OrderStore
from bot.simulation.prevention import PreventedMatch
from bot.simulation.randomids import scrambled
from bot.simulation.reports import (
    account_position,
    execution_report,
    prevention_report,
    trade_report,
)
from bot.simulation.routing import Router
from bot.simulation.rules import SymbolRules

__all__ = ["Floor"]


class Floor:
    """All state of the exchange, and the steps that every way of trading shares.

    Each action ends with :meth:`settle`, which sends what Binance sends once an action is over.
    """

    def __init__(
        self,
        symbols: Sequence[SymbolRules],
        accounts: Sequence[AccountSpec],
        journal: Journal | None,
        exchange_filters: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.exchange_filters = tuple(exchange_filters)
        self.listings = {one.symbol: Listing(one, self.exchange_filters) for one in symbols}
        self.router = Router(self.listings)
        self.ledger = Ledger(accounts, self.listings)
        self.orders = OrderStore[Order]()
        self.lists = ListStore()
        self.counts = OrderCounts()
        self.out: list[Emission] = []
        self.log = ChangeLog(journal)
        self.watch: ListWatch | None = None
        # Listings beside the order's own in which the router has traded.
        self.routed: dict[str, Listing] = {}
        # What follows from an action, each step an action of its own.
        self.sequels: deque[Callable[[int], None]] = deque()
        # account -> its assets that may have changed in this action, in order
        self._touched: dict[str, dict[str, None]] = {}

    # --- what everybody else does ------------------------------------------------------

    def submit(
        self, listing: Listing, *, is_buy: bool, price_e8: int | None, quantity_e8: int, now_ms: int
    ) -> Resting | None:
        """An anonymous order: what does not match at once rests, unless it has no price."""
        listing.ids.order += 1
        order_id = listing.ids.order
        left = quantity_e8 - match(
            self,
            listing,
            is_buy=is_buy,
            limit_e8=price_e8,
            quantity_e8=quantity_e8,
            taker=None,
            taker_id=order_id,
            now_ms=now_ms,
        )
        if not left or price_e8 is None:
            return None
        resting = Resting(order_id, price_e8, left, is_buy=is_buy)
        listing.book.add(resting)
        return resting

    # --- what happens to an order -------------------------------------------------------

    def fill(
        self,
        listing: Listing,
        order: Order,
        *,
        price_e8: int,
        quantity_e8: int,
        trade_id: int,
        now_ms: int,
        is_maker: bool,
        allocation_id: int = -1,
    ) -> None:
        """Book and report one fill of a client's order, a trade or an allocation."""
        if order.list_id >= 0 and self.watch is not None:
            self.watch.engaging(order, listing, now_ms)
        if not order.executed_e8:
            self.counts.first_fill(order.account, now_ms, is_maker=is_maker)
        trade = self.ledger.settle(
            order,
            listing,
            price_e8=price_e8,
            quantity_e8=quantity_e8,
            trade_id=trade_id,
            now_ms=now_ms,
            is_maker=is_maker,
            allocation_id=allocation_id,
        )
        if order.used_sor and is_maker:
            order.working_floor = "EXCHANGE"
        self._touch(order, listing, trade)
        if not order.is_open:
            order.resting = None
            self.release(listing, order)
            self.orders.close(order)
        report = trade_report(
            order,
            execution_id=listing.ids.execution,
            now_ms=now_ms,
            trade_id=trade_id,
            price_e8=price_e8,
            quantity_e8=quantity_e8,
            quote_e8=trade.quote_e8,
            commission_e8=trade.commission_e8,
            commission_asset=trade.commission_asset,
            is_maker=is_maker,
            allocation_id=allocation_id,
        )
        self.out.append(UserEvent(order.account, report))
        if order.list_id >= 0 and self.watch is not None:
            self.watch.filled(order, listing, trade, now_ms)

    def transfer(
        self,
        listing: Listing,
        taker: Order,
        maker: Order,
        quantity_e8: int,
        price_e8: int,
        now_ms: int,
    ) -> None:
        """Two orders of one trade group exchange, and do not trade: STP mode TRANSFER."""
        for order in (taker, maker):
            if order.list_id >= 0 and self.watch is not None:
                self.watch.engaging(order, listing, now_ms)
        buyer, seller = (taker, maker) if taker.is_buy else (maker, taker)
        self.ledger.transfer(buyer, seller, listing, quantity_e8=quantity_e8, price_e8=price_e8)

    def prevent(
        self,
        listing: Listing,
        order: Order,
        quantity_e8: int,
        prevented: PreventedMatch,
        now_ms: int,
    ) -> None:
        """Take from an order what must not trade with one's own, and report it."""
        if order.resting is not None:
            listing.book.shrink(order.resting, quantity_e8)
        order.prevented_e8 += quantity_e8
        order.prevented_id = prevented.match_id
        order.update_ms = now_ms
        if order.is_open:
            self.ledger.keep_for_rest(order, listing)
        else:
            order.resting = None
            order.closed_as = "EXPIRED_IN_MATCH"
            self.release(listing, order)
            self.orders.close(order)
        listing.ids.execution += 1
        self._touch(order, listing)
        report = prevention_report(
            order,
            prevented,
            execution_id=listing.ids.execution,
            now_ms=now_ms,
            quantity_e8=quantity_e8,
        )
        self.out.append(UserEvent(order.account, report))
        self._tell_watch(listing, order, now_ms)

    # --- beginning and end of an order ---------------------------------------------------

    def opened(self, listing: Listing, order: Order, now_ms: int) -> None:
        """Report a new order. Its funds are locked already."""
        self.orders.add(order)
        self.counts.placed(order.account, now_ms)
        if order.waits_for_price:
            listing.stops.add(order)
        self.report_new(listing, order, now_ms)

    def report_new(self, listing: Listing, order: Order, now_ms: int) -> None:
        """NEW; once more when an order that waited goes to work."""
        self._report(listing, order, "NEW", now_ms)

    def report_replaced(self, listing: Listing, order: Order, former_id: str, now_ms: int) -> None:
        """REPLACED: the order is smaller, and has another client id."""
        self._report(listing, order, "REPLACED", now_ms, former_id=former_id)

    def expire(self, listing: Listing, order: Order, reason: str, now_ms: int) -> None:
        """The exchange ends it."""
        order.expiry_reason = reason
        self.close(listing, order, "EXPIRED", now_ms)

    def reject(self, listing: Listing, order: Order, reason: str, now_ms: int) -> None:
        """An order that waited cannot go to work."""
        order.reject_reason = reason
        order.working_ms = -1
        self.close(listing, order, "REJECTED", now_ms)

    def close(
        self, listing: Listing, order: Order, ended: str, now_ms: int, *, cancel_id: str = ""
    ) -> None:
        """CANCELED, EXPIRED or REJECTED: out of the book, funds free again."""
        if order.resting is not None:
            listing.book.remove(order.resting)
            order.resting = None
        listing.stops.drop(order)
        order.is_pending = False
        order.closed_as = ended
        order.update_ms = now_ms
        self.release(listing, order)
        self.orders.close(order)
        self._report(listing, order, ended, now_ms, cancel_id)
        self._tell_watch(listing, order, now_ms)

    def _tell_watch(self, listing: Listing, order: Order, now_ms: int) -> None:
        if order.list_id >= 0 and order.closed_as and self.watch is not None:
            self.watch.closed(order, listing, now_ms)

    def release(self, listing: Listing, order: Order) -> None:
        """Free what the order still holds."""
        asset = listing.rules.quote if order.is_buy else listing.rules.base
        self.ledger.accounts[order.account].unlock(asset, order.locked_e8)
        order.locked_e8 = 0

    def settle(self, listing: Listing, now_ms: int) -> None:
        """The action is over; so are then, one by one, those that follow from it."""
        self._conclude(listing, now_ms)
        while True:
            if self.sequels:
                self.sequels.popleft()(now_ms)
            elif listing.stops.due:
                self._trigger(listing, listing.stops.due.popleft(), now_ms)
            elif self.routed:
                # The router traded in other books too: what follows there.
                self.settle(self.routed.popitem()[1], now_ms)
                continue
            else:
                return
            self._conclude(listing, now_ms)

    def _trigger(self, listing: Listing, order: Order, now_ms: int) -> None:
        if not order.waits_for_price:
            return
        if order.list_id >= 0 and self.watch is not None:
            self.watch.engaging(order, listing, now_ms)
        enter(self, listing, order, now_ms)

    def _conclude(self, listing: Listing, now_ms: int) -> None:
        """Aggregates, balances and the book as they now are."""
        # On a tape only the next trade shows that an aggregate is complete.
        aggregate = listing.end_aggregate() if listing.public is listing.book else None
        if aggregate is not None:
            self.out.append(aggregate)
        for key, assets in self._touched.items():
            account = self.ledger.accounts[key]
            account.update_ms = now_ms
            self.out.append(UserEvent(key, account_position(account, list(assets), now_ms)))
        change = listing.book_changed(now_ms)
        if change is not None:
            self.out.append(change)
        for order in listing.stops.take_moved(now_ms):
            self.log.order(order)
        self.log.commit(self.ledger, listing, self._touched, now_ms)
        self._touched = {}

    def random_id(self, listing: Listing) -> str:
        """A client id for those who sent none: the same in every run with the same commands."""
        return scrambled(f"{listing.rules.symbol}/{listing.ids.order}/{listing.ids.execution}")

    def publish(
        self, listing: Listing, maker: Resting, fill: int, taker_id: int, now_ms: int
    ) -> int:
        """Give a trade its id and tell the public. A tape's public knows only the tape."""
        listing.ids.trade += 1
        trade_id = listing.ids.trade
        if listing.public is not listing.book:
            return trade_id
        price = maker.price_e8
        trade = PublicTrade(trade_id, price, fill, notional(price, fill), now_ms, maker.is_buy)
        ended = listing.record(trade, taker_id)
        if ended is not None:
            self.out.append(ended)
        buyer, seller = (maker.order_id, taker_id) if maker.is_buy else (taker_id, maker.order_id)
        self.out.append(
            trade_made(listing.rules.symbol, trade, buyer_order_id=buyer, seller_order_id=seller)
        )
        return trade_id

    def _report(
        self,
        listing: Listing,
        order: Order,
        execution: str,
        now_ms: int,
        cancel_id: str = "",
        former_id: str = "",
    ) -> None:
        listing.ids.execution += 1
        report: dict[str, Any] = execution_report(
            order,
            execution,
            execution_id=listing.ids.execution,
            now_ms=now_ms,
            cancel_id=cancel_id,
            former_id=former_id,
        )
        self.out.append(UserEvent(order.account, report))
        self._touch(order, listing)

    def touch(self, account: str, asset: str) -> None:
        """The balance may have changed: tell and write it down when the action is over."""
        self._touched.setdefault(account, {})[asset] = None

    def _touch(self, order: Order, listing: Listing, trade: OwnTrade | None = None) -> None:
        assets = self._touched.setdefault(order.account, {})
        assets[listing.rules.base] = None
        assets[listing.rules.quote] = None
        self.log.order(order)
        if trade is not None:
            assets[trade.commission_asset] = None
            self.log.trade(order.account, trade)
