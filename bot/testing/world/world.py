"""A world: an exchange, a bot that dies and comes back, and everything between them."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from bot.domain.events import Event, FeedChanged, FeedState
from bot.engine.host import StrategySpec
from bot.engine.risk import RiskLimits
from bot.runtime.logs import logger
from bot.simulation.account import DEFAULT_BALANCES
from bot.testing.world.choices import Choices
from bot.testing.world.disk import Disk, Writer
from bot.testing.world.inspection import Book, discontinuities, held, inspect
from bot.testing.world.network import Network
from bot.testing.world.players import Player, PlayerParams
from bot.testing.world.process import Process
from bot.testing.world.site import SYMBOLS, Site
from bot.testing.world.stranger import Stranger
from bot.testing.world.streams import MarketStream, UserStream
from bot.testing.world.timeline import Crash, Timeline, Trace
from bot.testing.world.troubles import Break, Troubles
from bot.testing.world.truth import Truth
from bot.testing.world.watch import Broken, Watch

__all__ = ["World"]

_SECOND: Final = 1_000_000_000
_MS: Final = 1_000_000
_EPOCH_NS: Final = 1_790_000_000 * _SECOND
_MARKET_MS: Final = 400
_POOR: Final = {"USDT": Decimal(400), "BTC": Decimal("0.004"), "ETH": Decimal("0.1")}
"""So little that orders are refused for want of it, when placed and when set off."""

MakeProcess = Callable[..., Process]


class World:
    """Use :meth:`run` once."""

    def __init__(
        self,
        choices: Choices,
        *,
        trouble_s: int = 40,
        quiet_s: int = 65,
        show: bool = False,
        process: MakeProcess = Process,
        writer: Callable[..., Writer] = Writer,
        disk: Disk | None = None,
        strategies: Sequence[StrategySpec] | None = None,
    ) -> None:
        """``trouble_s`` with everything, then ``quiet_s`` in which all must come right."""
        self.choices = choices
        self.trace = Trace(show=show)
        self.timeline = Timeline(_EPOCH_NS)
        self.trouble_ns, self.quiet_ns = trouble_s * _SECOND, quiet_s * _SECOND
        self.troubles = Troubles.drawn(choices, for_ns=self.trouble_ns)
        self.limits = _limits(choices)
        no_lists = frozenset({"oco", "oto", "opo"}) if choices.chance(0.3) else frozenset[str]()
        no_changes = frozenset({"cancelReplace", "amend"}) if choices.chance(0.2) else frozenset()
        self.site = Site(
            self.timeline,
            seed=choices.between(0, 2**31),
            unsupported=no_lists | no_changes,
            balances=_POOR if choices.chance(0.2) else DEFAULT_BALANCES,
        )
        self.disk = disk or Disk()
        self.watch = Watch(self.disk, self.limits)
        self.truth = Truth(self.site.instruments, self.limits)
        self.site.listen.append(self.truth.hear)
        self.network = Network(self.timeline, choices, self.site, note=self.note)
        self.network.executed = self.watch.executed
        self.strategies = tuple(strategies or self._players())
        self.stranger = Stranger(self.site, choices, self.note)
        self._make_process, self._make_writer = process, writer
        self._crashes = list(self.troubles.crashes)
        self._is_quiet = False
        self._is_closing = False
        self.processes: list[Process] = []
        self.current: Process | None = None

    def note(self, actor: str, text: str) -> None:
        """A line of the trace."""
        self.trace.add(self.timeline.elapsed_ns, actor, text)

    # --- the course of a world --------------------------------------------------------------

    def run(self) -> Broken | None:
        """From the first start to the last comparison; what was broken, if anything."""
        logger.disable("bot")
        try:
            self._run()
        finally:
            logger.enable("bot")
        return self.watch.broken

    def _run(self) -> None:
        self.note("world", str(self.troubles))
        self._trouble_with(self.troubles)
        for one in self.troubles.breaks:
            self.timeline.after(one.at_ns, lambda one=one: self._break(one))  # type: ignore[misc]
        for at_ns in self.troubles.stops:
            self.timeline.after(at_ns, self._stop)
        for _ in range(self.troubles.halts):
            at_ns = self.choices.between(1, self.trouble_ns)
            self.timeline.after(at_ns, self._halt)
        self._turn()
        self.timeline.after(0, self._begin)
        if self._pass(self.trouble_ns):
            self._calm()
            if self._pass(self.quiet_ns):
                self._finish()

    def _pass(self, for_ns: int) -> bool:
        """Let time pass; False as soon as something is broken."""
        until_ns = self.timeline.now_ns + for_ns
        while self.watch.broken is None:
            try:
                if self.timeline.run_until(until_ns, lambda: self.watch.broken is not None):
                    break
            except Crash:
                self._crash()
        return self.watch.broken is None

    def _turn(self) -> None:
        """The market moves, strangers trade, quotes are told."""
        if self._is_closing:
            return  # the comparison needs an exchange that stands still
        self.site.advance()
        if self.truth.excess:
            self.watch.fail("I8", self.truth.excess)
        if not self._is_quiet:
            self.stranger.act()
        if self.current is not None:
            self.current.market.tick()
        self.timeline.after(_MARKET_MS * _MS * (4 if self._is_quiet else 1), self._turn)

    def _begin(self) -> None:
        """A process starts."""
        timeline, choices = self.timeline, self.choices
        crash_after = self._crashes.pop(0) if self._crashes and not self._is_quiet else None
        writer = self._make_writer(
            self.disk,
            timeline,
            choices,
            slow=0.0 if self._is_quiet else self.troubles.slow_disk,
            broken=0.0 if self._is_quiet else self.troubles.broken_disk,
        )
        writer.wrote = self.watch.wrote
        process = self._make_process(
            timeline=timeline,
            writer=writer,
            network=self.network,
            user=UserStream(timeline, choices, self.site),
            market=MarketStream(timeline, choices, self.site),
            instruments=self.site.instruments,
            strategies=self.strategies,
            limits=self.limits,
            crash_after=crash_after,
            skew_ns=choices.between(-3_000, 3_000) * _MS if choices.chance(0.2) else 0,
            sent=self.watch.sent,
            saw=self._saw,
            note=self.note,
        )
        self.processes.append(process)
        self.current = process
        self._trouble_with(self.troubles.over() if self._is_quiet else self.troubles)
        self.note("world", f"process {len(self.processes)} starts, to die after {crash_after}")
        process.start()

    def _crash(self) -> None:
        assert self.current is not None
        self.note("world", f"process {len(self.processes)} dies at step {self.current.steps}")
        self.current.die()
        self.current = None
        down_ms = self.choices.between(1, 15_000)
        self.timeline.after(down_ms * _MS, self._begin)

    def _saw(self, process: Process, event: Event) -> None:
        self.watch.saw(process, event)
        kind = type(event).__name__
        if kind not in {"QuoteTick", "TimePassed"}:
            self.note("event", repr(event)[:220])
        if process.wiped:
            self.watch.fail("I9", "the bot took its own account for another")

    # --- what goes wrong ------------------------------------------------------------------

    def _trouble_with(self, troubles: Troubles) -> None:
        self.network.troubles = troubles
        if self.current is not None:
            self.current.user.troubles = self.current.market.troubles = troubles

    def _break(self, one: Break) -> None:
        self.note("world", f"{one.kind} for {one.for_ns / _SECOND:.1f} s")
        process = self.current
        if one.kind == "outage":
            self.site.is_out = True
            self.timeline.after(one.for_ns, self._back)
        if process is None or not process.is_alive:
            return
        if one.kind in {"drop", "outage"}:
            process.user.drop(one.kind)
        if one.kind == "half_open":
            process.user.half_open()
        if one.kind in {"market", "outage"}:
            process.market.drop(one.kind)
        if one.kind == "stale":
            process.market.stale(one.for_ns)

    def _back(self) -> None:
        self.site.is_out = False

    def _halt(self) -> None:
        if self.current is not None:
            self.current.halt()
            self.timeline.after(self.choices.between(1, 8_000) * _MS, self._resume)

    def _resume(self) -> None:
        if self.current is not None:
            self.current.resume()

    def _stop(self) -> None:
        """Somebody ends the process in good order, and starts it again."""
        process = self.current
        if process is None or process.engine is None or process.is_stopping:
            return
        process.stop(cancel=self.choices.chance(0.5))
        self.timeline.after(self.choices.between(1, 20_000) * _MS, lambda: self._stopped(process))

    def _stopped(self, process: Process) -> None:
        if process.is_alive and process is self.current:
            process.end()
            self.note("world", f"process {len(self.processes)} has ended")
            self.current = None
            self.timeline.after(self.choices.between(1, 3_000) * _MS, self._begin)

    # --- the end --------------------------------------------------------------------------

    def _calm(self) -> None:
        self.note("world", "quiet from now on")
        self._is_quiet = True
        self._trouble_with(self.troubles.over())
        process = self.current
        if process is None:
            return
        process.crash_after = None
        process.writer.calm()
        if process.writer.failed:
            # What a supervisor does with a bot that can write nothing down.
            process.crash_after = process.steps
        if process.engine is not None and process.engine.halted:
            self.timeline.after(1, self._resume)

    def _finish(self) -> None:
        """The last stop: everything must agree."""
        process = self.current
        if process is None or process.engine is None or process.is_stopping:
            self.watch.fail("I9", "the bot did not come back")
            return
        process.stop(cancel=self.choices.chance(0.5))
        if not self._pass(20 * _SECOND):
            return
        self._is_closing = process.is_closing = True
        if not self._pass(_SECOND):
            return
        process.sweep("the last before the stop")
        if not self._pass(5 * _SECOND):
            return
        process.end()
        truth = self.site.exchange.state()
        book = Book(self.disk.records)
        inspect(book, truth, process.engine, self.watch.fail)
        discontinuities(book, self._downs(), self.watch.fail)
        held(self.truth.positions, process.engine, self.watch.fail)
        for each in self.processes:
            if each.life is not None and self.watch.broken is None:
                self._replay(each)

    def _downs(self) -> list[FeedChanged]:
        """Losses of feeds that were told early enough before a death to be written down."""
        return [
            event
            for process in self.processes
            if process.life is not None and not process.writer.failed
            for event in process.life.fed
            if isinstance(event, FeedChanged)
            and event.state is FeedState.DOWN
            and event.recv_ns < process.ended_ns - 10 * _SECOND
        ]

    def _replay(self, process: Process) -> None:
        """I10."""
        assert process.life is not None
        before, after = process.life.commands, process.again(process.life)
        # What the engine wanted in the step in which the process died, nobody has seen.
        if before != after[: len(before)]:
            pairs = zip(before, after, strict=False)
            at, pair = next((i, pair) for i, pair in enumerate(pairs) if pair[0] != pair[1])
            self.watch.fail("I10", f"command {at} was {pair[0]} and is now {pair[1]}")

    # --- who plays ------------------------------------------------------------------------

    def _players(self) -> list[StrategySpec]:
        quiet_from_ns = _EPOCH_NS + self.trouble_ns
        eagerness = self.choices.pick((0.15, 0.3, 0.6))
        return [
            StrategySpec(
                strategy_id=name,
                kind=Player,
                params=PlayerParams(
                    seed=self.choices.between(0, 2**31),
                    eagerness=eagerness,
                    quiet_from_ns=quiet_from_ns,
                    never=never,
                ),
                symbols=symbols,
            )
            for name, symbols, never in (
                ("all", SYMBOLS, ()),
                ("lists", SYMBOLS[:1], ("cancel", "cancel_all", "amend", "replace", "take")),
                ("maker", SYMBOLS[:1], ("bracket", "bracket_at_market", "oco", "oto", "stop")),
            )
        ]


def _limits(choices: Choices) -> RiskLimits:
    return RiskLimits(
        max_order_notional=choices.pick((Decimal(1_000), Decimal(100))),
        max_position_notional=choices.pick((Decimal(5_000), Decimal(500))),
        max_open_orders=choices.pick((20, 6)),
        max_daily_loss=Decimal(500),
        max_orders_per_second=choices.pick((50, 3)),
    )
