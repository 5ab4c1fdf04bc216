"""A bar while it forms, and which pieces of it have come."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market import TradeTick
from bot.engine.forming import Arrivals, Forming, exact


def trade(price, *, buyer_is_maker=False):
    return TradeTick("BTCUSDT", price, 1.0, 1, buyer_is_maker, 7, 8)


@pytest.mark.parametrize("text", ["0.1", "65000.01", "0.00000001", "123456789.12345", "1E-8"])
def test_a_float_gives_back_the_decimal_that_it_was_read_from(text):
    assert exact(float(text)) == Decimal(text)


def test_the_lowest_id_opens_and_the_highest_closes_in_whatever_order_they_come():
    bar = Forming.flat(0, 10, 50.0, 0)
    for number, price in ((5, 100.0), (7, 90.0), (4, 80.0), (6, 120.0)):
        bar.take(number, trade(price), Decimal(1), Decimal(2), (number, number, 1))
    assert (bar.open, bar.high, bar.low, bar.close) == (80.0, 120.0, 80.0, 90.0)
    assert (bar.volume, bar.quote_volume, bar.trades) == (4, 8, 4)
    assert (bar.first_trade_id, bar.last_trade_id) == (4, 7)


def test_what_takers_bought_is_counted_apart():
    bar = Forming.flat(0, 10, 50.0, 0)
    bar.take(1, trade(1.0), Decimal(3), Decimal(6), (1, 1, 1))
    bar.take(2, trade(1.0, buyer_is_maker=True), Decimal(5), Decimal(9), (2, 2, 1))
    assert (bar.volume, bar.taker_volume, bar.taker_quote_volume) == (8, 3, 6)


def test_every_id_is_new_once():
    arrivals = Arrivals()
    assert [arrivals.is_new(n, n) for n in (5, 6, 9, 7, 7, 8, 6, 10)] == [
        True,
        True,
        True,
        True,
        False,
        True,
        False,
        True,
    ]
    assert not arrivals.has_holes


def test_what_was_before_the_first_is_not_taken():
    arrivals = Arrivals()
    assert arrivals.is_new(5, 5)
    assert not arrivals.is_new(4, 4)


def test_a_hole_that_was_given_up_is_not_filled_any_more():
    arrivals = Arrivals()
    for number in (1, 5):
        assert arrivals.is_new(number, number)
    assert arrivals.has_holes
    arrivals.close_holes()
    assert not arrivals.is_new(3, 3)


@given(st.permutations(range(2, 14)), st.integers(1, 3))
def test_ids_between_two_that_came_are_new_once_in_any_order(order, times):
    arrivals = Arrivals()
    assert arrivals.is_new(1, 1)
    assert arrivals.is_new(14, 14)
    repeated = [number for number in order for _ in range(times)]
    assert sum(arrivals.is_new(number, number) for number in repeated) == len(order)
    assert not arrivals.has_holes
