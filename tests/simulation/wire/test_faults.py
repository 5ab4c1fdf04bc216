"""Every fault of the list, seen from the client's end of the wire."""

import asyncio
import time

import aiohttp
import orjson
import pytest

from bot.simulation.wire.diff import recorded_diffs

ORDER = "POST /api/v3/order"


async def settled(sim, wanted, timeout_s=20.0):
    """Wait until the control side's state satisfies ``wanted``."""
    async with asyncio.timeout(timeout_s):
        while True:
            state = (await sim.get("/sim/state"))[1]
            if wanted(state):
                return state
            await asyncio.sleep(0.02)


async def three(sim):
    """A market, a user and a plain WebSocket API connection."""
    return (
        await sim.connect("/ws/btcusdt@trade"),
        await sim.user_stream(),
        await sim.connect("/ws-api/v3"),
    )


@pytest.mark.parametrize(
    ("target", "ended"),
    [("market", "100"), ("user", "010"), ("wsapi", "011"), ("all", "111")],
)
async def test_drop_cuts_the_connections_of_its_target_without_a_close_frame(sim, target, ended):
    sockets = await three(sim)
    sim.post({"kind": "drop", "target": target})
    for socket, is_cut in zip(sockets, ended, strict=True):
        if is_cut == "1":
            assert await socket.ended() is None
        else:
            assert await socket.is_silent(0.3)
    again = await sim.connect("/ws/btcusdt@trade")
    await sim.order("BUY", "0.1", "50001")
    assert (await again.next())["e"] == "trade"


async def test_half_open_is_mute_but_connected_and_new_connections_work(sim):
    market, user, api = await three(sim)
    sim.post({"kind": "half_open", "target": "all"})
    await sim.struck()
    await sim.order("BUY", "0.1", "50001")
    for socket in (market, user, api):
        await socket.raw.send_str('{"id":1,"method":"ping"}')
        await socket.raw.ping(b"there?")
        assert await socket.is_silent(0.2)
        assert not socket.raw.closed
    assert len(await sim.connections()) == 3
    fresh = await sim.user_stream()
    await sim.order("BUY", "0.1", "49000")
    assert (await fresh.next())["event"]["x"] == "NEW"


async def test_half_open_for_some_time_holds_for_new_connections_too(sim):
    sim.post({"kind": "half_open", "target": "market", "for_s": 3600})
    await sim.struck()
    mute = await sim.connect("/ws")
    await mute.raw.send_str('{"method":"LIST_SUBSCRIPTIONS","id":1}')
    assert await mute.is_silent(0.2)
    sim.let_pass(3600)
    fresh = await sim.connect("/ws")
    assert await fresh.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1}) == {"result": [], "id": 1}


async def test_an_outage_cuts_everything_and_refuses_until_it_is_over(sim):
    sockets = await three(sim)
    sim.post({"kind": "outage", "for_s": 3600})
    for socket in sockets:
        assert await socket.ended() is None
    with pytest.raises(aiohttp.ClientError):
        await sim.get("/api/v3/ping")
    with pytest.raises(aiohttp.ClientError):
        await sim.connect("/ws")
    # The control side stays.
    assert (await sim.connections()) == []
    sim.let_pass(3600)
    assert (await sim.get("/api/v3/ping")) == (200, {})


async def test_lost_duplicated_and_swapped_user_events(sim):
    stream = await sim.user_stream()
    sim.post({"kind": "lose", "target": "user", "match": "executionReport", "times": 1})
    await sim.order("BUY", "0.1", "49000")
    assert (await stream.next())["event"]["e"] == "outboundAccountPosition"
    sim.post({"kind": "duplicate", "target": "user", "match": "executionReport", "times": 1})
    await sim.order("BUY", "0.1", "49001")
    assert [(await stream.next())["event"]["e"] for _ in range(3)] == [
        *("executionReport", "executionReport", "outboundAccountPosition"),
    ]
    sim.post({"kind": "reorder", "target": "user", "match": "executionReport", "times": 1})
    await sim.order("BUY", "0.1", "49002")
    assert [(await stream.next())["event"]["e"] for _ in range(2)] == [
        *("outboundAccountPosition", "executionReport"),
    ]


