from decimal import Decimal

import pytest
from aiohttp import web

from bot.domain.commands import CancelOrder, FetchFills, QueryOrder, SubmitOrder
from bot.domain.errors import VenueSetupError
from bot.domain.events import (
    CancelRejected,
    CancelUnknown,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderNotFound,
    OrderNotPlaced,
    OrderRejected,
    OrderReported,
    OrderUnknown,
    QueryFailed,
)
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce
from bot.exchange.venue import BinanceVenue

MS = 1_000_000
SUBMIT = SubmitOrder(
    client_order_id="s-1-1",
    symbol="BTCUSDT",
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    quantity=Decimal("1.00000"),
    price=Decimal("50000.00"),
)
CANCEL = CancelOrder(client_order_id="s-1-1", symbol="BTCUSDT")
QUERY = QueryOrder(client_order_id="s-1-1", symbol="BTCUSDT")
FILL = {
    "price": "49999.5", "qty": "0.4", "commission": "0.0004", "commissionAsset": "BTC",
    "tradeId": 56,
}  # fmt: skip
PLACED = {
    "symbol": "BTCUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": "s-1-1",
    "transactTime": 1507725176595, "price": "50000.00", "origQty": "1.00000",
    "executedQty": "0.00000", "cummulativeQuoteQty": "0", "status": "NEW", "timeInForce": "GTC",
    "type": "LIMIT", "side": "BUY", "workingTime": 1507725176595, "fills": [],
}  # fmt: skip


@pytest.fixture
def venue(http_session, wall):
    return BinanceVenue(http_session, wall)


def _refuse(code, text="text", status=400):
    return lambda *_: web.json_response({"code": code, "msg": text}, status=status)


async def test_an_order_that_rests_is_accepted(http_peer, venue):
    http_peer.answer = lambda *_: PLACED
    (event,) = await venue.submit(SUBMIT)
    assert isinstance(event, OrderAccepted)
    assert (event.client_order_id, event.venue_order_id) == ("s-1-1", 28)
    assert (event.ts_ns, event.source) == (1507725176595 * MS, "response")


async def test_the_fills_of_the_answer_are_told_exactly(http_peer, venue):
    second = FILL | {"tradeId": 57, "qty": "0.6"}
    http_peer.answer = lambda *_: (
        PLACED | {"status": "FILLED", "executedQty": "1", "fills": [FILL, second]}
    )
    accepted, first, last = await venue.submit(SUBMIT)
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(first, OrderFilled)
    fill = first.fill
    assert (fill.trade_id, fill.price, fill.quantity) == (56, Decimal("49999.5"), Decimal("0.4"))
    assert (fill.commission, fill.commission_asset) == (Decimal("0.0004"), "BTC")
    assert (fill.side, fill.maker, fill.source) == (Side.BUY, False, "response")
    assert (fill.client_order_id, fill.venue_order_id) == ("s-1-1", 28)
    assert last.fill.trade_id == 57


async def test_an_order_that_expired_at_once_ends_with_its_reason(http_peer, venue):
    http_peer.answer = lambda *_: (
        PLACED
        | {"status": "EXPIRED", "executedQty": "0.4", "fills": [FILL]}
        | {"expiryReason": "UNFILLED_IOC_QUANTITY_EXPIRED"}
    )
    events = await venue.submit(SUBMIT)
    assert [type(event) for event in events] == [OrderAccepted, OrderFilled, OrderExpired]
    assert events[-1].executed == Decimal("0.4")
    assert events[-1].reason == "UNFILLED_IOC_QUANTITY_EXPIRED"


async def test_fills_that_the_answer_leaves_out_show_in_a_report(http_peer, venue):
    http_peer.answer = lambda *_: PLACED | {"status": "FILLED", "executedQty": "1"}
    accepted, reported = await venue.submit(SUBMIT)
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(reported, OrderReported)
    assert (reported.status, reported.executed) == (OrderStatus.FILLED, Decimal(1))


async def test_a_refusal_is_certain(http_peer, venue):
    http_peer.answer = _refuse(-2010, "Account has insufficient balance for requested action.")
    (event,) = await venue.submit(SUBMIT)
    assert isinstance(event, OrderRejected)
    assert event.code == -2010
    assert event.reason.startswith("Account has insufficient")


async def test_a_duplicate_of_our_own_id_means_that_it_exists(http_peer, venue):
    http_peer.answer = _refuse(-2010, "Duplicate order sent.")
    (event,) = await venue.submit(SUBMIT)
    assert isinstance(event, OrderUnknown)


@pytest.mark.parametrize(
    "answer",
    [
        _refuse(-1007, status=400),
        _refuse(-1006, status=400),
        _refuse(-1000, status=503),
        lambda *_: web.Response(text="<html>", status=502),
        lambda *_: {"unexpected": True},
        lambda *_: [],
        lambda *_: PLACED | {"fills": [{"price": "x"}]},
    ],
)
async def test_an_ambiguous_answer_is_unknown_and_asked_once(http_peer, venue, answer):
    http_peer.answer = answer
    (event,) = await venue.submit(SUBMIT)
    assert isinstance(event, OrderUnknown)
    assert len(http_peer.requests) == 1


async def test_a_throttle_is_certain_not_to_have_placed_it(http_peer, venue):
    http_peer.answer = _refuse(-1015, "Too many new orders", 429)
    (event,) = await venue.submit(SUBMIT)
    assert isinstance(event, OrderNotPlaced)


