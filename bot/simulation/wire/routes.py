"""The requests of the spot API: names on REST and the WebSocket API, weights, what answers them.

Source: Binance spot documentation, "REST API" and "WebSocket API" (2026-07).
"""

from collections.abc import Callable
from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.parameters import check_known, integer, limit, no_such_symbol, required
from bot.simulation.wire import weights
from bot.simulation.wire.endpoints import Call, Endpoint, always
from bot.simulation.wire.weights import Weight, flat

__all__ = ["BY_METHOD", "BY_ROUTE"]


def _public(path: str, name: str, weight: Weight, ask: str) -> Endpoint:
    """Market data; ``ask`` is the exchange's call."""
    return Endpoint(
        *("GET", f"/api/v3/{path}", name, weight),
        lambda call: getattr(call.exchange, ask)(call.params),
    )


def _own(route: str, name: str, weight: Weight, ask: str) -> Endpoint:
    """What an account asks about itself."""
    method, path = route.split()
    return Endpoint(method, f"/api/v3/{path}", name, weight, _asking(ask), signed=True)


def _placing(route: str, name: str, ask: str, *, in_list: bool = False) -> Endpoint:
    """What counts among the unfilled orders."""
    method, path = route.split()
    return Endpoint(
        *(method, f"/api/v3/{path}", name, flat(1), _asking(ask)),
        signed=True,
        is_order=True,
        in_list=in_list,
    )


def _changing(
    route: str,
    name: str,
    ask: str,
    weight: int = 1,
    is_free: Callable[[Any], bool] = always,
) -> Endpoint:
    """What is done to orders that exist."""
    method, path = route.split()
    return Endpoint(
        *(method, f"/api/v3/{path}", name, flat(weight), _asking(ask)),
        signed=True,
        is_order=True,
        shows_counts=False,
        is_free=is_free,
    )


def _asking(ask: str) -> Callable[[Call], Any]:
    return lambda call: getattr(call.exchange, ask)(call.account, call.params, call.now_ms)


def _ping(call: Call) -> Any:
    _nothing_asked(call)
    return {}


def _nothing_asked(call: Call) -> None:
    if call.params:
        msg = f"Too many parameters; expected '0' and received '{len(call.params)}'."
        raise ApiError.bad_request(-1101, msg)


def _time(call: Call) -> Any:
    _nothing_asked(call)
    return {"serverTime": call.server_ms}


def _exchange_info(call: Call) -> Any:
    """The exchange's own, with the clock and the limits that the wire applies."""
    body = call.exchange.exchange_info(call.params)
    applied = {
        "REQUEST_WEIGHT": call.rules.weight_per_minute,
        "RAW_REQUESTS": call.rules.raw_requests,
    }
    limits = [
        {**row, "limit": applied.get(row["rateLimitType"], row["limit"])}
        for row in body["rateLimits"]
    ]
    return body | {"serverTime": call.server_ms, "rateLimits": limits}


def _block_trades(call: Call) -> list[Any]:
    """There are none; what is asked for must be right all the same."""
    params = call.params
    check_known(params, frozenset({"symbol", "fromId", "limit"}))
    symbol = required(params, "symbol")
    if symbol not in call.exchange.symbols:
        raise no_such_symbol(symbol)
    required(params, "fromId")
    integer(params, "fromId")
    limit(params)
    return []


def _has_expired(body: Any) -> bool:
    """An amended order that ends by it makes room, and that weighs nothing."""
    return bool(body["amendedOrder"]["status"] == "EXPIRED")


_GENERAL: Final = (
    Endpoint("GET", "/api/v3/ping", "ping", flat(1), _ping),
    Endpoint("GET", "/api/v3/time", "time", flat(1), _time),
    Endpoint("GET", "/api/v3/exchangeInfo", "exchangeInfo", flat(20), _exchange_info),
    _public("executionRules", "executionRules", weights.execution_rules, "execution_rules"),
)

