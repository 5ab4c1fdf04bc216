"""The port itself: nonsense from outside, both event loops, opening and closing."""

import asyncio
import contextlib
import io
import random
import socket
import time

import aiohttp
import pytest
import uvloop

from bot.domain.errors import SettingsError
from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket
from bot.simulation.wire.server import serve

GARBAGE = [
    *("", "{", "[]", "null", "true", "1e999", '"text"', "{}", '{"method":null}', '{"id":{}}'),
    *('{"method":["SUBSCRIBE"]}', '{"method":"SUBSCRIBE"}', '{"method":"SUBSCRIBE","params":{}}'),
    *('{"method":"SUBSCRIBE","params":[1]}', '{"method":"SUBSCRIBE","params":["a/b@\\u0000"]}'),
    *('{"id":99999999999999999999,"method":"ping"}', '{"id":"' + "x" * 99 + '","method":"ping"}'),
    *('{"id":1,"method":"klines","params":{"symbol":[{}],"interval":null}}', "[" * 5000),
    *('{"id":1,"method":"depth","params":{"symbol":"BTCUSDT","limit":-1e308}}',),
    *('{"id":1,"method":"depth","params":{"symbol":"BTCUSDT","limit":NaN}}', "\\ud800"),
    *(
        '{"id":1,"method":"order.place","params":{"apiKey":"sim-key","signature":5,"timestamp":[]}}',
    ),
    *('{"id":1,"method":"order.place","params":{"apiKey":"\\u0000","signature":"é"}}',),
    *('{"id":1,"method":"session.logon","params":{"apiKey":"sim-key","timestamp":1}}',),
    *('{"id":1,"method":"userDataStream.unsubscribe","params":{"subscriptionId":-1}}',),
]


async def is_alive(sim):
    return (await sim.get("/api/v3/ping")) == (200, {})


@pytest.mark.parametrize("path", ["/ws", "/ws-api/v3"])
@pytest.mark.parametrize("garbage", GARBAGE)
async def test_each_piece_of_garbage_is_answered_on_a_living_connection(sim, path, garbage):
    socket = await sim.connect(path)
    reply = await socket.tell(garbage)
    assert isinstance(reply, dict)
    # 500 would be the wall: something that was not thought of.
    assert reply.get("status") != 500
    # A binary frame with the same content is treated the same.
    await socket.raw.send_bytes(garbage.encode())
    assert isinstance(await socket.next(), dict)
    assert await is_alive(sim)


@pytest.mark.parametrize("path", ["/ws", "/ws-api/v3"])
async def test_binary_noise_and_broken_text_do_no_harm(sim, path):
    rng = random.Random(5)
    for _ in range(20):
        socket = await sim.connect(path)
        await socket.raw.send_bytes(rng.randbytes(rng.randrange(200)))
        await socket.next()
        await socket.raw._writer.send_frame(b"\xff\xfe", aiohttp.WSMsgType.TEXT)
        assert await socket.ended() == 1007
    assert await is_alive(sim)


@pytest.mark.parametrize("path", ["/ws", "/ws-api/v3"])
async def test_a_huge_message_ends_the_connection_only(sim, path):
    socket = await sim.connect(path)
    await socket.raw.send_str("x" * 1_000_000)
    assert await socket.ended() == 1009
    assert await is_alive(sim)


async def test_a_huge_body_is_refused(sim):
    body = io.BytesIO(b"x" * 3_000_000)
    async with sim.session.post(f"{sim.http}/api/v3/order", data=body) as response:
        assert response.status == 413
    assert await is_alive(sim)


