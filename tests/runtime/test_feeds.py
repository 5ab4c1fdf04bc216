"""What the settings say of market connections is what the feeds are told."""

from bot.domain.commands import StreamKind, Subscription
from bot.exchange.endpoints import from_url
from bot.exchange.session import Session
from bot.runtime.clock import WallClock
from bot.runtime.feeds import feed_options, market_feeds
from bot.runtime.settings import Settings


def test_settings_reach_the_feeds():
    options = feed_options(
        Settings(
            streams_per_connection=7,
            first_data_s=3,
            handover_s=2,
            conflate_after_ms=50,
            lag_after_ms=700,
        )
    )
    assert options.streams_per_connection == 7
    assert options.quiet.first_data_s == 3
    assert options.handover.wait_s == 2
    assert (options.pressure.conflate_after_s, options.pressure.warn_after_s) == (0.05, 0.7)


async def test_a_feed_is_made_for_each_market_that_is_watched_and_only_for_those():
    session = Session(from_url("http://127.0.0.1:1"))
    feeds = market_feeds(Settings(), session, None, WallClock(), None)
    feeds.connect(lambda _: None)
    plain = Subscription(StreamKind.TRADES, "BTCUSDT")
    feeds.subscribe([plain, Subscription(StreamKind.MARK_PRICE, "usdm:BTCUSDT")])
    assert sorted(feeds._feeds) == ["spot", "usdm"]
    # Of a market that nobody watches there is nothing to drop.
    feeds.unsubscribe([plain, Subscription(StreamKind.TRADES, "coinm:BTCUSD_PERP")])
    assert sorted(feeds._feeds) == ["spot", "usdm"]
    assert feeds.figures.rollovers == 0
    await session.close()
