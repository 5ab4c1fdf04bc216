"""Conditional orders of futures over real sockets: they wait in one service, trade in another."""

from decimal import Decimal

import pytest

from bot.domain.amendments import OrderTriggered
from bot.domain.events import OrderAccepted, OrderFilled
from bot.domain.terms import TriggerBy
from bot.domain.values import OrderType, Side

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


WAITING = {
    OrderType.STOP_MARKET: {"trigger_price": D(49995)},
    OrderType.STOP_LIMIT: {"trigger_price": D(49995), "price": "49600"},
    OrderType.TRAILING_STOP_MARKET: {"trailing_bips": 10},
}


@pytest.mark.parametrize("kind", WAITING)
async def test_a_stop_waits_is_set_off_and_trades(usdm, open_feed, collected, tell, kind):
    names, heard = tell
    await open_feed(usdm)
    order = usdm.order("s-1", kind, side=SELL, **WAITING[kind])
    answer = await usdm.venue.submit(order)
    assert names(answer) == ["OrderAccepted"]
    accepted = await heard(collected, OrderAccepted, "s-1")
    assert accepted.venue_order_id == answer[0].venue_order_id
    assert accepted.details.order_type == kind.value
    await usdm.take(SELL, "0.5")
    await usdm.take(SELL, "3")
    await usdm.take(SELL, "3")
    triggered = await heard(collected, OrderTriggered, "s-1")
    # The matching engine has ids of its own.
    assert triggered.venue_order_id != accepted.venue_order_id
    fill = (await heard(collected, OrderFilled, "s-1")).fill
    assert fill.side is SELL
    assert fill.venue_order_id == triggered.venue_order_id
    assert len([e for e in collected if isinstance(e, OrderTriggered)]) == 1


@pytest.mark.parametrize("kind", [OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT])
async def test_a_take_profit_waits_for_the_other_direction(usdm, open_feed, collected, tell, kind):
    _, heard = tell
    await open_feed(usdm)
    price = "50015" if kind is OrderType.TAKE_PROFIT_LIMIT else None
    order = usdm.order("t-1", kind, side=SELL, trigger_price=D(50015), price=price)
    await usdm.venue.submit(order)
    await usdm.take(BUY, "3")
    await heard(collected, OrderTriggered, "t-1")


async def test_a_stop_that_closes_the_position_learns_how_much_that_is(
    usdm, open_feed, collected, tell
):
    _, heard = tell
    await open_feed(usdm)
    await usdm.venue.submit(usdm.order("o-1", OrderType.MARKET, quantity="0.3"))
    stop = usdm.order(
        "c-1",
        OrderType.STOP_MARKET,
        side=SELL,
        quantity="0",
        trigger_price=D(49995),
        close_position=True,
    )
    await usdm.venue.submit(stop)
    await usdm.take(SELL, "3")
    fill = (await heard(collected, OrderFilled, "c-1")).fill
    assert fill.quantity == D("0.3")
    quantities = {e.details.quantity for e in collected if getattr(e, "details", None)}
    assert D("0.3") in quantities
    assert usdm.truth("positions") == []


async def test_every_term_of_a_conditional_order_arrives(usdm):
    order = usdm.order(
        "w-1",
        OrderType.TRAILING_STOP_MARKET,
        side=SELL,
        trailing_bips=150,
        activation_price=D(51000),
        trigger_by=TriggerBy.MARK,
        price_protect=True,
        self_trade_prevention="EXPIRE_BOTH",
    )
    await usdm.venue.submit(order)
    algo = usdm.core._algos.store.everything()[0]
    assert (algo.callback_rate, algo.working_type) == (D("1.5"), "MARK_PRICE")
    assert algo.activate_e8 == 51000 * 10**8
    assert algo.price_protect
    assert algo.stp_mode == "EXPIRE_BOTH"


async def test_a_stop_that_would_be_set_off_at_once_is_refused(usdm, tell):
    names, _ = tell
    order = usdm.order("n-1", OrderType.STOP_MARKET, side=SELL, trigger_price=D(51000))
    answer = await usdm.venue.submit(order)
    assert names(answer) == ["OrderRejected"]
    assert answer[0].code == -2021
