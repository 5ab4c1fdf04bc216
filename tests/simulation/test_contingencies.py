"""One cancels the other, one triggers the other, one pays the other: and money adds up."""

from decimal import Decimal

import pytest

from bot.simulation.account import AccountSpec

D = Decimal
OCO = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "61000",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "59000",
}
WORKING = {
    "symbol": "BTCUSDT",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingQuantity": "1",
    "workingPrice": "59500",
    "workingTimeInForce": "GTC",
    "pendingSide": "SELL",
}
PAIR = {
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "61000",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "59000",
}


@pytest.fixture
def planner(trader_at):
    """Alice in an empty book, in which the last trade was at 60000."""
    alice = trader_at((), ())
    alice.beside("bob").print_price("60000")
    alice.exchange.take()
    return alice


def statuses(client, body):
    return [client.query(orderId=o["orderId"])["status"] for o in body["orders"]]


def told(client):
    """The events in brief: (order type, execution, status) or the list's status."""
    return [
        (e["o"], e["x"], e["X"]) if e["e"] == "executionReport" else e["L"]
        for e in client.events()
        if e["e"] != "outboundAccountPosition"
    ]


def test_a_partial_fill_of_the_limit_leg_ends_the_stop_leg(planner):
    body = planner.call("place_oco", **OCO)
    assert planner.funds("BTC") == (D(9), D(1))
    planner.events()
    planner.beside("bob").place(quantity="0.4", price="61000")
    assert told(planner) == [
        ("STOP_LOSS", "EXPIRED", "EXPIRED"),
        ("LIMIT_MAKER", "TRADE", "PARTIALLY_FILLED"),
    ]
    assert planner.query(orderId=body["orders"][0]["orderId"])["expiryReason"] == "OCO_TRIGGER"
    assert planner.funds("BTC") == (D(9), D("0.6"))
    planner.beside("bob").place(quantity="0.6", price="61000")
    assert told(planner) == [("LIMIT_MAKER", "TRADE", "FILLED"), "ALL_DONE"]
    assert planner.funds("BTC") == (D(9), D(0))


def test_a_triggered_stop_leg_ends_the_limit_leg(planner):
    bob = planner.beside("bob")
    body = planner.call("place_oco", **OCO)
    planner.events()
    bob.place(quantity="2", price="58500")
    bob.place("SELL", quantity="0.1", price="58900")
    bob.place(quantity="0.1", price="58900", selfTradePreventionMode="NONE")
    assert told(planner) == [
        ("LIMIT_MAKER", "EXPIRED", "EXPIRED"),
        ("STOP_LOSS", "NEW", "NEW"),
        ("STOP_LOSS", "TRADE", "FILLED"),
        "ALL_DONE",
    ]
    assert statuses(planner, body) == ["FILLED", "EXPIRED"]
    assert planner.funds("BTC") == (D(9), D(0))
    assert planner.exchange.depth({"symbol": "BTCUSDT"})["asks"] == []


def test_a_buying_pair_locks_the_dearer_leg_once(planner):
    buy = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "quantity": "1",
        "aboveType": "STOP_LOSS_LIMIT",
        "aboveStopPrice": "61000",
        "abovePrice": "61500",
        "aboveTimeInForce": "GTC",
        "belowType": "LIMIT_MAKER",
        "belowPrice": "59000",
    }
    planner.call("place_oco", **buy)
    assert planner.funds("USDT")[1] == 61500
    planner.beside("bob").place("SELL", quantity="0.5", price="59000")
    assert planner.funds("USDT") == (D(1_000_000) - 59000, D(29500))
    planner.call("cancel_open_orders", symbol="BTCUSDT")
    assert planner.funds("USDT") == (D(1_000_000) - 29500, D(0))


def test_a_filled_order_triggers_the_pending_one(planner):
    bob = planner.beside("bob")
    oto = WORKING | {
        "pendingType": "LIMIT",
        "pendingPrice": "62000",
        "pendingQuantity": "1",
        "pendingTimeInForce": "GTC",
    }
    body = planner.call("place_oto", **oto)
    assert statuses(planner, body) == ["NEW", "PENDING_NEW"]
    # Both orders are paid for at once.
    assert (planner.funds("USDT")[1], planner.funds("BTC")[1]) == (59500, 1)
    bob.place("SELL", quantity="0.9", price="59500")
    assert statuses(planner, body) == ["PARTIALLY_FILLED", "PENDING_NEW"]
    planner.events()
    bob.place("SELL", quantity="0.1", price="59500")
    assert told(planner) == [("LIMIT", "TRADE", "FILLED"), ("LIMIT", "NEW", "NEW")]
    assert planner.exchange.depth({"symbol": "BTCUSDT"})["asks"] == [
        ["62000.00000000", "1.00000000"]
    ]
    bob.place(quantity="1", price="62000")
    assert told(planner)[-1] == "ALL_DONE"
    assert planner.funds("USDT")[1] == planner.funds("BTC")[1] == 0


