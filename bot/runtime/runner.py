"""A run from start to end: recover, connect, reconcile, trade, stop."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bot import __version__
from bot.domain.events import SnapshotDue, StopRequested, SweepDue, TimePassed
from bot.domain.records import RunEnded, RunStarted
from bot.domain.values import SECOND_NS, Market
from bot.engine.engine import Engine, EngineConfig
from bot.engine.host import StrategySpec
from bot.engine.identity import run_name
from bot.runtime.clock import WallClock
from bot.runtime.composition import Parts, opened
from bot.runtime.control.guard import Guard
from bot.runtime.control.post import guard_of
from bot.runtime.embedded import EmbeddedOptions
from bot.runtime.logs import logger
from bot.runtime.progress import Progress, Summary, progress_of, summary_of
from bot.runtime.pump import Pump
from bot.runtime.recorder import report_troubles
from bot.runtime.revival import recover, revived
from bot.runtime.scheduler import Job, Timetable
from bot.runtime.sender import Sender
from bot.runtime.settings import Settings
from bot.runtime.stopwatch import Stopwatch
from bot.runtime.watchdog import Watchdog

__all__ = ["Plan", "Runner"]

_TICK_S: Final = 0.1
_RESTART_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: the settings, and what only the command line knows."""

    settings: Settings
    strategies: tuple[StrategySpec, ...]
    duration_s: float | None = None
    embedded: EmbeddedOptions = field(default_factory=EmbeddedOptions)
    record: Path | None = None
    """The directory that market data is recorded into."""
    on_progress: Callable[[Progress], None] = field(default=lambda _: None)


