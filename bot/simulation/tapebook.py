"""One symbol of a tape: the recorded book, and the same book with the clients in it."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from bot.simulation.book import Book, Level, Resting, Side
from bot.simulation.listing import Ids, Listing
from bot.simulation.pit import Pit
from bot.simulation.tapeframes import Diff, Levels, Partial, Quote, Snapshot, Trade

__all__ = ["TapeBook"]

_AHEAD: Final = -1
"""The anonymous quantity of a level that stands before the clients' orders there."""
_BEHIND: Final = -2
_BUFFERED: Final = 200
_SURMISED_LEVELS: Final = 20
_OWN_TRADES_FROM: Final = 10**12

Fill = Callable[[Resting, int, int], None]
"""Books and reports a fill of a client's resting order: (order, quantity in 1e-8, now in ms)."""


class TapeBook:
    """Keeps both books and lets resting client orders fill.

    ``listing.public`` is what was recorded. ``listing.book`` is where clients trade: its
    anonymous quantity is the recorded one, less what clients took since the level was last
    recorded. The recorded market does not react to clients. A resting client order has the
    visible quantity before it; it is filled by recorded trades at its price once that is used
    up, and, as far as their quantity reaches, by trades and quotes that go through its price.
    """

    def __init__(self, listing: Listing, fill: Fill) -> None:
        self.listing = listing
        self._fill = fill
        self.public = listing.public = Book()
        self.has_depth = False
        self._has_diffs = False
        self._synced = False
        self._buffer: deque[Diff] = deque(maxlen=_BUFFERED)
        self._quote: Quote | None = None
        self._mean_e8 = 0.0
        listing.ids = _RecordedIds(listing.ids)
        # Far from the recorded ids, which go on meanwhile.
        listing.ids.trade = max(listing.ids.trade, _OWN_TRADES_FROM)

    def foresee(self, snapshot: Snapshot) -> None:
        """Begin with the levels of the snapshot that will come.

        Recorders ask for it once they hear the changes, so it comes a moment later. Who has taken
        the book as it is before that, and follows the changes, still gets it right: what is
        changed until then is told with what it becomes.
        """
        self.has_depth = True
        self._write(snapshot.bids, snapshot.asks)

    def snapshot(self, snapshot: Snapshot) -> None:
        """The whole book, as a REST answer gave it; needed at the beginning and after a gap."""
        self.has_depth = True
        if self._synced:
            return
        for book in (self.public, self.listing.book):
            _empty(book)
        self._write(snapshot.bids, snapshot.asks)
        self.listing.ids.update = snapshot.update_id
        for diff in self._buffer:
            if diff.last_id > snapshot.update_id:
                self._write(diff.bids, diff.asks)
                self.listing.ids.update = diff.last_id
        self._synced = True
        self._buffer.clear()

    def diff(self, diff: Diff, floor: Pit, now_ms: int) -> bool:
        """Levels that changed. False if it is older than the book."""
        self.has_depth = self._has_diffs = True
        last = self.listing.ids.update
        if diff.last_id <= last and self._synced:
            return False
        if diff.previous_id > last:
            self._synced = False
        if not self._synced:
            self._buffer.append(diff)
        self._write(diff.bids, diff.asks)
        self.listing.ids.update = diff.last_id
        quote = self._quote
        if quote is not None and quote.update_id > diff.last_id:
            self._trim(self.listing.book, quote)
        self._uncross(floor, now_ms)
        return True

    def partial(self, partial: Partial, floor: Pit, now_ms: int) -> bool:
        """The best levels, for want of diffs. True if it changed the public book."""
        if self._has_diffs or partial.update_id <= self.listing.ids.update:
            return False
        self.has_depth = True
        self._write(
            [*_gone(self.public.bids, partial.bids), *partial.bids],
            [*_gone(self.public.asks, partial.asks), *partial.asks],
        )
        self.listing.ids.update = partial.update_id
        if self._quote is not None and self._quote.update_id > partial.update_id:
            self._trim(self.listing.book, self._quote)
        self._uncross(floor, now_ms)
        return True

    def quote(self, quote: Quote, floor: Pit, now_ms: int) -> bool:
        """Best bid and ask. True if it changed the public book, for want of recorded depth."""
        if self._quote is not None and quote.update_id <= self._quote.update_id:
            return False
        self._quote = quote
        self.listing.quoted = (
            quote.bid_e8,
            quote.bid_quantity_e8,
            quote.ask_e8,
            quote.ask_quantity_e8,
        )
        if quote.update_id > self.listing.ids.update:
            self._trim(self.listing.book, quote)
            self._uncross(floor, now_ms)
        if self.has_depth:
            return False
        _empty(self.public)
        self._trim(self.public, quote)
        self.listing.ids.update = quote.update_id
        return True

    def trade(self, trade: Trade, floor: Pit, now_ms: int) -> None:
        """A recorded trade: what it would have done to resting client orders."""
        left = trade.quantity_e8
        is_buy = trade.buyer_is_maker
        side = self.listing.book.side(is_buy)
        touched = False
        for price, level in list(_through(side, trade.price_e8, is_buy=is_buy)):
            for resting in list(level.queue.values()):
                if not left:
                    break
                if resting.client is None and price != trade.price_e8:
                    continue
                if not resting.remaining_e8:
                    # A fill of another one has just ended it.
                    continue
                part = min(left, resting.remaining_e8)
                left -= part
                self.listing.book.reduce(resting, part)
                if resting.client is not None:
                    touched = True
                    self._fill(resting, part, now_ms)
        if touched:
            floor.settle(self.listing, now_ms)

    def surmise(self, trade: Trade, floor: Pit, now_ms: int) -> bool:
        """A book round the trade, where nothing better was recorded. True if it made one."""
        if self.has_depth or self._quote is not None:
            return False
        tick, step = self.listing.rules.tick_e8, self.listing.rules.step_e8
        self._mean_e8 += (trade.quantity_e8 - self._mean_e8) * (0.05 if self._mean_e8 else 1.0)
        size = max(1, round(3 * self._mean_e8) // step) * step
        bid = trade.price_e8 if trade.buyer_is_maker else trade.price_e8 - tick
        for book in (self.public, self.listing.book):
            _empty(book)
        offsets = range(0, _SURMISED_LEVELS * tick, tick)
        self._write(
            [(bid - offset, size) for offset in offsets if bid > offset],
            [(bid + tick + offset, size) for offset in offsets],
        )
        self.listing.ids.update += 1
        self._uncross(floor, now_ms)
        return True

    # --- the books ---------------------------------------------------------------------

    def _write(self, bids: Levels, asks: Levels) -> None:
        """Set levels in both books, removals first so that neither crosses on the way."""
        for is_buy, levels in ((True, bids), (False, asks)):
            for price, quantity in levels:
                if not quantity:
                    _set_anonymous(self.public, price, 0, is_buy=is_buy)
                    _set_anonymous(self.listing.book, price, 0, is_buy=is_buy)
        for is_buy, levels in ((True, bids), (False, asks)):
            for price, quantity in levels:
                if quantity:
                    # Without a snapshot, levels may linger that were never seen to go.
                    _withdraw(self.public, price, is_buy=not is_buy)
                    _withdraw(self.listing.book, price, is_buy=not is_buy)
                    _set_anonymous(self.public, price, quantity, is_buy=is_buy)
                    _set_anonymous(self.listing.book, price, quantity, is_buy=is_buy)
        self._forget_changes()

    def _trim(self, book: Book, quote: Quote) -> None:
        """Nothing anonymous is better than the quote."""
        tick = self.listing.rules.tick_e8
        _withdraw(book, quote.bid_e8 + tick, is_buy=True)
        _withdraw(book, quote.ask_e8 - tick, is_buy=False)
        _set_anonymous(book, quote.bid_e8, quote.bid_quantity_e8, is_buy=True)
        _set_anonymous(book, quote.ask_e8, quote.ask_quantity_e8, is_buy=False)
        self._forget_changes()

    def _forget_changes(self) -> None:
        """What the books changed is told from the frames, not from the books."""
        self.public.forget_changes()
        self.listing.book.forget_changes()

    def _uncross(self, floor: Pit, now_ms: int) -> None:
        """Client orders that the market has come to, or gone through, are filled."""
        book = self.listing.book
        touched = False
        while True:
            bid, ask = book.bids.best(), book.asks.best()
            if bid is None or ask is None or bid < ask:
                break
            buyer, seller = book.queue(True, bid)[0], book.queue(False, ask)[0]  # noqa: FBT003
            maker, other = (buyer, seller) if buyer.client is not None else (seller, buyer)
            part = min(buyer.remaining_e8, seller.remaining_e8)
            if maker.client is None:
                # Anonymous on both sides: a leftover that was never seen to go.
                book.remove(other)
                continue
            book.reduce(buyer, part)
            book.reduce(seller, part)
            touched = True
            self._fill(maker, part, now_ms)
        if touched:
            floor.settle(self.listing, now_ms)


class _RecordedIds(Ids):
    """Ids of a symbol whose update ids are the tape's: they leap, and nobody uses them up."""

    def __init__(self, ids: Ids) -> None:
        super().__init__()
        for name in Ids.__slots__:
            setattr(self, name, getattr(ids, name))
        self.update = 0

    def reserve(self) -> dict[str, int] | None:
        update, self.update = self.update, 0
        marks = super().reserve()
        self.update = update
        return marks


def _gone(side: Side, levels: Levels) -> Levels:
    """The removal of every level that is not among these."""
    here = {price for price, _ in levels}
    return [(price, 0) for price in side.levels if price not in here]


def _through(side: Side, price_e8: int, *, is_buy: bool) -> Iterator[tuple[int, Level]]:
    """The levels that a taker at that price reaches, best first."""
    for price, level in side.from_best():
        if price < price_e8 if is_buy else price > price_e8:
            return
        yield price, level


def _withdraw(book: Book, price_e8: int, *, is_buy: bool) -> None:
    """Take out the anonymous orders of that side which reach the price."""
    side = book.side(is_buy)
    best = side.best()
    if best is None or (best < price_e8 if is_buy else best > price_e8):
        return
    for _, level in list(_through(side, price_e8, is_buy=is_buy)):
        for resting in list(level.queue.values()):
            if resting.client is None:
                book.remove(resting)


def _set_anonymous(book: Book, price_e8: int, quantity_e8: int, *, is_buy: bool) -> None:
    """The level as recorded. What shrinks is taken to have stood behind the clients' orders."""
    level = book.side(is_buy).levels.get(price_e8)
    if level is None:
        if quantity_e8:
            book.add(Resting(_AHEAD, price_e8, quantity_e8, is_buy=is_buy))
        return
    ahead, behind = level.queue.get(_AHEAD), level.queue.get(_BEHIND)
    mine = len(level.queue) - (ahead is not None) - (behind is not None)
    before = ahead.remaining_e8 if ahead is not None else 0
    keep = min(before, quantity_e8) if mine else quantity_e8
    _resize(book, ahead, _AHEAD, price_e8, keep, is_buy=is_buy)
    _resize(book, behind, _BEHIND, price_e8, quantity_e8 - keep, is_buy=is_buy)


def _resize(
    book: Book, resting: Resting | None, ident: int, price_e8: int, wanted_e8: int, *, is_buy: bool
) -> None:
    if resting is None:
        if wanted_e8:
            book.add(Resting(ident, price_e8, wanted_e8, is_buy=is_buy))
    elif wanted_e8 != resting.remaining_e8:
        book.reduce(resting, resting.remaining_e8 - wanted_e8)


def _empty(book: Book) -> None:
    """Take out everything anonymous."""
    for side in (book.bids, book.asks):
        for _, level in list(side.from_best()):
            for resting in list(level.queue.values()):
                if resting.client is None:
                    book.remove(resting)
