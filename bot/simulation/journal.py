"""What the exchange must remember over a restart: one JSON line for each change."""

from typing import Any, Protocol

__all__ = ["Journal"]


class Journal(Protocol):
    def write(self, record: dict[str, Any]) -> None:
        """Append the record; it is safe from the death of this process when this returns."""
        ...
