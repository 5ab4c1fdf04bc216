"""What a recorded session consists of, and what it lacks: a JSON file beside its tapes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from bot.domain.events import FeedChanged, FeedState
from bot.domain.times import iso_utc

__all__ = ["Manifest"]


class Manifest:
    """Kept up to date on the disk, so that a killed process leaves one too.

    Keys: ``run_id``, what the caller says about the session, ``started_at`` and ``ended_at``
    (null until it is closed), ``files`` with ``name``, ``frames``, ``from``, ``to``; ``gaps``
    with ``feed``, ``state``, ``cause``, ``symbols``, ``from``, ``to`` (null: not over at the
    end); ``lost_frames`` that came faster than they could be written. Times are ISO 8601, UTC.
    """

    def __init__(self, path: Path, run_id: str, about: Mapping[str, Any], started_ns: int) -> None:
        self.lost_frames = 0
        self._path = path
        self._head = {"run_id": run_id, **about, "started_at": iso_utc(started_ns)}
        self._ended_at: str | None = None
        self._files: dict[str, dict[str, Any]] = {}
        self._gaps: list[dict[str, Any]] = []
        self._open: dict[str, dict[str, Any]] = {}

    def wrote(self, name: str, frames: int, from_ns: int, to_ns: int) -> None:
        """More frames are in that file."""
        file = self._files.setdefault(name, {"name": name, "frames": 0, "from": iso_utc(from_ns)})
        file["frames"] += frames
        file["to"] = iso_utc(to_ns)

    def changed(self, event: FeedChanged) -> None:
        """A gap begins or ends. A first UP ends none: nothing came before it."""
        gap = self._open.get(event.name)
        if event.state is FeedState.UP:
            if gap is not None:
                gap["to"] = iso_utc(event.recv_ns)
                del self._open[event.name]
        elif gap is None:
            gap = {
                "feed": event.name,
                "state": event.state.value,
                "cause": event.cause,
                "symbols": list(event.symbols),
                "from": iso_utc(event.recv_ns),
                "to": None,
            }
            self._open[event.name] = gap
            self._gaps.append(gap)

    def ended(self, ended_ns: int) -> None:
        self._ended_at = iso_utc(ended_ns)

    def as_dict(self) -> dict[str, Any]:
        return {
            **self._head,
            "ended_at": self._ended_at,
            "files": list(self._files.values()),
            "gaps": self._gaps,
            "lost_frames": self.lost_frames,
        }

    def save(self) -> None:
        """Write it at once or not at all."""
        text = msgspec.json.format(msgspec.json.encode(self.as_dict()), indent=2)
        fresh = self._path.with_name(f".{self._path.name}.new")
        fresh.write_bytes(text)
        fresh.replace(self._path)
