"""An order that becomes smaller keeps its place; anything else is no amendment."""

from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError

D = Decimal


def amend(client, order_id, quantity, **more):
    params = {"symbol": "BTCUSDT", "orderId": order_id, "newQty": quantity, **more}
    return client.call("amend_order", **params)


def refusal(call, *args, **kwargs):
    with pytest.raises(ApiError) as refused:
        call(*args, **kwargs)
    return refused.value.code, refused.value.msg


def test_a_smaller_order_keeps_its_priority(alice):
    bob = alice.beside("bob")
    mine = alice.place(quantity="1", price="60000.50", newClientOrderId="mine")["orderId"]
    bob.place(quantity="1", price="60000.50")
    alice.events()
    body = amend(alice, mine, "0.4", newClientOrderId="less")
    order = body["amendedOrder"]
    assert (order["qty"], order["origClientOrderId"], order["clientOrderId"]) == (
        "0.40000000",
        "mine",
        "less",
    )
    assert alice.funds("USDT")[1] == D("24000.2")
    replaced = alice.events()[0]
    assert (replaced["x"], replaced["X"], replaced["q"], replaced["c"], replaced["C"]) == (
        "REPLACED",
        "NEW",
        "0.40000000",
        "less",
        "mine",
    )
    assert replaced["I"] == body["executionId"]
    bob.place("SELL", "MARKET", quantity="0.4")
    assert alice.query(orderId=mine)["status"] == "FILLED"


def test_without_a_client_id_it_gets_a_random_one(alice):
    mine = alice.place(quantity="1", price="59000", newClientOrderId="mine")["orderId"]
    new_id = amend(alice, mine, "0.5")["amendedOrder"]["clientOrderId"]
    assert len(new_id) == 22
    assert alice.query(origClientOrderId=new_id)["orderId"] == mine
    assert alice.cancel(origClientOrderId=new_id)["origClientOrderId"] == new_id
    kept = alice.place(quantity="1", price="59000", newClientOrderId="mine")["orderId"]
    body = amend(alice, kept, "0.5", newClientOrderId="mine")
    assert body["amendedOrder"]["clientOrderId"] == "mine"


def test_what_is_no_reduction_is_refused(alice):
    mine = alice.place(quantity="1", price="59000")["orderId"]
    same = "The requested action would change no state; rejecting"
    assert refusal(amend, alice, mine, "1") == (-2038, same)
    more = "Order amend (quantity increase) is not supported."
    assert refusal(amend, alice, mine, "1.1") == (-2038, more)
    assert refusal(amend, alice, 999, "0.5") == (-2038, "Unknown order sent.")
    assert refusal(amend, alice, mine, "0.000001") == (-1013, "Filter failure: LOT_SIZE")
    assert refusal(amend, alice, mine, "0.00001") == (-1013, "Filter failure: NOTIONAL")
    alice.place(quantity="0.1", price="59000", newClientOrderId="taken")
    said = refusal(amend, alice, mine, "0.5", newClientOrderId="taken")
    assert said == (-2038, "Duplicate order sent.")
    assert alice.call("amendments", symbol="BTCUSDT", orderId=mine) == []


def test_ten_amendments_are_enough(alice):
    mine = alice.place(quantity="1", price="59000")["orderId"]
    for number in range(10):
        amend(alice, mine, f"0.{9 - number}9")
    said = refusal(amend, alice, mine, "0.05")
    assert said == (-2038, "Filter failure: MAX_NUM_ORDER_AMENDS")
    rows = alice.call("amendments", symbol="BTCUSDT", orderId=mine)
    assert [r["newQty"] for r in rows[:2]] == ["0.99000000", "0.89000000"]
    assert rows[1]["origClientOrderId"] == rows[0]["newClientOrderId"]
    some = alice.call(
        "amendments", symbol="BTCUSDT", orderId=mine, fromExecutionId=rows[8]["executionId"]
    )
    assert some == rows[8:]


def test_an_amendment_to_what_is_filled_already_ends_the_order(alice):
    mine = alice.place(quantity="1", price="60000.50")["orderId"]
    alice.beside("bob").place("SELL", quantity="0.6", price="60000.50")
    body = amend(alice, mine, "0.6")
    assert body["amendedOrder"]["status"] == "EXPIRED"
    assert alice.funds("USDT")[1] == 0
    assert alice.call("open_orders") == []


def test_the_hidden_part_of_an_iceberg_goes_first(alice):
    mine = alice.place(quantity="1", price="60000.50", icebergQty="0.3")["orderId"]
    amend(alice, mine, "0.5")
    best = alice.exchange.depth({"symbol": "BTCUSDT"})["bids"][0]
    assert best == ["60000.50000000", "0.30000000"]
    alice.beside("bob").place("SELL", quantity="0.5", price="60000.50")
    assert alice.query(orderId=mine)["status"] == "FILLED"
    assert alice.funds("USDT")[1] == 0


def test_an_order_of_a_list_tells_of_its_list(alice):
    alice.beside("bob").place(quantity="0.1", price="60001")
    body = alice.call(
        "place_oto",
        symbol="BTCUSDT",
        workingType="LIMIT",
        workingSide="BUY",
        workingQuantity="1",
        workingPrice="59000",
        workingTimeInForce="GTC",
        pendingType="MARKET",
        pendingSide="SELL",
        pendingQuantity="1",
    )
    alice.events()
    amended = amend(alice, body["orders"][0]["orderId"], "0.5")
    status = amended["listStatus"]
    assert status["orderListId"] == body["orderListId"]
    assert status["orders"][0]["clientOrderId"] == amended["amendedOrder"]["clientOrderId"]
    updated = next(e for e in alice.events() if e["e"] == "listStatus")
    assert (updated["l"], updated["L"]) == ("UPDATED", "EXECUTING")


def test_the_answer_has_the_documented_keys(alice, shared_json):
    records = shared_json("wsapi/exchanges_spot.jsonl")
    theirs = next(
        r["response"]["result"] for r in records if r["wsMethod"] == "order.amend.keepPriority"
    )
    mine = alice.place(quantity="1", price="59000")["orderId"]
    body = amend(alice, mine, "0.5")
    assert list(body) == list(theirs)
    assert list(body["amendedOrder"]) == list(theirs["amendedOrder"])
    rows = next(
        r["body"]
        for r in shared_json("rest/responses_spot.jsonl")
        if r["path"] == "/api/v3/order/amendments"
    )
    row = alice.call("amendments", symbol="BTCUSDT", orderId=mine)[0]
    assert list(row) == list(rows[0])
