"""Requests whose answer is lost, late or wrong: each order is placed once, and found again."""

from decimal import Decimal

import pytest

from bot.domain.commands import AmendOrder, CancelOrder, ConfigureSymbol, QueryOrder
from bot.domain.values import OrderStatus, OrderType, Side

D = Decimal
PLACE = "POST /fapi/v1/order"
PLACE_ALGO = "POST /fapi/v1/algoOrder"
CANCEL = "DELETE /fapi/v1/order"
CANCEL_ALGO = "DELETE /fapi/v1/algoOrder"
STOP = {"trigger_price": D(51000)}


def _lost(match, **fault):
    return {"kind": "http", "match": match, "status": 503, "code": -1000, "times": 1} | fault


@pytest.mark.parametrize("status", [503, 408, 0])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("conditional", [False, True])
async def test_a_lost_answer_to_a_placement_is_cleared_up_by_asking(
    usdm, tell, status, when, conditional
):
    names, _ = tell
    match = PLACE_ALGO if conditional else PLACE
    usdm.fault(**_lost(match, status=status, code=-1007, when=when))
    kind = OrderType.STOP_MARKET if conditional else OrderType.LIMIT
    order = usdm.order("u-1", kind, **(STOP if conditional else {"price": "49000"}))
    assert names(await usdm.venue.submit(order)) == ["OrderUnknown"]
    asked = QueryOrder(client_order_id="u-1", symbol="BTCUSDT", conditional=conditional)
    answer = await usdm.venue.query(asked)
    assert names(answer) == ["OrderNotFound" if when == "before" else "OrderReported"]
    if when == "after":
        assert answer[0].status is OrderStatus.OPEN
    assert len(usdm.truth("algos" if conditional else "orders")) == (when == "after")


async def test_service_unavailable_means_that_it_was_not_placed(usdm, tell):
    names, _ = tell
    usdm.fault(**_lost(PLACE, msg="Service Unavailable."))
    order = usdm.order("u-1", OrderType.LIMIT, price="49000")
    assert names(await usdm.venue.submit(order)) == ["OrderRejected"]
    assert usdm.truth("orders") == []


async def test_an_overloaded_exchange_means_that_it_was_not_placed(usdm, tell):
    names, _ = tell
    usdm.fault(**_lost(PLACE, code=-1008))
    order = usdm.order("u-1", OrderType.LIMIT, price="49000")
    assert names(await usdm.venue.submit(order)) == ["OrderNotPlaced"]


@pytest.mark.parametrize("code", [-5028, -2019, -4164])
async def test_a_refusal_is_one(usdm, code):
    usdm.fault(**_lost(PLACE, status=400, code=code, msg="no"))
    answer = await usdm.venue.submit(usdm.order("u-1", OrderType.LIMIT, price="49000"))
    assert (type(answer[0]).__name__, answer[0].code) == ("OrderRejected", code)


async def test_a_clock_that_is_off_is_set_and_the_order_placed_once(usdm, tell):
    names, _ = tell
    usdm.sessions[0].timestamp_offset = -60_000
    answer = await usdm.venue.submit(usdm.order("u-1", OrderType.LIMIT, price="49000"))
    assert names(answer) == ["OrderAccepted"]
    assert len(usdm.truth("orders")) == 1
    assert abs(usdm.sessions[0].timestamp_offset) < 1000


@pytest.mark.parametrize("conditional", [False, True])
async def test_a_lost_answer_to_a_cancel_is_unknown(usdm, tell, conditional):
    names, _ = tell
    kind = OrderType.STOP_MARKET if conditional else OrderType.LIMIT
    terms = STOP if conditional else {"price": "49000"}
    await usdm.venue.submit(usdm.order("u-1", kind, **terms))
    usdm.fault(**_lost(CANCEL_ALGO if conditional else CANCEL, when="after"))
    command = CancelOrder(client_order_id="u-1", symbol="BTCUSDT", conditional=conditional)
    assert names(await usdm.venue.cancel(command)) == ["CancelUnknown"]
    asked = QueryOrder(client_order_id="u-1", symbol="BTCUSDT", conditional=conditional)
    assert (await usdm.venue.query(asked))[0].status is OrderStatus.CANCELED


async def test_a_lost_answer_to_a_change_is_unknown(usdm, tell):
    names, _ = tell
    await usdm.venue.submit(usdm.order("u-1", OrderType.LIMIT, price="49000"))
    usdm.fault(**_lost("PUT /fapi/v1/order", when="after"))
    change = AmendOrder(
        client_order_id="u-1", symbol="BTCUSDT", side=Side.BUY, quantity=D(1), price=D(49100)
    )
    assert names(await usdm.venue.amend(change)) == ["AmendUnknown"]
    asked = QueryOrder(client_order_id="u-1", symbol="BTCUSDT")
    assert (await usdm.venue.query(asked))[0].details.price == D(49100)


async def test_a_change_without_a_price_is_not_sent(usdm, tell):
    names, _ = tell
    change = AmendOrder(
        client_order_id="u-1", symbol="BTCUSDT", side=Side.BUY, quantity=D(1), price=None
    )
    assert names(await usdm.venue.amend(change)) == ["AmendRejected"]


async def test_a_page_in_place_of_an_answer_says_nothing(usdm, tell):
    names, _ = tell
    usdm.fault(kind="html_body", match=PLACE, status=502, times=1)
    order = usdm.order("u-1", OrderType.LIMIT, price="49000")
    assert names(await usdm.venue.submit(order)) == ["OrderUnknown"]


async def test_a_question_without_an_answer_is_asked_again(usdm, tell):
    names, _ = tell
    usdm.fault(kind="http", match="GET /fapi/v1/order", status=500, code=-1001, times=1)
    asked = QueryOrder(client_order_id="u-1", symbol="BTCUSDT")
    assert names(await usdm.venue.query(asked)) == ["QueryFailed"]


async def test_settings_that_could_not_be_made_say_why(usdm, tell):
    names, _ = tell
    usdm.fault(kind="http", match="POST /fapi/v1/leverage", status=500, code=-1001, times=1)
    wish = ConfigureSymbol(symbol="BTCUSDT", leverage=5)
    assert names(await usdm.venue.configure(wish)) == ["SymbolNotConfigured"]
