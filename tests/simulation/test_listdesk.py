"""Order lists are placed, shown and cancelled with the bodies of the documentation."""

from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError

D = Decimal
OCO = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "61000",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "59000",
    "belowPrice": "58900",
    "belowTimeInForce": "GTC",
}
LEGACY = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "1",
    "price": "61000",
    "stopPrice": "59000",
    "stopLimitPrice": "58900",
    "stopLimitTimeInForce": "GTC",
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
OTO = WORKING | {"pendingType": "MARKET", "pendingQuantity": "1"}
PAIR = {
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "61000",
    "pendingBelowType": "STOP_LOSS_LIMIT",
    "pendingBelowStopPrice": "59000",
    "pendingBelowPrice": "58900",
    "pendingBelowTimeInForce": "IOC",
}
OTOCO = WORKING | PAIR | {"pendingQuantity": "1"}
OPO = WORKING | {"pendingType": "MARKET"}
OPOCO = WORKING | PAIR


@pytest.fixture
def lister(trader_at):
    """Alice in an empty book, in which the last trade was at 60000."""
    alice = trader_at((), ())
    alice.beside("bob").print_price("60000")
    alice.exchange.take()
    return alice


def keys(body):
    """All keys of a body, for comparing shapes."""
    if isinstance(body, dict):
        return {k: keys(v) for k, v in body.items()}
    return [keys(x) for x in body] if isinstance(body, list) else None


def documented_rest(records, path):
    return next(r["body"] for r in records if r["path"] == path and isinstance(r["body"], dict))


def documented_ws(records, method):
    return next(r["response"]["result"] for r in records if r["wsMethod"] == method)


@pytest.mark.parametrize(
    ("call", "params", "orders"),
    [
        ("place_oco", OCO, 2),
        ("place_oco_legacy", LEGACY, 2),
        ("place_oto", OTO, 2),
        ("place_otoco", OTOCO, 3),
        ("place_opo", OPO, 2),
        ("place_opoco", OPOCO, 3),
    ],
)
def test_a_list_answers_with_all_its_orders(lister, call, params, orders):
    body = lister.call(call, **params)
    assert len(body["orders"]) == len(body["orderReports"]) == orders
    assert body["listOrderStatus"] == "EXECUTING"
    ids = [o["orderId"] for o in body["orders"]]
    assert ids == sorted(ids)
    assert {r["orderListId"] for r in body["orderReports"]} == {body["orderListId"]}
    shown = {k: v for k, v in body.items() if k != "orderReports"}
    assert lister.call("query_order_list", orderListId=body["orderListId"]) == shown
    assert lister.call("open_order_lists") == lister.call("all_order_lists") == [shown]
    count = lister.call("unfilled_order_count")[0]["count"]
    assert count == orders
    events = lister.events()
    assert [e["x"] for e in events if e["e"] == "executionReport"] == ["NEW"] * orders
    told = events[orders]
    assert (told["e"], told["l"], told["L"], told["g"]) == (
        "listStatus",
        "EXEC_STARTED",
        "EXECUTING",
        body["orderListId"],
    )


def test_bodies_have_the_documented_keys(lister, shared_json):
    ws = shared_json("wsapi/exchanges_spot.jsonl")
    rest = shared_json("rest/responses_spot.jsonl")
    wide = lister.beside("bob")
    # A buy, like the example: its stop leg is the one above.
    oco = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "quantity": "1",
        "aboveType": "STOP_LOSS_LIMIT",
        "aboveStopPrice": "61000",
        "abovePrice": "61100",
        "aboveTimeInForce": "GTC",
        "belowType": "LIMIT_MAKER",
        "belowPrice": "59000",
    }
    placed = wide.call("place_oco", **oco)
    assert keys(placed) == keys(documented_ws(ws, "orderList.place.oco"))
    assert keys(lister.call("place_opo", **OPO)) == keys(documented_ws(ws, "orderList.place.opo"))
    opoco = lister.call("place_opoco", **OPOCO)
    assert keys(opoco) == keys(documented_ws(ws, "orderList.place.opoco"))
    theirs = documented_rest(rest, "/api/v3/orderList")
    query = wide.call("query_order_list", origClientOrderId=placed["listClientOrderId"])
    assert list(query) == [k for k in theirs if k != "orderReports"]
    canceled = wide.call("cancel_order_list", symbol="BTCUSDT", orderListId=placed["orderListId"])
    assert set(canceled) == set(theirs) | {"orderReports"}
    report = next(
        r
        for record in rest
        if record["path"] == "/api/v3/openOrders" and record["method"] == "DELETE"
        for body in record["body"]
        for r in body.get("orderReports", ())
        if r["type"] == "STOP_LOSS_LIMIT"
    )
    assert set(canceled["orderReports"][0]) == set(report) - {"icebergQty"}


