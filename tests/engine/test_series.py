"""The last closed bars of a kind."""

import msgspec
import pytest

from bot.domain.market import Bar
from bot.engine.series import Series

BAR = Bar(
    symbol="BTCUSDT",
    interval="1m",
    open=1.0,
    high=1.0,
    low=1.0,
    close=1.0,
    volume=1.0,
    quote_volume=1.0,
    trades=1,
    open_ns=0,
    close_ns=0,
    closed=True,
    ts_ns=0,
    recv_ns=0,
)


def bar(opened, close=1.0):
    return msgspec.structs.replace(BAR, open_ns=opened, close=close)


def opened(bars):
    return [one.open_ns for one in bars]


@pytest.fixture
def series():
    made = Series(4)
    for open_ns in (10, 20, 40):
        made.keep(bar(open_ns))
    return made


def test_oldest_first_and_no_more_than_asked_for(series):
    assert opened(series.last(2)) == [20, 40]
    assert opened(series.last(9)) == [10, 20, 40]
    assert series.last(0) == series.last(-1) == []


def test_what_comes_late_takes_its_place(series):
    series.keep(bar(30))
    series.keep(bar(5))
    assert opened(series.last(4)) == [10, 20, 30, 40]


def test_a_newer_version_replaces_the_older(series):
    series.keep(bar(20, close=7.0))
    assert [one.close for one in series.last(3)] == [1.0, 7.0, 1.0]


def test_the_oldest_go(series):
    for open_ns in range(50, 250, 10):
        series.keep(bar(open_ns))
        assert len(series.last(100)) <= 4
    assert opened(series.last(100)) == [210, 220, 230, 240]


def test_it_knows_what_it_has(series):
    assert series.has(20)
    assert not series.has(25)
    assert not Series(4).has(1)


def test_what_was_given_out_does_not_change(series):
    given = series.last(3)
    series.keep(bar(50))
    assert opened(given) == [10, 20, 40]
