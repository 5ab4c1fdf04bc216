import asyncio
import json

import pytest

from bot.domain.errors import NotSent, OutcomeUnknown, Rejected, Throttled
from bot.exchange.sockets import Socket
from bot.exchange.ws_api import WsApi


@pytest.fixture
async def api(peer, quick, short, beside):
    socket = Socket(f"ws://127.0.0.1:{peer.port}/", "ws-api/v3", "", liveness=short, backoff=quick)
    seen = {"events": [], "states": [], "lone": []}
    api = WsApi(
        socket,
        on_event=lambda payload: seen["events"].append(json.loads(bytes(payload))),
        on_state=lambda up, cause: seen["states"].append(up),
        on_lone_error=seen["lone"].append,
    )
    api.seen = seen
    async with beside(socket.run()):
        await peer.connected()
        while not socket.up:
            await asyncio.sleep(0.005)
        yield api


def _answering(peer, **body):
    async def answer(socket, text):
        await socket.send_str(json.dumps({"id": json.loads(text)["id"], **body}))

    peer.on_text = answer


async def test_an_answer_finds_its_request(peer, api):
    async def reversed_pairs(socket, text):
        if len(peer.texts) == 2:
            for sent in reversed(peer.texts):
                message = json.loads(sent)
                answer = {"id": message["id"], "status": 200, "result": message["method"]}
                await socket.send_str(json.dumps(answer))

    peer.on_text = reversed_pairs
    assert await asyncio.gather(api.request("a"), api.request("b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (400, -2010, Rejected),
        (401, -2015, Rejected),
        (429, -1003, Throttled),
        (418, -1003, Throttled),
        (500, -1000, OutcomeUnknown),
        (400, -1006, OutcomeUnknown),
    ],
)
async def test_an_error_says_what_to_do_next(peer, api, status, code, failure):
    _answering(peer, status=status, error={"code": code, "msg": "text"})
    with pytest.raises(failure):
        await api.request("order.place")


async def test_a_late_error_does_no_harm(peer, api):
    with pytest.raises(OutcomeUnknown, match="no answer within"):
        await api.request("order.place", timeout_s=0.05)
    socket = await peer.connected()
    await socket.send_str('{"id":1,"status":400,"error":{"code":-2010,"msg":"no"}}')
    _answering(peer, status=200, result={})
    assert await api.request("ping") == {}
    assert api.late_replies == 1


async def test_a_request_in_flight_is_unknown_the_moment_the_connection_goes(peer, api):
    async def drop(socket, text):
        peer.cut(socket)

    peer.on_text = drop
    with pytest.raises(OutcomeUnknown, match="connection was lost"):
        await api.request("order.place", timeout_s=30)


async def test_a_request_while_it_is_down_is_not_sent(peer, api):
    await peer.stop()
    while api.socket.up:
        await asyncio.sleep(0.005)
    with pytest.raises(NotSent):
        await api.request("order.place")


async def test_what_is_glued_to_an_answer_comes_after_it(peer, api):
    order = []
    api._on_event = lambda payload: order.append("event")

    async def glued(socket, text):
        for message in (
            {"id": 1, "status": 200, "result": {"subscriptionId": 0}},
            {"subscriptionId": 0, "event": {"e": "x"}},
        ):
            await socket.send_str(json.dumps(message))

    peer.on_text = glued
    await api.request("subscribe", on_result=lambda result: order.append("result"))
    while len(order) < 2:
        await asyncio.sleep(0.005)
    assert order == ["result", "event"]


async def test_nonsense_is_counted(peer, api):
    socket = await peer.connected()
    for text in ("nonsense", "[]", "{}", '{"event":{"e":"x"}}'):
        await socket.send_str(text)
    while not api.seen["events"]:
        await asyncio.sleep(0.005)
    assert api.broken == 3
    assert api.seen["events"] == [{"e": "x"}]


async def test_an_error_that_answers_nothing_is_told(peer, api):
    socket = await peer.connected()
    await socket.send_str('{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid"}}')
    while not api.seen["lone"]:
        await asyncio.sleep(0.005)
    assert api.seen["lone"][0].code == -2015
