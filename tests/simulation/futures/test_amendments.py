"""Changing open orders."""

import pytest

from bot.simulation.errors import ApiError


def refused(call, *args, **params):
    with pytest.raises(ApiError) as e:
        call(*args, **params)
    return e.value.code


def modify(trader, order, *, side="BUY", **params):
    return trader.call(
        "modify_order", symbol="BTCUSDT", side=side, orderId=order["orderId"], **params
    )


@pytest.fixture
def resting(trader):
    return trader.place("BUY", "LIMIT", quantity="1", price="59000")


def test_price_and_quantity_change_and_are_reported(trader, resting):
    trader.events()
    answer = modify(trader, resting, price="59100", quantity="2", modifyId=7)
    assert (answer["price"], answer["origQty"], answer["status"]) == ("59100.00", "2.000", "NEW")
    assert answer["orderId"] == resting["orderId"]
    (event,) = trader.events()
    assert (event["o"]["x"], event["o"]["X"], event["o"]["M"]) == ("AMENDMENT", "NEW", 7)
    (row,) = trader.call("order_amendments", symbol="BTCUSDT", orderId=resting["orderId"])
    assert row["amendment"] == {
        "price": {"before": "59000.00", "after": "59100.00"},
        "origQty": {"before": "1.000", "after": "2.000"},
        "count": 1,
    }
    assert trader.exchange.top("BTCUSDT", 2)[0][1] == ["59100.00", "2.000"]


def test_a_changed_order_goes_to_the_end_of_the_queue(trader, resting):
    bob = trader.beside("bob")
    bob.place("BUY", "LIMIT", quantity="1", price="59000")
    modify(trader, resting, price="59000", quantity="0.9")
    trader.quote("58000.0", "59500.0")
    trader.beside("alice").place("SELL", quantity="1", selfTradePreventionMode="EXPIRE_MAKER")
    assert bob.position()["positionAmt"] == "1.000"


def test_a_better_price_may_trade_at_once(trader, resting):
    answer = modify(trader, resting, price="60000.1", quantity="1")
    assert answer["status"] == "FILLED"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"price": "59000", "quantity": "1"}, -5027),
        ({"price": "59100"}, -1102),
        ({"quantity": "1"}, -1102),
        ({"price": "59000.01", "quantity": "1"}, -4014),
        ({"price": "59000", "quantity": "0.0005"}, -1111),
        ({"price": "59000", "quantity": "0.001"}, -4164),
        ({"price": "59000", "quantity": "90"}, -2019),
        ({"price": "69000", "quantity": "1"}, -4016),
        ({"price": "59000", "quantity": "2", "side": "SELL"}, -2013),
        ({"price": "59000", "quantity": "2", "reduceOnly": "true"}, -5047),
    ],
)
def test_what_cannot_be_changed_is_refused_and_stays(trader, resting, params, code):
    assert refused(modify, trader, resting, **params) == code
    (order,) = trader.call("open_orders")
    assert (order["price"], order["origQty"]) == ("59000.00", "1.000")


def test_a_post_only_order_that_would_take_is_cancelled(trader):
    order = trader.place("BUY", "LIMIT", quantity="1", price="59000", timeInForce="GTX")
    assert modify(trader, order, price="60000.1", quantity="1")["status"] == "CANCELED"


def test_a_quantity_that_is_filled_already_cancels(trader):
    trader.quote("59000.0", "61000.0")
    order = trader.place("BUY", "LIMIT", quantity="2", price="60000")
    trader.beside("bob").place("SELL", quantity="1")
    assert modify(trader, order, price="60000", quantity="1")["status"] == "CANCELED"


def test_a_closed_order_cannot_be_changed(trader, resting):
    trader.call("cancel_order", symbol="BTCUSDT", orderId=resting["orderId"])
    assert refused(modify, trader, resting, price="59100", quantity="1") == -2013
