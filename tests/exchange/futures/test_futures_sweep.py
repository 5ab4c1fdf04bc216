"""A sweep of a futures account over real sockets: whatever was lost is brought back."""

from decimal import Decimal

from bot.domain.amendments import OrderTriggered
from bot.domain.commands import OrderRef, Sweep
from bot.domain.events import (
    BalancesReported,
    OrderFilled,
    OrderNotFound,
    OrderReported,
    SweepCompleted,
)
from bot.domain.funding import FundingPaid
from bot.domain.margin import PositionsReported
from bot.domain.values import OrderStatus, OrderType, Side
from bot.exchange.futures.account import AccountReader
from bot.exchange.futures.venue import FuturesVenue

D = Decimal


def _sweep(*refs, since=None, symbols=("BTCUSDT",), funding_since_ns=None):
    return Sweep(
        generation=1,
        cause="test",
        symbols=symbols,
        orders=refs,
        since={} if since is None else since,
        funding_since_ns=funding_since_ns,
    )


def _ref(cid, venue_order_id, *, conditional=False, symbol="BTCUSDT"):
    return OrderRef(cid, symbol, venue_order_id, conditional)


def _of(events, kind):
    return [event for event in events if isinstance(event, kind)]


async def test_the_first_sweep_begins_history_now(usdm):
    await usdm.venue.submit(usdm.order("a-1", OrderType.MARKET))
    events = await usdm.venue.sweep(_sweep())
    done = events[-1]
    assert isinstance(done, SweepCompleted)
    assert done.last_trade_ids == {"BTCUSDT": usdm.truth("trades")[-1]["id"]}
    assert not _of(events, OrderFilled)
    balances = _of(events, BalancesReported)[0]
    assert balances.complete
    assert {b.asset for b in balances.balances if b.free} == {"USDT"}
    (held,) = _of(events, PositionsReported)[0].positions
    assert (held.quantity, held.entry_price) == (D("0.1"), D(50010))


async def test_fills_since_the_last_one_come_before_the_reports(usdm):
    first = await usdm.venue.submit(usdm.order("a-1", OrderType.MARKET))
    since = usdm.truth("trades")[-1]["id"]
    second = await usdm.venue.submit(usdm.order("a-2", OrderType.MARKET, quantity="1.5"))
    refs = [_ref("a-1", first[0].venue_order_id), _ref("a-2", second[0].venue_order_id)]
    events = await usdm.venue.sweep(_sweep(*refs, since={"BTCUSDT": since}))
    fills = _of(events, OrderFilled)
    assert {fill.client_order_id for fill in fills} == {"a-2"}
    assert sum(fill.fill.quantity for fill in fills) == D("1.5")
    reports = _of(events, OrderReported)
    assert [(r.client_order_id, r.status) for r in reports] == [
        ("a-1", OrderStatus.FILLED),
        ("a-2", OrderStatus.FILLED),
    ]
    assert events.index(fills[-1]) < events.index(reports[0])


async def test_open_orders_of_both_services_are_reported(usdm):
    await usdm.venue.submit(usdm.order("a-1", OrderType.LIMIT, price="49000"))
    await usdm.venue.submit(usdm.order("s-1", OrderType.STOP_MARKET, trigger_price=D(51000)))
    events = await usdm.venue.sweep(_sweep(_ref("gone", None)))
    reports = {report.client_order_id: report for report in _of(events, OrderReported)}
    assert {name: report.status for name, report in reports.items()} == {
        "a-1": OrderStatus.OPEN,
        "s-1": OrderStatus.OPEN,
    }
    assert reports["s-1"].details.order_type == "STOP_MARKET"
    assert [event.client_order_id for event in _of(events, OrderNotFound)] == ["gone"]


async def test_a_stop_that_was_set_off_unseen_is_found_with_its_fills(usdm):
    answer = await usdm.venue.submit(
        usdm.order("s-1", OrderType.STOP_MARKET, trigger_price=D(50015))
    )
    await usdm.take(Side.BUY, "3")
    ref = _ref("s-1", answer[0].venue_order_id, conditional=True)
    events = await usdm.venue.sweep(_sweep(ref, since={"BTCUSDT": -1}))
    (triggered,), fills = _of(events, OrderTriggered), _of(events, OrderFilled)
    assert triggered.venue_order_id == fills[0].fill.venue_order_id
    assert {fill.client_order_id for fill in fills} == {"s-1"}
    assert events.index(triggered) < events.index(fills[0])
    (report,) = _of(events, OrderReported)
    assert (report.status, report.executed) == (OrderStatus.FILLED, D("0.1"))


