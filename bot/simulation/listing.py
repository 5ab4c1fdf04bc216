"""One symbol on the exchange: its book, its ids, its last trades, bars and windows."""

from collections import deque
from decimal import Decimal
from typing import Any, Final, NamedTuple

from bot.simulation.bars import Bars
from bot.simulation.book import Book
from bot.simulation.emissions import AggTradeMade, BookChanged, TradeMade
from bot.simulation.filters import Check, compile_filters
from bot.simulation.fixedpoint import decimal, text
from bot.simulation.rules import SymbolRules
from bot.simulation.stops import Stops
from bot.simulation.window import Window

__all__ = ["AggTrade", "Listing", "PublicTrade"]

_TRADES_KEPT: Final = 5000
_MINUTE: Final = 60_000
_RESERVE: Final = 10_000
"""How many ids are marked as used ahead, so that a restart never gives one out twice."""


_COUNTED: Final = ("order", "trade", "execution", "update", "agg", "prevented", "allocation")


class PublicTrade(NamedTuple):
    trade_id: int
    price_e8: int
    quantity_e8: int
    quote_e8: int
    time_ms: int
    buyer_is_maker: bool

    def body(self) -> dict[str, Any]:
        """As ``GET /api/v3/trades`` gives it."""
        return {
            "id": self.trade_id,
            "price": text(self.price_e8),
            "qty": text(self.quantity_e8),
            "quoteQty": text(self.quote_e8),
            "time": self.time_ms,
            "isBuyerMaker": self.buyer_is_maker,
            "isBestMatch": True,
        }


class AggTrade:
    """Consecutive trades of one taker order at one price."""

    __slots__ = (
        "agg_id",
        "buyer_is_maker",
        "first_id",
        "last_id",
        "price_e8",
        "quantity_e8",
        "time_ms",
    )

    def __init__(self, agg_id: int, trade: PublicTrade) -> None:
        self.agg_id = agg_id
        self.price_e8 = trade.price_e8
        self.quantity_e8 = 0
        self.first_id = self.last_id = trade.trade_id
        self.time_ms = trade.time_ms
        self.buyer_is_maker = trade.buyer_is_maker

    def body(self) -> dict[str, Any]:
        """As ``GET /api/v3/aggTrades`` gives it."""
        return {
            "a": self.agg_id,
            "p": text(self.price_e8),
            "q": text(self.quantity_e8),
            "f": self.first_id,
            "l": self.last_id,
            "T": self.time_ms,
            "m": self.buyer_is_maker,
            "M": True,
        }

    def emission(self, symbol: str) -> AggTradeMade:
        return AggTradeMade(
            symbol,
            self.agg_id,
            decimal(self.price_e8),
            decimal(self.quantity_e8),
            self.first_id,
            self.last_id,
            self.buyer_is_maker,
            self.time_ms,
        )


class Ids:
    """The next ids of a symbol. On Binance, too, they count for each symbol by itself."""

    __slots__ = (
        "agg",
        "allocation",
        "execution",
        "order",
        "prevented",
        "reserved",
        "trade",
        "update",
    )

    def __init__(self) -> None:
        self.order = self.trade = self.execution = self.update = self.agg = 0
        self.prevented = self.allocation = -1
        self.reserved: dict[str, int] = {}

    def reserve(self) -> dict[str, int] | None:
        """Marks to write down before more ids are used; None while the last marks hold."""
        now = {name: getattr(self, name) for name in _COUNTED}
        if self.reserved and all(now[name] < mark for name, mark in self.reserved.items()):
            return None
        self.reserved = {name: value + _RESERVE for name, value in now.items()}
        return self.reserved

    def restore(self, marks: dict[str, int]) -> None:
        """Go on behind the marks."""
        for name, mark in marks.items():
            setattr(self, name, mark)


