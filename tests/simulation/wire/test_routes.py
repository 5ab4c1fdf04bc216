"""Every documented request has both of its names; what each weighs when it succeeds or fails."""

import contextlib
import time

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.wire.routes import BY_METHOD, BY_ROUTE

DOCUMENTED = {
    "POST order": "order.place",
    "POST order/test": "order.test",
    "DELETE order": "order.cancel",
    "DELETE openOrders": "openOrders.cancelAll",
    "POST order/cancelReplace": "order.cancelReplace",
    "PUT order/amend/keepPriority": "order.amend.keepPriority",
    "POST orderList/oco": "orderList.place.oco",
    "POST orderList/oto": "orderList.place.oto",
    "POST orderList/otoco": "orderList.place.otoco",
    "POST orderList/opo": "orderList.place.opo",
    "POST orderList/opoco": "orderList.place.opoco",
    "POST order/oco": "orderList.place",
    "DELETE orderList": "orderList.cancel",
    "POST sor/order": "sor.order.place",
    "POST sor/order/test": "sor.order.test",
    "GET ping": "ping",
    "GET time": "time",
    "GET exchangeInfo": "exchangeInfo",
    "GET executionRules": "executionRules",
    "GET depth": "depth",
    "GET trades": "trades.recent",
    "GET historicalTrades": "trades.historical",
    "GET historicalBlockTrades": "blockTrades.historical",
    "GET aggTrades": "trades.aggregate",
    "GET klines": "klines",
    "GET uiKlines": "uiKlines",
    "GET avgPrice": "avgPrice",
    "GET ticker/24hr": "ticker.24hr",
    "GET ticker/tradingDay": "ticker.tradingDay",
    "GET ticker": "ticker",
    "GET ticker/price": "ticker.price",
    "GET ticker/bookTicker": "ticker.book",
    "GET referencePrice": "referencePrice",
    "GET referencePrice/calculation": "referencePrice.calculation",
    "GET order": "order.status",
    "GET openOrders": "openOrders.status",
    "GET allOrders": "allOrders",
    "GET orderList": "orderList.status",
    "GET allOrderList": "allOrderLists",
    "GET openOrderList": "openOrderLists.status",
    "GET order/amendments": "order.amendments",
    "GET myTrades": "myTrades",
    "GET myPreventedMatches": "myPreventedMatches",
    "GET myAllocations": "myAllocations",
    "GET myFilters": "myFilters",
    "GET account": "account.status",
    "GET account/commission": "account.commission",
    "GET rateLimit/order": "account.rateLimits.orders",
}
KEY = {"X-MBX-APIKEY": "sim-key"}
FAR = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
FAR |= {"quantity": "0.1", "price": "40000"}
MINE = {"symbol": "BTCUSDT", "origClientOrderId": "mine"}


def test_each_documented_request_has_its_two_names():
    names = {
        f"{method} {path.removeprefix('/api/v3/')}": endpoint.name
        for (method, path), endpoint in BY_ROUTE.items()
    }
    assert names == DOCUMENTED
    assert set(BY_METHOD) == set(DOCUMENTED.values())


@pytest.mark.parametrize("name", BY_METHOD)
async def test_each_request_reaches_a_call_of_the_exchange(sim, name):
    """Without parameters most are refused; none asks for a call that is not there."""
    api = await sim.connect("/ws-api/v3")
    reply = await api.ask({"id": 1, "method": name, "params": sim.ws_signed()})
    assert reply["status"] in (200, 400), reply
    if "error" in reply:
        assert reply["error"]["code"] not in (-1000, -1020), reply


@pytest.mark.parametrize("name", ["v3/ping", "v3/ticker.price", "v3/session.status"])
async def test_names_may_have_the_version_before_them(sim, name):
    api = await sim.connect("/ws-api/v3")
    assert (await api.ask({"id": 1, "method": name}))["status"] == 200


async def sent(sim, method, path, **params):
    """(status, used weight, order count of ten seconds) of a signed request."""
    url = f"{sim.http}/api/v3/{path}?{sim.signed(**params)}"
    async with sim.session.request(method, url, headers=KEY) as response:
        headers = response.headers
        count = headers.get("X-MBX-ORDER-COUNT-10S")
        return response.status, int(headers["X-MBX-USED-WEIGHT-1M"]), count


