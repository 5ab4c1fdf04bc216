"""Every order is shown with the conditions that it has, and with no others."""

CONDITIONS = {
    "stopPrice",
    "trailingDelta",
    "trailingTime",
    "icebergQty",
    "strategyId",
    "strategyType",
    "pegPriceType",
    "peggedPrice",
    "preventedMatchId",
    "expiryReason",
}


def test_conditions_are_shown_where_they_were_made(alice):
    plain = alice.place(quantity="0.1", price="50000")
    assert not CONDITIONS & set(plain)
    stop = alice.place(
        "SELL",
        "STOP_LOSS",
        quantity="0.1",
        stopPrice="50000",
        trailingDelta=100,
        strategyId=5,
        newOrderRespType="RESULT",
    )
    assert CONDITIONS & set(stop) == {"stopPrice", "trailingDelta", "trailingTime", "strategyId"}
    asked = alice.query(orderId=plain["orderId"])
    assert (asked["stopPrice"], asked["icebergQty"]) == ("0.00000000", "0.00000000")
    canceled = alice.cancel(orderId=stop["orderId"])
    assert canceled["stopPrice"] == "50000.00000000"


def test_a_stop_order_is_acknowledged_by_default(alice):
    body = alice.place("SELL", "STOP_LOSS", quantity="0.1", stopPrice="50000")
    assert set(body) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
