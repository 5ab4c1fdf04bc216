"""The recordings in a folder: their manifests, checked against the files, made anew where lost."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from bot.domain.errors import DataError
from bot.domain.times import iso_utc
from bot.history.lines import TapeCut, lines
from bot.history.manifest import save_json
from bot.history.recording import is_being_written, sha256_of
from bot.history.timestamped import RecordingHead

__all__ = ["Inventory", "inventories"]

_TAPE: Final = re.compile(
    r"(?P<run>[A-Za-z0-9-]+)_(?P<market>spot|usdm|coinm)_\d{4}-\d\d-\d\d_\d{3,}\.gz"
)
_KILLED: Final = "it was killed; this list was made from its files"


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """One recording of a folder."""

    manifest: dict[str, Any]
    is_recording: bool
    """It goes on: the last file is being written."""
    is_rebuilt: bool
    """The manifest was made from the files just now."""
    defects: list[str]
    """What is wrong, one line each."""

    def as_dict(self) -> dict[str, Any]:
        return {**self.manifest, "recording": self.is_recording, "rebuilt": self.is_rebuilt}


def inventories(directory: Path) -> list[Inventory]:
    """Every recording of ours in the folder, oldest first.

    A recording that was killed has a manifest that does not know its end, or none. It is made
    from the files, and saved if the folder can be written to.
    """
    tapes: dict[str, list[Path]] = {}
    for path in sorted(directory.iterdir()):
        if match := _TAPE.fullmatch(path.name):
            tapes.setdefault(match["run"], []).append(path)
    for path in sorted(directory.glob("*.json")):
        if "files" in _loaded(path):
            tapes.setdefault(path.stem, [])
    return [_inventory(directory, run, files) for run, files in sorted(tapes.items())]


def _inventory(directory: Path, run_id: str, files: list[Path]) -> Inventory:
    path = directory / f"{run_id}.json"
    manifest = _loaded(path)
    is_recording = any(is_being_written(file) for file in files)
    rebuilt = bool(files) and not is_recording and not manifest.get("ended_at")
    if rebuilt:
        manifest = _rebuilt(manifest, run_id, files)
        with contextlib.suppress(OSError):
            save_json(path, manifest)
    found = {file.name: file for file in files}
    defects = [] if is_recording else list(_defects(manifest, found))
    return Inventory(
        manifest=manifest, is_recording=is_recording, is_rebuilt=rebuilt, defects=defects
    )


def _loaded(path: Path) -> dict[str, Any]:
    """The manifest; empty if it is not there, or none."""
    try:
        content = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}
    is_ours = isinstance(content, dict) and isinstance(content.get("files"), list)
    return content if is_ours and "run_id" in content else {}


def _rebuilt(manifest: dict[str, Any], run_id: str, files: list[Path]) -> dict[str, Any]:
    entries = [_entry(file) for file in files]
    times = [entry[end] for entry in entries for end in ("from", "to") if entry[end]]
    return {
        "run_id": run_id,
        "started_at": min(times, default=None),
        **manifest,
        "ended_at": max(times, default=manifest.get("started_at")),
        "stopped": _KILLED,
        "files": entries,
        "gaps": manifest.get("gaps", []),
        "lost_frames": manifest.get("lost_frames", 0),
    }


def _entry(file: Path) -> dict[str, Any]:
    match = _TAPE.fullmatch(file.name)
    frames = first_ns = last_ns = 0
    try:
        for line in lines(file):
            stamp, _, text = line.partition(b" ")
            if stamp.isdigit() and RecordingHead.of(text) is None:
                last_ns = int(stamp)
                first_ns = first_ns or last_ns
                frames += 1
    except TapeCut:
        pass  # what is whole was counted, and tape info tells of the cut
    return {
        "name": file.name,
        "market": match["market"] if match else "",
        "frames": frames,
        "from": iso_utc(first_ns) if frames else None,
        "to": iso_utc(last_ns) if frames else None,
        "bytes": file.stat().st_size,
        "sha256": sha256_of(file),
    }


def _defects(manifest: dict[str, Any], found: dict[str, Path]) -> Iterator[str]:
    listed = {entry["name"]: entry for entry in manifest.get("files", ())}
    for name, entry in listed.items():
        if name not in found:
            yield f"{name} is in the manifest and not in the folder"
        elif entry.get("sha256") and entry["sha256"] != _checksum(found[name]):
            yield f"{name} is not as it was written: its checksum differs"
    for name in found.keys() - listed.keys():
        yield f"{name} is in the folder and not in the manifest"


def _checksum(file: Path) -> str:
    try:
        return sha256_of(file)
    except OSError as e:
        raise DataError(f"cannot read {file}: {e.strerror or e}") from e