class Runner:
    """Owns every task of a run. Use :meth:`run` once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clock = WallClock()
        self._stopwatch = Stopwatch()
        self._stop = asyncio.Event()
        self._is_hurried = False
        self._reason = ""
        self._outcome = "stopped"

    async def run(self) -> Summary:
        """Trade until the time is up or a signal comes, then stop in good order.

        Raises:
            UserError: the run cannot begin; one line says why.
        """
        started_ns = self._clock.now_ns()
        plan = self._plan
        async with opened(plan, clock=self._clock, run_id=run_name(started_ns)) as parts:
            engine = self._engine(parts, started_ns)
            sender = Sender(
                venue=parts.venue,
                history=parts.history,
                store=parts.store,
                clock=self._clock,
                market_feed=parts.market_feed,
                closed=lambda: guard.closed(),  # noqa: PLW0108 - it is made below
                exempt=lambda cid: guard.exempt(cid),  # noqa: PLW0108 - as above
                intent_max_age_s=plan.settings.intent_max_age_s,
            )
            pump = Pump(engine, parts.store, dispatch=sender.dispatch)
            guard = guard_of(plan.settings, parts, engine, pump)
            parts.connect(pump.emit)
            parts.store.append([self._started(parts, engine, started_ns)])
            for kind, subject, cause in parts.notes:
                engine.incident(kind, subject, cause, severity="warning")
            recover(engine, parts.recovery, started_ns)
            if parts.recording is not None:
                report_troubles(parts.recording, engine, pump)
            parts.order_entry.listen(_reporting(engine, pump))
            engine.watch_prices()
            pump.flush()
            with guard:
                await self._trade(parts, engine, pump, sender, guard)
            ended_ns = self._clock.now_ns()
            pump.emit(SnapshotDue(recv_ns=ended_ns))
            parts.store.append(
                [RunEnded(run_id=engine.config.run_id, ended_ns=ended_ns, outcome=self._outcome)]
            )
            return summary_of(
                engine,
                pump.latency,
                parts.market_feed.figures,
                venue=plan.settings.venue,
                started_at=_iso(started_ns),
                ended_at=_iso(ended_ns),
                outcome=self._outcome,
            )

    # --- before ------------------------------------------------------------------------

    def _engine(self, parts: Parts, started_ns: int) -> Engine:
        settings = self._plan.settings
        config = EngineConfig(
            run_id=run_name(started_ns),
            market=Market(settings.market),
            limits=settings.risk.limits(),
            strategy_limits=settings.risk.of_strategies(),
            recv_window_ms=settings.recv_window_ms,
            slow_callback_ms=settings.slow_callback_ms,
            book_levels=settings.book_levels,
            bars_kept=settings.bars_kept,
            warm_up_trades=settings.warm_up_trades,
        )
        return revived(
            config,
            parts.instruments,
            self._plan.strategies,
            parts.recovery,
            stopwatch=self._stopwatch,
        )

    def _started(self, parts: Parts, engine: Engine, started_ns: int) -> RunStarted:
        settings = self._plan.settings
        return RunStarted(
            run_id=engine.config.run_id,
            environment=parts.environment,
            venue=settings.venue,
            market=settings.market,
            code_version=__version__,
            settings_digest=settings.digest(),
            strategies={
                spec.strategy_id: {
                    "class": spec.kind.__name__,
                    "version": spec.kind.version,
                    "params": spec.params.model_dump_json(),
                    "symbols": " ".join(spec.symbols),
                }
                for spec in self._plan.strategies
            },
            symbols=tuple(parts.instruments),
            started_ns=started_ns,
        )

    # --- while -------------------------------------------------------------------------

    async def _trade(
        self, parts: Parts, engine: Engine, pump: Pump, sender: Sender, guard: Guard
    ) -> None:
        watchdog = Watchdog(
            lambda: engine.bus.running, bound_s=self._plan.settings.stuck_callback_s
        )
        timetable = self._timetable(parts, engine, pump)
        if guard.dead_man is not None:
            timetable.add(guard.dead_man.job)
        self._stopwatch.start()
        watchdog.start()
        timetable.start()
        try:
            with self._signals():
                async with asyncio.TaskGroup() as tasks:
                    await sender.run(pump.emit, tasks)
                    running = [
                        tasks.create_task(self._kept("user feed", parts.user_feed.run, engine)),
                        tasks.create_task(self._kept("market feed", parts.market_feed.run, engine)),
                        tasks.create_task(self._kept("order entry", parts.order_entry.run, engine)),
                        tasks.create_task(self._tick(pump)),
                        tasks.create_task(guard.beat()),
                        tasks.create_task(guard.follow()),
                        tasks.create_task(self._show(engine, pump, parts)),
                    ]
                    await self._until_stop()
                    await self._wind_down(engine, pump)
                    if guard.dead_man is not None:
                        await guard.dead_man.release()
                    for task in running:
                        task.cancel()
        finally:
            timetable.stop()
            watchdog.stop()
            self._stopwatch.stop()

    def _timetable(self, parts: Parts, engine: Engine, pump: Pump) -> Timetable:
        settings, now = self._plan.settings, self._clock.now_ns

        def failed(name: str, cause: str) -> None:
            engine.incident("job_failed", name, cause, severity="warning")
            pump.flush()

        async def rules() -> None:
            fresh = await parts.venue.instruments(tuple(parts.instruments))
            for symbol, instrument in fresh.items():
                if engine.cache.instruments.get(symbol) != instrument:
                    engine.cache.instruments[symbol] = instrument
                    engine.ledger.write_instrument(instrument)
                    cause = "tick, step or limits changed"
                    engine.incident("rules_changed", symbol, cause, severity="info")
                    pump.flush()

        timetable = Timetable(failed)
        jobs: tuple[Job, ...] = (
            Job(
                "reconcile sweep",
                settings.sweep_every_s,
                lambda: pump.emit(SweepDue(cause="schedule", recv_ns=now())),
            ),
            Job("clock offset", settings.clock_every_s, parts.sync_clock),
            Job("symbol rules", settings.rules_every_s, rules),
            Job(
                "lease renewal",
                settings.lease_every_s,
                parts.renew_lease,
                retry_s=settings.lease_every_s / 360,
            ),
            Job(
                "stream rollover",
                settings.roll_every_s,
                parts.market_feed.roll,
                jitter_s=settings.roll_every_s / 50,
            ),
            Job(
                "order connection rollover",
                settings.roll_every_s,
                parts.order_entry.roll,
                jitter_s=settings.roll_every_s / 50,
            ),
            Job(
                "equity snapshot",
                settings.equity_every_s,
                lambda: pump.emit(SnapshotDue(recv_ns=now())),
            ),
        )
        for job in jobs:
            timetable.add(job)
        return timetable

    async def _kept(self, name: str, run: Callable[[], Awaitable[None]], engine: Engine) -> None:
        """Run a feed for ever; if it ends by a bug of ours, write that down and begin again."""
        while True:
            try:
                await run()
            except Exception as e:  # noqa: BLE001 - wall: a feed
                logger.bind(source=name).opt(exception=e).debug("{} failed", name)
                cause = f"{type(e).__name__}: {e}"
                engine.incident("internal_fault", name, cause, severity="error")
            await asyncio.sleep(_RESTART_PAUSE_S)

    async def _tick(self, pump: Pump) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            pump.emit(TimePassed(recv_ns=self._clock.now_ns()))

    async def _show(self, engine: Engine, pump: Pump, parts: Parts) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            self._plan.on_progress(
                progress_of(
                    engine,
                    pump.latency,
                    parts.market_feed.figures,
                    elapsed_s=time.monotonic() - began,
                    backlog=parts.backlog(),
                )
            )

    # --- after -------------------------------------------------------------------------

    async def _until_stop(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), self._plan.duration_s)
        self._reason = self._reason or "the time is up"

    async def _wind_down(self, engine: Engine, pump: Pump) -> None:
        """Let the strategies stop, cancel what rests if so set, and wait for the answers."""
        settings = self._plan.settings
        logger.bind(source="bot").info("stopping: {}", self._reason)
        pump.emit(
            StopRequested(
                reason=self._reason,
                cancel_orders=settings.on_stop == "cancel",
                recv_ns=self._clock.now_ns(),
            )
        )
        deadline = time.monotonic() + settings.stop_timeout_s
        await self._until(lambda: engine.is_settled, deadline)
        # One more look at the account: what the stream lost is found now, not at the next start.
        if not self._is_hurried:
            pump.emit(SweepDue(cause="the last before the stop", recv_ns=self._clock.now_ns()))
        await self._until(lambda: not engine.sight.is_sweeping and engine.is_settled, deadline)
        if not engine.is_settled:
            waited_s = settings.stop_timeout_s - max(deadline - time.monotonic(), 0.0)
            asked = "was asked to hurry, and " if self._is_hurried else ""
            cause = f"{asked}answers were still missing {waited_s:.1f} s after the stop"
            engine.incident("stop_unsettled", "bot", cause, severity="warning")
            self._outcome = "stopped, with orders unsettled"

    async def _until(self, condition: Callable[[], bool], deadline: float) -> None:
        """Wait; the engine is sans-I/O, so there is no event to wait on."""
        while not condition() and time.monotonic() < deadline:
            if self._is_hurried:
                return
            await asyncio.sleep(0.02)

    @contextlib.contextmanager
    def _signals(self) -> Any:
        loop = asyncio.get_running_loop()

        def stop(name: str) -> None:
            # The second time: whatever is still missing is found at the next start.
            self._is_hurried = self._stop.is_set()
            self._reason = self._reason or name
            self._stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number.name)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def _reporting(engine: Engine, pump: Pump) -> Callable[[bool, str], None]:
    """Makes incidents of how orders go to the venue, where that changes."""
    was_down = False

    def changed(up: bool, cause: str) -> None:
        nonlocal was_down
        if up and not was_down:
            return  # the first connection of a run is no news
        was_down = not up
        kind = "order_connection_up" if up else "order_connection_down"
        told = cause if up else f"{cause}; orders go over REST meanwhile"
        engine.incident(kind, "order entry", told, severity="info" if up else "warning")
        pump.flush()

    return changed


def _iso(ns: int) -> str:
    return datetime.fromtimestamp(ns / SECOND_NS, UTC).isoformat(timespec="milliseconds")
