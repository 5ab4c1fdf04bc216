"""The latest of everything observed; updated before any handler runs."""

from decimal import Decimal
from typing import Any, Final

from bot.domain.instrument import Instrument
from bot.domain.market import (
    AggTrade,
    Bar,
    BookSnapshot,
    MarketEvent,
    QuoteTick,
    TradeTick,
)

__all__ = ["Cache"]


class Cache:
    """Last quote, trade, bar and book of each symbol, and which symbols' feeds are down."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self.instruments = instruments
        self.quotes: dict[str, QuoteTick] = {}
        self.trades: dict[str, TradeTick] = {}
        self.bars: dict[tuple[str, str], Bar] = {}
        self.books: dict[str, BookSnapshot] = {}
        self.latest: Final[dict[type, dict[str, Any]]] = {
            QuoteTick: self.quotes,
            TradeTick: self.trades,
            BookSnapshot: self.books,
            AggTrade: {},
        }
        """By type and symbol: all but the bars, which have an interval as well."""
        # Which feeds are down or stale, and for which symbols (empty: all of them).
        self.dark: dict[str, tuple[str, ...]] = {}
        # Prices that reached us before a symbol's feed was down are history, not prices.
        self._fresh_from_ns: dict[str, int] = {}

    def darken(self, feed: str, symbols: tuple[str, ...], now_ns: int) -> None:
        """The feed is down: what it had said of these symbols (none: of all) is history."""
        self.dark[feed] = symbols
        for symbol in symbols or tuple(self.instruments):
            self._fresh_from_ns[symbol] = now_ns

    def update(self, event: MarketEvent) -> None:
        """Keep the event as the latest of its kind, unless something newer is known."""
        if isinstance(event, Bar):
            if not event.late:
                self.bars[event.symbol, event.interval] = event
            return
        latest = self.latest.setdefault(type(event), {})
        if isinstance(event, TradeTick | AggTrade):
            if event.late:
                return
        elif isinstance(event, QuoteTick) and event.from_array:
            # Of the whole market every few seconds: the symbol's own stream is ahead of it.
            known = latest.get(event.symbol)
            if known is not None and known.update_id >= event.update_id:
                return
        latest[event.symbol] = event

    def last_price(self, symbol: str) -> float | None:
        """Mid of the latest quote, else the latest trade's price, quote units.

        What was seen since the last gap goes before what was seen earlier.
        """
        source = self._price_source(symbol)
        if isinstance(source, QuoteTick):
            return source.mid
        return None if source is None else source.price

    def exact_price(self, symbol: str) -> Decimal | None:
        """:meth:`last_price` as the shortest decimal of the float."""
        price = self.last_price(symbol)
        return None if price is None else Decimal(float.__repr__(price))

    def price_age_ns(self, symbol: str, now_ns: int) -> int | None:
        """How long ago :meth:`last_price` reached us; None if no price did since a gap."""
        source = self._price_source(symbol)
        if source is None or not self._is_fresh(source):
            return None
        return now_ns - source.recv_ns

    def _price_source(self, symbol: str) -> QuoteTick | TradeTick | None:
        quote, trade = self.quotes.get(symbol), self.trades.get(symbol)
        if quote is None or quote.bid <= 0 or quote.ask <= 0:
            # A book with one side empty has no middle.
            return trade
        if trade is not None and self._is_fresh(trade) and not self._is_fresh(quote):
            return trade
        return quote

    def _is_fresh(self, event: QuoteTick | TradeTick) -> bool:
        return event.recv_ns > self._fresh_from_ns.get(event.symbol, -1)

    def is_dark(self, symbol: str) -> bool:
        """Whether a feed that carries the symbol is down."""
        return any(not symbols or symbol in symbols for symbols in self.dark.values())

    def value_in(self, asset: str, quote: str) -> Decimal | None:
        """The price of one ``asset`` in ``quote`` as far as the traded symbols tell."""
        if asset == quote:
            return Decimal(1)
        for symbol, instrument in self.instruments.items():
            if instrument.base == asset and instrument.quote == quote:
                return self.exact_price(symbol)
        return None
