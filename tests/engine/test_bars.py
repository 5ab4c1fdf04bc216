"""Bars of any kind through the engine: subscriptions, building, the last of each."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from bot.domain.commands import FetchBars, StreamKind, Subscribe, Subscription, Unsubscribe
from bot.domain.events import FeedState, TimePassed
from bot.domain.market import TradeTick
from bot.domain.values import MS_NS, SECOND_NS

STORY = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "fixtures" / "bar_story.py"))
)
NOON_NS = STORY.NOON_NS
MINUTE_NS = STORY.MINUTE_NS
bar = STORY.bar
agg = STORY.agg
brief = STORY.brief
heard = STORY.heard
bar_streams = STORY.bar_streams
answer = STORY.answer
BARS = StreamKind.BARS


@pytest.fixture
def begun(engine_driver, puppet_type):
    """Make an engine with one puppet on bars; its account is seen."""
    return lambda *intervals, **kwargs: STORY.begun(
        engine_driver, puppet_type, *intervals, **kwargs
    )


# --- subscriptions --------------------------------------------------------------------------------


def test_an_interval_of_the_exchange_is_its_stream(begun):
    d = begun("5m")
    assert bar_streams(d, Subscribe) == [(BARS, "5m")]
    d.feed(bar(0, 100.0, interval="5m"))
    assert heard(d) == [(0, 100.0, "closed")]


@pytest.mark.parametrize(
    ("interval", "stream"),
    [
        ("7m", (BARS, "1m")),
        ("10m", (BARS, "5m")),
        ("90s", (BARS, "1s")),
        ("500ms", (StreamKind.AGG_TRADES, "")),
        ("50v", (StreamKind.AGG_TRADES, "")),
        ("10000q", (StreamKind.AGG_TRADES, "")),
        ("100t", (StreamKind.TRADES, "")),
    ],
)
def test_another_interval_asks_for_what_it_is_built_from(begun, interval, stream):
    d = begun(interval)
    assert bar_streams(d, Subscribe) == [stream]


def test_a_source_is_asked_for_once_and_let_go_with_the_last(begun):
    d = begun("7m", "11m", "1m")
    assert bar_streams(d, Subscribe) == [(BARS, "1m")]
    for interval in ("7m", "1m"):
        assert d.engine.unsubscribe("puppet", Subscription(BARS, "BTCUSDT", interval))
    d.take()
    assert bar_streams(d, Unsubscribe) == []
    d.engine.unsubscribe("puppet", Subscription(BARS, "BTCUSDT", "11m"))
    d.take()
    assert bar_streams(d, Unsubscribe) == [(BARS, "1m")]
    d.feed(bar(0))
    assert heard(d) == []


def test_nonsense_fails_in_the_strategys_own_line_and_asks_for_nothing(begun):
    d = begun("7 minutes")
    (fault,) = d.incidents("strategy_fault")
    assert "ValueError: bar interval '7 minutes'" in fault.cause
    assert bar_streams(d, Subscribe) == []


# --- building -------------------------------------------------------------------------------------


def test_longer_bars_come_after_the_shorter_ones_that_they_are_built_from(begun):
    d = begun("2m", "1m")
    for number in range(2):
        d.feed(bar(number, 100.0 + number))
    told = [(one.interval, one.closed) for one in d.puppet().told("on_bar")]
    assert told == [("1m", True), ("2m", False), ("1m", True), ("2m", True)]


def test_bars_from_trades_close_by_the_engines_time(begun):
    d = begun("100ms")
    d.feed(agg(1, 100.0, at_s=0))
    d.feed(agg(2, 101.0, at_s=0.05))
    d.feed(TimePassed(recv_ns=NOON_NS + 1_300 * MS_NS))
    closed = [one for one in d.puppet().told("on_bar") if one.closed]
    assert [(one.open_ns - NOON_NS, one.close, one.trades) for one in closed] == [
        (0, 101.0, 2),
        (100 * MS_NS, 101.0, 0),
    ]


def test_no_empty_bar_is_made_up_while_the_feed_is_down(begun):
    d = begun("100ms")
    d.feed(agg(1, 100.0, at_s=0))
    d.market(FeedState.DOWN)
    d.feed(TimePassed(recv_ns=NOON_NS + 60 * SECOND_NS))
    assert [one for one in d.puppet().told("on_bar") if one.closed] == []


def test_bars_of_trades_and_of_volume_are_delivered_under_their_names(begun):
    d = begun("2t", "3v")
    for number in range(4):
        d.feed(agg(number + 1))
        d.feed(TradeTick("BTCUSDT", 100.0, 1.0, number, True, NOON_NS, d.tick()))  # noqa: FBT003 - the maker's flag
    closed = [one for one in d.puppet().told("on_bar") if one.closed]
    assert [(one.interval, one.volume) for one in closed] == [("2t", 2.0), ("3v", 3.0), ("2t", 2.0)]


def test_a_bar_that_began_before_the_stream_is_filled_up_before_it_is_issued(begun):
    d = begun("2m")
    d.feed(bar(1, 101.0, closed=False))
    (question,) = d.sent(FetchBars)
    assert (question.interval, question.start_ns, question.limit) == ("1m", NOON_NS, 1)
    assert question.end_ns == NOON_NS + MINUTE_NS - 1
    assert heard(d) == []

    answer(d, bar(0, 90.0, late=True))
    assert heard(d) == [(0, 101.0, "forming")]
    d.feed(bar(1, 102.0))
    (whole,) = d.puppet().told("on_bar")[1:]
    assert (whole.open, whole.close, whole.volume, whole.closed) == (90.0, 102.0, 2.0, True)


# --- looking back ---------------------------------------------------------------------------------


def test_the_last_closed_bars_oldest_first(begun):
    d = begun("1m", "2m")
    for number in range(6):
        d.feed(bar(number, float(number), closed=False))
        d.feed(bar(number, float(number)))
    assert brief(d.act(lambda s: s.bars("BTCUSDT", "1m", 2))) == [
        (4, 4.0, "closed"),
        (5, 5.0, "closed"),
    ]
    assert brief(d.act(lambda s: s.bars("BTCUSDT", "2m", 99))) == [
        (0, 1.0, "closed"),
        (2, 3.0, "closed"),
        (4, 5.0, "closed"),
    ]
    assert d.act(lambda s: s.bars("BTCUSDT", "1m", 0)) == []


def test_in_on_bar_the_closed_bar_is_the_last(begun):
    d = begun("1m")
    seen = []
    d.puppet().reactions["on_bar"] = lambda s, b: seen.append(s.bars("BTCUSDT", "1m", 1)[-1] is b)
    d.feed(bar(0))
    assert seen == [True]


def test_bars_that_nobody_asked_for_are_a_mistake(begun):
    d = begun("1m")
    with pytest.raises(KeyError, match="BTCUSDT 3m were not asked for"):
        d.engine.bars.closed(("BTCUSDT", "3m"), 1)


def test_a_late_bar_takes_its_place(begun):
    d = begun("1m")
    for one in (bar(0, 1.0), bar(2, 3.0), bar(1, 2.0, late=True), bar(2, 3.5, late=True)):
        d.feed(one)
    assert brief(d.engine.bars.closed(("BTCUSDT", "1m"), 9)) == [
        (0, 1.0, "closed"),
        (1, 2.0, "late closed"),
        (2, 3.5, "late closed"),
    ]


def test_memory_is_bounded(begun):
    d = begun("1m")
    for number in range(2_500):
        d.feed(bar(number))
    assert len(d.engine.bars.closed(("BTCUSDT", "1m"), 10_000)) == 1_000


def test_contracts_of_coin_m_are_counted_and_have_no_worth(begun):
    d = begun()
    d.act(lambda s: s.subscribe_bars("coinm:BTCUSD_PERP", "5v"))
    for number in range(1, 6):
        d.feed(msgspec.structs.replace(agg(number), symbol="coinm:BTCUSD_PERP"))
    closed = [one for one in d.puppet().told("on_bar") if one.closed]
    assert [(one.volume, one.quote_volume) for one in closed] == [(5.0, 0.0)]
    with pytest.raises(ValueError, match="COIN-M trades contracts"):
        d.engine.bars.check(Subscription(BARS, "coinm:BTCUSD_PERP", "5q"))


def test_a_market_without_bars_of_a_second_builds_them_from_trades(begun):
    d = begun()
    d.act(lambda s: s.subscribe_bars("usdm:BTCUSDT", "1s"))
    assert bar_streams(d, Subscribe) == [(StreamKind.AGG_TRADES, "")]


def test_trades_end_with_the_last_bars_that_are_built_from_them(begun):
    d = begun("3v", "500ms")
    for interval in ("3v", "500ms"):
        assert bar_streams(d, Unsubscribe) == []
        d.engine.unsubscribe("puppet", Subscription(BARS, "BTCUSDT", interval))
        d.take()
    assert bar_streams(d, Unsubscribe) == [(StreamKind.AGG_TRADES, "")]
    d.feed(agg(1, size=9.0))
    assert heard(d) == []
