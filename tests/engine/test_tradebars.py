"""Bars of time and of trades, built from trades: closing, silence, late trades, repetitions."""

from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.interval import interval_of
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.domain.values import MS_NS, SECOND_NS
from bot.engine.longerbars import LongerBars
from bot.engine.tradebars import NEVER_NS, TickBars, TimeBars

NOON_NS = 1_723_118_400 * SECOND_NS
TRAVEL_NS = 20 * MS_NS


def agg(number, price, at_s, *, size=1.0, late=False, trades=1):
    ts_ns = NOON_NS + round(at_s * SECOND_NS)
    return AggTrade(
        symbol="BTCUSDT",
        price=price,
        size=size,
        agg_id=number,
        first_trade_id=number * 10,
        last_trade_id=number * 10 + trades - 1,
        buyer_is_maker=False,
        ts_ns=ts_ns,
        recv_ns=ts_ns + TRAVEL_NS,
        late=late,
    )


def tick(number, price, at_s=0.0, *, size=1.0, late=False):
    ts_ns = NOON_NS + round(at_s * SECOND_NS)
    return TradeTick("BTCUSDT", price, size, number, False, ts_ns, ts_ns + TRAVEL_NS, late)  # noqa: FBT003 - a seller's maker flag


def brief(bar):
    """(seconds after noon, open, high, low, close, volume, trades, how it was issued)."""
    at_s = (bar.open_ns - NOON_NS) / SECOND_NS
    how = ("late " if bar.late else "") + ("closed" if bar.closed else "forming")
    return (at_s, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades, how)


def closed(bars):
    return [brief(bar) for bar in bars if bar.closed]


def fed(maker, *trades):
    return [bar for trade in trades for bar in maker.add(trade)]


@pytest.fixture
def seconds():
    """Bars of ten seconds that are whole from noon on."""
    maker = TimeBars("BTCUSDT", interval_of("10s"))
    maker.begin_whole(NOON_NS)
    return maker


def test_a_bar_forms_with_each_trade_and_closes_with_the_first_of_the_next(seconds):
    issued = fed(
        seconds,
        agg(1, 100.0, 1),
        agg(2, 103.0, 2, size=0.5, trades=3),
        agg(3, 99.0, 9.999),
        agg(4, 101.0, 10),
    )
    assert [brief(bar) for bar in issued] == [
        (0, 100.0, 100.0, 100.0, 100.0, 1.0, 1, "forming"),
        (0, 100.0, 103.0, 100.0, 103.0, 1.5, 4, "forming"),
        (0, 100.0, 103.0, 99.0, 99.0, 2.5, 5, "forming"),
        (0, 100.0, 103.0, 99.0, 99.0, 2.5, 5, "closed"),
        (10, 101.0, 101.0, 101.0, 101.0, 1.0, 1, "forming"),
    ]
    last = issued[3]
    assert (last.symbol, last.interval) == ("BTCUSDT", "10s")
    assert last.close_ns == NOON_NS + 10 * SECOND_NS - MS_NS
    assert last.quote_volume == 100 + 0.5 * 103 + 99


def test_the_first_bar_is_the_first_whole_one():
    maker = TimeBars("BTCUSDT", interval_of("10s"))
    issued = fed(maker, agg(1, 100.0, 3), agg(2, 101.0, 11), agg(3, 102.0, 21))
    assert [(brief(bar)[0], bar.closed) for bar in issued] == [(10, False), (10, True), (20, False)]


def test_time_closes_a_bar_when_no_trade_comes_and_empty_bars_are_flat(seconds):
    fed(seconds, agg(1, 100.0, 1), agg(2, 98.0, 8))
    assert seconds.pass_time(NOON_NS + 10 * SECOND_NS) == []

    due_ns = seconds.next_ns
    assert due_ns == NOON_NS + 11 * SECOND_NS + TRAVEL_NS
    assert closed(seconds.pass_time(due_ns)) == [
        (0, 100.0, 100.0, 98.0, 98.0, 2.0, 2, "closed"),
    ]
    assert closed(seconds.pass_time(seconds.next_ns)) == [
        (10, 98.0, 98.0, 98.0, 98.0, 0.0, 0, "closed"),
    ]
    assert closed(fed(seconds, agg(3, 97.0, 45))) == [
        (20, 98.0, 98.0, 98.0, 98.0, 0.0, 0, "closed"),
        (30, 98.0, 98.0, 98.0, 98.0, 0.0, 0, "closed"),
    ]


