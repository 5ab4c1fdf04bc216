"""The latch of a halt: a file, because the database may be locked or dead when it is needed."""

import os
from pathlib import Path

import msgspec

__all__ = ["Latch", "Latched"]


class Latched(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    at_ns: int


class Latch:
    """Set and lifted by whoever may write the file; read by the bot when it starts and runs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, reason: str, at_ns: int) -> None:
        """Latch it, durably.

        Raises:
            OSError: the file cannot be written.
        """
        made = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        with made.open("wb") as file:
            file.write(msgspec.json.encode(Latched(reason=reason, at_ns=at_ns)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(self.path)
        self._sync_folder()

    def read(self) -> Latched | None:
        """What is latched. A file that cannot be read halts as well: somebody wanted it."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as e:
            return Latched(reason=f"the latch {self.path} cannot be read: {e.strerror}", at_ns=0)
        try:
            return msgspec.json.decode(text, type=Latched)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Latched(reason=f"the latch {self.path} is there", at_ns=0)

    def lift(self) -> bool:
        """Take it away; False if it was not there.

        Raises:
            OSError: the file cannot be removed.
        """
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        self._sync_folder()
        return True

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
