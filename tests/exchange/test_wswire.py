"""The order connection against a peer that misbehaves; what was written is never sent again."""

import asyncio
import json
import time

import pytest

from bot.domain.errors import OutcomeUnknown, Rejected, Throttled
from bot.exchange.wswire import WsWire, WsWireOptions

PARAMS = {"symbol": "BTCUSDT", "newClientOrderId": "mine"}


class _Rest:
    """The other way: it remembers what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, str], bool]] = []

    async def send(self, request, params, *, urgent=False):
        self.sent.append((request, dict(params), urgent))
        return {"over": "rest"}


class _Bench:
    def __init__(self, peer, session, options) -> None:
        self.rest = _Rest()
        self.changes: list[tuple[bool, str]] = []
        self.limits: list[object] = []
        self.wire = WsWire(
            session,
            session.endpoints.spot_ws_api,
            self.rest,
            options=options,
            on_limits=self.limits.extend,
            on_change=lambda up, cause: self.changes.append((up, cause)),
        )
        self.peer = peer

    async def until(self, up):
        async with asyncio.timeout(20):
            while self.wire.up is not up:
                await asyncio.sleep(0.005)

    def orders(self):
        heard = [json.loads(text) for text in self.peer.texts]
        return [message for message in heard if message["method"] == "order.place"]


@pytest.fixture
def options(quick, short):
    return WsWireOptions(
        timeout_s=20.0, roll_wait_s=20.0, refused_s=0.01, liveness=short, backoff=quick
    )


@pytest.fixture
async def desk(peer, peer_session, options, beside):
    bench = _Bench(peer, peer_session, options)
    async with beside(bench.wire.run()):
        await bench.until(up=True)
        yield bench


def answering(peer, *bodies):
    """Each order gets the next of the bodies; the last one for ever."""
    left = list(bodies)

    async def answer(socket, text):
        message = json.loads(text)
        body = left.pop(0) if len(left) > 1 else left[0]
        await socket.send_str(json.dumps({"id": message["id"], **body}))

    peer.on_text = answer


def error(status, code, **data):
    return {"status": status, "error": {"code": code, "msg": "text", **data}}


async def test_a_request_is_signed_and_answered_on_one_connection(desk, peer):
    answering(peer, {"status": 200, "result": {"orderId": 1}})
    assert await desk.wire.send("order.place", PARAMS) == {"orderId": 1}
    assert await desk.wire.send("order.place", PARAMS) == {"orderId": 1}
    first, second = desk.orders()
    assert first["params"].keys() == {*PARAMS, "apiKey", "timestamp", "recvWindow", "signature"}
    assert first["id"] != second["id"]
    assert len(peer.sockets) == 1
    assert desk.rest.sent == []


async def test_while_nothing_is_connected_it_goes_the_other_way(peer, peer_session, options):
    bench = _Bench(peer, peer_session, options)
    assert await bench.wire.send("order.cancel", PARAMS, urgent=True) == {"over": "rest"}
    assert bench.rest.sent == [("order.cancel", PARAMS, True)]
    assert bench.wire.fallbacks == 1


async def test_after_a_loss_it_goes_the_other_way_until_it_is_back(desk, peer):
    answering(peer, {"status": 200, "result": {}})
    await peer.stop()
    await desk.until(up=False)
    assert await desk.wire.send("order.place", PARAMS) == {"over": "rest"}
    await peer.start()
    await desk.until(up=True)
    assert await desk.wire.send("order.place", PARAMS) == {}
    assert [up for up, _ in desk.changes] == [True, False, True] or len(desk.changes) > 3


async def test_what_was_written_when_the_connection_went_is_unknown_and_not_sent_again(desk, peer):
    async def drop(socket, text):
        peer.cut(socket)

    peer.on_text = drop
    with pytest.raises(OutcomeUnknown, match="connection was lost"):
        await desk.wire.send("order.place", PARAMS)
    assert desk.rest.sent == []
    assert len(desk.orders()) == 1


async def test_no_answer_in_time_is_unknown_and_the_connection_is_left(
    peer, peer_session, quick, short, beside
):
    bench = _Bench(peer, peer_session, WsWireOptions(timeout_s=0.1, liveness=short, backoff=quick))
    async with beside(bench.wire.run()):
        await bench.until(up=True)
        with pytest.raises(OutcomeUnknown, match="no answer within"):
            await bench.wire.send("order.place", PARAMS)
        await peer.connected(2)
    assert bench.rest.sent == []


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (error(400, -2010), Rejected),
        (error(409, -2021, data={"cancelResult": "SUCCESS"}), Rejected),
        (error(500, -1000), OutcomeUnknown),
        (error(503, -1008), OutcomeUnknown),
        (error(400, -1007), OutcomeUnknown),
        ({"status": 502}, OutcomeUnknown),
        (error(429, -1015), Throttled),
    ],
)
async def test_an_error_says_what_to_do_next(desk, peer, body, failure):
    answering(peer, body)
    with pytest.raises(failure) as caught:
        await desk.wire.send("order.place", PARAMS)
    if isinstance(caught.value, Rejected):
        assert caught.value.data == body["error"].get("data")
    assert len(desk.orders()) == 1
    assert desk.rest.sent == []


async def test_a_throttle_closes_the_gate_until_its_moment(desk, peer, peer_session):
    now = int(time.time() * 1000)
    answering(peer, error(429, -1003, data={"serverTime": now, "retryAfter": now + 7000}))
    with pytest.raises(Throttled) as caught:
        await desk.wire.send("order.place", PARAMS)
    assert caught.value.retry_after_s == 7.0
    assert 6.0 < peer_session.gate.closed_for_s <= 7.0


async def test_too_many_orders_close_no_gate(desk, peer, peer_session):
    answering(peer, error(429, -1015, data={"serverTime": 1000, "retryAfter": 4000}))
    with pytest.raises(Throttled) as caught:
        await desk.wire.send("order.place", PARAMS)
    assert (caught.value.code, caught.value.retry_after_s) == (-1015, 3.0)
    assert peer_session.gate.closed_for_s == 0.0


async def test_a_clock_that_is_off_is_measured_and_the_request_repeated_once(
    desk, peer, peer_session
):
    measured = []

    async def sync():
        measured.append(1)

    desk.wire.sync_clock = sync
    answering(peer, error(400, -1021), {"status": 200, "result": {"orderId": 1}})
    assert await desk.wire.send("order.place", PARAMS) == {"orderId": 1}
    answering(peer, error(400, -1021))
    with pytest.raises(Rejected):
        await desk.wire.send("order.place", PARAMS)
    assert len(desk.orders()) == 4
    assert len(measured) == 2


async def test_counts_in_answers_are_told(desk, peer):
    row = {
        "rateLimitType": "ORDERS",
        "interval": "SECOND",
        "intervalNum": 10,
        "limit": 50,
        "count": 3,
    }
    answering(peer, {"status": 200, "result": {}, "rateLimits": [row]})
    await desk.wire.send("order.place", PARAMS)
    assert [(limit.length_s, limit.count) for limit in desk.limits] == [(10, 3)]


async def test_a_new_connection_takes_over_before_the_old_one_ends(desk, peer):
    held = []

    async def answer(socket, text):
        result = {"connection": peer.sockets.index(socket)}
        frame = json.dumps({"id": json.loads(text)["id"], "status": 200, "result": result})
        if held:
            await socket.send_str(frame)
        else:
            held.append((socket, frame))

    peer.on_text = answer
    pending = asyncio.create_task(desk.wire.send("order.place", PARAMS))
    await peer.heard(1)
    await desk.wire.roll()
    assert desk.wire.up
    assert peer.open_sockets == 2
    assert await desk.wire.send("order.place", PARAMS) == {"connection": 1}
    # What the old one was asked is answered there, and then it goes.
    socket, frame = held[0]
    await socket.send_str(frame)
    assert await pending == {"connection": 0}
    async with asyncio.timeout(20):
        while peer.open_sockets > 1:
            await asyncio.sleep(0.01)
    assert desk.wire.rollovers == 1
    assert desk.rest.sent == []
    assert [up for up, _ in desk.changes] == [True]


async def test_a_server_that_goes_away_is_left_before_it_does(desk, peer):
    socket = await peer.connected()
    await socket.send_str('{"event":{"e":"serverShutdown","E":1}}')
    await peer.connected(2)
    async with asyncio.timeout(20):
        while desk.wire.rollovers == 0:
            await asyncio.sleep(0.005)
    assert desk.wire.up


async def test_a_rollover_that_finds_nobody_keeps_what_there_is(
    peer, peer_session, quick, short, beside
):
    options = WsWireOptions(timeout_s=20.0, roll_wait_s=0.1, liveness=short, backoff=quick)
    bench = _Bench(peer, peer_session, options)
    async with beside(bench.wire.run()):
        await bench.until(up=True)
        await peer.stop_listening()
        await bench.wire.roll()
        assert bench.wire.up
        answering(peer, {"status": 200, "result": {}})
        assert await bench.wire.send("order.place", PARAMS) == {}
    assert bench.wire.rollovers == 0


async def test_at_the_end_whoever_waits_hears_that_the_outcome_is_unknown(
    peer, peer_session, options, beside
):
    bench = _Bench(peer, peer_session, options)
    async with beside(bench.wire.run()):
        await bench.until(up=True)
        pending = asyncio.create_task(bench.wire.send("order.place", PARAMS))
        await peer.heard(1)
    with pytest.raises(OutcomeUnknown, match="closed by us"):
        await pending
    await peer.nobody_left()
    assert not bench.wire.up


async def test_a_key_that_is_withdrawn_ends_the_connection(desk, peer):
    socket = await peer.connected()
    await socket.send_str('{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid"}}')
    await peer.connected(2)
    await desk.until(up=True)
