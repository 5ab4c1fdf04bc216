"""Frames on their way out: those of one turn of the event loop leave in one write."""

import asyncio

__all__ = ["Outbox"]


class Outbox:
    """Bounded: a client with more than ``most_bytes`` waiting for it is cut off."""

    def __init__(self, most_bytes: int) -> None:
        self.transport: asyncio.WriteTransport | None = None
        self._most_bytes = most_bytes
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []

    def put(self, frame: bytes) -> None:
        """Queue the bytes of a whole frame."""
        if not self._waiting:
            self._loop.call_soon(self.flush)
        self._waiting.append(frame)

    def clear(self) -> None:
        """Forget what is queued."""
        self._waiting.clear()

    def flush(self) -> None:
        """Write what is queued now; without a transport it is lost."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        transport.write(b"".join(waiting))
        if transport.get_write_buffer_size() > self._most_bytes:
            transport.abort()