class Listing:
    """The public state of one symbol. ``public`` is the book that clients are shown."""

    def __init__(self, rules: SymbolRules, exchange_filters: tuple[Any, ...] = ()) -> None:
        self.rules = rules
        # As exchangeInfo gives it; a scene may close the market.
        self.status = "TRADING"
        self.checks: list[tuple[str, Check]] = compile_filters((*exchange_filters, *rules.filters))
        self.limits_position = rules.filter("MAX_POSITION") is not None
        self.book = Book()
        # The same book, unless a tape says what is public.
        self.public = self.book
        # A tape's latest quote: (bid, quantity, ask, quantity).
        self.quoted: tuple[int, int, int, int] | None = None
        self.stops = Stops()
        self.ids = Ids()
        self.last_price_e8 = 0
        self.last: PublicTrade | None = None
        self.trades: deque[PublicTrade] = deque(maxlen=_TRADES_KEPT)
        self.aggs: deque[AggTrade] = deque(maxlen=_TRADES_KEPT)
        self.bars = Bars()
        self.day = Window(24 * 60 * _MINUTE, _MINUTE)
        self.recent = Window(5 * _MINUTE, 1000)
        self._forming: AggTrade | None = None
        self._taker_id = -1

    def record(self, trade: PublicTrade, taker_id: int) -> AggTradeMade | None:
        """Count a public trade in. Answers with the aggregate that it ended, if any."""
        self.last = trade
        self.trades.append(trade)
        self.remember(trade)
        price, quantity = trade.price_e8, trade.quantity_e8
        self.stops.observe(price)
        ended = None
        forming = self._forming
        if forming is None or forming.price_e8 != price or self._taker_id != taker_id:
            ended = self.end_aggregate()
            self.ids.agg += 1
            forming = self._forming = AggTrade(self.ids.agg, trade)
            self._taker_id = taker_id
            self.aggs.append(forming)
        forming.quantity_e8 += quantity
        forming.last_id = trade.trade_id
        return ended

    def remember(self, trade: PublicTrade) -> None:
        """Count a trade into price, bars and windows only."""
        trade_id, price, quantity, quote, time_ms, buyer_is_maker = trade
        self.last_price_e8 = price
        self.bars.add(
            price,
            quantity,
            quote,
            buyer_is_maker=buyer_is_maker,
            time_ms=time_ms,
            trade_id=trade_id,
        )
        self.day.add(price, quantity, quote, time_ms, trade_id)
        self.recent.add(price, quantity, quote, time_ms, trade_id)

    def end_aggregate(self) -> AggTradeMade | None:
        """The taker is done: its last aggregate is complete."""
        forming, self._forming = self._forming, None
        return forming.emission(self.rules.symbol) if forming else None

    def book_changed(self, time_ms: int) -> BookChanged | None:
        """What changed in the book since the last call, with one update id for each level."""
        changed = self.book.changed
        bids, asks = changed[True], changed[False]
        if self.public is not self.book:
            # What clients do to a tape's book is nobody else's business.
            bids.clear()
            asks.clear()
        if not bids and not asks:
            return None
        first = self.ids.update + 1
        self.ids.update += len(bids) + len(asks)
        event = BookChanged(
            self.rules.symbol,
            first,
            self.ids.update,
            self._levels(sorted(bids, reverse=True), is_buy=True),
            self._levels(sorted(asks), is_buy=False),
            time_ms,
        )
        bids.clear()
        asks.clear()
        return event

    def _levels(self, prices: list[int], *, is_buy: bool) -> tuple[tuple[Decimal, Decimal], ...]:
        book = self.book
        return tuple((decimal(p), decimal(book.quantity(is_buy, p))) for p in prices)

    def average(self, minutes: int, now_ms: int) -> int:
        """The weighted average price that filters refer to; 0 if nothing was traded."""
        if not minutes:
            return self.last_price_e8
        if minutes == 5:  # noqa: PLR2004 - the window that is kept
            return self.recent.average(now_ms) or self.last_price_e8
        bars = self.bars.roll("1m", now_ms)
        base = quote = 0
        for bar in list(bars)[-minutes:]:
            base += bar.base
            quote += bar.quote
        return quote * 10**8 // base if base else self.last_price_e8


def trade_made(
    symbol: str, trade: PublicTrade, *, buyer_order_id: int, seller_order_id: int
) -> TradeMade:
    """The emission of a trade."""
    return TradeMade(
        symbol,
        trade.trade_id,
        decimal(trade.price_e8),
        decimal(trade.quantity_e8),
        trade.buyer_is_maker,
        trade.time_ms,
        buyer_order_id,
        seller_order_id,
    )
