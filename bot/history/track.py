"""The frames of one market on their way from the event loop into files."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from bot.domain.events import FeedChanged
from bot.domain.times import day_of
from bot.domain.values import SECOND_NS, Market
from bot.history.manifest import Manifest
from bot.history.recording import Recorder
from bot.history.timestamped import RecordingHead

__all__ = ["Track"]

_CHUNK: Final = 256
"""Entries, two a frame. They become lines on the event loop, all in one call: 10 µs for 128
frames, less than it costs to keep a frame's memory for another thread."""
_LINES: Final = b"%d %s\n" * (_CHUNK // 2)
_BLOCK_BYTES: Final = 4 << 20
"""How much is compressed in one go, outside of the interpreter's lock, which a thread gets
back from a busy event loop only after 5 ms."""
_FLUSH_BYTES: Final = 1 << 20
_DAY_NS: Final = 86_400 * SECOND_NS
_LEVEL: Final = 1
"""Of compression: the thread shares a core with the event loop."""
_WAKE_BLOCKS: Final = 32
"""The writing thread comes at once for so many, so that their memory is used again soon."""

_Chunk = list[Any]
"""Receive time, frame, receive time, frame ... in nanoseconds and bytes."""


class _Block(NamedTuple):
    """Lines as they are to stand in the file."""

    frames: int
    from_ns: int
    to_ns: int
    text: bytes


class Track:
    """:meth:`frame` and :meth:`changed` are for the event loop's thread and only queue.

    The other methods are for the one thread that writes. A chunk that finds more than
    ``waiting_most_bytes`` before it is lost, and so are those behind it until half of that
    has been written: one hole, with its times and the number of its frames, in the manifest.
    """

    def __init__(
        self,
        directory: Path,
        market: Market,
        manifest: Manifest,
        *,
        waiting_most_bytes: int,
        part_bytes: int,
        wake: Callable[[], object],
    ) -> None:
        self.market = market
        self._directory = directory
        self._manifest = manifest
        self._waiting_most_bytes = waiting_most_bytes
        self._part_bytes = part_bytes
        self._wake = wake
        self._chunk: _Chunk = []
        self._blocks: deque[tuple[_Chunk, _Block]] = deque()
        self._changes: deque[FeedChanged] = deque()
        # Two counters, one for each thread, so that neither needs a lock.
        self._handed_bytes = self._written_bytes = 0
        self._hole: list[int] | None = None
        self._is_closed = False
        self._recorder: Recorder | None = None
        self._name = ""
        self._day = -1
        self._part = 0

    # --- the event loop's thread -------------------------------------------------------

    def frame(self, recv_ns: int, frame: bytes) -> None:
        """Queue a frame as it arrived. Never waits."""
        chunk = self._chunk
        chunk.extend((recv_ns, frame))
        if len(chunk) >= _CHUNK:
            self._hand_over(chunk)

    def answer(self, recv_ns: int, request: str, body: bytes) -> None:
        """Queue the answer of a REST request, ``/api/v3/depth?symbol=BTCUSDT&limit=1000``."""
        text = msgspec.json.encode({"stream": request, "data": msgspec.Raw(body)})
        self.frame(recv_ns, text)

    def changed(self, event: FeedChanged) -> None:
        """Queue a change of a feed, for the manifest."""
        if not self._is_closed:
            self._changes.append(event)

    def _hand_over(self, chunk: _Chunk) -> None:
        self._chunk = []
        if self._is_closed:
            return
        waiting_bytes = self._handed_bytes - self._written_bytes
        if self._hole is not None or waiting_bytes >= self._waiting_most_bytes:
            hole = self._hole
            if hole is None:
                hole = self._hole = [chunk[0], chunk[0], 0]
            hole[1] = chunk[-2]
            hole[2] += len(chunk) // 2
            return
        block = _block(chunk)
        self._handed_bytes += len(block.text)
        self._blocks.append((chunk, block))
        if len(self._blocks) == _WAKE_BLOCKS:
            self._wake()

    # --- the writing thread ------------------------------------------------------------

    def write_waiting(self) -> bool:
        """Write what has been queued; True if a feed changed, so that the manifest is news.

        Raises:
            OSError: the disk does not take it.
            DataError: another process writes that file.
        """
        # Taken first: what comes later must not be written before what is handed over now. One
        # frame is left, for the event loop may be handing this very chunk over.
        last: _Chunk | None = self._chunk
        count = min(len(self._chunk), _CHUNK - 2)
        while self._blocks:
            last = self._write_blocks(last)
            self._end_hole()
        if last is not None and count:
            rest = last[:count]
            del last[:count]
            self._write([_block(rest)])
        self._end_hole()
        news = bool(self._changes)
        while self._changes:
            self._manifest.changed(self._changes.popleft(), self.market)
        return news

    def flush(self) -> None:
        """Hand everything to the operating system."""
        if self._recorder is not None:
            self._recorder.flush()
            self._manifest.grew(self._name, self._recorder.written_bytes)

    def close(self) -> None:
        """End the file. What is queued from now on is not wanted."""
        self._is_closed = True
        self._end_part()

    def abandon(self) -> None:
        """Leave the file as it is, and forget what waits: the disk has failed."""
        self._is_closed = True
        if self._recorder is not None:
            self._recorder.abandon()
            self._recorder = None
        self._blocks.clear()

    def _end_hole(self) -> None:
        waiting_bytes = self._handed_bytes - self._written_bytes
        hole = self._hole
        if hole is not None and waiting_bytes <= self._waiting_most_bytes // 2:
            self._hole = None
            self._manifest.lost(self.market, *hole)

    def _write_blocks(self, last: _Chunk | None) -> _Chunk | None:
        """Write some of what was handed over; None if ``last`` was among it."""
        taken: list[_Block] = []
        size_bytes = 0
        while self._blocks and size_bytes < _BLOCK_BYTES:
            chunk, block = self._blocks.popleft()
            last = None if chunk is last else last
            if taken and block.to_ns // _DAY_NS != taken[0].from_ns // _DAY_NS:
                self._write(taken)
                taken = []
            taken.append(block)
            size_bytes += len(block.text)
        self._write(taken)
        self._written_bytes += size_bytes
        return last

    def _write(self, blocks: list[_Block]) -> None:
        """Write blocks that begin on one day."""
        first, last = blocks[0], blocks[-1]
        if first.from_ns // _DAY_NS != last.to_ns // _DAY_NS:
            # Midnight is within it, or the clock was set.
            for line in b"".join(block.text for block in blocks).splitlines(keepends=True):
                recv_ns = int(line.partition(b" ")[0])
                self._put(recv_ns, recv_ns, 1, line)
        else:
            text = b"".join(block.text for block in blocks)
            self._put(first.from_ns, last.to_ns, sum(block.frames for block in blocks), text)

    def _put(self, from_ns: int, to_ns: int, frames: int, text: bytes) -> None:
        self._file_for(from_ns).write_text(text)
        self._manifest.wrote(self._name, frames, from_ns, to_ns)

    def _file_for(self, recv_ns: int) -> Recorder:
        day = recv_ns // _DAY_NS
        if self._recorder is not None and day == self._day:
            if self._recorder.written_bytes < self._part_bytes:
                return self._recorder
        else:
            self._day = day
            self._part = 0
        self._end_part()
        self._part += 1
        date = day_of(recv_ns).isoformat()
        self._name = f"{self._manifest.run_id}_{self.market}_{date}_{self._part:03}.gz"
        path = self._directory / self._name
        self._recorder = Recorder(path, level=_LEVEL, flush_bytes=_FLUSH_BYTES)
        self._manifest.began(self._name, self.market, recv_ns)
        head = RecordingHead(self._manifest.run_id, self.market)
        self._recorder.write_text(head.line(recv_ns))
        return self._recorder

    def _end_part(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.close()
            self._manifest.closed(self._name, recorder.written_bytes, recorder.sha256)


def _block(chunk: _Chunk) -> _Block:
    count = len(chunk) // 2
    lines = _LINES if len(chunk) == _CHUNK else b"%d %s\n" * count
    frames = chunk[1::2]
    if b"\n" in b"".join(frames):
        # A line end within JSON is mere space.
        chunk[1::2] = [frame.replace(b"\n", b" ") for frame in frames]
    return _Block(count, chunk[0], chunk[-2], lines % tuple(chunk))
