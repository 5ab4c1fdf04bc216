"""The market streams: what follows each event, and what is looked at every so often."""

from collections.abc import Iterable
from typing import Any

from bot.simulation.emissions import AggTradeMade, BookChanged, RawFrame, TradeMade
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.wire import payloads
from bot.simulation.wire.diff import DepthDiff, recorded_diffs
from bot.simulation.wire.feeds import Feed, feed
from bot.simulation.wire.hub import Hub
from bot.simulation.wire.streams import Stream, parse

__all__ = ["MarketStreams"]


class MarketStreams:
    """Turns emissions and the passing of time into stream payloads.

    Only streams with a listener cost anything.
    """

    def __init__(self, exchange: SimulatedExchange, hub: Hub) -> None:
        self._exchange = exchange
        self._hub = hub
        # Streams with a listener, and those of them that are looked at every so often.
        self._streams: dict[str, Stream] = {}
        self._feeds: dict[str, Feed] = {}
        self._diffs: dict[str, DepthDiff] = {}
        self._quoted: dict[str, Any] = {}
        # Recorded streams whose next frame is to be missing.
        self._lost: set[str] = set()
        self._ticked_ms = 0
        self._names = {
            symbol: (f"{symbol.lower()}@trade", f"{symbol.lower()}@aggTrade")
            for symbol in exchange.symbols
        }

    def opened(self, name: str) -> None:
        """Somebody listens to the stream from now on."""
        stream = parse(name, self._names)
        if stream is None or name in self._exchange.recorded_streams:
            return
        self._streams[name] = stream
        source = feed(stream, self._exchange)
        if source is not None:
            self._feeds[name] = source
        if isinstance(source, DepthDiff):
            self._diffs[name] = source

    def closed(self, name: str) -> None:
        """Nobody does any more."""
        for known in (self._streams, self._feeds, self._diffs, self._quoted):
            known.pop(name, None)

    def skip_updates(self, symbol: str) -> None:
        """Make a gap in the update ids of the symbol's depth streams."""
        for diff in self._diffs.values():
            if diff.symbol == symbol or not symbol:
                diff.skip()
        recorded = recorded_diffs(self._exchange.recorded_streams, symbol)
        self._lost |= {name for name in recorded if self._hub.wanted(name)}

    def on_trade(self, made: TradeMade) -> None:
        name = self._names[made.symbol][0]
        if name in self._streams:
            self._hub.publish(name, "trade", payloads.trade(made, self._event_ms(made.time_ms)))

    def on_agg_trade(self, made: AggTradeMade) -> None:
        name = self._names[made.symbol][1]
        if name in self._streams:
            payload = payloads.agg_trade(made, self._event_ms(made.time_ms))
            self._hub.publish(name, "aggTrade", payload)

    def on_books(self, changes: Iterable[BookChanged]) -> None:
        """The book changes of one turn: each goes into the diffs, the best prices go out once."""
        last: dict[str, BookChanged] = {}
        for change in changes:
            last[change.symbol] = change
            for diff in self._diffs.values():
                if diff.symbol == change.symbol:
                    diff.add(change)
        for symbol in last:
            self._book_ticker(symbol)

    def on_raw(self, frame: RawFrame) -> None:
        if frame.stream in self._lost:
            self._lost.discard(frame.stream)
            return
        # The tape brings it after all: from here on nothing is derived.
        self.closed(frame.stream)
        stream = parse(frame.stream, self._names)
        event = stream.event if stream else frame.stream.partition("@")[2]
        self._hub.publish_raw(frame.stream, event, frame.data)

    def tick(self, tick_ms: int) -> None:
        """A multiple of 100 ms of the clock has passed, and perhaps others before it."""
        last_ms, self._ticked_ms = self._ticked_ms, tick_ms
        for name, source in list(self._feeds.items()):
            stream = self._streams[name]
            if last_ms // stream.every_ms < tick_ms // stream.every_ms:
                for payload in source.due(self._event_ms()):
                    self._hub.publish(name, stream.event, payload)

    def _book_ticker(self, symbol: str) -> None:
        name = f"{symbol.lower()}@bookTicker"
        best = self._exchange.best(symbol) if name in self._streams else None
        if best is None or self._quoted.get(name) == best:
            return
        self._quoted[name] = best
        payload = payloads.book_ticker(symbol, self._exchange.update_id(symbol), *best)
        self._hub.publish(name, "bookTicker", payload)

    def _event_ms(self, at_least_ms: int = 0) -> int:
        return max(self._exchange.market_ms, at_least_ms)
