"""A market from a tape: recorded frames drive the book, and go out as they were recorded."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from typing import Final

from bot.domain.errors import DataError
from bot.simulation.emissions import BookChanged, RawFrame
from bot.simulation.fixedpoint import decimal, notional
from bot.simulation.floor import Floor
from bot.simulation.listing import AggTrade, Listing, PublicTrade, trade_made
from bot.simulation.rules import SymbolRules, observed_rules
from bot.simulation.tapebook import TapeBook
from bot.simulation.tapeframes import Diff, Levels, Quote, Snapshot, TapeEvent, Trade, read_frame

__all__ = ["TapeMarket"]

_LOOK_AHEAD: Final = 2000
"""How many frames are looked at before the start, for symbols, rules and stream names."""
_MS: Final = 1_000_000

TapeFrame = tuple[int, str, bytes]
"""(receive time in ns, stream name or REST path with query, JSON without the wrapper)."""


class TapeMarket:
    """Plays a tape at ``speed`` times its own pace, once.

    Recorded frames keep their recorded times. Trades of clients are not published: the public
    knows only the tape. ``ended`` says why the tape ended, '' while it plays.
    """

    def __init__(self, frames: Iterable[TapeFrame], *, speed: float = 1.0) -> None:
        """Looks at the first frames.

        Raises:
            DataError: the tape holds no market data of any symbol.
            ValueError: the speed is not positive.
        """
        if speed <= 0:
            raise ValueError(f"the speed of a tape must be above 0, not {speed}")
        self.ended = ""
        self._speed = speed
        frames = iter(frames)
        first = list(islice(frames, _LOOK_AHEAD))
        self._frames: Iterator[TapeFrame] = chain(first, frames)
        self._streams = {stream for _, stream, _ in first if _is_stream(stream)}
        self._seen = _Sighting(first)
        if not self._seen.prices:
            raise DataError("the tape holds no trades, quotes or depth of any symbol")
        self._first_ns = first[0][0]
        self._start_ms = 0
        self._next: TapeFrame | None = None
        self._books: dict[str, TapeBook] = {}

    @property
    def recorded_streams(self) -> frozenset[str]:
        """The streams seen so far; the first frames have been looked at."""
        return frozenset(self._streams)

    def rules(self) -> tuple[SymbolRules, ...]:
        """Rules of the symbols of the tape, with ticks and steps that fit what is on it."""
        return tuple(
            observed_rules(
                symbol,
                [decimal(price) for price in prices],
                [decimal(quantity) for quantity in self._seen.quantities[symbol]],
            )
            for symbol, prices in self._seen.prices.items()
        )

    def start(self, floor: Floor, now_ms: int) -> None:
        self._start_ms = now_ms
        self._books = {symbol: TapeBook(listing) for symbol, listing in floor.listings.items()}
        self._pull()

    def advance(self, floor: Floor, now_ms: int) -> None:
        while self._next is not None and self._due_ms(self._next[0]) <= now_ms:
            _, stream, data = self._next
            if _is_stream(stream):
                self._streams.add(stream)
                floor.out.append(RawFrame(stream, data))
            read = read_frame(stream, data)
            if read is not None and read[0] in self._books:
                self._apply(floor, self._books[read[0]], stream, read[1], now_ms)
            self._pull()

    def next_due_ms(self) -> int | None:
        return None if self._next is None else -int(-self._due_ms(self._next[0]) // 1)

    def market_ms(self, now_ms: int) -> int:
        recorded = self._first_ns / _MS + (now_ms - self._start_ms) * self._speed
        return round(recorded + self._seen.lead_ms)

    def _due_ms(self, recv_ns: int) -> float:
        return self._start_ms + (recv_ns - self._first_ns) / _MS / self._speed

    def _pull(self) -> None:
        try:
            self._next = next(self._frames, None)
            if self._next is None:
                self.ended = "the tape has been played to its end"
        except DataError as e:
            # A tape that was cut short plays as far as it goes.
            self._next, self.ended = None, str(e)

    def _apply(
        self, floor: Floor, book: TapeBook, stream: str, event: TapeEvent, now_ms: int
    ) -> None:
        listing = book.listing
        if isinstance(event, Quote):
            before = listing.ids.update
            if book.quote(event, floor, now_ms):
                self._tell(floor, listing, before, now_ms)
        elif isinstance(event, Diff):
            if book.diff(event, floor, now_ms):
                floor.out.append(_changed(listing, event))
        elif isinstance(event, Trade):
            if event.agg_id and stream.replace("@aggTrade", "@trade") in self._streams:
                return
            book.trade(event, floor, now_ms)
            _publish(floor, listing, event)
            if listing.stops.due:
                floor.settle(listing, now_ms)
            before = listing.ids.update
            if book.surmise(event, floor, now_ms):
                self._tell(floor, listing, before, now_ms)
        elif isinstance(event, Snapshot):
            book.snapshot(event)

    def _tell(self, floor: Floor, listing: Listing, before: int, now_ms: int) -> None:
        """The whole book changed, without recorded depth."""
        floor.out.append(
            BookChanged(
                listing.rules.symbol,
                before + 1,
                listing.ids.update,
                _decimals(listing.public.top(is_buy=True, n=50)),
                _decimals(listing.public.top(is_buy=False, n=50)),
                self.market_ms(now_ms),
            )
        )


class _Sighting:
    """What the first frames of a tape show."""

    def __init__(self, frames: list[TapeFrame]) -> None:
        self.prices: dict[str, set[int]] = {}
        self.quantities: dict[str, set[int]] = {}
        # How far event times lead the recorder's clock.
        self.lead_ms = 0.0
        for recv_ns, stream, data in frames:
            read = read_frame(stream, data)
            if read is None:
                continue
            symbol, event = read
            if not self.lead_ms and isinstance(event, Trade | Diff) and event.time_ms:
                self.lead_ms = event.time_ms - recv_ns / _MS
            levels = _levels(event)
            self.prices.setdefault(symbol, set()).update(price for price, _ in levels)
            self.quantities.setdefault(symbol, set()).update(quantity for _, quantity in levels)


def _is_stream(stream: str) -> bool:
    """Not a REST answer, nor the reply to a control message."""
    return bool(stream) and not stream.startswith("/")


def _levels(event: TapeEvent) -> Levels:
    if isinstance(event, Quote):
        return [
            (event.bid_e8, event.bid_quantity_e8),
            (event.ask_e8, event.ask_quantity_e8),
        ]
    if isinstance(event, Trade):
        return [(event.price_e8, event.quantity_e8)]
    return event.bids + event.asks


def _publish(floor: Floor, listing: Listing, event: Trade) -> None:
    """A recorded trade, for the streams that the tape lacks."""
    quote = notional(event.price_e8, event.quantity_e8)
    trade = PublicTrade(
        event.trade_id,
        event.price_e8,
        event.quantity_e8,
        quote,
        event.time_ms,
        event.buyer_is_maker,
    )
    if not event.agg_id:
        # Whose order it was is not recorded: one taker has one time and one side.
        ended = listing.record(trade, taker_id=event.time_ms * 2 + event.buyer_is_maker)
        if ended is not None:
            floor.out.append(ended)
        floor.out.append(
            trade_made(listing.rules.symbol, trade, buyer_order_id=0, seller_order_id=0)
        )
        return
    listing.last = trade
    listing.trades.append(trade)
    listing.remember(trade)
    listing.stops.observe(trade.price_e8, trade.time_ms)
    aggregate = AggTrade(event.agg_id, trade)
    aggregate.first_id = event.first_id
    aggregate.quantity_e8 = event.quantity_e8
    listing.aggs.append(aggregate)
    floor.out.append(trade_made(listing.rules.symbol, trade, buyer_order_id=0, seller_order_id=0))
    floor.out.append(aggregate.emission(listing.rules.symbol))


def _changed(listing: Listing, diff: Diff) -> BookChanged:
    return BookChanged(
        listing.rules.symbol,
        diff.first_id,
        diff.last_id,
        _decimals(sorted(diff.bids, reverse=True)),
        _decimals(sorted(diff.asks)),
        diff.time_ms,
    )


def _decimals(levels: Levels) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((decimal(price), decimal(quantity)) for price, quantity in levels)
