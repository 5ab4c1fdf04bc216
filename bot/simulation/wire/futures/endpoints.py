"""The requests of the futures APIs: names on REST and the WebSocket API, weights, who answers.

Source: Binance USDⓈ-M and COIN-M documentation of 2026; weights as in its §"IP weight".
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from bot.simulation.futures.exchange import Kind
from bot.simulation.futures.statistics import STATISTICS
from bot.simulation.wire.endpoints import Call, Endpoint
from bot.simulation.wire.futures.listenkeys import ListenKeys
from bot.simulation.wire.futures.pace import Pace
from bot.simulation.wire.futures.weights import Weight, by_limit, by_symbol, flat

__all__ = ["STATISTICS_PREFIX", "FuturesEndpoint", "endpoints"]

STATISTICS_PREFIX = "/futures/data/"
"""Below it both markets answer, each about its own symbols and pairs."""

_NONE = flat(0)
_ONE = flat(1)
_DEPTH = by_limit(500, ((50, 2), (100, 5), (500, 10)), 20)
_KLINES = by_limit(500, ((99, 1), (499, 2), (1000, 5)), 10)


class FuturesEndpoint(Endpoint, frozen=True):
    """``signed`` or ``keyed``, or else open to everybody."""

    keyed: bool = False
    """The API key is enough, no signature is asked for."""
    orders: Callable[[Mapping[str, str]], int] = lambda _: 0
    """How many orders the ORDERS limits count."""


def endpoints(kind: Kind, keys: ListenKeys, pace: Pace) -> list[FuturesEndpoint]:
    """All of one market."""
    prefix = "/fapi/" if kind == "usdm" else "/dapi/"
    rows = [*_PUBLIC, *_OWN, *(_USDM if kind == "usdm" else _COINM), *_limits(pace)]
    placed = [_placed(prefix, row) for row in (*rows, *_leases(keys))]
    return [*placed, *(_statistics(name) for name in STATISTICS[kind])]


def _placed(prefix: str, row: FuturesEndpoint) -> FuturesEndpoint:
    return FuturesEndpoint(
        row.method,
        f"{prefix}{row.path}",
        row.name,
        row.weight,
        row.answer,
        signed=row.signed,
        keyed=row.keyed,
        orders=row.orders,
    )


def _public(path: str, ask: str, weight: Weight, *, name: str = "") -> FuturesEndpoint:
    """``ask`` is the exchange's method."""
    return FuturesEndpoint(
        "GET", path, name, weight, lambda call: getattr(call.exchange, ask)(call.params)
    )


def _own(
    route: str,
    ask: str,
    weight: Weight,
    *,
    name: str = "",
    orders: Callable[[Mapping[str, str]], int] = _NONE,
    **options: Any,
) -> FuturesEndpoint:
    """``options`` go to the exchange's method ``ask`` as they are."""
    method, path = route.split()

    def answer(call: Call) -> Any:
        do = getattr(call.exchange, ask)
        return do(call.account, call.params, call.now_ms, **options)

    return FuturesEndpoint(method, path, name, weight, answer, signed=True, orders=orders)


def _keyed(
    route: str, name: str, answer: Callable[[Call], Any], weight: Weight = _ONE
) -> FuturesEndpoint:
    method, path = route.split()
    return FuturesEndpoint(method, path, name, weight, answer, keyed=True)


def _statistics(name: str) -> FuturesEndpoint:
    """They weigh nothing: they have a limit of their own."""
    return _placed(
        STATISTICS_PREFIX,
        FuturesEndpoint(
            "GET", name, "", flat(0), lambda call: call.exchange.statistics_of(call.params, name)
        ),
    )