async def test_a_delayed_event_comes_late(sim):
    stream = await sim.user_stream()
    sim.post({"kind": "delay", "target": "user", "match": "executionReport", "ms": 250})
    before = time.monotonic()
    await sim.order("BUY", "0.1", "49000")
    assert (await stream.next())["event"]["e"] == "outboundAccountPosition"
    assert (await stream.next())["event"]["e"] == "executionReport"
    assert time.monotonic() - before >= 0.25


async def test_lost_and_held_back_market_events(sim):
    stream = await sim.connect("/ws/btcusdt@trade")
    sim.post({"kind": "lose", "target": "market", "match": "trade", "times": 1})
    for _ in range(2):
        await sim.order("BUY", "0.1", "50001")
    assert (await stream.next())["t"] == 2
    # A frame that nothing follows is let go after its time.
    sim.post({"kind": "reorder", "target": "market", "match": "trade", "ms": 100, "times": 1})
    await sim.order("BUY", "0.1", "50001")
    assert (await stream.next())["t"] == 3


async def test_an_error_before_execution_places_nothing(sim):
    sim.post({"kind": "http", "match": ORDER, "status": 503, "code": -1008, "when": "before"})
    status, body = await place(sim)
    assert (status, body["code"]) == (503, -1008)
    assert sim.exchange.state()["orders"] == []


async def test_an_error_after_execution_hides_an_order_that_lives(sim):
    stream = await sim.user_stream()
    sim.post({"kind": "http", "match": ORDER, "status": 504, "code": -1007, "when": "after"})
    status, body = await place(sim)
    assert (status, body["code"]) == (504, -1007)
    assert [o["clientOrderId"] for o in sim.exchange.state()["orders"]] == ["mine"]
    assert (await stream.next())["event"]["c"] == "mine"
    assert (await sim.call("GET", "order", symbol="BTCUSDT", origClientOrderId="mine"))[0] == 200


@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
async def test_status_0_cuts_the_connection(sim, when, orders):
    sim.post({"kind": "http", "match": ORDER, "status": 0, "when": when})
    with pytest.raises(aiohttp.ClientError):
        await place(sim)
    assert len(sim.exchange.state()["orders"]) == orders


@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
async def test_the_same_fault_strikes_orders_of_the_websocket_api(sim, when, orders):
    api = await sim.connect("/ws-api/v3")
    sim.post({"kind": "http", "match": ORDER, "status": 0, "when": when})
    params = sim.ws_signed(
        symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.1", price="49000"
    )
    await api.raw.send_json({"id": 1, "method": "order.place", "params": params})
    assert await api.ended() is None
    assert len(sim.exchange.state()["orders"]) == orders


async def test_a_rate_limit_says_how_long_to_wait(sim):
    sim.post({"kind": "rate_limit", "status": 418, "retry_after_s": 7})
    async with sim.session.get(f"{sim.http}/api/v3/time") as response:
        assert response.status == 418
        assert response.headers["Retry-After"] == "7"
        assert (await response.json())["code"] == -1003


async def test_a_skewed_clock_is_the_clock_of_all_rules(sim):
    sim.post({"kind": "clock_skew", "ms": -12_000})
    shown = (await sim.get("/api/v3/time"))[1]["serverTime"]
    assert shown < time.time() * 1000 - 11_000
    assert (await sim.call("GET", "account"))[1]["code"] == -1021
    assert (await sim.call("GET", "account", timestamp=shown))[0] == 200


async def test_a_shutdown_is_announced_in_three_shapes_before_the_end(sim):
    raw = await sim.connect("/ws/btcusdt@trade")
    combined = await sim.connect("/stream?streams=btcusdt@trade")
    api = await sim.user_stream()
    sim.post({"kind": "server_shutdown", "for_s": 0.2})
    event = await raw.next()
    assert set(event) == {"e", "E"}
    assert event["e"] == "serverShutdown"
    wrapped = await combined.next()
    assert wrapped["stream"] == "!serverShutdown"
    assert wrapped["data"]["e"] == "serverShutdown"
    bare = await api.next()
    assert set(bare) == {"event"}
    assert bare["event"]["e"] == "serverShutdown"
    for socket in (raw, combined, api):
        assert await socket.ended() == 1001