def test_an_order_filled_at_once_answers_before_the_pending_one_is_placed(planner):
    planner.beside("bob").place("SELL", quantity="1", price="59400")
    body = planner.call("place_otoco", **WORKING, **PAIR, pendingQuantity="1")
    assert [r["status"] for r in body["orderReports"]] == ["FILLED", "PENDING_NEW", "PENDING_NEW"]
    assert statuses(planner, body) == ["FILLED", "NEW", "NEW"]
    assert planner.funds("BTC")[1] == 1


def test_a_pending_pair_is_a_pair(planner):
    bob = planner.beside("bob")
    body = planner.call("place_otoco", **WORKING, **PAIR, pendingQuantity="1")
    bob.place("SELL", quantity="1", price="59500")
    bob.place(quantity="1", price="61000")
    assert statuses(planner, body) == ["FILLED", "EXPIRED", "FILLED"]
    assert planner.funds("BTC") == (D("9.999"), D(0))


def test_an_expired_first_order_takes_the_pending_ones_with_it(planner):
    body = planner.call("place_otoco", **WORKING | PAIR, pendingQuantity="1")
    mine = planner.place("SELL", quantity="1", price="59500")
    assert mine["preventedMatches"]
    assert statuses(planner, body) == ["EXPIRED_IN_MATCH", "EXPIRED", "EXPIRED"]
    reason = planner.query(orderId=body["orders"][1]["orderId"])["expiryReason"]
    assert reason == "OTO_PHASE_ONE_EXPIRED"
    assert planner.call("open_order_lists") == []
    planner.cancel(orderId=mine["orderId"])
    assert planner.funds("BTC") == (D(10), D(0))


def test_what_was_bought_pays_for_what_is_sold(planner):
    bob = planner.beside("bob")
    body = planner.call(
        "place_opo", **WORKING, pendingType="LIMIT", pendingPrice="62000", pendingTimeInForce="GTC"
    )
    assert "origQty" not in body["orderReports"][1]
    assert planner.funds("BTC") == (D(10), D(0))
    bob.place("SELL", quantity="0.4", price="59500")
    # The commission of 0.0004 came out of other funds.
    assert planner.funds("BTC") == (D("9.9996"), D("0.4"))
    bob.place("SELL", quantity="0.6", price="59500")
    pending = planner.query(orderId=body["orders"][1]["orderId"])
    assert (pending["status"], pending["origQty"]) == ("NEW", "1.00000000")
    assert planner.funds("BTC") == (D("9.999"), D(1))


def test_without_other_funds_the_commission_lessens_what_is_sold(trader_at):
    specs = [AccountSpec("alice", balances={"USDT": D(100_000)}), AccountSpec("bob")]
    client = trader_at((), (), specs=specs)
    bob = client.beside("bob")
    bob.print_price("60000")
    body = client.call("place_opoco", **WORKING, **PAIR)
    bob.place("SELL", quantity="1", price="59500")
    assert statuses(client, body) == ["FILLED", "NEW", "NEW"]
    pending = client.query(orderId=body["orders"][2]["orderId"])
    assert pending["origQty"] == "0.99900000"
    assert client.funds("BTC") == (D(0), D("0.999"))


def test_cancelling_in_between_frees_what_was_reserved(planner):
    body = planner.call("place_opo", **WORKING, pendingType="MARKET")
    planner.beside("bob").place("SELL", quantity="0.4", price="59500")
    planner.call("cancel_order_list", symbol="BTCUSDT", orderListId=body["orderListId"])
    assert planner.funds("BTC") == (D("10.3996"), D(0))
    assert planner.funds("USDT")[1] == 0


def test_a_pending_stop_that_is_already_past_is_rejected_and_its_partner_expires(planner):
    bob = planner.beside("bob")
    body = planner.call("place_otoco", **WORKING, **PAIR, pendingQuantity="1")
    bob.place(quantity="0.5", price="58800")
    planner.events()
    # One sale fills the first order and goes on through the stop price.
    bob.place("SELL", quantity="1.5", price="58800", selfTradePreventionMode="NONE")
    assert statuses(planner, body) == ["FILLED", "REJECTED", "EXPIRED"]
    rejected = next(e for e in planner.events() if e.get("X") == "REJECTED")
    assert rejected["r"] == "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY"
    assert planner.funds("BTC") == (D("10.999"), D(0))
    assert planner.call("open_order_lists") == []


def test_a_pending_pair_that_buys_goes_on_holding_what_its_dearer_order_needs(planner):
    placed = planner.call(
        "place_otoco",
        symbol="BTCUSDT",
        workingType="LIMIT",
        workingSide="SELL",
        workingQuantity="1",
        workingPrice="60500",
        workingTimeInForce="GTC",
        pendingSide="BUY",
        pendingQuantity="1",
        pendingAboveType="STOP_LOSS_LIMIT",
        pendingAboveStopPrice="61000",
        pendingAbovePrice="61500",
        pendingAboveTimeInForce="GTC",
        pendingBelowType="LIMIT_MAKER",
        pendingBelowPrice="59000",
    )
    planner.beside("bob").place(quantity="1", price="60500")
    assert statuses(planner, placed) == ["FILLED", "NEW", "NEW"]
    assert planner.funds("USDT")[1] == 61500
    planner.beside("bob").print_price("61000")
    assert statuses(planner, placed) == ["FILLED", "NEW", "EXPIRED"]
    assert planner.funds("USDT")[1] == 61500
