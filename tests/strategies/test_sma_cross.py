"""The example on the real engine, bar by bar."""

from pathlib import Path

import msgspec
import pytest

from bot import FeedState, OrderStatus, Side
from bot.testing import Stage

PLUGIN = str(Path(__file__).parents[2] / "strategies" / "sma_cross.py")
ETH_TOO = ("BTCUSDT", "ETHUSDT")


@pytest.fixture
def stage():
    return Stage(PLUGIN, fast=1, slow=3, bar_seconds=1, size_quote=100)


def bars(stage, *closes, symbol="BTCUSDT"):
    """One bar a second."""
    for close in closes:
        stage.quote(close - 0.01, close + 0.01, symbol=symbol, after_s=0)
        stage.bar(close, interval="1000ms", interval_s=1, symbol=symbol)


def sides(stage):
    return [order.side for order in stage.orders]


def test_buys_after_an_up_cross_for_what_it_may_spend(stage):
    bars(stage, 100, 99, 98, 97)
    assert stage.orders == []

    bars(stage, 101, 101)

    (order,) = stage.orders
    assert (order.side, order.status) == (Side.BUY, OrderStatus.FILLED)
    assert 99 < order.quantity * 101 <= 100


def test_does_not_buy_again_while_it_holds(stage):
    bars(stage, 100, 99, 98, 97, 101, 102, 103, 104, 105)
    assert sides(stage) == [Side.BUY]


def test_sells_what_it_holds_after_the_down_cross_and_leaves_dust(stage):
    bars(stage, 100, 99, 98, 97, 101, 102)
    bought = stage.position().quantity

    bars(stage, 90, 89)

    assert sides(stage) == [Side.BUY, Side.SELL]
    assert stage.orders[1].quantity <= bought  # the commission was taken in the coin
    assert 0 <= stage.position().quantity < stage.instruments["BTCUSDT"].step_size


def test_dust_is_no_holding_and_the_next_cross_buys_again(stage):
    bars(stage, 100, 99, 98, 97, 101, 102, 90, 89, 110, 111)
    assert sides(stage) == [Side.BUY, Side.SELL, Side.BUY]


def test_one_order_at_a_time(stage):
    bars(stage, 100, 99, 98, 97)
    resting = stage.strategy.buy("BTCUSDT", 1, 90.0)
    bars(stage, 101, 102, 103)
    assert [order.client_order_id for order in stage.orders] == [resting]


def test_a_refused_purchase_is_tried_again_on_the_next_bar(stage):
    stage.reject_next("Account has insufficient balance for requested action.", -2010)
    bars(stage, 100, 99, 98, 97, 101)
    assert [order.status for order in stage.orders] == [OrderStatus.REJECTED]
    bars(stage, 102)
    assert [order.status for order in stage.orders] == [OrderStatus.REJECTED, OrderStatus.FILLED]


def test_a_hole_in_the_data_begins_the_averages_again(stage):
    bars(stage, 100, 99, 98, 97)
    stage.market_feed(FeedState.DOWN, symbols=("BTCUSDT",))
    stage.market_feed(FeedState.UP, symbols=("BTCUSDT",))
    bars(stage, 101, 102, 103)
    assert stage.orders == []
    bars(stage, 104)
    assert sides(stage) == [Side.BUY]


def test_a_bar_that_was_corrected_afterwards_decides_nothing(stage):
    bars(stage, 100, 99, 98, 97)
    late = msgspec.structs.replace(stage.strategy.bars("BTCUSDT", "1000ms", 1)[0], late=True)
    for price in (500.0, 600.0):
        stage.publish(msgspec.structs.replace(late, close=price))
    assert stage.orders == []


def test_bars_of_half_a_second_are_built_from_trades():
    stage = Stage(PLUGIN, fast=1, slow=3)
    for price in (100, 99, 98, 97, 101):
        stage.quote(price - 0.01, price + 0.01, after_s=0)
        stage.trade(price, after_s=0.5)
    assert stage.orders == []
    stage.trade(101, after_s=0.5)
    assert sides(stage) == [Side.BUY]


def test_with_the_past_it_trades_after_the_first_bar():
    stage = Stage(PLUGIN, history={"1000ms": [97, 97]}, fast=1, slow=3, bar_seconds=1)
    bars(stage, 100)
    assert sides(stage) == [Side.BUY]


def test_symbols_are_traded_each_for_itself():
    stage = Stage(PLUGIN, symbols=ETH_TOO, fast=1, slow=3, bar_seconds=1)
    bars(stage, 100, 99, 98, 97, symbol="BTCUSDT")
    bars(stage, 10, 11, 12, 13, 14, symbol="ETHUSDT")
    assert {order.symbol for order in stage.orders} == {"ETHUSDT"}


def test_too_small_a_size_is_said_at_the_start():
    stage = Stage(PLUGIN, size_quote=1)
    assert [line.level for line in stage.logs if "less than one may trade" in line.message] == [
        "WARNING"
    ]