def _limits(pace: Pace) -> tuple[FuturesEndpoint, ...]:
    """What tells of limits, which are the wire's own."""

    def exchange_info(call: Call) -> Any:
        weight = {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": call.rules.weight_per_minute,
        }
        mine = {"rateLimits": [weight, *pace.rules()], "serverTime": call.server_ms}
        return call.exchange.exchange_info(call.params) | mine

    def order_counts(call: Call) -> Any:
        return pace.unfilled_order_count(call.account, {}, call.now_ms)

    return (
        FuturesEndpoint("GET", "v1/exchangeInfo", "", flat(1), exchange_info),
        FuturesEndpoint("GET", "v1/rateLimit/order", "", flat(1), order_counts, signed=True),
    )


def _batch_cancel(call: Call) -> Any:
    # python-binance spells the two lists in lower case, and is understood.
    lists = {name.lower(): name for name in ("orderIdList", "origClientOrderIdList")}
    params = {lists.get(name, name): value for name, value in call.params.items()}
    return call.exchange.batch_cancel(call.account, params, call.now_ms)


def _batch(params: Mapping[str, str]) -> int:
    try:
        orders = orjson.loads(params.get("batchOrders", "[]"))
    except orjson.JSONDecodeError:
        return 0
    return len(orders) if isinstance(orders, list) else 0


def _leases(keys: ListenKeys) -> tuple[FuturesEndpoint, ...]:
    def stop(call: Call) -> dict[str, Any]:
        keys.close(call.account)
        return {}

    return (
        _keyed(
            "POST v1/listenKey",
            "userDataStream.start",
            lambda c: {"listenKey": keys.start(c.account, c.now_ms)},
        ),
        _keyed(
            "PUT v1/listenKey",
            "userDataStream.ping",
            lambda c: {"listenKey": keys.renew(c.account, c.now_ms)},
        ),
        _keyed("DELETE v1/listenKey", "userDataStream.stop", stop),
    )


_PUBLIC = (
    FuturesEndpoint("GET", "v1/ping", "ping", flat(1), lambda _: {}),
    FuturesEndpoint("GET", "v1/time", "time", flat(1), lambda c: {"serverTime": c.server_ms}),
    _public("v1/depth", "depth", _DEPTH, name="depth"),
    _public("v1/trades", "trades", flat(5)),
    _keyed(
        "GET v1/historicalTrades",
        "",
        lambda c: c.exchange.historical_trades(c.params),
        flat(200),
    ),
    _public("v1/aggTrades", "agg_trades", flat(20)),
    _public("v1/klines", "klines", _KLINES),
    _public("v1/continuousKlines", "continuous_klines", _KLINES),
    _public("v1/indexPriceKlines", "index_price_klines", _KLINES),
    _public("v1/markPriceKlines", "mark_price_klines", _KLINES),
    _public("v1/premiumIndexKlines", "premium_index_klines", _KLINES),
    _public("v1/premiumIndex", "premium_index", by_symbol(1, 10)),
    _public("v1/fundingRate", "funding_rate", flat(0)),
    _public("v1/fundingInfo", "funding_info", flat(0)),
    _public("v1/ticker/24hr", "ticker_24hr", by_symbol(1, 40)),
    _public("v1/ticker/price", "ticker_price", by_symbol(1, 2), name="ticker.price"),
    _public("v1/ticker/bookTicker", "book_ticker", by_symbol(2, 5), name="ticker.book"),
    _public("v1/openInterest", "open_interest", flat(1)),
    _public("v1/constituents", "constituents", flat(2)),
)

