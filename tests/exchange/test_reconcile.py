from decimal import Decimal

import pytest
from aiohttp import web

from bot.domain.errors import VenueError
from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce
from bot.exchange.reconcile import differences


def _stored(client_id, status, *, filled="0", price="50000"):
    return Order(
        client_order_id=client_id,
        strategy_id="s",
        run_id="r",
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(1),
        price=Decimal(price),
        status=status,
        filled=Decimal(filled),
    )


def _fill(trade_id, client_id="b-1", quantity="1"):
    return Fill(
        symbol="BTCUSDT", trade_id=trade_id, client_order_id=client_id, venue_order_id=1,
        side=Side.BUY, price=Decimal("50000.0"), quantity=Decimal(quantity),
        commission=Decimal("0.001"), commission_asset="BTC", maker=False, ts_ns=0, recv_ns=0,
    )  # fmt: skip


def _order(order_id, client_id, status="FILLED", executed="1.000"):
    return {
        "symbol": "BTCUSDT", "orderId": order_id, "clientOrderId": client_id,
        "price": "50000.00", "origQty": "1.000", "executedQty": executed, "status": status,
        "timeInForce": "GTC", "type": "LIMIT", "side": "BUY", "time": 1, "updateTime": 2,
    }  # fmt: skip


def _trade(trade_id, order_id=1):
    return {
        "symbol": "BTCUSDT", "id": trade_id, "orderId": order_id, "price": "50000.00",
        "qty": "1.000", "commission": "0.00100", "commissionAsset": "BTC", "time": 1,
        "isBuyer": True, "isMaker": False,
    }  # fmt: skip


@pytest.fixture
def compare(http_peer, http_session):
    async def run(*, orders=(), fills=(), listed=(), trades=()):
        rows = {"allOrders": list(listed), "myTrades": list(trades)}
        http_peer.answer = lambda method, path, params: rows[path.rpartition("/")[2]]
        return await differences(
            http_session, orders=orders, fills=fills, symbols=["BTCUSDT"], prefix="b-"
        )

    return run


async def test_two_equal_sides_have_no_differences(compare):
    assert not await compare(
        orders=[_stored("b-1", OrderStatus.FILLED, filled="1")],
        fills=[_fill(1)],
        listed=[_order(1, "b-1")],
        trades=[_trade(1)],
    )


async def test_what_only_the_exchange_has_is_missing(compare):
    order, fill = await compare(listed=[_order(1, "b-1")], trades=[_trade(5)])
    assert (order.what, order.kind, order.id) == ("order", "missing", "b-1")
    assert order.exchange == "FILLED BUY 1 of 1 at 50000"
    assert (fill.what, fill.kind, fill.id) == ("fill", "missing", "5 BUY")
    assert fill.exchange == "BUY 1 at 50000, fee 0.001 BTC"


async def test_what_only_we_have_is_extra(compare):
    order, fill = await compare(orders=[_stored("b-1", OrderStatus.OPEN)], fills=[_fill(1)])
    assert (order.kind, fill.kind) == ("extra", "extra")
    assert fill.exchange == ""


async def test_a_field_that_differs_shows_both_sides(compare):
    order, fill = await compare(
        orders=[_stored("b-1", OrderStatus.OPEN)],
        fills=[_fill(1, quantity="0.5")],
        listed=[_order(1, "b-1")],
        trades=[_trade(1)],
    )
    assert (order.kind, fill.kind) == ("different", "different")
    assert order.stored == "OPEN BUY 0 of 1 at 50000"
    assert order.exchange == "FILLED BUY 1 of 1 at 50000"


async def test_orders_of_others_are_left_alone(compare):
    assert not await compare(
        orders=[_stored("web_1", OrderStatus.OPEN)],
        fills=[_fill(9, "web_1")],
        listed=[_order(2, "x-other")],
        trades=[_trade(3, 2)],
    )


@pytest.mark.parametrize(
    "status",
    [OrderStatus.REFUSED, OrderStatus.NOT_PLACED, OrderStatus.REJECTED, OrderStatus.INTENT],
)
async def test_what_was_never_there_need_not_be_there(compare, status):
    assert not await compare(orders=[_stored("b-1", status)])


async def test_what_we_thought_was_not_placed_and_is_there_differs(compare):
    (order,) = await compare(
        orders=[_stored("b-1", OrderStatus.NOT_PLACED)], listed=[_order(1, "b-1", "NEW", "0")]
    )
    assert order.kind == "different"


async def test_an_order_of_the_proceeds_that_never_came_is_no_difference(compare):
    listed = _order(1, "b-1", status="CANCELED", executed="0.000") | {"origQty": "0.000"}
    assert not await compare(orders=[_stored("b-1", OrderStatus.CANCELED)], listed=[listed])


async def test_every_page_is_read(http_peer, http_session):
    listed = [_order(n, f"b-{n}", "CANCELED", "0") for n in range(1, 1501)]

    def answer(method, path, params):
        if path.endswith("myTrades"):
            return []
        return [o for o in listed if o["orderId"] >= int(params["orderId"])][:1000]

    http_peer.answer = answer
    found = await differences(http_session, orders=[], fills=[], symbols=["BTCUSDT"], prefix="b-")
    assert len(found) == 1500


async def test_an_exchange_that_cannot_be_asked_is_an_error_and_no_clean_bill(
    http_peer, http_session
):
    for answer in (
        lambda *_: web.json_response({"code": -1001, "msg": "x"}, status=500),
        lambda *_: {"not": "a list"},
    ):
        http_peer.answer = answer
        with pytest.raises(VenueError):
            await differences(http_session, orders=[], fills=[], symbols=["BTCUSDT"])