async def test_what_came_of_a_stop_is_known_by_its_id_even_under_another_name(usdm, wall):
    stop = usdm.order("s-1", OrderType.STOP_MARKET, trigger_price=D(50015))
    answer = await usdm.venue.submit(stop)
    await usdm.venue.submit(usdm.order("s-1", OrderType.LIMIT, price="49000"))
    await usdm.take(Side.BUY, "3")
    # As after a restart: nobody remembers what became of what.
    fresh = FuturesVenue(usdm.sessions[0], wall, usdm.market)
    ref = _ref("s-1", answer[0].venue_order_id, conditional=True)
    events = await fresh.sweep(_sweep(ref, since={"BTCUSDT": -1}))
    assert {fill.client_order_id for fill in _of(events, OrderFilled)} == {"s-1"}


async def test_fills_of_a_stop_that_nobody_asked_about_are_found_by_the_list_of_stops(usdm, wall):
    stop = usdm.order("s-1", OrderType.STOP_MARKET, trigger_price=D(50015))
    await usdm.venue.submit(stop)
    await usdm.venue.submit(usdm.order("s-1", OrderType.LIMIT, price="49000"))
    await usdm.take(Side.BUY, "3")
    fresh = FuturesVenue(usdm.sessions[0], wall, usdm.market)
    events = await fresh.sweep(_sweep(since={"BTCUSDT": -1}))
    assert {fill.client_order_id for fill in _of(events, OrderFilled)} == {"s-1"}


async def test_a_sweep_that_fails_keeps_what_it_had(usdm):
    await usdm.venue.submit(usdm.order("a-1", OrderType.MARKET))
    usdm.fault(kind="http", match="GET /fapi/v3/balance", status=500, code=-1001, times=1)
    events = await usdm.venue.sweep(_sweep(since={"BTCUSDT": -1}))
    assert _of(events, OrderFilled)
    assert type(events[-1]).__name__ == "SweepFailed"


async def test_funding_is_brought_once_it_was_paid(usdm):
    await usdm.venue.submit(usdm.order("a-1", OrderType.MARKET))
    floor = usdm.core._floor
    account = floor.accounts["sim-key"]
    contract = floor.contracts["BTCUSDT"]
    now_ns = usdm.clock.now_ns()
    for amount in ("-0.5", "0.25"):
        at_ms = now_ns // 10**6
        floor.ledger.pay(account, "FUNDING_FEE", D(amount), at_ms, contract=contract)
    assert not _of(await usdm.venue.sweep(_sweep()), FundingPaid)
    events = await usdm.venue.sweep(_sweep(funding_since_ns=now_ns - 10**9))
    paid = _of(events, FundingPaid)
    assert [(p.symbol, p.asset, p.amount) for p in paid] == [
        ("BTCUSDT", "USDT", D("-0.5")),
        ("BTCUSDT", "USDT", D("0.25")),
    ]
    assert len({p.occasion for p in paid}) == 2


async def test_many_payments_come_page_by_page_and_each_once(usdm, wall):
    floor = usdm.core._floor
    account, contract = floor.accounts["sim-key"], floor.contracts["BTCUSDT"]
    now_ms = usdm.clock.now_ns() // 10**6
    for number in range(7):
        floor.ledger.pay(account, "FUNDING_FEE", D(number + 1), now_ms + number, contract=contract)
    reader = AccountReader(usdm.sessions[0], wall, usdm.market, page=3)
    paid = await reader.funding(now_ms * 10**6)
    assert [payment.amount for payment in paid] == [D(number + 1) for number in range(7)]


async def test_a_coin_margined_account_is_swept_alike(coinm):
    await coinm.venue.submit(coinm.order("a-1", OrderType.MARKET, quantity="3"))
    events = await coinm.venue.sweep(
        _sweep(symbols=("BTCUSD_PERP",), since={"BTCUSD_PERP": -1}, funding_since_ns=0)
    )
    assert isinstance(events[-1], SweepCompleted)
    assert [fill.fill.quantity for fill in _of(events, OrderFilled)] == [D(3)]
    (held,) = _of(events, PositionsReported)[0].positions
    assert (held.quantity, held.margin_type) == (D(3), "CROSSED")
