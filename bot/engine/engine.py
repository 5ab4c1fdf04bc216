"""The middle: ``feed(event)``, then ``take()`` gives what it did.

No clock, no randomness, no tasks, no files: the same events give the same effects.
"""

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.commands import Command, StreamKind, Subscription
from bot.domain.events import (
    Balance,
    Event,
    HaltRequested,
    ResumeRequested,
    StopRequested,
    TimePassed,
)
from bot.domain.instrument import Instrument
from bot.domain.market import (
    MarketEvent,
    WholeMarket,
)
from bot.domain.records import (
    IncidentClosed,
    IncidentOpened,
    Record,
    StateSaved,
)
from bot.domain.streams import check
from bot.domain.values import SECOND_NS, Market
from bot.engine.account import Account
from bot.engine.bars import BARS, Bars
from bot.engine.blotter import Blotter
from bot.engine.books import Books
from bot.engine.bus import Bus, Stopwatch
from bot.engine.cache import Cache
from bot.engine.desk import OrderDesk
from bot.engine.door import door
from bot.engine.effects import Effects, LogLine
from bot.engine.fees import Fees
from bot.engine.flattening import Flattening
from bot.engine.host import Host
from bot.engine.inquiry import Inquiry
from bot.engine.intake import Intake
from bot.engine.ledger import Ledger
from bot.engine.lists import Lists
from bot.engine.requests import RequestQueue
from bot.engine.risk import Gate, RiskLimits
from bot.engine.routing import routes
from bot.engine.safeguard import Safeguard
from bot.engine.sight import Sight
from bot.engine.snapshots import BOOKS
from bot.engine.subscriptions import Subscriptions
from bot.engine.timers import Timers
from bot.engine.topics import canonical, is_of_instrument
from bot.engine.warmup import WarmUp

__all__ = ["Engine", "EngineConfig"]

_OWN: Final = "_engine"
"""The owner of what the engine itself wants."""
_DAY: Final = "day"
_DAY_NS: Final = 86_400 * SECOND_NS


class _Still:
    """A stopwatch for where nothing is late: replays and backtests."""

    now_ns = 0