@pytest.mark.parametrize(
    "request_line",
    [
        *(b"", b"\x00\xff", b"GET", b"GET / HTTP/9.9", b"GET /api/v3/ping", b"PRI * HTTP/2.0"),
        *(b"GET /api/v3/depth?symbol=%zz%ff&limit=%00 HTTP/1.1", b"GET //// HTTP/1.1"),
        *(b"GET /ws HTTP/1.1", b"GET /stream?streams=%ff HTTP/1.1"),
        b"GET /api/v3/order?" + b"a=b&" * 5000 + b" HTTP/1.1",
        b"GET /api/v3/time HTTP/1.1\r\nContent-Length: nonsense",
        b"POST /api/v3/order HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz",
    ],
)
async def test_broken_http_does_no_harm(sim, request_line):
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.server.port)
    with contextlib.closing(writer):
        writer.write(request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        # By the answer to another client it has been read; only then comes its end.
        assert await is_alive(sim)
        if writer.can_write_eof() and not writer.is_closing():
            writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 20)
        assert not answer or answer.startswith(b"HTTP/1.")
    assert await is_alive(sim)


async def test_random_orders_are_refused_in_binances_way_or_taken(sim):
    rng = random.Random(11)
    values = ["", "0", "-1", "1e400", "NaN", "abc", "0.00000001", "9" * 40, "é", "BTCUSDT", "BUY"]
    names = ["symbol", "side", "type", "timeInForce", "quantity", "price", "newClientOrderId"]
    base = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    for _ in range(150):
        params = base | {"quantity": "0.1", "price": "40000"}
        params[rng.choice(names)] = rng.choice(values)
        status, body = await sim.call("POST", "order", **params)
        assert status in (200, 400), body
        assert status == 200 or body["code"] < 0


async def test_the_whole_thing_runs_on_uvloop():
    def ask_on_uvloop() -> dict:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(ask())

    async def ask() -> dict:
        server = await opened()
        url = f"ws://127.0.0.1:{server.port}/ws"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
            await ws.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
            reply = await ws.receive_json(timeout=20)
        await server.close()
        return reply

    assert await asyncio.to_thread(ask_on_uvloop) == {"result": [], "id": 1}


async def opened(port=0, **options):
    exchange = SimulatedExchange(
        symbols=DEFAULT_SYMBOLS,
        accounts=[AccountSpec("sim-key", "sim-secret")],
        market=StillMarket(),
        start_ms=int(time.time() * 1000),
    )
    return await serve(exchange, port=port, **options)


async def test_a_taken_port_is_told_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"cannot listen on 127.0.0.1:{port}"):
            await opened(port)


async def test_closing_ends_every_connection_and_waits_for_no_mute_one(start_sim):
    sim = await start_sim()
    sockets = [await sim.connect(path) for path in ("/ws/btcusdt@trade", "/ws-api/v3")]
    sim.post({"kind": "half_open", "target": "wsapi"})
    await sim.struck()
    async with asyncio.timeout(20):
        await sim.server.close()
    assert await sockets[0].ended() == 1001
    assert await sockets[1].ended() is None
    with pytest.raises(aiohttp.ClientError):
        await sim.get("/api/v3/ping")


async def test_the_admin_moves_funds_and_the_client_hears_of_it(sim):
    stream = await sim.user_stream()

    async def post(moves):
        async with sim.session.post(f"{sim.http}/sim/funds", json=moves) as response:
            return response.status, await response.json()

    moved = await post([{"asset": "USDT", "amount": "5"}, {"asset": "BTC", "amount": "-1"}])
    assert moved[0] == 200
    assert [row["asset"] for row in moved[1]["funds"]] == ["USDT", "BTC"]
    events = [(await stream.next())["event"] for _ in range(4)]
    assert [e["e"] for e in events] == ["balanceUpdate", "outboundAccountPosition"] * 2
    locked = await post([{"asset": "USDT", "amount": "5", "lock": True, "account": "other"}])
    assert locked[1]["funds"][0]["locked"] == "5.00000000"
    for wrong in (
        [{"asset": "USDT"}],
        [{"asset": "usdt", "amount": "1"}],
        [{"asset": "USDT", "amount": "NaN"}],
        [{"asset": "USDT", "amount": "0.123456789"}],
        [{"asset": "USDT", "amount": "1", "account": "nobody"}],
        {"asset": "USDT", "amount": "1"},
    ):
        status, body = await post(wrong)
        assert (status, body["code"]) == (400, -1130), wrong
