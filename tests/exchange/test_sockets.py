"""The failures of the stock library, each against a server of our own."""

import asyncio
import json

import msgspec
import pytest
from binance.ws.reconnecting_websocket import ReconnectingWebsocket

from bot.domain.errors import NotSent
from bot.exchange.backoff import Backoff
from bot.exchange.endpoints import from_url
from bot.exchange.sockets import Socket, SocketManager

FRAME = '{"stream":"x@trade","data":{"n":%d}}'


@pytest.fixture
def watched(peer, quick, short):
    """A socket on the peer, its frames and its changes of state."""
    socket = Socket(f"ws://127.0.0.1:{peer.port}/", "x@trade", "ws/", liveness=short, backoff=quick)
    frames, states = [], []
    socket.listen(frames.append, lambda up, cause: states.append((up, cause)))
    return socket, frames, states


async def _until(condition, timeout_s=20.0):
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_burst_of_a_thousand_frames_arrives_whole_and_in_order(peer, watched, beside):
    socket, frames, _ = watched
    async with beside(socket.run()):
        client = await peer.connected()
        for number in range(1000):
            await client.send_str(FRAME % number)
        await _until(lambda: len(frames) == 1000)
    assert [json.loads(frame)["data"]["n"] for frame in frames] == list(range(1000))


async def test_a_slow_consumer_loses_nothing(peer, watched, beside):
    socket, _, _ = watched
    seen = []

    def slow(frame):
        if not seen:
            import time

            time.sleep(0.3)
        seen.append(frame)

    socket.listen(slow, lambda up, cause: None)
    async with beside(socket.run()):
        client = await peer.connected()
        for number in range(500):
            await client.send_str(FRAME % number)
        await _until(lambda: len(seen) == 500)
    assert socket.connects == 1


async def test_a_dropped_connection_comes_back_and_both_changes_are_told(peer, watched, beside):
    socket, frames, states = watched
    async with beside(socket.run()):
        peer.cut(await peer.connected())
        client = await peer.connected(2)
        await client.send_str(FRAME % 1)
        await _until(lambda: frames)
    assert states == [(True, "connected"), (False, "connection lost"), (True, "connected")]
    assert socket.connects == 2


async def test_a_close_of_the_server_is_told_with_its_code(peer, watched, beside):
    socket, _, states = watched
    async with beside(socket.run()):
        client = await peer.connected()
        await client.close(code=1001)
        await peer.connected(2)
    assert states[1] == (False, "closed by the server: 1001")


async def test_a_long_refusal_does_not_end_it(peer, watched, beside):
    socket, _, states = watched
    async with beside(socket.run()):
        await peer.connected()
        await peer.stop()
        # Far more attempts than the five after which the stock library is dead for ever.
        await _until(lambda: sum(not up for up, _ in states) > 8)
        assert states[-1] == (False, "connection refused")
        await peer.start()
        await peer.connected(2)
        await _until(lambda: socket.up)


@pytest.fixture
async def served():
    """Serve with a handler of bytes; the port. In the end no connection of it is left open."""
    servers, writers = [], []

    async def serve(handler):
        async def handle(reader, writer):
            writers.append(writer)
            await handler(reader, writer)

        servers.append(await asyncio.start_server(handle, "127.0.0.1", 0))
        return servers[-1].sockets[0].getsockname()[1]

    yield serve
    for server in servers:
        server.close()
    # What was accepted last has its handler started, and then every handler sees its end.
    await asyncio.sleep(0.05)
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0.05)


async def test_a_connection_that_is_cut_during_its_handshake_is_tried_again(quick, short, served):
    attempts = []

    async def cut(reader, writer):
        attempts.append(await reader.readuntil(b"\r\n\r\n"))
        writer.transport.abort()

    port = await served(cut)
    causes = []
    socket = Socket(f"ws://127.0.0.1:{port}/", "x", liveness=short, backoff=quick)
    socket.listen(lambda frame: None, lambda up, cause: causes.append((up, cause)))
    task = asyncio.create_task(socket.run())
    await _until(lambda: len(attempts) > 3)
    task.cancel()
    await asyncio.wait({task})
    assert {up for up, _ in causes} == {False}


