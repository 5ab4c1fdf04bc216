"""Placing and cancelling orders: what is matched, what is said, what is refused."""

from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.rules import symbol_rules

D = Decimal


def refusal(call, *args, **kwargs):
    with pytest.raises(ApiError) as refused:
        call(*args, **kwargs)
    return refused.value.code, refused.value.msg


def test_a_limit_order_inside_the_spread_rests_and_locks_its_funds(alice):
    body = alice.place(quantity="0.5", price="60000.50", newClientOrderId="mine")
    assert (body["status"], body["executedQty"], body["fills"]) == ("NEW", "0.00000000", [])
    assert alice.funds("USDT") == (D("969999.75"), D("30000.25"))
    assert alice.exchange.depth({"symbol": "BTCUSDT"})["bids"][0] == [
        "60000.50000000",
        "0.50000000",
    ]


def test_a_taker_walks_the_book_by_price(alice):
    body = alice.place(quantity="2.5", price="60005")
    assert [(f["price"], f["qty"]) for f in body["fills"]] == [
        ("60001.00000000", "1.00000000"),
        ("60002.00000000", "1.50000000"),
    ]
    assert body["status"] == "FILLED"
    assert body["cummulativeQuoteQty"] == "150004.00000000"
    assert alice.funds("BTC") == (D("12.4975"), D(0))
    assert alice.funds("USDT") == (D("849996"), D(0))


def test_at_one_price_the_earlier_order_is_filled_first(alice):
    bob = alice.beside("bob")
    alice.place(quantity="0.3", price="60000.50", newClientOrderId="first")
    bob.place(quantity="0.3", price="60000.50", newClientOrderId="second")
    bob.place("SELL", "MARKET", quantity="0.4", selfTradePreventionMode="NONE")
    assert alice.query(origClientOrderId="first")["executedQty"] == "0.30000000"
    assert bob.query(origClientOrderId="second")["executedQty"] == "0.10000000"


def test_what_is_left_of_a_gtc_order_rests(alice):
    body = alice.place("SELL", quantity="4", price="59999")
    assert (body["status"], body["executedQty"]) == ("PARTIALLY_FILLED", "3.00000000")
    assert alice.funds("BTC") == (D(6), D(1))
    assert alice.exchange.depth({"symbol": "BTCUSDT"})["asks"][0] == [
        "59999.00000000",
        "1.00000000",
    ]


def test_what_is_left_of_an_ioc_order_expires(alice):
    body = alice.place(quantity="2", price="60001", timeInForce="IOC")
    assert (body["status"], body["executedQty"]) == ("EXPIRED", "1.00000000")
    assert body["expiryReason"] == "UNFILLED_IOC_QUANTITY_EXPIRED"
    assert alice.funds("USDT") == (D("939999"), D(0))


def test_a_fok_order_trades_all_or_nothing(alice):
    nothing = alice.place(quantity="1.00001", price="60001", timeInForce="FOK")
    assert (nothing["status"], nothing["executedQty"]) == ("EXPIRED", "0.00000000")
    assert nothing["expiryReason"] == "UNFILLED_FOK_ORDER_EXPIRED"
    whole = alice.place(quantity="1", price="60001", timeInForce="FOK")
    assert whole["status"] == "FILLED"


def test_a_limit_maker_order_never_takes(alice):
    said = refusal(alice.place, kind="LIMIT_MAKER", quantity="1", price="60001")
    assert said == (-2010, "Order would immediately match and take.")
    body = alice.place(kind="LIMIT_MAKER", quantity="1", price="60000.99")
    assert sorted(body) == sorted(
        ["symbol", "orderId", "orderListId", "clientOrderId", "transactTime"]
    )


def test_a_market_order_that_runs_out_of_book_expires(alice):
    body = alice.place("SELL", "MARKET", quantity="9.5")
    assert (body["status"], body["executedQty"]) == ("EXPIRED", "8.00000000")
    assert body["expiryReason"] == "INSUFFICIENT_LIQUIDITY"
    assert alice.funds("BTC") == (D(2), D(0))


def test_a_quote_amount_buys_the_nearest_quantity_below_it(alice):
    body = alice.place(kind="MARKET", quoteOrderQty="100000")
    # 1 at 60001, then 39999 / 60002 = 0.66662..., cut to the step
    assert (body["origQty"], body["status"]) == ("1.66662000", "FILLED")
    assert D(body["cummulativeQuoteQty"]) == D("60001") + D("0.66662") * 60002
    assert body["origQuoteOrderQty"] == "100000.00000000"


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (
            {"quantity": "100", "price": "60000"},
            "Account has insufficient balance for requested action.",
        ),
        (
            {"kind": "LIMIT_MAKER", "quantity": "1", "price": "60001"},
            "Order would immediately match and take.",
        ),
        (
            {"quantity": "1", "price": "60000", "icebergQty": "1.1"},
            "IcebergQty exceeds QTY.",
        ),
        (
            {"quantity": "1", "price": "60000", "icebergQty": "0.1", "timeInForce": "IOC"},
            "Unsupported order combination",
        ),
        (
            {"kind": "MARKET", "quantity": "1", "pegPriceType": "PRIMARY_PEG"},
            "This order type may not use pegged price.",
        ),
        (
            {"kind": "LIMIT_MAKER", "quantity": "1", "pegPriceType": "MARKET_PEG"},
            "This price peg cannot be used with this order type.",
        ),
        (
            {
                "quantity": "1",
                "pegPriceType": "MARKET_PEG",
                "pegOffsetType": "PRICE_LEVEL",
                "pegOffsetValue": "3",
            },
            "Order book liquidity is too low for this pegged order.",
        ),
    ],
)
def test_the_matching_engine_refuses_in_binances_words(alice, order, said):
    assert refusal(alice.place, **order) == (-2010, said)
    assert alice.events() == []


