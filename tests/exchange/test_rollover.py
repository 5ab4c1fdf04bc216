"""One connection takes over from another, against a server of our own: nothing lost or doubled."""

import asyncio
import json

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import FeedChanged, FeedState
from bot.domain.market import TradeTick
from bot.exchange.backoff import Backoff
from bot.exchange.handover import HandoverRules
from bot.exchange.market_feed import BinanceMarketFeed, FeedOptions
from bot.exchange.pressure import PressureRules
from bot.exchange.quiet import QuietRules

BTC = Subscription(StreamKind.TRADES, "BTCUSDT")
ETH = Subscription(StreamKind.TRADES, "ETHUSDT")
SHUTDOWN = '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1700000000000}}'


def _trade(number, symbol="btcusdt"):
    data = {"t": number, "p": "1", "q": "1", "T": 1, "m": False}
    return json.dumps(
        {"stream": f"{symbol}@trade", "data": {"e": "trade", **data}}, separators=(",", ":")
    )


@pytest.fixture
def jumps():
    return []


@pytest.fixture
def feed(peer_session, collected, wall, quick, short, jumps):
    return BinanceMarketFeed(
        peer_session,
        collected,
        wall,
        options=FeedOptions(
            liveness=short,
            backoff=quick,
            quiet=QuietRules(silence_s={}, first_data_s=60.0),
            handover=HandoverRules(wait_s=1.0),
            # The trades of these tests do not tell the time.
            pressure=PressureRules(conflate_after_s=3600, warn_after_s=3600),
        ),
        on_jump=lambda state, first, last, event: jumps.append((state.name, first, last)),
    )


def _ids(collected, symbol="BTCUSDT"):
    return [tick.trade_id for tick in collected.of(TradeTick) if tick.symbol == symbol]


def _changes(collected):
    return [event.state for event in collected.of(FeedChanged)]


async def _rolling(feed, peer):
    """A rollover that has begun: its task, the old connection and the new one."""
    count = len(peer.sockets)
    task = asyncio.create_task(feed.roll())
    new = await peer.connected(count + 1)
    return task, peer.sockets[count - 1], new


async def test_the_old_connection_ends_when_the_new_one_has_delivered_what_it_said(
    peer, feed, collected, beside, jumps
):
    feed.subscribe([BTC])
    async with beside(feed.run()):
        old = await peer.connected()
        await old.send_str(_trade(1))
        await collected.until(lambda e: isinstance(e, TradeTick))
        rolled, old, new = await _rolling(feed, peer)
        # The new one is ahead: its news wait for the old one.
        for number in (3, 4):
            await new.send_str(_trade(number))
        await asyncio.sleep(0.2)
        assert _ids(collected) == [1]
        assert not old.closed
        for number in (2, 3):
            await old.send_str(_trade(number))
        await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == 4)
        await rolled
        await new.send_str(_trade(5))
        await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == 5)
        async with asyncio.timeout(20):
            while peer.open_sockets > 1:
                await asyncio.sleep(0.01)
    assert _ids(collected) == [1, 2, 3, 4, 5]
    assert (feed.rollovers, feed.reconnects, jumps) == (1, 0, [])
    assert _changes(collected) == [FeedState.UP]


async def test_a_stream_without_news_on_either_is_handed_over_after_a_while(
    peer, feed, collected, beside
):
    feed.subscribe([BTC, ETH])
    async with beside(feed.run()):
        old = await peer.connected()
        await old.send_str(_trade(1))
        rolled, old, new = await _rolling(feed, peer)
        for socket in (old, new):
            await socket.send_str(_trade(2))
        await rolled
        await new.send_str(_trade(7, "ethusdt"))
        await collected.until(lambda e: isinstance(e, TradeTick) and e.symbol == "ETHUSDT")
    assert _ids(collected) == [1, 2]
    assert _changes(collected) == [FeedState.UP]


