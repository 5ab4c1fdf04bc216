"""The recording of a run's market data, if one is wanted."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from bot.domain.values import Market
from bot.engine.engine import Engine
from bot.history.session import SessionRecording
from bot.runtime.logs import logger
from bot.runtime.pump import Pump
from bot.runtime.settings import Settings

__all__ = ["recording_of", "report_troubles"]


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
