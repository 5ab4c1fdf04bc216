import asyncio
import json
from itertools import pairwise
from urllib.parse import quote

import pytest

from bot.exchange import line as line_module
from bot.exchange.decode import StreamReply
from bot.exchange.line import Line
from bot.exchange.sockets import Socket


@pytest.fixture
def wanted():
    return {}


@pytest.fixture
def line(peer, quick, short, wall, wanted):
    socket = Socket(
        f"ws://127.0.0.1:{peer.port}/", "streams=", "stream?", liveness=short, backoff=quick
    )
    states = []
    line = Line(
        socket,
        wanted.keys(),
        on_frame=lambda frame: line.answer(StreamReply("ack", json.loads(frame)["id"], "")),
        on_state=lambda _, up, cause: states.append((up, cause)),
        now_ns=wall.now_ns,
    )
    line.states = states
    return line


@pytest.fixture
def want(line, wanted):
    def change(*names):
        for name in names:
            wanted[name] = None
        line.wish_changed()

    return change


async def _acknowledge(socket, text):
    await socket.send_str(json.dumps({"result": None, "id": json.loads(text)["id"]}))


async def _until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def test_names_that_are_not_ascii_travel_encoded_and_are_asked_for_once(
    peer, line, want, beside
):
    want("这是测试币456@trade")
    async with beside(line.run()):
        await _until(lambda: line.up)
        await asyncio.sleep(0.05)
    assert peer.paths == [f"/stream?streams={quote('这是测试币456')}@trade"]
    assert not peer.texts


async def test_a_stream_is_carried_from_the_handshake_or_from_its_acknowledgement(
    peer, line, want, beside, wall
):
    acknowledged = asyncio.Event()

    async def hesitate(socket, text):
        await acknowledged.wait()
        await _acknowledge(socket, text)

    peer.on_text = hesitate
    want("a@trade")
    async with beside(line.run()):
        await _until(lambda: line.up)
        assert set(line.carried) == {"a@trade"}
        want("b@trade")
        await _until(lambda: peer.texts)
        assert set(line.carried) == {"a@trade"}
        before = wall.now_ns()
        acknowledged.set()
        await _until(lambda: len(line.carried) == 2)
    assert line.carried["b@trade"] >= before


async def test_what_is_no_longer_wanted_is_unsubscribed(peer, line, want, wanted, beside):
    peer.on_text = _acknowledge
    want("a@trade", "b@trade", "c@trade")
    async with beside(line.run()):
        await _until(lambda: line.up)
        del wanted["a@trade"], wanted["c@trade"]
        line.wish_changed()
        (message,) = await peer.heard()
    assert message["method"] == "UNSUBSCRIBE"
    assert message["params"] == ["a@trade", "c@trade"]


async def test_a_handshake_names_as_many_streams_as_fit_and_messages_the_others(
    peer, line, want, wanted, beside
):
    peer.on_text = _acknowledge
    want(*(f"symbol{number:04}usdt@trade" for number in range(400)))
    async with beside(line.run()):
        await _until(lambda: len(line.carried) == 400)
    (path,) = peer.paths
    assert len(path) < 8000
    in_url = path.count("@trade")
    by_message = [len(json.loads(text)["params"]) for text in peer.texts]
    assert in_url + sum(by_message) == 400
    assert max(by_message) <= 100


async def test_control_messages_keep_their_distance(peer, line, want, beside, monkeypatch):
    times = []
    loop = asyncio.get_running_loop()
    send = line._socket.send

    def note(payload):
        times.append(loop.time())
        send(payload)

    monkeypatch.setattr(line._socket, "send", note)
    peer.on_text = _acknowledge
    want("a@trade")
    async with beside(line.run()):
        await _until(lambda: line.up)
        for number in range(4):
            want(f"s{number}@trade")
            await asyncio.sleep(0.01)
        await _until(lambda: sum(len(json.loads(t)["params"]) for t in peer.texts) == 4)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps
    assert min(gaps) > 0.3


async def test_a_subscription_without_an_answer_brings_a_new_connection(
    peer, line, want, beside, monkeypatch
):
    monkeypatch.setattr(line_module, "_ACK_WITHIN_S", 0.1)
    want("a@trade")
    async with beside(line.run()):
        await _until(lambda: line.up)
        want("b@trade")
        await peer.connected(2)
    assert (False, "a subscription was not acknowledged") in line.states
    assert peer.paths[1] == "/stream?streams=a@trade/b@trade"
