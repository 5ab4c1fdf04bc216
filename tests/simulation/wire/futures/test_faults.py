"""Every kind of fault also strikes futures connections and requests."""

import asyncio

import aiohttp
import pytest

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT"}
PATHS = {
    "market": "/market/ws/btcusdt@markPrice@1s",
    "user": "/private/ws/{key}",
    "wsapi": "/ws-fapi/v1",
    "coin": "/dstream/ws/btcusd_perp@aggTrade",
    "coin user": "/dstream/ws/{coin_key}",
}


async def connect_all(futures):
    keys = {"key": await futures.listen_key(), "coin_key": await futures.listen_key("dapi")}
    paths = {name: path.format(**keys) for name, path in PATHS.items()}
    return {name: await futures.sim.connect(path) for name, path in paths.items()}


async def private(futures):
    return await futures.sim.connect(f"/private/ws/{await futures.listen_key()}")


@pytest.mark.parametrize(
    ("target", "struck"),
    [
        ("market", {"market", "coin"}),
        ("user", {"user", "coin user"}),
        ("wsapi", {"wsapi"}),
        ("all", set(PATHS)),
    ],
)
async def test_drop_closes_the_connections_of_its_target(futures, target, struck):
    sockets = await connect_all(futures)
    futures.sim.post({"kind": "drop", "target": target})
    for name in struck:
        assert await sockets[name].ended() is None
    assert len(await futures.sim.connections()) == len(PATHS) - len(struck)


async def test_half_open_sends_and_answers_nothing_and_keeps_the_connection(futures):
    socket = await private(futures)
    futures.sim.post({"kind": "half_open", "target": "user"})
    await asyncio.sleep(0.15)
    futures.usdm.tell()
    assert await socket.is_silent(0.2)
    assert not socket.raw.closed


async def test_an_outage_refuses_futures_connections_and_requests(futures):
    futures.sim.post({"kind": "outage", "for_s": 0.5})
    with pytest.raises(aiohttp.ClientError):
        await futures.sim.get("/fapi/v1/ping")
    with pytest.raises(aiohttp.ClientError):
        await futures.sim.connect("/public/ws")
    await asyncio.sleep(0.6)
    assert (await futures.sim.get("/fapi/v1/ping"))[0] == 200


async def test_a_user_event_is_lost(futures):
    socket = await private(futures)
    fault = {"kind": "lose", "target": "user", "match": "ORDER_TRADE_UPDATE", "times": 1}
    futures.sim.post(fault)
    futures.usdm.tell(kind="ORDER_TRADE_UPDATE", o={"i": 1})
    futures.usdm.tell(kind="ORDER_TRADE_UPDATE", o={"i": 2})
    assert (await socket.next())["o"] == {"i": 2}


async def test_user_events_are_doubled_swapped_and_late(futures):
    socket = await private(futures)
    futures.sim.post({"kind": "duplicate", "target": "user", "times": 1})
    futures.usdm.tell(n=1)
    assert [(await socket.next())["n"] for _ in range(2)] == [1, 1]
    futures.sim.post({"kind": "reorder", "target": "user", "times": 1})
    futures.usdm.tell(n=2)
    futures.usdm.tell(n=3)
    assert [(await socket.next())["n"] for _ in range(2)] == [3, 2]
    futures.sim.post({"kind": "delay", "target": "user", "ms": 300, "times": 1})
    futures.usdm.tell(n=4)
    assert await socket.is_silent(0.25)
    assert (await socket.next())["n"] == 4


async def test_a_market_event_is_lost(futures):
    socket = await futures.sim.connect("/market/ws/btcusdt@aggTrade")
    futures.sim.post({"kind": "lose", "target": "market", "match": "aggTrade", "times": 1})
    futures.usdm.trade("BTCUSDT", 1)
    futures.usdm.trade("BTCUSDT", 2)
    assert (await socket.next())["f"] == 2


@pytest.mark.parametrize(("when", "executed"), [("before", 0), ("after", 1)])
async def test_an_error_answers_before_or_after_the_order(futures, when, executed):
    fault = {"kind": "http", "match": "POST /fapi/v1/order", "status": 503, "when": when}
    futures.sim.post(fault | {"times": 1})
    status, _ = await futures.call("POST", "/fapi/v1/order", **ORDER)
    assert status == 503
    assert [call[0] for call in futures.usdm.calls] == ["place_order"] * executed
    assert (await futures.call("POST", "/fapi/v1/order", **ORDER))[0] == 200


async def test_a_cut_answer_over_the_websocket_api_ends_the_connection(futures):
    socket = await futures.sim.connect("/ws-fapi/v1")
    futures.sim.post({"kind": "http", "match": "/fapi/v1/order", "status": 0, "when": "after"})
    request = {"id": 1, "method": "order.place", "params": futures.sim.ws_signed(**ORDER)}
    await socket.raw.send_json(request)
    assert await socket.ended() is None
    assert futures.usdm.calls


async def test_rate_limits_html_and_skew(futures):
    futures.sim.post(
        {"kind": "rate_limit", "match": "/fapi/v1/order", "retry_after_s": 7, "times": 1}
    )
    response, body = await futures.ask("POST", "/fapi/v1/order", **ORDER)
    assert (response.status, body["code"]) == (429, -1003)
    assert response.headers["Retry-After"] == "7"
    futures.sim.post({"kind": "html_body", "match": "/dapi/v1/ping", "status": 502, "times": 1})
    async with futures.sim.session.get(f"{futures.sim.http}/dapi/v1/ping") as response:
        assert (response.status, response.content_type) == (502, "text/html")
    futures.sim.post({"kind": "clock_skew", "ms": 60_000})
    status, body = await futures.call("POST", "/fapi/v1/order", **ORDER)
    assert (status, body["code"]) == (400, -1021)


async def test_a_shutdown_is_announced_in_the_connections_form(futures):
    raw = await futures.sim.connect("/public/ws")
    combined = await futures.sim.connect("/private/stream")
    futures.sim.post({"kind": "server_shutdown", "for_s": 0.1})
    assert (await raw.next())["e"] == "serverShutdown"
    message = await combined.next()
    assert (message["stream"], message["data"]["e"]) == ("!serverShutdown", "serverShutdown")
    assert await raw.ended() == 1001
