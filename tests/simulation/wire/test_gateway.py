"""REST: who is let in, which headers come back, what retired paths answer."""

import time
from urllib.parse import quote, urlencode

import pytest
from yarl import URL

from bot.simulation.wire.rules import WireRules

RETIRED = ("api/v3/userDataStream", "api/v1/ping", "api/v1/userDataStream")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", RETIRED)
async def test_retired_paths_are_gone_in_html_of_136_bytes(sim, method, path):
    async with sim.session.request(method, f"{sim.http}/{path}") as response:
        body = await response.read()
        assert response.status == 410
        assert response.content_type == "text/html"
    assert len(body) == 136
    assert b"<title>410 Gone</title>" in body


async def test_sapi_is_not_there(sim):
    status, body = await sim.get("/sapi/v1/account/status")
    assert status == 404
    assert body["error"] == "Not Found"
    assert body["path"] == "/sapi/v1/account/status"


@pytest.mark.parametrize(
    "path",
    [
        *("ping", "time", "exchangeInfo", "depth?symbol=BTCUSDT", "trades?symbol=BTCUSDT"),
        *("historicalTrades?symbol=BTCUSDT", "aggTrades?symbol=BTCUSDT"),
        *("klines?symbol=BTCUSDT&interval=1m", "uiKlines?symbol=BTCUSDT&interval=1m"),
        *("avgPrice?symbol=BTCUSDT", "ticker/24hr", "ticker/24hr?symbol=BTCUSDT"),
        *("ticker/price", "ticker/bookTicker?symbol=BTCUSDT"),
    ],
)
async def test_public_data_needs_no_key(sim, path):
    status, _ = await sim.get(f"/api/v3/{path}")
    assert status == 200


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        (
            "POST",
            "order/test",
            {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"},
        ),
        ("GET", "openOrders", {}),
        ("GET", "allOrders", {"symbol": "BTCUSDT"}),
        ("GET", "myTrades", {"symbol": "BTCUSDT"}),
        ("GET", "account", {}),
        ("GET", "account/commission", {"symbol": "BTCUSDT"}),
        ("GET", "rateLimit/order", {}),
    ],
)
async def test_account_data_needs_a_signature(sim, method, path, params):
    assert (await sim.call(method, path, **params))[0] == 200
    assert (await sim.call(method, path, secret="wrong", **params))[1]["code"] == -1022
    assert (await sim.call(method, path, key="nobody", **params))[1]["code"] == -2015
    async with sim.session.request(method, f"{sim.http}/api/v3/{path}") as response:
        assert response.status == 401
        assert (await response.json())["code"] == -2014


async def test_what_is_missing_is_named(sim):
    headers = {"X-MBX-APIKEY": "sim-key"}
    url = f"{sim.http}/api/v3/account"
    async with sim.session.get(url, headers=headers) as response:
        assert await response.json() == {
            "code": -1102,
            "msg": "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
        }
    async with sim.session.get(f"{url}?timestamp=1", headers=headers) as response:
        assert "'signature'" in (await response.json())["msg"]


async def test_old_and_early_timestamps_are_refused(sim):
    now = int(time.time() * 1000)
    assert (await sim.call("GET", "account", timestamp=now - 6000))[1]["code"] == -1021
    assert (await sim.call("GET", "account", timestamp=now - 6000, recvWindow=9000))[0] == 200
    assert (await sim.call("GET", "account", timestamp=now + 3000))[1] == {
        "code": -1021,
        "msg": "Timestamp for this request was 1000ms ahead of the server's time.",
    }


