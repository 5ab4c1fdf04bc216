"""The frames of a tape, in the exchange's time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from bot.domain.errors import DataError

__all__ = ["LOOK_AHEAD", "Reel", "TapeFrame", "is_stream"]

LOOK_AHEAD: Final = 2000
"""How many frames are looked at before the start, for symbols, rules and stream names."""
_MS: Final = 1_000_000
_PAUSE_NS: Final = 600 * 1000 * _MS
_PAUSE_LEFT_NS: Final = 1000 * _MS

TapeFrame = tuple[int, str, bytes]
"""(receive time in ns, stream name or REST path with query, JSON without the wrapper)."""


class Reel:
    """Runs a tape at ``speed`` times its own pace, once.

    Of a silence of more than ten minutes, which is a hole in the recording, one second is left.
    ``ended`` says why the tape ended, '' while it plays.
    """

    def __init__(
        self, frames: Iterable[TapeFrame], *, speed: float = 1.0, begin_ns: int = 0
    ) -> None:
        """``begin_ns``: when the tapes that are played together begin; 0: this one is alone.

        Raises:
            DataError: there is no frame, but a reason.
            ValueError: the speed is not positive.
        """
        if speed <= 0:
            raise ValueError(f"the speed of a tape must be above 0, not {speed}")
        self.ended = ""
        # How far event times lead the recorder's clock.
        self.lead_ms = 0.0
        # How many holes have been leapt over.
        self.leaps = 0
        self._speed = speed
        frames = iter(frames)
        self.first: list[TapeFrame] = []
        cut: DataError | None = None
        try:
            self.first.extend(islice(frames, LOOK_AHEAD))
        except DataError as e:
            if not self.first:
                raise
            cut = e
        self._frames = _resumed(self.first, frames, cut)
        self.streams = {stream for _, stream, _ in self.first if is_stream(stream)}
        # What could not be read may have no time.
        first_ns = next((recv_ns for recv_ns, _, _ in self.first if recv_ns), 0)
        self._first_ns = self._last_ns = begin_ns or first_ns
        self._skipped_ns = 0
        self._start_ms = 0
        self._next: TapeFrame | None = None

    def start(self, now_ms: int) -> None:
        self._start_ms = now_ms
        self._pull()

    def due(self, now_ms: int) -> Iterator[TapeFrame]:
        """The frames up to now that have not been played yet."""
        while self._next is not None and self._due_ms(self._next[0]) <= now_ms:
            stream = self._next[1]
            if is_stream(stream):
                self.streams.add(stream)
            yield self._next
            self._pull()

    def next_due_ms(self) -> int | None:
        """When the next frame is due; None: the tape is over."""
        return None if self._next is None else -int(-self._due_ms(self._next[0]) // 1)

    def market_ms(self, now_ms: int) -> int:
        """The tape's own time when the exchange's clock shows ``now_ms``."""
        begin_ms = (self._first_ns + self._skipped_ns) / _MS
        recorded = begin_ms + (now_ms - self._start_ms) * self._speed
        return round(recorded + self.lead_ms)

    def _due_ms(self, recv_ns: int) -> float:
        played_ns = recv_ns - self._first_ns - self._skipped_ns
        return self._start_ms + played_ns / _MS / self._speed

    def _pull(self) -> None:
        try:
            self._next = next(self._frames, None)
            if self._next is None:
                self.ended = "the tape has been played to its end"
            else:
                self._leap(self._next[0])
        except DataError as e:
            # A tape that was cut short plays as far as it goes.
            self._next, self.ended = None, str(e)

    def _leap(self, recv_ns: int) -> None:
        """Over what was not recorded."""
        pause_ns = recv_ns - self._last_ns
        if pause_ns > _PAUSE_NS:
            self._skipped_ns += pause_ns - _PAUSE_LEFT_NS
            self.leaps += 1
        self._last_ns = max(self._last_ns, recv_ns)


def _resumed(
    first: list[TapeFrame], rest: Iterator[TapeFrame], cut: DataError | None
) -> Iterator[TapeFrame]:
    """What was looked at, and then the rest, or why there is none."""
    yield from first
    if cut is not None:
        raise cut
    yield from rest


def is_stream(stream: str) -> bool:
    """Not a REST answer, nor the reply to a control message."""
    return bool(stream) and not stream.startswith("/")
