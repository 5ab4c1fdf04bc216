"""A market from a tape: recorded frames drive the book, and go out as they were recorded."""

from collections.abc import Iterable
from functools import partial

from bot.domain.errors import DataError
from bot.simulation.book import Resting
from bot.simulation.emissions import BookChanged, RawFrame
from bot.simulation.fixedpoint import notional
from bot.simulation.floor import Floor
from bot.simulation.listing import Listing
from bot.simulation.rules import SymbolRules, observed_rules
from bot.simulation.tapebook import TapeBook
from bot.simulation.tapeframes import (
    Diff,
    Partial,
    Quote,
    Snapshot,
    TapeEvent,
    Trade,
    read_frame,
    read_rules,
)
from bot.simulation.tapenews import BookNews, decimals, published
from bot.simulation.tapereel import LOOK_AHEAD, Reel, TapeFrame, is_stream
from bot.simulation.tapesight import Sighting

__all__ = ["LOOK_AHEAD", "TapeFrame", "TapeMarket"]


class TapeMarket:
    """Plays a tape of spot at ``speed`` times its own pace, once.

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
        begin_ns: int = 0,
    ) -> None:
        """Looks at the first frames, and at ``samples`` of what comes much later.

        ``begin_ns``: when the tapes that are played together begin; 0: this one is alone.

        Raises:
            DataError: the tape holds no market data of any symbol.
            ValueError: the speed is not positive.
        """
        self._reel = Reel(frames, speed=speed, begin_ns=begin_ns)
        samples = list(samples)
        self._seen = Sighting(self._reel.first, samples, _read)
        if not self._seen.prices:
            raise DataError(f"{name} holds no trades, quotes or depth of any symbol")
        self._reel.lead_ms = self._seen.lead_ms
        self._rules: dict[str, SymbolRules] = {}
        for _, stream, data in (*self._reel.first, *samples):
            self._rules |= read_rules(stream, data)
        self._news = BookNews()
        self._books: dict[str, TapeBook] = {}

    @property
    def ended(self) -> str:
        return self._reel.ended

    @property
    def recorded_streams(self) -> frozenset[str]:
        """The streams seen so far; the first frames have been looked at."""
        return frozenset(self._reel.streams)

    def rules(self) -> tuple[SymbolRules, ...]:
        """Rules of the symbols of the tape: recorded ones, or such as fit what is on it."""
        return tuple(
            self._rules.get(symbol) or observed_rules(symbol, *self._seen.values(symbol))
            for symbol in self._seen.prices
        )

    def start(self, floor: Floor, now_ms: int) -> None:
        self._books = {
            symbol: TapeBook(listing, partial(_fill, floor, listing))
            for symbol, listing in floor.listings.items()
        }
        for symbol in self._books.keys() & self._seen.snapshots.keys():
            self._books[symbol].foresee(self._seen.snapshots[symbol])
        self._reel.start(now_ms)

    def advance(self, floor: Floor, now_ms: int) -> None:
        for _, stream, data in self._reel.due(now_ms):
            if is_stream(stream):
                floor.out.append(RawFrame(stream, data))
            read = read_frame(stream, data)
            if read is not None and read[0] in self._books:
                self._apply(floor, self._books[read[0]], stream, read[1], now_ms)

    def next_due_ms(self) -> int | None:
        return self._reel.next_due_ms()

    def market_ms(self, now_ms: int) -> int:
        return self._reel.market_ms(now_ms)

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
        if event.agg_id and stream.replace("@aggTrade", "@trade") in self._reel.streams:
            return False
        listing = book.listing
        book.trade(event, floor, now_ms)
        floor.out += published(listing, event, notional(event.price_e8, event.quantity_e8))
        if listing.stops.is_stirred:
            floor.settle(listing, now_ms)
        return book.surmise(event, floor, now_ms)

    def _tell(self, floor: Floor, listing: Listing, before: int, now_ms: int) -> None:
        """What changed in a book that was not recorded as changes."""
        floor.out.append(
            BookChanged(
                listing.rules.symbol,
                before + 1,
                listing.ids.update,
                self._news.since(listing, is_buy=True),
                self._news.since(listing, is_buy=False),
                self.market_ms(now_ms),
            )
        )


def _read(stream: str, data: bytes) -> list[tuple[str, TapeEvent]]:
    read = read_frame(stream, data)
    return [] if read is None else [read]


def _fill(floor: Floor, listing: Listing, resting: Resting, quantity_e8: int, now_ms: int) -> None:
    """A resting order of a client got its turn."""
    if resting.client is None:
        return
    ids = listing.ids
    ids.trade += 1
    ids.execution += 2
    floor.fill(
        listing,
        resting.client,
        price_e8=resting.price_e8,
        quantity_e8=quantity_e8,
        trade_id=ids.trade,
        now_ms=now_ms,
        is_maker=True,
    )


def _changed(listing: Listing, diff: Diff) -> BookChanged:
    return BookChanged(
        listing.rules.symbol,
        diff.first_id,
        diff.last_id,
        decimals(sorted(diff.bids, reverse=True)),
        decimals(sorted(diff.asks)),
        diff.time_ms,
    )
