"""The recording of a run's market data, if one is wanted."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from bot.history.session import SessionRecording
from bot.runtime.logs import logger
from bot.runtime.settings import Settings

__all__ = ["recording_of"]


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
        about={
            "venue": settings.venue,
            "market": settings.market,
            "environment": environment,
            "symbols": list(settings.symbols),
        },
        on_failure=_tell,
    )
    recording.start()
    closing.push_async_callback(asyncio.to_thread, recording.close)
    return recording


def _tell(cause: str) -> None:
    logger.bind(source="recorder").error("market data is no longer recorded: {}", cause)
