"""The example on the real engine, quote by quote."""

from decimal import Decimal
from pathlib import Path

import pytest

from bot import FeedState, OrderStatus, OrderType, Side
from bot.testing import Stage

PLUGIN = str(Path(__file__).parents[2] / "strategies" / "quoting.py")


@pytest.fixture
def stage():
    return Stage(PLUGIN, size_quote=100, requote_bps=5, max_position_quote=250)


def open_prices(stage):
    return sorted((order.side.value, float(order.price)) for order in stage.open_orders)


def cancels(stage):
    return [command for command in stage.commands if type(command).__name__ == "CancelOrder"]


def test_joins_the_best_bid_and_ask_and_never_takes(stage):
    stage.quote(99.9, 100.1)
    assert open_prices(stage) == [("BUY", 99.9), ("SELL", 100.1)]
    assert {order.order_type for order in stage.orders} == {OrderType.LIMIT_MAKER}
    assert all(99 < order.quantity * order.price <= Decimal("100.2") for order in stage.orders)


def test_keeps_its_distance_where_the_market_is_narrow():
    stage = Stage(PLUGIN, spread_bps=100)
    stage.quote(99.99, 100.01)
    assert open_prices(stage) == [("BUY", 99.5), ("SELL", 100.5)]


def test_leaves_its_orders_while_the_price_moves_little(stage):
    for n in range(20):
        stage.quote(99.9 + 0.001 * n, 100.1 + 0.001 * n, after_s=1)
    assert len(stage.orders) == 2


def test_requotes_when_the_price_has_moved(stage):
    stage.quote(99.9, 100.1)
    stage.quote(100.05, 100.2, after_s=1)
    stage.quote(100.05, 100.2, after_s=1)
    assert open_prices(stage) == [("BUY", 100.05), ("SELL", 100.2)]
    assert len(cancels(stage)) == 2


def test_a_fill_is_answered_with_a_new_order(stage):
    stage.quote(99.9, 100.1)
    stage.trade(99.8)
    assert open_prices(stage) == [("SELL", 100.1)]
    stage.quote(99.9, 100.1, after_s=1)
    assert open_prices(stage) == [("BUY", 99.9), ("SELL", 100.1)]


def test_a_partly_filled_order_stays_and_is_not_doubled(stage):
    stage.quote(99.9, 100.1)
    bid = next(order for order in stage.open_orders if order.side is Side.BUY)
    stage.fill(bid, "0.4")
    stage.quote(99.9, 100.1, after_s=1)
    (bid,) = [order for order in stage.open_orders if order.side is Side.BUY]
    assert (bid.status, bid.filled) == (OrderStatus.PARTIALLY_FILLED, Decimal("0.4"))


def test_bids_no_more_when_it_holds_enough(stage):
    for _ in range(10):
        stage.quote(99.9, 100.1, after_s=1)
        for order in stage.open_orders:
            if order.side is Side.BUY:
                stage.fill(order, order.remaining)
    assert 250 <= stage.position().quantity * 100 < 350
    assert open_prices(stage) == [("SELL", 100.1)]


def test_offers_no_more_when_it_is_short_enough(stage):
    for _ in range(10):
        stage.quote(99.9, 100.1, after_s=1)
        for order in stage.open_orders:
            if order.side is Side.SELL:
                stage.fill(order, order.remaining)
    assert -350 < stage.position().quantity * 100 <= -250
    assert open_prices(stage) == [("BUY", 99.9)]


def test_takes_the_bid_back_when_the_limit_is_reached_while_it_rests():
    stage = Stage(PLUGIN, size_quote=100, max_position_quote=99.9)
    stage.quote(99.9, 100.1)
    bid = next(order for order in stage.open_orders if order.side is Side.BUY)
    stage.fill(bid, "0.9999")
    stage.quote(100.09, 100.1, after_s=1)
    assert open_prices(stage) == [("SELL", 100.1)]
    stage.quote(100.09, 100.1, after_s=1)  # what it holds is worth too much to bid again
    assert open_prices(stage) == [("SELL", 100.1)]


def test_sells_only_what_it_bought_if_told_so():
    stage = Stage(PLUGIN, size_quote=100, allow_short=False)
    stage.quote(99.9, 100.1)
    assert open_prices(stage) == [("BUY", 99.9)]
    stage.fill(stage.open_orders[0], "0.5")
    stage.quote(99.9, 100.1, after_s=1)
    offer = next(order for order in stage.open_orders if order.side is Side.SELL)
    assert Decimal("0.49") < offer.quantity <= stage.position().quantity


def test_a_post_only_order_that_would_take_is_tried_again_later(stage):
    stage.reject_next("Order would immediately match and take.", -2010)
    stage.quote(99.9, 100.1)
    assert [order.status for order in stage.orders] == [OrderStatus.REJECTED, OrderStatus.OPEN]
    stage.quote(99.9, 100.1, after_s=1)
    assert len(stage.orders) == 2
    stage.quote(99.9, 100.1, after_s=1.5)
    assert open_prices(stage) == [("BUY", 99.9), ("SELL", 100.1)]


@pytest.mark.parametrize("state", [FeedState.DOWN, FeedState.STALE])
def test_takes_its_orders_back_when_the_market_goes_dark_and_returns_with_it(stage, state):
    stage.quote(99.9, 100.1)
    stage.market_feed(state)
    assert stage.open_orders == []
    stage.market_feed(FeedState.UP)
    stage.quote(99.9, 100.1, after_s=1)
    assert len(stage.open_orders) == 2


def test_takes_its_orders_back_and_asks_for_none_while_the_account_is_not_seen(stage):
    stage.quote(99.9, 100.1)
    stage.user_feed(FeedState.DOWN)
    assert stage.open_orders == []
    for _ in range(5):
        stage.quote(99.9, 100.1, after_s=1)
    assert len(stage.orders) == 2
    stage.user_feed(FeedState.UP)
    stage.quote(99.9, 100.1, after_s=1)
    assert len(stage.open_orders) == 2


def test_a_feed_of_another_symbol_is_none_of_its_business():
    stage = Stage(PLUGIN, symbols=("BTCUSDT", "ETHUSDT"))
    stage.quote(99.9, 100.1, symbol="BTCUSDT")
    stage.market_feed(FeedState.DOWN, symbols=("ETHUSDT",))
    assert len(stage.open_orders) == 2


def test_sends_few_requests_however_fast_the_quotes_come(stage):
    for n in range(1000):
        stage.quote(99.9 + n * 0.1, 100.1 + n * 0.1, after_s=0.01)
    seconds = 10
    assert len(stage.commands) <= seconds * 2 * 2 + 2


def test_leaves_nothing_behind(stage):
    stage.quote(99.9, 100.1)
    stage.stop()
    assert stage.open_orders == []
