"""Each hole of a stream is a row of its own, open until it is said what became of it."""

from bot.domain.events import FeedChanged, FeedKind, FeedState
from bot.domain.market import TradeTick
from bot.domain.values import OrderStatus
from bot.engine.host import StrategySpec
from bot.strategy.params import StrategyParams


def hole(d, state, first=101, last=112, *, stream="btcusdt@trade", healed_by=""):
    return d.feed(
        FeedChanged(
            feed=FeedKind.MARKET,
            name=stream,
            state=state,
            cause=f"{last - first + 1} trades missing: {first} to {last}",
            recv_ns=d.tick(),
            symbols=("BTCUSDT",),
            stream=stream,
            from_id=first,
            to_id=last,
            healed_by=healed_by,
        )
    )


def test_a_hole_is_a_row_with_its_ids_until_it_is_healed(live_engine):
    d = live_engine
    hole(d, FeedState.GAP)
    (row,) = d.incidents("feed_gap")
    assert (row.subject, row.cause) == ("btcusdt@trade", "12 trades missing: 101 to 112")
    assert (row.to_ns, d.healed(row)) == (None, None)

    hole(d, FeedState.HEALED, healed_by="backfill of 12 trades")
    assert d.healed(row).healed_by == "backfill of 12 trades"


def test_holes_of_one_stream_are_closed_each_by_its_own_word(live_engine):
    d = live_engine
    hole(d, FeedState.GAP, 1, 2)
    hole(d, FeedState.GAP, 7, 9)
    hole(d, FeedState.GAP, 7, 9, stream="btcusdt@aggTrade")
    hole(d, FeedState.HEALED, 7, 9, healed_by="not healed: the exchange does not have them")
    first, second, other = d.incidents("feed_gap")

    assert d.healed(second).healed_by == "not healed: the exchange does not have them"
    assert d.healed(first) is None
    assert d.healed(other) is None
    assert d.engine.sight.gaps == 3


def test_a_hole_does_not_darken_what_is_seen_now(live_engine):
    d = live_engine
    hole(d, FeedState.GAP)

    assert d.status(d.buy()) is OrderStatus.INTENT
    assert d.engine.sight.reconnects == 0


def test_strategies_are_told_of_both_ends(live_engine):
    d = live_engine
    hole(d, FeedState.GAP)
    hole(d, FeedState.HEALED, healed_by="backfill of 12 trades")

    gap, healed = d.puppet().told("on_feed")[-2:]
    assert (gap.state, gap.from_id, gap.to_id) == (FeedState.GAP, 101, 112)
    assert (healed.state, healed.healed_by) == (FeedState.HEALED, "backfill of 12 trades")


def test_word_of_a_hole_that_nobody_told_of_changes_nothing(live_engine):
    d = live_engine
    hole(d, FeedState.HEALED, healed_by="backfill of 12 trades")

    assert d.incidents("feed_gap") == []


def test_late_trades_are_delivered_and_are_not_the_latest_price(engine_driver, puppet_type):
    class Hearer(puppet_type):
        def on_trade(self, trade):
            self._hear("on_trade", (trade.trade_id, trade.late))

    d = engine_driver(StrategySpec("puppet", Hearer, StrategyParams(), ("BTCUSDT",))).live()
    d.act(lambda s: s.subscribe_trades("BTCUSDT"))
    for number, price, late in ((113, 100.0, False), (112, 50.0, True)):
        now_ns = d.tick()
        d.feed(TradeTick(*("BTCUSDT", price, 1.0, number, False, now_ns, now_ns), late=late))

    assert d.puppet().told("on_trade") == [(113, False), (112, True)]
    assert d.engine.cache.trades["BTCUSDT"].trade_id == 113
