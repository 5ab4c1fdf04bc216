"""Flatten: orders are cancelled first, then what is held is closed, past a shut gate."""

from decimal import Decimal
from operator import methodcaller

import msgspec

from bot.domain.commands import CancelOrder, SubmitOrder
from bot.domain.events import FlattenRequested, OrderDetails, ResumeRequested
from bot.domain.terms import PositionSide
from bot.domain.values import EXTERNAL, Market, OrderStatus, OrderType, Side
from bot.engine.identity import flatten_id


def flatten(driver, symbol=""):
    return driver.feed(FlattenRequested(symbol=symbol, reason="enough", recv_ns=driver.tick()))


def held(driver, quantity="1"):
    """A position of the puppet."""
    cid = driver.opened(quantity=quantity)
    driver.filled(cid, quantity=Decimal(quantity))
    return cid


def closings(driver, first):
    return [c for c in driver.sent(SubmitOrder) if c.order_type is OrderType.MARKET][first:]


def test_what_rests_is_cancelled_and_only_then_what_is_held_is_sold(live_engine):
    d = live_engine
    held(d, "0.5")
    resting = d.opened()
    effects = flatten(d)
    assert [type(c) for c in effects.commands] == [CancelOrder]
    assert d.engine.halted == "enough"
    d.wait(0.1)
    assert closings(d, 0) == []
    d.canceled(resting)
    d.wait(0.1)
    (sell,) = closings(d, 0)
    assert (sell.side, sell.quantity, sell.price) == (Side.SELL, Decimal("0.5"), None)
    assert d.engine.flattening.is_closing(sell.client_order_id)
    assert d.stored(sell.client_order_id).strategy_id == "puppet"
    d.submitted(sell.client_order_id)
    d.filled(sell.client_order_id, side=Side.SELL, quantity=Decimal("0.5"))
    d.wait(0.1)
    assert len(closings(d, 0)) == 1, "once is enough"
    assert not d.engine.flattening.is_active
    assert d.engine.flattening.left() == []


def test_a_fill_that_beat_the_cancel_is_closed_too(live_engine):
    d = live_engine
    resting = d.opened()
    flatten(d)
    d.filled(resting, quantity=Decimal(1))
    d.wait(0.1)
    (sell,) = closings(d, 0)
    assert sell.quantity == Decimal(1)


def test_a_short_position_is_bought_back(live_engine):
    d = live_engine
    cid = d.sell()
    d.submitted(cid)
    d.filled(cid, side=Side.SELL)
    flatten(d)
    (buy,) = closings(d, 0)
    assert (buy.side, buy.quantity) == (Side.BUY, Decimal(1))


def test_strategies_order_nothing_more_and_each_position_is_closed_under_its_own(engine_driver):
    d = engine_driver("one", "two").live()
    for strategy_id in ("one", "two"):
        cid = d.opened(strategy_id=strategy_id)
        d.filled(cid)
    flatten(d)
    assert [d.stored(c.client_order_id).strategy_id for c in closings(d, 0)] == ["one", "two"]
    assert d.stored(d.buy(strategy_id="one")).reason == "CLOSED: halted: enough"


def test_what_is_below_the_least_quantity_is_left_and_said_to_be(live_engine):
    d = live_engine
    cid = d.opened(quantity="0.2")
    d.filled(cid, quantity=Decimal("0.0004"))
    flatten(d)
    d.canceled(cid)
    d.wait(0.1)
    assert closings(d, 0) == []
    assert not d.engine.flattening.is_active
    (left,) = d.incidents("flatten_left")
    assert "puppet keeps 0.0004 BTCUSDT" in left.cause
    assert d.engine.flattening.left() == []
    assert d.engine.flattening.dust() == ["puppet holds 0.0004 BTCUSDT"]


def test_a_closing_order_that_is_refused_is_tried_three_times(live_engine):
    d = live_engine
    held(d)
    flatten(d)
    for _ in range(5):
        for command in closings(d, 0):
            if d.status(command.client_order_id) is OrderStatus.INTENT:
                d.submitted(command.client_order_id)
                d.rejected(command.client_order_id)
        d.wait(0.1)
    assert len(closings(d, 0)) == 3
    assert "came to nothing" in d.incidents("flatten_left")[0].cause
    assert d.engine.flattening.left() == ["puppet holds 1 BTCUSDT"]


def test_one_symbol_leaves_the_others(live_engine):
    d = live_engine
    held(d)
    flatten(d, "ETHUSDT")
    d.wait(0.1)
    assert closings(d, 0) == []


def test_a_resume_ends_it(live_engine):
    d = live_engine
    held(d)
    resting = d.opened()
    flatten(d)
    d.feed(ResumeRequested(reason="changed my mind", recv_ns=d.tick()))
    d.canceled(resting)
    d.wait(0.1)
    assert closings(d, 0) == []


def test_an_order_that_closed_a_position_past_the_engine_belongs_to_its_strategy(live_engine):
    d = live_engine
    held(d)
    cid = flatten_id("puppet", "run1", 0)
    details = OrderDetails(
        symbol="BTCUSDT",
        side=Side.SELL,
        order_type="MARKET",
        time_in_force="GTC",
        quantity=Decimal(1),
        price=None,
    )
    d.accepted(cid, 99, details=details)
    d.filled(cid, side=Side.SELL, venue_order_id=99)
    assert d.stored(cid).strategy_id == "puppet"
    assert d.engine.blotter.position("puppet", "BTCUSDT").quantity == 0
    assert d.engine.blotter.position(EXTERNAL, "BTCUSDT").quantity == 0
    assert d.incidents("flattened")
    assert d.incidents("unexplained_order") == []


def test_one_of_a_strategy_that_is_not_known_here_is_unexplained(live_engine):
    d = live_engine
    cid = flatten_id("somebody_else_entirely", "run1", 0)
    details = OrderDetails(
        symbol="BTCUSDT",
        side=Side.SELL,
        order_type="MARKET",
        time_in_force="GTC",
        quantity=Decimal(1),
        price=None,
    )
    d.accepted(cid, 99, details=details)
    assert d.stored(cid).strategy_id == EXTERNAL
    assert d.incidents("unexplained_order")


def test_in_hedge_mode_each_position_is_closed_by_its_own_side(engine_driver, btcusdt):
    contract = msgspec.structs.replace(btcusdt, market=Market.USDM, settle="USDT")
    d = engine_driver(instruments=(contract,)).live()
    for side, position_side in ((Side.BUY, PositionSide.LONG), (Side.SELL, PositionSide.SHORT)):
        ask = methodcaller(
            "buy" if side is Side.BUY else "sell", "BTCUSDT", 1, 100, position_side=position_side
        )
        cid = d.act(ask)
        d.accepted(cid, 70 + side.sign)
        d.filled(cid, side=side, venue_order_id=70 + side.sign)
    before = len(d.sent(SubmitOrder))
    d.feed(FlattenRequested(symbol="", reason="test", recv_ns=d.tick()))
    d.wait(1)
    closing = [(c.side, c.terms.position_side) for c in d.sent(SubmitOrder)[before:]]
    assert closing == [(Side.SELL, PositionSide.LONG), (Side.BUY, PositionSide.SHORT)]
