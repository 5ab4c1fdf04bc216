"""The simulated futures exchange: positions, margin and funding behind Binance's own bodies.

Sans-I/O: no clock, no sockets, no randomness of its own. Time comes in as ``now_ms``; what
happened comes out of :meth:`FuturesExchange.take`.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from bot.simulation.account import AccountSpec
from bot.simulation.exchange import MarketSource
from bot.simulation.futures.emissions import Emission, MarkChanged
from bot.simulation.journal import Journal

__all__ = ["FuturesExchange", "Kind"]

Params = Mapping[str, str]
Body = dict[str, Any]
Kind = Literal["usdm", "coinm"]


class FuturesExchange:
    """One futures exchange: USDⓈ-M or COIN-M.

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
        market: Kind,
        symbols: Sequence[Any],
        accounts: Sequence[AccountSpec],
        source: MarketSource,
        start_ms: int,
        journal: Journal | None = None,
        records: Iterable[dict[str, Any]] = (),
    ) -> None:
        """``symbols`` are contracts (contracts.py), ``DEFAULT_CONTRACTS[market]`` by default."""
        raise NotImplementedError

    # --- time ------------------------------------------------------------------------

    def advance(self, now_ms: int) -> None:
        """Move the market up to now: fills, triggers, liquidations, funding."""
        raise NotImplementedError

    def next_due_ms(self) -> int | None:
        """When :meth:`advance` next has something to do; None: never again."""
        raise NotImplementedError

    def take(self) -> list[Emission]:
        """What happened since the last call, in order."""
        raise NotImplementedError

    # --- the account's side ----------------------------------------------------------

    def place_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/order``."""
        raise NotImplementedError

    def test_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/order/test``."""
        raise NotImplementedError

    def modify_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``PUT /fapi/v1/order``."""
        raise NotImplementedError

    def cancel_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``DELETE /fapi/v1/order``."""
        raise NotImplementedError

    def cancel_open_orders(self, account: str, params: Params, now_ms: int) -> Body:
        """``DELETE /fapi/v1/allOpenOrders``."""
        raise NotImplementedError

    def batch_place(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``POST /fapi/v1/batchOrders``."""
        raise NotImplementedError

    def batch_modify(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``PUT /fapi/v1/batchOrders``."""
        raise NotImplementedError

    def batch_cancel(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``DELETE /fapi/v1/batchOrders``."""
        raise NotImplementedError

    def query_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/order``."""
        raise NotImplementedError

    def open_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/openOrder``."""
        raise NotImplementedError

    def open_orders(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/openOrders``."""
        raise NotImplementedError

    def all_orders(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/allOrders``."""
        raise NotImplementedError

    def user_trades(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/userTrades``."""
        raise NotImplementedError

    def force_orders(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/forceOrders``."""
        raise NotImplementedError

    def countdown_cancel_all(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/countdownCancelAll``."""
        raise NotImplementedError

    def place_algo(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/algoOrder``."""
        raise NotImplementedError

    def cancel_algo(self, account: str, params: Params, now_ms: int) -> Body:
        """``DELETE /fapi/v1/algoOrder``."""
        raise NotImplementedError

    def cancel_open_algos(self, account: str, params: Params, now_ms: int) -> Body:
        """``DELETE /fapi/v1/algoOpenOrders``."""
        raise NotImplementedError

    def query_algo(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/algoOrder``."""
        raise NotImplementedError

    def open_algos(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/openAlgoOrders``."""
        raise NotImplementedError

    def all_algos(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/allAlgoOrders``."""
        raise NotImplementedError

    def account(self, account: str, params: Params, now_ms: int, *, version: int = 3) -> Body:
        """``GET /fapi/v2/account``, ``/fapi/v3/account``, ``/dapi/v1/account``."""
        raise NotImplementedError

    def balance(self, account: str, params: Params, now_ms: int, *, version: int = 3) -> list[Body]:
        """``GET /fapi/v2/balance``, ``/fapi/v3/balance``, ``/dapi/v1/balance``."""
        raise NotImplementedError

    def position_risk(
        self, account: str, params: Params, now_ms: int, *, version: int = 3
    ) -> list[Body]:
        """``GET /fapi/v2/positionRisk``, ``/fapi/v3/positionRisk``, ``/dapi/v1/positionRisk``."""
        raise NotImplementedError

    def leverage(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/leverage``."""
        raise NotImplementedError

    def margin_type(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/marginType``."""
        raise NotImplementedError

    def position_margin(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/positionMargin``."""
        raise NotImplementedError

    def position_mode(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/positionSide/dual``."""
        raise NotImplementedError

    def change_position_mode(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/positionSide/dual``."""
        raise NotImplementedError

    def multi_assets(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/multiAssetsMargin``."""
        raise NotImplementedError

    def change_multi_assets(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/multiAssetsMargin``."""
        raise NotImplementedError

    def income(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/income``."""
        raise NotImplementedError

    def leverage_brackets(self, account: str, params: Params, now_ms: int) -> Body | list[Body]:
        """``GET /fapi/v1/leverageBracket``, ``/dapi/v2/leverageBracket``."""
        raise NotImplementedError

    def commission_rate(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/commissionRate``."""
        raise NotImplementedError

    def adl_quantile(self, account: str, params: Params, now_ms: int) -> Body | list[Body]:
        """``GET /fapi/v1/adlQuantile``."""
        raise NotImplementedError

    def order_rate_limit(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/rateLimit/order``."""
        raise NotImplementedError

    def account_config(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/accountConfig``."""
        raise NotImplementedError

    def symbol_config(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/symbolConfig``."""
        raise NotImplementedError

    def order_amendments(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/orderAmendment``."""
        raise NotImplementedError

    # --- public data, as of the last advance -----------------------------------------

    def exchange_info(self, params: Params) -> Body:
        """``GET /fapi/v1/exchangeInfo``."""
        raise NotImplementedError

    def depth(self, params: Params) -> Body:
        """``GET /fapi/v1/depth``."""
        raise NotImplementedError

    def trades(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/trades``."""
        raise NotImplementedError

    def historical_trades(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/historicalTrades``."""
        raise NotImplementedError

    def agg_trades(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/aggTrades``."""
        raise NotImplementedError

    def klines(self, params: Params) -> list[list[Any]]:
        """``GET /fapi/v1/klines``."""
        raise NotImplementedError

    def continuous_klines(self, params: Params) -> list[list[Any]]:
        """``GET /fapi/v1/continuousKlines``."""
        raise NotImplementedError

    def index_price_klines(self, params: Params) -> list[list[Any]]:
        """``GET /fapi/v1/indexPriceKlines``."""
        raise NotImplementedError

    def mark_price_klines(self, params: Params) -> list[list[Any]]:
        """``GET /fapi/v1/markPriceKlines``."""
        raise NotImplementedError

    def premium_index(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/premiumIndex``."""
        raise NotImplementedError

    def funding_rate(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/fundingRate``."""
        raise NotImplementedError

    def funding_info(self, params: Params) -> list[Body]:
        """``GET /fapi/v1/fundingInfo``."""
        raise NotImplementedError

    def ticker_24hr(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/ticker/24hr``."""
        raise NotImplementedError

    def ticker_price(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/ticker/price``."""
        raise NotImplementedError

    def book_ticker(self, params: Params) -> Body | list[Body]:
        """``GET /fapi/v1/ticker/bookTicker``."""
        raise NotImplementedError

    def open_interest(self, params: Params) -> Body:
        """``GET /fapi/v1/openInterest``."""
        raise NotImplementedError

    # --- for the wire's streams ------------------------------------------------------

    @property
    def kind(self) -> Kind:
        raise NotImplementedError

    @property
    def symbols(self) -> tuple[str, ...]:
        raise NotImplementedError

    def pair(self, symbol: str) -> str:
        """``BTCUSD`` of ``BTCUSD_PERP``; of a USDⓈ-M perpetual the symbol itself."""
        raise NotImplementedError

    @property
    def accounts(self) -> Mapping[str, AccountSpec]:
        """By API key."""
        raise NotImplementedError

    @property
    def market_ms(self) -> int:
        """The time of market data."""
        raise NotImplementedError

    def best(self, symbol: str) -> tuple[tuple[Decimal, Decimal], tuple[Decimal, Decimal]] | None:
        """((bid, quantity), (ask, quantity)); None while a side is empty."""
        raise NotImplementedError

    def update_id(self, symbol: str) -> int:
        """The id of the last change of the book."""
        raise NotImplementedError

    def top(self, symbol: str, n: int) -> tuple[list[list[str]], list[list[str]]]:
        """The best ``n`` bids and asks as ``[price, quantity]`` texts."""
        raise NotImplementedError

    def kline(self, symbol: str, interval: str) -> list[Any]:
        """The current bar as the REST row of 12; empty before the first trade."""
        raise NotImplementedError

    def kline_payload(self, symbol: str, interval: str, back: int = 0) -> Body | None:
        """``k`` of the kline stream: the current bar, or the one ``back`` bars ago (``x`` true)."""
        raise NotImplementedError

    def mark(self, symbol: str) -> MarkChanged:
        """The current mark price."""
        raise NotImplementedError

    def statistics(self, symbol: str) -> Body:
        """The last 24 hours, keys as in ``ticker/24hr``."""
        raise NotImplementedError

    def state(self) -> Body:
        """The truth about the clients' accounts.

        ``{"orders", "trades", "algos", "positions", "income": [... + "account"], "balances":
        {asset: amount} of the first account, "accounts": {key: {asset: wallet balance}}}``.
        """
        raise NotImplementedError
