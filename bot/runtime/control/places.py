"""Which files of the control channel belong to a database."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

__all__ = ["Places", "places_of"]

_LONGEST_SOCKET: Final = 100
"""Bytes; the kernel takes 107 (``sun_path``), macOS 103."""


class Places(msgspec.Struct, frozen=True):
    """Beside the database, so that the commands find the bot by what they share with it."""

    socket: Path
    """Where the bot listens while it runs."""
    halt: Path
    """There while a halt is latched."""
    deeds: Path
    """What was done on the account past the engine, for the next start to tell."""


def places_of(db: str) -> Places:
    """The places of a database URL; those of a server's database are in the current folder."""
    if db.startswith("sqlite"):
        base = Path(db.split("///", 1)[-1]).absolute()
    else:
        base = Path(urlsplit(db).path.strip("/") or "bot").absolute()
    return Places(_socket(base), _beside(base, ".halt"), _beside(base, ".deeds"))


def _beside(base: Path, ending: str) -> Path:
    return base.with_name(base.name + ending)


def _socket(base: Path) -> Path:
    path = _beside(base, ".sock")
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        return path
    # A path that the kernel does not take: a short one that both sides can work out.
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"bot-{os.getuid()}-{digest}.sock"
