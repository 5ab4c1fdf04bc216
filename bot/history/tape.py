"""A tape: the recorded frames of a session, in one file or in a directory of files."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from bot.domain.errors import DataError
from bot.history.cryptofeed import Cryptofeed
from bot.history.flattened import Flattened
from bot.history.frame import Frame, TapeFormat
from bot.history.lines import TapeCut, lines
from bot.history.timestamped import Timestamped

__all__ = ["merged", "read", "read_all", "size_bytes"]

_FORMATS: Final[tuple[TapeFormat, ...]] = (Timestamped(), Cryptofeed(), Flattened())


def read(path: Path | str, *, advance: Callable[[int], None] | None = None) -> Iterator[Frame]:
    """The frames of a tape, in the order in which they were received.

    A directory is one session: its files are merged by receive time, and files that are
    no tapes are passed over. The format is told by the content. ``advance`` is called with
    numbers of bytes as they are read from the disk (see :func:`size_bytes`).

    Raises:
        TapeCut: at the end, once all that is whole has been delivered.
        DataError: at the beginning: it is not a tape, or cannot be read.
    """
    path = Path(path)
    if not path.is_dir():
        frames = _file(path, advance)
        if frames is None:
            raise DataError(
                f"{path} is not a tape: it begins like none of the known formats"
                " (timestamped frames, cryptofeed, binance_data_processor)"
            )
        return frames
    tapes = [frames for file in _files(path) if (frames := _file(file, advance)) is not None]
    if not tapes:
        raise DataError(f"{path} holds no tape")
    return merged(tapes)


def read_all(paths: Sequence[Path | str]) -> Iterator[Frame]:
    """Several tapes as one, by receive time: parts of one session, or several at once.

    Raises:
        TapeCut: at the end, once all that is whole has been delivered.
        DataError: at the beginning: one of them is not a tape, or cannot be read.
    """
    tapes = [read(path) for path in paths]
    return tapes[0] if len(tapes) == 1 else merged(tapes)


def size_bytes(path: Path | str) -> int:
    """What ``advance`` will add up to."""
    path = Path(path)
    return sum(file.stat().st_size for file in (_files(path) if path.is_dir() else [path]))


def _files(directory: Path) -> list[Path]:
    return sorted(
        file for file in directory.iterdir() if file.is_file() and not file.name.startswith(".")
    )


def _file(path: Path, advance: Callable[[int], None] | None) -> Iterator[Frame] | None:
    """The frames of one file; None if it is no tape."""
    content = (line for line in lines(path, advance) if line)
    try:
        first = next(content, None)
    except TapeCut:
        return None
    if first is None:
        return None
    for form in _FORMATS:
        if form.recognises(first):
            return form.frames(chain([first], content))
    return None


def merged(tapes: Sequence[Iterator[Frame]]) -> Iterator[Frame]:
    """Frames of several tapes by receive time.

    Raises:
        TapeCut: at the end, if one of them is cut off.
    """
    cuts: list[TapeCut] = []

    def until_cut(frames: Iterator[Frame]) -> Iterator[Frame]:
        try:
            yield from frames
        except TapeCut as cut:
            cuts.append(cut)

    # Files of one session overlap; within each the order stands even where times step back.
    yield from heapq.merge(*map(until_cut, tapes), key=lambda frame: frame.recv_ns)
    if cuts:
        raise cuts[0]
