"""Stop prices trigger on their side of the market; trailing ones follow it first."""

import itertools
from dataclasses import replace

import pytest

from bot.simulation.fixedpoint import parse
from bot.simulation.orders import Order
from bot.simulation.stops import Stops, would_trigger


def stop(order_type, side, **amounts):
    return Order(
        account="alice",
        symbol="BTCUSDT",
        order_id=1,
        client_order_id="mine",
        is_buy=side == "BUY",
        order_type=order_type,
        time_in_force="GTC",
        price_e8=parse("1"),
        quantity_e8=parse("1"),
        **amounts,
    )


def triggered_at(order, prices):
    """The first of the prices that triggers the order; None: none does."""
    stops = Stops()
    stops.add(order)
    for number, price in enumerate(prices):
        stops.observe(parse(str(price)))
        stops.take_moved(number)
        if stops.due:
            assert stops.due.popleft() is order
            return price
    return None


def tracked_from(order, prices):
    """The first of the prices from which on the order is tracked."""
    stops = Stops()
    stops.add(order)
    for number, price in enumerate(prices):
        stops.observe(parse(str(price)))
        stops.take_moved(number)
        if order.trailing_ms >= 0:
            return price
    return None


def test_the_trailing_scenarios_of_the_documentation(shared_json):
    cases = shared_json("vectors/trailing_stop.json")["cases"]
    assert [case["id"] for case in cases] == ["A", "C", "D"]
    for case in cases:
        told = case["order"]
        order = stop(
            told["type"],
            told["side"],
            stop_e8=parse(str(told["stopPrice"])),
            trailing_delta=told["trailingDelta"],
        )
        turns = case["last_prices"]
        # A run is many trades: halves stand for them.
        prices = [turns[0]]
        for one, other in itertools.pairwise(turns):
            prices += [(one + other) / 2, other]
        assert tracked_from(replace(order), prices) == case["activates_at"], case["id"]
        assert triggered_at(order, prices) == case["triggers_at_price"], case["id"]
        assert order.trailing_ms >= 0


@pytest.mark.parametrize(
    ("order_type", "side", "waits", "triggers"),
    [
        ("STOP_LOSS", "BUY", 99, 100),
        ("TAKE_PROFIT_LIMIT", "SELL", 99, 101),
        ("STOP_LOSS_LIMIT", "SELL", 101, 100),
        ("TAKE_PROFIT", "BUY", 101, 99),
    ],
)
def test_each_type_waits_on_its_side_of_the_market(order_type, side, waits, triggers):
    order = stop(order_type, side, stop_e8=parse("100"))
    assert triggered_at(order, [waits, triggers]) == triggers
    past = {"is_buy": side == "BUY", "stop_e8": parse("100")}
    assert would_trigger(order_type, **past, last_price_e8=parse(str(triggers)))
    assert not would_trigger(order_type, **past, last_price_e8=parse(str(waits)))


def test_without_a_stop_price_the_next_trade_begins_the_tracking():
    order = stop("STOP_LOSS", "SELL", trailing_delta=100)
    assert triggered_at(order, [100, 99.01, 110, 108.91, 108.9]) == 108.9


def test_an_order_that_is_over_does_not_trigger():
    stops = Stops()
    order = stop("STOP_LOSS", "SELL", stop_e8=parse("100"))
    stops.add(order)
    stops.drop(order)
    stops.observe(parse("90"))
    assert not stops.due
