import asyncio
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest

from bot.domain.events import BalancesReported, FeedChanged, FeedKind, FeedState
from bot.exchange.user_feed import BinanceUserFeed, UserFeedOptions

SUBSCRIBE = "userDataStream.subscribe.signature"


def _position(number):
    event = {"e": "outboundAccountPosition", "E": 1, "u": number, "B": []}
    return json.dumps({"subscriptionId": 0, "event": event})


class Script:
    """Answers as the WebSocket API does; a test may change what it says."""

    def __init__(self):
        self.subscriptions = []
        self.errors = []
        self.pings = 0
        self.glued = []
        self.answers_pings = True

    async def __call__(self, socket, text):
        message = json.loads(text)
        if message["method"] == "ping":
            self.pings += 1
            if self.answers_pings:
                await socket.send_str(json.dumps({"id": message["id"], "status": 200}))
            return
        assert message["method"] == SUBSCRIBE
        self.subscriptions.append(message["params"])
        answer = {"id": message["id"], "status": 200, "result": {"subscriptionId": 0}}
        if self.errors:
            code = self.errors.pop(0)
            answer = {"id": message["id"], "status": 400, "error": {"code": code, "msg": "no"}}
        await socket.send_str(json.dumps(answer))
        for frame in self.glued:
            await socket.send_str(frame)


@pytest.fixture
def script(peer):
    peer.on_text = Script()
    return peer.on_text


@pytest.fixture
def make_feed(peer_session, collected, wall, quick, short, script):
    def make(reply_s):
        options = UserFeedOptions(
            ping_s=0.2, reply_s=reply_s, refused_s=0.05, liveness=short, backoff=quick
        )
        return BinanceUserFeed(peer_session, collected, wall, options=options)

    return make


@pytest.fixture
def feed(make_feed):
    return make_feed(reply_s=20)


def _states(collected):
    return [(event.state, event.cause) for event in collected.of(FeedChanged)]


async def test_up_is_told_after_a_signed_subscription(peer, feed, script, collected, beside):
    async with beside(feed.run()):
        up = await collected.state(FeedState.UP)
    assert (up.feed, up.symbols) == (FeedKind.USER, ())
    assert peer.paths == ["/ws-api/v3"]
    (params,) = script.subscriptions
    signature = params.pop("signature")
    payload = urlencode(sorted(params.items())).encode()
    assert signature == hmac.new(b"s3cret", payload, hashlib.sha256).hexdigest()
    assert params["apiKey"] == "key"


async def test_events_glued_to_the_answer_are_kept_and_come_after_up(
    feed, script, collected, beside
):
    script.glued = [_position(n) for n in range(3)]
    async with beside(feed.run()):
        await collected.until(lambda e: isinstance(e, BalancesReported) and e.ts_ns == 2_000_000)
    assert len(collected.of(BalancesReported)) == 3
    assert isinstance(collected[0], FeedChanged)


async def test_a_drop_is_told_and_it_subscribes_again(peer, feed, script, collected, beside):
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        peer.cut(await peer.connected())
        await collected.state(FeedState.UP, count=2)
        await (await peer.connected(2)).send_str(_position(9))
        await collected.until(lambda e: isinstance(e, BalancesReported))
    assert _states(collected) == [
        (FeedState.UP, "subscribed"),
        (FeedState.DOWN, "connection lost"),
        (FeedState.UP, "subscribed"),
    ]
    assert len(script.subscriptions) == 2
    assert feed.reconnects == 1


async def test_each_subscription_has_a_timestamp_of_its_own(peer, feed, script, collected, beside):
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        await asyncio.sleep(0.02)
        peer.cut(await peer.connected())
        await collected.state(FeedState.UP, count=2)
    first, second = script.subscriptions
    assert second["timestamp"] > first["timestamp"]


async def test_a_server_that_goes_away_is_left_at_once(peer, feed, script, collected, beside):
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        await asyncio.sleep(0.6)
        await (await peer.connected()).send_str('{"event":{"e":"serverShutdown","E":1}}')
        await collected.state(FeedState.UP, count=2)
    assert _states(collected)[1] == (FeedState.DOWN, "serverShutdown")
    assert len(peer.sockets) == 2


async def test_a_stream_that_is_ended_is_subscribed_again_on_the_same_connection(
    peer, feed, script, collected, beside
):
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        event = {"subscriptionId": 0, "event": {"e": "eventStreamTerminated", "E": 1}}
        await (await peer.connected()).send_str(json.dumps(event))
        await collected.state(FeedState.UP, count=2)
    assert _states(collected)[1] == (FeedState.DOWN, "eventStreamTerminated")
    assert len(peer.sockets) == 1


async def test_a_refused_key_is_told_once_and_tried_again_slowly(
    peer, feed, script, collected, beside
):
    script.errors = [-2015, -2015, -2015]
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
    downs = [cause for state, cause in _states(collected) if state is FeedState.DOWN]
    assert downs == ["subscription refused: no (-2015)"]
    assert len(script.subscriptions) == 4
    assert len(peer.sockets) == 1


async def test_a_subscription_that_is_there_already_makes_a_clean_start(
    peer, feed, script, collected, beside
):
    script.errors = [-2035]
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
    assert len(peer.sockets) == 2


async def test_a_server_that_answers_no_request_is_left(make_feed, script, collected, beside):
    # It answers the WebSocket's own pings: only a request shows that it is dead.
    script.answers_pings = False
    async with beside(make_feed(reply_s=0.2).run()):
        await collected.state(FeedState.UP, count=2)
    assert any("no sign of life" in cause for _, cause in _states(collected))


async def test_a_quiet_account_is_no_reason_to_leave(peer, feed, script, collected, beside):
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        # The next ping is sent when the last one was answered.
        async with asyncio.timeout(20):
            while script.pings < 4:
                await asyncio.sleep(0.05)
    assert _states(collected) == [(FeedState.UP, "subscribed")]


async def test_an_exchange_that_is_not_there_is_told_once(peer, feed, collected, beside):
    await peer.stop()
    async with beside(feed.run()):
        await collected.state(FeedState.DOWN)
        await asyncio.sleep(0.3)
    assert _states(collected) == [(FeedState.DOWN, "connection refused")]


async def test_a_key_that_is_withdrawn_ends_the_subscription(peer, feed, script, collected, beside):
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        script.errors = [-2015] * 100
        await (await peer.connected()).send_str(
            '{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key"}}'
        )
        down = await collected.state(FeedState.DOWN)
    assert "Invalid API-key" in down.cause


async def test_a_planned_replacement_is_a_gap_and_starts_its_age_anew(
    peer, feed, script, collected, beside, wall
):
    assert feed.up_since_ns is None
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        first = feed.up_since_ns
        await asyncio.sleep(0.6)
        feed.reconnect("24 hours")
        await collected.state(FeedState.UP, count=2)
        assert first < feed.up_since_ns <= wall.now_ns()
    assert _states(collected)[1] == (FeedState.DOWN, "24 hours")


async def test_cancelling_leaves_nothing(peer, feed, collected, beside):
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
    await peer.nobody_left()
    assert _states(collected) == [(FeedState.UP, "subscribed")]
