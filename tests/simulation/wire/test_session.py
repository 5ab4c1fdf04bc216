"""The WebSocket API: envelopes, sessions and user data subscriptions."""

import base64
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.simulation.account import AccountSpec
from bot.simulation.wire.rules import WireRules

ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.5",
    "price": "50001",
}


async def test_a_reply_echoes_the_id_and_shows_the_weight(sim):
    api = await sim.connect("/ws-api/v3")
    for ident in (1, "abc", None, -5):
        reply = await api.ask({"id": ident, "method": "time"})
        assert reply["id"] == ident
        assert reply["status"] == 200
        assert abs(reply["result"]["serverTime"] - time.time() * 1000) < 5000
        assert reply["rateLimits"][0]["rateLimitType"] == "REQUEST_WEIGHT"
    # Two for the connection, one for each request.
    assert reply["rateLimits"][0]["count"] == 6


async def test_rate_limits_can_be_hidden_by_request_and_by_connection(sim):
    api = await sim.connect("/ws-api/v3")
    params = {"returnRateLimits": False}
    assert "rateLimits" not in await api.ask({"id": 1, "method": "ping", "params": params})
    quiet = await sim.connect("/ws-api/v3?returnRateLimits=false")
    assert await quiet.ask({"id": 1, "method": "v3/ping"}) == {"id": 1, "status": 200, "result": {}}
    params = {"returnRateLimits": True}
    assert "rateLimits" in await quiet.ask({"id": 1, "method": "ping", "params": params})


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("exchangeInfo", {"symbols": ["BTCUSDT", "ETHUSDT"]}),
        ("depth", {"symbol": "BTCUSDT", "limit": 5}),
        ("trades.recent", {"symbol": "BTCUSDT"}),
        ("trades.historical", {"symbol": "BTCUSDT"}),
        ("trades.aggregate", {"symbol": "BTCUSDT"}),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m"}),
        ("avgPrice", {"symbol": "BTCUSDT"}),
        ("ticker.24hr", {"symbol": "BTCUSDT"}),
        ("ticker.price", {"symbol": "BTCUSDT"}),
        ("ticker.book", {"symbol": "BTCUSDT"}),
    ],
)
async def test_public_methods_answer(sim, method, params):
    api = await sim.connect("/ws-api/v3")
    reply = await api.ask({"id": 1, "method": method, "params": params})
    assert reply["status"] == 200, reply


async def test_an_order_is_placed_queried_and_cancelled(sim):
    api = await sim.connect("/ws-api/v3")

    async def ask(method, **params):
        return await api.ask({"id": 1, "method": method, "params": sim.ws_signed(**params)})

    placed = await ask("order.place", **ORDER | {"price": "40000.10", "newClientOrderId": "x"})
    assert placed["result"]["status"] == "NEW"
    assert [row["rateLimitType"] for row in placed["rateLimits"]] == [
        *("ORDERS", "ORDERS", "REQUEST_WEIGHT"),
    ]
    asked = await ask("order.status", symbol="BTCUSDT", origClientOrderId="x")
    assert asked["result"]["price"] == "40000.10000000"
    assert len((await ask("openOrders.status", symbol="BTCUSDT"))["result"]) == 1
    canceled = await ask("order.cancel", symbol="BTCUSDT", origClientOrderId="x")
    assert canceled["result"]["status"] == "CANCELED"
    again = await ask("order.cancel", symbol="BTCUSDT", origClientOrderId="x")
    assert (again["status"], again["error"]["code"]) == (400, -2011)
    assert (await ask("order.test", **ORDER))["result"] == {}
    assert len((await ask("allOrders", symbol="BTCUSDT"))["result"]) == 1
    assert (await ask("myTrades", symbol="BTCUSDT"))["result"] == []
    assert (await ask("account.status"))["result"]["canTrade"]


async def test_user_events_are_wrapped_with_their_subscription(sim):
    stream = await sim.user_stream()
    await sim.order("BUY", "0.5", "50001")
    events = [await stream.next() for _ in range(3)]
    assert {event["subscriptionId"] for event in events} == {0}
    assert [e["event"]["e"] for e in events] == [
        *("executionReport", "executionReport", "outboundAccountPosition"),
    ]
    assert [e["event"].get("x") for e in events] == ["NEW", "TRADE", None]


async def test_one_subscription_an_account_and_several_accounts_a_connection(sim):
    stream = await sim.user_stream()
    subscribe = "userDataStream.subscribe.signature"
    again = await stream.ask({"id": 2, "method": subscribe, "params": sim.ws_signed()})
    assert (again["status"], again["error"]["code"]) == (400, -2035)
    params = sim.ws_signed(key="other", secret="hush")
    second = await stream.ask({"id": 3, "method": subscribe, "params": params})
    assert second["result"] == {"subscriptionId": 1}
    listed = await stream.ask({"id": 4, "method": "session.subscriptions"})
    assert listed["result"] == [{"subscriptionId": 0}, {"subscriptionId": 1}]
    await sim.order("BUY", "0.5", "49000", key="other", secret="hush")
    assert (await stream.next())["subscriptionId"] == 1
    # The other account's own connection hears of it too: one subscription a connection.
    assert {c["kind"] for c in await sim.connections()} == {"user"}