async def test_a_handshake_that_is_never_answered_is_given_up(quick, short, served):
    async def say_nothing(reader, writer):
        await reader.read()
        writer.close()

    port = await served(say_nothing)
    causes = []
    impatient = msgspec.structs.replace(short, open_s=0.1)
    socket = Socket(f"ws://127.0.0.1:{port}/", "x", liveness=impatient, backoff=quick)
    socket.listen(lambda frame: None, lambda up, cause: causes.append((up, cause)))
    task = asyncio.create_task(socket.run())
    await _until(lambda: len(causes) > 2)
    task.cancel()
    await asyncio.wait({task})
    assert {up for up, _ in causes} == {False}


@pytest.mark.parametrize(("status", "attempts"), [(429, 1), (503, 3)])
async def test_a_refused_handshake_tells_its_status(quick, short, served, status, attempts):
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d X\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n" % status)
        await writer.drain()
        writer.close()

    port = await served(refuse)
    causes = []
    socket = Socket(f"ws://127.0.0.1:{port}/", "x", liveness=short, backoff=quick)
    socket.listen(lambda frame: None, lambda up, cause: causes.append(cause))
    task = asyncio.create_task(socket.run())
    await _until(lambda: len(causes) >= attempts)
    # Long enough for several attempts of the one that may try again at once.
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.wait({task})
    assert set(causes) == {f"handshake refused: HTTP {status}"}
    # A server that asks for a pause of a minute gets it.
    assert (len(causes) == 1) == (status == 429)


async def test_a_half_open_peer_is_found_by_its_silence(peer, watched, beside):
    peer.answers_pings = False
    socket, _, states = watched
    async with beside(socket.run()):
        await peer.connected(2)
    assert states[1][0] is False
    assert "no answer to a ping" in states[1][1]


async def test_a_quiet_peer_that_answers_pings_is_kept(peer, watched, beside, short):
    socket, _, states = watched
    async with beside(socket.run()):
        await peer.connected()
        await asyncio.sleep(3 * (short.idle_s + short.reply_s))
        assert states == [(True, "connected")]


async def test_a_ping_of_the_server_is_answered_with_its_payload(peer, watched, beside):
    socket, _, _ = watched
    async with beside(socket.run()):
        client = await peer.connected()
        await client.ping(b"1672515782136")
        await _until(lambda: b"1672515782136" in peer.pongs)


async def test_a_frame_whose_handling_raises_costs_that_frame_only(peer, watched, beside):
    socket, _, _ = watched
    good = []

    def handle(frame):
        if b"poison" in frame:
            raise ValueError("poison")
        good.append(frame)

    socket.listen(handle, lambda up, cause: None)
    async with beside(socket.run()):
        client = await peer.connected()
        for text in ("a", "poison", "b"):
            await client.send_str(text)
        await _until(lambda: len(good) == 2)
        assert socket.failed_frames == 1
        assert socket.connects == 1


async def test_close_waits_for_nobody_and_leaves_nothing_behind(peer, watched):
    socket, _, _ = watched
    # A peer that never says goodbye.
    peer.reads = False
    await socket.connect()
    await peer.connected()
    async with asyncio.timeout(20):
        await socket.close()
    peer.reads = True
    await peer.nobody_left()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("socket")]
    assert not socket.up


async def test_close_during_a_reconnect_leaves_nothing_behind(peer, watched):
    socket, _, states = watched
    await socket.connect()
    await peer.connected()
    await peer.stop()
    await _until(lambda: not socket.up)
    async with asyncio.timeout(20):
        await socket.close()
    told = len(states)
    await peer.start()
    await asyncio.sleep(0.3)
    assert len(peer.sockets) == 1
    assert len(states) == told


