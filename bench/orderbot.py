"""The bot as a contender with orders: strategy, engine, risk, store, sender, signature, socket."""

import asyncio
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self

from bot import Instrument, QuoteTick, Side, Strategy, StrategyParams
from bot.domain.commands import Command, Sweep
from bot.domain.events import Event, FeedChanged, FeedKind, FeedState, SweepCompleted, TimePassed
from bot.domain.values import Market, OrderStatus
from bot.engine.engine import Engine, EngineConfig
from bot.engine.host import StrategySpec
from bot.engine.risk import RiskLimits
from bot.exchange.allowance import RateLimit
from bot.exchange.endpoints import from_url
from bot.exchange.orderentry import OrderEntry
from bot.exchange.session import Session
from bot.exchange.venue import BinanceVenue
from bot.runtime.clock import WallClock
from bot.runtime.pump import Pump
from bot.runtime.sender import Sender
from bot.runtime.stopwatch import Stopwatch

__all__ = ["OrderBot"]

_SYMBOL = "BTCUSDT"
_VAST = Decimal(10**12)
# Each check is made, and none refuses.
_NEVER = RiskLimits(
    max_order_notional=_VAST,
    max_position_notional=_VAST,
    max_open_orders=10**9,
    max_daily_loss=_VAST,
    max_orders_per_second=10**9,
)
_LIMITS = [
    RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 10**9),
    RateLimit("ORDERS", "SECOND", 10, 10**9),
    RateLimit("ORDERS", "DAY", 1, 10**9),
]


class _Deciding(Strategy[StrategyParams]):
    """Buys and sells by turns at each quote, and notes when it decided."""

    def on_start(self) -> None:
        for symbol in self.symbols:
            self.subscribe_quotes(symbol)
        self.decided_ns: dict[str, int] = {}
        self.ended_ns: dict[str, int] = {}
        self.refused = 0
        self.answered = asyncio.Event()

    def on_quote(self, quote: QuoteTick) -> None:
        side = Side.SELL if len(self.decided_ns) % 2 else Side.BUY
        now_ns = time.time_ns()
        order = (self.buy if side is Side.BUY else self.sell)(quote.symbol, Decimal("0.001"))
        self.decided_ns[order] = now_ns

    def on_order(self, order: Any) -> None:
        if order.status.is_terminal:
            self.ended_ns[order.client_order_id] = time.time_ns()
            self.refused += order.status is not OrderStatus.FILLED
            self.answered.set()


class OrderBot:
    """With every guard, clock and check of a run."""

    def __init__(self, url: str, store: Any, way: str) -> None:
        self._store = store
        self._clock = WallClock()
        self._stopwatch = Stopwatch()
        self._session = Session(from_url(url), api_key="key", api_secret="secret")
        self._session.allowances[Market.SPOT].limit(_LIMITS)
        self.entry = OrderEntry(self._session, way)
        self._engine = Engine(
            EngineConfig(run_id="bench", limits=_NEVER),
            {_SYMBOL: _instrument()},
            stopwatch=self._stopwatch,
        )
        self._engine.host.load(
            StrategySpec("deciding", _Deciding, StrategyParams(), (_SYMBOL,)), {}
        )
        self.strategy: Any = self._engine.host.plugins["deciding"].strategy
        self._sender = Sender(
            venue=BinanceVenue(self._session, self._clock, self.entry.wire),
            history=None,  # type: ignore[arg-type]
            store=store,
            clock=self._clock,
            market_feed=_NoFeed(),  # type: ignore[arg-type]
            closed=lambda: self._engine.gate.closed,
            intent_max_age_s=5.0,
        )
        self._pump = Pump(self._engine, store, dispatch=self._dispatch)
        self._tasks = asyncio.TaskGroup()
        self._running: list[asyncio.Task[None]] = []
        self._price = 50_000.0

    async def __aenter__(self) -> Self:
        self._stopwatch.start()
        await self._tasks.__aenter__()
        await self._sender.run(self._pump.emit, self._tasks)
        self._running = [
            self._tasks.create_task(self.entry.run()),
            self._tasks.create_task(self._tick()),
        ]
        up: Event = FeedChanged(
            feed=FeedKind.USER, name="user", state=FeedState.UP, cause="", recv_ns=time.time_ns()
        )
        self._pump.emit(up)
        await asyncio.sleep(0.1)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await self._tasks.__aexit__(None, None, None)
        await self._session.close()
        self._stopwatch.stop()
        if self._pump.faults or self._engine.counts["incident:strategy_fault"]:
            raise SystemExit(f"faults: {self._pump.faults}, {dict(self._engine.counts)}")

    def quote(self) -> None:
        """One quote, and with it one order."""
        now_ns = time.time_ns()
        self._price += 0.01
        self._pump.emit(
            QuoteTick(
                symbol=_SYMBOL,
                bid=self._price,
                bid_size=1.0,
                ask=self._price + 1,
                ask_size=1.0,
                update_id=now_ns,
                ts_ns=now_ns,
                recv_ns=now_ns,
            )
        )

    async def one(self) -> None:
        """One order, from the quote to the end of the order."""
        self.strategy.answered.clear()
        self.quote()
        await self.strategy.answered.wait()

    def _dispatch(self, commands: Sequence[Command], mark: int) -> None:
        others = []
        for command in commands:
            if isinstance(command, Sweep):
                swept = SweepCompleted(
                    generation=command.generation,
                    last_trade_ids={_SYMBOL: -1},
                    asked_ns=time.time_ns(),
                    recv_ns=time.time_ns(),
                )
                asyncio.get_running_loop().call_soon(self._pump.emit, swept)
            else:
                others.append(command)
        self._sender.dispatch(others, mark)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            self._pump.emit(TimePassed(recv_ns=time.time_ns()))


class _NoFeed:
    def subscribe(self, subscriptions: object) -> None:
        pass

    def unsubscribe(self, subscriptions: object) -> None:
        pass


def _instrument() -> Instrument:
    return Instrument(
        symbol=_SYMBOL,
        base="BTC",
        quote="USDT",
        tick_size=Decimal("0.01"),
        step_size=Decimal("0.00001"),
        min_quantity=Decimal("0.00001"),
        max_quantity=Decimal(9000),
        min_notional=Decimal(1),
    )
