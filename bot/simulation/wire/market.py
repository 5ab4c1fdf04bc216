"""The market streams: what follows each event, and what is looked at every so often."""

from collections.abc import Iterable
from typing import Any

from bot.simulation.emissions import AggTradeMade, BookChanged, RawFrame, TradeMade
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.wire import payloads
from bot.simulation.wire.diff import DepthDiff
from bot.simulation.wire.hub import Hub
from bot.simulation.wire.kline import Kline
from bot.simulation.wire.streams import Kind, Stream, parse

__all__ = ["MarketStreams"]

_AVERAGE_MINUTES = 5


class MarketStreams:
    """Turns emissions and the passing of time into stream payloads.

    Only streams with a listener cost anything.
    """

    def __init__(self, exchange: SimulatedExchange, hub: Hub) -> None:
        self._exchange = exchange
        self._hub = hub
        self._streams: dict[str, Stream | None] = {}
        self._depths: dict[str, DepthDiff] = {}
        self._sent: dict[str, Any] = {}
        self._klines: dict[str, Kline] = {}
        self._ticked_ms = 0
        self._names = {
            symbol: (f"{symbol.lower()}@trade", f"{symbol.lower()}@aggTrade")
            for symbol in exchange.symbols
        }

    def opened(self, name: str) -> None:
        """Somebody listens to the stream from now on."""
        stream = parse(name, self._names)
        if name in self._exchange.recorded_streams:
            stream = None
        self._streams[name] = stream
        if stream is not None and stream.kind is Kind.DEPTH:
            self._depths[name] = DepthDiff(stream)
        if stream is not None and stream.kind is Kind.KLINE:
            self._klines[name] = Kline(stream.symbol, stream.interval)

    def closed(self, name: str) -> None:
        """Nobody does any more."""
        for known in (self._streams, self._depths, self._sent, self._klines):
            known.pop(name, None)

    def skip_updates(self, symbol: str) -> None:
        """Make a gap in the update ids of the symbol's depth streams."""
        for depth in self._depths.values():
            if depth.stream.symbol == symbol or not symbol:
                depth.skip()

    # --- what follows each event ------------------------------------------------------

    def on_trade(self, made: TradeMade) -> None:
        name = self._names[made.symbol][0]
        if self._live(name):
            self._hub.publish(name, "trade", payloads.trade(made, self._event_ms(made.time_ms)))

    def on_agg_trade(self, made: AggTradeMade) -> None:
        name = self._names[made.symbol][1]
        if self._live(name):
            payload = payloads.agg_trade(made, self._event_ms(made.time_ms))
            self._hub.publish(name, "aggTrade", payload)

    def on_books(self, changes: Iterable[BookChanged]) -> None:
        """The book changes of one turn: each goes into the diffs, the best prices go out once."""
        last: dict[str, BookChanged] = {}
        for change in changes:
            last[change.symbol] = change
            for depth in self._depths.values():
                if depth.stream.symbol == change.symbol:
                    depth.add(change)
        for symbol in last:
            self._book_ticker(symbol)

    def on_raw(self, frame: RawFrame) -> None:
        stream = parse(frame.stream, self._names)
        if self._streams.get(frame.stream) is not None:
            # The tape brings it after all: from here on nothing is derived.
            self._streams[frame.stream] = None
        event = stream.kind.value if stream else frame.stream.partition("@")[2]
        self._hub.publish_raw(frame.stream, event, frame.data)

    def _book_ticker(self, symbol: str) -> None:
        name = f"{symbol.lower()}@bookTicker"
        best = self._exchange.best(symbol) if self._live(name) else None
        if best is None or self._sent.get(name) == best:
            return
        self._sent[name] = best
        payload = payloads.book_ticker(symbol, self._exchange.update_id(symbol), *best)
        self._hub.publish(name, "bookTicker", payload)

    # --- what is looked at every so often ---------------------------------------------

    def tick(self, tick_ms: int) -> None:
        """A multiple of 100 ms of the clock has passed, and perhaps others before it."""
        last_ms, self._ticked_ms = self._ticked_ms, tick_ms
        for stream in list(self._streams.values()):
            if stream is None or not stream.every_ms:
                continue
            if last_ms // stream.every_ms < tick_ms // stream.every_ms:
                self._look(stream)

    def _look(self, stream: Stream) -> None:
        if stream.kind is Kind.DEPTH:
            self._depth(stream)
        elif stream.kind is Kind.PARTIAL_DEPTH:
            top = self._exchange.top(stream.symbol, stream.levels)
            update_id = self._exchange.update_id(stream.symbol)
            self._if_new(stream, payloads.partial_depth(update_id, *top))
        elif stream.kind is Kind.KLINE:
            self._kline(stream)
        elif stream.kind is Kind.AVG_PRICE:
            price, last_ms = self._exchange.average_price(stream.symbol, _AVERAGE_MINUTES)
            self._if_new(
                stream,
                payloads.avg_price(
                    stream.symbol, _AVERAGE_MINUTES, price, last_ms, self._event_ms()
                ),
            )
        else:
            self._ticker(stream)

    def _ticker(self, stream: Stream) -> None:
        if stream.kind is Kind.TICKER:
            row = self._exchange.statistics(stream.symbol)
            self._if_new(stream, payloads.ticker(row, self._event_ms()))
        elif stream.kind is Kind.MINI_TICKER:
            row = self._exchange.statistics(stream.symbol)
            self._if_new(stream, payloads.mini_ticker(row, self._event_ms()))
        else:
            self._all_mini_tickers(stream)

    def _all_mini_tickers(self, stream: Stream) -> None:
        seen: dict[str, Any] = self._sent.setdefault(stream.name, {})
        changed = []
        for symbol in self._names:
            payload = payloads.mini_ticker(self._exchange.statistics(symbol), self._event_ms())
            content = _content(payload)
            if seen.get(symbol) != content:
                seen[symbol] = content
                changed.append(payload)
        if changed:
            self._hub.publish(stream.name, stream.kind.value, changed)

    def _depth(self, stream: Stream) -> None:
        taken = self._depths[stream.name].take()
        if taken is not None:
            payload = payloads.depth_update(stream.symbol, *taken, self._event_ms())
            self._hub.publish(stream.name, "depthUpdate", payload)

    def _kline(self, stream: Stream) -> None:
        for bar in self._klines[stream.name].due(self._exchange):
            payload = payloads.kline(stream.symbol, bar, self._event_ms())
            self._hub.publish(stream.name, "kline", payload)

    # --- both -------------------------------------------------------------------------

    def _live(self, name: str) -> bool:
        return self._streams.get(name) is not None

    def _event_ms(self, at_least_ms: int = 0) -> int:
        return max(self._exchange.market_ms, at_least_ms)

    def _if_new(self, stream: Stream, payload: dict[str, Any]) -> None:
        content = _content(payload)
        if self._sent.get(stream.name) != content:
            self._sent[stream.name] = content
            self._hub.publish(stream.name, stream.kind.value, payload)


def _content(payload: dict[str, Any]) -> dict[str, Any]:
    """What must differ for a payload to be news: everything but the times."""
    return {k: v for k, v in payload.items() if k not in ("E", "O", "C")}
