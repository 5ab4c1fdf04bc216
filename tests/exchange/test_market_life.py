"""The life of market connections on the simulated exchange, over real sockets."""

import asyncio
import time
from itertools import pairwise
from typing import NamedTuple

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import FeedChanged, FeedState
from bot.domain.market import BookSnapshot, DepthUpdate, MarkPrice, QuoteTick, TradeTick
from bot.domain.values import Market
from bot.exchange.backfill import Backfill
from bot.exchange.channel import FeedOptions
from bot.exchange.endpoints import from_url
from bot.exchange.handover import HandoverRules
from bot.exchange.market_feed import BinanceMarketFeed
from bot.exchange.market_feeds import MarketFeeds
from bot.exchange.market_history import BinanceMarketHistory
from bot.exchange.quiet import QuietRules
from bot.exchange.session import Session
from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.market import SeededMarket
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.wire.server import serve

TRADES = Subscription(StreamKind.TRADES, "BTCUSDT")
QUOTES = Subscription(StreamKind.QUOTES, "BTCUSDT")
DEPTH = Subscription(StreamKind.DEPTH, "BTCUSDT", "100ms")
USDM_TRADES = Subscription(StreamKind.TRADES, "usdm:BTCUSDT")
COINM_QUOTES = Subscription(StreamKind.QUOTES, "coinm:BTCUSD_PERP")
USDM_MARK = Subscription(StreamKind.MARK_PRICE, "usdm:BTCUSDT")


class Life(NamedTuple):
    feeds: MarketFeeds
    plan: FaultPlan

    def commit(self, **fault):
        self.plan.add(parse_faults([fault]), int(time.time() * 1000))


@pytest.fixture
async def exchange_port():
    """The port of a busy exchange and the plan of its faults."""
    now_ms = int(time.time() * 1000)
    account = AccountSpec("sim-key", "sim-secret")
    plan = FaultPlan()
    server = await serve(
        SimulatedExchange(
            symbols=DEFAULT_SYMBOLS[:2],
            accounts=[account],
            market=SeededMarket(seed=1, rate=150.0, history_minutes=1),
            start_ms=now_ms,
        ),
        faults=plan,
        futures=[
            FuturesExchange(
                market="usdm",
                symbols=DEFAULT_CONTRACTS["usdm"][:1],
                accounts=[],
                source=SeededMarket(seed=2, rate=150.0, history_minutes=1),
                start_ms=now_ms,
            ),
            FuturesExchange(
                market="coinm",
                symbols=DEFAULT_CONTRACTS["coinm"][:1],
                accounts=[],
                source=SeededMarket(seed=3, rate=150.0, history_minutes=1),
                start_ms=now_ms,
            ),
        ],
    )
    yield server.port, plan
    await server.close()


@pytest.fixture
async def life(exchange_port, collected, wall, quick, short):
    port, plan = exchange_port
    session = Session(from_url(f"http://127.0.0.1:{port}"), timeout_s=20.0)
    backfill = Backfill(BinanceMarketHistory(session, wall), collected, wall)

    def open_feed(market, emit, on_jump):
        return BinanceMarketFeed(
            session,
            emit,
            wall,
            market=market,
            home=Market.SPOT,
            options=FeedOptions(
                liveness=short,
                backoff=quick,
                quiet=QuietRules(silence_s={}, first_data_s=2.0),
                handover=HandoverRules(wait_s=1.0),
            ),
            on_jump=on_jump,
        )

    yield Life(MarketFeeds(Market.SPOT, open_feed, collected, backfill=backfill), plan)
    await session.close()


def _trades(collected, symbol="BTCUSDT"):
    return [tick for tick in collected.of(TradeTick) if tick.symbol == symbol]


async def _more_trades(collected, symbol="BTCUSDT", count=5):
    last = max((tick.trade_id for tick in _trades(collected, symbol)), default=0)
    await collected.until(
        lambda e: isinstance(e, TradeTick) and e.symbol == symbol and e.trade_id >= last + count
    )


