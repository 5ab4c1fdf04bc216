"""The recording of a run's market data, if one is wanted."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from bot.domain.commands import StreamKind
from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.market import MarketEvent
from bot.domain.values import Market
from bot.engine.engine import Engine
from bot.exchange.continuity import OnJump, StreamState
from bot.history.session import SessionRecording
from bot.history.track import Track
from bot.runtime.logs import logger
from bot.runtime.pump import Pump
from bot.runtime.settings import Settings

__all__ = ["hearing_jumps", "recording_of", "report_troubles"]

_WITH_IDS: Final = frozenset({StreamKind.TRADES, StreamKind.AGG_TRADES, StreamKind.DEPTH})


def recording_of(
    settings: Settings,
    directory: Path | None,
    *,
    run_id: str,
    environment: str,
    closing: AsyncExitStack,
) -> SessionRecording | None:
    """What writes the market data into the directory, started; ``closing`` ends it.

    Raises:
        SettingsError: the directory cannot be written to.
    """
    if directory is None:
        return None
    recording = SessionRecording(
        directory,
        run_id,
        market=Market(settings.market),
        about={
            "venue": settings.venue,
            "market": settings.market,
            "environment": environment,
            "symbols": list(settings.symbols),
        },
        on_trouble=_tell,
    )
    recording.start()
    closing.push_async_callback(asyncio.to_thread, recording.close)
    return recording


def hearing_jumps(track: Track, now_ns: Callable[[], int], then: OnJump) -> OnJump:
    """What a feed tells of holes in its streams goes into the manifest, and then to ``then``."""

    def jumped(state: StreamState, first: int, last: int, after: MarketEvent) -> None:
        has_ids = state.subscription.kind in _WITH_IDS
        track.changed(
            FeedChanged(
                feed=FeedKind.MARKET,
                name=state.name,
                state=FeedState.GAP,
                cause=f"{last - first + 1} ids are missing" if has_ids else "bars are missing",
                recv_ns=now_ns(),
                symbols=(state.subscription.symbol,),
                stream=state.name,
                from_id=first if has_ids else None,
                to_id=last if has_ids else None,
            )
        )
        then(state, first, last, after)

    return jumped


def report_troubles(recording: SessionRecording, engine: Engine, pump: Pump) -> None:
    """Make incidents of what goes wrong with the recording from now on. Trading goes on."""
    loop = asyncio.get_running_loop()

    def write_down(kind: str, cause: str) -> None:
        engine.incident(kind, "recorder", cause, severity="error")
        pump.flush()

    def tell(kind: str, cause: str) -> None:
        _tell(kind, cause)
        if not loop.is_closed():
            loop.call_soon_threadsafe(write_down, kind, cause)

    recording.on_trouble = tell
    if recording.failed:
        write_down("recording_stopped", recording.failed)


def _tell(kind: str, cause: str) -> None:
    what = "market data is no longer recorded" if kind == "recording_stopped" else "recording"
    logger.bind(source="recorder").error("{}: {}", what, cause)
