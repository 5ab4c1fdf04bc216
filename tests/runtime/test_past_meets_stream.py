"""Warm-up over real sockets against the simulated exchange: the past and the stream are one."""

import asyncio
import contextlib
import time
from itertools import pairwise

import pytest

from bot.domain.events import FeedChanged, FeedKind, FeedState, SweepCompleted, TimePassed
from bot.domain.interval import interval_of
from bot.domain.values import MS_NS
from bot.engine.engine import Engine, EngineConfig
from bot.engine.host import StrategySpec
from bot.exchange.endpoints import from_url
from bot.exchange.market_history import BinanceMarketHistory
from bot.exchange.session import Session
from bot.exchange.venue import BinanceVenue
from bot.runtime.clock import WallClock
from bot.runtime.feeds import market_feeds
from bot.runtime.sender import Sender
from bot.runtime.settings import Settings
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.market import SeededMarket
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.wire.server import serve
from bot.strategy.history import BarsWanted
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy

SYMBOL = "BTCUSDT"
PAST_S = 60
PATIENCE_S = 30.0


class Watcher(Strategy[StrategyParams]):
    """Wants some of the past and then writes down every closed bar."""

    intervals = ("1s", "2s", "250ms", "20t", "2v")
    count = 12

    def warm_up(self):
        return [BarsWanted(SYMBOL, interval, self.count) for interval in self.intervals]

    def on_start(self):
        self.past = {i: self.bars(SYMBOL, i, 1_000) for i in self.intervals}
        self.live = {i: [] for i in self.intervals}
        for interval in self.intervals:
            self.subscribe_bars(SYMBOL, interval)

    def on_bar(self, bar):
        if bar.closed:
            self.live[bar.interval].append(bar)


class _Ledger:
    def append(self, _):
        return 0

    async def durable(self, _):
        return


class Bot:
    """The engine with what carries its commands and brings it events; no account."""

    def __init__(self, session, instruments):
        self.clock = WallClock()
        self.history = BinanceMarketHistory(session, self.clock)
        settings = Settings(_env_file=None)
        self.feed = market_feeds(settings, session, self.history, self.clock, None)
        self.feed.connect(self.emit)
        self.engine = Engine(EngineConfig(run_id="run1"), instruments)
        spec = StrategySpec("watcher", Watcher, StrategyParams(), (SYMBOL,))
        self.engine.host.load(spec, {})
        self.incidents = []
        self.sender = Sender(
            venue=BinanceVenue(session, self.clock),
            history=self.history,
            store=_Ledger(),
            clock=self.clock,
            market_feed=self.feed,
            closed=lambda: "",
            intent_max_age_s=5.0,
        )

    @property
    def watcher(self):
        return self.engine.host.plugins["watcher"].strategy

    def emit(self, event):
        self.engine.feed(event)
        effects = self.engine.take()
        self.incidents += [row for row in effects.records if hasattr(row, "kind")]
        self.sender.dispatch([c for c in effects.commands if type(c).__name__ != "Sweep"], 0)

    async def run(self):
        async with asyncio.TaskGroup() as tasks:
            await self.sender.run(self.emit, tasks)
            tasks.create_task(self.feed.run())
            tasks.create_task(self._tick())
            now_ns = self.clock.now_ns()
            up = FeedChanged(
                feed=FeedKind.USER, name="user", state=FeedState.UP, cause="", recv_ns=now_ns
            )
            self.emit(up)
            swept = SweepCompleted(generation=1, last_trade_ids={}, asked_ns=0, recv_ns=now_ns)
            self.emit(swept)

    async def until(self, condition):
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.05)

    async def _tick(self):
        while True:
            await asyncio.sleep(0.1)
            self.emit(TimePassed(recv_ns=self.clock.now_ns()))


@pytest.fixture
async def bot():
    """Connected to an exchange whose market has been trading for a minute."""
    exchange = SimulatedExchange(
        symbols=DEFAULT_SYMBOLS,
        accounts=[],
        market=SeededMarket(seed=3),
        start_ms=int(time.time() * 1000) - PAST_S * 1000,
    )
    plan = FaultPlan()
    server = await serve(exchange, faults=plan)
    session = Session(
        from_url(f"http://127.0.0.1:{server.port}"), api_key="k", api_secret="s", timeout_s=20.0
    )
    await session.sync_clock()
    instruments = await BinanceVenue(session, WallClock()).instruments([SYMBOL])
    made = Bot(session, instruments)
    made.plan = plan
    running = asyncio.ensure_future(made.run())
    yield made
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await session.close()
    await server.close()


