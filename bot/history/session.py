"""The recording of a live session: frames come from the event loop, a thread writes them."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from bot.domain.errors import SettingsError
from bot.domain.events import FeedChanged
from bot.domain.times import day_of
from bot.domain.values import SECOND_NS
from bot.history.manifest import Manifest
from bot.history.recording import Recorder

__all__ = ["SessionRecording"]

_EVERY_S: Final = 0.25
_SAVE_EVERY_S: Final = 10.0
_FLUSH_EVERY_S: Final = 1.0
_DAY_NS: Final = 86_400 * SECOND_NS
_LEVEL: Final = 1
"""Of compression: the thread shares a core with the event loop."""

_Raw = tuple[int, bytes]


class SessionRecording:
    """Writes ``DIRECTORY/RUN_DAY.gz``, a tape for each day (UTC), and ``DIRECTORY/RUN.json``.

    :meth:`frame` and :meth:`changed` are for the event loop's thread and only queue. Up to
    ``waiting_most`` frames wait for the disk; those beyond are lost, and counted in the
    manifest. When the disk fails, ``on_failure`` is told once, from the writing thread, and
    nothing more is recorded. A killed process loses about a second.
    """

    def __init__(
        self,
        directory: Path,
        run_id: str,
        *,
        about: Mapping[str, Any],
        on_failure: Callable[[str], object] = lambda _: None,
        now_ns: Callable[[], int] = time.time_ns,
        waiting_most: int = 200_000,
    ) -> None:
        self._directory = directory
        self._run_id = run_id
        self._on_failure = on_failure
        self._now_ns = now_ns
        self._manifest = Manifest(directory / f"{run_id}.json", run_id, about, now_ns())
        self._waiting: deque[_Raw | FeedChanged] = deque()
        self._waiting_most = waiting_most
        self._lost = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._recorder: Recorder | None = None
        self._day = ""
        self._saved_s = self._flushed_s = 0.0
        self.failed = ""

    def start(self) -> None:
        """Begin to write.

        Raises:
            SettingsError: the directory cannot be written to.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._manifest.save()
        except OSError as e:
            raise SettingsError(
                f"cannot record into {self._directory}: {e.strerror}; choose another directory"
            ) from None
        self._thread.start()

    def frame(self, recv_ns: int, frame: bytes) -> None:
        """Queue a frame as it arrived. Never waits."""
        if len(self._waiting) < self._waiting_most:
            self._waiting.append((recv_ns, frame))
        else:
            self._lost += 1

    def changed(self, event: FeedChanged) -> None:
        """Queue a change of a feed, for the manifest."""
        if not self.failed:
            self._waiting.append(event)

    def close(self) -> None:
        """Write what waits, and end. May be called once; waits for the disk."""
        self._stop.set()
        self._thread.join()

    # --- the thread --------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stop.wait(_EVERY_S):
                self._write_waiting()
            self._write_waiting()
            if self._recorder is not None:
                self._recorder.close()
            self._manifest.ended(self._now_ns())
            self._save()
        except OSError as e:
            self.failed = str(e)
            self._on_failure(self.failed)
            while not self._stop.wait(_EVERY_S):
                self._waiting.clear()

    def _write_waiting(self) -> None:
        batch: list[_Raw] = []
        news = False
        for _ in range(len(self._waiting)):
            item = self._waiting.popleft()
            if isinstance(item, FeedChanged):
                self._manifest.changed(item)
                news = True
            else:
                batch.append(item)
        for _, frames in groupby(batch, key=lambda raw: raw[0] // _DAY_NS):
            self._write(list(frames))
        if self._recorder is not None and time.monotonic() - self._flushed_s > _FLUSH_EVERY_S:
            self._recorder.flush()
            self._flushed_s = time.monotonic()
        if news or time.monotonic() - self._saved_s > _SAVE_EVERY_S:
            self._save()

    def _write(self, frames: list[_Raw]) -> None:
        day = day_of(frames[0][0]).isoformat()
        name = f"{self._run_id}_{day}.gz"
        if self._recorder is None or day != self._day:
            if self._recorder is not None:
                self._recorder.close()
            self._recorder = Recorder(self._directory / name, level=_LEVEL)
            self._day = day
        # A line end within JSON is mere space.
        lines = (b"%d %s\n" % (at, text.replace(b"\n", b" ")) for at, text in frames)
        self._recorder.write_text(b"".join(lines))
        self._manifest.wrote(name, len(frames), frames[0][0], frames[-1][0])

    def _save(self) -> None:
        self._manifest.lost_frames = self._lost
        self._manifest.save()
        self._saved_s = time.monotonic()
