"""The market feeds of a run, with what fills their holes."""

from bot.domain.events import Event
from bot.domain.values import Market
from bot.exchange.backfill import Backfill, BackfillOptions
from bot.exchange.continuity import OnJump
from bot.exchange.handover import HandoverRules
from bot.exchange.market_feed import BinanceMarketFeed, FeedOptions
from bot.exchange.market_feeds import MarketFeeds
from bot.exchange.pressure import PressureRules
from bot.exchange.quiet import QuietRules
from bot.exchange.session import Session
from bot.history.session import SessionRecording
from bot.ports import Clock, Emit, MarketHistory
from bot.runtime.recorder import hearing_jumps
from bot.runtime.settings import Settings

__all__ = ["feed_options", "market_feeds"]


def feed_options(settings: Settings) -> FeedOptions:
    """How the settings want the feeds to behave."""
    return FeedOptions(
        streams_per_connection=settings.streams_per_connection,
        quiet=QuietRules(first_data_s=settings.first_data_s),
        handover=HandoverRules(wait_s=settings.handover_s),
        pressure=PressureRules(
            conflate_after_s=settings.conflate_after_ms / 1000,
            warn_after_s=settings.lag_after_ms / 1000,
        ),
    )


def market_feeds(
    settings: Settings,
    session: Session,
    history: MarketHistory,
    clock: Clock,
    recording: SessionRecording | None,
) -> MarketFeeds:
    """The feeds of all markets. Say where events go with ``connect`` before they are used."""
    home = Market(settings.market)
    options = feed_options(settings)
    backfill = Backfill(
        history, _nowhere, clock, options=BackfillOptions(most=settings.backfill_most)
    )

    def open_feed(market: Market, emit: Emit, on_jump: OnJump) -> BinanceMarketFeed:
        tap = None if recording is None else recording.track(market)
        return BinanceMarketFeed(
            session,
            emit,
            clock,
            market=market,
            home=home,
            options=options,
            tap=tap,
            on_jump=on_jump if tap is None else hearing_jumps(tap, clock.now_ns, on_jump),
        )

    return MarketFeeds(home, open_feed, _nowhere, backfill=backfill)


def _nowhere(_: Event) -> None:
    """Where events go until the pump is there: no feed runs before."""