_STILL: Final = _Still()


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine needs to know of its run."""

    run_id: str
    market: Market = Market.SPOT
    """The home of plain symbols."""
    limits: RiskLimits = RiskLimits()
    strategy_limits: dict[str, RiskLimits] = {}
    """All limits of a strategy that has some of its own, by strategy id."""
    recv_window_ms: int = 5_000
    slow_callback_ms: int = 100
    bars_kept: int = 1_000
    """Closed bars of each kind that strategies can look back on."""
    warm_up_trades: int = 20_000
    """Trades of the past fetched at most for bars that are built from trades."""
    book_levels: int = 1000
    """Levels a side that a whole book begins with."""


class Engine:
    """One account, several strategies, a total order of events."""

    def __init__(
        self,
        config: EngineConfig,
        instruments: dict[str, Instrument],
        *,
        stopwatch: Stopwatch = _STILL,
    ) -> None:
        self.config = config
        self.now_ns = 0
        self.events = 0
        self.counts: Counter[str] = Counter()
        self.halted = ""
        self.stopping = ""
        self.cache = Cache(instruments)
        self.blotter = Blotter(instruments)
        self.timers = Timers()
        # The engine's own: the day of the loss limit, the next try of a sweep.
        self.deadlines = Timers()
        self.gate = Gate(
            config.limits,
            cache=self.cache,
            blotter=self.blotter,
            of_strategies=config.strategy_limits,
        )
        self.safeguard = Safeguard(self)
        self.host = Host(self)
        self.bus = Bus(
            on_fault=self.host.faulted,
            on_slow=self.host.slow,
            stopwatch=stopwatch,
            slow_ns=config.slow_callback_ms * 1_000_000,
        )
        self.fees = Fees(self)
        self.ledger = Ledger(self)
        self.inquiry = Inquiry(self, recv_window_ms=config.recv_window_ms)
        self.gate.budgets.missing = self.inquiry.missing
        self.desk = OrderDesk(self)
        self.intake = Intake(self)
        self.requests = RequestQueue(self)
        self.flattening = Flattening(self)
        self.lists = Lists(self)
        self.account = Account(self)
        self.sight = Sight(self)
        self.subscriptions = Subscriptions(self)
        self.bars = Bars(self)
        self.warmup = WarmUp(self)
        self.books = Books(self, levels=config.book_levels)
        self._effects = Effects()
        self.has_effects = False
        """Whether :meth:`take` would give anything."""
        self._incident_counter = 0
        self.lasting: dict[str, str] = {}
        """Incidents that are not over, by id: kind, subject and cause."""
        # What the present callback handles: an event, or the name of a timer.
        self._handlers = routes(self)
        self.bars.attach(self._handlers)
        self._enter = door(self, self._handlers)
        self.deadlines.set("", _DAY, 0)
        self.refresh_gate()

    # --- the door ----------------------------------------------------------------------

    def feed(self, event: Event) -> None:
        """Take one event in, and run everything that follows from it to completion."""
        self._enter(event)

    def door(
        self,
        *,
        failed: Callable[[Event, Exception], None],
        effects: Callable[[], None],
        look: Callable[[Event], int],
    ) -> Callable[[Event], None]:
        """As :meth:`feed`, for a shell: see :mod:`bot.engine.door`."""
        return door(self, self._handlers, failed=failed, effects=effects, look=look)

    def take(self) -> Effects:
        """What was done since the last call."""
        effects, self._effects = self._effects, Effects()
        self.has_effects = False
        return effects

    @property
    def is_blind(self) -> bool:
        return self.sight.blind

    @property
    def balances(self) -> dict[str, Balance]:
        """The newest absolute balance of each asset."""
        return self.account.balances

    @property
    def is_settled(self) -> bool:
        """No order waits for an answer, and none that should be cancelled still rests."""
        return self.desk.is_settled

    # --- handlers ----------------------------------------------------------------------

    def on_market(self, event: MarketEvent) -> None:
        self.cache.update(event)
        self.bus.publish(event)

    def on_whole_market(self, event: WholeMarket) -> None:
        for one in event.events:
            self.on_market(one)

    def on_time(self, _: TimePassed) -> None:
        self.inquiry.ask_due()
        self.lists.retry()
        self.fees.settle()
        self.flattening.go_on()

    def on_halt(self, event: HaltRequested) -> None:
        self.halted = event.reason or "halted"
        self.save_state("_engine", "halt", json.dumps(self.halted))
        self.incident("halt", "bot", self.halted, severity="warning")
        self.refresh_gate()

    def on_resume(self, event: ResumeRequested) -> None:
        self.flattening.stop()
        self.halted = ""
        self.save_state("_engine", "halt", json.dumps(""))
        self.safeguard.lift()
        self.incident("resume", "bot", event.reason, severity="info")
        self.refresh_gate()

    def on_stop(self, event: StopRequested) -> None:
        if not self.stopping:
            self.host.stop()
            self.requests.handle()
            self.stopping = event.reason or "asked to"
            self.refresh_gate()
        if event.cancel_orders:
            for order in self.blotter.open_orders():
                if order.strategy_id in self.host.plugins:
                    self.desk.request_cancel(order, f"stop: {event.reason}")

    def fire_timers(self) -> None:
        for owner, name in self.timers.due(self.now_ns):
            self.requests.cause = f"timer {name}"
            self.host.call(owner, "on_timer", name)
            # The next one must see the orders that this one asked for.
            self.requests.handle()

    def meet_deadlines(self) -> None:
        for owner, name in self.deadlines.due(self.now_ns):
            if owner == BOOKS:
                self.books.retry(name)
            elif owner == BARS:
                self.bars.pass_time(name)
            elif name == _DAY:
                self.begin_day()
            else:
                self.sight.retry()

    def begin_day(
        self,
        before_today: dict[str, Decimal] | None = None,
        of_strategies: dict[tuple[str, str], Decimal] | None = None,
    ) -> None:
        """Count the losses of the day anew, now and at each 00:00 UTC."""
        self.gate.start_day(before_today, of_strategies)
        self.deadlines.set("", _DAY, (self.now_ns // _DAY_NS + 1) * _DAY_NS)

    # --- what the parts may ask of the middle --------------------------------------------

    def record(self, record: Record) -> None:
        self._effects.records.append(record)
        self.has_effects = True

    def command(self, command: Command) -> None:
        self._effects.commands.append(command)
        self.has_effects = True

    def log(self, level: str, message: str, source: str = "engine") -> None:
        self._effects.logs.append(LogLine(level, message, source))
        self.has_effects = True

    def incident(
        self,
        kind: str,
        subject: str,
        cause: str,
        *,
        severity: str,
        lasting: bool = False,
        since_ns: int | None = None,
    ) -> str:
        """Write an incident down and log it; its id, to close it if it lasts.

        ``since_ns`` is when it began, if that was before now.
        """
        self._incident_counter += 1
        incident_id = f"{self.config.run_id}-{self._incident_counter}"
        self.record(
            IncidentOpened(
                incident_id=incident_id,
                run_id=self.config.run_id,
                kind=kind,
                severity=severity,
                subject=subject,
                cause=cause,
                from_ns=self.now_ns if since_ns is None else since_ns,
                to_ns=None if lasting else self.now_ns,
            )
        )
        if lasting:
            self.lasting[incident_id] = f"{kind} {subject}: {cause}"
        self.counts[f"incident:{kind}"] += 1
        self.log(severity.upper(), f"{kind} {subject}: {cause}")
        return incident_id

    def close_incident(self, incident_id: str, healed_by: str) -> None:
        """The lasting incident is over."""
        self.lasting.pop(incident_id, None)
        self.record(IncidentClosed(incident_id=incident_id, to_ns=self.now_ns, healed_by=healed_by))

    def save_state(self, strategy_id: str, key: str, value: str) -> None:
        self.record(StateSaved(strategy_id=strategy_id, key=key, value=value, ts_ns=self.now_ns))

    def refresh_gate(self) -> None:
        """Set why no order may pass now, or that they may."""
        if self.stopping:
            self.gate.closed = f"the bot is stopping: {self.stopping}"
        elif self.halted:
            self.gate.closed = f"halted: {self.halted}"
        elif self.sight.blind:
            self.gate.closed = "the account is not reconciled: the user stream is or was down"
        else:
            self.gate.closed = ""
            self.lists.resume()

    def start_strategies(self) -> None:
        """Run ``on_start`` of those that have not started; called once the account is seen."""
        if not self.stopping:
            self.host.start()

    def watch_prices(self) -> None:
        """Ask for the quotes of every traded symbol: risk and PnL need a price."""
        for symbol in self.cache.instruments:
            self.subscriptions.want(_OWN, Subscription(StreamKind.QUOTES, symbol))

    def subscribe(self, strategy_id: str, subscription: Subscription) -> None:
        """Wire the strategy's callback and ask the shell for the stream, once.

        Raises:
            KeyError, SettingsError, ValueError: the run, Binance or nobody has such a thing.
        """
        wish = canonical(subscription, self.config.market)
        if is_of_instrument(subscription) and wish.symbol not in self.cache.instruments:
            known = ", ".join(self.cache.instruments)
            raise KeyError(f"{wish.symbol} is not traded in this run; it trades {known}")
        check(wish, self.config.market)
        self.host.wire(strategy_id, wish)
        if wish.kind is StreamKind.DEPTH:
            self.books.want(wish)
        self.subscriptions.want(strategy_id, wish)

    def unsubscribe(self, strategy_id: str, subscription: Subscription) -> bool:
        """Deliver it to the strategy no more; the stream ends when nobody else wants it."""
        wish = canonical(subscription, self.config.market)
        released = self.subscriptions.release(strategy_id, wish)
        if released:
            self.host.unwire(strategy_id, wish)
        return released
