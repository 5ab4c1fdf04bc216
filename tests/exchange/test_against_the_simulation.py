"""Our client and the simulated exchange over real sockets: orders, feeds, faults, recovery."""

import time
from decimal import Decimal
from typing import NamedTuple

import pytest

from bot.domain.commands import (
    CancelOrder,
    FetchFills,
    OrderRef,
    QueryOrder,
    StreamKind,
    SubmitOrder,
    Subscription,
    Sweep,
)
from bot.domain.events import (
    BalancesReported,
    FeedKind,
    FeedState,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderNotFound,
    OrderNotPlaced,
    OrderRejected,
    OrderReported,
    OrderUnknown,
    SweepCompleted,
    SweepFailed,
)
from bot.domain.market import Bar, BookSnapshot, MiniTicker, QuoteTick, Ticker, TradeTick
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce
from bot.exchange.endpoints import from_url
from bot.exchange.market_feed import BinanceMarketFeed, FeedOptions
from bot.exchange.quiet import QuietRules
from bot.exchange.reconcile import differences
from bot.exchange.session import Session
from bot.exchange.user_feed import BinanceUserFeed, UserFeedOptions
from bot.exchange.venue import BinanceVenue
from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket
from bot.simulation.wire.server import serve

KEY, SECRET = "sim-key", "sim-secret"
BIDS = {"BTCUSDT": [("50000", "1"), ("49999", "2")]}
ASKS = {"BTCUSDT": [("50001", "1"), ("50002", "2")]}


class World(NamedTuple):
    session: Session
    venue: BinanceVenue
    plan: FaultPlan
    exchange: SimulatedExchange

    def commit(self, **fault):
        self.plan.add(parse_faults([fault]), int(time.time() * 1000))

    def trades(self):
        return self.exchange.state()["trades"]


@pytest.fixture
async def world(wall):
    exchange = SimulatedExchange(
        symbols=DEFAULT_SYMBOLS,
        accounts=[
            AccountSpec(
                key=KEY,
                secret=SECRET,
                balances={"USDT": Decimal(1_000_000), "BTC": Decimal(10)},
            )
        ],
        market=StillMarket(BIDS, ASKS),
        start_ms=int(time.time() * 1000),
    )
    plan = FaultPlan()
    server = await serve(exchange, faults=plan)
    session = Session(
        from_url(f"http://127.0.0.1:{server.port}"),
        api_key=KEY,
        api_secret=SECRET,
        timeout_s=20.0,
    )
    yield World(session, BinanceVenue(session, wall), plan, exchange)
    await session.close()
    await server.close()


@pytest.fixture
def user_feed(world, collected, wall, quick, short):
    options = UserFeedOptions(ping_s=0.3, reply_s=20.0, liveness=short, backoff=quick)
    return BinanceUserFeed(world.session, collected, wall, options=options)


@pytest.fixture
def market_feed(world, collected, wall, quick, short):
    options = FeedOptions(quiet=QuietRules(silence_s={}), liveness=short, backoff=quick)
    return BinanceMarketFeed(world.session, collected, wall, options=options)


def _order(client_id, side, quantity, price=None, tif=TimeInForce.GTC):
    return SubmitOrder(
        client_order_id=client_id,
        symbol="BTCUSDT",
        side=side,
        order_type=OrderType.LIMIT if price else OrderType.MARKET,
        time_in_force=tif,
        quantity=Decimal(quantity),
        price=Decimal(price) if price else None,
    )


def _sweep(*refs, since=-1):
    return Sweep(
        generation=1,
        cause="test",
        symbols=("BTCUSDT",),
        orders=refs,
        since={"BTCUSDT": since},
    )


def _kinds(events):
    return [type(event) for event in events]


async def test_an_order_is_told_twice_alike_by_the_answer_and_by_the_stream(
    world, user_feed, collected, beside
):
    async with beside(user_feed.run()):
        await collected.state(FeedState.UP)
        answer = await world.venue.submit(_order("t-1", Side.BUY, "1.5"))
        await collected.until(lambda e: isinstance(e, BalancesReported))
    assert _kinds(answer) == [OrderAccepted, OrderFilled, OrderFilled]
    told = [event.fill for event in answer[1:]]
    streamed = [event.fill for event in collected.of(OrderFilled)]
    for one, other in zip(told, streamed, strict=True):
        for field in set(one.__struct_fields__) - {"recv_ns", "source"}:
            assert getattr(one, field) == getattr(other, field), field


