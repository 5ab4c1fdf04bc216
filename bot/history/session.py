"""The recording of a live session: frames come from the event loop, a thread writes them."""

import contextlib
import errno
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from bot.domain.errors import DataError, SettingsError
from bot.domain.values import Market
from bot.history.manifest import Manifest
from bot.history.track import Track

__all__ = ["OnTrouble", "SessionRecording"]

_IDLE_S: Final = 0.25
_SAVE_EVERY_S: Final = 10.0
_FLUSH_EVERY_S: Final = 1.0
_WAITING_MOST_BYTES: Final = 256 << 20
_PART_BYTES: Final = 256 << 20

OnTrouble = Callable[[str, str], object]
"""Told, from the writing thread, of a kind of incident and its cause."""


class SessionRecording:
    """Writes ``DIRECTORY/RUN_MARKET_DAY_NNN.gz`` and ``DIRECTORY/RUN.json``, the manifest.

    A new file begins with each day (UTC) and when the last one has ``part_bytes``. Frames go
    to the :class:`Track` of their market; :attr:`frame` and :attr:`changed` are those of the
    home market. Up to ``waiting_most_bytes`` of frames wait for the disk; those beyond are
    lost, a gap in the manifest and ``recording_gap`` to ``on_trouble``. When the disk fails,
    ``on_trouble`` is told ``recording_stopped`` once, and nothing more is recorded. A killed
    process loses about a second.
    """

    def __init__(
        self,
        directory: Path,
        run_id: str,
        *,
        about: Mapping[str, Any],
        market: Market = Market.SPOT,
        on_trouble: OnTrouble = lambda _kind, _cause: None,
        now_ns: Callable[[], int] = time.time_ns,
        waiting_most_bytes: int = _WAITING_MOST_BYTES,
        part_bytes: int = _PART_BYTES,
    ) -> None:
        self.on_trouble = on_trouble
        """May be replaced at any time."""
        self.failed = ""
        """Why nothing is recorded any more, or ''."""
        self.manifest = Manifest(directory / f"{run_id}.json", run_id, about, now_ns())
        self._directory = directory
        self._now_ns = now_ns
        self._waiting_most_bytes = waiting_most_bytes
        self._part_bytes = part_bytes
        self._tracks: dict[Market, Track] = {}
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._saved_s = self._flushed_s = 0.0
        self._lost_told = 0
        home = self.track(market)
        self.frame = home.frame
        self.changed = home.changed

    def track(self, market: Market) -> Track:
        """Where the frames of that market go."""
        if market not in self._tracks:
            # A new dict, for the thread may be going through the old one.
            self._tracks = self._tracks | {market: self._new_track(market)}
        return self._tracks[market]

    def start(self) -> None:
        """Begin to write.

        Raises:
            SettingsError: the directory cannot be written to.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self.manifest.save()
        except OSError as e:
            raise SettingsError(
                f"cannot record into {self._directory}: {e.strerror}; choose another directory"
            ) from None
        self._thread.start()

    def close(self) -> None:
        """Write what waits, and end. May be called once; waits for the disk."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def _new_track(self, market: Market) -> Track:
        return Track(
            self._directory,
            market,
            self.manifest,
            waiting_most_bytes=self._waiting_most_bytes,
            part_bytes=self._part_bytes,
            wake=self._wake.set,
        )

    # --- the thread --------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.wait(_IDLE_S)
                self._wake.clear()
                self._write_waiting()
            self._write_waiting()
            for track in self._tracks.values():
                track.close()
            self.manifest.ended(self._now_ns())
            self.manifest.save()
        except Exception as e:  # noqa: BLE001 - wall: the writing thread, whose end must be told
            self._fail(_told(e, self._directory))

    def _write_waiting(self) -> None:
        news = [track.write_waiting() for track in self._tracks.values()]
        now_s = time.monotonic()
        if now_s - self._flushed_s > _FLUSH_EVERY_S:
            for track in self._tracks.values():
                track.flush()
            self._flushed_s = now_s
        lost = self.manifest.lost_frames
        if lost > self._lost_told:
            self.on_trouble(
                "recording_gap",
                f"the disk could not follow: {lost - self._lost_told} frames were lost",
            )
            self._lost_told = lost
            news.append(True)
        if any(news) or now_s - self._saved_s > _SAVE_EVERY_S:
            self.manifest.save()
            self._saved_s = now_s

    def _fail(self, cause: str) -> None:
        self.failed = cause
        self.manifest.stopped = cause
        for track in self._tracks.values():
            track.abandon()
        self.manifest.ended(self._now_ns())
        with contextlib.suppress(OSError):
            self.manifest.save()
        self.on_trouble("recording_stopped", cause)


def _told(error: Exception, directory: Path) -> str:
    if not isinstance(error, OSError):
        return str(error) if isinstance(error, DataError) else f"{type(error).__name__}: {error}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk of {directory} is full"
    return f"{error.filename or directory}: {error.strerror or error}"
