"""Writing a tape, in the project's own format (see :mod:`bot.history.timestamped`)."""

import zlib
from pathlib import Path
from typing import BinaryIO, Final, Self

import msgspec

from bot.history.frame import Frame

__all__ = ["Recorder"]

_FLUSH_BYTES: Final = 1 << 16
_GZIP_WINDOW: Final = 31


class Recorder:
    """Appends frames to a compressed file; a killed process loses at most ``_FLUSH_BYTES``.

    An existing file is continued with a new member, also after a cut: what was whole stays
    readable up to the cut, so a new run should take a new name.
    """

    def __init__(self, path: Path, *, level: int = -1) -> None:
        """``level`` of compression, as zlib counts it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("ab")
        self._packer = zlib.compressobj(level, wbits=_GZIP_WINDOW)
        self._unflushed = 0

    def write(self, frame: Frame) -> None:
        """Add one frame. Frames are to come in the order in which they were received."""
        data = frame.data
        if frame.stream:
            data = msgspec.json.encode({"stream": frame.stream, "data": msgspec.Raw(data)})
        self.write_text(b"%d %s\n" % (frame.recv_ns, data))

    def write_text(self, text: bytes) -> None:
        """Add whole lines as they are to stand in the file."""
        self._file.write(self._packer.compress(text))
        self._unflushed += len(text)
        if self._unflushed >= _FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system, readable up to here."""
        self._file.write(self._packer.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()
        self._unflushed = 0

    def close(self) -> None:
        if not self._file.closed:
            self._file.write(self._packer.flush())
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
