"""The MarketFeed port over all markets: one feed for each market that somebody watches."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from bot.domain.commands import Subscription
from bot.domain.interval import interval_of
from bot.domain.market import Bar, MarketEvent
from bot.domain.values import MS_NS, Market, split_symbol
from bot.exchange.backfill import Backfill
from bot.exchange.continuity import OnJump, StreamState
from bot.exchange.market_feed import BinanceMarketFeed
from bot.ports import Emit, FeedFigures

__all__ = ["MarketFeeds", "OpenFeed", "to_backfill"]

OpenFeed = Callable[[Market, Emit, OnJump], BinanceMarketFeed]
"""Makes the feed of a market, which emits there and tells its holes there."""


class MarketFeeds:
    """Routes each subscription to the feed of its market, which is made with the first."""

    def __init__(
        self, home: Market, open_feed: OpenFeed, emit: Emit, *, backfill: Backfill
    ) -> None:
        """``home`` is the market of plain symbols; ``backfill`` runs as long as the feeds do."""
        self._home = home
        self._open_feed = open_feed
        self._backfill = backfill
        self._emit = emit
        self._feeds: dict[Market, BinanceMarketFeed] = {}
        self._tasks: asyncio.TaskGroup | None = None

    def connect(self, emit: Emit) -> None:
        """Say where events go; before the first subscription."""
        self._emit = self._backfill.emit = emit

    @property
    def figures(self) -> FeedFigures:
        """What has become of connections and events so far, over all markets."""
        feeds = self._feeds.values()
        return FeedFigures(
            rollovers=sum(feed.rollovers for feed in feeds),
            duplicates=sum(feed.duplicates for feed in feeds),
            conflated=sum(feed.conflated for feed in feeds),
            lag_ms=max((feed.lag_ns for feed in feeds), default=0) / MS_NS,
            worst_lag_ms=max((feed.worst_lag_ns for feed in feeds), default=0) / MS_NS,
        )

    def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Add streams, at any time; those that are there already change nothing.

        Raises:
            SettingsError: Binance has no such stream on that market.
        """
        for market, wanted in self._by_market(subscriptions).items():
            self._feed_of(market).subscribe(wanted)

    def unsubscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Drop streams; those that are not there change nothing."""
        for market, unwanted in self._by_market(subscriptions).items():
            if market in self._feeds:
                self._feeds[market].unsubscribe(unwanted)

    async def roll(self) -> None:
        """Replace every connection, one after the other, make before break."""
        for feed in tuple(self._feeds.values()):
            await feed.roll()

    async def run(self) -> None:
        """Connect and stay connected until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for market, feed in self._feeds.items():
                    tasks.create_task(feed.run(), name=f"{market.value} market feed")
                tasks.create_task(self._backfill.run(), name="backfill")
                await asyncio.get_running_loop().create_future()
        finally:
            self._tasks = None

    def _by_market(self, subscriptions: Sequence[Subscription]) -> dict[Market, list[Subscription]]:
        by_market: dict[Market, list[Subscription]] = {}
        for subscription in subscriptions:
            market, _ = split_symbol(subscription.symbol, self._home)
            by_market.setdefault(market, []).append(subscription)
        return by_market

    def _feed_of(self, market: Market) -> BinanceMarketFeed:
        feed = self._feeds.get(market)
        if feed is None:
            feed = self._feeds[market] = self._open_feed(
                market, self._emit, to_backfill(self._backfill, self._home)
            )
            if self._tasks is not None:
                self._tasks.create_task(feed.run(), name=f"{market.value} market feed")
        return feed


class _Stream(msgspec.Struct, frozen=True):
    """A stream by a name that no other market has."""

    name: str
    subscription: Subscription


def to_backfill(backfill: Backfill, home: Market) -> OnJump:
    """Tells the backfill of holes: of trades by their ids, of bars by their times."""

    def jumped(state: StreamState, first: int, last: int, after: MarketEvent) -> None:
        name = state.name if state.market is home else f"{state.market.value}:{state.name}"
        stream = _Stream(name, state.subscription)
        if isinstance(after, Bar):
            backfill.bars_missed(stream, first, last, _bars_between(after.interval, first, last))
        else:
            backfill.jumped(stream, first, last, after)

    return jumped


def _bars_between(interval: str, first_ns: int, last_ns: int) -> int:
    count, at_ns = 0, first_ns
    step = interval_of(interval)
    while at_ns <= last_ns:
        count, at_ns = count + 1, step.next_ns(at_ns)
    return count
