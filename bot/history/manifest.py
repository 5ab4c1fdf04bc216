"""What a recorded session consists of, and what it lacks: a JSON file beside its tapes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from bot.domain.events import FeedChanged, FeedState
from bot.domain.times import iso_utc
from bot.domain.values import Market

__all__ = ["Manifest", "save_json"]


class Manifest:
    """Kept up to date on the disk, so that a killed process leaves one too.

    Keys: ``run_id``, what the caller says about the session, ``started_at`` and ``ended_at``
    (null until it is closed), ``stopped`` (why it ended early, or ''), ``files`` with
    ``name``, ``market``, ``frames``, ``from``, ``to``, ``bytes`` and ``sha256`` (null until
    the file is closed); ``gaps`` with ``market``, ``feed``, ``state``, ``cause``, ``symbols``,
    ``from``, ``to`` (null: not over at the end), of a hole in a stream also ``stream``,
    ``from_id`` and ``to_id``, of frames that came faster than they could be written
    ``lost_frames``; ``lost_frames`` altogether. Times are ISO 8601, UTC.
    """

    def __init__(self, path: Path, run_id: str, about: Mapping[str, Any], started_ns: int) -> None:
        self.run_id = run_id
        self.frames = 0
        """Frames written, altogether."""
        self.lost_frames = 0
        self.stopped = ""
        self._path = path
        self._head = {"run_id": run_id, **about, "started_at": iso_utc(started_ns)}
        self._ended_at: str | None = None
        self._files: dict[str, dict[str, Any]] = {}
        self._gaps: list[dict[str, Any]] = []
        self._open: dict[str, dict[str, Any]] = {}

    @property
    def size_bytes(self) -> int:
        """The size of all files together, as far as it was told."""
        return sum(file["bytes"] for file in self._files.values())

    @property
    def files(self) -> int:
        """How many files there are."""
        return len(self._files)

    @property
    def gaps(self) -> int:
        """How many gaps there are."""
        return len(self._gaps)

    def began(self, name: str, market: Market, from_ns: int) -> None:
        """A new file is there."""
        at = iso_utc(from_ns)
        self._files[name] = {
            "name": name,
            "market": market.value,
            "frames": 0,
            "from": at,
            "to": at,
            "bytes": 0,
            "sha256": None,
        }

    def wrote(self, name: str, frames: int, from_ns: int, to_ns: int) -> None:
        """More frames are in that file."""
        file = self._files[name]
        if not file["frames"]:
            file["from"] = iso_utc(from_ns)
        file["frames"] += frames
        file["to"] = iso_utc(to_ns)
        self.frames += frames

    def grew(self, name: str, size_bytes: int) -> None:
        """So much of the file is on the disk."""
        self._files[name]["bytes"] = size_bytes

    def closed(self, name: str, size_bytes: int, sha256: str) -> None:
        """The file will not change any more."""
        self._files[name] |= {"bytes": size_bytes, "sha256": sha256}

    def lost(self, market: Market, from_ns: int, to_ns: int, frames: int) -> None:
        """Frames came faster than they could be written."""
        self.lost_frames += frames
        self._gaps.append(
            {
                "market": market.value,
                "feed": "recorder",
                "state": "lost",
                "cause": f"the disk could not follow: {frames} frames were lost",
                "symbols": [],
                "from": iso_utc(from_ns),
                "to": iso_utc(to_ns),
                "lost_frames": frames,
            }
        )

    def changed(self, event: FeedChanged, market: Market | None = None) -> None:
        """A gap begins or ends. A first UP ends none: nothing came before it.

        A hole in a stream is over when it is found; what is fetched afterwards to heal it is
        not on the tape.
        """
        if event.state is FeedState.GAP:
            self._gaps.append(_hole(event, market))
        elif event.state is FeedState.HEALED:
            return
        elif event.state is FeedState.UP:
            if (gap := self._open.pop(event.name, None)) is not None:
                gap["to"] = iso_utc(event.recv_ns)
        elif event.name not in self._open:
            gap = {**_gap(event, market), "from": iso_utc(event.recv_ns), "to": None}
            self._open[event.name] = gap
            self._gaps.append(gap)

    def ended(self, ended_ns: int) -> None:
        self._ended_at = iso_utc(ended_ns)

    def as_dict(self) -> dict[str, Any]:
        return {
            **self._head,
            "ended_at": self._ended_at,
            "stopped": self.stopped,
            "files": list(self._files.values()),
            "gaps": self._gaps,
            "lost_frames": self.lost_frames,
        }

    def save(self) -> None:
        """Write it at once or not at all."""
        save_json(self._path, self.as_dict())


def save_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write the object at once or not at all.

    Raises:
        OSError: the disk does not take it.
    """
    text = msgspec.json.format(msgspec.json.encode(content), indent=2)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(text)
    fresh.replace(path)


def _gap(event: FeedChanged, market: Market | None) -> dict[str, Any]:
    named = {} if market is None else {"market": market.value}
    return {
        **named,
        "feed": event.name,
        "state": event.state.value,
        "cause": event.cause,
        "symbols": list(event.symbols),
    }


def _hole(event: FeedChanged, market: Market | None) -> dict[str, Any]:
    begun = event.recv_ns if event.from_ns is None else event.from_ns
    ended = event.recv_ns if event.to_ns is None else event.to_ns
    return {
        **_gap(event, market),
        "from": iso_utc(begun),
        "to": iso_utc(ended),
        "stream": event.stream or event.name,
        "from_id": event.from_id,
        "to_id": event.to_id,
    }
