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
from bot.simulation.tapeframes import (
    Diff,
    Levels,
    Partial,
    Quote,
    Snapshot,
    TapeEvent,
    Trade,
    is_futures,
    read_frame,
    read_rules,
)

__all__ = ["LOOK_AHEAD", "TapeFrame", "TapeMarket"]

LOOK_AHEAD: Final = 2000
"""How many frames are looked at before the start, for symbols, rules and stream names."""
_MS: Final = 1_000_000
_PAUSE_NS: Final = 600 * 1000 * _MS
_PAUSE_LEFT_NS: Final = 1000 * _MS
_TOLD_LEVELS: Final = 50

TapeFrame = tuple[int, str, bytes]
"""(receive time in ns, stream name or REST path with query, JSON without the wrapper)."""


class TapeMarket:
    """Plays a tape at ``speed`` times its own pace, once.

    Of a silence of more than ten minutes, which is a hole in the recording, one second is left.
    Recorded frames keep their recorded times. Trades of clients are not published: the public
    knows only the tape. ``ended`` says why the tape ended, '' while it plays.
    """

    def __init__(
        self,
        frames: Iterable[TapeFrame],
        *,
        speed: float = 1.0,
        name: str = "the tape",
        samples: Iterable[TapeFrame] = (),
    ) -> None:
        """Looks at the first frames, and at ``samples`` of what comes much later.

        Raises:
            DataError: the tape holds no market data of any symbol, or some of futures.
            ValueError: the speed is not positive.
        """
        if speed <= 0:
            raise ValueError(f"the speed of a tape must be above 0, not {speed}")
        self.ended = ""
        self._speed = speed
        frames = iter(frames)
        first = list(islice(frames, LOOK_AHEAD))
        self._frames: Iterator[TapeFrame] = chain(first, frames)
        self._streams = {stream for _, stream, _ in first if _is_stream(stream)}
        shown = [*first, *samples]
        if any(is_futures(stream, data) for _, stream, data in shown):
            raise DataError(f"{name} was recorded on a futures market: give a tape of spot")
        self._seen = _Sighting(shown)
        if not self._seen.prices:
            raise DataError(f"{name} holds no trades, quotes or depth of any symbol")
        # What could not be read may have no time.
        self._first_ns = next((recv_ns for recv_ns, _, _ in first if recv_ns), 0)
        self._last_ns = self._first_ns
        self._skipped_ns = 0
        self._told: dict[tuple[str, bool], dict[int, int]] = {}
        self._start_ms = 0
        self._next: TapeFrame | None = None
        self._books: dict[str, TapeBook] = {}

    @property
    def recorded_streams(self) -> frozenset[str]:
        """The streams seen so far; the first frames have been looked at."""
        return frozenset(self._streams)

    def rules(self) -> tuple[SymbolRules, ...]:
        """Rules of the symbols of the tape: recorded ones, or such as fit what is on it."""
        return tuple(
            self._seen.rules.get(symbol)
            or observed_rules(
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
        begin_ms = (self._first_ns + self._skipped_ns) / _MS
        recorded = begin_ms + (now_ms - self._start_ms) * self._speed
        return round(recorded + self._seen.lead_ms)

    def _due_ms(self, recv_ns: int) -> float:
        played_ns = recv_ns - self._first_ns - self._skipped_ns
        return self._start_ms + played_ns / _MS / self._speed

    def _pull(self) -> None:
        try:
            self._next = next(self._frames, None)
            if self._next is None:
                self.ended = "the tape has been played to its end"
            else:
                self._leap(self._next[0])
        except DataError as e:
            # A tape that was cut short plays as far as it goes.
            self._next, self.ended = None, str(e)

    def _leap(self, recv_ns: int) -> None:
        """Over what was not recorded."""
        pause_ns = recv_ns - self._last_ns
        if pause_ns > _PAUSE_NS:
            self._skipped_ns += pause_ns - _PAUSE_LEFT_NS
        self._last_ns = max(self._last_ns, recv_ns)

    def _apply(
        self, floor: Floor, book: TapeBook, stream: str, event: TapeEvent, now_ms: int
    ) -> None:
        listing = book.listing
        before = listing.ids.update
        changed = False
        if isinstance(event, Quote):
            changed = book.quote(event, floor, now_ms)
        elif isinstance(event, Partial):
            changed = book.partial(event, floor, now_ms)
        elif isinstance(event, Trade):
            changed = self._trade(floor, book, stream, event, now_ms)
        elif isinstance(event, Snapshot):
            book.snapshot(event)
        elif book.diff(event, floor, now_ms):
            floor.out.append(_changed(listing, event))
        if changed:
            self._tell(floor, listing, before, now_ms)

    def _trade(self, floor: Floor, book: TapeBook, stream: str, event: Trade, now_ms: int) -> bool:
        """True if the book had to be surmised from it."""
        if event.agg_id and stream.replace("@aggTrade", "@trade") in self._streams:
            return False
        book.trade(event, floor, now_ms)
        _publish(floor, book.listing, event)
        if book.listing.stops.is_stirred:
            floor.settle(book.listing, now_ms)
        return book.surmise(event, floor, now_ms)

    def _tell(self, floor: Floor, listing: Listing, before: int, now_ms: int) -> None:
        """What changed in a book that was not recorded as changes."""
        floor.out.append(
            BookChanged(
                listing.rules.symbol,
                before + 1,
                listing.ids.update,
                self._changes(listing, is_buy=True),
                self._changes(listing, is_buy=False),
                self.market_ms(now_ms),
            )
        )

    def _changes(self, listing: Listing, *, is_buy: bool) -> tuple[tuple[Decimal, Decimal], ...]:
        now = dict(listing.public.top(is_buy=is_buy, n=_TOLD_LEVELS))
        key = listing.rules.symbol, is_buy
        told = self._told.get(key, {})
        self._told[key] = now
        levels = [(price, size) for price, size in now.items() if told.get(price) != size]
        levels += [(price, 0) for price in told if price not in now]
        return _decimals(sorted(levels, reverse=is_buy))


class _Sighting:
    """What the first frames of a tape show."""

    def __init__(self, frames: list[TapeFrame]) -> None:
        self.prices: dict[str, set[int]] = {}
        self.quantities: dict[str, set[int]] = {}
        self.rules: dict[str, SymbolRules] = {}
        # How far event times lead the recorder's clock.
        self.lead_ms = 0.0
        for recv_ns, stream, data in frames:
            self.rules |= read_rules(stream, data)
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
    listing.stops.observe(trade.price_e8)
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
