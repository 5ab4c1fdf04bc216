"""Every type of futures order over real sockets: what the bot sends is understood.

Commands go in, events of the answer and of the account's stream come out, and both tell the
same story.
"""

from decimal import Decimal

import pytest

from bot.domain.amendments import AmendRejected, OrderAmended
from bot.domain.commands import (
    AmendOrder,
    CancelOrder,
    ConfigureSymbol,
    FetchFills,
    QueryOrder,
    ReplaceOrder,
)
from bot.domain.events import (
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderReported,
)
from bot.domain.terms import PositionSide
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


async def test_a_limit_order_rests_and_both_ways_say_so(usdm, open_feed, collected, tell):
    names, heard = tell
    await open_feed(usdm)
    answer = await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49000"))
    assert names(answer) == ["OrderAccepted"]
    told = await heard(collected, OrderAccepted, "a-1")
    assert told.venue_order_id == answer[0].venue_order_id
    assert told.details == answer[0].details
    assert told.details.quantity == D("0.1")


async def test_a_market_order_fills_and_its_fill_has_its_commission(
    usdm, open_feed, collected, tell
):
    names, heard = tell
    await open_feed(usdm)
    answer = await usdm.venue.submit(usdm.order("m-1", OrderType.MARKET))
    assert names(answer) == ["OrderAccepted", "OrderReported"]
    assert answer[1].status is OrderStatus.FILLED
    assert answer[1].executed == D("0.1")
    fill = (await heard(collected, OrderFilled, "m-1")).fill
    assert (fill.price, fill.quantity, fill.commission_asset) == (D(50010), D("0.1"), "USDT")
    assert fill.commission > 0
    command = FetchFills(
        client_order_id="m-1", symbol="BTCUSDT", venue_order_id=answer[0].venue_order_id
    )
    asked = (await usdm.venue.fetch_fills(command))[0].fill
    assert (asked.trade_id, asked.commission) == (fill.trade_id, fill.commission)
    assert (asked.side, asked.maker) == (fill.side, fill.maker)


async def test_a_post_only_order_that_would_take_is_refused(usdm, tell):
    names, _ = tell
    order = usdm.order("p-1", OrderType.LIMIT_MAKER, price="50010")
    answer = await usdm.venue.submit(order)
    assert names(answer) == ["OrderRejected"]
    assert answer[0].code == -5022
    resting = await usdm.venue.submit(usdm.order("p-2", OrderType.LIMIT_MAKER, price="50000"))
    assert resting[0].details.order_type == "LIMIT_MAKER"


async def test_what_an_ioc_order_does_not_get_expires(usdm, open_feed, collected, tell):
    names, heard = tell
    await open_feed(usdm)
    order = usdm.order(
        "i-1", OrderType.LIMIT, quantity="1.5", price="50010", time_in_force=TimeInForce.IOC
    )
    answer = await usdm.venue.submit(order)
    assert names(answer) == ["OrderAccepted", "OrderExpired"]
    assert answer[1].executed == D(1)
    assert (await heard(collected, OrderExpired, "i-1")).executed == D(1)


async def test_a_fok_order_that_cannot_be_filled_is_refused(usdm):
    order = usdm.order(
        "f-1", OrderType.LIMIT, quantity="3", price="50010", time_in_force=TimeInForce.FOK
    )
    assert (await usdm.venue.submit(order))[0].code == -5021


async def test_an_order_until_a_time_says_until_when(usdm):
    until_ns = usdm.clock.now_ns() + 700 * 10**9
    order = usdm.order(
        "g-1",
        OrderType.LIMIT,
        price="49000",
        time_in_force=TimeInForce.GTD,
        good_till_ns=until_ns,
    )
    await usdm.venue.submit(order)
    assert usdm.truth("orders")[0]["goodTillDate"] == until_ns // 10**9 * 1000


async def test_an_order_that_may_only_reduce_is_refused_without_a_position(usdm):
    order = usdm.order("r-1", OrderType.MARKET, side=SELL, reduce_only=True)
    answer = await usdm.venue.submit(order)
    assert answer[0].code == -2022


async def test_a_change_of_price_and_quantity_is_told_twice_alike(usdm, open_feed, collected, tell):
    _, heard = tell
    await open_feed(usdm)
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49900"))
    change = AmendOrder(
        client_order_id="a-1",
        symbol="BTCUSDT",
        side=BUY,
        quantity=D("0.2"),
        price=D("49950"),
    )
    answer = (await usdm.venue.amend(change))[0]
    assert isinstance(answer, OrderAmended)
    assert (answer.quantity, answer.price) == (D("0.2"), D(49950))
    told = await heard(collected, OrderAmended, "a-1")
    assert (told.quantity, told.price) == (D("0.2"), D(49950))