def test_a_client_id_is_unique_among_open_orders_only(alice):
    alice.place(quantity="1", price="59000", newClientOrderId="again")
    said = refusal(alice.place, quantity="1", price="59000", newClientOrderId="again")
    assert said == (-2010, "Duplicate order sent.")
    alice.beside("bob").place(quantity="1", price="59000", newClientOrderId="again")
    alice.cancel(origClientOrderId="again")
    second = alice.place(quantity="1", price="58000", newClientOrderId="again")
    assert alice.query(origClientOrderId="again")["orderId"] == second["orderId"]


def test_a_cancel_has_a_client_id_of_its_own(alice):
    placed = alice.place(quantity="1", price="59000", newClientOrderId="mine")
    body = alice.cancel(orderId=placed["orderId"])
    assert (body["origClientOrderId"], body["status"]) == ("mine", "CANCELED")
    assert len(body["clientOrderId"]) == 22
    assert alice.funds("USDT") == (D(1_000_000), D(0))
    chosen = alice.place(quantity="1", price="59000")
    body = alice.cancel(orderId=chosen["orderId"], newClientOrderId="bye")
    assert body["clientOrderId"] == "bye"


def test_what_is_not_open_cannot_be_cancelled(alice):
    said = (-2011, "Unknown order sent.")
    assert refusal(alice.cancel, orderId=12345) == said
    filled = alice.place(quantity="0.1", price="60001")
    assert refusal(alice.cancel, orderId=filled["orderId"]) == said
    assert refusal(alice.call, "cancel_open_orders", symbol="BTCUSDT") == said
    both = alice.place(quantity="0.1", price="59000", newClientOrderId="mine")["orderId"]
    said = refusal(alice.cancel, orderId=both, origClientOrderId="yours")
    assert said == (-2039, "Client order ID is not correct for this order ID.")


def test_cancel_restrictions_look_at_the_status(alice):
    order = alice.place(quantity="0.1", price="59000")["orderId"]
    said = refusal(alice.cancel, orderId=order, cancelRestrictions="ONLY_PARTIALLY_FILLED")
    assert said == (-2011, "Order was not canceled due to cancel restrictions.")
    said = refusal(alice.cancel, orderId=order, cancelRestrictions="NEVER")
    assert said == (-1145, "Invalid cancelRestrictions")
    assert alice.cancel(orderId=order, cancelRestrictions="ONLY_NEW")["status"] == "CANCELED"


def test_cancel_all_cancels_the_symbols_orders_only(alice):
    for price in ("59000", "59001"):
        alice.place(quantity="0.1", price=price)
    alice.call(
        "place_order",
        symbol="ETHUSDT",
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="1",
        price="3000",
    )
    bodies = alice.call("cancel_open_orders", symbol="BTCUSDT")
    assert [b["status"] for b in bodies] == ["CANCELED", "CANCELED"]
    assert [o["symbol"] for o in alice.call("open_orders")] == ["ETHUSDT"]


def test_a_test_order_is_checked_and_forgotten(alice):
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
    assert alice.call("test_order", **order) == {}
    rates = alice.call("test_order", **order, computeCommissionRates="true")
    assert rates["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00100000"}
    assert refusal(alice.call, "test_order", **order | {"quantity": "0"})[0] == -1013
    assert alice.exchange.state()["orders"] == []


def test_an_unknown_account_is_refused(alice):
    code, _ = refusal(alice.beside("mallory").place, quantity="1", price="1")
    assert code == -2015


def test_the_walks_of_the_documentation(trader_at, shared_json):
    known = shared_json("vectors/matching_walks.json")["cases"]
    assert len(known) == 5
    # The others are routed: see test_routing.py.
    cases = [c for c in known if "SOR" not in c["id"]]
    assert len(cases) == 2
    for case in cases:
        wide = symbol_rules("BTCUSDT", tick="1", step="0.1", max_quantity="1000")
        client = trader_at(case.get("bids", ()), case.get("asks", ()), symbols=[wide])
        order = case["order"]
        body = client.place(
            order["side"],
            order["type"],
            quantity=order["qty"],
            price=order["price"],
            timeInForce=order["tif"],
        )
        assert [[D(f["price"]), D(f["qty"])] for f in body["fills"]] == [
            [D(p), D(q)] for p, q in case["fills"]
        ]
        assert D(body["cummulativeQuoteQty"]) == D(case["quote"])
        assert body["status"] == case["status"]
        if "resting" in case:
            depth = client.exchange.depth({"symbol": "BTCUSDT"})
            side = "asks" if order["side"] == "SELL" else "bids"
            assert [D(x) for x in depth[side][0]] == [D(x) for x in case["resting"]]


def test_smart_order_routing_has_one_book_to_route_to(alice):
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    order |= {"quantity": "0.1", "price": "60001"}
    assert alice.call("sor_test", **order) == {}
    body = alice.call("sor_order", **order)
    assert (body["status"], body["usedSor"], body["workingFloor"]) == ("FILLED", True, "SOR")
    assert {(e["uS"], e["k"]) for e in alice.events()[:-1]} == {(True, "SOR")}
    assert alice.call("allocations", symbol="BTCUSDT") == []
    said = refusal(alice.call, "sor_order", **order | {"type": "LIMIT_MAKER"})
    assert said[0] in {-1106, -1116}
    quote = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quoteOrderQty": "100"}
    assert refusal(alice.call, "sor_order", **quote)[0] == -1104