async def test_unsubscribing_ends_the_stream_and_says_so(sim):
    stream = await sim.user_stream()
    method = "userDataStream.unsubscribe"
    await stream.raw.send_json({"id": 2, "method": method, "params": {"subscriptionId": 0}})
    messages = [await stream.next(), await stream.next()]
    assert {"id", "status", "result", "rateLimits"} in [set(m) for m in messages]
    ended = next(m for m in messages if "event" in m)
    assert ended["subscriptionId"] == 0
    assert ended["event"]["e"] == "eventStreamTerminated"
    await sim.order("BUY", "0.5", "49000")
    assert await stream.is_silent()
    inactive = await sim.user_stream()
    reply = await inactive.ask({"id": 2, "method": method, "params": {"subscriptionId": 9}})
    assert reply["error"]["code"] == -2036


async def test_nothing_is_replayed_to_a_later_subscription(sim):
    await sim.order("BUY", "0.5", "49000")
    stream = await sim.user_stream()
    assert await stream.is_silent()


def ed25519_account():
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private, AccountSpec("ed-key", pem.decode())


def logon(private):
    params = {"apiKey": "ed-key", "timestamp": int(time.time() * 1000)}
    payload = "&".join(f"{k}={v}" for k, v in sorted(params.items()))
    return params | {"signature": base64.b64encode(private.sign(payload.encode())).decode()}


async def test_a_session_is_logged_on_with_ed25519_and_needs_no_further_signature(start_sim):
    private, account = ed25519_account()
    sim = await start_sim(accounts=(account,))
    api = await sim.connect("/ws-api/v3")
    reply = await api.ask({"id": 1, "method": "session.logon", "params": logon(private)})
    assert reply["result"]["apiKey"] == "ed-key"
    assert reply["result"]["userDataStream"] is False
    assert (await api.ask({"id": 2, "method": "userDataStream.subscribe"}))["result"] == {
        "subscriptionId": 0
    }
    params = ORDER | {"price": "40000", "timestamp": int(time.time() * 1000)}
    replied = await api.until_reply({"id": 3, "method": "order.place", "params": params})
    assert replied["status"] == 200, replied
    missing = await api.until_reply({"id": 4, "method": "order.place", "params": ORDER})
    assert missing["error"]["code"] == -1102
    out = await api.until_reply({"id": 5, "method": "session.logout"})
    assert out["result"]["apiKey"] is None
    status = await api.until_reply({"id": 6, "method": "session.status"})
    assert status["result"]["userDataStream"] is False
    refused = await api.until_reply({"id": 7, "method": "order.place", "params": params})
    assert refused["status"] == 401


async def test_an_hmac_key_has_no_session(sim):
    api = await sim.connect("/ws-api/v3")
    reply = await api.ask({"id": 1, "method": "session.logon", "params": sim.ws_signed()})
    assert reply["status"] == 400
    reply = await api.ask({"id": 2, "method": "userDataStream.subscribe"})
    assert reply["status"] == 401
    status = (await api.ask({"id": 3, "method": "session.status"}))["result"]
    assert status["apiKey"] is None
    assert status["authorizedSince"] is None


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ("{nope", 400, -1135),
        ("[]", 400, -1135),
        ('{"id":1,"method":"dance"}', 400, -1020),
        ('{"id":1,"method":5}', 400, -1135),
        ('{"id":[1],"method":"ping"}', 400, -1135),
        ('{"id":1,"method":"ping","params":[1]}', 400, -1135),
        ('{"id":1,"method":"order.place","params":{}}', 401, -2014),
    ],
)
async def test_bad_requests_are_answered(sim, sent, status, code):
    api = await sim.connect("/ws-api/v3")
    reply = await api.tell(sent)
    assert (reply["status"], reply["error"]["code"]) == (status, code)
    assert (await api.ask({"id": 1, "method": "ping"}))["status"] == 200


async def test_a_banned_address_loses_its_connection(start_sim):
    sim = await start_sim(rules=WireRules(weight_per_minute=10, ban_after=1))
    api = await sim.connect("/ws-api/v3")
    for ident, status in enumerate((429, 418)):
        reply = await api.ask({"id": ident, "method": "exchangeInfo"})
        assert reply["status"] == status
        assert reply["error"]["data"]["retryAfter"] > reply["error"]["data"]["serverTime"]
    assert await api.ended() == 1008