async def test_a_resting_order_is_found_cancelled_and_gone(world):
    await world.venue.submit(_order("t-1", Side.BUY, "0.1", "49000"))
    (found,) = await world.venue.query(QueryOrder(client_order_id="t-1", symbol="BTCUSDT"))
    assert found.status is OrderStatus.OPEN
    (duplicate,) = await world.venue.submit(_order("t-1", Side.BUY, "0.1", "49000"))
    assert isinstance(duplicate, OrderUnknown)
    cancel = CancelOrder(client_order_id="t-1", symbol="BTCUSDT")
    (canceled,) = await world.venue.cancel(cancel)
    assert isinstance(canceled, OrderCanceled)
    (again,) = await world.venue.cancel(cancel)
    assert again.code == -2011


async def test_an_immediate_order_ends_with_what_it_got(world):
    events = await world.venue.submit(_order("t-1", Side.BUY, "5", "50002", TimeInForce.IOC))
    assert _kinds(events) == [OrderAccepted, OrderFilled, OrderFilled, OrderExpired]
    assert events[-1].executed == Decimal(3)


async def test_a_filter_refuses_and_an_absent_order_is_not_found(world):
    (refused,) = await world.venue.submit(_order("t-1", Side.BUY, "0.000001", "50000"))
    assert isinstance(refused, OrderRejected)
    assert "LOT_SIZE" in refused.reason
    (absent,) = await world.venue.query(QueryOrder(client_order_id="t-1", symbol="BTCUSDT"))
    assert isinstance(absent, OrderNotFound)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http", "status": 0, "when": "after"},
        {"kind": "http", "status": 503, "code": -1007, "when": "after"},
        {"kind": "html_body", "status": 502, "when": "after"},
    ],
)
async def test_an_order_whose_answer_is_lost_is_unknown_and_then_found(world, fault):
    world.commit(match="POST /api/v3/order", times=1, **fault)
    (event,) = await world.venue.submit(_order("t-1", Side.BUY, "1"))
    assert isinstance(event, OrderUnknown)
    (found,) = await world.venue.query(QueryOrder(client_order_id="t-1", symbol="BTCUSDT"))
    assert found.status is OrderStatus.FILLED
    fills = await world.venue.fetch_fills(
        FetchFills(client_order_id="t-1", symbol="BTCUSDT", venue_order_id=found.venue_order_id)
    )
    assert sum(event.fill.quantity for event in fills) == 1
    assert len(world.trades()) == len(fills) == 1


async def test_a_throttled_order_was_not_placed(world):
    world.commit(kind="rate_limit", status=429, retry_after_s=1, times=1)
    (event,) = await world.venue.submit(_order("t-1", Side.BUY, "1"))
    assert isinstance(event, OrderNotPlaced)
    assert not world.trades()


async def test_a_clock_that_jumps_is_followed(world):
    world.commit(kind="clock_skew", ms=30_000)
    events = await world.venue.submit(_order("t-1", Side.BUY, "1"))
    assert _kinds(events) == [OrderAccepted, OrderFilled]
    assert 20_000 < world.session.timestamp_offset < 40_000


async def test_fills_lost_in_a_drop_come_with_the_sweep(world, user_feed, collected, beside):
    async with beside(user_feed.run()):
        await collected.state(FeedState.UP)
        world.commit(kind="drop", target="user", times=1)
        await collected.state(FeedState.DOWN)
        await world.venue.submit(_order("t-1", Side.BUY, "1"))
        await collected.state(FeedState.UP, count=2)
        events = await world.venue.sweep(_sweep(OrderRef("t-1", "BTCUSDT", None)))
    assert _kinds(events) == [OrderFilled, OrderReported, BalancesReported, SweepCompleted]
    assert events[0].fill.client_order_id == "t-1"
    assert events[-1].last_trade_ids == {"BTCUSDT": events[0].fill.trade_id}
    held = {b.asset: b.free + b.locked for b in events[2].balances}
    assert held["BTC"] == Decimal("10.999")


