"""The simulated exchange: accounts, orders and market data behind Binance's own bodies.

Sans-I/O: no clock, no sockets, no randomness of its own. Time comes in as ``now_ms``; what
happened comes out of :meth:`SimulatedExchange.take`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar

from bot.simulation.account import AccountSpec
from bot.simulation.amending import Amending
from bot.simulation.answers import queried
from bot.simulation.desk import OrderDesk
from bot.simulation.emissions import Emission
from bot.simulation.enquiries import Enquiries
from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import decimal, parse
from bot.simulation.floor import Floor
from bot.simulation.journal import Journal, read_lines
from bot.simulation.listform import (
    ListForm,
    read_legacy_oco,
    read_oco,
    read_opo,
    read_opoco,
    read_oto,
    read_otoco,
)
from bot.simulation.pricerules import PriceRules
from bot.simulation.publicdata import PublicData, quote
from bot.simulation.recovery import opening_record, replay
from bot.simulation.replacing import Replacing
from bot.simulation.rolling import RollingTickers
from bot.simulation.rules import SymbolRules
from bot.simulation.symbolinfo import info_listings, info_row
from bot.simulation.wallet import deposit, lock
from bot.simulation.zones import zoned

__all__ = ["MarketSource", "SimulatedExchange"]

Params = Mapping[str, str]
Body = dict[str, Any]
T = TypeVar("T")
AccountCall = Callable[[str, Params, int], T]

_RATE_LIMITS: Final = (
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
    {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300_000},
)


class MarketSource(Protocol):
    """Everybody else in the market."""

    @property
    def recorded_streams(self) -> frozenset[str]:
        """Streams that it brings as recorded frames."""
        ...

    def start(self, floor: Floor, now_ms: int) -> None:
        """Fill the books. Client orders may rest there already, after a restore."""
        ...

    def advance(self, floor: Floor, now_ms: int) -> None:
        """Do everything that is due up to now."""
        ...

    def next_due_ms(self) -> int | None:
        """When something is due next; None: never again."""
        ...

    def market_ms(self, now_ms: int) -> int:
        """The time of market data when the exchange's clock shows ``now_ms``."""
        ...


