"""The whole bot as a contender: feed, pump, engine with cache and bus, a strategy's callbacks."""

import asyncio
import resource
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import frames
from handlers import handlers_for

from bot import Instrument, StrategyParams
from bot.domain.commands import Command, Subscribe, Sweep
from bot.domain.events import Event, FeedChanged, FeedKind, FeedState, SweepCompleted, TimePassed
from bot.engine.engine import Engine, EngineConfig
from bot.engine.host import StrategySpec
from bot.exchange.endpoints import from_url
from bot.exchange.market_feed import BinanceMarketFeed, FeedOptions, Tap
from bot.exchange.pressure import PressureRules
from bot.exchange.session import Session
from bot.runtime.clock import WallClock
from bot.runtime.pump import Pump
from bot.runtime.stopwatch import Stopwatch
from bot.storage.memory import MemoryStore
from bot.strategy.strategy import Strategy

__all__ = ["TheBot"]

_STATM = Path("/proc/self/statm")
# Every message is to be handled: with rules of its own, a flood would be conflated.
_ALL = PressureRules(conflate_after_s=1e9, warn_after_s=1e9)


class TheBot:
    """With every guard, clock and check of a run; its store is in memory."""

    def __init__(self, url: str, how: str, streams: Sequence[str], tap: Tap | None = None) -> None:
        self.resident_mb: list[float] = []
        self._clock = WallClock()
        self._stopwatch = Stopwatch()
        self._session = Session(from_url(url))
        symbols = tuple(dict.fromkeys(name.partition("@")[0].upper() for name in streams))
        self._symbols = symbols
        self._engine = Engine(
            EngineConfig(run_id="bench"),
            {symbol: _instrument(symbol) for symbol in symbols},
            stopwatch=self._stopwatch,
        )
        kind = _counting(handlers_for(how), streams)
        self._engine.host.load(StrategySpec("counting", kind, StrategyParams(), symbols), {})
        self._strategy: Any = self._engine.host.plugins["counting"].strategy
        self._pump = Pump(self._engine, MemoryStore(), dispatch=self._dispatch)
        self._feed = BinanceMarketFeed(
            self._session, self._pump.emit, self._clock, options=FeedOptions(pressure=_ALL), tap=tap
        )

    async def read(self, count: int, warm_up: int, *, memory: bool = False) -> dict[str, Any]:
        """Take the messages; what it took. Ends the process where one was lost."""
        self._stopwatch.start()
        done: asyncio.Future[dict[str, Any]] = self._strategy.prepare(count, warm_up)
        up: Event = FeedChanged(
            feed=FeedKind.USER, name="user", state=FeedState.UP, cause="", recv_ns=self._now_ns()
        )
        self._pump.emit(up)
        await asyncio.sleep(0.05)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._feed.run()), tasks.create_task(self._tick())]
            if memory:
                running.append(tasks.create_task(self._weigh()))
            reading = await done
            for task in running:
                task.cancel()
        await self._session.close()
        self._stopwatch.stop()
        feed = self._feed
        lost = (feed.broken_frames, feed.unknown_frames, feed.duplicates, self._pump.faults)
        if any(lost) or self._engine.counts["incident:strategy_fault"]:
            raise SystemExit(f"broken, unknown, dropped frames and faults: {lost}")
        if memory:
            reading["resident_mb"] = self.resident_mb
        return {**reading, "own_us": self._pump.latency.quantiles_us()}

    def _now_ns(self) -> int:
        return self._clock.now_ns()

    def _dispatch(self, commands: Sequence[Command], _mark: int) -> None:
        for command in commands:
            if isinstance(command, Subscribe):
                self._feed.subscribe(command.subscriptions)
            elif isinstance(command, Sweep):
                # An account without orders: the sweep that a run begins with finds nothing.
                swept = SweepCompleted(
                    generation=command.generation,
                    last_trade_ids=dict.fromkeys(self._symbols, -1),
                    asked_ns=self._now_ns(),
                    recv_ns=self._now_ns(),
                )
                asyncio.get_running_loop().call_soon(self._pump.emit, swept)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            self._pump.emit(TimePassed(recv_ns=self._now_ns()))

    async def _weigh(self) -> None:
        """Megabytes in use at each million messages."""
        while True:
            await asyncio.sleep(0.1)
            while len(self.resident_mb) < self._strategy.seen // 1_000_000:
                self.resident_mb.append(_resident_mb())


def _resident_mb() -> float:
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        return 0.0  # only Linux tells it there
    return round(pages * resource.getpagesize() / 2**20, 1)


def _counting(handlers: type[Any], streams: Sequence[str]) -> type[Strategy[StrategyParams]]:
    class Counting(handlers, Strategy[StrategyParams]):  # type: ignore[misc]
        def on_start(self) -> None:
            ask = {
                "bookTicker": self.subscribe_quotes,
                "trade": self.subscribe_trades,
                "aggTrade": self.subscribe_agg_trades,
                "depth20@100ms": self.subscribe_book,
            }
            for name in streams:
                symbol, _, what = name.partition("@")
                ask[what](symbol.upper())

    return Counting


def _instrument(symbol: str) -> Instrument:
    _, price_decimals, size_decimals = frames.SYMBOLS.get(symbol, (0.0, 4, 4))
    return Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        tick_size=Decimal(1).scaleb(-price_decimals),
        step_size=Decimal(1).scaleb(-size_decimals),
        min_quantity=Decimal(1).scaleb(-size_decimals),
        max_quantity=Decimal(9_000_000),
        min_notional=Decimal(5),
    )
