"""Recording without trading: streams into files, with the books and rules that go with them."""

import asyncio
import contextlib
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import SettingsError, VenueError, VenueSetupError
from bot.domain.events import Event, FeedChanged, FeedState
from bot.domain.values import Market
from bot.engine.identity import run_name
from bot.exchange import endpoints
from bot.exchange.continuity import StreamState
from bot.exchange.endpoints import Endpoints
from bot.exchange.market_feed import BinanceMarketFeed
from bot.exchange.market_rest import book_answer, rules_answer
from bot.exchange.session import Session
from bot.exchange.stream_wishes import wish
from bot.history.session import SessionRecording
from bot.runtime.clock import WallClock
from bot.runtime.embedded import EmbeddedExchange, EmbeddedOptions
from bot.runtime.logs import logger
from bot.runtime.recorder import hearing_jumps
from bot.runtime.scheduler import Job, Timetable

__all__ = ["RecordPlan", "RecordProgress", "RecordReport", "record"]

_SHOW_EVERY_S: Final = 0.5
_SETTLE_S: Final = 1.0
"""How long diffs are let run before a book is asked for, so that they reach back to it."""
_AGAIN_S: Final = 5.0


class RecordPlan(msgspec.Struct, frozen=True, kw_only=True):
    market: Market
    symbols: tuple[str, ...]
    streams: tuple[str, ...]
    """As Binance names them: ``trade``, ``kline_1m``, ``depth@100ms``."""
    directory: Path
    venue: str = "sim"
    venue_url: str = ""
    duration_s: float | None = None
    part_bytes: int = 256 << 20
    roll_every_s: float = 82_800.0
    """When connections are replaced, without a gap: Binance ends them after 24 hours."""
    seed: int = 1


class RecordProgress(msgspec.Struct, frozen=True, kw_only=True):
    elapsed_s: float
    frames: int
    size_bytes: int
    files: int
    gaps: int
    lost_frames: int
    down: tuple[str, ...]
    """Feeds that are not up now."""


class RecordReport(msgspec.Struct, frozen=True, kw_only=True):
    manifest: str
    """The path of the manifest."""
    content: dict[str, Any]
    """What is in it."""
    elapsed_s: float
    failed: str
    """Why nothing was recorded any more, or ''."""


async def record(
    plan: RecordPlan, *, on_progress: Callable[[RecordProgress], object] = lambda _: None
) -> RecordReport:
    """Record until the time is up, a signal comes, or the disk takes no more.

    Raises:
        UserError: it cannot begin; one line says why.
    """
    wishes = (wish(name, symbol, plan.market) for symbol in plan.symbols for name in plan.streams)
    subscriptions = list(dict.fromkeys(wishes))
    clock = WallClock()
    began = time.monotonic()
    run_id = run_name(clock.now_ns())
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(_exchange(plan))
        session = Session(where)
        stack.push_async_callback(session.close)
        try:
            await session.sync_clock()
        except VenueError as e:
            raise VenueSetupError(
                f"{plan.venue} at {where.name} does not answer: {e};"
                " is the address right, and is it up?"
            ) from e
        rules = await rules_answer(session, plan.market, plan.symbols)
        recording = SessionRecording(
            plan.directory,
            run_id,
            market=plan.market,
            about={
                "venue": plan.venue,
                "market": plan.market.value,
                "symbols": list(plan.symbols),
                "streams": list(plan.streams),
            },
            part_bytes=plan.part_bytes,
        )
        recording.start()
        stack.push_async_callback(asyncio.to_thread, recording.close)
        recording.track(plan.market).answer(clock.now_ns(), *rules)
        work = _Work(plan, session, recording, clock, subscriptions)
        await work.run(began, on_progress)
    return RecordReport(
        manifest=str(plan.directory / f"{run_id}.json"),
        content=recording.manifest.as_dict(),
        elapsed_s=time.monotonic() - began,
        failed=recording.failed,
    )


