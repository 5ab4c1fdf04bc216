"""The numbers of Binance's futures connection and request rules, each settable.

Source: Binance USDⓈ-M documentation, "General info" and "Websocket market streams".
"""

from typing import Self

import msgspec

from bot.simulation.wire.rules import WireRules

__all__ = ["FuturesRules"]


class FuturesRules(WireRules, frozen=True, kw_only=True):
    """Limits that USDⓈ-M and COIN-M share: one address has one allowance for both."""

    ping_interval_s: float = 180.0
    pong_timeout_s: float = 600.0
    client_messages: int = 10
    weight_per_minute: int = 2_400
    raw_requests: int = 10**9
    """Futures count no raw requests."""
    orders_10s: int = 300
    """Orders of one account within ten seconds, over both markets."""
    orders_1m: int = 1_200
    listen_key_s: float = 3_600.0
    """How long a listen key is valid after it was last asked for or renewed."""

    def scaled(self, time_scale: float) -> Self:
        """The same rules with every duration of connections and keys multiplied."""
        rules = super().scaled(time_scale)
        return msgspec.structs.replace(rules, listen_key_s=self.listen_key_s * time_scale)