def _connections(collected):
    """Changes of connections, without lag and holes."""
    return [
        event.state
        for event in collected.of(FeedChanged)
        if event.state in {FeedState.UP, FeedState.DOWN} and "data" not in event.name
    ]


def _holes(collected, state):
    holes = [event for event in collected.of(FeedChanged) if event.state is state]
    return [(hole.stream, hole.from_id, hole.to_id) for hole in holes]


def _assert_each_once(collected, symbol="BTCUSDT"):
    """No trade is missing and none is twice; what came live came in order."""
    trades = _trades(collected, symbol)
    numbers = sorted(tick.trade_id for tick in trades)
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    live = [tick.trade_id for tick in trades if not tick.late]
    assert live == sorted(live)


async def test_several_markets_are_watched_at_once_each_by_its_own_connections(
    life, collected, beside
):
    life.feeds.subscribe([TRADES, QUOTES, USDM_TRADES, USDM_MARK, COINM_QUOTES])
    async with beside(life.feeds.run()):
        for name in ("spot market 1", "usdm public 1", "usdm market 1", "coinm market 1"):
            await collected.state(FeedState.UP, name)
        for symbol in ("BTCUSDT", "usdm:BTCUSDT"):
            await _more_trades(collected, symbol)
        await collected.until(lambda e: isinstance(e, MarkPrice))
        await collected.until(
            lambda e: isinstance(e, QuoteTick) and e.symbol == "coinm:BTCUSD_PERP"
        )
        await life.feeds.roll()
        for symbol in ("BTCUSDT", "usdm:BTCUSDT"):
            await _more_trades(collected, symbol)
    assert life.feeds.figures.rollovers == 4
    assert _connections(collected) == [FeedState.UP] * 4
    _assert_each_once(collected)
    _assert_each_once(collected, "usdm:BTCUSDT")


async def test_rollovers_in_a_row_are_seen_by_nobody(life, collected, beside):
    life.feeds.subscribe([TRADES, QUOTES, DEPTH])
    async with beside(life.feeds.run()):
        await _more_trades(collected)
        for _ in range(10):
            await life.feeds.roll()
        await _more_trades(collected)
    assert life.feeds.figures.rollovers == 10
    assert _connections(collected) == [FeedState.UP]
    assert not _holes(collected, FeedState.GAP)
    _assert_each_once(collected)
    updates = collected.of(DepthUpdate)
    for before, after in pairwise(updates):
        assert after.first_update_id == before.last_update_id + 1
    quotes = [quote.update_id for quote in collected.of(QuoteTick)]
    assert quotes == sorted(set(quotes))


async def test_what_a_drop_lost_is_told_and_fetched(life, collected, beside):
    life.feeds.subscribe([TRADES])
    async with beside(life.feeds.run()):
        await _more_trades(collected)
        life.commit(kind="outage", for_s=1)
        await collected.state(FeedState.DOWN)
        await collected.state(FeedState.UP, count=2)
        await collected.state(FeedState.HEALED)
        await _more_trades(collected)
    (hole,) = _holes(collected, FeedState.GAP)
    assert _holes(collected, FeedState.HEALED) == [hole]
    assert [t.trade_id for t in _trades(collected) if t.late] == list(range(hole[1], hole[2] + 1))
    _assert_each_once(collected)


async def test_holes_of_two_markets_are_told_apart(life, collected, beside):
    life.feeds.subscribe([TRADES, USDM_TRADES])
    async with beside(life.feeds.run()):
        await _more_trades(collected)
        await _more_trades(collected, "usdm:BTCUSDT")
        life.commit(kind="lose", target="market", match="trade", for_s=1)
        for stream in ("btcusdt@trade", "usdm:btcusdt@trade"):
            await collected.until(
                lambda e, stream=stream: (
                    isinstance(e, FeedChanged)
                    and e.state is FeedState.HEALED
                    and e.stream == stream
                )
            )
    _assert_each_once(collected)


