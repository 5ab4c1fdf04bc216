"""Feeds of several markets as one: what is counted of each is told of all."""

from bot.domain.commands import StreamKind, Subscription
from bot.domain.values import MS_NS, Market
from bot.exchange.market_feeds import MarketFeeds
from bot.ports import FeedFigures


class Feed:
    """As much of a market's feed as is asked for figures."""

    def __init__(self, market):
        many = market is Market.USDM
        self.rollovers, self.duplicates, self.conflated = (2, 3, 5) if many else (1, 1, 1)
        self.lag_ns, self.worst_lag_ns = (7 * MS_NS, 8 * MS_NS) if many else (MS_NS, 9 * MS_NS)

    def subscribe(self, subscriptions):
        pass


def test_counts_are_summed_and_the_latest_market_is_the_lag():
    def open_feed(market, *_):
        return Feed(market)

    feeds = MarketFeeds(Market.SPOT, open_feed, lambda _: None, backfill=None)
    assert feeds.figures == FeedFigures(
        rollovers=0, duplicates=0, conflated=0, lag_ms=0.0, worst_lag_ms=0.0
    )
    feeds.subscribe([Subscription(StreamKind.TRADES, name) for name in ("X", "usdm:X")])
    assert feeds.figures == FeedFigures(
        rollovers=3, duplicates=4, conflated=6, lag_ms=7.0, worst_lag_ms=9.0
    )