def test_a_recording_closes_bars_by_its_own_time(seconds):
    """Its trades are of 2024, and the engine's clock is of today."""
    today_ns = NOON_NS + 700 * 86_400 * SECOND_NS
    trade = msgspec.structs.replace(agg(1, 100.0, 4), recv_ns=today_ns)
    fed(seconds, trade)
    assert seconds.pass_time(today_ns + 6 * SECOND_NS) == []
    assert len(closed(seconds.pass_time(today_ns + 7 * SECOND_NS))) == 1


def test_while_nothing_can_be_heard_no_empty_bar_is_made_up(seconds):
    fed(seconds, agg(1, 100.0, 1))
    seconds.pause()
    assert seconds.next_ns == NEVER_NS
    assert seconds.pass_time(NOON_NS + 100 * SECOND_NS) == []
    assert len(closed(fed(seconds, agg(2, 101.0, 101)))) == 10


def test_a_late_trade_makes_its_bar_come_again(seconds):
    fed(seconds, agg(1, 100.0, 1), agg(4, 101.0, 12))
    assert fed(seconds, agg(2, 105.0, 5, late=True), agg(3, 95.0, 9, late=True)) == []

    again = seconds.add(agg(5, 102.0, 13))

    assert [brief(bar) for bar in again] == [
        (0, 100.0, 105.0, 95.0, 95.0, 3.0, 3, "late closed"),
        (10, 101.0, 102.0, 101.0, 102.0, 2.0, 2, "forming"),
    ]
    assert [brief(bar)[-1] for bar in seconds.add(agg(6, 102.0, 14))] == ["forming"]


def test_late_trades_settle_also_when_no_other_trade_follows(seconds):
    fed(seconds, agg(1, 100.0, 1), agg(3, 101.0, 12), agg(2, 90.0, 5, late=True))
    again = seconds.pass_time(seconds.next_ns)
    assert closed(again) == [(0, 100.0, 100.0, 90.0, 90.0, 2.0, 2, "late closed")]


def test_a_late_trade_may_open_a_bar_and_levels_the_empty_ones_after_it(seconds):
    fed(seconds, agg(1, 100.0, 1), agg(4, 101.0, 32))
    fed(seconds, agg(2, 107.0, 15, late=True), agg(3, 108.0, 16, late=True))
    assert closed(seconds.add(agg(5, 101.0, 33))) == [
        (10, 107.0, 108.0, 107.0, 108.0, 2.0, 2, "late closed"),
        (20, 108.0, 108.0, 108.0, 108.0, 0.0, 0, "late closed"),
    ]


def test_a_trade_that_was_overtaken_by_the_clock_corrects_its_bar(seconds):
    fed(seconds, agg(1, 100.0, 1))
    seconds.pass_time(seconds.next_ns)
    overtaken = msgspec.structs.replace(agg(2, 90.0, 9.9), recv_ns=NOON_NS + 12 * SECOND_NS)
    seconds.add(overtaken)
    assert (
        closed(seconds.add(agg(3, 91.0, 13)))
        == [
            (0, 100.0, 100.0, 90.0, 90.0, 2.0, 2, "late closed"),
            (10, 90.0, 90.0, 90.0, 90.0, 0.0, 0, "closed"),
        ][:1]
    )


def test_a_trade_that_came_before_changes_nothing(seconds):
    fed(seconds, agg(1, 100.0, 1), agg(3, 101.0, 2), agg(2, 99.0, 1.5, late=True))
    for repeated in (agg(1, 500.0, 1), agg(2, 500.0, 1.5, late=True), agg(3, 500.0, 2)):
        assert seconds.add(repeated) == []


def test_after_a_long_silence_only_the_newest_empty_bars_come(seconds):
    fed(seconds, agg(1, 100.0, 1))
    issued = closed(fed(seconds, agg(2, 101.0, 100_000)))
    assert len(issued) == 501
    assert issued[-1][0] == 99_990
    assert all(b[0] - a[0] == 10 for a, b in pairwise(issued[1:]))


@pytest.fixture
def fives():
    return TickBars("BTCUSDT", interval_of("5t"))


def test_bars_of_trades_are_aligned_to_the_trade_ids(fives):
    issued = fed(fives, *(tick(n, 100.0 + n, n / 10) for n in range(3, 16)))
    assert closed(issued) == [
        (0.5, 105.0, 109.0, 105.0, 109.0, 5.0, 5, "closed"),
        (1.0, 110.0, 114.0, 110.0, 114.0, 5.0, 5, "closed"),
    ]
    assert brief(issued[-1])[-2:] == (1, "forming")


