import asyncio
import json

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import SettingsError
from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.market import TradeTick
from bot.domain.values import Market
from bot.exchange.handover import HandoverRules
from bot.exchange.market_feed import BinanceMarketFeed, FeedOptions
from bot.exchange.pressure import PressureRules
from bot.exchange.quiet import QuietRules

BTC = Subscription(StreamKind.TRADES, "BTCUSDT")
ETH = Subscription(StreamKind.TRADES, "ETHUSDT")
QUOTES = Subscription(StreamKind.QUOTES, "BTCUSDT")
BARS = Subscription(StreamKind.BARS, "BTCUSDT", "1m")


def _trade(number, symbol="btcusdt"):
    data = {"t": number, "p": "1", "q": "1", "T": 1, "m": False}
    return json.dumps(
        {"stream": f"{symbol}@trade", "data": {"e": "trade", **data}}, separators=(",", ":")
    )


async def _acknowledge(socket, text):
    await socket.send_str(json.dumps({"result": None, "id": json.loads(text)["id"]}))


class Listener:
    def __init__(self):
        self.frames = []
        self.changes = []

    def frame(self, recv_ns, frame):
        self.frames.append((recv_ns, bytes(frame)))

    def changed(self, event):
        self.changes.append(event)


@pytest.fixture
def make_feed(peer_session, collected, wall, quick, short):
    def make(streams_per_connection=200, tap=None, market=Market.SPOT, wait_s=5.0, **quiet):
        quiet = {"silence_s": {}, "first_data_s": 60.0, "steady_after": 1} | quiet
        return BinanceMarketFeed(
            peer_session,
            collected,
            wall,
            market=market,
            options=FeedOptions(
                streams_per_connection=streams_per_connection,
                liveness=short,
                backoff=quick,
                quiet=QuietRules(**quiet),
                handover=HandoverRules(wait_s=wait_s),
                # The trades of these tests do not tell the time.
                pressure=PressureRules(conflate_after_s=3600, warn_after_s=3600),
            ),
            tap=tap,
        )

    return make


async def test_frames_become_events_with_the_time_of_their_arrival(
    peer, make_feed, collected, beside, wall
):
    feed = make_feed()
    feed.subscribe([BTC, QUOTES])
    before = wall.now_ns()
    async with beside(feed.run()):
        up = await collected.state(FeedState.UP)
        await (await peer.connected()).send_str(_trade(1))
        tick = await collected.until(lambda e: isinstance(e, TradeTick))
    assert peer.paths == ["/stream?streams=btcusdt@trade/btcusdt@bookTicker"]
    assert (up.feed, up.name, up.symbols) == (FeedKind.MARKET, "spot market 1", ("BTCUSDT",))
    assert tick.trade_id == 1
    assert before < tick.recv_ns <= wall.now_ns()


async def test_a_loss_and_a_return_are_events_and_the_streams_are_asked_for_again(
    peer, make_feed, collected, beside
):
    feed = make_feed()
    feed.subscribe([BTC, ETH])
    async with beside(feed.run()):
        peer.cut(await peer.connected())
        down = await collected.state(FeedState.DOWN)
        await collected.state(FeedState.UP, count=2)
    assert down.symbols == ("BTCUSDT", "ETHUSDT")
    assert down.cause == "connection lost"
    assert peer.paths[0] == peer.paths[1]
    assert feed.reconnects == 1


async def test_streams_added_while_it_is_up_are_subscribed_on_the_live_connection(
    peer, make_feed, collected, beside
):
    peer.on_text = _acknowledge
    feed = make_feed()
    feed.subscribe([BTC])
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        feed.subscribe([ETH, BTC])
        (message,) = await peer.heard()
        await (await peer.connected()).send_str(_trade(5, "ethusdt"))
        await collected.until(lambda e: isinstance(e, TradeTick) and e.symbol == "ETHUSDT")
        assert message["method"] == "SUBSCRIBE"
        assert message["params"] == ["ethusdt@trade"]
        peer.cut(await peer.connected())
        await collected.state(FeedState.UP, count=2)
        await asyncio.sleep(0.1)
    assert peer.paths[1] == "/stream?streams=btcusdt@trade/ethusdt@trade"
    assert len(peer.texts) == 1


async def test_many_additions_make_few_messages(peer, make_feed, collected, beside):
    peer.on_text = _acknowledge
    feed = make_feed()
    feed.subscribe([BTC])
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        for number in range(60):
            feed.subscribe([Subscription(StreamKind.TRADES, f"S{number}USDT")])
        (message,) = await peer.heard()
    assert len(message["params"]) == 60


async def test_a_refused_subscription_brings_a_connection_with_all_streams_in_its_url(
    peer, make_feed, collected, beside
):
    async def refuse(socket, text):
        await socket.send_str('{"code":2,"msg":"Invalid request","id":1}')

    peer.on_text = refuse
    feed = make_feed()
    feed.subscribe([BTC])
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        feed.subscribe([ETH])
        down = await collected.state(FeedState.DOWN)
        await peer.connected(2)
    assert "Invalid request" in down.cause
    assert peer.paths[1] == "/stream?streams=btcusdt@trade/ethusdt@trade"


