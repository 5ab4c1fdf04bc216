"""Futures REST over real sockets: routes, security, limits, headers."""

import time

import pytest

from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.wire.endpoints import Call
from bot.simulation.wire.futures.endpoints import endpoints
from bot.simulation.wire.futures.pace import Pace
from bot.simulation.wire.futures.rules import FuturesRules

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT"}


class Asked:
    """Stands where an exchange stands, and notes which of its methods a request wants."""

    def __init__(self):
        self.name = None

    def __getattr__(self, name):
        self.name = name
        return lambda *_, **__: {}


@pytest.mark.parametrize("kind", ["usdm", "coinm"])
def test_every_request_has_a_method_of_the_exchange(kind):
    for endpoint in endpoints(kind, keys=None, pace=Pace(FuturesRules())):
        asked = Asked()
        if not endpoint.path.endswith("listenKey"):
            endpoint.answer(Call(asked, "sim-key", {}, 1, 1))
            assert asked.name is None or callable(getattr(FuturesExchange, asked.name))


def test_routes_are_unique():
    for kind in ("usdm", "coinm"):
        table = endpoints(kind, keys=None, pace=Pace(FuturesRules()))
        assert len({(e.method, e.path) for e in table}) == len(table)
        names = [e.name for e in table if e.name]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("route", "version"),
    [
        ("/fapi/v2/account", 2),
        ("/fapi/v3/account", 3),
        ("/fapi/v3/positionRisk", 3),
        ("/dapi/v1/balance", 1),
    ],
)
async def test_versions_reach_the_exchange(futures, route, version):
    status, body = await futures.call("GET", route)
    assert (status, body["version"]) == (200, version)


async def test_both_markets_and_spot_answer_on_one_port(futures):
    for path in ("/api/v3", "/fapi/v1", "/dapi/v1"):
        assert await futures.sim.get(f"{path}/ping") == (200, {})
        _, body = await futures.sim.get(f"{path}/time")
        assert abs(body["serverTime"] - time.time() * 1000) < 1000
    _, info = await futures.sim.get("/fapi/v1/exchangeInfo")
    assert [s["symbol"] for s in info["symbols"]] == list(futures.usdm.symbols)
    assert info["serverTime"]
    _, info = await futures.sim.get("/dapi/v1/exchangeInfo")
    assert [s["symbol"] for s in info["symbols"]] == list(futures.coinm.symbols)


async def test_an_account_is_who_signs(futures):
    assert (await futures.call("POST", "/fapi/v1/order", **ORDER))[0] == 200
    assert futures.usdm.calls[-1][:2] == ("place_order", "sim-key")
    status, body = await futures.call("POST", "/fapi/v1/order", signature="00", **ORDER)
    assert (status, body["code"]) == (400, -1022)
    status, body = await futures.call("POST", "/fapi/v1/order", timestamp=1, **ORDER)
    assert (status, body["code"]) == (400, -1021)
    status, body = await futures.call("GET", "/fapi/v1/openOrders", signed=False)
    assert (status, body["code"]) == (400, -1102)


async def test_what_the_exchange_refuses_is_answered_in_its_words(futures):
    stop = ORDER | {"type": "STOP_MARKET"}
    status, body = await futures.call("POST", "/fapi/v1/order", **stop)
    assert (status, body["code"]) == (400, -4120)


async def test_old_trades_need_an_api_key_but_no_signature(futures):
    path = "/fapi/v1/historicalTrades"
    status, body = await futures.call("GET", path, key="", signed=False, symbol="BTCUSDT")
    assert (status, body) == (401, {"code": -2014, "msg": "API-key format invalid."})
    status, _ = await futures.call("GET", path, signed=False, symbol="BTCUSDT")
    assert status == 200


async def test_unknown_paths_are_answered_in_json(futures):
    answer = await futures.call("GET", "/fapi/v1/nothing")
    assert answer == (404, {"code": -5000, "msg": "Path /fapi/v1/nothing, Method GET is invalid"})
    status, body = await futures.call("DELETE", "/dapi/v1/time")
    assert (status, body["code"]) == (404, -5000)


async def test_both_markets_count_into_one_allowance_and_spot_into_another(futures):
    response, _ = await futures.ask("GET", "/fapi/v1/openOrders")
    assert response.headers["X-MBX-USED-WEIGHT-1M"] == "40"
    response, _ = await futures.ask("GET", "/dapi/v1/openOrders")
    assert response.headers["X-MBX-USED-WEIGHT-1M"] == "80"
    async with futures.sim.session.get(f"{futures.sim.http}/api/v3/ping") as response:
        assert response.headers["X-MBX-USED-WEIGHT-1M"] == "1"


