"""Order lists over REST and the WebSocket API, and what the user stream says of them."""

import pytest

OCO = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.1", "aboveType": "LIMIT_MAKER"}
OCO |= {"abovePrice": "60000", "belowType": "STOP_LOSS", "belowStopPrice": "45000"}
WORKING = {"symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY"}
WORKING |= {"workingTimeInForce": "GTC", "workingPrice": "49000", "workingQuantity": "0.1"}
PENDING = {"pendingType": "LIMIT", "pendingSide": "SELL", "pendingTimeInForce": "GTC"}
PENDING |= {"pendingPrice": "60000"}
LEGS = {"pendingSide": "SELL", "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "60000"}
LEGS |= {"pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "45000"}
QUANTITY = {"pendingQuantity": "0.1"}
OLD = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.1", "price": "60000"}
OLD |= {"stopPrice": "45000"}
FORMS = {
    "orderList/oco": ("orderList.place.oco", OCO, 2, "OCO"),
    "order/oco": ("orderList.place", OLD, 2, "OCO"),
    "orderList/oto": ("orderList.place.oto", WORKING | PENDING | QUANTITY, 2, "OTO"),
    "orderList/otoco": ("orderList.place.otoco", WORKING | LEGS | QUANTITY, 3, "OTO"),
    "orderList/opo": ("orderList.place.opo", WORKING | PENDING, 2, "OTO"),
    "orderList/opoco": ("orderList.place.opoco", WORKING | LEGS, 3, "OTO"),
}


@pytest.mark.parametrize("path", FORMS)
async def test_each_form_counts_its_orders_and_weighs_nothing(sim, path):
    _, params, orders, contingency = FORMS[path]
    url = f"{sim.http}/api/v3/{path}?{sim.signed(**params)}"
    async with sim.session.post(url, headers={"X-MBX-APIKEY": "sim-key"}) as response:
        body = await response.json()
        assert response.status == 200, body
        assert response.headers["X-MBX-ORDER-COUNT-10S"] == str(orders)
        assert response.headers["X-MBX-USED-WEIGHT-1M"] == "0"
    assert body["contingencyType"] == contingency
    assert len(body["orders"]) == len(body["orderReports"]) == orders
    refused = await sim.call("POST", path, **params | {"symbol": "NOSUCH"})
    assert refused == (400, {"code": -1121, "msg": "Invalid symbol."})


@pytest.mark.parametrize("path", FORMS)
async def test_each_form_is_placed_asked_for_and_cancelled_on_the_websocket_api(sim, path):
    method, params, orders, _ = FORMS[path]
    api = await sim.connect("/ws-api/v3")

    async def ask(name, **asked):
        reply = await api.ask({"id": 1, "method": name, "params": sim.ws_signed(**asked)})
        assert reply["status"] == 200, reply
        return reply

    placed = await ask(method, **params, listClientOrderId="my-list")
    assert [row["rateLimitType"] for row in placed["rateLimits"]] == [
        *("ORDERS", "ORDERS", "REQUEST_WEIGHT"),
    ]
    ident = placed["result"]["orderListId"]
    for asked in ({"orderListId": ident}, {"origClientOrderId": "my-list"}):
        assert (await ask("orderList.status", **asked))["result"]["orderListId"] == ident
    (still_open,) = (await ask("openOrderLists.status"))["result"]
    assert still_open["listOrderStatus"] == "EXECUTING"
    canceled = await ask("orderList.cancel", symbol="BTCUSDT", orderListId=ident)
    assert len(canceled["rateLimits"]) == 1
    assert canceled["result"]["listOrderStatus"] == "ALL_DONE"
    assert len(canceled["result"]["orderReports"]) == orders
    assert (await ask("openOrderLists.status"))["result"] == []
    assert [row["orderListId"] for row in (await ask("allOrderLists"))["result"]] == [ident]


async def test_the_user_stream_tells_of_the_list_and_of_each_of_its_orders(sim):
    stream = await sim.user_stream()
    body = (await sim.call("POST", "orderList/oco", **OCO))[1]
    ids = {order["orderId"] for order in body["orders"]}
    events = []
    while len(events) < 4:
        events.append((await stream.next())["event"])
    assert {e["i"] for e in events if e["e"] == "executionReport"} == ids
    assert {e["g"] for e in events if e["e"] != "outboundAccountPosition"} == {body["orderListId"]}
    (status,) = [e for e in events if e["e"] == "listStatus"]
    assert (status["c"], status["l"], status["L"]) == ("OCO", "EXEC_STARTED", "EXECUTING")
    assert {order["i"] for order in status["O"]} == ids
    # Cancelling one leg ends the other.
    await sim.call("DELETE", "order", symbol="BTCUSDT", orderId=min(ids))
    ended = await stream.until(lambda m: m["event"]["e"] == "listStatus")
    assert ended["event"]["L"] == "ALL_DONE"
    assert (await sim.call("GET", "openOrders"))[1] == []


async def test_cancelling_all_of_a_symbol_answers_with_lists_among_the_orders(sim):
    await sim.order("BUY", "0.1", "49000")
    await sim.call("POST", "orderList/oco", **OCO)
    status, body = await sim.call("DELETE", "openOrders", symbol="BTCUSDT")
    assert status == 200
    lists = [entry for entry in body if "orderReports" in entry]
    assert [len(entry["orderReports"]) for entry in lists] == [2]
    assert len(body) == 2