async def test_streams_are_spread_over_connections(peer, make_feed, collected, beside):
    feed = make_feed(streams_per_connection=2)
    feed.subscribe([BTC, ETH, QUOTES])
    async with beside(feed.run()):
        await collected.state(FeedState.UP, "spot market 2")
        await collected.state(FeedState.UP, "spot market 1")
        # One more connection, opened while the feed runs.
        feed.subscribe([BARS, Subscription(StreamKind.TICKER, "BTCUSDT")])
        await collected.state(FeedState.UP, "spot market 3")
    # The second takes one of the two new streams, live; the third carries the other.
    assert sorted(path.count("@") for path in peer.paths) == [1, 1, 2]


async def test_a_silent_stream_is_stale_and_up_again_with_its_next_frame(
    peer, make_feed, collected, beside
):
    feed = make_feed(silence_s={StreamKind.TRADES: 1.0}, first_data_s=0.4)
    feed.subscribe([BTC, BARS])
    async with beside(feed.run()):
        socket = await peer.connected()
        await socket.send_str(_trade(1))
        stale = await collected.state(FeedState.STALE, "btcusdt@trade")
        never = await collected.state(FeedState.STALE, "btcusdt@kline_1m")
        await socket.send_str(_trade(2))
        again = await collected.state(FeedState.UP, "btcusdt@trade")
        tick = await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == 2)
        await socket.send_str(_trade(3))
        await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == 3)
    assert stale.cause == "silent"
    assert never.cause.startswith("no data since it was asked for: ")
    assert (stale.symbols, again.symbols) == (("BTCUSDT",), ("BTCUSDT",))
    assert collected.index(again) < collected.index(tick)
    assert len([e for e in collected.of(FeedChanged) if e.name == "btcusdt@trade"]) == 2
    assert len([e for e in collected.of(FeedChanged) if e.state is FeedState.STALE]) == 2


async def test_a_connection_that_is_down_makes_no_stream_stale(peer, make_feed, collected, beside):
    feed = make_feed(silence_s={StreamKind.TRADES: 0.05}, first_data_s=0.05)
    feed.subscribe([BTC])
    await peer.stop()
    async with beside(feed.run()):
        await collected.state(FeedState.DOWN)
        await asyncio.sleep(0.3)
    assert {event.state for event in collected.of(FeedChanged)} == {FeedState.DOWN}


async def test_a_poison_frame_is_counted_and_the_next_one_arrives(
    peer, make_feed, collected, beside
):
    feed = make_feed()
    feed.subscribe([BTC])
    async with beside(feed.run()):
        socket = await peer.connected()
        for text in (_trade(1)[:-3], "nonsense", _trade(9, "xrpusdt"), _trade(2)):
            await socket.send_str(text)
        await collected.until(lambda e: isinstance(e, TradeTick))
    assert (feed.broken_frames, feed.unknown_frames, feed.reconnects) == (2, 1, 0)


async def test_streams_are_dropped_on_the_live_connection_and_the_last_one_closes_it(
    peer, make_feed, collected, beside
):
    peer.on_text = _acknowledge
    feed = make_feed()
    feed.subscribe([BTC, ETH])
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        feed.unsubscribe([ETH, BARS])
        (message,) = await peer.heard()
        assert (message["method"], message["params"]) == ("UNSUBSCRIBE", ["ethusdt@trade"])
        feed.unsubscribe([BTC])
        await peer.nobody_left()
        feed.subscribe([ETH])
        await collected.state(FeedState.UP, "spot market 2")
    # Nothing was lost, so nothing is told of it.
    assert {event.state for event in collected.of(FeedChanged)} == {FeedState.UP}


async def test_the_streams_of_usdm_futures_are_asked_for_by_category(
    peer, make_feed, collected, beside
):
    feed = make_feed(market=Market.USDM)
    feed.subscribe([QUOTES, BARS])
    async with beside(feed.run()):
        await collected.state(FeedState.UP, "usdm public 1")
        await collected.state(FeedState.UP, "usdm market 1")
    assert sorted(peer.paths) == [
        "/market/stream?streams=btcusdt@kline_1m",
        "/public/stream?streams=btcusdt@bookTicker",
    ]


async def test_cancelling_leaves_no_connection(peer, make_feed, collected, beside):
    feed = make_feed(streams_per_connection=1)
    feed.subscribe([BTC, ETH])
    async with beside(feed.run()):
        await peer.connected(2)
    await peer.nobody_left()


async def test_a_wish_that_cannot_be_met_is_refused_before_anything_changes(make_feed, peer):
    feed = make_feed()
    with pytest.raises(SettingsError):
        feed.subscribe([BTC, Subscription(StreamKind.BARS, "BTCUSDT", "7m")])
    feed.subscribe([BTC])
    assert not peer.paths


async def test_a_tap_hears_every_frame_as_it_came_and_every_change(
    peer, make_feed, collected, beside
):
    tap = Listener()
    feed = make_feed(tap=tap)
    feed.subscribe([BTC])
    async with beside(feed.run()):
        await collected.state(FeedState.UP)
        socket = await peer.connected()
        for text in ("nonsense", _trade(1)):
            await socket.send_str(text)
        tick = await collected.until(lambda e: isinstance(e, TradeTick))
    assert [frame for _, frame in tap.frames] == [b"nonsense", _trade(1).encode()]
    assert tap.frames[1][0] == tick.recv_ns
    assert tap.changes == [e for e in collected if isinstance(e, FeedChanged)]
