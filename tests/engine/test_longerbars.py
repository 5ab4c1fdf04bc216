"""Longer bars from shorter ones: pace, closing, what was missed."""

import msgspec
import pytest

from bot.domain.interval import interval_of
from bot.domain.market import Bar
from bot.domain.values import MS_NS, SECOND_NS
from bot.engine.longerbars import LongerBars
from bot.engine.tradebars import NEVER_NS

MINUTE_NS = 60 * SECOND_NS
START_NS = 28_718_640 * MINUTE_NS
"""A whole number of five minutes after the epoch: 2024-08-08T12:00:00Z."""


def minute(number, close, *, open_=None, volume=1.0, trades=10, closed=True, late=False):
    open_ns = START_NS + number * MINUTE_NS
    opened = close if open_ is None else open_
    return Bar(
        symbol="BTCUSDT",
        interval="1m",
        open=opened,
        high=max(opened, close) + 1,
        low=min(opened, close) - 1,
        close=close,
        volume=volume,
        quote_volume=volume * close,
        trades=trades,
        open_ns=open_ns,
        close_ns=open_ns + MINUTE_NS - MS_NS,
        closed=closed,
        ts_ns=open_ns + MINUTE_NS,
        recv_ns=open_ns + MINUTE_NS + 20 * MS_NS,
        late=late,
    )


def flat(number, price):
    bar = minute(number, price, volume=0.0, trades=0)
    return msgspec.structs.replace(bar, high=price, low=price)


def brief(bar):
    at = (bar.open_ns - START_NS) // MINUTE_NS
    how = ("late " if bar.late else "") + ("closed" if bar.closed else "forming")
    return (at, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades, how)


def fed(maker, *parts):
    return [brief(bar) for part in parts for bar in maker.add(part)]


@pytest.fixture
def fives():
    return LongerBars("BTCUSDT", interval_of("5m"), interval_of("1m"))


def test_it_forms_at_the_pace_of_its_parts_and_closes_with_the_last(fives):
    issued = fed(
        fives,
        minute(0, 100.0, closed=False),
        minute(0, 102.0, open_=100.0),
        minute(1, 105.0, closed=False),
        minute(1, 104.0),
        minute(2, 90.0),
        minute(3, 99.0),
        minute(4, 98.0, closed=False),
        minute(4, 97.0, volume=0.1),
        minute(5, 97.0, closed=False),
    )
    assert issued == [
        (0, 100.0, 101.0, 99.0, 100.0, 1.0, 10, "forming"),
        (0, 100.0, 103.0, 99.0, 102.0, 1.0, 10, "forming"),
        (0, 100.0, 106.0, 99.0, 105.0, 2.0, 20, "forming"),
        (0, 100.0, 105.0, 99.0, 104.0, 2.0, 20, "forming"),
        (0, 100.0, 105.0, 89.0, 90.0, 3.0, 30, "forming"),
        (0, 100.0, 105.0, 89.0, 99.0, 4.0, 40, "forming"),
        (0, 100.0, 105.0, 89.0, 98.0, 5.0, 50, "forming"),
        (0, 100.0, 105.0, 89.0, 97.0, 4.1, 50, "closed"),
        (5, 97.0, 98.0, 96.0, 97.0, 1.0, 10, "forming"),
    ]
    (bar,) = [bar for bar in fives.add(minute(9, 1.0)) if bar.closed]
    assert bar.close_ns == START_NS + 10 * MINUTE_NS - MS_NS
    assert bar.interval == "5m"


def test_the_first_one_is_the_first_whole_one(fives):
    issued = fed(fives, *(minute(n, 100.0) for n in range(2, 11)))
    assert [(bar[0], bar[-1]) for bar in issued if bar[-1] == "closed"] == [(5, "closed")]
    assert all(bar[0] >= 5 for bar in issued)


def test_parts_without_trades_say_only_where_the_price_was(fives):
    issued = fed(
        fives, flat(0, 50.0), minute(1, 100.0, open_=99.0), *(flat(n, 100.0) for n in (2, 3, 4))
    )
    assert issued[-1] == (0, 99.0, 101.0, 98.0, 100.0, 1.0, 10, "closed")


def test_a_bar_of_nothing_but_empty_parts_is_flat(fives):
    issued = fed(fives, *(flat(n, 100.0) for n in range(5)))
    assert issued[-1] == (0, 100.0, 100.0, 100.0, 100.0, 0.0, 0, "closed")


def test_a_last_part_that_was_missed_closes_it_with_the_next_and_brings_it_again(fives):
    fed(fives, *(minute(n, 100.0 + n) for n in range(4)))
    assert fed(fives, minute(5, 110.0, closed=False)) == [
        (0, 100.0, 104.0, 99.0, 103.0, 4.0, 40, "closed"),
        (5, 110.0, 111.0, 109.0, 110.0, 1.0, 10, "forming"),
    ]
    assert fed(fives, minute(4, 80.0, late=True)) == []
    assert [brief(bar) for bar in fives.pass_time(fives.next_ns)] == [
        (0, 100.0, 104.0, 79.0, 80.0, 5.0, 50, "late closed")
    ]
    assert fives.next_ns == NEVER_NS


def test_a_part_missed_in_the_middle_takes_its_place(fives):
    fed(fives, minute(0, 100.0), minute(2, 102.0))
    assert fed(fives, minute(1, 200.0, late=True)) == [
        (0, 100.0, 201.0, 99.0, 102.0, 3.0, 30, "forming")
    ]


def test_a_whole_bar_that_was_missed_is_issued_late(fives):
    fed(fives, *(minute(n, 100.0) for n in range(5)), minute(10, 100.0, closed=False))
    fed(fives, *(minute(n, 120.0, late=True) for n in range(5, 10)))
    assert fed(fives, minute(10, 101.0, open_=100.0)) == [
        (5, 120.0, 121.0, 119.0, 120.0, 5.0, 50, "late closed"),
        (10, 100.0, 102.0, 99.0, 101.0, 1.0, 10, "forming"),
    ]


def test_the_same_part_again_changes_nothing(fives):
    fed(fives, *(minute(n, 100.0) for n in range(5)))
    assert fed(fives, minute(4, 100.0), minute(3, 100.0, late=True)) == []
    assert fives.next_ns == NEVER_NS


def test_a_corrected_part_replaces_the_first_version(fives):
    fed(fives, *(minute(n, 100.0) for n in range(5)))
    fed(fives, minute(3, 150.0, late=True))
    (again,) = fives.pass_time(fives.next_ns)
    assert brief(again) == (0, 100.0, 151.0, 99.0, 100.0, 5.0, 50, "late closed")
