"""Writing a tape, in the project's own format (see :mod:`bot.history.timestamped`)."""

import fcntl
import hashlib
import zlib
from pathlib import Path
from typing import BinaryIO, Final, Self

import msgspec

from bot.domain.errors import DataError
from bot.history.frame import Frame

__all__ = ["Recorder", "is_being_written", "sha256_of"]

_FLUSH_BYTES: Final = 1 << 16
_GZIP_WINDOW: Final = 31


class Recorder:
    """Appends frames to a compressed file; a killed process loses at most ``flush_bytes``.

    An existing file is continued with a new member, also after a cut: what was whole stays
    readable up to the cut, so a new run should take a new name. The file is locked while it
    is written.
    """

    def __init__(self, path: Path, *, level: int = -1, flush_bytes: int = _FLUSH_BYTES) -> None:
        """``level`` of compression, as zlib counts it.

        Raises:
            DataError: another process writes that file.
            OSError: it cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise DataError(f"{path} is being written by another process") from None
        self._packer = zlib.compressobj(level, wbits=_GZIP_WINDOW)
        self._flush_bytes = flush_bytes
        self._unflushed = 0
        self._digest = hashlib.sha256()
        self.written_bytes = 0
        """How much has gone into the file, compressed."""

    @property
    def sha256(self) -> str:
        """The checksum of what has gone into the file, as hexadecimal digits."""
        return self._digest.hexdigest()

    def write(self, frame: Frame) -> None:
        """Add one frame. Frames are to come in the order in which they were received."""
        data = frame.data
        if frame.stream:
            data = msgspec.json.encode({"stream": frame.stream, "data": msgspec.Raw(data)})
        self.write_text(b"%d %s\n" % (frame.recv_ns, data))

    def write_text(self, text: bytes) -> None:
        """Add whole lines as they are to stand in the file."""
        self._put(self._packer.compress(text))
        self._unflushed += len(text)
        if self._unflushed >= self._flush_bytes:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system, readable up to here."""
        if self._unflushed:
            self._put(self._packer.flush(zlib.Z_SYNC_FLUSH))
            self._unflushed = 0
        self._file.flush()

    def close(self) -> None:
        if not self._file.closed:
            try:
                self._put(self._packer.flush())
            finally:
                self._file.close()

    def abandon(self) -> None:
        """Close the file as it is: its disk takes no more."""
        try:
            self._file.close()
        except OSError:
            return  # what was buffered is lost with the rest; the descriptor is closed

    def _put(self, packed: bytes) -> None:
        if packed:
            self._file.write(packed)
            self._digest.update(packed)
            self.written_bytes += len(packed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_being_written(path: Path) -> bool:
    """Whether a :class:`Recorder` has that file open."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def sha256_of(path: Path) -> str:
    """The checksum of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
