"""The trading floor of futures: where orders meet, and what follows for positions and wallets."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from bot.simulation.account import AccountSpec
from bot.simulation.book import Resting
from bot.simulation.emissions import UserEvent
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.account import Trade
from bot.simulation.futures.amounts import ZERO
from bot.simulation.futures.contracts import Contract
from bot.simulation.futures.emissions import Emission
from bot.simulation.futures.insurance import InsuranceFund
from bot.simulation.futures.journal import ChangeLog
from bot.simulation.futures.ledger import Ledger
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.margins import Margins, open_value
from bot.simulation.futures.marks import Mark
from bot.simulation.futures.orders import FuturesOrder, owner
from bot.simulation.futures.reports import account_update, order_update, trade_lite
from bot.simulation.journal import Journal
from bot.simulation.listing import Listing, PublicTrade, trade_made
from bot.simulation.orderstore import OrderStore

__all__ = ["FuturesFloor"]

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_ID_LENGTH: Final = 22
_KEPT_BY_OTHERS: Final = 4
_PREVENTED: Final = 1


class FuturesFloor:
    """All state of the exchange, and the steps that every way of trading shares.

    Each action ends with :meth:`settle`, which sends what Binance sends once an action is over.
    """

    def __init__(
        self,
        contracts: Sequence[Contract],
        accounts: Sequence[AccountSpec],
        journal: Journal | None,
        *,
        funding_ms: int | None = None,
        insurance: Mapping[str, Decimal] | None = None,
    ) -> None:
        self.contracts = {contract.symbol: contract for contract in contracts}
        self.books = {contract.symbol: FuturesListing(contract) for contract in contracts}
        self.log = ChangeLog(journal)
        self.ledger = Ledger(accounts, self.contracts, self.log)
        self.accounts = self.ledger.accounts
        assets = dict.fromkeys(contract.margin_asset for contract in contracts)
        self.fund = InsuranceFund(assets, insurance)
        self.orders = OrderStore[FuturesOrder]()
        self.marks = {symbol: Mark(book, funding_ms) for symbol, book in self.books.items()}
        # (account, symbol) -> when its dead man's switch cancels.
        self.deadlines: dict[tuple[str, str], int] = {}
        self.margins = Margins(self.orders, self.marks)
        self.out: list[Emission] = []
        # Told of each client's order that begins or ends, and of each listing that may have traded.
        self.on_opened: list[Callable[[FuturesOrder, int], None]] = []
        self.on_closed: list[Callable[[FuturesOrder, int], None]] = []
        self.on_settled: list[Callable[[FuturesListing, int], None]] = []

    @property
    def listings(self) -> Mapping[str, Listing]:
        """By symbol, as a market sees them."""
        return self.books

    # --- what everybody else does ------------------------------------------------------

    def submit(
        self, listing: Listing, *, is_buy: bool, price_e8: int | None, quantity_e8: int, now_ms: int
    ) -> Resting | None:
        """An anonymous order: what does not match at once rests, unless it has no price."""
        book = self.books[listing.rules.symbol]
        book.ids.order += 1
        order_id = book.ids.order
        left = quantity_e8 - self.match(
            book,
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
        book.book.add(resting)
        return resting

    # --- matching ----------------------------------------------------------------------

    def match(
        self,
        listing: FuturesListing,
        *,
        is_buy: bool,
        limit_e8: int | None,
        quantity_e8: int,
        taker: FuturesOrder | None,
        taker_id: int,
        now_ms: int,
    ) -> int:
        """Let a taker walk the book; how much it got."""
        left = quantity_e8
        while left:
            maker = _first(listing, is_buy=is_buy, limit_e8=limit_e8)
            if maker is None or (taker is not None and not taker.is_open):
                break
            client = owner(maker)
            if taker is not None and client is not None and self._prevent(taker, client, now_ms):
                continue
            fill = min(left, maker.remaining_e8)
            left -= fill
            price = maker.price_e8
            listing.book.reduce(maker, fill)
            trade_id = self._publish(listing, maker, fill, taker_id, now_ms)
            sides = [o for o in (taker, client) if o is not None]
            for order in sides:
                self.fill(
                    order,
                    price_e8=price,
                    quantity_e8=fill,
                    trade_id=trade_id,
                    now_ms=now_ms,
                    is_maker=order is client,
                )
            # Only now: the other side of the same match may be an order that shrinks.
            for order in sides:
                self.trim(order, now_ms)
        return quantity_e8 - left

    def fill(
        self,
        order: FuturesOrder,
        *,
        price_e8: int,
        quantity_e8: int,
        trade_id: int,
        now_ms: int,
        is_maker: bool,
    ) -> Trade:
        """Book and report one fill of a client's order."""
        account = self.accounts[order.account]
        trade = self.ledger.settle(
            order,
            price=decimal(price_e8),
            quantity_e8=quantity_e8,
            trade_id=trade_id,
            now_ms=now_ms,
            is_maker=is_maker,
        )
        position = account.position(order.symbol, order.position_side)
        if not order.is_open:
            order.resting = None
            self.orders.close(order)
        asset = order.contract.margin_asset
        self.tell(order.account, trade_lite(order, trade, now_ms))
        self.tell(
            order.account,
            account_update(
                account,
                "ORDER",
                now_ms,
                assets={asset: ZERO},
                positions=[(position, self.margins.profit(position))],
            ),
        )
        execution = "CALCULATED" if order.order_type == "LIQUIDATION" else "TRADE"
        self.report(order, execution, now_ms, trade=trade)
        if not order.is_open:
            self._tell_closed(order, now_ms)
        return trade

    # --- the ends of an order ------------------------------------------------------------

    def opened(self, order: FuturesOrder, now_ms: int) -> None:
        """Report a new order."""
        self.orders.add(order)
        for hook in self.on_opened:
            hook(order, now_ms)
        self.report(order, "NEW", now_ms)

    def close(self, order: FuturesOrder, ended: str, now_ms: int, *, reason: int = 0) -> None:
        """CANCELED, EXPIRED or EXPIRED_IN_MATCH: out of the book, margin free again."""
        if order.resting is not None:
            self.books[order.symbol].book.remove(order.resting)
            order.resting = None
        order.closed_as = ended
        order.expiry_reason = reason
        order.update_ms = now_ms
        self.orders.close(order)
        self.report(order, "CANCELED" if ended == "CANCELED" else "EXPIRED", now_ms)
        self._tell_closed(order, now_ms)

    def trim(self, traded: FuturesOrder, now_ms: int) -> None:
        """Orders that may only reduce never exceed the position that has just changed."""
        symbol, side = traded.symbol, traded.position_side
        amount = self.accounts[traded.account].position(symbol, side).amount
        for order in self.orders.open(traded.account, symbol):
            if not order.reduces or order.position_side != side:
                continue
            reducible = 0 if (amount > 0) == order.is_buy else int(abs(amount) * 10**8)
            if not reducible:
                self.close(order, "EXPIRED", now_ms, reason=_KEPT_BY_OTHERS)
            elif order.remaining_e8 > reducible:
                if order.resting is not None:
                    surplus = order.remaining_e8 - reducible
                    self.books[symbol].book.reduce(order.resting, surplus)
                order.quantity_e8 = order.executed_e8 + reducible
                self.log.order(order)

    def settle(self, listing: Listing, now_ms: int) -> None:
        """The action is over: aggregates and the book as it now is."""
        book = self.books[listing.rules.symbol]
        # On a tape only the next trade shows that an aggregate is complete.
        aggregate = book.end_aggregate() if book.public is book.book else None
        if aggregate is not None:
            self.out.append(aggregate)
        change = book.depth_changed(now_ms)
        if change is not None:
            self.out.append(change)
        self.log.commit(self, book, now_ms)
        for hook in self.on_settled:
            hook(book, now_ms)

    # --- reports -------------------------------------------------------------------------

    def tell(self, account: str, payload: dict[str, Any]) -> None:
        self.out.append(UserEvent(account, payload))

    def report(
        self,
        order: FuturesOrder,
        execution: str,
        now_ms: int,
        *,
        trade: Trade | None = None,
        modify_id: int | None = None,
    ) -> None:
        """ORDER_TRADE_UPDATE."""
        bids = asks = ZERO
        for other in self.orders.open(order.account, order.symbol):
            if other.price_e8:
                value = open_value(other)
                bids, asks = (bids + value, asks) if other.is_buy else (bids, asks + value)
        payload = order_update(
            order, execution, now_ms, trade=trade, notionals=(bids, asks), modify_id=modify_id
        )
        self.tell(order.account, payload)
        self.log.order(order)

    def random_id(self, listing: FuturesListing) -> str:
        """A client id for those who sent none: the same in every run with the same commands."""
        seed = f"{listing.rules.symbol}/{listing.ids.order}/{listing.ids.execution}"
        number = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=17).digest())
        digits = []
        for _ in range(_RANDOM_ID_LENGTH):
            number, digit = divmod(number, len(_BASE62))
            digits.append(_BASE62[digit])
        return "".join(digits)

    # --- inside ----------------------------------------------------------------------------

    def _prevent(self, taker: FuturesOrder, maker: FuturesOrder, now_ms: int) -> bool:
        """Keep an account from trading with itself, in the taker's mode; whether it was."""
        if taker.account != maker.account or taker.stp_mode == "NONE":
            return False
        if taker.stp_mode in {"EXPIRE_MAKER", "EXPIRE_BOTH"}:
            self.close(maker, "EXPIRED_IN_MATCH", now_ms, reason=_PREVENTED)
        if taker.stp_mode in {"EXPIRE_TAKER", "EXPIRE_BOTH"}:
            self.close(taker, "EXPIRED_IN_MATCH", now_ms, reason=_PREVENTED)
        return True

    def _tell_closed(self, order: FuturesOrder, now_ms: int) -> None:
        for hook in self.on_closed:
            hook(order, now_ms)

    def _publish(
        self, listing: FuturesListing, maker: Resting, fill: int, taker_id: int, now_ms: int
    ) -> int:
        """Give a trade its id and tell the public. A tape's public knows only the tape."""
        listing.ids.trade += 1
        trade_id = listing.ids.trade
        if listing.public is not listing.book:
            return trade_id
        price = maker.price_e8
        value = listing.contract.value_e8(price, fill)
        trade = PublicTrade(trade_id, price, fill, value, now_ms, maker.is_buy)
        ended = listing.record(trade, taker_id)
        if ended is not None:
            self.out.append(ended)
        buyer, seller = (maker.order_id, taker_id) if maker.is_buy else (taker_id, maker.order_id)
        self.out.append(
            trade_made(listing.rules.symbol, trade, buyer_order_id=buyer, seller_order_id=seller)
        )
        return trade_id


def _first(listing: FuturesListing, *, is_buy: bool, limit_e8: int | None) -> Resting | None:
    """Whom a taker with that limit meets next."""
    side = listing.book.side(not is_buy)
    price = side.best()
    if price is None or (
        limit_e8 is not None and (price > limit_e8 if is_buy else price < limit_e8)
    ):
        return None
    return next(iter(side.levels[price].queue.values()))