async def test_events_that_the_server_loses_are_found_by_their_numbers(life, collected, beside):
    life.feeds.subscribe([TRADES])
    async with beside(life.feeds.run()):
        await _more_trades(collected)
        life.commit(kind="lose", target="market", match="trade", times=3)
        await collected.state(FeedState.HEALED)
        await _more_trades(collected)
    assert sum(last - first + 1 for _, first, last in _holes(collected, FeedState.GAP)) == 3
    assert _connections(collected) == [FeedState.UP]
    _assert_each_once(collected)


async def test_repetitions_of_the_server_go_no_further(life, collected, beside):
    life.feeds.subscribe([TRADES])
    async with beside(life.feeds.run()):
        await _more_trades(collected)
        life.commit(kind="duplicate", target="market", match="trade", times=5)
        await _more_trades(collected, count=10)
    assert life.feeds.figures.duplicates == 5
    _assert_each_once(collected)


async def test_a_connection_that_falls_silent_is_found_and_replaced(life, collected, beside):
    life.feeds.subscribe([TRADES])
    async with beside(life.feeds.run()):
        await _more_trades(collected)
        life.commit(kind="half_open", target="market", times=1)
        down = await collected.state(FeedState.DOWN)
        await collected.state(FeedState.HEALED)
        await _more_trades(collected)
    assert "no answer to a ping" in down.cause
    _assert_each_once(collected)


async def test_a_goodbye_of_the_server_costs_nothing(life, collected, beside):
    life.feeds.subscribe([TRADES, QUOTES])
    async with beside(life.feeds.run()):
        await _more_trades(collected)
        life.commit(kind="server_shutdown", target="market", for_s=1.5)
        async with asyncio.timeout(20):
            while not life.feeds.figures.rollovers:
                await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        await _more_trades(collected)
    assert _connections(collected) == [FeedState.UP]
    _assert_each_once(collected)


async def test_a_stream_that_is_acknowledged_and_silent_is_told_and_no_other_suffers(
    life, collected, beside
):
    nobody = Subscription(StreamKind.BOOK, "NOBODYUSDT", "5")
    life.feeds.subscribe([TRADES])
    async with beside(life.feeds.run()):
        await _more_trades(collected)
        life.feeds.subscribe([nobody])
        stale = await collected.state(FeedState.STALE)
        await _more_trades(collected)
        life.feeds.unsubscribe([nobody])
    assert (stale.name, stale.symbols) == ("nobodyusdt@depth5@100ms", ("NOBODYUSDT",))
    # What is no longer wanted is no longer missed.
    assert collected.of(FeedChanged)[-1].cause == "not wanted any more"
    assert not collected.of(BookSnapshot)
    _assert_each_once(collected)


async def test_twelve_hundred_streams_take_six_connections_and_keep_to_the_limits(
    life, collected, beside
):
    intervals = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")
    wishes = [
        Subscription(StreamKind.BARS, f"{number}{symbol}", interval)
        for number in ("", *range(46))
        for symbol in ("BTCUSDT", "ETHUSDT")
        for interval in intervals
    ][:1200]
    life.feeds.subscribe(wishes)
    async with beside(life.feeds.run()):
        for number in range(1, 7):
            await collected.state(FeedState.UP, f"spot market {number}")
        (feed,) = life.feeds._feeds.values()
        async with asyncio.timeout(30):
            while sum(len(c.shard.carried) for c in feed._channels) < 1200:
                await asyncio.sleep(0.05)
        await life.feeds.roll()
    # More than 5 messages a second would have been a cut. Most of the symbols do not exist, so
    # that connections may have been replaced because of their silence as well.
    connections = [e.state for e in collected.of(FeedChanged) if e.name.startswith("spot market ")]
    assert {state for state in connections if state is not FeedState.LATE} == {FeedState.UP}
    assert life.feeds.figures.rollovers >= 6
