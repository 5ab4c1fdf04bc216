import asyncio
import json
from itertools import pairwise
from urllib.parse import quote

import pytest

from bot.exchange import shard as shard_module
from bot.exchange.decode import StreamReply
from bot.exchange.shard import Shard
from bot.exchange.sockets import Socket


@pytest.fixture
def shard(peer, quick, short):
    socket = Socket(
        f"ws://127.0.0.1:{peer.port}/", "streams=", "stream?", liveness=short, backoff=quick
    )
    states = []
    shard = Shard(
        socket,
        on_frame=lambda frame: shard.answer(StreamReply("ack", json.loads(frame)["id"], "")),
        on_state=lambda _, up, cause: states.append((up, cause)),
        name="one",
    )
    shard.states = states
    return shard


async def _until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def test_each_symbol_is_named_once(shard):
    for stream, symbol in (("a@trade", "A"), ("b@trade", "B"), ("a@ticker", "A")):
        shard.add(stream, symbol)
    assert shard.symbols == ("A", "B")


async def test_names_that_are_not_ascii_travel_encoded_and_are_asked_for_once(peer, shard, beside):
    shard.add("这是测试币456@trade", "这是测试币456")
    async with beside(shard.run()):
        await _until(lambda: shard.up)
        await asyncio.sleep(0.05)
    assert peer.paths == [f"/stream?streams={quote('这是测试币456')}@trade"]
    assert not peer.texts


async def test_control_messages_keep_their_distance(peer, shard, beside, monkeypatch):
    async def acknowledge(socket, text):
        await socket.send_str(json.dumps({"result": None, "id": json.loads(text)["id"]}))

    times = []
    loop = asyncio.get_running_loop()
    send = shard._socket.send

    def note(payload):
        times.append(loop.time())
        send(payload)

    monkeypatch.setattr(shard._socket, "send", note)
    peer.on_text = acknowledge
    shard.add("a@trade", "A")
    async with beside(shard.run()):
        await _until(lambda: shard.up)
        for number in range(4):
            shard.add(f"s{number}@trade", "S")
            await asyncio.sleep(0.01)
        await _until(lambda: sum(len(json.loads(t)["params"]) for t in peer.texts) == 4)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps
    assert min(gaps) > 0.2


async def test_a_subscription_without_an_answer_brings_a_new_connection(
    peer, shard, beside, monkeypatch
):
    monkeypatch.setattr(shard_module, "_ACK_WITHIN_S", 0.1)
    shard.add("a@trade", "A")
    async with beside(shard.run()):
        await _until(lambda: shard.up)
        shard.add("b@trade", "B")
        await peer.connected(2)
    assert (False, "a subscription was not acknowledged") in shard.states
    assert peer.paths[1] == "/stream?streams=a@trade/b@trade"
