"""What one kline stream has sent, and what is due: news of the bar, and each bar's close."""

from typing import Any

from bot.simulation.exchange import SimulatedExchange
from bot.simulation.wire.streams import Stream

__all__ = ["Kline"]

_MAX_BARS_BACK = 1_000


class Kline:
    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._sent: dict[str, Any] | None = None

    def due(self, exchange: SimulatedExchange) -> list[dict[str, Any]]:
        """Bars to send now, oldest first: those that closed since, and the current one if new."""
        current = exchange.kline_payload(self._stream.symbol, self._stream.interval)
        if current is None or current == self._sent:
            return []
        bars = [] if self._sent is None else self._closed(exchange, self._sent["t"], current["t"])
        self._sent = dict(current)
        return [*bars, current]

    def _closed(
        self, exchange: SimulatedExchange, since_ms: int, until_ms: int
    ) -> list[dict[str, Any]]:
        closed: list[dict[str, Any]] = []
        for back in range(1, _MAX_BARS_BACK):
            bar = exchange.kline_payload(self._stream.symbol, self._stream.interval, back)
            if since_ms >= until_ms or bar is None or bar["t"] < since_ms:
                break
            closed.append(bar)
        return closed[::-1]
