"""The numbers of Binance's connection and request rules, each settable.

Source: Binance spot documentation, "WebSocket Streams: general information" and "Limits".
"""

from typing import Self

import msgspec

__all__ = ["WireRules"]


class WireRules(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one simulated exchange, in seconds and counts."""

    ping_interval_s: float = 20.0
    pong_timeout_s: float = 60.0
    lifetime_s: float = 86_400.0
    connects: int = 300
    """Connection attempts of one address within ``connects_window_s``."""
    connects_window_s: float = 300.0
    client_messages: int = 5
    """Frames of a client within one second; pings and pongs count."""
    max_streams: int = 1024
    weight_per_minute: int = 6_000
    raw_requests: int = 300_000
    """Requests of one address within five minutes, whatever their weight."""
    ban_after: int = 20
    """Requests sent in spite of a 429 before the address is banned (418)."""
    ban_s: float = 120.0
    """The first ban; each further one is twice as long, up to ``ban_max_s``."""
    ban_max_s: float = 259_200.0
    send_buffer_bytes: int = 8 * 1024 * 1024
    """What may wait for a slow client before it is disconnected."""
    max_message_bytes: int = 64 * 1024

    def scaled(self, time_scale: float) -> Self:
        """The same rules with every duration multiplied by ``time_scale``.

        Market speeds (100 ms depth, 2 s klines) and clock-aligned weight windows are facts of
        the data, not of the connection: they stay as they are.
        """
        return msgspec.structs.replace(
            self,
            ping_interval_s=self.ping_interval_s * time_scale,
            pong_timeout_s=self.pong_timeout_s * time_scale,
            lifetime_s=self.lifetime_s * time_scale,
            connects_window_s=self.connects_window_s * time_scale,
            ban_s=self.ban_s * time_scale,
            ban_max_s=self.ban_max_s * time_scale,
        )