async def test_a_success_weighs_nothing_and_a_failure_what_is_documented(sim):
    assert await sent(sim, "POST", "order", newClientOrderId="mine", **FAR) == (200, 0, "1")
    assert await sent(sim, "POST", "order", **FAR | {"quantity": "0"}) == (400, 1, None)
    # A cancel counts no order.
    assert await sent(sim, "DELETE", "order", **MINE) == (200, 1, None)
    assert await sent(sim, "DELETE", "order", **MINE) == (400, 2, None)
    assert await sent(sim, "DELETE", "openOrders", symbol="BTCUSDT") == (400, 3, None)
    assert await sent(sim, "GET", "openOrders", symbol="BTCUSDT") == (200, 9, None)


async def test_block_trades_are_none_and_asked_for_with_care(sim):
    path = "/api/v3/historicalBlockTrades"
    assert await sim.get(f"{path}?symbol=BTCUSDT&fromId=1") == (200, [])
    for query, code in (
        ("fromId=1", -1102),
        ("symbol=BTCUSDT", -1102),
        ("symbol=NOSUCH&fromId=1", -1121),
        ("symbol=BTCUSDT&fromId=x", -1100),
        ("symbol=BTCUSDT&fromId=1&limit=1001", -1130),
    ):
        status, body = await sim.get(f"{path}?{query}")
        assert (status, body["code"]) == (400, code), query


class Failing:
    """An exchange whose replacement half succeeds."""

    def cancel_replace(self, account, params, now_ms):
        raise ApiError(409, -2021, "Order cancel-replace partially failed.", {"cancelResult": "X"})

    def amend_order(self, account, params, now_ms):
        return {"amendedOrder": {"status": params["status"]}}

    def sor_order(self, account, params, now_ms):
        return {"orderId": 1}


def lend(sim, *names):
    for name in names:
        setattr(sim.exchange, name, getattr(Failing(), name))


async def test_a_half_failed_replacement_weighs_and_shows_the_counters(sim):
    lend(sim, "cancel_replace")
    await sim.order("BUY", "0.1", "40000")
    assert await sent(sim, "POST", "order/cancelReplace") == (409, 1, "1")
    api = await sim.connect("/ws-api/v3")
    reply = await api.ask({"id": 1, "method": "order.cancelReplace", "params": sim.ws_signed()})
    assert (reply["status"], reply["error"]["data"]) == (409, {"cancelResult": "X"})
    assert [row["rateLimitType"] for row in reply["rateLimits"]] == [
        *("ORDERS", "ORDERS", "REQUEST_WEIGHT"),
    ]


async def test_an_amendment_weighs_four_unless_the_order_ends_by_it(sim):
    lend(sim, "amend_order")
    path = "order/amend/keepPriority"
    assert await sent(sim, "PUT", path, status="EXPIRED") == (200, 0, None)
    assert await sent(sim, "PUT", path, status="NEW") == (200, 4, None)


async def test_the_routers_order_is_a_list_of_one_on_the_websocket_api_only(sim):
    lend(sim, "sor_order")
    assert await sim.call("POST", "sor/order") == (200, {"orderId": 1})
    api = await sim.connect("/ws-api/v3")
    reply = await api.ask({"id": 1, "method": "sor.order.place", "params": sim.ws_signed()})
    assert reply["result"] == [{"orderId": 1}]


async def test_a_429_of_too_many_orders_says_when_to_come_back_in_epoch_milliseconds(sim):
    now_ms = int(time.time() * 1000)
    with contextlib.suppress(ApiError):
        for _ in range(250):
            sim.exchange.place_order("sim-key", FAR | {"quantity": "0.001"}, now_ms)
    api = await sim.connect("/ws-api/v3")
    reply = await api.ask({"id": 1, "method": "order.place", "params": sim.ws_signed(**FAR)})
    if reply["status"] == 200:
        pytest.skip("a new window of ten seconds began in between")
    assert (reply["status"], reply["error"]["code"]) == (429, -1015)
    data = reply["error"]["data"]
    assert data["serverTime"] < data["retryAfter"] <= data["serverTime"] + 10_000
    assert data["retryAfter"] % 10_000 == 0