def test_cancelling_a_list_cancels_its_orders_and_frees_the_funds(lister):
    placed = lister.call("place_otoco", **OTOCO, newOrderRespType="ACK")
    assert set(placed["orderReports"][0]) == {
        "symbol",
        "orderId",
        "orderListId",
        "clientOrderId",
        "transactTime",
    }
    assert (lister.funds("USDT")[1], lister.funds("BTC")[1]) == (59500, 1)
    lister.events()
    body = lister.call(
        "cancel_order_list",
        symbol="BTCUSDT",
        listClientOrderId=placed["listClientOrderId"],
        newClientOrderId="bye",
    )
    assert (body["listStatusType"], body["listOrderStatus"]) == ("ALL_DONE", "ALL_DONE")
    assert {(r["clientOrderId"], r["status"]) for r in body["orderReports"]} == {
        ("bye", "CANCELED")
    }
    events = lister.events()
    assert [e.get("X", e.get("L")) for e in events[:-1]] == ["CANCELED"] * 3 + ["ALL_DONE"]
    assert lister.funds("USDT")[1] == lister.funds("BTC")[1] == 0
    assert lister.call("open_order_lists") == []
    with pytest.raises(ApiError, match="Unknown order sent"):
        lister.call("cancel_order_list", symbol="BTCUSDT", orderListId=body["orderListId"])


def test_cancelling_one_order_cancels_its_list(lister):
    placed = lister.call("place_oco", **OCO)
    body = lister.cancel(orderId=placed["orders"][0]["orderId"])
    assert body["orderListId"] == placed["orderListId"]
    assert [r["status"] for r in body["orderReports"]] == ["CANCELED", "CANCELED"]
    single = lister.place("SELL", quantity="0.1", price="62000")["orderId"]
    again = lister.call("place_oco", **OCO)
    bodies = lister.call("cancel_open_orders", symbol="BTCUSDT")
    assert [b.get("orderId") for b in bodies] == [single, None]
    assert bodies[1]["orderListId"] == again["orderListId"]


@pytest.mark.parametrize(
    ("call", "params", "code", "msg"),
    [
        ("place_oco", OCO | {"abovePrice": "60000"}, -2010, "relationship of the prices"),
        ("place_oco", OCO | {"belowStopPrice": "60000"}, -2010, "relationship of the prices"),
        ("place_oco", OCO | {"quantity": "11"}, -2010, "insufficient balance"),
        ("place_oto", OTO | {"pendingQuantity": "11"}, -2010, "insufficient balance"),
        ("place_oto", OTO | {"workingPrice": "59500.001"}, -1013, "PRICE_FILTER"),
        ("place_otoco", OTOCO | {"pendingAbovePrice": "58000"}, -2010, "relationship"),
        (
            "place_oto",
            OTO | {"workingClientOrderId": "same", "pendingClientOrderId": "same"},
            -2010,
            "Duplicate order sent.",
        ),
        ("place_oco", OCO | {"symbol": "XYZ"}, -1121, "Invalid symbol."),
    ],
)
def test_a_refused_list_leaves_nothing_behind(lister, call, params, code, msg):
    with pytest.raises(ApiError) as refused:
        lister.call(call, **params)
    assert refused.value.code == code
    assert msg in refused.value.msg
    assert lister.funds("BTC") == (D(10), D(0))
    assert lister.funds("USDT") == (D(1_000_000), D(0))
    assert lister.events() == []
    assert lister.call("all_order_lists") == []


def test_list_ids_of_clients_are_unique_among_open_lists(lister):
    lister.call("place_oco", **OCO, listClientOrderId="pair")
    with pytest.raises(ApiError, match="Duplicate order sent"):
        lister.call("place_oco", **OCO, listClientOrderId="pair")
    lister.call("cancel_order_list", symbol="BTCUSDT", listClientOrderId="pair")
    lister.call("place_oco", **OCO, listClientOrderId="pair")


def test_no_more_lists_are_open_than_the_limit(lister):
    for _ in range(20):
        lister.clock[0] += 10_000
        lister.call("place_oto", **OTO | {"workingQuantity": "0.01", "pendingQuantity": "0.01"})
    with pytest.raises(ApiError, match="MAX_NUM_ORDER_LISTS"):
        lister.call("place_oto", **OTO)


def test_what_does_not_exist_is_not_found(lister):
    with pytest.raises(ApiError) as refused:
        lister.call("query_order_list", orderListId=77)
    assert refused.value.code == -2013
    with pytest.raises(ApiError, match="must be sent"):
        lister.call("query_order_list")


def test_a_list_counts_with_all_its_orders_against_the_limit(lister):
    for number in range(98):
        lister.place(quantity="0.001", price=f"{50000 + number}")
    with pytest.raises(ApiError) as refused:
        lister.call("place_otoco", **OTOCO)
    assert (refused.value.status, refused.value.code) == (429, -1015)
    lister.call("place_oto", **OTO)


def test_a_list_without_a_name_gets_one_that_no_order_has(lister):
    made = [lister.call("place_oco", **OCO) for _ in range(2)]
    made.append(lister.call("place_oto", **OTO))
    names = [body["listClientOrderId"] for body in made]
    names += [order["clientOrderId"] for body in made for order in body["orders"]]
    assert len(set(names)) == len(names) == 9
    assert all(len(name) == 22 for name in names)