async def test_a_half_open_user_stream_is_left_and_subscribed_again(
    world, user_feed, collected, beside
):
    async with beside(user_feed.run()):
        await collected.state(FeedState.UP)
        world.commit(kind="half_open", target="user", times=1)
        await collected.state(FeedState.DOWN)
        await collected.state(FeedState.UP, count=2)
        await world.venue.submit(_order("t-1", Side.BUY, "1"))
        await collected.until(lambda e: isinstance(e, OrderFilled))


@pytest.mark.parametrize("kind", ["server_shutdown", "stream_terminated"])
async def test_a_goodbye_of_the_server_is_followed_by_a_new_subscription(
    world, user_feed, collected, beside, kind
):
    async with beside(user_feed.run()):
        await collected.state(FeedState.UP)
        world.commit(kind=kind, target="user", times=1)
        await collected.state(FeedState.DOWN)
        await collected.state(FeedState.UP, count=2)
        await world.venue.submit(_order("t-1", Side.BUY, "1"))
        await collected.until(lambda e: isinstance(e, OrderFilled))


async def test_a_failing_exchange_fails_the_sweep(world):
    world.commit(kind="http", match="GET /api/v3/account", status=500, code=-1001, times=1)
    events = await world.venue.sweep(_sweep())
    assert isinstance(events[-1], SweepFailed)
    assert isinstance((await world.venue.sweep(_sweep()))[-1], SweepCompleted)


async def test_every_kind_of_market_stream_arrives_and_survives_a_drop(
    world, market_feed, collected, beside
):
    wishes = [
        Subscription(StreamKind.TRADES, "BTCUSDT"),
        Subscription(StreamKind.AGG_TRADES, "BTCUSDT"),
        Subscription(StreamKind.QUOTES, "BTCUSDT"),
        Subscription(StreamKind.BOOK, "BTCUSDT", "5"),
        Subscription(StreamKind.BARS, "BTCUSDT", "1s"),
        Subscription(StreamKind.MINI_TICKER, "BTCUSDT"),
    ]
    market_feed.subscribe(wishes)
    async with beside(market_feed.run()):
        await collected.state(FeedState.UP)
        market_feed.subscribe([Subscription(StreamKind.TICKER, "BTCUSDT")])
        world.commit(kind="drop", target="market", times=1)
        down = await collected.state(FeedState.DOWN)
        assert down.feed is FeedKind.MARKET
        await collected.state(FeedState.UP, count=2)
        await world.venue.submit(_order("t-1", Side.BUY, "1.5"))
        for kind in (TradeTick, QuoteTick, BookSnapshot, Bar, MiniTicker, Ticker):
            await collected.until(lambda e, kind=kind: isinstance(e, kind))
    ticks = collected.of(TradeTick)
    assert [(tick.price, tick.size) for tick in ticks] == [(50001.0, 1.0), (50002.0, 0.5)]
    assert (market_feed.broken_frames, market_feed.unknown_frames) == (0, 0)


async def test_stored_and_real_orders_are_compared(world):
    await world.venue.submit(_order("t-1", Side.BUY, "1"))
    await world.venue.submit(_order("x-1", Side.BUY, "1"))
    found = await differences(world.session, orders=[], fills=[], symbols=["BTCUSDT"], prefix="t-")
    assert [(d.what, d.kind) for d in found] == [("order", "missing"), ("fill", "missing")]
    assert found[0].id == "t-1"


async def test_an_outage_is_waited_out(world, user_feed, market_feed, collected, beside):
    market_feed.subscribe([Subscription(StreamKind.TRADES, "BTCUSDT")])
    async with beside(user_feed.run()), beside(market_feed.run()):
        await collected.state(FeedState.UP, "spot user")
        await collected.state(FeedState.UP, "spot market 1")
        world.commit(kind="outage", for_s=3600)
        await collected.state(FeedState.DOWN, "spot user")
        await collected.state(FeedState.DOWN, "spot market 1")
        (event,) = await world.venue.submit(_order("t-1", Side.BUY, "1"))
        assert isinstance(event, OrderUnknown | OrderNotPlaced)
        world.plan.clear()
        await collected.state(FeedState.UP, "spot user", count=2)
        await collected.state(FeedState.UP, "spot market 1", count=2)
    assert not world.trades()
