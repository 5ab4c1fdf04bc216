"""A hundred rollovers on numbered events: each once, in order, and no row about it."""

import asyncio
import json
import random

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import FeedChanged, FeedState
from bot.domain.market import TradeTick
from bot.exchange.backoff import Backoff
from bot.exchange.handover import HandoverRules
from bot.exchange.market_feed import BinanceMarketFeed, FeedOptions
from bot.exchange.quiet import QuietRules
from bot.exchange.throttle import ConnectBudget

STEP_S = 0.002


class Publisher:
    """Trades of several symbols, numbered without a hole, to each connection with its own delay.

    A connection is delayed by up to 40 ms, so that the new one is sometimes ahead of the old
    one and sometimes behind.
    """

    def __init__(self, symbols, seed):
        self.symbols = symbols
        self._chance = random.Random(seed)
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self._tasks = set()

    async def serve(self, socket):
        task = asyncio.create_task(self._publish(socket, self._chance.uniform(0.0, 0.04)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def now(self):
        """The number that is due."""
        return int((self._loop.time() - self._began_s) / STEP_S)

    async def _publish(self, socket, delay_s):
        number = self.now()
        while not socket.closed:
            last = int((self._loop.time() - self._began_s - delay_s) / STEP_S)
            while number <= last:
                # Symbols differ in how much there is of them: each has every k-th number.
                for every, symbol in enumerate(self.symbols, 1):
                    if number % every == 0:
                        await self._say(socket, symbol, number // every, number)
                number += 1
            await asyncio.sleep(STEP_S)

    async def _say(self, socket, symbol, trade_id, number):
        at_ms = 1_700_000_000_000 + number
        data = {"e": "trade", "t": trade_id, "p": "1", "q": "1", "T": at_ms, "m": False}
        frame = {"stream": f"{symbol.lower()}@trade", "data": data}
        try:
            await socket.send_str(json.dumps(frame, separators=(",", ":")))
        except ConnectionError:
            return


@pytest.fixture
async def publisher(peer):
    publisher = Publisher([f"S{number}USDT" for number in range(1, 9)], seed=1)
    peer.on_open = publisher.serve
    yield publisher
    await publisher.stop()


async def _roll(feed, times):
    for _ in range(times):
        await feed.roll()


async def _numbered(peer_session, publisher, collected, wall, beside, times):
    jumps = []
    feed = BinanceMarketFeed(
        peer_session,
        collected,
        wall,
        options=FeedOptions(
            streams_per_connection=4,
            backoff=Backoff(least_s=0.0, first_limit_s=0.001, most_s=0.001),
            quiet=QuietRules(silence_s={}),
            handover=HandoverRules(wait_s=10.0),
        ),
        on_jump=lambda *args: jumps.append(args),
    )
    feed.subscribe([Subscription(StreamKind.TRADES, symbol) for symbol in publisher.symbols])
    async with beside(feed.run()):
        await collected.state(FeedState.UP, "2")
        await _roll(feed, times)
    assert not jumps
    return feed


def _assert_whole(collected, symbols):
    for symbol in symbols:
        numbers = [tick.trade_id for tick in collected.of(TradeTick) if tick.symbol == symbol]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert len(numbers) > 10
    connections = [e.state for e in collected.of(FeedChanged) if "data" not in e.name]
    assert connections == [FeedState.UP, FeedState.UP]


async def test_a_hundred_rollovers_lose_nothing_and_repeat_nothing(
    peer_session, publisher, collected, wall, beside
):
    peer_session.connects = ConnectBudget(most=1000)
    feed = await _numbered(peer_session, publisher, collected, wall, beside, times=50)
    assert (feed.rollovers, feed.reconnects) == (100, 0)
    assert feed.duplicates > 0
    _assert_whole(collected, publisher.symbols)