def is_warm(bot):
    return hasattr(bot.watcher, "live")


async def test_the_first_live_bar_follows_the_last_one_of_the_past(bot):
    await bot.until(lambda: is_warm(bot))
    await bot.until(lambda: bot.watcher.live["2s"] and bot.watcher.live["20t"])
    watcher = bot.watcher
    for interval in ("1s", "2s", "250ms"):
        covers = interval_of(interval)
        past, live = watcher.past[interval], watcher.live[interval]
        assert len(past) >= Watcher.count, interval
        assert all(bar.closed for bar in past)
        for one, other in pairwise([*past, *live]):
            assert other.open_ns == covers.next_ns(one.open_ns), interval
    for interval in ("20t", "2v"):
        together = [*watcher.past[interval], *watcher.live[interval]]
        assert len(watcher.past[interval]) >= Watcher.count
        opened = [bar.open_ns for bar in together]
        assert opened == sorted(set(opened)), interval
    ticks = [*watcher.past["20t"], *watcher.live["20t"]]
    assert all(bar.trades == 20 for bar in ticks)
    assert all(b.first_trade_id == a.last_trade_id + 1 for a, b in pairwise(ticks))
    assert all(bar.volume == 2.0 for bar in watcher.past["2v"] + watcher.live["2v"])
    assert [row.kind for row in bot.incidents if row.kind == "warm_up_failed"] == []


async def test_what_is_built_is_what_the_exchange_has(bot):
    """Two seconds from single ones, and from trades: the exchange's own trades decide."""
    await bot.until(lambda: is_warm(bot) and bot.watcher.live["2s"])
    first_ns = bot.watcher.past["2s"][0].open_ns
    own = {bar.open_ns: bar for bar in await bot.history.bars(SYMBOL, "1s", first_ns, None, 1_000)}
    built = [*bot.watcher.past["2s"], *bot.watcher.live["2s"]]
    assert len(built) > Watcher.count
    for bar in built:
        halves = [own[bar.open_ns], own[bar.open_ns + 1_000 * MS_NS]]
        traded = [half for half in halves if half.trades] or halves[:1]
        assert bar.open == traded[0].open
        assert bar.close == halves[1].close
        assert bar.trades == sum(half.trades for half in halves)
        assert bar.volume == pytest.approx(sum(half.volume for half in halves), abs=1e-9)
    quarters = {}
    for bar in [*bot.watcher.past["250ms"], *bot.watcher.live["250ms"]]:
        quarters[bar.open_ns] = bar
    for open_ns, second in own.items():
        parts = [quarters.get(open_ns + n * 250 * MS_NS) for n in range(4)]
        if all(parts):
            assert sum(part.trades for part in parts) == second.trades
            assert parts[-1].close == second.close


async def test_what_the_stream_lost_is_in_the_bars_after_all(bot):
    await bot.until(lambda: is_warm(bot) and bot.watcher.live["2v"])
    lost = {"kind": "lose", "target": "market", "match": "aggTrade", "for_s": 1.0}
    bot.plan.add(parse_faults([lost]), int(time.time() * 1000))
    await bot.until(lambda: any(bar.late for bar in bot.watcher.live["250ms"]))
    seen = len(bot.watcher.live["2s"])
    await bot.until(lambda: len(bot.watcher.live["2s"]) > seen)
    first_ns = bot.watcher.past["2s"][0].open_ns
    own = {bar.open_ns: bar for bar in await bot.history.bars(SYMBOL, "1s", first_ns, None, 1_000)}
    corrected = {bar.open_ns for bar in bot.watcher.live["250ms"] if bar.late}
    quarters = {bar.open_ns: bar for bar in bot.watcher.bars(SYMBOL, "250ms", 1_000)}
    checked = 0
    for open_ns, second in own.items():
        places = [open_ns + n * 250 * MS_NS for n in range(4)]
        if corrected & set(places) and all(place in quarters for place in places):
            parts = [quarters[place] for place in places]
            assert sum(part.trades for part in parts) == second.trades
            assert parts[-1].close == second.close
            checked += 1
    assert checked
    bars = [*bot.watcher.past["2v"], *bot.watcher.live["2v"]]
    assert all(bar.volume == 2.0 for bar in bars)
    assert all(b.first_trade_id <= a.last_trade_id + 1 for a, b in pairwise(bars))
