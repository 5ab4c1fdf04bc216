"""Bars of volume: exact amounts, split trades, what waits behind a hole."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.interval import interval_of
from bot.domain.market import AggTrade
from bot.domain.values import SECOND_NS
from bot.engine.tradebars import NEVER_NS
from bot.engine.volumebars import VolumeBars

NOON_NS = 1_723_118_400 * SECOND_NS


def agg(number, price, size, *, trades=1, late=False, at_s=0.0):
    ts_ns = NOON_NS + round(at_s * SECOND_NS)
    first = number * 10
    return AggTrade(
        symbol="BTCUSDT",
        price=price,
        size=size,
        agg_id=number,
        first_trade_id=first,
        last_trade_id=first + trades - 1,
        buyer_is_maker=False,
        ts_ns=ts_ns,
        recv_ns=ts_ns,
        late=late,
    )


def brief(bar):
    how = "closed" if bar.closed else "forming"
    return (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote_volume, bar.trades, how)


def fed(maker, *trades):
    return [brief(bar) for trade in trades for bar in maker.add(trade)]


@pytest.fixture
def tens():
    return VolumeBars("BTCUSDT", interval_of("10v"))


def test_a_trade_over_the_threshold_is_split(tens):
    issued = fed(tens, agg(1, 100.0, 4.0, trades=2), agg(2, 101.0, 9.0, trades=3))
    assert issued == [
        (100.0, 100.0, 100.0, 100.0, 4.0, 400.0, 2, "forming"),
        (100.0, 101.0, 100.0, 101.0, 10.0, 1006.0, 5, "closed"),
        (101.0, 101.0, 101.0, 101.0, 3.0, 303.0, 0, "forming"),
    ]


def test_one_trade_may_fill_several_bars_each_with_an_instant_of_its_own(tens):
    bars = tens.add(agg(1, 100.0, 35.0))
    assert [(bar.volume, bar.closed) for bar in bars] == [
        (10.0, True),
        (10.0, True),
        (10.0, True),
        (5.0, False),
    ]
    assert [bar.open_ns - NOON_NS for bar in bars] == [0, 1, 2, 3]


def test_a_bar_that_is_full_to_the_last_unit_closes_at_once(tens):
    assert [bar.closed for bar in tens.add(agg(1, 100.0, 10.0))] == [True]


def test_many_small_sizes_add_up_exactly():
    """As floats, five hundred times 0.1 is 49.99999999999996."""
    maker = VolumeBars("BTCUSDT", interval_of("50v"))
    issued = [bar for n in range(1, 501) for bar in maker.add(agg(n, 100.0, 0.1))]
    assert [(bar.volume, bar.trades) for bar in issued if bar.closed] == [(50.0, 500)]


def test_bars_of_quote_volume_count_money():
    maker = VolumeBars("BTCUSDT", interval_of("1000q"))
    issued = fed(maker, agg(1, 100.0, 4.0), agg(2, 300.0, 3.0))
    assert issued == [
        (100.0, 100.0, 100.0, 100.0, 4.0, 400.0, 1, "forming"),
        (100.0, 300.0, 100.0, 300.0, 6.0, 1000.0, 2, "closed"),
        (300.0, 300.0, 300.0, 300.0, 1.0, 300.0, 0, "forming"),
    ]


def test_trades_behind_a_hole_wait_for_what_was_missed(tens):
    fed(tens, agg(1, 100.0, 6.0))
    assert fed(tens, agg(4, 104.0, 1.0, at_s=1), agg(5, 105.0, 1.0, at_s=1)) == []
    assert fed(tens, agg(2, 102.0, 1.0, late=True)) == []
    assert fed(tens, agg(3, 103.0, 2.0, late=True)) == [
        (100.0, 102.0, 100.0, 102.0, 7.0, 702.0, 2, "forming"),
        (100.0, 103.0, 100.0, 103.0, 9.0, 908.0, 3, "forming"),
        (100.0, 104.0, 100.0, 104.0, 10.0, 1012.0, 4, "closed"),
        (105.0, 105.0, 105.0, 105.0, 1.0, 105.0, 1, "forming"),
    ]
    assert tens.next_ns == NEVER_NS


def test_what_waited_long_enough_waits_no_longer_and_what_comes_then_is_left_out(tens):
    fed(tens, agg(1, 100.0, 6.0), agg(3, 103.0, 1.0, at_s=1))
    assert tens.pass_time(tens.next_ns - 1) == []
    assert [brief(bar)[4] for bar in tens.pass_time(tens.next_ns)] == [7.0]
    assert fed(tens, agg(2, 1.0, 1.0, late=True)) == []
    assert fed(tens, agg(4, 104.0, 1.0))[0][4] == 8.0


def test_a_trade_that_came_before_changes_nothing(tens):
    fed(tens, agg(1, 100.0, 6.0), agg(2, 100.0, 1.0))
    assert fed(tens, agg(1, 100.0, 6.0), agg(2, 100.0, 1.0)) == []


def test_a_trade_a_thousand_times_too_large_does_not_flood():
    maker = VolumeBars("BTCUSDT", interval_of("0.001v"))
    bars = maker.add(agg(1, 100.0, 1_000_000.0))
    assert len(bars) == 1001
    assert sum(Decimal(repr(bar.volume)) for bar in bars) == 1_000_000
    assert maker.add(agg(2, 100.0, 0.0005))[0].closed


@given(
    st.sampled_from(["10v", "0.7v", "1000q", "33.3q"]),
    st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, 3_000)), min_size=1, max_size=60),
)
def test_every_closed_bar_holds_its_amount_and_nothing_is_lost(interval, raw):
    maker = VolumeBars("BTCUSDT", interval_of(interval))
    trades = [agg(n, cents / 100, milli / 1000) for n, (cents, milli) in enumerate(raw, start=1)]
    bars = [bar for trade in trades for bar in maker.add(trade)]
    full = [bar for bar in bars if bar.closed]
    amount = float(interval[:-1])
    assert all((bar.volume if interval[-1] == "v" else bar.quote_volume) == amount for bar in full)
    rest = [bars[-1]] if not bars[-1].closed else []
    kept = sum(bar.volume for bar in [*full, *rest])
    assert kept == pytest.approx(sum(trade.size for trade in trades), rel=1e-9)
    assert sum(bar.trades for bar in [*full, *rest]) == len(trades)
    assert [bar.open_ns for bar in full] == sorted({bar.open_ns for bar in full})
