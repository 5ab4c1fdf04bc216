"""The requests of the spot API: names on REST and the WebSocket API, weights, what answers them.

Source: Binance spot documentation, "REST API" and "WebSocket API" (weights of 2026).
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bot.simulation.exchange import SimulatedExchange

__all__ = ["BY_METHOD", "BY_ROUTE", "Call", "Endpoint"]


class Call(msgspec.Struct, frozen=True):
    """One request that passed every check of the wire."""

    exchange: Any
    account: str
    """The API key, or ``""`` for public data."""
    params: Mapping[str, str]
    now_ms: int
    server_ms: int
    """The clock that clients are shown: ``now_ms`` and its skew."""


class Endpoint(msgspec.Struct, frozen=True):
    method: str
    path: str
    name: str
    """The method of the WebSocket API."""
    weight: Callable[[Mapping[str, str]], int]
    answer: Callable[[Call], Any]
    signed: bool = False
    is_order: bool = False
    """Counted by unfilled orders: a success weighs nothing and shows the counters."""


def _flat(weight: int) -> Callable[[Mapping[str, str]], int]:
    return lambda _: weight


def _depth_weight(params: Mapping[str, str]) -> int:
    limit = params.get("limit", "100")
    levels = int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 9 else 100  # noqa: PLR2004 - any bad limit is the core's to refuse
    return next((w for bound, w in ((100, 5), (500, 25), (1000, 50)) if levels <= bound), 250)


def _ticker_weight(params: Mapping[str, str]) -> int:
    if "symbol" in params:
        return 2
    if "symbols" not in params:
        return 80
    count = params["symbols"].count(",") + 1
    return next((w for bound, w in ((20, 2), (100, 40)) if count <= bound), 80)


def _price_weight(params: Mapping[str, str]) -> int:
    return 2 if "symbol" in params else 4


def _open_orders_weight(params: Mapping[str, str]) -> int:
    return 6 if "symbol" in params else 80


def _my_trades_weight(params: Mapping[str, str]) -> int:
    return 5 if "orderId" in params else 20


def _public(
    path: str, name: str, weight: Callable[[Mapping[str, str]], int], answer: Callable[[Call], Any]
) -> Endpoint:
    return Endpoint("GET", f"/api/v3/{path}", name, weight, answer)


def _own(
    route: str,
    name: str,
    weight: Callable[[Mapping[str, str]], int],
    ask: Callable[[SimulatedExchange, str, Mapping[str, str], int], Any],
    *,
    is_order: bool = False,
) -> Endpoint:
    method, path = route.split()

    def answer(call: Call) -> Any:
        return ask(call.exchange, call.account, call.params, call.now_ms)

    return Endpoint(method, f"/api/v3/{path}", name, weight, answer, signed=True, is_order=is_order)


def _exchange_info(call: Call) -> Any:
    return call.exchange.exchange_info(call.params) | {"serverTime": call.server_ms}


_PUBLIC = (
    _public("ping", "ping", _flat(1), lambda _: {}),
    _public("time", "time", _flat(1), lambda c: {"serverTime": c.server_ms}),
    _public("exchangeInfo", "exchangeInfo", _flat(20), _exchange_info),
    _public("depth", "depth", _depth_weight, lambda c: c.exchange.depth(c.params)),
    _public("trades", "trades.recent", _flat(25), lambda c: c.exchange.trades(c.params)),
    _public(
        "historicalTrades",
        "trades.historical",
        _flat(25),
        lambda c: c.exchange.historical_trades(c.params),
    ),
    _public("aggTrades", "trades.aggregate", _flat(4), lambda c: c.exchange.agg_trades(c.params)),
    _public("klines", "klines", _flat(2), lambda c: c.exchange.klines(c.params)),
    _public("uiKlines", "uiKlines", _flat(2), lambda c: c.exchange.klines(c.params)),
    _public("avgPrice", "avgPrice", _flat(2), lambda c: c.exchange.avg_price(c.params)),
    _public(
        "ticker/24hr", "ticker.24hr", _ticker_weight, lambda c: c.exchange.ticker_24hr(c.params)
    ),
    _public(
        "ticker/price", "ticker.price", _price_weight, lambda c: c.exchange.ticker_price(c.params)
    ),
    _public(
        "ticker/bookTicker",
        "ticker.book",
        _price_weight,
        lambda c: c.exchange.book_ticker(c.params),
    ),
)

_X = SimulatedExchange
_OWN = (
    _own("POST order", "order.place", _flat(1), _X.place_order, is_order=True),
    _own("POST order/test", "order.test", _flat(1), _X.test_order),
    _own("DELETE order", "order.cancel", _flat(1), _X.cancel_order, is_order=True),
    _own("GET order", "order.status", _flat(4), _X.query_order),
    _own("GET openOrders", "openOrders.status", _open_orders_weight, _X.open_orders),
    _own(
        "DELETE openOrders",
        "openOrders.cancelAll",
        _flat(1),
        _X.cancel_open_orders,
        is_order=True,
    ),
    _own("GET allOrders", "allOrders", _flat(20), _X.all_orders),
    _own("GET myTrades", "myTrades", _my_trades_weight, _X.my_trades),
    _own("GET account", "account.status", _flat(20), _X.account_info),
    _own("GET account/commission", "account.commission", _flat(20), _X.commission),
    _own("GET rateLimit/order", "account.rateLimits.orders", _flat(40), _X.unfilled_order_count),
)


BY_ROUTE = {(e.method, e.path): e for e in (*_PUBLIC, *_OWN)}
BY_METHOD = {e.name: e for e in (*_PUBLIC, *_OWN)}
