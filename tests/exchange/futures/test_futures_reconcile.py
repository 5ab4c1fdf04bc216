"""Our books against the exchange's, with orders of both services."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.order import Order
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce
from bot.exchange.futures import rest_decode
from bot.exchange.futures.reconcile import FuturesReconciler

D = Decimal


def _stored(order, status, *, filled="0", price=None, created_ns=0):
    return Order(
        client_order_id=order.client_order_id,
        strategy_id="s",
        run_id="r",
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        time_in_force=TimeInForce.GTC,
        quantity=order.quantity,
        price=order.price,
        status=status,
        filled=D(filled),
        created_ns=created_ns,
        updated_ns=created_ns,
    )


@pytest.fixture
async def books(usdm):
    """Orders of every kind at the exchange, and what is right to have written down of them."""
    start_ns = usdm.clock.now_ns()
    market = usdm.order("b-1", OrderType.MARKET)
    resting = usdm.order("b-2", OrderType.LIMIT, price="49000")
    waiting = usdm.order("b-3", OrderType.STOP_MARKET, trigger_price=D(51000))
    set_off = usdm.order("b-4", OrderType.STOP_MARKET, trigger_price=D(50015))
    foreign = usdm.order("x-5", OrderType.LIMIT, price="48000")
    for order in (market, resting, waiting, set_off, foreign):
        await usdm.venue.submit(order)
    await usdm.take(Side.BUY, "3")
    orders = [
        _stored(market, OrderStatus.FILLED, filled="0.1", created_ns=start_ns),
        _stored(resting, OrderStatus.OPEN, created_ns=start_ns),
        _stored(waiting, OrderStatus.OPEN, created_ns=start_ns),
        _stored(set_off, OrderStatus.FILLED, filled="0.1", created_ns=start_ns),
    ]
    named = {order["orderId"]: order["clientOrderId"] for order in usdm.truth("orders")}
    fills = [
        rest_decode.filled(trade, named[trade.order_id], None, 0).fill
        for trade in rest_decode.trade_bodies(usdm.truth("trades"))
    ]
    return orders, fills


@pytest.fixture
def compare(usdm):
    async def run(orders, fills):
        reconciler = FuturesReconciler(usdm.sessions[0], usdm.clock, usdm.market)
        return await reconciler.differences(
            orders=orders, fills=fills, symbols=["BTCUSDT"], prefix="b-"
        )

    return run


async def test_books_that_are_right_show_no_difference(books, compare):
    assert await compare(*books) == []


async def test_what_was_not_written_down_is_missing(books, compare):
    orders, fills = books
    found = await compare(orders[1:], fills[1:])
    assert {(one.what, one.kind) for one in found} == {("order", "missing"), ("fill", "missing")}


async def test_what_the_exchange_does_not_know_is_extra(books, compare):
    orders, fills = books
    ghost = msgspec.structs.replace(orders[1], client_order_id="b-9")
    found = await compare([*orders, ghost], fills)
    assert [(one.id, one.kind) for one in found] == [("b-9", "extra")]


async def test_a_stop_that_was_set_off_is_compared_with_what_became_of_it(books, compare):
    orders, fills = books
    wrong = msgspec.structs.replace(orders[3], status=OrderStatus.OPEN)
    found = await compare([*orders[:3], wrong], fills)
    assert [(one.id, one.kind) for one in found] == [("b-4", "different")]
    assert found[0].exchange.startswith("FILLED BUY 0.1 of 0.1")


async def test_what_became_of_a_stop_is_ours_under_another_name_too(books, compare, usdm):
    for order in usdm.core._floor.orders.everything():
        if order.algo_id:
            order.client_order_id = "aBcDeF"
    assert await compare(*books) == []


async def test_a_fill_with_another_commission_is_different(books, compare):
    orders, fills = books
    wrong = msgspec.structs.replace(fills[0], commission=D("0.5"))
    found = await compare(orders, [wrong, *fills[1:]])
    assert [(one.what, one.kind) for one in found] == [("fill", "different")]


async def test_an_order_without_fills_that_the_exchange_has_forgotten_is_no_difference(
    books, compare
):
    orders, fills = books
    four_days_ns = 4 * 86_400 * 10**9
    old = msgspec.structs.replace(
        orders[1],
        client_order_id="b-8",
        status=OrderStatus.CANCELED,
        created_ns=orders[1].created_ns - four_days_ns,
        updated_ns=orders[1].updated_ns - four_days_ns,
    )
    assert await compare([*orders, old], fills) == []
