"""A small driver of the engine: feeds events, takes effects, keeps both."""

import runpy
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.domain.commands import SubmitOrder, Sweep
from bot.domain.events import (
    Event,
    FeedChanged,
    FeedKind,
    FeedState,
    SweepCompleted,
    SweepFailed,
    TimePassed,
)
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
from bot.domain.market import QuoteTick
from bot.domain.order import Order
from bot.domain.records import (
    IncidentClosed,
    IncidentOpened,
    OrderEventSaved,
    OrderSaved,
)
from bot.domain.values import MS_NS, SECOND_NS, OrderStatus
from bot.engine.bus import Stopwatch
from bot.engine.effects import Effects
from bot.engine.engine import Engine, EngineConfig
from bot.engine.host import StrategySpec
from bot.engine.risk import RiskLimits
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy

BTC = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(9000),
    min_notional=Decimal(5),
)
ETH = msgspec.structs.replace(BTC, symbol="ETHUSDT", base="ETH")
NOON_NS = 1_723_118_400 * SECOND_NS
"""2024-08-08T12:00:00Z."""
FIXTURES = Path(__file__).parents[1] / "fixtures"
VenueVoice = runpy.run_path(str(FIXTURES / "venue_voice.py"))["VenueVoice"]


class Puppet(Strategy[StrategyParams]):
    """Does what the test says, in the next callback, and writes down what it was told."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heard: list[tuple[str, Any]] = []
        self.todo: deque[Callable[[Strategy[Any]], object]] = deque()
        self.answers: list[object] = []
        self.reactions: dict[str, Callable[[Strategy[Any], Any], object]] = {}

    def _hear(self, callback: str, what: object = None) -> None:
        self.heard.append((callback, what))
        while self.todo and callback == "on_quote":
            self.answers.append(self.todo.popleft()(self))
        if callback in self.reactions:
            self.reactions[callback](self, what)

    def on_start(self) -> None:
        for symbol in self.symbols:
            self.subscribe_quotes(symbol)
        self._hear("on_start")

    def on_stop(self) -> None:
        self._hear("on_stop")

    def on_quote(self, quote: QuoteTick) -> None:
        self._hear("on_quote", quote)

    def on_bar(self, bar: Any) -> None:
        self._hear("on_bar", bar)

    def on_order(self, order: Order) -> None:
        self._hear("on_order", order)

    def on_fill(self, fill: Fill) -> None:
        self._hear("on_fill", fill)

    def on_feed(self, feed: FeedChanged) -> None:
        self._hear("on_feed", feed)

    def on_timer(self, name: str) -> None:
        self._hear("on_timer", name)

    def told(self, callback: str) -> list[Any]:
        return [what for heard, what in self.heard if heard == callback]


class Driver(VenueVoice):
    """The engine with puppets on it. Each feed is a millisecond after the one before."""

    def __init__(
        self,
        *strategies: str | StrategySpec,
        limits: RiskLimits | None = None,
        instruments: Sequence[Instrument] = (BTC, ETH),
        stopwatch: Stopwatch | None = None,
        start_ns: int = NOON_NS,
        run_id: str = "run1",
        strategy_limits: dict[str, RiskLimits] | None = None,
    ) -> None:
        self.now_ns = start_ns
        self.engine = Engine(
            EngineConfig(
                run_id=run_id,
                limits=limits or RiskLimits(),
                strategy_limits=strategy_limits or {},
            ),
            {instrument.symbol: instrument for instrument in instruments},
            **({} if stopwatch is None else {"stopwatch": stopwatch}),
        )
        for strategy in strategies or ("puppet",):
            spec = (
                StrategySpec(strategy, Puppet, StrategyParams(), ("BTCUSDT",))
                if isinstance(strategy, str)
                else strategy
            )
            self.engine.host.load(spec, {})
        self.history: list[Effects] = []

    # --- events in, effects out ----------------------------------------------------------

    def feed(self, event: Event) -> Effects:
        self.engine.feed(event)
        return self.take()

    def take(self) -> Effects:
        effects = self.engine.take()
        self.history.append(effects)
        return effects

    def tick(self, ms: float = 1) -> int:
        self.now_ns += int(ms * MS_NS)
        return self.now_ns

    def wait(self, seconds: float) -> Effects:
        """Nothing happens for that long, and the engine is told so."""
        return self.feed(TimePassed(recv_ns=self.tick(seconds * 1000)))

    def wait_in_steps(self, seconds: float, step_s: float = 0.1) -> list[tuple[float, Any]]:
        """(seconds since now, command) of what is asked while the time passes."""
        began, sent = self.now_ns, []
        for _ in range(round(seconds / step_s)):
            effects = self.wait(step_s)
            at_s = round((self.now_ns - began) / SECOND_NS, 3)
            sent += [(at_s, command) for command in effects.commands]
        return sent

    # --- what happened so far ------------------------------------------------------------

    @property
    def records(self) -> list[Any]:
        return [record for effects in self.history for record in effects.records]

    @property
    def commands(self) -> list[Any]:
        return [command for effects in self.history for command in effects.commands]

    def sent(self, kind: type) -> list[Any]:
        return [command for command in self.commands if type(command) is kind]

    def incidents(self, kind: str) -> list[IncidentOpened]:
        return [r for r in self.records if isinstance(r, IncidentOpened) and r.kind == kind]

    def healed(self, incident: IncidentOpened) -> IncidentClosed | None:
        return next(
            (
                r
                for r in self.records
                if isinstance(r, IncidentClosed) and r.incident_id == incident.incident_id
            ),
            None,
        )

    def rows(self, client_order_id: str) -> list[OrderEventSaved]:
        return [
            r
            for r in self.records
            if isinstance(r, OrderEventSaved) and r.client_order_id == client_order_id
        ]

    def stored(self, client_order_id: str) -> Order:
        """The order as the last row has it."""
        return [
            r.order
            for r in self.records
            if isinstance(r, OrderSaved) and r.order.client_order_id == client_order_id
        ][-1]

    def status(self, client_order_id: str) -> OrderStatus:
        order = self.engine.blotter.get(client_order_id)
        assert order is not None
        return order.status

    def puppet(self, strategy_id: str = "puppet") -> Puppet:
        strategy = self.engine.host.plugins[strategy_id].strategy
        assert isinstance(strategy, Puppet)
        return strategy

    # --- the account and its feeds -------------------------------------------------------

    def user(self, state: FeedState = FeedState.UP, cause: str = "test") -> Effects:
        return self.feed(
            FeedChanged(
                feed=FeedKind.USER, name="user", state=state, cause=cause, recv_ns=self.tick()
            )
        )

    def market(
        self, state: FeedState, *, name: str = "market 1", symbols: tuple[str, ...] = ()
    ) -> Effects:
        return self.feed(
            FeedChanged(
                feed=FeedKind.MARKET,
                name=name,
                state=state,
                cause="test",
                recv_ns=self.tick(),
                symbols=symbols,
            )
        )

    def swept(self, generation: int | None = None, **last_trade_ids: int) -> Effects:
        """The newest sweep (or the given one) is complete."""
        if generation is None:
            generation = self.sent(Sweep)[-1].generation
        now_ns = self.tick()
        return self.feed(
            SweepCompleted(
                generation=generation,
                last_trade_ids=last_trade_ids or {"BTCUSDT": -1, "ETHUSDT": -1},
                asked_ns=now_ns,
                recv_ns=now_ns,
            )
        )

    def sweep_failed(self, generation: int | None = None) -> Effects:
        if generation is None:
            generation = self.sent(Sweep)[-1].generation
        return self.feed(SweepFailed(generation=generation, reason="503", recv_ns=self.tick()))

    def quote(self, bid: float = 99.0, ask: float = 101.0, symbol: str = "BTCUSDT") -> Effects:
        now_ns = self.tick()
        return self.feed(
            QuoteTick(
                symbol=symbol,
                bid=bid,
                bid_size=1.0,
                ask=ask,
                ask_size=1.0,
                update_id=now_ns,
                ts_ns=now_ns,
                recv_ns=now_ns,
            )
        )

    def live(self) -> "Driver":
        """User feed up, account swept, strategies started, a price of 100 seen."""
        self.user()
        self.swept()
        self.quote()
        self.quote(symbol="ETHUSDT")
        return self

    # --- what the puppet does ------------------------------------------------------------

    def act(self, action: Callable[[Strategy[Any]], object], strategy_id: str = "puppet") -> Any:
        """Have it done in the next on_quote; what the action returned."""
        puppet = self.puppet(strategy_id)
        puppet.todo.append(action)
        self.quote()
        assert not puppet.todo, "the strategy was not called"
        return puppet.answers[-1]

    def buy(self, quantity: object = 1, price: object = 100, strategy_id: str = "puppet") -> str:
        return self.act(lambda s: s.buy("BTCUSDT", quantity, price), strategy_id)

    def sell(self, quantity: object = 1, price: object = 100, strategy_id: str = "puppet") -> str:
        return self.act(lambda s: s.sell("BTCUSDT", quantity, price), strategy_id)

    def cancel(self, client_order_id: str, strategy_id: str = "puppet") -> bool:
        return self.act(lambda s: s.cancel(client_order_id), strategy_id)

    def opened(self, **kwargs: Any) -> str:
        """A buy that was sent and acknowledged."""
        client_order_id = self.buy(**kwargs)
        self.submitted(client_order_id)
        self.accepted(client_order_id)
        return client_order_id

    def submits(self) -> list[str]:
        return [command.client_order_id for command in self.sent(SubmitOrder)]


@pytest.fixture
def engine_driver() -> type[Driver]:
    """The class: ``engine_driver("a", "b", limits=...)`` makes an engine with puppets."""
    return Driver


@pytest.fixture
def live_engine() -> Driver:
    """One puppet, the account seen, BTCUSDT at 100."""
    return Driver().live()


@pytest.fixture
def puppet_type() -> type[Puppet]:
    return Puppet


@pytest.fixture
def btcusdt() -> Instrument:
    return BTC