_OWN = (
    _own("POST v1/order", "place_order", flat(0), name="order.place", orders=flat(1)),
    _own("POST v1/order/test", "test_order", flat(0)),
    _own("PUT v1/order", "modify_order", flat(0), name="order.modify", orders=flat(1)),
    _own("DELETE v1/order", "cancel_order", flat(1), name="order.cancel"),
    _own("GET v1/order", "query_order", flat(1), name="order.status"),
    _own("DELETE v1/allOpenOrders", "cancel_open_orders", flat(1)),
    _own("POST v1/batchOrders", "batch_place", flat(5), orders=_batch),
    _own("PUT v1/batchOrders", "batch_modify", flat(5), orders=_batch),
    FuturesEndpoint("DELETE", "v1/batchOrders", "", flat(1), _batch_cancel, signed=True),
    _own("GET v1/openOrder", "open_order", flat(1)),
    _own("GET v1/openOrders", "open_orders", by_symbol(1, 40)),
    _own("GET v1/allOrders", "all_orders", flat(5)),
    _own("GET v1/userTrades", "user_trades", flat(5)),
    _own("GET v1/forceOrders", "force_orders", by_symbol(20, 50)),
    _own("GET v1/orderAmendment", "order_amendments", flat(1)),
    _own("POST v1/countdownCancelAll", "countdown_cancel_all", flat(10)),
    _own("POST v1/algoOrder", "place_algo", flat(0), name="algoOrder.place", orders=flat(1)),
    _own("DELETE v1/algoOrder", "cancel_algo", flat(1), name="algoOrder.cancel"),
    _own("GET v1/algoOrder", "query_algo", flat(1)),
    _own("DELETE v1/algoOpenOrders", "cancel_open_algos", flat(1)),
    _own("GET v1/openAlgoOrders", "open_algos", by_symbol(1, 40)),
    _own("GET v1/allAlgoOrders", "all_algos", flat(5)),
    _own("POST v1/leverage", "leverage", flat(1)),
    _own("POST v1/marginType", "margin_type", flat(1)),
    _own("POST v1/positionMargin", "position_margin", flat(1)),
    _own("GET v1/positionMargin/history", "margin_history", flat(1)),
    _own("GET v1/positionSide/dual", "position_mode", flat(30)),
    _own("POST v1/positionSide/dual", "change_position_mode", flat(1)),
    _own("GET v1/income", "income", flat(30)),
    _own("GET v1/leverageBracket", "leverage_brackets", flat(1)),
    _own("GET v1/commissionRate", "commission_rate", flat(20)),
    _own("GET v1/adlQuantile", "adl_quantile", flat(5)),
)

_USDM = (
    _public("v2/ticker/price", "ticker_price", by_symbol(1, 2)),
    _public("v1/rpiDepth", "rpi_depth", flat(20)),
    _public("v1/indexInfo", "index_info", flat(1)),
    _public("v1/assetIndex", "asset_index", by_symbol(1, 10)),
    _public("v1/insuranceBalance", "insurance_balance", flat(1)),
    _public("v1/symbolAdlRisk", "adl_risk", flat(1)),
    _public("v1/tradingSchedule", "trading_schedule", flat(5)),
    _own("GET v1/apiTradingStatus", "trading_status", by_symbol(1, 10)),
    _own("GET v1/feeBurn", "fee_burn", flat(30)),
    _own("POST v1/feeBurn", "change_fee_burn", flat(1)),
    _own("POST v1/stock/contract", "sign_stock_contract", flat(50)),
    _own("GET v2/account", "account", flat(5), name="account.status", version=2),
    _own("GET v3/account", "account", flat(5), name="v2/account.status", version=3),
    _own("GET v2/balance", "balance", flat(5), name="account.balance", version=2),
    _own("GET v3/balance", "balance", flat(5), name="v2/account.balance", version=3),
    _own("GET v2/positionRisk", "position_risk", flat(5), name="account.position", version=2),
    _own("GET v3/positionRisk", "position_risk", flat(5), name="v2/account.position", version=3),
    _own("GET v1/multiAssetsMargin", "multi_assets", flat(30)),
    _own("POST v1/multiAssetsMargin", "change_multi_assets", flat(1)),
    _own("GET v1/accountConfig", "account_config", flat(5)),
    _own("GET v1/symbolConfig", "symbol_config", flat(5)),
)

_COINM = (
    _own("GET v1/account", "account", flat(5), name="account.status", version=1),
    _own("GET v1/balance", "balance", flat(5), name="account.balance", version=1),
    _own("GET v1/positionRisk", "position_risk", flat(5), name="account.position", version=1),
    _own("GET v2/leverageBracket", "leverage_brackets", flat(1)),
)
