"""A futures market from a tape: recorded frames drive books, marks and fundings."""

from collections.abc import Iterable
from functools import partial
from statistics import median

from bot.domain.errors import DataError
from bot.simulation.book import Resting
from bot.simulation.fixedpoint import ONE
from bot.simulation.futures.contracts import Contract, Kind
from bot.simulation.futures.emissions import BookChanged, Liquidation, RawFrame
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.marks import Marked
from bot.simulation.futures.orders import owner
from bot.simulation.futures.tapecontracts import observed_contract, read_contracts, sized
from bot.simulation.futures.tapeframes import Forced, FuturesEvent, Indexed, read_futures_frame
from bot.simulation.tapebook import TapeBook
from bot.simulation.tapeframes import Diff, Partial, Quote, Snapshot, Trade
from bot.simulation.tapenews import BookNews, decimals, published
from bot.simulation.tapereel import Reel, TapeFrame, is_stream
from bot.simulation.tapesight import Sighting

__all__ = ["FuturesTapeMarket"]


class FuturesTapeMarket:
    """Plays a tape of USDⓈ-M or COIN-M at ``speed`` times its own pace, once.

    As on a tape of spot, recorded frames keep their times and the public knows only the tape.
    Mark price, index, funding rate and the time of the next funding are the recorded ones; of
    a contract whose mark price was not recorded the middle of its book takes their place.
    """

    def __init__(
        self,
        kind: Kind,
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
            DataError: the tape holds no market data of any contract.
            ValueError: the speed is not positive.
        """
        self._kind = kind
        self._reel = Reel(frames, speed=speed, begin_ns=begin_ns)
        samples = list(samples)
        self._seen = Sighting(self._reel.first, samples, read_futures_frame)
        if not self._seen.prices:
            raise DataError(f"{name} holds no trades, quotes or depth of any contract")
        self._reel.lead_ms = self._seen.lead_ms
        self._recorded: dict[str, Contract] = {}
        # The first mark price of each contract: it stands until its time comes.
        self._marked: dict[str, Marked] = {}
        for _, stream, data in (*self._reel.first, *samples):
            self._recorded |= read_contracts(kind, stream, data)
            for symbol, event in read_futures_frame(stream, data):
                if isinstance(event, Marked):
                    self._marked.setdefault(symbol, event)
        self._news = BookNews()
        self._books: dict[str, TapeBook] = {}
        self._indices: dict[str, int] = {}
        self._leaps = 0

    @property
    def ended(self) -> str:
        """Why the tape ended, '' while it plays."""
        return self._reel.ended

    @property
    def recorded_streams(self) -> frozenset[str]:
        """The streams seen so far; the first frames have been looked at."""
        return frozenset(self._reel.streams)

    def contracts(self) -> tuple[Contract, ...]:
        """Those of the tape: as recorded, or such as fit what is on it; perpetuals first."""
        at_ms = self._reel.market_ms(0)
        found = []
        for symbol in self._seen.prices:
            prices, quantities = self._seen.values(symbol)
            contract = self._recorded.get(symbol) or observed_contract(
                self._kind, symbol, prices, quantities, at_ms=at_ms
            )
            found.append(sized(contract, median(prices)))
        return tuple(sorted(found, key=lambda contract: not contract.is_perpetual))

    def start(self, floor: FuturesFloor, now_ms: int) -> None:
        self._books = {
            symbol: TapeBook(listing, partial(_fill, floor, listing))
            for symbol, listing in floor.books.items()
        }
        for symbol, mark in floor.marks.items():
            if symbol in self._marked:
                mark.observe(self._marked[symbol])
        for symbol in self._books.keys() & self._seen.snapshots.keys():
            self._books[symbol].foresee(self._seen.snapshots[symbol])
        self._reel.start(now_ms)

    def advance(self, floor: FuturesFloor, now_ms: int) -> None:
        for _, stream, data in self._reel.due(now_ms):
            self._skip_holes(floor, now_ms)
            if is_stream(stream):
                floor.out.append(RawFrame(stream, data))
            for symbol, event in read_futures_frame(stream, data):
                if isinstance(event, Indexed):
                    self._index(floor, symbol, event)
                elif symbol in self._books:
                    self._apply(floor, symbol, stream, event, now_ms)
        self._skip_holes(floor, now_ms)

    def next_due_ms(self) -> int | None:
        return self._reel.next_due_ms()

    def market_ms(self, now_ms: int) -> int:
        return self._reel.market_ms(now_ms)

    def fair_price(self, symbol: str) -> float | None:
        """The recorded index of a contract whose mark price was not recorded."""
        index_e8 = self._indices.get(symbol)
        return index_e8 / ONE if index_e8 else None

    def _skip_holes(self, floor: FuturesFloor, now_ms: int) -> None:
        if self._leaps != self._reel.leaps:
            self._leaps = self._reel.leaps
            for mark in floor.marks.values():
                mark.leap(self.market_ms(now_ms))

    def _index(self, floor: FuturesFloor, pair: str, event: Indexed) -> None:
        for symbol, contract in floor.contracts.items():
            if contract.pair == pair:
                self._indices[symbol] = event.price_e8
                floor.marks[symbol].observe_index(event.price_e8)

    def _apply(
        self, floor: FuturesFloor, symbol: str, stream: str, event: FuturesEvent, now_ms: int
    ) -> None:
        if isinstance(event, Marked):
            floor.marks[symbol].observe(event)
            floor.out.append(floor.marks[symbol].emission())
        elif isinstance(event, Forced):
            floor.out.append(Liquidation(symbol, event.order, event.time_ms))
        elif not isinstance(event, Indexed):
            self._trade_or_book(floor, floor.books[symbol], stream, event, now_ms)

    def _trade_or_book(
        self,
        floor: FuturesFloor,
        listing: FuturesListing,
        stream: str,
        event: Trade | Quote | Diff | Snapshot | Partial,
        now_ms: int,
    ) -> None:
        book = self._books[listing.rules.symbol]
        before = listing.ids.update
        changed = False
        if isinstance(event, Quote):
            changed = book.quote(event, floor, now_ms)
            listing.quoted_id = event.update_id
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

    def _trade(
        self, floor: FuturesFloor, book: TapeBook, stream: str, event: Trade, now_ms: int
    ) -> bool:
        """True if the book had to be surmised from it."""
        if event.agg_id and stream.replace("@aggTrade", "@trade") in self._reel.streams:
            return False
        listing = floor.books[book.listing.rules.symbol]
        book.trade(event, floor, now_ms)
        value_e8 = listing.contract.value_e8(event.price_e8, event.quantity_e8)
        floor.out += published(listing, event, value_e8)
        # The last price has moved, and with it perhaps what waits for it.
        floor.settle(listing, now_ms)
        return book.surmise(event, floor, now_ms)

    def _tell(self, floor: FuturesFloor, listing: FuturesListing, before: int, now_ms: int) -> None:
        """What changed in a book that was not recorded as changes."""
        floor.out.append(
            BookChanged(
                listing.rules.symbol,
                before + 1,
                listing.ids.update,
                before,
                self._news.since(listing, is_buy=True),
                self._news.since(listing, is_buy=False),
                self.market_ms(now_ms),
            )
        )


def _fill(
    floor: FuturesFloor, listing: FuturesListing, resting: Resting, quantity_e8: int, now_ms: int
) -> None:
    """A resting order of a client got its turn."""
    order = owner(resting)
    if order is None:
        return
    listing.ids.trade += 1
    floor.fill(
        order,
        price_e8=resting.price_e8,
        quantity_e8=quantity_e8,
        trade_id=listing.ids.trade,
        now_ms=now_ms,
        is_maker=True,
    )
    floor.trim(order, now_ms)


def _changed(listing: FuturesListing, diff: Diff) -> BookChanged:
    return BookChanged(
        listing.rules.symbol,
        diff.first_id,
        diff.last_id,
        diff.previous_id,
        decimals(sorted(diff.bids, reverse=True)),
        decimals(sorted(diff.asks)),
        diff.time_ms,
    )
