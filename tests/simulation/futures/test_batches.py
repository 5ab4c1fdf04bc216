"""Several orders in one request."""

import json

import pytest

from bot.simulation.errors import ApiError

WISH = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "59000"}


def test_each_order_of_a_batch_is_answered_by_itself(trader):
    wishes = [{**WISH, "quantity": "1"}, {**WISH, "quantity": "1", "reduceOnly": True}]
    good, bad = trader.call("batch_place", batchOrders=json.dumps(wishes))
    assert good["status"] == "NEW"
    assert bad == {"code": -2022, "msg": "ReduceOnly Order is rejected."}


def test_orders_can_be_changed_and_cancelled_together(trader):
    wishes = [{**WISH, "quantity": 1}, {**WISH, "quantity": 2}]
    placed = trader.call("batch_place", batchOrders=json.dumps(wishes))
    ids = [order["orderId"] for order in placed]
    changes = [
        {"symbol": "BTCUSDT", "side": "BUY", "orderId": i, "price": "59100", "quantity": "3"}
        for i in ids
    ]
    changed = trader.call("batch_modify", batchOrders=json.dumps(changes))
    assert [order["origQty"] for order in changed] == ["3.000", "3.000"]
    wanted = json.dumps([*ids, 999_999])
    answers = trader.call("batch_cancel", symbol="BTCUSDT", orderIdList=wanted)
    assert [a.get("status", a.get("code")) for a in answers] == ["CANCELED", "CANCELED", -2011]


def test_orders_can_be_cancelled_by_their_names(trader):
    trader.place("BUY", "LIMIT", quantity="1", price="59000", newClientOrderId="a")
    (answer,) = trader.call("batch_cancel", symbol="BTCUSDT", origClientOrderIdList='["a"]')
    assert answer["status"] == "CANCELED"


@pytest.mark.parametrize("listed", ["{}", "[1]", "[]", "x", json.dumps([WISH] * 6)])
def test_what_is_no_list_of_up_to_five_orders_is_refused(trader, listed):
    with pytest.raises(ApiError):
        trader.call("batch_place", batchOrders=listed)


@pytest.mark.parametrize("params", [{}, {"orderIdList": "x"}, {"orderIdList": "[]"}])
def test_what_is_no_list_of_orders_to_cancel_is_refused(trader, params):
    with pytest.raises(ApiError):
        trader.call("batch_cancel", symbol="BTCUSDT", **params)