async def test_a_change_that_makes_the_order_trade_tells_how_much(usdm, tell):
    names, _ = tell
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49900"))
    change = AmendOrder(
        client_order_id="a-1", symbol="BTCUSDT", side=BUY, quantity=D("0.2"), price=D(50010)
    )
    answer = await usdm.venue.amend(change)
    assert names(answer) == ["OrderAmended", "OrderReported"]
    assert answer[1].executed == D("0.2")


async def test_a_post_only_order_changed_into_the_market_is_cancelled(usdm, tell):
    names, _ = tell
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT_MAKER, price="49900"))
    change = AmendOrder(
        client_order_id="a-1", symbol="BTCUSDT", side=BUY, quantity=D("0.2"), price=D(50010)
    )
    assert names(await usdm.venue.amend(change)) == ["OrderCanceled"]


async def test_a_change_of_nothing_is_refused(usdm):
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49900"))
    change = AmendOrder(
        client_order_id="a-1", symbol="BTCUSDT", side=BUY, quantity=D("0.1"), price=D(49900)
    )
    answer = (await usdm.venue.amend(change))[0]
    assert isinstance(answer, AmendRejected)
    assert answer.code == -5027


@pytest.mark.parametrize("conditional", [False, True])
async def test_a_cancel_finds_the_order_in_its_service(
    usdm, open_feed, collected, tell, conditional
):
    _, heard = tell
    await open_feed(usdm)
    kind = OrderType.STOP_MARKET if conditional else OrderType.LIMIT
    terms = {"trigger_price": D(51000)} if conditional else {"price": "49000"}
    await usdm.venue.submit(usdm.order("c-1", kind, **terms))
    command = CancelOrder(client_order_id="c-1", symbol="BTCUSDT", conditional=conditional)
    answer = (await usdm.venue.cancel(command))[0]
    assert isinstance(answer, OrderCanceled)
    told = await heard(collected, OrderCanceled, "c-1")
    assert told.venue_order_id == answer.venue_order_id


async def test_a_cancel_that_the_trigger_has_overtaken_cancels_what_became_of_it(usdm, tell):
    names, _ = tell
    stop = usdm.order("s-1", OrderType.STOP_LIMIT, trigger_price=D(50015), price="49900")
    await usdm.venue.submit(stop)
    await usdm.take(BUY, "3")
    command = CancelOrder(client_order_id="s-1", symbol="BTCUSDT", conditional=True)
    answer = await usdm.venue.cancel(command)
    assert names(answer) == ["OrderTriggered", "OrderCanceled"]
    assert answer[0].venue_order_id == answer[1].venue_order_id
    assert [order["status"] for order in usdm.truth("orders")] == ["CANCELED"]


async def test_a_cancel_of_what_is_not_there_is_refused(usdm, tell):
    names, _ = tell
    for conditional in (False, True):
        command = CancelOrder(client_order_id="x-1", symbol="BTCUSDT", conditional=conditional)
        answer = await usdm.venue.cancel(command)
        assert names(answer) == ["CancelRejected"]
        assert answer[0].code in {-2011, -2013}


async def test_a_replacement_is_placed_only_if_the_old_order_was_cancelled(usdm, tell):
    names, _ = tell
    await usdm.venue.submit(usdm.order("r-1", OrderType.LIMIT, price="49900"))
    cancel = CancelOrder(client_order_id="r-1", symbol="BTCUSDT")
    new = usdm.order("r-2", OrderType.LIMIT, price="49800")
    answer = await usdm.venue.replace(ReplaceOrder(cancel=cancel, order=new))
    assert names(answer) == ["OrderCanceled", "OrderAccepted"]
    again = usdm.order("r-3", OrderType.LIMIT, price="49800")
    answer = await usdm.venue.replace(ReplaceOrder(cancel=cancel, order=again))
    assert names(answer) == ["CancelRejected", "OrderNotPlaced"]


async def test_the_same_name_twice_is_a_question_and_no_second_order(usdm, tell):
    names, _ = tell
    order = usdm.order("d-1", OrderType.LIMIT, price="49000")
    await usdm.venue.submit(order)
    assert names(await usdm.venue.submit(order)) == ["OrderUnknown"]
    assert len(usdm.truth("orders")) == 1


