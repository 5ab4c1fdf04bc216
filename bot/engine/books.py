"""Whole order books of the symbols that strategies asked for, kept in step with the exchange."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.book import BookReading, Step
from bot.domain.commands import StreamKind, Subscription
from bot.domain.feed import FeedChanged, FeedKind, FeedState
from bot.domain.fetched import BookFetched, BookNotFetched
from bot.domain.market import DepthUpdate
from bot.domain.synced_book import SyncedBook
from bot.domain.values import SECOND_NS
from bot.engine.snapshots import Snapshots

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Books"]

_STABLE_NS: Final = 10 * SECOND_NS
"""A book that was in step that long is asked for at once when it is lost again."""
_THIN_SHARE: Final = 5
"""Below a fifth of the levels that were asked for, the book is asked for anew."""
_ANEW_NS: Final = 5 * SECOND_NS
"""An update with an old id that happened so much later is none that was heard before."""
_LOOK_EVERY: Final = 64
"""Updates between two looks at how many levels are left."""


@dataclass(slots=True)
class _Kept:
    sync: SyncedBook
    speed_ms: int
    dark: bool = False
    """Whether the connection was lost or silent since the last update."""
    hole: FeedChanged | None = None
    """The break that no snapshot has mended yet."""
    more_breaks: int = 0
    blind: str = ""
    """The open incident of a book that cannot be had."""
    synced_ns: int = 0
    ts_ns: int = 0
    """The exchange's time of the newest update."""


