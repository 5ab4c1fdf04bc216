"""Pings of the server that wait for their pongs.

Source: Binance spot documentation, "WebSocket Streams: general information": a pong repeats the
payload of its ping; others keep nothing alive.
"""

__all__ = ["Heartbeat"]


class Heartbeat:
    """``timeout_s`` is how long a ping may wait; times are the event loop's, in seconds."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._unanswered: dict[bytes, float] = {}

    def is_dead(self, now_s: float) -> bool:
        """Whether the oldest ping has waited too long."""
        return now_s - next(iter(self._unanswered.values()), now_s) >= self._timeout_s

    def ping(self, now_s: float) -> bytes:
        """The payload of a new ping."""
        payload = str(int(now_s * 1_000_000)).encode()
        self._unanswered[payload] = now_s
        return payload

    def pong(self, payload: bytes) -> bool:
        """Take an answer; False where it answers no ping."""
        if payload not in self._unanswered:
            return False
        # A pong also answers every ping before it (RFC 6455, 5.5.3).
        for sent in list(self._unanswered):
            del self._unanswered[sent]
            if sent == payload:
                break
        return True