async def test_a_new_connection_that_lacks_a_stream_is_tried_again_and_the_old_one_stays(
    peer, feed, collected, beside
):
    feed.subscribe([BTC, ETH])
    async with beside(feed.run()):
        await peer.connected()
        rolled, old, deaf = await _rolling(feed, peer)
        number = 0
        while len(peer.sockets) < 3:
            number += 1
            await old.send_str(_trade(number, "ethusdt"))
            await old.send_str(_trade(number))
            if not deaf.closed:
                await deaf.send_str(_trade(number))
            await asyncio.sleep(0.05)
        for socket in (old, peer.sockets[2]):
            await socket.send_str(_trade(number + 1))
            await socket.send_str(_trade(number + 1, "ethusdt"))
        await rolled
    everything = list(range(1, number + 2))
    assert (_ids(collected), _ids(collected, "ETHUSDT")) == (everything, everything)
    assert _changes(collected) == [FeedState.UP]
    assert feed.rollovers == 1


async def test_an_old_connection_that_fell_silent_unnoticed_is_told(
    peer, feed, collected, beside, jumps
):
    feed.subscribe([BTC])
    async with beside(feed.run()):
        await (await peer.connected()).send_str(_trade(1))
        rolled, _, new = await _rolling(feed, peer)
        await new.send_str(_trade(6))
        await rolled
        await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == 6)
    assert jumps == [("btcusdt@trade", 2, 5)]
    assert _changes(collected) == [FeedState.UP, FeedState.DOWN, FeedState.UP]
    assert "fallen silent" in collected.of(FeedChanged)[1].cause


async def test_a_server_that_goes_away_is_left_before_it_does(peer, feed, collected, beside):
    feed.subscribe([BTC])
    async with beside(feed.run()):
        old = await peer.connected()
        await old.send_str(_trade(1))
        await old.send_str(SHUTDOWN)
        new = await peer.connected(2)
        await old.send_str(_trade(2))
        await new.send_str(_trade(2))
        await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == 2)
        await asyncio.sleep(0.1)
        await new.send_str(_trade(3))
        await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == 3)
    assert _ids(collected) == [1, 2, 3]
    assert _changes(collected) == [FeedState.UP]


async def test_a_server_that_ends_before_the_new_connection_has_taken_over_leaves_a_gap(
    peer, feed, collected, beside
):
    feed.subscribe([BTC, ETH])
    async with beside(feed.run()):
        old = await peer.connected()
        await old.send_str(_trade(1))
        await old.send_str(_trade(1, "ethusdt"))
        _, old, new = await _rolling(feed, peer)
        for socket in (old, new):
            await socket.send_str(_trade(2))
        await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == 2)
        await asyncio.sleep(0.1)
        peer.cut(old)
        down = await collected.state(FeedState.DOWN)
        await collected.state(FeedState.UP, count=2)
        await new.send_str(_trade(3))
        await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == 3)
    # What was handed over was not lost; of the other stream nobody knows.
    assert down.symbols == ("ETHUSDT",)
    assert (feed.reconnects, feed.rollovers) == (1, 0)


async def test_an_old_connection_that_ends_while_the_new_one_is_not_up_is_a_loss_like_any(
    peer, feed, collected, beside
):
    feed.subscribe([BTC])
    async with beside(feed.run()):
        old = await peer.connected()
        await peer.stop_listening()
        task = asyncio.create_task(feed.roll())
        await asyncio.sleep(0.1)
        peer.cut(old)
        down = await collected.state(FeedState.DOWN)
        await peer.start()
        await collected.state(FeedState.UP, count=2)
        await task
    assert down.cause == "connection lost"
    assert _changes(collected) == [FeedState.UP, FeedState.DOWN, FeedState.UP]


@pytest.mark.parametrize("stays_s", [0.0, 0.1])
async def test_a_server_that_says_goodbye_to_each_newcomer_is_not_asked_in_a_tight_loop(
    peer, peer_session, collected, wall, beside, stays_s
):
    async def goodbye(socket):
        await socket.send_str(_trade(1))
        await asyncio.sleep(stays_s)
        await socket.send_str(SHUTDOWN)

    peer.on_open = goodbye
    patient = FeedOptions(backoff=Backoff(least_s=60.0, first_limit_s=60.0))
    feed = BinanceMarketFeed(peer_session, collected, wall, options=patient)
    feed.subscribe([BTC])
    async with beside(feed.run()):
        # A replacement is made at once, and tried again at once; the third attempt waits.
        await peer.connected(2)
        await asyncio.sleep(1.0)
    assert len(peer.sockets) <= 3
