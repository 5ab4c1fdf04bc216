"""Handlers slower than the feed: what may be skipped is, what may not is not, and it is told."""

import asyncio
import json
import time

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import FeedChanged, FeedState
from bot.domain.market import QuoteTick, TradeTick
from bot.exchange.channel import FeedOptions
from bot.exchange.market_feed import BinanceMarketFeed
from bot.exchange.pressure import PressureRules
from bot.exchange.quiet import QuietRules

COUNT = 3000


def _frame(stream, **data):
    return json.dumps({"stream": stream, "data": data}, separators=(",", ":"))


def _trade(number):
    at_ms = int(time.time() * 1000)
    return _frame("btcusdt@trade", e="trade", t=number, p="1", q="1", T=at_ms, m=False)


def _quote(number):
    return _frame("btcusdt@bookTicker", u=number, b="1", B="1", a="2", A="1")


@pytest.fixture
def slow(collected):
    """An engine that takes a millisecond for each event."""

    def handle(event):
        if not isinstance(event, FeedChanged):
            time.sleep(0.001)
        collected(event)

    return handle


async def test_a_burst_is_worked_off_with_every_trade_and_the_latest_quotes(
    peer, peer_session, collected, slow, wall, beside
):
    feed = BinanceMarketFeed(
        peer_session,
        slow,
        wall,
        options=FeedOptions(
            quiet=QuietRules(silence_s={}),
            pressure=PressureRules(conflate_after_s=0.05, warn_after_s=0.3),
        ),
    )
    feed.subscribe(
        [
            Subscription(StreamKind.TRADES, "BTCUSDT"),
            Subscription(StreamKind.QUOTES, "BTCUSDT"),
        ]
    )
    async with beside(feed.run()):
        client = await peer.connected()
        # What is normal is learnt first.
        for number in range(5):
            await client.send_str(_trade(number))
            await asyncio.sleep(0.1)
        for number in range(5, COUNT):
            await client.send_str(_quote(number))
            if number % 2:
                await client.send_str(_trade(5 + number // 2 - 2))
        last = 5 + (COUNT - 1) // 2 - 2
        await collected.until(lambda e: isinstance(e, TradeTick) and e.trade_id == last, 60)
        late = await collected.state(FeedState.LATE)
        async with asyncio.timeout(20):
            while True:
                await client.send_str(_trade(last := last + 1))
                await asyncio.sleep(0.1)
                told = [e for e in collected.of(FeedChanged) if e.name == late.name]
                if told[-1].state is FeedState.UP:
                    break
    assert [tick.trade_id for tick in collected.of(TradeTick)] == list(range(last + 1))
    quotes = [quote.update_id for quote in collected.of(QuoteTick)]
    assert quotes == sorted(quotes)
    assert quotes[-1] == COUNT - 1
    assert feed.conflated > COUNT // 4
    assert len(quotes) + feed.conflated == COUNT - 5
    assert late.name == "spot market data"
    assert feed.worst_lag_ns > 300_000_000
    assert "worked off" in told[-1].cause


async def test_a_calm_feed_skips_nothing(peer, peer_session, collected, wall, beside):
    feed = BinanceMarketFeed(peer_session, collected, wall)
    feed.subscribe([Subscription(StreamKind.QUOTES, "BTCUSDT")])
    async with beside(feed.run()):
        client = await peer.connected()
        for number in range(300):
            await client.send_str(_quote(number))
        await collected.until(lambda e: isinstance(e, QuoteTick) and e.update_id == 299)
    assert [quote.update_id for quote in collected.of(QuoteTick)] == list(range(300))
    assert feed.conflated == 0
