"""Conditional orders, lists and changes on the stage: what a plugin's test can rely on."""

from decimal import Decimal

import pytest

from bot import OrderStatus, QuoteTick, Side, Strategy, StrategyParams
from bot.testing import Stage

D = Decimal


class Idle(Strategy[StrategyParams]):
    """Does nothing by itself; the tests ask on its behalf."""

    def on_start(self) -> None:
        self.subscribe_quotes(self.symbols[0])

    def on_quote(self, quote: QuoteTick) -> None:
        pass


@pytest.fixture
def stage():
    made = Stage(Idle)
    made.quote(99.9, 100.1)
    return made


def status(stage, cid):
    stage.advance(0)
    return next(order.status for order in stage.orders if order.client_order_id == cid)


def average(stage, cid):
    return next(o.average_price for o in stage.orders if o.client_order_id == cid)


def test_a_stop_waits_for_its_price_and_takes_the_touch(stage):
    cid = stage.strategy.stop("BTCUSDT", Side.SELL, 1, 95)
    assert status(stage, cid) is OrderStatus.OPEN
    stage.quote(95.1, 95.3)
    assert status(stage, cid) is OrderStatus.OPEN
    stage.quote(94.0, 94.2)
    assert (status(stage, cid), average(stage, cid)) == (OrderStatus.FILLED, D("94.0"))


def test_a_stop_with_a_limit_rests_where_the_market_ran_past_it(stage):
    cid = stage.strategy.stop("BTCUSDT", Side.BUY, 1, 105, 106)
    stage.quote(107.0, 107.2)
    assert status(stage, cid) is OrderStatus.OPEN
    stage.quote(105.0, 105.5)
    assert (status(stage, cid), average(stage, cid)) == (OrderStatus.FILLED, D(106))


def test_a_take_profit_waits_for_the_other_side(stage):
    cid = stage.strategy.take_profit("BTCUSDT", Side.SELL, 1, 105)
    stage.quote(95.0, 95.2)
    assert status(stage, cid) is OrderStatus.OPEN
    stage.quote(105.0, 105.2)
    assert status(stage, cid) is OrderStatus.FILLED


def test_a_trailing_stop_follows_the_best_price(stage):
    cid = stage.strategy.trailing_stop("BTCUSDT", Side.SELL, 1, distance_percent=2)
    for bid in (99.9, 110.0, 108.0):
        stage.quote(bid, bid + 0.2)
        assert status(stage, cid) is OrderStatus.OPEN
    stage.quote(107.8, 108.0)
    assert status(stage, cid) is OrderStatus.FILLED


def test_a_trailing_stop_begins_at_its_activation_price(stage):
    cid = stage.strategy.trailing_stop(
        "BTCUSDT", Side.SELL, 1, distance_percent=2, activation_price=105
    )
    stage.quote(90.0, 90.2)
    assert status(stage, cid) is OrderStatus.OPEN
    stage.quote(105.0, 105.2)
    stage.quote(102.8, 103.0)
    assert status(stage, cid) is OrderStatus.FILLED


def test_a_bracket_protects_its_entry_and_ends_with_one_exit(stage):
    ids = stage.strategy.bracket("BTCUSDT", Side.BUY, 1, take_profit=110, stop=90)
    assert status(stage, ids.entry) is OrderStatus.FILLED
    assert status(stage, ids.take_profit) is OrderStatus.OPEN
    stage.quote(89.0, 89.2)
    assert status(stage, ids.stop_loss) is OrderStatus.FILLED
    assert status(stage, ids.take_profit) is OrderStatus.CANCELED


def test_an_order_is_amended_and_replaced(stage):
    cid = stage.strategy.buy("BTCUSDT", 1, 90)
    stage.advance(0)
    stage.strategy.amend(cid, quantity=D("0.5"))
    stage.advance(0)
    assert stage.strategy.order(cid).quantity == D("0.5")
    new = stage.strategy.replace(cid, price=91)
    assert status(stage, cid) is OrderStatus.CANCELED
    assert status(stage, new) is OrderStatus.OPEN
    assert stage.strategy.order(new).price == 91
