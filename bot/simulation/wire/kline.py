"""What one kline stream has sent, and what is due: news of the bar, and each bar's close."""

from typing import Any, Protocol

__all__ = ["Kline"]

_MAX_BARS_BACK = 1_000


class Bars(Protocol):
    """An exchange, as far as its bars go."""

    def kline_payload(self, symbol: str, interval: str, back: int = 0) -> dict[str, Any] | None: ...


class Kline:
    def __init__(self, symbol: str, interval: str) -> None:
        self._symbol = symbol
        self._interval = interval
        self._sent: dict[str, Any] | None = None

    def due(self, exchange: Bars) -> list[dict[str, Any]]:
        """Bars to send now, oldest first: those that closed since, and the current one if new."""
        current = exchange.kline_payload(self._symbol, self._interval)
        if current is None or current == self._sent:
            return []
        bars = [] if self._sent is None else self._closed(exchange, self._sent["t"], current["t"])
        self._sent = dict(current)
        return [*bars, current]

    def _closed(self, exchange: Bars, since_ms: int, until_ms: int) -> list[dict[str, Any]]:
        closed: list[dict[str, Any]] = []
        for back in range(1, _MAX_BARS_BACK):
            bar = exchange.kline_payload(self._symbol, self._interval, back)
            if since_ms >= until_ms or bar is None or bar["t"] < since_ms:
                break
            closed.append(bar)
        return closed[::-1]