async def test_a_terminated_stream_is_announced_and_silent_on_a_living_connection(sim):
    stream = await sim.user_stream()
    sim.post({"kind": "stream_terminated"})
    ended = await stream.next()
    assert ended["subscriptionId"] == 0
    assert ended["event"]["e"] == "eventStreamTerminated"
    await sim.order("BUY", "0.1", "49000")
    assert await stream.is_silent()
    reply = await stream.ask(
        {"id": 2, "method": "userDataStream.subscribe.signature", "params": sim.ws_signed()}
    )
    assert reply["result"] == {"subscriptionId": 1}


async def test_a_book_gap_skips_update_ids_once(sim):
    stream = await sim.connect("/ws/btcusdt@depth@100ms")
    await sim.order("BUY", "0.1", "49000")
    before = (await stream.next())["u"]
    sim.post({"kind": "book_gap", "symbol": "BTCUSDT"})
    await sim.struck()
    await sim.order("BUY", "0.1", "49001")
    assert await stream.is_silent(0.3)
    await sim.order("BUY", "0.1", "49002")
    assert (await stream.next())["U"] > before + 1


@pytest.mark.parametrize(
    ("symbol", "struck"),
    [("BTCUSDT", {"btcusdt@depth@100ms"}), ("", {"btcusdt@depth@100ms", "ethusdt@depth"})],
)
def test_a_book_gap_strikes_recorded_changes_of_the_book_too(symbol, struck):
    others = {"btcusdt@trade", "btcusdt@depth5@100ms"}
    assert recorded_diffs({*others, "btcusdt@depth@100ms", "ethusdt@depth"}, symbol) == struck


@pytest.mark.parametrize("status", [200, 502])
async def test_an_html_page_comes_in_place_of_json(sim, status):
    sim.post({"kind": "html_body", "match": "GET /api/v3/account", "status": status})
    query = sim.signed()
    headers = {"X-MBX-APIKEY": "sim-key"}
    async with sim.session.get(f"{sim.http}/api/v3/account?{query}", headers=headers) as response:
        assert response.status == status
        assert response.content_type == "text/html"
        assert b"nginx" in await response.read()


async def test_faults_are_posted_listed_and_cleared_over_http(sim):
    url = f"{sim.http}/sim/faults"
    fault = {"kind": "http", "match": ORDER, "status": 503, "times": 2}
    async with sim.session.post(url, data=orjson.dumps([fault])) as response:
        assert response.status == 200
        (active,) = (await response.json())["faults"]
    assert {k: active[k] for k in fault} == fault
    assert (await place(sim))[0] == 503
    assert (await sim.get("/sim/faults"))[1]["faults"][0]["times"] == 1
    async with sim.session.delete(url) as response:
        assert await response.json() == {"faults": []}
    assert (await place(sim))[0] == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{nope", "not JSON"),
        (b"{}", "list"),
        (b'[{"kind":"explode"}]', "kind"),
        (b'[{"kind":"drop","target":"moon"}]', "target"),
    ],
)
async def test_a_bad_fault_is_refused_with_its_field(sim, body, said):
    async with sim.session.post(f"{sim.http}/sim/faults", data=body) as response:
        assert response.status == 400
        refusal = await response.json()
    assert refusal["code"] == -1130
    assert said in refusal["msg"]


async def test_the_state_tells_connections_and_clock(sim):
    sockets = await three(sim)
    state = (await sim.get("/sim/state"))[1]
    assert [(c["kind"], c["path"], c["streams"]) for c in state["connections"]] == [
        ("market", "/ws/btcusdt@trade", ["btcusdt@trade"]),
        ("user", "/ws-api/v3", []),
        ("wsapi", "/ws-api/v3", []),
    ]
    assert abs(state["clock"] - time.time() * 1000) < 5_000
    assert {"orders", "trades", "balances", "accounts"} <= set(state)
    assert not any(socket.raw.closed for socket in sockets)


async def place(sim):
    return await sim.call(
        *("POST", "order"),
        symbol="BTCUSDT",
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.1",
        price="49000",
        newClientOrderId="mine",
    )