class SimulatedExchange:
    """One spot exchange.

    ``account`` is the API key. ``params`` are the decoded parameters, as text; ``timestamp``,
    ``recvWindow``, ``signature`` and ``apiKey`` are known and ignored. Each call that takes
    ``now_ms`` first moves the market up to it. Answers are what Binance's REST API gives.
    Emissions pile up until they are taken: take them after each call.

    Raises:
        ApiError: from any call: what Binance would answer instead.
    """

    def __init__(
        self,
        *,
        symbols: Sequence[SymbolRules],
        accounts: Sequence[AccountSpec],
        market: MarketSource,
        start_ms: int,
        journal: Journal | None = None,
        records: Iterable[dict[str, Any]] = (),
        exchange_filters: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """``records`` are those of an earlier journal; see :meth:`restore`.

        ``exchange_filters``, in Binance's form, hold for all symbols of an account together.
        """
        self._now_ms = start_ms
        self._market = market
        self._specs = {spec.key: spec for spec in accounts}
        self._floor = Floor(symbols, accounts, journal, exchange_filters)
        self._desk = OrderDesk(self._floor)
        self._enquiries = Enquiries(self._floor, self._desk)
        self._public = PublicData(self._floor.listings, lambda: self.market_ms)
        self._offer_accounts()
        self._offer_public()
        replay(self._floor, records)
        if journal is not None:
            journal.write(opening_record(self._floor, start_ms))
        market.start(self._floor, start_ms)

    @classmethod
    def restore(
        cls,
        lines: Iterable[str | bytes],
        *,
        symbols: Sequence[SymbolRules],
        accounts: Sequence[AccountSpec],
        market: MarketSource,
        start_ms: int,
        journal: Journal | None = None,
        exchange_filters: Sequence[Mapping[str, Any]] = (),
    ) -> "SimulatedExchange":
        """The exchange that wrote these journal lines: same accounts, orders, trades, next ids.

        Open orders rest again, before the market fills the book around them. Without lines it
        is a new exchange. Accounts and symbols that are new get their opening balances.

        Raises:
            DataError: a line is damaged.
        """
        return cls(
            symbols=symbols,
            accounts=accounts,
            market=market,
            start_ms=start_ms,
            journal=journal,
            records=read_lines(lines),
            exchange_filters=exchange_filters,
        )

    # --- time ------------------------------------------------------------------------

    def advance(self, now_ms: int) -> None:
        """Move the market up to now; resting client orders may fill. Time never goes back."""
        self._now_ms = max(self._now_ms, now_ms)
        self._market.advance(self._floor, self._now_ms)

    def next_due_ms(self) -> int | None:
        """When :meth:`advance` next has something to do; None: never again."""
        return self._market.next_due_ms()

    def take(self) -> list[Emission]:
        """What happened since the last call, in order."""
        taken, self._floor.out = self._floor.out, []
        return taken

    # --- for the wire's streams ------------------------------------------------------

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._floor.listings)

    @property
    def accounts(self) -> Mapping[str, AccountSpec]:
        """By API key."""
        return MappingProxyType(self._specs)

    @property
    def market_ms(self) -> int:
        """The time of market data: the exchange's clock, or a tape's recorded time.

        Bars, 24 h windows and ``time_ms`` of market emissions are in it.
        """
        return self._market.market_ms(self._now_ms)

    @property
    def recorded_streams(self) -> frozenset[str]:
        """Stream names that a tape brings as :class:`RawFrame`; do not derive these."""
        return self._market.recorded_streams

    def best(self, symbol: str) -> tuple[tuple[Decimal, Decimal], tuple[Decimal, Decimal]] | None:
        """((bid, quantity), (ask, quantity)); None while a side is empty."""
        bid, bid_quantity, ask, ask_quantity = quote(self._floor.listings[symbol])
        if not bid or not ask:
            return None
        return (decimal(bid), decimal(bid_quantity)), (decimal(ask), decimal(ask_quantity))

    def update_id(self, symbol: str) -> int:
        """The id of the last change of the book."""
        return self._floor.listings[symbol].ids.update

    def top(self, symbol: str, n: int) -> tuple[list[list[str]], list[list[str]]]:
        """The best ``n`` bids and asks as ``[price, quantity]`` texts."""
        return self._public.top(self._floor.listings[symbol], n)

    def kline(self, symbol: str, interval: str) -> list[Any]:
        """The current bar as the REST row of 12; empty before the first trade."""
        bars = self._floor.listings[symbol].bars.roll(interval, self.market_ms)
        return bars[-1].row() if bars else []

    def kline_payload(
        self, symbol: str, interval: str, back: int = 0, *, offset_ms: int = 0
    ) -> Body | None:
        """``k`` of the kline stream: the current bar, or the one ``back`` bars ago (``x`` true).

        ``offset_ms`` is how far the bars' own time zone is ahead of UTC.
        """
        bars = zoned(self._floor.listings[symbol].bars, interval, offset_ms, self.market_ms)
        if len(bars) <= back:
            return None
        return bars[-1 - back].payload(symbol, interval, closed=back > 0)

    def statistics(self, symbol: str) -> Body:
        """The last 24 hours, keys as in ``ticker/24hr`` FULL."""
        return self._public.full(self._floor.listings[symbol])

    def average_price(self, symbol: str, minutes: int = 5) -> tuple[Decimal, int]:
        """Volume-weighted price of the last minutes, and the time of the last trade in ms."""
        listing = self._floor.listings[symbol]
        time_ms = listing.last.time_ms if listing.last else self.market_ms
        return decimal(listing.average(minutes, self.market_ms)), time_ms

    def state(self) -> Body:
        """The truth about the clients' accounts.

        ``{"orders": [...], "trades": [...], "allocations": [...],
        "balances": {asset: {"free", "locked"}}, "accounts": {key: {asset: ...}}}``; ``balances``
        are of the first account, orders, trades and allocations are in REST form with ``account``
        added.
        """
        accounts = self._floor.ledger.accounts
        funds = {key: account.funds() for key, account in accounts.items()}
        return {
            "orders": [
                {**queried(order), "account": order.account}
                for order in self._floor.orders.everything()
            ],
            "trades": [
                {**trade.body(), "account": key}
                for key, account in accounts.items()
                for trades in account.trades.values()
                for trade in trades
            ],
            "allocations": [
                {**one.allocation(), "account": key}
                for key, account in accounts.items()
                for allocations in account.allocations.values()
                for one in allocations
            ],
            "balances": next(iter(funds.values()), {}),
            "accounts": funds,
        }

    def move_funds(
        self, account: str, asset: str, amount: Decimal, now_ms: int, *, as_lock: bool = False
    ) -> Body:
        """Deposit, or withdraw with a negative amount; or lock and unlock apart from orders."""
        self.advance(now_ms)
        move = lock if as_lock else deposit
        return move(self._floor, account, asset, parse(amount), self._now_ms)

    # --- calls -----------------------------------------------------------------------

    def _offer_accounts(self) -> None:
        """The account's side: each takes (account, params, now_ms)."""
        desk, lists, asks = self._desk, self._desk.lists, self._enquiries
        amending = Amending(self._floor, desk)
        replacing = Replacing(self._floor, desk)
        call, ask = self._entering, self._asking
        self.place_order = call(desk.place)  # POST /api/v3/order
        self.test_order = call(desk.test)  # POST /api/v3/order/test
        self.cancel_order = call(desk.cancel)  # DELETE /api/v3/order
        self.cancel_open_orders = call(desk.cancel_all)  # DELETE /api/v3/openOrders
        self.cancel_replace = call(replacing.replace)  # POST /api/v3/order/cancelReplace
        self.amend_order = call(amending.amend)  # PUT /api/v3/order/amend/keepPriority
        self.sor_order = call(desk.place_sor)  # POST /api/v3/sor/order
        self.sor_test = call(desk.test_sor)  # POST /api/v3/sor/order/test
        self.place_oco = self._listing_orders(read_oco)  # POST /api/v3/orderList/oco
        self.place_oco_legacy = self._listing_orders(read_legacy_oco)  # POST /api/v3/order/oco
        self.place_oto = self._listing_orders(read_oto)  # POST /api/v3/orderList/oto
        self.place_otoco = self._listing_orders(read_otoco)  # POST /api/v3/orderList/otoco
        self.place_opo = self._listing_orders(read_opo)  # POST /api/v3/orderList/opo
        self.place_opoco = self._listing_orders(read_opoco)  # POST /api/v3/orderList/opoco
        self.cancel_order_list = call(lists.cancel)  # DELETE /api/v3/orderList
        self.query_order_list = ask(lists.query)  # GET /api/v3/orderList
        self.open_order_lists = ask(lists.open)  # GET /api/v3/openOrderList
        self.all_order_lists = ask(lists.all)  # GET /api/v3/allOrderList
        self.query_order = ask(asks.order)  # GET /api/v3/order
        self.open_orders = ask(asks.open_orders)  # GET /api/v3/openOrders
        self.all_orders = ask(asks.all_orders)  # GET /api/v3/allOrders
        self.my_trades = ask(asks.my_trades)  # GET /api/v3/myTrades
        self.account_info = ask(asks.account)  # GET /api/v3/account
        self.commission = ask(asks.commission)  # GET /api/v3/account/commission
        self.prevented_matches = ask(asks.prevented_matches)  # GET /api/v3/myPreventedMatches
        self.allocations = ask(asks.allocations)  # GET /api/v3/myAllocations
        self.amendments = ask(amending.amendments)  # GET /api/v3/order/amendments
        self.my_filters = ask(asks.my_filters)  # GET /api/v3/myFilters

    def _offer_public(self) -> None:
        """Public data as of the last advance: each takes (params)."""
        public = self._public
        self.depth = public.depth  # GET /api/v3/depth
        self.trades = public.trades  # GET /api/v3/trades
        self.historical_trades = public.historical_trades  # GET /api/v3/historicalTrades
        self.agg_trades = public.agg_trades  # GET /api/v3/aggTrades
        self.klines = public.klines  # GET /api/v3/klines
        self.ui_klines = public.klines  # GET /api/v3/uiKlines
        self.avg_price = public.avg_price  # GET /api/v3/avgPrice
        self.ticker_24hr = public.ticker_24hr  # GET /api/v3/ticker/24hr
        self.ticker_price = public.ticker_price  # GET /api/v3/ticker/price
        self.book_ticker = public.book_ticker  # GET /api/v3/ticker/bookTicker
        rolling = RollingTickers(public, lambda: self.market_ms)
        self.ticker_window = rolling.window  # GET /api/v3/ticker
        self.trading_day = rolling.trading_day  # GET /api/v3/ticker/tradingDay
        prices = PriceRules(public, lambda: self.market_ms)
        self.execution_rules = prices.execution_rules  # GET /api/v3/executionRules
        self.reference_price = prices.reference_price  # GET /api/v3/referencePrice
        self.reference_price_calculation = prices.calculation  # .../referencePrice/calculation

    def exchange_info(self, params: Params) -> Body:
        """``GET /api/v3/exchangeInfo``."""
        listings = info_listings(self._public, params)
        shown = partial(info_row, params)
        return {
            "timezone": "UTC",
            "serverTime": self._now_ms,
            "rateLimits": [_RATE_LIMITS[0], *self._floor.counts.rules(), _RATE_LIMITS[1]],
            "exchangeFilters": [dict(f) for f in self._floor.exchange_filters],
            "symbols": [shown(listing) for listing in listings],
            **self._floor.router.exchange_info(),
        }

    def unfilled_order_count(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /api/v3/rateLimit/order``; also what the X-MBX-ORDER-COUNT headers need.

        The limit itself (-1015, 429) is enforced when an order is placed.
        """
        del params
        return self._floor.counts.body(account, self._enter(account, now_ms))

    def _entering(self, answer: Callable[[str, Params, int], T]) -> AccountCall[T]:
        """The call, once the market has caught up and the account is known."""

        def call(account: str, params: Params, now_ms: int) -> T:
            return answer(account, params, self._enter(account, now_ms))

        return call

    def _listing_orders(self, read: Callable[[Params], ListForm]) -> AccountCall[Body]:
        """A call that places what a form of an order list says."""
        place = self._desk.lists.place
        return self._entering(lambda account, params, now: place(account, read(params), now))

    def _asking(self, answer: Callable[[str, Params], T]) -> AccountCall[T]:
        """The same for answers that do not depend on the time."""

        def call(account: str, params: Params, now_ms: int) -> T:
            self._enter(account, now_ms)
            return answer(account, params)

        return call

    def _enter(self, account: str, now_ms: int) -> int:
        """Let the market catch up before the account acts; the exchange's time."""
        if account not in self._floor.ledger.accounts:
            raise ApiError(401, -2015, "Invalid API-key, IP, or permissions for action.")
        self.advance(now_ms)
        return self._now_ms
