"""What was done on the account past the engine: a line a deed, before it is done."""

import os
from pathlib import Path

import msgspec

__all__ = ["Deed", "Deeds"]


class Deed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    kind: str
    """``flatten_cancel``, ``flatten_order``, ``flatten_end``, ``watchdog_cancel``, ..."""
    subject: str
    """The client order id, or the symbol."""
    text: str = ""
    strategy_id: str = ""
    symbol: str = ""
    side: str = ""
    at_ns: int = 0


class Deeds:
    """Appended by the control thread and by the watchdog; told and cleared by the next start."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, deed: Deed) -> None:
        """Write it down, durably.

        Raises:
            OSError: the file cannot be written.
        """
        line = msgspec.json.encode(deed) + b"\n"
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line)
            os.fsync(file)
        finally:
            os.close(file)

    def read(self) -> list[Deed]:
        """All that are there; a torn last line is left out."""
        try:
            lines = self._path.read_bytes().splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            try:
                found.append(msgspec.json.decode(line, type=Deed))
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
        return found

    def forget(self, count: int) -> None:
        """Drop the first ``count``: they are in the database now."""
        left = self.read()[count:]
        if not left:
            self._path.unlink(missing_ok=True)
            return
        made = self._path.with_name(self._path.name + ".new")
        made.write_bytes(b"".join(msgspec.json.encode(deed) + b"\n" for deed in left))
        made.replace(self._path)
