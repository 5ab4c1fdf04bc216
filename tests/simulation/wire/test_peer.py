"""Connection rules: pings, message rates, lifetimes, slow clients, connection attempts."""

import asyncio

import aiohttp
import pytest

from bot.simulation.wire.rules import WireRules


async def frames_of(socket, wanted, timeout_s=20.0):
    """Frames until one of the wanted type."""
    async with asyncio.timeout(timeout_s):
        while True:
            message = await socket.raw.receive()
            if message.type is wanted or message.type is aiohttp.WSMsgType.CLOSED:
                return message


@pytest.mark.parametrize("path", ["/ws", "/ws-api/v3"])
async def test_the_server_pings_with_a_payload_and_drops_who_does_not_answer(start_sim, path):
    sim = await start_sim(time_scale=0.002)
    socket = await sim.connect(path, autoping=False)
    ping = await frames_of(socket, aiohttp.WSMsgType.PING)
    assert ping.data
    # Unsolicited pongs keep nothing alive.
    await socket.raw.pong(b"")
    assert (await frames_of(socket, aiohttp.WSMsgType.CLOSE)).data == 1008


async def test_a_client_that_pongs_stays(start_sim):
    sim = await start_sim(rules=WireRules(ping_interval_s=0.3, pong_timeout_s=1.5))
    socket = await sim.connect("/ws/btcusdt@trade")
    assert await socket.is_silent(2.2)
    await sim.order("BUY", "0.1", "50001")
    assert (await socket.next())["e"] == "trade"


async def test_a_pong_must_repeat_the_payload(start_sim):
    sim = await start_sim(rules=WireRules(ping_interval_s=0.25, pong_timeout_s=0.5))
    socket = await sim.connect("/ws", autoping=False)
    async with asyncio.timeout(20):
        while True:
            message = await socket.raw.receive()
            if message.type is not aiohttp.WSMsgType.PING:
                break
            await socket.raw.pong(b"something else")
    assert (message.type, message.extra) == (aiohttp.WSMsgType.CLOSE, "Pong timeout")


async def test_answers_to_fast_pings_do_not_count_as_messages(start_sim):
    sim = await start_sim(rules=WireRules(ping_interval_s=0.05, pong_timeout_s=20))
    socket = await sim.connect("/ws")
    assert await socket.is_silent(0.6)
    assert await socket.ask({"method": "LIST_SUBSCRIPTIONS", "id": 1}) == {"result": [], "id": 1}


async def test_the_client_may_ping_and_is_answered_with_its_payload(sim):
    socket = await sim.connect("/ws", autoping=False)
    await socket.raw.ping(b"hello")
    pong = await frames_of(socket, aiohttp.WSMsgType.PONG)
    assert pong.data == b"hello"


async def test_five_messages_a_second_are_allowed_and_the_sixth_ends_it(sim):
    socket = await sim.connect("/ws")
    # All at once: within a second on any machine.
    for ident in range(6):
        await socket.raw.send_str(f'{{"method":"LIST_SUBSCRIPTIONS","id":{ident}}}')
    assert [(await socket.next())["id"] for _ in range(5)] == [0, 1, 2, 3, 4]
    assert await socket.ended() == 1008


async def test_pings_count_as_messages(sim):
    socket = await sim.connect("/ws", autoping=False)
    for _ in range(6):
        await socket.raw.ping(b"x")
    assert (await frames_of(socket, aiohttp.WSMsgType.CLOSE)).data == 1008


async def test_requests_of_the_websocket_api_are_limited_by_weight_only(sim):
    api = await sim.connect("/ws-api/v3")
    for ident in range(20):
        assert (await api.ask({"id": ident, "method": "ping"}))["status"] == 200


async def test_a_connection_lives_24_hours_of_scaled_time(start_sim):
    sim = await start_sim(time_scale=0.3 / 86_400, rules=WireRules(ping_interval_s=86_400))
    socket = await sim.connect("/ws")
    assert await socket.ended() == 1001


async def test_too_many_connection_attempts_are_refused(start_sim):
    sim = await start_sim(rules=WireRules(connects=2))
    await sim.connect("/ws")
    await sim.connect("/ws-api/v3")
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await sim.connect("/ws")
    assert caught.value.status == 429


async def test_a_client_that_does_not_read_is_disconnected(start_sim):
    sim = await start_sim(rules=WireRules(send_buffer_bytes=200_000))
    names = "/".join(f"btcusdt@{kind}" for kind in ("trade", "aggTrade", "bookTicker"))
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.server.port, limit=1024)
    writer.write(
        f"GET /stream?streams={names} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    assert len(await sim.connections()) == 1
    peer = next(iter(sim.server.connections)).peer
    async with asyncio.timeout(20):
        while len(sim.server.connections):
            for _ in range(50):
                peer.post(b"x" * 65_536)
            await asyncio.sleep(0.01)
    writer.close()


async def test_a_client_that_closes_is_answered_and_forgotten(sim):
    socket = await sim.connect("/ws/btcusdt@trade")
    assert len(await sim.connections()) == 1
    await socket.raw.close()
    assert socket.raw.close_code == 1000
    assert await sim.connections() == []
