"""One life of the bot: start-up by recovery, the engine, its way to the exchange, its end."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from bot.domain.commands import Command, Subscribe, Unsubscribe
from bot.domain.events import (
    Event,
    HaltRequested,
    ResumeRequested,
    SnapshotDue,
    StopRequested,
    SweepDue,
    TimePassed,
)
from bot.domain.instrument import Instrument
from bot.domain.records import RunEnded, RunStarted
from bot.engine.effects import Effects
from bot.engine.engine import Engine, EngineConfig
from bot.engine.host import StrategySpec
from bot.engine.identity import run_name
from bot.engine.risk import RiskLimits
from bot.exchange.session import Session
from bot.exchange.venue import BinanceVenue
from bot.ports import MarketHistory, Recovery
from bot.runtime.carrier import Carrier
from bot.runtime.composition import was_wiped
from bot.runtime.pump import Pump
from bot.runtime.revival import recover, revived
from bot.testing.world.disk import Writer
from bot.testing.world.network import Network, WorldSession
from bot.testing.world.streams import MarketStream, UserStream
from bot.testing.world.timeline import Crash, Timeline

__all__ = ["ENVIRONMENT", "Life", "Process"]

ENVIRONMENT: Final = "world"
_MS: Final = 1_000_000
_TICK_MS: Final = 250
_SWEEP_MS: Final = 20_000
_SNAPSHOT_MS: Final = 30_000

Sent = Callable[["Process", str, str, Mapping[str, str]], None]


class _Quiet(Pump):
    """The real pump; its lines go to the world's trace."""

    note: Callable[[str, str], None]

    def _log(self, effects: Effects) -> None:
        for line in effects.logs:
            self.note(line.source, f"{line.level} {line.message}")


class Life:
    """What a process was made of and what it was fed, to make it again."""

    def __init__(self, config: EngineConfig, recovery: Recovery, began_ns: int) -> None:
        self.config = config
        self.recovery = recovery
        self.began_ns = began_ns
        self.fed: list[Event] = []
        self.commands: list[Command] = []