class Books:
    """Follows Binance's procedure for each symbol with a depth stream.

    The first update brings a FetchBook; what comes meanwhile is kept. A break in the chain of
    update ids, a crossed book and a best price that differs from a quote of the same update id
    throw the book away, are a hole (FeedChanged GAP, a row) and bring the next FetchBook; the
    hole is closed when the book is in step again.
    """

    def __init__(self, engine: "Engine", *, levels: int) -> None:
        self.checked = 0
        """Updates after which a quote of the same update id was at hand."""
        self.disagreements = 0
        self._engine = engine
        self._levels = levels
        self._kept: dict[str, _Kept] = {}
        self._snapshots = Snapshots(engine, levels=levels, is_wanted=self._is_wanted)

    def book(self, symbol: str) -> BookReading | None:
        """The book, if at this moment nothing is missing in it."""
        kept = self._kept.get(symbol)
        if kept is None or kept.dark or not kept.sync.in_step or not self._is_wanted(symbol):
            return None
        return kept.sync.book

    def want(self, subscription: Subscription) -> None:
        """A strategy is about to subscribe to a depth stream; the first begins the book."""
        symbol = subscription.symbol
        kept = self._kept.get(symbol)
        if kept is None or not self._is_wanted(symbol):
            self._begin(symbol, subscription.speed_ms)

    def on_update(self, update: DepthUpdate) -> None:
        """Take the update into the book, then tell the strategies."""
        symbol = update.symbol
        kept = self._kept.get(symbol)
        if kept is not None:
            # Two streams of one symbol are two chains: the book follows one while it is wanted.
            if update.speed_ms != kept.speed_ms and not self._is_wanted(symbol):
                kept = self._begin(symbol, update.speed_ms)
            if update.speed_ms == kept.speed_ms:
                self._take(kept, update)
        self._engine.bus.publish(update)

    def on_fetched(self, event: BookFetched) -> None:
        """Begin the book, if the snapshot reaches what came meanwhile."""
        kept = self._answered(event.symbol)
        if kept is not None:
            sync = kept.sync
            if sync.snapshot(event.last_update_id, event.bids, event.asks, limit=event.limit):
                self._begun(kept)
            elif not sync.in_step or sync.renewing:
                # It was older than what came meanwhile.
                self._snapshots.ask_later(event.symbol)

    def on_not_fetched(self, event: BookNotFetched) -> None:
        """Ask again, less and less often."""
        kept = self._answered(event.symbol)
        if kept is not None:
            if not kept.sync.in_step and not kept.blind:
                kept.blind = self._engine.incident(
                    "book_blind",
                    _name(event.symbol),
                    event.reason,
                    severity="warning",
                    lasting=True,
                )
            least_ns = int(event.retry_after_s * SECOND_NS)
            self._snapshots.ask_later(event.symbol, least_ns=least_ns)

    def on_feed(self, event: FeedChanged) -> None:
        """What was said of the symbols is doubtful until the next update continues it."""
        of_other_stream = "@" in event.name and "@depth" not in event.name
        if event.state in {FeedState.DOWN, FeedState.STALE} and not of_other_stream:
            for symbol in event.symbols or tuple(self._kept):
                if symbol in self._kept:
                    self._kept[symbol].dark = True

    def retry(self, symbol: str) -> None:
        """The pause after a failure is over."""
        self._snapshots.due(symbol)

    # --- updates -----------------------------------------------------------------------

    def _begin(self, symbol: str, speed_ms: int) -> _Kept:
        kept = self._kept[symbol] = _Kept(SyncedBook(symbol, may_overlap=True), speed_ms)
        self._snapshots.forget(symbol)
        return kept

    def _take(self, kept: _Kept, update: DepthUpdate) -> None:
        sync = kept.sync
        was_in_step = sync.in_step
        step = sync.update(update)
        if step is Step.STALE:
            if update.ts_ns - kept.ts_ns > _ANEW_NS:
                self._begin_anew(kept, update)
            return
        kept.ts_ns = update.ts_ns
        kept.dark = False
        if step is Step.APPLIED:
            if not was_in_step:
                self._synced(kept)
            self._compare(kept, update)
            if sync.updates % _LOOK_EVERY == 0 and self._is_thin(sync):
                sync.renew()
                self._snapshots.ask(update.symbol)
        elif step is Step.GAP:
            first, last = sync.missing
            self._lost(kept, f"updates {first} to {last} are missing", first, last)
        elif step is Step.CROSSED:
            sync.distrust()
            self._lost(kept, f"the book is crossed after update {update.last_update_id}")
        else:
            self._snapshots.ask(update.symbol)

    def _begin_anew(self, kept: _Kept, update: DepthUpdate) -> None:
        """The exchange counts from the start again, as test networks do after a reset."""
        kept.sync = SyncedBook(update.symbol, may_overlap=True)
        kept.sync.update(update)
        kept.ts_ns = update.ts_ns
        self._lost(kept, f"update ids begin anew at {update.first_update_id}")

    def _compare(self, kept: _Kept, update: DepthUpdate) -> None:
        """A quote of the very same update says the same best prices, or the book is wrong."""
        quote = self._engine.cache.quotes.get(update.symbol)
        if quote is None or quote.update_id != update.last_update_id:
            return
        best = kept.sync.book.best
        if best is None:
            return
        self.checked += 1
        if (best.bid, best.bid_size, best.ask, best.ask_size) == (
            quote.bid,
            quote.bid_size,
            quote.ask,
            quote.ask_size,
        ):
            return
        self.disagreements += 1
        self._engine.counts["book_disagreements"] += 1
        kept.sync.distrust()
        cause = f"the best prices differ from the book ticker's at update {quote.update_id}"
        self._lost(kept, cause)

    def _is_thin(self, sync: SyncedBook) -> bool:
        book = sync.book
        lowest, highest = book.known_prices
        bids, asks = book.known_levels
        few = self._levels // _THIN_SHARE
        return (bids < few and lowest > 0.0) or (asks < few and highest < float("inf"))

    def _lost(
        self, kept: _Kept, cause: str, first: int | None = None, last: int | None = None
    ) -> None:
        engine = self._engine
        if kept.hole is None:
            name = _name(kept.sync.book.symbol)
            kept.more_breaks = 0
            kept.hole = FeedChanged(
                feed=FeedKind.MARKET,
                name=name,
                state=FeedState.GAP,
                cause=cause,
                recv_ns=engine.now_ns,
                symbols=(kept.sync.book.symbol,),
                stream=name,
                from_id=first,
                to_id=last,
            )
            engine.sight.on_feed(kept.hole)
        else:
            kept.more_breaks += 1
        was_steady = engine.now_ns - kept.synced_ns > _STABLE_NS
        self._snapshots.ask_again(kept.sync.book.symbol, was_steady=was_steady)

    def _begun(self, kept: _Kept) -> None:
        sync = kept.sync
        if sync.book.is_crossed:
            sync.distrust()
            self._lost(kept, f"the book is crossed at update {sync.book.update_id}")
        elif sync.in_step:
            self._synced(kept)
        # Otherwise the next update has to show that nothing was missed before the snapshot.

    def _synced(self, kept: _Kept) -> None:
        engine = self._engine
        kept.synced_ns = engine.now_ns
        hole, kept.hole = kept.hole, None
        if hole is not None:
            more = f", after {kept.more_breaks} more breaks" if kept.more_breaks else ""
            engine.sight.on_feed(
                FeedChanged(
                    feed=hole.feed,
                    name=hole.name,
                    state=FeedState.HEALED,
                    cause=hole.cause,
                    recv_ns=engine.now_ns,
                    symbols=hole.symbols,
                    stream=hole.stream,
                    from_id=hole.from_id,
                    to_id=hole.to_id,
                    healed_by=f"resync{more}",
                )
            )
        if kept.blind:
            engine.close_incident(kept.blind, "the book was fetched")
            kept.blind = ""

    def _answered(self, symbol: str) -> _Kept | None:
        if not self._is_wanted(symbol):
            self._kept.pop(symbol, None)
        self._snapshots.answered(symbol)
        return self._kept.get(symbol)

    def _is_wanted(self, symbol: str) -> bool:
        kept = self._kept.get(symbol)
        if kept is None:
            return False
        wish = Subscription(StreamKind.DEPTH, symbol, f"{kept.speed_ms}ms")
        return wish in self._engine.subscriptions


def _name(symbol: str) -> str:
    return f"{symbol} book"
