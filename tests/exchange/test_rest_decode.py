"""Recorded and documented REST bodies, read without loss."""

import json
from decimal import Decimal

import msgspec
import pytest

from bot.exchange import rest_decode

ORDER_PATHS = {"/api/v3/order", "/api/v3/openOrders", "/api/v3/allOrders"}


def _records(shared_data, paths):
    with (shared_data / "rest" / "responses_spot.jsonl").open() as lines:
        for line in lines:
            record = json.loads(line)
            if record["path"] in paths and int(record.get("status") or 200) < 400:
                yield record


def test_every_recorded_order_is_read_with_its_values(shared_data):
    read = 0
    for record in _records(shared_data, ORDER_PATHS):
        bodies = record["body"] if isinstance(record["body"], list) else [record["body"]]
        for body in bodies:
            if not isinstance(body, dict) or not {"orderId", "clientOrderId"} <= set(body):
                continue
            order = rest_decode.order_body(body)
            read += 1
            assert order.order_id == body["orderId"]
            assert order.client_order_id == body["clientOrderId"]
            assert order.symbol == body["symbol"]
            for key, value in (
                ("price", order.price),
                ("origQty", order.orig_qty),
                ("executedQty", order.executed_qty),
            ):
                assert value == Decimal(body.get(key, 0))
            assert order.status == body.get("status", "NEW")
            if "side" in body:
                assert order.details.side.value == body["side"]
            else:
                assert order.details is None
    assert read >= 10


def test_every_recorded_own_trade_is_read_with_its_values(shared_data):
    read = 0
    for record in _records(shared_data, {"/api/v3/myTrades"}):
        for body in record["body"]:
            event = rest_decode.filled(rest_decode.trade_bodies([body])[0], "mine", None, 7)
            fill = event.fill
            read += 1
            assert (fill.symbol, fill.trade_id) == (body["symbol"], body["id"])
            assert (fill.price, fill.quantity) == (Decimal(body["price"]), Decimal(body["qty"]))
            assert fill.commission == Decimal(body["commission"])
            assert fill.side.value == ("BUY" if body["isBuyer"] else "SELL")
            assert fill.maker is body["isMaker"]
            assert fill.ts_ns == body["time"] * 1_000_000
    assert read


def test_every_recorded_account_is_read_whole(shared_data):
    read = 0
    for record in _records(shared_data, {"/api/v3/account"}):
        event = rest_decode.account(record["body"], 7)
        rows = [
            (b["asset"], Decimal(b["free"]), Decimal(b["locked"]))
            for b in record["body"]["balances"]
        ]
        assert [(b.asset, b.free, b.locked) for b in event.balances] == rows
        assert event.complete
        read += 1
    assert read


@pytest.mark.parametrize("body", [{}, [], "text", None, {"orderId": 1}])
def test_what_is_no_order_is_refused(body):
    with pytest.raises(msgspec.ValidationError):
        rest_decode.order_body(body)


def test_a_status_of_tomorrow_is_refused_by_name():
    order = rest_decode.order_body(
        {"symbol": "X", "orderId": 1, "clientOrderId": "c", "status": "GLOWING"}
    )
    with pytest.raises(ValueError, match="GLOWING"):
        rest_decode.reported(order, 7)