class Process:
    """``alive`` until it crashes or has ended in good order."""

    def __init__(
        self,
        *,
        timeline: Timeline,
        writer: Writer,
        network: Network,
        user: UserStream,
        market: MarketStream,
        instruments: dict[str, Instrument],
        strategies: Sequence[StrategySpec],
        limits: RiskLimits,
        crash_after: int | None,
        skew_ns: int,
        sent: Sent,
        saw: Callable[["Process", Event], None],
        note: Callable[[str, str], None],
    ) -> None:
        self.timeline = timeline
        self.writer = writer
        self.user = user
        self.market = market
        user.emit = market.emit = self.emit
        user.alive = market.alive = self.alive
        self._clock = _Clock(timeline, skew_ns)
        user.clock_ns = market.clock_ns = self._clock.now_ns
        self.is_alive = True
        self.ended_ns = 0
        self.is_stopping = False
        self.is_closing = False
        """No more timed work: the last sweep is made by hand."""
        self.engine: Engine | None = None
        self.life: Life | None = None
        self.wiped = False
        self.steps = 0
        self.crash_after = crash_after
        self._instruments = instruments
        self._strategies = strategies
        self._limits = limits
        self._saw = saw
        self._note = note
        self._sent = sent
        session = WorldSession(network, self._leave)
        self._venue = BinanceVenue(cast("Session", session), self._clock)
        self._emit: Callable[[Event], None] = lambda _: None

    def alive(self) -> bool:
        return self.is_alive

    def start(self) -> None:
        self.timeline.drive(self._boot(), self.alive)

    def step(self) -> None:
        """A place at which the process may die."""
        self.steps += 1
        if self.crash_after is not None and self.steps >= self.crash_after:
            raise Crash

    def emit(self, event: Event) -> None:
        """The only door; the process may die before the event and after it."""
        if not self.is_alive or self.life is None:
            return
        self.step()
        self.life.fed.append(event)
        self._emit(event)
        self._saw(self, event)
        self.step()

    def die(self) -> None:
        """The power is gone."""
        self.is_alive = False
        self.ended_ns = self.timeline.now_ns
        self.writer.lose_power()
        self.user.close()

    def stop(self, *, cancel: bool) -> None:
        """As on SIGTERM: the strategies stop, and what rests is cancelled if so wanted."""
        self.is_stopping = True
        now_ns = self._clock.now_ns()
        self.emit(StopRequested(reason="told to", cancel_orders=cancel, recv_ns=now_ns))

    def end(self) -> None:
        """The end in good order: the last rows are written, whatever time that takes."""
        if self.life is not None:
            ended = RunEnded(
                run_id=self.life.config.run_id, ended_ns=self._clock.now_ns(), outcome="stopped"
            )
            self.writer.append([ended])
        self.writer.finish()
        self.is_alive = False
        self.ended_ns = self.timeline.now_ns
        self.user.close()

    def sweep(self, cause: str) -> None:
        self.emit(SweepDue(cause=cause, recv_ns=self._clock.now_ns()))

    def halt(self) -> None:
        self.emit(HaltRequested(reason="the operator", recv_ns=self._clock.now_ns()))

    def resume(self) -> None:
        self.emit(ResumeRequested(reason="the operator", recv_ns=self._clock.now_ns()))

    # --- how ----------------------------------------------------------------------------

    async def _boot(self) -> None:
        recovery = self.writer.recover(ENVIRONMENT)
        self.step()
        self.wiped = await was_wiped(self._venue, recovery)
        self.step()
        self._begin(recovery)

    def _begin(self, recovery: Recovery) -> None:
        now_ns = self._clock.now_ns()
        config = EngineConfig(run_id=run_name(now_ns), limits=self._limits)
        life = self.life = Life(config, recovery, now_ns)
        engine = self.engine = self.made(life)
        carrier = Carrier(
            venue=self._venue,
            history=cast("MarketHistory", None),
            store=self.writer,
            clock=self._clock,
            closed=lambda: engine.gate.closed,
            intent_max_age_s=5.0,
        )
        carrier.emit = self.emit
        pump = _Quiet(
            engine, self.writer, dispatch=lambda cs, mark: self._dispatch(carrier, cs, mark)
        )
        pump.note = self._note
        self._emit = pump.emit
        self.writer.append([self._started(config, now_ns)])
        recover(engine, recovery, now_ns)
        engine.watch_prices()
        pump.flush()
        self.step()
        self.market.connect()
        self.user.connect()
        self._every(_TICK_MS, lambda: TimePassed(recv_ns=self._clock.now_ns()))
        self._every(_SWEEP_MS, lambda: SweepDue(cause="schedule", recv_ns=self._clock.now_ns()))
        self._every(_SNAPSHOT_MS, lambda: SnapshotDue(recv_ns=self._clock.now_ns()))

    def made(self, life: Life) -> Engine:
        """A new engine for that life."""
        return revived(life.config, dict(self._instruments), self._strategies, life.recovery)

    def again(self, life: Life) -> list[Command]:
        """The commands of an engine that is fed the same life."""
        engine = self.made(life)
        recover(engine, life.recovery, life.began_ns)
        engine.watch_prices()
        commands = list(engine.take().commands)
        for event in life.fed:
            engine.feed(event)
            commands += engine.take().commands
        return commands

    def _dispatch(self, carrier: Carrier, commands: Sequence[Command], mark: int) -> None:
        assert self.life is not None
        self.life.commands += commands
        for command in commands:
            if isinstance(command, Subscribe):
                self.market.subscribe(command.subscriptions)
            elif not isinstance(command, Unsubscribe):
                self.timeline.after(
                    0,
                    lambda command=command: self._carry(carrier, command, mark),  # type: ignore[misc]
                )

    def _carry(self, carrier: Carrier, command: Command, mark: int) -> None:
        if self.is_alive:
            self._note("send", repr(command)[:200])
            self.timeline.drive(carrier.carry(command, mark), self.alive)

    def _leave(self, method: str, path: str, params: Mapping[str, str]) -> None:
        self.step()
        self._sent(self, method, path, params)

    def _every(self, period_ms: int, make: Callable[[], Event]) -> None:
        def fire() -> None:
            if self.is_alive:
                self.timeline.after(period_ms * _MS, fire)
                if not self.is_closing or period_ms == _TICK_MS:
                    self.emit(make())

        self.timeline.after(period_ms * _MS, fire)

    def _started(self, config: EngineConfig, now_ns: int) -> RunStarted:
        return RunStarted(
            run_id=config.run_id,
            environment=ENVIRONMENT,
            venue="world",
            market="spot",
            code_version="",
            settings_digest="",
            strategies={spec.strategy_id: {} for spec in self._strategies},
            symbols=tuple(self._instruments),
            started_ns=now_ns,
        )


class _Clock:
    """The machine's, which need not be the exchange's."""

    def __init__(self, timeline: Timeline, skew_ns: int) -> None:
        self._timeline = timeline
        self._skew_ns = skew_ns

    def now_ns(self) -> int:
        return self._timeline.now_ns + self._skew_ns