@pytest.mark.parametrize("conditional", [False, True])
async def test_a_query_asks_the_service_in_which_the_order_is(usdm, tell, conditional):
    names, _ = tell
    kind = OrderType.STOP_MARKET if conditional else OrderType.LIMIT
    terms = {"trigger_price": D(51000)} if conditional else {"price": "49000"}
    await usdm.venue.submit(usdm.order("q-1", kind, **terms))
    for guess in (False, True):
        command = QueryOrder(client_order_id="q-1", symbol="BTCUSDT", conditional=guess)
        answer = await usdm.venue.query(command)
        assert names(answer) == ["OrderReported"]
        assert answer[0].status is OrderStatus.OPEN
    missing = QueryOrder(client_order_id="q-2", symbol="BTCUSDT", conditional=conditional)
    assert names(await usdm.venue.query(missing)) == ["OrderNotFound"]


async def test_a_query_for_an_order_that_was_set_off_says_what_became_of_it(usdm, tell):
    names, _ = tell
    stop = usdm.order("s-1", OrderType.STOP_MARKET, trigger_price=D(50015))
    await usdm.venue.submit(stop)
    await usdm.take(BUY, "3")
    command = QueryOrder(client_order_id="s-1", symbol="BTCUSDT", conditional=True)
    answer = await usdm.venue.query(command)
    assert names(answer) == ["OrderTriggered", "OrderReported"]
    report = answer[1]
    assert isinstance(report, OrderReported)
    assert (report.status, report.executed) == (OrderStatus.FILLED, D("0.1"))
    assert report.venue_order_id == usdm.truth("orders")[0]["orderId"]
    fills = await usdm.venue.fetch_fills(
        FetchFills(client_order_id="s-1", symbol="BTCUSDT", venue_order_id=1)
    )
    assert sum(fill.fill.quantity for fill in fills) == D("0.1")


async def test_leverage_and_margin_type_are_set(usdm, tell):
    names, _ = tell
    wish = ConfigureSymbol(symbol="BTCUSDT", leverage=7, margin_type="ISOLATED")
    assert names(await usdm.venue.configure(wish)) == ["SymbolConfigured"]
    account = usdm.core._floor.accounts["sim-key"]
    assert account.leverage_of("BTCUSDT") == 7
    assert "BTCUSDT" in account.isolated
    # Once more is no error, though Binance has a code for it.
    assert names(await usdm.venue.configure(wish)) == ["SymbolConfigured"]
    wrong = ConfigureSymbol(symbol="BTCUSDT", leverage=1000)
    answer = await usdm.venue.configure(wrong)
    assert names(answer) == ["SymbolNotConfigured"]
    assert "-4028" in answer[0].reason


async def test_both_positions_of_hedge_mode_are_opened_and_closed_by_their_side(
    usdm, open_feed, collected, tell
):
    names, heard = tell
    await open_feed(usdm)
    await usdm.sessions[0].futures(
        usdm.market, "post", "positionSide/dual", {"dualSidePosition": "true"}
    )
    one_way = await usdm.venue.submit(usdm.order("h-0", OrderType.MARKET))
    assert one_way[0].code == -4061
    for cid, side, position in (
        ("h-1", BUY, PositionSide.LONG),
        ("h-2", SELL, PositionSide.SHORT),
        ("h-3", SELL, PositionSide.LONG),
    ):
        order = usdm.order(
            cid,
            OrderType.MARKET,
            side=side,
            position_side=position,
            reduce_only=cid == "h-3",
        )
        answer = await usdm.venue.submit(order)
        assert names(answer)[0] == "OrderAccepted"
        assert (await heard(collected, OrderFilled, cid)).fill.position_side is position
        command = FetchFills(
            client_order_id=cid, symbol="BTCUSDT", venue_order_id=answer[0].venue_order_id
        )
        fetched = await usdm.venue.fetch_fills(command)
        assert fetched[0].fill.position_side is position
    held = {row["positionSide"]: row["positionAmt"] for row in usdm.truth("positions")}
    assert held == {"SHORT": "-0.1"}


async def test_coin_margined_orders_take_the_same_way(coinm, open_feed, collected, tell):
    names, heard = tell
    await open_feed(coinm)
    answer = await coinm.venue.submit(coinm.order("k-1", OrderType.MARKET, quantity="3"))
    assert names(answer)[0] == "OrderAccepted"
    fill = (await heard(collected, OrderFilled, "k-1")).fill
    assert (fill.quantity, fill.commission_asset) == (D(3), "BTC")
    stop = coinm.order(
        "k-2", OrderType.STOP_MARKET, side=SELL, quantity="3", trigger_price=D(49995)
    )
    await coinm.venue.submit(stop)
    await coinm.take(SELL, "200")
    assert (await heard(collected, OrderFilled, "k-2")).fill.quantity == D(3)