async def test_orders_weigh_nothing_and_are_counted_over_both_markets(futures):
    response, _ = await futures.ask("POST", "/fapi/v1/order", **ORDER)
    assert response.headers["X-MBX-USED-WEIGHT-1M"] == "0"
    assert response.headers["X-MBX-ORDER-COUNT-10S"] == "1"
    response, _ = await futures.ask("POST", "/dapi/v1/order", **ORDER)
    assert int(response.headers["X-MBX-ORDER-COUNT-1M"]) == 2
    batch = '[{"symbol":"BTCUSDT"},{"symbol":"BTCUSDT"}]'
    response, _ = await futures.ask("POST", "/fapi/v1/batchOrders", batchOrders=batch)
    assert int(response.headers["X-MBX-ORDER-COUNT-1M"]) == 4


async def test_limits_are_told_as_they_are_applied(start_futures, futures_rules):
    futures = await start_futures(futures_rules=futures_rules(orders_10s=7, orders_1m=9))
    for api in ("fapi", "dapi"):
        _, info = await futures.sim.get(f"/{api}/v1/exchangeInfo")
        limits = [
            (one["rateLimitType"], one["interval"], one["intervalNum"], one["limit"])
            for one in info["rateLimits"]
        ]
        assert limits == [
            ("REQUEST_WEIGHT", "MINUTE", 1, 2400),
            ("ORDERS", "SECOND", 10, 7),
            ("ORDERS", "MINUTE", 1, 9),
        ]
        await futures.call("POST", f"/{api}/v1/order", **ORDER)
    _, counts = await futures.call("GET", "/fapi/v1/rateLimit/order")
    assert [(one["limit"], one["count"]) for one in counts][1] == (9, 2)


async def test_too_many_orders_are_refused_with_a_wait(start_futures, futures_rules):
    futures = await start_futures(futures_rules=futures_rules(orders_1m=2))
    for _ in range(2):
        assert (await futures.call("POST", "/fapi/v1/order", **ORDER))[0] == 200
    response, body = await futures.ask("POST", "/fapi/v1/order", **ORDER)
    assert (response.status, body["code"]) == (429, -1015)
    assert 0 < int(response.headers["Retry-After"]) <= 60
    # Another account has its own count.
    status, _ = await futures.call("POST", "/fapi/v1/order", key="other", secret="hush", **ORDER)
    assert status == 200


async def test_a_batch_that_would_be_too_many_is_refused_whole(start_futures, futures_rules):
    futures = await start_futures(futures_rules=futures_rules(orders_10s=2))
    batch = '[{"symbol":"BTCUSDT"},{"symbol":"BTCUSDT"},{"symbol":"BTCUSDT"}]'
    status, body = await futures.call("POST", "/fapi/v1/batchOrders", batchOrders=batch)
    assert (status, body["code"]) == (429, -1015)
    assert futures.usdm.calls == []


async def test_too_much_weight_is_refused(start_futures, futures_rules):
    futures = await start_futures(futures_rules=futures_rules(weight_per_minute=50))
    statuses = [(await futures.call("GET", "/fapi/v1/openOrders"))[0] for _ in range(2)]
    assert statuses == [200, 429]


@pytest.mark.parametrize(
    ("path", "params", "weight"),
    [
        ("/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": 50}, 2),
        ("/fapi/v1/depth", {"symbol": "BTCUSDT"}, 10),
        ("/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": 1000}, 20),
        ("/fapi/v1/openOrders", {"symbol": "BTCUSDT"}, 1),
        ("/fapi/v1/historicalTrades", {"symbol": "BTCUSDT"}, 200),
        ("/fapi/v3/account", {}, 5),
        ("/fapi/v1/countdownCancelAll", {}, 10),
    ],
)
async def test_weights(futures, path, params, weight):
    method = "POST" if path.endswith("All") else "GET"
    response, _ = await futures.ask(method, path, **params)
    assert response.status == 200
    assert response.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)


async def test_the_state_has_the_futures_markets_beside_what_it_had(futures):
    _, state = await futures.sim.get("/sim/state")
    assert {"orders", "trades", "balances", "accounts", "connections", "clock"} <= state.keys()
    assert state["futures"] == {
        "usdm": {"orders": [], "kind": "usdm"},
        "coinm": {"orders": [], "kind": "coinm"},
    }


async def test_without_futures_their_paths_do_not_exist(sim):
    async with sim.session.get(f"{sim.http}/fapi/v1/ping") as response:
        assert response.status == 404
    assert (await sim.get("/sim/state"))[1]["futures"] == {}


async def test_both_markets_have_one_position_mode(futures):
    assert futures.usdm.partner is futures.coinm