class _Work:
    """The feed, and the task that asks for books where their diffs begin anew."""

    def __init__(
        self,
        plan: RecordPlan,
        session: Session,
        recording: SessionRecording,
        clock: WallClock,
        subscriptions: list[Subscription],
    ) -> None:
        self._plan = plan
        self._session = session
        self._recording = recording
        self._clock = clock
        self._track = recording.track(plan.market)
        self._diffed = {s.symbol for s in subscriptions if s.kind is StreamKind.DEPTH}
        self._wanted: dict[str, float] = {}
        self._news = asyncio.Event()
        self._stop = asyncio.Event()
        self._down: dict[str, None] = {}
        self._feed = BinanceMarketFeed(
            session,
            self._heard,
            clock,
            market=plan.market,
            tap=self._track,
            on_jump=hearing_jumps(self._track, clock.now_ns, self._jumped),
        )
        self._feed.subscribe(subscriptions)

    async def run(self, began: float, on_progress: Callable[[RecordProgress], object]) -> None:
        loop = asyncio.get_running_loop()
        self._recording.on_trouble = lambda kind, cause: loop.call_soon_threadsafe(
            self._trouble, kind, cause
        )
        with self._signals(), self._timetable():
            async with asyncio.TaskGroup() as tasks:
                running = [
                    tasks.create_task(self._feed.run()),
                    tasks.create_task(self._fetch_books()),
                    tasks.create_task(self._show(began, on_progress)),
                ]
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), self._plan.duration_s)
                for task in running:
                    task.cancel()
        on_progress(self._progress(began))

    @contextlib.contextmanager
    def _timetable(self) -> Iterator[None]:
        timetable = Timetable(
            lambda name, cause: logger.bind(source="recorder").warning("{}: {}", name, cause)
        )
        every_s = self._plan.roll_every_s
        timetable.add(Job("stream rollover", every_s, self._feed.roll, jitter_s=every_s / 50))
        timetable.start()
        try:
            yield
        finally:
            timetable.stop()

    def _heard(self, event: Event) -> None:
        if not isinstance(event, FeedChanged):
            return
        if event.state is FeedState.UP:
            self._down.pop(event.name, None)
            self._want(event.symbols or tuple(self._diffed))
        elif event.state in {FeedState.DOWN, FeedState.STALE}:
            self._down[event.name] = None
            logger.bind(source="recorder").warning("{}: {}", event.name, event.cause)

    def _jumped(self, state: StreamState, *_: object) -> None:
        self._want((state.subscription.symbol,))

    def _want(self, symbols: tuple[str, ...]) -> None:
        for symbol in symbols:
            if symbol in self._diffed:
                self._wanted[symbol] = time.monotonic() + _SETTLE_S
        self._news.set()

    async def _fetch_books(self) -> None:
        while True:
            self._news.clear()
            due = min(self._wanted.values(), default=None)
            with contextlib.suppress(TimeoutError):
                left_s = None if due is None else max(0.0, due - time.monotonic())
                await asyncio.wait_for(self._news.wait(), left_s)
            now = time.monotonic()
            for symbol in [symbol for symbol, at in self._wanted.items() if at <= now]:
                del self._wanted[symbol]
                try:
                    answer = await book_answer(self._session, self._plan.market, symbol)
                except VenueError as e:
                    logger.bind(source="recorder").warning("no book of {}: {}", symbol, e)
                    self._wanted.setdefault(symbol, time.monotonic() + _AGAIN_S)
                else:
                    self._track.answer(self._clock.now_ns(), *answer)

    async def _show(self, began: float, on_progress: Callable[[RecordProgress], object]) -> None:
        while True:
            await asyncio.sleep(_SHOW_EVERY_S)
            on_progress(self._progress(began))

    def _progress(self, began: float) -> RecordProgress:
        manifest = self._recording.manifest
        return RecordProgress(
            elapsed_s=time.monotonic() - began,
            frames=manifest.frames,
            size_bytes=manifest.size_bytes,
            files=manifest.files,
            gaps=manifest.gaps,
            lost_frames=manifest.lost_frames,
            down=tuple(self._down),
        )

    def _trouble(self, kind: str, cause: str) -> None:
        logger.bind(source="recorder").error("{}: {}", kind, cause)
        if kind == "recording_stopped":
            self._stop.set()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, self._stop.set)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


@asynccontextmanager
async def _exchange(plan: RecordPlan) -> AsyncIterator[Endpoints]:
    """Where the venue is; the embedded exchange is started, with an account of no importance."""
    if plan.venue_url:
        yield endpoints.from_url(plan.venue_url)
        return
    known = {"live": endpoints.LIVE, "testnet": endpoints.TESTNET, "demo": endpoints.DEMO}
    if plan.venue in known:
        yield known[plan.venue]
        return
    if plan.venue != "sim":
        raise SettingsError(f"--venue {plan.venue!r}: there are sim, {', '.join(known)}")
    with tempfile.TemporaryDirectory(prefix="bot-record-") as folder:
        async with EmbeddedExchange(
            state=Path(folder) / "sim",
            symbols=plan.symbols if plan.market is Market.SPOT else (),
            options=EmbeddedOptions(seed=plan.seed),
        ) as exchange:
            yield endpoints.from_url(exchange.url)