_MARKET: Final = (
    _public("depth", "depth", weights.depth, "depth"),
    _public("trades", "trades.recent", flat(25), "trades"),
    _public("historicalTrades", "trades.historical", flat(25), "historical_trades"),
    Endpoint(
        *("GET", "/api/v3/historicalBlockTrades", "blockTrades.historical", flat(25)),
        _block_trades,
    ),
    _public("aggTrades", "trades.aggregate", flat(4), "agg_trades"),
    _public("klines", "klines", flat(2), "klines"),
    _public("uiKlines", "uiKlines", flat(2), "klines"),
    _public("avgPrice", "avgPrice", flat(2), "avg_price"),
    _public("ticker/24hr", "ticker.24hr", weights.ticker, "ticker_24hr"),
    _public("ticker/tradingDay", "ticker.tradingDay", weights.window, "trading_day"),
    _public("ticker", "ticker", weights.window, "ticker_window"),
    _public("ticker/price", "ticker.price", weights.price, "ticker_price"),
    _public("ticker/bookTicker", "ticker.book", weights.price, "book_ticker"),
    _public("referencePrice", "referencePrice", flat(2), "reference_price"),
    _public(
        *("referencePrice/calculation", "referencePrice.calculation", flat(2)),
        "reference_price_calculation",
    ),
)

_TRADING: Final = (
    _placing("POST order", "order.place", "place_order"),
    _own("POST order/test", "order.test", weights.order_test, "test_order"),
    _changing("DELETE order", "order.cancel", "cancel_order"),
    _changing("DELETE openOrders", "openOrders.cancelAll", "cancel_open_orders"),
    _placing("POST order/cancelReplace", "order.cancelReplace", "cancel_replace"),
    _changing(
        *("PUT order/amend/keepPriority", "order.amend.keepPriority", "amend_order"),
        weight=4,
        is_free=_has_expired,
    ),
    _placing("POST order/oco", "orderList.place", "place_oco_legacy"),
    _placing("POST orderList/oco", "orderList.place.oco", "place_oco"),
    _placing("POST orderList/oto", "orderList.place.oto", "place_oto"),
    _placing("POST orderList/otoco", "orderList.place.otoco", "place_otoco"),
    _placing("POST orderList/opo", "orderList.place.opo", "place_opo"),
    _placing("POST orderList/opoco", "orderList.place.opoco", "place_opoco"),
    _changing("DELETE orderList", "orderList.cancel", "cancel_order_list"),
    _placing("POST sor/order", "sor.order.place", "sor_order", in_list=True),
    _own("POST sor/order/test", "sor.order.test", weights.order_test, "sor_test"),
)

_ACCOUNT: Final = (
    _own("GET order", "order.status", flat(4), "query_order"),
    _own("GET openOrders", "openOrders.status", weights.open_orders, "open_orders"),
    _own("GET allOrders", "allOrders", flat(20), "all_orders"),
    _own("GET orderList", "orderList.status", flat(4), "query_order_list"),
    _own("GET allOrderList", "allOrderLists", flat(20), "all_order_lists"),
    _own("GET openOrderList", "openOrderLists.status", flat(6), "open_order_lists"),
    _own("GET order/amendments", "order.amendments", flat(4), "amendments"),
    _own("GET myTrades", "myTrades", weights.trades_of_mine, "my_trades"),
    _own(
        *("GET myPreventedMatches", "myPreventedMatches", weights.prevented_matches),
        "prevented_matches",
    ),
    _own("GET myAllocations", "myAllocations", flat(20), "allocations"),
    _own("GET myFilters", "myFilters", flat(40), "my_filters"),
    _own("GET account", "account.status", flat(20), "account_info"),
    _own("GET account/commission", "account.commission", flat(20), "commission"),
    _own("GET rateLimit/order", "account.rateLimits.orders", flat(40), "unfilled_order_count"),
)

_ALL: Final = (*_GENERAL, *_MARKET, *_TRADING, *_ACCOUNT)
BY_ROUTE: Final = {(e.method, e.path): e for e in _ALL}
BY_METHOD: Final = {e.name: e for e in _ALL}
