"""Streams that are looked at every so often: what each has to say when it is its time."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, cast

from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.wire import payloads
from bot.simulation.wire.diff import DepthDiff
from bot.simulation.wire.kline import Kline
from bot.simulation.wire.payloads import Payload
from bot.simulation.wire.streams import Kind, Stream

__all__ = ["Feed", "feed"]

_AVERAGE_MINUTES: Final = 5
_TIMES: Final = frozenset({"E", "O", "C"})

Build = Callable[[int], Payload]


class Feed(Protocol):
    def due(self, event_ms: int) -> list[Any]:
        """Payloads to send now, oldest first; ``event_ms`` is their event time."""
        ...


def feed(stream: Stream, exchange: SimulatedExchange) -> Feed | None:
    """What the stream says; None where it follows each event."""
    if not stream.every_ms:
        return None
    if stream.kind is Kind.DEPTH:
        return DepthDiff(stream.symbol)
    if stream.kind is Kind.KLINE:
        return _Bars(stream, exchange)
    if stream.symbol:
        return _News(_payload(stream, stream.symbol, exchange))
    return _NewsOfAll({s: _payload(stream, s, exchange) for s in exchange.symbols})


class _News:
    """One payload, when more than its times is new."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._sent: dict[str, Any] = {}

    def due(self, event_ms: int) -> list[Any]:
        try:
            payload = self._build(event_ms)
        except ApiError:
            # The symbol has no such thing, for instance no reference price: it stays silent.
            return []
        content = {key: value for key, value in payload.items() if key not in _TIMES}
        if content == self._sent:
            return []
        self._sent = content
        return [payload]


class _NewsOfAll:
    """One list of the payloads that are new."""

    def __init__(self, builds: Mapping[str, Build]) -> None:
        self._news = [_News(build) for build in builds.values()]

    def due(self, event_ms: int) -> list[Any]:
        rows = [row for news in self._news for row in news.due(event_ms)]
        return [rows] if rows else []


class _Bars:
    """Every bar that closed, and the one that forms."""

    def __init__(self, stream: Stream, exchange: SimulatedExchange) -> None:
        self._stream = stream
        self._exchange = exchange
        self._kline = Kline(stream.symbol, stream.interval)

    def due(self, event_ms: int) -> list[Any]:
        symbol = self._stream.symbol
        return [payloads.kline(symbol, bar, event_ms) for bar in self._kline.due(self)]

    def kline_payload(self, symbol: str, interval: str, back: int = 0) -> dict[str, Any] | None:
        """The exchange's bars in the stream's zone."""
        offset_ms = self._stream.offset_ms
        return self._exchange.kline_payload(symbol, interval, back, offset_ms=offset_ms)


def _payload(stream: Stream, symbol: str, exchange: SimulatedExchange) -> Build:
    """How the stream's payload for one symbol is built."""
    builds: dict[Kind, Build] = {
        Kind.PARTIAL_DEPTH: lambda _: payloads.partial_depth(
            exchange.update_id(symbol), *exchange.top(symbol, stream.levels)
        ),
        Kind.AVG_PRICE: lambda event_ms: payloads.avg_price(
            symbol, _AVERAGE_MINUTES, *exchange.average_price(symbol, _AVERAGE_MINUTES), event_ms
        ),
        Kind.TICKER: lambda event_ms: payloads.ticker(exchange.statistics(symbol), event_ms),
        Kind.MINI_TICKER: lambda event_ms: payloads.mini_ticker(
            exchange.statistics(symbol), event_ms
        ),
        Kind.WINDOW_TICKER: lambda event_ms: payloads.window_ticker(
            _window(exchange, symbol, stream.interval), stream.interval, event_ms
        ),
        Kind.REFERENCE_PRICE: lambda _: payloads.reference_price(
            exchange.reference_price({"symbol": symbol})
        ),
    }
    return builds[stream.kind]


def _window(exchange: SimulatedExchange, symbol: str, window: str) -> Payload:
    # One symbol has one body.
    return cast("Payload", exchange.ticker_window({"symbol": symbol, "windowSize": window}))