async def test_parameters_may_be_split_between_query_and_body(sim):
    query = "symbol=BTCUSDT&side=BUY&type=LIMIT"
    body = urlencode(
        {
            "timeInForce": "GTC",
            "quantity": "0.1",
            "price": "40000",
            "newClientOrderId": "a-b",
            "timestamp": int(time.time() * 1000),
        }
    )
    signature = sim.sign(query + body)
    async with sim.session.post(
        f"{sim.http}/api/v3/order?{query}",
        data=f"{body}&signature={signature}",
        headers={
            "X-MBX-APIKEY": "sim-key",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    ) as response:
        assert response.status == 200, await response.text()
        assert (await response.json())["clientOrderId"] == "a-b"


async def test_the_payload_is_percent_encoded_before_it_is_signed(sim):
    raw = f"symbol=这是&timestamp={int(time.time() * 1000)}"
    encoded = quote(raw, safe="=&")
    codes = []
    for signed in (raw, encoded):
        url = f"/api/v3/openOrders?{encoded}&signature={sim.sign(signed)}"
        headers = {"X-MBX-APIKEY": "sim-key"}
        async with sim.session.get(URL(sim.http + url, encoded=True), headers=headers) as response:
            codes.append((await response.json())["code"])
    assert codes[0] == -1022
    assert codes[1] != -1022


async def test_weight_and_order_count_come_in_headers(sim):
    async with sim.session.get(f"{sim.http}/api/v3/depth?symbol=BTCUSDT&limit=5000") as response:
        assert response.headers["X-MBX-USED-WEIGHT-1M"] == "250"
        assert response.headers["Content-Type"] == "application/json;charset=UTF-8"
    query = sim.signed(
        symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price="40000"
    )
    headers = {"X-MBX-APIKEY": "sim-key"}
    url = f"{sim.http}/api/v3/order?{query}"
    async with sim.session.post(url, headers=headers) as response:
        # A successful order weighs nothing.
        assert response.headers["X-MBX-USED-WEIGHT-1M"] == "250"
        assert response.headers["X-MBX-ORDER-COUNT-10S"] == "1"
        assert response.headers["X-MBX-ORDER-COUNT-1D"] == "1"
    async with sim.session.post(url.replace("40000", "1"), headers=headers) as response:
        assert response.status == 400
        assert response.headers["X-MBX-USED-WEIGHT-1M"] == "251"


async def test_too_much_weight_is_429_with_retry_after_then_418(start_sim):
    sim = await start_sim(rules=WireRules(weight_per_minute=30, ban_after=2, ban_s=100))
    path = f"{sim.http}/api/v3/exchangeInfo"
    seen = []
    for _ in range(6):
        async with sim.session.get(path) as response:
            seen.append((response.status, response.headers.get("Retry-After")))
            body = await response.json()
    assert [status for status, _ in seen] == [200, 429, 429, 418, 418, 418]
    assert 1 <= int(seen[1][1]) <= 60
    assert 98 <= int(seen[4][1]) <= 100
    assert body["code"] == -1003
    assert set(body) == {"code", "msg"}


async def test_a_wrong_method_or_path_is_refused_without_harm(sim):
    async with sim.session.patch(f"{sim.http}/api/v3/order") as response:
        assert response.status == 405
    async with sim.session.get(f"{sim.http}/api/v3/nothing") as response:
        assert response.status == 404


async def test_without_admin_the_control_side_does_not_exist(start_sim):
    sim = await start_sim(admin=False)
    for path in ("/sim/state", "/sim/faults"):
        async with sim.session.get(f"{sim.http}{path}") as response:
            assert response.status == 404


async def test_too_many_orders_say_when_to_come_back(sim):
    async def place():
        query = sim.signed(
            symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price="100"
        )
        url, headers = f"{sim.http}/api/v3/order?{query}", {"X-MBX-APIKEY": "sim-key"}
        async with sim.session.post(url, headers=headers) as response:
            return response.status, await response.json(), response.headers

    for _ in range(250):
        status, body, headers = await place()
        if status == 429:
            break
    assert status == 429
    assert body["code"] == -1015
    assert set(body) == {"code", "msg"}
    assert 1 <= int(headers["Retry-After"]) <= 10


async def test_exchange_info_tells_the_limits_that_are_applied(start_sim):
    sim = await start_sim(rules=WireRules(weight_per_minute=100, raw_requests=7))
    rows = (await sim.get("/api/v3/exchangeInfo"))[1]["rateLimits"]
    limits = {row["rateLimitType"]: row["limit"] for row in rows}
    assert (limits["REQUEST_WEIGHT"], limits["RAW_REQUESTS"]) == (100, 7)
    assert [row["interval"] for row in rows if row["rateLimitType"] == "ORDERS"] == [
        *("SECOND", "DAY"),
    ]
