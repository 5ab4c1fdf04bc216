"""The lines of a text file, plain or compressed, as far as they are whole."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from bot.domain.errors import DataError

__all__ = ["TapeCut", "lines"]

_CHUNK_BYTES: Final = 1 << 14
"""Small, for what a damaged chunk would have unpacked to is lost with it."""
_GZIP: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
"""zlib's name for "a gzip header and the largest window"."""


class TapeCut(DataError):
    """The file ends in the middle. Everything before that has been delivered."""

    def __init__(self, path: Path, where: str) -> None:
        super().__init__(path, where)
        self.path = path
        self.where = where

    def __str__(self) -> str:
        return f"{self.path} {self.defect}"

    @property
    def defect(self) -> str:
        return f"is cut off {self.where}; everything before that was read"


def lines(path: Path, advance: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """Each line without its end. ``advance`` is told of bytes read from the disk.

    Raises:
        TapeCut: after the last whole line, if the file ends in the middle of a line or
            of the compressed stream, or if the compressed stream is damaged.
        DataError: it cannot be opened.
    """
    rest = b""
    last = b""
    cut = ""
    try:
        for block in _text(path, advance):
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                yield line.rstrip(b"\r")
            last = whole[-1] if whole else last
    except EOFError as e:
        cut = str(e)
    rest = rest.strip()
    if rest and not cut:
        if _is_whole(rest, last):
            yield rest
        else:
            cut = "in the middle of its last line"
    if cut:
        raise TapeCut(path, cut)


def _is_whole(line: bytes, before: bytes) -> bool:
    """Whether a line without a line end is complete: its JSON closes, or it has all its columns."""
    start = line.find(b"{")
    if start < 0:
        return line.count(b",") == before.count(b",")
    try:
        msgspec.json.decode(line[start:], type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _text(path: Path, advance: Callable[[int], None] | None) -> Iterator[bytes]:
    chunks = _chunks(path, advance)
    first = next(chunks, b"")
    if not first.startswith(_GZIP):
        yield first
        yield from chunks
        return
    # zlib rather than gzip.open: that throws away what it has unpacked when the end is
    # missing. A file may hold several members: a recording that was continued.
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    packed = first
    while packed:
        try:
            yield unpacker.decompress(packed)
        except zlib.error as e:
            raise EOFError("where its compressed stream is damaged") from e
        packed = unpacker.unused_data
        if unpacker.eof and packed:
            unpacker = zlib.decompressobj(_GZIP_WINDOW)
        else:
            packed = next(chunks, b"")
            if packed and unpacker.eof:
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
    if not unpacker.eof:
        yield unpacker.flush()
        raise EOFError("in the middle of its compressed stream")


def _chunks(path: Path, advance: Callable[[int], None] | None) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                if advance is not None:
                    advance(len(chunk))
                yield chunk
    except OSError as e:
        raise DataError(f"cannot read {path}: {e.strerror or e}") from e