def test_bars_of_trades_that_open_in_one_instant_have_instants_of_their_own(fives):
    issued = fed(fives, *(tick(n, 100.0) for n in range(15)))
    opened = [bar.open_ns for bar in issued if bar.closed]
    assert opened == [NOON_NS, NOON_NS + 1, NOON_NS + 2]


def test_missed_trades_make_bars_of_trades_come_again(fives):
    fed(fives, *(tick(n, 100.0, n / 10) for n in range(7)))
    jumped = fed(fives, *(tick(n, 100.0, n / 10) for n in range(17, 21)))
    assert [(brief(bar)[0], bar.trades) for bar in jumped if bar.closed] == [(0.5, 2), (1.7, 3)]

    fed(fives, *(tick(n, 90.0, n / 10, late=True) for n in range(7, 17)))

    assert closed(fives.pass_time(fives.next_ns)) == [
        (0.5, 100.0, 100.0, 90.0, 90.0, 5.0, 5, "late closed"),
        (1.0, 90.0, 90.0, 90.0, 90.0, 5.0, 5, "late closed"),
        (1.7, 90.0, 100.0, 90.0, 100.0, 5.0, 5, "late closed"),
    ]


# --- whatever the trades --------------------------------------------------------------------------

TRADES = st.lists(
    st.tuples(
        st.integers(1, 10_000),
        st.integers(1, 1_000_000),
        st.integers(0, 40_000),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=60,
)


def made(raw):
    """Trades with cents, sizes of six digits and steps of milliseconds."""
    at_ms, trades = 0, []
    for number, (cents, micros, step_ms, count) in enumerate(raw, start=1):
        at_ms += step_ms
        trades.append(agg(number, cents / 100, at_ms / 1000, size=micros / 1_000_000, trades=count))
    return trades


def run(interval, trades):
    maker = TimeBars("BTCUSDT", interval_of(interval))
    maker.begin_whole(NOON_NS)
    end_ns = trades[-1].recv_ns + 600 * SECOND_NS
    return [*fed(maker, *trades), *maker.pass_time(end_ns)]


def series(bars):
    """The last word on each closed bar."""
    return {bar.open_ns: bar for bar in bars if bar.closed}


def facts(bar):
    return (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote_volume, bar.trades)


@given(TRADES)
def test_bars_have_no_hole_follow_each_other_and_keep_every_trade(raw):
    trades = made(raw)
    bars = [bar for bar in run("10s", trades) if bar.closed and bar.trades]
    assert sum(bar.trades for bar in bars) == sum(count for *_, count in raw)
    assert sum(Decimal(repr(bar.volume)) for bar in bars) == sum(
        Decimal(repr(trade.size)) for trade in trades
    )
    every = [bar for bar in run("10s", trades) if bar.closed]
    for one, other in pairwise(every):
        assert other.open_ns == one.close_ns + MS_NS
        assert one.low <= min(one.open, one.close) <= max(one.open, one.close) <= one.high
        if not other.trades:
            assert other.open == other.high == other.low == other.close == one.close


@given(TRADES)
def test_bars_from_trades_equal_bars_from_shorter_bars(raw):
    trades = made(raw)
    longer = LongerBars("BTCUSDT", interval_of("70s"), interval_of("10s"))
    built = [bar for part in run("10s", trades) for bar in longer.add(part)]
    direct = series(run("70s", trades))
    for open_ns, bar in series(built).items():
        assert facts(bar) == facts(direct[open_ns])


@given(TRADES, st.randoms(use_true_random=False))
def test_late_trades_lead_to_the_same_bars_as_trades_in_order(raw, random):
    trades = made(raw)
    missed = {trade.agg_id for trade in trades[1:-1] if random.random() < 0.3}
    maker = TimeBars("BTCUSDT", interval_of("10s"))
    maker.begin_whole(NOON_NS)
    issued: list[Bar] = []
    waiting: list[AggTrade] = []
    for trade in trades:
        if trade.agg_id in missed:
            waiting.append(trade)
            continue
        issued += maker.add(trade)
        for late in waiting:
            recv_ns = trade.recv_ns
            issued += maker.add(msgspec.structs.replace(late, late=True, recv_ns=recv_ns))
        waiting.clear()
    issued += maker.pass_time(trades[-1].recv_ns + 600 * SECOND_NS)
    expected = {k: facts(bar) for k, bar in series(run("10s", trades)).items() if bar.trades}
    got = {k: facts(bar) for k, bar in series(issued).items() if k in expected}
    assert got == expected