async def test_what_never_left_was_not_placed(http_peer, venue):
    await http_peer.stop()
    (event,) = await venue.submit(SUBMIT)
    assert isinstance(event, OrderNotPlaced)
    (event,) = await venue.cancel(CANCEL)
    assert isinstance(event, CancelUnknown)


async def test_a_cancel_ends_our_order_whatever_id_the_request_got(http_peer, venue):
    http_peer.answer = lambda *_: PLACED | {
        "status": "CANCELED", "origClientOrderId": "s-1-1", "clientOrderId": "random",
        "executedQty": "0.4",
    }  # fmt: skip
    (event,) = await venue.cancel(CANCEL)
    assert isinstance(event, OrderCanceled)
    assert (event.client_order_id, event.executed) == ("s-1-1", Decimal("0.4"))
    ((method, path, params),) = http_peer.requests
    assert (method, path) == ("DELETE", "/api/v3/order")
    assert params["origClientOrderId"] == "s-1-1"


async def test_a_refused_cancel_has_its_code(http_peer, venue):
    http_peer.answer = _refuse(-2011, "Unknown order sent.")
    (event,) = await venue.cancel(CANCEL)
    assert isinstance(event, CancelRejected)
    assert event.code == -2011


async def test_a_cancel_without_a_clear_answer_is_unknown(http_peer, venue, cut):
    http_peer.answer = lambda *_: cut
    (event,) = await venue.cancel(CANCEL)
    assert isinstance(event, CancelUnknown)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("NEW", OrderStatus.OPEN),
        ("PENDING_CANCEL", OrderStatus.OPEN),
        ("PARTIALLY_FILLED", OrderStatus.PARTIALLY_FILLED),
        ("FILLED", OrderStatus.FILLED),
        ("CANCELED", OrderStatus.CANCELED),
        ("REJECTED", OrderStatus.REJECTED),
        ("EXPIRED", OrderStatus.EXPIRED),
        ("EXPIRED_IN_MATCH", OrderStatus.EXPIRED),
    ],
)
async def test_a_query_reports_the_order_as_found(http_peer, venue, word, status):
    http_peer.answer = lambda *_: PLACED | {"status": word, "updateTime": 5, "transactTime": 0}
    (event,) = await venue.query(QUERY)
    assert isinstance(event, OrderReported)
    assert (event.status, event.ts_ns, event.source) == (status, 5 * MS, "query")
    assert event.details.price == Decimal("50000.00")


async def test_an_order_that_is_not_there_now_is_told_with_the_time_of_the_question(
    http_peer, venue, wall
):
    http_peer.answer = _refuse(-2013, "Order does not exist.")
    before = wall.now_ns()
    (event,) = await venue.query(QUERY)
    assert isinstance(event, OrderNotFound)
    assert before <= event.asked_ns <= event.recv_ns


@pytest.mark.parametrize(
    "answer",
    [
        _refuse(-2015, "Invalid API-key"),
        _refuse(-1001, status=500),
        lambda *_: PLACED | {"status": "GLOWING"},
        lambda *_: "text",
    ],
)
async def test_a_query_without_an_answer_has_failed(http_peer, venue, answer):
    http_peer.answer = answer
    (event,) = await venue.query(QUERY)
    assert isinstance(event, QueryFailed)


async def test_the_fills_of_one_order_are_fetched(http_peer, venue):
    http_peer.answer = lambda *_: [
        {
            "symbol": "BTCUSDT", "id": 28457, "orderId": 28, "orderListId": -1, "price": "4.1",
            "qty": "12.0", "quoteQty": "49.2", "commission": "10.1", "commissionAsset": "BNB",
            "time": 1499865549590, "isBuyer": False, "isMaker": True, "isBestMatch": True,
        }
    ]  # fmt: skip
    command = FetchFills(client_order_id="s-1-1", symbol="BTCUSDT", venue_order_id=28)
    (event,) = await venue.fetch_fills(command)
    fill = event.fill
    assert (fill.trade_id, fill.client_order_id, fill.side) == (28457, "s-1-1", Side.SELL)
    assert (fill.price, fill.quantity, fill.maker) == (Decimal("4.1"), Decimal("12.0"), True)
    assert fill.ts_ns == 1499865549590 * MS
    assert http_peer.requests[0][2]["orderId"] == "28"
    http_peer.answer = _refuse(-1001, status=500)
    (event,) = await venue.fetch_fills(command)
    assert isinstance(event, QueryFailed)


async def test_an_unknown_symbol_is_the_users_to_mend(http_peer, venue):
    http_peer.answer = _refuse(-1121, "Invalid symbol.")
    with pytest.raises(VenueSetupError, match="BTCUSTD"):
        await venue.instruments(["BTCUSTD"])
    http_peer.answer = lambda *_: {"symbols": []}
    with pytest.raises(VenueSetupError, match="BTCUSTD"):
        await venue.instruments(["BTCUSTD"])
    http_peer.answer = lambda *_: {"hello": "world"}
    with pytest.raises(VenueSetupError, match="does not answer like Binance"):
        await venue.instruments(["BTCUSDT"])
    await http_peer.stop()
    with pytest.raises(VenueSetupError, match="cannot connect"):
        await venue.instruments(["BTCUSDT"])