async def test_a_planned_reconnect_is_made_at_once_even_after_a_failure(peer, short, beside):
    slow = Backoff(least_s=60, first_limit_s=60, most_s=60, stable_s=60)
    socket = Socket(f"ws://127.0.0.1:{peer.port}/", "x", liveness=short, backoff=slow)
    states = []
    socket.listen(lambda frame: None, lambda up, cause: states.append((up, cause)))
    async with beside(socket.run()):
        peer.cut(await peer.connected())
        await peer.connected(2)
        await _until(lambda: socket.up)
        await asyncio.sleep(0.6)
        socket.reconnect("serverShutdown")
        await peer.connected(3)
    assert states[3] == (False, "serverShutdown")


async def test_a_server_that_says_goodbye_at_once_is_not_asked_in_a_tight_loop(peer, short, beside):
    slow = Backoff(least_s=60, first_limit_s=60, most_s=60, stable_s=60)
    socket = Socket(f"ws://127.0.0.1:{peer.port}/", "x", liveness=short, backoff=slow)
    socket.listen(lambda frame: socket.reconnect("serverShutdown"), lambda up, cause: None)

    async def goodbye(client):
        await client.send_str("serverShutdown")

    peer.on_open = goodbye
    async with beside(socket.run()):
        await peer.connected(2)
        await asyncio.sleep(0.3)
    assert len(peer.sockets) == 2


async def test_what_cannot_be_written_was_not_sent(watched):
    socket, _, _ = watched
    with pytest.raises(NotSent):
        socket.send(b"{}")


async def test_the_stock_interface_still_works(peer, peer_session, quick, short):
    manager = SocketManager(peer_session, from_url(peer.url), liveness=short, backoff=quick)
    socket = manager.multiplex_socket(["btcusdt@trade", "btcusdt@bookTicker"])
    assert isinstance(socket, ReconnectingWebsocket)
    async with socket as stream:
        client = await peer.connected()
        await client.send_str(FRAME % 7)
        assert (await stream.recv())["data"]["n"] == 7
    assert peer.paths == ["/stream?streams=btcusdt@trade/btcusdt@bookTicker"]
    await peer.nobody_left()


async def test_recv_still_gives_what_came_before_a_loss(peer, peer_session, quick, short):
    manager = SocketManager(peer_session, from_url(peer.url), liveness=short, backoff=quick)
    async with manager.trade_socket("BTCUSDT") as stream:
        client = await peer.connected()
        for number in range(3):
            await client.send_str(FRAME % number)
        await _until(lambda: len(stream._kept) == 3)
        peer.cut(client)
        await peer.connected(2)
        assert [(await stream.recv())["data"]["n"] for _ in range(3)] == [0, 1, 2]


async def test_a_full_buffer_drops_the_oldest_and_says_so(peer, quick, short):
    socket = Socket(f"ws://127.0.0.1:{peer.port}/", "x", max_queue_size=2, backoff=quick)
    async with socket as stream:
        client = await peer.connected()
        for number in range(5):
            await client.send_str(FRAME % number)
        await _until(lambda: socket.dropped == 3)
        assert (await stream.recv())["data"]["n"] == 3


async def test_markets_with_alike_paths_get_sockets_of_their_own(peer_session):
    manager = SocketManager(peer_session, from_url("http://127.0.0.1:1"))
    assert manager.futures_ticker_socket() is not manager.futures_coin_ticker_socket()
    assert manager.trade_socket("BTCUSDT") is not manager.trade_socket("BTCUSDT")


async def test_no_text_holds_a_listen_key(quick, short):
    causes = []
    socket = Socket("ws://127.0.0.1:1/", "ws?listenKey=s3cret", "", liveness=short, backoff=quick)
    socket.listen(lambda frame: None, lambda up, cause: causes.append(cause))
    task = asyncio.create_task(socket.run())
    await _until(lambda: len(causes) > 2)
    task.cancel()
    await asyncio.wait({task})
    assert not any("s3cret" in cause for cause in causes)
